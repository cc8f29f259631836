//! Deployments.

use k8s_openapi::api::apps::v1::Deployment;

use super::age::since;
use super::format::{containers_and_images, format_selector};
use super::{Columns, narrow, wide};
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns = &[
    narrow("NAME"),
    narrow("READY"),
    narrow("UP-TO-DATE"),
    narrow("AVAILABLE"),
    narrow("AGE"),
    wide("CONTAINERS"),
    wide("IMAGES"),
    wide("SELECTOR"),
];

pub(super) fn row(deployment: &Deployment, now: SimTime) -> Vec<String> {
    let status = deployment.status.clone().unwrap_or_default();
    let spec = deployment.spec.as_ref();
    let desired = spec.and_then(|spec| spec.replicas).unwrap_or(0);
    let [containers, images] =
        containers_and_images(spec.and_then(|spec| spec.template.spec.as_ref()));
    vec![
        deployment.metadata.name.clone().unwrap_or_default(),
        format!("{}/{desired}", status.ready_replicas.unwrap_or(0)),
        status.updated_replicas.unwrap_or(0).to_string(),
        status.available_replicas.unwrap_or(0).to_string(),
        since(deployment.metadata.creation_timestamp.as_ref(), now),
        containers,
        images,
        format_selector(spec.map(|spec| &spec.selector)),
    ]
}
