//! The player's files, line by line.

use std::io::{self, Write};

use super::{Plain, Source};
use crate::game::{Effect, LevelMsg, Msg, OpenFile, set_field, update};

impl<I: Source, O: Write> Plain<I, O> {
    pub(super) fn files(&mut self) -> io::Result<()> {
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

    fn file(&self, name: &str) -> Option<OpenFile> {
        self.game.play()?.files.iter().find(|file| file.name == name).cloned()
    }

    pub(super) fn show(&mut self, name: &str) -> io::Result<()> {
        let Some(file) = self.file(name) else { return self.no_file(name) };
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

    /// `set FILE PATH=VALUE`
    pub(super) fn set(&mut self, rest: &str) -> io::Result<()> {
        let (name, assignment) = rest.split_once(' ').unwrap_or((rest, ""));
        let Some(file) = self.file(name) else { return self.no_file(name) };
        let Some((path, value)) = assignment.trim().split_once('=') else {
            return self.say("As in: set web.yaml spec.ports[0].targetPort=8080");
        };
        match set_field(&file.text, path.trim(), value.trim()) {
            Ok(text) => self.change(name, text),
            Err(why) => self.say(&why),
        }
    }

    pub(super) fn edit(&mut self, name: &str) -> io::Result<()> {
        if self.file(name).is_none() {
            return self.no_file(name);
        }
        self.say("The new text, up to a line with a single dot; two dots at once keep the old:")?;
        let mut text = String::new();
        while let Some(line) = self.input.line("", &mut self.out)? {
            match line.trim_end() {
                "." if text.trim().is_empty() => {
                    return self.say("Kept as it was: nothing was typed.");
                }
                "." => return self.change(name, text),
                ".." => return self.say("Kept as it was."),
                _ => {
                    text.push_str(&line);
                    text.push('\n');
                }
            }
        }
        Ok(())
    }

    /// `new KIND FILE`: a skeleton behind what is there.
    pub(super) fn skeleton(&mut self, rest: &str) -> io::Result<()> {
        let (kind, name) = rest.split_once(' ').unwrap_or((rest, ""));
        let Some(file) = self.file(name.trim()) else { return self.no_file(name.trim()) };
        let before = self.game.play().and_then(|play| play.notice.clone());
        let effects = update(&mut self.game, Msg::Level(LevelMsg::Skeleton(kind.to_owned())));
        let text = effects.into_iter().find_map(|effect| match effect {
            Effect::InsertText(text) => Some(text),
            _ => None,
        });
        match text {
            Some(text) => {
                let gap = if file.text.trim().is_empty() { "" } else { "---\n" };
                self.change(name.trim(), format!("{}{gap}{text}", file.text))
            }
            None if before.is_none() => self.notice(),
            None => self.notice(),
        }
    }

    /// `line FILE N TEXT`
    pub(super) fn replace_line(&mut self, rest: &str) -> io::Result<()> {
        let mut words = rest.splitn(3, ' ');
        let (name, number, new) = (words.next().unwrap_or(""), words.next(), words.next());
        let Some(file) = self.file(name) else { return self.no_file(name) };
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
        let marks: Vec<String> = self
            .file(name)
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
}
