//! Labels, and the selectors over them.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

use super::names;
use super::report::Report;

/// A map of labels.
pub(super) fn check(report: &mut Report, path: &str, labels: Option<&BTreeMap<String, String>>) {
    for (key, value) in labels.into_iter().flatten() {
        report.invalid_for(path, key, names::qualified_name(key));
        report.invalid_for(path, value, names::label_value(value));
    }
}

/// A selector; returns whether it can be used for matching at all.
pub(super) fn check_selector(report: &mut Report, path: &str, selector: &LabelSelector) -> bool {
    let before = report.len();
    check(report, &format!("{path}.matchLabels"), selector.match_labels.as_ref());
    for (index, requirement) in selector.match_expressions.iter().flatten().enumerate() {
        check_requirement(report, &format!("{path}.matchExpressions[{index}]"), requirement);
    }
    report.len() == before
}

fn check_requirement(report: &mut Report, path: &str, requirement: &LabelSelectorRequirement) {
    let values = requirement.values.as_deref().unwrap_or_default();
    match requirement.operator.as_str() {
        "In" | "NotIn" if values.is_empty() => {
            let why = "must be specified when `operator` is 'In' or 'NotIn'";
            report.required(&format!("{path}.values"), why);
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            report.forbidden(&format!("{path}.values"), why);
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => {
            report.invalid(&format!("{path}.operator"), other, "not a valid selector operator");
        }
    }
    let key = &requirement.key;
    report.invalid_for(&format!("{path}.key"), key, names::qualified_name(key));
    for (index, value) in values.iter().enumerate() {
        let reasons = names::label_value(value);
        report.invalid_for(&format!("{path}.values[{index}]"), value, reasons);
    }
}

/// Whether a selector selects by nothing, and so selects everything.
pub(super) fn is_empty(selector: &LabelSelector) -> bool {
    selector.match_labels.as_ref().is_none_or(BTreeMap::is_empty)
        && selector.match_expressions.as_ref().is_none_or(Vec::is_empty)
}
