//! Where everybody is: nodes and their pods' subnets, network namespaces, machines outside.
//!
//! Every look-up that a packet needs is one step: a pod's address names its node by subnet and its
//! namespace by the last octet. Big tables are shared between clones of a network and copied on
//! the first change.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

use super::{
    AddressInUse, Because, Listener, Netns, NetnsId, NodeEntry, Party, ProcessId, Protocol,
};

/// The addresses that pods get: kube-proxy's `--cluster-cidr` (R2.1).
pub(super) const POD_RANGE: (Ipv4Addr, u8) = (Ipv4Addr::new(10, 244, 0, 0), 16);
/// The addresses that Services get (R4.4).
pub(super) const SERVICE_RANGE: (Ipv4Addr, u8) = (Ipv4Addr::new(10, 96, 0, 0), 12);
/// The network that the nodes and the laptop are on.
pub(super) const NODE_RANGE: (Ipv4Addr, u8) = (Ipv4Addr::new(192, 168, 49, 0), 24);
/// The laptop's address there; it is the nodes' way out, too.
pub(super) const LAPTOP: Ipv4Addr = Ipv4Addr::new(192, 168, 49, 1);
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
    pub gateway: Ipv4Addr,
    /// Ports of the node that lead to one of its pods (`hostPort`), and to which port of it.
    pub host_ports: BTreeMap<(Protocol, u16), (NetnsId, u16)>,
    /// Who has which address of the subnet, by the last octet.
    pods: BTreeMap<u8, NetnsId>,
    /// Who had it last.
    former: BTreeMap<u8, Party>,
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
    by_address: BTreeMap<Ipv4Addr, NodeId>,
    by_subnet: BTreeMap<[u8; 3], NodeId>,
}

/// Everybody's place.
#[derive(Clone, Debug)]
pub(super) struct Topology {
    nodes: Arc<Vec<Option<Arc<Node>>>>,
    directory: Arc<Directory>,
    namespaces: Arc<Vec<Option<Arc<Space>>>>,
    /// The laptop and the hosts outside.
    machines: Arc<BTreeMap<Ipv4Addr, NetnsId>>,
}

impl Topology {
    /// The laptop alone; its namespace is the first.
    pub fn new() -> Topology {
        let mut topology = Topology {
            nodes: Arc::default(),
            directory: Arc::default(),
            namespaces: Arc::default(),
            machines: Arc::default(),
        };
        let laptop = topology.add_machine(Party::Laptop, LAPTOP);
        Arc::make_mut(&mut topology.machines).insert(LAPTOP_OUTSIDE, laptop);
        topology
    }

    /// The laptop's namespace.
    pub fn laptop(&self) -> NetnsId {
        NetnsId(0)
    }

    /// Adds a machine that is not part of the cluster.
    pub fn add_machine(&mut self, party: Party, address: Ipv4Addr) -> NetnsId {
        let id = self.add_namespace(party, address, None);
        Arc::make_mut(&mut self.machines).insert(address, id);
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
        directory.by_address.insert(address, id);
        directory.by_subnet.insert(prefix(subnet), id);
        self.node(id).map_or(self.laptop(), |node| node.entry.netns)
    }

    fn add_node(&mut self, name: &str, address: Ipv4Addr, subnet: Ipv4Addr, up: bool) -> NodeId {
        let name: Arc<str> = name.into();
        let id = NodeId(self.nodes.len() as u32);
        let party = Party::Node(name.clone());
        let netns = self.add_namespace(party.clone(), address, Some((id, name.clone())));
        let entry =
            NodeEntry { name: name.clone(), address, pod_subnet: subnet, up, zone: None, netns };
        let node = Node {
            entry,
            party,
            gateway: octet_of(subnet, 1),
            host_ports: BTreeMap::new(),
            pods: BTreeMap::new(),
            former: BTreeMap::new(),
            last_given: 1,
        };
        Arc::make_mut(&mut self.nodes).push(Some(Arc::new(node)));
        Arc::make_mut(&mut self.directory).by_name.insert(name, id);
        id
    }

