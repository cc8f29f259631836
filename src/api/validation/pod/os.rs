//! The operating system that a pod names, and what its fields must not say then.

use k8s_openapi::api::core::v1::{PodSpec, SecurityContext};

use super::super::report::Report;
use super::with_paths;

/// The operating system, and fields that belong to the other one.
pub(super) fn check(report: &mut Report, path: &str, spec: &PodSpec) {
    let Some(os) = &spec.os else { return };
    let here = format!("{path}.os");
    match os.name.as_str() {
        "" => report.required(&format!("{here}.name"), ""),
        "linux" => linux(report, path, spec),
        "windows" => windows(report, path, spec),
        other => report.unsupported(&here, other, &["linux", "windows"]),
    }
}

fn linux(report: &mut Report, path: &str, spec: &PodSpec) {
    let why = "windows options cannot be set for a linux pod";
    let context = spec.security_context.as_ref();
    if context.is_some_and(|context| context.windows_options.is_some()) {
        report.forbidden(&format!("{path}.securityContext.windowsOptions"), why);
    }
    for (here, container) in with_paths(path, spec) {
        let context = container.security_context.as_ref();
        if context.is_some_and(|context| context.windows_options.is_some()) {
            report.forbidden(&format!("{here}.securityContext.windowsOptions"), why);
        }
    }
}

fn windows(report: &mut Report, path: &str, spec: &PodSpec) {
    let context = spec.security_context.clone().unwrap_or_default();
    let given = [
        ("securityContext.appArmorProfile", context.app_armor_profile.is_some()),
        ("securityContext.seLinuxOptions", context.se_linux_options.is_some()),
        ("hostUsers", spec.host_users.is_some()),
        ("hostPID", spec.host_pid == Some(true)),
        ("hostIPC", spec.host_ipc == Some(true)),
        ("securityContext.seccompProfile", context.seccomp_profile.is_some()),
        ("securityContext.fsGroup", context.fs_group.is_some()),
        ("securityContext.fsGroupChangePolicy", context.fs_group_change_policy.is_some()),
        ("securityContext.sysctls", context.sysctls.iter().flatten().count() > 0),
        ("shareProcessNamespace", spec.share_process_namespace.is_some()),
        ("securityContext.runAsUser", context.run_as_user.is_some()),
        ("securityContext.runAsGroup", context.run_as_group.is_some()),
        ("securityContext.supplementalGroups", context.supplemental_groups.is_some()),
        ("securityContext.supplementalGroupsPolicy", context.supplemental_groups_policy.is_some()),
        ("securityContext.seLinuxChangePolicy", context.se_linux_change_policy.is_some()),
    ];
    refuse(report, path, &given);
    for (here, container) in with_paths(path, spec) {
        if let Some(context) = &container.security_context {
            windows_container(report, &format!("{here}.securityContext"), context);
        }
    }
}

fn windows_container(report: &mut Report, path: &str, context: &SecurityContext) {
    let given = [
        ("appArmorProfile", context.app_armor_profile.is_some()),
        ("seLinuxOptions", context.se_linux_options.is_some()),
        ("seccompProfile", context.seccomp_profile.is_some()),
        ("capabilities", context.capabilities.is_some()),
        ("readOnlyRootFilesystem", context.read_only_root_filesystem.is_some()),
        ("privileged", context.privileged.is_some()),
        ("allowPrivilegeEscalation", context.allow_privilege_escalation.is_some()),
        ("procMount", context.proc_mount.is_some()),
        ("runAsUser", context.run_as_user.is_some()),
        ("runAsGroup", context.run_as_group.is_some()),
    ];
    refuse(report, path, &given);
}

fn refuse(report: &mut Report, path: &str, given: &[(&str, bool)]) {
    for (field, _) in given.iter().filter(|(_, given)| *given) {
        report.forbidden(&format!("{path}.{field}"), "cannot be set for a windows pod");
    }
}
