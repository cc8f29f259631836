//! The whole game as lines of text: for screen readers, pipes, and terminals that can do no more.
//!
//! The same [`Game`] as on the screen, told in sentences. Commands are words; whatever is none of
//! them goes to the level's shell. Time passes only while a command needs it, or with `wait`.

use std::io::{self, BufRead, Write};
use std::time::Duration;

use super::outside;
use super::saves::Saves;
use crate::diagnostic::printable;
use crate::game::{
    Asked, Effect, Fate, Game, LevelMsg, Msg, Origin, Popup, Screen, TerminalMsg, Where, speech,
    update,
};
use crate::level::{Hint, Level, Phase, explanations};

/// A command that has not ended after so many steps of time is interrupted.
const PATIENCE: u32 = 2_400;
/// How much real time a step of waiting counts as.
const STEP: Duration = Duration::from_millis(50);

const HELP: &str = "\
On the trail: the number or name of a level opens it. In a level:
  goals            what has to work, and how far it is
  files            your files; show FILE prints one with line numbers
  edit FILE        a new text, typed up to a line with a single dot; or in $EDITOR
  line FILE N TEXT replaces one line
  apply            apply your files
  go               send the goal's requests
  way              the way of the last request, hop by hop
  why              why a goal fails
  map              the cluster in sentences; describe NAME tells more
  hint             the next hint
  wait N           let N seconds pass
  undo, reset, rewind, seed N
  next, trail, codes, quit
Everything else is a command of the level's shell: kubectl, curl, nslookup…
A line that begins with ! is for the shell in any case.";

