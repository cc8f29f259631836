//! What each node carries: the scheduler's cache, kept current change by change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::Node;

use super::super::Key;
use super::fellows;
use crate::api::{Pod, demand};
use crate::random::Stream;

/// All nodes, and the order in which they are looked at.
#[derive(Clone, Debug)]
pub(in super::super) struct NodeCache {
    nodes: BTreeMap<Arc<str>, Seat>,
    /// (pods, tie, name): the emptiest first. The tie is drawn anew whenever the number changes,
    /// so that equal nodes take turns at random.
    order: BTreeSet<(usize, u64, Arc<str>)>,
    ties: Stream,
    /// Pods with required anti-affinity, which keep others away from where they are.
    guarded: BTreeMap<Key, Arc<Pod>>,
    /// Pods bound to nodes that are not (yet) known.
    early: BTreeMap<Arc<str>, Vec<Load>>,
}

/// A node and what it carries.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) name: Arc<str>,
    pub(super) node: Arc<Node>,
    /// Requests of its pods, by resource, in thousandths.
    pub(super) requested: BTreeMap<String, i128>,
    pub(super) pods: usize,
    /// (protocol, port, address) of its pods' host ports.
    pub(super) ports: BTreeSet<HostPort>,
    /// How many active pods of each controller it has.
    pub(super) fellows: BTreeMap<Arc<str>, usize>,
    tie: u64,
}

/// Protocol, port and address of a host port.
pub(super) type HostPort = (String, i32, String);

/// What one pod adds to its node.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Load {
    pub(super) requests: BTreeMap<String, i128>,
    pub(super) ports: Vec<HostPort>,
    fellows: Option<Arc<str>>,
}

impl NodeCache {
    pub(super) fn new(ties: Stream) -> NodeCache {
        NodeCache {
            nodes: BTreeMap::new(),
            order: BTreeSet::new(),
            ties,
            guarded: BTreeMap::new(),
            early: BTreeMap::new(),
        }
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Nodes by how few pods they have.
    pub(super) fn emptiest_first(&self) -> impl Iterator<Item = &Seat> {
        self.order.iter().filter_map(|(_, _, name)| self.nodes.get(name))
    }

    /// A node's object.
    pub(in super::super) fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.get(name).map(|seat| seat.node.as_ref())
    }

    /// One node.
    pub(super) fn seat(&self, name: &str) -> Option<&Seat> {
        self.nodes.get(name)
    }

    /// The pods that keep others away.
    pub(super) fn guarded(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.guarded.values()
    }

    /// The nodes, by name.
    pub(super) fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.nodes.values()
    }

    /// A node is new or changed. Says whether pods that fitted nowhere may fit now.
    pub(in super::super) fn node_is(&mut self, name: &Arc<str>, node: &Arc<Node>) -> bool {
        if let Some(seat) = self.nodes.get_mut(name) {
            let matters = seat.node.spec != node.spec
                || seat.node.metadata.labels != node.metadata.labels
                || capacity(&seat.node) != capacity(node);
            seat.node = node.clone();
            return matters;
        }
        let tie = self.ties.bits();
        let seat = Seat {
            name: name.clone(),
            node: node.clone(),
            requested: BTreeMap::new(),
            pods: 0,
            ports: BTreeSet::new(),
            fellows: BTreeMap::new(),
            tie,
        };
        self.nodes.insert(name.clone(), seat);
        self.order.insert((0, tie, name.clone()));
        for load in self.early.remove(name).unwrap_or_default() {
            self.shift(name, &load, true);
        }
        true
    }

    /// A node is gone.
    pub(in super::super) fn node_is_gone(&mut self, name: &str) {
        if let Some(seat) = self.nodes.remove(name) {
            self.order.remove(&(seat.pods, seat.tie, seat.name));
        }
    }

    /// A pod went from `old` to `new`. Says whether it left room behind.
    pub(in super::super) fn pod_is(
        &mut self,
        key: &Key,
        old: Option<&Arc<Pod>>,
        new: Option<&Arc<Pod>>,
    ) -> bool {
        self.note_guard(key, new);
        let (before, after) = (place(old), place(new));
        if before == after {
            return false;
        }
        if let (Some((node, _)), Some(pod)) = (&before, old) {
            self.shift(&Arc::from(*node), &Load::of(pod), false);
        }
        if let (Some((node, _)), Some(pod)) = (&after, new) {
            self.shift(&Arc::from(*node), &Load::of(pod), true);
        }
        before.is_some() && before.map(|at| at.0) != after.map(|at| at.0)
    }

    fn note_guard(&mut self, key: &Key, pod: Option<&Arc<Pod>>) {
        let guards = |pod: &&Arc<Pod>| {
            let affinity = pod.spec.as_ref().and_then(|spec| spec.affinity.as_ref());
            let apart = affinity.and_then(|affinity| affinity.pod_anti_affinity.as_ref());
            apart.is_some_and(|apart| {
                apart.required_during_scheduling_ignored_during_execution.is_some()
            }) && !pod.is_finished()
        };
        match pod.filter(guards) {
            Some(pod) => {
                self.guarded.insert(key.clone(), pod.clone());
            }
            None => {
                self.guarded.remove(key);
            }
        }
    }

    fn shift(&mut self, name: &Arc<str>, load: &Load, arrives: bool) {
        let Some(seat) = self.nodes.get_mut(name) else {
            let early = self.early.entry(name.clone()).or_default();
            if arrives {
                early.push(load.clone());
            } else if let Some(place) = early.iter().position(|known| known == load) {
                early.remove(place);
            }
            return;
        };
        self.order.remove(&(seat.pods, seat.tie, name.clone()));
        seat.take(load, arrives);
        seat.tie = self.ties.bits();
        self.order.insert((seat.pods, seat.tie, name.clone()));
    }
}

