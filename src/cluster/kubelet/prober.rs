//! A probe of a running container, as its kubelet keeps it.

use std::time::Duration;

use k8s_openapi::api::core::v1::Probe;

use super::container::Container;
use super::owner::Probed;
use crate::clock::SimTime;
use crate::network::ProcessId;

/// A probe of a running container.
#[derive(Clone, Debug)]
pub struct Prober {
    pub kind: Probed,
    pub next: SimTime,
    pub spec: Probe,
    /// How often in a row it has passed.
    pub successes: i32,
    /// How often in a row it has failed.
    pub failures: i32,
    /// An exec probe that has not ended.
    pub running: Option<ProcessId>,
}

impl Prober {
    /// Whether the cluster is unsettled until this probe passes: its container was never ready.
    pub fn is_awaited(&self, container: &Container) -> bool {
        match self.kind {
            Probed::Startup => !container.started,
            Probed::Readiness => !container.ever_ready,
            Probed::Liveness => false,
        }
    }

    /// `periodSeconds`.
    pub fn period(&self) -> Duration {
        seconds(self.spec.period_seconds, 10)
    }

    /// `timeoutSeconds`.
    pub fn timeout(&self) -> Duration {
        seconds(self.spec.timeout_seconds, 1)
    }
}

fn seconds(value: Option<i32>, default: u64) -> Duration {
    let value = value.and_then(|value| u64::try_from(value).ok()).filter(|value| *value > 0);
    Duration::from_secs(value.unwrap_or(default))
}
