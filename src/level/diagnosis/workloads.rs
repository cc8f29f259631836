//! Pods that are not there, or do not run.

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Container, ContainerStatus, Node};
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use super::client::PodSource;
use super::locate;
use super::look::{self, shown_name};
use super::{Diagnosis, Facts, containers, jobs, placing, rollouts, trial};
use crate::api::{Kind, LabelSelector, Labels, Pod, Resource};
use crate::cluster::{Did, ObjectName, Place};
use crate::diagnostic::{Location, nearest};
use crate::level::place::{NoPlace, PlaceKind, PlaceName};
use crate::level::source::Source;
use crate::network::Party;

/// The goal's request had nowhere to run.
pub(super) fn no_place(facts: &Facts<'_>) -> Option<Diagnosis> {
    let no_place = facts.case.run?.no_place.as_ref()?;
    let (place, said) = match no_place {
        NoPlace::Missing(place) => (place, format!("there is no {place} to send the request from")),
        NoPlace::NotRunning(place) => {
            let container = place.container.as_ref().filter(|_| place.kind == PlaceKind::Pod);
            let who = match container {
                Some(container) => format!("container {container} of {place}"),
                None => place.to_string(),
            };
            (place, format!("{who} does not run, so nothing can be sent from it"))
        }
        NoPlace::NoContainer(place, container) => {
            (place, format!("{place} has no container {container} to send the request from"))
        }
    };
    let source = facts
        .locator
        .sources()
        .into_iter()
        .find(|source| source.name() == place.name && source.namespace() == place.namespace);
    let said = Diagnosis::new("client-not-running", said);
    if let Some(source) = source.as_ref().filter(|_| matches!(no_place, NoPlace::Missing(_)))
        && let Some((key, value)) = servers_label(facts, source)
    {
        let path = crate::manifest::field("metadata.labels", key);
        return Some(
            said.look([look::labels(&place.namespace)])
                .fact(format!("{} wears the label {key}={value}, as the servers do", place.name))
                .fact("what happens to pods with that label happens to it as well")
                .at(locate::at(source, &path))
                .fix(format!("give {} a label of its own, apply, and send again", place.name)),
        );
    }
    let namespace = place.namespace.as_str();
    if let Some(said) = no_replicas(facts, place, &said) {
        return Some(said);
    }
    let missing = matches!(no_place, NoPlace::Missing(_)) && place.kind == PlaceKind::Pod;
    let object =
        ObjectName { kind: Kind::Pod, namespace: namespace.to_owned(), name: place.name.clone() };
    if let Some(gone) = super::gone::of(facts, &object).filter(|_| missing && source.is_none()) {
        return Some(
            gone.explain(
                said.look([look::pods(namespace)])
                    .fact(format!("pod {} was a bare pod: nobody makes it anew", place.name)),
            ),
        );
    }
    let pods = place.pods(facts.case.cluster);
    let ending = pods.iter().find(|pod| pod.metadata.deletion_timestamp.is_some());
    let said = match diagnose(facts).filter(|_| ending.is_none()) {
        Some(trouble) => {
            let at = trouble.at.clone();
            let said = said.look(trouble.look).fact(trouble.message).facts(trouble.evidence);
            return Some(said.nearest(trouble.nearest).at(at).fix(trouble.fix));
        }
        None => said.look([look::pods(namespace)]),
    };
    if let Some(pod) = ending.or(pods.first()) {
        return Some(for_a_moment(pod, place.container.as_deref(), said));
    }
    Some(said.at(source.and_then(|source| locate::at(&source, "kind"))))
}

/// A pod that did not run when the request was to be sent, and of which nothing else is wrong.
fn for_a_moment(pod: &Pod, container: Option<&str>, said: Diagnosis) -> Diagnosis {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let first = pod.spec.as_ref().and_then(|spec| spec.containers.first());
    let container = container.or(first.map(|first| first.name.as_str())).unwrap_or_default();
    if pod.metadata.deletion_timestamp.is_some() {
        let grace = pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
        return said
            .fact(format!(
                "pod {name} was deleted, and its containers have {} seconds to end",
                grace.unwrap_or(30)
            ))
            .fix("wait until it is gone and runs anew (kubectl get pods), and send again");
    }
    if pod.is_running() && pod.runs(container) {
        return said.fact(format!("pod {name} runs by now")).fix("send again");
    }
    said.fact(format!("pod {name} is still being started"))
        .fix("wait until it runs (kubectl get pods), and send again")
}

/// kubectl was to run a program in a container that did not run just then, and nothing else is wrong
/// with it.
pub(super) fn down(facts: &Facts<'_>) -> Option<Diagnosis> {
    let deeds = &facts.case.run?.deeds;
    let deed = deeds.iter().rev().find(|deed| deed.did == Did::ContainerDown)?;
    let Place::Container { namespace, pod, container } = &deed.place else { return None };
    let stored = facts.case.cluster.objects().get::<Pod>(namespace, pod)?;
    let said =
        format!("container {container} of pod {pod} did not run when the request was to be sent");
    let said = Diagnosis::new("client-not-running", said).look([look::pods(namespace)]);
    Some(for_a_moment(stored, Some(container), said))
}

