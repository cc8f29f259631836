//! Names that nobody knows.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{Namespace, Node, Service};

use super::look::{self, shown_name};
use super::services::{cluster_ip, is_headless, selector};
use super::{Diagnosis, Facts, gone, locate, name_servers, selectors, service_names, slips};
use crate::api::{Kind, LabelSelector, Labels, Pod};
use crate::cluster::{Did, Ending, ObjectName};
use crate::diagnostic::{Location, Position, counted, nearest};
use crate::network::{DnsData, Trace};

/// The name did not resolve, or resolved to one address where several were asked for.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    match &facts.unresolved {
        Some(name) => Some(unknown(facts, name)),
        None => one_virtual_ip(facts).or_else(|| ready_pods_alone(facts)),
    }
}

/// The name that the last request has not resolved: as its client knows it, or, for those that ask
/// name servers by themselves (nslookup, dig), as their questions tell it.
pub(super) fn unresolved(facts: &Facts<'_>) -> Option<String> {
    let run = facts.case.run?;
    let last = run.deeds.iter().rev().find_map(|deed| match &deed.did {
        // One that got an answer is not the one at fault, if another got none.
        Did::Fetched(fetched) if facts.fetched.is_none_or(|fault| fault == fetched) => {
            Some(match fetched.ending {
                Ending::Name(_) | Ending::SlowName => Some(slips::proxy(run, fetched)),
                _ => None,
            })
        }
        Did::NotResolved { name, .. } if facts.fetched.is_none_or(|fault| fault.host == *name) => {
            Some(Some(name.clone()))
        }
        _ => None,
    });
    if let Some(told) = last {
        return told.map(|name| name.trim_end_matches('.').to_owned());
    }
    let questions = name_servers::questions(facts);
    let found = questions.iter().filter_map(|trace| trace.dns.as_ref()?.answer.as_ref());
    let found = found.into_iter().any(|answer| !answer.records.is_empty());
    if facts.connection.is_some() || found {
        return None;
    }
    name_servers::asked_name(&questions)
}

fn unknown(facts: &Facts<'_>, name: &str) -> Diagnosis {
    let at = || facts.dialled_at(&[name.to_owned()], None, facts.fetched.map_or(0, |f| f.port));
    if let Some(said) = name_servers::unanswered(facts, name, at()) {
        return said;
    }
    name_servers::outside(facts, name, at())
        .or_else(|| slips::by_proxy(facts, name))
        .or_else(|| slips::misspelt_alias(facts, name))
        .or_else(|| container_name(facts, name, at()))
        .or_else(|| name_servers::elsewhere(facts, name, at()))
        .or_else(|| service_names::diagnose(facts, name, at()))
        .or_else(|| service_names::swapped(facts, name, at()))
        .or_else(|| service_names::namespace_as_host(facts, name, at()))
        .or_else(|| deleted_service(facts, name))
        .or_else(|| node_name(facts, name, at()))
        .or_else(|| service_names::service_as_namespace(facts, name, at().as_ref()))
        .or_else(|| pod_below_service(facts, name, at()))
        .or_else(|| below_nothing(facts, name, at()))
        .or_else(|| service_names::misspelt(facts, name, at()))
        .or_else(|| pod_name(facts, name, at()))
        .or_else(|| other_namespace(facts, name, at()))
        .unwrap_or_else(|| nobody(facts, name, at()))
}

fn container_name(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let (namespace, pod_name) = facts.client_pod()?;
    let pod = facts.case.cluster.objects().get::<Pod>(&namespace, &pod_name)?;
    let containers = &pod.spec.as_ref()?.containers;
    // `multi.nginx`: the pod's own name before the container's.
    let behind = name.strip_prefix(pod_name.as_str()).and_then(|rest| rest.strip_prefix('.'));
    let behind = behind.filter(|rest| service_names::find(facts, rest).is_none());
    let container = containers
        .iter()
        .find(|container| container.name == name || Some(container.name.as_str()) == behind)?;
    let own = &container.name;
    let image = container.image.as_deref().unwrap_or("?");
    Some(
        Diagnosis::new(
            "container-name-is-no-host",
            format!("DNS knows nobody called {name}: {own} is a container's name, and containers are not in DNS"),
        )
        .look([look::describe("pod", &namespace, &pod_name), look::services(&namespace)])
        .fact(format!("{own} is a container of pod {pod_name}, image {image}"))
        .fact("all containers of a pod share its IP address and its loopback device")
        .at(at)
        .fix(format!("write localhost instead of {name}, apply, and send again")),
    )
}

