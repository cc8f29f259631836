//! Lifecycle hooks: what a container asks to be done after its start and before its end.

use std::time::Duration;

use k8s_openapi::api::core::v1::{HTTPGetAction, LifecycleHandler};

use super::question::{self, Question};
use super::worker::{HookAnswer, HookRequest, Host, Worker};
use super::{PodKey, Purpose, exec, probe, stop};
use crate::clock::SimTime;
use crate::cluster::Cluster;

/// How long a hook's HTTP request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A container has started: its postStart hook runs.
pub(super) fn after_start(
    worker: &mut Worker,
    index: usize,
    hook: &LifecycleHandler,
    host: &mut Host<'_>,
) {
    if let Some(command) = &hook.exec {
        let words = command.command.clone().unwrap_or_default();
        if exec::execute(worker, index, host, &words, Purpose::PostStart).is_none() {
            post_start_failed(worker, index, host);
        }
    } else if let Some(action) = &hook.http_get {
        request(worker, index, Purpose::PostStart, action);
    } else if let Some(sleep) = &hook.sleep {
        let seconds = u64::try_from(sleep.seconds).unwrap_or(0);
        let at = host.now + Duration::from_secs(seconds);
        let purpose = Purpose::PostStart;
        worker.answers.push(HookAnswer { at, container: index, purpose, well: true });
    } else {
        worker.post_start = None;
        probe::begin(worker, index, host.now);
    }
}

/// A container is told to stop: its preStop hook runs first. When SIGTERM follows; `None` while
/// nobody knows yet.
pub(super) fn before_stop(
    worker: &mut Worker,
    index: usize,
    hook: &LifecycleHandler,
    host: &mut Host<'_>,
) -> Option<SimTime> {
    if let Some(sleep) = &hook.sleep {
        let seconds = u64::try_from(sleep.seconds).unwrap_or(0);
        return Some(host.now + Duration::from_secs(seconds));
    }
    if let Some(command) = &hook.exec {
        let words = command.command.clone().unwrap_or_default();
        if exec::execute(worker, index, host, &words, Purpose::PreStop).is_some() {
            return None;
        }
        worker.tell_of(host, index, true, "FailedPreStopHook", "PreStopHook failed");
    } else if let Some(action) = &hook.http_get {
        request(worker, index, Purpose::PreStop, action);
        return None;
    }
    Some(host.now)
}

/// Makes the HTTP requests of a pod's hooks.
pub(super) fn make_requests(cluster: &mut Cluster, key: PodKey) {
    let waiting = cluster.kubelets.worker(key).is_some_and(|worker| !worker.requests.is_empty());
    let Some(worker) = cluster.kubelets.worker_mut(key).filter(|_| waiting) else { return };
    for HookRequest { container, purpose, action } in std::mem::take(&mut worker.requests) {
        let question = Question::Http(&action);
        let (result, took) = question::ask_timed(cluster, key, container, &question, TIMEOUT);
        let at = cluster.now + took;
        if let Some(worker) = cluster.kubelets.worker_mut(key) {
            worker.answers.push(HookAnswer { at, container, purpose, well: result.is_ok() });
        }
    }
    take_answers(cluster, key);
}

/// Acts on the answers that have come by now.
pub(super) fn take_answers(cluster: &mut Cluster, key: PodKey) {
    let now = cluster.now;
    let due = |worker: &Worker| worker.answers.iter().any(|answer| answer.at <= now);
    if !cluster.kubelets.worker(key).is_some_and(due) {
        return;
    }
    let Some(worker) = cluster.kubelets.worker_mut(key) else { return };
    let (come, under_way): (Vec<HookAnswer>, Vec<HookAnswer>) =
        std::mem::take(&mut worker.answers).into_iter().partition(|answer| answer.at <= now);
    worker.answers = under_way;
    for HookAnswer { container, purpose, well, .. } in come {
        ended(cluster, key, container, purpose, well);
    }
}

/// A hook has ended, well or badly.
pub(super) fn ended(
    cluster: &mut Cluster,
    key: PodKey,
    index: usize,
    purpose: Purpose,
    well: bool,
) {
    let Some((worker, mut host)) = cluster.worker_and_host(key) else { return };
    match purpose {
        Purpose::PreStop => {
            if !well {
                worker.tell_of(&mut host, index, true, "FailedPreStopHook", "PreStopHook failed");
            }
            stop::hook_done(worker, index, &mut host);
        }
        Purpose::PostStart if worker.post_start == Some(index) => {
            worker.post_start = None;
            match well {
                true => probe::begin(worker, index, host.now),
                false => post_start_failed(worker, index, &mut host),
            }
        }
        _ => {}
    }
}

fn request(worker: &mut Worker, container: usize, purpose: Purpose, action: &HTTPGetAction) {
    worker.requests.push(HookRequest { container, purpose, action: action.clone() });
}

fn post_start_failed(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    worker.post_start = None;
    worker.stale = true;
    worker.tell_of(host, index, true, "FailedPostStartHook", "PostStartHook failed");
    let grace = worker.grace();
    stop::stop(worker, index, host, grace, "FailedPostStartHook");
}
