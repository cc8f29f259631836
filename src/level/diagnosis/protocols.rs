//! Connections that were made, and conversations that failed: TLS, other protocols, silence. The
//! client knows how its request ended.

use super::asked::name_of;
use super::look;
use super::service_names;
use super::{Diagnosis, Facts, party_name};
use crate::api::{Event, Pod};
use crate::cluster::{Certificate, Ending, HttpRequest, Issuer, Payload, Place, Reply};

use crate::network::{Outcome, Party, Protocol, Stage, Trace};

/// What the client says of the conversation.
pub(super) fn diagnose(facts: &Facts<'_>, trace: &Trace) -> Option<Diagnosis> {
    let Outcome::Delivered { to, at, .. } = &trace.outcome else { return None };
    let server =
        facts.case.cluster.server_of(trace).map_or_else(|| party_name(to), |to| party_name(&to));
    let port = at.port();
    if let Some(said) = ended(facts, trace, to) {
        let at = said.at.clone().or_else(|| super::asked::mention(facts, trace));
        return Some(said.at(at));
    }
    let said = match &facts.fetched?.ending {
        Ending::NoTls => Diagnosis::new(
            "plain-http-port",
            format!("{server} answered on port {port}, but it speaks plain HTTP, not TLS"),
        )
        .look(asked_plainly(facts))
        .fact("https begins with a TLS handshake, which a plain HTTP server can't answer")
        .nearest(Some("http:// instead of https://".to_owned()))
        .fix("write http:// instead of https://, apply, and send again"),
        Ending::Certificate(shown) => certificate(facts, trace, &server, shown),
        Ending::Response { status: 400 } if speaks_tls(facts, trace) => Diagnosis::new(
            "tls-port",
            format!("{server} speaks TLS on port {port}, and was asked in plain HTTP"),
        )
        .fact("it answers a plain request with status 400")
        .nearest(Some("https:// instead of http://".to_owned()))
        .fix("write https:// instead of http://, apply, and send again"),
        Ending::Empty | Ending::Reset | Ending::NotHttp => Diagnosis::new(
            "not-http",
            format!("{server} was reached on port {port}, but it does not speak HTTP"),
        )
        .fact(match facts.fetched.map(|fetched| &fetched.ending) {
            Some(Ending::Empty) => "it closed the connection without a byte",
            Some(Ending::Reset) => "it reset the connection",
            _ => "what it sent is no HTTP response",
        })
        .fix("ask with a client of its own protocol, or call another server"),
        Ending::SlowAnswer => Diagnosis::new(
            "slow-answer",
            format!("{server} took the connection, and did not answer in time"),
        )
        .fact("the network is not to blame: the packet arrived, and the process thinks")
        .fix("give the client a longer limit, or see what the server waits for"),
        _ => return None,
    };
    let look = match to {
        Party::Pod { namespace, name } => look::describe("pod", namespace, name),
        _ => look::pods(&facts.namespace()),
    };
    let at = said.at.clone().or_else(|| super::asked::mention(facts, trace));
    Some(said.look([look]).at(at))
}

/// The process that took the connection has ended since, and no answer came (R3.7).
fn ended(facts: &Facts<'_>, trace: &Trace, to: &Party) -> Option<Diagnosis> {
    let cluster = facts.case.cluster;
    let unanswered =
        matches!(facts.fetched?.ending, Ending::Empty | Ending::Reset | Ending::SlowAnswer);
    let Party::Pod { namespace, name } = to else { return None };
    if !unanswered || !cluster.server_ended(trace) {
        return None;
    }
    let pod = cluster.objects().get::<Pod>(namespace, name);
    let deleted = pod.is_none_or(|pod| pod.metadata.deletion_timestamp.is_some());
    let said = Diagnosis::new(
        "server-ended",
        format!("pod {name} took the connection, and its process ended before it had answered"),
    )
    .look([look::pods(namespace), "kubectl get events --sort-by=.lastTimestamp".to_owned()]);
    Some(match deleted {
        true => deleted_meanwhile(facts, said, trace, (namespace, name)),
        false => said
            .fact("the pod is still there: its container has ended by itself, and is started again")
            .fix("see why the container ended: kubectl logs --previous"),
    })
}

