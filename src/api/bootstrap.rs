//! What a server holds before anybody asks for anything: namespaces, and the way to itself.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    ConfigMap, EndpointAddress, EndpointPort, EndpointSubset, Endpoints, Namespace, Service,
    ServiceAccount, ServicePort, ServiceSpec,
};
use k8s_openapi::api::discovery::v1 as discovery;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{ApiServer, Resource};
use crate::clock::SimTime;

/// The namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Where the API server itself listens: on the first node.
const ADDRESS: &str = "192.168.49.2";
const PORT: i32 = 8443;

/// What `kube-root-ca.crt` holds: a certificate's shape, for nothing here speaks TLS.
pub(crate) const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";

/// Fills an empty server.
pub(super) fn fill(server: &mut ApiServer) {
    for name in NAMESPACES {
        let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
        put(server, Namespace { metadata, ..Namespace::default() });
    }
    put(server, service());
    put(server, endpoints());
    put(server, slice());
}

/// What a new namespace gets at once, so that pods can be created in it.
pub(super) fn furnish(server: &mut ApiServer, now: SimTime, namespace: &str) {
    let account =
        ServiceAccount { metadata: named("default", namespace), ..ServiceAccount::default() };
    let certificate = BTreeMap::from([("ca.crt".to_owned(), CERTIFICATE.to_owned())]);
    let mut metadata = named("kube-root-ca.crt", namespace);
    metadata.annotations = Some(BTreeMap::from([(
        "kubernetes.io/description".to_owned(),
        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
         endpoints such as the internal service IP or kubernetes.default.svc. No other usage is \
         guaranteed across distributions of Kubernetes clusters."
            .to_owned(),
    )]));
    let config_map = ConfigMap { metadata, data: Some(certificate), ..ConfigMap::default() };
    // Somebody who made them already may keep them.
    let _ = server.create(now, account);
    let _ = server.create(now, config_map);
}

fn put<T: Resource>(server: &mut ApiServer, object: T) {
    let name = object.metadata().name.clone().unwrap_or_default();
    if let Err(status) = server.create(SimTime::START, object) {
        unreachable!("the cluster's own {} {name} is refused: {status}", T::KIND);
    }
}

fn named(name: &str, namespace: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        ..ObjectMeta::default()
    }
}

fn labelled(labels: &[(&str, &str)]) -> ObjectMeta {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    ObjectMeta { labels: Some(labels.collect()), ..named("kubernetes", "default") }
}

fn service() -> Service {
    Service {
        metadata: labelled(&[("component", "apiserver"), ("provider", "kubernetes")]),
        spec: Some(ServiceSpec {
            cluster_ip: Some("10.96.0.1".to_owned()),
            ports: Some(vec![ServicePort {
                name: Some("https".to_owned()),
                port: 443,
                target_port: Some(IntOrString::Int(PORT)),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

fn endpoints() -> Endpoints {
    let address = EndpointAddress { ip: ADDRESS.to_owned(), ..EndpointAddress::default() };
    let port =
        EndpointPort { name: Some("https".to_owned()), port: PORT, ..EndpointPort::default() };
    Endpoints {
        metadata: labelled(&[("endpointslice.kubernetes.io/skip-mirror", "true")]),
        subsets: Some(vec![EndpointSubset {
            addresses: Some(vec![address]),
            ports: Some(vec![port]),
            ..EndpointSubset::default()
        }]),
    }
}

fn slice() -> discovery::EndpointSlice {
    discovery::EndpointSlice {
        metadata: labelled(&[("kubernetes.io/service-name", "kubernetes")]),
        address_type: "IPv4".to_owned(),
        endpoints: Some(vec![discovery::Endpoint {
            addresses: vec![ADDRESS.to_owned()],
            conditions: Some(discovery::EndpointConditions {
                ready: Some(true),
                ..discovery::EndpointConditions::default()
            }),
            ..discovery::Endpoint::default()
        }]),
        ports: Some(vec![discovery::EndpointPort {
            name: Some("https".to_owned()),
            port: Some(PORT),
            ..discovery::EndpointPort::default()
        }]),
    }
}
