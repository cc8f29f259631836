//! CronJobs.

use k8s_openapi::api::batch::v1::CronJob;

use super::age::since;
use super::format::{containers_and_images, format_selector, or_none};
use super::{Columns, narrow, wide};
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns = &[
    narrow("NAME"),
    narrow("SCHEDULE"),
    narrow("TIMEZONE"),
    narrow("SUSPEND"),
    narrow("ACTIVE"),
    narrow("LAST SCHEDULE"),
    narrow("AGE"),
    wide("CONTAINERS"),
    wide("IMAGES"),
    wide("SELECTOR"),
];

pub(super) fn row(job: &CronJob, now: SimTime) -> Vec<String> {
    let spec = &job.spec;
    let status = job.status.clone().unwrap_or_default();
    let template = spec.job_template.spec.as_ref();
    let [containers, images] =
        containers_and_images(template.and_then(|template| template.template.spec.as_ref()));
    let suspended = spec.suspend.unwrap_or(false);
    let last = status.last_schedule_time.as_ref();
    vec![
        job.metadata.name.clone().unwrap_or_default(),
        spec.schedule.clone(),
        or_none(spec.time_zone.clone().unwrap_or_default()),
        if suspended { "True" } else { "False" }.to_owned(),
        status.active.map_or(0, |active| active.len()).to_string(),
        last.map_or_else(|| "<none>".to_owned(), |time| since(Some(time), now)),
        since(job.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
        format_selector(template.and_then(|template| template.selector.as_ref())),
    ]
}
