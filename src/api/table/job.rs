//! Jobs.

use k8s_openapi::api::batch::v1::{Job, JobStatus};

use super::age::{human_duration, since};
use super::format::{containers_and_images, format_selector};
use super::{Columns, narrow, wide};
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns = &[
    narrow("NAME"),
    narrow("STATUS"),
    narrow("COMPLETIONS"),
    narrow("DURATION"),
    narrow("AGE"),
    wide("CONTAINERS"),
    wide("IMAGES"),
    wide("SELECTOR"),
];

pub(super) fn row(job: &Job, now: SimTime) -> Vec<String> {
    let spec = job.spec.as_ref();
    let status = job.status.clone().unwrap_or_default();
    let [containers, images] =
        containers_and_images(spec.and_then(|spec| spec.template.spec.as_ref()));
    vec![
        job.metadata.name.clone().unwrap_or_default(),
        state(job, &status).to_owned(),
        completions(job, &status),
        duration(&status, now),
        since(job.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
        format_selector(spec.and_then(|spec| spec.selector.as_ref())),
    ]
}

fn state(job: &Job, status: &JobStatus) -> &'static str {
    let has = |name: &str| {
        let mut conditions = status.conditions.iter().flatten();
        conditions.any(|condition| condition.type_ == name && condition.status == "True")
    };
    match () {
        () if has("Complete") => "Complete",
        () if has("Failed") => "Failed",
        () if job.metadata.deletion_timestamp.is_some() => "Terminating",
        () if has("Suspended") => "Suspended",
        () if has("FailureTarget") => "FailureTarget",
        () if has("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

fn completions(job: &Job, status: &JobStatus) -> String {
    let succeeded = status.succeeded.unwrap_or(0);
    let spec = job.spec.as_ref();
    let parallelism = spec.and_then(|spec| spec.parallelism).unwrap_or(0);
    match spec.and_then(|spec| spec.completions) {
        Some(wanted) => format!("{succeeded}/{wanted}"),
        None if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        None => format!("{succeeded}/1"),
    }
}

fn duration(status: &JobStatus, now: SimTime) -> String {
    let Some(start) = &status.start_time else { return String::new() };
    let end = status.completion_time.as_ref().map_or(now.timestamp(), |time| time.0);
    human_duration((end.as_microsecond() - start.0.as_microsecond()).div_euclid(1_000_000))
}
