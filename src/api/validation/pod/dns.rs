//! A pod's DNS policy and configuration.

use k8s_openapi::api::core::v1::PodSpec;

use super::super::report::{Json, Report};
use super::super::{addresses, names};

const POLICIES: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const MAX_SERVERS: usize = 3;
const MAX_SEARCHES: usize = 32;
const MAX_SEARCH_LENGTH: usize = 2048;

/// Where the resolver's configuration comes from.
pub(super) fn check_policy(report: &mut Report, path: &str, spec: &PodSpec) {
    let policy = spec.dns_policy.as_deref();
    report.one_of(path, policy, POLICIES);
}

/// The resolver's configuration.
pub(super) fn check_config(report: &mut Report, path: &str, spec: &PodSpec) {
    let own = spec.dns_policy.as_deref() == Some("None");
    let Some(config) = &spec.dns_config else {
        if own {
            report.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        return;
    };
    let servers = config.nameservers.as_deref().unwrap_or_default();
    let here = format!("{path}.nameservers");
    if own && servers.is_empty() {
        let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        report.required(&here, why);
        return;
    }
    if servers.len() > MAX_SERVERS {
        let why = format!("must not have more than {MAX_SERVERS} nameservers");
        report.invalid(&here, Json(servers), &why);
    }
    for (index, server) in servers.iter().enumerate() {
        addresses::check(report, &format!("{here}[{index}]"), server);
    }
    check_searches(report, path, config.searches.as_deref().unwrap_or_default());
    for (index, option) in config.options.iter().flatten().enumerate() {
        if option.name.as_deref().unwrap_or("").is_empty() {
            report.required(&format!("{path}.options[{index}]"), "must not be empty");
        }
    }
}

fn check_searches(report: &mut Report, path: &str, searches: &[String]) {
    let here = format!("{path}.searches");
    if searches.len() > MAX_SEARCHES {
        let why = format!("must not have more than {MAX_SEARCHES} search paths");
        report.invalid(&here, Json(searches), &why);
    }
    if searches.join(" ").len() > MAX_SEARCH_LENGTH {
        let why = format!(
            "must not have more than {MAX_SEARCH_LENGTH} characters (including spaces) in the \
             search list"
        );
        report.invalid(&here, Json(searches), &why);
    }
    for (index, search) in searches.iter().enumerate().filter(|(_, search)| *search != ".") {
        // Underscores are allowed since 1.33; a final dot always was, and is not shown.
        let name = search.strip_suffix('.').unwrap_or(search);
        let reasons = names::dns_subdomain_with_underscores(name);
        report.invalid_name(&format!("{here}[{index}]"), name, reasons);
    }
}
