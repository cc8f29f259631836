//! What the API server fills in: every field that `kubectl get -o yaml` shows and nobody wrote.
//!
//! One kind a file, pod parts apart. Defaults depend on the object alone; what depends on the
//! cluster (service accounts, cluster IPs, node ports) is `admission`'s and `allocation`'s.
//! Facts: Kubernetes' `pkg/apis/*/v1/defaults.go`, and recordings of a real cluster.

mod autoscaler;
mod container;
mod cron_job;
mod daemon_set;
mod deployment;
mod endpoints;
mod job;
mod limit_range;
mod network_policy;
mod pod;
mod replicas;
mod service;
mod stateful_set;
mod volume;

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::networking::v1 as networking;
use k8s_openapi::api::rbac::v1 as rbac;

use super::{Object, plain};

pub use container::pull_policy;
pub(super) use job::labels as job_labels;
pub use pod::quality_of_service;

/// Fills in what `object` leaves out.
pub(super) fn apply(object: &mut Object) {
    match object {
        Object::Namespace(namespace) => namespace_defaults(Arc::make_mut(namespace)),
        Object::Pod(pod) => pod::defaults(Arc::make_mut(pod)),
        Object::ReplicationController(controller) => {
            replicas::controller(Arc::make_mut(controller));
        }
        Object::Service(service) => service::defaults(Arc::make_mut(service)),
        Object::DaemonSet(set) => daemon_set::defaults(Arc::make_mut(set)),
        Object::Deployment(deployment) => deployment::defaults(Arc::make_mut(deployment)),
        Object::ReplicaSet(set) => replicas::set(Arc::make_mut(set)),
        Object::StatefulSet(set) => stateful_set::defaults(Arc::make_mut(set)),
        Object::Job(job) => job::defaults(Arc::make_mut(job)),
        Object::CronJob(job) => cron_job::defaults(Arc::make_mut(job)),
        Object::Secret(secret) => secret_defaults(Arc::make_mut(secret)),
        Object::Endpoints(endpoints) => endpoints::legacy(Arc::make_mut(endpoints)),
        Object::EndpointSlice(slice) => endpoints::slice(Arc::make_mut(slice)),
        Object::Ingress(ingress) => ingress_defaults(Arc::make_mut(ingress)),
        Object::IngressClass(class) => ingress_class_defaults(Arc::make_mut(class)),
        Object::NetworkPolicy(policy) => network_policy::defaults(Arc::make_mut(policy)),
        Object::PersistentVolumeClaim(claim) => volume::claim(Arc::make_mut(claim)),
        Object::PodDisruptionBudget(budget) => {
            Arc::make_mut(budget).status.get_or_insert_default();
        }
        Object::Node(node) => {
            let node = Arc::make_mut(node);
            node_ranges(node.spec.get_or_insert_default());
            node.status.get_or_insert_default();
        }
        Object::HorizontalPodAutoscaler(scaler) => autoscaler::defaults(Arc::make_mut(scaler)),
        Object::LimitRange(range) => limit_range::defaults(Arc::make_mut(range)),
        Object::ResourceQuota(quota) => {
            Arc::make_mut(quota).status.get_or_insert_default();
        }
        Object::RoleBinding(binding) => {
            let binding = Arc::make_mut(binding);
            rights_defaults(&mut binding.role_ref, binding.subjects.as_mut());
        }
        Object::ClusterRoleBinding(binding) => {
            let binding = Arc::make_mut(binding);
            rights_defaults(&mut binding.role_ref, binding.subjects.as_mut());
        }
        Object::PriorityClass(class) => {
            let class = Arc::make_mut(class);
            fill(&mut class.preemption_policy, "PreemptLowerPriority".to_owned());
            fill(&mut class.value, 0);
        }
        Object::PersistentVolume(volume) => volume::persistent(Arc::make_mut(volume)),
        Object::StorageClass(class) => volume::class(Arc::make_mut(class)),
        Object::ConfigMap(_)
        | Object::Role(_)
        | Object::ClusterRole(_)
        | Object::ServiceAccount(_)
        | Object::Event(_)
        | Object::ControllerRevision(_)
        | Object::ServiceCIDR(_)
        | Object::IPAddress(_) => {}
        other => plain::defaults(other),
    }
}

