//! A Deployment's status: counts, and the conditions Available, Progressing and ReplicaFailure.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentCondition, DeploymentStatus, ReplicaSetStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::super::queue::Actor;
use super::super::{Client, Key};
use super::Family;
use crate::clock::SimTime;

/// A condition's type, status, reason and message.
struct Finding<'a> {
    type_: &'a str,
    status: &'a str,
    reason: &'a str,
    message: String,
}

/// Notes that the Deployment was paused or resumed, so that the deadline stops and starts anew.
pub(super) fn note_pause(family: &mut Family, now: SimTime) {
    let paused = family.paused();
    if deadline(&family.deployment).is_none() {
        return;
    }
    let reason = progressing(&family.deployment).and_then(|known| known.reason.clone());
    let (reason, message) = match (paused, reason.as_deref()) {
        (true, Some("ProgressDeadlineExceeded" | "DeploymentPaused")) => return,
        (true, _) => ("DeploymentPaused", "Deployment is paused"),
        (false, Some("DeploymentPaused")) => ("DeploymentResumed", "Deployment is resumed"),
        (false, _) => return,
    };
    let message = message.to_owned();
    note(family, Finding { type_: "Progressing", status: "Unknown", reason, message }, now);
}

/// Notes that the current template's set was already there.
pub(super) fn note_found(family: &mut Family, name: &str, now: SimTime) {
    if deadline(&family.deployment).is_some() && progressing(&family.deployment).is_none() {
        let message = format!("Found new replica set \"{name}\"");
        let reason = "FoundNewReplicaSet";
        note(family, Finding { type_: "Progressing", status: "True", reason, message }, now);
    }
}

/// Notes that the current template's set was made.
pub(super) fn note_created(family: &mut Family, name: &str, now: SimTime) {
    if deadline(&family.deployment).is_some() {
        let message = format!("Created new replica set \"{name}\"");
        let reason = "NewReplicaSetCreated";
        note(family, Finding { type_: "Progressing", status: "True", reason, message }, now);
    }
}

fn note(family: &mut Family, finding: Finding<'_>, now: SimTime) {
    let deployment = Arc::make_mut(&mut family.deployment);
    set(deployment.status.get_or_insert_default(), finding, now);
}

/// Whether every replica is of the current template, and available.
pub(super) fn is_complete(family: &Family) -> bool {
    let status = count(family);
    let wanted = family.wanted();
    let all = |count: Option<i32>| i64::from(count.unwrap_or(0)) == wanted;
    all(status.updated_replicas) && all(status.replicas) && all(status.available_replicas)
}

/// Writes counts and availability; `stored` is what the store has.
pub(super) fn write(client: &mut Client<'_>, family: &Family, stored: &Deployment) {
    let status = assess(family, client.now);
    store(client, family, stored, status);
}

/// As [`write`], with what has become of the rollout.
pub(super) fn write_progress(client: &mut Client<'_>, family: Family, stored: &Deployment) {
    let now = client.now;
    let mut status = assess(&family, now);
    let before = stored.status.clone().unwrap_or_default();
    let name = match &family.new {
        Some(set) => format!("ReplicaSet \"{}\"", set.metadata.name.as_deref().unwrap_or("")),
        None => {
            format!("Deployment \"{}\"", stored.metadata.name.as_deref().unwrap_or_default())
        }
    };
    match deadline(&family.deployment) {
        None => drop_condition(&mut status, "Progressing"),
        Some(deadline) if !was_complete(&status) => {
            if is_complete(&family) {
                let finding = Finding {
                    type_: "Progressing",
                    status: "True",
                    reason: "NewReplicaSetAvailable",
                    message: format!("{name} has successfully progressed."),
                };
                set(&mut status, finding, now);
            } else if has_progressed(&before, &status) {
                progress(&mut status, format!("{name} is progressing."), now);
            } else if is_late(client, &family, &status, deadline) {
                let finding = Finding {
                    type_: "Progressing",
                    status: "False",
                    reason: "ProgressDeadlineExceeded",
                    message: format!("{name} has timed out progressing."),
                };
                set(&mut status, finding, now);
            }
        }
        Some(_) => {}
    }
    store(client, &family, stored, status);
}

fn store(
    client: &mut Client<'_>,
    family: &Family,
    stored: &Deployment,
    mut status: DeploymentStatus,
) {
    pass_failure_on(family, &mut status);
    let annotations = &family.deployment.metadata.annotations;
    let status = Some(status);
    if *annotations != stored.metadata.annotations || status != stored.status {
        let mut changed = Deployment { status, ..stored.clone() };
        changed.metadata.annotations.clone_from(annotations);
        client.update(changed);
    }
}

/// Whether the rollout was found complete before, and nothing of an old template came back.
fn was_complete(status: &DeploymentStatus) -> bool {
    let available = |condition: &&DeploymentCondition| {
        condition.type_ == "Progressing"
            && condition.reason.as_deref() == Some("NewReplicaSetAvailable")
    };
    status.replicas == status.updated_replicas
        && status.conditions.iter().flatten().any(|condition| available(&condition))
}

/// Whether there are more updated, ready or available pods, or fewer old ones.
fn has_progressed(before: &DeploymentStatus, after: &DeploymentStatus) -> bool {
    let number = |count: Option<i32>| count.unwrap_or(0);
    let old = |status: &DeploymentStatus| number(status.replicas) - number(status.updated_replicas);
    number(after.updated_replicas) > number(before.updated_replicas)
        || old(after) < old(before)
        || number(after.ready_replicas) > number(before.ready_replicas)
        || number(after.available_replicas) > number(before.available_replicas)
}

