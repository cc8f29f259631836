//! Remarks on a pod's volumes: kinds on their way out, and files that hide each other.

use k8s_openapi::api::core::v1::{
    DownwardAPIVolumeFile, KeyToPath, PersistentVolume, Volume, VolumeProjection,
};

use super::pod::{Placed, old_labels_of_term};

/// A file of a volume and, in a projected one, its source.
struct File {
    path: String,
    source: String,
}

impl std::fmt::Display for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.path)?;
        if self.source.is_empty() { Ok(()) } else { write!(f, " ({})", self.source) }
    }
}

pub(super) fn remarks(remarks: &mut Vec<String>, volumes: &[Volume], placed: &Placed<'_>) {
    for (index, volume) in volumes.iter().enumerate() {
        let path = placed.at(&format!("spec.volumes[{index}]"));
        for (given, field, what) in outdated(volume) {
            if given {
                remarks.push(format!("{path}.{field}: {what}"));
            }
        }
        let template = volume.ephemeral.as_ref().and_then(|own| own.volume_claim_template.as_ref());
        if let Some(template) = template {
            let path = format!("{path}.ephemeral.volumeClaimTemplate.spec");
            super::of_claim(remarks, &path, &template.spec);
        }
    }
    for volume in volumes {
        overlaps(remarks, volume);
    }
}

/// Remarks on a PersistentVolume (`GetWarningsForPersistentVolume`).
pub(super) fn persistent(remarks: &mut Vec<String>, volume: &PersistentVolume) {
    const ANNOTATIONS: [(&str, &str, &str); 2] = [
        ("volume.beta.kubernetes.io/storage-class", "v1.8", "storageClassName"),
        ("volume.beta.kubernetes.io/mount-options", "v1.31", "mountOptions"),
    ];
    let noted = |key: &str| {
        volume
            .metadata
            .annotations
            .as_ref()
            .is_some_and(|annotations| annotations.contains_key(key))
    };
    for (key, since, new) in ANNOTATIONS.into_iter().filter(|(key, _, _)| noted(key)) {
        remarks.push(format!(
            "metadata.annotations[{key}]: deprecated since {since}; use \"{new}\" attribute instead"
        ));
    }
    let Some(spec) = &volume.spec else { return };
    if spec.persistent_volume_reclaim_policy.as_deref() == Some("Recycle") {
        remarks.push(
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, \
             the recommended approach is to use dynamic provisioning."
                .to_owned(),
        );
    }
    let required = spec.node_affinity.iter().flat_map(|affinity| &affinity.required);
    for (index, term) in required.flat_map(|required| &required.node_selector_terms).enumerate() {
        let path = format!("spec.nodeAffinity.required.nodeSelectorTerms[{index}]");
        old_labels_of_term(remarks, &path, term);
    }
    for (given, field, what) in [
        (spec.cephfs.is_some(), "cephfs", CEPH),
        (spec.photon_persistent_disk.is_some(), "photonPersistentDisk", PHOTON),
        (spec.scale_io.is_some(), "scaleIO", SCALE_IO),
        (spec.storageos.is_some(), "storageOS", LATE),
        (spec.glusterfs.is_some(), "glusterfs", GLUSTER),
        (spec.rbd.is_some(), "rbd", CEPH),
    ] {
        if given {
            remarks.push(format!("spec.{field}: {what}"));
        }
    }
}

/// Since when kinds of volumes are on their way out.
const PHOTON: &str = "deprecated in v1.11, non-functional in v1.16+";
const SCALE_IO: &str = "deprecated in v1.16, non-functional in v1.22+";
const LATE: &str = "deprecated in v1.22, non-functional in v1.25+";
const GLUSTER: &str = "deprecated in v1.25, non-functional in v1.26+";
const CEPH: &str = "deprecated in v1.28, non-functional in v1.31+";

/// The kinds of volumes that are on their way out or gone: (whether it is one, field, remark).
fn outdated(volume: &Volume) -> [(bool, &'static str, &'static str); 9] {
    [
        (volume.photon_persistent_disk.is_some(), "photonPersistentDisk", PHOTON),
        (
            volume.git_repo.is_some(),
            "gitRepo",
            "deprecated in v1.11, and disabled by default in v1.33+",
        ),
        (volume.scale_io.is_some(), "scaleIO", SCALE_IO),
        (volume.flocker.is_some(), "flocker", LATE),
        (volume.storageos.is_some(), "storageOS", LATE),
        (volume.quobyte.is_some(), "quobyte", LATE),
        (volume.glusterfs.is_some(), "glusterfs", GLUSTER),
        (volume.cephfs.is_some(), "cephfs", CEPH),
        (volume.rbd.is_some(), "rbd", CEPH),
    ]
}

