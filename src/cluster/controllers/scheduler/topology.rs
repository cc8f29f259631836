//! Where a pod may be with regard to other pods: required pod affinity and anti-affinity, and hard
//! topology spread constraints.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Node, PodAffinityTerm, PodSpec, TopologySpreadConstraint};

use super::super::index::Index;
use super::node_cache::NodeCache;
use super::verdict::Refusal;
use crate::api::Pod;
use crate::api::selector::LabelSelector;

/// A topology label and the values that other pods' nodes have for it.
type Domains<'a> = (&'a str, BTreeSet<String>);

/// The places of the other pods that matter to one pod.
pub(super) struct Topology<'a> {
    /// For each affinity term the domains where its pods are.
    near: Vec<Domains<'a>>,
    /// For each anti-affinity term the domains where its pods are.
    apart: Vec<Domains<'a>>,
    /// Domains that other pods keep this one away from.
    shunned: BTreeSet<(String, String)>,
    spreads: Vec<Spread<'a>>,
}

/// A hard topology spread constraint, with the number of matching pods in each domain.
struct Spread<'a> {
    constraint: &'a TopologySpreadConstraint,
    counts: BTreeMap<String, i32>,
    /// 1 if the pod counts itself.
    own: i32,
}

impl<'a> Topology<'a> {
    pub(super) fn of(
        pod: &'a Pod,
        spec: &'a PodSpec,
        index: &Index,
        node_cache: &NodeCache,
    ) -> Topology<'a> {
        let affinity = spec.affinity.as_ref();
        let near = affinity
            .and_then(|affinity| affinity.pod_affinity.as_ref())
            .and_then(|near| near.required_during_scheduling_ignored_during_execution.as_deref());
        let apart = affinity
            .and_then(|affinity| affinity.pod_anti_affinity.as_ref())
            .and_then(|apart| apart.required_during_scheduling_ignored_during_execution.as_deref());
        let hard = |one: &&TopologySpreadConstraint| one.when_unsatisfiable == "DoNotSchedule";
        let spreads = spec.topology_spread_constraints.iter().flatten().filter(hard);
        Topology {
            near: near
                .unwrap_or_default()
                .iter()
                .map(|t| nearby(t, pod, index, node_cache))
                .collect(),
            apart: apart
                .unwrap_or_default()
                .iter()
                .map(|term| (term.topology_key.as_str(), domains(term, pod, index, node_cache)))
                .collect(),
            shunned: shunned(pod, node_cache),
            spreads: spreads.map(|one| Spread::of(one, pod, spec, index, node_cache)).collect(),
        }
    }

    /// Whether the pod may be on `node`.
    pub(super) fn check(&self, node: &Node) -> Result<(), Refusal> {
        for spread in &self.spreads {
            spread.check(node)?;
        }
        let inside = |(key, values): &Domains<'_>| {
            label(node, key).is_some_and(|value| values.contains(value))
        };
        let anywhere =
            |(key, values): &Domains<'_>| values.contains(ANYWHERE) && label(node, key).is_some();
        if !self.near.iter().all(|term| inside(term) || anywhere(term)) {
            return Err(Refusal::lasting("node(s) didn't match pod affinity rules"));
        }
        if self.apart.iter().any(inside) {
            return Err(Refusal::crowded("node(s) didn't match pod anti-affinity rules"));
        }
        let shuns = |(key, value): &(String, String)| label(node, key) == Some(value);
        if self.shunned.iter().any(shuns) {
            let reason = "node(s) didn't satisfy existing pods anti-affinity rules";
            return Err(Refusal::crowded(reason));
        }
        Ok(())
    }
}

/// Stands for every domain: the first of a group of pods that want to be together may be anywhere.
/// It is no label value.
const ANYWHERE: &str = "*";

fn nearby<'a>(
    term: &'a PodAffinityTerm,
    pod: &Pod,
    index: &Index,
    node_cache: &NodeCache,
) -> Domains<'a> {
    let mut domains = domains(term, pod, index, node_cache);
    if domains.is_empty() && concerns(term, pod, pod) {
        domains.insert(ANYWHERE.to_owned());
    }
    (&term.topology_key, domains)
}

