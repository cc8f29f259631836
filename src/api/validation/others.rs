//! Kinds with few rules of their own.

use k8s_openapi::api::core::v1::{
    Namespace, Node, PersistentVolumeClaim, PersistentVolumeClaimSpec,
};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::report::{Report, Shown};
use super::shape::Holds::{Any, Api, Pointer, Text};
use super::shape::{Own, SELECTOR, Shape};
use super::{labels, metadata, names, ports};
use crate::manifest::quantity;

const ACCESS_MODES: &[&str] =
    &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

const BUDGET: Shape = &[
    ("MinAvailable", "minAvailable", Any),
    ("Selector", "selector", Api(SELECTOR)),
    ("MaxUnavailable", "maxUnavailable", Any),
    ("UnhealthyPodEvictionPolicy", "unhealthyPodEvictionPolicy", Any),
];

const TAINT: Shape = &[
    ("Key", "key", Text),
    ("Value", "value", Text),
    ("Effect", "effect", Text),
    ("TimeAdded", "timeAdded", Any),
];

/// A new or changed PodDisruptionBudget. Of a new one the name is only looked at as a part of a
/// URL, and only where nothing else is wrong: its own validation leaves its metadata alone.
pub(super) fn check_budget(
    report: &mut Report,
    budget: &PodDisruptionBudget,
    old: Option<&PodDisruptionBudget>,
) {
    if let Some(old) = old {
        metadata::update(report, &budget.metadata, &old.metadata);
    }
    let spec = budget.spec.clone().unwrap_or_default();
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        let why = "minAvailable and maxUnavailable cannot be both set";
        report.invalid("spec", Own(Pointer(BUDGET), &spec), why);
    }
    for (name, amount) in
        [("minAvailable", &spec.min_available), ("maxUnavailable", &spec.max_unavailable)]
    {
        if let Some(amount) = amount {
            let here = format!("spec.{name}");
            ports::check_amount(report, &here, amount);
            ports::at_most_all(report, &here, amount);
        }
    }
    if let Some(selector) = &spec.selector {
        labels::check_selector(report, "spec.selector", selector);
    }
    let policy = spec.unhealthy_pod_eviction_policy.as_deref();
    let here = "spec.unhealthyPodEvictionPolicy";
    report.one_of_if_given(here, policy, &["AlwaysAllow", "IfHealthyBudget"]);
    if old.is_none() && report.is_empty() {
        metadata::create(report, &budget.metadata, true, names::path_segment);
    }
}

/// A new Namespace. Its finalizers are all told at one path.
pub(super) fn create_namespace(report: &mut Report, namespace: &Namespace) {
    metadata::create(report, &namespace.metadata, false, names::dns_label);
    let finalizers = namespace.spec.as_ref().and_then(|spec| spec.finalizers.as_ref());
    for finalizer in finalizers.into_iter().flatten() {
        let path = "spec.finalizers";
        report.invalid_for(path, finalizer, names::qualified_name(finalizer));
        metadata::standard_or_qualified(report, path, finalizer);
    }
}

/// A new or changed Node.
pub(super) fn check_node(report: &mut Report, node: &Node, old: Option<&Node>) {
    match old {
        None => metadata::create(report, &node.metadata, false, names::dns_subdomain),
        Some(old) => metadata::update(report, &node.metadata, &old.metadata),
    }
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
    let mut seen = std::collections::BTreeSet::new();
    for (index, taint) in taints.iter().enumerate() {
        // The server looks for taints in the metadata.
        let path = format!("metadata.taints[{index}]");
        report.invalid_for(&format!("{path}.key"), &taint.key, names::qualified_name(&taint.key));
        let value = taint.value.as_deref().unwrap_or("");
        let reasons = names::label_value(value);
        if !reasons.is_empty() {
            report.invalid(&format!("{path}.value"), value, &reasons.join(";"));
        }
        report.one_of(&format!("{path}.effect"), Some(&taint.effect), EFFECTS);
        if !seen.insert((&taint.key, &taint.effect)) {
            let why = "taints must be unique by key and effect pair";
            report.duplicate_because(&path, Own(Pointer(TAINT), taint), why);
        }
    }
}

/// A new or changed PersistentVolumeClaim.
pub(super) fn check_claim(
    report: &mut Report,
    claim: &PersistentVolumeClaim,
    old: Option<&PersistentVolumeClaim>,
) {
    match old {
        None => metadata::create(report, &claim.metadata, true, names::dns_subdomain),
        Some(old) => metadata::update(report, &claim.metadata, &old.metadata),
    }
    check_claim_spec(report, "spec", &claim.spec.clone().unwrap_or_default());
}

/// What a claim asks for.
pub(super) fn check_claim_spec(report: &mut Report, path: &str, spec: &PersistentVolumeClaimSpec) {
    let at_modes = format!("{path}.accessModes");
    let given = spec.access_modes.as_deref().unwrap_or_default();
    if given.is_empty() {
        report.required(&at_modes, "at least 1 access mode is required");
    }
    if let Some(selector) = &spec.selector {
        labels::check_selector(report, &format!("{path}.selector"), selector);
    }
    for mode in given {
        report.one_of_if_given(&at_modes, Some(mode), ACCESS_MODES);
    }
    let known = given.iter().filter(|mode| ACCESS_MODES.contains(&mode.as_str()));
    let (alone, shared): (Vec<_>, Vec<_>) = known.partition(|mode| *mode == "ReadWriteOncePod");
    if !alone.is_empty() && !shared.is_empty() {
        report.forbidden(&at_modes, "may not use ReadWriteOncePod with other access modes");
    }
    let requests = spec.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    let here = format!("{path}.resources[storage]");
    match requests.and_then(|requests| requests.get("storage")) {
        None => report.required(&here, ""),
        Some(amount) if quantity::parse(&amount.0).unwrap_or(0) <= 0 => {
            report.invalid(&here, amount.0.as_str(), "must be greater than zero");
        }
        Some(_) => {}
    }
    for (field, class) in [
        ("storageClassName", &spec.storage_class_name),
        ("volumeAttributesClassName", &spec.volume_attributes_class_name),
    ] {
        if let Some(class) = class.as_deref().filter(|class| !class.is_empty()) {
            let here = format!("{path}.{field}");
            report.invalid_name(&here, class, names::dns_subdomain(class));
        }
    }
    let mode = spec.volume_mode.as_deref();
    report.one_of_if_given(&format!("{path}.volumeMode"), mode, &["Block", "Filesystem"]);
}

impl Shown for &&str {
    fn shown(&self) -> String {
        (**self).shown()
    }
}
