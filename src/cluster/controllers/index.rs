//! The controllers' view of the store, by the questions that they ask: a pod's owner's children,
//! pods by label, pods by node, selectors by label.
//!
//! [`Index::note`] keeps it current, change by change, as a shared informer does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::labels::{ByLabel, Names, Selectors, anchor};
use super::{Key, owner};
use crate::api::selector::LabelSelector;
use crate::api::{Action, Change, Kind, Labels, Object, Pod};

/// The controllers' view of the store.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    pods: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<Pod>>>,
    pods_by_label: ByLabel,
    /// The pods that no controller has, by namespace.
    loose_pods: BTreeMap<Arc<str>, Names>,
    pods_by_node: BTreeMap<Arc<str>, BTreeSet<Key>>,
    children: BTreeMap<Arc<str>, BTreeSet<(Kind, Key)>>,
    owners: BTreeMap<(Kind, Key), Vec<Arc<str>>>,
    /// ReplicaSets that no controller owns.
    loose_sets: BTreeMap<Arc<str>, Names>,
    selectors: BTreeMap<Kind, Selectors>,
}

impl Index {
    /// Takes note of a change. Returns the pod as it was before, if the change is a pod's.
    pub(super) fn note(&mut self, key: &Key, change: &Change) -> Option<Arc<Pod>> {
        let gone = change.action == Action::Deleted;
        let before = change.previous.as_ref().map(owner::references);
        if gone || before != Some(owner::references(&change.object)) {
            self.note_owners(key, &change.object, gone);
        }
        match &change.object {
            Object::Pod(pod) => return self.note_pod(key, pod, gone),
            Object::ReplicaSet(set) => {
                let loose = !gone && owner::controller(&set.metadata).is_none();
                let names = self.loose_sets.entry(key.namespace.clone()).or_default();
                if loose {
                    names.insert(key.name.clone());
                } else {
                    names.remove(&key.name);
                }
            }
            _ => {}
        }
        if let Some(selector) = selector_of(&change.object) {
            let selectors = self.selectors.entry(change.object.kind()).or_default();
            selectors.set(key, selector.filter(|_| !gone));
        }
        None
    }

    /// A pod by its place.
    pub(super) fn pod(&self, namespace: &str, name: &str) -> Option<&Arc<Pod>> {
        self.pods.get(namespace)?.get(name)
    }

