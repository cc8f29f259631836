//! What a goal would come to if something were changed: tried in a copy of the cluster.
//!
//! A way out that has not been tried is a guess. Where a change is one command, it is made in a copy,
//! and the goal's requests are sent there.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;

use super::Facts;
use crate::cluster::{Cluster, Place};
use crate::level::format::Goal;
use crate::level::probe::{self, Miss};
use crate::shell;

/// How long a command and the controllers may take.
const LIMIT: Duration = Duration::from_secs(60);

/// How long probes, resolvers and containers' own requests have to follow a change.
const PATIENCE: Duration = Duration::from_secs(15);

/// How many requests are sent at most.
const MOST_REQUESTS: u32 = 60;

/// How much may happen between two requests.
const MOST_STEPS: u32 = 50_000;

/// What became of the goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// It passes.
    Passes,
    /// It fails still: in what the last request missed it, unless too few pods served.
    Fails(Option<Miss>),
    /// The change itself can't be made.
    Refused,
}

/// What the goal comes to after a command on the laptop.
pub(super) fn after(facts: &Facts<'_>, command: &str) -> Tried {
    changed(facts, command).map_or(Tried::Refused, |cluster| send(facts, cluster))
}

/// How often a change is tried of which chance may have a part.
const ROUNDS: u32 = 6;

/// Whether the goal passes after a command, and goes on to: where a Service chooses among good and bad
/// endpoints, one round proves nothing.
pub(super) fn is_sure(facts: &Facts<'_>, command: &str) -> bool {
    let Some(mut cluster) = changed(facts, command) else { return false };
    (0..ROUNDS).all(|_| send_in(facts, &mut cluster) == Tried::Passes)
}

/// A copy of the cluster after a command on the laptop, or nothing if the command failed.
pub(super) fn changed(facts: &Facts<'_>, command: &str) -> Option<Cluster> {
    let mut cluster = facts.case.cluster.clone();
    let finished = shell::run_at(&mut cluster, &Place::Laptop, facts.case.files, command, LIMIT);
    if finished.exit != 0 {
        return None;
    }
    rest(&mut cluster);
    Some(cluster)
}

/// Lets the controllers, the probes and containers' own requests follow what was changed.
fn rest(cluster: &mut Cluster) {
    cluster.settle(LIMIT);
    wait(cluster, PATIENCE);
}

/// Whether a command on the laptop ends well.
pub(super) fn succeeds(facts: &Facts<'_>, command: &str) -> bool {
    let mut cluster = facts.case.cluster.clone();
    shell::run_at(&mut cluster, &Place::Laptop, facts.case.files, command, LIMIT).exit == 0
}

/// Whether the goal passes once controllers and probes have had as long as after a change, though nothing is
/// changed: then it was a matter of chance, or of time.
pub(super) fn passes_later(facts: &Facts<'_>) -> bool {
    let mut cluster = facts.case.cluster.clone();
    rest(&mut cluster);
    send(facts, cluster) == Tried::Passes
}

/// Whether the goal passes once this time has passed, though nothing is changed.
pub(super) fn passes_in(facts: &Facts<'_>, time: Duration) -> bool {
    let mut cluster = facts.case.cluster.clone();
    wait(&mut cluster, time);
    send(facts, cluster) == Tried::Passes
}

/// Whether the goal passes once this time has passed after a command on the laptop.
pub(super) fn passes_in_after(facts: &Facts<'_>, time: Duration, command: &str) -> bool {
    changed(facts, command).is_some_and(|mut cluster| {
        wait(&mut cluster, time);
        send(facts, cluster) == Tried::Passes
    })
}

/// A merge patch of a Service's spec, as a command.
pub(super) fn patch(namespace: &str, service: &str, spec: &str) -> String {
    format!("kubectl patch service {service} -n {namespace} --type=merge -p '{{\"spec\":{spec}}}'")
}

/// Another node port of a Service, as a command.
pub(super) fn node_port(namespace: &str, service: &str, index: usize, port: u16) -> String {
    let path = format!("/spec/ports/{index}/nodePort");
    let patch = format!("[{{\"op\":\"add\",\"path\":\"{path}\",\"value\":{port}}}]");
    format!("kubectl patch service {service} -n {namespace} --type=json -p '{patch}'")
}

/// One more port of a Service, as a command; ports of several need names.
pub(super) fn one_more_port(namespace: &str, service: &Service, port: u16, target: u16) -> String {
    let own = service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
    let named = own.iter().enumerate().filter(|(_, one)| one.name.is_none()).map(|(index, one)| {
        let value = format!("port-{}", one.port);
        format!("{{\"op\":\"add\",\"path\":\"/spec/ports/{index}/name\",\"value\":\"{value}\"}}")
    });
    let more = format!(
        "{{\"op\":\"add\",\"path\":\"/spec/ports/-\",\"value\":{{\"name\":\"port-{port}\",\"port\":{port},\"targetPort\":{target}}}}}"
    );
    let patch = named.chain([more]).collect::<Vec<_>>().join(",");
    let name = service.metadata.name.as_deref().unwrap_or("");
    format!("kubectl patch service {name} -n {namespace} --type=json -p '[{patch}]'")
}

/// Another target port of a Service, as JSON, as a command.
pub(super) fn target_port(namespace: &str, service: &str, index: usize, target: &str) -> String {
    let path = format!("/spec/ports/{index}/targetPort");
    let patch = format!("[{{\"op\":\"add\",\"path\":\"{path}\",\"value\":{target}}}]");
    format!("kubectl patch service {service} -n {namespace} --type=json -p '{patch}'")
}

/// Sends the goal's requests.
fn send(facts: &Facts<'_>, mut cluster: Cluster) -> Tried {
    send_in(facts, &mut cluster)
}

/// The same, in a copy that goes on afterwards.
fn send_in(facts: &Facts<'_>, cluster: &mut Cluster) -> Tried {
    play(facts, cluster, facts.case.goal)
}

/// A goal that passes as everything stands, and fails after a command.
pub(super) fn breaks<'a>(facts: &Facts<'a>, command: &str) -> Option<&'a Goal> {
    let copy = changed(facts, command)?;
    let passes =
        |cluster: &Cluster, goal: &Goal| play(facts, &mut cluster.clone(), goal) == Tried::Passes;
    let others = facts.case.goals.iter().filter(|goal| !std::ptr::eq(*goal, facts.case.goal));
    others.into_iter().find(|goal| passes(facts.case.cluster, goal) && !passes(&copy, goal))
}

/// Sends a goal's requests.
fn play(facts: &Facts<'_>, cluster: &mut Cluster, goal: &Goal) -> Tried {
    let (mut served, mut missed, mut last) = (BTreeSet::new(), 0, None);
    for number in 1..=goal.repeat.at_most.min(MOST_REQUESTS) {
        let run = probe::run(cluster, goal.into(), facts.case.files);
        match run.miss {
            None => served.extend(run.served_by),
            Some(miss) => {
                missed += 1;
                last = Some(miss);
            }
        }
        if missed > goal.repeat.times.saturating_sub(goal.repeat.succeed) {
            return Tried::Fails(last);
        }
        let spread = || served.iter().filter(|party| probe::is_there(cluster, party)).count();
        if number >= goal.repeat.times && spread() >= goal.repeat.spread as usize {
            return Tried::Passes;
        }
        wait(cluster, goal.repeat.every);
    }
    Tried::Fails(last)
}

/// Lets time pass in a copy.
pub(super) fn wait(cluster: &mut Cluster, time: Duration) {
    let mut steps = MOST_STEPS;
    let until = cluster.now() + time;
    cluster.advance_within(until, &mut steps);
}
