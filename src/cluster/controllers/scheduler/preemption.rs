//! DefaultPreemption: room for a pod that fits nowhere, made by ending pods of lower priority
//! (`plugins/defaultpreemption`, `framework/preemption`).
//!
//! What the end of other pods changes is the node's room: requests, pods and host ports. Rules about
//! a pod's neighbours are judged as things stand.

use std::cmp::Reverse;
use std::sync::Arc;

use k8s_openapi::api::core::v1::PodCondition;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::filter::Needs;
use super::node_cache::Seat;
use super::{Client, Key, NAME, set_condition, tell};
use crate::api::{Kind, LabelSelector, Pod};

/// What the scheduler says of a pod that may end no other, and so gets no room.
pub(super) const NEVER: &str = "not eligible due to preemptionPolicy=Never.";

/// What it says while the pods that it has ended are still going.
pub(super) const UNDER_WAY: &str = "not eligible due to a terminating pod on the nominated node.";

/// A node, and the pods that have to end there.
pub(super) struct Room {
    pub(super) node: Arc<str>,
    victims: Vec<Arc<Pod>>,
    /// How many of them a disruption budget guards.
    guarded: usize,
}

/// A pod's priority.
pub(super) fn priority(pod: &Pod) -> i32 {
    pod.spec.as_ref().and_then(|spec| spec.priority).unwrap_or(0)
}

/// Why a pod may not end others (`PodEligibleToPreemptOthers`).
pub(super) fn ineligible(client: &Client<'_>, pod: &Pod) -> Option<&'static str> {
    let policy = pod.spec.as_ref().and_then(|spec| spec.preemption_policy.as_deref());
    if policy == Some("Never") {
        return Some(NEVER);
    }
    let nominated = pod.status.as_ref().and_then(|status| status.nominated_node_name.as_deref());
    let goes = |other: &Arc<Pod>| other.is_terminating() && priority(other) < priority(pod);
    nominated.filter(|node| client.index.pods_on(node).any(goes)).map(|_| UNDER_WAY)
}

/// The node where the least is lost by making room for a pod, among those that lack nothing else
/// (`pickOneNodeForPreemption`).
pub(super) fn best<'a>(
    client: &Client<'_>,
    pod: &Pod,
    needs: &Needs<'_>,
    seats: impl Iterator<Item = &'a Seat>,
) -> Option<Room> {
    let rooms = seats.filter_map(|seat| room(client, pod, needs, seat));
    rooms.min_by_key(|room| {
        let highest = room.victims.iter().map(|victim| priority(victim)).max();
        let sum: i64 = room.victims.iter().map(|victim| i64::from(priority(victim))).sum();
        let of_highest = room.victims.iter().filter(|victim| Some(priority(victim)) == highest);
        let earliest = of_highest.filter_map(|victim| started(victim)).min();
        (room.guarded, highest, sum, room.victims.len(), Reverse(earliest), room.node.clone())
    })
}

fn started(pod: &Pod) -> Option<k8s_openapi::jiff::Timestamp> {
    pod.status.as_ref().and_then(|status| status.start_time.as_ref()).map(|time| time.0)
}

/// The pods that have to end on one node: all of lower priority, but for those that fit beside the new
/// one after all; the more important are spared first (`SelectVictimsOnNode`).
fn room(client: &Client<'_>, pod: &Pod, needs: &Needs<'_>, seat: &Seat) -> Option<Room> {
    let own = priority(pod);
    let (mut lower, mut kept): (Vec<Arc<Pod>>, Vec<Arc<Pod>>) = client
        .index
        .pods_on(&seat.name)
        .filter(|other| !other.is_finished())
        .cloned()
        .partition(|other| priority(other) < own);
    let fits = |kept: &[Arc<Pod>]| {
        needs.check(&Seat::with(&seat.node, kept.iter().map(AsRef::as_ref))).is_ok()
    };
    if lower.is_empty() || !fits(&kept) {
        return None;
    }
    let guarded = guarded(client, &lower);
    lower.sort_by_key(|victim| {
        (!guarded.contains(&victim.metadata.uid), Reverse(priority(victim)), started(victim))
    });
    let mut victims = Vec::new();
    for candidate in lower {
        kept.push(candidate.clone());
        if !fits(&kept) {
            kept.pop();
            victims.push(candidate);
        }
    }
    let count = victims.iter().filter(|victim| guarded.contains(&victim.metadata.uid)).count();
    (!victims.is_empty()).then(|| Room { node: seat.name.clone(), victims, guarded: count })
}

/// The pods that their disruption budgets guard once these end
/// (`filterPodsWithPDBViolation`).
fn guarded(client: &Client<'_>, pods: &[Arc<Pod>]) -> Vec<Option<String>> {
    let mut guarded = Vec::new();
    for budget in client.api.store().list::<PodDisruptionBudget>(None) {
        let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        let Some(selector) = selector.map(LabelSelector::of) else { continue };
        let allowed = budget.status.as_ref().and_then(|status| status.disruptions_allowed);
        let fits = |pod: &&Arc<Pod>| {
            pod.metadata.namespace == budget.metadata.namespace
                && selector.matches(pod.metadata.labels.as_ref())
        };
        let spare = usize::try_from(allowed.unwrap_or(0)).unwrap_or(0);
        let beyond = pods.iter().filter(fits).skip(spare);
        guarded.extend(beyond.map(|pod| pod.metadata.uid.clone()));
    }
    guarded
}

/// Ends the victims, and keeps their node for the pod.
pub(super) fn carry_out(client: &mut Client<'_>, pod: &Pod, room: &Room) {
    for victim in &room.victims {
        if victim.is_terminating() {
            continue;
        }
        let uid = pod.metadata.uid.as_deref().unwrap_or_default();
        let message = format!("Preempted by pod {uid} on node {}", room.node);
        tell(client, victim, false, ("Preempted", "Preempting"), message);
        let mut told = Pod::clone(victim);
        let condition = PodCondition {
            message: Some(format!("{NAME}: preempting to accommodate a higher priority pod")),
            reason: Some("PreemptionByScheduler".to_owned()),
            status: "True".to_owned(),
            type_: "DisruptionTarget".to_owned(),
            ..PodCondition::default()
        };
        set_condition(&mut told, client.now, condition);
        client.update(told);
        client.delete(Kind::Pod, &Key::of(&victim.metadata));
    }
}
