//! Requests that an Ingress controller answered by itself: no rule fits, or nobody stands behind the
//! one that does (R12.1, R12.2).

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Secret, Service};
use k8s_openapi::api::networking::v1::{HTTPIngressPath, Ingress, IngressClass, IngressRule};

use super::look::{self, shown_name};
use super::{Diagnosis, Facts, protocols, selectors, services, trial, workloads};
use crate::cluster::{ingress_port, secret_certificate};
use crate::diagnostic::{Location, nearest};
use crate::level::probe::Miss;
use crate::network::Trace;

/// The image of ingress-nginx, without registry and tag.
pub(super) const CONTROLLER: &str = "ingress-nginx/controller";

/// Whether the controller speaks TLS to the pods.
pub(super) const BACKEND_PROTOCOL: &str = "nginx.ingress.kubernetes.io/backend-protocol";

/// A path of an Ingress, and where it stands.
#[derive(Clone, Copy)]
struct Rule<'a> {
    ingress: &'a Ingress,
    rule: &'a IngressRule,
    path: &'a HTTPIngressPath,
    /// Its place in `rules`, and in that rule's `paths`.
    place: (usize, usize),
}

/// What was asked for.
struct Asked<'a> {
    host: &'a str,
    path: &'a str,
}

/// The controller answered 404 or 503 in its own name.
pub(super) fn diagnose(facts: &Facts<'_>, trace: &Trace) -> Option<Diagnosis> {
    let status = protocols::status(facts).filter(|status| matches!(status, 404 | 503))?;
    let cluster = facts.case.cluster;
    cluster.served(trace.id).find(|served| &*served.image == CONTROLLER)?;
    let fetched = facts.fetched?;
    let path = fetched.target.split(['?', '#']).next().unwrap_or("/");
    let asked = Asked { host: &fetched.name, path };
    let rules = rules(facts);
    let of_host: Vec<&Rule<'_>> =
        rules.iter().filter(|rule| is_host(rule.rule, asked.host)).collect();
    let best = best(facts, &of_host, &asked);
    let message = format!("the Ingress controller answered {status} by itself");
    let said = match best {
        Some(rule) if !is_served(facts, rule.ingress) => not_served(facts, rule.ingress, &message),
        Some(rule) => return behind(facts, rule, &message),
        None if !of_host.is_empty()
            && !of_host.iter().any(|rule| is_served(facts, rule.ingress)) =>
        {
            not_served(facts, of_host[0].ingress, &message)
        }
        None if of_host.is_empty() => no_host(facts, &rules, &asked, &message),
        None => {
            let read = of_host.iter().copied().filter(|rule| is_served(facts, rule.ingress));
            no_path(facts, &read.collect::<Vec<_>>(), &asked, &message)
        }
    };
    Some(said.fact(format!("asked for: host {}, path {}", asked.host, asked.path)))
}

/// The controller sent a plain request to https, and the goal wants it answered: its Ingress lists the host
/// under `spec.tls` (ingress-nginx' documentation, "Server-side HTTPS enforcement through redirect").
pub(super) fn redirected(facts: &Facts<'_>, trace: &Trace) -> Option<Diagnosis> {
    let fetched = facts.fetched.filter(|fetched| !fetched.tls)?;
    protocols::status(facts).filter(|status| *status == 308)?;
    facts.case.cluster.served(trace.id).find(|served| &*served.image == CONTROLLER)?;
    let asked = Asked { host: &fetched.name, path: "/" };
    let rules = rules(facts);
    let lists =
        |rule: &&Rule<'_>| is_host(rule.rule, asked.host) && is_listed(rule.ingress, asked.host);
    let ingress = rules.iter().find(lists)?.ingress;
    let (namespace, name) = full_name(ingress);
    Some(
        Diagnosis::new(
            "wrong-answer",
            format!(
                "the Ingress controller answered the plain request for {} with 308, and sent the client to https",
                asked.host
            ),
        )
        .look([look::describe("ingress", namespace, name)])
        .fact(format!("Ingress {name} lists {} under spec.tls", asked.host))
        .fact("the controller answers plain requests for such a host with 308 and https://, and the client does not go there by itself")
        .at(line(facts, ingress, "spec.tls"))
        .fix(format!(
            "take {} out of spec.tls, or write the annotation {SSL_REDIRECT}: \"false\"; apply, and send again",
            asked.host
        )),
    )
}

