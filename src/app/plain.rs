//! The whole game as lines of text: for screen readers, pipes, and terminals that can do no more.
//!
//! The same [`Game`] as on the screen, told in sentences. Commands are words; whatever is none of
//! them goes to the level's shell. Time passes only while a command needs it, or with `wait`.

mod files;
mod requests;

use std::io::{self, BufRead, Write};
use std::time::Duration;

use super::headless::lines::{Lines, Read};
use super::outside::write_transcript;
use super::saves::Saves;
use super::transcript;
use crate::diagnostic::printable;
use crate::game::{
    Effect, Game, LevelMsg, Msg, Origin, Panel, Screen, TerminalMsg, find_term, narration,
    rung_name, update,
};
use crate::level::incident::{Address, INCIDENTS};
use crate::level::{explain, explanations};

/// A command that has not ended after so many steps of time is interrupted.
const PATIENCE: u32 = 2_400;
/// How much real time a step of waiting counts as.
const STEP: Duration = Duration::from_millis(50);

const HELP: &str = "\
On the trail: the number or name of a level opens it. In a level:
  brief, goals     the story; what has to work, and how far it is
  files            your files; show FILE prints one with line numbers
  set FILE PATH=VALUE   one field, as in: set web.yaml spec.type=NodePort
  line FILE N TEXT replaces one line
  edit FILE        a new text, typed up to a line with a single dot
  new KIND FILE    adds a skeleton: deployment, service, pod…
  apply            apply your files
  go               send the goal's requests
  way, way N       the way of the last request, hop by hop; of the Nth before it
  why [N]          why a goal fails, of several the Nth; again: one step more
  look N           runs a command that why named
  map              the cluster in sentences; describe NAME tells more
  hint             the next hint
  wait N           let N seconds pass
  undo             take back the last apply, command or reset
  reset            begin the level again
  rewind           go back in time a little
  seed N           the same level with other names and addresses
  glossary WORD    what a word means; codes, explain CODE: what diagnoses mean
  cause WHERE      of an incident: an object, a line of a file, or a code
  bug              write down what was done here, to be done again
  next, debrief, trail, quit
Everything else is a command of the level's shell: kubectl, curl, nslookup…
A line that begins with ! is for the shell in any case.";

/// Where lines come from.
pub trait Source {
    /// The next line, asked for with a prompt; `None` at the end.
    ///
    /// # Errors
    /// When reading or writing fails.
    fn line(&mut self, prompt: &str, out: &mut dyn Write) -> io::Result<Option<String>>;
}

/// A pipe, or a file.
pub struct Piped<R>(pub R);

impl<R: BufRead> Source for Piped<R> {
    fn line(&mut self, prompt: &str, out: &mut dyn Write) -> io::Result<Option<String>> {
        write!(out, "{}", printable(prompt))?;
        out.flush()?;
        let mut bytes = Vec::new();
        if self.0.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        match String::from_utf8(bytes) {
            Ok(line) => Ok(Some(line.trim_end_matches(['\n', '\r']).to_owned())),
            Err(_) => {
                writeln!(out, "That line is no text (UTF-8).")?;
                Ok(Some(String::new()))
            }
        }
    }
}

/// A person at a terminal: line editing and history, as in `podhop shell`.
impl Source for Lines {
    fn line(&mut self, prompt: &str, out: &mut dyn Write) -> io::Result<Option<String>> {
        out.flush()?;
        Ok(match self.next(&printable(prompt)) {
            Read::Line(line) => Some(line),
            Read::Interrupted => Some(String::new()),
            Read::End => None,
        })
    }
}

