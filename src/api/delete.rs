//! Deletions: what goes at once, what is given time, and what waits for its finalizers.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::PodCondition;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::selector::LabelSelector;
use super::write::Target;
use super::{
    Answer, ApiServer, DeleteOptions, Kind, Object, Propagation, Reason, Response, Status,
    admission, time,
};
use crate::clock::SimTime;

/// The garbage collector removes this one when everything that the object owns is gone.
const FOREGROUND: &str = "foregroundDeletion";
/// The garbage collector removes this one when everything that the object owns has been released.
const ORPHAN: &str = "orphan";

impl ApiServer {
    /// Ends an object, now or when its time and its finalizers have run out.
    pub(super) fn delete_sent(
        &mut self,
        now: SimTime,
        target: &Target<'_>,
        options: DeleteOptions,
    ) -> Answer {
        let mut object = self.stored(target)?;
        admission::delete(target.kind, target.name)?;
        let grace = grace(&object, options.grace_seconds);
        let finalizer = match options.propagation {
            Propagation::Background => None,
            Propagation::Foreground => Some(FOREGROUND),
            Propagation::Orphan => Some(ORPHAN),
        };
        if let Some(finalizer) = finalizer {
            let finalizers = object.metadata_mut().finalizers.get_or_insert_default();
            if !finalizers.iter().any(|present| present == finalizer) {
                finalizers.push(finalizer.to_owned());
            }
        }
        let waits = grace > 0 || is_held(&object);
        if !waits {
            let gone = self.expunge(target.kind, target.namespace, target.name);
            return Ok(Response::object(gone.unwrap_or(object)));
        }
        if !mark(now, &mut object, grace) && finalizer.is_none() {
            return Ok(Response::object(object));
        }
        Ok(Response::object(self.commit(object)))
    }

    /// Deletes a pod unless a disruption budget forbids it: what `kubectl drain` asks for
    /// (`pkg/registry/core/pod/storage/eviction.go`).
    pub(super) fn evict(
        &mut self,
        now: SimTime,
        target: &Target<'_>,
        options: DeleteOptions,
    ) -> Answer {
        let pod = self.stored(target)?;
        if let Some(mut budget) = self.guard(&pod)? {
            let status = Arc::make_mut(&mut budget).status.get_or_insert_default();
            status.disruptions_allowed = status.disruptions_allowed.map(|allowed| allowed - 1);
            self.commit(Object::PodDisruptionBudget(budget));
        }
        self.tell_disruption(now, target);
        self.delete_sent(now, target, options)
    }

    /// Writes down in a pod's status that it is evicted, before it is deleted.
    fn tell_disruption(&mut self, now: SimTime, target: &Target<'_>) {
        let Some(Object::Pod(pod)) = self.store.object(target.kind, target.namespace, target.name)
        else {
            return;
        };
        let told = pod.status.as_ref().is_some_and(|status| {
            status.conditions.iter().any(|condition| condition.type_ == "DisruptionTarget")
        });
        if told {
            return;
        }
        let mut pod = Arc::clone(pod);
        let status = Arc::make_mut(&mut pod).status.get_or_insert_default();
        Arc::make_mut(&mut status.conditions).push(PodCondition {
            last_transition_time: Some(time(now)),
            message: Some("Eviction API: evicting".to_owned()),
            reason: Some("EvictionByEvictionAPI".to_owned()),
            status: "True".to_owned(),
            type_: "DisruptionTarget".to_owned(),
            ..PodCondition::default()
        });
        self.commit(Object::Pod(pod));
    }

