//! What programs have done and what came of it, as they themselves know it.
//!
//! A client that gives up knows why, kubectl knows which field the server refused, a shell knows
//! which program it did not find. Each notes it here before it finds words for it, so that whoever
//! asks why afterwards need not read the words. The log is part of the cluster's value, as the log
//! of packets is, and forgets its oldest entries as that does.

use std::sync::Arc;

use serde_json::Value;

use super::{Certificate, Cluster, DialFailure, LookupFailure, Place};
use crate::api::{Kind, Status};
use crate::clock::SimTime;
use crate::diagnostic::Diagnostic;
use crate::network::{ProcessId, Protocol, SocketAddr, TraceId};
use crate::shared_map::SharedMap;

/// How many deeds are remembered.
const REMEMBERED: usize = 1_000;

/// How many objects are known as sent before those that are gone are forgotten.
const SENT: usize = 2_000;

/// A deed's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeedId(pub u64);

/// Something that a program did.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// Its number: later deeds have higher ones.
    pub id: DeedId,
    /// When.
    pub at: SimTime,
    /// Where the program runs.
    pub place: Place,
    /// The container's process that did it; none for what is typed or run from outside (`kubectl
    /// exec`, a goal's request).
    pub process: Option<ProcessId>,
    /// What it did.
    pub did: Did,
}

/// What a program did, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Did {
    /// A client asked a server for something.
    Fetched(Fetched),
    /// A program had the C library look up a name, which has no address.
    NotResolved { name: String, why: LookupFailure },
    /// kubectl sent a manifest, and the server took it.
    Applied(Applied),
    /// kubectl did not bring a manifest to the server, or the server did not take it.
    Refused(Refused),
    /// kubectl sent a change of an object that is there (`patch`, `set`, `edit`, `label`), and the server did not
    /// take it.
    ChangeRefused { object: ObjectName, why: Box<Status> },
    /// kubectl made an object that no manifest describes (`run`, `create`).
    Created { object: ObjectName },
    /// kubectl looked for objects by their labels.
    Sought(Sought),
    /// kubectl asked for an object by its name, and there is none.
    Missing { object: ObjectName },
    /// kubectl was to work with a container that its pod does not have.
    NoContainer { pod: ObjectName, container: String },
    /// kubectl could not read its own command line (`kubectl exec`), and says why.
    NotUnderstood { command: String, why: String },
    /// kubectl was to print a field (the JSONPath template) of objects that are there, and none has it: the
    /// first of them.
    NothingPrinted { object: ObjectName, template: String },
    /// kubectl waited for a rollout, which was not done when it gave up.
    RolloutUnfinished { object: ObjectName },
    /// A shell or a runtime did not find a program of this name.
    ProgramMissing { program: String },
    /// kubectl was to run a program in a container (the place) that did not run at that moment.
    ContainerDown,
    /// A shell used a variable that is unset or empty.
    VariableUnset { name: String },
    /// A shell could not read or expand what stands in a line (from 1) of its script, and says why. The
    /// script is a file by the name that the shell was given, or none: the text behind `-c`.
    ScriptStopped { script: Option<Arc<str>>, line: u32, why: String },
    /// A command ended with an error, for a reason that nothing but its own words tells: a wrong option, a
    /// file that is not there.
    CommandFailed(FailedCommand),
    /// The commands of a `$( … )` printed nothing.
    NothingSubstituted { script: Option<Arc<str>>, line: u32 },
    /// A script that is a file ended at one of its lines (from 1), with an exit code other than 0.
    ScriptEnded { script: Arc<str>, line: u32, exit: i32 },
    /// A server could not open a port, because somebody has it.
    PortTaken { protocol: Protocol, at: SocketAddr },
    /// A server has left its work to a child in the background, and its first process has ended. With these
    /// words it would have stayed.
    Daemonized { foreground: &'static str },
    /// A server may not write a file that it needs.
    NotWritable { file: String },
    /// A server could not listen at an address, because the place where it runs does not have it.
    AddressNotOwn { at: SocketAddr },
    /// A server does not take one of its arguments: the word itself, or the value in it.
    ArgumentRefused { argument: String },
    /// A server could not read its configuration, and says which line (from 1) of which file, and why.
    ConfigRefused { file: Arc<str>, line: u32, why: String },
}

