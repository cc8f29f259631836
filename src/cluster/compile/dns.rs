//! CoreDNS' view of a Service (R8.3 to R8.6).

use std::net::IpAddr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Service, ServiceSpec};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};

use super::service::cluster_ips;
use super::{port, protocol};
use crate::cluster::programs::coredns::{DnsEndpoint, DnsService, DnsTarget};
use crate::network::Protocol;

/// What the Service's name means; `None` while it has no address yet.
pub(super) fn service(service: &Service, slices: &[&EndpointSlice]) -> Option<DnsService> {
    let spec = service.spec.as_ref()?;
    Some(DnsService {
        namespace: service.metadata.namespace.as_deref()?.into(),
        name: service.metadata.name.as_deref()?.into(),
        target: target(spec)?,
        ports: ports(spec),
        endpoints: endpoints(slices),
    })
}

fn target(spec: &ServiceSpec) -> Option<DnsTarget> {
    if spec.type_.as_deref() == Some("ExternalName") {
        return Some(DnsTarget::Alias(spec.external_name.as_deref()?.into()));
    }
    match spec.cluster_ip.as_deref()? {
        "None" => Some(DnsTarget::Headless),
        _ => {
            Some(DnsTarget::ClusterIps(cluster_ips(spec))).filter(|it| !it.cluster_ips().is_empty())
        }
    }
}

fn ports(spec: &ServiceSpec) -> Vec<(Arc<str>, Protocol, u16)> {
    let ports = spec.ports.iter().flatten();
    ports
        .map(|entry| {
            let name = entry.name.as_deref().unwrap_or("");
            (name.into(), protocol(entry.protocol.as_deref()), port(entry.port))
        })
        .collect()
}

/// The ready endpoints: `ready` is true for unready pods too where the Service publishes them
/// (R8.6).
fn endpoints(slices: &[&EndpointSlice]) -> Vec<DnsEndpoint> {
    let mut found = Vec::new();
    for slice in slices {
        let ports: Vec<_> = slice_ports(slice);
        let ready = slice.endpoints.iter().flatten().filter(|endpoint| is_ready(endpoint));
        for endpoint in ready {
            for address in endpoint.addresses.iter().filter_map(|address| address.parse().ok()) {
                found.push(DnsEndpoint {
                    address,
                    hostname: hostname(endpoint, address),
                    ports: ports.clone(),
                });
            }
        }
    }
    found.sort_by(|a, b| (a.address, &a.hostname).cmp(&(b.address, &b.hostname)));
    found
}

fn slice_ports(slice: &EndpointSlice) -> Vec<(Arc<str>, Protocol, u16)> {
    let ports = slice.ports.iter().flatten();
    ports
        .filter_map(|entry| {
            let name = entry.name.as_deref().unwrap_or("");
            Some((name.into(), protocol(entry.protocol.as_deref()), port(entry.port?)))
        })
        .collect()
}

fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true)
}

/// R8.4
fn hostname(endpoint: &Endpoint, address: IpAddr) -> Arc<str> {
    match endpoint.hostname.as_deref() {
        Some(name) if !name.is_empty() => name.into(),
        _ => address.to_string().replace(['.', ':'], "-").into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn headless() -> Service {
        serde_json::from_value(json!({
            "metadata": { "name": "db", "namespace": "default" },
            "spec": { "clusterIP": "None", "ports": [{ "name": "pg", "port": 5432 }] },
        }))
        .unwrap()
    }

    fn slice() -> EndpointSlice {
        serde_json::from_value(json!({
            "metadata": { "name": "db-abcde" }, "addressType": "IPv4",
            "ports": [{ "name": "pg", "port": 5432, "protocol": "TCP" }],
            "endpoints": [
                { "addresses": ["10.244.1.9"], "hostname": "db-0", "conditions": { "ready": true } },
                { "addresses": ["10.244.2.9"], "conditions": { "ready": true } },
                { "addresses": ["10.244.3.9"], "conditions": { "ready": false } },
            ],
        }))
        .unwrap()
    }

    // R8.3, R8.4
    #[test]
    fn a_headless_name_means_every_ready_endpoint() {
        let known = service(&headless(), &[&slice()]).unwrap();
        assert_eq!(known.target, DnsTarget::Headless);
        let hostnames: Vec<_> = known.endpoints.iter().map(|e| &*e.hostname).collect();
        assert_eq!(hostnames, ["db-0", "10-244-2-9"]);
        assert_eq!(known.endpoints[0].ports[0].2, 5432);
    }

    // R8.3
    #[test]
    fn a_name_means_its_cluster_ip_even_without_endpoints() {
        let mut web = headless();
        web.spec.as_mut().unwrap().cluster_ip = Some("10.96.7.7".into());
        let target = service(&web, &[]).unwrap().target;
        assert_eq!(target, DnsTarget::ClusterIps(vec![[10, 96, 7, 7].into()]));
    }
}
