//! What becomes of pods whose node is ill, closed or gone.
//!
//! Source: kube-controller-manager `nodelifecycle`, `tainteviction`, `podgc`. A node that is not
//! ready is tainted; pods leave it when their tolerations run out, five minutes later by default;
//! pods of a node that does not exist any more are removed after a while.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, ObjectReference, PodCondition, Taint, Toleration};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::events::{Report, Source};
use super::queue::{Actor, Queue};
use super::{Client, Key, scheduler};
use crate::api::{DeleteOptions, Kind, Pod};
use crate::clock::SimTime;

const NODE_COMPONENT: &str = "node-controller";
const TAINT_COMPONENT: &str = "taint-eviction-controller";
/// How long a missing node may come back before its pods are removed.
const QUARANTINE: Duration = Duration::from_secs(40);

/// The taints that this controller manages, by (key, effect), and when they are due.
const TAINTS: [(&str, &str, fn(&Node) -> bool); 8] = [
    ("node.kubernetes.io/not-ready", "NoSchedule", |node| ready(node) == "False"),
    ("node.kubernetes.io/not-ready", "NoExecute", |node| ready(node) == "False"),
    ("node.kubernetes.io/unreachable", "NoSchedule", |node| ready(node) == "Unknown"),
    ("node.kubernetes.io/unreachable", "NoExecute", |node| ready(node) == "Unknown"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule", |node| has(node, "MemoryPressure")),
    ("node.kubernetes.io/disk-pressure", "NoSchedule", |node| has(node, "DiskPressure")),
    ("node.kubernetes.io/pid-pressure", "NoSchedule", |node| has(node, "PIDPressure")),
    ("node.kubernetes.io/unschedulable", "NoSchedule", is_closed),
];

/// The status of a node's condition Ready; a node without one is new, and not held to be ill.
fn ready(node: &Node) -> &str {
    condition(node, "Ready").unwrap_or("True")
}

fn has(node: &Node, type_: &str) -> bool {
    condition(node, type_) == Some("True")
}

fn is_closed(node: &Node) -> bool {
    node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true)
}

fn condition<'a>(node: &'a Node, type_: &str) -> Option<&'a str> {
    let conditions = node.status.as_ref()?.conditions.as_ref()?;
    let found = conditions.iter().find(|condition| condition.type_ == type_)?;
    Some(found.status.as_str())
}

/// Whether a node's taints do not fit its conditions.
pub(super) fn is_news(node: &Node) -> bool {
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
    TAINTS.iter().any(|(key, effect, due)| {
        let tainted = taints.iter().any(|taint| (&*taint.key, &*taint.effect) == (*key, *effect));
        tainted != due(node)
    })
}

/// Whether a node's taints make pods leave.
pub(super) fn drives_out(node: &Node) -> bool {
    let mut taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    taints.any(|taint| taint.effect == "NoExecute")
}

/// Taints a node by its conditions, and has its pods looked at. A node that is gone leaves its pods
/// to be removed.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(node) = client.get::<Node>(key) else {
        remove_orphans(client, key);
        return;
    };
    let before = node.spec.as_ref().and_then(|spec| spec.taints.clone()).unwrap_or_default();
    let taints = taints(&node, &before, client.now);
    if taints != before {
        let mut tainted = Node::clone(&node);
        let spec = tainted.spec.get_or_insert_default();
        spec.taints = Some(taints.clone()).filter(|taints| !taints.is_empty());
        client.update(tainted);
        tell_closed(client, key, &before, &taints);
    }
    let on_it: Vec<Pod> = client.index.pods_on(&key.name).map(|pod| Pod::clone(pod)).collect();
    if ready(&node) != "True" {
        mark_not_ready(client, &node, &on_it);
    }
    if taints.iter().chain(&before).any(|taint| taint.effect == "NoExecute") {
        for pod in &on_it {
            client.again(Actor::TaintEviction, &Key::of(&pod.metadata));
        }
    }
}

/// A node's kubelet tells when the node is closed or opened (`recordNodeSchedulableEvent` in
/// `pkg/kubelet/kubelet_node_status.go`), of a node that has its name as its UID.
fn tell_closed(client: &mut Client<'_>, key: &Key, before: &[Taint], after: &[Taint]) {
    let closed = |taints: &[Taint]| {
        taints.iter().any(|taint| taint.key == "node.kubernetes.io/unschedulable")
    };
    let reason = match (closed(before), closed(after)) {
        (false, true) => "NodeNotSchedulable",
        (true, false) => "NodeSchedulable",
        _ => return,
    };
    let about = ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Node".to_owned()),
        name: Some(key.name.to_string()),
        uid: Some(key.name.to_string()),
        ..ObjectReference::default()
    };
    let message = format!("Node {} status is now: {reason}", key.name);
    let source = Source::Classic { component: "kubelet", host: Some(&key.name) };
    let report = Report { about, warning: false, reason, message, source };
    client.recorder.tell(client.now, client.api, report);
}

