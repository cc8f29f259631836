//! How a pod asks to be placed beside other pods, or apart from them.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Node;

use super::client::PodSource;
use super::{Diagnosis, Facts, owners};
use crate::api::{LabelSelector, Pod};
use crate::diagnostic::nearest;
use crate::manifest;

/// The label that tells nodes apart.
const HOST: &str = "kubernetes.io/hostname";

/// The pod is to be spread over a label, or to be beside others by a label, that no node has: no node can
/// be right then (kubernetes pkg/scheduler/framework/plugins/podtopologyspread, interpodaffinity). To be
/// apart by such a label keeps it from nowhere.
pub(super) fn no_such_key(
    facts: &Facts<'_>,
    pod: &Pod,
    source: Option<&PodSource<'_>>,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let spec = pod.spec.as_ref()?;
    let nodes = facts.case.cluster.objects().list::<Node>(None);
    let keys: BTreeSet<&str> = nodes
        .flat_map(|node| node.metadata.labels.iter().flatten())
        .map(|(key, _)| key.as_str())
        .collect();
    let spread = spec.topology_spread_constraints.iter().flatten().enumerate();
    let spread = spread
        .filter(|(_, one)| one.when_unsatisfiable == "DoNotSchedule")
        .map(|(at, one)| (format!("spec.topologySpreadConstraints[{at}]"), &one.topology_key));
    let affinity = spec.affinity.as_ref().and_then(|all| all.pod_affinity.as_ref());
    let beside = affinity
        .into_iter()
        .flat_map(|one| one.required_during_scheduling_ignored_during_execution.iter().flatten())
        .enumerate()
        .map(|(at, one)| {
            let field = "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution";
            (format!("{field}[{at}]"), &one.topology_key)
        });
    let (path, key) = spread.chain(beside).find(|(_, key)| !keys.contains(key.as_str()))?;
    let near = nearest(key, keys.iter().copied()).unwrap_or(HOST);
    let line = source.and_then(|source| source.line(&format!("{path}.topologyKey")));
    let mut said = said.clone().look(["kubectl get nodes --show-labels".to_owned()]);
    // What stands for the line comes before the scheduler's own words.
    said.evidence.insert(0, format!("no node has a label {key}, which topologyKey asks for"));
    Some(
        said.at(line)
            .nearest(Some(format!("topologyKey: {near}")))
            .fix(format!("write topologyKey: {near}, apply, and send again")),
    )
}

/// Pods that run keep pods with a label of this one's away from their nodes (`podAntiAffinity` counts in both
/// directions: kubernetes pkg/scheduler/framework/plugins/interpodaffinity).
pub(super) fn kept_away(
    facts: &Facts<'_>,
    pod: &Pod,
    source: Option<&PodSource<'_>>,
    said: &Diagnosis,
) -> Option<Diagnosis> {
    let namespace = pod.metadata.namespace.as_deref()?;
    let labels = pod.metadata.labels.as_ref();
    let maker = owners::maker(facts, pod);
    let mut others = facts.case.cluster.objects().list::<Pod>(Some(namespace));
    let (other, key, words) = others.find_map(|other| {
        let spec = other.spec.as_ref().filter(|spec| spec.node_name.is_some())?;
        let apart = spec.affinity.as_ref()?.pod_anti_affinity.as_ref()?;
        let mut terms = apart.required_during_scheduling_ignored_during_execution.iter().flatten();
        let (key, words) = terms.find_map(|term| {
            let selector = term.label_selector.as_ref()?;
            let keeps = LabelSelector::of(selector);
            let key = selector.match_labels.iter().flatten().next().map(|(key, _)| key.clone());
            keeps.matches(labels).then(|| (key, keeps.to_string()))
        })?;
        (owners::maker(facts, other) != maker).then_some((other, key, words))
    })?;
    let other = other.metadata.name.as_deref()?;
    let name = pod.metadata.name.as_deref()?;
    let path = key.map_or_else(
        || "metadata.labels".to_owned(),
        |key| manifest::field("metadata.labels", &key),
    );
    let mut said = said.clone();
    said.evidence.insert(
        0,
        format!("pod {other} has a podAntiAffinity that keeps pods with {words} away, and pod {name} is one"),
    );
    Some(said.at(source.and_then(|source| source.line(&path))).fix(format!(
        "give these pods other labels than {words}, and let their Service select those too; apply, and send again"
    )))
}
