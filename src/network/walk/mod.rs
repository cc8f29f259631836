//! A packet's way: process, network namespace, node, rules, policy, route, node, namespace, socket.
//!
//! Each step looks at the packet as it is now, may change its addresses, and leaves a [`Hop`]. A
//! node is entered once for each time the packet passes it; NAT happens where Linux does it: DNAT
//! before the route is chosen, source NAT as the packet leaves. The steps on a node are `node`'s,
//! its rules and policies are `rules`', and what machines outside do is `machine`'s.

mod machine;
mod node;
mod rules;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address::within;
use super::conntrack::{ConntrackEntry, Tracked};
use super::policy::Policies;
use super::services::Services;
use super::state::NetworkState;
use super::topology::{LAPTOP_OUTSIDE, NodeId, Space, Topology, node_range};
use super::{
    Because, Family, Flow, Hop, HopVerdict, Listener, NetnsId, Outcome, Party, Protocol, Sender,
    SocketAddr, Stage,
};
use crate::clock::SimTime;

/// More nodes than a packet can pass before its time to live runs out. Two are usual, three happen.
const MOST_NODES: usize = 16;

/// What a walk reads and changes.
pub(super) struct World<'a> {
    pub topology: &'a Topology,
    pub services: &'a Services,
    pub policies: &'a Policies,
    pub external: ExternalAccess,
    pub state: &'a mut NetworkState,
}

/// Ways in from outside that a cluster may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ExternalAccess {
    /// A cloud, whose load balancers spread what comes in over the nodes (R7.4).
    pub cloud: bool,
    /// `minikube tunnel`: the laptop reaches cluster IPs through the first node.
    pub tunnel: bool,
}

/// A packet on its way.
pub(super) struct Walk<'a> {
    world: World<'a>,
    now: SimTime,
    from: NetnsId,
    /// The packet as it is now.
    flow: Flow,
    hops: Vec<Hop>,
    /// The nodes that it has passed, with the packet as it came and as it left.
    passed: Vec<(NodeId, Flow, Flow)>,
    listener: Option<(NetnsId, Listener)>,
}

/// A finished walk.
pub(super) struct Arrival {
    pub from: Party,
    /// The packet as the sender made it.
    pub flow: Flow,
    pub hops: Vec<Hop>,
    pub outcome: Outcome,
    /// The socket that has it. A ping needs none.
    pub listener: Option<(NetnsId, Listener)>,
}

/// How a packet comes to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    /// From a process in the node's own namespace.
    Output,
    /// From one of the node's pods.
    Pod,
    /// From another machine.
    Wire,
}

/// What comes next.
enum Next {
    At(NodeId, Entry),
    Done(Outcome),
}

impl<'a> Walk<'a> {
    /// Sends a packet and follows it to its end.
    pub fn send(
        world: World<'a>,
        now: SimTime,
        sender: &Sender,
        protocol: Protocol,
        to: SocketAddr,
    ) -> Arrival {
        let topology = world.topology;
        let Some(space) = topology.space(sender.netns) else { return nobody(protocol, to) };
        let to = if to.ip().is_unspecified() {
            // Linux takes 0.0.0.0 for the machine itself.
            SocketAddr::new(loopback(Family::of(to.ip())), to.port())
        } else {
            to
        };
        let Some(source) = source_address(topology, space, to.ip()) else {
            return no_way(space, protocol, to);
        };
        let port = match protocol {
            Protocol::Icmp => 0,
            _ => world.state.client_port(sender.netns),
        };
        let source = SocketAddr::new(source, port);
        let flow = Flow { protocol, source, destination: to };
        let mut walk = Walk {
            world,
            now,
            from: sender.netns,
            flow,
            hops: Vec::with_capacity(8),
            passed: Vec::new(),
            listener: None,
        };
        let party = space.netns.party.clone();
        walk.hop(party.clone(), Stage::Send, flow, HopVerdict::Pass, Because::Sent);
        let outcome = walk.follow(space);
        walk.track(&outcome);
        if let Outcome::Delivered { to, .. } = &outcome {
            walk.reply(to.clone(), flow);
        }
        Arrival { from: party, flow, hops: walk.hops, outcome, listener: walk.listener }
    }

    fn follow(&mut self, space: &Space) -> Outcome {
        let mut next = self.leave(space);
        for _ in 0..MOST_NODES {
            match next {
                Next::Done(outcome) => return outcome,
                Next::At(node, entry) => next = self.enter(node, entry),
            }
        }
        let place = self.hops.last().map_or(Party::Laptop, |hop| hop.place.clone());
        self.stop(place, Stage::Route, HopVerdict::Drop, Because::SentInCircles);
        Outcome::Silence
    }

    /// The packet leaves the sender's namespace, or stays in it.
    fn leave(&mut self, space: &Space) -> Next {
        let to = self.flow.destination.ip();
        match (&space.netns.party, space.node) {
            (Party::Node(_), Some(node)) => Next::At(node, Entry::Output),
            _ if to.is_loopback() || owns(space, to) => {
                let place = space.netns.party.clone();
                self.pass(place, Stage::Loopback, Because::OwnNamespace);
                self.listen(self.from)
            }
            (_, Some(node)) => Next::At(node, Entry::Pod),
            (_, None) => self.leave_machine(space),
        }
    }

