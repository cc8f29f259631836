//! A node's packet filter: kube-proxy's rules, host ports, masquerading, network policies.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Entry, Walk};
use crate::network::policy::PolicyRules;
use crate::network::services::{NoEndpoints, Origin, ServicePort};
use crate::network::topology::{Node, NodeId, Space};
use crate::network::{
    Because, Entrance, Family, Flow, HopVerdict, NetnsId, Outcome, Protocol, SocketAddr, Stage,
};

impl Walk<'_> {
    /// KUBE-SERVICES and KUBE-NODEPORTS: an address of a Service becomes an endpoint's (R6.1).
    /// Says whether the packet is marked for masquerading.
    pub(super) fn service_proxy(
        &mut self,
        id: NodeId,
        node: &Node,
        entry: Entry,
    ) -> Result<bool, Outcome> {
        let Flow { protocol, destination, .. } = self.flow;
        if protocol == Protocol::Icmp {
            return Ok(false);
        }
        let services = self.world.services;
        let to = destination.ip();
        let local = node.owns(to);
        let frontend = services.frontend(protocol, destination).or_else(|| {
            let family = Family::of(destination.ip());
            let service_port =
                local.then(|| services.node_port(family, protocol, destination.port()))??;
            Some((Entrance::NodePort, service_port))
        });
        match frontend {
            // By IPv6's loopback address node ports never work: KUBE-SERVICES leaves its packets
            // alone, and only what refuses them sees them.
            Some((Entrance::NodePort, service_port)) if to.is_ipv6() && to.is_loopback() => {
                match service_port.external_refusal(&node.entry.name) {
                    Some(reason) => {
                        Err(self.refuse(node, service_port, Entrance::NodePort, reason))
                    }
                    None => Ok(false),
                }
            }
            // KUBE-EXTERNAL-SERVICES, which would refuse, does not see the node's own packets.
            Some((Entrance::External, service_port))
                if entry == Entry::Output && service_port.cluster.is_empty() =>
            {
                Ok(false)
            }
            Some((entrance, service_port)) => self.through(id, node, entrance, service_port),
            None if local && !(to.is_ipv6() && to.is_loopback()) => Ok(self.host_port(node)),
            None => Ok(false),
        }
    }

    /// One Service port's rules.
    fn through(
        &mut self,
        id: NodeId,
        node: &Node,
        entrance: Entrance,
        service_port: &Arc<ServicePort>,
    ) -> Result<bool, Outcome> {
        let client = self.flow.source.ip();
        // What KUBE-FW leaves alone, KUBE-PROXY-FIREWALL drops.
        if entrance == Entrance::External
            && service_port.has_firewall(self.flow.destination.ip())
            && !service_port.admits(client, Some(node.address(service_port.family())))
        {
            let (service, ranges) =
                (service_port.service().into(), service_port.rules.source_ranges.clone());
            let because = Because::OutsideSourceRanges { service, client, ranges };
            self.stop(node.party.clone(), Stage::ServiceProxy, HopVerdict::Drop, because);
            return Err(Outcome::Silence);
        }
        let origin = if self.world.topology.is_pod_address(client) {
            Origin::Pod
        } else if node.owns(client) {
            Origin::ThisNode
        } else {
            Origin::Elsewhere
        };
        let chain = match service_port.chain(entrance, origin, &node.entry) {
            Ok(chain) => chain,
            Err(reason) => return Err(self.refuse(node, service_port, entrance, reason)),
        };
        let choice = self.world.state.choose(self.now, id, service_port, &chain, client);
        let endpoint = service_port.endpoint(choice.index);
        let before = self.flow;
        self.flow.destination = endpoint.address;
        let because = Because::EndpointChosen {
            service: service_port.rules.name.clone(),
            entrance,
            endpoint: endpoint.address,
            pod: endpoint.pod.clone(),
            usable: chain.endpoints.len() as u32,
            affinity: choice.affinity,
            local: chain.local,
            endpoints: service_port.rules.endpoints.clone(),
        };
        self.hop(node.party.clone(), Stage::ServiceProxy, before, HopVerdict::Pass, because);
        // An endpoint that calls itself is masqueraded too (R6.7).
        Ok(chain.masquerade || endpoint.address.ip() == client)
    }

    /// A Service port that leads nowhere (R6.3).
    fn refuse(
        &mut self,
        node: &Node,
        service_port: &ServicePort,
        entrance: Entrance,
        reason: NoEndpoints,
    ) -> Outcome {
        let (verdict, outcome) = match reason {
            NoEndpoints::Anywhere => (HopVerdict::Reject, Outcome::Refused),
            NoEndpoints::OnThisNode => (HopVerdict::Drop, Outcome::Silence),
        };
        let because = no_endpoints(service_port, entrance, reason);
        self.stop(node.party.clone(), Stage::ServiceProxy, verdict, because);
        outcome
    }

    /// `hostPort`: the port mapping that the CNI plugin `portmap` adds to the node. Says whether the
    /// packet is marked for masquerading: those of the pod's own subnet are, which would be answered
    /// behind the node's back, and those of the node's loopback, which nobody else could answer.
    fn host_port(&mut self, node: &Node) -> bool {
        let Flow { protocol, source, destination } = self.flow;
        let found = node.host_port(protocol, destination);
        let space = |pod| self.world.topology.space(pod);
        let Some((space, inner)) = found.and_then(|(pod, inner)| Some((space(pod)?, inner))) else {
            return false;
        };
        let Some(address) = space.netns.address_of(Family::of(destination.ip())) else {
            return false;
        };
        let before = self.flow;
        self.flow.destination = SocketAddr::new(address, inner);
        let because =
            Because::HostPort { pod: space.netns.party.clone(), endpoint: self.flow.destination };
        self.hop(node.party.clone(), Stage::ServiceProxy, before, HopVerdict::Pass, because);
        source.ip().is_loopback() || node.has_subnet_of(source.ip())
    }

    /// KUBE-POSTROUTING, and the masquerading of pods that leave the cluster (R6.6). The packet
    /// takes the address of the device that it leaves by.
    pub(super) fn postrouting(&mut self, node: &Node, mark: bool, device: IpAddr) {
        let before = self.flow;
        if self.masquerade(mark, device) {
            let because = Because::Masqueraded { as_address: device };
            self.hop(node.party.clone(), Stage::Masquerade, before, HopVerdict::Pass, because);
        }
    }

    pub(super) fn masquerade(&mut self, mark: bool, device: IpAddr) -> bool {
        let topology = self.world.topology;
        let (source, to) = (self.flow.source.ip(), self.flow.destination.ip());
        let leaves = topology.is_pod_address(source) && !topology.is_pod_address(to);
        let port = match mark {
            true => self.world.state.masquerade_port(),
            false if leaves => self.flow.source.port(),
            false => return false,
        };
        self.flow.source = SocketAddr::new(device, port);
        true
    }

    /// The sending pod's policies. Its own node can't be forbidden, nor can it itself (R11.2).
    pub(super) fn egress_allowed(&mut self, node: &Node) -> bool {
        let topology = self.world.topology;
        let to = self.flow.destination.ip();
        let own = topology
            .space(self.from)
            .is_some_and(|space| space.netns.address_of(Family::of(to)) == Some(to));
        if own || node.owns(to) {
            return true;
        }
        let policies = self.world.policies;
        let rules = policies.get(&self.from).and_then(|policies| policies.egress.as_ref());
        self.judge(rules, self.from, Stage::PolicyEgress, to)
    }

    /// The receiving pod's policies.
    pub(super) fn ingress_allowed(&mut self, node: &Node, pod: NetnsId, space: &Space) -> bool {
        let source = self.flow.source.ip();
        let own = space.netns.address_of(Family::of(source)) == Some(source);
        if own || self.from == node.entry.netns {
            return true;
        }
        let policies = self.world.policies;
        let rules = policies.get(&pod).and_then(|policies| policies.ingress.as_ref());
        self.judge(rules, pod, Stage::PolicyIngress, source)
    }

    fn judge(
        &mut self,
        rules: Option<&PolicyRules>,
        pod: NetnsId,
        stage: Stage,
        peer: IpAddr,
    ) -> bool {
        let Some(rules) = rules else { return true };
        let Some(space) = self.world.topology.space(pod) else { return true };
        let (allowed, because) =
            rules.judge(peer, self.flow.protocol, self.flow.destination.port());
        let verdict = if allowed { HopVerdict::Pass } else { HopVerdict::Drop };
        self.stop(space.netns.party.clone(), stage, verdict, because);
        allowed
    }
}

/// The facts behind a Service that leads nowhere (R6.3).
pub(super) fn no_endpoints(
    service_port: &ServicePort,
    entrance: Entrance,
    reason: NoEndpoints,
) -> Because {
    let (service, endpoints) =
        (service_port.rules.name.clone(), service_port.rules.endpoints.clone());
    match reason {
        NoEndpoints::Anywhere => {
            let known = endpoints.len() as u32;
            Because::NoEndpoints { service, entrance, known, endpoints }
        }
        NoEndpoints::OnThisNode => {
            let elsewhere = service_port.cluster.len() as u32;
            Because::NoLocalEndpoints { service, entrance, elsewhere, endpoints }
        }
    }
}
