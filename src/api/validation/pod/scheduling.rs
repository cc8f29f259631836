//! Where pods may run: tolerations, affinity, spreading.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    Affinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodAffinityTerm, PodSpec,
    Toleration, TopologySpreadConstraint,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::super::report::Report;
use super::super::{labels, names};

const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];
const UNSATISFIABLE: &[&str] = &["DoNotSchedule", "ScheduleAnyway"];

/// Tolerations.
pub(super) fn check_tolerations(report: &mut Report, path: &str, all: Option<&[Toleration]>) {
    for (index, toleration) in all.into_iter().flatten().enumerate() {
        check_toleration(report, &format!("{path}[{index}]"), toleration);
    }
}

fn check_toleration(report: &mut Report, path: &str, toleration: &Toleration) {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let (key, operator) = (text(&toleration.key), text(&toleration.operator));
    let (value, effect) = (text(&toleration.value), text(&toleration.effect));
    if !key.is_empty() {
        report.invalid_for(&format!("{path}.key"), &key, names::qualified_name(&key));
    }
    let at_operator = format!("{path}.operator");
    if key.is_empty() && operator != "Exists" {
        let why = "operator must be Exists when `key` is empty, which means \"match all values \
                   and all keys\"";
        report.invalid(&at_operator, operator.as_str(), why);
    }
    if toleration.toleration_seconds.is_some() && effect != "NoExecute" {
        let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        report.invalid(&format!("{path}.effect"), effect.as_str(), why);
    }
    match operator.as_str() {
        "" | "Equal" => {
            let reasons = names::label_value(&value);
            if !reasons.is_empty() {
                report.invalid(&at_operator, value.as_str(), &reasons.join(";"));
            }
        }
        "Exists" => {
            if !value.is_empty() {
                let why = "value must be empty when `operator` is 'Exists'";
                report.invalid(&at_operator, value.as_str(), why);
            }
        }
        // Known, but not switched on in 1.36 (KEP-5471).
        other @ ("Lt" | "Gt") => {
            report.unsupported(&at_operator, other, &["Equal", "Exists", "Lt", "Gt"]);
        }
        other => report.unsupported(&at_operator, other, &["Equal", "Exists"]),
    }
    if !effect.is_empty() && !EFFECTS.contains(&effect.as_str()) {
        report.unsupported(&format!("{path}.effect"), effect.as_str(), EFFECTS);
    }
}

/// Affinity to nodes and pods.
pub(super) fn check_affinity(report: &mut Report, path: &str, affinity: Option<&Affinity>) {
    let Some(affinity) = affinity else { return };
    if let Some(node) = &affinity.node_affinity {
        let here = format!("{path}.nodeAffinity");
        if let Some(required) = &node.required_during_scheduling_ignored_during_execution {
            let here = format!("{here}.requiredDuringSchedulingIgnoredDuringExecution");
            check_node_selector(report, &here, required);
        }
        let preferred = node.preferred_during_scheduling_ignored_during_execution.as_deref();
        for (index, term) in preferred.into_iter().flatten().enumerate() {
            let here = format!("{here}.preferredDuringSchedulingIgnoredDuringExecution[{index}]");
            check_weight(report, &here, term.weight);
            check_term(report, &format!("{here}.preference"), &term.preference, false);
        }
    }
    check_pod_affinity(report, path, affinity);
}

/// Which nodes will do.
pub(in super::super) fn check_node_selector(
    report: &mut Report,
    path: &str,
    selector: &NodeSelector,
) {
    let terms = format!("{path}.nodeSelectorTerms");
    if selector.node_selector_terms.is_empty() {
        report.required(&terms, "must have at least one node selector term");
    }
    for (index, term) in selector.node_selector_terms.iter().enumerate() {
        check_term(report, &format!("{terms}[{index}]"), term, true);
    }
}

