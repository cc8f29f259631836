//! kube-proxy's chains of one node, from the very tables that [`send`](crate::network::Network::send)
//! decides by (R6.10, R6.12; `pkg/proxy/iptables/proxier.go`).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::name;
use super::rule::{Match, Rule, Target};
use crate::network::Family;
use crate::network::address::{Range, alone, within};
use crate::network::services::ServicePort;
use crate::network::state::probability;
use crate::network::topology::{Node, pod_range};

/// Rules of both tables, as kube-proxy collects them Service by Service.
#[derive(Default)]
pub(super) struct Chains {
    /// (chain, rule) of the nat table.
    pub nat: Vec<(Arc<str>, Rule)>,
    /// (chain, rule) of the filter table.
    pub filter: Vec<(Arc<str>, Rule)>,
}

/// What one Service port looks like on one node.
struct Port<'a> {
    service_port: &'a ServicePort,
    /// The node's own address.
    node: IpAddr,
    /// Usable endpoints for clients of this node, and those on it.
    cluster: &'a [u32],
    local: &'a [u32],
    cluster_chain: Arc<str>,
    local_chain: Arc<str>,
    external_chain: Arc<str>,
    firewall_chain: Arc<str>,
}

impl Chains {
    /// Adds all rules of one Service port.
    pub fn add(&mut self, service_port: &ServicePort, node: &Node) {
        let port = Port {
            service_port,
            node: node.address(service_port.family()),
            cluster: service_port.cluster(&node.entry),
            local: service_port.local(&node.entry.name),
            cluster_chain: name::of_service("KUBE-SVC-", &service_port.rules),
            local_chain: name::of_service("KUBE-SVL-", &service_port.rules),
            external_chain: name::of_service("KUBE-EXT-", &service_port.rules),
            firewall_chain: name::of_service("KUBE-FW-", &service_port.rules),
        };
        self.cluster_ip(&port);
        self.external_addresses(&port);
        self.firewall(&port);
        self.node_port(&port);
        self.health_check(&port);
        self.internal_traffic(&port);
        self.external_traffic(&port);
        self.endpoints(&port);
    }

    fn cluster_ip(&mut self, port: &Port<'_>) {
        if port.has_internal() {
            let rule = port.cluster_ip(Target::Chain(port.internal_chain()));
            self.nat("KUBE-SERVICES", rule);
            return;
        }
        let (target, remark) = port.refusal();
        let rule = Rule::new(target)
            .to(alone(port.service_port.rules.cluster_ip), false)
            .say(remark)
            .port(port.service_port.rules.protocol, Some(port.service_port.rules.port));
        self.filter("KUBE-SERVICES", rule);
    }

    fn external_addresses(&mut self, port: &Port<'_>) {
        let rules = &port.service_port.rules;
        let external = rules.external_ips.iter().map(|address| (*address, "external IP"));
        let balancers = rules.load_balancer_ips.iter().map(|address| (*address, "loadbalancer IP"));
        for (address, kind) in external.chain(balancers) {
            if port.has_endpoints() {
                let remark = format!("{} {kind}", rules.name);
                let chain = match port.service_port.has_firewall(address) {
                    true => &port.firewall_chain,
                    false => &port.external_chain,
                };
                let target = Target::Chain(chain.clone());
                self.nat("KUBE-SERVICES", port.external_address(address, remark, target));
            }
            if port.service_port.has_firewall(address) {
                let remark =
                    format!("{} traffic not accepted by {}", rules.name, port.firewall_chain);
                let rule = port.external_address(address, remark, Target::Drop);
                self.filter("KUBE-PROXY-FIREWALL", rule);
            }
            if !port.has_external() {
                let (target, remark) = port.refusal();
                let rule = port.external_address(address, remark, target);
                self.filter("KUBE-EXTERNAL-SERVICES", rule);
            }
        }
    }

