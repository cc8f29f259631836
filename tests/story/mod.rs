//! Stories of commands, each with the answers that the shell has to give.
//!
//! A story is a terminal's text. `$ command` is typed on the laptop (`> ` continues it), `< line` is
//! typed when the command waits for a line, `^C` interrupts a command that runs on; what follows is
//! the answer, standard output and error as a terminal shows them, and `[exit N]` where the exit
//! code is not 0. Lines that begin with `# ` are headings; `% nodes N` at the top asks for a cluster
//! of N nodes instead of three, `% zones A B` for nodes that are in zones by turns, `% ingress` for one that has ingress-nginx, `% cloud` for one that runs in a cloud. The same seed gives the same bytes, so nothing is normalised.
//! `UPDATE_TRANSCRIPTS=1` writes the answers anew; read the difference before you keep it.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use podhop::clock::SimTime;
use podhop::cluster::{Cluster, Config};
use podhop::shell::{self, Files, Progress, Session, Typed};

const SETTLE: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(600);
/// A command that is interrupted has run this long.
const PATIENCE: Duration = Duration::from_secs(8);

/// Every story of a folder in `tests/`, each as a trial under its file's name. Files whose names
/// begin with `not-` are lists, and no stories.
pub fn trials(folder: &str) -> Vec<Trial> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut stories: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the stories' folder is readable")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .filter(|path| !stem(path).starts_with("not-"))
        .collect();
    stories.sort();
    let trial = |path: PathBuf| Trial::test(stem(&path), move || tell(&path));
    stories.into_iter().map(trial).collect()
}

/// Runs trials as the command line wishes.
pub fn run(trials: Vec<Trial>) -> ! {
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Plays a story again and compares.
fn tell(path: &Path) -> Result<(), Failed> {
    let written = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let told = play(&written);
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        return fs::write(path, told).map_err(|error| Failed::from(error.to_string()));
    }
    if told == written {
        return Ok(());
    }
    let changes = similar::TextDiff::from_lines(&written, &told);
    Err(Failed::from(changes.unified_diff().context_radius(3).to_string()))
}

fn play(written: &str) -> String {
    let nodes = written.lines().find_map(|line| line.strip_prefix("% nodes ")?.parse().ok());
    let config = Config { nodes: nodes.unwrap_or(3), seed: 7, dns: true, dual_stack: false };
    let mut cluster = Cluster::new(&config, shell::programs());
    let zones = written.lines().find_map(|line| line.strip_prefix("% zones ")).unwrap_or_default();
    cluster.set_zones(&zones.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    if written.lines().any(|line| line == "% cloud") {
        cluster.join_cloud();
    }
    if written.lines().any(|line| line == "% ingress") {
        cluster.install_ingress_controller();
    }
    let mut session = Session::new(Files::new());
    let mut told = String::new();
    let mut lines = written.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("# ") || line.starts_with("% ") {
            told += &format!("{line}\n\n");
        }
        let Some(command) = line.strip_prefix("$ ") else { continue };
        cluster.settle(SETTLE);
        told += &format!("{line}\n");
        let mut typed = session.type_line(command);
        while typed == Typed::Incomplete {
            let Some(more) = lines.next_if(|line| line.starts_with('>')) else { break };
            told += &format!("{more}\n");
            typed = session.type_line(more.strip_prefix("> ").unwrap_or(""));
        }
        let mut input = VecDeque::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("< ") || *line == "^C") {
            told += &format!("{line}\n");
            input.push_back(line);
        }
        told += &answer(&mut cluster, &mut session, input);
        told.push('\n');
    }
    format!("{}\n", told.trim_end())
}

/// Goes on until the command ends; types `input` where it is waited for.
fn answer(cluster: &mut Cluster, session: &mut Session, mut input: VecDeque<&str>) -> String {
    let limit = cluster.now() + LIMIT;
    let mut patience = cluster.now() + PATIENCE;
    while session.is_running() {
        let interrupted =
            |at: SimTime, patience| at > limit || at > patience && input.front() == Some(&"^C");
        match session.step(cluster) {
            Progress::Done(_) => break,
            Progress::Until(at) if interrupted(at, patience) => {
                input.pop_front();
                session.interrupt(cluster);
            }
            Progress::Until(at) => cluster.advance_to(at),
            Progress::Input => match input.pop_front() {
                Some(line) => {
                    session.type_line(line.trim_start_matches("< "));
                    patience = cluster.now() + PATIENCE;
                }
                None => session.end_input(),
            },
        }
    }
    let chunks = session.take_output();
    let mut text: String =
        chunks.iter().map(|chunk| String::from_utf8_lossy(&chunk.bytes).into_owned()).collect();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if session.exit_code() != 0 {
        text += &format!("[exit {}]\n", session.exit_code());
    }
    text
}
