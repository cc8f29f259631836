//! EndpointSlices of Services with a selector (R5.2 to R5.4).
//!
//! Source: `k8s.io/endpointslice`. Pods with the same ports share slices of at most a hundred;
//! what stays keeps its place, and new endpoints go where there is room. Each family of a Service
//! has slices of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, Service};
use k8s_openapi::api::discovery::v1::{
    Endpoint, EndpointConditions, EndpointHints, EndpointPort, EndpointSlice, ForNode, ForZone,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::jiff::Timestamp;

use super::super::{Client, Key, owner};
use super::{HEADLESS, LAST_CHANGE, MANAGED_BY, SERVICE_NAME, Triggers, port_order};
use crate::api::{Kind, Labels, Pod};
use crate::network::Family;
use crate::random::Stream;

const MANAGER: &str = "endpointslice-controller.k8s.io";
const CAPACITY: usize = 100;
/// The label that says which zone a node is in.
const ZONE: &str = "topology.kubernetes.io/zone";

/// Ports that some pods of a Service have in common, and those pods.
type Groups = Vec<(Vec<EndpointPort>, Vec<Endpoint>)>;

/// What the slice controller remembers.
#[derive(Clone, Debug)]
pub(in super::super) struct Slices {
    triggers: Triggers,
    /// The order in which new endpoints are listed, which in Kubernetes is a map's.
    order: Stream,
}

impl Slices {
    pub(in super::super) fn new(seed: u64) -> Slices {
        Slices { triggers: Triggers::default(), order: Stream::new(seed, "endpoint order") }
    }

    /// Brings a Service's slices to what its pods are now.
    pub(in super::super) fn reconcile(&mut self, client: &mut Client<'_>, key: &Key) {
        let service = client.get::<Service>(key);
        let Some(service) = service.filter(|s| s.metadata.deletion_timestamp.is_none()) else {
            self.triggers.forget(key);
            return;
        };
        let Some(backends) = super::backends(client, &service) else { return };
        let mut left = own_slices(client, &service);
        let trigger = self.triggers.next(key, &service, &backends);
        for family in super::families(&service) {
            let kind = family.to_string();
            let (stored, others) = left.into_iter().partition(|slice| slice.address_type == kind);
            left = others;
            let mut plan = Plan { family, stored, wanted: Vec::new() };
            for (ports, endpoints) in groups(client, &service, &backends, family) {
                plan.group(ports, endpoints, &mut self.order);
            }
            plan.carry_out(client, &service, trigger);
        }
        // Of a family that the Service has no longer.
        for slice in left {
            client.delete(Kind::EndpointSlice, &Key::of(&slice.metadata));
        }
    }
}

/// The slices that this controller made for the Service.
fn own_slices(client: &Client<'_>, service: &Service) -> Vec<Arc<EndpointSlice>> {
    let mut slices = client.controlled::<EndpointSlice>(owner::uid(&service.metadata));
    slices.retain(|slice| {
        let labels = slice.metadata.labels.as_ref();
        let manager = labels.and_then(|labels| labels.get(MANAGED_BY)).map(String::as_str);
        manager == Some(MANAGER) && slice.metadata.deletion_timestamp.is_none()
    });
    slices
}

/// The pods that have an address of a family, by the ports that they have.
fn groups(client: &Client<'_>, service: &Service, backends: &[Arc<Pod>], family: Family) -> Groups {
    let mut groups: Groups = Vec::new();
    for pod in backends {
        let Some(address) = super::address(pod, family) else { continue };
        let endpoint = endpoint(service, pod, address, zone(client, pod));
        let ports = ports(service, pod);
        match groups.iter_mut().find(|group| group.0 == ports) {
            Some(group) => group.1.push(endpoint),
            None => groups.push((ports, vec![endpoint])),
        }
    }
    groups
}

fn ports(service: &Service, pod: &Pod) -> Vec<EndpointPort> {
    let declared = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
    let found = declared.filter_map(|port| {
        Some(EndpointPort {
            app_protocol: port.app_protocol.clone(),
            name: Some(port.name.clone().unwrap_or_default()),
            port: Some(super::target(pod, port)?),
            protocol: Some(super::protocol(port.protocol.as_deref()).to_owned()),
        })
    });
    let mut ports = found.collect::<Vec<_>>();
    port_order::sort(&mut ports);
    ports
}

/// The zone of a pod's node, if it is in one.
fn zone(client: &Client<'_>, pod: &Pod) -> Option<String> {
    let node = client.get::<Node>(&Key::new("", pod.node()?))?;
    node.metadata.labels.as_ref()?.get(ZONE).cloned()
}

/// A pod as an endpoint, with the three conditions (R5.2), and with hints where the Service wants
/// its traffic to stay near.
fn endpoint(service: &Service, pod: &Pod, address: &str, zone: Option<String>) -> Endpoint {
    let serving = pod.is_ready();
    let terminating = pod.is_terminating();
    let ready = super::publishes_not_ready(service) || (serving && !terminating);
    Endpoint {
        addresses: vec![address.to_owned()],
        conditions: Some(EndpointConditions {
            ready: Some(ready),
            serving: Some(serving),
            terminating: Some(terminating),
        }),
        hostname: super::hostname(pod, service),
        node_name: pod.node().map(str::to_owned),
        target_ref: Some(super::target_reference(pod)),
        hints: hints(service, pod.node(), zone.as_deref()).filter(|_| ready),
        zone,
        deprecated_topology: None,
    }
}

/// For whom an endpoint is meant, where the Service has a `trafficDistribution`: for its own zone,
/// and with PreferSameNode for its own node too (`k8s.io/endpointslice/trafficdist`).
fn hints(service: &Service, node: Option<&str>, zone: Option<&str>) -> Option<EndpointHints> {
    let wish = service.spec.as_ref()?.traffic_distribution.as_deref()?;
    let node = node.filter(|_| wish == "PreferSameNode");
    let hints = EndpointHints {
        for_zones: zone.map(|zone| vec![ForZone { name: zone.to_owned() }]),
        for_nodes: node.map(|node| vec![ForNode { name: node.to_owned() }]),
    };
    (hints != EndpointHints::default()).then_some(hints)
}

/// Slices of one family as they are, and as they are to be.
struct Plan {
    family: Family,
    stored: Vec<Arc<EndpointSlice>>,
    wanted: Vec<Wanted>,
}

/// A slice to be: in place of a stored one, or new.
struct Wanted {
    stored: Option<Arc<EndpointSlice>>,
    /// `None` for the placeholder of a Service without endpoints.
    ports: Option<Vec<EndpointPort>>,
    endpoints: Vec<Endpoint>,
}

impl Plan {
    /// Places the endpoints of one group of ports.
    fn group(&mut self, ports: Vec<EndpointPort>, endpoints: Vec<Endpoint>, order: &mut Stream) {
        let mut left: BTreeMap<String, Endpoint> =
            endpoints.into_iter().map(|endpoint| (identity(&endpoint), endpoint)).collect();
        let (own, others): (Vec<_>, Vec<_>) =
            self.stored.drain(..).partition(|slice| slice.ports.as_ref() == Some(&ports));
        self.stored = others;
        let mut slices = Vec::new();
        for slice in own {
            let kept: Vec<Endpoint> = slice
                .endpoints
                .iter()
                .flatten()
                .filter_map(|old| left.remove(&identity(old)))
                .collect();
            if kept.is_empty() {
                self.stored.push(slice);
            } else {
                slices.push(Wanted { stored: Some(slice), ports: None, endpoints: kept });
            }
        }
        let mut fresh: Vec<Endpoint> = left.into_values().collect();
        order.shuffle(&mut fresh);
        fill(&mut slices, fresh);
        for slice in &mut slices {
            slice.ports = Some(ports.clone());
        }
        self.wanted.append(&mut slices);
    }

    /// Creates, updates and deletes slices. One that is not needed any more is used again for one
    /// that is, and a Service without endpoints keeps an empty slice.
    fn carry_out(mut self, client: &mut Client<'_>, service: &Service, trigger: Option<Timestamp>) {
        if self.wanted.is_empty() {
            self.wanted.push(Wanted { stored: None, ports: None, endpoints: Vec::new() });
        }
        let mut spare = std::mem::take(&mut self.stored).into_iter();
        for wanted in self.wanted {
            let stored = wanted.stored.or_else(|| spare.next());
            let endpoints = Some(wanted.endpoints).filter(|endpoints| !endpoints.is_empty());
            match stored {
                Some(stored) => {
                    refresh(client, service, &stored, (wanted.ports, endpoints), trigger);
                }
                None => {
                    make(client, service, self.family, (wanted.ports, endpoints), trigger);
                }
            }
        }
        for slice in spare {
            client.delete(Kind::EndpointSlice, &Key::of(&slice.metadata));
        }
    }
}

/// Puts new endpoints into the last slice that has room, and then into new ones.
fn fill(slices: &mut Vec<Wanted>, fresh: Vec<Endpoint>) {
    let mut fresh = fresh.into_iter().peekable();
    for slice in slices.iter_mut() {
        let room = CAPACITY.saturating_sub(slice.endpoints.len());
        slice.endpoints.extend(fresh.by_ref().take(room));
    }
    while fresh.peek().is_some() {
        let endpoints = fresh.by_ref().take(CAPACITY).collect();
        slices.push(Wanted { stored: None, ports: None, endpoints });
    }
}

/// What makes two endpoints the same one: its pod and address.
fn identity(endpoint: &Endpoint) -> String {
    let uid = endpoint.target_ref.as_ref().and_then(|target| target.uid.as_deref());
    format!("{}/{}", uid.unwrap_or(""), endpoint.addresses.first().map_or("", String::as_str))
}

/// Ports and endpoints of a slice.
type Content = (Option<Vec<EndpointPort>>, Option<Vec<Endpoint>>);

fn refresh(
    client: &mut Client<'_>,
    service: &Service,
    stored: &EndpointSlice,
    (ports, endpoints): Content,
    trigger: Option<Timestamp>,
) {
    let labels = Some(labels(service));
    if stored.ports == ports && stored.endpoints == endpoints && stored.metadata.labels == labels {
        return;
    }
    let mut slice = stored.clone();
    slice.ports = ports;
    slice.endpoints = endpoints;
    slice.metadata.labels = labels;
    stamp(&mut slice.metadata, trigger);
    client.update(slice);
}

fn make(
    client: &mut Client<'_>,
    service: &Service,
    family: Family,
    (ports, endpoints): Content,
    trigger: Option<Timestamp>,
) {
    let meta = &service.metadata;
    let mut slice = EndpointSlice {
        address_type: family.to_string(),
        endpoints,
        metadata: ObjectMeta {
            generate_name: Some(format!("{}-", meta.name.as_deref().unwrap_or_default())),
            labels: Some(labels(service)),
            namespace: meta.namespace.clone(),
            owner_references: Some(vec![owner::reference_to(Kind::Service, meta)]),
            ..ObjectMeta::default()
        },
        ports,
    };
    stamp(&mut slice.metadata, trigger);
    // A namespace that is being deleted refuses it, and needs none.
    let _ = client.create(slice);
}

/// Notes when the reported change happened; a change without a date clears the note.
fn stamp(meta: &mut ObjectMeta, trigger: Option<Timestamp>) {
    let mut annotations = meta.annotations.take().unwrap_or_default();
    annotations.remove(LAST_CHANGE);
    annotations.extend(trigger.map(|at| (LAST_CHANGE.to_owned(), at.to_string())));
    meta.annotations = Some(annotations).filter(|annotations| !annotations.is_empty());
}

/// The Service's labels and the controller's own.
fn labels(service: &Service) -> Labels {
    let mut labels = service.metadata.labels.clone().unwrap_or_default();
    let name = service.metadata.name.clone().unwrap_or_default();
    labels.remove(HEADLESS);
    if super::is_headless(service) {
        labels.insert(HEADLESS.to_owned(), String::new());
    }
    labels.insert(SERVICE_NAME.to_owned(), name);
    labels.insert(MANAGED_BY.to_owned(), MANAGER.to_owned());
    labels
}
