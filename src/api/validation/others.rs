//! Kinds with few rules of their own.

use k8s_openapi::api::core::v1::{Node, PersistentVolumeClaim};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::report::{Json, Report, Shown};
use super::{labels, metadata, names, ports};

/// A new or changed PodDisruptionBudget.
pub(super) fn check_budget(
    report: &mut Report,
    budget: &PodDisruptionBudget,
    old: Option<&PodDisruptionBudget>,
) {
    match old {
        None => metadata::create(report, &budget.metadata, true, names::dns_subdomain),
        Some(old) => metadata::update(report, &budget.metadata, &old.metadata),
    }
    let spec = budget.spec.clone().unwrap_or_default();
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        let why = "minAvailable and maxUnavailable cannot be both set";
        report.invalid("spec", Json(&spec), why);
    }
    for (name, amount) in
        [("minAvailable", &spec.min_available), ("maxUnavailable", &spec.max_unavailable)]
    {
        if let Some(amount) = amount {
            ports::check_amount(report, &format!("spec.{name}"), amount);
        }
    }
    if let Some(selector) = &spec.selector {
        labels::check_selector(report, "spec.selector", selector);
    }
}

/// A new or changed Node.
pub(super) fn check_node(report: &mut Report, node: &Node, old: Option<&Node>) {
    match old {
        None => metadata::create(report, &node.metadata, false, names::dns_subdomain),
        Some(old) => metadata::update(report, &node.metadata, &old.metadata),
    }
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
    let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    let mut seen = std::collections::BTreeSet::new();
    for (index, taint) in taints.iter().enumerate() {
        let path = format!("spec.taints[{index}]");
        report.invalid_for(&format!("{path}.key"), &taint.key, names::qualified_name(&taint.key));
        let value = taint.value.as_deref().unwrap_or("");
        report.invalid_for(&format!("{path}.value"), value, names::label_value(value));
        report.one_of(&format!("{path}.effect"), Some(&taint.effect), &effects);
        if !seen.insert((&taint.key, &taint.effect)) {
            report.duplicate(&path, Json(taint));
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
    let spec = claim.spec.clone().unwrap_or_default();
    let modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    let given = spec.access_modes.as_deref().unwrap_or_default();
    if given.is_empty() {
        report.required("spec.accessModes", "at least 1 access mode is required");
    }
    for mode in given.iter().filter(|mode| !modes.contains(&mode.as_str())) {
        report.unsupported("spec.accessModes", mode.as_str(), &modes);
    }
    let requests = spec.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    if !requests.is_some_and(|requests| requests.contains_key("storage")) {
        report.required("spec.resources[storage]", "");
    }
}

impl Shown for &&str {
    fn shown(&self) -> String {
        (**self).shown()
    }
}
