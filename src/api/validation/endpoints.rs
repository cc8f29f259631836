//! EndpointSlices and Endpoints.

use std::collections::BTreeSet;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::{self as core, Endpoints};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointPort, EndpointSlice};

use super::report::Report;
use super::{addresses, labels, metadata, names};

const TYPES: &[&str] = &["FQDN", "IPv4", "IPv6"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const MAX_ENDPOINTS: usize = 1000;
const MAX_ADDRESSES: usize = 100;
const MAX_TOPOLOGY: usize = 16;
const MAX_HINTS: usize = 8;
const MAX_PORTS: usize = 20_000;

/// A new EndpointSlice.
pub(super) fn create_slice(report: &mut Report, slice: &EndpointSlice) {
    metadata::create(report, &slice.metadata, true, names::dns_subdomain);
    check_slice(report, slice);
    check_endpoints(report, slice);
}

/// A changed EndpointSlice.
pub(super) fn update_slice(report: &mut Report, new: &EndpointSlice, old: &EndpointSlice) {
    metadata::update(report, &new.metadata, &old.metadata);
    check_slice(report, new);
    // What was once good enough stays so.
    if new.endpoints != old.endpoints {
        check_endpoints(report, new);
    }
    report.unchanged("addressType", &new.address_type, &old.address_type);
}

/// New or changed Endpoints.
pub(super) fn check(report: &mut Report, endpoints: &Endpoints, old: Option<&Endpoints>) {
    match old {
        None => metadata::create(report, &endpoints.metadata, true, names::dns_subdomain),
        Some(old) => metadata::update(report, &endpoints.metadata, &old.metadata),
    }
    for (index, subset) in endpoints.subsets.iter().flatten().enumerate() {
        check_subset(report, &format!("subsets[{index}]"), subset);
    }
}

/// Ports come first, since 1.36.
fn check_slice(report: &mut Report, slice: &EndpointSlice) {
    report.one_of("addressType", Some(&slice.address_type), TYPES);
    check_ports(report, slice.ports.as_deref().unwrap_or_default());
}

fn check_endpoints(report: &mut Report, slice: &EndpointSlice) {
    let endpoints = slice.endpoints.as_deref().unwrap_or_default();
    if endpoints.len() > MAX_ENDPOINTS {
        report.too_many("endpoints", endpoints.len(), MAX_ENDPOINTS);
        return;
    }
    for (index, endpoint) in endpoints.iter().enumerate() {
        check_endpoint(report, &format!("endpoints[{index}]"), endpoint, &slice.address_type);
    }
}

fn check_endpoint(report: &mut Report, path: &str, endpoint: &Endpoint, kind: &str) {
    let here = format!("{path}.addresses");
    if endpoint.addresses.is_empty() {
        report.required(&here, "must contain at least 1 address");
    } else if endpoint.addresses.len() > MAX_ADDRESSES {
        report.too_many(&here, endpoint.addresses.len(), MAX_ADDRESSES);
    }
    for (index, address) in endpoint.addresses.iter().enumerate() {
        check_address(report, &format!("{here}[{index}]"), &here, address, kind);
    }
    if let Some(node) = &endpoint.node_name {
        report.invalid_name(&format!("{path}.nodeName"), node, names::dns_subdomain(node));
    }
    let labels = endpoint.deprecated_topology.as_ref();
    if labels.is_some_and(|labels| labels.len() > MAX_TOPOLOGY) {
        let count = labels.map_or(0, |labels| labels.len());
        report.too_many(&format!("{path}.topology"), count, MAX_TOPOLOGY);
    }
    labels::check(report, &format!("{path}.topology"), labels);
    if let Some(host) = &endpoint.hostname {
        report.invalid_name(&format!("{path}.hostname"), host, names::dns_label(host));
    }
    check_hints(report, &format!("{path}.hints"), endpoint);
}

/// For which zones and nodes an endpoint is meant.
fn check_hints(report: &mut Report, path: &str, endpoint: &Endpoint) {
    let Some(hints) = &endpoint.hints else { return };
    let zones = hints.for_zones.iter().flatten().map(|zone| &zone.name).collect::<Vec<_>>();
    let nodes = hints.for_nodes.iter().flatten().map(|node| &node.name).collect::<Vec<_>>();
    // A zone is a label's value, a node an object.
    let rules: [(&str, _, fn(&str) -> Vec<String>); 2] =
        [("forZones", zones, names::label_value), ("forNodes", nodes, names::dns_subdomain)];
    for (field, all, rule) in rules {
        let here = format!("{path}.{field}");
        if all.len() > MAX_HINTS {
            report.too_many(&here, all.len(), MAX_HINTS);
            continue;
        }
        let mut seen = BTreeSet::new();
        for (index, name) in all.into_iter().enumerate() {
            let here = format!("{here}[{index}].name");
            if !seen.insert(name) {
                report.duplicate(&here, name.as_str());
            }
            report.invalid_for(&here, name, rule(name));
        }
    }
}

/// An address; of the wrong family the server tells at the list.
fn check_address(report: &mut Report, path: &str, list: &str, address: &str, kind: &str) {
    match kind {
        "IPv4" | "IPv6" => {
            let Some(ip) = addresses::check(report, path, address) else { return };
            if matches!(ip, IpAddr::V4(_)) != (kind == "IPv4") {
                report.invalid(list, address, &format!("must be an {kind} address"));
            }
            addresses::check_ordinary(report, path, address);
        }
        "FQDN" => {
            if address.is_empty() {
                report.required(path, "");
                return;
            }
            let name = address.strip_suffix('.').unwrap_or(address);
            let reasons = names::dns_subdomain(name);
            let fine = reasons.is_empty();
            report.invalid_for(path, name, reasons);
            if fine && !name.contains('.') {
                let why = "should be a domain with at least two segments separated by dots";
                report.invalid(path, name, why);
            }
        }
        _ => {}
    }
}

fn check_ports(report: &mut Report, ports: &[EndpointPort]) {
    if ports.len() > MAX_PORTS {
        report.too_many("ports", ports.len(), MAX_PORTS);
        return;
    }
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = format!("ports[{index}]");
        let name = port.name.as_deref().unwrap_or("");
        let here = format!("{path}.name");
        if !name.is_empty() {
            report.invalid_name(&here, name, names::dns_label(name));
        }
        if !seen.insert(name) {
            report.duplicate(&here, name);
        }
        let here = format!("{path}.protocol");
        match port.protocol.as_deref() {
            None => report.required(&here, ""),
            given => report.one_of_if_given(&here, given, PROTOCOLS),
        }
        if let Some(protocol) = &port.app_protocol {
            let reasons = names::qualified_name(protocol);
            report.invalid_for(&format!("{path}.appProtocol"), protocol, reasons);
        }
    }
}

