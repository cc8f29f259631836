//! Requests as clients make them: look a name up, dial, ask. Each says how long it takes, and each
//! leaves its [`Trace`]s in the cluster's log.
//!
//! Looking names up is `resolver`'s. Nothing here lets time pass: a client that waits does so itself.

use std::net::IpAddr;
use std::time::Duration;

use super::messages::{
    Answer, Ask, Connection, Dial, DialFailure, HttpResponse, HttpVersion, Payload, Query, Reply,
};
use super::programs::coredns::Exchange;
use super::{Asked, Cluster, Place, api_endpoint, node_servers, outside, processes, programs};
use crate::network::{
    Because, ConntrackEntry, DnsType, NetnsId, Outcome, Party, ProcessId, Protocol, Question,
    SocketAddr, Trace, TraceId, absolute,
};

/// How long Linux tries to find a neighbour's hardware address before it says that there is no
/// route (three probes, a second apart).
const NEIGHBOUR_TIMEOUT: Duration = Duration::from_millis(3_060);

/// How long Linux repeats an unanswered SYN (recording 31).
const CONNECT_TIMEOUT: Duration = Duration::from_millis(134_340);

/// The usual time after which a resolver gives up on a question.
const QUERY_TIMEOUT: Duration = Duration::from_secs(5);

impl Cluster {
    /// Asks one name server one question, without any search list: what `dig` and `nslookup` do.
    pub fn query(
        &mut self,
        place: &Place,
        protocol: Protocol,
        server: IpAddr,
        question: Question<'_>,
    ) -> Query {
        let Some(from) = self.netns_of(place) else {
            let result = Err(DialFailure::Unreachable);
            return Query { result, took: Duration::ZERO, trace: TraceId::default() };
        };
        let now = self.now;
        let trace = self.exchange().ask(now, &from, protocol, server, question);
        processes::note_queries(self);
        heard(&trace)
    }

    /// Asks one name server for a name's A and AAAA records over one socket, or for those of one
    /// type, `after` so long. `None` at a place that is not there.
    pub(super) fn query_addresses(
        &mut self,
        place: &Place,
        server: IpAddr,
        (name, kind): (&str, Option<DnsType>),
        after: Duration,
    ) -> Option<Vec<Query>> {
        let from = self.netns_of(place)?;
        let now = self.now + after;
        let traces = match kind {
            None => self.exchange().ask_for_addresses(now, &from, server, name).to_vec(),
            Some(kind) => {
                let question = Question { name, kind };
                vec![self.exchange().ask(now, &from, Protocol::Udp, server, question)]
            }
        };
        processes::note_queries(self);
        Some(traces.iter().map(|trace| heard(trace)).collect())
    }

