//! One pod on its node: what its kubelet does next, one operation at a time.
//!
//! The order is that of kubelet's `SyncPod`: sandbox, init containers one by one, then the others in
//! the order of the specification (R1.2, R16.1). What takes time is an [`Operation`] under way.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container as ContainerSpec, PodSpec};

use super::container::{Container, Role, State};
use super::environment::LinkCache;
use super::events::{Messages, Recorder, Told, Voice};
use super::sandbox::Sandbox;
use super::volume::Source;
use super::{NodeImages, PodKey, back_off, hooks, pull, start, status, stop};
use crate::api::{ApiServer, Pod, Resource, ephemeral};
use crate::clock::SimTime;
use crate::cluster::Userland;
use crate::cluster::agenda::Moments;
use crate::cluster::controllers::Rejection;
use crate::cluster::image::Registry;
use crate::cluster::processes::Processes;
use crate::cluster::programs::coredns::NameServers;
use crate::network::Network;
use crate::random::Stream;

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

/// What a kubelet works with, beside the pod itself.
pub struct Host<'a> {
    pub now: SimTime,
    pub api: &'a mut ApiServer,
    pub network: &'a mut Network,
    pub name_servers: &'a mut NameServers,
    pub processes: &'a mut Processes,
    pub userland: &'a Arc<dyn Userland>,
    pub links: &'a mut LinkCache,
    /// What the volume that was mounted last shows.
    pub sources: &'a mut Arc<[Source]>,
    pub messages: &'a mut Messages,
    pub conditions: &'a mut status::Conditions,
    pub registry: &'a mut Registry,
    pub images: &'a mut Arc<NodeImages>,
    pub ids: &'a mut Stream,
}

/// Something that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Admit,
    Reject,
    Sandbox,
    Pull(usize),
    Start(usize),
    Remove,
}

/// A pod that a kubelet takes care of.
#[derive(Clone, Debug)]
pub struct Worker {
    pub key: PodKey,
    /// As it is stored, or was last.
    pub pod: Arc<Pod>,
    /// It is stored no more.
    pub gone: bool,
    pub namespace: Arc<str>,
    pub name: Arc<str>,
    pub node: Arc<str>,
    pub admitted: Option<SimTime>,
    pub sandbox: Option<Sandbox>,
    /// Init containers, then the others, in the order of the specification.
    pub containers: Vec<Container>,
    pub operation: Option<(SimTime, Operation)>,
    /// When everything has to be over, once the pod is being deleted.
    pub deletion: Option<SimTime>,
    /// Nothing starts any more: it failed or succeeded for good.
    pub finished: bool,
    /// Nothing starts any more, and it is over when nothing runs.
    pub ending: bool,
    /// It ends because it has been active for too long.
    pub overdue: bool,
    /// Why it failed as a whole (`DeadlineExceeded`, `NodePorts`): reason and message.
    pub failure: Option<(String, String)>,
    pub mount_retry: Option<SimTime>,
    pub mount_failures: u32,
    /// Whether its status in the store is behind.
    pub stale: bool,
    pub recorder: Recorder,
    /// When a changed ConfigMap or Secret shows in its volumes.
    pub volumes_stale_at: Option<SimTime>,
    /// HTTP requests of lifecycle hooks that have still to be made.
    pub requests: Vec<hooks::Request>,
    /// Answers to such requests that are under way.
    pub answers: Vec<hooks::Answer>,
    /// The container whose postStart hook runs.
    pub post_start: Option<usize>,
    /// Its kubelet does not take it.
    pub rejection: Option<Rejection>,
}