/// The place is a pod of a Deployment that keeps none.
fn no_replicas(facts: &Facts<'_>, place: &PlaceName, said: &Diagnosis) -> Option<Diagnosis> {
    let (namespace, name) = (place.namespace.as_str(), &place.name);
    let deployment = facts.case.cluster.objects().get::<Deployment>(namespace, name)?;
    let none = deployment.spec.as_ref().is_some_and(|spec| spec.replicas == Some(0));
    if place.kind == PlaceKind::Pod || !none {
        return None;
    }
    let within = look::in_namespace(namespace);
    let source = facts.locator.source("Deployment", namespace, name);
    Some(
        said.clone()
            .look([format!("kubectl get deployment {name}{within}")])
            .fact(format!("Deployment {name} keeps 0 pods"))
            .at(source.and_then(|source| locate::at(&source, "spec.replicas")))
            .fix(format!("kubectl scale deployment {name} --replicas=1{within}, and send again")),
    )
}

/// The goal is about a container's own requests, and its pod is gone: what it asked before is over.
pub(super) fn absent_client(facts: &Facts<'_>) -> Option<Diagnosis> {
    let place = PlaceName::parse(facts.case.goal.traffic.as_deref()?).ok()?;
    match place.find(facts.case.cluster) {
        Err(NoPlace::Missing(_)) => diagnose(facts),
        _ => None,
    }
}

/// The label by which the goal knows its servers, where the object wears it too.
fn servers_label<'g>(facts: &Facts<'g>, source: &Source<'_>) -> Option<(&'g str, &'g str)> {
    let labels = source.value.pointer("/metadata/labels")?;
    let wanted = facts.case.goal.expect.served_by.iter();
    let mut shared = wanted.filter(|(key, value)| labels[key.as_str()] == value.as_str());
    shared.next().map(|(key, value)| (key.as_str(), value.as_str()))
}

/// One of the player's own workloads has no pod that runs.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    facts.locator.sources().iter().find_map(|source| workload(facts, source))
}

/// The pod that answered has a container that does not run, or none of the pods runs that the goal
/// would take an answer from: why.
pub(super) fn meant(facts: &Facts<'_>, party: &Party) -> Option<Diagnosis> {
    let objects = facts.case.cluster.objects();
    if let Party::Pod { namespace, name } = party
        && let Some(pod) = objects.get::<Pod>(namespace, name)
        && let Some(said) = trouble(facts, &[pod])
    {
        return Some(said);
    }
    let pods = objects.list::<Pod>(None);
    let meant: Vec<&std::sync::Arc<Pod>> = pods.filter(|pod| facts.is_wanted(pod)).collect();
    if meant.iter().any(|pod| pod.is_ready()) {
        return None;
    }
    trouble(facts, &meant)
}

/// Of these pods, none may be ready: one of them has a container that does not run, or no node.
pub(super) fn trouble(facts: &Facts<'_>, pods: &[&std::sync::Arc<Pod>]) -> Option<Diagnosis> {
    // What a pod of an older template complains of may be mended already.
    let mut pods = pods.to_vec();
    pods.sort_by_key(|pod| {
        let (kind, name) = super::owners::maker(facts, pod);
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        rollouts::is_older(facts, &ObjectName { kind, namespace, name }, pod)
    });
    pods.iter().find_map(|pod| {
        let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
        let source = facts.pod_source(namespace, name);
        not_running(facts, pod, source.as_ref())
    })
}

fn workload(facts: &Facts<'_>, source: &Source<'_>) -> Option<Diagnosis> {
    match source.text("/kind")? {
        "Pod" => bare_pod(facts, source),
        "Deployment" => controlled::<Deployment>(facts, source, |d| {
            d.spec.as_ref().map(|spec| (spec.replicas, &spec.selector))
        }),
        "ReplicaSet" => controlled::<ReplicaSet>(facts, source, |rs| {
            rs.spec.as_ref().map(|spec| (spec.replicas, &spec.selector))
        }),
        "StatefulSet" => controlled::<StatefulSet>(facts, source, |sts| {
            sts.spec.as_ref().map(|spec| (spec.replicas, &spec.selector))
        }),
        _ => None,
    }
}

