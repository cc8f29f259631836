//! kube-proxy's rules: which address is a Service's, and which endpoints it leads to on which node.
//!
//! Compiled once when a Service or an endpoint changes, in the shape of kube-proxy's chains:
//! `KUBE-SVC` is [`ServicePort::cluster`], `KUBE-SVL` is [`ServicePort::local`], and `KUBE-EXT` is what
//! [`ServicePort::chain`] does for the outer entrances (R6.10).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::address::within;
use super::{
    EndpointHints, EndpointRule, Entrance, Family, NodeEntry, Protocol, ServiceRules, SocketAddr,
};

/// One port of a Service, compiled.
#[derive(Clone, Debug)]
pub(super) struct ServicePort {
    pub rules: ServiceRules,
    /// Every usable endpoint (R6.2), as positions in the rules, in kube-proxy's order.
    pub cluster: Vec<u32>,
    /// The part of them that clients near by are to use; only where the Service wants that.
    near: Option<Box<Near>>,
    /// Usable endpoints by node; only where a Local policy asks for them.
    local: BTreeMap<Arc<str>, Vec<u32>>,
}

/// Endpoints by the nodes and by the zones that they are meant for (`trafficDistribution`). Hints
/// count only when every ready endpoint has them (kube-proxy's `topologyModeFromHints`).
#[derive(Clone, Debug, Default)]
struct Near {
    nodes: BTreeMap<Arc<str>, Vec<u32>>,
    zones: BTreeMap<Arc<str>, Vec<u32>>,
}

/// Where a packet comes from, as kube-proxy's rules tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A pod's address (`-s 10.244.0.0/16`).
    Pod,
    /// One of this node's own addresses (`--src-type LOCAL`).
    ThisNode,
    /// Anybody else's.
    Elsewhere,
}

/// The endpoints that a packet may be sent to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain<'a> {
    /// Positions in the rules, never empty.
    pub endpoints: &'a [u32],
    /// Whether the packet is marked for masquerading on the way there.
    pub masquerade: bool,
    /// Whether they are this node's alone (`KUBE-SVL`).
    pub local: bool,
}

/// Why a packet goes to no endpoint (R6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoEndpoints {
    /// No usable endpoint in the whole cluster: REJECT.
    Anywhere,
    /// A Local policy and none on this node: DROP.
    OnThisNode,
}

/// Every Service's rules. They are the same on every node.
#[derive(Clone, Debug, Default)]
pub(super) struct Services {
    by_name: Arc<BTreeMap<Arc<str>, Vec<Arc<ServicePort>>>>,
    frontends: Arc<BTreeMap<(IpAddr, Protocol, u16), (Entrance, Arc<ServicePort>)>>,
    node_ports: Arc<BTreeMap<(Family, Protocol, u16), Arc<ServicePort>>>,
    health_checks: Arc<BTreeMap<u16, Arc<ServicePort>>>,
}

impl Services {
    /// Replaces all rules of one Service; no rules remove it.
    pub fn set(&mut self, service: &str, rules: Vec<ServiceRules>) {
        let service_ports: Vec<Arc<ServicePort>> =
            rules.into_iter().map(|rules| Arc::new(ServicePort::compile(rules))).collect();
        if let Some(old) = self.by_name.get(service).cloned() {
            old.iter().for_each(|service_port| self.close(service_port));
        }
        service_ports.iter().for_each(|service_port| self.open(service_port));
        let by_name = Arc::make_mut(&mut self.by_name);
        if service_ports.is_empty() {
            by_name.remove(service);
        } else {
            by_name.insert(service.into(), service_ports);
        }
    }

    /// The Service port that has this address, if any: cluster IPs, load balancers' and external
    /// addresses.
    pub fn frontend(
        &self,
        protocol: Protocol,
        at: SocketAddr,
    ) -> Option<(Entrance, &Arc<ServicePort>)> {
        let (entrance, service_port) = self.frontends.get(&(at.ip(), protocol, at.port()))?;
        Some((*entrance, service_port))
    }

    /// The Service port behind a port of every node (R7.2), for packets of a family.
    pub fn node_port(
        &self,
        family: Family,
        protocol: Protocol,
        port: u16,
    ) -> Option<&Arc<ServicePort>> {
        self.node_ports.get(&(family, protocol, port))
    }

    /// The Service whose health kube-proxy tells on this port of every node (R7.3).
    pub fn health_check(&self, port: u16) -> Option<&Arc<ServicePort>> {
        self.health_checks.get(&port)
    }

