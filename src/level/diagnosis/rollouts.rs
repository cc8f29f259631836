//! Templates that changed, and pods that do not follow: a rollout that is paused, that waits, or that
//! was not done when somebody gave up waiting.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::PodTemplateSpec;

use super::look::{self, shown_name};
use super::packets::{closed_probe, pod_line, unhealthy};
use super::{Diagnosis, Facts, answers, client, trial, workloads};
use crate::api::{Kind, LabelSelector, Pod};
use crate::cluster::{Did, ObjectName};
use crate::network::{Party, Protocol};

/// The label by which a controller tells its templates apart.
const REVISION: &str = "controller-revision-hash";
const TEMPLATE: &str = "pod-template-hash";

/// The pod that answered is of an older template than its controller's.
pub(super) fn older(facts: &Facts<'_>, party: &Party, said: &Diagnosis) -> Option<Diagnosis> {
    let Party::Pod { namespace, name } = party else { return None };
    let pod = facts.case.cluster.objects().get::<Pod>(namespace, name)?;
    let (kind, maker) = answers::maker(facts, pod);
    let object = ObjectName { kind, namespace: namespace.to_string(), name: maker };
    if !is_older(facts, &object, pod) {
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
    let (kind, maker) = answers::maker(facts, pod);
    let object = ObjectName { kind, namespace, name: maker };
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
fn failing_probe(
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
    Some(match trial::after(facts, &command) {
        trial::Tried::Passes => said.fix(format!(
            "write {words}, or ask for a path that the server has; apply, and send again"
        )),
        _ => said.fix(waits),
    })
}

/// What keeps the controller from replacing its pods.
fn waits(facts: &Facts<'_>, object: &ObjectName, said: Diagnosis) -> Diagnosis {
    let ObjectName { kind, namespace, name } = object;
    let singular = kind.info().singular;
    let said = said.look([look::describe(singular, namespace, name), look::pods(namespace)]);
    let Some(settings) = settings(facts, object) else { return said };
    let line = |path: &str| facts.locator.field(kind.info().name, namespace, name, path);
    let place = look::in_namespace(namespace);
    if settings.paused {
        return said
            .fact("paused is true: the controller makes no pods of the new template")
            .at(line("spec.paused"))
            .fix(format!(
                "take paused out and apply, or kubectl rollout resume {singular} {name}{place}"
            ));
    }
    if settings.on_delete {
        return said
            .fact("updateStrategy is OnDelete: a pod is made anew only when somebody deletes it")
            .at(line("spec.updateStrategy.type"))
            .fix("write type: RollingUpdate and apply, or delete the pods");
    }
    if settings.partition > 0 {
        let partition = settings.partition;
        return said
            .fact(format!(
                "partition is {partition}: pods with a lower number keep the older template"
            ))
            .at(line("spec.updateStrategy.rollingUpdate.partition"))
            .fix("write partition: 0, apply, and send again");
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
