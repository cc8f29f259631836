//! `podhop levels`

use std::process::ExitCode;

use super::{Ended, Output, objects};
use crate::app::cli::LevelsArgs;
use crate::level::Pack;

/// Prints the campaign, chapter by chapter; `solved` tells which levels the player has solved.
pub fn levels(pack: &Pack, arguments: &LevelsArgs, solved: impl Fn(&str) -> bool) -> Ended {
    let mut out = Output::new();
    for chapter in &pack.chapters {
        if !arguments.json {
            out.line(&chapter.title);
        }
        for level in pack.levels.iter().filter(|level| level.chapter == chapter.name) {
            let done = solved(&level.name);
            if arguments.json {
                out.json(&objects::level(level, done, arguments.hints));
            } else {
                let mark = if done { '✓' } else { ' ' };
                out.line(format!("{mark} {:>2}  {:18}  {}", level.number, level.name, level.title));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
