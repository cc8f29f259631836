//! What runs in a container beside its program, and what every process in it finds there.

use std::time::Duration;

use super::worker::{Host, Worker};
use super::{Owner, Purpose, etc, identity};
use crate::cluster::Place;
use crate::cluster::processes::{Keeper, Spawn};
use crate::network::ProcessId;

/// What a container does in its first seconds is waited for when the cluster settles.
pub(super) const SETTLING_IN: Duration = Duration::from_secs(5);

/// Where the container's processes run.
pub(super) fn place(worker: &Worker, index: usize) -> Place {
    Place::Container {
        namespace: worker.namespace.clone(),
        pod: worker.name.clone(),
        container: worker.containers[index].name.clone(),
    }
}

/// Everything that the container's processes find in their environment.
pub(super) fn environment(worker: &Worker, index: usize) -> Vec<(String, String)> {
    let container = &worker.containers[index];
    let mut all: Vec<(String, String)> = Vec::new();
    let mut put = |name: &str, value: &str, replace: bool| match all
        .iter()
        .position(|(known, _)| known == name)
    {
        Some(at) if replace => all[at].1 = value.to_owned(),
        Some(_) => {}
        None => all.push((name.to_owned(), value.to_owned())),
    };
    let image = container.image.as_deref();
    let from_image = image.map(|image| image.environment.as_slice()).unwrap_or_default();
    if let Some((name, value)) = from_image.first() {
        put(name, value, true);
    }
    put("HOSTNAME", &etc::hostname(&worker.pod), true);
    for (name, value) in from_image.iter().skip(1) {
        put(name, value, true);
    }
    for (name, value) in &container.variables {
        put(name, value, true);
    }
    // Explicit variables win over those of Services (R10.1).
    for (name, value) in container.links.iter() {
        put(name, value, false);
    }
    put("HOME", &identity::of(worker, index).home, false);
    all
}

/// Runs a command in a container, beside its program.
pub(super) fn execute(
    worker: &Worker,
    index: usize,
    host: &mut Host<'_>,
    command: &[String],
    purpose: Purpose,
) -> Option<ProcessId> {
    let netns = worker.sandbox.as_ref()?.netns;
    let image = worker.containers[index].image.clone()?;
    let place = place(worker, index);
    let variables = environment(worker, index);
    let program = host.userland.start(command, variables, &place, &image).ok()?;
    let owner = Owner { pod: worker.key, container: index, purpose };
    let starting_until = host.now + SETTLING_IN;
    let keeper = Keeper::Kubelet(owner);
    Some(host.processes.spawn(host.now, Spawn { place, netns, keeper, program, starting_until }))
}

/// What runc says of an executable that is not there.
pub(super) fn not_found(name: &str) -> String {
    match name.contains('/') {
        true => format!("stat {name}: no such file or directory"),
        false => "executable file not found in $PATH".to_owned(),
    }
}
