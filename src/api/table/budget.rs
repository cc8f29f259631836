//! PodDisruptionBudgets.

use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::format::{age, name};
use super::{Columns, narrow};
use crate::clock::SimTime;

pub(super) const POD_DISRUPTION_BUDGET: Columns = &[
    narrow("NAME"),
    narrow("MIN AVAILABLE"),
    narrow("MAX UNAVAILABLE"),
    narrow("ALLOWED DISRUPTIONS"),
    narrow("AGE"),
];

pub(super) fn pod_disruption_budget(budget: &PodDisruptionBudget, now: SimTime) -> Vec<String> {
    let spec = budget.spec.clone().unwrap_or_default();
    let allowed = budget.status.as_ref().and_then(|status| status.disruptions_allowed).unwrap_or(0);
    vec![
        name(&budget.metadata),
        amount(spec.min_available.as_ref()),
        amount(spec.max_unavailable.as_ref()),
        allowed.to_string(),
        age(&budget.metadata, now),
    ]
}

/// A number of pods or a share of them; `N/A` when it is not set.
fn amount(value: Option<&IntOrString>) -> String {
    match value {
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::String(share)) => share.clone(),
        None => "N/A".to_owned(),
    }
}
