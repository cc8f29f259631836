//! What a packet met on its way: hop by hop, with the facts behind each decision.
//!
//! Facts, never sentences: a [`Because`] holds addresses, names and counts; `Display` and the
//! packet panel word them, and `level` makes advice of them.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{DnsAnswer, DnsType, EndpointRule, Family, ProcessId, Range, SocketAddr};
use crate::clock::SimTime;

/// A trace's number, in order of sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub u64);

/// The transport protocol of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    Tcp,
    Udp,
    Sctp,
    Icmp,
}

/// Somebody who can send or receive: where a network namespace belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A pod, by namespace and name.
    Pod { namespace: Arc<str>, name: Arc<str> },
    /// A node's own network namespace.
    Node(Arc<str>),
    /// The player's machine, outside the cluster, on the nodes' network.
    Laptop,
    /// A host on the internet, by its name or address.
    Outside(Arc<str>),
}

/// A packet's addresses at one point of its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The transport protocol.
    pub protocol: Protocol,
    /// Where it comes from, as this hop sees it.
    pub source: SocketAddr,
    /// Where it goes, as this hop sees it.
    pub destination: SocketAddr,
}

impl Flow {
    /// The addresses of the reply.
    pub fn reversed(self) -> Flow {
        Flow { source: self.destination, destination: self.source, ..self }
    }
}

/// The part of the way that a hop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// A process hands the packet to its network namespace.
    Send,
    /// The loopback device of a network namespace.
    Loopback,
    /// kube-proxy's rules on a node.
    ServiceProxy,
    /// NetworkPolicy at the sending pod.
    PolicyEgress,
    /// A routing decision, on a node or outside.
    Route,
    /// Source NAT as the packet leaves a node.
    Masquerade,
    /// NetworkPolicy at the receiving pod.
    PolicyIngress,
    /// The receiving network namespace: does anybody listen?
    Listener,
    /// The reply's way back, in one hop.
    Reply,
}

/// What a hop decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HopVerdict {
    /// On to the next hop.
    Pass,
    /// It arrived.
    Deliver,
    /// The sender is told no at once (TCP RST, or ICMP port unreachable).
    Reject,
    /// The sender is told that there is no route (ICMP host unreachable).
    Unreachable,
    /// Nobody answers; the sender waits.
    Drop,
}

/// One decision on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Whose network namespace decided.
    pub place: Party,
    /// At which part of the way.
    pub stage: Stage,
    /// The packet as it came.
    pub before: Flow,
    /// The packet as it left (NAT changes it).
    pub after: Flow,
    /// What was decided.
    pub verdict: HopVerdict,
    /// On what facts.
    pub because: Because,
}

/// The facts behind a decision. Names of Services are `namespace/name`, with `:port` where the port
/// is named, as kube-proxy writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// A process on this side sent it.
    Sent,
    /// The destination is the sender's own network namespace.
    OwnNamespace,
    /// A Service's rules chose one of its usable endpoints (R6.1, R6.2).
    EndpointChosen {
        service: Arc<str>,
        /// The address of the Service that the packet was sent to.
        entrance: Entrance,
        endpoint: SocketAddr,
        pod: Option<Party>,
        /// How many endpoints it was chosen of.
        usable: u32,
        /// Same client, same endpoint (R6.8).
        affinity: bool,
        /// Only endpoints of this node could be chosen (R6.9, R7.3).
        local: bool,
        /// Every endpoint that the rules know, usable or not.
        endpoints: Arc<[EndpointRule]>,
    },
    /// The Service has no usable endpoint anywhere (R6.3).
    NoEndpoints {
        service: Arc<str>,
        entrance: Entrance,
        /// How many are known, though none can be used.
        known: u32,
        endpoints: Arc<[EndpointRule]>,
    },
    /// A Local policy, and no endpoint on this node (R6.3).
    NoLocalEndpoints {
        service: Arc<str>,
        entrance: Entrance,
        /// How many usable ones there are on other nodes.
        elsewhere: u32,
        endpoints: Arc<[EndpointRule]>,
    },
    /// The port of the node leads to a pod of it (`hostPort`).
    HostPort { pod: Party, endpoint: SocketAddr },
    /// A cluster IP, but not a port of its Service (R6.4); here is what it has.
    NotAServicePort { service: Arc<str>, ports: Vec<(Protocol, u16)> },
    /// An address of the service range that no Service has.
    NoSuchService,
    /// The destination is a pod of this node.
    LocalPod { pod: Party },
    /// The destination is a pod of another node.
    RemotePod { pod: Party, node: Arc<str> },
    /// The destination is an address of another node's pods, but of none that exists.
    ToSubnet { node: Arc<str> },
    /// The destination is a node.
    ToNode { node: Arc<str> },
    /// The destination is the node itself that decides.
    ThisNode,
    /// The destination lies outside the cluster.
    ToOutside,
    /// The address is in the pod range, but no pod has it. Nothing answers for it (recording 20
    /// outranks R2.6).
    NoSuchPod { was: Option<Party> },
    /// An address of the nodes' own network that no machine has.
    NobodyThere,
    /// An address outside the cluster that nobody answers at.
    NoSuchHost,
    /// The sender's own network namespace is gone.
    SenderGone,
    /// The rules of several nodes sent it around in a circle, until its time to live was used up.
    SentInCircles,
    /// The sender is outside the cluster and has no route to pods and Services (R2.5).
    NoRouteFromOutside,
    /// The cloud's load balancer chose a node (R7.4).
    Balanced {
        service: Arc<str>,
        node: Arc<str>,
        /// How many nodes it was chosen of.
        healthy: u32,
    },
    /// The cloud's load balancer has no node to choose (R7.3).
    NoHealthyNode { service: Arc<str> },
    /// `loadBalancerSourceRanges` lets only others in by a load balancer's address (R7.4).
    OutsideSourceRanges { service: Arc<str>, client: IpAddr, ranges: Vec<Range> },
    /// `minikube tunnel` leads the laptop to Services by way of a node.
    ThroughTunnel { node: Arc<str> },
    /// The node that has it is down.
    NodeDown { node: Arc<str> },
    /// The source address was replaced (R6.6, R6.7).
    Masqueraded { as_address: IpAddr },
    /// A NetworkPolicy selects the pod and none of its rules allows this (R11).
    PolicyDenies { policies: Vec<Arc<str>> },
    /// NetworkPolicies select the pod, and this one's rule with this place in its list allows it.
    PolicyAllows { policy: Arc<str>, rule: usize },
    /// A process listens there.
    Listening { process: Arc<str>, bound: SocketAddr },
    /// A ping: the kernel of a machine that is up answers it without any process.
    KernelAnswers,
    /// Nobody listens on that port (R2.6); here is where they do.
    NobodyListens { listening: Vec<SocketAddr> },
    /// Somebody listens on that port, but on loopback alone (R1.4).
    LoopbackOnly { process: Arc<str> },
    /// Somebody listens on that port, but for the other family alone, which is this one.
    OtherFamily { process: Arc<str>, family: Family },
    /// The sender has no address of the destination's family, which is this one (R13.1).
    NoAddress { family: Family },
    /// A ping of a cluster IP: no address that answers (R6.5).
    VirtualAddress { service: Arc<str> },
    /// The reply follows the connection's record back.
    Reply,
}

