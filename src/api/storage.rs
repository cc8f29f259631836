//! Volumes, classes and claims: which class a claim is of, and which volume fits it
//! (`pkg/controller/volume/persistentvolume`, `pkg/volume/util`).

use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeSpec,
    VolumeResourceRequirements,
};
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::table::claim_class;
use super::{LabelSelector, Store};
use crate::manifest::quantity;

/// The class that the cluster begins with.
const STANDARD: &str = "standard";

/// The provisioner of that class: the only one that makes volumes here.
pub const PROVISIONER: &str = "k8s.io/minikube-hostpath";

/// The annotation of the class that claims have that name none.
pub const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

/// The same, as it was called before.
const BETA_DEFAULT_CLASS: &str = "storageclass.beta.kubernetes.io/is-default-class";

/// The class that the cluster begins with.
pub(super) fn standard() -> StorageClass {
    let pair = |key: &str, value: &str| Some([(key.to_owned(), value.to_owned())].into());
    StorageClass {
        metadata: ObjectMeta {
            annotations: pair(DEFAULT_CLASS, "true"),
            labels: pair("addonmanager.kubernetes.io/mode", "EnsureExists"),
            ..super::bootstrap::own(STANDARD)
        },
        provisioner: PROVISIONER.to_owned(),
        reclaim_policy: Some("Delete".to_owned()),
        volume_binding_mode: Some("Immediate".to_owned()),
        ..StorageClass::default()
    }
}

/// Whether claims that name no class are of this one (`IsDefaultAnnotation`).
pub fn is_default(class: &StorageClass) -> bool {
    let annotations = class.metadata.annotations.as_ref();
    annotations.is_some_and(|all| {
        [DEFAULT_CLASS, BETA_DEFAULT_CLASS]
            .iter()
            .any(|key| all.get(*key).is_some_and(|v| v == "true"))
    })
}

/// The class of claims that name none: of several the newest.
pub(super) fn default_class(store: &Store) -> Option<&StorageClass> {
    let classes = store.list::<StorageClass>(None).map(Arc::as_ref).filter(|it| is_default(it));
    classes.max_by_key(|class| class.metadata.creation_timestamp.clone())
}

/// A claim's class by name; empty where it is to have none.
pub fn class_name(claim: &PersistentVolumeClaim) -> &str {
    let spec = claim.spec.as_ref();
    spec.map_or("", |spec| claim_class(claim.metadata.annotations.as_ref(), spec))
}

/// Whether claims of a class wait for their first pod.
pub fn waits_for_pod(class: &StorageClass) -> bool {
    class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer")
}

/// Whether a claim has its volume.
pub fn is_bound(claim: &PersistentVolumeClaim) -> bool {
    claim.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Bound")
}

/// The smallest free volume that a claim can have (`FindMatchingVolume`).
pub fn fitting<'a>(
    store: &'a Store,
    claim: &PersistentVolumeClaim,
) -> Option<&'a Arc<PersistentVolume>> {
    let spec = claim.spec.as_ref()?;
    let volumes = store.list::<PersistentVolume>(None).filter(|volume| {
        let Some(offer) = &volume.spec else { return false };
        let reserved = offer.claim_ref.as_ref();
        let ours = reserved.is_some_and(|_| is_for(offer, claim));
        let free = volume.status.as_ref().and_then(|status| status.phase.as_deref());
        let chosen = spec.selector.as_ref().is_none_or(|selector| {
            LabelSelector::of(selector).matches(volume.metadata.labels.as_ref())
        });
        volume.metadata.deletion_timestamp.is_none()
            && (ours || reserved.is_none() && free == Some("Available") && chosen)
            && misfit(offer, claim).is_none()
    });
    volumes.min_by_key(|volume| {
        let offer = volume.spec.as_ref();
        (!offer.is_some_and(|offer| is_for(offer, claim)), offer.map_or(0, size))
    })
}

/// Whether a volume is kept for a claim, or already its own.
pub fn is_for(offer: &PersistentVolumeSpec, claim: &PersistentVolumeClaim) -> bool {
    offer.claim_ref.as_ref().is_some_and(|of| {
        of.name == claim.metadata.name
            && of.namespace == claim.metadata.namespace
            && of
                .uid
                .as_ref()
                .is_none_or(|uid| uid.is_empty() || Some(uid) == claim.metadata.uid.as_ref())
    })
}

/// Why a volume does not do for a claim (`checkVolumeSatisfyClaim`).
pub fn misfit(offer: &PersistentVolumeSpec, claim: &PersistentVolumeClaim) -> Option<&'static str> {
    let wish = claim.spec.as_ref()?;
    let modes = |modes: &Option<Vec<String>>| modes.clone().unwrap_or_default();
    let given = modes(&offer.access_modes);
    if size(offer) < requested(wish.resources.as_ref()) {
        return Some("requested PV is too small");
    }
    if offer.storage_class_name.as_deref().unwrap_or_default() != class_name(claim) {
        return Some("storageClassName does not match");
    }
    if offer.volume_mode.as_deref().unwrap_or("Filesystem") != mode(wish) {
        return Some("incompatible volumeMode");
    }
    let all = modes(&wish.access_modes).iter().all(|mode| given.contains(mode));
    (!all).then_some("incompatible accessMode")
}

fn mode(wish: &PersistentVolumeClaimSpec) -> &str {
    wish.volume_mode.as_deref().unwrap_or("Filesystem")
}

/// How much a volume holds, in thousandths of a byte.
fn size(offer: &PersistentVolumeSpec) -> i128 {
    let storage = offer.capacity.as_ref().and_then(|capacity| capacity.get("storage"));
    storage.map_or(0, |amount| quantity::thousandths(&amount.0))
}

/// How much a claim asks for, in thousandths of a byte.
pub(super) fn requested(resources: Option<&VolumeResourceRequirements>) -> i128 {
    let requests = resources.and_then(|resources| resources.requests.as_ref());
    let storage = requests.and_then(|requests| requests.get("storage"));
    storage.map_or(0, |amount| quantity::thousandths(&amount.0))
}
