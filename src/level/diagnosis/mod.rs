//! What happened, why, and on which of the player's lines.
//!
//! Advice is made of facts: what the request's programs say of how they ended, the traces of its
//! packets, and the objects as they stand at that moment. Nothing here reads what a command has
//! printed. Each file knows one family of faults; the first that recognises the case speaks.
//!
//! A diagnosis is a ladder, and its rungs are separate: the message, where to look, the facts, the
//! line, the way out.

mod addresses;
mod admission;
mod anew;
mod answers;
mod asked;
mod behind;
mod client;
mod codes;
mod commands;
mod containers;
mod denials;
mod doors;
mod events;
mod explanations;
mod failures;
mod gone;
mod ingress;
mod jobs;
mod labels;
mod left_behind;
mod locate;
mod look;
mod lookups;
mod manifests;
mod misnamed;
mod mounts;
mod name_servers;
mod names;
mod narrower;
mod no_endpoints;
mod node_ports;
mod not_ready;
mod older;
mod owners;
mod packets;
mod placing;
mod protocols;
mod readiness;
mod rights;
mod rollouts;
mod scripts;
mod selectors;
mod service_names;
mod service_ports;
mod services;
mod settings;
mod slips;
mod sought;
mod spread;
mod targets;
mod trial;
mod variables;
mod walls;
mod wanted;
mod workloads;
mod wrong_server;

pub(super) use locate::mentions;
pub(super) use manifests::are_sent;

pub use codes::{Code, Explanation, explain, explanations, near_codes};

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;

use crate::api::Pod;
use crate::cluster::{Cluster, Did, Ending, Fetched, Place};
use crate::diagnostic::Location;
use crate::manifest;
use crate::network::{Outcome, Party, Protocol, Trace};
use crate::shell::Files;

use super::PlaceName;
use super::acts::Act;
use super::apply::is_manifest;
use super::format::{Event, Goal};
use super::probe::{self, Miss, Run};
use locate::Locator;

/// Advice made of a trace that failed and the objects at that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Its stable name; `podhop explain CODE` is its long form.
    pub code: Code,
    /// One plain sentence: what happened, at which hop.
    pub message: String,
    /// Commands for the laptop's terminal that show the evidence; at least one.
    pub look: Vec<String>,
    /// The facts, one a line.
    pub evidence: Vec<String>,
    /// The player's line.
    pub at: Option<Location>,
    /// The nearest thing that is there and would have worked: `label app=web`. A line that is still to be
    /// written is the way out, and no near miss.
    pub nearest: Option<String>,
    /// The way out, for this very cluster.
    pub fix: String,
}

/// What two diagnoses have in common that have one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The kind of fault.
    pub code: Code,
    /// The line at fault.
    pub at: Option<Location>,
    /// What mends it, for a fault that stands on no line.
    pub fix: Option<String>,
}

impl Diagnosis {
    fn new(code: Code, message: impl Into<String>) -> Diagnosis {
        Diagnosis {
            code,
            message: message.into(),
            look: Vec::new(),
            evidence: Vec::new(),
            at: None,
            nearest: None,
            fix: String::new(),
        }
    }

    /// What makes it the same fault as another one: its kind, and the line or what mends it.
    pub fn cause(&self) -> Cause {
        let fix = self.at.is_none().then(|| self.fix.clone());
        Cause { code: self.code, at: self.at.clone(), fix }
    }

    fn look(mut self, commands: impl IntoIterator<Item = String>) -> Diagnosis {
        for command in commands {
            if !self.look.contains(&command) {
                self.look.push(command);
            }
        }
        self
    }

    /// What lies behind it: all that is known of the other fault, which is what has to be mended.
    fn because_of(self, other: Diagnosis) -> Diagnosis {
        self.look(other.look)
            .fact(other.message)
            .facts(other.evidence)
            .nearest(other.nearest)
            .at(other.at)
            .fix(other.fix)
    }

    fn fact(mut self, fact: impl Into<String>) -> Diagnosis {
        self.evidence.push(fact.into());
        self
    }

    fn facts(mut self, facts: impl IntoIterator<Item = String>) -> Diagnosis {
        self.evidence.extend(facts);
        self
    }

    /// Whether it is about a file that the cluster does not have as it stands: refused, or not applied.
    fn is_of_an_unsent_file(&self) -> bool {
        matches!(self.code, "manifest-refused" | "not-applied")
    }