/// `db-0.db`: a pod's name below a Service's.
fn pod_below_service(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let (pod_label, service) = below_service(facts, name)?;
    let (namespace, service_name) = super::services::full_name(service);
    let said = Diagnosis::new("no-name-for-pod", format!("DNS has no name {name}"))
        .look([look::services(namespace), look::endpoints(namespace, service_name)]);
    let spec = service.spec.as_ref();
    if spec.and_then(|spec| spec.type_.as_deref()) == Some("ExternalName") {
        return Some(
            said.fact(format!("Service {service_name} is of type ExternalName: another name, with no names of pods below it"))
                .at(facts.locator.field("Service", namespace, service_name, "spec.type").or(at))
                .fix(format!("write clusterIP: None in Service {service_name} in place of type and externalName, apply, and send again")),
        );
    }
    // Without pods that it selects, no name of the Service has an address.
    if let Some(said) = service_names::without_pods(facts, service, name, at) {
        return Some(said);
    }
    let objects = facts.case.cluster.objects();
    let stored = objects.get::<Pod>(namespace, pod_label);
    if let (Some(pod), Some(wanted)) = (stored, selector(service))
        && !LabelSelector::equalities(wanted).matches(pod.metadata.labels.as_ref())
    {
        return Some(not_selected(facts, said, service, (wanted, pod)));
    }
    let set = objects.list::<StatefulSet>(Some(namespace)).find(|set| {
        let prefix = format!("{}-", set.metadata.name.as_deref().unwrap_or(""));
        pod_label.strip_prefix(&prefix).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    });
    let Some(set) = set else { return Some(no_stateful_set(facts, said, service, pod_label)) };
    let governing = set.spec.as_ref().and_then(|spec| spec.service_name.as_deref()).unwrap_or("");
    if governing == service_name {
        return Some(missing_peer(facts, said, (namespace, set), pod_label));
    }
    Some(other_governing(facts, said, (namespace, set), (governing, service_name), pod_label))
}

/// The StatefulSet names another Service than the one below which the name stands.
fn other_governing(
    facts: &Facts<'_>,
    said: Diagnosis,
    (namespace, set): (&str, &StatefulSet),
    (governing, service_name): (&str, &str),
    pod_label: &str,
) -> Diagnosis {
    let set_name = set.metadata.name.as_deref().unwrap_or("");
    let facts_of_it = match governing {
        "" => [
            format!("StatefulSet {set_name} names no Service: serviceName is empty"),
            "so its pods have no names below any".to_owned(),
        ],
        _ => [
            format!("StatefulSet {set_name} names Service {governing:?} in serviceName"),
            format!("so its pods' names would be {pod_label}.{governing}"),
        ],
    };
    let place = look::in_namespace(namespace);
    let said = said
        .look([format!("kubectl get statefulset {set_name} -o yaml{place}")])
        .facts(facts_of_it)
        .at(facts.locator.field("StatefulSet", namespace, set_name, "spec.serviceName"));
    // A file that says it already was not taken.
    let own = facts.locator.source("StatefulSet", namespace, set_name);
    match own.filter(|own| own.text("/spec/serviceName") == Some(service_name)) {
        Some(own) => said.fix(format!(
            "kubectl replace --force -f {} deletes the StatefulSet and makes it anew: it keeps its serviceName for life",
            own.document.file
        )),
        None => said.nearest(Some(format!("serviceName: {service_name}"))).fix(format!(
            "write serviceName: {service_name}; a StatefulSet keeps it for life, so delete it and apply it again"
        )),
    }
}

/// There is a pod of that name, and the Service's selector does not mean it (R8.4).
fn not_selected(
    facts: &Facts<'_>,
    said: Diagnosis,
    service: &Service,
    (wanted, pod): (&Labels, &Arc<Pod>),
) -> Diagnosis {
    let (namespace, name) = super::services::full_name(service);
    let own_to_one = selectors::own_to_one(wanted, pod);
    let near = match own_to_one {
        Some(key) => selectors::shared(key, pod),
        None => selectors::near(wanted, &[pod], name),
    };
    let path = near.key.as_deref().map_or_else(|| "spec.selector".to_owned(), selectors::path);
    let at = facts.locator.field("Service", namespace, name, &path);
    let instead = own_to_one.map_or_else(String::new, |key| format!(" instead of {key}"));
    let fix = match &near.instead {
        Some(label) => {
            format!("write {label}{instead} in the selector{}", selectors::in_file(at.as_ref()))
        }
        None => "let the selector match the pod".to_owned(),
    };
    let pod_name = pod.metadata.name.as_deref().unwrap_or("");
    said.look([look::labels(namespace)])
        .fact(format!(
            "selector {} of Service {name} does not match pod {pod_name}, which has {}",
            selectors::shown(wanted),
            selectors::shown(&selectors::own_labels(pod, wanted))
        ))
        .fact("a Service has names for the pods that it selects, and for no others")
        .facts(own_to_one.map(|key| format!("no two pods have the same {key}")))
        .nearest(near.said)
        .at(at)
        .fix(format!("{fix}, apply, and send again"))
}

