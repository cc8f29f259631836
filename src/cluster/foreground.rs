//! Servers that somebody runs by hand: `nc -l`, `python3 -m http.server` or `nginx` typed into a shell.
//!
//! They are processes like those of containers, with sockets of their own, but what they write goes to
//! the shell that runs them. A shell can go away in many manners (Ctrl-C, `timeout`, a connection that
//! ends, a container that is killed); so such a process ends by itself a moment after the
//! command that waits for it has stopped looking at it.

use std::time::Duration;

use super::processes::{self, Keeper, Spawn};
use super::{Cluster, Connection, Place, Process, Signal};
use crate::clock::SimTime;
use crate::network::ProcessId;

/// How long such a process lives after somebody has looked.
const LEASE: Duration = Duration::from_millis(200);

/// What the keeper of such a process knows of it.
#[derive(Clone)]
pub(super) struct ForegroundProcess {
    /// It is killed at this moment.
    pub until: SimTime,
    /// What it wrote since somebody looked.
    pub output: Vec<u8>,
    /// The same of standard error.
    pub errors: Vec<u8>,
    /// Its exit code, when it has ended.
    pub exit: Option<i32>,
    /// The container's first process, which may be the shell that waits for it.
    pub parent: Option<ProcessId>,
}

/// What a process that was started by hand wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Its standard output.
    pub output: Vec<u8>,
    /// Its standard error.
    pub errors: Vec<u8>,
}

impl Cluster {
    /// How often whoever runs a process by hand has to look at it.
    pub const ATTENTION: Duration = Duration::from_millis(20);

    /// Starts a process for a shell at `place`; it has opened its sockets when this returns. `None`
    /// when the place is gone.
    pub fn run_in_foreground(
        &mut self,
        place: &Place,
        program: Box<dyn Process>,
    ) -> Option<ProcessId> {
        let netns = self.netns_of(place)?.netns;
        let parent = self.kubelets.first_process(place);
        let foreground = ForegroundProcess {
            until: self.now + LEASE,
            output: Vec::new(),
            errors: Vec::new(),
            exit: None,
            parent,
        };
        let spawn = Spawn {
            place: place.clone(),
            netns,
            keeper: Keeper::Shell(foreground),
            program,
            starting_until: self.now,
        };
        let id = self.processes.spawn(self.now, spawn);
        processes::step(self, id);
        Some(id)
    }

    /// What a process that was started by hand has written since the last call, and its exit code
    /// when it has ended. `None` when it is gone: its pod has ended, or nobody looked for too long.
    pub fn attend(&mut self, id: ProcessId) -> Option<(Written, Option<i32>)> {
        let until = self.now + LEASE;
        let (foreground, netns) = self.processes.foreground(id)?;
        let output = std::mem::take(&mut foreground.output);
        let written = Written { output, errors: std::mem::take(&mut foreground.errors) };
        let exit = foreground.exit;
        foreground.until = until;
        if exit.is_some() || self.network.netns(netns).is_none() {
            self.dismiss(id);
        }
        (exit.is_some() || self.network.netns(netns).is_some()).then_some((written, exit))
    }

    /// Whether a process that was started by hand has ended, is gone, or wrote something.
    pub fn has_news(&self, id: ProcessId) -> bool {
        self.processes.has_news(id)
    }

    /// Signals a process that was started by hand.
    pub fn signal_foreground(&mut self, id: ProcessId, signal: Signal) {
        self.processes.signal(self.now, id, signal);
        processes::step(self, id);
    }

    /// Kills a process that was started by hand.
    pub fn dismiss(&mut self, id: ProcessId) {
        let Some((_, netns)) = self.processes.foreground(id) else { return };
        self.processes.kill(id);
        self.network.close(netns, id);
    }

    /// Whether a server ends a connection as soon as its client has nothing more to say: all do that
    /// are not run by hand.
    pub fn closes_after_client(&mut self, connection: &Connection) -> bool {
        connection.socket.is_some_and(|(_, id)| self.processes.foreground(id).is_none())
    }

    /// Closes a connection: the process at its other end hears of it.
    pub fn hang_up(&mut self, connection: &Connection) {
        if let Some((_, process)) = connection.socket {
            processes::hang_up(self, process, connection.seen_from);
        }
    }
}
