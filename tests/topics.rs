//! The rows of the topic list that are commands or manifests, each a story under its row's name:
//! `tests/topics/*.txt`. Rows that are out of reach stand in `not-simulated.txt` with a reason.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

mod story;

use std::collections::BTreeSet;

use libtest_mimic::{Failed, Trial};

const NOT_SIMULATED: &str = include_str!("topics/not-simulated.txt");

fn main() {
    let mut trials = story::trials("topics");
    let told = trials.iter().map(|trial| trial.name().to_owned()).collect();
    trials.push(Trial::test("rows_without_a_story_have_a_reason", move || reasons(&told)));
    story::run(trials);
}

/// Each line names a row once, says why it has no story, and the row has none.
fn reasons(told: &BTreeSet<String>) -> Result<(), Failed> {
    let mut seen = BTreeSet::new();
    for line in NOT_SIMULATED.lines().filter(|line| !line.starts_with('#')) {
        let Some((row, reason)) = line.split_once(": ") else {
            return Err(format!("no row and reason: {line}").into());
        };
        if told.contains(row) || !seen.insert(row) || reason.trim().is_empty() {
            return Err(format!("told, listed twice, or without a reason: {line}").into());
        }
    }
    Ok(())
}