/// The taints that a node is to have: its own, and those that its conditions call for.
fn taints(node: &Node, before: &[Taint], now: SimTime) -> Vec<Taint> {
    let managed = |taint: &Taint| {
        TAINTS.iter().any(|(key, effect, _)| (*key, *effect) == (&taint.key, &taint.effect))
    };
    let mut taints: Vec<Taint> = before.iter().filter(|taint| !managed(taint)).cloned().collect();
    for (key, effect, _) in TAINTS.iter().filter(|(_, _, due)| due(node)) {
        let known = before.iter().find(|taint| (&*taint.key, &*taint.effect) == (*key, *effect));
        taints.push(known.cloned().unwrap_or_else(|| Taint {
            effect: (*effect).to_owned(),
            key: (*key).to_owned(),
            time_added: Some(Time(now.whole_seconds())),
            value: None,
        }));
    }
    taints
}

/// Takes the pods of an ill node out of service.
fn mark_not_ready(client: &mut Client<'_>, node: &Node, pods: &[Pod]) {
    let ready: Vec<&Pod> = pods.iter().filter(|pod| pod.is_ready()).collect();
    let name = node.metadata.name.as_deref().unwrap_or_default();
    for pod in ready {
        let mut pod = pod.clone();
        let conditions = Arc::make_mut(&mut pod.status.get_or_insert_default().conditions);
        for condition in conditions.iter_mut().filter(|condition| condition.type_ == "Ready") {
            *condition = PodCondition {
                last_transition_time: Some(Time(client.now.whole_seconds())),
                status: "False".to_owned(),
                ..condition.clone()
            };
        }
        if let Some(pod) = client.update(pod) {
            let message = "Node is not ready".to_owned();
            client.warning(pod.as_ref(), NODE_COMPONENT, "NodeNotReady", message);
        }
    }
    let since = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let since = since
        .filter(|condition| condition.type_ == "Ready")
        .find_map(|condition| condition.last_transition_time.clone());
    if since.is_some_and(|since| since.0 == client.now.whole_seconds()) {
        let message = format!("Node {name} status is now: NodeNotReady");
        client.normal(node, NODE_COMPONENT, "NodeNotReady", message);
    }
}

/// Deletes a pod whose tolerations of its node's taints have run out, or comes back when they will.
pub(super) fn evict(client: &mut Client<'_>, key: &Key) {
    let Some(pod) = client.index.pod(&key.namespace, &key.name).cloned() else { return };
    let Some(node) = pod.node().and_then(|node| client.get::<Node>(&Key::new("", node))) else {
        return;
    };
    let tolerations = pod.spec.as_ref().and_then(|spec| spec.tolerations.as_deref());
    let tolerations = tolerations.unwrap_or_default();
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    let ends = taints.filter(|taint| taint.effect == "NoExecute");
    let Some(end) = ends.filter_map(|taint| end_of_patience(tolerations, taint)).min() else {
        return;
    };
    if pod.is_terminating() {
        return;
    }
    if end > client.now {
        client.queue.remind(end, Actor::TaintEviction, key.clone());
        return;
    }
    let message = format!("Marking for deletion Pod {}/{}", key.namespace, key.name);
    client.normal(pod.as_ref(), TAINT_COMPONENT, "TaintManagerEviction", message);
    let mut told = Pod::clone(&pod);
    let why = ("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint");
    tell_disruption(&mut told, client.now, why);
    client.update(told);
    client.delete(Kind::Pod, key);
}

/// Writes down in a pod's status why it is taken away: a reason, and a sentence.
fn tell_disruption(pod: &mut Pod, now: SimTime, (reason, message): (&str, &str)) {
    let status = pod.status.get_or_insert_default();
    Arc::make_mut(&mut status.conditions).push(PodCondition {
        last_transition_time: Some(Time(now.whole_seconds())),
        message: Some(message.to_owned()),
        reason: Some(reason.to_owned()),
        status: "True".to_owned(),
        type_: "DisruptionTarget".to_owned(),
        ..PodCondition::default()
    });
}

