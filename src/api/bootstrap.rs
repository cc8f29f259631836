//! What a server holds before anybody asks for anything: namespaces, and the way to itself.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    ConfigMap, EndpointAddress, EndpointPort, EndpointSubset, Endpoints, Namespace, Service,
    ServiceAccount, ServicePort, ServiceSpec,
};
use k8s_openapi::api::discovery::v1::{self as discovery, EndpointSlice as Slice};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Map, json};

use super::plain::{self, APIService};
use super::{ApiServer, Object, Resource, priority, service_range, storage};
use crate::clock::SimTime;
use crate::random::Stream;

/// The namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The groups of the API with their versions, and which of them clients take before others
/// (`pkg/controlplane/apiserver/aggregator.go`, `DefaultGenericAPIServicePriorities`).
const GROUPS: &str = "\
    /v1/18000/1 admissionregistration.k8s.io/v1/16700/15 apiextensions.k8s.io/v1/16700/15 \
    apps/v1/17800/15 authentication.k8s.io/v1/17700/15 authorization.k8s.io/v1/17600/15 \
    autoscaling/v1/17500/15 autoscaling/v2/17500/30 batch/v1/17400/15 \
    certificates.k8s.io/v1/17300/15 coordination.k8s.io/v1/16500/15 \
    discovery.k8s.io/v1/16200/15 events.k8s.io/v1/17750/15 \
    flowcontrol.apiserver.k8s.io/v1/16100/21 networking.k8s.io/v1/17200/15 \
    node.k8s.io/v1/16300/15 policy/v1/17100/15 rbac.authorization.k8s.io/v1/17000/15 \
    resource.k8s.io/v1/16200/15 scheduling.k8s.io/v1/16600/15 storage.k8s.io/v1/16800/15";

/// The label of what the aggregating server itself registers.
const AUTOMANAGED: &str = "kube-aggregator.kubernetes.io/automanaged";

/// Where the API server itself listens: on the first node.
const ADDRESS: &str = "192.168.49.2";
const PORT: i32 = 8443;

/// The name of the server's own Service, in the namespace `default`.
pub(crate) const OWN: &str = "kubernetes";

/// The ConfigMap with the certificate by which pods know the server.
pub(crate) const ROOT_CA: &str = "kube-root-ca.crt";

/// What `kube-root-ca.crt` holds: a certificate's shape, for nothing here speaks TLS.
pub(crate) const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";

/// Fills an empty server.
pub(super) fn fill(server: &mut ApiServer) {
    for name in NAMESPACES {
        let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
        put(server, Namespace { metadata, ..Namespace::default() });
    }
    for (name, value, description) in priority::SYSTEM_CLASSES {
        server.store.begin_with(class(name, value, description).into_object());
    }
    server.store.begin_with(service_range::default_range(false).into_object());
    server.store.begin_with(storage::standard().into_object());
    GROUPS.split(' ').filter_map(group_version).for_each(|group| server.store.begin_with(group));
    keep_own(server, SimTime::START);
}

/// Stores again what the server keeps of itself and somebody has deleted or changed
/// (`pkg/controlplane/controller/kubernetesservice`).
pub(super) fn keep_own(server: &mut ApiServer, now: SimTime) {
    if server.store.get::<Service>("default", OWN).is_none() {
        let _ = server.create(now, service());
    }
    match server.store.get::<Endpoints>("default", OWN).map(|own| Endpoints::clone(own)) {
        None => drop(server.create(now, endpoints())),
        Some(own) => {
            let subsets = endpoints().subsets;
            let _ = server.update(now, Endpoints { subsets, ..own });
        }
    }
    match server.store.get::<Slice>("default", OWN).map(|own| Slice::clone(own)) {
        None => drop(server.create(now, slice())),
        Some(own) => {
            let Slice { endpoints, ports, .. } = slice();
            let _ = server.update(now, Slice { endpoints, ports, ..own });
        }
    }
}

/// What a namespace has from its beginning, and gets again when it is taken away: so pods can be
/// created in it (`serviceaccounts_controller.go`, `rootcacertpublisher/publisher.go`).
pub(super) fn furnish(server: &mut ApiServer, now: SimTime, namespace: &str) {
    let account =
        ServiceAccount { metadata: named("default", namespace), ..ServiceAccount::default() };
    let certificate = BTreeMap::from([("ca.crt".to_owned(), CERTIFICATE.to_owned())]);
    let mut metadata = named(ROOT_CA, namespace);
    metadata.annotations = Some(BTreeMap::from([(
        "kubernetes.io/description".to_owned(),
        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
         endpoints such as the internal service IP or kubernetes.default.svc. No other usage is \
         guaranteed across distributions of Kubernetes clusters."
            .to_owned(),
    )]));
    let config_map = ConfigMap { metadata, data: Some(certificate), ..ConfigMap::default() };
    // Somebody who made the account already may keep it.
    let _ = server.create(now, account);
    match server.store.get::<ConfigMap>(namespace, ROOT_CA).map(|own| ConfigMap::clone(own)) {
        None => drop(server.create(now, config_map)),
        Some(own) => {
            let annotations = own.metadata.annotations.clone().or(config_map.metadata.annotations);
            let metadata = ObjectMeta { annotations, ..own.metadata.clone() };
            let _ = server.update(now, ConfigMap { metadata, data: config_map.data, ..own });
        }
    }
}

fn put<T: Resource>(server: &mut ApiServer, object: T) {
    let name = object.metadata().name.clone().unwrap_or_default();
    if let Err(status) = server.create(SimTime::START, object) {
        unreachable!("the cluster's own {} {name} is refused: {status}", T::KIND);
    }
}

/// A version of a group for which the server itself answers.
fn group_version(line: &str) -> Option<Object> {
    let [group, version, of_group, of_version] = line.split('/').collect::<Vec<_>>()[..] else {
        return None;
    };
    let number = |text: &str| text.parse::<i32>().unwrap_or(0);
    let mut spec = json!({"groupPriorityMinimum": number(of_group), "version": version,
                          "versionPriority": number(of_version)});
    if !group.is_empty() {
        spec["group"] = group.into();
    }
    let mut metadata = own(&format!("{version}.{group}"));
    metadata.labels = Some([(AUTOMANAGED.to_owned(), "onstart".to_owned())].into());
    let fields = Map::from_iter([("spec".to_owned(), spec)]);
    let mut object = APIService { metadata, fields }.into_object();
    plain::status(&mut object);
    Some(object)
}

/// The metadata of something that every cluster has. Its identity is made of its name, so that the random
/// numbers of the server are left alone.
pub(super) fn own(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        uid: Some(Stream::new(0, name).uuid()),
        creation_timestamp: Some(super::time(SimTime::START)),
        ..ObjectMeta::default()
    }
}

/// A class of priority that every cluster has.
fn class(name: &str, value: i32, description: &str) -> PriorityClass {
    PriorityClass {
        metadata: ObjectMeta { generation: Some(1), ..own(name) },
        value: Some(value),
        description: Some(description.to_owned()),
        preemption_policy: Some("PreemptLowerPriority".to_owned()),
        global_default: None,
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
    ObjectMeta { labels: Some(labels.collect()), ..named(OWN, "default") }
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
    let port = EndpointPort {
        name: Some("https".to_owned()),
        port: PORT,
        protocol: Some("TCP".to_owned()),
        app_protocol: None,
    };
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
            protocol: Some("TCP".to_owned()),
            ..discovery::EndpointPort::default()
        }]),
    }
}
