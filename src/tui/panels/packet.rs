//! The packet's way, hop by hop: verdict, place, decision, addresses before and after, reason.
//!
//! ```text
//! client · curl -s http://backend
//! ✓ 1 frontend     asks DNS for backend
//! ✓ 2 DNS          backend.default.svc.cluster.local = 10.96.14.3
//! ✗ 3 node-1       service backend has no endpoints
//!                    so the sender is refused at once
//! ```

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use crate::clock::SimTime;
use crate::game::Walk;
use crate::game::story::{Step, Story};
use crate::network::HopVerdict;
use crate::tui::text::{fit, fit_name, put, put_spans, width, wrap};
use crate::tui::theme::Theme;

/// What the panel shows.
pub struct Packet<'a> {
    /// The request, if one was sent.
    pub story: Option<&'a Story>,
    /// Which of how many.
    pub number: (usize, usize),
    /// The level's clock: the map shows this moment.
    pub now: SimTime,
    /// Whether what speaks for each decision is shown.
    pub facts: bool,
    /// How far the packet is.
    pub walk: &'a Walk,
    /// What goes before everything is sent.
    pub empty: &'a str,
}

/// A packet that was sent longer ago is shown with its time.
const OLD: Duration = Duration::from_secs(10);

/// Draws the panel.
pub fn draw(packet: &Packet<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let columns = usize::from(area.width.saturating_sub(2));
    if area.height == 0 || columns == 0 {
        return;
    }
    let Some(story) = packet.story else {
        for (row, text) in
            wrap(packet.empty, columns).iter().enumerate().take(usize::from(area.height))
        {
            put(buf, area.x + 1, area.y + row as u16, text, columns, theme.dim);
        }
        return;
    };
    let list = if area.height >= 6 { draw_title(packet, story, theme, area, buf) } else { area };
    let place_columns = place_columns(story, columns);
    let mut rows = Vec::new();
    let mut current = (0, 0);
    for (at, step) in story.steps.iter().enumerate() {
        let start = rows.len();
        step_rows(step, at, packet, place_columns, columns, theme, &mut rows);
        if at == packet.walk.step {
            current = (start, rows.len());
        }
    }
    if packet.walk.step + 1 >= story.steps.len() && !packet.walk.playing {
        rows.push(ending(story, theme));
        for line in story.said.iter().flat_map(|said| wrap(said, columns.saturating_sub(3))) {
            rows.push(vec![Span::styled(format!("   {line}"), theme.bad)]);
        }
        for line in story.guess.iter().flat_map(|guess| wrap(guess, columns.saturating_sub(3))) {
            rows.push(vec![Span::styled(format!("   {line}"), theme.dim)]);
        }
        current.1 = rows.len();
    }
    let height = usize::from(list.height);
    let top =
        current.1.saturating_sub(height).min(current.0).min(rows.len().saturating_sub(height));
    let top = if rows.len() <= height { 0 } else { top };
    for (row, spans) in rows.iter().skip(top).take(height).enumerate() {
        put_spans(buf, list.x + 1, list.y + row as u16, spans, columns);
    }
    let hidden = rows.len().saturating_sub(top + height);
    if hidden > 0 && height > 0 {
        let more = format!(" ↓ {hidden} ");
        let x = list.right().saturating_sub(width(&more) as u16 + 1);
        put(buf, x, list.bottom() - 1, &more, width(&more), theme.dim);
    }
}

/// Draws the step that is shown in one row.
pub fn draw_strip(packet: &Packet<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(story) = packet.story else { return };
    let Some(step) = story.steps.get(packet.walk.step) else { return };
    let style = verdict_style(step.verdict, theme).add_modifier(Modifier::BOLD);
    let count = format!(" {}/{} ", packet.walk.step + 1, story.steps.len());
    // What has arrived and is still not what the goal wants ends with the client's own words.
    let last = packet.walk.step + 1 == story.steps.len();
    let spans = match story.said.as_ref().filter(|_| last && story.arrived) {
        Some(said) => vec![Span::styled(said.clone(), theme.bad)],
        None => vec![
            Span::styled(format!("{} ", step.verdict.sign()), style),
            Span::styled(format!("{}  ", step.place), theme.title),
            Span::styled(step.text.clone(), theme.text),
        ],
    };
    let columns = usize::from(area.width.saturating_sub(2)).saturating_sub(width(&count));
    put_spans(buf, area.x + 1, area.y, &spans, columns);
    let x = area.right().saturating_sub(width(&count) as u16);
    put(buf, x, area.y, &count, width(&count), theme.dim);
}

