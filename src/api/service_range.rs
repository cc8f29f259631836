//! ServiceCIDRs and IPAddresses: where Services' addresses come from, and an object for each that is
//! taken.
//!
//! The server keeps them by itself (`controlplane/controller/defaultservicecidr`,
//! `registry/core/service/ipallocator`). Nobody else changes them here: a second range is not
//! simulated.

use std::collections::BTreeMap;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::{
    IPAddress, IPAddressSpec, ParentReference, ServiceCIDR, ServiceCIDRSpec, ServiceCIDRStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta};

use super::allocation::cidrs;
use super::{ApiServer, Kind, Resource, time};
use crate::clock::SimTime;
use crate::random::Stream;

/// The name of the range that every cluster has.
const DEFAULT: &str = "kubernetes";

/// Holds a range as long as addresses depend on it.
const FINALIZER: &str = "networking.k8s.io/service-cidr-finalizer";

/// The range that every cluster has, with the second family's in a dual-stack one. Its identity is
/// made of its name, so that the random numbers of the server are left alone.
pub(super) fn default_range(dual_stack: bool) -> ServiceCIDR {
    let families = if dual_stack { 2 } else { 1 };
    let cidrs = cidrs().into_iter().take(families).collect();
    let began = time(SimTime::START);
    ServiceCIDR {
        metadata: ObjectMeta {
            name: Some(DEFAULT.to_owned()),
            uid: Some(Stream::new(0, DEFAULT).uuid()),
            creation_timestamp: Some(began.clone()),
            finalizers: Some(vec![FINALIZER.to_owned()]),
            ..ObjectMeta::default()
        },
        spec: Some(ServiceCIDRSpec { cidrs: Some(cidrs) }),
        status: Some(ServiceCIDRStatus {
            conditions: Some(vec![Condition {
                last_transition_time: began,
                message: "Kubernetes Service CIDR is ready".to_owned(),
                observed_generation: None,
                reason: String::new(),
                status: "True".to_owned(),
                type_: "Ready".to_owned(),
            }]),
        }),
    }
}

impl ApiServer {
    /// Stores an IPAddress for each address that a Service got, and takes away those of addresses that
    /// it gave back.
    pub(super) fn keep_addresses(&mut self, old: Option<&Service>, new: Option<&Service>) {
        let (before, after) = (addresses(old), addresses(new));
        for address in before.iter().filter(|address| !after.contains(address)) {
            self.store.take(Kind::IPAddress, "", &address.to_string());
        }
        let Some(service) = new else { return };
        for address in after.iter().filter(|address| !before.contains(address)) {
            let identity = format!("{address} {}", self.store.revision());
            let uid = Stream::new(0, &identity).uuid();
            self.store.put(taken(*address, service, uid, self.now).into_object());
        }
    }
}

/// The cluster IPs of a Service.
fn addresses(service: Option<&Service>) -> Vec<IpAddr> {
    let ips = service.and_then(|service| service.spec.as_ref()?.cluster_ips.as_ref());
    ips.into_iter().flatten().filter_map(|ip| ip.parse().ok()).collect()
}

fn taken(address: IpAddr, service: &Service, uid: String, now: SimTime) -> IPAddress {
    let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
    let labels = [
        ("ipaddress.kubernetes.io/ip-family", family),
        ("ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io"),
    ];
    let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
    IPAddress {
        metadata: ObjectMeta {
            name: Some(address.to_string()),
            uid: Some(uid),
            creation_timestamp: Some(time(now)),
            labels: Some(BTreeMap::from(labels)),
            ..ObjectMeta::default()
        },
        spec: IPAddressSpec {
            parent_ref: ParentReference {
                group: None,
                name: service.metadata.name.clone().unwrap_or_default(),
                namespace: service.metadata.namespace.clone(),
                resource: "services".to_owned(),
            },
        },
    }
}

impl Kind {
    /// Whether the server alone keeps objects of this kind here.
    pub fn is_kept_by_server(self) -> bool {
        matches!(self, Kind::ServiceCIDR | Kind::IPAddress)
    }
}