    fn exchange(&mut self) -> Exchange<'_> {
        Exchange { network: &mut self.network, servers: &mut self.name_servers }
    }

    /// Dials an address: a TCP handshake, the first datagram of a UDP client, or a ping.
    pub fn dial(&mut self, place: &Place, protocol: Protocol, to: SocketAddr) -> Dial {
        let Some(from) = self.netns_of(place) else {
            let result = Err(DialFailure::Unreachable);
            return Dial { result, took: Duration::ZERO, trace: TraceId::default() };
        };
        let now = self.now;
        let sent = self.network.send(now, &from, protocol, to);
        let trace = &sent.trace;
        let result = match &trace.outcome {
            Outcome::Delivered { to: server, at, seen_from } => Ok(Connection {
                local: trace.flow.source,
                remote: trace.flow.destination,
                server: server.clone(),
                server_address: *at,
                seen_from: *seen_from,
                protocol,
                socket: sent.listener.map(|(netns, listener)| (netns, listener.process)),
                trace: trace.id,
            }),
            Outcome::Refused => Err(DialFailure::Refused),
            Outcome::Unreachable => Err(unreachable(trace)),
            Outcome::Silence => Err(DialFailure::Silence),
        };
        Dial { result, took: wait(trace), trace: trace.id }
    }

    /// Sends a request over a connection and says what comes back. A process that is gone resets
    /// the connection; from a pod or a node that is gone nothing comes any more (recording 31).
    pub fn ask(&mut self, connection: &Connection, payload: Payload) -> Answer {
        self.ask_within(connection, payload, None)
    }

    /// As [`Cluster::ask`], by a client that closes the connection when its patience is over: a server
    /// that asks others in its turn gives up with it.
    pub fn ask_within(
        &mut self,
        connection: &Connection,
        payload: Payload,
        patience: Option<Duration>,
    ) -> Answer {
        let took = self.trace(connection.trace).map_or(Duration::ZERO, round_trip);
        let Some((netns, process)) = connection.socket.filter(|(netns, _)| self.is_up(*netns))
        else {
            return Answer { reply: Reply::Silence, took };
        };
        let payload = origin_form(payload);
        let (local, peer) = (connection.server_address, connection.seen_from);
        let ask = Ask { local, peer, payload, patience };
        let before = self.network.next_trace();
        let answer = match process {
            ProcessId::OUTSIDE => Some(outside::serve(&connection.server, &ask)),
            ProcessId::KUBE_PROXY | ProcessId::KUBELET | ProcessId::SSHD => {
                self.node_answers(netns, &ask)
            }
            ProcessId::API_SERVER => Some(api_endpoint::serve(&ask)),
            _ => self.serve(netns, process, &ask),
        };
        let answer = answer.unwrap_or(Answer { reply: Reply::Reset, took: Duration::ZERO });
        let reply = speak(&ask.payload, answer.reply);
        let asked = Asked::of(&ask.payload);
        self.note_answer(connection.trace, (process, before), asked, &reply);
        Answer { reply, took: answer.took + took }
    }

    /// What arrives of an answer by the time it is due, when that is later than the request: nothing
    /// of a pod or a node that is gone by then (recording 31), the end of the connection from a process
    /// that has ended. Its kernel closes its sockets, and it had read all that was sent (tcp(7)).
    pub fn arrives(&self, connection: &Connection, reply: Reply) -> Reply {
        match connection.socket {
            Some((netns, _)) if self.is_up(netns) => match self.stands(connection) {
                true => reply,
                false => Reply::Closed,
            },
            _ => Reply::Silence,
        }
    }

    /// Whether the server's end of a connection was closed, so that its client knows it at once: its
    /// process is gone, and its machine is still there to say so.
    pub fn was_closed(&self, connection: &Connection) -> bool {
        connection.socket.is_some_and(|(netns, _)| self.is_up(netns)) && !self.stands(connection)
    }

    /// Whether the server's side of a connection is still there.
    pub fn stands(&self, connection: &Connection) -> bool {
        let Some((netns, process)) = connection.socket.filter(|(netns, _)| self.is_up(*netns))
        else {
            return false;
        };
        // These answer without a socket of theirs.
        let ours = [ProcessId::OUTSIDE, ProcessId::KUBE_PROXY, ProcessId::API_SERVER];
        ours.contains(&process)
            || self.network.netns(netns).is_some_and(|netns| {
                netns.listeners.iter().any(|(_, listener)| listener.process == process)
            })
    }

    /// Forgets a node's records of connections that `goes` picks, and says which they were. Those that
    /// are open go on: the next packet is recorded anew.
    pub fn forget_connections(
        &mut self,
        node: &str,
        goes: impl Fn(&ConntrackEntry) -> bool,
    ) -> Vec<ConntrackEntry> {
        self.network.forget_connections(node, self.now, goes)
    }

    /// Opens or closes `minikube tunnel`: while it is open, the laptop reaches cluster IPs (R7.4).
    pub fn set_tunnel(&mut self, open: bool) {
        self.network.set_tunnel(open);
    }

    /// The packets of late, oldest first. Old ones are forgotten as the log grows.
    pub fn traces(&self) -> impl Iterator<Item = &Trace> {
        self.network.traces().map(|trace| &**trace)
    }

    /// A packet's way, while the log still holds it.
    pub fn trace(&self, id: TraceId) -> Option<&Trace> {
        self.network.trace(id).map(|trace| &**trace)
    }

    /// Who served a packet: the pod whose process has the socket, also where the pod is on its node's
    /// network; `None` when it did not arrive.
    pub fn server_of(&self, trace: &Trace) -> Option<Party> {
        let Outcome::Delivered { to, .. } = &trace.outcome else { return None };
        let place = trace.server.and_then(|process| self.processes.place(process));
        Some(match place {
            Some(Place::Container { namespace, pod, .. }) => {
                Party::Pod { namespace: namespace.clone(), name: pod.clone() }
            }
            _ => to.clone(),
        })
    }

    /// Whom a CoreDNS asks about a name that it passes on; nobody where its Corefile passes it to none.
    pub fn passes_on(&self, server: &Place, name: &str) -> Option<IpAddr> {
        let netns = self.netns_of(server)?.netns;
        Some(self.name_servers.block(netns, name)?.forward(&absolute(name))?.to)
    }

    /// The zones in which a CoreDNS knows Services, of those lines of its Corefile that hold for a name.
    pub fn service_zones(&self, server: &Place, name: &str) -> &[String] {
        let netns = self.netns_of(server).map(|sender| sender.netns);
        let block = netns.and_then(|netns| self.name_servers.block(netns, name));
        block.and_then(|block| block.kubernetes.as_ref()).map_or(&[], |plugin| &plugin.zones)
    }

    /// Whether the process that a packet reached has ended since.
    pub fn server_ended(&self, trace: &Trace) -> bool {
        trace.server.is_some_and(|process| self.processes.place(process).is_none())
            && trace.server != Some(ProcessId::OUTSIDE)
    }

    /// The number that the next packet gets.
    pub fn next_trace(&self) -> TraceId {
        self.network.next_trace()
    }

    fn is_up(&self, netns: NetnsId) -> bool {
        let Some(netns) = self.network.netns(netns) else { return false };
        let node = netns.node.as_deref().map(|name| self.network.node(name));
        node.is_none_or(|node| node.is_some_and(|node| node.up))
    }

    /// What a node's own programs answer.
    fn node_answers(&self, netns: NetnsId, ask: &Ask) -> Option<Answer> {
        let node = self.network.netns(netns)?.node.clone()?;
        node_servers::serve(&node, ask, self.now).or_else(|| self.health_check(&node, ask))
    }

    /// What kube-proxy says of a Service with `externalTrafficPolicy: Local` (R7.3).
    fn health_check(&self, node: &str, ask: &Ask) -> Option<Answer> {
        let (service, local) = self.network.health_check(node, ask.local.port())?;
        let (namespace, name) = service.split_once('/')?;
        let body = format!(
            "{{\n\t\"service\": {{\n\t\t\"namespace\": \"{namespace}\",\n\t\t\"name\": \"{name}\"\n\t}},\n\t\"localEndpoints\": {local},\n\t\"serviceProxyHealthy\": true\n}}"
        );
        let (status, reason) = if local > 0 { (200, "OK") } else { (503, "Service Unavailable") };
        let headers = [
            ("Content-Type", "application/json".to_owned()),
            ("X-Content-Type-Options", "nosniff".to_owned()),
            ("X-Load-Balancing-Endpoint-Weight", local.to_string()),
            ("Date", programs::http::date(self.now())),
            ("Content-Length", body.len().to_string()),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        let response = HttpResponse {
            version: HttpVersion::V1_1,
            status,
            reason: reason.to_owned(),
            headers: headers.into(),
            body: body.into_bytes(),
        };
        Some(Answer { reply: Reply::Http(response), took: Duration::ZERO })
    }
}

