//! Indexes by label: which pods carry a pair, and which selectors a pod may satisfy.
//!
//! A Service finds its pods, and a pod its Services, without walking a namespace: what one changed
//! endpoint costs does not grow with the cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Key;
use crate::api::Labels;
use crate::api::selector::{LabelSelector, Operator};

/// Names by namespace and label pair.
#[derive(Clone, Debug, Default)]
pub(super) struct ByLabel(BTreeMap<Arc<str>, BTreeMap<Arc<str>, BTreeMap<Arc<str>, Names>>>);

/// Names of objects in one namespace.
pub(super) type Names = BTreeSet<Arc<str>>;

impl ByLabel {
    /// The names under one pair.
    pub(super) fn get(&self, namespace: &str, label: &str, value: &str) -> Option<&Names> {
        self.0.get(namespace)?.get(label)?.get(value)
    }

    pub(super) fn insert(&mut self, at: &Key, label: &str, value: &str) {
        let labels = branch(&mut self.0, &at.namespace);
        branch(branch(labels, label), value).insert(at.name.clone());
    }

    pub(super) fn remove(&mut self, at: &Key, label: &str, value: &str) {
        let Some(labels) = self.0.get_mut(&at.namespace) else { return };
        let Some(values) = labels.get_mut(label) else { return };
        let Some(names) = values.get_mut(value) else { return };
        names.remove(&at.name);
        if names.is_empty() {
            values.remove(value);
        }
    }
}

/// The map under `name`, made when it is missing.
fn branch<'a, T: Default>(map: &'a mut BTreeMap<Arc<str>, T>, name: &str) -> &'a mut T {
    if !map.contains_key(name) {
        map.insert(name.into(), T::default());
    }
    map.get_mut(name).expect("it has just been put there")
}

/// The selectors of one kind's objects, found by the labels that they ask for.
#[derive(Clone, Debug, Default)]
pub(super) struct Selectors {
    /// Each selector under one pair that it cannot do without.
    anchored: ByLabel,
    /// Selectors that ask for no pair, by namespace.
    loose: BTreeMap<Arc<str>, Names>,
    selectors: BTreeMap<Key, Arc<LabelSelector>>,
}

impl Selectors {
    /// Notes the selector of the object at `key`; `None` when it has none or is gone.
    pub(super) fn set(&mut self, key: &Key, selector: Option<LabelSelector>) {
        if self.selectors.get(key).map(Arc::as_ref) == selector.as_ref() {
            return;
        }
        if let Some(old) = self.selectors.remove(key) {
            match anchor(&old) {
                Some((label, value)) => self.anchored.remove(key, label, value),
                None => {
                    self.loose.entry(key.namespace.clone()).or_default().remove(&key.name);
                }
            }
        }
        let Some(new) = selector else { return };
        match anchor(&new) {
            Some((label, value)) => self.anchored.insert(key, label, value),
            None => {
                self.loose.entry(key.namespace.clone()).or_default().insert(key.name.clone());
            }
        }
        self.selectors.insert(key.clone(), Arc::new(new));
    }

    /// Every object that has a selector.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.selectors.keys()
    }

    /// The objects of `namespace` whose selectors hold for `labels`.
    pub(super) fn matching(&self, namespace: &Arc<str>, labels: Option<&Labels>) -> Vec<Key> {
        let anchored = labels
            .into_iter()
            .flatten()
            .filter_map(|(label, value)| self.anchored.get(namespace, label, value))
            .flatten();
        let mut found: Vec<Key> = anchored
            .chain(self.loose.get(namespace).into_iter().flatten())
            .map(|name| Key { namespace: namespace.clone(), name: name.clone() })
            .filter(|key| self.selectors.get(key).is_some_and(|known| known.matches(labels)))
            .collect();
        found.sort_unstable();
        found
    }
}

/// A pair that everything selected must carry.
pub(super) fn anchor(selector: &LabelSelector) -> Option<(&str, &str)> {
    selector.requirements.iter().find_map(|requirement| match &requirement.operator {
        Operator::In(values) => match values.as_slice() {
            [only] => Some((requirement.key.as_str(), only.as_str())),
            _ => None,
        },
        _ => None,
    })
}
