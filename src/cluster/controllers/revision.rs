//! ControllerRevisions: the templates that a StatefulSet or DaemonSet has had, numbered.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::runtime::RawExtension;
use serde_json::{Value, json};

use super::{Client, Key, hash, owner};
use crate::api::{Kind, Reason, Resource};

/// The label by which revisions and their pods are told apart.
pub(super) const HASH_LABEL: &str = "controller-revision-hash";

/// An owner's revisions, oldest first; the last is that of its current template.
pub(super) struct History {
    revisions: Vec<Arc<ControllerRevision>>,
    /// How often two templates had one hash.
    pub(super) collisions: i32,
}

impl History {
    /// Finds the revision of `template` among those of `owner`, or makes it. A template that comes
    /// back gets its old revision under a new number. `None` when the server refuses.
    pub(super) fn sync<T: Resource>(
        client: &mut Client<'_>,
        owner: &T,
        template: &PodTemplateSpec,
        collisions: i32,
    ) -> Option<History> {
        let mut revisions = client.controlled::<ControllerRevision>(owner::uid(owner.metadata()));
        revisions.sort_by_key(|revision| (revision.revision, revision.metadata.name.clone()));
        let next = revisions.last().map_or(1, |last| last.revision + 1);
        let data = data(template);
        let known = revisions
            .iter()
            .rposition(|known| known.data.as_ref().is_some_and(|known| known.0 == data));
        let mut history = History { revisions, collisions };
        match known {
            Some(place) if place + 1 == history.revisions.len() => {}
            Some(place) => {
                let mut revision = ControllerRevision::clone(&history.revisions.remove(place));
                revision.revision = next;
                history.revisions.push(client.update(revision)?);
            }
            None => {
                let revision = history.make(client, owner, template, (data, next))?;
                history.revisions.push(revision);
            }
        }
        Some(history)
    }

    /// The revision of the current template.
    pub(super) fn update(&self) -> &ControllerRevision {
        self.revisions.last().expect("a history ends with the current template's revision")
    }

    /// A revision by its name.
    pub(super) fn named(&self, name: &str) -> Option<&ControllerRevision> {
        let mut all = self.revisions.iter().map(Arc::as_ref);
        all.find(|revision| revision.metadata.name.as_deref() == Some(name))
    }

    /// Deletes the oldest of the revisions that are not in use, until `limit` are left.
    pub(super) fn truncate(&self, client: &mut Client<'_>, used: &BTreeSet<&str>, limit: usize) {
        let (_, old) = self.revisions.split_last().expect("it ends with the current revision");
        let unused: Vec<_> = old
            .iter()
            .filter(|revision| !used.contains(revision.metadata.name.as_deref().unwrap_or("")))
            .collect();
        let surplus = unused.len().saturating_sub(limit);
        for revision in unused.into_iter().take(surplus) {
            client.delete(Kind::ControllerRevision, &Key::of(&revision.metadata));
        }
    }

    fn make<T: Resource>(
        &mut self,
        client: &mut Client<'_>,
        owner: &T,
        template: &PodTemplateSpec,
        (data, number): (Value, i64),
    ) -> Option<Arc<ControllerRevision>> {
        let meta = owner.metadata();
        for _ in 0..8 {
            let hash = hash::of(&data, self.collisions);
            let name = format!("{}-{hash}", meta.name.as_deref().unwrap_or_default());
            let labels = template.metadata.as_ref().and_then(|meta| meta.labels.clone());
            let mut labels = labels.unwrap_or_default();
            labels.insert(hash_label(T::KIND).to_owned(), hash);
            let made = client.create(ControllerRevision {
                data: Some(RawExtension(data.clone())),
                metadata: ObjectMeta {
                    annotations: meta.annotations.clone(),
                    labels: Some(labels),
                    name: Some(name),
                    namespace: meta.namespace.clone(),
                    owner_references: Some(vec![owner::reference_to(T::KIND, meta)]),
                    ..ObjectMeta::default()
                },
                revision: number,
            });
            match made {
                Ok(revision) => return Some(revision),
                Err(status) if status.reason == Reason::AlreadyExists => self.collisions += 1,
                Err(_) => return None,
            }
        }
        None
    }
}

/// The label that holds a revision's hash: a DaemonSet's (`snapshot` in daemon/update.go) has that
/// of its pods, a StatefulSet's (`NewControllerRevision`) one of its own.
fn hash_label(owner: Kind) -> &'static str {
    match owner {
        Kind::DaemonSet => HASH_LABEL,
        _ => "controller.kubernetes.io/hash",
    }
}

/// A revision's name, which its pods carry as a label.
pub(super) fn name(revision: &ControllerRevision) -> &str {
    revision.metadata.name.as_deref().unwrap_or_default()
}

/// The template that a revision holds.
pub(super) fn template(revision: &ControllerRevision) -> PodTemplateSpec {
    let data = revision.data.as_ref().and_then(|data| data.0.pointer("/spec/template"));
    let template = data.and_then(|data| serde_json::from_value(data.clone()).ok());
    template.unwrap_or_default()
}

/// What a revision holds: a patch that puts the template in place.
fn data(template: &PodTemplateSpec) -> Value {
    let mut template = serde_json::to_value(template).unwrap_or_default();
    if let Value::Object(fields) = &mut template {
        fields.insert("$patch".to_owned(), json!("replace"));
    }
    json!({ "spec": { "template": template } })
}
