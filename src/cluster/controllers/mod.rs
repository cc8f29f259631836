//! Controllers and the scheduler: each watches kinds, and brings what is to what should be.
//!
//! One queue for all of them, in total order: due time, then controller, then key. A controller
//! reads the store and writes through the API server, as any client does. [`watch`] turns changes
//! into queued keys, and each controller has a file of its own.
//!
//! Every change of the store must be shown to [`Controllers::observe`], in order, before
//! [`Controllers::run_next`] is called: the indexes are then exact, where real informers lag.

mod autoscaler;
mod client;
mod cron_job;
mod daemon_set;
mod deployment;
mod disruption;
mod endpoints;
pub(crate) mod events;
mod furnishing;
mod garbage;
mod hash;
mod index;
mod job;
mod labels;
mod load_balancer;
mod namespace;
mod node_lifecycle;
mod owner;
mod pods;
mod queue;
mod quota;
mod replica_set;
mod revision;
mod scheduler;
mod stateful_set;
mod volume_claim;
mod watch;
#[cfg(test)]
mod world;

pub(crate) use deployment::same_template;
pub(crate) use scheduler::tolerates;

use client::Client;
use endpoints::Triggers;
use endpoints::slice::Slices;
use events::Recorder;
use garbage::Garbage;
use index::Index;
use load_balancer::Cloud;
use queue::{Actor, Queue};
use scheduler::Scheduler;

pub(crate) use queue::Key;
pub(in crate::cluster) use scheduler::{Rejection, admit};

use crate::api::{ApiServer, Change, Store};
use crate::clock::SimTime;

/// Every controller with its queue.
#[derive(Clone, Debug)]
pub struct Controllers {
    queue: Queue,
    index: Index,
    recorder: Recorder,
    scheduler: Scheduler,
    slices: Slices,
    endpoints: Triggers,
    garbage: Garbage,
    /// The cloud that assigns load balancers' addresses, where there is one.
    cloud: Option<Cloud>,
}

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
        Controllers {
            queue: Queue::default(),
            index: Index::default(),
            recorder: Recorder::new(),
            scheduler: Scheduler::new(seed),
            slices: Slices::new(seed),
            endpoints: Triggers::default(),
            garbage: Garbage::default(),
            cloud: None,
        }
    }

    /// Declares that the cluster runs in a cloud: Services of type LoadBalancer get an address
    /// after a while (R7.4).
    pub fn join_cloud(&mut self) {
        self.cloud.get_or_insert_default();
    }

    /// Whether the cluster runs in a cloud.
    pub fn is_in_cloud(&self) -> bool {
        self.cloud.is_some()
    }

    /// Takes note of a change: queues the objects that it concerns.
    pub fn observe(&mut self, now: SimTime, store: &Store, change: &Change) {
        self.watch(now, store, change);
    }

    /// The earliest thing to do.
    pub fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }

    /// The earliest thing that is work (see [`Due::work`]).
    pub fn next_work(&self) -> Option<SimTime> {
        self.queue.next_work()
    }

    /// Does the earliest thing that is due at `now`.
    pub fn run_next(&mut self, now: SimTime, api: &mut ApiServer) {
        let Some((actor, key)) = self.queue.pop(now) else { return };
        let client = &mut Client {
            now,
            api,
            index: &self.index,
            queue: &mut self.queue,
            recorder: &mut self.recorder,
        };
        match actor {
            Actor::Namespace => namespace::reconcile(client, &key),
            Actor::Garbage => self.garbage.reconcile(client, &key),
            Actor::NodeLifecycle => node_lifecycle::reconcile(client, &key),
            Actor::TaintEviction => node_lifecycle::evict(client, &key),
            Actor::CronJob => cron_job::reconcile(client, &key),
            Actor::Deployment => deployment::reconcile(client, &key),
            Actor::StatefulSet => stateful_set::reconcile(client, &key),
            Actor::DaemonSet => daemon_set::reconcile(client, &key),
            Actor::Job => job::reconcile(client, &key),
            Actor::ReplicaSet => replica_set::reconcile(client, &key),
            Actor::ReplicationController => replica_set::reconcile_controller(client, &key),
            Actor::Scheduler => self.scheduler.schedule(client, &key),
            Actor::VolumeClaim => volume_claim::reconcile(client, &key),
            Actor::Volume => volume_claim::reconcile_volume(client, &key),
            Actor::Disruption => disruption::reconcile(client, &key),
            Actor::Autoscaler => autoscaler::reconcile(client, &key),
            Actor::Quota => quota::reconcile(client, &key),
            Actor::Furnishing => furnishing::reconcile(client, &key),
            Actor::LoadBalancer => {
                if let Some(cloud) = &mut self.cloud {
                    cloud.reconcile(client, &key);
                }
            }
            Actor::Endpoints => endpoints::legacy::reconcile(client, &mut self.endpoints, &key),
            Actor::EndpointSlice => self.slices.reconcile(client, &key),
            Actor::EndpointSliceMirroring => endpoints::mirror::reconcile(client, &key),
        }
    }
}
