//! DaemonSets.

use k8s_openapi::api::apps::v1::{DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy};

use super::report::{Json, Report};
use super::workload::{Rules, always_running, matches_template};
use super::{labels, metadata, names, pod, ports};

const RULES: Rules = Rules { name: "daemonset", deadline: "DaemonSet" };
const STRATEGIES: &[&str] = &["RollingUpdate", "OnDelete"];

/// A new DaemonSet.
pub(super) fn create(report: &mut Report, set: &DaemonSet) {
    metadata::create(report, &set.metadata, true, names::dns_subdomain);
    check_spec(report, &set.spec.clone().unwrap_or_default());
}

/// A changed DaemonSet.
pub(super) fn update(report: &mut Report, new: &DaemonSet, old: &DaemonSet) {
    metadata::update(report, &new.metadata, &old.metadata);
    let (spec, before) =
        (new.spec.clone().unwrap_or_default(), old.spec.clone().unwrap_or_default());
    check_spec(report, &spec);
    report.unchanged("spec.selector", &spec.selector, &before.selector);
}

fn check_spec(report: &mut Report, spec: &DaemonSetSpec) {
    if labels::check_selector(report, "spec.selector", &spec.selector) {
        matches_template(report, &spec.selector, &spec.template);
    }
    if labels::is_empty(&spec.selector) && !super::is_absent(&spec.selector) {
        let why = format!("empty selector is invalid for {}", RULES.name);
        report.invalid("spec.selector", Json(&spec.selector), &why);
    }
    pod::check_template(report, "spec.template", &spec.template);
    always_running(report, &RULES, &spec.template);
    report.not_negative("spec.minReadySeconds", spec.min_ready_seconds);
    check_strategy(report, &spec.update_strategy.clone().unwrap_or_default());
    report.not_negative("spec.revisionHistoryLimit", spec.revision_history_limit);
}

fn check_strategy(report: &mut Report, strategy: &DaemonSetUpdateStrategy) {
    let path = "spec.updateStrategy";
    match (strategy.type_.as_deref().unwrap_or(""), &strategy.rolling_update) {
        ("OnDelete", _) => {}
        ("RollingUpdate", None) => report.required(&format!("{path}.rollingUpdate"), ""),
        ("RollingUpdate", Some(rolling)) => {
            for (name, amount) in
                [("maxUnavailable", &rolling.max_unavailable), ("maxSurge", &rolling.max_surge)]
            {
                if let Some(amount) = amount {
                    ports::check_amount(report, &format!("{path}.rollingUpdate.{name}"), amount);
                }
            }
        }
        (other, _) => report.unsupported(&format!("{path}.type"), other, STRATEGIES),
    }
}
