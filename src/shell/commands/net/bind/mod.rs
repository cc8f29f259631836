//! The tools of bind9-dnsutils: dig, nslookup and host, version 9.18 (recording 30).

mod arguments;
mod dig;
mod host;
mod message;
mod nslookup;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use crate::clock::SimTime;
use crate::cluster::{DialFailure, Query};
use crate::network::{
    DnsAnswer, DnsType, Family, Protocol, Question, ResolvConf, SocketAddr, TraceId,
};
use crate::shell::commands::net::families::{Families, look_up};
use crate::shell::commands::net::kernel::devices;
use crate::shell::{Io, Step, Tool};

/// Whose words these are.
const VERSION: &str = "9.18.49-1~deb12u3-Debian";

/// dig with these arguments.
pub(in crate::shell::commands) fn dig(arguments: &[String]) -> Box<dyn Tool> {
    start::<dig::Dig>(arguments)
}

/// host with these arguments.
pub(in crate::shell::commands) fn host(arguments: &[String]) -> Box<dyn Tool> {
    start::<host::Host>(arguments)
}

/// nslookup with these arguments.
pub(in crate::shell::commands) fn nslookup(arguments: &[String]) -> Box<dyn Tool> {
    start::<nslookup::Nslookup>(arguments)
}

fn start<L: Lookup>(arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Running::<L> { arguments: arguments.to_vec(), lookup: None })
}

/// What the three tools are while they run.
trait Lookup: Clone + Send + Sync + Sized + 'static {
    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// What it complains about, and its exit code.
    fn begin(arguments: &[String], io: &mut Io<'_>) -> Result<Self, (String, i32)>;

    /// Goes on with the next thing that happened; none when there may be more.
    fn go_on(&mut self, io: &mut Io<'_>) -> Option<Step>;
}

/// A tool that was started, and reads its arguments in its first step.
#[derive(Clone)]
struct Running<L> {
    arguments: Vec<String>,
    lookup: Option<L>,
}

impl<L: Lookup> Tool for Running<L> {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let lookup = match &mut self.lookup {
            Some(lookup) => lookup,
            none => match L::begin(&self.arguments, io) {
                Ok(lookup) => none.insert(lookup),
                Err((told, code)) => {
                    if !told.is_empty() {
                        io.write_error(told);
                    }
                    return Step::Exit(code);
                }
            },
        };
        loop {
            if let Some(step) = lookup.go_on(io) {
                return step;
            }
        }
    }
}

/// A question to name servers, with its repetitions.
#[derive(Clone, Debug)]
struct Exchange {
    servers: Vec<IpAddr>,
    port: u16,
    protocol: Protocol,
    name: String,
    /// The name as it was typed.
    shown: String,
    kind: DnsType,
    /// Whether it is asked over TLS.
    tls: bool,
    /// The own address to ask from.
    source: Option<IpAddr>,
    timeout: Duration,
    tries: u32,
    tried: u32,
    pending: Option<(SimTime, Response)>,
}

/// What became of one try.
#[derive(Clone, Debug)]
struct Response {
    server: IpAddr,
    result: Result<DnsAnswer, DialFailure>,
    took: Duration,
    trace: TraceId,
}

/// What happens next.
#[derive(Clone, Debug)]
enum ExchangeEvent {
    Wait(SimTime),
    /// A try came to nothing: the line that says so.
    Trouble(String),
    Answered {
        server: IpAddr,
        answer: DnsAnswer,
        took: Duration,
        trace: TraceId,
    },
    /// No tries are left.
    GaveUp,
}

impl Exchange {
    fn new(servers: Vec<IpAddr>, name: String, kind: DnsType) -> Exchange {
        Exchange {
            servers,
            port: 53,
            protocol: Protocol::Udp,
            shown: name.trim_end_matches('.').to_owned(),
            name,
            kind,
            tls: false,
            source: None,
            timeout: Duration::from_secs(5),
            tries: 3,
            tried: 0,
            pending: None,
        }
    }

