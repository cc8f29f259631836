//! Names of Services that exist, and still lead nowhere.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, Service};

use super::name_servers::questions;
use super::services::{full_name, is_headless, pods, selector};
use super::{Diagnosis, Facts, gone, look, readiness, selectors, trial, workloads};
use crate::api::Pod;
use crate::cluster::{Did, Ending, LookupFailure};
use crate::diagnostic::{Location, counted, nearest};
use crate::network::DnsType;

/// The Service that a client's name means: `web`, `web.shop`, `web.shop.svc.cluster.local`.
pub(super) fn find<'a>(facts: &Facts<'a>, name: &str) -> Option<&'a Arc<Service>> {
    let mut labels = name.trim_end_matches('.').split('.');
    let service = labels.next()?;
    let own = facts.namespace();
    let namespace = labels.next().unwrap_or(&own);
    labels.next().is_none_or(|label| label == "svc").then_some(())?;
    let domain: Vec<&str> = labels.collect();
    (domain.is_empty() || domain == ["cluster", "local"]).then_some(())?;
    facts.case.cluster.objects().get::<Service>(namespace, service)
}

/// The name is a Service's, and the answer was that there is nobody.
pub(super) fn diagnose(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let service = find(facts, name)?;
    let spec = service.spec.as_ref()?;
    if spec.type_.as_deref() == Some("ExternalName") {
        return Some(alias(facts, service, spec.external_name.as_deref().unwrap_or(""), at));
    }
    if let Some(said) = other_family(facts, service, at.clone()) {
        return Some(said);
    }
    if is_headless(service) {
        return headless(facts, service, at);
    }
    unsearched(facts, service, name, at)
}

/// R7.5
pub(super) fn alias(
    facts: &Facts<'_>,
    service: &Service,
    target: &str,
    at: Option<Location>,
) -> Diagnosis {
    let (namespace, name) = full_name(service);
    let line = facts.locator.field("Service", namespace, name, "spec.externalName");
    let own = find(facts, target).is_some_and(|found| full_name(found) == (namespace, name));
    if !own && let Some(gone) = gone::named(facts, target) {
        let said = Diagnosis::new(
            "external-name-leads-nowhere",
            format!("{name} is only another name for {target}, which has been deleted"),
        );
        return gone.explain(said.look(["kubectl get services --all-namespaces".to_owned()]));
    }
    if let Some(said) = own_pods(facts, service, target) {
        return said;
    }
    let host = outside_name(facts, target);
    let meant = find(facts, target).filter(|_| !own);
    let meant = meant.or_else(|| near_target(facts, service, target).filter(|_| !own));
    let full = meant.map(|service| {
        let (namespace, name) = full_name(service);
        format!("{name}.{namespace}.svc.cluster.local")
    });
    let full = full.or(host);
    Diagnosis::new(
        "external-name-leads-nowhere",
        match own {
            true => format!("{name} is another name for itself ({target}), and so leads nowhere"),
            false => {
                format!("{name} is only another name for {target}, and nobody is called that")
            }
        },
    )
    .fact(format!("Service {name} has type ExternalName: DNS answers with the alias {target}"))
    .fact("an ExternalName has no cluster IP and no endpoints, and its ports are not heeded")
    .look([look::services(namespace)])
    .nearest(full.clone())
    .at(if full.is_some() && line.is_none() { None } else { line.clone().or(at) })
    .fix(match full {
        Some(full) if line.is_none() => format!(
            "kubectl patch service {name}{} -p '{{\"spec\":{{\"externalName\":\"{full}\"}}}}', and send again",
            look::in_namespace(namespace)
        ),
        Some(full) => format!(
            "write {full} into externalName: an alias leads to a whole name; apply, and send again"
        ),
        None => "write a name that exists into externalName, apply, and send again".to_owned(),
    })
}

