//! What controllers and kubelets report, and whoever writes a status in their place
//! (`Validate…StatusUpdate` in `pkg/apis/*/validation`).

mod counts;
mod job;

use k8s_openapi::api::core::v1::{Namespace, PersistentVolumeClaim, ResourceQuota, Service};
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::json;

use super::pod::resources::amount_of;
use super::report::{Json, Report};
use super::{addresses, metadata, names, quota};
use crate::api::{Object, Pod};
use crate::manifest::quantity;

/// Conditions that the server itself knows, so that their names need no check.
const SYSTEM_CONDITIONS: &[&str] = &["PodScheduled", "Ready", "Initialized"];

/// A changed status. Returns whether the kind's status has rules of its own; all others are looked at as
/// a whole.
pub(super) fn check(report: &mut Report, new: &Object, old: &Object) -> bool {
    metadata::update(report, new.metadata(), old.metadata());
    match (new, old) {
        (Object::Namespace(new), _) => namespace(report, new),
        (Object::Pod(new), Object::Pod(old)) => pod(report, new, old),
        (Object::ReplicationController(new), _) => counts::controller(report, new),
        (Object::Service(new), _) => service(report, new),
        (Object::DaemonSet(new), Object::DaemonSet(old)) => counts::daemon_set(report, new, old),
        (Object::Deployment(new), Object::Deployment(old)) => counts::deployment(report, new, old),
        (Object::ReplicaSet(new), _) => counts::replica_set(report, new),
        (Object::StatefulSet(new), Object::StatefulSet(old)) => {
            counts::stateful_set(report, new, old);
        }
        (Object::Job(new), Object::Job(old)) => job::check(report, new, old),
        (Object::Ingress(new), _) => ingress(report, new),
        (Object::PodDisruptionBudget(new), _) => counts::budget(report, new),
        (Object::PersistentVolumeClaim(new), _) => claim(report, new),
        (Object::HorizontalPodAutoscaler(new), _) => counts::autoscaler(report, new),
        (Object::ResourceQuota(new), _) => resource_quota(report, new),
        // Nobody looks at what it says of its last runs.
        (Object::CronJob(_) | Object::ServiceCIDR(_), _) => {}
        _ => return false,
    }
    true
}

/// Where a Namespace is in its life. The server names the field by its name in Go.
fn namespace(report: &mut Report, namespace: &Namespace) {
    let phase = namespace.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("");
    let (wanted, why) = match namespace.metadata.deletion_timestamp {
        None => ("Active", "may only be 'Active' if `deletionTimestamp` is empty"),
        Some(_) => ("Terminating", "may only be 'Terminating' if `deletionTimestamp` is not empty"),
    };
    if phase != wanted {
        report.invalid("status.Phase", phase, why);
    }
}

/// What a quota counts, and how much of it there is.
fn resource_quota(report: &mut Report, quota: &ResourceQuota) {
    let status = quota.status.clone().unwrap_or_default();
    for (field, amounts) in [("hard", &status.hard), ("used", &status.used)] {
        for (name, amount) in amounts.iter().flatten() {
            let path = format!("status.{field}[{name}]");
            quota::check_name(report, &path, name);
            amount_of(report, &path, name, amount);
        }
    }
}

/// What a claim was given.
fn claim(report: &mut Report, claim: &PersistentVolumeClaim) {
    let modes = claim.spec.as_ref().and_then(|spec| spec.access_modes.as_ref());
    if modes.is_none_or(Vec::is_empty) {
        report.required("Spec.accessModes", "");
    }
    let capacity = claim.status.as_ref().and_then(|status| status.capacity.as_ref());
    for (name, amount) in capacity.into_iter().flatten() {
        let whole = quantity::parse(&amount.0).unwrap_or(0) / 1_000_000_000;
        if let Some(less) = i64::try_from(whole).ok().filter(|whole| *whole < 0) {
            let path = format!("status.capacity[{name}]");
            report.invalid(&path, less, "must be a valid resource quantity");
        }
    }
}

/// The addresses that a load balancer gave a Service.
fn service(report: &mut Report, service: &Service) {
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
fn ingress(report: &mut Report, ingress: &Ingress) {
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
fn pod(report: &mut Report, new: &Pod, old: &Pod) {
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
    let parsed = ips.iter().enumerate().filter_map(|(index, ip)| {
        addresses::check(report, &format!("status.podIPs[{index}]"), ip);
        addresses::parse(ip).map(|ip| ip.is_ipv4())
    });
    let families = parsed.collect();
    let shown: Vec<_> = ips.iter().map(|ip| Json(json!({"IP": ip}))).collect();
    addresses::one_a_family(report, "status.podIPs", "IP", &families, &shown);
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::api::Kind;

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
            let ips: Vec<Value> = ips.iter().map(|ip| json!({"ip": ip})).collect();
            let given = json!({"metadata": {"name": "p"}, "status": {"podIPs": ips}});
            let given: Pod = serde_json::from_value(given).expect("a Pod");
            let mut report = Report::default();
            pod(&mut report, &given, &given);
            report.into_causes().len()
        };
        assert_eq!(told(&["10.0.0.1", "fd00::1"]), 0);
        assert_eq!(told(&["10.0.0.1", "10.0.0.2"]), 1);
        assert_eq!(told(&["10.0.0.1", "10.0.0.1"]), 2);
        assert_eq!(told(&["ten"]), 1);
    }

    // `ValidateNamespaceStatusUpdate`, `ValidateResourceQuotaStatusUpdate`,
    // `ValidatePersistentVolumeClaimStatusUpdate`.
    #[test]
    fn phases_amounts_and_capacities_are_looked_at() {
        let told = |kind: Kind, value: Value| {
            let object = Object::from_value(kind, value).expect("an object");
            let mut report = Report::default();
            assert!(check(&mut report, &object, &object));
            report.into_causes().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let phase = json!({"metadata": {"name": "n"}, "status": {"phase": "Terminating"}});
        let why = "may only be 'Active' if `deletionTimestamp` is empty";
        assert_eq!(
            told(Kind::Namespace, phase),
            [format!("status.Phase: Invalid value: \"Terminating\": {why}")]
        );
        let used = json!({"metadata": {"name": "q"}, "status": {"used": {"pods": "-1", "x": "1"}}});
        assert_eq!(told(Kind::ResourceQuota, used).len(), 3);
        let given = json!({"metadata": {"name": "c"}, "spec": {"accessModes": ["ReadWriteOnce"]},
            "status": {"capacity": {"storage": "-1Gi"}}});
        let why = "must be a valid resource quantity";
        assert_eq!(
            told(Kind::PersistentVolumeClaim, given),
            [format!("status.capacity[storage]: Invalid value: -1073741824: {why}")]
        );
    }
}
