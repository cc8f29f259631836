//! What packets of the second family meet (R13): the same as those of the first.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use super::fixture::{CLUSTER_IP, CLUSTER_IP_V6, Fixture, NODE_V6, told};
use super::*;

fn web() -> String {
    format!("[{CLUSTER_IP_V6}]:80")
}

fn answers(counts: &BTreeMap<String, u32>) -> Vec<&str> {
    counts.keys().map(String::as_str).collect()
}

fn v6(f: &Fixture, pod: NetnsId) -> Ipv6Addr {
    f.network.netns(pod).unwrap().address_v6.unwrap()
}

// R2.4, R13.1
#[test]
fn a_pod_reaches_every_pod_by_both_families() {
    let mut f = Fixture::dual(7);
    for pod in f.web {
        let (first, second) = (f.address(pod), v6(&f, pod));
        assert!(told(&f.dial(f.client, format!("{first}:80"))).ends_with(" 10.244.1.3"));
        assert!(told(&f.dial(f.client, format!("[{second}]:80"))).ends_with(" fd00:10:244:1::3"));
    }
    let trace = f.send(SimTime::START, f.client, Protocol::Icmp, "[fd00:10:244:2::2]:0");
    assert_eq!((told(&trace).as_str(), trace.reply_ttl()), ("web-2 fd00:10:244:1::3", 62));
}

// R13.1: without an address of the family, the sender's own kernel knows no way.
#[test]
fn a_single_stack_cluster_has_no_way_for_ipv6_but_loopback() {
    let mut f = Fixture::new();
    let trace = f.dial(f.client, "[fd00:10:244:2::2]:80");
    assert_eq!(trace.outcome, Outcome::Unreachable);
    assert_eq!(trace.last().unwrap().because, Because::NoAddress { family: Family::V6 });
    let inside = f.dial(f.client, "[::1]:80");
    assert_eq!(inside.outcome, Outcome::Refused);
}

// R1.2
#[test]
fn a_socket_on_every_ipv4_address_refuses_ipv6_and_one_on_all_takes_both() {
    let mut f = Fixture::dual(7);
    let pod = f.client;
    let own = (f.address(pod), v6(&f, pod));
    fixture::listen(&mut f.network, pod, Protocol::Tcp, "0.0.0.0:81", "four");
    assert!(matches!(f.dial(f.web[0], format!("{}:81", own.0)).outcome, Outcome::Delivered { .. }));
    let refused = f.dial(f.web[0], format!("[{}]:81", own.1));
    assert_eq!(refused.outcome, Outcome::Refused);
    let Because::OtherFamily { family, .. } = &refused.last().unwrap().because else {
        panic!("{refused}")
    };
    assert_eq!(*family, Family::V4);
    let listener = |v6_only| Listener {
        process: ProcessId(9),
        name: "b".into(),
        container: None,
        owner: None,
        v6_only,
    };
    let all: IpAddr = Ipv6Addr::UNSPECIFIED.into();
    assert!(f.network.bind(pod, Protocol::Tcp, all, 81, listener(false)).is_err());
    assert!(f.network.bind(pod, Protocol::Tcp, all, 81, listener(true)).is_ok());
    assert!(matches!(
        f.dial(f.web[0], format!("[{}]:81", own.1)).outcome,
        Outcome::Delivered { .. }
    ));
}

// R6.1, R6.6, R6.7
#[test]
fn a_second_cluster_ip_leads_to_the_second_addresses_and_masquerades_alike() {
    let mut f = Fixture::dual(7);
    f.set_services(|_| {});
    let counts = f.spread(f.client, web(), 90);
    assert_eq!(
        answers(&counts),
        ["web-1 fd00:10:244:1::3", "web-2 fd00:10:244:1::3", "web-3 fd00:10:244:1::3"]
    );
    let hairpin = f.spread(f.web[1], web(), 90);
    assert_eq!(
        answers(&hairpin),
        ["web-1 fd00:10:244:2::2", "web-2 fd00:10:244:2::1", "web-3 fd00:10:244:2::2"]
    );
    let node = f.spread(f.node(1), web(), 90);
    assert_eq!(
        answers(&node),
        ["web-1 fd00:10:244:1::1", "web-2 fd00:192:168:49::2", "web-3 fd00:192:168:49::2"]
    );
    let first = f.dial(f.client, format!("{CLUSTER_IP}:80"));
    assert!(told(&first).ends_with(" 10.244.1.3"));
}

// R6.3, R6.4, R6.5, R2.5
#[test]
fn what_leads_nowhere_ends_as_in_the_first_family() {
    let mut f = Fixture::dual(7);
    f.set_services(|rules| rules.endpoints = [].into());
    assert_eq!(f.dial(f.client, web()).outcome, Outcome::Refused);
    assert_eq!(f.dial(f.client, format!("[{CLUSTER_IP_V6}]:81")).outcome, Outcome::Silence);
    let ping = f.send(SimTime::START, f.client, Protocol::Icmp, format!("[{CLUSTER_IP_V6}]:0"));
    assert!(matches!(ping.last().unwrap().because, Because::VirtualAddress { .. }));
    for to in [web(), "[fd00:10:244:2::2]:80".to_owned()] {
        let trace = f.dial(f.network.laptop(), &to);
        assert_eq!(trace.last().unwrap().because, Because::NoRouteFromOutside);
    }
    let gone = f.web[1];
    f.network.remove_pod(gone);
    let trace = f.dial(f.client, "[fd00:10:244:2::2]:80");
    let Because::NoSuchPod { was: Some(was) } = &trace.last().unwrap().because else {
        panic!("{trace}")
    };
    assert_eq!(was.to_string(), "default/web-2");
    let nobody = f.dial(f.client, "[fd00:192:168:49::99]:80");
    assert_eq!(nobody.last().unwrap().because, Because::NobodyThere);
}

