//! Selectors and labels: which pods a Service finds, and what is nearest to those it does not.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Service;

use super::labels::{POD_NAME, is_of_a_controller, pair, surer};
use super::look::{self, shown_name};
use super::readiness::later;
use super::{Diagnosis, Facts, admission, listens_in, manifests, owners, services, trial};
use crate::api::{Kind, LabelSelector, Labels, Pod};
use crate::cluster::ObjectName;
use crate::diagnostic::Location;
use crate::manifest;

pub(super) use super::labels::{Near, near, own_labels, shown, written};

/// Labels of which each pod of a StatefulSet has a value of its own.
const OWN_TO_ONE: [&str; 2] = [POD_NAME, "apps.kubernetes.io/pod-index"];

/// The labels that all of these pods have and `other` has not, first those that most of the pods have
/// that the Service selects besides (`sells: seats`), last the name that a StatefulSet's only pod wears.
pub(super) fn telling_apart(
    pods: &[&Pod],
    other: &Pod,
    selected: &[&Arc<Pod>],
) -> Vec<(String, String)> {
    let none = Labels::new();
    let others = own_labels(other, &none);
    let Some(first) = pods.first().map(|pod| own_labels(pod, &none)) else { return Vec::new() };
    let has = |pod: &Pod, (key, value): (&String, &String)| {
        own_labels(pod, &none).get(key) == Some(value)
    };
    let shared = first.iter().filter(|(key, value)| {
        others.get(*key) != Some(*value) && pods.iter().all(|pod| has(pod, (key, value)))
    });
    let mut shared: Vec<(&String, &String)> = shared.collect();
    let count = |label: &(&String, &String)| selected.iter().filter(|pod| has(pod, *label)).count();
    shared.sort_by_key(|label| std::cmp::Reverse(count(label)));
    let name = match pods {
        [only] => only.metadata.labels.as_ref().and_then(|labels| labels.get_key_value(POD_NAME)),
        _ => None,
    };
    shared.into_iter().chain(name).map(|(key, value)| pair(key, value)).collect()
}

/// Labels with which the selector would match other pods of the namespace: one of its own keys with
/// another value.
pub(super) fn beside(
    facts: &Facts<'_>,
    service: &Service,
    wanted: &Labels,
) -> Vec<(String, String)> {
    let (all, matching) = services::pods(facts, service);
    let mut found = Vec::new();
    for pod in all.iter().filter(|pod| !matching.iter().any(|one| Arc::ptr_eq(one, pod))) {
        let labels = own_labels(pod, wanted);
        let mut other = wanted.iter().filter(|(key, value)| labels.get(*key) != Some(*value));
        let (Some((key, _)), None) = (other.next(), other.next()) else { continue };
        if let Some(value) = labels.get(key).map(|value| pair(key, value))
            && !found.contains(&value)
        {
            found.push(value);
        }
    }
    found.truncate(4);
    found
}

/// The selector of a Service matches a pod that is not meant; with this label instead it would match those
/// that are.
pub(super) fn asks_for_another(
    facts: &Facts<'_>,
    said: &Diagnosis,
    (service, wanted): (&Service, &Labels),
    stranger: &str,
    label: Option<(&str, &str)>,
) -> Diagnosis {
    let (namespace, name) = services::full_name(service);
    let key = label.map(|(key, _)| key).filter(|key| wanted.contains_key(*key));
    let key = key.or_else(|| wanted.keys().next().map(String::as_str));
    let line = facts.locator.field("Service", namespace, name, &key.map_or_else(String::new, path));
    let said = said
        .clone()
        .look([look::endpoints(namespace, name), look::labels(namespace)])
        .fact(format!(
            "selector {} of Service {} matches pod {stranger}",
            shown(wanted),
            look::shown_name(namespace, name)
        ))
        .at(line);
    let Some((key, value)) = label else { return said };
    let label = written(key, value);
    said.fix(format!("let the selector of Service {name} ask for {label}, apply, and send again"))
        .nearest(Some(label))
}

/// A label's path in a selector.
pub(super) fn path(key: &str) -> String {
    manifest::field("spec.selector", key)
}

