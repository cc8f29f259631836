//! Windows' options of a security context (`validateWindowsSecurityContextOptions` and
//! `validateWindowsHostProcessPod` of `pkg/apis/core/validation/validation.go`). They are looked at
//! in every pod, whatever its operating system.

use k8s_openapi::api::core::v1::{PodSpec, WindowsSecurityContextOptions};

use super::super::names;
use super::super::report::{Json, Report};
use super::with_paths;

/// The longest specification of credentials, in KiB.
const MAX_CREDENTIALS: usize = 64;
/// Lengths of the parts of `DOMAIN\user`: a domain is shorter, a user no longer.
const MAX_DOMAIN: usize = 256;
const MAX_USER: usize = 104;

/// One context's options.
pub(super) fn check(
    report: &mut Report,
    path: &str,
    options: Option<&WindowsSecurityContextOptions>,
) {
    let Some(options) = options else { return };
    if let Some(name) = &options.gmsa_credential_spec_name {
        let here = format!("{path}.gmsaCredentialSpecName");
        report.invalid_name(&here, name, names::dns_subdomain(name));
    }
    if let Some(text) = &options.gmsa_credential_spec {
        let here = format!("{path}.gmsaCredentialSpec");
        if text.is_empty() {
            let why = "gmsaCredentialSpec cannot be an empty string";
            report.invalid(&here, text.as_str(), why);
        } else if text.len() > MAX_CREDENTIALS << 10 {
            let why = format!("gmsaCredentialSpec size must be under {MAX_CREDENTIALS} KiB");
            report.invalid(&here, text.as_str(), &why);
        }
    }
    if let Some(name) = &options.run_as_user_name {
        for why in user_faults(name) {
            report.invalid(&format!("{path}.runAsUserName"), name.as_str(), &why);
        }
    }
}

/// What is wrong with `DOMAIN\user` or `user`.
fn user_faults(name: &str) -> Vec<String> {
    let one = |why: &str| vec![format!("runAsUserName {why}")];
    let parts: Vec<&str> = name.split('\\').collect();
    if name.is_empty() {
        return one("cannot be an empty string");
    }
    if name.bytes().any(|byte| byte.is_ascii_control()) {
        return one("cannot contain control characters");
    }
    let (domain, user) = match parts[..] {
        [user] => (None, user),
        [domain, user] => (Some(domain), user),
        _ => return one("cannot contain more than one backslash"),
    };
    let mut faults = Vec::new();
    let mut add = |wrong: bool, why: String| {
        if wrong {
            faults.push(format!("runAsUserName's {why}"));
        }
    };
    let domain_length = domain.map_or(0, str::len);
    add(
        domain_length >= MAX_DOMAIN,
        format!("Domain length must be under {MAX_DOMAIN} characters"),
    );
    add(
        domain.is_some_and(|domain| !is_net_bios(domain) && !is_dns(domain)),
        "Domain doesn't match the NetBios nor the DNS format".to_owned(),
    );
    add(user.is_empty(), "User cannot be empty".to_owned());
    add(
        user.len() > MAX_USER,
        format!("User length must not be longer than {MAX_USER} characters"),
    );
    add(
        !user.is_empty() && user.chars().all(|c| matches!(c, '.' | ' ')),
        "User cannot contain only periods or spaces".to_owned(),
    );
    add(
        user.contains([
            '"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']',
        ]),
        "User cannot contain the following characters: \"/\\:;|=,+*?<>@[]".to_owned(),
    );
    faults
}

/// A name of NetBIOS: up to 15 characters, none of them special, and no dot at the start.
fn is_net_bios(domain: &str) -> bool {
    (1..=15).contains(&domain.chars().count())
        && !domain.starts_with('.')
        && !domain.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|'])
}

/// A name of DNS in letters of any case.
fn is_dns(domain: &str) -> bool {
    let label = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&part.len())
            && part.bytes().all(inner)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    domain.split('.').all(label)
}

/// Containers that run as processes of the host: all of a pod's or none, on the host's network.
pub(super) fn check_host_process(report: &mut Report, path: &str, spec: &PodSpec) {
    let of_pod = spec
        .security_context
        .as_ref()
        .and_then(|context| context.windows_options.as_ref())
        .and_then(|options| options.host_process);
    let (mut all, mut on_host) = (0, 0);
    for (here, container) in with_paths(path, spec) {
        all += 1;
        let own = container
            .security_context
            .as_ref()
            .and_then(|context| context.windows_options.as_ref())
            .and_then(|options| options.host_process);
        if let (Some(of_pod), Some(own)) = (of_pod, own)
            && of_pod != own
        {
            let why = format!(
                "pod hostProcess value must be identical if both are specified, was {of_pod}"
            );
            let here = format!("{here}.securityContext.windowsOptions.hostProcess");
            report.invalid(&here, Json(own), &why);
        }
        on_host += usize::from(own.or(of_pod) == Some(true));
    }
    if on_host == 0 {
        return;
    }
    if on_host != all {
        let why = "If pod contains any hostProcess containers then all containers must be \
                   HostProcess containers";
        report.invalid(path, "", why);
    }
    if spec.host_network != Some(true) {
        let why = "hostNetwork must be true if pod contains any hostProcess containers";
        report.invalid(&format!("{path}.hostNetwork"), Json(false), why);
    }
}