    fn nearest(mut self, nearest: Option<String>) -> Diagnosis {
        self.nearest = nearest;
        self
    }

    fn at(mut self, location: Option<Location>) -> Diagnosis {
        self.at = location;
        self
    }

    fn fix(mut self, fix: impl Into<String>) -> Diagnosis {
        self.fix = fix.into();
        self
    }
}

/// A goal that has failed.
#[derive(Clone)]
pub(super) struct Case<'a> {
    /// The goal.
    pub goal: &'a Goal,
    /// Its last run that failed.
    pub run: Option<&'a Run>,
    /// Who served the runs that succeeded.
    pub served: BTreeSet<Party>,
    /// The cluster, as it stands now.
    pub cluster: &'a Cluster,
    /// The player's files.
    pub files: &'a Files,
    /// The same, as the level gave them.
    pub start: &'a Files,
    /// Every goal of the level.
    pub goals: &'a [Goal],
}

/// A case with what every family of faults looks at.
struct Facts<'a> {
    case: &'a Case<'a>,
    locator: Locator,
    /// Its last connection, made or not.
    connection: Option<&'a Trace>,
    /// The last request of a client that knows how it ended.
    fetched: Option<&'a Fetched>,
    /// The name that its last request has not resolved.
    unresolved: Option<String>,
    /// Who sent, where that is not the goal's own client: a server that passed a request on.
    client: Option<Place>,
    /// Whose endpoint it dialled, where it chose one by itself.
    upstream: Option<Upstream>,
}

/// The Service and its port whose endpoints somebody dials who reads them from the API server.
struct Upstream {
    service: Arc<Service>,
    port: u16,
}

/// A socket that is open in a network namespace.
struct Open {
    protocol: Protocol,
    address: IpAddr,
    port: u16,
    container: Option<Arc<str>>,
}

/// Every socket that is open where a pod's containers are.
fn listeners_in(cluster: &Cluster, pod: &Pod) -> Vec<Open> {
    let containers = pod.spec.as_ref().map_or(&[][..], |spec| spec.containers.as_slice());
    let Some(container) = containers.first() else { return Vec::new() };
    let place = Place::Container {
        namespace: pod.metadata.namespace.as_deref().unwrap_or("").into(),
        pod: pod.metadata.name.as_deref().unwrap_or("").into(),
        container: container.name.as_str().into(),
    };
    let sender = cluster.netns_of(&place);
    let netns = sender.and_then(|sender| cluster.network().netns(sender.netns));
    let sockets = netns.into_iter().flat_map(|netns| &netns.listeners);
    let open = sockets.map(|((protocol, address, port), owner)| Open {
        protocol: *protocol,
        address: *address,
        port: *port,
        container: owner.container.clone(),
    });
    open.collect()
}

/// Whether some process in the pod listens on this TCP port, on any address.
fn listens_in(cluster: &Cluster, pod: &Pod, port: u16) -> bool {
    let open = listeners_in(cluster, pod);
    open.iter().any(|open| open.protocol == Protocol::Tcp && open.port == port)
}

