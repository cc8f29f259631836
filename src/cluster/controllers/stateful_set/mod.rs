//! StatefulSet: pods with names and an order (R3.5).
//!
//! Source: kube-controller-manager `statefulset`. Ordinals are made one after the other, each when
//! the one before is available; they go in the opposite order, and so do updates. With
//! `podManagementPolicy: Parallel` nobody waits for anybody.

mod identity;
mod status;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ControllerRevision, StatefulSet, StatefulSetSpec};

use super::queue::Actor;
use super::revision::{self, History};
use super::{Client, Key, owner, pods};
use crate::api::selector::LabelSelector;
use crate::api::{Kind, Pod};

const COMPONENT: &str = "statefulset-controller";

/// A StatefulSet at work: what it wants, and what it has.
struct Work<'a> {
    set: &'a StatefulSet,
    spec: &'a StatefulSetSpec,
    /// The revision that pods had before the current update, and that of the current template.
    current: &'a ControllerRevision,
    update: &'a ControllerRevision,
    /// The pods by ordinal.
    pods: BTreeMap<i32, Arc<Pod>>,
}

/// Brings a StatefulSet's pods a step closer to what it asks for.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(set) = client.get::<StatefulSet>(key) else { return };
    let Some(spec) = &set.spec else { return };
    let selector = LabelSelector::of(&spec.selector);
    // A pod of another name is no member, whatever labels it wears (`isMemberOf` in stateful_set_utils.go).
    let is_member = |pod: &Pod| identity::ordinal(&set, pod).is_some();
    let claimed = owner::claim_pods(client, set.as_ref(), &selector, is_member);
    let pods: BTreeMap<i32, Arc<Pod>> =
        claimed.into_iter().filter_map(|pod| Some((identity::ordinal(&set, &pod)?, pod))).collect();
    let collisions = set.status.as_ref().and_then(|status| status.collision_count).unwrap_or(0);
    let Some(history) = History::sync(client, set.as_ref(), &spec.template, collisions) else {
        return;
    };
    let before = set.status.as_ref().and_then(|status| status.current_revision.as_deref());
    let current = before.and_then(|name| history.named(name)).unwrap_or(history.update());
    let work = Work { set: &set, spec, current, update: history.update(), pods };
    if set.metadata.deletion_timestamp.is_none() {
        work.step(client);
    }
    work.wait_for_availability(client);
    status::write(client, &work, history.collisions);
    let labels = work.pods.values().filter_map(|pod| revision_of(pod));
    let used: BTreeSet<&str> = labels.chain([revision::name(current)]).collect();
    let limit = usize::try_from(spec.revision_history_limit.unwrap_or(10)).unwrap_or(0);
    history.truncate(client, &used, limit);
}

/// The revision that a pod was made from.
fn revision_of(pod: &Pod) -> Option<&str> {
    pod.metadata.labels.as_ref()?.get(revision::HASH_LABEL).map(String::as_str)
}

/// How many pods one look at a set creates.
const BURST: usize = 500;

/// How the pod of an ordinal stands.
enum Provided {
    /// It runs, ready long enough.
    Available,
    /// It is there, and something has to happen first.
    Waits,
    /// It was made just now.
    Created,
    /// The API server did not take it: nothing more is tried at this look.
    Refused,
}

