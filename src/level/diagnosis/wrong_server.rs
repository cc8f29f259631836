//! Answers of somebody whom the goal does not mean.

use std::sync::Arc;

use super::answers::{itself, left_service};
use super::asked::{mention, question_of, service_of};
use super::look;
use super::owners::maker;
use super::{
    Diagnosis, Facts, containers, ingress, locate, manifests, party_name, placing, rollouts,
    selectors, services, settings, trial, workloads,
};
use k8s_openapi::api::core::v1::Service;

use crate::api::Pod;
use crate::cluster::{ObjectName, Place};
use crate::level::probe::Miss;
use crate::network::{Because, Hop, Outcome, Party, Protocol, Trace};

/// Somebody answered, and it was not the one.
pub(super) fn wrong_server(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    message: &str,
) -> Diagnosis {
    if let Some(said) = workloads::meant(facts, party) {
        return said.fact(message);
    }
    if let Some(said) = left_behind(facts, party, message) {
        return said;
    }
    let said = Diagnosis::new("wrong-server", message);
    itself(facts, trace, party, &said)
        .or_else(|| by_its_own_name(facts, party, &said))
        .or_else(|| came_too_late(facts, trace, party, message))
        .or_else(|| left_service(facts, trace, &said))
        .or_else(|| rollouts::older(facts, party, &said))
        .or_else(|| by_port(facts, trace, party, &said))
        .or_else(|| by_ingress(facts, trace, party, &said))
        .or_else(|| by_selector(facts, trace, party, &said))
        .or_else(|| settings::hidden_source(facts, trace, &said))
        .or_else(|| settings::diagnose(facts, trace, &said))
        .or_else(|| other_words(facts, trace, party, &said))
        .or_else(|| by_chance(facts, trace, &said))
        .or_else(|| by_host_port(facts, trace, party, &said))
        .unwrap_or_else(|| another(facts, trace, party, said))
        // What stands for the line comes first: it is what the line is marked with.
        .fact(facts.quoted())
}

/// A machine outside was called by its own name, and the goal wants to see it called by the Service that is
/// another name for it (R7.5).
fn by_its_own_name(facts: &Facts<'_>, party: &Party, said: &Diagnosis) -> Option<Diagnosis> {
    let Party::Outside(host) = party else { return None };
    let Some(Miss::Output { expected } | Miss::Answer { expected }) = facts.case.run?.miss.as_ref()
    else {
        return None;
    };
    let mut services = facts.case.cluster.objects().list::<Service>(None);
    let service = services.find(|service| {
        let spec = service.spec.as_ref();
        let alias = spec.and_then(|spec| spec.external_name.as_deref());
        alias.is_some_and(|alias| alias.trim_end_matches('.') == &**host)
            && locate::mentions(expected, services::full_name(service).1)
    })?;
    let fetched = facts.fetched.filter(|fetched| fetched.host == **host)?;
    let (namespace, name) = services::full_name(service);
    let scheme = if fetched.tls { "https" } else { "http" };
    let at = facts.dialled_at(&[host.to_string()], None, if fetched.tls { 443 } else { 80 });
    let message = format!("{host} was called by its own name, and the goal wants it called {name}");
    Some(
        Diagnosis { message, ..said.clone() }
            .look([look::service(namespace, name)])
            .fact(format!(
                "Service {} is another name for {host}",
                look::shown_name(namespace, name)
            ))
            .nearest(Some(format!("{scheme}://{name}")))
            .at(at)
            .fix(format!("write {name} instead of {host}, apply, and send again")),
    )
}

/// Another container of the pod wanted the port, and found it taken by the one that answered (R1.2).
fn came_too_late(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    message: &str,
) -> Option<Diagnosis> {
    let Party::Pod { namespace, name } = party else { return None };
    let Outcome::Delivered { at, .. } = &trace.outcome else { return None };
    let pod = facts.case.cluster.objects().get::<Pod>(namespace, name)?;
    let (index, said) = containers::found_taken(facts, pod, at.port())?;
    let source = facts.pod_source(namespace, name);
    let line = source.and_then(|own| own.line(&format!("spec.containers[{index}]")));
    Some(said.fact(message).at(line))
}