/// The condition of a rollout that moves; its update time is what the deadline counts from.
fn progress(status: &mut DeploymentStatus, message: String, now: SimTime) {
    let known = status.conditions.iter().flatten().find(|known| known.type_ == "Progressing");
    let since = known
        .filter(|known| known.status == "True")
        .and_then(|known| known.last_transition_time.clone());
    drop_condition(status, "Progressing");
    let moment = Time(now.whole_seconds());
    status.conditions.get_or_insert_default().push(DeploymentCondition {
        last_transition_time: since.or(Some(moment.clone())),
        last_update_time: Some(moment),
        message: Some(message),
        reason: Some("ReplicaSetUpdated".to_owned()),
        status: "True".to_owned(),
        type_: "Progressing".to_owned(),
    });
}

/// Whether the rollout has stood still for longer than its deadline. Otherwise the Deployment is
/// looked at again when it may have.
fn is_late(
    client: &mut Client<'_>,
    family: &Family,
    status: &DeploymentStatus,
    deadline: Duration,
) -> bool {
    let known = status.conditions.iter().flatten().find(|known| known.type_ == "Progressing");
    let Some(known) = known else { return false };
    match known.reason.as_deref() {
        Some("ProgressDeadlineExceeded") => return true,
        Some("DeploymentPaused") => return false,
        _ => {}
    }
    let Some(since) = &known.last_update_time else { return false };
    let end = SimTime::from_timestamp(since.0) + deadline + Duration::from_secs(1);
    if end > client.now {
        client.queue.remind(end, Actor::Deployment, Key::of(&family.deployment.metadata));
    }
    end <= client.now
}

/// The Deployment's counts, without conditions.
fn count(family: &Family) -> DeploymentStatus {
    let sum = |of: fn(&ReplicaSetStatus) -> i32| -> i32 {
        family.all().filter_map(|set| set.status.as_ref()).map(of).sum()
    };
    let some = |count: i32| Some(count).filter(|count| *count != 0);
    let available = sum(|status| status.available_replicas.unwrap_or(0));
    let total: i64 = family.all().map(|set| super::size(set)).sum();
    let missing = (total - i64::from(available)).clamp(0, i32::MAX.into());
    let updated = family.new.as_ref().map_or(0, |set| super::existing(set));
    DeploymentStatus {
        available_replicas: some(available),
        observed_generation: family.deployment.metadata.generation,
        ready_replicas: some(sum(|status| status.ready_replicas.unwrap_or(0))),
        replicas: some(sum(|status| status.replicas)),
        terminating_replicas: Some(sum(|status| status.terminating_replicas.unwrap_or(0))),
        unavailable_replicas: some(i32::try_from(missing).unwrap_or(i32::MAX)),
        updated_replicas: some(updated),
        ..DeploymentStatus::default()
    }
}

/// Counts, and whether enough pods are available.
fn assess(family: &Family, now: SimTime) -> DeploymentStatus {
    let mut status = count(family);
    let known = family.deployment.status.as_ref();
    status.collision_count = known.and_then(|status| status.collision_count);
    status.conditions = known.and_then(|status| status.conditions.clone());
    let (_, missing) = family.bounds();
    let enough = i64::from(status.available_replicas.unwrap_or(0)) >= family.wanted() - missing;
    let (truth, reason, message) = if enough {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    let message = message.to_owned();
    set(&mut status, Finding { type_: "Available", status: truth, reason, message }, now);
    status
}

/// A ReplicaSet that cannot create its pods makes its Deployment say so too.
fn pass_failure_on(family: &Family, status: &mut DeploymentStatus) {
    let failure = family
        .all()
        .filter_map(|set| set.status.as_ref()?.conditions.as_ref())
        .flatten()
        .find(|condition| condition.type_ == "ReplicaFailure");
    drop_condition(status, "ReplicaFailure");
    if let Some(failure) = failure {
        status.conditions.get_or_insert_default().push(DeploymentCondition {
            last_transition_time: failure.last_transition_time.clone(),
            last_update_time: failure.last_transition_time.clone(),
            message: failure.message.clone(),
            reason: failure.reason.clone(),
            status: failure.status.clone(),
            type_: failure.type_.clone(),
        });
    }
}

/// Sets a condition, unless it already says so. A changed one goes to the end.
fn set(status: &mut DeploymentStatus, finding: Finding<'_>, now: SimTime) {
    let conditions = status.conditions.get_or_insert_default();
    let known = conditions.iter().find(|known| known.type_ == finding.type_);
    let same_status = known.filter(|known| known.status == finding.status);
    if same_status.is_some_and(|known| known.reason.as_deref() == Some(finding.reason)) {
        return;
    }
    let moment = Time(now.whole_seconds());
    let since = same_status.and_then(|known| known.last_transition_time.clone());
    let condition = DeploymentCondition {
        last_transition_time: since.or(Some(moment.clone())),
        last_update_time: Some(moment),
        message: Some(finding.message),
        reason: Some(finding.reason.to_owned()),
        status: finding.status.to_owned(),
        type_: finding.type_.to_owned(),
    };
    conditions.retain(|known| known.type_ != condition.type_);
    conditions.push(condition);
}

fn drop_condition(status: &mut DeploymentStatus, type_: &str) {
    if let Some(conditions) = &mut status.conditions {
        conditions.retain(|known| known.type_ != type_);
    }
}

fn progressing(deployment: &Deployment) -> Option<&DeploymentCondition> {
    let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|condition| condition.type_ == "Progressing")
}

/// `spec.progressDeadlineSeconds`; `i32::MAX` means that there is none.
fn deadline(deployment: &Deployment) -> Option<Duration> {
    let seconds = deployment.spec.as_ref()?.progress_deadline_seconds?;
    let seconds = u64::try_from(seconds).ok().filter(|_| seconds != i32::MAX)?;
    Some(Duration::from_secs(seconds))
}