/// An alias of itself, or of nobody, whose selector matches pods: it was to lead to them.
fn own_pods(facts: &Facts<'_>, service: &Service, target: &str) -> Option<Diagnosis> {
    let (namespace, name) = full_name(service);
    let found = find(facts, target);
    if found.is_some_and(|found| full_name(found) != (namespace, name)) {
        return None;
    }
    let (_, selected) = super::services::pods(facts, service);
    let wanted = super::services::selector(service)?;
    if selected.is_empty() || outside_name(facts, target).is_some() {
        return None;
    }
    let pods = counted(selected.len(), "pod");
    let line = |path: &str| facts.locator.field("Service", namespace, name, path);
    Some(
        Diagnosis::new(
            "external-name-leads-nowhere",
            format!("Service {name} is of type ExternalName, only another name for {target}, and so leads to none of its pods"),
        )
        .look([look::services(namespace)])
        .fact(format!("its selector {} matches {pods}, and counts for nothing with that type", super::selectors::shown(wanted)))
        .fact("an ExternalName has no cluster IP and no endpoints, and its ports are not heeded")
        .nearest(Some("type: ClusterIP".to_owned()))
        .at(line("spec.type"))
        .fix("write type: ClusterIP, take externalName out, apply, and send again"),
    )
}

/// The machine outside the cluster whose name is spelt alike, or that the goal wants to answer.
fn outside_name(facts: &Facts<'_>, target: &str) -> Option<String> {
    let machines: Vec<&str> = facts.case.cluster.network().names_outside().collect();
    let wanted = facts.case.goal.expect.served_by_host.clone();
    if wanted.is_some() {
        return wanted.filter(|name| name != target);
    }
    // Several are spelt alike: only one that differs in its domain alone, or in its own name alone, is meant.
    let (first, domain) = target.trim_end_matches('.').split_once('.')?;
    let mut same = machines.iter().filter_map(|name| {
        let (own, within) = name.split_once('.')?;
        let domain_differs = own == first && nearest(domain, [within]).is_some();
        let name_differs = within == domain && nearest(first, [own]).is_some();
        let slip = nearest(first, [own]).is_some() && nearest(domain, [within]).is_some();
        (domain_differs || name_differs || slip).then(|| (*name).to_owned())
    });
    same.next().filter(|_| same.next().is_none())
}

/// The Service of another namespace, or of a name that is spelt alike, that an alias may mean.
fn near_target<'a>(facts: &Facts<'a>, own: &Service, target: &str) -> Option<&'a Arc<Service>> {
    let mut labels = target.trim_end_matches('.').split('.');
    let (first, within) = (labels.next()?, labels.next());
    let inside = target.trim_end_matches('.').ends_with(".cluster.local") || within.is_none();
    let namespaces = facts.case.cluster.objects();
    let inside = inside || namespaces.get::<Namespace>("", within?).is_some();
    let all: Vec<&Arc<Service>> = facts.case.cluster.objects().list::<Service>(None).collect();
    let others: Vec<&Arc<Service>> =
        all.into_iter().filter(|service| full_name(service) != full_name(own)).collect();
    let close = nearest(first, others.iter().map(|service| full_name(service).1));
    let named = |name: &str| others.iter().find(|service| full_name(service).1 == name).copied();
    named(first).or_else(|| named(close?)).filter(|_| inside)
}

/// R13.2: the name has addresses, and none of the family that was asked for.
fn other_family(facts: &Facts<'_>, service: &Service, at: Option<Location>) -> Option<Diagnosis> {
    let has: Vec<&str> =
        service.spec.as_ref()?.ip_families.iter().flatten().map(String::as_str).collect();
    let other = facts
        .fetched
        .is_some_and(|fetched| matches!(fetched.ending, Ending::Name(LookupFailure::OtherFamily)));
    let [own] = has.as_slice() else { return None };
    if !other {
        return None;
    }
    let wanted = if *own == "IPv4" { "IPv6" } else { "IPv4" };
    let (namespace, name) = full_name(service);
    let line = |path: &str| facts.locator.field("Service", namespace, name, path);
    let spec = r#"{"ipFamilyPolicy":"PreferDualStack"}"#;
    let tried = trial::after(facts, &trial::patch(namespace, name, spec));
    let said = Diagnosis::new(
        "no-address-of-the-family",
        format!("Service {name} has an {own} address only, and the client asked for {wanted}"),
    )
    .look([look::yaml("service", namespace, name)])
    .fact(format!("ipFamilies of Service {name}: {own}"))
    .fact("DNS says that the name exists, and has no address of that family")
    .at(line("spec.ipFamilyPolicy").or_else(|| line("spec.ipFamilies")).or(at));
    Some(match tried {
        trial::Tried::Passes => said
            .nearest(Some("ipFamilyPolicy: PreferDualStack".to_owned()))
            .fix("write ipFamilyPolicy: PreferDualStack, apply, and send again"),
        _ => said.fix(format!("call it over {own}")),
    })
}

