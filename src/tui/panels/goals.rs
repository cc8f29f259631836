//! What has to work, how far it is, and one line of advice.
//!
//! ```text
//! ✓ the frontend gets "It works!" from http://backend           ■■■■■■■■■■ 10/10
//! ○ … and still does while backend pods are being replaced
//! › Ctrl-G sends the request.
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::game::{Asked, Play, Tone};
use crate::level::{GoalState, Phase};
use crate::tui::text::{fit, put_spans, width};
use crate::tui::theme::Theme;

/// How many goals are shown at most.
const SHOWN: usize = 4;

/// Rows that the strip takes.
pub fn height(play: &Play) -> u16 {
    play.goals().len().min(SHOWN) as u16 + 1
}

/// Draws the goals and the line below them.
pub fn draw(play: &Play, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let current = play.goals().iter().position(|goal| !goal.passed);
    for (row, goal) in play.goals().iter().take(SHOWN).enumerate() {
        let y = area.y + row as u16;
        if y < area.bottom() {
            let active = play.phase() == Phase::Probing && current == Some(row);
            draw_goal(goal, active, theme, Rect { y, height: 1, ..area }, buf);
        }
    }
    let (style, text) = advice(play, theme);
    let columns = usize::from(area.width.saturating_sub(2));
    let spans = [Span::styled("› ", theme.accent), Span::styled(text, style)];
    put_spans(buf, area.x + 1, area.bottom().saturating_sub(1), &spans, columns);
}

fn draw_goal(goal: &GoalState, active: bool, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let failed = !goal.passed && goal.diagnosis.is_some();
    let (sign, style) = match (goal.passed, failed, active) {
        (true, _, _) => ("✓", theme.good),
        (_, _, true) => ("◌", theme.warn),
        (_, true, _) => ("✗", theme.bad),
        _ => ("○", theme.dim),
    };
    let count = match (goal.tried, goal.of) {
        (0, _) => String::new(),
        (_, 0 | 1) if goal.passed => "passed".to_owned(),
        (_, 0 | 1) => "not yet".to_owned(),
        _ => format!("{}/{}", goal.succeeded, goal.of),
    };
    let bar = if goal.of > 2 && goal.tried > 0 { bar(goal) } else { String::new() };
    let tail = width(&count) + width(&bar) + 3;
    let columns = usize::from(area.width.saturating_sub(2));
    let room = columns.saturating_sub(tail + 2);
    let spans =
        [Span::styled(format!("{sign} "), style), Span::styled(fit(&goal.say, room), theme.text)];
    put_spans(buf, area.x + 1, area.y, &spans, columns);
    let x = area.right().saturating_sub(tail as u16);
    put_spans(
        buf,
        x,
        area.y,
        &[Span::styled(bar, style), Span::styled(format!(" {count}"), style)],
        tail,
    );
}

/// Ten squares, filled as far as requests have succeeded.
fn bar(goal: &GoalState) -> String {
    let cells = goal.of.clamp(1, 10);
    let filled = goal.succeeded * cells / goal.of.max(1);
    (0..cells).map(|cell| if cell < filled { '■' } else { '·' }).collect()
}

/// What was just said, or else what could be done next.
fn advice(play: &Play, theme: &Theme) -> (Style, String) {
    if let Some(notice) = &play.notice {
        let style = match notice.tone {
            Tone::Plain => theme.text,
            Tone::Good => theme.good,
            Tone::Bad => theme.bad,
        };
        return (style, notice.text.replace('\n', " "));
    }
    let unapplied = play.unapplied();
    let text = match play.phase() {
        Phase::Solved => {
            "Won. Ctrl-G shows the debrief again; Esc, then q, leads to the trail.".to_owned()
        }
        Phase::Probing => "The goal's requests are on their way…".to_owned(),
        _ if !unapplied.is_empty() => {
            format!("{} changed: Ctrl-S applies, Ctrl-G then sends.", unapplied.join(", "))
        }
        Phase::Untouched if play.asked == Asked::No => {
            "Something is broken. Ctrl-G sends the goal's request and shows its way.".to_owned()
        }
        _ => match failing(play) {
            Some(message) => format!("F3 why: {message}"),
            None => {
                "Change the manifest, or work in the terminal; Ctrl-G sends the request.".to_owned()
            }
        },
    };
    (theme.dim, text)
}

fn failing(play: &Play) -> Option<&str> {
    let failed = play.goals().iter().find(|goal| !goal.passed)?;
    failed.diagnosis.as_ref().map(|diagnosis| &*diagnosis.message)
}