    /// The packet passes a node, and the node notes how.
    fn enter(&mut self, id: NodeId, entry: Entry) -> Next {
        let Some(node) = self.world.topology.node(id) else { return Next::Done(Outcome::Silence) };
        let before = self.flow;
        let next = self.at_node(id, node, entry);
        self.passed.push((id, before, self.flow));
        next
    }

    /// Where the packet was heard, the answer leaves.
    fn reply(&mut self, server: Party, sent: Flow) {
        let place = self.hops.last().map_or(server, |hop| hop.place.clone());
        let before = self.flow.reversed();
        let hop = Hop {
            place,
            stage: Stage::Reply,
            before,
            after: sent.reversed(),
            verdict: HopVerdict::Pass,
            because: Because::Reply,
        };
        self.hops.push(hop);
    }

    /// Every node that let the packet go on keeps a record of it. A connection whose only answer is
    /// a reset is forgotten at once (`nf_conntrack_proto_tcp.c`); an ICMP error answers nothing.
    fn track(&mut self, outcome: &Outcome) {
        let tracked = match outcome {
            Outcome::Delivered { .. } => Tracked::Answered,
            _ => Tracked::Unreplied,
        };
        let decided_by_rules = self.hops.last().is_some_and(|hop| {
            hop.verdict != HopVerdict::Pass && matches!(hop.stage, Stage::ServiceProxy)
        });
        if decided_by_rules {
            self.passed.pop();
        } else if *outcome == Outcome::Refused && self.flow.protocol == Protocol::Tcp {
            self.passed.clear();
        }
        for (node, original, translated) in self.passed.drain(..) {
            let entry = ConntrackEntry { since: self.now, original, translated, tracked };
            self.world.state.conntrack.note(node, entry);
        }
    }

    /// Nobody will answer.
    fn lose(&mut self, place: Party, because: Because) -> Next {
        self.stop(place, Stage::Route, HopVerdict::Drop, because);
        Next::Done(Outcome::Silence)
    }

    /// A hop that leaves the packet as it is and lets it go on.
    fn pass(&mut self, place: Party, stage: Stage, because: Because) {
        self.hop(place, stage, self.flow, HopVerdict::Pass, because);
    }

    /// A hop that leaves the packet as it is.
    fn stop(&mut self, place: Party, stage: Stage, verdict: HopVerdict, because: Because) {
        self.hop(place, stage, self.flow, verdict, because);
    }

    fn hop(
        &mut self,
        place: Party,
        stage: Stage,
        before: Flow,
        verdict: HopVerdict,
        because: Because,
    ) {
        self.hops.push(Hop { place, stage, before, after: self.flow, verdict, because });
    }
}

/// A packet of a namespace that is gone.
fn nobody(protocol: Protocol, to: SocketAddr) -> Arrival {
    not_sent(Party::Outside("nobody".into()), protocol, to, Because::SenderGone)
}

/// A packet of a namespace that has no address of the destination's family: its kernel says at once
/// that the network is unreachable.
fn no_way(space: &Space, protocol: Protocol, to: SocketAddr) -> Arrival {
    let because = Because::NoAddress { family: Family::of(to.ip()) };
    not_sent(space.netns.party.clone(), protocol, to, because)
}

fn not_sent(from: Party, protocol: Protocol, to: SocketAddr, because: Because) -> Arrival {
    let nothing: IpAddr = match Family::of(to.ip()) {
        Family::V4 => Ipv4Addr::UNSPECIFIED.into(),
        Family::V6 => Ipv6Addr::UNSPECIFIED.into(),
    };
    let flow = Flow { protocol, source: SocketAddr::new(nothing, 0), destination: to };
    let hop = Hop {
        place: from.clone(),
        stage: Stage::Send,
        before: flow,
        after: flow,
        verdict: HopVerdict::Unreachable,
        because,
    };
    Arrival { from, flow, hops: vec![hop], outcome: Outcome::Unreachable, listener: None }
}

/// The address that a sender's kernel puts into a packet to `to`; `None` where it has none of that
/// family.
fn source_address(topology: &Topology, space: &Space, to: IpAddr) -> Option<IpAddr> {
    let family = Family::of(to);
    if to.is_loopback() {
        return Some(loopback(family));
    }
    let own = space.netns.address_of(family);
    match (&space.netns.party, space.node.and_then(|id| topology.node(id))) {
        // The node's pods are reached through devices that have the gateway's address.
        (Party::Node(_), Some(node)) if node.has_subnet_of(to) => Some(node.gateway(family)),
        (Party::Laptop, _)
            if family == Family::V4
                && !(within(to, node_range(family)) || topology.node_at(to).is_some()) =>
        {
            Some(LAPTOP_OUTSIDE.into())
        }
        _ => own,
    }
}

/// Whether an address is one of a namespace's own.
fn owns(space: &Space, address: IpAddr) -> bool {
    space.netns.address_of(Family::of(address)) == Some(address)
        || (space.netns.party == Party::Laptop && address == LAPTOP_OUTSIDE)
}

fn loopback(family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::LOCALHOST.into(),
        Family::V6 => Ipv6Addr::LOCALHOST.into(),
    }
}
