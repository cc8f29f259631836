//! The bottom border: the keys that matter here.
//!
//! ```text
//! ╰ ^S apply  ^G send  ^O next panel  Esc menu  F2 hint  F3 why  F1 help ─────────╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::tui::keys::{self, Context};
use crate::tui::text::{put_spans, width};
use crate::tui::theme::Theme;

/// Draws the keys of these contexts on the border at `area`'s last row, as many as fit.
pub fn draw(contexts: &[Context], theme: &Theme, area: Rect, buf: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let columns = usize::from(area.width.saturating_sub(4));
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    let mut seen: Vec<&str> = Vec::new();
    for (key, word) in contexts.iter().flat_map(|context| keys::hints(*context)) {
        let needed = width(key) + width(word) + 3;
        if seen.contains(&word) || used + needed > columns {
            continue;
        }
        seen.push(word);
        used += needed;
        spans.push(Span::styled(key, theme.accent));
        spans.push(Span::styled(format!(" {word}  "), theme.dim));
    }
    if seen.is_empty() {
        return;
    }
    // The last gap before the border is one blank only.
    if let Some(last) = spans.last_mut() {
        last.content = format!("{} ", last.content.trim_end()).into();
    }
    put_spans(buf, area.x + 1, area.bottom() - 1, &spans, columns);
}
