//! ReplicaSets, and the ReplicationControllers before them.

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::ReplicationController;

use super::age::since;
use super::format::{containers_and_images, format_labels, format_selector};
use super::{Columns, narrow, wide};
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns = &[
    narrow("NAME"),
    narrow("DESIRED"),
    narrow("CURRENT"),
    narrow("READY"),
    narrow("AGE"),
    wide("CONTAINERS"),
    wide("IMAGES"),
    wide("SELECTOR"),
];

pub(super) fn row(set: &ReplicaSet, now: SimTime) -> Vec<String> {
    let spec = set.spec.as_ref();
    let status = set.status.clone().unwrap_or_default();
    let template = spec.and_then(|spec| spec.template.as_ref()?.spec.as_ref());
    let [containers, images] = containers_and_images(template);
    vec![
        set.metadata.name.clone().unwrap_or_default(),
        spec.and_then(|spec| spec.replicas).unwrap_or(0).to_string(),
        status.replicas.to_string(),
        status.ready_replicas.unwrap_or(0).to_string(),
        since(set.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
        format_selector(spec.map(|spec| &spec.selector)),
    ]
}

pub(super) fn controller_row(controller: &ReplicationController, now: SimTime) -> Vec<String> {
    let spec = controller.spec.as_ref();
    let status = controller.status.clone().unwrap_or_default();
    let template = spec.and_then(|spec| spec.template.as_ref()?.spec.as_ref());
    let [containers, images] = containers_and_images(template);
    vec![
        controller.metadata.name.clone().unwrap_or_default(),
        spec.and_then(|spec| spec.replicas).unwrap_or(0).to_string(),
        status.replicas.to_string(),
        status.ready_replicas.unwrap_or(0).to_string(),
        since(controller.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
        format_labels(spec.and_then(|spec| spec.selector.as_ref())),
    ]
}
