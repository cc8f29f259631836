//! DaemonSet: one pod on every node that will have it.
//!
//! Source: kube-controller-manager `daemon`. The pods are bound by the scheduler, each held to its
//! node by node affinity, and tolerate what befalls nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DaemonSet, DaemonSetSpec, DaemonSetStatus};
use k8s_openapi::api::core::v1::{
    Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Taint, Toleration,
};

use super::deployment::share;
use super::queue::Actor;
use super::revision::{self, History};
use super::{Client, Key, owner, pods, scheduler};
use crate::api::selector::LabelSelector;
use crate::api::{Kind, Pod};

const COMPONENT: &str = "daemonset-controller";

/// Taints that daemon pods tolerate on their own: (key, effect).
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// A DaemonSet at work.
struct Work<'a> {
    set: &'a DaemonSet,
    spec: &'a DaemonSetSpec,
    /// The revision of the current template.
    revision: &'a str,
    /// The pods of each node, existing or not.
    pods: BTreeMap<String, Vec<Arc<Pod>>>,
    /// The nodes that shall have a pod, and those where one may stay.
    wanted: BTreeSet<String>,
    tolerated: BTreeSet<String>,
}

/// Brings a DaemonSet's pods to one a node.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(set) = client.get::<DaemonSet>(key) else { return };
    let Some(spec) = &set.spec else { return };
    let claimed =
        owner::claim_pods(client, set.as_ref(), &LabelSelector::of(&spec.selector), |_| true);
    let collisions = set.status.as_ref().and_then(|status| status.collision_count).unwrap_or(0);
    let Some(history) = History::sync(client, set.as_ref(), &spec.template, collisions) else {
        return;
    };
    let mut by_node: BTreeMap<String, Vec<Arc<Pod>>> = BTreeMap::new();
    for pod in claimed {
        if let Some(node) = target(&pod) {
            by_node.entry(node.to_owned()).or_default().push(pod);
        }
    }
    let (wanted, tolerated) = places(client, spec);
    let revision = revision::name(history.update());
    let work = Work { set: &set, spec, revision, pods: by_node, wanted, tolerated };
    if set.metadata.deletion_timestamp.is_none() {
        work.manage(client);
        work.roll(client);
    }
    work.wait_for_availability(client);
    work.write_status(client, history.collisions);
    let all = work.pods.values().flatten();
    let used: BTreeSet<&str> = all.filter_map(|pod| revision_of(pod)).collect();
    let limit = usize::try_from(spec.revision_history_limit.unwrap_or(10)).unwrap_or(0);
    history.truncate(client, &used, limit);
}

/// The node that a daemon pod is for: where it is, or where its affinity holds it to.
fn target(pod: &Pod) -> Option<&str> {
    if let Some(node) = pod.node() {
        return Some(node);
    }
    let affinity = pod.spec.as_ref()?.affinity.as_ref()?.node_affinity.as_ref()?;
    let required = affinity.required_during_scheduling_ignored_during_execution.as_ref()?;
    let mut fields =
        required.node_selector_terms.iter().flat_map(|t| t.match_fields.iter().flatten());
    let field = fields.find(|field| field.key == "metadata.name")?;
    field.values.as_ref()?.first().map(String::as_str)
}

/// The nodes that shall have a pod, and those where one that is there may stay.
fn places(client: &Client<'_>, spec: &DaemonSetSpec) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut pod_spec = spec.template.spec.clone().unwrap_or_default();
    tolerate(&mut pod_spec);
    let (mut wanted, mut tolerated) = (BTreeSet::new(), BTreeSet::new());
    for node in client.api.store().list::<Node>(None) {
        let named = pod_spec
            .node_name
            .as_ref()
            .is_none_or(|name| Some(name) == node.metadata.name.as_ref());
        if !named || !scheduler::node_matches(&pod_spec, node) {
            continue;
        }
        let untolerated = |taint: &&Taint| !scheduler::tolerates(&pod_spec, taint);
        let taints: Vec<&Taint> = node
            .spec
            .iter()
            .flat_map(|spec| spec.taints.iter().flatten())
            .filter(untolerated)
            .collect();
        let name = node.metadata.name.clone().unwrap_or_default();
        if !taints.iter().any(|taint| taint.effect == "NoExecute") {
            tolerated.insert(name.clone());
            if !taints.iter().any(|taint| taint.effect == "NoSchedule") {
                wanted.insert(name);
            }
        }
    }
    (wanted, tolerated)
}

