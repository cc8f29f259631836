//! Names to addresses, as a C library does it: `/etc/hosts`, then the servers of `/etc/resolv.conf`
//! with search list and ndots (R8.1, R8.2). What is found is put into the order of `address_order`.
//!
//! Two libraries are simulated. glibc (Debian, Ubuntu, BusyBox' own image) tries a name with enough
//! dots as it is first and the search list after that, waits 5 seconds twice for each, and gives up
//! the list at a server's silence; its second question goes out of the same socket, which hears a
//! late answer to the first. musl (Alpine and what is built on it) never searches for a name with
//! enough dots, takes "exists, but has no address" for an answer, never takes SERVFAIL for one, and
//! waits 5 seconds in all.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::{Cluster, DialFailure, Did, Libc, Lookup, LookupFailure, Place, address_order};
use crate::network::{DnsAnswer, DnsCode, DnsType, Family, ResolvConf, TraceId, aton};

/// How long a resolver waits for one server (`options timeout`).
const TIMEOUT: Duration = Duration::from_secs(5);

/// How often glibc asks all servers (`options attempts`).
const ATTEMPTS: u32 = 2;

/// A lookup in progress.
struct Resolver<'a> {
    cluster: &'a mut Cluster,
    place: &'a Place,
    library: Libc,
    conf: ResolvConf,
    /// The only type of record that is asked for; otherwise both types of addresses.
    kind: Option<DnsType>,
    took: Duration,
    traces: Vec<TraceId>,
}

/// What comes back for one full name, and when.
struct Arrival {
    at: Duration,
    answers: Vec<DnsAnswer>,
}

/// What the servers say to one full name.
enum Said {
    Found(Vec<IpAddr>, String),
    NoAddress,
    NoName,
    Failed,
    Nothing,
}

impl Cluster {
    /// Looks a name up as the C library at `place` does: `/etc/hosts`, then the servers of
    /// `/etc/resolv.conf` with search domains and ndots (R8.1, R8.2). An address is its own answer.
    pub fn lookup(&mut self, place: &Place, name: &str) -> Lookup {
        if let Some(address) = name.parse().ok().or_else(|| aton(name).map(IpAddr::V4)) {
            return Lookup::local(vec![address], name);
        }
        self.search(place, name, None)
    }

    /// Looks a name's addresses of one family up, as `gethostbyname2` does.
    pub fn lookup_family(&mut self, place: &Place, name: &str, family: Family) -> Lookup {
        self.search(place, name, Some(family))
    }

    fn search(&mut self, place: &Place, name: &str, family: Option<Family>) -> Lookup {
        let library = self.library(place);
        if let Some((mut addresses, canonical)) = self.hosts(place, name) {
            addresses.retain(|one| family.is_none_or(|family| Family::of(*one) == family));
            if !addresses.is_empty() {
                self.prefer(place, library, &mut addresses);
                return Lookup::local(addresses, &canonical);
            }
        }
        let conf = self.resolv_conf(place);
        let kind = family.map(|family| match family {
            Family::V4 => DnsType::A,
            Family::V6 => DnsType::Aaaa,
        });
        let (took, traces) = (Duration::ZERO, Vec::new());
        let mut resolver = Resolver { cluster: self, place, library, conf, kind, took, traces };
        let (mut result, canonical) = match resolver.search(name) {
            Ok((addresses, canonical)) => (Ok(addresses), canonical),
            Err(failure) => (Err(failure), name.trim_end_matches('.').to_owned()),
        };
        let (took, traces) = (resolver.took, resolver.traces);
        match &mut result {
            Ok(addresses) => self.prefer(place, library, addresses),
            // Without an IPv6 address, one of IPv4 is looked for next.
            Err(_) if family == Some(Family::V6) => {}
            Err(why) => {
                self.note(place, Did::NotResolved { name: name.to_owned(), why: *why });
            }
        }
        Lookup { result, canonical, took, traces }
    }

    /// Puts addresses into the order in which programs at a place try them.
    fn prefer(&self, place: &Place, library: Libc, addresses: &mut [IpAddr]) {
        let netns = self.netns_of(place).and_then(|from| self.network.netns(from.netns));
        if let Some(netns) = netns {
            address_order::sort(library, netns, addresses);
        }
    }

