//! PersistentVolumeClaims: they are kept while a pod uses them
//! (`plugin/pkg/admission/storage/storageobjectinuseprotection`), and grow only where their class lets
//! them (`plugin/pkg/admission/storage/persistentvolume/resize`).

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::api::{Store, storage};

/// What keeps a claim until no pod uses it any more.
pub const PROTECTION: &str = "kubernetes.io/pvc-protection";

/// What keeps a volume until it is no claim's any more.
pub const VOLUME_PROTECTION: &str = "kubernetes.io/pv-protection";

/// Protects a new claim, and gives it a class if it names none (`DefaultStorageClass`).
pub(super) fn create(store: &Store, claim: &mut PersistentVolumeClaim) {
    protect(&mut claim.metadata, PROTECTION);
    let noted = claim.metadata.annotations.as_ref();
    let noted =
        noted.is_some_and(|all| all.contains_key("volume.beta.kubernetes.io/storage-class"));
    let spec = claim.spec.get_or_insert_default();
    if !noted && spec.storage_class_name.is_none() {
        let class = storage::default_class(store);
        spec.storage_class_name = class.and_then(|class| class.metadata.name.clone());
    }
}

/// Keeps something until whoever uses it lets it go.
pub(super) fn protect(metadata: &mut ObjectMeta, finalizer: &str) {
    let finalizers = metadata.finalizers.get_or_insert_default();
    if !finalizers.iter().any(|known| known == finalizer) {
        finalizers.push(finalizer.to_owned());
    }
}

/// Why a changed claim may not ask for more than before.
pub(super) fn growth(store: &Store, claim: &PersistentVolumeClaim) -> Option<String> {
    let namespace = claim.metadata.namespace.as_deref().unwrap_or_default();
    let name = claim.metadata.name.as_deref().unwrap_or_default();
    let old = store.get::<PersistentVolumeClaim>(namespace, name)?;
    let size = |claim: &PersistentVolumeClaim| {
        storage::requested(claim.spec.as_ref().and_then(|spec| spec.resources.as_ref()))
    };
    if size(claim) <= size(old) {
        return None;
    }
    let phase = old.status.as_ref().and_then(|status| status.phase.as_deref());
    let why = match phase {
        Some("Bound") => {
            let class = store.get::<StorageClass>("", storage::class_name(old));
            if class.is_some_and(|class| class.allow_volume_expansion == Some(true)) {
                return None;
            }
            "only dynamically provisioned pvc can be resized and the storageclass that provisions \
             the pvc must support resize"
        }
        _ => "only bound persistent volume claims can be expanded",
    };
    Some(why.to_owned())
}
