//! What a node does with a packet: rules, policies, route, delivery.

use std::net::{IpAddr, Ipv6Addr};

use super::rules::no_endpoints;
use super::{Entry, Next, Walk};
use crate::network::address::within;
use crate::network::services::NoEndpoints;
use crate::network::topology::{Node, NodeId, Space, node_range, pod_range, service_range};
use crate::network::{
    Because, Family, Flow, HopVerdict, Listener, NetnsId, Outcome, Party, ProcessId, Protocol,
    SocketAddr, Stage,
};

impl Walk<'_> {
    pub(super) fn at_node(&mut self, id: NodeId, node: &Node, entry: Entry) -> Next {
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

    fn route(&mut self, node: &Node, entry: Entry, mark: bool) -> Next {
        let topology = self.world.topology;
        let to = self.flow.destination.ip();
        let family = Family::of(to);
        let address = node.address(family);
        if node.owns(to) {
            return self.at_this_node(node, entry, mark);
        }
        if node.has_subnet_of(to) {
            return self.at_local_pod(node, mark);
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
            self.postrouting(node, mark, address);
            return Next::At(id, Entry::Wire);
        }
        if let Some((id, other)) =
            topology.node_at(to).and_then(|id| Some((id, topology.node(id)?)))
        {
            self.pass(here, Stage::Route, Because::ToNode { node: other.entry.name.clone() });
            self.postrouting(node, mark, address);
            return Next::At(id, Entry::Wire);
        }
        if let Some(machine) = self.machine(to) {
            self.pass(here, Stage::Route, Because::ToOutside);
            self.postrouting(node, mark, address);
            return self.listen(machine);
        }
        if within(to, node_range(family)) {
            return self.unreachable(here);
        }
        let because = self.why_nowhere(to);
        let next = self.lose(here, because);
        // It leaves by the default route all the same, as the node's record will show.
        self.masquerade(mark, address);
        next
    }

    /// The packet is for the node itself (INPUT).
    fn at_this_node(&mut self, node: &Node, entry: Entry, mark: bool) -> Next {
        let here = node.party.clone();
        match entry {
            Entry::Output => {
                self.pass(here, Stage::Loopback, Because::OwnNamespace);
                let family = Family::of(self.flow.destination.ip());
                self.postrouting(node, mark, node.address(family));
            }
            _ => self.pass(here, Stage::Route, Because::ThisNode),
        }
        self.listen(node.entry.netns)
    }

    fn at_local_pod(&mut self, node: &Node, mark: bool) -> Next {
        let to = self.flow.destination.ip();
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
        self.postrouting(node, mark, node.gateway(Family::of(to)));
        self.listen(pod)
    }

    /// The packet is in its last namespace: does anybody listen?
    pub(super) fn listen(&mut self, id: NetnsId) -> Next {
        let Some(space) = self.world.topology.space(id) else {
            return Next::Done(Outcome::Silence);
        };
        let Flow { protocol, source, destination } = self.flow;
        let place = space.netns.party.clone();
        let delivered = |to| Outcome::Delivered { to, at: destination, seen_from: source };
        if protocol == Protocol::Icmp {
            self.stop(place.clone(), Stage::Listener, HopVerdict::Deliver, Because::KernelAnswers);
            return Next::Done(delivered(place));
        }
        match self.socket(space) {
            Ok((bound, listener)) => {
                let bound = SocketAddr::new(bound, destination.port());
                let because = Because::Listening { process: listener.name.clone(), bound };
                let owner = listener.owner.clone().unwrap_or_else(|| place.clone());
                self.stop(place, Stage::Listener, HopVerdict::Deliver, because);
                self.listener = Some((id, listener));
                Next::Done(delivered(owner))
            }
            Err(because) => {
                self.stop(place, Stage::Listener, HopVerdict::Reject, because);
                Next::Done(Outcome::Refused)
            }
        }
    }

    /// The socket of a namespace that has the packet. On nodes, kube-proxy answers on health check
    /// ports (R7.3).
    fn socket(&self, space: &Space) -> Result<(IpAddr, Listener), Because> {
        let Flow { protocol, destination, .. } = self.flow;
        match space.listener(protocol, destination) {
            Ok((bound, listener)) => Ok((bound, listener.clone())),
            Err(because) => {
                let on_node = matches!(space.netns.party, Party::Node(_));
                let asked = on_node && protocol == Protocol::Tcp;
                match self.world.services.health_check(destination.port()) {
                    Some(_) if asked => Ok((Ipv6Addr::UNSPECIFIED.into(), kube_proxy())),
                    _ => Err(because),
                }
            }
        }
    }

    /// Why an address leads out of the cluster and to nobody.
    pub(super) fn why_nowhere(&self, to: IpAddr) -> Because {
        let frontend = self.world.services.frontend(self.flow.protocol, self.flow.destination);
        if let Some((entrance, service_port)) = frontend {
            return no_endpoints(service_port, entrance, NoEndpoints::Anywhere);
        }
        let mut service_ports = self.world.services.at(to).peekable();
        match service_ports.peek() {
            Some((_, service_port)) if self.flow.protocol == Protocol::Icmp => {
                return Because::VirtualAddress { service: service_port.service().into() };
            }
            Some((_, service_port)) => {
                let service = service_port.service().into();
                let ports = service_ports.map(|(_, service_port)| {
                    (service_port.rules.protocol, service_port.rules.port)
                });
                return Because::NotAServicePort { service, ports: ports.collect() };
            }
            None => {}
        }
        let family = Family::of(to);
        if within(to, service_range(family)) {
            Because::NoSuchService
        } else if within(to, pod_range(family)) {
            Because::NoSuchPod { was: None }
        } else {
            Because::NoSuchHost
        }
    }

    /// Nobody answers for a neighbour's address.
    pub(super) fn unreachable(&mut self, place: Party) -> Next {
        self.stop(place, Stage::Route, HopVerdict::Unreachable, Because::NobodyThere);
        Next::Done(Outcome::Unreachable)
    }
}

/// kube-proxy's own socket for health checks.
fn kube_proxy() -> Listener {
    Listener {
        process: ProcessId::KUBE_PROXY,
        name: "kube-proxy".into(),
        container: None,
        owner: None,
        v6_only: false,
    }
}
