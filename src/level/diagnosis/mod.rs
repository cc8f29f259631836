//! What happened, why, and on which of the player's lines.
//!
//! Advice is made of facts: what the command answered, the traces of its packets, and the objects
//! as they stand at that moment. Each file here knows one family of faults; the first that
//! recognises the case speaks.

mod answers;
mod codes;
mod commands;
mod containers;
mod doors;
mod explanations;
mod locate;
mod manifests;
mod name_servers;
mod names;
mod packets;
mod protocols;
mod service_names;
mod services;
mod workloads;

pub use codes::{Code, Explanation, explain, explanations};

use std::net::IpAddr;
use std::sync::Arc;

use crate::api::Pod;
use crate::cluster::{Cluster, Place};
use crate::diagnostic::Location;
use crate::network::{Party, Trace};
use crate::shell::Files;

use super::PlaceName;
use super::format::Goal;
use super::probe::{self, Run};
use locate::Locator;

/// Advice made of a trace that failed and the objects at that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Its stable name; `podhop explain CODE` is its long form.
    pub code: Code,
    /// One plain sentence: what happened, at which hop.
    pub message: String,
    /// The facts, one a line.
    pub evidence: Vec<String>,
    /// The nearest thing that would have worked: `the nearest label is app=web`.
    pub nearest: Option<String>,
    /// The player's line.
    pub at: Option<Location>,
}

impl Diagnosis {
    fn new(code: Code, message: impl Into<String>) -> Diagnosis {
        Diagnosis { code, message: message.into(), evidence: Vec::new(), nearest: None, at: None }
    }

    fn fact(mut self, fact: impl Into<String>) -> Diagnosis {
        self.evidence.push(fact.into());
        self
    }

    fn facts(mut self, facts: impl IntoIterator<Item = String>) -> Diagnosis {
        self.evidence.extend(facts);
        self
    }

    fn nearest(mut self, nearest: Option<String>) -> Diagnosis {
        self.nearest = nearest;
        self
    }

    fn at(mut self, location: Option<Location>) -> Diagnosis {
        self.at = location;
        self
    }
}

/// A goal that has failed.
pub(super) struct Case<'a> {
    /// The goal.
    pub goal: &'a Goal,
    /// Its last run that failed.
    pub run: Option<&'a Run>,
    /// How many pods served the runs that succeeded.
    pub spread: usize,
    /// The cluster, as it stands now.
    pub cluster: &'a Cluster,
    /// The player's files.
    pub files: &'a Files,
}

/// A case with what every family of faults looks at.
struct Facts<'a> {
    case: &'a Case<'a>,
    locator: Locator,
    /// What the command printed, standard output and error together.
    output: String,
    /// Its last connection, made or not.
    connection: Option<&'a Trace>,
}

impl Facts<'_> {
    /// The namespace and name of the pod that sent the last packets, or that the goal names.
    fn client_pod(&self) -> Option<(String, String)> {
        let run = self.case.run?;
        let last = run.traces.last().and_then(|id| self.case.cluster.trace(*id));
        if let Some(Party::Pod { namespace, name }) = last.map(|trace| &trace.from) {
            return Some((namespace.to_string(), name.to_string()));
        }
        // A pod on its node's network sends as the node.
        match PlaceName::parse(&self.case.goal.from).ok()?.find(self.case.cluster).ok()? {
            Place::Container { namespace, pod, .. } => {
                Some((namespace.to_string(), pod.to_string()))
            }
            Place::Laptop | Place::Node(_) => None,
        }
    }

    /// Every socket that is open in a pod, with its address, port and container.
    fn listeners(&self, pod: &Pod) -> Vec<(IpAddr, u16, Option<Arc<str>>)> {
        let containers = pod.spec.as_ref().map_or(&[][..], |spec| spec.containers.as_slice());
        let Some(container) = containers.first() else { return Vec::new() };
        let place = Place::Container {
            namespace: pod.metadata.namespace.as_deref().unwrap_or("").into(),
            pod: pod.metadata.name.as_deref().unwrap_or("").into(),
            container: container.name.as_str().into(),
        };
        let cluster = self.case.cluster;
        let sender = cluster.netns_of(&place);
        let netns = sender.and_then(|sender| cluster.network().netns(sender.netns));
        let sockets = netns.into_iter().flat_map(|netns| &netns.listeners);
        sockets.map(|((_, at, port), owner)| (*at, *port, owner.container.clone())).collect()
    }
}

/// Says why a goal failed.
pub(super) fn diagnose(case: &Case<'_>) -> Diagnosis {
    let finished = case.run.and_then(|run| run.finished.as_ref());
    let output = finished.map_or_else(String::new, |finished| {
        let text = [finished.stdout.as_slice(), &finished.stderr].concat();
        String::from_utf8_lossy(&text).into_owned()
    });
    let traces = case.run.map_or(&[][..], |run| run.traces.as_slice());
    let facts = Facts {
        case,
        locator: Locator::new(case.files),
        output,
        connection: probe::last_connection(case.cluster, traces),
    };
    manifests::diagnose(&facts)
        .or_else(|| workloads::no_place(&facts))
        .or_else(|| commands::missing_tool(&facts))
        .or_else(|| names::diagnose(&facts))
        .or_else(|| packets::diagnose(&facts))
        .or_else(|| answers::diagnose(&facts))
        .or_else(|| commands::diagnose(&facts))
        .or_else(|| workloads::diagnose(&facts))
        .unwrap_or_else(|| answers::unexpected(&facts))
}
