//! What reading a pattern and looking for it costs.

use std::sync::atomic::{AtomicU64, Ordering};

/// Turns of a search for one of the shell's steps.
const TURNS_PER_STEP: u64 = 16;

/// Turns between two calls of [`Work::take`], after which searches are given up.
const MOST: u64 = 30_000_000;

/// What a search costs that was given up: more than anybody has.
pub(super) const GIVEN_UP: u64 = 1 << 40;

/// Turns that have been counted. They are part of the pattern, so that a copy of it counts its own.
#[derive(Debug, Default)]
pub(super) struct Work(AtomicU64);

impl Clone for Work {
    fn clone(&self) -> Work {
        Work::of(self.0.load(Ordering::Relaxed))
    }
}

impl Work {
    /// What has been done so far.
    pub fn of(turns: u64) -> Work {
        Work(AtomicU64::new(turns))
    }

    /// Counts, and says whether the search may go on.
    pub fn count(&self, turns: u64) -> bool {
        let before = self.0.load(Ordering::Relaxed);
        let counted = before.saturating_add(turns);
        let goes_on = counted <= MOST;
        self.0.store(if goes_on { counted } else { GIVEN_UP }, Ordering::Relaxed);
        goes_on
    }

    /// The shell's steps that it comes to, which begin anew.
    pub fn take(&self) -> u64 {
        match self.0.load(Ordering::Relaxed) {
            GIVEN_UP => {
                self.0.store(0, Ordering::Relaxed);
                GIVEN_UP
            }
            turns => {
                self.0.store(turns % TURNS_PER_STEP, Ordering::Relaxed);
                turns / TURNS_PER_STEP
            }
        }
    }
}
