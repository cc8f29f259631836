//! A pod's status, as its kubelet reports it (recording 01).

use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting,
    ContainerStatus, HostIP, PodCondition, PodIP, PodStatus, VolumeMountStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::container::{Container, Role, State, Terminated};
use super::worker::{Host, Worker};
use crate::api::{Pod, SharedStatus};
use crate::clock::SimTime;
use crate::cluster::image::Registry;
use crate::network::NodeEntry;

/// Writes the status to the API server, if it has changed.
pub(super) fn write(worker: &mut Worker, host: &mut Host<'_>) {
    worker.stale = false;
    let node = host.network.node(&worker.node);
    let conditions = host.conditions.share(conditions(worker, host.now));
    let rest = status(worker, node, host.registry);
    let pod = Pod {
        metadata: worker.pod.metadata.clone(),
        spec: worker.pod.spec.clone(),
        status: Some(SharedStatus::new(conditions, rest)),
    };
    if let Ok(stored) = host.api.update(host.now, pod) {
        worker.pod = stored;
    }
}

/// Everything but the conditions.
fn status(worker: &Worker, node: Option<&NodeEntry>, registry: &mut Registry) -> PodStatus {
    let none = SharedStatus::default();
    let old = worker.pod.status.as_ref().unwrap_or(&none);
    let pod_ips = match &worker.sandbox {
        Some(sandbox) => Some(sandbox.addresses().map(|it| PodIP { ip: it.to_string() }).collect()),
        None => old.pod_ips.clone(),
    };
    let host_ips = match node {
        Some(node) => Some(node.addresses().map(|it| HostIP { ip: it.to_string() }).collect()),
        None => old.host_ips.clone(),
    };
    let failure = worker.failure.clone();
    let mut statuses = |roles: &[Role]| -> Option<Vec<ContainerStatus>> {
        let own = |index: &usize| roles.contains(&worker.containers[*index].role);
        let indices = (0..worker.containers.len()).filter(own);
        // These are big, and stay with the pod: room for more would outweigh the rest of it.
        let mut list = Vec::with_capacity(indices.clone().count());
        // A pod that was rejected never had containers.
        let indices = indices.filter(|_| worker.rejection.is_none());
        list.extend(indices.map(|index| container_status(worker, index, registry)));
        (!list.is_empty()).then_some(list)
    };
    PodStatus {
        container_statuses: statuses(&[Role::Main]),
        init_container_statuses: statuses(&[Role::Init, Role::Sidecar]),
        ephemeral_container_statuses: statuses(&[Role::Ephemeral]),
        host_ip: first(&host_ips, |address| &address.ip),
        host_ips,
        observed_generation: worker.pod.metadata.generation,
        phase: Some(phase(worker).to_owned()),
        pod_ip: first(&pod_ips, |address| &address.ip),
        pod_ips,
        reason: match &failure {
            Some((reason, _)) => Some(reason.clone()),
            None => old.reason.clone(),
        },
        message: failure.map(|(_, message)| message).or_else(|| old.message.clone()),
        start_time: old.start_time.clone().or_else(|| worker.admitted.map(time)),
        qos_class: old.qos_class.clone(),
        nominated_node_name: old.nominated_node_name.clone(),
        ..PodStatus::default()
    }
}

fn first<T>(addresses: &Option<Vec<T>>, text: fn(&T) -> &String) -> Option<String> {
    addresses.as_ref()?.first().map(|address| text(address).clone())
}

/// kubelet's `getPhase`.
fn phase(worker: &Worker) -> &'static str {
    if worker.failure.is_some() {
        return "Failed";
    }
    let policy = worker.restart_policy();
    let failed_init = worker.containers.iter().any(|container| {
        let exit = container.exit().unwrap_or(0);
        container.role == Role::Init && exit != 0 && !container.restarts_after(exit, policy)
    });
    if failed_init {
        return "Failed";
    }
    if !worker.initialized() {
        return "Pending";
    }
    let main = || worker.containers.iter().filter(|container| container.role == Role::Main);
    let waiting = main().any(|container| {
        matches!(container.state, State::Waiting { .. }) && container.last.is_none()
    });
    let failed = main().any(|container| container.exit().is_some_and(|exit| exit != 0));
    let ended = main().all(|container| container.exit().is_some());
    match (waiting, ended, failed) {
        (true, ..) => "Pending",
        (_, false, _) => "Running",
        (_, true, _) if worker.deletion.is_none() && !worker.finished => "Running",
        (_, true, true) => "Failed",
        (_, true, false) => "Succeeded",
    }
}

