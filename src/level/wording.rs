//! One plain sentence for each decision: what the packet panel, `--plain` and every diagnosis say.
//!
//! Symptoms first, no jargon without its meaning. Names in the namespace `default` are written
//! without it, as kubectl's user would.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::counted;
use crate::network::{
    Because, EndpointRule, Fate, Flow, Hop, HopVerdict, Outcome, Party, Protocol, SocketAddr,
    Stage, Trace,
};

/// As many endpoints of one fate are named.
const NAMED: usize = 5;

impl Hop {
    /// What was decided here, without the place and without what speaks for it: `nobody listens on
    /// port 80`.
    pub fn decision(&self) -> String {
        sentence(&self.because, &self.before, self.stage)
    }

    /// The decision with the ports that were open instead: `nobody listens on port 80; open here:
    /// 8080`.
    pub fn sentence(&self) -> String {
        let decision = self.decision();
        match self.open_ports() {
            Some(open) => format!("{decision}; {open}"),
            None => decision,
        }
    }

    /// What speaks for the decision, a line each: the ports that are open, the endpoints that were
    /// not chosen.
    pub fn evidence(&self) -> Vec<String> {
        self.open_ports().into_iter().chain(self.passed_over()).collect()
    }

    /// Which ports are open where the one that was asked for is not.
    fn open_ports(&self) -> Option<String> {
        match &self.because {
            Because::NotAServicePort { ports, .. } => {
                let ports = ports.iter().map(|(protocol, port)| format!("{port}/{protocol}"));
                Some(format!("it has {}", list(ports)))
            }
            Because::NobodyListens { listening } => open_here(self.before.destination, listening),
            Because::LoopbackOnly { process } => Some(format!(
                "{process} listens on that port, but for 127.0.0.1 alone: only its own pod reaches it"
            )),
            Because::OtherFamily { process, family } => Some(format!(
                "{process} listens on that port, but for {family} alone, and {} is of the other family",
                self.before.destination.ip()
            )),
            _ => None,
        }
    }

    /// The endpoints that were not chosen, in words: a line for each reason.
    pub fn passed_over(&self) -> Vec<String> {
        let candidates = self.candidates();
        let affinity = matches!(self.because, Because::EndpointChosen { affinity: true, .. });
        let mut lines: Vec<String> =
            [Fate::Possible, Fate::OtherNode, Fate::Terminating, Fate::NotReady]
                .into_iter()
                .filter_map(|fate| {
                    let names: Vec<String> = candidates
                        .iter()
                        .filter(|one| one.fate == fate)
                        .map(|one| name(one.endpoint))
                        .collect();
                    let reason = fate.reason(affinity);
                    (!names.is_empty()).then(|| format!("{reason}: {}", listed(&names)))
                })
                .collect();
        let late = candidates.iter().any(|one| one.fate == Fate::Chosen && !one.endpoint.ready);
        if late {
            lines.insert(
                0,
                "no endpoint is ready: one that still serves while it ends is used".to_owned(),
            );
        }
        lines
    }

    /// The Service whose rules decided, as namespace and name without its port's name.
    pub fn service(&self) -> Option<(String, String)> {
        let service = match &self.because {
            Because::EndpointChosen { service, .. }
            | Because::NoEndpoints { service, .. }
            | Because::NoLocalEndpoints { service, .. }
            | Because::NotAServicePort { service, .. }
            | Because::OutsideSourceRanges { service, .. }
            | Because::VirtualAddress { service } => service,
            _ => return None,
        };
        let (namespace, name) = service.split_once('/')?;
        let name = name.split(':').next().unwrap_or(name);
        Some((namespace.to_owned(), name.to_owned()))
    }
}

/// `node-1: service backend has no endpoints, so the sender is refused`
impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", short_party(&self.place), self.sentence())?;
        match self.consequence() {
            Some(consequence) => write!(f, ", {consequence}"),
            None => Ok(()),
        }
    }
}

