//! Recording 20: packets between pods, nodes and a laptop, with kube-proxy's iptables rules.
//!
//! Pods and Services are known by what they are (`<web@node-2>`), not by this run's names and
//! addresses. A backend is chosen at random: one request is repeated until the recorded answer
//! comes, and of many requests the set of answers is compared, not how often each came; failures
//! while a pod is deleted, which the recording has by chance, are dropped from such lists.
//! Printed rules are compared to the letter, sorted by chain; a `KUBE-SEP` chain is known by where it
//! leads, since its hash is made from this run's addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use libtest_mimic::Failed;
use podhop::api::Pod;
use podhop::cluster::{Cluster, Place};
use podhop::shell;
use regex::Regex;

use super::{Change, Count, LIMIT, PAUSE, Stage};

/// The recording's file.
pub(super) const NAME: &str = "20-dataplane-iptables.txt";
/// A seed whose scheduler and ReplicaSet leave the last pod on the recording's node.
pub(super) const SEED: u64 = 11;
/// How often a request is repeated until chance has led it to the recorded backend.
const TRIES: usize = 40;
/// How long kube-proxy gets after a change, as in the recording.
const SETTLE: Duration = Duration::from_secs(2);

/// What the recording's generated values stand for.
const RECORDED: &[(&str, &str)] = &[
    ("web-757d5d99fc-2cd6q", "<web@node-2>"),
    ("web-757d5d99fc-bxhfz", "<web@node-2>"),
    ("web-757d5d99fc-z8hhf", "<web@node-2>"),
    ("web-757d5d99fc-kgrcs", "<web@node-3>"),
    ("web-757d5d99fc-mk2cj", "<web@node-1>"),
    ("web-757d5d99fc-jsgjt", "<web@node-1>"),
    ("10.244.1.19", "<ip:web@node-1>"),
    ("10.244.1.21", "<ip:web@node-1>"),
    ("10.244.2.20", "<ip:web@node-2>"),
    ("10.244.2.23", "<ip:web@node-2>"),
    ("10.244.3.20", "<ip:web@node-3>"),
    ("10.244.1.20", "<ip:client>"),
    ("10.244.2.22", "<ip:dns>"),
    ("10.244.3.21", "<ip:lo>"),
    ("10.98.247.213", "<service:web>"),
    ("10.102.231.159", "<service:aff>"),
    ("10.104.35.52", "<service:dns>"),
    ("10.105.71.236", "<service:lb>"),
    ("10.104.37.20", "<service:lo>"),
    ("10.100.26.204", "<service:named>"),
    ("10.103.107.251", "<service:np>"),
    ("10.96.187.127", "<service:num>"),
    ("10.97.222.53", "<service:typo>"),
    ("32608", "<node-port:lb>"),
];

/// What differs from run to run besides names and addresses, and what stands in its place.
const GENERATED: &[(&str, &str)] = &[
    (r"after 30\d\d milliseconds", "after 3 s"),
    (r"after \d ms", "after 0 ms"),
    (r"time 10\d\dms", "time 1 s"),
    (r"(?m)^tcp +6 \d+ ", "tcp 6 <seconds> "),
    (r"\b([sd]port)=\d{4,5}\b", "$1=<port>"),
    (r"\bveth[0-9a-f]{8}", "<veth>"),
    (r"@if\d+", "@<if>"),
    (r"fe80::[0-9a-f:]+", "<link-local>"),
    (r"(?m)^\[\d\].*\n", ""),
    (r"(?m)^.* socat\[.*Connection refused\n\[exit 1\]\n", "refused\n"),
    (r"(?m)(^;; communications error to .*: connection refused\n)+", "refused\n"),
    (r"(?m)^refused\n(;; no servers could be reached\n)?\[exit 9\]\n", "refused\n"),
];

/// A command, where it ran, and what it printed.
pub(super) struct Experiment {
    /// The heading that it stands under.
    pub section: String,
    pub place: String,
    pub line: String,
    pub output: String,
}