/// Whether ingress-nginx sends plain requests for a host with a certificate to https (its documentation,
/// "Server-side HTTPS enforcement through redirect").
const SSL_REDIRECT: &str = "nginx.ingress.kubernetes.io/ssl-redirect";

/// The goal wants to be sent to https, and the controller passed the plain request on: nothing asks for a
/// certificate, or an annotation switches it off.
pub(super) fn no_redirect(facts: &Facts<'_>, trace: &Trace) -> Option<Diagnosis> {
    let (Miss::Output { expected } | Miss::Answer { expected }) = facts.case.run?.miss.as_ref()?
    else {
        return None;
    };
    let redirects = expected.contains("308") || expected.contains("301");
    let fetched = facts.fetched.filter(|fetched| redirects && !fetched.tls)?;
    let answered = protocols::status(facts).is_some_and(|status| status < 300);
    facts.case.cluster.served(trace.id).find(|served| &*served.image == CONTROLLER && answered)?;
    let ingress = rule_for(facts, &fetched.name, &fetched.target)?.ingress;
    let (namespace, name) = full_name(ingress);
    let said = Diagnosis::new(
        "wrong-answer",
        format!(
            "the Ingress controller passed the plain request for {} on, and sent nobody to https",
            fetched.name
        ),
    )
    .look([look::describe("ingress", namespace, name)]);
    let annotations = ingress.metadata.annotations.as_ref();
    let off = annotations.and_then(|own| own.get(SSL_REDIRECT)).is_some_and(|one| one == "false");
    if off {
        let path = crate::manifest::field("metadata.annotations", SSL_REDIRECT);
        return Some(
            said.fact(format!("Ingress {name} has the annotation {SSL_REDIRECT}: \"false\""))
                .fact("without it the controller answers plain requests for a host of spec.tls with 308 and https://")
                .at(line(facts, ingress, &path))
                .fix("take the annotation out, apply, and send again"),
        );
    }
    let host = &fetched.name;
    (!is_listed(ingress, host)).then(|| {
        said.fact(format!("spec.tls of Ingress {name} does not list {host}"))
            .fact("the controller answers plain requests with 308 and https:// only for hosts that spec.tls lists")
            .nearest(Some(format!("hosts: [{host}]")))
            .at(line(facts, ingress, "spec.tls").or_else(|| line(facts, ingress, "spec")))
            .fix(format!("list {host} under spec.tls, with the Secret of a certificate for it; apply, and send again"))
    })
}

/// Whether `spec.tls` of an Ingress lists a host.
fn is_listed(ingress: &Ingress, host: &str) -> bool {
    let tls = ingress.spec.iter().flat_map(|spec| spec.tls.iter().flatten());
    let mut hosts = tls.flat_map(|entry| entry.hosts.iter().flatten());
    hosts.any(|own| own.eq_ignore_ascii_case(host))
}

/// The rules of every Ingress.
fn rules<'a>(facts: &Facts<'a>) -> Vec<Rule<'a>> {
    let all = facts.case.cluster.objects().list::<Ingress>(None);
    all.flat_map(|ingress| rules_of(ingress)).collect()
}

/// The rule that the controller goes by.
fn best<'r, 'a>(
    facts: &Facts<'_>,
    of_host: &[&'r Rule<'a>],
    asked: &Asked<'_>,
) -> Option<&'r Rule<'a>> {
    let fitting = of_host.iter().filter(|rule| fits(rule.path, asked.path));
    let key = |rule: &&&Rule<'_>| (is_served(facts, rule.ingress), written(rule.path).len());
    fitting.max_by_key(key).copied()
}