impl Hop {
    /// What the decision means to the sender, unless the packet simply goes on.
    pub fn consequence(&self) -> Option<&'static str> {
        match (self.verdict, &self.because) {
            // The machine before it asks its network for the address (ARP), and gives up only then.
            (HopVerdict::Unreachable, Because::NobodyThere) => {
                Some("so after about three seconds the sender is told that there is no route")
            }
            (verdict, _) => verdict.consequence(),
        }
    }
}

impl HopVerdict {
    /// A sign that needs no colour: `✓` goes on, `●` arrived, `✗` refused, `⊘` no route, `…` silence.
    pub fn sign(self) -> char {
        match self {
            HopVerdict::Pass => '✓',
            HopVerdict::Deliver => '●',
            HopVerdict::Reject => '✗',
            HopVerdict::Unreachable => '⊘',
            HopVerdict::Drop => '…',
        }
    }

    /// The same in a word or two.
    pub fn word(self) -> &'static str {
        match self {
            HopVerdict::Pass => "goes on",
            HopVerdict::Deliver => "arrives",
            HopVerdict::Reject => "refused",
            HopVerdict::Unreachable => "no route",
            HopVerdict::Drop => "thrown away in silence",
        }
    }

    /// What such a decision means to the sender, unless the packet simply goes on.
    fn consequence(self) -> Option<&'static str> {
        match self {
            HopVerdict::Pass => None,
            HopVerdict::Deliver => Some("and it arrives"),
            HopVerdict::Reject => Some("so the sender is refused at once"),
            HopVerdict::Unreachable => Some("so the sender is told that there is no route"),
            HopVerdict::Drop => Some("so nobody answers and the sender waits"),
        }
    }
}

/// `it arrived at backend-x7k2p, port 80`, `refused`, `no route`, `no answer`
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Delivered { to, at, .. } => {
                write!(f, "it arrived at {}, port {}", short_party(to), at.port())
            }
            Outcome::Refused => f.write_str("refused"),
            Outcome::Unreachable => f.write_str("no route"),
            Outcome::Silence => f.write_str("no answer"),
        }
    }
}

/// The whole way, a sentence a line, as `--plain` tells it.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, hop) in self.hops.iter().enumerate() {
            writeln!(f, "{:>2} {} {hop}", number + 1, hop.verdict.sign())?;
        }
        write!(f, "   {}", self.outcome)
    }
}

/// A party as a player calls it: `web-0`, `kube-system/coredns-…`, `node-1`, `the laptop`.
pub fn short_party(party: &Party) -> String {
    match party {
        Party::Pod { namespace, name } if &**namespace == "default" => name.to_string(),
        Party::Laptop => "the laptop".to_owned(),
        other => other.to_string(),
    }
}

/// A `namespace/name` as a player calls it: without the namespace if that is `default`.
pub fn short_name(name: &str) -> &str {
    name.strip_prefix("default/").unwrap_or(name)
}

impl Fate {
    /// Why an endpoint was not chosen.
    fn reason(self, affinity: bool) -> &'static str {
        match self {
            Fate::Chosen => "chosen",
            Fate::Possible if affinity => "left, as the client stays with its endpoint",
            Fate::Possible => "could have been chosen",
            Fate::OtherNode => "on other nodes, which policy Local leaves out",
            Fate::Terminating => "terminating",
            Fate::NotReady => "not ready",
        }
    }
}

/// `web-0 (10.244.1.5:80)`, `203.0.113.20:5432`
fn name(endpoint: &EndpointRule) -> String {
    match &endpoint.pod {
        Some(pod) => format!("{} ({})", short_party(pod), endpoint.address),
        None => endpoint.address.to_string(),
    }
}

fn listed(names: &[String]) -> String {
    let shown = names.len().min(NAMED);
    let mut text = names[..shown].join(", ");
    if names.len() > shown {
        text += &format!(" and {} more", names.len() - shown);
    }
    text
}

