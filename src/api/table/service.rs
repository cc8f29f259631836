//! Services: types, addresses and ports.

use k8s_openapi::api::core::v1::{LoadBalancerStatus, Service, ServiceSpec};

use super::age::since;
use super::format::{balancer_names, format_labels, or_none};
use super::{Columns, narrow, wide};
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns = &[
    narrow("NAME"),
    narrow("TYPE"),
    narrow("CLUSTER-IP"),
    narrow("EXTERNAL-IP"),
    narrow("PORT(S)"),
    narrow("AGE"),
    wide("SELECTOR"),
];

pub(super) fn row(service: &Service, now: SimTime) -> Vec<String> {
    let spec = service.spec.clone().unwrap_or_default();
    let cluster_ip = spec.cluster_ips.as_ref().and_then(|ips| ips.first().cloned());
    vec![
        service.metadata.name.clone().unwrap_or_default(),
        spec.type_.clone().unwrap_or_default(),
        or_none(cluster_ip.unwrap_or_default()),
        external_addresses(service),
        ports(&spec),
        since(service.metadata.creation_timestamp.as_ref(), now),
        format_labels(spec.selector.as_ref()),
    ]
}

/// EXTERNAL-IP: who outside the cluster may call it what.
fn external_addresses(service: &Service) -> String {
    let spec = service.spec.clone().unwrap_or_default();
    let declared = spec.external_ips.unwrap_or_default().join(",");
    match spec.type_.as_deref().unwrap_or("") {
        "ExternalName" => spec.external_name.unwrap_or_default(),
        "LoadBalancer" => {
            let status = service.status.as_ref().and_then(|s| s.load_balancer.as_ref());
            let given = load_balancer_addresses(status);
            let both: Vec<String> =
                [given, declared].into_iter().filter(|part| !part.is_empty()).collect();
            if both.is_empty() { "<pending>".to_owned() } else { both.join(",") }
        }
        "ClusterIP" | "NodePort" => or_none(declared),
        _ => "<unknown>".to_owned(),
    }
}

/// What a load balancer gave, sorted. The server makes its tables as wide as can be, and leaves it
/// to kubectl to hide columns, so that addresses are never cut.
fn load_balancer_addresses(status: Option<&LoadBalancerStatus>) -> String {
    let ingress = status.and_then(|status| status.ingress.as_deref()).unwrap_or_default();
    balancer_names(ingress.iter().map(|entry| (&entry.ip, &entry.hostname)))
}

/// `80:30080/TCP,443:30443/TCP`
fn ports(spec: &ServiceSpec) -> String {
    let ports: Vec<String> = spec
        .ports
        .iter()
        .flatten()
        .map(|port| {
            let protocol = port.protocol.as_deref().unwrap_or("TCP");
            match port.node_port {
                Some(node_port) if node_port > 0 => {
                    format!("{}:{node_port}/{protocol}", port.port)
                }
                _ => format!("{}/{protocol}", port.port),
            }
        })
        .collect();
    or_none(ports.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn cells(spec: Value, status: Value) -> Vec<String> {
        let service = serde_json::from_value(
            json!({"metadata": {"name": "s"}, "spec": spec, "status": status}),
        );
        row(&service.expect("a service"), SimTime::START)
    }

    // R14.1
    #[test]
    fn a_load_balancer_waits_for_its_address() {
        let spec = json!({"type": "LoadBalancer", "clusterIPs": ["10.98.1.2"],
            "ports": [{"port": 80, "nodePort": 30951, "protocol": "TCP"}]});
        let waiting = cells(spec.clone(), json!({}));
        assert_eq!(waiting[1..5], ["LoadBalancer", "10.98.1.2", "<pending>", "80:30951/TCP"]);
        let given = json!({"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}});
        assert_eq!(cells(spec, given)[3], "203.0.113.10");
    }

    // Kubernetes 1.36.3: addresses of 35 characters stood whole in a table without `-o wide`.
    #[test]
    fn long_addresses_stand_whole() {
        let spec = json!({"type": "LoadBalancer"});
        let ingress = json!([{"hostname": "abc.elb.amazonaws.example"}, {"ip": "203.0.113.66"}]);
        let status = json!({"loadBalancer": {"ingress": ingress}});
        assert_eq!(cells(spec, status)[3], "203.0.113.66,abc.elb.amazonaws.example");
    }

    #[test]
    fn an_external_name_has_no_addresses_of_its_own() {
        let spec = json!({"type": "ExternalName", "externalName": "db.example.com"});
        let row = cells(spec, json!({}));
        assert_eq!(row[2..5], ["<none>", "db.example.com", "<none>"]);
        assert_eq!(row[6], "<none>");
    }
}
