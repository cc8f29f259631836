//! Volumes made of ConfigMaps, Secrets, tokens and the pod's own fields.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    ClusterTrustBundleProjection, DownwardAPIVolumeFile, KeyToPath, ProjectedVolumeSource,
    ServiceAccountTokenProjection, VolumeProjection,
};

use super::super::report::{Json, Report};
use super::super::{labels, names};
use super::{env, file_mode, mount};

/// The fields of a pod that may become files.
const FILE_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

/// How long a token may live, in seconds.
const TOKEN_SECONDS: std::ops::RangeInclusive<i64> = 600..=(1 << 32);

/// Which keys become which files.
pub(super) fn keys(report: &mut Report, path: &str, items: Option<&[KeyToPath]>) {
    for (index, item) in items.into_iter().flatten().enumerate() {
        key(report, &format!("{path}[{index}]"), item);
    }
}

fn key(report: &mut Report, path: &str, item: &KeyToPath) {
    if item.key.is_empty() {
        report.required(&format!("{path}.key"), "");
    }
    let here = format!("{path}.path");
    if item.path.is_empty() {
        report.required(&here, "");
    }
    mount::local(report, &here, &item.path);
    file_mode(report, &format!("{path}.mode"), item.mode);
}

/// A file that holds one of the pod's own fields. The server names the volume, not the item.
pub(super) fn downward(report: &mut Report, path: &str, file: &DownwardAPIVolumeFile) {
    let here = format!("{path}.path");
    if file.path.is_empty() {
        report.required(&here, "");
    }
    mount::local(report, &here, &file.path);
    match (&file.field_ref, &file.resource_field_ref) {
        (Some(field), other) => {
            env::check_field(report, &format!("{path}.fieldRef"), field, FILE_FIELDS);
            if other.is_some() {
                let why = "fieldRef and resourceFieldRef can not be specified simultaneously";
                report.invalid(path, "resource", why);
            }
        }
        (None, Some(amount)) => {
            env::check_amount(report, &format!("{path}.resourceFieldRef"), amount, true);
        }
        (None, None) => report.required(path, "one of fieldRef and resourceFieldRef is required"),
    }
    file_mode(report, &format!("{path}.mode"), file.mode);
}

/// A volume of several sources.
pub(super) fn check(report: &mut Report, path: &str, volume: &ProjectedVolumeSource) {
    file_mode(report, &format!("{path}.defaultMode"), volume.default_mode);
    let mut taken = BTreeSet::new();
    for (index, source) in volume.sources.iter().flatten().enumerate() {
        check_source(report, path, &format!("{path}.sources[{index}]"), source, &mut taken);
    }
}

fn check_source<'a>(
    report: &mut Report,
    volume: &str,
    path: &str,
    source: &'a VolumeProjection,
    taken: &mut BTreeSet<&'a str>,
) {
    let mut sources = 0;
    let named = [
        ("secret", source.secret.as_ref().map(|from| (&from.name, &from.items))),
        ("configMap", source.config_map.as_ref().map(|from| (&from.name, &from.items))),
    ];
    for (field, from) in named {
        let Some((name, items)) = from else { continue };
        sources += 1;
        if name.is_empty() {
            report.required(&format!("{path}.{field}.name"), "");
        }
        for (index, item) in items.iter().flatten().enumerate() {
            key(report, &format!("{path}.{field}.items[{index}]"), item);
            if !item.path.is_empty() && !taken.insert(&item.path) {
                report.invalid(volume, name.as_str(), "conflicting duplicate paths");
            }
        }
    }
    if let Some(from) = &source.downward_api {
        sources += 1;
        for file in from.items.iter().flatten() {
            downward(report, &format!("{path}.downwardAPI"), file);
            if !file.path.is_empty() && !taken.insert(&file.path) {
                report.invalid(volume, file.path.as_str(), "conflicting duplicate paths");
            }
        }
    }
    if let Some(from) = &source.service_account_token {
        sources += 1;
        token(report, volume, &format!("{path}.serviceAccountToken"), from);
    }
    if let Some(from) = &source.cluster_trust_bundle {
        sources += 1;
        trust_bundle(report, &format!("{path}.clusterTrustBundle"), from);
        if !taken.insert(&from.path) {
            report.invalid(volume, from.path.as_str(), "conflicting duplicate paths");
        }
    }
    if sources > 1 {
        report.forbidden(path, "may not specify more than 1 volume type per source");
    }
}

/// A token; the server names the volume where its path is wrong.
fn token(report: &mut Report, volume: &str, path: &str, from: &ServiceAccountTokenProjection) {
    let seconds = from.expiration_seconds.unwrap_or(0);
    let here = format!("{path}.expirationSeconds");
    if seconds < *TOKEN_SECONDS.start() {
        report.invalid(&here, seconds, "may not specify a duration less than 10 minutes");
    }
    if seconds > *TOKEN_SECONDS.end() {
        report.invalid(&here, seconds, "may not specify a duration larger than 2^32 seconds");
    }
    let here = format!("{volume}.path");
    match from.path.as_str() {
        "" => report.required(&here, ""),
        text => mount::local(report, &here, text),
    }
}

fn trust_bundle(report: &mut Report, path: &str, from: &ClusterTrustBundleProjection) {
    match (&from.name, &from.signer_name) {
        (Some(_), Some(_)) => {
            let why = "only one of name and signerName may be used";
            report.invalid(path, Json(from), why);
        }
        (Some(name), None) => {
            let here = format!("{path}.name");
            if name.is_empty() {
                report.required(&here, "must be a valid object name");
            }
            for why in names::dns_subdomain(name) {
                let why = format!("not a valid clustertrustbundlename: {why}");
                report.invalid(&here, name.as_str(), &why);
            }
            if let Some(selector) = &from.label_selector {
                let why = "labelSelector must be unset if name is specified";
                report.invalid(&format!("{path}.labelSelector"), Json(selector), why);
            }
        }
        (None, Some(signer)) => {
            let here = format!("{path}.signerName");
            if signer.is_empty() {
                report.required(&here, "must be a valid signer name");
            }
            if !signer.contains('/') {
                let why = "must be a fully qualified domain and path of the form \
                           'example.com/signer-name'";
                report.invalid(&here, signer.as_str(), why);
            }
            if let Some(selector) = &from.label_selector {
                labels::check_selector(report, &format!("{path}.labelSelector"), selector);
            }
        }
        (None, None) => report.required(path, "either name or signerName must be specified"),
    }
    let here = format!("{path}.path");
    if from.path.is_empty() {
        report.required(&here, "");
    }
    mount::local(report, &here, &from.path);
}
