//! Defaults of CronJobs.

use k8s_openapi::api::batch::v1::CronJob;

use super::{fill, fill_text, job};

pub(super) fn defaults(cron_job: &mut CronJob) {
    let spec = &mut cron_job.spec;
    fill_text(&mut spec.concurrency_policy, "Allow");
    fill(&mut spec.suspend, false);
    fill(&mut spec.successful_jobs_history_limit, 3);
    fill(&mut spec.failed_jobs_history_limit, 1);
    spec.job_template.metadata.get_or_insert_default();
    job::cron_template(spec.job_template.spec.get_or_insert_default());
    cron_job.status.get_or_insert_default();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::defaulted;
    use crate::api::Kind;

    #[test]
    fn three_good_runs_and_one_bad_are_kept() {
        let spec = defaulted(Kind::CronJob, json!({}))["spec"].clone();
        assert_eq!(spec["successfulJobsHistoryLimit"], 3);
        assert_eq!(spec["failedJobsHistoryLimit"], 1);
        assert!(spec["jobTemplate"]["spec"].get("backoffLimit").is_none());
    }
}