// R7.2, R7.3
#[test]
fn node_ports_are_of_both_families_each_with_its_own_rules() {
    let mut f = Fixture::dual(7);
    f.set_services(|rules| {
        rules.node_port = Some(30_080);
        rules.external_local = true;
    });
    let laptop = f.network.laptop();
    let at_node = format!("[{NODE_V6}]:30080");
    let counts = f.spread(laptop, &at_node, 10);
    assert_eq!(answers(&counts), ["web-1 fd00:192:168:49::1"]);
    // The rules of IPv4 have no node port here, and by ::1 there is none either.
    assert_eq!(f.dial(laptop, "192.168.49.2:30080").outcome, Outcome::Refused);
    assert_eq!(f.dial(f.node(1), "[::1]:30080").outcome, Outcome::Refused);
}

// R11.1, R11.3
#[test]
fn policies_judge_by_the_address_that_the_packet_has() {
    let mut f = Fixture::dual(7);
    let web = f.web[1];
    let block = PolicyBlock { range: ("fd00:10:244:1::".parse().unwrap(), 64), except: Vec::new() };
    let rule = PolicyRule {
        policy: "default/wall".into(),
        number: 0,
        peers: PolicyPeers::Only { pods: Arc::default(), blocks: vec![block] },
        ports: Vec::new(),
    };
    let rules = PolicyRules { policies: vec!["default/wall".into()], allow: vec![rule] };
    f.network.set_policies(web, PodPolicies { ingress: Some(rules), egress: None });
    let (first, second) = (f.address(web), v6(&f, web));
    assert_eq!(f.dial(f.client, format!("{first}:80")).outcome, Outcome::Silence);
    let by_second = f.dial(f.client, format!("[{second}]:80"));
    assert!(matches!(by_second.outcome, Outcome::Delivered { .. }));
    assert_eq!(f.dial(f.web[2], format!("[{second}]:80")).outcome, Outcome::Silence);
}

// R6.6
#[test]
fn records_of_connections_are_of_both_families() {
    let mut f = Fixture::dual(7);
    f.set_services(|_| {});
    f.dial(f.client, web());
    f.send(SimTime::START, f.client, Protocol::Icmp, "[fd00:10:244:2::2]:0");
    let lines: Vec<String> = f
        .network
        .conntrack("node-1", SimTime::START)
        .into_iter()
        .map(|entry| ConntrackLine { entry, now: SimTime::START }.to_string())
        .collect();
    assert!(
        lines[0].starts_with(&format!(
            "tcp      6 120 TIME_WAIT src=fd00:10:244:1::3 dst={CLUSTER_IP_V6} sport="
        )),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("icmpv6   58 30 "), "{lines:?}");
    assert!(lines[1].contains(" type=128 code=0 id=1 ") && lines[1].contains(" type=129 code=0 "));
}

// R6.10, R6.12
#[test]
fn the_rules_of_ipv6_are_printed_in_tables_of_their_own() {
    let mut f = Fixture::dual(7);
    f.set_services(|rules| rules.affinity = Some(std::time::Duration::from_secs(60)));
    let saved = |family| {
        let tables = f.network.iptables("node-1", family).unwrap();
        tables.map(|table| table.to_string()).join("\n")
    };
    let (four, six) = (saved(Family::V4), saved(Family::V6));
    assert!(!four.contains("fd00:") && !six.contains("10.244."), "{six}");
    for line in [
        format!(
            "-A KUBE-SERVICES -d {CLUSTER_IP_V6}/128 -p tcp -m comment --comment \"default/web cluster IP\" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G"
        ),
        "-A KUBE-SERVICES ! -d ::1/128 -m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS".to_owned(),
        "-A POSTROUTING -s fd00:10:244::/56 ! -d fd00:10:244::/56 -m comment --comment \"pods leaving the cluster (like kindnet)\" -j MASQUERADE".to_owned(),
    ] {
        assert!(six.lines().any(|known| known == line), "{line}\n{six}");
    }
    assert!(six.contains("-j DNAT --to-destination [fd00:10:244:1::2]:80"), "{six}");
    assert!(six.contains("--mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource"));
    assert!(!six.contains("KUBE-FIREWALL") && !six.contains("localnet"), "{six}");
}

#[test]
fn addresses_and_routes_of_both_families_are_shown() {
    let f = Fixture::dual(7);
    let lines = |id| f.network.routes_v6(id).iter().map(Route::to_string).collect::<Vec<_>>();
    assert_eq!(
        lines(f.client),
        [
            "fd00:10:244:1::1 dev eth0 metric 1024 pref medium",
            "fd00:10:244:1::3 dev eth0 proto kernel metric 256 pref medium",
            "fe80::/64 dev eth0 proto kernel metric 256 pref medium",
            "default via fd00:10:244:1::1 dev eth0 metric 1024 pref medium",
        ]
    );
    let node = lines(f.node(1));
    assert!(node[0].starts_with("fd00:10:244:1::2 dev veth"), "{node:?}");
    assert!(
        node.contains(
            &"fd00:10:244:2::/64 via fd00:192:168:49::3 dev eth0 metric 1024 pref medium"
                .to_owned()
        ),
        "{node:?}"
    );
    let device = f.network.interfaces(f.client)[1].to_string();
    assert!(device.contains("    inet6 fd00:10:244:1::3/128 scope global \n"), "{device}");
    assert_eq!(Fixture::new().network.routes_v6(f.client).len(), 1);
}
