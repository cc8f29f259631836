//! Who may write what: a client writes an object's spec, and controllers its status through the
//! `status` subresource; the server itself counts generations. In Kubernetes these are the
//! registries' create and update strategies.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{
    LoadBalancerStatus, ObjectReference, PersistentVolumeClaim, PersistentVolumeClaimSpec,
    PodAffinityTerm, PodCondition, Service, ServiceAccount, TypedLocalObjectReference,
    TypedObjectReference,
};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

use super::{Kind, Object, Pod, Subresource, defaulting, plain};

/// Takes away what a client may not set on a new object, and starts counting.
pub(super) fn prepare_create(object: &mut Object) {
    // A kubelet registers its node together with its status.
    if object.kind() != Kind::Node {
        take_status(object);
    }
    if let Object::Namespace(namespace) = object {
        let spec = Arc::make_mut(namespace).spec.get_or_insert_default();
        let finalizers = spec.finalizers.get_or_insert_default();
        if !finalizers.iter().any(|finalizer| finalizer == "kubernetes") {
            finalizers.push("kubernetes".to_owned());
        }
    }
    match object {
        Object::Job(job) => {
            let job = Arc::make_mut(job);
            let template = job.spec.as_ref().and_then(|spec| spec.template.metadata.as_ref());
            let labelled = template.is_some_and(|metadata| metadata.labels.is_some());
            select_own_pods(job);
            // In Go both have the same map. Without any at first, the Job gets them when it is stored.
            if labelled {
                defaulting::job_labels(job);
            }
        }
        Object::DaemonSet(set) => {
            let counted = template_generation(set).max(1);
            set_template_generation(set, counted);
        }
        Object::Pod(pod) => {
            // Less than nothing is as little as there is.
            if grace(pod).is_some_and(|seconds| seconds < 0)
                && let Some(spec) = &mut Arc::make_mut(pod).spec
            {
                spec.termination_grace_period_seconds = Some(1);
            }
            merge_label_keys(pod);
            say_that_it_is_gated(pod);
        }
        Object::PersistentVolumeClaim(claim) => settle_sources(Arc::make_mut(claim), None),
        Object::PersistentVolume(volume) => {
            let since = volume.metadata.creation_timestamp.clone();
            let status = Arc::make_mut(volume).status.get_or_insert_default();
            status.last_phase_transition_time = since;
        }
        Object::ServiceAccount(account) => name_secrets_alone(account),
        Object::EndpointSlice(slice) => drop_topology(slice, None),
        _ => {}
    }
    // Other kinds keep what a client says (`WipeObjectMetaSystemFields` does not touch it).
    if counts_generations(object.kind()) {
        object.metadata_mut().generation = Some(1);
    }
}

/// The field's successors are what a client may set (`dropTopologyOnV1`).
fn drop_topology(new: &mut Arc<EndpointSlice>, old: Option<&EndpointSlice>) {
    let told =
        new.endpoints.iter().flatten().any(|endpoint| endpoint.deprecated_topology.is_some());
    if !told || old.is_some_and(|old| old.endpoints == new.endpoints) {
        return;
    }
    for endpoint in Arc::make_mut(new).endpoints.iter_mut().flatten() {
        endpoint.deprecated_topology = None;
    }
}

/// Of a Secret a ServiceAccount keeps the name (`cleanSecretReferences`).
fn name_secrets_alone(account: &mut Arc<ServiceAccount>) {
    for secret in Arc::make_mut(account).secrets.iter_mut().flatten() {
        *secret = ObjectReference { name: secret.name.take(), ..ObjectReference::default() };
    }
}

/// A pod with gates is not scheduled, from the first moment on (`applySchedulingGatedCondition`).
fn say_that_it_is_gated(pod: &mut Arc<Pod>) {
    let gates = pod.spec.as_ref().and_then(|spec| spec.scheduling_gates.as_ref());
    if gates.is_none_or(Vec::is_empty) {
        return;
    }
    let pod = Arc::make_mut(pod);
    let since = pod.metadata.creation_timestamp.clone();
    let status = pod.status.get_or_insert_default();
    Arc::make_mut(&mut status.conditions).push(PodCondition {
        last_transition_time: since,
        message: Some("Scheduling is blocked due to non-empty scheduling gates".to_owned()),
        reason: Some("SchedulingGated".to_owned()),
        status: "False".to_owned(),
        type_: "PodScheduled".to_owned(),
        ..PodCondition::default()
    });
}