/// The Service and the label before it in `db-0.db` or `db-0.db.shop`.
pub(super) fn below_service<'a, 'n>(
    facts: &Facts<'a>,
    name: &'n str,
) -> Option<(&'n str, &'a Arc<Service>)> {
    let (pod_label, rest) = name.split_once('.')?;
    Some((pod_label, service_names::find(facts, rest)?))
}

/// The StatefulSet and the Service fit each other: the one pod is missing or not ready.
fn missing_peer(
    facts: &Facts<'_>,
    said: Diagnosis,
    (namespace, set): (&str, &StatefulSet),
    pod: &str,
) -> Diagnosis {
    let set_name = set.metadata.name.as_deref().unwrap_or("");
    let objects = facts.case.cluster.objects();
    let line = |path: &str| facts.locator.field("StatefulSet", namespace, set_name, path);
    let said = said.look([look::pods(namespace)]).at(line("spec.replicas"));
    let Some(stored) = objects.get::<Pod>(namespace, pod) else {
        return absent_peer(facts, said, (namespace, set_name, set), pod);
    };
    let said = said.fact(super::readiness::pod_line(stored));
    let revision = stored.metadata.labels.iter().flatten();
    let revision =
        revision.filter(|(key, _)| *key == "controller-revision-hash").map(|(_, own)| own);
    let update = set.status.as_ref().and_then(|status| status.update_revision.as_ref());
    if !stored.is_ready() && revision.into_iter().next().is_some_and(|own| Some(own) != update) {
        return super::readiness::older_peer(facts, said, (namespace, stored), pod);
    }
    if stored.is_ready() {
        return said
            .look([format!("kubectl get statefulset {set_name}{}", look::in_namespace(namespace))])
            .fact("a pod's name is there when the pod is ready: it is ready now")
            .at(None)
            .fix("send again: the pod has become ready since");
    }
    let said = said
        .look([look::describe("pod", namespace, pod)])
        .facts(super::readiness::unhealthy(facts, stored))
        .fact("only ready pods have names, unless the Service says publishNotReadyAddresses");
    match super::readiness::closed_probe(facts, stored) {
        Some((port, at)) => said
            .at(at.or_else(|| line("spec.template")))
            .fix(super::readiness::probe_at(facts, stored, port)),
        None => said
            .at(line("spec.template"))
            .fix(format!("see why pod {pod} is not ready: kubectl describe pod {pod}")),
    }
}

/// The StatefulSet has not made the pod: it keeps fewer, or waits for one before it.
fn absent_peer(
    facts: &Facts<'_>,
    said: Diagnosis,
    (namespace, set_name, set): (&str, &str, &StatefulSet),
    pod: &str,
) -> Diagnosis {
    let objects = facts.case.cluster.objects();
    let wanted = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let said = said.fact(format!("there is no pod {pod}"));
    if i64::from(wanted) <= ordinal(pod) {
        return said.fix(format!(
            "let StatefulSet {set_name} have {} replicas, so that there is a {pod}",
            ordinal(pod) + 1
        ));
    }
    let start = set.spec.as_ref().and_then(|spec| spec.ordinals.as_ref()?.start).unwrap_or(0);
    if i64::from(start) > ordinal(pod) {
        let path = "spec.ordinals.start";
        return said
            .fact(format!("StatefulSet {set_name} numbers its pods from {start} on"))
            .at(facts.locator.field("StatefulSet", namespace, set_name, path))
            .fix("take ordinals out, or begin at 0; apply, and send again");
    }
    let lower = (0..ordinal(pod)).map(|number| format!("{set_name}-{number}"));
    let mut lower = lower.filter_map(|name| objects.get::<Pod>(namespace, &name));
    let waited_for = lower.find(|pod| !pod.is_ready());
    let Some(first) = waited_for else {
        return said.fix(format!("kubectl describe statefulset {set_name} says why it is missing"));
    };
    let first_name = first.metadata.name.as_deref().unwrap_or("");
    let (probed, fix) = match super::readiness::closed_probe(facts, first) {
        Some((port, at)) => (at, super::readiness::probe_at(facts, first, port)),
        None => (
            None,
            format!(
                "let pod {first_name} become ready: kubectl describe pod {first_name} says why it is not"
            ),
        ),
    };
    said.look([look::describe("pod", namespace, first_name)])
        .fact(super::readiness::pod_line(first))
        .fact("a StatefulSet makes its pods one after the other, each when the one before is ready")
        .facts(super::readiness::unhealthy(facts, first))
        .at(probed
            .or_else(|| facts.locator.field("StatefulSet", namespace, set_name, "spec.template")))
        .fix(fix)
}

