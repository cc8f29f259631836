//! Volumes of single vendors and storage systems: what each of them must say. No node of the
//! simulation can mount one; the API server knows them all the same.

use k8s_openapi::api::core::v1::{
    AzureDiskVolumeSource, FCVolumeSource, FlexVolumeSource, FlockerVolumeSource,
    ISCSIVolumeSource, LocalObjectReference, QuobyteVolumeSource, StorageOSVolumeSource, Volume,
};

use super::super::names;
use super::super::report::{Json, Report};
use super::mount;
use super::volume::{Source, required};

const BYTE: &str = "must be between 0 and 255, inclusive";
const PARTITION: &str = "must be between 1 and 255, inclusive";

/// Between `hostPath` and `secret`.
pub(super) fn disks(source: &mut Source<'_>, volume: &Volume) {
    source.of("gitRepo", &volume.git_repo, |report, path, repo| {
        required(report, path, "repository", Some(&repo.repository));
        let directory = repo.directory.as_deref().unwrap_or("");
        mount::descending(report, &format!("{path}.directory"), directory);
    });
    let disk = &volume.gce_persistent_disk;
    source.called("gcePersistentDisk", "persistentDisk", disk, |report, path, disk| {
        required(report, path, "pdName", Some(&disk.pd_name));
        partition(report, path, disk.partition);
    });
    let store = &volume.aws_elastic_block_store;
    source.of("awsElasticBlockStore", store, |report, path, store| {
        required(report, path, "volumeID", Some(&store.volume_id));
        partition(report, path, store.partition);
    });
}

fn partition(report: &mut Report, path: &str, number: Option<i32>) {
    if let Some(number) = number.filter(|number| !(0..=255).contains(number)) {
        report.invalid(&format!("{path}.partition"), number, PARTITION);
    }
}

/// Between `nfs` and `persistentVolumeClaim`.
pub(super) fn networks(source: &mut Source<'_>, volume: &Volume) {
    source.of("iscsi", &volume.iscsi, iscsi);
    source.of("glusterfs", &volume.glusterfs, |report, path, gluster| {
        required(report, path, "endpoints", Some(&gluster.endpoints));
        required(report, path, "path", Some(&gluster.path));
    });
    source.of("flocker", &volume.flocker, flocker);
}

fn iscsi(report: &mut Report, path: &str, iscsi: &ISCSIVolumeSource) {
    required(report, path, "targetPortal", Some(&iscsi.target_portal));
    match iscsi.iqn.as_str() {
        "" => report.required(&format!("{path}.iqn"), ""),
        name => iscsi_name(report, &format!("{path}.iqn"), name),
    }
    if !(0..=255).contains(&iscsi.lun) {
        report.invalid(&format!("{path}.lun"), iscsi.lun, BYTE);
    }
    let proves = iscsi.chap_auth_discovery == Some(true) || iscsi.chap_auth_session == Some(true);
    if proves && iscsi.secret_ref.is_none() {
        report.required(&format!("{path}.secretRef"), "");
    }
    if let Some(name) = &iscsi.initiator_name {
        iscsi_name(report, &format!("{path}.initiatorname"), name);
    }
}

/// The name of a target or initiator: `iqn.2003-01.com.example:disk`, or `eui.` and `naa.` with so many
/// letters and digits.
fn iscsi_name(report: &mut Report, path: &str, name: &str) {
    let is_id = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let valid = if let Some(rest) = name.strip_prefix("iqn") {
        is_qualified(rest)
    } else if let Some(rest) = name.strip_prefix("eui") {
        rest.get(1..).is_some_and(|id| is_id(id, 16))
    } else if let Some(rest) = name.strip_prefix("naa") {
        rest.get(1..).is_some_and(|id| is_id(id, 32))
    } else {
        let why = "must be valid format starting with iqn, eui, or naa";
        return report.invalid(path, name, why);
    };
    if !valid {
        report.invalid(path, name, "must be valid format");
    }
}

