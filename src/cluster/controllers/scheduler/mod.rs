//! The scheduler: finds a node for each pod and binds it there.
//!
//! [`filter`] says which nodes a pod can run on, in kube-scheduler's plugins' order and words;
//! [`node_cache`] knows what each node carries; [`score`] prefers among the feasible. Nodes are looked
//! at from the emptiest on, and, as in large real clusters, only until enough feasible ones are
//! found (`percentageOfNodesToScore`).

mod admission;
mod affinity;
mod filter;
mod node_cache;
mod preemption;
mod score;
#[cfg(test)]
mod tests;
mod topology;
mod verdict;

pub(in crate::cluster) use admission::{Rejection, admit};
pub(super) use affinity::node_matches;
pub(super) use filter::is_for;
pub(crate) use filter::tolerates;
pub(super) use node_cache::NodeCache;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PodCondition};
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::events::{Report, Source, reference};
use super::queue::{Actor, Queue};
use super::{Client, Key};
use crate::api::{Pod, storage};
use crate::clock::SimTime;
use crate::random::Stream;
use filter::Needs;
use node_cache::Seat;
use score::Wishes;
use verdict::Refusals;

const NAME: &str = "default-scheduler";
/// Enough feasible nodes to choose from (`minFeasibleNodesToFind`).
const ENOUGH: usize = 100;

/// The scheduler's memory.
#[derive(Clone, Debug)]
pub(super) struct Scheduler {
    pub(super) node_cache: NodeCache,
    /// Pods that fitted nowhere, until something changes.
    waiting: BTreeSet<Key>,
    /// Pods for which others were ended, and the node that is kept for each.
    nominated: BTreeMap<Key, (Arc<str>, Arc<Pod>)>,
}

impl Scheduler {
    pub(super) fn new(seed: u64) -> Scheduler {
        let node_cache = NodeCache::new(Stream::new(seed, "scheduler"));
        Scheduler { node_cache, waiting: BTreeSet::new(), nominated: BTreeMap::new() }
    }

    /// Something changed that may make room: every waiting pod is tried again.
    pub(super) fn wake(&mut self, now: SimTime, queue: &mut Queue) {
        for key in std::mem::take(&mut self.waiting) {
            queue.add(now, Actor::Scheduler, key);
        }
    }

    /// A pod is gone, or has its node.
    pub(super) fn forget(&mut self, key: &Key) {
        self.waiting.remove(key);
        self.nominated.remove(key);
    }

    /// Binds one pod, or says why it can't be.
    pub(super) fn schedule(&mut self, client: &mut Client<'_>, key: &Key) {
        let Some(pod) = client.index.pod(&key.namespace, &key.name).cloned() else { return };
        let spec = pod.spec.as_ref();
        let ours = spec.and_then(|spec| spec.scheduler_name.as_deref()).is_none_or(|n| n == NAME);
        if !ours || pod.node().is_some() || !pod.is_active() {
            return;
        }
        let gates = spec.and_then(|spec| spec.scheduling_gates.as_deref()).unwrap_or_default();
        // The API server has said so when it took the pod in.
        if !gates.is_empty() {
            return;
        }
        match self.find(client, key, &pod) {
            Ok(node) => bind(client, &pod, &node),
            Err(refusals) => self.postpone(client, key, &pod, refusals),
        }
    }

    /// A pod fits nowhere: others may have to go, and whatever comes of that, it waits.
    fn postpone(
        &mut self,
        client: &mut Client<'_>,
        key: &Key,
        pod: &Arc<Pod>,
        mut refusals: Refusals,
    ) {
        self.waiting.insert(key.clone());
        let mut changed = Pod::clone(pod);
        match preemption::ineligible(client, pod) {
            Some(why) => refusals.may_end_none(why),
            None => {
                let room = self.room(client, pod);
                let node = room.as_ref().map(|room| room.node.clone());
                if let Some(room) = room {
                    preemption::carry_out(client, pod, &room);
                    refusals.has_room();
                }
                match &node {
                    Some(node) => {
                        self.nominated.insert(key.clone(), (node.clone(), pod.clone()));
                    }
                    None => drop(self.nominated.remove(key)),
                }
                let status = changed.status.get_or_insert_default();
                if status.nominated_node_name.as_deref() != node.as_deref() {
                    status.nominated_node_name = node.map(|node| node.to_string());
                }
            }
        }
        let message = refusals.to_string();
        tell(client, pod, true, ("FailedScheduling", "Scheduling"), message.clone());
        refuse(client, pod, changed, "Unschedulable", message);
    }

    /// Where the end of others would make room for a pod.
    fn room(&self, client: &Client<'_>, pod: &Pod) -> Option<preemption::Room> {
        let spec = pod.spec.as_ref()?;
        let needs = Needs::of(pod, spec, client.index, &self.node_cache);
        let crowded = |seat: &&Seat| needs.check(seat).is_err_and(|refusal| refusal.preemptible);
        preemption::best(client, pod, &needs, self.node_cache.seats().filter(crowded))
    }

