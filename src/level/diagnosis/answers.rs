//! Requests that arrived, and got another answer than the goal wants.

use std::sync::Arc;

use super::look;
use super::packets::{name_of, short};
use super::{
    Diagnosis, Facts, client, ingress, manifests, party_name, protocols, selectors, services,
    workloads,
};
use crate::api::{Kind, Pod};
use crate::cluster::{ObjectName, Place};
use crate::diagnostic::Location;
use crate::level::probe::Miss;
use crate::network::{Because, Hop, Outcome, Party, Protocol, Trace};

impl Facts<'_> {
    /// Whether the goal would take an answer from this pod: one with the labels or the name that it
    /// asks for.
    pub fn is_wanted(&self, pod: &Pod) -> bool {
        let expect = &self.case.goal.expect;
        let labels = pod.metadata.labels.as_ref();
        let has = |(key, value): (&String, &String)| {
            labels.and_then(|labels| labels.get(key)) == Some(value)
        };
        match expect.served_by_pod.is_empty() {
            true => !expect.served_by.is_empty() && expect.served_by.iter().all(has),
            false => {
                let name = pod.metadata.name.as_ref();
                name.is_some_and(|name| expect.served_by_pod.contains(name))
            }
        }
    }
}

/// The packet arrived; the answer was not the one.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    let trace = facts.connection?;
    let Outcome::Delivered { to, .. } = &trace.outcome else { return None };
    let party = facts.case.cluster.server_of(trace).unwrap_or_else(|| to.clone());
    let server = party_name(&party);
    if facts.case.run.is_some_and(|run| run.miss.is_none()) {
        return Some(too_few_servers(facts, trace));
    }
    if let Some(said) = ingress::diagnose(facts, trace) {
        return Some(said);
    }
    if let Some(said) = protocols::diagnose(facts, trace) {
        return Some(said);
    }
    let said = match facts.case.run.and_then(|run| run.miss.as_ref())? {
        Miss::Server { expected, received } => {
            let who = received.as_deref().unwrap_or(&server);
            return Some(wrong_server(facts, trace, (&party, who), &format!("not {expected}")));
        }
        Miss::Answer { expected } => {
            let wanted = format!("but {expected:?} is not in its answer");
            return Some(wrong_server(facts, trace, (&party, &server), &wanted));
        }
        Miss::Output { expected } if protocols::status(facts).is_none_or(|status| status < 400) => {
            let wanted = format!("but not with {expected:?}");
            return Some(wrong_server(facts, trace, (&party, &server), &wanted));
        }
        Miss::Way { expected } => Diagnosis::new(
            "wrong-way",
            format!(
                "{server} answered, but the request went to {}, not to {expected}",
                trace.flow.destination.ip()
            ),
        )
        .look([look::nodes()])
        .fix(format!("send the request to {expected}")),
        Miss::Late { within, took } => Diagnosis::new(
            "slow-answer",
            format!(
                "{server} answered after {} ms; {} ms are allowed",
                took.as_millis(),
                within.as_millis()
            ),
        )
        .look([look::pods(&facts.namespace())])
        .fix("find what the time is spent on: the name, the connection, or the server"),
        Miss::Field { .. } => return None,
        Miss::Exit { .. }
        | Miss::Output { .. }
        | Miss::Pattern { .. }
        | Miss::Unwanted { .. }
        | Miss::Errors { .. } => failed(facts, &server),
        Miss::NoPlace => return None,
    };
    Some(said.fact(facts.quoted()).at(mention(facts, trace)))
}

