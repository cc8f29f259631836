//! Probes: the kubelet asks a container, from its node, whether it is well.

use std::time::Duration;

use k8s_openapi::api::core::v1::Container as ContainerSpec;

use super::container::{Container, Role};
use super::owner::Probed as Kind;
use super::prober::Prober;
use super::question::{self, Question};
use super::worker::{Host, Worker};
use super::{PodKey, Purpose, exec, stop};
use crate::clock::SimTime;
use crate::cluster::Cluster;

/// The container is up: its probes begin.
pub(super) fn begin(worker: &mut Worker, index: usize, now: SimTime) {
    let Some(spec) = worker.spec_of(index).cloned() else { return };
    let container = &mut worker.containers[index];
    container.probes = probers(&spec, now);
    container.started = spec.startup_probe.is_none();
    container.ready =
        container.role != Role::Ephemeral && spec.readiness_probe.is_none() && container.started;
    container.ever_ready |= container.ready;
    worker.stale = true;
}

/// The probes of a container that starts now.
fn probers(spec: &ContainerSpec, now: SimTime) -> Vec<Prober> {
    let declared = [
        (Kind::Startup, &spec.startup_probe),
        (Kind::Liveness, &spec.liveness_probe),
        (Kind::Readiness, &spec.readiness_probe),
    ];
    declared
        .into_iter()
        .filter_map(|(kind, probe)| {
            let spec = probe.clone()?;
            let delay = u64::try_from(spec.initial_delay_seconds.unwrap_or(0)).unwrap_or(0);
            // A moment for the program to run its first lines.
            let next = now + Duration::from_secs(delay) + Duration::from_millis(50);
            Some(Prober { kind, next, spec, successes: 0, failures: 0, running: None })
        })
        .collect()
}

/// Makes the probes of a pod that are due.
pub(super) fn run_due(cluster: &mut Cluster, key: PodKey) {
    let now = cluster.now;
    let probed = |container: &Container| !container.probes.is_empty();
    if !cluster.kubelets.worker(key).is_some_and(|worker| worker.containers.iter().any(probed)) {
        return;
    }
    for index in 0..cluster.kubelets.container_count(key) {
        for kind in [Kind::Startup, Kind::Liveness, Kind::Readiness] {
            let Some(prober) = due(cluster, key, index, kind, now) else { continue };
            let verdict = match check(cluster, key, index, &prober) {
                Check::Done(verdict) => verdict,
                Check::Started => continue,
            };
            record(cluster, key, index, kind, verdict);
        }
    }
}

/// Notes how a probe ended, and acts on it.
pub(super) fn record(
    cluster: &mut Cluster,
    key: PodKey,
    index: usize,
    kind: Kind,
    verdict: Result<(), String>,
) {
    let (worker, mut host) = match cluster.worker_and_host(key) {
        Some(both) => both,
        None => return,
    };
    let now = host.now;
    let container = &mut worker.containers[index];
    let Some(prober) = container.probes.iter_mut().find(|prober| prober.kind == kind) else {
        return;
    };
    prober.next = now + prober.period();
    prober.running = None;
    let (good, bad) = (
        prober.spec.success_threshold.unwrap_or(1).max(1),
        prober.spec.failure_threshold.unwrap_or(3).max(1),
    );
    let grace = prober.spec.termination_grace_period_seconds;
    match verdict {
        Ok(()) => {
            prober.failures = 0;
            prober.successes += 1;
            if prober.successes >= good {
                passed(container, kind);
                worker.stale = true;
            }
        }
        Err(problem) => {
            prober.successes = 0;
            prober.failures += 1;
            let over = prober.failures >= bad;
            let message = format!("{} probe failed: {problem}", name(kind));
            worker.tell_of(&mut host, index, true, "Unhealthy", &message);
            if over {
                failed(worker, index, kind, grace, &mut host);
            }
        }
    }
}

fn passed(container: &mut Container, kind: Kind) {
    match kind {
        Kind::Startup => {
            container.started = true;
            container.probes.retain(|prober| prober.kind != Kind::Startup);
            if !container.probes.iter().any(|prober| prober.kind == Kind::Readiness) {
                container.ready = true;
                container.ever_ready = true;
            }
        }
        Kind::Readiness => {
            container.ready = true;
            container.ever_ready = true;
        }
        Kind::Liveness => {}
    }
}

fn failed(worker: &mut Worker, index: usize, kind: Kind, grace: Option<i64>, host: &mut Host<'_>) {
    if kind == Kind::Readiness {
        worker.stale |= worker.containers[index].ready;
        worker.containers[index].ready = false;
        return;
    }
    let own = grace.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    let grace = own.unwrap_or_else(|| worker.grace());
    let name = &worker.containers[index].name;
    let message = match kind {
        Kind::Startup => format!("Container {name} failed startup probe, will be restarted"),
        _ => format!("Container {name} failed liveness probe, will be restarted"),
    };
    stop::stop(worker, index, host, grace, &message);
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Startup => "Startup",
        Kind::Liveness => "Liveness",
        Kind::Readiness => "Readiness",
    }
}

/// The prober, if it is its turn: the others wait for the startup probe.
fn due(
    cluster: &mut Cluster,
    key: PodKey,
    index: usize,
    kind: Kind,
    now: SimTime,
) -> Option<Prober> {
    let container = cluster.kubelets.container_mut(key, index)?;
    let held_back = !container.started && kind != Kind::Startup;
    let running = container.is_running();
    let prober = container.probes.iter_mut().find(|prober| prober.kind == kind)?;
    if prober.next > now {
        return None;
    }
    if held_back || !running {
        prober.next = now + prober.period().min(Duration::from_secs(1));
        return None;
    }
    Some(prober.clone())
}

enum Check {
    Done(Result<(), String>),
    /// A command runs; its exit code will tell.
    Started,
}

fn check(cluster: &mut Cluster, key: PodKey, index: usize, prober: &Prober) -> Check {
    if let Some(action) = &prober.spec.exec {
        let words = action.command.clone().unwrap_or_default();
        if let Some(process) = prober.running {
            cluster.processes.kill(process);
            let (command, limit) = (words.join(" "), prober.timeout().as_secs());
            let problem = format!("command timed out: \"{command}\" timed out after {limit}s");
            return Check::Done(Err(problem));
        }
        return execute(cluster, key, index, prober, &words);
    }
    let probe = &prober.spec;
    let question = match (&probe.http_get, &probe.tcp_socket, &probe.grpc) {
        (Some(action), ..) => Question::Http(action),
        (None, Some(action), _) => Question::Tcp(action),
        (None, None, Some(action)) => Question::Grpc(action),
        (None, None, None) => return Check::Done(Ok(())),
    };
    Check::Done(question::ask(cluster, key, index, &question, prober.timeout()))
}

fn execute(
    cluster: &mut Cluster,
    key: PodKey,
    index: usize,
    prober: &Prober,
    words: &[String],
) -> Check {
    let Some((worker, mut host)) = cluster.worker_and_host(key) else { return Check::Started };
    let purpose = Purpose::Probe(prober.kind);
    let Some(process) = exec::execute(worker, index, &mut host, words, purpose) else {
        let word = words.first().map(String::as_str).unwrap_or("");
        return Check::Done(Err(format!(
            "OCI runtime exec failed: exec failed: unable to start container process: \
             exec: \"{word}\": {}: unknown",
            exec::not_found(word)
        )));
    };
    let mut probers = worker.containers[index].probes.iter_mut();
    if let Some(running) = probers.find(|known| known.kind == prober.kind) {
        running.running = Some(process);
        running.next = host.now + prober.timeout();
    }
    Check::Started
}