/// The domains where the pods of a term of `pod` are.
fn domains(
    term: &PodAffinityTerm,
    pod: &Pod,
    index: &Index,
    node_cache: &NodeCache,
) -> BTreeSet<String> {
    let Some(selector) = term.label_selector.as_ref().map(LabelSelector::of) else {
        return BTreeSet::new();
    };
    let mut found = BTreeSet::new();
    for namespace in namespaces(term, pod) {
        for other in index.pods_matching(&namespace, &selector) {
            found.extend(domain(other, &term.topology_key, node_cache).map(str::to_owned));
        }
    }
    found
}

/// The namespaces that a term of `pod` is about: those listed, or the pod's own.
fn namespaces(term: &PodAffinityTerm, pod: &Pod) -> Vec<String> {
    let listed = term.namespaces.clone().unwrap_or_default();
    if listed.is_empty() { pod.metadata.namespace.iter().cloned().collect() } else { listed }
}

/// Whether a term of `holder` is about `other`.
fn concerns(term: &PodAffinityTerm, holder: &Pod, other: &Pod) -> bool {
    let selector = term.label_selector.as_ref().map(LabelSelector::of);
    let namespace = other.metadata.namespace.clone().unwrap_or_default();
    selector.is_some_and(|selector| selector.matches(other.metadata.labels.as_ref()))
        && namespaces(term, holder).contains(&namespace)
}

/// The value that a running pod's node has for a topology label.
fn domain<'a>(pod: &Pod, key: &str, node_cache: &'a NodeCache) -> Option<&'a str> {
    let node = pod.node().filter(|_| !pod.is_finished())?;
    label(&node_cache.seat(node)?.node, key)
}

fn label<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.metadata.labels.as_ref()?.get(key).map(String::as_str)
}

/// The domains of pods whose anti-affinity is about `pod`.
fn shunned(pod: &Pod, node_cache: &NodeCache) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for other in node_cache.guarded() {
        let affinity = other.spec.as_ref().and_then(|spec| spec.affinity.as_ref());
        let apart = affinity
            .and_then(|affinity| affinity.pod_anti_affinity.as_ref())
            .and_then(|apart| apart.required_during_scheduling_ignored_during_execution.as_ref());
        for term in apart.into_iter().flatten().filter(|term| concerns(term, other, pod)) {
            let value = domain(other, &term.topology_key, node_cache);
            found.extend(value.map(|value| (term.topology_key.clone(), value.to_owned())));
        }
    }
    found
}

impl<'a> Spread<'a> {
    fn of(
        constraint: &'a TopologySpreadConstraint,
        pod: &Pod,
        spec: &PodSpec,
        index: &Index,
        node_cache: &NodeCache,
    ) -> Spread<'a> {
        let key = constraint.topology_key.as_str();
        let mut counts = BTreeMap::new();
        for seat in node_cache.seats().filter(|seat| super::node_matches(spec, &seat.node)) {
            counts.extend(label(&seat.node, key).map(|value| (value.to_owned(), 0)));
        }
        let selector = constraint.label_selector.as_ref().map(LabelSelector::of);
        let mut own = 0;
        if let Some(selector) = selector {
            own = i32::from(selector.matches(pod.metadata.labels.as_ref()));
            let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
            let others = index.pods_matching(namespace, &selector);
            for other in others.filter(|other| other.is_active()) {
                let count = domain(other, key, node_cache).and_then(|value| counts.get_mut(value));
                count.into_iter().for_each(|count| *count += 1);
            }
        }
        Spread { constraint, counts, own }
    }

    fn check(&self, node: &Node) -> Result<(), Refusal> {
        let here = label(node, &self.constraint.topology_key);
        let Some(here) = here.and_then(|value| self.counts.get(value)) else {
            return Err(Refusal::lasting(
                "node(s) didn't match pod topology spread constraints (missing required label)",
            ));
        };
        let least = self.counts.values().min().copied().unwrap_or(0);
        if here + self.own - least > self.constraint.max_skew {
            let reason = "node(s) didn't match pod topology spread constraints";
            return Err(Refusal::crowded(reason));
        }
        Ok(())
    }
}
