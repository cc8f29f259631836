//! CronJob: a Job at every moment that its schedule names.
//!
//! Source: kube-controller-manager `cronjob`. A schedule without a time zone is told in UTC.

use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use super::events::reference;
use super::queue::Actor;
use super::{Client, Key, job, owner};
use crate::api::Kind;
use crate::api::cron::{self, Schedule};
use crate::clock::SimTime;

const COMPONENT: &str = "cronjob-controller";

/// Starts the Job that is due, clears away old ones, and comes back when the next is due.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(cron_job) = client.get::<CronJob>(key) else { return };
    if cron_job.metadata.deletion_timestamp.is_some() {
        return;
    }
    let zone = cron::time_zone(cron_job.spec.time_zone.as_deref().unwrap_or(""));
    let Ok(schedule) = zone.and_then(|zone| Schedule::parse(&cron_job.spec.schedule, &zone)) else {
        return;
    };
    let mut jobs = client.controlled::<Job>(owner::uid(&cron_job.metadata));
    jobs.sort_by_key(|job| (job.metadata.creation_timestamp.clone(), job.metadata.name.clone()));
    see_ends(client, &cron_job, &jobs);
    clear_away(client, &cron_job, &jobs);
    let status = cron_job.status.as_ref();
    let last = status.and_then(|status| status.last_schedule_time.clone());
    let last = last.or_else(|| cron_job.metadata.creation_timestamp.clone());
    let last_before = last.map_or(SimTime::START, |at| SimTime::from_timestamp(at.0));
    let mut changed = CronJob::clone(&cron_job);
    if let Some(due) = schedule.last_between(last_before, client.now)
        && cron_job.spec.suspend != Some(true)
    {
        start(client, &mut changed, &jobs, due);
    }
    let active = client.controlled_now::<Job>(&key.namespace, owner::uid(&cron_job.metadata));
    let running = active.iter().filter(|job| job::finished_at(job).is_none());
    let running: Vec<_> = running.map(|job| reference(job.as_ref())).collect();
    let status = changed.status.get_or_insert_default();
    status.active = Some(running).filter(|running| !running.is_empty());
    let ends =
        active.iter().filter(|job| job::has_succeeded(job)).filter_map(|job| job::finished_at(job));
    if let Some(end) = ends.max() {
        status.last_successful_time = Some(Time(end.whole_seconds()));
    }
    let last = changed.status.as_ref().and_then(|status| status.last_schedule_time.clone());
    let last = last.map_or(last_before, |at| SimTime::from_timestamp(at.0));
    if changed != *cron_job {
        client.update(changed);
    }
    if let Some(next) = schedule.next_due(last, client.now) {
        client.queue.remind(next, Actor::CronJob, key.clone());
    }
}

/// Starts the Job of the moment `due`, unless one runs that forbids it.
fn start(client: &mut Client<'_>, cron: &mut CronJob, jobs: &[std::sync::Arc<Job>], due: SimTime) {
    let running: Vec<Key> = jobs
        .iter()
        .filter(|job| job::finished_at(job).is_none())
        .map(|job| Key::of(&job.metadata))
        .collect();
    match cron.spec.concurrency_policy.as_deref() {
        Some("Forbid") if !running.is_empty() => {
            let message = "Not starting job because prior execution is running and concurrency \
                           policy is Forbid";
            client.normal(cron, COMPONENT, "JobAlreadyActive", message.to_owned());
            return;
        }
        Some("Replace") => {
            for key in running {
                delete(client, cron, &key);
            }
        }
        _ => {}
    }
    let minute = due.timestamp().as_second() / 60;
    let name = format!("{}-{minute}", cron.metadata.name.as_deref().unwrap_or_default());
    let template = &cron.spec.job_template;
    let meta = template.metadata.clone().unwrap_or_default();
    let mut annotations = meta.annotations.unwrap_or_default();
    let stamp = "batch.kubernetes.io/cronjob-scheduled-timestamp";
    annotations.insert(stamp.to_owned(), due.whole_seconds().to_string());
    let made = client.create(Job {
        metadata: ObjectMeta {
            annotations: Some(annotations),
            labels: meta.labels,
            name: Some(name.clone()),
            namespace: cron.metadata.namespace.clone(),
            owner_references: Some(vec![owner::reference_to(Kind::CronJob, &cron.metadata)]),
            ..ObjectMeta::default()
        },
        spec: template.spec.clone(),
        status: None,
    });
    match made {
        Ok(_) => {
            client.normal(cron, COMPONENT, "SuccessfulCreate", format!("Created job {name}"));
            cron.status.get_or_insert_default().last_schedule_time =
                Some(Time(due.whole_seconds()));
        }
        Err(status) => {
            let message = format!("Error creating job: {}", status.message);
            client.warning(cron, COMPONENT, "FailedCreate", message);
        }
    }
}

