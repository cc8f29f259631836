//! Requests that arrived, and got another answer than the goal wants.

use super::packets::name_of;
use super::{Diagnosis, Facts, protocols, services};
use crate::diagnostic::Location;
use crate::level::probe::Miss;
use crate::network::{Because, Outcome, Trace};

/// The packet arrived; the answer was not the one.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    let trace = facts.connection?;
    let Outcome::Delivered { to, .. } = &trace.outcome else { return None };
    let server = to.to_string().trim_start_matches("default/").to_owned();
    let line = || mention(facts, trace);
    if facts.case.run.is_some_and(|run| run.miss.is_none()) {
        return Some(too_few_servers(facts, trace));
    }
    if let Some(said) = protocols::diagnose(facts, trace) {
        return Some(said);
    }
    Some(match facts.case.run.and_then(|run| run.miss.as_ref())? {
        Miss::Server { expected, received } => {
            let server = received.as_ref().unwrap_or(&server);
            Diagnosis::new("wrong-server", format!("{server} answered, not {expected}"))
                .fact(first_lines(&facts.output))
                .at(line())
        }
        Miss::Way { expected } => Diagnosis::new(
            "wrong-way",
            format!("{server} answered, but the request went to {}, not to {expected}", trace.flow.destination.ip()),
        )
        .at(line()),
        Miss::Output { expected } => {
            Diagnosis::new("wrong-server", format!("{server} answered, but not with {expected:?}"))
                .fact(first_lines(&facts.output))
                .at(line())
        }
        Miss::Answer { expected } => Diagnosis::new(
            "wrong-server",
            format!("{server} answered, but {expected:?} is not in its answer"),
        )
        .fact(first_lines(&facts.output))
        .at(line()),
        Miss::Exit { expected, received } => Diagnosis::new(
            "wrong-answer",
            format!("{server} was reached, but the client ended with exit code {received}, not {expected}"),
        )
        .fact(first_lines(&facts.output))
        .at(line()),
        Miss::NoPlace => return None,
    })
}

/// Every request succeeded, but too few pods had a part in it.
fn too_few_servers(facts: &Facts<'_>, trace: &Trace) -> Diagnosis {
    let (spread, wanted) = (facts.case.spread, facts.case.goal.repeat.spread);
    let said = Diagnosis::new(
        "not-spread",
        format!("{spread} pod(s) served all requests; the goal wants {wanted} different ones"),
    );
    let rules = trace.hops.iter().find(|hop| matches!(hop.because, Because::EndpointChosen { .. }));
    let Some(hop) = rules else {
        return said.fact("the requests went to a pod's own address: no Service chose");
    };
    let Because::EndpointChosen { service, affinity, local, .. } = &hop.because else {
        return said;
    };
    let said = said.fact(hop.sentence()).facts(hop.passed_over());
    let (namespace, name) = hop.service().unwrap_or_default();
    let field = |path: &str| facts.locator.field("Service", &namespace, &name, path);
    match (affinity, local) {
        (true, _) => {
            said.nearest(Some("sessionAffinity: None".to_owned())).at(field("spec.sessionAffinity"))
        }
        (_, true) => {
            let inside = services::find(facts, service).is_some_and(|service| {
                let spec = service.spec.as_ref();
                spec.and_then(|spec| spec.internal_traffic_policy.as_deref()) == Some("Local")
            });
            let path = if inside { "internalTrafficPolicy" } else { "externalTrafficPolicy" };
            said.nearest(Some(format!("{path}: Cluster"))).at(field(&format!("spec.{path}")))
        }
        _ => said
            .fact("a Service chooses an endpoint for each connection, at random")
            .at(field("spec.selector")),
    }
}

/// The player's line with the address or name that was dialled.
pub(super) fn mention(facts: &Facts<'_>, trace: &Trace) -> Option<Location> {
    let to = trace.flow.destination;
    let host = name_of(facts, trace);
    let loopback = to.ip().is_loopback().then(|| "localhost".to_owned());
    let mut words = vec![format!("{}:{}", to.ip(), to.port()), to.ip().to_string()];
    words.extend(loopback);
    words.extend(host);
    words.push(format!(":{}", to.port()));
    facts.locator.mention(words)
}

/// Nothing else fits: what was asked, and what came.
pub(super) fn unexpected(facts: &Facts<'_>) -> Diagnosis {
    let said = match facts.case.run.and_then(|run| run.miss.as_ref()) {
        Some(Miss::Exit { expected, received }) => {
            format!("the command ended with exit code {received}, not {expected}")
        }
        Some(Miss::Output { expected }) => format!("the command did not print {expected:?}"),
        Some(Miss::Server { expected, .. }) => format!("no packet reached {expected}"),
        Some(Miss::Answer { expected }) => format!("no server answered {expected:?}"),
        Some(Miss::Way { expected }) => format!("no packet was sent to {expected}"),
        Some(Miss::NoPlace) | None => "there was nowhere to run the command".to_owned(),
    };
    Diagnosis::new("unexpected-answer", said)
        .fact(format!("command: {}", facts.case.goal.run.trim()))
        .fact(first_lines(&facts.output))
}

/// The beginning of an answer, on one line.
fn first_lines(output: &str) -> String {
    let text = output.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = text.chars().take(100).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    if short.is_empty() { "it printed nothing".to_owned() } else { format!("it printed: {short}") }
}
