//! Ingresses and their classes.

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, Ingress, IngressBackend, IngressClass, IngressClassParametersReference,
    IngressRule, IngressServiceBackend, IngressSpec, IngressTLS,
};

use super::report::{Json, Report};
use super::{addresses, metadata, names};

const PATH_TYPES: &[&str] = &["Exact", "ImplementationSpecific", "Prefix"];
/// The longest name of a controller.
const MAX_CONTROLLER: usize = 250;

/// Stands for a path type that was not given: the types cannot tell that from an empty one, and
/// the server tells each in other words. No such Ingress is ever stored.
pub(super) const ABSENT_PATH_TYPE: &str = "(absent)";

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// A new Ingress.
pub(super) fn create(report: &mut Report, ingress: &Ingress) {
    metadata::create(report, &ingress.metadata, true, names::dns_subdomain);
    let spec = ingress.spec.clone().unwrap_or_default();
    check_spec(report, &spec);
    let annotations = ingress.metadata.annotations.as_ref();
    if let Some(class) = annotations.and_then(|all| all.get(CLASS_ANNOTATION))
        && spec.ingress_class_name.as_ref().is_some_and(|field| field != class)
    {
        let why = "must match `ingressClassName` when both are specified";
        report.invalid(&format!("annotations.{CLASS_ANNOTATION}"), class.as_str(), why);
    }
}

/// A changed Ingress.
pub(super) fn update(report: &mut Report, new: &Ingress, old: &Ingress) {
    metadata::update(report, &new.metadata, &old.metadata);
    check_spec(report, &new.spec.clone().unwrap_or_default());
}

fn check_spec(report: &mut Report, spec: &IngressSpec) {
    let rules = spec.rules.as_deref().unwrap_or_default();
    if rules.is_empty() && spec.default_backend.is_none() {
        let why = "either `defaultBackend` or `rules` must be specified";
        report.invalid("spec", Json(&spec.rules), why);
    }
    if let Some(backend) = &spec.default_backend {
        check_backend(report, "spec.defaultBackend", backend);
    }
    for (index, rule) in rules.iter().enumerate() {
        check_rule(report, &format!("spec.rules[{index}]"), rule);
    }
    for (index, tls) in spec.tls.iter().flatten().enumerate() {
        check_tls(report, &format!("spec.tls[{index}]"), tls);
    }
    if let Some(class) = &spec.ingress_class_name {
        report.invalid_name("spec.ingressClassName", class, names::dns_subdomain(class));
    }
}

fn check_host(report: &mut Report, path: &str, host: &str) {
    let reasons = if host.contains('*') {
        names::wildcard_subdomain(host)
    } else {
        names::dns_subdomain(host)
    };
    report.invalid_name(path, host, reasons);
}

fn check_tls(report: &mut Report, path: &str, tls: &IngressTLS) {
    for (index, host) in tls.hosts.iter().flatten().enumerate() {
        check_host(report, &format!("{path}.hosts[{index}]"), host);
    }
    if let Some(secret) = tls.secret_name.as_deref().filter(|name| !name.is_empty()) {
        report.invalid_name(&format!("{path}.secretName"), secret, names::dns_subdomain(secret));
    }
}

fn check_rule(report: &mut Report, path: &str, rule: &IngressRule) {
    if let Some(host) = rule.host.as_deref().filter(|host| !host.is_empty()) {
        let here = format!("{path}.host");
        if addresses::parse(host).is_some() {
            report.invalid(&here, host, "must be a DNS name, not an IP address");
        }
        check_host(report, &here, host);
    }
    let Some(http) = &rule.http else { return };
    if http.paths.is_empty() {
        report.required(&format!("{path}.http.paths"), "");
    }
    for (index, http_path) in http.paths.iter().enumerate() {
        check_path(report, &format!("{path}.http.paths[{index}]"), http_path);
    }
}

fn check_path(report: &mut Report, path: &str, http: &HTTPIngressPath) {
    let text = http.path.as_deref().unwrap_or("");
    let here = format!("{path}.path");
    let absolute = text.starts_with('/');
    match http.path_type.as_str() {
        ABSENT_PATH_TYPE => {
            report.required(&format!("{path}.pathType"), "pathType must be specified");
            return;
        }
        "Exact" | "Prefix" => {
            if !absolute {
                report.invalid(&here, text, "must be an absolute path");
            }
            for part in ["//", "/./", "/../", "%2f", "%2F"] {
                if text.contains(part) {
                    report.invalid(&here, text, &format!("must not contain '{part}'"));
                }
            }
            for end in ["/..", "/."] {
                if text.ends_with(end) {
                    report.invalid(&here, text, &format!("cannot end with '{end}'"));
                }
            }
        }
        "ImplementationSpecific" => {
            if !text.is_empty() && !absolute {
                report.invalid(&here, text, "must be an absolute path");
            }
        }
        other => report.unsupported(&format!("{path}.pathType"), other, PATH_TYPES),
    }
    check_backend(report, &format!("{path}.backend"), &http.backend);
}