/// The key by which a selector asks for one pod of a StatefulSet, and not for this one.
pub(super) fn own_to_one<'w>(wanted: &'w Labels, pod: &Pod) -> Option<&'w str> {
    let has = |key: &str| pod.metadata.labels.as_ref().and_then(|labels| labels.get(key));
    let other = |(key, value): &(&String, &String)| {
        OWN_TO_ONE.contains(&key.as_str()) && has(key).is_some_and(|has| has != *value)
    };
    wanted.iter().find(other).map(|(key, _)| &**key)
}

/// Instead of that key, a label that the pod has from the template that it shares with others.
pub(super) fn shared<'p>(key: &str, pod: &'p Pod) -> Near<'p> {
    let label = own_labels(pod, &Labels::new()).into_iter().next();
    Near {
        key: Some(key.to_owned()),
        said: label.as_ref().map(|(key, value)| format!("label {key}={value}")),
        instead: label.as_ref().map(|(key, value)| written(key, value)),
        pod: Some(pod),
        label,
        without: false,
    }
}

/// The Service of another namespace to which an alias in this one's place would lead.
fn behind_alias<'a>(
    facts: &Facts<'a>,
    service: &Service,
    wanted: &Labels,
) -> Option<(&'a str, &'a str)> {
    let (namespace, _) = services::full_name(service);
    // An alias has no door to the outside.
    let inside = service.spec.as_ref().and_then(|spec| spec.type_.as_deref()) == Some("ClusterIP");
    let behind = moved(facts, service).or_else(|| with_selector(facts, service, wanted));
    behind.filter(|(space, _)| inside && *space != namespace)
}

/// The Service, a namespace's, that leads where the player wants to go.
fn leads_to_meant((namespace, name): (&str, &str)) -> String {
    format!("Service {}, which leads to the pods that are meant", shown_name(namespace, name))
}

/// Why there are no pods that a selector could match, where that is known.
fn without_pods(
    facts: &Facts<'_>,
    service: &Service,
    wanted: &Labels,
    words: (super::Code, &str),
) -> Option<Diagnosis> {
    scaled_to_none(facts, service, wanted, words)
        .or_else(|| missing_by_name(facts, service, wanted, words))
        .or_else(|| {
            let (namespace, name) = services::full_name(service);
            let said = Diagnosis::new(words.0, words.1).look([look::endpoints(namespace, name)]);
            admission::refused_pods(
                facts,
                Some(namespace),
                &LabelSelector::equalities(wanted),
                said,
            )
        })
}

/// A Service whose selector matches no pod of its namespace.
pub(super) fn nothing(
    facts: &Facts<'_>,
    service: &Service,
    wanted: &Labels,
    code: super::Code,
    message: String,
) -> Diagnosis {
    let (namespace, name) = services::full_name(service);
    let (all, _) = services::pods(facts, service);
    let words = (code, message.as_str());
    if let Some(said) = without_pods(facts, service, wanted, words) {
        return said;
    }
    let others = beside_client(facts, &all);
    let near = surer(facts, service, wanted, &others, near(wanted, &others, name));
    if near.instead.is_none()
        && let Some(said) = super::workloads::gone(facts, namespace, wanted)
    {
        return said.fact(message);
    }
    let elsewhere = elsewhere(facts, service, wanted);
    let path = near.key.as_deref().map_or_else(|| "spec.selector".to_owned(), path);
    let at = facts.locator.field("Service", namespace, name, &path);
    let lost = elsewhere.is_none() && near.instead.is_none();
    let behind = behind_alias(facts, service, wanted).filter(|_| near.instead.is_none());
    let meant = lost.then(|| labels_that_pass(facts, service, wanted)).flatten();
    // A Service that says its namespace itself is to say another one, if nothing else is to lead there.
    let moves = elsewhere.is_some() && behind.is_none() && meant.is_none();
    let at = moves.then(|| facts.locator.own_namespace(service)).flatten().or(at);
    let fix = match (behind, &meant, &elsewhere) {
        (Some(other), ..) => another_name(facts, service, other),
        (_, Some(labels), _) => format!(
            "let the selector be {labels}, which pods that are meant have{}; apply, and send again",
            in_file(at.as_ref())
        ),
        (.., Some(other)) => format!(
            "a Service selects pods of its own namespace alone: make it in namespace {other}"
        ),
        _ => other_labels(service, wanted, &near, at.as_ref(), all.is_empty()),
    };
    let object =
        ObjectName { kind: Kind::Service, namespace: namespace.to_owned(), name: name.to_owned() };
    let left = manifests::left_behind(facts, &object);
    let at = at.or_else(|| left.as_ref().and_then(|_| facts.locator.moved(Kind::Service, name)));
    let fix = match &left {
        Some(file) => format!("describe Service {name} in {file} again, and {fix}"),
        None => fix,
    };
    let nearest = elsewhere
        .map(|other| format!("pods with {} are in namespace {other}", shown(wanted)))
        .or_else(|| behind.map(leads_to_meant))
        .or(meant)
        .or(near.said);
    Diagnosis::new(code, message)
        .look([look::endpoints(namespace, name), look::labels(namespace)])
        .fact(format!(
            "selector {} matches 0 of {} pods in namespace {namespace}",
            shown(wanted),
            all.len()
        ))
        .facts(super::labels::misplaced(facts, &all, namespace, wanted))
        .facts(left.map(|file| {
            format!("{file} does not describe Service {name} any more, and it is still there")
        }))
        .nearest(nearest)
        .at(at)
        .fix(fix)
}

