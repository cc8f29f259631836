//! The level's title on the top border.
//!
//! ```text
//! ╭ 4  ClusterIP · one address for many pods ──────────────── seed 7 · 00:42 ▶ x5 ╮
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::game::Play;
use crate::tui::text::{fit, put_spans, width};
use crate::tui::theme::Theme;

/// Draws the title on the border at `area`'s first row.
pub fn draw(play: &Play, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let level = play.level();
    let running = play.timer.is_running();
    let busy = play.is_busy();
    let sign = match (busy, running) {
        (true, _) => "»",
        (false, true) => "▶",
        (false, false) => "paused",
    };
    let speed = match play.timer.speed() {
        1 => String::new(),
        speed => format!(" x{speed}"),
    };
    // The usual seed says nothing.
    let seed = match play.attempt().seed() {
        1 => String::new(),
        seed => format!("seed {seed} · "),
    };
    let right = format!(" {seed}{} {sign}{speed} ", play.clock());
    let columns = usize::from(area.width.saturating_sub(4));
    let left_room = columns.saturating_sub(width(&right) + 2);
    let number = match level.number {
        0 => " ".to_owned(),
        number => format!(" {number}  "),
    };
    let title = fit(&level.title, left_room.saturating_sub(width(&number) + 1));
    let style = if running || busy { theme.dim } else { theme.warn };
    put_spans(
        buf,
        area.x + 1,
        area.y,
        &[Span::styled(number, theme.accent), Span::styled(format!("{title} "), theme.title)],
        left_room,
    );
    if columns > width(&right) + 8 {
        let x = area.right().saturating_sub(width(&right) as u16 + 2);
        put_spans(buf, x, area.y, &[Span::styled(right, style)], columns);
    }
}
