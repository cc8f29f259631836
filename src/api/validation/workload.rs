//! What Deployments, ReplicaSets and their kin have in common: a selector over a template's pods.

use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentSpec, DeploymentStrategy, ReplicaSet, RollingUpdateDeployment,
};
use k8s_openapi::api::core::v1::{PodTemplateSpec, ReplicationController};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::report::{Json, Report};
use super::shape::Holds::{Api, Number, Pointer, Text};
use super::shape::{Own, SELECTOR, Shape};
use super::{labels, metadata, names, pod, ports};
use crate::api::selector;

const MISMATCH: &str = "`selector` does not match template `labels`";

/// What a kind asks of its selector and template.
pub(super) struct Rules {
    /// `deployment`, in the message about empty selectors.
    pub name: &'static str,
    /// `ReplicaSet`, in the message about deadlines.
    pub deadline: &'static str,
}

/// A selector and the template whose pods it must select.
pub(super) fn check(
    report: &mut Report,
    rules: &Rules,
    selector: &LabelSelector,
    template: &PodTemplateSpec,
) {
    if selects(report, rules, selector, template) {
        pod::check_template(report, "spec.template", template);
        always_running(report, rules, template);
    }
}

/// Whether a selector can be used at all; says what is wrong with it, or that the template's pods
/// would not be selected.
pub(super) fn selects(
    report: &mut Report,
    rules: &Rules,
    selector: &LabelSelector,
    template: &PodTemplateSpec,
) -> bool {
    let path = "spec.selector";
    if super::is_absent(selector) {
        report.required(path, "");
    } else {
        let usable = labels::check_selector(report, path, selector);
        if labels::is_empty(selector) {
            let why = format!("empty selector is invalid for {}", rules.name);
            report.invalid(path, Own(Api(SELECTOR), selector), &why);
        }
        if !usable {
            // StatefulSets alone leave it at the value.
            let why = if rules.name == "statefulset" { "" } else { "invalid label selector" };
            report.invalid(path, Own(Api(SELECTOR), selector), why);
            return false;
        }
    }
    matches_template(report, selector, template);
    true
}

/// Whether the template's pods would be selected.
pub(super) fn matches_template(
    report: &mut Report,
    selector: &LabelSelector,
    template: &PodTemplateSpec,
) {
    let labels = template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
    let absent = super::is_absent(selector);
    if absent || !selector::LabelSelector::of(selector).matches(labels) {
        report.invalid("spec.template.metadata.labels", Json(labels), MISMATCH);
    }
}

/// Pods that are replaced when they end must not end by themselves.
pub(super) fn always_running(report: &mut Report, rules: &Rules, template: &PodTemplateSpec) {
    let spec = template.spec.clone().unwrap_or_default();
    let policy = spec.restart_policy.as_deref().unwrap_or("");
    if policy != "Always" {
        report.unsupported("spec.template.spec.restartPolicy", policy, &["Always"]);
    }
    if spec.active_deadline_seconds.is_some() {
        let why = format!("activeDeadlineSeconds in {} is not Supported", rules.deadline);
        report.forbidden("spec.template.spec.activeDeadlineSeconds", &why);
    }
}

const DEPLOYMENT: Rules = Rules { name: "deployment", deadline: "ReplicaSet" };

/// A new Deployment.
pub(super) fn create_deployment(report: &mut Report, deployment: &Deployment) {
    metadata::create(report, &deployment.metadata, true, names::dns_subdomain);
    check_deployment(report, &deployment.spec.clone().unwrap_or_default());
}

/// A changed Deployment.
pub(super) fn update_deployment(report: &mut Report, new: &Deployment, old: &Deployment) {
    metadata::update(report, &new.metadata, &old.metadata);
    let (spec, before) =
        (new.spec.clone().unwrap_or_default(), old.spec.clone().unwrap_or_default());
    check_deployment(report, &spec);
    keep_selector(report, &spec.selector, &before.selector);
}

/// A workload's selector stays.
pub(super) fn keep_selector(report: &mut Report, new: &LabelSelector, old: &LabelSelector) {
    let given = (!super::is_absent(new)).then_some(new);
    if new != old {
        report.invalid("spec.selector", Own(Api(SELECTOR), given), "field is immutable");
    }
}