fn check_pod_affinity(report: &mut Report, path: &str, affinity: &Affinity) {
    let near = affinity.pod_affinity.as_ref().map(|pods| {
        (
            "podAffinity",
            pods.required_during_scheduling_ignored_during_execution.as_deref(),
            pods.preferred_during_scheduling_ignored_during_execution.as_deref(),
        )
    });
    let far = affinity.pod_anti_affinity.as_ref().map(|pods| {
        (
            "podAntiAffinity",
            pods.required_during_scheduling_ignored_during_execution.as_deref(),
            pods.preferred_during_scheduling_ignored_during_execution.as_deref(),
        )
    });
    for (name, required, preferred) in near.into_iter().chain(far) {
        for (index, term) in required.into_iter().flatten().enumerate() {
            let here =
                format!("{path}.{name}.requiredDuringSchedulingIgnoredDuringExecution[{index}]");
            check_pod_term(report, &here, term);
        }
        for (index, term) in preferred.into_iter().flatten().enumerate() {
            let here =
                format!("{path}.{name}.preferredDuringSchedulingIgnoredDuringExecution[{index}]");
            check_weight(report, &here, term.weight);
            check_pod_term(report, &format!("{here}.podAffinityTerm"), &term.pod_affinity_term);
        }
    }
}

fn check_weight(report: &mut Report, path: &str, weight: i32) {
    if !(1..=100).contains(&weight) {
        report.invalid(&format!("{path}.weight"), weight, "must be in the range 1-100");
    }
}

fn check_pod_term(report: &mut Report, path: &str, term: &PodAffinityTerm) {
    for (field, selector) in
        [("labelSelector", &term.label_selector), ("namespaceSelector", &term.namespace_selector)]
    {
        if let Some(selector) = selector {
            labels::check_selector(report, &format!("{path}.{field}"), selector);
        }
    }
    for name in term.namespaces.iter().flatten() {
        report.invalid_name(&format!("{path}.namespace"), name, names::dns_label(name));
    }
    let keys = (term.match_label_keys.as_deref(), term.mismatch_label_keys.as_deref());
    label_keys(report, path, keys, term.label_selector.as_ref());
    let here = format!("{path}.topologyKey");
    let key = term.topology_key.as_str();
    if key.is_empty() {
        report.required(&here, "can not be empty");
    }
    report.invalid_for(&here, key, names::qualified_name(key));
}

/// Labels whose values are to be those of the pod itself, or anything else. Of a pod they are in the
/// selector by now (`strategy::merge_label_keys`), so whoever selected by them already did so twice.
fn label_keys(
    report: &mut Report,
    path: &str,
    (same, other): (Option<&[String]>, Option<&[String]>),
    selector: Option<&LabelSelector>,
) {
    let (same, other) = (same.unwrap_or_default(), other.unwrap_or_default());
    for (field, keys) in [("matchLabelKeys", same), ("mismatchLabelKeys", other)] {
        let here = format!("{path}.{field}");
        if !keys.is_empty() && selector.is_none() {
            report.forbidden(&here, "must not be specified when labelSelector is not set");
            continue;
        }
        for (index, key) in keys.iter().enumerate() {
            report.invalid_for(&format!("{here}[{index}]"), key, names::qualified_name(key));
        }
    }
    if let Some(selector) = selector {
        let mut selected: BTreeSet<&String> =
            selector.match_labels.iter().flatten().map(|(key, _)| key).collect();
        for expression in selector.match_expressions.iter().flatten() {
            let key = &expression.key;
            let at = same.iter().rposition(|other| other == key);
            if let (Some(at), false) = (at, selected.insert(key)) {
                let why = "exists in both matchLabelKeys and labelSelector";
                report.invalid(&format!("{path}[{at}]"), key.as_str(), why);
            }
        }
    }
    for (index, key) in same.iter().enumerate().filter(|(_, key)| other.contains(key)) {
        let here = format!("{path}.matchLabelKeys[{index}]");
        let why = "exists in both matchLabelKeys and mismatchLabelKeys";
        report.invalid(&here, key.as_str(), why);
    }
}

/// One of the conditions on a node, of which any is enough. Values must be possible ones only
/// where the condition must hold.
fn check_term(report: &mut Report, path: &str, term: &NodeSelectorTerm, must_hold: bool) {
    for (index, requirement) in term.match_expressions.iter().flatten().enumerate() {
        let here = format!("{path}.matchExpressions[{index}]");
        check_requirement(report, &here, requirement, must_hold);
    }
    for (index, requirement) in term.match_fields.iter().flatten().enumerate() {
        check_field(report, &format!("{path}.matchFields[{index}]"), requirement);
    }
}

