//! What a Job says of itself. It may not be said otherwise once it is over, and a rule is held
//! only against what changes (`pkg/apis/batch/validation`, `ValidateJobUpdateStatus`; which rules when is
//! `getStatusValidationOptions` in `pkg/registry/batch/job/strategy.go`).

use std::collections::BTreeSet;

use k8s_openapi::api::batch::v1::{Job, JobSpec, JobStatus, UncountedTerminatedPods};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::super::job::{indexes, interval};
use super::super::report::{Report, Shown};
use super::super::shape::Holds::{Any, Pointer};
use super::super::shape::{Own, Shape};

const UNCOUNTED: Shape = &[("Succeeded", "succeeded", Any), ("Failed", "failed", Any)];
const CONDITIONS: &str = "status.conditions";

/// A status, the one before it, and what the Job is to do.
struct Change {
    spec: JobSpec,
    now: JobStatus,
    before: JobStatus,
}

/// A moment, as Go prints one.
struct Moment(Time);

impl Shown for Moment {
    fn shown(&self) -> String {
        let text = serde_json::to_value(&self.0).unwrap_or_default();
        let text = text.as_str().unwrap_or("").trim_end_matches('Z').replace('T', " ");
        format!("{text} +0000 UTC")
    }
}

fn says(status: &JobStatus, condition: &str) -> bool {
    let all = status.conditions.iter().flatten();
    all.into_iter().any(|it| it.type_ == condition && it.status == "True")
}

fn is_complete(status: &JobStatus) -> bool {
    says(status, "Complete")
}

fn is_failed(status: &JobStatus) -> bool {
    says(status, "Failed")
}

fn is_over(status: &JobStatus) -> bool {
    is_complete(status) || is_failed(status)
}

impl Change {
    /// Whether something of the status is not what it was.
    fn of<T: PartialEq>(&self, what: impl Fn(&JobStatus) -> T) -> bool {
        what(&self.now) != what(&self.before)
    }

    /// Whether a condition is met now that was not before, or the other way round.
    fn turned(&self, condition: &str) -> bool {
        self.of(|status| says(status, condition))
    }
}

/// A changed status of a Job.
pub(super) fn check(report: &mut Report, new: &Job, old: &Job) {
    let change = Change {
        spec: new.spec.clone().unwrap_or_default(),
        now: new.status.clone().unwrap_or_default(),
        before: old.status.clone().unwrap_or_default(),
    };
    counts(report, &change.now);
    ends(report, &change);
    times(report, &change);
    ends_with_reason(report, &change);
    nothing_runs_after_the_end(report, &change);
    lists(report, &change);
    late_counts(report, &change);
    success(report, &change);
    kept(report, &change);
}

fn counts(report: &mut Report, status: &JobStatus) {
    for (field, number) in [
        ("active", status.active),
        ("succeeded", status.succeeded),
        ("failed", status.failed),
        ("ready", status.ready),
        ("terminating", status.terminating),
    ] {
        report.not_negative(&format!("status.{field}"), number);
    }
    let Some(pods) = &status.uncounted_terminated_pods else { return };
    let mut seen = BTreeSet::new();
    for (field, uids) in [("succeeded", &pods.succeeded), ("failed", &pods.failed)] {
        for (index, uid) in uids.iter().flatten().enumerate() {
            let path = format!("status.uncountedTerminatedPods.{field}[{index}]");
            if uid.is_empty() {
                report.invalid(&path, uid.as_str(), "must not be empty");
            } else if !seen.insert(uid) {
                report.duplicate(&path, uid.as_str());
            }
        }
    }
}

/// A Job ends one way or the other.
fn ends(report: &mut Report, change: &Change) {
    let complete = is_complete(&change.now);
    let turned = change.turned("Complete");
    if (turned || change.turned("Failed")) && complete && is_failed(&change.now) {
        report.contradictory(CONDITIONS, "cannot set Complete=True and Failed=true conditions");
    }
    if (turned || change.turned("FailureTarget")) && complete && says(&change.now, "FailureTarget")
    {
        let why = "cannot set Complete=True and FailureTarget=true conditions";
        report.contradictory(CONDITIONS, why);
    }
}

/// When it began and when it was complete.
fn times(report: &mut Report, change: &Change) {
    let (now, path) = (&change.now, "status.completionTime");
    let complete = is_complete(now);
    let timed = change.of(|status| status.completion_time.clone());
    if change.turned("Complete") || timed {
        match &now.completion_time {
            Some(time) if !complete => {
                let why = "cannot set completionTime when there is no Complete=True condition";
                report.invalid(path, Moment(time.clone()), why);
            }
            None if complete => {
                report.required(path, "completionTime is required for Complete jobs");
            }
            _ => {}
        }
    }
    if (timed || change.of(|status| status.start_time.clone()))
        && let (Some(start), Some(end)) = (&now.start_time, &now.completion_time)
        && end < start
    {
        let why = "completionTime cannot be set before startTime";
        report.invalid(path, Moment(end.clone()), why);
    }
}

