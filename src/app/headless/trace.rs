//! `podhop trace LEVEL --from PLACE -- COMMAND`: the way of every packet that a command sends, and of
//! those that servers send on for it.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::check::refuse_half_replaced;
use super::objects::word;
use super::{Ended, FAILURE, Output, Usage, level_on, read_files};
use crate::app::cli::TraceArgs;
use crate::cluster::Cluster;
use crate::diagnostic::printable;
use crate::level::{Attempt, NoPlace, Pack, PlaceName, sent_since, short_party, with_answer};
use crate::network::{
    Because, Candidate, DnsAnswer, DnsCode, DnsExchange, Flow, Hop, Network, Outcome, Party,
    Passage, Stage, Trace, TraceId,
};
use crate::shell::{self, Files, Finished};

/// The level's cluster is given this long to come to rest before the command.
const SETTLE: Duration = Duration::from_secs(60);

/// The command may take this long in simulated time.
const LIMIT: Duration = Duration::from_secs(600);

/// Runs the command in the level's cluster, and tells each packet's way.
pub fn trace(arguments: &TraceArgs, pack: &Pack) -> Ended {
    let name = PlaceName::parse(&arguments.from)
        .map_err(|expected| Usage(format!("--from {:?}: {expected}", arguments.from)))?;
    let level = level_on(pack, &arguments.level, arguments.seed)?;
    let seed = arguments.seed.unwrap_or(level.first_seed());
    let mut attempt = Attempt::open(level, seed);
    let mut files = Files::new();
    for path in &arguments.manifests {
        files.extend(read_files(path)?);
    }
    if !files.is_empty() {
        refuse_half_replaced(attempt.files(), &files)?;
        let files = with_answer(attempt.files(), &files);
        *attempt.session_mut().files_mut() = files;
        attempt.apply();
    }
    let files = attempt.files().clone();
    let command = command_line(&arguments.command);
    let sent = send(attempt.cluster_mut(), &name, &command, &files)?;
    let cluster = attempt.cluster();
    let traces =
        with_consequences(cluster.traces().filter(|trace| trace.id >= sent.first), &sent.own);
    let mut out = Output::new();
    if arguments.json {
        let asked = (arguments.from.as_str(), command.as_str());
        out.json(&to_json(cluster.network(), asked, &sent.finished, &traces));
    } else {
        tell(&mut out, cluster.network(), &sent.finished, &traces);
    }
    Ok(if sent.finished.exit == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

/// A command that was run, and the packets that it sent.
struct Ran {
    finished: Finished,
    first: TraceId,
    own: Vec<TraceId>,
}

fn send(
    cluster: &mut Cluster,
    name: &PlaceName,
    command: &str,
    files: &Files,
) -> Result<Ran, Usage> {
    cluster.settle(SETTLE);
    let place = name.find(cluster).map_err(|why| Usage(nowhere(&why)))?;
    let first = cluster.next_trace();
    let finished = shell::run_at(cluster, &place, files, command, LIMIT);
    let own = sent_since(cluster, first, &finished.deeds);
    Ok(Ran { finished, first, own })
}

/// Runs a command in a cluster, and gives each packet's way as programs read it.
pub fn traced(
    cluster: &mut Cluster,
    from: &str,
    command: &str,
    files: &Files,
) -> Result<Value, Usage> {
    let name =
        PlaceName::parse(from).map_err(|expected| Usage(format!("from {from:?}: {expected}")))?;
    let sent = send(cluster, &name, command, files)?;
    let traces =
        with_consequences(cluster.traces().filter(|trace| trace.id >= sent.first), &sent.own);
    Ok(to_json(cluster.network(), (from, command), &sent.finished, &traces))
}

/// One word is a command line of its own (`-- 'curl web | head -1'`); several are a command's words
/// as the reader's shell left them, so that nothing in them is expanded a second time.
fn command_line(words: &[String]) -> String {
    match words {
        [line] => line.clone(),
        words => words.iter().map(|word| shell::quoted(word)).collect::<Vec<_>>().join(" "),
    }
}

/// The packets that were sent, and those that whoever had one of them sent on: a proxy to its
/// backends, a name server to another.
fn with_consequences<'a>(all: impl Iterator<Item = &'a Trace>, sent: &[TraceId]) -> Vec<&'a Trace> {
    let (mut kept, mut servers) = (Vec::new(), BTreeSet::new());
    for trace in all {
        if !sent.contains(&trace.id) && !servers.contains(&trace.from) {
            continue;
        }
        if let Outcome::Delivered { to: to @ Party::Pod { .. }, .. } = &trace.outcome {
            servers.insert(to.clone());
        }
        kept.push(trace);
    }
    kept
}