/// The server was reached, and the client did not get what it wanted of it.
fn failed(facts: &Facts<'_>, server: &str) -> Diagnosis {
    let message = match (protocols::status(facts), facts.case.run.and_then(|run| run.miss.as_ref()))
    {
        (Some(status), _) if status >= 400 => {
            format!("{server} was reached, and answered with status {status}")
        }
        (_, Some(Miss::Exit { expected, received })) => format!(
            "{server} was reached, but the command ended with exit code {received}, not {expected}"
        ),
        _ => format!("{server} was reached, but the answer is another one"),
    };
    let said = Diagnosis::new("wrong-answer", message).look([look::pods(&facts.namespace())]);
    match facts.fetched.filter(|_| protocols::status(facts).is_some_and(|status| status >= 400)) {
        Some(fetched) => said
            .fact(format!("asked for: {}", fetched.url))
            .fix("look at the path, the method and the server's log"),
        None => said,
    }
}

/// Somebody answered, and it was not the one.
fn wrong_server(
    facts: &Facts<'_>,
    trace: &Trace,
    (party, server): (&Party, &str),
    wanted: &str,
) -> Diagnosis {
    if let Some(said) = workloads::diagnose(facts) {
        return said.fact(format!("so {server} answered, {wanted}"));
    }
    if let Some(said) = left_behind(facts, party, wanted) {
        return said;
    }
    let namespace = facts.namespace();
    let said =
        Diagnosis::new("wrong-server", format!("{server} answered, {wanted}")).fact(facts.quoted());
    let by_port = other_port(facts, trace, party, &said);
    if let Some(said) = by_port.or_else(|| by_selector(facts, trace, party, &said)) {
        return said;
    }
    if let Some(said) = hidden_source(facts, trace, party, &said) {
        return said;
    }
    if let Some(said) = by_chance(facts, trace, &said) {
        return said;
    }
    let pods = facts.case.cluster.objects().list::<Pod>(None);
    let meant: Vec<&Arc<Pod>> = pods.filter(|pod| facts.is_wanted(pod)).collect();
    let lines = meant.iter().filter_map(|pod| {
        let (name, ip) = (pod.metadata.name.as_deref()?, pod.status.as_ref()?.pod_ip.as_deref()?);
        Some((format!("pod {name} has {ip}"), ip))
    });
    let lines: Vec<(String, &str)> = lines.collect();
    let fix = match lines.first() {
        Some((line, ip)) => format!("call the one that is meant: write {ip} ({line})"),
        None => "compare the address in the trace with kubectl get pods -o wide".to_owned(),
    };
    said.look([look::pods(&namespace), look::labels(&namespace)])
        .facts(lines.iter().map(|(line, _)| line.clone()).take(4))
        .at(mention(facts, trace))
        .fix(fix)
}

/// A Service chose the pod: its selector matches others than those that are meant.
fn by_selector(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let (rule, ..) = services::chosen(trace)?;
    let service = services::find(facts, rule)?;
    let wanted = services::selector(service)?;
    let (_, matching) = services::pods(facts, service);
    let is = |pod: &Pod, party: &Party| {
        matches!(party, Party::Pod { namespace, name }
            if pod.metadata.namespace.as_deref() == Some(&**namespace)
                && pod.metadata.name.as_deref() == Some(&**name))
    };
    let meant = |pod: &Pod| facts.is_wanted(pod) && !is(pod, party);
    let stranger = matching
        .iter()
        .find(|pod| is(pod, party))
        .or_else(|| matching.iter().find(|pod| !facts.is_wanted(pod)))?;
    // Whoever has answered as the goal wants is meant; before anybody has, whoever fits its words.
    let proved = |pod: &Pod| facts.case.served.iter().any(|party| is(pod, party));
    let mut good: Vec<&Pod> = Vec::new();
    good.extend(matching.iter().map(|pod| &***pod).filter(|pod| proved(pod)));
    if good.is_empty() && !facts.is_wanted(stranger) {
        let all = facts.case.cluster.objects().list::<Pod>(stranger.metadata.namespace.as_deref());
        good.extend(all.map(|pod| &**pod).filter(|pod| meant(pod)));
    }
    // Nobody has proved anything yet: pods that somebody else made are set against this one.
    if good.is_empty() {
        let made = maker(facts, stranger);
        let others = matching.iter().map(|pod| &***pod);
        good.extend(others.filter(|pod| maker(facts, pod) != made));
    }
    if good.is_empty() {
        return None;
    }
    let (namespace, name) = services::full_name(service);
    let key = wanted.keys().next().map_or_else(String::new, |key| selectors::path(key));
    let line = facts.locator.field("Service", namespace, name, &key);
    let labels = selectors::telling_apart(&good, stranger, &matching);
    let (fix, nearest) = match labels {
        None => {
            ("give the pods that are meant a label of their own, and select it".to_owned(), None)
        }
        Some(label) => (
            format!("let the selector of Service {name} ask for {label}, apply, and send again"),
            Some(label),
        ),
    };
    let stranger = stranger.metadata.name.as_deref().unwrap_or("");
    Some(
        said.clone()
            .look([look::endpoints(namespace, name), look::labels(namespace)])
            .fact(format!(
                "selector {} of Service {} matches pod {stranger}",
                selectors::shown(wanted),
                short(rule)
            ))
            .nearest(nearest)
            .at(line.or_else(|| mention(facts, trace)))
            .fix(fix),
    )
}