    /// A name in `/etc/hosts`: its addresses, and the first name on the first of its lines.
    fn hosts(&self, place: &Place, name: &str) -> Option<(Vec<IpAddr>, String)> {
        let file = self.read_file(place, "/etc/hosts");
        let text = file.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        find_in_hosts(text.as_deref().unwrap_or("127.0.0.1 localhost\n"), name)
    }

    /// The C library at a place.
    pub fn library(&self, place: &Place) -> Libc {
        self.image(place).map_or(Libc::Glibc, |image| image.libc)
    }
}

impl Lookup {
    /// An answer that needed no question.
    fn local(addresses: Vec<IpAddr>, canonical: &str) -> Lookup {
        Lookup {
            result: Ok(addresses),
            canonical: canonical.to_owned(),
            took: Duration::ZERO,
            traces: Vec::new(),
        }
    }
}

impl Resolver<'_> {
    fn search(&mut self, name: &str) -> Result<(Vec<IpAddr>, String), LookupFailure> {
        if !is_name(name) {
            return Err(LookupFailure::NotFound);
        }
        let absolute = name.ends_with('.');
        let enough = name.matches('.').count() >= self.conf.ndots as usize;
        if absolute || self.library == Libc::Musl && enough {
            return self.in_turn(&[self.plain(name)]);
        }
        let mut candidates: Vec<String> = self
            .conf
            .search
            .iter()
            .map(|domain| format!("{name}.{}.", domain.trim_matches('.')))
            .collect();
        candidates.insert(if enough { 0 } else { candidates.len() }, self.plain(name));
        if self.library == Libc::Musl {
            return self.in_turn(&candidates);
        }
        self.glibc(&candidates, enough)
    }

    fn plain(&self, name: &str) -> String {
        format!("{}.", name.trim_end_matches('.'))
    }

    /// `res_search` of glibc: silence ends the search list, but the name as it is gets its turn.
    fn glibc(
        &mut self,
        candidates: &[String],
        plain_first: bool,
    ) -> Result<(Vec<IpAddr>, String), LookupFailure> {
        let plain = if plain_first { 0 } else { candidates.len() - 1 };
        let mut failure = None;
        let mut silent = false;
        for (position, candidate) in candidates.iter().enumerate() {
            if silent && position != plain {
                continue;
            }
            let failed = match self.full_name(candidate) {
                Said::Found(addresses, canonical) => return Ok((addresses, canonical)),
                Said::NoAddress => LookupFailure::NoAddress,
                Said::NoName => LookupFailure::NotFound,
                Said::Failed => LookupFailure::ServerFailure,
                Said::Nothing => {
                    // A name with enough dots was asked already; one search domain is still tried.
                    silent = position != 0 || !plain_first;
                    LookupFailure::NoServer
                }
            };
            failure = match failure {
                None | Some(LookupFailure::NotFound) => Some(failed),
                known => known,
            };
        }
        Err(failure.unwrap_or(LookupFailure::NotFound))
    }

    /// musl: the first server's word but "no such name" ends it.
    fn in_turn(&mut self, candidates: &[String]) -> Result<(Vec<IpAddr>, String), LookupFailure> {
        let mut failure = LookupFailure::NotFound;
        for candidate in candidates {
            failure = match self.full_name(candidate) {
                Said::Found(addresses, canonical) => return Ok((addresses, canonical)),
                Said::NoName => LookupFailure::NotFound,
                Said::NoAddress => LookupFailure::NoAddress,
                Said::Failed => LookupFailure::ServerFailure,
                Said::Nothing => LookupFailure::NoServer,
            };
            if failure != LookupFailure::NotFound {
                break;
            }
        }
        Err(failure)
    }

    /// Asks the servers for the addresses of one full name, IPv4 and IPv6 together.
    fn full_name(&mut self, name: &str) -> Said {
        let mut servers = self.conf.nameservers.clone();
        if servers.is_empty() {
            servers.push(Ipv4Addr::LOCALHOST.into());
        }
        let attempts = match self.library {
            Libc::Glibc => ATTEMPTS,
            Libc::Musl => 1,
        };
        let (mut failed, begun) = (false, self.took);
        let mut late: Option<Arrival> = None;
        for _ in 0..attempts {
            for server in &servers {
                let limit = self.took + TIMEOUT;
                let arrival = match self.ask(*server, name) {
                    Ok(arrival) => arrival,
                    // musl's socket is not connected: it does not hear of refusals.
                    Err(DialFailure::Refused) if self.library == Libc::Glibc => continue,
                    Err(DialFailure::Unreachable | DialFailure::NoNetwork) => continue,
                    Err(DialFailure::Refused | DialFailure::Silence) => {
                        self.took = limit;
                        continue;
                    }
                };
                let first = late.take().filter(|late| late.at < arrival.at).unwrap_or(arrival);
                if first.at > limit {
                    self.took = limit;
                    late = Some(first);
                    continue;
                }
                self.took = first.at;
                match said(&first.answers, name) {
                    Said::Failed => failed = true,
                    said => return said,
                }
            }
        }
        if failed && self.library == Libc::Musl {
            self.took = begun + TIMEOUT;
        }
        if failed { Said::Failed } else { Said::Nothing }
    }

    /// One question for A and one for AAAA records leave together; where neither finds an address,
    /// the answer to the first counts.
    fn ask(&mut self, server: IpAddr, name: &str) -> Result<Arrival, DialFailure> {
        let asked = self.cluster.query_addresses(self.place, server, (name, self.kind), self.took);
        let Some(queries) = asked else { return Err(DialFailure::Unreachable) };
        self.traces.extend(queries.iter().map(|query| query.trace));
        let took = queries.iter().map(|query| query.took).max().unwrap_or_default();
        let mut answers = Vec::new();
        for (position, query) in queries.into_iter().enumerate() {
            match query.result {
                Ok(answer) => answers.push(answer),
                Err(why) if position == 0 => return Err(why),
                Err(_) => {}
            }
        }
        Ok(Arrival { at: self.took + took, answers })
    }
}