/// The rule that the controller goes by for a request.
fn rule_for<'a>(facts: &Facts<'a>, host: &str, target: &str) -> Option<Rule<'a>> {
    let asked = Asked { host, path: target.split(['?', '#']).next().unwrap_or("/") };
    let rules = rules(facts);
    let of_host: Vec<&Rule<'a>> = rules.iter().filter(|rule| is_host(rule.rule, host)).collect();
    best(facts, &of_host, &asked).copied()
}

/// The Service, and its port, that a request goes to by the rules.
pub(super) fn backend(facts: &Facts<'_>, host: &str, target: &str) -> Option<(Arc<Service>, u16)> {
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let rule = rule_for(facts, host, target)?;
    let (namespace, _) = full_name(rule.ingress);
    let backend = rule.path.backend.service.as_ref()?;
    let service = facts.case.cluster.objects().get::<Service>(namespace, &backend.name)?;
    let port = ingress_port(service, &rule.path.backend)?;
    Some((service.clone(), u16::try_from(port.port).ok()?))
}

/// Where an Ingress names a Service.
pub(super) fn line_of_backend(facts: &Facts<'_>, service: &Service) -> Option<Location> {
    let (namespace, name) = services::full_name(service);
    let rules = rules(facts);
    let rule = rules.iter().find(|rule| {
        let backend = rule.path.backend.service.as_ref();
        full_name(rule.ingress).0 == namespace && backend.is_some_and(|one| one.name == name)
    })?;
    let (number, index) = rule.place;
    line(facts, rule.ingress, &format!("spec.rules[{number}].http.paths[{index}]"))
}

/// Where an Ingress that leads to a Service says how it is spoken to.
pub(super) fn protocol_line(facts: &Facts<'_>, service: &Service) -> Option<Location> {
    let (namespace, name) = services::full_name(service);
    let leads = |rule: &&Rule<'_>| {
        let backend = rule.path.backend.service.as_ref();
        full_name(rule.ingress).0 == namespace && backend.is_some_and(|one| one.name == name)
    };
    let ingress = rules(facts).iter().find(leads)?.ingress;
    let annotations = ingress.metadata.annotations.as_ref()?;
    annotations.contains_key(BACKEND_PROTOCOL).then_some(())?;
    line(facts, ingress, &crate::manifest::field("metadata.annotations", BACKEND_PROTOCOL))
}

fn rules_of(ingress: &Ingress) -> Vec<Rule<'_>> {
    let rules = ingress.spec.as_ref().and_then(|spec| spec.rules.as_deref()).unwrap_or_default();
    let mut found = Vec::new();
    for (number, rule) in rules.iter().enumerate() {
        for (index, path) in rule.http.iter().flat_map(|http| &http.paths).enumerate() {
            found.push(Rule { ingress, rule, path, place: (number, index) });
        }
    }
    found
}

/// Whether a rule is for a host: by name, by a wildcard for its first label, or for everybody.
fn is_host(rule: &IngressRule, asked: &str) -> bool {
    match rule.host.as_deref().filter(|host| !host.is_empty()) {
        None => true,
        Some(host) => match host.strip_prefix("*.") {
            Some(rest) => {
                asked.split_once('.').is_some_and(|(_, below)| below.eq_ignore_ascii_case(rest))
            }
            None => host.eq_ignore_ascii_case(asked),
        },
    }
}

fn written(path: &HTTPIngressPath) -> &str {
    path.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/")
}

/// Whether a path is for what was asked: letter by letter, or element by element.
fn fits(path: &HTTPIngressPath, asked: &str) -> bool {
    let own = written(path);
    match path.path_type.as_str() {
        "Exact" => own == asked,
        _ => below(own, asked),
    }
}