/// A bare pod with these labels was applied once, and is gone.
pub(super) fn gone(facts: &Facts<'_>, namespace: &str, wanted: &Labels) -> Option<Diagnosis> {
    let selector = LabelSelector::equalities(wanted);
    let objects = facts.case.cluster.objects();
    // Others of these labels run, if perhaps elsewhere.
    if objects.list::<Pod>(None).any(|pod| selector.matches(pod.metadata.labels.as_ref())) {
        return None;
    }
    if let Some(done) = jobs::done(facts, namespace, &selector) {
        return Some(done);
    }
    facts.case.cluster.ever_applied().find_map(|sent| {
        let ObjectName { kind, namespace: own, name } = &sent.object;
        let labels = sent.manifest["metadata"]["labels"].as_object()?.iter();
        let labels: Labels = labels
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect();
        let here = namespace.is_empty() || own == namespace;
        let is_gone = *kind == Kind::Pod && objects.get::<Pod>(own, name).is_none();
        if !here || !is_gone || !selector.matches(Some(&labels)) {
            return None;
        }
        let source = facts.locator.object(&sent.object);
        let at = source.and_then(|source| locate::at(&source, "kind"));
        Some(brought_back(facts, (own, name), &sent.file, at))
    })
}

/// R2.7: a pod that no controller made is gone for good.
fn brought_back(
    facts: &Facts<'_>,
    (namespace, name): (&str, &str),
    file: &str,
    at: Option<Location>,
) -> Diagnosis {
    let said = Diagnosis::new(
        "nothing-brings-it-back",
        format!("pod {} is gone, and nothing brings it back", shown_name(namespace, name)),
    )
    .look([look::pods(namespace)])
    .fact(format!("{name} was a bare pod: no controller owned it"))
    .fact("restartPolicy restarts containers inside a pod that exists")
    .at(at);
    // Pods of a controller have names of their own: where the goal wants this one, it has to be made again.
    let sends = super::place_of(facts.case.goal).is_some_and(|place| {
        place.kind == PlaceKind::Pod && place.name == name && place.namespace == namespace
    });
    let deployment = facts.case.cluster.objects().get::<Deployment>(namespace, name);
    if let Some(deployment) = deployment
        && deployment.spec.as_ref().is_some_and(|spec| spec.replicas == Some(0))
    {
        let place = look::in_namespace(namespace);
        return said
            .fact(format!("there is a Deployment {name}, which keeps 0 pods"))
            .fix(format!("kubectl scale deployment {name} --replicas=1{place}"));
    }
    if !sends && !facts.case.goal.expect.served_by_pod.iter().any(|pod| pod == name) {
        return said
            .fix(format!("make a Deployment of it, with pod {name} as its template, and apply"));
    }
    if !facts.case.files.contains_key(file) {
        return said.fix(format!(
            "make pod {name} again, as it was, with the command of its first container; or begin anew"
        ));
    }
    let command = format!("kubectl apply -f {file}");
    let runs = trial::changed(facts, &command).is_some_and(|copy| {
        copy.objects().get::<Pod>(namespace, name).is_some_and(|pod| pod.is_running())
    });
    match runs {
        true => said.fix(format!("{command}, and send again")),
        false => said.fix(format!(
            "make pod {name} again ({command}), and see that the other pods leave it what it needs"
        )),
    }
}

fn bare_pod(facts: &Facts<'_>, source: &Source<'_>) -> Option<Diagnosis> {
    let (namespace, name) = (source.namespace(), source.name());
    match facts.case.cluster.objects().get::<Pod>(namespace, name) {
        None => {
            let (file, at) = (&source.document.file, locate::at(source, "kind"));
            Some(brought_back(facts, (namespace, name), file, at))
        }
        Some(pod) => not_running(facts, pod, Some(&PodSource { source: source.clone(), path: "" })),
    }
}

type Scale<'a> = Option<(Option<i32>, &'a meta::LabelSelector)>;

fn controlled<T: Resource>(
    facts: &Facts<'_>,
    source: &Source<'_>,
    scale: impl Fn(&T) -> Scale<'_>,
) -> Option<Diagnosis> {
    let (namespace, name) = (source.namespace(), source.name());
    let objects = facts.case.cluster.objects();
    let object = objects.get::<T>(namespace, name)?;
    let (replicas, selector) = scale(object)?;
    if replicas == Some(0) {
        let kind = T::KIND.info();
        let place = look::in_namespace(namespace);
        return Some(
            Diagnosis::new(
                "nothing-brings-it-back",
                format!("{} {name} keeps 0 pods, so there is none", kind.name),
            )
            .look([format!("kubectl get {} {name}{place}", kind.singular)])
            .fact("replicas is 0")
            .at(locate::at(source, "spec.replicas"))
            .fix("write replicas: 1, apply, and send again"),
        );
    }
    let selector = LabelSelector::of(selector);
    let template = PodSource { source: source.clone(), path: "spec.template" };
    let own = |pod: &&std::sync::Arc<Pod>| {
        let (kind, maker) = super::owners::maker(facts, pod);
        kind == T::KIND && maker == name
    };
    let whole =
        ObjectName { kind: T::KIND, namespace: namespace.to_owned(), name: name.to_owned() };
    let pods = objects.list::<Pod>(Some(namespace));
    let mut pods: Vec<&std::sync::Arc<Pod>> =
        pods.filter(|pod| selector.matches(pod.metadata.labels.as_ref())).filter(own).collect();
    // What an older template's pod complains of may be mended already.
    pods.sort_by_key(|pod| rollouts::is_older(facts, &whole, pod));
    pods.into_iter().find_map(|pod| not_running(facts, pod, Some(&template)))
}

