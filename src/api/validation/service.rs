//! Services: the rule book for `spec`, in the server's order.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::json;

use super::report::{Json, Report};
use super::{addresses, labels, metadata, names, ports, service_addresses};

const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const POLICIES: &[&str] = &["Cluster", "Local"];
const DISTRIBUTIONS: &[&str] = &["PreferClose", "PreferSameZone", "PreferSameNode"];

/// The longest that `sessionAffinity: ClientIP` may remember a client, in seconds.
const MAX_AFFINITY_SECONDS: i32 = 86_400;

/// The annotation that was there before the field of the same meaning.
const RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// A new Service.
pub(super) fn create(report: &mut Report, service: &Service) {
    let spec = service.spec.clone().unwrap_or_default();
    // The server sorts out addresses before anything else, and stops where it cannot.
    service_addresses::check(report, &spec);
    if !report.is_empty() {
        return;
    }
    metadata::create(report, &service.metadata, true, names::dns_label);
    check_annotations(report, service);
    check_spec(report, service, &spec, None);
}

/// A changed Service.
pub(super) fn update(report: &mut Report, new: &Service, old: &Service) {
    let (spec, before) =
        (new.spec.clone().unwrap_or_default(), old.spec.clone().unwrap_or_default());
    metadata::update(report, &new.metadata, &old.metadata);
    service_addresses::check_change(report, &spec, &before);
    let both_balanced = type_of(&spec) == "LoadBalancer" && type_of(&before) == "LoadBalancer";
    if both_balanced && spec.load_balancer_class != before.load_balancer_class {
        let class = Json(&spec.load_balancer_class);
        report.invalid("spec.loadBalancerClass", class, "may not change once set");
    }
    balancer_class(report, &spec);
    if needs_health_check(&spec)
        && needs_health_check(&before)
        && spec.health_check_node_port != before.health_check_node_port
    {
        report.forbidden("spec.healthCheckNodePort", "field is immutable");
    }
    check_annotations(report, new);
    check_spec(report, new, &spec, Some(&before));
}

/// The old and the new annotation about zones must not contradict each other.
fn check_annotations(report: &mut Report, service: &Service) {
    let old = "service.kubernetes.io/topology-aware-hints";
    let new = "service.kubernetes.io/topology-mode";
    let get = |key: &str| service.metadata.annotations.as_ref().and_then(|all| all.get(key));
    if let (Some(hints), Some(mode)) = (get(old), get(new))
        && hints != mode
    {
        let why = format!("must match annotations[{old}] when both are specified");
        report.invalid(&format!("metadata.annotations[{new}]"), mode.as_str(), &why);
    }
}

fn type_of(spec: &ServiceSpec) -> &str {
    spec.type_.as_deref().unwrap_or("")
}

/// Whether a load balancer has to find out which nodes have endpoints (R7.3).
fn needs_health_check(spec: &ServiceSpec) -> bool {
    type_of(spec) == "LoadBalancer" && spec.external_traffic_policy.as_deref() == Some("Local")
}

fn is_headless(spec: &ServiceSpec) -> bool {
    spec.cluster_ip.as_deref() == Some("None")
}

/// A changed Service's addresses are looked at in their place, a new one's were before all else.
fn check_spec(
    report: &mut Report,
    service: &Service,
    spec: &ServiceSpec,
    before: Option<&ServiceSpec>,
) {
    let all_ports = spec.ports.as_deref().unwrap_or_default();
    if all_ports.is_empty() && !is_headless(spec) && type_of(spec) != "ExternalName" {
        report.required("spec.ports", "");
    }
    by_type(report, spec);
    each_port(report, spec, all_ports);
    labels::check(report, "spec.selector", spec.selector.as_ref());
    affinity(report, spec);
    if before.is_some() {
        service_addresses::check(report, spec);
    }
    external_ips(report, spec, before);
    if !TYPES.contains(&type_of(spec)) {
        report.unsupported("spec.type", type_of(spec), TYPES);
    }
    unique_ports(report, spec, all_ports);
    balancer(report, service, spec);
    traffic_policies(report, spec);
}

fn by_type(report: &mut Report, spec: &ServiceSpec) {
    let kind = type_of(spec);
    if matches!(kind, "LoadBalancer" | "NodePort") && is_headless(spec) {
        let why = format!("may not be set to 'None' for {kind} services");
        report.invalid("spec.clusterIPs[0]", "None", &why);
    }
    if kind == "ExternalName" {
        external_name(report, spec);
    }
}

