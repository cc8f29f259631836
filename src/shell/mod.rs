//! The shell: text in, commands run somewhere, bytes out.
//!
//! A [`Session`] is the laptop's terminal: it lexes and parses with spans, and runs a resumable
//! interpreter, so that a loop that sleeps can be paused, cloned and interrupted. Containers' own
//! scripts run on the same interpreter: [`programs`] is the cluster's
//! [`Userland`](crate::cluster::Userland). Commands are plain functions or small state machines in
//! [`commands`]; each talks to the cluster through `handle`, `lookup`, `dial` and `ask` alone.

pub mod commands;
mod tool;

pub use tool::{Interrupted, Io, Order, Read, Stdin, Step, Tool};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::SimTime;
use crate::cluster::{Cluster, Userland};

/// The laptop's working folder: file names to contents. Names are relative, with `/` between
/// folders.
pub type Files = BTreeMap<String, Vec<u8>>;

/// An interactive shell on the laptop, and everything that was opened from it.
#[derive(Clone)]
pub struct Session {
    files: Files,
}

/// What became of a line that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// It runs; call [`Session::step`].
    Running,
    /// It is only the beginning of a command (an open quote, loop or here-document): the next line
    /// continues it.
    Incomplete,
    /// Nothing to do: an empty line or a comment.
    Nothing,
}

/// What a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The command has ended with this exit code; the prompt is back.
    Done(i32),
    /// Advance the cluster to this moment, then step again.
    Until(SimTime),
    /// The running command reads from the terminal: the next [`Session::type_line`] is for it.
    Input,
}

/// Some output of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Whether it is standard error.
    pub error: bool,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A command that ran to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// Exit code.
    pub exit: i32,
}

/// What the shell wants from the game beyond text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// `clear`
    ClearScreen,
    /// `vim FILE`, `kubectl edit`: open the editor on this file of the working folder.
    Edit(String),
    /// `exit` at the outermost prompt.
    Leave,
}

/// What can stand at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// Where the word that is completed begins, as a byte offset in the line.
    pub start: usize,
    /// What could stand there, sorted: (text, what it is).
    pub candidates: Vec<(String, String)>,
}

impl Session {
    /// A session on the laptop, with these files in its working folder.
    pub fn new(files: Files) -> Session {
        Session { files }
    }

    /// The working folder.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The working folder, to change.
    pub fn files_mut(&mut self) -> &mut Files {
        &mut self.files
    }

    /// The prompt: `$ `, `> ` inside an unfinished command, `root@node-1:~# ` after `ssh`,
    /// `/ # ` inside a container.
    pub fn prompt(&self) -> String {
        todo!()
    }

    /// Whether a command is running.
    pub fn is_running(&self) -> bool {
        todo!()
    }

    /// Takes a line (or several) as typed. Syntax errors are printed as the shell prints them, and
    /// set the exit code to 2.
    pub fn type_line(&mut self, line: &str) -> Typed {
        let _ = line;
        todo!()
    }

    /// Goes on with the running command until it waits or ends.
    pub fn step(&mut self, cluster: &mut Cluster) -> Progress {
        let _ = cluster;
        todo!()
    }

    /// Ctrl-C: ends the running command with exit code 130, or forgets an unfinished one.
    pub fn interrupt(&mut self, cluster: &mut Cluster) {
        let _ = cluster;
        todo!()
    }

    /// Ctrl-D: the standard input of the running command ends. At an empty outermost prompt the
    /// session wishes to [`Wish::Leave`].
    pub fn end_input(&mut self) {
        todo!()
    }

    /// Takes the output since the last call.
    pub fn take_output(&mut self) -> Vec<Chunk> {
        todo!()
    }

    /// Takes what the shell wants from the game.
    pub fn take_wishes(&mut self) -> Vec<Wish> {
        todo!()
    }

    /// The exit code of the last command.
    pub fn exit_code(&self) -> i32 {
        todo!()
    }

    /// What could stand at `cursor` (a byte offset) in `line`.
    pub fn complete(&self, cluster: &Cluster, line: &str, cursor: usize) -> Completions {
        let _ = (cluster, line, cursor);
        todo!()
    }

    /// Runs a whole script to its end, advancing the cluster as it waits, for `limit` of simulated
    /// time at most; then it is interrupted.
    pub fn run(
        &mut self,
        cluster: &mut Cluster,
        script: &str,
        limit: std::time::Duration,
    ) -> Finished {
        let _ = (cluster, script, limit);
        todo!()
    }
}

/// Runs a script at `place` in a fresh shell (`sh -c` in a container, a node's or the laptop's
/// shell with `files`), to its end or for `limit` of simulated time, advancing the cluster.
pub fn run_at(
    cluster: &mut Cluster,
    place: &crate::cluster::Place,
    files: &Files,
    script: &str,
    limit: std::time::Duration,
) -> Finished {
    let _ = (cluster, place, files, script, limit);
    todo!()
}

/// The programs that containers run beside servers: shells and command-line tools.
pub fn programs() -> Arc<dyn Userland> {
    todo!()
}

/// A program at `place`, with the place's own environment and files, as `kubectl exec` and `ssh`
/// start it; `None` when the place has no such program. With `terminal`, a shell without a script
/// is interactive.
pub fn exec(
    cluster: &Cluster,
    place: &crate::cluster::Place,
    arguments: &[String],
    terminal: bool,
) -> Option<Box<dyn Tool>> {
    let _ = (cluster, place, arguments, terminal);
    todo!()
}

/// A shell at `place` that reads lines from a terminal: `/ # ` (BusyBox) or `root@web:/# ` (bash).
/// It ends with `exit` or Ctrl-D, and with 137 when its container dies.
pub fn interactive(
    place: crate::cluster::Place,
    flavour: crate::cluster::Flavour,
    login: bool,
) -> Box<dyn Tool> {
    let _ = (place, flavour, login);
    todo!()
}