/// What stands behind `iqn`: `.2003-01.com.example:disk`.
fn is_qualified(rest: &str) -> bool {
    let Some((owner, own)) = rest.split_once(':') else { return false };
    let (date, domain) = owner.split_at_checked(9).unwrap_or(("", ""));
    let shape = ".dddd-dd.";
    let dated = date.len() == shape.len()
        && date.bytes().zip(shape.bytes()).all(|(byte, want)| match want {
            b'd' => byte.is_ascii_digit(),
            want => byte == want,
        });
    let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    let forbidden = |letter: char| ",;*&$|".contains(letter) || letter.is_ascii_whitespace();
    dated
        && !domain.is_empty()
        && domain.bytes().all(named)
        && !own.is_empty()
        && !own.contains(forbidden)
}

fn flocker(report: &mut Report, path: &str, flocker: &FlockerVolumeSource) {
    let name = flocker.dataset_name.as_deref().unwrap_or("");
    let uuid = flocker.dataset_uuid.as_deref().unwrap_or("");
    if name.is_empty() && uuid.is_empty() {
        report.required(path, "one of datasetName and datasetUUID is required");
    }
    if !name.is_empty() && !uuid.is_empty() {
        let why = "datasetName and datasetUUID can not be specified simultaneously";
        report.invalid(path, "resource", why);
    }
    if name.contains('/') {
        report.invalid(&format!("{path}.datasetName"), name, "must not contain '/'");
    }
}

/// Between `persistentVolumeClaim` and `downwardAPI`.
pub(super) fn clusters(source: &mut Source<'_>, volume: &Volume) {
    source.of("rbd", &volume.rbd, |report, path, rbd| {
        some(report, path, "monitors", &rbd.monitors);
        required(report, path, "image", Some(&rbd.image));
    });
    source.of("cinder", &volume.cinder, |report, path, cinder| {
        required(report, path, "volumeID", Some(&cinder.volume_id));
        secret(report, path, cinder.secret_ref.as_ref());
    });
    source.called("cephFS", "cephfs", &volume.cephfs, |report, path, ceph| {
        some(report, path, "monitors", &ceph.monitors);
    });
    source.of("quobyte", &volume.quobyte, quobyte);
}

fn some(report: &mut Report, path: &str, field: &str, list: &[String]) {
    if list.is_empty() {
        report.required(&format!("{path}.{field}"), "");
    }
}

fn secret(report: &mut Report, path: &str, secret: Option<&LocalObjectReference>) {
    if secret.is_some_and(|secret| secret.name.is_empty()) {
        report.required(&format!("{path}.secretRef.name"), "");
    }
}

fn quobyte(report: &mut Report, path: &str, quobyte: &QuobyteVolumeSource) {
    let why = "must be a host:port pair or multiple pairs separated by commas";
    let here = format!("{path}.registry");
    if quobyte.registry.is_empty() {
        report.required(&here, why);
    } else if quobyte.tenant.as_deref().is_some_and(|tenant| tenant.len() >= 65) {
        let why = "must be a UUID and may not exceed a length of 64 characters";
        report.required(&format!("{path}.tenant"), why);
    } else {
        for _ in quobyte.registry.split(',').filter(|pair| !pair.contains(':')) {
            report.invalid(&here, quobyte.registry.as_str(), why);
        }
    }
    required(report, path, "volume", Some(&quobyte.volume));
}

/// Between `downwardAPI` and `configMap`.
pub(super) fn plugins(source: &mut Source<'_>, volume: &Volume) {
    source.of("fc", &volume.fc, fibre_channel);
    source.of("flexVolume", &volume.flex_volume, flex);
}

fn fibre_channel(report: &mut Report, path: &str, fc: &FCVolumeSource) {
    let targets = fc.target_wwns.as_deref().unwrap_or_default();
    let ids = fc.wwids.as_deref().unwrap_or_default();
    let here = format!("{path}.targetWWNs");
    if targets.is_empty() && ids.is_empty() {
        report.required(&here, "must specify either targetWWNs or wwids, but not both");
    }
    if !targets.is_empty() && !ids.is_empty() {
        let why = "targetWWNs and wwids can not be specified simultaneously";
        report.invalid(&here, Json(targets), why);
    }
    let here = format!("{path}.lun");
    match fc.lun {
        None if !targets.is_empty() => {
            report.required(&here, "lun is required if targetWWNs is specified");
        }
        Some(lun) if !targets.is_empty() && !(0..=255).contains(&lun) => {
            report.invalid(&here, lun, BYTE);
        }
        _ => {}
    }
}

