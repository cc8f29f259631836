//! Endpoints and EndpointSlices, against recordings 01, 02, 04 and 05.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::core::v1::Endpoints;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use serde_json::{Value, json};

use super::super::world::{World, deployment, pod, service, template};
use crate::api::Kind;

/// The slices of a Service, as JSON.
fn slices(world: &World, service: &str) -> Vec<Value> {
    let named =
        |slice: &Value| slice["metadata"]["labels"]["kubernetes.io/service-name"] == service;
    world
        .names::<EndpointSlice>()
        .iter()
        .map(|name| world.get(Kind::EndpointSlice, name))
        .filter(named)
        .collect()
}

fn slice(world: &World, service: &str) -> Value {
    let mut slices = slices(world, service);
    assert_eq!(slices.len(), 1, "{service}");
    slices.remove(0)
}

/// The conditions of all endpoints of a slice: (ready, serving, terminating).
fn conditions(slice: &Value) -> Vec<(bool, bool, bool)> {
    let read = |endpoint: &Value, name: &str| endpoint["conditions"][name].as_bool().unwrap();
    let endpoints = slice["endpoints"].as_array().unwrap().iter();
    endpoints
        .map(|one| (read(one, "ready"), read(one, "serving"), read(one, "terminating")))
        .collect()
}

fn world_with_web(replicas: i32) -> World {
    let mut world = World::new(3);
    world.create(deployment("web", replicas));
    world.create(service("web", "web", json!("http")));
    world.settle();
    world
}

// R5.4; recording 01.
#[test]
fn a_slice_is_what_a_real_cluster_shows() {
    let world = world_with_web(3);
    let slice = slice(&world, "web");
    let service = world.get(Kind::Service, "web");
    let meta = &slice["metadata"];
    let name = meta["name"].as_str().unwrap();
    assert_eq!(name.strip_prefix("web-").map(str::len), Some(5));
    assert_eq!(meta["generateName"], "web-");
    assert_eq!(
        meta["labels"],
        json!({
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            "kubernetes.io/service-name": "web",
        })
    );
    assert_eq!(
        meta["ownerReferences"],
        json!([{
            "apiVersion": "v1", "blockOwnerDeletion": true, "controller": true,
            "kind": "Service", "name": "web", "uid": service["metadata"]["uid"],
        }])
    );
    assert!(meta["annotations"]["endpoints.kubernetes.io/last-change-trigger-time"].is_string());
    assert_eq!(slice["addressType"], "IPv4");
    assert_eq!(slice["ports"], json!([{ "name": "", "port": 80, "protocol": "TCP" }]));
    assert_eq!(conditions(&slice), [(true, true, false); 3]);
    for endpoint in slice["endpoints"].as_array().unwrap() {
        assert!(endpoint["nodeName"].is_string());
        assert_eq!(endpoint["targetRef"]["kind"], "Pod");
        assert_eq!(endpoint["targetRef"]["namespace"], "default");
        assert!(endpoint["hostname"].is_null());
    }
}

// R5.5; recording 01: addresses in order, and no resource version in the reference.
#[test]
fn legacy_endpoints_are_what_a_real_cluster_shows() {
    let world = world_with_web(3);
    let endpoints = world.get(Kind::Endpoints, "web");
    assert_eq!(
        endpoints["metadata"]["labels"],
        json!({ "endpoints.kubernetes.io/managed-by": "endpoint-controller" })
    );
    let subset = &endpoints["subsets"][0];
    assert_eq!(subset["ports"], json!([{ "port": 80, "protocol": "TCP" }]));
    let addresses = subset["addresses"].as_array().unwrap();
    let ips: Vec<_> = addresses.iter().map(|address| address["ip"].as_str().unwrap()).collect();
    let mut sorted = ips.clone();
    sorted.sort_unstable();
    assert_eq!(ips, sorted);
    let fields: Vec<_> = addresses[0]["targetRef"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["kind", "name", "namespace", "uid"]);
}