/// Adds the tolerations that every daemon pod has.
fn tolerate(spec: &mut PodSpec) {
    let network = ("node.kubernetes.io/network-unavailable", "NoSchedule");
    let extra = (spec.host_network == Some(true)).then_some(network);
    let tolerations = spec.tolerations.get_or_insert_default();
    for (key, effect) in TOLERATED.into_iter().chain(extra) {
        let toleration = Toleration {
            effect: Some(effect.to_owned()),
            key: Some(key.to_owned()),
            operator: Some("Exists".to_owned()),
            ..Toleration::default()
        };
        if !tolerations.contains(&toleration) {
            tolerations.push(toleration);
        }
    }
}

fn revision_of(pod: &Pod) -> Option<&str> {
    pod.metadata.labels.as_ref()?.get(revision::HASH_LABEL).map(String::as_str)
}

impl Work<'_> {
    /// The hash in the current revision's name, which is what pods carry.
    fn hash(&self) -> &str {
        let name = self.set.metadata.name.as_deref().unwrap_or_default();
        let rest = self.revision.strip_prefix(name).unwrap_or(self.revision);
        rest.trim_start_matches('-')
    }

    /// Creates missing pods, and deletes failed ones, doubles and those on the wrong nodes.
    fn manage(&self, client: &mut Client<'_>) {
        for node in &self.wanted {
            let here = self.pods.get(node).map(Vec::as_slice).unwrap_or_default();
            if here.is_empty() {
                self.create(client, node);
                continue;
            }
            let mut kept = false;
            for pod in here.iter().filter(|pod| !pod.is_terminating()) {
                if pod.phase() == "Failed" {
                    let meta = &pod.metadata;
                    let message = format!(
                        "Found failed daemon pod {}/{} on node {node}, will try to kill it",
                        meta.namespace.as_deref().unwrap_or_default(),
                        meta.name.as_deref().unwrap_or_default()
                    );
                    client.warning(self.set, COMPONENT, "FailedDaemonPod", message);
                    self.delete(client, pod);
                } else if std::mem::replace(&mut kept, true) {
                    self.delete(client, pod);
                }
            }
        }
        let elsewhere = self.pods.iter().filter(|(node, _)| !self.tolerated.contains(*node));
        for pod in elsewhere.flat_map(|(_, pods)| pods) {
            if !pod.is_terminating() {
                self.delete(client, pod);
            }
        }
    }

    /// One step of a rolling update: as many old pods go as may be unavailable.
    fn roll(&self, client: &mut Client<'_>) {
        let strategy = self.spec.update_strategy.as_ref();
        if strategy.and_then(|strategy| strategy.type_.as_deref()) == Some("OnDelete") {
            return;
        }
        let rolling = strategy.and_then(|strategy| strategy.rolling_update.as_ref());
        let bound = rolling.and_then(|rolling| rolling.max_unavailable.as_ref());
        let bound = share(bound, self.wanted.len() as i64, true).max(1);
        let here = |node: &String| self.pods.get(node).into_iter().flatten();
        let missing = self
            .wanted
            .iter()
            .filter(|node| !here(node).any(|pod| self.is_available(client, pod)))
            .count() as i64;
        let mut left = bound - missing;
        for pod in self.wanted.iter().flat_map(here) {
            if pod.is_terminating() || revision_of(pod) == Some(self.hash()) {
                continue;
            }
            // A pod that is not available anyway costs nothing.
            if self.is_available(client, pod) {
                if left <= 0 {
                    continue;
                }
                left -= 1;
            }
            self.delete(client, pod);
        }
    }

    fn is_available(&self, client: &Client<'_>, pod: &Pod) -> bool {
        let seconds = self.spec.min_ready_seconds.unwrap_or(0);
        !pod.is_terminating() && pods::is_available(pod, seconds, client.now)
    }

    fn create(&self, client: &mut Client<'_>, node: &str) {
        let mut pod = pods::from_template(self.set, &self.spec.template);
        let labels = pod.metadata.labels.get_or_insert_default();
        labels.insert(revision::HASH_LABEL.to_owned(), self.hash().to_owned());
        let generation = self.set.metadata.annotations.as_ref();
        let generation =
            generation.and_then(|all| all.get("deprecated.daemonset.template.generation"));
        labels.extend(
            generation.map(|number| ("pod-template-generation".to_owned(), number.clone())),
        );
        let spec = pod.spec.get_or_insert_default();
        tolerate(spec);
        hold_to(spec, node);
        match client.create(pod) {
            Ok(pod) => {
                let name = pod.metadata.name.as_deref().unwrap_or_default();
                let message = format!("Created pod: {name}");
                client.normal(self.set, COMPONENT, "SuccessfulCreate", message);
            }
            Err(status) => {
                let message = format!("Error creating: {}", status.message);
                client.warning(self.set, COMPONENT, "FailedCreate", message);
                client.remind(pods::RETRY, Actor::DaemonSet, &Key::of(&self.set.metadata));
            }
        }
    }

    fn delete(&self, client: &mut Client<'_>, pod: &Pod) {
        let key = Key::of(&pod.metadata);
        if client.delete(Kind::Pod, &key) {
            let message = format!("Deleted pod: {}", key.name);
            client.normal(self.set, COMPONENT, "SuccessfulDelete", message);
        }
    }

    fn wait_for_availability(&self, client: &mut Client<'_>) {
        let seconds = self.spec.min_ready_seconds.unwrap_or(0);
        let all = self.pods.values().flatten().map(Arc::as_ref);
        if let Some(at) = pods::next_available(all, seconds, client.now) {
            client.queue.remind(at, Actor::DaemonSet, Key::of(&self.set.metadata));
        }
    }

    fn write_status(&self, client: &mut Client<'_>, collisions: i32) {
        let nodes = |holds: &dyn Fn(&Arc<Pod>) -> bool| {
            let here = |node: &&String| self.pods.get(*node).into_iter().flatten().any(holds);
            self.wanted.iter().filter(here).count() as i32
        };
        let some = |count: i32| Some(count).filter(|count| *count != 0);
        let desired = self.wanted.len() as i32;
        let available = nodes(&|pod| self.is_available(client, pod));
        let known = self.set.status.as_ref();
        let strays = self.pods.keys().filter(|node| !self.wanted.contains(*node)).count();
        let status = DaemonSetStatus {
            collision_count: known.and_then(|status| status.collision_count).or(some(collisions)),
            conditions: known.and_then(|status| status.conditions.clone()),
            current_number_scheduled: nodes(&|_| true),
            desired_number_scheduled: desired,
            number_available: some(available),
            number_misscheduled: strays as i32,
            number_ready: nodes(&|pod| pod.is_ready() && !pod.is_terminating()),
            number_unavailable: some(desired - available),
            observed_generation: self.set.metadata.generation,
            updated_number_scheduled: some(nodes(&|pod| revision_of(pod) == Some(self.hash()))),
        };
        if known != Some(&status) {
            let mut set = DaemonSet::clone(self.set);
            set.status = Some(status);
            client.update(set);
        }
    }
}

