//! What the data plane remembers between packets: chance, client ports, affinity, connections,
//! recent traces.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use super::conntrack::Conntrack;
use super::services::{Chain, ServicePort};
use super::topology::NodeId;
use super::{NetnsId, SocketAddr, Trace, TraceId};
use crate::clock::SimTime;
use crate::random::Stream;

/// How many traces are kept.
const REMEMBERED: usize = 1024;

/// The ports that Linux gives to clients (`net.ipv4.ip_local_port_range`).
const FIRST_CLIENT_PORT: u16 = 32_768;
const LAST_CLIENT_PORT: u16 = 60_999;

/// Everything that sending a packet changes.
#[derive(Clone, Debug)]
pub(super) struct NetworkState {
    /// Which endpoint the rules choose.
    balance: Stream,
    /// Which node the cloud's load balancers choose.
    cloud: Stream,
    /// Where client ports start, and the ports that masquerading gives (`--random-fully`).
    ports: Stream,
    /// The next client port in each namespace where somebody has sent already.
    next_port: BTreeMap<NetnsId, u16>,
    /// Which endpoint a client has, by node, Service port and client (R6.8).
    affinity: BTreeMap<(NodeId, Arc<str>, IpAddr), (SocketAddr, SimTime)>,
    /// The nodes' records of connections.
    pub conntrack: Conntrack,
    recent: VecDeque<Arc<Trace>>,
    last_trace: u64,
}

/// An endpoint that the rules chose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    /// Its position in the rules.
    pub index: u32,
    /// Whether the client had it before.
    pub affinity: bool,
}

impl NetworkState {
    pub fn new(seed: u64) -> NetworkState {
        NetworkState {
            balance: Stream::new(seed, "load balancing"),
            cloud: Stream::new(seed, "cloud load balancers"),
            ports: Stream::new(seed, "client ports"),
            next_port: BTreeMap::new(),
            affinity: BTreeMap::new(),
            conntrack: Conntrack::default(),
            recent: VecDeque::new(),
            last_trace: 0,
        }
    }

    /// Chooses an endpoint of a chain. With session affinity, a client that came back in time gets
    /// the one it had, for as long as that can be used (R6.8).
    pub fn choose(
        &mut self,
        now: SimTime,
        node: NodeId,
        service_port: &ServicePort,
        chain: &Chain<'_>,
        client: IpAddr,
    ) -> Choice {
        let Some(timeout) = service_port.rules.affinity else {
            return Choice { index: self.draw(chain.endpoints), affinity: false };
        };
        let key = (node, service_port.rules.name.clone(), client);
        let known = self.affinity.get(&key).filter(|(_, last)| now.since(*last) < timeout);
        let again = known.and_then(|(address, _)| {
            let is_it = |index: &&u32| service_port.endpoint(**index).address == *address;
            chain.endpoints.iter().find(is_it).copied()
        });
        let index = again.unwrap_or_else(|| self.draw(chain.endpoints));
        self.affinity.insert(key, (service_port.endpoint(index).address, now));
        Choice { index, affinity: again.is_some() }
    }

    /// Walks the chain's rules as netfilter does: rule i of n is taken with the probability
    /// 1/(n-i), the last always (R6.12).
    fn draw(&mut self, endpoints: &[u32]) -> u32 {
        let (last, rules) = match endpoints.split_last() {
            Some((last, rules)) => (*last, rules),
            None => return 0,
        };
        let rule = rules.iter().enumerate().find(|(position, _)| {
            let threshold = probability(endpoints.len() - position);
            (self.balance.bits() >> 33) < threshold
        });
        rule.map_or(last, |(_, index)| *index)
    }

    /// The node that a load balancer of the cloud chooses.
    pub fn pick(&mut self, healthy: &[NodeId]) -> Option<NodeId> {
        self.cloud.pick(healthy).copied()
    }

    /// The next client port of a namespace.
    pub fn client_port(&mut self, netns: NetnsId) -> u16 {
        let span = u64::from(LAST_CLIENT_PORT - FIRST_CLIENT_PORT) + 1;
        let port = match self.next_port.get(&netns) {
            Some(port) => *port,
            None => FIRST_CLIENT_PORT + self.ports.below(span) as u16,
        };
        let next = if port == LAST_CLIENT_PORT { FIRST_CLIENT_PORT } else { port + 1 };
        self.next_port.insert(netns, next);
        port
    }

    /// A namespace is gone, and its number is never used again.
    pub fn forget_namespace(&mut self, netns: NetnsId) {
        self.next_port.remove(&netns);
    }

    /// A port for a connection that kube-proxy masquerades.
    pub fn masquerade_port(&mut self) -> u16 {
        1024 + self.ports.below(64_512) as u16
    }

    /// Forgets which endpoints the clients of a Service port have.
    pub fn forget_affinity(&mut self, service: &str) {
        let ours = |name: &str| name.split(':').next() == Some(service);
        self.affinity.retain(|(_, name, _), _| !ours(name));
    }

    /// A new trace's number.
    pub fn next_trace(&mut self) -> TraceId {
        self.last_trace += 1;
        TraceId(self.last_trace)
    }

    /// The number that [`NetworkState::next_trace`] will give next.
    pub fn upcoming_trace(&self) -> TraceId {
        TraceId(self.last_trace + 1)
    }

    /// Keeps a trace, in order of sending; the oldest is forgotten.
    pub fn remember(&mut self, trace: Trace) -> Arc<Trace> {
        let trace = Arc::new(trace);
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        let place = self.position(trace.id);
        self.recent.insert(place, trace.clone());
        trace
    }

    /// The traces that are kept, oldest first.
    pub fn traces(&self) -> impl DoubleEndedIterator<Item = &Arc<Trace>> + ExactSizeIterator {
        self.recent.iter()
    }

    /// A trace by its number, if it is still kept.
    pub fn trace(&self, id: TraceId) -> Option<&Arc<Trace>> {
        self.recent.get(self.position(id)).filter(|trace| trace.id == id)
    }

    fn position(&self, id: TraceId) -> usize {
        match self.recent.back() {
            Some(last) if last.id < id => self.recent.len(),
            _ => self.recent.partition_point(|trace| trace.id < id),
        }
    }
}

/// The probability 1/n as netfilter's `statistic` match holds it: in parts of 2^31, after kube-proxy has
/// written it with ten digits.
pub(super) fn probability(n: usize) -> u64 {
    const DIGITS: u64 = 10_000_000_000;
    let n = n.max(1) as u64;
    let written = (DIGITS + n / 2) / n;
    ((written << 31) + DIGITS / 2) / DIGITS
}
