//! A cluster for tests: API server and controllers, with a kubelet that runs whatever it is given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::PodStatus;
use serde_json::{Value, json};

use super::{Controllers, Key};
use crate::api::{
    Action, ApiServer, Body, DeleteOptions, Event, FieldSelector, Kind, Patch, Pod, Propagation,
    Request, Resource, Subresource, WriteOptions,
};
use crate::clock::SimTime;

/// How long the kubelet takes to start a pod.
const START: Duration = Duration::from_millis(300);

/// What the kubelet is about to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    Start,
    Remove,
}

/// API server, controllers and kubelets.
pub(super) struct World {
    pub(super) api: ApiServer,
    pub(super) controllers: Controllers,
    pub(super) now: SimTime,
    /// Names (or prefixes) of pods that run without being ready.
    pub(super) unready: BTreeSet<String>,
    /// How long pods take to end.
    pub(super) linger: Duration,
    observed: u64,
    tasks: BTreeSet<(SimTime, Key, Task)>,
    addresses: BTreeMap<String, u32>,
}

impl World {
    /// A cluster with this many ready nodes, at rest.
    pub(super) fn new(nodes: u32) -> World {
        let mut world = World {
            api: ApiServer::new(7),
            controllers: Controllers::new(7),
            now: SimTime::START,
            unready: BTreeSet::new(),
            linger: Duration::from_secs(1),
            observed: 0,
            tasks: BTreeSet::new(),
            addresses: BTreeMap::new(),
        };
        for number in 1..=nodes {
            let name = format!("node-{number}");
            world.create(json!({
                "apiVersion": "v1", "kind": "Node",
                "metadata": { "name": name, "labels": { "kubernetes.io/hostname": name } },
                "status": {
                    "allocatable": { "cpu": "2", "memory": "8142260Ki", "pods": "110" },
                    "conditions": [{ "type": "Ready", "status": "True" }],
                },
            }));
        }
        world.settle();
        world
    }

    /// Creates what a manifest describes.
    pub(super) fn create(&mut self, object: Value) {
        let kind = Kind::from_manifest(
            object["apiVersion"].as_str().unwrap(),
            object["kind"].as_str().unwrap(),
        )
        .unwrap();
        let namespaced = kind.info().namespaced;
        let own = object["metadata"]["namespace"].as_str();
        let namespace = own.unwrap_or(if namespaced { "default" } else { "" }).to_owned();
        let options = WriteOptions::default();
        self.ask(Request::Create { kind, namespace, object, options });
    }

    /// Changes an object with a merge patch.
    pub(super) fn patch(&mut self, kind: Kind, name: &str, patch: Value) {
        self.patch_through(Subresource::None, kind, name, patch);
    }

    /// Changes an object's status with a merge patch.
    pub(super) fn patch_status(&mut self, kind: Kind, name: &str, patch: Value) {
        self.patch_through(Subresource::Status, kind, name, patch);
    }

    fn patch_through(&mut self, subresource: Subresource, kind: Kind, name: &str, patch: Value) {
        let namespace = if kind.info().namespaced { "default" } else { "" }.to_owned();
        let (name, patch) = (name.to_owned(), Patch::Merge(patch));
        let options = WriteOptions { subresource, ..WriteOptions::default() };
        self.ask(Request::Patch { kind, namespace, name, patch, options });
    }

    pub(super) fn delete(&mut self, kind: Kind, name: &str) {
        self.delete_with(kind, name, Propagation::Background);
    }

    pub(super) fn delete_with(&mut self, kind: Kind, name: &str, propagation: Propagation) {
        let namespace = if kind.info().namespaced { "default" } else { "" }.to_owned();
        let options = DeleteOptions { propagation, ..DeleteOptions::default() };
        self.ask(Request::Delete { kind, namespace, name: name.to_owned(), options });
    }

    fn ask(&mut self, request: Request) {
        if let Err(status) = self.api.handle(self.now, request) {
            panic!("{status}");
        }
        self.observe();
    }

    /// Runs until there is no work left.
    pub(super) fn settle(&mut self) {
        for _ in 0..100_000 {
            let task = self.tasks.first().map(|task| task.0);
            let Some(at) = [self.controllers.next_work(), task].into_iter().flatten().min() else {
                return;
            };
            self.step(at);
        }
        panic!("the cluster does not come to rest");
    }

