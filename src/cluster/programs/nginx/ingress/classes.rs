//! Which Ingresses are the controller's own: by class, by the old annotation, or by none.

use std::sync::Arc;

use k8s_openapi::api::networking::v1::{Ingress, IngressClass};

use super::options::Options;
use crate::api::Store;

/// The annotation that named a class before Ingresses had a field for it.
const ANNOTATION: &str = "kubernetes.io/ingress.class";

/// The controller's Ingresses, the oldest first: where two want the same, it has it.
pub fn own(store: &Store, options: &Options) -> Vec<Arc<Ingress>> {
    let all = store.list::<Ingress>(options.namespace.as_deref());
    let mut own: Vec<Arc<Ingress>> =
        all.filter(|ingress| claims(store, ingress, options)).cloned().collect();
    own.sort_by(|a, b| {
        let age = |ingress: &Ingress| ingress.metadata.creation_timestamp.clone();
        let name =
            |ingress: &Ingress| (ingress.metadata.namespace.clone(), ingress.metadata.name.clone());
        (age(a), name(a)).cmp(&(age(b), name(b)))
    });
    own
}

fn claims(store: &Store, ingress: &Ingress, options: &Options) -> bool {
    if ingress.metadata.deletion_timestamp.is_some() {
        return false;
    }
    let annotations = ingress.metadata.annotations.as_ref();
    let named = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
    match (annotations.and_then(|all| all.get(ANNOTATION)), named) {
        (Some(class), _) => *class == options.class,
        (None, Some(class)) => is_ours(store, class, options),
        (None, None) => options.without_class,
    }
}

/// Whether a class exists and names this controller.
fn is_ours(store: &Store, class: &str, options: &Options) -> bool {
    let spec = store.get::<IngressClass>("", class).and_then(|class| class.spec.as_ref());
    spec.and_then(|spec| spec.controller.as_ref()) == Some(&options.controller)
}
