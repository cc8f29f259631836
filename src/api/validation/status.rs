//! What controllers and kubelets report, and whoever writes a status in their place
//! (`pkg/apis/core/validation`, `pkg/apis/networking/validation`: `Validate…StatusUpdate`).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;

use super::report::{Json, Report};
use super::{addresses, names};
use crate::api::Pod;

/// Conditions that the server itself knows, so that their names need no check.
const SYSTEM_CONDITIONS: &[&str] = &["PodScheduled", "Ready", "Initialized"];

/// The addresses that a load balancer gave a Service.
pub(super) fn service(report: &mut Report, service: &Service) {
    let entries = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let entries = entries.and_then(|balancer| balancer.ingress.as_deref()).unwrap_or_default();
    let path = "status.loadBalancer.ingress";
    let spec = service.spec.as_ref();
    if spec.and_then(|spec| spec.type_.as_deref()) != Some("LoadBalancer") {
        if !entries.is_empty() {
            report.forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'");
        }
        return;
    }
    for (index, entry) in entries.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let ip = entry.ip.as_deref().unwrap_or("");
        if !ip.is_empty() {
            addresses::check(report, &format!("{path}.ip"), ip);
        }
        let here = format!("{path}.ipMode");
        match entry.ip_mode.as_deref() {
            None if !ip.is_empty() => report.required(&here, "must be specified when `ip` is set"),
            Some(_) if ip.is_empty() => {
                report.forbidden(&here, "may not be specified when `ip` is not set");
            }
            mode => report.one_of_if_given(&here, mode, &["Proxy", "VIP"]),
        }
        host_name(report, &path, entry.hostname.as_deref());
    }
}

/// The addresses that a controller gave an Ingress.
pub(super) fn ingress(report: &mut Report, ingress: &Ingress) {
    let entries = ingress.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let entries = entries.and_then(|balancer| balancer.ingress.as_deref()).unwrap_or_default();
    for (index, entry) in entries.iter().enumerate() {
        let path = format!("status.loadBalancer.ingress[{index}]");
        if let Some(ip) = entry.ip.as_deref().filter(|ip| !ip.is_empty()) {
            addresses::check(report, &format!("{path}.ip"), ip);
        }
        host_name(report, &path, entry.hostname.as_deref());
    }
}

fn host_name(report: &mut Report, path: &str, name: Option<&str>) {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return };
    let path = format!("{path}.hostname");
    report.invalid_for(&path, name, names::dns_subdomain(name));
    if addresses::parse(name).is_some() {
        report.invalid(&path, name, "must be a DNS name, not an IP address");
    }
}

/// What a kubelet reports of a pod.
pub(super) fn pod(report: &mut Report, new: &Pod, old: &Pod) {
    let (Some(status), before) = (&new.status, old.status.as_ref()) else { return };
    for (index, condition) in status.conditions.iter().enumerate() {
        let kind = condition.type_.as_str();
        if !SYSTEM_CONDITIONS.contains(&kind) {
            // The server names the field by its name in Go, in the metadata.
            let path = format!("metadata.conditions[{index}].Type");
            report.invalid_for(&path, kind, names::qualified_name(kind));
        }
    }
    let nominated = status.nominated_node_name.as_deref().unwrap_or("");
    if before.and_then(|status| status.nominated_node_name.as_deref()) != Some(nominated)
        && !nominated.is_empty()
    {
        let reasons = names::dns_subdomain(nominated);
        report.invalid_for("status.nominatedNodeName", nominated, reasons);
    }
    let ips: Vec<&str> = status.pod_ips.iter().flatten().map(|ip| ip.ip.as_str()).collect();
    families(report, "status.podIPs", &ips);
}

/// Addresses of which there is one a family at most.
fn families(report: &mut Report, path: &str, ips: &[&str]) {
    for (index, ip) in ips.iter().enumerate() {
        addresses::check(report, &format!("{path}[{index}]"), ip);
    }
    if ips.len() < 2 {
        return;
    }
    let parsed = ips.iter().filter_map(|ip| addresses::parse(ip));
    let both: BTreeSet<bool> = parsed.map(|ip| ip.is_ipv4()).collect();
    let named = || ips.iter().map(|ip| serde_json::json!({"IP": ip})).collect::<Vec<_>>();
    if both.len() < 2 || ips.len() > 2 {
        let why = "may specify no more than one IP for each IP family";
        report.invalid(path, Json(named()), why);
    }
    let mut seen = BTreeSet::new();
    for (index, ip) in ips.iter().enumerate().filter(|(_, ip)| !seen.insert(**ip)) {
        report.duplicate(&format!("{path}[{index}]"), Json(serde_json::json!({"IP": ip})));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of_service(kind: &str, entry: Value) -> Vec<String> {
        let value = json!({"metadata": {"name": "s"}, "spec": {"type": kind},
            "status": {"loadBalancer": {"ingress": [entry]}}});
        let mut report = Report::default();
        service(&mut report, &serde_json::from_value(value).expect("a Service"));
        let causes = report.into_causes();
        causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
    }

    // `ValidateLoadBalancerStatus`.
    #[test]
    fn only_a_load_balancer_has_addresses_and_each_says_its_mode() {
        let path = "status.loadBalancer.ingress";
        let given = of_service("ClusterIP", json!({"ip": "203.0.113.1"}));
        let why = "Forbidden: may only be used when `spec.type` is 'LoadBalancer'";
        assert_eq!(given, [format!("{path}: {why}")]);
        assert!(
            of_service("LoadBalancer", json!({"ip": "203.0.113.1", "ipMode": "VIP"})).is_empty()
        );
        let unknown = of_service("LoadBalancer", json!({"ip": "203.0.113.1", "ipMode": "Vip"}));
        let why = "Unsupported value: \"Vip\": supported values: \"Proxy\", \"VIP\"";
        assert_eq!(unknown, [format!("{path}[0].ipMode: {why}")]);
        let named = of_service("LoadBalancer", json!({"hostname": "10.0.0.1"}));
        let why = "must be a DNS name, not an IP address";
        assert_eq!(named, [format!("{path}[0].hostname: Invalid value: \"10.0.0.1\": {why}")]);
    }

    // `validatePodIPs`.
    #[test]
    fn a_pod_has_one_address_a_family() {
        let told = |ips: &[&str]| {
            let mut report = Report::default();
            families(&mut report, "status.podIPs", ips);
            report.into_causes().len()
        };
        assert_eq!(told(&["10.0.0.1", "fd00::1"]), 0);
        assert_eq!(told(&["10.0.0.1", "10.0.0.2"]), 1);
        assert_eq!(told(&["10.0.0.1", "10.0.0.1"]), 2);
        assert_eq!(told(&["ten"]), 1);
    }
}