/// The server is one of those that are meant, and says something else.
fn other_words(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let Party::Pod { namespace, name } = party else { return None };
    let pod = facts.case.cluster.objects().get::<Pod>(namespace, name)?;
    let anybody = facts.case.goal.expect.names_no_pod();
    let unchosen = anybody && services::chosen(trace).is_none();
    if !(facts.is_wanted(pod) || unchosen) {
        return None;
    }
    let said = said.clone();
    if let Some(said) = other_image(facts, pod, &said) {
        return Some(said);
    }
    let served = facts.case.cluster.served(trace.id).last();
    let asked = served.and_then(|served| served.asked.as_ref());
    let refused = served.and_then(|served| served.status).filter(|status| *status >= 400);
    let said = match (refused, asked) {
        (Some(status), Some(one)) => {
            let message = format!("pod {name} answered {status} to {} {}", one.method, one.target);
            Diagnosis { message, ..said }
        }
        _ => said,
    };
    // A sound answer to HEAD has everything but the page.
    let bare = refused.is_none() && asked.is_some_and(|one| one.method == "HEAD");
    let target = asked.map(|one| one.target.clone());
    let asked = asked.map(|one| {
        format!("pod {name} was asked for {} {}, host {}", one.method, one.target, one.host)
    });
    let said = Diagnosis { code: "wrong-answer", ..said }
        .look([look::pods(namespace), look::describe("pod", namespace, name)])
        .facts(asked)
        .at(mention(facts, trace));
    if bare {
        return Some(
            said.fact("HEAD asks for the headers alone: no page comes with them")
                .fix("ask for the page itself: without -I of curl, without --spider of wget"),
        );
    }
    let said = said.fix(format!(
        "compare what was asked for, and what pod {name} serves, with what the goal wants"
    ));
    Some(match target {
        Some(target) => ingress::rewritten(facts, &target, said),
        None => said,
    })
}

/// No container of the pod that is meant has the image that is meant.
fn other_image(facts: &Facts<'_>, pod: &Pod, said: &Diagnosis) -> Option<Diagnosis> {
    let wanted = facts.case.goal.expect.served_by_image.as_deref()?;
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    let containers = &pod.spec.as_ref()?.containers;
    let runs = |container: &str| {
        let place = Place::Container {
            namespace: namespace.into(),
            pod: name.into(),
            container: container.into(),
        };
        facts.case.cluster.image(&place).is_some_and(|image| image.name == wanted)
    };
    if containers.iter().any(|container| runs(&container.name)) {
        return None;
    }
    let source = facts.pod_source(namespace, name);
    let at = source.and_then(|own| own.line("spec.containers[0].image"));
    let images: Vec<&str> =
        containers.iter().filter_map(|container| container.image.as_deref()).collect();
    Some(
        said.clone()
            .look([look::describe("pod", namespace, name)])
            .fact(format!("pod {name} has the image {}, and none of {wanted}", images.join(", ")))
            .nearest(Some(format!("image: {wanted}")))
            .at(at)
            .fix(match containers.len() {
                1 => format!("let the pod's image be {wanted}, apply, and send again"),
                _ => format!("let a container of pod {name} have the image {wanted}, and listen where it is called; apply, and send again"),
            }),
    )
}

/// The port of a node led to a pod that asks for it (R1.5).
fn by_host_port(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let hop = trace.hops.iter().find(|hop| matches!(hop.because, Because::HostPort { .. }))?;
    let Party::Pod { namespace, name } = party else { return None };
    let port = trace.flow.destination.port();
    let source = facts.pod_source(namespace, name);
    let pod = facts.case.cluster.objects().get::<Pod>(namespace, name)?;
    let mut ports = placing::host_ports(pod);
    let (asked, _) = ports.find(|(_, asked)| *asked == i32::from(port))?;
    let at = source.and_then(|own| own.line(&asked));
    Some(
        said.clone()
            .look([look::pods(namespace), look::describe("pod", namespace, name)])
            .fact(format!("{}: {}", hop.place, hop.sentence()))
            .fact(format!("port {port} of a node leads to the pod on it that asks for it by hostPort"))
            .at(at.or_else(|| mention(facts, trace)))
            .fix(format!("let the pod that is meant run on that node and ask for hostPort {port}, and no other")),
    )
}

