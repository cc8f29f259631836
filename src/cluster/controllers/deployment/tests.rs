//! Deployments and their ReplicaSets, against the recordings of a real cluster.

use std::time::Duration;

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use super::super::world::{World, deployment};
use super::share;
use crate::api::{Kind, Pod, Propagation};

fn sizes(world: &World) -> Vec<i32> {
    let mut sets = world.list::<ReplicaSet>();
    sets.sort_by_key(|set| set.metadata.annotations.clone());
    let mut sizes: Vec<i32> =
        sets.iter().map(|set| set.spec.as_ref().unwrap().replicas.unwrap()).collect();
    sizes.sort();
    sizes
}

fn set_image(world: &mut World, image: &str) {
    let patch = json!({ "spec": { "template": { "spec": { "containers": [
        { "name": "nginx", "image": image, "ports": [{ "containerPort": 80, "name": "http" }] }
    ] } } } });
    world.patch(Kind::Deployment, "web", patch);
}

// Recording 01.
#[test]
fn a_deployment_becomes_what_a_real_cluster_shows() {
    let mut world = World::new(3);
    world.create(deployment("web", 3));
    world.settle();
    let shown = world.get(Kind::Deployment, "web");
    let hash = world.names::<ReplicaSet>()[0].strip_prefix("web-").unwrap().to_owned();
    let mut status = shown["status"].clone();
    for condition in status["conditions"].as_array_mut().unwrap() {
        condition.as_object_mut().unwrap().retain(|key, _| !key.ends_with("Time"));
    }
    assert_eq!(
        status,
        json!({
            "availableReplicas": 3,
            "conditions": [
                { "message": "Deployment has minimum availability.",
                  "reason": "MinimumReplicasAvailable", "status": "True", "type": "Available" },
                { "message": format!("ReplicaSet \"web-{hash}\" has successfully progressed."),
                  "reason": "NewReplicaSetAvailable", "status": "True", "type": "Progressing" },
            ],
            "observedGeneration": 1,
            "readyReplicas": 3,
            "replicas": 3,
            "terminatingReplicas": 0,
            "updatedReplicas": 3,
        })
    );
    assert_eq!(shown["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
    let set = world.get(Kind::ReplicaSet, &format!("web-{hash}"));
    assert_eq!(
        set["metadata"]["annotations"],
        json!({
            "deployment.kubernetes.io/desired-replicas": "3",
            "deployment.kubernetes.io/max-replicas": "4",
            "deployment.kubernetes.io/revision": "1",
        })
    );
    assert_eq!(set["metadata"]["labels"], json!({ "app": "web", "pod-template-hash": hash }));
    assert_eq!(set["spec"]["selector"]["matchLabels"]["pod-template-hash"], json!(hash));
    assert_eq!(
        world.told("web"),
        [(
            "ScalingReplicaSet".to_owned(),
            format!("Scaled up replica set web-{hash} from 0 to 3"),
            1
        )]
    );
}

// R3.1; recording 01: one pod a node, with the set's name and a suffix, owned by the set.
#[test]
fn its_pods_are_named_after_the_set_and_spread_over_the_nodes() {
    let mut world = World::new(3);
    world.create(deployment("web", 3));
    world.settle();
    let set = world.names::<ReplicaSet>().remove(0);
    let pods = world.list::<Pod>();
    let mut nodes: Vec<_> =
        pods.iter().map(|pod| pod.spec.as_ref().unwrap().node_name.clone().unwrap()).collect();
    nodes.sort();
    assert_eq!(nodes, ["node-1", "node-2", "node-3"]);
    for pod in pods {
        let name = pod.metadata.name.clone().unwrap();
        let suffix = name.strip_prefix(&format!("{set}-")).unwrap();
        assert_eq!(suffix.len(), 5);
        assert_eq!(pod.metadata.generate_name, Some(format!("{set}-")));
        assert_eq!(pod.metadata.generation, Some(1));
        let owner = &pod.metadata.owner_references.as_ref().unwrap()[0];
        assert_eq!((&*owner.kind, &owner.name), ("ReplicaSet", &set));
        assert_eq!(owner.block_owner_deletion, Some(true));
        let created = world.told(&set).iter().any(|(reason, message, _)| {
            reason == "SuccessfulCreate" && *message == format!("Created pod: {name}")
        });
        assert!(created);
    }
}

// R3.3: with the defaults three pods are replaced one at a time, and four exist at most.
#[test]
fn a_new_template_rolls_out_within_the_bounds() {
    let mut world = World::new(3);
    world.create(deployment("web", 3));
    world.settle();
    set_image(&mut world, "nginx:1.28");
    for _ in 0..400 {
        world.run(Duration::from_millis(5));
        let (available, total) = (world.get(Kind::Deployment, "web"), world.active().len());
        assert!(available["status"]["availableReplicas"].as_i64().unwrap() >= 3);
        assert!(total <= 4, "{total}");
    }
    world.settle();
    assert_eq!(sizes(&world), [0, 3]);
    let shown = world.get(Kind::Deployment, "web");
    assert_eq!(shown["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "2");
    assert_eq!(shown["status"]["updatedReplicas"], 3);
    assert_eq!(shown["status"]["replicas"], 3);
    let told: Vec<String> = world.told("web").into_iter().map(|told| told.1).collect();
    let steps: Vec<&str> = told.iter().map(|text| text.rsplit("web-").next().unwrap()).collect();
    let steps: Vec<&str> = steps.iter().map(|text| text.split_once(" from ").unwrap().1).collect();
    assert_eq!(steps, ["0 to 3", "0 to 1", "3 to 2", "1 to 2", "2 to 1", "2 to 3", "1 to 0"]);
}

// R3.3: only the template makes a rollout.
#[test]
fn scaling_makes_no_new_set() {
    let mut world = World::new(3);
    world.create(deployment("web", 3));
    world.settle();
    world.patch(Kind::Deployment, "web", json!({ "spec": { "replicas": 5 } }));
    world.settle();
    assert_eq!(sizes(&world), [5]);
    assert_eq!(world.active().len(), 5);
    world.patch(Kind::Deployment, "web", json!({ "spec": { "replicas": 0 } }));
    world.settle();
    assert_eq!(sizes(&world), [0]);
    assert!(world.list::<Pod>().is_empty());
}

// R3.3: going back takes the old set up again, with a new number.
#[test]
fn an_old_template_finds_its_old_set() {
    let mut world = World::new(3);
    world.create(deployment("web", 2));
    world.settle();
    let first = world.names::<ReplicaSet>().remove(0);
    set_image(&mut world, "nginx:1.28");
    world.settle();
    set_image(&mut world, "nginx:1.27");
    world.settle();
    assert_eq!(world.list::<ReplicaSet>().len(), 2);
    let set = world.get(Kind::ReplicaSet, &first);
    assert_eq!(set["spec"]["replicas"], 2);
    let notes = &set["metadata"]["annotations"];
    assert_eq!(notes["deployment.kubernetes.io/revision"], "3");
    assert_eq!(notes["deployment.kubernetes.io/revision-history"], "1");
}

#[test]
fn recreate_takes_all_down_before_it_makes_anything() {
    let mut world = World::new(3);
    let mut web = deployment("web", 3);
    web["spec"]["strategy"] = json!({ "type": "Recreate" });
    world.create(web);
    world.settle();
    set_image(&mut world, "nginx:1.28");
    for _ in 0..400 {
        world.run(Duration::from_millis(5));
        let pods = world.list::<Pod>();
        let images: std::collections::BTreeSet<_> =
            pods.iter().map(|pod| pod.spec.as_ref().unwrap().containers[0].image.clone()).collect();
        assert!(images.len() <= 1, "{images:?}");
    }
    world.settle();
    assert_eq!(sizes(&world), [0, 3]);
}

#[test]
fn a_rollout_that_stands_still_exceeds_its_deadline() {
    let mut world = World::new(3);
    let mut web = deployment("web", 1);
    web["spec"]["progressDeadlineSeconds"] = json!(60);
    world.unready.insert("web".to_owned());
    world.create(web);
    world.settle();
    let condition = |world: &World| -> Value {
        let shown = world.get(Kind::Deployment, "web");
        let conditions = shown["status"]["conditions"].as_array().unwrap().clone();
        conditions.into_iter().find(|condition| condition["type"] == "Progressing").unwrap()
    };
    assert_eq!(condition(&world)["reason"], "ReplicaSetUpdated");
    world.run(Duration::from_secs(90));
    assert_eq!(condition(&world)["reason"], "ProgressDeadlineExceeded");
    assert_eq!(condition(&world)["status"], "False");
}

// Recording 05: "one pod not ready".
#[test]
fn a_pod_that_turns_unready_makes_the_deployment_unavailable() {
    let mut world = World::new(3);
    world.create(deployment("web", 3));
    world.settle();
    let name = world.active().remove(0);
    world.set_ready(&name, false);
    world.settle();
    let shown = world.get(Kind::Deployment, "web");
    assert_eq!(shown["status"]["readyReplicas"], 2);
    assert_eq!(shown["status"]["unavailableReplicas"], 1);
    let reasons: Vec<_> = shown["status"]["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|condition| condition["reason"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(reasons, ["NewReplicaSetAvailable", "MinimumReplicasUnavailable"]);
}

#[test]
fn a_paused_deployment_keeps_its_template_to_itself() {
    let mut world = World::new(3);
    world.create(deployment("web", 2));
    world.settle();
    world.patch(Kind::Deployment, "web", json!({ "spec": { "paused": true } }));
    set_image(&mut world, "nginx:1.28");
    world.settle();
    assert_eq!(sizes(&world), [2]);
    world.patch(Kind::Deployment, "web", json!({ "spec": { "paused": false } }));
    world.settle();
    assert_eq!(sizes(&world), [0, 2]);
}

#[test]
fn old_sets_beyond_the_history_limit_go() {
    let mut world = World::new(3);
    let mut web = deployment("web", 1);
    web["spec"]["revisionHistoryLimit"] = json!(1);
    world.create(web);
    world.settle();
    for tag in ["1.28", "1.29", "1.30"] {
        set_image(&mut world, &format!("nginx:{tag}"));
        world.settle();
    }
    assert_eq!(sizes(&world), [0, 1]);
}

// R3.2
#[test]
fn deleting_a_deployment_collects_what_it_owns() {
    let mut world = World::new(3);
    world.create(deployment("web", 3));
    world.settle();
    world.delete(Kind::Deployment, "web");
    world.settle();
    assert!(world.list::<ReplicaSet>().is_empty());
    assert!(world.list::<Pod>().is_empty());
}

#[test]
fn orphaned_sets_stay_and_are_adopted_again() {
    let mut world = World::new(3);
    world.create(deployment("web", 3));
    world.settle();
    let pods = world.active();
    world.delete_with(Kind::Deployment, "web", Propagation::Orphan);
    world.settle();
    let sets = world.list::<ReplicaSet>();
    assert_eq!(sets.len(), 1);
    assert!(sets[0].metadata.owner_references.is_none());
    assert_eq!(world.active(), pods);
    world.create(deployment("web", 3));
    world.settle();
    assert_eq!(world.list::<ReplicaSet>().len(), 1);
    assert!(world.list::<ReplicaSet>()[0].metadata.owner_references.is_some());
    assert_eq!(world.active(), pods);
}

#[test]
fn a_foreground_deletion_waits_for_the_pods() {
    let mut world = World::new(3);
    world.create(deployment("web", 2));
    world.settle();
    world.delete_with(Kind::Deployment, "web", Propagation::Foreground);
    world.run(Duration::from_millis(500));
    assert!(!world.get(Kind::Deployment, "web").is_null());
    world.settle();
    assert!(world.get(Kind::Deployment, "web").is_null());
    assert!(world.list::<Pod>().is_empty());
}

// ARCHITECTURE: the same seed and the same inputs give the same bytes.
#[test]
fn two_runs_are_equal_to_the_byte() {
    let run = || {
        let mut world = World::new(3);
        world.create(deployment("web", 5));
        world.settle();
        set_image(&mut world, "nginx:1.28");
        world.settle();
        world.dump()
    };
    assert_eq!(run(), run());
}

// R3.3
#[test]
fn a_surge_is_rounded_up_and_the_unavailable_are_rounded_down() {
    let quarter = IntOrString::String("25%".to_owned());
    assert_eq!(share(Some(&quarter), 3, true), 1);
    assert_eq!(share(Some(&quarter), 3, false), 0);
    assert_eq!(share(Some(&quarter), 10, true), 3);
    assert_eq!(share(Some(&quarter), 10, false), 2);
    assert_eq!(share(Some(&IntOrString::Int(2)), 10, false), 2);
}
