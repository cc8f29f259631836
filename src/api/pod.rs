//! Pods as the server keeps them.
//!
//! Every other kind is stored as Kubernetes' own type. Of pods there are many, nearly all of them
//! copies of a few templates, and their specification is by far the biggest part of them; so here
//! it stands behind an `Arc`, which a pod's versions share, and a Deployment's pods too. What tells
//! the pods of one template apart is kept beside it: the node, and the name of the volume with the
//! service account's token. Pods that start together have the same conditions as well, and share
//! those. Whoever sends or reads a pod as JSON sees none of this.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock};

use k8s_openapi::api::core::v1::{
    ConfigMapProjection, Container, ContainerStatus, DownwardAPIProjection, DownwardAPIVolumeFile,
    EphemeralContainer, KeyToPath, ObjectFieldSelector, Pod as Wire, PodCondition, PodSpec,
    PodStatus, ProjectedVolumeSource, ServiceAccountTokenProjection, Volume, VolumeMount,
    VolumeProjection,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a container finds its API token.
pub(super) const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// How the volumes that the server adds for tokens are called: this, and a suffix.
pub(super) const TOKEN_VOLUME: &str = "kube-api-access-";

/// How long that suffix is.
pub(super) const TOKEN_SUFFIX: usize = 5;

/// A pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pod {
    /// Who it is.
    pub metadata: ObjectMeta,
    /// What it should be.
    pub spec: Option<SharedSpec>,
    /// What it is.
    pub status: Option<SharedStatus>,
}

/// A pod's specification, shared as far as can be.
///
/// It reads like a [`PodSpec`], with two exceptions: `node_name` is a field of its own, and the
/// token volume with its mounts may be left out; [`SharedSpec::volumes`] and [`SharedSpec::mounts`]
/// know it. Changing anything else makes a copy of what was shared.
#[derive(Clone, Debug, Default)]
pub struct SharedSpec {
    /// The node that the pod is bound to.
    pub node_name: Option<String>,
    /// The name of the token volume, where that is left out of `shared`.
    token: Option<Arc<str>>,
    shared: Arc<PodSpec>,
}

/// A pod's status: it reads like a [`PodStatus`], but its conditions may be shared with other pods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SharedStatus {
    /// What holds of the pod, and since when.
    pub conditions: Arc<Vec<PodCondition>>,
    /// Everything else; it has no conditions of its own.
    rest: PodStatus,
}

/// How a container sees a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mount<'a> {
    /// The volume's name.
    pub volume: &'a str,
    /// Where it is in the container.
    pub path: &'a str,
    /// The part of the volume that is there, if it is not the whole.
    pub sub_path: Option<&'a str>,
    /// Whether the container may not write to it.
    pub read_only: bool,
}

impl Pod {
    /// Its name.
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// The node that it is bound to.
    pub fn node(&self) -> Option<&str> {
        self.spec.as_ref()?.node_name.as_deref().filter(|node| !node.is_empty())
    }

    /// `status.phase`; a pod that nobody has looked at is pending.
    pub fn phase(&self) -> &str {
        self.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Pending")
    }

    /// One of its conditions, by its type.
    pub fn condition(&self, type_: &str) -> Option<&PodCondition> {
        let mut conditions = self.status.as_ref()?.conditions.iter();
        conditions.find(|condition| condition.type_ == type_)
    }

    /// Whether its Ready condition holds: all its containers and gates are ready (R5.2).
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|ready| ready.status == "True")
    }

    /// Whether its phase is Running.
    pub fn is_running(&self) -> bool {
        self.phase() == "Running"
    }

    /// Whether it has come to its end.
    pub fn is_finished(&self) -> bool {
        matches!(self.phase(), "Succeeded" | "Failed")
    }

    /// Whether it is being deleted.
    pub fn is_terminating(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }

    /// Whether it counts as a replica: neither finished nor being deleted.
    pub fn is_active(&self) -> bool {
        !self.is_finished() && !self.is_terminating()
    }

    /// Whether one of its containers runs now: in one that has ended or waits nothing can be
    /// started.
    pub fn runs(&self, container: &str) -> bool {
        let Some(status) = &self.status else { return false };
        let lists: [&Option<Vec<ContainerStatus>>; 3] = [
            &status.container_statuses,
            &status.init_container_statuses,
            &status.ephemeral_container_statuses,
        ];
        let all = lists.into_iter().flatten().flatten();
        let mut own = all.filter(|status| status.name == container);
        own.any(|status| status.state.as_ref().is_some_and(|state| state.running.is_some()))
    }
}

