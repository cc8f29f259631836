//! The command line: what `podhop` takes, and which room answers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::api::validation::names;
use crate::level::sandbox::MOST_NODES;

/// Reads a whole number of a range.
fn whole(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text.parse::<u64>().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("a whole number from {least} to {most} belongs here"))
}

fn seed(text: &str) -> Result<u64, String> {
    whole(text, 0, u64::MAX)
}

fn difficulty(text: &str) -> Result<u8, String> {
    whole(text, 1, 5).map(|number| number as u8)
}

fn sandbox_nodes(text: &str) -> Result<u32, String> {
    whole(text, 1, u64::from(MOST_NODES)).map(|number| number as u32)
}

fn shell_nodes(text: &str) -> Result<u32, String> {
    whole(text, 1, 1000).map(|number| number as u32)
}

/// Learn Kubernetes networking by making the packets arrive.
///
/// Without a command the game goes on where you left off.
#[derive(Debug, Parser)]
#[command(name = "podhop", version, about, long_about, max_term_width = 100)]
pub struct Cli {
    /// Play another pack of levels: a folder with a pack.yaml
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub levels: Option<PathBuf>,
    /// What to do; play when left out
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What podhop can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play, from a level or where you left off
    Play(PlayArgs),
    /// List the campaign and your progress
    Levels(LevelsArgs),
    /// Solve levels without a screen: exit 0 solved, 1 not solved, 2 wrong usage
    ///
    /// The manifests take the place of the level's own files of the same names, are applied, then
    /// the script runs on the laptop, and then the goals' requests are sent. Without any, the level
    /// is checked as it starts.
    Check(CheckArgs),
    /// Run commands in a simulated cluster, read from standard input
    ///
    /// With a level: that level's cluster and files. Without: an empty cluster.
    Shell(ShellArgs),
    /// Show the way of every packet that a command sends, and that servers send on for it, hop by hop
    Trace(TraceArgs),
    /// Say what a diagnosis means, with an example and the fix
    Explain {
        /// The diagnosis's code; all are listed when left out
        code: Option<String>,
    },
    /// Play an incident: a small business whose cluster broke, made of a seed, without end
    ///
    /// Only symptoms are told. :cause says where the cause is, and is scored apart from mending it. The
    /// same seed and difficulty are the same incident everywhere; check, shell, trace, watch and lint know
    /// it as the level incident:SEED, or incident:SEED:DIFFICULTY.
    Incident(IncidentArgs),
    /// Play in a cluster without goals: empty, or a small business that works
    ///
    /// shell and trace know it as the level sandbox, or sandbox:sample:3:cloud:ingress:dual-stack.
    Sandbox(SandboxArgs),
    /// Write down the last session in the game, so that it can be done again
    ///
    /// The file has the level, the seed, podhop's version, and what was typed, edited, applied and sent, at
    /// which moment of the cluster's time: nothing of this machine. podhop shell --json < FILE repeats it.
    Bug {
        /// The file; it must not exist
        #[arg(default_value = "podhop-bug.jsonl", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Prove levels: they start unsolved, every solution passes, every mistake gets its diagnosis
    Lint(LintArgs),
    /// Make a pack of your own: a folder with one level that podhop lint proves
    New {
        /// The folder; it must not exist, or be empty
        #[arg(value_hint = ValueHint::DirPath)]
        dir: PathBuf,
    },
    /// Play a level in your own editor: its files in a folder, checked again whenever you save one
    Watch(WatchArgs),
    /// Print the manual page: podhop man > podhop.1
    Man,
    /// Print completions for your shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// How to play.
#[derive(Args, Debug, Default)]
pub struct PlayArgs {
    /// The level, by name or number
    pub level: Option<String>,
    /// Play on this seed: names, addresses and chance depend on it
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Play as lines of text, for screen readers and pipes
    #[arg(long)]
    pub plain: bool,
}

/// Which incident.
#[derive(Args, Debug)]
pub struct IncidentArgs {
    /// Draw it from this seed; without it, from any
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// From 1 (one fault, in a file) to 5 (three, anywhere); 2 when left out
    #[arg(long, value_name = "1-5", value_parser = difficulty, allow_negative_numbers = true)]
    pub difficulty: Option<u8>,
    /// Today's incident, the same for everybody: harder towards Sunday, by the date in UTC
    #[arg(long, conflicts_with = "seed")]
    pub daily: bool,
    /// Play as lines of text, for screen readers and pipes
    #[arg(long, conflicts_with = "json")]
    pub plain: bool,
    /// Print it as one JSON object, as podhop levels does, and don't play
    #[arg(long)]
    pub json: bool,
}

/// Which sandbox.
#[derive(Args, Debug)]
pub struct SandboxArgs {
    /// With a small business that works
    #[arg(long)]
    pub sample: bool,
    /// Nodes; the sample has two or more
    #[arg(long, value_name = "N", default_value_t = 2,
          value_parser = sandbox_nodes, allow_negative_numbers = true)]
    pub nodes: u32,
    /// In a cloud: Services of type LoadBalancer get an address
    #[arg(long)]
    pub cloud: bool,
    /// Dual-stack: nodes, pods and Services that ask for it have IPv6 addresses besides
    #[arg(long)]
    pub dual_stack: bool,
    /// With the Ingress controller ingress-nginx
    #[arg(long)]
    pub ingress: bool,
    /// The seed: names and addresses, and the sample's business
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// Play as lines of text, for screen readers and pipes
    #[arg(long)]
    pub plain: bool,
}