/// What was decided at a hop, in one sentence; by whom is told before it.
fn sentence(because: &Because, flow: &Flow, stage: Stage) -> String {
    let to = flow.destination;
    let known = of_service(because, flow).or_else(|| of_place(because, to));
    known.unwrap_or_else(|| of_packet(because, flow, stage))
}

/// What a Service's rules, or its load balancer, decide.
fn of_service(because: &Because, flow: &Flow) -> Option<String> {
    let to = flow.destination;
    Some(match because {
        Because::EndpointChosen { service, endpoint, pod, affinity: true, .. } => {
            let (service, target) = (short_name(service), target(*endpoint, pod.as_ref()));
            format!("service {service} sends this client to {target} again")
        }
        Because::EndpointChosen { service, endpoint, pod, usable, local, endpoints, .. } => {
            let (service, target) = (short_name(service), target(*endpoint, pod.as_ref()));
            let here = if *local { " on this node" } else { "" };
            match usable {
                1 if *local => {
                    format!("service {service} sends it to {target}, its only endpoint{here}")
                }
                1 if endpoints.len() > 1 => {
                    format!("service {service} sends it to {target}, the only endpoint to be used")
                }
                1 => format!("service {service} sends it to {target}, its only endpoint"),
                _ => format!("service {service} picks {target}, one of {usable} endpoints{here}"),
            }
        }
        Because::NoEndpoints { service, known: 0, .. } => {
            format!("service {} has no endpoints", short_name(service))
        }
        Because::NoEndpoints { service, known, .. } => {
            let endpoints = counted(*known as usize, "endpoint");
            format!("service {} has {endpoints}, but none is ready", short_name(service))
        }
        Because::NoLocalEndpoints { service, elsewhere, .. } => format!(
            "service {} keeps to the node's own pods (traffic policy Local): none here, {elsewhere} elsewhere",
            short_name(service)
        ),
        Because::NotAServicePort { service, .. } => format!(
            "{} is service {}, which has no port {}/{}",
            to.ip(),
            short_name(service),
            to.port(),
            flow.protocol,
        ),
        Because::NoSuchService => {
            format!("{} is in the range of service addresses, but no service has it", to.ip())
        }
        Because::Balanced { service, node, healthy } => format!(
            "the load balancer of service {} chooses {node}, one of {}",
            short_name(service),
            counted(*healthy as usize, "node")
        ),
        Because::NoHealthyNode { service } => format!(
            "the load balancer of service {} finds no node with a pod to send it to",
            short_name(service)
        ),
        Because::OutsideSourceRanges { service, client, ranges } => format!(
            "the load balancer of service {} takes senders in {} only, and {client} is none of them",
            short_name(service),
            list(ranges.iter().map(|(network, length)| format!("{network}/{length}")))
        ),
        Because::VirtualAddress { service } => format!(
            "{} is service {}'s virtual address: no machine has it, so it answers no ping",
            to.ip(),
            short_name(service)
        ),
        _ => return None,
    })
}

/// Whose an address is.
fn of_place(because: &Because, to: SocketAddr) -> Option<String> {
    Some(match because {
        Because::HostPort { pod, endpoint } => format!(
            "port {} of this node belongs to pod {} ({endpoint}), which asked for it as hostPort",
            to.port(),
            short_party(pod)
        ),
        Because::LocalPod { pod } => {
            format!("{} is pod {}, on this node", to.ip(), short_party(pod))
        }
        Because::RemotePod { pod, node } => {
            format!("{} is pod {}, on {node}", to.ip(), short_party(pod))
        }
        Because::ToSubnet { node } => format!("{} belongs to the pods of {node}", to.ip()),
        Because::ToNode { node } => format!("{} is {node}", to.ip()),
        Because::ThisNode => format!("{} is this node's own address", to.ip()),
        Because::ToOutside => format!("{} is outside the cluster", to.ip()),
        Because::NoSuchPod { was: None } => format!("no pod has the address {}", to.ip()),
        Because::NoSuchPod { was: Some(pod) } => {
            format!(
                "no pod has {} any more: it was pod {}'s, which is gone",
                to.ip(),
                short_party(pod)
            )
        }
        Because::NobodyThere => {
            format!("{} is on the nodes' network, but no machine has it", to.ip())
        }
        Because::NoSuchHost => {
            format!("{} is outside the cluster, and no machine there has it", to.ip())
        }
        Because::NoRouteFromOutside => format!(
            "{} exists inside the cluster only: from outside there is no way to it",
            to.ip()
        ),
        Because::ThroughTunnel { node } => {
            format!("the tunnel leads {} through {node}", to.ip())
        }
        _ => return None,
    })
}

