//! The cluster of recording 20, for tests: three nodes, three backends `web`, a client on node-1.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::*;

/// A cluster and the namespaces of its pods.
pub(crate) struct Fixture {
    pub network: Network,
    /// One backend on each node; they listen on port 80.
    pub web: [NetnsId; 3],
    /// On node-1.
    pub client: NetnsId,
}

pub(crate) const CLUSTER_IP_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x10, 0x96, 0, 0, 0, 0, 0xf7d5);
pub(crate) const NODE_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x192, 0x168, 0x49, 0, 0, 0, 2);
pub(crate) const CLUSTER_IP: Ipv4Addr = Ipv4Addr::new(10, 98, 247, 213);

impl Fixture {
    pub fn new() -> Fixture {
        Fixture::seeded(7)
    }

    pub fn seeded(seed: u64) -> Fixture {
        let mut network = Network::new(seed);
        for number in 1..=3 {
            let address = Ipv4Addr::new(192, 168, 49, number + 1);
            let subnet = Ipv4Addr::new(10, 244, number, 0);
            network.set_node(&format!("node-{number}"), address, subnet, true);
        }
        let web = [1, 2, 3].map(|number| {
            let pod = add_pod(&mut network, &format!("web-{number}"), &format!("node-{number}"));
            listen(&mut network, pod, Protocol::Tcp, "0.0.0.0:80", "nginx");
            pod
        });
        let client = add_pod(&mut network, "client", "node-1");
        let mut fixture = Fixture { network, web, client };
        fixture.set_service(|_| {});
        fixture
    }

    /// The same cluster as a dual-stack one: node-1 is [`NODE_V6`], its pods are in
    /// fd00:10:244:1::/64.
    pub fn dual(seed: u64) -> Fixture {
        let mut network = Network::new(seed);
        for number in 1..=3u8 {
            let name = format!("node-{number}");
            let (address, subnet) = ([192, 168, 49, number + 1], [10, 244, number, 0]);
            network.set_node(&name, address.into(), subnet.into(), true);
            let number = u16::from(number);
            let second = Ipv6Addr::new(0xfd00, 0x192, 0x168, 0x49, 0, 0, 0, number + 1);
            let subnet = Ipv6Addr::new(0xfd00, 0x10, 0x244, number, 0, 0, 0, 0);
            network.set_second_family(&name, second, subnet);
        }
        let web = [1, 2, 3].map(|number| {
            let pod = add_pod(&mut network, &format!("web-{number}"), &format!("node-{number}"));
            listen(&mut network, pod, Protocol::Tcp, "[::]:80", "whoami");
            pod
        });
        let client = add_pod(&mut network, "client", "node-1");
        let mut fixture = Fixture { network, web, client };
        fixture.set_service(|_| {});
        fixture
    }

    /// The rules of `default/web` for both families, those of IPv6 changed by `change`.
    pub fn set_services(&mut self, change: impl FnOnce(&mut ServiceRules)) {
        self.set_service(|_| {});
        let v4 = self.network.services.service_ports().next().unwrap().rules.clone();
        let endpoints = v4.endpoints.iter().zip(self.web).map(|(endpoint, pod)| {
            let address = self.network.netns(pod).unwrap().address_v6.unwrap();
            EndpointRule { address: SocketAddr::new(address, 80), ..endpoint.clone() }
        });
        let endpoints: Vec<EndpointRule> = endpoints.collect();
        let mut v6 = ServiceRules {
            cluster_ip: CLUSTER_IP_V6.into(),
            endpoints: endpoints.into(),
            ..v4.clone()
        };
        change(&mut v6);
        self.network.set_service("default/web", vec![v4, v6]);
    }

    /// The Service `default/web` on [`CLUSTER_IP`], with the three backends, changed by `change`.
    pub fn set_service(&mut self, change: impl FnOnce(&mut ServiceRules)) {
        let endpoints = [1, 2, 3].map(|number| self.endpoint(number, true));
        let mut rules = ServiceRules {
            name: "default/web".into(),
            cluster_ip: CLUSTER_IP.into(),
            protocol: Protocol::Tcp,
            port: 80,
            node_port: None,
            external_ips: Vec::new(),
            load_balancer_ips: Vec::new(),
            source_ranges: Vec::new(),
            internal_local: false,
            external_local: false,
            health_check_node_port: None,
            affinity: None,
            endpoints: endpoints.into(),
        };
        change(&mut rules);
        self.network.set_service("default/web", vec![rules]);
    }

    /// The rule of the backend on a node.
    pub fn endpoint(&self, number: u8, ready: bool) -> EndpointRule {
        let pod = self.network.netns(self.web[usize::from(number) - 1]).unwrap();
        EndpointRule {
            address: SocketAddr::new(pod.address, 80),
            node: pod.node.clone(),
            pod: Some(pod.party.clone()),
            ready,
            serving: ready,
            terminating: false,
            hints: None,
        }
    }

    pub fn node(&self, number: u8) -> NetnsId {
        self.network.node(&format!("node-{number}")).unwrap().netns
    }

    pub fn address(&self, pod: NetnsId) -> Ipv4Addr {
        self.network.netns(pod).unwrap().address
    }

    /// A TCP connection.
    pub fn dial(&mut self, from: NetnsId, to: impl ToString) -> Arc<Trace> {
        self.send(SimTime::START, from, Protocol::Tcp, to)
    }

    /// Who answers `times` connections, what client addresses they see, and how often.
    pub fn spread(
        &mut self,
        from: NetnsId,
        to: impl ToString,
        times: u32,
    ) -> BTreeMap<String, u32> {
        let to = to.to_string();
        let mut counts = BTreeMap::new();
        for _ in 0..times {
            *counts.entry(told(&self.dial(from, &to))).or_insert(0) += 1;
        }
        counts
    }

    pub fn ping(&mut self, from: NetnsId, to: Ipv4Addr) -> Arc<Trace> {
        self.send(SimTime::START, from, Protocol::Icmp, format!("{to}:0"))
    }

    pub fn send(
        &mut self,
        now: SimTime,
        from: NetnsId,
        protocol: Protocol,
        to: impl ToString,
    ) -> Arc<Trace> {
        let to = to.to_string().parse().unwrap();
        let sender = Sender { netns: from, container: None, process: None };
        self.network.send(now, &sender, protocol, to).trace
    }
}

pub(crate) fn add_pod(network: &mut Network, name: &str, node: &str) -> NetnsId {
    let address = network.allocate_pod_address(node).unwrap();
    let party = Party::Pod { namespace: "default".into(), name: name.into() };
    network.add_pod(party, address, node)
}

pub(crate) fn listen(
    network: &mut Network,
    netns: NetnsId,
    protocol: Protocol,
    at: &str,
    name: &str,
) {
    let at: SocketAddr = at.parse().unwrap();
    let process = ProcessId(u64::from(netns.0) + 100);
    let listener =
        Listener { process, name: name.into(), container: None, owner: None, v6_only: false };
    network.bind(netns, protocol, at.ip(), at.port(), listener).unwrap();
}

/// Who answered and what client address it saw: `web-1 10.244.1.3`; or how it failed.
pub(crate) fn told(trace: &Trace) -> String {
    match &trace.outcome {
        Outcome::Delivered { to, seen_from, .. } => {
            format!("{} {}", to.to_string().trim_start_matches("default/"), seen_from.ip())
        }
        other => other.to_string(),
    }
}
