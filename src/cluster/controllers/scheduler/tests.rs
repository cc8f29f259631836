//! The scheduler, against recording 06.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::world::{World, deployment, pod};
use crate::api::{Kind, Pod};

/// The last FailedScheduling message about a pod.
fn refusal(world: &World, name: &str) -> String {
    let told = world.told(name);
    told.into_iter().rev().find(|told| told.0 == "FailedScheduling").expect("a refusal").1
}

fn node_of(world: &World, name: &str) -> Value {
    world.get(Kind::Pod, name)["spec"]["nodeName"].clone()
}

// Recording 06: bare pods take turns.
#[test]
fn pods_go_to_the_emptiest_nodes() {
    let mut world = World::new(3);
    for name in ["a", "b", "c", "d", "e", "f"] {
        world.create(pod(name, json!({})));
        world.settle();
    }
    let nodes: Vec<String> =
        world.list::<Pod>().iter().map(|pod| pod.node().unwrap().to_owned()).collect();
    assert_eq!(BTreeSet::from_iter(&nodes[..3]).len(), 3);
    assert_eq!(BTreeSet::from_iter(&nodes[3..]).len(), 3);
    let told = world.told("a");
    let message = format!("Successfully assigned default/a to {}", nodes[0]);
    assert_eq!(told, [("Scheduled".to_owned(), message, 1)]);
}

// Recording 01: PodScheduled as the API server writes it.
#[test]
fn a_bound_pod_says_so() {
    let mut world = World::new(1);
    world.unready.insert("web".to_owned());
    world.create(pod("web", json!({})));
    world.settle();
    let conditions = world.get(Kind::Pod, "web")["status"]["conditions"].clone();
    let scheduled = conditions.as_array().unwrap().iter().find(|c| c["type"] == "PodScheduled");
    assert_eq!(scheduled.unwrap()["status"], "True");
}

// Recording 06: "unschedulable (real scheduler)".
#[test]
fn a_selector_that_no_node_fits_is_told_in_the_schedulers_words() {
    let mut world = World::new(3);
    world.create(pod("nosuchnode", json!({ "nodeSelector": { "disk": "ssd" } })));
    world.settle();
    let message = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. \
                   no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption \
                   is not helpful for scheduling.";
    assert_eq!(refusal(&world, "nosuchnode"), message);
    let shown = world.get(Kind::Pod, "nosuchnode");
    let condition = &shown["status"]["conditions"][0];
    assert_eq!(condition["type"], "PodScheduled");
    assert_eq!(condition["status"], "False");
    assert_eq!(condition["reason"], "Unschedulable");
    assert_eq!(condition["message"], message);
}

// Recording 06.
#[test]
fn too_large_a_request_is_told_in_the_schedulers_words() {
    let mut world = World::new(3);
    let containers =
        json!([{ "name": "c", "image": "nginx", "resources": { "requests": { "cpu": 64 } } }]);
    world.create(pod("big", json!({ "containers": containers })));
    world.settle();
    assert_eq!(
        refusal(&world, "big"),
        "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: \
         0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    );
}

// Recording 06: "hostPort clash".
#[test]
fn the_fourth_pod_with_a_host_port_finds_no_node() {
    let mut world = World::new(3);
    let mut hp = deployment("hp", 4);
    hp["spec"]["template"]["spec"]["containers"][0]["ports"][0]["hostPort"] = json!(8080);
    world.create(hp);
    world.settle();
    let pods = world.list::<Pod>();
    let pending: Vec<_> = pods.iter().filter(|pod| pod.node().is_none()).collect();
    assert_eq!(pending.len(), 1);
    assert_eq!(
        refusal(&world, pending[0].metadata.name.as_deref().unwrap()),
        "0/3 nodes are available: 3 node(s) didn't have free ports for the requested pod ports. no \
         new claims to deallocate, preemption: 0/3 nodes are available: 3 No preemption victims \
         found for incoming pod."
    );
    let victim = pods.iter().find(|pod| pod.node().is_some()).unwrap();
    let name = victim.metadata.name.clone().unwrap();
    world.delete(Kind::Pod, &name);
    world.settle();
    let bound = world.list::<Pod>().iter().filter(|pod| pod.node().is_some()).count();
    assert_eq!(bound, 3, "the freed port is taken");
}

#[test]
fn requests_fill_a_node() {
    let mut world = World::new(1);
    let containers =
        json!([{ "name": "c", "image": "nginx", "resources": { "requests": { "cpu": "1500m" } } }]);
    for name in ["a", "b"] {
        world.create(pod(name, json!({ "containers": containers })));
    }
    world.settle();
    let pending = ["a", "b"].into_iter().find(|name| node_of(&world, name).is_null()).unwrap();
    assert!(refusal(&world, pending).contains("1 Insufficient cpu."));
    assert!(refusal(&world, pending).contains("1 No preemption victims found"));
}

fn ranked(name: &str, class: &str, cpu: &str) -> Value {
    let containers =
        json!([{ "name": "c", "image": "nginx", "resources": { "requests": { "cpu": cpu } } }]);
    pod(name, json!({ "containers": containers, "priorityClassName": class }))
}

fn class(name: &str, value: i32, policy: &str) -> Value {
    json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "metadata": { "name": name }, "value": value, "preemptionPolicy": policy,
    })
}

