//! Any text as a server's file of nginx: it starts or says why not, and answers if it started.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use podhop::cluster::{Cluster, Config};
use podhop::shell::{self, Files, Session};

const POD: &str = "apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: nginx, image: nginx, volumeMounts: [{name: conf, mountPath: /etc/nginx/conf.d}]}
  volumes: [{name: conf, configMap: {name: conf}}]
";

static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    Cluster::new(
        &Config { nodes: 1, seed: 1, dns: true, dual_stack: false },
        shell::programs(),
    )
});

fuzz_target!(|text: &str| {
    let mut cluster = CLUSTER.clone();
    let mut session = Session::new(Files::from([
        ("n.conf".to_owned(), text.into()),
        ("pod.yaml".to_owned(), POD.into()),
    ]));
    let script = "kubectl create configmap conf --from-file=default.conf=n.conf
        kubectl apply -f pod.yaml; sleep 8; kubectl logs web
        for path in / /a /a/b?c=d; do
          kubectl exec web -- curl -sSi -m 2 \"http://localhost$path\"
        done";
    session.run(&mut cluster, script, Duration::from_secs(60));
});
