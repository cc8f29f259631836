//! Which of the feasible nodes is the best: what the pod prefers first, then nodes without pods of
//! the same controller, then the emptiest. kube-scheduler's weighted sum comes to the same order
//! wherever one of them differs clearly.

use std::cmp::Reverse;

use k8s_openapi::api::core::v1::{PodSpec, PreferredSchedulingTerm, WeightedPodAffinityTerm};

use super::super::index::Index;
use super::affinity::term_matches;
use super::filter::tolerates;
use super::node_cache::{NodeCache, Seat};
use crate::api::Pod;
use crate::api::selector::LabelSelector;

/// What a pod would like.
pub(super) struct Wishes<'a> {
    spec: &'a PodSpec,
    fellows: Option<&'a str>,
    nodes: &'a [PreferredSchedulingTerm],
    /// (topology label, its value, weight): where pods are that this one would like to be near, or
    /// with a negative weight apart from.
    pods: Vec<(String, String, i64)>,
}

/// How good a node is: the greater the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Score {
    wishes: i64,
    fellows: Reverse<usize>,
    pods: Reverse<usize>,
}

impl Score {
    /// Whether no node that has more pods can be better for a pod without wishes.
    pub(super) fn is_perfect(self) -> bool {
        self.wishes == 0 && self.fellows == Reverse(0)
    }
}

impl<'a> Wishes<'a> {
    pub(super) fn of(
        pod: &'a Pod,
        spec: &'a PodSpec,
        index: &Index,
        node_cache: &NodeCache,
    ) -> Wishes<'a> {
        let affinity = spec.affinity.as_ref();
        let nodes = affinity
            .and_then(|affinity| affinity.node_affinity.as_ref())
            .and_then(|all| all.preferred_during_scheduling_ignored_during_execution.as_deref());
        let near = affinity
            .and_then(|affinity| affinity.pod_affinity.as_ref())
            .and_then(|all| all.preferred_during_scheduling_ignored_during_execution.as_deref());
        let apart = affinity
            .and_then(|affinity| affinity.pod_anti_affinity.as_ref())
            .and_then(|all| all.preferred_during_scheduling_ignored_during_execution.as_deref());
        let mut wishes = Wishes {
            spec,
            fellows: super::fellows(pod),
            nodes: nodes.unwrap_or_default(),
            pods: Vec::new(),
        };
        for (terms, sign) in [(near, 1), (apart, -1)] {
            for term in terms.unwrap_or_default() {
                wishes.add(term, sign, pod, (index, node_cache));
            }
        }
        wishes.add_soft_spreads(pod, (index, node_cache));
        wishes
    }

    /// Whether all that counts is fellows and emptiness.
    pub(super) fn is_plain(&self) -> bool {
        self.nodes.is_empty() && self.pods.is_empty()
    }

    pub(super) fn score(&self, seat: &Seat) -> Score {
        let nodes = self.nodes.iter().filter(|term| term_matches(&term.preference, &seat.node));
        let by_node: i64 = nodes.map(|term| i64::from(term.weight)).sum();
        let labels = seat.node.metadata.labels.as_ref();
        let there = |(key, value, _): &&(String, String, i64)| {
            labels.and_then(|labels| labels.get(key)) == Some(value)
        };
        let by_pods: i64 = self.pods.iter().filter(there).map(|(_, _, weight)| weight).sum();
        let taints = seat.node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
        let soft = taints.filter(|taint| taint.effect == "PreferNoSchedule");
        let unwelcome = soft.filter(|taint| !tolerates(self.spec, taint)).count() as i64;
        let fellows = self.fellows.and_then(|owner| seat.fellows.get(owner)).copied();
        Score {
            wishes: by_node + by_pods - 100 * unwelcome,
            fellows: Reverse(fellows.unwrap_or(0)),
            pods: Reverse(seat.pods),
        }
    }

    fn add(
        &mut self,
        term: &WeightedPodAffinityTerm,
        sign: i64,
        pod: &Pod,
        (index, node_cache): (&Index, &NodeCache),
    ) {
        let key = &term.pod_affinity_term.topology_key;
        let selector = term.pod_affinity_term.label_selector.as_ref().map(LabelSelector::of);
        self.add_places(selector, key, sign * i64::from(term.weight), pod, (index, node_cache));
    }

    /// `whenUnsatisfiable: ScheduleAnyway`: every matching pod makes its domain less welcome.
    fn add_soft_spreads(&mut self, pod: &Pod, at: (&Index, &NodeCache)) {
        let constraints = self.spec.topology_spread_constraints.as_deref().unwrap_or_default();
        for soft in constraints.iter().filter(|one| one.when_unsatisfiable == "ScheduleAnyway") {
            let selector = soft.label_selector.as_ref().map(LabelSelector::of);
            self.add_places(selector, &soft.topology_key, -1, pod, at);
        }
    }

    fn add_places(
        &mut self,
        selector: Option<LabelSelector>,
        key: &str,
        weight: i64,
        pod: &Pod,
        (index, node_cache): (&Index, &NodeCache),
    ) {
        let Some(selector) = selector else { return };
        let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
        for other in index.pods_matching(namespace, &selector) {
            let node = other.node().filter(|_| other.is_active());
            let labels = node
                .and_then(|node| node_cache.seat(node))
                .and_then(|seat| seat.node.metadata.labels.as_ref());
            if let Some(value) = labels.and_then(|labels| labels.get(key)) {
                self.pods.push((key.to_owned(), value.clone(), weight));
            }
        }
    }
}
