//! DaemonSets.

use k8s_openapi::api::apps::v1::DaemonSet;

use super::age::since;
use super::format::{containers_and_images, format_labels, format_selector};
use super::{Columns, narrow, wide};
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns = &[
    narrow("NAME"),
    narrow("DESIRED"),
    narrow("CURRENT"),
    narrow("READY"),
    narrow("UP-TO-DATE"),
    narrow("AVAILABLE"),
    narrow("NODE SELECTOR"),
    narrow("AGE"),
    wide("CONTAINERS"),
    wide("IMAGES"),
    wide("SELECTOR"),
];

pub(super) fn row(set: &DaemonSet, now: SimTime) -> Vec<String> {
    let spec = set.spec.as_ref();
    let status = set.status.clone().unwrap_or_default();
    let template = spec.and_then(|spec| spec.template.spec.as_ref());
    let [containers, images] = containers_and_images(template);
    vec![
        set.metadata.name.clone().unwrap_or_default(),
        status.desired_number_scheduled.to_string(),
        status.current_number_scheduled.to_string(),
        status.number_ready.to_string(),
        status.updated_number_scheduled.unwrap_or(0).to_string(),
        status.number_available.unwrap_or(0).to_string(),
        format_labels(template.and_then(|template| template.node_selector.as_ref())),
        since(set.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
        format_selector(spec.map(|spec| &spec.selector)),
    ]
}
