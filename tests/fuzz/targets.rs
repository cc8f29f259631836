//! What is fuzzed: each takes any bytes, and must neither panic nor hang.

use std::sync::LazyLock;
use std::time::Duration;

use podhop::cluster::{Cluster, Config, Place};
use podhop::game::Save;
use podhop::level::{Attempt, Pack};
use podhop::shell::{self, Files, Session};

/// A target: its name, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 8] = [
    ("manifest", manifest),
    ("shell", shell),
    ("jsonpath", jsonpath),
    ("level", level),
    ("jq", jq),
    ("nginx", nginx),
    ("corefile", corefile),
    ("save", save),
];

fn cluster(nodes: u32, dns: bool) -> Cluster {
    Cluster::new(&Config { nodes, seed: 1, dns, dual_stack: false }, shell::programs())
}

/// A cluster of one node without names.
static SMALL: LazyLock<Cluster> = LazyLock::new(|| cluster(1, false));

/// The same with CoreDNS.
static NAMES: LazyLock<Cluster> = LazyLock::new(|| cluster(1, true));

/// A cluster with a pod to exec into and a Service to call.
static BUSY: LazyLock<Cluster> = LazyLock::new(|| {
    let mut cluster = cluster(2, true);
    let mut session = Session::new(Files::new());
    let setup = "kubectl run web --image=nginx --port=80 --expose; kubectl run box --image=busybox -- sleep 9999";
    session.run(&mut cluster, setup, Duration::from_secs(10));
    cluster.settle(Duration::from_secs(30));
    cluster
});

/// Any bytes as a manifest: parsed for the editor's marks, and applied to a cluster.
pub fn manifest(bytes: &[u8]) {
    podhop::manifest::parse("fuzz.yaml", &String::from_utf8_lossy(bytes));
    let mut cluster = NAMES.clone();
    let files = Files::from([("fuzz.yaml".to_owned(), bytes.to_vec())]);
    let script = "kubectl apply -f fuzz.yaml && kubectl get -f fuzz.yaml -o yaml > /dev/null";
    shell::run_at(&mut cluster, &Place::Laptop, &files, script, Duration::from_secs(2));
    cluster.settle(Duration::from_secs(5));
}

/// Any text as lines that a player types, and as the start of a line to be completed.
pub fn shell(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut cluster = BUSY.clone();
    let mut session = Session::new(Files::from([("f".to_owned(), b"a b\nc 1\n".to_vec())]));
    session.run(&mut cluster, &text, Duration::from_secs(2));
    session.interrupt(&mut cluster);
    for (cursor, _) in text.char_indices().take(8) {
        session.complete(&cluster, &text, cursor);
    }
}

/// Any text as a template of `kubectl get -o jsonpath` and `-o custom-columns`.
pub fn jsonpath(bytes: &[u8]) {
    let quoted = String::from_utf8_lossy(bytes).replace('\'', r"'\''");
    for output in ["jsonpath", "custom-columns"] {
        let line = format!("kubectl get nodes,services -A -o {output}='{quoted}'");
        let mut cluster = SMALL.clone();
        let (laptop, limit) = (Place::Laptop, Duration::from_secs(1));
        shell::run_at(&mut cluster, &laptop, &Files::new(), &line, limit);
    }
}

/// Any bytes as a level's `level.yaml`, in a pack that is otherwise sound.
pub fn level(bytes: &[u8]) {
    const PACK: &[u8] = b"title: Fuzz\nchapters:\n- name: one\n  title: One\n  levels: [fuzz]\n";
    let files = Files::from([
        ("pack.yaml".to_owned(), PACK.to_vec()),
        ("fuzz/level.yaml".to_owned(), bytes.to_vec()),
        ("fuzz/start/a.yaml".to_owned(), b"{}".to_vec()),
    ]);
    if let Ok(pack) = Pack::from_files(&files)
        && let Some(level) = pack.levels.first()
    {
        Attempt::open(level.clone(), 1).apply();
    }
}

/// Any text as a program of jq, on input that has every type.
pub fn jq(bytes: &[u8]) {
    const INPUT: &[u8] =
        br#"{"items":[{"a":1,"b":null},{"a":-2.5,"b":[true,"x y"]}],"n":{"k":"v"}}"#;
    let mut cluster = SMALL.clone();
    let mut session = Session::new(Files::from([
        ("program".to_owned(), bytes.to_vec()),
        ("input".to_owned(), INPUT.to_vec()),
    ]));
    let script = "jq \"$(cat program)\" input; jq -c \"$(cat program)\" input | jq -rs .";
    session.run(&mut cluster, script, Duration::from_secs(5));
}

/// Any text as a server's file of nginx: it starts or says why not, and answers if it started.
pub fn nginx(bytes: &[u8]) {
    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  \
        - {name: nginx, image: nginx, volumeMounts: [{name: conf, mountPath: /etc/nginx/conf.d}]}\n  \
        volumes: [{name: conf, configMap: {name: conf}}]\n";
    let mut cluster = NAMES.clone();
    let mut session = Session::new(Files::from([
        ("n.conf".to_owned(), bytes.to_vec()),
        ("pod.yaml".to_owned(), POD.into()),
    ]));
    let script = "kubectl create configmap conf --from-file=default.conf=n.conf
        kubectl apply -f pod.yaml; sleep 8; kubectl logs web
        for path in / /a /a/b?c=d; do
          kubectl exec web -- curl -sSi -m 2 \"http://localhost$path\"
        done";
    session.run(&mut cluster, script, Duration::from_secs(60));
}

/// Any text as CoreDNS' Corefile: it is loaded or refused, and questions are answered or not.
pub fn corefile(bytes: &[u8]) {
    let mut cluster = NAMES.clone();
    let mut session = Session::new(Files::from([("Corefile".to_owned(), bytes.to_vec())]));
    let script = "kubectl -n kube-system create configmap coredns --from-file=Corefile --dry-run=client -o yaml \
          | kubectl apply -f -
        kubectl -n kube-system rollout restart deployment coredns; sleep 20
        kubectl -n kube-system logs -l k8s-app=kube-dns
        kubectl run box --image=busybox -- sleep 9999; sleep 3
        for name in kubernetes a.b.c example.com; do kubectl exec box -- nslookup $name; done";
    session.run(&mut cluster, script, Duration::from_secs(120));
}

/// Any bytes as saved progress: what is read can be written, and is read again as it was.
pub fn save(bytes: &[u8]) {
    if let Ok(save) = Save::parse(bytes) {
        let again = Save::parse(&save.to_bytes()).ok();
        assert_eq!(again.as_ref(), Some(&save), "what was read can be written and read");
        save.merged(&save, &save, &save);
    }
}
