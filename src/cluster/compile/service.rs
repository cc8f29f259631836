//! kube-proxy: a Service and its EndpointSlices to [`ServiceRules`], for each of its families and
//! ports.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};

use super::{port, protocol};
use crate::network::{EndpointHints, EndpointRule, Family, Party, Range, ServiceRules, SocketAddr};

/// The rules of every port; none for a Service without a cluster IP (headless, ExternalName).
pub(super) fn rules(service: &Service, slices: &[&EndpointSlice]) -> Vec<ServiceRules> {
    let Some(spec) = &service.spec else { return Vec::new() };
    if spec.type_.as_deref() == Some("ExternalName") {
        return Vec::new();
    }
    let ports = || spec.ports.iter().flatten();
    let families = cluster_ips(spec).into_iter();
    families
        .flat_map(|address| ports().map(move |port| rule(service, spec, address, port, slices)))
        .collect()
}

/// A Service's cluster IPs, one of each of its families; none for a headless one.
pub(super) fn cluster_ips(spec: &ServiceSpec) -> Vec<IpAddr> {
    match &spec.cluster_ips {
        Some(all) => addresses(all.iter().map(String::as_str)),
        None => addresses(spec.cluster_ip.as_deref().into_iter()),
    }
}

fn rule(
    service: &Service,
    spec: &ServiceSpec,
    cluster_ip: IpAddr,
    service_port: &ServicePort,
    slices: &[&EndpointSlice],
) -> ServiceRules {
    let port_name = service_port.name.as_deref().unwrap_or("");
    let family = Family::of(cluster_ip);
    let own = |all: Vec<IpAddr>| -> Vec<IpAddr> {
        all.into_iter().filter(|address| Family::of(*address) == family).collect()
    };
    let external = spec.external_ips.iter().flatten().map(String::as_str);
    ServiceRules {
        name: full_name(service, port_name),
        cluster_ip,
        protocol: protocol(service_port.protocol.as_deref()),
        port: port(service_port.port),
        node_port: service_port.node_port.map(port).filter(|port| *port != 0),
        external_ips: own(addresses(external)),
        load_balancer_ips: own(load_balancer_ips(service)),
        source_ranges: source_ranges(spec, family),
        internal_local: spec.internal_traffic_policy.as_deref() == Some("Local"),
        external_local: spec.external_traffic_policy.as_deref() == Some("Local"),
        health_check_node_port: spec.health_check_node_port.map(port).filter(|port| *port != 0),
        affinity: affinity(spec),
        endpoints: endpoints(family, port_name, service_port.protocol.as_deref(), slices),
    }
}

/// `default/web:http`, as kube-proxy writes it.
fn full_name(service: &Service, port: &str) -> Arc<str> {
    let namespace = service.metadata.namespace.as_deref().unwrap_or("");
    let name = service.metadata.name.as_deref().unwrap_or("");
    let separator = if port.is_empty() { "" } else { ":" };
    format!("{namespace}/{name}{separator}{port}").into()
}

/// The load balancer's addresses that kube-proxy short-cuts (ipMode VIP).
fn load_balancer_ips(service: &Service) -> Vec<IpAddr> {
    let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let ingress = status.and_then(|balancer| balancer.ingress.as_ref()).into_iter().flatten();
    let short_cut = ingress.filter(|ingress| ingress.ip_mode.as_deref() != Some("Proxy"));
    addresses(short_cut.filter_map(|ingress| ingress.ip.as_deref()))
}

/// `loadBalancerSourceRanges`, as far as they are of one family.
fn source_ranges(spec: &ServiceSpec, family: Family) -> Vec<Range> {
    let texts = spec.load_balancer_source_ranges.iter().flatten();
    let ranges = texts.filter_map(|text| {
        let (network, length) = text.trim().split_once('/')?;
        Some((network.parse().ok()?, length.parse().ok()?))
    });
    ranges
        .filter(|(network, length)| Family::of(*network) == family && *length <= family.bits())
        .collect()
}

fn addresses<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<IpAddr> {
    texts.filter_map(|text| text.parse().ok()).collect()
}

