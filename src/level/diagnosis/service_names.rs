//! Names of Services that exist, and still lead nowhere.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;

use super::name_servers::questions;
use super::services::{is_headless, pods, selector, shown};
use super::{Diagnosis, Facts};
use crate::diagnostic::Location;
use crate::network::DnsType;

/// The Service that a client's name means: `web`, `web.shop`, `web.shop.svc.cluster.local`.
pub(super) fn find<'a>(facts: &Facts<'a>, name: &str) -> Option<&'a Arc<Service>> {
    let mut labels = name.trim_end_matches('.').split('.');
    let service = labels.next()?;
    let own = facts.client_pod().map_or_else(|| "default".to_owned(), |(namespace, _)| namespace);
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
    .at(line.or(at))
}

/// R8.3: without a ready endpoint the name of a headless Service does not exist.
fn headless(facts: &Facts<'_>, service: &Service, at: Option<Location>) -> Option<Diagnosis> {
    let (namespace, name) = full_name(service);
    let line = |path: &str| facts.locator.field("Service", namespace, name, path);
    let said = Diagnosis::new(
        "headless-without-endpoints",
        format!("Service {name} is headless and has no ready pod, so its name does not exist"),
    );
    let Some(wanted) = selector(service) else {
        return Some(said.fact("it has no selector, and no EndpointSlice").at(line("spec").or(at)));
    };
    let (all, matching) = pods(facts, service);
    let said = said.fact(format!(
        "selector {} matches {} of {} pods",
        shown(wanted),
        matching.len(),
        all.len()
    ));
    if matching.is_empty() {
        let (_, nearest) = super::services::nearest_label(wanted, &all);
        return Some(said.nearest(nearest).at(line("spec.selector").or(at)));
    }
    let said = said.facts(matching.iter().map(|pod| super::packets::pod_line(pod)));
    let nearest = "publishNotReadyAddresses: true, if clients may meet them before they are ready";
    Some(said.nearest(Some(nearest.to_owned())).at(line("spec.selector").or(at)))
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
        .nearest(Some(full))
        .at(at),
    )
}

fn full_name(service: &Service) -> (&str, &str) {
    let metadata = &service.metadata;
    (metadata.namespace.as_deref().unwrap_or(""), metadata.name.as_deref().unwrap_or(""))
}
