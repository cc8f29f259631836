//! ReplicaSet and ReplicationController: so many pods, no more and no fewer (R3.2, R3.4).
//!
//! kube-controller-manager runs one controller for both, and so do we: [`keep`] works on what the
//! two have in common, and each writes its own status.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetCondition, ReplicaSetStatus};
use k8s_openapi::api::core::v1::{
    PodTemplateSpec, ReplicationController, ReplicationControllerCondition,
    ReplicationControllerStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::queue::Actor;
use super::{Client, Key, owner, pods};
use crate::api::selector::LabelSelector;
use crate::api::{Action, Change, Kind, Object, Pod, Resource};
use crate::clock::SimTime;

/// What both kinds ask for.
struct Order<'a> {
    selector: LabelSelector,
    replicas: usize,
    min_ready: i32,
    template: &'a PodTemplateSpec,
    component: &'static str,
    actor: Actor,
}

/// What both statuses say.
#[derive(Clone, Debug, Default)]
struct Count {
    replicas: i32,
    labelled: i32,
    ready: i32,
    available: i32,
    terminating: i32,
    /// (reason, message) of the condition `ReplicaFailure`.
    failure: Option<(&'static str, String)>,
}

/// Brings a ReplicaSet's pods to the number that it asks for.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(set) = client.get::<ReplicaSet>(key) else { return };
    let Some(spec) = &set.spec else { return };
    let empty = PodTemplateSpec::default();
    let order = Order {
        selector: LabelSelector::of(&spec.selector),
        replicas: count(spec.replicas),
        min_ready: spec.min_ready_seconds.unwrap_or(0),
        template: spec.template.as_ref().unwrap_or(&empty),
        component: "replicaset-controller",
        actor: Actor::ReplicaSet,
    };
    let counted = keep(client, set.as_ref(), &order);
    let old = set.status.clone().unwrap_or_default();
    let status = Some(ReplicaSetStatus {
        available_replicas: some(counted.available),
        conditions: set_conditions(&old, &counted, client.now),
        fully_labeled_replicas: some(counted.labelled),
        observed_generation: set.metadata.generation,
        ready_replicas: some(counted.ready),
        replicas: counted.replicas,
        terminating_replicas: Some(counted.terminating),
    });
    if status != set.status {
        client.update(ReplicaSet { status, ..ReplicaSet::clone(&set) });
    }
}

/// Brings a ReplicationController's pods to the number that it asks for.
pub(super) fn reconcile_controller(client: &mut Client<'_>, key: &Key) {
    let Some(rc) = client.get::<ReplicationController>(key) else { return };
    let Some(spec) = &rc.spec else { return };
    let empty = PodTemplateSpec::default();
    let order = Order {
        selector: LabelSelector::equalities(spec.selector.iter().flatten()),
        replicas: count(spec.replicas),
        min_ready: spec.min_ready_seconds.unwrap_or(0),
        template: spec.template.as_ref().unwrap_or(&empty),
        component: "replication-controller",
        actor: Actor::ReplicationController,
    };
    let counted = keep(client, rc.as_ref(), &order);
    let old = rc.status.clone().unwrap_or_default();
    let said = old.conditions.filter(|said| !said.is_empty());
    let status = Some(ReplicationControllerStatus {
        available_replicas: some(counted.available),
        conditions: counted.failure.map(|(reason, message)| {
            said.unwrap_or_else(|| {
                vec![ReplicationControllerCondition {
                    last_transition_time: Some(Time(client.now.whole_seconds())),
                    message: Some(message),
                    reason: Some(reason.to_owned()),
                    status: "True".to_owned(),
                    type_: "ReplicaFailure".to_owned(),
                }]
            })
        }),
        fully_labeled_replicas: some(counted.labelled),
        observed_generation: rc.metadata.generation,
        ready_replicas: some(counted.ready),
        replicas: counted.replicas,
    });
    if status != rc.status {
        client.update(ReplicationController { status, ..ReplicationController::clone(&rc) });
    }
}

/// Creates or deletes pods until there are as many as ordered, and counts those there were.
/// Whether a change of a pod can change what its set counts or does. Where it runs, with which
/// address, and how its containers are is nothing to the set.
pub(super) fn is_news(change: &Change) -> bool {
    let (Some(Object::Pod(old)), Object::Pod(new)) = (&change.previous, &change.object) else {
        return true;
    };
    change.action != Action::Modified
        || pods::ready_since(old) != pods::ready_since(new)
        || old.is_finished() != new.is_finished()
        || old.is_terminating() != new.is_terminating()
        || old.metadata.labels != new.metadata.labels
        || old.metadata.owner_references != new.metadata.owner_references
}