/// The number at the end of a StatefulSet's pod's name.
fn ordinal(pod: &str) -> i64 {
    pod.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// No StatefulSet makes pods of that name.
fn no_stateful_set(
    facts: &Facts<'_>,
    said: Diagnosis,
    service: &Service,
    pod_label: &str,
) -> Diagnosis {
    let (namespace, service_name) = super::services::full_name(service);
    let selected = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    let sources = facts.locator.sources();
    let maker = sources.iter().find(|source| {
        let labels = source.value.pointer("/spec/template/metadata/labels");
        selected.is_some_and(|selected| {
            selected.iter().all(|(key, value)| {
                labels.and_then(|l| l.get(key)).and_then(|l| l.as_str()) == Some(value)
            })
        })
    });
    let said = said.fact(format!("no pod is called {pod_label} and has subdomain {service_name}"));
    if let Some(source) = maker
        && source.kind() == Some(Kind::StatefulSet)
    {
        return set_is_gone(facts, said, source, pod_label);
    }
    let (_, matching) = super::services::pods(facts, service);
    let kind = match maker.and_then(|source| source.text("/kind")) {
        Some(kind) => kind.to_owned(),
        None => matching.first().map_or_else(
            || "Pod".to_owned(),
            |pod| super::owners::maker(facts, pod).0.info().name.to_owned(),
        ),
    };
    if kind == "Pod" {
        return of_a_bare_pod(facts, said, (namespace, service), pod_label);
    }
    if kind == "DaemonSet" {
        return said
            .fact("pods of a DaemonSet have no names in DNS that could be known before")
            .at(maker.and_then(|source| locate::at(source, "kind")))
            .fix(format!("call Service {service_name} by its own name, or a pod by its address"));
    }
    said.fact(format!("pods of a {kind} have no names in DNS; pods of a StatefulSet do"))
        .at(maker.and_then(|source| locate::at(source, "kind")))
        .fix(format!(
            "make it a StatefulSet with serviceName: {service_name}, and delete the {kind}"
        ))
}

/// The player's file has a StatefulSet whose pods the Service selects, and none of its pods is called so.
fn set_is_gone(
    facts: &Facts<'_>,
    said: Diagnosis,
    source: &crate::level::source::Source<'_>,
    pod_label: &str,
) -> Diagnosis {
    let name = source.name();
    let said = said.at(locate::at(source, "metadata.name"));
    let file = &source.document.file;
    let stored = facts.case.cluster.objects().get::<StatefulSet>(source.namespace(), name);
    match stored {
        None => said
            .fact(format!("there is no StatefulSet {name} in the cluster, which {file} describes"))
            .fix(format!("kubectl apply -f {file}, and send again")),
        Some(_) => said
            .fact(format!("pods of StatefulSet {name} are called {name}-0, {name}-1 and so on"))
            .fix(format!("call one of these, or let the StatefulSet have the name that {pod_label} begins with")),
    }
}

/// A pod that no controller made has a name below a headless Service if it says so itself (R8.4).
fn of_a_bare_pod(
    facts: &Facts<'_>,
    said: Diagnosis,
    (namespace, service): (&str, &Service),
    pod_label: &str,
) -> Diagnosis {
    let (_, name) = super::services::full_name(service);
    let said = said.fact("a pod has a name below a headless Service if it has hostname and subdomain: those of a StatefulSet do");
    let Some(_) = facts.case.cluster.objects().get::<Pod>(namespace, pod_label) else {
        return said.fix(format!("call Service {name} by its own name"));
    };
    if facts.client_pod().is_some_and(|(_, client)| client == pod_label) {
        return said
            .fact(format!("{pod_label} is the pod that asks itself"))
            .fix("write localhost: that is the pod itself");
    }
    let headless = match is_headless(service) {
        true => String::new(),
        false => format!(", let Service {name} be headless (clusterIP: None)"),
    };
    said.fix(format!(
        "write hostname: {pod_label} and subdomain: {name} into pod {pod_label}{headless}, and make it anew; or call Service {name} by its own name"
    ))
}

/// `db-0.db`, where no Service is called db.
fn below_nothing(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let (first, rest) = name.split_once('.')?;
    let governing = rest.split('.').next()?;
    let namespace = facts.namespace();
    let own = rest == governing || rest.strip_prefix(&format!("{governing}.{namespace}")).is_some();
    let objects = facts.case.cluster.objects();
    // `web.default`: somebody takes a pod's name for a Service's.
    let is_namespace = objects.get::<Namespace>("", governing).is_some();
    objects.get::<Pod>(&namespace, first).filter(|_| own && !is_namespace)?;
    let object = ObjectName { kind: Kind::Service, namespace, name: governing.to_owned() };
    Some(no_service(facts, name, &object, at))
}

/// There is no Service of this name.
fn no_service(
    facts: &Facts<'_>,
    name: &str,
    object: &ObjectName,
    at: Option<Location>,
) -> Diagnosis {
    let shown = shown_name(&object.namespace, &object.name);
    let there = facts.case.cluster.objects().get::<Service>(&object.namespace, &object.name);
    if there.is_some() {
        return Diagnosis::new("unknown-name", format!("DNS gave the client no address for {name}"))
            .look([look::service(&object.namespace, &object.name)])
            .look([COREFILE.to_owned(), look::pods("kube-system")])
            .fact(format!("there is a Service {shown}: the cluster's DNS does not tell its address"))
            .fact(name_servers::cluster_zones(facts))
            .fact("CoreDNS answers for the cluster's names by its plugin kubernetes, which the Corefile names")
            .at(facts.locator.field("ConfigMap", "kube-system", "coredns", "data.Corefile").or(at))
            .fix("let a server block of the Corefile for the cluster's names say kubernetes cluster.local, and let CoreDNS read it: kubectl rollout restart deployment coredns -n kube-system");
    }
    let said = Diagnosis::new(
        "unknown-name",
        format!("DNS knows nobody called {name}: there is no Service {shown}"),
    )
    .look([look::services(&object.namespace)])
    .fact(services_line(facts, &object.namespace));
    let source = facts.locator.object(object);
    let governed = facts.locator.sources().into_iter().find(|source| {
        source.text("/spec/serviceName") == Some(&object.name)
            && source.namespace() == object.namespace
    });
    let selects = objects_by_selector(facts, object);
    if let (Some(other), None) = (&selects, &source) {
        return said
            .fact(format!("Service {other} selects pods with the value {}", object.name))
            .nearest(Some(format!("Service {other}")))
            .at(facts.locator.field("Service", &object.namespace, other, "metadata.name").or(at))
            .fix(match facts.goal_says(&object.name) {
                true => {
                    format!("let Service {other} be called {}, apply, and send again", object.name)
                }
                false => format!("call {other}, or let the Service be called {}", object.name),
            });
    }
    if !object.name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return said
            .facts(facts.fetched.map(|fetched| format!("the client was given {}", fetched.url)))
            .at(at)
            .fix("write a name or an address there: this is neither");
    }
    let at = source
        .as_ref()
        .and_then(|source| locate::at(source, "metadata.name"))
        .or_else(|| locate::at(governed.as_ref()?, "spec.serviceName"))
        .or(at);
    match gone::of(facts, object) {
        Some(gone) => gone.explain(said),
        None => {
            said.at(at).fix(format!("make a Service called {} that selects the pods", object.name))
        }
    }
}

