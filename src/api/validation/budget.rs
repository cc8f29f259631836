//! PodDisruptionBudgets.

use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::report::Report;
use super::shape::Holds::{Any, Api, Pointer};
use super::shape::{Own, SELECTOR, Shape};
use super::{labels, metadata, names, ports};

const BUDGET: Shape = &[
    ("MinAvailable", "minAvailable", Any),
    ("Selector", "selector", Api(SELECTOR)),
    ("MaxUnavailable", "maxUnavailable", Any),
    ("UnhealthyPodEvictionPolicy", "unhealthyPodEvictionPolicy", Any),
];

/// A new or changed PodDisruptionBudget. Of a new one the name is only looked at as a part of a
/// URL, and only where nothing else is wrong: its own validation leaves its metadata alone.
pub(super) fn check_budget(
    report: &mut Report,
    budget: &PodDisruptionBudget,
    old: Option<&PodDisruptionBudget>,
) {
    if let Some(old) = old {
        metadata::update_any(report, &budget.metadata, &old.metadata);
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
        metadata::create_any(report, &budget.metadata, true, names::path_segment);
    }
}