fn check_deployment(report: &mut Report, spec: &DeploymentSpec) {
    report.not_negative("spec.replicas", spec.replicas);
    check(report, &DEPLOYMENT, &spec.selector, &spec.template);
    check_strategy(report, &spec.strategy.clone().unwrap_or_default());
    report.not_negative("spec.minReadySeconds", spec.min_ready_seconds);
    report.not_negative("spec.revisionHistoryLimit", spec.revision_history_limit);
    if let Some(deadline) = spec.progress_deadline_seconds {
        report.not_negative("spec.progressDeadlineSeconds", Some(deadline));
        if deadline <= spec.min_ready_seconds.unwrap_or(0) {
            let why = "must be greater than minReadySeconds";
            report.invalid("spec.progressDeadlineSeconds", deadline, why);
        }
    }
}

const STRATEGY: Shape = &[
    ("Type", "type", Text),
    (
        "RollingUpdate",
        "rollingUpdate",
        Pointer(&[("MaxUnavailable", "maxUnavailable", Number), ("MaxSurge", "maxSurge", Number)]),
    ),
];

fn check_strategy(report: &mut Report, strategy: &DeploymentStrategy) {
    let path = "spec.strategy";
    match (strategy.type_.as_deref(), &strategy.rolling_update) {
        (Some("Recreate"), Some(_)) => {
            let why = "may not be specified when strategy `type` is 'Recreate'";
            report.forbidden(&format!("{path}.rollingUpdate"), why);
        }
        (Some("Recreate"), None) => {}
        (Some("RollingUpdate"), Some(rolling)) => check_rolling(report, rolling),
        (Some("RollingUpdate"), None) => {
            let why = "this should be defaulted and never be nil";
            report.required(&format!("{path}.rollingUpdate"), why);
        }
        _ => {
            let supported = ["Recreate", "RollingUpdate"];
            report.unsupported(path, Own(Pointer(STRATEGY), strategy), &supported);
        }
    }
}

fn check_rolling(report: &mut Report, rolling: &RollingUpdateDeployment) {
    let path = "spec.strategy.rollingUpdate";
    let amount = |amount: &Option<IntOrString>| amount.clone().unwrap_or(IntOrString::Int(0));
    let (unavailable, surge) = (amount(&rolling.max_unavailable), amount(&rolling.max_surge));
    ports::check_amount(report, &format!("{path}.maxUnavailable"), &unavailable);
    ports::check_amount(report, &format!("{path}.maxSurge"), &surge);
    if ports::size(&unavailable) == 0 && ports::size(&surge) == 0 {
        let why = "may not be 0 when `maxSurge` is 0";
        report.invalid(&format!("{path}.maxUnavailable"), Json(&unavailable), why);
    }
    ports::at_most_all(report, &format!("{path}.maxUnavailable"), &unavailable);
}

/// A new or changed ReplicaSet.
pub(super) fn check_replica_set(report: &mut Report, set: &ReplicaSet, old: Option<&ReplicaSet>) {
    match old {
        None => metadata::create(report, &set.metadata, true, names::dns_subdomain),
        Some(old) => metadata::update(report, &set.metadata, &old.metadata),
    }
    let spec = set.spec.clone().unwrap_or_default();
    report.not_negative("spec.replicas", spec.replicas);
    report.not_negative("spec.minReadySeconds", spec.min_ready_seconds);
    check(report, &DEPLOYMENT, &spec.selector, &spec.template.clone().unwrap_or_default());
    if let Some(old) = old {
        let before = old.spec.clone().unwrap_or_default();
        keep_selector(report, &spec.selector, &before.selector);
    }
}

/// A new or changed ReplicationController.
pub(super) fn check_controller(
    report: &mut Report,
    controller: &ReplicationController,
    old: Option<&ReplicationController>,
) {
    match old {
        None => metadata::create(report, &controller.metadata, true, names::dns_subdomain),
        Some(old) => metadata::update(report, &controller.metadata, &old.metadata),
    }
    let spec = controller.spec.clone().unwrap_or_default();
    report.not_negative("spec.minReadySeconds", spec.min_ready_seconds);
    let selector = spec.selector.unwrap_or_default();
    if selector.is_empty() {
        report.required("spec.selector", "");
    }
    report.not_negative("spec.replicas", spec.replicas);
    let Some(template) = &spec.template else {
        report.required("spec.template", "");
        return;
    };
    let labels = template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
    if !selector.is_empty() && !selector::LabelSelector::equalities(&selector).matches(labels) {
        report.invalid("spec.template.metadata.labels", Json(labels), MISMATCH);
    }
    pod::check_template(report, "spec.template", template);
    let rules = Rules { name: "", deadline: "ReplicationController" };
    always_running(report, &rules, template);
}
