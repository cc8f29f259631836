//! ConfigMaps in a container's file system: which key is which file.

use k8s_openapi::api::core::v1::{ConfigMapVolumeSource, Container, VolumeMount};

use crate::api::Pod;

/// A ConfigMap that a container has mounted.
pub(super) struct MapMount<'a> {
    /// The mount's place in the container's list.
    pub index: usize,
    /// Where it is mounted.
    pub mount: &'a VolumeMount,
    /// What its volume says of the ConfigMap.
    pub map: &'a ConfigMapVolumeSource,
}

/// The ConfigMaps that a container of the pod has mounted, in its own order.
pub(super) fn of<'a>(
    pod: &'a Pod,
    container: &'a Container,
) -> impl Iterator<Item = MapMount<'a>> + use<'a> {
    let volumes = pod.spec.as_ref().and_then(|spec| spec.volumes.as_deref()).unwrap_or_default();
    let mounts = container.volume_mounts.iter().flatten().enumerate();
    mounts.filter_map(move |(index, mount)| {
        let volume = volumes.iter().find(|volume| volume.name == mount.name)?;
        Some(MapMount { index, mount, map: volume.config_map.as_ref()? })
    })
}

impl<'a> MapMount<'a> {
    /// The key that a file of the container comes from, whether or not the ConfigMap has it.
    pub fn key<'f>(&self, file: &'f str) -> Option<&'f str>
    where
        'a: 'f,
    {
        let below = file.strip_prefix(self.mount.mount_path.trim_end_matches('/'))?;
        let path = match (below.strip_prefix('/'), &self.mount.sub_path) {
            (Some(below), None) => below,
            (None, Some(sub_path)) if below.is_empty() => sub_path,
            _ => return None,
        };
        let mut items = self.map.items.iter().flatten();
        Some(items.find(|item| item.path == path).map_or(path, |item| item.key.as_str()))
    }

    /// The file that a key becomes, if it becomes one.
    pub fn file(&self, key: &str) -> Option<String> {
        let path = match self.map.items.as_deref() {
            Some(items) => &items.iter().find(|item| item.key == key)?.path,
            None => key,
        };
        match &self.mount.sub_path {
            Some(sub_path) => (sub_path == path).then(|| self.mount.mount_path.clone()),
            None => Some(format!("{}/{path}", self.mount.mount_path.trim_end_matches('/'))),
        }
    }
}