fn keep<T: Resource>(client: &mut Client<'_>, owner: &T, order: &Order<'_>) -> Count {
    let claimed = owner::claim_pods(client, owner, &order.selector, |_| true);
    let active: Vec<Arc<Pod>> = claimed.iter().filter(|pod| pod.is_active()).cloned().collect();
    let mut counted = tally(&claimed, &active, order, client.now);
    if owner.metadata().deletion_timestamp.is_none() {
        counted.failure = if active.len() < order.replicas {
            create(client, owner, order, order.replicas - active.len())
        } else {
            delete(client, owner, order, &active);
            None
        };
    }
    let waiting = active.iter().map(Arc::as_ref);
    if let Some(at) = pods::next_available(waiting, order.min_ready, client.now) {
        client.queue.remind(at, order.actor, Key::of(owner.metadata()));
    }
    counted
}

fn tally(claimed: &[Arc<Pod>], active: &[Arc<Pod>], order: &Order<'_>, now: SimTime) -> Count {
    let wanted = order.template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
    let carries_all = |pod: &Arc<Pod>| {
        let has = |(label, value)| {
            pod.metadata.labels.as_ref().and_then(|labels| labels.get(label)) == Some(value)
        };
        wanted.into_iter().flatten().all(has)
    };
    let number =
        |holds: &dyn Fn(&Arc<Pod>) -> bool| active.iter().filter(|pod| holds(pod)).count() as i32;
    let terminating = claimed.iter().filter(|pod| pod.is_terminating() && !pod.is_finished());
    Count {
        replicas: active.len() as i32,
        labelled: number(&carries_all),
        ready: number(&|pod| pod.is_ready()),
        available: number(&|pod| pods::is_available(pod, order.min_ready, now)),
        terminating: terminating.count() as i32,
        failure: None,
    }
}

/// How many pods one look at a set creates or deletes (`burstReplicas`).
const BURST: usize = 500;

/// Creates `missing` pods, or as many as one look may; the first refusal ends the attempt and is told.
fn create<T: Resource>(
    client: &mut Client<'_>,
    owner: &T,
    order: &Order<'_>,
    missing: usize,
) -> Option<(&'static str, String)> {
    for _ in 0..missing.min(BURST) {
        match client.create(pods::from_template(owner, order.template)) {
            Ok(pod) => {
                let name = pod.metadata.name.as_deref().unwrap_or_default();
                let message = format!("Created pod: {name}");
                client.normal(owner, order.component, "SuccessfulCreate", message);
            }
            Err(status) => {
                let message = format!("Error creating: {}", status.message);
                client.warning(owner, order.component, "FailedCreate", message);
                client.remind(pods::RETRY, order.actor, &Key::of(owner.metadata()));
                return Some(("FailedCreate", status.message));
            }
        }
    }
    None
}

fn delete<T: Resource>(client: &mut Client<'_>, owner: &T, order: &Order<'_>, active: &[Arc<Pod>]) {
    let surplus = active.len() - order.replicas;
    if surplus == 0 {
        return;
    }
    for pod in victims(client, owner, active, surplus).into_iter().take(BURST) {
        let key = Key::of(&pod.metadata);
        if client.delete(Kind::Pod, &key) {
            let message = format!("Deleted pod: {}", key.name);
            client.normal(owner, order.component, "SuccessfulDelete", message);
        }
    }
}

/// The pods that a scale-down takes first (R3.4; `controller.ActivePodsWithRanks`).
fn victims<T: Resource>(
    client: &Client<'_>,
    owner: &T,
    active: &[Arc<Pod>],
    surplus: usize,
) -> Vec<Arc<Pod>> {
    let crowds = crowds(client, owner, active);
    let mut sorted: Vec<&Arc<Pod>> = active.iter().collect();
    sorted.sort_by_cached_key(|pod| {
        let node = pod.node();
        let phase = match pod.phase() {
            "Pending" => 0,
            "Unknown" => 1,
            _ => 2,
        };
        let crowd = node.and_then(|node| crowds.get(node)).copied().unwrap_or(0);
        (
            (node.is_some(), phase, pod.is_ready()),
            (deletion_cost(pod), Reverse(crowd)),
            (Reverse(pods::ready_since(pod)), Reverse(restarts(pod))),
            (Reverse(pod.metadata.creation_timestamp.clone()), Reverse(pod.metadata.name.clone())),
        )
    });
    sorted.into_iter().take(surplus).cloned().collect()
}

