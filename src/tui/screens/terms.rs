//! The glossary: the words on the left, the chosen one's meaning on the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::page;
use crate::game::{Game, glossary};
use crate::tui::keys::Context;
use crate::tui::text::{put, wrap};
use crate::tui::theme::Theme;

/// Draws the glossary; says where each word stands, for the mouse.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> Vec<(Rect, usize)> {
    let inner =
        page("Glossary", "K on a word · :glossary WORD", &[Context::Text], theme, area, buf);
    let all = glossary();
    let widest = all.iter().map(|term| term.name.len()).max().unwrap_or(0) as u16 + 4;
    let list = Rect {
        x: inner.x + 1,
        y: inner.y + 1,
        width: widest.min(inner.width / 2),
        height: inner.height.saturating_sub(2),
    };
    let text = Rect {
        x: list.right() + 2,
        width: inner.right().saturating_sub(list.right() + 4).min(70),
        ..list
    };
    let height = usize::from(list.height).max(1);
    let top = (game.selected() + 3).saturating_sub(height).min(all.len().saturating_sub(height));
    let mut places = Vec::new();
    for (at, term) in all.iter().enumerate().skip(top).take(height) {
        let row = Rect { y: list.y + (at - top) as u16, height: 1, ..list };
        let chosen = at == game.selected();
        let style = if chosen { theme.selected.add_modifier(Modifier::BOLD) } else { theme.text };
        if chosen {
            buf.set_style(row, theme.selected);
        }
        let sign = if chosen { "▸ " } else { "  " };
        put(buf, row.x, row.y, &format!("{sign}{}", term.name), usize::from(row.width), style);
        places.push((row, at));
    }
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
