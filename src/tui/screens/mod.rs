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

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Line;

use super::frame::Borders;
use super::keys::Context;
use super::panels::footer;
use super::text::{put, put_spans, width};
use super::theme::Theme;
use crate::level::Level;

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

/// Whether these are levels without any goal: sandboxes.
fn asks_nothing(levels: &[Arc<Level>]) -> bool {
    !levels.is_empty() && levels.iter().all(|level| level.goals.is_empty())
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

/// An index: names on the left, the chosen one marked; says where each stands, for the mouse, and where
/// there is room for what the chosen one means.
fn index(
    names: &[&str],
    chosen: usize,
    widest_text: u16,
    theme: &Theme,
    inner: Rect,
    buf: &mut Buffer,
) -> (Vec<(Rect, usize)>, Rect) {
    let widest = names.iter().map(|name| name.len()).max().unwrap_or(0) as u16 + 4;
    let list = Rect {
        x: inner.x + 1,
        y: inner.y + 1,
        width: widest.min(inner.width / 2),
        height: inner.height.saturating_sub(2),
    };
    let text = Rect {
        x: list.right() + 2,
        width: inner.right().saturating_sub(list.right() + 4).min(widest_text),
        ..list
    };
    let height = usize::from(list.height).max(1);
    let top = (chosen + 3).saturating_sub(height).min(names.len().saturating_sub(height));
    let mut places = Vec::new();
    for (at, name) in names.iter().enumerate().skip(top).take(height) {
        let row = Rect { y: list.y + (at - top) as u16, height: 1, ..list };
        let is_chosen = at == chosen;
        let style =
            if is_chosen { theme.selected.add_modifier(Modifier::BOLD) } else { theme.text };
        if is_chosen {
            buf.set_style(row, theme.selected);
        }
        let sign = if is_chosen { "▸ " } else { "  " };
        put(buf, row.x, row.y, &format!("{sign}{name}"), usize::from(row.width), style);
        places.push((row, at));
    }
    (places, text)
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
        let left = most - top;
        let text = format!(" ↓ {left} more line{} ", if left == 1 { "" } else { "s" });
        let x = area.right().saturating_sub(width(&text) as u16);
        put(buf, x, area.bottom(), &text, width(&text), theme.dim);
    }
    most
}