/// Deletes finished Jobs beyond the history limits, the oldest first.
fn clear_away(client: &mut Client<'_>, cron: &CronJob, jobs: &[std::sync::Arc<Job>]) {
    let spec = &cron.spec;
    for (well, limit) in
        [(true, spec.successful_jobs_history_limit), (false, spec.failed_jobs_history_limit)]
    {
        let limit = usize::try_from(limit.unwrap_or(if well { 3 } else { 1 })).unwrap_or(0);
        let ended = |job: &&std::sync::Arc<Job>| {
            job::finished_at(job).is_some() && job::has_succeeded(job) == well
        };
        let finished: Vec<_> = jobs.iter().filter(ended).collect();
        let surplus = finished.len().saturating_sub(limit);
        for job in finished.into_iter().take(surplus) {
            delete(client, cron, &Key::of(&job.metadata));
        }
    }
}

/// Tells of the Jobs that were active when last looked at, and are over or gone now.
fn see_ends(client: &mut Client<'_>, cron: &CronJob, jobs: &[std::sync::Arc<Job>]) {
    let active = cron.status.iter().flat_map(|status| status.active.iter().flatten());
    for reference in active {
        let job = jobs.iter().find(|job| job.metadata.uid == reference.uid);
        let name = reference.name.as_deref().unwrap_or_default();
        match job {
            Some(job) if job::finished_at(job).is_some() => {
                let end = if job::has_succeeded(job) { "Complete" } else { "Failed" };
                let message = format!("Saw completed job: {name}, condition: {end}");
                client.normal(cron, COMPONENT, "SawCompletedJob", message);
            }
            Some(_) => {}
            None => {
                let message = format!("Active job went missing: {name}");
                client.normal(cron, COMPONENT, "MissingJob", message);
            }
        }
    }
}

fn delete(client: &mut Client<'_>, cron: &CronJob, key: &Key) {
    if client.delete(Kind::Job, key) {
        let message = format!("Deleted job {}", key.name);
        client.normal(cron, COMPONENT, "SuccessfulDelete", message);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::super::world::World;
    use super::*;

    #[test]
    fn a_job_is_started_at_every_moment_of_the_schedule() {
        let mut world = World::new(1);
        world.create(json!({
            "apiVersion": "batch/v1", "kind": "CronJob",
            "metadata": { "name": "tick" },
            "spec": {
                "schedule": "*/5 * * * *",
                "jobTemplate": { "spec": { "template": { "spec": {
                    "restartPolicy": "Never",
                    "containers": [{ "name": "c", "image": "busybox" }],
                } } } },
            },
        }));
        world.run(Duration::from_secs(11 * 60));
        // Minutes since 1970 of 09:05 and 09:10.
        assert_eq!(world.names::<Job>(), ["tick-29460065", "tick-29460070"]);
        let status = world.get(Kind::CronJob, "tick")["status"].clone();
        assert_eq!(status["lastScheduleTime"], "2026-01-05T09:10:00Z");
        assert_eq!(status["active"].as_array().unwrap().len(), 2);
    }

    // robfig/cron's `ConstantDelaySchedule`.
    #[test]
    fn an_interval_starts_a_job_whenever_it_has_passed() {
        let mut world = World::new(1);
        world.create(json!({
            "apiVersion": "batch/v1", "kind": "CronJob",
            "metadata": { "name": "tick" },
            "spec": {
                "schedule": "@every 5m",
                "jobTemplate": { "spec": { "template": { "spec": {
                    "restartPolicy": "Never",
                    "containers": [{ "name": "c", "image": "busybox" }],
                } } } },
            },
        }));
        world.run(Duration::from_secs(11 * 60));
        assert_eq!(world.names::<Job>(), ["tick-29460065", "tick-29460070"]);
    }
}
