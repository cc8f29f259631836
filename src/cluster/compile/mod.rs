//! From API objects to the network's tables: what kube-proxy, CoreDNS and the CNI do.
//!
//! Each keeps up by itself, a moment after the object changed, so that "the Service exists, but the
//! rules are not there yet" is a state that can be seen. Only what changed is compiled again.

mod dns;
mod policy;
mod service;

pub use policy::block as policy_block;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;

use super::Cluster;
use super::agenda::Agenda;
use crate::api::{Action, Change, Kind, Object, Store};
use crate::clock::SimTime;
use crate::network::{Network, Protocol};

/// How long kube-proxy gathers changes before it writes rules.
const PROXY_SYNC: Duration = Duration::from_millis(100);

/// How long CoreDNS takes to hear of a change.
const DNS_WATCH: Duration = Duration::from_millis(50);

/// How long the CNI plugin takes to hear of a change.
const POLICY_SYNC: Duration = Duration::from_millis(100);

/// A Service's namespace and name.
type Name = (Arc<str>, Arc<str>);

/// kube-proxy: Services and their endpoints to rules on every node.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceProxy {
    dirty: Agenda<Name>,
    slices: Slices,
}

/// CoreDNS' kubernetes plugin: Services and their endpoints to names.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    dirty: Agenda<Subject>,
    slices: Slices,
}

/// The CNI plugin: NetworkPolicies to rules at every pod.
#[derive(Clone, Debug, Default)]
pub(super) struct CompiledPolicies {
    due: Option<SimTime>,
    /// How many policies there are: without any, pods come and go unnoticed.
    policies: usize,
    /// The pods that have rules.
    walled: BTreeSet<policy::PodName>,
}

/// What CoreDNS may have to learn anew.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Namespaces,
    Service(Name),
}

/// Which slices belong to which Service: (namespace, Service) to the slices' names.
#[derive(Clone, Debug, Default)]
struct Slices(BTreeMap<Name, BTreeSet<Arc<str>>>);

impl ServiceProxy {
    /// Takes note of a change.
    pub fn observe(&mut self, now: SimTime, change: &Change) {
        if let Some(name) = self.slices.concerned(change) {
            self.dirty.add(&name, now + PROXY_SYNC, true);
        }
    }

    /// When rules are written next.
    pub fn next_due(&self) -> Option<SimTime> {
        self.dirty.next_due()
    }
}

impl Names {
    /// Takes note of a change.
    pub fn observe(&mut self, now: SimTime, change: &Change) {
        let subject = match (change.object.kind(), change.action) {
            (Kind::Namespace, Action::Added | Action::Deleted) => Some(Subject::Namespaces),
            _ => self.slices.concerned(change).map(Subject::Service),
        };
        if let Some(subject) = subject {
            self.dirty.add(&subject, now + DNS_WATCH, true);
        }
    }

    /// When names change next.
    pub fn next_due(&self) -> Option<SimTime> {
        self.dirty.next_due()
    }
}

impl CompiledPolicies {
    /// Takes note of a change.
    pub fn observe(&mut self, now: SimTime, change: &Change) {
        match (change.object.kind(), change.action) {
            (Kind::NetworkPolicy, Action::Added) => self.policies += 1,
            (Kind::NetworkPolicy, Action::Deleted) => self.policies -= 1,
            (Kind::NetworkPolicy, Action::Modified) => {}
            (Kind::Pod | Kind::Namespace, _) if self.policies > 0 => {}
            _ => return,
        }
        self.due = self.due.or(Some(now + POLICY_SYNC));
    }

    /// When rules are written next.
    pub fn next_due(&self) -> Option<SimTime> {
        self.due
    }
}

/// kube-proxy hears at once when the zone of its own node changes.
pub(super) fn note_zone(network: &mut Network, change: &Change) {
    if let (Object::Node(node), Action::Added | Action::Modified) = (&change.object, change.action)
    {
        let labels = node.metadata.labels.as_ref();
        let zone = labels.and_then(|labels| labels.get("topology.kubernetes.io/zone"));
        network.set_zone(change.object.name(), zone.map(String::as_str));
    }
}

