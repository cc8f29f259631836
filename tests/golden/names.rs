//! Recording 30: names, asked for by real clients of a real CoreDNS.

use std::fmt::Write as _;

use libtest_mimic::Failed;
use regex::Regex;

use super::dataplane::{Experiment, at, experiments};
use super::{Change, Count, Stage};

/// The recording's file.
pub(super) const NAME: &str = "30-dns.txt";
/// How often a request is repeated until chance has led it to the recorded backend.
const TRIES: usize = 10;

/// The headings whose every command is compared. Under the others, only what changes the cluster is
/// run, and every command counts as left out.
const SECTIONS: &[&str] = &[
    "the cluster's DNS and the places commands are run from",
    "a Service by its short name, same namespace",
    "name.namespace, from the same namespace",
    "name.namespace.svc",
    "the full name",
    "the full name with a trailing dot",
    "dig's whole answer for a ClusterIP Service",
    "from another namespace: the short name fails, with the namespace it works",
    "the same Service name in two namespaces",
    "names that are almost right",
    "a name that does not exist: what each client says",
    "a namespace that does not exist",
    "capital letters make no difference",
    "the API server's and the DNS's own Services",
    "a Pod's own name",
    "a Service whose selector matches nothing",
    "a headless Service without any Pod",
    "other record types, the zone itself, and parts of names",
];

/// Replays what stands under the chosen headings: the counts, and a report of what differs.
pub(super) fn replay(
    text: &str,
    changes: &mut [Change],
    stage: &mut Stage,
) -> Result<(Count, String), Failed> {
    let mut count = Count::default();
    let mut report = String::new();
    for Experiment { section, place, line, output } in experiments(text) {
        let name = line.strip_prefix("cat ").filter(|_| place == "laptop" && !line.contains('/'));
        if let Some(name) = name {
            stage.session.files_mut().insert(name.to_owned(), output.into_bytes());
            continue;
        }
        let is_compared = SECTIONS.contains(&section.as_str());
        if !is_compared && !is_change(&line) {
            count.left_out += 1;
            continue;
        }
        let mut typed = line.clone();
        if let Some(change) = changes.iter_mut().find(|c| !c.used && c.command == line) {
            change.used = true;
            if change.is_left_out() {
                count.left_out += 1;
                continue;
            }
            stage.wait(change.wait);
            typed = change.run.clone().unwrap_or(typed);
        }
        let wanted = normal(&output, &place);
        let mut printed = String::new();
        for _ in 0..TRIES {
            printed = normal(&run(stage, &place, &typed), &place);
            if wanted == printed || !wanted.starts_with("pod=") {
                break;
            }
        }
        if !is_compared {
            count.left_out += 1;
            continue;
        }
        count.compared += 1;
        if super::same(&wanted, &printed) {
            count.matched += 1;
        } else {
            writeln!(report, "\n[{section}] {place}$ {line}\n{}", super::lines(&wanted, &printed))?;
        }
    }
    Ok((count, report))
}

/// What differs from run to run in the words of the programs that ask for names.
const GENERATED: &[(&str, &str)] = &[
    (r"\bid: \d+", "id: <id>"),
    (r"time=\d+\.\d+ ms", "time=<time> ms"),
    (r"(?m)mdev = \d.*$", "mdev = <times>"),
    (r"COOKIE: [0-9a-f]{16}", "COOKIE: <cookie>"),
    (r"(?m)^;; WHEN: .*$", ";; WHEN: <date>"),
    (r"(?m)^--\d{4}-\d\d-\d\d \d\d:\d\d:\d\d--", "--<time>--"),
    (r"hostmaster\.cluster\.local\. \d{10} ", "hostmaster.cluster.local. <serial> "),
];

/// The text with generated values made equal. BusyBox' nslookup prints answers as they arrive, in
/// any order.
fn normal(text: &str, place: &str) -> String {
    let mut text = super::normal(text);
    for (pattern, stand_in) in GENERATED {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, *stand_in).into_owned();
    }
    if place != "busybox" || !text.starts_with("Server:") {
        return text;
    }
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Whether a command changes the cluster, so that what follows needs it.
fn is_change(line: &str) -> bool {
    ["create", "apply", "expose"].iter().any(|verb| line.starts_with(&format!("kubectl {verb}")))
}

/// Runs a line at its place, as at a terminal.
fn run(stage: &mut Stage, place: &str, line: &str) -> String {
    if place == "laptop" {
        return stage.run(line);
    }
    let (namespace, pod, shell) = match place {
        "shop-client" => ("shop", "client", "bash"),
        "busybox" => ("default", "busybox", "sh"),
        other => ("default", other, "bash"),
    };
    if !place.starts_with("node-") {
        let script = line.replace('\'', r"'\''");
        let text =
            stage.run(&format!("kubectl exec -it -n {namespace} {pod} -- {shell} -c '{script}'"));
        let lines = text.lines().filter(|line| !line.starts_with("command terminated with"));
        return lines.map(|line| format!("{line}\n")).collect();
    }
    let (mut text, exit) = at(stage, place, line);
    if exit != 0 {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let _ = writeln!(text, "[exit {exit}]");
    }
    text
}
