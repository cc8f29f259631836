//! Pods: READY, STATUS and RESTARTS as the real printer works them out.

use k8s_openapi::api::core::v1::{Container, ContainerStatus};
use k8s_openapi::jiff::Timestamp;

use super::age::{since, since_timestamp};
use super::format::or_none;
use super::{Columns, narrow, wide};
use crate::api::{Pod, SharedStatus};
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns = &[
    narrow("NAME"),
    narrow("READY"),
    narrow("STATUS"),
    narrow("RESTARTS"),
    narrow("AGE"),
    wide("IP"),
    wide("NODE"),
    wide("NOMINATED NODE"),
    wide("READINESS GATES"),
];

/// A pod's state in the few words that a table has room for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many containers are ready.
    pub ready: usize,
    /// How many containers there are, restartable init containers included.
    pub total: usize,
    /// STATUS: `Running`, `CrashLoopBackOff`, `Init:0/1`, `Terminating`, …
    pub status: String,
    /// How often containers were restarted.
    pub restarts: i32,
    /// When the last restarted container had ended.
    pub last_restart: Option<Timestamp>,
}

/// Works out what a table shows of a pod.
pub fn summary(pod: &Pod) -> Summary {
    let status = pod.status.clone().unwrap_or_default();
    let mut counter = Counter::new(pod, &status);
    let initializing = counter.init_containers(pod, &status);
    if !initializing || condition(&status, "Initialized") {
        counter.containers(&status);
    }
    let mut summary = counter.summary;
    let phase = status.phase.as_deref().unwrap_or("");
    if pod.metadata.deletion_timestamp.is_some() {
        if status.reason.as_deref() == Some("NodeLost") {
            "Unknown".clone_into(&mut summary.status);
        } else if !matches!(phase, "Succeeded" | "Failed") {
            "Terminating".clone_into(&mut summary.status);
        }
    }
    summary
}

pub(super) fn row(pod: &Pod, now: SimTime) -> Vec<String> {
    let Summary { ready, total, status: state, restarts, last_restart } = summary(pod);
    let restarts = match last_restart {
        Some(at) if restarts != 0 => format!("{restarts} ({} ago)", since_timestamp(at, now)),
        _ => restarts.to_string(),
    };
    let status = pod.status.as_ref();
    let spec = pod.spec.as_ref();
    let ip = status.and_then(|status| status.pod_ips.as_ref()?.first().map(|ip| ip.ip.clone()));
    let nominated = status.and_then(|status| status.nominated_node_name.clone());
    vec![
        pod.metadata.name.clone().unwrap_or_default(),
        format!("{ready}/{total}"),
        state,
        restarts,
        since(pod.metadata.creation_timestamp.as_ref(), now),
        or_none(ip.unwrap_or_default()),
        or_none(spec.and_then(|spec| spec.node_name.clone()).unwrap_or_default()),
        or_none(nominated.unwrap_or_default()),
        readiness_gates(pod),
    ]
}

/// A summary in the making.
struct Counter {
    summary: Summary,
    /// What restartable init containers add to RESTARTS once the pod is initialized.
    sidecar_restarts: i32,
    sidecar_last_restart: Option<Timestamp>,
}

impl Counter {
    fn new(pod: &Pod, status: &SharedStatus) -> Counter {
        let spec = pod.spec.as_ref();
        let sidecars = spec
            .and_then(|spec| spec.init_containers.as_ref())
            .map_or(0, |containers| containers.iter().filter(|c| is_sidecar(c)).count());
        let total = spec.map_or(0, |spec| spec.containers.len()) + sidecars;
        let gated = status.conditions.iter().any(|condition| {
            condition.type_ == "PodScheduled"
                && condition.reason.as_deref() == Some("SchedulingGated")
        });
        let state = match status.reason.as_deref() {
            _ if gated => "SchedulingGated",
            Some(reason) if !reason.is_empty() => reason,
            _ => status.phase.as_deref().unwrap_or(""),
        };
        let summary =
            Summary { ready: 0, total, status: state.to_owned(), restarts: 0, last_restart: None };
        Counter { summary, sidecar_restarts: 0, sidecar_last_restart: None }
    }

    /// Goes through the init containers up to the first that is not done; says whether there is one.
    fn init_containers(&mut self, pod: &Pod, status: &SharedStatus) -> bool {
        let specs = pod.spec.as_ref().and_then(|spec| spec.init_containers.as_deref());
        let specs = specs.unwrap_or_default();
        for (index, container) in status.init_container_statuses.iter().flatten().enumerate() {
            let sidecar = specs.iter().any(|spec| spec.name == container.name && is_sidecar(spec));
            self.summary.restarts += container.restart_count;
            later(&mut self.summary.last_restart, last_end(container));
            if sidecar {
                self.sidecar_restarts += container.restart_count;
                later(&mut self.sidecar_last_restart, last_end(container));
            }
            let state = container.state.clone().unwrap_or_default();
            match (state.terminated, state.waiting.and_then(|waiting| waiting.reason)) {
                (Some(end), _) if end.exit_code == 0 => continue,
                _ if sidecar && container.started == Some(true) => {
                    self.summary.ready += usize::from(container.ready);
                    continue;
                }
                (Some(end), _) => {
                    let reason = end_reason(end.reason.as_deref(), end.signal, end.exit_code);
                    self.summary.status = format!("Init:{reason}");
                }
                (None, Some(reason)) if !reason.is_empty() && reason != "PodInitializing" => {
                    self.summary.status = format!("Init:{reason}");
                }
                _ => self.summary.status = format!("Init:{index}/{}", specs.len()),
            }
            return true;
        }
        false
    }

