//! ControllerRevisions.

use k8s_openapi::api::apps::v1::ControllerRevision;

use super::format::{age, name, or_none};
use super::{Columns, narrow};
use crate::clock::SimTime;

pub(super) const CONTROLLER_REVISION: Columns =
    &[narrow("NAME"), narrow("CONTROLLER"), narrow("REVISION"), narrow("AGE")];

pub(super) fn controller_revision(revision: &ControllerRevision, now: SimTime) -> Vec<String> {
    let owners = revision.metadata.owner_references.as_deref().unwrap_or_default();
    let controller = owners.iter().find(|owner| owner.controller == Some(true)).map(|owner| {
        let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
        let kind = owner.kind.to_lowercase();
        let dot = if group.is_empty() { "" } else { "." };
        format!("{kind}{dot}{group}/{}", owner.name)
    });
    vec![
        name(&revision.metadata),
        or_none(controller.unwrap_or_default()),
        revision.revision.to_string(),
        age(&revision.metadata, now),
    ]
}
