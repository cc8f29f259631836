//! The nodes' records of connections: what NAT did to them, so that replies find back.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::topology::NodeId;
use super::{Flow, Protocol};
use crate::clock::SimTime;

/// How many records a node keeps here; the oldest go first.
const KEPT: usize = 256;

/// What became of a tracked connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracked {
    /// The other side answered.
    Answered,
    /// The other side refused.
    Closed,
    /// Nothing has come back.
    Unreplied,
}

/// A node's record of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConntrackEntry {
    /// When its first packet passed.
    pub since: SimTime,
    /// The packet as it came to the node.
    pub original: Flow,
    /// The packet as it left: the reply is expected from its destination to its source.
    pub translated: Flow,
    /// What became of it.
    pub tracked: Tracked,
}

/// Every node's records.
#[derive(Clone, Debug, Default)]
pub(super) struct Conntrack(BTreeMap<NodeId, VecDeque<ConntrackEntry>>);

impl Conntrack {
    /// Notes a connection.
    pub fn note(&mut self, node: NodeId, entry: ConntrackEntry) {
        let entries = self.0.entry(node).or_default();
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// A node's records that have not run out, oldest first.
    pub fn entries(&self, node: NodeId, now: SimTime) -> impl Iterator<Item = &ConntrackEntry> {
        let entries = self.0.get(&node).into_iter().flatten();
        entries.filter(move |entry| entry.remaining(now) > Duration::ZERO)
    }
}

impl ConntrackEntry {
    /// How long the record stays if nothing more comes: `nf_conntrack_*_timeout*` of Linux.
    pub fn remaining(&self, now: SimTime) -> Duration {
        let seconds = match (self.original.protocol, self.tracked) {
            (Protocol::Tcp, Tracked::Closed) => 10,
            (Protocol::Tcp | Protocol::Sctp, _) => 120,
            (Protocol::Udp | Protocol::Icmp, _) => 30,
        };
        Duration::from_secs(seconds).saturating_sub(now.since(self.since))
    }
}
