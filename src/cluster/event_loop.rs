//! The one clock: who is due next, and when everything has come to rest.
//!
//! After each thing that runs, every actor sees what changed in the store; nobody polls it.

use std::time::Duration;

use super::{Cluster, Settled, compile, kubelet, nodes, processes};
use crate::clock::SimTime;

/// Who can be due. The order decides between equals (R16.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Actor {
    Controllers,
    Nodes,
    Kubelets,
    Processes,
    ServiceProxy,
    Names,
    Policies,
}

impl Cluster {
    /// When the next thing is due; `None` when nothing ever is.
    pub fn next_due(&self) -> Option<SimTime> {
        self.earliest().map(|(at, _)| at)
    }

    /// Runs the earliest thing that is due and moves the clock to it. `None` when there is nothing.
    pub fn step(&mut self) -> Option<SimTime> {
        let (at, actor) = self.earliest()?;
        self.now = self.now.max(at);
        match actor {
            Actor::Controllers => self.controllers.run_next(self.now, &mut self.api),
            Actor::Nodes => nodes::run_next(self),
            Actor::Kubelets => kubelet::run_next(self),
            Actor::Processes => processes::run_next(self),
            Actor::ServiceProxy => compile::run_proxy(self),
            Actor::Names => compile::run_names(self),
            Actor::Policies => compile::run_policies(self),
        }
        self.observe();
        Some(self.now)
    }

    /// Runs everything due up to `until`, and moves the clock there.
    pub fn advance_to(&mut self, until: SimTime) {
        while self.next_due().is_some_and(|due| due <= until) {
            self.step();
        }
        self.now = self.now.max(until);
    }

    /// As [`Cluster::advance_to`], in at most `steps` steps, which are counted down. Whether it came
    /// to `until`; if not, the clock stands where the steps ended.
    pub fn advance_within(&mut self, until: SimTime, steps: &mut u32) -> bool {
        while self.next_due().is_some_and(|due| due <= until) {
            if *steps == 0 {
                return false;
            }
            *steps -= 1;
            self.step();
        }
        self.now = self.now.max(until);
        true
    }

    /// Runs on until nothing is left to do but what repeats for ever, for `bound` at most (R16.1).
    pub fn settle(&mut self, bound: Duration) -> Settled {
        let end = self.now + bound;
        while let Some(work) = self.next_work() {
            if work > end {
                self.advance_to(end);
                return Settled::StillBusy;
            }
            self.step();
        }
        Settled::Settled
    }

    /// Lets every actor see what has changed in the store since it last looked.
    pub(super) fn observe(&mut self) {
        self.api.expire_events(self.now);
        let store = self.api.store();
        for change in store.changes_since(self.observed) {
            self.controllers.observe(self.now, store, change);
            self.kubelets.observe(self.now, change);
            self.proxy.observe(self.now, change);
            self.names.observe(self.now, change);
            self.policies.observe(self.now, change);
            self.processes.observe(self.now, change);
            compile::note_zone(&mut self.network, change);
        }
        self.observed = store.revision();
        self.api.forget_before(self.observed);
    }

    /// Forgets what only a lagging watch would ask for, in a copy that is kept to go back to.
    pub fn set_aside(&mut self) {
        self.api.set_aside(self.observed);
    }

    fn earliest(&self) -> Option<(SimTime, Actor)> {
        [
            (self.controllers.next_due().map(|due| due.at), Actor::Controllers),
            (self.nodes.next_due(), Actor::Nodes),
            (self.kubelets.next_due(), Actor::Kubelets),
            (self.processes.next_due(), Actor::Processes),
            (self.proxy.next_due(), Actor::ServiceProxy),
            (self.names.next_due(), Actor::Names),
            (self.policies.next_due(), Actor::Policies),
        ]
        .into_iter()
        .filter_map(|(at, actor)| Some((at?, actor)))
        .min()
    }

    /// The earliest thing that the cluster is unsettled without. Nodes only report for ever.
    fn next_work(&self) -> Option<SimTime> {
        [
            self.controllers.next_work(),
            self.kubelets.next_work(),
            self.processes.next_work(),
            self.proxy.next_due(),
            self.names.next_due(),
            self.policies.next_due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}