/// What an answer means to somebody who looks for addresses.
fn said(answers: &[DnsAnswer], name: &str) -> Said {
    let addresses: Vec<IpAddr> = answers.iter().flat_map(DnsAnswer::addresses).collect();
    if !addresses.is_empty() {
        let last = answers.iter().find_map(|answer| answer.records.last());
        let last = last.map_or(name, |record| record.name.as_str());
        return Said::Found(addresses, last.trim_end_matches('.').to_owned());
    }
    match answers.first().map(|answer| answer.code) {
        Some(DnsCode::NoError) => Said::NoAddress,
        Some(DnsCode::NxDomain) => Said::NoName,
        Some(DnsCode::ServFail | DnsCode::Refused) | None => Said::Failed,
    }
}

/// Whether a text can be asked for at all: labels of 1 to 63 characters, 253 in all.
fn is_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let label =
        |label: &str| (1..=63).contains(&label.len()) && !label.contains(char::is_whitespace);
    name.len() <= 253 && name.split('.').all(label)
}

/// A name with a dot at its end is for the servers alone: no line of the file has one.
fn find_in_hosts(text: &str, name: &str) -> Option<(Vec<IpAddr>, String)> {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split('#').next().unwrap_or("").split_whitespace();
        let address: IpAddr = words.next()?.parse().ok()?;
        let names: Vec<&str> = words.collect();
        let canonical = names.first()?;
        let listed = names.iter().any(|known| known.eq_ignore_ascii_case(name));
        listed.then(|| (address, (*canonical).to_owned()))
    });
    let (addresses, names): (Vec<IpAddr>, Vec<String>) = lines.unzip();
    Some((addresses, names.into_iter().next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTS: &str = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n10.244.1.20\tdb-0.db.default.svc.cluster.local\tdb-0\n";

    // R1.7
    #[test]
    fn a_pod_finds_its_own_name_in_its_hosts_file() {
        let found = find_in_hosts(HOSTS, "DB-0").unwrap();
        assert_eq!(found.0, [IpAddr::from([10, 244, 1, 20])]);
        assert_eq!(found.1, "db-0.db.default.svc.cluster.local");
        assert_eq!(find_in_hosts(HOSTS, "db-1"), None);
        assert_eq!(find_in_hosts(HOSTS, "localhost").unwrap().0.len(), 2);
    }

    #[test]
    fn what_is_no_name_is_not_asked_for() {
        assert!(is_name("web.default.svc.cluster.local."));
        assert!(is_name("web_default"));
        assert!(!is_name("") && !is_name("a..b") && !is_name(&"x".repeat(64)) && !is_name("a b"));
    }
}
