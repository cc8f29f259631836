//! StatefulSets, against recording 02.

use std::time::Duration;

use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use serde_json::{Value, json};

use super::super::world::{World, template};
use crate::api::{Kind, Pod};

fn stateful_set(replicas: i32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": { "name": "db" },
        "spec": {
            "serviceName": "db",
            "replicas": replicas,
            "selector": { "matchLabels": { "app": "db" } },
            "template": template("db"),
        },
    })
}

fn set_image(world: &mut World, image: &str) {
    let containers = json!([{ "name": "nginx", "image": image }]);
    let patch = json!({ "spec": { "template": { "spec": { "containers": containers } } } });
    world.patch(Kind::StatefulSet, "db", patch);
}

fn images(world: &World) -> Vec<String> {
    let image = |pod: &Pod| pod.spec.as_ref().unwrap().containers[0].image.clone().unwrap();
    world.list::<Pod>().iter().map(|pod| image(pod)).collect()
}

// R3.5; recording 02.
#[test]
fn ordinals_are_made_one_after_the_other() {
    let mut world = World::new(3);
    world.create(stateful_set(3));
    for _ in 0..300 {
        world.run(Duration::from_millis(10));
        let pods = world.list::<Pod>();
        let waiting = pods.iter().filter(|pod| !super::is_healthy(pod)).count();
        assert!(waiting <= 1, "{waiting} pods at once");
    }
    assert_eq!(world.active(), ["db-0", "db-1", "db-2"]);
    let told: Vec<_> = world.told("db").into_iter().map(|told| (told.0, told.1)).collect();
    let created = |ordinal: i32| {
        let message = format!("Create Pod db-{ordinal} in StatefulSet db successful");
        ("SuccessfulCreate".to_owned(), message)
    };
    assert_eq!(told, [created(0), created(1), created(2)]);
}

// `isMemberOf` in Kubernetes' pkg/controller/statefulset/stateful_set_utils.go.
#[test]
fn a_pod_of_another_name_is_not_adopted() {
    let mut world = World::new(1);
    for name in ["anna", "db-7"] {
        let mut pod = template("db");
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["name"] = json!(name);
        world.create(pod);
    }
    world.create(stateful_set(1));
    world.settle();
    let owner = |name: &str| world.get(Kind::Pod, name)["metadata"]["ownerReferences"][0].clone();
    assert_eq!(owner("anna"), Value::Null);
    assert_eq!(world.active(), ["anna", "db-0"], "db-7 is adopted, and one too many");
}

// `newRevision` in Kubernetes' pkg/controller/statefulset/stateful_set_utils.go.
#[test]
fn a_revision_has_the_annotations_that_the_set_had_then() {
    let mut world = World::new(1);
    let cause = |cause: &str| json!({ "kubernetes.io/change-cause": cause });
    let mut set = stateful_set(1);
    set["metadata"]["annotations"] = cause("first");
    world.create(set);
    world.settle();
    world.patch(Kind::StatefulSet, "db", json!({ "metadata": { "annotations": cause("next") } }));
    set_image(&mut world, "nginx:1.28");
    world.settle();
    let mut revisions = world.list::<ControllerRevision>();
    revisions.sort_by_key(|revision| revision.revision);
    let causes: Vec<_> = revisions.iter().map(|one| one.metadata.annotations.clone()).collect();
    assert_eq!(json!(causes), json!([cause("first"), cause("next")]));
}

// R3.5; recording 02.
#[test]
fn a_pod_carries_its_identity() {
    let mut world = World::new(3);
    world.create(stateful_set(1));
    world.settle();
    let pod = world.get(Kind::Pod, "db-0");
    let revision = world.names::<ControllerRevision>().remove(0);
    assert_eq!(pod["spec"]["hostname"], "db-0");
    assert_eq!(pod["spec"]["subdomain"], "db");
    assert_eq!(
        pod["metadata"]["labels"],
        json!({
            "app": "db",
            "apps.kubernetes.io/pod-index": "0",
            "controller-revision-hash": revision,
            "statefulset.kubernetes.io/pod-name": "db-0",
        })
    );
    let status = world.get(Kind::StatefulSet, "db")["status"].clone();
    assert_eq!(
        status,
        json!({
            "availableReplicas": 1,
            "collisionCount": 0,
            "currentReplicas": 1,
            "currentRevision": revision,
            "observedGeneration": 1,
            "readyReplicas": 1,
            "replicas": 1,
            "updateRevision": revision,
            "updatedReplicas": 1,
        })
    );
}

