//! What is promised of the largest cluster that Kubernetes itself promises to carry, and of the small
//! one that a level has: measured, and set beside the promise.

use std::time::{Duration, Instant};

use podhop::api::{Kind, Patch, Request, Subresource, WriteOptions};
use podhop::cluster::{Cluster, Place, Settled};
use podhop::network::{Party, Protocol};
use serde_json::json;

use super::scene::{Size, address, place, places, pods, send, settled};

const LARGEST: Size = Size { nodes: 5_000, services: 10_000, replicas: 15 };
const SMALL: Size = Size { nodes: 10, services: 10, replicas: 10 };

/// How many requests are sent at a time, and how often; the fastest counts.
const REQUESTS: u32 = 100_000;
const ROUNDS: usize = 5;

/// How many endpoints are changed; the median counts.
const CHANGES: usize = 200;

/// Measures everything and prints it. To be called in a process that has nothing else: what one
/// cluster takes is the most that this process ever had.
#[allow(clippy::disallowed_methods, reason = "a bench looks at the real world's clock")]
pub fn measure() {
    let start = Instant::now();
    let mut largest = settled(LARGEST);
    let (took, worked, memory) = (start.elapsed(), processor_time(), peak_memory());
    let Size { nodes, services, .. } = LARGEST;
    let count = largest.objects().count(Kind::Pod);
    println!("{nodes} nodes, {count} pods, {services} Services");
    let seconds = took.as_secs_f64();
    let note = worked.map_or(String::new(), |worked| format!(", {worked:.1} s of the processor"));
    print("settle", &format!("{seconds:.1} s{note}"), "10 s", seconds < 10.0);
    if let Some(memory) = memory {
        print("peak memory", &format!("{memory:.2} GB"), "2 GB", memory < 2.0);
    }

    let change = change_endpoints(&mut largest).as_secs_f64() * 1e3;
    print("one endpoint changes", &format!("{change:.2} ms"), "1 ms", change < 1.0);

    let everybody = places(&largest);
    let mut small = settled(SMALL);
    let few = places(&small);
    let alone = request(&mut small, &few, SMALL.services);
    let among = request(&mut largest, &everybody[..few.len()], SMALL.services);
    let all = request(&mut largest, &everybody, services);
    let times = among / alone;
    let shown = format!("{times:.2} times the small cluster's ({:.2} us)", among * 1e6);
    print("a request, 100 senders", &shown, "2 times", times < 2.0);
    let times = all / alone;
    let shown = format!("{times:.2} times the small cluster's ({:.2} us)", all * 1e6);
    print("a request, all to all", &shown, "2 times", times < 2.0);

    println!("{} nodes, {} pods, {} Services", SMALL.nodes, few.len(), SMALL.services);
    let rate = 1.0 / alone;
    print("requests", &format!("{rate:.0} a second"), "500000 a second", rate > 500_000.0);
}

fn print(what: &str, measured: &str, goal: &str, met: bool) {
    let verdict = if met { "met" } else { "NOT MET" };
    println!("  {what:24} {measured:44} goal {goal:16} {verdict}");
}

/// What a traced request costs, in seconds.
#[allow(clippy::disallowed_methods, reason = "a bench looks at the real world's clock")]
fn request(cluster: &mut Cluster, from: &[Place], services: u32) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        send(cluster, REQUESTS, from, services);
        start.elapsed().as_secs_f64() / f64::from(REQUESTS)
    });
    rounds.fold(f64::INFINITY, f64::min)
}

/// Pods stop being ready, and are ready again, one at a time: from the change of a pod's status until
/// every node's rules and every name follow.
#[allow(clippy::disallowed_methods, reason = "a bench looks at the real world's clock")]
fn change_endpoints(cluster: &mut Cluster) -> Duration {
    let pods: Vec<String> = pods(cluster).map(|pod| pod.name().to_owned()).collect();
    set_ready(cluster, &pods[0], false);
    assert!(!chosen(cluster, &pods[1]).contains(&pods[0]), "it is still sent requests");
    set_ready(cluster, &pods[0], true);
    let changes = (0..CHANGES).map(|turn| {
        // Pods far apart; every second change takes the one before back.
        let pod = &pods[(turn / 2 + 1) * 7_919 % pods.len()];
        let start = Instant::now();
        set_ready(cluster, pod, turn % 2 == 1);
        start.elapsed()
    });
    let mut changes: Vec<Duration> = changes.collect();
    changes.sort_unstable();
    changes[CHANGES / 2]
}

/// Sets a pod's condition, and waits until everybody knows.
fn set_ready(cluster: &mut Cluster, pod: &str, ready: bool) {
    let status = if ready { "True" } else { "False" };
    let conditions = json!([{ "type": "Ready", "status": status }]);
    let request = Request::Patch {
        kind: Kind::Pod,
        namespace: "default".to_owned(),
        name: pod.to_owned(),
        patch: Patch::Strategic(json!({ "status": { "conditions": conditions } })),
        options: WriteOptions { subresource: Subresource::Status, ..WriteOptions::default() },
    };
    let answer = cluster.handle(request);
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(cluster.settle(Duration::from_secs(60)), Settled::Settled);
}

/// The pods that the first Service sends a pod's requests to.
fn chosen(cluster: &mut Cluster, from: &str) -> Vec<String> {
    let place = place(from);
    let mut chosen = Vec::new();
    for _ in 0..200 {
        let id = cluster.dial(&place, Protocol::Tcp, address(0)).trace;
        let trace = cluster.trace(id).expect("it is recent");
        chosen.extend(trace.hops.iter().filter_map(|hop| match &hop.place {
            Party::Pod { name, .. } => Some(name.to_string()),
            _ => None,
        }));
    }
    chosen
}

/// The processor's time that this process has had, in seconds, where Linux says so.
fn processor_time() -> Option<f64> {
    let stat = read("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

/// The most memory that this process has ever had, in GB, where Linux says so.
fn peak_memory() -> Option<f64> {
    let status = read("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e9)
}

#[allow(clippy::disallowed_methods, reason = "a bench looks at the real world's files")]
fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}
