//! The data plane: addresses, namespaces, service rules, names; a packet goes in, a [`Trace`] comes out.
//!
//! This room never reads API objects. `cluster` compiles Services, EndpointSlices, Pods and
//! NetworkPolicies into the tables here, as kube-proxy and the CNI do, each a moment after the object
//! has changed. Nothing is dropped silently: every packet ends in an [`Outcome`], and
//! every hop says why.
//!
//! A packet's way is told in `walk`, from the sender's process to the socket that has it. It reads
//! `topology` (who is where), `services` (kube-proxy's rules) and `policy`, and changes `state`
//! (ports, affinity, connections). `dns` has the messages of name servers.
//!
//! Every packet and every rule is of one family of addresses, and both families take the same way;
//! in a single-stack cluster nobody has an IPv6 address but the loopback device.
//!
//! Not simulated: packets after the first one of a connection, fragments, congestion and loss.

mod address;
mod candidates;
mod conntrack;
mod dns;
#[cfg(test)]
mod dual_stack;
#[cfg(test)]
pub(crate) mod fixture;
mod interfaces;
pub mod iptables;
mod policy;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod recorded;
mod services;
mod state;
mod tables;
mod topology;
mod trace;
mod walk;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

pub use address::{Family, Range, SocketAddr, aton, netmask, within};
pub use candidates::{Candidate, Fate, Passage};
pub use conntrack::{ConntrackEntry, ConntrackLine, Tracked};
pub use dns::{
    DnsAnswer, DnsCode, DnsData, DnsRecord, DnsType, RESOLVER as OUTSIDE_RESOLVER, absolute,
    outside_answer,
};
pub use interfaces::{Address, Interface, Route};
pub use policy::{PodPolicies, PolicyBlock, PolicyPeers, PolicyPort, PolicyRule, PolicyRules};
pub use tables::{
    BindError, Bound, EndpointHints, EndpointRule, Listener, Netns, NetnsId, NodeEntry, ProcessId,
    ResolvConf, SecondFamily, ServiceRules,
};
pub use trace::{
    Because, DnsExchange, Entrance, Flow, Hop, HopVerdict, Outcome, Party, Protocol, Stage, Trace,
    TraceId,
};

use crate::clock::SimTime;
use policy::Policies;
use services::Services;
use state::NetworkState;
use topology::Topology;
use walk::{Arrival, ExternalAccess, Walk, World};

/// Every address, rule and socket of the cluster and of the little world around it.
#[derive(Clone, Debug)]
pub struct Network {
    topology: Topology,
    services: Services,
    policies: Policies,
    external: ExternalAccess,
    state: NetworkState,
}

/// Somebody's question to the network: where a packet starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The network namespace it leaves from.
    pub netns: NetnsId,
    /// The container, for the trace.
    pub container: Option<Arc<str>>,
    /// The container's process, for the trace; none for a command from outside.
    pub process: Option<ProcessId>,
}

/// A packet that found (or did not find) somebody.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its way.
    pub trace: Arc<Trace>,
    /// The socket that has it, if it was delivered to a process.
    pub listener: Option<(NetnsId, Listener)>,
}

/// A question to a name server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// The name, exactly as it is asked: no search list is applied here.
    pub name: &'a str,
    /// What is asked for.
    pub kind: DnsType,
}

impl Network {
    /// A network without nodes: the laptop (192.168.49.1), and an internet with a few names.
    /// `seed` decides load balancing, client ports and the order of DNS answers.
    pub fn new(seed: u64) -> Network {
        let mut network = Network {
            topology: Topology::new(),
            services: Services::default(),
            policies: Policies::default(),
            external: ExternalAccess::default(),
            state: NetworkState::new(seed),
        };
        network.add_outside("203.0.113.53", dns::RESOLVER, Protocol::Udp, &[53]);
        for host in dns::HOSTS {
            network.add_outside(host.name, host.address, Protocol::Tcp, host.ports);
        }
        network
    }

