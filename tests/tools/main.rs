//! Commands played twice: by the real programs and by podhop.
//!
//! `cargo test --test tools -- record [TOOL]...` plays `commands/TOOL.txt` with the programs of this
//! machine (bash, dash, busybox and what Debian has beside them), keeps what they said in
//! `recorded/TOOL.jsonl`, and prints the share on which podhop agrees. `-- settle` writes anew which
//! commands are known to differ. `-- show [TOOL]...` plays the
//! recordings in podhop alone and prints every difference; without a word they
//! are played and a difference is a failure. It needs no installation then. A command on which podhop
//! and the program are known to disagree stands in `differences.txt`, and is only counted.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

mod masks;
mod podhop_side;
mod real_side;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

/// Which shell plays a list, and where in podhop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// bash with GNU tools: the laptop.
    Bash,
    /// dash with GNU tools: a Debian container.
    Dash,
    /// BusyBox' ash and applets: a BusyBox container.
    BusyBox,
    /// Debian's network tools, beside a web server and a name server (`net/around.sh`).
    Net,
    /// BusyBox' network tools, with the same servers.
    NetBusyBox,
}

impl Shell {
    /// Whether servers are asked, so that times and dates are in the answers.
    pub fn asks(self) -> bool {
        matches!(self, Shell::Net | Shell::NetBusyBox)
    }
}

/// A command and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Played {
    /// What was typed, over one or more lines.
    pub command: String,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code.
    pub exit: i32,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools")
}

/// The tools that have a list of commands.
fn tools(wanted: &[String]) -> Vec<String> {
    let mut all: Vec<String> = fs::read_dir(folder().join("commands"))
        .expect("the lists' folder is readable")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|tool| wanted.is_empty() || wanted.contains(tool))
        .collect();
    all.sort();
    all
}

/// A list: `% bash` says who plays it, `$ ` begins a command and `> ` continues it.
fn list(tool: &str) -> (Shell, Vec<String>) {
    let path = folder().join("commands").join(format!("{tool}.txt"));
    let text = fs::read_to_string(&path).expect("the list is readable");
    let mut shell = Shell::Bash;
    let mut commands: Vec<String> = Vec::new();
    for line in text.lines() {
        match (line.split_at_checked(2), commands.last_mut()) {
            (Some(("% ", "dash")), _) => shell = Shell::Dash,
            (Some(("% ", "busybox")), _) => shell = Shell::BusyBox,
            (Some(("% ", "net")), _) => shell = Shell::Net,
            (Some(("% ", "net-busybox")), _) => shell = Shell::NetBusyBox,
            (Some(("$ ", command)), _) => commands.push(command.to_owned()),
            (Some(("> ", more)), Some(command)) => *command += &format!("\n{more}"),
            _ if line == ">" => {
                if let Some(command) = commands.last_mut() {
                    command.push('\n');
                }
            }
            _ => {}
        }
    }
    (shell, commands)
}

fn recorded(tool: &str) -> Vec<Played> {
    let path = folder().join("recorded").join(format!("{tool}.jsonl"));
    let text = fs::read_to_string(&path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a recording is JSON")).collect()
}

fn keep(tool: &str, all: &[Played]) {
    let path = folder().join("recorded").join(format!("{tool}.jsonl"));
    let lines = all.iter().map(|one| serde_json::to_string(one).expect("it is text") + "\n");
    fs::write(path, lines.collect::<String>()).expect("the recording can be written");
}

/// Commands on which podhop is known to disagree: `TOOL: COMMAND`, a newline as `\n`.
fn known() -> BTreeSet<String> {
    let text = fs::read_to_string(folder().join("differences.txt")).unwrap_or_default();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// How many of the known differences are of each kind that cannot hold (`kinds.txt`), and how many of none.
fn print_kinds(known: &BTreeSet<String>) {
    let text = fs::read_to_string(folder().join("kinds.txt")).expect("the kinds are readable");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let kinds: Vec<(&str, regex::Regex)> = lines
        .map(|line| {
            let (kind, look) = line.split_once('\t').expect("a kind, a tabulator, a pattern");
            (kind, regex::Regex::new(look).expect("it is a pattern"))
        })
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in known {
        let kind = kinds.iter().find(|(_, look)| look.is_match(one));
        *counts.entry(kind.map_or("to be mended", |(kind, _)| kind)).or_default() += 1;
    }
    for (kind, count) in counts {
        println!("  {count} {kind}");
    }
}

/// How a command is used is said in podhop's own words: only what stands before counts.
fn without_help(shell: Shell, played: &Played) -> Played {
    let cut = |text: &str| -> String {
        let help = |line: &&str| {
            !line.contains("Usage:")
                && !line.contains("usage:")
                && !line.contains("multi-call binary")
                && line.trim_end() != "Usage"
        };
        let text: String = text.split_inclusive('\n').take_while(help).collect();
        if shell.asks() { masks::masked(&text) } else { text }
    };
    Played { stdout: cut(&played.stdout), stderr: cut(&played.stderr), ..played.clone() }
}

fn main() -> ExitCode {
    let mut words: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mode = match words.first().map(String::as_str) {
        Some("record" | "show" | "settle") => words.remove(0),
        _ => String::new(),
    };
    let known = known();
    let mut failed = false;
    let mut player = podhop_side::Player::new();
    let mut shares = BTreeMap::new();
    let mut differing = Vec::new();
    for tool in tools(&words) {
        let (shell, commands) = list(&tool);
        if mode == "record" {
            println!("{tool} is recorded");
            if shell.asks() && std::env::var_os(real_side::INSIDE).is_none() {
                real_side::inside(&tool);
            } else {
                keep(&tool, &real_side::play(shell, &commands, &folder().join("files")));
            }
            if std::env::var_os(real_side::INSIDE).is_some() {
                continue;
            }
        }
        let all = recorded(&tool);
        let mut agreed = 0;
        for real in &all {
            let ours = player.play(shell, &real.command);
            let key = format!("{tool}: {}", real.command.replace('\n', "\\n"));
            if without_help(shell, &ours) == without_help(shell, real) {
                agreed += 1;
                continue;
            }
            differing.push(key.clone());
            if mode == "show" || mode.is_empty() && !known.contains(&key) {
                println!("--- {key}\n  real: {real:?}\n  ours: {ours:?}");
            }
            failed |= !known.contains(&key);
        }
        shares.insert(tool, (agreed, all.len()));
    }
    if mode == "settle" && words.is_empty() {
        let title =
            "# Commands on which podhop is known to disagree: TOOL: COMMAND, a newline as \\n.\n";
        let text = format!("{title}{}\n", differing.join("\n"));
        fs::write(folder().join("differences.txt"), text).expect("the list can be written");
    }
    // A difference that is gone is no longer known: the list would hide it if it came back.
    let differing: BTreeSet<String> = differing.into_iter().collect();
    if mode.is_empty() && words.is_empty() {
        for gone in known.difference(&differing) {
            println!("agrees by now, so it is to be settled: {gone}");
            failed = true;
        }
        println!("{} known differences", known.len());
        print_kinds(&known);
    }
    for (tool, (agreed, all)) in shares {
        let share = 100.0 * f64::from(agreed) / (all.max(1) as f64);
        println!("{tool}: {agreed} of {all}, {share:.1} %");
    }
    ExitCode::from(u8::from(failed && mode.is_empty()))
}
