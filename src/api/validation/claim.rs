//! PersistentVolumeClaims (`ValidatePersistentVolumeClaim` and its update in
//! `pkg/apis/core/validation/validation.go`).

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::json;

use super::pod::difference;
use super::report::{Json, Report};
use super::shape::Holds::{Any, Api, Pointer, Struct, Text};
use super::shape::{SELECTOR, Shape, Writer};
use super::{labels, metadata, names};
use crate::manifest::quantity;

const ACCESS_MODES: &[&str] =
    &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

const SPEC: Shape = &[
    ("AccessModes", "accessModes", Any),
    ("Selector", "selector", Api(SELECTOR)),
    ("Resources", "resources", Struct(&[("Limits", "limits", Any), ("Requests", "requests", Any)])),
    ("VolumeName", "volumeName", Text),
    ("StorageClassName", "storageClassName", Any),
    ("VolumeMode", "volumeMode", Any),
    (
        "DataSource",
        "dataSource",
        Pointer(&[("APIGroup", "apiGroup", Any), ("Kind", "kind", Text), ("Name", "name", Text)]),
    ),
    (
        "DataSourceRef",
        "dataSourceRef",
        Pointer(&[
            ("APIGroup", "apiGroup", Any),
            ("Kind", "kind", Text),
            ("Name", "name", Text),
            ("Namespace", "namespace", Any),
        ]),
    ),
    ("VolumeAttributesClassName", "volumeAttributesClassName", Any),
];

/// A new or changed PersistentVolumeClaim.
pub(super) fn check(
    report: &mut Report,
    claim: &PersistentVolumeClaim,
    old: Option<&PersistentVolumeClaim>,
) {
    let spec = claim.spec.clone().unwrap_or_default();
    let Some(old) = old else {
        metadata::create(report, &claim.metadata, true, names::dns_subdomain);
        check_spec(report, "spec", &spec);
        return;
    };
    metadata::update(report, &claim.metadata, &old.metadata);
    check_spec(report, "spec", &spec);
    keep(report, claim, old);
}

/// What a claim asks for stays, but for its size and class once it has a volume.
fn keep(report: &mut Report, new: &PersistentVolumeClaim, old: &PersistentVolumeClaim) {
    let spec = |claim: &PersistentVolumeClaim| claim.spec.clone().unwrap_or_default();
    let (mut now, mut then) = (spec(new), spec(old));
    let size = |spec: &PersistentVolumeClaimSpec| {
        let requests = spec.resources.as_ref().and_then(|resources| resources.requests.as_ref());
        requests.and_then(|requests| requests.get("storage")).cloned()
    };
    let (size_now, size_then) = (size(&now), size(&then));
    let mode = (now.volume_mode.clone(), then.volume_mode.clone());
    if then.volume_name.as_deref().unwrap_or("").is_empty() {
        then.volume_name.clone_from(&now.volume_name);
    }
    if then.storage_class_name.is_none() {
        now.storage_class_name = None;
    }
    if new.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Bound") {
        let requests = now.resources.as_mut().and_then(|resources| resources.requests.as_mut());
        if let (Some(requests), Some(size)) = (requests, &size_then) {
            requests.insert("storage".to_owned(), size.clone());
        }
        now.volume_attributes_class_name.clone_from(&then.volume_attributes_class_name);
    }
    if now != then {
        let difference = difference::unified(&lines(&then), &lines(&now));
        let why = format!(
            "spec is immutable after creation except resources.requests and \
             volumeAttributesClassName for bound claims\n{difference}"
        );
        report.forbidden("spec", &why);
    }
    let amount = |size: &Option<Quantity>| {
        size.as_ref().map_or(0, |size| quantity::parse(&size.0).unwrap_or(0))
    };
    let capacity = old.status.as_ref().and_then(|status| status.capacity.as_ref());
    let capacity = capacity.and_then(|capacity| capacity.get("storage")).cloned();
    if amount(&size_now) < amount(&size_then) && amount(&size_now) <= amount(&capacity) {
        let why = "field can not be less than status.capacity";
        report.forbidden("spec.resources.requests.storage", why);
    }
    // The server forgets where the field is.
    report.unchanged("volumeMode", &mode.0, &mode.1);
}