/// An Ingress led to the pod that answered: its backend is another Service than the one that selects
/// those that are meant.
pub(super) fn by_ingress(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let first = facts.connection.filter(|first| first.id != trace.id)?;
    let Party::Pod { namespace, name } = party else { return None };
    let pod = facts.case.cluster.objects().get::<Pod>(namespace, name)?;
    if facts.case.goal.expect.names_no_pod() || facts.is_wanted(pod) {
        return None;
    }
    let served = facts.case.cluster.served(first.id).last()?;
    if &*served.image != ingress::CONTROLLER {
        return None;
    }
    let asked = served.asked.as_ref()?;
    let (service, _) = ingress::backend(facts, &asked.host, &asked.target)?;
    let (namespace, name) = services::full_name(&service);
    let who = party_name(party);
    let said = said
        .clone()
        .look([format!("kubectl describe ingress{}", look::in_namespace(namespace))])
        .look([look::endpoints(namespace, name), look::labels(namespace)])
        .fact(format!(
            "the Ingress leads {}{} to Service {name}, which leads to {who}",
            asked.host, asked.target
        ));
    let mut others =
        services::others_that_select(facts, (namespace, name), |pod| facts.is_wanted(pod))
            .map(|other| services::full_name(other));
    Some(match others.find(|(space, _)| *space == namespace) {
        Some((_, other)) => said
            .nearest(Some(format!("name: {other}")))
            .at(ingress::line_of_backend(facts, &service))
            .fix(format!("let the Ingress lead to Service {other}, apply, and send again")),
        None => said
            .at(facts.locator.field("Service", namespace, name, "spec.selector"))
            .fix(format!("let Service {name} select the pods that are meant, and no others, with a targetPort on which they listen")),
    })
}

/// Nobody chose: the client called somebody else by his address.
pub(super) fn another(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    said: Diagnosis,
) -> Diagnosis {
    let pods = facts.case.cluster.objects().list::<Pod>(None);
    let other = |pod: &&Arc<Pod>| facts.is_wanted(pod) && !is_party(pod, party);
    let lines: Vec<(String, &str)> = pods
        .filter(other)
        .filter_map(|pod| {
            let (name, status) = (pod.metadata.name.as_deref()?, pod.status.as_ref()?);
            let ip = status.pod_ip.as_deref()?;
            Some((format!("pod {name} has {ip}"), ip))
        })
        .collect();
    let at = mention(facts, trace);
    // Pods are called by pods; and only what the player wrote can be written otherwise.
    let own_call = facts.client_pod().is_some() && at.is_some();
    let fix = match lines.first().filter(|_| own_call) {
        Some((line, ip)) => format!("call the one that is meant: write {ip} ({line})"),
        None => {
            "run the goal's command yourself, and compare who answers with who is meant".to_owned()
        }
    };
    let namespace = facts.namespace();
    said.look([look::pods(&namespace), look::labels(&namespace)])
        .facts(lines.iter().map(|(line, _)| line.clone()).take(4))
        .at(at)
        .fix(fix)
}

pub(super) fn is_party(pod: &Pod, party: &Party) -> bool {
    matches!(party, Party::Pod { namespace, name }
        if pod.metadata.namespace.as_deref() == Some(&**namespace)
            && pod.metadata.name.as_deref() == Some(&**name))
}

/// A Service chose the pod: its selector matches others than those that are meant.
fn by_selector(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let service = match services::chosen(trace) {
        Some((rule, ..)) => services::find(facts, rule)?,
        // The name of a headless Service led to the pod.
        None => {
            let asked = question_of(facts, trace)?;
            let (namespace, name) = service_of(&asked)?;
            facts.case.cluster.objects().get::<Service>(namespace, name)?
        }
    };
    let wanted = services::selector(service)?;
    let (_, matching) = services::pods(facts, service);
    let stranger = matching
        .iter()
        .find(|pod| is_party(pod, party))
        .or_else(|| matching.iter().find(|pod| !facts.is_wanted(pod)))?;
    let good = meant_beside(facts, party, stranger, &matching);
    let (namespace, name) = services::full_name(service);
    let mut labels = selectors::telling_apart(&good, stranger, &matching);
    labels.extend(selectors::beside(facts, service, wanted));
    let sticky = services::is_sticky(service);
    let passes = |(key, value): &&(String, String)| {
        let spec = format!("{{\"selector\":{{{key:?}:{value:?}}}}}");
        let both = format!("{{\"selector\":{{{key:?}:{value:?}}},\"sessionAffinity\":\"None\"}}");
        let tried = |spec| trial::after(facts, &trial::patch(namespace, name, spec));
        tried(&spec) == trial::Tried::Passes || (sticky && tried(&both) == trial::Tried::Passes)
    };
    let label = labels.iter().find(passes);
    if good.is_empty() && label.is_none() {
        return None;
    }
    let stranger = stranger.metadata.name.as_deref().unwrap_or("");
    let label = label.map(|(key, value)| (&**key, &**value));
    let said = selectors::asks_for_another(facts, said, (service, wanted), stranger, label);
    let line = said.at.clone().or_else(|| mention(facts, trace));
    let said = said
        .facts(sticky.then(|| {
            "sessionAffinity: ClientIP sends a client to the same pod again and again".to_owned()
        }))
        .at(line);
    Some(match label {
        Some(_) => said,
        None => said.fix(another_way(facts, trace, (namespace, name))),
    })
}

