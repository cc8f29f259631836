//! PersistentVolumeClaims: they are kept while a pod uses them
//! (`plugin/pkg/admission/storage/storageobjectinuseprotection`), and grow only where their class lets
//! them (`plugin/pkg/admission/storage/persistentvolume/resize`).

use k8s_openapi::api::core::v1::PersistentVolumeClaim;

use crate::api::Store;
use crate::manifest::quantity;

/// What keeps a claim until no pod uses it any more.
pub const PROTECTION: &str = "kubernetes.io/pvc-protection";

/// Protects a new claim.
pub(super) fn protect(claim: &mut PersistentVolumeClaim) {
    let finalizers = claim.metadata.finalizers.get_or_insert_default();
    if !finalizers.iter().any(|known| known == PROTECTION) {
        finalizers.push(PROTECTION.to_owned());
    }
}

/// Why a changed claim may not ask for more than before. The one class that there is here does not
/// let its volumes grow, as the default class of a local cluster does not.
pub(super) fn growth(store: &Store, claim: &PersistentVolumeClaim) -> Option<String> {
    let namespace = claim.metadata.namespace.as_deref().unwrap_or_default();
    let name = claim.metadata.name.as_deref().unwrap_or_default();
    let old = store.get::<PersistentVolumeClaim>(namespace, name)?;
    if size(claim) <= size(old) {
        return None;
    }
    let phase = old.status.as_ref().and_then(|status| status.phase.as_deref());
    let why = match phase {
        Some("Bound") => {
            "only dynamically provisioned pvc can be resized and the storageclass that provisions \
             the pvc must support resize"
        }
        _ => "only bound persistent volume claims can be expanded",
    };
    Some(why.to_owned())
}

/// How much a claim asks for, in thousandths of a byte.
fn size(claim: &PersistentVolumeClaim) -> i128 {
    let resources = claim.spec.as_ref().and_then(|spec| spec.resources.as_ref());
    let requests = resources.and_then(|resources| resources.requests.as_ref());
    let storage = requests.and_then(|requests| requests.get("storage"));
    storage.map_or(0, |amount| quantity::thousandths(&amount.0))
}
