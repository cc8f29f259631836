//! Names of the world outside: what the resolver 203.0.113.53 knows.

use std::net::Ipv4Addr;

use super::{DnsAnswer, DnsCode, DnsData, DnsRecord, DnsType, absolute};

/// A host of the world outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::network) struct OutsideHost {
    /// Its own name.
    pub name: &'static str,
    /// Its address, from TEST-NET-3 (RFC 5737).
    pub address: Ipv4Addr,
    /// Other names that lead to it.
    pub aliases: &'static [&'static str],
    /// TCP ports that it listens on.
    pub ports: &'static [u16],
}

/// The resolver of the nodes and of the laptop.
pub const RESOLVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 53);

/// Every host outside, but for the resolver. The first three are recording 30's; the others are
/// what package managers and container runtimes ask for.
pub(in crate::network) const HOSTS: &[OutsideHost] = &[
    host("example.com", 10, &["www.example.com"], &[80, 443, 8080]),
    host("db.example.com", 20, &[], &[80, 5432]),
    host("api.example.org", 30, &[], &[80, 443]),
    host("archive.ubuntu.com", 80, &["security.ubuntu.com", "ports.ubuntu.com"], &[80]),
    host("deb.debian.org", 81, &["security.debian.org"], &[80]),
    host("dl-cdn.alpinelinux.org", 82, &[], &[80, 443]),
    host("registry-1.docker.io", 90, &["auth.docker.io", "docker.io"], &[443]),
    host("registry.k8s.io", 91, &["k8s.gcr.io"], &[443]),
    host("ghcr.io", 92, &[], &[443]),
    host("quay.io", 93, &[], &[443]),
];

/// Seconds that the resolver's records may be kept.
const TTL: u32 = 300;

const fn host(
    name: &'static str,
    last: u8,
    aliases: &'static [&'static str],
    ports: &'static [u16],
) -> OutsideHost {
    OutsideHost { name, address: Ipv4Addr::new(203, 0, 113, last), aliases, ports }
}

/// What the resolver answers. It knows nothing of the cluster's names.
pub fn answer(name: &str, kind: DnsType) -> DnsAnswer {
    let lower = name.to_ascii_lowercase();
    let asked = lower.trim_end_matches('.');
    let mut found = DnsAnswer {
        authoritative: false,
        recursion_available: true,
        ..DnsAnswer::new(DnsCode::NoError)
    };
    let record = |name: String, data| DnsRecord { name, ttl: TTL, data };
    let Some(host) = HOSTS.iter().find(|host| host.name == asked || host.aliases.contains(&asked))
    else {
        let is_domain = HOSTS.iter().any(|host| host.name.ends_with(&format!(".{asked}")));
        if !is_domain {
            found.code = DnsCode::NxDomain;
        }
        found.authority.push(authority(asked));
        return found;
    };
    if host.name != asked {
        found.records.push(record(absolute(name), DnsData::Cname(absolute(host.name))));
    }
    let owner = if host.name == asked { absolute(name) } else { absolute(host.name) };
    if kind == DnsType::A {
        found.records.push(record(owner, DnsData::A(host.address)));
    }
    if found.records.is_empty() {
        found.authority.push(authority(asked));
    }
    found
}

/// The SOA record of the zone that a name is in.
fn authority(name: &str) -> DnsRecord {
    let zone = HOSTS
        .iter()
        .map(|host| registered(host.name))
        .find(|zone| name == *zone || name.ends_with(&format!(".{zone}")));
    let (owner, server, mailbox, serial) = match zone {
        Some(zone) => {
            (format!("{zone}."), format!("ns1.{zone}."), format!("hostmaster.{zone}."), 2026010101)
        }
        None => (
            ".".to_owned(),
            "a.root-servers.net.".to_owned(),
            "nstld.verisign-grs.com.".to_owned(),
            2026010500,
        ),
    };
    let data = DnsData::Soa {
        server,
        mailbox,
        serial,
        refresh: 7200,
        retry: 3600,
        expire: 1_209_600,
        minimum: 3600,
    };
    DnsRecord { name: owner, ttl: TTL, data }
}

/// `example.com` of `db.example.com`.
fn registered(name: &str) -> &str {
    let mut dots = name.rmatch_indices('.').map(|(at, _)| at);
    match dots.nth(1) {
        Some(at) => &name[at + 1..],
        None => name,
    }
}