    /// Every Service port at an address.
    pub fn at(&self, address: IpAddr) -> impl Iterator<Item = (Entrance, &Arc<ServicePort>)> {
        let (first, last) = ((address, Protocol::Tcp, 0), (address, Protocol::Icmp, u16::MAX));
        self.frontends
            .range(first..=last)
            .map(|(_, (entrance, service_port))| (*entrance, service_port))
    }

    /// Every Service port, by Service.
    pub fn service_ports(&self) -> impl Iterator<Item = &Arc<ServicePort>> {
        self.by_name.values().flatten()
    }

    fn open(&mut self, service_port: &Arc<ServicePort>) {
        let rules = &service_port.rules;
        let frontends = Arc::make_mut(&mut self.frontends);
        for (address, entrance) in entrances(rules) {
            let key = (address, rules.protocol, rules.port);
            // `minikube tunnel` gives a Service its cluster IP again; the first rule wins.
            if !frontends.get(&key).is_some_and(|(_, other)| Arc::ptr_eq(other, service_port)) {
                frontends.insert(key, (entrance, service_port.clone()));
            }
        }
        if let Some(port) = rules.node_port {
            let node_ports = Arc::make_mut(&mut self.node_ports);
            node_ports.insert((service_port.family(), rules.protocol, port), service_port.clone());
        }
        if let Some(port) = rules.health_check_node_port {
            Arc::make_mut(&mut self.health_checks).insert(port, service_port.clone());
        }
    }

    /// Takes a port's rules away, but not what another Service has put in their place.
    fn close(&mut self, service_port: &Arc<ServicePort>) {
        let rules = &service_port.rules;
        let ours = |other: &Arc<ServicePort>| Arc::ptr_eq(other, service_port);
        let frontends = Arc::make_mut(&mut self.frontends);
        for (address, _) in entrances(rules) {
            let key = (address, rules.protocol, rules.port);
            if frontends.get(&key).is_some_and(|(_, other)| ours(other)) {
                frontends.remove(&key);
            }
        }
        if let Some(port) = rules.node_port {
            let key = (service_port.family(), rules.protocol, port);
            if self.node_ports.get(&key).is_some_and(ours) {
                Arc::make_mut(&mut self.node_ports).remove(&key);
            }
        }
        if let Some(port) = rules.health_check_node_port
            && self.health_checks.get(&port).is_some_and(ours)
        {
            Arc::make_mut(&mut self.health_checks).remove(&port);
        }
    }
}

impl ServicePort {
    /// Sorts a port's endpoints into chains, as kube-proxy's `CategorizeEndpoints` does.
    fn compile(rules: ServiceRules) -> ServicePort {
        let endpoints = &rules.endpoints;
        let mut order: Vec<u32> = (0..endpoints.len() as u32).collect();
        // kube-proxy sorts endpoints by their text.
        order.sort_by_cached_key(|index| endpoints[*index as usize].address.to_string());
        let cluster = usable(endpoints, &order);
        let mut local = BTreeMap::new();
        if rules.internal_local || rules.external_local {
            let mut by_node: BTreeMap<Arc<str>, Vec<u32>> = BTreeMap::new();
            for index in order {
                if let Some(node) = &endpoints[index as usize].node {
                    by_node.entry(node.clone()).or_default().push(index);
                }
            }
            for (node, here) in by_node {
                local.insert(node, usable(endpoints, &here));
            }
        }
        let near = Near::of(endpoints, &cluster);
        ServicePort { rules, cluster, near, local }
    }

