//! One rule, as a value; it prints as `iptables-save` prints it.

use std::fmt;
use std::sync::Arc;

use crate::network::{Family, Protocol, Range, SocketAddr};

/// One rule of a chain: when all of it matches, the target decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `-s`
    pub source: Option<Side>,
    /// `-d`
    pub destination: Option<Side>,
    /// `-p`
    pub protocol: Option<Protocol>,
    /// `-m`, in the order they were written.
    pub matches: Vec<Match>,
    /// `-j`
    pub target: Target,
}

/// A range that an address has to be in, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// The range.
    pub range: Range,
    /// `! -s`: the address has to be outside.
    pub negated: bool,
}

/// What a match extension looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// A remark.
    Comment(String),
    /// `-m tcp`, with or without `--dport`.
    Port(Protocol, Option<u16>),
    /// `-m addrtype --src-type LOCAL`: one of the node's own addresses.
    SourceIsLocal,
    /// `-m addrtype --dst-type LOCAL`
    DestinationIsLocal,
    /// `-m mark`: whether a packet is marked for masquerading.
    Marked(bool),
    /// `-m conntrack --ctstate`, and whether it is negated.
    State(bool, &'static str),
    /// A counter; it matches always.
    Count(&'static str),
    /// `-m statistic`: with a probability in parts of 2^31.
    Probability(u64),
    /// `-m recent --rcheck`: the client came this way at most so many seconds ago.
    CameBack { chain: Arc<str>, seconds: u64, family: Family },
    /// `-m recent --set`: remembers that the client came this way.
    Remember { chain: Arc<str>, family: Family },
}

/// What happens to a packet that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// On to another chain, and back if nothing there decides.
    Chain(Arc<str>),
    /// Marks the packet for masquerading.
    Mark,
    /// Takes the mark away.
    Unmark,
    /// Replaces the source address by that of the device, with a random port or the old one.
    Masquerade {
        random_port: bool,
    },
    /// Replaces the destination.
    Dnat(SocketAddr),
    /// Tells the sender no, by ICMP of the packet's family.
    Reject(Family),
    Drop,
    Accept,
    /// Back to the calling chain.
    Return,
    /// Nothing at all: a rule that is there for its remark.
    Nothing,
}

impl Rule {
    /// A rule that matches everything.
    pub(super) fn new(target: Target) -> Rule {
        Rule { source: None, destination: None, protocol: None, matches: Vec::new(), target }
    }

    /// The same, for packets from a range, or from outside of it.
    pub(super) fn from(mut self, range: Range, negated: bool) -> Rule {
        self.source = Some(Side { range, negated });
        self
    }

    /// The same, for packets to a range, or to outside of it.
    pub(super) fn to(mut self, range: Range, negated: bool) -> Rule {
        self.destination = Some(Side { range, negated });
        self
    }

    /// The same, with a match more.
    pub(super) fn when(mut self, what: Match) -> Rule {
        self.matches.push(what);
        self
    }

    /// The same, with a remark.
    pub(super) fn say(self, remark: impl Into<String>) -> Rule {
        self.when(Match::Comment(remark.into()))
    }

    /// The same, for a protocol, and for a port of it.
    pub(super) fn port(mut self, protocol: Protocol, port: Option<u16>) -> Rule {
        self.protocol = Some(protocol);
        self.when(Match::Port(protocol, port))
    }
}

/// The rule without `-A CHAIN`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (flag, side) in [("-s", self.source), ("-d", self.destination)] {
            if let Some(Side { range: (network, length), negated }) = side {
                let not = if negated { "! " } else { "" };
                write!(f, "{not}{flag} {network}/{length} ")?;
            }
        }
        if let Some(protocol) = self.protocol {
            write!(f, "-p {} ", keyword(protocol))?;
        }
        for what in &self.matches {
            write!(f, "{what} ")?;
        }
        // Without a target the last match ends the line.
        match self.target {
            Target::Nothing => Ok(()),
            _ => write!(f, "-j {}", self.target),
        }
    }
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Match::Comment(text) if text.chars().all(is_plain) => {
                write!(f, "-m comment --comment {text}")
            }
            Match::Comment(text) => write!(f, "-m comment --comment \"{text}\""),
            Match::Port(protocol, Some(port)) => {
                write!(f, "-m {} --dport {port}", keyword(*protocol))
            }
            Match::Port(protocol, None) => write!(f, "-m {}", keyword(*protocol)),
            Match::SourceIsLocal => f.write_str("-m addrtype --src-type LOCAL"),
            Match::DestinationIsLocal => f.write_str("-m addrtype --dst-type LOCAL"),
            Match::Marked(true) => f.write_str("-m mark --mark 0x4000/0x4000"),
            Match::Marked(false) => f.write_str("-m mark ! --mark 0x4000/0x4000"),
            Match::State(negated, states) => {
                let not = if *negated { "! " } else { "" };
                write!(f, "-m conntrack {not}--ctstate {states}")
            }
            // iptables itself prints two spaces here.
            Match::Count(name) => write!(f, "-m nfacct --nfacct-name  {name}"),
            Match::Probability(parts) => {
                let probability = *parts as f64 / (1u64 << 31) as f64;
                write!(f, "-m statistic --mode random --probability {probability:.11}")
            }
            Match::CameBack { chain, seconds, family } => write!(
                f,
                "-m recent --rcheck --seconds {seconds} --reap --name {chain} --mask {} --rsource",
                family.mask()
            ),
            Match::Remember { chain, family } => {
                write!(f, "-m recent --set --name {chain} --mask {} --rsource", family.mask())
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Chain(name) => f.write_str(name),
            Target::Mark => f.write_str("MARK --set-xmark 0x4000/0x4000"),
            Target::Unmark => f.write_str("MARK --set-xmark 0x4000/0x0"),
            Target::Masquerade { random_port: true } => f.write_str("MASQUERADE --random-fully"),
            Target::Masquerade { random_port: false } => f.write_str("MASQUERADE"),
            Target::Dnat(to) => write!(f, "DNAT --to-destination {to}"),
            Target::Reject(Family::V4) => f.write_str("REJECT --reject-with icmp-port-unreachable"),
            Target::Reject(Family::V6) => {
                f.write_str("REJECT --reject-with icmp6-port-unreachable")
            }
            Target::Drop => f.write_str("DROP"),
            Target::Accept => f.write_str("ACCEPT"),
            Target::Return => f.write_str("RETURN"),
            Target::Nothing => Ok(()),
        }
    }
}

/// What iptables prints without quotes.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// `tcp`
pub(super) fn keyword(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
        Protocol::Icmp => "icmp",
    }
}
