//! Which of the printed chains a packet went through, for somebody who looks at its trace.

use std::sync::Arc;

use super::name;
use crate::network::{Because, Entrance, Hop, Network, Stage};

impl Network {
    /// The chains of kube-proxy that decided at a hop, in the order in which the packet passed
    /// them, by the names that `iptables-save` prints. Empty where none of them decided.
    pub fn chains(&self, hop: &Hop) -> Vec<Arc<str>> {
        let protocol = hop.before.protocol;
        match &hop.because {
            Because::EndpointChosen { service, entrance, endpoint, local, .. } => {
                let of_port = |prefix: &str| name::of_port(prefix, service, protocol);
                let mut chains: Vec<Arc<str>> = vec!["KUBE-SERVICES".into()];
                match entrance {
                    Entrance::ClusterIp => {}
                    Entrance::NodePort => chains.push("KUBE-NODEPORTS".into()),
                    Entrance::External if self.has_firewall(hop) => {
                        chains.push(of_port("KUBE-FW-"));
                    }
                    Entrance::External => {}
                }
                if *entrance != Entrance::ClusterIp {
                    chains.push(of_port("KUBE-EXT-"));
                }
                chains.push(of_port(if *local { "KUBE-SVL-" } else { "KUBE-SVC-" }));
                chains.push(name::of_port_endpoint(service, protocol, *endpoint));
                chains
            }
            Because::NoEndpoints { entrance, .. } | Because::NoLocalEndpoints { entrance, .. }
                if hop.stage == Stage::ServiceProxy =>
            {
                vec![match entrance {
                    Entrance::ClusterIp => "KUBE-SERVICES".into(),
                    Entrance::NodePort | Entrance::External => "KUBE-EXTERNAL-SERVICES".into(),
                }]
            }
            Because::OutsideSourceRanges { .. } if hop.stage == Stage::ServiceProxy => {
                vec!["KUBE-PROXY-FIREWALL".into()]
            }
            _ => Vec::new(),
        }
    }

    fn has_firewall(&self, hop: &Hop) -> bool {
        let frontend = self.services.frontend(hop.before.protocol, hop.before.destination);
        frontend
            .is_some_and(|(_, service_port)| service_port.has_firewall(hop.before.destination.ip()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::network::Family;
    use crate::network::fixture::{CLUSTER_IP, Fixture};
    use crate::network::iptables::Target;

    const BALANCER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 100);

    /// Each chain leads to the next one in the rules that the node prints.
    fn leads_on(f: &Fixture, node: &str, chains: &[Arc<str>]) -> bool {
        let tables = f.network.iptables(node, Family::V4).unwrap();
        let chain = |name: &str| {
            let mut all = tables.iter().flat_map(|table| &table.chains);
            all.find(|chain| *chain.name == *name && table_has_jumps(chain))
        };
        chains.windows(2).all(|pair| {
            chain(&pair[0]).is_some_and(|chain| {
                let target = Target::Chain(pair[1].clone());
                chain.rules.iter().any(|rule| rule.target == target)
            })
        })
    }

    fn table_has_jumps(chain: &crate::network::iptables::Chain) -> bool {
        chain.rules.iter().any(|rule| matches!(rule.target, Target::Chain(_)))
    }

    // R6.10
    #[test]
    fn the_chains_of_a_trace_are_those_that_are_printed() {
        let mut f = Fixture::new();
        f.set_service(|rules| {
            rules.node_port = Some(30_080);
            rules.external_local = true;
            rules.load_balancer_ips = vec![BALANCER.into()];
            rules.source_ranges = vec![([10, 244, 0, 0].into(), 16)];
        });
        let laptop = f.network.laptop();
        let sent = [
            (f.client, format!("{CLUSTER_IP}:80"), 3),
            (f.client, "192.168.49.2:30080".to_owned(), 5),
            (laptop, "192.168.49.2:30080".to_owned(), 5),
            (f.client, format!("{BALANCER}:80"), 5),
        ];
        for (from, to, length) in sent {
            let trace = f.dial(from, &to);
            let hop = trace.hops.iter().find(|hop| hop.stage == Stage::ServiceProxy).unwrap();
            let chains = f.network.chains(hop);
            assert_eq!(chains.len(), length, "{to}: {chains:?}");
            assert!(leads_on(&f, &hop.place.to_string(), &chains), "{to}: {chains:?}");
        }
        let refused = f.dial(f.node(1), format!("{BALANCER}:80"));
        assert_eq!(f.network.chains(refused.last().unwrap()), ["KUBE-PROXY-FIREWALL".into()]);
    }
}
