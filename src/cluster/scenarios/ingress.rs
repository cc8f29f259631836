//! Ingresses, with and without a controller (R12).

use k8s_openapi::api::networking::v1::Ingress;

use super::*;
use crate::network::{Outcome, SocketAddr, Trace};

/// A cluster with two Services, `old` and `new`, and the Ingress controller.
fn with_controller() -> Cluster {
    let mut cluster =
        Cluster::new(&Config { nodes: 3, seed: 7, dns: true, dual_stack: false }, Arc::new(Tiny));
    cluster.install_ingress_controller();
    for name in ["old", "new"] {
        let spec = json!({ "containers": [{
            "name": "c", "image": "hashicorp/http-echo", "args": [format!("-text={name}")],
        }]});
        create_pod(&mut cluster, name, spec);
        create(
            &mut cluster,
            Kind::Service,
            json!({
                "apiVersion": "v1", "kind": "Service", "metadata": { "name": name },
                "spec": {
                    "selector": { "app": name },
                    "ports": [{ "name": "web", "port": 80, "targetPort": 5678 }],
                },
            }),
        );
    }
    cluster.settle(Duration::from_secs(60));
    advance(&mut cluster, 30);
    cluster
}

fn path(path: &str, kind: &str, to: &str) -> Value {
    let backend = json!({ "service": { "name": to, "port": { "name": "web" } } });
    json!({ "path": path, "pathType": kind, "backend": backend })
}

/// An Ingress for a host, with these paths.
fn ingress(cluster: &mut Cluster, name: &str, host: &str, paths: Value) {
    create(
        cluster,
        Kind::Ingress,
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "name": name },
            "spec": {
                "ingressClassName": "nginx",
                "rules": [{ "host": host, "http": { "paths": paths } }],
            },
        }),
    );
    advance(cluster, 3);
}

/// What the laptop gets from the controller's node for a host: status and first line.
fn ask(cluster: &mut Cluster, host: &str, path: &str) -> (u16, String) {
    let to = "192.168.49.2:80".parse().unwrap();
    let dial = cluster.dial(&Place::Laptop, Protocol::Tcp, to);
    let request = HttpRequest::get(path, vec![("Host".into(), host.into())]);
    let answer = cluster.ask(&dial.result.unwrap(), Payload::Http(request));
    let Reply::Http(response) = answer.reply else { panic!("{:?}", answer.reply) };
    let body = String::from_utf8_lossy(&response.body).into_owned();
    (response.status, body.lines().next().unwrap_or("").to_owned())
}

fn status_of(cluster: &mut Cluster, host: &str, path: &str) -> u16 {
    ask(cluster, host, path).0
}

// R12.1
#[test]
fn exact_beats_prefix_and_the_longest_prefix_wins() {
    let mut cluster = with_controller();
    let paths = json!([
        path("/", "Prefix", "old"),
        path("/shop", "Prefix", "new"),
        path("/shop/old", "Prefix", "old"),
        path("/shop/old/new", "Exact", "new"),
    ]);
    ingress(&mut cluster, "site", "a.test", paths);
    let mut told = |path: &str| ask(&mut cluster, "a.test", path).1;
    assert_eq!(told("/"), "old");
    assert_eq!(told("/shop"), "new");
    assert_eq!(told("/shop/x"), "new");
    // Element by element: this is another word.
    assert_eq!(told("/shopping"), "old");
    assert_eq!(told("/shop/old/x"), "old");
    assert_eq!(told("/shop/old/new"), "new");
    assert_eq!(told("/shop/old/new/x"), "old");
}

// R12.1; ingress-nginx, `SetDefaultNGINXPathType`.
#[test]
fn implementation_specific_paths_are_compared_as_prefixes() {
    let mut cluster = with_controller();
    let paths = json!([path("/shop", "ImplementationSpecific", "new")]);
    ingress(&mut cluster, "site", "a.test", paths);
    assert_eq!(ask(&mut cluster, "a.test", "/shop/x"), (200, "new".to_owned()));
    assert_eq!(status_of(&mut cluster, "a.test", "/shopping"), 404);
}

