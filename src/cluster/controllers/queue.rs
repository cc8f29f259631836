//! The controllers' one work queue: what is due when, for whom, about which object.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::Due;
use crate::clock::SimTime;
use crate::cluster::agenda::TICK;

/// An object's place: its namespace (empty for kinds without one) and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
}

impl Key {
    pub(crate) fn new(namespace: &str, name: &str) -> Key {
        Key { namespace: namespace.into(), name: name.into() }
    }

    pub(crate) fn of(meta: &ObjectMeta) -> Key {
        let text = |field: &Option<String>| Arc::from(field.as_deref().unwrap_or(""));
        Key { namespace: text(&meta.namespace), name: text(&meta.name) }
    }
}

/// Who works. Where several are due at one moment, the earlier in this list goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Actor {
    Namespace,
    Garbage,
    NodeLifecycle,
    TaintEviction,
    CronJob,
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    ReplicaSet,
    ReplicationController,
    Scheduler,
    Volume,
    VolumeClaim,
    Disruption,
    Autoscaler,
    Quota,
    Furnishing,
    LoadBalancer,
    EndpointSlice,
    Endpoints,
    EndpointSliceMirroring,
}

impl Actor {
    /// How long after a change the actor looks at it: a watch event's way to a worker. Endpoint
    /// controllers wait a little longer, so that pods that turn ready together make one update.
    fn delay(self) -> Duration {
        Duration::from_millis(match self {
            Actor::Volume | Actor::VolumeClaim => 1,
            Actor::Scheduler => 2,
            Actor::Deployment | Actor::ReplicaSet | Actor::ReplicationController => 3,
            Actor::EndpointSlice | Actor::EndpointSliceMirroring | Actor::Endpoints => 20,
            _ => 5,
        })
    }
}

/// One thing to do.
type Item = (SimTime, Actor, Key);

/// Work and timers, each item at most once: an earlier date replaces a later one.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    work: Lane,
    timers: Lane,
    /// The moment whose items were taken last.
    now: SimTime,
}

/// Items by date, and the date of each.
#[derive(Clone, Debug, Default)]
struct Lane {
    items: BTreeSet<Item>,
    dates: BTreeMap<(Actor, Key), SimTime>,
}

impl Queue {
    /// Something changed: `actor` looks at `key` after its usual delay.
    pub(super) fn add(&mut self, now: SimTime, actor: Actor, key: Key) {
        self.work.put(now + actor.delay(), actor, key);
    }

    /// A deadline: `actor` looks at `key` at `at`, and nobody waits for it. One that is over is
    /// looked at a moment later, so that no actor can hold the clock by reminding itself.
    pub(super) fn remind(&mut self, at: SimTime, actor: Actor, key: Key) {
        self.timers.put(at.max(self.now + TICK), actor, key);
    }

    /// The earliest item's date.
    pub(super) fn next_due(&self) -> Option<Due> {
        let work = self.next_work().map(|at| Due { at, work: true });
        let timer = self.timers.first().map(|at| Due { at, work: false });
        match (work, timer) {
            (Some(work), Some(timer)) => Some(if work.at <= timer.at { work } else { timer }),
            (work, timer) => work.or(timer),
        }
    }

    /// The earliest work's date.
    pub(super) fn next_work(&self) -> Option<SimTime> {
        self.work.first()
    }

    /// Takes the earliest item that is due at `now`.
    pub(super) fn pop(&mut self, now: SimTime) -> Option<(Actor, Key)> {
        let due = self.next_due().filter(|due| due.at <= now)?;
        self.now = now;
        if due.work { self.work.pop() } else { self.timers.pop() }
    }
}

impl Lane {
    fn put(&mut self, at: SimTime, actor: Actor, key: Key) {
        let subject = (actor, key);
        match self.dates.get_mut(&subject) {
            Some(date) if *date <= at => {}
            Some(date) => {
                let later = std::mem::replace(date, at);
                let (actor, key) = subject;
                self.items.remove(&(later, actor, key.clone()));
                self.items.insert((at, actor, key));
            }
            None => {
                self.items.insert((at, actor, subject.1.clone()));
                self.dates.insert(subject, at);
            }
        }
    }

    fn first(&self) -> Option<SimTime> {
        self.items.first().map(|item| item.0)
    }

    fn pop(&mut self) -> Option<(Actor, Key)> {
        let (_, actor, key) = self.items.pop_first()?;
        let subject = (actor, key);
        self.dates.remove(&subject);
        Some(subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new("default", name)
    }

    #[test]
    fn an_item_is_queued_once_at_its_earliest_date() {
        let mut queue = Queue::default();
        queue.remind(SimTime::from_millis(90), Actor::ReplicaSet, key("a"));
        queue.remind(SimTime::from_millis(50), Actor::ReplicaSet, key("a"));
        queue.remind(SimTime::from_millis(70), Actor::ReplicaSet, key("a"));
        assert_eq!(queue.next_due().map(|due| due.at.as_millis()), Some(50));
        assert!(queue.pop(SimTime::from_millis(49)).is_none());
        assert!(queue.pop(SimTime::from_millis(50)).is_some());
        assert!(queue.next_due().is_none());
    }

    #[test]
    fn equal_dates_go_by_actor_and_then_by_key() {
        let mut queue = Queue::default();
        let start = SimTime::START;
        for (actor, name) in
            [(Actor::ReplicaSet, "a"), (Actor::Deployment, "z"), (Actor::Deployment, "b")]
        {
            queue.add(start, actor, key(name));
        }
        let later = SimTime::from_millis(10);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop(later)).collect();
        assert_eq!(
            order,
            [
                (Actor::Deployment, key("b")),
                (Actor::Deployment, key("z")),
                (Actor::ReplicaSet, key("a"))
            ]
        );
    }

    #[test]
    fn a_deadline_that_is_over_is_looked_at_later_and_never_at_once() {
        let mut queue = Queue::default();
        let now = SimTime::from_millis(50);
        queue.remind(now, Actor::Job, key("a"));
        queue.pop(now);
        queue.remind(SimTime::from_millis(40), Actor::Job, key("a"));
        assert!(queue.next_due().is_some_and(|due| due.at > now));
    }

    #[test]
    fn timers_are_not_work() {
        let mut queue = Queue::default();
        queue.remind(SimTime::from_millis(1), Actor::ReplicaSet, key("a"));
        assert_eq!(queue.next_work(), None);
        assert_eq!(queue.next_due(), Some(Due { at: SimTime::from_millis(1), work: false }));
    }
}
