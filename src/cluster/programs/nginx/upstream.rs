//! Groups of servers, and which of them has the next request (`ngx_http_upstream_round_robin.c`,
//! `ngx_http_upstream_ip_hash_module.c`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::slot;
use super::tokens::{Fault, Spot};
use crate::clock::SimTime;
use crate::network::SocketAddr;

/// An `upstream`, or the addresses of a host that `proxy_pass` names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// What logs call it.
    pub name: String,
    pub peers: Vec<Peer>,
    /// `ip_hash`: a client keeps its server.
    pub by_client: bool,
    /// One request may come to the same server again, and none is left out for having failed: so does the
    /// balancer of an Ingress controller.
    pub repeats: bool,
}

/// A `server` of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub address: SocketAddr,
    weight: i64,
    /// After how many failures it is left out; 0 is never.
    max_fails: u32,
    /// For how long it is left out, and its failures are counted.
    fail_timeout: Duration,
    /// It is asked when all others are left out.
    backup: bool,
    /// It is never asked.
    down: bool,
}

impl Peer {
    /// A server of which nothing is said but its address.
    pub fn new(address: SocketAddr) -> Peer {
        let fail_timeout = Duration::from_secs(10);
        Peer { address, weight: 1, max_fails: 1, fail_timeout, backup: false, down: false }
    }

    /// Takes up the words behind the address: `weight=3 max_fails=2`, and `backup` where the group may have
    /// `backups`.
    ///
    /// # Errors
    /// In nginx's words.
    pub fn read(mut self, words: &[String], backups: bool, spot: &Spot) -> Result<Peer, Fault> {
        for word in words {
            let invalid = || spot.fault(format!("invalid parameter \"{word}\""));
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            match name {
                "weight" => {
                    let weight = value.parse().ok().filter(|weight| *weight > 0);
                    self.weight = weight.ok_or_else(invalid)?;
                }
                "max_fails" => self.max_fails = value.parse().map_err(|_| invalid())?,
                "fail_timeout" => {
                    self.fail_timeout = slot::time(value).ok_or_else(invalid)?;
                }
                // One request at a time never reaches it.
                "max_conns" => drop(value.parse::<u32>().map_err(|_| invalid())?),
                "backup" if value.is_empty() && !backups => {
                    let what = "balancing method does not support parameter \"backup\"";
                    return Err(spot.fault(what));
                }
                "backup" if value.is_empty() => self.backup = true,
                "down" if value.is_empty() => self.down = true,
                _ => return Err(invalid()),
            }
        }
        Ok(self)
    }
}

impl Group {
    /// The addresses of a host, in turn.
    pub fn of(name: &str, addresses: Vec<SocketAddr>) -> Group {
        let peers = addresses.into_iter().map(Peer::new).collect();
        Group { name: name.to_owned(), peers, ..Group::default() }
    }

    /// Whether nobody is asked before the backups.
    pub fn is_backups_alone(&self) -> bool {
        self.peers.iter().all(|peer| peer.backup)
    }

    /// A server that is alone is asked whatever has become of it.
    fn is_single(&self) -> bool {
        self.peers.len() == 1
    }
}

/// After what the next server of a group is asked (`proxy_next_upstream`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextUpstream {
    error: bool,
    timeout: bool,
    invalid_header: bool,
    /// `http_503`
    statuses: Vec<u16>,
    /// `non_idempotent`: what may change something as well.
    pub repeats: bool,
}

impl Default for NextUpstream {
    /// `error timeout`
    fn default() -> NextUpstream {
        NextUpstream { error: true, timeout: true, ..NextUpstream::never() }
    }
}

impl NextUpstream {
    fn never() -> NextUpstream {
        NextUpstream {
            error: false,
            timeout: false,
            invalid_header: false,
            statuses: Vec::new(),
            repeats: false,
        }
    }

    /// Reads the words behind `proxy_next_upstream`, which `directives.txt` lists.
    pub fn read(words: &[String]) -> NextUpstream {
        let mut next = NextUpstream::never();
        for word in words {
            match word.to_ascii_lowercase().as_str() {
                "error" => next.error = true,
                "timeout" => next.timeout = true,
                "invalid_header" => next.invalid_header = true,
                "non_idempotent" => next.repeats = true,
                "off" => next = NextUpstream::never(),
                // `updating` is of no use without a cache.
                word => {
                    let status = word.strip_prefix("http_").and_then(|status| status.parse().ok());
                    next.statuses.extend::<Option<u16>>(status);
                }
            }
        }
        next
    }

