//! A Deployment's size, spread over its ReplicaSets.

use std::cmp::Reverse;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::ReplicaSet;

use super::super::Client;
use super::revision::{DESIRED, MAXIMUM};
use super::{COMPONENT, Family, available, size};
use crate::api::Labels;

/// Whether the Deployment's size changed since its active sets were last sized.
pub(super) fn is_wanted(family: &Family) -> bool {
    let wanted = family.wanted();
    let active = family.all().filter(|set| size(set) > 0);
    active.filter_map(|set| annotation(set, DESIRED)).any(|desired| desired != wanted)
}

/// Sizes the sets for the Deployment's size: the only active one gets all; during a rollout each
/// gets its share, so that the risk stays spread.
pub(super) fn spread(client: &mut Client<'_>, family: &mut Family) {
    let wanted = family.wanted();
    let active: Vec<Arc<ReplicaSet>> = family.all().filter(|set| size(set) > 0).cloned().collect();
    let only = match active.as_slice() {
        [] => family.new.clone().or_else(|| family.old.last().cloned()),
        [only] => Some(only.clone()),
        _ => None,
    };
    if let Some(only) = only {
        resize(client, family, &only, wanted);
        return;
    }
    if family.new.as_ref().is_some_and(|new| is_saturated(new, wanted)) {
        for old in family.old.clone() {
            resize(client, family, &old, 0);
        }
        return;
    }
    if !family.recreates() {
        spread_over(client, family, active);
    }
}

/// Whether a set alone has everything that the Deployment wants.
fn is_saturated(set: &ReplicaSet, wanted: i64) -> bool {
    size(set) == wanted && available(set) == wanted && annotation(set, DESIRED) == Some(wanted)
}

fn spread_over(client: &mut Client<'_>, family: &mut Family, mut active: Vec<Arc<ReplicaSet>>) {
    let wanted = family.wanted();
    let (surge, _) = family.bounds();
    let allowed = if wanted > 0 { wanted + surge } else { 0 };
    let total: i64 = active.iter().map(|set| size(set)).sum();
    let to_add = allowed - total;
    let created = |set: &Arc<ReplicaSet>| set.metadata.creation_timestamp.clone();
    if to_add >= 0 {
        active.sort_by_key(|set| (Reverse(size(set)), Reverse(created(set))));
    } else {
        active.sort_by_key(|set| (Reverse(size(set)), created(set)));
    }
    let mut added = 0;
    let mut sizes: Vec<i64> = Vec::new();
    for set in &active {
        let share = if to_add == 0 { 0 } else { fraction(set, allowed, wanted) };
        let share = match to_add {
            0 => 0,
            1.. => share.clamp(0, to_add - added),
            _ => share.clamp(to_add - added, 0),
        };
        added += share;
        sizes.push(size(set) + share);
    }
    if let Some(first) = sizes.first_mut() {
        *first = (*first + to_add - added).max(0);
    }
    for (set, new_size) in active.iter().zip(sizes) {
        resize(client, family, set, new_size);
    }
}

/// How much a set grows when the Deployment's maximum goes to `allowed`.
fn fraction(set: &ReplicaSet, allowed: i64, wanted: i64) -> i64 {
    if wanted == 0 {
        return -size(set);
    }
    let before = annotation(set, MAXIMUM).filter(|maximum| *maximum > 0).unwrap_or(allowed);
    let exact = size(set) as f64 * allowed as f64 / before as f64;
    exact.round() as i64 - size(set)
}

/// How big the new set may become now, if it has `current` replicas.
pub(super) fn new_size(family: &Family, current: i64) -> i64 {
    let wanted = family.wanted();
    if family.recreates() {
        return wanted;
    }
    let (surge, _) = family.bounds();
    let pods: i64 = family.all().map(|set| size(set)).sum();
    let room = wanted + surge - pods;
    if room <= 0 { current } else { current + room.min(wanted - current) }
}

/// Sizes one set and tells so. Says whether its size changed.
pub(super) fn resize(
    client: &mut Client<'_>,
    family: &mut Family,
    set: &Arc<ReplicaSet>,
    new_size: i64,
) -> bool {
    let old_size = size(set);
    let (surge, _) = family.bounds();
    let mut annotations = set.metadata.annotations.clone();
    annotate(&mut annotations, family.wanted(), surge);
    if annotations == set.metadata.annotations && new_size == old_size {
        return false;
    }
    let mut changed = ReplicaSet::clone(set);
    changed.metadata.annotations = annotations;
    if let Some(spec) = &mut changed.spec {
        spec.replicas = Some(i32::try_from(new_size).unwrap_or(i32::MAX));
    }
    let Some(stored) = client.update(changed) else { return false };
    let name = stored.metadata.name.clone().unwrap_or_default();
    family.replace(stored);
    if new_size == old_size {
        return false;
    }
    let way = if new_size > old_size { "up" } else { "down" };
    let message = format!("Scaled {way} replica set {name} from {old_size} to {new_size}");
    client.normal(&*family.deployment, COMPONENT, "ScalingReplicaSet", message);
    true
}

/// Notes the Deployment's size in a set's annotations.
pub(super) fn annotate(set: &mut Option<Labels>, wanted: i64, surge: i64) {
    let annotations = set.get_or_insert_default();
    annotations.insert(DESIRED.to_owned(), wanted.to_string());
    annotations.insert(MAXIMUM.to_owned(), (wanted + surge).to_string());
}

fn annotation(set: &ReplicaSet, name: &str) -> Option<i64> {
    set.metadata.annotations.as_ref()?.get(name)?.parse().ok()
}
