//! ConfigMaps and Secrets.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};

use super::report::Report;
use super::{metadata, names};
use crate::manifest::json;

/// How much an object may hold, in bytes.
const MAX_SIZE: usize = 1 << 20;

/// Names the account whose token a Secret holds.
const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";

const IMMUTABLE: &str = "field is immutable when `immutable` is set";

/// A new or changed ConfigMap.
pub(super) fn check_map(report: &mut Report, map: &ConfigMap, old: Option<&ConfigMap>) {
    match old {
        None => metadata::create(report, &map.metadata, true, names::dns_subdomain),
        Some(old) => metadata::update(report, &map.metadata, &old.metadata),
    }
    if let Some(old) = old.filter(|old| old.immutable == Some(true)) {
        if map.immutable != Some(true) {
            report.forbidden("immutable", IMMUTABLE);
        }
        if map.data != old.data {
            report.forbidden("data", IMMUTABLE);
        }
        if map.binary_data != old.binary_data {
            report.forbidden("binaryData", IMMUTABLE);
        }
    }
    let empty = BTreeMap::new();
    let binary = map.binary_data.as_ref().unwrap_or(&empty);
    let mut size = 0;
    for (key, value) in map.data.iter().flatten() {
        let path = format!("data[{key}]");
        report.invalid_for(&path, key, names::config_key(key));
        if binary.contains_key(key) {
            report.invalid(&path, key.as_str(), "duplicate of key present in binaryData");
        }
        size += value.len();
    }
    size += check_bytes(report, "binaryData", binary);
    if size > MAX_SIZE {
        report.too_long("", MAX_SIZE);
    }
}

fn check_bytes(report: &mut Report, path: &str, data: &BTreeMap<String, ByteString>) -> usize {
    for key in data.keys() {
        report.invalid_for(&format!("{path}[{key}]"), key, names::config_key(key));
    }
    data.values().map(|value| value.0.len()).sum()
}

/// A new or changed Secret.
pub(super) fn check_secret(report: &mut Report, secret: &Secret, old: Option<&Secret>) {
    match old {
        None => metadata::create(report, &secret.metadata, true, names::dns_subdomain),
        Some(old) => {
            metadata::update(report, &secret.metadata, &old.metadata);
            report.unchanged("type", &secret.type_, &old.type_);
        }
    }
    if let Some(old) = old.filter(|old| old.immutable == Some(true)) {
        if secret.immutable != Some(true) {
            report.forbidden("immutable", IMMUTABLE);
        }
        if secret.data != old.data {
            report.forbidden("data", IMMUTABLE);
        }
    }
    let empty = BTreeMap::new();
    let data = secret.data.as_ref().unwrap_or(&empty);
    if check_bytes(report, "data", data) > MAX_SIZE {
        report.too_long("data", MAX_SIZE);
    }
    let kind = secret.type_.as_deref().unwrap_or("");
    let annotations = secret.metadata.annotations.as_ref();
    let account = annotations.and_then(|all| all.get(ACCOUNT_NAME));
    if kind == "kubernetes.io/service-account-token" && account.is_none_or(String::is_empty) {
        report.required(&format!("metadata.annotations[{ACCOUNT_NAME}]"), "");
    }
    by_type(report, kind, data);
}

/// Some types promise certain keys.
fn by_type(report: &mut Report, kind: &str, data: &BTreeMap<String, ByteString>) {
    let required: &[&str] = match kind {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/basic-auth" => {
            if !data.contains_key("username") && !data.contains_key("password") {
                report.required("data[username]", "");
                report.required("data[password]", "");
            }
            &[]
        }
        _ => &[],
    };
    for key in required {
        let path = format!("data[{key}]");
        // A key of this kind must hold something; the others must only be there.
        let missing = |value: &&ByteString| *key == "ssh-privatekey" && value.0.is_empty();
        let Some(value) = data.get(*key).filter(|value| !missing(value)) else {
            report.required(&path, "");
            continue;
        };
        if key.starts_with(".docker")
            && let Err(fault) = json::object(&value.0)
        {
            report.invalid(&path, "<secret contents redacted>", &fault.message);
        }
    }
}