impl SharedSpec {
    /// The specification with everything in its place.
    pub fn full(&self) -> PodSpec {
        let mut spec = PodSpec::clone(&self.shared);
        spec.node_name.clone_from(&self.node_name);
        if let Some(name) = &self.token {
            for container in containers(&mut spec) {
                container.volume_mounts.get_or_insert_default().push(token_mount(name));
            }
            spec.volumes.get_or_insert_default().push(token_volume(name));
        }
        spec
    }

    /// Every volume, with its name.
    pub fn volumes(&self) -> impl Iterator<Item = (&str, &Volume)> {
        let own = self.shared.volumes.iter().flatten().map(|volume| (volume.name.as_str(), volume));
        own.chain(self.token.as_deref().map(|name| (name, &*TOKEN)))
    }

    /// The volumes that some container mounts or has as a device: a kubelet leaves out the others.
    pub fn used_volumes(&self) -> impl Iterator<Item = (&str, &Volume)> {
        self.volumes().filter(|(name, _)| self.token.as_deref() == Some(*name) || self.uses(name))
    }

    /// Whether a container names this volume.
    fn uses(&self, volume: &str) -> bool {
        let spec = &self.shared;
        let ephemeral = spec.ephemeral_containers.iter().flatten();
        let init = spec.init_containers.iter().flatten();
        let own = init.chain(&spec.containers).map(|it| (&it.volume_mounts, &it.volume_devices));
        let mut all = own.chain(ephemeral.map(|it| (&it.volume_mounts, &it.volume_devices)));
        all.any(|(mounts, devices)| {
            mounts.iter().flatten().any(|mount| mount.name == volume)
                || devices.iter().flatten().any(|device| device.name == volume)
        })
    }

    /// What one of the containers mounts.
    pub fn mounts<'a>(&'a self, container: &'a Container) -> impl Iterator<Item = Mount<'a>> {
        let own = container.volume_mounts.iter().flatten().map(|mount| Mount {
            volume: &mount.name,
            path: &mount.mount_path,
            sub_path: mount.sub_path.as_deref(),
            read_only: mount.read_only == Some(true),
        });
        own.chain(self.token.as_deref().map(|volume| Mount {
            volume,
            path: TOKEN_PATH,
            sub_path: None,
            read_only: true,
        }))
    }

    /// Whether the same is wanted, on whichever node.
    pub(super) fn wants_the_same(&self, other: &SharedSpec) -> bool {
        self.token == other.token
            && (Arc::ptr_eq(&self.shared, &other.shared) || self.shared == other.shared)
    }

    /// Mounts the token volume into every container, unless one has something of its own there (or
    /// there is none). Says whether it has.
    pub(super) fn mount_token_everywhere(&mut self, name: &str) -> bool {
        let init = self.shared.init_containers.iter().flatten();
        let mut containers = init.chain(&self.shared.containers).peekable();
        let free = |container: &Container| {
            let mounts = container.volume_mounts.as_deref().unwrap_or_default();
            mounts.iter().all(|mount| mount.mount_path != TOKEN_PATH)
        };
        let mounted = containers.peek().is_some() && containers.all(free);
        if mounted {
            self.token = Some(name.into());
        }
        mounted
    }

    /// Leaves the token volume out, if it is as the server itself adds it: the last of the volumes,
    /// and the last mount of every container. Equal specifications are equal again only when this
    /// was done to both.
    pub(super) fn leave_token_out(&mut self) {
        let Some(name) = self.token_name() else { return };
        self.token = Some(name);
        let spec = Arc::make_mut(&mut self.shared);
        drop_last(&mut spec.volumes);
        containers(spec).for_each(|container| drop_last(&mut container.volume_mounts));
    }

    /// What may be shared with other pods.
    pub(super) fn shared(&self) -> &Arc<PodSpec> {
        &self.shared
    }

    /// Shares with another pod that has the same specification. Says whether it has.
    pub(super) fn share(&mut self, other: &Arc<PodSpec>) -> bool {
        let same = self.shared == *other;
        if same {
            self.shared = other.clone();
        }
        same
    }

    /// The name of the token volume that [`SharedSpec::leave_token_out`] may leave out.
    fn token_name(&self) -> Option<Arc<str>> {
        let spec = &*self.shared;
        let volume = spec.volumes.as_ref()?.last()?;
        let name = volume.name.as_str();
        let mount = token_mount(name);
        let init = spec.init_containers.iter().flatten();
        let mounted = init.chain(&spec.containers).all(|container| {
            container.volume_mounts.as_ref().and_then(|mounts| mounts.last()) == Some(&mount)
        });
        let suffix = name.strip_prefix(TOKEN_VOLUME)?.as_bytes();
        let named = suffix.len() == TOKEN_SUFFIX
            && suffix.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        (named && mounted && *volume == token_volume(name)).then(|| name.into())
    }
}

