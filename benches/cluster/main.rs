//! A cluster of 1,000 nodes, 10,000 pods and 1,000 Services comes to rest, carries requests, is
//! cloned and changed. At the end stands what is promised of far larger and of small ones (see
//! [`goals`]); `cargo bench --bench cluster goals` measures that alone.

mod goals;
mod scene;

use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use divan::{Bencher, counter::ItemsCount};
use podhop::api::{Kind, Request};
use podhop::cluster::{Cluster, Place, Settled};
use scene::{Size, places, send, settled};

const BIG: Size = Size { nodes: 1_000, services: 1_000, replicas: 10 };

/// The argument with which this program runs itself, to measure the goals in a process that has
/// nothing else.
const ALONE: &str = "--goals-alone";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == [ALONE] {
        return goals::measure();
    }
    let names: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
    let only_goals = names == ["goals"];
    if !only_goals {
        divan::main();
    }
    if only_goals || names.is_empty() {
        let own = std::env::current_exe().expect("a program knows where it is");
        Command::new(own).arg(ALONE).status().expect("it can run itself");
    }
}

/// The cluster comes up, everything is created, and it settles.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn settle_ten_thousand_pods(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(BIG.services * BIG.replicas)).bench(|| settled(BIG));
}

/// Requests from pods to Services, each with its whole trace.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn send_a_hundred_thousand_traced_requests(bencher: Bencher<'_, '_>) {
    const REQUESTS: u32 = 100_000;
    let places = places(big());
    let clone = || big().clone();
    bencher.counter(ItemsCount::new(REQUESTS)).with_inputs(clone).bench_local_values(
        |mut cluster| {
            send(&mut cluster, REQUESTS, &places, BIG.services);
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
