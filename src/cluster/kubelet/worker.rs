//! One pod on its node, as its kubelet knows it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container as ContainerSpec, HTTPGetAction, PodSpec};

use super::conditions::Conditions;
use super::container::{Container, Role, SIGHT, State};
use super::environment::LinkCache;
use super::events::{Messages, Recorder, Told, Voice};
use super::volume::{Source, Volumes};
use super::{NodeImages, PodKey, Purpose};
use crate::api::{ApiServer, Pod};
use crate::clock::SimTime;
use crate::cluster::Userland;
use crate::cluster::agenda::Moments;
use crate::cluster::attributes::FileTable;
use crate::cluster::controllers::Rejection;
use crate::cluster::image::Registry;
use crate::cluster::processes::Processes;
use crate::cluster::programs::coredns::NameServers;
use crate::network::{NetnsId, Network};
use crate::random::Stream;

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
    pub conditions: &'a mut Conditions,
    pub registry: &'a mut Registry,
    pub images: &'a mut Arc<NodeImages>,
    pub ids: &'a mut Stream,
}

/// A pod's network namespace and what its containers share.
#[derive(Clone, Debug)]
pub struct Sandbox {
    pub netns: NetnsId,
    pub address: Ipv4Addr,
    /// Its address of the second family, in a dual-stack cluster.
    pub address_v6: Option<Ipv6Addr>,
    /// The network namespace is the node's own (`hostNetwork`).
    pub on_host: bool,
    pub volumes: Volumes,
    /// What is known of the files in volumes beside their content, by the volume's name.
    pub tables: BTreeMap<String, FileTable>,
    /// What was written over `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`: each is one file,
    /// which every container of the pod has mounted.
    pub etc: BTreeMap<&'static str, Arc<[u8]>>,
}

impl Sandbox {
    /// Its addresses, one of each family, the primary one first.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        [IpAddr::V4(self.address)].into_iter().chain(self.address_v6.map(IpAddr::V6))
    }
}

/// A hook's HTTP request that has still to be made.
#[derive(Clone, Debug)]
pub struct HookRequest {
    pub container: usize,
    pub purpose: Purpose,
    pub action: HTTPGetAction,
}

/// How a hook's HTTP request ends, and when.
#[derive(Clone, Debug)]
pub struct HookAnswer {
    /// When the answer is there.
    pub at: SimTime,
    pub container: usize,
    pub purpose: Purpose,
    pub well: bool,
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
    pub requests: Vec<HookRequest>,
    /// Answers to such requests that are under way.
    pub answers: Vec<HookAnswer>,
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

    /// Whether all init containers have done their part, or have once: a sidecar that is started again
    /// takes nothing back (`HasAnyRegularContainerStarted`).
    pub fn initialized(&self) -> bool {
        self.main_has_run()
            || self.containers.iter().all(|container| match container.role {
                Role::Init => container.exit() == Some(0),
                Role::Sidecar => container.started || self.finished,
                Role::Main | Role::Ephemeral => true,
            })
    }

    /// Whether one of its own containers runs or has ended.
    pub fn main_has_run(&self) -> bool {
        let mut main = self.containers.iter().filter(|container| container.role == Role::Main);
        main.any(|container| !matches!(container.state, State::Waiting { .. }))
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

    /// Whether it is to be started, now or later.
    pub(super) fn wants_start(&self, container: &Container) -> bool {
        match &container.state {
            State::Waiting { .. } => true,
            State::Running { .. } => false,
            State::Terminated(end) => container.restarts_after(end.exit, self.restart_policy()),
        }
    }

    /// `activeDeadlineSeconds`, counted from the pod's start.
    pub(super) fn deadline(&self) -> Option<SimTime> {
        let seconds = self.pod.spec.as_ref()?.active_deadline_seconds?;
        let open = !self.finished && !self.ending && self.deletion.is_none();
        let admitted = self.admitted.filter(|_| open)?;
        Some(admitted + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
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
        if let Some(since) = container.running_since().filter(|_| container.role == Role::Sidecar)
            && since + SIGHT > now
        {
            moments.add(since + SIGHT, true);
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
    let init = spec.init_containers.as_deref().unwrap_or_default();
    let waits_for = if init.is_empty() { "ContainerCreating" } else { "PodInitializing" };
    // A large cluster has many pods, and room for more containers than there are is never used.
    let mut all = Vec::with_capacity(init.len() + spec.containers.len());
    all.extend(init.iter().map(|container| {
        let sidecar = container.restart_policy.as_deref() == Some("Always");
        let role = if sidecar { Role::Sidecar } else { Role::Init };
        Container::new(container, role, "PodInitializing")
    }));
    let main = spec.containers.iter();
    all.extend(main.map(|container| Container::new(container, Role::Main, waits_for)));
    all
}
