//! StatefulSets.

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec};

use super::report::{Json, Report};
use super::workload::{self, Rules};
use super::{metadata, names, pod};

const RULES: Rules = Rules { name: "statefulset", deadline: "StatefulSet" };

const MUTABLE: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', \
    'template', 'updateStrategy', 'revisionHistoryLimit', \
    'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

/// A new StatefulSet.
pub(super) fn create(report: &mut Report, set: &StatefulSet) {
    // The pods' names, and so their host names, are made from it: no dots.
    metadata::create(report, &set.metadata, true, names::dns_label);
    check_spec(report, &set.spec.clone().unwrap_or_default());
}

/// A changed StatefulSet.
pub(super) fn update(report: &mut Report, new: &StatefulSet, old: &StatefulSet) {
    metadata::update(report, &new.metadata, &old.metadata);
    let (spec, before) =
        (new.spec.clone().unwrap_or_default(), old.spec.clone().unwrap_or_default());
    check_spec(report, &spec);
    let munged = StatefulSetSpec {
        replicas: before.replicas,
        ordinals: before.ordinals.clone(),
        template: before.template.clone(),
        update_strategy: before.update_strategy.clone(),
        revision_history_limit: before.revision_history_limit,
        persistent_volume_claim_retention_policy: before
            .persistent_volume_claim_retention_policy
            .clone(),
        min_ready_seconds: before.min_ready_seconds,
        ..spec
    };
    if munged != before {
        report.forbidden("spec", MUTABLE);
    }
}

fn check_spec(report: &mut Report, spec: &StatefulSetSpec) {
    let path = "spec.podManagementPolicy";
    match spec.pod_management_policy.as_deref() {
        None | Some("") => report.required(path, ""),
        Some("OrderedReady" | "Parallel") => {}
        Some(other) => report.invalid(path, other, "must be 'OrderedReady' or 'Parallel'"),
    }
    let path = "spec.updateStrategy";
    let strategy = spec.update_strategy.clone().unwrap_or_default();
    match (strategy.type_.as_deref(), &strategy.rolling_update) {
        (None | Some(""), _) => report.required(path, ""),
        (Some("OnDelete"), Some(rolling)) => {
            let why = "only allowed for updateStrategy 'RollingUpdate'";
            report.invalid(&format!("{path}.rollingUpdate"), Json(rolling), why);
        }
        (Some("RollingUpdate"), Some(rolling)) => {
            report.not_negative(&format!("{path}.rollingUpdate.partition"), rolling.partition);
        }
        (Some("OnDelete" | "RollingUpdate"), None) => {}
        (Some(_), _) => {
            let why = "must be 'RollingUpdate' or 'OnDelete'";
            report.invalid(path, Json(&strategy), why);
        }
    }
    report.not_negative("spec.replicas", spec.replicas);
    report.not_negative("spec.minReadySeconds", spec.min_ready_seconds);
    if let Some(ordinals) = &spec.ordinals {
        report.not_negative("spec.ordinals.start", ordinals.start);
    }
    // The pods' own spec is looked at when the first pod is made (ValidateStatefulSetSpec in
    // pkg/apis/apps/validation): its mounts may name volumes that claims bring along.
    if workload::selects(report, &RULES, &spec.selector, &spec.template) {
        pod::check_template_metadata(report, "spec.template", &spec.template);
        workload::always_running(report, &RULES, &spec.template);
    }
    if let Some(service) = spec.service_name.as_deref().filter(|name| !name.is_empty()) {
        report.invalid_for("spec.serviceName", service, names::dns_label(service));
    }
}