fn check_backend(report: &mut Report, path: &str, backend: &IngressBackend) {
    match (&backend.resource, &backend.service) {
        (Some(_), Some(_)) => {
            report.invalid(path, "", "cannot set both resource and service backends");
        }
        (Some(resource), None) => {
            let path = format!("{path}.resource");
            if let Some(group) = &resource.api_group {
                let here = format!("{path}.apiGroup");
                report.invalid_name(&here, group, names::dns_subdomain(group));
            }
            for (field, text) in [("kind", &resource.kind), ("name", &resource.name)] {
                let here = format!("{path}.{field}");
                match text.as_str() {
                    "" => report.required(&here, ""),
                    text => report.invalid_for(&here, text, names::path_segment(text)),
                }
            }
        }
        (None, Some(service)) => check_service(report, path, service),
        (None, None) => report.invalid(path, "", "resource or service backend is required"),
    }
}

/// A new or changed IngressClass.
pub(super) fn check_class(report: &mut Report, class: &IngressClass, old: Option<&IngressClass>) {
    let spec = class.spec.clone().unwrap_or_default();
    match old {
        None => metadata::create(report, &class.metadata, false, names::dns_subdomain),
        Some(old) => {
            metadata::update(report, &class.metadata, &old.metadata);
            let before = old.spec.clone().unwrap_or_default();
            let text = |name: &Option<String>| name.clone().unwrap_or_default();
            report.unchanged("spec.controller", &text(&spec.controller), &text(&before.controller));
        }
    }
    let path = "spec.controller";
    match spec.controller.as_deref().unwrap_or("") {
        "" => report.required(path, ""),
        controller => {
            if controller.len() > MAX_CONTROLLER {
                report.too_long(path, MAX_CONTROLLER);
            }
            for (part, why) in names::domain_prefixed_path(controller) {
                report.invalid(path, part, &why);
            }
        }
    }
    if let Some(parameters) = &spec.parameters {
        check_parameters(report, "spec.parameters", parameters);
    }
}

fn check_parameters(report: &mut Report, path: &str, to: &IngressClassParametersReference) {
    if let Some(group) = &to.api_group {
        report.invalid_name(&format!("{path}.apiGroup"), group, names::dns_subdomain(group));
    }
    for (field, text) in [("kind", &to.kind), ("name", &to.name)] {
        let here = format!("{path}.{field}");
        match text.as_str() {
            "" => report.required(&here, ""),
            text => report.invalid_for(&here, text, names::path_segment(text)),
        }
    }
    let at_namespace = format!("{path}.namespace");
    match (to.scope.as_deref().unwrap_or(""), &to.namespace) {
        ("Namespace", None) => {
            report.required(&at_namespace, "`parameters.scope` is set to 'Namespace'");
        }
        ("Namespace", Some(name)) => {
            report.invalid_name(&at_namespace, name, names::dns_label(name));
        }
        ("Cluster", Some(_)) => {
            report.forbidden(&at_namespace, "`parameters.scope` is set to 'Cluster'");
        }
        ("Cluster", None) => {}
        (other, _) => {
            report.unsupported(&format!("{path}.scope"), other, &["Cluster", "Namespace"]);
        }
    }
}

fn check_service(report: &mut Report, path: &str, service: &IngressServiceBackend) {
    let here = format!("{path}.service.name");
    match service.name.as_str() {
        "" => report.required(&here, ""),
        name => report.invalid_name(&here, name, names::dns_label(name)),
    }
    let port = service.port.clone().unwrap_or_default();
    let name = port.name.as_deref().unwrap_or("");
    match (name, port.number.unwrap_or(0)) {
        ("", 0) => report.required(path, "port name or number is required"),
        ("", number) => report.port(&format!("{path}.service.port.number"), number),
        (name, 0) => {
            let reasons = names::port_name(name);
            report.invalid_for(&format!("{path}.service.port.name"), name, reasons);
        }
        _ => report.invalid(path, "", "cannot set both port name & port number"),
    }
}
