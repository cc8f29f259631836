//! Pods that a controller can't make, as the API server refuses each: a quota, a limit, an account or a name that
//! stands in the way.

use k8s_openapi::api::apps::v1::{ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{PodSpec, ResourceQuota, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::client::{self, PodSource};
use super::look;
use super::{Diagnosis, Facts};
use crate::api::{Event, LabelSelector, Labels, Pod};
use crate::diagnostic::nearest;

/// A controller that makes pods by itself.
struct Maker<'a> {
    kind: &'static str,
    metadata: &'a ObjectMeta,
    labels: Option<&'a Labels>,
    spec: Option<&'a PodSpec>,
}

impl<'a> Maker<'a> {
    fn all(facts: &Facts<'a>, namespace: Option<&'a str>) -> Vec<Maker<'a>> {
        let objects = facts.case.cluster.objects();
        let sets = objects.list::<ReplicaSet>(namespace).filter_map(|one| {
            let template = one.spec.as_ref()?.template.as_ref()?;
            let labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
            let spec = template.spec.as_ref();
            Some(Maker { kind: "ReplicaSet", metadata: &one.metadata, labels, spec })
        });
        let stateful = objects.list::<StatefulSet>(namespace).filter_map(|one| {
            let template = &one.spec.as_ref()?.template;
            let labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
            let spec = template.spec.as_ref();
            Some(Maker { kind: "StatefulSet", metadata: &one.metadata, labels, spec })
        });
        sets.chain(stateful).collect()
    }

    /// What its last event says of a pod that it could not make.
    fn failure(&self, facts: &Facts<'a>) -> Option<String> {
        let namespace = self.metadata.namespace.as_deref();
        let events = facts.case.cluster.objects().list::<Event>(namespace).filter(|event| {
            event.origin.involved_object.uid == self.metadata.uid
                && event.message.reason.as_deref() == Some("FailedCreate")
        });
        events.last().and_then(|event| event.message.text.clone())
    }

    /// The player's manifest that its template comes from: its own, or its Deployment's.
    fn source<'f>(&self, facts: &'f Facts<'_>) -> Option<PodSource<'f>> {
        let (namespace, name) =
            (self.metadata.namespace.as_deref()?, self.metadata.name.as_deref()?);
        let above = client::controller(self.metadata);
        let (kind, name) = above.unwrap_or_else(|| (self.kind.to_owned(), name.to_owned()));
        let source = facts.locator.source(&kind, namespace, &name)?;
        Some(PodSource { source, path: "spec.template" })
    }
}

/// The controller that is to make pods for the selector can't: its events say why.
pub(super) fn refused_pods(
    facts: &Facts<'_>,
    namespace: Option<&str>,
    selector: &LabelSelector,
    said: Diagnosis,
) -> Option<Diagnosis> {
    let makers = Maker::all(facts, namespace);
    let own = makers.iter().filter(|maker| selector.matches(maker.labels));
    let (maker, why) = own.filter_map(|maker| Some((maker, maker.failure(facts)?))).next()?;
    let (namespace, owner) =
        (maker.metadata.namespace.as_deref()?, maker.metadata.name.as_deref()?);
    if let Some(said) = names_taken(facts, (namespace, owner), selector, &said) {
        return Some(said);
    }
    let (kind, place) = (maker.kind, look::in_namespace(namespace));
    let said = said
        .look([look::describe(&kind.to_lowercase(), namespace, owner)])
        .fact(format!("{kind} {owner} can't make its pods: {}", why.lines().next().unwrap_or("")));
    if let Some(said) = no_account(facts, maker, &said) {
        return Some(said);
    }
    let objects = facts.case.cluster.objects();
    let quotas: Vec<_> = objects.list::<ResourceQuota>(Some(namespace)).collect();
    if let Some(said) = quotas.iter().find_map(|quota| asks_for_nothing(facts, maker, quota, &said))
    {
        return Some(said);
    }
    let names: Vec<&str> =
        quotas.iter().filter_map(|quota| quota.metadata.name.as_deref()).collect();
    let fix = match names.as_slice() {
        [only] => format!("kubectl delete quota {only}{place}, or let it allow more"),
        _ => format!(
            "mend what its events tell: kubectl describe {} {owner}{place}",
            kind.to_lowercase()
        ),
    };
    Some(
        said.facts(
            (!names.is_empty())
                .then(|| format!("quotas of namespace {namespace}: {}", names.join(", "))),
        )
        .fix(fix),
    )
}

