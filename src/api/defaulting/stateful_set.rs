//! Defaults of StatefulSets.

use k8s_openapi::api::apps::v1::StatefulSet;

use super::{fill, fill_text, pod, volume};

pub(super) fn defaults(set: &mut StatefulSet) {
    let spec = set.spec.get_or_insert_default();
    fill(&mut spec.replicas, 1);
    fill(&mut spec.revision_history_limit, 10);
    fill_text(&mut spec.pod_management_policy, "OrderedReady");
    let strategy = spec.update_strategy.get_or_insert_default();
    if strategy.type_.as_deref().unwrap_or("").is_empty() {
        strategy.rolling_update.get_or_insert_default();
        fill_text(&mut strategy.type_, "RollingUpdate");
    }
    if strategy.type_.as_deref() == Some("RollingUpdate")
        && let Some(rolling) = &mut strategy.rolling_update
    {
        fill(&mut rolling.partition, 0);
    }
    if let Some(ordinals) = &mut spec.ordinals {
        fill(&mut ordinals.start, 0);
    }
    let retention = spec.persistent_volume_claim_retention_policy.get_or_insert_default();
    fill_text(&mut retention.when_deleted, "Retain");
    fill_text(&mut retention.when_scaled, "Retain");
    pod::template(&mut spec.template);
    for claim in spec.volume_claim_templates.iter_mut().flatten() {
        volume::claim(claim);
    }
    set.status.get_or_insert_default();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::defaulted;
    use crate::api::Kind;

    // R3.5
    #[test]
    fn pods_come_in_order() {
        let spec = defaulted(Kind::StatefulSet, json!({}))["spec"].clone();
        assert_eq!(spec["podManagementPolicy"], "OrderedReady");
        assert_eq!(spec["updateStrategy"]["rollingUpdate"]["partition"], 0);
    }
}