    /// The endpoints that a packet may be sent to, from `origin`, on `node`.
    ///
    /// # Errors
    /// When it goes nowhere (R6.3).
    pub fn chain(
        &self,
        entrance: Entrance,
        origin: Origin,
        node: &NodeEntry,
    ) -> Result<Chain<'_>, NoEndpoints> {
        if self.cluster.is_empty() {
            return Err(NoEndpoints::Anywhere);
        }
        let cluster =
            |masquerade| Ok(Chain { endpoints: self.cluster(node), masquerade, local: false });
        let local = |masquerade| match self.local(&node.name) {
            [] => Err(NoEndpoints::OnThisNode),
            endpoints => Ok(Chain { endpoints, masquerade, local: true }),
        };
        match entrance {
            Entrance::ClusterIp if self.rules.internal_local => local(origin != Origin::Pod),
            Entrance::ClusterIp => cluster(origin != Origin::Pod),
            _ if !self.rules.external_local => cluster(true),
            // Pods and the node itself are short-circuited to all endpoints (R7.3).
            _ => match origin {
                Origin::Pod => cluster(false),
                Origin::ThisNode => cluster(true),
                Origin::Elsewhere => local(false),
            },
        }
    }

    /// Why clients from outside that come to one node go nowhere, if they do.
    pub fn external_refusal(&self, node: &str) -> Option<NoEndpoints> {
        if self.cluster.is_empty() {
            return Some(NoEndpoints::Anywhere);
        }
        let none_here = self.rules.external_local && self.local(node).is_empty();
        none_here.then_some(NoEndpoints::OnThisNode)
    }

    /// The usable endpoints for clients of one node: those that are meant for the node, or else
    /// for its zone, or else all. With none ready, nothing is near.
    pub fn cluster(&self, node: &NodeEntry) -> &[u32] {
        let near = self.near.as_ref().and_then(|near| {
            let zone = || near.zones.get(node.zone.as_ref()?);
            near.nodes.get(&node.name).or_else(zone)
        });
        near.unwrap_or(&self.cluster)
    }

    /// The usable endpoints on one node, where a Local policy asks for them.
    pub fn local(&self, node: &str) -> &[u32] {
        self.local.get(node).map_or(&[], Vec::as_slice)
    }

    /// How many ready endpoints there are on one node: what kube-proxy's health check counts, and
    /// what a load balancer looks at before it sends anything there (R7.3).
    pub fn ready_on(&self, node: &str) -> usize {
        self.local(node).iter().filter(|index| self.endpoint(**index).ready).count()
    }

    /// Whether KUBE-FW, the chain of `loadBalancerSourceRanges`, stands before an address.
    pub fn has_firewall(&self, address: IpAddr) -> bool {
        !self.rules.source_ranges.is_empty()
            && !self.cluster.is_empty()
            && self.rules.load_balancer_ips.contains(&address)
    }

    /// Whether the ranges let a client in. On a node that is in one of them itself, the balancer's
    /// own addresses may come in too, as packets that the node sends to a balancer whose address
    /// it has for its own.
    pub fn admits(&self, client: IpAddr, node: Option<IpAddr>) -> bool {
        let named = |address| self.rules.source_ranges.iter().any(|range| within(address, *range));
        named(client) || (node.is_some_and(named) && self.rules.load_balancer_ips.contains(&client))
    }

    /// The family of every packet that it takes.
    pub fn family(&self) -> Family {
        Family::of(self.rules.cluster_ip)
    }

    /// An endpoint by its position.
    pub fn endpoint(&self, index: u32) -> &EndpointRule {
        &self.rules.endpoints[index as usize]
    }

    /// `default/web` of `default/web:http`.
    pub fn service(&self) -> &str {
        self.rules.name.split(':').next().unwrap_or_default()
    }
}

impl Near {
    /// Sorts usable endpoints by their hints.
    fn of(endpoints: &[EndpointRule], usable: &[u32]) -> Option<Box<Near>> {
        let by = |hinted: fn(&EndpointHints) -> &[Arc<str>]| {
            let mut sorted: BTreeMap<Arc<str>, Vec<u32>> = BTreeMap::new();
            for index in usable {
                let endpoint = &endpoints[*index as usize];
                let hints = endpoint.hints.as_deref().map(hinted).unwrap_or_default();
                if hints.is_empty() || !endpoint.ready {
                    return BTreeMap::new();
                }
                for name in hints {
                    sorted.entry(name.clone()).or_default().push(*index);
                }
            }
            sorted
        };
        let near = Near { nodes: by(|hints| &hints.nodes), zones: by(|hints| &hints.zones) };
        let is_empty = near.nodes.is_empty() && near.zones.is_empty();
        (!is_empty).then(|| Box::new(near))
    }
}

/// Every address of a Service that leads in.
fn entrances(rules: &ServiceRules) -> impl Iterator<Item = (IpAddr, Entrance)> + '_ {
    let outer = rules.external_ips.iter().chain(&rules.load_balancer_ips);
    let outer = outer.map(|address| (*address, Entrance::External));
    std::iter::once((rules.cluster_ip, Entrance::ClusterIp)).chain(outer)
}

/// Ready endpoints; if there are none, those that still serve while they terminate (R6.2).
fn usable(endpoints: &[EndpointRule], among: &[u32]) -> Vec<u32> {
    let pick = |wanted: fn(&EndpointRule) -> bool| -> Vec<u32> {
        among.iter().copied().filter(|index| wanted(&endpoints[*index as usize])).collect()
    };
    let ready = pick(|endpoint| endpoint.ready);
    if ready.is_empty() {
        return pick(|endpoint| endpoint.serving && endpoint.terminating);
    }
    ready
}