/// What to list.
#[derive(Args, Debug)]
pub struct LevelsArgs {
    /// Print one JSON object a level
    #[arg(long)]
    pub json: bool,
    /// With --json: the hints too
    #[arg(long, requires = "json")]
    pub hints: bool,
}

/// What to watch.
#[derive(Args, Debug)]
pub struct WatchArgs {
    /// The level, by name or number
    pub level: String,
    /// The folder to work in, made if it is not there; the level's name when left out
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    /// The seed; 1 when left out, and an incident's own
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Tell everything about a failure at once, rather than a step more at each save
    #[arg(long)]
    pub everything: bool,
    /// Check once, and end with the exit code of check
    #[arg(long)]
    pub once: bool,
}

/// What to check.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Levels, by name or number; all when left out
    pub level: Vec<String>,
    /// A manifest, or a folder of files, in place of the level's own; may be repeated
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub manifests: Vec<PathBuf>,
    /// Commands to run on the laptop once the files are applied
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub script: Option<PathBuf>,
    /// Give each level's own solution as the answer: the one of this name, or its first
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "",
          require_equals = true, conflicts_with_all = ["manifests", "script"])]
    pub solution: Option<String>,
    /// The seed; 1 when left out, and an incident's own
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Several seeds: 1,2,3, or 1..20
    #[arg(long, value_name = "N,N..N", value_parser = Seeds::parse, conflicts_with = "seed")]
    pub seeds: Option<Seeds>,
    /// Of an incident: where its cause is, as an object (service/web), a line (web.yaml:12) or a
    /// diagnosis's code; may be repeated
    #[arg(long, value_name = "WHERE")]
    pub cause: Vec<String>,
    /// Say only whether goals pass, neither why not nor what to do
    #[arg(long)]
    pub no_help: bool,
    /// Print one JSON object a level and seed
    #[arg(long)]
    pub json: bool,
}

/// Where to run commands.
#[derive(Args, Debug)]
pub struct ShellArgs {
    /// The level whose cluster and files to use, by name or number
    pub level: Option<String>,
    /// Nodes of the empty cluster
    #[arg(long, value_name = "N", default_value_t = 3, conflicts_with = "level",
          value_parser = shell_nodes, allow_negative_numbers = true)]
    pub nodes: u32,
    /// Zones of the empty cluster, which its nodes are in by turns
    #[arg(long, value_name = "ZONE,…", value_delimiter = ',', conflicts_with = "level",
          value_parser = zone)]
    pub zones: Vec<String>,
    /// The empty cluster runs in a cloud: Services of type LoadBalancer get an address
    #[arg(long, conflicts_with = "level")]
    pub cloud: bool,
    /// The empty cluster is dual-stack: nodes, pods and Services that ask for it have IPv6
    /// addresses besides
    #[arg(long, conflicts_with = "level")]
    pub dual_stack: bool,
    /// The empty cluster has the Ingress controller ingress-nginx
    #[arg(long, conflicts_with = "level")]
    pub ingress: bool,
    /// The seed; 1 when left out, and an incident's own
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// A folder whose files are the working folder; it is never written to
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    /// Print one JSON object a command: command, stdout, stderr, exit, and at: the simulated
    /// milliseconds at its end. Lines that are JSON objects are requests: {"grade":{}}, {"reset":{}},
    /// {"advance":"20s"}, {"files":{}}, {"apply":{}}, {"trace":{}}; docs/programs.md describes them
    #[arg(long)]
    pub json: bool,
}