impl Worker {
    /// Takes a pod over.
    pub fn new(key: PodKey, pod: Arc<Pod>) -> Worker {
        let text = |value: &Option<String>| -> Arc<str> { value.as_deref().unwrap_or("").into() };
        let node = pod.spec.as_ref().map(|spec| text(&spec.node_name)).unwrap_or_default();
        let containers = pod.spec.as_deref().map(containers).unwrap_or_default();
        Worker {
            key,
            namespace: text(&pod.metadata.namespace),
            name: text(&pod.metadata.name),
            node,
            pod,
            gone: false,
            admitted: None,
            sandbox: None,
            containers,
            operation: None,
            deletion: None,
            finished: false,
            ending: false,
            overdue: false,
            failure: None,
            mount_retry: None,
            mount_failures: 0,
            stale: false,
            recorder: Recorder::default(),
            volumes_stale_at: None,
            requests: Vec::new(),
            answers: Vec::new(),
            post_start: None,
            rejection: None,
        }
    }

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

    /// When the pod is due next.
    pub fn moments(&self, now: SimTime) -> Moments {
        let mut moments = Moments::default();
        if let Some((at, operation)) = self.operation {
            // A controller makes another pod of each one that is rejected, without an end.
            moments.add(at, operation != Operation::Reject);
        }
        // While the sandbox is being built again, its end is what counts.
        for answer in &self.answers {
            moments.add(answer.at, true);
        }
        let retry =
            self.mount_retry.filter(|at| !self.finished && (*at > now || self.operation.is_none()));
        for at in [retry, self.volumes_stale_at].into_iter().flatten() {
            moments.add(at, false);
        }
        for container in &self.containers {
            self.container_moments(container, now, &mut moments);
        }
        if let Some(deadline) = self.deadline() {
            moments.add(deadline, false);
        }
        moments
    }

    /// Tells of the pod.
    pub fn tell(&mut self, host: &mut Host<'_>, told: Told<'_>) {
        let voice = Voice { now: host.now, api: host.api, messages: host.messages };
        self.recorder.tell(voice, &self.pod, told);
    }

    /// Tells of one of its containers.
    pub fn tell_of(
        &mut self,
        host: &mut Host<'_>,
        index: usize,
        warning: bool,
        reason: &'static str,
        message: &str,
    ) {
        let container = &self.containers[index];
        let list = match container.role {
            Role::Main => "containers",
            Role::Init | Role::Sidecar => "initContainers",
            Role::Ephemeral => "ephemeralContainers",
        };
        let field = format!("spec.{list}{{{}}}", container.name);
        self.tell(host, Told { warning, reason, message, field: &field });
    }

    /// `nginx_default(uid)`: the pod as kubelets name it in messages.
    pub fn full_name(&self) -> String {
        let uid = self.pod.metadata.uid.as_deref().unwrap_or("");
        format!("{}_{}({uid})", self.name, self.namespace)
    }

