//! The values that variables refer to (`pkg/cmd/set/env/env_resolve.go`).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, ResourceFieldSelector};
use serde_json::Value;

use super::super::super::super::tool::Io;
use super::super::Call;
use crate::api::validation::names;
use crate::api::{Kind, Object};
use crate::cluster::declared_resource;

/// The value that `from`, the `valueFrom` of a variable of a container, refers to. A field is the
/// one of the object itself, which need not be a pod.
///
/// # Errors
/// Why it isn't known, as kubectl says it.
pub(super) fn value(
    call: &mut Call,
    io: &mut Io<'_>,
    object: &Value,
    container: &Value,
    from: &Value,
) -> Result<String, Option<String>> {
    let known = if from["secretKeyRef"].is_object() {
        entry(call, io, Kind::Secret, &from["secretKeyRef"])
    } else if from["configMapKeyRef"].is_object() {
        entry(call, io, Kind::ConfigMap, &from["configMapKeyRef"])
    } else if let Some(path) = from["fieldRef"]["fieldPath"].as_str() {
        field(object, path)
    } else if from["resourceFieldRef"].is_object() {
        resource(container, &from["resourceFieldRef"])
    } else {
        Err("invalid valueFrom".to_owned())
    };
    known.map_err(Some)
}

/// An entry of a config map or secret.
fn entry(
    call: &mut Call,
    io: &mut Io<'_>,
    kind: Kind,
    reference: &Value,
) -> Result<String, String> {
    let text = |field: &str| reference[field].as_str().unwrap_or("").to_owned();
    let (name, key) = (text("name"), text("key"));
    let namespace = call.client.namespace_of(kind);
    let found = call.client.get_in(io, kind, namespace, &name).map_err(|status| status.message)?;
    match &found {
        Object::Secret(secret) => {
            let value = secret.data.as_ref().and_then(|data| data.get(&key));
            value
                .map(|value| String::from_utf8_lossy(&value.0).into_owned())
                .ok_or_else(|| format!("key {key} not found in secret {name}"))
        }
        Object::ConfigMap(map) => map
            .data
            .as_ref()
            .and_then(|data| data.get(&key).cloned())
            .ok_or_else(|| format!("key {key} not found in config map {name}")),
        _ => Err("invalid valueFrom".to_owned()),
    }
}

/// A field of an object's metadata: kubectl knows no other.
fn field(object: &Value, path: &str) -> Result<String, String> {
    let metadata = &object["metadata"];
    let map = |field: &str| -> BTreeMap<String, String> {
        serde_json::from_value(metadata[field].clone()).unwrap_or_default()
    };
    let subscript = path.strip_suffix("']").and_then(|path| path.split_once("['"));
    if let Some((path, key)) = subscript.filter(|(path, _)| !path.is_empty()) {
        let (field, checked) = match path {
            "metadata.annotations" => ("annotations", key.to_lowercase()),
            "metadata.labels" => ("labels", key.to_owned()),
            _ => return Err(format!("fieldPath \"{path}['{key}']\" does not support subscript")),
        };
        let faults = names::qualified_name(&checked);
        if !faults.is_empty() {
            let faults = faults.join(";");
            return Err(format!("invalid key subscript in {path}['{key}']: {faults}"));
        }
        return Ok(map(field).remove(key).unwrap_or_default());
    }
    match path {
        "metadata.annotations" | "metadata.labels" => {
            let all = map(path.trim_start_matches("metadata."));
            let lines = all.iter().map(|(key, value)| format!("{key}={value:?}"));
            Ok(lines.collect::<Vec<_>>().join("\n"))
        }
        "metadata.name" | "metadata.namespace" | "metadata.uid" => {
            let field = &metadata[path.trim_start_matches("metadata.")];
            Ok(field.as_str().unwrap_or("").to_owned())
        }
        _ => Err(format!("unsupported fieldPath: {path}")),
    }
}

/// What a container asks for or may have.
fn resource(container: &Value, reference: &Value) -> Result<String, String> {
    let unsupported = || {
        let resource = reference["resource"].as_str().unwrap_or("");
        format!("Unsupported container resource : {resource}")
    };
    let container: Container =
        serde_json::from_value(container.clone()).map_err(|_| unsupported())?;
    let reference: ResourceFieldSelector =
        serde_json::from_value(reference.clone()).map_err(|_| unsupported())?;
    declared_resource(&container, &reference).ok_or_else(unsupported)
}