impl Deref for SharedSpec {
    type Target = PodSpec;

    fn deref(&self) -> &PodSpec {
        &self.shared
    }
}

impl DerefMut for SharedSpec {
    fn deref_mut(&mut self) -> &mut PodSpec {
        Arc::make_mut(&mut self.shared)
    }
}

impl PartialEq for SharedSpec {
    fn eq(&self, other: &SharedSpec) -> bool {
        self.node_name == other.node_name && self.wants_the_same(other)
    }
}

impl From<PodSpec> for SharedSpec {
    fn from(mut spec: PodSpec) -> SharedSpec {
        let node_name = spec.node_name.take();
        SharedSpec { node_name, token: None, shared: Arc::new(spec) }
    }
}

impl SharedStatus {
    /// A status with conditions that other pods may have too; those of `rest` do not count.
    pub fn new(conditions: Arc<Vec<PodCondition>>, rest: PodStatus) -> SharedStatus {
        SharedStatus { conditions, rest: PodStatus { conditions: None, ..rest } }
    }

    /// The status with everything in its place.
    pub fn full(&self) -> PodStatus {
        let conditions = Some(self.conditions.to_vec()).filter(|all| !all.is_empty());
        PodStatus { conditions, ..self.rest.clone() }
    }
}

impl Deref for SharedStatus {
    type Target = PodStatus;

    fn deref(&self) -> &PodStatus {
        &self.rest
    }
}

impl DerefMut for SharedStatus {
    fn deref_mut(&mut self) -> &mut PodStatus {
        &mut self.rest
    }
}

impl From<PodStatus> for SharedStatus {
    fn from(mut status: PodStatus) -> SharedStatus {
        let conditions = status.conditions.take().unwrap_or_default();
        SharedStatus { conditions: Arc::new(conditions), rest: status }
    }
}

impl Serialize for Pod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let metadata = self.metadata.clone();
        let spec = self.spec.as_ref().map(SharedSpec::full);
        let status = self.status.as_ref().map(SharedStatus::full);
        Wire { metadata, spec, status }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pod, D::Error> {
        let Wire { metadata, spec, status } = Wire::deserialize(deserializer)?;
        Ok(Pod {
            metadata,
            spec: spec.map(SharedSpec::from),
            status: status.map(SharedStatus::from),
        })
    }
}

/// An ephemeral container as an ordinary one: all that it has besides is whose processes it looks at.
pub fn ephemeral(container: &EphemeralContainer) -> Container {
    let it = container.clone();
    Container {
        args: it.args,
        command: it.command,
        env: it.env,
        env_from: it.env_from,
        image: it.image,
        image_pull_policy: it.image_pull_policy,
        lifecycle: it.lifecycle,
        liveness_probe: it.liveness_probe,
        name: it.name,
        ports: it.ports,
        readiness_probe: it.readiness_probe,
        resize_policy: it.resize_policy,
        resources: it.resources,
        restart_policy: it.restart_policy,
        restart_policy_rules: it.restart_policy_rules,
        security_context: it.security_context,
        startup_probe: it.startup_probe,
        stdin: it.stdin,
        stdin_once: it.stdin_once,
        termination_message_path: it.termination_message_path,
        termination_message_policy: it.termination_message_policy,
        tty: it.tty,
        volume_devices: it.volume_devices,
        volume_mounts: it.volume_mounts,
        working_dir: it.working_dir,
    }
}

/// The token volume of one pod: token, certificate of the API server and the namespace's name.
pub(super) fn token_volume(name: &str) -> Volume {
    Volume { name: name.to_owned(), ..TOKEN.clone() }
}

/// How a container mounts it.
pub(super) fn token_mount(volume: &str) -> VolumeMount {
    VolumeMount {
        name: volume.to_owned(),
        mount_path: TOKEN_PATH.to_owned(),
        read_only: Some(true),
        ..VolumeMount::default()
    }
}

