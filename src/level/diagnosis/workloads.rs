//! Pods that are not there, or do not run.

use std::net::IpAddr;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Container, ContainerStatus, Node};
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use super::client::PodSource;
use super::locate;
use super::look::{self, shown_name};
use super::{Diagnosis, Facts, containers, jobs, placing, readiness, rights, rollouts, trial};
use crate::api::{Kind, LabelSelector, Labels, Pod, Resource};
use crate::cluster::{Did, ObjectName, Place};
use crate::diagnostic::{Location, nearest};
use crate::level::place::{NoPlace, PlaceKind, PlaceName};
use crate::level::source::Source;
use crate::network::{Party, SocketAddr};

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
    let meant: Vec<&Arc<Pod>> = pods.filter(|pod| facts.is_wanted(pod)).collect();
    if meant.iter().any(|pod| pod.is_ready()) {
        return None;
    }
    trouble(facts, &meant)
}

/// Of these pods, none may be ready: one of them has a container that does not run, or no node.
pub(super) fn trouble(facts: &Facts<'_>, pods: &[&Arc<Pod>]) -> Option<Diagnosis> {
    // What a pod of an older template complains of may be mended already.
    let mut pods = pods.to_vec();
    pods.sort_by_key(|pod| rollouts::is_older(facts, &super::owners::object(facts, pod), pod));
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
    if let Some(said) = of_no_node(facts, (namespace, name), &said) {
        return said;
    }
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

/// The pod asked for a node that is not there: the control plane deletes it after a while, since no kubelet will
/// ever run it (kubernetes pkg/controller/podgc).
fn of_no_node(
    facts: &Facts<'_>,
    (namespace, name): (&str, &str),
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let source = facts.locator.source("Pod", namespace, name)?;
    let node = source.text("/spec/nodeName")?;
    let objects = facts.case.cluster.objects();
    objects.get::<Node>("", node).is_none().then(|| {
        said.clone()
            .look([look::nodes()])
            .fact(format!(
                "its nodeName is {node}, a node that is not there: no kubelet ran it, and the control plane deletes such a pod after forty seconds"
            ))
            .at(locate::at(&source, "spec.nodeName"))
            .fix(format!(
                "take nodeName: {node} out, so that the scheduler chooses a node, and make a Deployment of it, with pod {name} as its template; apply, and send again"
            ))
    })
}

/// What keeps a pod that a file describes itself from running.
pub(super) fn bare_pod(facts: &Facts<'_>, source: &Source<'_>) -> Option<Diagnosis> {
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
    let own = |pod: &&Arc<Pod>| {
        let (kind, maker) = super::owners::maker(facts, pod);
        kind == T::KIND && maker == name
    };
    let whole =
        ObjectName { kind: T::KIND, namespace: namespace.to_owned(), name: name.to_owned() };
    let pods = objects.list::<Pod>(Some(namespace));
    let mut pods: Vec<&Arc<Pod>> =
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
        if let Some((path, said)) = rights::forbidden_start(pod, container, reason) {
            return Some(said.at(at(&path)));
        }
        let said = containers::diagnose(facts, pod, container, reason);
        if let Some(back) = undone(facts, pod, &said).filter(|_| source.is_none()) {
            return Some(back);
        }
        // Where nobody answers for DNS, no line of the pod's is at fault.
        let socket = containers::refused_socket(facts, pod, container);
        let own = || at(&guilty_field(pod, &container.name, said.code, socket));
        let line = said.at.clone().or_else(|| own().filter(|_| said.code != "dns-unreachable"));
        return Some(said.at(line));
    }
    if let Some(said) = placing::rejected(pod, source) {
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
    placing::unscheduled(facts, pod, source)
        .or_else(|| placing::on_no_node(facts, pod, source))
        .or_else(|| placing::by_nobody(pod, source))
        .or_else(|| initializing(facts, pod, source))
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

/// The path of the field that decides what a container starts, by what it complains of: the very argument,
/// where that names the socket that could not be opened.
fn guilty_field(
    pod: &Pod,
    container: &str,
    code: super::Code,
    socket: Option<SocketAddr>,
) -> String {
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
    let words = match field {
        ".args" => spec.and_then(|spec| spec.args.as_ref()),
        ".command" => spec.and_then(|spec| spec.command.as_ref()),
        _ => None,
    };
    let names_it = |word: &String| {
        let port = |at: SocketAddr| locate::mentions(word, &at.port().to_string());
        socket.is_some_and(port)
    };
    let item = words.and_then(|words| words.iter().rposition(names_it));
    let item = item.map(|item| format!("[{item}]")).unwrap_or_default();
    format!("spec.containers[{index}]{field}{item}")
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

/// Whether a host is the client's own pod.
fn is_own(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The containers of a pod wait for one of its init containers, which goes on and on (R3.4).
fn initializing(facts: &Facts<'_>, pod: &Pod, source: Option<&PodSource<'_>>) -> Option<Diagnosis> {
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    let statuses = pod.status.as_ref()?.init_container_statuses.as_ref()?;
    let specs = pod.spec.as_ref()?.init_containers.as_ref()?;
    let waited_for = specs.iter().enumerate().find_map(|(index, spec)| {
        let own = statuses.iter().find(|status| status.name == spec.name)?;
        own.state.as_ref()?.running.as_ref()?;
        (spec.restart_policy.as_deref() != Some("Always")).then_some((index, own))
    });
    let (index, status) = waited_for?;
    if readiness::ready_later(facts, &[pod]).is_some() {
        return None;
    }
    let own = &status.name;
    let message = format!(
        "the containers of pod {name} are not started: its init container {own} has not ended"
    );
    let looks = [look::describe("pod", namespace, name), look::log(namespace, name, own)];
    let line = source.and_then(|source| source.line(&format!("spec.initContainers[{index}]")));
    let said = Diagnosis::new("container-does-not-run", message).look(looks).fact(
        "init containers run one after the other, each to its end, before any container is started",
    );
    let why = facts.unanswered(containers::place_of(pod, own));
    let said = match why.filter(|_| !asks_itself(facts, pod, own)) {
        Some(why) if why.message == said.message => {
            said.fact(format!("{own} waits for a server in this pod, which is started after it"))
        }
        Some(why) => {
            let own_line = why.at.clone().or(line);
            return Some(said.because_of(why).at(own_line));
        }
        None => said,
    };
    Some(
        said.fact("one with restartPolicy: Always is a sidecar, which the others do not wait for")
            .at(line)
            .fix(format!("put {own} among the containers, or write restartPolicy: Always into it; apply, and send again")),
    )
}

/// Whether a container asks its own pod, where no server is started before an init container has ended.
fn asks_itself(facts: &Facts<'_>, pod: &Pod, container: &str) -> bool {
    let place = containers::place_of(pod, container);
    let mut deeds = facts.case.cluster.deeds().rev().filter(|deed| deed.place == place);
    deeds.find_map(|deed| match &deed.did {
        Did::Fetched(one) => Some(is_own(&one.host)),
        _ => None,
    }) == Some(true)
}