// pkg/scheduler/framework/preemption/preemption.go
#[test]
fn a_pod_of_higher_priority_takes_the_place_of_the_least_important() {
    let mut world = World::new(1);
    for (name, value) in [("low", 1), ("middle", 5), ("high", 9)] {
        world.create(class(name, value, "PreemptLowerPriority"));
    }
    world.create(ranked("one", "low", "900m"));
    world.create(ranked("two", "middle", "900m"));
    world.settle();
    world.create(ranked("urgent", "high", "800m"));
    world.settle();
    assert_eq!(node_of(&world, "urgent"), "node-1");
    assert_eq!(node_of(&world, "two"), "node-1");
    assert!(world.get(Kind::Pod, "one").is_null());
    let told = world.told("one");
    let (reason, text, _) = told.iter().find(|told| told.0 == "Preempted").expect("an event");
    assert_eq!(reason, "Preempted");
    assert!(text.starts_with("Preempted by pod ") && text.ends_with(" on node node-1"), "{text}");
    assert_eq!(refusal(&world, "urgent"), "0/1 nodes are available: 1 Insufficient cpu.");
}

// pkg/scheduler/framework/plugins/defaultpreemption: PodEligibleToPreemptOthers
#[test]
fn a_class_that_never_preempts_waits() {
    let mut world = World::new(1);
    world.create(class("low", 1, "PreemptLowerPriority"));
    world.create(class("polite", 9, "Never"));
    world.create(ranked("one", "low", "1500m"));
    world.settle();
    world.create(ranked("guest", "polite", "1500m"));
    world.settle();
    assert!(node_of(&world, "guest").is_null());
    assert_eq!(
        refusal(&world, "guest"),
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not \
         eligible due to preemptionPolicy=Never."
    );
}

#[test]
fn a_cordoned_node_takes_no_pods_until_it_is_opened() {
    let mut world = World::new(1);
    world.patch(Kind::Node, "node-1", json!({ "spec": { "unschedulable": true } }));
    world.settle();
    world.create(pod("web", json!({})));
    world.settle();
    assert!(node_of(&world, "web").is_null());
    assert!(refusal(&world, "web").contains("1 node(s) were unschedulable."));
    world.patch(Kind::Node, "node-1", json!({ "spec": { "unschedulable": null } }));
    world.settle();
    assert_eq!(node_of(&world, "web"), "node-1");
}

#[test]
fn a_taint_keeps_out_all_but_those_who_tolerate_it() {
    let mut world = World::new(1);
    let taints = json!([{ "key": "gpu", "value": "a", "effect": "NoSchedule" }]);
    world.patch(Kind::Node, "node-1", json!({ "spec": { "taints": taints } }));
    world.create(pod("plain", json!({})));
    let tolerations = json!([{ "key": "gpu", "operator": "Exists" }]);
    world.create(pod("tolerant", json!({ "tolerations": tolerations })));
    world.settle();
    assert!(refusal(&world, "plain").contains("1 node(s) had untolerated taint(s)."));
    assert_eq!(node_of(&world, "tolerant"), "node-1");
}