impl Work<'_> {
    /// Creates, deletes or replaces what the order allows now.
    fn step(&self, client: &mut Client<'_>) {
        let mut created = 0;
        for ordinal in self.ordinals() {
            match self.provide(client, ordinal) {
                Provided::Available => {}
                Provided::Refused => return,
                Provided::Created if created >= BURST => return,
                _ if self.is_ordered() => return,
                Provided::Created => created += 1,
                Provided::Waits => {}
            }
        }
        if self.drop_surplus(client) {
            self.roll(client);
        }
    }

    /// The ordinals that the set asks for.
    fn ordinals(&self) -> std::ops::Range<i32> {
        let start = self.spec.ordinals.as_ref().and_then(|ordinals| ordinals.start).unwrap_or(0);
        start..start.saturating_add(self.spec.replicas.unwrap_or(1))
    }

    fn is_ordered(&self) -> bool {
        self.spec.pod_management_policy.as_deref() != Some("Parallel")
    }

    fn min_ready(&self) -> i32 {
        self.spec.min_ready_seconds.unwrap_or(0)
    }

    /// Makes the pod of an ordinal if it is missing.
    fn provide(&self, client: &mut Client<'_>, ordinal: i32) -> Provided {
        match self.pods.get(&ordinal) {
            None if self.create(client, ordinal) => Provided::Created,
            None => Provided::Refused,
            Some(pod) if pod.is_finished() => {
                if !pod.is_terminating() {
                    let name = pod.metadata.name.as_deref().unwrap_or_default();
                    let (namespace, owner) = (
                        self.set.metadata.namespace.as_deref().unwrap_or_default(),
                        self.set.metadata.name.as_deref().unwrap_or_default(),
                    );
                    let message =
                        format!("StatefulSet {namespace}/{owner} is recreating failed Pod {name}");
                    client.warning(self.set, COMPONENT, "RecreatingFailedPod", message);
                    self.delete(client, pod);
                }
                Provided::Waits
            }
            Some(pod) if self.is_available(client, pod) => Provided::Available,
            Some(_) => Provided::Waits,
        }
    }

    /// Whether a pod runs, is ready long enough and stays.
    fn is_available(&self, client: &Client<'_>, pod: &Pod) -> bool {
        is_healthy(pod) && pods::is_available(pod, self.min_ready(), client.now)
    }

    /// Deletes pods beyond the ordinals, from the highest on. Says whether none is left to wait for.
    fn drop_surplus(&self, client: &mut Client<'_>) -> bool {
        let wanted = self.ordinals();
        let surplus: Vec<(i32, Arc<Pod>)> = self
            .pods
            .iter()
            .rev()
            .filter(|(ordinal, _)| !wanted.contains(ordinal))
            .map(|(ordinal, pod)| (*ordinal, pod.clone()))
            .collect();
        let first_unhealthy = self.first_unhealthy();
        let mut done = true;
        for (ordinal, pod) in surplus {
            if pod.is_terminating() {
                if self.is_ordered() {
                    return false;
                }
                continue;
            }
            // A healthy set shrinks only while everything below is well.
            if self.is_ordered() && first_unhealthy.is_some_and(|first| first != ordinal) {
                return false;
            }
            self.delete(client, &pod);
            done = false;
            if self.is_ordered() {
                return false;
            }
        }
        done
    }

    /// The lowest ordinal whose pod is missing or not healthy.
    fn first_unhealthy(&self) -> Option<i32> {
        let missing = self.ordinals().filter(|ordinal| !self.pods.contains_key(ordinal));
        let ill = self.pods.iter().filter(|(_, pod)| !is_healthy(pod)).map(|(ordinal, _)| *ordinal);
        missing.chain(ill).min()
    }

    /// One step of a rolling update: the highest ordinal of an old revision is deleted, when all
    /// above it are healthy.
    fn roll(&self, client: &mut Client<'_>) {
        let strategy = self.spec.update_strategy.as_ref();
        if strategy.and_then(|strategy| strategy.type_.as_deref()) == Some("OnDelete") {
            return;
        }
        let lowest = self.ordinals().start.saturating_add(self.partition());
        for ordinal in self.ordinals().rev().filter(|ordinal| *ordinal >= lowest) {
            let Some(pod) = self.pods.get(&ordinal) else { return };
            if revision_of(pod) != Some(revision::name(self.update)) && !pod.is_terminating() {
                self.delete(client, pod);
                return;
            }
            if !is_healthy(pod) {
                return;
            }
        }
    }

    /// Ordinals below this keep their revision.
    fn partition(&self) -> i32 {
        let strategy = self.spec.update_strategy.as_ref();
        let rolling = strategy.and_then(|strategy| strategy.rolling_update.as_ref());
        rolling.and_then(|rolling| rolling.partition).unwrap_or(0)
    }

    /// The revision that a new pod of this ordinal is made from: ordinals below the partition come
    /// back as they were.
    fn revision_for(&self, ordinal: i32) -> &ControllerRevision {
        let strategy = self.spec.update_strategy.as_ref();
        let on_delete = strategy.and_then(|strategy| strategy.type_.as_deref()) == Some("OnDelete");
        if revision::name(self.current) == revision::name(self.update) || on_delete {
            return self.update;
        }
        let kept = self.ordinals().start + self.partition();
        if ordinal < kept { self.current } else { self.update }
    }

    /// Creates the pod of an ordinal with its claims, if the server agrees.
    fn create(&self, client: &mut Client<'_>, ordinal: i32) -> bool {
        let revision = self.revision_for(ordinal);
        let pod = identity::pod(self.set, self.spec, revision, ordinal);
        let (set, name) = (
            self.set.metadata.name.as_deref().unwrap_or_default(),
            pod.metadata.name.clone().unwrap_or_default(),
        );
        for claim in identity::claims(self.set, self.spec, ordinal) {
            let key = Key::of(&claim.metadata);
            if client
                .api
                .store()
                .object(Kind::PersistentVolumeClaim, &key.namespace, &key.name)
                .is_some()
            {
                continue;
            }
            if client.create(claim).is_ok() {
                let message =
                    format!("Create Claim {} Pod {name} in StatefulSet {set} success", key.name);
                client.normal(self.set, COMPONENT, "SuccessfulCreate", message);
            }
        }
        match client.create(pod) {
            Ok(_) => {
                let message = format!("Create Pod {name} in StatefulSet {set} successful");
                client.normal(self.set, COMPONENT, "SuccessfulCreate", message);
                true
            }
            Err(status) => {
                let message = format!(
                    "Create Pod {name} in StatefulSet {set} failed error: {}",
                    status.message
                );
                client.warning(self.set, COMPONENT, "FailedCreate", message);
                client.remind(pods::RETRY, Actor::StatefulSet, &Key::of(&self.set.metadata));
                false
            }
        }
    }

    fn delete(&self, client: &mut Client<'_>, pod: &Pod) {
        let key = Key::of(&pod.metadata);
        if client.delete(Kind::Pod, &key) {
            let set = self.set.metadata.name.as_deref().unwrap_or_default();
            let message = format!("Delete Pod {} in StatefulSet {set} successful", key.name);
            client.normal(self.set, COMPONENT, "SuccessfulDelete", message);
        }
    }

    /// Comes back when the next ready pod has been ready for long enough.
    fn wait_for_availability(&self, client: &mut Client<'_>) {
        let running = self.pods.values().map(Arc::as_ref);
        if let Some(at) = pods::next_available(running, self.min_ready(), client.now) {
            client.queue.remind(at, Actor::StatefulSet, Key::of(&self.set.metadata));
        }
    }
}

/// Whether a pod runs, is ready and stays.
fn is_healthy(pod: &Pod) -> bool {
    pod.phase() == "Running" && pod.is_ready() && !pod.is_terminating()
}
