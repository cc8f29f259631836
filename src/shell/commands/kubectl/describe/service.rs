//! Services, with the ready endpoints of each port.

use k8s_openapi::api::core::v1::{LoadBalancerIngress, Service, ServicePort, ServiceSpec};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::Reader;
use super::page::Page;
use super::pod::filled;
use crate::api::table::format_labels;
use crate::api::{Kind, Object, join_host_port};

impl Reader<'_, '_> {
    /// A service's description (R14.1).
    pub(super) fn service(&mut self, object: &Object, service: &Service) -> String {
        let mut page = Page::default();
        let spec = service.spec.clone().unwrap_or_default();
        page.names(&service.metadata);
        page.labels_and_annotations(&service.metadata);
        page.field("Selector", format_labels(spec.selector.as_ref()));
        page.field("Type", spec.type_.as_deref().unwrap_or(""));
        addresses(&mut page, service, &spec);
        let slices = self.slices_of(object.namespace(), object.name());
        for port in spec.ports.iter().flatten() {
            ports(&mut page, port, &slices);
        }
        page.field("Session Affinity", spec.session_affinity.as_deref().unwrap_or(""));
        if let Some(policy) = filled(spec.external_traffic_policy.as_deref()) {
            page.field("External Traffic Policy", policy);
        }
        if let Some(policy) = filled(spec.internal_traffic_policy.as_deref()) {
            page.field("Internal Traffic Policy", policy);
        }
        if let Some(port) = spec.health_check_node_port.filter(|port| *port != 0) {
            page.field("HealthCheck NodePort", port);
        }
        if let Some(ranges) = spec.load_balancer_source_ranges.as_ref().filter(|r| !r.is_empty()) {
            page.field("LoadBalancer Source Ranges", ranges.join(","));
        }
        if let Some(distribution) = filled(spec.traffic_distribution.as_deref()) {
            page.field("Traffic Distribution", distribution);
        }
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// The slices that belong to a service.
    pub(super) fn slices_of(&mut self, namespace: &str, service: &str) -> Vec<EndpointSlice> {
        self.all(Kind::EndpointSlice, Some(namespace.to_owned()))
            .iter()
            .filter_map(|object| object.as_kind::<EndpointSlice>())
            .filter(|slice| {
                let labels = slice.metadata.labels.as_ref();
                labels
                    .and_then(|l| l.get("kubernetes.io/service-name"))
                    .is_some_and(|s| s == service)
            })
            .map(|slice| slice.as_ref().clone())
            .collect()
    }
}

fn addresses(page: &mut Page, service: &Service, spec: &ServiceSpec) {
    if let Some(policy) = filled(spec.ip_family_policy.as_deref()) {
        page.field("IP Family Policy", policy);
    }
    page.field("IP Families", joined_or_none(spec.ip_families.as_deref()));
    page.field("IP", spec.cluster_ip.as_deref().unwrap_or(""));
    page.field("IPs", joined_or_none(spec.cluster_ips.as_deref()));
    if let Some(addresses) = spec.external_ips.as_ref().filter(|list| !list.is_empty()) {
        page.field("External IPs", addresses.join(","));
    }
    if let Some(address) = filled(spec.load_balancer_ip.as_deref()) {
        page.field("Desired LoadBalancer IP", address);
    }
    if let Some(name) = filled(spec.external_name.as_deref()) {
        page.field("External Name", name);
    }
    let balancer = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let ingress = balancer.and_then(|balancer| balancer.ingress.as_deref()).unwrap_or_default();
    if !ingress.is_empty() {
        let texts: Vec<String> = ingress.iter().map(ingress_text).collect();
        page.field("LoadBalancer Ingress", texts.join(", "));
    }
}

fn ports(page: &mut Page, port: &ServicePort, slices: &[EndpointSlice]) {
    let name = filled(port.name.as_deref()).unwrap_or("<unset>");
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    page.line(0, format!("Port:\t{name}\t{}/{protocol}", port.port));
    let target = match &port.target_port {
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::String(name)) => name.clone(),
        None => port.port.to_string(),
    };
    page.field("TargetPort", format!("{target}/{protocol}"));
    if let Some(protocol) = &port.app_protocol {
        page.field("AppProtocol", protocol);
    }
    if let Some(node_port) = port.node_port.filter(|port| *port != 0) {
        page.line(0, format!("NodePort:\t{name}\t{node_port}/{protocol}"));
    }
    page.field("Endpoints", ready_endpoints(slices, Some(port.name.as_deref().unwrap_or(""))));
}

/// The ready endpoints of a port, the first three of them: `<none>` without a slice, nothing when
/// none is ready (R5.5).
pub(super) fn ready_endpoints(slices: &[EndpointSlice], port_name: Option<&str>) -> String {
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut listed = Listed::default();
    for slice in slices {
        let ports = slice.ports.as_deref().unwrap_or_default();
        if ports.is_empty() {
            listed.add(slice, |address| address.to_owned());
        }
        for port in ports {
            let name = port.name.as_deref().unwrap_or("");
            if port_name.is_none_or(|wanted| wanted == name) {
                let number = port.port.unwrap_or(0);
                listed.add(slice, |address| join_host_port(address, number));
            }
        }
    }
    listed.text()
}

/// The endpoints of a line, as `formatEndpointSlices` counts them: whatever comes behind the third
/// makes it say that there are more, even if it is not ready and none is added.
#[derive(Default)]
struct Listed {
    shown: Vec<String>,
    ready: usize,
    more: bool,
}

impl Listed {
    const MOST: usize = 3;

    fn add(&mut self, slice: &EndpointSlice, written: impl Fn(&str) -> String) {
        for endpoint in slice.endpoints.iter().flatten() {
            self.more |= self.shown.len() == Listed::MOST;
            if !endpoint.conditions.as_ref().and_then(|c| c.ready).unwrap_or(true) {
                continue;
            }
            if !self.more {
                self.shown.extend(endpoint.addresses.first().map(|address| written(address)));
            }
            self.ready += 1;
        }
    }

    fn text(&self) -> String {
        let shown = self.shown.join(",");
        match self.more {
            true => format!("{shown} + {} more...", self.ready - Listed::MOST),
            false => shown,
        }
    }
}

fn joined_or_none(list: Option<&[String]>) -> String {
    match list.unwrap_or_default() {
        [] => "<none>".to_owned(),
        list => list.join(","),
    }
}

/// `203.0.113.10 (VIP)`
fn ingress_text(ingress: &LoadBalancerIngress) -> String {
    match (&ingress.ip, &ingress.hostname) {
        (Some(ip), _) => match ingress.ip_mode.as_deref() {
            Some(mode) => format!("{ip} ({mode})"),
            None => ip.clone(),
        },
        (None, Some(name)) => name.clone(),
        (None, None) => String::new(),
    }
}
