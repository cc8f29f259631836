//! Job: pods that run to their end, so many times.
//!
//! Source: kube-controller-manager `job`. A failed pod is replaced after a growing delay, until
//! `backoffLimit` is exceeded.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::batch::v1::{Job, JobCondition, JobSpec, JobStatus, UncountedTerminatedPods};
use k8s_openapi::api::core::v1::{EnvVar, EnvVarSource, ObjectFieldSelector};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::queue::Actor;
use super::{Client, Key, owner, pods};
use crate::api::selector::LabelSelector;
use crate::api::{Kind, Pod};
use crate::clock::SimTime;

const COMPONENT: &str = "job-controller";
const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// The first delay after a failure, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

/// A Job at work.
struct Work<'a> {
    job: &'a Job,
    spec: &'a JobSpec,
    pods: Vec<Arc<Pod>>,
    /// What is to be written.
    status: JobStatus,
}

/// How many pods one look at a job creates.
const BURST: usize = 500;

/// Brings a Job a step closer to its end.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(job) = client.get::<Job>(key) else { return };
    let Some(spec) = &job.spec else { return };
    if finished_at(&job).is_some() {
        expire(client, &job, spec);
        return;
    }
    let selector = spec.selector.as_ref().map(LabelSelector::of).unwrap_or_default();
    let pods = owner::claim_pods(client, job.as_ref(), &selector);
    let status = job.status.clone().unwrap_or_default();
    let mut work = Work { job: &job, spec, pods, status };
    work.count();
    if job.metadata.deletion_timestamp.is_none() {
        work.step(client);
    }
    if job.status.as_ref() != Some(&work.status) {
        let mut changed = Job::clone(&job);
        changed.status = Some(work.status);
        client.update(changed);
    }
}

/// When the Job came to its end, well or badly.
pub(super) fn finished_at(job: &Job) -> Option<SimTime> {
    let conditions = job.status.as_ref()?.conditions.as_ref()?;
    let end = conditions
        .iter()
        .find(|known| matches!(&*known.type_, "Complete" | "Failed") && known.status == "True")?;
    let at = end.last_transition_time.as_ref();
    Some(at.map_or(SimTime::START, |at| SimTime::from_timestamp(at.0)))
}

/// Whether the Job reached its completions.
pub(super) fn has_succeeded(job: &Job) -> bool {
    let mut conditions = job.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.any(|known| known.type_ == "Complete" && known.status == "True")
}

/// `ttlSecondsAfterFinished`: removes a finished Job when its time has come.
fn expire(client: &mut Client<'_>, job: &Job, spec: &JobSpec) {
    let (Some(end), Some(seconds)) = (finished_at(job), spec.ttl_seconds_after_finished) else {
        return;
    };
    let at = end + Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let key = Key::of(&job.metadata);
    if at > client.now {
        client.queue.remind(at, Actor::Job, key);
    } else if job.metadata.deletion_timestamp.is_none() {
        client.delete(Kind::Job, &key);
    }
}

