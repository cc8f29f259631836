//! What real packets did between real network namespaces (recording 20), experiment by experiment.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::fixture::{CLUSTER_IP, Fixture, add_pod, listen, told};
use super::*;

fn web() -> String {
    format!("{CLUSTER_IP}:80")
}

fn answers(counts: &BTreeMap<String, u32>) -> Vec<&str> {
    counts.keys().map(String::as_str).collect()
}

fn last(trace: &Trace) -> &Because {
    &trace.last().unwrap().because
}

// R2.4
#[test]
fn a_pod_reaches_every_pod_and_is_seen_with_its_own_address() {
    let mut f = Fixture::new();
    for pod in f.web {
        let to = f.address(pod);
        let trace = f.dial(f.client, format!("{to}:80"));
        assert!(told(&trace).ends_with(" 10.244.1.3"), "{trace}");
    }
}

// R2.6
#[test]
fn a_port_nobody_listens_on_is_refused() {
    let mut f = Fixture::new();
    let trace = f.dial(f.client, "10.244.2.2:81");
    assert_eq!(trace.outcome, Outcome::Refused);
    let Because::NobodyListens { listening } = last(&trace) else { panic!("{trace}") };
    assert_eq!(listening[0].port(), 80);
}

// R2.6, as recorded: silence.
#[test]
fn an_address_no_pod_has_is_silent_and_knows_who_had_it() {
    let mut f = Fixture::new();
    assert_eq!(f.dial(f.client, "10.244.2.250:80").outcome, Outcome::Silence);
    assert_eq!(f.dial(f.client, "10.244.1.250:80").outcome, Outcome::Silence);
    assert_eq!(f.dial(f.client, "10.244.77.2:80").outcome, Outcome::Silence);
    let gone = f.web[1];
    f.network.remove_pod(gone);
    let trace = f.dial(f.client, "10.244.2.2:80");
    assert_eq!(trace.outcome, Outcome::Silence);
    let Because::NoSuchPod { was: Some(was) } = last(&trace) else { panic!("{trace}") };
    assert_eq!(was.to_string(), "default/web-2");
}

// R6.1, R6.6, R6.12
#[test]
fn a_cluster_ip_leads_to_every_backend_equally_often() {
    let mut f = Fixture::new();
    let counts = f.spread(f.client, web(), 3000);
    assert_eq!(answers(&counts), ["web-1 10.244.1.3", "web-2 10.244.1.3", "web-3 10.244.1.3"]);
    // Three standard deviations of a binomial with p = 1/3 are 77.
    assert!(counts.values().all(|count| (923..=1077).contains(count)), "{counts:?}");
}

// R6.4
#[test]
fn a_port_that_the_service_does_not_have_is_silent() {
    let mut f = Fixture::new();
    let trace = f.dial(f.client, format!("{CLUSTER_IP}:81"));
    assert_eq!(trace.outcome, Outcome::Silence);
    let Because::NotAServicePort { service, ports } = last(&trace) else { panic!("{trace}") };
    assert_eq!((&**service, &ports[..]), ("default/web", &[(Protocol::Tcp, 80)][..]));
    let udp = f.send(SimTime::START, f.client, Protocol::Udp, web());
    assert_eq!(udp.outcome, Outcome::Silence);
}

// R6.5
#[test]
fn a_cluster_ip_answers_no_ping_and_a_pod_does() {
    let mut f = Fixture::new();
    let trace = f.ping(f.client, CLUSTER_IP);
    assert_eq!(trace.outcome, Outcome::Silence);
    assert!(matches!(last(&trace), Because::VirtualAddress { .. }));
    assert_eq!(told(&f.ping(f.client, Ipv4Addr::new(10, 244, 2, 2))), "web-2 10.244.1.3");
}

#[test]
fn a_ping_loses_a_hop_of_life_at_each_router() {
    let mut f = Fixture::new();
    let mut ttl = |from, to: [u8; 4]| f.ping(from, to.into()).reply_ttl();
    let client = Fixture::new().client;
    // Recording 31.
    assert_eq!(ttl(client, [10, 244, 2, 2]), 62);
    assert_eq!(ttl(client, [10, 244, 1, 2]), 63);
    assert_eq!(ttl(client, [192, 168, 49, 2]), 64);
    assert_eq!(ttl(client, [192, 168, 49, 3]), 63);
    assert_eq!(ttl(client, [203, 0, 113, 10]), 62);
    assert_eq!(ttl(NetnsId(0), [192, 168, 49, 2]), 64);
}

