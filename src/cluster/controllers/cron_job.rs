//! CronJob: a Job at every moment that its schedule names.
//!
//! Source: kube-controller-manager `cronjob`, in UTC.

use std::time::Duration;

use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, Job};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::jiff::civil::DateTime;
use k8s_openapi::jiff::tz::TimeZone;

use super::events::reference;
use super::queue::Actor;
use super::{Client, Key, job, owner};
use crate::api::Kind;
use crate::clock::SimTime;

const COMPONENT: &str = "cronjob-controller";
const MINUTE: Duration = Duration::from_secs(60);
/// How far ahead a schedule is searched: four years hold every 29 February.
const HORIZON: u64 = 4 * 366 * 24 * 60;

/// Starts the Job that is due, clears away old ones, and comes back when the next is due.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(cron) = client.get::<CronJob>(key) else { return };
    if cron.metadata.deletion_timestamp.is_some() {
        return;
    }
    let Some(schedule) = Schedule::parse(&cron.spec.schedule) else { return };
    let mut jobs = client.controlled::<Job>(owner::uid(&cron.metadata));
    jobs.sort_by_key(|job| (job.metadata.creation_timestamp.clone(), job.metadata.name.clone()));
    clear_away(client, &cron.spec, &jobs);
    let status = cron.status.as_ref();
    let last = status.and_then(|status| status.last_schedule_time.clone());
    let last = last.or_else(|| cron.metadata.creation_timestamp.clone());
    let last = last.map_or(SimTime::START, |at| SimTime::from_timestamp(at.0));
    let mut changed = CronJob::clone(&cron);
    if let Some(due) = schedule.last_between(last, client.now)
        && cron.spec.suspend != Some(true)
    {
        start(client, &mut changed, &jobs, due);
    }
    let active = client.controlled_now::<Job>(&key.namespace, owner::uid(&cron.metadata));
    let running = active.iter().filter(|job| job::finished_at(job).is_none());
    let running: Vec<_> = running.map(|job| reference(job.as_ref())).collect();
    let status = changed.status.get_or_insert_default();
    status.active = Some(running).filter(|running| !running.is_empty());
    let ends =
        active.iter().filter(|job| job::has_succeeded(job)).filter_map(|job| job::finished_at(job));
    if let Some(end) = ends.max() {
        status.last_successful_time = Some(Time(end.whole_seconds()));
    }
    if changed != *cron {
        client.update(changed);
    }
    if let Some(next) = schedule.next_after(client.now) {
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
                if client.delete(Kind::Job, &key) {
                    let message = format!("Deleted job {}", key.name);
                    client.normal(cron, COMPONENT, "SuccessfulDelete", message);
                }
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
fn clear_away(client: &mut Client<'_>, spec: &CronJobSpec, jobs: &[std::sync::Arc<Job>]) {
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
            client.delete(Kind::Job, &Key::of(&job.metadata));
        }
    }
}

/// A schedule of five fields, as bits: minute, hour, day of month, month, day of week.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    fields: [u64; 5],
    /// Whether the day fields are `*`: if neither is, one of them is enough.
    any_day: [bool; 2],
}

