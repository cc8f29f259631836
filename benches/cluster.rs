//! A big cluster: 1,000 nodes, 10,000 pods and 1,000 Services come to rest, and carry requests.

use std::net::SocketAddrV4;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use divan::{Bencher, counter::ItemsCount};
use podhop::api::{Kind, Request, WriteOptions};
use podhop::cluster::{Cluster, Config, Place, Settled};
use podhop::network::Protocol;
use podhop::shell;
use serde_json::{Value, json};

const NODES: u32 = 1_000;
const SERVICES: u32 = 1_000;
const REPLICAS: u32 = 10;

fn main() {
    divan::main();
}

/// The cluster comes up, everything is created, and it settles.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn settle_ten_thousand_pods(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(SERVICES * REPLICAS)).bench(settled);
}

/// Requests from pods to Services, each with its whole trace.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn send_a_hundred_thousand_traced_requests(bencher: Bencher<'_, '_>) {
    const REQUESTS: u32 = 100_000;
    let places = places(big());
    bencher.counter(ItemsCount::new(REQUESTS)).with_inputs(|| big().clone()).bench_local_values(
        |mut cluster| {
            for number in 0..REQUESTS {
                let from = &places[number as usize % places.len()];
                let to = address(number % SERVICES);
                let dial = cluster.dial(from, Protocol::Tcp, to);
                assert!(dial.result.is_ok());
            }
            cluster
        },
    );
}

/// Undo, rewind and what-if questions are clones.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn clone_a_big_cluster(bencher: Bencher<'_, '_>) {
    bencher.bench(|| big().clone());
}

/// One pod goes and another comes, in the middle of ten thousand.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn replace_one_pod(bencher: Bencher<'_, '_>) {
    let places = places(big());
    bencher.with_inputs(|| big().clone()).bench_local_values(|mut cluster| {
        if let Place::Container { namespace, pod, .. } = &places[17] {
            let (namespace, name) = (namespace.to_string(), pod.to_string());
            let options = Default::default();
            let _ = cluster.handle(Request::Delete { kind: Kind::Pod, namespace, name, options });
        }
        assert_eq!(cluster.settle(Duration::from_secs(60)), Settled::Settled);
        cluster
    });
}

fn big() -> &'static Cluster {
    static BIG: OnceLock<Cluster> = OnceLock::new();
    BIG.get_or_init(settled)
}

fn settled() -> Cluster {
    let config = Config { nodes: NODES, seed: 1, dns: true };
    let mut cluster = Cluster::new(&config, shell::programs());
    for number in 0..SERVICES {
        create(&mut cluster, Kind::Deployment, deployment(number));
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

fn deployment(number: u32) -> Value {
    let labels = json!({ "app": format!("web-{number}") });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": format!("web-{number}") },
        "spec": {
            "replicas": REPLICAS,
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

fn address(number: u32) -> SocketAddrV4 {
    let base = std::net::Ipv4Addr::new(10, 100, 0, 1).to_bits();
    SocketAddrV4::new(std::net::Ipv4Addr::from_bits(base + number), 80)
}

fn places(cluster: &Cluster) -> Vec<Place> {
    let pods = cluster.objects().objects(Kind::Pod, Some("default"));
    pods.map(|pod| Place::Container {
        namespace: "default".into(),
        pod: Arc::from(pod.name()),
        container: "nginx".into(),
    })
    .collect()
}
