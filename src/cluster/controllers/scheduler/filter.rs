//! Which nodes a pod can run on: kube-scheduler's filter plugins in their order. The first that
//! refuses a node decides what is said about it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, PodSpec, Taint, Toleration};

use super::super::index::Index;
use super::node_cache::{HostPort, Load, NodeCache, Seat};
use super::topology::Topology;
use super::verdict::Refusal;
use crate::api::Pod;
use crate::manifest::quantity;

/// What a pod needs of a node.
pub(super) struct Needs<'a> {
    spec: &'a PodSpec,
    load: Load,
    topology: Topology<'a>,
}

impl<'a> Needs<'a> {
    /// What a pod with `spec` needs, among the pods that are there.
    pub(super) fn of(
        pod: &'a Pod,
        spec: &'a PodSpec,
        index: &Index,
        node_cache: &NodeCache,
    ) -> Needs<'a> {
        Needs { spec, load: Load::of(pod), topology: Topology::of(pod, spec, index, node_cache) }
    }

    /// Whether a node will do.
    pub(super) fn check(&self, seat: &Seat) -> Result<(), Refusal> {
        unschedulable(self.spec, &seat.node)?;
        taints(self.spec, &seat.node)?;
        affinity(self.spec, &seat.node)?;
        ports(&self.load, seat)?;
        resources(&self.load, seat)?;
        self.topology.check(&seat.node)
    }
}

/// NodeUnschedulable: `kubectl cordon`.
fn unschedulable(spec: &PodSpec, node: &Node) -> Result<(), Refusal> {
    if node.spec.as_ref().and_then(|spec| spec.unschedulable) != Some(true) {
        return Ok(());
    }
    let taint = Taint {
        effect: "NoSchedule".to_owned(),
        key: "node.kubernetes.io/unschedulable".to_owned(),
        ..Taint::default()
    };
    if tolerates(spec, &taint) {
        return Ok(());
    }
    Err(Refusal::lasting("node(s) were unschedulable"))
}

/// TaintToleration.
fn taints(spec: &PodSpec, node: &Node) -> Result<(), Refusal> {
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    let mut hard = taints.filter(|taint| matches!(&*taint.effect, "NoSchedule" | "NoExecute"));
    match hard.find(|taint| !tolerates(spec, taint)) {
        None => Ok(()),
        Some(_) => Err(Refusal::lasting("node(s) had untolerated taint(s)")),
    }
}

/// Whether one of the pod's tolerations is for this taint.
pub(crate) fn tolerates(spec: &PodSpec, taint: &Taint) -> bool {
    spec.tolerations.iter().flatten().any(|toleration| is_for(toleration, taint))
}

/// Whether a toleration is for this taint.
pub(in super::super) fn is_for(toleration: &Toleration, taint: &Taint) -> bool {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let effect = text(&toleration.effect);
    let key = text(&toleration.key);
    if !effect.is_empty() && effect != taint.effect || !key.is_empty() && key != taint.key {
        return false;
    }
    match toleration.operator.as_deref() {
        Some("Exists") => true,
        _ => text(&toleration.value) == text(&taint.value),
    }
}

/// NodeAffinity: `nodeSelector` and required node affinity.
fn affinity(spec: &PodSpec, node: &Node) -> Result<(), Refusal> {
    if super::node_matches(spec, node) {
        return Ok(());
    }
    Err(Refusal::lasting("node(s) didn't match Pod's node affinity/selector"))
}

/// NodePorts: host ports that are taken.
pub(super) fn ports(load: &Load, seat: &Seat) -> Result<(), Refusal> {
    let clash = |wanted: &HostPort| {
        seat.ports.iter().any(|taken| {
            let any = |address: &str| address.is_empty() || address == "0.0.0.0";
            (&wanted.0, wanted.1) == (&taken.0, taken.1)
                && (any(&wanted.2) || any(&taken.2) || wanted.2 == taken.2)
        })
    };
    if load.ports.iter().any(clash) {
        return Err(Refusal::crowded("node(s) didn't have free ports for the requested pod ports"));
    }
    Ok(())
}

/// NodeResourcesFit: pods, and everything that is requested.
fn resources(load: &Load, seat: &Seat) -> Result<(), Refusal> {
    let none = BTreeMap::new();
    let status = seat.node.status.as_ref();
    let allocatable = status.and_then(|status| status.allocatable.as_ref()).unwrap_or(&none);
    let mut refusal = Refusal { reasons: Vec::new(), preemptible: true };
    if let Some(pods) = allocatable.get("pods")
        && (seat.pods as i128 + 1) * 1_000 > quantity::thousandths(&pods.0)
    {
        refusal.reasons.push("Too many pods".to_owned());
    }
    for (resource, wanted) in load.requests.iter().filter(|(_, wanted)| **wanted > 0) {
        let capacity =
            allocatable.get(resource).map_or(0, |amount| quantity::thousandths(&amount.0));
        let taken = seat.requested.get(resource).copied().unwrap_or(0);
        if taken + wanted > capacity {
            refusal.reasons.push(format!("Insufficient {resource}"));
            refusal.preemptible &= *wanted <= capacity;
        }
    }
    if refusal.reasons.is_empty() { Ok(()) } else { Err(refusal) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toleration(key: &str, operator: &str, effect: &str) -> Toleration {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Toleration {
            key: text(key),
            operator: text(operator),
            effect: text(effect),
            ..Toleration::default()
        }
    }

    #[test]
    fn a_toleration_fits_by_key_value_and_effect() {
        let taint = Taint {
            key: "gpu".to_owned(),
            effect: "NoSchedule".to_owned(),
            value: Some("a".to_owned()),
            ..Taint::default()
        };
        assert!(is_for(&toleration("gpu", "Exists", ""), &taint));
        assert!(is_for(&toleration("", "Exists", ""), &taint));
        assert!(!is_for(&toleration("gpu", "Exists", "NoExecute"), &taint));
        assert!(!is_for(&toleration("gpu", "Equal", ""), &taint));
    }
}
