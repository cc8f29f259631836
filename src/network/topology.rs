//! Where everybody is: nodes and their pods' subnets, network namespaces, machines outside.
//!
//! Every look-up that a packet needs is one step: a pod's address names its node by subnet and its
//! namespace by the last octet. Big tables are shared between clones of a network and copied on
//! the first change. Everybody has an IPv4 address; in a dual-stack cluster, nodes, pods and the
//! laptop have an IPv6 address too, a pod's with the same last octet.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::address::{Range, within};
use super::{
    Because, BindError, Bound, Family, Listener, Netns, NetnsId, NodeEntry, Party, ProcessId,
    Protocol, SecondFamily, SocketAddr,
};
use crate::shared_map::SharedMap;

/// The addresses that pods get: kube-proxy's `--cluster-cidr` (R2.1).
pub(super) fn pod_range(family: Family) -> Range {
    match family {
        Family::V4 => (Ipv4Addr::new(10, 244, 0, 0).into(), 16),
        Family::V6 => (Ipv6Addr::new(0xfd00, 0x10, 0x244, 0, 0, 0, 0, 0).into(), 56),
    }
}

/// The addresses that Services get (R4.4).
pub(super) fn service_range(family: Family) -> Range {
    match family {
        Family::V4 => (Ipv4Addr::new(10, 96, 0, 0).into(), 12),
        Family::V6 => (Ipv6Addr::new(0xfd00, 0x10, 0x96, 0, 0, 0, 0, 0).into(), 112),
    }
}

/// The network that the nodes and the laptop are on.
pub(super) fn node_range(family: Family) -> Range {
    match family {
        Family::V4 => (Ipv4Addr::new(192, 168, 49, 0).into(), 24),
        Family::V6 => (Ipv6Addr::new(0xfd00, 0x192, 0x168, 0x49, 0, 0, 0, 0).into(), 64),
    }
}

/// The laptop's address there; it is the nodes' way out, too.
pub(super) const LAPTOP: Ipv4Addr = Ipv4Addr::new(192, 168, 49, 1);
/// The same in a dual-stack cluster.
pub(super) const LAPTOP_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x192, 0x168, 0x49, 0, 0, 0, 1);
/// The laptop's address on the outside.
pub(super) const LAPTOP_OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);

/// A node's place in the table of nodes. Never used again after the node is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(u32);

/// A node with its pods.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub entry: NodeEntry,
    pub party: Party,
    /// The node's own address in its pods' subnet.
    gateway: Ipv4Addr,
    /// Ports of the node that lead to one of its pods (`hostPort`), at one of its addresses or at
    /// all, and to which port of the pod.
    host_ports: BTreeMap<(Protocol, u16, Option<IpAddr>), (NetnsId, u16)>,
    /// Who has which address of the subnet, by the last octet.
    pods: BTreeMap<u8, NetnsId>,
    /// Who had it last.
    former: SharedMap<u8, Party>,
    /// The last octet given.
    last_given: u8,
}

/// A network namespace and the node it is on.
#[derive(Clone, Debug)]
pub(super) struct Space {
    pub netns: Netns,
    pub node: Option<NodeId>,
}

/// Nodes by everything they are looked up by.
#[derive(Clone, Debug, Default)]
struct Directory {
    by_name: BTreeMap<Arc<str>, NodeId>,
    by_address: BTreeMap<IpAddr, NodeId>,
    by_subnet: BTreeMap<Subnet, NodeId>,
}

/// What all addresses of a node's pods begin with: a /24 or a /64, as numbers. Packets look nodes up
/// by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subnet {
    V4(u32),
    V6(u64),
}

/// Everybody's place.
#[derive(Clone, Debug)]
pub(super) struct Topology {
    nodes: Arc<Vec<Option<Arc<Node>>>>,
    directory: Arc<Directory>,
    namespaces: SharedMap<NetnsId, Arc<Space>>,
    /// How many namespaces there ever were: the next one's number.
    last: u32,
    /// The laptop and the hosts outside.
    machines: Arc<BTreeMap<IpAddr, NetnsId>>,
}

