//! What the request asked for: by which name, and where the player says so.

use super::Facts;
use crate::diagnostic::Location;
use crate::network::{DnsData, Trace};

/// The name, without its search suffix, that a client had asked for to get the address it dialled.
pub(super) fn name_of(facts: &Facts<'_>, trace: &Trace) -> Option<String> {
    question_of(facts, trace)?.split('.').next().map(str::to_owned)
}

/// The full name whose answer was the address that was dialled.
pub(super) fn question_of(facts: &Facts<'_>, trace: &Trace) -> Option<String> {
    let address = DnsData::of_address(trace.flow.destination.ip());
    let run = facts.case.run?;
    let before = run.traces.iter().rev().filter(|id| **id < trace.id);
    let mut asked = before.filter_map(|id| facts.case.cluster.trace(*id)?.dns.as_ref());
    let dns = asked.find(|dns| {
        let answer = dns.answer.as_ref();
        answer.is_some_and(|answer| answer.records.iter().any(|record| record.data == address))
    })?;
    Some(dns.name.to_string())
}

/// Namespace and name of the Service in `db-0.db.default.svc.cluster.local.`
pub(super) fn service_of(name: &str) -> Option<(&str, &str)> {
    let mut labels = name.strip_suffix(".svc.cluster.local.")?.rsplit('.');
    Some((labels.next()?, labels.next()?))
}

/// The player's line with the address or name that was dialled.
pub(super) fn mention(facts: &Facts<'_>, trace: &Trace) -> Option<Location> {
    let to = trace.flow.destination;
    let told = facts.fetched.map(|fetched| fetched.host.clone()).filter(|host| !host.is_empty());
    let hosts: Vec<String> = [told, name_of(facts, trace)].into_iter().flatten().collect();
    facts.dialled_at(&hosts, Some(to.ip()), to.port())
}
