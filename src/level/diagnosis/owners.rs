//! What made a pod.

use super::{Facts, client};

use crate::api::{Kind, Pod};

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