/// R3.7: a pod that is deleted runs its preStop hooks first, and then its processes get SIGTERM.
fn deleted_meanwhile(
    facts: &Facts<'_>,
    said: Diagnosis,
    trace: &Trace,
    (namespace, pod): (&str, &str),
) -> Diagnosis {
    let sources = facts.locator.sources();
    let maker = sources.iter().find(|source| {
        let name = source.name();
        let made =
            pod.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        // A Service may have the same name; it makes no pods.
        let holds = ["/spec/containers", "/spec/template/spec/containers"];
        let makes = holds.iter().any(|path| source.value.pointer(path).is_some());
        makes && source.namespace() == namespace && !name.is_empty() && made
    });
    let written = maker.and_then(|source| {
        let (pointer, path) = match source.text("/kind") {
            Some("Pod") => ("/spec", "spec"),
            _ => ("/spec/template/spec", "spec.template.spec"),
        };
        Some((source, source.value.pointer(pointer)?["containers"].as_array()?, path))
    });
    let hook = written.and_then(|(source, containers, path)| {
        let index = containers.iter().position(|one| !one["lifecycle"]["preStop"].is_null())?;
        let path = format!("{path}.containers[{index}].lifecycle.preStop");
        let asks = containers[index]["lifecycle"]["preStop"]["httpGet"].is_object();
        let port = format!("{path}.httpGet.port");
        let port = asks.then(|| super::locate::at(source, &port)).flatten();
        Some((super::locate::at(source, &path), asks, port))
    });
    let container = written
        .and_then(|(source, _, path)| super::locate::at(source, &format!("{path}.containers[0]")));
    let events = facts.case.cluster.objects().list::<Event>(Some(namespace));
    let mut events = events.into_iter();
    let failed = events.any(|event| {
        event.origin.involved_object.name.as_deref() == Some(pod)
            && event.message.reason.as_deref() == Some("FailedPreStopHook")
    });
    let Some((line, asks, port)) = hook else {
        let grace = written.and_then(|(source, _, path)| {
            let pointer = format!("/{}/terminationGracePeriodSeconds", path.replace('.', "/"));
            let seconds = source.value.pointer(&pointer)?.as_i64()?;
            Some(format!("terminationGracePeriodSeconds: {seconds} says how long its processes may still take; it puts no signal off"))
        });
        return said
            .fact(format!("pod {pod} was deleted meanwhile: it has no preStop hook, so its processes get SIGTERM at once"))
            .facts(grace)
            .at(container)
            .fix("let a preStop hook wait longer than the longest request takes (and terminationGracePeriodSeconds be longer still), apply, and send again");
    };
    if failed {
        let said = said.fact(format!("pod {pod} was deleted meanwhile, and its preStop hook failed (FailedPreStopHook): SIGTERM followed at once"));
        return match asks {
            true => hook_unanswered(said, trace).at(port.or(line)),
            false => said
                .fact("a hook's exec runs a program of the container's own image, and fails without it")
                .at(line)
                .fix("write the hook as sleep, which needs no program, with more seconds than the longest request takes; apply, and send again"),
        };
    }
    said.fact(format!("pod {pod} was deleted meanwhile: its preStop hook ended, and SIGTERM came, before the answer was complete"))
        .at(line)
        .fix("let the preStop hook wait longer than the longest request takes (and terminationGracePeriodSeconds be longer still), apply, and send again")
}

/// The hook asks the container's server, as the client did whose request was cut off, and got no answer.
fn hook_unanswered(said: Diagnosis, trace: &Trace) -> Diagnosis {
    let taken = trace.hops.iter().rfind(|hop| hop.stage == Stage::Listener);
    let open = taken.map_or(trace.flow, |hop| hop.after).destination.port();
    said.fact(format!("a hook's httpGet asks the container's own server, and has to be answered; this server took the request at port {open}"))
        .fix(format!("let the hook ask port {open} for a path that answers late, or write it as sleep, with more seconds than the longest request takes; apply, and send again"))
}

/// Whether a TLS handshake at the same place would succeed: tried in a copy of the cluster.
pub(super) fn speaks_tls(facts: &Facts<'_>, trace: &Trace) -> bool {
    let mut trial = facts.case.cluster.clone();
    let place = facts.client_place().unwrap_or(Place::Laptop);
    let Ok(connection) = trial.dial(&place, Protocol::Tcp, trace.flow.destination).result else {
        return false;
    };
    let host = trace.flow.destination.ip().to_string();
    let request = HttpRequest::get("/", vec![("Host".to_owned(), host.clone())]);
    let answer = trial.ask(&connection, Payload::Tls { server_name: host, request });
    matches!(answer.reply, Reply::Tls { .. })
}

/// R7.5: an alias does not change the name that the client expects in the certificate.
fn certificate(facts: &Facts<'_>, trace: &Trace, server: &str, shown: &Certificate) -> Diagnosis {
    let said = Diagnosis::new(
        "certificate-not-accepted",
        format!("{server} answered with a certificate that the client does not accept"),
    )
    .fact(match shown.issuer {
        Issuer::Itself => "nobody but the server vouches for it".to_owned(),
        Issuer::Cluster => {
            "the cluster's own authority vouches for it, which the client does not know".to_owned()
        }
        Issuer::Private => "an authority vouches for it that the client does not know".to_owned(),
        Issuer::Public => format!("it is for {}", shown.names.join(", ")),
    });
    let by_controller = facts
        .case
        .cluster
        .served(trace.id)
        .any(|served| &*served.image == super::ingress::CONTROLLER);
    if by_controller && shown.issuer == Issuer::Itself {
        return super::ingress::own_certificate(facts, said);
    }
    let alias = name_of(facts, trace).and_then(|name| {
        let service = service_names::find(facts, &name)?;
        Some((name, service.spec.as_ref()?.external_name.clone()?))
    });
    match alias {
        Some((name, target)) => said
            .fact(format!("{name} is another name for {target}: the certificate is for {target}"))
            .nearest(Some(format!("https://{target}")))
            .fix(format!("call https://{target}")),
        None => said
            .fix("give the client the authority's certificate, or call a name in the server's own"),
    }
}

/// What the last answer's status was, where the client got one.
pub(super) fn status(facts: &Facts<'_>) -> Option<u16> {
    match facts.fetched?.ending {
        Ending::Response { status } => Some(status),
        _ => None,
    }
}

/// The same request without TLS, from where it was sent: it shows that plain HTTP is spoken there.
fn asked_plainly(facts: &Facts<'_>) -> Option<String> {
    let fetched = facts.fetched?;
    let url = format!("http://{}:{}{}", fetched.host, fetched.port, fetched.target);
    let command = format!("curl -sS -m 2 -I {url}");
    match facts.asking_place()? {
        Place::Laptop => Some(command),
        place => look::inside(facts.case.cluster, &place, &command),
    }
}
