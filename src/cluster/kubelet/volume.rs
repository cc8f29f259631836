//! Volumes: what a container finds below its mount paths.
//!
//! A volume made of ConfigMaps, Secrets or the downward API keeps the objects as they were when it
//! was mounted; its files are made when somebody reads them.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    ConfigMap, DownwardAPIVolumeFile, KeyToPath, Secret, Volume as Spec, VolumeProjection,
};

use super::downward;
use crate::api::{Kind, Pod, Store};

/// A mounted volume.
#[derive(Clone, Debug)]
pub enum Volume {
    /// An emptyDir and everything else that can be written.
    Writable(BTreeMap<String, Arc<[u8]>>),
    /// Files that the kubelet provides.
    Provided(Arc<[Source]>),
}

/// A pod's volumes, by name. A list, since a pod has few.
#[derive(Clone, Debug)]
pub struct Volumes(Box<[(String, Volume)]>);

impl Volumes {
    /// The volume of this name.
    pub fn get(&self, name: &str) -> Option<&Volume> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, volume)| volume)
    }

    /// The volume of this name, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Volume> {
        self.0.iter_mut().find(|(known, _)| known == name).map(|(_, volume)| volume)
    }

    /// Every volume.
    pub fn all(&self) -> impl Iterator<Item = &Volume> {
        self.0.iter().map(|(_, volume)| volume)
    }
}

impl FromIterator<(String, Volume)> for Volumes {
    fn from_iter<I: IntoIterator<Item = (String, Volume)>>(volumes: I) -> Volumes {
        Volumes(volumes.into_iter().collect())
    }
}

/// Where provided files come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    ConfigMap {
        object: Arc<ConfigMap>,
        items: Option<Vec<KeyToPath>>,
    },
    Secret {
        object: Arc<Secret>,
        items: Option<Vec<KeyToPath>>,
    },
    Downward(Vec<DownwardAPIVolumeFile>),
    /// A file whose content is made up: a token, the cluster's certificate.
    Made {
        path: String,
        content: &'static str,
    },
}

const TOKEN: &str = "not-a-real-token";

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
                           cG9kaG9wJ3MgY2x1c3RlciBuZWVkcyBubyByZWFsIGtleXM=\n\
                           -----END CERTIFICATE-----\n";

impl Volume {
    /// Bytes of the files that were written there.
    pub fn written_bytes(&self) -> usize {
        match self {
            Volume::Writable(files) => files.values().map(|content| content.len()).sum(),
            Volume::Provided(_) => 0,
        }
    }

    /// Mounts what a pod's `spec.volumes` asks for.
    ///
    /// # Errors
    /// The kubelet's words, without its prefix, for an object that is missing and not optional.
    pub fn mount(store: &Store, namespace: &str, spec: &Spec) -> Result<Volume, String> {
        let find = Finder { store, namespace };
        if let Some(source) = &spec.config_map {
            let optional = source.optional == Some(true);
            let found = find.config_map(&source.name, source.items.clone(), optional)?;
            return Ok(Volume::Provided(found.into_iter().collect()));
        }
        if let Some(source) = &spec.secret {
            let optional = source.optional == Some(true);
            let name = source.secret_name.as_deref().unwrap_or("");
            let found = find.secret(name, source.items.clone(), optional)?;
            return Ok(Volume::Provided(found.into_iter().collect()));
        }
        if let Some(source) = &spec.downward_api {
            let items = source.items.clone().unwrap_or_default();
            return Ok(Volume::Provided([Source::Downward(items)].into()));
        }
        if let Some(source) = &spec.projected {
            let (mut sources, mut faults) = (Vec::new(), Vec::new());
            for projection in source.sources.iter().flatten() {
                match find.projection(projection) {
                    Ok(found) => sources.extend(found),
                    Err(fault) => faults.push(fault),
                }
            }
            return match faults.as_slice() {
                [] => Ok(Volume::Provided(sources.into())),
                [one] => Err(one.clone()),
                several => Err(format!("[{}]", several.join(", "))),
            };
        }
        Ok(Volume::Writable(BTreeMap::new()))
    }

    /// Shares with the volume that was mounted last what is the same: nearly every pod has the token
    /// of its service account.
    pub fn share(&mut self, last: &mut Arc<[Source]>) {
        if let Volume::Provided(sources) = self {
            if sources == last {
                *sources = last.clone();
            } else {
                *last = sources.clone();
            }
        }
    }

