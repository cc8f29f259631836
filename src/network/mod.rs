//! The data plane: addresses, namespaces, service rules, names; a packet goes in, a [`Trace`] comes out.
//!
//! This room never reads API objects. `cluster` compiles Services, EndpointSlices and Pods into the
//! tables here, as kube-proxy, the CNI and CoreDNS do, each a moment after the object has changed.
//! Nothing is dropped silently: every packet ends in an [`Outcome`], and every hop says why.

mod dns;
mod tables;
mod trace;
mod wording;

pub use dns::{DnsAnswer, DnsCode, DnsData, DnsRecord, DnsType};

pub use tables::{
    AddressInUse, DnsEndpoint, DnsService, DnsTarget, EndpointRule, Listener, Netns, NetnsId,
    NodeEntry, ProcessId, ResolvConf, ServiceRules,
};
pub use trace::{
    Because, DnsExchange, Entrance, Flow, Hop, Outcome, Party, Protocol, Stage, Trace, TraceId,
    Verdict,
};
pub use wording::{short_name, short_party};

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

use crate::clock::SimTime;

/// Every address, rule and socket of the cluster and of the little world around it.
#[derive(Clone, Debug)]
pub struct Network {}

/// Somebody's question to the network: where a packet starts.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The network namespace it leaves from.
    pub netns: NetnsId,
    /// The container, for the trace.
    pub container: Option<Arc<str>>,
}

/// A packet that found (or did not find) somebody.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its way.
    pub trace: Trace,
    /// The socket that has it, if it was delivered.
    pub listener: Option<(NetnsId, Listener)>,
}

impl Network {
    /// A network without nodes: the laptop (192.168.49.1), and an internet with a few names.
    /// `seed` decides load balancing, client ports and the order of DNS answers.
    pub fn new(seed: u64) -> Network {
        let _ = seed;
        todo!()
    }

    /// Adds a node or changes one. Its namespace is made with it.
    pub fn set_node(
        &mut self,
        name: &str,
        address: Ipv4Addr,
        pod_subnet: Ipv4Addr,
        up: bool,
    ) -> NetnsId {
        let _ = (name, address, pod_subnet, up);
        todo!()
    }

    /// Removes a node.
    pub fn remove_node(&mut self, name: &str) {
        let _ = name;
        todo!()
    }

    /// A node's next free pod address: last given plus one, around the subnet, without network,
    /// gateway and broadcast (R2.2). `None` when the subnet is full.
    pub fn allocate_pod_address(&mut self, node: &str) -> Option<Ipv4Addr> {
        let _ = node;
        todo!()
    }

    /// A new namespace for a pod's sandbox.
    pub fn add_pod(&mut self, party: Party, address: Ipv4Addr, node: &str) -> NetnsId {
        let _ = (party, address, node);
        todo!()
    }

    /// The end of a sandbox: its address is free, its listeners are gone.
    pub fn remove_pod(&mut self, netns: NetnsId) {
        let _ = netns;
        todo!()
    }

    /// A namespace's record.
    pub fn netns(&self, id: NetnsId) -> Option<&Netns> {
        let _ = id;
        todo!()
    }

    /// A node's record.
    pub fn node(&self, name: &str) -> Option<&NodeEntry> {
        let _ = name;
        todo!()
    }

    /// The laptop's namespace.
    pub fn laptop(&self) -> NetnsId {
        todo!()
    }

    /// Opens a listening socket. `address` 0.0.0.0 listens on every address of the namespace and
    /// conflicts with every listener on that port (R1.2).
    ///
    /// # Errors
    /// When the port is taken.
    pub fn bind(
        &mut self,
        netns: NetnsId,
        protocol: Protocol,
        address: Ipv4Addr,
        port: u16,
        listener: Listener,
    ) -> Result<(), AddressInUse> {
        let _ = (netns, protocol, address, port, listener);
        todo!()
    }

    /// Closes every socket of a process.
    pub fn close(&mut self, netns: NetnsId, process: ProcessId) {
        let _ = (netns, process);
        todo!()
    }

    /// Replaces all rules of one Service (`namespace/name`); no rules remove it.
    pub fn set_service(&mut self, service: &str, rules: Vec<ServiceRules>) {
        let _ = (service, rules);
        todo!()
    }

    /// Replaces what CoreDNS knows of one Service; `None` removes it.
    pub fn set_dns(&mut self, namespace: &str, name: &str, service: Option<DnsService>) {
        let _ = (namespace, name, service);
        todo!()
    }

    /// Tells DNS which namespaces exist.
    pub fn set_namespaces(&mut self, names: Vec<Arc<str>>) {
        let _ = names;
        todo!()
    }

    /// Sends the first packet of a connection (or one datagram, or a ping) and says what became of
    /// it. The reply's way is part of the trace.
    pub fn send(
        &mut self,
        now: SimTime,
        from: &Sender,
        protocol: Protocol,
        to: SocketAddrV4,
    ) -> Sent {
        let _ = (now, from, protocol, to);
        todo!()
    }

    /// What the cluster's DNS answers to one question, once it has reached a CoreDNS pod.
    pub fn answer(&mut self, name: &str, kind: DnsType) -> DnsAnswer {
        let _ = (name, kind);
        todo!()
    }
}
