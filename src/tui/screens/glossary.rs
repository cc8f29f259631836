//! What each diagnosis means: the codes on the left, the chosen one on the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{index, page};
use crate::game::Game;
use crate::level::{Explanation, explanations};
use crate::tui::keys::Context;
use crate::tui::text::{fit, line, put_spans, wrap};
use crate::tui::theme::Theme;

/// Draws the glossary; says where each code stands, for the mouse.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> Vec<(Rect, usize)> {
    let inner = page("Diagnosis codes", "podhop explain CODE", &[Context::Text], theme, area, buf);
    let all = explanations();
    let names: Vec<&str> = all.iter().map(|one| one.code).collect();
    let (places, text) = index(&names, game.selected(), 76, theme, inner, buf);
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
