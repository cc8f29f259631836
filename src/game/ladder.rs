//! The ladder: after a failure help comes in rungs, one press each.
//!
//! Rung 0 is there at once: the client's own words, and the hop at which it ended. Then where to look,
//! the facts, the line with the nearest miss, the way out.

use crate::level::diagnosis::Cause;
use crate::level::{Diagnosis, GoalState};

/// The last rung.
pub const TOP: u8 = 4;

/// How far the player has climbed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladder {
    /// The rung that is shown for the failure at hand, from 0.
    pub rung: u8,
    /// The highest that was reached in this level.
    pub highest: u8,
    /// What failed when the goals' requests were sent last.
    causes: Vec<Cause>,
}

/// What the next press shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Commands that show the evidence.
    Look,
    /// The facts.
    Facts,
    /// The player's line, and the nearest miss.
    Line,
    /// The way out.
    WayOut,
}

impl Ladder {
    /// The goals' requests were sent. A new cause begins at the bottom; the same one goes on where the
    /// player was. `at_once` shows everything.
    pub fn fell(&mut self, goals: &[GoalState], at_once: bool) {
        let causes: Vec<Cause> =
            faults(goals).iter().map(|fault| fault.diagnosis.cause()).collect();
        if causes != self.causes {
            self.rung = 0;
        }
        self.causes = causes;
        if at_once {
            self.rung = TOP;
            self.highest = TOP;
        }
    }

    /// One rung up.
    pub fn climb(&mut self) {
        self.rung = (self.rung + 1).min(TOP);
        self.highest = self.highest.max(self.rung);
    }

    /// What the next press shows, if there is another rung.
    pub fn next(&self) -> Option<Next> {
        match self.rung {
            0 => Some(Next::Look),
            1 => Some(Next::Facts),
            2 => Some(Next::Line),
            3 => Some(Next::WayOut),
            _ => None,
        }
    }

    /// Whether lines of the player's files are marked.
    pub fn shows_line(&self) -> bool {
        self.rung >= 3
    }
}

impl Next {
    /// In words, as in `F3: the facts`.
    pub fn words(self) -> &'static str {
        match self {
            Next::Look => "where to look",
            Next::Facts => "the facts",
            Next::Line => "the line, and what is nearest to it",
            Next::WayOut => "the way out",
        }
    }
}

/// A cause, with every goal that it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault<'a> {
    /// The goals, counted from 0.
    pub goals: Vec<usize>,
    /// What is known of it.
    pub diagnosis: &'a Diagnosis,
    /// The commands that show its evidence, numbered from 1 over all causes. What another cause lists
    /// before is not listed again.
    pub looks: Vec<(usize, &'a str)>,
}

impl Fault<'_> {
    /// The nearest miss, where it is not the way out itself.
    pub fn nearest(&self) -> Option<&str> {
        let nearest = self.diagnosis.nearest.as_deref()?;
        let told = self.diagnosis.at.is_none() && self.diagnosis.fix.contains(nearest);
        (!told).then_some(nearest)
    }
}

/// What is wrong, each cause once.
pub fn faults(goals: &[GoalState]) -> Vec<Fault<'_>> {
    let mut faults: Vec<Fault<'_>> = Vec::new();
    for (at, goal) in goals.iter().enumerate().filter(|(_, goal)| !goal.passed) {
        let Some(diagnosis) = &goal.diagnosis else { continue };
        let cause = diagnosis.cause();
        match faults.iter_mut().find(|fault| fault.diagnosis.cause() == cause) {
            Some(fault) => fault.goals.push(at),
            None => faults.push(Fault { goals: vec![at], diagnosis, looks: Vec::new() }),
        }
    }
    let mut listed: Vec<&str> = Vec::new();
    for fault in &mut faults {
        for look in &fault.diagnosis.look {
            if !listed.contains(&look.as_str()) {
                listed.push(look);
                fault.looks.push((listed.len(), look));
            }
        }
    }
    faults
}

/// What a rung is called in words, from 0: `the facts`.
pub fn rung_name(rung: u8) -> &'static str {
    match rung {
        0 => "no help",
        1 => "where to look",
        2 => "the facts",
        3 => "the line",
        _ => "the way out",
    }
}