#[test]
fn an_unused_cluster_ip_is_silent() {
    let mut f = Fixture::new();
    let trace = f.dial(f.client, "10.96.200.200:80");
    assert_eq!(trace.outcome, Outcome::Silence);
    assert_eq!(*last(&trace), Because::NoSuchService);
}

// R6.7
#[test]
fn a_backend_that_calls_itself_through_its_service_sees_the_gateway() {
    let mut f = Fixture::new();
    let counts = f.spread(f.web[1], web(), 60);
    assert_eq!(answers(&counts), ["web-1 10.244.2.2", "web-2 10.244.2.1", "web-3 10.244.2.2"]);
}

#[test]
fn a_node_reaches_cluster_ips_with_the_address_of_the_device_it_leaves_by() {
    let mut f = Fixture::new();
    let counts = f.spread(f.node(1), web(), 60);
    assert_eq!(answers(&counts), ["web-1 10.244.1.1", "web-2 192.168.49.2", "web-3 192.168.49.2"]);
}

// R2.5
#[test]
fn from_outside_the_cluster_its_addresses_are_silent() {
    let mut f = Fixture::new();
    for to in [web(), "10.244.2.2:80".to_owned()] {
        let trace = f.dial(f.network.laptop(), &to);
        assert_eq!(trace.outcome, Outcome::Silence);
        assert_eq!(*last(&trace), Because::NoRouteFromOutside);
    }
}

// R6.3
#[test]
fn a_service_without_usable_endpoints_refuses_at_every_entrance() {
    let mut f = Fixture::new();
    let unready = [1, 2, 3].map(|number| f.endpoint(number, false));
    f.set_service(|rules| {
        rules.node_port = Some(30080);
        rules.endpoints = unready.into();
    });
    for (from, to) in [
        (f.client, web()),
        (f.node(2), web()),
        (f.network.laptop(), "192.168.49.2:30080".to_owned()),
    ] {
        let trace = f.dial(from, to);
        assert_eq!(trace.outcome, Outcome::Refused);
        assert!(matches!(last(&trace), Because::NoEndpoints { known: 3, .. }), "{trace}");
    }
}

// R6.2
#[test]
fn terminating_endpoints_serve_only_when_nobody_is_ready() {
    let mut f = Fixture::new();
    let leaving = EndpointRule { ready: false, terminating: true, ..f.endpoint(1, true) };
    let unready = f.endpoint(2, false);
    let both = [leaving.clone(), f.endpoint(3, true)];
    f.set_service(|rules| rules.endpoints = both.into());
    assert_eq!(answers(&f.spread(f.client, web(), 20)), ["web-3 10.244.1.3"]);
    f.set_service(|rules| rules.endpoints = [leaving, unready].into());
    assert_eq!(answers(&f.spread(f.client, web(), 20)), ["web-1 10.244.1.3"]);
}

// R1.4
#[test]
fn a_loopback_listener_is_refused_from_anywhere_else() {
    let mut f = Fixture::new();
    let lo = add_pod(&mut f.network, "lo", "node-3");
    listen(&mut f.network, lo, Protocol::Tcp, "127.0.0.1:8080", "app");
    let address = f.address(lo);
    for from in [f.client, lo] {
        let trace = f.dial(from, format!("{address}:8080"));
        assert_eq!(trace.outcome, Outcome::Refused);
        assert_eq!(*last(&trace), Because::LoopbackOnly { process: "app".into() });
    }
    assert_eq!(told(&f.dial(lo, "127.0.0.1:8080")), "lo 127.0.0.1");
    assert_eq!(told(&f.dial(lo, "0.0.0.0:8080")), "lo 127.0.0.1");
}

