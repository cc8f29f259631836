//! Job: pods that run to their end, so many times.
//!
//! Source: kube-controller-manager `job`. A failed pod is replaced after a growing delay, until
//! `backoffLimit` is exceeded.

mod end;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::batch::v1::{Job, JobCondition, JobSpec, JobStatus, UncountedTerminatedPods};
use k8s_openapi::api::core::v1::{EnvVar, EnvVarSource, ObjectFieldSelector, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::queue::Actor;
use super::{Client, Key, owner, pods};
use crate::api::selector::LabelSelector;
use crate::api::{Kind, Pod};
use crate::clock::SimTime;
use end::{Verdict, numbers, ranges};

const COMPONENT: &str = "job-controller";
const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// How often pods of the same index failed before, where that is limited.
const INDEX_FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
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
    let pods = owner::claim_pods(client, job.as_ref(), &selector, |_| true);
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
        let failed = number(&|pod| self.has_failed(pod) && self.counts(pod));
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
            let done = self.done();
            self.status.succeeded = some(done.len() as i32);
            self.status.completed_indexes = Some(ranges(&done)).filter(|text| !text.is_empty());
            let limited = self.spec.backoff_limit_per_index.is_some();
            self.status.failed_indexes = limited.then(|| ranges(&self.given_up()));
        }
    }

    /// Whether a pod counts as failed. One that is being deleted does, too, unless the Job waits for
    /// its end, or it was the Job's suspension or success that stopped it.
    fn has_failed(&self, pod: &Pod) -> bool {
        let made = pod.metadata.creation_timestamp.as_ref();
        let earlier = made < self.status.start_time.as_ref() || self.spec.suspend == Some(true);
        let verdict = Verdict::known(self.status.conditions.as_deref().unwrap_or_default());
        if pod.is_terminating() && (earlier || verdict.is_some_and(|verdict| verdict.well)) {
            return false;
        }
        let going = pod.is_terminating() && !self.waits_for_failure();
        pod.phase() == "Failed" || going && pod.phase() != "Succeeded"
    }

    /// Whether a failed pod counts against the Job's limit.
    fn counts(&self, pod: &Pod) -> bool {
        end::action(self.spec, pod).is_none_or(|(action, _)| action != "Ignore")
    }

    /// `podReplacementPolicy: Failed`: pods that are being deleted count when they have ended.
    fn waits_for_failure(&self) -> bool {
        self.spec.pod_replacement_policy.as_deref() == Some("Failed")
    }

    fn failed(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().map(AsRef::as_ref).filter(|pod| self.has_failed(pod))
    }

    /// The indexes that have succeeded.
    fn done(&self) -> BTreeSet<i32> {
        let before =
            self.job.status.as_ref().and_then(|status| status.completed_indexes.as_deref());
        let most = self.spec.completions.unwrap_or(0);
        let now = self.pods.iter().filter(|pod| pod.phase() == "Succeeded");
        let now = now.filter_map(|pod| index(pod)).filter(|index| *index < most);
        now.chain(numbers(before.unwrap_or(""))).collect()
    }

    /// The indexes that are not tried again.
    fn given_up(&self) -> BTreeSet<i32> {
        let before = self.job.status.as_ref().and_then(|status| status.failed_indexes.as_deref());
        let mut failed = end::failed_indexes(self.spec, self.failed());
        failed.extend(numbers(before.unwrap_or("")));
        &failed - &self.done()
    }

    /// Ends the Job, or sees to it that enough pods run.
    fn step(&mut self, client: &mut Client<'_>) {
        let suspended = self.spec.suspend == Some(true);
        if !suspended {
            self.status.start_time.get_or_insert(Time(client.now.whole_seconds()));
        }
        if let Some(verdict) = self.verdict(client) {
            return self.finish(client, &verdict);
        }
        if suspended {
            self.stop_pods(client);
        } else {
            self.keep_running(client);
        }
        if self.is_complete() {
            let message = "Reached expected number of succeeded pods";
            self.finish(client, &Verdict::success("CompletionsReached", message));
        } else {
            self.tell_suspension(client, suspended);
        }
    }

    /// What has decided the Job's end, in the order in which it is looked at.
    fn verdict(&self, client: &mut Client<'_>) -> Option<Verdict> {
        let known = Verdict::known(self.status.conditions.as_deref().unwrap_or_default());
        if known.is_some() {
            return known;
        }
        let told = self.failed().find_map(|pod| match end::action(self.spec, pod) {
            Some(("FailJob", message)) => Some(message),
            _ => None,
        });
        if let Some(message) = told {
            return Some(Verdict::failure("PodFailurePolicy", message));
        }
        if self.is_past_backoff() {
            let message = "Job has reached the specified backoff limit";
            return Some(Verdict::failure("BackoffLimitExceeded", message));
        }
        if let Some(end) = self.deadline() {
            if end <= client.now {
                let message = "Job was active longer than specified deadline";
                return Some(Verdict::failure("DeadlineExceeded", message));
            }
            client.queue.remind(end, Actor::Job, Key::of(&self.job.metadata));
        }
        self.verdict_of_indexes()
    }

    fn verdict_of_indexes(&self) -> Option<Verdict> {
        if !self.is_indexed() {
            return None;
        }
        let (done, failed) = (self.done(), self.given_up());
        let size = |count: i32| usize::try_from(count).unwrap_or(0);
        if self.spec.max_failed_indexes.is_some_and(|most| failed.len() > size(most)) {
            let message = "Job has exceeded the specified maximal number of failed indexes";
            return Some(Verdict::failure("MaxFailedIndexesExceeded", message));
        }
        let all = size(self.spec.completions.unwrap_or(0));
        if !failed.is_empty() && failed.len() + done.len() >= all {
            return Some(Verdict::failure("FailedIndexes", "Job has failed indexes"));
        }
        end::by_success_policy(self.spec, &done)
    }

    /// When `activeDeadlineSeconds` are over; never while the Job is suspended.
    fn deadline(&self) -> Option<SimTime> {
        let seconds = self.spec.active_deadline_seconds?;
        let start = self.status.start_time.as_ref().filter(|_| self.spec.suspend != Some(true))?;
        let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        Some(SimTime::from_timestamp(start.0) + seconds)
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

    /// Whether there were too many failed pods, or too many restarts of those that restart in place.
    fn is_past_backoff(&self) -> bool {
        let limit = self.spec.backoff_limit.unwrap_or(6);
        if self.status.failed.unwrap_or(0) > limit {
            return true;
        }
        let template = self.spec.template.spec.as_ref();
        if template.and_then(|spec| spec.restart_policy.as_deref()) != Some("OnFailure") {
            return false;
        }
        let running = self.pods.iter().filter(|pod| !pod.is_finished());
        let statuses = running.filter_map(|pod| pod.status.as_ref()).flat_map(|status| {
            let init = status.init_container_statuses.iter().flatten();
            init.chain(status.container_statuses.iter().flatten())
        });
        let restarts = statuses.map(|status| status.restart_count).fold(0, i32::saturating_add);
        restarts > 0 && restarts >= limit
    }

    fn is_complete(&self) -> bool {
        match self.spec.completions {
            Some(wanted) => self.succeeded() >= wanted && self.active() == 0,
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
        let going = self.status.terminating.filter(|_| self.waits_for_failure()).unwrap_or(0);
        let active = self.active();
        if active > wanted {
            let surplus = (active - wanted) as usize;
            let running: Vec<Arc<Pod>> =
                self.pods.iter().filter(|pod| pod.is_active()).take(surplus).cloned().collect();
            running.iter().for_each(|pod| self.delete(client, pod));
        }
        if active + going >= wanted {
            return;
        }
        let limited = self.spec.backoff_limit_per_index.is_some();
        let failures = self.status.failed.unwrap_or(0);
        let later = backoff_end(self.failed(), failures).filter(|at| *at > client.now && !limited);
        if let Some(at) = later {
            client.queue.remind(at, Actor::Job, Key::of(&self.job.metadata));
            return;
        }
        let mut free = self.free_indexes(client).into_iter();
        for _ in (active + going..wanted).take(BURST) {
            let index = self.is_indexed().then(|| free.next()).flatten();
            if (self.is_indexed() && index.is_none()) || !self.create(client, index) {
                return;
            }
        }
    }

    /// Completion indexes that neither run nor are done, nor wait for another try: as many as are begun at
    /// once.
    fn free_indexes(&self, client: &mut Client<'_>) -> Vec<i32> {
        if !self.is_indexed() {
            return Vec::new();
        }
        let running = self.pods.iter().filter(|pod| pod.is_active()).filter_map(|pod| index(pod));
        let mut taken: BTreeSet<i32> = running.chain(self.done()).chain(self.given_up()).collect();
        let most = self.spec.completions.unwrap_or(0);
        if self.spec.backoff_limit_per_index.is_some() {
            let mut failed: BTreeMap<i32, Vec<&Pod>> = BTreeMap::new();
            for pod in self.failed().filter(|pod| self.counts(pod)) {
                if let Some(index) = index(pod).filter(|index| *index < most) {
                    failed.entry(index).or_default().push(pod);
                }
            }
            for (index, pods) in failed {
                let at = backoff_end(pods.iter().copied(), pods.len() as i32);
                if let Some(at) = at.filter(|at| *at > client.now)
                    && taken.insert(index)
                {
                    client.queue.remind(at, Actor::Job, Key::of(&self.job.metadata));
                }
            }
        }
        (0..most).filter(|index| !taken.contains(index)).take(BURST).collect()
    }

    /// The failed pods of an index that count.
    fn failed_of(&self, number: i32) -> impl Iterator<Item = &Pod> {
        self.failed().filter(move |pod| index(pod) == Some(number) && self.counts(pod))
    }

    /// Creates a pod, if the server agrees.
    fn create(&self, client: &mut Client<'_>, index: Option<i32>) -> bool {
        let mut pod = pods::from_template(self.job, &self.spec.template);
        if let Some(index) = index {
            give_index(&mut pod, self.job.metadata.name.as_deref().unwrap_or_default(), index);
            if self.spec.backoff_limit_per_index.is_some() {
                let failures = self.failed_of(index).count().to_string();
                let annotations = pod.metadata.annotations.get_or_insert_default();
                annotations.insert(INDEX_FAILURES.to_owned(), failures);
            }
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

    /// Stops what runs.
    fn stop_pods(&mut self, client: &mut Client<'_>) {
        let running: Vec<Arc<Pod>> =
            self.pods.iter().filter(|pod| pod.is_active()).cloned().collect();
        running.iter().for_each(|pod| self.delete(client, pod));
        let going = self.status.terminating.unwrap_or(0) + running.len() as i32;
        self.status.terminating = Some(going);
        self.status.active = None;
        self.status.ready = Some(0);
    }

    /// The Job's end: told at once, and told to be over when none of its pods is left.
    fn finish(&mut self, client: &mut Client<'_>, verdict: &Verdict) {
        self.stop_pods(client);
        if !verdict.well {
            let lost = self.pods.iter().filter(|pod| pod.phase() != "Succeeded");
            let lost = lost.filter(|pod| self.counts(pod)).count() as i32;
            let failed = lost.max(self.status.failed.unwrap_or(0));
            self.status.failed = Some(failed).filter(|count| *count != 0);
        }
        let [first, last] = verdict.conditions();
        let (reason, message) = (&verdict.reason, &verdict.message);
        self.set_condition(client.now, (first, "True"), reason, message);
        if self.status.terminating != Some(0) {
            return;
        }
        self.set_condition(client.now, (last, "True"), reason, message);
        if verdict.well {
            self.status.completion_time = Some(Time(client.now.whole_seconds()));
            client.normal(self.job, COMPONENT, "Completed", "Job completed".to_owned());
        } else {
            client.warning(self.job, COMPONENT, reason, message.clone());
        }
    }

    /// Tells that the Job is suspended, or that it goes on.
    fn tell_suspension(&mut self, client: &mut Client<'_>, suspended: bool) {
        let (status, reason, message, event) = if suspended {
            self.status.start_time = None;
            ("True", "JobSuspended", "Job suspended", "Suspended")
        } else {
            ("False", "JobResumed", "Job resumed", "Resumed")
        };
        if !self.set_condition(client.now, ("Suspended", status), reason, message) {
            return;
        }
        client.normal(self.job, COMPONENT, event, message.to_owned());
        if !suspended {
            self.status.start_time = Some(Time(client.now.whole_seconds()));
        }
    }

    /// Brings a condition up to date, and says whether that changed anything. One that does not hold
    /// is told only if it has held before.
    fn set_condition(
        &mut self,
        now: SimTime,
        (type_, status): (&str, &str),
        reason: &str,
        message: &str,
    ) -> bool {
        let moment = Some(Time(now.whole_seconds()));
        let conditions = self.status.conditions.get_or_insert_default();
        let made = JobCondition {
            last_probe_time: moment.clone(),
            last_transition_time: moment,
            message: Some(message.to_owned()),
            reason: Some(reason.to_owned()),
            status: status.to_owned(),
            type_: type_.to_owned(),
        };
        let changed = match conditions.iter_mut().find(|known| known.type_ == type_) {
            Some(known) if known.status == status && known.reason == made.reason => false,
            Some(known) => {
                *known = made;
                true
            }
            None if status == "True" => {
                conditions.push(made);
                true
            }
            None => false,
        };
        if conditions.is_empty() {
            self.status.conditions = None;
        }
        changed
    }
}

/// When the next pod may be started after failures: 10 s, 20 s, 40 s … after the last one.
fn backoff_end<'a>(failed: impl Iterator<Item = &'a Pod>, failures: i32) -> Option<SimTime> {
    let ends = failed.flat_map(|pod| {
        let status = pod.status.as_ref();
        let statuses = status.and_then(|status| status.container_statuses.as_deref());
        let ends = statuses
            .unwrap_or_default()
            .iter()
            .filter_map(|status| status.state.as_ref()?.terminated.as_ref()?.finished_at.as_ref());
        ends.map(|at| SimTime::from_timestamp(at.0)).collect::<Vec<_>>()
    });
    let last = ends.max()?;
    let failures = u32::try_from(failures).unwrap_or(0);
    let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    Some(last + BACKOFF.0.saturating_mul(factor).min(BACKOFF.1))
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
    // Once, so that both lists can be borrowed.
    let spec: &mut PodSpec = spec;
    let init = spec.init_containers.iter_mut().flatten();
    for container in init.chain(&mut spec.containers) {
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::world::World;
    use super::*;

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
