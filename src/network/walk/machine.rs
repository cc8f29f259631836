//! Machines outside the cluster: the laptop, other hosts, and the cloud's load balancers.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Entry, Next, Walk};
use crate::network::address::within;
use crate::network::services::ServicePort;
use crate::network::topology::{NodeId, Space, node_range, service_range};
use crate::network::{
    Because, Family, HopVerdict, NetnsId, Outcome, Party, Protocol, SocketAddr, Stage,
};

impl Walk<'_> {
    /// From the laptop, or from a host outside: nodes and other machines can be reached, and the
    /// cluster's own addresses only where a door was opened for them (R2.5).
    pub(super) fn leave_machine(&mut self, space: &Space) -> Next {
        let topology = self.world.topology;
        let to = self.flow.destination.ip();
        let place = space.netns.party.clone();
        if let Some(node) = topology.node_at(to) {
            if let Some(node) = topology.node(node) {
                self.pass(place, Stage::Route, Because::ToNode { node: node.entry.name.clone() });
            }
            return Next::At(node, Entry::Wire);
        }
        if let Some(next) = self.through_tunnel(&place, to) {
            return next;
        }
        if let Some(service_port) = self.balanced() {
            self.pass(place, Stage::Route, Because::ToOutside);
            return self.balance(&service_port);
        }
        if let Some(machine) = self.machine(to) {
            self.pass(place, Stage::Route, Because::ToOutside);
            return self.listen(machine);
        }
        if within(to, node_range(Family::of(to))) {
            return self.unreachable(place);
        }
        let known = self.world.services.at(to).next().is_some() && !self.world.external.cloud;
        let inside =
            known || topology.is_pod_address(to) || within(to, service_range(Family::of(to)));
        let because = if inside { Because::NoRouteFromOutside } else { self.why_nowhere(to) };
        self.lose(place, because)
    }

    /// The machine outside with this address; none where a Service has been given the address.
    pub(super) fn machine(&self, to: IpAddr) -> Option<NetnsId> {
        let machine = self.world.topology.machine_at(to)?;
        self.world.services.at(to).next().is_none().then_some(machine)
    }

    /// `minikube tunnel` gives the laptop a route to the Services' addresses, by way of a node.
    fn through_tunnel(&mut self, place: &Party, to: IpAddr) -> Option<Next> {
        if !self.world.external.tunnel
            || *place != Party::Laptop
            || !within(to, service_range(Family::of(to)))
        {
            return None;
        }
        let topology = self.world.topology;
        let name = topology.nodes().next()?.entry.name.clone();
        let node = topology.node_id(&name)?;
        self.pass(place.clone(), Stage::Route, Because::ThroughTunnel { node: name });
        Some(Next::At(node, Entry::Wire))
    }

    /// The Service port that a load balancer of the cloud has this packet's address for.
    fn balanced(&self) -> Option<Arc<ServicePort>> {
        if !self.world.external.cloud || self.flow.protocol == Protocol::Icmp {
            return None;
        }
        let (_, service_port) =
            self.world.services.frontend(self.flow.protocol, self.flow.destination)?;
        let is_balancer =
            service_port.rules.load_balancer_ips.contains(&self.flow.destination.ip());
        is_balancer.then(|| service_port.clone())
    }

    /// A load balancer takes packets of the ranges that the Service names, chooses a node that is
    /// up and says that it is healthy, and sends the packet to the node port there; without one,
    /// to the node as it is (R7.4).
    fn balance(&mut self, service_port: &ServicePort) -> Next {
        let place = Party::Outside("load balancer".into());
        let service: Arc<str> = service_port.service().into();
        let client = self.flow.source.ip();
        if !service_port.rules.source_ranges.is_empty() && !service_port.admits(client, None) {
            let ranges = service_port.rules.source_ranges.clone();
            let because = Because::OutsideSourceRanges { service, client, ranges };
            self.stop(place, Stage::Route, HopVerdict::Drop, because);
            return Next::Done(Outcome::Silence);
        }
        let healthy = self.healthy_nodes(service_port);
        let Some(node) = self.world.state.pick(&healthy) else {
            let because = Because::NoHealthyNode { service };
            self.stop(place, Stage::Route, HopVerdict::Drop, because);
            return Next::Done(Outcome::Silence);
        };
        let before = self.flow;
        let chosen = self.world.topology.node(node);
        if let (Some(port), Some(chosen)) = (service_port.rules.node_port, chosen) {
            self.flow.destination = SocketAddr::new(chosen.address(service_port.family()), port);
        }
        let name = chosen.map_or_else(|| "".into(), |chosen| chosen.entry.name.clone());
        let healthy = healthy.len() as u32;
        let because = Because::Balanced { service, node: name, healthy };
        self.hop(place, Stage::Route, before, HopVerdict::Pass, because);
        Next::At(node, Entry::Wire)
    }

    /// With an external policy Local, health checks find only nodes that have endpoints (R7.3).
    fn healthy_nodes(&self, service_port: &ServicePort) -> Vec<NodeId> {
        let topology = self.world.topology;
        let nodes = topology.nodes().filter(|node| {
            let name = &node.entry.name;
            node.entry.up
                && !(service_port.rules.external_local && service_port.ready_on(name) == 0)
        });
        nodes.filter_map(|node| topology.node_id(&node.entry.name)).collect()
    }
}