/// A client's request for a URL.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched {
    /// The URL as the client was given it.
    pub url: String,
    /// The host in it: a name or an address; empty where the URL has none.
    pub host: String,
    /// The host that it asked for: the `Host` header, without its port; usually the URL's host.
    pub name: String,
    /// Path and query, as sent.
    pub target: String,
    /// The port, given or the scheme's own; 0 where the URL can't be read.
    pub port: u16,
    /// Whether it is asked for over TLS.
    pub tls: bool,
    /// The last packet that it dialled with, if it came so far.
    pub trace: Option<TraceId>,
    /// How it ended.
    pub ending: Ending,
}

/// How a client's request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The text is no URL.
    BadUrl,
    /// The host's name has no address.
    Name(LookupFailure),
    /// The client's limit was over while the name was looked up.
    SlowName,
    /// No connection was made.
    Dial { to: SocketAddr, why: DialFailure },
    /// The client's limit was over before a connection stood.
    SlowDial { to: SocketAddr },
    /// The client's limit was over before an answer came.
    SlowAnswer,
    /// The client began a TLS handshake, and the server does not speak TLS.
    NoTls,
    /// The client does not accept the server's certificate.
    Certificate(Certificate),
    /// The server closed the connection without a byte.
    Empty,
    /// The server reset the connection.
    Reset,
    /// Bytes came that are no HTTP response.
    NotHttp,
    /// An HTTP response with this status.
    Response { status: u16 },
}

/// A command of a shell that ended with an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCommand {
    /// Its name, as the shell was told it.
    pub program: String,
    /// The script's file, by the name that the shell was given; none for the text behind `-c`.
    pub script: Option<Arc<str>>,
    /// Its line in the script, from 1.
    pub line: u32,
    /// Its exit code.
    pub exit: i32,
    /// The beginning of what it said, to be quoted.
    pub said: String,
}

/// Objects that kubectl looked for by their labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// Their kind.
    pub kind: Kind,
    /// Where; empty for everywhere.
    pub namespace: String,
    /// The selector as kubectl was given it.
    pub selector: String,
    /// The names of those that it found.
    pub found: Vec<String>,
}

/// What kubectl sent and the server took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The file it was in, as kubectl was given it.
    pub file: String,
    /// What it is about.
    pub object: ObjectName,
    /// What became of it.
    pub outcome: ApplyOutcome,
    /// The manifest, with its namespace filled in.
    pub manifest: Arc<Value>,
    /// Whether nothing was stored (`--dry-run`).
    pub dry_run: bool,
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyOutcome {
    /// There was none of that name.
    Created,
    /// It was different.
    Configured,
    /// It was the same.
    Unchanged,
}

impl ApplyOutcome {
    /// kubectl's word for it.
    pub fn word(self) -> &'static str {
        match self {
            ApplyOutcome::Created => "created",
            ApplyOutcome::Configured => "configured",
            ApplyOutcome::Unchanged => "unchanged",
        }
    }
}

/// An object's kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    pub kind: Kind,
    /// Empty for kinds without one.
    pub namespace: String,
    pub name: String,
}

/// A manifest that was not taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The file it was in, as kubectl was given it.
    pub file: String,
    /// What it is about, where kubectl could read that much.
    pub object: Option<ObjectName>,
    /// The manifest, with its namespace filled in, where kubectl could read that much.
    pub manifest: Option<Arc<Value>>,
    /// Why.
    pub why: Refusal,
}