/// A node's first range is told twice; where the two differ, the single one counts
/// (`pkg/apis/core/v1/conversion.go`, `Convert_v1_NodeSpec_To_core_NodeSpec`).
fn node_ranges(spec: &mut core::NodeSpec) {
    let ranges = spec.pod_cidrs.get_or_insert_default();
    match spec.pod_cidr.clone().filter(|single| !single.is_empty()) {
        Some(single) if ranges.first() != Some(&single) => *ranges = vec![single],
        Some(_) => {}
        None => spec.pod_cidr = ranges.first().cloned(),
    }
    if ranges.is_empty() {
        spec.pod_cidrs = None;
    }
}

/// Fills in what comes only with being stored.
pub(super) fn stored(object: &mut Object) {
    if let Object::Job(job) = object {
        job_labels(Arc::make_mut(job));
    }
    // Nothing goes through a name (`defaultOnReadInternalTrafficPolicy`).
    if let Object::Service(service) = object
        && service.spec.as_ref().is_some_and(|spec| {
            spec.type_.as_deref() == Some("ExternalName") && spec.internal_traffic_policy.is_some()
        })
        && let Some(spec) = &mut Arc::make_mut(service).spec
    {
        spec.internal_traffic_policy = None;
    }
    plain::status(object);
}

/// Fills `slot` if it is empty.
fn fill<T>(slot: &mut Option<T>, default: T) {
    if slot.is_none() {
        *slot = Some(default);
    }
}

/// Fills `slot` if it is empty or holds the empty string, which Go cannot tell apart.
fn fill_text(slot: &mut Option<String>, default: &str) {
    if slot.as_deref().is_none_or(str::is_empty) {
        *slot = Some(default.to_owned());
    }
}

/// The label is what lets a `namespaceSelector` choose a namespace by its name.
fn namespace_defaults(namespace: &mut core::Namespace) {
    if let Some(name) = namespace.metadata.name.clone() {
        let labels = namespace.metadata.labels.get_or_insert_default();
        labels.insert("kubernetes.io/metadata.name".to_owned(), name);
    }
    let status = namespace.status.get_or_insert_default();
    fill_text(&mut status.phase, "Active");
}

/// `stringData` is for writing alone: it lands in `data`, over what stands there.
fn secret_defaults(secret: &mut core::Secret) {
    fill_text(&mut secret.type_, "Opaque");
    if let Some(strings) = secret.string_data.take() {
        let data = secret.data.get_or_insert_default();
        for (key, value) in strings {
            data.insert(key, k8s_openapi::ByteString(value.into_bytes()));
        }
    }
}

/// Users, groups and roles are of one group of the API (`pkg/apis/rbac/v1/defaults.go`).
fn rights_defaults(role: &mut rbac::RoleRef, subjects: Option<&mut Vec<rbac::Subject>>) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    fill_text(&mut role.api_group, GROUP);
    for subject in subjects.into_iter().flatten() {
        if matches!(subject.kind.as_str(), "User" | "Group") {
            fill_text(&mut subject.api_group, GROUP);
        }
    }
}

fn ingress_defaults(ingress: &mut networking::Ingress) {
    let status = ingress.status.get_or_insert_default();
    status.load_balancer.get_or_insert_default();
}

fn ingress_class_defaults(class: &mut networking::IngressClass) {
    if let Some(parameters) = class.spec.as_mut().and_then(|spec| spec.parameters.as_mut()) {
        fill(&mut parameters.scope, "Cluster".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::Kind;

    /// `value` with everything filled in, as JSON.
    pub(super) fn defaulted(kind: Kind, value: Value) -> Value {
        let mut object = Object::from_value(kind, value).expect("a valid object");
        apply(&mut object);
        object.to_value()
    }

    #[test]
    fn a_namespace_carries_its_name_as_a_label() {
        let namespace = defaulted(Kind::Namespace, json!({"metadata": {"name": "dev"}}));
        assert_eq!(namespace["metadata"]["labels"]["kubernetes.io/metadata.name"], "dev");
        assert_eq!(namespace["status"]["phase"], "Active");
    }

    #[test]
    fn string_data_becomes_data() {
        let secret = defaulted(Kind::Secret, json!({"stringData": {"user": "me"}}));
        assert_eq!(secret["data"]["user"], "bWU=");
        assert_eq!(secret["type"], "Opaque");
        assert!(secret.get("stringData").is_none());
    }
}
