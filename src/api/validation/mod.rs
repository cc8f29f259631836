//! What the API server refuses, in its order and words: a kind or subject a file.
//!
//! Everything here is a pure function of typed, defaulted objects. What depends on other objects
//! (allocated addresses, quotas, missing namespaces) is not this module's business.

mod addresses;
mod autoscaler;
mod budget;
mod claim;
mod config;
mod daemon_set;
mod endpoints;
mod ingress;
mod job;
mod labels;
mod metadata;
pub mod names;
mod namespace;
mod network_policy;
mod node;
mod plain;
mod pod;
mod ports;
mod priority;
mod quota;
mod report;
mod rights;
mod service;
mod service_addresses;
mod shape;
mod stateful_set;
mod status;
mod storage;
mod volume_shapes;
mod workload;

use k8s_openapi::api::core::v1::ServiceSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::{Value, json};

use super::{Cause, Kind, Object};
pub use pod::POD_FIELDS;
use report::Report;

/// What is wrong with a new object, in the server's order. Of a pod of a `known` template, whose
/// specification was found good before, only the rest is looked at.
pub fn create(object: &Object, known: bool) -> Vec<Cause> {
    let mut report = Report::default();
    let r = &mut report;
    match object {
        Object::Pod(pod) if known => {
            metadata::create(r, &pod.metadata, true, names::dns_subdomain);
        }
        Object::Namespace(namespace) => namespace::create_namespace(r, namespace),
        Object::Node(node) => node::check_node(r, node, None),
        Object::Pod(pod) => pod::create(r, pod),
        Object::ReplicationController(controller) => {
            workload::check_controller(r, controller, None);
        }
        Object::Service(service) => service::create(r, service),
        Object::DaemonSet(set) => daemon_set::create(r, set),
        Object::Deployment(deployment) => workload::create_deployment(r, deployment),
        Object::ReplicaSet(set) => workload::check_replica_set(r, set, None),
        Object::StatefulSet(set) => stateful_set::create(r, set),
        Object::Job(job) => job::create(r, job),
        Object::CronJob(job) => job::check_cron_job(r, job, None),
        Object::ConfigMap(map) => config::check_map(r, map, None),
        Object::Secret(secret) => config::check_secret(r, secret, None),
        Object::Endpoints(endpoints) => endpoints::check(r, endpoints, None),
        Object::EndpointSlice(slice) => endpoints::create_slice(r, slice),
        Object::Ingress(ingress) => ingress::create(r, ingress),
        Object::IngressClass(class) => ingress::check_class(r, class, None),
        Object::NetworkPolicy(policy) => network_policy::create(r, policy),
        Object::PodDisruptionBudget(budget) => budget::check_budget(r, budget, None),
        Object::PersistentVolumeClaim(claim) => claim::check(r, claim, None),
        Object::HorizontalPodAutoscaler(scaler) => autoscaler::check(r, scaler, None),
        Object::LimitRange(range) => quota::check_limits(r, range, None),
        Object::ResourceQuota(quota) => quota::check_quota(r, quota, None),
        Object::Role(role) => rights::check_role(r, role, None),
        Object::RoleBinding(binding) => rights::check_binding(r, binding, None),
        Object::ClusterRole(role) => rights::check_cluster_role(r, role, None),
        Object::ClusterRoleBinding(binding) => rights::check_cluster_binding(r, binding, None),
        Object::PriorityClass(class) => priority::check(r, class, None),
        Object::PersistentVolume(volume) => storage::check_volume(r, volume, None),
        Object::StorageClass(class) => storage::check_class(r, class, None),
        Object::ServiceAccount(_)
        | Object::Event(_)
        | Object::ControllerRevision(_)
        | Object::ServiceCIDR(_)
        | Object::IPAddress(_) => {
            metadata::create(r, object.metadata(), true, names::dns_subdomain);
        }
        other => {
            metadata::create(r, other.metadata(), false, names::dns_subdomain);
            plain::check(r, other);
        }
    }
    report.into_causes()
}

/// What is wrong with the addresses that a Service asks for: what the server looks at before it
/// allocates anything.
pub(super) fn service_addresses(spec: &ServiceSpec) -> Vec<Cause> {
    let mut report = Report::default();
    service_addresses::check(&mut report, spec);
    report.into_causes()
}

