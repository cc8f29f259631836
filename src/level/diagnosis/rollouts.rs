//! Templates that changed, and pods that do not follow: a rollout that is paused, that waits, or that
//! was not done when somebody gave up waiting.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{PodTemplateSpec, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::look::{self, shown_name};
use super::owners;
use super::readiness::{closed_probe, pod_line, unhealthy};
use super::{Diagnosis, Facts, client, trial, workloads};
use crate::api::{Kind, LabelSelector, Pod};
use crate::cluster::{Did, ObjectName};
use crate::level::source::pointer;
use crate::network::{Party, Protocol};

/// The label by which a controller tells its templates apart.
const REVISION: &str = "controller-revision-hash";
const TEMPLATE: &str = "pod-template-hash";

/// The pod that answered is of an older template than its controller's.
pub(super) fn older(facts: &Facts<'_>, party: &Party, said: &Diagnosis) -> Option<Diagnosis> {
    let Party::Pod { namespace, name } = party else { return None };
    let pod = facts.case.cluster.objects().get::<Pod>(namespace, name)?;
    let object = owners::object(facts, pod);
    if !is_older(facts, &object, pod) || serves_the_same(facts, &object, pod) {
        return None;
    }
    let what = object.kind.info().name;
    let message = format!("{}: it is of an older template of {what} {}", said.message, object.name);
    let said = Diagnosis { code: "rollout-unfinished", message, ..said.clone() };
    Some(waits(facts, &object, said))
}

/// The pod that sent is of an older template than its controller's, and the new one can't start: what the
/// older one was told is no fault any more.
pub(super) fn older_client(facts: &Facts<'_>) -> Option<Diagnosis> {
    facts.case.run?.miss.as_ref()?;
    let (namespace, name) = facts.client_pod()?;
    let pod = facts.case.cluster.objects().get::<Pod>(&namespace, &name)?;
    let object = owners::object(facts, pod);
    if !is_older(facts, &object, pod) {
        return None;
    }
    let wanted = settings(facts, &object)?.selector;
    let pods = facts.case.cluster.objects().list::<Pod>(Some(&object.namespace));
    let new: Vec<&Arc<Pod>> = pods
        .filter(|pod| wanted.matches(pod.metadata.labels.as_ref()))
        .filter(|pod| !is_older(facts, &object, pod))
        .collect();
    let trouble = workloads::trouble(facts, &new)?;
    let what = object.kind.info().name;
    Some(
        Diagnosis::new(
            "rollout-unfinished",
            format!("pod {name} sent, which is of an older template of {what} {}", object.name),
        )
        .look(trouble.look)
        .fact(trouble.message)
        .facts(trouble.evidence)
        .fact("until a new pod is ready, an old one stays and does as it was told before")
        .nearest(trouble.nearest)
        .at(trouble.at)
        .fix(trouble.fix),
    )
}

/// kubectl waited for a rollout that did not end.
pub(super) fn unfinished(facts: &Facts<'_>) -> Option<Diagnosis> {
    let run = facts.case.run?;
    run.miss.as_ref()?;
    let object = run.deeds.iter().rev().find_map(|deed| match &deed.did {
        Did::RolloutUnfinished { object } => Some(object),
        _ => None,
    })?;
    let what = object.kind.info().name;
    let shown = shown_name(&object.namespace, &object.name);
    let said = Diagnosis::new(
        "rollout-unfinished",
        format!("the rollout of {what} {shown} was not done in time"),
    );
    Some(waits(facts, object, said))
}

/// Whether a pod is of another template than its controller has now.
pub(super) fn is_older(facts: &Facts<'_>, object: &ObjectName, pod: &Pod) -> bool {
    let objects = facts.case.cluster.objects();
    let ObjectName { kind, namespace, name } = object;
    match kind {
        Kind::Deployment => {
            let now = objects.get::<Deployment>(namespace, name).and_then(|one| one.spec.as_ref());
            let set = client::controller(&pod.metadata);
            let set = set.and_then(|(_, set)| objects.get::<ReplicaSet>(namespace, &set));
            let own = set.and_then(|set| set.spec.as_ref()?.template.as_ref());
            now.zip(own).is_some_and(|(now, own)| !is_same(&now.template, own))
        }
        Kind::StatefulSet => {
            let set = objects.get::<StatefulSet>(namespace, name);
            let update = set.and_then(|set| set.status.as_ref()?.update_revision.as_ref());
            let own = pod.metadata.labels.as_ref().and_then(|labels| labels.get(REVISION));
            update.zip(own).is_some_and(|(update, own)| update != own)
        }
        _ => false,
    }
}