fn flex(report: &mut Report, path: &str, flex: &FlexVolumeSource) {
    required(report, path, "driver", Some(&flex.driver));
    for key in flex.options.iter().flatten().map(|(key, _)| key) {
        let domain = format!(".{}", key.split('/').next().unwrap_or_default().to_lowercase());
        if domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io") {
            let why = "kubernetes.io and k8s.io namespaces are reserved";
            report.invalid(&format!("{path}.options[{key}]"), key.as_str(), why);
        }
    }
}

/// Between `configMap` and `projected`.
pub(super) fn vendors(source: &mut Source<'_>, volume: &Volume) {
    source.of("azureFile", &volume.azure_file, |report, path, file| {
        required(report, path, "secretName", Some(&file.secret_name));
        required(report, path, "shareName", Some(&file.share_name));
    });
    source.of("vsphereVolume", &volume.vsphere_volume, |report, path, disk| {
        required(report, path, "volumePath", Some(&disk.volume_path));
    });
    source.of("photonPersistentDisk", &volume.photon_persistent_disk, |report, path, disk| {
        required(report, path, "pdID", Some(&disk.pd_id));
    });
    source.of("portworxVolume", &volume.portworx_volume, |report, path, disk| {
        required(report, path, "volumeID", Some(&disk.volume_id));
    });
    source.of("azureDisk", &volume.azure_disk, azure_disk);
    source.of("storageos", &volume.storageos, storage_os);
}

fn azure_disk(report: &mut Report, path: &str, disk: &AzureDiskVolumeSource) {
    required(report, path, "diskName", Some(&disk.disk_name));
    required(report, path, "diskURI", Some(&disk.disk_uri));
    let caching = disk.caching_mode.as_deref();
    let known = ["None", "ReadOnly", "ReadWrite"];
    report.one_of_if_given(&format!("{path}.cachingMode"), caching, &known);
    let known = ["Dedicated", "Managed", "Shared"];
    report.one_of_if_given(&format!("{path}.kind"), disk.kind.as_deref(), &known);
    let (start, form) = match disk.kind.as_deref() {
        None => return,
        Some("Managed") => (
            "/subscriptions/",
            "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/\
             disks/{disk-id}",
        ),
        Some(_) => (
            "https://",
            "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd",
        ),
    };
    if !disk.disk_uri.starts_with(start) {
        report.unsupported(&format!("{path}.diskURI"), disk.disk_uri.as_str(), &[form]);
    }
}

fn storage_os(report: &mut Report, path: &str, disk: &StorageOSVolumeSource) {
    let here = format!("{path}.volumeName");
    match disk.volume_name.as_deref().unwrap_or("") {
        "" => report.required(&here, ""),
        name => report.invalid_name(&here, name, names::dns_label(name)),
    }
    if let Some(name) = disk.volume_namespace.as_deref().filter(|name| !name.is_empty()) {
        let here = format!("{path}.volumeNamespace");
        report.invalid_name(&here, name, names::dns_label(name));
    }
    secret(report, path, disk.secret_ref.as_ref());
}

/// Between `projected` and `csi`.
pub(super) fn last_vendor(source: &mut Source<'_>, volume: &Volume) {
    source.of("scaleIO", &volume.scale_io, |report, path, disk| {
        required(report, path, "gateway", Some(&disk.gateway));
        required(report, path, "system", Some(&disk.system));
        required(report, path, "volumeName", disk.volume_name.as_deref());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    // `pkg/apis/core/validation`, `validateISCSIVolumeSource`.
    #[test]
    fn an_iscsi_name_has_the_form_of_its_kind() {
        let told = |name: &str| {
            let mut report = Report::default();
            iscsi_name(&mut report, "iqn", name);
            report.into_causes().pop().map(|cause| cause.message)
        };
        for name in ["iqn.2003-01.com.example:disk.1", "eui.0123456789ABCDEF"] {
            assert_eq!(told(name), None, "{name}");
        }
        for name in ["iqn.2003-01.com.example", "iqn.03-01.com.example:d", "eui.0123", "naa.1"] {
            let said = told(name).expect(name);
            assert!(said.ends_with(": must be valid format"), "{said}");
        }
        let said = told("disk").expect("a complaint");
        assert!(said.ends_with("starting with iqn, eui, or naa"), "{said}");
    }
}