/// The pod is the right one, and another of its servers is meant: the port leads to the wrong one.
fn other_port(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let Party::Pod { namespace, name } = party else { return None };
    let Outcome::Delivered { at, .. } = &trace.outcome else { return None };
    let pod = facts.case.cluster.objects().get::<Pod>(namespace, name)?;
    let image = facts.case.goal.expect.served_by_image.as_deref();
    let open = facts.listeners(pod).into_iter().filter(|open| {
        let runs = |wanted: &str| {
            open.container.as_ref().is_some_and(|container| {
                let place = Place::Container {
                    namespace: namespace.clone(),
                    pod: name.clone(),
                    container: container.clone(),
                };
                facts.case.cluster.image(&place).is_some_and(|image| image.name == wanted)
            })
        };
        open.protocol == Protocol::Tcp && open.port != at.port() && image.is_none_or(runs)
    });
    let mut servers: Vec<(u16, Option<Arc<str>>)> =
        open.map(|open| (open.port, open.container)).collect();
    servers.sort();
    servers.dedup();
    if servers.is_empty() || (image.is_none() && !facts.is_wanted(pod)) {
        return None;
    }
    let ports: Vec<String> = servers.iter().map(|(port, _)| port.to_string()).collect();
    let ports = ports.join(" or ");
    let said = said.clone().fact(format!("port {} of pod {name} is another server's", at.port()));
    let said = said.facts(servers.iter().map(|(port, container)| match container {
        Some(container) => format!("container {container} listens on port {port}"),
        None => format!("port {port} is open too"),
    }));
    let service = services::chosen(trace).and_then(|(rule, ..)| services::find(facts, rule));
    let Some(service) = service else {
        return Some(
            said.look([look::describe("pod", namespace, name)])
                .nearest(Some(format!("port {ports}")))
                .at(mention(facts, trace))
                .fix(format!("dial port {ports}, apply, and send again")),
        );
    };
    let (service_namespace, service_name) = services::full_name(service);
    let index =
        services::port(service, trace.flow.destination.port()).map_or(0, |(index, _)| index);
    let path = format!("spec.ports[{index}].targetPort");
    Some(
        said.look([look::service(service_namespace, service_name)])
            .nearest(Some(format!("targetPort: {ports}")))
            .at(facts.locator.field("Service", service_namespace, service_name, &path))
            .fix(format!("write targetPort: {ports}, apply, and send again")),
    )
}

