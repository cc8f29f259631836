//! What may change of an existing Pod: very little.

use k8s_openapi::api::core::v1::{Container, PodSpec, Toleration};

use super::super::metadata;
use super::super::report::Report;
use super::{check, difference, internal};
use crate::api::{Pod, SharedSpec};

const FIELDS: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,\
    `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),\
    `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// A changed Pod.
pub(in super::super) fn update(report: &mut Report, new: &Pod, old: &Pod) {
    metadata::update(report, &new.metadata, &old.metadata);
    check(report, new, false);
    let full = |pod: &Pod| pod.spec.as_ref().map(SharedSpec::full);
    let (Some(spec), Some(before)) = (&full(new), &full(old)) else { return };
    let none = Vec::new();
    let init = |spec: &PodSpec| spec.init_containers.clone().unwrap_or_default();
    if !containers(report, "spec.containers", &spec.containers, &before.containers)
        || !containers(report, "spec.initContainers", &init(spec), &init(before))
    {
        return;
    }
    deadline(report, spec, before);
    let tolerations = before.tolerations.as_ref().unwrap_or(&none);
    keep_tolerations(report, spec.tolerations.as_deref().unwrap_or_default(), tolerations);
    let munged = munge(spec, before);
    let (now, then) = (internal::lines(&munged), internal::lines(before));
    if now != then {
        let difference = difference::unified(&then, &now);
        let why = format!("pod updates may not change fields other than {FIELDS}\n{difference}");
        report.forbidden("spec", &why);
    }
}

/// As many containers as before, each with an image; returns whether it is worth to go on.
fn containers(report: &mut Report, path: &str, new: &[Container], old: &[Container]) -> bool {
    if new.len() != old.len() {
        report.forbidden(path, "pod updates may not add or remove containers");
        return false;
    }
    for (index, container) in new.iter().enumerate() {
        if container.image.as_deref().unwrap_or("").is_empty() {
            report.required(&format!("{path}[{index}].image"), "");
        }
    }
    true
}

/// A deadline may be set, and then only come nearer.
fn deadline(report: &mut Report, new: &PodSpec, old: &PodSpec) {
    let path = "spec.activeDeadlineSeconds";
    match (new.active_deadline_seconds, old.active_deadline_seconds) {
        (Some(seconds), Some(before)) if seconds > before => {
            report.invalid(path, seconds, "must be less than or equal to previous value");
        }
        (None, Some(_)) => {
            let none = super::super::report::Json(new.active_deadline_seconds);
            report.invalid(path, none, "must not update from a positive integer to nil value");
        }
        _ => {}
    }
}

/// Tolerations may be added, not taken away.
fn keep_tolerations(report: &mut Report, new: &[Toleration], old: &[Toleration]) {
    let kept = old.iter().all(|before| {
        new.iter().any(|toleration| {
            // Only how long it is tolerated may change.
            Toleration { toleration_seconds: before.toleration_seconds, ..toleration.clone() }
                == *before
        })
    });
    if !kept {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        report.forbidden("spec.tolerations", why);
    }
}

/// The new specification with everything as before that may change.
fn munge(new: &PodSpec, old: &PodSpec) -> PodSpec {
    let mut munged = new.clone();
    for (container, before) in munged.containers.iter_mut().zip(&old.containers) {
        container.image = before.image.clone();
    }
    let pairs =
        munged.init_containers.iter_mut().flatten().zip(old.init_containers.iter().flatten());
    for (container, before) in pairs {
        container.image = before.image.clone();
    }
    munged.active_deadline_seconds = old.active_deadline_seconds;
    munged.tolerations = old.tolerations.clone();
    let shortened = new.termination_grace_period_seconds == Some(1)
        && old.termination_grace_period_seconds.is_some_and(|seconds| seconds < 0);
    if shortened {
        munged.termination_grace_period_seconds = old.termination_grace_period_seconds;
    }
    munged
}
