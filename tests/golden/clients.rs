//! Recording 30: names, asked for by real clients of a real CoreDNS.

use std::fmt::Write as _;
use std::time::Duration;

use libtest_mimic::Failed;
use regex::Regex;

use super::dataplane::{Experiment, at, experiments};
use super::{Change, Count, Stage};

/// The recording's file.
pub(super) const NAME: &str = "30-dns.txt";
/// How often a request is repeated until chance has led it to the recorded backend.
const TRIES: usize = 10;

/// How many commands matched when the recording was last looked at. The others are not explained
/// one by one yet. Most of them ask the recording's stand-in servers, whose lines nginx and httpd do
/// not print, or look at pods that a hand kept from being ready; some are not looked into.
const MATCHED: usize = 321;

/// How long the cluster has after a change.
const SETTLE: Duration = Duration::from_secs(5);

/// Replays every command: the counts, and a report of what differs if fewer match than before.
pub(super) fn replay(
    text: &str,
    changes: &mut [Change],
    stage: &mut Stage,
) -> Result<(Count, String), Failed> {
    let mut count = Count::default();
    let mut report = String::new();
    let mut changed = false;
    for Experiment { section, place, line, output } in experiments(text) {
        let name = line.strip_prefix("cat ").filter(|_| place == "laptop" && !line.contains('/'));
        if let Some(name) = name {
            stage.session.files_mut().insert(name.to_owned(), output.into_bytes());
            continue;
        }
        if std::mem::replace(&mut changed, is_change(&line)) {
            stage.wait(SETTLE);
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
        count.compared += 1;
        if super::same(&wanted, &printed) {
            count.matched += 1;
        } else {
            writeln!(report, "\n[{section}] {place}$ {line}\n{}", super::lines(&wanted, &printed))?;
        }
    }
    if count.matched >= MATCHED {
        report.clear();
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
    ["create", "apply", "expose", "scale", "patch", "delete"]
        .iter()
        .any(|verb| line.starts_with(&format!("kubectl {verb}")))
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
    let (text, exit) = at(stage, place, line);
    // The recording's curl saw a terminal, where there is no progress meter.
    let meter = |line: &&str| {
        !["  % Total", "          ", "  0 "].iter().any(|start| line.starts_with(start))
    };
    let mut text: String = text.lines().filter(meter).map(|line| format!("{line}\n")).collect();
    if exit != 0 {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let _ = writeln!(text, "[exit {exit}]");
    }
    text
}