/// The pods without the client's own.
fn beside_client<'a>(facts: &Facts<'_>, all: &[&'a Arc<Pod>]) -> Vec<&'a Arc<Pod>> {
    let client = facts.client_pod();
    let others = all.iter().filter(|pod| {
        let own = (pod.metadata.namespace.as_deref(), pod.metadata.name.as_deref());
        client.as_ref().is_none_or(|(space, name)| own != (Some(space), Some(name)))
    });
    others.copied().collect()
}

/// How the selector, or the labels of its namespace's pods, are to be changed so that they fit.
fn other_labels(
    service: &Service,
    wanted: &Labels,
    near: &Near,
    at: Option<&Location>,
    no_pods: bool,
) -> String {
    let (namespace, name) = services::full_name(service);
    match &near.instead {
        Some(_) if at.is_none() && near.label.is_some() => {
            let mut labels = wanted.clone();
            labels.retain(|key, _| Some(key) != near.key.as_ref());
            labels.extend(near.label.clone());
            let place = look::in_namespace(namespace);
            format!("kubectl set selector service {name}{place} {}, and send again", shown(&labels))
        }
        Some(label) => {
            format!("write {label} in the selector{}, apply, and send again", in_file(at))
        }
        None if near.without => {
            let key = near.key.as_deref().unwrap_or("a label");
            format!("take {key} out of the selector{}, apply, and send again", in_file(at))
        }
        None if no_pods => {
            format!("there is no pod in namespace {namespace} yet: make one with these labels")
        }
        None => "give the pods these labels, or the selector theirs".to_owned(),
    }
}

/// The labels by which the goal knows its pods, where a selector of them alone makes it pass: that is
/// tried.
fn labels_that_pass(facts: &Facts<'_>, service: &Service, wanted: &Labels) -> Option<String> {
    let labels = &facts.case.goal.expect.served_by;
    let (namespace, name) = services::full_name(service);
    if labels.is_empty() {
        return None;
    }
    let old = wanted.keys().filter(|key| !labels.contains_key(*key));
    let old = old.map(|key| format!("{key:?}:null"));
    let new = labels.iter().map(|(key, value)| format!("{key:?}:{value:?}"));
    let selector = old.chain(new).collect::<Vec<_>>().join(",");
    let command = trial::patch(namespace, name, &format!("{{\"selector\":{{{selector}}}}}"));
    let words = labels.iter().map(|(key, value)| written(key, value)).collect::<Vec<_>>();
    (trial::after(facts, &command) == trial::Tried::Passes).then(|| words.join(", "))
}

/// How a Service leads to one of another namespace.
pub(super) fn another_name(
    facts: &Facts<'_>,
    own: &Service,
    (space, other): (&str, &str),
) -> String {
    let (_, name) = services::full_name(own);
    let alias = format!(
        "make Service {name} another name for Service {space}/{other} (type: ExternalName, externalName: {other}.{space}.svc.cluster.local)"
    );
    match facts.goal_says(name) {
        true => alias,
        false => format!("{alias}, or call {other}.{space}"),
    }
}

/// A Service of another namespace that selects pods with these labels.
fn with_selector<'a>(
    facts: &Facts<'a>,
    own: &Service,
    wanted: &Labels,
) -> Option<(&'a str, &'a str)> {
    let selector = LabelSelector::equalities(wanted);
    let fits = |pod: &Pod| selector.matches(pod.metadata.labels.as_ref());
    let namespace = services::full_name(own).0;
    let mut others = services::others_that_select(facts, services::full_name(own), fits);
    let other = others.find(|other| services::full_name(other).0 != namespace)?;
    Some(services::full_name(other))
}

