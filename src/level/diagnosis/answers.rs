//! Requests that arrived, and got another answer than the goal wants.

use std::net::IpAddr;
use std::sync::Arc;

use super::look;
use super::packets::{self, name_of, question_of, service_of};
use super::{
    Diagnosis, Facts, behind, client, containers, ingress, locate, manifests, party_name,
    protocols, rollouts, selectors, services, settings, trial, walls, workloads,
};
use k8s_openapi::api::core::v1::Service;

use crate::api::{Kind, Pod};
use crate::cluster::{ObjectName, Place};
use crate::diagnostic::{Location, counted};
use crate::level::place::PlaceName;
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
    if facts.case.run.is_some_and(|run| run.miss.is_none()) {
        return Some(too_few_servers(facts, trace));
    }
    let known = walls::diagnose(facts, trace)
        .or_else(|| behind::diagnose(facts, trace))
        .or_else(|| own_request(facts, trace))
        .or_else(|| ingress::diagnose(facts, trace))
        .or_else(|| protocols::diagnose(facts, trace));
    if known.is_some() {
        return known;
    }
    let dialled = trace.flow.destination.ip();
    if trace.flow.protocol == Protocol::Icmp {
        return Some(only_pinged(facts, trace, &party));
    }
    if let Some(said) = ingress::no_redirect(facts, trace) {
        return Some(said);
    }
    if let Some(said) = not_printed(facts, trace, &party) {
        return Some(said);
    }
    let innermost = behind::innermost(facts, trace);
    let passed_on = innermost.is_some();
    let (trace, party) = innermost.unwrap_or((trace, party));
    missed(facts, trace, &party, (dialled, passed_on))
}

/// What the answer lacks that the goal wants. The request was sent to `dialled`; a proxy may have
/// passed it on to the party that answered.
fn missed(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    (dialled, passed_on): (IpAddr, bool),
) -> Option<Diagnosis> {
    let server = party_name(party);
    let said = match facts.case.run.and_then(|run| run.miss.as_ref())? {
        Miss::Server { expected, received } => {
            let who = received.as_deref().filter(|_| !passed_on).unwrap_or(&server);
            let message = format!("{who} answered, not {expected}");
            if let Some(said) = nobody_asked(facts, expected) {
                return Some(said);
            }
            return Some(wrong_server(facts, trace, party, &message));
        }
        Miss::Answer { expected } => {
            let message = format!("{server} answered, but {expected:?} is not in its answer");
            return Some(wrong_server(facts, trace, party, &message));
        }
        Miss::Output { expected } if protocols::status(facts).is_none_or(|status| status < 400) => {
            let message = not_in_output(facts, &server, expected);
            return Some(wrong_server(facts, trace, party, &message));
        }
        Miss::Way { expected } => Diagnosis::new(
            "wrong-way",
            format!("{server} answered, but the request went to {dialled}, not to {expected}"),
        )
        .look([look::nodes()])
        .fix(format!("send the request to {expected}")),
        Miss::Late { within, took } => {
            let (took, within) = (took.as_millis(), within.as_millis());
            let message = format!("{server} answered after {took} ms; {within} ms are allowed");
            Diagnosis::new("slow-answer", message)
                .look([look::pods(&facts.namespace())])
                .fix("find what the time is spent on: the name, the connection, or the server")
        }
        Miss::Field { .. } | Miss::NoPlace => return None,
        Miss::Exit { .. }
        | Miss::Output { .. }
        | Miss::Pattern { .. }
        | Miss::Unwanted { .. }
        | Miss::Errors { .. } => {
            let said = failed(facts, &server);
            let known = by_port(facts, trace, party, &said)
                .or_else(|| settings::diagnose(facts, trace, &said))
                .or_else(|| unasked(facts, trace, &said.message));
            match known {
                Some(said) => return Some(said),
                None => said,
            }
        }
    };
    Some(said.fact(facts.quoted()).at(mention(facts, trace)))
}

