//! Controllers and the scheduler: each watches kinds, and brings what is to what should be.
//!
//! One queue for all of them, in total order: due time, then controller, then key. A controller
//! reads the store and writes through the API server, as any client does.

use crate::api::{ApiServer, Change, Store};
use crate::clock::SimTime;

/// Every controller with its queue.
#[derive(Clone, Debug)]
pub struct Controllers {}

/// Something that a controller has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: SimTime,
    /// Whether the cluster is unsettled until it is done; a mere timer (a deadline, a back-off)
    /// is not waited for.
    pub work: bool,
}

impl Controllers {
    /// Controllers with nothing to do; `seed` decides what the scheduler and name generators draw.
    pub fn new(seed: u64) -> Controllers {
        let _ = seed;
        todo!()
    }

    /// Takes note of a change: queues the objects that it concerns.
    pub fn observe(&mut self, now: SimTime, store: &Store, change: &Change) {
        let _ = (now, store, change);
        todo!()
    }

    /// The earliest thing to do.
    pub fn next_due(&self) -> Option<Due> {
        todo!()
    }

    /// The earliest thing that is work (see [`Due::work`]).
    pub fn next_work(&self) -> Option<SimTime> {
        todo!()
    }

    /// Does the earliest thing that is due at `now`.
    pub fn run_next(&mut self, now: SimTime, api: &mut ApiServer) {
        let _ = (now, api);
        todo!()
    }
}