impl Topology {
    /// The laptop alone; its namespace is the first.
    pub fn new() -> Topology {
        let mut topology = Topology {
            nodes: Arc::default(),
            directory: Arc::default(),
            namespaces: SharedMap::default(),
            last: 0,
            machines: Arc::default(),
        };
        let laptop = topology.add_machine(Party::Laptop, LAPTOP);
        Arc::make_mut(&mut topology.machines).insert(LAPTOP_OUTSIDE.into(), laptop);
        topology
    }

    /// The laptop's namespace.
    pub fn laptop(&self) -> NetnsId {
        NetnsId(0)
    }

    /// Adds a machine that is not part of the cluster.
    pub fn add_machine(&mut self, party: Party, address: Ipv4Addr) -> NetnsId {
        let id = self.add_namespace(party, address, None);
        Arc::make_mut(&mut self.machines).insert(address.into(), id);
        id
    }

    /// Adds a node or changes one.
    pub fn set_node(
        &mut self,
        name: &str,
        address: Ipv4Addr,
        subnet: Ipv4Addr,
        up: bool,
    ) -> NetnsId {
        let id = match self.directory.by_name.get(name) {
            Some(id) => self.change_node(*id, address, subnet, up),
            None => self.add_node(name, address, subnet, up),
        };
        let directory = Arc::make_mut(&mut self.directory);
        directory.by_address.insert(address.into(), id);
        directory.by_subnet.insert(Subnet::of(subnet.into()), id);
        self.node(id).map_or(self.laptop(), |node| node.entry.netns)
    }

    /// Gives a node, and the laptop beside it, addresses of the second family too. Pods that start
    /// from now on get both.
    pub fn set_second_family(&mut self, name: &str, address: Ipv6Addr, subnet: Ipv6Addr) {
        let Some(id) = self.node_id(name) else { return };
        let Some(node) = self.node_mut(id) else { return };
        node.entry.second = Some(SecondFamily { address, pod_subnet: subnet });
        let netns = node.entry.netns;
        let directory = Arc::make_mut(&mut self.directory);
        directory.by_address.insert(address.into(), id);
        directory.by_subnet.insert(Subnet::of(subnet.into()), id);
        if let Some(space) = self.space_mut(netns) {
            space.netns.address_v6 = Some(address);
        }
        let laptop = self.laptop();
        if self.machine_at(LAPTOP_V6.into()).is_none()
            && let Some(space) = self.space_mut(laptop)
        {
            space.netns.address_v6 = Some(LAPTOP_V6);
            Arc::make_mut(&mut self.machines).insert(LAPTOP_V6.into(), laptop);
        }
    }

    fn add_node(&mut self, name: &str, address: Ipv4Addr, subnet: Ipv4Addr, up: bool) -> NodeId {
        let name: Arc<str> = name.into();
        let id = NodeId(self.nodes.len() as u32);
        let party = Party::Node(name.clone());
        let netns = self.add_namespace(party.clone(), address, Some((id, name.clone())));
        let entry = NodeEntry {
            name: name.clone(),
            address,
            pod_subnet: subnet,
            second: None,
            up,
            zone: None,
            netns,
        };
        let node = Node {
            entry,
            party,
            gateway: octet_of(subnet, 1),
            host_ports: BTreeMap::new(),
            pods: BTreeMap::new(),
            former: SharedMap::default(),
            last_given: 1,
        };
        Arc::make_mut(&mut self.nodes).push(Some(Arc::new(node)));
        Arc::make_mut(&mut self.directory).by_name.insert(name, id);
        id
    }

    fn change_node(&mut self, id: NodeId, address: Ipv4Addr, subnet: Ipv4Addr, up: bool) -> NodeId {
        let directory = Arc::make_mut(&mut self.directory);
        let first = |address: &IpAddr| address.is_ipv4();
        directory.by_address.retain(|known, other| *other != id || !first(known));
        directory.by_subnet.retain(|known, other| *other != id || matches!(known, Subnet::V6(_)));
        if let Some(node) = self.node_mut(id) {
            node.entry.address = address;
            node.entry.pod_subnet = subnet;
            node.entry.up = up;
            node.gateway = octet_of(subnet, 1);
            let netns = node.entry.netns;
            if let Some(space) = self.space_mut(netns) {
                space.netns.address = address;
            }
        }
        id
    }