// R5.5; recording 05: "selector without a match".
#[test]
fn a_selector_without_a_match_leaves_an_empty_slice() {
    let mut world = World::new(3);
    world.create(service("typo", "wbe", json!(80)));
    world.settle();
    let slice = slice(&world, "typo");
    assert!(slice["endpoints"].is_null() && slice["ports"].is_null());
    assert!(world.get(Kind::Endpoints, "typo")["subsets"].is_null());
}

// R5.3; recording 05: "targetPort that the container does not declare".
#[test]
fn a_numeric_target_needs_no_declaration() {
    let mut world = world_with_web(3);
    world.create(service("num", "web", json!(9999)));
    world.settle();
    assert_eq!(slice(&world, "num")["ports"][0]["port"], 9999);
}

// R5.3; recording 05: "named targetPort that no container has".
#[test]
fn a_name_that_no_container_has_leaves_addresses_without_a_port() {
    let mut world = world_with_web(3);
    world.create(service("named", "web", json!("metrics")));
    world.settle();
    let slice = slice(&world, "named");
    assert_eq!(slice["endpoints"].as_array().unwrap().len(), 3);
    assert!(slice["ports"].as_array().is_none_or(Vec::is_empty));
    assert!(world.get(Kind::Endpoints, "named")["subsets"].is_null());
}

// R5.3
#[test]
fn pods_with_different_ports_go_to_different_slices() {
    let mut world = World::new(3);
    let declare = |port: i32| {
        json!({ "containers": [{
            "name": "c", "image": "nginx",
            "ports": [{ "name": "http", "containerPort": port }],
        }] })
    };
    for (name, port) in [("a", 80), ("b", 8080), ("c", 80)] {
        let mut one = pod(name, declare(port));
        one["metadata"]["labels"]["app"] = json!("web");
        world.create(one);
    }
    world.create(service("web", "web", json!("http")));
    world.settle();
    let mut sizes: Vec<(i64, usize)> = slices(&world, "web")
        .iter()
        .map(|slice| {
            let endpoints = slice["endpoints"].as_array().unwrap().len();
            (slice["ports"][0]["port"].as_i64().unwrap(), endpoints)
        })
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [(80, 2), (8080, 1)]);
    assert_eq!(world.get(Kind::Endpoints, "web")["subsets"].as_array().unwrap().len(), 2);
}

// R5.2, R5.5; recording 05: "one pod not ready".
#[test]
fn a_pod_that_is_not_ready_is_listed_apart() {
    let mut world = world_with_web(3);
    let name = world.active().remove(0);
    world.set_ready(&name, false);
    world.settle();
    let mut listed = conditions(&slice(&world, "web"));
    listed.sort_unstable();
    assert_eq!(listed, [(false, false, false), (true, true, false), (true, true, false)]);
    let subset = world.get(Kind::Endpoints, "web")["subsets"][0].clone();
    assert_eq!(subset["addresses"].as_array().unwrap().len(), 2);
    assert_eq!(subset["notReadyAddresses"].as_array().unwrap().len(), 1);
}

// R5.2, R8.6; recording 05.
#[test]
fn publish_not_ready_addresses_makes_all_ready() {
    let mut world = World::new(3);
    world.unready.insert("web".to_owned());
    world.create(deployment("web", 2));
    world.create(service("web", "web", json!(80)));
    world.settle();
    assert_eq!(conditions(&slice(&world, "web")), [(false, false, false); 2]);
    world.patch(Kind::Service, "web", json!({ "spec": { "publishNotReadyAddresses": true } }));
    world.settle();
    assert_eq!(conditions(&slice(&world, "web")), [(true, false, false); 2]);
    let subset = world.get(Kind::Endpoints, "web")["subsets"][0].clone();
    assert_eq!(subset["addresses"].as_array().unwrap().len(), 2);
}

// R5.2, R3.7; recording 05: "delete one pod that lingers".
#[test]
fn a_terminating_pod_serves_but_is_not_ready() {
    let mut world = world_with_web(3);
    world.linger = Duration::from_secs(10);
    let name = world.active().remove(0);
    world.delete(Kind::Pod, &name);
    world.run(Duration::from_secs(2));
    let mut listed = conditions(&slice(&world, "web"));
    listed.sort_unstable();
    let ready = (true, true, false);
    assert_eq!(listed, [(false, true, true), ready, ready, ready]);
    let subset = world.get(Kind::Endpoints, "web")["subsets"][0].clone();
    assert_eq!(subset["addresses"].as_array().unwrap().len(), 3);
    assert!(subset["notReadyAddresses"].is_null());
}

