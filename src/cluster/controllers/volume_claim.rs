//! Persistent volume claims: every claim finds a volume at once, as with a storage class that
//! provisions. The volumes themselves are not simulated. A claim that is being deleted goes when no
//! pod uses it any more (`pkg/controller/volume/pvcprotection`).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimStatus};

use super::{Client, Key};
use crate::api::{PVC_PROTECTION, Pod};

const COMPONENT: &str = "persistentvolume-controller";

/// The names of the claims that a pod uses.
pub(super) fn used_by(pod: &Pod) -> impl Iterator<Item = String> {
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    volumes.filter_map(|volume| match (&volume.persistent_volume_claim, &volume.ephemeral) {
        (Some(claim), _) => Some(claim.claim_name.clone()),
        (None, Some(_)) => Some(format!("{}-{}", pod.name(), volume.name)),
        (None, None) => None,
    })
}

/// Whether a pod keeps its claims: it is on a node, and not over.
fn keeps_claims(pod: &Pod) -> bool {
    pod.node().is_some() && !matches!(pod.phase(), "Succeeded" | "Failed")
}

/// Lets a claim go that is being deleted and that nobody uses.
fn release(client: &mut Client<'_>, key: &Key, claim: &PersistentVolumeClaim) {
    let uses = |pod: &Pod| keeps_claims(pod) && used_by(pod).any(|name| *name == *key.name);
    if client.index.pods_in(&key.namespace).any(|pod| uses(pod)) {
        return;
    }
    let finalizers = claim.metadata.finalizers.clone().unwrap_or_default();
    let (protection, others): (Vec<_>, Vec<_>) =
        finalizers.into_iter().partition(|name| name == PVC_PROTECTION);
    if !protection.is_empty() {
        let mut free = claim.clone();
        free.metadata.finalizers = Some(others).filter(|others| !others.is_empty());
        client.update(free);
    }
}

/// Binds a claim, or lets it go.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(claim) = client.get::<PersistentVolumeClaim>(key) else { return };
    if claim.metadata.deletion_timestamp.is_some() {
        return release(client, key, &claim);
    }
    let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref());
    if phase == Some("Bound") {
        return;
    }
    let mut bound = PersistentVolumeClaim::clone(&claim);
    let volume = format!("pvc-{}", claim.metadata.uid.as_deref().unwrap_or_default());
    let Some(spec) = &mut bound.spec else { return };
    spec.volume_name.get_or_insert_with(|| volume.clone());
    spec.storage_class_name.get_or_insert_with(|| "standard".to_owned());
    let requests = spec.resources.as_ref().and_then(|resources| resources.requests.clone());
    let storage = |all: BTreeMap<_, _>| all.into_iter().filter(|(name, _)| name == "storage");
    bound.status = Some(PersistentVolumeClaimStatus {
        access_modes: spec.access_modes.clone(),
        capacity: requests.map(|requests| storage(requests).collect()),
        phase: Some("Bound".to_owned()),
        ..PersistentVolumeClaimStatus::default()
    });
    let annotations = bound.metadata.annotations.get_or_insert_default();
    for note in ["pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"] {
        annotations.insert(note.to_owned(), "yes".to_owned());
    }
    if let Some(bound) = client.update(bound) {
        let message = format!("Successfully provisioned volume {volume}");
        client.normal(bound.as_ref(), COMPONENT, "ProvisioningSucceeded", message);
    }
}
