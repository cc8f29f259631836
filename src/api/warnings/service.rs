//! Remarks on Services.

use k8s_openapi::api::core::v1::{Service, ServiceSpec};

use super::addresses;

/// An annotation that has another name now.
const HINTS: &str = "service.kubernetes.io/topology-aware-hints";

pub(super) fn service(service: &Service) -> Vec<String> {
    let mut remarks = Vec::new();
    if service.metadata.annotations.as_ref().is_some_and(|all| all.contains_key(HINTS)) {
        remarks.push(format!(
            "annotation {HINTS} is deprecated, please use service.kubernetes.io/topology-mode \
             instead"
        ));
    }
    if let Some(spec) = &service.spec {
        of_spec(&mut remarks, spec);
    }
    remarks
}

fn of_spec(remarks: &mut Vec<String>, spec: &ServiceSpec) {
    let kind = spec.type_.as_deref().unwrap_or("ClusterIP");
    let external = spec.external_ips.as_deref().unwrap_or_default();
    let balancer = spec.load_balancer_ip.as_deref().unwrap_or_default();
    let headless = kind == "ClusterIP" && spec.cluster_ip.as_deref() == Some("None");
    if !headless {
        for (index, address) in spec.cluster_ips.iter().flatten().enumerate() {
            addresses::ip(remarks, &format!("spec.clusterIPs[{index}]"), address);
        }
    }
    if headless {
        let ignored = [
            (!balancer.is_empty(), "spec.loadBalancerIP"),
            (!external.is_empty(), "spec.externalIPs"),
            (spec.session_affinity.as_deref() == Some("ClientIP"), "spec.SessionAffinity"),
        ];
        for (_, field) in ignored.into_iter().filter(|(given, _)| *given) {
            remarks.push(format!("{field} is ignored for headless services"));
        }
    }
    for (index, address) in external.iter().enumerate() {
        addresses::ip(remarks, &format!("spec.externalIPs[{index}]"), address);
    }
    // Recording 04.
    if !external.is_empty() && !headless && kind != "ExternalName" {
        remarks.push(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
                .to_owned(),
        );
    }
    addresses::ip(remarks, "spec.loadBalancerIP", balancer);
    for (index, range) in spec.load_balancer_source_ranges.iter().flatten().enumerate() {
        addresses::range(remarks, &format!("spec.loadBalancerSourceRanges[{index}]"), range);
    }
    if kind == "ExternalName" && !external.is_empty() {
        remarks.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if kind != "ExternalName" && spec.external_name.as_ref().is_some_and(|name| !name.is_empty()) {
        remarks
            .push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if spec.traffic_distribution.as_deref() == Some("PreferClose") {
        remarks.push(
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\""
                .to_owned(),
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(spec: Value) -> Vec<String> {
        service(&serde_json::from_value(json!({"metadata": {}, "spec": spec})).unwrap())
    }

    // Recording 15: f980.yaml, f996.yaml.
    #[test]
    fn what_has_no_effect_is_remarked_on() {
        assert_eq!(
            of(json!({"externalName": "a.example"})),
            ["spec.externalName is ignored when spec.type is not \"ExternalName\""]
        );
        assert_eq!(
            of(json!({"type": "ExternalName", "externalIPs": ["192.0.2.1"]})),
            ["spec.externalIPs is ignored when spec.type is \"ExternalName\""]
        );
        assert_eq!(
            of(json!({"clusterIP": "None", "externalIPs": ["192.0.2.1"]})),
            ["spec.externalIPs is ignored for headless services"]
        );
    }

    #[test]
    fn a_distribution_has_a_new_name() {
        assert_eq!(
            of(json!({"trafficDistribution": "PreferClose"})),
            ["spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\""]
        );
    }
}
