//! Simulated time: an instant is passed to whoever needs it, and nothing asks for "now".
//!
//! Real clocks are known to the `app` room alone; everything else counts microseconds since the
//! cluster was switched on. Printed dates begin at [`EPOCH_SECONDS`], the same on every run, so
//! that the same seed prints the same bytes.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

/// The simulated cluster is switched on at this moment: 2026-01-05T09:00:00Z, in Unix seconds.
pub const EPOCH_SECONDS: i64 = 1_767_603_600;

/// A moment of simulated time, in microseconds since the cluster was switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

impl From<SimTime> for Timestamp {
    fn from(at: SimTime) -> Timestamp {
        at.timestamp()
    }
}

impl SimTime {
    /// The moment at which the cluster is switched on.
    pub const START: SimTime = SimTime(0);

    /// The moment `micros` microseconds after the start.
    pub const fn from_micros(micros: u64) -> SimTime {
        SimTime(micros)
    }

    /// The moment `millis` milliseconds after the start.
    pub const fn from_millis(millis: u64) -> SimTime {
        SimTime(millis * 1_000)
    }

    /// Microseconds since the start.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the start.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }

    /// Time passed since `earlier`; zero when `earlier` is later.
    pub const fn since(self, earlier: SimTime) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// The calendar moment, for `creationTimestamp`, log lines and `date`.
    pub fn timestamp(self) -> Timestamp {
        let seconds = EPOCH_SECONDS + (self.0 / 1_000_000) as i64;
        let nanos = (self.0 % 1_000_000) as i32 * 1_000;
        Timestamp::new(seconds, nanos).unwrap_or(Timestamp::MAX)
    }

    /// The calendar moment cut to whole seconds, as Kubernetes' `metav1.Time` stores it.
    pub fn whole_seconds(self) -> Timestamp {
        SimTime(self.0 - self.0 % 1_000_000).timestamp()
    }

    /// The simulated moment of a calendar one: the inverse of [`SimTime::timestamp`]. Moments
    /// before the start count as the start.
    pub fn from_timestamp(at: Timestamp) -> SimTime {
        let micros = at.as_microsecond() - EPOCH_SECONDS * 1_000_000;
        SimTime(u64::try_from(micros).unwrap_or(0))
    }
}

impl Add<Duration> for SimTime {
    type Output = SimTime;

    fn add(self, delay: Duration) -> SimTime {
        let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        SimTime(self.0.saturating_add(micros))
    }
}

impl AddAssign<Duration> for SimTime {
    fn add_assign(&mut self, delay: Duration) {
        *self = *self + delay;
    }
}

impl Sub for SimTime {
    type Output = Duration;

    fn sub(self, earlier: SimTime) -> Duration {
        self.since(earlier)
    }
}

/// Minutes and seconds, as the level's clock shows it: `00:42`.
impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1_000_000;
        write!(f, "{:02}:{:02}", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_is_a_round_moment() {
        assert_eq!(SimTime::START.timestamp().to_string(), "2026-01-05T09:00:00Z");
    }

    #[test]
    fn a_timestamp_finds_its_way_back() {
        let at = SimTime::from_micros(1_234_567);
        assert_eq!(SimTime::from_timestamp(at.timestamp()), at);
    }
}
