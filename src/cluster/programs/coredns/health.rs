//! How long CoreDNS' `forward` tries when whoever it asks does not answer (`plugin/forward`,
//! `plugin/pkg/proxy`): again and again for five seconds, unless the upstream is held for down.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::clock::SimTime;
use crate::network::{Because, DnsAnswer, NetnsId, Outcome, Trace};

/// How long it waits for one answer.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// How long it begins new tries of one question.
const DEADLINE: Duration = Duration::from_secs(5);

/// How long a health check waits.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// The pause between two health checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// An upstream is down when more than so many health checks have failed in a row.
const MAX_FAILS: u32 = 2;

/// How a try fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// At once: the port is closed, or there is no way.
    AtOnce,
    /// No answer comes.
    InSilence,
}

/// What a server hears of a question that it passed on.
///
/// # Errors
/// How it came to nothing; an answer that comes late is none.
pub(super) fn upstream_answer(trace: &Trace) -> Result<DnsAnswer, Failed> {
    let dns = trace.dns.as_ref().filter(|dns| dns.took < READ_TIMEOUT);
    let no_way = trace.last().is_some_and(|hop| matches!(hop.because, Because::NoAddress { .. }));
    match (dns.and_then(|dns| dns.answer.clone()), &trace.outcome) {
        (Some(answer), _) => Ok(answer),
        (None, Outcome::Refused) => Err(Failed::AtOnce),
        (None, Outcome::Unreachable) if no_way => Err(Failed::AtOnce),
        (None, _) => Err(Failed::InSilence),
    }
}

/// The upstreams that are in trouble, by the server that asks them: the moment from which each is
/// held for down.
#[derive(Clone, Debug, Default)]
pub(super) struct Health(BTreeMap<(NetnsId, IpAddr), SimTime>);

impl Health {
    /// An upstream answered.
    pub fn well(&mut self, server: NetnsId, upstream: IpAddr) {
        self.0.remove(&(server, upstream));
    }

    /// A server asks anew.
    pub fn forget(&mut self, server: NetnsId) {
        self.0.retain(|(owner, _), _| *owner != server);
    }

    /// A question asked at `now` comes to nothing: how long that takes. The first failure starts the
    /// health checks.
    pub fn fails(
        &mut self,
        now: SimTime,
        server: NetnsId,
        upstream: IpAddr,
        how: Failed,
    ) -> Duration {
        let (one, check) = match how {
            Failed::AtOnce => (Duration::ZERO, Duration::ZERO),
            Failed::InSilence => (READ_TIMEOUT, CHECK_TIMEOUT),
        };
        let checks = check * (MAX_FAILS + 1) + CHECK_INTERVAL * MAX_FAILS;
        let down = *self.0.entry((server, upstream)).or_insert(now + one + checks);
        let deadline = now + DEADLINE;
        if one.is_zero() {
            return down.min(deadline).since(now);
        }
        let mut at = now;
        while at < deadline {
            let last = down <= at;
            at += one;
            if last {
                break;
            }
        }
        at.since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The same times were measured at a CoreDNS whose resolver had gone.
    #[test]
    fn it_tries_for_six_seconds_and_then_holds_the_upstream_for_down() {
        let mut health = Health::default();
        let (server, upstream) = (NetnsId(7), IpAddr::from([203, 0, 113, 53]));
        let mut fails = |at: u64, how| {
            health.fails(SimTime::from_millis(at), server, upstream, how).as_millis()
        };
        assert_eq!(fails(0, Failed::InSilence), 6000);
        assert_eq!(fails(5000, Failed::InSilence), 4000);
        assert_eq!(fails(40_000, Failed::InSilence), 2000);
        health.well(server, upstream);
        let fails = health.fails(SimTime::from_millis(50_000), server, upstream, Failed::AtOnce);
        assert_eq!(fails, Duration::from_secs(1));
    }
}