/// Which of a Service's addresses a packet was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entrance {
    /// Its cluster IP.
    ClusterIp,
    /// Its port on a node.
    NodePort,
    /// A load balancer's address or an external IP.
    External,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived at a listener.
    Delivered {
        /// Who has it.
        to: Party,
        /// The address and port it arrived at.
        at: SocketAddr,
        /// The client's address as the server sees it (R6.6).
        seen_from: SocketAddr,
    },
    /// Refused at once.
    Refused,
    /// No route.
    Unreachable,
    /// No answer, ever.
    Silence,
}

/// A packet's whole way: the first packet of a connection, or one datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Its number.
    pub id: TraceId,
    /// When it was sent.
    pub at: SimTime,
    /// Who sent it, with the container's name for a pod.
    pub from: Party,
    /// The container it came from, for a pod.
    pub container: Option<Arc<str>>,
    /// The container's own process that sent it; none for what is typed or run from outside.
    pub process: Option<ProcessId>,
    /// The process whose socket it reached.
    pub server: Option<ProcessId>,
    /// The packet as the sender made it.
    pub flow: Flow,
    /// Its way.
    pub hops: Vec<Hop>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it asks a name server, and the answer, where the packet is a DNS query.
    pub dns: Option<DnsExchange>,
}

/// A question to a name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsExchange {
    /// The name, as it was asked.
    pub name: Arc<str>,
    /// What is asked for.
    pub kind: DnsType,
    /// What came back, if anything did.
    pub answer: Option<DnsAnswer>,
    /// How long the server needed for it: it waits where it asks somebody who says nothing.
    pub took: Duration,
}

impl Trace {
    /// The time to live that is left of a reply's 64 when it comes back: each machine that forwards
    /// it takes one. It is what `ping` prints.
    pub fn reply_ttl(&self) -> u8 {
        let Outcome::Delivered { to, .. } = &self.outcome else { return 64 };
        let end = self.last().map(|hop| &hop.place);
        let forwards = |hop: &&Hop| {
            hop.stage == Stage::Route
                && hop.verdict == HopVerdict::Pass
                && hop.place != self.from
                && Some(&hop.place) != end
        };
        let nodes = self.hops.iter().filter(forwards).count() as u8;
        // The laptop is the nodes' router to the outside.
        let router = matches!(to, Party::Outside(_)) && self.from != Party::Laptop;
        64 - nodes.min(62) - u8::from(router)
    }

    /// The last hop: where it was decided.
    pub fn last(&self) -> Option<&Hop> {
        self.hops.last()
    }
}

/// `TCP`
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
            Protocol::Icmp => "ICMP",
        })
    }
}

/// `default/web-0`, `node-1`, `laptop`
impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Party::Pod { namespace, name } => write!(f, "{namespace}/{name}"),
            Party::Node(name) | Party::Outside(name) => f.write_str(name),
            Party::Laptop => f.write_str("laptop"),
        }
    }
}