fn below(prefix: &str, asked: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    asked.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a controller has taken the Ingress: its class has one, or it was given an address.
fn is_served(facts: &Facts<'_>, ingress: &Ingress) -> bool {
    let named = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
    match named {
        Some(class) => facts.case.cluster.objects().get::<IngressClass>("", class).is_some(),
        None => {
            let status = ingress.status.as_ref().and_then(|status| status.load_balancer.as_ref());
            let given = status.and_then(|balancer| balancer.ingress.as_ref());
            given.is_some_and(|given| !given.is_empty())
        }
    }
}

fn full_name(ingress: &Ingress) -> (&str, &str) {
    let metadata = &ingress.metadata;
    (metadata.namespace.as_deref().unwrap_or(""), metadata.name.as_deref().unwrap_or(""))
}

/// The line of a field of an Ingress.
fn line(facts: &Facts<'_>, ingress: &Ingress, path: &str) -> Option<Location> {
    let (namespace, name) = full_name(ingress);
    facts.locator.field("Ingress", namespace, name, path)
}

fn ingresses(namespace: &str) -> String {
    format!("kubectl get ingress{}", look::in_namespace(namespace))
}

/// A rule fits, and its Ingress is nobody's.
fn not_served(facts: &Facts<'_>, ingress: &Ingress, message: &str) -> Diagnosis {
    let (namespace, name) = full_name(ingress);
    let shown = shown_name(namespace, name);
    let classes = facts.case.cluster.objects().list::<IngressClass>(None);
    let classes: Vec<&str> = classes.filter_map(|class| class.metadata.name.as_deref()).collect();
    let named = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
    let fact = match named {
        Some(class) => {
            format!("Ingress {shown} is of class {class}, and there is no such IngressClass")
        }
        None => format!("Ingress {shown} names no class, and no class is the default"),
    };
    let instead = classes.first().map(|class| format!("ingressClassName: {class}"));
    let fix = match &instead {
        Some(instead) => format!("write {instead}, apply, and send again"),
        None => "install an Ingress controller, whose class the Ingress names".to_owned(),
    };
    Diagnosis::new("ingress-not-served", format!("{message}: no controller serves Ingress {shown}"))
        .look(["kubectl get ingressclass".to_owned(), ingresses(namespace)])
        .fact(fact)
        .fact(format!("there are the classes: {}", classes.join(", ")))
        .nearest(instead)
        .at(line(facts, ingress, if named.is_some() { "spec.ingressClassName" } else { "spec" }))
        .fix(fix)
}

/// No rule is for the host.
fn no_host(facts: &Facts<'_>, rules: &[Rule<'_>], asked: &Asked<'_>, message: &str) -> Diagnosis {
    let mut hosts: Vec<&str> = rules.iter().filter_map(|rule| rule.rule.host.as_deref()).collect();
    hosts.dedup();
    let close = nearest(asked.host, hosts.iter().copied());
    let close = close.or_else(|| if hosts.len() == 1 { hosts.first().copied() } else { None });
    let rule = rules.iter().find(|rule| close.is_none() || rule.rule.host.as_deref() == close);
    let namespace = facts.namespace();
    let said =
        Diagnosis::new("no-ingress-rule", format!("{message}: no rule is for host {}", asked.host))
            .look(["kubectl get ingress --all-namespaces".to_owned()])
            .facts((!hosts.is_empty()).then(|| format!("hosts of the rules: {}", hosts.join(", "))))
            .nearest(close.map(|_| format!("host: {}", asked.host)));
    match rule {
        Some(rule) => said
            .at(line(facts, rule.ingress, &format!("spec.rules[{}].host", rule.place.0)))
            .fix(format!(
                "write host: {}, or ask for a host that has a rule; apply, and send again",
                asked.host
            )),
        None => said
            .fact(format!("there is no Ingress with a rule, in namespace {namespace} or another"))
            .fix("make an Ingress with a rule for this host, and apply"),
    }
}

