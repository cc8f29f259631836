//! What the data plane knows: nodes, network namespaces, listeners, service rules, names.
//!
//! `cluster` fills these tables; nobody else does. They hold what a node's kernel would hold
//! (addresses, rules, sockets), not what the API says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use super::topology::LAPTOP_OUTSIDE;
use super::{Family, Party, Protocol, Range, SocketAddr};

/// A network namespace: a pod's, a node's own, or a machine's outside the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetnsId(pub u32);

/// A process that the cluster runs. The network only remembers which one has a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u64);

impl ProcessId {
    /// kube-proxy, which answers health checks on nodes.
    pub const KUBE_PROXY: ProcessId = ProcessId(u64::MAX);
    /// The API server, on the node that runs the control plane.
    pub const API_SERVER: ProcessId = ProcessId(u64::MAX - 2);
    /// The kubelet of a node.
    pub const KUBELET: ProcessId = ProcessId(u64::MAX - 3);
    /// The ssh server of a node.
    pub const SSHD: ProcessId = ProcessId(u64::MAX - 4);
    /// Servers of the world outside.
    pub const OUTSIDE: ProcessId = ProcessId(u64::MAX - 1);
}

/// A node, as the network sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeEntry {
    /// `node-1`
    pub name: Arc<str>,
    /// Its address, on the network that the laptop is on too.
    pub address: Ipv4Addr,
    /// Its pods' subnet, a /24 (R2.1); `.1` is the node's own address in it.
    pub pod_subnet: Ipv4Addr,
    /// The same of IPv6, in a dual-stack cluster.
    pub second: Option<SecondFamily>,
    /// Whether it is switched on.
    pub up: bool,
    /// The zone that it is in, as its label says (`topology.kubernetes.io/zone`).
    pub zone: Option<Arc<str>>,
    /// The node's own network namespace.
    pub netns: NetnsId,
}

impl NodeEntry {
    /// Its addresses on the nodes' network, one of each family.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let second = self.second.map(|second| IpAddr::V6(second.address));
        [IpAddr::V4(self.address)].into_iter().chain(second)
    }

    /// Its own address in its pods' subnet: the first one there.
    pub fn gateway(&self, family: Family) -> Option<IpAddr> {
        match (family, self.second) {
            (Family::V4, _) => {
                let [a, b, c, _] = self.pod_subnet.octets();
                Some(Ipv4Addr::new(a, b, c, 1).into())
            }
            (Family::V6, Some(second)) => {
                Some(Ipv6Addr::from_bits(second.pod_subnet.to_bits() | 1).into())
            }
            (Family::V6, None) => None,
        }
    }

    /// Whether it has this address on the nodes' network.
    pub fn has_address(&self, address: IpAddr) -> bool {
        self.addresses().any(|own| own == address)
    }
}

/// What a node has of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondFamily {
    /// Its address, on the network that the laptop is on too.
    pub address: Ipv6Addr,
    /// Its pods' subnet, a /64; `::1` is the node's own address in it.
    pub pod_subnet: Ipv6Addr,
}

/// A network namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Netns {
    /// Whose it is.
    pub party: Party,
    /// Its address.
    pub address: Ipv4Addr,
    /// Its IPv6 address, in a dual-stack cluster.
    pub address_v6: Option<Ipv6Addr>,
    /// The node it is on; `None` outside the cluster.
    pub node: Option<Arc<str>>,
    /// Who listens in it, by [`Bound`]: few enough for a sorted list.
    pub listeners: Vec<(Bound, Listener)>,
}

impl Netns {
    /// Its address of a family.
    pub fn address_of(&self, family: Family) -> Option<IpAddr> {
        match family {
            Family::V4 => Some(self.address.into()),
            Family::V6 => self.address_v6.map(IpAddr::V6),
        }
    }

    /// Whether a socket can be bound to this address here: to every one, to one of the loopback
    /// device's, to one of its own.
    pub fn has_address(&self, address: IpAddr) -> bool {
        let own = [Family::V4, Family::V6].into_iter().filter_map(|family| self.address_of(family));
        address.is_unspecified()
            || address.is_loopback()
            || own.into_iter().any(|own| own == address)
            || self.party == Party::Laptop && address == LAPTOP_OUTSIDE
    }
}

/// What a socket is bound to: protocol, address (`0.0.0.0` is every one of IPv4, `::` every one)
/// and port.
pub type Bound = (Protocol, IpAddr, u16);

