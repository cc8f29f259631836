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
    let titles: Vec<(usize, String, bool)> = titles.collect();
    let mut tabs = Vec::new();
    let mut x = area.x + 1;
    let first = first_shown(&titles, usize::from(area.width));
    if first > 0 {
        put(buf, x, area.y, "…", 1, theme.dim);
        x += 2;
    }
    for (index, title, open) in titles.into_iter().skip(first) {
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

/// The first title that is drawn, so that the open one is among those that have room.
fn first_shown(titles: &[(usize, String, bool)], columns: usize) -> usize {
    let open = titles.iter().position(|(_, _, open)| *open).unwrap_or(0);
    // A sign, a blank and the border's line go with each title; the rest has a border and an ellipsis.
    let needed = |first: usize| -> usize {
        let shown = titles[first..=open].iter().map(|(_, title, _)| width(title) + 3);
        shown.sum::<usize>() + if first > 0 { 4 } else { 2 }
    };
    (0..open).find(|first| needed(*first) <= columns).unwrap_or(open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::Settings;
    use crate::tui::theme::Colours;

    #[test]
    fn the_open_title_is_always_among_those_that_are_shown() {
        let names = ["door.yaml", "ledger.yaml", "seats.yaml", "wall.yaml", "web.yaml"];
        for open in 0..names.len() {
            let titles: Vec<_> = names
                .iter()
                .enumerate()
                .map(|(at, name)| (at, (*name).to_owned(), at == open))
                .collect();
            for columns in [24, 30, 50, 80] {
                let area = Rect::new(0, 0, columns, 1);
                let mut buf = Buffer::empty(area);
                let theme = Theme::new(&Settings::default(), Colours::None);
                let tabs = draw(titles.iter().cloned(), true, &theme, area, &mut buf);
                assert!(tabs.iter().any(|tab| tab.index == open), "{open} at {columns}");
            }
        }
    }
}
