//! Help in steps: first what fits the player's own failure, then the general, then a worked example.

use std::time::Duration;

use crate::level::{Hint, Level};

/// The pause before the next hint, so that the last one is tried first.
pub const PAUSE: Duration = Duration::from_secs(20);

/// What decides about the next hint.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The codes of the failing diagnoses.
    pub codes: &'a [&'a str],
    /// The goals that fail, from 0.
    pub failing: &'a [usize],
    /// The cluster's time in the level.
    pub clock: Duration,
}

/// What is said where no hint fits.
pub fn no_hint(level: &Level) -> &'static str {
    match level.goals.is_empty() {
        true => "Nothing is asked here, so there are no hints.",
        false => "This level has no hint for this.",
    }
}

/// Which hints were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Indices into the level's hints, in the order they were read.
    read: Vec<usize>,
    /// Time since the last one.
    since: Duration,
}

impl Hints {
    /// How many were read.
    pub fn count(&self) -> u32 {
        self.read.len() as u32
    }

    /// The hints that were read, oldest first.
    pub fn read<'a>(&'a self, level: &'a Level) -> impl Iterator<Item = &'a Hint> {
        self.read.iter().filter_map(|&at| level.hints.get(at))
    }

    /// Real time passes.
    pub fn pass(&mut self, real: Duration) {
        self.since = (self.since + real).min(PAUSE);
    }

    /// How long to wait for the next one; nothing for the first, and none when there are no more.
    pub fn wait(&self, level: &Level, now: Situation<'_>) -> Option<Duration> {
        self.next(level, now)?;
        Some(if self.read.is_empty() { Duration::ZERO } else { PAUSE.saturating_sub(self.since) })
    }

    /// Reads the next one, if its time has come.
    pub fn advance(&mut self, level: &Level, now: Situation<'_>) -> bool {
        if self.wait(level, now) != Some(Duration::ZERO) {
            return false;
        }
        self.read.extend(self.next(level, now));
        self.since = Duration::ZERO;
        true
    }

    /// The first unread hint that fits the failing diagnoses, else the first unread general one, of
    /// those whose goal fails and whose time has come.
    fn next(&self, level: &Level, now: Situation<'_>) -> Option<usize> {
        let due = |hint: &Hint| {
            hint.goal.is_none_or(|goal| now.failing.contains(&goal))
                && hint.after.is_none_or(|after| now.clock >= after)
        };
        let unread = || {
            let all = level.hints.iter().enumerate();
            all.filter(|(at, hint)| !self.read.contains(at) && due(hint))
        };
        let fits = |hint: &Hint| hint.when.as_deref().is_some_and(|when| now.codes.contains(&when));
        unread()
            .find(|(_, hint)| fits(hint))
            .or_else(|| unread().find(|(_, hint)| hint.when.is_none()))
            .map(|(at, _)| at)
    }
}
