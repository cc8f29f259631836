//! The screens, one a file.

pub mod briefing;
pub mod debrief;
pub mod glossary;
pub mod help;
pub mod level;
pub mod settings;
pub mod statistics;
pub mod terms;
pub mod trail;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::frame::Borders;
use super::keys::Context;
use super::panels::footer;
use super::text::{put, put_spans, width};
use super::theme::Theme;

/// A page: a border with a title, and keys at the bottom; says where its content goes.
fn page(
    title: &str,
    right: &str,
    contexts: &[Context],
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let mut borders = Borders::new(area);
    borders.rectangle(area);
    borders.paint(buf, theme.border);
    let columns = usize::from(area.width.saturating_sub(4));
    put(buf, area.x + 2, area.y, &format!(" {title} "), columns, theme.title);
    let right = format!(" {right} ");
    if right.len() > 2 && columns > width(title) + width(&right) + 4 {
        let x = area.right().saturating_sub(width(&right) as u16 + 2);
        put(buf, x, area.y, &right, columns, theme.dim);
    }
    footer::draw(contexts, theme, area, buf);
    Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// A column of text in the middle, not wider than is good to read.
fn column(area: Rect, widest: u16) -> Rect {
    let width = area.width.saturating_sub(4).min(widest);
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + 1.min(area.height),
        width,
        height: area.height.saturating_sub(2),
    }
}

/// Lines from `scroll` on, as many as fit; says how far they can be scrolled.
fn scrolled(
    lines: &[Line<'_>],
    scroll: usize,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) -> usize {
    let height = usize::from(area.height);
    let most = lines.len().saturating_sub(height);
    let top = scroll.min(most);
    for (row, line) in lines.iter().skip(top).take(height).enumerate() {
        put_spans(buf, area.x, area.y + row as u16, &line.spans, usize::from(area.width));
    }
    if most > top && height > 0 {
        let text = format!(" ↓ {} more lines ", most - top);
        let x = area.right().saturating_sub(width(&text) as u16);
        put(buf, x, area.bottom(), &text, width(&text), theme.dim);
    }
    most
}
