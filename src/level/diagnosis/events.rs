//! Goals that were met only because what the level does meanwhile did not happen.

use k8s_openapi::api::apps::v1::Deployment;

use super::{Case, Diagnosis, Facts, trial};
use crate::level::acts::{Act, STRICT};
use crate::level::format::Event;

/// Says what did not happen, and which of the player's objects stands in the way.
pub(super) fn diagnose(facts: &Facts<'_>, event: &Event, act: &Act) -> Diagnosis {
    let run = event.run.trim();
    let happened = match act.exit == event.exit {
        true => "changed nothing".to_owned(),
        false => format!("ended with exit code {}", act.exit),
    };
    let said = Diagnosis::new(
        "event-failed",
        format!("what happens during this goal could not happen: the level's command {happened}"),
    )
    .look(["kubectl get deployments -A".to_owned()])
    .fact(format!("the level ran: {run}"))
    .facts(Some(act.said.clone()).filter(|said| !said.is_empty()));
    let resumed = paused(facts.case).and_then(|(namespace, name)| {
        let resume = format!("kubectl rollout resume deployment {name} -n {namespace}");
        // Another Deployment's pause has nothing to do with it.
        let tried = trial::after(facts, &format!("{STRICT}\n{resume}\n{run}"));
        (tried != trial::Tried::Refused).then_some((namespace, name, resume))
    });
    let Some((namespace, name, resume)) = resumed else {
        return said.fix("keep what the command names, so that it works as it did at the start");
    };
    said.fact(format!("Deployment {name} is paused: it rolls out nothing"))
        .at(facts.locator.field("Deployment", &namespace, &name, "spec.paused"))
        .fix(format!("resume it: {resume}"))
}

/// A Deployment that is paused.
fn paused(case: &Case<'_>) -> Option<(String, String)> {
    let mut all = case.cluster.objects().list::<Deployment>(None);
    let paused = all.find(|deployment| {
        deployment.spec.as_ref().is_some_and(|spec| spec.paused == Some(true))
    })?;
    Some((paused.metadata.namespace.clone()?, paused.metadata.name.clone()?))
}