fn external_name(report: &mut Report, spec: &ServiceSpec) {
    let why = "may not be set for ExternalName services";
    let has_addresses = spec.cluster_ips.as_ref().is_some_and(|all| !all.is_empty())
        || spec.cluster_ip.as_deref().is_some_and(|ip| !ip.is_empty());
    if has_addresses {
        report.forbidden("spec.clusterIPs", why);
    }
    if spec.ip_families.as_ref().is_some_and(|all| !all.is_empty()) {
        report.forbidden("spec.ipFamilies", why);
    }
    if spec.ip_family_policy.is_some() {
        report.forbidden("spec.ipFamilyPolicy", why);
    }
    let name = spec.external_name.as_deref().unwrap_or("");
    match name.strip_suffix('.').unwrap_or(name) {
        "" => report.required("spec.externalName", ""),
        name => report.invalid_name("spec.externalName", name, names::dns_subdomain(name)),
    }
}

fn each_port(report: &mut Report, spec: &ServiceSpec, all_ports: &[ServicePort]) {
    let mut seen = BTreeSet::new();
    for (index, port) in all_ports.iter().enumerate() {
        let path = format!("spec.ports[{index}]");
        match port.name.as_deref().unwrap_or("") {
            "" if all_ports.len() > 1 => report.required(&format!("{path}.name"), ""),
            "" => {}
            name => {
                let here = format!("{path}.name");
                report.invalid_name(&here, name, names::dns_label(name));
                if !seen.insert(name) {
                    report.duplicate(&here, name);
                }
            }
        }
        report.port(&format!("{path}.port"), port.port);
        report.one_of(&format!("{path}.protocol"), port.protocol.as_deref(), PROTOCOLS);
        // Only a Service without a cluster IP may be without target ports.
        let target = match (&port.target_port, is_headless(spec)) {
            (None, true) => None,
            (None, false) => Some(IntOrString::Int(0)),
            (Some(target), _) => Some(target.clone()),
        };
        if let Some(target) = target {
            ports::check(report, &format!("{path}.targetPort"), &target);
        }
        if let Some(protocol) = &port.app_protocol {
            let reasons = names::qualified_name(protocol);
            report.invalid_for(&format!("{path}.appProtocol"), protocol, reasons);
        }
    }
}

fn affinity(report: &mut Report, spec: &ServiceSpec) {
    let affinity = spec.session_affinity.as_deref();
    report.one_of("spec.sessionAffinity", affinity, &["ClientIP", "None"]);
    let path = "spec.sessionAffinityConfig";
    match (affinity, &spec.session_affinity_config) {
        (Some("ClientIP"), config) => {
            let why = "when session affinity type is ClientIP";
            let client = config.as_ref().map(|config| config.client_ip.as_ref());
            match client.map(|client| client.map(|client| client.timeout_seconds)) {
                None => report.required(path, why),
                Some(None) => report.required(&format!("{path}.clientIP"), why),
                Some(Some(None)) => {
                    report.required(&format!("{path}.clientIP.timeoutSeconds"), why);
                }
                Some(Some(Some(seconds))) if !(1..=MAX_AFFINITY_SECONDS).contains(&seconds) => {
                    let why =
                        format!("must be greater than 0 and less than {MAX_AFFINITY_SECONDS}");
                    report.invalid(&format!("{path}.clientIP.timeoutSeconds"), seconds, &why);
                }
                Some(Some(Some(_))) => {}
            }
        }
        (Some("None"), Some(_)) => {
            report.forbidden(path, "must not be set when session affinity is None");
        }
        _ => {}
    }
}

/// Addresses that were there before are not looked at again.
fn external_ips(report: &mut Report, spec: &ServiceSpec, before: Option<&ServiceSpec>) {
    let old = before.and_then(|before| before.external_ips.as_deref()).unwrap_or_default();
    for (index, ip) in spec.external_ips.iter().flatten().enumerate() {
        if old.contains(ip) {
            continue;
        }
        let path = format!("spec.externalIPs[{index}]");
        if addresses::check(report, &path, ip).is_some() {
            addresses::check_ordinary(report, &path, ip);
        }
    }
}

