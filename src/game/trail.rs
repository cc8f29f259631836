//! The trail: going from level to level, and finding one.

use super::{Effect, Game, Line, Popup};
use crate::level::Level;

/// Opens the search field.
pub(super) fn open_search(game: &mut Game) -> Vec<Effect> {
    game.search.from = game.selected;
    game.popup = Some(Popup::Find(Line::default()));
    Vec::new()
}

/// What is looked for on the trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The level that was selected when the field was opened.
    from: usize,
    /// What was looked for last.
    last: String,
    /// Whether nothing matches what is typed.
    pub in_vain: bool,
}

/// Something was typed: the first level from the one that was selected on that matches.
pub(super) fn seek(game: &mut Game, text: &str) {
    let found = find(game, text, game.search.from);
    game.search.in_vain = found.is_none() && !text.is_empty();
    game.selected = found.unwrap_or(game.search.from);
}

/// Enter: what was typed stays found; nothing typed looks for the next level that matches.
pub(super) fn end_search(game: &mut Game, text: &str) {
    game.search.in_vain = false;
    if !text.is_empty() {
        text.clone_into(&mut game.search.last);
        return;
    }
    let last = game.search.last.clone();
    game.selected = find(game, &last, game.selected + 1).unwrap_or(game.selected);
}

/// To the first level of the next chapter, or of the one before.
pub(super) fn turn_chapter(game: &mut Game, forward: bool) {
    let levels = &game.pack.levels;
    let Some(here) = levels.get(game.selected).map(|level| &level.chapter) else { return };
    let starts: Vec<usize> = (0..levels.len())
        .filter(|at| *at == 0 || levels[*at].chapter != levels[at - 1].chapter)
        .collect();
    let at = starts.iter().position(|at| levels[*at].chapter == *here).unwrap_or(0);
    let next = if forward { at + 1 } else { at.saturating_sub(1) };
    game.selected = match starts.get(next) {
        Some(start) => *start,
        None => levels.len() - 1,
    };
}

/// The first level from a place on, and round to it again, whose name, title, chapter or subjects
/// contain a text.
fn find(game: &Game, text: &str, from: usize) -> Option<usize> {
    let count = game.pack.levels.len();
    if text.is_empty() || count == 0 {
        return None;
    }
    let text = text.to_lowercase();
    let chapter = |level: &Level| {
        let chapter = game.pack.chapters.iter().find(|chapter| chapter.name == level.chapter);
        chapter.map(|chapter| chapter.title.clone()).unwrap_or_default()
    };
    (from..from + count).map(|at| at % count).find(|at| {
        let level = &game.pack.levels[*at];
        let again = if game.comes_back(level).is_some() { "again" } else { "" }.to_owned();
        let words = [&level.name, &level.title, &chapter(level), &level.teaches.join(", "), &again]
            .map(|text| text.to_lowercase());
        words.iter().any(|word| word.contains(&text))
    })
}
