//! Slices for Endpoints that somebody wrote by hand, for a Service without a selector (R5.6).
//!
//! Source: kube-controller-manager `endpointslicemirroring`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{EndpointAddress, EndpointSubset, Endpoints, Service};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::{Client, Key, owner};
use super::{LAST_CHANGE, MANAGED_BY, SERVICE_NAME};
use crate::api::Kind;
use crate::api::patch::LAST_APPLIED;
use crate::network::Family;

const MANAGER: &str = "endpointslicemirroring-controller.k8s.io";
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";

/// What one slice is to say: addresses of a family that have these ports.
struct Wanted {
    family: Family,
    ports: Vec<EndpointPort>,
    endpoints: Vec<Endpoint>,
}

impl Wanted {
    /// Whether a slice is of the same family and the same ports, in whatever order.
    fn is_of(&self, slice: &EndpointSlice) -> bool {
        let ports = slice.ports.as_deref().unwrap_or_default();
        slice.address_type == self.family.to_string() && same(ports, &self.ports)
    }
}

fn same(a: &[EndpointPort], b: &[EndpointPort]) -> bool {
    a.len() == b.len() && a.iter().all(|port| b.contains(port))
}

/// Brings the mirrored slices of one Endpoints object to what it says.
pub(in super::super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(endpoints) = client.get::<Endpoints>(key) else { return };
    let service = client.get::<Service>(key);
    let mirrored = service.is_some_and(|service| is_mirrored(&endpoints, &service));
    let wanted = if mirrored { contents(&endpoints) } else { Vec::new() };
    let mut stored = own_slices(client, &endpoints);
    let mut missing = Vec::new();
    for wanted in wanted {
        match stored.iter().position(|slice| wanted.is_of(slice)) {
            Some(at) => update(client, &endpoints, &stored.remove(at), wanted),
            None => missing.push(wanted),
        }
    }
    // What has no ports in common with any is written anew before it is deleted (`recycleSlices`).
    for wanted in missing {
        let kind = wanted.family.to_string();
        match stored.iter().position(|slice| slice.address_type == kind) {
            Some(at) => update(client, &endpoints, &stored.remove(at), wanted),
            None => {
                let _ = client.create(EndpointSlice {
                    address_type: kind,
                    endpoints: Some(wanted.endpoints),
                    metadata: metadata(&endpoints),
                    ports: Some(wanted.ports),
                });
            }
        }
    }
    for slice in stored {
        client.delete(Kind::EndpointSlice, &Key::of(&slice.metadata));
    }
}

/// Makes a slice say what is wanted, with the labels and annotations that the Endpoints have now.
fn update(client: &mut Client<'_>, endpoints: &Endpoints, slice: &EndpointSlice, wanted: Wanted) {
    let mut changed = slice.clone();
    let ObjectMeta { labels, annotations, .. } = metadata(endpoints);
    changed.metadata.labels = labels;
    changed.metadata.annotations = annotations;
    changed.endpoints = Some(wanted.endpoints);
    changed.ports = Some(wanted.ports);
    if changed != *slice {
        client.update(changed);
    }
}

/// The addresses of all subsets by family and ports: subsets with the same ports share a slice.
fn contents(endpoints: &Endpoints) -> Vec<Wanted> {
    let mut all: Vec<Wanted> = Vec::new();
    for family in [Family::V4, Family::V6] {
        for subset in endpoints.subsets.iter().flatten() {
            let (ports, more) = content(subset, family);
            let known =
                all.iter_mut().find(|known| known.family == family && same(&known.ports, &ports));
            match known {
                Some(known) => known.endpoints.extend(more),
                None if more.is_empty() => {}
                None => all.push(Wanted { family, ports, endpoints: more }),
            }
        }
    }
    all
}

/// Whether the Endpoints are somebody's own: the Service selects nothing, and nobody asks for them
/// to be left alone.
fn is_mirrored(endpoints: &Endpoints, service: &Service) -> bool {
    let selects = service
        .spec
        .as_ref()
        .is_some_and(|spec| spec.selector.as_ref().is_some_and(|pairs| !pairs.is_empty()));
    let skipped = endpoints.metadata.labels.as_ref().and_then(|labels| labels.get(SKIP));
    let leader = "control-plane.alpha.kubernetes.io/leader";
    let leads = endpoints.metadata.annotations.as_ref().is_some_and(|all| all.contains_key(leader));
    !selects && !leads && skipped.map(String::as_str) != Some("true")
}

fn own_slices(client: &Client<'_>, endpoints: &Endpoints) -> Vec<Arc<EndpointSlice>> {
    let mut slices = client.controlled::<EndpointSlice>(owner::uid(&endpoints.metadata));
    slices.retain(|slice| {
        let labels = slice.metadata.labels.as_ref();
        labels.and_then(|labels| labels.get(MANAGED_BY)).map(String::as_str) == Some(MANAGER)
    });
    slices
}

/// The ports of a subset, and its addresses of one family.
fn content(subset: &EndpointSubset, family: Family) -> (Vec<EndpointPort>, Vec<Endpoint>) {
    let of_family = |address: &&EndpointAddress| address.ip.contains(':') == (family == Family::V6);
    let ports = subset.ports.iter().flatten().map(|port| EndpointPort {
        app_protocol: port.app_protocol.clone(),
        name: Some(port.name.clone().unwrap_or_default()),
        port: Some(port.port),
        protocol: Some(super::protocol(port.protocol.as_deref()).to_owned()),
    });
    let ready = subset.addresses.iter().flatten().filter(of_family);
    let ready = ready.map(|address| endpoint(address, true));
    let others = subset.not_ready_addresses.iter().flatten().filter(of_family);
    let others = others.map(|address| endpoint(address, false));
    (ports.collect(), ready.chain(others).collect())
}

fn endpoint(address: &EndpointAddress, ready: bool) -> Endpoint {
    Endpoint {
        addresses: vec![address.ip.clone()],
        conditions: Some(EndpointConditions {
            ready: Some(ready),
            serving: None,
            terminating: None,
        }),
        hostname: address.hostname.clone(),
        node_name: address.node_name.clone(),
        target_ref: address.target_ref.clone(),
        ..Endpoint::default()
    }
}

fn metadata(endpoints: &Endpoints) -> ObjectMeta {
    let meta = &endpoints.metadata;
    let name = meta.name.clone().unwrap_or_default();
    let mut labels = meta.labels.clone().unwrap_or_default();
    labels.insert(SERVICE_NAME.to_owned(), name.clone());
    labels.insert(MANAGED_BY.to_owned(), MANAGER.to_owned());
    let mut annotations = meta.annotations.clone().unwrap_or_default();
    annotations.retain(|name, _| name != LAST_CHANGE && name != LAST_APPLIED);
    ObjectMeta {
        annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
        generate_name: Some(format!("{name}-")),
        labels: Some(labels),
        namespace: meta.namespace.clone(),
        owner_references: Some(vec![owner::reference_to(Kind::Endpoints, meta)]),
        ..ObjectMeta::default()
    }
}