/// The token volume, without its name.
static TOKEN: LazyLock<Volume> = LazyLock::new(|| {
    let token = VolumeProjection {
        service_account_token: Some(ServiceAccountTokenProjection {
            // One hour, and seven seconds by which the API server knows its own volumes.
            expiration_seconds: Some(3607),
            path: "token".to_owned(),
            audience: None,
        }),
        ..VolumeProjection::default()
    };
    let certificate = VolumeProjection {
        config_map: Some(ConfigMapProjection {
            name: "kube-root-ca.crt".to_owned(),
            items: Some(vec![KeyToPath {
                key: "ca.crt".to_owned(),
                path: "ca.crt".to_owned(),
                mode: None,
            }]),
            optional: None,
        }),
        ..VolumeProjection::default()
    };
    let namespace = VolumeProjection {
        downward_api: Some(DownwardAPIProjection {
            items: Some(vec![DownwardAPIVolumeFile {
                field_ref: Some(ObjectFieldSelector {
                    api_version: Some("v1".to_owned()),
                    field_path: "metadata.namespace".to_owned(),
                }),
                path: "namespace".to_owned(),
                ..DownwardAPIVolumeFile::default()
            }]),
        }),
        ..VolumeProjection::default()
    };
    Volume {
        projected: Some(ProjectedVolumeSource {
            default_mode: Some(0o644),
            sources: Some(vec![token, certificate, namespace]),
        }),
        ..Volume::default()
    }
});

fn containers(spec: &mut PodSpec) -> impl Iterator<Item = &mut Container> {
    spec.init_containers.iter_mut().flatten().chain(&mut spec.containers)
}

/// Takes the last item off; no items are no list.
fn drop_last<T>(list: &mut Option<Vec<T>>) {
    if let Some(items) = list {
        items.pop();
    }
    *list = list.take().filter(|items| !items.is_empty());
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A pod as it is sent, with a token volume of this name.
    fn sent(name: &str, mounts: Value) -> Value {
        let mut volume = serde_json::to_value(&*TOKEN).unwrap();
        volume["name"] = name.into();
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p" },
            "spec": {
                "nodeName": "node-1",
                "containers": [{ "name": "c", "volumeMounts": mounts }],
                "volumes": [{ "name": "data", "emptyDir": {} }, volume],
            },
        })
    }

    fn stored(value: &Value) -> Pod {
        let mut pod: Pod = serde_json::from_value(value.clone()).unwrap();
        pod.spec.as_mut().unwrap().leave_token_out();
        pod
    }

    fn token(name: &str) -> Value {
        json!({ "name": name, "mountPath": TOKEN_PATH, "readOnly": true })
    }

    #[test]
    fn what_is_left_out_is_there_for_whoever_reads_the_pod() {
        let name = "kube-api-access-abcde";
        let value = sent(name, json!([{ "name": "data", "mountPath": "/data" }, token(name)]));
        let pod = stored(&value);
        let spec = pod.spec.as_ref().unwrap();
        assert_eq!(spec.shared.volumes.as_ref().unwrap().len(), 1);
        assert_eq!(serde_json::to_value(&pod).unwrap(), value);
        let volumes: Vec<&str> = spec.volumes().map(|(name, _)| name).collect();
        assert_eq!(volumes, ["data", name]);
        let mounts: Vec<&str> = spec.mounts(&spec.containers[0]).map(|mount| mount.path).collect();
        assert_eq!(mounts, ["/data", TOKEN_PATH]);
    }

    #[test]
    fn a_token_that_is_mounted_otherwise_stays_where_it_is() {
        let name = "kube-api-access-abcde";
        let elsewhere = json!([token(name), { "name": "data", "mountPath": "/data" }]);
        for mounts in [elsewhere, json!([]), json!([token("kube-api-access-other")])] {
            let spec = stored(&sent(name, mounts)).spec.unwrap();
            assert_eq!(spec.token, None);
            assert_eq!(spec.shared.volumes.as_ref().unwrap().len(), 2);
        }
        let own = stored(&sent("token", json!([token("token")]))).spec.unwrap();
        assert_eq!(own.token, None);
    }

    #[test]
    fn conditions_are_there_for_whoever_reads_the_pod() {
        let mut value = sent("token", json!([]));
        value["status"] = json!({
            "conditions": [{ "type": "Ready", "status": "True" }],
            "phase": "Running",
        });
        let pod = stored(&value);
        let status = pod.status.as_ref().unwrap();
        assert_eq!(status.conditions[0].type_, "Ready");
        assert_eq!(serde_json::to_value(&pod).unwrap()["status"], value["status"]);
    }

    #[test]
    fn pods_of_one_template_share_it() {
        let pod = |name: &str| stored(&sent(name, json!([token(name)])));
        let first = pod("kube-api-access-aaaaa").spec.unwrap();
        let mut second = pod("kube-api-access-bbbbb").spec.unwrap();
        assert!(second.share(first.shared()));
        assert!(Arc::ptr_eq(&first.shared, &second.shared));
        assert_ne!(first, second, "their tokens are mounted under names of their own");
    }
}
