//! Security contexts: who a container is and what it may do.

use k8s_openapi::api::core::v1::{Container, PodSpec};

use super::super::report::{Json, Report};

/// The pod's own context.
pub(super) fn check_pod(report: &mut Report, path: &str, spec: &PodSpec) {
    if spec.share_process_namespace == Some(true) && spec.host_pid == Some(true) {
        let why = "ShareProcessNamespace and HostPID cannot both be enabled";
        report.invalid(&format!("{path}.shareProcessNamespace"), Json(true), why);
    }
    let Some(context) = &spec.security_context else { return };
    let here = format!("{path}.securityContext");
    identity(report, &format!("{here}.fsGroup"), context.fs_group);
    identity(report, &format!("{here}.runAsUser"), context.run_as_user);
    identity(report, &format!("{here}.runAsGroup"), context.run_as_group);
    for (index, group) in context.supplemental_groups.iter().flatten().enumerate() {
        identity(report, &format!("{here}.supplementalGroups[{index}]"), Some(*group));
    }
    for (index, setting) in context.sysctls.iter().flatten().enumerate() {
        let at_name = format!("{here}.sysctls[{index}].name");
        if setting.name.is_empty() {
            report.required(&at_name, "");
        }
    }
}

/// One container's context.
pub(super) fn check_container(report: &mut Report, path: &str, container: &Container) {
    let Some(context) = &container.security_context else { return };
    identity(report, &format!("{path}.runAsUser"), context.run_as_user);
    identity(report, &format!("{path}.runAsGroup"), context.run_as_group);
    if context.allow_privilege_escalation == Some(false) && context.privileged == Some(true) {
        let why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
        report.invalid(path, Json(context), why);
    }
    let added = context.capabilities.as_ref().and_then(|all| all.add.as_deref());
    if context.allow_privilege_escalation == Some(false)
        && added.into_iter().flatten().any(|name| name == "CAP_SYS_ADMIN")
    {
        let why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` \
                   CAP_SYS_ADMIN";
        report.invalid(path, Json(context), why);
    }
}

/// A user's or group's number.
fn identity(report: &mut Report, path: &str, id: Option<i64>) {
    let most = i64::from(i32::MAX);
    if let Some(id) = id.filter(|id| !(0..=most).contains(id)) {
        report.invalid(path, id, &format!("must be between 0 and {most}, inclusive"));
    }
}
