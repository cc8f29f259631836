//! Names, connections and answers, as clients in pods, on nodes and on the laptop get them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;
use crate::network::{DnsType, Outcome, PodPolicies, PolicyRules, SocketAddr};

/// A cluster with CoreDNS, a Service `web` with one nginx behind it, and a pod `client`.
fn names() -> Cluster {
    let config = Config { nodes: 2, seed: 3, dns: true, dual_stack: false };
    let mut cluster = Cluster::new(&config, Arc::new(Tiny));
    for (name, image) in [("web", "nginx"), ("client", "curlimages/curl"), ("ubuntu", "ubuntu")] {
        let mut container = json!({ "name": "c", "image": image });
        if name != "web" {
            container["command"] = json!(["sleep", "infinity"]);
        }
        create_pod(&mut cluster, name, json!({ "containers": [container] }));
    }
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" },
        "spec": { "selector": { "app": "web" }, "ports": [{ "port": 80 }] },
    });
    create(&mut cluster, Kind::Service, service);
    cluster.settle(Duration::from_secs(60));
    cluster
}

fn in_pod(name: &str) -> Place {
    Place::Container { namespace: "default".into(), pod: name.into(), container: "c".into() }
}

fn get(cluster: &mut Cluster, place: &Place, to: SocketAddr) -> Reply {
    let connection = cluster.dial(place, Protocol::Tcp, to).result.expect("somebody answers");
    let request = HttpRequest::get("/", vec![("Host".to_owned(), "web".to_owned())]);
    cluster.ask(&connection, Payload::Http(request)).reply
}

// R8.1, R8.2, R8.3
#[test]
fn a_service_is_found_by_its_short_name_and_answers() {
    let mut cluster = names();
    let place = in_pod("ubuntu");
    let lookup = cluster.lookup(&place, "web");
    assert_eq!(lookup.canonical, "web.default.svc.cluster.local");
    assert_eq!(lookup.traces.len(), 2, "one question for A, one for AAAA");
    let address = lookup.result.unwrap()[0];
    let Reply::Http(response) = get(&mut cluster, &place, SocketAddr::new(address, 80)) else {
        panic!("no HTTP")
    };
    assert_eq!(response.status, 200);
}

// R8.2: names with dots go through the search list too, and the bare name comes last.
#[test]
fn a_name_outside_is_tried_with_every_search_domain_first() {
    let mut cluster = names();
    let lookup = cluster.lookup(&in_pod("ubuntu"), "example.com");
    assert_eq!(lookup.result, Ok(vec![Ipv4Addr::new(203, 0, 113, 10).into()]));
    let asked: Vec<String> = lookup
        .traces
        .iter()
        .filter_map(|id| cluster.trace(*id)?.dns.clone())
        .filter(|dns| dns.kind == DnsType::A)
        .map(|dns| dns.name.to_string())
        .collect();
    assert_eq!(
        asked,
        [
            "example.com.default.svc.cluster.local.",
            "example.com.svc.cluster.local.",
            "example.com.cluster.local.",
            "example.com.",
        ]
    );
}

// R8.2
#[test]
fn the_search_list_is_the_pods_own() {
    let mut cluster = names();
    let place = in_pod("ubuntu");
    let address = cluster.lookup(&place, "web").result;
    for name in [
        "web.default",
        "web.default.svc",
        "web.default.svc.cluster.local",
        "WEB",
        "web.default.svc.cluster.local.",
    ] {
        assert_eq!(cluster.lookup(&place, name).result, address, "{name}");
    }
    for name in ["nosuch", "web.shop", "web.svc"] {
        assert_eq!(cluster.lookup(&place, name).result, Err(LookupFailure::NotFound), "{name}");
    }
    for place in [Place::Laptop, Place::Node("node-1".into())] {
        assert_eq!(cluster.lookup(&place, "web").result, Err(LookupFailure::NotFound));
        assert!(cluster.lookup(&place, "example.com").result.is_ok());
    }
}

// R1.7
#[test]
fn a_pod_knows_its_own_name_without_asking() {
    let mut cluster = names();
    let lookup = cluster.lookup(&in_pod("ubuntu"), "ubuntu");
    assert!(lookup.result.is_ok() && lookup.traces.is_empty());
    assert_eq!(
        cluster.lookup(&in_pod("ubuntu"), "localhost").result,
        Ok(vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()])
    );
}

/// Nothing but packets to and from its own node passes.
fn wall_off(cluster: &mut Cluster, pod: &str) {
    let netns = cluster.netns_of(&in_pod(pod)).unwrap().netns;
    let nothing = Some(PolicyRules { policies: vec!["default/deny".into()], allow: Vec::new() });
    let policies = PodPolicies { ingress: None, egress: nothing };
    cluster.network.set_policies(netns, policies);
}