fn grace(pod: &Pod) -> Option<i64> {
    pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds)
}

/// Puts the values that a pod has of the labels it names by key alone into its selectors
/// (`registry/core/pod/strategy.go`, `applyMatchLabelKeysAndMismatchLabelKeys`).
fn merge_label_keys(pod: &mut Arc<Pod>) {
    let Some(spec) = &pod.spec else { return };
    if spec.affinity.is_none() && spec.topology_spread_constraints.is_none() {
        return;
    }
    let labels = pod.metadata.labels.clone().unwrap_or_default();
    let merge = |selector: &mut Option<LabelSelector>, keys: &Option<Vec<String>>, how: &str| {
        let Some(selector) = selector else { return };
        for (key, value) in keys.iter().flatten().filter_map(|key| labels.get_key_value(key)) {
            selector.match_expressions.get_or_insert_default().push(LabelSelectorRequirement {
                key: key.clone(),
                operator: how.to_owned(),
                values: Some(vec![value.clone()]),
            });
        }
    };
    let term = |term: &mut PodAffinityTerm| {
        merge(&mut term.label_selector, &term.match_label_keys, "In");
        merge(&mut term.label_selector, &term.mismatch_label_keys, "NotIn");
    };
    let Some(spec) = &mut Arc::make_mut(pod).spec else { return };
    if let Some(affinity) = &mut spec.affinity {
        if let Some(near) = &mut affinity.pod_affinity {
            near.preferred_during_scheduling_ignored_during_execution
                .iter_mut()
                .flatten()
                .for_each(|weighted| term(&mut weighted.pod_affinity_term));
            near.required_during_scheduling_ignored_during_execution
                .iter_mut()
                .flatten()
                .for_each(term);
        }
        if let Some(far) = &mut affinity.pod_anti_affinity {
            far.preferred_during_scheduling_ignored_during_execution
                .iter_mut()
                .flatten()
                .for_each(|weighted| term(&mut weighted.pod_affinity_term));
            far.required_during_scheduling_ignored_during_execution
                .iter_mut()
                .flatten()
                .for_each(term);
        }
    }
    for constraint in spec.topology_spread_constraints.iter_mut().flatten() {
        merge(&mut constraint.label_selector, &constraint.match_label_keys, "In");
    }
}

/// Brings the two fields into line in which a claim says what its volume begins with: the older one
/// takes claims and snapshots alone (`pkg/api/persistentvolumeclaim/util.go`).
fn settle_sources(claim: &mut PersistentVolumeClaim, before: Option<&PersistentVolumeClaimSpec>) {
    let Some(spec) = &mut claim.spec else { return };
    let known = |source: &TypedLocalObjectReference| {
        matches!(
            (source.api_group.as_deref().unwrap_or(""), source.kind.as_str()),
            ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
        )
    };
    // Data of another namespace are for a feature that is not switched on.
    let foreign = |source: &TypedObjectReference| {
        source.namespace.as_deref().is_some_and(|namespace| !namespace.is_empty())
    };
    let had = before.is_some_and(|spec| spec.data_source_ref.is_some());
    if !had && spec.data_source_ref.as_ref().is_some_and(foreign) {
        spec.data_source_ref = None;
    }
    // A client that knows the newer field is not of the time when others were passed over.
    let old = spec.data_source_ref.is_none()
        && before.is_none_or(|spec| spec.data_source.is_none() && spec.data_source_ref.is_none());
    if old && spec.data_source.as_ref().is_some_and(|source| !known(source)) {
        spec.data_source = None;
    }
    match (&spec.data_source, &spec.data_source_ref) {
        (Some(older), None) => {
            spec.data_source_ref = Some(TypedObjectReference {
                api_group: older.api_group.clone(),
                kind: older.kind.clone(),
                name: older.name.clone(),
                namespace: None,
            });
        }
        (None, Some(newer)) if newer.namespace.is_none() => {
            spec.data_source = Some(TypedLocalObjectReference {
                api_group: newer.api_group.clone(),
                kind: newer.kind.clone(),
                name: newer.name.clone(),
            });
        }
        _ => {}
    }
}

/// The annotation in which a DaemonSet counts the changes of its template: a field of the past.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

