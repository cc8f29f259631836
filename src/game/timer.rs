//! How the cluster's clock follows the player's.

use std::time::Duration;

/// The speeds that can be chosen.
pub const SPEEDS: [u32; 4] = [1, 2, 5, 20];

/// Requests of the goals and commands in the terminal are worth waiting for, but not long.
const HURRY: u32 = 8;

/// After so long without a key the clock pauses by itself, so that an idle game costs nothing.
const PATIENCE: Duration = Duration::from_secs(180);

/// How the cluster's clock runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    running: bool,
    speed: usize,
    idle: Duration,
}

impl Default for Timer {
    fn default() -> Timer {
        Timer { running: true, speed: 0, idle: Duration::ZERO }
    }
}

impl Timer {
    /// Whether the clock runs.
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// How many simulated seconds pass in one.
    pub fn speed(&self) -> u32 {
        SPEEDS[self.speed]
    }

    /// Pauses, or goes on.
    pub fn toggle(&mut self) {
        self.running = !self.running;
        self.idle = Duration::ZERO;
    }

    /// Stops the clock.
    pub fn pause(&mut self) {
        self.running = false;
    }

    /// Lets the clock run.
    pub fn resume(&mut self) {
        self.running = true;
        self.idle = Duration::ZERO;
    }

    /// The next faster speed, or the next slower one.
    pub fn shift(&mut self, faster: bool) {
        self.speed = match faster {
            true => (self.speed + 1).min(SPEEDS.len() - 1),
            false => self.speed.saturating_sub(1),
        };
        self.resume();
    }

    /// The player did something.
    pub fn touched(&mut self) {
        self.idle = Duration::ZERO;
    }

    /// How much simulated time passes in `real` time; `busy` while the player waits for something.
    pub fn pass(&mut self, real: Duration, busy: bool) -> Duration {
        self.idle += real;
        if busy {
            return real * self.speed().max(HURRY);
        }
        if self.running && self.idle >= PATIENCE {
            self.running = false;
        }
        if self.running { real * self.speed() } else { Duration::ZERO }
    }

    /// How much real time it takes until `simulated` time has passed; `None` while it stands.
    pub fn until(&self, simulated: Duration, busy: bool) -> Option<Duration> {
        match (busy, self.running) {
            (true, _) => Some(simulated / self.speed().max(HURRY)),
            (false, true) => Some(simulated / self.speed()),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn speeds_go_up_to_twenty() {
        let mut timer = Timer::default();
        for _ in 0..9 {
            timer.shift(true);
        }
        assert_eq!(timer.pass(SECOND, false), Duration::from_secs(20));
    }

    #[test]
    fn a_paused_clock_still_carries_out_what_the_player_waits_for() {
        let mut timer = Timer::default();
        timer.toggle();
        assert_eq!(timer.pass(SECOND, false), Duration::ZERO);
        assert!(timer.pass(SECOND, true) > Duration::ZERO);
    }

    #[test]
    fn an_idle_game_pauses() {
        let mut timer = Timer::default();
        timer.pass(PATIENCE, false);
        assert!(!timer.is_running());
    }
}
