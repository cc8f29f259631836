//! Goals' requests: run one, and say whether it got what the goal expects.
//!
//! What a client prints is one thing; who served it, with which words, is another, and is read from
//! the cluster's own record of its packets and answers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Container;

use super::format::{Choice, Claim, Expect, Goal, ObjectField, Predict};
use super::heard;
use super::place::{NoPlace, PlaceName};
use crate::api::{Kind, Labels, Pod};
use crate::clock::SimTime;
use crate::cluster::{ApplyOutcome, Cluster, Deed, Did, ObjectName, Place, Served};
use crate::network::{Netns, Outcome, Party, Trace, TraceId};
use crate::shell::{self, Files, Finished};

/// No request of a goal is waited for longer than this.
const LIMIT: Duration = Duration::from_secs(60);

/// How far back a container's own traffic explains what it has logged.
const TRAFFIC_WINDOW: Duration = Duration::from_secs(10);

/// A command, where it runs, and what it has to answer: a goal's, or a claim's.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Where it runs.
    pub from: &'a str,
    /// The command.
    pub run: &'a str,
    /// What it has to answer.
    pub expect: &'a Expect,
    /// The container whose own requests count, in place of the command's.
    pub traffic: Option<&'a str>,
    /// What else it could come to.
    pub choices: &'a [Choice],
}

/// One run of a goal's command, with everything that explains it.
#[derive(Clone, Debug)]
pub struct Run {
    /// What the command said; `None` when there was no place to run it.
    pub finished: Option<Finished>,
    /// Why there was no place.
    pub no_place: Option<NoPlace>,
    /// The packets that it sent, oldest first.
    pub traces: Vec<TraceId>,
    /// What its programs did and what came of it, oldest first.
    pub deeds: Vec<Arc<Deed>>,
    /// What was not as expected; `None` for a success.
    pub miss: Option<Miss>,
    /// Whether the goal names its server, and that one answered, whatever it said.
    pub right_server: bool,
    /// Who served it: each of its requests.
    pub served_by: BTreeSet<Party>,
    /// Which of the choices it came to, counted from 0.
    pub fits: Vec<usize>,
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
    /// Another pod served it, or another of its containers, or nobody did.
    Server { expected: String, received: Option<String> },
    /// The right pod served it, with other words than the command printed.
    Answer { expected: String },
    /// It went to another address than the node's.
    Way { expected: String },
    /// Nothing that it printed matches.
    Pattern { expected: String },
    /// It printed what it must not.
    Unwanted { text: String },
    /// Standard error is another one.
    Errors { expected: String },
    /// It took longer than it may.
    Late { within: Duration, took: Duration },
    /// A field of an object is another one.
    Field { object: String, path: String, expected: String, received: String },
}

impl<'a> From<&'a Goal> for Request<'a> {
    fn from(goal: &'a Goal) -> Self {
        let traffic = goal.traffic.as_deref();
        let choices = match &goal.predict {
            Predict::Own(prediction) => prediction.choices.as_slice(),
            Predict::Usual | Predict::Nothing => &[],
        };
        Request { from: &goal.from, run: &goal.run, expect: &goal.expect, traffic, choices }
    }
}

impl<'a> From<&'a Claim> for Request<'a> {
    fn from(claim: &'a Claim) -> Self {
        let Claim { from, run, expect } = claim;
        Request { from, run, expect, traffic: None, choices: &[] }
    }
}

