//! Replays recordings of a real cluster, command by command, and compares what is printed.
//!
//! `tests/golden/*.txt` are recordings of Kubernetes 1.36. Each runs in a fresh cluster of three
//! nodes; values that differ from run to run (suffixes, addresses, times, ages) are made equal
//! before comparing. What is left out, and what is done by other means because the recording's
//! kubelet was a stand-in, stands in `tests/golden/skips.txt`, each with its reason.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

#[path = "golden/clients.rs"]
mod clients;
#[path = "golden/dataplane.rs"]
mod dataplane;
#[path = "golden/stand_in.rs"]
mod stand_in;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use podhop::cluster::{Cluster, Config};
use podhop::shell::{self, Files, Progress, Session, Typed};
use regex::Regex;

/// The recordings that are replayed here, each with the seed of its cluster: where addresses are
/// sorted, it is one that puts the pods on the nodes of the recording. The last ones are
/// compared in their own way.
const RECORDINGS: &[(&str, u64)] = &[
    ("01-deployment-clusterip.txt", 3),
    ("02-headless-statefulset.txt", 1),
    ("03-nodeport.txt", 3),
    ("04-loadbalancer-externalname-others.txt", 3),
    ("05-endpoint-semantics.txt", 3),
    ("06-pod-states.txt", 3),
    ("10-err-structure.txt", 3),
    ("11-err-service.txt", 3),
    ("12-err-workloads.txt", 3),
    ("13-err-net.txt", 3),
    ("14-kubectl-cli.txt", 3),
    ("15-fields.txt", 3),
    ("16-more-fields.txt", 3),
    ("18-changes.txt", 3),
    (dataplane::NAME, dataplane::SEED),
    (clients::NAMES, 1),
    (clients::CLIENTS, 3),
];

/// How much time passes between two commands.
const PAUSE: Duration = Duration::from_millis(50);
/// The recordings of an API server alone: no time passes in their clusters, so that no controller acts.
const SERVER_ALONE: [&str; 3] = ["15-fields.txt", "16-more-fields.txt", "18-changes.txt"];
/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(600);

fn main() {
    let arguments = Arguments::from_args();
    let counts: Counts = Arc::default();
    let trial = |(name, seed): &(&'static str, u64)| {
        let (counts, name, seed) = (Arc::clone(&counts), *name, *seed);
        Trial::test(name, move || replay(name, seed, &counts))
    };
    let trials = RECORDINGS.iter().map(trial).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let counts = counts.lock().expect("the counts");
    for (name, count) in counts.iter() {
        let Count { matched, compared, left_out } = count;
        println!("{name}: {matched} of {compared} commands matched, {left_out} left out");
    }
    conclusion.exit();
}

/// What came of each recording.
type Counts = Arc<Mutex<BTreeMap<&'static str, Count>>>;

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    matched: usize,
    compared: usize,
    left_out: usize,
}

/// A step of a recording.
enum Step {
    /// `$ cat FILE`: the file stands in the working folder from here on.
    File { name: String, content: String },
    /// `$ command` and what it printed.
    Command { line: String, output: String },
}

/// What is done differently from a recording, and why.
struct Change {
    command: String,
    /// How the heading begins that it stands under, where the command alone does not tell.
    section: Option<String>,
    /// How long to wait before the command.
    wait: Duration,
    /// What is run first, at the laptop, and not compared.
    before: Option<String>,
    /// What is run in its place and compared with what it printed.
    run: Option<String>,
    /// What is run in its place and not compared.
    instead: Option<String>,
    used: bool,
}

impl Change {
    /// Whether the command's output is not compared with anything.
    fn is_left_out(&self) -> bool {
        self.run.is_none() && self.before.is_none() && self.wait.is_zero()
    }
}

fn replay(name: &'static str, seed: u64, counts: &Counts) -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let text = std::fs::read_to_string(folder.join(name))?;
    let mut changes = changes(&std::fs::read_to_string(folder.join("skips.txt"))?, name);
    let mut stage = Stage::new(&folder, seed, name)?;
    let (count, report) = match name {
        dataplane::NAME => dataplane::replay(&text, &mut changes, &mut stage)?,
        clients::NAMES | clients::CLIENTS => clients::replay(&text, &mut changes, &mut stage)?,
        _ => compare(&text, &mut changes, &mut stage)?,
    };
    let unused: Vec<&str> =
        changes.iter().filter(|c| !c.used).map(|change| change.command.as_str()).collect();
    counts.lock().expect("the counts").insert(name, count);
    match (report.is_empty(), unused.as_slice()) {
        (true, []) => Ok(()),
        (true, unused) => Err(format!("changes without a command: {}", unused.join(", ")).into()),
        (false, _) => {
            Err(format!("{} of {} matched{report}", count.matched, count.compared).into())
        }
    }
}