/// That a command whose request succeeded did not print what it was to print.
fn not_in_output(facts: &Facts<'_>, server: &str, expected: &str) -> String {
    let traces = facts.case.run.map_or(&[][..], |run| run.traces.as_slice());
    let sent = traces.iter().filter_map(|id| facts.case.cluster.trace(*id));
    let several = sent.filter(|trace| trace.dns.is_none()).count() > 1;
    match several || facts.case.goal.run.contains('|') {
        true => format!(
            "the command did not print {:?}; its last request reached {server}",
            expected.trim_end()
        ),
        false => format!("{server} answered, but not with {expected:?}"),
    }
}

/// The Service that was called leads to some of the pods that are meant, and leaves others out.
fn unasked(facts: &Facts<'_>, trace: &Trace, message: &str) -> Option<Diagnosis> {
    let (rule, ..) = services::chosen(trace)?;
    let service = services::find(facts, rule)?;
    let said = Diagnosis::new("not-spread", message).fact(facts.quoted());
    selectors::left_out(facts, service, &said)
}

/// The player's script asked several servers, each answered, and the one that is meant was never asked.
fn nobody_asked(facts: &Facts<'_>, expected: &str) -> Option<Diagnosis> {
    let cluster = facts.case.cluster;
    let run = facts.case.run?;
    let sent = run.traces.iter().filter_map(|id| cluster.trace(*id));
    let sent: Vec<&Trace> = sent.filter(|trace| trace.dns.is_none()).collect();
    let reached: Option<Vec<Party>> = sent
        .iter()
        .map(|trace| match trace.outcome {
            Outcome::Delivered { .. } => cluster.server_of(trace),
            _ => None,
        })
        .collect();
    let mut reached = reached.filter(|_| sent.len() > 1)?;
    reached.dedup();
    let mut meant = facts.case.goal.expect.served_by_pod.iter();
    let missing = meant.find(|name| {
        !reached
            .iter()
            .any(|party| matches!(party, Party::Pod { name: own, .. } if **own == **name))
    })?;
    let command = &facts.case.goal.run;
    let is_run = |file: &str| locate::mentions(command, file);
    let names: Vec<String> = reached.iter().map(party_name).collect();
    let words = reached.iter().rev().filter_map(|party| match party {
        Party::Pod { name, .. } => Some(name.to_string()),
        _ => None,
    });
    let line = facts.locator.mention_in_scripts(words, is_run)?;
    Some(
        Diagnosis::new(
            "wrong-answer",
            format!("nobody asked pod {missing}, and the goal wants {expected}"),
        )
        .look([look::pods(&facts.namespace())])
        .fact(format!("asked, and answered: {}", names.join(", ")))
        .at(Some(line))
        .fix(format!("ask pod {missing} as well, and send again")),
    )
}

/// A goal about what a server of the player's sends itself: what its own request came to.
fn own_request(facts: &Facts<'_>, trace: &Trace) -> Option<Diagnosis> {
    let own = facts.case.goal.traffic.is_some() && facts.fetched.is_none();
    own.then(|| behind::reached(facts, &party_name(&trace.from), trace)).flatten()
}

/// R6.5: a ping is answered by the machine's kernel: no server was asked for anything.
fn only_pinged(facts: &Facts<'_>, trace: &Trace, party: &Party) -> Diagnosis {
    let who = party_name(party);
    let said = Diagnosis::new(
        "wrong-answer",
        format!("{who} answered a ping, and no server was asked for anything"),
    )
    .look([look::pods(&facts.namespace())])
    .fact("ping knows no ports: the kernel answers it, whoever listens or does not")
    .at(mention(facts, trace));
    let pod = match party {
        Party::Pod { namespace, name } => facts.case.cluster.objects().get::<Pod>(namespace, name),
        _ => None,
    };
    let open = pod
        .and_then(|pod| facts.listeners(pod).into_iter().find(|one| one.protocol == Protocol::Tcp));
    match open {
        Some(open) => {
            said.fix(format!("ask the server itself: curl, at port {} of {who}", open.port))
        }
        None => said.fix("ask the server itself: curl or wget, at its port"),
    }
}