/// The template names a service account that is not there.
fn no_account(facts: &Facts<'_>, maker: &Maker<'_>, said: &Diagnosis) -> Option<Diagnosis> {
    let namespace = maker.metadata.namespace.as_deref()?;
    let account = maker.spec?.service_account_name.as_deref()?;
    let objects = facts.case.cluster.objects();
    let there: Vec<&str> = objects
        .list::<ServiceAccount>(Some(namespace))
        .filter_map(|one| one.metadata.name.as_deref())
        .collect();
    if there.contains(&account) {
        return None;
    }
    let near = nearest(account, there.iter().copied());
    let source = maker.source(facts);
    let make = format!("kubectl create serviceaccount {account}{}", look::in_namespace(namespace));
    Some(
        said.clone()
            .nearest(near.map(|near| format!("serviceAccountName: {near}")))
            .at(source.and_then(|source| source.line("spec.serviceAccountName")))
            .fix(match near {
                Some(near) => {
                    format!("write serviceAccountName: {near}, or {make}; apply, and send again")
                }
                None => format!("{make}, or take serviceAccountName out; apply, and send again"),
            }),
    )
}

/// The quota counts what a container of the template does not ask for: then each has to say a number
/// (kubernetes pkg/quota/v1/evaluator/core/pods.go).
fn asks_for_nothing(
    facts: &Facts<'_>,
    maker: &Maker<'_>,
    quota: &ResourceQuota,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let counted = quota.spec.as_ref()?.hard.as_ref()?;
    let containers = maker.spec?.containers.iter().enumerate();
    let missing = containers.into_iter().find_map(|(index, container)| {
        let resources = container.resources.as_ref();
        let asks = |resource: &str| match resource.strip_prefix("limits.") {
            Some(plain) => resources
                .and_then(|one| one.limits.as_ref())
                .is_some_and(|all| all.contains_key(plain)),
            None => {
                let plain = resource.strip_prefix("requests.").unwrap_or(resource);
                let all = [
                    resources.and_then(|one| one.requests.as_ref()),
                    resources.and_then(|one| one.limits.as_ref()),
                ];
                all.into_iter().flatten().any(|all| all.contains_key(plain))
            }
        };
        let mut counted = counted.keys().filter(|resource| {
            let plain = resource.rsplit('.').next().unwrap_or(resource);
            matches!(plain, "cpu" | "memory") && !asks(resource)
        });
        Some((index, container, counted.next()?))
    });
    let (index, container, resource) = missing?;
    let field = if resource.starts_with("limits.") { "limits" } else { "requests" };
    let plain = resource.rsplit('.').next().unwrap_or(resource);
    let name = quota.metadata.name.as_deref()?;
    let source = maker.source(facts);
    Some(
        said.clone()
            .fact(format!("quota {name} counts {resource}, so that each container has to say how much it asks for"))
            .nearest(Some(format!("resources: {{{field}: {{{plain}: …}}}}")))
            .at(source.and_then(|source| source.line(&format!("spec.containers[{index}].resources"))))
            .fix(format!(
                "write resources with {field} of {plain} into container {}, apply, and send again",
                container.name
            )),
    )
}

/// Pods that have the names which a StatefulSet gives to its own, and not its labels: it counts them no more, and
/// can't make others in their place.
fn names_taken(
    facts: &Facts<'_>,
    (namespace, owner): (&str, &str),
    wanted: &LabelSelector,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let objects = facts.case.cluster.objects();
    let set = objects.get::<StatefulSet>(namespace, owner)?.spec.as_ref()?;
    let own = LabelSelector::of(&set.selector);
    let labels = set.template.metadata.as_ref()?.labels.as_ref()?;
    let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let pods: Vec<&str> = objects
        .list::<Pod>(Some(namespace))
        .filter(|pod| !own.matches(pod.metadata.labels.as_ref()))
        .filter_map(|pod| pod.metadata.name.as_deref())
        .filter(|name| {
            let number = name.strip_prefix(owner).and_then(|rest| rest.strip_prefix('-'));
            number.is_some_and(|number| number.parse::<u32>().is_ok())
        })
        .collect();
    let place = look::in_namespace(namespace);
    (!pods.is_empty()).then(|| {
        said.clone()
            .look([look::labels(namespace)])
            .fact(format!("{} has not the labels {wanted}", pods.join(", ")))
            .fact(format!("StatefulSet {owner} counts no pod without its labels, and makes none whose name is taken"))
            .fix(format!(
                "kubectl label --overwrite{place} pod {} {}, and send again",
                pods.join(" "),
                labels.join(" ")
            ))
    })
}
