//! The mark that leads a new player on: what to do next, and the key.
//!
//! ```text
//! ╭ 1 of 5 · Ctrl-G ─────────────────────────────╮
//! │ Send the customer's question, and watch it.  │
//! ╰──────────────────────────── F9 skips these ──╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use crate::level::Coach;
use crate::tui::frame::Borders;
use crate::tui::text::{put, width, wrap};
use crate::tui::theme::Theme;

/// The widest mark.
const WIDEST: u16 = 54;

/// Draws a mark in the upper right corner of what it may cover, or in the lower one where the row of
/// what is being typed would be covered.
pub fn draw(
    (at, of): (usize, usize),
    mark: &Coach,
    typed_row: Option<u16>,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let columns = area.width.saturating_sub(4).min(WIDEST);
    let lines = wrap(&mark.say, usize::from(columns.saturating_sub(4)).max(1));
    let height = (lines.len() as u16 + 2).min(area.height);
    let y = match typed_row {
        Some(row) if (area.y..area.y + height).contains(&row) => area.bottom() - height,
        _ => area.y,
    };
    let outer = Rect { x: area.right().saturating_sub(columns + 1), y, width: columns, height }
        .intersection(buf.area);
    Clear.render(outer, buf);
    let mut borders = Borders::new(buf.area);
    borders.rectangle(outer);
    borders.paint(buf, theme.accent);
    let key = mark.key.as_ref().map(|key| format!(" · {key}")).unwrap_or_default();
    let title = format!(" {} of {of}{key} ", at + 1);
    put(buf, outer.x + 2, outer.y, &title, usize::from(columns), theme.accent);
    let skip = " F9 skips these ";
    let x = outer.right().saturating_sub(width(skip) as u16 + 2);
    put(buf, x, outer.bottom().saturating_sub(1), skip, width(skip), theme.dim);
    for (row, text) in lines.iter().take(usize::from(height.saturating_sub(2))).enumerate() {
        let room = usize::from(columns.saturating_sub(4));
        put(buf, outer.x + 2, outer.y + 1 + row as u16, text, room, theme.text);
    }
}
