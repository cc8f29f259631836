//! Settings of the Service that chose the server: which of them, changed, makes the goal pass. Each is
//! tried in a copy of the cluster before it is named.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Service;

use super::look;
use super::trial::{self, Tried};
use super::{Code, Diagnosis, Facts, services};
use crate::level::probe::Miss;
use crate::network::{Because, Hop, Outcome, Trace};

/// How long a Service keeps a client with its endpoint unless it says otherwise, in seconds.
const USUAL_TIMEOUT: i32 = 10_800;

/// A change of a Service's spec.
struct Change {
    code: Code,
    /// The field's path.
    path: &'static str,
    /// As it is written: `sessionAffinity: ClientIP`.
    words: String,
    /// As a merge patch of the spec.
    patch: String,
    /// What the setting of now does.
    fact: String,
    /// What it comes to, where the answer alone does not tell.
    message: Option<String>,
}

/// The right server answered, and not as the goal wants.
pub(super) fn diagnose(facts: &Facts<'_>, trace: &Trace, said: &Diagnosis) -> Option<Diagnosis> {
    let (rule, ..) = services::chosen(trace)?;
    let service = services::find(facts, rule)?;
    let changes = changes(facts, service, trace);
    if changes.is_empty() || trial::passes_later(facts) {
        return None;
    }
    let (namespace, name) = services::full_name(service);
    let change = changes.into_iter().find(|change| {
        trial::after(facts, &trial::patch(namespace, name, &change.patch)) == Tried::Passes
    })?;
    let at = facts.locator.field("Service", namespace, name, change.path);
    let said = said.clone();
    let message = change.message.unwrap_or(said.message);
    Some(
        Diagnosis { code: change.code, message, ..said }
            .look([look::service(namespace, name), look::endpoints(namespace, name)])
            .fact(change.fact)
            .facts(trace.hops.iter().find(|hop| is_choice(hop)).map(Hop::sentence))
            .at(at)
            .fix(format!("write {} in Service {name}, apply, and send again", change.words)),
    )
}

fn is_choice(hop: &Hop) -> bool {
    matches!(hop.because, Because::EndpointChosen { .. })
}

/// The changes that could matter, the nearest first.
fn changes(facts: &Facts<'_>, service: &Service, trace: &Trace) -> Vec<Change> {
    let Some(spec) = service.spec.as_ref() else { return Vec::new() };
    let mut all = Vec::new();
    let right = !matches!(
        facts.case.run.and_then(|run| run.miss.as_ref()),
        Some(Miss::Server { .. } | Miss::Answer { .. })
    );
    let servers = servers(facts);
    if right && servers > 1 {
        all.extend(affinity(service, servers));
    }
    let external = matches!(spec.type_.as_deref(), Some("NodePort" | "LoadBalancer"));
    let masked = trace.hops.iter().find(|hop| matches!(hop.because, Because::Masqueraded { .. }));
    let local = |policy: &Option<String>| policy.as_deref() == Some("Local");
    if external && !local(&spec.external_traffic_policy) {
        all.push(Change {
            code: if masked.is_some() { "source-address-hidden" } else { "wrong-server" },
            path: "spec.externalTrafficPolicy",
            words: "externalTrafficPolicy: Local".to_owned(),
            patch: r#"{"externalTrafficPolicy":"Local"}"#.to_owned(),
            fact: masked.map_or_else(
                || "externalTrafficPolicy is Cluster: any node's pods may be chosen".to_owned(),
                Hop::sentence,
            ),
            message: None,
        });
    }
    if let Some(other) = &spec.traffic_distribution
        && other != "PreferSameNode"
    {
        all.push(Change {
            code: "wrong-server",
            path: "spec.trafficDistribution",
            words: "trafficDistribution: PreferSameNode".to_owned(),
            patch: r#"{"trafficDistribution":"PreferSameNode"}"#.to_owned(),
            fact: format!("trafficDistribution is {other}: it prefers pods of the sender's zone, and not those of its node"),
            message: None,
        });
    }
    if !local(&spec.internal_traffic_policy) && !services::is_headless(service) {
        all.push(Change {
            code: "wrong-server",
            path: "spec.internalTrafficPolicy",
            words: "internalTrafficPolicy: Local".to_owned(),
            patch: r#"{"internalTrafficPolicy":"Local"}"#.to_owned(),
            fact: "internalTrafficPolicy is Cluster: a pod of any node may be chosen, not only one of the sender's own node".to_owned(),
            message: None,
        });
    }
    all
}