fn nowhere(why: &NoPlace) -> String {
    match why {
        NoPlace::Missing(name) => format!("there is no {name}; kubectl get all -A lists what runs"),
        NoPlace::NotRunning(name) => format!("{name} has no running pod"),
        NoPlace::NoContainer(name, container) => format!("{name} has no container {container:?}"),
    }
}

fn tell(out: &mut Output, network: &Network, finished: &Finished, traces: &[&Trace]) {
    for trace in traces {
        let Flow { protocol, source, destination } = trace.flow;
        let asked = trace.dns.as_ref().map(|dns| format!(", {} {}", dns.kind, dns.name));
        out.line(format!(
            "{} ms  {protocol} {source} → {destination}{}",
            trace.at.as_millis(),
            asked.unwrap_or_default()
        ));
        for (number, hop) in trace.hops.iter().enumerate() {
            out.line(format!("  {:>2} {} {hop}", number + 1, hop.verdict.sign()));
            let returns = if hop.stage == Stage::Reply { way_back(trace) } else { Vec::new() };
            for detail in details(network, hop).into_iter().chain(returns) {
                out.line(format!("       {detail}"));
            }
        }
        out.line(format!("     {}", trace.outcome));
        if let Some(exchange) = &trace.dns {
            out.line(format!("     {}", answered(exchange.answer.as_ref())));
        }
        out.line("");
    }
    if traces.is_empty() {
        out.line("No packet was sent.\n");
    }
    for stream in [&finished.stdout, &finished.stderr] {
        out.write(printable(&String::from_utf8_lossy(stream)).as_bytes());
    }
    out.line(format!("exit {}", finished.exit));
}

/// The rules that decided at a hop, the endpoints that they passed over, and what NAT did.
fn details(network: &Network, hop: &Hop) -> Vec<String> {
    let chains = network.chains(hop);
    let mut lines = Vec::new();
    if !chains.is_empty() {
        lines.push(format!("by {}", chains.join(" → ")));
    }
    lines.extend(hop.passed_over());
    let undone = hop.stage == Stage::Reply;
    let pairs = [
        ("DNAT", hop.before.destination, hop.after.destination),
        ("SNAT", hop.before.source, hop.after.source),
    ];
    let changed = pairs.iter().filter(|(_, before, after)| before != after && !undone);
    lines.extend(changed.map(|(name, before, after)| format!("{name} {before} → {after}")));
    lines
}

/// Where the reply passes, and where NAT is undone.
fn way_back(trace: &Trace) -> Vec<String> {
    let passages = trace.way_back().into_iter().map(|Passage { place, before, after }| {
        let mut line = format!("through {}", short_party(&place));
        if before.source != after.source {
            line += &format!(", source {} → {}", before.source, after.source);
        }
        if before.destination != after.destination {
            line += &format!(", destination {} → {}", before.destination, after.destination);
        }
        line
    });
    passages.collect()
}

/// `NOERROR web.default.svc.cluster.local. 10.96.14.3`
fn answered(answer: Option<&DnsAnswer>) -> String {
    let Some(answer) = answer else { return "no answer from a name server".to_owned() };
    let records = answer.records.iter().map(|record| {
        format!(" {} {} {}", record.name, record.data.kind(), printable(&record.data.to_string()))
    });
    let records: Vec<String> = records.collect();
    match (answer.code, records.is_empty()) {
        (DnsCode::NoError, true) => "it says: the name exists, without such a record".to_owned(),
        _ => format!("it says: {}{}", answer.code, records.join(",")),
    }
}