    /// Says which zone a node is in.
    pub fn set_zone(&mut self, name: &str, zone: Option<&str>) {
        let known = self.node_named(name).map(|node| node.entry.zone.as_deref());
        if let (Some(known), Some(id)) = (known, self.node_id(name))
            && known != zone
            && let Some(node) = self.node_mut(id)
        {
            node.entry.zone = zone.map(Arc::from);
        }
    }

    /// Removes a node with everything on it.
    pub fn remove_node(&mut self, name: &str) {
        let Some(id) = self.node_id(name) else { return };
        if let Some(node) = Arc::make_mut(&mut self.nodes)[id.0 as usize].take() {
            for netns in node.pods.values().chain([&node.entry.netns]) {
                self.namespaces.remove(netns);
            }
        }
        let directory = Arc::make_mut(&mut self.directory);
        directory.by_name.remove(name);
        directory.by_address.retain(|_, other| *other != id);
        directory.by_subnet.retain(|_, other| *other != id);
    }

    /// A node's next free pod address (R2.2): the last one given plus one, around the subnet,
    /// without network, gateway and broadcast.
    pub fn allocate(&mut self, node: &str) -> Option<Ipv4Addr> {
        let node = self.node_id(node).and_then(|id| self.node_mut(id))?;
        let after = (node.last_given..=254).skip(1);
        let octet = after
            .chain(2..=node.last_given)
            .find(|octet| *octet >= 2 && !node.pods.contains_key(octet))?;
        node.last_given = octet;
        Some(octet_of(node.entry.pod_subnet, octet))
    }

    /// A new namespace for a pod's sandbox.
    pub fn add_pod(&mut self, party: Party, address: Ipv4Addr, node: &str) -> NetnsId {
        let found = self.directory.by_name.get_key_value(node);
        let place = found.map(|(name, id)| (*id, name.clone()));
        let id = self.add_namespace(party, address, place.clone());
        let octet = address.octets()[3];
        let mut second = None;
        if let Some(node) = place.and_then(|(node, _)| self.node_mut(node)) {
            node.pods.insert(octet, id);
            second = node.entry.second.map(|second| number_in(second.pod_subnet, octet));
        }
        if second.is_some()
            && let Some(space) = self.space_mut(id)
        {
            space.netns.address_v6 = second;
        }
        id
    }

    /// The end of a sandbox: its address is free, its listeners are gone.
    pub fn remove_pod(&mut self, id: NetnsId) {
        let Some(space) = self.namespaces.remove(&id) else { return };
        let Some(node) = space.node.and_then(|node| self.node_mut(node)) else { return };
        let octet = space.netns.address.octets()[3];
        if node.pods.get(&octet) == Some(&id) {
            node.pods.remove(&octet);
            node.former.insert(octet, space.netns.party.clone());
        }
        node.host_ports.retain(|_, (pod, _)| *pod != id);
    }

    /// Opens a port of the node for one of its pods (`hostPort`); the pod's end closes it.
    pub fn set_host_port(
        &mut self,
        pod: NetnsId,
        protocol: Protocol,
        (address, host): (Option<IpAddr>, u16),
        port: u16,
    ) {
        let node = self.space(pod).and_then(|space| space.node);
        if let Some(node) = node.and_then(|id| self.node_mut(id)) {
            node.host_ports.insert((protocol, host, address), (pod, port));
        }
    }

