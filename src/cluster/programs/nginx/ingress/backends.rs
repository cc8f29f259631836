//! The addresses behind a Service: its ready pods, which the controller asks itself (R12.2).

use std::net::IpAddr;

use k8s_openapi::api::core::v1::{Service as ServiceObject, ServicePort};
use k8s_openapi::api::discovery::v1::{EndpointPort, EndpointSlice};
use k8s_openapi::api::networking::v1::IngressBackend;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::Complaint;
use super::options::Name;
use super::routes::{Port, Service};
use crate::api::Store;
use crate::cluster::{Cluster, Place};
use crate::network::SocketAddr;

/// Where a route's requests are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backend {
    /// The addresses, by turns.
    pub targets: Vec<SocketAddr>,
    /// What the log says where there is none.
    pub complaint: Option<Complaint>,
}

/// Finds a Service's addresses: those of its ready pods, or its cluster IP where the Ingress wants
/// that, or what an external name leads to.
pub fn find(cluster: &mut Cluster, place: &Place, service: &Service, by_service: bool) -> Backend {
    let key = format!("{}/{}", service.namespace, service.name);
    let store = cluster.objects();
    let Some(object) = store.get::<ServiceObject>(&service.namespace, &service.name).cloned()
    else {
        let complaint = format!(
            "Error obtaining Endpoints for Service \"{key}\": no object matching key \"{key}\" in local store"
        );
        return Backend { targets: Vec::new(), complaint: Some(Complaint(1126, complaint)) };
    };
    let spec = object.spec.clone().unwrap_or_default();
    let ports = spec.ports.as_deref().unwrap_or_default();
    let port = ports.iter().find(|port| is_named(port, &service.port));
    let (targets, line) = match (spec.type_.as_deref(), port) {
        (Some("ExternalName"), _) => {
            let number = external_port(ports, &service.port);
            let host = spec.external_name.as_deref().unwrap_or_default();
            let found = cluster.lookup(place, host).result.unwrap_or_default();
            (found.into_iter().map(|address| socket(address, number)).collect(), 1216)
        }
        (_, port) if by_service => {
            let address = spec.cluster_ip.as_deref().and_then(|address| address.parse().ok());
            let number = match &service.port {
                Port::Number(number) => Some(*number),
                Port::Name(_) => port.map(|port| port.port),
            };
            let target = address.zip(number).map(|(address, number)| socket(address, number));
            (target.into_iter().collect(), 1110)
        }
        // A port that the Service does not have: the controller says nothing.
        (_, None) => return Backend::default(),
        (_, Some(port)) => (pods(store, service, port), 1232),
    };
    let complaint = targets.is_empty().then(|| {
        let what = format!("Service \"{key}\" does not have any active Endpoint.");
        Complaint(line, what)
    });
    Backend { targets, complaint }
}

/// A Service by its name, with the first of its ports.
pub fn first_port(store: &Store, (namespace, name): &Name) -> Option<Service> {
    let spec = store.get::<ServiceObject>(namespace, name)?.spec.as_ref()?;
    let port = Port::Number(spec.ports.as_ref()?.first()?.port);
    Some(Service { namespace: namespace.clone(), name: name.clone(), port })
}

/// The port of a Service that an Ingress's backend names, as the controller finds it.
pub fn port_of<'s>(object: &'s ServiceObject, backend: &IngressBackend) -> Option<&'s ServicePort> {
    let wanted = Service::of("", backend)?.port;
    let ports = object.spec.as_ref()?.ports.as_deref().unwrap_or_default();
    ports.iter().find(|port| is_named(port, &wanted))
}

/// Whether a Service's port is the one that an Ingress names: by its number, by its name, and, as
/// the controller has it, also by the pods' port.
fn is_named(port: &ServicePort, wanted: &Port) -> bool {
    match (wanted, &port.target_port) {
        (Port::Number(number), _) if port.port == *number => true,
        (Port::Number(number), Some(IntOrString::Int(target))) => target == number,
        (Port::Name(name), Some(IntOrString::String(target))) if target == name => true,
        (Port::Name(name), _) => port.name.as_ref() == Some(name),
        (Port::Number(_), _) => false,
    }
}