/// R8.3: without a ready endpoint the name of a headless Service does not exist.
fn headless(facts: &Facts<'_>, service: &Service, at: Option<Location>) -> Option<Diagnosis> {
    let (namespace, name) = full_name(service);
    let line = |path: &str| facts.locator.field("Service", namespace, name, path);
    let without = without_pods(facts, service, name, at.clone());
    if without.is_some() {
        return without;
    }
    let nearest = "publishNotReadyAddresses: true, if clients may meet them before they are ready";
    let (all, matching) = pods(facts, service);
    if matching.iter().any(|pod| pod.is_ready()) {
        return None;
    }
    let probe = matching.iter().find_map(|pod| Some((pod, readiness::closed_probe(facts, pod)?)));
    let (probed, fix) = match &probe {
        Some((pod, (port, at))) => (at.clone(), readiness::probe_at(facts, pod, *port)),
        None => (
            None,
            "see why the pods are not ready: kubectl describe pod names the probe or the container"
                .to_owned(),
        ),
    };
    let nearest = probe.is_none().then(|| nearest.to_owned());
    Some(
        without_name(name)
            .look([look::pods(namespace), look::endpoints(namespace, name)])
            .facts(selector(service).map(|wanted| {
                let (found, of) = (matching.len(), all.len());
                format!("selector {} matches {found} of {of} pods", selectors::shown(wanted))
            }))
            .facts(matching.iter().map(|pod| readiness::pod_line(pod)))
            .facts(matching.iter().filter_map(|pod| readiness::unhealthy(facts, pod)))
            .nearest(nearest)
            .at(probed.or_else(|| line("spec.selector")).or(at))
            .fix(fix),
    )
}

fn without_name(name: &str) -> Diagnosis {
    Diagnosis::new(
        "headless-without-endpoints",
        format!("Service {name} is headless and has no ready pod, so its name does not exist"),
    )
}

/// A Service whose own name, or a name below it, needs a pod: it selects none, or none that can run.
pub(super) fn without_pods(
    facts: &Facts<'_>,
    service: &Service,
    asked: &str,
    at: Option<Location>,
) -> Option<Diagnosis> {
    let (namespace, name) = full_name(service);
    let line = |path: &str| facts.locator.field("Service", namespace, name, path);
    let headless = is_headless(service);
    let code = if headless { "headless-without-endpoints" } else { "service-selects-nothing" };
    let message = match headless {
        true => without_name(name).message,
        false => {
            format!("Service {name} has no endpoints, so there is no name {asked} below its own")
        }
    };
    let Some(wanted) = selector(service) else {
        if let Some(said) = name_without_type(facts, service) {
            return Some(said);
        }
        return super::services::slices(facts, service).is_empty().then(|| {
            Diagnosis::new(code, message)
                .look([look::service(namespace, name), look::labels(namespace)])
                .fact("it has no selector, and no EndpointSlice")
                .at(line("spec").or(at))
                .fix("give it a selector with the pods' labels, and apply")
        });
    };
    let (_, matching) = pods(facts, service);
    if matching.is_empty() {
        return Some(selectors::nothing(facts, service, wanted, code, message));
    }
    workloads::trouble(facts, &matching)
}

/// Its externalName is there, and its type does not heed it (R7.5).
pub(super) fn name_without_type(facts: &Facts<'_>, service: &Service) -> Option<Diagnosis> {
    let spec = service.spec.as_ref()?;
    let target = spec.external_name.as_deref().filter(|target| !target.is_empty())?;
    let kind = spec.type_.as_deref().filter(|kind| *kind != "ExternalName")?;
    let (namespace, name) = full_name(service);
    let shown = look::shown_name(namespace, name);
    // An alias has no address, and may not say that it has none either.
    let instead = if is_headless(service) { " in place of clusterIP: None" } else { "" };
    Some(
        Diagnosis::new(
            "service-without-selector",
            format!(
                "Service {shown} has an externalName and is of type {kind}, which does not heed it"
            ),
        )
        .look([look::yaml("service", namespace, name)])
        .fact(format!(
            "externalName is {target}; only a Service of type ExternalName is another name"
        ))
        .nearest(Some("type: ExternalName".to_owned()))
        .at(facts.locator.field("Service", namespace, name, "spec.externalName"))
        .fix(format!("write type: ExternalName{instead}, apply, and send again")),
    )
}

