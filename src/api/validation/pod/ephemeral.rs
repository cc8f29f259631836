//! Ephemeral containers, which are added to a pod that runs (`ValidatePodEphemeralContainersUpdate`).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{EphemeralContainer, PodSpec};

use super::super::names;
use super::super::report::Report;
use crate::api::{Pod, SharedSpec};

const PATH: &str = "spec.ephemeralContainers";
const POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];

/// What was there stays as it was, and what is new has a name of its own and an image.
pub(in super::super) fn check(report: &mut Report, new: &Pod, old: &Pod) {
    let full = |pod: &Pod| pod.spec.as_ref().map(SharedSpec::full).unwrap_or_default();
    let (spec, before) = (full(new), full(old));
    let all = spec.ephemeral_containers.as_deref().unwrap_or_default();
    let known = others(&spec);
    let mut seen = known.clone();
    for (index, container) in all.iter().enumerate() {
        let here = format!("{PATH}[{index}]");
        check_name(report, &format!("{here}.name"), &container.name, &mut seen);
        if container.image.as_deref().unwrap_or("").is_empty() {
            report.required(&format!("{here}.image"), "");
        }
        let policy = container.image_pull_policy.as_deref();
        report.one_of(&format!("{here}.imagePullPolicy"), policy, POLICIES);
        let target = container.target_container_name.as_deref().unwrap_or("");
        if !target.is_empty() && !known.contains(target) {
            report.not_found(&format!("{here}.targetContainerName"), target);
        }
    }
    for old in before.ephemeral_containers.iter().flatten() {
        keep(report, old, all);
    }
}

fn others(spec: &PodSpec) -> BTreeSet<String> {
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    containers.map(|container| container.name.clone()).collect()
}

fn check_name(report: &mut Report, path: &str, name: &str, seen: &mut BTreeSet<String>) {
    if name.is_empty() {
        report.required(path, "");
        return;
    }
    report.invalid_name(path, name, names::dns_label(name));
    if !seen.insert(name.to_owned()) {
        report.duplicate(path, name);
    }
}

fn keep(report: &mut Report, old: &EphemeralContainer, all: &[EphemeralContainer]) {
    let name = &old.name;
    match all.iter().find(|new| new.name == *name) {
        Some(new) if new == old => {}
        Some(_) => {
            let why = format!("existing ephemeral containers {name:?} may not be changed\n");
            report.forbidden(PATH, &why);
        }
        None => {
            let why = format!("existing ephemeral containers {name:?} may not be removed\n");
            report.forbidden(PATH, &why);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(ephemeral: serde_json::Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "p"},
            "spec": {"containers": [{"name": "c"}], "ephemeralContainers": ephemeral},
        }))
        .unwrap()
    }

    fn faults(new: serde_json::Value, old: serde_json::Value) -> Vec<String> {
        let mut report = Report::default();
        check(&mut report, &pod(new), &pod(old));
        let causes = report.into_causes().into_iter();
        causes.map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
    }

    #[test]
    fn an_ephemeral_container_has_a_name_of_its_own_and_a_target_that_exists() {
        let one = json!({"name": "c", "image": "a", "imagePullPolicy": "Always",
                         "targetContainerName": "x"});
        assert_eq!(
            faults(json!([one]), json!([])),
            [
                "spec.ephemeralContainers[0].name: Duplicate value: \"c\"",
                "spec.ephemeralContainers[0].targetContainerName: Not found: \"x\"",
            ]
        );
    }

    #[test]
    fn an_ephemeral_container_is_never_taken_out() {
        let one = json!({"name": "d", "image": "a", "imagePullPolicy": "Always"});
        assert_eq!(faults(json!([one]), json!([one])), [""; 0]);
        assert!(faults(json!([]), json!([one]))[0].contains("\"d\" may not be removed"));
    }
}
