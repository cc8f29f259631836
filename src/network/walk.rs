//! A packet's way: process, network namespace, node, rules, policy, route, node, namespace, socket.
//!
//! Each step looks at the packet as it is now, may change its addresses, and leaves a [`Hop`]. A
//! node is entered once for each time the packet passes it; NAT happens where Linux does it: DNAT
//! before the route is chosen, source NAT as the packet leaves.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

use super::conntrack::{ConntrackEntry, Tracked};
use super::policy::{PodPolicies, Policies, PolicyRules};
use super::services::{NoChain, Origin, Portal, Services};
use super::state::State;
use super::topology::{
    LAPTOP_OUTSIDE, NODE_RANGE, Node, NodeId, POD_RANGE, SERVICE_RANGE, Space, Topology, within,
};
use super::{
    Because, Entrance, Flow, Hop, Listener, NetnsId, Outcome, Party, ProcessId, Protocol, Sender,
    Stage, Verdict,
};
use crate::clock::SimTime;

/// More nodes than a packet can pass before its time to live runs out. Two are usual, three happen.
const MOST_NODES: usize = 16;

/// What a walk reads and changes.
pub(super) struct World<'a> {
    pub topology: &'a Topology,
    pub services: &'a Services,
    pub policies: &'a Policies,
    pub state: &'a mut State,
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
        to: SocketAddrV4,
    ) -> Arrival {
        let topology = world.topology;
        let Some(space) = topology.space(sender.netns) else { return nobody(protocol, to) };
        let to = if to.ip().is_unspecified() {
            // Linux takes 0.0.0.0 for the machine itself.
            SocketAddrV4::new(Ipv4Addr::LOCALHOST, to.port())
        } else {
            to
        };
        let port = match protocol {
            Protocol::Icmp => 0,
            _ => world.state.client_port(sender.netns),
        };
        let source = SocketAddrV4::new(source_address(topology, space, *to.ip()), port);
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
        walk.hop(party.clone(), Stage::Send, flow, Verdict::Pass, Because::Sent);
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
        match self.lose(place, Because::SentInCircles) {
            Next::Done(outcome) => outcome,
            Next::At(..) => Outcome::Silence,
        }
    }

    /// The packet leaves the sender's namespace, or stays in it.
    fn leave(&mut self, space: &Space) -> Next {
        let to = *self.flow.destination.ip();
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

    /// From the laptop, or from a host outside: only nodes and other machines can be reached (R2.5).
    fn leave_machine(&mut self, space: &Space) -> Next {
        let topology = self.world.topology;
        let to = *self.flow.destination.ip();
        let place = space.netns.party.clone();
        if let Some(node) = topology.node_at(to) {
            if let Some(node) = topology.node(node) {
                self.pass(place, Stage::Route, Because::ToNode { node: node.entry.name.clone() });
            }
            return Next::At(node, Entry::Wire);
        }
        if let Some(machine) = self.machine(to) {
            self.pass(place, Stage::Route, Because::ToOutside);
            return self.listen(machine);
        }
        if within(to, NODE_RANGE) {
            return self.unreachable(place);
        }
        let inside = topology.is_pod_address(to) || within(to, SERVICE_RANGE);
        let because = if inside { Because::NoRouteFromOutside } else { Because::NoSuchHost };
        self.lose(place, because)
    }

    /// The packet passes a node, and the node notes how.
    fn enter(&mut self, id: NodeId, entry: Entry) -> Next {
        let Some(node) = self.world.topology.node(id) else { return Next::Done(Outcome::Silence) };
        let before = self.flow;
        let next = self.at_node(id, node, entry);
        self.passed.push((id, before, self.flow));
        next
    }

    fn at_node(&mut self, id: NodeId, node: &Node, entry: Entry) -> Next {
        if !node.entry.up {
            return self
                .lose(node.party.clone(), Because::NodeDown { node: node.entry.name.clone() });
        }
        let mark = match self.service_proxy(id, node, entry) {
            Ok(mark) => mark,
            Err(outcome) => return Next::Done(outcome),
        };
        if entry == Entry::Pod && !self.egress_allowed(node) {
            return Next::Done(Outcome::Silence);
        }
        self.route(node, entry, mark)
    }

    /// KUBE-SERVICES and KUBE-NODEPORTS: an address of a Service becomes an endpoint's (R6.1).
    /// Says whether the packet is marked for masquerading.
    fn service_proxy(&mut self, id: NodeId, node: &Node, entry: Entry) -> Result<bool, Outcome> {
        let Flow { protocol, destination, .. } = self.flow;
        if protocol == Protocol::Icmp {
            return Ok(false);
        }
        let services = self.world.services;
        let local = node.owns(*destination.ip());
        let door = services.door(protocol, destination).or_else(|| {
            let portal = local.then(|| services.node_port(protocol, destination.port()))??;
            Some((Entrance::NodePort, portal))
        });
        match door {
            // KUBE-EXTERNAL-SERVICES, which would refuse, does not see the node's own packets.
            Some((Entrance::External, portal))
                if entry == Entry::Output && portal.cluster.is_empty() =>
            {
                Ok(false)
            }
            Some((entrance, portal)) => self.through(id, node, entrance, portal),
            None if local => {
                self.host_port(node);
                Ok(false)
            }
            None => Ok(false),
        }
    }

    /// One Service port's rules.
    fn through(
        &mut self,
        id: NodeId,
        node: &Node,
        entrance: Entrance,
        portal: &Arc<Portal>,
    ) -> Result<bool, Outcome> {
        let client = *self.flow.source.ip();
        let origin = if self.world.topology.is_pod_address(client) {
            Origin::Pod
        } else if node.owns(client) {
            Origin::ThisNode
        } else {
            Origin::Elsewhere
        };
        let chain = match portal.chain(entrance, origin, &node.entry.name) {
            Ok(chain) => chain,
            Err(reason) => {
                let (verdict, outcome) = match reason {
                    NoChain::NoEndpoints => (Verdict::Reject, Outcome::Refused),
                    NoChain::NoLocalEndpoints => (Verdict::Drop, Outcome::Silence),
                };
                let because = no_chain(portal, entrance, reason);
                self.stop(node.party.clone(), Stage::ServiceProxy, verdict, because);
                return Err(outcome);
            }
        };
        let choice = self.world.state.choose(self.now, id, portal, &chain, client);
        let endpoint = portal.endpoint(choice.index);
        let before = self.flow;
        self.flow.destination = endpoint.address;
        let because = Because::EndpointChosen {
            service: portal.rules.name.clone(),
            entrance,
            endpoint: endpoint.address,
            pod: endpoint.pod.clone(),
            usable: chain.endpoints.len() as u32,
            affinity: choice.affinity,
            endpoints: portal.rules.endpoints.clone(),
        };
        self.hop(node.party.clone(), Stage::ServiceProxy, before, Verdict::Pass, because);
        // An endpoint that calls itself is masqueraded too (R6.7).
        Ok(chain.masquerade || endpoint.address.ip() == &client)
    }

    /// `hostPort`: the port mapping that the CNI plugin adds to the node.
    fn host_port(&mut self, node: &Node) {
        let Flow { protocol, destination, .. } = self.flow;
        let found = node.host_ports.get(&(protocol, destination.port()));
        let Some((pod, inner)) = found.copied() else { return };
        let Some(space) = self.world.topology.space(pod) else { return };
        let before = self.flow;
        self.flow.destination = SocketAddrV4::new(space.netns.address, inner);
        let because =
            Because::HostPort { pod: space.netns.party.clone(), endpoint: self.flow.destination };
        self.hop(node.party.clone(), Stage::ServiceProxy, before, Verdict::Pass, because);
    }

    fn route(&mut self, node: &Node, entry: Entry, mark: bool) -> Next {
        let topology = self.world.topology;
        let to = *self.flow.destination.ip();
        if node.owns(to) {
            return self.to_this_node(node, entry, mark);
        }
        if node.has_subnet_of(to) {
            return self.to_local_pod(node, mark);
        }
        let here = node.party.clone();
        if let Some((id, other)) =
            topology.node_of_pod(to).and_then(|id| Some((id, topology.node(id)?)))
        {
            let pod = other.pod_at(to).and_then(|pod| topology.space(pod));
            let name = other.entry.name.clone();
            let because = match pod {
                Some(pod) => Because::RemotePod { pod: pod.netns.party.clone(), node: name },
                None => Because::ToSubnet { node: name },
            };
            self.pass(here, Stage::Route, because);
            self.postrouting(node, mark, node.entry.address);
            return Next::At(id, Entry::Wire);
        }
        if let Some((id, other)) =
            topology.node_at(to).and_then(|id| Some((id, topology.node(id)?)))
        {
            self.pass(here, Stage::Route, Because::ToNode { node: other.entry.name.clone() });
            self.postrouting(node, mark, node.entry.address);
            return Next::At(id, Entry::Wire);
        }
        if let Some(machine) = self.machine(to) {
            self.pass(here, Stage::Route, Because::ToOutside);
            self.postrouting(node, mark, node.entry.address);
            return self.listen(machine);
        }
        if within(to, NODE_RANGE) {
            return self.unreachable(here);
        }
        let because = self.why_nowhere(to);
        let next = self.lose(here, because);
        // It leaves by the default route all the same, as the node's record will show.
        self.masquerade(mark, node.entry.address);
        next
    }

    /// The packet is for the node itself (INPUT).
    fn to_this_node(&mut self, node: &Node, entry: Entry, mark: bool) -> Next {
        let here = node.party.clone();
        match entry {
            Entry::Output => {
                self.pass(here, Stage::Loopback, Because::OwnNamespace);
                self.postrouting(node, mark, node.entry.address);
            }
            _ => {
                self.pass(here, Stage::Route, Because::ToNode { node: node.entry.name.clone() });
            }
        }
        self.listen(node.entry.netns)
    }

    fn to_local_pod(&mut self, node: &Node, mark: bool) -> Next {
        let to = *self.flow.destination.ip();
        let Some((pod, space)) =
            node.pod_at(to).and_then(|pod| Some((pod, self.world.topology.space(pod)?)))
        else {
            let was = node.former(to).cloned();
            return self.lose(node.party.clone(), Because::NoSuchPod { was });
        };
        let because = Because::LocalPod { pod: space.netns.party.clone() };
        self.pass(node.party.clone(), Stage::Route, because);
        if !self.ingress_allowed(node, pod, space) {
            return Next::Done(Outcome::Silence);
        }
        self.postrouting(node, mark, node.gateway);
        self.listen(pod)
    }

    /// KUBE-POSTROUTING, and the masquerading of pods that leave the cluster (R6.6). The packet
    /// takes the address of the device that it leaves by.
    fn postrouting(&mut self, node: &Node, mark: bool, device: Ipv4Addr) {
        let before = self.flow;
        if self.masquerade(mark, device) {
            let because = Because::Masqueraded { as_address: device };
            self.hop(node.party.clone(), Stage::Masquerade, before, Verdict::Pass, because);
        }
    }

    fn masquerade(&mut self, mark: bool, device: Ipv4Addr) -> bool {
        let topology = self.world.topology;
        let (source, to) = (*self.flow.source.ip(), *self.flow.destination.ip());
        let leaves = topology.is_pod_address(source) && !topology.is_pod_address(to);
        let port = match mark {
            true => self.world.state.masquerade_port(),
            false if leaves => self.flow.source.port(),
            false => return false,
        };
        self.flow.source = SocketAddrV4::new(device, port);
        true
    }

    /// The sending pod's policies. Its own node can't be forbidden, nor can it itself (R11.2).
    fn egress_allowed(&mut self, node: &Node) -> bool {
        let topology = self.world.topology;
        let to = *self.flow.destination.ip();
        let own = topology.space(self.from).is_some_and(|space| space.netns.address == to);
        if own || node.owns(to) {
            return true;
        }
        let policies = self.world.policies;
        let rules = policies.get(&self.from).and_then(|policies| policies.egress.as_ref());
        self.judge(rules, self.from, Stage::PolicyEgress, to)
    }

    /// The receiving pod's policies.
    fn ingress_allowed(&mut self, node: &Node, pod: NetnsId, space: &Space) -> bool {
        let source = *self.flow.source.ip();
        if source == space.netns.address || self.from == node.entry.netns {
            return true;
        }
        let policies = self.world.policies;
        let rules = policies.get(&pod).and_then(|policies: &PodPolicies| policies.ingress.as_ref());
        self.judge(rules, pod, Stage::PolicyIngress, source)
    }

    fn judge(
        &mut self,
        rules: Option<&PolicyRules>,
        pod: NetnsId,
        stage: Stage,
        peer: Ipv4Addr,
    ) -> bool {
        let Some(rules) = rules else { return true };
        let Some(space) = self.world.topology.space(pod) else { return true };
        let (allowed, because) =
            rules.judge(peer, self.flow.protocol, self.flow.destination.port());
        let verdict = if allowed { Verdict::Pass } else { Verdict::Drop };
        self.stop(space.netns.party.clone(), stage, verdict, because);
        allowed
    }

    /// The packet is in its last namespace: does anybody listen?
    fn listen(&mut self, id: NetnsId) -> Next {
        let Some(space) = self.world.topology.space(id) else {
            return Next::Done(Outcome::Silence);
        };
        let Flow { protocol, source, destination } = self.flow;
        let place = space.netns.party.clone();
        let delivered = |to| Outcome::Delivered { to, at: destination, seen_from: source };
        if protocol == Protocol::Icmp {
            self.stop(place.clone(), Stage::Listener, Verdict::Deliver, Because::KernelAnswers);
            return Next::Done(delivered(place));
        }
        match self.socket(space) {
            Ok((bound, listener)) => {
                let bound = SocketAddrV4::new(bound, destination.port());
                let because = Because::Listening { process: listener.name.clone(), bound };
                self.stop(place.clone(), Stage::Listener, Verdict::Deliver, because);
                self.listener = Some((id, listener));
                Next::Done(delivered(place))
            }
            Err(because) => {
                self.stop(place, Stage::Listener, Verdict::Reject, because);
                Next::Done(Outcome::Refused)
            }
        }
    }

    /// The socket of a namespace that has the packet. On nodes, kube-proxy answers on health check
    /// ports (R7.3).
    fn socket(&self, space: &Space) -> Result<(Ipv4Addr, Listener), Because> {
        let Flow { protocol, destination, .. } = self.flow;
        match space.listener(protocol, destination) {
            Ok((bound, listener)) => Ok((bound, listener.clone())),
            Err(because) => {
                let on_node = matches!(space.netns.party, Party::Node(_));
                let asked = on_node && protocol == Protocol::Tcp;
                match self.world.services.health_check(destination.port()) {
                    Some(_) if asked => Ok((Ipv4Addr::UNSPECIFIED, kube_proxy())),
                    _ => Err(because),
                }
            }
        }
    }

    /// Why an address leads out of the cluster and to nobody.
    fn why_nowhere(&self, to: Ipv4Addr) -> Because {
        let door = self.world.services.door(self.flow.protocol, self.flow.destination);
        if let Some((entrance, portal)) = door {
            return no_chain(portal, entrance, NoChain::NoEndpoints);
        }
        let mut portals = self.world.services.at(to).peekable();
        match portals.peek() {
            Some((_, portal)) if self.flow.protocol == Protocol::Icmp => {
                return Because::VirtualAddress { service: portal.service().into() };
            }
            Some((_, portal)) => {
                let service = portal.service().into();
                let ports = portals.map(|(_, portal)| (portal.rules.protocol, portal.rules.port));
                return Because::NotAServicePort { service, ports: ports.collect() };
            }
            None => {}
        }
        if within(to, SERVICE_RANGE) {
            Because::NoSuchService
        } else if within(to, POD_RANGE) {
            Because::NoSuchPod { was: None }
        } else {
            Because::NoSuchHost
        }
    }

    /// The machine outside with this address; none where a Service has been given the address.
    fn machine(&self, to: Ipv4Addr) -> Option<NetnsId> {
        let machine = self.world.topology.machine_at(to)?;
        self.world.services.at(to).next().is_none().then_some(machine)
    }

    fn unreachable(&mut self, place: Party) -> Next {
        self.stop(place, Stage::Route, Verdict::Unreachable, Because::NobodyThere);
        Next::Done(Outcome::Unreachable)
    }

    fn lose(&mut self, place: Party, because: Because) -> Next {
        self.stop(place, Stage::Route, Verdict::Drop, because);
        Next::Done(Outcome::Silence)
    }

    fn reply(&mut self, server: Party, sent: Flow) {
        let before = self.flow.reversed();
        let hop = Hop {
            place: server,
            stage: Stage::Reply,
            before,
            after: sent.reversed(),
            verdict: Verdict::Pass,
            because: Because::Reply,
        };
        self.hops.push(hop);
    }

    /// Every node that let the packet go on keeps a record of it.
    fn track(&mut self, outcome: &Outcome) {
        let tracked = match outcome {
            Outcome::Delivered { .. } => Tracked::Answered,
            Outcome::Refused => Tracked::Closed,
            _ => Tracked::Unreplied,
        };
        let decided_by_rules = self.hops.last().is_some_and(|hop| {
            hop.verdict != Verdict::Pass && matches!(hop.stage, Stage::ServiceProxy)
        });
        if decided_by_rules {
            self.passed.pop();
        }
        for (node, original, translated) in self.passed.drain(..) {
            let entry = ConntrackEntry { since: self.now, original, translated, tracked };
            self.world.state.conntrack.note(node, entry);
        }
    }

    /// A hop that leaves the packet as it is and lets it go on.
    fn pass(&mut self, place: Party, stage: Stage, because: Because) {
        self.hop(place, stage, self.flow, Verdict::Pass, because);
    }

    /// A hop that leaves the packet as it is.
    fn stop(&mut self, place: Party, stage: Stage, verdict: Verdict, because: Because) {
        self.hop(place, stage, self.flow, verdict, because);
    }

    fn hop(
        &mut self,
        place: Party,
        stage: Stage,
        before: Flow,
        verdict: Verdict,
        because: Because,
    ) {
        self.hops.push(Hop { place, stage, before, after: self.flow, verdict, because });
    }
}

