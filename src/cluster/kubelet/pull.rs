//! Images: which one a container needs, whether the registry has it, and what it says if not.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container as ContainerSpec, Secret};

use super::back_off::NOTICE;
use super::events::Told;
use super::worker::{Host, Worker};
use crate::cluster::image::{self, Lookup, Reference, Registry, reference_fault};

/// How long a kubelet waits before it looks again for something that a container needs.
const RETRY: Duration = Duration::from_secs(5);

/// Whether the container's image has to be fetched first.
pub(super) fn needs_pull(worker: &Worker, index: usize, registry: &mut Registry) -> bool {
    let Some(spec) = worker.spec_of(index) else { return false };
    let policy = spec.image_pull_policy.as_deref().unwrap_or("IfNotPresent");
    match (policy, look_up(spec, registry)) {
        // A name that is none is refused before anybody is asked.
        ("Never", _) | (_, Err(())) => false,
        ("Always", Ok(Lookup::Found(_))) => true,
        (_, Ok(found)) => !matches!(found, Lookup::Found(_)),
    }
}

/// Asks the registry.
pub(super) fn begin_pull(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    let image = image_of(worker, index);
    worker.tell_of(host, index, false, "Pulling", &format!("Pulling image \"{image}\""));
}

/// A round of the kubelet's work begins with the secrets for the registry; it goes on without those
/// that are not there.
pub(super) fn look_for_secrets(worker: &mut Worker, host: &mut Host<'_>) {
    let spec = worker.pod.spec.as_ref();
    let named = spec.into_iter().flat_map(|spec| spec.image_pull_secrets.iter().flatten());
    let missing: Vec<&str> = named
        .map(|secret| secret.name.as_str())
        .filter(|name| !name.is_empty())
        .filter(|name| host.api.store().get::<Secret>(&worker.namespace, name).is_none())
        .collect();
    if missing.is_empty() {
        return;
    }
    let message = format!(
        "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not \
         succeed.",
        missing.join(", ")
    );
    let reason = "FailedToRetrieveImagePullSecret";
    worker.tell(host, Told { warning: true, reason, message: &message, field: "" });
}

/// The registry has answered; `false` when it has no such image.
pub(super) fn finish_pull(worker: &mut Worker, index: usize, host: &mut Host<'_>) -> bool {
    let Some(spec) = worker.spec_of(index) else { return false };
    let name = spec.image.clone().unwrap_or_default();
    match look_up(spec, host.registry) {
        Ok(Lookup::Found(_)) => {
            let message = format!(
                "Successfully pulled image \"{name}\" in 700ms (700ms including waiting). \
                 Image size: 62944446 bytes."
            );
            worker.tell_of(host, index, false, "Pulled", &message);
            worker.containers[index].pulls = Default::default();
            true
        }
        missing => {
            let unknown = matches!(missing, Ok(Lookup::Unknown));
            pull_failed(worker, index, host, &failure(&name, unknown));
            false
        }
    }
}

/// What the image's name leads to; nothing when it is no name.
pub(super) fn look_up(spec: &ContainerSpec, registry: &mut Registry) -> Result<Lookup, ()> {
    let name = spec.image.as_deref().unwrap_or("");
    registry.look_up(name).map(|known| known.found.clone()).ok_or(())
}

/// The container's node has its image from now on.
pub(super) fn keep(worker: &Worker, index: usize, host: &mut Host<'_>) {
    let image = image_of(worker, index);
    if let Some(known) = host.registry.look_up(&image)
        && !host.images.contains(&(worker.node.clone(), known.name.clone()))
    {
        Arc::make_mut(host.images).insert((worker.node.clone(), known.name.clone()));
    }
}

/// Whether the container's node has its image: a container of it was started there before, by
/// somebody who may pull.
pub(super) fn is_kept(worker: &Worker, index: usize, host: &mut Host<'_>) -> bool {
    let known = host.registry.look_up(&image_of(worker, index));
    known.is_some_and(|known| host.images.contains(&(worker.node.clone(), known.name.clone())))
}

/// `imagePullPolicy: Never`, and the node does not have the image.
pub(super) fn never_pulled(
    worker: &mut Worker,
    index: usize,
    host: &mut Host<'_>,
    name: &str,
) -> bool {
    let message = format!("Container image \"{name}\" is not present with pull policy of Never");
    worker.tell_of(host, index, true, "ErrImageNeverPull", &message);
    worker.tell_of(host, index, true, "Failed", "Error: ErrImageNeverPull");
    cannot_create(worker, index, host, "ErrImageNeverPull", message)
}

pub(super) fn invalid_name(
    worker: &mut Worker,
    index: usize,
    host: &mut Host<'_>,
    name: &str,
) -> bool {
    let fault = reference_fault(name);
    let message = format!(
        "Failed to apply default image tag \"{name}\": couldn't parse image name \"{name}\": {fault}"
    );
    worker.tell_of(host, index, true, "InspectFailed", &message);
    worker.tell_of(host, index, true, "Failed", "Error: InvalidImageName");
    cannot_create(worker, index, host, "InvalidImageName", message)
}

/// The container waits for something that may never come; the kubelet looks again from time to
/// time.
pub(super) fn cannot_create(
    worker: &mut Worker,
    index: usize,
    host: &Host<'_>,
    reason: &'static str,
    message: String,
) -> bool {
    let container = &mut worker.containers[index];
    container.wait(reason, message);
    container.not_before = host.now + RETRY;
    container.retries_soon = false;
    worker.stale = true;
    false
}

fn pull_failed(worker: &mut Worker, index: usize, host: &mut Host<'_>, error: &str) {
    let image = image_of(worker, index);
    let container = &mut worker.containers[index];
    container.image_reference = image.clone();
    container.wait("ErrImagePull", error);
    let wait = container.pulls.fail();
    container.put_off(host.now, wait, NOTICE);
    worker.stale = true;
    let message = format!("Failed to pull image \"{image}\": {error}");
    worker.tell_of(host, index, true, "Failed", &message);
    worker.tell_of(host, index, true, "Failed", "Error: ErrImagePull");
}

/// Why there is no such image, as containerd puts it; or that podhop does not carry it.
fn failure(name: &str, unknown: bool) -> String {
    let reference = Reference::parse(name).map(|reference| reference.to_string());
    let reference = reference.unwrap_or_default();
    if unknown {
        let known = match image::nearest_to(name) {
            Some(near) => format!("the nearest that it does is {near}"),
            None => "docs/levels.md lists those that it does".to_owned(),
        };
        return format!("podhop does not simulate image \"{name}\"; {known}");
    }
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{reference}\": \
         failed to resolve image: {reference}: not found"
    )
}

fn image_of(worker: &Worker, index: usize) -> String {
    worker.spec_of(index).and_then(|spec| spec.image.clone()).unwrap_or_default()
}