impl<'a> Facts<'a> {
    fn of(case: &'a Case<'a>) -> Facts<'a> {
        if let Some(trace) = awaited(case) {
            return Facts { connection: Some(trace), ..Facts::bare(case) };
        }
        let traces = case.run.map_or(&[][..], |run| run.traces.as_slice());
        let fetched = at_fault(case);
        let own = fetched.and_then(|fetched| case.cluster.trace(fetched.trace?));
        let mut facts = Facts {
            connection: own.or_else(|| probe::last_connection(case.cluster, traces)),
            fetched,
            ..Facts::bare(case)
        };
        facts.unresolved = names::unresolved(&facts);
        facts
    }

    /// A case of which nothing has been looked at yet.
    fn bare(case: &'a Case<'a>) -> Facts<'a> {
        Facts {
            case,
            locator: Locator::new(case.files),
            connection: None,
            fetched: None,
            unresolved: None,
            client: None,
            upstream: None,
        }
    }

    /// Why a name is not known to a client that is not the goal's own.
    fn unknown_to(&self, client: Place, name: String) -> Option<Diagnosis> {
        let inner =
            Facts { client: Some(client), unresolved: Some(name), ..Facts::bare(self.case) };
        names::diagnose(&inner)
    }

    /// Why a container does not get what it has asked for by itself; `None` also where that is asked on behalf of
    /// another one, as two may wait for each other.
    fn unanswered(&self, client: Place) -> Option<Diagnosis> {
        self.client.is_none().then_some(())?;
        let run = probe::of_container(self.case.cluster, &client, self.case.run)?;
        let case = Case { run: Some(&run), served: BTreeSet::new(), ..self.case.clone() };
        let inner = Facts { client: Some(client), ..Facts::of(&case) };
        names::diagnose(&inner).or_else(|| packets::diagnose(&inner))
    }

    /// Whether a line of the player's files is not as the level gave it.
    fn has_changed(&self, at: &Location) -> bool {
        let given = self.case.start.get(&*at.file).map_or(&[][..], Vec::as_slice);
        let given = String::from_utf8_lossy(given);
        let now = self.locator.line(at).map(str::trim);
        now.is_some_and(|now| !given.lines().any(|line| line.trim() == now))
    }

    /// The pod that has an address, of either family.
    fn pod_at(&self, address: IpAddr) -> Option<&'a Arc<Pod>> {
        let text = address.to_string();
        let mut pods = self.case.cluster.objects().list::<Pod>(None);
        pods.find(|pod| {
            let status = pod.status.as_ref();
            let ips = status.into_iter().flat_map(|status| status.pod_ips.iter().flatten());
            ips.into_iter().any(|one| one.ip == text)
        })
    }

    /// Every socket that is open where a pod's containers are, now.
    fn listeners(&self, pod: &Pod) -> Vec<Open> {
        listeners_in(self.case.cluster, pod)
    }

    /// Whether some process in the pod listens on this TCP port now, on any address.
    fn listens_on(&self, pod: &Pod, port: u16) -> bool {
        listens_in(self.case.cluster, pod, port)
    }

    /// Whether the goal's own command calls somebody by this name: then the player can't call another.
    fn goal_says(&self, name: &str) -> bool {
        self.client.is_none() && mentions(&self.case.goal.run, name)
    }

    /// What the goal's command printed, shortened to one line, to be quoted.
    fn quoted(&self) -> String {
        match self.case.run.map(Run::excerpt) {
            Some(text) if !text.is_empty() => format!("it printed: {text}"),
            _ => "it printed nothing".to_owned(),
        }
    }
}

/// Says what should have happened during a goal, and did not.
pub(super) fn event_failed(case: &Case<'_>, event: &Event, act: &Act) -> Diagnosis {
    let facts = Facts::of(case);
    complete(&facts, events::diagnose(&facts, event, act))
}

/// Says why a goal failed.
pub(super) fn diagnose(case: &Case<'_>) -> Diagnosis {
    let facts = Facts::of(case);
    let said = manifests::diagnose(&facts)
        .or_else(|| workloads::no_place(&facts))
        .or_else(|| workloads::absent_client(&facts))
        .or_else(|| rollouts::older_client(&facts))
        .or_else(|| scripts::carriage_returns(&facts))
        .or_else(|| scripts::diagnose(&facts))
        .or_else(|| failures::diagnose(&facts))
        .or_else(|| commands::not_understood(&facts))
        .or_else(|| commands::no_container(&facts))
        .or_else(|| commands::missing_tool(&facts))
        .or_else(|| lookups::diagnose(&facts))
        .or_else(|| failures::without_a_part(&facts))
        .or_else(|| commands::pending_balancer(&facts))
        .or_else(|| variables::diagnose(&facts))
        .or_else(|| sought::before_it(&facts))
        .or_else(|| names::diagnose(&facts).map(|said| walls::instead(&facts, said)))
        .or_else(|| packets::diagnose(&facts).map(|said| walls::instead(&facts, said)))
        .or_else(|| commands::no_container_to_read(&facts))
        .or_else(|| answers::diagnose(&facts))
        .or_else(|| sought::named_otherwise(&facts))
        .or_else(|| workloads::diagnose(&facts))
        .or_else(|| rollouts::unfinished(&facts))
        .or_else(|| sought::diagnose(&facts))
        .or_else(|| workloads::down(&facts))
        .unwrap_or_else(|| answers::unexpected(&facts));
    let said = misnamed::instead(&facts, said_twice(&facts, said));
    let said = left_behind::instead(&facts, said);
    let said = manifests::with_refused_change(&facts, older::instead(&facts, said));
    complete(&facts, manifests::changed_since(&facts, said))
}