/// The name was asked for as it stands, and no search domain was tried: BusyBox' nslookup does so with
/// any name that has a dot (R8.7), a C library with one that has as many dots as `ndots` says (R8.2).
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
    if facts.asked_whole() {
        return Some(
            not_searched(facts, name)
                .fact("a dot at the end says that the name is whole: nobody adds anything to it")
                .nearest(Some(plain.to_owned()))
                .at(at)
                .fix(format!("leave the last dot out: {plain}")),
        );
    }
    let fewer_dots = facts.ndots().filter(|ndots| plain.matches('.').count() as u64 >= *ndots);
    let (why, line) = match fewer_dots {
        Some(ndots) => (
            format!(
                "the pod's resolv.conf says ndots:{ndots}: a name with as many dots is asked for as it stands"
            ),
            facts.pod_line("spec.dnsConfig"),
        ),
        None => (
            "BusyBox' nslookup adds no search domain to a name with a dot; curl and wget do"
                .to_owned(),
            None,
        ),
    };
    // The line of the setting is shown: the line to write is then another one.
    let fix = match (&line, &at) {
        (Some(_), Some(asked)) => {
            format!("write {full} at {asked}, the name in full; or ask for more dots here")
        }
        _ => format!("write {full}, the name in full"),
    };
    Some(
        not_searched(facts, name)
            .fact(why)
            .look([look::services(namespace)])
            .nearest(Some(full.clone()))
            .at(line.or(at))
            .fix(format!("{fix}; apply, and send again")),
    )
}

fn not_searched(facts: &Facts<'_>, name: &str) -> Diagnosis {
    let place = facts.asking_place();
    Diagnosis::new(
        "name-was-not-searched",
        format!(
            "{name} was asked for as it is, without the search list, and DNS knows no such name"
        ),
    )
    .look(place.and_then(|place| look::inside(facts.case.cluster, &place, "cat /etc/resolv.conf")))
    .look(["kubectl get services --all-namespaces".to_owned()])
}

impl Facts<'_> {
    /// Whether the client was told the name with a dot at its end.
    fn asked_whole(&self) -> bool {
        if let Some(fetched) = self.fetched {
            return fetched.host.ends_with('.');
        }
        let last = self.case.run.and_then(|run| {
            run.deeds.iter().rev().find_map(|deed| match &deed.did {
                Did::NotResolved { name, .. } => Some(name),
                _ => None,
            })
        });
        last.is_some_and(|name| name.ends_with('.'))
    }

    /// Whether the client's pod has a name with so many dots asked for as it stands (`ndots`).
    fn asks_as_it_stands(&self, name: &str) -> bool {
        self.ndots().is_some_and(|ndots| name.matches('.').count() as u64 >= ndots)
    }

    /// The client's `ndots`, where its pod sets it.
    fn ndots(&self) -> Option<u64> {
        let (namespace, pod) = self.client_pod()?;
        let pod = self.case.cluster.objects().get::<Pod>(&namespace, &pod)?;
        let options = pod.spec.as_ref()?.dns_config.as_ref()?.options.as_ref()?;
        let option = options.iter().find(|option| option.name.as_deref() == Some("ndots"))?;
        option.value.as_deref()?.parse().ok()
    }

    /// The line of a field of the client's pod.
    fn pod_line(&self, path: &str) -> Option<Location> {
        let client = self.client_source()?;
        client.line(path)
    }
}

/// `default.catalogue`: the namespace stands before the Service.
pub(super) fn swapped(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let mut labels = name.split('.');
    let (namespace, service) = (labels.next()?, labels.next()?);
    facts.case.cluster.objects().get::<Service>(namespace, service)?;
    let right = format!("{service}.{namespace}");
    Some(
        nobody_called(name, at)
            .fact("the Service's name comes first, then its namespace")
            .nearest(Some(right.clone()))
            .fix(format!("write {right}, apply, and send again")),
    )
}

