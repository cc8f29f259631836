//! Where `podhop shell` reads its lines: a script that is piped in, or a person at a terminal, who
//! has line editing, history and Ctrl-C as in any shell.

use std::io::{self, BufRead, StdinLock};

use rustyline::config::Config;
use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{Editor, Helper};

/// What came of asking for a line.
pub enum Read {
    /// A line, without its end.
    Line(String),
    /// Ctrl-C: nothing is to be done with what was typed so far.
    Interrupted,
    /// No more lines will come.
    End,
}

/// A source of lines.
pub enum Lines {
    /// A script.
    Script(StdinLock<'static>),
    /// A person.
    Person(Box<Editor<(), MemHistory>>),
}

impl Lines {
    /// Standard input, or a person where `person` says that one sits there.
    pub fn open(person: bool) -> Lines {
        if person && let Ok(editor) = Editor::with_history(Config::default(), MemHistory::new()) {
            return Lines::Person(Box::new(editor));
        }
        Lines::Script(io::stdin().lock())
    }

    /// The next line of the conversation; a person sees `prompt`, and finds the line in the history.
    pub fn next(&mut self, prompt: &str) -> Read {
        let read = self.read(prompt);
        if let (Lines::Person(editor), Read::Line(line)) = (self, &read) {
            // A history that is full, or has the line already, is no reason to stop.
            let _ = editor.add_history_entry(line.as_str());
        }
        read
    }

    /// A line for a command that reads its input. The lines of a script are commands, so its commands
    /// read nothing unless they are given something.
    pub fn for_command(&mut self) -> Read {
        match self {
            Lines::Script(_) => Read::End,
            Lines::Person(_) => self.read(""),
        }
    }

    fn read(&mut self, prompt: &str) -> Read {
        match self {
            Lines::Script(input) => {
                let mut line = Vec::new();
                match input.read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => Read::End,
                    Ok(_) => {
                        let text = String::from_utf8_lossy(&line);
                        Read::Line(text.trim_end_matches(['\n', '\r']).to_owned())
                    }
                }
            }
            Lines::Person(editor) => read_edited(editor, prompt),
        }
    }
}

fn read_edited<H: Helper>(editor: &mut Editor<H, MemHistory>, prompt: &str) -> Read {
    match editor.readline(prompt) {
        Ok(line) => Read::Line(line),
        Err(ReadlineError::Interrupted) => Read::Interrupted,
        Err(_) => Read::End,
    }
}
