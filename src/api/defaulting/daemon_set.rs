//! Defaults of DaemonSets.

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{fill, fill_text, pod};

pub(super) fn defaults(set: &mut DaemonSet) {
    let spec = set.spec.get_or_insert_default();
    fill(&mut spec.revision_history_limit, 10);
    let strategy = spec.update_strategy.get_or_insert_default();
    fill_text(&mut strategy.type_, "RollingUpdate");
    if strategy.type_.as_deref() == Some("RollingUpdate") {
        let rolling = strategy.rolling_update.get_or_insert_default();
        fill(&mut rolling.max_unavailable, IntOrString::Int(1));
        fill(&mut rolling.max_surge, IntOrString::Int(0));
    }
    pod::template(&mut spec.template);
    set.status.get_or_insert_default();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::defaulted;
    use crate::api::Kind;

    #[test]
    fn one_node_at_a_time() {
        let strategy = defaulted(Kind::DaemonSet, json!({}))["spec"]["updateStrategy"].clone();
        assert_eq!(strategy["rollingUpdate"], json!({"maxUnavailable": 1, "maxSurge": 0}));
    }
}
