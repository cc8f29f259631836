//! What a Service is set to do, in the words of its manifest.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Facts, look};
use crate::api::{LabelSelector, Labels, Pod};
use crate::diagnostic::nearest;
use crate::network::{Because, Party, Protocol, SocketAddr, Trace};

/// What a Service's rules chose last on a packet's way: the rule, the endpoint, and whose it is.
pub(super) fn chosen(trace: &Trace) -> Option<(&str, SocketAddr, Option<&Party>)> {
    trace.hops.iter().rev().find_map(|hop| match &hop.because {
        Because::EndpointChosen { service, endpoint, pod, .. } => {
            Some((&**service, *endpoint, pod.as_ref()))
        }
        _ => None,
    })
}

/// A Service that a rule names: `default/backend:http`.
pub(super) fn find<'a>(facts: &Facts<'a>, rule: &str) -> Option<&'a Arc<Service>> {
    let (namespace, rest) = rule.split_once('/')?;
    let name = rest.split(':').next()?;
    facts.case.cluster.objects().get::<Service>(namespace, name)
}

/// Its cluster IP, as text.
pub(super) fn cluster_ip(service: &Service) -> &str {
    service.spec.as_ref().and_then(|spec| spec.cluster_ip.as_deref()).unwrap_or("")
}

/// Its namespace and name.
pub(super) fn full_name(service: &Service) -> (&str, &str) {
    let metadata = &service.metadata;
    (metadata.namespace.as_deref().unwrap_or(""), metadata.name.as_deref().unwrap_or(""))
}

/// Whether it has no virtual IP (R7.6).
pub(super) fn is_headless(service: &Service) -> bool {
    cluster_ip(service) == "None"
}

/// Its selector; `None` when it has none.
pub(super) fn selector(service: &Service) -> Option<&Labels> {
    service.spec.as_ref()?.selector.as_ref().filter(|selector| !selector.is_empty())
}

/// How a Service gets a node port: in the player's file, or else by a command.
pub(super) fn to_node_port(service: &Service, in_a_file: bool) -> String {
    let (namespace, name) = full_name(service);
    match in_a_file {
        true => "write type: NodePort, apply".to_owned(),
        false => format!(
            "kubectl patch service {name}{} -p '{{\"spec\":{{\"type\":\"NodePort\"}}}}'",
            look::in_namespace(namespace)
        ),
    }
}

/// The Services but for one, by its namespace and name, that select a pod that `fits`.
pub(super) fn others_that_select<'a>(
    facts: &Facts<'a>,
    own: (&str, &str),
    fits: impl Fn(&Pod) -> bool,
) -> impl Iterator<Item = &'a Arc<Service>> {
    let all = facts.case.cluster.objects().list::<Service>(None);
    all.filter(move |service| {
        full_name(service) != own && pods(facts, service).1.iter().any(|pod| fits(pod))
    })
}

/// The pods of its namespace, and those of them that it selects.
pub(super) fn pods<'a>(
    facts: &Facts<'a>,
    service: &'a Service,
) -> (Vec<&'a Arc<Pod>>, Vec<&'a Arc<Pod>>) {
    let namespace = service.metadata.namespace.as_deref().unwrap_or("");
    let objects = facts.case.cluster.objects();
    let all: Vec<&Arc<Pod>> = objects.list::<Pod>(Some(namespace)).collect();
    let Some(wanted) = selector(service) else { return (all, Vec::new()) };
    let wanted = LabelSelector::equalities(wanted);
    let matching =
        all.iter().copied().filter(|pod| wanted.matches(pod.metadata.labels.as_ref())).collect();
    (all, matching)
}

/// Its port with this number, and the port's place in the list.
pub(super) fn port(service: &Service, number: u16) -> Option<(usize, &ServicePort)> {
    let ports = service.spec.as_ref()?.ports.as_ref()?;
    let same = |port: &&ServicePort| port.port == i32::from(number);
    let fits = |port: &&ServicePort| same(port) || port.node_port == Some(i32::from(number));
    ports.iter().enumerate().find(|(_, port)| fits(port))
}

/// Whether it sends a client to the same pod again and again.
pub(super) fn is_sticky(service: &Service) -> bool {
    let affinity = service.spec.as_ref().and_then(|spec| spec.session_affinity.as_deref());
    affinity == Some("ClientIP")
}

