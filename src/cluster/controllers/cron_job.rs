//! CronJob: a Job at every moment that its schedule names.
//!
//! Source: kube-controller-manager `cronjob`. A schedule without a time zone is told in UTC.

use std::sync::Arc;

use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, CronJobStatus, Job};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use super::events::reference;
use super::queue::Actor;
use super::{Client, Key, job, owner};
use crate::api::cron::{self, Schedule};
use crate::api::{Kind, Reason};
use crate::clock::SimTime;

const COMPONENT: &str = "cronjob-controller";

/// Looks at a CronJob's Jobs, starts the one that is due, clears away old ones, and comes back when
/// the next is due (`sync` and `syncCronJob` of `cronjob_controllerv2.go`).
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(cron_job) = client.get::<CronJob>(key) else { return };
    let mut jobs = client.controlled_now::<Job>(&key.namespace, owner::uid(&cron_job.metadata));
    jobs.sort_by_key(|job| (job.metadata.creation_timestamp.clone(), job.metadata.name.clone()));
    let mut changed = CronJob::clone(&cron_job);
    see(client, &mut changed, &jobs);
    let schedule = schedule(&changed.spec).filter(|_| {
        cron_job.metadata.deletion_timestamp.is_none() && changed.spec.suspend != Some(true)
    });
    let last = |cron: &CronJob| {
        let last = cron.status.as_ref().and_then(|status| status.last_schedule_time.clone());
        let last = last.or_else(|| cron.metadata.creation_timestamp.clone());
        last.map_or(SimTime::START, |at| SimTime::from_timestamp(at.0))
    };
    if let Some(schedule) = &schedule
        && let Some(due) =
            schedule.last_between(earliest(&changed, last(&changed), client.now), client.now)
    {
        start(client, &mut changed, due);
    }
    clear_away(client, &mut changed, &jobs);
    let last = last(&changed);
    if changed != *cron_job {
        client.update(changed);
    }
    if let Some(next) = schedule.and_then(|schedule| schedule.next_due(last, client.now)) {
        client.queue.remind(next, Actor::CronJob, key.clone());
    }
}

/// The schedule, if it can be read.
fn schedule(spec: &CronJobSpec) -> Option<Schedule> {
    let zone = cron::time_zone(spec.time_zone.as_deref().unwrap_or("")).ok()?;
    Schedule::parse(&spec.schedule, &zone).ok()
}

/// Since when moments count that were missed: the last Job's, but no longer ago than
/// `startingDeadlineSeconds` (`mostRecentScheduleTime`).
fn earliest(cron: &CronJob, last: SimTime, now: SimTime) -> SimTime {
    let deadline = cron.spec.starting_deadline_seconds.and_then(|time| u64::try_from(time).ok());
    let since = now.since(SimTime::START);
    let bound = deadline.map(|deadline| {
        SimTime::START + since.saturating_sub(std::time::Duration::from_secs(deadline))
    });
    bound.map_or(last, |bound| last.max(bound))
}

/// Brings the list of active Jobs up to date: those that are over or gone leave it. A Job that
/// somebody else made for this CronJob never comes in, and is only told of.
fn see(client: &mut Client<'_>, cron: &mut CronJob, jobs: &[Arc<Job>]) {
    let mut status = cron.status.clone().unwrap_or_default();
    let mut active = status.active.take().unwrap_or_default();
    for job in jobs {
        let name = job.metadata.name.as_deref().unwrap_or_default();
        let place = active.iter().position(|known| known.uid == job.metadata.uid);
        match (place, job::finished_at(job)) {
            (None, None) => {
                let message =
                    format!("Saw a job that the controller did not create or forgot: {name}");
                client.warning(cron, COMPONENT, "UnexpectedJob", message);
            }
            (Some(place), Some(_)) => {
                active.remove(place);
                let end = if job::has_succeeded(job) { "Complete" } else { "Failed" };
                let message = format!("Saw completed job: {name}, condition: {end}");
                client.normal(cron, COMPONENT, "SawCompletedJob", message);
            }
            _ => {}
        }
        if let Some(end) = job::finished_at(job).filter(|_| job::has_succeeded(job)) {
            let known = status.last_successful_time.as_ref();
            let known = known.map(|time| SimTime::from_timestamp(time.0));
            if known.is_none_or(|known| known < end) {
                status.last_successful_time = Some(Time(end.whole_seconds()));
            }
        }
    }
    active.retain(|known| {
        let there = jobs.iter().any(|job| job.metadata.uid == known.uid);
        if !there {
            let name = known.name.as_deref().unwrap_or_default();
            let message = format!("Active job went missing: {name}");
            client.normal(cron, COMPONENT, "MissingJob", message);
        }
        there
    });
    status.active = Some(active).filter(|active| !active.is_empty());
    if cron.status.is_some() || status != CronJobStatus::default() {
        cron.status = Some(status);
    }
}

