//! PodDisruptionBudget: how many of its pods may be evicted now.
//!
//! Source: kube-controller-manager `disruption`.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::ReplicationController;
use k8s_openapi::api::policy::v1::{
    PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, LabelSelector as Selector, Time};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::deployment::share;
use super::{Client, Key, owner};
use crate::api::selector::LabelSelector;
use crate::api::{Kind, Pod};

/// Who tells of budgets.
const COMPONENT: &str = "controllermanager";

/// What a budget looks at its pods for.
struct Count {
    /// How many pods there are to be.
    expected: i32,
    /// How many of them have to be healthy.
    desired: i32,
    /// Whether pods were left out, since nobody controls them.
    leaves_out: bool,
}

/// Counts a budget's pods and what they leave to spare (`trySync`).
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(budget) = client.get::<PodDisruptionBudget>(key) else { return };
    let Some(spec) = &budget.spec else { return };
    let selected: Vec<Arc<Pod>> = match spec.selector.as_ref().map(LabelSelector::of) {
        Some(selector) => client.index.pods_matching(&key.namespace, &selector).cloned().collect(),
        None => Vec::new(),
    };
    if selected.is_empty() {
        client.normal(&*budget, COMPONENT, "NoPods", "No matching pods found".to_owned());
    }
    let before = budget.status.clone();
    let status = match count(client, spec, &selected) {
        Ok(count) => {
            if count.leaves_out {
                let message = unmanaged(spec.selector.as_ref());
                client.warning(&*budget, COMPONENT, "UnmanagedPods", message);
            }
            let counts = |pod: &&Arc<Pod>| pod.is_ready() && !pod.is_terminating();
            let healthy = selected.iter().filter(counts).count() as i32;
            let allowed = healthy.saturating_sub(count.desired).max(0);
            let allowed = if count.expected > 0 { allowed } else { 0 };
            let verdict = match allowed {
                0 => ("False", "InsufficientPods"),
                _ => ("True", "SufficientPods"),
            };
            let generation = budget.metadata.generation;
            PodDisruptionBudgetStatus {
                conditions: Some(condition(client, &budget, verdict, String::new(), generation)),
                current_healthy: Some(healthy),
                desired_healthy: Some(count.desired),
                disrupted_pods: before.as_ref().and_then(|status| status.disrupted_pods.clone()),
                disruptions_allowed: Some(allowed),
                expected_pods: Some(count.expected),
                observed_generation: generation,
            }
        }
        Err(why) => {
            let message = format!("Failed to calculate the number of expected pods: {why}");
            client.warning(&*budget, COMPONENT, "CalculateExpectedPodCountFailed", message);
            // Nobody knows, so that nothing is allowed (`failSafe`).
            let known = before.clone().unwrap_or_default();
            let verdict = ("False", "SyncFailed");
            let generation = known.observed_generation;
            PodDisruptionBudgetStatus {
                conditions: Some(condition(client, &budget, verdict, why, generation)),
                disruptions_allowed: Some(0),
                ..known
            }
        }
    };
    if before.as_ref() != Some(&status) {
        let mut budget = PodDisruptionBudget::clone(&budget);
        budget.status = Some(status);
        client.update(budget);
    }
}

/// How many pods a budget expects and wants healthy (`getExpectedPodCount`).
fn count(
    client: &Client<'_>,
    spec: &PodDisruptionBudgetSpec,
    selected: &[Arc<Pod>],
) -> Result<Count, String> {
    let of = |part: &IntOrString, whole: i32| {
        i32::try_from(share(Some(part), whole.into(), true)).unwrap_or(i32::MAX)
    };
    Ok(match (&spec.max_unavailable, &spec.min_available) {
        (Some(unavailable), _) => {
            let (expected, leaves_out) = scale(client, selected)?;
            let desired = expected.saturating_sub(of(unavailable, expected)).max(0);
            Count { expected, desired, leaves_out }
        }
        (None, Some(IntOrString::Int(least))) => {
            Count { expected: selected.len() as i32, desired: *least, leaves_out: false }
        }
        (None, Some(percentage)) => {
            let (expected, leaves_out) = scale(client, selected)?;
            Count { expected, desired: of(percentage, expected), leaves_out }
        }
        (None, None) => Count { expected: 0, desired: 0, leaves_out: false },
    })
}

/// How many pods the controllers of these pods ask for, and whether some have none (`getExpectedScale`).
fn scale(client: &Client<'_>, selected: &[Arc<Pod>]) -> Result<(i32, bool), String> {
    let mut counted: Vec<String> = Vec::new();
    let (mut expected, mut leaves_out) = (0_i32, false);
    for pod in selected {
        let Some(owner) = owner::controller(&pod.metadata) else {
            leaves_out = true;
            continue;
        };
        let kind = Kind::from_manifest(&owner.api_version, &owner.kind);
        let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
        let asked = match kind {
            Some(kind) => ask(client, kind, &Key::new(namespace, &owner.name))?,
            None => None,
        };
        let Some((uid, replicas)) = asked else {
            return Err(format!("found no controllers for pod {:?}", pod.name()));
        };
        if !counted.contains(&uid) {
            counted.push(uid);
            expected = expected.saturating_add(replicas);
        }
    }
    Ok((expected, leaves_out))
}

