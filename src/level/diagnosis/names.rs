//! Names that nobody knows.

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::Service;

use super::services::{cluster_ip, is_headless};
use super::{Diagnosis, Facts, name_servers, service_names};
use crate::api::Pod;
use crate::diagnostic::{Location, nearest};
use crate::level::probe::Miss;

/// The name did not resolve, or resolved to one address where several were asked for.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    match unresolved(&facts.output) {
        Some(name) if facts.connection.is_none() || is_last_word(facts, &name) => {
            Some(unknown(facts, &name))
        }
        _ => silence(facts).or_else(|| one_virtual_ip(facts)),
    }
}

/// Clients that give up before their resolver does name nobody: their questions do.
fn silence(facts: &Facts<'_>) -> Option<Diagnosis> {
    let questions = name_servers::questions(facts);
    if facts.connection.is_some() || questions.is_empty() {
        return None;
    }
    let name = name_servers::asked_name(&questions)?;
    name_servers::unanswered(facts, &name, facts.locator.mention([&name]))
}

/// The name that a client could not resolve, in the words of curl, wget and their kin. Of several,
/// the last.
fn unresolved(output: &str) -> Option<String> {
    const PHRASES: [(&str, char); 5] = [
        ("Could not resolve host: ", '\n'),
        ("bad address '", '\''),
        ("unable to resolve host address ‘", '’'),
        ("can't resolve '", '\''),
        ("server can't find ", ':'),
    ];
    let mut last: Option<(usize, String)> = None;
    for (phrase, end) in PHRASES {
        if let Some(start) = output.rfind(phrase) {
            let name = output[start + phrase.len()..].split(end).next().unwrap_or("");
            if last.as_ref().is_none_or(|(at, _)| *at < start) {
                last = Some((start, name.trim().trim_end_matches('.').to_owned()));
            }
        }
    }
    last.map(|(_, name)| name.split(':').next().unwrap_or("").to_owned())
        .filter(|name| !name.is_empty())
}

/// Whether failing to resolve is the newest thing that the client says.
fn is_last_word(facts: &Facts<'_>, name: &str) -> bool {
    facts
        .output
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .is_some_and(|l| l.contains(name))
}

fn unknown(facts: &Facts<'_>, name: &str) -> Diagnosis {
    let at = || facts.locator.mention([name]);
    if let Some(said) = name_servers::unanswered(facts, name, at()) {
        return said;
    }
    container_name(facts, name, at())
        .or_else(|| name_servers::elsewhere(facts, name, at()))
        .or_else(|| service_names::diagnose(facts, name, at()))
        .or_else(|| pod_below_service(facts, name))
        .or_else(|| pod_name(facts, name, at()))
        .or_else(|| other_namespace(facts, name, at()))
        .unwrap_or_else(|| nobody(facts, name, at()))
}

fn container_name(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let (namespace, pod_name) = facts.client_pod()?;
    let pod = facts.case.cluster.objects().get::<Pod>(&namespace, &pod_name)?;
    let containers = &pod.spec.as_ref()?.containers;
    let container = containers.iter().find(|container| container.name == name)?;
    Some(
        Diagnosis::new(
            "container-name-is-no-host",
            format!("DNS knows nobody called {name}: that is a container's name, and containers are not in DNS"),
        )
        .fact(format!("{} is a container of pod {pod_name}, image {}", name, container.image.as_deref().unwrap_or("?")))
        .fact("all containers of a pod share its IP address and its loopback device")
        .nearest(Some("inside the pod it is localhost".to_owned()))
        .at(at),
    )
}

/// `db-0.db`: a pod's name below a Service's.
fn pod_below_service(facts: &Facts<'_>, name: &str) -> Option<Diagnosis> {
    let mut labels = name.split('.');
    let (pod_label, service_name) = (labels.next()?, labels.next()?);
    let namespace = facts.client_pod().map_or_else(|| "default".to_owned(), |(ns, _)| ns);
    let objects = facts.case.cluster.objects();
    let service = objects.get::<Service>(&namespace, service_name)?;
    let said = Diagnosis::new("no-name-for-pod", format!("DNS has no name {name}"));
    if !is_headless(service) {
        let at = facts.locator.field("Service", &namespace, service_name, "spec.clusterIP");
        return Some(
            said.fact(format!(
                "Service {service_name} has the cluster IP {}, so its name stands for that one address",
                cluster_ip(service)
            ))
            .fact("only a headless Service (clusterIP: None) has names for its pods")
            .at(at),
        );
    }
    let set = objects.list::<StatefulSet>(Some(&namespace)).find(|set| {
        let prefix = format!("{}-", set.metadata.name.as_deref().unwrap_or(""));
        pod_label.strip_prefix(&prefix).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    });
    Some(match set {
        Some(set) => {
            let set_name = set.metadata.name.as_deref().unwrap_or("");
            let governing =
                set.spec.as_ref().and_then(|spec| spec.service_name.as_deref()).unwrap_or("");
            said.fact(format!("StatefulSet {set_name} names Service {governing:?} in serviceName"))
                .fact(format!("so its pods' names would be {pod_label}.{governing}"))
                .nearest(Some(format!("serviceName: {service_name}")))
                .at(facts.locator.field("StatefulSet", &namespace, set_name, "spec.serviceName"))
        }
        None => {
            let selected = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            let deployment = facts.locator.documents().iter().find(|document| {
                let labels = document.value.pointer("/spec/template/metadata/labels");
                selected.is_some_and(|selected| {
                    selected.iter().all(|(k, v)| {
                        labels.and_then(|l| l.get(k)).and_then(|l| l.as_str()) == Some(v)
                    })
                })
            });
            let at = deployment.and_then(|document| super::locate::field_of(document, "kind"));
            said.fact(format!("no pod is called {pod_label} and has subdomain {service_name}"))
                .fact("pods of a Deployment have no names in DNS; pods of a StatefulSet do")
                .nearest(Some("kind: StatefulSet, with serviceName".to_owned()))
                .at(at)
        }
    })
}