fn template_generation(set: &DaemonSet) -> i64 {
    let annotations = set.metadata.annotations.as_ref();
    let text = annotations.and_then(|all| all.get(TEMPLATE_GENERATION));
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn set_template_generation(set: &mut Arc<DaemonSet>, generation: i64) {
    let annotations = Arc::make_mut(set).metadata.annotations.get_or_insert_default();
    annotations.insert(TEMPLATE_GENERATION.to_owned(), generation.to_string());
}

/// Counts a change of a DaemonSet's template, as only the server may.
pub(super) fn count_template(new: &mut Object, old: &Object) {
    let (Object::DaemonSet(new), Object::DaemonSet(old)) = (new, old) else { return };
    let template = |set: &DaemonSet| set.spec.as_ref().map(|spec| spec.template.clone());
    let before = template_generation(old);
    let counted = if template(new) == template(old) { before } else { before + 1 };
    if template_generation(new) != counted {
        set_template_generation(new, counted);
    }
}

/// A Job's pods carry its UID, and it selects by that, unless the user wants to choose the selector.
fn select_own_pods(job: &mut Job) {
    let uid = job.metadata.uid.clone().unwrap_or_default();
    let name = job.metadata.name.clone().unwrap_or_default();
    let spec = job.spec.get_or_insert_default();
    if spec.manual_selector == Some(true) {
        return;
    }
    let labels = spec.template.metadata.get_or_insert_default().labels.get_or_insert_default();
    for prefix in ["batch.kubernetes.io/", ""] {
        labels.entry(format!("{prefix}controller-uid")).or_insert_with(|| uid.clone());
        labels.entry(format!("{prefix}job-name")).or_insert_with(|| name.clone());
    }
    let selected = spec.selector.get_or_insert_default().match_labels.get_or_insert_default();
    selected.entry("batch.kubernetes.io/controller-uid".to_owned()).or_insert(uid);
}

/// Puts back what this client may not change: the status, or everything but the status.
pub(super) fn prepare_update(new: &mut Object, old: &Object, through: Subresource) {
    match through {
        Subresource::None => {
            keep_status(new, old);
            match (new, old) {
                (Object::ServiceAccount(new), _) => name_secrets_alone(new),
                (Object::PersistentVolumeClaim(new), Object::PersistentVolumeClaim(old)) => {
                    settle_sources(Arc::make_mut(new), old.spec.as_ref());
                }
                (Object::EndpointSlice(new), Object::EndpointSlice(old)) => {
                    drop_topology(new, Some(old));
                }
                _ => {}
            }
        }
        Subresource::EphemeralContainers => keep_all_but_ephemeral(new, old),
        Subresource::Status => {
            keep_spec(new, old);
            keep_metadata(new, old);
        }
    }
}

/// Puts back what of the metadata does not change with the status: of most kinds nothing
/// (`deploymentStatusStrategy`, `podStatusStrategy`).
fn keep_metadata(new: &mut Object, old: &Object) {
    match old {
        Object::Deployment(old) => new.metadata_mut().labels.clone_from(&old.metadata.labels),
        Object::Pod(old) => {
            new.metadata_mut().owner_references.clone_from(&old.metadata.owner_references);
        }
        _ => {}
    }
}

/// Puts back everything of a pod but its ephemeral containers (`dropNonEphemeralContainerUpdates`).
fn keep_all_but_ephemeral(new: &mut Object, old: &Object) {
    let (Object::Pod(pod), Object::Pod(before)) = (&mut *new, old) else { return };
    let wanted = pod.spec.as_ref().and_then(|spec| spec.ephemeral_containers.clone());
    let mut kept = Pod::clone(before);
    kept.metadata.resource_version.clone_from(&pod.metadata.resource_version);
    if let Some(spec) = &mut kept.spec {
        spec.ephemeral_containers = wanted;
    }
    *new = Object::Pod(Arc::new(kept));
}

/// Raises the generation when what the client wants has changed.
pub(super) fn count_generation(new: &mut Object, old: &Object, by_client: bool) {
    if !counts_generations(new.kind()) {
        return;
    }
    let before = old.metadata().generation.unwrap_or(1);
    // A Deployment's own annotations count too: its controller copies them to its ReplicaSets.
    let annotated = by_client
        && new.kind() == Kind::Deployment
        && new.metadata().annotations != old.metadata().annotations;
    let generation = if annotated || spec_differs(new, old) { before + 1 } else { before };
    if new.metadata().generation != Some(generation) {
        new.metadata_mut().generation = Some(generation);
    }
}

fn counts_generations(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Pod
            | Kind::ReplicationController
            | Kind::DaemonSet
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::Job
            | Kind::CronJob
            | Kind::EndpointSlice
            | Kind::Ingress
            | Kind::IngressClass
            | Kind::NetworkPolicy
            | Kind::PodDisruptionBudget
            | Kind::PriorityClass
            | Kind::CustomResourceDefinition
            | Kind::MutatingWebhookConfiguration
            | Kind::ValidatingWebhookConfiguration
            | Kind::ValidatingAdmissionPolicy
            | Kind::ValidatingAdmissionPolicyBinding
    )
}

