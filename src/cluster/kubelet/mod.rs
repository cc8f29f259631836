//! Kubelets: each runs the pods that were bound to its node, and reports how they are.
//!
//! One [`Worker`] a pod. A kubelet acts when a pod changes, when a process ends and when a time it
//! noted has come; between those it costs nothing, whatever the number of pods.

mod back_off;
mod conditions;
mod container;
mod downward;
mod environment;
mod etc;
mod events;
mod exec;
mod expand;
mod hooks;
mod identity;
mod log;
mod owner;
mod places;
mod probe;
mod prober;
mod pull;
mod question;
mod restart;
mod sandbox;
mod start;
mod status;
mod stop;
mod sync;
mod volume;
mod worker;

use std::collections::{BTreeMap, BTreeSet, btree_set};
use std::sync::Arc;
use std::time::Duration;

use super::agenda::Agenda;
use super::controllers::admit;
use super::image::Registry;
use super::{Cluster, Place};
use crate::api::{Action, Change, Kind, Object, Pod};
use crate::clock::SimTime;
use crate::random::Stream;
use k8s_openapi::api::core::v1::Node;

use conditions::Conditions;
use container::{Container, State};
use environment::LinkCache;
use events::Messages;
use log::Phrases;
use volume::Source;
use worker::{Host, Worker};

pub use back_off::go_duration;
pub use downward::declared_resource;
pub(super) use etc::{SHARED, machine_hosts, machine_resolv_conf};
pub use log::LogLines;
pub(super) use owner::{Owner, PodKey, Purpose};
pub(super) use volume::Volume;

/// How long a changed ConfigMap takes to show in mounted volumes: kubelets look once a minute.
const VOLUME_SYNC: Duration = Duration::from_secs(60);

/// Which images nodes have: node, and the image's name in full.
pub(super) type NodeImages = BTreeSet<(Arc<str>, String)>;

/// Every kubelet's pods.
#[derive(Clone, Debug)]
pub(super) struct Kubelets {
    workers: BTreeMap<PodKey, Arc<Worker>>,
    /// By namespace and name.
    keys: BTreeMap<Arc<str>, BTreeMap<Arc<str>, PodKey>>,
    /// By node.
    on_nodes: BTreeMap<Arc<str>, BTreeSet<PodKey>>,
    agenda: Agenda<PodKey>,
    /// Ended probes and hooks, to be acted on: (owner, exit code, output).
    ended: Vec<(Owner, i32, Vec<u8>)>,
    /// What probes and hooks have written so far.
    outputs: BTreeMap<(PodKey, usize), Vec<u8>>,
    down: Vec<Arc<str>>,
    /// Pods that wait for a ConfigMap or a Secret.
    held_up: BTreeSet<PodKey>,
    links: LinkCache,
    /// What the volume that was mounted last shows.
    sources: Arc<[Source]>,
    messages: Messages,
    conditions: Conditions,
    registry: Registry,
    images: Arc<NodeImages>,
    phrases: Phrases,
    ids: Stream,
    last: u64,
}

/// Does the next thing that is due at some pod.
pub(super) fn run_next(cluster: &mut Cluster) {
    let now = cluster.now;
    let Some(key) = cluster.kubelets.agenda.pop(now) else { return };
    if cluster.kubelets.is_down(key) {
        return;
    }
    // A node that is no machine has no kubelet that could admit the pod: it stays as the API server made it.
    let Some(worker) = cluster.kubelets.worker(key) else { return };
    if worker.admitted.is_none() && !cluster.nodes.is_up(&worker.node) {
        if worker.gone {
            cluster.kubelets.forget(key);
        }
        return;
    }
    act_on_ended(cluster, key);
    hooks::take_answers(cluster, key);
    check_admission(cluster, key);
    probe::run_due(cluster, key);
    let Some((worker, mut host)) = cluster.worker_and_host(key) else { return };
    if worker.sync(&mut host) {
        cluster.kubelets.forget(key);
        return;
    }
    hooks::make_requests(cluster, key);
    cluster.kubelets.reschedule(now, key);
}