// R3.5
#[test]
fn a_deleted_pod_comes_back_under_its_name() {
    let mut world = World::new(3);
    world.create(stateful_set(3));
    world.settle();
    let before = world.get(Kind::Pod, "db-1");
    world.delete(Kind::Pod, "db-1");
    world.settle();
    let after = world.get(Kind::Pod, "db-1");
    assert_ne!(before["metadata"]["uid"], after["metadata"]["uid"]);
    assert_ne!(before["status"]["podIP"], after["status"]["podIP"]);
}

// R3.5
#[test]
fn a_scale_down_takes_the_highest_ordinals_one_by_one() {
    let mut world = World::new(3);
    world.create(stateful_set(3));
    world.settle();
    world.patch(Kind::StatefulSet, "db", json!({ "spec": { "replicas": 1 } }));
    world.run(Duration::from_millis(500));
    assert_eq!(world.active(), ["db-0", "db-1"]);
    world.settle();
    assert_eq!(world.active(), ["db-0"]);
}

#[test]
fn parallel_pods_wait_for_nobody() {
    let mut world = World::new(3);
    let mut set = stateful_set(3);
    set["spec"]["podManagementPolicy"] = json!("Parallel");
    world.create(set);
    world.run(Duration::from_millis(100));
    assert_eq!(world.active().len(), 3);
}

// R3.5
#[test]
fn an_update_starts_at_the_highest_ordinal() {
    let mut world = World::new(3);
    world.create(stateful_set(3));
    world.settle();
    set_image(&mut world, "nginx:1.28");
    world.run(Duration::from_millis(1_600));
    assert_eq!(images(&world), ["nginx:1.27", "nginx:1.27", "nginx:1.28"]);
    world.settle();
    assert_eq!(images(&world), ["nginx:1.28"; 3]);
    let status = world.get(Kind::StatefulSet, "db")["status"].clone();
    assert_eq!(status["currentRevision"], status["updateRevision"]);
    assert_eq!(world.list::<ControllerRevision>().len(), 2);
}

#[test]
fn ordinals_below_the_partition_keep_their_revision() {
    let mut world = World::new(3);
    let mut set = stateful_set(3);
    set["spec"]["updateStrategy"] = json!({ "rollingUpdate": { "partition": 2 } });
    world.create(set);
    world.settle();
    set_image(&mut world, "nginx:1.28");
    world.settle();
    assert_eq!(images(&world), ["nginx:1.27", "nginx:1.27", "nginx:1.28"]);
    world.delete(Kind::Pod, "db-0");
    world.settle();
    assert_eq!(images(&world)[0], "nginx:1.27");
}

#[test]
fn on_delete_leaves_the_pace_to_the_user() {
    let mut world = World::new(3);
    let mut set = stateful_set(2);
    set["spec"]["updateStrategy"] = json!({ "type": "OnDelete" });
    world.create(set);
    world.settle();
    set_image(&mut world, "nginx:1.28");
    world.settle();
    assert_eq!(images(&world), ["nginx:1.27", "nginx:1.27"]);
    world.delete(Kind::Pod, "db-0");
    world.settle();
    assert_eq!(images(&world), ["nginx:1.28", "nginx:1.27"]);
}

#[test]
fn each_ordinal_has_its_own_volume_and_keeps_it() {
    let mut world = World::new(3);
    let mut set = stateful_set(2);
    set["spec"]["volumeClaimTemplates"] = json!([{
        "metadata": { "name": "data" },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": { "requests": { "storage": "1Gi" } },
        },
    }]);
    world.create(set);
    world.settle();
    assert_eq!(world.names::<PersistentVolumeClaim>(), ["data-db-0", "data-db-1"]);
    let claim = world.get(Kind::PersistentVolumeClaim, "data-db-1");
    assert_eq!(claim["status"]["phase"], "Bound");
    assert_eq!(claim["status"]["capacity"]["storage"], "1Gi");
    let volumes = world.get(Kind::Pod, "db-1")["spec"]["volumes"].clone();
    let claims: Vec<_> = volumes
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str())
        .collect();
    assert_eq!(claims, ["data-db-1"]);
    world.patch(Kind::StatefulSet, "db", json!({ "spec": { "replicas": 0 } }));
    world.settle();
    assert_eq!(world.names::<PersistentVolumeClaim>().len(), 2);
}
