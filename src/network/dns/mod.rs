//! Names as messages: questions, records and answers, and the resolver of the world outside.
//!
//! A question travels as a packet; whoever listens decides what the answer is. The cluster's own name
//! servers are programs (`cluster::programs::coredns`); the resolver outside is told of here.

mod outside;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) use outside::HOSTS;
pub use outside::{RESOLVER, answer as outside_answer};

/// A DNS server's answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsAnswer {
    /// The response code.
    pub code: DnsCode,
    /// Whether the server says that it is authoritative for the name (`aa`).
    pub authoritative: bool,
    /// Whether the server would ask others (`ra`). CoreDNS says so only of names that are not its own.
    pub recursion_available: bool,
    /// The answer section, in order.
    pub records: Vec<DnsRecord>,
    /// The authority section: the zone's SOA where there is no answer.
    pub authority: Vec<DnsRecord>,
    /// The additional section: addresses of an SRV record's targets.
    pub additional: Vec<DnsRecord>,
}

/// DNS response codes that podhop's servers use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsCode {
    NoError,
    NxDomain,
    ServFail,
    Refused,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRecord {
    /// The name it is about, with a final dot.
    pub name: String,
    /// Seconds it may be kept.
    pub ttl: u32,
    /// What it says.
    pub data: DnsData,
}

/// What a record says. Names in it end with a dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsData {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Cname(String),
    Srv {
        priority: u16,
        weight: u16,
        port: u16,
        target: String,
    },
    Ptr(String),
    Txt(String),
    Ns(String),
    Soa {
        server: String,
        mailbox: String,
        serial: u64,
        refresh: u32,
        retry: u32,
        expire: u32,
        minimum: u32,
    },
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DnsType {
    A,
    Aaaa,
    Cname,
    Srv,
    Ptr,
    Txt,
    Ns,
    Soa,
    Mx,
    Any,
    /// A type that no server here has records of, by its name.
    Other(&'static str),
}

impl DnsAnswer {
    /// An authoritative answer without records.
    pub fn new(code: DnsCode) -> DnsAnswer {
        DnsAnswer {
            code,
            authoritative: true,
            recursion_available: false,
            records: Vec::new(),
            authority: Vec::new(),
            additional: Vec::new(),
        }
    }

    /// The name that the answer's aliases lead to; `asked` itself where there are none.
    pub fn target(&self, asked: &str) -> String {
        let alias = self.records.iter().rev().find_map(|record| match &record.data {
            DnsData::Cname(target) => Some(target.clone()),
            _ => None,
        });
        alias.unwrap_or_else(|| asked.to_owned())
    }

    /// The addresses of the answer section, in order.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.records.iter().filter_map(|record| record.data.address())
    }
}

impl DnsData {
    /// The record of an address, by its family.
    pub fn of_address(address: IpAddr) -> DnsData {
        match address {
            IpAddr::V4(address) => DnsData::A(address),
            IpAddr::V6(address) => DnsData::Aaaa(address),
        }
    }

    /// The address, where the record is one's.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            DnsData::A(address) => Some((*address).into()),
            DnsData::Aaaa(address) => Some((*address).into()),
            _ => None,
        }
    }

    /// The type of record that says this.
    pub fn kind(&self) -> DnsType {
        match self {
            DnsData::A(_) => DnsType::A,
            DnsData::Aaaa(_) => DnsType::Aaaa,
            DnsData::Cname(_) => DnsType::Cname,
            DnsData::Srv { .. } => DnsType::Srv,
            DnsData::Ptr(_) => DnsType::Ptr,
            DnsData::Txt(_) => DnsType::Txt,
            DnsData::Ns(_) => DnsType::Ns,
            DnsData::Soa { .. } => DnsType::Soa,
        }
    }
}

/// As `dig` prints it: `10.96.0.1`, `0 100 80 web.default.svc.cluster.local.`
impl fmt::Display for DnsData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DnsData::A(address) => write!(f, "{address}"),
            DnsData::Aaaa(address) => write!(f, "{address}"),
            DnsData::Cname(name) | DnsData::Ptr(name) | DnsData::Ns(name) => f.write_str(name),
            DnsData::Srv { priority, weight, port, target } => {
                write!(f, "{priority} {weight} {port} {target}")
            }
            DnsData::Txt(text) => write!(f, "\"{text}\""),
            DnsData::Soa { server, mailbox, serial, refresh, retry, expire, minimum } => {
                write!(f, "{server} {mailbox} {serial} {refresh} {retry} {expire} {minimum}")
            }
        }
    }
}

/// `name` with a final dot.
pub fn absolute(name: &str) -> String {
    if name.ends_with('.') { name.to_owned() } else { format!("{name}.") }
}

/// `NOERROR`
impl fmt::Display for DnsCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DnsCode::NoError => "NOERROR",
            DnsCode::NxDomain => "NXDOMAIN",
            DnsCode::ServFail => "SERVFAIL",
            DnsCode::Refused => "REFUSED",
        })
    }
}

/// `AAAA`
impl fmt::Display for DnsType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DnsType::A => "A",
            DnsType::Aaaa => "AAAA",
            DnsType::Cname => "CNAME",
            DnsType::Srv => "SRV",
            DnsType::Ptr => "PTR",
            DnsType::Txt => "TXT",
            DnsType::Ns => "NS",
            DnsType::Soa => "SOA",
            DnsType::Mx => "MX",
            DnsType::Any => "ANY",
            DnsType::Other(name) => name,
        })
    }
}