/// What a name server's client hears.
fn heard(trace: &Trace) -> Query {
    let answer = trace.dns.as_ref().and_then(|dns| dns.answer.clone());
    let result = match trace.outcome {
        Outcome::Delivered { .. } => answer.ok_or(DialFailure::Silence),
        Outcome::Refused => Err(DialFailure::Refused),
        Outcome::Unreachable => Err(unreachable(trace)),
        Outcome::Silence => Err(DialFailure::Silence),
    };
    let waited = trace.dns.as_ref().map_or(Duration::ZERO, |dns| dns.took);
    let took = match result {
        Err(DialFailure::Silence) => QUERY_TIMEOUT,
        _ => wait(trace) + waited,
    };
    Query { result, took, trace: trace.id }
}

/// What the client hears: its own kernel says at once that it has no way, or that of a router says
/// that nobody is there.
fn unreachable(trace: &Trace) -> DialFailure {
    match trace.last().map(|hop| &hop.because) {
        Some(Because::NoAddress { .. }) => DialFailure::NoNetwork,
        _ => DialFailure::Unreachable,
    }
}

/// How long the client waits until it knows how its packet ended.
fn wait(trace: &Trace) -> Duration {
    match trace.outcome {
        Outcome::Delivered { .. } | Outcome::Refused => round_trip(trace),
        Outcome::Unreachable if unreachable(trace) == DialFailure::NoNetwork => Duration::ZERO,
        Outcome::Unreachable => NEIGHBOUR_TIMEOUT + jitter(trace, 40_000),
        Outcome::Silence => CONNECT_TIMEOUT + jitter(trace, 40_000),
    }
}