/// A container of the pod waits or has crashed, or no node takes the pod.
fn not_running(facts: &Facts<'_>, pod: &Pod, source: Option<&PodSource<'_>>) -> Option<Diagnosis> {
    let status = pod.status.as_ref()?;
    let at = |path: &str| -> Option<Location> {
        let source = source?;
        source.line(path)
    };
    let broken = status.container_statuses.iter().flatten();
    let mut broken = broken.filter_map(|container| Some((container, trouble_of(pod, container)?)));
    if let Some((container, reason)) = broken.next() {
        if reason == "CreateContainerConfigError"
            && let Some((path, said)) = missing_source(facts, pod, &container.name)
        {
            return Some(said.at(at(&path)));
        }
        let said = containers::diagnose(facts, pod, container, reason);
        if let Some(back) = undone(facts, pod, &said).filter(|_| source.is_none()) {
            return Some(back);
        }
        // Where nobody answers for DNS, no line of the pod's is at fault.
        let own = || at(&guilty_field(pod, &container.name, said.code));
        let line = said.at.clone().or_else(|| own().filter(|_| said.code != "dns-unreachable"));
        return Some(said.at(line));
    }
    if let Some(said) = rejected(pod, source) {
        return Some(said);
    }
    if let Some((path, said)) = missing_volume(facts, pod) {
        return Some(said.at(at(&path)));
    }
    if pod.is_running() || status.phase.as_deref() == Some("Succeeded") {
        let (container, said) = containers::ended(pod)?;
        let spec = pod.spec.as_ref()?.containers.get(container)?;
        let field = match (&spec.command, &spec.args) {
            (Some(_), _) => ".command",
            (None, Some(_)) => ".args",
            (None, None) => "",
        };
        return Some(said.at(at(&format!("spec.containers[{container}]{field}"))));
    }
    unscheduled(facts, pod, source)
}

/// The reason for which a container does not run.
fn trouble_of<'a>(pod: &Pod, container: &'a ContainerStatus) -> Option<&'a str> {
    let state = container.state.as_ref();
    let waiting = state.and_then(|state| state.waiting.as_ref());
    // Between its end and the wait for its next start a container has ended; one that is being
    // deleted ends because of that.
    let always = pod.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
    let ended = state.and_then(|state| state.terminated.as_ref());
    let ended =
        ended.filter(|ended| ended.exit_code != 0 && always.is_none_or(|one| one == "Always"));
    let ended = ended.filter(|_| pod.metadata.deletion_timestamp.is_none());
    let reason = waiting.and_then(|waiting| waiting.reason.as_deref());
    let reason = reason.or_else(|| ended?.reason.as_deref())?;
    Some(reason).filter(|reason| !matches!(*reason, "ContainerCreating" | "PodInitializing"))
}

/// The path of the field that decides what a container starts, by what it complains of.
fn guilty_field(pod: &Pod, container: &str, code: super::Code) -> String {
    let specs = pod.spec.as_ref().map_or(&[][..], |spec| spec.containers.as_slice());
    let index = specs.iter().position(|spec| spec.name == container).unwrap_or(0);
    let spec = specs.get(index);
    let field = match code {
        "image-not-pulled" => ".image",
        // A server's port stands among its arguments.
        "port-taken" if spec.is_some_and(|spec| spec.args.is_some()) => ".args",
        _ if spec.is_some_and(|spec| spec.command.is_some()) => ".command",
        _ if spec.is_some_and(|spec| spec.args.is_some()) => ".args",
        _ => "",
    };
    format!("spec.containers[{index}]{field}")
}

/// No node takes the pod.
fn unscheduled(facts: &Facts<'_>, pod: &Pod, source: Option<&PodSource<'_>>) -> Option<Diagnosis> {
    let mut conditions = pod.status.as_ref()?.conditions.iter();
    let pending = conditions.find(|c| c.type_ == "PodScheduled" && c.status == "False")?;
    let (namespace, name) = (
        pod.metadata.namespace.as_deref().unwrap_or(""),
        pod.metadata.name.as_deref().unwrap_or(""),
    );
    let said = Diagnosis::new("pod-not-scheduled", format!("no node takes pod {name}"))
        .look([look::describe("pod", namespace, name), look::nodes()])
        .facts(pending.message.clone());
    if let Some(said) = no_such_node(facts, pod, source, &said) {
        return Some(said);
    }
    if let Some(said) = placing::no_such_key(facts, pod, source, &said) {
        return Some(said);
    }
    if let Some(said) = closed_nodes(facts, pod, &said) {
        return Some(said);
    }
    if let Some(said) = held_port(facts, pod, source, &said) {
        return Some(said);
    }
    if let Some(said) = placing::kept_away(facts, pod, source, &said) {
        return Some(said);
    }
    Some(said.at(source.and_then(asked_of_nodes)).fix(
        "change what the pod asks for (nodeSelector, affinity, hostPort, resources), or the nodes",
    ))
}

