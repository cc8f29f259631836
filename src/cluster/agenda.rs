//! An actor's list of things to do: by due time, then by key.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::clock::SimTime;

/// The least time between two turns of an actor that nobody has called in between.
pub(super) const TICK: Duration = Duration::from_millis(1);

/// What is due when. A key stands in it once; some of its moments are *work* that the cluster is
/// unsettled without, the others are timers that nobody waits for.
#[derive(Clone, Debug)]
pub(super) struct Agenda<K> {
    due: BTreeSet<(SimTime, K)>,
    work: BTreeSet<(SimTime, K)>,
    of: BTreeMap<K, Moments>,
}

/// When a key is next due, and when it next has work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moments {
    /// The next moment at all.
    pub due: Option<SimTime>,
    /// The next moment that is waited for.
    pub work: Option<SimTime>,
}

impl Moments {
    /// Adds a moment.
    pub fn add(&mut self, at: SimTime, work: bool) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
        if work {
            self.work = Some(self.work.map_or(at, |work| work.min(at)));
        }
    }

    /// The same moments, none of them at `now` or before: who has just done everything that was
    /// due is not due again before time has passed. So the clock goes on whatever an actor forgets,
    /// and a debug build says that it forgot.
    pub fn after(self, now: SimTime) -> Moments {
        debug_assert!(self.due.is_none_or(|due| due > now), "due again at {now:?}: {self:?}");
        let later = |at: SimTime| at.max(now + TICK);
        Moments { due: self.due.map(later), work: self.work.map(later) }
    }
}

impl<K> Default for Agenda<K> {
    fn default() -> Agenda<K> {
        Agenda { due: BTreeSet::new(), work: BTreeSet::new(), of: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Agenda<K> {
    /// Replaces what is known of a key.
    pub fn set(&mut self, key: &K, moments: Moments) {
        let old = self.of.get(key).copied().unwrap_or_default();
        if old == moments {
            return;
        }
        replace(&mut self.due, key, old.due, moments.due);
        replace(&mut self.work, key, old.work, moments.work);
        if moments == Moments::default() {
            self.of.remove(key);
        } else {
            self.of.insert(key.clone(), moments);
        }
    }

    /// Makes a key due at `at` at the latest.
    pub fn add(&mut self, key: &K, at: SimTime, work: bool) {
        let mut moments = self.of.get(key).copied().unwrap_or_default();
        moments.add(at, work);
        self.set(key, moments);
    }

    /// Forgets a key.
    pub fn forget(&mut self, key: &K) {
        self.set(key, Moments::default());
    }

    /// The earliest moment.
    pub fn next_due(&self) -> Option<SimTime> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The earliest moment that is waited for.
    pub fn next_work(&self) -> Option<SimTime> {
        self.work.first().map(|(at, _)| *at)
    }

    /// Takes the first key that is due at `now`.
    pub fn pop(&mut self, now: SimTime) -> Option<K> {
        let (at, key) = self.due.first()?.clone();
        if at > now {
            return None;
        }
        self.forget(&key);
        Some(key)
    }
}

fn replace<K: Ord + Clone>(
    set: &mut BTreeSet<(SimTime, K)>,
    key: &K,
    old: Option<SimTime>,
    new: Option<SimTime>,
) {
    if old == new {
        return;
    }
    if let Some(at) = old {
        set.remove(&(at, key.clone()));
    }
    if let Some(at) = new {
        set.insert((at, key.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_moment_of_a_key_counts() {
        let mut agenda = Agenda::default();
        agenda.add(&"b", SimTime::from_millis(20), true);
        agenda.add(&"b", SimTime::from_millis(10), false);
        agenda.add(&"a", SimTime::from_millis(10), false);
        assert_eq!(agenda.next_due(), Some(SimTime::from_millis(10)));
        assert_eq!(agenda.next_work(), Some(SimTime::from_millis(20)));
        assert_eq!(agenda.pop(SimTime::from_millis(10)), Some("a"));
        assert_eq!(agenda.pop(SimTime::from_millis(10)), Some("b"));
        assert_eq!(agenda.next_work(), None);
    }

    #[test]
    fn nothing_is_taken_before_its_time() {
        let mut agenda = Agenda::default();
        agenda.add(&1, SimTime::from_millis(5), true);
        assert_eq!(agenda.pop(SimTime::from_millis(4)), None);
    }
}
