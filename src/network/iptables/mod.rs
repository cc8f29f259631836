//! A node's packet filter, as `iptables-save` prints it.
//!
//! The rules are made of the tables that packets are sent by, whenever somebody asks. That they say
//! the same is proved in `netfilter`: an interpreter of the rules that sends the same packets.

mod followed;
mod name;
#[cfg(test)]
mod netfilter;
mod proxy;
mod rule;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

pub use rule::{Match, Rule, Side, Target};

use super::address::alone;
use super::topology::pod_range;
use super::{Family, Network};
use proxy::Chains;

/// A table of a node's packet filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// `nat` or `filter`.
    pub name: &'static str,
    /// The built-in chains, then the others by name.
    pub chains: Vec<Chain>,
}

/// A chain of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its name.
    pub name: Arc<str>,
    /// Whether the kernel calls it by itself; what it does not decide is accepted.
    pub built_in: bool,
    /// Its rules: the first that matches and decides, wins.
    pub rules: Vec<Rule>,
}

impl Network {
    /// A node's packet filter for packets of a family: mangle, filter and nat. `None` for a node
    /// that does not exist.
    pub fn iptables(&self, node: &str, family: Family) -> Option<[Table; 3]> {
        let node = self.topology.node_named(node)?;
        let mut chains = Chains::default();
        for service_port in
            self.services.service_ports().filter(|service_port| service_port.family() == family)
        {
            chains.add(service_port, node);
        }
        let mangle = table("mangle", &BUILT_IN_MANGLE, Vec::new(), &["KUBE-IPTABLES-HINT"]);
        let firewall = if family == Family::V4 { kubelet_filter() } else { Vec::new() };
        let filter = firewall.into_iter().chain(base_filter()).chain(chains.filter).collect();
        let filter = table("filter", &BUILT_IN_FILTER, filter, &[]);
        let nat = base_nat(family).into_iter().chain(chains.nat);
        let nat = nat.chain([last_service_rule(family)]).collect();
        Some([mangle, filter, table("nat", &BUILT_IN_NAT, nat, &[])])
    }
}

const BUILT_IN_MANGLE: [&str; 5] = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];
const BUILT_IN_FILTER: [&str; 3] = ["INPUT", "FORWARD", "OUTPUT"];
const BUILT_IN_NAT: [&str; 4] = ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"];

/// Chains that kubelet and kube-proxy watch, to see when somebody flushes the tables.
const CANARIES: [&str; 2] = ["KUBE-KUBELET-CANARY", "KUBE-PROXY-CANARY"];

type Line = (Arc<str>, Rule);

fn table(name: &'static str, built_in: &[&str], lines: Vec<Line>, empty: &[&str]) -> Table {
    let mut chains: BTreeMap<Arc<str>, Vec<Rule>> = BTreeMap::new();
    for chain in CANARIES.iter().chain(empty) {
        chains.entry((*chain).into()).or_default();
    }
    for (chain, rule) in lines {
        if let Target::Chain(called) = &rule.target {
            chains.entry(called.clone()).or_default();
        }
        chains.entry(chain).or_default().push(rule);
    }
    let first = built_in.iter().map(|chain| {
        let rules = chains.remove(*chain).unwrap_or_default();
        Chain { name: (*chain).into(), built_in: true, rules }
    });
    let mut all: Vec<Chain> = first.collect();
    all.extend(chains.into_iter().map(|(name, rules)| Chain { name, built_in: false, rules }));
    Table { name, chains: all }
}

fn call(chain: &'static str) -> Rule {
    Rule::new(Target::Chain(chain.into()))
}

fn base_nat(family: Family) -> Vec<Line> {
    let masquerade = Rule::new(Target::Masquerade { random_port: false })
        .from(pod_range(family), false)
        .to(pod_range(family), true)
        .say("pods leaving the cluster (like kindnet)");
    let marked = Rule::new(Target::Masquerade { random_port: true })
        .say("kubernetes service traffic requiring SNAT");
    [
        ("PREROUTING", call("KUBE-SERVICES").say("kubernetes service portals")),
        ("OUTPUT", call("KUBE-SERVICES").say("kubernetes service portals")),
        ("POSTROUTING", call("KUBE-POSTROUTING").say("kubernetes postrouting rules")),
        ("POSTROUTING", masquerade),
        ("KUBE-MARK-MASQ", Rule::new(Target::Mark)),
        ("KUBE-POSTROUTING", Rule::new(Target::Return).when(Match::Marked(false))),
        ("KUBE-POSTROUTING", Rule::new(Target::Unmark)),
        ("KUBE-POSTROUTING", marked),
    ]
    .map(|(chain, rule)| (chain.into(), rule))
    .into()
}

