//! Environment variables and where they come from.

use k8s_openapi::api::core::v1::{
    EnvFromSource, EnvVar, EnvVarSource, FileKeySelector, ObjectFieldSelector, PodSpec,
    ResourceFieldSelector, Volume,
};

use super::super::names;
use super::super::report::Report;
use super::mount;
use crate::manifest::quantity;

/// Every field of a pod that has a name for containers, wherever it may be used.
const FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.phase",
    "status.podIP",
    "status.podIPs",
];

/// The amounts that a container may read of its own.
const AMOUNTS: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

/// The fields of a pod that its containers may read from their environment, labels and annotations aside.
pub const POD_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// A container's variables.
pub(super) fn check(report: &mut Report, path: &str, variables: &[EnvVar]) {
    for (index, variable) in variables.iter().enumerate() {
        let here = format!("{path}[{index}]");
        match variable.name.as_str() {
            "" => report.required(&format!("{here}.name"), ""),
            name => report.invalid_for(&format!("{here}.name"), name, names::env_name(name)),
        }
        if let Some(source) = &variable.value_from {
            let has_value = variable.value.as_deref().is_some_and(|value| !value.is_empty());
            check_source(report, &format!("{here}.valueFrom"), source, has_value);
        }
    }
}

fn check_source(report: &mut Report, path: &str, source: &EnvVarSource, has_value: bool) {
    let mut sources = 0;
    if let Some(field) = &source.field_ref {
        sources += 1;
        check_field(report, &format!("{path}.fieldRef"), field, POD_FIELDS);
    }
    if let Some(resource) = &source.resource_field_ref {
        sources += 1;
        check_amount(report, &format!("{path}.resourceFieldRef"), resource, false);
    }
    if let Some(reference) = &source.config_map_key_ref {
        sources += 1;
        let here = format!("{path}.configMapKeyRef");
        check_key(report, &here, &reference.name, &reference.key);
    }
    if let Some(reference) = &source.secret_key_ref {
        sources += 1;
        let here = format!("{path}.secretKeyRef");
        check_key(report, &here, &reference.name, &reference.key);
    }
    if let Some(file) = &source.file_key_ref {
        sources += 1;
        check_file(report, &format!("{path}.fileKeyRef"), file);
    }
    if sources == 0 {
        let why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, \
                   `secretKeyRef` or `fileKeyRef`";
        report.invalid(path, "", why);
    } else if has_value {
        report.invalid(path, "", "may not be specified when `value` is not empty");
    } else if sources > 1 {
        report.invalid(path, "", "may not have more than one field specified at a time");
    }
}

/// A field of the pod, which must be one of `allowed`.
pub(super) fn check_field(
    report: &mut Report,
    path: &str,
    field: &ObjectFieldSelector,
    allowed: &[&str],
) {
    let version = field.api_version.as_deref().unwrap_or("");
    let name = field.field_path.as_str();
    let here = format!("{path}.fieldPath");
    if version.is_empty() {
        report.required(&format!("{path}.apiVersion"), "");
        return;
    }
    if name.is_empty() {
        report.required(&here, "");
        return;
    }
    // metadata.labels['app'] and metadata.annotations['x'] name one entry each.
    let entry = name.strip_suffix("']").and_then(|rest| rest.split_once("['"));
    let entry = entry.filter(|(map, _)| !map.is_empty());
    let why = match entry {
        _ if version != "v1" => Some(format!("unsupported pod version: {version}")),
        Some(("metadata.labels" | "metadata.annotations", _)) => None,
        Some(_) => Some(format!("field label does not support subscript: {name}")),
        None if FIELDS.contains(&name) || name == "spec.host" => None,
        None => Some(format!("field label not supported: {name}")),
    };
    if let Some(why) = why {
        report.invalid(&here, name, &format!("error converting fieldPath: {why}"));
        return;
    }
    // What stands in brackets is told at the reference itself.
    match entry {
        Some(("metadata.annotations", key)) => {
            report.invalid_for(
                path,
                &key.to_lowercase(),
                names::qualified_name(&key.to_lowercase()),
            );
        }
        Some((_, key)) => report.invalid_for(path, key, names::qualified_name(key)),
        None => {
            // The old name of the field.
            let name = if name == "spec.host" { "spec.nodeName" } else { name };
            report.one_of_if_given(&here, Some(name), allowed);
        }
    }
}

