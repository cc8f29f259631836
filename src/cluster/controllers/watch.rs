//! From changes to queued keys: who has to look at what when an object changed.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Node;

use super::queue::Actor;
use super::{
    Controllers, Key, autoscaler, endpoints, furnishing, node_lifecycle, owner, pods, replica_set,
    scheduler, volume_claim,
};
use crate::api::{Action, Change, Kind, Object, Pod, Store};
use crate::clock::SimTime;

/// Kinds whose objects select pods, and the controllers that adopt orphans for them.
const ADOPTERS: [(Kind, Actor); 5] = [
    (Kind::StatefulSet, Actor::StatefulSet),
    (Kind::DaemonSet, Actor::DaemonSet),
    (Kind::Job, Actor::Job),
    (Kind::ReplicaSet, Actor::ReplicaSet),
    (Kind::ReplicationController, Actor::ReplicationController),
];

impl Controllers {
    pub(super) fn watch(&mut self, now: SimTime, store: &Store, change: &Change) {
        if change.object.kind() == Kind::Event {
            return;
        }
        let key = Key::of(change.object.metadata());
        let before = self.index.note(&key, change);
        self.garbage.watch(now, &mut self.queue, store, &key, change);
        self.watch_owner(now, change);
        furnishing::watch(&mut self.queue, now, &key, change);
        match &change.object {
            Object::Pod(pod) => self.watch_pod(now, &key, before, pod, change.action),
            Object::Node(node) => self.watch_node(now, &key, node, change.action),
            Object::Service(_) => {
                self.queue.add(now, Actor::EndpointSlice, key.clone());
                self.queue.add(now, Actor::EndpointSliceMirroring, key.clone());
                if self.cloud.is_some() {
                    self.queue.add(now, Actor::LoadBalancer, key.clone());
                }
                self.queue.add(now, Actor::Endpoints, key.clone());
            }
            Object::Endpoints(_) => {
                self.queue.add(now, Actor::EndpointSliceMirroring, key.clone());
                // What somebody wrote stays until the Service or one of its pods changes
                // (`endpoints_controller.go` hears of deletions alone).
                if change.action == Action::Deleted {
                    self.queue.add(now, Actor::Endpoints, key.clone());
                }
            }
            Object::PersistentVolumeClaim(claim) => {
                self.scheduler.wake(now, &mut self.queue);
                if let Some(volume) = claim.spec.as_ref().and_then(|spec| spec.volume_name.as_ref())
                {
                    self.queue.add(now, Actor::Volume, Key::new("", volume));
                }
            }
            Object::PersistentVolume(_) | Object::StorageClass(_) => {
                self.scheduler.wake(now, &mut self.queue);
                self.watch_volumes(now, store);
            }
            Object::HorizontalPodAutoscaler(_) => {
                self.queue.remind(now + autoscaler::PERIOD, Actor::Autoscaler, key.clone());
            }
            _ => {}
        }
        self.watch_quotas(now, store, change);
        if let Some(actor) = own_controller(change.object.kind()) {
            self.queue.add(now, actor, key);
        }
        let namespace = change.object.namespace();
        if change.action == Action::Deleted && !namespace.is_empty() {
            self.watch_emptying(now, store, namespace);
        }
    }

    /// The quotas of a namespace count anew when there is more or less in it, or something has
    /// become another.
    fn watch_quotas(&mut self, now: SimTime, store: &Store, change: &Change) {
        let namespace = change.object.namespace();
        for quota in store.objects(Kind::ResourceQuota, Some(namespace)) {
            self.queue.add(now, Actor::Quota, Key::of(quota.metadata()));
        }
    }

    /// Claims without a volume look for one, and claims may have lost theirs.
    fn watch_volumes(&mut self, now: SimTime, store: &Store) {
        for claim in store.objects(Kind::PersistentVolumeClaim, None) {
            self.queue.add(now, Actor::VolumeClaim, Key::of(claim.metadata()));
        }
    }

    /// An owner looks at its children whenever one changes.
    fn watch_owner(&mut self, now: SimTime, change: &Change) {
        let meta = change.object.metadata();
        let Some(owner) = owner::controller(meta) else { return };
        let kind = Kind::from_manifest(&owner.api_version, &owner.kind);
        let namespace = meta.namespace.as_deref().unwrap_or("");
        let actor = match kind {
            Some(Kind::Service) if change.object.kind() == Kind::EndpointSlice => {
                // It puts right what others have changed or taken away; to look at what it wrote
                // itself changes nothing.
                (change.action != Action::Added).then_some(Actor::EndpointSlice)
            }
            Some(Kind::Endpoints) => None,
            Some(Kind::ReplicaSet | Kind::ReplicationController)
                if !replica_set::is_news(change) =>
            {
                None
            }
            kind => kind.and_then(own_controller),
        };
        if let Some(actor) = actor {
            self.queue.add(now, actor, Key::new(namespace, &owner.name));
        }
    }

    fn watch_node(&mut self, now: SimTime, key: &Key, node: &Arc<Node>, action: Action) {
        let gone = action == Action::Deleted;
        if gone {
            self.scheduler.node_cache.node_is_gone(&key.name);
            node_lifecycle::node_is_gone(&mut self.queue, now, key);
        } else {
            if self.scheduler.node_cache.node_is(&key.name, node) {
                self.scheduler.wake(now, &mut self.queue);
            } else if !node_lifecycle::is_news(node) {
                return;
            }
            self.queue.add(now, Actor::NodeLifecycle, key.clone());
        }
        for daemons in self.index.keys(Kind::DaemonSet) {
            self.queue.add(now, Actor::DaemonSet, daemons);
        }
    }