    /// Whether it shows this ConfigMap or Secret.
    pub fn shows(&self, kind: Kind, name: &str) -> bool {
        let Volume::Provided(sources) = self else { return false };
        sources.iter().any(|source| match source {
            Source::ConfigMap { object, .. } => {
                kind == Kind::ConfigMap && object.metadata.name.as_deref() == Some(name)
            }
            Source::Secret { object, .. } => {
                kind == Kind::Secret && object.metadata.name.as_deref() == Some(name)
            }
            _ => false,
        })
    }

    /// Whether files can be written.
    pub fn is_writable(&self) -> bool {
        matches!(self, Volume::Writable(_))
    }

    /// One file, by its path below the volume.
    pub fn read(&self, pod: &Pod, path: &str) -> Option<Vec<u8>> {
        match self {
            Volume::Writable(files) => files.get(path).map(|content| content.to_vec()),
            // Where two sources have the same path, the later one wins.
            Volume::Provided(sources) => {
                sources.iter().rev().find_map(|source| source.read(pod, path))
            }
        }
    }

    /// The paths of all files.
    pub fn paths(&self) -> Vec<String> {
        match self {
            Volume::Writable(files) => files.keys().cloned().collect(),
            Volume::Provided(sources) => sources.iter().flat_map(Source::paths).collect(),
        }
    }
}

struct Finder<'a> {
    store: &'a Store,
    namespace: &'a str,
}

impl Finder<'_> {
    fn config_map(
        &self,
        name: &str,
        items: Option<Vec<KeyToPath>>,
        optional: bool,
    ) -> Result<Option<Source>, String> {
        match self.store.get::<ConfigMap>(self.namespace, name) {
            Some(object) => {
                let items = present(items, optional, "configmap references", "config", |key| {
                    object.data.as_ref().is_some_and(|data| data.contains_key(key))
                        || object.binary_data.as_ref().is_some_and(|data| data.contains_key(key))
                })?;
                Ok(Some(Source::ConfigMap { object: object.clone(), items }))
            }
            // Real clusters publish this one in every namespace.
            None if name == "kube-root-ca.crt" => {
                Ok(Some(Source::Made { path: "ca.crt".to_owned(), content: CERTIFICATE }))
            }
            None if optional => Ok(None),
            None => Err(format!("configmap \"{name}\" not found")),
        }
    }

    fn secret(
        &self,
        name: &str,
        items: Option<Vec<KeyToPath>>,
        optional: bool,
    ) -> Result<Option<Source>, String> {
        match self.store.get::<Secret>(self.namespace, name) {
            Some(object) => {
                let items = present(items, optional, "references", "secret", |key| {
                    object.data.as_ref().is_some_and(|data| data.contains_key(key))
                })?;
                Ok(Some(Source::Secret { object: object.clone(), items }))
            }
            None if optional => Ok(None),
            None => Err(format!("secret \"{name}\" not found")),
        }
    }

    fn projection(&self, projection: &VolumeProjection) -> Result<Option<Source>, String> {
        if let Some(map) = &projection.config_map {
            return self.config_map(&map.name, map.items.clone(), map.optional == Some(true));
        }
        if let Some(secret) = &projection.secret {
            let optional = secret.optional == Some(true);
            return self.secret(&secret.name, secret.items.clone(), optional);
        }
        if let Some(source) = &projection.downward_api {
            return Ok(Some(Source::Downward(source.items.clone().unwrap_or_default())));
        }
        let token = projection.service_account_token.as_ref();
        Ok(token.map(|token| Source::Made { path: token.path.clone(), content: TOKEN }))
    }
}

impl Source {
    fn read(&self, pod: &Pod, path: &str) -> Option<Vec<u8>> {
        match self {
            Source::ConfigMap { object, items } => {
                let key = key_of(items.as_deref(), path)?;
                let text = object.data.as_ref().and_then(|data| data.get(key));
                let bytes = object.binary_data.as_ref().and_then(|data| data.get(key));
                text.map(|text| text.clone().into_bytes())
                    .or_else(|| bytes.map(|bytes| bytes.0.clone()))
            }
            Source::Secret { object, items } => {
                let key = key_of(items.as_deref(), path)?;
                object.data.as_ref()?.get(key).map(|bytes| bytes.0.clone())
            }
            Source::Downward(items) => {
                let item = items.iter().find(|item| item.path == path)?;
                let text = match (&item.field_ref, &item.resource_field_ref) {
                    (Some(field), _) => downward::field(pod, &field.field_path),
                    (None, Some(field)) => {
                        let spec = pod.spec.as_ref()?;
                        let mut all = spec.init_containers.iter().flatten().chain(&spec.containers);
                        let name = field.container_name.as_deref();
                        let container = all.find(|it| Some(it.name.as_str()) == name)?;
                        downward::resource(container, field)
                    }
                    (None, None) => None,
                };
                text.map(String::into_bytes)
            }
            Source::Made { path: made, content } => {
                (made == path).then(|| content.as_bytes().to_vec())
            }
        }
    }