    /// `KUBE-FW`: who may come in by the load balancer's addresses.
    fn firewall(&mut self, port: &Port<'_>) {
        let rules = &port.service_port.rules;
        if !rules.load_balancer_ips.iter().any(|address| port.service_port.has_firewall(*address)) {
            return;
        }
        let chain = &port.firewall_chain;
        let let_in = |range| {
            Rule::new(Target::Chain(port.external_chain.clone()))
                .from(range, false)
                .say(format!("{} loadbalancer IP", rules.name))
        };
        for range in &rules.source_ranges {
            self.nat(chain, let_in(*range));
        }
        if rules.source_ranges.iter().any(|range| within(port.node, *range)) {
            for address in &rules.load_balancer_ips {
                self.nat(chain, let_in(alone(*address)));
            }
        }
        let rest =
            format!("other traffic to {} will be dropped by KUBE-PROXY-FIREWALL", rules.name);
        self.nat(chain, Rule::new(Target::Nothing).say(rest));
    }

    fn node_port(&mut self, port: &Port<'_>) {
        let rules = &port.service_port.rules;
        let Some(number) = rules.node_port else { return };
        if port.has_endpoints() {
            let rule = |to: Option<Range>| {
                let rule = Rule::new(Target::Chain(port.external_chain.clone()))
                    .say(&*rules.name)
                    .port(rules.protocol, Some(number));
                match to {
                    Some(range) => {
                        rule.to(range, false).when(Match::Count("localhost_nps_accepted_pkts"))
                    }
                    None => rule,
                }
            };
            if port.service_port.family() == Family::V4 {
                let loopback = (Ipv4Addr::new(127, 0, 0, 0).into(), 8);
                self.nat("KUBE-NODEPORTS", rule(Some(loopback)));
            }
            self.nat("KUBE-NODEPORTS", rule(None));
        }
        if !port.has_external() {
            let (target, remark) = port.refusal();
            let rule = Rule::new(target)
                .say(remark)
                .when(Match::DestinationIsLocal)
                .port(rules.protocol, Some(number));
            self.filter("KUBE-EXTERNAL-SERVICES", rule);
        }
    }

    fn health_check(&mut self, port: &Port<'_>) {
        let rules = &port.service_port.rules;
        let Some(number) = rules.health_check_node_port else { return };
        let rule = Rule::new(Target::Accept)
            .say(format!("{} health check node port", rules.name))
            .port(crate::network::Protocol::Tcp, Some(number));
        self.filter("KUBE-NODEPORTS", rule);
    }

    /// Traffic to the cluster IP from outside the pods' range is masqueraded.
    fn internal_traffic(&mut self, port: &Port<'_>) {
        if port.has_internal() {
            let rule = port.cluster_ip(Target::Chain("KUBE-MARK-MASQ".into()));
            self.nat(
                &port.internal_chain(),
                rule.from(pod_range(port.service_port.family()), true),
            );
        }
    }

    /// `KUBE-EXT`: what is common to node ports, external and load balancer addresses.
    fn external_traffic(&mut self, port: &Port<'_>) {
        let rules = &port.service_port.rules;
        if !port.has_endpoints() || !port.is_external() {
            return;
        }
        let chain = &port.external_chain;
        let remark =
            |what: &str| format!("{what} traffic for {} external destinations", rules.name);
        let mark = || Rule::new(Target::Chain("KUBE-MARK-MASQ".into()));
        let to_all = || Rule::new(Target::Chain(port.cluster_chain.clone()));
        if !rules.external_local {
            self.nat(chain, mark().say(remark("masquerade")));
            self.nat(chain, to_all());
            return;
        }
        self.nat(
            chain,
            to_all().from(pod_range(port.service_port.family()), false).say(remark("pod")),
        );
        self.nat(chain, mark().say(remark("masquerade LOCAL")).when(Match::SourceIsLocal));
        self.nat(chain, to_all().say(remark("route LOCAL")).when(Match::SourceIsLocal));
        if port.has_external() {
            self.nat(chain, Rule::new(Target::Chain(port.local_chain.clone())));
        }
    }

    /// `KUBE-SVC`, `KUBE-SVL` and the `KUBE-SEP` chains they lead to.
    fn endpoints(&mut self, port: &Port<'_>) {
        let service_port = port.service_port;
        let mut reachable: BTreeSet<u32> = BTreeSet::new();
        if port.uses_cluster() {
            self.choice(service_port, &port.cluster_chain, port.cluster);
            reachable.extend(port.cluster);
        }
        if service_port.rules.internal_local || service_port.rules.external_local {
            self.choice(service_port, &port.local_chain, port.local);
            reachable.extend(port.local);
        }
        for index in reachable {
            self.endpoint(service_port, index);
        }
    }

