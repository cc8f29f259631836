//! A namespace's end: its pods first, then its other contents, and then itself.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Namespace, NamespaceCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{Client, Key};
use crate::api::{DeleteOptions, Kind, Object};

/// What a namespace that is being deleted tells of itself: a condition's type, and its reason and
/// message as long as nothing is amiss.
const CONDITIONS: [[&str; 3]; 5] = [
    [
        "NamespaceDeletionDiscoveryFailure",
        "ResourcesDiscovered",
        "All resources successfully discovered",
    ],
    [
        "NamespaceDeletionGroupVersionParsingFailure",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ],
    [
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ],
    [REMAINING, "ContentRemoved", "All content successfully removed"],
    [FINALIZERS, "ContentHasNoFinalizers", "All content-preserving finalizers finished"],
];

const REMAINING: &str = "NamespaceContentRemaining";
const FINALIZERS: &str = "NamespaceFinalizersRemaining";

/// What is left in a namespace, by `pods.` and by finalizer.
#[derive(Debug, Default)]
struct Left {
    kinds: BTreeMap<String, usize>,
    finalizers: BTreeMap<String, usize>,
}

/// Deletes what is in a namespace that is being deleted; the namespace goes when it is empty.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(namespace) = client.get::<Namespace>(key) else { return };
    if namespace.metadata.deletion_timestamp.is_none() {
        return;
    }
    let mut left = Left::default();
    empty(client, key, Kind::Pod, &mut left);
    if left.kinds.is_empty() {
        for kind in Kind::all().filter(|kind| kind.info().namespaced) {
            empty(client, key, kind, &mut left);
        }
    }
    tell(client, Namespace::clone(&namespace), &left);
    if left.kinds.is_empty() && namespace.metadata.finalizers.as_ref().is_none_or(Vec::is_empty) {
        client.remove(Kind::Namespace, key);
    }
}

/// Deletes a namespace's objects of one kind, and counts those that stay for now.
fn empty(client: &mut Client<'_>, key: &Key, kind: Kind, left: &mut Left) {
    let objects: Vec<(Key, bool)> = client
        .api
        .store()
        .objects(kind, Some(&key.name))
        .map(|object: &Object| {
            let meta = object.metadata();
            (Key::of(meta), meta.deletion_timestamp.is_some())
        })
        .collect();
    for (object, _) in objects.into_iter().filter(|(_, deleting)| !deleting) {
        client.delete_with(kind, &object, DeleteOptions::default());
    }
    let info = kind.info();
    for object in client.api.store().objects(kind, Some(&key.name)) {
        *left.kinds.entry(format!("{}.{}", info.plural, info.group)).or_default() += 1;
        for finalizer in object.metadata().finalizers.iter().flatten() {
            *left.finalizers.entry(finalizer.clone()).or_default() += 1;
        }
    }
}

/// Says in the namespace's conditions what is left of it.
fn tell(client: &mut Client<'_>, mut namespace: Namespace, left: &Left) {
    let told = namespace.status.get_or_insert_default();
    let mut conditions = told.conditions.take().unwrap_or_default();
    let before = conditions.clone();
    for [of_type, reason, message] in CONDITIONS {
        let amiss = match of_type {
            REMAINING => told_of(&left.kinds, "has").map(|list| {
                ("SomeResourcesRemain", format!("Some resources are remaining: {list}"))
            }),
            FINALIZERS => told_of(&left.finalizers, "in").map(|list| {
                let what = "Some content in the namespace has finalizers remaining";
                ("SomeFinalizersRemain", format!("{what}: {list}"))
            }),
            _ => None,
        };
        let status = if amiss.is_some() { "True" } else { "False" };
        let (reason, message) = amiss.unwrap_or_else(|| (reason, message.to_owned()));
        let at = conditions.iter().position(|condition| condition.type_ == of_type);
        let at = at.unwrap_or_else(|| {
            conditions.push(NamespaceCondition {
                type_: of_type.to_owned(),
                ..NamespaceCondition::default()
            });
            conditions.len() - 1
        });
        let condition = &mut conditions[at];
        if condition.status != status {
            condition.status = status.to_owned();
            condition.last_transition_time = Some(Time(client.now.whole_seconds()));
        }
        condition.reason = Some(reason.to_owned());
        condition.message = Some(message);
    }
    if conditions != before {
        told.conditions = Some(conditions);
        client.update(namespace);
    }
}

/// `pods. has 2 resource instances`, each kind or finalizer of which there are any.
fn told_of(counts: &BTreeMap<String, usize>, word: &str) -> Option<String> {
    let mut texts: Vec<String> = counts
        .iter()
        .map(|(what, count)| format!("{what} {word} {count} resource instances"))
        .collect();
    texts.sort();
    (!texts.is_empty()).then(|| texts.join(", "))
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
        let told = &shown["status"]["conditions"][3]["message"];
        assert_eq!(told, "Some resources are remaining: pods. has 1 resource instances");
        world.settle();
        assert!(world.get(Kind::Namespace, "shop").is_null());
        for kind in Kind::all() {
            assert_eq!(world.api.store().objects(kind, Some("shop")).count(), 0, "{kind}");
        }
    }
}
