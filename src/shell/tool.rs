//! What a command is: arguments and a standard input in, bytes and an exit code out, step by step.

use std::collections::BTreeMap;

use dyn_clone::{DynClone, clone_trait_object};

use super::{Budget, UiRequest};
use crate::clock::SimTime;
use crate::cluster::{Cluster, Place};

/// The moment that never comes: what a command waits for that only a signal ends.
pub const NEVER: SimTime = SimTime::from_micros(u64::MAX);

/// The files that are a command's own standard input.
pub(super) const INPUT: [&str; 3] = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// A running command. Commands that never wait do all their work in the first step.
pub trait Tool: DynClone + Send + Sync {
    /// Goes on until the command waits or ends.
    fn step(&mut self, io: &mut Io<'_>) -> Step;

    /// Whether it wants to go on before the moment that it asked for: what it waits for has happened.
    fn is_ready(&self, cluster: &Cluster) -> bool {
        let _ = cluster;
        false
    }

    /// The command that it has made way for, if it has: that one is interrupted and ended in its place.
    fn inner(&mut self) -> Option<&mut dyn Tool> {
        None
    }

    /// Ctrl-C arrives. The default ends the command (exit code 130).
    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.inner().map_or(Interrupted::Ended, |inner| inner.interrupt(io))
    }

    /// A signal, to the command alone or to all that it has started as well (`group`): whether it heeds it
    /// and goes on, as a shell does that has a trap.
    fn signal(&mut self, io: &mut Io<'_>, name: &'static str, group: bool) -> bool {
        let _ = (io, name, group);
        false
    }

    /// SIGTERM ends the command, as that of `timeout` does: its last words, and what it has to close.
    fn terminate(&mut self, io: &mut Io<'_>) {
        if let Some(inner) = self.inner() {
            inner.terminate(io);
        }
    }
}

clone_trait_object!(Tool);

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
    /// Whether it is a pipe whose other end may still write more.
    pub piped: bool,
    /// Whether it is a file, whose size is known before it is read.
    pub regular: bool,
    /// Whether a line was asked for that is not there yet.
    pub awaited: bool,
}

impl Stdin {
    /// Standard input that holds `bytes` and nothing after them.
    pub fn of(bytes: impl Into<Vec<u8>>) -> Stdin {
        Stdin { bytes: bytes.into(), ..Stdin::default() }
    }

    /// Whether nothing can come after what is there.
    pub fn ended(&self) -> bool {
        !self.piped && (!self.terminal || self.closed)
    }

    /// The next line.
    pub fn read_line(&mut self) -> Read {
        self.read_to(b'\n')
    }

    /// What comes before the next of these bytes.
    pub fn read_to(&mut self, end: u8) -> Read {
        let rest = self.rest();
        match rest.iter().position(|byte| *byte == end) {
            Some(end) => {
                let line = String::from_utf8_lossy(&rest[..end]).into_owned();
                self.read += end + 1;
                Read::Line(line)
            }
            None if !self.ended() => {
                self.awaited = true;
                Read::Wait
            }
            None if rest.is_empty() => Read::End,
            None => {
                let line = String::from_utf8_lossy(rest).into_owned();
                self.read = self.bytes.len();
                Read::Line(line)
            }
        }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &[u8] {
        self.bytes.get(self.read..).unwrap_or_default()
    }
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
    /// The bits of a mode that new files do not get.
    pub umask: u32,
    /// Files, by the shell's rules for this place.
    pub files: &'a mut super::Files,
    /// What the shell asks of the game.
    pub ui_requests: &'a mut Vec<UiRequest>,
    /// What stands before the next line that is typed at the terminal: a command that asks, or a
    /// shell inside a container, puts its prompt here before it returns [`Step::Input`].
    pub prompt: &'a mut String,
    /// How standard output and standard error interleave; [`Io::write_error`] keeps it.
    pub order: &'a mut Order,
    /// What the command may still use, with all that it starts.
    pub budget: &'a mut Budget,
}

/// Where standard error stands among standard output: for each piece of standard error, how much
/// of standard output came before it. So that a terminal shows both in the order they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order(Vec<(usize, usize)>);

impl Order {
    /// The output as a terminal shows it: (whether it is standard error, bytes).
    pub fn merge<'b>(&self, stdout: &'b [u8], stderr: &'b [u8]) -> Vec<(bool, &'b [u8])> {
        let mut pieces = Vec::new();
        let (mut out, mut err) = (0, 0);
        let mut put = |error: bool, text: &'b [u8]| {
            if !text.is_empty() {
                pieces.push((error, text));
            }
        };
        for (before, start) in &self.0 {
            let (before, start) = (*before.min(&stdout.len()), *start.min(&stderr.len()));
            if start > err {
                put(true, &stderr[err..start]);
                err = start;
            }
            if before > out {
                put(false, &stdout[out..before]);
                out = before;
            }
        }
        put(true, &stderr[err..]);
        put(false, &stdout[out..]);
        pieces
    }
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

    /// The same command's view from another place, as `ssh` and `kubectl exec` have it.
    pub fn at<'b>(&'b mut self, place: &'b Place) -> Io<'b> {
        Io {
            cluster: self.cluster,
            place,
            stdin: self.stdin,
            stdout: self.stdout,
            stderr: self.stderr,
            terminal: self.terminal,
            environment: self.environment,
            directory: self.directory,
            umask: self.umask,
            files: self.files,
            ui_requests: self.ui_requests,
            prompt: self.prompt,
            order: self.order,
            budget: self.budget,
        }
    }

    /// Writes to standard error, after what is on standard output by now.
    pub fn put_error(&mut self, bytes: &[u8]) {
        self.order.0.push((self.stdout.len(), self.stderr.len()));
        self.stderr.extend_from_slice(bytes);
    }

    /// Prints a line on standard error.
    pub fn write_error(&mut self, line: impl AsRef<str>) {
        self.put_error(line.as_ref().as_bytes());
        self.stderr.push(b'\n');
    }

    /// The next line of standard input.
    pub fn read_line(&mut self) -> Read {
        self.stdin.read_line()
    }

    /// All of standard input; `None` while somebody may still type more.
    pub fn read_all(&mut self) -> Option<Vec<u8>> {
        if !self.stdin.ended() {
            return None;
        }
        let rest = self.stdin.rest().to_vec();
        self.stdin.read = self.stdin.bytes.len();
        Some(rest)
    }
}
