//! Pods that are not there, or do not run.

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use super::locate::field_of;
use super::{Diagnosis, Facts, containers};
use crate::api::{LabelSelector, Pod, Resource};
use crate::level::place::{NoPlace, is_running};
use crate::manifest::Document;

/// The goal's request had nowhere to run.
pub(super) fn no_place(facts: &Facts<'_>) -> Option<Diagnosis> {
    let no_place = facts.case.run?.no_place.as_ref()?;
    let (place, said) = match no_place {
        NoPlace::Missing(place) => (place, format!("there is no {place} to send the request from")),
        NoPlace::NotRunning(place) => {
            (place, format!("{place} does not run, so nothing can be sent from it"))
        }
        NoPlace::NoContainer(place, container) => {
            (place, format!("{place} has no container {container} to send the request from"))
        }
    };
    let document = facts.locator.documents().iter().find(|document| {
        document.value.pointer("/metadata/name").and_then(|name| name.as_str()) == Some(&place.name)
    });
    let trouble = diagnose(facts);
    let mut said = Diagnosis::new("client-not-running", said);
    said.evidence.extend(trouble.into_iter().flat_map(|trouble| trouble.evidence));
    Some(said.at(document.and_then(|document| field_of(document, "kind"))))
}

/// One of the player's own workloads has no pod that runs.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    facts.locator.documents().iter().find_map(|document| workload(facts, document))
}

fn workload(facts: &Facts<'_>, document: &Document) -> Option<Diagnosis> {
    let text = |pointer: &str| document.value.pointer(pointer).and_then(|value| value.as_str());
    let namespace = text("/metadata/namespace").unwrap_or("default");
    let name = text("/metadata/name")?;
    match text("/kind")? {
        "Pod" => bare_pod(facts, document, namespace, name),
        "Deployment" => controlled::<Deployment>(facts, document, (namespace, name), |d| {
            d.spec.as_ref().map(|spec| (spec.replicas, &spec.selector))
        }),
        "ReplicaSet" => controlled::<ReplicaSet>(facts, document, (namespace, name), |rs| {
            rs.spec.as_ref().map(|spec| (spec.replicas, &spec.selector))
        }),
        "StatefulSet" => controlled::<StatefulSet>(facts, document, (namespace, name), |sts| {
            sts.spec.as_ref().map(|spec| (spec.replicas, &spec.selector))
        }),
        _ => None,
    }
}

fn bare_pod(
    facts: &Facts<'_>,
    document: &Document,
    namespace: &str,
    name: &str,
) -> Option<Diagnosis> {
    match facts.case.cluster.objects().get::<Pod>(namespace, name) {
        None => Some(
            Diagnosis::new(
                "nothing-brings-it-back",
                format!("pod {name} is gone, and nothing brings it back"),
            )
            .fact(format!("{name} was a bare pod: no controller owned it"))
            .fact("restartPolicy restarts containers inside a pod that exists")
            .nearest(Some("kind: Deployment, with the pod as its template".to_owned()))
            .at(field_of(document, "kind")),
        ),
        Some(pod) => not_running(facts, pod, document, "spec.containers"),
    }
}

type Scale<'a> = Option<(Option<i32>, &'a meta::LabelSelector)>;

fn controlled<T: Resource>(
    facts: &Facts<'_>,
    document: &Document,
    (namespace, name): (&str, &str),
    scale: impl Fn(&T) -> Scale<'_>,
) -> Option<Diagnosis> {
    let objects = facts.case.cluster.objects();
    let object = objects.get::<T>(namespace, name)?;
    let (replicas, selector) = scale(object)?;
    if replicas == Some(0) {
        return Some(
            Diagnosis::new(
                "nothing-brings-it-back",
                format!("{} {name} keeps 0 pods, so there is none", T::KIND),
            )
            .fact("replicas is 0")
            .nearest(Some("replicas: 1".to_owned()))
            .at(field_of(document, "spec.replicas")),
        );
    }
    let selector = LabelSelector::of(selector);
    objects
        .list::<Pod>(Some(namespace))
        .filter(|pod| selector.matches(pod.metadata.labels.as_ref()))
        .find_map(|pod| not_running(facts, pod, document, "spec.template.spec.containers"))
}

/// A container of the pod waits or has crashed.
fn not_running(facts: &Facts<'_>, pod: &Pod, document: &Document, path: &str) -> Option<Diagnosis> {
    let status = pod.status.as_ref()?;
    let name = pod.metadata.name.as_deref().unwrap_or("");
    for (index, container) in status.container_statuses.iter().flatten().enumerate() {
        let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
        let Some(reason) = waiting.and_then(|waiting| waiting.reason.as_deref()) else { continue };
        if reason == "ContainerCreating" || reason == "PodInitializing" {
            continue;
        }
        let said = containers::diagnose(facts, pod, container, reason);
        return Some(said.at(field_of(document, &format!("{path}[{index}]"))));
    }
    if is_running(pod) || status.phase.as_deref() == Some("Succeeded") {
        return None;
    }
    let mut conditions = status.conditions.iter();
    let pending = conditions.find(|c| c.type_ == "PodScheduled" && c.status == "False")?;
    Some(
        Diagnosis::new("pod-not-scheduled", format!("no node takes pod {name}"))
            .facts(pending.message.clone())
            .at(field_of(document, "kind")),
    )
}
