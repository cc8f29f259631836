//! A level being played.

use std::sync::Arc;

use super::{Diagnosis, Level};
use crate::clock::SimTime;
use crate::cluster::Cluster;
use crate::diagnostic::Diagnostic;
use crate::network::TraceId;
use crate::shell::{Files, Session};

/// A level being played: its cluster, the player's terminal and files, what has happened so far and
/// how the goals stand. A value: undo, rewind and "which of my edits mattered?" are clones.
#[derive(Clone)]
pub struct Attempt {
    level: Arc<Level>,
    seed: u64,
    cluster: Cluster,
    session: Session,
}

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was applied or sent yet.
    Untouched,
    /// The player works.
    Playing,
    /// The goals' requests are being sent.
    Probing,
    /// Every goal has passed.
    Solved,
}

/// How a goal stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalState {
    /// The goal, in the player's words.
    pub say: String,
    /// Whether it has passed.
    pub passed: bool,
    /// How many requests were made in this probing.
    pub tried: u32,
    /// How many of them succeeded.
    pub succeeded: u32,
    /// How many have to be made.
    pub of: u32,
    /// Why it failed, once it has.
    pub diagnosis: Option<Diagnosis>,
    /// The traces of its requests, oldest first.
    pub traces: Vec<TraceId>,
}

/// How a level stands after a whole probing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The level's name.
    pub level: String,
    /// The seed.
    pub seed: u64,
    /// Whether every goal has passed.
    pub solved: bool,
    /// Goal by goal.
    pub goals: Vec<GoalState>,
}

/// What became of an apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// File by file, in order.
    pub files: Vec<AppliedFile>,
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedFile {
    /// Its name.
    pub file: String,
    /// What kubectl printed, standard output and error together.
    pub output: String,
    /// Whether kubectl accepted all of it.
    pub accepted: bool,
    /// What was refused, on the player's lines.
    pub diagnostics: Vec<Diagnostic>,
    /// Objects (`pod/multi`) that could not be changed in place and were replaced by the game.
    pub replaced: Vec<String>,
}

impl Attempt {
    /// Opens a level on a seed: a new cluster, the world's files, then the start files applied, all
    /// settled. Opening does not count as the player's first apply.
    pub fn open(level: Arc<Level>, seed: u64) -> Attempt {
        let _ = (level, seed);
        todo!()
    }

    /// The level.
    pub fn level(&self) -> &Arc<Level> {
        &self.level
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The cluster, to look at.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The player's terminal.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The player's terminal, to type in.
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Ctrl-C in the player's terminal.
    pub fn interrupt(&mut self) {
        self.session.interrupt(&mut self.cluster);
    }

    /// How far it is.
    pub fn phase(&self) -> Phase {
        todo!()
    }

    /// How the goals stand.
    pub fn goals(&self) -> &[GoalState] {
        todo!()
    }

    /// Replaces the text of one of the player's files. Locked files stay as they are.
    pub fn edit(&mut self, file: &str, text: &str) {
        let _ = (file, text);
        todo!()
    }

    /// What is wrong with a file as it stands, before it is applied: syntax, unknown and mistyped
    /// fields, validation; from the same code that apply uses.
    pub fn marks(&self, file: &str) -> Vec<Diagnostic> {
        let _ = file;
        todo!()
    }

    /// Applies the player's files (`kubectl apply -f FILE`, one after the other, files as they
    /// stand). Objects that a running pod can't take are replaced, and the answer says so. Objects
    /// of a file that was emptied or removed since the last apply are deleted. The first apply
    /// starts the events' clock.
    pub fn apply(&mut self) -> Applied {
        todo!()
    }

    /// Starts sending the goals' requests; [`Attempt::advance_to`] carries them out.
    pub fn go(&mut self) {
        todo!()
    }

    /// Lets simulated time pass: the cluster works, events happen, the terminal's command and the
    /// goals' requests go on. What happened is told in order.
    pub fn advance_to(&mut self, until: SimTime) -> Vec<String> {
        let _ = until;
        todo!()
    }

    /// Runs the goals to their end, as fast as possible, and says how they stand.
    pub fn grade(&mut self) -> Verdict {
        todo!()
    }

    /// The player's own files as they stand.
    pub fn files(&self) -> &Files {
        self.session.files()
    }
}
