//! Clusters to measure: Deployments of nginx, each with its Service.

use std::time::Duration;

use podhop::api::{Kind, Object, Request, WriteOptions};
use podhop::cluster::{Cluster, Config, Place, Settled};
use podhop::network::{Protocol, SocketAddr};
use podhop::shell;
use serde_json::{Value, json};

/// A Deployment and its Service, `services` times.
#[derive(Clone, Copy)]
pub struct Size {
    pub nodes: u32,
    pub services: u32,
    pub replicas: u32,
}

/// The cluster comes up, everything is created, and it settles.
pub fn settled(size: Size) -> Cluster {
    let config = Config { nodes: size.nodes, seed: 1, dns: true, dual_stack: false };
    let mut cluster = Cluster::new(&config, shell::programs());
    for number in 0..size.services {
        create(&mut cluster, Kind::Deployment, deployment(number, size.replicas));
        create(&mut cluster, Kind::Service, service(number));
    }
    assert_eq!(cluster.settle(Duration::from_secs(120)), Settled::Settled);
    cluster
}

fn create(cluster: &mut Cluster, kind: Kind, object: Value) {
    let namespace = "default".to_owned();
    let options = WriteOptions::default();
    let answer = cluster.handle(Request::Create { kind, namespace, object, options });
    assert!(answer.is_ok(), "{answer:?}");
}

fn deployment(number: u32, replicas: u32) -> Value {
    let labels = json!({ "app": format!("web-{number}") });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": format!("web-{number}") },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "nginx", "image": "nginx:1.27" }] },
            },
        },
    })
}

fn service(number: u32) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": format!("web-{number}") },
        "spec": {
            "clusterIP": address(number).ip().to_string(),
            "selector": { "app": format!("web-{number}") },
            "ports": [{ "port": 80, "targetPort": 80 }],
        },
    })
}

/// The address of a Service.
pub fn address(number: u32) -> SocketAddr {
    let base = std::net::Ipv4Addr::new(10, 100, 0, 1).to_bits();
    SocketAddr::new(std::net::Ipv4Addr::from_bits(base + number), 80)
}

/// Everybody who can send requests.
pub fn places(cluster: &Cluster) -> Vec<Place> {
    pods(cluster).map(|pod| place(pod.name())).collect()
}

/// A pod's container.
pub fn place(pod: &str) -> Place {
    Place::Container { namespace: "default".into(), pod: pod.into(), container: "nginx".into() }
}

/// The pods of all Deployments, by name.
pub fn pods(cluster: &Cluster) -> impl Iterator<Item = &Object> {
    cluster.objects().objects(Kind::Pod, Some("default"))
}

/// Sends traced requests, from everybody in turn to every Service in turn.
pub fn send(cluster: &mut Cluster, requests: u32, from: &[Place], services: u32) {
    for number in 0..requests {
        let sender = &from[number as usize % from.len()];
        let dial = cluster.dial(sender, Protocol::Tcp, address(number % services));
        assert!(dial.result.is_ok());
    }
}
