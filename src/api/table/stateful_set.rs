//! StatefulSets.

use k8s_openapi::api::apps::v1::StatefulSet;

use super::age::since;
use super::format::containers_and_images;
use super::{Columns, narrow, wide};
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns =
    &[narrow("NAME"), narrow("READY"), narrow("AGE"), wide("CONTAINERS"), wide("IMAGES")];

pub(super) fn row(set: &StatefulSet, now: SimTime) -> Vec<String> {
    let spec = set.spec.as_ref();
    let ready = set.status.as_ref().and_then(|status| status.ready_replicas).unwrap_or(0);
    let [containers, images] =
        containers_and_images(spec.and_then(|spec| spec.template.spec.as_ref()));
    vec![
        set.metadata.name.clone().unwrap_or_default(),
        format!("{ready}/{}", spec.and_then(|spec| spec.replicas).unwrap_or(0)),
        since(set.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
    ]
}