/// The condition that announces the end comes with it.
fn ends_with_reason(report: &mut Report, change: &Change) {
    for (end, reason, changed) in [
        ("Failed", "FailureTarget", "FailureTarget=true"),
        ("Complete", "SuccessCriteriaMet", "SuccessCriteriaMet=true"),
    ] {
        let turned = change.turned(end) || change.turned(reason);
        if turned && says(&change.now, end) && !says(&change.now, reason) {
            let why = format!("cannot set {end}=True condition without the {changed} condition");
            report.contradictory(CONDITIONS, &why);
        }
    }
}

fn nothing_runs_after_the_end(report: &mut Report, change: &Change) {
    if !is_over(&change.now) {
        return;
    }
    let (now, ended) = (&change.now, change.of(is_over));
    let active = now.active.unwrap_or(0);
    if active > 0 && (ended || change.of(|status| status.active.unwrap_or(0))) {
        report.invalid("status.active", active, "active>0 is invalid for finished job");
    }
    if now.start_time.is_none() && (ended || change.of(|status| status.start_time.clone())) {
        report.required("status.startTime", "startTime is required for finished job");
    }
    let left = |pods: &UncountedTerminatedPods| {
        pods.failed.iter().flatten().count() + pods.succeeded.iter().flatten().count() > 0
    };
    if let Some(pods) = now.uncounted_terminated_pods.as_ref().filter(|pods| left(pods))
        && (ended || change.of(|status| status.uncounted_terminated_pods.clone()))
    {
        let why = "uncountedTerminatedPods needs to be empty for finished job";
        report.invalid("status.uncountedTerminatedPods", Own(Pointer(UNCOUNTED), pods), why);
    }
}

/// Which indexes have succeeded and which have failed.
fn lists(report: &mut Report, change: &Change) {
    let (now, spec) = (&change.now, &change.spec);
    let completed = now.completed_indexes.as_deref().unwrap_or("");
    let of_completed = change.of(|status| status.completed_indexes.clone().unwrap_or_default());
    let of_failed = change.of(|status| status.failed_indexes.clone());
    let (here, there) = ("status.completedIndexes", "status.failedIndexes");
    if let Some(most) = spec.completions {
        if of_completed && let Err(why) = indexes(completed, most) {
            let why = format!("error parsing completedIndexes: {why}");
            report.invalid(here, completed, &why);
        }
        if of_failed
            && spec.backoff_limit_per_index.is_some()
            && let Some(failed) = now.failed_indexes.as_deref()
            && let Err(why) = indexes(failed, most)
        {
            report.invalid(there, failed, &format!("error parsing failedIndexes: {why}"));
        }
    }
    if of_completed && !completed.is_empty() && spec.completion_mode.as_deref() != Some("Indexed") {
        let why = "cannot set non-empty completedIndexes when non-indexed completion mode";
        report.invalid(here, completed, why);
    }
    let Some(failed) = now.failed_indexes.as_deref() else { return };
    if of_failed && spec.backoff_limit_per_index.is_none() {
        let why = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
        report.invalid(there, failed, why);
    }
    if (of_failed || of_completed)
        && let Some(most) = spec.completions
        && let Some(index) = overlap(completed, failed, most)
    {
        let why = format!("failedIndexes and completedIndexes overlap at index: {index}");
        report.invalid(there, failed, &why);
    }
}

/// The first index that two lists have in common.
fn overlap(one: &str, other: &str, completions: i32) -> Option<i32> {
    let parts = |text: &str| -> Vec<(i32, i32)> {
        text.split(',').filter_map(|part| interval(part, completions).ok()).collect()
    };
    let others = parts(other);
    parts(one).into_iter().find_map(|(first, last)| {
        let met = others.iter().find(|(start, end)| first <= *end && *start <= last)?;
        Some(first.max(met.0))
    })
}

fn late_counts(report: &mut Report, change: &Change) {
    let now = &change.now;
    let terminating = now.terminating.unwrap_or(0);
    if terminating > 0
        && is_over(now)
        && (change.of(is_over) || change.of(|status| status.terminating))
    {
        let why = "terminating>0 is invalid for finished job";
        report.invalid("status.terminating", terminating, why);
    }
    let changed =
        change.of(|status| status.ready) || change.of(|status| status.active.unwrap_or(0));
    if changed && let Some(ready) = now.ready.filter(|ready| *ready > now.active.unwrap_or(0)) {
        report.invalid("status.ready", ready, "cannot set more ready pods than active");
    }
}

/// A Job that has reached what it was for does not fail.
fn success(report: &mut Report, change: &Change) {
    let now = &change.now;
    let met = says(now, "SuccessCriteriaMet");
    if met && is_failed(now) {
        let why = "cannot set SuccessCriteriaMet=True and Failed=true conditions";
        report.contradictory(CONDITIONS, why);
    }
    if met && says(now, "FailureTarget") {
        let why = "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions";
        report.contradictory(CONDITIONS, why);
    }
    if change.spec.success_policy.is_some() && !met && is_complete(now) {
        let why =
            "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True";
        report.contradictory(CONDITIONS, why);
    }
}

