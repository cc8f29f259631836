//! PriorityClasses (`pkg/apis/scheduling/validation`).

use k8s_openapi::api::scheduling::v1::PriorityClass;

use super::report::Report;
use super::{metadata, names};
use crate::api::priority::SYSTEM_CLASSES;

/// The highest priority that a class of one's own may give.
const HIGHEST: i32 = 1_000_000_000;

/// A new or changed PriorityClass.
pub(super) fn check(report: &mut Report, class: &PriorityClass, old: Option<&PriorityClass>) {
    let Some(old) = old else {
        metadata::create(report, &class.metadata, false, names::dns_subdomain);
        check_value(report, class);
        let policy = class.preemption_policy.as_deref();
        return report.one_of("preemptionPolicy", policy, &["PreemptLowerPriority", "Never"]);
    };
    metadata::update(report, &class.metadata, &old.metadata);
    if class.value != old.value {
        report.forbidden("value", "may not be changed in an update.");
    }
    report.unchanged("preemptionPolicy", &class.preemption_policy, &old.preemption_policy);
}

/// Names that begin with `system-` belong to the cluster's own classes.
fn check_value(report: &mut Report, class: &PriorityClass) {
    let name = class.metadata.name.as_deref().unwrap_or_default();
    if !name.starts_with("system-") {
        if class.value > Some(HIGHEST) {
            let why = format!("maximum allowed value of a user defined priority is {HIGHEST}");
            report.forbidden("value", &why);
        }
        return;
    }
    let known = SYSTEM_CLASSES.iter().find(|(known, _, _)| *known == name);
    let fault = match known {
        None => format!("{name} is not a known system priority class"),
        Some((_, value, _)) if Some(*value) != class.value => {
            format!("value of {name} PriorityClass must be {value}")
        }
        Some(_) if class.global_default == Some(true) => {
            format!("globalDefault of {name} PriorityClass must be false")
        }
        Some(_) => return,
    };
    let why = format!(
        "priority class names with 'system-' prefix are reserved for system use only. error: {fault}"
    );
    report.forbidden("metadata.name", &why);
}
