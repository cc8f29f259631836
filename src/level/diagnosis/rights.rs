//! What a container's own settings forbid: to be started, and to write.

use k8s_openapi::api::core::v1::ContainerStatus;

use super::containers::{full_name, since_last_start};
use super::{Diagnosis, Facts, look};
use crate::api::Pod;
use crate::cluster::Did;

/// A container that its own settings forbid to start: the path of the setting, and what is to be said.
pub(super) fn forbidden_start(
    pod: &Pod,
    container: &ContainerStatus,
    reason: &str,
) -> Option<(String, Diagnosis)> {
    let (namespace, name) = full_name(pod);
    let spec = pod.spec.as_ref()?;
    let index = spec.containers.iter().position(|one| one.name == container.name)?;
    let looks = [look::describe("pod", namespace, name)];
    let who = format!("container {} of pod {name}", container.name);
    let own = format!("spec.containers[{index}]");
    match reason {
        "ErrImageNeverPull" => Some((
            format!("{own}.imagePullPolicy"),
            Diagnosis::new(
                "image-not-pulled",
                format!("the image of {who} is not on its node, and nobody is to pull it"),
            )
            .look(looks)
            .fact(format!("image: {}", container.image))
            .nearest(Some("imagePullPolicy: IfNotPresent".to_owned()))
            .fix("write imagePullPolicy: IfNotPresent, apply, and send again"),
        )),
        "CreateContainerConfigError" => {
            let own_context = spec.containers[index].security_context.as_ref();
            let forbids = own_context.and_then(|context| context.run_as_non_root);
            let of_pod = spec.security_context.as_ref().and_then(|all| all.run_as_non_root);
            if forbids.or(of_pod) != Some(true) {
                return None;
            }
            let whose = if forbids.is_some() { &own } else { "spec" };
            let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
            Some((
                format!("{whose}.securityContext.runAsNonRoot"),
                Diagnosis::new(
                    "container-does-not-run",
                    format!("{who} is not started: runAsNonRoot forbids what its image does"),
                )
                .look(looks)
                .facts(waiting.and_then(|waiting| waiting.message.clone()))
                .fix("take runAsNonRoot out, or let runAsUser say a number that is not 0; apply, and send again"),
            ))
        }
        _ => None,
    }
}

/// The container's server may not write what it needs: its root is locked, or its user has no right to.
pub(super) fn not_writable(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
) -> Option<Diagnosis> {
    let file = since_last_start(facts, pod, container, |did| match did {
        Did::NotWritable { file } => Some(file),
        _ => None,
    })?;
    let (namespace, name) = full_name(pod);
    let spec = pod.spec.as_ref()?;
    let index = spec.containers.iter().position(|one| one.name == container.name)?;
    let own = spec.containers[index].security_context.as_ref();
    let locked = own.and_then(|own| own.read_only_root_filesystem) == Some(true);
    let of_pod = spec.security_context.as_ref().and_then(|all| all.run_as_user);
    let field = match own.and_then(|own| own.run_as_user).or(of_pod) {
        _ if locked => {
            Some(format!("spec.containers[{index}].securityContext.readOnlyRootFilesystem"))
        }
        Some(_) if own.is_some_and(|own| own.run_as_user.is_some()) => {
            Some(format!("spec.containers[{index}].securityContext.runAsUser"))
        }
        Some(_) => Some("spec.securityContext.runAsUser".to_owned()),
        None => None,
    };
    let folder = file.rsplit_once('/').map_or("/", |(folder, _)| folder);
    let source = facts.pod_source(namespace, name);
    Some(
        Diagnosis::new(
            "container-does-not-run",
            format!(
                "container {} of pod {name} does not run: it may not write {file}",
                container.name
            ),
        )
        .fact(match locked {
            true => "readOnlyRootFilesystem locks all that is no volume",
            false => "its user is not root, to whom the folder belongs",
        })
        .at(source.zip(field.as_deref()).and_then(|(source, field)| source.line(field)))
        .fix(match field.as_deref().and_then(|field| field.rsplit('.').next()) {
            Some(word) => {
                format!("mount an emptyDir at {folder}, or take {word} out; apply, and send again")
            }
            None => format!("mount an emptyDir at {folder}, apply, and send again"),
        }),
    )
}