/// Replays every command: the counts, and a report of those that printed something else.
fn compare(
    text: &str,
    changes: &mut [Change],
    stage: &mut Stage,
) -> Result<(Count, String), Failed> {
    let mut count = Count::default();
    let mut report = String::new();
    for step in steps(text) {
        let (line, output) = match step {
            Step::File { name, content } => {
                stage.session.files_mut().insert(name, content.into_bytes());
                continue;
            }
            Step::Command { line, output } => (line, output),
        };
        let mut typed = line.clone();
        if let Some(change) = changes.iter_mut().find(|c| !c.used && c.command == line) {
            change.used = true;
            if !change.wait.is_zero() {
                stage.wait(change.wait);
            }
            if change.is_left_out() {
                count.left_out += 1;
                stage.run(change.instead.as_deref().unwrap_or("true"));
                continue;
            }
            typed = change.run.clone().unwrap_or(typed);
        }
        count.compared += 1;
        let (wanted, deleted_again) = match output.strip_suffix("(deleted again)\n") {
            Some(rest) => (rest.to_owned(), true),
            None => (output, false),
        };
        let mut printed = stage.run(&typed);
        let mut wanted = wanted;
        if stage.elsewhere.is_some() {
            wanted = without_node_ports(&wanted);
            printed = without_node_ports(&printed);
        }
        if deleted_again {
            stage.run(&line.replace("apply", "delete --ignore-not-found --force"));
        }
        if same(&wanted, &printed) {
            count.matched += 1;
        } else {
            writeln!(report, "\n$ {line}\n{}", difference(&wanted, &printed))?;
        }
    }
    Ok((count, report))
}

/// A cluster and somebody at its laptop.
struct Stage {
    cluster: Cluster,
    session: Session,
    /// Where time passes instead, if it does not in the cluster.
    elsewhere: Option<Cluster>,
}

impl Stage {
    fn new(folder: &Path, seed: u64, recording: &str) -> Result<Stage, Failed> {
        let clients = [clients::NAMES, clients::CLIENTS].contains(&recording);
        let config = Config { nodes: 3, seed, dns: clients, dual_stack: false };
        let programs = if clients { stand_in::Programs::shared() } else { shell::programs() };
        let mut files = Files::new();
        for (folder, prefix) in [(folder.join("yaml"), ""), (folder.join("real"), "real/")] {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                files.insert(name, std::fs::read(entry.path())?);
            }
        }
        let cluster = Cluster::new(&config, programs);
        let elsewhere = SERVER_ALONE.contains(&recording).then(|| cluster.clone());
        Ok(Stage { cluster, session: Session::new(files), elsewhere })
    }

    /// Lets time pass.
    fn wait(&mut self, time: Duration) {
        self.cluster.advance_to(self.cluster.now() + time);
    }

    /// Runs a command to its end; what it printed, as a terminal shows it.
    fn run(&mut self, line: &str) -> String {
        if self.elsewhere.is_none() {
            self.wait(PAUSE);
        }
        let mut waits = false;
        let deadline = self.cluster.now() + LIMIT;
        let mut exit = 0;
        if self.session.type_line(line) == Typed::Running {
            loop {
                let cluster = match &mut self.elsewhere {
                    Some(elsewhere) if waits => elsewhere,
                    _ => &mut self.cluster,
                };
                match self.session.step(cluster) {
                    Progress::Done(code) => {
                        exit = code;
                        break;
                    }
                    Progress::Until(at) if at <= deadline => {
                        waits = true;
                        self.elsewhere.as_mut().unwrap_or(&mut self.cluster).advance_to(at);
                    }
                    Progress::Until(_) | Progress::Input => {
                        self.session.interrupt(&mut self.cluster);
                        exit = 130;
                        break;
                    }
                }
            }
        }
        let chunks = self.session.take_output();
        let bytes: Vec<u8> = chunks.into_iter().flat_map(|chunk| chunk.bytes).collect();
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if exit != 0 {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            let _ = writeln!(text, "[exit {exit}]");
        }
        text
    }
}

/// The steps of a recording: a step begins with `$ ` behind an empty line, and ends before the
/// next step or heading.
fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut block: Vec<&str> = Vec::new();
    let mut after_gap = true;
    for line in text.lines().chain(["", "# end"]) {
        if after_gap && (line.starts_with("$ ") || line.starts_with("# ")) {
            steps.extend(step(&block));
            block = vec![line];
        } else {
            block.push(line);
        }
        after_gap = line.is_empty();
    }
    steps
}

fn step(block: &[&str]) -> Option<Step> {
    let (first, rest) = block.split_first()?;
    let line = first.strip_prefix("$ ")?;
    let end = rest.len() - usize::from(rest.last().is_some_and(|line| line.is_empty()));
    let text: String = rest[..end].iter().map(|line| format!("{line}\n")).collect();
    Some(match line.strip_prefix("cat ") {
        Some(name) => Step::File { name: name.to_owned(), content: text },
        None => Step::Command { line: line.to_owned(), output: text },
    })
}