    /// Whether the next server is asked after this.
    pub fn takes(&self, failure: Failure) -> bool {
        match failure {
            Failure::Error => self.error,
            Failure::Timeout => self.timeout,
            Failure::InvalidHeader => self.invalid_header,
            Failure::Status(status) => self.statuses.contains(&status),
        }
    }
}

/// The kinds of failures that `proxy_next_upstream` tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection, or one that ended too soon.
    Error,
    Timeout,
    InvalidHeader,
    /// A response with this status.
    Status(u16),
}

/// How the servers of all groups fare: by group and number in it.
#[derive(Clone, Debug, Default)]
pub struct Standings(BTreeMap<(String, usize), Standing>);

#[derive(Clone, Copy, Debug)]
struct Standing {
    /// Who has most is next.
    current: i64,
    /// Its weight, less what failures have taken from it.
    effective: i64,
    fails: u32,
    /// When it failed last, and when it was last tried anew.
    failed: SimTime,
    checked: SimTime,
}

impl Standings {
    fn of(&mut self, group: &Group, index: usize) -> &mut Standing {
        let fresh = Standing {
            current: 0,
            effective: group.peers[index].weight,
            fails: 0,
            failed: SimTime::START,
            checked: SimTime::START,
        };
        self.0.entry((group.name.clone(), index)).or_insert(fresh)
    }
}

/// nginx counts whole seconds here.
fn is_past(since: SimTime, now: SimTime, span: Duration) -> bool {
    now.timestamp().as_second() - since.timestamp().as_second() > span.as_secs() as i64
}

/// One request's way through a group.
pub struct Choice<'a> {
    group: &'a Group,
    standings: &'a mut Standings,
    tried: BTreeSet<usize>,
    /// How many tries are left.
    left: usize,
}