// R6.8
#[test]
fn session_affinity_lasts_while_the_client_comes_back_in_time() {
    let mut f = Fixture::new();
    f.set_service(|rules| rules.affinity = Some(Duration::from_secs(60)));
    let mut now = SimTime::START;
    let first = told(&f.send(now, f.client, Protocol::Tcp, web()));
    for _ in 0..20 {
        now += Duration::from_secs(59);
        assert_eq!(told(&f.send(now, f.client, Protocol::Tcp, web())), first);
    }
    let mut others = 0;
    for _ in 0..20 {
        now += Duration::from_secs(61);
        let trace = f.send(now, f.client, Protocol::Tcp, web());
        others += u32::from(told(&trace) != first);
    }
    assert!(others > 0);
}

// R6.8
#[test]
fn each_node_has_an_affinity_of_its_own() {
    let mut f = Fixture::new();
    f.set_service(|rules| {
        rules.affinity = Some(Duration::from_secs(10_800));
        rules.node_port = Some(30080);
    });
    let laptop = f.network.laptop();
    let mut servers = Vec::new();
    for seed in 0..8 {
        let mut f = Fixture::seeded(seed);
        f.set_service(|rules| {
            rules.affinity = Some(Duration::from_secs(10_800));
            rules.node_port = Some(30080);
        });
        let a = f.dial(laptop, "192.168.49.2:30080");
        let b = f.dial(laptop, "192.168.49.3:30080");
        let party = |trace: &Trace| match &trace.outcome {
            Outcome::Delivered { to, .. } => to.to_string(),
            other => other.to_string(),
        };
        servers.push(party(&a) == party(&b));
    }
    assert!(servers.contains(&false));
}

// R7.2, R6.6
#[test]
fn every_node_answers_on_the_node_port_and_hides_the_client() {
    let mut f = Fixture::new();
    f.set_service(|rules| rules.node_port = Some(30080));
    let laptop = f.network.laptop();
    let expected = [
        ["web-1 10.244.1.1", "web-2 192.168.49.2", "web-3 192.168.49.2"],
        ["web-1 192.168.49.3", "web-2 10.244.2.1", "web-3 192.168.49.3"],
        ["web-1 192.168.49.4", "web-2 192.168.49.4", "web-3 10.244.3.1"],
    ];
    for (number, expected) in (2..).zip(expected) {
        let to = format!("192.168.49.{number}:30080");
        assert_eq!(answers(&f.spread(laptop, to, 60)), expected);
    }
}

#[test]
fn a_pod_and_a_node_reach_node_ports() {
    let mut f = Fixture::new();
    f.set_service(|rules| rules.node_port = Some(30080));
    let counts = f.spread(f.client, "192.168.49.3:30080", 60);
    assert_eq!(answers(&counts), ["web-1 192.168.49.3", "web-2 10.244.2.1", "web-3 192.168.49.3"]);
    let counts = f.spread(f.node(1), "127.0.0.1:30080", 60);
    assert_eq!(answers(&counts), ["web-1 10.244.1.1", "web-2 192.168.49.2", "web-3 192.168.49.2"]);
}

// R7.2
#[test]
fn neither_port_nor_target_port_opens_on_nodes() {
    let mut f = Fixture::new();
    f.set_service(|rules| rules.node_port = Some(30080));
    let laptop = f.network.laptop();
    assert_eq!(f.dial(laptop, "192.168.49.2:80").outcome, Outcome::Refused);
    assert_eq!(f.dial(laptop, "192.168.49.2:30099").outcome, Outcome::Refused);
}

// R7.3, R6.3
#[test]
fn external_policy_local_keeps_the_client_and_drops_elsewhere() {
    let mut f = Fixture::new();
    let only = [f.endpoint(3, true)];
    f.set_service(|rules| {
        rules.node_port = Some(30080);
        rules.external_local = true;
        rules.health_check_node_port = Some(32000);
        rules.endpoints = only.into();
    });
    let laptop = f.network.laptop();
    let trace = f.dial(laptop, "192.168.49.2:30080");
    assert_eq!(trace.outcome, Outcome::Silence);
    assert!(matches!(last(&trace), Because::NoLocalEndpoints { elsewhere: 1, .. }));
    assert_eq!(told(&f.dial(laptop, "192.168.49.4:30080")), "web-3 192.168.49.1");
    // From inside, the policy does not count.
    assert_eq!(told(&f.dial(f.client, "192.168.49.2:30080")), "web-3 10.244.1.3");
    assert_eq!(told(&f.dial(f.node(1), "192.168.49.2:30080")), "web-3 192.168.49.2");
    assert_eq!(told(&f.dial(laptop, "192.168.49.2:32000")), "node-1 192.168.49.1");
    assert_eq!(f.network.health_check("node-1", 32000), Some(("default/web", 0)));
    assert_eq!(f.network.health_check("node-3", 32000), Some(("default/web", 1)));
}