/// Why a manifest was not taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The API server's answer.
    Server(Box<Status>),
    /// The text can't be read as YAML.
    Unreadable(Diagnostic),
    /// kubectl's own complaint: the exit code is 1, and the server was not asked.
    Kubectl(String),
}

/// The log.
#[derive(Clone, Default)]
pub(super) struct Deeds {
    /// By their numbers.
    recent: SharedMap<DeedId, Arc<Deed>>,
    last: u64,
    /// What kubectl last sent of each object. It outlives the log.
    sent: SharedMap<ObjectName, Applied>,
    /// How many objects were left when those that are gone were forgotten last.
    kept: usize,
}

impl Cluster {
    /// Notes what a program at `place` did.
    pub fn note(&mut self, place: &Place, did: Did) {
        self.deeds.last += 1;
        if let Did::Applied(applied) = &did
            && !applied.dry_run
        {
            self.deeds.sent.insert(applied.object.clone(), applied.clone());
            self.forget_what_is_gone();
        }
        let deed = Deed {
            id: DeedId(self.deeds.last),
            at: self.now,
            place: place.clone(),
            process: self.acting,
            did,
        };
        if self.deeds.recent.len() == REMEMBERED {
            self.deeds.recent.pop_first();
        }
        self.deeds.recent.insert(deed.id, Arc::new(deed));
    }

    /// Forgets what was sent of objects that are gone, once there are many of them.
    fn forget_what_is_gone(&mut self) {
        // Twice as many as last time: so a thousand objects cost as much each as one.
        if self.deeds.sent.len() <= SENT.max(2 * self.deeds.kept) {
            return;
        }
        let stored = |name: &ObjectName| {
            self.api.store().object(name.kind, &name.namespace, &name.name).is_some()
        };
        let gone = self.deeds.sent.iter().map(|(name, _)| name).filter(|name| !stored(name));
        let gone: Vec<ObjectName> = gone.cloned().collect();
        for name in gone {
            self.deeds.sent.remove(&name);
        }
        self.deeds.kept = self.deeds.sent.len();
    }

    /// What programs did of late, oldest first. Old deeds are forgotten as the log grows.
    pub fn deeds(&self) -> impl DoubleEndedIterator<Item = &Arc<Deed>> {
        self.deeds.recent.values()
    }

    /// What was done from this number on by commands that are typed or run from outside, and not by
    /// what containers run by themselves.
    pub fn typed_since(&self, first: DeedId) -> Vec<Arc<Deed>> {
        let typed = self.deeds().filter(|deed| deed.id >= first && deed.process.is_none());
        typed.cloned().collect()
    }

    /// What kubectl last sent of an object from a manifest, whatever has become of it since.
    pub fn last_applied(&self, object: &ObjectName) -> Option<&Applied> {
        self.deeds.sent.get(object)
    }

    /// Every object that kubectl has sent from a manifest.
    pub fn ever_applied(&self) -> impl Iterator<Item = &Applied> {
        self.deeds.sent.values()
    }

    /// Whether the process that acts now (or whoever types) has noted something from this number on.
    pub fn has_noted_since(&self, first: DeedId) -> bool {
        let mut since = self.deeds().rev().take_while(|deed| deed.id >= first);
        since.any(|deed| deed.process == self.acting)
    }

    /// The number that the next deed gets.
    pub fn next_deed(&self) -> DeedId {
        DeedId(self.deeds.last + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenarios;
    use super::*;

    #[test]
    fn the_log_forgets_its_oldest_deeds() {
        let mut cluster = scenarios::cluster();
        let first = cluster.next_deed();
        for number in 0..REMEMBERED + 5 {
            let did = Did::VariableUnset { name: format!("V{number}") };
            cluster.note(&Place::Laptop, did);
        }
        assert_eq!(cluster.deeds().count(), REMEMBERED);
        assert_eq!(cluster.deeds().next().map(|deed| deed.id), Some(DeedId(first.0 + 5)));
    }
}
