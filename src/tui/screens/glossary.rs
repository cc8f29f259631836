//! What each diagnosis means.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{column, page, scrolled};
use crate::game::Game;
use crate::level::explanations;
use crate::tui::keys::Context;
use crate::tui::text::{line, wrap};
use crate::tui::theme::Theme;

/// Draws the glossary.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> usize {
    let inner = page("Diagnosis codes", "podhop explain CODE", &[Context::Text], theme, area, buf);
    let text = column(inner, 88);
    let columns = usize::from(text.width);
    let mut lines = Vec::new();
    for explanation in explanations() {
        if !lines.is_empty() {
            lines.push(ratatui::text::Line::default());
        }
        lines.push(line(explanation.code, theme.accent));
        for part in explanation.to_string().lines().skip(1) {
            lines.extend(wrap(part, columns).into_iter().map(|text| line(text, theme.text)));
        }
    }
    scrolled(&lines, game.selected(), theme, text, buf)
}