/// Plays until the player leaves or the input ends.
///
/// # Errors
/// When standard output fails, other than by being closed.
pub fn play(
    game: Game,
    saves: Saves,
    input: impl BufRead,
    out: impl Write,
    outside: bool,
) -> io::Result<()> {
    let mut plain = Plain { game, saves, out, seen: 0, outside, lines: input.lines() };
    match plain.run() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

struct Plain<I, O> {
    game: Game,
    saves: Saves,
    lines: io::Lines<I>,
    out: O,
    /// How many of the terminal's lines were told.
    seen: usize,
    /// Whether the player's own editor can be opened.
    outside: bool,
}

impl<I: BufRead, O: Write> Plain<I, O> {
    fn run(&mut self) -> io::Result<()> {
        for warning in self.game.warnings().to_vec() {
            self.say(&warning)?;
        }
        match self.game.screen() {
            Screen::Trail => self.trail()?,
            _ => self.arrive()?,
        }
        self.prompt()?;
        while let Some(line) = self.next_line()? {
            if !self.command(line.trim_end())? {
                break;
            }
            self.prompt()?;
        }
        Ok(())
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
            "goals" => self.goals(),
            "files" => self.files(),
            "show" => self.show(rest),
            "edit" => self.edit(rest),
            "line" => self.replace_line(rest),
            "apply" => {
                self.level(LevelMsg::Apply)?;
                self.settle()
            }
            "go" => self.go(),
            "way" => self.way(),
            "why" => self.why(),
            "map" => self.map(),
            "describe" => self.describe(rest),
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
        self.told()?;
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
                    Some(solved) => format!("solved: {}", solved.sentence()),
                    None => "not solved".to_owned(),
                };
                text.push_str(&format!(
                    "  {} {}, {} ({state})\n",
                    level.number, level.name, level.title
                ));
            }
        }
        self.say(text.trim_end())
    }

    fn open(&mut self, name: &str) -> io::Result<()> {
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
        self.send(Msg::Begin)?;
        self.seen = self.game.play().map_or(0, |play| play.console.count());
        let Some(level) = self.game.play().map(|play| play.level().clone()) else { return Ok(()) };
        self.say(&format!("Level {}: {}.\n{}", level.number, level.title, level.situation.trim()))?;
        self.goals()?;
        self.files()
    }

    fn goals(&mut self) -> io::Result<()> {
        let goals = self.game.play().map(|play| play.goals().to_vec()).unwrap_or_default();
        for goal in &goals {
            self.say(&format!("Goal: {}", speech::goal(goal)))?;
        }
        Ok(())
    }

    fn files(&mut self) -> io::Result<()> {
        let Some(play) = self.game.play() else { return Ok(()) };
        let names: Vec<String> = play
            .files
            .iter()
            .map(|file| match (file.locked, file.changed) {
                (true, _) => format!("{} (read only)", file.name),
                (false, true) => format!("{} (not applied)", file.name),
                (false, false) => file.name.clone(),
            })
            .collect();
        self.say(&format!("Files: {}", names.join(", ")))
    }

    fn show(&mut self, name: &str) -> io::Result<()> {
        let file =
            self.game.play().and_then(|play| play.files.iter().find(|file| file.name == name));
        let Some(file) = file.cloned() else { return self.no_file(name) };
        let mut text = String::new();
        for (at, line) in file.text.lines().enumerate() {
            text.push_str(&format!("{:>3} {line}\n", at + 1));
        }
        for mark in file.marks.iter().chain(&file.traffic_marks) {
            text.push_str(&format!("{mark}\n"));
        }
        self.say(text.trim_end())
    }

    fn no_file(&mut self, name: &str) -> io::Result<()> {
        self.say(&format!("There is no file “{name}”."))?;
        self.files()
    }

    fn edit(&mut self, name: &str) -> io::Result<()> {
        let file =
            self.game.play().and_then(|play| play.files.iter().find(|file| file.name == name));
        let Some(file) = file.cloned() else { return self.no_file(name) };
        let text = if self.outside {
            match outside::edit(name, &file.text) {
                Ok(text) => text,
                Err(error) => return self.say(&error),
            }
        } else {
            self.say("The new text, up to a line with a single dot:")?;
            let mut text = String::new();
            while let Some(line) = self.next_line()?.filter(|line| line.trim_end() != ".") {
                text.push_str(&line);
                text.push('\n');
            }
            text
        };
        self.change(name, text)
    }

    /// `line FILE N TEXT`
    fn replace_line(&mut self, rest: &str) -> io::Result<()> {
        let mut words = rest.splitn(3, ' ');
        let (name, number, new) = (words.next().unwrap_or(""), words.next(), words.next());
        let file =
            self.game.play().and_then(|play| play.files.iter().find(|file| file.name == name));
        let Some(file) = file.cloned() else { return self.no_file(name) };
        let number = number.and_then(|number| number.parse::<usize>().ok());
        let mut lines: Vec<&str> = file.text.lines().collect();
        match (number.and_then(|number| lines.get_mut(number.checked_sub(1)?)), new) {
            (Some(line), new) => *line = new.unwrap_or(""),
            (None, _) => return self.say("As in: line service.yaml 7     app: backend"),
        }
        self.change(name, lines.join("\n") + "\n")
    }

    fn change(&mut self, name: &str, text: String) -> io::Result<()> {
        self.send(Msg::Level(LevelMsg::Edit { file: name.to_owned(), text }))?;
        let file =
            self.game.play().and_then(|play| play.files.iter().find(|file| file.name == name));
        let marks: Vec<String> = file
            .map(|file| file.marks.iter().map(ToString::to_string).collect())
            .unwrap_or_default();
        for mark in &marks {
            self.say(mark)?;
        }
        self.notice()?;
        self.say(if marks.is_empty() {
            "Kept; apply hands it to the cluster."
        } else {
            "Kept, with these marks."
        })
    }

    fn go(&mut self) -> io::Result<()> {
        self.send(Msg::Level(LevelMsg::Go))?;
        if matches!(self.game.popup(), Some(Popup::Predict(_))) {
            self.predict()?;
        }
        self.settle()?;
        self.goals()?;
        if self.game.play().is_some_and(|play| play.phase() == Phase::Solved) {
            return self.debrief();
        }
        self.notice()?;
        self.say("way tells the way of the request, why the reason.")
    }

    /// Asks what will come of the request, and where; an empty line skips.
    fn predict(&mut self) -> io::Result<()> {
        let titles: Vec<&str> = Fate::ALL.iter().map(|fate| fate.title()).collect();
        let at =
            self.choose("What will come of it? A number, or an empty line to skip.", &titles)?;
        match at.and_then(|at| Fate::ALL.get(at)) {
            Some(fate) => self.send(Msg::Level(LevelMsg::Predict(*fate)))?,
            None => self.send(Msg::Level(LevelMsg::SkipPrediction))?,
        };
        if !self.game.play().is_some_and(|play| matches!(play.asked, Asked::Where(_))) {
            return Ok(());
        }
        let titles: Vec<&str> = Where::ALL.iter().map(|place| place.title()).collect();
        let at = self.choose("And where is that decided?", &titles)?;
        match at.and_then(|at| Where::ALL.get(at)) {
            Some(place) => self.send(Msg::Level(LevelMsg::PredictWhere(*place)))?,
            None => self.send(Msg::Level(LevelMsg::SkipPrediction))?,
        };
        Ok(())
    }

    fn choose(&mut self, question: &str, titles: &[&str]) -> io::Result<Option<usize>> {
        self.say(question)?;
        for (at, title) in titles.iter().enumerate() {
            self.say(&format!("  {} {title}", at + 1))?;
        }
        let answer = self.next_line()?.unwrap_or_default();
        Ok(answer.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1)))
    }

    fn way(&mut self) -> io::Result<()> {
        let story = self.game.play().and_then(|play| play.current_story()).map(speech::way);
        match story {
            Some(lines) => self.say(&lines.join("\n")),
            None => self.say("Nothing was sent yet; go sends the goal's request."),
        }
    }

    fn why(&mut self) -> io::Result<()> {
        let Some(play) = self.game.play() else { return Ok(()) };
        let failed: Vec<Vec<String>> = play
            .goals()
            .iter()
            .filter_map(|goal| goal.diagnosis.as_ref())
            .map(speech::diagnosis)
            .collect();
        if failed.is_empty() {
            return self.say("Nothing has failed yet; go sends the goal's request.");
        }
        self.say(&failed.concat().join("\n"))
    }

    fn map(&mut self) -> io::Result<()> {
        let lines =
            self.game.play().map(|play| speech::map(&play.scene, false)).unwrap_or_default();
        self.say(&lines.join("\n"))
    }

    fn describe(&mut self, name: &str) -> io::Result<()> {
        let Some(play) = self.game.play() else { return Ok(()) };
        let spots = play.scene.spots(true);
        let found = spots.iter().find(|spot| {
            let text = spot.to_string();
            text == name || text.split_once('/').is_some_and(|(_, own)| own == name)
        });
        let lines = found.map(|spot| speech::describe(&play.scene, spot)).unwrap_or_default();
        match lines.is_empty() {
            true => self.say(&format!("There is no “{name}” on the map.")),
            false => self.say(&lines.join("\n")),
        }
    }

    /// The next hint; who plays in lines of text has read the last one when asking again.
    fn hint(&mut self) -> io::Result<()> {
        for _ in 0..=20 {
            self.send(Msg::Tick(Duration::from_secs(1)))?;
        }
        self.send(Msg::Level(LevelMsg::Hint))?;
        let Some(play) = self.game.play() else { return Ok(()) };
        let level = play.level().clone();
        let last = play.hints.read(&level).last().cloned();
        self.send(Msg::Dismiss)?;
        match last {
            Some(hint) => self.say(&hint_text(&level, &hint)),
            None => self.say("This level has no hints."),
        }
    }

    fn wait(&mut self, seconds: &str) -> io::Result<()> {
        let Ok(seconds) = seconds.trim_end_matches('s').parse::<u32>() else {
            return self.say("A number of seconds belongs here, as in: wait 10");
        };
        for _ in 0..seconds.min(600) {
            self.send(Msg::Level(LevelMsg::Step))?;
        }
        self.told()?;
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
            let asking =
                self.game.play().is_some_and(|play| play.attempt().session().waits_for_line());
            if asking || !self.game.play().is_some_and(|play| play.is_busy()) {
                break;
            }
            self.send(Msg::Tick(STEP))?;
            self.told()?;
        }
        if self.game.play().is_some_and(|play| play.attempt().session().is_running()) {
            self.send(Msg::Level(LevelMsg::Focus(crate::game::Panel::Terminal)))?;
            self.send(Msg::Interrupt)?;
        }
        self.told()
    }

    fn debrief(&mut self) -> io::Result<()> {
        self.send(Msg::Confirm)?;
        while self.game.debrief().is_some_and(|debrief| debrief.is_trying()) {
            self.send(Msg::Tick(STEP))?;
        }
        let Some(debrief) = self.game.debrief().cloned() else { return Ok(()) };
        self.say(&format!("Won: {}.", debrief.solved.sentence()))?;
        self.say(&format!("What to keep: {}", debrief.level.debrief.trim()))?;
        for tried in &debrief.edits {
            let mattered = match tried.mattered {
                Some(true) => "needed",
                Some(false) => "it works without",
                None => "not tried",
            };
            let line = tried.edit.new_start + 1;
            self.say(&format!("Your edit at {}:{line}: {mattered}.", tried.file))?;
        }
        self.say("next goes on.")
    }

    fn codes(&mut self) -> io::Result<()> {
        for explanation in explanations() {
            self.say(&format!("{}: {}", explanation.code, explanation.title))?;
        }
        Ok(())
    }

    /// Tells what the terminal printed since the last time.
    fn told(&mut self) -> io::Result<()> {
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
            Some(notice) => self.say(&notice.text),
            None => Ok(()),
        }
    }

    fn prompt(&mut self) -> io::Result<()> {
        let prompt = match self.game.play().filter(|_| self.game.screen() != Screen::Trail) {
            Some(play) => play.attempt().session().prompt(),
            None => "podhop> ".to_owned(),
        };
        write!(self.out, "{}", printable(&prompt))?;
        self.out.flush()
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", printable(text))
    }

    /// The next line, whatever its bytes; `None` at the end.
    fn next_line(&mut self) -> io::Result<Option<String>> {
        match self.lines.next() {
            None => Ok(None),
            Some(Ok(line)) => Ok(Some(line)),
            Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                self.say("That line is no text (UTF-8).")?;
                Ok(Some(String::new()))
            }
            Some(Err(error)) => Err(error),
        }
    }
}