/// An amount that a container asks for or may use at most; files name the container, variables
/// mean their own.
pub(super) fn check_amount(
    report: &mut Report,
    path: &str,
    source: &ResourceFieldSelector,
    in_file: bool,
) {
    let name = source.resource.as_str();
    let huge = ["limits.hugepages-", "requests.hugepages-"].iter().any(|p| name.starts_with(p));
    if in_file && source.container_name.as_deref().unwrap_or("").is_empty() {
        report.required(&format!("{path}.containerName"), "");
    } else if name.is_empty() {
        report.required(&format!("{path}.resource"), "");
    } else if !AMOUNTS.contains(&name) && !huge {
        report.unsupported(&format!("{path}.resource"), name, AMOUNTS);
    }
    let divisor = source.divisor.as_ref().map_or("0", |divisor| divisor.0.as_str());
    if quantity::parse(divisor) == Ok(0) {
        return;
    }
    let bytes = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei";
    let (fine, what) = match name {
        "limits.cpu" | "requests.cpu" => ("1m and 1", "cpu"),
        "limits.memory" | "requests.memory" => (bytes, "memory"),
        "limits.ephemeral-storage" | "requests.ephemeral-storage" => {
            (bytes, "local ephemeral storage")
        }
        _ if huge => (bytes, "hugepages"),
        _ => return,
    };
    let known = if what == "cpu" {
        matches!(divisor, "1m" | "1")
    } else {
        bytes.split(", ").any(|known| known == divisor)
    };
    if !known {
        let why = format!("only divisor's values {fine} are supported with the {what} resource");
        report.invalid(&format!("{path}.divisor"), name, &why);
    }
}

/// A variable in a file that another container wrote (KEP-3721).
fn check_file(report: &mut Report, path: &str, file: &FileKeySelector) {
    match file.key.as_str() {
        "" => report.required(&format!("{path}.key"), ""),
        name => report.invalid_for(&format!("{path}.key"), name, names::env_name(name)),
    }
    match file.volume_name.as_str() {
        "" => report.required(&format!("{path}.volumeName"), ""),
        name => report.invalid_name(&format!("{path}.volumeName"), name, names::dns_label(name)),
    }
    match file.path.as_str() {
        "" => report.required(&format!("{path}.path"), ""),
        name => mount::no_backsteps(report, &format!("{path}.path"), name),
    }
}

/// Files of variables lie in an `emptyDir` of the pod's, looked at after everything else.
pub(super) fn check_file_volumes(report: &mut Report, path: &str, spec: &PodSpec) {
    for (here, container) in super::with_paths(path, spec) {
        for (index, variable) in container.env.iter().flatten().enumerate() {
            let source = variable.value_from.as_ref();
            let Some(file) = source.and_then(|source| source.file_key_ref.as_ref()) else {
                continue;
            };
            let here = format!("{here}.env[{index}].valueFrom.fileKeyRef.volumeName");
            let named = |volume: &&Volume| volume.name == file.volume_name;
            match spec.volumes.iter().flatten().rfind(named) {
                None => report.not_found(&here, &file.volume_name),
                Some(volume) if volume.empty_dir.is_none() => {
                    let why = "referenced volume must be of type emptyDir";
                    report.invalid(&here, file.volume_name.as_str(), why);
                }
                Some(_) => {}
            }
        }
    }
}

fn check_key(report: &mut Report, path: &str, name: &str, key: &str) {
    report.invalid_name(&format!("{path}.name"), name, names::dns_subdomain(name));
    match key {
        "" => report.required(&format!("{path}.key"), ""),
        key => report.invalid_for(&format!("{path}.key"), key, names::config_key(key)),
    }
}

/// Whole ConfigMaps and Secrets as variables.
pub(super) fn check_from(report: &mut Report, path: &str, sources: &[EnvFromSource]) {
    for (index, source) in sources.iter().enumerate() {
        let here = format!("{path}[{index}]");
        if let Some(prefix) = source.prefix.as_deref().filter(|prefix| !prefix.is_empty()) {
            report.invalid_for(&format!("{here}.prefix"), prefix, names::env_name(prefix));
        }
        let references = [
            ("configMapRef", source.config_map_ref.as_ref().map(|from| from.name.as_str())),
            ("secretRef", source.secret_ref.as_ref().map(|from| from.name.as_str())),
        ];
        for (field, name) in references {
            match name {
                Some("") => report.required(&format!("{here}.{field}.name"), ""),
                Some(name) => {
                    let here = format!("{here}.{field}.name");
                    let reasons = names::dns_subdomain(&names::as_prefix(name));
                    report.invalid_for(&here, name, reasons);
                }
                None => {}
            }
        }
        match references.iter().filter(|(_, name)| name.is_some()).count() {
            // The server names the list here, not the item.
            0 => report.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"),
            1 => {}
            _ => report.invalid(path, "", "may not have more than one field specified at a time"),
        }
    }
}