/// How many related pods each node has: those of every set of the same Deployment.
fn crowds<T: Resource>(
    client: &Client<'_>,
    owner: &T,
    active: &[Arc<Pod>],
) -> BTreeMap<String, usize> {
    let mut crowds = BTreeMap::new();
    let mut count = |pod: &Pod| {
        if let Some(node) = pod.node().filter(|_| pod.is_active()) {
            *crowds.entry(node.to_owned()).or_insert(0) += 1;
        }
    };
    match owner::controller(owner.metadata()) {
        Some(deployment) => {
            for set in client.controlled::<ReplicaSet>(&deployment.uid) {
                for key in client.index.children_of_kind(owner::uid(&set.metadata), Kind::Pod) {
                    client.index.pod(&key.namespace, &key.name).into_iter().for_each(|p| count(p));
                }
            }
        }
        None => active.iter().for_each(|pod| count(pod)),
    }
    crowds
}

fn deletion_cost(pod: &Pod) -> i32 {
    let annotations = pod.metadata.annotations.as_ref();
    let cost = annotations.and_then(|all| all.get("controller.kubernetes.io/pod-deletion-cost"));
    cost.and_then(|cost| cost.parse().ok()).unwrap_or(0)
}

fn restarts(pod: &Pod) -> i32 {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_deref());
    statuses.unwrap_or_default().iter().map(|status| status.restart_count).max().unwrap_or(0)
}

fn set_conditions(
    old: &ReplicaSetStatus,
    counted: &Count,
    now: SimTime,
) -> Option<Vec<ReplicaSetCondition>> {
    let (reason, message) = counted.failure.clone()?;
    // What was said first stands: each attempt's pod has another name, which is no news.
    if let Some(said) = old.conditions.as_ref().filter(|said| !said.is_empty()) {
        return Some(said.clone());
    }
    Some(vec![ReplicaSetCondition {
        last_transition_time: Some(Time(now.whole_seconds())),
        message: Some(message),
        reason: Some(reason.to_owned()),
        status: "True".to_owned(),
        type_: "ReplicaFailure".to_owned(),
    }])
}

/// `spec.replicas`, which the API server defaults to 1.
fn count(replicas: Option<i32>) -> usize {
    usize::try_from(replicas.unwrap_or(1)).unwrap_or(0)
}