#[test]
fn node_affinity_is_required_or_preferred() {
    let mut world = World::new(3);
    let label = json!({ "metadata": { "labels": { "disk": "ssd" } } });
    world.patch(Kind::Node, "node-2", label);
    let expressions = json!([{ "key": "disk", "operator": "In", "values": ["ssd"] }]);
    let term = json!({ "matchExpressions": expressions });
    let required = json!({ "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [term] }
    } });
    let preferred = json!({ "nodeAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": [{ "weight": 1, "preference": term }]
    } });
    for (name, affinity) in [("a", &required), ("b", &preferred), ("c", &preferred)] {
        world.create(pod(name, json!({ "affinity": affinity })));
        world.settle();
        assert_eq!(node_of(&world, name), "node-2");
    }
}

#[test]
fn anti_affinity_keeps_pods_apart_and_affinity_brings_them_together() {
    let mut world = World::new(2);
    let term = |app: &str| {
        json!({
            "labelSelector": { "matchLabels": { "app": app } },
            "topologyKey": "kubernetes.io/hostname",
        })
    };
    let mut apart = deployment("apart", 3);
    apart["spec"]["template"]["spec"]["affinity"] = json!({ "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [term("apart")]
    } });
    world.create(apart);
    world.settle();
    let pods = world.list::<Pod>();
    let pending: Vec<_> = pods.iter().filter(|pod| pod.node().is_none()).collect();
    assert_eq!(pending.len(), 1);
    let name = pending[0].metadata.name.clone().unwrap();
    assert!(refusal(&world, &name).contains("2 node(s) didn't match pod anti-affinity rules."));

    world.create(pod("first", json!({})));
    world.settle();
    let near = json!({ "podAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [term("first")]
    } });
    for name in ["x", "y"] {
        world.create(pod(name, json!({ "affinity": near })));
        world.settle();
        assert_eq!(node_of(&world, name), node_of(&world, "first"));
    }
    let lost = json!({ "podAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [term("nobody")]
    } });
    world.create(pod("lost", json!({ "affinity": lost })));
    world.settle();
    assert!(refusal(&world, "lost").contains("2 node(s) didn't match pod affinity rules."));
}

#[test]
fn a_spread_constraint_bounds_the_skew() {
    let mut world = World::new(2);
    world.patch(Kind::Node, "node-2", json!({ "spec": { "unschedulable": true } }));
    let mut web = deployment("web", 2);
    web["spec"]["template"]["spec"]["topologySpreadConstraints"] = json!([{
        "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": { "matchLabels": { "app": "web" } },
    }]);
    world.create(web);
    world.settle();
    let pods = world.list::<Pod>();
    let pending = pods.iter().find(|pod| pod.node().is_none()).unwrap();
    let message = refusal(&world, pending.metadata.name.as_deref().unwrap());
    assert!(
        message.contains("1 node(s) didn't match pod topology spread constraints"),
        "{message}"
    );
}

#[test]
fn a_pod_of_another_scheduler_waits_for_that_one() {
    let mut world = World::new(1);
    world.create(pod("web", json!({ "schedulerName": "mine" })));
    world.settle();
    assert!(node_of(&world, "web").is_null());
    assert!(world.told("web").is_empty());
}

#[test]
fn another_seed_chooses_other_nodes() {
    let place = |seed: u64| {
        let mut world = World::new(20);
        world.controllers.scheduler = super::Scheduler::new(seed);
        for node in world.api.store().list(None) {
            let node: &std::sync::Arc<k8s_openapi::api::core::v1::Node> = node;
            let name = node.metadata.name.as_deref().unwrap().into();
            world.controllers.scheduler.node_cache.node_is(&name, node);
        }
        world.create(pod("web", json!({})));
        world.settle();
        node_of(&world, "web")
    };
    let places: BTreeSet<String> = (0..10).map(|seed| place(seed).to_string()).collect();
    assert!(places.len() > 1);
}
