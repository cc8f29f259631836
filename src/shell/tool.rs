//! What a command is: arguments and a standard input in, bytes and an exit code out, step by step.

use std::collections::BTreeMap;

use super::Wish;
use crate::clock::SimTime;
use crate::cluster::{Cluster, Place};

/// A running command. Commands that never wait do all their work in the first step.
pub trait Tool: Send + Sync {
    /// Goes on until the command waits or ends.
    fn step(&mut self, io: &mut Io<'_>) -> Step;

    /// Ctrl-C or SIGTERM arrives. The default ends the command (exit code 130 or 143).
    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        let _ = io;
        Interrupted::Ended
    }

    /// The same command in the same state.
    fn clone_box(&self) -> Box<dyn Tool>;
}

impl Clone for Box<dyn Tool> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

/// What a command waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Call again at this moment.
    Until(SimTime),
    /// Call again when there is more on standard input.
    Input,
    /// It has ended with this exit code.
    Exit(i32),
}

/// What an interrupt did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// The command is over.
    Ended,
    /// The command handled it and goes on (an interactive shell inside a container).
    Handled,
}

/// What the next read of standard input gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A line, without its newline.
    Line(String),
    /// Nothing yet: return [`Step::Input`].
    Wait,
    /// The end.
    End,
}

/// A command's standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stdin {
    /// What is there to be read.
    pub bytes: Vec<u8>,
    /// How much of it has been read.
    pub read: usize,
    /// Whether somebody at a terminal may still type more.
    pub terminal: bool,
    /// Whether the end was reached (Ctrl-D).
    pub closed: bool,
}

/// What a command has to work with.
pub struct Io<'a> {
    /// The cluster.
    pub cluster: &'a mut Cluster,
    /// Where the command runs.
    pub place: &'a Place,
    /// Standard input.
    pub stdin: &'a mut Stdin,
    /// Standard output.
    pub stdout: &'a mut Vec<u8>,
    /// Standard error.
    pub stderr: &'a mut Vec<u8>,
    /// Whether standard output is a terminal (progress meters, columns).
    pub terminal: bool,
    /// Exported variables.
    pub environment: &'a BTreeMap<String, String>,
    /// The working directory: `""` on the laptop is its working folder.
    pub directory: &'a str,
    /// Files, by the shell's rules for this place.
    pub files: &'a mut super::Files,
    /// What the shell asks of the game.
    pub wishes: &'a mut Vec<Wish>,
}

impl Io<'_> {
    /// The moment that the simulation has reached.
    pub fn now(&self) -> SimTime {
        self.cluster.now()
    }

    /// Prints a line on standard output.
    pub fn say(&mut self, line: impl AsRef<str>) {
        self.stdout.extend_from_slice(line.as_ref().as_bytes());
        self.stdout.push(b'\n');
    }

    /// Prints a line on standard error.
    pub fn complain(&mut self, line: impl AsRef<str>) {
        self.stderr.extend_from_slice(line.as_ref().as_bytes());
        self.stderr.push(b'\n');
    }

    /// The next line of standard input.
    pub fn read_line(&mut self) -> Read {
        let rest = &self.stdin.bytes[self.stdin.read..];
        let ended = !self.stdin.terminal || self.stdin.closed;
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                let line = String::from_utf8_lossy(&rest[..end]).into_owned();
                self.stdin.read += end + 1;
                Read::Line(line)
            }
            None if !ended => Read::Wait,
            None if rest.is_empty() => Read::End,
            None => {
                let line = String::from_utf8_lossy(rest).into_owned();
                self.stdin.read = self.stdin.bytes.len();
                Read::Line(line)
            }
        }
    }

    /// All of standard input; `None` while somebody may still type more.
    pub fn read_all(&mut self) -> Option<Vec<u8>> {
        if self.stdin.terminal && !self.stdin.closed {
            return None;
        }
        let rest = self.stdin.bytes[self.stdin.read..].to_vec();
        self.stdin.read = self.stdin.bytes.len();
        Some(rest)
    }

    /// A file's content. Relative paths are below the working directory.
    ///
    /// # Errors
    /// `No such file or directory`, `Is a directory`, `Permission denied`.
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>, String> {
        let _ = path;
        todo!()
    }

    /// Writes a file.
    ///
    /// # Errors
    /// As [`Io::read_file`].
    pub fn write_file(&mut self, path: &str, content: &[u8]) -> Result<(), String> {
        let _ = (path, content);
        todo!()
    }

    /// The names in a directory, sorted; folders end with `/`.
    ///
    /// # Errors
    /// `No such file or directory`, `Not a directory`.
    pub fn list(&self, path: &str) -> Result<Vec<String>, String> {
        let _ = path;
        todo!()
    }
}
