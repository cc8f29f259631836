//! The built-in cheats: ways to win without having done what the goals say, tried on every level.
//!
//! Each changes a solution, or an answer that is none, as a player would: with files and commands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::{Cheat, Prover, apply, imitator, words};
use crate::api::{Labels, Pod, Resource};
use crate::diagnostic::Diagnostic;
use crate::level::attempt::Attempt;
use crate::level::format::{Level, Solution, When};

/// The objects of a kind that are the level's: those of all namespaces but the cluster's own.
fn own<T: Resource>(attempt: &Attempt) -> impl Iterator<Item = &Arc<T>> {
    let all = attempt.cluster().objects().list::<T>(None);
    all.filter(|object| !is_system(object.metadata().namespace.as_deref().unwrap_or("")))
}

/// Whether a namespace holds what the cluster itself is made of.
fn is_system(namespace: &str) -> bool {
    namespace.starts_with("kube-") || namespace == "ingress-nginx"
}

/// A namespace and a name in it.
fn named(metadata: &ObjectMeta) -> (String, String) {
    let ObjectMeta { namespace, name, .. } = metadata.clone();
    (namespace.unwrap_or_default(), name.unwrap_or_default())
}

/// What came of one try of a cheat.
pub(super) struct Try {
    /// What was done.
    pub how: String,
    /// Which goals passed.
    pub passes: Vec<bool>,
}

/// One try of a cheat, before its goals are judged.
pub(super) struct Tried {
    how: String,
    attempt: Attempt,
}

/// The cheat wins on none of the seeds; or the level allows it, and it wins.
pub(super) fn resists(prover: &mut Prover, cheat: Cheat, seeds: &[u64]) -> Result<(), Diagnostic> {
    let level = prover.level.clone();
    let allowed = level.allows.contains_key(cheat.name());
    for (index, &seed) in seeds.iter().enumerate() {
        let won = match index {
            0 => {
                prover.cheated(cheat, seed).iter().find(|tried| tried.wins()).map(|t| t.how.clone())
            }
            _ => {
                let tries = tries(prover, cheat, seed).into_iter().map(|tried| tried.end(false));
                tries.into_iter().find(Try::wins).map(|tried| tried.how)
            }
        };
        let Some(won) = won else { continue };
        if allowed {
            return Ok(());
        }
        let message = format!("seed {seed}: the cheat {} wins: {}", cheat.name(), won);
        return Err(level.source.error("goals", message).help(
            "let expect say who serves and what (servedByPod, servedByImage, page), tie an event to \
             the goal, or say under allows which of its words allow this",
        ));
    }
    match allowed {
        false => Ok(()),
        true => {
            let path = format!("allows.{}", cheat.name());
            let message = format!("the cheat {} is allowed, and does not win", cheat.name());
            Err(level.source.error(&path, message).help("take it out of allows"))
        }
    }
}

/// Every way in which the cheat can be tried on this level.
pub(super) fn tries(prover: &mut Prover, cheat: Cheat, seed: u64) -> Vec<Tried> {
    match cheat {
        Cheat::Echo => echo(prover, seed),
        Cheat::Imitator => imitator::tries(prover, seed),
        Cheat::WrittenAddress => written_address(prover, seed),
        Cheat::Waiting => waiting(prover, seed),
        Cheat::ScalingDown => scaling_down(prover, seed),
        Cheat::Relabelling => relabelling(prover, seed),
    }
}

impl Try {
    /// Whether every goal passed.
    pub fn wins(&self) -> bool {
        self.passes.iter().all(|passed| *passed)
    }
}

impl Tried {
    /// What was done, and the level after it.
    pub fn new(how: impl Into<String>, attempt: Attempt) -> Tried {
        Tried { how: how.into(), attempt }
    }

    /// Judges its goals: all of them, or up to the first that fails.
    pub fn end(mut self, all: bool) -> Try {
        if all {
            self.attempt.judge_all();
        } else {
            self.attempt.passes();
        }
        Try { how: self.how, passes: self.attempt.goals().iter().map(|goal| goal.passed).collect() }
    }
}