/// Starts the Job of the moment `due`, unless one runs that forbids it.
fn start(client: &mut Client<'_>, cron: &mut CronJob, due: SimTime) {
    let active = cron.status.iter().flat_map(|status| status.active.iter().flatten());
    let running: Vec<Key> = active
        .map(|known| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            Key::new(&text(&known.namespace), &text(&known.name))
        })
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
        Ok(job) => {
            client.normal(cron, COMPONENT, "SuccessfulCreate", format!("Created job {name}"));
            let status = cron.status.get_or_insert_default();
            status.active.get_or_insert_default().push(reference(job.as_ref()));
            status.last_schedule_time = Some(Time(due.whole_seconds()));
        }
        // Whoever made it tells of it.
        Err(status) if status.reason == Reason::AlreadyExists => {}
        Err(status) => {
            let message = format!("Error creating job: {}", status.message);
            client.warning(cron, COMPONENT, "FailedCreate", message);
        }
    }
}

/// Deletes finished Jobs beyond the history limits, the oldest first.
fn clear_away(client: &mut Client<'_>, cron: &mut CronJob, jobs: &[Arc<Job>]) {
    let spec = &cron.spec;
    let limits = [
        (true, spec.successful_jobs_history_limit.unwrap_or(3)),
        (false, spec.failed_jobs_history_limit.unwrap_or(1)),
    ];
    for (well, limit) in limits {
        let limit = usize::try_from(limit).unwrap_or(0);
        let ended =
            |job: &&Arc<Job>| job::finished_at(job).is_some() && job::has_succeeded(job) == well;
        let finished: Vec<_> = jobs.iter().filter(ended).collect();
        let surplus = finished.len().saturating_sub(limit);
        for job in finished.into_iter().take(surplus) {
            delete(client, cron, &Key::of(&job.metadata));
        }
    }
}

/// Deletes a Job, which is not active any more then.
fn delete(client: &mut Client<'_>, cron: &mut CronJob, key: &Key) {
    if client.delete(Kind::Job, key) {
        if let Some(status) = &mut cron.status {
            let mut active = status.active.take().unwrap_or_default();
            active.retain(|known| known.name.as_deref() != Some(&*key.name));
            status.active = Some(active).filter(|active| !active.is_empty());
        }
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

    fn every_minute(extra: serde_json::Value) -> serde_json::Value {
        let mut spec = json!({
            "schedule": "* * * * *",
            "jobTemplate": { "spec": { "template": { "spec": {
                "restartPolicy": "Never",
                "containers": [{ "name": "c", "image": "busybox" }],
            } } } },
        });
        for (field, value) in extra.as_object().unwrap() {
            spec[field] = value.clone();
        }
        json!({
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": "tick" },
            "spec": spec,
        })
    }

    #[test]
    fn a_job_that_somebody_else_made_is_told_of_and_left_alone() {
        let mut world = World::new(1);
        world.create(every_minute(json!({ "concurrencyPolicy": "Replace" })));
        world.run(Duration::from_secs(10));
        let uid = world.get(Kind::CronJob, "tick")["metadata"]["uid"].clone();
        let spec = every_minute(json!({}))["spec"]["jobTemplate"]["spec"].clone();
        world.create(json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": { "name": "manual", "ownerReferences": [{
                "apiVersion": "batch/v1", "kind": "CronJob", "name": "tick", "uid": uid,
                "controller": true, "blockOwnerDeletion": true,
            }] },
            "spec": spec,
        }));
        world.run(Duration::from_secs(120));
        assert_eq!(world.names::<Job>(), ["manual", "tick-29460062"]);
        let status = world.get(Kind::CronJob, "tick")["status"].clone();
        assert_eq!(status["active"].as_array().unwrap().len(), 1);
        let unexpected = "Saw a job that the controller did not create or forgot: manual";
        assert!(world.told("tick").iter().any(|(_, message, _)| message == unexpected));
    }

    // `mostRecentScheduleTime`
    #[test]
    fn a_moment_that_is_past_its_deadline_is_missed() {
        let mut world = World::new(1);
        world.create(every_minute(json!({ "suspend": true, "startingDeadlineSeconds": 10 })));
        world.run(Duration::from_secs(80));
        world.patch(Kind::CronJob, "tick", json!({ "spec": { "suspend": false } }));
        world.run(Duration::from_secs(5));
        assert!(world.names::<Job>().is_empty());
        world.run(Duration::from_secs(60));
        assert_eq!(world.names::<Job>(), ["tick-29460062"]);
    }
}
