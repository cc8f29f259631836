//! kubectl on large things: a file of 1,000 objects, and a list of 10,000 pods.

use std::time::Duration;

use divan::Bencher;
use podhop::cluster::{Cluster, Config, Place, Settled};
use podhop::shell::{self, Files};

fn main() {
    divan::main();
}

/// `kubectl apply -f` of 500 Deployments and 500 Services, none of which exists.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn apply_a_thousand_objects(bencher: Bencher<'_, '_>) {
    let files = folder();
    bencher.with_inputs(|| cluster(3)).bench_local_values(|mut cluster| {
        type_line(&mut cluster, &files, "kubectl apply -f many.yaml");
        cluster
    });
}

/// The same again, when nothing has changed.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn apply_a_thousand_objects_again(bencher: Bencher<'_, '_>) {
    let files = folder();
    let mut applied = cluster(3);
    type_line(&mut applied, &files, "kubectl apply -f many.yaml");
    bencher.with_inputs(|| applied.clone()).bench_local_values(|mut cluster| {
        type_line(&mut cluster, &files, "kubectl apply -f many.yaml");
        cluster
    });
}

/// `kubectl get pods -A` over 10,000 pods, and with the columns that `-o wide` adds.
#[divan::bench(sample_count = 5, sample_size = 1, args = ["", "-o wide", "-o json"])]
fn get_ten_thousand_pods(bencher: Bencher<'_, '_>, output: &str) {
    let mut cluster = cluster(1_000);
    let files = Files::new();
    type_line(&mut cluster, &files, "kubectl create deployment web --image=nginx --replicas=10000");
    assert_eq!(cluster.settle(Duration::from_secs(120)), Settled::Settled);
    let line = format!("kubectl get pods -A {output}");
    bencher.bench_local(|| type_line(&mut cluster, &files, &line));
}

fn cluster(nodes: u32) -> Cluster {
    Cluster::new(&Config { nodes, seed: 1, dns: true, dual_stack: false }, shell::programs())
}

fn type_line(cluster: &mut Cluster, files: &Files, line: &str) -> usize {
    let limit = Duration::from_secs(60);
    let finished = shell::run_at(cluster, &Place::Laptop, files, line, limit);
    assert_eq!(finished.exit, 0, "{}", String::from_utf8_lossy(&finished.stderr));
    finished.stdout.len()
}

fn folder() -> Files {
    let objects = (0..500).map(|number| {
        format!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-{number}}}
spec:
  replicas: 0
  selector: {{matchLabels: {{app: web-{number}}}}}
  template:
    metadata: {{labels: {{app: web-{number}}}}}
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
        ports:
        - containerPort: 80
---
apiVersion: v1
kind: Service
metadata: {{name: web-{number}}}
spec:
  selector: {{app: web-{number}}}
  ports:
  - port: 80
---
"
        )
    });
    let text: String = objects.collect();
    Files::from([("many.yaml".to_owned(), text.into_bytes())])
}