/// Replays every experiment: the counts, and a report of those that ended otherwise.
pub(super) fn replay(
    text: &str,
    changes: &mut [Change],
    stage: &mut Stage,
) -> Result<(Count, String), Failed> {
    let mut count = Count::default();
    let mut report = String::new();
    let mut names = Names::default();
    for Experiment { place, line, output, .. } in experiments(text) {
        if let Some(name) = line.strip_prefix("cat ") {
            stage.session.files_mut().insert(name.to_owned(), output.into_bytes());
            continue;
        }
        let mut typed = line.clone();
        if let Some(change) = changes.iter_mut().find(|c| !c.used && c.command == line) {
            change.used = true;
            stage.wait(change.wait);
            typed = change.run.clone().unwrap_or(typed);
        }
        count.compared += 1;
        let wanted = normal(&output, &line, RECORDED.iter().copied());
        let mut printed = String::new();
        let mut matched = false;
        for _ in 0..TRIES {
            names.learn(&stage.cluster);
            let answer = run(stage, &names.here(&place), &names.here(&typed));
            names.learn(&stage.cluster);
            let known = names.known.iter().map(|(name, what)| (name.as_str(), what.as_str()));
            printed = normal(&answer, &line, known);
            matched = wanted == printed;
            if matched || !is_chance(&wanted, &printed) {
                break;
            }
        }
        if line.starts_with("kubectl apply") || line.starts_with("kubectl patch") {
            stage.wait(SETTLE);
        }
        if matched {
            count.matched += 1;
        } else {
            writeln!(report, "\n{place}$ {line}\n{}", super::lines(&wanted, &printed))?;
        }
    }
    Ok((count, report))
}

/// Whether both are answers of backends, or records of their connections.
fn is_chance(wanted: &str, printed: &str) -> bool {
    ["pod=", "tcp "].iter().any(|prefix| wanted.starts_with(prefix) && printed.starts_with(prefix))
}

/// The experiments of the recording: a prompt stands behind an empty line.
pub(super) fn experiments(text: &str) -> Vec<Experiment> {
    let prompt = Regex::new(r"^([a-z][a-z0-9-]*(?:\$n)?)?\$ (.+)$").expect("a pattern");
    let mut found: Vec<Experiment> = Vec::new();
    let mut in_section = false;
    let mut section = String::new();
    let mut after_gap = true;
    for line in text.lines() {
        if after_gap && line.starts_with("# ") {
            in_section = false;
            line.trim_start_matches("# ").clone_into(&mut section);
        } else if let Some(parts) = prompt.captures(line).filter(|_| after_gap) {
            let place = parts.get(1).map_or("laptop", |place| place.as_str());
            found.push(Experiment {
                section: section.clone(),
                place: place.to_owned(),
                line: parts[2].to_owned(),
                output: String::new(),
            });
            in_section = true;
        } else if let Some(experiment) = found.last_mut().filter(|_| in_section) {
            experiment.output += line;
            experiment.output.push('\n');
        }
        after_gap = line.is_empty();
    }
    for experiment in &mut found {
        if experiment.output.ends_with("\n\n") || experiment.output == "\n" {
            experiment.output.pop();
        }
    }
    found
}

/// Runs a line where its prompt says, in this run's names.
fn run(stage: &mut Stage, place: &str, line: &str) -> String {
    if let Some(line) = line.strip_prefix("laptop$ ") {
        return stage.run(line);
    }
    if place == "laptop" {
        return stage.run(line);
    }
    if place == "node-$n" {
        let inner = line.split("; ").nth(2).unwrap_or_default();
        let each = |node: String| format!("{node}\n{}", at(stage, &node, inner).0);
        return (1..=3).map(|number| format!("node-{number}")).map(each).collect();
    }
    let parts: Vec<&str> =
        if line.contains("; from ") { line.split("; ").collect() } else { vec![line] };
    let mut text = String::new();
    for part in parts {
        let (printed, exit) = match part.strip_prefix("from ").and_then(|p| p.split_once(": ")) {
            Some((other, command)) => at(stage, other, command),
            None => at(stage, place, part),
        };
        text += &printed;
        if exit != 0 {
            let _ = writeln!(text, "[exit {exit}]");
        }
    }
    text
}

/// What a command prints at a place, and its exit code.
pub(super) fn at(stage: &mut Stage, place: &str, command: &str) -> (String, i32) {
    stage.wait(PAUSE);
    let place = match place {
        node if node.starts_with("node-") => Place::Node(node.into()),
        pod => {
            Place::Container { namespace: "default".into(), pod: pod.into(), container: "c".into() }
        }
    };
    let script = format!("{{ {command}\n}} 2>&1");
    let files = stage.session.files().clone();
    let finished = shell::run_at(&mut stage.cluster, &place, &files, &script, LIMIT);
    (String::from_utf8_lossy(&finished.stdout).into_owned(), finished.exit)
}

/// This run's names and addresses, and what they stand for.
#[derive(Default)]
struct Names {
    known: BTreeMap<String, String>,
    /// The newest name or address of each.
    newest: BTreeMap<String, String>,
}

