//! Environment variables and where they come from.

use k8s_openapi::api::core::v1::{EnvFromSource, EnvVar, EnvVarSource, ObjectFieldSelector};

use super::super::names;
use super::super::report::Report;

/// The fields of a pod that its containers may read from their environment.
const POD_FIELDS: &[&str] = &[
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
        check_field(report, &format!("{path}.fieldRef"), field);
    }
    if let Some(resource) = &source.resource_field_ref {
        sources += 1;
        if resource.resource.is_empty() {
            report.required(&format!("{path}.resourceFieldRef.resource"), "");
        }
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
    if source.file_key_ref.is_some() {
        sources += 1;
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

fn check_field(report: &mut Report, path: &str, field: &ObjectFieldSelector) {
    if field.api_version.as_deref().unwrap_or("").is_empty() {
        report.required(&format!("{path}.apiVersion"), "");
        return;
    }
    let here = format!("{path}.fieldPath");
    let name = field.field_path.as_str();
    if name.is_empty() {
        report.required(&here, "");
        return;
    }
    // metadata.labels['app'] and metadata.annotations['x'] name one entry each.
    if let Some((map, key)) = name.strip_suffix("']").and_then(|rest| rest.split_once("['")) {
        match map {
            "metadata.labels" => report.invalid_for(&here, key, names::qualified_name(key)),
            "metadata.annotations" => {
                report.invalid_for(&here, key, names::qualified_name(&key.to_lowercase()));
            }
            _ => report.invalid(&here, name, "does not support subscript"),
        }
        return;
    }
    let convertible = POD_FIELDS.contains(&name)
        || matches!(name, "metadata.labels" | "metadata.annotations" | "spec.restartPolicy")
        || matches!(name, "spec.schedulerName" | "status.phase");
    if !convertible {
        let why = format!("error converting fieldPath: field label not supported: {name}");
        report.invalid(&here, name, &why);
    } else if !POD_FIELDS.contains(&name) {
        report.unsupported(&here, name, POD_FIELDS);
    }
}

fn check_key(report: &mut Report, path: &str, name: &str, key: &str) {
    if name.is_empty() {
        report.required(&format!("{path}.name"), "");
    }
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
                    report.invalid_for(&here, name, names::dns_subdomain(name));
                }
                None => {}
            }
        }
        match references.iter().filter(|(_, name)| name.is_some()).count() {
            0 => report.invalid(&here, "", "must specify one of: `configMapRef` or `secretRef`"),
            1 => {}
            _ => report.invalid(&here, "", "may not have more than one field specified at a time"),
        }
    }
}