/// There and back again: the longer the way, the longer it takes. Microseconds, as measured between
/// network namespaces (recording 31).
pub(super) fn round_trip(trace: &Trace) -> Duration {
    Duration::from_micros(35 + 9 * trace.hops.len() as u64) + jitter(trace, 30)
}

/// A little that differs from packet to packet, below `micros`.
fn jitter(trace: &Trace, micros: u64) -> Duration {
    let mixed = trace.id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    Duration::from_micros(mixed % micros)
}

/// A server that is no proxy answers a request for `http://host/path` as one for `/path` at that host
/// (RFC 9112, 3.2.2).
fn origin_form(mut payload: Payload) -> Payload {
    let Payload::Http(request) = &mut payload else { return payload };
    let Some(rest) = request.target.strip_prefix("http://") else { return payload };
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, path) = (host.to_owned(), path.to_owned());
    for (name, value) in &mut request.headers {
        if name.eq_ignore_ascii_case("host") {
            value.clone_from(&host);
        }
    }
    request.target = if path.starts_with('/') { path } else { format!("/{path}") };
    payload
}

/// A server that was not made for TLS takes the handshake for a bad request, and the other way
/// round; whatever it answers is not what the client hopes for. Bytes that are an HTTP response are
/// one, whoever wrote them.
fn speak(payload: &Payload, reply: Reply) -> Reply {
    match (payload, reply) {
        (Payload::Http(_), Reply::Bytes(bytes)) => match HttpResponse::parse(&bytes) {
            Some(response) => Reply::Http(response),
            None => Reply::Bytes(bytes),
        },
        (Payload::Tls { .. }, Reply::Http(_)) => Reply::Bytes(
            b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request".to_vec(),
        ),
        (Payload::Http(_), Reply::Tls { .. }) => Reply::Http(HttpResponse::no_tls()),
        (_, reply) => reply,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Certificate, HttpRequest, Issuer};

    #[test]
    fn bytes_that_begin_with_a_status_line_are_a_response() {
        let typed = b"HTTP/1.0 200 OK\nX-A: b\nContent-Length: 3\n\nabcdef";
        let response = HttpResponse::parse(typed).unwrap();
        assert_eq!((response.version, response.status), (HttpVersion::V1_0, 200));
        assert_eq!((response.header("x-a"), &response.body[..]), (Some("b"), &b"abc"[..]));
        let none: [&[u8]; 5] = [b"", b"hello", b"HTTP/1.1", b"HTTP/1.1 abc", b"HTTP/2 200 OK\n\n"];
        assert!(none.iter().all(|bytes| HttpResponse::parse(bytes).is_none()));
    }

    #[test]
    fn a_proxy_s_request_is_answered_as_one_s_own() {
        let request =
            HttpRequest::get("http://web:81/x?y", vec![("Host".to_owned(), "other".to_owned())]);
        let Payload::Http(request) = origin_form(Payload::Http(request)) else { panic!("no HTTP") };
        assert_eq!((request.target.as_str(), request.headers[0].1.as_str()), ("/x?y", "web:81"));
    }

    #[test]
    fn a_connection_of_http_1_0_ends_with_its_response() {
        let closes = |text: &str| HttpResponse::parse(text.as_bytes()).unwrap().closes();
        assert!(closes("HTTP/1.0 200 OK\r\n\r\n") && !closes("HTTP/1.1 200 OK\r\n\r\n"));
        assert!(closes("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"));
        assert!(!closes("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"));
    }

    #[test]
    fn a_tls_server_tells_a_client_without_tls() {
        let request = HttpRequest::get("/", Vec::new());
        let response = HttpResponse::default();
        let reply = Reply::Tls { certificate: Certificate::new([], Issuer::Cluster), response };
        let Reply::Http(told) = speak(&Payload::Http(request), reply) else { panic!("no HTTP") };
        assert_eq!((told.status, told.version), (400, HttpVersion::V1_0));
    }
}