/// Another Service that leads to the pods that the goal would take an answer from: they have got other
/// labels, or have moved.
pub(super) fn moved<'a>(facts: &Facts<'a>, own: &Service) -> Option<(&'a str, &'a str)> {
    let serves = |pod: &Pod| facts.is_wanted(pod) && pod.is_ready();
    let other = services::others_that_select(facts, services::full_name(own), serves).next()?;
    Some(services::full_name(other))
}

/// The selector is right: the controller whose pods it means keeps none.
pub(super) fn scaled_to_none(
    facts: &Facts<'_>,
    service: &Service,
    wanted: &Labels,
    (code, message): (super::Code, &str),
) -> Option<Diagnosis> {
    let (namespace, name) = services::full_name(service);
    let makers = owners::makers(facts, namespace, wanted);
    let maker = makers.iter().find(|maker| maker.paused || maker.replicas == 0)?;
    let (info, owner) = (maker.kind.info(), &maker.name);
    let place = look::in_namespace(namespace);
    if maker.paused && maker.replicas != 0 {
        return Some(
            Diagnosis::new(code, message)
                .look([
                    look::endpoints(namespace, name),
                    look::describe("deployment", namespace, owner),
                ])
                .fact(format!(
                    "Deployment {owner} is to make pods with {}, and is paused",
                    shown(wanted)
                ))
                .nearest(Some("paused: false".to_owned()))
                .at(facts.locator.field("Deployment", namespace, owner, "spec.paused"))
                .fix(format!(
                    "take paused out and apply, or kubectl rollout resume deployment {owner}{place}"
                )),
        );
    }
    Some(
        Diagnosis::new(code, message)
            .look([
                look::endpoints(namespace, name),
                format!("kubectl get {} {owner}{place}", info.singular),
            ])
            .fact(format!(
                "{} {owner} makes pods with {}, and keeps 0 of them",
                info.name,
                shown(wanted)
            ))
            .nearest(Some("replicas: 1".to_owned()))
            .at(facts.locator.field(info.name, namespace, owner, "spec.replicas"))
            .fix(format!(
                "kubectl scale {} {owner} --replicas=1{place}, and send again",
                info.singular
            )),
    )
}

/// Pods of the controller that is called as the Service run, and its selector passes them over: it means
/// others. Where a port is asked for, they have to listen there.
pub(super) fn passes_over(
    facts: &Facts<'_>,
    service: &Service,
    port: Option<u16>,
) -> Option<Diagnosis> {
    let (namespace, name) = services::full_name(service);
    let wanted = services::selector(service)?;
    let (all, matching) = services::pods(facts, service);
    let made_by_namesake = |pod: &Pod| {
        let (kind, maker) = super::owners::maker(facts, pod);
        kind != Kind::Pod && maker == name
    };
    if matching.iter().any(|pod| made_by_namesake(pod)) {
        return None;
    }
    let own: Vec<&Arc<Pod>> = all
        .iter()
        .copied()
        .filter(|pod| pod.is_ready() && made_by_namesake(pod))
        .filter(|pod| port.is_none_or(|port| listens_in(facts.case.cluster, pod, port)))
        .collect();
    let first = *own.first()?;
    let (kind, _) = super::owners::maker(facts, first);
    let owner = kind.info().name;
    let near = near(wanted, &own, name);
    let key = near.key.clone()?;
    let labels = own_labels(first, wanted);
    let (asked, has) = (wanted.get(&key)?, labels.get(&key));
    // A value that nobody else has, and that is not its controller's name, is the pods' own slip.
    let alone = has.is_some_and(|has| {
        let others = all.iter().filter(|pod| !made_by_namesake(pod));
        has != name && others.into_iter().all(|pod| own_labels(pod, wanted).get(&key) != Some(has))
    });
    let said = Diagnosis::new(
        "selects-the-wrong-pods",
        format!(
            "Service {} does not select the pods of {owner} {name}",
            shown_name(namespace, name)
        ),
    )
    .look([look::endpoints(namespace, name), look::labels(namespace)])
    .fact(format!("pods of {owner} {name} have {}", shown(&labels)))
    .fact(format!("Service {name} selects {}", shown(wanted)))
    .facts(
        matching
            .first()
            .map(|pod| format!("that leads to pod {}", pod.metadata.name.as_deref().unwrap_or(""))),
    );
    if alone {
        let label = written(&key, asked);
        let path = manifest::field("spec.template.metadata.labels", &key);
        return Some(
            said.nearest(Some(label.clone()))
                .at(facts.locator.field(owner, namespace, name, &path))
                .fix(format!("write {label} among the labels in the template of {owner} {name}, apply, and send again")),
        );
    }
    let at = facts.locator.field("Service", namespace, name, &path(&key));
    let fix = match &near.instead {
        Some(label) => {
            format!("write {label} in the selector{}, apply, and send again", in_file(at.as_ref()))
        }
        None => format!("let the selector match the pods of {owner} {name}, apply, and send again"),
    };
    Some(said.nearest(near.said).at(at).fix(fix))
}

