//! A pod's volumes: each with a name of its own and exactly one source.

use k8s_openapi::api::core::v1::{
    CSIVolumeSource, EphemeralVolumeSource, HostPathVolumeSource, NFSVolumeSource, Volume,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::report::Report;
use super::super::{claim, labels, metadata, names};
use super::mount::Volumes;
use super::{file_mode, legacy_volume, mount, projected};
use crate::manifest::quantity;
use crate::manifest::values::{HOST_PATH_TYPES, PULL_POLICIES};

const TWO_SOURCES: &str = "may not specify more than 1 volume type";

/// The longest name of a CSI driver.
const MAX_DRIVER: usize = 63;

/// A pod's volumes; returns those that may be mounted. `pod` is the metadata of a real pod.
pub(super) fn check<'a>(
    report: &mut Report,
    path: &str,
    volumes: Option<&'a [Volume]>,
    pod: Option<&ObjectMeta>,
) -> Volumes<'a> {
    let volumes = volumes.unwrap_or_default();
    let name = pod.and_then(|pod| pod.name.as_deref()).filter(|name| !name.is_empty());
    let created: Vec<String> = volumes
        .iter()
        .filter(|volume| volume.ephemeral.is_some())
        .filter_map(|volume| name.map(|name| format!("{name}-{}", volume.name)))
        .collect();
    let mut seen = Volumes::new();
    for (index, volume) in volumes.iter().enumerate() {
        let here = format!("{path}[{index}]");
        let before = report.len();
        check_source(report, &here, volume, name);
        let at_name = format!("{here}.name");
        match volume.name.as_str() {
            "" => report.required(&at_name, ""),
            name => report.invalid_name(&at_name, name, names::dns_label(name)),
        }
        if seen.contains_key(volume.name.as_str()) {
            report.duplicate(&at_name, volume.name.as_str());
        }
        if report.len() == before {
            seen.insert(&volume.name, volume);
        }
        if let Some(claim) = &volume.persistent_volume_claim
            && created.contains(&claim.claim_name)
        {
            let here = format!("{here}.persistentVolumeClaim.claimName");
            let why = "must not reference a PVC that gets created for an ephemeral volume";
            report.invalid(&here, claim.claim_name.as_str(), why);
        }
    }
    seen
}

/// The one source that a volume may have: the first in the order of the server's type. Any other
/// is refused unseen.
pub(super) struct Source<'r> {
    report: &'r mut Report,
    path: String,
    chosen: bool,
}

impl Source<'_> {
    /// Looks at a source, if it is given and the first one.
    pub fn of<T>(
        &mut self,
        field: &str,
        source: &Option<T>,
        check: impl FnOnce(&mut Report, &str, &T),
    ) {
        self.called(field, field, source, check);
    }

    /// The same for sources that the server calls by one name where they are alone (`alone`) and
    /// by another where they are not.
    pub fn called<T>(
        &mut self,
        field: &str,
        alone: &str,
        source: &Option<T>,
        check: impl FnOnce(&mut Report, &str, &T),
    ) {
        let Some(source) = source else { return };
        if std::mem::replace(&mut self.chosen, true) {
            self.report.forbidden(&format!("{}.{field}", self.path), TWO_SOURCES);
        } else {
            check(self.report, &format!("{}.{alone}", self.path), source);
        }
    }
}

/// Where a volume's data come from; `pod` is the name of the pod that has it.
pub(in super::super) fn check_source(
    report: &mut Report,
    path: &str,
    volume: &Volume,
    pod: Option<&str>,
) {
    let mut source = Source { report, path: path.to_owned(), chosen: false };
    source.of("emptyDir", &volume.empty_dir, |report, path, dir| {
        let limit = dir.size_limit.as_ref().map(|limit| quantity::parse(&limit.0));
        if matches!(limit, Some(Ok(limit)) if limit < 0) {
            let why = "SizeLimit field must be a valid resource quantity";
            report.forbidden(&format!("{path}.sizeLimit"), why);
        }
    });
    source.of("hostPath", &volume.host_path, host_path);
    legacy_volume::disks(&mut source, volume);
    source.of("secret", &volume.secret, |report, path, secret| {
        required(report, path, "secretName", secret.secret_name.as_deref());
        file_mode(report, &format!("{path}.defaultMode"), secret.default_mode);
        projected::keys(report, &format!("{path}.items"), secret.items.as_deref());
    });
    source.of("nfs", &volume.nfs, nfs);
    legacy_volume::networks(&mut source, volume);
    source.of("persistentVolumeClaim", &volume.persistent_volume_claim, |report, path, claim| {
        required(report, path, "claimName", Some(&claim.claim_name));
    });
    legacy_volume::clusters(&mut source, volume);
    // The server misspells this one.
    source.called("downwarAPI", "downwardAPI", &volume.downward_api, |report, path, downward| {
        file_mode(report, &format!("{path}.defaultMode"), downward.default_mode);
        for file in downward.items.iter().flatten() {
            projected::downward(report, path, file);
        }
    });
    legacy_volume::plugins(&mut source, volume);
    source.of("configMap", &volume.config_map, |report, path, map| {
        required(report, path, "name", Some(&map.name));
        file_mode(report, &format!("{path}.defaultMode"), map.default_mode);
        projected::keys(report, &format!("{path}.items"), map.items.as_deref());
    });
    legacy_volume::vendors(&mut source, volume);
    source.of("projected", &volume.projected, projected::check);
    legacy_volume::last_vendor(&mut source, volume);
    source.of("csi", &volume.csi, csi);
    source.of("ephemeral", &volume.ephemeral, |report, path, ephemeral| {
        check_ephemeral(report, path, ephemeral, volume, pod);
    });
    source.of("image", &volume.image, |report, path, image| {
        required(report, path, "reference", image.reference.as_deref());
        let policy = image.pull_policy.as_deref();
        report.one_of_if_given(&format!("{path}.pullPolicy"), policy, PULL_POLICIES);
    });
    if !source.chosen {
        report.required(path, "must specify a volume type");
    }
}

