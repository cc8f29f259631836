//! How pods go: deletion, nodes that fail, images that change.

use super::*;
use crate::network::SocketAddr;

fn nginx() -> Value {
    json!({ "containers": [{ "name": "nginx", "image": "nginx:1.27" }] })
}

fn exists(cluster: &Cluster, name: &str) -> bool {
    cluster.objects().get::<Pod>("default", name).is_some()
}

// R3.7
#[test]
fn a_server_that_heeds_sigterm_is_gone_in_a_moment() {
    let mut cluster = cluster();
    create_pod(&mut cluster, "web", nginx());
    cluster.settle(Duration::from_secs(30));
    let before = cluster.now();
    delete_pod(&mut cluster, "web");
    assert!(exists(&cluster, "web"));
    assert_eq!(cluster.settle(Duration::from_secs(60)), Settled::Settled);
    assert!(!exists(&cluster, "web"));
    assert!(cluster.now().since(before) < Duration::from_secs(3));
    assert!(events(&cluster, "web").contains(&"Killing: Stopping container nginx".to_owned()));
}

// R3.7
#[test]
fn a_first_process_that_ignores_sigterm_is_killed_after_thirty_seconds() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "sleeper",
        json!({ "containers": [
            { "name": "c", "image": "busybox:1.37", "command": ["sleep", "infinity"] },
        ]}),
    );
    cluster.settle(Duration::from_secs(30));
    delete_pod(&mut cluster, "sleeper");
    advance(&mut cluster, 29);
    assert!(exists(&cluster, "sleeper"));
    advance(&mut cluster, 2);
    assert!(!exists(&cluster, "sleeper"));
}

#[test]
fn a_prestop_hook_delays_sigterm() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "web",
        json!({ "containers": [{
            "name": "nginx", "image": "nginx:1.27",
            "lifecycle": { "preStop": { "sleep": { "seconds": 5 } } },
        }]}),
    );
    cluster.settle(Duration::from_secs(30));
    delete_pod(&mut cluster, "web");
    advance(&mut cluster, 4);
    assert!(exists(&cluster, "web"));
    advance(&mut cluster, 2);
    assert!(!exists(&cluster, "web"));
}

// R2.2, R2.6
#[test]
fn the_address_of_a_pod_that_is_gone_is_nobodys() {
    let mut cluster = cluster();
    create_pod(&mut cluster, "web", nginx());
    create_pod(&mut cluster, "client", nginx());
    cluster.settle(Duration::from_secs(30));
    let to = SocketAddr::new(address(&cluster, "web"), 80);
    delete_pod(&mut cluster, "web");
    cluster.settle(Duration::from_secs(60));
    let answer = get(&mut cluster, &container("client", "nginx"), to, "/");
    assert_eq!(answer, Err("Silence".to_owned()));
    create_pod(&mut cluster, "web", nginx());
    cluster.settle(Duration::from_secs(60));
    assert_ne!(address(&cluster, "web"), to.ip());
}

// R2.3, R5.1: kubelets stop the sandbox of a pod that has succeeded or failed; its status still
// shows the address.
#[test]
fn a_pod_that_has_done_its_work_gives_its_address_back() {
    let mut cluster = cluster();
    create_pod(&mut cluster, "client", nginx());
    create_pod(
        &mut cluster,
        "done",
        json!({ "restartPolicy": "Never", "containers": [
            { "name": "c", "image": "busybox:1.37", "command": ["exit", "0"] },
        ]}),
    );
    cluster.settle(Duration::from_secs(30));
    assert_eq!(phase(&cluster, "done"), "Succeeded");
    let to = SocketAddr::new(address(&cluster, "done"), 80);
    let dial = cluster.dial(&container("client", "nginx"), Protocol::Tcp, to);
    assert_eq!(dial.result, Err(DialFailure::Silence));
    let status = pod(&cluster, "done").status.clone().unwrap();
    let stands = status.conditions.iter().find(|known| known.type_ == "PodReadyToStartContainers");
    assert_eq!(stands.unwrap().status, "False");
}

#[test]
fn a_forced_deletion_takes_the_processes_along() {
    let mut cluster = cluster();
    create_pod(&mut cluster, "web", nginx());
    create_pod(&mut cluster, "client", nginx());
    cluster.settle(Duration::from_secs(30));
    let to = SocketAddr::new(address(&cluster, "web"), 80);
    let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
    let (namespace, name) = ("default".to_owned(), "web".to_owned());
    let request = Request::Delete { kind: Kind::Pod, namespace, name, options };
    assert!(cluster.handle(request).is_ok());
    cluster.settle(Duration::from_secs(30));
    let answer = get(&mut cluster, &container("client", "nginx"), to, "/");
    assert_eq!(answer, Err("Silence".to_owned()));
}