/// The selector means the pod of a StatefulSet by its name, and the StatefulSet keeps fewer pods.
fn missing_by_name(
    facts: &Facts<'_>,
    service: &Service,
    wanted: &Labels,
    (code, message): (super::Code, &str),
) -> Option<Diagnosis> {
    let (namespace, name) = services::full_name(service);
    let pod = wanted.get(POD_NAME)?;
    let (set_name, number) = pod.rsplit_once('-')?;
    let number: i32 = number.parse().ok()?;
    let objects = facts.case.cluster.objects();
    let set = objects.get::<StatefulSet>(namespace, set_name)?;
    let replicas = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    if objects.get::<Pod>(namespace, pod).is_some() || number < replicas {
        return None;
    }
    let place = look::in_namespace(namespace);
    Some(
        Diagnosis::new(code, message)
            .look([look::endpoints(namespace, name), look::pods(namespace)])
            .fact(format!("the selector means pod {pod}, and there is none: StatefulSet {set_name} keeps {replicas}"))
            .at(facts.locator.field("StatefulSet", namespace, set_name, "spec.replicas"))
            .fix(format!(
                "let StatefulSet {set_name} have {} replicas or more (kubectl scale statefulset {set_name} --replicas={}{place})",
                number + 1,
                number + 1
            )),
    )
}

/// ` (backend.yaml:7)`
pub(super) fn in_file(at: Option<&Location>) -> String {
    at.map_or_else(String::new, |at| format!(" ({at})"))
}

/// Another namespace that has pods such as the Service looks for in its own (R4.6).
fn elsewhere(facts: &Facts<'_>, service: &Service, wanted: &Labels) -> Option<String> {
    let selector = LabelSelector::equalities(wanted);
    let mut pods = facts.case.cluster.objects().list::<Pod>(None);
    let pod = pods.find(|pod| {
        pod.metadata.namespace != service.metadata.namespace
            && selector.matches(pod.metadata.labels.as_ref())
    })?;
    pod.metadata.namespace.clone()
}

