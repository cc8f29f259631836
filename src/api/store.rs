//! Where objects are kept: ordered maps, one resource version a write, and a log of changes.
//!
//! A kind's objects lie in one map a namespace, and clones of the store share whatever neither has
//! written to ([`SharedMap`]). So a clone costs a handful of reference counts, whatever the number of
//! pods, and a write after it copies the few objects beside the one that it touches.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Action, Change, Kind, Object, Resource, space};
use crate::shared_map::SharedMap;

/// The objects of one kind in one namespace, by name.
type Names = SharedMap<Arc<str>, Object>;

/// The objects of one kind, by namespace (empty for kinds without one).
type Namespaces = BTreeMap<Arc<str>, Names>;

/// How many changes are kept for watches that lag behind, after the cluster itself has seen them.
const KEPT_FOR_WATCHES: u64 = 1_000;

/// Bytes of them that are kept, however few they are: a change is a whole object.
const KEPT_BYTES: u64 = 16 << 20;

/// How many of them a store keeps that is set aside: as many as a real watch cache holds at least
/// (`defaultLowerBoundCapacity` in apiserver's `watch_cache.go`).
const KEPT_ASIDE: u64 = 100;

/// Every object of the cluster. Cloning shares the objects.
#[derive(Clone, Debug, Default)]
pub struct Store {
    kinds: BTreeMap<Kind, Namespaces>,
    /// Bytes that the objects take.
    taken: u64,
    /// Bytes that they may take.
    quota: space::Quota,
    revision: u64,
    /// By resource version, with what each takes.
    changes: SharedMap<u64, (Change, u64)>,
    /// Bytes that the changes take.
    logged: u64,
    /// The newest change that the log has forgotten.
    forgotten: u64,
}

impl Store {
    /// The resource version of the newest write.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// One object of a kind.
    pub fn object(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Object> {
        self.kinds.get(&kind)?.get(namespace)?.get(name)
    }

    /// The objects of a kind, in one namespace or (`None`) in all, by namespace and name.
    pub fn objects<'a>(
        &'a self,
        kind: Kind,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Object> {
        let namespaces = self.kinds.get(&kind);
        let one = namespace.and_then(|name| namespaces?.get(name));
        let all = namespaces.filter(|_| namespace.is_none());
        let maps = one.into_iter().chain(all.into_iter().flat_map(BTreeMap::values));
        maps.flat_map(|names| names.values())
    }

    /// How many objects of a kind there are in all namespaces.
    pub fn count(&self, kind: Kind) -> usize {
        self.kinds.get(&kind).into_iter().flat_map(BTreeMap::values).map(Names::len).sum()
    }

    /// Whether one more object of a kind has no room. The oldest events make room for new ones.
    pub(super) fn is_full(&self, kind: Kind) -> bool {
        kind != Kind::Event && self.taken >= self.quota.0
    }

    /// Sets how much all objects together may take.
    pub(super) fn set_quota(&mut self, quota: space::Quota) {
        self.quota = quota;
    }

    /// One object, typed.
    pub fn get<T: Resource>(&self, namespace: &str, name: &str) -> Option<&Arc<T>> {
        self.object(T::KIND, namespace, name)?.as_kind()
    }

    /// The objects of a type, in one namespace or (`None`) in all, by namespace and name.
    pub fn list<'a, T: Resource>(
        &'a self,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<T>> {
        self.objects(T::KIND, namespace).filter_map(Object::as_kind)
    }

