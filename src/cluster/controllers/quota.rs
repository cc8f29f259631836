//! ResourceQuota: its status tells what the objects of its namespace use.

use k8s_openapi::api::core::v1::{ResourceQuota, ResourceQuotaStatus};

use super::{Client, Key};
use crate::api::quota;

/// Counts anew.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(stored) = client.get::<ResourceQuota>(key) else { return };
    let status = ResourceQuotaStatus {
        hard: stored.spec.as_ref().and_then(|spec| spec.hard.clone()),
        used: Some(quota::used(client.api.store(), &stored)),
    };
    if stored.status.as_ref() != Some(&status) {
        client.update(ResourceQuota { status: Some(status), ..ResourceQuota::clone(&stored) });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::world::{World, deployment};
    use crate::api::Kind;

    #[test]
    fn a_quota_follows_what_is_made_and_refuses_what_is_too_much() {
        let mut world = World::new(2);
        world.create(json!({
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"},
            "spec": {"hard": {"pods": "2", "count/deployments.apps": "1"}},
        }));
        world.create(deployment("web", 3));
        world.settle();
        let used = world.get(Kind::ResourceQuota, "few")["status"]["used"].clone();
        assert_eq!(used, json!({"pods": "2", "count/deployments.apps": "1"}));
        assert_eq!(world.active().len(), 2);
    }
}
