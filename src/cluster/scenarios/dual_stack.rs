//! A dual-stack cluster: addresses of both families, from the API to the packet (R13).

use k8s_openapi::api::core::v1::{Endpoints, Node, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;

use super::*;
use crate::api::Patch;

/// A settled cluster of two nodes with both families.
fn dual(dns: bool) -> Cluster {
    let config = Config { nodes: 2, seed: 7, dns, dual_stack: true };
    Cluster::new(&config, Arc::new(Tiny))
}

/// A pod of nginx, on a node.
fn web(cluster: &mut Cluster, name: &str, node: &str) {
    let containers = json!([{ "name": "nginx", "image": "nginx:1.27" }]);
    create_pod(cluster, name, json!({ "nodeName": node, "containers": containers }));
    cluster.settle(Duration::from_secs(30));
}

fn service(cluster: &mut Cluster, name: &str, spec: Value) {
    let mut whole = json!({ "selector": { "app": "web" }, "ports": [{ "port": 80 }] });
    for (key, value) in spec.as_object().unwrap() {
        whole[key] = value.clone();
    }
    let object = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": name }, "spec": whole,
    });
    create(cluster, Kind::Service, object);
    cluster.settle(Duration::from_secs(10));
}

fn patch(cluster: &mut Cluster, name: &str, spec: Value) -> Result<(), String> {
    let answer = cluster.handle(Request::Patch {
        kind: Kind::Service,
        namespace: "default".to_owned(),
        name: name.to_owned(),
        patch: Patch::Merge(json!({ "spec": spec })),
        options: WriteOptions::default(),
    });
    cluster.settle(Duration::from_secs(10));
    answer.map(|_| ()).map_err(|status| status.to_string())
}

fn spec(cluster: &Cluster, name: &str) -> k8s_openapi::api::core::v1::ServiceSpec {
    cluster.objects().get::<Service>("default", name).unwrap().spec.clone().unwrap()
}

/// The families of a Service's slices, with their addresses.
fn slices(cluster: &Cluster, service: &str) -> Vec<(String, Vec<String>)> {
    let all = cluster.objects().list::<EndpointSlice>(Some("default"));
    let own = all.filter(|slice| {
        let labels = slice.metadata.labels.as_ref().unwrap();
        labels["kubernetes.io/service-name"] == service
    });
    let mut found: Vec<_> = own
        .map(|slice| {
            let endpoints = slice.endpoints.iter().flatten();
            let addresses = endpoints.flat_map(|endpoint| endpoint.addresses.clone()).collect();
            (slice.address_type.clone(), addresses)
        })
        .collect();
    found.sort();
    found
}

// R13.1, R2.1
#[test]
fn nodes_and_pods_have_an_address_of_each_family() {
    let mut cluster = dual(false);
    web(&mut cluster, "web", "node-2");
    let node = cluster.objects().get::<Node>("", "node-2").unwrap();
    let ranges = node.spec.as_ref().unwrap().pod_cidrs.clone().unwrap();
    assert_eq!(ranges, ["10.244.2.0/24", "fd00:10:244:2::/64"]);
    let reported = node.status.as_ref().unwrap().addresses.clone().unwrap();
    let reported: Vec<_> = reported.iter().map(|one| (&*one.type_, &*one.address)).collect();
    assert_eq!(
        reported,
        [
            ("InternalIP", "192.168.49.3"),
            ("InternalIP", "fd00:192:168:49::3"),
            ("Hostname", "node-2")
        ]
    );
    let status = pod(&cluster, "web").status.as_ref().unwrap().full();
    let own: Vec<String> = status.pod_ips.unwrap().into_iter().map(|ip| ip.ip).collect();
    assert_eq!(own, ["10.244.2.2", "fd00:10:244:2::2"]);
    assert_eq!(status.pod_ip.as_deref(), Some("10.244.2.2"));
    let hosts: Vec<String> = status.host_ips.unwrap().into_iter().map(|ip| ip.ip).collect();
    assert_eq!(hosts, ["192.168.49.3", "fd00:192:168:49::3"]);
    let file = cluster.read_file(&container("web", "nginx"), "/etc/hosts").unwrap();
    let file = String::from_utf8(file).unwrap();
    assert!(file.ends_with("10.244.2.2\tweb\nfd00:10:244:2::2\tweb\n"), "{file}");
}

