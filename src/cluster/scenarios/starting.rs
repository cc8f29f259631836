//! How pods come up.

use super::*;
use crate::network::SocketAddr;

fn nginx() -> Value {
    json!({ "containers": [{ "name": "nginx", "image": "nginx:1.27" }] })
}

#[test]
fn a_new_cluster_is_at_rest() {
    let mut cluster = cluster();
    let before = cluster.now();
    assert_eq!(cluster.settle(Duration::from_secs(60)), Settled::Settled);
    assert_eq!(cluster.now(), before);
}

// R16.1, recording 01
#[test]
fn a_pod_is_being_created_and_two_seconds_later_it_runs() {
    let mut cluster = cluster();
    create_pod(&mut cluster, "web", nginx());
    cluster.advance_to(cluster.now() + Duration::from_millis(200));
    assert_eq!(state(&cluster, "web", 0), "ContainerCreating");
    advance(&mut cluster, 2);
    assert_eq!(state(&cluster, "web", 0), "Running");
    assert_eq!(phase(&cluster, "web"), "Running");
    assert!(is_ready(&cluster, "web"));
}

// Recording 01
#[test]
fn status_and_events_are_as_recorded() {
    let mut cluster = cluster();
    create_pod(&mut cluster, "web", nginx());
    assert_eq!(cluster.settle(Duration::from_secs(30)), Settled::Settled);
    let container = status(&cluster, "web", 0);
    assert_eq!(container.image, "docker.io/library/nginx:1.27");
    assert_eq!(
        container.image_id,
        "docker.io/library/nginx@sha256:\
         6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd"
    );
    assert_eq!(container.container_id.unwrap().len(), "containerd://".len() + 64);
    let pod = pod(&cluster, "web");
    let conditions = pod.status.as_ref().unwrap().conditions.clone();
    let types: Vec<&str> = conditions.iter().map(|c| c.type_.as_str()).collect();
    assert_eq!(
        types,
        ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
    );
    let told = events(&cluster, "web");
    assert_eq!(
        told[1..],
        [
            "Pulled: Container image \"nginx:1.27\" already present on machine and can be \
             accessed by the pod",
            "Created: Container created",
            "Started: Container started",
        ]
    );
}

// R2.4, R1.5
#[test]
fn every_pod_is_reached_at_its_own_address() {
    let mut cluster = cluster();
    create_pod(&mut cluster, "web", nginx());
    create_pod(&mut cluster, "client", nginx());
    cluster.settle(Duration::from_secs(30));
    let to = SocketAddr::new(address(&cluster, "web"), 80);
    let (status, body) = get(&mut cluster, &container("client", "nginx"), to, "/").unwrap();
    assert_eq!(status, 200);
    assert!(body.contains("<h1>Welcome to nginx!</h1>"));
    let log = logs(&cluster, "web", "nginx");
    assert!(
        log.last().unwrap().ends_with("\"GET / HTTP/1.1\" 200 615 \"-\" \"curl/8.5.0\" \"-\""),
        "{log:?}"
    );
}

#[test]
fn a_deployment_and_its_service_carry_traffic() {
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
    create(
        &mut cluster,
        Kind::Service,
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" },
            "spec": {
                "clusterIP": "10.96.0.77", "selector": { "app": "web" },
                "ports": [{ "port": 80, "targetPort": 80 }],
            },
        }),
    );
    create_pod(&mut cluster, "client", nginx());
    assert_eq!(cluster.settle(Duration::from_secs(30)), Settled::Settled);
    let to = "10.96.0.77:80".parse().unwrap();
    let answer = get(&mut cluster, &container("client", "nginx"), to, "/");
    assert_eq!(answer.map(|(status, _)| status), Ok(200));
}

#[test]
fn coredns_runs_as_pods_behind_its_service() {
    let config = Config { nodes: 2, seed: 1, dns: true, dual_stack: false };
    let mut cluster = Cluster::new(&config, Arc::new(Tiny));
    let pods = cluster.objects().list::<Pod>(Some("kube-system"));
    let running = pods.filter(|pod| {
        pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running")
    });
    assert_eq!(running.count(), 2);
    create_pod(&mut cluster, "client", nginx());
    cluster.settle(Duration::from_secs(30));
    let found = cluster.lookup(&container("client", "nginx"), "kubernetes.default");
    assert_eq!(found.result, Ok(vec!["10.96.0.1".parse().unwrap()]));
}
