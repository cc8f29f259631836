//! Ingresses, with the endpoints behind each path.

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::{Ingress, IngressBackend};

use super::Reader;
use super::page::Page;
use super::pod::filled;
use super::service::ready_endpoints;
use crate::api::table::balancer_names;
use crate::api::{Kind, Object};

impl Reader<'_, '_> {
    /// An Ingress's description.
    pub(super) fn ingress(&mut self, object: &Object, ingress: &Ingress) -> String {
        let mut page = Page::default();
        let spec = ingress.spec.clone().unwrap_or_default();
        page.field("Name", object.name());
        page.labels("Labels", ingress.metadata.labels.as_ref());
        page.field("Namespace", object.namespace());
        page.field("Address", address(ingress));
        let class = filled(spec.ingress_class_name.as_deref()).unwrap_or("<none>");
        page.field("Ingress Class", class);
        let default = match &spec.default_backend {
            Some(backend) => self.backend(object.namespace(), backend),
            None => "<default>".to_owned(),
        };
        page.field("Default backend", &default);
        if let Some(tls) = spec.tls.as_ref().filter(|tls| !tls.is_empty()) {
            page.line(0, "TLS:");
            for entry in tls {
                let hosts = entry.hosts.clone().unwrap_or_default().join(",");
                match filled(entry.secret_name.as_deref()) {
                    Some(secret) => page.line(1, format!("{secret} terminates {hosts}")),
                    None => page.line(1, format!("SNI routes {hosts}")),
                }
            }
        }
        page.line(0, "Rules:");
        page.line(1, "Host\tPath\tBackends");
        page.line(1, "----\t----\t--------");
        let mut any = false;
        for rule in spec.rules.iter().flatten() {
            let Some(http) = &rule.http else { continue };
            any = true;
            page.line(1, format!("{}\t", filled(rule.host.as_deref()).unwrap_or("*")));
            for path in &http.paths {
                let backend = self.backend(object.namespace(), &path.backend);
                let route = path.path.as_deref().unwrap_or("");
                page.line(2, format!("\t{route} \t{backend}"));
            }
        }
        if !any {
            page.line(1, format!("*\t*\t{default}"));
        }
        page.annotations("Annotations", ingress.metadata.annotations.as_ref());
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// `web:80 (10.244.1.2:80)`
    fn backend(&mut self, namespace: &str, backend: &IngressBackend) -> String {
        let Some(service) = &backend.service else {
            let resource = backend.resource.clone().unwrap_or_default();
            let group = resource.api_group.unwrap_or_else(|| "<none>".to_owned());
            return format!("APIGroup: {group}, Kind: {}, Name: {}", resource.kind, resource.name);
        };
        let port = service.port.clone().unwrap_or_default();
        let shown = match (port.number, &port.name) {
            (Some(number), _) => number.to_string(),
            (None, Some(name)) => name.clone(),
            (None, None) => String::new(),
        };
        let name = &service.name;
        let found = self.client.at(namespace).get(self.io, Kind::Service, name);
        let object = match found {
            Ok(object) => object,
            Err(status) => return format!("{name}:{shown} (<error: {}>)", status.message),
        };
        let ports = object.as_kind::<Service>().and_then(|s| s.spec.as_ref()?.ports.clone());
        // Of several, kubectl takes the last.
        let named = ports.unwrap_or_default().into_iter().rfind(|candidate| {
            Some(candidate.port) == port.number
                || (port.name.is_some() && candidate.name == port.name)
        });
        let port_name = named.and_then(|port| port.name).unwrap_or_default();
        let slices = self.slices_of(namespace, name);
        format!("{name}:{shown} ({})", ready_endpoints(&slices, Some(&port_name)))
    }
}

fn address(ingress: &Ingress) -> String {
    let balancer = ingress.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let entries = balancer.and_then(|balancer| balancer.ingress.as_deref()).unwrap_or_default();
    balancer_names(entries.iter().map(|entry| (&entry.ip, &entry.hostname)))
}
