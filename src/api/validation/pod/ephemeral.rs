//! Ephemeral containers: how one must look (`validateEphemeralContainers`), and what becomes of
//! those that a pod has (`ValidatePodEphemeralContainersUpdate`).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{EphemeralContainer, PodSpec};

use super::super::report::Report;
use super::container::{self, Beside};
use super::{difference, image_of_pod, internal};
use crate::api::{Pod, SharedSpec, pod};

const PATH: &str = "spec.ephemeralContainers";
const NOT_HERE: &str = "cannot be set for an Ephemeral Container";

/// What stays as it was. What is new was looked at with the rest of the pod.
pub(in super::super) fn check(report: &mut Report, new: &Pod, old: &Pod) {
    let full = |pod: &Pod| pod.spec.as_ref().map(SharedSpec::full).unwrap_or_default();
    super::check(report, new, false);
    let spec = full(new);
    let all = spec.ephemeral_containers.as_deref().unwrap_or_default();
    for old in full(old).ephemeral_containers.iter().flatten() {
        keep(report, old, all);
    }
}

/// Each is a container with a name of its own, without what pods are relied upon for.
pub(super) fn check_all(report: &mut Report, path: &str, beside: &Beside<'_>) {
    let known = others(beside.spec);
    let mut seen = known.clone();
    for (index, container) in beside.spec.ephemeral_containers.iter().flatten().enumerate() {
        let here = format!("{path}[{index}]");
        let common = pod::ephemeral(container);
        container::common(report, &here, &common, beside);
        image_of_pod(report, &format!("{here}.image"), &common);
        if !seen.insert(container.name.clone()) {
            report.duplicate(&format!("{here}.name"), container.name.as_str());
        }
        let target = container.target_container_name.as_deref().unwrap_or("");
        if !target.is_empty() && !known.contains(target) {
            report.not_found(&format!("{here}.targetContainerName"), target);
        }
        refuse_fields(report, &here, container);
    }
}

/// In the order of the fields in the server's type.
fn refuse_fields(report: &mut Report, path: &str, container: &EphemeralContainer) {
    let resources = container.resources.as_ref().is_some_and(|resources| {
        resources.limits.is_some() || resources.requests.is_some() || resources.claims.is_some()
    });
    let given = [
        ("ports", container.ports.is_some()),
        ("resources", resources),
        ("resizePolicy", container.resize_policy.is_some()),
        ("restartPolicy", container.restart_policy.is_some()),
        ("restartPolicyRules", container.restart_policy_rules.is_some()),
        ("livenessProbe", container.liveness_probe.is_some()),
        ("readinessProbe", container.readiness_probe.is_some()),
        ("startupProbe", container.startup_probe.is_some()),
        ("lifecycle", container.lifecycle.is_some()),
    ];
    for (field, _) in given.into_iter().filter(|(_, given)| *given) {
        report.forbidden(&format!("{path}.{field}"), NOT_HERE);
    }
    for (index, mount) in container.volume_mounts.iter().flatten().enumerate() {
        for (field, text) in [("subPath", &mount.sub_path), ("subPathExpr", &mount.sub_path_expr)] {
            if text.as_deref().is_some_and(|text| !text.is_empty()) {
                report.forbidden(&format!("{path}.volumeMounts[{index}].{field}"), NOT_HERE);
            }
        }
    }
}

fn others(spec: &PodSpec) -> BTreeSet<String> {
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    containers.map(|container| container.name.clone()).collect()
}

fn keep(report: &mut Report, old: &EphemeralContainer, all: &[EphemeralContainer]) {
    let name = &old.name;
    match all.iter().find(|new| new.name == *name) {
        Some(new) if new == old => {}
        Some(new) => {
            let lines = internal::ephemeral_lines;
            let difference = difference::unified(&lines(old), &lines(new));
            let why =
                format!("existing ephemeral containers {name:?} may not be changed\n{difference}");
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
    use crate::api::{Kind, Object, defaulting};

    fn pod(ephemeral: serde_json::Value) -> Pod {
        let object = json!({
            "metadata": {"name": "p"},
            "spec": {
                "containers": [{"name": "c", "image": "a"}], "ephemeralContainers": ephemeral
            },
        });
        let mut pod = Object::from_value(Kind::Pod, object).unwrap();
        defaulting::apply(&mut pod);
        let Object::Pod(pod) = pod else { unreachable!() };
        Pod::clone(&pod)
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
    fn an_ephemeral_container_is_never_taken_out_or_changed() {
        let one = json!({"name": "d", "image": "a", "imagePullPolicy": "Always"});
        assert_eq!(faults(json!([one]), json!([one])), [""; 0]);
        assert!(faults(json!([]), json!([one]))[0].contains("\"d\" may not be removed"));
        let other = json!({"name": "d", "image": "b", "imagePullPolicy": "Always"});
        let told = &faults(json!([other]), json!([one]))[0];
        assert!(told.contains("\"d\" may not be changed\n@@ -1,6 +1,6 @@\n"), "{told}");
        assert!(told.contains("\n- \"Image\": \"a\",\n+ \"Image\": \"b\",\n"), "{told}");
    }
}
