//! A big cluster: 1,000 nodes, 10,000 pods and 1,000 Services come to rest, and carry requests. And
//! Kubernetes' own published limits: 5,000 nodes, 150,000 pods, with 10,000 Services.

use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use divan::{Bencher, counter::ItemsCount};
use podhop::api::{Kind, Object, Patch, Request, Subresource, WriteOptions};
use podhop::cluster::{Cluster, Config, Place, Settled};
use podhop::network::{Party, Protocol, SocketAddr};
use podhop::shell;
use serde_json::{Value, json};

const BIG: Size = Size { nodes: 1_000, services: 1_000, replicas: 10 };
const LARGEST: Size = Size { nodes: 5_000, services: 10_000, replicas: 15 };
const SMALL: Size = Size { nodes: 10, services: 10, replicas: 10 };

/// A Deployment and its Service, `services` times.
#[derive(Clone, Copy)]
struct Size {
    nodes: u32,
    services: u32,
    replicas: u32,
}

/// The argument with which this program runs itself to see what the largest cluster takes alone.
const ALONE: &str = "largest_cluster_alone";

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if names == [ALONE] {
        return settle_alone();
    }
    divan::main();
    // As divan does: no name is every name, and a part of one is enough.
    if names.is_empty() || names.iter().any(|name| ALONE.contains(name.as_str())) {
        let own = std::env::current_exe().expect("a program knows where it is");
        Command::new(own).arg(ALONE).status().expect("it can run itself");
    }
}

/// Settles the largest cluster in a process that has nothing else, and says what that took.
#[allow(clippy::disallowed_methods, reason = "a bench looks at the real world: clocks, files")]
fn settle_alone() {
    let start = Instant::now();
    let cluster = settled(LARGEST);
    let (pods, took) = (cluster.objects().count(Kind::Pod), start.elapsed());
    // Linux alone tells a process how much it has ever had.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or(" unknown");
    println!("{ALONE}: {pods} pods settle in {took:.1?}; peak memory {}", peak.trim());
    std::process::exit(0);
}

/// The cluster comes up, everything is created, and it settles.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn settle_ten_thousand_pods(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(BIG.services * BIG.replicas)).bench(|| settled(BIG));
}

/// The same with as much as Kubernetes promises to carry.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn settle_a_hundred_and_fifty_thousand_pods(bencher: Bencher<'_, '_>) {
    let pods = LARGEST.services * LARGEST.replicas;
    bencher.counter(ItemsCount::new(pods)).bench(|| settled(LARGEST));
}

/// Requests from pods to Services, each with its whole trace.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn send_a_hundred_thousand_traced_requests(bencher: Bencher<'_, '_>) {
    send(bencher, big(), BIG, usize::MAX);
}

/// The same in a small cluster.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn send_requests_in_a_small_cluster(bencher: Bencher<'_, '_>) {
    send(bencher, &settled(SMALL), SMALL, usize::MAX);
}

/// The same in the largest one, from every pod to every Service, and from as many pods to as many
/// Services as the small cluster has: what a request costs must not grow with the cluster.
#[divan::bench(sample_count = 3, sample_size = 1, args = [150_000, 100])]
fn send_requests_in_the_largest_cluster(bencher: Bencher<'_, '_>, senders: usize) {
    let services = if senders > 100 { LARGEST.services } else { SMALL.services };
    send(bencher, largest(), Size { services, ..LARGEST }, senders);
}

/// A pod of the largest cluster stops being ready, or is ready again: from the change of its status
/// until every node's rules and every name follow.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn change_one_endpoint_in_the_largest_cluster(bencher: Bencher<'_, '_>) {
    let mut cluster = largest().clone();
    let pods: Vec<String> = pods(&cluster).map(|pod| pod.name().to_owned()).collect();
    // The first change pays for the clone.
    set_ready(&mut cluster, &pods[0], false);
    assert!(!chosen(&mut cluster, &pods[1]).contains(&pods[0]), "it is still sent requests");
    let mut turn = 0;
    bencher.bench_local(|| {
        // Pods far apart; every second change takes the one before back.
        let pod = &pods[turn / 2 * 7_919 % pods.len()];
        set_ready(&mut cluster, pod, turn % 2 == 1);
        turn += 1;
    });
}

/// Sets a pod's condition, and waits until everybody knows.
fn set_ready(cluster: &mut Cluster, pod: &str, ready: bool) {
    let status = if ready { "True" } else { "False" };
    let conditions = json!([{ "type": "Ready", "status": status }]);
    let request = Request::Patch {
        kind: Kind::Pod,
        namespace: "default".to_owned(),
        name: pod.to_owned(),
        patch: Patch::Strategic(json!({ "status": { "conditions": conditions } })),
        options: WriteOptions { subresource: Subresource::Status, ..WriteOptions::default() },
    };
    let answer = cluster.handle(request);
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(cluster.settle(Duration::from_secs(60)), Settled::Settled);
}

/// The pods that the first Service sends a pod's requests to.
fn chosen(cluster: &mut Cluster, from: &str) -> Vec<String> {
    let place = place(from);
    let mut chosen = Vec::new();
    for _ in 0..200 {
        let id = cluster.dial(&place, Protocol::Tcp, address(0)).trace;
        let trace = cluster.trace(id).expect("it is recent");
        chosen.extend(trace.hops.iter().filter_map(|hop| match &hop.place {
            Party::Pod { name, .. } => Some(name.to_string()),
            _ => None,
        }));
    }
    chosen
}

fn send(bencher: Bencher<'_, '_>, cluster: &Cluster, size: Size, senders: usize) {
    const REQUESTS: u32 = 100_000;
    let mut places = places(cluster);
    places.truncate(senders);
    bencher.counter(ItemsCount::new(REQUESTS)).with_inputs(|| cluster.clone()).bench_local_values(
        |mut cluster| {
            for number in 0..REQUESTS {
                let from = &places[number as usize % places.len()];
                let to = address(number % size.services);
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
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| settled(BIG))
}

fn largest() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| settled(LARGEST))
}

fn settled(size: Size) -> Cluster {
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

fn address(number: u32) -> SocketAddr {
    let base = std::net::Ipv4Addr::new(10, 100, 0, 1).to_bits();
    SocketAddr::new(std::net::Ipv4Addr::from_bits(base + number), 80)
}

fn places(cluster: &Cluster) -> Vec<Place> {
    pods(cluster).map(|pod| place(pod.name())).collect()
}

fn place(pod: &str) -> Place {
    Place::Container { namespace: "default".into(), pod: pod.into(), container: "nginx".into() }
}

fn pods(cluster: &Cluster) -> impl Iterator<Item = &Object> {
    cluster.objects().objects(Kind::Pod, Some("default"))
}
