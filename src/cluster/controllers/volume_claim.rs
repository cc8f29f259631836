//! PersistentVolumeClaims and their volumes: a claim gets the volume that fits it, or one that its class'
//! provisioner makes (`pkg/controller/volume/persistentvolume`). A claim that is being deleted goes when no
//! pod uses it any more, and a volume when it is no claim's (`pvcprotection`, `pvprotection`).

use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    HostPathVolumeSource, PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimStatus,
    PersistentVolumeSpec, PersistentVolumeStatus,
};
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use super::events::reference;
use super::{Client, Key};
use crate::api::storage::{self, PROVISIONER};
use crate::api::{Kind, PV_PROTECTION, PVC_PROTECTION, Pod};

const COMPONENT: &str = "persistentvolume-controller";

/// What says that a binding is complete, and that it was not a person's choice.
const COMPLETE: &str = "pv.kubernetes.io/bind-completed";
const CHOSEN: &str = "pv.kubernetes.io/bound-by-controller";

/// Who made a volume.
const MADE_BY: &str = "pv.kubernetes.io/provisioned-by";

/// Provisioners that were once part of Kubernetes, and the drivers that have taken over from them.
const DRIVERS: &[(&str, &str)] = &[
    ("kubernetes.io/aws-ebs", "ebs.csi.aws.com"),
    ("kubernetes.io/azure-disk", "disk.csi.azure.com"),
    ("kubernetes.io/azure-file", "file.csi.azure.com"),
    ("kubernetes.io/cinder", "cinder.csi.openstack.org"),
    ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
    ("kubernetes.io/portworx-volume", "pxd.portworx.com"),
    ("kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"),
];

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

/// Takes what protects an object from it.
fn without(metadata: &ObjectMeta, protection: &str) -> Option<ObjectMeta> {
    let finalizers = metadata.finalizers.clone().unwrap_or_default();
    let (found, others): (Vec<_>, Vec<_>) =
        finalizers.into_iter().partition(|name| name == protection);
    let finalizers = Some(others).filter(|others| !others.is_empty());
    (!found.is_empty()).then(|| ObjectMeta { finalizers, ..metadata.clone() })
}

fn is_used(client: &Client<'_>, key: &Key) -> bool {
    let uses = |pod: &Pod| keeps_claims(pod) && used_by(pod).any(|name| *name == *key.name);
    client.index.pods_in(&key.namespace).any(|pod| uses(pod))
}

/// Binds a claim, or lets it go.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(claim) = client.get::<PersistentVolumeClaim>(key) else { return };
    if claim.metadata.deletion_timestamp.is_some() {
        if !is_used(client, key)
            && let Some(metadata) = without(&claim.metadata, PVC_PROTECTION)
        {
            client
                .update(PersistentVolumeClaim { metadata, ..PersistentVolumeClaim::clone(&claim) });
        }
        return;
    }
    let wanted = claim.spec.as_ref().and_then(|spec| spec.volume_name.clone());
    let wanted = wanted.filter(|name| !name.is_empty());
    let volume = wanted.as_ref().and_then(|name| client.get(&Key::new("", name)));
    if storage::is_bound(&claim) {
        return if volume.is_none() {
            lose(client, &claim)
        };
    }
    if wanted.is_some() {
        return bind_to_wanted(client, &claim, volume);
    }
    let class = client.get::<StorageClass>(&Key::new("", storage::class_name(&claim)));
    if class.as_ref().is_some_and(|class| storage::waits_for_pod(class)) && !is_used(client, key) {
        let message = "waiting for first consumer to be created before binding";
        client.normal(claim.as_ref(), COMPONENT, "WaitForFirstConsumer", message.to_owned());
        return;
    }
    match storage::fitting(client.api.store(), &claim).cloned() {
        Some(volume) => bind(client, &claim, &volume),
        None => provision(client, &claim, class.as_deref()),
    }
}

