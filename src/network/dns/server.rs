//! What a CoreDNS pod makes of a question: its zone, its cache, its forwarding (the Corefile of
//! kubeadm: `kubernetes`, `forward`, `cache 30`, `loadbalance`).

use std::collections::BTreeMap;
use std::time::Duration;

use super::zone::{Said, Zone, absolute};
use super::{DnsAnswer, DnsCode, DnsRecord, DnsType};
use crate::clock::{EPOCH_SECONDS, SimTime};
use crate::network::NetnsId;
use crate::random::Stream;

/// Answers are kept for 30 seconds at most, unless they are of the cluster's own names.
const CACHED: u32 = 30;

/// Everything that the cluster's name servers know. The zone is common to all of them; each has a
/// cache of its own.
#[derive(Clone, Debug)]
pub(in crate::network) struct NameServers {
    pub zone: Zone,
    caches: BTreeMap<(NetnsId, String, DnsType), (SimTime, DnsAnswer)>,
    /// The zone's serial number: the second of its last change that somebody has seen.
    serial: u64,
    changed: bool,
    order: Stream,
}

/// How far a name server gets by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::network) enum Step {
    /// It answers.
    Answer(DnsAnswer),
    /// It has to ask the resolver outside for a name. The records found so far go in front.
    Forward(Vec<DnsRecord>, String),
}

impl NameServers {
    pub fn new(seed: u64) -> NameServers {
        NameServers {
            zone: Zone::default(),
            caches: BTreeMap::new(),
            serial: 0,
            changed: true,
            order: Stream::new(seed, "order of DNS answers"),
        }
    }

    /// The zone, to change it.
    pub fn zone_mut(&mut self) -> &mut Zone {
        self.changed = true;
        &mut self.zone
    }

    /// What a CoreDNS pod does with a question.
    pub fn ask(&mut self, now: SimTime, server: NetnsId, name: &str, kind: DnsType) -> Step {
        if std::mem::take(&mut self.changed) {
            self.serial = EPOCH_SECONDS as u64 + now.as_millis() / 1000;
        }
        let name = absolute(name);
        match self.zone.answer(&name, kind, self.serial) {
            Said::Answer(answer) => Step::Answer(self.shuffled(answer)),
            Said::Elsewhere(found, target) => match self.cached(now, server, &target, kind) {
                Some(answer) => Step::Answer(self.joined(found, answer)),
                None => Step::Forward(found, target),
            },
            Said::NotMine => match self.cached(now, server, &name, kind) {
                Some(mut answer) => {
                    answer.authoritative = true;
                    Step::Answer(self.shuffled(answer))
                }
                None => Step::Forward(Vec::new(), name),
            },
        }
    }

    /// What becomes of the resolver's answer: it is kept for a while, and passed on behind `found`.
    pub fn forwarded(
        &mut self,
        now: SimTime,
        server: NetnsId,
        question: (&str, DnsType),
        found: Vec<DnsRecord>,
        answer: Option<DnsAnswer>,
    ) -> DnsAnswer {
        let Some(answer) = answer else {
            let failed = DnsAnswer::new(DnsCode::ServFail);
            return DnsAnswer { authoritative: false, recursion_available: true, ..failed };
        };
        let answer = capped(answer);
        let key = (server, question.0.to_ascii_lowercase(), question.1);
        self.caches.retain(|_, (until, _)| *until > now);
        self.caches
            .insert(key, (now + Duration::from_secs(lifetime(&answer).into()), answer.clone()));
        if found.is_empty() { self.shuffled(answer) } else { self.joined(found, answer) }
    }

    /// A kept answer, with the time it has left. CoreDNS calls itself authoritative for those.
    fn cached(
        &self,
        now: SimTime,
        server: NetnsId,
        name: &str,
        kind: DnsType,
    ) -> Option<DnsAnswer> {
        let key = (server, name.to_ascii_lowercase(), kind);
        let (until, answer) = self.caches.get(&key).filter(|(until, _)| *until > now)?;
        let left = until.since(now).as_secs() as u32;
        Some(with_ttl(answer.clone(), left))
    }

    /// An alias' records in front of what the name it leads to has.
    fn joined(&mut self, found: Vec<DnsRecord>, behind: DnsAnswer) -> DnsAnswer {
        let ttl = lifetime(&behind);
        let records = found.into_iter().chain(behind.records).collect();
        let answer = DnsAnswer { records, ..DnsAnswer::new(DnsCode::NoError) };
        self.shuffled(with_ttl(answer, ttl))
    }

    /// `loadbalance`: aliases first, then the addresses in any order.
    fn shuffled(&mut self, mut answer: DnsAnswer) -> DnsAnswer {
        for records in [&mut answer.records, &mut answer.additional] {
            let is_address = |record: &DnsRecord| record.data.address().is_some();
            let (mut addresses, mut others): (Vec<_>, Vec<_>) =
                std::mem::take(records).into_iter().partition(is_address);
            self.order.shuffle(&mut addresses);
            others.append(&mut addresses);
            *records = others;
        }
        answer
    }
}

/// An answer as `cache 30` passes it on: every record lives as long as the shortest.
fn capped(answer: DnsAnswer) -> DnsAnswer {
    let ttl = lifetime(&answer);
    with_ttl(answer, ttl)
}

fn lifetime(answer: &DnsAnswer) -> u32 {
    let records = answer.records.iter().chain(&answer.authority);
    records.map(|record| record.ttl).min().unwrap_or(CACHED).min(CACHED)
}

fn with_ttl(mut answer: DnsAnswer, ttl: u32) -> DnsAnswer {
    for record in answer.records.iter_mut().chain(&mut answer.authority) {
        record.ttl = ttl;
    }
    answer
}
