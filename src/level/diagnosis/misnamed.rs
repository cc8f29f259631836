//! Variables that were set under a name which nobody reads, beside the one that is read.
//!
//! `kubectl set env` takes any name, and adds what is not there yet. Whether the value under the right name makes
//! the goal pass is tried in a copy.

use k8s_openapi::api::core::v1::{Container, EnvVar};

use super::trial::{self, Tried};
use super::{Diagnosis, Facts, locate, look, owners, variables};
use crate::api::{Kind, Pod};
use crate::cluster::Place;
use crate::diagnostic::nearest;
use crate::shell::quoted;

/// A fault of a variable's value, where the right value stands beside it under a name that is nearly its own.
pub(super) fn instead(facts: &Facts<'_>, said: Diagnosis) -> Diagnosis {
    if said.is_of_an_unsent_file() {
        return said;
    }
    found(facts, &said).unwrap_or(said)
}

fn found(facts: &Facts<'_>, said: &Diagnosis) -> Option<Diagnosis> {
    let Place::Container { namespace, pod, container } = facts.client_place()? else { return None };
    let pod = facts.case.cluster.objects().get::<Pod>(&namespace, &pod)?;
    let maker = owners::object(facts, pod);
    if !matches!(maker.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet) {
        return None;
    }
    let containers = &pod.spec.as_ref()?.containers;
    let spec = containers.iter().find(|one| *one.name == *container)?;
    let (read, other, value) = pair(&facts.case.goal.run, spec)?;
    let (kind, place) = (maker.kind.info(), look::in_namespace(&maker.namespace));
    let set = format!(
        "kubectl set env {}/{}{place} -c {container} {read}={}",
        kind.singular,
        maker.name,
        quoted(value)
    );
    (trial::after(facts, &set) == Tried::Passes).then_some(())?;
    let source = facts.locator.source(kind.name, &maker.namespace, &maker.name);
    let written = source.and_then(|source| {
        let pointer = "/spec/template/spec/containers";
        let all = source.value.pointer(pointer)?.as_array()?;
        let index = all.iter().position(|one| one["name"].as_str() == Some(&*container))?;
        let listed = all[index]["env"].as_array()?;
        let entry = listed.iter().position(|one| one["name"].as_str() == Some(other))?;
        let path = format!("spec.template.spec.containers[{index}].env[{entry}].name");
        locate::at(&source, &path)
    });
    let fix = match written {
        Some(_) => format!("give {read} that value in place of {other}, apply, and send again"),
        None => format!("{set} {other}-, and send again"),
    };
    Some(
        said.clone()
            .look([look::yaml("pod", &namespace, pod.metadata.name.as_deref()?)])
            .fact(format!(
                "container {container} has {other}={value} as well, which the goal's command does not read: it reads {read}"
            ))
            .nearest(Some(read.to_owned()))
            .at(written)
            .fix(fix),
    )
}

/// A variable that the command reads, the one of nearly its name that it does not read, and that one's value.
fn pair<'c>(run: &str, container: &'c Container) -> Option<(&'c str, &'c str, &'c str)> {
    let all = || container.env.iter().flatten();
    let is_read = |one: &EnvVar| variables::used(&one.name).iter().any(|used| run.contains(used));
    all().filter(|one| is_read(one)).find_map(|read| {
        let others = all().filter(|one| !is_read(one) && one.value != read.value);
        let near = nearest(&read.name, others.clone().map(|one| one.name.as_str()))?;
        let other = others.into_iter().find(|one| one.name == near)?;
        Some((read.name.as_str(), near, other.value.as_deref()?))
    })
}
