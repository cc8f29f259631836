//! The glossary: the words on the left, the chosen one's meaning on the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{index, page};
use crate::game::{Game, glossary};
use crate::tui::keys::Context;
use crate::tui::text::{put, wrap};
use crate::tui::theme::Theme;

/// Draws the glossary; says where each word stands, for the mouse.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> Vec<(Rect, usize)> {
    let inner =
        page("Glossary", "K on a word · :glossary WORD", &[Context::Text], theme, area, buf);
    let all = glossary();
    let names: Vec<&str> = all.iter().map(|term| term.name.as_str()).collect();
    let (places, text) = index(&names, game.selected(), 70, theme, inner, buf);
    let Some(term) = all.get(game.selected()) else { return places };
    let columns = usize::from(text.width);
    let mut y = text.y;
    let mut say = |words: &str, style| {
        for line in wrap(words, columns) {
            if y < text.bottom() {
                put(buf, text.x, y, &line, columns, style);
                y += 1;
            }
        }
    };
    say(&term.name, theme.title);
    say("", theme.text);
    say(&term.means, theme.text);
    if !term.also.is_empty() {
        say("", theme.text);
        say(&format!("Also: {}", term.also.join(", ")), theme.dim);
    }
    if !term.see.is_empty() {
        say("", theme.text);
        say(&format!("See {}", term.see.join(", ")), theme.dim);
    }
    places
}