/// A claim whose volume is gone.
fn lose(client: &mut Client<'_>, claim: &PersistentVolumeClaim) {
    let mut lost = claim.clone();
    lost.status.get_or_insert_default().phase = Some("Lost".to_owned());
    if let Some(lost) = client.update(lost) {
        let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
        client.warning(lost.as_ref(), COMPONENT, "ClaimLost", message.to_owned());
    }
}

/// A claim that names its volume gets that one or none.
fn bind_to_wanted(
    client: &mut Client<'_>,
    claim: &PersistentVolumeClaim,
    volume: Option<Arc<PersistentVolume>>,
) {
    let Some(volume) = volume else { return };
    let Some(offer) = &volume.spec else { return };
    let name = volume.metadata.name.as_deref().unwrap_or_default();
    if offer.claim_ref.is_some() && !storage::is_for(offer, claim) {
        let message = format!("volume {name:?} already bound to a different claim.");
        return client.warning(claim, COMPONENT, "FailedBinding", message);
    }
    match storage::misfit(offer, claim) {
        Some(why) => {
            let message = format!("Cannot bind to requested volume {name:?}: {why}");
            client.warning(claim, COMPONENT, "VolumeMismatch", message);
        }
        None => bind(client, claim, &volume),
    }
}

/// Makes a volume for a claim, or says why there is none.
fn provision(client: &mut Client<'_>, claim: &PersistentVolumeClaim, class: Option<&StorageClass>) {
    let name = storage::class_name(claim);
    let Some(class) = class else {
        if name.is_empty() {
            let message =
                "no persistent volumes available for this claim and no storage class is set";
            return client.normal(claim, COMPONENT, "FailedBinding", message.to_owned());
        }
        let message = format!("storageclass.storage.k8s.io {name:?} not found");
        return client.warning(claim, COMPONENT, "ProvisioningFailed", message);
    };
    let driver = DRIVERS.iter().find(|(old, _)| *old == class.provisioner);
    let driver = driver.map_or(class.provisioner.as_str(), |(_, driver)| driver);
    if driver.starts_with("kubernetes.io/") {
        let message = format!("no volume plugin matched name: {driver}");
        return client.warning(claim, COMPONENT, "ProvisioningFailed", message);
    }
    if driver != PROVISIONER {
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner '{driver}' or \
             manually by the system administrator. If volume creation is delayed, please verify that \
             the provisioner is running and correctly registered."
        );
        return client.normal(claim, COMPONENT, "ExternalProvisioning", message);
    }
    let made = new_volume(claim, class);
    if let Ok(made) = client.create(made) {
        let message = format!(
            "Successfully provisioned volume {}",
            made.metadata.name.as_deref().unwrap_or_default()
        );
        bind(client, claim, &made);
        client.normal(claim, COMPONENT, "ProvisioningSucceeded", message);
    }
}

/// The volume that the class' provisioner makes for a claim: a folder of the node.
fn new_volume(claim: &PersistentVolumeClaim, class: &StorageClass) -> PersistentVolume {
    let spec = claim.spec.clone().unwrap_or_default();
    let requests = spec.resources.and_then(|resources| resources.requests).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (namespace, name) = (text(&claim.metadata.namespace), text(&claim.metadata.name));
    PersistentVolume {
        metadata: ObjectMeta {
            name: Some(format!("pvc-{}", text(&claim.metadata.uid))),
            annotations: Some([(MADE_BY.to_owned(), class.provisioner.clone())].into()),
            ..ObjectMeta::default()
        },
        spec: Some(PersistentVolumeSpec {
            access_modes: spec.access_modes,
            capacity: Some(requests.into_iter().filter(|(name, _)| name == "storage").collect()),
            host_path: Some(HostPathVolumeSource {
                path: format!("/tmp/hostpath-provisioner/{namespace}/{name}"),
                type_: None,
            }),
            persistent_volume_reclaim_policy: class.reclaim_policy.clone(),
            storage_class_name: class.metadata.name.clone(),
            volume_mode: spec.volume_mode,
            ..PersistentVolumeSpec::default()
        }),
        status: None,
    }
}