/// Runs a command once, and lets the cluster's time pass as it waits.
pub fn run(cluster: &mut Cluster, request: Request<'_>, files: &Files) -> Run {
    let place = PlaceName::parse(request.from).map(|name| name.find(cluster));
    let place = match place {
        Ok(Ok(place)) => place,
        Ok(Err(no_place)) => return Run::nowhere(Some(no_place)),
        Err(_) => return Run::nowhere(None),
    };
    let first = cluster.next_trace();
    let began = cluster.now();
    let finished = shell::run_at(cluster, &place, files, request.run, LIMIT);
    let took = cluster.now().since(began);
    let (asker, mut traces) = match request.traffic {
        Some(container) => own_traffic(cluster, container),
        None => (Some(place.clone()), sent_since(cluster, first, &finished.deeds)),
    };
    let connections = connections(cluster, &traces);
    let came = Came {
        cluster,
        finished: &finished,
        took,
        connections: &connections,
        asker: asker.as_ref(),
    };
    let judged = came.judge(request.expect);
    let right_server = request.expect.wants_server() && came.servers(request.expect).is_ok();
    let fits = |choice: &(usize, &Choice)| came.judge(&choice.1.expect).is_ok();
    let fits = request.choices.iter().enumerate().filter(fits).map(|(index, _)| index).collect();
    let served_by = match &judged {
        Ok(server) => server.clone(),
        Err(_) => connections.last().and_then(|one| one.server().cloned()).into_iter().collect(),
    };
    let deeds = match request.traffic {
        Some(container) => own_deeds(cluster, container, asker.as_ref()),
        None => finished.deeds.clone(),
    };
    let sent = sent_since(cluster, first, &finished.deeds);
    // Where the command asks somebody itself, and the container has sent nothing for it, its own
    // packets tell what became of it.
    let own = request.traffic.is_some() && connections.is_empty() && !sent.is_empty();
    let deeds = if own { finished.deeds.clone() } else { deeds };
    if own {
        traces = sent;
    } else if let Some(container) = request.traffic.filter(|_| traces.is_empty()) {
        traces = earlier_traffic(cluster, asker.as_ref());
        if traces.is_empty() {
            traces = namesakes_traffic(cluster, container, asker.as_ref());
        }
    }
    let miss = judged.err();
    let finished = Some(finished);
    Run { finished, no_place: None, traces, deeds, miss, right_server, served_by, fits }
}

/// How much of an answer is quoted, in characters.
const QUOTED: usize = 100;

/// A text as one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines that several programs wrote, perhaps, quoted in one: a stroke says where each ends.
fn quoted_lines(text: &str) -> String {
    let lines = text.lines().map(one_line).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" / ")
}

impl Run {
    /// The beginning of what its command printed, on one line, to be quoted.
    pub fn excerpt(&self) -> String {
        let (printed, errors) = self.finished.as_ref().map(Finished::texts).unwrap_or_default();
        if printed.is_empty() {
            return heard::shortened(&quoted_lines(&errors), 2 * QUOTED);
        }
        let text = match heard::telling_line(self, &printed) {
            Some(line) => one_line(&line),
            None if errors.trim().is_empty() => one_line(&printed),
            None => format!("{} / {}", one_line(&printed), quoted_lines(&errors)),
        };
        let mut short: String = text.chars().take(QUOTED).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        short
    }

    fn nowhere(no_place: Option<NoPlace>) -> Run {
        Run {
            finished: None,
            no_place,
            traces: Vec::new(),
            deeds: Vec::new(),
            miss: Some(Miss::NoPlace),
            right_server: false,
            served_by: BTreeSet::new(),
            fits: Vec::new(),
        }
    }
}

/// The distinct pods that served successful runs and are still there: those that have gone since, or are
/// going, serve nobody any more.
pub fn served(cluster: &Cluster, runs: &[Run]) -> BTreeSet<Party> {
    let good = runs.iter().filter(|run| run.miss.is_none());
    good.flat_map(|run| &run.served_by).filter(|party| is_there(cluster, party)).cloned().collect()
}

/// Whether somebody who served is still there to serve.
pub fn is_there(cluster: &Cluster, party: &Party) -> bool {
    let Party::Pod { namespace, name } = party else { return true };
    let pod = cluster.objects().get::<Pod>(namespace, name);
    pod.is_some_and(|pod| pod.metadata.deletion_timestamp.is_none())
}

/// A pod that a command made without a manifest (`kubectl run`, `kubectl debug`), and that asks in its place.
struct MadePod<'a> {
    party: Party,
    /// For one on its node's network: as whom it sends, and its containers.
    on_node: Option<(Party, &'a [Container])>,
}

impl MadePod<'_> {
    fn has_sent(&self, trace: &Trace) -> bool {
        let is_of = |containers: &[Container]| {
            let from = trace.container.as_deref();
            containers.iter().any(|container| Some(container.name.as_str()) == from)
        };
        let as_node =
            |(node, containers): &(Party, &[Container])| trace.from == *node && is_of(containers);
        trace.from == self.party || self.on_node.as_ref().is_some_and(as_node)
    }
}