/// What becomes of the packet itself. Every fact that is of no Service and no place has its arm.
fn of_packet(because: &Because, flow: &Flow, stage: Stage) -> String {
    let to = flow.destination;
    match because {
        Because::Sent if flow.protocol == Protocol::Icmp => format!("sends a ping to {}", to.ip()),
        Because::Sent => format!("sends {} to {to}", flow.protocol),
        Because::OwnNamespace => {
            format!("{} is its own address: the packet stays inside", to.ip())
        }
        Because::SenderGone => "the sender itself is gone".to_owned(),
        Because::SentInCircles => {
            "the nodes' rules send it around in circles until it is given up".to_owned()
        }
        Because::NodeDown { node } => format!("{node} is down"),
        Because::Masqueraded { as_address } => format!(
            "the sender's address becomes {as_address}, so that the reply comes back this way"
        ),
        Because::PolicyDenies { policies } => denied(policies, flow, stage),
        Because::PolicyAllows { policy, .. } => {
            format!("network policy {} lets it {}", short_name(policy), direction(flow, stage))
        }
        Because::Listening { process, bound } => format!("{process} listens on {bound}"),
        Because::KernelAnswers => format!("{} is up and answers pings", to.ip()),
        Because::NobodyListens { listening } => nobody_listens(to, listening),
        Because::LoopbackOnly { .. } | Because::OtherFamily { .. } => {
            format!("nobody listens on port {} at {}", to.port(), to.ip())
        }
        Because::NoAddress { family } => {
            format!("it has no {family} address, and so no way to {}", to.ip())
        }
        Because::Reply => format!("the reply goes back to {to} the way it came"),
        Because::EndpointChosen { .. }
        | Because::NoEndpoints { .. }
        | Because::NoLocalEndpoints { .. }
        | Because::NotAServicePort { .. }
        | Because::NoSuchService
        | Because::Balanced { .. }
        | Because::NoHealthyNode { .. }
        | Because::OutsideSourceRanges { .. }
        | Because::VirtualAddress { .. }
        | Because::HostPort { .. }
        | Because::LocalPod { .. }
        | Because::RemotePod { .. }
        | Because::ToSubnet { .. }
        | Because::ToNode { .. }
        | Because::ThisNode
        | Because::ToOutside
        | Because::NoSuchPod { .. }
        | Because::NobodyThere
        | Because::NoSuchHost
        | Because::NoRouteFromOutside
        | Because::ThroughTunnel { .. } => String::new(),
    }
}

/// `pod web-1 (10.244.1.2:80)`
fn target(endpoint: SocketAddr, pod: Option<&Party>) -> String {
    match pod {
        Some(pod) => format!("pod {} ({endpoint})", short_party(pod)),
        None => endpoint.to_string(),
    }
}

fn denied(policies: &[Arc<str>], flow: &Flow, stage: Stage) -> String {
    let names = list(policies.iter().map(|policy| short_name(policy).to_owned()));
    let direction = direction(flow, stage);
    match policies {
        [_] => format!(
            "network policy {names} selects the pod, and none of its rules lets this {direction}"
        ),
        _ => format!(
            "network policies {names} select the pod, and none of their rules lets this {direction}"
        ),
    }
}

/// `in from 10.244.1.3, to port 80/TCP`
fn direction(flow: &Flow, stage: Stage) -> String {
    let port = match flow.protocol {
        Protocol::Icmp => "by ICMP".to_owned(),
        protocol => format!("to port {}/{protocol}", flow.destination.port()),
    };
    match stage {
        Stage::PolicyEgress => format!("out to {}, {port}", flow.destination.ip()),
        _ => format!("in from {}, {port}", flow.source.ip()),
    }
}

