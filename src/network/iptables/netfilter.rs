//! A small netfilter, for tests: it sends packets through the printed rules, so that they can be
//! compared with what the data plane does. Where chance decides, every way is followed.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use proptest::prelude::*;

use super::{Match, Rule, Side, Table, Target};
use crate::network::address::within;
use crate::network::fixture::{CLUSTER_IP, CLUSTER_IP_V6, Fixture, NODE_V6};
use crate::network::{
    Because, EndpointHints, EndpointRule, Family, Flow, NetnsId, Outcome, Party, Protocol,
    ServiceRules, SimTime, SocketAddr, Stage, Trace,
};

/// What a node's rules do to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// A Service's packet: its endpoint, and whether it is masqueraded as kube-proxy does it.
    To(SocketAddr, bool),
    Refused,
    Dropped,
    /// Nothing of kube-proxy's concern.
    LeftAlone,
}

#[derive(Clone, Copy, Debug)]
struct Packet {
    flow: Flow,
    marked: bool,
    translated: bool,
}

struct Netfilter<'a> {
    tables: &'a [Table; 3],
    /// The node's own addresses.
    local: [IpAddr; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    No,
    Perhaps,
    Yes,
}

impl Netfilter<'_> {
    /// Every fate that a packet may have. `forwarded`: it does not come from the node itself.
    fn fates(&self, flow: Flow, forwarded: bool) -> BTreeSet<Fate> {
        let packet = Packet { flow, marked: false, translated: false };
        let hook = if forwarded { "PREROUTING" } else { "OUTPUT" };
        let routed = self.run(2, hook, 0, packet);
        routed.into_iter().flat_map(|(_, packet)| self.filter(packet, forwarded)).collect()
    }

    fn filter(&self, packet: Packet, forwarded: bool) -> Vec<Fate> {
        let to_node = self.is_local(packet.flow.destination.ip());
        let hooks: &[&str] = match (forwarded, to_node) {
            (true, true) => &["INPUT"],
            (true, false) => &["FORWARD"],
            (false, true) => &["OUTPUT", "INPUT"],
            (false, false) => &["OUTPUT"],
        };
        for hook in hooks {
            for (end, _) in self.run(1, hook, 0, packet) {
                match end {
                    Some(Target::Reject(_)) => return vec![Fate::Refused],
                    Some(Target::Drop) => return vec![Fate::Dropped],
                    _ => {}
                }
            }
        }
        if !packet.translated {
            return vec![Fate::LeftAlone];
        }
        let left = self.run(2, "POSTROUTING", 0, packet);
        let masqueraded =
            |end: &Option<Target>| *end == Some(Target::Masquerade { random_port: true });
        left.iter().map(|(end, _)| Fate::To(packet.flow.destination, masqueraded(end))).collect()
    }

    /// Every end that a packet may find in a chain, from one of its rules on.
    fn run(
        &self,
        table: usize,
        chain: &str,
        from: usize,
        mut packet: Packet,
    ) -> Vec<(Option<Target>, Packet)> {
        let rules = self.rules(table, chain);
        let mut ends = Vec::new();
        for (position, rule) in rules.iter().enumerate().skip(from) {
            match self.fit(rule, &packet) {
                Fit::No => continue,
                Fit::Perhaps => ends.extend(self.run(table, chain, position + 1, packet)),
                Fit::Yes => {}
            }
            match &rule.target {
                Target::Mark => packet.marked = true,
                Target::Unmark => packet.marked = false,
                Target::Nothing => {}
                Target::Return => {
                    ends.push((None, packet));
                    return ends;
                }
                Target::Chain(called) => {
                    for (end, packet) in self.run(table, called, 0, packet) {
                        match end {
                            Some(end) => ends.push((Some(end), packet)),
                            None => ends.extend(self.run(table, chain, position + 1, packet)),
                        }
                    }
                    return ends;
                }
                Target::Dnat(to) => {
                    packet.flow.destination = *to;
                    packet.translated = true;
                    ends.push((Some(rule.target.clone()), packet));
                    return ends;
                }
                _ => {
                    ends.push((Some(rule.target.clone()), packet));
                    return ends;
                }
            }
        }
        ends.push((None, packet));
        ends
    }

    fn rules(&self, table: usize, name: &str) -> &[Rule] {
        let chain = self.tables[table].chains.iter().find(|chain| &*chain.name == name);
        &chain.expect("a chain that is called exists").rules
    }

    fn fit(&self, rule: &Rule, packet: &Packet) -> Fit {
        let Flow { protocol, source, destination } = packet.flow;
        let inside = |side: Option<Side>, address: &SocketAddr| {
            side.is_none_or(|side| within(address.ip(), side.range) != side.negated)
        };
        if !inside(rule.source, &source)
            || !inside(rule.destination, &destination)
            || rule.protocol.is_some_and(|wanted| wanted != protocol)
        {
            return Fit::No;
        }
        let mut fit = Fit::Yes;
        for what in &rule.matches {
            let holds = match what {
                Match::Comment(_) | Match::Count(_) | Match::Remember { .. } => true,
                Match::Port(_, port) => port.is_none_or(|port| port == destination.port()),
                Match::SourceIsLocal => self.is_local(source.ip()),
                Match::DestinationIsLocal => self.is_local(destination.ip()),
                Match::Marked(marked) => *marked == packet.marked,
                Match::State(negated, states) => {
                    let state = if packet.translated { "DNAT" } else { "NEW" };
                    states.split(',').any(|known| known == state || known == "NEW") != *negated
                }
                Match::Probability(parts) => {
                    assert!(*parts > 0 && *parts < 1 << 31);
                    fit = Fit::Perhaps;
                    true
                }
                Match::CameBack { .. } => false,
            };
            if !holds {
                return Fit::No;
            }
        }
        fit
    }

    fn is_local(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.local.contains(&address)
    }
}

