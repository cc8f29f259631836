//! The Endpoints object of a Service with a selector (R5.5).
//!
//! Source: kube-controller-manager `endpoint`. Ready addresses and the others stand apart, pods
//! that are being deleted are left out, and addresses with the same ports share a subset.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    EndpointAddress, EndpointPort, EndpointSubset, Endpoints, Service,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::{Client, Key};
use super::{HEADLESS, LAST_CHANGE, Triggers};
use crate::api::{Kind, Labels, Pod};

const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const MANAGER: &str = "endpoint-controller";

/// Brings a Service's Endpoints to what its pods are now; without the Service they go.
pub(in super::super) fn reconcile(client: &mut Client<'_>, triggers: &mut Triggers, key: &Key) {
    let stored = client.get::<Endpoints>(key);
    let Some(service) = client.get::<Service>(key) else {
        triggers.forget(key);
        if stored.is_some() {
            client.delete(Kind::Endpoints, key);
        }
        return;
    };
    let Some(backends) = super::backends(client, &service) else { return };
    let subsets = subsets(&service, &backends);
    let subsets = Some(subsets).filter(|subsets| !subsets.is_empty());
    let labels = labels(&service);
    let trigger = triggers.next(key, &service, &backends);
    let known = stored.as_deref();
    if known.is_some_and(|known| {
        known.subsets == subsets && known.metadata.labels.as_ref() == Some(&labels)
    }) {
        return;
    }
    let mut endpoints = known.cloned().unwrap_or_else(|| Endpoints {
        metadata: ObjectMeta {
            name: service.metadata.name.clone(),
            namespace: service.metadata.namespace.clone(),
            ..ObjectMeta::default()
        },
        subsets: None,
    });
    endpoints.subsets = subsets;
    endpoints.metadata.labels = Some(labels);
    let mut annotations = endpoints.metadata.annotations.take().unwrap_or_default();
    annotations.remove(LAST_CHANGE);
    annotations.extend(trigger.map(|at| (LAST_CHANGE.to_owned(), at.to_string())));
    endpoints.metadata.annotations = Some(annotations).filter(|all| !all.is_empty());
    if known.is_some() {
        client.update(endpoints);
    } else {
        let _ = client.create(endpoints);
    }
}

/// Addresses of one set of ports: (ready, not ready).
type Addresses = (Vec<EndpointAddress>, Vec<EndpointAddress>);

fn subsets(service: &Service, backends: &[Arc<Pod>]) -> Vec<EndpointSubset> {
    let mut groups: BTreeMap<Vec<(String, i32, String)>, Addresses> = BTreeMap::new();
    let declared = service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
    // One family alone can be told here: the primary one.
    let family = super::families(service)[0];
    for pod in backends.iter().filter(|pod| !pod.is_terminating()) {
        let Some(ip) = super::address(pod, family) else { continue };
        let mut ports: Vec<(String, i32, String)> = declared
            .iter()
            .filter_map(|port| {
                let protocol = super::protocol(port.protocol.as_deref()).to_owned();
                Some((port.name.clone().unwrap_or_default(), super::target(pod, port)?, protocol))
            })
            .collect();
        if ports.is_empty() && !declared.is_empty() {
            continue;
        }
        ports.sort();
        let address = EndpointAddress {
            hostname: super::hostname(pod, service),
            ip: ip.to_owned(),
            node_name: pod.node().map(str::to_owned),
            target_ref: Some(super::target_reference(pod)),
        };
        let group = groups.entry(ports).or_default();
        if super::publishes_not_ready(service) || pod.is_ready() {
            group.0.push(address);
        } else {
            group.1.push(address);
        }
    }
    let declared_as =
        |name: &str| declared.iter().find(|port| port.name.as_deref().unwrap_or("") == name);
    groups
        .into_iter()
        .map(|(ports, (ready, not_ready))| EndpointSubset {
            addresses: sorted(ready),
            not_ready_addresses: sorted(not_ready),
            ports: Some(ports).filter(|ports| !ports.is_empty()).map(|ports| {
                let named = ports.into_iter().map(|(name, port, protocol)| EndpointPort {
                    app_protocol: declared_as(&name).and_then(|p| p.app_protocol.clone()),
                    name: Some(name).filter(|name| !name.is_empty()),
                    port,
                    protocol: Some(protocol),
                });
                named.collect()
            }),
        })
        .collect()
}

fn sorted(mut addresses: Vec<EndpointAddress>) -> Option<Vec<EndpointAddress>> {
    addresses.sort_by(|left, right| left.ip.cmp(&right.ip));
    Some(addresses).filter(|addresses| !addresses.is_empty())
}

fn labels(service: &Service) -> Labels {
    let mut labels = service.metadata.labels.clone().unwrap_or_default();
    labels.remove(HEADLESS);
    if super::is_headless(service) {
        labels.insert(HEADLESS.to_owned(), String::new());
    }
    labels.insert(MANAGED_BY.to_owned(), MANAGER.to_owned());
    labels
}
