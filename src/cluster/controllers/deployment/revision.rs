//! A Deployment's ReplicaSets by revision: which is of the current template, what number each
//! has, and which are too old to be kept.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, ReplicaSetSpec};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::{Client, Key, hash, owner};
use super::{COMPONENT, Family, existing, scale, size, status};
use crate::api::{Kind, Labels, Reason};

const HASH_LABEL: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
pub(super) const MAXIMUM: &str = "deployment.kubernetes.io/max-replicas";

/// Sorts `sets` into the one of the current template and the others.
pub(super) fn family(deployment: Arc<Deployment>, mut sets: Vec<Arc<ReplicaSet>>) -> Family {
    sets.sort_by_cached_key(|set| {
        (
            set.metadata.creation_timestamp.clone(),
            revision(&set.metadata),
            set.metadata.name.clone(),
        )
    });
    let template = deployment.spec.as_ref().map(|spec| &spec.template);
    let current = sets.iter().position(|set| {
        let own = set.spec.as_ref().and_then(|spec| spec.template.as_ref());
        own.zip(template).is_some_and(|(own, wanted)| same_template(own, wanted))
    });
    let new = current.map(|place| sets.remove(place));
    Family { deployment, new, old: sets }
}

/// Whether two templates differ in nothing but the hash label (`EqualIgnoreHash`).
pub(crate) fn same_template(own: &PodTemplateSpec, wanted: &PodTemplateSpec) -> bool {
    if own.spec != wanted.spec {
        return false;
    }
    let empty = ObjectMeta::default();
    let (own, wanted) =
        (own.metadata.as_ref().unwrap_or(&empty), wanted.metadata.as_ref().unwrap_or(&empty));
    let labels = |meta: &ObjectMeta| -> Labels {
        let mut labels = meta.labels.clone().unwrap_or_default();
        labels.remove(HASH_LABEL);
        labels
    };
    let annotations = |meta: &ObjectMeta| meta.annotations.clone().unwrap_or_default();
    labels(own) == labels(wanted) && annotations(own) == annotations(wanted)
}

/// Gives the current template's set its revision number and annotations; makes the set if it is
/// missing and `create` says so.
pub(super) fn sync(client: &mut Client<'_>, family: &mut Family, create: bool) {
    let newest_old = family.old.iter().map(|set| revision(&set.metadata)).max().unwrap_or(0);
    let number = newest_old + 1;
    match family.new.clone() {
        Some(set) => {
            let mut annotations = set.metadata.annotations.clone();
            annotate(&mut annotations, &family.deployment.metadata, number);
            let min_ready = family.deployment.spec.as_ref().and_then(|s| s.min_ready_seconds);
            let known = set.spec.as_ref().and_then(|spec| spec.min_ready_seconds);
            if annotations != set.metadata.annotations || min_ready != known {
                let mut changed = ReplicaSet::clone(&set);
                changed.metadata.annotations = annotations;
                if let Some(spec) = &mut changed.spec {
                    spec.min_ready_seconds = min_ready;
                }
                family.new = client.update(changed).or(family.new.take());
            }
            let name = set.metadata.name.as_deref().unwrap_or_default();
            status::note_found(family, name, client.now);
        }
        None if create => make(client, family, number),
        None => return,
    }
    if let Some(set) = &family.new {
        let number = revision(&set.metadata).to_string();
        let annotations = family.deployment.metadata.annotations.as_ref();
        if annotations.and_then(|all| all.get(REVISION)) != Some(&number) {
            let deployment = Arc::make_mut(&mut family.deployment);
            let annotations = deployment.metadata.annotations.get_or_insert_default();
            annotations.insert(REVISION.to_owned(), number);
        }
    }
}