/// A text that must be there.
pub(super) fn required(report: &mut Report, path: &str, field: &str, value: Option<&str>) {
    if value.is_none_or(str::is_empty) {
        report.required(&format!("{path}.{field}"), "");
    }
}

fn host_path(report: &mut Report, path: &str, host: &HostPathVolumeSource) {
    let here = format!("{path}.path");
    if host.path.is_empty() {
        report.required(&here, "");
        return;
    }
    mount::no_backsteps(report, &here, &host.path);
    report.one_of_if_given(&format!("{path}.type"), host.type_.as_deref(), HOST_PATH_TYPES);
}

fn nfs(report: &mut Report, path: &str, nfs: &NFSVolumeSource) {
    required(report, path, "server", Some(&nfs.server));
    required(report, path, "path", Some(&nfs.path));
    if !nfs.path.starts_with('/') {
        report.invalid(&format!("{path}.path"), nfs.path.as_str(), "must be an absolute path");
    }
}

/// The name of a storage driver.
pub(in super::super) fn driver_name(report: &mut Report, path: &str, driver: &str) {
    if driver.is_empty() {
        return report.required(path, "");
    }
    if driver.len() > MAX_DRIVER {
        report.too_long(path, MAX_DRIVER);
    }
    report.invalid_name(path, driver, names::dns_subdomain(&driver.to_lowercase()));
}

fn csi(report: &mut Report, path: &str, csi: &CSIVolumeSource) {
    driver_name(report, &format!("{path}.driver"), &csi.driver);
    match csi.node_publish_secret_ref.as_ref().map(|secret| secret.name.as_str()) {
        Some("") => report.required(&format!("{path}.nodePublishSecretRef.name"), ""),
        Some(name) => {
            report.invalid_name(&format!("{path}.name"), name, names::dns_subdomain(name));
        }
        None => {}
    }
}

fn check_ephemeral(
    report: &mut Report,
    path: &str,
    ephemeral: &EphemeralVolumeSource,
    volume: &Volume,
    pod: Option<&str>,
) {
    let path = format!("{path}.volumeClaimTemplate");
    match &ephemeral.volume_claim_template {
        None => report.required(&path, ""),
        Some(template) => {
            if let Some(meta) = &template.metadata {
                let here = format!("{path}.metadata");
                metadata::annotations(report, &format!("{here}.annotations"), meta);
                labels::check(report, &format!("{here}.labels"), meta.labels.as_ref());
                only_labels_and_annotations(report, &here, meta);
            }
            claim::check_spec(report, &format!("{path}.spec"), &template.spec);
        }
    }
    let Some(pod) = pod.filter(|_| !volume.name.is_empty()) else { return };
    let claim = format!("{pod}-{}", volume.name);
    let at = path.split(".ephemeral").next().unwrap_or_default();
    for why in names::dns_subdomain(&claim) {
        let why = format!("PVC name {claim:?}: {why}");
        report.invalid(&format!("{at}.name"), volume.name.as_str(), &why);
    }
}

/// A claim that is made for a pod gets its name from the pod.
fn only_labels_and_annotations(report: &mut Report, path: &str, meta: &ObjectMeta) {
    let some = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let given = [
        ("name", some(&meta.name)),
        ("generateName", some(&meta.generate_name)),
        ("namespace", some(&meta.namespace)),
        ("selfLink", some(&meta.self_link)),
        ("uID", some(&meta.uid)),
        ("resourceVersion", some(&meta.resource_version)),
        ("generation", meta.generation.is_some_and(|generation| generation != 0)),
        ("creationTimestamp", meta.creation_timestamp.is_some()),
        ("deletionTimestamp", meta.deletion_timestamp.is_some()),
        ("deletionGracePeriodSeconds", meta.deletion_grace_period_seconds.is_some()),
        ("ownerReferences", meta.owner_references.is_some()),
        ("finalizers", meta.finalizers.is_some()),
        ("managedFields", meta.managed_fields.is_some()),
    ];
    for (field, _) in given.iter().filter(|(_, given)| *given) {
        report.forbidden(&format!("{path}.{field}"), "cannot be set");
    }
}