/// The request's own line; says what room is left.
fn draw_title(
    packet: &Packet<'_>,
    story: &Story,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let (number, of) = packet.number;
    // What was true when it was sent may be no more, and the map shows what is.
    let old = story.at.filter(|at| packet.now.since(*at) >= OLD);
    let when = old.map_or_else(String::new, |at| format!(" at {at} "));
    let count = if of > 1 { format!(" {} of {of} ", number + 1) } else { String::new() };
    let count = format!("{when}{count}");
    let columns = usize::from(area.width.saturating_sub(2));
    let room = columns.saturating_sub(width(&count) + 1);
    // Who asks is named at the first step too.
    let title = match story.title.split_once(" · ") {
        Some((_, command)) if width(&story.title) > room => command,
        _ => &*story.title,
    };
    put(buf, area.x + 1, area.y, &fit(&in_one_line(title), room), room, theme.dim);
    let x = area.right().saturating_sub(width(&count) as u16 + 1);
    put(buf, x, area.y, &count, width(&count), theme.dim);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// A command of several lines in one, as a shell would take it: a semicolon parts commands, and stands
/// behind no word that waits for one.
fn in_one_line(command: &str) -> String {
    let mut whole = String::new();
    for line in command.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let last = whole.split_whitespace().last().unwrap_or("");
        let waits = matches!(last, "do" | "then" | "else" | "{" | "(" | "|" | "||" | "&&");
        let parted = last.ends_with([';', '&', '|']);
        if !whole.is_empty() {
            whole += if waits || parted { " " } else { "; " };
        }
        whole += line;
    }
    whole
}

/// Room for the places' names: as much as they need, and not too much.
fn place_columns(story: &Story, columns: usize) -> usize {
    let widest = story.steps.iter().map(|step| width(&step.place)).max().unwrap_or(0);
    widest.min((columns / 4).clamp(6, 18))
}

fn step_rows<'a>(
    step: &'a Step,
    at: usize,
    packet: &Packet<'_>,
    place_columns: usize,
    columns: usize,
    theme: &Theme,
    rows: &mut Vec<Vec<Span<'a>>>,
) {
    let reached = at <= packet.walk.step;
    let here = at == packet.walk.step;
    let verdict = verdict_style(step.verdict, theme);
    let (sign, text) = match (reached, here) {
        (false, _) => (theme.border, theme.border),
        (true, true) => (verdict.add_modifier(Modifier::BOLD), theme.text),
        (true, false) => (verdict, theme.dim),
    };
    let place = fit_name(&step.place, place_columns);
    let pad = " ".repeat(place_columns.saturating_sub(width(&place)));
    let marker = if here { "▸" } else { " " };
    let sign_text = if reached { step.verdict.sign() } else { '·' };
    let indent = 8 + place_columns;
    let room = columns.saturating_sub(indent).max(8);
    let mut lines = wrap(&step.text, room).into_iter();
    rows.push(vec![
        Span::styled(marker, theme.packet),
        Span::styled(format!("{sign_text} "), sign),
        Span::styled(format!("{:>2} ", at + 1), if here { theme.text } else { theme.border }),
        Span::styled(format!("{place}{pad}  "), if here { theme.title } else { text }),
        Span::styled(lines.next().unwrap_or_default(), text),
    ]);
    let blank = " ".repeat(indent);
    rows.extend(lines.map(|line| vec![Span::raw(blank.clone()), Span::styled(line, text)]));
    let unfold = here || step.verdict != HopVerdict::Pass;
    if !(reached && unfold) {
        return;
    }
    let note_style = if step.verdict == HopVerdict::Pass { theme.dim } else { theme.text };
    let evidence = step.evidence.iter().filter(|_| packet.facts);
    for note in step.notes.iter().chain(evidence) {
        for line in wrap(note, room.saturating_sub(2)) {
            rows.push(vec![
                Span::raw(blank.clone()),
                Span::styled(format!("  {line}"), note_style),
            ]);
        }
    }
}

/// How it ended.
fn ending<'a>(story: &Story, theme: &Theme) -> Vec<Span<'a>> {
    let (sign, style) = if story.arrived { ("●", theme.good) } else { ("✗", theme.bad) };
    vec![Span::styled(format!(" {sign} {}", story.ending), style.add_modifier(Modifier::BOLD))]
}

fn verdict_style(verdict: HopVerdict, theme: &Theme) -> Style {
    match verdict {
        HopVerdict::Pass | HopVerdict::Deliver => theme.good,
        HopVerdict::Reject | HopVerdict::Unreachable => theme.bad,
        HopVerdict::Drop => theme.warn,
    }
}