/// The pods that are meant, where the Service leads to a stranger too.
fn meant_beside<'a>(
    facts: &Facts<'a>,
    party: &Party,
    stranger: &'a Pod,
    matching: &[&'a Arc<Pod>],
) -> Vec<&'a Pod> {
    // Whoever has answered as the goal wants is meant; before anybody has, whoever fits its words.
    let proved = |pod: &Pod| facts.case.served.iter().any(|party| is_party(pod, party));
    let mut good: Vec<&Pod> = Vec::new();
    good.extend(matching.iter().map(|pod| &***pod).filter(|pod| proved(pod)));
    if good.is_empty() && !facts.is_wanted(stranger) {
        let all = facts.case.cluster.objects().list::<Pod>(stranger.metadata.namespace.as_deref());
        let meant = |pod: &&Pod| facts.is_wanted(pod) && !is_party(pod, party);
        good.extend(all.map(|pod| &**pod).filter(meant));
    }
    // Nobody has proved anything yet: pods that somebody else made are set against this one.
    if good.is_empty() {
        let made = maker(facts, stranger);
        let others = matching.iter().map(|pod| &***pod);
        good.extend(others.filter(|pod| maker(facts, pod) != made));
    }
    good
}

/// No other selector makes the goal pass: another Service that leads to those that are meant, or their
/// own address where the player wrote whom to call.
fn another_way(facts: &Facts<'_>, trace: &Trace, own: (&str, &str)) -> String {
    let own_call = facts.client_pod().is_some() && mention(facts, trace).is_some();
    let objects = facts.case.cluster.objects();
    let other = services::others_that_select(facts, own, |pod| facts.is_wanted(pod)).next();
    let (_, name) = own;
    if let Some((space, other)) = other.filter(|_| own_call).map(|other| services::full_name(other))
    {
        return format!(
            "call Service {}, which leads to pods that are meant",
            look::shown_name(space, other)
        );
    }
    let pod = objects.list::<Pod>(None).find(|pod| facts.is_wanted(pod) && pod.is_ready());
    let address = pod.and_then(|pod| pod.status.as_ref()?.pod_ip.clone());
    let open = pod.and_then(|pod| {
        let open = facts.listeners(pod).into_iter().find(|one| one.protocol == Protocol::Tcp)?;
        Some((pod.metadata.name.as_deref()?, open.port))
    });
    match (address, open) {
        (Some(ip), Some((pod, port))) if own_call => {
            format!(
                "call pod {pod}, which is meant, at {ip}:{port}; or let Service {name} select it, with targetPort {port}"
            )
        }
        _ => format!(
            "let Service {name} select the pods that are meant, and no others; each place that it is called at has to find one of them"
        ),
    }
}

/// Another server of the same pod is meant: the port leads to the wrong one. Where a Service says the
/// port, the other ones are tried.
pub(super) fn by_port(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let Party::Pod { namespace, name } = party else { return None };
    let Outcome::Delivered { at, .. } = &trace.outcome else { return None };
    let pod = facts.case.cluster.objects().get::<Pod>(namespace, name)?;
    // On its node's network the node's own servers listen beside it.
    if pod.spec.as_ref().and_then(|spec| spec.host_network) == Some(true) {
        return None;
    }
    let mut servers = other_servers(facts, pod, at.port());
    let said = Diagnosis { code: "wrong-server", ..said.clone() }
        .fact(format!("port {} of pod {name} is another server's", at.port()));
    let container = |(port, container): &(u16, Option<Arc<str>>)| match container {
        Some(container) => format!("container {container} listens on port {port}"),
        None => format!("port {port} is open too"),
    };
    let service = services::chosen(trace).and_then(|(rule, ..)| services::find(facts, rule));
    let Some(service) = service else {
        let named = facts.case.goal.expect.served_by_image.is_some() || facts.is_wanted(pod);
        let ports: Vec<String> = servers.iter().map(|(port, _)| port.to_string()).collect();
        let ports = ports.join(" or ");
        return (named && !servers.is_empty()).then(|| {
            said.look([look::describe("pod", namespace, name)])
                .facts(servers.iter().map(container))
                .nearest(Some(format!("port {ports}")))
                .at(mention(facts, trace))
                .fix(format!("dial port {ports}, apply, and send again"))
        });
    };
    let (space, service_name) = services::full_name(service);
    let index =
        services::port(service, trace.flow.destination.port()).map_or(0, |(index, _)| index);
    servers.retain(|(port, _)| {
        let command = trial::target_port(space, service_name, index, &port.to_string());
        trial::after(facts, &command) == trial::Tried::Passes
    });
    let server = servers.first()?;
    let target = format!("targetPort: {}", server.0);
    Some(
        said.look([look::service(space, service_name)])
            .fact(container(server))
            .nearest(Some(target.clone()))
            .at(facts.locator.field(
                "Service",
                space,
                service_name,
                &format!("spec.ports[{index}].targetPort"),
            ))
            .fix(format!("write {target}, apply, and send again")),
    )
}

