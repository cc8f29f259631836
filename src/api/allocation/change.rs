//! What a Service keeps, gains and loses when it changes (R4.5).

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::ServiceSpec;

/// Every type but ExternalName has a cluster IP, be it `None`.
pub(super) fn needs_cluster_ip(spec: &ServiceSpec) -> bool {
    spec.type_.as_deref() != Some("ExternalName")
}

/// NodePort and LoadBalancer open ports on nodes.
pub(super) fn needs_node_ports(spec: &ServiceSpec) -> bool {
    matches!(spec.type_.as_deref(), Some("NodePort" | "LoadBalancer"))
}

/// Whether clients outside the cluster can reach it.
fn is_reached_from_outside(spec: &ServiceSpec) -> bool {
    let addresses = spec.external_ips.as_ref().is_some_and(|addresses| !addresses.is_empty());
    needs_node_ports(spec) || (spec.type_.as_deref() == Some("ClusterIP") && addresses)
}

/// Whether a load balancer has to find out which nodes have endpoints.
pub(super) fn needs_health_check(spec: &ServiceSpec) -> bool {
    spec.type_.as_deref() == Some("LoadBalancer")
        && spec.external_traffic_policy.as_deref() == Some("Local")
}

/// Brings `clusterIP` and `clusterIPs` into line, before anybody looks at them.
pub(super) fn synchronise(spec: &mut ServiceSpec, old: Option<&ServiceSpec>) {
    let text = |field: &Option<String>| field.clone().filter(|ip| !ip.is_empty());
    let first = text(&spec.cluster_ip);
    let Some(old) = old else {
        if spec.cluster_ips.as_ref().is_none_or(Vec::is_empty) {
            spec.cluster_ips = first.map(|ip| vec![ip]);
        }
        return;
    };
    let same_list = spec.cluster_ips == old.cluster_ips;
    let same_first = first == text(&old.cluster_ip);
    if same_list && !same_first {
        // The client changed or cleared the singular field alone; it means both.
        spec.cluster_ips = first.map(|ip| vec![ip]);
    } else if spec.cluster_ips.as_ref().is_none_or(Vec::is_empty) {
        spec.cluster_ips = first.map(|ip| vec![ip]);
    }
}

/// Fills in what was allocated before and the client did not repeat: a manifest that is applied
/// again has no cluster IP, and means the same Service.
pub(super) fn keep_allocated(spec: &mut ServiceSpec, old: &ServiceSpec) {
    let is_empty = |field: &Option<String>| field.as_deref().is_none_or(str::is_empty);
    if needs_cluster_ip(spec) && needs_cluster_ip(old) {
        if is_empty(&spec.cluster_ip) {
            spec.cluster_ip.clone_from(&old.cluster_ip);
        }
        if spec.cluster_ips.as_ref().is_none_or(Vec::is_empty) && spec.cluster_ip == old.cluster_ip
        {
            spec.cluster_ips.clone_from(&old.cluster_ips);
        }
    }
    if needs_node_ports(spec) && needs_node_ports(old) {
        keep_node_ports(spec, old);
    }
    if needs_health_check(spec)
        && needs_health_check(old)
        && spec.health_check_node_port.unwrap_or(0) == 0
    {
        spec.health_check_node_port = old.health_check_node_port;
    }
}

/// Ports keep their node port by name.
fn keep_node_ports(spec: &mut ServiceSpec, old: &ServiceSpec) {
    let numbers = |spec: &ServiceSpec| -> BTreeSet<i32> {
        spec.ports.iter().flatten().filter_map(|port| port.node_port).collect()
    };
    let (before, now) = (numbers(old), numbers(spec));
    let mut used: BTreeSet<i32> = before.intersection(&now).copied().collect();
    let by_name: BTreeMap<&str, i32> = old
        .ports
        .iter()
        .flatten()
        .filter_map(|port| Some((port.name.as_deref().unwrap_or(""), port.node_port?)))
        .collect();
    for port in spec.ports.iter_mut().flatten() {
        if port.node_port.unwrap_or(0) != 0 {
            continue;
        }
        let kept = by_name.get(port.name.as_deref().unwrap_or("")).copied();
        port.node_port = kept.filter(|number| used.insert(*number));
    }
}