    /// Opens a listening socket (R1.2).
    pub fn bind(
        &mut self,
        id: NetnsId,
        protocol: Protocol,
        address: IpAddr,
        port: u16,
        listener: Listener,
    ) -> Result<(), BindError> {
        let Some(space) = self.space_mut(id) else { return Ok(()) };
        if !space.netns.has_address(address) {
            return Err(BindError::NotAvailable);
        }
        let taken = space.netns.listeners.iter().find(|((other, bound, at), holder)| {
            *other == protocol
                && *at == port
                && (holder.hears(*bound, address) || listener.hears(address, *bound))
        });
        if let Some((_, listener)) = taken {
            return Err(BindError::InUse { by: listener.name.clone() });
        }
        let bound = (protocol, address, port);
        let place = space.netns.listeners.partition_point(|(other, _)| *other < bound);
        space.netns.listeners.reserve_exact(1);
        space.netns.listeners.insert(place, (bound, listener));
        Ok(())
    }

    /// Closes every socket of a process.
    pub fn close(&mut self, id: NetnsId, process: ProcessId) {
        let listens =
            |space: &Space| space.netns.listeners.iter().any(|(_, l)| l.process == process);
        if self.space(id).is_some_and(listens)
            && let Some(space) = self.space_mut(id)
        {
            space.netns.listeners.retain(|(_, listener)| listener.process != process);
        }
    }

    /// A namespace.
    pub fn space(&self, id: NetnsId) -> Option<&Space> {
        self.namespaces.get(&id).map(Arc::as_ref)
    }

    /// A node by its name.
    pub fn node_named(&self, name: &str) -> Option<&Node> {
        self.node(self.node_id(name)?)
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)?.as_deref()
    }

    /// A node's number.
    pub fn node_id(&self, name: &str) -> Option<NodeId> {
        self.directory.by_name.get(name).copied()
    }

    /// The node that has this address on the nodes' network.
    pub fn node_at(&self, address: IpAddr) -> Option<NodeId> {
        self.directory.by_address.get(&address).copied()
    }

    /// The node whose pods' subnet this address is in.
    pub fn node_of_pod(&self, address: IpAddr) -> Option<NodeId> {
        self.directory.by_subnet.get(&Subnet::of(address)).copied()
    }

    /// Every node, by name.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.directory.by_name.values().filter_map(|id| self.node(*id))
    }

    /// The machine outside that has this address; the laptop is one.
    pub fn machine_at(&self, address: IpAddr) -> Option<NetnsId> {
        self.machines.get(&address).copied()
    }

    /// Whether an address is a pod's, used or not: what `-s 10.244.0.0/16` matches.
    pub fn is_pod_address(&self, address: IpAddr) -> bool {
        within(address, pod_range(Family::of(address))) || self.node_of_pod(address).is_some()
    }

    fn add_namespace(
        &mut self,
        party: Party,
        address: Ipv4Addr,
        node: Option<(NodeId, Arc<str>)>,
    ) -> NetnsId {
        let id = NetnsId(self.last);
        self.last += 1;
        let (node, name) = node.unzip();
        let netns = Netns { party, address, address_v6: None, node: name, listeners: Vec::new() };
        self.namespaces.insert(id, Arc::new(Space { netns, node }));
        id
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        let slot = Arc::make_mut(&mut self.nodes).get_mut(id.0 as usize)?;
        slot.as_mut().map(Arc::make_mut)
    }

    fn space_mut(&mut self, id: NetnsId) -> Option<&mut Space> {
        self.namespaces.get_mut(&id).map(Arc::make_mut)
    }
}

impl Node {
    /// Whether an address is one of the node's own: what `--dst-type LOCAL` matches.
    pub fn owns(&self, address: IpAddr) -> bool {
        let family = Family::of(address);
        address == self.address(family) || address == self.gateway(family) || address.is_loopback()
    }

    /// The node's address on the nodes' network.
    pub fn address(&self, family: Family) -> IpAddr {
        match (family, self.entry.second) {
            (Family::V4, _) => self.entry.address.into(),
            (Family::V6, Some(second)) => second.address.into(),
            (Family::V6, None) => Ipv6Addr::UNSPECIFIED.into(),
        }
    }