    /// A node as it will be once the pods are there for which it is kept, but for those that matter
    /// less (`addGENominatedPods`).
    fn expecting<'a>(&self, seat: &'a Seat, key: &Key, pod: &Pod) -> Cow<'a, Seat> {
        let mut expected = Cow::Borrowed(seat);
        for (other, (node, nominated)) in &self.nominated {
            let matters = preemption::priority(nominated) >= preemption::priority(pod);
            if other != key && *node == seat.name && matters {
                expected.to_mut().expect(nominated);
            }
        }
        expected
    }

    /// The best node for a pod, or why there is none.
    fn find(&self, client: &Client<'_>, key: &Key, pod: &Pod) -> Result<Arc<str>, Refusals> {
        let mut refusals = Refusals::new(self.node_cache.len());
        let Some(spec) = &pod.spec else { return Err(refusals) };
        if let Some(reason) = missing_claim(client, pod) {
            refusals.refuse_all(reason);
            return Err(refusals);
        }
        let needs = Needs::of(pod, spec, client.index, &self.node_cache);
        let wishes = Wishes::of(pod, spec, client.index, &self.node_cache);
        let mut best = None;
        let mut feasible = 0;
        for node in self.node_cache.emptiest_first() {
            if let Err(refusal) = needs.check(&self.expecting(node, key, pod)) {
                refusals.add(refusal);
                continue;
            }
            let score = wishes.score(node);
            if best.as_ref().is_none_or(|(known, _)| score > *known) {
                best = Some((score, node.name.clone()));
            }
            feasible += 1;
            if feasible >= ENOUGH || (wishes.is_plain() && score.is_perfect()) {
                break;
            }
        }
        best.map(|(_, name)| name).ok_or(refusals)
    }
}

/// Why no node can give a pod its volumes: a claim that is not there, or will not be for long
/// (pkg/scheduler/framework/plugins/volumebinding: podHasPVCs).
fn missing_claim(client: &Client<'_>, pod: &Pod) -> Option<String> {
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    let mut claims = volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref());
    claims.find_map(|source| {
        let name = &source.claim_name;
        let claim = client.api.store().get::<PersistentVolumeClaim>(pod.namespace(), name);
        match claim {
            None => Some(format!("persistentvolumeclaim \"{name}\" not found")),
            Some(claim) if claim.metadata.deletion_timestamp.is_some() => {
                Some(format!("persistentvolumeclaim \"{name}\" is being deleted"))
            }
            Some(claim) => without_volume(client, claim).map(str::to_owned),
        }
    })
}

/// Why a claim that has no volume yet keeps its pods waiting. One that waits for its first pod gets its
/// volume when that has its node.
fn without_volume(client: &Client<'_>, claim: &PersistentVolumeClaim) -> Option<&'static str> {
    if storage::is_bound(claim) {
        return None;
    }
    let store = client.api.store();
    match store.get::<StorageClass>("", storage::class_name(claim)) {
        Some(class) if storage::waits_for_pod(class) => {
            let comes = class.provisioner == storage::PROVISIONER
                || storage::fitting(store, claim).is_some();
            (!comes).then_some("node(s) didn't find available persistent volumes to bind")
        }
        _ => Some("pod has unbound immediate PersistentVolumeClaims"),
    }
}

/// Whether a pod waits for a node.
pub(super) fn is_unbound(pod: &Pod) -> bool {
    pod.node().is_none() && pod.is_active()
}

fn bind(client: &mut Client<'_>, pod: &Pod, node: &Arc<str>) {
    let mut bound = pod.clone();
    let Some(spec) = &mut bound.spec else { return };
    spec.node_name = Some(node.to_string());
    let now = client.now;
    set_condition(
        &mut bound,
        now,
        PodCondition {
            status: "True".to_owned(),
            type_: "PodScheduled".to_owned(),
            ..PodCondition::default()
        },
    );
    if client.update(bound).is_some() {
        let (namespace, name) = (
            pod.metadata.namespace.as_deref().unwrap_or_default(),
            pod.metadata.name.as_deref().unwrap_or_default(),
        );
        let message = format!("Successfully assigned {namespace}/{name} to {node}");
        tell(client, pod, false, ("Scheduled", "Binding"), message);
    }
}

/// Says in the pod's status why it has no node, beside what else `changed`.
fn refuse(client: &mut Client<'_>, pod: &Pod, mut changed: Pod, reason: &str, message: String) {
    let now = client.now;
    set_condition(
        &mut changed,
        now,
        PodCondition {
            message: Some(message),
            reason: Some(reason.to_owned()),
            status: "False".to_owned(),
            type_: "PodScheduled".to_owned(),
            ..PodCondition::default()
        },
    );
    if changed != *pod {
        client.update(changed);
    }
}

fn set_condition(pod: &mut Pod, now: SimTime, mut condition: PodCondition) {
    let conditions = Arc::make_mut(&mut pod.status.get_or_insert_default().conditions);
    match conditions.iter_mut().find(|known| known.type_ == condition.type_) {
        Some(known) => {
            let same = known.status == condition.status;
            let since = known.last_transition_time.clone().filter(|_| same);
            condition.last_transition_time = since.or(Some(Time(now.whole_seconds())));
            *known = condition;
        }
        None => {
            condition.last_transition_time = Some(Time(now.whole_seconds()));
            conditions.push(condition);
        }
    }
}

fn tell(
    client: &mut Client<'_>,
    pod: &Pod,
    warning: bool,
    (reason, action): (&str, &str),
    message: String,
) {
    let source = Source::Series { component: NAME, action };
    let report = Report { about: reference(pod), warning, reason, message, source };
    client.recorder.tell(client.now, client.api, report);
}

/// The selector by which a pod's fellows are known: those of the controller that made it.
fn fellows(pod: &Pod) -> Option<&str> {
    super::owner::controller_uid(&pod.metadata)
}