// R11.4; recording 30, "the packets are dropped on the way".
#[test]
fn silence_takes_glibc_twenty_seconds_and_musl_five() {
    let mut cluster = names();
    for (pod, seconds) in [("ubuntu", 20), ("client", 5)] {
        wall_off(&mut cluster, pod);
        let lookup = cluster.lookup(&in_pod(pod), "web");
        assert_eq!(lookup.result, Err(LookupFailure::NoServer));
        assert_eq!(lookup.took.as_secs(), seconds, "{pod}");
    }
}

// Recording 30, "kube-dns has no endpoints".
#[test]
fn without_coredns_names_fail_at_once_and_addresses_work() {
    let config = Config { nodes: 1, seed: 3, dns: false, dual_stack: false };
    let mut cluster = Cluster::new(&config, Arc::new(Tiny));
    create_pod(
        &mut cluster,
        "ubuntu",
        json!({ "containers": [{ "name": "c", "image": "ubuntu", "command": ["sleep", "infinity"] }] }),
    );
    create(
        &mut cluster,
        Kind::Service,
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": "kube-dns", "namespace": "kube-system" },
            "spec": { "clusterIP": "10.96.0.10", "selector": { "k8s-app": "kube-dns" },
                "ports": [{ "name": "dns", "port": 53, "protocol": "UDP" }] },
        }),
    );
    cluster.settle(Duration::from_secs(60));
    let lookup = cluster.lookup(&in_pod("ubuntu"), "web");
    assert_eq!(lookup.result, Err(LookupFailure::NoServer));
    assert!(lookup.took < Duration::from_millis(10), "{:?}", lookup.took);
}

#[test]
fn a_connection_to_a_pod_that_is_gone_stays_silent() {
    let mut cluster = names();
    let place = in_pod("ubuntu");
    let address = cluster.lookup(&place, "web").result.unwrap()[0];
    let to = SocketAddr::new(address, 80);
    let connection = cluster.dial(&place, Protocol::Tcp, to).result.unwrap();
    delete_pod(&mut cluster, "web");
    advance(&mut cluster, 60);
    assert_eq!(cluster.ask(&connection, Payload::Nothing).reply, Reply::Silence);
    let dial = cluster.dial(&place, Protocol::Tcp, to);
    assert_eq!(dial.result, Err(DialFailure::Refused));
    assert!(matches!(cluster.trace(dial.trace).unwrap().outcome, Outcome::Refused));
}

// Recording 31: 134 s, and about 3 s where a neighbour does not answer.
#[test]
fn waiting_takes_as_long_as_on_linux() {
    let mut cluster = names();
    let place = in_pod("ubuntu");
    let mut took = |to: &str| cluster.dial(&place, Protocol::Tcp, to.parse().unwrap()).took;
    assert_eq!(took("10.96.200.200:80").as_secs(), 134);
    assert_eq!(took("192.168.49.99:80").as_secs(), 3);
    assert!(took("203.0.113.10:80") < Duration::from_millis(1));
}

// Recording 30.
#[test]
fn the_api_server_tells_strangers_no() {
    let mut cluster = names();
    let place = in_pod("ubuntu");
    let address = cluster.lookup(&place, "kubernetes").result.unwrap()[0];
    let to = SocketAddr::new(address, 443);
    let connection = cluster.dial(&place, Protocol::Tcp, to).result.unwrap();
    let request = HttpRequest::get("/", Vec::new());
    let payload = Payload::Tls { server_name: "kubernetes".to_owned(), request };
    let Reply::Tls { certificate, response } = cluster.ask(&connection, payload).reply else {
        panic!("no TLS")
    };
    assert!(certificate.covers("kubernetes"));
    assert_eq!((certificate.issuer, response.status), (Issuer::Cluster, 403));
    let body = String::from_utf8(response.body).unwrap();
    assert!(body.contains(r#"User \"system:anonymous\" cannot get path \"/\""#), "{body}");
}

// R7.3
#[test]
fn a_health_check_port_tells_whether_the_node_has_endpoints() {
    let mut cluster = names();
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "lb" },
        "spec": {
            "type": "LoadBalancer", "externalTrafficPolicy": "Local",
            "selector": { "app": "web" }, "ports": [{ "port": 80 }],
            "healthCheckNodePort": 32000,
        },
    });
    create(&mut cluster, Kind::Service, service);
    cluster.settle(Duration::from_secs(60));
    let mut statuses = Vec::new();
    for node in [2, 3] {
        let to = SocketAddr::new(Ipv4Addr::new(192, 168, 49, node), 32000);
        let Reply::Http(response) = get(&mut cluster, &Place::Laptop, to) else {
            panic!("no HTTP")
        };
        assert!(String::from_utf8(response.body).unwrap().contains("\"name\": \"lb\""));
        statuses.push(response.status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 503]);
}