/// The Service passed the connection on to a pod that serves nothing at all: the selector means
/// others, or the pod wears a label that is not its own.
pub(super) fn wrong_pods(
    facts: &Facts<'_>,
    service: &Service,
    (namespace, pod): (&str, &str),
    port: u16,
) -> Diagnosis {
    let (service_namespace, name) = services::full_name(service);
    let shown_pod = shown_name(namespace, pod);
    let wanted = services::selector(service).cloned().unwrap_or_default();
    let (_, matching) = services::pods(facts, service);
    let chosen = matching.iter().find(|one| one.metadata.name.as_deref() == Some(pod));
    let unready = chosen.is_some_and(|pod| !pod.is_ready());
    let spec = service.spec.as_ref();
    if unready && spec.and_then(|spec| spec.publish_not_ready_addresses) == Some(true) {
        return too_early(facts, service, (namespace, pod), port);
    }
    if let Some(said) = chosen.and_then(|pod| listens_later(facts, service, pod, port)) {
        return said;
    }
    let serving: Vec<&&Arc<Pod>> =
        matching.iter().filter(|pod| facts.listens_on(pod, port)).collect();
    let client = facts.client_pod();
    let is_client = client.as_ref().is_some_and(|(ns, name)| (&**ns, &**name) == (namespace, pod));
    let look = [look::endpoints(service_namespace, name), look::labels(service_namespace)];
    let message = match is_client {
        true => format!("Service {name} passed it on to the client itself, pod {shown_pod}"),
        false => {
            format!("Service {name} passed it on to pod {shown_pod}, which serves nothing at all")
        }
    };
    let said = Diagnosis::new("selects-the-wrong-pods", message)
        .look(look)
        .fact(format!("selector {} matches {shown_pod}", shown(&wanted)));
    if !serving.is_empty()
        && let Some(source) = facts.pod_source(namespace, pod)
    {
        let key = wanted.keys().next().cloned().unwrap_or_default();
        let labels = source.within(&manifest::field("metadata.labels", &key));
        let others: Vec<&str> =
            serving.iter().filter_map(|pod| pod.metadata.name.as_deref()).collect();
        return said
            .fact(format!("it matches {} as well, which do serve", others.join(", ")))
            .fact("a Service takes every pod with its labels, whoever it is")
            .at(super::locate::at(&source.source, &labels))
            .fix(format!("give pod {shown_pod} a label of its own, another one than {key}"));
    }
    let at = selector_line(facts, service, &wanted);
    let others = facts.case.cluster.objects().list::<Pod>(Some(service_namespace));
    let served = others.into_iter().find(|pod| facts.listens_on(pod, port));
    let labels = served
        .map(|pod| shown(&own_labels(pod, &Labels::new())))
        .filter(|labels| !labels.is_empty());
    let fix = match &labels {
        Some(labels) => format!("let the selector be {labels}, apply, and send again"),
        None => format!("select pods that listen on port {port}"),
    };
    said.nearest(labels.map(|labels| format!("pods with {labels} listen on port {port}")))
        .at(at)
        .fix(fix)
}

/// The line of the first label that a Service's selector asks for, or of the selector.
fn selector_line(facts: &Facts<'_>, service: &Service, wanted: &Labels) -> Option<Location> {
    let (namespace, name) = services::full_name(service);
    let key = wanted.keys().next().map_or_else(|| "spec.selector".to_owned(), |key| path(key));
    facts.locator.field("Service", namespace, name, &key)
}

/// The Service passed the connection on to a pod that the goal does not mean, and that its selector matches as
/// well: the selector with which the goal passes was tried.
pub(super) fn too_wide(facts: &Facts<'_>, service: &Service, pod: &Pod) -> Option<Diagnosis> {
    if facts.case.goal.expect.names_no_pod() || facts.is_wanted(pod) {
        return None;
    }
    let wanted = services::selector(service)?;
    let labels = labels_that_pass(facts, service, wanted)?;
    let (namespace, name) = services::full_name(service);
    let shown_pod = shown_name(namespace, pod.metadata.name.as_deref()?);
    let at = selector_line(facts, service, wanted);
    let file = in_file(at.as_ref());
    Some(
        Diagnosis::new(
            "selects-the-wrong-pods",
            format!("Service {name} passed it on to pod {shown_pod}, which is another server"),
        )
        .look([look::endpoints(namespace, name), look::labels(namespace)])
        .fact(format!("selector {} matches {shown_pod}", shown(wanted)))
        .fact("a Service takes every pod with its labels, whoever it is")
        .nearest(Some(labels.clone()))
        .fix(format!("let the selector be {labels}{file}, apply, and send again"))
        .at(at),
    )
}

/// The Service lists pods that are not ready (R8.6), and chose such a one though others are.
pub(super) fn listed_unready(
    facts: &Facts<'_>,
    service: &Service,
    pod: &Pod,
    port: u16,
) -> Option<Diagnosis> {
    let lists = service.spec.as_ref()?.publish_not_ready_addresses == Some(true);
    let (_, matching) = services::pods(facts, service);
    let others = matching.iter().any(|other| other.is_ready());
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    (lists && others && !pod.is_ready()).then(|| too_early(facts, service, (namespace, name), port))
}