// R3.9
#[test]
fn another_image_restarts_the_container_in_place() {
    let mut cluster = cluster();
    create_pod(&mut cluster, "web", nginx());
    cluster.settle(Duration::from_secs(30));
    let before = address(&cluster, "web");
    let patch = json!({ "spec": { "containers": [{ "name": "nginx", "image": "nginx:1.28" }] } });
    let request = Request::Patch {
        kind: Kind::Pod,
        namespace: "default".to_owned(),
        name: "web".to_owned(),
        patch: crate::api::Patch::Strategic(patch),
        options: WriteOptions::default(),
    };
    cluster.handle(request).unwrap();
    assert_eq!(cluster.settle(Duration::from_secs(60)), Settled::Settled);
    let container = status(&cluster, "web", 0);
    assert_eq!(container.image, "docker.io/library/nginx:1.28");
    assert_eq!(container.restart_count, 1);
    assert_eq!(state(&cluster, "web", 0), "Running");
    assert_eq!(address(&cluster, "web"), before);
    assert!(
        events(&cluster, "web")
            .contains(&"Killing: Container nginx definition changed, will be restarted".to_owned())
    );
}

#[test]
fn a_node_that_goes_down_is_noticed_and_comes_back() {
    let mut cluster = cluster();
    create_pod(&mut cluster, "web", nginx());
    cluster.settle(Duration::from_secs(30));
    let node = pod(&cluster, "web").spec.as_ref().unwrap().node_name.clone().unwrap();
    cluster.set_node_up(&node, false);
    advance(&mut cluster, 60);
    let ready = |cluster: &Cluster| {
        let node = cluster.objects().get::<k8s_openapi::api::core::v1::Node>("", &node).unwrap();
        let conditions = node.status.as_ref().unwrap().conditions.clone().unwrap();
        conditions.iter().find(|c| c.type_ == "Ready").unwrap().status.clone()
    };
    assert_eq!(ready(&cluster), "Unknown");
    cluster.set_node_up(&node, true);
    cluster.settle(Duration::from_secs(60));
    assert_eq!(ready(&cluster), "True");
    assert_eq!(state(&cluster, "web", 0), "Running");
    assert_eq!(status(&cluster, "web", 0).restart_count, 1);
}

#[test]
fn a_clone_goes_its_own_way() {
    let mut one = cluster();
    create_pod(&mut one, "web", nginx());
    one.advance_to(one.now() + Duration::from_millis(300));
    let mut other = one.clone();
    one.settle(Duration::from_secs(30));
    delete_pod(&mut one, "web");
    one.settle(Duration::from_secs(30));
    other.settle(Duration::from_secs(30));
    assert!(!exists(&one, "web"));
    assert_eq!(state(&other, "web", 0), "Running");
}

#[test]
fn the_same_seed_gives_the_same_story() {
    let story = || {
        let mut cluster = cluster();
        create_pod(&mut cluster, "web", nginx());
        create_pod(
            &mut cluster,
            "shell",
            json!({ "containers": [
                { "name": "c", "image": "ubuntu" },
            ]}),
        );
        advance(&mut cluster, 100);
        let pods = cluster.objects().list::<Pod>(None);
        pods.map(|pod| serde_json::to_string(pod.as_ref()).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(story(), story());
}

// TOPICS B18: node loss evicts after about five minutes.
#[test]
fn a_lost_nodes_pods_are_replaced_elsewhere_and_gone_when_it_returns() {
    let mut cluster = cluster();
    create(
        &mut cluster,
        Kind::Deployment,
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
            "spec": {
                "replicas": 3, "selector": { "matchLabels": { "app": "web" } },
                "template": { "metadata": { "labels": { "app": "web" } }, "spec": nginx() },
            },
        }),
    );
    cluster.settle(Duration::from_secs(30));
    let on = |cluster: &Cluster, node: &str| {
        let pods = cluster.objects().list::<Pod>(Some("default"));
        pods.filter(|pod| pod.spec.as_ref().unwrap().node_name.as_deref() == Some(node)).count()
    };
    assert_eq!(on(&cluster, "node-2"), 1);
    cluster.set_node_up("node-2", false);
    advance(&mut cluster, 420);
    let running = on(&cluster, "node-1") + on(&cluster, "node-3");
    assert_eq!((running, on(&cluster, "node-2")), (3, 1));
    cluster.set_node_up("node-2", true);
    cluster.settle(Duration::from_secs(60));
    assert_eq!(on(&cluster, "node-2"), 0);
}
