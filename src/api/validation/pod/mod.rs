//! Pods, and the pods that templates describe: `PodSpec` in the server's order.

mod annotations;
mod change;
mod container;
pub(super) mod difference;
mod dns;
mod env;
mod ephemeral;
mod internal;
mod legacy_volume;
mod mount;
mod os;
mod probe;
mod projected;
pub(super) mod resources;
mod scheduling;
mod security;
mod volume;
mod windows;

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    Container, PersistentVolumeClaim, PersistentVolumeClaimVolumeSource, PodSpec, PodTemplateSpec,
    Volume,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::report::Report;
use super::shape::Own;
use super::{addresses, labels, metadata, names};
use crate::api::{Pod, SharedSpec};

pub(super) use change::update;
pub use env::POD_FIELDS;
pub(super) use ephemeral::check as check_ephemeral;
pub(super) use internal::{NODE_TERM, spec as internal_spec, template as internal_template};
pub(super) use mount::no_backsteps;
pub(super) use scheduling::check_node_selector;
pub(super) use volume::{check_source as check_volume_source, driver_name};

const RESTART_POLICIES: &[&str] = &["Always", "OnFailure", "Never"];

/// The longest host name that a pod may choose.
const MAX_HOSTNAME: usize = 64;

/// A new Pod.
pub(super) fn create(report: &mut Report, pod: &Pod) {
    check(report, pod, true);
    let spec = pod.spec.as_ref().map(SharedSpec::full).unwrap_or_default();
    if spec.ephemeral_containers.iter().flatten().count() > 0 {
        report.forbidden("spec.ephemeralContainers", "cannot be set on create");
    }
    let gated = spec.scheduling_gates.iter().flatten().count() > 0;
    if gated && spec.node_name.as_deref().is_some_and(|name| !name.is_empty()) {
        let why = "cannot be set until all schedulingGates have been cleared";
        report.forbidden("spec.nodeName", why);
    }
    annotations::agree_with_fields(report, "spec", &pod.metadata, &spec);
}

/// What holds of every Pod, new or changed.
fn check(report: &mut Report, pod: &Pod, new: bool) {
    if new {
        metadata::create(report, &pod.metadata, true, names::dns_subdomain);
    }
    let spec = pod.spec.as_ref().map(SharedSpec::full).unwrap_or_default();
    annotations::check(report, "metadata.annotations", &pod.metadata, &spec);
    check_spec(report, "spec", &spec, Some(&pod.metadata));
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
    let none = ObjectMeta::default();
    let meta = template.metadata.as_ref().unwrap_or(&none);
    let spec = template.spec.clone().unwrap_or_default();
    labels::check(report, &format!("{path}.labels"), meta.labels.as_ref());
    let here = format!("{path}.annotations");
    metadata::annotations(report, &here, meta);
    annotations::check(report, &here, meta, &spec);
    let here = format!("{path}.spec");
    check_spec(report, &here, &spec, None);
    annotations::agree_with_fields(report, &here, meta, &spec);
    if spec.ephemeral_containers.iter().flatten().count() > 0 {
        let why = "ephemeral containers not allowed in pod template";
        report.forbidden(&format!("{here}.ephemeralContainers"), why);
    }
}

/// A template whose pods also mount the claims that are made for them.
pub(super) fn check_template_with_claims(
    report: &mut Report,
    path: &str,
    template: &PodTemplateSpec,
    claims: &[PersistentVolumeClaim],
) {
    let mut template = template.clone();
    let spec = template.spec.get_or_insert_default();
    let named = |claim: &PersistentVolumeClaim| claim.metadata.name.clone().unwrap_or_default();
    let first = |(at, claim): &(usize, &PersistentVolumeClaim)| {
        !claims[..*at].iter().any(|other| named(other) == named(claim))
    };
    let mut volumes: Vec<Volume> = claims
        .iter()
        .enumerate()
        .filter(first)
        .map(|(_, claim)| Volume {
            name: named(claim),
            persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
                claim_name: named(claim),
                read_only: None,
            }),
            ..Volume::default()
        })
        .collect();
    // A claim stands in for a volume of the same name.
    let own = spec.volumes.take().unwrap_or_default();
    volumes
        .extend(own.into_iter().filter(|volume| !claims.iter().any(|c| named(c) == volume.name)));
    spec.volumes = Some(volumes);
    check_template(report, path, &template);
}

