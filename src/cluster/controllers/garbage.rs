//! The garbage collector: what becomes of objects whose owner is gone or going.
//!
//! - *Background*: the owner is gone; its children are deleted, unless another owner is left.
//! - *Foreground* (finalizer `foregroundDeletion`): the children that block it go first.
//! - *Orphan* (finalizer `orphan`): the children lose their reference, and stay.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use super::queue::{Actor, Queue};
use super::{Client, Key, owner};
use crate::api::{
    Action, Change, DeleteOptions, Kind, Object, Propagation, Resource, Store, Visitor,
};
use crate::clock::SimTime;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// What the garbage collector remembers: owners that wait for their children, by UID.
#[derive(Clone, Debug, Default)]
pub(super) struct Garbage {
    waiting: BTreeMap<Arc<str>, (Kind, Key)>,
}

impl Garbage {
    /// Queues owners that are gone or going, and those whose children are.
    pub(super) fn watch(
        &mut self,
        now: SimTime,
        queue: &mut Queue,
        store: &Store,
        key: &Key,
        change: &Change,
    ) {
        let meta = change.object.metadata();
        let uid = owner::uid(meta);
        if change.action == Action::Deleted {
            self.waiting.remove(uid);
            queue.add(now, Actor::Garbage, Key::new("", uid));
            for owner in meta.owner_references.iter().flatten() {
                if self.waiting.contains_key(owner.uid.as_str()) {
                    queue.add(now, Actor::Garbage, Key::new("", &owner.uid));
                }
            }
            return;
        }
        if meta.deletion_timestamp.is_some() && waits(meta) {
            self.waiting.insert(uid.into(), (change.object.kind(), key.clone()));
            queue.add(now, Actor::Garbage, Key::new("", uid));
        }
        if change.action == Action::Added {
            for owner in meta.owner_references.iter().flatten() {
                if !exists(store, meta, owner) {
                    queue.add(now, Actor::Garbage, Key::new("", &owner.uid));
                }
            }
        }
    }

    /// Collects what the object with this UID (the key's name) leaves or has to leave behind.
    pub(super) fn reconcile(&mut self, client: &mut Client<'_>, key: &Key) {
        let uid = &key.name;
        let children: Vec<(Kind, Key)> = client.index.children(uid).cloned().collect();
        let Some((kind, place)) = self.waiting.get(uid).cloned() else {
            for (kind, child) in children {
                disown(client, kind, &child, uid, Propagation::Background);
            }
            return;
        };
        let Some(object) = client.api.store().object(kind, &place.namespace, &place.name) else {
            return;
        };
        let finalizers = object.metadata().finalizers.clone().unwrap_or_default();
        if finalizers.iter().any(|known| known == ORPHAN) {
            for (kind, child) in children {
                let_go(client, kind, &child, uid);
            }
        } else {
            let mut blocked = false;
            for (kind, child) in children {
                blocked |= disown(client, kind, &child, uid, Propagation::Foreground);
            }
            if blocked {
                return;
            }
        }
        self.waiting.remove(uid);
        client.remove(kind, &place);
    }
}

/// Whether an object that is being deleted waits for the garbage collector.
fn waits(meta: &ObjectMeta) -> bool {
    meta.finalizers.iter().flatten().any(|known| known == FOREGROUND || known == ORPHAN)
}

fn exists(store: &Store, child: &ObjectMeta, owner: &OwnerReference) -> bool {
    let Some(kind) = Kind::from_manifest(&owner.api_version, &owner.kind) else { return true };
    let namespace = if kind.info().namespaced { child.namespace.as_deref() } else { None };
    let found = store.object(kind, namespace.unwrap_or(""), &owner.name);
    found.is_some_and(|found| owner::uid(found.metadata()) == owner.uid)
}

/// Deletes a child of an owner that is gone or going; one that has another owner only loses its
/// reference. Says whether the owner has to wait for it.
fn disown(
    client: &mut Client<'_>,
    kind: Kind,
    child: &Key,
    uid: &str,
    propagation: Propagation,
) -> bool {
    let store = client.api.store();
    let Some(object) = store.object(kind, &child.namespace, &child.name) else { return false };
    let meta = object.metadata();
    let references = meta.owner_references.as_deref().unwrap_or_default();
    let blocks =
        references.iter().any(|owner| owner.uid == uid && owner.block_owner_deletion == Some(true));
    let others = references.iter().filter(|owner| owner.uid != uid);
    if others.clone().any(|other| exists(store, meta, other)) {
        let_go(client, kind, child, uid);
        return false;
    }
    if meta.deletion_timestamp.is_none() {
        let owns = client.index.children(owner::uid(meta)).next().is_some();
        let propagation = if owns { propagation } else { Propagation::Background };
        client.delete_with(kind, child, DeleteOptions { propagation, ..DeleteOptions::default() });
    }
    let gone = client.api.store().object(kind, &child.namespace, &child.name).is_none();
    blocks && !gone
}

/// Takes the reference to `uid` off a child.
fn let_go(client: &mut Client<'_>, kind: Kind, child: &Key, uid: &str) {
    let found = client.api.store().object(kind, &child.namespace, &child.name);
    let Some(mut object) = found.cloned() else { return };
    owner::release(object.metadata_mut(), uid);
    store_object(client, object);
}

/// Stores a changed object of any kind.
fn store_object(client: &mut Client<'_>, object: Object) {
    object.accept(Update(client));
}

struct Update<'a, 'c>(&'a mut Client<'c>);

impl Visitor for Update<'_, '_> {
    fn visit<T: Resource>(self, object: Arc<T>) {
        self.0.update(Arc::unwrap_or_clone(object));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::world::World;
    use crate::api::Kind;

    fn config_map(name: &str, owners: &[(&str, &Value)]) -> Value {
        let references: Vec<Value> = owners
            .iter()
            .map(|(name, uid)| {
                json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid })
            })
            .collect();
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": name, "ownerReferences": references },
        })
    }

    #[test]
    fn a_child_goes_with_its_last_owner() {
        let mut world = World::new(0);
        world.create(config_map("a", &[]));
        world.create(config_map("b", &[]));
        let uid =
            |world: &World, name: &str| world.get(Kind::ConfigMap, name)["metadata"]["uid"].clone();
        let (a, b) = (uid(&world, "a"), uid(&world, "b"));
        world.create(config_map("child", &[("a", &a), ("b", &b)]));
        world.delete(Kind::ConfigMap, "a");
        world.settle();
        let child = world.get(Kind::ConfigMap, "child");
        assert_eq!(child["metadata"]["ownerReferences"].as_array().unwrap().len(), 1);
        world.delete(Kind::ConfigMap, "b");
        world.settle();
        assert!(world.get(Kind::ConfigMap, "child").is_null());
    }

    #[test]
    fn a_child_of_nobody_is_collected() {
        let mut world = World::new(0);
        let nobody = json!("00000000-0000-4000-8000-000000000000");
        world.create(config_map("child", &[("ghost", &nobody)]));
        world.settle();
        assert!(world.get(Kind::ConfigMap, "child").is_null());
    }
}