/// The host has rules, and none is for the path.
fn no_path(facts: &Facts<'_>, rules: &[&Rule<'_>], asked: &Asked<'_>, message: &str) -> Diagnosis {
    // The path that has most of what was asked for.
    let shared = |rule: &&Rule<'_>| {
        let both = written(rule.path).chars().zip(asked.path.chars());
        both.take_while(|(own, asked)| own == asked).count()
    };
    let rule = rules.iter().copied().max_by_key(shared);
    let exact = rule.filter(|rule| below(written(rule.path), asked.path));
    let paths: Vec<String> = rules
        .iter()
        .map(|rule| format!("{} ({})", written(rule.path), rule.path.path_type))
        .collect();
    let said = Diagnosis::new(
        "no-ingress-rule",
        format!("{message}: no path of host {} fits {}", asked.host, asked.path),
    )
    .look(["kubectl describe ingress --all-namespaces".to_owned()])
    .fact(format!("its paths: {}", paths.join(", ")));
    let Some(rule) = rule else { return said };
    let field = |name: &str| {
        let (number, index) = rule.place;
        line(facts, rule.ingress, &format!("spec.rules[{number}].http.paths[{index}].{name}"))
    };
    match exact {
        Some(_) => said
            .fact("Exact fits the one path, Prefix everything below it, element by element")
            .at(field("pathType"))
            .fix("write pathType: Prefix, apply, and send again"),
        None => {
            let instead = misspelt(written(rule.path), asked.path);
            let said = said
                .fact("a path is compared element by element: /a fits /a/b, and not /ab")
                .nearest(instead.clone())
                .at(field("path"));
            match instead {
                Some(instead) => said.fix(format!("write {instead}, apply, and send again")),
                None => said.fix(format!(
                    "let a path of the Ingress fit {}, apply, and send again",
                    asked.path
                )),
            }
        }
    }
}

/// The path that was meant, where a path's first step is spelt nearly as that of what was asked for.
fn misspelt(own: &str, asked: &str) -> Option<String> {
    let first = |path: &str| path.trim_matches('/').split('/').next().unwrap_or("").to_owned();
    let (own, meant) = (first(own), first(asked));
    (own != meant && nearest(&meant, [own.as_str()]).is_some()).then(|| format!("path: /{meant}"))
}

/// The pods are ready, and none has the port that the Service's targetPort names (R5.3).
fn nameless_port(
    facts: &Facts<'_>,
    rule: &Rule<'_>,
    service: &Service,
    matching: &[&Arc<crate::api::Pod>],
    message: &str,
) -> Option<Diagnosis> {
    let own = ingress_port(service, &rule.path.backend)?;
    let ports = service.spec.as_ref()?.ports.as_ref()?;
    let index = ports.iter().position(|port| port.port == own.port)?;
    let target = services::target(own);
    let containers =
        matching.iter().flat_map(|pod| pod.spec.iter().flat_map(|spec| &spec.containers));
    let mut names = containers.flat_map(|one| one.ports.iter().flatten());
    if !services::is_named(own) || names.any(|port| port.name.as_ref() == Some(&target)) {
        return None;
    }
    let (namespace, name) = services::full_name(service);
    let near = services::nearest_port_name(facts, service, index, matching);
    let path = format!("spec.ports[{index}].targetPort");
    let said = Diagnosis::new(
        "target-port-has-no-name",
        format!(
            "{message}: Service {} selects pods, but none of them has the port {target}",
            shown_name(namespace, name)
        ),
    )
    .look([look::service(namespace, name), look::endpoints(namespace, name)])
    .fact("a targetPort that is a name has to be the name of a container's port")
    .nearest(near.clone())
    .at(facts.locator.field("Service", namespace, name, &path));
    Some(match near {
        Some(near) => said.fix(format!("write {near}, apply, and send again")),
        None => said.fix("write the number of the port on which the pods listen"),
    })
}