impl Work<'_> {
    /// Counts the pods. Finished pods that were deleted stay counted.
    fn count(&mut self) {
        let number =
            |holds: &dyn Fn(&Pod) -> bool| self.pods.iter().filter(|pod| holds(pod)).count() as i32;
        let some = |count: i32| Some(count).filter(|count| *count != 0);
        let before = self.job.status.as_ref();
        let known = |of: fn(&JobStatus) -> Option<i32>| before.and_then(of).unwrap_or(0);
        let succeeded = number(&|pod| pod.phase() == "Succeeded");
        let failed = number(&|pod| pod.phase() == "Failed");
        let active = number(&|pod| pod.is_active());
        let ready = number(&|pod| pod.is_active() && pod.is_ready());
        let terminating = number(&|pod| pod.is_terminating() && !pod.is_finished());
        self.status.active = some(active);
        self.status.ready = Some(ready);
        self.status.terminating = Some(terminating);
        self.status.succeeded = some(succeeded.max(known(|status| status.succeeded)));
        self.status.failed = some(failed.max(known(|status| status.failed)));
        self.status.uncounted_terminated_pods = Some(UncountedTerminatedPods::default());
        if self.is_indexed() {
            let done: BTreeSet<i32> = self
                .pods
                .iter()
                .filter(|pod| pod.phase() == "Succeeded")
                .filter_map(|pod| index(pod))
                .collect();
            self.status.completed_indexes = Some(ranges(&done)).filter(|text| !text.is_empty());
        }
    }

    /// Ends the Job, or sees to it that enough pods run.
    fn step(&mut self, client: &mut Client<'_>) {
        let now = client.now;
        if self.spec.suspend == Some(true) {
            self.stop_pods(client);
            self.status.start_time = None;
            return;
        }
        let start = Time(now.whole_seconds());
        let start = self.status.start_time.get_or_insert(start).0;
        if let Some(seconds) = self.spec.active_deadline_seconds {
            let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
            let end = SimTime::from_timestamp(start) + seconds;
            if end <= now {
                let message = "Job was active longer than specified deadline";
                self.fail(client, "DeadlineExceeded", message);
                return;
            }
            client.queue.remind(end, Actor::Job, Key::of(&self.job.metadata));
        }
        if self.failures() > self.spec.backoff_limit.unwrap_or(6) {
            let message = "Job has reached the specified backoff limit";
            self.fail(client, "BackoffLimitExceeded", message);
        } else if self.is_complete() {
            self.complete(client);
        } else {
            self.keep_running(client);
        }
    }

    fn succeeded(&self) -> i32 {
        self.status.succeeded.unwrap_or(0)
    }

    fn active(&self) -> i32 {
        self.status.active.unwrap_or(0)
    }

    fn is_indexed(&self) -> bool {
        self.spec.completion_mode.as_deref() == Some("Indexed")
    }

    /// Failed pods, and restarts of those that restart in place.
    fn failures(&self) -> i32 {
        let statuses = |pod: &Arc<Pod>| {
            let status = pod.status.as_ref();
            status.and_then(|status| status.container_statuses.clone()).unwrap_or_default()
        };
        let restarts = self.pods.iter().flat_map(statuses).map(|status| status.restart_count);
        restarts.fold(self.status.failed.unwrap_or(0), i32::saturating_add)
    }

    fn is_complete(&self) -> bool {
        match self.spec.completions {
            Some(wanted) => self.succeeded() >= wanted,
            None => self.succeeded() > 0 && self.active() == 0,
        }
    }

    /// Starts pods up to the parallelism (500 at a time, `maxPodCreateDeletePerSync`), or stops those that are too many.
    fn keep_running(&mut self, client: &mut Client<'_>) {
        let parallelism = self.spec.parallelism.unwrap_or(1);
        let wanted = match self.spec.completions {
            Some(completions) => parallelism.min(completions.saturating_sub(self.succeeded())),
            None if self.succeeded() > 0 => self.active().min(parallelism),
            None => parallelism,
        };
        let active = self.active();
        if active > wanted {
            let surplus = (active - wanted) as usize;
            let running: Vec<Arc<Pod>> =
                self.pods.iter().filter(|pod| pod.is_active()).take(surplus).cloned().collect();
            running.iter().for_each(|pod| self.delete(client, pod));
        }
        if active >= wanted {
            return;
        }
        if let Some(at) = self.backoff_end().filter(|at| *at > client.now) {
            client.queue.remind(at, Actor::Job, Key::of(&self.job.metadata));
            return;
        }
        let mut free = self.free_indexes();
        for _ in (active..wanted).take(BURST) {
            let index = self.is_indexed().then(|| free.next()).flatten();
            if !self.create(client, index) {
                return;
            }
        }
    }

    /// When the next pod may be started after failures: 10 s, 20 s, 40 s … after the last one.
    fn backoff_end(&self) -> Option<SimTime> {
        let failed = self.pods.iter().filter(|pod| pod.phase() == "Failed");
        let ends = failed.flat_map(|pod| {
            let status = pod.status.as_ref();
            let statuses = status.and_then(|status| status.container_statuses.as_deref());
            let ends = statuses.unwrap_or_default().iter().filter_map(|status| {
                status.state.as_ref()?.terminated.as_ref()?.finished_at.as_ref()
            });
            ends.map(|at| SimTime::from_timestamp(at.0)).collect::<Vec<_>>()
        });
        let last = ends.max()?;
        let failures = u32::try_from(self.status.failed.unwrap_or(0)).unwrap_or(0);
        let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        Some(last + BACKOFF.0.saturating_mul(factor).min(BACKOFF.1))
    }

    /// Completion indexes that neither run nor are done.
    fn free_indexes(&self) -> impl Iterator<Item = i32> + use<> {
        let taken: BTreeSet<i32> = self
            .pods
            .iter()
            .filter(|pod| pod.phase() != "Failed" && !pod.is_terminating())
            .filter_map(|pod| index(pod))
            .collect();
        (0..self.spec.completions.unwrap_or(0)).filter(move |index| !taken.contains(index))
    }

    /// Creates a pod, if the server agrees.
    fn create(&self, client: &mut Client<'_>, index: Option<i32>) -> bool {
        let mut pod = pods::from_template(self.job, &self.spec.template);
        if let Some(index) = index {
            give_index(&mut pod, self.job.metadata.name.as_deref().unwrap_or_default(), index);
        }
        match client.create(pod) {
            Ok(pod) => {
                let name = pod.metadata.name.as_deref().unwrap_or_default();
                let message = format!("Created pod: {name}");
                client.normal(self.job, COMPONENT, "SuccessfulCreate", message);
                true
            }
            Err(status) => {
                let message = format!("Error creating: {}", status.message);
                client.warning(self.job, COMPONENT, "FailedCreate", message);
                client.remind(pods::RETRY, Actor::Job, &Key::of(&self.job.metadata));
                false
            }
        }
    }

    fn delete(&self, client: &mut Client<'_>, pod: &Pod) {
        let key = Key::of(&pod.metadata);
        if client.delete(Kind::Pod, &key) {
            let message = format!("Deleted pod: {}", key.name);
            client.normal(self.job, COMPONENT, "SuccessfulDelete", message);
        }
    }

    fn stop_pods(&self, client: &mut Client<'_>) {
        for pod in self.pods.iter().filter(|pod| pod.is_active()) {
            self.delete(client, pod);
        }
    }

    fn complete(&mut self, client: &mut Client<'_>) {
        let message = "Reached expected number of succeeded pods";
        self.end(client.now, ["SuccessCriteriaMet", "Complete"], "CompletionsReached", message);
        self.status.completion_time = Some(Time(client.now.whole_seconds()));
        client.normal(self.job, COMPONENT, "Completed", "Job completed".to_owned());
    }

    fn fail(&mut self, client: &mut Client<'_>, reason: &str, message: &str) {
        self.stop_pods(client);
        self.end(client.now, ["FailureTarget", "Failed"], reason, message);
        self.status.active = None;
        self.status.ready = Some(0);
        client.warning(self.job, COMPONENT, reason, message.to_owned());
    }

    fn end(&mut self, now: SimTime, types: [&str; 2], reason: &str, message: &str) {
        let moment = Time(now.whole_seconds());
        for type_ in types {
            self.status.conditions.get_or_insert_default().push(JobCondition {
                last_probe_time: Some(moment.clone()),
                last_transition_time: Some(moment.clone()),
                message: Some(message.to_owned()),
                reason: Some(reason.to_owned()),
                status: "True".to_owned(),
                type_: type_.to_owned(),
            });
        }
    }
}

