//! What a CoreDNS pod makes of a question: rewriting, its zone, its cache, its forwarding.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::health::{Failed, Health};
use super::settings::{Cache, Forward, Kubernetes, NameServerSettings, ServerBlock, is_in};
use super::zone::{Zone, ZoneAnswer};
use crate::clock::{EPOCH_SECONDS, SimTime};
use crate::network::{
    DnsAnswer, DnsCode, DnsRecord, DnsType, NetnsId, OUTSIDE_RESOLVER, ProcessId, absolute,
};
use crate::random::Stream;

/// Everything that the cluster's name servers know. The zone is common to all of them; each has a
/// cache of its own.
#[derive(Clone, Debug)]
pub(in crate::cluster) struct NameServers {
    zone: Zone,
    caches: BTreeMap<(NetnsId, String, DnsType), (SimTime, DnsAnswer)>,
    /// The Corefiles of servers whose Corefile is not kubeadm's.
    settings: BTreeMap<NetnsId, Arc<NameServerSettings>>,
    usual: Arc<NameServerSettings>,
    /// The zone's serial number: the second of its last change that somebody has seen.
    serial: u64,
    changed: bool,
    health: Health,
    order: Stream,
    /// How many of them are asking each other.
    pub(super) asking: u32,
    /// What they wrote to their logs.
    pub(super) log: Vec<(ProcessId, String)>,
}

/// How far a name server gets by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster) enum Step {
    /// It answers.
    Answer(DnsAnswer),
    /// It has to ask somebody else.
    Forward(Box<Forwarding>),
}

/// A question that a name server passes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster) struct Forwarding {
    /// Whom it asks.
    pub to: IpAddr,
    /// The name that it asks for.
    pub name: String,
    /// The records found so far, which go in front.
    found: Vec<DnsRecord>,
    /// How long the answer may be kept, at most.
    cache: Option<Cache>,
    /// A name that the answer shows in another's place.
    shows: Option<(String, String)>,
    shuffles: bool,
}

/// What kubeadm's Corefile says.
fn kubeadm() -> NameServerSettings {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let block = ServerBlock {
        zones: names(&["."]),
        errors: true,
        loadbalance: true,
        cache: Some(Cache {
            success: 30,
            denial: 30,
            no_success: names(&["cluster.local."]),
            no_denial: names(&["cluster.local."]),
        }),
        kubernetes: Some(Kubernetes {
            zones: names(&["cluster.local.", "in-addr.arpa.", "ip6.arpa."]),
            ttl: 30,
            fallthrough: Some(names(&["in-addr.arpa.", "ip6.arpa."])),
        }),
        forwards: vec![Forward {
            from: ".".to_owned(),
            to: OUTSIDE_RESOLVER.into(),
            except: Vec::new(),
        }],
        ..ServerBlock::default()
    };
    NameServerSettings { blocks: vec![block] }
}

impl NameServers {
    pub fn new(seed: u64) -> NameServers {
        NameServers {
            zone: Zone::default(),
            caches: BTreeMap::new(),
            settings: BTreeMap::new(),
            usual: Arc::new(kubeadm()),
            serial: 0,
            changed: true,
            health: Health::default(),
            order: Stream::new(seed, "order of DNS answers"),
            asking: 0,
            log: Vec::new(),
        }
    }

    /// The zone, to change it.
    pub fn zone_mut(&mut self) -> &mut Zone {
        self.changed = true;
        &mut self.zone
    }

    /// Gives a server a Corefile of its own; it forgets what it kept.
    pub fn configure(&mut self, server: NetnsId, settings: Arc<NameServerSettings>) {
        self.caches.retain(|(owner, ..), _| *owner != server);
        self.health.forget(server);
        self.settings.insert(server, settings);
    }

    /// Takes what name servers have written to their logs since the last call.
    pub fn drain_query_log(&mut self) -> Vec<(ProcessId, String)> {
        std::mem::take(&mut self.log)
    }

    /// A server is gone.
    pub fn forget(&mut self, server: NetnsId) {
        self.settings.remove(&server);
        self.health.forget(server);
    }

    /// What holds for a name at a server.
    pub fn block(&self, server: NetnsId, name: &str) -> Option<&ServerBlock> {
        self.settings.get(&server).unwrap_or(&self.usual).block(&absolute(name))
    }

    /// What a CoreDNS pod does with a question.
    pub fn ask(&mut self, now: SimTime, server: NetnsId, name: &str, kind: DnsType) -> Step {
        if std::mem::take(&mut self.changed) {
            self.serial = EPOCH_SECONDS as u64 + now.as_millis() / 1000;
        }
        let name = absolute(name);
        let settings = self.settings.get(&server).unwrap_or(&self.usual).clone();
        let Some(block) = settings.block(&name) else {
            let refused = DnsAnswer::new(DnsCode::Refused);
            return Step::Answer(DnsAnswer { authoritative: false, ..refused });
        };
        if block.cache.is_some()
            && let Some(mut answer) = self.cached(now, server, &name, kind)
        {
            answer.authoritative = true;
            return Step::Answer(self.ordered(answer, block));
        }
        let (asked, shows) = match block.rewrite(&name) {
            Some((asked, true)) => (asked.clone(), Some((asked, name.clone()))),
            Some((asked, false)) => (asked, None),
            None => (name.clone(), None),
        };
        let step = self.plugins(now, server, block, &asked, kind, shows.clone());
        let Step::Answer(mut answer) = step else { return step };
        rename(&mut answer, shows.as_ref());
        let limit = block.cache.as_ref().and_then(|cache| cache.limit(&name, answer.code));
        if let Some(limit) = limit {
            answer = capped(answer, limit);
            self.keep(now, server, &name, kind, &answer);
        }
        Step::Answer(answer)
    }