// R13.1, R5.4, R5.5
#[test]
fn each_family_of_a_service_has_slices_and_endpoints_have_the_first() {
    let mut cluster = dual(false);
    web(&mut cluster, "web", "node-1");
    service(&mut cluster, "both", json!({ "ipFamilyPolicy": "PreferDualStack" }));
    service(&mut cluster, "six", json!({ "ipFamilies": ["IPv6"] }));
    service(&mut cluster, "four", json!({}));
    let v4 = ("IPv4".to_owned(), vec!["10.244.1.2".to_owned()]);
    let v6 = ("IPv6".to_owned(), vec!["fd00:10:244:1::2".to_owned()]);
    assert_eq!(slices(&cluster, "both"), [v4.clone(), v6.clone()]);
    assert_eq!(slices(&cluster, "six"), [v6]);
    assert_eq!(slices(&cluster, "four"), [v4]);
    let first = |name: &str| {
        let endpoints = cluster.objects().get::<Endpoints>("default", name).unwrap();
        let subset = endpoints.subsets.as_ref().unwrap()[0].clone();
        subset.addresses.unwrap().iter().map(|one| one.ip.clone()).collect::<Vec<_>>()
    };
    assert_eq!(first("both"), ["10.244.1.2"]);
    assert_eq!(first("six"), ["fd00:10:244:1::2"]);
}

// R13.1, R4.5
#[test]
fn a_change_of_policy_gives_a_second_address_and_takes_it_back() {
    let mut cluster = dual(false);
    web(&mut cluster, "web", "node-1");
    service(&mut cluster, "web", json!({}));
    let first = spec(&cluster, "web").cluster_ip.unwrap();
    patch(&mut cluster, "web", json!({ "ipFamilyPolicy": "RequireDualStack" })).unwrap();
    let both = spec(&cluster, "web");
    let addresses = both.cluster_ips.unwrap();
    assert_eq!(addresses[0], first);
    assert!(addresses[1].starts_with("fd00:10:96::"), "{addresses:?}");
    assert_eq!(both.ip_families.unwrap(), ["IPv4", "IPv6"]);
    assert_eq!(slices(&cluster, "web").len(), 2);
    let fewer = patch(&mut cluster, "web", json!({ "ipFamilies": ["IPv4"] }));
    assert!(fewer.unwrap_err().contains("to release the secondary IP family"));
    let turned = patch(
        &mut cluster,
        "web",
        json!({
            "ipFamilies": ["IPv6", "IPv4"],
            "clusterIP": addresses[1],
            "clusterIPs": [addresses[1], addresses[0]],
        }),
    );
    assert!(turned.unwrap_err().contains("may not change once set"));
    patch(&mut cluster, "web", json!({ "ipFamilyPolicy": "SingleStack" })).unwrap();
    assert_eq!(spec(&cluster, "web").cluster_ips.unwrap(), [first]);
    assert_eq!(slices(&cluster, "web").len(), 1);
    // The address that was released can be asked for by another.
    service(&mut cluster, "next", json!({ "clusterIP": addresses[1] }));
    assert_eq!(spec(&cluster, "next").ip_families.unwrap(), ["IPv6"]);
}

/// Asks an address from a pod: who answers, and what client address they see.
fn asked(cluster: &mut Cluster, from: &str, to: &str) -> Result<String, String> {
    let to: SocketAddr = to.parse().unwrap();
    let dial = cluster.dial(&container(from, "main"), Protocol::Tcp, to);
    let connection = dial.result.map_err(|why| format!("{why:?}"))?;
    Ok(format!("{} {}", connection.server, connection.seen_from.ip()))
}