/// Another path of the host is nearly what was asked for, and the one that took the request is shorter.
pub(super) fn passed_over(facts: &Facts<'_>, host: &str, target: &str) -> Option<Diagnosis> {
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let asked = Asked { host, path: target.split(['?', '#']).next().unwrap_or("/") };
    let rules = rules(facts);
    let of_host: Vec<&Rule<'_>> =
        rules.iter().filter(|rule| is_host(rule.rule, asked.host)).collect();
    let taken = best(facts, &of_host, &asked)?;
    let first = |path: &str| path.trim_matches('/').split('/').next().unwrap_or("").to_owned();
    let meant = first(asked.path);
    let near = of_host.iter().find(|rule| {
        let own = first(written(rule.path));
        !fits(rule.path, asked.path) && nearest(&meant, [own.as_str()]).is_some()
    })?;
    let (number, index) = near.place;
    let (own, kind) = (written(near.path), &near.path.path_type);
    let (_, name) = full_name(near.ingress);
    let same = first(own) == meant;
    let field = if same { "pathType" } else { "path" };
    let instead = match same {
        true => "pathType: Prefix".to_owned(),
        false => format!("path: /{meant}"),
    };
    Some(
        Diagnosis::new(
            "no-ingress-rule",
            format!("the rule for {} took {}", written(taken.path), asked.path),
        )
        .look(["kubectl describe ingress --all-namespaces".to_owned()])
        .fact(format!("path {own} ({kind}) of Ingress {name} does not fit {}", asked.path))
        .fact("a path is compared element by element: /a fits /a/b, and not /ab")
        .nearest(Some(instead.clone()))
        .at(line(facts, near.ingress, &format!("spec.rules[{number}].http.paths[{index}].{field}")))
        .fix(format!("write {instead}, apply, and send again")),
    )
}

/// A rule fits, and its Ingress is served: what stands behind it.
fn behind(facts: &Facts<'_>, rule: &Rule<'_>, message: &str) -> Option<Diagnosis> {
    let (namespace, ingress) = full_name(rule.ingress);
    let backend = rule.path.backend.service.as_ref()?;
    let field = |path: &str| backend_line(facts, rule, path);
    let objects = facts.case.cluster.objects();
    let said = |what: String| {
        Diagnosis::new("ingress-backend-missing", format!("{message}: {what}"))
            .look([look::describe("ingress", namespace, ingress), look::services(namespace)])
    };
    let Some(service) = objects.get::<Service>(namespace, &backend.name) else {
        return Some(no_backend(facts, rule, &backend.name, said));
    };
    let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
    if ingress_port(service, &rule.path.backend).is_none() {
        let own: Vec<String> = ports.iter().map(|port| port.port.to_string()).collect();
        return Some(
            said(format!("Service {} has no such port", backend.name))
                .fact(format!("its ports: {}", own.join(", ")))
                .nearest(own.first().map(|port| format!("number: {port}")))
                .at(field("port"))
                .fix("name a port of the Service, not of its pods; apply, and send again"),
        );
    }
    let wanted = services::selector(service)?;
    let (_, matching) = services::pods(facts, service);
    if matching.is_empty() {
        let message = format!("{message}: Service {} has no endpoints", backend.name);
        return Some(selectors::nothing(
            facts,
            service,
            wanted,
            "service-selects-nothing",
            message,
        ));
    }
    if matching.iter().any(|pod| pod.is_ready()) {
        return nameless_port(facts, rule, service, &matching, message);
    }
    workloads::trouble(facts, &matching).or_else(|| {
        Some(
            said(format!("no pod of Service {} is ready", backend.name))
                .facts(matching.iter().map(|pod| super::readiness::pod_line(pod)))
                .at(field("name"))
                .fix("see why the pods are not ready: kubectl describe pod names the reason"),
        )
    })
}