fn made_pods<'a>(cluster: &'a Cluster, deeds: &[Arc<Deed>]) -> Vec<MadePod<'a>> {
    let made = deeds.iter().filter_map(|deed| match &deed.did {
        Did::Created { object } if object.kind == Kind::Pod => Some(object),
        _ => None,
    });
    let made = made.map(|object| {
        let pod = cluster.objects().get::<Pod>(&object.namespace, &object.name);
        let spec = pod.and_then(|pod| pod.spec.as_ref());
        let on_node = spec.filter(|spec| spec.host_network == Some(true)).and_then(|spec| {
            let node = spec.node_name.as_deref()?;
            Some((Party::Node(node.into()), spec.containers.as_slice()))
        });
        let (namespace, name) = (object.namespace.as_str().into(), object.name.as_str().into());
        MadePod { party: Party::Pod { namespace, name }, on_node }
    });
    made.collect()
}

/// What commands that are typed or run from outside have sent from a trace number on, from wherever
/// (`kubectl exec`), the pods among it that they made for it: what other pods and machines send by
/// themselves is left out.
pub fn sent_since(cluster: &Cluster, first: TraceId, deeds: &[Arc<Deed>]) -> Vec<TraceId> {
    let made = made_pods(cluster, deeds);
    let ours = |trace: &&Trace| {
        trace.id >= first && (trace.process.is_none() || made.iter().any(|pod| pod.has_sent(trace)))
    };
    cluster.traces().filter(ours).map(|trace| trace.id).collect()
}

/// Who a place's packets come from: pods on their node's network send as the node.
fn party_of(cluster: &Cluster, place: &Place) -> Party {
    let sender = cluster.netns_of(place).and_then(|from| cluster.network().netns(from.netns));
    match (sender, place) {
        (Some(netns), _) => netns.party.clone(),
        (None, Place::Laptop) => Party::Laptop,
        (None, Place::Node(name)) => Party::Node(name.clone()),
        (None, Place::Container { namespace, pod, .. }) => {
            Party::Pod { namespace: namespace.clone(), name: pod.clone() }
        }
    }
}

/// Whether a place's own processes sent it, rather than somebody who typed a command there.
fn is_sent_by(trace: &Trace, place: &Place, party: &Party) -> bool {
    trace.process.is_some()
        && trace.from == *party
        && match place {
            Place::Container { container, .. } => {
                trace.container.as_ref().is_none_or(|from| from == container)
            }
            Place::Laptop | Place::Node(_) => trace.container.is_none(),
        }
}

/// When the pod of a place was made: what an earlier pod of that name did is not its own.
pub(super) fn made_at(cluster: &Cluster, place: &Place) -> SimTime {
    let Place::Container { namespace, pod: pod_name, .. } = place else { return SimTime::START };
    let pod = cluster.objects().get::<Pod>(namespace, pod_name);
    let made = pod.and_then(|pod| pod.metadata.creation_timestamp.as_ref());
    let made = made.map_or(SimTime::START, |made| SimTime::from_timestamp(made.0));
    // The object knows the second alone: who applied it knows the moment.
    let own = |object: &ObjectName| {
        object.kind == Kind::Pod && *object.namespace == **namespace && object.name == **pod_name
    };
    let exact = cluster.deeds().rev().find(|deed| match &deed.did {
        Did::Applied(applied) => {
            applied.outcome == ApplyOutcome::Created && !applied.dry_run && own(&applied.object)
        }
        Did::Created { object } => own(object),
        _ => false,
    });
    exact.map_or(made, |deed| made.max(deed.at))
}

/// Who sends by itself, as it is now.
struct Sender<'a> {
    place: &'a Place,
    party: Party,
    /// When its pod was made.
    made: SimTime,
    /// The network that its pod has, once it has one.
    netns: Option<&'a Netns>,
}

impl<'a> Sender<'a> {
    fn of(cluster: &'a Cluster, place: &'a Place) -> Sender<'a> {
        let netns = cluster.netns_of(place).and_then(|from| cluster.network().netns(from.netns));
        Sender { place, party: party_of(cluster, place), made: made_at(cluster, place), netns }
    }

    /// Whether a packet is its own, and not of an earlier pod of that name, which had another address.
    fn has_sent(&self, trace: &Trace) -> bool {
        trace.at >= self.made
            && is_sent_by(trace, self.place, &self.party)
            && self.has_its_address(trace)
    }

    fn has_its_address(&self, trace: &Trace) -> bool {
        self.netns.is_some_and(|netns| netns.has_address(trace.flow.source.ip()))
    }
}