/// The changes to one recording. A file of paragraphs with the fields `recording`, `section`, `command`,
/// `wait`, `before`, `run`, `instead` and `reason`.
fn changes(text: &str, recording: &str) -> Vec<Change> {
    let mut found = Vec::new();
    for paragraph in text.split("\n\n") {
        let field = |name: &str| {
            let prefix = format!("{name}: ");
            paragraph.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
        };
        let Some(command) = field("command") else { continue };
        assert!(field("reason").is_some(), "a change needs its reason: {command}");
        if field("recording").is_some_and(|name| recording.starts_with(&name)) {
            let wait = field("wait").map_or(0, |text| text.parse().expect("milliseconds"));
            found.push(Change {
                command,
                section: field("section"),
                wait: Duration::from_millis(wait),
                before: field("before"),
                run: field("run"),
                instead: field("instead"),
                used: false,
            });
        }
    }
    found
}

/// The text without the node ports that the server chose.
fn without_node_ports(text: &str) -> String {
    let port = Regex::new(r"(ealthCheckNodePort|nodePort): 3\d{4}\b").expect("a pattern");
    port.replace_all(text, "$1: <node-port>").into_owned()
}

/// Whether two outputs are the same but for generated values.
fn same(wanted: &str, printed: &str) -> bool {
    let (wanted, printed) = (normal(wanted), normal(printed));
    wanted == printed || without_nodes(&wanted) == without_nodes(&printed)
}

fn difference(wanted: &str, printed: &str) -> String {
    let (wanted, printed) = (without_nodes(&normal(wanted)), without_nodes(&normal(printed)));
    lines(&wanted, &printed)
}

/// Line by line, what was wanted (-) and what was printed (+).
fn lines(wanted: &str, printed: &str) -> String {
    let diff = similar::TextDiff::from_lines(wanted, printed);
    diff.iter_all_changes()
        .map(|change| format!("    {}{}", change.tag(), change.to_string_lossy()))
        .collect()
}

/// What differs from run to run, and what stands in its place.
const GENERATED: &[(&str, &str)] = &[
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uid>"),
    (r"\b[0-9a-f]{64}\b", "<sha256>"),
    (r"\b[0-9a-f]{32}\b", "<id>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC", "<time>"),
    (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", "<date>"),
    (r#"resourceVersion: "\d+""#, "resourceVersion: <version>"),
    (r"-[bcdfghjklmnpqrstvwxz2456789]{5,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b", "-<hash>-<name>"),
    (r"(pod-template-hash[=:] ?)[bcdfghjklmnpqrstvwxz0-9]{5,10}\b", "$1<hash>"),
    (r"-[bcdfghjklmnpqrstvwxz0-9]{7,10}\b", "-<hash>"),
    (r"-[bcdfghjklmnpqrstvwxz2456789]{5}\b", "-<name>"),
    (r"\b10\.244\.\d+\.\d+\b", "<pod-ip>"),
    (r"\b10\.(9[6-9]|10\d|11[01])\.(\d{2,3}|[1-9])\.\d+\b", "<cluster-ip>"),
    (r"\b\d+[smh](\d+[sm])?\b", "<age>"),
    (r"[EW]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ ", "<klog> "),
];

/// The text with generated values made equal. Columns are as wide as their values, so that runs of
/// spaces become two; lines with generated names have no order.
fn normal(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, stand_in) in GENERATED {
        let regex = Regex::new(pattern).expect("a pattern");
        text = regex.replace_all(&text, *stand_in).into_owned();
    }
    let gap = Regex::new(r"(\S) {2,}").expect("a pattern");
    let mut lines: Vec<String> =
        text.lines().map(|line| gap.replace_all(line, "$1  ").into_owned()).collect();
    sort_generated(&mut lines);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Sorts neighbouring lines that begin with a generated name.
fn sort_generated(lines: &mut [String]) {
    let generated = |line: &String| {
        let first = line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        first.contains("-<name>") || first.contains("-<hash>") || line.contains(" pod/")
    };
    let mut start = 0;
    while start < lines.len() {
        let end = lines[start..]
            .iter()
            .position(|line| !generated(line))
            .map_or(lines.len(), |length| start + length);
        lines[start..end].sort();
        start = end + 1;
    }
}

/// The text without the scheduler's choices.
fn without_nodes(text: &str) -> String {
    let node = Regex::new(r"node-[123](/192\.168\.49\.[234])?").expect("a pattern");
    let address = Regex::new(r"192\.168\.49\.[234]").expect("a pattern");
    let text = node.replace_all(text, "<node>");
    let text = address.replace_all(&text, "<node-ip>").into_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    sort_generated(&mut lines);
    lines.iter().map(|line| format!("{line}\n")).collect()
}
