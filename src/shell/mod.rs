//! The shell: text in, commands run somewhere, bytes out.
//!
//! A [`Session`] is the laptop's terminal: it lexes and parses with spans, and runs a resumable
//! interpreter, so that a loop that sleeps can be paused, cloned and interrupted. Containers' own
//! scripts run on the same interpreter: [`programs`] is the cluster's
//! [`Userland`](crate::cluster::Userland). Commands are plain functions or small state machines in
//! [`commands`]; each talks to the cluster through `handle`, `lookup`, `dial` and `ask` alone.

mod budget;
pub mod commands;
mod complete;
mod console;
mod file_facts;
mod files;
mod foreground;
mod hashed;
mod machine;
mod pattern;
mod programs;
mod session;
mod shells;
mod signals;
mod syntax;
mod tool;

#[cfg(test)]
pub(crate) mod tests;

pub use budget::Budget;
pub use session::{AsFile, Session};
pub use tool::{Interrupted, Io, NEVER, Order, Read, Stdin, Step, Tool};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::SimTime;
use crate::cluster::{Applied, Cluster, Deed, Did, Flavour, ObjectName, Place, Refused, Userland};

/// The laptop's working folder: file names to contents. Names are relative, with `/` between
/// folders.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What bash says to a text that is no command, without its name and the line's number.
pub fn syntax_error(text: &str) -> Option<String> {
    let aliases = BTreeMap::new();
    let reading = syntax::Reading {
        dialect: syntax::Dialect::Bash,
        aliases: &aliases,
        interactive: false,
        groups: false,
    };
    let mut start = syntax::Mark::START;
    loop {
        match syntax::parse(text, start, reading) {
            Ok(None) => return None,
            Ok(Some(parsed)) => start = parsed.end,
            Err(error) => {
                let message = error.message(reading.dialect, "", 1, None);
                let first = message.lines().next().unwrap_or("");
                return Some(first.trim_start_matches([':', ' ']).to_owned());
            }
        }
    }
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finished {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// Exit code.
    pub exit: i32,
    /// Whether it did not end by itself in the time that it was given, and was interrupted.
    pub interrupted: bool,
    /// Whether it used up what one command may take, and was ended.
    pub exhausted: bool,
    /// What its programs did and what came of it, oldest first, as they themselves know it.
    pub deeds: Vec<Arc<Deed>>,
}

impl Finished {
    /// What it printed, to be shown: on standard output, and on standard error.
    pub fn texts(&self) -> (String, String) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&self.stdout), text(&self.stderr))
    }

    /// Whether it printed nothing.
    pub fn is_silent(&self) -> bool {
        self.stdout.is_empty() && self.stderr.is_empty()
    }

    /// The manifests that its kubectl brought to the server.
    pub fn applied(&self) -> impl Iterator<Item = &Applied> {
        self.deeds.iter().filter_map(|deed| match &deed.did {
            Did::Applied(applied) => Some(applied),
            _ => None,
        })
    }

    /// The objects that its kubectl asked for by their names, and that are not there.
    pub fn missing(&self) -> impl DoubleEndedIterator<Item = &ObjectName> {
        self.deeds.iter().filter_map(|deed| match &deed.did {
            Did::Missing { object } => Some(object),
            _ => None,
        })
    }

    /// The manifests that were not taken.
    pub fn refused(&self) -> impl Iterator<Item = &Refused> {
        self.deeds.iter().filter_map(|deed| match &deed.did {
            Did::Refused(refused) => Some(refused),
            _ => None,
        })
    }
}

/// A word as a shell reads it back: in single quotes, unless it is plain.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    syntax::in_single_quotes(word)
}

/// What the shell wants from the game beyond text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UiRequest {
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

/// Runs a script at `place` in a fresh shell (`sh -c` in a container, a node's or the laptop's
/// shell with `files`), to its end or for `limit` of simulated time, advancing the cluster.
pub fn run_at(
    cluster: &mut Cluster,
    place: &Place,
    files: &Files,
    script: &str,
    limit: Duration,
) -> Finished {
    let mut files = files.clone();
    let mut machine = programs::fresh(cluster, place);
    machine.run_text(script);
    session::drive(&mut machine, cluster, &mut files, &mut Vec::new(), limit)
}

/// The names of the programs that a place has and podhop knows, the shells' own commands not among them.
pub fn installed(cluster: &Cluster, place: &Place) -> Vec<&'static str> {
    commands::installed(cluster, place)
}

/// The programs that containers run beside servers: shells and command-line tools.
pub fn programs() -> Arc<dyn Userland> {
    Arc::new(programs::Programs)
}

/// A program at `place`, with the place's own environment and files, as `kubectl exec` and `ssh`
/// start it; `None` when the place has no such program. With `terminal`, a shell without a script
/// is interactive.
pub fn exec(
    cluster: &Cluster,
    place: &Place,
    arguments: &[String],
    terminal: bool,
) -> Option<Box<dyn Tool>> {
    programs::exec(cluster, place, arguments, terminal)
}

/// A shell at `place` that reads lines from a terminal: `/ # ` (BusyBox) or `root@web:/# ` (bash).
/// It ends with `exit` or Ctrl-D, and with 137 when its container dies.
pub fn interactive(place: Place, flavour: Flavour, login: bool) -> Box<dyn Tool> {
    let dialect = match flavour {
        Flavour::BusyBox => syntax::Dialect::Ash,
        Flavour::Gnu => syntax::Dialect::Bash,
    };
    console::nested(place, dialect, Vec::new(), login)
}