/// Makes the ReplicaSet of the current template.
fn make(client: &mut Client<'_>, family: &mut Family, number: i64) {
    let deployment = &family.deployment;
    let Some(spec) = &deployment.spec else { return };
    let collisions = deployment.status.as_ref().and_then(|s| s.collision_count).unwrap_or(0);
    let hash = hash::of(&spec.template, collisions);
    let name = format!("{}-{hash}", deployment.metadata.name.as_deref().unwrap_or_default());
    let mut template = spec.template.clone();
    let meta = template.metadata.get_or_insert_default();
    meta.labels.get_or_insert_default().insert(HASH_LABEL.to_owned(), hash.clone());
    let mut selector = spec.selector.clone();
    selector.match_labels.get_or_insert_default().insert(HASH_LABEL.to_owned(), hash);
    let replicas = scale::new_size(family, 0);
    let (surge, _) = family.bounds();
    let mut set = ReplicaSet {
        metadata: ObjectMeta {
            labels: meta.labels.clone(),
            name: Some(name),
            namespace: deployment.metadata.namespace.clone(),
            owner_references: Some(vec![owner::reference_to(
                Kind::Deployment,
                &deployment.metadata,
            )]),
            ..ObjectMeta::default()
        },
        spec: Some(ReplicaSetSpec {
            min_ready_seconds: spec.min_ready_seconds,
            replicas: Some(i32::try_from(replicas).unwrap_or(i32::MAX)),
            selector,
            template: Some(template),
        }),
        status: None,
    };
    annotate(&mut set.metadata.annotations, &deployment.metadata, number);
    scale::annotate(&mut set.metadata.annotations, family.wanted(), surge);
    match client.create(set) {
        Ok(set) => {
            let name = set.metadata.name.clone().unwrap_or_default();
            family.new = Some(set);
            status::note_created(family, &name, client.now);
            if replicas > 0 {
                let message = format!("Scaled up replica set {name} from 0 to {replicas}");
                client.normal(&*family.deployment, COMPONENT, "ScalingReplicaSet", message);
            }
        }
        Err(refusal) if refusal.reason == Reason::AlreadyExists => {
            // Another owner's set has our hash: the next attempt hashes one collision more.
            let deployment = Arc::make_mut(&mut family.deployment);
            let status = deployment.status.get_or_insert_default();
            status.collision_count = Some(collisions + 1);
        }
        Err(refusal) => {
            let message = format!("Failed to create new replica set: {}", refusal.message);
            client.warning(&*family.deployment, COMPONENT, "ReplicaSetCreateError", message);
        }
    }
}

/// Copies the Deployment's own annotations to a set and numbers it. A set that is taken up again
/// remembers its earlier numbers.
fn annotate(set: &mut Option<Labels>, deployment: &ObjectMeta, number: i64) {
    let annotations = set.get_or_insert_default();
    let before = number_in(annotations);
    for (name, value) in deployment.annotations.iter().flatten() {
        let own = name.starts_with("deployment.kubernetes.io/")
            || name == "kubectl.kubernetes.io/last-applied-configuration"
            || name == "deprecated.deployment.rollback.revision";
        if !own {
            annotations.insert(name.clone(), value.clone());
        }
    }
    if before >= number {
        return;
    }
    annotations.insert(REVISION.to_owned(), number.to_string());
    if before > 0 {
        let history = annotations.entry(REVISION_HISTORY.to_owned()).or_default();
        if !history.is_empty() {
            history.push(',');
        }
        history.push_str(&before.to_string());
    }
}

/// The revision number in an object's annotations; 0 when there is none.
fn revision(meta: &ObjectMeta) -> i64 {
    meta.annotations.as_ref().map_or(0, number_in)
}

fn number_in(annotations: &Labels) -> i64 {
    annotations.get(REVISION).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Deletes old sets beyond `revisionHistoryLimit`, the oldest first.
pub(super) fn clean_up(client: &mut Client<'_>, family: &Family) {
    let limit = family.deployment.spec.as_ref().and_then(|spec| spec.revision_history_limit);
    let limit = usize::try_from(limit.unwrap_or(10)).unwrap_or(0);
    let mut alive: Vec<_> =
        family.old.iter().filter(|set| set.metadata.deletion_timestamp.is_none()).collect();
    alive.sort_by_key(|set| revision(&set.metadata));
    let surplus = alive.len().saturating_sub(limit);
    for set in alive.into_iter().take(surplus) {
        let observed = set.status.as_ref().and_then(|status| status.observed_generation);
        if existing(set) == 0 && size(set) == 0 && observed >= set.metadata.generation {
            client.delete(Kind::ReplicaSet, &Key::of(&set.metadata));
        }
    }
}
