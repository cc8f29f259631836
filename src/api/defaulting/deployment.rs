//! Defaults of Deployments.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{fill, fill_text, pod};

pub(super) fn defaults(deployment: &mut Deployment) {
    let spec = deployment.spec.get_or_insert_default();
    fill(&mut spec.replicas, 1);
    fill(&mut spec.revision_history_limit, 10);
    fill(&mut spec.progress_deadline_seconds, 600);
    let strategy = spec.strategy.get_or_insert_default();
    fill_text(&mut strategy.type_, "RollingUpdate");
    if strategy.type_.as_deref() == Some("RollingUpdate") {
        // R3.3
        let rolling = strategy.rolling_update.get_or_insert_default();
        fill(&mut rolling.max_unavailable, IntOrString::String("25%".to_owned()));
        fill(&mut rolling.max_surge, IntOrString::String("25%".to_owned()));
    }
    pod::template(&mut spec.template);
    deployment.status.get_or_insert_default();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::defaulted;
    use crate::api::Kind;

    // Recording 01.
    #[test]
    fn a_bare_deployment_rolls_by_quarters() {
        let spec = defaulted(Kind::Deployment, json!({}))["spec"].clone();
        assert_eq!(spec["replicas"], 1);
        assert_eq!(spec["strategy"]["rollingUpdate"]["maxSurge"], "25%");
        assert_eq!(spec["progressDeadlineSeconds"], 600);
    }

    #[test]
    fn recreating_has_no_rolling_part() {
        let deployment = json!({"spec": {"strategy": {"type": "Recreate"}}});
        let strategy = defaulted(Kind::Deployment, deployment)["spec"]["strategy"].clone();
        assert_eq!(strategy, json!({"type": "Recreate"}));
    }
}
