//! What a kubelet does next for a pod, one operation at a time.
//!
//! The order is that of kubelet's `SyncPod`: sandbox, init containers one by one, then the others in
//! the order of the specification (R1.2, R16.1). What takes time is an [`Operation`] under way.

use std::time::Duration;

use super::container::{Container, Role};
use super::events::Told;
use super::worker::{Host, Operation, Worker};
use super::{back_off, pull, start, status, stop};
use crate::api::{Pod, Resource, ephemeral};
use crate::clock::SimTime;
use crate::cluster::controllers::Rejection;

/// Until the kubelet has heard of a pod.
const ADMISSION: Duration = Duration::from_millis(10);

/// Until a pod that is not admitted is reported, and the next one comes.
const REJECTION: Duration = Duration::from_secs(1);

/// Until a sandbox stands: network namespace, address, volumes.
const SANDBOX: Duration = Duration::from_millis(350);

/// Until an image is there that has to be asked for.
const PULL: Duration = Duration::from_millis(700);

/// Until a created container runs.
const START: Duration = Duration::from_millis(150);

/// Between the end of the last container and the pod's removal.
const TEARDOWN: Duration = Duration::from_secs(1);

impl Worker {
    /// Does everything that is due, and says whether the pod is gone for good.
    pub fn sync(&mut self, host: &mut Host<'_>) -> bool {
        if self.gone {
            // Somebody took the pod away without asking (`--force`, a namespace's end).
            self.kill_all(host);
            return true;
        }
        self.adopt_ephemeral();
        if self.deletion.is_none() && self.pod.metadata.deletion_timestamp.is_some() {
            stop::begin(self, host);
        }
        if self.volumes_stale_at.is_some_and(|at| at <= host.now) {
            self.refresh_volumes(host);
        }
        loop {
            // What time brings to one container does not wait for another's start.
            self.look_after_containers(host);
            match self.operation {
                Some((at, _)) if at > host.now => break,
                Some((_, Operation::Remove)) => {
                    self.remove(host);
                    return true;
                }
                Some((_, operation)) => {
                    self.operation = None;
                    self.complete(operation, host);
                }
                None => {
                    let Some((operation, takes)) = self.next_operation(host) else { break };
                    self.operation = Some((host.now + takes, operation));
                }
            }
        }
        if self.stale && self.may_report() {
            status::write(self, host);
        }
        if self.finished && !self.stale {
            // What has ended for good keeps its address in its status alone.
            self.tear_down_sandbox(host);
        }
        false
    }

    /// Takes note of containers that were added to the running pod.
    fn adopt_ephemeral(&mut self) {
        let Some(spec) = &self.pod.spec else { return };
        let known = |name: &str| self.containers.iter().any(|known| *known.name == *name);
        let added = spec.ephemeral_containers.iter().flatten();
        let added: Vec<Container> = added
            .filter(|container| !known(&container.name))
            .map(|container| {
                Container::new(&ephemeral(container), Role::Ephemeral, "ContainerCreating")
            })
            .collect();
        self.stale |= !added.is_empty();
        self.containers.extend(added);
    }

    /// Ends every process at once and gives the address back.
    pub fn kill_all(&mut self, host: &mut Host<'_>) {
        for index in 0..self.containers.len() {
            stop::kill(self, index, host);
        }
        self.tear_down_sandbox(host);
    }

    fn next_operation(&mut self, host: &mut Host<'_>) -> Option<(Operation, Duration)> {
        if self.deletion.is_some() {
            return (!self.runs_anything()).then_some((Operation::Remove, TEARDOWN));
        }
        if self.admitted.is_none() {
            return Some(match self.rejection {
                Some(_) => (Operation::Reject, REJECTION),
                None => (Operation::Admit, ADMISSION),
            });
        }
        if self.finished || self.mount_retry.is_some_and(|at| at > host.now) {
            return None;
        }
        if self.ending || self.post_start.is_some() {
            return None;
        }
        if self.sandbox.is_none() {
            return Some((Operation::Sandbox, SANDBOX));
        }
        let index = self.next_to_start(host.now)?;
        if pull::needs_pull(self, index, host.registry) {
            pull::begin_pull(self, index, host);
            return Some((Operation::Pull(index), PULL));
        }
        start::begin(self, index, host).then_some((Operation::Start(index), START))
    }

    fn complete(&mut self, operation: Operation, host: &mut Host<'_>) {
        match operation {
            // Somebody else has taken its place meanwhile: the next operation says so.
            Operation::Admit if self.rejection.is_some() => {}
            Operation::Admit => {
                self.admitted = Some(host.now);
                self.stale = true;
                status::write(self, host);
            }
            Operation::Reject => self.reject(host),
            Operation::Sandbox => self.set_up_sandbox(host),
            Operation::Pull(index) => {
                if pull::finish_pull(self, index, host) && start::begin(self, index, host) {
                    self.operation = Some((host.now + START, Operation::Start(index)));
                }
            }
            Operation::Start(index) => start::finish(self, index, host),
            Operation::Remove => {}
        }
    }

