//! The ladder: after a failure help comes in rungs, one press each.
//!
//! Rung 0 is there at once: the client's own words, and the hop at which it ended. Then where to look,
//! the facts, the line with the nearest miss, the way out.

use crate::level::diagnosis::Cause;
use crate::level::{Diagnosis, GoalState};

/// The last rung.
pub const TOP: u8 = 4;

/// How far the player has climbed, for each fault on its own: whoever asks about one reads nothing of
/// the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladder {
    /// The highest rung that was reached in this level.
    pub highest: u8,
    /// What failed when the goals' requests were sent last, and the rung that was reached for it.
    climbs: Vec<(Cause, u8)>,
    /// The fault that help was asked for last.
    chosen: Option<Cause>,
}

/// What is wrong now, and how much of it is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help<'a> {
    /// Each fault once, in the order of the goals.
    pub faults: Vec<Fault<'a>>,
    /// Which of them the next press tells more of.
    pub chosen: usize,
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
        let climb = |fault: &Fault<'_>| {
            let cause = fault.diagnosis.cause();
            let rung = if at_once { TOP } else { self.rung_of(&cause) };
            (cause, rung)
        };
        self.climbs = faults(goals).iter().map(climb).collect();
        if at_once && !self.climbs.is_empty() {
            self.highest = TOP;
        }
    }

    /// What is wrong with these goals, as far as it was asked for.
    pub fn help<'a>(&self, goals: &'a [GoalState]) -> Help<'a> {
        let mut faults = faults(goals);
        for fault in &mut faults {
            fault.rung = self.rung_of(&fault.diagnosis.cause());
        }
        let chosen = faults.iter().position(|fault| self.is_chosen(&fault.diagnosis.cause()));
        Help { faults, chosen: chosen.unwrap_or(0) }
    }

    /// One rung up for the chosen fault.
    pub fn climb(&mut self, goals: &[GoalState]) {
        let Some(cause) = self.help(goals).asked().map(|fault| fault.diagnosis.cause()) else {
            return;
        };
        let rung = (self.rung_of(&cause) + 1).min(TOP);
        self.climbs.retain(|(other, _)| *other != cause);
        self.climbs.push((cause, rung));
        self.highest = self.highest.max(rung);
    }

    /// Help is asked for with another fault: the next one, or the one before.
    pub fn turn(&mut self, goals: &[GoalState], by: i32) {
        let help = self.help(goals);
        let count = help.faults.len().max(1) as i32;
        let at = (help.chosen as i32 + by).rem_euclid(count) as usize;
        self.chosen = help.faults.get(at).map(|fault| fault.diagnosis.cause());
    }

    fn is_chosen(&self, cause: &Cause) -> bool {
        self.chosen.as_ref() == Some(cause)
    }

    fn rung_of(&self, cause: &Cause) -> u8 {
        self.climbs.iter().find(|(other, _)| other == cause).map_or(0, |(_, rung)| *rung)
    }
}

impl<'a> Help<'a> {
    /// The fault that the next press tells more of, if anything is wrong.
    pub fn asked(&self) -> Option<&Fault<'a>> {
        self.faults.get(self.chosen)
    }

    /// The rung that was reached for it, from 0.
    pub fn rung(&self) -> u8 {
        self.asked().map_or(0, |fault| fault.rung)
    }

    /// What the next press shows, if there is another rung.
    pub fn next(&self) -> Option<Next> {
        match self.rung() {
            0 => Some(Next::Look),
            1 => Some(Next::Facts),
            2 => Some(Next::Line),
            3 => Some(Next::WayOut),
            _ => None,
        }
    }

    /// The fault that breaks a goal, counted from 0.
    pub fn of_goal(&self, goal: usize) -> Option<&Fault<'a>> {
        self.faults.iter().find(|fault| fault.goals.contains(&goal))
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
    /// What it does to other goals, where that is to be told in other words: another port is missing
    /// on the same line.
    pub also: Vec<&'a Diagnosis>,
    /// The rung that was reached for it, from 0.
    pub rung: u8,
}

impl Fault<'_> {
    /// What happened, a sentence for each different thing.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.all().map(|diagnosis| &*diagnosis.message)
    }

    /// The ways out, each once. Where one goal has a choice that another does not have, what mends both is
    /// told.
    pub fn ways_out(&self) -> Vec<&str> {
        let mut ways: Vec<&str> = Vec::new();
        for way in self.all().map(|diagnosis| &*diagnosis.fix) {
            if !ways.iter().any(|told| goes_on(way, told)) {
                ways.retain(|told| !goes_on(told, way));
                ways.push(way);
            }
        }
        ways
    }

    fn all(&self) -> impl Iterator<Item = &Diagnosis> {
        std::iter::once(self.diagnosis).chain(self.also.iter().copied())
    }

    /// Whether its line in the player's files is marked.
    pub fn shows_line(&self) -> bool {
        self.rung >= 3
    }

    /// The nearest miss, where it is not the way out itself.
    pub fn nearest(&self) -> Option<&str> {
        let nearest = self.diagnosis.nearest.as_deref()?;
        let told = self.diagnosis.at.is_none() && self.diagnosis.fix.contains(nearest);
        (!told).then_some(nearest)
    }
}

/// What is wrong, each cause once.
fn faults(goals: &[GoalState]) -> Vec<Fault<'_>> {
    let mut faults: Vec<Fault<'_>> = Vec::new();
    for (at, goal) in goals.iter().enumerate().filter(|(_, goal)| !goal.passed) {
        let Some(diagnosis) = &goal.diagnosis else { continue };
        let cause = diagnosis.cause();
        match faults.iter_mut().find(|fault| fault.diagnosis.cause() == cause) {
            Some(fault) => {
                fault.goals.push(at);
                if fault.messages().all(|told| told != diagnosis.message) {
                    fault.also.push(diagnosis);
                }
            }
            None => faults.push(Fault { goals: vec![at], diagnosis, also: Vec::new(), rung: 0 }),
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

/// Whether a way out is another one, or goes on behind it with a choice: `dial port 8080` does not go on
/// behind `dial port 80`.
fn goes_on(way: &str, other: &str) -> bool {
    way.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with([',', ';']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_that_only_begins_alike_is_another_way() {
        assert!(goes_on("dial port 80", "dial port 80"));
        assert!(goes_on("dial port 80, or call web", "dial port 80"));
        assert!(!goes_on("dial port 8080", "dial port 80"));
        assert!(!goes_on("call web-2", "call web"));
    }
}