fn unique_ports(report: &mut Report, spec: &ServiceSpec, all_ports: &[ServicePort]) {
    let node_port = |port: &ServicePort| port.node_port.unwrap_or(0);
    if type_of(spec) == "ClusterIP" {
        for (index, port) in all_ports.iter().enumerate() {
            if node_port(port) != 0 {
                let path = format!("spec.ports[{index}].nodePort");
                report.forbidden(&path, "may not be used when `type` is 'ClusterIP'");
            }
        }
    }
    let mut node_ports = BTreeSet::new();
    for (index, port) in all_ports.iter().enumerate() {
        if node_port(port) != 0 && !node_ports.insert((&port.protocol, node_port(port))) {
            report.duplicate(&format!("spec.ports[{index}].nodePort"), node_port(port));
        }
    }
    let mut numbers = BTreeSet::new();
    for (index, port) in all_ports.iter().enumerate() {
        if !numbers.insert((&port.protocol, port.port)) {
            let name = port.protocol.as_deref().unwrap_or("");
            report.duplicate(&format!("spec.ports[{index}]"), PortKey(name, port.port));
        }
    }
}

/// A protocol and port, shown as the server's own port type with nothing else set.
struct PortKey<'a>(&'a str, i32);

impl super::report::Shown for PortKey<'_> {
    fn shown(&self) -> String {
        format!(
            "{{\"Name\":\"\",\"Protocol\":{},\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
            json!(self.0),
            self.1
        )
    }
}

fn balancer(report: &mut Report, service: &Service, spec: &ServiceSpec) {
    let balanced = type_of(spec) == "LoadBalancer";
    let why = "may only be used when `type` is 'LoadBalancer'";
    let ranges = spec.load_balancer_source_ranges.as_deref().unwrap_or_default();
    let path = "spec.LoadBalancerSourceRanges";
    if !ranges.is_empty() && !balanced {
        report.forbidden(path, why);
    }
    for (index, range) in ranges.iter().enumerate() {
        addresses::check_range(report, &format!("{path}[{index}]"), range.trim());
    }
    let annotations = service.metadata.annotations.as_ref();
    if let Some(text) = annotations.and_then(|all| all.get(RANGES)).filter(|_| ranges.is_empty()) {
        let path = format!("metadata.annotations[{RANGES}]");
        if !balanced {
            report.forbidden(&path, why);
        }
        for range in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
            addresses::check_range(report, &path, range);
        }
    }
    if spec.allocate_load_balancer_node_ports.is_some() && !balanced {
        report.forbidden("spec.allocateLoadBalancerNodePorts", why);
    }
    balancer_class(report, spec);
}

fn balancer_class(report: &mut Report, spec: &ServiceSpec) {
    let path = "spec.loadBalancerClass";
    match &spec.load_balancer_class {
        Some(class) if type_of(spec) == "LoadBalancer" => {
            report.invalid_for(path, class, names::qualified_name(class));
        }
        Some(_) => report.forbidden(path, "may only be used when `type` is 'LoadBalancer'"),
        None => {}
    }
}

fn traffic_policies(report: &mut Report, spec: &ServiceSpec) {
    let has_external_ips = spec.external_ips.as_ref().is_some_and(|all| !all.is_empty());
    let external = match type_of(spec) {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => has_external_ips,
        _ => false,
    };
    let policy = spec.external_traffic_policy.as_deref().unwrap_or("");
    let path = "spec.externalTrafficPolicy";
    if external {
        report.one_of(path, Some(policy), POLICIES);
    } else if !policy.is_empty() {
        report.invalid(path, policy, "may only be set for externally-accessible services");
    }
    let check = spec.health_check_node_port.unwrap_or(0);
    if check != 0 && needs_health_check(spec) {
        report.port("spec.healthCheckNodePort", check);
    } else if check != 0 {
        let why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is \
                   'Local'";
        report.invalid("spec.healthCheckNodePort", check, why);
    }
    let internal = spec.internal_traffic_policy.as_deref();
    let path = "spec.internalTrafficPolicy";
    match internal {
        None if matches!(type_of(spec), "ClusterIP" | "NodePort" | "LoadBalancer") => {
            report.required(path, "");
        }
        None => {}
        Some(policy) if !POLICIES.contains(&policy) => report.unsupported(path, policy, POLICIES),
        Some(_) => {}
    }
    if let Some(distribution) = spec.traffic_distribution.as_deref()
        && !DISTRIBUTIONS.contains(&distribution)
    {
        report.unsupported("spec.trafficDistribution", distribution, DISTRIBUTIONS);
    }
}
