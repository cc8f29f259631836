//! Recordings 30 and 31: what real clients print, of names asked for from a real CoreDNS, and of
//! servers of every manner.
//!
//! A recorded name or address means the pod or Service that stands at its place in a table of
//! `kubectl get`; it is learnt there and put into what is typed later.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use libtest_mimic::Failed;
use regex::{Captures, Regex};

use super::dataplane::{Experiment, at, experiments};
use super::stand_in::staged;
use super::{Change, Count, Stage};

/// The recording of names.
pub(super) const NAMES: &str = "30-dns.txt";
/// The recording of clients.
pub(super) const CLIENTS: &str = "31-clients.txt";
/// How often a request is repeated until chance has led it to the recorded backend.
const TRIES: usize = 10;

/// How long the cluster has after a change.
const SETTLE: Duration = Duration::from_secs(5);

/// Replays every command: the counts, and a report of what differs.
pub(super) fn replay(
    text: &str,
    changes: &mut [Change],
    stage: &mut Stage,
) -> Result<(Count, String), Failed> {
    let mut count = Count::default();
    let mut report = String::new();
    let mut changed = false;
    let mut known = Known::default();
    for Experiment { section, place, line, output } in experiments(text) {
        let name = line.strip_prefix("cat ").filter(|_| place == "laptop" && !line.contains('/'));
        if let Some(name) = name {
            stage.session.files_mut().insert(name.to_owned(), staged(&output).into_bytes());
            continue;
        }
        if std::mem::replace(&mut changed, is_change(&line)) {
            stage.wait(SETTLE);
        }
        let mut typed = known.here(&line);
        let change = changes.iter_mut().find(|change| {
            let heading = change.section.as_deref().unwrap_or_default();
            !change.used && change.command == line && section.starts_with(heading)
        });
        if let Some(change) = change {
            change.used = true;
            if change.is_left_out() {
                count.left_out += 1;
                continue;
            }
            stage.wait(change.wait);
            if let Some(before) = &change.before {
                stage.run(&known.here(before));
            }
            typed = change.run.as_ref().map_or(typed, |run| known.here(run));
        }
        let wanted = normal(&output, &place);
        let mut printed = String::new();
        for _ in 0..TRIES {
            let answer = run(stage, &place, &typed);
            if line.starts_with("kubectl get ") {
                known.learn(&output, &answer);
            }
            printed = normal(&answer, &place);
            // A backend is chosen at random, and so is the CoreDNS that has kept an answer or not.
            let chance = ["pod=", "server="].iter().any(|start| wanted.starts_with(start))
                || ["nslookup ", "dig "].iter().any(|start| line.starts_with(start));
            if wanted == printed || !chance {
                break;
            }
        }
        count.compared += 1;
        if super::same(&wanted, &printed) || is_shuffled(&line, &wanted, &printed) {
            count.matched += 1;
        } else {
            writeln!(report, "\n[{section}] {place}$ {line}\n{}", super::lines(&wanted, &printed))?;
        }
    }
    Ok((count, report))
}

/// What differs from run to run in the words of clients.
const GENERATED: &[(&str, &str)] = &[
    (r"\bid: \d+", "id: <id>"),
    (r"COOKIE: [0-9a-f]{16}", "COOKIE: <cookie>"),
    (r"(?m)^;; WHEN: .*$", ";; WHEN: <date>"),
    (r"(?m)^;; Query time: \d msec$", ";; Query time: 0 msec"),
    (r"hostmaster\.cluster\.local\. \d{10} ", "hostmaster.cluster.local. <serial> "),
    // What CoreDNS keeps counts down.
    (r"(?m)^(.*example\.(?:com|org)\.\s+)\d+(\s+IN\s)", "$1<ttl>$2"),
    (r"(?m)^(\S+\s+)\d+(\s+IN\s+CNAME\s)", "$1<ttl>$2"),
    (r"(?m)^10-244-(.*?)\s+(\d+)\s+IN\s+", "10-244-$1 $2 IN "),
    (r"\b10-244-\d+-\d+\b", "<dashed>"),
    (r"\b\d+\.\d+\.\d+\.10\.in-addr\.arpa", "<reversed>"),
    // Times of waiting are compared to the second.
    (r"time=\d+\.\d+ ms", "time=<time> ms"),
    (r"(?m)mdev = \d.*$", "mdev = <times>"),
    (r"(?m)^round-trip min/avg/max = .*$", "round-trip min/avg/max = <times>"),
    (r"(?m)\btime (\d+)\d{3}ms$", "time $1 s"),
    (r"(?m)^(real\t\d+m\d+)\.\d+s\n(user\t.*\nsys\t.*\n)?", "$1 s\n"),
    (r"after (\d+)\d{3} (ms|milliseconds)\b", "after $1 s"),
    (r"after \d{1,3} ms\b", "after 0 s"),
    (r"(?m)^--\d{4}-\d\d-\d\d \d\d:\d\d:\d\d--", "--<time>--"),
    (r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", "<time> "),
    (r"(?m)^(< )?( *)Date: .*$", "$1$2Date: <date>"),
    (r"\(\d+(\.\d+)? [KMG]?B/s\)", "(<speed>)"),
    (r"(?m)^(100 +\d+ +100 +\d+ +0 +0) .*$", "$1 <speed>"),
    (r"(lookup|connect|total) (\d+)\.\d{6}", "$1 $2 s"),
    // Conntrack.
    (r"(?m)^(tcp|udp) +(\d+) \d+ ", "$1 $2 <seconds> "),
    (r"\b([sd]port)=\d{4,5}\b", "$1=<port>"),
    (r"(?m)^bash: line 1: ", "bash: "),
    (r"BusyBox v1\.37\.0\S*( \(.*\))? multi-call", "BusyBox v1.37.0 multi-call"),
    (r"@if\d+", "@<if>"),
    (r"\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b", "<mac>"),
    (r"fe80::[0-9a-f:]+", "<link-local>"),
];

/// The text with generated values made equal. BusyBox' nslookup prints answers as they arrive, and
/// conntrack sorts by the seconds that are left: both in any order.
fn normal(text: &str, place: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, stand_in) in GENERATED {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, *stand_in).into_owned();
    }
    text = super::normal(&text);
    let any_order = place == "busybox" && text.starts_with("Server:")
        || text.starts_with("tcp ") && text.contains(" src=");
    if !any_order {
        return text;
    }
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Whether both are the same lines in another order, where CoreDNS shuffles its records.
fn is_shuffled(line: &str, wanted: &str, printed: &str) -> bool {
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    line.starts_with("dig ") && sorted(wanted) == sorted(printed)
}