fn check_subset(report: &mut Report, path: &str, subset: &core::EndpointSubset) {
    let ready = subset.addresses.as_deref().unwrap_or_default();
    let not_ready = subset.not_ready_addresses.as_deref().unwrap_or_default();
    if ready.is_empty() && not_ready.is_empty() {
        report.required(path, "must specify `addresses` or `notReadyAddresses`");
    }
    for (list, addresses) in [("addresses", ready), ("notReadyAddresses", not_ready)] {
        for (index, address) in addresses.iter().enumerate() {
            let here = format!("{path}.{list}[{index}]");
            addresses::check(report, &format!("{here}.ip"), &address.ip);
            if let Some(host) = address.hostname.as_deref().filter(|host| !host.is_empty()) {
                report.invalid_name(&format!("{here}.hostname"), host, names::dns_label(host));
            }
            if let Some(node) = &address.node_name {
                report.invalid_name(&format!("{here}.nodeName"), node, names::dns_subdomain(node));
            }
            addresses::check_ordinary(report, &format!("{here}.ip"), &address.ip);
        }
    }
    let ports = subset.ports.as_deref().unwrap_or_default();
    for (index, port) in ports.iter().enumerate() {
        let here = format!("{path}.ports[{index}]");
        match port.name.as_deref().unwrap_or("") {
            "" if ports.len() > 1 => report.required(&format!("{here}.name"), ""),
            "" => {}
            name => report.invalid_name(&format!("{here}.name"), name, names::dns_label(name)),
        }
        report.port(&format!("{here}.port"), port.port);
        report.one_of(&format!("{here}.protocol"), port.protocol.as_deref(), PROTOCOLS);
        if let Some(protocol) = &port.app_protocol {
            let reasons = names::qualified_name(protocol);
            report.invalid_for(&format!("{here}.appProtocol"), protocol, reasons);
        }
    }
}
