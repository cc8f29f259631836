//! Requests that arrived, and got another answer than the goal wants.

use std::net::IpAddr;

use k8s_openapi::api::core::v1::ConfigMap;

use super::asked::mention;
use super::look;
use super::spread::too_few_servers;
use super::wrong_server::{by_port, is_party, wrong_server};
use super::{
    Diagnosis, Facts, behind, failures, ingress, locate, manifests, mounts, party_name, protocols,
    selectors, services, settings, walls, workloads,
};

use crate::api::{Kind, Pod};
use crate::cluster::{Fetched, ObjectName, Place};
use crate::diagnostic::nearest;
use crate::level::place::PlaceName;
use crate::level::probe::Miss;
use crate::manifest;
use crate::network::{Outcome, Party, Protocol, Trace};

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
    let by_redirect = ingress::no_redirect(facts, trace);
    if let Some(said) = by_redirect.or_else(|| ingress::redirected(facts, trace)) {
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
    if let Some(said) = without_its_file(facts, party, &server) {
        return Some(said);
    }
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
        Miss::Way { expected } => other_way(facts, &server, dialled, expected),
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

/// The right server answered, and the request went to another node than the goal asks for.
fn other_way(facts: &Facts<'_>, server: &str, dialled: IpAddr, expected: &str) -> Diagnosis {
    let cluster = facts.case.cluster;
    let traces = facts.case.run.map_or(&[][..], |run| run.traces.as_slice());
    let traces = traces.iter().filter_map(|id| cluster.trace(*id));
    let dialled_ever: Vec<IpAddr> = traces.map(|trace| trace.flow.destination.ip()).collect();
    let wanted = &facts.case.goal.expect.via_node;
    let asked = |node: &&String| {
        let entry = cluster.network().node(node);
        entry.is_some_and(|node| dialled_ever.iter().any(|address| node.has_address(*address)))
    };
    let missing: Vec<&str> =
        wanted.iter().filter(|node| !asked(node)).map(String::as_str).collect();
    if wanted.len() > 1 && !missing.is_empty() {
        return Diagnosis::new(
            "wrong-way",
            format!("{server} answered, but nobody asked at {}", missing.join(", nor at ")),
        )
        .look([look::nodes()])
        .fact(format!("the goal wants a request at each of {}", wanted.join(", ")))
        .fix(format!("send a request to the address of {} as well", missing.join(" and of ")));
    }
    Diagnosis::new(
        "wrong-way",
        format!("{server} answered, but the request went to {dialled}, not to {expected}"),
    )
    .look([look::nodes()])
    .fix(format!("send the request to {expected}"))
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
pub(super) fn itself(
    facts: &Facts<'_>,
    trace: &Trace,
    party: &Party,
    said: &Diagnosis,
) -> Option<Diagnosis> {
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
    // The goal may want this very pod, and another answer of it.
    let own = facts.case.cluster.objects().get::<Pod>(namespace, name);
    if own.is_some_and(|own| facts.is_wanted(own)) {
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
pub(super) fn left_service(
    facts: &Facts<'_>,
    trace: &Trace,
    said: &Diagnosis,
) -> Option<Diagnosis> {
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
    if protocols::status(facts).is_none_or(|status| status < 400)
        && let Some(ended) = failures::ended(facts, said.clone())
    {
        return ended;
    }
    match facts.fetched.filter(|_| protocols::status(facts).is_some_and(|status| status >= 400)) {
        Some(fetched) if is_network(fetched) => said
            .fact(format!("asked for: {}", fetched.url))
            .fact("what stands behind an address and a / is a path: there it is no network")
            .nearest(Some(fetched.host.clone()))
            .fix(format!("write {} without {}, apply, and send again", fetched.host, fetched.target)),
        Some(fetched) => said
            .fact(format!("asked for: {}", fetched.url))
            .fix("look at the path, the method and the server's log"),
        None => said.fix(
            "run the goal's command yourself in the terminal, and compare what it prints with what the goal wants",
        ),
    }
}

/// `10.244.1.4/24`: a network, where an address was to be written.
fn is_network(fetched: &Fetched) -> bool {
    let length = fetched.target.strip_prefix('/').and_then(|path| path.parse::<u8>().ok());
    length.is_some_and(|length| (8..=32).contains(&length))
        && fetched.host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// The server answered with an error, and a file that its pod mounts by `subPath` is none of its ConfigMap: then the
/// kubelet has made an empty folder of that name (kubernetes pkg/volume/util/subpath).
fn without_its_file(facts: &Facts<'_>, party: &Party, server: &str) -> Option<Diagnosis> {
    let status = protocols::status(facts).filter(|status| *status >= 400)?;
    let Party::Pod { namespace, name } = party else { return None };
    let objects = facts.case.cluster.objects();
    let pod = objects.get::<Pod>(namespace, name)?;
    let containers = pod.spec.as_ref()?.containers.iter().enumerate();
    let mut mounts =
        containers.flat_map(|(index, one)| mounts::of(pod, one).map(move |mount| (index, mount)));
    let (index, number, path, sub_path, map) = mounts.find_map(|(index, mounted)| {
        let sub_path = mounted.mount.sub_path.as_deref()?;
        let source = Some(mounted.map).filter(|source| source.items.is_none())?;
        let map = objects.get::<ConfigMap>(namespace, &source.name)?;
        let has = map.data.as_ref().is_some_and(|data| data.contains_key(sub_path));
        (!has).then_some((index, mounted.index, &mounted.mount.mount_path, sub_path, map))
    })?;
    let map_name = map.metadata.name.as_deref()?;
    let keys: Vec<&str> = map.data.iter().flatten().map(|(key, _)| key.as_str()).collect();
    let near = nearest(sub_path, keys.iter().copied());
    let own = facts.locator.source("ConfigMap", namespace, map_name).zip(near);
    let at_key = own.and_then(|(own, near)| locate::at(&own, &manifest::field("data", near)));
    let line = format!("spec.containers[{index}].volumeMounts[{number}].subPath");
    let at = at_key.or_else(|| facts.pod_source(namespace, name)?.line(&line));
    Some(
        Diagnosis::new("wrong-answer", format!("{server} was reached, and answered with status {status}: it lacks the file {path}"))
            .look([look::yaml("configmap", namespace, map_name), look::describe("pod", namespace, name)])
            .fact(format!("subPath asks for the key {sub_path} of ConfigMap {map_name}, which has {}", keys.join(", ")))
            .fact("where there is no such file, the kubelet makes an empty folder in its place")
            .nearest(near.map(str::to_owned))
            .at(at)
            .fix(match near {
                Some(near) => format!("call the key {sub_path} instead of {near}, apply, and make the pod anew; then send again"),
                None => format!("write the key {sub_path} into ConfigMap {map_name}, apply, and make the pod anew; then send again"),
            }),
    )
}

/// Nothing else fits: what was asked, and what came. It says that it does not know.
pub(super) fn unexpected(facts: &Facts<'_>) -> Diagnosis {
    let said = another_answer(facts);
    if let Some(ended) = failures::ended(facts, said.clone()) {
        return ended;
    }
    let sends = facts.case.goal.expect.wants_server() && facts.case.goal.traffic.is_none();
    if sends && facts.case.run.is_some_and(|run| run.finished.is_some() && run.traces.is_empty()) {
        return said
            .fact("it has sent no packet, and the goal wants an answer of a server")
            .fix("let the command send the request, and not only print it");
    }
    said.fact("no packet, no object and no program's own word tells why: podhop does not know")
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
        own.line(&format!("spec.containers[{index}].{field}"))
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
