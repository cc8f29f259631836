//! What depends on the cluster before an object may be created: its namespace, and for pods the
//! service account, priority and tolerations, for Ingresses their class. Facts: the admission plugins `NamespaceLifecycle`,
//! `ServiceAccount`, `Priority`, `DefaultTolerationSeconds`, `RuntimeClass`,
//! `DefaultIngressClass`, `TaintNodesByCondition`, `StorageObjectInUseProtection`, `PersistentVolumeClaimResize` and, of
//! `PodSecurity`, the labels of namespaces.

mod claim;
mod limits;
mod pod;
mod security;
mod webhook;

use std::sync::Arc;

pub use claim::{PROTECTION as PVC_PROTECTION, VOLUME_PROTECTION as PV_PROTECTION};

use k8s_openapi::api::core::v1::{Namespace, Node, Taint};
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};

use super::{Kind, Object, Reason, Status, Store, priority, quota};
use crate::random::Stream;

/// The namespaces that nobody may delete.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// The annotation of the class that Ingresses have that name none.
const DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

/// Looks at a new object, after defaulting and before validation. `suffixes` names the pods'
/// token volumes.
pub(super) fn create(
    store: &Store,
    suffixes: &mut Stream,
    object: &mut Object,
) -> Result<(), Status> {
    namespace_is_alive(store, object)?;
    match object {
        Object::Pod(pod) => {
            let pod = Arc::make_mut(pod);
            limits::fill(store, pod);
            pod::create(store, suffixes, pod)?;
        }
        Object::Ingress(ingress) => ingress_class(store, Arc::make_mut(ingress)),
        Object::PersistentVolumeClaim(claim) => claim::create(store, Arc::make_mut(claim)),
        Object::Node(node) => not_ready(node),
        Object::PersistentVolume(volume) => {
            claim::protect(&mut Arc::make_mut(volume).metadata, PV_PROTECTION);
        }
        _ => {}
    }
    Ok(())
}

/// A node of which no kubelet has said anything yet takes no pods (`TaintNodesByCondition`).
fn not_ready(node: &mut Arc<Node>) {
    const KEY: &str = "node.kubernetes.io/not-ready";
    let heard = node.status.as_ref().is_some_and(|status| status.conditions.is_some());
    let is_it = |taint: &Taint| taint.key == KEY && taint.effect == "NoSchedule";
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
    if heard || taints.is_some_and(|taints| taints.iter().any(is_it)) {
        return;
    }
    let spec = Arc::make_mut(node).spec.get_or_insert_default();
    spec.taints.get_or_insert_default().push(Taint {
        key: KEY.to_owned(),
        effect: "NoSchedule".to_owned(),
        ..Taint::default()
    });
}

/// Looks at a changed object, after defaulting and before validation.
pub(super) fn update(new: &mut Object, old: &Object) -> Result<(), Status> {
    if let (Object::Pod(new), Object::Pod(old)) = (&mut *new, old) {
        priority::keep(new, old);
    }
    match (new, old) {
        (Object::Pod(new), _) if pod::lacks_toleration(new) => {
            pod::update(Arc::make_mut(new));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// An Ingress that names no class gets the default one; of several defaults the newest.
fn ingress_class(store: &Store, ingress: &mut Ingress) {
    let annotations = ingress.metadata.annotations.as_ref();
    let old = annotations.is_some_and(|all| all.contains_key("kubernetes.io/ingress.class"));
    let spec = ingress.spec.get_or_insert_default();
    if old || spec.ingress_class_name.is_some() {
        return;
    }
    let is_default = |class: &&Arc<IngressClass>| {
        let annotations = class.metadata.annotations.as_ref();
        let value = annotations.and_then(|all| all.get(DEFAULT_CLASS));
        value.is_some_and(|value| value == "true")
    };
    let defaults = store.list::<IngressClass>(None).filter(is_default);
    let newest = defaults.max_by_key(|class| class.metadata.creation_timestamp.clone());
    spec.ingress_class_name = newest.and_then(|class| class.metadata.name.clone());
}

/// Looks at a new or changed object once more, after validation, as webhooks do.
pub(super) fn review(store: &Store, object: &Object) -> Result<(), Status> {
    match object {
        Object::Ingress(ingress) => webhook::ingress(store, ingress)?,
        Object::Pod(pod) => pod::review(pod)?,
        Object::Namespace(new) => match store.object(Kind::Namespace, "", object.name()) {
            Some(Object::Namespace(old)) => security::update(new, old)?,
            _ => security::create(new)?,
        },
        Object::PriorityClass(class) => {
            if let Some(why) = priority::second_default(store, class) {
                return Err(forbidden(Kind::PriorityClass, object.name(), &why));
            }
        }
        _ => {}
    }
    let new = store.object(object.kind(), object.namespace(), object.name()).is_none();
    let beyond = match object {
        Object::Pod(pod) if new => limits::pod(store, pod),
        Object::PersistentVolumeClaim(claim) => {
            claim::growth(store, claim).or_else(|| limits::claim(store, claim))
        }
        _ => None,
    };
    match beyond.or_else(|| quota::refusal(store, object)) {
        Some(why) => Err(forbidden(object.kind(), object.name(), &why)),
        None => Ok(()),
    }
}

/// Looks at a deletion.
pub(super) fn delete(kind: Kind, name: &str) -> Result<(), Status> {
    if kind == Kind::Namespace && IMMORTAL.contains(&name) {
        return Err(forbidden(kind, name, "this namespace may not be deleted"));
    }
    let systems = priority::SYSTEM_CLASSES.iter().any(|(system, _, _)| *system == name);
    if kind == Kind::PriorityClass && systems {
        let why = "this is a system priority class and cannot be deleted";
        return Err(forbidden(kind, name, why));
    }
    Ok(())
}

/// `pods "x" is forbidden: …`
fn forbidden(kind: Kind, name: &str, why: &str) -> Status {
    let mut status = Status::new(
        Reason::Forbidden,
        format!("{} \"{name}\" is forbidden: {why}", kind.resource()),
    );
    status.kind = kind.to_string();
    status.name = name.to_owned();
    status
}

fn namespace_is_alive(store: &Store, object: &Object) -> Result<(), Status> {
    let kind = object.kind();
    if !kind.info().namespaced {
        return Ok(());
    }
    let name = object.namespace();
    let Some(namespace) = store.get::<Namespace>("", name) else {
        return Err(Status::not_found("namespaces", name));
    };
    if namespace.metadata.deletion_timestamp.is_some() {
        let why = format!(
            "unable to create new content in namespace {name} because it is being terminated"
        );
        return Err(forbidden(kind, object.name(), &why));
    }
    Ok(())
}