    fn watch_pod(
        &mut self,
        now: SimTime,
        key: &Key,
        before: Option<Arc<Pod>>,
        pod: &Arc<Pod>,
        action: Action,
    ) {
        let after = (action != Action::Deleted).then_some(pod);
        if after.is_none() || matches!(pod.phase(), "Succeeded" | "Failed") {
            for claim in volume_claim::used_by(pod) {
                self.queue.add(now, Actor::VolumeClaim, Key::new(&key.namespace, &claim));
            }
        }
        if self.scheduler.node_cache.pod_is(key, before.as_ref(), after) {
            self.scheduler.wake(now, &mut self.queue);
        }
        if after.is_some() && before.as_ref().is_none_or(|old| old.node() != pod.node()) {
            self.watch_bound(now, key, pod);
        }
        match after {
            Some(pod) if scheduler::is_unbound(pod) => {
                let differs = |before: &Arc<Pod>| {
                    (&before.spec, &before.metadata.labels) != (&pod.spec, &pod.metadata.labels)
                };
                if before.as_ref().is_none_or(differs) {
                    self.queue.add(now, Actor::Scheduler, key.clone());
                }
            }
            _ => self.scheduler.forget(key),
        }
        if let Some(old) = &before
            && owner::controller_uid(&old.metadata) != owner::controller_uid(&pod.metadata)
        {
            self.watch_released(now, old);
        }
        let labels = pod.metadata.labels.as_ref();
        if owner::controller(&pod.metadata).is_none() {
            for (kind, actor) in ADOPTERS {
                for set in self.index.selecting(kind, &key.namespace, labels) {
                    self.queue.add(now, actor, set);
                }
            }
        }
        let relabelled =
            before.as_ref().is_some_and(|old| old.metadata.labels != pod.metadata.labels);
        let old = before.as_deref();
        if before.is_none() || after.is_none() {
            // There is one more than before, or one less, whether or not this one is ready.
            self.watch_budgets(now, key, pod);
        }
        if relabelled || endpoints::are_touched(old, after.map(Arc::as_ref)) {
            self.watch_selectors(now, key, pod);
            if let Some(old) = old.filter(|_| relabelled) {
                self.watch_selectors(now, key, old);
            }
        }
    }

    /// A pod came to a node that may drive it out, or that does not exist.
    fn watch_bound(&mut self, now: SimTime, key: &Key, pod: &Pod) {
        let Some(node) = pod.node() else { return };
        for claim in volume_claim::used_by(pod) {
            self.queue.add(now, Actor::VolumeClaim, Key::new(&key.namespace, &claim));
        }
        match self.scheduler.node_cache.node(node) {
            Some(node) if node_lifecycle::drives_out(node) => {
                self.queue.add(now, Actor::TaintEviction, key.clone());
            }
            Some(_) => {}
            None => node_lifecycle::node_is_gone(&mut self.queue, now, &Key::new("", node)),
        }
    }

    /// The owner that a pod had learns that it has one less.
    fn watch_released(&mut self, now: SimTime, old: &Pod) {
        if let Some((kind, name)) = pods::owner_kind(old)
            && let Some(actor) = own_controller(kind)
        {
            let namespace = old.metadata.namespace.as_deref().unwrap_or("");
            self.queue.add(now, actor, Key::new(namespace, name));
        }
    }

    /// Those who select a pod learn that it is different.
    fn watch_selectors(&mut self, now: SimTime, key: &Key, pod: &Pod) {
        let labels = pod.metadata.labels.as_ref();
        for service in self.index.selecting(Kind::Service, &key.namespace, labels) {
            self.queue.add(now, Actor::EndpointSlice, service.clone());
            self.queue.add(now, Actor::Endpoints, service);
        }
        self.watch_budgets(now, key, pod);
    }

    /// The disruption budgets that count a pod look at it.
    fn watch_budgets(&mut self, now: SimTime, key: &Key, pod: &Pod) {
        let labels = pod.metadata.labels.as_ref();
        for budget in self.index.selecting(Kind::PodDisruptionBudget, &key.namespace, labels) {
            self.queue.add(now, Actor::Disruption, budget);
        }
    }

    /// A namespace that is being deleted may be empty now.
    fn watch_emptying(&mut self, now: SimTime, store: &Store, namespace: &str) {
        let home = store.object(Kind::Namespace, "", namespace);
        if home.is_some_and(|home| home.metadata().deletion_timestamp.is_some()) {
            self.queue.add(now, Actor::Namespace, Key::new("", namespace));
        }
    }
}

/// The controller that looks at a kind's own objects.
fn own_controller(kind: Kind) -> Option<Actor> {
    Some(match kind {
        Kind::Deployment => Actor::Deployment,
        Kind::ReplicaSet => Actor::ReplicaSet,
        Kind::ReplicationController => Actor::ReplicationController,
        Kind::StatefulSet => Actor::StatefulSet,
        Kind::DaemonSet => Actor::DaemonSet,
        Kind::Job => Actor::Job,
        Kind::CronJob => Actor::CronJob,
        Kind::Namespace => Actor::Namespace,
        Kind::PersistentVolumeClaim => Actor::VolumeClaim,
        Kind::PersistentVolume => Actor::Volume,
        Kind::PodDisruptionBudget => Actor::Disruption,
        Kind::ResourceQuota => Actor::Quota,
        _ => return None,
    })
}