/// The completion index of a pod.
fn index(pod: &Pod) -> Option<i32> {
    pod.metadata.annotations.as_ref()?.get(INDEX)?.parse().ok()
}

/// Makes a pod the one of a completion index: in its name, hostname, labels and environment.
fn give_index(pod: &mut Pod, job: &str, index: i32) {
    pod.metadata.generate_name = Some(format!("{job}-{index}-"));
    let annotations = pod.metadata.annotations.get_or_insert_default();
    annotations.insert(INDEX.to_owned(), index.to_string());
    let labels = pod.metadata.labels.get_or_insert_default();
    labels.insert(INDEX.to_owned(), index.to_string());
    let Some(spec) = &mut pod.spec else { return };
    spec.hostname = Some(format!("{job}-{index}"));
    for container in &mut spec.containers {
        let name = "JOB_COMPLETION_INDEX";
        let variables = container.env.get_or_insert_default();
        if variables.iter().any(|variable| variable.name == name) {
            continue;
        }
        variables.push(EnvVar {
            name: name.to_owned(),
            value_from: Some(EnvVarSource {
                field_ref: Some(ObjectFieldSelector {
                    field_path: format!("metadata.labels['{INDEX}']"),
                    ..ObjectFieldSelector::default()
                }),
                ..EnvVarSource::default()
            }),
            ..EnvVar::default()
        });
    }
}

