//! Who answers for a Service: what the controllers of EndpointSlices and of (legacy) Endpoints
//! have in common (R5.1 to R5.3).

pub(super) mod legacy;
pub(super) mod mirror;
mod port_order;
pub(super) mod slice;
#[cfg(test)]
mod tests;
mod trigger;

pub(super) use trigger::Triggers;

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, ObjectReference, PodIP, Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::Client;
use crate::api::Pod;
use crate::api::selector::LabelSelector;
use crate::network::Family;

/// What the API server puts on endpoints that nobody may edit but their controller.
const LAST_CHANGE: &str = "endpoints.kubernetes.io/last-change-trigger-time";
const HEADLESS: &str = "service.kubernetes.io/headless";
/// The label that ties a slice to its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";

/// A pod's part of what endpoints say. Pods that agree on it make no difference.
#[derive(PartialEq)]
struct View<'a> {
    addresses: &'a [PodIP],
    ready: bool,
    terminating: bool,
    node: Option<&'a str>,
    hostname: Option<&'a str>,
    subdomain: Option<&'a str>,
}

fn view(pod: &Pod) -> Option<View<'_>> {
    let spec = pod.spec.as_ref()?;
    Some(View {
        addresses: addresses(pod)?,
        ready: pod.is_ready(),
        terminating: pod.is_terminating(),
        node: pod.node(),
        hostname: spec.hostname.as_deref(),
        subdomain: spec.subdomain.as_deref(),
    })
}

/// Whether endpoints may differ after a pod went from `old` to `new`, its labels aside.
pub(super) fn are_touched(old: Option<&Pod>, new: Option<&Pod>) -> bool {
    old.and_then(view) != new.and_then(view)
}

/// The addresses under which a pod is listed, one of each family; none when it has none yet or has
/// come to its end (R5.1).
fn addresses(pod: &Pod) -> Option<&[PodIP]> {
    let all = pod.status.as_ref()?.pod_ips.as_deref().filter(|all| !all.is_empty())?;
    (!pod.is_finished()).then_some(all)
}

/// The one of a family.
fn address(pod: &Pod, family: Family) -> Option<&str> {
    let of_family = |ip: &&PodIP| ip.ip.contains(':') == (family == Family::V6);
    addresses(pod)?.iter().find(of_family).map(|ip| ip.ip.as_str())
}

/// A Service's families, the primary one first.
fn families(service: &Service) -> Vec<Family> {
    let declared = service.spec.as_ref().and_then(|spec| spec.ip_families.as_deref());
    let declared = declared.filter(|all| !all.is_empty());
    declared.map_or_else(
        || vec![Family::V4],
        |all| all.iter().map(|name| if name == "IPv6" { Family::V6 } else { Family::V4 }).collect(),
    )
}

/// The pods that a Service selects and that have an address, by name; `None` when it has no
/// selector or needs no endpoints, so that nothing is done for it (R4.6, R5.6).
fn backends(client: &Client<'_>, service: &Service) -> Option<Vec<Arc<Pod>>> {
    let spec = service.spec.as_ref()?;
    if spec.type_.as_deref() == Some("ExternalName") {
        return None;
    }
    let pairs = spec.selector.as_ref().filter(|pairs| !pairs.is_empty())?;
    let selector = LabelSelector::equalities(pairs);
    let namespace = service.metadata.namespace.as_deref().unwrap_or("");
    let listed = client.index.pods_matching(namespace, &selector);
    Some(listed.filter(|pod| addresses(pod).is_some()).cloned().collect())
}

/// Whether a Service has no cluster IP.
fn is_headless(service: &Service) -> bool {
    let cluster_ip = service.spec.as_ref().and_then(|spec| spec.cluster_ip.as_deref());
    cluster_ip == Some("None")
}

fn publishes_not_ready(service: &Service) -> bool {
    service.spec.as_ref().and_then(|spec| spec.publish_not_ready_addresses) == Some(true)
}

/// `TCP` unless the port says otherwise.
fn protocol(protocol: Option<&str>) -> &str {
    protocol.unwrap_or("TCP")
}

/// The number behind a Service port's target in a pod. A name is looked up among the containers'
/// ports and then those of restartable init containers; a number is taken as it is (R5.3).
fn target(pod: &Pod, port: &ServicePort) -> Option<i32> {
    let wanted = match &port.target_port {
        None | Some(IntOrString::Int(0)) => return Some(port.port),
        Some(IntOrString::Int(number)) => return Some(*number),
        Some(IntOrString::String(name)) if name.is_empty() => return Some(port.port),
        Some(IntOrString::String(name)) => name.as_str(),
    };
    let spec = pod.spec.as_ref()?;
    let sidecar = |container: &&Container| container.restart_policy.as_deref() == Some("Always");
    let sidecars = spec.init_containers.iter().flatten().filter(sidecar);
    let mut ports =
        spec.containers.iter().chain(sidecars).flat_map(|one| one.ports.iter().flatten());
    ports
        .find(|known| {
            known.name.as_deref() == Some(wanted)
                && protocol(known.protocol.as_deref()) == protocol(port.protocol.as_deref())
        })
        .map(|known| known.container_port)
}

/// The hostname under which DNS knows the pod in this Service (R5.4).
fn hostname(pod: &Pod, service: &Service) -> Option<String> {
    let spec = pod.spec.as_ref()?;
    let same = spec.subdomain.is_some() && spec.subdomain == service.metadata.name;
    spec.hostname.clone().filter(|hostname| same && !hostname.is_empty())
}

fn target_reference(pod: &Pod) -> ObjectReference {
    ObjectReference {
        kind: Some("Pod".to_owned()),
        name: pod.metadata.name.clone(),
        namespace: pod.metadata.namespace.clone(),
        uid: pod.metadata.uid.clone(),
        ..ObjectReference::default()
    }
}
