//! Labels of selectors and pods: the nearest one that is there, and which of several was meant.
//!
//! Where several values are equally near, each is tried in a copy.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Service;

use super::{Facts, services, trial};
use crate::api::{Kind, LabelSelector, Labels, Pod};
use crate::diagnostic::nearest;
use crate::manifest;

/// The name of its pod, which a StatefulSet puts on each.
pub(super) const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";

/// Labels that controllers put on pods: nobody selects by them, and they change with every pod.
const OF_CONTROLLERS: [&str; 6] = [
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    POD_NAME,
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index",
];

/// Whether a controller puts this label on the pods that it makes.
pub(super) fn is_of_a_controller(key: &str) -> bool {
    OF_CONTROLLERS.contains(&key)
}

/// The nearest thing that would have matched.
pub(super) struct Near<'p> {
    /// The key in the selector that is at fault.
    pub key: Option<String>,
    /// `label app=web`
    pub said: Option<String>,
    /// `app: web`, to be written instead.
    pub instead: Option<String>,
    /// The same, by key and value.
    pub label: Option<(String, String)>,
    /// The pod that has it.
    pub pod: Option<&'p Pod>,
    /// Whether the selector would match pods without the key.
    pub without: bool,
}

/// `app=backend,tier=web`
pub(super) fn shown(labels: &Labels) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// A pod's labels, without those that only its controller cares for; but for those whose keys
/// somebody asks for and that stay with a pod's name.
pub(super) fn own_labels(pod: &Pod, asked: &Labels) -> Labels {
    let labels = pod.metadata.labels.iter().flatten();
    let own = labels.filter(|(key, value)| {
        let hash = key.ends_with("-hash");
        let named = *key == POD_NAME && asked.values().any(|asked| asked == *value);
        !OF_CONTROLLERS.contains(&key.as_str()) || named || (asked.contains_key(*key) && !hash)
    });
    own.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// A label as a manifest holds it: `release: "2"`, which without quotes would be a number.
pub(super) fn written(key: &str, value: &str) -> String {
    let value = manifest::to_yaml(&serde_json::Value::String(value.to_owned()));
    format!("{key}: {}", value.trim_end())
}

/// For a selector that matches nothing: the key at fault, and the nearest label that pods do have: of
/// the same key the one that is spelt alike, or that is called as the Service (`named`); then one of
/// the same value, then one with a similar key.
pub(super) fn near<'p>(wanted: &Labels, pods: &[&'p Arc<Pod>], named: &str) -> Near<'p> {
    let labels: Vec<Labels> = pods.iter().map(|pod| own_labels(pod, wanted)).collect();
    let missing = |(key, value): &(&String, &String)| {
        !labels.iter().any(|labels| labels.get(*key) == Some(*value))
    };
    let Some((key, value)) = wanted.iter().find(missing) else {
        return together(wanted, &labels, named);
    };
    // What the selector asks for already is no label to be written into it.
    let asked = |(key, value): &(&String, &String)| wanted.get(*key) == Some(*value);
    let pairs: Vec<(&String, &String)> =
        labels.iter().flatten().filter(|pair| !asked(pair)).collect();
    let mut values: Vec<&str> =
        pairs.iter().filter(|(k, _)| *k == key).map(|(_, v)| v.as_str()).collect();
    values.sort_unstable();
    values.dedup();
    let same_key = nearest(value, values.iter().copied())
        .or_else(|| values.iter().find(|value| **value == named).copied());
    let found = same_key
        .map(|value| (key.clone(), value.to_owned()))
        .or_else(|| pairs.iter().find(|(_, v)| *v == value).map(|(k, v)| pair(k, v)))
        .or_else(|| {
            let near = nearest(key, pairs.iter().map(|(k, _)| k.as_str()))?;
            pairs.iter().find(|(k, _)| *k == near).map(|(k, v)| pair(k, v))
        })
        .or_else(|| {
            let near = nearest(value, pairs.iter().map(|(_, v)| v.as_str()))?;
            pairs.iter().find(|(_, v)| *v == near).map(|(k, v)| pair(k, v))
        });
    let others = wanted.iter().filter(|(other, _)| *other != key);
    let rest: Labels = others.map(|(key, value)| (key.clone(), value.clone())).collect();
    let fits = |labels: &&Labels| rest.iter().all(|(key, value)| labels.get(key) == Some(value));
    let fit = labels.iter().filter(fits).count();
    let mut near = Near {
        key: Some(key.clone()),
        said: None,
        instead: None,
        label: None,
        pod: None,
        without: false,
    };
    let Some((key, value)) = found else {
        near.without = values.is_empty() && !rest.is_empty() && fit > 0;
        near.said = match values.as_slice() {
            [] if near.without => Some(format!("without {key} the selector matches {fit} pods")),
            [] => None,
            several => Some(format!("pods have {key}={}", several.join(", "))),
        };
        return near;
    };
    let at = labels.iter().position(|labels| labels.get(&key) == Some(&value));
    near.pod = at.and_then(|at| pods.get(at)).map(|pod| &***pod);
    near.said = Some(format!("label {key}={value}"));
    near.instead = Some(written(&key, &value));
    near.label = Some((key, value));
    near
}