fn pod_name(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let first = name.split('.').next()?;
    let namespace = facts.client_pod().map_or_else(|| "default".to_owned(), |(ns, _)| ns);
    let pod = facts.case.cluster.objects().get::<Pod>(&namespace, first)?;
    let address = pod.status.as_ref().and_then(|status| status.pod_ip.as_deref());
    Some(
        Diagnosis::new(
            "pod-name-is-no-host",
            format!(
                "DNS knows nobody called {name}: {first} is a pod, and plain pods are not in DNS"
            ),
        )
        .facts(address.map(|address| format!("pod {first} has the address {address}")))
        .nearest(address.map(|address| format!("its address, {address}")))
        .at(at),
    )
}

fn other_namespace(facts: &Facts<'_>, name: &str, mention: Option<Location>) -> Option<Diagnosis> {
    let first = name.split('.').next()?;
    let own = facts.client_pod().map_or_else(|| "default".to_owned(), |(ns, _)| ns);
    let services = facts.case.cluster.objects();
    let service = services.list::<Service>(None).find(|service| {
        service.metadata.name.as_deref() == Some(first)
            && service.metadata.namespace.as_deref() != Some(own.as_str())
    })?;
    let namespace = service.metadata.namespace.as_deref().unwrap_or("");
    let at = facts.locator.field("Service", namespace, first, "metadata.namespace").or(mention);
    Some(
        Diagnosis::new(
            "service-in-other-namespace",
            format!("DNS knows nobody called {name} in namespace {own}"),
        )
        .fact(format!("there is a Service {first}, but in namespace {namespace}"))
        .fact("a short name is looked up in the caller's own namespace")
        .nearest(Some(format!("{first}.{namespace}")))
        .at(at),
    )
}

fn nobody(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Diagnosis {
    let objects = facts.case.cluster.objects();
    let services: Vec<&str> = objects
        .list::<Service>(Some("default"))
        .filter_map(|s| s.metadata.name.as_deref())
        .collect();
    let close = nearest(name, services.iter().copied());
    Diagnosis::new("unknown-name", format!("DNS knows nobody called {name}"))
        .fact(format!("Services in namespace default: {}", services.join(", ")))
        .nearest(close.map(|close| format!("there is a Service {close}")))
        .at(at)
}

/// The goal looks up a name that means one virtual address, and wanted the pods' own.
fn one_virtual_ip(facts: &Facts<'_>) -> Option<Diagnosis> {
    let looks_up = facts.case.goal.run.contains("nslookup") || facts.case.goal.run.contains("dig ");
    let missed = facts.case.run.and_then(|run| run.miss.as_ref());
    if !looks_up || !matches!(missed, Some(Miss::Output { .. } | Miss::Exit { .. })) {
        return None;
    }
    let objects = facts.case.cluster.objects();
    let service = facts.case.goal.run.split_whitespace().find_map(|word| {
        objects.get::<Service>("default", word.split('.').next().unwrap_or(word))
    })?;
    if is_headless(service) {
        return None;
    }
    let name = service.metadata.name.as_deref().unwrap_or("");
    Some(
        Diagnosis::new(
            "one-virtual-ip",
            format!(
                "DNS answers {name} with one address, {}: the Service's virtual IP",
                cluster_ip(service)
            ),
        )
        .fact("the pods behind a cluster IP are not told apart")
        .fact("a headless Service has none, and DNS answers with its pods' addresses")
        .nearest(Some("clusterIP: None".to_owned()))
        .at(facts.locator.field("Service", "default", name, "spec.clusterIP")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_name_what_they_could_not_resolve() {
        assert_eq!(
            unresolved("curl: (6) Could not resolve host: nginx\n").as_deref(),
            Some("nginx")
        );
        assert_eq!(unresolved("wget: bad address 'db-0.db:9376'\n").as_deref(), Some("db-0.db"));
        assert_eq!(unresolved("** server can't find db: NXDOMAIN\n").as_deref(), Some("db"));
        assert_eq!(unresolved("curl: (7) Failed to connect\n"), None);
    }
}
