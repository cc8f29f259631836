//! The admission webhook of ingress-nginx, when that is in the cluster: it refuses Ingresses that
//! its controller could not serve as they are meant. Facts: `internal/ingress/controller`
//! (`CheckIngress`, `checkOverlap`) and `internal/ingress/inspector` of v1.13.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::networking::v1::{HTTPIngressPath, Ingress, IngressClass};

use super::super::{Reason, Status, Store};

const CONTROLLER: &str = "k8s.io/ingress-nginx";
/// The class that the annotation of old names.
const CLASS: &str = "nginx";
const OLD_CLASS: &str = "kubernetes.io/ingress.class";
const CANARY: &str = "nginx.ingress.kubernetes.io/canary";

/// Looks at an Ingress that is right as far as Kubernetes knows.
pub(super) fn ingress(store: &Store, ingress: &Ingress) -> Result<(), Status> {
    let installed = store.get::<Deployment>("ingress-nginx", "ingress-nginx-controller").is_some();
    if !installed || !is_nginx(store, ingress) {
        return Ok(());
    }
    match odd_paths(ingress).or_else(|| overlap(store, ingress)) {
        None => Ok(()),
        Some(why) => Err(Status::new(
            Reason::BadRequest,
            format!(
                "admission webhook \"validate.nginx.ingress.kubernetes.io\" denied the request: \
                 {why}"
            ),
        )),
    }
}

/// Whether nginx' controller serves it.
fn is_nginx(store: &Store, ingress: &Ingress) -> bool {
    let annotations = ingress.metadata.annotations.as_ref();
    if let Some(class) = annotations.and_then(|all| all.get(OLD_CLASS)) {
        return class == CLASS;
    }
    let named = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
    let class = named.and_then(|name| store.get::<IngressClass>("", name));
    let controller = class.and_then(|class| class.spec.as_ref()?.controller.as_deref());
    controller == Some(CONTROLLER)
}

/// Every path and its host, as nginx has them.
fn paths(ingress: &Ingress) -> impl Iterator<Item = (&str, &HTTPIngressPath)> {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    rules.flat_map(|rule| {
        let host = rule.host.as_deref().filter(|host| !host.is_empty()).unwrap_or("_");
        rule.http.iter().flat_map(move |http| http.paths.iter().map(move |path| (host, path)))
    })
}

/// A path that is none: a regular expression must say that it means something else.
fn odd_paths(ingress: &Ingress) -> Option<String> {
    let plain = |path: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        path.starts_with('/') && path.chars().all(good)
    };
    let mut odd = Vec::new();
    for (_, path) in paths(ingress) {
        let text = path.path.as_deref().unwrap_or_default();
        let kind = path.path_type.as_str();
        if !text.is_empty() && kind != "ImplementationSpecific" && !plain(text) {
            odd.push(format!("path {text} cannot be used with pathType {kind}"));
        }
    }
    (!odd.is_empty()).then(|| format!("ingress contains invalid paths: {}", odd.join("\n")))
}

fn location(path: &HTTPIngressPath) -> &str {
    path.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/")
}

fn canary(ingress: &Ingress) -> Option<bool> {
    let annotations = ingress.metadata.annotations.as_ref()?;
    Some(annotations.get(CANARY)? == "true")
}

/// A host and path that another Ingress has already. A canary may share them with what it stands
/// in for.
fn overlap(store: &Store, ingress: &Ingress) -> Option<String> {
    let mut others: Vec<&Arc<Ingress>> = store.list::<Ingress>(None).collect();
    let identity =
        |ingress: &Ingress| (ingress.metadata.namespace.clone(), ingress.metadata.name.clone());
    others.retain(|other| identity(other) != identity(ingress) && is_nginx(store, other));
    others.sort_by_key(|other| (other.metadata.creation_timestamp.clone(), identity(other)));
    let has = |other: &Ingress, host: &str, path: &HTTPIngressPath| {
        paths(other).any(|(its_host, its)| {
            its_host == host && location(its) == location(path) && its.path_type == path.path_type
        })
    };
    for (host, path) in paths(ingress) {
        let Some(first) = others.iter().find(|other| has(other, host, path)) else { continue };
        let both = (canary(ingress), canary(first));
        if matches!(both, (None, None) | (Some(true), Some(true))) {
            let (namespace, name) = identity(first);
            return Some(format!(
                "host \"{host}\" and path \"{}\" is already defined in ingress {}/{}",
                location(path),
                namespace.unwrap_or_default(),
                name.unwrap_or_default()
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::{Kind, Object};
    use super::*;

    fn object(kind: Kind, value: Value) -> Object {
        Object::from_value(kind, value).unwrap()
    }

    fn named(name: &str, path: &str, path_type: &str) -> Ingress {
        let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
        let paths = json!([{"path": path, "pathType": path_type, "backend": backend}]);
        let rules = json!([{"host": "a.example", "http": {"paths": paths}}]);
        let metadata = json!({"name": name, "namespace": "default"});
        let spec = json!({"ingressClassName": "nginx", "rules": rules});
        serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap()
    }

    fn cluster() -> Store {
        let mut store = Store::default();
        let metadata = json!({"name": "ingress-nginx-controller", "namespace": "ingress-nginx"});
        store.put(object(Kind::Deployment, json!({"metadata": metadata})));
        let class = json!({"metadata": {"name": "nginx"}, "spec": {"controller": CONTROLLER}});
        store.put(object(Kind::IngressClass, class));
        store.put(Object::Ingress(Arc::new(named("one", "/", "Prefix"))));
        store
    }

    fn verdict(store: &Store, candidate: &Ingress) -> String {
        ingress(store, candidate).map_or_else(|status| status.message, |()| String::new())
    }

    #[test]
    fn a_host_and_path_belong_to_one_ingress() {
        let store = cluster();
        assert_eq!(
            verdict(&store, &named("two", "/", "Prefix")),
            "admission webhook \"validate.nginx.ingress.kubernetes.io\" denied the request: host \
             \"a.example\" and path \"/\" is already defined in ingress default/one"
        );
        assert_eq!(verdict(&store, &named("one", "/", "Prefix")), "");
        assert_eq!(verdict(&store, &named("two", "/other", "Prefix")), "");
        let mut canary = named("two", "/", "Prefix");
        canary.metadata.annotations = Some([(CANARY.to_owned(), "true".to_owned())].into());
        assert_eq!(verdict(&store, &canary), "");
    }

    #[test]
    fn a_regular_expression_is_no_prefix() {
        let store = cluster();
        assert!(verdict(&store, &named("two", "/a(/|$)(.*)", "Prefix")).ends_with(
            "ingress contains invalid paths: path /a(/|$)(.*) cannot be used with pathType Prefix"
        ));
        assert_eq!(verdict(&store, &named("two", "/a(/|$)(.*)", "ImplementationSpecific")), "");
    }

    #[test]
    fn without_the_controller_nobody_objects() {
        let mut store = cluster();
        store.take(Kind::Deployment, "ingress-nginx", "ingress-nginx-controller");
        assert_eq!(verdict(&store, &named("two", "/", "Prefix")), "");
    }
}
