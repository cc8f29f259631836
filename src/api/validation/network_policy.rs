//! NetworkPolicies.

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::report::{Json, Report};
use super::{addresses, labels, metadata, names};

const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP"];
const TYPES: &[&str] = &["Ingress", "Egress"];

/// A new NetworkPolicy.
pub(super) fn create(report: &mut Report, policy: &NetworkPolicy) {
    metadata::create(report, &policy.metadata, true, names::dns_subdomain);
    check_spec(report, policy);
}

/// A changed NetworkPolicy.
pub(super) fn update(report: &mut Report, new: &NetworkPolicy, old: &NetworkPolicy) {
    metadata::update(report, &new.metadata, &old.metadata);
    check_spec(report, new);
}

fn check_spec(report: &mut Report, policy: &NetworkPolicy) {
    let Some(spec) = &policy.spec else { return };
    if let Some(selector) = &spec.pod_selector {
        labels::check_selector(report, "spec.podSelector", selector);
    }
    for (index, rule) in spec.ingress.iter().flatten().enumerate() {
        let path = format!("spec.ingress[{index}]");
        ports(report, &path, rule.ports.as_deref());
        peers(report, &format!("{path}.from"), rule.from.as_deref());
    }
    for (index, rule) in spec.egress.iter().flatten().enumerate() {
        let path = format!("spec.egress[{index}]");
        ports(report, &path, rule.ports.as_deref());
        peers(report, &format!("{path}.to"), rule.to.as_deref());
    }
    types(report, spec);
}

fn types(report: &mut Report, spec: &NetworkPolicySpec) {
    let types = spec.policy_types.as_deref().unwrap_or_default();
    if types.len() > 2 {
        let why = "may not specify more than two policyTypes";
        report.invalid("spec.policyTypes", Json(types), why);
        return;
    }
    for (index, kind) in types.iter().enumerate() {
        if !TYPES.contains(&kind.as_str()) {
            report.unsupported(&format!("spec.policyTypes[{index}]"), kind.as_str(), TYPES);
        }
    }
}

fn ports(report: &mut Report, path: &str, ports: Option<&[NetworkPolicyPort]>) {
    for (index, port) in ports.into_iter().flatten().enumerate() {
        check_port(report, &format!("{path}.ports[{index}]"), port);
    }
}

fn check_port(report: &mut Report, path: &str, port: &NetworkPolicyPort) {
    if let Some(protocol) = port.protocol.as_deref()
        && !PROTOCOLS.contains(&protocol)
    {
        report.unsupported(&format!("{path}.protocol"), protocol, PROTOCOLS);
    }
    let end = format!("{path}.endPort");
    match (&port.port, port.end_port) {
        (Some(IntOrString::Int(number)), last) => {
            report.port(&format!("{path}.port"), *number);
            if let Some(last) = last {
                if last < *number {
                    report.invalid(&end, *number, "must be greater than or equal to `port`");
                }
                report.port(&end, last);
            }
        }
        (Some(IntOrString::String(name)), last) => {
            if let Some(last) = last {
                report.invalid(&end, last, "may not be specified when `port` is non-numeric");
            }
            report.invalid_for(&format!("{path}.port"), name, names::port_name(name));
        }
        (None, Some(last)) => {
            report.invalid(&end, last, "may not be specified when `port` is not specified");
        }
        (None, None) => {}
    }
}

fn peers(report: &mut Report, path: &str, peers: Option<&[NetworkPolicyPeer]>) {
    for (index, peer) in peers.into_iter().flatten().enumerate() {
        check_peer(report, &format!("{path}[{index}]"), peer);
    }
}

fn check_peer(report: &mut Report, path: &str, peer: &NetworkPolicyPeer) {
    if let Some(selector) = &peer.pod_selector {
        labels::check_selector(report, &format!("{path}.podSelector"), selector);
    }
    if let Some(selector) = &peer.namespace_selector {
        labels::check_selector(report, &format!("{path}.namespaceSelector"), selector);
    }
    if let Some(block) = &peer.ip_block {
        check_block(report, &format!("{path}.ipBlock"), block);
    }
    let selects = peer.pod_selector.is_some() || peer.namespace_selector.is_some();
    match (selects, &peer.ip_block) {
        (false, None) => report.required(path, "must specify a peer"),
        (true, Some(_)) => {
            report.forbidden(path, "may not specify both ipBlock and another peer");
        }
        _ => {}
    }
}

fn check_block(report: &mut Report, path: &str, block: &IPBlock) {
    let here = format!("{path}.cidr");
    if block.cidr.is_empty() {
        report.required(&here, "");
        return;
    }
    let Some(whole) = addresses::check_range(report, &here, &block.cidr) else { return };
    for (index, except) in block.except.iter().flatten().enumerate() {
        let here = format!("{path}.except[{index}]");
        let Some(part) = addresses::check_range(report, &here, except) else { continue };
        if !whole.strictly_contains(part) {
            report.invalid(&here, except.as_str(), "must be a strict subset of `cidr`");
        }
    }
}