/// Lets what was done come to rest.
pub(super) fn rest(attempt: &mut Attempt) {
    attempt.run_script("sleep 5");
}

/// The texts that the goals want to be printed or answered.
pub(super) fn texts(level: &Level) -> Vec<String> {
    let expected = level.goals.iter().map(|goal| &goal.expect);
    let texts = expected.flat_map(|expect| [expect.page.clone(), expect.stdout.clone()]);
    let mut texts: Vec<String> = texts.flatten().collect();
    texts.dedup();
    texts
}

/// The player's own scripts and loops print what is expected, without asking or after having knocked.
fn echo(prover: &mut Prover, seed: u64) -> Vec<Tried> {
    let level = prover.level.clone();
    let says = texts(&level);
    let mut tries = Vec::new();
    for (how, edit) in [
        ("the client prints the words and asks nobody", words::echo as words::Edit),
        ("the client asks for no page that there is, and prints the words", words::knock),
    ] {
        let answers = level
            .solutions
            .iter()
            .filter_map(|solution| words::edited(&level, solution, &|text| edit(text, &says)));
        if let Some(answer) = answers.into_iter().next() {
            let mut attempt = prover.open(seed);
            apply(&mut attempt, Some(&answer));
            if words::has_config(&answer.files) {
                words::renew(&mut attempt);
            }
            tries.push(Tried::new(how, attempt));
        }
    }
    tries
}

/// Addresses that hold now take the place of selectors, and of names in the player's files.
fn written_address(prover: &mut Prover, seed: u64) -> Vec<Tried> {
    let level = prover.level.clone();
    let mut tries = Vec::new();
    for solution in level.solutions.iter().take(2) {
        let attempt = prover.solved(seed, solution);
        let Some(ByHand { manifest, served, hosts }) = by_hand(&attempt) else { continue };
        let mut slices = attempt.clone();
        let deletes = in_namespaces("kubectl delete service", &served, "");
        slices.run_script(&format!("{deletes}\ncat <<'EOF' | kubectl apply -f -\n{manifest}\nEOF"));
        tries.push(Tried::new("the endpoints of now are written into a slice by hand", slices));
        let mut client = attempt;
        if words::rewrite(&mut client, |text| words::names_to_addresses(text, &hosts)) {
            tries.push(Tried::new("a pod's address of now is written in place of a name", client));
        }
    }
    tries
}

/// What is written down by hand in place of what Services find.
struct ByHand {
    /// Services without selectors, and slices that hold what the controller has found.
    manifest: Value,
    /// The Services that have found something.
    served: Names,
    /// The first address of each, by every host name that leads to it.
    hosts: BTreeMap<String, String>,
}

/// `None` when no Service selects anything.
fn by_hand(attempt: &Attempt) -> Option<ByHand> {
    let (mut items, mut served, mut hosts) = (Vec::new(), Vec::new(), BTreeMap::new());
    for service in own::<Service>(attempt) {
        let Some(spec) = service.spec.as_ref().filter(|spec| spec.selector.is_some()) else {
            continue;
        };
        let (namespace, name) = named(&service.metadata);
        let mut slices = slices(attempt, &namespace, &name);
        items.append(&mut slices.items);
        if let Some(address) = slices.first {
            for host in ["", ".NS", ".NS.svc", ".NS.svc.cluster.local"] {
                let host = format!("{name}{}", host.replace("NS", &namespace));
                hosts.entry(host).or_insert_with(|| address.clone());
            }
            served.push((namespace.clone(), name.clone()));
        }
        let mut bare = spec.clone();
        (bare.selector, bare.cluster_ips) = (None, None);
        bare.cluster_ip = bare.cluster_ip.filter(|address| address == "None");
        items.push(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": namespace}, "spec": bare,
        }));
    }
    let manifest = json!({"apiVersion": "v1", "kind": "List", "items": items});
    (!served.is_empty()).then_some(ByHand { manifest, served, hosts })
}