/// Why no node takes a pod, if none does.
pub(super) fn no_node(facts: &Facts<'_>, pod: &Pod) -> Option<Diagnosis> {
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    unscheduled(facts, pod, facts.pod_source(namespace, name).as_ref())
}

/// The image of a Deployment that no file of the player's describes was changed in the terminal: where going
/// back to the template before makes the goal pass, that is the way out.
fn undone(facts: &Facts<'_>, pod: &Pod, said: &Diagnosis) -> Option<Diagnosis> {
    let namespace = pod.metadata.namespace.as_deref()?;
    let (kind, owner) = super::owners::maker(facts, pod);
    if said.code != "image-not-pulled" || kind != Kind::Deployment {
        return None;
    }
    let command =
        format!("kubectl rollout undo deployment {owner}{}", look::in_namespace(namespace));
    (trial::after(facts, &command) == trial::Tried::Passes).then(|| {
        said.clone()
            .fact(format!("the template of Deployment {owner} had another image before"))
            .nearest(None)
            .fix(format!("{command}, and send again"))
    })
}

/// The ports of its node that a pod asks for (R1.5), each with its place in the pod.
pub(super) fn host_ports(pod: &Pod) -> impl Iterator<Item = (String, i32)> {
    let containers = pod.spec.iter().flat_map(|spec| spec.containers.iter().enumerate());
    containers.flat_map(|(index, container)| {
        let ports = container.ports.iter().flatten().enumerate();
        ports.filter_map(move |(at, port)| {
            let host = port.host_port.filter(|host| *host > 0)?;
            Some((format!("spec.containers[{index}].ports[{at}].hostPort"), host))
        })
    })
}

/// The one node that the pod asks for has its port given to another pod already.
fn held_port(
    facts: &Facts<'_>,
    pod: &Pod,
    source: Option<&PodSource<'_>>,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let objects = facts.case.cluster.objects();
    let (label, _) = asked_labels(pod).next()?;
    let nodes: Vec<&std::sync::Arc<Node>> = objects.list::<Node>(None).collect();
    let fits = |node: &&&std::sync::Arc<Node>| asked_labels(pod).all(|one| has_label(node, one));
    let asked = nodes.iter().find(fits)?.metadata.name.as_deref()?;
    let holder = |node: &str, port: i32| {
        objects.list::<Pod>(None).find(|other| {
            let on = other.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
            on == Some(node) && host_ports(other).any(|(_, held)| held == port)
        })
    };
    let (path, port) = host_ports(pod).find(|(_, port)| holder(asked, *port).is_some())?;
    let held_by = holder(asked, port)?.metadata.name.as_deref()?;
    let name = pod.metadata.name.as_deref()?;
    // The node that the goal calls is the one that is meant, if its port is free.
    let called = facts.connection.map(|trace| trace.flow.destination.ip().to_string());
    let free = |node: &&&std::sync::Arc<Node>| {
        node.metadata.name.as_deref().is_some_and(|name| holder(name, port).is_none())
    };
    let is_called = |node: &&&std::sync::Arc<Node>| {
        let addresses = node.status.iter().flat_map(|status| status.addresses.iter().flatten());
        addresses.into_iter().any(|one| Some(&one.address) == called.as_ref())
    };
    let meant = nodes.iter().filter(free).find(is_called);
    let near = meant.and_then(|node| {
        let value = node.metadata.labels.as_ref()?.get(label)?;
        Some(format!("{label}: {value}"))
    });
    let line = |path: &str| source.and_then(|source| source.line(path));
    let at = match near.is_some() {
        true => line(&crate::manifest::field("spec.nodeSelector", label)),
        false => line(&path),
    };
    // The fact that tells comes before the scheduler's own words.
    let mut said = said.clone();
    said.evidence.insert(
        0,
        format!("pod {held_by} has port {port} of {asked}, and a port of a node is given once"),
    );
    Some(said.nearest(near.clone()).at(at).fix(match near {
        Some(near) => format!("write {near}, apply, and send again"),
        None => format!(
            "let pod {name} ask for another hostPort than {port}, or for a node where that is free"
        ),
    }))
}

/// The labels by which a pod's nodeSelector asks for its node.
fn asked_labels(pod: &Pod) -> impl Iterator<Item = (&String, &String)> {
    pod.spec.iter().filter_map(|spec| spec.node_selector.as_ref()).flatten()
}

fn has_label(node: &Node, (key, value): (&String, &String)) -> bool {
    node.metadata.labels.as_ref().and_then(|labels| labels.get(key)) == Some(value)
}

