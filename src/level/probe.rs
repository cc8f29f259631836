//! Goals' requests: run one, and say whether it got what the goal expects.

use std::collections::BTreeSet;
use std::time::Duration;

use super::format::{Expect, Goal};
use super::place::{NoPlace, PlaceName};
use crate::api::Pod;
use crate::clock::SimTime;
use crate::cluster::{Cluster, Place};
use crate::network::{Outcome, Party, Trace, TraceId};
use crate::shell::{self, Files, Finished};

/// No request of a goal is waited for longer than this.
const LIMIT: Duration = Duration::from_secs(60);

/// How far back a container's own traffic explains what it has logged.
const TRAFFIC_WINDOW: Duration = Duration::from_secs(10);

/// One run of a goal's command, with everything that explains it.
#[derive(Clone, Debug)]
pub struct Run {
    /// What the command said; `None` when there was no place to run it.
    pub finished: Option<Finished>,
    /// Why there was no place.
    pub no_place: Option<NoPlace>,
    /// The packets that it sent, oldest first.
    pub traces: Vec<TraceId>,
    /// What was not as expected; `None` for a success.
    pub miss: Option<Miss>,
    /// The pod that served it.
    pub served_by: Option<Party>,
}

/// In what a run missed its goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// There was nowhere to run it.
    NoPlace,
    /// The command failed, or ended with another exit code.
    Exit { expected: i32, received: i32 },
    /// The text that it printed is another one.
    Output { expected: String },
    /// Another pod served it, or nobody did.
    Server { expected: String },
    /// It went to another address than the node's.
    Way { expected: String },
}

/// Runs a goal's command once, and lets the cluster's time pass as it waits.
pub fn run(cluster: &mut Cluster, goal: &Goal, files: &Files) -> Run {
    let place = PlaceName::parse(&goal.from).map(|name| name.find(cluster));
    let place = match place {
        Ok(Ok(place)) => place,
        Ok(Err(no_place)) => return Run::nowhere(Some(no_place)),
        Err(_) => return Run::nowhere(None),
    };
    let first = cluster.next_trace();
    let finished = shell::run_at(cluster, &place, files, &goal.run, LIMIT);
    let traces = match &goal.traffic {
        Some(container) => own_traffic(cluster, container),
        None => sent_by(cluster, &place, first),
    };
    let served_by = served_by(cluster, &traces);
    let miss = miss(cluster, &goal.expect, &finished, &traces);
    Run { finished: Some(finished), no_place: None, traces, miss, served_by }
}

impl Run {
    fn nowhere(no_place: Option<NoPlace>) -> Run {
        Run {
            finished: None,
            no_place,
            traces: Vec::new(),
            miss: Some(Miss::NoPlace),
            served_by: None,
        }
    }
}

/// The distinct pods that served successful runs.
pub fn spread(runs: &[Run]) -> usize {
    let servers: BTreeSet<&Party> = runs
        .iter()
        .filter(|run| run.miss.is_none())
        .filter_map(|run| run.served_by.as_ref())
        .collect();
    servers.len()
}

/// What a place sent from a trace number on. A command on the laptop may send from anywhere
/// (`kubectl exec`), so everything that pods and machines do not send by themselves counts.
pub fn sent_by(cluster: &Cluster, place: &Place, first: TraceId) -> Vec<TraceId> {
    // Pods on their node's network send as the node.
    let sender = cluster.netns_of(place).and_then(|from| cluster.network().netns(from.netns));
    let party = match (sender, place) {
        (Some(netns), _) => netns.party.clone(),
        (None, Place::Laptop) => Party::Laptop,
        (None, Place::Node(name)) => Party::Node(name.clone()),
        (None, Place::Container { namespace, pod, .. }) => {
            Party::Pod { namespace: namespace.clone(), name: pod.clone() }
        }
    };
    let ours = |trace: &&Trace| {
        trace.from == party
            && match place {
                Place::Container { container, .. } => {
                    trace.container.as_ref().is_none_or(|from| from == container)
                }
                Place::Laptop | Place::Node(_) => trace.container.is_none(),
            }
    };
    cluster.traces().filter(|trace| trace.id >= first).filter(ours).map(|trace| trace.id).collect()
}

/// What containers of this name have sent lately.
fn own_traffic(cluster: &Cluster, container: &str) -> Vec<TraceId> {
    let now = cluster.now();
    let recent = |at: SimTime| now.since(at) <= TRAFFIC_WINDOW;
    cluster
        .traces()
        .filter(|trace| trace.container.as_deref() == Some(container) && recent(trace.at))
        .map(|trace| trace.id)
        .collect()
}

/// The last packet that was sent for its own sake: not the questions to DNS before it.
pub(super) fn last_connection<'a>(cluster: &'a Cluster, traces: &[TraceId]) -> Option<&'a Trace> {
    traces.iter().rev().filter_map(|id| cluster.trace(*id)).find(|trace| trace.dns.is_none())
}

fn served_by(cluster: &Cluster, traces: &[TraceId]) -> Option<Party> {
    match &last_connection(cluster, traces)?.outcome {
        Outcome::Delivered { to, .. } => Some(to.clone()),
        _ => None,
    }
}

fn miss(
    cluster: &Cluster,
    expect: &Expect,
    finished: &Finished,
    traces: &[TraceId],
) -> Option<Miss> {
    if let Some(exit) = expect.exit
        && exit != finished.exit
    {
        return Some(Miss::Exit { expected: exit, received: finished.exit });
    }
    if let Some(text) = &expect.stdout
        && !String::from_utf8_lossy(&finished.stdout).contains(text.as_str())
    {
        return Some(Miss::Output { expected: text.clone() });
    }
    let server = served_by(cluster, traces);
    if let Some(expected) = wrong_server(cluster, expect, server.as_ref()) {
        return Some(Miss::Server { expected });
    }
    wrong_way(cluster, expect, traces)
}

fn wrong_server(cluster: &Cluster, expect: &Expect, server: Option<&Party>) -> Option<String> {
    let labels: Vec<String> = expect.served_by.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let expected = match &expect.served_by_pod {
        Some(pod) => format!("pod {pod}"),
        None if labels.is_empty() => return None,
        None => format!("a pod with {}", labels.join(",")),
    };
    let Some(Party::Pod { namespace, name }) = server else { return Some(expected) };
    let named = expect.served_by_pod.as_deref().is_none_or(|pod| pod == name.as_ref());
    let pod = cluster.objects().get::<Pod>(namespace, name);
    let has = pod.and_then(|pod| pod.metadata.labels.as_ref());
    let labelled = expect
        .served_by
        .iter()
        .all(|(key, value)| has.and_then(|labels| labels.get(key)) == Some(value));
    // A pod that was deleted right after it had answered has answered all the same.
    let gone = pod.is_none() && expect.served_by_pod.is_none();
    (!(named && (labelled || gone))).then_some(expected)
}

fn wrong_way(cluster: &Cluster, expect: &Expect, traces: &[TraceId]) -> Option<Miss> {
    let node = expect.via_node.as_deref()?;
    let entry = cluster.network().node(node);
    let dialled = last_connection(cluster, traces).map(|trace| trace.flow.destination.ip());
    let passed = dialled.is_some_and(|to| entry.is_some_and(|node| node.has_address(to)));
    (!passed).then(|| Miss::Way { expected: format!("the address of {node}") })
}
