//! Names of Services that exist, and still lead nowhere.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;

use super::name_servers::questions;
use super::services::{full_name, is_headless, pods, selector};
use super::{Diagnosis, Facts, look, selectors, workloads};
use crate::diagnostic::Location;
use crate::network::DnsType;

/// The Service that a client's name means: `web`, `web.shop`, `web.shop.svc.cluster.local`.
pub(super) fn find<'a>(facts: &Facts<'a>, name: &str) -> Option<&'a Arc<Service>> {
    let mut labels = name.trim_end_matches('.').split('.');
    let service = labels.next()?;
    let own = facts.namespace();
    let namespace = labels.next().unwrap_or(&own);
    labels.next().is_none_or(|label| label == "svc").then_some(())?;
    facts.case.cluster.objects().get::<Service>(namespace, service)
}

/// The name is a Service's, and the answer was that there is nobody.
pub(super) fn diagnose(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let service = find(facts, name)?;
    let spec = service.spec.as_ref()?;
    if spec.type_.as_deref() == Some("ExternalName") {
        return Some(alias(facts, service, spec.external_name.as_deref().unwrap_or(""), at));
    }
    if is_headless(service) {
        return headless(facts, service, at);
    }
    unsearched(facts, service, name, at)
}

/// R7.5
fn alias(facts: &Facts<'_>, service: &Service, target: &str, at: Option<Location>) -> Diagnosis {
    let (namespace, name) = full_name(service);
    let line = facts.locator.field("Service", namespace, name, "spec.externalName");
    Diagnosis::new(
        "external-name-leads-nowhere",
        format!("{name} is only another name for {target}, and nobody is called that"),
    )
    .fact(format!("Service {name} has type ExternalName: DNS answers with the alias {target}"))
    .fact("an ExternalName has no cluster IP, no endpoints and no ports")
    .look([look::services(namespace)])
    .at(line.or(at))
    .fix("write a name that exists into externalName, apply, and send again")
}

/// R8.3: without a ready endpoint the name of a headless Service does not exist.
fn headless(facts: &Facts<'_>, service: &Service, at: Option<Location>) -> Option<Diagnosis> {
    let (namespace, name) = full_name(service);
    let line = |path: &str| facts.locator.field("Service", namespace, name, path);
    let without = headless_without_pods(facts, service, at.clone());
    if without.is_some() {
        return without;
    }
    let nearest = "publishNotReadyAddresses: true, if clients may meet them before they are ready";
    let (all, matching) = pods(facts, service);
    Some(
        without_name(name)
            .look([look::pods(namespace), look::endpoints(namespace, name)])
            .facts(selector(service).map(|wanted| {
                let (found, of) = (matching.len(), all.len());
                format!("selector {} matches {found} of {of} pods", selectors::shown(wanted))
            }))
            .facts(matching.iter().map(|pod| super::packets::pod_line(pod)))
            .nearest(Some(nearest.to_owned()))
            .at(line("spec.selector").or(at))
            .fix("see why the pods are not ready: kubectl describe pod names the probe or the container"),
    )
}

fn without_name(name: &str) -> Diagnosis {
    Diagnosis::new(
        "headless-without-endpoints",
        format!("Service {name} is headless and has no ready pod, so its name does not exist"),
    )
}

/// A headless Service that selects no pod, or pods none of which can run.
pub(super) fn headless_without_pods(
    facts: &Facts<'_>,
    service: &Service,
    at: Option<Location>,
) -> Option<Diagnosis> {
    let (namespace, name) = full_name(service);
    let line = |path: &str| facts.locator.field("Service", namespace, name, path);
    let Some(wanted) = selector(service) else {
        return super::services::slices(facts, service).is_empty().then(|| {
            without_name(name)
                .look([look::service(namespace, name), look::labels(namespace)])
                .fact("it has no selector, and no EndpointSlice")
                .at(line("spec").or(at))
                .fix("give it a selector with the pods' labels, and apply")
        });
    };
    let (_, matching) = pods(facts, service);
    if matching.is_empty() {
        let message = without_name(name).message;
        return Some(selectors::nothing(
            facts,
            service,
            wanted,
            "headless-without-endpoints",
            message,
        ));
    }
    workloads::trouble(facts, &matching)
}

/// R8.7: BusyBox' nslookup asks for a name with a dot as it is, and nothing else.
fn unsearched(
    facts: &Facts<'_>,
    service: &Service,
    name: &str,
    at: Option<Location>,
) -> Option<Diagnosis> {
    let asked = questions(facts);
    let plain = name.trim_end_matches('.');
    let only_plain = asked
        .iter()
        .filter_map(|trace| trace.dns.as_ref())
        .filter(|dns| matches!(dns.kind, DnsType::A | DnsType::Aaaa))
        .all(|dns| dns.name.trim_end_matches('.') == plain);
    if !name.contains('.') || asked.is_empty() || !only_plain {
        return None;
    }
    let (namespace, service_name) = full_name(service);
    let full = format!("{service_name}.{namespace}.svc.cluster.local");
    Some(
        Diagnosis::new(
            "name-was-not-searched",
            format!(
                "{name} was asked for as it is, without the search list, and DNS knows no such name"
            ),
        )
        .fact("BusyBox' nslookup adds no search domain to a name with a dot; curl and wget do")
        .look([look::services(namespace)])
        .nearest(Some(full.clone()))
        .at(at)
        .fix(format!("write {full}, the name in full")),
    )
}