/// What node-1 did to the packet of a trace.
fn done(trace: &Trace) -> Fate {
    let node = Party::Node("node-1".into());
    let here = || trace.hops.iter().filter(|hop| hop.place == node);
    let chosen = here().find_map(|hop| match hop.because {
        Because::EndpointChosen { endpoint, .. } => Some(endpoint),
        _ => None,
    });
    // All endpoints are pods: what goes to them is masqueraded for kube-proxy's mark alone.
    let masqueraded = here().any(|hop| hop.stage == Stage::Masquerade);
    let decided = here().any(|hop| hop.stage == Stage::ServiceProxy);
    match (chosen, &trace.outcome) {
        (Some(endpoint), _) => Fate::To(endpoint, masqueraded),
        (None, Outcome::Refused) if decided => Fate::Refused,
        (None, Outcome::Silence) if decided => Fate::Dropped,
        (None, _) => Fate::LeftAlone,
    }
}

/// No hints, or those of a zone, or of a node, or of both: the first two nodes are in zone `a`.
fn hints(endpoint: &EndpointRule, near: u32) -> Option<Arc<EndpointHints>> {
    let node = endpoint.node.clone().unwrap();
    let zone: Arc<str> = if &*node == "node-3" { "b" } else { "a" }.into();
    let list = |wanted: bool, name: Arc<str>| if wanted { vec![name] } else { Vec::new() };
    let hints = EndpointHints { zones: list(near & 1 > 0, zone), nodes: list(near & 2 > 0, node) };
    (near > 0).then(|| Arc::new(hints))
}

