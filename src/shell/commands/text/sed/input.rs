//! The lines that a script reads, one after the other from all files.

use crate::shell::commands::text::lines::{cannot_open, is_empty_to};
use crate::shell::{Io, Stdin};

/// A line.
#[derive(Clone)]
pub(super) struct Line {
    pub text: String,
    /// Whether a newline ended it.
    pub ended: bool,
    /// Whether it begins a file that is counted by itself.
    pub first_of_separate: bool,
}

/// What reading comes to.
pub(super) enum Next {
    Line(Line),
    Wait,
    End,
}

/// Where lines come from.
#[derive(Clone)]
pub(super) struct Input {
    files: Vec<String>,
    at: usize,
    /// The present file, when it is not standard input.
    text: Option<Stdin>,
    /// The name of the file that the last line is from.
    name: String,
    /// A line that was read to see whether there is one.
    ahead: Option<(Line, String)>,
    /// `-s`: files are counted by themselves.
    separate: bool,
    begins: bool,
    end: u8,
    /// The exit code so far.
    pub failed: i32,
}

impl Input {
    pub fn new(files: Vec<String>, separate: bool, end: u8) -> Input {
        Input {
            files,
            at: 0,
            text: None,
            name: "-".to_owned(),
            ahead: None,
            separate,
            begins: separate,
            end,
            failed: 0,
        }
    }

    /// The name of the file that the last line is from; `-` for standard input.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next line.
    pub fn next(&mut self, io: &mut Io<'_>) -> Next {
        if let Some((line, name)) = self.ahead.take() {
            self.name = name;
            return Next::Line(line);
        }
        self.read(io)
    }

    fn read(&mut self, io: &mut Io<'_>) -> Next {
        loop {
            let Some(file) = self.files.get(self.at).cloned() else { return Next::End };
            if file != "-" && self.text.is_none() {
                let content = match is_empty_to(io, "sed", &file) {
                    true => Ok(Vec::new()),
                    false => io.read_file(&file),
                };
                match content {
                    Ok(bytes) => self.text = Some(Stdin::of(bytes)),
                    Err(why) => {
                        self.missing(io, &file, &why);
                        self.at += 1;
                        continue;
                    }
                }
            }
            let source = match &mut self.text {
                Some(text) => text,
                None => &mut *io.stdin,
            };
            let rest = source.rest();
            let (text, ended) = match rest.iter().position(|byte| *byte == self.end) {
                Some(end) => (rest[..end].to_vec(), true),
                None if !source.ended() => return Next::Wait,
                None if rest.is_empty() => {
                    self.text = None;
                    self.at += 1;
                    self.begins = self.separate;
                    continue;
                }
                None => (rest.to_vec(), false),
            };
            source.read += text.len() + usize::from(ended);
            self.name = file;
            let text = String::from_utf8_lossy(&text).into_owned();
            let first_of_separate = std::mem::take(&mut self.begins);
            return Next::Line(Line { text, ended, first_of_separate });
        }
    }

    /// What was not read, of the present file.
    pub fn rest(&mut self) -> String {
        let mut rest = String::new();
        if let Some((line, _)) = self.ahead.take() {
            rest += &line.text;
            if line.ended {
                rest.push(char::from(self.end));
            }
        }
        if let Some(text) = &self.text {
            rest += &String::from_utf8_lossy(text.rest());
        }
        rest
    }

    fn missing(&mut self, io: &mut Io<'_>, file: &str, why: &str) {
        use crate::shell::commands;
        let gnu = commands::is_gnu(io);
        match (gnu, why) {
            (true, "Is a directory") => {
                io.write_error(
                    format!("sed: couldn't read {file}: {why}")
                        .replace("couldn't read", "read error on"),
                );
                self.failed = 4;
            }
            (true, _) => {
                cannot_open(io, "sed", file, why);
                self.failed = self.failed.max(2);
            }
            (false, _) => {
                cannot_open(io, "sed", file, why);
                self.failed = 1;
            }
        }
    }

    /// Whether the present line is the last; `None` while that can't be known yet.
    pub fn is_last(&mut self, io: &mut Io<'_>) -> Option<bool> {
        if self.ahead.is_none() {
            let name = self.name.clone();
            match self.read(io) {
                Next::Wait => return None,
                Next::End => return Some(true),
                Next::Line(line) => {
                    let ahead = std::mem::replace(&mut self.name, name);
                    self.ahead = Some((line, ahead));
                }
            }
        }
        Some(self.separate && self.ahead.as_ref().is_some_and(|(line, _)| line.first_of_separate))
    }
}