/// A container, and what it has sent lately by itself.
fn own_traffic(cluster: &Cluster, container: &str) -> (Option<Place>, Vec<TraceId>) {
    let name = PlaceName::parse(container).ok();
    let place =
        name.and_then(|name| name.find(cluster).ok().or_else(|| name.in_named_pod(cluster)));
    let Some(place) = place else { return (None, Vec::new()) };
    let sender = Sender::of(cluster, &place);
    let ours = lately(cluster).filter(|trace| sender.has_sent(trace));
    let traces = ours.map(|trace| trace.id).collect();
    (Some(place), traces)
}

/// The last that a container has sent, however long ago: a client that still waits explains its
/// silence by it.
fn earlier_traffic(cluster: &Cluster, place: Option<&Place>) -> Vec<TraceId> {
    let Some(place) = place else { return Vec::new() };
    let sender = Sender::of(cluster, place);
    let sent: Vec<&Trace> = cluster.traces().filter(|trace| sender.has_sent(trace)).collect();
    let Some(last) = sent.last() else { return Vec::new() };
    let close = sent.iter().filter(|trace| last.at.since(trace.at) <= TRAFFIC_WINDOW);
    close.map(|trace| trace.id).collect()
}

/// What a container has sent last by itself, as a run of its own that misses what `run` misses; `None` where it has
/// sent nothing.
pub(super) fn of_container(cluster: &Cluster, place: &Place, run: Option<&Run>) -> Option<Run> {
    let traces = earlier_traffic(cluster, Some(place));
    let made = made_at(cluster, place);
    let own = cluster.deeds().filter(|deed| deed.place == *place && deed.at >= made);
    let deeds = own.cloned().collect();
    let miss = run.and_then(|run| run.miss.clone());
    (!traces.is_empty()).then(|| Run { traces, deeds, miss, ..Run::nowhere(None) })
}

/// What other containers of the same name have sent lately, which explains why the right one sent
/// nothing.
fn namesakes_traffic(cluster: &Cluster, container: &str, asker: Option<&Place>) -> Vec<TraceId> {
    let Some(name) = PlaceName::parse(container).ok().and_then(|place| place.container) else {
        return Vec::new();
    };
    let sender = asker.map(|place| Sender::of(cluster, place));
    let other = |trace: &&Trace| {
        sender.as_ref().is_none_or(|own| trace.from != own.party || own.has_sent(trace))
    };
    let ours = lately(cluster).filter(|trace| trace.container.as_deref() == Some(&name));
    let ours = ours.filter(other);
    ours.map(|trace| trace.id).collect()
}

/// The last that a container has done by itself, or where there is none, its namesakes.
fn own_deeds(cluster: &Cluster, container: &str, place: Option<&Place>) -> Vec<Arc<Deed>> {
    let name = PlaceName::parse(container).ok().and_then(|name| name.container);
    let made = place.map(|place| made_at(cluster, place));
    let is_own = |deed: &Deed| match (place, &deed.place) {
        (Some(place), own) => place == own && made.is_none_or(|made| deed.at >= made),
        (None, Place::Container { container: own, .. }) => name.as_deref() == Some(&**own),
        (None, _) => false,
    };
    let done: Vec<&Arc<Deed>> =
        cluster.deeds().filter(|deed| deed.process.is_some() && is_own(deed)).collect();
    let Some(last) = done.last() else { return Vec::new() };
    let close = done.iter().filter(|deed| last.at.since(deed.at) <= TRAFFIC_WINDOW);
    close.map(|deed| Arc::clone(deed)).collect()
}

fn lately(cluster: &Cluster) -> impl Iterator<Item = &Trace> {
    let now = cluster.now();
    let recent = move |at: SimTime| now.since(at) <= TRAFFIC_WINDOW;
    cluster.traces().filter(move |trace| recent(trace.at))
}

