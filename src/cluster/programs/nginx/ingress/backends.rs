//! The addresses behind a Service: its ready pods, which the controller asks itself (R12.2).

use std::net::IpAddr;

use k8s_openapi::api::core::v1::{Service as ServiceObject, ServicePort};
use k8s_openapi::api::discovery::v1::EndpointSlice;

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
    pub complaint: Option<String>,
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
        return Backend { targets: Vec::new(), complaint: Some(complaint) };
    };
    let spec = object.spec.clone().unwrap_or_default();
    let port = spec.ports.iter().flatten().find(|port| is_named(port, &service.port));
    let targets = match (spec.type_.as_deref(), port) {
        (Some("ExternalName"), _) => {
            let Port::Number(number) = service.port else { return Backend::default() };
            let host = spec.external_name.unwrap_or_default();
            let found = cluster.lookup(place, &host).result.unwrap_or_default();
            found.into_iter().map(|address| socket(address, number)).collect()
        }
        (_, None) => Vec::new(),
        (_, Some(port)) if by_service => {
            let address = spec.cluster_ip.as_deref().and_then(|address| address.parse().ok());
            address.map(|address| socket(address, port.port)).into_iter().collect()
        }
        (_, Some(port)) => pods(store, service, port.name.as_deref().unwrap_or("")),
    };
    let complaint =
        targets.is_empty().then(|| format!("Service \"{key}\" does not have any active Endpoint."));
    Backend { targets, complaint }
}

/// A Service by its name, with the first of its ports.
pub fn first_port(store: &Store, (namespace, name): &Name) -> Option<Service> {
    let spec = store.get::<ServiceObject>(namespace, name)?.spec.as_ref()?;
    let port = Port::Number(spec.ports.as_ref()?.first()?.port);
    Some(Service { namespace: namespace.clone(), name: name.clone(), port })
}

fn is_named(port: &ServicePort, wanted: &Port) -> bool {
    match wanted {
        Port::Number(number) => port.port == *number,
        Port::Name(name) => port.name.as_ref() == Some(name),
    }
}

/// The ready endpoints of a Service's port.
fn pods(store: &Store, service: &Service, port_name: &str) -> Vec<SocketAddr> {
    let slices = store.list::<EndpointSlice>(Some(&service.namespace)).filter(|slice| {
        let labels = slice.metadata.labels.as_ref();
        labels.and_then(|labels| labels.get("kubernetes.io/service-name")) == Some(&service.name)
    });
    let mut found = Vec::new();
    for slice in slices {
        let mut ports = slice.ports.iter().flatten();
        let port = ports.find(|port| port.name.as_deref().unwrap_or("") == port_name);
        let Some(number) = port.and_then(|port| port.port) else { continue };
        for endpoint in slice.endpoints.iter().flatten() {
            let ready = endpoint.conditions.as_ref().and_then(|conditions| conditions.ready);
            if ready.unwrap_or(true) {
                let addresses = endpoint.addresses.iter().filter_map(|one| one.parse().ok());
                found.extend(addresses.map(|address: IpAddr| socket(address, number)));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn socket(address: IpAddr, port: i32) -> SocketAddr {
    SocketAddr::new(address, u16::try_from(port).unwrap_or(0))
}
