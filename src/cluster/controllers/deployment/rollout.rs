//! The two strategies: step by step within the bounds, or all down before all up (R3.3).

use super::super::{Client, owner};
use super::{Family, available, revision, scale, size};
use crate::api::Kind;

/// One step of a rolling update. Says whether there was nothing left to resize.
pub(super) fn roll(client: &mut Client<'_>, family: &mut Family) -> bool {
    revision::sync(client, family, true);
    !(grow_new(client, family) || shrink_old(client, family))
}

/// One step of a `Recreate` update: the new set is made when no old pod is left.
pub(super) fn recreate(client: &mut Client<'_>, family: &mut Family) -> bool {
    revision::sync(client, family, false);
    let mut shrunk = false;
    for old in family.old.clone() {
        if size(&old) > 0 {
            shrunk |= scale::resize(client, family, &old, 0);
        }
    }
    if shrunk || old_pods_run(client, family) {
        return false;
    }
    if family.new.is_none() {
        revision::sync(client, family, true);
    }
    let wanted = family.wanted();
    match family.new.clone() {
        Some(new) => !scale::resize(client, family, &new, wanted),
        None => false,
    }
}

/// Whether pods of old sets still run, those being deleted included.
fn old_pods_run(client: &Client<'_>, family: &Family) -> bool {
    family.old.iter().any(|set| {
        let children = client.index.children_of_kind(owner::uid(&set.metadata), Kind::Pod);
        let mut pods = children.filter_map(|key| client.index.pod(&key.namespace, &key.name));
        pods.any(|pod| !pod.is_finished())
    })
}

/// Grows (or cuts back) the new set as far as the surge allows.
fn grow_new(client: &mut Client<'_>, family: &mut Family) -> bool {
    let Some(new) = family.new.clone() else { return false };
    let wanted = family.wanted();
    let target = if size(&new) > wanted { wanted } else { scale::new_size(family, size(&new)) };
    scale::resize(client, family, &new, target)
}

/// Shrinks old sets as far as enough pods stay available: broken pods first.
fn shrink_old(client: &mut Client<'_>, family: &mut Family) -> bool {
    let old_total: i64 = family.old.iter().map(|set| size(set)).sum();
    let Some(new) = family.new.clone().filter(|_| old_total > 0) else { return false };
    let (_, missing) = family.bounds();
    let least = family.wanted() - missing;
    let total = old_total + size(&new);
    let budget = total - least - (size(&new) - available(&new));
    if budget <= 0 {
        return false;
    }
    let broken = drop_broken(client, family, budget);
    let spare = drop_spare(client, family, least);
    broken || spare
}

/// Takes pods that are not available from old sets.
fn drop_broken(client: &mut Client<'_>, family: &mut Family, budget: i64) -> bool {
    let mut left = budget;
    let mut dropped = false;
    for old in family.old.clone() {
        let broken = (size(&old) - available(&old)).clamp(0, left.max(0));
        if size(&old) > 0 && broken > 0 {
            let target = size(&old) - broken;
            dropped |= scale::resize(client, family, &old, target);
            left -= broken;
        }
    }
    dropped
}

/// Takes available pods from old sets, as many as are not needed.
fn drop_spare(client: &mut Client<'_>, family: &mut Family, least: i64) -> bool {
    let mut spare = family.all().map(|set| available(set)).sum::<i64>() - least;
    let mut dropped = false;
    for old in family.old.clone() {
        let taken = size(&old).min(spare.max(0));
        if taken > 0 {
            let target = size(&old) - taken;
            dropped |= scale::resize(client, family, &old, target);
            spare -= taken;
        }
    }
    dropped
}