impl Names {
    fn learn(&mut self, cluster: &Cluster) {
        for pod in cluster.objects().list::<Pod>(None) {
            let name = pod.metadata.name.clone().unwrap_or_default();
            let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
            let Some(node) = node else { continue };
            let mut what = name.clone();
            if name.starts_with("web-") {
                what = format!("web@{node}");
                self.add(name, format!("<{what}>"), pod.metadata.deletion_timestamp.is_some());
            }
            let leaving = pod.metadata.deletion_timestamp.is_some();
            if let Some(ip) = pod.status.as_ref().and_then(|status| status.pod_ip.clone()) {
                self.add(ip, format!("<ip:{what}>"), leaving);
            }
        }
        for service in cluster.objects().list::<Service>(None) {
            let name = service.metadata.name.clone().unwrap_or_default();
            let Some(spec) = service.spec.as_ref().filter(|_| name != "kubernetes") else {
                continue;
            };
            if let Some(ip) = &spec.cluster_ip {
                self.add(ip.clone(), format!("<service:{name}>"), false);
            }
            let port = spec.ports.iter().flatten().find_map(|port| port.node_port);
            if let (Some(port), "lb") = (port, name.as_str()) {
                self.add(port.to_string(), "<node-port:lb>".to_owned(), false);
            }
        }
    }

    fn add(&mut self, name: String, what: String, leaving: bool) {
        if !leaving {
            self.newest.insert(what.clone(), name.clone());
        }
        self.known.insert(name, what);
    }

    /// A recorded text with this run's names and addresses.
    fn here(&self, text: &str) -> String {
        let here = RECORDED.iter().filter_map(|(recorded, what)| {
            self.newest.get(*what).map(|name| (*recorded, name.as_str()))
        });
        replaced(text, here)
    }
}

/// Replaces whole words, longer ones first.
fn replaced<'a>(text: &str, words: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let words: BTreeMap<&str, &str> = words.collect();
    let word =
        Regex::new(r"[0-9]+(\.[0-9]+){3}|[a-z]+(-[a-z0-9]+)+|\b[0-9]{5}\b").expect("a pattern");
    word.replace_all(text, |found: &regex::Captures<'_>| {
        words.get(&found[0]).map_or_else(|| found[0].to_owned(), |word| (*word).to_owned())
    })
    .into_owned()
}

/// The text with this or that run's values made equal.
fn normal<'a>(text: &str, line: &str, words: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = replaced(text, words);
    for (pattern, stand_in) in GENERATED {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, *stand_in).into_owned();
    }
    if line.starts_with("iptables-save") {
        return rules(&text);
    }
    if line.contains("uniq -c") {
        return answers(&text, line.contains("kubectl delete pod"));
    }
    let text = super::normal(&text);
    let mut lines: Vec<&str> = text.lines().collect();
    if line.starts_with("kubectl") {
        lines.sort_unstable();
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The distinct answers of `uniq -c`; when there is one alone, any backend may have given it. While a
/// pod is being deleted, it is a matter of timing whether a client fails.
fn answers(text: &str, is_deleting: bool) -> String {
    let count = Regex::new(r"^ *\d+ ").expect("a pattern");
    let lines: BTreeSet<String> = text
        .lines()
        .map(|line| count.replace(line, "").into_owned())
        .filter(|line| !(is_deleting && line.starts_with("curl: (")))
        .collect();
    let node = Regex::new(r"<web@node-\d>").expect("a pattern");
    let told = |line: &String| match lines.len() {
        1 => format!("{}\n", node.replace(line, "<web>")),
        _ => format!("{line}\n"),
    };
    lines.iter().map(told).collect()
}

/// Rules in the order of their chains' names. The hash of an endpoint's chain covers its address,
/// so that the chain is named by what it leads to; Services stand in a chain in any order.
fn rules(text: &str) -> String {
    let endpoint = Regex::new(r#"-A (KUBE-SEP-\w+) .*--comment "([^"]+)".*--to-destination (\S+)"#)
        .expect("a pattern");
    let mut text = text.to_owned();
    let chains: Vec<(String, String)> = endpoint
        .captures_iter(&text)
        .map(|found| (found[1].to_owned(), format!("KUBE-SEP-({},{})", &found[2], &found[3])))
        .collect();
    for (chain, name) in chains {
        text = text.replace(&chain, &name);
    }
    let comment = Regex::new(r#"--comment "(\S+)"#).expect("a pattern");
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_by_key(|line| {
        let chain = line.strip_prefix("-A ").and_then(|rest| rest.split(' ').next());
        let any_order = matches!(chain, Some("KUBE-SERVICES" | "KUBE-NODEPORTS"));
        let service = comment.captures(line).filter(|_| any_order).map(|found| found[1].to_owned());
        (chain.map(str::to_owned), service)
    });
    lines.iter().map(|line| format!("{line}\n")).collect()
}