/// The facts behind a Service that leads nowhere (R6.3).
fn no_chain(portal: &Portal, entrance: Entrance, reason: NoChain) -> Because {
    let (service, endpoints) = (portal.rules.name.clone(), portal.rules.endpoints.clone());
    match reason {
        NoChain::NoEndpoints => {
            let known = endpoints.len() as u32;
            Because::NoEndpoints { service, entrance, known, endpoints }
        }
        NoChain::NoLocalEndpoints => {
            let elsewhere = portal.cluster.len() as u32;
            Because::NoLocalEndpoints { service, entrance, elsewhere, endpoints }
        }
    }
}

/// kube-proxy's own socket for health checks.
fn kube_proxy() -> Listener {
    Listener { process: ProcessId::KUBE_PROXY, name: "kube-proxy".into(), container: None }
}

/// A packet of a namespace that is gone.
fn nobody(protocol: Protocol, to: SocketAddrV4) -> Arrival {
    let source = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
    let flow = Flow { protocol, source, destination: to };
    let from = Party::Outside("nobody".into());
    let hop = Hop {
        place: from.clone(),
        stage: Stage::Send,
        before: flow,
        after: flow,
        verdict: Verdict::Unreachable,
        because: Because::SenderGone,
    };
    Arrival { from, flow, hops: vec![hop], outcome: Outcome::Unreachable, listener: None }
}

/// The address that a sender's kernel puts into a packet to `to`.
fn source_address(topology: &Topology, space: &Space, to: Ipv4Addr) -> Ipv4Addr {
    let own = space.netns.address;
    if to.is_loopback() {
        return Ipv4Addr::LOCALHOST;
    }
    match (&space.netns.party, space.node.and_then(|id| topology.node(id))) {
        // The node's pods are reached through devices that have the gateway's address.
        (Party::Node(_), Some(node)) if node.has_subnet_of(to) => node.gateway,
        (Party::Laptop, _) if !(within(to, NODE_RANGE) || topology.node_at(to).is_some()) => {
            LAPTOP_OUTSIDE
        }
        _ => own,
    }
}

/// Whether an address is one of a namespace's own.
fn owns(space: &Space, address: Ipv4Addr) -> bool {
    address == space.netns.address
        || (space.netns.party == Party::Laptop && address == LAPTOP_OUTSIDE)
}
