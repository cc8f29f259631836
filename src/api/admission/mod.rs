//! What depends on the cluster before an object may be created: its namespace, and for pods the
//! service account, priority and tolerations. Facts: the admission plugins `NamespaceLifecycle`,
//! `ServiceAccount`, `Priority` and `DefaultTolerationSeconds`.

mod pod;

use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;

use super::{Kind, Object, Reason, Status, Store};
use crate::random::Stream;

/// The namespaces that nobody may delete.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// Looks at a new object, after defaulting and before validation. `suffixes` names the pods'
/// token volumes.
pub(super) fn create(
    store: &Store,
    suffixes: &mut Stream,
    object: &mut Object,
) -> Result<(), Status> {
    namespace_is_alive(store, object)?;
    if let Object::Pod(pod) = object {
        pod::create(store, suffixes, Arc::make_mut(pod))?;
    }
    Ok(())
}

/// Looks at a deletion.
pub(super) fn delete(kind: Kind, name: &str) -> Result<(), Status> {
    if kind == Kind::Namespace && IMMORTAL.contains(&name) {
        return Err(forbidden(kind, name, "this namespace may not be deleted"));
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