/// Plays until the player leaves or the input ends.
///
/// # Errors
/// When standard output fails, other than by being closed.
pub fn play(game: Game, saves: Saves, input: impl Source, out: impl Write) -> io::Result<()> {
    let mut plain = Plain { game, saves, out, seen: 0, input, next: None };
    match plain.run() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

struct Plain<I, O> {
    game: Game,
    saves: Saves,
    input: I,
    out: O,
    /// How many of the terminal's lines were told.
    seen: usize,
    /// A line that was typed instead of an answer, and is a command.
    next: Option<String>,
}

impl<I: Source, O: Write> Plain<I, O> {
    fn run(&mut self) -> io::Result<()> {
        for warning in self.game.warnings().to_vec() {
            self.say(&warning)?;
        }
        match self.game.screen() {
            Screen::Trail => self.trail()?,
            _ => self.arrive()?,
        }
        loop {
            let prompt = self.prompt();
            let line = match self.next.take() {
                Some(line) => Some(line),
                None => self.input.line(&prompt, &mut self.out)?,
            };
            let Some(line) = line else { return Ok(()) };
            if !self.command(line.trim_end())? {
                return Ok(());
            }
        }
    }

    /// Carries out a line; says whether to go on.
    fn command(&mut self, line: &str) -> io::Result<bool> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "" => {}
            "quit" | "q" => return Ok(!self.send(Msg::Quit)?),
            "help" | "?" => self.say(HELP)?,
            "trail" | "back" => {
                self.send(Msg::Show(Screen::Trail))?;
                self.trail()?;
            }
            "codes" => self.codes()?,
            "explain" => self.explain(rest)?,
            "glossary" => self.glossary(rest)?,
            _ if self.game.play().is_none() || self.game.screen() == Screen::Trail => {
                let name = if word == "play" { rest } else { word };
                self.open(name)?;
            }
            _ => self.level_command(word, rest, line)?,
        }
        Ok(true)
    }

    fn level_command(&mut self, word: &str, rest: &str, line: &str) -> io::Result<()> {
        match word {
            "brief" => self.brief(),
            "goals" => self.goals(),
            "files" => self.files(),
            "show" => self.show(rest),
            "set" => self.set(rest),
            "edit" => self.edit(rest),
            "new" => self.skeleton(rest),
            "line" => self.replace_line(rest),
            "apply" => {
                self.level(LevelMsg::Apply)?;
                self.settle()
            }
            "go" => self.go(),
            "way" => self.way(rest),
            "why" => self.why(rest),
            "look" => self.look(rest),
            "map" => self.map(),
            "describe" => self.describe(rest),
            "cause" => self.level(LevelMsg::NameCause(rest.to_owned())),
            "bug" => {
                let told = write_transcript(&self.game);
                self.say(&told)
            }
            "hint" => self.hint(),
            "wait" => self.wait(rest),
            "undo" => self.level(LevelMsg::Undo),
            "rewind" => self.level(LevelMsg::Rewind),
            "reset" => {
                self.level(LevelMsg::Reset)?;
                self.send(Msg::Select(1))?;
                self.send(Msg::Confirm)?;
                self.notice()
            }
            "seed" => match rest.parse() {
                Ok(seed) => self.level(LevelMsg::NewSeed(seed)),
                Err(_) => self.say("A number belongs here, as in: seed 7"),
            },
            "debrief" => self.debrief(),
            "next" => {
                self.send(Msg::NextLevel)?;
                self.arrive()
            }
            _ => self.shell(line.strip_prefix('!').unwrap_or(line)),
        }
    }

    /// Sends a message and keeps what has to be kept; says whether the game is over.
    fn send(&mut self, msg: Msg) -> io::Result<bool> {
        let effects = update(&mut self.game, msg);
        if effects.iter().any(|effect| matches!(effect, Effect::Save | Effect::SaveNow)) {
            let game = &self.game;
            if let Some(deeds) = game.deeds() {
                self.saves.keep_session(&transcript::text(&deeds));
            }
            if let Err(error) = self.saves.write(game.save()) {
                let known = game.warnings().contains(&error);
                update(&mut self.game, Msg::Warn(error.clone()));
                if !known {
                    self.say(&error)?;
                }
            }
        }
        Ok(effects.contains(&Effect::Quit))
    }

    fn level(&mut self, msg: LevelMsg) -> io::Result<()> {
        self.send(Msg::Level(msg))?;
        self.print_output()?;
        self.notice()
    }

    fn trail(&mut self) -> io::Result<()> {
        let mut text = format!(
            "{}. Choose a level by its number or name; help tells more.\n",
            self.game.pack().title
        );
        for chapter in &self.game.pack().chapters {
            text.push_str(&format!("{}\n", chapter.title));
            for level in
                self.game.pack().levels.iter().filter(|level| level.chapter == chapter.name)
            {
                let state = match self.game.record(&level.name).solved {
                    Some(solved) => {
                        let back = self.game.comes_back(level).is_some();
                        let back = if back { ", to be solved again" } else { "" };
                        format!(
                            "solved: {}, {} of 4 stars{back}",
                            solved.sentence(),
                            solved.stars()
                        )
                    }
                    None => "not solved".to_owned(),
                };
                let number = match level.number {
                    0 => String::new(),
                    number => format!("{number} "),
                };
                text.push_str(&format!("  {number}{}, {} ({state})\n", level.name, level.title));
            }
        }
        self.say(text.trim_end())
    }

    fn open(&mut self, name: &str) -> io::Result<()> {
        let drawn = Address::parse(name).is_some_and(|address| address.is_ok());
        if drawn && self.game.pack().id == INCIDENTS {
            self.send(Msg::OpenLevel(name.to_owned()))?;
            return self.arrive();
        }
        let Some(level) = self.game.pack().level(name) else {
            return self
                .say(&format!("There is no level “{name}”. trail lists them, help tells more."));
        };
        let name = level.name.clone();
        self.send(Msg::OpenLevel(name))?;
        self.arrive()
    }

    /// Tells the situation of the level on the table.
    fn arrive(&mut self) -> io::Result<()> {
        if self.game.screen() == Screen::Trail {
            return self.trail();
        }
        self.notice()?;
        self.send(Msg::Begin)?;
        self.seen = self.game.play().map_or(0, |play| play.console.count());
        self.brief()?;
        self.goals()?;
        self.files()
    }

    fn brief(&mut self) -> io::Result<()> {
        let Some(level) = self.game.play().map(|play| play.level().clone()) else { return Ok(()) };
        let (title, situation) = (&level.title, in_words(level.situation.trim()));
        match level.number {
            0 => self.say(&format!("{title}.\n{situation}")),
            number => self.say(&format!("Level {number}: {title}.\n{situation}")),
        }
    }

    fn goals(&mut self) -> io::Result<()> {
        let goals = self.game.play().map(|play| play.goals().to_vec()).unwrap_or_default();
        for goal in &goals {
            self.say(&format!("Goal: {}", narration::goal(goal)))?;
        }
        Ok(())
    }

    fn map(&mut self) -> io::Result<()> {
        let lines =
            self.game.play().map(|play| narration::map(&play.scene, false)).unwrap_or_default();
        self.say(&lines.join("\n"))
    }

    fn describe(&mut self, name: &str) -> io::Result<()> {
        let Some(play) = self.game.play() else { return Ok(()) };
        let spots = play.scene.spots(true);
        let found = spots.iter().find(|spot| {
            let text = spot.to_string();
            text == name || text.split_once('/').is_some_and(|(_, own)| own == name)
        });
        let lines = found.map(|spot| narration::describe(&play.scene, spot)).unwrap_or_default();
        match lines.is_empty() {
            true => self.say(&format!("There is no “{name}” on the map.")),
            false => self.say(&lines.join("\n")),
        }
    }

    fn wait(&mut self, seconds: &str) -> io::Result<()> {
        let Ok(seconds) = seconds.trim_end_matches('s').parse::<u32>() else {
            return self.say("A number of seconds belongs here, as in: wait 10");
        };
        for _ in 0..seconds.min(600) {
            self.send(Msg::Level(LevelMsg::Step))?;
        }
        self.print_output()?;
        let clock = self.game.play().map(|play| play.clock().to_string()).unwrap_or_default();
        self.say(&format!("It is {clock}."))
    }

    fn shell(&mut self, line: &str) -> io::Result<()> {
        self.send(Msg::Terminal(TerminalMsg::Type(line.to_owned())))?;
        self.send(Msg::Terminal(TerminalMsg::Enter))?;
        self.settle()
    }

    /// Lets time pass until nothing is waited for.
    fn settle(&mut self) -> io::Result<()> {
        for _ in 0..PATIENCE {
            if !self.game.play().is_some_and(|play| play.is_busy()) {
                break;
            }
            self.send(Msg::Tick(STEP))?;
            self.print_output()?;
        }
        self.print_output()?;
        let editing = self.game.play().and_then(|play| play.editing.clone());
        if let Some(file) = editing {
            return self.say(&format!(
                "kubectl waits for {file}: change it with set, line or edit, and apply saves it; \
                 apply without a change ends it."
            ));
        }
        // A shell inside a container waits for its next line; anything else has run too long.
        let overdue = self.game.play().is_some_and(|play| play.is_busy());
        if overdue {
            self.send(Msg::Level(LevelMsg::Focus(Panel::Terminal)))?;
            self.send(Msg::Interrupt)?;
        }
        self.print_output()
    }

    /// What to keep, after a win.
    fn debrief(&mut self) -> io::Result<()> {
        if self.game.debrief().is_none() {
            return self.say("The debrief comes when the level is won.");
        }
        // The packet's walk is for eyes; here it has arrived.
        for _ in 0..PATIENCE {
            if self.game.screen() != Screen::Level || self.game.popup().is_some() {
                break;
            }
            self.send(Msg::Tick(STEP))?;
        }
        self.send(Msg::Dismiss)?;
        self.question()?;
        self.send(Msg::Level(LevelMsg::Debrief))?;
        while self.game.debrief().is_some_and(|debrief| debrief.is_trying()) {
            self.send(Msg::Tick(STEP))?;
        }
        let Some(debrief) = self.game.debrief().cloned() else { return Ok(()) };
        let solved = &debrief.solved;
        let par = debrief.level.par_edits.map(|par| format!(" (par {par})")).unwrap_or_default();
        self.say(&format!(
            "Won: {}. {} of 4 stars, {} sends, help up to: {}.",
            solved.sentence(),
            solved.stars(),
            solved.sends,
            rung_name(solved.rung)
        ))?;
        self.say(&format!("Lines changed: {}{par}.", solved.edits))?;
        if let Some(way) = &debrief.way {
            self.say(&narration::way(way, true).join("\n"))?;
        }
        match debrief.solved.causes() {
            Some(named) => self.say(&format!("The cause: {named}."))?,
            None => self.say(&format!("What to keep: {}", debrief.level.debrief.trim()))?,
        }
        for (fault, named) in debrief.causes.iter().flat_map(|causes| &causes.faults) {
            let word = if *named { "named" } else { "not named" };
            self.say(&format!("{} {} ({word})", fault.says, fault.lesson))?;
        }
        for tried in &debrief.edits {
            let mattered = match tried.mattered {
                Some(true) => "needed",
                Some(false) => "it works without",
                None => "not tried",
            };
            let line = tried.edit.new_start + 1;
            self.say(&format!("Your edit at {}:{line}: {mattered}.", tried.file))?;
        }
        if let Some(real) = &debrief.level.real {
            self.say(&format!("On a real cluster:\n{}", real.trim_end()))?;
        }
        self.send(Msg::Show(Screen::Level))?;
        self.say("next goes on.")
    }

    /// The question about another failure, once.
    fn question(&mut self) -> io::Result<()> {
        let Some(debrief) = self.game.debrief().filter(|debrief| debrief.has_a_question()) else {
            return Ok(());
        };
        let Some(question) = debrief.level.question.clone() else { return Ok(()) };
        let choices: Vec<String> = question.choices.iter().map(|one| one.say.clone()).collect();
        let ask = format!("One question before you read on. {}", question.ask.trim());
        let Some(at) = self.choose(&ask, &choices)?.filter(|at| *at < choices.len()) else {
            return Ok(());
        };
        self.send(Msg::Level(LevelMsg::Answer(at)))?;
        let answered = self.game.debrief().and_then(|debrief| debrief.answered.clone());
        let Some(answered) = answered else { return Ok(()) };
        self.say(&answered.sentence())?;
        match &answered.way {
            Some(way) => self.say(&narration::way(way, true).join("\n")),
            None => Ok(()),
        }
    }

    fn codes(&mut self) -> io::Result<()> {
        for explanation in explanations() {
            self.say(&format!("{}: {}", explanation.code, explanation.title))?;
        }
        Ok(())
    }

    fn explain(&mut self, code: &str) -> io::Result<()> {
        match explain(code) {
            Some(one) => {
                let (title, means, example, fix) = (one.title, one.means, one.example, one.fix);
                self.say(&format!("{title}\n{means}\nHow it looks:\n{example}\nWhat to do: {fix}"))
            }
            None => self.say(&format!("There is no diagnosis “{code}”; codes lists them.")),
        }
    }

    fn glossary(&mut self, word: &str) -> io::Result<()> {
        if word.is_empty() {
            let names: Vec<&str> = crate::game::glossary().iter().map(|term| &*term.name).collect();
            return self.say(&format!("glossary WORD explains one of: {}", names.join(", ")));
        }
        match find_term(word) {
            Some(term) => self.say(&format!("{}: {}", term.name, term.means)),
            None => self.say(&format!("The glossary has no “{word}”.")),
        }
    }

    /// Prints what the terminal has printed since the last time.
    fn print_output(&mut self) -> io::Result<()> {
        let Some(play) = self.game.play() else { return Ok(()) };
        let lines: Vec<String> = play
            .console
            .printed_since(self.seen)
            .filter(|line| line.origin != Origin::Typed)
            .map(|line| line.text.clone())
            .collect();
        self.seen = play.console.count();
        for line in lines {
            self.say(&line)?;
        }
        Ok(())
    }

    fn notice(&mut self) -> io::Result<()> {
        let notice = self.game.play().and_then(|play| play.notice.clone());
        match notice {
            Some(notice) => self.say(&in_words(&notice.text)),
            None => Ok(()),
        }
    }

    fn prompt(&self) -> String {
        match self.game.play().filter(|_| self.game.screen() != Screen::Trail) {
            Some(play) => play.attempt().session().prompt(),
            None => "podhop> ".to_owned(),
        }
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", printable(text))
    }
}

