//! A namespace's end: its contents first, and then itself.

use k8s_openapi::api::core::v1::Namespace;

use super::{Client, Key};
use crate::api::{DeleteOptions, Kind, Object};

/// Deletes what is in a namespace that is being deleted; the namespace goes when it is empty.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(namespace) = client.get::<Namespace>(key) else { return };
    if namespace.metadata.deletion_timestamp.is_none() {
        return;
    }
    let mut left = 0;
    for kind in Kind::all().filter(|kind| kind.info().namespaced) {
        let objects: Vec<(Key, bool)> = client
            .api
            .store()
            .objects(kind, Some(&key.name))
            .map(|object: &Object| {
                let meta = object.metadata();
                (Key::of(meta), meta.deletion_timestamp.is_some())
            })
            .collect();
        left += objects.len();
        for (object, _) in objects.into_iter().filter(|(_, deleting)| !deleting) {
            client.delete_with(kind, &object, DeleteOptions::default());
        }
    }
    if left == 0 {
        client.remove(Kind::Namespace, key);
    }
}