    /// Goes on to the next event.
    fn step(&mut self, io: &mut Io<'_>) -> ExchangeEvent {
        let Some((until, response)) = self.pending.take() else {
            if self.servers.is_empty() || self.turn() >= self.servers.len() {
                return ExchangeEvent::GaveUp;
            }
            if let Some(source) =
                self.source.filter(|own| !devices(io).iter().any(|one| one.has(*own)))
            {
                return self.no_source(source);
            }
            return self.ask(io);
        };
        if until > io.now() {
            self.pending = Some((until, response));
            return ExchangeEvent::Wait(until);
        }
        let server = response.server;
        let why = match response.result {
            Ok(answer) => {
                let (took, trace) = (response.took, response.trace);
                return ExchangeEvent::Answered { server, answer, took, trace };
            }
            Err(DialFailure::Refused) => "connection refused",
            Err(DialFailure::Unreachable) => "host unreachable",
            Err(DialFailure::NoNetwork) => "network unreachable",
            Err(DialFailure::Silence) => "timed out",
        };
        let port = self.port;
        ExchangeEvent::Trouble(match self.protocol {
            Protocol::Tcp => format!(
                ";; Connection to {server}#{port}({server}) for {} failed: {why}.\n;; no servers could be reached",
                self.shown
            ),
            _ => format!(";; communications error to {server}#{port}: {why}"),
        })
    }

    /// Which server is asked next: the first one as often as there are tries, each further one once
    /// (`dighost.c`: what is left of the tries goes with the question from server to server).
    fn turn(&self) -> usize {
        (self.tried + 1).saturating_sub(self.tries) as usize
    }

    /// No question leaves from an address that is another's (`dighost.c`, `start_udp`).
    fn no_source(&mut self, source: IpAddr) -> ExchangeEvent {
        let server = self.servers[self.turn()];
        self.tried += 1;
        let (port, shown) = (self.port, &self.shown);
        let how = if self.protocol == Protocol::Tcp { "Connection to" } else { "UDP setup with" };
        let why = match source.is_ipv4() == server.is_ipv4() {
            true => "address not available",
            false => "address family not supported",
        };
        ExchangeEvent::Trouble(format!(
            ";; {how} {server}#{port}({server}) for {shown} failed: {why}.\n;; no servers could be reached"
        ))
    }

    fn ask(&mut self, io: &mut Io<'_>) -> ExchangeEvent {
        let server = self.servers[self.turn()];
        self.tried += 1;
        let question = Question { name: &self.name, kind: self.kind };
        let query = match self.port {
            53 if !self.tls => io.cluster.query(io.place, self.protocol, server, question),
            // Whoever listens on another port is no name server.
            port => {
                let to = SocketAddr::new(server, port);
                let dial = io.cluster.dial(io.place, self.protocol, to);
                let result = dial.result.and_then(|connection| {
                    io.cluster.hang_up(&connection);
                    Err(DialFailure::Silence)
                });
                Query { result, took: dial.took, trace: dial.trace }
            }
        };
        // Each try has a socket of its own, which is closed before a late answer comes.
        let result = query.result.and_then(|answer| match query.took <= self.timeout {
            true => Ok(answer),
            false => Err(DialFailure::Silence),
        });
        let took = match result {
            Err(DialFailure::Silence) => self.timeout,
            _ => query.took.min(self.timeout),
        };
        let until = io.now() + took;
        let response = Response { server, result, took, trace: query.trace };
        self.pending = Some((until, response));
        ExchangeEvent::Wait(until)
    }
}

/// The name servers to ask: the one that was named, or those of `/etc/resolv.conf`.
fn servers(io: &mut Io<'_>, named: Option<&str>) -> Result<Vec<IpAddr>, String> {
    match named {
        None => Ok(io.cluster.resolv_conf(io.place).nameservers),
        // A family of which this machine has no address but the loopback is not asked for.
        Some(name) => match look_up(io, name, own_family(io)).result {
            Ok(found) => Ok(found),
            Err(_) => Err(format!("couldn't get address for '{name}': not found")),
        },
    }
}

