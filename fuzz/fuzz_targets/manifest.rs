//! Any bytes as a manifest: parsed for the editor's marks, and applied to a cluster.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use podhop::cluster::{Cluster, Config, Place};
use podhop::shell::{self, Files};

static CLUSTER: LazyLock<Cluster> =
    LazyLock::new(|| Cluster::new(&Config { nodes: 1, seed: 1, dns: true }, shell::programs()));

fuzz_target!(|content: &[u8]| {
    podhop::manifest::parse("fuzz.yaml", &String::from_utf8_lossy(content));
    let mut cluster = CLUSTER.clone();
    let files = Files::from([("fuzz.yaml".to_owned(), content.to_vec())]);
    let script = "kubectl apply -f fuzz.yaml && kubectl get -f fuzz.yaml -o yaml > /dev/null";
    shell::run_at(&mut cluster, &Place::Laptop, &files, script, Duration::from_secs(2));
    cluster.settle(Duration::from_secs(5));
});