fn check_spec(report: &mut Report, path: &str, spec: &PodSpec, pod: Option<&ObjectMeta>) {
    let at = |field: &str| format!("{path}.{field}");
    let volumes = volume::check(report, &at("volumes"), spec.volumes.as_deref(), pod);
    let claims = device_claims(report, &at("resourceClaims"), spec);
    container::check_all(report, path, spec, &volumes, &claims);
    resources::check_pod(report, &at("resources"), spec, &claims);
    host_network(report, path, spec, pod.is_some());
    let policy = spec.restart_policy.as_deref();
    report.one_of(&at("restartPolicy"), policy, RESTART_POLICIES);
    dns::check_policy(report, &at("dnsPolicy"), spec);
    labels::check(report, &at("nodeSelector"), spec.node_selector.as_ref());
    security::check_pod(report, &at("securityContext"), spec);
    scheduling::check_affinity(report, &at("affinity"), spec.affinity.as_ref());
    dns::check_config(report, &at("dnsConfig"), spec);
    for (index, gate) in spec.readiness_gates.iter().flatten().enumerate() {
        let here = at(&format!("readinessGates[{index}].conditionType"));
        let name = &gate.condition_type;
        report.invalid_for(&here, name, names::qualified_name(name));
    }
    scheduling_gates(report, &at("schedulingGates"), spec);
    scheduling::check_spread(report, &at("topologySpreadConstraints"), spec);
    windows::check_host_process(report, path, spec);
    host_users(report, path, spec);
    hostname_override(report, path, spec);
    identity(report, path, spec);
    scheduling::check_tolerations(report, &at("tolerations"), spec.tolerations.as_deref());
    host_aliases(report, &at("hostAliases"), spec);
    classes(report, path, spec);
    os::check(report, path, spec);
    env::check_file_volumes(report, path, spec);
}

/// Conditions that hold a pod back from being scheduled.
fn scheduling_gates(report: &mut Report, path: &str, spec: &PodSpec) {
    let mut seen = BTreeSet::new();
    for (index, gate) in spec.scheduling_gates.iter().flatten().enumerate() {
        let here = format!("{path}[{index}]");
        report.invalid_for(&here, &gate.name, names::qualified_name(&gate.name));
        if !seen.insert(gate.name.as_str()) {
            report.duplicate(&here, gate.name.as_str());
        }
    }
}

/// The devices that a pod claims; returns their names.
fn device_claims(report: &mut Report, path: &str, spec: &PodSpec) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for (index, claim) in spec.resource_claims.iter().flatten().enumerate() {
        let here = format!("{path}[{index}]");
        let at_name = format!("{here}.name");
        match claim.name.as_str() {
            "" => report.required(&at_name, ""),
            name if seen.contains(name) => report.duplicate(&at_name, name),
            name => report.invalid_name(&at_name, name, names::dns_label(name)),
        }
        let given = (&claim.resource_claim_name, &claim.resource_claim_template_name);
        let shown = || Own(internal::CLAIM, claim);
        match given {
            (Some(_), Some(_)) => {
                let why = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may \
                           be specified";
                report.invalid(&here, shown(), why);
            }
            (None, None) => {
                let why = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
                report.invalid(&here, shown(), why);
            }
            _ => {}
        }
        for (field, name) in
            [("resourceClaimName", given.0), ("resourceClaimTemplateName", given.1)]
        {
            if let Some(name) = name {
                report.invalid_name(&format!("{here}.{field}"), name, names::dns_subdomain(name));
            }
        }
        if !claim.name.is_empty() {
            seen.insert(claim.name.clone());
        }
    }
    seen
}

/// A user namespace of the pod's own excludes the node's other namespaces.
fn host_users(report: &mut Report, path: &str, spec: &PodSpec) {
    if spec.host_users != Some(false) {
        return;
    }
    // The paths' capitals are the server's own.
    let shared = [
        ("hostNetwork", spec.host_network),
        ("HostPID", spec.host_pid),
        ("HostIPC", spec.host_ipc),
    ];
    for (field, _) in shared.into_iter().filter(|(_, given)| *given == Some(true)) {
        report.forbidden(&format!("{path}.{field}"), "when `hostUsers` is false");
    }
    for (here, container) in with_paths(path, spec) {
        if container.volume_devices.iter().flatten().count() > 0 {
            report.forbidden(&format!("{here}.volumeDevices"), "when `hostUsers` is false");
        }
    }
}