/// The right words came back, and the command printed other ones, or nothing: what became of them
/// between the client and the output is the command's own.
fn not_printed(facts: &Facts<'_>, trace: &Trace, party: &Party) -> Option<Diagnosis> {
    let Some(Miss::Output { expected }) = facts.case.run?.miss.as_ref() else { return None };
    // What a pipe prints is its last program's, and no server's.
    let piped = facts.case.goal.traffic.is_none() && facts.case.goal.run.contains('|');
    let expected = expected.trim_end();
    let mut served = facts.case.cluster.served(trace.id);
    if piped || expected.is_empty() || !served.any(|served| served.says(expected)) {
        return None;
    }
    let who = party_name(party);
    let said = Diagnosis::new(
        "wrong-answer",
        format!("{who} answered with {expected:?}, and the goal did not see it printed"),
    )
    .fact(facts.quoted());
    let Some(container) = facts.case.goal.traffic.as_deref() else {
        return Some(
            said.look([look::pods(&facts.namespace())])
                .fact(format!("the goal runs: {}", facts.case.goal.run.trim()))
                .at(mention(facts, trace))
                .fix("let the command print the answer as it came"),
        );
    };
    let look = match facts.client_place() {
        Some(Place::Container { namespace, pod, container }) => {
            look::log(&namespace, &pod, &container)
        }
        _ => look::pods(&facts.namespace()),
    };
    let ago = facts.case.cluster.now().since(trace.at).as_secs();
    if let Some(ended) = client_ended(facts) {
        return Some(
            ended.fact(format!(
                "{container} got its answer {ago} s ago, and has asked nothing since"
            )),
        );
    }
    // Requests before the goal's own are known by the container's traces alone.
    let asked = facts.case.run?.traces.len();
    Some(
        said.look([look])
            .fact(format!("{container} got it {ago} s ago; the goal reads: {}", facts.case.goal.run.trim()))
            .facts((asked <= 1).then(|| format!("{container} has asked once in that time")))
            .at(mention(facts, trace))
            .fix("let the client ask as often as the goal looks, and print what it gets to its standard output"),
    )
}

/// The container whose requests the goal is about has ended.
fn client_ended(facts: &Facts<'_>) -> Option<Diagnosis> {
    let Some(Place::Container { namespace, pod, .. }) = facts.client_place() else { return None };
    let pod = facts.case.cluster.objects().get::<Pod>(&namespace, &pod)?;
    workloads::trouble(facts, &[pod])
}

/// The client called itself.
fn itself(facts: &Facts<'_>, trace: &Trace, party: &Party, said: &Diagnosis) -> Option<Diagnosis> {
    let Party::Pod { namespace, name } = party else { return None };
    let (space, client) = facts.client_pod()?;
    if (&*space, &*client) != (&**namespace, &**name) || facts.case.goal.traffic.is_some() {
        return None;
    }
    let pods = facts.case.cluster.objects().list::<Pod>(None);
    let other = pods.into_iter().find(|pod| facts.is_wanted(pod) && !is_party(pod, party));
    let other = other.and_then(|pod| pod.metadata.name.as_deref());
    // Where the goal names nobody, the client's own pod may be the one that is meant.
    if facts.case.goal.expect.names_no_pod() {
        return None;
    }
    let message = format!("pod {name} asked itself, and the goal wants another pod to answer");
    let said = Diagnosis { message, ..said.clone() };
    Some(
        said.look([look::pods(namespace), look::labels(namespace)])
            .fact(match trace.flow.destination.ip().is_loopback() {
                true => "localhost is the pod itself".to_owned(),
                false => format!("{} leads to pod {name} itself", trace.flow.destination.ip()),
            })
            .at(mention(facts, trace))
            .fix(match other {
                Some(other) => {
                    format!("call pod {other}, or a Service that selects it and not pod {name}")
                }
                None => "let another pod serve, and call that one".to_owned(),
            }),
    )
}