/// The Service lists pods that are not ready (R8.6), and chose one that does not listen yet.
fn too_early(
    facts: &Facts<'_>,
    service: &Service,
    (namespace, pod): (&str, &str),
    port: u16,
) -> Diagnosis {
    let (service_namespace, name) = services::full_name(service);
    let shown_pod = shown_name(namespace, pod);
    let stored = facts.case.cluster.objects().get::<Pod>(namespace, pod);
    let path = "spec.publishNotReadyAddresses";
    Diagnosis::new(
        "sent-to-unready-pod",
        format!("Service {name} passed it on to pod {shown_pod}, which is not ready and does not listen yet"),
    )
    .look([look::pods(namespace), look::service(service_namespace, name)])
    .facts(stored.map(|pod| super::readiness::pod_line(pod)))
    .fact(format!("nobody in {shown_pod} listens on port {port}"))
    .fact("publishNotReadyAddresses: true counts pods as ready that are not")
    .nearest(Some("publishNotReadyAddresses: false".to_owned()))
    .at(facts.locator.field("Service", service_namespace, name, path))
    .fix("take publishNotReadyAddresses out of the Service that clients call; members find one another by a Service of their own")
}

/// The pod counts as ready, and listens only a while later: nobody asks it, or the probe asks something
/// else (R3.8). Whether it will listen is tried out in a copy of the cluster.
fn listens_later(
    facts: &Facts<'_>,
    service: &Service,
    pod: &Arc<Pod>,
    port: u16,
) -> Option<Diagnosis> {
    let containers = &pod.spec.as_ref()?.containers;
    let probe = containers.iter().enumerate().find_map(|(index, container)| {
        container.readiness_probe.as_ref().map(|probe| (index, probe))
    });
    let wait = later(facts, |later| listens_in(later, pod, port))?;
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    let (_, service_name) = services::full_name(service);
    let source = facts.pod_source(namespace, name);
    let path = match probe {
        Some((index, _)) => format!("spec.containers[{index}].readinessProbe"),
        None => "spec.containers[0]".to_owned(),
    };
    let at = source.and_then(|source| source.line(&path));
    let others = other_probes(facts, pod);
    let (fact, fix) = match probe {
        Some((_, probe)) if probe.exec.is_some() => (
            "its readinessProbe runs a command that succeeds before anybody listens: it does not ask the server",
            format!("let the readinessProbe ask port {port}, apply, and send again"),
        ),
        Some(_) => (
            "its readinessProbe succeeds before anybody listens on this port",
            format!("let the readinessProbe ask port {port}, apply, and send again"),
        ),
        None => (
            "without a readinessProbe a container is ready as soon as it runs: nobody asks whether it answers",
            "give the container a readinessProbe, apply, and send again".to_owned(),
        ),
    };
    Some(
        Diagnosis::new(
            "ready-too-early",
            format!("Service {service_name} passed it on to pod {name}, which counts as ready and does not listen yet"),
        )
        .look([look::pods(namespace), look::describe("pod", namespace, name)])
        .fact(match wait.is_zero() {
            true => format!("it listens on port {port} by now"),
            false => format!("it listens on port {port} within {} seconds of this", wait.as_secs()),
        })
        .fact(fact)
        .facts(others)
        .at(at)
        .fix(fix),
    )
}

/// The Deployment whose template lacks a label that its pod has.
fn labelled_by_hand(facts: &Facts<'_>, pod: &Pod, key: &str, value: &str) -> Option<String> {
    if is_of_a_controller(key) {
        return None;
    }
    let namespace = pod.metadata.namespace.as_deref()?;
    let (kind, owner) = super::owners::maker(facts, pod);
    let objects = facts.case.cluster.objects();
    let deployment =
        objects.get::<Deployment>(namespace, &owner).filter(|_| kind == Kind::Deployment)?;
    let template = deployment.spec.as_ref()?.template.metadata.as_ref()?;
    let has = template.labels.as_ref().and_then(|labels| labels.get(key));
    (has.map(String::as_str) != Some(value)).then_some(owner)
}

