//! Kinds with few rules of their own.

use k8s_openapi::api::core::v1::{Namespace, Node};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::report::{Report, Shown};
use super::shape::Holds::{Any, Api, Pointer, Text};
use super::shape::{Own, SELECTOR, Shape};
use super::{labels, metadata, names, ports};

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

/// What a Node has once, it keeps: the ranges of its pods and its name with the provider.
fn keep_node(report: &mut Report, new: &Node, old: &Node) {
    let (new, old) = (new.spec.clone().unwrap_or_default(), old.spec.clone().unwrap_or_default());
    let had_ranges = old.pod_cidrs.as_ref().is_some_and(|ranges| !ranges.is_empty());
    if had_ranges && new.pod_cidrs != old.pod_cidrs {
        let why = "node updates may not change podCIDR except from \"\" to valid";
        report.forbidden("spec.podCIDRs", why);
    }
    let named = old.provider_id.as_deref().is_some_and(|name| !name.is_empty());
    if named && new.provider_id != old.provider_id {
        let why = "node updates may not change providerID except from \"\" to valid";
        report.forbidden("spec.providerID", why);
    }
}

/// A new or changed Node.
pub(super) fn check_node(report: &mut Report, node: &Node, old: Option<&Node>) {
    match old {
        None => metadata::create(report, &node.metadata, false, names::dns_subdomain),
        Some(old) => {
            metadata::update(report, &node.metadata, &old.metadata);
            keep_node(report, node, old);
        }
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

impl Shown for &&str {
    fn shown(&self) -> String {
        (**self).shown()
    }
}
