//! Lifecycle hooks: what a container asks to be done after its start and before its end.

use std::time::Duration;

use k8s_openapi::api::core::v1::{HTTPGetAction, LifecycleHandler};

use super::question::{self, Question};
use super::worker::{Host, Worker};
use super::{PodKey, Purpose, start, stop};
use crate::clock::SimTime;
use crate::cluster::Cluster;

/// How long a hook's HTTP request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A hook's HTTP request that has still to be made.
#[derive(Clone, Debug)]
pub struct Request {
    container: usize,
    purpose: Purpose,
    action: HTTPGetAction,
}

/// A container has started: its postStart hook runs.
pub(super) fn after_start(
    worker: &mut Worker,
    index: usize,
    hook: &LifecycleHandler,
    host: &mut Host<'_>,
) {
    if let Some(command) = &hook.exec {
        let words = command.command.clone().unwrap_or_default();
        if start::execute(worker, index, host, &words, Purpose::PostStart).is_none() {
            post_start_failed(worker, index, host);
        }
    } else if let Some(action) = &hook.http_get {
        request(worker, index, Purpose::PostStart, action);
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
        if start::execute(worker, index, host, &words, Purpose::PreStop).is_some() {
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
    for Request { container, purpose, action } in std::mem::take(&mut worker.requests) {
        let question = Question::Http(&action);
        let result = question::ask(cluster, key, container, &question, TIMEOUT);
        ended(cluster, key, container, purpose, result.is_ok());
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
        Purpose::PostStart if !well => post_start_failed(worker, index, &mut host),
        _ => {}
    }
}

fn request(worker: &mut Worker, container: usize, purpose: Purpose, action: &HTTPGetAction) {
    worker.requests.push(Request { container, purpose, action: action.clone() });
}

fn post_start_failed(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    worker.tell_of(host, index, true, "FailedPostStartHook", "PostStartHook failed");
    let grace = worker.grace();
    stop::stop(worker, index, host, grace, "FailedPostStartHook");
}
