//! What the server accepts and remarks on (`Warning:` headers).

use super::Object;

mod pod;
mod service;

/// Remarks on a new object.
pub(super) fn create(object: &Object) -> Vec<String> {
    match object {
        Object::Pod(pod) => pod::spec(pod.spec.as_ref(), "spec"),
        Object::Service(service) => service::spec(service.spec.as_ref()),
        _ => Vec::new(),
    }
}

/// Remarks on a changed object: those that its change brings.
pub(super) fn update(new: &Object, old: &Object) -> Vec<String> {
    let before = create(old);
    create(new).into_iter().filter(|remark| !before.contains(remark)).collect()
}
