//! Any text as a template of `kubectl get -o jsonpath` and `-o custom-columns`.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use podhop::cluster::{Cluster, Config, Place};
use podhop::shell::{self, Files};

static CLUSTER: LazyLock<Cluster> =
    LazyLock::new(|| Cluster::new(&Config { nodes: 2, seed: 1, dns: false }, shell::programs()));

fuzz_target!(|template: &str| {
    let quoted = template.replace('\'', r"'\''");
    for output in ["jsonpath", "custom-columns"] {
        let line = format!("kubectl get nodes,services -A -o {output}='{quoted}'");
        let mut cluster = CLUSTER.clone();
        shell::run_at(&mut cluster, &Place::Laptop, &Files::new(), &line, Duration::from_secs(1));
    }
});