/// The only family that this machine has addresses of, beside the loopback's (`AI_ADDRCONFIG`).
fn own_family(io: &Io<'_>) -> Families {
    let devices = devices(io);
    let has = |family| {
        let mut all = devices.iter().flat_map(|device| &device.addresses);
        all.any(|(one, _)| !one.is_loopback() && Family::of(*one) == family)
    };
    match (has(Family::V4), has(Family::V6)) {
        (true, false) => Families::Only(Family::V4),
        (false, true) => Families::Only(Family::V6),
        _ => Families::Any,
    }
}

/// The full names that a name may mean, in order: a name with fewer dots than `ndots` goes through
/// the search list first.
fn candidates(name: &str, conf: &ResolvConf, ndots: u32) -> VecDeque<String> {
    let plain = format!("{}.", name.trim_end_matches('.'));
    if name.ends_with('.') {
        return [plain].into();
    }
    let searched =
        conf.search.iter().map(|domain| format!("{name}.{}.", domain.trim_end_matches('.')));
    if name.matches('.').count() >= ndots as usize {
        return [plain].into();
    }
    searched.chain([plain]).collect()
}

fn record_type(name: &str) -> Option<DnsType> {
    Some(match name.to_uppercase().as_str() {
        "A" => DnsType::A,
        "AAAA" => DnsType::Aaaa,
        "CNAME" => DnsType::Cname,
        "SRV" => DnsType::Srv,
        "PTR" => DnsType::Ptr,
        "TXT" => DnsType::Txt,
        "NS" => DnsType::Ns,
        "SOA" => DnsType::Soa,
        "MX" => DnsType::Mx,
        "ANY" => DnsType::Any,
        other => {
            return OTHER_TYPES.iter().find(|one| **one == other).map(|one| DnsType::Other(one));
        }
    })
}

/// Types of which these servers have no records.
const OTHER_TYPES: &[&str] = &[
    "AFSDB",
    "APL",
    "CAA",
    "CDNSKEY",
    "CDS",
    "CERT",
    "CSYNC",
    "DHCID",
    "DLV",
    "DNAME",
    "DNSKEY",
    "DS",
    "HINFO",
    "HTTPS",
    "IPSECKEY",
    "KEY",
    "KX",
    "LOC",
    "NAPTR",
    "NSEC",
    "NSEC3",
    "NSEC3PARAM",
    "OPENPGPKEY",
    "RP",
    "RRSIG",
    "SIG",
    "SMIMEA",
    "SPF",
    "SSHFP",
    "SVCB",
    "TLSA",
    "URI",
    "ZONEMD",
];

/// A class by its name.
fn class_name(name: &str) -> Option<&'static str> {
    Some(match name.to_uppercase().as_str() {
        "IN" => "IN",
        "CH" | "CHAOS" => "CH",
        "HS" | "HESIOD" => "HS",
        _ => return None,
    })
}

/// Why a text is no domain name (BIND's `dns_name_fromtext`).
fn illegal(name: &str) -> Option<&'static str> {
    let labels: Vec<&str> = name.strip_suffix('.').unwrap_or(name).split('.').collect();
    if name.is_empty() {
        Some("unexpected end of input")
    } else if name != "." && labels.iter().any(|label| label.is_empty()) {
        Some("empty label")
    } else if labels.iter().any(|label| label.len() > 63) {
        Some("label too long")
    } else {
        (name.len() > 254).then_some("ran out of space")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recording 30, "the search path at work"
    #[test]
    fn a_name_with_few_dots_goes_through_the_search_list() {
        let conf = ResolvConf {
            nameservers: Vec::new(),
            search: vec!["default.svc.cluster.local".to_owned(), "cluster.local".to_owned()],
            ndots: 5,
        };
        let names = candidates("web", &conf, 5);
        assert_eq!(names, ["web.default.svc.cluster.local.", "web.cluster.local.", "web."]);
        assert_eq!(candidates("web.", &conf, 5), ["web."]);
        assert_eq!(candidates("web.default", &conf, 1), ["web.default."]);
    }
}
