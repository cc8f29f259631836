//! A rule of a NetworkPolicy that lets too many through: which selector lets through those alone whom the
//! goals want answered. Each is tried in a copy.

use k8s_openapi::api::networking::v1::NetworkPolicyPeer;
use serde_json::{Value, json};

use super::denials::NAMESPACE_NAME;
use super::{Facts, place_of, selectors, trial, wanted};
use crate::api::{Labels, Pod};
use crate::cluster::Place;

/// A rule that lets somebody through who is to be kept away.
pub(super) struct WideRule<'a> {
    /// Namespace and name of its policy.
    pub policy: (&'a str, &'a str),
    /// `ingress` or `egress`, and its side's field: `from` or `to`.
    pub side: (&'static str, &'static str),
    /// Which rule, from 0.
    pub rule: usize,
    /// The item that fits, and where in the list; none where the rule is for everybody.
    pub peer: Option<(usize, &'a NetworkPolicyPeer)>,
    /// Who is let through.
    pub intruder: &'a Pod,
}

/// What is to be written into the rule.
pub(super) struct Narrower {
    /// `podSelector: {matchLabels: {role: librarian}}`
    pub selector: String,
    /// Where: `beside the namespaceSelector, in the same item`.
    pub place: String,
}

/// A selector with which this goal passes and no other one that passes now breaks.
pub(super) fn found(facts: &Facts<'_>, wide: &WideRule<'_>) -> Option<Narrower> {
    let meant = meant(facts, wide.side.0 == "egress");
    let ways = meant.iter().flat_map(|pod| wide.ways(pod));
    ways.into_iter().find_map(|(narrower, operation)| {
        let (namespace, name) = wide.policy;
        let command = format!(
            "kubectl patch networkpolicy {name} -n {namespace} --type=json -p '[{operation}]'"
        );
        let helps = trial::after(facts, &command) == trial::Tried::Passes
            && trial::breaks(facts, &command).is_none();
        helps.then_some(narrower)
    })
}

/// The pods that goals want to be answered, or, of a rule for what goes out, those that are to answer.
fn meant<'f>(facts: &'f Facts<'_>, out: bool) -> Vec<&'f Pod> {
    let objects = facts.case.cluster.objects();
    let answered = facts.case.goals.iter().filter(|goal| goal.expect.exit == Some(0));
    let pods = answered.filter_map(|goal| {
        if out {
            return objects.list::<Pod>(None).find(|pod| wanted::wants(&goal.expect, pod));
        }
        match place_of(goal)?.find(facts.case.cluster).ok()? {
            Place::Container { namespace, pod, .. } => objects.get::<Pod>(&namespace, &pod),
            Place::Laptop | Place::Node(_) => None,
        }
    });
    pods.map(AsRef::as_ref).collect()
}

impl WideRule<'_> {
    /// What tells a pod that is meant from the one that is not, as what is to be written and as an operation of a
    /// JSON patch: its labels, or its namespace.
    fn ways(&self, meant: &Pod) -> Vec<(Narrower, Value)> {
        let own = selectors::own_labels(meant, &Labels::new());
        let others = self.intruder.metadata.labels.as_ref();
        let differs = |(key, value): &(&String, &String)| {
            others.and_then(|all| all.get(*key)) != Some(*value)
        };
        let labels =
            own.iter().filter(differs).map(|(key, value)| self.by_label(key, value, meant));
        labels.chain(self.by_namespace(meant)).collect()
    }

    fn path(&self) -> String {
        let (direction, side) = self.side;
        format!("/spec/{direction}/{}/{side}", self.rule)
    }

    fn by_label(&self, key: &str, value: &str, meant: &Pod) -> (Narrower, Value) {
        let pods = json!({ "matchLabels": { key: value } });
        let shown = format!("podSelector: {{matchLabels: {{{}}}}}", selectors::written(key, value));
        let Some((index, peer)) = self.peer else {
            let space = meant.metadata.namespace.as_deref().unwrap_or("");
            let elsewhere = space != self.policy.0;
            let mut item = json!({ "podSelector": pods });
            let mut shown = shown;
            if elsewhere {
                item["namespaceSelector"] = json!({ "matchLabels": { NAMESPACE_NAME: space } });
                shown = format!(
                    "{shown}, namespaceSelector: {{matchLabels: {{{NAMESPACE_NAME}: {space}}}}}"
                );
            }
            let (direction, side) = self.side;
            let narrower = Narrower {
                selector: format!("{side}: [{{{shown}}}]"),
                place: format!("in {direction} rule {}", self.rule + 1),
            };
            return (narrower, json!({ "op": "add", "path": self.path(), "value": [item] }));
        };
        let place = match (&peer.pod_selector, &peer.namespace_selector) {
            (None, Some(_)) => "beside the namespaceSelector, in the same item",
            _ => "in that item",
        };
        let path = format!("{}/{index}/podSelector", self.path());
        let narrower = Narrower { selector: shown, place: place.to_owned() };
        (narrower, json!({ "op": "add", "path": path, "value": pods }))
    }

    /// An item of another namespace's pods is to name the one that is meant.
    fn by_namespace(&self, meant: &Pod) -> Option<(Narrower, Value)> {
        let (index, peer) = self.peer?;
        peer.namespace_selector.as_ref()?;
        let space = meant.metadata.namespace.as_deref()?;
        let path = format!("{}/{index}/namespaceSelector", self.path());
        let narrower = Narrower {
            selector: format!("namespaceSelector: {{matchLabels: {{{NAMESPACE_NAME}: {space}}}}}"),
            place: "in that item".to_owned(),
        };
        let spaces = json!({ "matchLabels": { NAMESPACE_NAME: space } });
        Some((narrower, json!({ "op": "add", "path": path, "value": spaces })))
    }
}