/// A listening socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Who reads from it.
    pub process: ProcessId,
    /// That process's name, for `ss` and traces: `nginx`.
    pub name: Arc<str>,
    /// The container that it runs in.
    pub container: Option<Arc<str>>,
    /// Whose it is, where that is not whoever the network namespace belongs to: a pod's on the
    /// node's own network (`hostNetwork`).
    pub owner: Option<Party>,
    /// Whether a socket that is bound to `::` takes IPv6 alone (`IPV6_V6ONLY`). Without it, it takes
    /// both families.
    pub v6_only: bool,
}

impl Listener {
    /// Whether this socket, bound to `bound`, has what is sent to `address`.
    pub(super) fn hears(&self, bound: IpAddr, address: IpAddr) -> bool {
        bound == address
            || bound.is_unspecified()
                && match (bound, address) {
                    (IpAddr::V6(_), IpAddr::V4(_)) => !self.v6_only,
                    (IpAddr::V4(_), IpAddr::V6(_)) => false,
                    _ => true,
                }
    }
}

/// Why a bind failed (bind(2)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindError {
    /// Somebody has the port (`EADDRINUSE`; R1.2): the name of the process.
    InUse { by: Arc<str> },
    /// No interface of the network namespace has the address (`EADDRNOTAVAIL`).
    NotAvailable,
    /// The port is below 1024, and so not for this user (`EACCES`).
    Denied,
}

impl BindError {
    /// Linux's number of it.
    pub fn errno(&self) -> u8 {
        match self {
            BindError::InUse { .. } => 98,
            BindError::NotAvailable => 99,
            BindError::Denied => 13,
        }
    }

    /// The C library's words for it.
    pub fn words(&self) -> &'static str {
        match self {
            BindError::InUse { .. } => "Address already in use",
            BindError::NotAvailable => "Cannot assign requested address",
            BindError::Denied => "Permission denied",
        }
    }
}

/// A Service's port, as kube-proxy programs it on every node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRules {
    /// `default/web:http`; without `:http` where the port has no name.
    pub name: Arc<str>,
    /// The cluster IP. A Service of both families has rules for each, and these are of one: so are
    /// all other addresses here.
    pub cluster_ip: IpAddr,
    /// Its protocol.
    pub protocol: Protocol,
    /// The Service's port.
    pub port: u16,
    /// The port on every node, for NodePort and LoadBalancer.
    pub node_port: Option<u16>,
    /// External IPs that lead here too.
    pub external_ips: Vec<IpAddr>,
    /// Addresses of load balancers that lead here too, unless they ask to be left alone
    /// (`ipMode: Proxy`).
    pub load_balancer_ips: Vec<IpAddr>,
    /// `loadBalancerSourceRanges`: who may come in by those, as network and prefix length; everybody
    /// where there are none.
    pub source_ranges: Vec<Range>,
    /// `internalTrafficPolicy: Local` (R6.9)
    pub internal_local: bool,
    /// `externalTrafficPolicy: Local` (R7.3)
    pub external_local: bool,
    /// `healthCheckNodePort` (R7.3): kube-proxy itself answers there, on every node.
    pub health_check_node_port: Option<u16>,
    /// `sessionAffinity: ClientIP`, and how long it lasts without traffic (R6.8).
    pub affinity: Option<Duration>,
    /// Every endpoint that is known, usable or not.
    pub endpoints: Arc<[EndpointRule]>,
}

/// One endpoint of a Service's port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRule {
    /// Where it is.
    pub address: SocketAddr,
    /// The node it is on, where that is known.
    pub node: Option<Arc<str>>,
    /// The pod, where it is one.
    pub pod: Option<Party>,
    /// Ready, and not terminating (R5.2).
    pub ready: bool,
    /// Ready, perhaps terminating: used when nobody is ready (R6.2).
    pub serving: bool,
    /// On its way out.
    pub terminating: bool,
    /// For whom it is meant, where the Service has a `trafficDistribution`.
    pub hints: Option<Arc<EndpointHints>>,
}

/// For whom an endpoint is meant (`hints` of an EndpointSlice).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointHints {
    /// For clients in these zones.
    pub zones: Vec<Arc<str>>,
    /// For clients on these nodes.
    pub nodes: Vec<Arc<str>>,
}

/// A pod's or machine's `/etc/resolv.conf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvConf {
    /// `nameserver` lines.
    pub nameservers: Vec<IpAddr>,
    /// The `search` line.
    pub search: Vec<String>,
    /// `options ndots:N`
    pub ndots: u32,
}