// R6.9, R6.3
#[test]
fn internal_policy_local_drops_where_no_endpoint_is() {
    let mut f = Fixture::new();
    let only = [f.endpoint(3, true)];
    f.set_service(|rules| {
        rules.internal_local = true;
        rules.node_port = Some(30080);
        rules.endpoints = only.into();
    });
    assert_eq!(f.dial(f.client, web()).outcome, Outcome::Silence);
    assert_eq!(f.dial(f.node(1), web()).outcome, Outcome::Silence);
    assert_eq!(told(&f.dial(f.node(3), web())), "web-3 10.244.3.1");
    assert_eq!(told(&f.dial(f.network.laptop(), "192.168.49.2:30080")), "web-3 192.168.49.2");
}

// R7.4
#[test]
fn a_load_balancers_address_is_short_cut_inside_and_unknown_outside() {
    let mut f = Fixture::new();
    f.set_service(|rules| rules.external_ips = vec![Ipv4Addr::new(203, 0, 113, 10).into()]);
    let counts = f.spread(f.client, "203.0.113.10:80", 60);
    assert_eq!(answers(&counts), ["web-1 10.244.1.1", "web-2 192.168.49.2", "web-3 192.168.49.2"]);
    assert_eq!(f.dial(f.network.laptop(), "203.0.113.10:80").outcome, Outcome::Silence);
}

// R7.4
#[test]
fn a_cloud_balances_over_the_node_ports() {
    let mut f = Fixture::new();
    f.network.join_cloud();
    f.set_service(|rules| {
        rules.node_port = Some(30080);
        rules.load_balancer_ips = vec![Ipv4Addr::new(203, 0, 113, 10).into()];
    });
    let laptop = f.network.laptop();
    let counts = f.spread(laptop, "203.0.113.10:80", 120);
    assert_eq!(
        counts.len(),
        9,
        "each pod sees each node's address, or its own gateway: {counts:?}"
    );
    assert_eq!(f.dial(laptop, "203.0.113.10:81").outcome, Outcome::Silence);
    f.set_service(|rules| {
        rules.node_port = Some(30080);
        rules.external_local = true;
        rules.load_balancer_ips = vec![Ipv4Addr::new(203, 0, 113, 10).into()];
        let mut endpoints = rules.endpoints.to_vec();
        endpoints[0].ready = false;
        rules.endpoints = endpoints.into();
    });
    let counts = f.spread(laptop, "203.0.113.10:80", 60);
    assert_eq!(answers(&counts), ["web-2 203.0.113.1", "web-3 203.0.113.1"]);
}

// R7.4
#[test]
fn source_ranges_hold_at_the_balancer_and_at_every_node() {
    let mut f = Fixture::new();
    let (address, to) = (Ipv4Addr::new(203, 0, 113, 100), "203.0.113.100:80");
    let allow = |f: &mut Fixture, node_port, (network, length): (Ipv4Addr, u8)| {
        f.set_service(|rules| {
            rules.node_port = node_port;
            rules.load_balancer_ips = vec![address.into()];
            rules.source_ranges = vec![(network.into(), length)];
        });
    };
    let laptop = f.network.laptop();
    f.network.join_cloud();
    allow(&mut f, Some(30080), (Ipv4Addr::new(203, 0, 113, 1), 32));
    assert!(matches!(f.dial(laptop, to).outcome, Outcome::Delivered { .. }));
    let inside = f.dial(f.client, to);
    assert_eq!(inside.outcome, Outcome::Silence);
    assert!(matches!(last(&inside), Because::OutsideSourceRanges { .. }));
    allow(&mut f, Some(30080), (Ipv4Addr::new(10, 244, 0, 0), 16));
    let outside = f.dial(laptop, to);
    assert_eq!(outside.outcome, Outcome::Silence);
    assert_eq!(outside.last().unwrap().place, Party::Outside("load balancer".into()));
    assert!(matches!(f.dial(f.client, to).outcome, Outcome::Delivered { .. }));
    // A node port is another door: nobody watches it.
    assert!(matches!(f.dial(laptop, "192.168.49.2:30080").outcome, Outcome::Delivered { .. }));
    // Without node ports the balancer's packets reach the nodes as they are.
    allow(&mut f, None, (Ipv4Addr::new(203, 0, 113, 0), 28));
    assert!(matches!(f.dial(laptop, to).outcome, Outcome::Delivered { .. }));
}

