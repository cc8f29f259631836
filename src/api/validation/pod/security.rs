//! Security contexts: who a container is and what it may do.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    AppArmorProfile, Container, PodSecurityContext, PodSpec, SeccompProfile,
};

use super::super::report::{Json, Report};
use super::super::shape::Own;
use super::internal::{SECCOMP, SECURITY_CONTEXT};
use super::{mount, windows};
use crate::manifest::values::PROFILES;

/// The longest name of a kernel's setting.
const MAX_SYSCTL: usize = 253;

/// The longest path of a profile.
const MAX_PROFILE: usize = 4095;

/// The pod's own context.
pub(super) fn check_pod(report: &mut Report, path: &str, spec: &PodSpec) {
    let none = PodSecurityContext::default();
    let context = spec.security_context.as_ref().unwrap_or(&none);
    let at = |field: &str| format!("{path}.{field}");
    identity(report, &at("fsGroup"), context.fs_group);
    identity(report, &at("runAsUser"), context.run_as_user);
    identity(report, &at("runAsGroup"), context.run_as_group);
    for (index, group) in context.supplemental_groups.iter().flatten().enumerate() {
        identity(report, &at(&format!("supplementalGroups[{index}]")), Some(*group));
    }
    if spec.share_process_namespace == Some(true) && spec.host_pid == Some(true) {
        let why = "ShareProcessNamespace and HostPID cannot both be enabled";
        report.invalid(&at("shareProcessNamespace"), Json(true), why);
    }
    sysctls(report, &at("sysctls"), context, spec);
    let policy = context.fs_group_change_policy.as_deref();
    report.one_of_if_given(&at("fsGroupChangePolicy"), policy, &["Always", "OnRootMismatch"]);
    seccomp(report, &at("seccompProfile"), context.seccomp_profile.as_ref());
    windows::check(report, &at("windowsOptions"), context.windows_options.as_ref());
    app_armor(report, &at("appArmorProfile"), context.app_armor_profile.as_ref());
    let policy = context.supplemental_groups_policy.as_deref();
    report.one_of_if_given(&at("supplementalGroupsPolicy"), policy, &["Merge", "Strict"]);
    let policy = context.se_linux_change_policy.as_deref();
    report.one_of_if_given(&at("seLinuxChangePolicy"), policy, &["Recursive"]);
}

/// Settings of the kernel, which a pod on the node's own network or IPC may not change.
fn sysctls(report: &mut Report, path: &str, context: &PodSecurityContext, spec: &PodSpec) {
    let mut seen = BTreeSet::new();
    for (index, setting) in context.sysctls.iter().flatten().enumerate() {
        let here = format!("{path}[{index}].name");
        let name = setting.name.as_str();
        if name.is_empty() {
            report.required(&here, "");
        } else if !is_sysctl(name) {
            let why = format!(
                "must have at most {MAX_SYSCTL} characters and match regex \
                 ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
            );
            report.invalid(&here, name, &why);
        } else if seen.contains(name) {
            report.duplicate(&here, name);
        }
        seen.insert(name);
        let dotted = name.replace('/', ".");
        if spec.host_network == Some(true) && dotted.starts_with("net.") {
            report.invalid(&here, name, "may not be specified when 'hostNetwork' is true");
        }
        if spec.host_ipc == Some(true) && is_of_ipc(&dotted) {
            report.invalid(&here, name, "may not be specified when 'hostIPC' is true");
        }
    }
}