/// The Service that the name means was there, and has been deleted since.
fn deleted_service(facts: &Facts<'_>, name: &str) -> Option<Diagnosis> {
    // One of its name in another namespace is told of first.
    let first = name.split('.').next();
    let mut there = facts.case.cluster.objects().list::<Service>(None);
    if there.any(|service| service.metadata.name.as_deref() == first) {
        return None;
    }
    let gone = gone::named(facts, name)?;
    Some(gone.explain(service_names::nobody_called(name, None)))
}

/// A node's name, which pods can't look up (R8.1).
fn node_name(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let node = facts.case.cluster.objects().get::<Node>("", name)?;
    let addresses = node.status.as_ref().and_then(|status| status.addresses.as_ref());
    let address = addresses.into_iter().flatten().find(|one| one.type_ == "InternalIP");
    let client = facts.client_source();
    let given = client.as_ref().and_then(|client| {
        let containers = client.pod()?.pointer("/spec/containers")?.as_array()?.iter().enumerate();
        containers.into_iter().find_map(|(index, container)| {
            let mut list = container["env"].as_array().into_iter().flatten();
            let field = |entry: &serde_json::Value| {
                entry
                    .pointer("/valueFrom/fieldRef/fieldPath")
                    .and_then(|path| path.as_str())
                    .map(str::to_owned)
            };
            let number = list.position(|entry| field(entry).as_deref() == Some("spec.nodeName"))?;
            let path =
                format!("spec.containers[{index}].env[{number}].valueFrom.fieldRef.fieldPath");
            client.line(&path)
        })
    });
    let said = Diagnosis::new(
        "unknown-name",
        format!("DNS knows nobody called {name}: that is a node, and DNS has no names of nodes"),
    )
    .look([look::nodes()])
    .facts(address.map(|one| format!("{name} has the address {}", one.address)));
    Some(match given {
        Some(line) => said
            .nearest(Some("fieldPath: status.hostIP".to_owned()))
            .at(Some(line))
            .fix("call the node by its address: fieldPath: status.hostIP gives it, where a pod has its port by hostPort; or call a Service by its name"),
        None => {
            let said = said.at(at);
            facts.call_the_wanted(&said).unwrap_or_else(|| {
                said.fix(format!("dial the address of {name}, where it has the port; or call a Service by its name"))
            })
        }
    })
}