/// A zone's name, which becomes a label of nodes.
fn zone(text: &str) -> Result<String, String> {
    match text.is_empty() || !names::label_value(text).is_empty() {
        true => Err("a zone has a name like zone-a".to_owned()),
        false => Ok(text.to_owned()),
    }
}

/// What to trace.
#[derive(Args, Debug)]
pub struct TraceArgs {
    /// The level whose cluster it is, by name or number
    pub level: String,
    /// Where the command runs: laptop, node/NAME, pod/NAME, deploy/NAME…; with -c CONTAINER and -n
    /// NAMESPACE behind it, in one word: "pod/multi -c sidecar"
    #[arg(long, value_name = "PLACE", default_value = "laptop")]
    pub from: String,
    /// A manifest, or a folder of files, in place of the level's own, applied before; may be repeated
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub manifests: Vec<PathBuf>,
    /// The seed; 1 when left out, and an incident's own
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Print one JSON object: from, command, stdout, stderr, exit, and traces
    #[arg(long)]
    pub json: bool,
    /// The command, behind --
    #[arg(last = true, required = true)]
    pub command: Vec<String>,
}

/// What to prove.
#[derive(Args, Debug)]
pub struct LintArgs {
    /// The pack's folder; the built-in campaign when left out
    pub dir: Option<PathBuf>,
    /// Prove these levels only, by name or number
    #[arg(long, value_name = "LEVEL")]
    pub level: Vec<String>,
    /// Seeds to try: 7, or 1,2,3, or 1..20
    #[arg(long, value_name = "N,N..N", value_parser = Seeds::parse)]
    pub seeds: Option<Seeds>,
    /// Print every proof, not only those that fail
    #[arg(long, short)]
    pub verbose: bool,
    /// Print one JSON object a proof, and one at the end
    #[arg(long)]
    pub json: bool,
    /// Prove again whenever a file of the pack has changed, until Ctrl-C
    #[arg(long, conflicts_with_all = ["json", "spare", "schema"])]
    pub watch: bool,
    /// Print the lines of solutions that may go, as level.yaml takes them, and prove nothing
    #[arg(long, conflicts_with_all = ["json", "schema"])]
    pub spare: bool,
    /// Print the format of a file of packs as JSON Schema, and prove nothing
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "level")]
    pub schema: Option<SchemaOf>,
}

/// The files of a pack that have a schema.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SchemaOf {
    /// pack.yaml
    Pack,
    /// level.yaml
    Level,
    /// expect.yaml of a mistake
    Expect,
}

/// Seeds, in the order they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(pub Vec<u64>);

/// So many seeds can be given.
const MAX_SEEDS: u64 = 100_000;

impl Seeds {
    /// Reads `7`, `1,2,3`, or `1..20`, which has the twenty seeds from 1 to 20.
    pub fn parse(text: &str) -> Result<Seeds, String> {
        let number = |text: &str| {
            let read = text.trim().parse::<u64>();
            read.map_err(|_| {
                format!("{text:?} is no seed; give whole numbers: 7, or 1,2,3, or 1..20")
            })
        };
        let mut seeds = Vec::new();
        for part in text.split(',') {
            let Some((first, last)) = part.split_once("..") else {
                seeds.push(number(part)?);
                continue;
            };
            let (first, last) = (number(first)?, number(last.trim_start_matches('='))?);
            if last < first || last - first >= MAX_SEEDS {
                return Err(format!("{part} is no range of 1 to {MAX_SEEDS} seeds"));
            }
            seeds.extend(first..=last);
        }
        let mut known = BTreeSet::new();
        if let Some(twice) = seeds.iter().find(|seed| !known.insert(**seed)) {
            return Err(format!("seed {twice} is there twice"));
        }
        Ok(Seeds(seeds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_numbers_and_ranges() {
        assert_eq!(Seeds::parse("7, 1..3"), Ok(Seeds(vec![7, 1, 2, 3])));
        assert_eq!(Seeds::parse("1..3,2"), Err("seed 2 is there twice".to_owned()));
        assert!(Seeds::parse("3..1").is_err());
        assert!(Seeds::parse("0..18446744073709551615").is_err());
        assert!(Seeds::parse("one").is_err_and(|why| why.contains("\"one\" is no seed")));
    }
}
