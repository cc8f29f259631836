//! What controllers ask of a pod.

use std::time::Duration;

use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::owner;
use crate::api::{Kind, Pod, Resource};
use crate::clock::SimTime;

/// How long a controller waits before it asks again for a pod that the server has refused.
/// kube-controller-manager waits twice as long each time, from milliseconds to a quarter of an hour.
pub(super) const RETRY: std::time::Duration = std::time::Duration::from_secs(10);

/// Since when it is ready.
pub(super) fn ready_since(pod: &Pod) -> Option<SimTime> {
    let ready = pod.condition("Ready").filter(|ready| ready.status == "True")?;
    let since = ready.last_transition_time.as_ref();
    Some(since.map_or(SimTime::START, |time| SimTime::from_timestamp(time.0)))
}

/// When it is, was or will be available: ready for `min_ready` seconds on end.
pub(super) fn available_from(pod: &Pod, min_ready: i32) -> Option<SimTime> {
    let seconds = u64::try_from(min_ready).unwrap_or(0);
    ready_since(pod).map(|since| since + Duration::from_secs(seconds))
}

/// Whether it has been ready for `min_ready` seconds.
pub(super) fn is_available(pod: &Pod, min_ready: i32, now: SimTime) -> bool {
    available_from(pod, min_ready).is_some_and(|from| from <= now)
}

/// When the next of these pods turns available, if one that is ready still has to wait.
pub(super) fn next_available<'a>(
    pods: impl IntoIterator<Item = &'a Pod>,
    min_ready: i32,
    now: SimTime,
) -> Option<SimTime> {
    let dates = pods.into_iter().filter_map(|pod| available_from(pod, min_ready));
    dates.filter(|from| *from > now).min()
}

/// A new pod for `owner` from a template: with its labels and annotations, and nothing assigned.
pub(super) fn from_template<T: Resource>(owner: &T, template: &PodTemplateSpec) -> Pod {
    let meta = template.metadata.as_ref();
    Pod {
        metadata: ObjectMeta {
            annotations: meta.and_then(|meta| meta.annotations.clone()),
            finalizers: meta.and_then(|meta| meta.finalizers.clone()),
            generate_name: Some(format!(
                "{}-",
                owner.metadata().name.as_deref().unwrap_or_default()
            )),
            labels: meta.and_then(|meta| meta.labels.clone()),
            namespace: owner.metadata().namespace.clone(),
            owner_references: Some(vec![owner::reference_to(T::KIND, owner.metadata())]),
            ..ObjectMeta::default()
        },
        spec: Some(template.spec.clone().unwrap_or_default().into()),
        status: None,
    }
}

/// The kind of a controller reference, if this room has a controller for it.
pub(super) fn owner_kind(pod: &Pod) -> Option<(Kind, &str)> {
    let owner = owner::controller(&pod.metadata)?;
    Some((Kind::from_manifest(&owner.api_version, &owner.kind)?, &owner.name))
}
