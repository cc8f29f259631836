//! CoreDNS with other Corefiles than kubeadm's, as the documentation's page on customizing DNS has them.

use std::time::Duration;

use crate::cluster::{Cluster, Config};
use crate::shell::{Files, Session, programs};

/// Runs a script where CoreDNS has this Corefile, and a pod `client` has dig.
fn with_corefile(corefile: &str, script: &str) -> String {
    let config = Config { nodes: 2, seed: 7, dns: true, dual_stack: false };
    let mut cluster = Cluster::new(&config, programs());
    let mut files = Files::new();
    files.insert("Corefile".to_owned(), corefile.as_bytes().to_vec());
    let mut session = Session::new(files);
    let before = "kubectl create configmap coredns -n kube-system --from-file=Corefile --dry-run=client -o yaml | kubectl replace -f - >/dev/null; kubectl run client --image=nicolaka/netshoot -- sleep 9999 >/dev/null; kubectl create service clusterip web --tcp=80 --clusterip=10.96.7.7 >/dev/null";
    let script = format!("{before}; {script}");
    let finished = session.run(&mut cluster, &script, Duration::from_secs(900));
    String::from_utf8_lossy(&finished.stdout).into_owned()
}

const CUSTOM: &str = ".:53 {
    log
    errors
    rewrite name old.default.svc.cluster.local web.default.svc.cluster.local
    rewrite name suffix .shop.example .default.svc.cluster.local answer auto
    template IN A pods.example {
        match ^(\\d+)-(\\d+)[.]pods[.]example[.]$
        answer \"{{ .Name }} 60 IN A 10.244.{{ index .Match 1 }}.{{ index .Match 2 }}\"
    }
    health
    ready
    hosts {
        10.0.0.1 db.corp
        fallthrough
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa
    forward . /etc/resolv.conf
    reload
}
stub.example {
    forward . 10.96.200.200
    errors
}
";

#[test]
fn a_changed_corefile_is_read_after_a_while() {
    let out = with_corefile(
        CUSTOM,
        "kubectl exec client -- dig +short db.corp; echo early; sleep 150; for name in db.corp old.default.svc.cluster.local web.shop.example 3-9.pods.example example.com; do kubectl exec client -- dig +noall +answer $name; done; kubectl exec client -- dig stub.example | grep -o 'status: SERVFAIL'; kubectl logs -n kube-system -l k8s-app=kube-dns --tail=-1 | grep -c 'Reloading complete'; kubectl logs -n kube-system -l k8s-app=kube-dns --tail=-1 | grep -o 'A IN db.corp. udp .*aa,rd' | sort | uniq | head -1; kubectl logs -n kube-system -l k8s-app=kube-dns --tail=-1 | grep -o 'ERROR. plugin/errors: 2 stub.example. A: read udp' | head -1",
    );
    let lines: Vec<String> =
        out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "early",
            "db.corp. 3600 IN A 10.0.0.1",
            "web.default.svc.cluster.local. 5 IN A 10.96.7.7",
            "web.shop.example. 5 IN A 10.96.7.7",
            "3-9.pods.example. 60 IN A 10.244.3.9",
            "example.com. 300 IN A 203.0.113.10",
            "status: SERVFAIL",
            "2",
            "A IN db.corp. udp 25 false 512\" NOERROR qr,aa,rd",
            "ERROR. plugin/errors: 2 stub.example. A: read udp",
        ]
        .map(|line| line.replace("ERROR.", "ERROR]"))
    );
}

#[test]
fn a_wrong_corefile_changes_nothing_until_coredns_restarts() {
    let out = with_corefile(
        ".:53 {\n    kubernetez cluster.local\n}\n",
        "sleep 150; kubectl exec client -- dig +short web.default.svc.cluster.local; kubectl rollout restart -n kube-system deploy/coredns >/dev/null; sleep 60; kubectl get pods -n kube-system | grep -c CrashLoopBackOff; kubectl logs -n kube-system -l k8s-app=kube-dns --tail=-1 | grep -m 1 '^/etc/coredns'",
    );
    assert_eq!(
        out,
        "10.96.7.7\n2\n/etc/coredns/Corefile:2 - Error during parsing: Unknown directive 'kubernetez'\n"
    );
}

// A cache for the cluster's own names keeps what is gone: `cache 30` without kubeadm's exceptions.
#[test]
fn a_cache_for_cluster_names_keeps_denials_too() {
    let out = with_corefile(
        ".:53 {\n    health\n    ready\n    kubernetes cluster.local {\n        ttl 30\n    }\n    cache 30\n    reload\n}\n",
        "sleep 150; for i in 1 2 3 4; do kubectl exec client -- dig late.default.svc.cluster.local | grep -o NXDOMAIN; done; kubectl create service clusterip late --tcp=80 --clusterip=10.96.7.8 >/dev/null; sleep 1; for i in 1 2 3 4; do kubectl exec client -- dig late.default.svc.cluster.local | grep -o NXDOMAIN; done; sleep 31; kubectl exec client -- dig +short late.default.svc.cluster.local; kubectl exec client -- dig example.com | grep -o SERVFAIL",
    );
    let denied = out.lines().filter(|line| *line == "NXDOMAIN").count();
    assert!((6..=8).contains(&denied), "{out}");
    assert!(out.ends_with("10.96.7.8\nSERVFAIL\n"), "{out}");
}
