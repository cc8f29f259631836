//! Volumes, and where containers mount them.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, Volume};
use serde_json::Value;

use super::super::names;
use super::super::report::Report;
use super::container::Volumes;

/// A pod's volumes; returns those that may be mounted.
pub(super) fn check<'a>(
    report: &mut Report,
    path: &str,
    volumes: Option<&'a [Volume]>,
) -> Volumes<'a> {
    let mut seen = Volumes::new();
    for (index, volume) in volumes.into_iter().flatten().enumerate() {
        let here = format!("{path}[{index}]");
        let before = report.len();
        check_source(report, &here, volume);
        let at_name = format!("{here}.name");
        match volume.name.as_str() {
            "" => report.required(&at_name, ""),
            name => report.invalid_for(&at_name, name, names::dns_label(name)),
        }
        if seen.contains_key(volume.name.as_str()) {
            report.duplicate(&at_name, volume.name.as_str());
        }
        if report.len() == before {
            seen.insert(&volume.name, volume);
        }
    }
    seen
}

/// Exactly one source, and that one complete.
fn check_source(report: &mut Report, path: &str, volume: &Volume) {
    let fields = serde_json::to_value(volume).unwrap_or(Value::Null);
    let sources: Vec<&String> =
        fields.as_object().into_iter().flatten().map(|(k, _)| k).filter(|k| *k != "name").collect();
    if sources.is_empty() {
        report.required(path, "must specify a volume type");
    }
    for source in sources.iter().skip(1) {
        let here = format!("{path}.{source}");
        report.forbidden(&here, "may not specify more than 1 volume type");
    }
    let mut required = |field: &str, value: Option<&str>| {
        if value.is_some_and(str::is_empty) {
            report.required(&format!("{path}.{field}"), "");
        }
    };
    let empty = |text: &Option<String>| text.clone().unwrap_or_default();
    required("hostPath.path", volume.host_path.as_ref().map(|source| source.path.as_str()));
    let secret = volume.secret.as_ref().map(|source| empty(&source.secret_name));
    required("secret.secretName", secret.as_deref());
    required("configMap.name", volume.config_map.as_ref().map(|source| source.name.as_str()));
    let claim = volume.persistent_volume_claim.as_ref();
    required("persistentVolumeClaim.claimName", claim.map(|source| source.claim_name.as_str()));
    required("nfs.server", volume.nfs.as_ref().map(|source| source.server.as_str()));
    required("nfs.path", volume.nfs.as_ref().map(|source| source.path.as_str()));
    required("csi.driver", volume.csi.as_ref().map(|source| source.driver.as_str()));
}

/// A container's mounts.
pub(super) fn check_mounts(
    report: &mut Report,
    path: &str,
    container: &Container,
    volumes: &Volumes<'_>,
) {
    let mut points = BTreeSet::new();
    for (index, mount) in container.volume_mounts.iter().flatten().enumerate() {
        let here = format!("{path}[{index}]");
        if mount.name.is_empty() {
            report.required(&format!("{here}.name"), "");
        }
        if !volumes.contains_key(mount.name.as_str()) {
            report.not_found(&format!("{here}.name"), &mount.name);
        }
        let at_path = format!("{here}.mountPath");
        if mount.mount_path.is_empty() {
            report.required(&at_path, "");
        }
        if !points.insert(mount.mount_path.as_str()) {
            report.invalid(&at_path, mount.mount_path.as_str(), "must be unique");
        }
        if let Some(below) = mount.sub_path.as_deref().filter(|below| !below.is_empty()) {
            // The server names the list here, not the item.
            let at_below = format!("{path}.subPath");
            if below.starts_with('/') {
                report.invalid(&at_below, below, "must be a relative path");
            }
            if below.split('/').any(|part| part == "..") {
                report.invalid(&at_below, below, "must not contain '..'");
            }
        }
    }
}
