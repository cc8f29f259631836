//! What stands behind the server that was reached: requests that it passed on itself, and that failed
//! there (a proxy's upstream, an Ingress controller's backend).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Service;

use super::asked;
use super::look::{self, shown_name};
use super::{Case, Diagnosis, Facts, Upstream, ingress, names, packets, party_name, protocols};
use super::{rollouts, service_names, services, trial, wrong_server};
use crate::api::{Kind, Pod};
use crate::cluster::{Ending, Place, Served};
use crate::level::probe::Run;
use crate::network::{DnsData, Outcome, Party, Trace, TraceId};

/// nginx looks a name up when it reads its configuration, and keeps the address.
const KEEPS_ADDRESSES: &str = "nginx";

/// The server answered with an error, or not at all, because of what it asked somebody else.
pub(super) fn diagnose(facts: &Facts<'_>, trace: &Trace) -> Option<Diagnosis> {
    // A client that refuses the certificate has asked for nothing yet.
    if facts.fetched.is_some_and(|one| matches!(one.ending, Ending::Certificate { .. })) {
        return None;
    }
    let cluster = facts.case.cluster;
    let served = cluster.served(trace.id).last()?;
    let place = served.place.as_ref()?;
    let waits = !served.answered
        || facts.fetched.is_some_and(|fetched| fetched.ending == Ending::SlowAnswer);
    let failed = served.status.is_some_and(|status| status >= 400);
    if !waits && !failed || served.onward.is_empty() {
        return None;
    }
    let run = onward_run(facts, served);
    let case = Case { run: Some(&run), served: BTreeSet::new(), ..facts.case.clone() };
    let connection = last_onward(facts, served);
    let mut inner = Facts {
        connection,
        client: Some(place.clone()),
        upstream: upstream(facts, served),
        ..Facts::bare(&case)
    };
    inner.unresolved = names::unresolved(&inner);
    let server = party_name(&cluster.server_of(trace)?);
    if let Some(said) = connection.and_then(|onward| other_backend(facts, served, &server, onward))
    {
        return Some(said);
    }
    // One that is to be replaced does as it was told before, until a new one is ready.
    let older = rollouts::older_client(&inner);
    let said = older.or_else(|| match connection {
        Some(onward) if matches!(onward.outcome, Outcome::Delivered { .. }) => {
            reached(&inner, &server, onward)
        }
        Some(_) => packets::diagnose(&inner).map(|said| old_address(&inner, served, said)),
        None => inner.unresolved.is_some().then(|| names::diagnose(&inner)).flatten(),
    })?;
    let what = match (waits, served.status) {
        (false, Some(status)) => format!("{server} answered {status}, as its own request failed"),
        _ => format!("{server} took the connection and waits, as its own request fails"),
    };
    let said = as_felt_by_the_server(said, &what, place);
    // It may still do what its configuration said when it read it.
    Some(match &*served.image == KEEPS_ADDRESSES {
        true => again(&inner, said),
        false => said,
    })
}

/// An Ingress leads to a pod that knows nothing of what was asked, and another Service to those that are
/// meant.
fn other_backend(
    facts: &Facts<'_>,
    served: &Served,
    server: &str,
    onward: &Trace,
) -> Option<Diagnosis> {
    let cluster = facts.case.cluster;
    let behind = cluster.served(onward.id).last().filter(|behind| behind.onward.is_empty())?;
    let (status, party) = (behind.status?, cluster.server_of(onward)?);
    let message = format!(
        "{server} answered {}, as {} answered {status}, which is not meant",
        served.status?,
        party_name(&party)
    );
    let said = Diagnosis::new("wrong-server", message);
    let said = wrong_server::by_ingress(facts, onward, &party, &said)?;
    said.nearest.is_some().then_some(said)
}

/// What stands behind says the cause; the server that was reached, how it is felt.
fn as_felt_by_the_server(said: Diagnosis, what: &str, place: &Place) -> Diagnosis {
    let message = format!("{what}: {}", said.message);
    let log = match place {
        Place::Container { namespace, pod, container } => {
            Some(look::log(namespace, pod, container))
        }
        _ => None,
    };
    Diagnosis { message, ..said }.look(log)
}

/// The last server that the request was passed on to, and the packet that reached it.
pub(super) fn innermost<'a>(facts: &Facts<'a>, trace: &'a Trace) -> Option<(&'a Trace, Party)> {
    let served = facts.case.cluster.served(trace.id).last()?;
    let onward = last_onward(facts, served)?;
    if let Some(further) = innermost(facts, onward) {
        return Some(further);
    }
    Some((onward, facts.case.cluster.server_of(onward)?))
}

/// The last packet that a server sent for its answer, but for questions to DNS.
pub(super) fn last_onward<'a>(facts: &Facts<'a>, served: &Served) -> Option<&'a Trace> {
    let sent = served.onward.iter().rev().filter_map(|id| facts.case.cluster.trace(*id));
    sent.into_iter().find(|trace| trace.dns.is_none())
}