/// The right pod answered, and saw a node's address in place of the caller's (R6.6).
fn hidden_source(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let Party::Pod { namespace, name } = party else { return None };
    let pod = facts.case.cluster.objects().get::<Pod>(namespace, name)?;
    let masked =
        trace.hops.iter().find(|hop| matches!(hop.because, Because::Masqueraded { .. }))?;
    let service = services::find(facts, services::chosen(trace)?.0)?;
    let spec = service.spec.as_ref()?;
    let external = matches!(spec.type_.as_deref(), Some("NodePort" | "LoadBalancer"));
    if !facts.is_wanted(pod) || !external {
        return None;
    }
    let (service_namespace, service_name) = services::full_name(service);
    let line = |path: &str| facts.locator.field("Service", service_namespace, service_name, path);
    Some(
        said.clone()
            .look([look::service(service_namespace, service_name), look::pods(namespace)])
            .fact(masked.sentence())
            .fact("with externalTrafficPolicy: Cluster a pod sees a node's address, with Local the caller's own")
            .nearest(Some("externalTrafficPolicy: Local".to_owned()))
            .at(line("spec.externalTrafficPolicy"))
            .fix("if the pod is to see the caller's own address, write externalTrafficPolicy: Local, apply, and send again"),
    )
}

/// A Service chose among pods that its selector means rightly: what was decided is all that is known.
fn by_chance(facts: &Facts<'_>, trace: &Trace, said: &Diagnosis) -> Option<Diagnosis> {
    let (rule, ..) = services::chosen(trace)?;
    let (namespace, name) = services::full_name(services::find(facts, rule)?);
    let chosen = |hop: &&Hop| matches!(hop.because, Because::EndpointChosen { .. });
    Some(
        said.clone()
            .look([look::endpoints(namespace, name), look::service(namespace, name)])
            .facts(trace.hops.iter().rev().find(chosen).map(Hop::sentence))
            .at(facts.locator.field("Service", namespace, name, "spec"))
            .fix(format!(
                "Service {name} chose this pod: let it choose among those alone that are meant, or call them another way"
            )),
    )
}

/// The pod that answered comes from a manifest that no file describes any more.
fn left_behind(facts: &Facts<'_>, party: &Party, wanted: &str) -> Option<Diagnosis> {
    let Party::Pod { namespace, name } = party else { return None };
    let pod = facts.case.cluster.objects().get::<Pod>(namespace, name)?;
    let maker = maker(facts, pod);
    let object = ObjectName { kind: maker.0, namespace: namespace.to_string(), name: maker.1 };
    let file = manifests::left_behind(facts, &object)?;
    let kind = object.kind.info();
    let command = format!(
        "kubectl delete {} {}{}",
        kind.singular,
        object.name,
        look::in_namespace(namespace)
    );
    Some(
        Diagnosis::new(
            "left-behind",
            format!(
                "{} answered, {wanted}: it is in no file any more, and still runs",
                party_name(party)
            ),
        )
        .look([look::labels(namespace)])
        .fact(format!("{} {} was applied from {file}", kind.name, object.name))
        .fact("an object that leaves its file stays in the cluster until somebody deletes it")
        .nearest(Some(command.clone()))
        .fix(format!("{command}, and send again")),
    )
}

/// What made a pod: itself, or its controllers' topmost.
fn maker(facts: &Facts<'_>, pod: &Pod) -> (Kind, String) {
    let own = (Kind::Pod, pod.metadata.name.clone().unwrap_or_default());
    let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
    let Some((kind, name)) = client::controller(&pod.metadata) else { return own };
    let objects = facts.case.cluster.objects();
    let set = objects.get::<k8s_openapi::api::apps::v1::ReplicaSet>(namespace, &name);
    let above =
        set.filter(|_| kind == "ReplicaSet").and_then(|set| client::controller(&set.metadata));
    let (kind, name) = above.unwrap_or((kind, name));
    let known = Kind::all().find(|known| known.info().name == kind);
    known.map_or(own, |kind| (kind, name))
}

