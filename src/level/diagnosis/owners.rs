//! What makes pods.

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};

use super::{Facts, client, look};
use crate::api::{Kind, LabelSelector, Labels, Pod};
use crate::cluster::ObjectName;

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

/// The same, as the object that it is.
pub(super) fn object(facts: &Facts<'_>, pod: &Pod) -> ObjectName {
    let (kind, name) = maker(facts, pod);
    ObjectName { kind, namespace: pod.metadata.namespace.clone().unwrap_or_default(), name }
}

/// Who makes pods, and how many.
pub(super) struct Maker {
    pub kind: Kind,
    pub name: String,
    pub replicas: i32,
    /// Whether it makes none for now (`spec.paused` of a Deployment).
    pub paused: bool,
}

/// The Deployments and StatefulSets that make pods with these labels.
pub(super) fn makers(facts: &Facts<'_>, namespace: &str, wanted: &Labels) -> Vec<Maker> {
    let selector = LabelSelector::equalities(wanted);
    let objects = facts.case.cluster.objects();
    let deployments = objects.list::<Deployment>(Some(namespace)).filter_map(|one| {
        let spec = one.spec.as_ref()?;
        let paused = spec.paused == Some(true);
        Some((Kind::Deployment, &one.metadata, spec.replicas, paused, &spec.template))
    });
    let sets = objects.list::<StatefulSet>(Some(namespace)).filter_map(|one| {
        let spec = one.spec.as_ref()?;
        Some((Kind::StatefulSet, &one.metadata, spec.replicas, false, &spec.template))
    });
    let made =
        deployments.chain(sets).filter_map(|(kind, metadata, replicas, paused, template)| {
            selector.matches(template.metadata.as_ref()?.labels.as_ref()).then_some(())?;
            let (name, replicas) = (metadata.name.clone()?, replicas.unwrap_or(1));
            Some(Maker { kind, name, replicas, paused })
        });
    made.collect()
}

/// The command that makes a pod anew, as its maker or its file says it.
pub(super) fn made_anew(facts: &Facts<'_>, pod: &Pod) -> String {
    let (kind, maker) = maker(facts, pod);
    let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
    let place = look::in_namespace(namespace);
    if matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet) {
        return format!("kubectl rollout restart {} {maker}{place}", kind.info().singular);
    }
    let name = pod.metadata.name.as_deref().unwrap_or("");
    match facts.locator.source("Pod", namespace, name) {
        _ if kind != Kind::Pod => format!("kubectl delete pod {name}{place}"),
        Some(source) => format!("kubectl replace --force -f {}", source.document.file),
        None => format!("kubectl get pod {name}{place} -o yaml | kubectl replace --force -f -"),
    }
}