/// A Service of another name whose selector asks for pods that are called so.
fn objects_by_selector(facts: &Facts<'_>, object: &ObjectName) -> Option<String> {
    let mut services = facts.case.cluster.objects().list::<Service>(Some(&object.namespace));
    let service = services.find(|service| {
        let labels = selector(service).into_iter().flatten();
        labels.into_iter().any(|(_, value)| *value == object.name)
    })?;
    service.metadata.name.clone()
}

fn services_line(facts: &Facts<'_>, namespace: &str) -> String {
    let services = facts.case.cluster.objects().list::<Service>(Some(namespace));
    let names: Vec<&str> = services.filter_map(|s| s.metadata.name.as_deref()).collect();
    match names.is_empty() {
        true => format!("there is no Service in namespace {namespace}"),
        false => format!("Services in namespace {namespace}: {}", names.join(", ")),
    }
}

/// The name stands in a list over which the player's script goes: where it calls it by its variable, and what
/// the script has looked up and could call in its place.
fn called_by_a_variable(
    facts: &Facts<'_>,
    name: &str,
    listed: Option<&Location>,
) -> Option<(Location, String)> {
    let listed = listed?;
    let text = String::from_utf8_lossy(facts.case.files.get(&*listed.file)?).into_owned();
    let head = facts.locator.line(listed)?.trim_start().strip_prefix("for ")?.to_owned();
    let (variable, list) = head.split_once(" in ")?;
    locate::whole_word(list, name)?;
    let variable = variable.trim();
    let uses = |line: &str, name: &str| {
        [format!("${name}"), format!("${{{name}}}")]
            .iter()
            .find_map(|word| locate::whole_word(line, word))
    };
    let calls = |line: &str| {
        let column = uses(line, variable)?;
        let asks =
            super::commands::CLIENTS.iter().any(|one| locate::whole_word(line, one).is_some());
        (asks && !line.trim_start().starts_with('#')).then_some(column)
    };
    let (number, column) =
        (1..).zip(text.lines()).find_map(|(number, line)| Some((number, calls(line)?)))?;
    let at = Location { file: listed.file.clone(), position: Position::new(number, column) };
    // Something that is set from the variable, and that nothing uses.
    let unused = text.lines().find_map(|line| {
        let (own, value) = line.trim().split_once('=')?;
        let plain = !own.is_empty() && own.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let made = plain && uses(value, variable).is_some();
        (made && !text.lines().any(|line| uses(line, own).is_some())).then(|| own.to_owned())
    });
    let fix = match unused {
        Some(own) => format!(
            "call ${own}, which the script has looked up, instead of ${variable}; and send again"
        ),
        None => format!(
            "call each pod by its address, which kubectl get pod ${variable} -o jsonpath={{.status.podIP}} tells; or by the name of a Service"
        ),
    };
    Some((at, fix))
}

fn pod_name(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let first = name.split('.').next()?;
    let namespace = facts.namespace();
    let pod = facts.case.cluster.objects().get::<Pod>(&namespace, first)?;
    let address = pod.status.as_ref().and_then(|status| status.pod_ip.as_deref());
    if let Some((line, fix)) = called_by_a_variable(facts, name, at.as_ref()) {
        return Some(
            Diagnosis::new(
                "pod-name-is-no-host",
                format!("DNS knows nobody called {name}: {first} is a pod, and plain pods are not in DNS"),
            )
            .look([look::pods(&namespace)])
            .facts(address.map(|address| format!("pod {first} has the address {address}")))
            .at(Some(line))
            .fix(fix),
        );
    }
    // An own address is another one as soon as the pod is made anew.
    let own = facts.client_pod().is_some_and(|client| client == (namespace.clone(), first.into()));
    let fix = match address {
        _ if own => format!("write localhost instead of {name}, apply, and send again"),
        Some(address) => format!("write {address} instead of {name}, apply, and send again"),
        None => format!("give pod {first} a Service, and call it by the Service's name"),
    };
    let nearest = match own {
        true => Some("localhost: it asks its own pod".to_owned()),
        false => address.map(|address| format!("its address, {address}")),
    };
    Some(
        Diagnosis::new(
            "pod-name-is-no-host",
            format!(
                "DNS knows nobody called {name}: {first} is a pod, and plain pods are not in DNS"
            ),
        )
        .look([look::pods(&namespace), look::services(&namespace)])
        .facts(address.map(|address| format!("pod {first} has the address {address}")))
        .nearest(nearest)
        .at(at)
        .fix(fix),
    )
}

