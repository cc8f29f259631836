//! Any text as CoreDNS' Corefile: it is loaded or refused, and questions are answered or not.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use podhop::cluster::{Cluster, Config};
use podhop::shell::{self, Files, Session};

static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    Cluster::new(
        &Config { nodes: 1, seed: 1, dns: true, dual_stack: false },
        shell::programs(),
    )
});

fuzz_target!(|text: &str| {
    let mut cluster = CLUSTER.clone();
    let mut session = Session::new(Files::from([("Corefile".to_owned(), text.into())]));
    let script = "kubectl -n kube-system create configmap coredns --from-file=Corefile --dry-run=client -o yaml \
          | kubectl apply -f -
        kubectl -n kube-system rollout restart deployment coredns; sleep 20
        kubectl -n kube-system logs -l k8s-app=kube-dns
        kubectl run box --image=busybox -- sleep 9999; sleep 3
        for name in kubernetes a.b.c example.com; do kubectl exec box -- nslookup $name; done";
    session.run(&mut cluster, script, Duration::from_secs(120));
});