/// Makes a pod fit for one node alone.
fn hold_to(spec: &mut PodSpec, node: &str) {
    let affinity = spec.affinity.get_or_insert_default();
    let affinity = affinity.node_affinity.get_or_insert_default();
    let here = NodeSelectorRequirement {
        key: "metadata.name".to_owned(),
        operator: "In".to_owned(),
        values: Some(vec![node.to_owned()]),
    };
    let required = affinity
        .required_during_scheduling_ignored_during_execution
        .get_or_insert_with(NodeSelector::default);
    if required.node_selector_terms.is_empty() {
        required.node_selector_terms.push(NodeSelectorTerm::default());
    }
    for term in &mut required.node_selector_terms {
        term.match_fields = Some(vec![here.clone()]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use k8s_openapi::api::apps::v1::ControllerRevision;
    use serde_json::{Value, json};

    use super::super::world::{World, template};
    use crate::api::{Kind, Pod};

    fn daemon_set() -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "DaemonSet",
            "metadata": { "name": "agent" },
            "spec": {
                "selector": { "matchLabels": { "app": "agent" } },
                "template": template("agent"),
            },
        })
    }

    fn nodes(world: &World) -> BTreeSet<String> {
        let pods = world.list::<Pod>();
        let nodes: Vec<_> = pods.iter().filter_map(|pod| pod.node()).map(str::to_owned).collect();
        assert_eq!(nodes.len(), BTreeSet::from_iter(&nodes).len(), "one a node");
        nodes.into_iter().collect()
    }

    #[test]
    fn every_node_has_one_pod_even_a_cordoned_one() {
        let mut world = World::new(3);
        world.patch(Kind::Node, "node-2", json!({ "spec": { "unschedulable": true } }));
        world.create(daemon_set());
        world.settle();
        assert_eq!(nodes(&world).len(), 3);
        let status = world.get(Kind::DaemonSet, "agent")["status"].clone();
        assert_eq!(status["desiredNumberScheduled"], 3);
        assert_eq!(status["currentNumberScheduled"], 3);
        assert_eq!(status["numberReady"], 3);
        assert_eq!(status["numberAvailable"], 3);
        assert_eq!(status["updatedNumberScheduled"], 3);
        assert_eq!(status["numberMisscheduled"], 0);
    }

    // `snapshot` in Kubernetes' pkg/controller/daemon/update.go.
    #[test]
    fn a_revision_has_the_sets_annotations_and_its_pods_hash() {
        let mut world = World::new(1);
        let mut set = daemon_set();
        set["metadata"]["annotations"] = json!({ "kubernetes.io/change-cause": "first" });
        world.create(set);
        world.settle();
        let revisions = world.list::<ControllerRevision>();
        let metadata = &revisions[0].metadata;
        let annotations = metadata.annotations.as_ref().unwrap();
        assert_eq!(annotations["kubernetes.io/change-cause"], "first");
        assert_eq!(annotations["deprecated.daemonset.template.generation"], "1");
        let labels = metadata.labels.as_ref().unwrap();
        let name = format!("agent-{}", labels["controller-revision-hash"]);
        assert_eq!(metadata.name.as_deref(), Some(name.as_str()));
        assert!(!labels.contains_key("controller.kubernetes.io/hash"));
    }

    #[test]
    fn a_new_node_gets_its_pod() {
        let mut world = World::new(1);
        world.create(daemon_set());
        world.settle();
        world.create(json!({
            "apiVersion": "v1", "kind": "Node", "metadata": { "name": "node-9" },
            "status": { "allocatable": { "pods": "110" } },
        }));
        world.settle();
        assert!(nodes(&world).contains("node-9"));
    }

    #[test]
    fn a_node_selector_chooses_the_nodes() {
        let mut world = World::new(3);
        world.patch(Kind::Node, "node-3", json!({ "metadata": { "labels": { "disk": "ssd" } } }));
        let mut set = daemon_set();
        set["spec"]["template"]["spec"]["nodeSelector"] = json!({ "disk": "ssd" });
        world.create(set);
        world.settle();
        assert_eq!(nodes(&world), BTreeSet::from(["node-3".to_owned()]));
        let label = json!({ "metadata": { "labels": { "disk": null } } });
        world.patch(Kind::Node, "node-3", label);
        world.settle();
        assert!(nodes(&world).is_empty());
    }

    #[test]
    fn a_new_template_replaces_the_pods_one_by_one() {
        let mut world = World::new(3);
        world.create(daemon_set());
        world.settle();
        let containers = json!([{ "name": "nginx", "image": "nginx:1.28" }]);
        let patch = json!({ "spec": { "template": { "spec": { "containers": containers } } } });
        world.patch(Kind::DaemonSet, "agent", patch);
        for _ in 0..600 {
            world.run(std::time::Duration::from_millis(10));
            let shown = world.get(Kind::DaemonSet, "agent");
            assert!(shown["status"]["numberUnavailable"].as_i64().unwrap_or(0) <= 1);
        }
        let image = |pod: &Pod| pod.spec.as_ref().unwrap().containers[0].image.clone().unwrap();
        assert!(world.list::<Pod>().iter().all(|pod| image(pod) == "nginx:1.28"));
        assert_eq!(nodes(&world).len(), 3);
    }
}