    fn paths(&self) -> Vec<String> {
        match self {
            Source::ConfigMap { items: Some(items), .. }
            | Source::Secret { items: Some(items), .. } => {
                items.iter().map(|item| item.path.clone()).collect()
            }
            Source::ConfigMap { object, items: None } => {
                let texts = object.data.iter().flat_map(|data| data.keys());
                let bytes = object.binary_data.iter().flat_map(|data| data.keys());
                texts.chain(bytes).cloned().collect()
            }
            Source::Secret { object, items: None } => {
                object.data.iter().flat_map(|data| data.keys()).cloned().collect()
            }
            Source::Downward(items) => items.iter().map(|item| item.path.clone()).collect(),
            Source::Made { path, .. } => vec![path.clone()],
        }
    }
}

/// The items whose keys are there. One that is missing is an error, unless it is optional.
fn present(
    items: Option<Vec<KeyToPath>>,
    optional: bool,
    words: &str,
    kind: &str,
    has: impl Fn(&str) -> bool,
) -> Result<Option<Vec<KeyToPath>>, String> {
    let Some(mut items) = items.filter(|items| !items.is_empty()) else { return Ok(None) };
    if optional {
        items.retain(|item| has(&item.key));
    } else if let Some(missing) = items.iter().find(|item| !has(&item.key)) {
        return Err(format!("{words} non-existent {kind} key: {}", missing.key));
    }
    Ok(Some(items))
}

/// The key that is shown at `path`: the path itself, unless items say otherwise.
fn key_of<'a>(items: Option<&'a [KeyToPath]>, path: &'a str) -> Option<&'a str> {
    match items {
        None => Some(path),
        Some(items) => items.iter().find(|item| item.path == path).map(|item| item.key.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn from(value: serde_json::Value) -> Volume {
        let spec: Spec = serde_json::from_value(value).unwrap();
        Volume::mount(&Store::default(), "default", &spec).unwrap()
    }

    #[test]
    fn a_missing_configmap_is_an_error_unless_it_is_optional() {
        let mount = |optional: bool| {
            let spec = json!({ "name": "v", "configMap": { "name": "x", "optional": optional } });
            let spec: Spec = serde_json::from_value(spec).unwrap();
            Volume::mount(&Store::default(), "default", &spec).map(|volume| volume.paths())
        };
        assert_eq!(mount(false), Err("configmap \"x\" not found".to_owned()));
        assert_eq!(mount(true), Ok(Vec::new()));
    }

    #[test]
    fn an_item_gives_a_key_another_path() {
        let map: ConfigMap =
            serde_json::from_value(json!({ "data": { "a": "1", "b": "2" } })).unwrap();
        let items: Vec<KeyToPath> =
            serde_json::from_value(json!([{ "key": "a", "path": "sub/x" }])).unwrap();
        let source = Source::ConfigMap { object: Arc::new(map), items: Some(items) };
        let volume = Volume::Provided([source].into());
        assert_eq!(volume.paths(), ["sub/x"]);
        assert_eq!(volume.read(&Pod::default(), "sub/x").as_deref(), Some(&b"1"[..]));
        assert_eq!(volume.read(&Pod::default(), "b"), None);
    }

    #[test]
    fn the_service_account_volume_holds_its_three_files() {
        let volume = from(json!({ "name": "kube-api-access-x", "projected": { "sources": [
            { "serviceAccountToken": { "path": "token" } },
            { "configMap": { "name": "kube-root-ca.crt",
                "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
            { "downwardAPI": { "items": [
                { "path": "namespace", "fieldRef": { "fieldPath": "metadata.namespace" } },
            ] } },
        ] } }));
        assert_eq!(volume.paths(), ["token", "ca.crt", "namespace"]);
    }
}
