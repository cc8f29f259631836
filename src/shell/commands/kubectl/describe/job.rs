//! Jobs and CronJobs.

use k8s_openapi::api::batch::v1::{CronJob, Job, JobSpec};

use super::Reader;
use super::page::{Page, controller, date};
use crate::api::Object;
use crate::api::table::{format_selector, human_duration};

impl Reader<'_, '_> {
    /// A Job's description.
    pub(super) fn job(&mut self, object: &Object, job: &Job) -> String {
        let mut page = Page::default();
        let spec = job.spec.clone().unwrap_or_default();
        let status = job.status.clone().unwrap_or_default();
        page.names(&job.metadata);
        page.field("Selector", format_selector(spec.selector.as_ref()));
        page.labels_and_annotations(&job.metadata);
        if let Some(owner) = controller(&job.metadata) {
            page.field("Controlled By", owner);
        }
        page.numbers(&spec);
        page.field("Completion Mode", spec.completion_mode.as_deref().unwrap_or("NonIndexed"));
        page.field("Suspend", spec.suspend.unwrap_or(false));
        page.field("Backoff Limit", spec.backoff_limit.unwrap_or(6));
        if let Some(seconds) = spec.ttl_seconds_after_finished {
            page.field("TTL Seconds After Finished", seconds);
        }
        if let Some(start) = &status.start_time {
            page.field("Start Time", date(start));
        }
        if let Some(end) = &status.completion_time {
            page.field("Completed At", date(end));
            if let Some(start) = &status.start_time {
                let micros = end.0.as_microsecond() - start.0.as_microsecond();
                page.field("Duration", human_duration(micros.div_euclid(1_000_000)));
            }
        }
        page.deadline(&spec);
        page.field(
            "Pods Statuses",
            format!(
                "{} Active ({} Ready) / {} Succeeded / {} Failed",
                status.active.unwrap_or(0),
                status.ready.unwrap_or(0),
                status.succeeded.unwrap_or(0),
                status.failed.unwrap_or(0)
            ),
        );
        if spec.completion_mode.as_deref() == Some("Indexed") {
            let indexes = status.completed_indexes.as_deref().unwrap_or("");
            page.field("Completed Indexes", indexes_or_none(indexes));
        }
        page.template(&spec.template);
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// A CronJob's description.
    pub(super) fn cron_job(&mut self, object: &Object, job: &CronJob) -> String {
        let mut page = Page::default();
        let spec = &job.spec;
        let status = job.status.clone().unwrap_or_default();
        page.names(&job.metadata);
        page.labels_and_annotations(&job.metadata);
        page.field("Schedule", &spec.schedule);
        page.field("Concurrency Policy", spec.concurrency_policy.as_deref().unwrap_or("Allow"));
        let suspended = if spec.suspend.unwrap_or(false) { "True" } else { "False" };
        page.field("Suspend", suspended);
        page.field("Time Zone", spec.time_zone.as_deref().unwrap_or("<unset>"));
        page.field("Successful Job History Limit", spec.successful_jobs_history_limit.unwrap_or(3));
        page.field("Failed Job History Limit", spec.failed_jobs_history_limit.unwrap_or(1));
        match spec.starting_deadline_seconds {
            Some(seconds) => page.field("Starting Deadline Seconds", format!("{seconds}s")),
            None => page.field("Starting Deadline Seconds", "<unset>"),
        }
        let template = spec.job_template.spec.clone().unwrap_or_default();
        match &template.selector {
            Some(selector) => page.field("Selector", format_selector(Some(selector))),
            None => page.field("Selector", "<unset>"),
        }
        page.numbers(&template);
        page.deadline(&template);
        page.template(&template.template);
        let last = status.last_schedule_time.as_ref();
        page.field("Last Schedule Time", last.map_or_else(|| "<unset>".to_owned(), date));
        let active: Vec<String> =
            status.active.iter().flatten().filter_map(|job| job.name.clone()).collect();
        let active = if active.is_empty() { "<none>".to_owned() } else { active.join(", ") };
        page.field("Active Jobs", active);
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }
}

/// A list of indexes, broken off at the first comma after fifty characters.
fn indexes_or_none(indexes: &str) -> String {
    if indexes.is_empty() {
        return "<none>".to_owned();
    }
    let comma = indexes.get(50..).and_then(|rest| rest.find(','));
    match comma {
        Some(at) => format!("{}...", &indexes[..=50 + at]),
        None => indexes.to_owned(),
    }
}

impl Page {
    /// How many pods a job runs.
    fn numbers(&mut self, spec: &JobSpec) {
        let text = |number: Option<i32>| {
            number.map_or_else(|| "<unset>".to_owned(), |number| number.to_string())
        };
        self.field("Parallelism", text(spec.parallelism));
        self.field("Completions", text(spec.completions));
    }

    /// How long a job may run.
    fn deadline(&mut self, spec: &JobSpec) {
        if let Some(seconds) = spec.active_deadline_seconds {
            self.field("Active Deadline Seconds", format!("{seconds}s"));
        }
    }
}