    /// Goes through the containers, last first, so that the first one's trouble is shown.
    fn containers(&mut self, status: &SharedStatus) {
        self.summary.restarts = self.sidecar_restarts;
        self.summary.last_restart = self.sidecar_last_restart;
        let mut running = false;
        for container in status.container_statuses.iter().flatten().rev() {
            self.summary.restarts += container.restart_count;
            later(&mut self.summary.last_restart, last_end(container));
            let state = container.state.clone().unwrap_or_default();
            match (state.waiting.and_then(|waiting| waiting.reason), state.terminated) {
                (Some(reason), _) if !reason.is_empty() => self.summary.status = reason,
                (_, Some(end)) => {
                    self.summary.status =
                        end_reason(end.reason.as_deref(), end.signal, end.exit_code);
                }
                _ if container.ready && state.running.is_some() => {
                    running = true;
                    self.summary.ready += 1;
                }
                _ => {}
            }
        }
        if self.summary.status == "Completed" && running {
            let ready = condition(status, "Ready");
            self.summary.status = if ready { "Running" } else { "NotReady" }.to_owned();
        }
    }
}

fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

fn condition(status: &SharedStatus, name: &str) -> bool {
    let mut conditions = status.conditions.iter();
    conditions.any(|condition| condition.type_ == name && condition.status == "True")
}

fn last_end(container: &ContainerStatus) -> Option<Timestamp> {
    let end = container.last_state.as_ref()?.terminated.as_ref()?;
    end.finished_at.as_ref().map(|time| time.0)
}

fn later(latest: &mut Option<Timestamp>, candidate: Option<Timestamp>) {
    *latest = (*latest).max(candidate);
}

fn end_reason(reason: Option<&str>, signal: Option<i32>, exit_code: i32) -> String {
    match (reason, signal) {
        (Some(reason), _) if !reason.is_empty() => reason.to_owned(),
        (_, Some(signal)) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{exit_code}"),
    }
}

fn readiness_gates(pod: &Pod) -> String {
    let gates = pod.spec.as_ref().and_then(|spec| spec.readiness_gates.as_deref());
    let gates = gates.unwrap_or_default();
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let status = pod.status.clone().unwrap_or_default();
    let open = gates.iter().filter(|gate| condition(&status, &gate.condition_type)).count();
    format!("{open}/{}", gates.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(value: serde_json::Value) -> Pod {
        serde_json::from_value(value).expect("a pod")
    }

    fn with_states(states: serde_json::Value) -> Pod {
        let names: Vec<_> = states.as_array().expect("states").iter().enumerate().collect();
        let containers: Vec<_> =
            names.iter().map(|(i, _)| json!({"name": format!("c{i}"), "image": "x"})).collect();
        let statuses: Vec<_> = names
            .iter()
            .map(|(i, state)| {
                json!({"name": format!("c{i}"), "image": "", "imageID": "", "restartCount": 0,
                    "ready": state.get("running").is_some(), "state": state})
            })
            .collect();
        pod(json!({"metadata": {"name": "p"}, "spec": {"containers": containers},
            "status": {"phase": "Running", "containerStatuses": statuses}}))
    }

    #[test]
    fn a_waiting_container_names_the_pods_status() {
        let pod = with_states(json!([
            {"running": {}}, {"waiting": {"reason": "CrashLoopBackOff"}}
        ]));
        let summary = summary(&pod);
        assert_eq!((summary.ready, summary.total), (1, 2));
        assert_eq!(summary.status, "CrashLoopBackOff");
    }

    #[test]
    fn an_ended_container_is_named_by_reason_signal_or_code() {
        let of =
            |end: serde_json::Value| summary(&with_states(json!([{"terminated": end}]))).status;
        assert_eq!(of(json!({"exitCode": 1, "reason": "Error"})), "Error");
        assert_eq!(of(json!({"exitCode": 137, "signal": 9})), "Signal:9");
        assert_eq!(of(json!({"exitCode": 3})), "ExitCode:3");
    }

    #[test]
    fn a_pod_with_one_done_and_one_running_container_is_not_ready() {
        let pod = with_states(json!([
            {"running": {}}, {"terminated": {"exitCode": 0, "reason": "Completed"}}
        ]));
        assert_eq!(summary(&pod).status, "NotReady");
    }

    #[test]
    fn init_containers_are_counted_until_they_are_done() {
        let pod = pod(json!({"metadata": {"name": "p"},
            "spec": {"containers": [{"name": "c"}], "initContainers": [{"name": "i"}]},
            "status": {"phase": "Pending", "initContainerStatuses": [
                {"name": "i", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                 "state": {"running": {}}}],
                "containerStatuses": [{"name": "c", "image": "", "imageID": "", "ready": false,
                 "restartCount": 0, "state": {"waiting": {"reason": "PodInitializing"}}}]}}));
        assert_eq!(summary(&pod).status, "Init:0/1");
    }

    #[test]
    fn a_pod_that_is_being_deleted_terminates() {
        let mut pod = with_states(json!([{"running": {}}]));
        pod.metadata.deletion_timestamp =
            Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(Timestamp::UNIX_EPOCH));
        assert_eq!(summary(&pod).status, "Terminating");
    }

    // R14.1: `3 (27s ago)`
    #[test]
    fn restarts_say_when_the_last_one_was() {
        let mut pod = with_states(json!([{"running": {}}]));
        let statuses = pod.status.as_mut().and_then(|s| s.container_statuses.as_mut());
        let container = &mut statuses.expect("statuses")[0];
        container.restart_count = 3;
        let ended = SimTime::from_millis(1_000).timestamp();
        container.last_state = serde_json::from_value(
            json!({"terminated": {"exitCode": 1, "finishedAt": ended.to_string()}}),
        )
        .ok();
        assert_eq!(row(&pod, SimTime::from_millis(28_000))[3], "3 (27s ago)");
    }
}
