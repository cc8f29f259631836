//! Defaults of HorizontalPodAutoscalers (`pkg/apis/autoscaling/v2/defaults.go`).

use k8s_openapi::api::autoscaling::v2::{
    HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscaler, MetricSpec, MetricTarget,
    ResourceMetricSource,
};

use super::fill;

/// The share of what pods ask for at which is aimed, in percent.
const UTILIZATION: i32 = 80;

pub(super) fn defaults(scaler: &mut HorizontalPodAutoscaler) {
    scaler.status.get_or_insert_default();
    let spec = &mut scaler.spec;
    fill(&mut spec.min_replicas, 1);
    if spec.metrics.as_ref().is_none_or(Vec::is_empty) {
        let target = MetricTarget {
            type_: "Utilization".to_owned(),
            average_utilization: Some(UTILIZATION),
            ..MetricTarget::default()
        };
        spec.metrics = Some(vec![MetricSpec {
            type_: "Resource".to_owned(),
            resource: Some(ResourceMetricSource { name: "cpu".to_owned(), target }),
            ..MetricSpec::default()
        }]);
    }
    if let Some(behavior) = &mut spec.behavior {
        let up = behavior.scale_up.get_or_insert_default();
        fill(&mut up.stabilization_window_seconds, 0);
        rules(up, &[("Pods", 4), ("Percent", 100)]);
        rules(behavior.scale_down.get_or_insert_default(), &[("Percent", 100)]);
    }
}

/// What a direction's rules leave out.
fn rules(rules: &mut HPAScalingRules, policies: &[(&str, i32)]) {
    fill(&mut rules.select_policy, "Max".to_owned());
    if rules.policies.is_none() {
        let policy = |(kind, value): &(&str, i32)| HPAScalingPolicy {
            period_seconds: 15,
            type_: (*kind).to_owned(),
            value: *value,
        };
        rules.policies = Some(policies.iter().map(policy).collect());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::defaulted;
    use crate::api::Kind;

    #[test]
    fn an_autoscaler_aims_at_four_fifths_of_the_processor_time() {
        let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
        let spec = json!({"maxReplicas": 3, "scaleTargetRef": target, "behavior": {"scaleUp": {}}});
        let spec = &defaulted(Kind::HorizontalPodAutoscaler, json!({"spec": spec}))["spec"];
        assert_eq!(spec["minReplicas"], 1);
        assert_eq!(spec["metrics"][0]["resource"]["target"]["averageUtilization"], 80);
        assert_eq!(spec["behavior"]["scaleUp"]["policies"][0]["value"], 4);
        assert_eq!(spec["behavior"]["scaleDown"]["selectPolicy"], "Max");
    }
}