/// Expands to one arm for each kind that has the field.
macro_rules! with_status {
    ($macro:ident, $($arguments:tt)*) => {
        $macro!(
            [Namespace, Node, Pod, ReplicationController, Service, DaemonSet, Deployment,
             ReplicaSet, StatefulSet, Job, CronJob, Ingress, PodDisruptionBudget,
             PersistentVolumeClaim, HorizontalPodAutoscaler, ResourceQuota, ServiceCIDR,
             PersistentVolume],
            $($arguments)*
        )
    };
}

macro_rules! take {
    ([$($kind:ident),*], $object:expr) => {
        match $object {
            $(Object::$kind(object) if object.status.is_some() => {
                Arc::make_mut(object).status = None;
            })*
            _ => {}
        }
    };
}

macro_rules! keep {
    ([$($kind:ident),*], $new:expr, $old:expr, $field:ident) => {
        match ($new, $old) {
            $((Object::$kind(new), Object::$kind(old)) => {
                Arc::make_mut(new).$field.clone_from(&old.$field);
            })*
            _ => {}
        }
    };
}

macro_rules! differs {
    ([$($kind:ident),*], $new:expr, $old:expr) => {
        match ($new, $old) {
            $((Object::$kind(new), Object::$kind(old)) => new.spec != old.spec,)*
            _ => false,
        }
    };
}

fn take_status(object: &mut Object) {
    with_status!(take, object);
    if let Some(fields) = plain::fields_mut(object) {
        fields.remove("status");
    }
}

fn keep_status(new: &mut Object, old: &Object) {
    with_status!(keep, &mut *new, old, status);
    plain::keep(new, old, |field| field == "status");
    // What holds a namespace is the business of `finalize` (`registry/core/namespace/strategy.go`).
    if let (Object::Namespace(new), Object::Namespace(old)) = (&mut *new, old) {
        let before = old.spec.as_ref().and_then(|spec| spec.finalizers.clone());
        Arc::make_mut(new).spec.get_or_insert_default().finalizers = before;
    }
    if let (Object::Service(new), Object::Service(old)) = (new, old) {
        let is_balancer = |service: &Service| {
            let spec = service.spec.as_ref();
            spec.and_then(|spec| spec.type_.as_deref()) == Some("LoadBalancer")
        };
        // The addresses were the load balancer's (`registry/core/service/strategy.go`).
        if is_balancer(old) && !is_balancer(new) {
            let status = &mut Arc::make_mut(new).status;
            status.get_or_insert_default().load_balancer = Some(LoadBalancerStatus::default());
        }
    }
}

fn keep_spec(new: &mut Object, old: &Object) {
    plain::keep(new, old, |field| field != "status");
    with_status!(keep, new, old, spec);
}