// R6.2
#[test]
fn traffic_that_prefers_to_stay_near_goes_elsewhere_only_when_it_must() {
    let mut f = Fixture::new();
    for (node, zone) in [("node-1", "a"), ("node-2", "a"), ("node-3", "b")] {
        f.network.set_zone(node, Some(zone));
    }
    let hinted = |f: &mut Fixture, nodes: bool, ready: [bool; 3]| {
        let endpoints: Vec<EndpointRule> = [1, 2, 3]
            .map(|number| {
                let zones = vec![if number == 3 { "b" } else { "a" }.into()];
                let node = nodes.then(|| format!("node-{number}").into());
                let hints = EndpointHints { zones, nodes: node.into_iter().collect() };
                let ready = ready[usize::from(number) - 1];
                let hints = ready.then(|| Arc::new(hints));
                EndpointRule { hints, ..f.endpoint(number, ready) }
            })
            .into();
        f.set_service(|rules| rules.endpoints = endpoints.into());
    };
    let pods = |f: &mut Fixture| -> Vec<String> {
        let counts = f.spread(f.client, web(), 60);
        counts.keys().map(|told| told.split(' ').next().unwrap().to_owned()).collect()
    };
    // PreferSameZone: both endpoints of the client's zone, and nobody else.
    hinted(&mut f, false, [true, true, true]);
    assert_eq!(pods(&mut f), ["web-1", "web-2"]);
    // None is ready there: all that are.
    hinted(&mut f, false, [false, false, true]);
    assert_eq!(pods(&mut f), ["web-3"]);
    // PreferSameNode: the client's node, or else its zone, or else anybody.
    hinted(&mut f, true, [true, true, true]);
    assert_eq!(pods(&mut f), ["web-1"]);
    hinted(&mut f, true, [false, true, true]);
    assert_eq!(pods(&mut f), ["web-2"]);
    hinted(&mut f, true, [false, false, true]);
    assert_eq!(pods(&mut f), ["web-3"]);
    // A node without a zone takes no notice of zones.
    hinted(&mut f, false, [true, true, true]);
    f.network.set_zone("node-1", None);
    assert_eq!(pods(&mut f), ["web-1", "web-2", "web-3"]);
}

// R7.3, R7.4
#[test]
fn a_balancer_asks_for_ready_pods_where_they_have_to_be_local() {
    let mut f = Fixture::new();
    f.network.join_cloud();
    f.set_service(|rules| {
        rules.node_port = Some(30080);
        rules.external_local = true;
        rules.load_balancer_ips = vec![Ipv4Addr::new(203, 0, 113, 100).into()];
        let mut endpoints = rules.endpoints.to_vec();
        for endpoint in &mut endpoints[..2] {
            (endpoint.ready, endpoint.terminating) = (false, true);
        }
        rules.endpoints = endpoints.into();
    });
    // node-1 would still serve with its leaving pod, but fails the health check.
    let laptop = f.network.laptop();
    assert_eq!(answers(&f.spread(laptop, "203.0.113.100:80", 40)), ["web-3 203.0.113.1"]);
    assert_eq!(told(&f.dial(laptop, "192.168.49.2:30080")), "web-1 192.168.49.1");
}

