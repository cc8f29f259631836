//! From Ingresses to sites: a host each, with the paths that lead to Services.

use std::sync::Arc;

use k8s_openapi::api::networking::v1::{HTTPIngressPath, Ingress, IngressBackend};

use super::annotations::Annotations;
use super::options::Name;

/// A host and what it serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// `shop.example.com`, `*.example.com`; empty for everybody who has no site of their own.
    pub host: String,
    /// Who answers what no path is for: the default backend of the host's oldest Ingress.
    pub root: Option<Service>,
    /// What that Ingress says besides, which holds for what no path is for as well.
    pub annotations: Arc<Annotations>,
    /// Its paths, those of older Ingresses first.
    pub routes: Vec<Route>,
    /// Its certificate, where an Ingress has one for it.
    pub tls: Option<Tls>,
}

/// Where a site's certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// A Secret.
    Secret(Name),
    /// The controller's own.
    Default,
}

/// A path of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `/shop`
    pub path: String,
    /// How it is compared.
    pub kind: PathKind,
    /// Where it leads.
    pub service: Service,
    /// What its Ingress says besides.
    pub annotations: Arc<Annotations>,
}

/// `pathType`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    Exact,
    /// Element by element; so is what is left to the implementation.
    Prefix,
}

/// A Service's port, as an Ingress names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    pub namespace: String,
    pub name: String,
    pub port: Port,
}

/// A port by number or by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    Number(i32),
    Name(String),
}

/// The sites of these Ingresses, the oldest first. The first site is everybody's. `covers` says
/// whether a Secret has a certificate for a host.
pub fn sites(ingresses: &[Arc<Ingress>], covers: &dyn Fn(&Name, &str) -> bool) -> Vec<Site> {
    let mut sites = vec![Site::new("")];
    for ingress in ingresses {
        let spec = ingress.spec.clone().unwrap_or_default();
        let namespace = ingress.metadata.namespace.as_deref().unwrap_or("");
        let default = spec.default_backend.as_ref().and_then(|one| Service::of(namespace, one));
        let rules = spec.rules.as_deref().unwrap_or_default();
        let annotations = Arc::new(Annotations::of(ingress));
        if annotations.canary {
            continue;
        }
        if rules.is_empty() && sites[0].root.is_none() && default.is_some() {
            sites[0].root.clone_from(&default);
            sites[0].annotations = Arc::new(annotations.without_redirects());
        }
        for rule in rules {
            let host = rule.host.as_deref().unwrap_or("").to_lowercase();
            let site = site(&mut sites, &host, default.as_ref(), &annotations);
            for path in rule.http.iter().flat_map(|http| &http.paths) {
                site.routes.extend(Route::of(namespace, path, &annotations));
            }
            // Everybody's certificate is the controller's, whatever an Ingress lists.
            if !host.is_empty() {
                site.tls = site.tls.take().or_else(|| tls(ingress, &host, covers));
            }
        }
    }
    // An Ingress without rules has everybody's root, and keeps it.
    let everybody = &mut sites[0];
    if everybody.root.is_some() {
        everybody.routes.retain(|route| !route.is_root());
    }
    sites.iter_mut().for_each(Site::keep_the_first);
    sites
}

/// The site of a host. Its first Ingress makes it, and says what holds where no path fits.
fn site<'s>(
    sites: &'s mut Vec<Site>,
    host: &str,
    default: Option<&Service>,
    annotations: &Arc<Annotations>,
) -> &'s mut Site {
    let known = sites.iter().position(|site| site.host == host);
    let index = known.unwrap_or(sites.len());
    if known.is_none() {
        let (root, annotations) = (default.cloned(), annotations.clone());
        sites.push(Site { root, annotations, ..Site::new(host) });
    }
    &mut sites[index]
}

/// The certificate that an Ingress has for a host: the Secret that is listed with it, or else one
/// whose certificate covers it, or else the controller's own.
fn tls(ingress: &Ingress, host: &str, covers: &dyn Fn(&Name, &str) -> bool) -> Option<Tls> {
    let entries = ingress.spec.as_ref()?.tls.as_ref().filter(|entries| !entries.is_empty())?;
    let namespace = ingress.metadata.namespace.as_deref().unwrap_or("");
    let secret = |name: &Option<String>| {
        let name = name.as_deref().filter(|name| !name.is_empty())?;
        Some((namespace.to_owned(), name.to_owned()))
    };
    let listed = entries
        .iter()
        .find(|entry| entry.hosts.iter().flatten().any(|known| known.eq_ignore_ascii_case(host)));
    let found = match listed {
        Some(entry) => secret(&entry.secret_name),
        None => entries
            .iter()
            .filter_map(|entry| secret(&entry.secret_name))
            .find(|secret| covers(secret, host)),
    };
    Some(found.map_or(Tls::Default, Tls::Secret))
}

impl Site {
    fn new(host: &str) -> Site {
        Site { host: host.to_owned(), ..Site::default() }
    }

    /// Of two equal paths the older has it; the longest come first.
    fn keep_the_first(&mut self) {
        let mut kept: Vec<Route> = Vec::new();
        for route in self.routes.drain(..) {
            if !kept.iter().any(|one| (&one.path, one.kind) == (&route.path, route.kind)) {
                kept.push(route);
            }
        }
        kept.sort_by(|a, b| (b.path.len(), &b.path).cmp(&(a.path.len(), &a.path)));
        self.routes = kept;
    }
}