/// A sentence of the game with its keys' names replaced by the words that do the same here.
fn in_words(text: &str) -> String {
    const WORDS: [(&str, &str); 7] = [
        (":cause", "cause"),
        ("Ctrl-S", "apply"),
        ("Ctrl-G", "go"),
        ("F3", "why"),
        ("F2", "hint"),
        ("Esc, then q,", "trail"),
        ("space, after Esc,", "wait"),
    ];
    WORDS.iter().fold(text.to_owned(), |text, (key, word)| text.replace(key, word))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::game::Save;
    use crate::level::Pack;

    fn played_bytes(input: &[u8]) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let saves = Saves::open_in(folder.path().to_owned()).saves;
        let pack = Pack::embedded().expect("the campaign");
        let game = Game::new(Arc::new(pack), Save::default());
        let mut out = Vec::new();
        play(game, saves, Piped(input), &mut out).expect("told");
        String::from_utf8(out).expect("text")
    }

    fn played(input: &str) -> String {
        played_bytes(input.as_bytes())
    }

    #[test]
    fn a_level_is_won_in_lines_of_text() {
        let told = played(
            "localhost-sidecar\nshow multi.yaml\ngo\n4\nway\nwhy\nmap\n\
             line multi.yaml 14     - while true; do curl -sS http://localhost; sleep 5; done\n\
             apply\ngo\n\nquit\n",
        );
        assert!(told.contains("“unknown name”, as you expected."), "{told}");
        assert!(
            told.contains("Won: 1 line changed, help as far as where to look. 3 of 4 stars"),
            "{told}"
        );
        assert!(told.contains("needed"), "{told}");
        assert!(told.contains("On a real cluster"), "{told}");
        for key in ["Ctrl-", "F3", "Esc", "✓", "✗"] {
            assert!(!told.contains(key), "{key} means nothing here:\n{told}");
        }
    }

    #[test]
    fn why_with_a_number_tells_of_that_failure_alone() {
        let told = played("four-silences\ngo\n\nwhy 2\nwhy 9\nwhy\nquit\n");
        assert!(told.contains("why 1: help with this one"), "{told}");
        assert!(told.contains("Where to look 1: kubectl describe service laundry"), "{told}");
        assert!(!told.contains("why 2: help with this one"), "{told}");
        assert!(told.contains("from 1 to 4"), "{told}");
        assert!(told.contains("Fact: "), "the same failure's next step:\n{told}");
    }

    #[test]
    fn why_tells_a_step_more_at_each_call() {
        let told = played("localhost-sidecar\nwhy\ngo\n\nwhy\nwhy\nwhy\nwhy\nlook 1\nquit\n");
        let steps = ["Where to look 1:", "Fact:", "Line: multi.yaml:14: - while true", "Way out:"];
        let counts: Vec<usize> =
            steps.iter().map(|step| told.matches(step).count().min(4)).collect();
        assert!(told.contains("Nothing was sent yet. go sends"), "{told}");
        assert!(counts.windows(2).all(|pair| pair[0] >= pair[1]), "{counts:?}\n{told}");
        assert_eq!(told.matches("Way out:").count(), 1, "{told}");
        assert!(told.contains("$ kubectl"), "{told}");
    }

    #[test]
    fn hints_advance_and_say_when_there_are_no_more() {
        let told = played(&format!("localhost-sidecar\n{}quit\n", "hint\n".repeat(6)));
        assert!(told.contains("share one IP address"), "{told}");
        assert!(told.contains("One complete answer"), "{told}");
        assert!(told.contains("no other hint"), "{told}");
    }

    #[test]
    fn fields_are_set_by_their_paths_and_an_unapplied_file_is_offered_to_be_applied() {
        let told = played(
            "clusterip\nset backend.yaml spec.ports[0].targetPort=80\n\
             set backend.yaml spec.selector.app=backend\ngo\n1\n\nquit\n",
        );
        assert!(told.contains("backend.yaml is not applied"), "{told}");
        assert!(told.contains("Won: "), "{told}");
    }

    #[test]
    fn a_file_is_edited_in_lines() {
        let told =
            played("localhost-sidecar\nedit multi.yaml\nkind: Pod\n.\nshow multi.yaml\nquit\n");
        assert!(told.contains("  1 kind: Pod"), "{told}");
        let kept = played("localhost-sidecar\nedit multi.yaml\nx\n..\nshow multi.yaml\nquit\n");
        assert!(kept.contains("  1 apiVersion: v1"), "{kept}");
    }

    #[test]
    fn the_map_tells_labels_selectors_ports_and_dns() {
        let told = played("clusterip\nmap\nglossary selector\nquit\n");
        for text in [
            "labels app=backend",
            "selects app=",
            "listens on :80",
            "DNS at ",
            "made by Deployment",
        ] {
            assert!(told.contains(text), "{text} is missing:\n{told}");
        }
        assert!(told.contains("selector: Says which pods"), "{told}");
    }

    #[test]
    fn unknown_names_get_a_next_step() {
        let told = played(
            "nowhere\nlocalhost-sidecar\nshow x.yaml\ndescribe y\nwait z\nseed z\nline x\nquit\n",
        );
        assert!(told.contains("There is no level “nowhere”"));
        assert!(told.contains("Files: multi.yaml"));
        assert!(told.contains("as in: wait 10"));
    }

    #[test]
    fn bytes_that_are_no_text_are_told() {
        assert!(played_bytes(b"\xff\xfe\n1\n").contains("no text"));
    }
}