// R12.2
#[test]
fn no_rule_is_404_and_no_ready_endpoint_503() {
    let mut cluster = with_controller();
    let paths = json!([path("/new", "Exact", "new"), path("/none", "Prefix", "missing"),]);
    ingress(&mut cluster, "site", "*.a.test", paths);
    assert_eq!(status_of(&mut cluster, "x.a.test", "/new"), 200);
    assert_eq!(status_of(&mut cluster, "x.a.test", "/"), 404);
    assert_eq!(status_of(&mut cluster, "x.y.a.test", "/new"), 404);
    assert_eq!(status_of(&mut cluster, "other.test", "/new"), 404);
    assert_eq!(status_of(&mut cluster, "x.a.test", "/none"), 503);
    delete_pod(&mut cluster, "new");
    advance(&mut cluster, 5);
    assert_eq!(status_of(&mut cluster, "x.a.test", "/new"), 503);
}

// R12.2
#[test]
fn the_controller_asks_pods_by_their_own_address() {
    let mut cluster = with_controller();
    ingress(&mut cluster, "site", "a.test", json!([path("/", "Prefix", "new")]));
    let first = cluster.next_trace();
    assert_eq!(status_of(&mut cluster, "a.test", "/"), 200);
    let to = SocketAddr::new(address(&cluster, "new"), 5678);
    let second: Vec<_> = cluster.traces().filter(|trace| trace.id > first).collect();
    assert_eq!(second.iter().map(|trace| trace.flow.destination).collect::<Vec<_>>(), [to]);
    let from = second[0].from.to_string();
    assert!(from.starts_with("ingress-nginx/ingress-nginx-controller-"), "{from}");
}

// R12.2
#[test]
fn a_pod_that_is_gone_is_tried_three_times_for_five_seconds_and_then_504() {
    let mut cluster = with_controller();
    ingress(&mut cluster, "site", "a.test", json!([path("/", "Prefix", "new")]));
    // Before the controller has heard of it: the address leads nowhere.
    let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
    let (kind, namespace, name) = (Kind::Pod, "default".to_owned(), "new".to_owned());
    cluster.handle(Request::Delete { kind, namespace, name, options }).unwrap();
    cluster.advance_to(cluster.now() + Duration::from_millis(500));
    let first = cluster.next_trace();
    assert_eq!(status_of(&mut cluster, "a.test", "/"), 504);
    let is_try = |trace: &&Trace| trace.id > first && trace.outcome == Outcome::Silence;
    assert_eq!(cluster.traces().filter(is_try).count(), 3);
    advance(&mut cluster, 5);
    assert_eq!(status_of(&mut cluster, "a.test", "/"), 503);
}

// R12.1
#[test]
fn an_ingress_of_another_class_is_left_alone() {
    let mut cluster = with_controller();
    create(
        &mut cluster,
        Kind::Ingress,
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "name": "foreign" },
            "spec": {
                "ingressClassName": "traefik",
                "rules": [{ "http": { "paths": [path("/", "Prefix", "new")] } }],
            },
        }),
    );
    advance(&mut cluster, 3);
    assert_eq!(status_of(&mut cluster, "a.test", "/"), 404);
    ingress(&mut cluster, "own", "a.test", json!([path("/", "Prefix", "new")]));
    let addresses = |name: &str| {
        let ingress = cluster.objects().get::<Ingress>("default", name).unwrap().clone();
        let status = serde_json::to_value(&ingress.status).unwrap();
        status["loadBalancer"]["ingress"].clone()
    };
    assert_eq!(addresses("own"), json!([{ "ip": "192.168.49.2" }]));
    assert!(addresses("foreign").is_null());
}

// R12.2, R7.4
#[test]
fn in_a_cloud_the_controller_has_the_balancers_address() {
    let mut cluster =
        Cluster::new(&Config { nodes: 3, seed: 7, dns: true, dual_stack: false }, Arc::new(Tiny));
    cluster.join_cloud();
    cluster.install_ingress_controller();
    cluster.settle(Duration::from_secs(60));
    advance(&mut cluster, 30);
    create(
        &mut cluster,
        Kind::Ingress,
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "x" },
            "spec": {
                "ingressClassName": "nginx",
                "defaultBackend": { "service": { "name": "none", "port": { "number": 80 } } },
            },
        }),
    );
    advance(&mut cluster, 3);
    let ingress = cluster.objects().get::<Ingress>("default", "x").unwrap();
    let status = serde_json::to_value(&ingress.status).unwrap();
    assert_eq!(status["loadBalancer"]["ingress"], json!([{ "ip": "203.0.113.100" }]));
    let to = "203.0.113.100:80".parse().unwrap();
    assert_eq!(get(&mut cluster, &Place::Laptop, to, "/").map(|(status, _)| status), Ok(503));
}
