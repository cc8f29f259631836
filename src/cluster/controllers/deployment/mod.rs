//! Deployment: rolls a template out through ReplicaSets (R3.3).
//!
//! A new template makes a new ReplicaSet; [`rollout`] shifts replicas from the old ones to it,
//! [`revision`] finds, numbers and creates the sets, [`scale`] spreads a changed size over them,
//! and [`status`] tells how far everything is.

mod revision;
mod rollout;
mod scale;
mod status;
#[cfg(test)]
mod tests;

pub(crate) use revision::same_template;

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Client, Key, owner};
use crate::api::Kind;
use crate::api::selector::LabelSelector;

const COMPONENT: &str = "deployment-controller";

/// A Deployment with its ReplicaSets.
struct Family {
    /// As it is stored; conditions that come up on the way are collected in its status.
    deployment: Arc<Deployment>,
    /// The set of the current template, once there is one.
    new: Option<Arc<ReplicaSet>>,
    /// The sets of earlier templates, oldest first.
    old: Vec<Arc<ReplicaSet>>,
}

/// Brings a Deployment a step closer to its template.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(deployment) = client.get::<Deployment>(key) else { return };
    if deployment.spec.is_none() {
        return;
    }
    let sets = claim(client, &deployment);
    let mut family = revision::family(deployment.clone(), sets);
    if deployment.metadata.deletion_timestamp.is_some() {
        status::write(client, &family, &deployment);
        return;
    }
    status::note_pause(&mut family, client.now);
    if family.paused() || scale::is_wanted(&family) {
        revision::sync(client, &mut family, false);
        scale::spread(client, &mut family);
        if family.paused() {
            revision::clean_up(client, &family);
        }
        status::write(client, &family, &deployment);
        return;
    }
    let settled = if family.recreates() {
        rollout::recreate(client, &mut family)
    } else {
        rollout::roll(client, &mut family)
    };
    if settled && status::is_complete(&family) {
        revision::clean_up(client, &family);
    }
    status::write_progress(client, family, &deployment);
}

/// The Deployment's ReplicaSets: its own, and orphans that it selects and now adopts.
fn claim(client: &mut Client<'_>, deployment: &Deployment) -> Vec<Arc<ReplicaSet>> {
    let meta = &deployment.metadata;
    let uid = owner::uid(meta);
    let Some(spec) = &deployment.spec else { return Vec::new() };
    let selector = LabelSelector::of(&spec.selector);
    let (mut sets, leaving): (Vec<_>, Vec<_>) = client
        .controlled::<ReplicaSet>(uid)
        .into_iter()
        .partition(|set| selector.matches(set.metadata.labels.as_ref()));
    if meta.deletion_timestamp.is_some() {
        return sets;
    }
    for set in leaving {
        let mut set = ReplicaSet::clone(&set);
        owner::release(&mut set.metadata, uid);
        client.update(set);
    }
    let namespace = meta.namespace.as_deref().unwrap_or("");
    let names: Vec<Arc<str>> = client.index.loose_sets(namespace).cloned().collect();
    for name in names {
        let Some(set) = client.get::<ReplicaSet>(&Key::new(namespace, &name)) else { continue };
        let free = owner::controller(&set.metadata).is_none();
        let alive = set.metadata.deletion_timestamp.is_none();
        if free && alive && selector.matches(set.metadata.labels.as_ref()) {
            let mut set = ReplicaSet::clone(&set);
            owner::adopt(&mut set.metadata, Kind::Deployment, meta);
            sets.extend(client.update(set));
        }
    }
    sets
}

impl Family {
    /// The number of pods that the Deployment asks for.
    fn wanted(&self) -> i64 {
        self.deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1).into()
    }

    fn paused(&self) -> bool {
        self.deployment.spec.as_ref().and_then(|spec| spec.paused) == Some(true)
    }

    fn recreates(&self) -> bool {
        let strategy = self.deployment.spec.as_ref().and_then(|spec| spec.strategy.as_ref());
        strategy.and_then(|strategy| strategy.type_.as_deref()) == Some("Recreate")
    }

    fn all(&self) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        self.old.iter().chain(&self.new)
    }

    /// How many pods may exist beyond the wanted number, and how many may be missing. Of
    /// percentages the surge is rounded up and the unavailable are rounded down; both zero would
    /// stop every rollout, so one may then be missing.
    fn bounds(&self) -> (i64, i64) {
        let strategy = self.deployment.spec.as_ref().and_then(|spec| spec.strategy.as_ref());
        let Some(rolling) = strategy.and_then(|strategy| strategy.rolling_update.as_ref()) else {
            return (0, 0);
        };
        if self.recreates() {
            return (0, 0);
        }
        let wanted = self.wanted();
        let surge = share(rolling.max_surge.as_ref(), wanted, true);
        let missing = share(rolling.max_unavailable.as_ref(), wanted, false);
        let missing = if surge == 0 && missing == 0 { 1 } else { missing };
        (surge, missing.min(wanted))
    }

    /// Puts a ReplicaSet back after it was changed.
    fn replace(&mut self, changed: Arc<ReplicaSet>) {
        let same = |set: &Arc<ReplicaSet>| set.metadata.uid == changed.metadata.uid;
        if self.new.as_ref().is_some_and(same) {
            self.new = Some(changed);
        } else if let Some(place) = self.old.iter().position(same) {
            self.old[place] = changed;
        }
    }
}

/// A number, or a percentage of `whole`. Numbers of pods are computed in more bits than fields have,
/// since the largest that a field may have still takes a surge.
pub(super) fn share(value: Option<&IntOrString>, whole: i64, up: bool) -> i64 {
    match value {
        None => 0,
        Some(IntOrString::Int(number)) => (*number).into(),
        Some(IntOrString::String(text)) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
            let hundredfold = whole.saturating_mul(percent);
            let shared = hundredfold / 100 + i64::from(up && hundredfold % 100 > 0);
            shared.min(i32::MAX.into())
        }
    }
}

/// The replicas that a set asks for.
fn size(set: &ReplicaSet) -> i64 {
    set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1).into()
}

/// The replicas of a set that are available.
fn available(set: &ReplicaSet) -> i64 {
    set.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0).into()
}

/// The replicas that a set has.
fn existing(set: &ReplicaSet) -> i32 {
    set.status.as_ref().map_or(0, |status| status.replicas)
}