/// When a pod with these tolerations has to leave because of a taint; `None` if it may stay.
fn end_of_patience(tolerations: &[Toleration], taint: &Taint) -> Option<SimTime> {
    let added = taint.time_added.as_ref().map_or(SimTime::START, |t| SimTime::from_timestamp(t.0));
    let matching = tolerations.iter().filter(|known| scheduler::is_for(known, taint));
    let mut patience: Option<Option<i64>> = None;
    for toleration in matching {
        let seconds = toleration.toleration_seconds;
        patience = Some(match patience {
            None => seconds,
            Some(known) => match (known, seconds) {
                (Some(known), Some(new)) => Some(known.min(new)),
                (known, new) => known.or(new),
            },
        });
    }
    match patience {
        None => Some(added),
        Some(None) => None,
        Some(Some(seconds)) => {
            Some(added + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
        }
    }
}

/// A node is gone: its pods may be removed once it has had time to come back.
pub(super) fn node_is_gone(queue: &mut Queue, now: SimTime, key: &Key) {
    queue.remind(now + QUARANTINE, Actor::NodeLifecycle, key.clone());
}

/// Removes the pods of a node that does not exist.
fn remove_orphans(client: &mut Client<'_>, node: &Key) {
    let orphans: Vec<Pod> = client.index.pods_on(&node.name).map(|pod| Pod::clone(pod)).collect();
    for mut pod in orphans {
        let key = Key::of(&pod.metadata);
        if !pod.is_finished() {
            let status = pod.status.get_or_insert_default();
            status.phase = Some("Failed".to_owned());
            let why = ("DeletionByPodGC", "PodGC: node no longer exists");
            tell_disruption(&mut pod, client.now, why);
            client.update(pod);
        }
        let now = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
        client.delete_with(Kind::Pod, &key, now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::super::world::{World, deployment, pod};
    use crate::api::Kind;

    fn fall_silent(world: &mut World, node: &str) {
        set_ready(world, node, "Unknown");
    }

    fn set_ready(world: &mut World, node: &str, status: &str) {
        let moment = world.now.whole_seconds().to_string();
        let condition = json!({ "type": "Ready", "status": status, "lastTransitionTime": moment });
        world.patch_status(Kind::Node, node, json!({ "status": { "conditions": [condition] } }));
    }

    fn taints(world: &World, node: &str) -> Vec<(String, String)> {
        let taints = world.get(Kind::Node, node)["spec"]["taints"].clone();
        let text = |taint: &Value, field: &str| taint[field].as_str().unwrap().to_owned();
        let taints = taints.as_array().cloned().unwrap_or_default();
        taints.iter().map(|taint| (text(taint, "key"), text(taint, "effect"))).collect()
    }

    #[test]
    fn a_silent_node_is_tainted_and_its_pods_leave_after_five_minutes() {
        let mut world = World::new(2);
        world.linger = Duration::from_secs(100_000);
        world.create(deployment("web", 2));
        world.settle();
        fall_silent(&mut world, "node-1");
        world.run(Duration::from_secs(10));
        let unreachable = "node.kubernetes.io/unreachable".to_owned();
        assert_eq!(
            taints(&world, "node-1"),
            [(unreachable.clone(), "NoSchedule".to_owned()), (unreachable, "NoExecute".to_owned())]
        );
        assert_eq!(world.get(Kind::Deployment, "web")["status"]["readyReplicas"], 1);
        assert_eq!(world.active().len(), 2);
        world.run(Duration::from_secs(280));
        assert_eq!(world.list::<crate::api::Pod>().len(), 2);
        world.run(Duration::from_secs(20));
        // The old pod stays Terminating: nobody is there to end it. Its replacement runs.
        assert_eq!(world.list::<crate::api::Pod>().len(), 3);
        assert_eq!(world.get(Kind::Deployment, "web")["status"]["readyReplicas"], 2);
    }

    #[test]
    fn a_node_that_comes_back_in_time_keeps_its_pods() {
        let mut world = World::new(1);
        world.create(pod("web", json!({})));
        world.settle();
        fall_silent(&mut world, "node-1");
        world.run(Duration::from_secs(100));
        set_ready(&mut world, "node-1", "True");
        world.run(Duration::from_secs(600));
        assert!(taints(&world, "node-1").is_empty());
        assert_eq!(world.active(), ["web"]);
    }

    #[test]
    fn a_no_execute_taint_drives_out_those_who_do_not_tolerate_it() {
        let mut world = World::new(1);
        world.create(pod("plain", json!({})));
        let tolerations = json!([{ "key": "gone", "operator": "Exists", "effect": "NoExecute" }]);
        world.create(pod("tolerant", json!({ "tolerations": tolerations })));
        world.settle();
        let taint = json!([{ "key": "gone", "effect": "NoExecute" }]);
        world.patch(Kind::Node, "node-1", json!({ "spec": { "taints": taint } }));
        world.settle();
        assert_eq!(world.active(), ["tolerant"]);
        let told = world.told("plain");
        let message = "Marking for deletion Pod default/plain".to_owned();
        assert!(told.contains(&("TaintManagerEviction".to_owned(), message, 1)));
    }

    #[test]
    fn a_cordoned_node_is_tainted_until_it_is_opened() {
        let mut world = World::new(1);
        world.patch(Kind::Node, "node-1", json!({ "spec": { "unschedulable": true } }));
        world.settle();
        let taint = ("node.kubernetes.io/unschedulable".to_owned(), "NoSchedule".to_owned());
        assert_eq!(taints(&world, "node-1"), [taint]);
        world.patch(Kind::Node, "node-1", json!({ "spec": { "unschedulable": false } }));
        world.settle();
        assert!(taints(&world, "node-1").is_empty());
    }

    #[test]
    fn the_pods_of_a_removed_node_are_removed_after_a_while() {
        let mut world = World::new(2);
        world.linger = Duration::from_secs(100_000);
        world.create(deployment("web", 2));
        world.settle();
        world.delete(Kind::Node, "node-1");
        world.run(Duration::from_secs(20));
        assert_eq!(world.list::<crate::api::Pod>().len(), 2);
        world.run(Duration::from_secs(40));
        let pods = world.list::<crate::api::Pod>();
        assert_eq!(pods.len(), 2);
        assert!(pods.iter().all(|pod| pod.node() == Some("node-2")));
    }
}