/// The last packet that was sent for its own sake: not the questions to DNS before it.
pub(super) fn last_connection<'a>(cluster: &'a Cluster, traces: &[TraceId]) -> Option<&'a Trace> {
    traces.iter().rev().filter_map(|id| cluster.trace(*id)).find(|trace| trace.dns.is_none())
}

/// A packet that was sent, and who answered it.
struct Connection<'a> {
    trace: &'a Trace,
    /// The server that has the connection, if somebody has, and those behind it that it asked itself
    /// before it answered: what stands behind a proxy.
    servers: Vec<Server<'a>>,
}

/// Somebody who answered.
struct Server<'a> {
    /// The pod, on its node's network too.
    party: Party,
    /// Where it was reached.
    port: u16,
    answers: Vec<&'a Served>,
}

impl Connection<'_> {
    /// The server that has the connection.
    fn server(&self) -> Option<&Party> {
        self.servers.first().map(|server| &server.party)
    }
}

/// How many servers are looked for behind one another.
const DEEPEST: u32 = 8;

fn connections<'a>(cluster: &'a Cluster, traces: &[TraceId]) -> Vec<Connection<'a>> {
    let sent = traces.iter().filter_map(|id| cluster.trace(*id));
    sent.filter(|trace| trace.dns.is_none())
        .map(|trace| {
            let mut servers = Vec::new();
            servers_of(cluster, trace, DEEPEST, &mut servers);
            Connection { trace, servers }
        })
        .collect()
}

/// Who answered a packet, and whom each asked for its answer.
fn servers_of<'a>(
    cluster: &'a Cluster,
    trace: &Trace,
    deepest: u32,
    servers: &mut Vec<Server<'a>>,
) {
    let Outcome::Delivered { to, at, .. } = &trace.outcome else { return };
    let answers: Vec<&Served> = cluster.served(trace.id).collect();
    let pod = answers.first().and_then(|served| match &served.place {
        Some(Place::Container { namespace, pod, .. }) => {
            Some(Party::Pod { namespace: namespace.clone(), name: pod.clone() })
        }
        _ => None,
    });
    let onward = answers.iter().flat_map(|served| &served.onward);
    let onward: Vec<&Trace> = onward.filter_map(|id| cluster.trace(*id)).collect();
    servers.push(Server { party: pod.unwrap_or_else(|| to.clone()), port: at.port(), answers });
    if deepest > 0 {
        for trace in onward.into_iter().filter(|trace| trace.dns.is_none()) {
            servers_of(cluster, trace, deepest - 1, servers);
        }
    }
}

/// The last server that a command's packets reached, behind a proxy if there is one, and its port.
pub(super) fn last_server(cluster: &Cluster, traces: &[TraceId]) -> Option<(Party, u16)> {
    let last = connections(cluster, traces).pop()?.servers.pop()?;
    Some((last.party, last.port))
}

/// What a command came to.
struct Came<'a> {
    cluster: &'a Cluster,
    finished: &'a Finished,
    took: Duration,
    connections: &'a [Connection<'a>],
    asker: Option<&'a Place>,
}

