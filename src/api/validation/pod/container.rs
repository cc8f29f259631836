//! Containers: the regular ones and those that run before them.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, ContainerPort, Lifecycle, PodSpec, Volume};

use super::super::names;
use super::super::report::Report;
use super::{env, probe, resources, security, volume};

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const PULL_POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES: &[&str] = &["FallbackToLogsOnError", "File"];

/// The volumes of a pod, by name.
pub(super) type Volumes<'a> = BTreeMap<&'a str, &'a Volume>;

/// All containers of a pod.
pub(super) fn check_all(report: &mut Report, path: &str, spec: &PodSpec, volumes: &Volumes<'_>) {
    regular(report, &format!("{path}.containers"), &spec.containers, volumes);
    let init = spec.init_containers.as_deref().unwrap_or_default();
    let names = spec.containers.iter().map(|container| container.name.as_str()).collect();
    before(report, &format!("{path}.initContainers"), init, volumes, names);
}

fn regular(report: &mut Report, path: &str, containers: &[Container], volumes: &Volumes<'_>) {
    if containers.is_empty() {
        report.required(path, "");
        return;
    }
    let mut seen = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let here = format!("{path}[{index}]");
        common(report, &here, container, volumes);
        if !seen.insert(container.name.as_str()) {
            report.duplicate(&format!("{here}.name"), container.name.as_str());
        }
        lifecycle(report, &here, container.lifecycle.as_ref());
        probe::check_all(report, &here, container);
    }
    host_ports(report, path, containers);
}

/// Init containers; those that restart are sidecars and may have probes.
fn before<'a>(
    report: &mut Report,
    path: &str,
    containers: &'a [Container],
    volumes: &Volumes<'_>,
    mut seen: BTreeSet<&'a str>,
) {
    for (index, container) in containers.iter().enumerate() {
        let here = format!("{path}[{index}]");
        common(report, &here, container, volumes);
        if !container.name.is_empty() && !seen.insert(container.name.as_str()) {
            report.duplicate(&format!("{here}.name"), container.name.as_str());
        }
        if container.restart_policy.as_deref() == Some("Always") {
            lifecycle(report, &here, container.lifecycle.as_ref());
            probe::check_all(report, &here, container);
            continue;
        }
        let why = "may not be set for init containers without restartPolicy=Always";
        let given = [
            ("lifecycle", container.lifecycle.is_some()),
            ("livenessProbe", container.liveness_probe.is_some()),
            ("readinessProbe", container.readiness_probe.is_some()),
            ("startupProbe", container.startup_probe.is_some()),
        ];
        for (field, _) in given.into_iter().filter(|(_, given)| *given) {
            report.forbidden(&format!("{here}.{field}"), why);
        }
    }
}

fn common(report: &mut Report, path: &str, container: &Container, volumes: &Volumes<'_>) {
    let at = |field: &str| format!("{path}.{field}");
    match container.name.as_str() {
        "" => report.required(&at("name"), ""),
        name => report.invalid_for(&at("name"), name, names::dns_label(name)),
    }
    if container.image.as_deref().unwrap_or("").is_empty() {
        report.required(&at("image"), "");
    }
    let message = container.termination_message_policy.as_deref();
    report.one_of(&at("terminationMessagePolicy"), message, MESSAGE_POLICIES);
    ports(report, &at("ports"), container.ports.as_deref().unwrap_or_default());
    env::check(report, &at("env"), container.env.as_deref().unwrap_or_default());
    env::check_from(report, &at("envFrom"), container.env_from.as_deref().unwrap_or_default());
    volume::check_mounts(report, &at("volumeMounts"), container, volumes);
    let pull = container.image_pull_policy.as_deref();
    report.one_of(&at("imagePullPolicy"), pull, PULL_POLICIES);
    resources::check(report, &at("resources"), container.resources.as_ref());
    security::check_container(report, &at("securityContext"), container);
}

fn ports(report: &mut Report, path: &str, ports: &[ContainerPort]) {
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let here = format!("{path}[{index}]");
        if let Some(name) = port.name.as_deref().filter(|name| !name.is_empty()) {
            let reasons = names::port_name(name);
            let fine = reasons.is_empty();
            report.invalid_for(&format!("{here}.name"), name, reasons);
            if fine && !seen.insert(name) {
                report.duplicate(&format!("{here}.name"), name);
            }
        }
        match port.container_port {
            0 => report.required(&format!("{here}.containerPort"), ""),
            number => report.port(&format!("{here}.containerPort"), number),
        }
        if let Some(host) = port.host_port.filter(|host| *host != 0) {
            report.port(&format!("{here}.hostPort"), host);
        }
        report.one_of(&format!("{here}.protocol"), port.protocol.as_deref(), PROTOCOLS);
    }
}

/// No two containers can have one port of the node.
fn host_ports(report: &mut Report, path: &str, containers: &[Container]) {
    let mut taken = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        for (number, port) in container.ports.iter().flatten().enumerate() {
            let Some(host) = port.host_port.filter(|host| *host != 0) else { continue };
            let protocol = port.protocol.as_deref().unwrap_or("");
            let address = port.host_ip.as_deref().unwrap_or("");
            if !taken.insert((protocol, address, host)) {
                let here = format!("{path}[{index}].ports[{number}].hostPort");
                report.duplicate(&here, format!("{protocol}/{address}/{host}").as_str());
            }
        }
    }
}

fn lifecycle(report: &mut Report, path: &str, lifecycle: Option<&Lifecycle>) {
    let Some(lifecycle) = lifecycle else { return };
    for (name, handler) in [("postStart", &lifecycle.post_start), ("preStop", &lifecycle.pre_stop)]
    {
        let Some(handler) = handler else { continue };
        let mut found = probe::Handlers::from(handler);
        found.check(report, &format!("{path}.lifecycle.{name}"));
    }
}
