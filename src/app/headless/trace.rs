//! `podhop trace LEVEL --from PLACE -- COMMAND`: the way of every packet that a command sends.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Ended, FAILURE, Output, Usage, level, read_files};
use crate::app::cli::TraceArgs;
use crate::diagnostic::printable;
use crate::level::{Attempt, NoPlace, Pack, PlaceName, sent_by, with_answer};
use crate::network::{Flow, Hop, Outcome, Trace};
use crate::shell::{self, Files, Finished};

/// The level's cluster is given this long to come to rest before the command.
const SETTLE: Duration = Duration::from_secs(60);

/// The command may take this long in simulated time.
const LIMIT: Duration = Duration::from_secs(600);

/// Runs the command in the level's cluster, and tells each packet's way.
pub fn trace(arguments: &TraceArgs, pack: &Pack) -> Ended {
    let name = PlaceName::parse(&arguments.from)
        .map_err(|expected| Usage(format!("--from {:?}: {expected}", arguments.from)))?;
    let mut attempt = Attempt::open(level(pack, &arguments.level)?.clone(), arguments.seed);
    let mut files = Files::new();
    for path in &arguments.manifests {
        files.extend(read_files(path)?);
    }
    if !files.is_empty() {
        let files = with_answer(attempt.files(), &files);
        *attempt.session_mut().files_mut() = files;
        attempt.apply();
    }
    let files = attempt.files().clone();
    let cluster = attempt.cluster_mut();
    cluster.settle(SETTLE);
    let place = name.find(cluster).map_err(|why| Usage(nowhere(&why)))?;
    let command = arguments.command.join(" ");
    let first = cluster.next_trace();
    let finished = shell::run_at(cluster, &place, &files, &command, LIMIT);
    let sent = sent_by(cluster, &place, first);
    let traces: Vec<&Trace> = sent.iter().filter_map(|id| cluster.trace(*id)).collect();
    let mut out = Output::new();
    if arguments.json {
        out.line(to_json(&arguments.from, &command, &finished, &traces).to_string());
    } else {
        tell(&mut out, &finished, &traces);
    }
    Ok(if finished.exit == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

fn nowhere(why: &NoPlace) -> String {
    match why {
        NoPlace::Missing(name) => format!("there is no {name}; kubectl get all -A lists what runs"),
        NoPlace::NotRunning(name) => format!("{name} has no running pod"),
        NoPlace::NoContainer(name, container) => format!("{name} has no container {container:?}"),
    }
}

fn tell(out: &mut Output, finished: &Finished, traces: &[&Trace]) {
    for trace in traces {
        let Flow { protocol, source, destination } = trace.flow;
        let asked = trace
            .dns
            .as_ref()
            .map(|dns| format!(", {} {}", format!("{:?}", dns.kind).to_uppercase(), dns.name));
        out.line(format!(
            "{} ms  {protocol} {source} → {destination}{}",
            trace.at.as_millis(),
            asked.unwrap_or_default()
        ));
        for (number, hop) in trace.hops.iter().enumerate() {
            out.line(format!("  {:>2} {} {hop}", number + 1, hop.verdict.sign()));
            for change in changes(hop) {
                out.line(format!("       {change}"));
            }
        }
        out.line(format!("     {}\n", trace.outcome));
    }
    if traces.is_empty() {
        out.line("No packet was sent.\n");
    }
    for stream in [&finished.stdout, &finished.stderr] {
        out.write(printable(&String::from_utf8_lossy(stream)).as_bytes());
    }
    out.line(format!("exit {}", finished.exit));
}

/// What NAT did at a hop.
fn changes(hop: &Hop) -> Vec<String> {
    let pairs = [
        ("DNAT", hop.before.destination, hop.after.destination),
        ("SNAT", hop.before.source, hop.after.source),
    ];
    let changed = pairs.iter().filter(|(_, before, after)| before != after);
    changed.map(|(name, before, after)| format!("{name} {before} → {after}")).collect()
}

fn to_json(from: &str, command: &str, finished: &Finished, traces: &[&Trace]) -> Value {
    json!({
        "from": from,
        "command": command,
        "stdout": String::from_utf8_lossy(&finished.stdout),
        "stderr": String::from_utf8_lossy(&finished.stderr),
        "exit": finished.exit,
        "traces": traces.iter().map(|trace| trace_json(trace)).collect::<Vec<_>>(),
    })
}

fn trace_json(trace: &Trace) -> Value {
    let dns = trace.dns.as_ref().map(|dns| {
        json!({ "name": dns.name.as_ref(), "type": format!("{:?}", dns.kind).to_uppercase() })
    });
    let outcome = match &trace.outcome {
        Outcome::Delivered { to, at, seen_from } => json!({
            "kind": "delivered",
            "to": to.to_string(),
            "at": at.to_string(),
            "seenFrom": seen_from.to_string(),
        }),
        Outcome::Refused => json!({ "kind": "refused" }),
        Outcome::Unreachable => json!({ "kind": "unreachable" }),
        Outcome::Silence => json!({ "kind": "silence" }),
    };
    json!({
        "at": trace.at.as_millis(),
        "from": trace.from.to_string(),
        "container": trace.container.as_deref(),
        "packet": flow_json(&trace.flow),
        "dns": dns,
        "hops": trace.hops.iter().map(hop_json).collect::<Vec<_>>(),
        "outcome": outcome,
    })
}

fn hop_json(hop: &Hop) -> Value {
    json!({
        "place": hop.place.to_string(),
        "stage": format!("{:?}", hop.stage),
        "verdict": format!("{:?}", hop.verdict),
        "says": hop.sentence(),
        "before": flow_json(&hop.before),
        "after": flow_json(&hop.after),
    })
}

fn flow_json(flow: &Flow) -> Value {
    json!({
        "protocol": flow.protocol.to_string(),
        "source": flow.source.to_string(),
        "destination": flow.destination.to_string(),
    })
}