    /// The chain that chooses: first who has been here, then by chance (R6.8, R6.12).
    fn choice(&mut self, service_port: &ServicePort, chain: &str, endpoints: &[u32]) {
        let rules = &service_port.rules;
        let target = |index: &u32| {
            let address = service_port.endpoint(*index).address;
            let name = name::of_endpoint(rules, address);
            (format!("{} -> {address}", rules.name), name)
        };
        if let Some(timeout) = rules.affinity {
            for (remark, name) in endpoints.iter().map(target) {
                let seconds = timeout.as_secs();
                let known =
                    Match::CameBack { chain: name.clone(), seconds, family: service_port.family() };
                self.nat(chain, Rule::new(Target::Chain(name)).say(remark).when(known));
            }
        }
        for (position, (remark, name)) in endpoints.iter().map(target).enumerate() {
            let rule = Rule::new(Target::Chain(name)).say(remark);
            let rest = endpoints.len() - position;
            self.nat(
                chain,
                match rest {
                    1 => rule,
                    _ => rule.when(Match::Probability(probability(rest))),
                },
            );
        }
    }

    /// `KUBE-SEP`: one endpoint.
    fn endpoint(&mut self, service_port: &ServicePort, index: u32) {
        let rules = &service_port.rules;
        let address = service_port.endpoint(index).address;
        let chain = name::of_endpoint(rules, address);
        let hairpin = Rule::new(Target::Chain("KUBE-MARK-MASQ".into()))
            .from(alone(address.ip()), false)
            .say(&*rules.name);
        self.nat(&chain, hairpin);
        let mut rule = Rule::new(Target::Dnat(address)).say(&*rules.name);
        if rules.affinity.is_some() {
            let family = service_port.family();
            rule = rule.when(Match::Remember { chain: chain.clone(), family });
        }
        self.nat(&chain, rule.port(rules.protocol, None));
    }

    fn nat(&mut self, chain: &str, rule: Rule) {
        self.nat.push((chain.into(), rule));
    }

    fn filter(&mut self, chain: &str, rule: Rule) {
        self.filter.push((chain.into(), rule));
    }
}

impl Port<'_> {
    /// Whether anybody in the cluster can serve.
    fn has_endpoints(&self) -> bool {
        !self.cluster.is_empty()
    }

    /// Whether anybody can serve the cluster IP from this node.
    fn has_internal(&self) -> bool {
        self.has_endpoints() && !(self.service_port.rules.internal_local && self.local.is_empty())
    }

    /// Whether anybody can serve clients from outside that come to this node.
    fn has_external(&self) -> bool {
        self.has_endpoints() && !(self.service_port.rules.external_local && self.local.is_empty())
    }

    /// Whether there is any entrance but the cluster IP.
    fn is_external(&self) -> bool {
        let rules = &self.service_port.rules;
        rules.node_port.is_some()
            || !rules.external_ips.is_empty()
            || !rules.load_balancer_ips.is_empty()
    }

    /// Even with an external policy Local, all endpoints are needed for short-circuited traffic.
    fn uses_cluster(&self) -> bool {
        self.has_endpoints() && (!self.service_port.rules.internal_local || self.is_external())
    }

    fn internal_chain(&self) -> Arc<str> {
        match self.service_port.rules.internal_local {
            true => self.local_chain.clone(),
            false => self.cluster_chain.clone(),
        }
    }

    /// What happens where nobody can serve, and the remark beside it (R6.3).
    fn refusal(&self) -> (Target, String) {
        let name = &self.service_port.rules.name;
        match self.has_endpoints() {
            true => (Target::Drop, format!("{name} has no local endpoints")),
            false => {
                (Target::Reject(self.service_port.family()), format!("{name} has no endpoints"))
            }
        }
    }

    fn cluster_ip(&self, target: Target) -> Rule {
        let rules = &self.service_port.rules;
        let remark = format!("{} cluster IP", rules.name);
        self.external_address(rules.cluster_ip, remark, target)
    }

    fn external_address(&self, address: IpAddr, remark: String, target: Target) -> Rule {
        let rules = &self.service_port.rules;
        Rule::new(target)
            .to(alone(address), false)
            .say(remark)
            .port(rules.protocol, Some(rules.port))
    }
}
