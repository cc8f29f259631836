//! Owner references: who made an object, and who takes it in or lets it go (R3.2).

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use super::Client;
use crate::api::selector::LabelSelector;
use crate::api::{Kind, Object, Pod, Resource};

/// An object's owners.
pub(super) fn references(object: &Object) -> &[OwnerReference] {
    object.metadata().owner_references.as_deref().unwrap_or_default()
}

/// The reference to the controller that an object obeys.
pub(super) fn controller(meta: &ObjectMeta) -> Option<&OwnerReference> {
    let references = meta.owner_references.as_deref().unwrap_or_default();
    references.iter().find(|owner| owner.controller == Some(true))
}

/// The UID of the controller that an object obeys.
pub(super) fn controller_uid(meta: &ObjectMeta) -> Option<&str> {
    controller(meta).map(|owner| owner.uid.as_str())
}

/// Whether the object with `uid` controls this one.
pub(super) fn is_controlled_by(meta: &ObjectMeta, uid: &str) -> bool {
    controller_uid(meta) == Some(uid)
}

/// A reference that makes its holder the object's own.
pub(super) fn reference_to(kind: Kind, meta: &ObjectMeta) -> OwnerReference {
    OwnerReference {
        api_version: kind.info().api_version(),
        block_owner_deletion: Some(true),
        controller: Some(true),
        kind: kind.info().name.to_owned(),
        name: meta.name.clone().unwrap_or_default(),
        uid: meta.uid.clone().unwrap_or_default(),
    }
}

/// The UID, or nothing.
pub(super) fn uid(meta: &ObjectMeta) -> &str {
    meta.uid.as_deref().unwrap_or("")
}

/// Takes the object in.
pub(super) fn adopt(meta: &mut ObjectMeta, kind: Kind, owner: &ObjectMeta) {
    meta.owner_references.get_or_insert_default().push(reference_to(kind, owner));
}

/// Lets the object go.
pub(super) fn release(meta: &mut ObjectMeta, uid: &str) {
    if let Some(references) = &mut meta.owner_references {
        references.retain(|owner| owner.uid != uid);
        if references.is_empty() {
            meta.owner_references = None;
        }
    }
}

/// The pods of `owner`: those that it controls and selects, and that it counts as members. Orphans of that
/// kind are adopted, and pods that are not of it any more are released; an owner that is being deleted does
/// neither (`ClaimPods` in Kubernetes' pkg/controller/controller_ref_manager.go).
pub(super) fn claim_pods<T: Resource>(
    client: &mut Client<'_>,
    owner: &T,
    selector: &LabelSelector,
    is_member: impl Fn(&Pod) -> bool,
) -> Vec<Arc<Pod>> {
    let meta = owner.metadata();
    let (uid, namespace) = (uid(meta), meta.namespace.as_deref().unwrap_or(""));
    let deleting = meta.deletion_timestamp.is_some();
    let mut claimed = Vec::new();
    let mut leaving = Vec::new();
    let mut orphans = Vec::new();
    for key in client.index.children_of_kind(uid, Kind::Pod) {
        let Some(pod) = client.index.pod(&key.namespace, &key.name) else { continue };
        if !is_controlled_by(&pod.metadata, uid) {
            continue;
        }
        if selector.matches(pod.metadata.labels.as_ref()) && is_member(pod) {
            claimed.push(pod.clone());
        } else if !deleting {
            leaving.push(pod.clone());
        }
    }
    if !deleting && !selector.requirements.is_empty() {
        let free = client.index.orphans_matching(namespace, selector);
        orphans.extend(free.filter(|pod| pod.is_active() && is_member(pod)).cloned());
    }
    for pod in leaving {
        let mut pod = Pod::clone(&pod);
        release(&mut pod.metadata, uid);
        client.update(pod);
    }
    for pod in orphans {
        let mut pod = Pod::clone(&pod);
        adopt(&mut pod.metadata, T::KIND, meta);
        claimed.extend(client.update(pod));
    }
    claimed
}
