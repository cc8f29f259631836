//! PersistentVolumes and StorageClasses (`printPersistentVolume`, `printStorageClass`).

use k8s_openapi::api::core::v1::PersistentVolume;
use k8s_openapi::api::storage::v1::StorageClass;

use super::claim::access_modes;
use super::format::{age, name};
use super::{Columns, narrow, wide};
use crate::api::storage;
use crate::clock::SimTime;

pub(super) const PERSISTENT_VOLUME: Columns = &[
    narrow("NAME"),
    narrow("CAPACITY"),
    narrow("ACCESS MODES"),
    narrow("RECLAIM POLICY"),
    narrow("STATUS"),
    narrow("CLAIM"),
    narrow("STORAGECLASS"),
    narrow("VOLUMEATTRIBUTESCLASS"),
    narrow("REASON"),
    narrow("AGE"),
    wide("VOLUMEMODE"),
];

pub(super) fn persistent_volume(volume: &PersistentVolume, now: SimTime) -> Vec<String> {
    let spec = volume.spec.clone().unwrap_or_default();
    let status = volume.status.clone().unwrap_or_default();
    let claim = spec.claim_ref.map(|claim| {
        format!("{}/{}", claim.namespace.unwrap_or_default(), claim.name.unwrap_or_default())
    });
    let storage = spec.capacity.and_then(|capacity| Some(capacity.get("storage")?.0.clone()));
    let unset = |text: Option<String>| text.unwrap_or_else(|| "<unset>".to_owned());
    let phase = match volume.metadata.deletion_timestamp {
        Some(_) => "Terminating".to_owned(),
        None => status.phase.unwrap_or_default(),
    };
    vec![
        name(&volume.metadata),
        storage.unwrap_or_else(|| "0".to_owned()),
        access_modes(spec.access_modes.as_deref().unwrap_or_default()),
        spec.persistent_volume_reclaim_policy.unwrap_or_default(),
        phase,
        claim.unwrap_or_default(),
        spec.storage_class_name.unwrap_or_default(),
        unset(spec.volume_attributes_class_name),
        status.reason.unwrap_or_default(),
        age(&volume.metadata, now),
        unset(spec.volume_mode),
    ]
}

pub(super) const STORAGE_CLASS: Columns = &[
    narrow("NAME"),
    narrow("PROVISIONER"),
    narrow("RECLAIMPOLICY"),
    narrow("VOLUMEBINDINGMODE"),
    narrow("ALLOWVOLUMEEXPANSION"),
    narrow("AGE"),
];

pub(super) fn storage_class(class: &StorageClass, now: SimTime) -> Vec<String> {
    let default = if storage::is_default(class) { " (default)" } else { "" };
    vec![
        format!("{}{default}", name(&class.metadata)),
        class.provisioner.clone(),
        class.reclaim_policy.clone().unwrap_or_else(|| "Delete".to_owned()),
        class.volume_binding_mode.clone().unwrap_or_else(|| "Immediate".to_owned()),
        class.allow_volume_expansion.unwrap_or(false).to_string(),
        age(&class.metadata, now),
    ]
}