/// `backend.backend`: a Service's name, and behind it what is no namespace but a Service too. No pod is called so,
/// whose name below that Service it could be.
pub(super) fn service_as_namespace(
    facts: &Facts<'_>,
    name: &str,
    at: Option<&Location>,
) -> Option<Diagnosis> {
    let own = facts.namespace();
    let objects = facts.case.cluster.objects();
    let mut labels = name.split('.');
    let (first, second) = (labels.next()?, labels.next()?);
    objects.get::<Service>(&own, first)?;
    objects.get::<Service>(&own, second)?;
    if objects.get::<Namespace>("", second).is_some() || objects.get::<Pod>(&own, first).is_some() {
        return None;
    }
    misspelt(facts, name, at.cloned())
}

/// `http://default/catalogue`: a namespace stands where the Service's name belongs, and the Service perhaps
/// in the path.
pub(super) fn namespace_as_host(
    facts: &Facts<'_>,
    name: &str,
    at: Option<Location>,
) -> Option<Diagnosis> {
    let objects = facts.case.cluster.objects();
    objects.get::<Namespace>("", name)?;
    let said = nobody_called(name, at).fact(format!(
        "{name} is a namespace: a name begins with the Service, and the namespace comes after it"
    ));
    let path = facts.fetched.map_or("", |fetched| fetched.target.trim_start_matches('/'));
    let first = path.split(['/', '?']).next().unwrap_or("");
    let Some(service) = objects.get::<Service>(name, first) else {
        return Some(said.fix(format!(
            "write SERVICE.{name}, with the name of the Service that is meant; apply, and send again"
        )));
    };
    let short = format!("{}.{name}", full_name(service).1);
    let right = match facts.asks_as_it_stands(&short) {
        true => format!("{short}.svc.cluster.local"),
        false => short,
    };
    Some(
        said.fact(format!("there is a Service {first} in namespace {name}"))
            .nearest(Some(right.clone()))
            .fix(format!("write {right} instead of {name}/{first}, apply, and send again")),
    )
}

/// DNS knows no such name.
pub(super) fn unknown(name: &str) -> Diagnosis {
    Diagnosis::new("unknown-name", format!("DNS knows nobody called {name}"))
}

/// DNS knows no such name; the Services of all namespaces are the place to look.
pub(super) fn nobody_called(name: &str, at: Option<Location>) -> Diagnosis {
    unknown(name).look(["kubectl get services --all-namespaces".to_owned()]).at(at)
}

/// `catalogue.default.cluster.local`, `catalogue.lending`, `catalog.default`: a name with dots that is
/// near to a Service's, and none. Its parts are the Service, its namespace, `svc`, the cluster's domain.
pub(super) fn misspelt(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let mut labels = name.split('.');
    let (service, second) = (labels.next()?, labels.next()?);
    let objects = facts.case.cluster.objects();
    let services: Vec<(&str, &str)> =
        objects.list::<Service>(None).map(|service| full_name(service)).collect();
    let named = |label: &str| {
        let mut all = services.iter().filter(|(_, name)| *name == label);
        let same = all.clone().find(|(namespace, _)| *namespace == second);
        same.or_else(|| all.next()).copied()
    };
    let close = || nearest(service, services.iter().map(|(_, name)| *name));
    let (namespace, exact) = named(service).or_else(|| named(close()?))?;
    let is_namespace = objects.get::<Namespace>("", second).is_some();
    let short = match namespace == facts.namespace() && !is_namespace {
        true => exact.to_owned(),
        false => format!("{exact}.{namespace}"),
    };
    let right = match facts.asks_as_it_stands(&short) {
        true => format!("{exact}.{namespace}.svc.cluster.local"),
        false => short,
    };
    let svc = labels.next();
    let domain = labels.collect::<Vec<_>>().join(".");
    let fact = if exact != service {
        format!("there is a Service {exact} in namespace {namespace}, and none called {service}")
    } else if !is_namespace {
        format!("after the Service's name comes its namespace, and {second} is none")
    } else if second != namespace {
        format!(
            "namespace {second} has no Service {service}; there is one in namespace {namespace}"
        )
    } else if svc == Some("svc") {
        format!("the cluster's domain is cluster.local, and {domain} is another one")
    } else {
        format!(
            "the whole name is {exact}.{namespace}.svc.cluster.local: svc stands after the namespace"
        )
    };
    let said = nobody_called(name, at).fact(fact).nearest(Some(right.clone()));
    Some(said.fix(format!("write {right}, apply, and send again")))
}