/// A backend names a Service that its Ingress' namespace does not have.
fn no_backend(
    facts: &Facts<'_>,
    rule: &Rule<'_>,
    backend: &str,
    said: impl Fn(String) -> Diagnosis,
) -> Diagnosis {
    let (namespace, _) = full_name(rule.ingress);
    let objects = facts.case.cluster.objects();
    let names = objects.list::<Service>(Some(namespace));
    let names: Vec<&str> = names.filter_map(|one| one.metadata.name.as_deref()).collect();
    let close = nearest(backend, names.iter().copied());
    let begins = |own: &&&str| backend.starts_with(**own) || own.starts_with(backend);
    let close = close.or_else(|| names.iter().find(begins).copied());
    let elsewhere = objects
        .list::<Service>(None)
        .find(|service| service.metadata.name.as_deref() == Some(backend));
    let elsewhere = elsewhere.map(|service| services::full_name(service).0.to_owned());
    let fix = match (&elsewhere, close) {
        (Some(other), _) => format!(
            "an Ingress leads to Services of its own namespace: make it in namespace {other}"
        ),
        (None, Some(close)) => format!("write name: {close}, apply, and send again"),
        (None, None) => format!("make a Service {backend} in namespace {namespace}"),
    };
    said(format!("there is no Service {backend} in namespace {namespace}"))
        .fact(match names.is_empty() {
            true => format!("namespace {namespace} has no Services"),
            false => format!("Services of namespace {namespace}: {}", names.join(", ")),
        })
        .facts(elsewhere.as_ref().map(|other| format!("there is one in namespace {other}")))
        .nearest(
            elsewhere
                .map(|other| format!("namespace {other}"))
                .or(close.map(|close| format!("name: {close}"))),
        )
        .at(backend_line(facts, rule, "name"))
        .fix(fix)
}

/// The line of a field of a rule's backend.
fn backend_line(facts: &Facts<'_>, rule: &Rule<'_>, path: &str) -> Option<Location> {
    let (number, index) = rule.place;
    let place = format!("spec.rules[{number}].http.paths[{index}].backend.service");
    line(facts, rule.ingress, &format!("{place}.{path}"))
}

/// Why the Secret that is listed gives no certificate for the host.
fn secret_fact(facts: &Facts<'_>, namespace: &str, listed: Option<&str>, host: &str) -> String {
    let Some(name) = listed else {
        return format!("the entry of spec.tls for {host} names no Secret");
    };
    let objects = facts.case.cluster.objects();
    if objects.get::<Secret>(namespace, name).is_none() {
        let elsewhere =
            objects.list::<Secret>(None).find(|one| one.metadata.name.as_deref() == Some(name));
        return match elsewhere.and_then(|one| one.metadata.namespace.as_deref()) {
            Some(other) => format!(
                "Secret {name} is in namespace {other}: an Ingress reads those of its own, {namespace}"
            ),
            None => format!("there is no Secret {name} in namespace {namespace}"),
        };
    }
    match secret_certificate(objects, namespace, name) {
        Some(found) => {
            let mut names = found.names;
            names.sort();
            names.dedup();
            format!("the certificate of Secret {name} is for {}, not for {host}", names.join(", "))
        }
        None => format!("Secret {name} holds no certificate that can be read"),
    }
}

/// A Secret with a certificate for the host.
fn secret_for(facts: &Facts<'_>, namespace: &str, host: &str) -> Option<String> {
    let objects = facts.case.cluster.objects();
    let names = objects.list::<Secret>(Some(namespace));
    let mut names = names.filter_map(|secret| secret.metadata.name.clone());
    names.find(|name| {
        secret_certificate(objects, namespace, name).is_some_and(|found| found.covers(host))
    })
}

/// What rewrites the path that a backend is asked for, as an annotation.
const REWRITE_TARGET: &str = "nginx.ingress.kubernetes.io/rewrite-target";