/// The node is switched off: what ran on it is gone, and nobody reports it.
pub(super) fn node_down(cluster: &mut Cluster, node: &Arc<str>) {
    cluster.kubelets.down.push(node.clone());
    let keys: Vec<PodKey> = cluster.kubelets.on_node(node).copied().collect();
    for key in keys {
        let Some((worker, mut host)) = cluster.worker_and_host(key) else { continue };
        worker.kill_all(&mut host);
        worker.operation = None;
        for container in &mut worker.containers {
            if let State::Terminated(end) = &mut container.state {
                end.exit = 255;
                end.reason = "Unknown";
            }
        }
        cluster.kubelets.agenda.forget(&key);
    }
}

/// The node is switched on again: its pods get new sandboxes, their containers start again.
pub(super) fn node_up(cluster: &mut Cluster, node: &Arc<str>) {
    cluster.kubelets.down.retain(|down| down != node);
    let now = cluster.now;
    let keys: Vec<PodKey> = cluster.kubelets.on_node(node).copied().collect();
    for key in keys {
        cluster.kubelets.agenda.add(&key, now, true);
    }
}

/// The kubelet looks whether it takes a pod that is new to it. One that is being deleted, and whose
/// containers have ended, holds nothing any more (kubernetes pkg/kubelet: filterOutInactivePods).
fn check_admission(cluster: &mut Cluster, key: PodKey) {
    let Some(worker) = cluster.kubelets.worker(key) else { return };
    if worker.admitted.is_some() || worker.deletion.is_some() || worker.rejection.is_some() {
        return;
    }
    let Some(node) = cluster.api.store().get::<Node>("", &worker.node).cloned() else { return };
    let beside = cluster.kubelets.on_node(&worker.node);
    let others = beside.filter_map(|other| cluster.kubelets.worker(*other)).filter(|other| {
        let over = other.finished || other.deletion.is_some() && !other.runs_anything();
        other.key != key && other.admitted.is_some() && !over
    });
    let refused = admit(&worker.pod, &node, others.map(|other| other.pod.as_ref())).err();
    if let Some(worker) = cluster.kubelets.worker_mut(key).filter(|_| refused.is_some()) {
        worker.rejection = refused;
        worker.operation = None;
    }
}

/// Probes and hooks that have ended decide something.
fn act_on_ended(cluster: &mut Cluster, key: PodKey) {
    let ended = std::mem::take(&mut cluster.kubelets.ended);
    for (owner, exit, output) in ended {
        if owner.pod != key {
            cluster.kubelets.ended.push((owner, exit, output));
            continue;
        }
        let index = owner.container;
        match owner.purpose {
            Purpose::Main => {}
            Purpose::Probe(kind) => {
                let text = String::from_utf8_lossy(&output).into_owned();
                let verdict = if exit == 0 { Ok(()) } else { Err(text) };
                probe::record(cluster, key, index, kind, verdict);
            }
            purpose => hooks::ended(cluster, key, index, purpose, exit == 0),
        }
    }
}

impl Cluster {
    /// A pod's worker, and everything else that its kubelet works with.
    fn worker_and_host(&mut self, key: PodKey) -> Option<(&mut Worker, Host<'_>)> {
        let Kubelets {
            workers, links, sources, messages, conditions, registry, images, ids, ..
        } = &mut self.kubelets;
        let worker = Arc::make_mut(workers.get_mut(&key)?);
        let host = Host {
            now: self.now,
            api: &mut self.api,
            network: &mut self.network,
            name_servers: &mut self.name_servers,
            processes: &mut self.processes,
            userland: &self.userland,
            links,
            sources,
            messages,
            conditions,
            registry,
            images,
            ids,
        };
        Some((worker, host))
    }
}

impl Cluster {
    /// The program of a container ends with `exit`: who was attached to its shell has left it.
    pub fn end_container(&mut self, place: &Place, exit: i32) {
        let Some((worker, index)) = self.kubelets.worker_at(place) else { return };
        let owner = Owner { pod: worker.key, container: index, purpose: Purpose::Main };
        let netns = worker.sandbox.as_ref().map(|sandbox| sandbox.netns);
        let Some(process) = worker.containers[index].process else { return };
        self.processes.kill(process);
        if let Some(netns) = netns {
            self.network.close(netns, process);
        }
        self.kubelets.exited(self.now, owner, exit);
    }
}