/// Numbers as `0-2,5`.
fn ranges(numbers: &BTreeSet<i32>) -> String {
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == *number => *end = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let written = runs.into_iter().map(|(start, end)| match end - start {
        0 => start.to_string(),
        1 => format!("{start},{end}"),
        _ => format!("{start}-{end}"),
    });
    written.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::world::World;
    use super::*;

    #[test]
    fn completed_indexes_are_written_as_ranges() {
        assert_eq!(ranges(&BTreeSet::from([0, 1, 2, 5, 7, 8])), "0-2,5,7,8");
        assert_eq!(ranges(&BTreeSet::new()), "");
    }

    fn job(spec: Value) -> Value {
        let mut job = json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": { "name": "once" },
            "spec": { "template": { "spec": {
                "restartPolicy": "Never",
                "containers": [{ "name": "c", "image": "busybox" }],
            } } },
        });
        for (field, value) in spec.as_object().into_iter().flatten() {
            job["spec"][field] = value.clone();
        }
        job
    }

    #[test]
    fn a_job_is_complete_when_its_pod_succeeds() {
        let mut world = World::new(1);
        world.create(job(json!({})));
        world.settle();
        assert_eq!(world.get(Kind::Job, "once")["status"]["active"], 1);
        let pod = world.active().remove(0);
        world.finish(&pod, "Succeeded");
        world.settle();
        let status = world.get(Kind::Job, "once")["status"].clone();
        assert_eq!(status["succeeded"], 1);
        assert!(status["active"].is_null());
        let types: Vec<_> = status["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|condition| condition["type"].as_str().unwrap())
            .collect();
        assert_eq!(types, ["SuccessCriteriaMet", "Complete"]);
        let told: Vec<_> = world.told("once").into_iter().map(|told| told.1).collect();
        assert_eq!(told, [format!("Created pod: {pod}"), "Job completed".to_owned()]);
    }

    #[test]
    fn completions_run_as_many_at_a_time_as_allowed() {
        let mut world = World::new(1);
        world.create(job(json!({ "completions": 3, "parallelism": 2 })));
        world.settle();
        assert_eq!(world.active().len(), 2);
        for pod in world.active() {
            world.finish(&pod, "Succeeded");
        }
        world.settle();
        assert_eq!(world.active().len(), 1);
    }

    #[test]
    fn a_job_gives_up_at_its_backoff_limit() {
        let mut world = World::new(1);
        world.create(job(json!({ "backoffLimit": 1 })));
        for _ in 0..2 {
            world.run(Duration::from_secs(30));
            let pod = world.active().remove(0);
            world.finish(&pod, "Failed");
        }
        world.run(Duration::from_secs(120));
        assert!(world.active().is_empty());
        let shown = world.get(Kind::Job, "once");
        let end = &shown["status"]["conditions"][1];
        assert_eq!(
            (&end["type"], &end["reason"]),
            (&json!("Failed"), &json!("BackoffLimitExceeded"))
        );
        assert_eq!(end["message"], "Job has reached the specified backoff limit");
    }

    #[test]
    fn a_finished_job_goes_when_its_time_to_live_is_over() {
        let mut world = World::new(1);
        world.create(job(json!({ "ttlSecondsAfterFinished": 30 })));
        world.settle();
        let pod = world.active().remove(0);
        world.finish(&pod, "Succeeded");
        world.run(Duration::from_secs(20));
        assert!(!world.get(Kind::Job, "once").is_null());
        world.run(Duration::from_secs(20));
        assert!(world.get(Kind::Job, "once").is_null());
    }

    #[test]
    fn indexed_pods_have_their_index() {
        let mut world = World::new(1);
        let spec = json!({ "completionMode": "Indexed", "completions": 2, "parallelism": 2 });
        world.create(job(spec));
        world.settle();
        let names = world.active();
        assert!(names[0].starts_with("once-0-") && names[1].starts_with("once-1-"), "{names:?}");
        world.finish(&names[0], "Succeeded");
        world.settle();
        assert_eq!(world.get(Kind::Job, "once")["status"]["completedIndexes"], "0");
    }
}
