//! NetworkPolicy, compiled for each pod as a CNI plugin does it (R11).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::address::within;
use super::{Because, NetnsId, Protocol, Range};

/// The policies that select one pod. `None` in a direction: no policy selects it there, and
/// everything is allowed (R11.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodPolicies {
    /// What may come in.
    pub ingress: Option<PolicyRules>,
    /// What may go out.
    pub egress: Option<PolicyRules>,
}

/// All rules of the policies that select a pod in one direction. What none allows is dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyRules {
    /// The policies, as `namespace/name`.
    pub policies: Vec<Arc<str>>,
    /// What they allow, together.
    pub allow: Vec<PolicyRule>,
}

/// One allowed combination of peers and ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRule {
    /// The policy it is from, as `namespace/name`.
    pub policy: Arc<str>,
    /// Its place in the policy's list, from 0.
    pub number: usize,
    /// Who is at the other end.
    pub peers: PolicyPeers,
    /// Ports of the receiving pod, after DNAT (R11.3). None: every port.
    pub ports: Vec<PolicyPort>,
}

/// Who is at the other end of an allowed connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyPeers {
    /// Everybody.
    Anyone,
    /// These.
    Only {
        /// Addresses of the selected pods.
        pods: Arc<BTreeSet<IpAddr>>,
        /// `ipBlock`s.
        blocks: Vec<PolicyBlock>,
    },
}

/// An `ipBlock`: a range and the ranges excepted from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyBlock {
    /// Network address and prefix length.
    pub range: Range,
    /// What is not in it.
    pub except: Vec<Range>,
}

/// A port or a range of ports. Named ports are resolved for the receiving pod before they come here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyPort {
    /// The protocol.
    pub protocol: Protocol,
    /// The first port.
    pub first: u16,
    /// The last port (`endPort`), the same for a single one.
    pub last: u16,
}

/// Every selected pod's policies.
pub(super) type Policies = Arc<BTreeMap<NetnsId, PodPolicies>>;

impl PolicyRules {
    /// Whether a connection with `peer` to `port` is allowed, and by which facts.
    pub(super) fn judge(&self, peer: IpAddr, protocol: Protocol, port: u16) -> (bool, Because) {
        match self.allow.iter().find(|rule| rule.matches(peer, protocol, port)) {
            Some(rule) => {
                let (policy, number) = (rule.policy.clone(), rule.number);
                (true, Because::PolicyAllows { policy, rule: number })
            }
            None => (false, Because::PolicyDenies { policies: self.policies.clone() }),
        }
    }
}

impl PolicyRule {
    fn matches(&self, peer: IpAddr, protocol: Protocol, port: u16) -> bool {
        self.peers.contain(peer)
            && (self.ports.is_empty()
                || self.ports.iter().any(|range| range.contains(protocol, port)))
    }
}

impl PolicyPeers {
    fn contain(&self, peer: IpAddr) -> bool {
        match self {
            PolicyPeers::Anyone => true,
            PolicyPeers::Only { pods, blocks } => {
                pods.contains(&peer) || blocks.iter().any(|block| block.contains(peer))
            }
        }
    }
}

impl PolicyBlock {
    /// Whether an address is in the range, and in none of the exceptions.
    pub fn contains(&self, peer: IpAddr) -> bool {
        within(peer, self.range) && !self.except.iter().any(|except| within(peer, *except))
    }
}

impl PolicyPort {
    fn contains(&self, protocol: Protocol, port: u16) -> bool {
        self.protocol == protocol && (self.first..=self.last).contains(&port)
    }
}