/// Changes of how long a client stays with its endpoint (R6.8).
fn affinity(service: &Service, servers: usize) -> Option<Change> {
    let spec = service.spec.as_ref()?;
    let (_, name) = services::full_name(service);
    let message =
        Some(format!("Service {name} sent one client's requests to {servers} different pods"));
    if !services::is_sticky(service) {
        return Some(Change {
            code: "not-kept",
            path: "spec.sessionAffinity",
            words: "sessionAffinity: ClientIP".to_owned(),
            patch: r#"{"sessionAffinity":"ClientIP"}"#.to_owned(),
            fact: format!(
                "{servers} pods answered one client: Service {name} chooses anew for each connection"
            ),
            message,
        });
    }
    let config = spec.session_affinity_config.as_ref()?.client_ip.as_ref()?;
    let seconds = config.timeout_seconds.filter(|seconds| *seconds < USUAL_TIMEOUT)?;
    Some(Change {
        code: "not-kept",
        path: "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
        words: format!("timeoutSeconds: {USUAL_TIMEOUT}"),
        patch: format!(
            r#"{{"sessionAffinityConfig":{{"clientIP":{{"timeoutSeconds":{USUAL_TIMEOUT}}}}}}}"#
        ),
        fact: format!(
            "{servers} pods answered one client: Service {name} forgets whom it chose {seconds} s after the last connection"
        ),
        message,
    })
}

/// How many different servers the command reached.
fn servers(facts: &Facts<'_>) -> usize {
    let cluster = facts.case.cluster;
    let sent = facts.case.run.map_or(&[][..], |run| run.traces.as_slice());
    let traces = sent.iter().filter_map(|id| cluster.trace(*id));
    let reached = traces.filter(|trace| trace.dns.is_none()).filter_map(|trace| {
        matches!(trace.outcome, Outcome::Delivered { .. }).then(|| cluster.server_of(trace))?
    });
    reached.collect::<BTreeSet<_>>().len()
}

/// The pod that answered was told a node's address in place of the caller's own, which the goal wants
/// (R6.6), and Local alone does not help.
pub(super) fn hidden_source(
    facts: &Facts<'_>,
    trace: &Trace,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let wanted = match facts.case.run?.miss.as_ref()? {
        Miss::Answer { expected } | Miss::Output { expected } => expected,
        _ => return None,
    };
    let masked =
        trace.hops.iter().find(|hop| matches!(hop.because, Because::Masqueraded { .. }))?;
    let service = services::find(facts, services::chosen(trace)?.0)?;
    if !wanted.contains(&masked.before.source.ip().to_string()) {
        return None;
    }
    let (namespace, name) = services::full_name(service);
    let path = "spec.externalTrafficPolicy";
    let local = r#"{"externalTrafficPolicy":"Local"}"#;
    let tried = trial::after(facts, &trial::patch(namespace, name, local));
    let said = said.clone();
    let said = Diagnosis { code: "source-address-hidden", ..said }
        .look([look::service(namespace, name), look::pods(namespace)])
        .fact(masked.sentence())
        .fact("with externalTrafficPolicy: Cluster a pod sees a node's address, with Local the caller's own")
        .at(facts.locator.field("Service", namespace, name, path));
    Some(match tried {
        Tried::Passes if said.at.is_none() => said.fix(format!(
            "kubectl patch service {name}{} -p '{{\"spec\":{local}}}', and send again",
            look::in_namespace(namespace)
        )),
        Tried::Passes => said.fix("write externalTrafficPolicy: Local, apply, and send again"),
        Tried::Fails(miss) => said
            .facts(miss.map(|miss| format!("with Local alone the goal fails as well: {}", miss.words())))
            .fact("with Local a node passes on to its own pods alone")
            .fix("write externalTrafficPolicy: Local, and let a pod of the Service run on every node that is called"),
        Tried::Refused => said.fix("call the pods in a way in which no node puts its own address there"),
    })
}