/// The Service that chose is of another namespace than the one that the player's file describes now,
/// and was left as it was.
fn left_service(facts: &Facts<'_>, trace: &Trace, said: &Diagnosis) -> Option<Diagnosis> {
    let (rule, ..) = services::chosen(trace)?;
    let service = services::find(facts, rule)?;
    let (namespace, name) = services::full_name(service);
    let object =
        ObjectName { kind: Kind::Service, namespace: namespace.to_owned(), name: name.to_owned() };
    let file = manifests::left_behind(facts, &object)?;
    let sources = facts.locator.sources();
    let moved =
        sources.iter().find(|source| source.kind() == Some(Kind::Service) && source.name() == name);
    let place = look::in_namespace(namespace);
    let said = Diagnosis { code: "left-behind", ..said.clone() }
        .look(["kubectl get services --all-namespaces".to_owned(), look::service(namespace, name)])
        .fact(format!("Service {name} of namespace {namespace} chose it, as {file} once described it"))
        .fact("apply changes what a file describes, and leaves alone what it does not describe any more");
    Some(match moved {
        Some(source) => said
            .fact(format!("{file} describes one in namespace {} now", source.namespace()))
            .nearest(Some(format!("namespace: {namespace}")))
            .at(super::locate::at(source, "metadata.namespace"))
            .fix(format!(
                "let {file} describe Service {name} in namespace {namespace}, apply, and send again"
            )),
        None => said.fix(format!(
            "describe Service {name} in {file} again, or kubectl delete service {name}{place}"
        )),
    })
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
        None => said.fix(
            "run the goal's command yourself in the terminal, and compare what it prints with what the goal wants",
        ),
    }
}

