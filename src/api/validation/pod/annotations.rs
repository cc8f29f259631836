//! Annotations that mean something for a pod: its cost when replicas go, and the old way to choose
//! seccomp and AppArmor profiles.

use k8s_openapi::api::core::v1::{AppArmorProfile, PodSpec, SeccompProfile};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::report::Report;
use super::{mount, with_paths};

const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
const MIRROR: &str = "kubernetes.io/config.mirror";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

/// What may stand in a pod's or template's annotations.
pub(super) fn check(report: &mut Report, path: &str, meta: &ObjectMeta, spec: &PodSpec) {
    let Some(annotations) = &meta.annotations else { return };
    if let Some(value) = annotations.get(MIRROR)
        && spec.node_name.as_deref().unwrap_or("").is_empty()
    {
        let why = "must set spec.nodeName if mirror pod annotation is set";
        report.invalid(&format!("{path}[{MIRROR}]"), value.as_str(), why);
    }
    if let Some(cost) = annotations.get(DELETION_COST).filter(|cost| !is_cost(cost)) {
        let here = format!("{path}[{DELETION_COST}]");
        report.invalid(&here, cost.as_str(), "must be a 32bit integer");
    }
    if let Some(profile) = annotations.get(SECCOMP_POD) {
        seccomp(report, &format!("{path}.{SECCOMP_POD}"), profile);
    }
    for (key, profile) in annotations.iter().filter(|(key, _)| key.starts_with(SECCOMP_CONTAINER)) {
        seccomp(report, &format!("{path}.{key}"), profile);
    }
    for (key, profile) in annotations {
        let Some(name) = key.strip_prefix(APP_ARMOR) else { continue };
        let here = format!("{path}[{key}]");
        if !with_paths("", spec).any(|(_, container)| container.name == name) {
            report.invalid(&here, name, "container not found");
        }
        let known = matches!(profile.as_str(), "" | "runtime/default" | "unconfined")
            || profile.starts_with("localhost/");
        if !known {
            let why = format!("invalid AppArmor profile name: {profile:?}");
            report.invalid(&here, profile.as_str(), &why);
        }
    }
}

/// What may not change of a pod's annotations.
pub(super) fn keep(report: &mut Report, new: &ObjectMeta, old: &ObjectMeta) {
    let none = std::collections::BTreeMap::new();
    let (new, old) =
        (new.annotations.as_ref().unwrap_or(&none), old.annotations.as_ref().unwrap_or(&none));
    let kinds = [(APP_ARMOR, "AppArmor annotations"), (MIRROR, "mirror pod annotation")];
    for (start, what) in kinds {
        let of_kind = |key: &&String| key.starts_with(start);
        for key in old.keys().filter(of_kind).filter(|key| new.get(*key) != old.get(*key)) {
            let why = format!("may not remove or update {what}");
            report.forbidden(&format!("metadata.annotations[{key}]"), &why);
        }
        for key in new.keys().filter(of_kind).filter(|key| !old.contains_key(*key)) {
            let why = format!("may not add {what}");
            report.forbidden(&format!("metadata.annotations[{key}]"), &why);
        }
    }
}

/// A whole number without a plus sign or leading zeros.
fn is_cost(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    text == "0" || (!digits.starts_with(['0', '+']) && text.parse::<i32>().is_ok())
}

fn seccomp(report: &mut Report, path: &str, profile: &str) {
    match profile.strip_prefix("localhost/") {
        Some(file) => mount::descending(report, path, file),
        None if matches!(profile, "runtime/default" | "docker/default" | "unconfined") => {}
        None => report.invalid(path, profile, "must be a valid seccomp profile"),
    }
}

/// Where annotations and fields say the same thing, they must agree.
pub(super) fn agree_with_fields(
    report: &mut Report,
    path: &str,
    meta: &ObjectMeta,
    spec: &PodSpec,
) {
    let Some(annotations) = &meta.annotations else { return };
    let context = spec.security_context.as_ref();
    let of_pod = context.and_then(|context| context.seccomp_profile.as_ref());
    if let (Some(profile), Some(annotation)) = (of_pod, annotations.get(SECCOMP_POD)) {
        let here = format!("{path}.securityContext.seccompProfile");
        same_seccomp(report, &here, annotation, profile);
    }
    for (here, container) in with_paths(path, spec) {
        let own = container.security_context.as_ref();
        let profile = own.and_then(|context| context.seccomp_profile.as_ref());
        let annotation = annotations.get(&format!("{SECCOMP_CONTAINER}{}", container.name));
        if let (Some(profile), Some(annotation)) = (profile, annotation) {
            let here = format!("{here}.securityContext.seccompProfile");
            same_seccomp(report, &here, annotation, profile);
        }
    }
    let of_pod = context.and_then(|context| context.app_armor_profile.as_ref());
    for (here, container) in with_paths(path, spec) {
        let own = container.security_context.as_ref();
        let profile = own.and_then(|context| context.app_armor_profile.as_ref()).or(of_pod);
        let annotation = annotations.get(&format!("{APP_ARMOR}{}", container.name));
        if let (Some(profile), Some(annotation)) = (profile, annotation) {
            let here = format!("{here}.securityContext.appArmorProfile");
            same_app_armor(report, &here, annotation, profile);
        }
    }
}

fn same_seccomp(report: &mut Report, path: &str, annotation: &str, profile: &SeccompProfile) {
    let same = match profile.type_.as_str() {
        "Unconfined" => annotation == "unconfined",
        "RuntimeDefault" => matches!(annotation, "runtime/default" | "docker/default"),
        "Localhost" => annotation.starts_with("localhost/"),
        _ => true,
    };
    let file = annotation.strip_prefix("localhost/");
    if !same {
        let why = "seccomp type in annotation and field must match";
        report.forbidden(&format!("{path}.type"), why);
    } else if profile.type_ == "Localhost" && profile.localhost_profile.as_deref() != file {
        let why = "seccomp profile in annotation and field must match";
        report.forbidden(&format!("{path}.localhostProfile"), why);
    }
}

fn same_app_armor(report: &mut Report, path: &str, annotation: &str, profile: &AppArmorProfile) {
    let same = match profile.type_.as_str() {
        "Unconfined" => annotation == "unconfined",
        "RuntimeDefault" => annotation == "runtime/default",
        "Localhost" => annotation.starts_with("localhost/"),
        _ => true,
    };
    let file = annotation.strip_prefix("localhost/");
    if !same {
        let why = "apparmor type in annotation and field must match";
        report.forbidden(&format!("{path}.type"), why);
    } else if profile.type_ == "Localhost" && profile.localhost_profile.as_deref() != file {
        let why = "apparmor profile in annotation and field must match";
        report.forbidden(&format!("{path}.localhostProfile"), why);
    }
}