// R7.4
#[test]
fn a_tunnel_makes_cluster_ips_reachable_from_the_laptop() {
    let mut f = Fixture::new();
    f.set_service(|rules| rules.load_balancer_ips = vec![CLUSTER_IP.into()]);
    let laptop = f.network.laptop();
    assert_eq!(f.dial(laptop, web()).outcome, Outcome::Silence);
    f.network.set_tunnel(true);
    let counts = f.spread(laptop, web(), 60);
    assert_eq!(answers(&counts), ["web-1 10.244.1.1", "web-2 192.168.49.2", "web-3 192.168.49.2"]);
    f.network.set_tunnel(false);
    assert_eq!(f.dial(laptop, web()).outcome, Outcome::Silence);
}

#[test]
fn the_world_outside_sees_the_node_and_not_the_pod() {
    let mut f = Fixture::new();
    let to = "203.0.113.10:80";
    assert_eq!(told(&f.dial(f.client, to)), "example.com 192.168.49.2");
    assert_eq!(told(&f.dial(f.node(2), to)), "example.com 192.168.49.3");
    assert_eq!(told(&f.dial(f.network.laptop(), to)), "example.com 203.0.113.1");
    assert_eq!(f.dial(f.client, "203.0.113.10:81").outcome, Outcome::Refused);
    assert_eq!(f.dial(f.client, "198.51.100.7:80").outcome, Outcome::Silence);
}

// Recording 31.
#[test]
fn an_unused_address_among_the_nodes_has_no_route() {
    let mut f = Fixture::new();
    for from in [f.client, f.node(1), f.network.laptop()] {
        let trace = f.dial(from, "192.168.49.99:80");
        assert_eq!((&trace.outcome, last(&trace)), (&Outcome::Unreachable, &Because::NobodyThere));
    }
}

#[test]
fn udp_is_refused_where_a_service_has_no_endpoints() {
    let mut f = Fixture::new();
    let dns = add_pod(&mut f.network, "dns", "node-2");
    listen(&mut f.network, dns, Protocol::Udp, "0.0.0.0:53", "dns");
    let address = f.address(dns);
    f.set_service(|rules| {
        let endpoint =
            EndpointRule { address: SocketAddr::new(address, 53), ..rules.endpoints[1].clone() };
        rules.protocol = Protocol::Udp;
        rules.port = 53;
        rules.endpoints = [endpoint].into();
    });
    let to = format!("{CLUSTER_IP}:53");
    assert_eq!(told(&f.send(SimTime::START, f.client, Protocol::Udp, &to)), "dns 10.244.1.3");
    f.set_service(|rules| {
        rules.protocol = Protocol::Udp;
        rules.port = 53;
        rules.endpoints = [].into();
    });
    assert_eq!(f.send(SimTime::START, f.client, Protocol::Udp, &to).outcome, Outcome::Refused);
}

#[test]
fn a_node_that_is_down_is_silent() {
    let mut f = Fixture::new();
    let (address, subnet) = (Ipv4Addr::new(192, 168, 49, 3), Ipv4Addr::new(10, 244, 2, 0));
    f.network.set_node("node-2", address, subnet, false);
    for to in ["10.244.2.2:80", "192.168.49.3:80"] {
        let trace = f.dial(f.client, to);
        assert_eq!(trace.outcome, Outcome::Silence);
        assert_eq!(*last(&trace), Because::NodeDown { node: "node-2".into() });
    }
}

#[test]
fn a_host_port_leads_to_the_pod_until_it_ends() {
    let mut f = Fixture::new();
    f.network.set_host_port(f.web[0], Protocol::Tcp, (None, 8080), 80);
    let laptop = f.network.laptop();
    assert_eq!(told(&f.dial(laptop, "192.168.49.2:8080")), "web-1 192.168.49.1");
    // The plugin `portmap` masquerades the pod's own subnet and the node's loopback.
    let node = f.network.node("node-1").unwrap().netns;
    assert_eq!(told(&f.dial(node, "127.0.0.1:8080")), "web-1 10.244.1.1");
    assert_eq!(told(&f.dial(f.web[0], "192.168.49.2:8080")), "web-1 10.244.1.1");
    assert_eq!(f.dial(laptop, "192.168.49.3:8080").outcome, Outcome::Refused);
    f.network.remove_pod(f.web[0]);
    assert_eq!(f.dial(laptop, "192.168.49.2:8080").outcome, Outcome::Refused);
}

