//! Which Ingresses are the controller's own: by class, by the old annotation, or by none.

use std::sync::Arc;

use k8s_openapi::api::networking::v1::{Ingress, IngressClass};

use super::annotations::too_risky;
use super::options::Options;
use crate::api::Store;

/// The annotation that named a class before Ingresses had a field for it.
const ANNOTATION: &str = "kubernetes.io/ingress.class";

/// Every Ingress that the controller looks at, the oldest first: where two want the same, it has it.
/// Of two that are equally old, the last by name comes first.
pub fn all(store: &Store, options: &Options) -> Vec<Arc<Ingress>> {
    let all = store.list::<Ingress>(options.namespace.as_deref());
    let stays = |ingress: &&Arc<Ingress>| ingress.metadata.deletion_timestamp.is_none();
    let mut all: Vec<Arc<Ingress>> = all.filter(stays).cloned().collect();
    all.sort_by(|a, b| {
        let age = |ingress: &Ingress| ingress.metadata.creation_timestamp.clone();
        let name =
            |ingress: &Ingress| (ingress.metadata.namespace.clone(), ingress.metadata.name.clone());
        (age(a), name(b)).cmp(&(age(b), name(a)))
    });
    all
}

/// The controller's own Ingresses, of [`all`].
pub fn own(store: &Store, options: &Options) -> Vec<Arc<Ingress>> {
    let mut own = all(store, options);
    own.retain(|ingress| class_of(store, ingress, options).is_ok() && too_risky(ingress).is_none());
    own
}

/// The name of the class by which an Ingress is the controller's.
///
/// # Errors
/// Why it is not, in the controller's words.
pub fn class_of(store: &Store, ingress: &Ingress, options: &Options) -> Result<String, String> {
    let annotations = ingress.metadata.annotations.as_ref();
    let named = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
    match (named, annotations.and_then(|all| all.get(ANNOTATION))) {
        (Some(class), _) if is_ours(store, class, options) => Ok(class.to_owned()),
        (Some(class), _) => Err(format!("no object matching key \"{class}\" in local store")),
        (None, Some(class)) if *class == options.class => Ok(class.clone()),
        (None, Some(_)) => {
            Err("ingress class annotation is not equal to the expected by Ingress Controller"
                .to_owned())
        }
        (None, None) if options.without_class => Ok("_".to_owned()),
        (None, None) => Err("ingress does not contain a valid IngressClass".to_owned()),
    }
}

/// Whether a class exists and names this controller.
fn is_ours(store: &Store, class: &str, options: &Options) -> bool {
    let spec = store.get::<IngressClass>("", class).and_then(|class| class.spec.as_ref());
    spec.and_then(|spec| spec.controller.as_ref()) == Some(&options.controller)
}