    /// Changes after `revision`, oldest first. The log goes back to the last call of
    /// [`Store::forget_before`], and a little further for watches.
    pub fn changes_since(&self, revision: u64) -> impl Iterator<Item = &Change> + use<'_> {
        self.changes.after(&revision).map(|(_, (change, _))| change)
    }

    /// Whether the log still holds every change after `revision`.
    pub fn remembers(&self, revision: u64) -> bool {
        revision >= self.forgotten
    }

    /// Tells the store that nobody but lagging watches will ask for changes up to and including
    /// `revision` again. Nothing newer is ever dropped.
    pub fn forget_before(&mut self, revision: u64) {
        self.forget_up_to(revision.saturating_sub(KEPT_FOR_WATCHES), revision);
    }

    /// As [`Store::forget_before`], for a copy that somebody may go back to: many of them are kept, and
    /// each would hold every version of every object that its log tells of.
    pub fn set_aside(&mut self, revision: u64) {
        self.forget_up_to(revision.saturating_sub(KEPT_ASIDE), revision);
    }

    /// Forgets the changes up to `oldest`, and up to `seen` as long as all together take too much.
    fn forget_up_to(&mut self, oldest: u64, seen: u64) {
        let (mut end, mut logged) = (self.forgotten, self.logged);
        for (revision, (_, weight)) in self.changes.iter() {
            let heavy = *revision <= seen && logged > KEPT_BYTES;
            if *revision > oldest && !heavy {
                break;
            }
            end = *revision;
            logged = logged.saturating_sub(*weight);
        }
        if end > self.forgotten {
            (self.forgotten, self.logged) = (end, logged);
            self.changes.forget_before(&(end + 1));
        }
    }

    /// Stores `object` under its own namespace and name, in place of what was there, and gives it
    /// the next resource version. Returns it as stored.
    pub(super) fn put(&mut self, mut object: Object) -> Object {
        self.revision += 1;
        object.metadata_mut().resource_version = Some(self.revision.to_string());
        let names = self.names_mut(object.kind(), object.namespace());
        let old = match names.get_mut(object.name()) {
            Some(slot) => Some(std::mem::replace(slot, object.clone())),
            None => names.insert(object.name().into(), object.clone()),
        };
        let weight = space::weight(&object);
        self.taken += weight;
        self.taken -= old.as_ref().map_or(0, space::weight).min(self.taken);
        let action = if old.is_some() { Action::Modified } else { Action::Added };
        self.log(action, object.clone(), old, weight);
        object
    }

    /// Stores an object that is there before the first write.
    pub(super) fn begin_with(&mut self, mut object: Object) {
        object.metadata_mut().resource_version = Some("1".to_owned());
        self.taken += space::weight(&object);
        let name: Arc<str> = object.name().into();
        self.names_mut(object.kind(), object.namespace()).insert(name, object);
    }

    /// Takes an object out. Returns it as it was last, with the resource version of its end.
    pub(super) fn take(&mut self, kind: Kind, namespace: &str, name: &str) -> Option<Object> {
        self.object(kind, namespace, name)?;
        let last = self.names_mut(kind, namespace).remove(name)?;
        let weight = space::weight(&last);
        self.taken -= weight.min(self.taken);
        let mut object = last.clone();
        self.revision += 1;
        object.metadata_mut().resource_version = Some(self.revision.to_string());
        self.log(Action::Deleted, object.clone(), Some(last), weight);
        Some(object)
    }

    fn log(&mut self, action: Action, object: Object, previous: Option<Object>, weight: u64) {
        let change = Change { revision: self.revision, action, object, previous };
        self.changes.insert(self.revision, (change, weight));
        self.logged += weight;
    }

    fn names_mut(&mut self, kind: Kind, namespace: &str) -> &mut Names {
        let namespaces = self.kinds.entry(kind).or_default();
        if !namespaces.contains_key(namespace) {
            namespaces.insert(namespace.into(), Names::default());
        }
        namespaces.get_mut(namespace).expect("it was just put there")
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;

    use super::*;

    fn config_map(namespace: &str, name: &str) -> Object {
        let mut object = ConfigMap::default();
        object.metadata.namespace = Some(namespace.into());
        object.metadata.name = Some(name.into());
        object.into_object()
    }

    fn names(store: &Store, namespace: Option<&str>) -> Vec<String> {
        store
            .objects(Kind::ConfigMap, namespace)
            .map(|object| format!("{}/{}", object.namespace(), object.name()))
            .collect()
    }

    #[test]
    fn a_list_is_sorted_by_namespace_and_name() {
        let mut store = Store::default();
        for (namespace, name) in [("b", "x"), ("a", "z"), ("a", "y"), ("a-b", "w")] {
            store.put(config_map(namespace, name));
        }
        assert_eq!(names(&store, None), ["a/y", "a/z", "a-b/w", "b/x"]);
        assert_eq!(names(&store, Some("a")), ["a/y", "a/z"]);
        assert_eq!(names(&store, Some("c")), [""; 0]);
    }

    #[test]
    fn what_is_taken_out_makes_room() {
        let mut store = Store::default();
        store.set_quota(space::Quota(2_000));
        let mut large = config_map("a", "x");
        large.metadata_mut().annotations = Some([("note".to_owned(), "x".repeat(2_000))].into());
        store.put(large.clone());
        assert!(store.is_full(Kind::ConfigMap) && !store.is_full(Kind::Event));
        store.put(config_map("a", "x"));
        assert!(!store.is_full(Kind::ConfigMap));
        store.put(large);
        store.take(Kind::ConfigMap, "a", "x");
        assert_eq!(store.taken, 0);
    }

    #[test]
    fn a_clone_does_not_see_later_writes() {
        let mut store = Store::default();
        store.put(config_map("a", "x"));
        let before = store.clone();
        store.put(config_map("a", "y"));
        assert_eq!(before.count(Kind::ConfigMap), 1);
        assert_eq!(store.count(Kind::ConfigMap), 2);
    }

    #[test]
    fn every_write_has_its_own_revision_and_stands_in_the_log() {
        let mut store = Store::default();
        store.put(config_map("a", "x"));
        store.put(config_map("a", "x"));
        store.take(Kind::ConfigMap, "a", "x");
        let log: Vec<_> = store.changes_since(0).map(|c| (c.revision, c.action)).collect();
        assert_eq!(log, [(1, Action::Added), (2, Action::Modified), (3, Action::Deleted)]);
        assert_eq!(store.changes_since(2).count(), 1);
    }

    #[test]
    fn the_log_forgets_only_what_was_seen() {
        let mut store = Store::default();
        for index in 0..5_000 {
            store.put(config_map("a", &index.to_string()));
        }
        store.forget_before(4_000);
        assert!(store.remembers(4_000));
        assert!(!store.remembers(10));
        assert_eq!(store.changes_since(4_000).count(), 1_000);
        assert_eq!(store.changes_since(0).count() as u64, 1_000 + KEPT_FOR_WATCHES);
        let mut aside = store.clone();
        aside.set_aside(4_000);
        assert!(aside.remembers(4_000) && !aside.remembers(3_000));
        assert_eq!(aside.changes_since(0).count() as u64, 1_000 + KEPT_ASIDE);
        assert_eq!(store.changes_since(0).count() as u64, 1_000 + KEPT_FOR_WATCHES);
    }

    #[test]
    fn a_few_large_changes_fill_the_log() {
        let mut store = Store::default();
        for name in ["a", "b", "c", "d"] {
            let mut large = config_map("x", name);
            let note = ("note".to_owned(), "x".repeat(KEPT_BYTES as usize / 4));
            large.metadata_mut().annotations = Some([note].into());
            store.put(large);
        }
        // Nobody has seen the last two.
        store.forget_before(2);
        let kept: Vec<_> = store.changes_since(0).map(|change| change.revision).collect();
        assert_eq!(kept, [3, 4]);
        store.forget_before(4);
        assert_eq!(store.changes_since(0).count(), 1);
        assert!(!store.remembers(2) && store.remembers(3));
    }
}