    /// Every pod of a namespace.
    pub(super) fn pods_in(&self, namespace: &str) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.get(namespace).into_iter().flat_map(BTreeMap::values)
    }

    /// The pods that a selector holds for, by name.
    pub(super) fn pods_matching<'a>(
        &'a self,
        namespace: &'a str,
        selector: &'a LabelSelector,
    ) -> Box<dyn Iterator<Item = &'a Arc<Pod>> + 'a> {
        let matches = |pod: &&Arc<Pod>| selector.matches(pod.metadata.labels.as_ref());
        match anchor(selector) {
            Some((label, value)) => {
                let names = self.pods_by_label.get(namespace, label, value).into_iter().flatten();
                Box::new(names.filter_map(|name| self.pod(namespace, name)).filter(matches))
            }
            None => Box::new(self.pods_in(namespace).filter(matches)),
        }
    }

    /// The pods that a selector picks and no controller has, by name.
    pub(super) fn orphans_matching(
        &self,
        namespace: &str,
        selector: &LabelSelector,
    ) -> impl Iterator<Item = &Arc<Pod>> {
        let names = self.loose_pods.get(namespace).into_iter().flatten();
        let loose = names.filter_map(move |name| self.pod(namespace, name));
        loose.filter(move |pod| selector.matches(pod.metadata.labels.as_ref()))
    }

    /// The pods bound to a node.
    pub(super) fn pods_on(&self, node: &str) -> impl Iterator<Item = &Arc<Pod>> {
        let keys = self.pods_by_node.get(node).into_iter().flatten();
        keys.filter_map(|key| self.pod(&key.namespace, &key.name))
    }

    /// The objects with an owner reference to `uid`.
    pub(super) fn children(&self, uid: &str) -> impl Iterator<Item = &(Kind, Key)> {
        self.children.get(uid).into_iter().flatten()
    }

    /// The objects of one kind with an owner reference to `uid`, by name.
    pub(super) fn children_of_kind(&self, uid: &str, kind: Kind) -> impl Iterator<Item = &Key> {
        self.children(uid).filter(move |child| child.0 == kind).map(|child| &child.1)
    }

    /// ReplicaSets of a namespace that no controller owns.
    pub(super) fn loose_sets(&self, namespace: &str) -> impl Iterator<Item = &Arc<str>> {
        self.loose_sets.get(namespace).into_iter().flatten()
    }

    /// The objects of a kind whose selectors hold for a pod's labels.
    pub(super) fn selecting(
        &self,
        kind: Kind,
        namespace: &Arc<str>,
        labels: Option<&Labels>,
    ) -> Vec<Key> {
        self.selectors.get(&kind).map_or_else(Vec::new, |known| known.matching(namespace, labels))
    }

    /// The objects of a kind that have selectors.
    pub(super) fn keys(&self, kind: Kind) -> Vec<Key> {
        self.selectors.get(&kind).map_or_else(Vec::new, |known| known.keys().cloned().collect())
    }

    fn note_owners(&mut self, key: &Key, object: &Object, gone: bool) {
        let references = owner::references(object);
        let known = !self.owners.is_empty() || !references.is_empty();
        if !known {
            return;
        }
        let place = (object.kind(), key.clone());
        let before = self.owners.get(&place).map(Vec::as_slice).unwrap_or_default();
        let same = before.len() == references.len()
            && before.iter().zip(references).all(|(old, new)| **old == *new.uid);
        if same && !gone {
            return;
        }
        for uid in self.owners.remove(&place).unwrap_or_default() {
            if let Some(children) = self.children.get_mut(&uid) {
                children.remove(&place);
                if children.is_empty() {
                    self.children.remove(&uid);
                }
            }
        }
        if gone || references.is_empty() {
            return;
        }
        let uids: Vec<Arc<str>> =
            references.iter().map(|owner| owner.uid.as_str().into()).collect();
        for uid in &uids {
            self.children.entry(uid.clone()).or_default().insert(place.clone());
        }
        self.owners.insert(place, uids);
    }

    fn note_pod(&mut self, key: &Key, pod: &Arc<Pod>, gone: bool) -> Option<Arc<Pod>> {
        let pods = self.pods.entry(key.namespace.clone()).or_default();
        let old =
            if gone { pods.remove(&key.name) } else { pods.insert(key.name.clone(), pod.clone()) };
        let new = (!gone).then_some(pod);
        let loose = new.is_some_and(|pod| owner::controller(&pod.metadata).is_none());
        let names = self.loose_pods.entry(key.namespace.clone()).or_default();
        if loose {
            names.insert(key.name.clone());
        } else {
            names.remove(&key.name);
        }
        let same = match (&old, new) {
            (Some(old), Some(new)) => old.metadata.labels == new.metadata.labels,
            _ => false,
        };
        if !same {
            for (label, value) in old.iter().flat_map(|pod| pod.metadata.labels.iter().flatten()) {
                self.pods_by_label.remove(key, label, value);
            }
            for (label, value) in new.iter().flat_map(|pod| pod.metadata.labels.iter().flatten()) {
                self.pods_by_label.insert(key, label, value);
            }
        }
        let before = old.as_deref().and_then(Pod::node);
        let after = new.and_then(|pod| pod.node());
        if before != after {
            if let Some(pods) = before.and_then(|node| self.pods_by_node.get_mut(node)) {
                pods.remove(key);
            }
            if let Some(node) = after {
                self.pods_by_node.entry(node.into()).or_default().insert(key.clone());
            }
        }
        old
    }
}

/// The selector of an object that selects pods: `Some(None)` when its kind has selectors and it
/// has none.
fn selector_of(object: &Object) -> Option<Option<LabelSelector>> {
    match object {
        Object::Service(service) => {
            let pairs = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            Some(pairs.filter(|pairs| !pairs.is_empty()).map(LabelSelector::equalities))
        }
        Object::ReplicationController(rc) => {
            let pairs = rc.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            Some(pairs.filter(|pairs| !pairs.is_empty()).map(LabelSelector::equalities))
        }
        Object::ReplicaSet(set) => {
            Some(set.spec.as_ref().map(|spec| LabelSelector::of(&spec.selector)))
        }
        Object::StatefulSet(set) => {
            Some(set.spec.as_ref().map(|spec| LabelSelector::of(&spec.selector)))
        }
        Object::DaemonSet(set) => {
            Some(set.spec.as_ref().map(|spec| LabelSelector::of(&spec.selector)))
        }
        Object::Job(job) => {
            let selector = job.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            Some(selector.map(LabelSelector::of))
        }
        Object::PodDisruptionBudget(budget) => {
            let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            Some(selector.map(LabelSelector::of))
        }
        _ => None,
    }
}
