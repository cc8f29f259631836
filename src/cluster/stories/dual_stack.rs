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
    let status = pod(&cluster, "web").status.clone().unwrap();
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