/// Somebody answered, and it was not the one.
fn wrong_server(facts: &Facts<'_>, trace: &Trace, party: &Party, message: &str) -> Diagnosis {
    if let Some(said) = workloads::meant(facts, party) {
        return said.fact(message);
    }
    if let Some(said) = left_behind(facts, party, message) {
        return said;
    }
    let said = Diagnosis::new("wrong-server", message).fact(facts.quoted());
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
    let line = source.and_then(|own| {
        super::locate::at(&own.source, &own.within(&format!("spec.containers[{index}]")))
    });
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
    let asked = asked.map(|one| {
        format!("pod {name} was asked for {} {}, host {}", one.method, one.target, one.host)
    });
    Some(
        Diagnosis { code: "wrong-answer", ..said }
            .look([look::pods(namespace), look::describe("pod", namespace, name)])
            .facts(asked)
            .at(mention(facts, trace))
            .fix(format!(
                "compare what was asked for, and what pod {name} serves, with what the goal wants"
            )),
    )
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
    let at = source
        .and_then(|own| super::locate::at(&own.source, &own.within("spec.containers[0].image")));
    let images: Vec<&str> =
        containers.iter().filter_map(|container| container.image.as_deref()).collect();
    Some(
        said.clone()
            .look([look::describe("pod", namespace, name)])
            .fact(format!("pod {name} has the image {}, and none of {wanted}", images.join(", ")))
            .nearest(Some(format!("image: {wanted}")))
            .at(at)
            .fix(format!("let a container of pod {name} have the image {wanted}, and listen where it is called; apply, and send again")),
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
    let mut ports = super::workloads::host_ports(pod);
    let (asked, _) = ports.find(|(_, asked)| *asked == i32::from(port))?;
    let at = source.and_then(|own| super::locate::at(&own.source, &own.within(&asked)));
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
fn by_ingress(
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
fn another(facts: &Facts<'_>, trace: &Trace, party: &Party, said: Diagnosis) -> Diagnosis {
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

fn is_party(pod: &Pod, party: &Party) -> bool {
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
    let passes = |(key, value): &&(String, String)| {
        let spec = format!("{{\"selector\":{{{key:?}:{value:?}}}}}");
        trial::after(facts, &trial::patch(namespace, name, &spec)) == trial::Tried::Passes
    };
    let label = labels.iter().find(passes);
    let label = label.map(|(key, value)| (key, selectors::written(key, value)));
    if good.is_empty() && label.is_none() {
        return None;
    }
    let key = label.as_ref().map(|(key, _)| *key).filter(|key| wanted.contains_key(*key));
    let key = key.or_else(|| wanted.keys().next());
    let key = key.map_or_else(String::new, |key| selectors::path(key));
    let line = facts.locator.field("Service", namespace, name, &key);
    let (fix, nearest) = match label {
        None => (another_way(facts, trace, (namespace, name)), None),
        Some((_, label)) => (
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
                look::shown_name(namespace, name)
            ))
            .nearest(nearest)
            .at(line.or_else(|| mention(facts, trace)))
            .fix(fix),
    )
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
fn by_port(facts: &Facts<'_>, trace: &Trace, party: &Party, said: &Diagnosis) -> Option<Diagnosis> {
    let Party::Pod { namespace, name } = party else { return None };
    let Outcome::Delivered { at, .. } = &trace.outcome else { return None };
    let pod = facts.case.cluster.objects().get::<Pod>(namespace, name)?;
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
fn left_behind(facts: &Facts<'_>, party: &Party, message: &str) -> Option<Diagnosis> {
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

/// What made a pod: itself, or its controllers' topmost.
pub(super) fn maker(facts: &Facts<'_>, pod: &Pod) -> (Kind, String) {
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
        format!(
            "{} served all requests; the goal wants {wanted} different ones",
            counted(spread, "pod")
        ),
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
    let found = services::find(facts, service);
    let inside = found.is_some_and(|service| {
        let spec = service.spec.as_ref();
        spec.and_then(|spec| spec.internal_traffic_policy.as_deref()) == Some("Local")
    });
    match (affinity, local) {
        (true, _) => kept_together(facts, (trace, hop), said, ("sessionAffinity", "None"), *local),
        (_, true) => {
            let path = if inside { "internalTrafficPolicy" } else { "externalTrafficPolicy" };
            kept_together(facts, (trace, hop), said, (path, "Cluster"), true)
        }
        _ => {
            let at = facts.locator.field("Service", &namespace, &name, "spec.selector");
            too_few_endpoints(facts, found, said.at(at), *usable)
        }
    }
}

/// The Service chooses freely among so many endpoints: too few, or enough.
fn too_few_endpoints(
    facts: &Facts<'_>,
    service: Option<&Arc<Service>>,
    said: Diagnosis,
    usable: u32,
) -> Diagnosis {
    let wanted = facts.case.goal.repeat.spread;
    let said = said.fact("a Service chooses an endpoint for each connection, at random");
    if usable >= wanted {
        return said.fix("send again: chance has left some endpoints out");
    }
    let waiting = service.and_then(|service| unready(facts, service, &said));
    let known = waiting.or_else(|| selectors::left_out(facts, service?, &said));
    known.unwrap_or_else(|| {
        said.fix(format!(
            "let the Service lead to {wanted} ready pods or more: it has {} now",
            counted(usable as usize, "endpoint")
        ))
    })
}

/// A setting of the Service keeps the requests at few pods: whether another value of it helps is tried.
fn kept_together(
    facts: &Facts<'_>,
    (trace, hop): (&Trace, &Hop),
    said: Diagnosis,
    (path, value): (&str, &str),
    local: bool,
) -> Diagnosis {
    let wanted = facts.case.goal.repeat.spread;
    let (namespace, name) = hop.service().unwrap_or_default();
    let words = format!("{path}: {value}");
    let spec = format!("{{\"{path}\":\"{value}\"}}");
    let line = facts.locator.field("Service", &namespace, &name, &format!("spec.{path}"));
    let said = said.at(line);
    match trial::after(facts, &trial::patch(&namespace, &name, &spec)) {
        trial::Tried::Passes => said.fix(format!("write {words}, apply, and send again")),
        trial::Tried::Fails(Some(_)) => {
            let script = mention(facts, trace).or_else(|| facts.script_that_ran());
            let said = said.fact(format!("with {words} this goal would not pass either"));
            if let Some((script, list, line)) =
                packets::one_of_a_list(facts, trace, script.as_ref())
            {
                return said
                    .fact(format!(
                        "{list} has addresses of other nodes, and {script} calls this one alone"
                    ))
                    .at(line)
                    .fix(format!(
                        "let {script} call the other addresses of {list} too, and send again"
                    ));
            }
            match local {
                true => said
                    .fact(by_nodes(facts))
                    .at(script)
                    .fix("call by the other nodes too: with policy Local each passes on to its own pods alone"),
                false => said.fix("let the Service lead to more ready pods"),
            }
        }
        _ => said
            .fact(format!("with {words} alone the goal fails as well: too few pods serve it"))
            .fix(format!("write {words}, and let the Service lead to {wanted} ready pods or more")),
    }
}

/// Which machines' addresses the requests that were kept went to.
fn by_nodes(facts: &Facts<'_>) -> String {
    let traces = facts.case.run.map_or(&[][..], |run| run.traces.as_slice());
    let sent = traces.iter().filter_map(|id| facts.case.cluster.trace(*id));
    let mut called: Vec<String> = sent
        .filter(|trace| trace.dns.is_none())
        .map(|trace| trace.flow.destination.ip().to_string())
        .collect();
    called.sort();
    called.dedup();
    format!("the last time the command called {}", called.join(", "))
}

/// Pods of the Service that are not ready, and why.
fn unready(facts: &Facts<'_>, service: &Service, said: &Diagnosis) -> Option<Diagnosis> {
    let (namespace, _) = services::full_name(service);
    let (_, matching) = services::pods(facts, service);
    let unready: Vec<&Arc<Pod>> = matching.into_iter().filter(|pod| !pod.is_ready()).collect();
    let first = *unready.first()?;
    if let Some(trouble) = workloads::trouble(facts, &unready) {
        return Some(said.clone().because_of(trouble));
    }
    let name = first.metadata.name.as_deref()?;
    let place = look::in_namespace(namespace);
    let source = facts.pod_source(namespace, name);
    let probed =
        first.spec.as_ref()?.containers.iter().position(|one| one.readiness_probe.is_some());
    let at = source.zip(probed).and_then(|(own, index)| {
        let path = own.within(&format!("spec.containers[{index}].readinessProbe"));
        super::locate::at(&own.source, &path)
    });
    Some(
        said.clone()
            .look([look::describe("pod", namespace, name)])
            .facts(unready.iter().filter_map(|pod| super::packets::unhealthy(facts, pod)))
            .at(at.or_else(|| said.at.clone()))
            .fix(format!(
                "mend what keeps pod {name} from being ready: kubectl describe pod {name}{place}"
            )),
    )
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
    another_answer(facts)
        .fact("no packet, no object and no program's own word tells why: podhop does not know")
}

/// What was asked, and what came.
pub(super) fn another_answer(facts: &Facts<'_>) -> Diagnosis {
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
    if let Some(silent) = sent_nothing(facts) {
        return silent;
    }
    let interrupted = run.and_then(|run| run.finished.as_ref()).is_some_and(|one| one.interrupted);
    let command = facts.case.goal.run.trim();
    Diagnosis::new("unexpected-answer", said)
        .look([look::pods(&facts.namespace())])
        .fact(format!("command: {command}"))
        .facts(interrupted.then(|| "it did not end by itself, and was interrupted".to_owned()))
        .fact(facts.quoted())
        .fix("run the goal's command yourself in the terminal, part by part, and look at its answers")
}

/// The goal wants a container's own requests, and the container has sent none.
fn sent_nothing(facts: &Facts<'_>) -> Option<Diagnosis> {
    let name = facts.case.goal.traffic.as_deref()?;
    let run = facts.case.run?;
    if !run.traces.is_empty() || !run.deeds.is_empty() || run.no_place.is_some() {
        return None;
    }
    let place = PlaceName::parse(name).ok()?.find(facts.case.cluster).ok()?;
    let Place::Container { namespace, pod, container } = &place else { return None };
    let source = facts.pod_source(namespace, pod);
    let at = source.and_then(|own| {
        let specs = own.pod()?.pointer("/spec/containers")?.as_array()?;
        let index = specs.iter().position(|spec| spec["name"].as_str() == Some(&**container))?;
        let field = ["args", "command"].into_iter().find(|field| !specs[index][*field].is_null());
        let field = field.unwrap_or("name");
        super::locate::at(&own.source, &own.within(&format!("spec.containers[{index}].{field}")))
    });
    Some(
        Diagnosis::new(
            "unexpected-answer",
            format!("container {container} of pod {pod} has sent no packet"),
        )
        .look([look::log(namespace, pod, container), look::describe("pod", namespace, pod)])
        .fact(facts.quoted())
        .fact("the goal wants the answer to a request of this container, whatever is printed")
        .at(at)
        .fix(format!("let the command of container {container} send the request")),
    )
}