/// Whether a setting belongs to the IPC namespace.
fn is_of_ipc(name: &str) -> bool {
    name == "kernel.sem"
        || ["kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|start| name.starts_with(start))
}

/// Names of letters, digits, hyphens and underscores, between dots or slashes.
fn is_sysctl(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let segment = |part: &str| {
        let bytes = part.as_bytes();
        bytes.first().is_some_and(|b| plain(*b))
            && bytes.last().is_some_and(|b| plain(*b))
            && bytes.iter().all(|b| plain(*b) || matches!(b, b'-' | b'_'))
    };
    name.len() <= MAX_SYSCTL && name.split(['.', '/']).all(segment)
}

/// A seccomp profile.
fn seccomp(report: &mut Report, path: &str, profile: Option<&SeccompProfile>) {
    let Some(profile) = profile else { return };
    match profile.type_.as_str() {
        "" => {
            let why = "type is required when seccompProfile is set";
            report.required(&format!("{path}.type"), why);
        }
        kind => report.one_of_if_given(&format!("{path}.type"), Some(kind), PROFILES),
    }
    let here = format!("{path}.localhostProfile");
    match (profile.type_.as_str(), &profile.localhost_profile) {
        ("Localhost", None) => {
            report.required(&here, "must be set when seccomp type is Localhost");
        }
        ("Localhost", Some(file)) => mount::descending(report, &here, file),
        (_, Some(_)) => {
            let why = "can only be set when seccomp type is Localhost";
            report.invalid(&here, Own(SECCOMP, profile), why);
        }
        (_, None) => {}
    }
}

/// An AppArmor profile.
fn app_armor(report: &mut Report, path: &str, profile: Option<&AppArmorProfile>) {
    let Some(profile) = profile else { return };
    let at_type = format!("{path}.type");
    let here = format!("{path}.localhostProfile");
    let must = "must be set when AppArmor type is Localhost";
    match (profile.type_.as_str(), profile.localhost_profile.as_deref()) {
        ("Localhost", None | Some("")) => report.required(&here, must),
        ("Localhost", Some(file)) => {
            match file.trim() {
                trimmed if trimmed != file => {
                    report.invalid(&here, file, "must not be padded with whitespace");
                }
                _ => {}
            }
            if file.len() > MAX_PROFILE {
                report.too_long(&here, MAX_PROFILE);
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(file)) => {
            report.invalid(&here, file, "can only be set when AppArmor type is Localhost");
        }
        ("RuntimeDefault" | "Unconfined", None) => {}
        ("", _) => report.required(&at_type, "type is required when appArmorProfile is set"),
        (other, _) => report.unsupported(&at_type, other, PROFILES),
    }
}

/// One container's context.
pub(super) fn check_container(
    report: &mut Report,
    path: &str,
    container: &Container,
    host_users: bool,
) {
    let Some(context) = &container.security_context else { return };
    identity(report, &format!("{path}.runAsUser"), context.run_as_user);
    identity(report, &format!("{path}.runAsGroup"), context.run_as_group);
    if let Some(mount) = context.proc_mount.as_deref() {
        let here = format!("{path}.procMount");
        report.one_of_if_given(&here, Some(mount), &["Default", "Unmasked"]);
        if host_users && mount == "Unmasked" {
            report.invalid(&here, mount, "`hostUsers` must be false to use `Unmasked`");
        }
    }
    seccomp(report, &format!("{path}.seccompProfile"), context.seccomp_profile.as_ref());
    let refused = context.allow_privilege_escalation == Some(false);
    if refused && context.privileged == Some(true) {
        let why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
        report.invalid(path, Own(SECURITY_CONTEXT, context), why);
    }
    let added = context.capabilities.as_ref().and_then(|all| all.add.as_deref());
    for _ in added.into_iter().flatten().filter(|name| refused && *name == "CAP_SYS_ADMIN") {
        let why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` \
                   CAP_SYS_ADMIN";
        report.invalid(path, Own(SECURITY_CONTEXT, context), why);
    }
    let options = context.windows_options.as_ref();
    windows::check(report, &format!("{path}.windowsOptions"), options);
    app_armor(report, &format!("{path}.appArmorProfile"), context.app_armor_profile.as_ref());
}

/// A user's or group's number.
fn identity(report: &mut Report, path: &str, id: Option<i64>) {
    let most = i64::from(i32::MAX);
    if let Some(id) = id.filter(|id| !(0..=most).contains(id)) {
        report.invalid(path, id, &format!("must be between 0 and {most}, inclusive"));
    }
}