/// The pod asks for a label that no node has.
fn no_such_node(
    facts: &Facts<'_>,
    pod: &Pod,
    source: Option<&PodSource<'_>>,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let nodes: Vec<&std::sync::Arc<Node>> =
        facts.case.cluster.objects().list::<Node>(None).collect();
    let (key, value) =
        asked_labels(pod).find(|label| !nodes.iter().any(|node| has_label(node, *label)))?;
    let labels = nodes.iter().flat_map(|node| node.metadata.labels.iter().flatten());
    let mut values: Vec<&str> =
        labels.filter(|(own, _)| *own == key).map(|(_, value)| value.as_str()).collect();
    values.sort_unstable();
    values.dedup();
    // A label that one node alone has is the one that is meant.
    let near = nearest(value, values.iter().copied());
    let near = near.or_else(|| values.first().copied().filter(|_| values.len() == 1));
    let near = near.or_else(|| named_by_address(&nodes, key, value));
    // The value may stand under another key: `hostname`, without what comes before the slash.
    let other = match values.is_empty() {
        true => nodes.iter().find_map(|node| {
            let mut labels = node.metadata.labels.iter().flatten();
            labels.find(|(own, has)| *has == value && own.ends_with(&format!("/{key}")))
        }),
        false => None,
    };
    let line = source.and_then(|source| {
        let path = crate::manifest::field("spec.nodeSelector", key);
        source.line(&path)
    });
    let said = said
        .clone()
        .fact(format!("no node has the label {key}={value}"))
        .look(["kubectl get nodes --show-labels".to_owned()])
        .at(line)
        .nearest(near.map(|near| format!("{key}: {near}")));
    if let Some((own, value)) = other {
        let label = format!("{own}: {value}");
        return Some(
            said.nearest(Some(label.clone())).fix(format!("write {label}, apply, and send again")),
        );
    }
    Some(match near {
        Some(near) => said.fix(format!("write {key}: {near}, apply, and send again")),
        None if values.is_empty() => {
            said.fix("ask for a label that a node has: kubectl get nodes --show-labels")
        }
        None => said.fix(format!("ask for a node that there is: {key} is {}", values.join(", "))),
    })
}

/// The value of a label of the node that has this address.
fn named_by_address<'n>(
    nodes: &[&'n std::sync::Arc<Node>],
    key: &str,
    address: &str,
) -> Option<&'n str> {
    let node = nodes.iter().find(|node| {
        let addresses = node.status.iter().flat_map(|status| status.addresses.iter().flatten());
        addresses.into_iter().any(|one| one.address == address)
    })?;
    Some(node.metadata.labels.as_ref()?.get(key)?.as_str())
}

/// Every node that the pod asks for is cordoned, or has a taint that the pod does not tolerate: who says
/// so is the node, and no line of the pod's.
fn closed_nodes(facts: &Facts<'_>, pod: &Pod, said: &Diagnosis) -> Option<Diagnosis> {
    let name = pod.metadata.name.as_deref()?;
    // Without a selector other nodes may refuse it for other reasons.
    asked_labels(pod).next()?;
    let nodes = facts.case.cluster.objects().list::<Node>(None);
    let node =
        nodes.into_iter().find(|node| asked_labels(pod).all(|label| has_label(node, label)))?;
    let node_name = node.metadata.name.as_deref()?;
    let spec = node.spec.as_ref()?;
    if spec.unschedulable == Some(true) {
        return Some(
            said.clone()
                .fact(format!("{node_name}, which the pod asks for, is cordoned"))
                .fix(format!("kubectl uncordon {node_name}")),
        );
    }
    let tolerations = pod.spec.as_ref()?.tolerations.as_deref().unwrap_or_default();
    let taint = spec.taints.iter().flatten().find(|taint| {
        let borne = tolerations.iter().any(|one| {
            let key = one.key.as_ref().is_none_or(|key| *key == taint.key);
            let effect = one.effect.as_ref().is_none_or(|effect| *effect == taint.effect);
            let value = one.operator.as_deref() == Some("Exists") || one.value == taint.value;
            key && effect && value
        });
        taint.effect != "PreferNoSchedule"
            && !taint.key.starts_with("node.kubernetes.io/")
            && !borne
    })?;
    let value = taint.value.as_ref().map(|value| format!("={value}")).unwrap_or_default();
    let shown = format!("{}{value}:{}", taint.key, taint.effect);
    Some(
        said.clone()
            .look([look::describe("node", "", node_name)])
            .fact(format!("{node_name}, which the pod asks for, has the taint {shown}: pod {name} does not tolerate it"))
            .fix(format!(
                "kubectl taint node {node_name} {}:{}-, or let the pod tolerate it (tolerations)",
                taint.key, taint.effect
            )),
    )
}

