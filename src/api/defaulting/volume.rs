//! Defaults of volumes and claims.

use k8s_openapi::api::core::v1::{
    DownwardAPIVolumeFile, EmptyDirVolumeSource, PersistentVolume, PersistentVolumeClaim,
    PersistentVolumeClaimSpec, Volume, VolumeProjection,
};
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::container::pull_policy;
use super::{fill, fill_text};

/// 0644, as YAML shows it.
const DEFAULT_MODE: i32 = 0o644;

/// Fills in a volume; one without a source is an `emptyDir`.
pub(super) fn defaults(volume: &mut Volume) {
    if *volume == (Volume { name: volume.name.clone(), ..Volume::default() }) {
        volume.empty_dir = Some(EmptyDirVolumeSource::default());
    }
    if let Some(secret) = &mut volume.secret {
        fill(&mut secret.default_mode, DEFAULT_MODE);
    }
    if let Some(config_map) = &mut volume.config_map {
        fill(&mut config_map.default_mode, DEFAULT_MODE);
    }
    if let Some(downward) = &mut volume.downward_api {
        fill(&mut downward.default_mode, DEFAULT_MODE);
        downward.items.iter_mut().flatten().for_each(file);
    }
    if let Some(projected) = &mut volume.projected {
        fill(&mut projected.default_mode, DEFAULT_MODE);
        projected.sources.iter_mut().flatten().for_each(projection);
    }
    if let Some(image) = &mut volume.image {
        let policy = pull_policy(image.reference.as_deref().unwrap_or(""));
        fill_text(&mut image.pull_policy, policy);
    }
    if let Some(host) = &mut volume.host_path {
        fill(&mut host.type_, String::new());
    }
    old_disks(volume);
    if let Some(template) =
        volume.ephemeral.as_mut().and_then(|volume| volume.volume_claim_template.as_mut())
    {
        template.metadata.get_or_insert_default();
        claim_spec(&mut template.spec);
    }
}

/// Fills in disks that are not attached by drivers.
fn old_disks(volume: &mut Volume) {
    if let Some(disk) = &mut volume.iscsi {
        fill_text(&mut disk.iscsi_interface, "default");
    }
    if let Some(disk) = &mut volume.rbd {
        fill_text(&mut disk.pool, "rbd");
        fill_text(&mut disk.user, "admin");
        fill_text(&mut disk.keyring, "/etc/ceph/keyring");
    }
    if let Some(disk) = &mut volume.azure_disk {
        fill(&mut disk.caching_mode, "ReadWrite".to_owned());
        fill(&mut disk.kind, "Shared".to_owned());
        fill(&mut disk.fs_type, "ext4".to_owned());
        fill(&mut disk.read_only, false);
    }
    if let Some(disk) = &mut volume.scale_io {
        fill_text(&mut disk.storage_mode, "ThinProvisioned");
        fill_text(&mut disk.fs_type, "xfs");
    }
}

/// Fills in a claim, alone or as a StatefulSet's template.
pub(super) fn claim(claim: &mut PersistentVolumeClaim) {
    claim_spec(claim.spec.get_or_insert_default());
    let status = claim.status.get_or_insert_default();
    fill_text(&mut status.phase, "Pending");
}

/// Fills in a PersistentVolume.
pub(super) fn persistent(volume: &mut PersistentVolume) {
    let spec = volume.spec.get_or_insert_default();
    fill_text(&mut spec.persistent_volume_reclaim_policy, "Retain");
    fill(&mut spec.volume_mode, "Filesystem".to_owned());
    if let Some(host) = &mut spec.host_path {
        fill(&mut host.type_, String::new());
    }
    let status = volume.status.get_or_insert_default();
    fill_text(&mut status.phase, "Pending");
}

/// Fills in a StorageClass.
pub(super) fn class(class: &mut StorageClass) {
    fill(&mut class.reclaim_policy, "Delete".to_owned());
    fill(&mut class.volume_binding_mode, "Immediate".to_owned());
}

fn claim_spec(spec: &mut PersistentVolumeClaimSpec) {
    fill(&mut spec.volume_mode, "Filesystem".to_owned());
    spec.resources.get_or_insert_default();
}

fn projection(source: &mut VolumeProjection) {
    if let Some(token) = &mut source.service_account_token {
        fill(&mut token.expiration_seconds, 3600);
    }
    if let Some(downward) = &mut source.downward_api {
        downward.items.iter_mut().flatten().for_each(file);
    }
}

fn file(file: &mut DownwardAPIVolumeFile) {
    if let Some(field) = &mut file.field_ref {
        fill_text(&mut field.api_version, "v1");
    }
    if let Some(resource) = &mut file.resource_field_ref {
        fill(&mut resource.divisor, Quantity("0".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_without_a_source_is_an_empty_dir() {
        let mut volume = Volume { name: "cache".into(), ..Volume::default() };
        defaults(&mut volume);
        assert!(volume.empty_dir.is_some());
    }
}
