//! Probes: the kubelet asks a container, from its node, whether it is well.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container as ContainerSpec, HTTPGetAction, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::container::Container;
use super::worker::Host;
use super::{PodKey, Purpose, start, stop};
use crate::clock::SimTime;
use crate::cluster::{Ask, Cluster, HttpRequest, HttpResponse, Payload, Reply};
use crate::network::{Outcome, Protocol, Sender};

/// What a probe decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Startup,
    Liveness,
    Readiness,
}

/// A probe of a running container.
#[derive(Clone, Debug)]
pub struct Prober {
    pub kind: Kind,
    pub next: SimTime,
    pub spec: Probe,
    successes: i32,
    failures: i32,
    /// An exec probe that has not ended.
    pub running: bool,
}

impl Prober {
    /// Whether the cluster is unsettled until this probe passes: its container was never ready.
    pub fn is_awaited(&self, container: &Container) -> bool {
        match self.kind {
            Kind::Startup => !container.started,
            Kind::Readiness => !container.ever_ready,
            Kind::Liveness => false,
        }
    }

    fn period(&self) -> Duration {
        seconds(self.spec.period_seconds, 10)
    }

    fn timeout(&self) -> Duration {
        seconds(self.spec.timeout_seconds, 1)
    }
}

fn seconds(value: Option<i32>, default: u64) -> Duration {
    let value = value.and_then(|value| u64::try_from(value).ok()).filter(|value| *value > 0);
    Duration::from_secs(value.unwrap_or(default))
}

/// The probes of a container that starts now.
pub(super) fn probers(spec: &ContainerSpec, now: SimTime) -> Vec<Prober> {
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
            Some(Prober { kind, next, spec, successes: 0, failures: 0, running: false })
        })
        .collect()
}

