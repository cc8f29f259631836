//! Defaults of Services (R4.2).

use k8s_openapi::api::core::v1::{Service, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{fill, fill_text};

/// How long a client sticks to its endpoint under `sessionAffinity: ClientIP`: three hours (R6.8).
const AFFINITY_SECONDS: i32 = 10_800;

pub(super) fn defaults(service: &mut Service) {
    let spec = service.spec.get_or_insert_default();
    fill_text(&mut spec.session_affinity, "None");
    match spec.session_affinity.as_deref() {
        Some("None") => spec.session_affinity_config = None,
        Some("ClientIP") => {
            let config = spec.session_affinity_config.get_or_insert_default();
            fill(&mut config.client_ip.get_or_insert_default().timeout_seconds, AFFINITY_SECONDS);
        }
        _ => {}
    }
    fill_text(&mut spec.type_, "ClusterIP");
    ports(spec);
    if is_externally_accessible(spec) {
        fill_text(&mut spec.external_traffic_policy, "Cluster");
    }
    let kind = spec.type_.as_deref();
    if matches!(kind, Some("ClusterIP" | "NodePort" | "LoadBalancer")) {
        fill(&mut spec.internal_traffic_policy, "Cluster".to_owned());
    }
    if kind == Some("LoadBalancer") {
        fill(&mut spec.allocate_load_balancer_node_ports, true);
    }
    let status = service.status.get_or_insert_default();
    let balancer = status.load_balancer.get_or_insert_default();
    for ingress in balancer.ingress.iter_mut().flatten() {
        if ingress.ip.is_some() {
            fill(&mut ingress.ip_mode, "VIP".to_owned());
        }
    }
}

fn ports(spec: &mut ServiceSpec) {
    for port in spec.ports.iter_mut().flatten() {
        fill_text(&mut port.protocol, "TCP");
        let unset = match &port.target_port {
            None | Some(IntOrString::Int(0)) => true,
            Some(IntOrString::String(name)) => name.is_empty(),
            Some(IntOrString::Int(_)) => false,
        };
        if unset {
            port.target_port = Some(IntOrString::Int(port.port));
        }
        port.node_port = port.node_port.filter(|number| *number != 0);
    }
}

/// Whether clients outside the cluster can reach it.
fn is_externally_accessible(spec: &ServiceSpec) -> bool {
    match spec.type_.as_deref() {
        Some("NodePort" | "LoadBalancer") => true,
        Some("ClusterIP") => spec.external_ips.as_ref().is_some_and(|list| !list.is_empty()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::defaulted;
    use crate::api::Kind;

    fn spec(spec: Value) -> Value {
        defaulted(Kind::Service, json!({"metadata": {"name": "web"}, "spec": spec}))["spec"].clone()
    }

    // R4.2, recording 01.
    #[test]
    fn a_plain_service_is_a_cluster_ip_over_tcp() {
        let spec = spec(json!({"ports": [{"port": 80}]}));
        assert_eq!(spec["type"], "ClusterIP");
        assert_eq!(spec["ports"][0], json!({"port": 80, "protocol": "TCP", "targetPort": 80}));
        assert_eq!(spec["sessionAffinity"], "None");
        assert_eq!(spec["internalTrafficPolicy"], "Cluster");
        assert!(spec.get("externalTrafficPolicy").is_none());
    }

    // Recording 11: `targetPort: 0` and `targetPort: ""` are as good as none.
    #[test]
    fn an_empty_target_port_is_the_port() {
        for empty in [json!(0), json!("")] {
            let spec = spec(json!({"ports": [{"port": 80, "targetPort": empty}]}));
            assert_eq!(spec["ports"][0]["targetPort"], 80);
        }
    }

    // Recording 04.
    #[test]
    fn an_external_name_has_no_traffic_policies() {
        let spec = spec(json!({"type": "ExternalName", "externalName": "db.example.com"}));
        let expected = json!({
            "externalName": "db.example.com", "sessionAffinity": "None", "type": "ExternalName",
        });
        assert_eq!(spec, expected);
    }

    // R6.8
    #[test]
    fn affinity_lasts_three_hours() {
        let spec = spec(json!({"sessionAffinity": "ClientIP"}));
        assert_eq!(spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"], 10_800);
    }
}
