//! What real CoreDNS answered (recording 30), question by question.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use super::service::{DnsEndpoint, DnsService, DnsTarget};
use super::{Exchange, NameServers};
use crate::clock::SimTime;
use crate::network::fixture::{Fixture, add_pod, listen};
use crate::network::{
    DnsAnswer, DnsCode, DnsRecord, DnsType, NetnsId, OUTSIDE_RESOLVER, Protocol, Question, Sender,
};

struct Cluster {
    f: Fixture,
    servers: NameServers,
    coredns: NetnsId,
    now: SimTime,
}

impl Cluster {
    fn new() -> Cluster {
        let mut f = Fixture::new();
        let coredns = add_pod(&mut f.network, "coredns", "node-2");
        listen(&mut f.network, coredns, Protocol::Udp, "0.0.0.0:53", "coredns");
        let mut servers = NameServers::new(7);
        let namespaces = ["default", "shop", "kube-system"];
        servers.zone_mut().set_namespaces(namespaces.map(Arc::from).to_vec());
        let mut cluster = Cluster { f, servers, coredns, now: SimTime::START };
        cluster.services();
        cluster
    }

    fn services(&mut self) {
        let ip = |a, b, c| DnsTarget::ClusterIps(vec![Ipv4Addr::new(10, a, b, c).into()]);
        let alias = |name: &str| DnsTarget::Alias(name.into());
        let tcp = |name: &str, port| (Arc::from(name), Protocol::Tcp, port);
        let dns = vec![(Arc::from("dns"), Protocol::Udp, 53), tcp("dns-tcp", 53)];
        let at = |address: [u8; 4], hostname: &str, port| DnsEndpoint {
            address: address.into(),
            hostname: hostname.into(),
            ports: vec![port],
        };
        let backend = at([10, 244, 1, 18], "10-244-1-18", tcp("", 80));
        let db = vec![
            at([10, 244, 1, 20], "db-0", tcp("pg", 5432)),
            at([10, 244, 2, 18], "db-1", tcp("pg", 5432)),
        ];
        let all = [
            ("kube-system", "kube-dns", ip(96, 0, 10), dns, vec![]),
            ("default", "web", ip(97, 168, 127), vec![tcp("", 80)], vec![backend]),
            ("shop", "web", ip(100, 219, 164), vec![tcp("", 80)], vec![]),
            ("default", "mapped", ip(96, 164, 36), vec![tcp("http", 80)], vec![]),
            ("default", "db", DnsTarget::Headless, vec![tcp("pg", 5432)], db),
            ("default", "peers", DnsTarget::Headless, vec![tcp("http", 80)], vec![]),
            ("default", "ext", alias("example.com"), vec![], vec![]),
            ("shop", "alias", alias("web.default.svc.cluster.local"), vec![], vec![]),
            ("default", "chain", alias("ext.default.svc.cluster.local"), vec![], vec![]),
            ("default", "ext-short", alias("web"), vec![], vec![]),
            ("default", "ext-ip", alias("203.0.113.20"), vec![], vec![]),
            ("default", "ext-gone", alias("nosuch.default.svc.cluster.local"), vec![], vec![]),
            ("default", "round", alias("round.default.svc.cluster.local"), vec![], vec![]),
        ];
        for (namespace, name, target, ports, endpoints) in all {
            let (space, own) = (namespace.into(), name.into());
            let service = DnsService { namespace: space, name: own, target, ports, endpoints };
            self.servers.zone_mut().set(namespace, name, Some(service));
        }
    }

    fn ask(&mut self, name: &str, kind: DnsType) -> DnsAnswer {
        let from = Sender { netns: self.f.client, container: None, process: None };
        let server = self.f.address(self.coredns);
        let question = Question { name, kind };
        let mut exchange = Exchange { network: &mut self.f.network, servers: &mut self.servers };
        let trace = exchange.ask(self.now, &from, Protocol::Udp, server.into(), question);
        trace.dns.clone().unwrap().answer.unwrap()
    }

    /// `NOERROR 10.96.0.1 …`, the records sorted.
    fn dig(&mut self, name: &str, kind: DnsType) -> String {
        let answer = self.ask(name, kind);
        let mut records: Vec<String> =
            answer.records.iter().map(|record| record.data.to_string()).collect();
        records.sort();
        records.insert(0, answer.code.to_string());
        records.join(" ")
    }

    fn a(&mut self, name: &str) -> String {
        self.dig(name, DnsType::A)
    }
}

