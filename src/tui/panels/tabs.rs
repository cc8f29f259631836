//! Titles on a panel's border, of which one is open.
//!
//! ```text
//! ├─ backend.yaml ─ frontend.yaml (locked) ─────────┬
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::tui::text::{put, width};
use crate::tui::theme::Theme;

/// A title that can be clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tab {
    /// Which of the titles.
    pub index: usize,
    /// Where it stands.
    pub area: Rect,
}

/// Draws titles along the row at the top of `area`, on the border; says where each stands. The
/// open one is marked, and marked strongly if its panel has the keys.
pub fn draw(
    titles: impl Iterator<Item = (usize, String, bool)>,
    focused: bool,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) -> Vec<Tab> {
    let mut tabs = Vec::new();
    let mut x = area.x + 1;
    for (index, title, open) in titles {
        let sign = if open && focused { "▸" } else { " " };
        let text = format!("{sign}{title} ");
        let columns = width(&text) as u16;
        if x + columns + 1 > area.right() {
            put(buf, x, area.y, "…", 1, theme.dim);
            break;
        }
        let style = match (open, focused) {
            (true, true) => theme.focus.add_modifier(Modifier::BOLD),
            (true, false) => theme.title,
            (false, _) => theme.dim,
        };
        put(buf, x, area.y, &text, usize::from(columns), style);
        tabs.push(Tab { index, area: Rect::new(x, area.y, columns, 1) });
        x += columns + 1;
    }
    tabs
}
