//! Nodes: conditions, roles and addresses.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Node;

use super::age::since;
use super::format::or_none;
use super::{Columns, narrow, wide};
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns = &[
    narrow("NAME"),
    narrow("STATUS"),
    narrow("ROLES"),
    narrow("AGE"),
    narrow("VERSION"),
    wide("INTERNAL-IP"),
    wide("EXTERNAL-IP"),
    wide("OS-IMAGE"),
    wide("KERNEL-VERSION"),
    wide("CONTAINER-RUNTIME"),
];

pub(super) fn row(node: &Node, now: SimTime) -> Vec<String> {
    let status = node.status.clone().unwrap_or_default();
    let address = |wanted: &str| {
        let mut addresses = status.addresses.iter().flatten();
        or_none(addresses.find(|a| a.type_ == wanted).map_or("", |a| a.address.as_str()))
    };
    let info = status.node_info.clone().unwrap_or_default();
    let kernel = match info.architecture.as_str() {
        "" => info.kernel_version.clone(),
        architecture => format!("{} ({architecture})", info.kernel_version),
    };
    vec![
        node.metadata.name.clone().unwrap_or_default(),
        state(node),
        roles(node),
        since(node.metadata.creation_timestamp.as_ref(), now),
        info.kubelet_version,
        address("InternalIP"),
        address("ExternalIP"),
        or_unknown(info.os_image),
        or_unknown(kernel),
        or_unknown(info.container_runtime_version),
    ]
}

/// The roles that a node's labels give it, sorted: `control-plane`, or `<none>`.
pub fn roles(node: &Node) -> String {
    let labels = node.metadata.labels.iter().flatten();
    let roles: BTreeSet<&str> = labels
        .filter_map(|(key, value)| match key.as_str() {
            "kubernetes.io/role" => Some(value.as_str()),
            key => key.strip_prefix("node-role.kubernetes.io/"),
        })
        .filter(|role| !role.is_empty())
        .collect();
    or_none(roles.into_iter().collect::<Vec<_>>().join(","))
}

/// `Ready`, `NotReady,SchedulingDisabled`, `Unknown`
fn state(node: &Node) -> String {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref());
    let ready = conditions.unwrap_or_default().iter().find(|c| c.type_ == "Ready");
    let state = match ready.map(|condition| condition.status.as_str()) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    match node.spec.as_ref().and_then(|spec| spec.unschedulable) {
        Some(true) => format!("{state},SchedulingDisabled"),
        _ => state.to_owned(),
    }
}

fn or_unknown(text: String) -> String {
    if text.is_empty() { "<unknown>".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cordoned_node_is_ready_but_closed() {
        let node = serde_json::from_value(json!({
            "metadata": {"name": "n", "labels": {"node-role.kubernetes.io/control-plane": ""}},
            "spec": {"unschedulable": true},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}
        }));
        let row = row(&node.expect("a node"), SimTime::START);
        assert_eq!(row[1..3], ["Ready,SchedulingDisabled", "control-plane"]);
    }
}