/// The target port, as it is written.
pub(super) fn target(port: &ServicePort) -> String {
    match &port.target_port {
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::String(name)) => name.clone(),
        None => port.port.to_string(),
    }
}

/// Whether the target port is a name (R5.3).
pub(super) fn is_named(port: &ServicePort) -> bool {
    matches!(port.target_port, Some(IntOrString::String(_)))
}

/// Whether a pod has an address that it can be reached at.
pub(super) fn has_address(pod: &Pod) -> bool {
    let status = pod.status.as_ref();
    let over = status.and_then(|status| status.phase.as_deref());
    status.is_some_and(|status| status.pod_ip.is_some())
        && !matches!(over, Some("Succeeded" | "Failed"))
}

/// The name of a container's port that is nearest to the target port at this place.
pub(super) fn nearest_port_name(
    facts: &Facts<'_>,
    service: &Service,
    index: usize,
    pods: &[&Arc<Pod>],
) -> Option<String> {
    let wanted = target(service.spec.as_ref()?.ports.as_ref()?.get(index)?);
    let containers = pods.iter().flat_map(|pod| pod.spec.iter().flat_map(|spec| &spec.containers));
    let ports = containers.flat_map(|container| container.ports.iter().flatten());
    let ports: Vec<_> = ports.collect();
    let names: Vec<&str> = ports.iter().filter_map(|port| port.name.as_deref()).collect();
    let close = nearest(&wanted, names.iter().copied()).or_else(|| names.first().copied());
    close
        .map(|name| format!("targetPort: {name}"))
        .or_else(|| ports.first().map(|port| format!("targetPort: {}", port.container_port)))
        .or_else(|| {
            let open = pods.iter().find_map(|pod| facts.listeners(pod).into_iter().next());
            open.map(|open| format!("targetPort: {}", open.port))
        })
}

/// The slices that carry the Service's name.
pub(super) fn slices<'a>(facts: &Facts<'a>, service: &'a Service) -> Vec<&'a Arc<EndpointSlice>> {
    let namespace = service.metadata.namespace.as_deref().unwrap_or("");
    let all = facts.case.cluster.objects().list::<EndpointSlice>(Some(namespace));
    let own = |slice: &&Arc<EndpointSlice>| {
        let labels = slice.metadata.labels.as_ref();
        let name = labels.and_then(|labels| labels.get("kubernetes.io/service-name"));
        name == service.metadata.name.as_ref()
    };
    all.filter(own).collect()
}

/// Whether the control plane keeps a slice: nobody wrote it by hand.
pub(super) fn is_kept(slice: &EndpointSlice) -> bool {
    let labels = slice.metadata.labels.as_ref();
    labels.is_some_and(|labels| labels.contains_key("endpointslice.kubernetes.io/managed-by"))
}

/// `backend` of `default/backend:http`; other namespaces stay.
pub(super) fn short(rule: &str) -> &str {
    let name = rule.strip_prefix("default/").unwrap_or(rule);
    name.split(':').next().unwrap_or(name)
}

/// `TCP`
pub(super) fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
        Protocol::Icmp => "ICMP",
    }
}

/// The first node port of a Service.
pub(super) fn node_port(service: &Service) -> Option<i32> {
    service.spec.as_ref()?.ports.iter().flatten().find_map(|port| port.node_port)
}

/// The Service that the goal's command names, or the only one that the nodes open a port for, and that port:
/// whoever asks from outside means it.
pub(super) fn meant_from_outside(facts: &Facts<'_>) -> Option<(String, i32)> {
    let objects = facts.case.cluster.objects();
    let open: Vec<(&Arc<Service>, i32)> = objects
        .list::<Service>(None)
        .filter_map(|service| Some((service, node_port(service)?)))
        .collect();
    let named = open
        .iter()
        .find(|(service, _)| super::mentions(&facts.case.goal.run, full_name(service).1));
    let (service, port) = named.or_else(|| open.first().filter(|_| open.len() == 1))?;
    let (namespace, name) = full_name(service);
    Some((super::look::shown_name(namespace, name), *port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_shown_by_their_services_name() {
        assert_eq!(short("default/backend:http"), "backend");
        assert_eq!(short("shop/backend"), "shop/backend");
    }
}
