//! Why nodes refused a pod, and the scheduler's sentence about all of them.

use std::collections::BTreeMap;
use std::fmt;

/// Why one node refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The plugin's words; the resources plugin may have several.
    pub(super) reasons: Vec<String>,
    /// Whether evicting other pods could change it.
    pub(super) preemptible: bool,
}

impl Refusal {
    /// A refusal that no eviction would change.
    pub(super) fn lasting(reason: &str) -> Refusal {
        Refusal { reasons: vec![reason.to_owned()], preemptible: false }
    }

    /// A refusal because of the pods that are there.
    pub(super) fn crowded(reason: &str) -> Refusal {
        Refusal { reasons: vec![reason.to_owned()], preemptible: true }
    }
}

/// What all nodes said.
#[derive(Clone, Debug)]
pub(super) struct Refusals {
    nodes: usize,
    /// What made it needless to ask the nodes: a PreFilter plugin's words.
    beforehand: Option<String>,
    reasons: BTreeMap<String, usize>,
    preemption: BTreeMap<&'static str, usize>,
    end: End,
}

/// What came of the thought that other pods may have to go.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Each node was asked.
    Asked,
    /// The pod may end no other.
    Ineligible(&'static str),
    /// Others go.
    Room,
}

impl Refusals {
    pub(super) fn new(nodes: usize) -> Refusals {
        let (reasons, preemption) = (BTreeMap::new(), BTreeMap::new());
        Refusals { nodes, beforehand: None, reasons, preemption, end: End::Asked }
    }

    /// The pod may end no other, for this reason.
    pub(super) fn may_end_none(&mut self, why: &'static str) {
        self.end = End::Ineligible(why);
    }

    /// Others go to make room.
    pub(super) fn has_room(&mut self) {
        self.end = End::Room;
    }

    /// No node will do, whatever it is like.
    pub(super) fn refuse_all(&mut self, reason: String) {
        self.beforehand = Some(reason);
        self.preemption.insert("Preemption is not helpful for scheduling", self.nodes);
    }

    pub(super) fn add(&mut self, refusal: Refusal) {
        let outlook = if refusal.preemptible {
            "No preemption victims found for incoming pod"
        } else {
            "Preemption is not helpful for scheduling"
        };
        *self.preemption.entry(outlook).or_insert(0) += 1;
        for reason in refusal.reasons {
            *self.reasons.entry(reason).or_insert(0) += 1;
        }
    }
}

/// `0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: …`
impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nodes == 0 {
            return f.write_str("no nodes available to schedule pods");
        }
        write!(f, "0/{} nodes are available: ", self.nodes)?;
        let reasons = self.reasons.iter().map(|(reason, count)| format!("{count} {reason}"));
        match &self.beforehand {
            Some(reason) => f.write_str(reason)?,
            None => f.write_str(&sorted(reasons))?,
        }
        match self.end {
            End::Room => return f.write_str("."),
            End::Ineligible(why) => {
                return write!(f, ". no new claims to deallocate, preemption: {why}");
            }
            End::Asked => {}
        }
        write!(
            f,
            ". no new claims to deallocate, preemption: 0/{} nodes are available: ",
            self.nodes
        )?;
        let outlooks = self.preemption.iter().map(|(outlook, count)| format!("{count} {outlook}"));
        write!(f, "{}.", sorted(outlooks))
    }
}

/// kube-scheduler sorts the counted sentences as texts.
fn sorted(sentences: impl Iterator<Item = String>) -> String {
    let mut sentences: Vec<String> = sentences.collect();
    sentences.sort();
    sentences.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_and_sorted_as_texts() {
        let mut refusals = Refusals::new(3);
        refusals.add(Refusal::lasting("node(s) were unschedulable"));
        refusals.add(Refusal::lasting("node(s) were unschedulable"));
        refusals.add(Refusal::crowded("Insufficient cpu"));
        assert_eq!(
            refusals.to_string(),
            "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. no new \
             claims to deallocate, preemption: 0/3 nodes are available: 1 No preemption victims \
             found for incoming pod, 2 Preemption is not helpful for scheduling."
        );
    }

    #[test]
    fn a_cluster_without_nodes_has_its_own_sentence() {
        assert_eq!(Refusals::new(0).to_string(), "no nodes available to schedule pods");
    }
}