/// A name of the host's that replaces the one made of the pod's (KEP-4762).
fn hostname_override(report: &mut Report, path: &str, spec: &PodSpec) {
    let Some(name) = spec.hostname_override.as_deref() else { return };
    let here = format!("{path}.hostnameOverride");
    if spec.set_hostname_as_fqdn == Some(true) {
        report.forbidden(&here, "may not be specified when setHostnameAsFQDN is true");
    }
    if spec.host_network == Some(true) {
        report.forbidden(&here, "may not be specified when hostNetwork is true");
    }
    if name.len() > MAX_HOSTNAME {
        report.too_long(&here, MAX_HOSTNAME);
    }
    report.invalid_name(&here, name, names::dns_subdomain(name));
}

/// Names and times that a pod is known by.
fn identity(report: &mut Report, path: &str, spec: &PodSpec) {
    let named =
        |report: &mut Report, field: &str, value: &Option<String>, rule: metadata::NameRule| {
            if let Some(name) = value.as_deref().filter(|name| !name.is_empty()) {
                report.invalid_for(&format!("{path}.{field}"), name, rule(name));
            }
        };
    named(report, "serviceAccountName", &spec.service_account_name, names::dns_subdomain);
    named(report, "nodeName", &spec.node_name, names::dns_subdomain);
    if let Some(seconds) = spec.active_deadline_seconds
        && !(1..=i64::from(i32::MAX)).contains(&seconds)
    {
        let why = format!("must be between 1 and {}, inclusive", i32::MAX);
        report.invalid(&format!("{path}.activeDeadlineSeconds"), seconds, &why);
    }
    named(report, "hostname", &spec.hostname, names::dns_label);
    named(report, "subdomain", &spec.subdomain, names::dns_label);
}

/// Classes of priority and runtime, and what belongs to them.
fn classes(report: &mut Report, path: &str, spec: &PodSpec) {
    if let Some(class) = spec.priority_class_name.as_deref().filter(|name| !name.is_empty()) {
        let here = format!("{path}.priorityClassName");
        report.invalid_name(&here, class, names::dns_subdomain(class));
    }
    if let Some(class) = &spec.runtime_class_name {
        let here = format!("{path}.runtimeClassName");
        report.invalid_name(&here, class, names::dns_subdomain(class));
    }
    if let Some(policy) = spec.preemption_policy.as_deref() {
        let here = format!("{path}.preemptionPolicy");
        report.one_of(&here, Some(policy), &["PreemptLowerPriority", "Never"]);
    }
    resources::check_overhead(report, &format!("{path}.overhead"), spec.overhead.as_ref());
}

/// On the node's own network a container's port is the node's port. A template may leave the
/// node's port open, since its pods get it by themselves.
fn host_network(report: &mut Report, path: &str, spec: &PodSpec, is_pod: bool) {
    if spec.host_network != Some(true) {
        return;
    }
    for (index, container) in spec.containers.iter().enumerate() {
        for (number, port) in container.ports.iter().flatten().enumerate() {
            let host = port.host_port.unwrap_or(0);
            if (is_pod || host != 0) && host != port.container_port {
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
        for (number, name) in alias.hostnames.iter().flatten().enumerate() {
            let here = format!("{here}.hostnames[{number}]");
            report.invalid_name(&here, name, names::dns_subdomain(name));
        }
    }
}

/// All containers of a pod with their paths, the way that the server visits them.
fn with_paths<'a>(
    path: &'a str,
    spec: &'a PodSpec,
) -> impl Iterator<Item = (String, &'a Container)> + 'a {
    let named = move |list: &'static str, containers: &'a [Container]| {
        let numbered = containers.iter().enumerate();
        numbered.map(move |(index, container)| (format!("{path}.{list}[{index}]"), container))
    };
    let init = spec.init_containers.as_deref().unwrap_or_default();
    named("initContainers", init).chain(named("containers", &spec.containers))
}

/// A file's permissions, where they are given.
fn file_mode(report: &mut Report, path: &str, mode: Option<i32>) {
    if let Some(mode) = mode.filter(|mode| !(0..=0o777).contains(mode)) {
        let why = "must be a number between 0 and 0777 (octal), both inclusive";
        report.invalid(path, mode, why);
    }
}