fn to_json(
    network: &Network,
    (from, command): (&str, &str),
    finished: &Finished,
    traces: &[&Trace],
) -> Value {
    json!({
        "from": from,
        "command": command,
        "stdout": String::from_utf8_lossy(&finished.stdout),
        "stderr": String::from_utf8_lossy(&finished.stderr),
        "exit": finished.exit,
        "traces": traces.iter().map(|trace| trace_json(network, trace)).collect::<Vec<_>>(),
    })
}

fn trace_json(network: &Network, trace: &Trace) -> Value {
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
    let way_back = trace.way_back().into_iter().map(|passage| {
        json!({
            "place": passage.place.to_string(),
            "before": flow_json(&passage.before),
            "after": flow_json(&passage.after),
        })
    });
    json!({
        "at": trace.at.as_millis(),
        "from": trace.from.to_string(),
        "container": trace.container.as_deref(),
        "packet": flow_json(&trace.flow),
        "dns": trace.dns.as_ref().map(dns_json),
        "hops": trace.hops.iter().map(|hop| hop_json(network, hop)).collect::<Vec<_>>(),
        "wayBack": way_back.collect::<Vec<_>>(),
        "outcome": outcome,
    })
}

fn dns_json(exchange: &DnsExchange) -> Value {
    let answer = exchange.answer.as_ref().map(|answer| {
        let records = answer.records.iter().map(|record| {
            json!({
                "name": record.name,
                "type": record.data.kind().to_string(),
                "ttl": record.ttl,
                "data": record.data.to_string(),
            })
        });
        json!({ "code": answer.code.to_string(), "records": records.collect::<Vec<_>>() })
    });
    json!({
        "name": exchange.name.as_ref(),
        "type": exchange.kind.to_string(),
        "answer": answer,
    })
}

/// A hop; with the Service's rules and endpoints, or the policies, where they decided.
fn hop_json(network: &Network, hop: &Hop) -> Value {
    let mut value = json!({
        "place": hop.place.to_string(),
        "stage": word(&hop.stage),
        "verdict": word(&hop.verdict),
        "says": hop.sentence(),
        "before": flow_json(&hop.before),
        "after": flow_json(&hop.after),
    });
    let chains = network.chains(hop);
    if !chains.is_empty() {
        value["chains"] = chains.iter().map(AsRef::as_ref).collect();
    }
    let candidates = hop.candidates();
    if !candidates.is_empty() {
        value["endpoints"] = candidates.iter().map(endpoint_json).collect();
    }
    match &hop.because {
        Because::PolicyDenies { policies } => {
            value["policies"] = policies.iter().map(AsRef::as_ref).collect();
        }
        Because::PolicyAllows { policy, .. } => value["policies"] = json!([policy.as_ref()]),
        _ => {}
    }
    value
}

fn endpoint_json(candidates: &Candidate<'_>) -> Value {
    let endpoint = candidates.endpoint;
    json!({
        "address": endpoint.address.to_string(),
        "pod": endpoint.pod.as_ref().map(Party::to_string),
        "node": endpoint.node.as_deref(),
        "ready": endpoint.ready,
        "serving": endpoint.serving,
        "terminating": endpoint.terminating,
        "fate": word(&candidates.fate),
    })
}

fn flow_json(flow: &Flow) -> Value {
    json!({
        "protocol": flow.protocol.to_string(),
        "source": flow.source.to_string(),
        "destination": flow.destination.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_s_shell_has_expanded_already() {
        let words = ["sh", "-c", "echo it's $HOME *", ""].map(str::to_owned);
        assert_eq!(command_line(&words), r"sh -c 'echo it'\''s $HOME *' ''");
        assert_eq!(command_line(&["curl web | head -1".to_owned()]), "curl web | head -1");
    }
}
