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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::super::world::{World, pod};
    use crate::api::Kind;

    #[test]
    fn a_namespace_goes_after_its_contents() {
        let mut world = World::new(1);
        world.create(
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }),
        );
        world.settle();
        let mut web = pod("web", json!({}));
        web["metadata"]["namespace"] = json!("shop");
        world.create(web);
        world.settle();
        world.delete(Kind::Namespace, "shop");
        world.run(Duration::from_millis(200));
        let shown = world.get(Kind::Namespace, "shop");
        assert_eq!(shown["status"]["phase"], "Terminating");
        world.settle();
        assert!(world.get(Kind::Namespace, "shop").is_null());
        for kind in Kind::all() {
            assert_eq!(world.api.store().objects(kind, Some("shop")).count(), 0, "{kind}");
        }
    }
}