/// Writes the policies of all pods that have any, and takes them from those that have none now.
pub(super) fn run_policies(cluster: &mut Cluster) {
    cluster.policies.due = None;
    let mut compiled = policy::compile(cluster.api.store());
    let names: BTreeSet<policy::PodName> = compiled.keys().cloned().collect();
    let before = std::mem::replace(&mut cluster.policies.walled, names);
    for name in before {
        compiled.entry(name).or_default();
    }
    for ((namespace, pod), policies) in compiled {
        if let Some(netns) = cluster.kubelets.netns_of_pod(&namespace, &pod) {
            cluster.network.set_policies(netns, policies);
        }
    }
}

/// Writes the rules of one Service.
pub(super) fn run_proxy(cluster: &mut Cluster) {
    let Some(name) = cluster.proxy.dirty.pop(cluster.now) else { return };
    let store = cluster.api.store();
    let service = store.get::<Service>(&name.0, &name.1);
    let slices = cluster.proxy.slices.of(&name, store);
    let rules = service.map(|service| service::rules(service, &slices)).unwrap_or_default();
    cluster.network.set_service(&format!("{}/{}", name.0, name.1), rules);
}

/// Teaches CoreDNS one Service, or which namespaces there are.
pub(super) fn run_names(cluster: &mut Cluster) {
    let Some(subject) = cluster.names.dirty.pop(cluster.now) else { return };
    let store = cluster.api.store();
    match subject {
        Subject::Namespaces => {
            let names = store
                .list::<Namespace>(None)
                .filter_map(|namespace| namespace.metadata.name.as_deref().map(Arc::from));
            cluster.name_servers.zone_mut().set_namespaces(names.collect());
        }
        Subject::Service(name) => {
            let service = store.get::<Service>(&name.0, &name.1);
            let slices = cluster.names.slices.of(&name, store);
            let known = service.and_then(|service| dns::service(service, &slices));
            cluster.name_servers.zone_mut().set(&name.0, &name.1, known);
        }
    }
}

impl Slices {
    /// The Service that a change concerns, if it is one of a Service or its slices.
    fn concerned(&mut self, change: &Change) -> Option<Name> {
        let object = &change.object;
        match object.kind() {
            Kind::Service => Some((object.namespace().into(), object.name().into())),
            Kind::EndpointSlice => {
                let name = (object.namespace().into(), service_of(object)?.into());
                let slices = self.0.entry(name.clone()).or_default();
                if change.action == Action::Deleted {
                    slices.remove(object.name());
                } else {
                    slices.insert(object.name().into());
                }
                if slices.is_empty() {
                    self.0.remove(&name);
                }
                Some(name)
            }
            _ => None,
        }
    }

    /// A Service's slices that carry addresses.
    fn of<'a>(&self, name: &Name, store: &'a Store) -> Vec<&'a EndpointSlice> {
        let slices = self.0.get(name).into_iter().flatten();
        slices
            .filter_map(|slice| store.get::<EndpointSlice>(&name.0, slice))
            .map(Arc::as_ref)
            .filter(|slice| slice.address_type != "FQDN")
            .collect()
    }
}

/// The Service that a slice belongs to, by its label.
fn service_of(slice: &Object) -> Option<&str> {
    let labels = slice.metadata().labels.as_ref()?;
    labels.get("kubernetes.io/service-name").map(String::as_str)
}

/// The protocol that a port names; TCP when it names none.
fn protocol(name: Option<&str>) -> Protocol {
    match name {
        Some("UDP") => Protocol::Udp,
        Some("SCTP") => Protocol::Sctp,
        _ => Protocol::Tcp,
    }
}

/// A port number of the API, which has them as 32 bits.
fn port(number: i32) -> u16 {
    u16::try_from(number).unwrap_or(0)
}