fn hint_text(level: &Level, hint: &Hint) -> String {
    let mut text = hint.say.trim().to_owned();
    let worked = hint.worked.as_deref().map(|name| name.trim_start_matches("solutions/"));
    let Some(solution) = level.solutions.iter().find(|one| Some(&*one.name) == worked) else {
        return text;
    };
    text.push_str("\nOne complete answer:");
    for (file, bytes) in &solution.files {
        text.push_str(&format!("\n{file}:\n{}", String::from_utf8_lossy(bytes).trim_end()));
    }
    if let Some(script) = &solution.script {
        text.push_str(&format!("\nin the terminal:\n{}", script.trim_end()));
    }
    text.trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::game::Save;
    use crate::level::Pack;

    fn played(input: &str) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let saves = Saves::open_in(folder.path().to_owned()).saves;
        let pack = Pack::embedded().expect("the campaign");
        let game = Game::new(Arc::new(pack), Save::default());
        let mut out = Vec::new();
        play(game, saves, input.as_bytes(), &mut out, false).expect("told");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_level_is_won_in_lines_of_text() {
        let told = played(
            "localhost-sidecar\nshow multi.yaml\ngo\n4\n1\nway\nwhy\nmap\n\
             line multi.yaml 14     - while true; do curl -sS http://localhost; sleep 5; done\n\
             apply\ngo\nquit\n",
        );
        assert!(told.contains("Won: 1 line changed, no hints."), "{told}");
        assert!(told.contains("needed"), "{told}");
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
        let folder = tempfile::tempdir().expect("a folder");
        let saves = Saves::open_in(folder.path().to_owned()).saves;
        let game = Game::new(Arc::new(Pack::embedded().expect("the campaign")), Save::default());
        let mut out = Vec::new();
        play(game, saves, &b"\xff\xfe\n1\n"[..], &mut out, false).expect("told");
        assert!(String::from_utf8_lossy(&out).contains("no text"));
    }
}
