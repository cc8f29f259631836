//! Slices for Endpoints that somebody wrote by hand, for a Service without a selector (R5.6).
//!
//! Source: kube-controller-manager `endpointslicemirroring`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{EndpointAddress, EndpointSubset, Endpoints, Service};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::{Client, Key, owner};
use super::{MANAGED_BY, SERVICE_NAME};
use crate::api::Kind;
use crate::network::Family;

const MANAGER: &str = "endpointslicemirroring-controller.k8s.io";
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";

/// Brings the mirrored slices of one Endpoints object to what it says.
pub(in super::super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let endpoints = client.get::<Endpoints>(key);
    let service = client.get::<Service>(key);
    let wanted = match (&endpoints, &service) {
        (Some(endpoints), Some(service)) if is_mirrored(endpoints, service) => {
            let families = [Family::V4, Family::V6].into_iter();
            let subsets = || endpoints.subsets.iter().flatten();
            families
                .flat_map(|family| subsets().map(move |subset| content(subset, family)))
                .collect()
        }
        _ => Vec::new(),
    };
    let owner = endpoints.as_deref();
    let mut stored = owner.map_or_else(Vec::new, |owner| own_slices(client, owner));
    for (family, ports, addresses) in wanted.into_iter().filter(|(.., all)| !all.is_empty()) {
        let Some(owner) = owner else { return };
        let (ports, addresses) = (Some(ports), Some(addresses));
        let kind = family.to_string();
        let known = stored.iter().position(|slice| slice.address_type == kind);
        match known.map(|index| stored.remove(index)) {
            Some(slice) if slice.ports == ports && slice.endpoints == addresses => {}
            Some(slice) => {
                let mut slice = EndpointSlice::clone(&slice);
                slice.ports = ports;
                slice.endpoints = addresses;
                client.update(slice);
            }
            None => {
                let _ = client.create(EndpointSlice {
                    address_type: kind,
                    endpoints: addresses,
                    metadata: metadata(owner),
                    ports,
                });
            }
        }
    }
    for slice in stored {
        client.delete(Kind::EndpointSlice, &Key::of(&slice.metadata));
    }
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
fn content(subset: &EndpointSubset, family: Family) -> (Family, Vec<EndpointPort>, Vec<Endpoint>) {
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
    (family, ports.collect(), ready.chain(others).collect())
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
    ObjectMeta {
        generate_name: Some(format!("{name}-")),
        labels: Some(labels),
        namespace: meta.namespace.clone(),
        owner_references: Some(vec![owner::reference_to(Kind::Endpoints, meta)]),
        ..ObjectMeta::default()
    }
}