/// What the server sent, as a run of its own: with what it had asked DNS before, where it dials an
/// address that it knows from then.
fn onward_run(facts: &Facts<'_>, served: &Served) -> Run {
    let cluster = facts.case.cluster;
    let connection = last_onward(facts, served);
    let asked = connection.into_iter().flat_map(|connection| {
        let same = cluster.traces().filter(|trace| {
            trace.process == connection.process && trace.dns.is_some() && trace.id < connection.id
        });
        same.map(|trace| trace.id).collect::<Vec<TraceId>>()
    });
    let mut traces: Vec<TraceId> = asked.chain(served.onward.iter().copied()).collect();
    traces.sort();
    traces.dedup();
    let run = facts.case.run;
    Run {
        finished: None,
        no_place: None,
        traces,
        deeds: Vec::new(),
        miss: run.and_then(|run| run.miss.clone()),
        right_server: false,
        served_by: BTreeSet::new(),
        fits: Vec::new(),
    }
}

/// The Service whose endpoints an Ingress controller dials by itself.
fn upstream(facts: &Facts<'_>, served: &Served) -> Option<Upstream> {
    if &*served.image != ingress::CONTROLLER {
        return None;
    }
    let asked = served.asked.as_ref()?;
    let (service, port) = ingress::backend(facts, &asked.host, &asked.target)?;
    Some(Upstream { service, port })
}

/// The next server was reached, and what it said made the one before it answer with an error.
pub(super) fn reached(inner: &Facts<'_>, server: &str, onward: &Trace) -> Option<Diagnosis> {
    if let Some(said) = diagnose(inner, onward) {
        return Some(said);
    }
    let cluster = inner.case.cluster;
    let party = cluster.server_of(onward)?;
    let next = party_name(&party);
    let look = match &party {
        Party::Pod { namespace, name } => look::describe("pod", namespace, name),
        _ => look::pods(&inner.namespace()),
    };
    let at = super::asked::mention(inner, onward);
    let port = onward.flow.destination.port();
    // A server that asks itself does not wait for another.
    if party == onward.from {
        return None;
    }
    let Some(served) = cluster.served(onward.id).last() else {
        let said = Diagnosis::new(
            "slow-answer",
            format!("{next} took the connection on port {port}, and gave no answer"),
        );
        return Some(
            said.look([look])
                .fact("the network is not to blame: the packet arrived")
                .at(at)
                .fix(format!("see what {next} waits for, or why it hangs up")),
        );
    };
    let asked = served.asked.as_ref();
    let said = match served.status {
        None if served.answered && asked.is_some_and(|asked| asked.tls) => Diagnosis::new(
            "plain-http-port",
            format!("{server} begins a TLS handshake, and {next} speaks plain HTTP on port {port}"),
        )
        .fact("an address with https:// begins with a TLS handshake, which a plain HTTP server can't answer")
        .fix(format!("let {server} ask in plain HTTP, or call a port on which {next} speaks TLS")),
        Some(400) if protocols::speaks_tls(inner, onward) && !asked.is_some_and(|a| a.tls) => {
            Diagnosis::new(
                "tls-port",
                format!("{next} speaks TLS on port {port}, and {server} asked in plain HTTP"),
            )
            .fact("it answers a plain request with status 400")
            .fix(format!(
                "let {server} ask over TLS, or call a port on which {next} speaks plain HTTP"
            ))
        }
        Some(status) if status >= 400 => {
            return Some(refused(inner, (server, &next), onward, served));
        }
        _ => return None,
    };
    let upstream = inner.upstream.as_ref();
    let word = upstream.and_then(|upstream| ingress::protocol_line(inner, &upstream.service));
    if let Some(line) = word {
        let other = if said.code == "tls-port" { "HTTPS" } else { "HTTP" };
        let instead = format!("{}: {other}", ingress::BACKEND_PROTOCOL);
        return Some(
            said.look([look])
                .fact(format!("the Ingress's annotation {} says so", ingress::BACKEND_PROTOCOL))
                .nearest(Some(instead.clone()))
                .at(Some(line))
                .fix(format!("write {instead}, apply, and send again")),
        );
    }
    let line = upstream.and_then(|_| ingress_line(inner));
    Some(said.look([look]).at(line.or(at)))
}

