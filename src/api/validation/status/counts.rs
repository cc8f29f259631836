//! What controllers count: never less than nothing, and no more of a part than of the whole
//! (`pkg/apis/{core,apps,policy,autoscaling}/validation`).

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::ReplicationController;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::super::names;
use super::super::report::Report;

/// The longest reason and message of a condition, in bytes.
const MAX_REASON: usize = 1 << 10;
const MAX_MESSAGE: usize = 32 << 10;

const OF_ALL: &str = "cannot be greater than status.replicas";
const OF_READY: &str = "cannot be greater than readyReplicas";
const OF_READY_OF_SET: &str = "cannot be greater than status.readyReplicas";

/// A count of a status: its field, and the number.
type Count = (&'static str, i64);

/// A count that may be missing.
fn count(field: &'static str, number: Option<i32>) -> Count {
    (field, number.unwrap_or(0).into())
}

fn not_negative(report: &mut Report, counts: &[Count]) {
    for (field, number) in counts {
        report.not_negative(&format!("status.{field}"), Some(*number));
    }
}

/// Each of `parts` is no more than `whole`.
fn at_most(report: &mut Report, whole: Count, parts: &[Count], why: &str) {
    for (field, number) in parts.iter().filter(|(_, number)| *number > whole.1) {
        report.invalid(&format!("status.{field}"), *number, why);
    }
}

/// The count of names that were taken only rises.
fn not_decremented(report: &mut Report, new: Option<i32>, old: Option<i32>) {
    if new.unwrap_or(0) < old.unwrap_or(0) {
        report.invalid("status.collisionCount", new.unwrap_or(0), "cannot be decremented");
    }
}

pub(super) fn deployment(report: &mut Report, new: &Deployment, old: &Deployment) {
    let status = new.status.clone().unwrap_or_default();
    let all = count("replicas", status.replicas);
    let updated = count("updatedReplicas", status.updated_replicas);
    let ready = count("readyReplicas", status.ready_replicas);
    let available = count("availableReplicas", status.available_replicas);
    let unavailable = count("unavailableReplicas", status.unavailable_replicas);
    let terminating = count("terminatingReplicas", status.terminating_replicas);
    let collisions = count("collisionCount", status.collision_count);
    let observed = ("observedGeneration", status.observed_generation.unwrap_or(0));
    not_negative(
        report,
        &[observed, all, updated, ready, available, unavailable, terminating, collisions],
    );
    at_most(report, all, &[updated, ready, available], OF_ALL);
    at_most(report, ready, &[available], OF_READY);
    let before = old.status.as_ref().and_then(|status| status.collision_count);
    not_decremented(report, status.collision_count, before);
}

pub(super) fn replica_set(report: &mut Report, set: &ReplicaSet) {
    let status = set.status.clone().unwrap_or_default();
    let all = ("replicas", i64::from(status.replicas));
    let labelled = count("fullyLabeledReplicas", status.fully_labeled_replicas);
    let ready = count("readyReplicas", status.ready_replicas);
    let available = count("availableReplicas", status.available_replicas);
    let terminating = count("terminatingReplicas", status.terminating_replicas);
    let observed = ("observedGeneration", status.observed_generation.unwrap_or(0));
    not_negative(report, &[all, labelled, ready, available, terminating, observed]);
    at_most(report, all, &[labelled, ready, available], OF_ALL);
    at_most(report, ready, &[available], OF_READY);
}

pub(super) fn controller(report: &mut Report, controller: &ReplicationController) {
    let status = controller.status.clone().unwrap_or_default();
    let all = ("replicas", i64::from(status.replicas));
    let labelled = count("fullyLabeledReplicas", status.fully_labeled_replicas);
    let ready = count("readyReplicas", status.ready_replicas);
    let available = count("availableReplicas", status.available_replicas);
    let observed = ("observedGeneration", status.observed_generation.unwrap_or(0));
    not_negative(report, &[all, labelled, ready, available, observed]);
    at_most(report, all, &[labelled, ready, available], OF_ALL);
    at_most(report, ready, &[available], OF_READY);
}

pub(super) fn stateful_set(report: &mut Report, new: &StatefulSet, old: &StatefulSet) {
    let status = new.status.clone().unwrap_or_default();
    let all = ("replicas", i64::from(status.replicas));
    let ready = count("readyReplicas", status.ready_replicas);
    let current = count("currentReplicas", status.current_replicas);
    let updated = count("updatedReplicas", status.updated_replicas);
    let available = count("availableReplicas", status.available_replicas);
    let collisions = count("collisionCount", status.collision_count);
    let observed = ("observedGeneration", status.observed_generation.unwrap_or(0));
    not_negative(report, &[all, ready, current, updated, available, observed, collisions]);
    at_most(report, all, &[ready, current, updated, available], OF_ALL);
    at_most(report, ready, &[available], OF_READY_OF_SET);
    let before = old.status.as_ref().and_then(|status| status.collision_count);
    not_decremented(report, status.collision_count, before);
}

pub(super) fn daemon_set(report: &mut Report, new: &DaemonSet, old: &DaemonSet) {
    let status = new.status.clone().unwrap_or_default();
    not_negative(
        report,
        &[
            ("currentNumberScheduled", status.current_number_scheduled.into()),
            ("numberMisscheduled", status.number_misscheduled.into()),
            ("desiredNumberScheduled", status.desired_number_scheduled.into()),
            ("numberReady", status.number_ready.into()),
            ("observedGeneration", status.observed_generation.unwrap_or(0)),
            count("updatedNumberScheduled", status.updated_number_scheduled),
            count("numberAvailable", status.number_available),
            count("numberUnavailable", status.number_unavailable),
            count("collisionCount", status.collision_count),
        ],
    );
    let before = old.status.as_ref().and_then(|status| status.collision_count);
    not_decremented(report, status.collision_count, before);
}

pub(super) fn autoscaler(report: &mut Report, scaler: &HorizontalPodAutoscaler) {
    let Some(status) = &scaler.status else { return };
    let desired = ("desiredReplicas", i64::from(status.desired_replicas));
    not_negative(report, &[count("currentReplicas", status.current_replicas), desired]);
}

pub(super) fn budget(report: &mut Report, budget: &PodDisruptionBudget) {
    let Some(status) = &budget.status else { return };
    conditions(report, status.conditions.as_deref().unwrap_or_default());
    not_negative(
        report,
        &[
            count("disruptionsAllowed", status.disruptions_allowed),
            count("currentHealthy", status.current_healthy),
            count("desiredHealthy", status.desired_healthy),
            count("expectedPods", status.expected_pods),
        ],
    );
}

/// Conditions of the common type (`apimachinery/pkg/apis/meta/v1/validation`, `ValidateConditions`).
fn conditions(report: &mut Report, conditions: &[Condition]) {
    let mut seen = BTreeSet::new();
    for (index, condition) in conditions.iter().enumerate() {
        let at = |field: &str| format!("status.conditions[{index}].{field}");
        let Condition { type_, status, reason, message, observed_generation, .. } = condition;
        if !seen.insert(type_) {
            report.duplicate(&at("type"), type_.as_str());
        }
        if type_.is_empty() {
            report.required(&at("type"), "is required");
        } else {
            report.invalid_for(&at("type"), type_, names::qualified_name(type_));
        }
        report.one_of(&at("status"), Some(status), &["False", "True", "Unknown"]);
        if let Some(generation) = observed_generation.filter(|generation| *generation < 0) {
            let why = "must be greater than or equal to zero";
            report.invalid(&at("observedGeneration"), generation, why);
        }
        if reason.is_empty() {
            report.required(&at("reason"), "");
        } else {
            report.invalid_for(&at("reason"), reason, names::condition_reason(reason));
            if reason.len() > MAX_REASON {
                report.too_long(&at("reason"), MAX_REASON);
            }
        }
        if message.len() > MAX_MESSAGE {
            report.too_long(&at("message"), MAX_MESSAGE);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::check;
    use super::*;
    use crate::api::{Kind, Object};

    fn told(kind: Kind, status: Value, before: Value) -> Vec<String> {
        let of = |status| {
            let value = json!({"metadata": {"name": "a"}, "status": status});
            Object::from_value(kind, value).expect("an object")
        };
        let mut report = Report::default();
        assert!(check(&mut report, &of(status), &of(before)));
        report.into_causes().iter().map(ToString::to_string).collect()
    }

    // `pkg/apis/apps/validation/validation_test.go`, the tables of each kind's status.
    #[test]
    fn a_part_is_no_more_than_the_whole() {
        let given = json!({"replicas": 2, "readyReplicas": 1, "availableReplicas": 3});
        let all = "status.availableReplicas: Invalid value: 3: cannot be greater than";
        for kind in [Kind::Deployment, Kind::ReplicaSet, Kind::ReplicationController] {
            assert_eq!(
                told(kind, given.clone(), json!({})),
                [format!("{all} status.replicas"), format!("{all} readyReplicas")]
            );
        }
        assert_eq!(
            told(Kind::StatefulSet, given, json!({})),
            [format!("{all} status.replicas"), format!("{all} status.readyReplicas")]
        );
    }

    #[test]
    fn nothing_is_counted_below_nought() {
        let below = "Invalid value: -1: must be greater than or equal to 0";
        let given = json!({"currentNumberScheduled": 0, "desiredNumberScheduled": -1,
            "numberMisscheduled": -1, "numberReady": 0});
        assert_eq!(
            told(Kind::DaemonSet, given, json!({})),
            [
                format!("status.numberMisscheduled: {below}"),
                format!("status.desiredNumberScheduled: {below}")
            ]
        );
        let given = json!({"currentReplicas": 1, "desiredReplicas": -1});
        assert_eq!(
            told(Kind::HorizontalPodAutoscaler, given, json!({})),
            [format!("status.desiredReplicas: {below}")]
        );
        // So there are more ready than there are.
        let given = json!({"replicas": -1});
        let more = "Invalid value: 0: cannot be greater than status.replicas";
        assert_eq!(
            told(Kind::Deployment, given, json!({})),
            [
                format!("status.replicas: {below}"),
                format!("status.updatedReplicas: {more}"),
                format!("status.readyReplicas: {more}"),
                format!("status.availableReplicas: {more}"),
            ]
        );
    }

    #[test]
    fn collisions_are_not_forgotten() {
        let why = "status.collisionCount: Invalid value: 1: cannot be decremented";
        let (new, old) = (json!({"collisionCount": 1}), json!({"collisionCount": 2}));
        assert_eq!(told(Kind::Deployment, new, old), [why]);
    }

    // `pkg/apis/policy/validation/validation_test.go`.
    #[test]
    fn a_condition_of_a_budget_has_a_status_and_a_reason_in_one_word() {
        let condition = json!({"type": "Ready", "status": "Yes", "reason": "no reason",
            "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"});
        let given = json!({"conditions": [condition.clone(), condition], "currentHealthy": 1,
            "desiredHealthy": 1, "disruptionsAllowed": 0, "expectedPods": 1});
        let told = told(
            Kind::PodDisruptionBudget,
            given,
            json!({"currentHealthy": 1,
            "desiredHealthy": 1, "disruptionsAllowed": 0, "expectedPods": 1}),
        );
        let fields: Vec<&str> =
            told.iter().map(|line| line.split(": ").next().unwrap_or("")).collect();
        let at = |index: usize, field: &str| format!("status.conditions[{index}].{field}");
        assert_eq!(
            fields,
            [at(0, "status"), at(0, "reason"), at(1, "type"), at(1, "status"), at(1, "reason")]
        );
    }
}