/// The UID and size of what scales a pod's owner: a ReplicaSet's Deployment speaks for it.
fn ask(client: &Client<'_>, kind: Kind, key: &Key) -> Result<Option<(String, i32)>, String> {
    Ok(match kind {
        Kind::ReplicaSet => client.get::<ReplicaSet>(key).and_then(|set| {
            if let Some(above) = owner::controller(&set.metadata) {
                let deployment = Key::new(&key.namespace, &above.name);
                let deployment = client.get::<Deployment>(&deployment)?;
                return Some((above.uid.clone(), deployment.spec.as_ref()?.replicas?));
            }
            Some((owner::uid(&set.metadata).to_owned(), set.spec.as_ref()?.replicas?))
        }),
        Kind::StatefulSet => client.get::<StatefulSet>(key).and_then(|set| {
            Some((owner::uid(&set.metadata).to_owned(), set.spec.as_ref()?.replicas?))
        }),
        Kind::ReplicationController => client.get::<ReplicationController>(key).and_then(|rc| {
            Some((owner::uid(&rc.metadata).to_owned(), rc.spec.as_ref()?.replicas?))
        }),
        kind => {
            return Err(format!("{} does not implement the scale subresource", kind.resource()));
        }
    })
}

/// What is said of pods that nobody controls; the selector is shown as Go shows it.
fn unmanaged(selector: Option<&Selector>) -> String {
    let selector = selector.cloned().unwrap_or_default();
    let labels: String = selector
        .match_labels
        .iter()
        .flatten()
        .map(|(key, value)| format!("{key}: {value},"))
        .collect();
    let requirements: String = selector
        .match_expressions
        .iter()
        .flatten()
        .map(|need| {
            let values = need.values.as_deref().unwrap_or_default().join(" ");
            let (key, operator) = (&need.key, &need.operator);
            format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{values}],}},")
        })
        .collect();
    format!(
        "Pods selected by this PodDisruptionBudget (selector: \
         &LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]\
         LabelSelectorRequirement{{{requirements}}},}}) were found to be unmanaged. As a result, the \
         status of the PDB cannot be calculated correctly, which may result in undefined behavior. \
         To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer \
         value."
    )
}

/// The one condition of a budget, which keeps its moment while its status stays.
fn condition(
    client: &Client<'_>,
    budget: &PodDisruptionBudget,
    (status, reason): (&str, &str),
    message: String,
    observed_generation: Option<i64>,
) -> Vec<Condition> {
    let known = budget.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let since = known
        .filter(|known| known.type_ == "DisruptionAllowed" && known.status == status)
        .map(|known| known.last_transition_time.clone())
        .next();
    vec![Condition {
        last_transition_time: since.unwrap_or_else(|| Time(client.now.whole_seconds())),
        message,
        observed_generation,
        reason: reason.to_owned(),
        status: status.to_owned(),
        type_: "DisruptionAllowed".to_owned(),
    }]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::world::{World, deployment, pod};
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

    // `deletePod` in pkg/controller/disruption/disruption.go: a pod that ends is counted until it is gone.
    #[test]
    fn a_budget_expects_one_pod_less_when_one_is_gone() {
        let mut world = World::new(3);
        world.create(deployment("web", 3));
        let selector = json!({ "matchLabels": { "app": "web" } });
        budget(&mut world, json!({ "minAvailable": 2, "selector": selector }));
        world.settle();
        world.patch(Kind::Deployment, "web", json!({ "spec": { "replicas": 2 } }));
        world.settle();
        let status = world.get(Kind::PodDisruptionBudget, "web")["status"].clone();
        assert_eq!((&status["expectedPods"], &status["currentHealthy"]), (&json!(2), &json!(2)));
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

    fn budget(world: &mut World, spec: serde_json::Value) {
        world.create(json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": { "name": "web" }, "spec": spec,
        }));
    }

    // `trySync` and `getExpectedScale` of pkg/controller/disruption/disruption.go
    #[test]
    fn pods_that_nobody_controls_are_left_out_of_a_share() {
        let mut world = World::new(1);
        world.create(pod("stray", json!({})));
        let selector = json!({ "matchLabels": { "app": "stray" } });
        budget(&mut world, json!({ "maxUnavailable": 1, "selector": selector }));
        world.settle();
        let status = world.get(Kind::PodDisruptionBudget, "web")["status"].clone();
        assert_eq!((&status["expectedPods"], &status["currentHealthy"]), (&json!(0), &json!(1)));
        assert_eq!(status["disruptionsAllowed"], 0);
        assert!(world.told("web").iter().any(|(reason, ..)| reason == "UnmanagedPods"));
    }

    #[test]
    fn a_budget_that_selects_nothing_says_so() {
        let mut world = World::new(1);
        budget(&mut world, json!({ "minAvailable": 1 }));
        world.settle();
        let status = world.get(Kind::PodDisruptionBudget, "web")["status"].clone();
        assert_eq!((&status["desiredHealthy"], &status["expectedPods"]), (&json!(1), &json!(0)));
        assert!(world.told("web").iter().any(|(reason, ..)| reason == "NoPods"));
    }
}