/// A count as the API prints it: left out when it is zero.
fn some(count: i32) -> Option<i32> {
    Some(count).filter(|count| *count != 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::super::world::{World, pod, template};
    use super::is_news;
    use crate::api::{Action, Change, Kind, Object, Pod};

    fn replica_set(replicas: i32) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": { "name": "web" },
            "spec": {
                "replicas": replicas,
                "selector": { "matchLabels": { "app": "web" } },
                "template": template("web"),
            },
        })
    }

    fn replication_controller(replicas: i32) -> Value {
        json!({
            "apiVersion": "v1", "kind": "ReplicationController",
            "metadata": { "name": "web" },
            "spec": {
                "replicas": replicas,
                "selector": { "app": "web" },
                "template": template("web"),
            },
        })
    }

    #[test]
    fn where_a_pod_runs_is_no_news_to_its_set_but_its_readiness_is() {
        let object = |node: &str, ready: &str| {
            let value = json!({
                "spec": { "containers": [], "nodeName": node },
                "status": { "conditions": [{ "type": "Ready", "status": ready }] },
            });
            Object::from_value(Kind::Pod, value).unwrap()
        };
        let change = |old: Object, new: Object| Change {
            revision: 1,
            action: Action::Modified,
            object: new,
            previous: Some(old),
        };
        assert!(!is_news(&change(object("", "False"), object("node-1", "False"))));
        assert!(is_news(&change(object("node-1", "False"), object("node-1", "True"))));
    }

    // R3.2
    #[test]
    fn a_matching_orphan_is_adopted() {
        let mut world = World::new(3);
        world.create(pod("web", json!({})));
        world.settle();
        world.create(replica_set(3));
        world.settle();
        assert_eq!(world.active().len(), 3);
        let orphan = world.get(Kind::Pod, "web");
        assert_eq!(orphan["metadata"]["ownerReferences"][0]["kind"], "ReplicaSet");
    }

    // R3.2
    #[test]
    fn an_orphan_that_is_one_too_many_is_deleted() {
        let mut world = World::new(3);
        world.create(replica_set(2));
        world.settle();
        world.create(pod("web", json!({})));
        world.settle();
        assert_eq!(world.active().len(), 2);
        assert!(!world.active().contains(&"web".to_owned()));
    }

    // R3.2; recording 05: "relabel a pod".
    #[test]
    fn a_relabelled_pod_is_released_and_replaced() {
        let mut world = World::new(3);
        world.create(replica_set(3));
        world.settle();
        let name = world.active().remove(0);
        world.patch(Kind::Pod, &name, json!({ "metadata": { "labels": { "app": "quarantine" } } }));
        world.settle();
        assert_eq!(world.active().len(), 4);
        let released = world.get(Kind::Pod, &name);
        assert!(released["metadata"]["ownerReferences"].is_null());
        assert_eq!(world.get(Kind::ReplicaSet, "web")["status"]["replicas"], 3);
    }

    // R3.2
    #[test]
    fn the_replacement_is_there_while_the_old_pod_still_ends() {
        let mut world = World::new(3);
        world.linger = Duration::from_secs(20);
        world.create(replica_set(2));
        world.settle();
        let name = world.active().remove(0);
        world.delete(Kind::Pod, &name);
        world.run(Duration::from_secs(2));
        assert_eq!(world.list::<Pod>().len(), 3);
        assert_eq!(world.active().len(), 2);
        let status = &world.get(Kind::ReplicaSet, "web")["status"];
        assert_eq!(
            (&status["readyReplicas"], &status["terminatingReplicas"]),
            (&json!(2), &json!(1))
        );
        world.settle();
        assert_eq!(world.list::<Pod>().len(), 2);
    }

    // R3.4
    #[test]
    fn a_scale_down_takes_the_least_useful_pods_first() {
        let mut world = World::new(3);
        world.create(replica_set(4));
        world.settle();
        let pods = world.active();
        let cheap = json!({ "controller.kubernetes.io/pod-deletion-cost": "-5" });
        world.patch(Kind::Pod, &pods[2], json!({ "metadata": { "annotations": cheap } }));
        world.set_ready(&pods[1], false);
        world.settle();
        world.patch(Kind::ReplicaSet, "web", json!({ "spec": { "replicas": 3 } }));
        world.settle();
        assert!(!world.active().contains(&pods[1]), "the pod that is not ready goes first");
        world.patch(Kind::ReplicaSet, "web", json!({ "spec": { "replicas": 2 } }));
        world.settle();
        assert_eq!(world.active(), [pods[0].clone(), pods[3].clone()]);
        let told = world.told("web");
        let gone = format!("Deleted pod: {}", pods[1]);
        assert!(told.contains(&("SuccessfulDelete".to_owned(), gone, 1)));
    }

    // R3.4
    #[test]
    fn a_scale_down_thins_out_the_crowded_node() {
        let mut world = World::new(2);
        world.create(replica_set(3));
        world.settle();
        world.patch(Kind::ReplicaSet, "web", json!({ "spec": { "replicas": 2 } }));
        world.settle();
        let nodes: std::collections::BTreeSet<_> = world
            .list::<Pod>()
            .iter()
            .map(|pod| pod.spec.as_ref().unwrap().node_name.clone())
            .collect();
        assert_eq!(nodes.len(), 2);
    }

    #[test]
    fn a_failed_pod_is_replaced() {
        let mut world = World::new(3);
        world.create(replica_set(1));
        world.settle();
        let name = world.active().remove(0);
        world.finish(&name, "Failed");
        world.settle();
        assert_eq!(world.active().len(), 1);
        assert_ne!(world.active()[0], name);
    }

    #[test]
    fn min_ready_seconds_delay_availability() {
        let mut world = World::new(3);
        let mut set = replica_set(1);
        set["spec"]["minReadySeconds"] = json!(10);
        world.create(set);
        world.settle();
        let status = |world: &World| world.get(Kind::ReplicaSet, "web")["status"].clone();
        assert_eq!(status(&world)["readyReplicas"], 1);
        assert!(status(&world)["availableReplicas"].is_null());
        world.run(Duration::from_secs(12));
        assert_eq!(status(&world)["availableReplicas"], 1);
    }

    #[test]
    fn a_replication_controller_keeps_its_pods_too() {
        let mut world = World::new(3);
        world.create(replication_controller(2));
        world.settle();
        let name = world.active().remove(0);
        world.delete(Kind::Pod, &name);
        world.settle();
        assert_eq!(world.active().len(), 2);
        assert_eq!(world.get(Kind::ReplicationController, "web")["status"]["readyReplicas"], 2);
    }
}