impl Came<'_> {
    /// Who served it, or in what it missed.
    fn judge(&self, expect: &Expect) -> Result<BTreeSet<Party>, Miss> {
        self.printed(expect)?;
        if let Some(within) = expect.within.filter(|within| self.took > *within) {
            return Err(Miss::Late { within, took: self.took });
        }
        if let Some(object) = &expect.object {
            object.judge(self.cluster)?;
        }
        if !expect.wants_server() {
            let all = self.connections.iter().filter_map(|connection| connection.server().cloned());
            return Ok(all.collect());
        }
        self.servers(expect)
    }

    /// The servers that are wanted, as far as they served it.
    fn servers(&self, expect: &Expect) -> Result<BTreeSet<Party>, Miss> {
        let mut servers = BTreeSet::new();
        for wanted in wanted(expect) {
            let judged =
                self.connections.iter().rev().map(|connection| {
                    wanted.server_in(self.cluster, connection, self.asker).cloned()
                });
            let judged: Vec<Result<Party, Miss>> = judged.collect();
            let found: Vec<&Party> = judged.iter().filter_map(|one| one.as_ref().ok()).collect();
            if found.is_empty() {
                let missed = judged.into_iter().find_map(Result::err);
                return Err(missed.unwrap_or_else(|| Miss::Server {
                    expected: wanted.server(),
                    received: None,
                }));
            }
            servers.extend(found.into_iter().cloned());
        }
        Ok(servers)
    }

    /// Whether it ended and printed as it has to.
    fn printed(&self, expect: &Expect) -> Result<(), Miss> {
        let received = self.finished.exit;
        if let Some(expected) = expect.exit.filter(|expected| *expected != received) {
            return Err(Miss::Exit { expected, received });
        }
        let output = String::from_utf8_lossy(&self.finished.stdout);
        if let Some(text) = expect.stdout.as_ref().filter(|text| !output.contains(text.as_str())) {
            return Err(Miss::Output { expected: text.clone() });
        }
        if let Some(pattern) = expect.matches.as_ref().filter(|pattern| !pattern.is_in(&output)) {
            return Err(Miss::Pattern { expected: pattern.as_str().to_owned() });
        }
        if let Some(text) = expect.absent.as_ref().filter(|text| output.contains(text.as_str())) {
            return Err(Miss::Unwanted { text: text.clone() });
        }
        let errors = String::from_utf8_lossy(&self.finished.stderr);
        if let Some(text) = expect.stderr.as_ref().filter(|text| !errors.contains(text.as_str())) {
            return Err(Miss::Errors { expected: text.clone() });
        }
        Ok(())
    }
}

impl ObjectField {
    /// Asks kubectl for the field, as its reader would.
    fn judge(&self, cluster: &Cluster) -> Result<(), Miss> {
        let ObjectField { kind, name, namespace, path, equals } = self;
        let kind = kind.resource();
        let words =
            ["kubectl", "get", &kind, name, "-n", namespace, "-o", &format!("jsonpath={path}")];
        let command: Vec<String> = words.iter().map(|word| shell::quoted(word)).collect();
        let mut aside = cluster.clone();
        let files = Files::new();
        let finished = shell::run_at(&mut aside, &Place::Laptop, &files, &command.join(" "), LIMIT);
        let (printed, errors) = finished.texts();
        if finished.exit == 0 && printed == *equals {
            return Ok(());
        }
        Err(Miss::Field {
            object: format!("{kind} {name}"),
            path: path.clone(),
            expected: equals.clone(),
            received: printed + errors.trim_end(),
        })
    }
}

impl Miss {
    /// What was missed, in words: `it does not print "ok"`.
    pub(super) fn words(&self) -> String {
        match self {
            Miss::NoPlace => "there is nowhere to run it".to_owned(),
            Miss::Exit { expected, received } => {
                format!("it ends with exit code {received}, not {expected}")
            }
            Miss::Output { expected } => format!("it does not print {expected:?}"),
            Miss::Server { expected, .. } => format!("it is not served by {expected}"),
            Miss::Answer { expected } => format!("no server answers {expected:?}"),
            Miss::Way { expected } => format!("it is not sent to {expected}"),
            Miss::Pattern { expected } => format!("it prints nothing that matches {expected:?}"),
            Miss::Unwanted { text } => format!("it prints {text:?}"),
            Miss::Errors { expected } => format!("it does not print {expected:?} as an error"),
            Miss::Late { within, took } => {
                format!("it takes {} ms, longer than {} ms", took.as_millis(), within.as_millis())
            }
            Miss::Field { object, path, expected, received } => {
                format!("{path} of {object} is {received:?}, not {expected:?}")
            }
        }
    }
}

/// What one of a run's connections has to be.
struct Wanted<'a> {
    expect: &'a Expect,
    pod: Option<&'a str>,
    node: Option<&'a str>,
}

/// One connection for each pod that has to serve, and one to each node.
fn wanted(expect: &Expect) -> Vec<Wanted<'_>> {
    let pods = expect.served_by_pod.iter().map(|pod| (Some(pod.as_str()), None));
    let nodes = expect.via_node.iter().map(|node| (None, Some(node.as_str())));
    let mut all: Vec<_> = pods.chain(nodes).collect();
    if all.is_empty() {
        all.push((None, None));
    }
    all.into_iter().map(|(pod, node)| Wanted { expect, pod, node }).collect()
}