/// Every request succeeded, but too few pods had a part in it.
fn too_few_servers(facts: &Facts<'_>, trace: &Trace) -> Diagnosis {
    let (spread, wanted) = (facts.case.served.len(), facts.case.goal.repeat.spread);
    let said = Diagnosis::new(
        "not-spread",
        format!("{spread} pod(s) served all requests; the goal wants {wanted} different ones"),
    );
    let rules = trace.hops.iter().find(|hop| matches!(hop.because, Because::EndpointChosen { .. }));
    let Some(hop) = rules else {
        return said
            .look([look::pods(&facts.namespace())])
            .fact("the requests went to a pod's own address: no Service chose")
            .at(mention(facts, trace))
            .fix("call the Service by its name, which chooses a pod for each connection");
    };
    let Because::EndpointChosen { service, affinity, local, usable, .. } = &hop.because else {
        return said;
    };
    let (namespace, name) = hop.service().unwrap_or_default();
    let said = said
        .look([look::endpoints(&namespace, &name), look::service(&namespace, &name)])
        .fact(hop.sentence())
        .facts(hop.passed_over());
    let field = |path: &str| facts.locator.field("Service", &namespace, &name, path);
    match (affinity, local) {
        (true, _) => said
            .nearest(Some("sessionAffinity: None".to_owned()))
            .at(field("spec.sessionAffinity"))
            .fix("write sessionAffinity: None, apply, and send again"),
        (_, true) => {
            let inside = services::find(facts, service).is_some_and(|service| {
                let spec = service.spec.as_ref();
                spec.and_then(|spec| spec.internal_traffic_policy.as_deref()) == Some("Local")
            });
            let path = if inside { "internalTrafficPolicy" } else { "externalTrafficPolicy" };
            said.nearest(Some(format!("{path}: Cluster")))
                .at(field(&format!("spec.{path}")))
                .fix(format!("write {path}: Cluster, apply, and send again"))
        }
        _ => said
            .fact("a Service chooses an endpoint for each connection, at random")
            .at(field("spec.selector"))
            .fix(format!(
                "let the Service lead to {wanted} ready pods or more: it has {usable} endpoint(s) now"
            )),
    }
}

/// The player's line with the address or name that was dialled.
pub(super) fn mention(facts: &Facts<'_>, trace: &Trace) -> Option<Location> {
    let to = trace.flow.destination;
    let told = facts.fetched.map(|fetched| fetched.host.clone()).filter(|host| !host.is_empty());
    let hosts: Vec<String> = [told, name_of(facts, trace)].into_iter().flatten().collect();
    facts.dialled_at(&hosts, Some(to.ip()), to.port())
}

/// Nothing else fits: what was asked, and what came. It says that it does not know.
pub(super) fn unexpected(facts: &Facts<'_>) -> Diagnosis {
    let run = facts.case.run;
    let said = match run.and_then(|run| run.miss.as_ref()) {
        Some(Miss::Exit { expected, received }) => {
            format!("the command ended with exit code {received}, not {expected}")
        }
        Some(Miss::Output { expected }) => format!("the command did not print {expected:?}"),
        Some(Miss::Server { expected, .. }) => format!("no packet reached {expected}"),
        Some(Miss::Answer { expected }) => format!("no server answered {expected:?}"),
        Some(Miss::Way { expected }) => format!("no packet was sent to {expected}"),
        Some(Miss::NoPlace) | None => "there was nowhere to run the command".to_owned(),
        Some(Miss::Pattern { expected }) => {
            format!("the command printed nothing that matches {expected:?}")
        }
        Some(Miss::Unwanted { text }) => format!("the command printed {text:?}"),
        Some(Miss::Errors { expected }) => {
            format!("the command did not print {expected:?} as an error")
        }
        Some(miss @ (Miss::Late { .. } | Miss::Field { .. })) => miss.words(),
    };
    let interrupted = run.and_then(|run| run.finished.as_ref()).is_some_and(|one| one.interrupted);
    let command = facts.case.goal.run.trim();
    Diagnosis::new("unexpected-answer", said)
        .look([look::pods(&facts.namespace())])
        .fact(format!("command: {command}"))
        .facts(interrupted.then(|| "it did not end by itself, and was interrupted".to_owned()))
        .fact(facts.quoted())
        .fact("no packet, no object and no program's own word tells why: podhop does not know")
        .fix("run the goal's command yourself in the terminal, part by part, and look at its answers")
}
