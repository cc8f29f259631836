//! Where containers mount volumes, and what paths may look like.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, Volume, VolumeMount};

use super::super::report::Report;

const PROPAGATIONS: &[&str] = &["Bidirectional", "HostToContainer", "None"];
const RECURSIVE: &[&str] = &["Disabled", "Enabled", "IfPossible"];

/// The volumes of a pod, by name.
pub(super) type Volumes<'a> = BTreeMap<&'a str, &'a Volume>;

/// A container's mounts.
pub(super) fn check_mounts(
    report: &mut Report,
    path: &str,
    container: &Container,
    volumes: &Volumes<'_>,
) {
    let devices = container.volume_devices.as_deref().unwrap_or_default();
    let mut points = BTreeSet::new();
    for (index, mount) in container.volume_mounts.iter().flatten().enumerate() {
        let here = format!("{path}[{index}]");
        let at_name = format!("{here}.name");
        if mount.name.is_empty() {
            report.required(&at_name, "");
        }
        if !volumes.contains_key(mount.name.as_str()) {
            report.not_found(&at_name, &mount.name);
        }
        let at_path = format!("{here}.mountPath");
        let point = mount.mount_path.as_str();
        if point.is_empty() {
            report.required(&at_path, "");
        }
        if !points.insert(point) {
            report.invalid(&at_path, point, "must be unique");
        }
        if devices.iter().any(|device| device.name == mount.name) {
            let why = "must not already exist in volumeDevices";
            report.invalid(&at_name, mount.name.as_str(), why);
        }
        if devices.iter().any(|device| device.device_path == point) {
            report.invalid(&at_path, point, "must not already exist as a path in volumeDevices");
        }
        below(report, path, &here, mount);
        propagation(report, path, mount, container);
    }
}

/// The part of a volume that is mounted.
fn below(report: &mut Report, path: &str, here: &str, mount: &VolumeMount) {
    let part = mount.sub_path.as_deref().unwrap_or("");
    let expanded = mount.sub_path_expr.as_deref().unwrap_or("");
    // The server names the list here, not the item.
    if !part.is_empty() {
        descending(report, &format!("{path}.subPath"), part);
    }
    if !expanded.is_empty() {
        if !part.is_empty() {
            let why = "subPathExpr and subPath are mutually exclusive";
            report.invalid(&format!("{here}.subPathExpr"), expanded, why);
        }
        descending(report, &format!("{path}.subPathExpr"), expanded);
    }
}

/// How mounts made later are seen; here, too, the server names the list.
fn propagation(report: &mut Report, path: &str, mount: &VolumeMount, container: &Container) {
    let here = format!("{path}.mountPropagation");
    let given = mount.mount_propagation.as_deref();
    report.one_of_if_given(&here, given, PROPAGATIONS);
    let context = container.security_context.as_ref();
    let privileged = context.and_then(|context| context.privileged) == Some(true);
    if given == Some("Bidirectional") && !privileged {
        let why = "Bidirectional mount propagation is available only to privileged containers";
        report.forbidden(&here, why);
    }
    let here = format!("{path}.recursiveReadOnly");
    let recursive = mount.recursive_read_only.as_deref();
    report.one_of_if_given(&here, recursive, RECURSIVE);
    if matches!(recursive, Some("Enabled" | "IfPossible")) {
        if mount.read_only != Some(true) {
            report.forbidden(&here, "may only be specified when readOnly is true");
        }
        if given.is_some_and(|given| given != "None") {
            let why = "may only be specified when mountPropagation is None or not specified";
            report.forbidden(&here, why);
        }
    }
}

/// Volumes that a container sees as block devices.
pub(super) fn check_devices(
    report: &mut Report,
    path: &str,
    container: &Container,
    volumes: &Volumes<'_>,
) {
    let mounts = container.volume_mounts.as_deref().unwrap_or_default();
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for (index, device) in container.volume_devices.iter().flatten().enumerate() {
        let at_name = format!("{path}[{index}].name");
        let at_path = format!("{path}[{index}].devicePath");
        let (name, point) = (device.name.as_str(), device.device_path.as_str());
        if name.is_empty() {
            report.required(&at_name, "");
        } else if !names.insert(name) {
            report.invalid(&at_name, name, "must be unique");
        }
        match volumes.get(name) {
            None => report.not_found(&at_name, name),
            Some(volume) if volume.persistent_volume_claim.is_some() => {}
            Some(volume) if volume.ephemeral.is_some() => {}
            Some(_) => {
                let why = "can only use volume source type of PersistentVolumeClaim or Ephemeral \
                           for block mode";
                report.invalid(&at_name, name, why);
            }
        }
        if point.is_empty() {
            report.required(&at_path, "");
        }
        if paths.contains(point) {
            report.invalid(&at_path, point, "must be unique");
        }
        if steps_back(point) {
            report.invalid(&at_path, point, "can not contain backsteps ('..')");
        } else {
            paths.insert(point);
        }
        if mounts.iter().any(|mount| mount.name == name) {
            report.invalid(&at_name, name, "must not already exist in volumeMounts");
        }
        if mounts.iter().any(|mount| mount.mount_path == point) {
            report.invalid(&at_path, point, "must not already exist as a path in volumeMounts");
        }
    }
}

/// Whether a path leads up.
fn steps_back(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}

/// A path that never leads up.
pub(in super::super) fn no_backsteps(report: &mut Report, path: &str, text: &str) {
    if steps_back(text) {
        report.invalid(path, text, "must not contain '..'");
    }
}

/// A path below the place where it is used.
pub(super) fn descending(report: &mut Report, path: &str, text: &str) {
    if text.starts_with('/') {
        report.invalid(path, text, "must be a relative path");
    }
    no_backsteps(report, path, text);
}

/// A path below the place where it is used, whose name is not one that the kubelet keeps for
/// itself.
pub(super) fn local(report: &mut Report, path: &str, text: &str) {
    descending(report, path, text);
    if text.starts_with("..") && !text.starts_with("../") {
        report.invalid(path, text, "must not start with '..'");
    }
}
