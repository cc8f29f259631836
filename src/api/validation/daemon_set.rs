//! DaemonSets.

use k8s_openapi::api::apps::v1::{
    DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy, RollingUpdateDaemonSet,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::report::{Json, Report};
use super::shape::Holds::{Any, Api, Pointer, Text};
use super::shape::{Own, SELECTOR, Shape};
use super::workload::{Rules, always_running, keep_selector, matches_template};
use super::{labels, metadata, names, pod, ports};

const RULES: Rules = Rules { name: "daemonset", deadline: "DaemonSet" };
const STRATEGIES: &[&str] = &["RollingUpdate", "OnDelete"];

const STRATEGY: Shape = &[
    ("Type", "type", Text),
    (
        "RollingUpdate",
        "rollingUpdate",
        Pointer(&[("MaxUnavailable", "maxUnavailable", Any), ("MaxSurge", "maxSurge", Any)]),
    ),
];

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
    keep_selector(report, &spec.selector, &before.selector);
    check_spec(report, &spec);
}

fn check_spec(report: &mut Report, spec: &DaemonSetSpec) {
    if labels::check_selector(report, "spec.selector", &spec.selector) {
        matches_template(report, &spec.selector, &spec.template);
    }
    if labels::is_empty(&spec.selector) && !super::is_absent(&spec.selector) {
        let why = format!("empty selector is invalid for {}", RULES.name);
        report.invalid("spec.selector", Own(Api(SELECTOR), &spec.selector), &why);
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
            check_rolling(report, &format!("{path}.rollingUpdate"), rolling);
        }
        _ => report.unsupported(path, Own(Pointer(STRATEGY), strategy), STRATEGIES),
    }
}

/// One of the two amounts is 0, and one is not.
fn check_rolling(report: &mut Report, path: &str, rolling: &RollingUpdateDaemonSet) {
    let amount = |amount: &Option<IntOrString>| amount.clone().unwrap_or(IntOrString::Int(0));
    let (unavailable, surge) = (amount(&rolling.max_unavailable), amount(&rolling.max_surge));
    let fields =
        [(format!("{path}.maxUnavailable"), &unavailable), (format!("{path}.maxSurge"), &surge)];
    for (here, amount) in &fields {
        ports::check_amount(report, here, amount);
    }
    for (here, amount) in &fields {
        ports::at_most_all(report, here, amount);
    }
    match (ports::size(&unavailable) != 0, ports::size(&surge) != 0) {
        (true, true) => {
            let why = "may not be set when maxUnavailable is non-zero";
            report.invalid(&fields[1].0, Json(&surge), why);
        }
        (false, false) => report.required(&fields[0].0, "cannot be 0 when maxSurge is 0"),
        _ => {}
    }
}
