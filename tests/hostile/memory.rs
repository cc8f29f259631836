//! Long play: memory has a plateau, and the last command costs what the first cost.
//!
//! A player of a long evening is a process of its own, so that what is measured is hers alone:
//! the test binary starts itself with [`COMMANDS`] in its environment.

use std::env;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use podhop::game::{Game, LevelMsg, Msg, Save, TerminalMsg, update};
use podhop::level::Pack;

/// How many commands a player's process types.
const COMMANDS: &str = "PODHOP_TEST_COMMANDS";

/// Megabytes that a game may take, however long it is played.
const PLATEAU: f64 = 120.0;

/// How many kinds of commands there are.
const KINDS: usize = 12;

/// What is typed once, so that there is something to work with.
const OPENING: [&str; 4] = [
    "kubectl create deployment web --image=nginx --replicas=2",
    "kubectl expose deployment web --port=80",
    "kubectl run box --image=busybox -- sleep 99999999",
    "sleep 10",
];

/// One command of the evening: kinds take turns, and none is quite the same twice.
fn command(number: usize) -> String {
    match number % KINDS {
        0 => format!("kubectl scale deployment web --replicas={}", 1 + number / KINDS % 6),
        1 => format!(
            "kubectl create configmap c{} --from-literal=a={number} --dry-run=client -o yaml | kubectl apply -f -",
            number % 600
        ),
        2 => "kubectl get pods,services,events -o wide".to_owned(),
        3 => "kubectl exec box -- wget -qO- -T 2 http://web".to_owned(),
        4 => format!("curl -sm 1 http://nothing-{number}.example"),
        5 => "kubectl exec deploy/web -- sh -c 'echo $HOSTNAME >> /tmp/x'".to_owned(),
        6 => "kubectl delete pod -l app=web --wait=false".to_owned(),
        7 => "kubectl logs deploy/web --tail=5".to_owned(),
        8 => "kubectl rollout restart deployment web; kubectl rollout status deployment web --timeout=20s"
            .to_owned(),
        9 => format!("kubectl set env deployment web N={number}; kubectl rollout undo deployment web"),
        10 => format!(
            "kubectl run p{number} --image=busybox --restart=Never -- echo {number}; kubectl delete pod p{number} --wait=false"
        ),
        _ => format!("echo 'line {number}' >> notes.txt; tail -n 3 notes.txt"),
    }
}

/// Megabytes of this process that are in memory.
fn resident() -> f64 {
    let text = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = text.lines().find(|line| line.starts_with("VmRSS")).expect("Linux tells");
    let kilobytes: f64 =
        line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("a number");
    kilobytes / 1024.0
}

/// Somebody at the terminal of a level.
struct Player {
    game: Game,
}

impl Player {
    fn new() -> Player {
        let pack = Pack::embedded().expect("the campaign is sound");
        let mut game = Game::new(Arc::new(pack), Save::default());
        update(&mut game, Msg::OpenLevel("clusterip".to_owned()));
        update(&mut game, Msg::Begin);
        Player { game }
    }

    /// Changes the file that is open, and applies it: that belongs to every evening.
    fn edits(&mut self, number: usize) {
        let file = self.game.play().and_then(|play| play.file()).expect("a file").clone();
        let kept = file.text.trim_start_matches(|c| c != '\n').trim_start();
        let text = format!("# {number}\n{kept}");
        update(&mut self.game, Msg::Level(LevelMsg::Edit { file: file.name, text }));
        update(&mut self.game, Msg::Level(LevelMsg::Apply));
    }

    /// Types a line, and waits until it has ended.
    fn types(&mut self, line: &str) {
        update(&mut self.game, Msg::Terminal(TerminalMsg::Type(format!("{line}\n"))));
        for _ in 0..20_000 {
            if !self.game.play().is_some_and(|play| play.is_busy()) {
                break;
            }
            update(&mut self.game, Msg::Tick(Duration::from_millis(40)));
        }
        // Nobody types without a pause.
        update(&mut self.game, Msg::Tick(Duration::from_millis(500)));
        self.game.take_dirty();
    }

