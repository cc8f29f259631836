//! Persistent volume claims: every claim finds a volume at once, as with a storage class that
//! provisions. The volumes themselves are not simulated.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimStatus};

use super::{Client, Key};

const COMPONENT: &str = "persistentvolume-controller";

/// Binds a claim.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(claim) = client.get::<PersistentVolumeClaim>(key) else { return };
    let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref());
    if phase == Some("Bound") || claim.metadata.deletion_timestamp.is_some() {
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