impl Wanted<'_> {
    /// Who of a connection's servers this is, or in what the connection misses it.
    fn server_in<'c>(
        &self,
        cluster: &Cluster,
        connection: &'c Connection<'_>,
        asker: Option<&Place>,
    ) -> Result<&'c Party, Miss> {
        let fits = |server: &&Server<'_>| self.is_server(cluster, server, asker);
        let says = |server: &&Server<'_>| {
            let page = self.expect.page.as_ref();
            page.is_none_or(|page| server.answers.iter().any(|served| served.says(page)))
        };
        let mut fitting = connection.servers.iter().filter(fits).peekable();
        if fitting.peek().is_none() {
            let received = self.other_image(connection);
            return Err(Miss::Server { expected: self.server(), received });
        }
        let Some(server) = fitting.find(says) else {
            let expected = self.expect.page.clone().unwrap_or_default();
            return Err(Miss::Answer { expected });
        };
        let Some(node) = self.node else { return Ok(&server.party) };
        let entry = cluster.network().node(node);
        let dialled = connection.trace.flow.destination.ip();
        match entry.is_some_and(|node| node.has_address(dialled)) {
            true => Ok(&server.party),
            false => Err(Miss::Way { expected: format!("the address of {node}") }),
        }
    }

    fn is_server(&self, cluster: &Cluster, server: &Server<'_>, asker: Option<&Place>) -> bool {
        let Expect { served_by, served_by_pod, served_by_image, served_by_host, .. } = self.expect;
        if let Some(host) = served_by_host {
            return matches!(&server.party, Party::Outside(name) if **name == **host);
        }
        let image = |image: &String| {
            server.answers.iter().any(|served| served.image.as_ref() == image.as_str())
        };
        if !served_by_image.as_ref().is_none_or(image) {
            return false;
        }
        if self.expect.names_no_pod() {
            return true;
        }
        let Party::Pod { namespace, name } = &server.party else { return false };
        let named = match self.pod {
            Some(pod) => pod == name.as_ref(),
            None => served_by_pod.is_empty() || served_by_pod.iter().any(|pod| **pod == **name),
        };
        let asks_itself = matches!(asker, Some(Place::Container { namespace: space, pod, .. })
            if space == namespace && pod == name);
        let then = server.answers.iter().find_map(|served| served.pod.as_ref());
        let now = cluster.objects().get::<Pod>(namespace, name);
        let has = then.or(now).and_then(|pod| pod.metadata.labels.as_ref());
        let labelled = served_by.is_empty() || !asks_itself && wears(has, served_by);
        named && labelled
    }

    /// The server that answered, in words, where it is of another image.
    fn other_image(&self, connection: &Connection<'_>) -> Option<String> {
        let wanted = self.expect.served_by_image.as_deref()?;
        let answers = &connection.servers.first()?.answers;
        let served = answers.last().filter(|served| *served.image != *wanted)?;
        let Some(Place::Container { pod, container, .. }) = &served.place else { return None };
        Some(format!("container {container} of pod {pod}, which runs {}", served.image))
    }

    /// The server that is wanted, in words.
    fn server(&self) -> String {
        let Expect { served_by, served_by_pod, served_by_image, served_by_host, .. } = self.expect;
        if let Some(host) = served_by_host {
            return format!("{host}, outside the cluster");
        }
        let labels: Vec<String> = served_by.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let mut words = match self.pod.or(served_by_pod.first().map(String::as_str)) {
            Some(pod) => format!("pod {pod}"),
            None => "a pod".to_owned(),
        };
        if !labels.is_empty() {
            words = format!("{words} with {}", labels.join(","));
        }
        match served_by_image {
            Some(image) => format!("{words} that runs {image}"),
            None => words,
        }
    }
}

fn wears(labels: Option<&Labels>, wanted: &Labels) -> bool {
    wanted.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stroke_parts_the_lines_of_two_programs_that_are_quoted_in_one() {
        let errors = "curl: (28) Connection timed out after 2000  milliseconds\n\ncommand terminated with exit code 28\n";
        assert_eq!(
            quoted_lines(errors),
            "curl: (28) Connection timed out after 2000 milliseconds / command terminated with exit code 28"
        );
        assert_eq!(quoted_lines("wget: bad address 'db'\n"), "wget: bad address 'db'");
    }
}