/// A Service's slices, as somebody would write them, and the first address in them.
#[derive(Default)]
struct Slices {
    items: Vec<Value>,
    first: Option<String>,
}

fn slices(attempt: &Attempt, namespace: &str, service: &str) -> Slices {
    let objects = attempt.cluster().objects();
    let all = objects.list::<EndpointSlice>(Some(namespace)).filter(|slice| {
        let labels = slice.metadata.labels.as_ref();
        let of = labels.and_then(|labels| labels.get("kubernetes.io/service-name"));
        of.is_some_and(|of| of == service)
    });
    let mut slices = Slices::default();
    for (index, slice) in all.enumerate() {
        let found = slice.endpoints.iter().flatten();
        let Some(endpoint) = found.clone().next() else { continue };
        slices.first = slices.first.or_else(|| endpoint.addresses.first().cloned());
        let endpoints: Vec<Value> =
            found.map(|endpoint| json!({"addresses": endpoint.addresses})).collect();
        slices.items.push(json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {
                "name": format!("{service}-by-hand-{index}"), "namespace": namespace,
                "labels": {"kubernetes.io/service-name": service},
            },
            "addressType": slice.address_type, "ports": slice.ports, "endpoints": endpoints,
        }));
    }
    slices
}

/// The command for these objects: a line for each namespace that they are in.
fn in_namespaces(command: &str, objects: &[(String, String)], change: &str) -> String {
    let mut by_namespace: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (namespace, name) in objects {
        by_namespace.entry(namespace).or_default().push(name);
    }
    let lines = by_namespace.iter().map(|(namespace, names)| {
        format!("{command} -n {namespace} {} {change}", names.join(" ")).trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// How long until the last event on the clock is over; `None` when there is none.
fn events_over(level: &Level) -> Option<Duration> {
    let ends = level.events.iter().filter_map(|event| match event.when {
        When::Clock { after, every, times } => Some(after + every * times),
        When::During { .. } => None,
    });
    ends.max().map(|end| end + Duration::from_secs(60))
}

/// Answers that are none: the start's own files, and every mistake.
fn wrong_answers(level: &Level) -> Vec<(String, Option<Solution>)> {
    let mistakes = level
        .mistakes
        .iter()
        .map(|mistake| (format!("mistake {}", mistake.answer.name), Some(mistake.answer.clone())));
    std::iter::once(("the untouched files".to_owned(), None)).chain(mistakes).collect()
}

/// Wrong answers are applied again when the events are over; where none is on the clock, nothing is
/// done for as long as the slowest solution takes.
fn waiting(prover: &mut Prover, seed: u64) -> Vec<Tried> {
    let level = prover.level.clone();
    let Some(over) = events_over(&level) else { return vec![idle(prover, seed)] };
    let mut tries = Vec::new();
    for (name, answer) in wrong_answers(&level) {
        let mut attempt = prover.answered(seed, answer.as_ref());
        attempt.run_script(&format!("sleep {}", over.as_secs()));
        apply(&mut attempt, answer.as_ref());
        tries.push(Tried::new(format!("{name}, applied again when the events are over"), attempt));
    }
    tries
}

/// The untouched files, and nothing more for as long as the slowest solution takes.
fn idle(prover: &mut Prover, seed: u64) -> Tried {
    let level = prover.level.clone();
    let began = prover.open(seed).cluster().now();
    let solved = level.solutions.iter();
    let ends = solved.map(|solution| prover.solved(seed, solution).cluster().now()).max();
    let mut attempt = prover.answered(seed, None);
    let seconds = ends.map_or(0, |end| end.since(began).as_secs());
    attempt.run_script(&format!("sleep {seconds}"));
    Tried::new(format!("the untouched files, {seconds} s after they were applied"), attempt)
}

/// Every workload of a solution is scaled to one pod.
fn scaling_down(prover: &mut Prover, seed: u64) -> Vec<Tried> {
    let level = prover.level.clone();
    let Some(solution) = level.solutions.first() else { return Vec::new() };
    let mut attempt = prover.solved(seed, solution);
    let mut commands = larger::<Deployment>(&attempt, "deployment", |d| d.spec.as_ref()?.replicas);
    commands.extend(larger::<StatefulSet>(&attempt, "statefulset", |s| s.spec.as_ref()?.replicas));
    commands.extend(larger::<ReplicaSet>(&attempt, "replicaset", |r| {
        r.spec.as_ref()?.replicas.filter(|_| r.metadata.owner_references.is_none())
    }));
    if commands.is_empty() {
        return Vec::new();
    }
    attempt.run_script(&commands.join("\n"));
    rest(&mut attempt);
    vec![Tried::new("one pod is left of each workload", attempt)]
}

/// Commands that scale the workloads of a kind that have more than one pod.
fn larger<T: Resource>(
    attempt: &Attempt,
    kind: &str,
    replicas: impl Fn(&T) -> Option<i32>,
) -> Vec<String> {
    let large = own::<T>(attempt).filter(|workload| replicas(workload).is_some_and(|n| n > 1));
    large
        .map(|workload| {
            let (namespace, name) = named(workload.metadata());
            format!("kubectl scale {kind} {name} -n {namespace} --replicas=1")
        })
        .collect()
}

/// The labels that goals want of who serves.
fn wanted_labels(level: &Level) -> Labels {
    let all = level.goals.iter().flat_map(|goal| goal.expect.served_by.clone());
    all.collect()
}

/// Wrong answers whose bare pods hide from the events, or whose other pods wear the servers' labels.
fn relabelling(prover: &mut Prover, seed: u64) -> Vec<Tried> {
    let level = prover.level.clone();
    let labels = wanted_labels(&level);
    if labels.is_empty() {
        return Vec::new();
    }
    let seconds = events_over(&level).map_or(0, |over| over.as_secs());
    let mut tries = Vec::new();
    for (name, answer) in wrong_answers(&level) {
        let mut attempt = prover.answered(seed, answer.as_ref());
        let (wearing, others) = pods_by_label(&attempt, &labels);
        if seconds > 0 && !wearing.is_empty() {
            let off = in_namespaces("kubectl label pod", &wearing, &keys(&labels));
            let on = in_namespaces("kubectl label pod", &wearing, &pairs(&labels));
            let mut dodging = attempt.clone();
            dodging.run_script(&format!("{off}\nsleep {seconds}\n{on}"));
            tries.push(Tried::new(format!("{name}, and bare pods hide from the events"), dodging));
        }
        if !others.is_empty() {
            let label = "kubectl label --overwrite pod";
            attempt.run_script(&in_namespaces(label, &others, &pairs(&labels)));
            tries.push(Tried::new(format!("{name}, and other pods wear the label"), attempt));
        }
    }
    tries
}

/// Objects, each with its namespace.
type Names = Vec<(String, String)>;

/// Bare pods that wear the labels, and all pods that don't.
fn pods_by_label(attempt: &Attempt, labels: &Labels) -> (Names, Names) {
    let (mut wearing, mut others) = (Vec::new(), Vec::new());
    for pod in own::<Pod>(attempt) {
        let has = pod.metadata.labels.as_ref();
        match labels.iter().all(|(key, value)| has.and_then(|l| l.get(key)) == Some(value)) {
            true if pod.metadata.owner_references.is_none() => wearing.push(named(&pod.metadata)),
            true => {}
            false => others.push(named(&pod.metadata)),
        }
    }
    (wearing, others)
}

fn keys(labels: &Labels) -> String {
    labels.keys().map(|key| format!("{key}-")).collect::<Vec<_>>().join(" ")
}

fn pairs(labels: &Labels) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}
