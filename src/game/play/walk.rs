//! What moves: the packet on its way, and the marks of what has just changed.

use std::sync::Arc;
use std::time::Duration;

use super::Play;
use crate::game::story::Story;
use crate::level::Phase;
use crate::network::Trace;

/// How long a change stays marked on the map.
const FRESH: Duration = Duration::from_secs(3);

/// How long a pod that went leaves a ghost.
const GHOST: Duration = Duration::from_secs(6);

/// How long a container's own request is a pulse.
const PULSE: Duration = Duration::from_millis(600);

/// How long the packet walks from one step to the next.
pub const WALK: Duration = Duration::from_millis(550);

/// The packet's walk through a story.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// The step that is shown.
    pub step: usize,
    /// How long the packet has been on its way to it; [`WALK`] when it is there.
    pub under_way: Duration,
    /// Whether it goes on by itself.
    pub playing: bool,
}

impl Play {
    /// The story that is shown.
    pub fn current_story(&self) -> Option<&Story> {
        self.stories.get(self.story).map(Arc::as_ref)
    }

    /// Whether the story shows what speaks for its decisions. While a goal fails that is the
    /// ladder's second rung.
    pub fn shows_facts(&self, story: &Story) -> bool {
        let help = self.help();
        let fault = story.goal.and_then(|goal| help.of_goal(goal)).or_else(|| help.asked());
        story.arrived || fault.is_none_or(|fault| fault.rung >= 2)
    }

    /// Whether the packet is walking.
    pub fn is_walking(&self) -> bool {
        self.current_story().is_some() && (self.walk.playing || self.walk.under_way < WALK)
    }

    /// Whether the packet walks and nothing was typed since it was sent: then the map is what matters.
    pub fn is_watching(&self) -> bool {
        self.is_walking() && !self.typing && !self.menu
    }

    /// Whether a key now is rather meant for the screen before: the level has just been opened, or
    /// requests are being sent, or their packet walks and nothing was typed since.
    pub fn awaits_packet(&self) -> bool {
        self.entered || (self.phase == Phase::Probing && !self.typing) || self.is_watching()
    }

    /// Whether something on the map is still marked as changed.
    pub fn is_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// Real time passes for what moves on the screen. Says whether anything has changed.
    pub(in crate::game) fn animate(&mut self, real: Duration, reduced: bool) -> bool {
        let mut moved = false;
        if self.is_fresh() {
            self.fresh_for += real;
            if self.fresh_for >= FRESH {
                self.fresh.clear();
                moved = true;
            }
        }
        if !self.ghosts.is_empty() {
            for (_, age) in &mut self.ghosts {
                *age += real;
            }
            let count = self.ghosts.len();
            self.ghosts.retain(|(_, age)| *age < GHOST);
            moved |= self.ghosts.len() != count;
        }
        if !self.pulses.is_empty() {
            self.pulsed_for += real;
            if self.pulsed_for >= PULSE {
                self.pulses.clear();
                moved = true;
            }
        }
        if !self.is_walking() {
            return moved;
        }
        if reduced {
            self.walk = Walk { step: self.last_step(), under_way: WALK, playing: false };
            return true;
        }
        self.walk.under_way += real;
        if self.walk.under_way >= WALK {
            let last = self.last_step();
            if self.walk.playing && self.walk.step < last {
                self.walk.step += 1;
                self.walk.under_way = Duration::ZERO;
            } else {
                self.walk.playing = false;
                self.walk.under_way = WALK;
            }
        }
        true
    }

    /// How long nothing on the screen moves, if something does at all.
    pub(in crate::game) fn next_motion(&self, reduced: bool) -> Option<Duration> {
        if self.is_walking() && !reduced {
            return Some(Duration::from_millis(40));
        }
        if self.is_walking() {
            return Some(Duration::ZERO);
        }
        let fresh = self.is_fresh().then(|| FRESH.saturating_sub(self.fresh_for));
        let ghost = self.ghosts.iter().map(|(_, age)| GHOST.saturating_sub(*age)).min();
        let pulse = (!self.pulses.is_empty()).then(|| PULSE.saturating_sub(self.pulsed_for));
        [fresh, ghost, pulse].into_iter().flatten().min()
    }

    /// Shows the way of some packets, from the beginning.
    pub(in crate::game) fn show_story(&mut self, story: Story) {
        const STORIES: usize = 40;
        if story.steps.is_empty() {
            return;
        }
        self.stories.push(Arc::new(story));
        if self.stories.len() > STORIES {
            self.stories.remove(0);
        }
        self.story = self.stories.len() - 1;
        self.replay();
    }

    /// Shows the newest of many requests that follow each other quickly, at its end.
    pub(in crate::game) fn show_live(&mut self, story: Story) {
        if std::mem::replace(&mut self.live, true) {
            self.stories.pop();
        }
        self.show_story(story);
        self.walk = Walk { step: self.last_step(), under_way: WALK, playing: false };
    }

    /// Starts the packet's walk again.
    pub(in crate::game) fn replay(&mut self) {
        self.walk = Walk { step: 0, under_way: Duration::ZERO, playing: true };
    }

    /// To another step of the way.
    pub(in crate::game) fn hop(&mut self, by: i32) {
        let last = self.last_step();
        let step = self.walk.step.saturating_add_signed(by as isize).min(last);
        let under_way = if by == 1 && step != self.walk.step { Duration::ZERO } else { WALK };
        self.walk = Walk { step, under_way, playing: false };
    }

    /// To the way of the request that decided about one of these goals.
    pub(in crate::game) fn show_way_of(&mut self, goals: &[usize]) {
        let of = |story: &Arc<Story>| story.goal.is_some_and(|goal| goals.contains(&goal));
        if let Some(at) = self.stories.iter().rposition(of) {
            self.story = at;
            self.walk = Walk { step: self.last_step(), under_way: WALK, playing: false };
        }
    }

    /// To another request's way.
    pub(in crate::game) fn turn_story(&mut self, by: i32) {
        let last = self.stories.len().saturating_sub(1);
        self.story = self.story.saturating_add_signed(by as isize).min(last);
        self.walk = Walk { step: self.last_step(), under_way: WALK, playing: false };
    }

    /// The traces that are newer than those seen before, and from now on seen.
    pub(in crate::game) fn new_traces(&mut self) -> Vec<Trace> {
        let from = self.seen_trace;
        self.seen_trace = self.attempt.cluster().next_trace();
        self.attempt.cluster().traces().filter(|trace| trace.id >= from).cloned().collect()
    }

    fn last_step(&self) -> usize {
        self.current_story().map_or(0, |story| story.steps.len().saturating_sub(1))
    }
}
