//! StatefulSets.

use k8s_openapi::api::apps::v1::{
    RollingUpdateStatefulSetStrategy, StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy,
};

use super::report::{Json, Report};
use super::shape::Holds::{Any, Number, Pointer, Text};
use super::shape::{Own, Shape};
use super::workload::{self, Rules};
use super::{claim, metadata, names, pod, ports};

const RULES: Rules = Rules { name: "statefulset", deadline: "StatefulSet" };
const RETENTION: &[&str] = &["Retain", "Delete"];

const MUTABLE: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', \
    'template', 'updateStrategy', 'revisionHistoryLimit', \
    'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

const ROLLING: Shape =
    &[("Partition", "partition", Number), ("MaxUnavailable", "maxUnavailable", Any)];
const STRATEGY: Shape =
    &[("Type", "type", Text), ("RollingUpdate", "rollingUpdate", Pointer(ROLLING))];

/// A new StatefulSet.
pub(super) fn create(report: &mut Report, set: &StatefulSet) {
    // The pods' names, and so their host names, are made from it: no dots.
    metadata::create(report, &set.metadata, true, names::dns_label);
    check_spec(report, &set.spec.clone().unwrap_or_default(), true);
}

/// A changed StatefulSet.
pub(super) fn update(report: &mut Report, new: &StatefulSet, old: &StatefulSet) {
    metadata::update(report, &new.metadata, &old.metadata);
    let (spec, before) =
        (new.spec.clone().unwrap_or_default(), old.spec.clone().unwrap_or_default());
    check_spec(report, &spec, false);
    // In Go a name that is not there is an empty one.
    let named = |spec: StatefulSetSpec| StatefulSetSpec {
        service_name: spec.service_name.filter(|name| !name.is_empty()),
        ..spec
    };
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
    if named(munged) != named(before) {
        report.forbidden("spec", MUTABLE);
    }
}

/// The service's name and the claims are looked into when the set is new: they stay as they are.
fn check_spec(report: &mut Report, spec: &StatefulSetSpec, new: bool) {
    let path = "spec.podManagementPolicy";
    match spec.pod_management_policy.as_deref() {
        None | Some("") => report.required(path, ""),
        Some("OrderedReady" | "Parallel") => {}
        Some(other) => report.invalid(path, other, "must be 'OrderedReady' or 'Parallel'"),
    }
    check_strategy(report, &spec.update_strategy.clone().unwrap_or_default());
    if let Some(policy) = &spec.persistent_volume_claim_retention_policy {
        let path = "spec.persistentVolumeClaimRetentionPolicy";
        for (field, what) in
            [("whenDeleted", &policy.when_deleted), ("whenScaled", &policy.when_scaled)]
        {
            let what = what.as_deref().unwrap_or("");
            report.one_of_if_given(&format!("{path}.{field}"), Some(what), RETENTION);
        }
    }
    let claims = spec.volume_claim_templates.as_deref().unwrap_or_default();
    for (index, claim) in claims.iter().enumerate().filter(|_| new) {
        let path = format!("spec.volumeClaimTemplates[{index}].spec");
        claim::check_spec(report, &path, &claim.spec.clone().unwrap_or_default());
    }
    report.not_negative("spec.replicas", spec.replicas);
    report.not_negative("spec.minReadySeconds", spec.min_ready_seconds);
    if let Some(ordinals) = &spec.ordinals {
        report.not_negative("spec.ordinals.start", ordinals.start);
    }
    let service = spec.service_name.as_deref().filter(|name| new && !name.is_empty());
    if let Some(service) = service {
        report.invalid_name("spec.serviceName", service, names::dns_label(service));
    }
    if workload::selects(report, &RULES, &spec.selector, &spec.template) {
        pod::check_template_with_claims(report, "spec.template", &spec.template, claims);
    }
    workload::always_running(report, &RULES, &spec.template);
}

fn check_strategy(report: &mut Report, strategy: &StatefulSetUpdateStrategy) {
    let path = "spec.updateStrategy";
    match (strategy.type_.as_deref(), &strategy.rolling_update) {
        (None | Some(""), _) => report.required(path, ""),
        (Some("OnDelete"), Some(rolling)) => {
            let why = "only allowed for updateStrategy 'RollingUpdate'";
            let here = format!("{path}.rollingUpdate");
            report.invalid(&here, Own(Pointer(ROLLING), rolling), why);
        }
        (Some("RollingUpdate"), Some(rolling)) => {
            check_rolling(report, &format!("{path}.rollingUpdate"), rolling);
        }
        (Some("OnDelete" | "RollingUpdate"), None) => {}
        (Some(_), _) => {
            let why = "must be 'RollingUpdate' or 'OnDelete'";
            report.invalid(path, Own(Pointer(STRATEGY), strategy), why);
        }
    }
}

fn check_rolling(report: &mut Report, path: &str, rolling: &RollingUpdateStatefulSetStrategy) {
    report.not_negative(&format!("{path}.partition"), rolling.partition);
    let Some(most) = &rolling.max_unavailable else { return };
    let here = format!("{path}.maxUnavailable");
    ports::check_amount(report, &here, most);
    if ports::size(most) == 0 {
        report.invalid(&here, Json(most), "cannot be 0");
    }
    ports::at_most_all(report, &here, most);
}
