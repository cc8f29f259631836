//! Back: undo, rewind and reset, all by clones.

use std::sync::Arc;
use std::time::Duration;

use super::{Play, Walk};
use crate::clock::SimTime;
use crate::level::Attempt;
use crate::shared_map::SharedMap;

/// How many states undo remembers.
const UNDO: usize = 50;

/// What undo calls a new beginning.
const RESET: &str = "reset";

/// Bytes of written files that all the states of one kind may hold. Files are not shared between
/// states where a program appends to them again and again.
const BYTES: usize = 16 << 20;

/// How far apart the states are that rewind goes back to.
const REWIND_EVERY: Duration = Duration::from_secs(5);

/// After so long …
const LATELY: Duration = Duration::from_secs(60);

/// … they are as far apart as this: nobody who goes back for minutes counts seconds.
const REWIND_THEN: Duration = Duration::from_secs(15);

/// How many of them are kept: five minutes of play.
const REWINDS: usize = 28;

/// A state to go back to.
#[derive(Clone)]
pub(super) struct Snapshot {
    /// What came after it: `apply`.
    before: String,
    attempt: Attempt,
    applied: Vec<(String, String)>,
    /// The commands that had been typed.
    typed: SharedMap<usize, String>,
    /// What written files take in it.
    bytes: usize,
}

/// Whether a command goes into a container or onto a node, where things can change that are no
/// objects of the API.
fn enters(command: &str) -> bool {
    let inside = ["exec", "ssh", "debug", "cp", "attach", "run"];
    command.split_whitespace().any(|word| inside.contains(&word))
}

/// What the files of some states take.
fn held<'a>(states: impl Iterator<Item = &'a Arc<Snapshot>>) -> usize {
    states.map(|snapshot| snapshot.bytes).sum()
}

impl Play {
    /// Whether there were older states, which undo has forgotten.
    pub(in crate::game) fn has_forgotten(&self) -> bool {
        self.forgotten
    }

    /// What was done last and can be taken back.
    pub fn undoable(&self) -> Option<&str> {
        self.undo.back().map(|snapshot| &*snapshot.before)
    }

    /// Remembers the state before something is done.
    pub(in crate::game) fn remember(&mut self, before: &str) {
        let snapshot = self.snapshot(before);
        self.undo.push_back(Arc::new(snapshot));
        while self.undo.len() > UNDO || held(self.undo.iter()) > BYTES {
            self.undo.pop_front();
            self.forgotten = true;
        }
    }

    /// Goes back to before the last thing that was done; says what that was.
    pub(in crate::game) fn undo(&mut self) -> Option<String> {
        let mut snapshot = Arc::unwrap_or_clone(self.undo.pop_back()?);
        let what = snapshot.before.clone();
        if what != RESET {
            self.keep_texts(&mut snapshot);
        }
        self.restore(snapshot);
        Some(what)
    }

    /// Whether there were older states, which rewind has forgotten.
    pub(in crate::game) fn has_forgotten_rewinds(&self) -> bool {
        self.forgotten_rewinds
    }

    /// Goes back in time by some seconds; says to when.
    pub(in crate::game) fn rewind(&mut self) -> Option<SimTime> {
        let now = self.now();
        while self.rewinds.back().is_some_and(|(at, _)| now.since(*at) < Duration::from_secs(1)) {
            self.rewinds.pop_back();
        }
        let (at, snapshot) = self.rewinds.pop_back()?;
        let mut snapshot = Arc::unwrap_or_clone(snapshot);
        self.keep_texts(&mut snapshot);
        self.restore(snapshot);
        self.timer.pause();
        Some(at)
    }

