//! Nodes.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Node, Taint};

use super::report::{Report, Shown};
use super::shape::Holds::{Any, Pointer, Text};
use super::shape::{Own, Shape};
use super::{addresses, metadata, names};

const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

const TAINT: Shape = &[
    ("Key", "key", Text),
    ("Value", "value", Text),
    ("Effect", "effect", Text),
    ("TimeAdded", "timeAdded", Any),
];

/// What a Node has once, it keeps: the ranges of its pods and its name with the provider.
fn keep_node(report: &mut Report, new: &Node, old: &Node) {
    let (new, old) = (new.spec.clone().unwrap_or_default(), old.spec.clone().unwrap_or_default());
    let had_ranges = old.pod_cidrs.as_ref().is_some_and(|ranges| !ranges.is_empty());
    if had_ranges && new.pod_cidrs != old.pod_cidrs {
        let why = "node updates may not change podCIDR except from \"\" to valid";
        report.forbidden("spec.podCIDRs", why);
    }
    let named = old.provider_id.as_deref().is_some_and(|name| !name.is_empty());
    if named && new.provider_id != old.provider_id {
        let why = "node updates may not change providerID except from \"\" to valid";
        report.forbidden("spec.providerID", why);
    }
}

/// The ranges of a node's pods: one a family at most.
fn pod_ranges(report: &mut Report, ranges: &[String]) {
    let path = "spec.podCIDRs";
    let mut families = BTreeSet::new();
    for (index, range) in ranges.iter().enumerate() {
        let range = addresses::check_range(report, &format!("{path}[{index}]"), range);
        families.extend(range.map(addresses::Range::is_ipv4));
    }
    let shown: Vec<&str> = ranges.iter().map(String::as_str).collect();
    addresses::one_a_family(report, path, "CIDR", &families, &shown);
}

/// A new or changed Node: what is wrong with it as it is, and then what may not change
/// (`nodeStrategy.ValidateUpdate`).
pub(super) fn check_node(report: &mut Report, node: &Node, old: Option<&Node>) {
    match old {
        None => metadata::create(report, &node.metadata, false, names::dns_subdomain),
        Some(old) => metadata::update(report, &node.metadata, &old.metadata),
    }
    let spec = node.spec.as_ref();
    check_taints(report, spec.and_then(|spec| spec.taints.as_deref()).unwrap_or_default());
    pod_ranges(report, spec.and_then(|spec| spec.pod_cidrs.as_deref()).unwrap_or_default());
    if let Some(old) = old {
        keep_node(report, node, old);
    }
}

fn check_taints(report: &mut Report, taints: &[Taint]) {
    let mut seen = BTreeSet::new();
    for (index, taint) in taints.iter().enumerate() {
        // The server looks for taints in the metadata.
        let path = format!("metadata.taints[{index}]");
        report.invalid_for(&format!("{path}.key"), &taint.key, names::qualified_name(&taint.key));
        let value = taint.value.as_deref().unwrap_or("");
        let reasons = names::label_value(value);
        if !reasons.is_empty() {
            report.invalid(&format!("{path}.value"), value, &reasons.join(";"));
        }
        report.one_of(&format!("{path}.effect"), Some(&taint.effect), EFFECTS);
        if !seen.insert((&taint.key, &taint.effect)) {
            let why = "taints must be unique by key and effect pair";
            report.duplicate_because(&path, Own(Pointer(TAINT), taint), why);
        }
    }
}

impl Shown for &&str {
    fn shown(&self) -> String {
        (**self).shown()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // `pkg/apis/core/validation`, `ValidateNode`.
    #[test]
    fn a_node_has_one_range_a_family() {
        let told = |ranges: &[&str]| {
            let ranges: Vec<String> = ranges.iter().map(|&range| range.to_owned()).collect();
            let mut report = Report::default();
            pod_ranges(&mut report, &ranges);
            report.into_causes().into_iter().map(|cause| cause.field).collect::<Vec<_>>()
        };
        assert!(told(&["10.244.1.0/24", "fd00:10:244:1::/64"]).is_empty());
        assert_eq!(told(&["10.244.1.0/24", "10.244.2.0/24"]), ["spec.podCIDRs"]);
        let twice = told(&["10.244.1.0/24", "10.244.1.0/24"]);
        assert_eq!(twice, ["spec.podCIDRs", "spec.podCIDRs[1]"]);
    }
}