/// Whether a command changes the cluster, so that what follows needs it.
fn is_change(line: &str) -> bool {
    ["create", "apply", "expose", "scale", "patch", "delete"]
        .iter()
        .any(|verb| line.starts_with(&format!("kubectl {verb}")))
}

/// Runs a line at its place, as at a terminal.
fn run(stage: &mut Stage, place: &str, line: &str) -> String {
    if let Some(line) = line.strip_prefix("laptop$ ") {
        let noise =
            Regex::new(r"(?m)^(\[\d\] \d+|command terminated with .*)\n").expect("a pattern");
        return noise.replace_all(&stage.run(line), "").into_owned();
    }
    if place == "laptop" && line.starts_with("kubectl create deployment") {
        let manifest = stage.run(&format!("{line} --dry-run=client -o yaml"));
        stage.session.files_mut().insert("made.yaml".into(), staged(&manifest).into_bytes());
        return stage.run("kubectl create -f made.yaml");
    }
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
    let told = |line: &str| -> Option<String> {
        // What is said of a name that cannot be found stands behind the meter, on its line.
        let line = match line.strip_prefix("  0     0 ") {
            Some(meter) => meter.rsplit_once("--:--:--     0").map_or("", |(_, behind)| behind),
            None => line,
        };
        let meter = ["  % Total", "          ", "  0 ", "100 "];
        let shown = !line.is_empty() && !meter.iter().any(|start| line.starts_with(start));
        shown.then(|| format!("{line}\n"))
    };
    let mut text: String = text
        .lines()
        .filter_map(|line| if line.is_empty() { Some("\n".to_owned()) } else { told(line) })
        .collect();
    if exit != 0 {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let _ = writeln!(text, "[exit {exit}]");
    }
    text
}

/// This run's name or address of each recorded one.
#[derive(Default)]
struct Known(BTreeMap<String, String>);

impl Known {
    /// Learns from a table of pods or Services, recorded and printed here. Rows with generated
    /// names are told apart by their nodes.
    fn learn(&mut self, recorded: &str, printed: &str) {
        let mut rows: Vec<&str> = printed.lines().collect();
        for row in recorded.lines() {
            let Some((name, address)) = cells(row) else { continue };
            let same = |other: &&str| {
                cells(other).is_some_and(|(there, _)| super::normal(there) == super::normal(name))
            };
            let node = row.split_whitespace().find(|word| word.starts_with("node-"));
            let here = |row: &&str| node.is_some_and(|node| row.contains(node));
            let found = rows.iter().position(|row| same(row) && here(row));
            let Some(at) = found.or_else(|| rows.iter().position(same)) else { continue };
            if let Some((there, value)) = cells(rows.remove(at)) {
                self.0.insert(name.to_owned(), there.to_owned());
                self.0.insert(address.to_owned(), value.to_owned());
                self.0.insert(address.replace('.', "-"), value.replace('.', "-"));
            }
        }
    }

    /// A recorded text with this run's names and addresses.
    fn here(&self, text: &str) -> String {
        let word = Regex::new(r"\b\d+([.-]\d+){3}\b|\b[a-z]+(-[a-z0-9]+)+\b").expect("a pattern");
        word.replace_all(text, |found: &Captures<'_>| {
            self.0.get(&found[0]).cloned().unwrap_or_else(|| found[0].to_owned())
        })
        .into_owned()
    }
}

/// The name and the one address of a table's row of a pod or a Service.
fn cells(row: &str) -> Option<(&str, &str)> {
    let mut words = row.split_whitespace();
    let name = words.next()?;
    let name = name.strip_prefix("pod/").or_else(|| name.strip_prefix("service/")).unwrap_or(name);
    let mut addresses = words.filter(|word| word.parse::<std::net::Ipv4Addr>().is_ok());
    let address = addresses.next()?;
    addresses.next().is_none().then_some((name, address))
}
