//! PriorityClasses.

use k8s_openapi::api::scheduling::v1::PriorityClass;

use super::format::{age, name};
use super::{Columns, narrow};
use crate::clock::SimTime;

pub(super) const PRIORITY_CLASS: Columns = &[
    narrow("NAME"),
    narrow("VALUE"),
    narrow("GLOBAL-DEFAULT"),
    narrow("AGE"),
    narrow("PREEMPTIONPOLICY"),
];

pub(super) fn priority_class(class: &PriorityClass, now: SimTime) -> Vec<String> {
    vec![
        name(&class.metadata),
        class.value.unwrap_or(0).to_string(),
        class.global_default.unwrap_or(false).to_string(),
        age(&class.metadata, now),
        class.preemption_policy.clone().unwrap_or_default(),
    ]
}
