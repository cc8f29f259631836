//! Stopping containers: preStop, SIGTERM, a while, SIGKILL (R3.7).

use std::time::Duration;

use super::container::{BackOff, Stopping};
use super::events::Told;
use super::worker::{Host, Worker};
use super::{back_off, hooks};
use crate::cluster::Signal;

/// The exit code of a process that SIGKILL ended.
const KILLED: i32 = 137;

/// The pod is deleted: every container is told to stop.
pub(super) fn begin(worker: &mut Worker, host: &mut Host<'_>) {
    let grace = worker.pod.metadata.deletion_grace_period_seconds.unwrap_or(30);
    let grace = Duration::from_secs(u64::try_from(grace).unwrap_or(0));
    worker.deletion = Some(host.now + grace);
    worker.operation = None;
    for index in 0..worker.containers.len() {
        if worker.containers[index].is_running() {
            let message = format!("Stopping container {}", worker.containers[index].name);
            stop(worker, index, host, grace, &message);
        }
    }
}

/// Tells one container to stop, for the reason that `message` tells.
pub(super) fn stop(
    worker: &mut Worker,
    index: usize,
    host: &mut Host<'_>,
    grace: Duration,
    message: &str,
) {
    let container = &worker.containers[index];
    // A hook or a probe may fail when its container has ended already.
    if container.stopping.is_some() || !container.is_running() {
        return;
    }
    worker.tell_of(host, index, false, "Killing", message);
    let kill_at = host.now + grace;
    let lifecycle = worker.spec_of(index).and_then(|spec| spec.lifecycle.clone());
    let terminate_at = match lifecycle.and_then(|lifecycle| lifecycle.pre_stop) {
        Some(hook) => hooks::before_stop(worker, index, &hook, host),
        None => Some(host.now),
    };
    worker.containers[index].stopping = Some(Stopping { terminate_at, kill_at });
    worker.containers[index].probes.clear();
    carry_on(worker, index, host);
}

/// The preStop hook has ended: SIGTERM follows.
pub(super) fn hook_done(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    if let Some(stopping) = &mut worker.containers[index].stopping {
        stopping.terminate_at = Some(host.now);
    }
    carry_on(worker, index, host);
}

/// Sends the signals that are due.
pub(super) fn carry_on(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    let container = &mut worker.containers[index];
    let Some(stopping) = &mut container.stopping else { return };
    if stopping.kill_at <= host.now {
        kill(worker, index, host);
    } else if stopping.terminate_at.is_some_and(|at| at <= host.now) {
        stopping.terminate_at = None;
        if let Some(process) = container.process {
            host.processes.signal(host.now, process, Signal::Term);
        }
    }
}

/// SIGKILL.
pub(super) fn kill(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    let Some(process) = worker.containers[index].process else { return };
    host.processes.kill(process);
    if let Some(sandbox) = &worker.sandbox {
        host.network.close(sandbox.netns, process);
    }
    back_off::ended(worker, index, host.now, KILLED);
}

/// A container whose image has changed is stopped, and comes back with the new one. One that waits for
/// its next start waits no longer: the kubelet counts failures for each form of a container's
/// specification (pkg/kubelet/kuberuntime: getStableKey).
pub(super) fn notice_change(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    if worker.deletion.is_some() || worker.ending || !back_off::is_changed(worker, index) {
        return;
    }
    let container = &mut worker.containers[index];
    if !container.is_running() {
        container.crashes = BackOff::default();
        container.pulls = BackOff::default();
        container.not_before = container.not_before.min(host.now);
        container.back_off_told_at = None;
        return;
    }
    let message = format!("Container {} definition changed, will be restarted", container.name);
    let grace = worker.grace();
    stop(worker, index, host, grace, &message);
}

/// What a pod's end is called whose `activeDeadlineSeconds` are over: reason and message.
pub(super) const OVERDUE: (&str, &str) =
    ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline");

/// `activeDeadlineSeconds` are over: every container is told to stop, and the pod fails when they
/// have (kubelet's `activeDeadlineHandler`).
pub(super) fn deadline(worker: &mut Worker, host: &mut Host<'_>) {
    worker.overdue = true;
    let (reason, message) = OVERDUE;
    worker.tell(host, Told { warning: false, reason, message, field: "" });
    all(worker, host);
}

/// The pod ends: nothing starts any more, and what runs is told to stop.
pub(super) fn all(worker: &mut Worker, host: &mut Host<'_>) {
    worker.ending = true;
    worker.operation = None;
    let grace = worker.grace();
    for index in 0..worker.containers.len() {
        let message = format!("Stopping container {}", worker.containers[index].name);
        stop(worker, index, host, grace, &message);
    }
}