/// The TCP ports of a pod but for one, with the containers that listen there; those of the image that
/// the goal wants, if it wants one.
fn other_servers(facts: &Facts<'_>, pod: &Pod, port: u16) -> Vec<(u16, Option<Arc<str>>)> {
    let image = facts.case.goal.expect.served_by_image.as_deref();
    let (namespace, name) = (pod.metadata.namespace.as_deref(), pod.metadata.name.as_deref());
    let runs = |container: &Option<Arc<str>>, wanted: &str| {
        let Some(container) = container else { return false };
        let place = Place::Container {
            namespace: namespace.unwrap_or("").into(),
            pod: name.unwrap_or("").into(),
            container: container.clone(),
        };
        facts.case.cluster.image(&place).is_some_and(|image| image.name == wanted)
    };
    let open = facts.listeners(pod).into_iter().filter(|open| {
        open.protocol == Protocol::Tcp
            && open.port != port
            && image.is_none_or(|image| runs(&open.container, image))
    });
    let mut servers: Vec<(u16, Option<Arc<str>>)> =
        open.map(|open| (open.port, open.container)).collect();
    servers.sort();
    servers.dedup();
    servers
}

/// A Service chose among pods that its selector means rightly: what was decided is all that is known.
fn by_chance(facts: &Facts<'_>, trace: &Trace, said: &Diagnosis) -> Option<Diagnosis> {
    let (rule, ..) = services::chosen(trace)?;
    let (namespace, name) = services::full_name(services::find(facts, rule)?);
    let chosen = |hop: &&Hop| matches!(hop.because, Because::EndpointChosen { .. });
    let other =
        services::others_that_select(facts, (namespace, name), |pod| facts.is_wanted(pod)).next();
    let other = other.map(|service| services::full_name(service));
    let hop = trace.hops.iter().rev().find(chosen);
    let only = hop.is_some_and(
        |hop| matches!(&hop.because, Because::EndpointChosen { usable, .. } if *usable == 1),
    );
    let fix = match (only, other) {
        (true, Some((space, other))) => format!(
            "Service {name} leads to this pod alone, which answered by itself: let the pod pass the request on to Service {other}, or let Service {name} lead to its pods",
            other = look::shown_name(space, other)
        ),
        (true, None) => {
            format!("Service {name} leads to this one alone: let it lead to the one that is meant")
        }
        _ => format!(
            "Service {name} chose this pod: let it choose among those alone that are meant, or call them another way"
        ),
    };
    Some(
        said.clone()
            .look([look::endpoints(namespace, name), look::service(namespace, name)])
            .nearest(other.map(|(space, name)| {
                format!(
                    "Service {}, which selects pods that are meant",
                    look::shown_name(space, name)
                )
            }))
            .facts(hop.map(Hop::sentence))
            .at(facts.locator.field("Service", namespace, name, "spec"))
            .fix(fix),
    )
}

/// The pod that answered comes from a manifest that no file describes any more.
pub(super) fn left_behind(facts: &Facts<'_>, party: &Party, message: &str) -> Option<Diagnosis> {
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
            format!("{message}: {} is in no file any more, and still runs", party_name(party)),
        )
        .look([look::labels(namespace)])
        .fact(format!("{} {} was applied from {file}", kind.name, object.name))
        .fact("an object that leaves its file stays in the cluster until somebody deletes it")
        .fix(format!("{command}, and send again")),
    )
}
