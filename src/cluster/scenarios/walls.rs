//! NetworkPolicies and host ports, from the manifest to the packet.

use super::*;
use crate::network::SocketAddr;

fn nginx() -> Value {
    json!({ "containers": [{ "name": "nginx", "image": "nginx:1.27" }] })
}

fn policy(cluster: &mut Cluster, spec: Value) {
    create(
        cluster,
        Kind::NetworkPolicy,
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": { "name": "wall" }, "spec": spec,
        }),
    );
    cluster.settle(Duration::from_secs(10));
}

// R11.1, R11.2, R11.4
#[test]
fn a_policy_lets_in_whom_it_names_and_drops_the_rest() {
    let mut cluster = cluster();
    for name in ["web", "friend", "stranger"] {
        create_pod(&mut cluster, name, nginx());
    }
    cluster.settle(Duration::from_secs(30));
    let to = SocketAddr::new(address(&cluster, "web"), 80);
    policy(
        &mut cluster,
        json!({
            "podSelector": { "matchLabels": { "app": "web" } },
            "ingress": [{ "from": [{ "podSelector": { "matchLabels": { "app": "friend" } } }] }],
        }),
    );
    let status = |answer: Result<(u16, String), String>| answer.map(|(status, _)| status);
    let friend = get(&mut cluster, &container("friend", "nginx"), to, "/");
    assert_eq!(status(friend), Ok(200));
    let stranger = get(&mut cluster, &container("stranger", "nginx"), to, "/");
    assert_eq!(status(stranger), Err("Silence".to_owned()));
    let request = Request::Delete {
        kind: Kind::NetworkPolicy,
        namespace: "default".to_owned(),
        name: "wall".to_owned(),
        options: DeleteOptions::default(),
    };
    cluster.handle(request).unwrap();
    cluster.settle(Duration::from_secs(10));
    let stranger = get(&mut cluster, &container("stranger", "nginx"), to, "/");
    assert_eq!(status(stranger), Ok(200));
}

// R11.1
#[test]
fn a_pod_that_comes_later_is_selected_too() {
    let mut cluster = cluster();
    policy(&mut cluster, json!({ "podSelector": {} }));
    for name in ["web", "client"] {
        create_pod(&mut cluster, name, nginx());
    }
    cluster.settle(Duration::from_secs(30));
    let to = SocketAddr::new(address(&cluster, "web"), 80);
    let answer = get(&mut cluster, &container("client", "nginx"), to, "/");
    assert_eq!(answer, Err("Silence".to_owned()));
}

#[test]
fn a_host_port_is_open_on_the_pods_node_alone() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "web",
        json!({ "nodeName": "node-2", "containers": [{
            "name": "nginx", "image": "nginx:1.27",
            "ports": [{ "containerPort": 80, "hostPort": 8080 }],
        }]}),
    );
    cluster.settle(Duration::from_secs(30));
    let at = |text: &str| text.parse().unwrap();
    let answer = get(&mut cluster, &Place::Laptop, at("192.168.49.3:8080"), "/");
    assert_eq!(answer.map(|(status, _)| status), Ok(200));
    let other = get(&mut cluster, &Place::Laptop, at("192.168.49.2:8080"), "/");
    assert_eq!(other, Err("Refused".to_owned()));
}