/// A pod whose containers wait for a ConfigMap that one of its volumes names, and that is not there: the
/// volume's path, and what is to be said.
fn missing_volume(facts: &Facts<'_>, pod: &Pod) -> Option<(String, Diagnosis)> {
    let objects = facts.case.cluster.objects();
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    let waits = pod.status.as_ref()?.container_statuses.iter().flatten().any(|one| {
        let waiting = one.state.as_ref().and_then(|state| state.waiting.as_ref());
        waiting.and_then(|waiting| waiting.reason.as_deref()) == Some("ContainerCreating")
    });
    let volumes = pod.spec.as_ref()?.volumes.iter().flatten().enumerate().filter(|_| waits);
    let mut maps = volumes.filter_map(|(index, volume)| Some((index, volume.config_map.as_ref()?)));
    let (index, map) = maps.find(|(_, map)| {
        map.optional != Some(true) && objects.get::<ConfigMap>(namespace, &map.name).is_none()
    })?;
    let there = objects.list::<ConfigMap>(Some(namespace));
    let there: Vec<&str> = there.filter_map(|one| one.metadata.name.as_deref()).collect();
    let near = nearest(&map.name, there);
    let said = Diagnosis::new(
        "container-does-not-run",
        format!("pod {name} waits for ConfigMap {}, which is not there", map.name),
    )
    .look([look::describe("pod", namespace, name)])
    .look([format!("kubectl get configmaps{}", look::in_namespace(namespace))])
    .fact("a container is made when all volumes of its pod are there")
    .nearest(near.map(|near| format!("ConfigMap {near}")))
    .fix(match near {
        Some(near) => format!("write {near} instead of {}, apply, and send again", map.name),
        None => format!("make ConfigMap {}", map.name),
    });
    Some((format!("spec.volumes[{index}].configMap.name"), said))
}