    /// The specification of a container, by its index here.
    pub fn spec_of(&self, index: usize) -> Option<&ContainerSpec> {
        let own = self.containers.get(index).and_then(|container| container.own.as_deref());
        own.or_else(|| container_spec(&self.pod, index))
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

    /// `Always`, `OnFailure` or `Never`.
    pub fn restart_policy(&self) -> &str {
        let spec = self.pod.spec.as_ref();
        spec.and_then(|spec| spec.restart_policy.as_deref()).unwrap_or("Always")
    }

    /// How long its containers have between SIGTERM and SIGKILL.
    pub fn grace(&self) -> Duration {
        let spec = self.pod.spec.as_ref();
        let seconds = spec.and_then(|spec| spec.termination_grace_period_seconds).unwrap_or(30);
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }

    /// Whether all init containers have done their part.
    pub fn initialized(&self) -> bool {
        self.containers.iter().all(|container| match container.role {
            Role::Init => container.exit() == Some(0),
            Role::Sidecar => container.started || self.finished,
            Role::Main | Role::Ephemeral => true,
        })
    }

    /// Ends every process at once and gives the address back.
    pub fn kill_all(&mut self, host: &mut Host<'_>) {
        for index in 0..self.containers.len() {
            stop::kill(self, index, host);
        }
        self.tear_down_sandbox(host);
    }

    /// Whether some container of it runs.
    pub fn runs_anything(&self) -> bool {
        self.containers.iter().any(Container::is_running)
    }

    /// Whether something is missing that the pod needs before it can go on.
    pub fn is_held_up(&self) -> bool {
        let config = |container: &Container| {
            matches!(container.state, State::Waiting { reason: "CreateContainerConfigError", .. })
        };
        self.mount_retry.is_some() || self.containers.iter().any(config)
    }

    /// What was missing may have come.
    pub fn look_again(&mut self, now: SimTime) {
        self.mount_retry = self.mount_retry.map(|at| at.min(now));
        for container in &mut self.containers {
            if matches!(container.state, State::Waiting { .. }) && container.id.is_empty() {
                container.not_before = container.not_before.min(now);
            }
        }
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
                Role::Sidecar if !container.started && !self.main_has_begun() => return None,
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

    fn wants_start(&self, container: &Container) -> bool {
        match &container.state {
            State::Waiting { .. } => true,
            State::Running { .. } => false,
            State::Terminated(end) => container.restarts_after(end.exit, self.restart_policy()),
        }
    }

    /// What time alone brings: kills that are due, crash loops that are told, the end of it all.
    fn look_after_containers(&mut self, host: &mut Host<'_>) {
        for index in 0..self.containers.len() {
            stop::carry_on(self, index, host);
            back_off::notice_change(self, index, host);
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

    /// `activeDeadlineSeconds`, counted from the pod's start.
    fn deadline(&self) -> Option<SimTime> {
        let seconds = self.pod.spec.as_ref()?.active_deadline_seconds?;
        let open = !self.finished && !self.ending && self.deletion.is_none();
        let admitted = self.admitted.filter(|_| open)?;
        Some(admitted + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    }

    /// Real kubelets report when a round of work is over, not after each step of it.
    fn may_report(&self) -> bool {
        let starting = self.post_start.is_some()
            || matches!(self.operation, Some((_, Operation::Sandbox | Operation::Start(_))));
        self.admitted.is_some() && (!starting || self.containers.iter().any(|c| c.exit().is_some()))
    }

    fn container_moments(&self, container: &Container, now: SimTime, moments: &mut Moments) {
        if let Some(stopping) = &container.stopping {
            moments.add(stopping.kill_at, true);
            if let Some(at) = stopping.terminate_at {
                moments.add(at, true);
            }
        }
        if self.deletion.is_some() || self.finished || self.ending || self.admitted.is_none() {
            return;
        }
        if let Some(at) = container.back_off_told_at {
            moments.add(at, true);
        }
        // One that could start now and does not waits for another; its end will wake the pod.
        if self.wants_start(container) && container.not_before > now {
            moments.add(container.not_before, container.retries_soon);
        }
        for prober in &container.probes {
            moments.add(prober.next, prober.is_awaited(container));
        }
    }
}

/// The specification of a pod's container: init containers come first.
fn container_spec(pod: &Pod, index: usize) -> Option<&ContainerSpec> {
    let spec = pod.spec.as_ref()?;
    let init = spec.init_containers.as_deref().unwrap_or_default();
    init.get(index).or_else(|| spec.containers.get(index - init.len().min(index)))
}

fn containers(spec: &PodSpec) -> Vec<Container> {
    let init = spec.init_containers.iter().flatten();
    let waits_for =
        if init.clone().next().is_some() { "PodInitializing" } else { "ContainerCreating" };
    let init = init.map(|container| {
        let sidecar = container.restart_policy.as_deref() == Some("Always");
        let role = if sidecar { Role::Sidecar } else { Role::Init };
        Container::new(container, role, "PodInitializing")
    });
    let main =
        spec.containers.iter().map(|container| Container::new(container, Role::Main, waits_for));
    let mut all: Vec<Container> = init.chain(main).collect();
    all.shrink_to_fit();
    all
}
