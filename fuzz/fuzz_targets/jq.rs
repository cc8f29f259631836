//! Any text as a program of jq, on input that has every type.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use podhop::cluster::{Cluster, Config};
use podhop::shell::{self, Files, Session};

const INPUT: &[u8] = br#"{"items":[{"a":1,"b":null},{"a":-2.5,"b":[true,"x y"]}],"n":{"k":"v"}}"#;

static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    Cluster::new(
        &Config { nodes: 1, seed: 1, dns: false, dual_stack: false },
        shell::programs(),
    )
});

fuzz_target!(|text: &str| {
    let mut cluster = CLUSTER.clone();
    let mut session = Session::new(Files::from([
        ("program".to_owned(), text.into()),
        ("input".to_owned(), INPUT.to_vec()),
    ]));
    let script = "jq \"$(cat program)\" input; jq -c \"$(cat program)\" input | jq -rs .";
    session.run(&mut cluster, script, Duration::from_secs(5));
});