// R8.3
#[test]
fn a_cluster_ip_service_has_its_address_with_or_without_endpoints() {
    let mut c = Cluster::new();
    assert_eq!(c.a("web.default.svc.cluster.local"), "NOERROR 10.97.168.127");
    assert_eq!(c.a("web.shop.svc.cluster.local."), "NOERROR 10.100.219.164");
    let answer = c.ask("WEB.Default.svc.CLUSTER.local", DnsType::A);
    assert_eq!(answer.records[0].name, "WEB.Default.svc.CLUSTER.local.");
    assert_eq!(answer.records[0].ttl, 30);
    assert!(answer.authoritative && !answer.recursion_available);
}

#[test]
fn names_that_are_almost_right_do_not_exist() {
    let mut c = Cluster::new();
    for name in [
        "nosuch.default.svc.cluster.local",
        "web.nosuch.svc.cluster.local",
        "nosuch.svc.cluster.local",
        "web.cluster.local",
        "web.svc.cluster.local",
        "web.default.cluster.local",
        "web.default.pod.cluster.local",
        "*.default.svc.cluster.local",
        "any.thing.web.default.svc.cluster.local",
        "one.more.thing.web.default.svc.cluster.local",
        "peers.default.svc.cluster.local",
        "db-3.db.default.svc.cluster.local",
        "ext-ip.default.svc.cluster.local",
        "web.default",
        "web",
        "nosuch.example.com",
    ] {
        assert_eq!(c.a(name), "NXDOMAIN", "{name}");
    }
    let answer = c.ask("nosuch.default.svc.cluster.local", DnsType::A);
    assert_eq!(
        answer.authority[0].data.to_string(),
        "ns.dns.cluster.local. hostmaster.cluster.local. 1767603600 7200 1800 86400 30"
    );
}

#[test]
fn names_that_exist_without_such_a_record_are_empty() {
    let mut c = Cluster::new();
    for (name, kind) in [
        ("web.default.svc.cluster.local", DnsType::Aaaa),
        ("web.default.svc.cluster.local", DnsType::Txt),
        ("web.default.svc.cluster.local", DnsType::Mx),
        ("web.default.svc.cluster.local", DnsType::Any),
        ("db.default.svc.cluster.local", DnsType::Aaaa),
        ("cluster.local", DnsType::A),
        ("svc.cluster.local", DnsType::A),
        ("default.svc.cluster.local", DnsType::A),
        ("ext.default.svc.cluster.local", DnsType::Srv),
        ("ext-gone.default.svc.cluster.local", DnsType::A),
        ("round.default.svc.cluster.local", DnsType::A),
        ("example.com", DnsType::Aaaa),
    ] {
        assert_eq!(c.dig(name, kind), "NOERROR", "{name}");
    }
}

// R8.3, R8.4
#[test]
fn a_headless_service_is_its_endpoints_in_changing_order() {
    let mut c = Cluster::new();
    assert_eq!(c.a("db.default.svc.cluster.local"), "NOERROR 10.244.1.20 10.244.2.18");
    let mut first = |_| c.ask("db.default.svc.cluster.local", DnsType::A).records[0].clone();
    let firsts: Vec<DnsRecord> = (0..20).map(&mut first).collect();
    assert!(firsts.iter().any(|record| record.data != firsts[0].data));
    assert_eq!(c.a("db-1.db.default.svc.cluster.local"), "NOERROR 10.244.2.18");
}

// R8.4, R8.5
#[test]
fn dashed_addresses_are_names() {
    let mut c = Cluster::new();
    assert_eq!(c.a("10-244-1-18.web.default.svc.cluster.local"), "NOERROR 10.244.1.18");
    assert_eq!(c.a("10-244-1-20.db.default.svc.cluster.local"), "NXDOMAIN");
    assert_eq!(c.a("10-244-9-9.shop.pod.cluster.local"), "NOERROR 10.244.9.9");
    assert_eq!(c.a("10-244-9-9.nosuch.pod.cluster.local"), "NXDOMAIN");
}

// R8.5
#[test]
fn named_ports_have_srv_records() {
    let mut c = Cluster::new();
    let srv = DnsType::Srv;
    for (name, said) in [
        ("_http._tcp.mapped.default", "NOERROR 0 100 80 mapped.default.svc.cluster.local."),
        ("mapped.default", "NOERROR 0 100 80 mapped.default.svc.cluster.local."),
        ("web.default", "NOERROR 0 100 80 web.default.svc.cluster.local."),
        (
            "_dns._udp.kube-dns.kube-system",
            "NOERROR 0 100 53 kube-dns.kube-system.svc.cluster.local.",
        ),
        (
            "_pg._tcp.db.default",
            "NOERROR 0 50 5432 db-0.db.default.svc.cluster.local. 0 50 5432 db-1.db.default.svc.cluster.local.",
        ),
        ("_https._tcp.mapped.default", "NXDOMAIN"),
        ("_http._udp.mapped.default", "NXDOMAIN"),
        ("_http._tcp.web.default", "NXDOMAIN"),
        ("_80._tcp.web.default", "NXDOMAIN"),
    ] {
        assert_eq!(c.dig(&format!("{name}.svc.cluster.local"), srv), said, "{name}");
    }
    let additional = c.ask("_pg._tcp.db.default.svc.cluster.local", srv).additional;
    assert_eq!(additional.len(), 2);
    assert_eq!(c.a("_http._tcp.mapped.default.svc.cluster.local"), "NOERROR 10.96.164.36");
}

