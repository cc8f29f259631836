//! A StatefulSet's status.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetStatus};

use super::super::{Client, pods, revision};
use super::{Work, is_healthy, revision_of};
use crate::api::Pod;

/// Writes what the pods are now.
pub(super) fn write(client: &mut Client<'_>, work: &Work<'_>, collisions: i32) {
    let number = |holds: &dyn Fn(&Arc<Pod>) -> bool| {
        work.pods.values().filter(|pod| holds(pod)).count() as i32
    };
    let ready = |pod: &Arc<Pod>| pod.phase() == "Running" && pod.is_ready();
    let stays = |pod: &Arc<Pod>| pod.is_active();
    let of = |pod: &Arc<Pod>, name: &str| revision_of(pod) == Some(name);
    let (current, update) = (revision::name(work.current), revision::name(work.update));
    let some = |count: i32| Some(count).filter(|count| *count != 0);
    let available = number(&|pod| {
        ready(pod) && stays(pod) && pods::is_available(pod, work.min_ready(), client.now)
    });
    let updated = number(&|pod| stays(pod) && of(pod, update));
    let replicas = work.pods.len() as i32;
    let wanted = work.spec.replicas.unwrap_or(1);
    let all_healthy = work.pods.values().all(|pod| is_healthy(pod));
    let complete = updated == wanted && replicas == wanted && all_healthy;
    let current = if complete || work.pods.is_empty() { update } else { current };
    let status = StatefulSetStatus {
        available_replicas: Some(available),
        collision_count: Some(collisions),
        conditions: work.set.status.as_ref().and_then(|status| status.conditions.clone()),
        current_replicas: some(number(&|pod| stays(pod) && of(pod, current))),
        current_revision: Some(current.to_owned()),
        observed_generation: work.set.metadata.generation,
        ready_replicas: some(number(&ready)),
        replicas,
        update_revision: Some(update.to_owned()),
        updated_replicas: some(updated),
    };
    if work.set.status.as_ref() != Some(&status) {
        let mut set = StatefulSet::clone(work.set);
        set.status = Some(status);
        client.update(set);
    }
}