    /// The budget that an eviction of this pod is charged to, if it is charged to any.
    ///
    /// # Errors
    /// When the budget has nothing left, or nobody knows whether it has.
    fn guard(&self, pod: &Object) -> Result<Option<Arc<PodDisruptionBudget>>, Status> {
        let Object::Pod(pod) = pod else { return Ok(None) };
        let leaves = pod.metadata.deletion_timestamp.is_some();
        if leaves || matches!(pod.phase(), "Succeeded" | "Failed" | "Pending") {
            return Ok(None);
        }
        let labels = pod.metadata.labels.as_ref();
        let budgets = self.store.list::<PodDisruptionBudget>(Some(pod.namespace()));
        let mut guards = budgets.into_iter().filter(|budget| {
            let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            selector.is_some_and(|selector| LabelSelector::of(selector).matches(labels))
        });
        let (Some(budget), more) = (guards.next(), guards.next()) else { return Ok(None) };
        if more.is_some() {
            return Err(Status::new(
                Reason::InternalError,
                "This pod has more than one PodDisruptionBudget, which the eviction subresource \
                 does not support.",
            ));
        }
        let status = budget.status.clone().unwrap_or_default();
        let policy = budget.spec.as_ref();
        let policy = policy.and_then(|spec| spec.unhealthy_pod_eviction_policy.as_deref());
        let (healthy, desired) = (status.current_healthy, status.desired_healthy);
        let is_enough = desired > Some(0) && healthy >= desired;
        if !pod.is_ready() && (policy == Some("AlwaysAllow") || is_enough) {
            return Ok(None);
        }
        let is_behind = status.observed_generation.unwrap_or(0)
            < budget.metadata.generation.unwrap_or_default();
        if is_behind || status.disruptions_allowed.unwrap_or(0) <= 0 {
            return Err(Status::new(
                Reason::TooManyRequests,
                "Cannot evict pod as it would violate the pod's disruption budget.",
            ));
        }
        Ok(Some(Arc::clone(budget)))
    }
}

/// Seconds that an object is given. Only pods are given any, and only those that a kubelet has to
/// stop (R3.7).
fn grace(object: &Object, asked: Option<u32>) -> i64 {
    let Object::Pod(pod) = object else { return 0 };
    let spec = pod.spec.as_ref();
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let scheduled =
        spec.and_then(|spec| spec.node_name.as_deref()).is_some_and(|node| !node.is_empty());
    if !scheduled || matches!(phase, Some("Succeeded" | "Failed")) {
        return 0;
    }
    let own = spec.and_then(|spec| spec.termination_grace_period_seconds).unwrap_or(30);
    // A negative period counts as the shortest.
    asked.map_or(if own < 0 { 1 } else { own }, i64::from)
}

/// Whether somebody has to do something before the object may go.
fn is_held(object: &Object) -> bool {
    let contents = match object {
        Object::Namespace(namespace) => {
            namespace.spec.as_ref().and_then(|spec| spec.finalizers.as_ref())
        }
        _ => None,
    };
    let holders = contents.into_iter().chain(object.metadata().finalizers.as_ref());
    holders.flatten().next().is_some()
}

/// Marks an object as on its way out. Returns whether that changed anything: a second deletion
/// counts only if it gives less time.
fn mark(now: SimTime, object: &mut Object, grace: i64) -> bool {
    let before = object.metadata().deletion_timestamp.as_ref();
    let left = object.metadata().deletion_grace_period_seconds;
    if before.is_some() && left.is_none_or(|left| grace >= left) {
        return false;
    }
    let is_namespace = object.kind() == Kind::Namespace;
    let metadata = object.metadata_mut();
    let wait = Duration::from_secs(u64::try_from(grace).unwrap_or(0));
    metadata.deletion_timestamp = Some(time(now + wait));
    // A namespace's own way of being deleted knows no grace.
    metadata.deletion_grace_period_seconds = (!is_namespace).then_some(grace);
    if let Some(generation) = &mut metadata.generation {
        *generation += 1;
    }
    if let Object::Namespace(namespace) = object {
        let status = Arc::make_mut(namespace).status.get_or_insert_default();
        status.phase = Some("Terminating".to_owned());
    }
    debug_assert!(object.kind() == Kind::Pod || grace == 0);
    true
}
