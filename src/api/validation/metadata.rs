//! `metadata`, of every kind.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use super::report::{Json, Report};
use super::shape::Holds::{Api, ApiList};
use super::shape::{OWNER, Own};
use super::{labels, names};

/// How much all annotations together may say, in bytes.
const MAX_ANNOTATIONS: usize = 256 << 10;

/// What is wrong with a name; `dns_label` or `dns_subdomain` for most kinds.
pub(super) type NameRule = fn(&str) -> Vec<String>;

/// A new object's metadata.
pub(super) fn create(report: &mut Report, meta: &ObjectMeta, namespaced: bool, rule: NameRule) {
    create_any(report, meta, namespaced, rule);
    known_finalizers(report, meta);
}

/// A changed object's metadata.
pub(super) fn update(report: &mut Report, new: &ObjectMeta, old: &ObjectMeta) {
    update_any(report, new, old);
    known_finalizers(report, new);
}

/// What every kind's new metadata have to be.
pub(super) fn create_any(report: &mut Report, meta: &ObjectMeta, namespaced: bool, rule: NameRule) {
    if let Some(prefix) = meta.generate_name.as_deref().filter(|prefix| !prefix.is_empty()) {
        report.invalid_for("metadata.generateName", prefix, rule(&names::as_prefix(prefix)));
    }
    match meta.name.as_deref() {
        None | Some("") => report.required("metadata.name", "name or generateName is required"),
        Some(name) => report.invalid_name("metadata.name", name, rule(name)),
    }
    let namespace = meta.namespace.as_deref().unwrap_or("");
    match (namespaced, namespace) {
        (true, "") => report.required("metadata.namespace", ""),
        (true, name) => report.invalid_name("metadata.namespace", name, names::dns_label(name)),
        (false, "") => {}
        (false, _) => report.forbidden("metadata.namespace", "not allowed on this type"),
    }
    common(report, meta);
}

/// What every kind's changed metadata have to be.
pub(super) fn update_any(report: &mut Report, new: &ObjectMeta, old: &ObjectMeta) {
    if old.deletion_timestamp.is_some() {
        no_new_finalizers(report, new, old);
    }
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

/// What is on its way out is not held by more than before.
fn no_new_finalizers(report: &mut Report, new: &ObjectMeta, old: &ObjectMeta) {
    let before = old.finalizers.as_deref().unwrap_or_default();
    let added: BTreeSet<&String> =
        new.finalizers.iter().flatten().filter(|finalizer| !before.contains(finalizer)).collect();
    if !added.is_empty() {
        let listed: Vec<String> = added.iter().map(|name| format!("{name:?}")).collect();
        let why = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers \
             []string{{{}}}",
            listed.join(", ")
        );
        report.forbidden("metadata.finalizers", &why);
    }
}

fn common(report: &mut Report, meta: &ObjectMeta) {
    report.not_negative("metadata.generation", meta.generation);
    labels::check(report, "metadata.labels", meta.labels.as_ref());
    annotations(report, "metadata.annotations", meta);
    owners(report, meta.owner_references.as_deref().unwrap_or_default());
    finalizers(report, meta.finalizers.as_deref().unwrap_or_default());
}

/// The only finalizers that may be without a domain.
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

/// Names of finalizers, and the two that exclude each other.
fn finalizers(report: &mut Report, finalizers: &[String]) {
    let path = "metadata.finalizers";
    for finalizer in finalizers {
        report.invalid_for(path, finalizer, names::qualified_name(finalizer));
    }
    let has = |name: &str| finalizers.iter().any(|finalizer| finalizer == name);
    if has("orphan") && has("foregroundDeletion") {
        let why = "finalizer orphan and foregroundDeletion cannot be both set";
        report.invalid(path, Json(finalizers), why);
    }
}

/// Of most kinds' finalizers: a name without a domain must be one of Kubernetes' own.
pub(super) fn known_finalizers(report: &mut Report, meta: &ObjectMeta) {
    for (index, finalizer) in meta.finalizers.iter().flatten().enumerate() {
        standard_or_qualified(report, &format!("metadata.finalizers[{index}]"), finalizer);
    }
}

/// A finalizer without a domain must be one of Kubernetes' own.
pub(super) fn standard_or_qualified(report: &mut Report, path: &str, finalizer: &str) {
    if !finalizer.contains('/') && !STANDARD_FINALIZERS.contains(&finalizer) {
        let why = "name is neither a standard finalizer name nor is it fully qualified";
        report.invalid(path, finalizer, why);
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

/// Owners; the server names the list, whichever owner is wrong.
fn owners(report: &mut Report, owners: &[OwnerReference]) {
    let path = "metadata.ownerReferences";
    let mut first: Option<&OwnerReference> = None;
    for owner in owners {
        let (group, version) =
            owner.api_version.rsplit_once('/').unwrap_or(("", &owner.api_version));
        if version.is_empty() {
            let here = format!("{path}.apiVersion");
            report.invalid(&here, owner.api_version.as_str(), "version must not be empty");
        }
        let rest = [("kind", &owner.kind), ("name", &owner.name), ("uid", &owner.uid)];
        for (field, value) in rest.into_iter().filter(|(_, value)| value.is_empty()) {
            report.invalid(&format!("{path}.{field}"), value.as_str(), "must not be empty");
        }
        if (group, version, owner.kind.as_str()) == ("", "v1", "Event") {
            let why = "/v1, Kind=Event is disallowed from being an owner";
            report.invalid(path, Own(Api(OWNER), owner), why);
        }
        match first.filter(|_| owner.controller == Some(true)) {
            Some(first) => {
                let why = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in \
                     references for {}/{} and {}/{}",
                    first.kind, first.name, owner.kind, owner.name
                );
                report.invalid(path, Own(ApiList(OWNER), owners), &why);
            }
            None if owner.controller == Some(true) => first = Some(owner),
            None => {}
        }
    }
}