    /// The kubelet does not take the pod: it has failed, and nothing of it ever starts (kubelet's
    /// `rejectPod`).
    fn reject(&mut self, host: &mut Host<'_>) {
        let Some(Rejection { reason, message }) = self.rejection.clone() else { return };
        let told = Told { warning: true, reason: &reason, message: &message, field: "" };
        self.tell(host, told);
        self.failure = Some((reason, format!("Pod was rejected: {message}")));
        self.admitted = Some(host.now);
        self.finished = true;
        self.stale = true;
    }

    /// The first container that has to be started now.
    fn next_to_start(&self, now: SimTime) -> Option<usize> {
        let mut all = self.containers.iter();
        let waits = |container: &Container| {
            container.role == Role::Ephemeral
                && self.wants_start(container)
                && container.not_before <= now
        };
        if let Some(index) = all.position(waits) {
            return Some(index);
        }
        for (index, container) in self.containers.iter().enumerate() {
            let wants = self.wants_start(container);
            match container.role {
                Role::Ephemeral => continue,
                Role::Main if !wants => continue,
                Role::Main | Role::Init | Role::Sidecar if wants => {
                    if container.not_before <= now {
                        return Some(index);
                    }
                    // Init containers hold up those after them; the others go on without.
                    if container.role != Role::Main && !self.main_has_begun() {
                        return None;
                    }
                }
                Role::Init if container.exit() != Some(0) => return None,
                Role::Sidecar if !self.main_has_begun() && !container.is_seen_well(now) => {
                    return None;
                }
                _ => {}
            }
        }
        None
    }

    fn main_has_begun(&self) -> bool {
        self.containers.iter().any(|container| {
            container.role == Role::Main && (container.is_running() || !container.id.is_empty())
        })
    }

    /// What time alone brings: kills that are due, crash loops that are told, the end of it all.
    fn look_after_containers(&mut self, host: &mut Host<'_>) {
        for index in 0..self.containers.len() {
            stop::carry_on(self, index, host);
            stop::notice_change(self, index, host);
            let told = self.containers[index].back_off_told_at;
            if told.is_some_and(|at| at <= host.now) {
                back_off::tell_back_off(self, index, host);
            }
        }
        if self.deadline().is_some_and(|at| at <= host.now) {
            stop::deadline(self, host);
        }
        self.notice_end(host);
    }

    /// A pod whose containers have all ended for good starts nothing again; its sidecars are told to
    /// stop (kuberuntime's computePodActions: KillPod).
    fn notice_end(&mut self, host: &mut Host<'_>) {
        if self.finished || self.deletion.is_some() {
            return;
        }
        if self.ending {
            let (reason, message) = stop::OVERDUE;
            self.finished = !self.runs_anything();
            self.stale |= self.finished;
            let failed = self.finished && self.overdue;
            self.failure = failed.then(|| (reason.to_owned(), message.to_owned()));
            return;
        }
        let policy = self.restart_policy();
        let failed_init = self.containers.iter().any(|container| {
            container.role == Role::Init
                && container
                    .exit()
                    .is_some_and(|exit| exit != 0 && !container.restarts_after(exit, policy))
        });
        let mut main = self.containers.iter().filter(|container| container.role == Role::Main);
        let ended = main.all(|container| {
            container.exit().is_some_and(|exit| !container.restarts_after(exit, policy))
        });
        if failed_init || ended {
            stop::all(self, host);
            self.finished = !self.runs_anything();
            self.stale = true;
        }
    }

    /// The pod is over: its address is free, and the API server may forget it, unless a finalizer
    /// holds it. Its time is over in either case.
    fn remove(&mut self, host: &mut Host<'_>) {
        self.stale = true;
        status::write(self, host);
        self.kill_all(host);
        if self.pod.metadata.finalizers.iter().flatten().next().is_none() {
            let _ = host.api.remove(host.now, Pod::KIND, &self.namespace, &self.name);
            return;
        }
        let mut pod = Pod::clone(&self.pod);
        pod.metadata.deletion_grace_period_seconds = Some(0);
        let _ = host.api.update(host.now, pod);
    }

    /// Real kubelets report when a round of work is over, not after each step of it.
    fn may_report(&self) -> bool {
        let starting = self.post_start.is_some()
            || matches!(self.operation, Some((_, Operation::Sandbox | Operation::Start(_))));
        self.admitted.is_some() && (!starting || self.containers.iter().any(|c| c.exit().is_some()))
    }
}