    /// What a copy of the game costs, which is made for every key, and a save of it.
    fn costs(&self) -> String {
        const TIMES: u32 = 20;
        let begun = Instant::now();
        for _ in 0..TIMES {
            drop(self.game.clone());
        }
        let copy = begun.elapsed() / TIMES;
        let begun = Instant::now();
        let bytes = self.game.save().to_bytes().len();
        format!("a copy takes {copy:?}, a save of {bytes} bytes {:?}", begun.elapsed())
    }
}

/// Seconds of a processor's work that this process has taken: what others do meanwhile is left out.
fn worked() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux tells it");
    // Behind the name in brackets: utime and stime are the 12th and 13th, in hundredths of a second.
    let (_, fields) = stat.rsplit_once(") ").expect("a name in brackets");
    let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<f64>());
    ticks.map(|ticks| ticks.expect("a number")).sum::<f64>() / 100.0
}

/// Not a test: what [`measured`] starts. Prints a line for every tenth of the evening: how many
/// commands, megabytes, and milliseconds of work a command.
#[test]
#[ignore = "started by the tests beside it"]
fn evening() {
    let Some(count) = env::var(COMMANDS).ok().and_then(|text| text.parse::<usize>().ok()) else {
        return;
    };
    let mut player = Player::new();
    for line in OPENING {
        player.types(line);
    }
    let tenth = count / 10;
    let (mut begun, mut kinds) = (worked(), [Duration::ZERO; KINDS]);
    for number in 0..count {
        if number % 50 == 49 {
            player.edits(number);
        }
        let typed = Instant::now();
        player.types(&command(number));
        kinds[number % KINDS] += typed.elapsed();
        if number % tenth == tenth - 1 {
            let each = (worked() - begun) * 1000.0 / tenth as f64;
            println!("{} {:.1} {each:.2}", number + 1, resident());
            println!("{}", player.costs());
            let of_kinds = kinds.map(|time| time.as_millis() as usize * KINDS / tenth);
            println!("ms a command, by kind: {of_kinds:?}");
            (begun, kinds) = (worked(), [Duration::ZERO; KINDS]);
        }
    }
}

/// Plays an evening of so many commands, and returns (megabytes, milliseconds a command) of each
/// tenth of it.
fn measured(commands: usize) -> Vec<(f64, f64)> {
    let output = Command::new(env::current_exe().expect("a test has a binary"))
        .args(["memory::evening", "--exact", "--ignored", "--nocapture"])
        .env(COMMANDS, commands.to_string())
        .stderr(Stdio::inherit())
        .output()
        .expect("the test binary runs");
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{text}");
    let lines = text.lines().filter_map(|line| {
        let words: Vec<f64> = line.split(' ').map_while(|word| word.parse().ok()).collect();
        (words.len() == 3).then(|| (words[1], words[2]))
    });
    lines.collect()
}

/// Twenty thousand commands. It takes minutes: `cargo test --test hostile -- --ignored twenty`.
#[test]
#[ignore = "minutes"]
fn twenty_thousand_commands_stay_on_the_plateau() {
    let tenths = measured(20_000);
    for (megabytes, _) in &tenths {
        assert!(*megabytes < PLATEAU, "{tenths:?}");
    }
    let (first, last) = (tenths[0].1, tenths[9].1);
    assert!(last < first * 1.5, "{tenths:?}");
}

/// The same in short. A command that costs many times what the first cost would show here already.
#[test]
fn four_hundred_commands_stay_below_the_plateau() {
    let tenths = measured(400);
    assert!(tenths.len() == 10 && tenths.iter().all(|(megabytes, _)| *megabytes < PLATEAU));
    assert!(tenths[9].1 < tenths[0].1 * 6.0, "{tenths:?}");
}