    /// The plugins behind `cache` and `rewrite`, in their order.
    fn plugins(
        &mut self,
        now: SimTime,
        server: NetnsId,
        block: &ServerBlock,
        name: &str,
        kind: DnsType,
        shows: Option<(String, String)>,
    ) -> Step {
        if let Some(answer) = block.configured_answer(name, kind) {
            return Step::Answer(self.ordered(answer, block));
        }
        let (mut found, mut target) = (Vec::new(), name.to_owned());
        if let Some(kubernetes) = block.kubernetes.as_ref().filter(|it| is_in(name, &it.zones)) {
            match self.zone.answer(name, kind, self.serial) {
                ZoneAnswer::Answer(answer) => {
                    let falls = answer.code == DnsCode::NxDomain
                        && kubernetes
                            .fallthrough
                            .as_ref()
                            .is_some_and(|zones| zones.is_empty() || is_in(name, zones));
                    if !falls {
                        let answer = with_zone_ttl(answer, kubernetes.ttl);
                        return Step::Answer(self.ordered(answer, block));
                    }
                }
                ZoneAnswer::Elsewhere(aliases, other) => (found, target) = (aliases, other),
                ZoneAnswer::NotMine => {}
            }
        }
        if !found.is_empty() {
            if let Some(answer) = block.configured_answer(&target, kind) {
                return Step::Answer(self.joined(found, answer, block.loadbalance));
            }
            if block.cache.is_some()
                && let Some(answer) = self.cached(now, server, &target, kind)
            {
                return Step::Answer(self.joined(found, answer, block.loadbalance));
            }
        }
        match block.forward(&target) {
            Some(forward) => Step::Forward(Box::new(Forwarding {
                to: forward.to,
                name: target,
                found,
                cache: block.cache.clone(),
                shows,
                shuffles: block.loadbalance,
            })),
            None => Step::Answer(failed()),
        }
    }

    /// What becomes of the answer of whoever was asked: it is kept for a while, and passed on. With
    /// it goes how long the server waited for it in vain.
    pub(super) fn forwarded(
        &mut self,
        now: SimTime,
        server: NetnsId,
        kind: DnsType,
        forwarding: Forwarding,
        answer: Result<DnsAnswer, Failed>,
    ) -> (DnsAnswer, Duration) {
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(how) => return (failed(), self.health.fails(now, server, forwarding.to, how)),
        };
        self.health.well(server, forwarding.to);
        let Forwarding { name, found, cache, shows, shuffles, .. } = forwarding;
        rename(&mut answer, shows.as_ref());
        let name = shows.map_or(name, |(_, shown)| shown);
        if let Some(limit) = cache.and_then(|cache| cache.limit(&name, answer.code)) {
            answer = capped(answer, limit);
            self.keep(now, server, &name, kind, &answer);
        }
        let answer = match found.is_empty() {
            true if shuffles => self.shuffled(answer),
            true => answer,
            false => self.joined(found, answer, shuffles),
        };
        (answer, Duration::ZERO)
    }

    fn keep(
        &mut self,
        now: SimTime,
        server: NetnsId,
        name: &str,
        kind: DnsType,
        answer: &DnsAnswer,
    ) {
        let until = now + Duration::from_secs(lifetime(answer).into());
        self.caches.retain(|_, (until, _)| *until > now);
        self.caches.insert((server, name.to_ascii_lowercase(), kind), (until, answer.clone()));
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
    fn joined(&mut self, found: Vec<DnsRecord>, behind: DnsAnswer, shuffles: bool) -> DnsAnswer {
        let ttl = lifetime(&behind);
        let records = found.into_iter().chain(behind.records).collect();
        let answer = DnsAnswer { records, ..DnsAnswer::new(DnsCode::NoError) };
        let answer = with_ttl(answer, ttl);
        if shuffles { self.shuffled(answer) } else { answer }
    }

    /// `loadbalance`, where the Corefile has it.
    fn ordered(&mut self, answer: DnsAnswer, block: &ServerBlock) -> DnsAnswer {
        if block.loadbalance { self.shuffled(answer) } else { answer }
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

/// Nobody could be asked. CoreDNS answers that itself, as a server that asks nobody.
fn failed() -> DnsAnswer {
    DnsAnswer { authoritative: false, ..DnsAnswer::new(DnsCode::ServFail) }
}

/// The answer shows the name that was asked for.
fn rename(answer: &mut DnsAnswer, shows: Option<&(String, String)>) {
    let Some((from, to)) = shows else { return };
    for record in &mut answer.records {
        if record.name.eq_ignore_ascii_case(from) {
            record.name.clone_from(to);
        }
    }
}

/// Records of the cluster's own names, with the time that the Corefile gives them.
fn with_zone_ttl(answer: DnsAnswer, ttl: u32) -> DnsAnswer {
    if ttl == super::zone::TTL { answer } else { with_ttl(answer, ttl) }
}

/// An answer as `cache` passes it on: every record lives as long as the shortest.
fn capped(answer: DnsAnswer, limit: u32) -> DnsAnswer {
    let ttl = lifetime(&answer).min(limit);
    with_ttl(answer, ttl)
}

/// How long an answer may be kept, if nobody says less.
const LONGEST: u32 = 30;

fn lifetime(answer: &DnsAnswer) -> u32 {
    let records = answer.records.iter().chain(&answer.authority);
    records.map(|record| record.ttl).min().unwrap_or(LONGEST)
}

fn with_ttl(mut answer: DnsAnswer, ttl: u32) -> DnsAnswer {
    for record in answer.records.iter_mut().chain(&mut answer.authority) {
        record.ttl = ttl;
    }
    answer
}
