//! What each diagnosis means: the codes on the left, the chosen one on the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Line;

use super::page;
use crate::game::Game;
use crate::level::{Explanation, explanations};
use crate::tui::keys::Context;
use crate::tui::text::{fit, line, put, put_spans, wrap};
use crate::tui::theme::Theme;

/// Draws the glossary; says where each code stands, for the mouse.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> Vec<(Rect, usize)> {
    let inner = page("Diagnosis codes", "podhop explain CODE", &[Context::Text], theme, area, buf);
    let all = explanations();
    let widest = all.iter().map(|one| one.code.len()).max().unwrap_or(0) as u16 + 4;
    let list = Rect {
        x: inner.x + 1,
        y: inner.y + 1,
        width: widest.min(inner.width / 2),
        height: inner.height.saturating_sub(2),
    };
    let text = Rect {
        x: list.right() + 2,
        width: inner.right().saturating_sub(list.right() + 4).min(76),
        ..list
    };
    let height = usize::from(list.height).max(1);
    let top = (game.selected() + 3).saturating_sub(height).min(all.len().saturating_sub(height));
    let mut places = Vec::new();
    for (at, one) in all.iter().enumerate().skip(top).take(height) {
        let row = Rect { y: list.y + (at - top) as u16, height: 1, ..list };
        let chosen = at == game.selected();
        let style = if chosen { theme.selected.add_modifier(Modifier::BOLD) } else { theme.text };
        if chosen {
            buf.set_style(row, theme.selected);
        }
        let sign = if chosen { "▸ " } else { "  " };
        put(buf, row.x, row.y, &format!("{sign}{}", one.code), usize::from(row.width), style);
        places.push((row, at));
    }
    if let Some(one) = all.get(game.selected()) {
        let lines = explain(one, usize::from(text.width), theme);
        for (row, line) in lines.iter().take(usize::from(text.height)).enumerate() {
            put_spans(buf, text.x, text.y + row as u16, &line.spans, usize::from(text.width));
        }
    }
    places
}

fn explain(one: &Explanation, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut add = |text: &str, style| {
        lines.extend(wrap(text, columns).into_iter().map(|text| line(text, style)));
    };
    add(one.title, theme.title);
    add("", theme.text);
    add(one.means, theme.text);
    add("\nHow it looks", theme.dim);
    for text in one.example.lines() {
        // What a terminal shows stands in columns: it is cut, not broken.
        match text.starts_with("$ ") {
            true => add(&format!("  {text}"), theme.accent),
            false => add(&fit(&format!("  {text}"), columns), theme.text),
        }
    }
    add("\nWhat to do", theme.dim);
    add(one.fix, theme.text);
    lines
}