    /// Runs everything that is due in the next while, timers included.
    pub(super) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            let task = self.tasks.first().map(|task| task.0);
            let due = self.controllers.next_due().map(|due| due.at);
            match [due, task].into_iter().flatten().min().filter(|at| *at <= end) {
                Some(at) => self.step(at),
                None => break,
            }
        }
        self.now = end;
    }

    fn step(&mut self, at: SimTime) {
        self.now = self.now.max(at);
        let due = self.controllers.next_due().filter(|due| due.at <= self.now);
        if due.is_some() {
            self.controllers.run_next(self.now, &mut self.api);
        } else if let Some((_, key, task)) = self.tasks.pop_first() {
            match task {
                Task::Start => self.start(&key),
                Task::Remove => {
                    self.api.remove(self.now, Kind::Pod, &key.namespace, &key.name);
                }
            }
        }
        self.observe();
    }

    fn observe(&mut self) {
        let store = self.api.store();
        for change in store.changes_since(self.observed) {
            self.controllers.observe(self.now, store, change);
            let Some(pod) = change.object.as_kind::<Pod>() else { continue };
            let key = Key::of(&pod.metadata);
            if change.action == Action::Deleted || pod.node().is_none() {
                continue;
            }
            if pod.is_terminating() {
                self.tasks.insert((self.now + self.linger, key, Task::Remove));
            } else if pod.status.as_ref().is_none_or(|status| status.pod_ip.is_none()) {
                self.tasks.insert((self.now + START, key, Task::Start));
            }
        }
        self.observed = store.revision();
    }

    /// Runs a pod, as a kubelet does: an address, and then readiness.
    fn start(&mut self, key: &Key) {
        let Some(pod) = self.api.store().get::<Pod>(&key.namespace, &key.name) else { return };
        let mut pod = Pod::clone(pod);
        let node = pod.node().unwrap_or_default().to_owned();
        let number = node.rsplit('-').next().unwrap_or("0").to_owned();
        let host = self.addresses.entry(node).or_insert(1);
        *host += 1;
        let address = format!("10.244.{number}.{host}");
        let ready = !self.unready.iter().any(|prefix| key.name.starts_with(prefix.as_str()));
        let moment = self.now.whole_seconds().to_string();
        let status = json!({
            "phase": "Running",
            "podIP": address,
            "podIPs": [{ "ip": address }],
            "conditions": [
                { "type": "Ready", "status": if ready { "True" } else { "False" },
                  "lastTransitionTime": moment },
                { "type": "PodScheduled", "status": "True", "lastTransitionTime": moment },
            ],
        });
        pod.status = Some(serde_json::from_value::<PodStatus>(status).unwrap().into());
        self.api.update(self.now, pod).unwrap();
    }

    /// Makes a running pod ready, or not.
    pub(super) fn set_ready(&mut self, name: &str, ready: bool) {
        let mut pod = Pod::clone(self.api.store().get::<Pod>("default", name).unwrap());
        let moment = self.now.whole_seconds();
        for condition in Arc::make_mut(&mut pod.status.as_mut().unwrap().conditions) {
            if condition.type_ == "Ready" {
                condition.status = if ready { "True" } else { "False" }.to_owned();
                condition.last_transition_time =
                    Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(moment));
            }
        }
        self.api.update(self.now, pod).unwrap();
        self.observe();
    }

    /// Brings a pod to its end.
    pub(super) fn finish(&mut self, name: &str, phase: &str) {
        let mut pod = Pod::clone(self.api.store().get::<Pod>("default", name).unwrap());
        pod.status.as_mut().unwrap().phase = Some(phase.to_owned());
        self.api.update(self.now, pod).unwrap();
        self.observe();
    }

    /// An object as JSON; null when there is none.
    pub(super) fn get(&self, kind: Kind, name: &str) -> Value {
        let namespace = if kind.info().namespaced { "default" } else { "" };
        let found = self.api.store().object(kind, namespace, name);
        found.map_or(Value::Null, |object| object.to_value())
    }

    /// The objects of a type in the namespace `default`.
    pub(super) fn list<T: Resource>(&self) -> Vec<Arc<T>> {
        self.api.store().list::<T>(Some("default")).cloned().collect()
    }

    /// The names of the objects of a type.
    pub(super) fn names<T: Resource>(&self) -> Vec<String> {
        self.list::<T>().iter().map(|object| object.metadata().name.clone().unwrap()).collect()
    }

    /// The names of the pods that are not being deleted.
    pub(super) fn active(&self) -> Vec<String> {
        let pods = self.list::<Pod>();
        let active = pods.iter().filter(|pod| pod.is_active());
        active.map(|pod| pod.metadata.name.clone().unwrap()).collect()
    }

    /// What was told about an object: (reason, message, how often), oldest first.
    pub(super) fn told(&self, name: &str) -> Vec<(String, String, i32)> {
        let mut events: Vec<_> = self.api.store().list::<Event>(None).collect();
        events.sort_by_key(|event| {
            event.metadata.resource_version.as_ref().and_then(|v| v.parse::<u64>().ok())
        });
        events
            .iter()
            .filter(|event| event.origin.involved_object.name.as_deref() == Some(name))
            .map(|event| {
                let series = event.series.as_ref().and_then(|series| series.count);
                let count = event.count.or(series).unwrap_or(1);
                (event.message.reason.clone().unwrap(), event.message.text.clone().unwrap(), count)
            })
            .collect()
    }

    /// Everything that the store holds, for comparing two runs.
    pub(super) fn dump(&mut self) -> String {
        let mut text = String::new();
        for kind in Kind::all() {
            let request = Request::List {
                kind,
                namespace: None,
                labels: crate::api::LabelSelector::default(),
                fields: FieldSelector::default(),
            };
            let answer = self.api.handle(self.now, request).unwrap();
            if let Body::List { items, .. } = answer.body {
                items.iter().for_each(|item| text.push_str(&item.to_value().to_string()));
            }
        }
        text
    }
}

/// A Deployment of `replicas` pods `app=NAME` with one container.
pub(super) fn deployment(name: &str, replicas: i32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "labels": { "app": name } },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": { "app": name } },
            "template": template(name),
        },
    })
}

/// A pod template `app=NAME` with one container.
pub(super) fn template(name: &str) -> Value {
    json!({
        "metadata": { "labels": { "app": name } },
        "spec": { "containers": [{
            "name": "nginx", "image": "nginx:1.27",
            "ports": [{ "containerPort": 80, "name": "http" }],
        }] },
    })
}

/// A pod `app=NAME` with these fields in its spec.
pub(super) fn pod(name: &str, extra: Value) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "labels": { "app": name } },
        "spec": { "containers": [{ "name": "c", "image": "nginx:1.27" }] },
    });
    for (field, value) in extra.as_object().into_iter().flatten() {
        pod["spec"][field] = value.clone();
    }
    pod
}

/// A Service `NAME` for the pods `app=APP`.
pub(super) fn service(name: &str, app: &str, target: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": name },
        "spec": { "selector": { "app": app }, "ports": [{ "port": 80, "targetPort": target }] },
    })
}
