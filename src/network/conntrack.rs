//! The nodes' records of connections: what NAT did to them, so that replies find back.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::topology::NodeId;
use super::{Family, Flow, Protocol};
use crate::clock::SimTime;

/// How many records a node keeps here; the oldest go first.
const KEPT: usize = 256;

/// What became of a tracked connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracked {
    /// The other side answered.
    Answered,
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

/// Every node's records. Clones share those of the nodes that nothing has passed since.
#[derive(Clone, Debug, Default)]
pub(super) struct Conntrack(BTreeMap<NodeId, Arc<VecDeque<ConntrackEntry>>>);

impl Conntrack {
    /// Notes a connection.
    pub fn note(&mut self, node: NodeId, entry: ConntrackEntry) {
        let entries = Arc::make_mut(self.0.entry(node).or_default());
        // What has run out is gone, as in the kernel.
        let over = |known: &ConntrackEntry| known.remaining(entry.since).is_zero();
        while entries.front().is_some_and(over) {
            entries.pop_front();
        }
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// Forgets a node's records that `goes` picks; those of them that had not run out.
    pub fn forget(
        &mut self,
        node: NodeId,
        now: SimTime,
        goes: impl Fn(&ConntrackEntry) -> bool,
    ) -> Vec<ConntrackEntry> {
        let Some(entries) = self.0.get_mut(&node) else { return Vec::new() };
        let gone = entries.iter().filter(|entry| entry.remaining(now) > Duration::ZERO);
        let gone = gone.filter(|entry| goes(entry)).copied().collect();
        if entries.iter().any(&goes) {
            Arc::make_mut(entries).retain(|entry| !goes(entry));
        }
        gone
    }

    /// A node's records that have not run out, oldest first.
    pub fn entries(&self, node: NodeId, now: SimTime) -> impl Iterator<Item = &ConntrackEntry> {
        let entries = self.0.get(&node).into_iter().flat_map(|entries| entries.iter());
        entries.filter(move |entry| entry.remaining(now) > Duration::ZERO)
    }
}

impl ConntrackEntry {
    /// How long the record stays if nothing more comes: `nf_conntrack_*_timeout*` of Linux.
    pub fn remaining(&self, now: SimTime) -> Duration {
        let seconds = match self.original.protocol {
            Protocol::Tcp | Protocol::Sctp => 120,
            Protocol::Udp | Protocol::Icmp => 30,
        };
        Duration::from_secs(seconds).saturating_sub(now.since(self.since))
    }
}

/// A record at one moment, as `conntrack -L` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConntrackLine {
    /// The record.
    pub entry: ConntrackEntry,
    /// The moment.
    pub now: SimTime,
}

impl fmt::Display for ConntrackLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConntrackEntry { original, translated, tracked, .. } = self.entry;
        let family = Family::of(original.source.ip());
        let (protocol, number) = match original.protocol {
            Protocol::Tcp => ("tcp", 6),
            Protocol::Udp => ("udp", 17),
            Protocol::Sctp => ("sctp", 132),
            Protocol::Icmp if family == Family::V6 => ("icmpv6", 58),
            Protocol::Icmp => ("icmp", 1),
        };
        write!(f, "{protocol:<8} {number} {} ", self.entry.remaining(self.now).as_secs())?;
        if original.protocol == Protocol::Tcp {
            f.write_str(match tracked {
                Tracked::Answered => "TIME_WAIT ",
                Tracked::Unreplied => "SYN_SENT ",
            })?;
        }
        let (ping, pong) = if family == Family::V6 { (128, 129) } else { (8, 0) };
        tuple(f, original, ping)?;
        if tracked == Tracked::Unreplied {
            f.write_str("[UNREPLIED] ")?;
        }
        tuple(f, translated.reversed(), pong)?;
        if original.protocol == Protocol::Tcp && tracked == Tracked::Answered {
            f.write_str("[ASSURED] ")?;
        }
        f.write_str("mark=0 use=1")
    }
}

/// One direction of a connection. Pings have a type instead of ports.
fn tuple(f: &mut fmt::Formatter<'_>, flow: Flow, ping: u8) -> fmt::Result {
    let Flow { protocol, source, destination } = flow;
    write!(f, "src={} dst={} ", source.ip(), destination.ip())?;
    match protocol {
        Protocol::Icmp => write!(f, "type={ping} code=0 id=1 "),
        _ => write!(f, "sport={} dport={} ", source.port(), destination.port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recordings 20 and 31.
    #[test]
    fn records_are_printed_as_recorded() {
        let flow = |protocol, source: &str, destination: &str| Flow {
            protocol,
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
        };
        let line = |original, translated, tracked, seconds: u64| {
            let since = SimTime::START;
            let entry = ConntrackEntry { since, original, translated, tracked };
            ConntrackLine { entry, now: SimTime::from_millis(seconds * 1000) }.to_string()
        };
        let client = "10.244.1.20:54858";
        assert_eq!(
            line(
                flow(Protocol::Tcp, client, "10.98.247.213:80"),
                flow(Protocol::Tcp, client, "10.244.3.20:80"),
                Tracked::Answered,
                16,
            ),
            "tcp      6 104 TIME_WAIT src=10.244.1.20 dst=10.98.247.213 sport=54858 dport=80 src=10.244.3.20 dst=10.244.1.20 sport=80 dport=54858 [ASSURED] mark=0 use=1"
        );
        assert_eq!(
            line(
                flow(Protocol::Udp, "10.244.1.7:45490", "10.96.200.200:53"),
                flow(Protocol::Udp, "192.168.49.2:45490", "10.96.200.200:53"),
                Tracked::Unreplied,
                2,
            ),
            "udp      17 28 src=10.244.1.7 dst=10.96.200.200 sport=45490 dport=53 [UNREPLIED] src=10.96.200.200 dst=192.168.49.2 sport=53 dport=45490 mark=0 use=1"
        );
    }
}
