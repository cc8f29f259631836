//! How much room the store has, and what an object takes of it.
//!
//! etcd refuses to grow beyond its quota (`--quota-backend-bytes`), and the API server passes on what
//! it says. The quota here grows with the cluster's nodes, so that no manifest, scale or loop can fill the
//! memory of whoever plays with a few. Sizes are estimates where an object is written often.

use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};

use super::{Object, Reason, Status};

/// Bytes that all objects together may take (etcd's `--quota-backend-bytes`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota(pub u64);

impl Quota {
    /// What a cluster of so many nodes needs: room for some 40 pods on each, and 64 MiB besides. At 5,000
    /// nodes, the most that Kubernetes promises to carry, it comes to etcd's own default, 2 GiB.
    pub fn of_nodes(nodes: u32) -> Quota {
        Quota((64 << 20) + u64::from(nodes) * (400 << 10))
    }
}

impl Default for Quota {
    fn default() -> Self {
        Quota::of_nodes(0)
    }
}

/// What one object made of containers may take (etcd's `--max-request-bytes`).
const LARGEST: u64 = 3 << 19;

/// What a pod takes, with its status and managed fields.
const POD: usize = 6 << 10;

/// What a container takes, with its status.
const CONTAINER: usize = 2 << 10;

/// What another object takes at least.
const OBJECT: usize = 1 << 10;

/// What an address in a slice takes.
const ENDPOINT: usize = 256;

/// What etcd says when it is full, and the API server after it.
pub(super) fn exceeded() -> Status {
    Status::new(Reason::Unknown, "etcdserver: mvcc: database space exceeded")
}

/// What etcd says to an object that is too large to be written at once, and the API server after it.
pub(super) fn too_large(object: &Object) -> Option<Status> {
    // The bytes of the other kinds are validated.
    let of_containers = matches!(
        object,
        Object::Pod(_)
            | Object::Deployment(_)
            | Object::ReplicaSet(_)
            | Object::Job(_)
            | Object::CronJob(_)
            | Object::StatefulSet(_)
            | Object::DaemonSet(_)
    );
    (of_containers && weight(object) > LARGEST)
        .then(|| Status::new(Reason::Unknown, "etcdserver: request is too large"))
}

/// What an object takes.
pub(super) fn weight(object: &Object) -> u64 {
    let notes = object.metadata().annotations.iter().flatten();
    let notes: usize = notes.map(|(name, value)| name.len() + value.len()).sum();
    let body = match object {
        Object::Event(_) => return 0,
        Object::Pod(pod) => POD + pod.spec.as_ref().map_or(0, |spec| of_spec(spec)),
        Object::Node(_) => POD,
        Object::Deployment(object) => object.spec.as_ref().map_or(0, |spec| of(&spec.template)),
        Object::ReplicaSet(object) => {
            object.spec.as_ref().and_then(|spec| spec.template.as_ref()).map_or(0, of)
        }
        Object::Job(object) => object.spec.as_ref().map_or(0, |spec| of(&spec.template)),
        Object::StatefulSet(object) => object.spec.as_ref().map_or(0, |spec| of(&spec.template)),
        Object::DaemonSet(object) => object.spec.as_ref().map_or(0, |spec| of(&spec.template)),
        Object::EndpointSlice(slice) => slice.endpoints.iter().flatten().count() * ENDPOINT,
        Object::Endpoints(endpoints) => {
            let subsets = endpoints.subsets.iter().flatten();
            let ready = subsets.clone().flat_map(|subset| subset.addresses.iter().flatten());
            let other = subsets.flat_map(|subset| subset.not_ready_addresses.iter().flatten());
            (ready.count() + other.count()) * ENDPOINT
        }
        other => other.to_value().to_string().len(),
    };
    (OBJECT + notes + body) as u64
}

fn of(template: &PodTemplateSpec) -> usize {
    template.spec.as_ref().map_or(0, of_spec)
}

fn of_spec(spec: &PodSpec) -> usize {
    let init = spec.init_containers.iter().flatten();
    init.chain(&spec.containers).map(of_container).sum()
}

fn of_container(container: &Container) -> usize {
    let words = container.command.iter().chain(&container.args).flatten().map(String::len);
    let variables = container.env.iter().flatten();
    let texts = variables
        .map(|variable| variable.name.len() + variable.value.as_ref().map_or(0, String::len));
    CONTAINER + words.chain(texts).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Pod, Resource};

    #[test]
    fn the_largest_cluster_that_kubernetes_carries_has_room() {
        let containers = vec![Container::default()];
        let spec = PodSpec { containers, ..PodSpec::default() };
        let pod = Pod { spec: Some(spec.into()), ..Pod::default() }.into_object();
        let Quota(room) = Quota::of_nodes(5_000);
        // The last quarter is for what makes the pods and what finds them.
        assert!(150_000 * weight(&pod) < room / 4 * 3);
    }
}