#[test]
fn a_host_ip_is_the_only_address_of_its_port() {
    let mut f = Fixture::new();
    let loopback = Ipv4Addr::LOCALHOST.into();
    f.network.set_host_port(f.web[0], Protocol::Tcp, (Some(loopback), 8080), 80);
    let (laptop, node) = (f.network.laptop(), f.network.node("node-1").unwrap().netns);
    assert_eq!(f.dial(laptop, "192.168.49.2:8080").outcome, Outcome::Refused);
    assert_eq!(told(&f.dial(node, "127.0.0.1:8080")), "web-1 10.244.1.1");
}

#[test]
fn rules_that_send_packets_around_in_circles_end() {
    let mut f = Fixture::new();
    f.set_service(|rules| {
        rules.node_port = Some(30080);
        let mut endpoint = rules.endpoints[0].clone();
        endpoint.address = "192.168.49.3:30081".parse().unwrap();
        rules.endpoints = [endpoint].into();
    });
    let mut back =
        f.network.services.node_port(Family::V4, Protocol::Tcp, 30080).unwrap().rules.clone();
    back.name = "default/back".into();
    back.cluster_ip = Ipv4Addr::new(10, 96, 9, 9).into();
    back.node_port = Some(30081);
    let mut endpoint = back.endpoints[0].clone();
    endpoint.address = "192.168.49.2:30080".parse().unwrap();
    back.endpoints = [endpoint].into();
    f.network.set_service("default/back", vec![back]);
    let trace = f.dial(f.client, web());
    assert_eq!(trace.outcome, Outcome::Silence);
    assert_eq!(*last(&trace), Because::SentInCircles);
}

#[test]
fn a_gone_sender_has_a_verdict_too() {
    let mut f = Fixture::new();
    f.network.remove_pod(f.client);
    let trace = f.dial(f.client, web());
    assert_eq!(trace.outcome, Outcome::Unreachable);
    assert_eq!(*last(&trace), Because::SenderGone);
}

// R2.2
#[test]
fn a_freed_address_waits_for_the_wrap_around() {
    let mut f = Fixture::new();
    let name = |address: Option<Ipv4Addr>| address.map(|it| it.octets()[3]);
    f.network.remove_pod(f.web[1]);
    assert_eq!(name(f.network.allocate_pod_address("node-2")), Some(3));
    for octet in 4..=254 {
        assert_eq!(name(f.network.allocate_pod_address("node-2")), Some(octet));
    }
    assert_eq!(name(f.network.allocate_pod_address("node-2")), Some(2));
    for _ in 0..253 {
        add_pod(&mut f.network, "x", "node-3");
        if name(f.network.allocate_pod_address("node-3")).is_none() {
            return;
        }
    }
    panic!("a full subnet still has addresses");
}

// R1.2
#[test]
fn a_port_is_taken_by_whoever_listens_on_every_address() {
    let mut f = Fixture::new();
    let pod = f.web[0];
    let own = f.address(pod);
    let mut bind = |address: Ipv4Addr, port| {
        let listener = Listener {
            process: ProcessId(9),
            name: "b".into(),
            container: None,
            owner: None,
            v6_only: false,
        };
        f.network.bind(pod, Protocol::Tcp, address, port, listener)
    };
    let taken = Err(BindError::InUse { by: "nginx".into() });
    assert_eq!(bind(Ipv4Addr::UNSPECIFIED, 80), taken);
    assert_eq!(bind(Ipv4Addr::LOCALHOST, 80), taken);
    assert_eq!(bind(Ipv4Addr::LOCALHOST, 81), Ok(()));
    assert_eq!(bind(Ipv4Addr::UNSPECIFIED, 81), Err(BindError::InUse { by: "b".into() }));
    assert_eq!(bind(own, 81), Ok(()));
    // bind(2): EADDRNOTAVAIL, as `net.ipv4.ip_nonlocal_bind` is 0.
    assert_eq!(bind(Ipv4Addr::new(10, 244, 9, 99), 82), Err(BindError::NotAvailable));
    assert_eq!(bind(Ipv4Addr::new(127, 0, 0, 9), 82), Ok(()));
}

