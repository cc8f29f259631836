//! Containers: the regular ones and those that run before them.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, ContainerPort, Lifecycle, PodSpec};

use super::super::names;
use super::super::report::Report;
use super::mount::Volumes;
use super::{env, ephemeral, mount, probe, resources, security};
use crate::manifest::values::PULL_POLICIES;

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const MESSAGE_POLICIES: &[&str] = &["File", "FallbackToLogsOnError"];
const RESTART_POLICIES: &[&str] = &["Always", "Never", "OnFailure"];

/// How many rules about its restarts a container may have, and how many exit codes a rule.
const MAX_RESTART_RULES: usize = 20;
const MAX_EXIT_CODES: usize = 255;

/// What a container is looked at beside: its pod's specification, volumes and devices.
pub(super) struct Beside<'a> {
    pub spec: &'a PodSpec,
    pub volumes: &'a Volumes<'a>,
    pub claims: &'a BTreeSet<String>,
}

/// All containers of a pod.
pub(super) fn check_all(
    report: &mut Report,
    path: &str,
    spec: &PodSpec,
    volumes: &Volumes<'_>,
    claims: &BTreeSet<String>,
) {
    let beside = Beside { spec, volumes, claims };
    regular(report, &format!("{path}.containers"), &beside);
    before(report, &format!("{path}.initContainers"), &beside);
    ephemeral::check_all(report, &format!("{path}.ephemeralContainers"), &beside);
}

fn regular(report: &mut Report, path: &str, beside: &Beside<'_>) {
    let containers = &beside.spec.containers;
    if containers.is_empty() {
        report.required(path, "");
        return;
    }
    let mut seen = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let here = format!("{path}[{index}]");
        common(report, &here, container, beside);
        if !seen.insert(container.name.as_str()) {
            report.duplicate(&format!("{here}.name"), container.name.as_str());
        }
        running(report, &here, container, beside.spec);
        restarts(report, &here, container);
    }
    host_ports(report, path, containers);
}

/// Init containers; those that restart are sidecars and may have probes.
fn before(report: &mut Report, path: &str, beside: &Beside<'_>) {
    let mut seen: BTreeSet<&str> =
        beside.spec.containers.iter().map(|container| container.name.as_str()).collect();
    for (index, container) in beside.spec.init_containers.iter().flatten().enumerate() {
        let here = format!("{path}[{index}]");
        common(report, &here, container, beside);
        let goes_on = container.restart_policy.as_deref() == Some("Always");
        let ruled = container.restart_policy_rules.iter().flatten().count() > 0;
        if goes_on && ruled {
            let why = "restartPolicyRules are not allowed for init containers with restart policy \
                       Always";
            report.forbidden(&format!("{here}.restartPolicyRules"), why);
        } else {
            restarts(report, &here, container);
        }
        if !container.name.is_empty() && !seen.insert(container.name.as_str()) {
            report.duplicate(&format!("{here}.name"), container.name.as_str());
        }
        // The server looks at each of them alone, and so calls every one the first.
        host_ports(report, path, std::slice::from_ref(container));
        if goes_on {
            running(report, &here, container, beside.spec);
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
        resources::check_resizing_first(report, &format!("{here}.resizePolicy"), container);
    }
}

/// What only containers have that go on running: hooks and probes.
fn running(report: &mut Report, path: &str, container: &Container, spec: &PodSpec) {
    let grace = spec.termination_grace_period_seconds;
    lifecycle(report, path, container.lifecycle.as_ref(), grace);
    probe::check_all(report, path, container);
}

/// A container's own restart policy and its rules (KEP-5307).
fn restarts(report: &mut Report, path: &str, container: &Container) {
    let at_policy = format!("{path}.restartPolicy");
    report.one_of_if_given(&at_policy, container.restart_policy.as_deref(), RESTART_POLICIES);
    let rules = container.restart_policy_rules.as_deref().unwrap_or_default();
    if container.restart_policy.is_none() && !rules.is_empty() {
        report.required(&at_policy, "must specify restartPolicy when restart rules are used");
    }
    let path = format!("{path}.restartPolicyRules");
    if rules.len() > MAX_RESTART_RULES {
        report.too_many(&path, rules.len(), MAX_RESTART_RULES);
    }
    for (index, rule) in rules.iter().enumerate() {
        let here = format!("{path}[{index}]");
        if rule.action != "Restart" {
            report.unsupported(&format!("{here}.action"), rule.action.as_str(), &["Restart"]);
        }
        let Some(codes) = &rule.exit_codes else {
            report.required(&format!("{here}.exitCodes"), "must be specified");
            continue;
        };
        let here = format!("{here}.exitCodes");
        report.one_of_if_given(
            &format!("{here}.operator"),
            Some(codes.operator.as_str()),
            &["In", "NotIn"],
        );
        let count = codes.values.iter().flatten().count();
        if count > MAX_EXIT_CODES {
            report.too_many(&format!("{here}.values"), count, MAX_EXIT_CODES);
        }
    }
}

/// What is the same for every container.
pub(super) fn common(report: &mut Report, path: &str, container: &Container, beside: &Beside<'_>) {
    let at = |field: &str| format!("{path}.{field}");
    match container.name.as_str() {
        "" => report.required(&at("name"), ""),
        name => report.invalid_name(&at("name"), name, names::dns_label(name)),
    }
    if container.image.as_deref().unwrap_or("").is_empty() {
        report.required(&at("image"), "");
    }
    let message = container.termination_message_policy.as_deref();
    report.one_of(&at("terminationMessagePolicy"), message, MESSAGE_POLICIES);
    ports(report, &at("ports"), container.ports.as_deref().unwrap_or_default());
    env::check(report, &at("env"), container.env.as_deref().unwrap_or_default());
    env::check_from(report, &at("envFrom"), container.env_from.as_deref().unwrap_or_default());
    mount::check_mounts(report, &at("volumeMounts"), container, beside.volumes);
    mount::check_devices(report, &at("volumeDevices"), container, beside.volumes);
    let pull = container.image_pull_policy.as_deref();
    report.one_of(&at("imagePullPolicy"), pull, PULL_POLICIES);
    resources::check(report, &at("resources"), container.resources.as_ref(), beside.claims);
    resources::check_resizing(report, &at("resizePolicy"), container, beside.spec);
    let host_users = beside.spec.host_users != Some(false);
    security::check_container(report, &at("securityContext"), container, host_users);
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

fn lifecycle(report: &mut Report, path: &str, lifecycle: Option<&Lifecycle>, grace: Option<i64>) {
    let Some(lifecycle) = lifecycle else { return };
    for (name, handler) in [("postStart", &lifecycle.post_start), ("preStop", &lifecycle.pre_stop)]
    {
        let Some(handler) = handler else { continue };
        let mut found = probe::Handlers::of_hook(handler, grace);
        found.check(report, &format!("{path}.lifecycle.{name}"));
    }
}
