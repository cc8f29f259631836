//! What one command may use, shared by all that it starts.
//!
//! A [`Budget`] belongs to whoever was asked to run something: a terminal to its typed line, a
//! script to itself, a container to its first process. It is lent through [`Io`](super::Io) to
//! everything below: subshells, the sides of a pipe, `sh -c`, ssh, exec, and tools with loops of
//! their own. It counts work in steps (a turn of a shell, or [`BYTES_PER_STEP`] bytes that are kept
//! or passed on), what is printed, and how deep shells run inside shells.

use std::time::Duration;

use crate::clock::SimTime;

/// Steps of one command. A loop takes about ten a round.
const STEPS: u64 = 4_000_000;

/// Bytes that are written, kept or passed on for a step.
const BYTES_PER_STEP: u64 = 64;

/// Bytes that one command may print.
const OUTPUT: u64 = 32 << 20;

/// Steps that come back in a second of simulated time, so that a loop that sleeps never ends.
const REFILL: u64 = 4_000;

/// The same of a container's process, of which there are many, and which runs for ever.
const REFILL_OF_PROCESS: u64 = 500;

/// Steps that are done at one moment, before whoever draws the next frame has its turn.
const SLICE: u64 = 40_000;

/// Shells inside shells. Each is a stack of calls within the one that started it.
const DEEPEST: u32 = 40;

/// What was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spent {
    Steps,
    Output,
}

/// What is left of what a command may use.
#[derive(Clone, Debug)]
pub struct Budget {
    steps: u64,
    slice: u64,
    output: u64,
    depth: u32,
    /// Up to which moment steps have come back.
    refilled: SimTime,
    /// Whether nothing ends what uses it up: it waits until steps have come back.
    endless: bool,
    spent: Option<Spent>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            steps: STEPS,
            slice: SLICE,
            output: OUTPUT,
            depth: 0,
            refilled: SimTime::START,
            endless: false,
            spent: None,
        }
    }
}

impl Budget {
    /// Begins a slice: the time that has passed brings some steps back.
    pub fn begin(&mut self, now: SimTime) {
        let seconds = now.since(self.refilled).as_secs();
        self.refilled += Duration::from_secs(seconds);
        let refill = if self.endless { REFILL_OF_PROCESS } else { REFILL };
        self.steps = self.steps.saturating_add(seconds.saturating_mul(refill)).min(STEPS);
        self.slice = SLICE;
        if self.endless && self.steps > 0 {
            self.spent = None;
        }
    }

    /// Takes `steps`, and says whether any are left.
    pub fn take(&mut self, steps: u64) -> bool {
        self.slice = self.slice.saturating_sub(steps);
        self.steps = self.steps.saturating_sub(steps);
        if self.steps == 0 {
            self.spent.get_or_insert(Spent::Steps);
        }
        self.spent.is_none()
    }

    /// Takes the steps that `bytes` cost, and says whether any are left.
    pub fn keep(&mut self, bytes: usize) -> bool {
        self.take(bytes as u64 / BYTES_PER_STEP)
    }

    /// Notes what is printed at last, and says whether more may be.
    pub fn print(&mut self, bytes: usize) -> bool {
        // A container's log turns.
        if self.endless {
            return self.keep(bytes);
        }
        self.output = self.output.saturating_sub(bytes as u64);
        if self.output == 0 {
            self.spent.get_or_insert(Spent::Output);
        }
        self.keep(bytes)
    }

    /// What has been done of this slice, in steps of a cluster, which take longer.
    pub fn worked(&self) -> u32 {
        u32::try_from((SLICE - self.slice) / 50).unwrap_or(u32::MAX)
    }

    /// Steps that are left.
    pub fn left(&self) -> u64 {
        if self.spent.is_some() { 0 } else { self.steps }
    }

    /// Whether it is time to rest: nothing is left, or nothing of this slice.
    pub fn rests(&self) -> bool {
        self.spent.is_some() || self.slice == 0
    }

    /// Goes one shell deeper. `false` when that would be too deep; then nothing is to be undone.
    pub fn enter(&mut self) -> bool {
        let may = self.depth < DEEPEST;
        self.depth += u32::from(may);
        may
    }

    /// Comes back from a shell.
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// The message for a command that has used up what it may; `None` as long as it has not.
    pub fn exhaustion(&self) -> Option<String> {
        if self.endless {
            return None;
        }
        Some(match self.spent? {
            Spent::Steps => format!(
                "podhop: this command was ended here, since it has taken the {STEPS} steps that one \
                 command may take"
            ),
            Spent::Output => format!(
                "podhop: this command was ended here, since it has printed the {OUTPUT} bytes that \
                 one command may print"
            ),
        })
    }

    /// Whether what runs for ever has to wait until steps have come back.
    pub fn is_tired(&self) -> bool {
        self.endless && self.steps == 0
    }

    /// What a container's first process has: a burst, and then what comes back.
    pub fn of_process() -> Budget {
        Budget { steps: STEPS / 10, endless: true, ..Budget::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_told_once_what_it_used_up() {
        let mut budget = Budget::default();
        assert!(budget.take(STEPS - 1) && budget.exhaustion().is_none());
        assert!(!budget.take(1));
        assert!(budget.exhaustion().is_some_and(|told| told.contains("steps")));
        let mut budget = Budget::default();
        assert!(!budget.print(OUTPUT as usize));
        assert!(budget.exhaustion().is_some_and(|told| told.contains("bytes")));
    }

    #[test]
    fn time_that_passes_brings_steps_back() {
        let mut budget = Budget::default();
        budget.take(STEPS - 1);
        budget.begin(SimTime::from_millis(10_000));
        assert_eq!(budget.left(), 1 + 10 * REFILL);
    }

    #[test]
    fn a_container_that_never_rests_gets_less_back_than_a_command() {
        let mut budget = Budget::of_process();
        budget.take(STEPS);
        assert!(budget.is_tired());
        budget.begin(SimTime::from_millis(10_000));
        assert_eq!(budget.left(), 10 * REFILL_OF_PROCESS);
    }

    #[test]
    fn shells_nest_up_to_a_depth() {
        let mut budget = Budget::default();
        assert!((0..DEEPEST).all(|_| budget.enter()));
        assert!(!budget.enter());
        budget.leave();
        assert!(budget.enter());
    }
}
