//! Containers that do not run: what their state, exit code and last words tell.

use k8s_openapi::api::core::v1::ContainerStatus;

use super::{Diagnosis, Facts};
use crate::api::Pod;
use crate::cluster;
use crate::diagnostic::nearest;

/// Why a container of the pod waits, for the reason that its kubelet gives.
pub(super) fn diagnose(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
    reason: &str,
) -> Diagnosis {
    let name = pod.metadata.name.as_deref().unwrap_or("");
    let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
    let message = waiting.and_then(|waiting| waiting.message.clone());
    if matches!(reason, "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName") {
        return image(container, name, reason).facts(message);
    }
    let log = last_words(facts, pod, &container.name);
    if let Some(line) = log.iter().find(|line| line.contains("ddress already in use")) {
        return port_taken(facts, pod, container, line);
    }
    let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    if last.is_some_and(|ended| ended.exit_code == 0) {
        return Diagnosis::new(
            "container-ends-at-once",
            format!("container {} of pod {name} has nothing more to do, and ends", container.name),
        )
        .fact("it ended with exit code 0, and is started again and again")
        .fact("a container lives as long as its first process")
        .nearest(Some("command: [sleep, infinity]".to_owned()));
    }
    Diagnosis::new(
        "container-does-not-run",
        format!("container {} of pod {name} does not run: {reason}", container.name),
    )
    .facts(message)
    .facts(last.map(|ended| format!("it last ended with exit code {}", ended.exit_code)))
    .facts(complaint(&log).map(|line| format!("it said: {}", line.trim())))
    .nearest(Some(format!("kubectl logs {name} -c {}", container.name)))
}

/// The line of a log that says what is wrong, or else the last one.
fn complaint(log: &[String]) -> Option<&String> {
    let bad = |line: &&String| {
        let line = line.to_lowercase();
        ["error", "fatal", "emerg", "panic"].iter().any(|word| line.contains(word))
    };
    log.iter().find(bad).or(log.last())
}

fn image(container: &ContainerStatus, pod: &str, reason: &str) -> Diagnosis {
    let (image, _) = container.image.split_once(':').unwrap_or((&container.image, ""));
    let known: Vec<&str> = cluster::images().collect();
    let close = known.iter().find(|known| **known == image).copied();
    let close = close.or_else(|| nearest(image, known.iter().copied()));
    Diagnosis::new(
        "image-not-pulled",
        format!(
            "the image of container {} of pod {pod} cannot be pulled: {reason}",
            container.name
        ),
    )
    .fact(format!("image: {}", container.image))
    .nearest(close.map(|close| format!("image: {close}")))
}

/// R1.2: containers of one pod share its ports.
fn port_taken(facts: &Facts<'_>, pod: &Pod, container: &ContainerStatus, line: &str) -> Diagnosis {
    let name = pod.metadata.name.as_deref().unwrap_or("");
    let others = facts.listeners(pod).into_iter().map(|(_, port, owner)| match owner {
        Some(owner) => format!("port {port} is open already, in container {owner}"),
        None => format!("port {port} is open already"),
    });
    Diagnosis::new(
        "port-taken",
        format!("container {} of pod {name} cannot open its port: somebody has it", container.name),
    )
    .fact(line.to_owned())
    .facts(others)
    .fact("all containers of a pod share one network namespace, and so its ports")
    .nearest(Some("another port for one of them, or a pod for each".to_owned()))
}

/// What the container wrote before it ended.
fn last_words(facts: &Facts<'_>, pod: &Pod, container: &str) -> Vec<String> {
    let (namespace, name) = (pod.metadata.namespace.as_deref(), pod.metadata.name.as_deref());
    let (Some(namespace), Some(name)) = (namespace, name) else { return Vec::new() };
    let cluster = facts.case.cluster;
    let log = cluster
        .logs(namespace, name, container, true)
        .or_else(|_| cluster.logs(namespace, name, container, false));
    let lines = log.unwrap_or_default().iter().rev().take(12).rev();
    lines.map(|(_, line)| line.to_string()).collect()
}
