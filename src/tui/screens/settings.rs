//! Motion, colours, contrast, key hints, predictions, explanations.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Span;

use super::{column, page};
use crate::game::{Contrast, Game, Motion, Settings, ThemeChoice};
use crate::tui::keys::Context;
use crate::tui::text::{put, put_spans, wrap};
use crate::tui::theme::Theme;

/// Draws the settings; says where each row stands, for the mouse.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> Vec<(Rect, usize)> {
    let inner = page("Settings", "saved at once", &[Context::Settings], theme, area, buf);
    let text = column(inner, 72);
    let mut places = Vec::new();
    for (at, (name, value, meaning)) in rows(game.settings()).into_iter().enumerate() {
        let y = text.y + at as u16 * 2;
        if y >= text.bottom() {
            break;
        }
        let chosen = at == game.selected();
        let row = Rect { y, height: 1, ..text };
        let base = if chosen { theme.selected.add_modifier(Modifier::BOLD) } else { theme.text };
        if chosen {
            buf.set_style(row, theme.selected);
        }
        let spans = [
            Span::styled(if chosen { " ▸ " } else { "   " }, base),
            Span::styled(format!("{name:<14}"), base),
            Span::styled(format!("‹ {value} ›"), if chosen { base } else { theme.accent }),
        ];
        put_spans(buf, row.x, y, &spans, usize::from(row.width));
        places.push((row, at));
        if chosen {
            let below = text.y + 13;
            for (line, text) in wrap(meaning, usize::from(row.width)).iter().enumerate() {
                put(buf, row.x + 3, below + line as u16, text, usize::from(row.width), theme.dim);
            }
        }
    }
    draw_sample(theme, Rect { y: text.y + 16, ..text }, buf);
    places
}

/// What the signs look like with these settings.
fn draw_sample(theme: &Theme, area: Rect, buf: &mut Buffer) {
    let spans = [
        Span::styled("   ● running  ", theme.good),
        Span::styled("◌ starting  ", theme.warn),
        Span::styled("✗ refused  ", theme.bad),
        Span::styled("╌╌●╌╌▶ a packet  ", theme.packet),
        Span::styled("key: ", theme.key),
        Span::styled("value", theme.string),
    ];
    put_spans(buf, area.x, area.y, &spans, usize::from(area.width));
}

/// The settings in words: name, value, what it means.
fn rows(settings: &Settings) -> [(&'static str, &'static str, &'static str); 6] {
    let on = |on: bool| if on { "on" } else { "off" };
    [
        (
            "Motion",
            match settings.motion {
                Motion::Full => "full",
                Motion::Reduced => "reduced",
            },
            "Full: packets walk over the map. Reduced: they jump from step to step.",
        ),
        (
            "Colours",
            match settings.theme {
                ThemeChoice::Auto => "as the terminal can",
                ThemeChoice::Dark => "for a dark background",
                ThemeChoice::Light => "for a light background",
                ThemeChoice::Sixteen => "the terminal's own sixteen",
                ThemeChoice::Plain => "none",
            },
            "Colour is never the only sign: everything can be read without. NO_COLOR is honoured.",
        ),
        (
            "Contrast",
            match settings.contrast {
                Contrast::Normal => "normal",
                Contrast::High => "high",
            },
            "High: nothing is drawn fainter than ordinary text.",
        ),
        ("Key hints", on(settings.key_hints), "The keys on the bottom line of a level."),
        (
            "Predictions",
            on(settings.predict),
            "Before the first request of a level: what will come of it? A guess makes the answer stick.",
        ),
        (
            "Explanations",
            if settings.explain_at_once { "at once" } else { "step by step" },
            "Step by step: F3 shows where to look, then the facts, the line, the way out. At once: all of it.",
        ),
    ]
}