/// A pod of this image with the label `app: web`, on a node, in a container `main`.
fn server(cluster: &mut Cluster, name: &str, node: &str, image: &str) {
    let object = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "labels": { "app": "web", "name": name } },
        "spec": { "nodeName": node, "containers": [{ "name": "main", "image": image }] },
    });
    create(cluster, Kind::Pod, object);
    cluster.settle(Duration::from_secs(30));
}

// R13.1, R6.1, R6.6, R7.2
#[test]
fn packets_go_through_both_addresses_of_a_service() {
    let mut cluster = dual(false);
    server(&mut cluster, "a", "node-1", "traefik/whoami");
    server(&mut cluster, "b", "node-2", "traefik/whoami");
    service(
        &mut cluster,
        "web",
        json!({
            "ipFamilyPolicy": "RequireDualStack", "type": "NodePort",
            "ports": [{ "port": 80, "nodePort": 30080 }], "selector": { "name": "b" },
        }),
    );
    let [first, second] = &spec(&cluster, "web").cluster_ips.unwrap()[..] else { panic!() };
    let by_first = asked(&mut cluster, "a", &format!("{first}:80"));
    assert_eq!(by_first.as_deref(), Ok("default/b 10.244.1.2"));
    let by_second = asked(&mut cluster, "a", &format!("[{second}]:80"));
    assert_eq!(by_second.as_deref(), Ok("default/b fd00:10:244:1::2"));
    let hairpin = asked(&mut cluster, "b", &format!("[{second}]:80"));
    assert_eq!(hairpin.as_deref(), Ok("default/b fd00:10:244:2::1"));
    let at_node = asked(&mut cluster, "a", "[fd00:192:168:49::2]:30080");
    assert_eq!(at_node.as_deref(), Ok("default/b fd00:192:168:49::2"));
    let laptop =
        cluster.dial(&Place::Laptop, Protocol::Tcp, "[fd00:192:168:49::3]:30080".parse().unwrap());
    assert_eq!(laptop.result.unwrap().seen_from.ip().to_string(), "fd00:10:244:2::1");
    patch(&mut cluster, "web", json!({ "ipFamilyPolicy": "SingleStack" })).unwrap();
    assert_eq!(asked(&mut cluster, "a", &format!("[{second}]:80")), Err("Silence".to_owned()));
}

// R1.2: `listen 80` of nginx is IPv4's alone; `listen [::]:80` beside it is IPv6's.
#[test]
fn a_server_that_listens_on_ipv4_alone_refuses_ipv6() {
    let mut cluster = dual(false);
    server(&mut cluster, "client", "node-1", "traefik/whoami");
    server(&mut cluster, "echo", "node-1", "registry.k8s.io/echoserver:1.10");
    server(&mut cluster, "nginx", "node-2", "nginx:1.27");
    let refused = asked(&mut cluster, "client", "[fd00:10:244:1::3]:8080");
    assert_eq!(refused, Err("Refused".to_owned()));
    assert!(asked(&mut cluster, "client", "10.244.1.3:8080").is_ok());
    let both = ["10.244.2.2:80", "[fd00:10:244:2::2]:80"];
    for to in both {
        assert!(asked(&mut cluster, "client", to).is_ok(), "{to}");
    }
}