/// The lowest and highest value of each field.
const BOUNDS: [(u32, u32); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Schedule {
    /// Reads `*/5 0-6 1,15 * mon`, or one of the short forms (`@daily`).
    fn parse(text: &str) -> Option<Schedule> {
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            text => text,
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = words.as_slice() else { return None };
        let mut fields = [0; 5];
        for (place, word) in [minute, hour, day, month, weekday].into_iter().enumerate() {
            fields[place] = field(word, place)?;
        }
        // Sunday is 0 and 7.
        fields[4] |= fields[4] >> 7 & 1;
        let any = |word: &str| word.starts_with(['*', '?']);
        Some(Schedule { fields, any_day: [any(day), any(weekday)] })
    }

    fn holds(&self, at: DateTime) -> bool {
        let bit = |field: usize, value: i8| {
            u32::try_from(value).is_ok_and(|value| self.fields[field] >> value & 1 == 1)
        };
        let day = bit(2, at.day());
        let weekday = bit(4, at.weekday().to_sunday_zero_offset());
        let on_day = match self.any_day {
            [false, false] => day || weekday,
            _ => day && weekday,
        };
        bit(0, at.minute()) && bit(1, at.hour()) && bit(3, at.month()) && on_day
    }

    /// The first moment of the schedule after `at`.
    fn next_after(&self, at: SimTime) -> Option<SimTime> {
        let first = whole_minute(at) + MINUTE;
        let mut civil = TimeZone::UTC.to_datetime(first.timestamp());
        let mut skipped = 0;
        while skipped < HORIZON {
            if self.holds(civil) {
                return Some(first + Duration::from_secs(skipped * 60));
            }
            civil = civil.checked_add(MINUTE).ok()?;
            skipped += 1;
        }
        None
    }

    /// The last moment of the schedule after `from` and not after `to`.
    fn last_between(&self, from: SimTime, to: SimTime) -> Option<SimTime> {
        let mut due = self.next_after(from).filter(|due| *due <= to)?;
        while let Some(next) = self.next_after(due).filter(|next| *next <= to) {
            due = next;
        }
        Some(due)
    }
}

fn whole_minute(at: SimTime) -> SimTime {
    let micros = MINUTE.as_micros() as u64;
    SimTime::from_micros(at.as_micros() / micros * micros)
}

/// One field as bits.
fn field(text: &str, place: usize) -> Option<u64> {
    let (low, high) = BOUNDS[place];
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let step: usize = step.parse().ok().filter(|step| *step > 0)?;
        let (first, last) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (low, high),
            Some((first, last)) => (number(first, place)?, number(last, place)?),
            None if part.contains('/') => (number(range, place)?, high),
            None => (number(range, place)?, number(range, place)?),
        };
        if first < low || last > high || first > last {
            return None;
        }
        bits |= (first..=last).step_by(step).fold(0, |bits, value| bits | 1 << value);
    }
    Some(bits)
}

/// A number, or the name of a month or weekday.
fn number(text: &str, place: usize) -> Option<u32> {
    let names: (&[&str], u32) = match place {
        3 => (&MONTHS, 1),
        4 => (&DAYS, 0),
        _ => (&[], 0),
    };
    let named = names.0.iter().position(|name| text.eq_ignore_ascii_case(name));
    named.map(|place| place as u32 + names.1).or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::world::World;
    use super::*;

    /// The simulated clock starts at 09:00 on a Monday, 2026-01-05.
    fn next(schedule: &str) -> Option<String> {
        let schedule = Schedule::parse(schedule)?;
        Some(schedule.next_after(SimTime::START)?.timestamp().to_string())
    }

    #[test]
    fn a_schedule_names_its_next_moment() {
        assert_eq!(next("* * * * *").as_deref(), Some("2026-01-05T09:01:00Z"));
        assert_eq!(next("*/15 * * * *").as_deref(), Some("2026-01-05T09:15:00Z"));
        assert_eq!(next("0 0 * * sun").as_deref(), Some("2026-01-11T00:00:00Z"));
        assert_eq!(next("0 0 * * 7").as_deref(), Some("2026-01-11T00:00:00Z"));
        assert_eq!(next("30 6 1,15 * *").as_deref(), Some("2026-01-15T06:30:00Z"));
        assert_eq!(next("0 0 29 feb *").as_deref(), Some("2028-02-29T00:00:00Z"));
        assert_eq!(next("@daily").as_deref(), Some("2026-01-06T00:00:00Z"));
    }

    #[test]
    fn a_broken_schedule_names_nothing() {
        for text in ["", "* * * *", "60 * * * *", "*/0 * * * *", "5-1 * * * *", "x * * * *"] {
            assert!(Schedule::parse(text).is_none(), "{text}");
        }
    }

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
}