    /// Begins again, with other names and addresses if the seed is another one. Files keep the
    /// player's edits unless `fresh`.
    pub(in crate::game) fn reset(&mut self, seed: u64, fresh: bool) {
        self.remember(RESET);
        let undo = std::mem::take(&mut self.undo);
        let files: Vec<(String, String)> = match fresh {
            true => Vec::new(),
            false => self.edited_files(),
        };
        let mut play = Play::open(self.level().clone(), seed, &files);
        play.undo = undo;
        play.hints = self.hints.clone();
        play.asked = self.asked;
        play.first_guess = self.first_guess.clone();
        play.ladder.highest = self.ladder.highest;
        play.sends = self.sends;
        play.coached = self.coached;
        play.menu = self.menu;
        play.zoom = self.zoom;
        play.timer = self.timer.clone();
        play.timer.resume();
        play.reloads = self.reloads + 1;
        play.focus = self.focus;
        std::mem::swap(&mut play.console, &mut self.console);
        *self = play;
    }

    fn snapshot(&self, before: &str) -> Snapshot {
        let mut attempt = self.attempt.clone();
        attempt.cluster_mut().set_aside();
        Snapshot {
            before: before.to_owned(),
            attempt,
            applied: self.applied.clone(),
            typed: self.typed.clone(),
            bytes: self.attempt.written_bytes(),
        }
    }

    /// What was typed in the editor stays: the editor has an undo of its own.
    fn keep_texts(&self, snapshot: &mut Snapshot) {
        for file in self.files.iter().filter(|file| !file.locked) {
            if snapshot.attempt.files().contains_key(&file.name) {
                snapshot.attempt.edit(&file.name, &file.text);
            }
        }
    }

    fn restore(&mut self, snapshot: Snapshot) {
        let now = snapshot.attempt.cluster().now();
        self.rewinds.retain(|(at, _)| *at < now);
        self.attempt = snapshot.attempt;
        self.applied = snapshot.applied;
        self.typed = snapshot.typed;
        self.phase = self.attempt.phase();
        self.command = None;
        self.seen_trace = self.attempt.cluster().next_trace();
        self.scene_revision = u64::MAX;
        self.reload_files();
        self.read_scene();
        self.stories.clear();
        self.walk = Walk::default();
        self.ghosts.clear();
        self.pulses.clear();
        self.editing = None;
        self.winning = false;
        self.mark_failures();
    }

    /// A command has ended: if it changed nothing, there is nothing of it to take back. Whether it did
    /// is seen by letting the same time pass without it.
    pub(in crate::game) fn forget_what_changed_nothing(&mut self) {
        /// A command that ran longer is kept in any case.
        const SHORT: Duration = Duration::from_secs(60);
        let now = self.now();
        let Some(last) = self.undo.back() else { return };
        let same_files =
            last.attempt.files() == self.attempt.files() && last.applied == self.applied;
        if !same_files || now.since(last.attempt.cluster().now()) > SHORT || enters(&last.before) {
            return;
        }
        let mut without = last.attempt.clone();
        without.advance_to(now);
        let revision = |attempt: &Attempt| attempt.cluster().objects().revision();
        if revision(&without) == revision(&self.attempt) {
            self.undo.pop_back();
        }
    }

    pub(super) fn keep_for_rewind(&mut self) -> bool {
        let now = self.now();
        let due = self.rewinds.back().is_none_or(|(at, _)| now.since(*at) >= REWIND_EVERY);
        if due {
            let snapshot = self.snapshot("rewind");
            self.rewinds.push_back((now, Arc::new(snapshot)));
            self.thin_out_rewinds();
            while self.rewinds.len() > REWINDS
                || held(self.rewinds.iter().map(|(_, snapshot)| snapshot)) > BYTES
            {
                self.rewinds.pop_front();
                self.forgotten_rewinds = true;
            }
        }
        false
    }

    /// Of the older states, drops those whose neighbours are close enough.
    fn thin_out_rewinds(&mut self) {
        let now = self.now();
        let is_old = |at: SimTime| now.since(at) > LATELY;
        let mut at = 1;
        while at + 1 < self.rewinds.len() && is_old(self.rewinds[at].0) {
            let gap = self.rewinds[at + 1].0.since(self.rewinds[at - 1].0);
            if gap <= REWIND_THEN {
                self.rewinds.remove(at);
            } else {
                at += 1;
            }
        }
    }
}