/// Whether the newer template differs in nothing that an answer could come from: in probes, hooks and
/// resources alone.
fn serves_the_same(facts: &Facts<'_>, object: &ObjectName, pod: &Pod) -> bool {
    let objects = facts.case.cluster.objects();
    let ObjectName { kind, namespace, name } = object;
    let now = match kind {
        Kind::Deployment => {
            objects.get::<Deployment>(namespace, name).and_then(|one| one.spec.as_ref())
        }
        _ => None,
    };
    let set = client::controller(&pod.metadata);
    let set = set.and_then(|(_, set)| objects.get::<ReplicaSet>(namespace, &set));
    let own = set.and_then(|set| set.spec.as_ref()?.template.as_ref());
    let bare = |template: &PodTemplateSpec| {
        let mut template = template.clone();
        for one in template.spec.iter_mut().flat_map(|spec| &mut spec.containers) {
            (one.readiness_probe, one.liveness_probe, one.startup_probe) = (None, None, None);
            (one.lifecycle, one.resources) = (None, None);
        }
        template
    };
    now.zip(own).is_some_and(|(now, own)| is_same(&bare(&now.template), &bare(own)))
}

/// Whether two templates are the same, but for the label that a Deployment adds.
fn is_same(one: &PodTemplateSpec, other: &PodTemplateSpec) -> bool {
    let bare = |template: &PodTemplateSpec| {
        let mut template = template.clone();
        if let Some(labels) = template.metadata.as_mut().and_then(|meta| meta.labels.as_mut()) {
            labels.remove(TEMPLATE);
        }
        template
    };
    bare(one) == bare(other)
}

/// What the controller says of itself that bears on its rollouts.
struct Settings {
    selector: LabelSelector,
    paused: bool,
    min_ready: i32,
    on_delete: bool,
    partition: i32,
}

fn settings(facts: &Facts<'_>, object: &ObjectName) -> Option<Settings> {
    let objects = facts.case.cluster.objects();
    let ObjectName { kind, namespace, name } = object;
    Some(match kind {
        Kind::Deployment => {
            let spec = objects.get::<Deployment>(namespace, name)?.spec.as_ref()?;
            Settings {
                selector: LabelSelector::of(&spec.selector),
                paused: spec.paused == Some(true),
                min_ready: spec.min_ready_seconds.unwrap_or(0),
                on_delete: false,
                partition: 0,
            }
        }
        Kind::StatefulSet => {
            let spec = objects.get::<StatefulSet>(namespace, name)?.spec.as_ref()?;
            let strategy = spec.update_strategy.as_ref();
            let rolling = strategy.and_then(|strategy| strategy.rolling_update.as_ref());
            Settings {
                selector: LabelSelector::of(&spec.selector),
                paused: false,
                min_ready: spec.min_ready_seconds.unwrap_or(0),
                on_delete: strategy.and_then(|one| one.type_.as_deref()) == Some("OnDelete"),
                partition: rolling.and_then(|rolling| rolling.partition).unwrap_or(0),
            }
        }
        Kind::DaemonSet => {
            let spec = objects.get::<DaemonSet>(namespace, name)?.spec.as_ref()?;
            let strategy = spec.update_strategy.as_ref();
            Settings {
                selector: LabelSelector::of(&spec.selector),
                paused: false,
                min_ready: spec.min_ready_seconds.unwrap_or(0),
                on_delete: strategy.and_then(|one| one.type_.as_deref()) == Some("OnDelete"),
                partition: 0,
            }
        }
        _ => return None,
    })
}

