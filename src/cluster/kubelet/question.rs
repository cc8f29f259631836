//! Requests that a kubelet makes to its containers, from its node: probes and lifecycle hooks.

use std::net::IpAddr;
use std::time::Duration;

use k8s_openapi::api::core::v1::{GRPCAction, HTTPGetAction, TCPSocketAction};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::PodKey;
use crate::cluster::{
    Ask, Cluster, HttpRequest, HttpResponse, Payload, Reply, processes, programs,
};
use crate::network::{NetnsId, Outcome, ProcessId, Protocol, Sender, SocketAddr};

/// What to ask.
pub(super) enum Question<'a> {
    Http(&'a HTTPGetAction),
    Tcp(&'a TCPSocketAction),
    Grpc(&'a GRPCAction),
}

impl Question<'_> {
    /// Whether it begins with a TLS handshake.
    fn is_tls(&self) -> bool {
        matches!(self, Question::Http(action) if action.scheme.as_deref() == Some("HTTPS"))
    }

    /// A problem with the connection, in the words of who asks.
    fn wrap(&self, problem: String, to: SocketAddr, timeout: Duration) -> String {
        match self {
            Question::Http(action) => format!("Get \"{}\": {problem}", url(action, to)),
            Question::Tcp(_) => problem,
            // gRPC tries again and again until its time is over.
            Question::Grpc(_) => format!(
                "timeout: failed to connect service \"{to}\" within {}s: context deadline exceeded",
                timeout.as_secs()
            ),
        }
    }
}

/// Asks a container, and says what is wrong with the answer in the kubelet's words (R1.4).
///
/// # Errors
/// The problem: no connection, no answer in time, or a bad status.
pub(super) fn ask(
    cluster: &mut Cluster,
    key: PodKey,
    index: usize,
    question: &Question<'_>,
    timeout: Duration,
) -> Result<(), String> {
    ask_timed(cluster, key, index, question, timeout).0
}

/// The same, with the time that it takes until the kubelet knows.
pub(super) fn ask_timed(
    cluster: &mut Cluster,
    key: PodKey,
    index: usize,
    question: &Question<'_>,
    timeout: Duration,
) -> (Result<(), String>, Duration) {
    let mut took = Duration::ZERO;
    let result = send(cluster, (key, index), question, timeout, &mut took);
    (result, took.min(timeout))
}

fn send(
    cluster: &mut Cluster,
    (key, index): (PodKey, usize),
    question: &Question<'_>,
    timeout: Duration,
    took: &mut Duration,
) -> Result<(), String> {
    let (host, port) = match question {
        Question::Http(action) => (action.host.as_deref(), action.port.clone()),
        Question::Tcp(action) => (action.host.as_deref(), action.port.clone()),
        Question::Grpc(action) => (None, IntOrString::Int(action.port)),
    };
    let Some((address, node, port)) = target(cluster, key, index, &port)? else {
        return Err("no sandbox".to_owned());
    };
    let address = host.and_then(|host| host.parse().ok()).unwrap_or(address);
    let to = SocketAddr::new(address, port);
    let wrap = |problem: String| question.wrap(problem, to, timeout);
    let sender = Sender { netns: node, container: None, process: Some(ProcessId::KUBELET) };
    let sent = cluster.network.probe(cluster.now, &sender, Protocol::Tcp, to);
    let seen_from = match sent.trace.outcome {
        Outcome::Delivered { seen_from, .. } => seen_from,
        Outcome::Refused => {
            return Err(wrap(format!("dial tcp {to}: connect: connection refused")));
        }
        Outcome::Unreachable => {
            return Err(wrap(format!("dial tcp {to}: connect: no route to host")));
        }
        Outcome::Silence => {
            *took = timeout;
            return Err(wrap(format!("dial tcp {to}: i/o timeout")));
        }
    };
    let Some((netns, listener)) = sent.listener else { return Ok(()) };
    let payload = match question {
        Question::Http(action) => payload(action, to),
        Question::Grpc(_) => programs::health_check(to),
        Question::Tcp(_) => {
            processes::hang_up(cluster, listener.process, seen_from);
            return Ok(());
        }
    };
    let ask = Ask { local: to, peer: seen_from, payload, patience: Some(timeout) };
    let answer = cluster.serve(netns, listener.process, &ask);
    *took = match &answer {
        Some(answer) if matches!(answer.reply, Reply::Silence) => timeout,
        Some(answer) => answer.took,
        None => Duration::ZERO,
    };
    processes::hang_up(cluster, listener.process, seen_from);
    if matches!(question, Question::Grpc(_)) {
        return judge_health(answer.map(|answer| answer.reply)).map_err(|told| match told {
            Some(told) => told,
            None => wrap(String::new()),
        });
    }
    match answer {
        Some(answer) if answer.took > timeout => Err(wrap(TOO_SLOW.to_owned())),
        Some(answer) => judge(answer.reply, question.is_tls()).map_err(|problem| match problem {
            Problem::Status(code) => format!("HTTP probe failed with statuscode: {code}"),
            Problem::Transport(text) => wrap(text.to_owned()),
        }),
        None => Err(wrap("EOF".to_owned())),
    }
}

/// What a health check of gRPC (`grpc.health.v1.Health/Check`) found; no words where whoever listens
/// does not speak gRPC, so that no connection came about (kubernetes pkg/probe/grpc).
fn judge_health(reply: Option<Reply>) -> Result<(), Option<String>> {
    let Some(Reply::Http(response)) = reply else { return Err(None) };
    match response.header("grpc-status") {
        Some("0") => Ok(()),
        Some("12") => Err(Some(format!(
            "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): {}",
            response.header("grpc-message").unwrap_or("")
        ))),
        Some(code) => Err(Some(format!(
            "error: health rpc probe failed: rpc error: code = Code({code}) desc = {}",
            response.header("grpc-message").unwrap_or("")
        ))),
        None => Err(None),
    }
}

const TOO_SLOW: &str = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";

const NOT_TLS: &str = "http: server gave HTTP response to HTTPS client";

enum Problem {
    Status(u16),
    Transport(&'static str),
}

/// What an answer means to Go's client. One that begins a TLS handshake takes no other answer than a TLS
/// record: one that looks like HTTP has words of its own (Go, `net/http` transport.go and `crypto/tls` conn.go).
fn judge(reply: Reply, tls: bool) -> Result<(), Problem> {
    match &reply {
        Reply::Http(_) if tls => return Err(Problem::Transport(NOT_TLS)),
        Reply::Bytes(bytes) if tls && bytes.starts_with(b"HTTP/") => {
            return Err(Problem::Transport(NOT_TLS));
        }
        Reply::Bytes(_) if tls => {
            return Err(Problem::Transport("tls: first record does not look like a TLS handshake"));
        }
        _ => {}
    }
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
) -> Result<Option<(IpAddr, NetnsId, u16)>, String> {
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
        Some(number) => Ok(Some((sandbox.address.into(), node.netns, number))),
        None => Err(format!("invalid port number: {port:?}")),
    }
}

fn url(action: &HTTPGetAction, to: SocketAddr) -> String {
    let scheme = action.scheme.as_deref().unwrap_or("HTTP").to_lowercase();
    format!("{scheme}://{to}{}", path(action))
}

fn path(action: &HTTPGetAction) -> String {
    let path = action.path.as_deref().unwrap_or("/");
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

fn payload(action: &HTTPGetAction, to: SocketAddr) -> Payload {
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
    let request = HttpRequest::get(path(action), headers);
    if action.scheme.as_deref() == Some("HTTPS") {
        Payload::Tls { server_name: to.ip().to_string(), request }
    } else {
        Payload::Http(request)
    }
}
