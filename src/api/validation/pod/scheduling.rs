//! Where pods may run: tolerations, affinity, spreading.

use k8s_openapi::api::core::v1::{
    Affinity, NodeSelectorRequirement, NodeSelectorTerm, PodAffinityTerm, PodSpec, Toleration,
};

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
        "" | "Equal" => report.invalid_for(&at_operator, &value, names::label_value(&value)),
        "Exists" => {
            if !value.is_empty() {
                let why = "value must be empty when `operator` is 'Exists'";
                report.invalid(&at_operator, value.as_str(), why);
            }
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
            let terms =
                format!("{here}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
            if required.node_selector_terms.is_empty() {
                report.required(&terms, "must have at least one node selector term");
            }
            for (index, term) in required.node_selector_terms.iter().enumerate() {
                check_term(report, &format!("{terms}[{index}]"), term);
            }
        }
        let preferred = node.preferred_during_scheduling_ignored_during_execution.as_deref();
        for (index, term) in preferred.into_iter().flatten().enumerate() {
            let here = format!("{here}.preferredDuringSchedulingIgnoredDuringExecution[{index}]");
            check_weight(report, &here, term.weight);
            check_term(report, &format!("{here}.preference"), &term.preference);
        }
    }
    check_pod_affinity(report, path, affinity);
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
    if let Some(selector) = &term.label_selector {
        labels::check_selector(report, &format!("{path}.labelSelector"), selector);
    }
    let here = format!("{path}.topologyKey");
    match term.topology_key.as_str() {
        "" => report.required(&here, "can not be empty"),
        key => report.invalid_for(&here, key, names::qualified_name(key)),
    }
}

fn check_term(report: &mut Report, path: &str, term: &NodeSelectorTerm) {
    for (index, requirement) in term.match_expressions.iter().flatten().enumerate() {
        check_requirement(report, &format!("{path}.matchExpressions[{index}]"), requirement);
    }
}

fn check_requirement(report: &mut Report, path: &str, requirement: &NodeSelectorRequirement) {
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
                report.required(
                    &here,
                    "must be specified single value when `operator` is 'Lt' or 'Gt'",
                );
            }
        }
        other => {
            report.invalid(&format!("{path}.operator"), other, "not a valid selector operator");
        }
    }
    let key = &requirement.key;
    report.invalid_for(&format!("{path}.key"), key, names::qualified_name(key));
}

/// How pods spread.
pub(super) fn check_spread(report: &mut Report, path: &str, spec: &PodSpec) {
    for (index, constraint) in spec.topology_spread_constraints.iter().flatten().enumerate() {
        let here = format!("{path}[{index}]");
        if constraint.max_skew <= 0 {
            let why = "must be greater than zero";
            report.invalid(&format!("{here}.maxSkew"), constraint.max_skew, why);
        }
        let at_key = format!("{here}.topologyKey");
        match constraint.topology_key.as_str() {
            "" => report.required(&at_key, "can not be empty"),
            key => report.invalid_for(&at_key, key, names::qualified_name(key)),
        }
        let action = constraint.when_unsatisfiable.as_str();
        if !UNSATISFIABLE.contains(&action) {
            report.unsupported(&format!("{here}.whenUnsatisfiable"), action, UNSATISFIABLE);
        }
        if let Some(selector) = &constraint.label_selector {
            labels::check_selector(report, &format!("{here}.labelSelector"), selector);
        }
    }
}