/// A label by key and value.
pub(super) fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// Each label is on some pod, but no pod has all: the pod that has most of them, and of several the one that
/// wears the Service's name (`named`).
fn together<'p>(wanted: &Labels, labels: &[Labels], named: &str) -> Near<'p> {
    let lacks = |has: &Labels| {
        wanted.iter().filter(|(key, value)| has.get(*key) != Some(*value)).collect::<Vec<_>>()
    };
    let named = |labels: &Labels| {
        wanted.iter().any(|(key, value)| value == named && labels.get(key) == Some(value))
    };
    let best = labels.iter().min_by_key(|labels| (lacks(labels).len(), !named(labels)));
    let Some(best) = best else {
        return Near {
            key: None,
            said: None,
            instead: None,
            label: None,
            pod: None,
            without: false,
        };
    };
    let lacking = lacks(best);
    let key = lacking.first().map(|(key, _)| (*key).clone());
    let said = format!("no pod has all of these labels; one has {}", shown(best));
    // Whoever wears the Service's name is meant by it: the other label is the slip.
    if let ([(key, _)], true) = (lacking.as_slice(), named(best))
        && let Some(value) = best.get(*key)
    {
        return Near {
            key: Some((*key).clone()),
            said: Some(format!("label {key}={value}")),
            instead: Some(written(key, value)),
            label: Some(pair(key, value)),
            pod: None,
            without: false,
        };
    }
    Near { key, said: Some(said), instead: None, label: None, pod: None, without: false }
}

/// The same as `near`, with the value with which the goal passes, where pods have several that are near: where
/// it passes with none of them, with none.
pub(super) fn surer<'p>(
    facts: &Facts<'_>,
    service: &Service,
    wanted: &Labels,
    pods: &[&'p Arc<Pod>],
    near: Near<'p>,
) -> Near<'p> {
    let Some((key, first)) = near.label.clone() else { return near };
    let Some(asked) = wanted.get(&key) else { return near };
    let of_pod = |pod: &&Arc<Pod>| own_labels(pod, wanted).get(&key).cloned();
    let mut values: Vec<String> = pods.iter().filter_map(of_pod).collect();
    values.sort_unstable();
    values.dedup();
    let mut close = vec![first];
    while let Some(value) = {
        let left =
            values.iter().map(String::as_str).filter(|one| !close.iter().any(|own| own == one));
        nearest(asked, left)
    } {
        close.push(value.to_owned());
    }
    if close.len() < 2 {
        return near;
    }
    let (namespace, name) = services::full_name(service);
    let passes = |value: &&String| {
        let spec = format!("{{\"selector\":{{{key:?}:{value:?}}}}}");
        trial::is_sure(facts, &trial::patch(namespace, name, &spec))
    };
    match close.iter().find(passes) {
        Some(value) => {
            let pod = pods.iter().find(|pod| of_pod(pod).as_ref() == Some(value));
            Near {
                said: Some(format!("label {key}={value}")),
                instead: Some(written(&key, value)),
                label: Some((key, value.clone())),
                pod: pod.map(|pod| &***pod),
                ..near
            }
        }
        None => Near {
            said: Some(format!("pods have {key}={}", close.join(", "))),
            instead: None,
            label: None,
            ..near
        },
    }
}

/// Where what a selector asks for stands, which is none of a pod's labels: among the annotations of a pod, or
/// among the labels of a controller itself, whose pods have those of its template.
pub(super) fn misplaced(
    facts: &Facts<'_>,
    pods: &[&Arc<Pod>],
    namespace: &str,
    wanted: &Labels,
) -> Option<String> {
    let selector = LabelSelector::equalities(wanted);
    let text = super::selectors::shown(wanted);
    if let Some(pod) = pods.iter().find(|pod| selector.matches(pod.metadata.annotations.as_ref())) {
        let name = pod.metadata.name.as_deref()?;
        return Some(format!(
            "{text} is an annotation of pod {name}, and selectors look at labels alone"
        ));
    }
    let objects = facts.case.cluster.objects();
    let deployments = objects.list::<Deployment>(Some(namespace));
    let deployments = deployments.map(|one| (Kind::Deployment, &one.metadata));
    let sets = objects.list::<StatefulSet>(Some(namespace));
    let sets = sets.map(|one| (Kind::StatefulSet, &one.metadata));
    let (kind, metadata) =
        deployments.chain(sets).find(|(_, metadata)| selector.matches(metadata.labels.as_ref()))?;
    let name = metadata.name.as_deref()?;
    Some(format!(
        "{text} is a label of {} {name} itself, and its pods have those of its template",
        kind.info().name
    ))
}
