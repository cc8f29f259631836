//! `podhop levels`

use std::process::ExitCode;

use serde_json::json;

use super::{Ended, Output};
use crate::level::Pack;

/// Prints the campaign, chapter by chapter; `solved` tells which levels the player has solved.
pub fn levels(pack: &Pack, as_json: bool, solved: impl Fn(&str) -> bool) -> Ended {
    let mut out = Output::new();
    for chapter in &pack.chapters {
        if !as_json {
            out.line(&chapter.title);
        }
        for level in pack.levels.iter().filter(|level| level.chapter == chapter.name) {
            let done = solved(&level.name);
            if as_json {
                let object = json!({
                    "number": level.number,
                    "level": level.name,
                    "title": level.title,
                    "chapter": level.chapter,
                    "teaches": level.teaches,
                    "solved": done,
                });
                out.json(&object);
            } else {
                let mark = if done { '✓' } else { ' ' };
                out.line(format!("{mark} {:>2}  {:18}  {}", level.number, level.name, level.title));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
