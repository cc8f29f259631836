//! Defaults of Jobs.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{Job, JobSpec};

use super::{fill, fill_text, pod};

pub(super) fn defaults(job: &mut Job) {
    job_spec(job.spec.get_or_insert_default());
    job.status.get_or_insert_default();
}

/// Gives a Job without labels those of its pods, which the server does only when it stores it.
pub(in crate::api) fn labels(job: &mut Job) {
    let template = job.spec.as_ref().and_then(|spec| spec.template.metadata.as_ref());
    let labels = template.and_then(|metadata| metadata.labels.clone());
    if job.metadata.labels.as_ref().is_none_or(BTreeMap::is_empty)
        && let Some(labels) = labels.filter(|labels| !labels.is_empty())
    {
        job.metadata.labels = Some(labels);
    }
}

/// Fills in the Job of a CronJob: its pods alone, the rest when a Job is made of it.
pub(super) fn cron_template(spec: &mut JobSpec) {
    failure_policy(spec);
    pod::template(&mut spec.template);
}

fn job_spec(spec: &mut JobSpec) {
    // Without any number it runs once; with parallelism alone it is a work queue.
    if spec.completions.is_none() && spec.parallelism.is_none() {
        spec.completions = Some(1);
    }
    fill(&mut spec.parallelism, 1);
    // Where each index has a limit of its own, the Job as a whole has none.
    let limit = if spec.backoff_limit_per_index.is_some() { i32::MAX } else { 6 };
    fill(&mut spec.backoff_limit, limit);
    fill(&mut spec.suspend, false);
    fill(&mut spec.manual_selector, false);
    fill(&mut spec.completion_mode, "NonIndexed".to_owned());
    if spec.pod_replacement_policy.is_none() {
        let failing = spec.pod_failure_policy.is_some();
        let policy = if failing { "Failed" } else { "TerminatingOrFailed" };
        spec.pod_replacement_policy = Some(policy.to_owned());
    }
    failure_policy(spec);
    pod::template(&mut spec.template);
}

/// A condition of a pod counts when it is true (`SetDefaults_PodFailurePolicyOnPodConditionsPattern`).
fn failure_policy(spec: &mut JobSpec) {
    let rules = spec.pod_failure_policy.iter_mut().flat_map(|policy| &mut policy.rules);
    for condition in rules.flat_map(|rule| rule.on_pod_conditions.iter_mut().flatten()) {
        fill_text(&mut condition.status, "True");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::defaulted;
    use crate::api::Kind;

    #[test]
    fn a_job_runs_once() {
        let spec = defaulted(Kind::Job, json!({}))["spec"].clone();
        assert_eq!((&spec["completions"], &spec["parallelism"]), (&json!(1), &json!(1)));
        assert_eq!(spec["backoffLimit"], 6);
    }

    // `pkg/apis/batch/v1/defaults_test.go`, `TestSetDefaultJob`, `TestSetDefaultCronJob`
    #[test]
    fn a_condition_that_a_failure_policy_names_is_to_be_true() {
        let conditions = json!([{"type": "DisruptionTarget"}, {"type": "Y", "status": "False"}]);
        let policy = json!({"rules": [{"action": "Ignore", "onPodConditions": conditions}]});
        let spec = json!({"podFailurePolicy": policy});
        let template = json!({"spec": spec});
        let cron = defaulted(Kind::CronJob, json!({"spec": {"jobTemplate": template}}));
        for spec in [
            &defaulted(Kind::Job, json!({"spec": spec}))["spec"],
            &cron["spec"]["jobTemplate"]["spec"],
        ] {
            let conditions = &spec["podFailurePolicy"]["rules"][0]["onPodConditions"];
            assert_eq!(
                (&conditions[0]["status"], &conditions[1]["status"]),
                (&json!("True"), &json!("False"))
            );
        }
    }

    #[test]
    fn parallelism_alone_is_a_work_queue() {
        let spec = defaulted(Kind::Job, json!({"spec": {"parallelism": 3}}))["spec"].clone();
        assert!(spec.get("completions").is_none());
    }
}