/// R6.8
fn affinity(spec: &ServiceSpec) -> Option<Duration> {
    if spec.session_affinity.as_deref() != Some("ClientIP") {
        return None;
    }
    let config = spec.session_affinity_config.as_ref();
    let seconds = config
        .and_then(|config| config.client_ip.as_ref())
        .and_then(|client_ip| client_ip.timeout_seconds)
        .unwrap_or(10_800);
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// The endpoints of the slices' port with this name and protocol: a Service port and a slice port
/// are the same one when their names are (R5.3).
fn endpoints(
    family: Family,
    port_name: &str,
    port_protocol: Option<&str>,
    slices: &[&EndpointSlice],
) -> Arc<[EndpointRule]> {
    let mut rules = Vec::new();
    for slice in slices {
        let ports = slice.ports.iter().flatten();
        let named = ports.clone().filter(|port| {
            port.name.as_deref().unwrap_or("") == port_name
                && protocol(port.protocol.as_deref()) == protocol(port_protocol)
        });
        for number in named.filter_map(|port| port.port) {
            rules
                .extend(slice.endpoints.iter().flatten().filter_map(|e| endpoint(e, port(number))));
        }
    }
    rules.retain(|rule: &EndpointRule| Family::of(rule.address.ip()) == family);
    rules.sort_by_key(|rule| rule.address);
    rules.dedup_by_key(|rule| rule.address);
    rules.into()
}

/// One endpoint, with what its missing conditions mean (R5.2; `discovery/v1` EndpointConditions).
fn endpoint(endpoint: &Endpoint, port: u16) -> Option<EndpointRule> {
    let address: IpAddr = endpoint.addresses.first()?.parse().ok()?;
    let conditions = endpoint.conditions.clone().unwrap_or_default();
    let ready = conditions.ready.unwrap_or(true);
    Some(EndpointRule {
        address: SocketAddr::new(address, port),
        node: endpoint.node_name.as_deref().map(Arc::from),
        pod: pod(endpoint),
        ready,
        serving: conditions.serving.unwrap_or(ready),
        terminating: conditions.terminating.unwrap_or(false),
        hints: hints(endpoint),
    })
}

fn hints(endpoint: &Endpoint) -> Option<Arc<EndpointHints>> {
    let hints = endpoint.hints.as_ref()?;
    let zones = hints.for_zones.iter().flatten().map(|zone| Arc::from(zone.name.as_str()));
    let nodes = hints.for_nodes.iter().flatten().map(|node| Arc::from(node.name.as_str()));
    Some(Arc::new(EndpointHints { zones: zones.collect(), nodes: nodes.collect() }))
}

fn pod(endpoint: &Endpoint) -> Option<Party> {
    let target = endpoint.target_ref.as_ref()?;
    if target.kind.as_deref() != Some("Pod") {
        return None;
    }
    Some(Party::Pod {
        namespace: target.namespace.as_deref()?.into(),
        name: target.name.as_deref()?.into(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(spec: serde_json::Value) -> Service {
        serde_json::from_value(json!({
            "metadata": { "name": "web", "namespace": "default" }, "spec": spec,
        }))
        .unwrap()
    }

    fn slice(port_name: &str, port: u16, endpoints: serde_json::Value) -> EndpointSlice {
        serde_json::from_value(json!({
            "metadata": { "name": "web-abcde" }, "addressType": "IPv4",
            "ports": [{ "name": port_name, "port": port, "protocol": "TCP" }],
            "endpoints": endpoints,
        }))
        .unwrap()
    }

    // R7.6
    #[test]
    fn a_headless_service_has_no_rules() {
        let service = service(json!({ "clusterIP": "None", "ports": [{ "port": 80 }] }));
        assert_eq!(rules(&service, &[]), Vec::new());
    }

    // R5.3
    #[test]
    fn ports_are_joined_by_name() {
        let service = service(json!({ "clusterIP": "10.96.1.1", "ports": [
            { "name": "http", "port": 80 }, { "name": "admin", "port": 9000 },
        ]}));
        let slice = slice("http", 8080, json!([{ "addresses": ["10.244.1.2"] }]));
        let rules = rules(&service, &[&slice]);
        assert_eq!(&*rules[0].name, "default/web:http");
        assert_eq!(rules[0].endpoints[0].address.to_string(), "10.244.1.2:8080");
        assert!(rules[1].endpoints.is_empty());
    }

    // R5.2
    #[test]
    fn a_terminating_endpoint_serves_but_is_not_ready() {
        let service = service(json!({ "clusterIP": "10.96.1.1", "ports": [{ "port": 80 }] }));
        let conditions = json!({ "ready": false, "serving": true, "terminating": true });
        let slice =
            slice("", 80, json!([{ "addresses": ["10.244.1.2"], "conditions": conditions }]));
        let rule = &rules(&service, &[&slice])[0].endpoints[0];
        assert!(!rule.ready && rule.serving && rule.terminating);
    }

    // R7.4
    #[test]
    fn source_ranges_of_the_other_family_are_left_out() {
        let ranges = json!([" 10.0.0.0/8", "2001:db8::/32", "192.168.49.1/32"]);
        let service = service(json!({
            "clusterIP": "10.96.1.1", "loadBalancerSourceRanges": ranges, "ports": [{ "port": 80 }],
        }));
        let expected = vec![([10, 0, 0, 0].into(), 8), ([192, 168, 49, 1].into(), 32)];
        assert_eq!(rules(&service, &[])[0].source_ranges, expected);
    }

    // R6.8
    #[test]
    fn affinity_lasts_three_hours_unless_told_otherwise() {
        let plain = service(json!({
            "clusterIP": "10.96.1.1", "sessionAffinity": "ClientIP", "ports": [{ "port": 80 }],
        }));
        assert_eq!(rules(&plain, &[])[0].affinity, Some(Duration::from_secs(10_800)));
    }
}
