//! `metadata`, of every kind.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use super::report::{Json, Report};
use super::{labels, names};

/// How much all annotations together may say, in bytes.
const MAX_ANNOTATIONS: usize = 256 << 10;

/// What is wrong with a name; `dns_label` or `dns_subdomain` for most kinds.
pub(super) type NameRule = fn(&str) -> Vec<String>;

/// A new object's metadata.
pub(super) fn create(report: &mut Report, meta: &ObjectMeta, namespaced: bool, rule: NameRule) {
    if let Some(prefix) = meta.generate_name.as_deref().filter(|prefix| !prefix.is_empty()) {
        // A generated name goes on behind the prefix, so a hyphen may end it.
        let stem = prefix.strip_suffix('-').map_or_else(|| prefix.to_owned(), |s| format!("{s}a"));
        report.invalid_for("metadata.generateName", prefix, rule(&stem));
    }
    match meta.name.as_deref() {
        None | Some("") => report.required("metadata.name", "name or generateName is required"),
        Some(name) => report.invalid_for("metadata.name", name, rule(name)),
    }
    let namespace = meta.namespace.as_deref().unwrap_or("");
    match (namespaced, namespace) {
        (true, "") => report.required("metadata.namespace", ""),
        (true, name) => report.invalid_for("metadata.namespace", name, names::dns_label(name)),
        (false, "") => {}
        (false, _) => report.forbidden("metadata.namespace", "not allowed on this type"),
    }
    common(report, meta);
}

/// A changed object's metadata.
pub(super) fn update(report: &mut Report, new: &ObjectMeta, old: &ObjectMeta) {
    if new.generation.unwrap_or(0) < old.generation.unwrap_or(0) {
        let generation = new.generation.unwrap_or(0);
        report.invalid("metadata.generation", generation, "must not be decremented");
    }
    report.unchanged("metadata.name", &new.name, &old.name);
    report.unchanged("metadata.namespace", &new.namespace, &old.namespace);
    report.unchanged("metadata.uid", &new.uid, &old.uid);
    report.unchanged(
        "metadata.creationTimestamp",
        &new.creation_timestamp,
        &old.creation_timestamp,
    );
    report.unchanged(
        "metadata.deletionTimestamp",
        &new.deletion_timestamp,
        &old.deletion_timestamp,
    );
    report.unchanged(
        "metadata.deletionGracePeriodSeconds",
        &new.deletion_grace_period_seconds,
        &old.deletion_grace_period_seconds,
    );
    common(report, new);
}

fn common(report: &mut Report, meta: &ObjectMeta) {
    report.not_negative("metadata.generation", meta.generation);
    labels::check(report, "metadata.labels", meta.labels.as_ref());
    annotations(report, "metadata.annotations", meta);
    owners(report, meta.owner_references.as_deref().unwrap_or_default());
    for finalizer in meta.finalizers.iter().flatten() {
        report.invalid_for("metadata.finalizers", finalizer, names::qualified_name(finalizer));
    }
}

/// Annotations: keys like labels' but for case, and not too much text.
pub(super) fn annotations(report: &mut Report, path: &str, meta: &ObjectMeta) {
    let mut size = 0;
    for (key, value) in meta.annotations.iter().flatten() {
        report.invalid_for(path, key, names::qualified_name(&key.to_lowercase()));
        size += key.len() + value.len();
    }
    if size > MAX_ANNOTATIONS {
        report.too_long(path, MAX_ANNOTATIONS);
    }
}

fn owners(report: &mut Report, owners: &[OwnerReference]) {
    let path = "metadata.ownerReferences";
    for (index, owner) in owners.iter().enumerate() {
        let here = format!("{path}[{index}]");
        let mut required = |name: &str, value: &str| {
            if value.is_empty() {
                report.invalid(&format!("{here}.{name}"), value, "must not be empty");
            }
        };
        required("apiVersion", &owner.api_version);
        required("kind", &owner.kind);
        required("name", &owner.name);
        required("uid", &owner.uid);
    }
    let mut controllers = owners.iter().filter(|owner| owner.controller == Some(true));
    if let (Some(first), Some(second)) = (controllers.next(), controllers.next()) {
        let why = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references \
             for {}/{} and {}/{}",
            first.kind, first.name, second.kind, second.name
        );
        report.invalid(path, Json(owners), &why);
    }
}