/// Wipes what the new type has no use for, if the client left it as it was. What the client did
/// change is left for validation to refuse.
pub(super) fn wipe_unused(spec: &mut ServiceSpec, old: &ServiceSpec) {
    fn wipe<T: PartialEq>(slot: &mut Option<T>, old: &Option<T>) {
        if slot == old {
            *slot = None;
        }
    }
    if needs_cluster_ip(old) && !needs_cluster_ip(spec) {
        if spec.cluster_ips == old.cluster_ips {
            wipe(&mut spec.cluster_ip, &old.cluster_ip);
            spec.cluster_ips = None;
        }
        wipe(&mut spec.ip_families, &old.ip_families);
        wipe(&mut spec.ip_family_policy, &old.ip_family_policy);
        wipe(&mut spec.internal_traffic_policy, &old.internal_traffic_policy);
    }
    if needs_node_ports(old) && !needs_node_ports(spec) {
        let numbers = |spec: &ServiceSpec| -> Vec<Option<i32>> {
            spec.ports.iter().flatten().map(|port| port.node_port).collect()
        };
        if numbers(spec) == numbers(old) {
            spec.ports.iter_mut().flatten().for_each(|port| port.node_port = None);
        }
    }
    if is_reached_from_outside(old) && !is_reached_from_outside(spec) {
        wipe(&mut spec.external_traffic_policy, &old.external_traffic_policy);
    }
    if needs_health_check(old) && !needs_health_check(spec) {
        wipe(&mut spec.health_check_node_port, &old.health_check_node_port);
    }
    let is_balancer = |spec: &ServiceSpec| spec.type_.as_deref() == Some("LoadBalancer");
    if is_balancer(old) && !is_balancer(spec) {
        let asked = &old.allocate_load_balancer_node_ports;
        wipe(&mut spec.allocate_load_balancer_node_ports, asked);
        wipe(&mut spec.load_balancer_class, &old.load_balancer_class);
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ServicePort;

    use super::*;

    fn node_port() -> ServiceSpec {
        ServiceSpec {
            type_: Some("NodePort".into()),
            cluster_ip: Some("10.97.0.10".into()),
            cluster_ips: Some(vec!["10.97.0.10".into()]),
            ip_families: Some(vec!["IPv4".into()]),
            external_traffic_policy: Some("Cluster".into()),
            ports: Some(vec![ServicePort {
                port: 80,
                node_port: Some(30_080),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }
    }

    // Recording 03: back to ClusterIP.
    #[test]
    fn a_service_that_is_no_longer_a_node_port_loses_its_port() {
        let old = node_port();
        let mut spec = ServiceSpec { type_: Some("ClusterIP".into()), ..node_port() };
        wipe_unused(&mut spec, &old);
        assert_eq!(spec.ports.unwrap()[0].node_port, None);
        assert_eq!(spec.external_traffic_policy, None);
        assert_eq!(spec.cluster_ip.as_deref(), Some("10.97.0.10"));
    }

    // `dropTypeDependentFields`, `ExternallyAccessible`
    #[test]
    fn a_policy_for_traffic_from_outside_goes_with_the_last_external_address() {
        let old = ServiceSpec {
            type_: Some("ClusterIP".into()),
            external_ips: Some(vec!["203.0.113.7".into()]),
            ..node_port()
        };
        let mut spec = ServiceSpec { external_ips: None, ..old.clone() };
        wipe_unused(&mut spec, &old);
        assert_eq!(spec.external_traffic_policy, None);
    }

    // R4.5
    #[test]
    fn an_external_name_gives_its_address_back() {
        let old = node_port();
        let mut spec = ServiceSpec { type_: Some("ExternalName".into()), ..node_port() };
        wipe_unused(&mut spec, &old);
        assert_eq!((spec.cluster_ip, spec.cluster_ips, spec.ip_families), (None, None, None));
    }

    // R4.5: the manifest that is applied again does not name the address.
    #[test]
    fn what_was_allocated_stays() {
        let old = node_port();
        let ports = Some(vec![ServicePort { port: 8080, ..ServicePort::default() }]);
        let mut spec =
            ServiceSpec { type_: Some("NodePort".into()), ports, ..ServiceSpec::default() };
        keep_allocated(&mut spec, &old);
        synchronise(&mut spec, Some(&old));
        assert_eq!(spec.cluster_ips, old.cluster_ips);
        assert_eq!(spec.ports.unwrap()[0].node_port, Some(30_080));
    }

    #[test]
    fn a_changed_address_is_passed_on_for_validation_to_refuse() {
        let old = node_port();
        let mut spec = ServiceSpec { cluster_ip: Some("10.97.0.11".into()), ..node_port() };
        keep_allocated(&mut spec, &old);
        synchronise(&mut spec, Some(&old));
        assert_eq!(spec.cluster_ips, Some(vec!["10.97.0.11".into()]));
    }
}
