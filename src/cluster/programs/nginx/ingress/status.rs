//! What the controller writes into its Ingresses: the address under which it is reached.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, Service};
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::{Value, json};

use super::options::{Name, Options};
use crate::api::{Kind, LabelSelector, Patch, Pod, Request, Store, Subresource, WriteOptions};
use crate::cluster::Cluster;

/// Gives every Ingress the controller's addresses, and returns what the log tells of it. Real
/// controllers look every minute; here it is part of each synchronisation, so that nobody waits for it.
pub fn write(
    cluster: &mut Cluster,
    ingresses: &[Arc<Ingress>],
    addresses: &[Value],
) -> Vec<String> {
    let mut told = Vec::new();
    for ingress in ingresses {
        let status = ingress.status.as_ref().and_then(|status| status.load_balancer.as_ref());
        let known = status.and_then(|balancer| serde_json::to_value(&balancer.ingress).ok());
        let known = known.unwrap_or(Value::Null);
        if known.as_array().map_or(&[][..], Vec::as_slice) == addresses {
            continue;
        }
        let ingress = &ingress.metadata;
        told.push(format!(
            "\"updating Ingress status\" namespace={:?} ingress={:?} currentValue={known} newValue={}",
            ingress.namespace.as_deref().unwrap_or_default(),
            ingress.name.as_deref().unwrap_or_default(),
            Value::from(addresses),
        ));
        // An Ingress that is gone by now needs no address.
        let _ = cluster.handle(Request::Patch {
            kind: Kind::Ingress,
            namespace: ingress.namespace.clone().unwrap_or_default(),
            name: ingress.name.clone().unwrap_or_default(),
            patch: Patch::Merge(json!({ "status": { "loadBalancer": { "ingress": addresses } } })),
            options: WriteOptions { subresource: Subresource::Status, ..WriteOptions::default() },
        });
    }
    told
}

/// The addresses to write: those that the flags name, or else those of the nodes that the
/// controller's ready pods are on. Sorted, each once.
pub fn addresses(store: &Store, options: &Options) -> Vec<Value> {
    let mut found = match &options.publish_service {
        _ if !options.publish_addresses.is_empty() => options.publish_addresses.clone(),
        Some(name) => of_service(store, name),
        None => of_nodes(store, options),
    };
    found.sort();
    found.dedup();
    let is_address = |text: &str| text.parse::<std::net::IpAddr>().is_ok();
    let entry = |text: &String| match is_address(text) {
        true => json!({ "ip": text }),
        false => json!({ "hostname": text }),
    };
    found.iter().map(entry).collect()
}

fn of_service(store: &Store, (namespace, name): &Name) -> Vec<String> {
    let Some(service) = store.get::<Service>(namespace, name) else { return Vec::new() };
    let spec = service.spec.clone().unwrap_or_default();
    let external = spec.external_ips.unwrap_or_default();
    match spec.type_.as_deref() {
        Some("ExternalName") => spec.external_name.into_iter().collect(),
        Some("LoadBalancer") => {
            let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
            let balancers = status.and_then(|balancer| balancer.ingress.clone());
            let given = balancers.into_iter().flatten().filter_map(|one| one.ip.or(one.hostname));
            given.chain(external).collect()
        }
        Some("NodePort") if !external.is_empty() => external,
        _ => spec.cluster_ip.into_iter().collect(),
    }
}

fn of_nodes(store: &Store, options: &Options) -> Vec<String> {
    let pods = siblings(store, options);
    let ready = pods.iter().filter(|pod| pod.is_ready());
    let nodes = ready.filter_map(|pod| pod.spec.as_ref()?.node_name.clone());
    nodes.filter_map(|node| node_address(store, &node)).collect()
}

/// The external address of a node, or else the internal one.
fn node_address(store: &Store, node: &str) -> Option<String> {
    let node = store.get::<Node>("", node)?;
    let addresses = node.status.as_ref()?.addresses.as_deref().unwrap_or_default();
    let of = |kind: &str| addresses.iter().find(|address| address.type_ == kind);
    of("ExternalIP").or_else(|| of("InternalIP")).map(|address| address.address.clone())
}

/// The controller's pods: those with the labels of this one.
fn siblings(store: &Store, options: &Options) -> Vec<Arc<Pod>> {
    let Some((namespace, name)) = &options.pod else { return Vec::new() };
    let labels = store.get::<Pod>(namespace, name).and_then(|pod| pod.metadata.labels.clone());
    let mut labels = labels.unwrap_or_default();
    for own in ["pod-template-hash", "controller-revision-hash", "pod-template-generation"] {
        labels.remove(own);
    }
    let selector = LabelSelector::equalities(&labels);
    let pods = store.list::<Pod>(Some(namespace));
    pods.filter(|pod| selector.matches(pod.metadata.labels.as_ref())).cloned().collect()
}

/// Whether this controller writes: of several, one does. Where real ones compete for a Lease, the
/// first by name has it here.
pub fn is_leader(store: &Store, options: &Options) -> bool {
    let own = options.pod.as_ref().map(|(_, name)| name.as_str());
    let stays = |pod: &&Arc<Pod>| pod.metadata.deletion_timestamp.is_none();
    let pods = siblings(store, options);
    let first = pods.iter().filter(stays).find(|pod| pod.is_ready());
    first.is_none_or(|pod| pod.metadata.name.as_deref() == own)
}

/// Whether another pod of the controller goes on when this one ends.
pub fn is_last(store: &Store, options: &Options) -> bool {
    siblings(store, options).len() <= 1
}