fn other_namespace(facts: &Facts<'_>, name: &str, mention: Option<Location>) -> Option<Diagnosis> {
    let first = name;
    let own = facts.namespace();
    let services = facts.case.cluster.objects();
    let service = services.list::<Service>(None).find(|service| {
        service.metadata.name.as_deref() == Some(first)
            && service.metadata.namespace.as_deref() != Some(own.as_str())
    })?;
    let namespace = service.metadata.namespace.as_deref().unwrap_or("");
    let line = facts.locator.field("Service", namespace, first, "metadata.namespace");
    let pods =
        service.spec.as_ref().and_then(|spec| spec.selector.as_ref()).is_some_and(|wanted| {
            let wanted = LabelSelector::equalities(wanted);
            let mut pods = services.list::<Pod>(Some(namespace));
            pods.any(|pod| wanted.matches(pod.metadata.labels.as_ref()))
        });
    let (at, fix) = match pods {
        true if facts.goal_says(first) => (
            line.or(mention),
            format!(
                "make a Service {first} in namespace {own} that is another name for it (type: ExternalName, externalName: {first}.{namespace}.svc.cluster.local)"
            ),
        ),
        true => (mention.or(line), format!("call it {first}.{namespace}")),
        false => {
            (line.or(mention), format!("move the Service to namespace {own}, where its pods are"))
        }
    };
    Some(
        Diagnosis::new(
            "service-in-other-namespace",
            format!("DNS knows nobody called {name} in namespace {own}"),
        )
        .look(["kubectl get services --all-namespaces".to_owned()])
        .fact(format!("there is a Service {first}, but in namespace {namespace}"))
        .fact("a short name is looked up in the caller's own namespace")
        .nearest(Some(format!("{first}.{namespace}")))
        .at(at)
        .fix(fix),
    )
}