/// What was said stays said.
fn kept(report: &mut Report, change: &Change) {
    let Change { spec, now, before } = change;
    for condition in ["Failed", "Complete", "FailureTarget"] {
        if says(before, condition) && !says(now, condition) {
            let why = format!("cannot disable the terminal {condition}=True condition");
            report.contradictory(CONDITIONS, &why);
        }
    }
    let failed = now.failed.unwrap_or(0);
    if failed < before.failed.unwrap_or(0) {
        report.invalid("status.failed", failed, "cannot decrease the failed counter");
    }
    // Jobs whose pods are numbered can shrink.
    let shrinks =
        spec.completion_mode.as_deref() == Some("Indexed") && spec.completions == spec.parallelism;
    let succeeded = now.succeeded.unwrap_or(0);
    if !shrinks && succeeded < before.succeeded.unwrap_or(0) {
        report.invalid("status.succeeded", succeeded, "cannot decrease the succeeded counter");
    }
    if let (Some(time), Some(then)) = (&now.completion_time, &before.completion_time)
        && time != then
    {
        let why = "completionTime cannot be mutated";
        report.invalid("status.completionTime", Moment(time.clone()), why);
    }
    let began = before.start_time.is_some() && now.start_time != before.start_time;
    if began && spec.suspend != Some(true) {
        report.required("status.startTime", "startTime cannot be removed for unsuspended job");
    }
    let (met, was_met) = (says(now, "SuccessCriteriaMet"), says(before, "SuccessCriteriaMet"));
    if was_met && !met {
        let why = "cannot disable the SuccessCriteriaMet=True condition";
        report.contradictory(CONDITIONS, why);
    }
    if is_complete(before) && !was_met && met {
        let why = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions";
        report.contradictory(CONDITIONS, why);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(spec: Value, status: Value, before: Value) -> Vec<String> {
        let of = |status| -> Job {
            let mut spec = spec.clone();
            spec["template"] = json!({});
            let job = json!({"metadata": {"name": "j"}, "spec": spec, "status": status});
            serde_json::from_value(job).expect("a Job")
        };
        let mut report = Report::default();
        check(&mut report, &of(status), &of(before));
        report.into_causes().iter().map(ToString::to_string).collect()
    }

    fn conditions(types: &[&str]) -> Value {
        types.iter().map(|kind| json!({"type": kind, "status": "True"})).collect()
    }

    // `pkg/registry/batch/job/strategy_test.go`, the table of status updates.
    #[test]
    fn a_job_that_is_over_says_when_and_why() {
        let (start, end) = ("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z");
        let good = json!({"startTime": start, "completionTime": end, "succeeded": 1,
            "conditions": conditions(&["SuccessCriteriaMet", "Complete"])});
        assert!(told(json!({}), good.clone(), json!({"startTime": start})).is_empty());
        let bare = json!({"conditions": conditions(&["Complete"]), "active": 1});
        assert_eq!(
            told(json!({}), bare, json!({})),
            [
                "status.completionTime: Required value: completionTime is required for Complete \
                 jobs",
                "status.conditions: Invalid value: cannot set Complete=True condition without the \
                 SuccessCriteriaMet=true condition",
                "status.active: Invalid value: 1: active>0 is invalid for finished job",
                "status.startTime: Required value: startTime is required for finished job",
            ]
        );
        let mut other = good.clone();
        other["completionTime"] = json!("2025-12-31T00:00:00Z");
        assert_eq!(
            told(json!({}), other, good),
            [
                "status.completionTime: Invalid value: 2025-12-31 00:00:00 +0000 UTC: \
                 completionTime cannot be set before startTime",
                "status.completionTime: Invalid value: 2025-12-31 00:00:00 +0000 UTC: \
                 completionTime cannot be mutated",
            ]
        );
    }

    #[test]
    fn indexes_of_a_status_are_read_and_kept_apart() {
        let spec = json!({"completionMode": "Indexed", "completions": 5, "parallelism": 1,
            "backoffLimitPerIndex": 1});
        let lists = |completed: &str, failed: &str| {
            told(
                spec.clone(),
                json!({"completedIndexes": completed, "failedIndexes": failed}),
                json!({}),
            )
        };
        assert!(lists("0,2-3", "1,4").is_empty());
        assert_eq!(
            lists("0-2", "2"),
            ["status.failedIndexes: Invalid value: \"2\": failedIndexes and completedIndexes \
                 overlap at index: 2"]
        );
        assert_eq!(
            lists("7", "a"),
            [
                "status.completedIndexes: Invalid value: \"7\": error parsing completedIndexes: \
                 too large index: \"7\"",
                "status.failedIndexes: Invalid value: \"a\": error parsing failedIndexes: cannot \
                 convert string to integer for index: \"a\"",
            ]
        );
    }

    #[test]
    fn counters_of_a_job_only_rise() {
        let now = json!({"failed": 1, "succeeded": 1, "ready": 2});
        assert_eq!(
            told(json!({}), now, json!({"failed": 2, "succeeded": 2})),
            [
                "status.ready: Invalid value: 2: cannot set more ready pods than active",
                "status.failed: Invalid value: 1: cannot decrease the failed counter",
                "status.succeeded: Invalid value: 1: cannot decrease the succeeded counter",
            ]
        );
    }
}