/// The next server did not like what it was asked.
fn refused(
    inner: &Facts<'_>,
    (server, next): (&str, &str),
    onward: &Trace,
    served: &Served,
) -> Diagnosis {
    let status = served.status.unwrap_or_default();
    let asked = served.asked.as_ref();
    let what = asked.map_or_else(String::new, |asked| format!("{} {}", asked.method, asked.target));
    let look = match inner.client.as_ref() {
        Some(Place::Container { namespace, .. }) => look::pods(namespace),
        _ => look::pods(&inner.namespace()),
    };
    let near = asked.filter(|_| inner.upstream.is_some() && status == 404);
    if let Some(said) =
        near.and_then(|asked| ingress::passed_over(inner, &asked.host, &asked.target))
    {
        let message = format!("{next} answered {status} to {what}: {}", said.message);
        return Diagnosis { message, ..said };
    }
    let line = inner.upstream.as_ref().and_then(|_| ingress_line(inner));
    let at = line.or_else(|| super::asked::mention(inner, onward));
    let said = Diagnosis::new("wrong-answer", format!("{next} answered {status} to {what}"))
        .look([look])
        .facts(asked.map(|asked| format!("{server} asked {next} for {what}, host {}", asked.host)))
        .at(at.clone());
    if status == 404
        && let Some(near) = at.and_then(|at| with_a_path(inner.locator.line(&at)?))
    {
        return said
            .fact("proxy_pass without a path passes the whole path on; with a / at its end, what location stands for is taken off")
            .fix(format!("write {near}, where {next} knows the rest of the path alone; or let {server} ask for a path that {next} has; apply, and send again"));
    }
    said.fix(format!("let {server} ask for a path that {next} has, and send again"))
}

/// A line of nginx' configuration that passes requests on without a path of its own, with a `/` at its end:
/// that takes off what `location` stands for (nginx, ngx_http_proxy_module, proxy_pass).
fn with_a_path(line: &str) -> Option<String> {
    let url = line.trim().strip_prefix("proxy_pass ")?.trim().strip_suffix(';')?;
    let host = url.split_once("://")?.1;
    (!host.contains(['/', '$'])).then(|| format!("proxy_pass {url}/;"))
}

/// Where the Ingress stands that leads to the backend.
fn ingress_line(inner: &Facts<'_>) -> Option<crate::diagnostic::Location> {
    let upstream = inner.upstream.as_ref()?;
    ingress::line_of_backend(inner, &upstream.service)
}

/// A server that looked its upstream's name up long ago dials an address that nobody has any more.
fn old_address(inner: &Facts<'_>, served: &Served, said: Diagnosis) -> Diagnosis {
    let found = || {
        let trace = inner.connection?;
        let name = asked::question_of(inner, trace)?;
        let (namespace, service) = asked::service_of(&name)?;
        Some((inner.case.cluster.objects().get::<Service>(namespace, service)?, trace))
    };
    let stale =
        matches!(said.code, "no-such-service-address" | "no-such-pod-address" | "no-such-host");
    let Some((service, trace)) = found().filter(|_| stale && &*served.image == KEEPS_ADDRESSES)
    else {
        return said;
    };
    let (namespace, name) = services::full_name(service);
    let (shown, old) = (shown_name(namespace, name), trace.flow.destination.ip());
    let now = services::cluster_ip(service);
    if DnsData::of_address(old).to_string() == now {
        return said;
    }
    let full = format!("{name}.{namespace}.svc.cluster.local");
    if let Some(why) = leads_nowhere(inner, service, &full) {
        return Diagnosis { message: format!("{}: {}", said.message, why.message), ..why }.fact(
            format!("nginx looked {shown} up when it read its configuration, and has kept {old}"),
        );
    }
    let means = match service.spec.as_ref().and_then(|spec| spec.external_name.as_deref()) {
        Some(target) => format!("the name {shown} leads to {target} now"),
        None if now == "None" => format!("the name {shown} leads to pods' own addresses now"),
        None => format!("Service {shown} has {now} now"),
    };
    said.fact(format!("nginx looked {shown} up when it read its configuration, and has kept {old}"))
        .fact(means)
        .fix("let nginx read its configuration again: it looks names up when it does")
}

/// Why the name of a Service leads nowhere now: an alias of nobody, or no pod that is ready.
fn leads_nowhere(inner: &Facts<'_>, service: &Service, full: &str) -> Option<Diagnosis> {
    let target = service.spec.as_ref().and_then(|spec| spec.external_name.as_deref());
    let nobody = match target {
        Some(target) => {
            target.ends_with(".cluster.local") && service_names::find(inner, target).is_none()
        }
        None => {
            services::is_headless(service)
                && !services::pods(inner, service).1.iter().any(|pod| pod.is_ready())
        }
    };
    nobody.then(|| service_names::diagnose(inner, full, None)).flatten()
}

/// nginx reads its configuration again when it starts: where that alone helps, it is the way out.
fn again(inner: &Facts<'_>, said: Diagnosis) -> Diagnosis {
    let Some(Place::Container { namespace, pod, .. }) = inner.client.as_ref() else { return said };
    let objects = inner.case.cluster.objects();
    let Some(stored) = objects.get::<Pod>(namespace, pod) else { return said };
    let (kind, name) = super::owners::maker(inner, stored);
    if !matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet) {
        return said;
    }
    let place = look::in_namespace(namespace);
    let command = format!("kubectl rollout restart {} {name}{place}", kind.info().singular);
    if !trial::is_sure(inner, &command) {
        return said;
    }
    Diagnosis { at: None, ..said }
        .fact("nginx goes by the configuration that it read when it started; started anew, it makes the goal pass")
        .fix(format!("{command}, and send again"))
}