/// Files that hide each other in one volume.
fn overlaps(remarks: &mut Vec<String>, volume: &Volume) {
    let name = &volume.name;
    if let Some(map) = &volume.config_map {
        let what = format!("volume {name:?} (ConfigMap {:?})", map.name);
        meet(remarks, &what, keys(map.items.as_deref(), ""));
    }
    if let Some(secret) = &volume.secret {
        let of = secret.secret_name.as_deref().unwrap_or_default();
        let what = format!("volume {name:?} (Secret {of:?})");
        meet(remarks, &what, keys(secret.items.as_deref(), ""));
    }
    if let Some(downward) = &volume.downward_api {
        let what = format!("volume {name:?} (DownwardAPI)");
        meet(remarks, &what, fields(downward.items.as_deref(), ""));
    }
    let Some(projected) = &volume.projected else { return };
    let what = format!("volume {name:?} (Projected)");
    let mut files = Vec::new();
    for source in projected.sources.iter().flatten() {
        if *source == VolumeProjection::default() {
            remarks.push(format!("{what} has no sources provided"));
        }
        files.extend(projection(source));
    }
    meet(remarks, &what, files);
}

/// The files of one source of a projected volume.
fn projection(source: &VolumeProjection) -> Vec<File> {
    if let Some(map) = &source.config_map {
        return keys(map.items.as_deref(), &format!("ConfigMap {:?}", map.name));
    }
    if let Some(secret) = &source.secret {
        return keys(secret.items.as_deref(), &format!("Secret {:?}", secret.name));
    }
    if let Some(downward) = &source.downward_api {
        return fields(downward.items.as_deref(), "DownwardAPI");
    }
    let single =
        |path: &str, source: &str| vec![File { path: path.to_owned(), source: source.to_owned() }];
    if let Some(token) = &source.service_account_token {
        return single(&token.path, "ServiceAccountToken");
    }
    if let Some(bundle) = &source.cluster_trust_bundle {
        return single(&bundle.path, "ClusterTrustBundle");
    }
    Vec::new()
}

fn keys(items: Option<&[KeyToPath]>, source: &str) -> Vec<File> {
    let file = |item: &KeyToPath| File { path: item.path.clone(), source: source.to_owned() };
    items.unwrap_or_default().iter().map(file).collect()
}

fn fields(items: Option<&[DownwardAPIVolumeFile]>, source: &str) -> Vec<File> {
    let file =
        |item: &DownwardAPIVolumeFile| File { path: item.path.clone(), source: source.to_owned() };
    items.unwrap_or_default().iter().map(file).collect()
}

/// Remarks on each file that is, contains or lies in an earlier one.
fn meet(remarks: &mut Vec<String>, what: &str, mut files: Vec<File>) {
    for file in &mut files {
        file.path.truncate(file.path.trim_end_matches('/').len());
    }
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    for (index, file) in files.iter().enumerate() {
        for earlier in &files[..index] {
            if within(&file.path, &earlier.path) || within(&earlier.path, &file.path) {
                remarks.push(format!("{what}: overlapping paths: {file} with {earlier}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(volume: Value) -> Vec<String> {
        let volume: Volume = serde_json::from_value(volume).unwrap();
        let mut found = Vec::new();
        remarks(&mut found, &[volume], &Placed { path: "", metadata: None });
        found
    }

    // Recording 15: f1808.yaml.
    #[test]
    fn two_keys_in_one_file_are_remarked_on() {
        let items = json!([{"key": "a", "path": "x"}, {"key": "b", "path": "x/y"}]);
        assert_eq!(
            of(json!({"name": "v", "configMap": {"name": "m", "items": items}})),
            ["volume \"v\" (ConfigMap \"m\"): overlapping paths: \"x/y\" with \"x\""]
        );
    }

    #[test]
    fn sources_of_one_volume_may_hide_each_other() {
        let token = json!({"serviceAccountToken": {"path": "token"}});
        let items = json!([{"key": "a", "path": "token"}]);
        let secret = json!({"secret": {"name": "s", "items": items}});
        assert_eq!(
            of(json!({"name": "v", "projected": {"sources": [token, secret, {}]}})),
            [
                "volume \"v\" (Projected) has no sources provided",
                "volume \"v\" (Projected): overlapping paths: \"token\" (Secret \"s\") with \
                 \"token\" (ServiceAccountToken)",
            ]
        );
    }
}