// R8.3, R8.5, R13.1
#[test]
fn names_mean_the_addresses_of_both_families() {
    let mut cluster = dual(true);
    server(&mut cluster, "a", "node-1", "traefik/whoami");
    server(&mut cluster, "musl", "node-1", "nicolaka/netshoot");
    service(&mut cluster, "both", json!({ "ipFamilyPolicy": "PreferDualStack" }));
    service(&mut cluster, "six", json!({ "ipFamilies": ["IPv6"] }));
    let bare = json!({ "clusterIP": "None", "ipFamilyPolicy": "PreferDualStack" });
    service(&mut cluster, "bare", bare);
    let found = |cluster: &mut Cluster, name: &str| -> Vec<String> {
        let lookup = cluster.lookup(&container("a", "main"), name);
        lookup.result.unwrap().iter().map(ToString::to_string).collect()
    };
    let mut both = spec(&cluster, "both").cluster_ips.unwrap();
    both.reverse();
    assert_eq!(found(&mut cluster, "both"), both, "glibc tries IPv6 first");
    assert_eq!(found(&mut cluster, "six"), spec(&cluster, "six").cluster_ips.unwrap());
    let bare = found(&mut cluster, "bare");
    assert!(bare.contains(&"10.244.1.2".to_owned()) || bare.contains(&"10.244.1.3".to_owned()));
    assert!(bare.iter().any(|address| address.starts_with("fd00:10:244:1::")), "{bare:?}");
    let second: std::net::Ipv6Addr = both[0].parse().unwrap();
    let digits: Vec<String> =
        format!("{:032x}", second.to_bits()).chars().rev().map(String::from).collect();
    let name = format!("{}.ip6.arpa.", digits.join("."));
    let dns = "10.96.0.10".parse().unwrap();
    let question = crate::network::Question { name: &name, kind: crate::network::DnsType::Ptr };
    let asked = cluster.query(&container("a", "main"), Protocol::Udp, dns, question);
    let answer = asked.result.unwrap();
    assert_eq!(answer.records[0].data.to_string(), "both.default.svc.cluster.local.");
}

// R7.4
#[test]
fn a_cloud_gives_a_balancer_an_address_of_each_family() {
    let mut cluster = dual(false);
    cluster.join_cloud();
    server(&mut cluster, "a", "node-1", "traefik/whoami");
    service(
        &mut cluster,
        "web",
        json!({ "type": "LoadBalancer", "ipFamilyPolicy": "PreferDualStack" }),
    );
    advance(&mut cluster, 10);
    let service = cluster.objects().get::<Service>("default", "web").unwrap();
    let balancer = service.status.clone().unwrap().load_balancer.unwrap().ingress.unwrap();
    let addresses: Vec<String> = balancer.into_iter().filter_map(|one| one.ip).collect();
    assert_eq!(addresses, ["203.0.113.100", "2001:db8::100"]);
    let dial = cluster.dial(&Place::Laptop, Protocol::Tcp, "[2001:db8::100]:80".parse().unwrap());
    assert_eq!(dial.result.unwrap().server.to_string(), "default/a");
}

// R11.1, R11.3
#[test]
fn a_policy_speaks_of_addresses_of_each_family() {
    let mut cluster = dual(false);
    server(&mut cluster, "a", "node-1", "traefik/whoami");
    server(&mut cluster, "b", "node-2", "traefik/whoami");
    let object = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": { "name": "wall" },
        "spec": {
            "podSelector": { "matchLabels": { "name": "b" } },
            "ingress": [{ "from": [{ "ipBlock": { "cidr": "fd00:10:244:1::/64" } }] }],
        },
    });
    create(&mut cluster, Kind::NetworkPolicy, object);
    cluster.settle(Duration::from_secs(10));
    assert!(asked(&mut cluster, "a", "[fd00:10:244:2::2]:80").is_ok());
    assert_eq!(asked(&mut cluster, "a", "10.244.2.2:80"), Err("Silence".to_owned()));
    let selected = json!([{ "from": [{ "podSelector": { "matchLabels": { "name": "a" } } }] }]);
    cluster
        .handle(Request::Patch {
            kind: Kind::NetworkPolicy,
            namespace: "default".to_owned(),
            name: "wall".to_owned(),
            patch: Patch::Merge(json!({ "spec": { "ingress": selected } })),
            options: WriteOptions::default(),
        })
        .unwrap();
    cluster.settle(Duration::from_secs(10));
    for to in ["[fd00:10:244:2::2]:80", "10.244.2.2:80"] {
        assert!(asked(&mut cluster, "a", to).is_ok(), "{to}");
    }
}
