//! Roles, their bindings, quotas and limits.

use k8s_openapi::api::core::v1::{LimitRange, ResourceQuota};
use k8s_openapi::api::rbac::v1::{RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::jiff::Timestamp;

use super::age::since;
use super::{Columns, narrow, wide};
use crate::clock::SimTime;

pub(super) const ROLE: Columns = &[narrow("NAME"), narrow("CREATED AT")];
pub(super) const BINDING: Columns = &[
    narrow("NAME"),
    narrow("ROLE"),
    narrow("AGE"),
    wide("USERS"),
    wide("GROUPS"),
    wide("SERVICEACCOUNTS"),
];
pub(super) const QUOTA: Columns =
    &[narrow("NAME"), narrow("REQUEST"), narrow("LIMIT"), narrow("AGE")];
pub(super) const LIMITS: Columns = &[narrow("NAME"), narrow("CREATED AT")];

/// A Role or ClusterRole. The server prints these without a printer of their own.
pub(super) fn role(metadata: &ObjectMeta) -> Vec<String> {
    vec![name(metadata), created(metadata)]
}

pub(super) fn limits(range: &LimitRange) -> Vec<String> {
    vec![name(&range.metadata), created(&range.metadata)]
}

/// A RoleBinding or ClusterRoleBinding.
pub(super) fn binding(
    metadata: &ObjectMeta,
    role: &RoleRef,
    subjects: Option<&[Subject]>,
    now: SimTime,
) -> Vec<String> {
    let of = |kind: &str| -> String {
        let subjects = subjects.unwrap_or_default().iter().filter(|subject| subject.kind == kind);
        let names = subjects.map(|subject| match kind {
            "ServiceAccount" => {
                format!("{}/{}", subject.namespace.as_deref().unwrap_or(""), subject.name)
            }
            _ => subject.name.clone(),
        });
        names.collect::<Vec<_>>().join(", ")
    };
    vec![
        name(metadata),
        format!("{}/{}", role.kind, role.name),
        since(metadata.creation_timestamp.as_ref(), now),
        of("User"),
        of("Group"),
        of("ServiceAccount"),
    ]
}

pub(super) fn quota(quota: &ResourceQuota, now: SimTime) -> Vec<String> {
    let status = quota.status.clone().unwrap_or_default();
    let used = status.used.unwrap_or_default();
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (resource, hard) in status.hard.iter().flatten() {
        let used = used.get(resource).map_or("0", |used| used.0.as_str());
        let cell = format!("{resource}: {used}/{}", hard.0);
        match resource.starts_with("limits.") {
            true => limits.push(cell),
            false => requests.push(cell),
        }
    }
    vec![
        name(&quota.metadata),
        requests.join(", "),
        limits.join(", "),
        since(quota.metadata.creation_timestamp.as_ref(), now),
    ]
}

fn name(metadata: &ObjectMeta) -> String {
    metadata.name.clone().unwrap_or_default()
}

/// `2026-01-05T09:00:00Z`
fn created(metadata: &ObjectMeta) -> String {
    let created = metadata.creation_timestamp.as_ref();
    created.map_or(Timestamp::UNIX_EPOCH, |time| time.0).to_string()
}
