//! What a kubelet checks for itself before it runs a pod, with the scheduler's own filters: whoever
//! writes `nodeName` passes the scheduler by (kubernetes pkg/kubelet/lifecycle/predicate.go).

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, PodSpec};

use super::filter::{ports, tolerates};
use super::node_cache::{Load, Seat};
use super::node_matches;
use crate::api::Pod;
use crate::manifest::quantity;

/// Why a kubelet does not take a pod: `status.reason` and the end of `status.message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster) struct Rejection {
    /// `NodeAffinity`, `NodePorts`, `OutOfcpu`
    pub reason: String,
    /// A sentence.
    pub message: String,
}

impl Rejection {
    fn of(plugin: &str, why: &str) -> Rejection {
        let message = format!("Predicate {plugin} failed: {why}");
        Rejection { reason: plugin.to_owned(), message }
    }
}

/// Whether a node that has these pods takes one more.
///
/// # Errors
/// The first reason why not: resources, node affinity, host ports, taints that evict, in this order.
pub(in crate::cluster) fn admit<'a>(
    pod: &Pod,
    node: &Arc<Node>,
    others: impl Iterator<Item = &'a Pod>,
) -> Result<(), Rejection> {
    let Some(spec) = &pod.spec else { return Ok(()) };
    let load = Load::of(pod);
    // A pod that asks for nothing lacks nothing where even all the others leave it a place.
    let most = others.size_hint().1.filter(|_| load.requests.is_empty() && load.ports.is_empty());
    let seat = match most {
        Some(most) if places(node).is_none_or(|all| (most as i128) < all) => {
            Seat::with(node, std::iter::empty())
        }
        _ => Seat::with(node, others),
    };
    room(&load, &seat)?;
    if !node_matches(spec, node) {
        let why = "node(s) didn't match Pod's node affinity/selector";
        return Err(Rejection::of("NodeAffinity", why));
    }
    if ports(&load, &seat).is_err() {
        let why = "node(s) didn't have free ports for the requested pod ports";
        return Err(Rejection::of("NodePorts", why));
    }
    evicting_taints(spec, node)
}

/// How many pods the node may have; none where it does not say.
fn places(node: &Node) -> Option<i128> {
    let allocatable = node.status.as_ref()?.allocatable.as_ref()?;
    Some(quantity::thousandths(&allocatable.get("pods")?.0) / 1_000)
}

/// What is requested, of what there is. A resource that the node does not know is left to whoever
/// provides it.
fn room(load: &Load, seat: &Seat) -> Result<(), Rejection> {
    let none = BTreeMap::new();
    let status = seat.node.status.as_ref();
    let there = status.and_then(|status| status.allocatable.as_ref()).unwrap_or(&none);
    let pods = [("pods", 1_000, seat.pods as i128 * 1_000)];
    let requests = load.requests.iter().map(|(name, wanted)| {
        (name.as_str(), *wanted, seat.requested.get(name).copied().unwrap_or(0))
    });
    for (resource, wanted, used) in pods.into_iter().chain(requests) {
        let Some(capacity) = there.get(resource).map(|all| quantity::thousandths(&all.0)) else {
            continue;
        };
        if wanted > 0 && used + wanted > capacity {
            // The kubelet counts processors in thousandths, everything else in whole units.
            let unit = if resource == "cpu" { 1 } else { 1_000 };
            let message = format!(
                "Node didn't have enough resource: {resource}, requested: {}, used: {}, capacity: {}",
                wanted / unit,
                used / unit,
                capacity / unit
            );
            return Err(Rejection { reason: format!("OutOf{resource}"), message });
        }
    }
    Ok(())
}

/// Taints with the effect NoExecute; those that only keep the scheduler off are its own affair.
fn evicting_taints(spec: &PodSpec, node: &Node) -> Result<(), Rejection> {
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    let mut evicting = taints.filter(|taint| taint.effect == "NoExecute");
    match evicting.any(|taint| !tolerates(spec, taint)) {
        true => {
            let why = "node(s) had taints that the pod didn't tolerate";
            Err(Rejection::of("TaintToleration", why))
        }
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn node() -> Arc<Node> {
        let value = json!({
            "metadata": { "name": "node-1", "labels": { "disk": "ssd" } },
            "status": { "allocatable": { "cpu": "2", "pods": "3" } },
        });
        Arc::new(serde_json::from_value(value).unwrap())
    }

    fn pod(spec: Value) -> Pod {
        serde_json::from_value(json!({ "metadata": { "name": "a" }, "spec": spec })).unwrap()
    }

    fn rejected(pod: &Pod, others: &[Pod]) -> (String, String) {
        let Rejection { reason, message } = admit(pod, &node(), others.iter()).unwrap_err();
        (reason, message)
    }

    // kubernetes pkg/kubelet/lifecycle/predicate.go: generalFilter, PredicateFailureError
    #[test]
    fn a_kubelet_turns_away_what_the_scheduler_was_not_asked_about() {
        let port = json!({ "name": "c", "ports": [{ "containerPort": 80, "hostPort": 8080 }] });
        let hosted = pod(json!({ "containers": [port] }));
        assert!(admit(&hosted, &node(), [].iter()).is_ok());
        let (reason, message) = rejected(&hosted, std::slice::from_ref(&hosted));
        assert_eq!(reason, "NodePorts");
        let told = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod \
                    ports";
        assert_eq!(message, told);
        let elsewhere = pod(json!({ "containers": [], "nodeSelector": { "disk": "hdd" } }));
        assert_eq!(rejected(&elsewhere, &[]).0, "NodeAffinity");
        let big = json!({ "name": "c", "resources": { "requests": { "cpu": "1500m" } } });
        let big = pod(json!({ "containers": [big] }));
        let (reason, message) = rejected(&big, std::slice::from_ref(&big));
        assert_eq!(reason, "OutOfcpu");
        let told =
            "Node didn't have enough resource: cpu, requested: 1500, used: 1500, capacity: 2000";
        assert_eq!(message, told);
        let plain = pod(json!({ "containers": [{ "name": "c" }] }));
        let others = vec![plain.clone(); 3];
        assert_eq!(admit(&plain, &node(), others[..2].iter()), Ok(()));
        assert_eq!(rejected(&plain, &others).0, "OutOfpods");
    }
}