/// Whether what is wanted differs, for kinds that count generations.
fn spec_differs(new: &Object, old: &Object) -> bool {
    match (new, old) {
        (Object::EndpointSlice(new), Object::EndpointSlice(old)) => {
            (&new.endpoints, &new.ports, &new.metadata.labels)
                != (&old.endpoints, &old.ports, &old.metadata.labels)
        }
        (Object::Pod(new), Object::Pod(old)) => match (&new.spec, &old.spec) {
            // Being bound to a node changes nothing of what is wanted.
            (Some(new), Some(old)) => !new.wants_the_same(old),
            (new, old) => new != old,
        },
        (Object::NetworkPolicy(new), Object::NetworkPolicy(old)) => new.spec != old.spec,
        (Object::IngressClass(new), Object::IngressClass(old)) => new.spec != old.spec,
        (new, old) => plain::differs(new, old).unwrap_or_else(|| with_status!(differs, new, old)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn deployment(value: Value) -> Object {
        Object::from_value(Kind::Deployment, value).unwrap()
    }

    #[test]
    fn a_client_cannot_write_the_status() {
        let old = deployment(json!({"status": {"replicas": 3}}));
        let mut new = deployment(json!({"spec": {"replicas": 5}, "status": {"replicas": 5}}));
        prepare_update(&mut new, &old, Subresource::None);
        assert_eq!(new.to_value()["status"]["replicas"], 3);
        assert_eq!(new.to_value()["spec"]["replicas"], 5);
    }

    // `registry/core/pod/strategy_test.go`, `TestSchedulingGatedCondition`
    #[test]
    fn a_pod_with_gates_says_so_from_the_first_moment() {
        let pod = |gates: Value| {
            let spec = json!({"containers": [], "schedulingGates": gates});
            let mut pod = Object::from_value(Kind::Pod, json!({"spec": spec})).unwrap();
            prepare_create(&mut pod);
            pod.to_value()["status"]["conditions"].clone()
        };
        assert_eq!(pod(json!([])), Value::Null);
        let gated = pod(json!([{"name": "foo"}]));
        assert_eq!(gated[0]["reason"], "SchedulingGated");
        assert_eq!(gated[0]["message"], "Scheduling is blocked due to non-empty scheduling gates");
    }

    // `registry/core/namespace/strategy_test.go`, `TestNamespaceStrategy`
    #[test]
    fn an_update_leaves_the_finalizers_of_a_namespace_alone() {
        let namespace = |finalizers: Value| {
            let spec = json!({"finalizers": finalizers});
            Object::from_value(Kind::Namespace, json!({"spec": spec})).unwrap()
        };
        let old = namespace(json!(["kubernetes", "example.com/org"]));
        let mut new = namespace(json!(["example.com/foo"]));
        prepare_update(&mut new, &old, Subresource::None);
        assert_eq!(new, old);
    }

    #[test]
    fn the_status_subresource_leaves_the_spec_alone() {
        let old = deployment(json!({"spec": {"replicas": 3}}));
        let mut new = deployment(json!({"spec": {"replicas": 5}, "status": {"replicas": 5}}));
        prepare_update(&mut new, &old, Subresource::Status);
        assert_eq!(new.to_value()["spec"]["replicas"], 3);
        assert_eq!(new.to_value()["status"]["replicas"], 5);
    }

    #[test]
    fn a_daemon_set_counts_the_changes_of_its_template() {
        let set = |image: &str| {
            let spec = json!({"containers": [{"name": "c", "image": image}]});
            let template = json!({"metadata": {}, "spec": spec});
            let selector = json!({"matchLabels": {"app": "a"}});
            let object = json!({"spec": {"selector": selector, "template": template}});
            Object::from_value(Kind::DaemonSet, object).unwrap()
        };
        let counted = |set: &Object| {
            set.metadata().annotations.as_ref().unwrap()[TEMPLATE_GENERATION].clone()
        };
        let mut old = set("a:1");
        prepare_create(&mut old);
        let (mut same, mut other) = (set("a:1"), set("a:2"));
        count_template(&mut same, &old);
        count_template(&mut other, &old);
        assert_eq!([counted(&old), counted(&same), counted(&other)], ["1", "1", "2"]);
    }

    #[test]
    fn a_kind_that_counts_nothing_keeps_what_it_is_given() {
        let created = |kind: Kind| {
            let mut object =
                Object::from_value(kind, json!({"metadata": {"generation": 5}})).unwrap();
            prepare_create(&mut object);
            object.metadata().generation
        };
        assert_eq!((created(Kind::ConfigMap), created(Kind::Deployment)), (Some(5), Some(1)));
    }

    #[test]
    fn the_generation_rises_with_the_spec_alone() {
        let old = deployment(json!({"metadata": {"generation": 4}, "spec": {"replicas": 3}}));
        let mut status = deployment(json!({"spec": {"replicas": 3}, "status": {"replicas": 1}}));
        count_generation(&mut status, &old, true);
        assert_eq!(status.metadata().generation, Some(4));
        let mut spec = deployment(json!({"spec": {"replicas": 2}}));
        count_generation(&mut spec, &old, true);
        assert_eq!(spec.metadata().generation, Some(5));
    }
}
