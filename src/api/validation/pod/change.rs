//! What may change of an existing Pod: very little.

use k8s_openapi::api::core::v1::{
    Affinity, Container, NodeAffinity, NodeSelectorTerm, PodSpec, Toleration,
};

use super::super::metadata;
use super::super::report::{Json, Report};
use super::super::shape::Own;
use super::{annotations, check, difference, image_of_pod, internal};
use crate::api::{Pod, SharedSpec};

const FIELDS: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,\
    `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),\
    `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// A changed Pod.
pub(in super::super) fn update(report: &mut Report, new: &Pod, old: &Pod) {
    metadata::update(report, &new.metadata, &old.metadata);
    check(report, new, false);
    annotations::keep(report, &new.metadata, &old.metadata);
    let full = |pod: &Pod| pod.spec.as_ref().map(SharedSpec::full);
    let (Some(spec), Some(before)) = (&full(new), &full(old)) else { return };
    let init = |spec: &PodSpec| spec.init_containers.clone().unwrap_or_default();
    if !containers(report, "spec.containers", &spec.containers, &before.containers)
        || !containers(report, "spec.initContainers", &init(spec), &init(before))
        || !deadline(report, spec, before)
    {
        return;
    }
    let tolerations = before.tolerations.as_deref().unwrap_or_default();
    keep_tolerations(report, spec.tolerations.as_deref().unwrap_or_default(), tolerations);
    only_fewer_gates(report, spec, before);
    let mut munged = munge(spec, before);
    if before.scheduling_gates.iter().flatten().count() > 0 {
        narrow(report, &mut munged, before);
    }
    if munged == *before {
        return;
    }
    let (now, then) = (internal::lines(&munged), internal::lines(before));
    if now != then {
        let difference = difference::unified(&then, &now);
        let why = format!("pod updates may not change fields other than {FIELDS}\n{difference}");
        report.forbidden("spec", &why);
    }
}

/// Gates may be opened, not added.
fn only_fewer_gates(report: &mut Report, new: &PodSpec, old: &PodSpec) {
    let before = old.scheduling_gates.as_deref().unwrap_or_default();
    for (index, gate) in new.scheduling_gates.iter().flatten().enumerate() {
        if !before.contains(gate) {
            let here = format!("spec.schedulingGates[{index}].name");
            let why =
                format!("only deletion is allowed, but found new scheduling gate '{}'", gate.name);
            report.forbidden(&here, &why);
        }
    }
}

/// Of a pod that waits at a gate, the choice of nodes may become narrower.
fn narrow(report: &mut Report, munged: &mut PodSpec, old: &PodSpec) {
    let (now, then) = (munged.node_selector.clone(), old.node_selector.clone());
    if now != then {
        let labels = now.clone().unwrap_or_default();
        let kept = then.iter().flatten().all(|(key, value)| labels.get(key) == Some(value));
        if !kept {
            let why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
            report.invalid("spec.nodeSelector", Json(&now), why);
        }
        munged.node_selector = then;
    }
    let node = |spec: &PodSpec| spec.affinity.as_ref().and_then(|all| all.node_affinity.clone());
    let (now, then) = (node(munged), node(old));
    if now == then {
        return;
    }
    narrow_affinity(report, now.as_ref(), then.as_ref());
    let mut affinity = munged.affinity.take().unwrap_or_default();
    affinity.node_affinity = then;
    let bare = affinity == Affinity::default() && old.affinity.is_none();
    munged.affinity = (!bare).then_some(affinity);
}

fn narrow_affinity(report: &mut Report, new: Option<&NodeAffinity>, old: Option<&NodeAffinity>) {
    let path = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution\
                .nodeSelectorTerms";
    let terms = |affinity: Option<&NodeAffinity>| {
        let required = affinity?.required_during_scheduling_ignored_during_execution.as_ref()?;
        Some(required.node_selector_terms.clone())
    };
    let Some(before) = terms(old) else { return };
    let now = terms(new).unwrap_or_default();
    if now.len() != before.len() {
        let why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        report.invalid(path, Own(internal::NODE_TERMS, &now), why);
        return;
    }
    for (index, (now, then)) in now.iter().zip(&before).enumerate() {
        if !only_adds(now, then) {
            let why = "only additions are allowed (no mutations or deletions)";
            report.invalid(&format!("{path}[{index}]"), Own(internal::NODE_TERM_ALONE, now), why);
        }
    }
}

/// Whether a term begins with what it was. One that was empty chose no node, and any addition would
/// widen the choice.
fn only_adds(new: &NodeSelectorTerm, old: &NodeSelectorTerm) -> bool {
    let lists = |term: &NodeSelectorTerm| {
        [term.match_expressions.clone(), term.match_fields.clone()].map(Option::unwrap_or_default)
    };
    let (new, old) = (lists(new), lists(old));
    let kept = new.iter().zip(&old).all(|(new, old)| new.starts_with(old));
    let was_empty = old.iter().all(Vec::is_empty);
    kept && (!was_empty || new.iter().all(Vec::is_empty))
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
        image_of_pod(report, &format!("{path}[{index}].image"), container);
    }
    true
}

/// A deadline may be set, and then only come nearer. Returns whether it is worth to go on.
fn deadline(report: &mut Report, new: &PodSpec, old: &PodSpec) -> bool {
    let path = "spec.activeDeadlineSeconds";
    match (new.active_deadline_seconds, old.active_deadline_seconds) {
        (Some(seconds), _) if !(0..=i64::from(i32::MAX)).contains(&seconds) => {
            let why = format!("must be between 0 and {}, inclusive", i32::MAX);
            report.invalid(path, seconds, &why);
            false
        }
        (Some(seconds), Some(before)) if seconds > before => {
            report.invalid(path, seconds, "must be less than or equal to previous value");
            false
        }
        (None, Some(_)) => {
            let none = Json(new.active_deadline_seconds);
            report.invalid(path, none, "must not update from a positive integer to nil value");
            true
        }
        _ => true,
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
    munged.scheduling_gates = old.scheduling_gates.clone();
    let shortened = new.termination_grace_period_seconds == Some(1)
        && old.termination_grace_period_seconds.is_some_and(|seconds| seconds < 0);
    if shortened {
        munged.termination_grace_period_seconds = old.termination_grace_period_seconds;
    }
    munged
}
