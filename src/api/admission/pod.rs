//! What a pod gets from the cluster: its service account with the token volume, the tolerations
//! that keep it for five minutes on a node that is lost, and its priority.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec, ServiceAccount, Toleration, Volume};

use super::forbidden;
use crate::api::pod::{TOKEN_PATH, TOKEN_SUFFIX, TOKEN_VOLUME, token_mount, token_volume};
use crate::api::{Kind, Pod, SharedSpec, Status, Store, priority};
use crate::random::Stream;

/// How long a pod stays on a node that is not ready or not reachable, in seconds.
const TOLERATION_SECONDS: i64 = 300;

/// What a node is called that is lost.
const LOST: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

pub(super) fn create(store: &Store, suffixes: &mut Stream, pod: &mut Pod) -> Result<(), Status> {
    service_account(store, suffixes, pod)?;
    let name = pod.metadata.name.clone().unwrap_or_default();
    let spec = pod.spec.get_or_insert_default();
    priority::give(store, spec).map_err(|why| forbidden(Kind::Pod, &name, &why))?;
    LOST.iter().for_each(|key| tolerate(spec, key));
    match &spec.runtime_class_name {
        None => Ok(()),
        Some(class) if store.object(Kind::RuntimeClass, "", class).is_some() => Ok(()),
        Some(class) => {
            let why = format!("pod rejected: RuntimeClass {class:?} not found");
            Err(forbidden(Kind::Pod, &name, &why))
        }
    }
}

/// Looks at a new pod once more, after validation.
pub(super) fn review(pod: &Pod) -> Result<(), Status> {
    let overhead = pod.spec.as_ref().and_then(|spec| spec.overhead.as_ref());
    if overhead.is_none_or(BTreeMap::is_empty) {
        return Ok(());
    }
    let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
    Err(forbidden(Kind::Pod, pod.metadata.name.as_deref().unwrap_or_default(), why))
}

/// Gives a changed pod what it lacks again.
pub(super) fn update(pod: &mut Pod) {
    let spec = pod.spec.get_or_insert_default();
    LOST.iter().for_each(|key| tolerate(spec, key));
}

/// Whether a pod is without one of the tolerations that every pod has.
pub(super) fn lacks_toleration(pod: &Pod) -> bool {
    pod.spec.as_ref().is_some_and(|spec| !LOST.iter().all(|key| tolerates(spec, key)))
}

fn service_account(store: &Store, suffixes: &mut Stream, pod: &mut Pod) -> Result<(), Status> {
    let name = pod.metadata.name.clone().unwrap_or_default();
    let namespace = pod.metadata.namespace.clone().unwrap_or_default();
    let spec = pod.spec.get_or_insert_default();
    let account = spec.service_account_name.get_or_insert_with(|| "default".to_owned()).clone();
    spec.service_account = Some(account.clone());
    let Some(found) = store.get::<ServiceAccount>(&namespace, &account) else {
        let fault = match account.contains('/') {
            true => format!("invalid resource name \"{account}\": [may not contain '/']"),
            false => format!("serviceaccount \"{account}\" not found"),
        };
        let why = format!("error looking up service account {namespace}/{account}: {fault}");
        return Err(forbidden(Kind::Pod, &name, &why));
    };
    let pods_choice = spec.automount_service_account_token;
    if pods_choice.or(found.automount_service_account_token).unwrap_or(true) {
        mount_token(spec, suffixes);
    }
    if spec.image_pull_secrets.as_ref().is_none_or(Vec::is_empty) {
        spec.image_pull_secrets.clone_from(&found.image_pull_secrets);
    }
    Ok(())
}

/// Mounts the token into every container that has nothing of its own at that path.
fn mount_token(spec: &mut SharedSpec, suffixes: &mut Stream) {
    let is_token = |volume: &&Volume| volume.name.starts_with(TOKEN_VOLUME);
    let present = spec.volumes.iter().flatten().find(is_token).map(|volume| volume.name.clone());
    let name = match &present {
        Some(name) => name.clone(),
        None => format!("{TOKEN_VOLUME}{}", suffixes.name_suffix(TOKEN_SUFFIX)),
    };
    if present.is_none() && spec.mount_token_everywhere(&name) {
        return;
    }
    let spec: &mut PodSpec = spec;
    let mut used = false;
    for container in spec.init_containers.iter_mut().flatten().chain(&mut spec.containers) {
        used |= mount(container, &name);
    }
    if used && present.is_none() {
        spec.volumes.get_or_insert_default().push(token_volume(&name));
    }
}

/// Whether the container now uses the volume.
fn mount(container: &mut Container, volume: &str) -> bool {
    let mounts = container.volume_mounts.get_or_insert_default();
    if mounts.iter().any(|mount| mount.mount_path == TOKEN_PATH) {
        return false;
    }
    mounts.push(token_mount(volume));
    true
}

fn tolerates(spec: &PodSpec, key: &str) -> bool {
    let covers = |toleration: &Toleration| {
        let keys = toleration.key.as_deref().unwrap_or("");
        let effects = toleration.effect.as_deref().unwrap_or("");
        (keys == key || keys.is_empty()) && (effects == "NoExecute" || effects.is_empty())
    };
    spec.tolerations.iter().flatten().any(covers)
}

fn tolerate(spec: &mut PodSpec, key: &str) {
    if !tolerates(spec, key) {
        spec.tolerations.get_or_insert_default().push(Toleration {
            key: Some(key.to_owned()),
            operator: Some("Exists".to_owned()),
            effect: Some("NoExecute".to_owned()),
            toleration_seconds: Some(TOLERATION_SECONDS),
            value: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::VolumeMount;

    use super::*;

    fn spec(containers: usize) -> PodSpec {
        PodSpec { containers: vec![Container::default(); containers], ..PodSpec::default() }
    }

    #[test]
    fn every_container_mounts_the_one_token_volume() {
        let mut spec = SharedSpec::from(spec(2));
        mount_token(&mut spec, &mut Stream::new(1, "x"));
        let spec = spec.full();
        let volumes = spec.volumes.unwrap();
        assert_eq!(volumes.len(), 1);
        for container in &spec.containers {
            assert_eq!(container.volume_mounts.as_ref().unwrap()[0].name, volumes[0].name);
        }
    }

    #[test]
    fn a_container_with_its_own_mount_there_is_left_alone() {
        let mut spec = spec(1);
        let own = VolumeMount { mount_path: TOKEN_PATH.into(), ..VolumeMount::default() };
        spec.containers[0].volume_mounts = Some(vec![own]);
        let mut spec = SharedSpec::from(spec);
        mount_token(&mut spec, &mut Stream::new(1, "x"));
        assert!(spec.full().volumes.is_none());
    }

    #[test]
    fn a_toleration_of_everything_is_enough() {
        let mut spec = spec(1);
        let all = Toleration { operator: Some("Exists".into()), ..Toleration::default() };
        spec.tolerations = Some(vec![all]);
        tolerate(&mut spec, "node.kubernetes.io/not-ready");
        assert_eq!(spec.tolerations.unwrap().len(), 1);
    }
}