/// What is wrong with a changed object, in the server's order: what may not change, and what
/// could not have been created so either.
pub fn update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut report = Report::default();
    let r = &mut report;
    match (new, old) {
        (Object::Node(new), Object::Node(old)) => node::check_node(r, new, Some(old)),
        (Object::Pod(new), Object::Pod(old)) => pod::update(r, new, old),
        (Object::ReplicationController(new), Object::ReplicationController(old)) => {
            workload::check_controller(r, new, Some(old));
        }
        (Object::Service(new), Object::Service(old)) => service::update(r, new, old),
        (Object::DaemonSet(new), Object::DaemonSet(old)) => daemon_set::update(r, new, old),
        (Object::Deployment(new), Object::Deployment(old)) => {
            workload::update_deployment(r, new, old);
        }
        (Object::ReplicaSet(new), Object::ReplicaSet(old)) => {
            workload::check_replica_set(r, new, Some(old));
        }
        (Object::StatefulSet(new), Object::StatefulSet(old)) => stateful_set::update(r, new, old),
        (Object::Job(new), Object::Job(old)) => job::update(r, new, old),
        (Object::CronJob(new), Object::CronJob(old)) => job::check_cron_job(r, new, Some(old)),
        (Object::ConfigMap(new), Object::ConfigMap(old)) => config::check_map(r, new, Some(old)),
        (Object::Secret(new), Object::Secret(old)) => config::check_secret(r, new, Some(old)),
        (Object::Endpoints(new), Object::Endpoints(old)) => endpoints::check(r, new, Some(old)),
        (Object::EndpointSlice(new), Object::EndpointSlice(old)) => {
            endpoints::update_slice(r, new, old);
        }
        (Object::Ingress(new), Object::Ingress(old)) => ingress::update(r, new, old),
        (Object::IngressClass(new), Object::IngressClass(old)) => {
            ingress::check_class(r, new, Some(old));
        }
        (Object::NetworkPolicy(new), Object::NetworkPolicy(old)) => {
            network_policy::update(r, new, old);
        }
        (Object::PodDisruptionBudget(new), Object::PodDisruptionBudget(old)) => {
            budget::check_budget(r, new, Some(old));
        }
        (Object::PersistentVolumeClaim(new), Object::PersistentVolumeClaim(old)) => {
            claim::check(r, new, Some(old));
        }
        (Object::HorizontalPodAutoscaler(new), Object::HorizontalPodAutoscaler(old)) => {
            autoscaler::check(r, new, Some(old));
        }
        (Object::LimitRange(new), Object::LimitRange(old)) => {
            quota::check_limits(r, new, Some(old));
        }
        (Object::ResourceQuota(new), Object::ResourceQuota(old)) => {
            quota::check_quota(r, new, Some(old));
        }
        (Object::Role(new), Object::Role(old)) => rights::check_role(r, new, Some(old)),
        (Object::RoleBinding(new), Object::RoleBinding(old)) => {
            rights::check_binding(r, new, Some(old));
        }
        (Object::ClusterRole(new), Object::ClusterRole(old)) => {
            rights::check_cluster_role(r, new, Some(old));
        }
        (Object::ClusterRoleBinding(new), Object::ClusterRoleBinding(old)) => {
            rights::check_cluster_binding(r, new, Some(old));
        }
        _ => update_cluster_wide(r, new, old),
    }
    report.into_causes()
}

/// What is wrong with a changed object of a kind without a namespace, and of those kinds of which
/// nothing but the metadata is looked at.
fn update_cluster_wide(r: &mut Report, new: &Object, old: &Object) {
    match (new, old) {
        (Object::PriorityClass(new), Object::PriorityClass(old)) => {
            priority::check(r, new, Some(old));
        }
        (Object::PersistentVolume(new), Object::PersistentVolume(old)) => {
            storage::check_volume(r, new, Some(old));
        }
        (Object::StorageClass(new), Object::StorageClass(old)) => {
            storage::check_class(r, new, Some(old));
        }
        _ => {
            metadata::update(r, new.metadata(), old.metadata());
            plain::check(r, new);
        }
    }
}

/// What is wrong with a changed status (`--subresource=status`). Kinds whose status is not looked at are
/// looked at as a whole.
pub fn status(new: &Object, old: &Object) -> Vec<Cause> {
    let mut report = Report::default();
    if status::check(&mut report, new, old) { report.into_causes() } else { update(new, old) }
}

/// What is wrong with the ephemeral containers that were added to a pod.
pub fn ephemeral_containers(new: &Object, old: &Object) -> Vec<Cause> {
    let mut report = Report::default();
    if let (Object::Pod(new), Object::Pod(old)) = (new, old) {
        pod::check_ephemeral(&mut report, new, old);
    }
    report.into_causes()
}

/// Keeps in `value` what the types cannot tell: that something is absent, and not empty.
pub fn mark_absent(kind: Kind, value: &mut Value) {
    mark_absent_selector(kind, value);
    if kind == Kind::Ingress {
        mark_absent_path_types(value);
    }
}

/// See [`ingress::ABSENT_PATH_TYPE`].
fn mark_absent_path_types(value: &mut Value) {
    let rules = value.pointer_mut("/spec/rules").and_then(Value::as_array_mut);
    for rule in rules.into_iter().flatten() {
        let paths = rule.pointer_mut("/http/paths").and_then(Value::as_array_mut);
        for path in paths.into_iter().flatten().filter_map(Value::as_object_mut) {
            let kind = path.entry("pathType").or_insert(Value::Null);
            if kind.is_null() {
                *kind = ingress::ABSENT_PATH_TYPE.into();
            }
        }
    }
}

/// Keeps in `value` that a workload has no selector at all. The types cannot tell that from an
/// empty selector, and the server tells each in other words; so an absent one becomes a selector
/// with an empty list of requirements before it is typed. No such object is ever stored.
fn mark_absent_selector(kind: Kind, value: &mut Value) {
    let selects =
        matches!(kind, Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet);
    if !selects {
        return;
    }
    let Some(object) = value.as_object_mut() else { return };
    let spec = object.entry("spec").or_insert_with(|| json!({}));
    if spec.is_null() {
        *spec = json!({});
    }
    if let Some(spec) = spec.as_object_mut() {
        let selector = spec.entry("selector").or_insert(Value::Null);
        if selector.is_null() {
            *selector = json!({"matchExpressions": []});
        }
    }
}

/// Whether a workload was given no selector; see [`mark_absent_selector`].
fn is_absent(selector: &LabelSelector) -> bool {
    selector.match_labels.is_none()
        && selector.match_expressions.as_ref().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests;