// Recording 05: "scale to 0 and to 5".
#[test]
fn a_slice_keeps_its_name_through_emptiness() {
    let mut world = world_with_web(3);
    let name = slice(&world, "web")["metadata"]["name"].clone();
    world.patch(Kind::Deployment, "web", json!({ "spec": { "replicas": 0 } }));
    world.settle();
    let empty = slice(&world, "web");
    assert_eq!(empty["metadata"]["name"], name);
    assert!(empty["endpoints"].is_null());
    world.patch(Kind::Deployment, "web", json!({ "spec": { "replicas": 5 } }));
    world.settle();
    let full = slice(&world, "web");
    assert_eq!(full["metadata"]["name"], name);
    assert_eq!(full["endpoints"].as_array().unwrap().len(), 5);
}

// Recording 05: endpoints that stay keep their place, and new ones come after them.
#[test]
fn endpoints_keep_their_places() {
    let mut world = world_with_web(3);
    let addresses = |world: &World| -> Vec<String> {
        let slice = slice(world, "web");
        let endpoints = slice["endpoints"].as_array().unwrap().iter();
        endpoints.map(|one| one["addresses"][0].as_str().unwrap().to_owned()).collect()
    };
    let before = addresses(&world);
    world.patch(Kind::Deployment, "web", json!({ "spec": { "replicas": 5 } }));
    world.settle();
    assert_eq!(addresses(&world)[..3], before);
}

// R5.4
#[test]
fn a_slice_holds_a_hundred_endpoints_at_most() {
    let mut world = World::new(3);
    world.create(deployment("web", 230));
    world.create(service("web", "web", json!(80)));
    world.settle();
    let mut sizes: Vec<usize> = slices(&world, "web")
        .iter()
        .map(|slice| slice["endpoints"].as_array().unwrap().len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [30, 100, 100]);
}

// R5.4, R3.5; recording 02.
#[test]
fn pods_of_a_headless_service_have_hostnames() {
    let mut world = World::new(3);
    world.create(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "db" },
        "spec": {
            "clusterIP": "None", "selector": { "app": "db" },
            "ports": [{ "name": "sql", "port": 5432 }],
        },
    }));
    world.create(json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "db" },
        "spec": {
            "serviceName": "db", "replicas": 2,
            "selector": { "matchLabels": { "app": "db" } },
            "template": template("db"),
        },
    }));
    world.settle();
    let slice = slice(&world, "db");
    assert_eq!(slice["metadata"]["labels"]["service.kubernetes.io/headless"], "");
    let hostnames: BTreeSet<_> = slice["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| endpoint["hostname"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(hostnames, BTreeSet::from(["db-0".to_owned(), "db-1".to_owned()]));
    let endpoints = world.get(Kind::Endpoints, "db");
    assert_eq!(endpoints["metadata"]["labels"]["service.kubernetes.io/headless"], "");
    assert_eq!(endpoints["subsets"][0]["ports"][0]["name"], "sql");
}

// R5.1
#[test]
fn a_finished_pod_is_not_listed() {
    let mut world = World::new(3);
    world.create(pod("web", json!({ "restartPolicy": "Never" })));
    world.create(service("web", "web", json!(80)));
    world.settle();
    assert_eq!(conditions(&slice(&world, "web")).len(), 1);
    world.finish("web", "Succeeded");
    world.settle();
    assert!(slice(&world, "web")["endpoints"].is_null());
}

// R5.6; recording 04.
#[test]
fn without_a_selector_nothing_is_made() {
    let mut world = World::new(3);
    world.create(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "legacy" },
        "spec": { "ports": [{ "port": 3306 }] },
    }));
    world.create(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "ext" },
        "spec": { "type": "ExternalName", "externalName": "db.example.com" },
    }));
    world.settle();
    assert!(slices(&world, "legacy").is_empty() && slices(&world, "ext").is_empty());
    assert!(world.get(Kind::Endpoints, "legacy").is_null());
}