/// A probe fails of a pod whose server listens: whether one that asks that port alone would do is tried.
pub(super) fn failing_probe(
    facts: &Facts<'_>,
    object: &ObjectName,
    pod: &Pod,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    unhealthy(facts, pod)?;
    let ObjectName { kind, namespace, name } = object;
    let begun = |container: &str| {
        let mut all = pod.status.iter().flat_map(|one| one.container_statuses.iter().flatten());
        all.any(|one| one.name == container && one.started == Some(true))
    };
    let containers = pod.spec.as_ref()?.containers.iter().enumerate();
    let (index, field) = containers.into_iter().find_map(|(index, one)| {
        let field = match (&one.startup_probe, &one.readiness_probe) {
            (Some(_), _) if !begun(&one.name) => "startupProbe",
            (_, Some(_)) => "readinessProbe",
            _ => return None,
        };
        Some((index, field))
    })?;
    let path = format!("spec.template.spec.containers[{index}].{field}");
    let said = said
        .clone()
        .look([look::describe("pod", namespace, pod.metadata.name.as_deref().unwrap_or(""))])
        .fact(format!("its {field} fails"))
        .at(facts.locator.field(kind.info().name, namespace, name, &path));
    let probe = pod.spec.as_ref()?.containers.get(index).and_then(|one| match field {
        "startupProbe" => one.startup_probe.as_ref(),
        _ => one.readiness_probe.as_ref(),
    })?;
    if let Some(said) = odd_port(facts, object, pod, (&path, probe), &said) {
        return Some(said);
    }
    if let Some(said) = odd_scheme(facts, object, (&path, probe), &said) {
        return Some(said);
    }
    if let Some(said) = late_success(facts, object, pod, (&path, probe), &said) {
        return Some(said);
    }
    let said = match given_up(probe) {
        Some(fact) if field == "startupProbe" => said.fact(fact),
        _ => said,
    };
    let waits = "let it ask what the server does answer, and give the server the time that it needs; apply, and send again";
    let open = facts.listeners(pod).into_iter().find(|one| one.protocol == Protocol::Tcp);
    let open = open.filter(|_| field == "readinessProbe").map(|one| one.port);
    let Some(port) = open else { return Some(said.fix(waits)) };
    let pointer = format!("/spec/template/spec/containers/{index}/{field}");
    let patch = format!(
        "[{{\"op\":\"add\",\"path\":\"{pointer}\",\"value\":{{\"tcpSocket\":{{\"port\":{port}}}}}}}]"
    );
    let place = look::in_namespace(namespace);
    let command =
        format!("kubectl patch {} {name}{place} --type=json -p '{patch}'", kind.info().singular);
    let words = format!("{field}: {{tcpSocket: {{port: {port}}}}}");
    let other = match &probe.exec {
        Some(_) => "run a program that the image has",
        None => "ask for a path that the server has",
    };
    Some(match trial::after(facts, &command) {
        trial::Tried::Passes => {
            said.fix(format!("write {words}, or {other}; apply, and send again"))
        }
        _ => said.fix(waits),
    })
}

/// The server listens, and its probe has to succeed several times before the pod counts as ready.
fn late_success(
    facts: &Facts<'_>,
    object: &ObjectName,
    pod: &Pod,
    (path, probe): (&str, &Probe),
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let times = probe.success_threshold.filter(|times| *times > 1)?;
    let path = format!("{path}.successThreshold");
    if facts.listeners(pod).is_empty()
        || with_probe(facts, object, &path, "1") != trial::Tried::Passes
    {
        return None;
    }
    let period = probe.period_seconds.unwrap_or(10);
    let ObjectName { kind, namespace, name } = object;
    Some(
        said.clone()
            .fact(format!("it has to succeed {times} times in a row, {period} s apart"))
            .nearest(Some("successThreshold: 1".to_owned()))
            .at(facts.locator.field(kind.info().name, namespace, name, &path))
            .fix("write successThreshold: 1, or leave it out; apply, and send again"),
    )
}

/// A change of the probe, tried in a copy.
fn with_probe(facts: &Facts<'_>, object: &ObjectName, path: &str, value: &str) -> trial::Tried {
    let ObjectName { kind, namespace, name } = object;
    let pointer = pointer(path);
    let patch = format!("[{{\"op\":\"add\",\"path\":\"{pointer}\",\"value\":{value}}}]");
    let place = look::in_namespace(namespace);
    trial::after(
        facts,
        &format!("kubectl patch {} {name}{place} --type=json -p '{patch}'", kind.info().singular),
    )
}