// R11.1, R11.2, R11.4
#[test]
fn a_policy_denies_what_no_rule_allows_and_spares_the_own_node() {
    let mut f = Fixture::new();
    let rules = |allow| Some(PolicyRules { policies: vec!["default/deny".into()], allow });
    f.network.set_policies(f.web[0], PodPolicies { ingress: rules(Vec::new()), egress: None });
    let trace = f.dial(f.client, "10.244.1.2:80");
    assert_eq!(trace.outcome, Outcome::Silence);
    assert_eq!(*last(&trace), Because::PolicyDenies { policies: vec!["default/deny".into()] });
    assert_eq!(told(&f.dial(f.node(1), "10.244.1.2:80")), "web-1 10.244.1.1");
    assert_eq!(f.dial(f.node(2), "10.244.1.2:80").outcome, Outcome::Silence);
    assert_eq!(told(&f.dial(f.web[0], "10.244.1.2:80")), "web-1 10.244.1.2");
    let rule = PolicyRule {
        policy: "default/allow".into(),
        number: 0,
        peers: PolicyPeers::Only {
            pods: Arc::new([Ipv4Addr::new(10, 244, 1, 3).into()].into()),
            blocks: Vec::new(),
        },
        ports: vec![PolicyPort { protocol: Protocol::Tcp, first: 80, last: 80 }],
    };
    f.network.set_policies(f.web[0], PodPolicies { ingress: rules(vec![rule]), egress: None });
    assert_eq!(told(&f.dial(f.client, "10.244.1.2:80")), "web-1 10.244.1.3");
    assert_eq!(f.dial(f.web[1], "10.244.1.2:80").outcome, Outcome::Silence);
}

// R11.3: ports of the pod, after DNAT.
#[test]
fn egress_is_judged_by_the_pods_port() {
    let mut f = Fixture::new();
    f.set_service(|rules| rules.port = 8000);
    let rule = PolicyRule {
        policy: "default/to-web".into(),
        number: 0,
        peers: PolicyPeers::Only {
            pods: Arc::default(),
            blocks: vec![PolicyBlock {
                range: (Ipv4Addr::new(10, 244, 0, 0).into(), 16),
                except: vec![(Ipv4Addr::new(10, 244, 3, 0).into(), 24)],
            }],
        },
        ports: vec![PolicyPort { protocol: Protocol::Tcp, first: 80, last: 90 }],
    };
    let egress = Some(PolicyRules { policies: vec!["default/to-web".into()], allow: vec![rule] });
    f.network.set_policies(f.client, PodPolicies { ingress: None, egress });
    let counts = f.spread(f.client, format!("{CLUSTER_IP}:8000"), 60);
    assert_eq!(answers(&counts), ["no answer", "web-1 10.244.1.3", "web-2 10.244.1.3"]);
    assert_eq!(f.dial(f.client, "203.0.113.10:80").outcome, Outcome::Silence);
}

// R6.1: the rules of the client's node, so a clone with other rules decides otherwise.
#[test]
fn a_clone_goes_its_own_way() {
    let mut f = Fixture::new();
    let mut copy = f.network.clone();
    copy.set_service("default/web", Vec::new());
    assert!(matches!(f.dial(f.client, web()).outcome, Outcome::Delivered { .. }));
    let sender = Sender { netns: f.client, container: None, process: None };
    let to = SocketAddr::new(CLUSTER_IP, 80);
    let sent = copy.send(SimTime::START, &sender, Protocol::Tcp, to);
    assert_eq!(sent.trace.outcome, Outcome::Silence);
}

#[test]
fn a_node_keeps_a_record_of_what_it_translated() {
    let mut f = Fixture::new();
    let trace = f.dial(f.client, web());
    f.dial(f.client, "10.96.200.200:80");
    let entries = f.network.conntrack("node-1", SimTime::START);
    let Outcome::Delivered { at, .. } = trace.outcome else { panic!("{trace}") };
    assert_eq!(entries[0].original, trace.flow);
    assert_eq!(entries[0].translated.destination, at);
    assert_eq!(entries[0].tracked, Tracked::Answered);
    assert_eq!(entries[1].translated.source.ip(), Ipv4Addr::new(192, 168, 49, 2));
    assert_eq!(entries[1].tracked, Tracked::Unreplied);
    assert!(f.network.conntrack("node-1", SimTime::from_millis(120_000)).is_empty());
}
