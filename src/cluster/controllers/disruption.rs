//! PodDisruptionBudget: how many of its pods may be evicted now.
//!
//! Source: kube-controller-manager `disruption`.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::ReplicationController;
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::deployment::share;
use super::{Client, Key, owner, pods};
use crate::api::selector::LabelSelector;
use crate::api::{Kind, Pod};

/// Counts a budget's pods and what they leave to spare.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(budget) = client.get::<PodDisruptionBudget>(key) else { return };
    let Some(spec) = &budget.spec else { return };
    let Some(selector) = spec.selector.as_ref().map(LabelSelector::of) else { return };
    let selected: Vec<Arc<Pod>> = client
        .index
        .pods_matching(&key.namespace, &selector)
        .filter(|pod| !pod.is_finished())
        .cloned()
        .collect();
    let healthy =
        selected.iter().filter(|pod| pod.is_ready() && !pod.is_terminating()).count() as i32;
    let of = |part: &IntOrString, whole: i32| {
        i32::try_from(share(Some(part), whole.into(), true)).unwrap_or(i32::MAX)
    };
    let (expected, desired) = match (&spec.max_unavailable, &spec.min_available) {
        (Some(unavailable), _) => {
            let expected = scale(client, &selected);
            (expected, expected.saturating_sub(of(unavailable, expected)).max(0))
        }
        (None, Some(IntOrString::Int(least))) => (selected.len() as i32, *least),
        (None, Some(percentage)) => {
            let expected = scale(client, &selected);
            (expected, of(percentage, expected))
        }
        (None, None) => (selected.len() as i32, 1),
    };
    let allowed = if expected > 0 { healthy.saturating_sub(desired).max(0) } else { 0 };
    let before = budget.status.as_ref();
    let status = PodDisruptionBudgetStatus {
        conditions: Some(conditions(client, &budget, allowed)),
        current_healthy: Some(healthy),
        desired_healthy: Some(desired),
        disrupted_pods: before.and_then(|status| status.disrupted_pods.clone()),
        disruptions_allowed: Some(allowed),
        expected_pods: Some(expected),
        observed_generation: budget.metadata.generation,
    };
    if before != Some(&status) {
        let mut budget = PodDisruptionBudget::clone(&budget);
        budget.status = Some(status);
        client.update(budget);
    }
}

/// How many pods the controllers of these pods ask for; pods without one count themselves.
fn scale(client: &Client<'_>, selected: &[Arc<Pod>]) -> i32 {
    let mut counted: Vec<String> = Vec::new();
    let mut expected = 0;
    for pod in selected {
        let Some((kind, name)) = pods::owner_kind(pod) else {
            expected = i32::saturating_add(expected, 1);
            continue;
        };
        let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
        let (uid, replicas) = ask(client, kind, &Key::new(namespace, name)).unwrap_or_default();
        if !counted.contains(&uid) {
            counted.push(uid);
            expected = expected.saturating_add(replicas);
        }
    }
    expected
}

/// The UID and size of what scales a pod's owner: a ReplicaSet's Deployment speaks for it.
fn ask(client: &Client<'_>, kind: Kind, key: &Key) -> Option<(String, i32)> {
    match kind {
        Kind::ReplicaSet => {
            let set = client.get::<ReplicaSet>(key)?;
            if let Some(above) = owner::controller(&set.metadata) {
                let deployment = Key::new(&key.namespace, &above.name);
                let deployment = client.get::<Deployment>(&deployment)?;
                return Some((above.uid.clone(), deployment.spec.as_ref()?.replicas?));
            }
            Some((owner::uid(&set.metadata).to_owned(), set.spec.as_ref()?.replicas?))
        }
        Kind::StatefulSet => {
            let set = client.get::<StatefulSet>(key)?;
            Some((owner::uid(&set.metadata).to_owned(), set.spec.as_ref()?.replicas?))
        }
        Kind::ReplicationController => {
            let rc = client.get::<ReplicationController>(key)?;
            Some((owner::uid(&rc.metadata).to_owned(), rc.spec.as_ref()?.replicas?))
        }
        _ => None,
    }
}

fn conditions(client: &Client<'_>, budget: &PodDisruptionBudget, allowed: i32) -> Vec<Condition> {
    let (status, reason) =
        if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let known = budget.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let since = known
        .filter(|known| known.type_ == "DisruptionAllowed" && known.status == status)
        .map(|known| known.last_transition_time.clone())
        .next();
    vec![Condition {
        last_transition_time: since.unwrap_or_else(|| Time(client.now.whole_seconds())),
        message: String::new(),
        observed_generation: budget.metadata.generation,
        reason: reason.to_owned(),
        status: status.to_owned(),
        type_: "DisruptionAllowed".to_owned(),
    }]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::world::{World, deployment};
    use crate::api::Kind;

    #[test]
    fn a_budget_says_how_many_pods_may_go() {
        let mut world = World::new(3);
        world.create(deployment("web", 3));
        world.create(json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": { "name": "web" },
            "spec": { "minAvailable": 2, "selector": { "matchLabels": { "app": "web" } } },
        }));
        world.settle();
        let status = |world: &World| world.get(Kind::PodDisruptionBudget, "web")["status"].clone();
        assert_eq!(status(&world)["disruptionsAllowed"], 1);
        assert_eq!(status(&world)["currentHealthy"], 3);
        assert_eq!(status(&world)["expectedPods"], 3);
        let pod = world.active().remove(0);
        world.set_ready(&pod, false);
        world.settle();
        assert_eq!(status(&world)["disruptionsAllowed"], 0);
        assert_eq!(status(&world)["conditions"][0]["reason"], "InsufficientPods");
    }

    // The controller looks again at every pod that comes, ready or not.
    #[test]
    fn a_budget_expects_another_pod_as_soon_as_there_is_one() {
        let mut world = World::new(3);
        world.create(deployment("web", 3));
        world.create(json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": { "name": "web" },
            "spec": { "maxUnavailable": 1, "selector": { "matchLabels": { "app": "web" } } },
        }));
        world.settle();
        let status = |world: &World| world.get(Kind::PodDisruptionBudget, "web")["status"].clone();
        assert_eq!(status(&world)["disruptionsAllowed"], 1);
        world.unready.insert("web".to_owned());
        world.patch(Kind::Deployment, "web", json!({ "spec": { "replicas": 4 } }));
        world.settle();
        let expected = status(&world)["expectedPods"].clone();
        assert_eq!((expected, &status(&world)["disruptionsAllowed"]), (json!(4), &json!(0)));
    }

    #[test]
    fn a_percentage_is_of_what_the_controllers_ask_for() {
        let mut world = World::new(3);
        world.create(deployment("web", 4));
        world.create(json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": { "name": "web" },
            "spec": { "maxUnavailable": "50%", "selector": { "matchLabels": { "app": "web" } } },
        }));
        world.settle();
        let status = world.get(Kind::PodDisruptionBudget, "web")["status"].clone();
        assert_eq!(
            (&status["desiredHealthy"], &status["disruptionsAllowed"]),
            (&json!(2), &json!(2))
        );
    }
}