impl Seat {
    /// A node with these pods on it.
    pub(super) fn with<'a>(node: &Arc<Node>, pods: impl Iterator<Item = &'a Pod>) -> Seat {
        let mut seat = Seat {
            name: node.metadata.name.as_deref().unwrap_or("").into(),
            node: node.clone(),
            requested: BTreeMap::new(),
            pods: 0,
            ports: BTreeSet::new(),
            fellows: BTreeMap::new(),
            tie: 0,
        };
        pods.for_each(|pod| seat.take(&Load::of(pod), true));
        seat
    }

    /// Counts a pod that is to come.
    pub(super) fn expect(&mut self, pod: &Pod) {
        self.take(&Load::of(pod), true);
    }

    fn take(&mut self, load: &Load, arrives: bool) {
        let sign = if arrives { 1 } else { -1 };
        for (resource, amount) in &load.requests {
            *self.requested.entry(resource.clone()).or_insert(0) += sign * amount;
        }
        self.pods = self.pods.saturating_add_signed(sign as isize);
        for port in &load.ports {
            if arrives {
                self.ports.insert(port.clone());
            } else {
                self.ports.remove(port);
            }
        }
        if let Some(owner) = &load.fellows {
            let count = self.fellows.entry(owner.clone()).or_insert(0);
            *count = count.saturating_add_signed(sign as isize);
            if *count == 0 {
                self.fellows.remove(owner);
            }
        }
    }
}

impl Load {
    /// What `pod` asks of a node. Pods that are being deleted still hold their resources, but are
    /// no fellows of the pods that replace them.
    pub(super) fn of(pod: &Pod) -> Load {
        let Some(spec) = &pod.spec else { return Load::default() };
        let asked = demand::requests(spec).into_iter();
        let requests =
            asked.map(|(resource, amount)| (resource.to_owned(), amount.thousandths())).collect();
        let hosted = spec.containers.iter().flat_map(|one| one.ports.iter().flatten());
        let shares_host = spec.host_network == Some(true);
        let ports = hosted.filter_map(|port| {
            let number = port.host_port.or(shares_host.then_some(port.container_port))?;
            let protocol = port.protocol.clone().unwrap_or_else(|| "TCP".to_owned());
            let address = port.host_ip.clone().unwrap_or_else(|| "0.0.0.0".to_owned());
            (number > 0).then_some((protocol, number, address))
        });
        let fellows = fellows(pod).filter(|_| pod.is_active()).map(Arc::from);
        Load { requests, ports: ports.collect(), fellows }
    }
}

/// Where a pod takes up room, and whether it is on its way out.
fn place(pod: Option<&Arc<Pod>>) -> Option<(&str, bool)> {
    let pod = pod.filter(|pod| !pod.is_finished())?;
    Some((pod.node()?, pod.is_terminating()))
}

fn capacity(
    node: &Node,
) -> Option<&BTreeMap<String, k8s_openapi::apimachinery::pkg::api::resource::Quantity>> {
    node.status.as_ref()?.allocatable.as_ref()
}