/// A container that is not made, because a ConfigMap or Secret that its environment comes from is not there:
/// where it is named, and what is to be said.
fn missing_source(facts: &Facts<'_>, pod: &Pod, container: &str) -> Option<(String, Diagnosis)> {
    let objects = facts.case.cluster.objects();
    let (namespace, pod_name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    let containers = &pod.spec.as_ref()?.containers;
    let index = containers.iter().position(|one| one.name == container)?;
    let spec = &containers[index];
    let whole = spec.env_from.iter().flatten().enumerate().flat_map(|(at, from)| {
        let map = from.config_map_ref.iter().filter(|one| one.optional != Some(true));
        let secret = from.secret_ref.iter().filter(|one| one.optional != Some(true));
        let path = |field: &str| format!("envFrom[{at}].{field}.name");
        let map = map.map(|one| (Kind::ConfigMap, one.name.as_str(), path("configMapRef")));
        let secret = secret.map(|one| (Kind::Secret, one.name.as_str(), path("secretRef")));
        map.chain(secret).collect::<Vec<_>>()
    });
    let single = spec.env.iter().flatten().enumerate().flat_map(|(at, one)| {
        let from = one.value_from.iter();
        let path = |field: &str| format!("env[{at}].valueFrom.{field}.name");
        let map = from.clone().filter_map(|from| from.config_map_key_ref.as_ref());
        let map = map.filter(|one| one.optional != Some(true));
        let secret = from.filter_map(|from| from.secret_key_ref.as_ref());
        let secret = secret.filter(|one| one.optional != Some(true));
        let map = map.map(|one| (Kind::ConfigMap, one.name.as_str(), path("configMapKeyRef")));
        let secret = secret.map(|one| (Kind::Secret, one.name.as_str(), path("secretKeyRef")));
        map.chain(secret).collect::<Vec<_>>()
    });
    let gone = whole
        .chain(single)
        .find(|(kind, name, _)| objects.object(*kind, namespace, name).is_none());
    let Some((kind, name, path)) = gone else {
        let (path, said) = missing_key(facts, (namespace, pod_name), spec)?;
        return Some((format!("spec.containers[{index}].{path}"), said));
    };
    let there: Vec<String> =
        objects.objects(kind, Some(namespace)).map(|one| one.name().to_owned()).collect();
    let near = nearest(name, there.iter().map(String::as_str));
    let info = kind.info();
    let said = Diagnosis::new(
        "container-does-not-run",
        format!(
            "container {container} of pod {pod_name} waits for {} {name}, which is not there",
            info.name
        ),
    )
    .look([look::describe("pod", namespace, pod_name)])
    .look([format!("kubectl get {}{}", info.plural, look::in_namespace(namespace))])
    .fact("a container is made when everything is there that its environment comes from")
    .nearest(near.map(|near| format!("name: {near}")))
    .fix(match near {
        Some(near) => format!("write {near} instead of {name}, apply, and send again"),
        None => format!("make {} {name}", info.name),
    });
    Some((format!("spec.containers[{index}].{path}"), said))
}

/// What a container's variable comes from is there, and has no such key.
fn missing_key(
    facts: &Facts<'_>,
    (namespace, pod): (&str, &str),
    spec: &Container,
) -> Option<(String, Diagnosis)> {
    let objects = facts.case.cluster.objects();
    let mut single = spec.env.iter().flatten().enumerate().filter_map(|(at, one)| {
        let from = one.value_from.as_ref()?;
        let map = from.config_map_key_ref.as_ref().filter(|one| one.optional != Some(true));
        let secret = from.secret_key_ref.as_ref().filter(|one| one.optional != Some(true));
        let map = map.map(|one| (Kind::ConfigMap, &one.name, &one.key, "configMapKeyRef"));
        let secret = secret.map(|one| (Kind::Secret, &one.name, &one.key, "secretKeyRef"));
        let (kind, name, key, field) = map.or(secret)?;
        let stored = objects.object(kind, namespace, name)?.to_value();
        let keys: Vec<String> = ["data", "binaryData"]
            .into_iter()
            .flat_map(|part| stored[part].as_object().into_iter().flatten())
            .map(|(key, _)| key.clone())
            .collect();
        let path = format!("env[{at}].valueFrom.{field}.key");
        (!keys.contains(key)).then_some((kind, name, key, keys, path))
    });
    let (kind, name, key, keys, path) = single.next()?;
    let near = nearest(key, keys.iter().map(String::as_str)).map(str::to_owned);
    let info = kind.info();
    let said = Diagnosis::new(
        "container-does-not-run",
        format!(
            "container {} of pod {pod} waits for key {key} of {} {name}, which has none of that name",
            spec.name, info.name
        ),
    )
    .look([look::describe("pod", namespace, pod)])
    .look([look::yaml(info.singular, namespace, name)])
    .fact(match keys.is_empty() {
        true => format!("{} {name} has no keys", info.name),
        false => format!("keys of {} {name}: {}", info.name, keys.join(", ")),
    })
    .nearest(near.as_ref().map(|near| format!("key: {near}")))
    .fix(match &near {
        Some(near) => format!("write {near} instead of {key}, apply, and send again"),
        None => format!("give {} {name} a key {key}, apply, and send again", info.name),
    });
    Some((path, said))
}

/// The containers of a pod wait for one of its init containers, which goes on and on (R3.4).
pub(super) fn initializing(facts: &Facts<'_>, pod: &Pod) -> Option<Diagnosis> {
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    let statuses = pod.status.as_ref()?.init_container_statuses.as_ref()?;
    let specs = pod.spec.as_ref()?.init_containers.as_ref()?;
    let index = specs.iter().position(|spec| {
        let own = statuses.iter().find(|status| status.name == spec.name);
        let runs = own.and_then(|own| own.state.as_ref()).is_some_and(|one| one.running.is_some());
        runs && spec.restart_policy.as_deref() != Some("Always")
    })?;
    let own = &specs[index].name;
    let source = facts.pod_source(namespace, name);
    Some(
        Diagnosis::new(
            "container-does-not-run",
            format!("the containers of pod {name} are not started: its init container {own} has not ended"),
        )
        .look([look::describe("pod", namespace, name)])
        .fact("init containers run one after the other, each to its end, before any container is started")
        .fact("one with restartPolicy: Always is a sidecar, which the others do not wait for")
        .at(source.and_then(|source| source.line(&format!("spec.initContainers[{index}]"))))
        .fix(format!("put {own} among the containers, or write restartPolicy: Always into it; apply, and send again")),
    )
}

/// The kubelet did not take the pod: it looks for itself, where `nodeName` passes the scheduler by (kubernetes
/// pkg/kubelet/lifecycle/predicate.go).
fn rejected(pod: &Pod, source: Option<&PodSource<'_>>) -> Option<Diagnosis> {
    let status = pod.status.as_ref()?;
    let reason = status.reason.as_deref().filter(|_| status.phase.as_deref() == Some("Failed"))?;
    let began = status.container_statuses.iter().flatten().any(|one| one.container_id.is_some());
    if began || matches!(reason, "Evicted" | "DeadlineExceeded" | "NodeLost") {
        return None;
    }
    let name = pod.metadata.name.as_deref().unwrap_or("");
    let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
    let node = pod.spec.as_ref()?.node_name.as_deref().unwrap_or("its node");
    let why = status.message.clone();
    Some(
        Diagnosis::new("pod-not-scheduled", format!("{node} did not take pod {name}: {reason}"))
            .look([look::describe("pod", namespace, name), look::pods(namespace)])
            .facts(why)
            .fact("the pod has failed for good: what it asks for has to fit the node before it is made anew")
            .at(source.and_then(asked_of_nodes))
            .fix(format!(
                "let pod {name} ask for what {node} can give, or for another node, and make it anew"
            )),
    )
}

/// Where a pod says on which node it may run, or else where it begins.
fn asked_of_nodes(source: &PodSource<'_>) -> Option<Location> {
    let spec = source.pod().and_then(|pod| pod.get("spec"));
    let fields = ["nodeName", "nodeSelector", "affinity", "topologySpreadConstraints"];
    let field = fields.into_iter().find(|field| spec.is_some_and(|spec| !spec[*field].is_null()));
    let containers = spec.and_then(|spec| spec["containers"].as_array());
    let greedy = containers.and_then(|all| all.iter().position(|one| !one["resources"].is_null()));
    let path = match (field, greedy) {
        (Some(field), _) => source.within(&format!("spec.{field}")),
        (None, Some(index)) => source.within(&format!("spec.containers[{index}].resources")),
        (None, None) => "kind".to_owned(),
    };
    locate::at(&source.source, &path)
}