/// A range, as network and prefix length.
type Written = (&'static str, u8);

/// Ranges of the client's pod, of the first node, and of nobody who sends anything, of both
/// families.
const RANGES: [[Written; 2]; 3] = [
    [("10.244.1.0", 24), ("fd00:10:244:1::", 64)],
    [("192.168.49.2", 32), ("fd00:192:168:49::2", 128)],
    [("198.18.0.0", 15), ("2001:2::", 48)],
];

/// An external address of a Service, and its load balancer's.
const OUTER_V4: [&str; 2] = ["198.51.100.1", "203.0.113.99"];
const OUTER_V6: [&str; 2] = ["2001:db8:1::1", "2001:db8::163"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// The printed rules are what is executed: whatever the rules may do to a packet happens, and
    /// nothing else does.
    #[test]
    fn the_printed_rules_do_what_the_data_plane_does(
        seed in any::<u64>(),
        policies in any::<[bool; 2]>(),
        conditions in any::<[[bool; 3]; 3]>(),
        near in 0u32..4,
        ranges in proptest::sample::subsequence(RANGES.to_vec(), 0..=2),
        from in 0usize..3,
        to in 0usize..6,
        second in any::<bool>(),
        protocol in prop_oneof![4 => Just(Protocol::Tcp), 1 => Just(Protocol::Udp)],
    ) {
        let mut f = Fixture::dual(seed);
        let change = |rules: &mut ServiceRules| {
            rules.node_port = Some(30080);
            let addresses = if second { OUTER_V6 } else { OUTER_V4 };
            let [external, balancer] = addresses.map(|text| text.parse().unwrap());
            rules.external_ips = vec![external];
            rules.load_balancer_ips = vec![balancer];
            let ranges = ranges.iter().map(|[v4, v6]| if second { *v6 } else { *v4 });
            rules.source_ranges = ranges.map(|(text, length)| (text.parse().unwrap(), length)).collect();
            [rules.internal_local, rules.external_local] = policies;
            let endpoints = rules.endpoints.iter().cloned().zip(conditions);
            let endpoints: Vec<EndpointRule> = endpoints
                .map(|(endpoint, [ready, serving, terminating])| {
                    let hints = hints(&endpoint, near).filter(|_| ready);
                    EndpointRule { ready, serving, terminating, hints, ..endpoint }
                })
                .collect();
            rules.endpoints = endpoints.into();
        };
        if second {
            f.set_services(change);
        } else {
            f.set_service(change);
        }
        f.network.set_zone("node-1", Some("a"));
        let places = if second {
            [
                format!("[{CLUSTER_IP_V6}]:80"), format!("[{CLUSTER_IP_V6}]:81"),
                format!("[{}]:80", OUTER_V6[0]), format!("[{}]:80", OUTER_V6[1]),
                format!("[{NODE_V6}]:30080"), "[::1]:30080".to_owned(),
            ]
        } else {
            [
                format!("{CLUSTER_IP}:80"), format!("{CLUSTER_IP}:81"),
                format!("{}:80", OUTER_V4[0]), format!("{}:80", OUTER_V4[1]),
                "192.168.49.2:30080".to_owned(), "127.0.0.1:30080".to_owned(),
            ]
        };
        let sender: NetnsId = [f.client, f.node(1), f.network.laptop()][from];
        // From outside only the node itself can be reached, and its loopback from nowhere else.
        let to = &places[if from == 2 { 4 } else if from == 0 { to.min(4) } else { to }];
        let traces: Vec<_> =
            (0..70).map(|_| f.send(SimTime::START, sender, protocol, to)).collect();
        let seen: BTreeSet<Fate> = traces.iter().map(|trace| done(trace)).collect();
        let family = if second { Family::V6 } else { Family::V4 };
        let tables = f.network.iptables("node-1", family).unwrap();
        let local = match family {
            Family::V4 => [[192, 168, 49, 2], [10, 244, 1, 1]].map(IpAddr::from),
            Family::V6 => [NODE_V6.into(), "fd00:10:244:1::1".parse().unwrap()],
        };
        let netfilter = Netfilter { tables: &tables, local };
        let possible = netfilter.fates(traces[0].flow, from != 1);
        prop_assert_eq!(seen, possible, "{}", traces[0]);
    }
}