// R5.6
#[test]
fn endpoints_written_by_hand_are_mirrored() {
    let mut world = World::new(3);
    world.create(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "legacy" },
        "spec": { "ports": [{ "port": 3306 }] },
    }));
    world.create(json!({
        "apiVersion": "v1", "kind": "Endpoints", "metadata": { "name": "legacy" },
        "subsets": [{ "addresses": [{ "ip": "192.0.2.10" }], "ports": [{ "port": 3306 }] }],
    }));
    world.settle();
    let mirrored = slice(&world, "legacy");
    assert_eq!(mirrored["endpoints"][0]["addresses"], json!(["192.0.2.10"]));
    assert_eq!(
        mirrored["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"],
        "endpointslicemirroring-controller.k8s.io"
    );
    world.delete(Kind::Endpoints, "legacy");
    world.settle();
    assert!(slices(&world, "legacy").is_empty());
}

// `endpointslicemirroring/reconciler_test.go` and `utils_test.go`: labels and annotations go along, but
// for kubectl's own, and subsets with the same ports share a slice.
#[test]
fn a_mirrored_slice_has_what_its_endpoints_are_labelled_with() {
    let mut world = World::new(3);
    world.create(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "legacy" },
        "spec": { "ports": [{ "port": 80 }] },
    }));
    let subset =
        |ip: &str, port: i32| json!({ "addresses": [{ "ip": ip }], "ports": [{ "port": port }] });
    let annotations =
        json!({ "note": "by hand", "kubectl.kubernetes.io/last-applied-configuration": "{}" });
    world.create(json!({
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": { "name": "legacy", "annotations": annotations, "labels": { "team": "a" } },
        "subsets": [subset("192.0.2.1", 80), subset("192.0.2.2", 81), subset("192.0.2.3", 80)],
    }));
    world.settle();
    let all = slices(&world, "legacy");
    let told: Vec<_> = all
        .iter()
        .map(|slice| {
            (slice["ports"][0]["port"].clone(), slice["endpoints"].as_array().unwrap().len())
        })
        .collect();
    assert!(told.contains(&(json!(80), 2)) && told.contains(&(json!(81), 1)), "{told:?}");
    for slice in &all {
        assert_eq!(slice["metadata"]["annotations"], json!({ "note": "by hand" }));
        assert_eq!(slice["metadata"]["labels"]["team"], "a");
    }
    world.patch(Kind::Endpoints, "legacy", json!({ "metadata": { "labels": { "team": "b" } } }));
    world.settle();
    assert!(
        slices(&world, "legacy").iter().all(|slice| slice["metadata"]["labels"]["team"] == "b")
    );
}

// Recording 01: the end of a Service is the end of its endpoints.
#[test]
fn endpoints_go_with_their_service() {
    let mut world = world_with_web(2);
    world.delete(Kind::Service, "web");
    world.settle();
    assert!(slices(&world, "web").is_empty());
    assert_eq!(world.names::<Endpoints>(), ["kubernetes"]);
}

#[test]
fn a_slice_that_somebody_deletes_is_made_again() {
    let mut world = world_with_web(2);
    let name = slice(&world, "web")["metadata"]["name"].as_str().unwrap().to_owned();
    world.delete(Kind::EndpointSlice, &name);
    world.settle();
    assert_eq!(conditions(&slice(&world, "web")).len(), 2);
}

// R4.6: a Service selects pods, and leaves those that are relabelled.
#[test]
fn a_relabelled_pod_leaves_the_service() {
    let mut world = world_with_web(3);
    let name = world.active().remove(0);
    world.patch(Kind::Pod, &name, json!({ "metadata": { "labels": { "app": "quarantine" } } }));
    world.settle();
    let slice = slice(&world, "web");
    let targets: Vec<_> = slice["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| endpoint["targetRef"]["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(targets.len(), 3);
    assert!(!targets.contains(&name));
}