impl<'a> Choice<'a> {
    /// A request that may be passed on `limit` times at most; 0 is as often as there are servers.
    pub fn new(group: &'a Group, limit: u32, standings: &'a mut Standings) -> Choice<'a> {
        let servers = group.peers.iter().filter(|peer| !peer.down).count();
        let left = match (limit as usize, group.repeats) {
            (0, _) => servers,
            (limit, true) => limit,
            (limit, false) => limit.min(servers),
        };
        Choice { group, standings, tried: BTreeSet::new(), left }
    }

    /// Whether another server may be asked.
    pub fn has_tries(&self) -> bool {
        self.left > 0
    }

    /// Who is asked next; `None` where every server is left out.
    pub fn next(&mut self, client: IpAddr, now: SimTime) -> Option<(usize, SocketAddr)> {
        self.left = self.left.saturating_sub(1);
        let found = match self.group.is_single() {
            true => Some(0).filter(|_| !self.group.peers[0].down),
            false => {
                let own = self.group.by_client.then(|| self.of_client(client, now)).flatten();
                own.or_else(|| self.in_turn(false, now)).or_else(|| self.in_turn(true, now))
            }
        }?;
        if !self.group.repeats {
            self.tried.insert(found);
        }
        let peer = &self.group.peers[found];
        let standing = self.standings.of(self.group, found);
        if is_past(standing.checked, now, peer.fail_timeout) {
            standing.checked = now;
        }
        Some((found, peer.address))
    }

    fn may_be_asked(&mut self, index: usize, now: SimTime) -> bool {
        let peer = &self.group.peers[index];
        let standing = self.standings.of(self.group, index);
        let failed = peer.max_fails > 0
            && standing.fails >= peer.max_fails
            && !is_past(standing.checked, now, peer.fail_timeout);
        !peer.down && !self.tried.contains(&index) && (self.group.repeats || !failed)
    }

    /// Smooth weighted round robin: each gains its weight, and who has most pays all of it.
    fn in_turn(&mut self, backup: bool, now: SimTime) -> Option<usize> {
        let (mut best, mut total) = (None, 0);
        for index in 0..self.group.peers.len() {
            if self.group.peers[index].backup != backup || !self.may_be_asked(index, now) {
                continue;
            }
            let weight = self.group.peers[index].weight;
            let standing = self.standings.of(self.group, index);
            standing.current += standing.effective;
            total += standing.effective;
            standing.effective = weight.min(standing.effective + 1);
            let current = standing.current;
            if best.is_none_or(|(_, most)| current > most) {
                best = Some((index, current));
            }
        }
        let (index, _) = best?;
        self.standings.of(self.group, index).current -= total;
        Some(index)
    }

    /// The server that a client's address leads to: of IPv4 its first three bytes count.
    fn of_client(&mut self, client: IpAddr, now: SimTime) -> Option<usize> {
        let bytes = match client {
            IpAddr::V4(address) => address.octets()[..3].to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let total: i64 = self.group.peers.iter().map(|peer| peer.weight).sum();
        let mut hash = 89_i64;
        for _ in 0..20 {
            hash = bytes.iter().fold(hash, |hash, byte| (hash * 113 + i64::from(*byte)) % 6271);
            let mut rest = hash % total;
            let chosen = self.group.peers.iter().position(|peer| {
                rest -= peer.weight;
                rest < 0
            })?;
            if self.may_be_asked(chosen, now) {
                return Some(chosen);
            }
        }
        None
    }

    /// A server failed. Whether it is left out from now on.
    pub fn failed(&mut self, index: usize, now: SimTime) -> bool {
        if self.group.is_single() || self.group.repeats {
            return false;
        }
        let peer = &self.group.peers[index];
        let standing = self.standings.of(self.group, index);
        standing.fails += 1;
        (standing.failed, standing.checked) = (now, now);
        if peer.max_fails == 0 {
            return false;
        }
        standing.effective = 0.max(standing.effective - peer.weight / i64::from(peer.max_fails));
        standing.fails >= peer.max_fails
    }

    /// A server answered: if it was tried anew, its failures are forgotten.
    pub fn worked(&mut self, index: usize) {
        let standing = self.standings.of(self.group, index);
        if standing.failed < standing.checked {
            standing.fails = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn group(servers: &[&str]) -> Group {
        let peer = |(index, words): (usize, &&str)| {
            let address = SocketAddr::new(Ipv4Addr::new(10, 0, 0, index as u8), 80);
            let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            Peer::new(address).read(&words, true, &Spot::default()).expect("a server")
        };
        let peers = servers.iter().enumerate().map(peer).collect();
        Group { name: "g".to_owned(), peers, ..Group::default() }
    }

    fn ask(group: &Group, standings: &mut Standings, client: [u8; 4]) -> Option<usize> {
        let mut choice = Choice::new(group, 0, standings);
        let (index, _) = choice.next(client.into(), SimTime::START)?;
        choice.worked(index);
        Some(index)
    }

    // As nginx 1.22.1 answers eight requests with weight=5, 1 and 1.
    #[test]
    fn weights_are_spread_evenly() {
        let group = group(&["weight=5", "", ""]);
        let mut standings = Standings::default();
        let order: Vec<_> =
            (0..8).filter_map(|_| ask(&group, &mut standings, [10, 1, 1, 1])).collect();
        assert_eq!(order, [0, 0, 1, 0, 2, 0, 0, 0]);
    }

    #[test]
    fn who_failed_is_left_out_for_its_time_and_backups_come_last() {
        let group = group(&["fail_timeout=5s", "", "backup", "down"]);
        let mut standings = Standings::default();
        let mut choice = Choice::new(&group, 0, &mut standings);
        let client = IpAddr::from([10, 1, 1, 1]);
        let mut asked = Vec::new();
        while let Some((index, _)) = choice.next(client, SimTime::START) {
            asked.push(index);
            assert!(choice.failed(index, SimTime::START));
        }
        assert_eq!(asked, [0, 1, 2]);
        assert_eq!(Choice::new(&group, 0, &mut standings).next(client, SimTime::START), None);
        let later = SimTime::START + Duration::from_secs(6);
        let next = Choice::new(&group, 0, &mut standings).next(client, later);
        assert_eq!(next.map(|(index, _)| index), Some(0));
    }

    #[test]
    fn a_client_keeps_its_server_and_a_lonely_server_is_always_asked() {
        let group = Group { by_client: true, ..group(&["", "", ""]) };
        let mut standings = Standings::default();
        let of = |standings: &mut Standings, client| ask(&group, standings, client);
        let first = of(&mut standings, [10, 1, 1, 1]);
        assert!((2..9).all(|last| of(&mut standings, [10, 1, 1, last]) == first));
        let others: BTreeSet<_> = (0..20).map(|net| of(&mut standings, [10, 1, net, 1])).collect();
        assert!(others.len() > 1);
        let lonely = self::group(&[""]);
        let mut choice = Choice::new(&lonely, 0, &mut standings);
        assert!(!choice.failed(0, SimTime::START));
        assert!(choice.next(IpAddr::from([10, 1, 1, 1]), SimTime::START).is_some());
    }
}