/// The port to ask at an external name: what the Service's port leads to, if it has that one.
fn external_port(ports: &[ServicePort], wanted: &Port) -> i32 {
    let by_name = |name: &String| ports.iter().find(|port| port.name.as_ref() == Some(name));
    let (found, number) = match wanted {
        Port::Name(name) => (by_name(name), 0),
        Port::Number(number) => (ports.iter().find(|port| port.port == *number), *number),
    };
    match found.map(|port| (&port.target_port, port.port)) {
        Some((Some(IntOrString::Int(target)), _)) if *target != 0 => *target,
        Some((_, port)) => port,
        None => number,
    }
}

/// The ready endpoints of a Service's port.
fn pods(store: &Store, service: &Service, port: &ServicePort) -> Vec<SocketAddr> {
    let slices = store.list::<EndpointSlice>(Some(&service.namespace)).filter(|slice| {
        let labels = slice.metadata.labels.as_ref();
        labels.and_then(|labels| labels.get("kubernetes.io/service-name")) == Some(&service.name)
    });
    let mut found = Vec::new();
    for slice in slices {
        let ports = slice.ports.iter().flatten();
        for number in ports.filter_map(|other| number_in(other, port)) {
            for endpoint in slice.endpoints.iter().flatten() {
                let ready = endpoint.conditions.as_ref().and_then(|conditions| conditions.ready);
                if ready.unwrap_or(true) {
                    let addresses = endpoint.addresses.iter().filter_map(|one| one.parse().ok());
                    found.extend(addresses.map(|address: IpAddr| socket(address, number)));
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The number that a Service's port has in a slice: that of the port with its name, any where it has
/// none, or else the one that it leads to by number.
fn number_in(slice_port: &EndpointPort, port: &ServicePort) -> Option<i32> {
    if slice_port.protocol.as_deref().is_some_and(|protocol| protocol != "TCP") {
        return None;
    }
    let name = port.name.as_deref().unwrap_or("");
    if name.is_empty() || slice_port.name.as_deref() == Some(name) {
        return slice_port.port;
    }
    match port.target_port {
        Some(IntOrString::Int(number)) => Some(number),
        _ => None,
    }
}

fn socket(address: IpAddr, port: i32) -> SocketAddr {
    SocketAddr::new(address, u16::try_from(port).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(number: i32, name: Option<&str>, target: IntOrString) -> ServicePort {
        let name = name.map(str::to_owned);
        ServicePort { port: number, name, target_port: Some(target), ..ServicePort::default() }
    }

    // R12.2; ingress-nginx, `serviceEndpoints`.
    #[test]
    fn a_port_is_named_by_number_name_or_the_pods_port() {
        let web = port(80, Some("http"), IntOrString::Int(8080));
        for number in [80, 8080] {
            assert!(is_named(&web, &Port::Number(number)), "{number}");
        }
        assert!(!is_named(&web, &Port::Number(81)));
        assert!(is_named(&web, &Port::Name("http".to_owned())));
        let named = port(80, None, IntOrString::String("web".to_owned()));
        assert!(is_named(&named, &Port::Name("web".to_owned())));
        assert!(!is_named(&named, &Port::Name("http".to_owned())));
    }

    #[test]
    fn an_external_name_is_asked_at_the_port_that_the_service_leads_to() {
        let ports = [port(80, Some("web"), IntOrString::Int(8080))];
        assert_eq!(external_port(&ports, &Port::Number(80)), 8080);
        assert_eq!(external_port(&ports, &Port::Name("web".to_owned())), 8080);
        assert_eq!(external_port(&ports, &Port::Number(443)), 443);
        assert_eq!(external_port(&[], &Port::Number(80)), 80);
    }
}