fn conditions(worker: &Worker, now: SimTime) -> Vec<PodCondition> {
    let phase = phase(worker);
    let names = |wanted: &dyn Fn(&Container) -> bool| -> String {
        let names: Vec<&str> = worker
            .containers
            .iter()
            .filter(|container| wanted(container))
            .map(|container| &*container.name)
            .collect();
        names.join(" ")
    };
    let unready = names(&|container| {
        matches!(container.role, Role::Main | Role::Sidecar) && !container.ready
    });
    let containers_ready = match (phase, unready.as_str()) {
        ("Succeeded", _) => Condition::no("PodCompleted", String::new()),
        ("Failed", _) => Condition::no("PodFailed", String::new()),
        (_, "") => Condition::yes(),
        (_, names) => Condition::no(
            "ContainersNotReady",
            format!("containers with unready status: [{names}]"),
        ),
    };
    let incomplete = names(&|container| match container.role {
        Role::Init => container.exit() != Some(0),
        Role::Sidecar => !container.started,
        Role::Main | Role::Ephemeral => false,
    });
    let incomplete = if worker.main_has_run() { String::new() } else { incomplete };
    let initialized = match (phase, incomplete.as_str()) {
        ("Succeeded", _) => {
            Condition { status: true, reason: "PodCompleted", message: String::new() }
        }
        (_, "") => Condition::yes(),
        (_, names) => Condition::no(
            "ContainersNotInitialized",
            format!("containers with incomplete status: [{names}]"),
        ),
    };
    let gates = missing_gates(worker);
    let ready = match gates {
        Some(message) if containers_ready.status => {
            Condition::no("ReadinessGatesNotReady", message)
        }
        _ => containers_ready.clone(),
    };
    let stands = worker.sandbox.is_some() && !worker.finished;
    let sandbox = Condition { status: stands, reason: "", message: String::new() };
    let own = [
        condition(worker, now, "PodReadyToStartContainers", sandbox),
        condition(worker, now, "Initialized", initialized),
        condition(worker, now, "Ready", ready),
        condition(worker, now, "ContainersReady", containers_ready),
    ];
    let foreign = known(worker).filter(|old| !own.iter().any(|new| new.type_ == old.type_));
    let foreign: Vec<&PodCondition> = foreign.collect();
    let unscheduled = !foreign.iter().any(|condition| condition.type_ == "PodScheduled");
    let mut list = Vec::with_capacity(own.len() + usize::from(unscheduled) + foreign.len());
    list.extend(own);
    if unscheduled {
        list.push(condition(worker, now, "PodScheduled", Condition::yes()));
    }
    list.extend(foreign.into_iter().cloned());
    list
}

/// The conditions that the pod has now.
fn known(worker: &Worker) -> impl Iterator<Item = &PodCondition> {
    worker.pod.status.iter().flat_map(|status| status.conditions.iter())
}

#[derive(Clone)]
struct Condition {
    status: bool,
    reason: &'static str,
    message: String,
}

impl Condition {
    fn yes() -> Condition {
        Condition { status: true, reason: "", message: String::new() }
    }

    fn no(reason: &'static str, message: String) -> Condition {
        Condition { status: false, reason, message }
    }
}