/// Makes the probes of a pod that are due.
pub(super) fn run_due(cluster: &mut Cluster, key: PodKey) {
    let now = cluster.now;
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
    prober.running = false;
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

fn failed(
    worker: &mut super::worker::Worker,
    index: usize,
    kind: Kind,
    grace: Option<i64>,
    host: &mut Host<'_>,
) {
    if kind == Kind::Readiness {
        worker.stale |= worker.containers[index].ready;
        worker.containers[index].ready = false;
        return;
    }
    let of_pod = worker.pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
    let grace = u64::try_from(grace.or(of_pod).unwrap_or(30)).unwrap_or(0);
    let name = &worker.containers[index].name;
    let message = match kind {
        Kind::Startup => format!("Container {name} failed startup probe, will be restarted"),
        _ => format!("Container {name} failed liveness probe, will be restarted"),
    };
    stop::stop(worker, index, host, Duration::from_secs(grace), &message);
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
    if prober.running {
        prober.next = now + prober.period();
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
        return execute(cluster, key, index, prober.kind, &words);
    }
    if prober.spec.grpc.is_some() {
        return Check::Done(Err(
            "podhop does not simulate gRPC probes; use httpGet, tcpSocket or exec".to_owned(),
        ));
    }
    Check::Done(ask(cluster, key, index, prober))
}

fn execute(
    cluster: &mut Cluster,
    key: PodKey,
    index: usize,
    kind: Kind,
    words: &[String],
) -> Check {
    let Some((worker, mut host)) = cluster.worker_and_host(key) else { return Check::Started };
    match start::execute(worker, index, &mut host, words, Purpose::Probe(kind)) {
        Some(_) => {
            for prober in &mut worker.containers[index].probes {
                if prober.kind == kind {
                    prober.running = true;
                    // Looked at again when it has not ended within its time.
                    prober.next = host.now + prober.period();
                }
            }
            Check::Started
        }
        None => {
            let word = words.first().map(String::as_str).unwrap_or("");
            Check::Done(Err(format!(
                "OCI runtime exec failed: exec failed: unable to start container process: \
                 exec: \"{word}\": executable file not found in $PATH: unknown"
            )))
        }
    }
}

/// An httpGet or tcpSocket probe, from the node (R1.4).
fn ask(cluster: &mut Cluster, key: PodKey, index: usize, prober: &Prober) -> Result<(), String> {
    let http = prober.spec.http_get.as_ref();
    let tcp = prober.spec.tcp_socket.as_ref();
    let (host, port) = match (http, tcp) {
        (Some(action), _) => (action.host.as_deref(), &action.port),
        (None, Some(action)) => (action.host.as_deref(), &action.port),
        (None, None) => return Ok(()),
    };
    let Some((address, node, port)) = target(cluster, key, index, port)? else {
        return Err("no sandbox".to_owned());
    };
    let address = host.and_then(|host| host.parse().ok()).unwrap_or(address);
    let to = SocketAddrV4::new(address, port);
    let url = http.map(|action| url(action, to));
    let wrap = |problem: String| match &url {
        Some(url) => format!("Get \"{url}\": {problem}"),
        None => problem,
    };
    let sender = Sender { netns: node, container: None };
    let sent = cluster.network.probe(cluster.now, &sender, Protocol::Tcp, to);
    let seen_from = match sent.trace.outcome {
        Outcome::Delivered { seen_from, .. } => seen_from,
        Outcome::Refused => {
            return Err(wrap(format!("dial tcp {to}: connect: connection refused")));
        }
        Outcome::Unreachable => {
            return Err(wrap(format!("dial tcp {to}: connect: no route to host")));
        }
        Outcome::Silence => return Err(wrap(format!("dial tcp {to}: i/o timeout"))),
    };
    let (Some(action), Some((netns, listener))) = (http, sent.listener) else { return Ok(()) };
    let ask = Ask { local: to, peer: seen_from, payload: payload(action, to) };
    let answer = cluster.serve(netns, listener.process, &ask);
    match answer {
        Some(answer) if answer.took > prober.timeout() => Err(wrap(TOO_SLOW.to_owned())),
        Some(answer) => judge(answer.reply).map_err(|problem| match problem {
            Problem::Status(code) => format!("HTTP probe failed with statuscode: {code}"),
            Problem::Transport(text) => wrap(text.to_owned()),
        }),
        None => Err(wrap("EOF".to_owned())),
    }
}

const TOO_SLOW: &str = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";

enum Problem {
    Status(u16),
    Transport(&'static str),
}

fn judge(reply: Reply) -> Result<(), Problem> {
    let of = |response: HttpResponse| match response.status {
        200..400 => Ok(()),
        status => Err(Problem::Status(status)),
    };
    match reply {
        Reply::Http(response) | Reply::Tls { response, .. } => of(response),
        Reply::Bytes(_) => Err(Problem::Transport(
            "net/http: HTTP/1.x transport connection broken: malformed HTTP response",
        )),
        Reply::Closed => Err(Problem::Transport("EOF")),
        Reply::Reset => Err(Problem::Transport("read: connection reset by peer")),
        Reply::Silence => Err(Problem::Transport(TOO_SLOW)),
    }
}

/// The pod's address, its node's network namespace, and the port's number.
fn target(
    cluster: &Cluster,
    key: PodKey,
    index: usize,
    port: &IntOrString,
) -> Result<Option<(Ipv4Addr, crate::network::NetnsId, u16)>, String> {
    let Some(worker) = cluster.kubelets.worker(key) else { return Ok(None) };
    let (Some(sandbox), Some(node)) = (&worker.sandbox, cluster.network.node(&worker.node)) else {
        return Ok(None);
    };
    let number = match port {
        IntOrString::Int(number) => Some(*number),
        IntOrString::String(name) => worker.spec_of(index).and_then(|spec| {
            let ports = spec.ports.iter().flatten();
            ports.clone().find(|port| port.name.as_ref() == Some(name)).map(|p| p.container_port)
        }),
    };
    match number.and_then(|number| u16::try_from(number).ok()) {
        Some(number) => Ok(Some((sandbox.address, node.netns, number))),
        None => Err(format!("invalid port number: {port:?}")),
    }
}

fn url(action: &HTTPGetAction, to: SocketAddrV4) -> String {
    let scheme = action.scheme.as_deref().unwrap_or("HTTP").to_lowercase();
    format!("{scheme}://{to}{}", path(action))
}

fn path(action: &HTTPGetAction) -> String {
    let path = action.path.as_deref().unwrap_or("/");
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

fn payload(action: &HTTPGetAction, to: SocketAddrV4) -> Payload {
    let declared = action.http_headers.iter().flatten();
    let host = declared
        .clone()
        .find(|header| header.name.eq_ignore_ascii_case("host"))
        .map(|header| header.value.clone())
        .unwrap_or_else(|| to.to_string());
    let mut headers = vec![("Host".to_owned(), host)];
    let own = declared.clone().filter(|header| !header.name.eq_ignore_ascii_case("host"));
    headers.push(("User-Agent".to_owned(), "kube-probe/1.36".to_owned()));
    headers.push(("Accept".to_owned(), "*/*".to_owned()));
    headers.extend(own.map(|header| (header.name.clone(), header.value.clone())));
    headers.push(("Connection".to_owned(), "close".to_owned()));
    let request =
        HttpRequest { method: "GET".to_owned(), target: path(action), headers, body: Vec::new() };
    if action.scheme.as_deref() == Some("HTTPS") {
        Payload::Tls { server_name: to.ip().to_string(), request }
    } else {
        Payload::Http(request)
    }
}