fn nobody_listens(to: SocketAddr, listening: &[SocketAddr]) -> String {
    match (to.port(), listening) {
        (0, _) => "nobody listens".to_owned(),
        (port, []) => format!("nobody listens on port {port}, nor on any other"),
        (port, _) => format!("nobody listens on port {port}"),
    }
}

/// The ports that are open there; those of loopback only to whom they concern, or if there are no
/// others.
fn open_here(to: SocketAddr, listening: &[SocketAddr]) -> Option<String> {
    if to.port() == 0 || listening.is_empty() {
        return None;
    }
    let is_own = |bound: &SocketAddr| bound.ip().is_loopback();
    let all = to.ip().is_loopback() || listening.iter().all(is_own);
    let shown = listening.iter().filter(|bound| all || !is_own(bound));
    let open = list(shown.map(|bound| match is_own(bound) {
        true => bound.to_string(),
        false => bound.port().to_string(),
    }));
    Some(format!("open here: {open}"))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    items.dedup();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::network::Entrance;

    fn flow(port: u16) -> Flow {
        Flow {
            protocol: Protocol::Tcp,
            source: SocketAddr::new(Ipv4Addr::new(10, 244, 1, 2), 40_000),
            destination: SocketAddr::new(Ipv4Addr::new(10, 96, 14, 3), port),
        }
    }

    fn hop(because: Because, verdict: HopVerdict) -> Hop {
        Hop {
            place: Party::Node("node-1".into()),
            stage: Stage::ServiceProxy,
            before: flow(80),
            after: flow(80),
            verdict,
            because,
        }
    }

    fn no_endpoints(service: &str, known: u32) -> Because {
        Because::NoEndpoints {
            service: service.into(),
            entrance: Entrance::ClusterIp,
            known,
            endpoints: Arc::from([]),
        }
    }

    #[test]
    fn a_hop_says_where_what_and_so() {
        let because = no_endpoints("default/backend", 0);
        assert_eq!(
            hop(because, HopVerdict::Reject).to_string(),
            "node-1: service backend has no endpoints, so the sender is refused at once"
        );
    }

    #[test]
    fn other_namespaces_are_named() {
        let because = no_endpoints("shop/backend", 2);
        assert_eq!(
            hop(because, HopVerdict::Reject).sentence(),
            "service shop/backend has 2 endpoints, but none is ready"
        );
    }

    #[test]
    fn open_ports_are_listed_where_nobody_listens() {
        let all = SocketAddr::new(Ipv4Addr::UNSPECIFIED, 8080);
        let own = SocketAddr::new(Ipv4Addr::LOCALHOST, 9090);
        let told = |listening: &[SocketAddr]| {
            let because = Because::NobodyListens { listening: listening.to_vec() };
            hop(because, HopVerdict::Reject).sentence()
        };
        assert_eq!(told(&[all, own]), "nobody listens on port 80; open here: 8080");
        assert_eq!(told(&[own]), "nobody listens on port 80; open here: 127.0.0.1:9090");
    }

    // R11.2, R11.3
    #[test]
    fn policies_say_who_may_not_and_by_which_port() {
        let policies = vec!["default/door".into(), "shop/wall".into()];
        let told = |stage, policies| {
            let because = Because::PolicyDenies { policies };
            Hop { stage, ..hop(because, HopVerdict::Drop) }.sentence()
        };
        assert_eq!(
            told(Stage::PolicyIngress, policies),
            "network policies door, shop/wall select the pod, and none of their rules lets this in from 10.244.1.2, to port 80/TCP"
        );
        assert_eq!(
            told(Stage::PolicyEgress, vec!["default/door".into()]),
            "network policy door selects the pod, and none of its rules lets this out to 10.96.14.3, to port 80/TCP"
        );
    }
}