/// Gives a claim a volume.
fn bind(client: &mut Client<'_>, claim: &PersistentVolumeClaim, volume: &PersistentVolume) {
    let note = |metadata: &mut ObjectMeta, key: &str, value: &str| {
        metadata.annotations.get_or_insert_default().insert(key.to_owned(), value.to_owned());
    };
    let (mut taken, mut bound) = (volume.clone(), claim.clone());
    let Some(offer) = &mut taken.spec else { return };
    let made_by = volume.metadata.annotations.as_ref().and_then(|notes| notes.get(MADE_BY));
    if offer.claim_ref.is_none() && made_by.is_none() {
        note(&mut taken.metadata, CHOSEN, "yes");
    }
    offer.claim_ref = Some(reference(claim));
    let (access_modes, capacity) = (offer.access_modes.clone(), offer.capacity.clone());
    taken.status = Some(phase(client, "Bound"));
    let Some(spec) = &mut bound.spec else { return };
    if spec.volume_name.as_deref().is_none_or(str::is_empty) {
        spec.volume_name.clone_from(&volume.metadata.name);
        note(&mut bound.metadata, CHOSEN, "yes");
    }
    note(&mut bound.metadata, COMPLETE, "yes");
    for key in [
        "volume.beta.kubernetes.io/storage-provisioner",
        "volume.kubernetes.io/storage-provisioner",
    ] {
        if let Some(provisioner) = made_by {
            note(&mut bound.metadata, key, provisioner);
        }
    }
    bound.status = Some(PersistentVolumeClaimStatus {
        access_modes,
        capacity,
        phase: Some("Bound".to_owned()),
        ..PersistentVolumeClaimStatus::default()
    });
    if client.update(taken).is_some() {
        client.update(bound);
    }
}

fn phase(client: &Client<'_>, phase: &str) -> PersistentVolumeStatus {
    PersistentVolumeStatus {
        phase: Some(phase.to_owned()),
        last_phase_transition_time: Some(Time(client.now.whole_seconds())),
        ..PersistentVolumeStatus::default()
    }
}

/// Says what has become of a volume, and lets it go when it is no claim's.
pub(super) fn reconcile_volume(client: &mut Client<'_>, key: &Key) {
    let Some(volume) = client.get::<PersistentVolume>(key) else { return };
    let spec = volume.spec.clone().unwrap_or_default();
    let claim = spec.claim_ref.as_ref().filter(|claim| claim.uid.is_some()).map(|claim| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let key = Key::new(&text(&claim.namespace), &text(&claim.name));
        client
            .get::<PersistentVolumeClaim>(&key)
            .is_some_and(|found| storage::is_for(&spec, &found))
    });
    let now = match claim {
        None => "Available",
        Some(true) => "Bound",
        Some(false) => "Released",
    };
    if volume.metadata.deletion_timestamp.is_some() {
        if now != "Bound"
            && let Some(metadata) = without(&volume.metadata, PV_PROTECTION)
        {
            client.update(PersistentVolume { metadata, ..PersistentVolume::clone(&volume) });
        }
        return;
    }
    let made_by = volume.metadata.annotations.as_ref().and_then(|notes| notes.get(MADE_BY));
    let delete = spec.persistent_volume_reclaim_policy.as_deref() == Some("Delete");
    if now == "Released" && delete && made_by.is_some_and(|made_by| made_by == PROVISIONER) {
        client.delete(Kind::PersistentVolume, key);
        return;
    }
    let then = volume.status.as_ref().and_then(|status| status.phase.as_deref());
    if then != Some(now) {
        client.update(PersistentVolume {
            status: Some(phase(client, now)),
            ..PersistentVolume::clone(&volume)
        });
    }
}