    fn change_node(&mut self, id: NodeId, address: Ipv4Addr, subnet: Ipv4Addr, up: bool) -> NodeId {
        let directory = Arc::make_mut(&mut self.directory);
        directory.by_address.retain(|_, other| *other != id);
        directory.by_subnet.retain(|_, other| *other != id);
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
            let namespaces = Arc::make_mut(&mut self.namespaces);
            for netns in node.pods.values().chain([&node.entry.netns]) {
                namespaces[netns.0 as usize] = None;
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
        if let Some(node) = place.and_then(|(node, _)| self.node_mut(node)) {
            node.pods.insert(address.octets()[3], id);
        }
        id
    }

    /// The end of a sandbox: its address is free, its listeners are gone.
    pub fn remove_pod(&mut self, id: NetnsId) {
        let Some(slot) = Arc::make_mut(&mut self.namespaces).get_mut(id.0 as usize) else { return };
        let Some(space) = slot.take() else { return };
        let Some(node) = space.node.and_then(|node| self.node_mut(node)) else { return };
        let octet = space.netns.address.octets()[3];
        if node.pods.get(&octet) == Some(&id) {
            node.pods.remove(&octet);
            node.former.insert(octet, space.netns.party.clone());
        }
        node.host_ports.retain(|_, (pod, _)| *pod != id);
    }

    /// Opens a port of the node for one of its pods (`hostPort`); the pod's end closes it.
    pub fn set_host_port(&mut self, pod: NetnsId, protocol: Protocol, host: u16, port: u16) {
        let node = self.space(pod).and_then(|space| space.node);
        if let Some(node) = node.and_then(|id| self.node_mut(id)) {
            node.host_ports.insert((protocol, host), (pod, port));
        }
    }

    /// Opens a listening socket (R1.2).
    pub fn bind(
        &mut self,
        id: NetnsId,
        protocol: Protocol,
        address: Ipv4Addr,
        port: u16,
        listener: Listener,
    ) -> Result<(), AddressInUse> {
        let Some(space) = self.space_mut(id) else { return Ok(()) };
        let taken = space.netns.listeners.iter().find(|((other, bound, at), _)| {
            *other == protocol
                && *at == port
                && (*bound == address || bound.is_unspecified() || address.is_unspecified())
        });
        if let Some((_, listener)) = taken {
            return Err(AddressInUse { by: listener.name.clone() });
        }
        let bound = (protocol, address, port);
        let place = space.netns.listeners.partition_point(|(other, _)| *other < bound);
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
        self.namespaces.get(id.0 as usize)?.as_deref()
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
    pub fn node_at(&self, address: Ipv4Addr) -> Option<NodeId> {
        self.directory.by_address.get(&address).copied()
    }

    /// The node whose pods' subnet this address is in.
    pub fn node_of_pod(&self, address: Ipv4Addr) -> Option<NodeId> {
        self.directory.by_subnet.get(&prefix(address)).copied()
    }

    /// Every node, by name.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.directory.by_name.values().filter_map(|id| self.node(*id))
    }

    /// The machine outside that has this address; the laptop is one.
    pub fn machine_at(&self, address: Ipv4Addr) -> Option<NetnsId> {
        self.machines.get(&address).copied()
    }

    /// Whether an address is a pod's, used or not: what `-s 10.244.0.0/16` matches.
    pub fn is_pod_address(&self, address: Ipv4Addr) -> bool {
        within(address, POD_RANGE) || self.directory.by_subnet.contains_key(&prefix(address))
    }

    fn add_namespace(
        &mut self,
        party: Party,
        address: Ipv4Addr,
        node: Option<(NodeId, Arc<str>)>,
    ) -> NetnsId {
        let id = NetnsId(self.namespaces.len() as u32);
        let (node, name) = node.unzip();
        let netns = Netns { party, address, node: name, listeners: Vec::new() };
        Arc::make_mut(&mut self.namespaces).push(Some(Arc::new(Space { netns, node })));
        id
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        let slot = Arc::make_mut(&mut self.nodes).get_mut(id.0 as usize)?;
        slot.as_mut().map(Arc::make_mut)
    }

    fn space_mut(&mut self, id: NetnsId) -> Option<&mut Space> {
        let slot = Arc::make_mut(&mut self.namespaces).get_mut(id.0 as usize)?;
        slot.as_mut().map(Arc::make_mut)
    }
}

impl Node {
    /// Whether an address is one of the node's own: what `--dst-type LOCAL` matches.
    pub fn owns(&self, address: Ipv4Addr) -> bool {
        address == self.entry.address || address == self.gateway || address.is_loopback()
    }

    /// Whether an address belongs to this node's pods.
    pub fn has_subnet_of(&self, address: Ipv4Addr) -> bool {
        prefix(address) == prefix(self.entry.pod_subnet)
    }

    /// The pod with this address, of this node's subnet.
    pub fn pod_at(&self, address: Ipv4Addr) -> Option<NetnsId> {
        self.pods.get(&address.octets()[3]).copied()
    }

    /// Every pod of the node, by address.
    pub fn pods(&self) -> impl Iterator<Item = NetnsId> + '_ {
        self.pods.values().copied()
    }

    /// Who had this address of the subnet before.
    pub fn former(&self, address: Ipv4Addr) -> Option<&Party> {
        self.former.get(&address.octets()[3])
    }
}

impl Space {
    /// The socket that a packet to this address and port finds, and the address it is bound to; or
    /// why there is none (R1.4, R2.6).
    pub fn listener(
        &self,
        protocol: Protocol,
        to: SocketAddrV4,
    ) -> Result<(Ipv4Addr, &Listener), Because> {
        let listeners = &self.netns.listeners;
        for bound in [*to.ip(), Ipv4Addr::UNSPECIFIED] {
            let wanted = (protocol, bound, to.port());
            if let Some((_, listener)) = listeners.iter().find(|(bound, _)| *bound == wanted) {
                return Ok((bound, listener));
            }
        }
        let mut same = listeners.iter().filter(|((other, ..), _)| *other == protocol);
        let loopback = same.clone().find(|((_, bound, port), _)| {
            bound.is_loopback() && *port == to.port() && !to.ip().is_loopback()
        });
        if let Some((_, listener)) = loopback {
            return Err(Because::LoopbackOnly { process: listener.name.clone() });
        }
        let listening = same.by_ref().map(|((_, bound, port), _)| SocketAddrV4::new(*bound, *port));
        Err(Because::NobodyListens { listening: listening.collect() })
    }
}

/// Whether `address` is in a range written as network and prefix length.
pub(super) fn within(address: Ipv4Addr, (network, length): (Ipv4Addr, u8)) -> bool {
    let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
    address.to_bits() & mask == network.to_bits() & mask
}

fn prefix(address: Ipv4Addr) -> [u8; 3] {
    let [a, b, c, _] = address.octets();
    [a, b, c]
}

fn octet_of(subnet: Ipv4Addr, last: u8) -> Ipv4Addr {
    let [a, b, c, _] = subnet.octets();
    Ipv4Addr::new(a, b, c, last)
}