/// The probe asks at a port by a name that no port of the container has.
fn odd_port(
    facts: &Facts<'_>,
    object: &ObjectName,
    pod: &Pod,
    (path, probe): (&str, &Probe),
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let (port, kind) = match (&probe.http_get, &probe.tcp_socket) {
        (Some(http), _) => (&http.port, "httpGet"),
        (_, Some(tcp)) => (&tcp.port, "tcpSocket"),
        _ => return None,
    };
    let IntOrString::String(word) = port else { return None };
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let ports: Vec<_> = containers.flat_map(|one| one.ports.iter().flatten()).collect();
    if ports.iter().any(|port| port.name.as_ref() == Some(word)) {
        return None;
    }
    let close =
        crate::diagnostic::nearest(word, ports.iter().filter_map(|port| port.name.as_deref()));
    let open = facts.listeners(pod).into_iter().find(|one| one.protocol == Protocol::Tcp);
    let instead = close.map(str::to_owned).or_else(|| open.map(|one| one.port.to_string()));
    let ObjectName { kind: owner, namespace, name } = object;
    let at =
        facts.locator.field(owner.info().name, namespace, name, &format!("{path}.{kind}.port"));
    let said = said.clone().fact(format!("no port of the container is called {word}")).at(at);
    Some(match instead {
        Some(port) => said
            .nearest(Some(format!("port: {port}")))
            .fix(format!("write port: {port}, apply, and send again")),
        None => {
            said.fix(format!("call a port of the container {word}, or write the port's number"))
        }
    })
}

/// The probe begins a TLS handshake, and asked in plain HTTP the goal passes.
fn odd_scheme(
    facts: &Facts<'_>,
    object: &ObjectName,
    (path, probe): (&str, &Probe),
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let scheme = probe.http_get.as_ref()?.scheme.as_deref()?;
    let ObjectName { kind, namespace, name } = object;
    let field = format!("{path}.httpGet.scheme");
    let passes =
        scheme == "HTTPS" && with_probe(facts, object, &field, "\"HTTP\"") == trial::Tried::Passes;
    passes.then(|| {
        said.clone()
            .fact("scheme: HTTPS begins a TLS handshake, and the server speaks plain HTTP")
            .nearest(Some("scheme: HTTP".to_owned()))
            .at(facts.locator.field(kind.info().name, namespace, name, &field))
            .fix("write scheme: HTTP, or leave it out; apply, and send again")
    })
}

/// When the kubelet gives a startup probe up, and the container with it.
fn given_up(probe: &Probe) -> Option<String> {
    let (every, most) = (probe.period_seconds.unwrap_or(10), probe.failure_threshold.unwrap_or(3));
    let delay = probe.initial_delay_seconds.unwrap_or(0);
    let after = delay.checked_add(every.checked_mul(most)?)?;
    Some(format!(
        "the kubelet gives up after {after} s ({most} x {every} s{}), and kills the container",
        match delay {
            0 => String::new(),
            delay => format!(", {delay} s after its start"),
        }
    ))
}

/// A new pod that is not ready because its probe has not asked yet (initialDelaySeconds).
pub(super) fn probe_waits(
    facts: &Facts<'_>,
    object: &ObjectName,
    pod: &Pod,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let containers = pod.spec.as_ref()?.containers.iter().enumerate();
    let (index, delay) = containers.into_iter().find_map(|(index, one)| {
        let delay = one.readiness_probe.as_ref()?.initial_delay_seconds?;
        (delay > 0).then_some((index, delay))
    })?;
    if unhealthy(facts, pod).is_some() || !pod.is_running() {
        return None;
    }
    let ObjectName { kind, namespace, name } = object;
    let path = format!("spec.template.spec.containers[{index}].readinessProbe.initialDelaySeconds");
    Some(
        said.clone()
            .look([look::describe("pod", namespace, pod.metadata.name.as_deref().unwrap_or(""))])
            .fact(format!("its readinessProbe asks {delay} s after the container's start for the first time, and until then the pod is not ready"))
            .at(facts.locator.field(kind.info().name, namespace, name, &path))
            .fix("write fewer initialDelaySeconds: the probe asks again and again until it succeeds; apply, and send again"),
    )
}