impl Kubelets {
    /// Kubelets without pods.
    pub fn new(seed: u64) -> Kubelets {
        Kubelets {
            workers: BTreeMap::new(),
            keys: BTreeMap::new(),
            on_nodes: BTreeMap::new(),
            agenda: Agenda::default(),
            ended: Vec::new(),
            outputs: BTreeMap::new(),
            down: Vec::new(),
            held_up: BTreeSet::new(),
            links: LinkCache::default(),
            sources: Arc::default(),
            messages: Messages::default(),
            conditions: Conditions::default(),
            registry: Registry::default(),
            images: Arc::default(),
            phrases: Phrases::default(),
            ids: Stream::new(seed, "containers"),
            last: 0,
        }
    }

    /// Takes note of a change.
    pub fn observe(&mut self, now: SimTime, change: &Change) {
        match (&change.object, change.object.kind()) {
            (Object::Pod(pod), _) => self.observe_pod(now, change.action, pod),
            (object, Kind::Service) => self.links.forget(object.namespace()),
            (object, Kind::ConfigMap | Kind::Secret) if change.action == Action::Added => {
                self.wake_waiting(now, object.namespace());
            }
            (object, Kind::ConfigMap | Kind::Secret) if change.action == Action::Modified => {
                self.note_changed_files(now, object);
            }
            _ => {}
        }
    }

    /// The earliest thing to do.
    pub fn next_due(&self) -> Option<SimTime> {
        self.agenda.next_due()
    }

    /// The earliest thing that is waited for.
    pub fn next_work(&self) -> Option<SimTime> {
        self.agenda.next_work()
    }

    /// A process has written.
    pub fn write(&mut self, now: SimTime, owner: Owner, output: &[u8]) {
        if owner.purpose != Purpose::Main {
            let buffer = self.outputs.entry((owner.pod, owner.container)).or_default();
            buffer.extend_from_slice(output);
        } else if let Some(worker) = self.workers.get_mut(&owner.pod)
            && let Some(container) = Arc::make_mut(worker).containers.get_mut(owner.container)
        {
            container.log.write(now, output, &mut self.phrases);
        }
    }

    /// A process has ended.
    pub fn exited(&mut self, now: SimTime, owner: Owner, exit: i32) {
        let Owner { pod, container, purpose } = owner;
        if purpose == Purpose::Main {
            if let Some(worker) = self.worker_mut(pod) {
                back_off::ended(worker, container, now, exit);
            }
        } else {
            let output = self.outputs.remove(&(pod, container)).unwrap_or_default();
            self.ended.push((owner, exit, output));
        }
        if self.workers.contains_key(&pod) {
            self.agenda.add(&pod, now, true);
        }
    }

    fn find(&self, namespace: &str, pod: &str) -> Option<&Worker> {
        self.worker(self.key(namespace, pod)?)
    }

    fn key(&self, namespace: &str, pod: &str) -> Option<PodKey> {
        self.keys.get(namespace)?.get(pod).copied()
    }

    fn worker(&self, key: PodKey) -> Option<&Worker> {
        self.workers.get(&key).map(Arc::as_ref)
    }

    fn worker_mut(&mut self, key: PodKey) -> Option<&mut Worker> {
        self.workers.get_mut(&key).map(Arc::make_mut)
    }

    fn container_mut(&mut self, key: PodKey, index: usize) -> Option<&mut Container> {
        self.worker_mut(key)?.containers.get_mut(index)
    }

    fn container_count(&self, key: PodKey) -> usize {
        self.worker(key).map_or(0, |worker| worker.containers.len())
    }