impl Route {
    /// Whether it is for what no other path is for.
    pub fn is_root(&self) -> bool {
        self.path == "/" && self.kind == PathKind::Prefix
    }

    fn of(
        namespace: &str,
        path: &HTTPIngressPath,
        annotations: &Arc<Annotations>,
    ) -> Option<Route> {
        let kind = match path.path_type.as_str() {
            "Exact" => PathKind::Exact,
            _ => PathKind::Prefix,
        };
        let written = path.path.as_deref().filter(|path| !path.is_empty());
        Some(Route {
            path: written.unwrap_or("/").to_owned(),
            kind,
            service: Service::of(namespace, &path.backend)?,
            annotations: annotations.clone(),
        })
    }
}

impl Service {
    /// The port that a backend of an Ingress names; `None` for one that is no Service.
    pub fn of(namespace: &str, backend: &IngressBackend) -> Option<Service> {
        let service = backend.service.as_ref()?;
        let port = service.port.clone().unwrap_or_default();
        let port = match (port.name, port.number) {
            (Some(name), _) if !name.is_empty() => Port::Name(name),
            (_, number) => Port::Number(number.unwrap_or(0)),
        };
        Some(Service { namespace: namespace.to_owned(), name: service.name.clone(), port })
    }

    /// `default-web-80`, as logs call it.
    pub fn upstream(&self) -> String {
        let port = match &self.port {
            Port::Number(number) => number.to_string(),
            Port::Name(name) => name.clone(),
        };
        format!("{}-{}-{port}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn ingress(spec: Value) -> Arc<Ingress> {
        let object = json!({ "metadata": { "name": "i", "namespace": "default" }, "spec": spec });
        Arc::new(serde_json::from_value(object).unwrap())
    }

    fn backend(name: &str) -> Value {
        json!({ "service": { "name": name, "port": { "number": 80 } } })
    }

    fn rule(host: &str, path: &str, to: &str) -> Value {
        let path = json!({ "path": path, "pathType": "Prefix", "backend": backend(to) });
        json!({ "host": host, "http": { "paths": [path] } })
    }

    // R12.1
    #[test]
    fn an_older_ingress_keeps_its_path() {
        let old = ingress(json!({ "rules": [rule("a.test", "/x", "old")] }));
        let new =
            ingress(json!({ "rules": [rule("a.test", "/x", "new"), rule("a.test", "/xyz", "z")] }));
        let sites = sites(&[old, new], &|_, _| false);
        assert_eq!(sites.len(), 2);
        let names: Vec<_> = sites[1].routes.iter().map(|route| &*route.service.name).collect();
        assert_eq!(names, ["z", "old"]);
    }

    // R12.1
    #[test]
    fn a_backend_without_rules_is_everybodys() {
        let sites = sites(&[ingress(json!({ "defaultBackend": backend("all") }))], &|_, _| false);
        assert_eq!(sites[0].root.as_ref().unwrap().upstream(), "default-all-80");
    }

    // R12.1
    #[test]
    fn what_no_path_is_for_follows_the_oldest_ingress_of_a_host() {
        let with = |backend_name: &str, path: &str| {
            ingress(json!({
                "defaultBackend": backend(backend_name), "rules": [rule("a.test", path, "web")],
            }))
        };
        let found = sites(&[with("old", "/x"), with("new", "/y")], &|_, _| false);
        assert_eq!(found[1].root.as_ref().unwrap().name, "old");
        // A rule without a host is everybody's, but its Ingress's default backend is not.
        let hostless = json!({ "defaultBackend": backend("d"), "rules": [rule("", "/x", "web")] });
        assert_eq!(sites(&[ingress(hostless)], &|_, _| false)[0].root, None);
    }

    // R12.1
    #[test]
    fn an_ingress_without_rules_keeps_everybodys_root() {
        let all = ingress(json!({ "defaultBackend": backend("all") }));
        let hostless = ingress(json!({ "rules": [rule("", "/", "web"), rule("", "/x", "web")] }));
        let found = sites(&[hostless, all], &|_, _| false);
        let paths: Vec<_> = found[0].routes.iter().map(|route| &*route.path).collect();
        assert_eq!(paths, ["/x"]);
    }

    #[test]
    fn a_certificate_is_found_by_its_host_or_by_its_names() {
        let spec =
            |tls: Value| ingress(json!({ "tls": tls, "rules": [rule("a.test", "/", "web")] }));
        let tls = |tls: Value| sites(&[spec(tls)], &|secret, _| secret.1 == "fits")[1].tls.clone();
        let secret = |name: &str| Some(Tls::Secret(("default".to_owned(), name.to_owned())));
        assert_eq!(tls(json!([{ "hosts": ["A.test"], "secretName": "one" }])), secret("one"));
        assert_eq!(tls(json!([{ "secretName": "one" }, { "secretName": "fits" }])), secret("fits"));
        assert_eq!(tls(json!([{ "hosts": ["b.test"], "secretName": "one" }])), Some(Tls::Default));
        assert_eq!(tls(json!([])), None);
    }
}
