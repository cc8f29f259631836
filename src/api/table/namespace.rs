//! Namespaces.

use k8s_openapi::api::core::v1::Namespace;

use super::format::{age, name};
use super::{Columns, narrow};
use crate::clock::SimTime;

pub(super) const NAMESPACE: Columns = &[narrow("NAME"), narrow("STATUS"), narrow("AGE")];

pub(super) fn namespace(namespace: &Namespace, now: SimTime) -> Vec<String> {
    let phase = namespace.status.as_ref().and_then(|status| status.phase.clone());
    vec![name(&namespace.metadata), phase.unwrap_or_default(), age(&namespace.metadata, now)]
}