    fn observe_pod(&mut self, now: SimTime, action: Action, pod: &Arc<Pod>) {
        let metadata = &pod.metadata;
        let namespace = metadata.namespace.as_deref().unwrap_or("");
        let name = metadata.name.as_deref().unwrap_or("");
        let bound = pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
        let known = self.key(namespace, name);
        let same = known
            .and_then(|key| self.worker(key))
            .is_some_and(|worker| worker.pod.metadata.uid == metadata.uid);
        match (known, action) {
            (Some(key), Action::Deleted) if same => {
                if let Some(worker) = self.worker_mut(key) {
                    worker.gone = true;
                }
                self.agenda.add(&key, now, true);
            }
            (Some(key), _) if same => {
                if let Some(worker) = self.worker_mut(key) {
                    let changed = worker.pod.metadata.generation != metadata.generation
                        || worker.pod.metadata.deletion_timestamp != metadata.deletion_timestamp;
                    worker.pod = pod.clone();
                    if changed {
                        self.agenda.add(&key, now, true);
                    }
                }
            }
            (_, Action::Deleted) => {}
            _ if bound && !is_over(pod) => {
                self.last += 1;
                let key = PodKey(self.last);
                let worker = Worker::new(key, pod.clone());
                let place = self.keys.entry(worker.namespace.clone()).or_default();
                place.insert(worker.name.clone(), key);
                self.on_nodes.entry(worker.node.clone()).or_default().insert(key);
                self.workers.insert(key, Arc::new(worker));
                self.agenda.add(&key, now, true);
            }
            _ => {}
        }
    }

    /// A ConfigMap or Secret has come: pods that wait for one look again.
    fn wake_waiting(&mut self, now: SimTime, namespace: &str) {
        let of = |key: &PodKey| self.worker(*key).is_some_and(|w| *w.namespace == *namespace);
        let waiting: Vec<PodKey> = self.held_up.iter().copied().filter(of).collect();
        for key in waiting {
            if let Some(worker) = self.worker_mut(key) {
                worker.look_again(now);
            }
            self.agenda.add(&key, now, true);
        }
    }

    /// A ConfigMap or Secret has changed: the pods that have it mounted see it after a while.
    fn note_changed_files(&mut self, now: SimTime, object: &Object) {
        let of_namespace = self.keys.get(object.namespace());
        let keys: Vec<PodKey> =
            of_namespace.into_iter().flat_map(BTreeMap::values).copied().collect();
        for key in keys {
            let shows = self.worker(key).and_then(|worker| worker.sandbox.as_ref()).is_some_and(
                |sandbox| {
                    let mut volumes = sandbox.volumes.all();
                    volumes.any(|volume| volume.shows(object.kind(), object.name()))
                },
            );
            if let Some(worker) = self.worker_mut(key).filter(|_| shows) {
                let at = now + VOLUME_SYNC;
                worker.volumes_stale_at = worker.volumes_stale_at.or(Some(at));
                self.agenda.add(&key, at, false);
            }
        }
    }

    fn reschedule(&mut self, now: SimTime, key: PodKey) {
        if let Some(worker) = self.worker(key) {
            let (moments, held_up) = (worker.moments(now).after(now), worker.is_held_up());
            self.agenda.set(&key, moments);
            if held_up {
                self.held_up.insert(key);
            } else {
                self.held_up.remove(&key);
            }
        }
    }

    fn forget(&mut self, key: PodKey) {
        self.agenda.forget(&key);
        self.held_up.remove(&key);
        let Some(worker) = self.workers.remove(&key) else { return };
        if let Some(beside) = self.on_nodes.get_mut(&worker.node) {
            beside.remove(&key);
        }
        if self.key(&worker.namespace, &worker.name) != Some(key) {
            return;
        }
        if let Some(place) = self.keys.get_mut(&worker.namespace) {
            place.remove(&worker.name);
        }
    }

    fn is_down(&self, key: PodKey) -> bool {
        self.worker(key).is_some_and(|worker| self.down.contains(&worker.node))
    }

    fn on_node(&self, node: &str) -> btree_set::Iter<'_, PodKey> {
        self.on_nodes.get(node).map(BTreeSet::iter).unwrap_or_default()
    }
}

/// A pod that has ended for good is nobody's work, nor is one that only a finalizer holds.
fn is_over(pod: &Pod) -> bool {
    let metadata = &pod.metadata;
    let held =
        metadata.deletion_timestamp.is_some() && metadata.deletion_grace_period_seconds == Some(0);
    if held && metadata.finalizers.iter().flatten().next().is_some() {
        return true;
    }
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}