/// One condition; its time is that of its last change.
fn condition(worker: &Worker, now: SimTime, kind: &str, verdict: Condition) -> PodCondition {
    let status = if verdict.status { "True" } else { "False" };
    let since = known(worker)
        .find(|old| old.type_ == kind && old.status == status)
        .and_then(|old| old.last_transition_time.clone());
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    PodCondition {
        type_: kind.to_owned(),
        status: status.to_owned(),
        reason: text(verdict.reason),
        message: text(&verdict.message),
        last_transition_time: since.or_else(|| Some(time(now))),
        last_probe_time: None,
        observed_generation: worker.pod.metadata.generation,
    }
}

/// The conditions that `readinessGates` ask for and that are not there.
fn missing_gates(worker: &Worker) -> Option<String> {
    let gates = worker.pod.spec.as_ref()?.readiness_gates.as_ref()?;
    gates.iter().find_map(|gate| {
        let kind = &gate.condition_type;
        let found = known(worker).find(|condition| condition.type_ == *kind);
        match found {
            Some(condition) if condition.status == "True" => None,
            Some(_) => Some(format!(
                "the status of pod readiness gate \"{kind}\" is not \"True\", but False"
            )),
            None => Some(format!(
                "corresponding condition of pod readiness gate \"{kind}\" does not exist."
            )),
        }
    })
}

fn container_status(worker: &Worker, index: usize, registry: &mut Registry) -> ContainerStatus {
    let container = &worker.containers[index];
    let began = !container.id.is_empty();
    let known = began.then(|| registry.look_up(&container.image_reference)).flatten();
    let (image, image_id) = match known {
        Some(known) => (known.name.clone(), known.id.clone()),
        None => (container.image_reference.clone(), String::new()),
    };
    ContainerStatus {
        name: container.name.to_string(),
        container_id: began.then(|| container.id.clone()),
        image,
        image_id,
        ready: match container.role {
            Role::Init => container.exit() == Some(0),
            _ => container.ready,
        },
        restart_count: container.restarts,
        started: Some(container.is_running() && container.started),
        state: Some(state(&container.state)),
        last_state: Some(ContainerState {
            terminated: container.last.as_ref().map(terminated),
            ..ContainerState::default()
        }),
        volume_mounts: volume_mounts(worker, index),
        ..ContainerStatus::default()
    }
}

fn state(state: &State) -> ContainerState {
    match state {
        State::Waiting { reason, message } => ContainerState {
            waiting: Some(ContainerStateWaiting {
                reason: Some((*reason).to_owned()),
                message: (!message.is_empty()).then(|| message.clone()),
            }),
            ..ContainerState::default()
        },
        State::Running { since } => ContainerState {
            running: Some(ContainerStateRunning { started_at: Some(time(*since)) }),
            ..ContainerState::default()
        },
        State::Terminated(end) => {
            ContainerState { terminated: Some(terminated(end)), ..ContainerState::default() }
        }
    }
}

fn terminated(end: &Terminated) -> ContainerStateTerminated {
    let never = || Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH);
    ContainerStateTerminated {
        container_id: Some(end.id.clone()),
        exit_code: end.exit,
        finished_at: Some(time(end.finished)),
        message: (!end.message.is_empty()).then(|| end.message.clone()),
        reason: Some(end.reason.to_owned()),
        signal: None,
        started_at: Some(end.started.map_or_else(never, time)),
    }
}

fn volume_mounts(worker: &Worker, index: usize) -> Option<Vec<VolumeMountStatus>> {
    let spec = worker.pod.spec.as_ref()?;
    // Nobody mounts the token into an ephemeral container.
    if worker.containers[index].role == Role::Ephemeral {
        return None;
    }
    let mounts = spec.mounts(worker.spec_of(index)?);
    let list = mounts.map(|mount| VolumeMountStatus {
        mount_path: mount.path.to_owned(),
        name: mount.volume.to_owned(),
        read_only: mount.read_only.then_some(true),
        recursive_read_only: mount.read_only.then(|| "Disabled".to_owned()),
        ..VolumeMountStatus::default()
    });
    let mut list: Vec<VolumeMountStatus> = list.collect();
    list.shrink_to_fit();
    (!list.is_empty()).then_some(list)
}

fn time(at: SimTime) -> Time {
    Time(at.whole_seconds())
}
