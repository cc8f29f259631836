//! Any text as lines that a player types, and as a script in a container.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use podhop::cluster::{Cluster, Config};
use podhop::shell::{self, Files, Session};

/// A cluster with a pod to exec into and a Service to call.
static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    let mut cluster = Cluster::new(&Config { nodes: 2, seed: 1, dns: true, dual_stack: false }, shell::programs());
    let mut session = Session::new(Files::new());
    let setup = "kubectl run web --image=nginx --port=80 --expose; kubectl run box --image=busybox -- sleep 9999";
    session.run(&mut cluster, setup, Duration::from_secs(10));
    cluster.settle(Duration::from_secs(30));
    cluster
});

fuzz_target!(|text: &str| {
    let mut cluster = CLUSTER.clone();
    let mut session = Session::new(Files::from([("f".to_owned(), b"a b\nc 1\n".to_vec())]));
    session.run(&mut cluster, text, Duration::from_secs(2));
    session.interrupt(&mut cluster);
    for (cursor, _) in text.char_indices().take(8) {
        session.complete(&cluster, text, cursor);
    }
});