/// The request that made the command fail: the last one, or, where that got an answer, the last that
/// got none.
fn at_fault<'a>(case: &Case<'a>) -> Option<&'a Fetched> {
    let run = case.run?;
    let mut fetched = run.deeds.iter().rev().filter_map(|deed| match &deed.did {
        Did::Fetched(fetched) => Some(fetched),
        _ => None,
    });
    let last = fetched.next()?;
    let answered =
        |one: &Fetched| matches!(one.ending, Ending::Response { status } if status < 400);
    let failed = matches!(
        run.miss,
        Some(Miss::Exit { expected: 0, .. } | Miss::Way { .. } | Miss::Server { .. })
    );
    let before = fetched.find(|one| !answered(one)).filter(|_| failed && answered(last));
    Some(before.unwrap_or(last))
}

/// The client's last packet, where it still waits for an answer: nobody says a word, and none of its requests
/// has ended since.
fn awaited<'a>(case: &Case<'a>) -> Option<&'a Trace> {
    let run = case.run?;
    let last = run.traces.iter().rev().find_map(|id| case.cluster.trace(*id))?;
    let ended = run.deeds.last().is_some_and(|deed| deed.at >= last.at);
    (last.dns.is_none() && last.outcome == Outcome::Silence && !ended).then_some(last)
}

/// How the fix of a manifest's line ends.
const APPLY_AND_SEND: &str = ", apply, and send again";

/// A key that is said twice counts once: what stood there first is lost without a word.
fn said_twice(facts: &Facts<'_>, said: Diagnosis) -> Diagnosis {
    if said.is_of_an_unsent_file() {
        return said;
    }
    if let Some(said) = described_twice(facts, &said).or_else(|| service_ports::twice(facts, &said))
    {
        return said;
    }
    let Some((document, again)) = facts.locator.repeated(said.at.as_ref()) else { return said };
    let (file, key) =
        (&document.file, manifest::segments(&again.path).last().unwrap_or(&again.path));
    let (first, last) = (again.first.line, again.at.line);
    let fact =
        format!("{file} says {key} twice, in lines {first} and {last}: only the last one counts");
    let fix = match said.at {
        None => format!(
            "write a line --- between two objects of {file}, before line {last}; apply, and send again"
        ),
        Some(_) => format!("keep the one {key} that is meant, apply, and send again"),
    };
    let at = Location { file: file.clone(), position: again.at };
    said.fact(fact).nearest(None).at(Some(at)).fix(fix)
}

/// An object that is described twice is what the last one that is applied says: files go by their names.
fn described_twice(facts: &Facts<'_>, said: &Diagnosis) -> Option<Diagnosis> {
    let line = said.at.as_ref()?;
    let sources = facts.locator.sources();
    let first = facts.locator.source_at(&sources, line)?;
    let object = first.object_name()?;
    let last = sources.iter().rfind(|source| source.object_name().as_ref() == Some(&object))?;
    let (from, to) = (locate::at(first, "")?, locate::at(last, "")?);
    if from == to {
        return None;
    }
    let info = object.kind.info();
    Some(
        said.clone()
            .fact(format!(
                "{} {} is described twice, from {from} and from {to} on: the last one counts",
                info.name, object.name
            ))
            .nearest(None)
            .at(Some(to))
            .fix(format!(
                "describe {} {} once, with all that it is to have; apply, and send again",
                info.name, object.name
            )),
    )
}

/// No rung of the ladder is empty but the line, which not every fault has.
fn complete(facts: &Facts<'_>, mut said: Diagnosis) -> Diagnosis {
    if said.look.is_empty() {
        said.look.push(look::pods(&facts.namespace()));
    }
    // A script is run as it stands: only manifests are applied.
    let script = said.at.as_ref().is_some_and(|at| !is_manifest(&at.file));
    if script && let Some(change) = said.fix.strip_suffix(APPLY_AND_SEND) {
        said.fix = format!("{change}, and send again");
    }
    if said.fix.is_empty()
        && let Some(explanation) = explain(said.code)
    {
        explanation.fix.clone_into(&mut said.fix);
    }
    said
}

/// Who it is, as players call it: `pod web`, `node-1`, `the laptop`.
fn party_name(party: &Party) -> String {
    match party {
        Party::Pod { namespace, name } => format!("pod {}", look::shown_name(namespace, name)),
        Party::Node(name) => name.to_string(),
        Party::Laptop => "the laptop".to_owned(),
        Party::Outside(name) => name.to_string(),
    }
}

/// Where a goal's request comes from.
fn place_of(goal: &Goal) -> Option<PlaceName> {
    PlaceName::parse(&goal.from).ok()
}