/// What a claim asks for, as the server holds it itself: a line a value.
fn lines(spec: &PersistentVolumeClaimSpec) -> Vec<String> {
    let mut out = Writer::indented();
    out.object(SPEC, &json!(spec), 0);
    out.text.lines().map(str::to_owned).collect()
}

/// Who may mount a volume at once.
pub(super) fn check_modes(report: &mut Report, path: &str, modes: &[String]) {
    for mode in modes {
        report.one_of_if_given(path, Some(mode), ACCESS_MODES);
    }
    let known = modes.iter().filter(|mode| ACCESS_MODES.contains(&mode.as_str()));
    let (alone, shared): (Vec<_>, Vec<_>) = known.partition(|mode| *mode == "ReadWriteOncePod");
    if !alone.is_empty() && !shared.is_empty() {
        report.forbidden(path, "may not use ReadWriteOncePod with other access modes");
    }
}

/// What a claim asks for.
pub(super) fn check_spec(report: &mut Report, path: &str, spec: &PersistentVolumeClaimSpec) {
    let at_modes = format!("{path}.accessModes");
    let modes = spec.access_modes.as_deref().unwrap_or_default();
    if modes.is_empty() {
        report.required(&at_modes, "at least 1 access mode is required");
    }
    if let Some(selector) = &spec.selector {
        labels::check_selector(report, &format!("{path}.selector"), selector);
    }
    check_modes(report, &at_modes, modes);
    let requests = spec.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    let here = format!("{path}.resources[storage]");
    match requests.and_then(|requests| requests.get("storage")) {
        None => report.required(&here, ""),
        Some(amount) if quantity::parse(&amount.0).unwrap_or(0) <= 0 => {
            report.invalid(&here, amount.0.as_str(), "must be greater than zero");
        }
        Some(_) => {}
    }
    if let Some(class) = given(&spec.storage_class_name) {
        let here = format!("{path}.storageClassName");
        report.invalid_name(&here, class, names::dns_subdomain(class));
    }
    let mode = spec.volume_mode.as_deref();
    report.one_of_if_given(&format!("{path}.volumeMode"), mode, &["Block", "Filesystem"]);
    check_source(report, path, spec);
    if let Some(class) = given(&spec.volume_attributes_class_name) {
        let here = format!("{path}.volumeAttributesClassName");
        report.invalid_name(&here, class, names::dns_subdomain(class));
    }
}

/// What a volume is to begin with; it may be said in two fields, the newer of which can name another
/// namespace.
fn check_source(report: &mut Report, path: &str, spec: &PersistentVolumeClaimSpec) {
    let check = |report: &mut Report, field: &str, group: Option<&str>, kind: &str, name: &str| {
        let here = format!("{path}.{field}");
        for (part, text) in [("name", name), ("kind", kind)] {
            if text.is_empty() {
                report.required(&format!("{here}.{part}"), "");
            }
        }
        match group.unwrap_or("") {
            "" if kind != "PersistentVolumeClaim" => {
                let why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
                report.invalid(&here, kind, why);
            }
            "" => {}
            group => {
                let here = format!("{here}.apiGroup");
                report.invalid_name(&here, group, names::dns_subdomain(group));
            }
        }
    };
    if let Some(source) = &spec.data_source {
        let group = source.api_group.as_deref();
        check(report, "dataSource", group, &source.kind, &source.name);
    }
    let Some(newer) = &spec.data_source_ref else { return };
    check(report, "dataSourceRef", newer.api_group.as_deref(), &newer.kind, &newer.name);
    let namespace = given(&newer.namespace);
    if let Some(name) = namespace {
        let here = format!("{path}.dataSourceRef.namespace");
        report.invalid_name(&here, name, names::dns_label(name));
    }
    let Some(older) = &spec.data_source else { return };
    let same = (&older.api_group, &older.kind, &older.name)
        == (&newer.api_group, &newer.kind, &newer.name);
    // The value is a path, of which Go shows nothing.
    let nothing = json!({});
    if namespace.is_some() {
        let why = "may not be specified when dataSourceRef.namespace is specified";
        report.invalid(path, Json(nothing), why);
    } else if !same {
        report.invalid(path, Json(nothing), "must match dataSourceRef");
    }
}

pub(super) fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}