fn nobody(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Diagnosis {
    let namespace = facts.namespace();
    let services = facts.case.cluster.objects().list::<Service>(Some(&namespace));
    let names: Vec<&str> = services.filter_map(|s| s.metadata.name.as_deref()).collect();
    let first = name.split('.').next().unwrap_or(name);
    if let Some(said) = slips::diagnose(facts, name, at.as_ref()) {
        return said;
    }
    let Some(close) = nearest(first, names.iter().copied()) else {
        if let Some(said) = slips::own_name(facts, name, at.as_ref()) {
            return said;
        }
        let slip = slips::other_separator(facts, name, at.as_ref())
            .or_else(|| slips::field_for_host(facts, name, at.as_ref()));
        if let Some(said) = slip {
            return said;
        }
        if name.contains('.') {
            return Diagnosis::new("unknown-name", format!("DNS knows nobody called {name}"))
                .look([look::services(&namespace)])
                .fact(services_line(facts, &namespace))
                .at(at)
                .fact("a Service's name is one word; with its namespace it is SERVICE.NAMESPACE")
                .fix("write the name of a Service that there is");
        }
        let object = ObjectName { kind: Kind::Service, namespace, name: name.to_owned() };
        return no_service(facts, name, &object, at);
    };
    let instead = name.replacen(first, close, 1);
    let said = Diagnosis::new("unknown-name", format!("DNS knows nobody called {name}"))
        .look([look::services(&namespace)])
        .fact(services_line(facts, &namespace))
        .nearest(Some(format!("there is a Service {close}")));
    // Who calls is the goal's business then, and how the Service is called the player's.
    if facts.goal_says(name) {
        return said
            .at(facts.locator.field("Service", &namespace, close, "metadata.name").or(at))
            .fix(format!("call the Service {first} instead of {close}, apply, and send again"));
    }
    said.at(at).fix(format!("write {instead} instead of {name}, apply, and send again"))
}

/// A headless Service's name was looked up, and means fewer pods than the goal wants.
fn ready_pods_alone(facts: &Facts<'_>) -> Option<Diagnosis> {
    facts.case.run?.miss.as_ref()?;
    if facts.connection.is_some() || facts.fetched.is_some() {
        return None;
    }
    let name = name_servers::asked_name(&name_servers::questions(facts))?;
    let service = service_names::find(facts, &name)?;
    let target = service.spec.as_ref().and_then(|spec| spec.external_name.as_deref());
    if let Some(target) = target
        && service_names::find(facts, target).is_none()
    {
        return Some(service_names::alias(facts, service, target, None));
    }
    if !is_headless(service) {
        return None;
    }
    let (namespace, service_name) = super::services::full_name(service);
    let (all, matching) = super::services::pods(facts, service);
    let ready = matching.iter().filter(|pod| pod.is_ready()).count();
    let waiting = matching.iter().filter(|pod| !pod.is_ready());
    let sources = facts.locator.sources();
    let set = sources.iter().find(|source| {
        source.text("/spec/serviceName") == Some(service_name) && source.namespace() == namespace
    });
    let said = Diagnosis::new(
        "headless-lists-ready-pods",
        format!(
            "DNS answers {name} with {}: one for each ready pod of Service {service_name}",
            counted(ready, "address")
        ),
    )
    .look([look::endpoints(namespace, service_name), look::pods(namespace)]);
    if let Some(said) = of_nodes(&matching, set, &said) {
        return Some(said);
    }
    if let Some(wanted) = selector(service)
        && let Some(pod) = left_out(facts, &all, &matching)
    {
        return Some(not_selected(facts, said, service, (wanted, pod)));
    }
    let at = set.and_then(|set| locate::at(set, "spec.replicas"));
    let fix = match ready == matching.len() {
        true => "let there be as many pods as are wanted: spec.replicas says how many".to_owned(),
        false => "see why not all pods are ready: kubectl describe pod names the reason".to_owned(),
    };
    Some(
        said.fact(format!(
            "Service {service_name} selects {}, {ready} of them ready",
            counted(matching.len(), "pod")
        ))
        .facts(waiting.map(|pod| super::readiness::pod_line(pod)))
        .at(at.or_else(|| facts.locator.field("Service", namespace, service_name, "spec.selector")))
        .fix(fix),
    )
}

/// A pod that was made by whoever made the selected ones, and is not selected.
fn left_out<'p, 'a>(
    facts: &Facts<'_>,
    all: &'p [&'a Arc<Pod>],
    selected: &[&'a Arc<Pod>],
) -> Option<&'p &'a Arc<Pod>> {
    let maker = super::owners::maker(facts, selected.first()?);
    all.iter().find(|pod| {
        !selected.iter().any(|one| Arc::ptr_eq(one, pod))
            && maker.0 != Kind::Pod
            && super::owners::maker(facts, pod) == maker
    })
}

/// The addresses are those of nodes: the pods are on their nodes' network.
fn of_nodes(
    pods: &[&Arc<Pod>],
    set: Option<&crate::level::source::Source<'_>>,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let host = |pod: &Pod| pod.spec.as_ref().and_then(|spec| spec.host_network) == Some(true);
    let pod = pods.iter().find(|pod| host(pod))?;
    let name = pod.metadata.name.as_deref()?;
    Some(
        said.clone()
            .fact(format!(
                "pod {name} says hostNetwork: true, and has its node's address and ports"
            ))
            .nearest(Some("hostNetwork: false".to_owned()))
            .at(set.and_then(|set| locate::at(set, "spec.template.spec.hostNetwork")))
            .fix("take hostNetwork out, apply, and send again"),
    )
}

/// Shows what CoreDNS is told.
const COREFILE: &str = "kubectl get configmap coredns -n kube-system -o yaml";

fn make_headless(service: &str) -> String {
    format!(
        "write clusterIP: None; a Service keeps its cluster IP for life, so delete Service {service} and apply it again"
    )
}

/// A name was looked up that means one virtual address, and nothing was dialled: the goal wanted the
/// pods' own.
fn one_virtual_ip(facts: &Facts<'_>) -> Option<Diagnosis> {
    let run = facts.case.run?;
    run.miss.as_ref()?;
    let last = run.traces.last().and_then(|id| facts.case.cluster.trace(*id))?;
    if last.dns.is_none() || facts.case.goal.traffic.is_some() {
        return None;
    }
    let questions = name_servers::questions(facts);
    // What was asked before the last connection was asked for its sake.
    let since = facts.connection.map(|connection| connection.id);
    let questions = questions.into_iter().filter(|one| Some(one.id) > since);
    let questions: Vec<&Trace> = questions.collect();
    let records = questions.iter().filter_map(|trace| trace.dns.as_ref()?.answer.as_ref());
    let records: Vec<&DnsData> =
        records.flat_map(|answer| answer.records.iter().map(|record| &record.data)).collect();
    let objects = facts.case.cluster.objects();
    let service = objects.list::<Service>(None).find(|service| {
        let own = cluster_ip(service).parse().ok().map(DnsData::of_address);
        own.is_some_and(|own| records.contains(&&own))
    })?;
    let (namespace, name) = super::services::full_name(service);
    Some(
        Diagnosis::new(
            "one-virtual-ip",
            format!(
                "DNS answers {name} with one address, {}: the Service's virtual IP",
                cluster_ip(service)
            ),
        )
        .look([look::services(namespace), look::endpoints(namespace, name)])
        .fact("the pods behind a cluster IP are not told apart")
        .fact("a headless Service has none, and DNS answers with its pods' addresses")
        .at(facts.locator.field("Service", namespace, name, "spec.clusterIP"))
        .fix(make_headless(name)),
    )
}