/// What a setting of the controller says by which it replaces no pod.
fn told_to_wait(
    facts: &Facts<'_>,
    object: &ObjectName,
    settings: &Settings,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let ObjectName { kind, namespace, name } = object;
    let singular = kind.info().singular;
    let line = |path: &str| facts.locator.field(kind.info().name, namespace, name, path);
    let place = look::in_namespace(namespace);
    if settings.paused {
        return Some(
            said.clone()
                .fact("paused is true: the controller makes no pods of the new template")
                .at(line("spec.paused"))
                .fix(format!(
                    "take paused out and apply, or kubectl rollout resume {singular} {name}{place}"
                )),
        );
    }
    if settings.on_delete {
        return Some(
            said.clone()
                .fact(
                    "updateStrategy is OnDelete: a pod is made anew only when somebody deletes it",
                )
                .at(line("spec.updateStrategy.type"))
                .fix("write type: RollingUpdate and apply, or delete the pods"),
        );
    }
    if settings.partition > 0 {
        let partition = settings.partition;
        return Some(
            said.clone()
                .fact(format!(
                    "partition is {partition}: pods with a lower number keep the older template"
                ))
                .at(line("spec.updateStrategy.rollingUpdate.partition"))
                .fix("write partition: 0, apply, and send again"),
        );
    }
    None
}

/// What keeps the controller from replacing its pods.
fn waits(facts: &Facts<'_>, object: &ObjectName, said: Diagnosis) -> Diagnosis {
    let ObjectName { kind, namespace, name } = object;
    let singular = kind.info().singular;
    let said = said.look([look::describe(singular, namespace, name), look::pods(namespace)]);
    let Some(settings) = settings(facts, object) else { return said };
    let line = |path: &str| facts.locator.field(kind.info().name, namespace, name, path);
    let place = look::in_namespace(namespace);
    if let Some(said) = told_to_wait(facts, object, &settings, &said) {
        return said;
    }
    let pods = facts.case.cluster.objects().list::<Pod>(Some(namespace));
    let pods: Vec<&Arc<Pod>> =
        pods.filter(|pod| settings.selector.matches(pod.metadata.labels.as_ref())).collect();
    let (old, new): (Vec<&Arc<Pod>>, Vec<&Arc<Pod>>) =
        pods.iter().partition(|pod| is_older(facts, object, pod));
    if let Some(trouble) = workloads::trouble(facts, &new) {
        return said
            .look(trouble.look)
            .fact(trouble.message)
            .facts(trouble.evidence)
            .nearest(trouble.nearest)
            .at(trouble.at)
            .fix(trouble.fix);
    }
    let said = said
        .facts(new.iter().map(|pod| pod_line(pod)))
        .facts(new.iter().filter_map(|pod| unhealthy(facts, pod)))
        .facts(old.iter().map(|pod| format!("{}, of the older template", pod_line(pod))));
    let unready = new.iter().find(|pod| !pod.is_ready());
    if let Some((port, at)) = unready.and_then(|pod| closed_probe(facts, pod)) {
        return said.at(at).fix(format!("let the probe ask at port {port}, apply, and send again"));
    }
    if let Some(said) = unready.and_then(|pod| failing_probe(facts, object, pod, &said)) {
        return said;
    }
    if let Some(said) = unready.and_then(|pod| probe_waits(facts, object, pod, &said)) {
        return said;
    }
    if let Some(pod) = unready {
        let pod = pod.metadata.name.as_deref().unwrap_or("");
        return said
            .look([look::describe("pod", namespace, pod)])
            .at(line("spec.template"))
            .fix(format!("let the new pods become ready: kubectl describe pod {pod}{place} says why they are not"));
    }
    if settings.min_ready > 0 {
        let seconds = settings.min_ready;
        return said
            .fact(format!("minReadySeconds is {seconds}: a new pod counts only when it has been ready for so long"))
            .at(line("spec.minReadySeconds"))
            .fix("write fewer minReadySeconds, apply, and send again");
    }
    said.fix(format!("see what it waits for: kubectl describe {singular} {name}{place}"))
}