/// Node ports are for the node's own addresses. By IPv6's loopback address they never work: no
/// reply would find back.
fn last_service_rule(family: Family) -> Line {
    let remark = "kubernetes service nodeports; NOTE: this must be the last rule in this chain";
    let rule = call("KUBE-NODEPORTS").say(remark).when(Match::DestinationIsLocal);
    let rule = match family {
        Family::V4 => rule,
        Family::V6 => rule.to(alone(Ipv6Addr::LOCALHOST.into()), true),
    };
    ("KUBE-SERVICES".into(), rule)
}

/// The kubelet's own chain, which keeps packets from outside off 127.0.0.0/8. IPv6 needs none.
fn kubelet_filter() -> Vec<Line> {
    let loopback = (Ipv4Addr::new(127, 0, 0, 0).into(), 8);
    let martians = Rule::new(Target::Drop)
        .from(loopback, true)
        .to(loopback, false)
        .say("block incoming localnet connections")
        .when(Match::State(true, "RELATED,ESTABLISHED,DNAT"));
    [
        ("INPUT", call("KUBE-FIREWALL")),
        ("OUTPUT", call("KUBE-FIREWALL")),
        ("KUBE-FIREWALL", martians),
    ]
    .map(|(chain, rule)| (chain.into(), rule))
    .into()
}

fn base_filter() -> Vec<Line> {
    let new = || Match::State(false, "NEW");
    let firewall =
        || call("KUBE-PROXY-FIREWALL").when(new()).say("kubernetes load balancer firewall");
    let service_ports = || call("KUBE-SERVICES").when(new()).say("kubernetes service portals");
    let outer = || {
        call("KUBE-EXTERNAL-SERVICES")
            .when(new())
            .say("kubernetes externally-visible service portals")
    };
    let forwarding = "kubernetes forwarding rules";
    [
        ("INPUT", firewall()),
        ("INPUT", call("KUBE-NODEPORTS").say("kubernetes health check service ports")),
        ("INPUT", outer()),
        ("FORWARD", firewall()),
        ("FORWARD", call("KUBE-FORWARD").say(forwarding)),
        ("FORWARD", service_ports()),
        ("FORWARD", outer()),
        ("OUTPUT", firewall()),
        ("OUTPUT", service_ports()),
        (
            "KUBE-FORWARD",
            Rule::new(Target::Drop)
                .when(Match::State(false, "INVALID"))
                .when(Match::Count("ct_state_invalid_dropped_pkts")),
        ),
        ("KUBE-FORWARD", Rule::new(Target::Accept).say(forwarding).when(Match::Marked(true))),
        (
            "KUBE-FORWARD",
            Rule::new(Target::Accept)
                .say("kubernetes forwarding conntrack rule")
                .when(Match::State(false, "RELATED,ESTABLISHED")),
        ),
    ]
    .map(|(chain, rule)| (chain.into(), rule))
    .into()
}

