//! PersistentVolumes and StorageClasses (`ValidatePersistentVolume` in `pkg/apis/core/validation`,
//! `pkg/apis/storage/validation`).

use k8s_openapi::api::core::v1::PersistentVolume;
use k8s_openapi::api::storage::v1::StorageClass;
use serde_json::{Value, json};

use super::claim::{ACCESS_MODES, given};
use super::report::{Json, Report};
use super::{metadata, names, pod};
use crate::manifest::quantity;

const RECLAIM_POLICIES: &[&str] = &["Delete", "Recycle", "Retain"];
const BINDING_MODES: &[&str] = &["Immediate", "WaitForFirstConsumer"];

/// A new or changed PersistentVolume.
pub(super) fn check_volume(
    report: &mut Report,
    volume: &PersistentVolume,
    old: Option<&PersistentVolume>,
) {
    match old {
        None => metadata::create(report, &volume.metadata, false, names::dns_subdomain),
        Some(old) => metadata::update(report, &volume.metadata, &old.metadata),
    }
    let spec = volume.spec.clone().unwrap_or_default();
    let modes = spec.access_modes.as_deref().unwrap_or_default();
    if modes.is_empty() {
        report.required("spec.accessModes", "");
    }
    for mode in modes {
        report.one_of_if_given("spec.accessModes", Some(mode), ACCESS_MODES);
    }
    match spec.capacity.as_ref().filter(|capacity| !capacity.is_empty()) {
        None => report.required("spec.capacity", ""),
        Some(capacity) => {
            let storage = capacity.get("storage").filter(|_| capacity.len() == 1);
            if storage.is_none() {
                report.unsupported("spec.capacity", Json(json!(capacity)), &["storage"]);
            }
            for (name, amount) in capacity {
                if quantity::parse(&amount.0).unwrap_or(0) <= 0 {
                    let path = format!("spec.capacity[{name}]");
                    report.invalid(&path, amount.0.as_str(), "must be greater than zero");
                }
            }
        }
    }
    let policy = spec.persistent_volume_reclaim_policy.as_deref();
    report.one_of_if_given("spec.persistentVolumeReclaimPolicy", policy, RECLAIM_POLICIES);
    check_source(report, volume);
    if let Some(class) = given(&spec.storage_class_name) {
        report.invalid_name("spec.storageClassName", class, names::dns_subdomain(class));
    }
    let mode = spec.volume_mode.as_deref();
    report.one_of_if_given("spec.volumeMode", mode, &["Block", "Filesystem"]);
    if let Some(old) = old {
        if source(volume) != source(old) {
            let why = "spec.persistentvolumesource is immutable after creation";
            report.forbidden("spec.persistentvolumesource", why);
        }
        let before = old.spec.as_ref().and_then(|spec| spec.volume_mode.clone());
        report.unchanged("volumeMode", &spec.volume_mode, &before);
    }
}

/// The fields of a volume that are no source of data.
const OTHER_FIELDS: &[&str] = &[
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

/// Where a volume's data are: what the specification says beside all else.
fn source(volume: &PersistentVolume) -> serde_json::Map<String, Value> {
    let Value::Object(mut spec) = json!(volume.spec) else { return serde_json::Map::new() };
    spec.retain(|field, _| !OTHER_FIELDS.contains(&field.as_str()));
    spec
}

fn check_source(report: &mut Report, volume: &PersistentVolume) {
    let Some(spec) = &volume.spec else { return };
    if spec.local.is_none() && spec.csi.is_none() {
        // The others are a pod's volume's as well.
        let alike = serde_json::from_value(Value::Object(source(volume))).unwrap_or_default();
        pod::check_volume_source(report, "spec", &alike, None);
    }
    if let Some(local) = &spec.local {
        if local.path.is_empty() {
            report.required("spec.local.path", "");
        }
        if spec.node_affinity.is_none() {
            report.required("spec.nodeAffinity", "Local volume requires node affinity");
        }
    }
    if let Some(csi) = &spec.csi {
        for (field, text) in [("driver", &csi.driver), ("volumeHandle", &csi.volume_handle)] {
            if text.is_empty() {
                report.required(&format!("spec.csi.{field}"), "");
            }
        }
    }
}

/// A new or changed StorageClass.
pub(super) fn check_class(report: &mut Report, class: &StorageClass, old: Option<&StorageClass>) {
    match old {
        None => metadata::create(report, &class.metadata, false, names::dns_subdomain),
        Some(old) => metadata::update(report, &class.metadata, &old.metadata),
    }
    if class.provisioner.is_empty() {
        report.required("provisioner", "");
    }
    let policy = class.reclaim_policy.as_deref();
    report.one_of_if_given("reclaimPolicy", policy, &["Delete", "Retain"]);
    report.one_of("volumeBindingMode", class.volume_binding_mode.as_deref(), BINDING_MODES);
    let Some(old) = old else { return };
    for (field, changed) in [
        ("parameters", class.parameters != old.parameters),
        ("provisioner", class.provisioner != old.provisioner),
        ("reclaimPolicy", class.reclaim_policy != old.reclaim_policy),
    ] {
        if changed {
            report.forbidden(field, &format!("updates to {field} are forbidden."));
        }
    }
    report.unchanged("volumeBindingMode", &class.volume_binding_mode, &old.volume_binding_mode);
}
