//! Pods, and the pods that templates describe: `PodSpec` in the server's order.

mod change;
mod container;
mod difference;
mod dns;
mod env;
mod internal;
mod probe;
mod resources;
mod scheduling;
mod security;
mod volume;

use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};

use super::report::Report;
use super::{addresses, labels, metadata, names};
use crate::api::{Pod, SharedSpec};

pub(super) use change::update;
pub(super) use internal::template as internal_template;

const RESTART_POLICIES: &[&str] = &["Always", "OnFailure", "Never"];

/// A new Pod.
pub(super) fn create(report: &mut Report, pod: &Pod) {
    check(report, pod, true);
    if pod.spec.as_ref().is_some_and(|spec| spec.ephemeral_containers.iter().flatten().count() > 0)
    {
        report.forbidden("spec.ephemeralContainers", "cannot be set on create");
    }
}

/// What holds of every Pod, new or changed.
fn check(report: &mut Report, pod: &Pod, new: bool) {
    if new {
        metadata::create(report, &pod.metadata, true, names::dns_subdomain);
    }
    let spec = pod.spec.as_ref().map(SharedSpec::full).unwrap_or_default();
    check_spec(report, "spec", &spec);
    // Templates may say what a real pod may not.
    let lists = [
        ("spec.containers", spec.containers.as_slice()),
        ("spec.initContainers", spec.init_containers.as_deref().unwrap_or_default()),
    ];
    for (path, containers) in lists {
        for (index, container) in containers.iter().enumerate() {
            image_of_pod(report, &format!("{path}[{index}].image"), container);
        }
    }
}

fn image_of_pod(report: &mut Report, path: &str, container: &Container) {
    let image = container.image.as_deref().unwrap_or("");
    if image.trim() != image {
        report.invalid(path, image, "must not have leading or trailing whitespace");
    }
}

/// A template of pods.
pub(super) fn check_template(report: &mut Report, path: &str, template: &PodTemplateSpec) {
    check_template_metadata(report, path, template);
    check_spec(report, &format!("{path}.spec"), &template.spec.clone().unwrap_or_default());
}

/// A template's labels and annotations.
pub(super) fn check_template_metadata(report: &mut Report, path: &str, template: &PodTemplateSpec) {
    if let Some(meta) = &template.metadata {
        labels::check(report, &format!("{path}.labels"), meta.labels.as_ref());
        metadata::annotations(report, &format!("{path}.annotations"), meta);
    }
}

fn check_spec(report: &mut Report, path: &str, spec: &PodSpec) {
    let at = |field: &str| format!("{path}.{field}");
    let volumes = volume::check(report, &at("volumes"), spec.volumes.as_deref());
    container::check_all(report, path, spec, &volumes);
    host_network(report, path, spec);
    let policy = spec.restart_policy.as_deref();
    report.one_of(&at("restartPolicy"), policy, RESTART_POLICIES);
    dns::check_policy(report, &at("dnsPolicy"), spec);
    labels::check(report, &at("nodeSelector"), spec.node_selector.as_ref());
    security::check_pod(report, path, spec);
    for (index, secret) in spec.image_pull_secrets.iter().flatten().enumerate() {
        if secret.name.is_empty() {
            report.required(&at(&format!("imagePullSecrets[{index}].name")), "");
        }
    }
    scheduling::check_affinity(report, &at("affinity"), spec.affinity.as_ref());
    dns::check_config(report, &at("dnsConfig"), spec);
    for (index, gate) in spec.readiness_gates.iter().flatten().enumerate() {
        let here = at(&format!("readinessGates[{index}].conditionType"));
        let name = &gate.condition_type;
        report.invalid_for(&here, name, names::qualified_name(name));
    }
    scheduling::check_spread(report, &at("topologySpreadConstraints"), spec);
    identity(report, path, spec);
    scheduling::check_tolerations(report, &at("tolerations"), spec.tolerations.as_deref());
    host_aliases(report, &at("hostAliases"), spec);
    if let Some(class) = spec.priority_class_name.as_deref().filter(|name| !name.is_empty()) {
        report.invalid_for(&at("priorityClassName"), class, names::dns_subdomain(class));
    }
}

/// Names and times that a pod is known by.
fn identity(report: &mut Report, path: &str, spec: &PodSpec) {
    let mut named = |field: &str, value: &Option<String>, rule: fn(&str) -> Vec<String>| {
        if let Some(name) = value.as_deref().filter(|name| !name.is_empty()) {
            report.invalid_for(&format!("{path}.{field}"), name, rule(name));
        }
    };
    named("serviceAccountName", &spec.service_account_name, names::dns_subdomain);
    named("nodeName", &spec.node_name, names::dns_subdomain);
    if let Some(seconds) = spec.active_deadline_seconds
        && !(1..=i64::from(i32::MAX)).contains(&seconds)
    {
        let why = format!("must be between 1 and {}, inclusive", i32::MAX);
        report.invalid(&format!("{path}.activeDeadlineSeconds"), seconds, &why);
    }
    let mut named = |field: &str, value: &Option<String>| {
        if let Some(name) = value.as_deref().filter(|name| !name.is_empty()) {
            report.invalid_for(&format!("{path}.{field}"), name, names::dns_label(name));
        }
    };
    named("hostname", &spec.hostname);
    named("subdomain", &spec.subdomain);
}

/// On the node's own network a container's port is the node's port.
fn host_network(report: &mut Report, path: &str, spec: &PodSpec) {
    if spec.host_network != Some(true) {
        return;
    }
    for (index, container) in spec.containers.iter().enumerate() {
        for (number, port) in container.ports.iter().flatten().enumerate() {
            let host = port.host_port.unwrap_or(0);
            if host != port.container_port {
                let here = format!("{path}.containers[{index}].ports[{number}].hostPort");
                let why = "must match `containerPort` when `hostNetwork` is true";
                report.invalid(&here, host, why);
            }
        }
    }
}

fn host_aliases(report: &mut Report, path: &str, spec: &PodSpec) {
    for (index, alias) in spec.host_aliases.iter().flatten().enumerate() {
        let here = format!("{path}[{index}]");
        addresses::check(report, &format!("{here}.ip"), &alias.ip);
        for name in alias.hostnames.iter().flatten() {
            report.invalid_for(&format!("{here}.hostnames"), name, names::dns_subdomain(name));
        }
    }
}
