//! What a Service is set to do, in the words of its manifest.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::Facts;
use crate::api::{LabelSelector, Labels, Pod};
use crate::diagnostic::nearest;

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

/// Whether it has no virtual IP (R7.6).
pub(super) fn is_headless(service: &Service) -> bool {
    cluster_ip(service) == "None"
}

/// Its selector; `None` when it has none.
pub(super) fn selector(service: &Service) -> Option<&Labels> {
    service.spec.as_ref()?.selector.as_ref().filter(|selector| !selector.is_empty())
}

/// The pods of its namespace, and those of them that it selects.
pub(super) fn pods<'a>(
    facts: &Facts<'a>,
    service: &'a Service,
) -> (Vec<&'a Arc<Pod>>, Vec<&'a Arc<Pod>>) {
    let namespace = service.metadata.namespace.as_deref().unwrap_or("default");
    let objects = facts.case.cluster.objects();
    let all: Vec<&Arc<Pod>> = objects.list::<Pod>(Some(namespace)).collect();
    let Some(wanted) = selector(service) else { return (all, Vec::new()) };
    let wanted = LabelSelector::equalities(wanted);
    let matching =
        all.iter().copied().filter(|pod| wanted.matches(pod.metadata.labels.as_ref())).collect();
    (all, matching)
}

/// `app=backend,tier=web`
pub(super) fn shown(labels: &Labels) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// For a selector that matches nothing: the key at fault, and the nearest label that pods do have.
pub(super) fn nearest_label(
    wanted: &Labels,
    pods: &[&Arc<Pod>],
) -> (Option<String>, Option<String>) {
    let labels = || pods.iter().filter_map(|pod| pod.metadata.labels.as_ref());
    for (key, value) in wanted {
        if labels().any(|labels| labels.get(key) == Some(value)) {
            continue;
        }
        let values: Vec<&str> = labels().filter_map(|l| l.get(key)).map(String::as_str).collect();
        let close = nearest(value, values.iter().copied()).or_else(|| values.first().copied());
        if let Some(close) = close {
            return (Some(key.clone()), Some(format!("the nearest label is {key}={close}")));
        }
        let keys: Vec<&str> = labels().flat_map(|l| l.keys()).map(String::as_str).collect();
        let close_key = nearest(key, keys.iter().copied());
        let said = close_key.map(|close| format!("pods have a label {close}, none has {key}"));
        return (Some(key.clone()), said);
    }
    (None, None)
}

/// Its port with this number, and the port's place in the list.
pub(super) fn port(service: &Service, number: u16) -> Option<(usize, &ServicePort)> {
    let ports = service.spec.as_ref()?.ports.as_ref()?;
    let same = |port: &&ServicePort| port.port == i32::from(number);
    let fits = |port: &&ServicePort| same(port) || port.node_port == Some(i32::from(number));
    ports.iter().enumerate().find(|(_, port)| fits(port))
}

/// The target port, as it is written.
pub(super) fn target(port: &ServicePort) -> String {
    match &port.target_port {
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::String(name)) => name.clone(),
        None => port.port.to_string(),
    }
}