#[test]
fn addresses_have_names() {
    let mut c = Cluster::new();
    for (address, name) in [
        ("127.168.97.10", "NOERROR web.default.svc.cluster.local."),
        ("18.1.244.10", "NOERROR 10-244-1-18.web.default.svc.cluster.local."),
        ("20.1.244.10", "NOERROR db-0.db.default.svc.cluster.local."),
        ("77.77.96.10", "NXDOMAIN"),
        ("10.113.0.203", "NXDOMAIN"),
    ] {
        assert_eq!(c.dig(&format!("{address}.in-addr.arpa"), DnsType::Ptr), name);
    }
}

// R7.5
#[test]
fn an_external_name_is_an_alias() {
    let mut c = Cluster::new();
    assert_eq!(c.a("ext.default.svc.cluster.local"), "NOERROR 203.0.113.10 example.com.");
    assert_eq!(
        c.a("alias.shop.svc.cluster.local"),
        "NOERROR 10.97.168.127 web.default.svc.cluster.local."
    );
    assert_eq!(c.a("ext-short.default.svc.cluster.local"), "NOERROR web.");
    assert_eq!(c.dig("ext.default.svc.cluster.local", DnsType::Aaaa), "NOERROR example.com.");
    let chain = c.ask("chain.default.svc.cluster.local", DnsType::A);
    let names: Vec<&str> = chain.records.iter().map(|record| record.name.as_str()).collect();
    assert_eq!(
        names,
        ["chain.default.svc.cluster.local.", "ext.default.svc.cluster.local.", "example.com."]
    );
}

#[test]
fn names_outside_are_forwarded_and_kept_for_thirty_seconds() {
    let mut c = Cluster::new();
    let fresh = c.ask("example.com", DnsType::A);
    assert!(!fresh.authoritative && fresh.recursion_available);
    assert_eq!(fresh.records[0].ttl, 30);
    let sent = c.f.network.traces().len();
    c.now += Duration::from_secs(17);
    let kept = c.ask("example.com", DnsType::A);
    assert!(kept.authoritative && kept.recursion_available);
    assert_eq!(kept.records[0].ttl, 13);
    assert_eq!(c.f.network.traces().len(), sent + 1, "a kept answer needs no question");
    c.now += Duration::from_secs(13);
    assert_eq!(c.ask("example.com", DnsType::A).records[0].ttl, 30);
    assert_eq!(c.a("www.example.com"), "NOERROR 203.0.113.10 example.com.");
}

#[test]
fn the_zone_describes_itself() {
    let mut c = Cluster::new();
    assert_eq!(
        c.dig("cluster.local", DnsType::Ns),
        "NOERROR kube-dns.kube-system.svc.cluster.local."
    );
    assert_eq!(c.dig("dns-version.cluster.local", DnsType::Txt), "NOERROR \"1.1.0\"");
    assert_eq!(c.a("ns.dns.cluster.local"), "NOERROR 10.96.0.10");
    assert!(c.dig("cluster.local", DnsType::Soa).starts_with("NOERROR ns.dns.cluster.local."));
}

#[test]
fn a_removed_service_is_gone_with_all_its_names() {
    let mut c = Cluster::new();
    c.servers.zone_mut().set("default", "web", None);
    assert_eq!(c.a("web.default.svc.cluster.local"), "NXDOMAIN");
    assert_eq!(c.dig("127.168.97.10.in-addr.arpa", DnsType::Ptr), "NXDOMAIN");
    assert_eq!(c.a("web.shop.svc.cluster.local"), "NOERROR 10.100.219.164");
}

#[test]
fn the_resolver_outside_knows_nothing_of_the_cluster() {
    let mut c = Cluster::new();
    let laptop = Sender { netns: c.f.network.laptop(), container: None, process: None };
    let name = "web.default.svc.cluster.local";
    let question = Question { name, kind: DnsType::A };
    let mut exchange = Exchange { network: &mut c.f.network, servers: &mut c.servers };
    let trace = exchange.ask(c.now, &laptop, Protocol::Udp, OUTSIDE_RESOLVER.into(), question);
    let answer = trace.dns.clone().unwrap().answer.unwrap();
    assert_eq!((answer.code, answer.authoritative), (DnsCode::NxDomain, false));
    assert_eq!(answer.authority.len(), 1);
}