/// The pod was asked for another path than the client, because the Ingress rewrites it: whether the goal passes
/// without that is tried.
pub(super) fn rewritten(facts: &Facts<'_>, asked: &str, said: Diagnosis) -> Diagnosis {
    let Some(fetched) = facts.fetched.filter(|fetched| fetched.target != asked) else {
        return said;
    };
    let Some(ingress) = rule_for(facts, &fetched.name, &fetched.target).map(|rule| rule.ingress)
    else {
        return said;
    };
    let annotations = ingress.metadata.annotations.as_ref();
    let Some(target) = annotations.and_then(|all| all.get(REWRITE_TARGET)) else { return said };
    let (namespace, name) = full_name(ingress);
    let path = crate::manifest::field("metadata.annotations", REWRITE_TARGET);
    let place = look::in_namespace(namespace);
    let said = said
        .look([look::describe("ingress", namespace, name)])
        .fact(format!(
            "rewrite-target of Ingress {name} is {target}: it takes the place of the whole path, which was {}",
            fetched.target
        ))
        .at(line(facts, ingress, &path));
    let command = format!("kubectl annotate ingress {name}{place} {REWRITE_TARGET}-");
    match trial::after(facts, &command) {
        trial::Tried::Passes => said.fix(format!(
            "take rewrite-target out of the annotations of Ingress {name}, apply, and send again"
        )),
        _ => said,
    }
}

/// The controller shows its own certificate: no Ingress lists the host with a Secret that is for it.
pub(super) fn own_certificate(facts: &Facts<'_>, said: Diagnosis) -> Diagnosis {
    let host = facts.fetched.map_or("", |fetched| fetched.name.as_str());
    let objects = facts.case.cluster.objects();
    let ingress = objects.list::<Ingress>(None).find(|ingress| {
        rules_of(ingress).iter().any(|rule| rule.rule.host.as_deref() == Some(host))
    });
    let said = said
        .fact("it is the Ingress controller's own, which it shows where no Secret has one for the host")
        .look(["kubectl get secrets".to_owned(), "kubectl describe ingress --all-namespaces".to_owned()]);
    let lists = |ingress: &&Arc<Ingress>| {
        let tls = ingress.spec.iter().flat_map(|spec| spec.tls.iter().flatten());
        let mut hosts = tls.flat_map(|entry| entry.hosts.iter().flatten());
        hosts.any(|own| own.eq_ignore_ascii_case(host))
    };
    if ingress.is_none() && objects.list::<Ingress>(None).any(|one| lists(&one)) {
        let message = "the Ingress controller showed its own certificate";
        let asked = Asked { host, path: "/" };
        return no_host(facts, &rules(facts), &asked, message)
            .fact(format!("an Ingress lists {host} under spec.tls, and no rule is for it"));
    }
    let Some(ingress) = ingress else {
        return said.fix(format!("make an Ingress for {host} with a certificate under spec.tls"));
    };
    if !is_served(facts, ingress) {
        let message = "the Ingress controller showed its own certificate";
        return not_served(facts, ingress, message);
    }
    let entries = ingress.spec.as_ref().and_then(|spec| spec.tls.as_deref()).unwrap_or_default();
    let entry = entries.iter().position(|entry| {
        entry.hosts.iter().flatten().any(|known| known.eq_ignore_ascii_case(host))
    });
    match entry {
        None => said
            .fact(format!("spec.tls of Ingress {} does not list {host}", full_name(ingress).1))
            .nearest(Some(format!("hosts: [{host}]")))
            .at(line(facts, ingress, "spec.tls"))
            .fix(format!("list {host} under spec.tls, with the Secret of a certificate for it")),
        Some(index) => {
            let path = format!("spec.tls[{index}].secretName");
            let at = line(facts, ingress, &path);
            let (namespace, _) = full_name(ingress);
            let listed = entries[index].secret_name.as_deref().filter(|name| !name.is_empty());
            let fitting = secret_for(facts, namespace, host);
            let fix = match &fitting {
                Some(name) => format!("write secretName: {name}, apply, and send again"),
                None => format!(
                    "name a Secret of namespace {namespace} whose certificate is for {host}"
                ),
            };
            said.fact(secret_fact(facts, namespace, listed, host))
                .nearest(fitting.map(|name| format!("secretName: {name}")))
                .at(at)
                .fix(fix)
        }
    }
}