/// What `iptables-save -t TABLE` prints, without its remarks on version and date.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "*{}", self.name)?;
        for chain in &self.chains {
            let policy = if chain.built_in { "ACCEPT" } else { "-" };
            writeln!(f, ":{} {policy} [0:0]", chain.name)?;
        }
        for chain in &self.chains {
            for rule in &chain.rules {
                writeln!(f, "{}", format!("-A {} {rule}", chain.name).trim_end())?;
            }
        }
        f.write_str("COMMIT")
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use crate::network::Family;
    use crate::network::fixture::Fixture;

    /// The rules of node-1, without chain declarations.
    fn saved(f: &Fixture, table: usize) -> Vec<String> {
        let text = f.network.iptables("node-1", Family::V4).unwrap()[table].to_string();
        text.lines().filter(|line| line.starts_with("-A")).map(str::to_owned).collect()
    }

    fn about(lines: &[String], word: &str) -> Vec<String> {
        lines.iter().filter(|line| line.contains(word)).cloned().collect()
    }

    // R6.10, R6.12; recording 20, letter by letter.
    #[test]
    fn a_cluster_ip_is_printed_as_recorded() {
        let f = Fixture::new();
        let nat = saved(&f, 2);
        assert_eq!(
            about(&nat, "KUBE-SVC-LOLE4ISW44XBNF3G"),
            [
                "-A KUBE-SERVICES -d 10.98.247.213/32 -p tcp -m comment --comment \"default/web cluster IP\" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G",
                "-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.98.247.213/32 -p tcp -m comment --comment \"default/web cluster IP\" -m tcp --dport 80 -j KUBE-MARK-MASQ",
                "-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment \"default/web -> 10.244.1.2:80\" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-MQ4W7Q2CV67URU6Q",
                "-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment \"default/web -> 10.244.2.2:80\" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-QHWUG6SOC7OJ2BZK",
                "-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment \"default/web -> 10.244.3.2:80\" -j KUBE-SEP-MBUO2PUEYFC4MHZR",
            ]
        );
        assert_eq!(
            nat[..3],
            [
                "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES",
                "-A OUTPUT -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES",
                "-A POSTROUTING -m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING",
            ]
        );
    }

    // R6.8
    #[test]
    fn affinity_comes_before_chance() {
        let mut f = Fixture::new();
        f.set_service(|rules| rules.affinity = Some(Duration::from_secs(10_800)));
        let nat = saved(&f, 2);
        assert_eq!(about(&nat, "--rcheck --seconds 10800 --reap --name KUBE-SEP-").len(), 3);
        assert_eq!(about(&nat, "-m recent --set --name KUBE-SEP-").len(), 3);
    }

    // R7.4
    #[test]
    fn source_ranges_have_a_chain_of_their_own() {
        let mut f = Fixture::new();
        f.set_service(|rules| {
            rules.load_balancer_ips = vec![Ipv4Addr::new(203, 0, 113, 100).into()];
            rules.source_ranges =
                vec![([203, 0, 113, 0].into(), 25), ([192, 168, 49, 0].into(), 24)];
        });
        assert_eq!(
            about(&saved(&f, 2), "KUBE-FW-LOLE4ISW44XBNF3G"),
            [
                "-A KUBE-FW-LOLE4ISW44XBNF3G -s 203.0.113.0/25 -m comment --comment \"default/web loadbalancer IP\" -j KUBE-EXT-LOLE4ISW44XBNF3G",
                "-A KUBE-FW-LOLE4ISW44XBNF3G -s 192.168.49.0/24 -m comment --comment \"default/web loadbalancer IP\" -j KUBE-EXT-LOLE4ISW44XBNF3G",
                "-A KUBE-FW-LOLE4ISW44XBNF3G -s 203.0.113.100/32 -m comment --comment \"default/web loadbalancer IP\" -j KUBE-EXT-LOLE4ISW44XBNF3G",
                "-A KUBE-FW-LOLE4ISW44XBNF3G -m comment --comment \"other traffic to default/web will be dropped by KUBE-PROXY-FIREWALL\"",
                "-A KUBE-SERVICES -d 203.0.113.100/32 -p tcp -m comment --comment \"default/web loadbalancer IP\" -m tcp --dport 80 -j KUBE-FW-LOLE4ISW44XBNF3G",
            ]
        );
        assert_eq!(
            about(&saved(&f, 1), "KUBE-FW-"),
            [
                "-A KUBE-PROXY-FIREWALL -d 203.0.113.100/32 -p tcp -m comment --comment \"default/web traffic not accepted by KUBE-FW-LOLE4ISW44XBNF3G\" -m tcp --dport 80 -j DROP"
            ]
        );
    }

    // R6.3
    #[test]
    fn nobody_ready_is_a_reject_and_nobody_here_a_drop() {
        let mut f = Fixture::new();
        f.set_service(|rules| rules.endpoints = [].into());
        assert_eq!(
            about(&saved(&f, 1), "default/web"),
            [
                "-A KUBE-SERVICES -d 10.98.247.213/32 -p tcp -m comment --comment \"default/web has no endpoints\" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable"
            ]
        );
        let elsewhere = [f.endpoint(3, true)];
        f.set_service(|rules| {
            rules.node_port = Some(30080);
            rules.external_local = true;
            rules.endpoints = elsewhere.into();
        });
        assert_eq!(
            about(&saved(&f, 1), "default/web"),
            [
                "-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment \"default/web has no local endpoints\" -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j DROP"
            ]
        );
    }
}
