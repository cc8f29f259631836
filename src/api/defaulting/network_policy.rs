//! Defaults of NetworkPolicies (R11.1).

use k8s_openapi::api::networking::v1::NetworkPolicy;

use super::fill;

pub(super) fn defaults(policy: &mut NetworkPolicy) {
    let spec = policy.spec.get_or_insert_default();
    spec.pod_selector.get_or_insert_default();
    if spec.policy_types.as_ref().is_none_or(Vec::is_empty) {
        let mut types = vec!["Ingress".to_owned()];
        if spec.egress.as_ref().is_some_and(|rules| !rules.is_empty()) {
            types.push("Egress".to_owned());
        }
        spec.policy_types = Some(types);
    }
    let ingress = spec.ingress.iter_mut().flatten().map(|rule| &mut rule.ports);
    let egress = spec.egress.iter_mut().flatten().map(|rule| &mut rule.ports);
    for port in ingress.chain(egress).flatten().flatten() {
        fill(&mut port.protocol, "TCP".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::defaulted;
    use crate::api::Kind;

    // R11.1
    #[test]
    fn egress_counts_only_when_there_are_egress_rules() {
        let types = |spec| {
            defaulted(Kind::NetworkPolicy, json!({"spec": spec}))["spec"]["policyTypes"].clone()
        };
        assert_eq!(types(json!({})), json!(["Ingress"]));
        assert_eq!(types(json!({"egress": []})), json!(["Ingress"]));
        assert_eq!(types(json!({"egress": [{}]})), json!(["Ingress", "Egress"]));
    }
}