    /// The names of the machines outside that serve something.
    pub fn names_outside(&self) -> impl Iterator<Item = &'static str> {
        dns::HOSTS.iter().map(|host| host.name)
    }

    /// Adds a node or changes one. Its namespace is made with it.
    pub fn set_node(
        &mut self,
        name: &str,
        address: Ipv4Addr,
        pod_subnet: Ipv4Addr,
        up: bool,
    ) -> NetnsId {
        self.topology.set_node(name, address, pod_subnet, up)
    }

    /// Makes a node dual-stack, and the laptop beside it: both have an IPv6 address from now on, and
    /// so have pods that start there. `subnet` is a /64.
    pub fn set_second_family(&mut self, node: &str, address: Ipv6Addr, subnet: Ipv6Addr) {
        self.topology.set_second_family(node, address, subnet);
    }

    /// Says which zone a node is in, if any: kube-proxy there keeps to it for Services that prefer
    /// the same zone.
    pub fn set_zone(&mut self, node: &str, zone: Option<&str>) {
        self.topology.set_zone(node, zone);
    }

    /// Removes a node.
    pub fn remove_node(&mut self, name: &str) {
        self.topology.remove_node(name);
    }

    /// A node's next free pod address: last given plus one, around the subnet, without network,
    /// gateway and broadcast (R2.2). `None` when the subnet is full.
    pub fn allocate_pod_address(&mut self, node: &str) -> Option<Ipv4Addr> {
        self.topology.allocate(node)
    }

    /// A new namespace for a pod's sandbox. Pods with `hostNetwork` get none: they live in their
    /// node's.
    pub fn add_pod(&mut self, party: Party, address: Ipv4Addr, node: &str) -> NetnsId {
        self.topology.add_pod(party, address, node)
    }

    /// The end of a sandbox: its address is free, its listeners are gone.
    pub fn remove_pod(&mut self, netns: NetnsId) {
        self.topology.remove_pod(netns);
        self.state.forget_namespace(netns);
        if self.policies.contains_key(&netns) {
            Arc::make_mut(&mut self.policies).remove(&netns);
        }
    }

    /// Opens a port of a pod's node for the pod's own `port` (`hostPort`), until the pod ends: at one
    /// address of the node (`hostIP`), or at all of them.
    pub fn set_host_port(
        &mut self,
        pod: NetnsId,
        protocol: Protocol,
        host: (Option<IpAddr>, u16),
        port: u16,
    ) {
        self.topology.set_host_port(pod, protocol, host, port);
    }

    /// Replaces the policies that select a pod (R11).
    pub fn set_policies(&mut self, pod: NetnsId, policies: PodPolicies) {
        let table = Arc::make_mut(&mut self.policies);
        if policies == PodPolicies::default() {
            table.remove(&pod);
        } else {
            table.insert(pod, policies);
        }
    }

    /// Declares that the cluster runs in a cloud: its load balancers lead from outside to the nodes
    /// (R7.4).
    pub fn join_cloud(&mut self) {
        self.external.cloud = true;
    }

    /// Opens or closes `minikube tunnel`: the laptop reaches cluster IPs through the first node.
    pub fn set_tunnel(&mut self, open: bool) {
        self.external.tunnel = open;
    }

    /// A namespace's record.
    pub fn netns(&self, id: NetnsId) -> Option<&Netns> {
        self.topology.space(id).map(|space| &space.netns)
    }

    /// A node's record.
    pub fn node(&self, name: &str) -> Option<&NodeEntry> {
        self.topology.node_named(name).map(|node| &node.entry)
    }

    /// Whether an address is of the network that the nodes are on, and no machine has it.
    pub fn is_vacant(&self, address: IpAddr) -> bool {
        within(address, topology::node_range(Family::of(address)))
            && self.topology.node_at(address).is_none()
            && self.topology.machine_at(address).is_none()
    }

    /// The laptop's namespace.
    pub fn laptop(&self) -> NetnsId {
        self.topology.laptop()
    }

    /// Opens a listening socket. `address` 0.0.0.0 listens on every IPv4 address of the namespace, ::
    /// on every address unless the listener is for IPv6 alone; both conflict with every listener on
    /// that port that would hear the same (R1.2).
    ///
    /// # Errors
    /// When the port is taken.
    pub fn bind(
        &mut self,
        netns: NetnsId,
        protocol: Protocol,
        address: impl Into<IpAddr>,
        port: u16,
        listener: Listener,
    ) -> Result<(), BindError> {
        self.topology.bind(netns, protocol, address.into(), port, listener)
    }

    /// Closes every socket of a process.
    pub fn close(&mut self, netns: NetnsId, process: ProcessId) {
        self.topology.close(netns, process);
    }

    /// Replaces all rules of one Service (`namespace/name`); no rules remove it.
    pub fn set_service(&mut self, service: &str, rules: Vec<ServiceRules>) {
        if rules.is_empty() {
            self.state.forget_affinity(service);
        }
        self.services.set(service, rules);
    }

    /// Sends the first packet of a connection (or one datagram, or a ping) and says what became of
    /// it. The reply's way is part of the trace.
    pub fn send(
        &mut self,
        now: SimTime,
        from: &Sender,
        protocol: Protocol,
        to: SocketAddr,
    ) -> Sent {
        let (trace, listener) = self.walk(now, from, protocol, to);
        Sent { trace: self.state.remember(trace), listener }
    }

    /// As [`Network::send`], but nobody looks back at it: a kubelet's probes would push everything
    /// else out of the log.
    pub fn probe(
        &mut self,
        now: SimTime,
        from: &Sender,
        protocol: Protocol,
        to: SocketAddr,
    ) -> Sent {
        let (trace, listener) = self.walk(now, from, protocol, to);
        Sent { trace: Arc::new(trace), listener }
    }

    /// Sends a question to whoever has port 53 at `server`. Who listens there, if anybody, answers it;
    /// the trace is kept with the answer in it ([`Network::keep`]).
    pub fn send_question(
        &mut self,
        now: SimTime,
        from: &Sender,
        protocol: Protocol,
        server: IpAddr,
    ) -> (Trace, Option<(NetnsId, Listener)>) {
        self.walk(now, from, protocol, SocketAddr::new(server, 53))
    }

    /// One more packet over the socket of another: it takes the same way.
    pub fn send_again(&mut self, first: &Trace) -> Trace {
        Trace { id: self.state.next_trace(), ..first.clone() }
    }

    /// Keeps the trace of a question, now that its answer is known.
    pub fn keep(&mut self, trace: Trace) -> Arc<Trace> {
        self.state.remember(trace)
    }

    /// The traces that are kept, oldest first: the last thousand.
    pub fn traces(&self) -> impl DoubleEndedIterator<Item = &Arc<Trace>> + ExactSizeIterator {
        self.state.traces()
    }

    /// A trace by its number, if it is still kept.
    pub fn trace(&self, id: TraceId) -> Option<&Arc<Trace>> {
        self.state.trace(id)
    }

    /// The number that the next packet gets.
    pub fn next_trace(&self) -> TraceId {
        self.state.upcoming_trace()
    }

    /// What kube-proxy tells on a health check port of a node: the Service (`namespace/name`) and
    /// how many ready endpoints it has there (R7.3).
    pub fn health_check(&self, node: &str, port: u16) -> Option<(&str, usize)> {
        let service_port = self.services.health_check(port)?;
        Some((service_port.service(), service_port.ready_on(node)))
    }

    /// Forgets a node's records of connections that `goes` picks, and says which they were.
    pub fn forget_connections(
        &mut self,
        node: &str,
        now: SimTime,
        goes: impl Fn(&ConntrackEntry) -> bool,
    ) -> Vec<ConntrackEntry> {
        match self.topology.node_id(node) {
            Some(id) => self.state.conntrack.forget(id, now, goes),
            None => Vec::new(),
        }
    }

    /// A node's records of connections, oldest first.
    pub fn conntrack(&self, node: &str, now: SimTime) -> Vec<ConntrackEntry> {
        let id = self.topology.node_id(node);
        id.map_or_else(Vec::new, |id| self.state.conntrack.entries(id, now).copied().collect())
    }

    fn walk(
        &mut self,
        now: SimTime,
        from: &Sender,
        protocol: Protocol,
        to: SocketAddr,
    ) -> (Trace, Option<(NetnsId, Listener)>) {
        let id = self.state.next_trace();
        let world = World {
            topology: &self.topology,
            services: &self.services,
            policies: &self.policies,
            external: self.external,
            state: &mut self.state,
        };
        let Arrival { from: party, flow, hops, outcome, listener } =
            Walk::send(world, now, from, protocol, to);
        let trace = Trace {
            id,
            at: now,
            from: party,
            container: from.container.clone(),
            process: from.process,
            server: listener.as_ref().map(|(_, listener)| listener.process),
            flow,
            hops,
            outcome,
            dns: None,
        };
        (trace, listener)
    }

    fn add_outside(&mut self, name: &str, address: Ipv4Addr, protocol: Protocol, ports: &[u16]) {
        let netns = self.topology.add_machine(Party::Outside(name.into()), address);
        for port in ports {
            let name = if *port == 53 { "resolver" } else { "httpd" };
            let listener = Listener {
                process: ProcessId::OUTSIDE,
                name: name.into(),
                container: None,
                owner: None,
                v6_only: false,
            };
            // A machine that was just added has every port free.
            let _ = self.bind(netns, protocol, Ipv4Addr::UNSPECIFIED, *port, listener);
        }
    }
}