/// Too few pods stand behind the Service, and ready pods that the goal would take an answer from are not
/// selected: what they lack, and whether those that are selected were labelled by hand.
pub(super) fn left_out(
    facts: &Facts<'_>,
    service: &Service,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let wanted = services::selector(service)?;
    let (namespace, name) = services::full_name(service);
    let (all, matching) = services::pods(facts, service);
    let selected = |pod: &Arc<Pod>| matching.iter().any(|one| Arc::ptr_eq(one, pod));
    let meant: Vec<&Arc<Pod>> =
        all.iter().copied().filter(|pod| facts.is_wanted(pod) && pod.is_ready()).collect();
    let out = meant.iter().find(|pod| !selected(pod))?;
    let pod_name = out.metadata.name.as_deref()?;
    let has = out.metadata.labels.clone().unwrap_or_default();
    let (key, value) = wanted.iter().find(|(key, value)| has.get(*key) != Some(*value))?;
    let by_hand = matching.iter().find_map(|pod| labelled_by_hand(facts, pod, key, value));
    // A label by which all that are meant are told apart from one that is not.
    let pods: Vec<&Pod> = meant.iter().map(|pod| &***pod).collect();
    let others: Vec<&&Arc<Pod>> =
        all.iter().filter(|pod| !facts.is_wanted(pod) && pod.is_ready()).collect();
    let labels = others.first().map(|other| telling_apart(&pods, other, &matching));
    let nobody_else = |(key, value): &(String, String)| {
        !others.iter().any(|pod| {
            pod.metadata.labels.as_ref().and_then(|labels| labels.get(key)) == Some(value)
        })
    };
    let shared = labels.unwrap_or_default().into_iter().filter(nobody_else).find(|(key, value)| {
        let spec = format!("{{\"selector\":{{{}}}}}", cleared(wanted, key, value));
        trial::after(facts, &trial::patch(namespace, name, &spec)) == trial::Tried::Passes
    });
    let label = written(key, value);
    // One more that is selected helps only where its answer is the right one.
    let without = format!("{{\"selector\":{{{key:?}:null}}}}");
    let helps = || trial::after(facts, &trial::patch(namespace, name, &without));
    if shared.is_none() && by_hand.is_none() && helps() != trial::Tried::Passes {
        return None;
    }
    let fix = match (&shared, &by_hand) {
        (Some((key, value)), _) => format!(
            "let the selector of Service {name} ask for {} alone, which all that are meant have; apply, and send again",
            written(key, value)
        ),
        (None, Some(owner)) => {
            format!(
                "put {label} among the labels of the template of Deployment {owner}, and of each other one that is meant"
            )
        }
        (None, None) => format!("let the selector of Service {name} match pod {pod_name} too"),
    };
    let owned = by_hand.map(|owner| {
        format!("the template of Deployment {owner} has no {key}={value}: it was put on pods, and pods that are made anew don't have it")
    });
    let owned = owned.or_else(|| {
        is_of_a_controller(key).then(|| {
            format!("{key} is put on pods by their controller: those of another one have another")
        })
    });
    Some(
        said.clone()
            .look([look::labels(namespace)])
            .fact(format!("pod {pod_name} is meant too, and has no {key}={value}"))
            .facts(owned)
            .nearest(shared.map(|(key, value)| written(&key, &value)))
            .at(facts.locator.field("Service", namespace, name, &path(key)))
            .fix(fix),
    )
}

/// A selector of one label, as a merge patch that takes the others out.
fn cleared(wanted: &Labels, key: &str, value: &str) -> String {
    let others = wanted.keys().filter(|own| *own != key).map(|own| format!("{own:?}:null"));
    others.chain([format!("{key:?}:{value:?}")]).collect::<Vec<_>>().join(",")
}

/// What other probes of the pod do, where somebody wrote one in place of a readinessProbe.
fn other_probes(facts: &Facts<'_>, pod: &Pod) -> Vec<String> {
    let (Some(spec), Some(namespace), Some(name)) =
        (&pod.spec, pod.metadata.namespace.as_deref(), pod.metadata.name.as_deref())
    else {
        return Vec::new();
    };
    let source = facts.pod_source(namespace, name);
    let line = |index: usize, field: &str| {
        let own = source.as_ref()?;
        let path = own.within(&format!("spec.containers[{index}].{field}"));
        let at = own.source.says(&path).then(|| super::locate::at(&own.source, &path)).flatten()?;
        Some(format!(" ({at})"))
    };
    let mut told = Vec::new();
    for (index, container) in spec.containers.iter().enumerate() {
        let shown = |field: &str| line(index, field).unwrap_or_default();
        if container.liveness_probe.is_some() {
            told.push(format!(
                "a livenessProbe{} starts the container anew when it fails; it keeps no request away",
                shown("livenessProbe")
            ));
        }
        if container.lifecycle.as_ref().is_some_and(|hooks| hooks.post_start.is_some()) {
            told.push(format!(
                "a postStart hook{} runs beside the server's start, and tells nobody whether it answers",
                shown("lifecycle.postStart")
            ));
        }
    }
    told
}
