//! `endpoints.kubernetes.io/last-change-trigger-time`: when what an update reports happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::jiff::Timestamp;

use super::super::Key;
use crate::api::Pod;

/// The moments that each Service's endpoints have reported: of the Service, and of its pods.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Triggers(BTreeMap<Key, Known>);

#[derive(Clone, Debug, Default)]
struct Known {
    service: Option<Timestamp>,
    pods: BTreeMap<Arc<str>, Timestamp>,
}

impl Triggers {
    /// The earliest moment that has not been reported yet: the Service's creation, or a pod's last
    /// change of readiness. `None` when the change has no date, as a deletion has none.
    pub(super) fn next(
        &mut self,
        key: &Key,
        service: &Service,
        backends: &[Arc<Pod>],
    ) -> Option<Timestamp> {
        let known = self.0.entry(key.clone()).or_default();
        let created = service.metadata.creation_timestamp.as_ref().map(|time| time.0);
        let fresh = created.filter(|_| known.service != created);
        known.service = created;
        let mut earliest = fresh;
        let mut pods = BTreeMap::new();
        for pod in backends {
            let Some(at) = changed_at(pod) else { continue };
            let name = pod.metadata.name.as_deref().unwrap_or_default();
            let entry = known.pods.remove_entry(name);
            if entry.as_ref().is_none_or(|(_, before)| at > *before) {
                earliest = Some(earliest.map_or(at, |earliest| earliest.min(at)));
            }
            let name = entry.map_or_else(|| name.into(), |(name, _)| name);
            pods.insert(name, at);
        }
        known.pods = pods;
        // A Service that was just made reports its own date, even when its pods are older.
        fresh.or(earliest)
    }

    /// Forgets a Service that is gone.
    pub(super) fn forget(&mut self, key: &Key) {
        self.0.remove(key);
    }
}

/// When the pod's readiness last changed.
fn changed_at(pod: &Pod) -> Option<Timestamp> {
    pod.condition("Ready")?.last_transition_time.as_ref().map(|time| time.0)
}
