//! The downward API: what a pod may know of itself.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, ResourceFieldSelector};

use crate::api::Pod;
use crate::manifest::quantity;

/// The value of a `fieldRef`, for an environment variable or a file.
pub fn field(pod: &Pod, path: &str) -> Option<String> {
    let metadata = &pod.metadata;
    let status = pod.status.as_ref();
    let spec = pod.spec.as_ref();
    if let Some((map, key)) = subscript(path) {
        let map = match map {
            "metadata.labels" => metadata.labels.as_ref(),
            "metadata.annotations" => metadata.annotations.as_ref(),
            _ => None,
        };
        return Some(map.and_then(|map| map.get(key)).cloned().unwrap_or_default());
    }
    match path {
        "metadata.name" => metadata.name.clone(),
        "metadata.namespace" => metadata.namespace.clone(),
        "metadata.uid" => metadata.uid.clone(),
        "metadata.labels" => Some(lines(metadata.labels.as_ref())),
        "metadata.annotations" => Some(lines(metadata.annotations.as_ref())),
        "spec.nodeName" => spec.and_then(|spec| spec.node_name.clone()),
        "spec.serviceAccountName" => spec.and_then(|spec| spec.service_account_name.clone()),
        "status.hostIP" => status.and_then(|status| status.host_ip.clone()),
        "status.hostIPs" => {
            let all = status.and_then(|status| status.host_ips.as_ref());
            all.map(|all| joined(all.iter().map(|address| &address.ip)))
        }
        "status.podIP" => status.and_then(|status| status.pod_ip.clone()),
        "status.podIPs" => {
            let all = status.and_then(|status| status.pod_ips.as_ref());
            all.map(|all| joined(all.iter().map(|address| &address.ip)))
        }
        _ => None,
    }
}

fn joined<'a>(addresses: impl Iterator<Item = &'a String>) -> String {
    addresses.cloned().collect::<Vec<_>>().join(",")
}

/// The value of a `resourceFieldRef`: the container's own, or else all that its node has.
pub fn resource(container: &Container, field: &ResourceFieldSelector) -> Option<String> {
    let one = quantity::thousandths("1");
    let value = match (declared(container, field)?, field.resource.as_str()) {
        (Some(amount), _) => amount,
        (None, "limits.cpu") => 2 * one,
        (None, "limits.memory") => 8_142_260 * 1024 * one,
        (None, _) => 0,
    };
    Some(divided(value, field))
}

/// The value of a `resourceFieldRef` as the container alone tells it: zero for what it doesn't say.
pub fn declared_resource(container: &Container, field: &ResourceFieldSelector) -> Option<String> {
    Some(divided(declared(container, field)?.unwrap_or(0), field))
}

/// What a container declares of a resource, in thousandths; nothing at all for a field that is
/// neither a limit nor a request.
fn declared(container: &Container, field: &ResourceFieldSelector) -> Option<Option<i128>> {
    let (kind, name) = field.resource.split_once('.')?;
    let resources = container.resources.as_ref();
    let limits = resources.and_then(|resources| resources.limits.as_ref());
    let requests = resources.and_then(|resources| resources.requests.as_ref());
    let declared = match kind {
        "limits" => limits.and_then(|limits| limits.get(name)),
        _ => requests.and_then(|requests| requests.get(name)),
    };
    Some(declared.map(|amount| quantity::thousandths(&amount.0)))
}

/// Thousandths by the field's divisor, rounded up.
fn divided(value: i128, field: &ResourceFieldSelector) -> String {
    let one = quantity::thousandths("1");
    let divisor = field.divisor.as_ref().map_or(0, |divisor| quantity::thousandths(&divisor.0));
    let divisor = if divisor > 0 { divisor } else { one };
    (value / divisor + i128::from(value % divisor != 0)).to_string()
}

/// `metadata.labels['app']` to its map and key.
fn subscript(path: &str) -> Option<(&str, &str)> {
    let (map, rest) = path.split_once('[')?;
    let key = rest.strip_suffix(']')?.trim_matches(['\'', '"']);
    Some((map, key))
}

/// `key="value"`, a line each.
fn lines(map: Option<&BTreeMap<String, String>>) -> String {
    let lines: Vec<String> =
        map.into_iter().flatten().map(|(key, value)| format!("{key}={value:?}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_knows_its_own_name_and_labels() {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": { "name": "web-0", "labels": { "app": "web", "tier": "front" } },
        }))
        .unwrap();
        assert_eq!(field(&pod, "metadata.name").as_deref(), Some("web-0"));
        assert_eq!(field(&pod, "metadata.labels['app']").as_deref(), Some("web"));
        assert_eq!(field(&pod, "metadata.labels").as_deref(), Some("app=\"web\"\ntier=\"front\""));
    }

    #[test]
    fn resources_are_divided_and_rounded_up() {
        let container: Container = serde_json::from_value(json!({
            "name": "c", "resources": { "limits": { "cpu": "250m", "memory": "64Mi" } },
        }))
        .unwrap();
        let ask = |resource: &str, divisor: &str| {
            let field = serde_json::from_value(json!({ "resource": resource, "divisor": divisor }));
            super::resource(&container, &field.unwrap()).unwrap()
        };
        assert_eq!(ask("limits.cpu", "1"), "1");
        assert_eq!(ask("limits.cpu", "1m"), "250");
        assert_eq!(ask("limits.memory", "1Mi"), "64");
    }
}