    /// The node's own address in its pods' subnet.
    pub fn gateway(&self, family: Family) -> IpAddr {
        match (family, self.entry.second) {
            (Family::V4, _) => self.gateway.into(),
            (Family::V6, Some(second)) => number_in(second.pod_subnet, 1).into(),
            (Family::V6, None) => Ipv6Addr::UNSPECIFIED.into(),
        }
    }

    /// Whether an address belongs to this node's pods.
    pub fn has_subnet_of(&self, address: IpAddr) -> bool {
        let own: IpAddr = match (address, self.entry.second) {
            (IpAddr::V4(_), _) => self.entry.pod_subnet.into(),
            (IpAddr::V6(_), Some(second)) => second.pod_subnet.into(),
            (IpAddr::V6(_), None) => return false,
        };
        Subnet::of(address) == Subnet::of(own)
    }

    /// The pod with this address, of this node's subnet.
    pub fn pod_at(&self, address: IpAddr) -> Option<NetnsId> {
        self.pods.get(&number_of(address)?).copied()
    }

    /// Every pod of the node, by address.
    pub fn pods(&self) -> impl Iterator<Item = NetnsId> + '_ {
        self.pods.values().copied()
    }

    /// The pod behind a port of the node (`hostPort`), and the port that it leads to.
    pub fn host_port(&self, protocol: Protocol, at: SocketAddr) -> Option<(NetnsId, u16)> {
        let find = |address| self.host_ports.get(&(protocol, at.port(), address));
        find(Some(at.ip())).or_else(|| find(None)).copied()
    }

    /// Who had this address of the subnet before.
    pub fn former(&self, address: IpAddr) -> Option<&Party> {
        self.former.get(&number_of(address)?)
    }
}

impl Space {
    /// The socket that a packet to this address and port finds, and the address it is bound to; or
    /// why there is none (R1.4, R2.6).
    pub fn listener(
        &self,
        protocol: Protocol,
        to: SocketAddr,
    ) -> Result<(IpAddr, &Listener), Because> {
        let listeners = &self.netns.listeners;
        let hears = |((other, bound, port), listener): &&(Bound, Listener)| {
            *other == protocol && *port == to.port() && listener.hears(*bound, to.ip())
        };
        if let Some(((_, bound, _), listener)) = listeners.iter().find(hears) {
            return Ok((*bound, listener));
        }
        let mut same = listeners.iter().filter(|((other, ..), _)| *other == protocol);
        let loopback = same.clone().find(|((_, bound, port), _)| {
            bound.is_loopback() && *port == to.port() && !to.ip().is_loopback()
        });
        if let Some((_, listener)) = loopback {
            return Err(Because::LoopbackOnly { process: listener.name.clone() });
        }
        let other_family = same.clone().find(|((_, bound, port), _)| {
            *port == to.port() && Family::of(*bound) != Family::of(to.ip())
        });
        if let Some(((_, bound, _), listener)) = other_family {
            let (process, family) = (listener.name.clone(), Family::of(*bound));
            return Err(Because::OtherFamily { process, family });
        }
        let listening = same.by_ref().map(|((_, bound, port), _)| SocketAddr::new(*bound, *port));
        Err(Because::NobodyListens { listening: listening.collect() })
    }
}

impl Subnet {
    fn of(address: IpAddr) -> Subnet {
        match address {
            IpAddr::V4(address) => Subnet::V4(address.to_bits() >> 8),
            IpAddr::V6(address) => Subnet::V6((address.to_bits() >> 64) as u64),
        }
    }
}

/// An address' place in its subnet; none is as far out as an IPv6 subnet could have them.
fn number_of(address: IpAddr) -> Option<u8> {
    match address {
        IpAddr::V4(address) => Some(address.octets()[3]),
        IpAddr::V6(address) => u8::try_from(address.to_bits() as u64).ok(),
    }
}

fn number_in(subnet: Ipv6Addr, number: u8) -> Ipv6Addr {
    Ipv6Addr::from_bits(subnet.to_bits() | u128::from(number))
}

fn octet_of(subnet: Ipv4Addr, last: u8) -> Ipv4Addr {
    let [a, b, c, _] = subnet.octets();
    Ipv4Addr::new(a, b, c, last)
}
