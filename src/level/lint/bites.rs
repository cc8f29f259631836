//! Goals bite: for each there is a way to fail it alone, so that it asks for something of its own.

use super::{Cheat, Prover};
use crate::diagnostic::Diagnostic;

/// For each goal at least one mistake or built-in cheat fails it, and passes all others.
pub(super) fn bites(prover: &mut Prover, seed: u64) -> Result<(), Diagnostic> {
    let level = prover.level.clone();
    let mut ends: Vec<Vec<bool>> = Vec::new();
    for mistake in &level.mistakes {
        ends.push(prover.mistaken(mistake, seed).goals.iter().map(|goal| goal.passed).collect());
    }
    for cheat in Cheat::ALL {
        if (0..level.goals.len()).all(|goal| fails_alone(&ends, goal)) {
            break;
        }
        ends.extend(prover.cheated(cheat, seed).iter().map(|tried| tried.passes.clone()));
    }
    match (0..level.goals.len()).find(|goal| !fails_alone(&ends, *goal)) {
        None => Ok(()),
        Some(goal) => {
            let path = format!("goals[{goal}].say");
            let message = format!("no mistake and no cheat fails goal {} alone", goal + 1);
            let help =
                "add a mistake that fails it while all other goals pass, or make one goal of two";
            Err(level.source.error(&path, message).help(help))
        }
    }
}

fn fails_alone(ends: &[Vec<bool>], goal: usize) -> bool {
    ends.iter()
        .any(|passes| passes.iter().enumerate().all(|(index, passed)| *passed == (index != goal)))
}