fn check_requirement(
    report: &mut Report,
    path: &str,
    requirement: &NodeSelectorRequirement,
    must_hold: bool,
) {
    let values = requirement.values.as_deref().unwrap_or_default();
    let here = format!("{path}.values");
    match requirement.operator.as_str() {
        "In" | "NotIn" => {
            if values.is_empty() {
                report.required(&here, "must be specified when `operator` is 'In' or 'NotIn'");
            }
        }
        "Exists" | "DoesNotExist" => {
            if !values.is_empty() {
                let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                report.forbidden(&here, why);
            }
        }
        "Gt" | "Lt" => {
            if values.len() != 1 {
                let why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
                report.required(&here, why);
            }
        }
        other => {
            report.invalid(&format!("{path}.operator"), other, "not a valid selector operator");
        }
    }
    let key = &requirement.key;
    report.invalid_for(&format!("{path}.key"), key, names::qualified_name(key));
    for (index, value) in values.iter().enumerate().filter(|_| must_hold) {
        let reasons = names::label_value(value);
        report.invalid_for(&format!("{path}.values[{index}]"), value, reasons);
    }
}

/// A condition on a node's own fields: on its name.
fn check_field(report: &mut Report, path: &str, requirement: &NodeSelectorRequirement) {
    let values = requirement.values.as_deref().unwrap_or_default();
    match requirement.operator.as_str() {
        "In" | "NotIn" => {
            if values.len() != 1 {
                let why = "must be only one value when `operator` is 'In' or 'NotIn' for node \
                           field selector";
                report.required(&format!("{path}.values"), why);
            }
        }
        other => {
            report.invalid(&format!("{path}.operator"), other, "not a valid selector operator");
        }
    }
    if requirement.key != "metadata.name" {
        let here = format!("{path}.key");
        report.invalid(&here, requirement.key.as_str(), "not a valid field selector key");
        return;
    }
    for (index, value) in values.iter().enumerate() {
        report.invalid_name(&format!("{path}.values[{index}]"), value, names::dns_subdomain(value));
    }
}

/// How pods spread.
pub(super) fn check_spread(report: &mut Report, path: &str, spec: &PodSpec) {
    let all = spec.topology_spread_constraints.as_deref().unwrap_or_default();
    for (index, constraint) in all.iter().enumerate() {
        let here = format!("{path}[{index}]");
        if constraint.max_skew <= 0 {
            let why = "must be greater than zero";
            report.invalid(&format!("{here}.maxSkew"), constraint.max_skew, why);
        }
        if constraint.topology_key.is_empty() {
            report.required(&format!("{here}.topologyKey"), "can not be empty");
        }
        let action = constraint.when_unsatisfiable.as_str();
        let at_action = format!("{here}.whenUnsatisfiable");
        report.one_of_if_given(&at_action, Some(action), UNSATISFIABLE);
        let kind = |other: &TopologySpreadConstraint| {
            (other.topology_key.clone(), other.when_unsatisfiable.clone())
        };
        if all[index + 1..].iter().any(|other| kind(other) == kind(constraint)) {
            let shown = format!("{{{}, {action}}}", constraint.topology_key);
            let here = format!("{here}.{{topologyKey, whenUnsatisfiable}}");
            report.duplicate(&here, shown.as_str());
        }
        check_domains(report, &here, constraint);
        if let Some(selector) = &constraint.label_selector {
            labels::check_selector(report, &format!("{here}.labelSelector"), selector);
        }
    }
}

/// Which nodes and pods count.
fn check_domains(report: &mut Report, path: &str, constraint: &TopologySpreadConstraint) {
    if let Some(least) = constraint.min_domains {
        let here = format!("{path}.minDomains");
        if least <= 0 {
            report.invalid(&here, least, "must be greater than zero");
        }
        if constraint.when_unsatisfiable != "DoNotSchedule" {
            let why = format!(
                "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}",
                constraint.when_unsatisfiable
            );
            report.invalid(&here, least, &why);
        }
    }
    for (field, policy) in [
        ("nodeAffinityPolicy", &constraint.node_affinity_policy),
        ("nodeTaintsPolicy", &constraint.node_taints_policy),
    ] {
        report.one_of_if_given(&format!("{path}.{field}"), policy.as_deref(), &["Honor", "Ignore"]);
    }
    let keys = (constraint.match_label_keys.as_deref(), None);
    label_keys(report, path, keys, constraint.label_selector.as_ref());
}
