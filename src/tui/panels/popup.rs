//! What lies on top of the level: a question, a hint, a reason, a description, a field.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use ratatui::widgets::{Clear, Widget};

use crate::game::{
    Asked, Fate, Game, Line, Play, Popup, RESET_CHOICES, Where, diff, matching_commands,
};
use crate::level::{Diagnosis, Hint};
use crate::tui::frame::Borders;
use crate::tui::text::{fit, line as styled, put, put_spans, reflow, width, wrap};
use crate::tui::theme::Theme;

/// The widest popup.
const WIDEST: u16 = 84;

type Rows = Vec<ratatui::text::Line<'static>>;

/// Draws the popup that is open; says where its cursor is.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let popup = game.popup()?;
    match popup {
        Popup::Palette(line) => return Some(palette(line, theme, area, buf)),
        Popup::Find(line) => return Some(find(game, line, theme, area, buf)),
        _ => step_back(theme, area, buf),
    }
    if *popup == Popup::Leave {
        leave(theme, area, buf);
        return None;
    }
    let play = game.play()?;
    match popup {
        Popup::Predict(selected) => predict(play, *selected, theme, area, buf),
        Popup::Hints => hints(play, theme, area, buf),
        Popup::Why => why(play, theme, area, buf),
        Popup::Describe { title, lines, scroll } => {
            describe(title, lines, *scroll, theme, area, buf);
        }
        Popup::Reset(selected) => reset(*selected, theme, area, buf),
        Popup::Won => won(game, play, theme, area, buf),
        Popup::Palette(_) | Popup::Find(_) | Popup::Leave => {}
    }
    None
}

/// What lies below a popup is drawn faintly, so that the eye stays on top.
fn step_back(theme: &Theme, area: Rect, buf: &mut Buffer) {
    for position in area.positions() {
        if let Some(cell) = buf.cell_mut(position) {
            cell.set_style(theme.border.remove_modifier(Modifier::BOLD));
        }
    }
}

/// A box in the middle, with a title and a line of keys; says where its rows go.
fn window(
    title: &str,
    keys: &str,
    rows: usize,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let columns = area.width.saturating_sub(4).min(WIDEST);
    let height = (rows as u16 + 4).min(area.height.saturating_sub(2)).max(3);
    let x = area.x + (area.width.saturating_sub(columns)) / 2;
    let y = area.y + (area.height.saturating_sub(height)) / 2;
    let outer = Rect::new(x, y, columns, height).intersection(buf.area);
    Clear.render(outer, buf);
    let mut borders = Borders::new(buf.area);
    borders.rectangle(outer);
    borders.paint(buf, theme.focus);
    let room = usize::from(outer.width.saturating_sub(6));
    put(buf, outer.x + 2, outer.y, &format!(" {} ", fit(title, room)), room + 2, theme.title);
    let keys = format!(" {keys} ");
    let x = outer.right().saturating_sub(width(&keys) as u16 + 2).max(outer.x + 2);
    put(buf, x, outer.bottom().saturating_sub(1), &keys, room + 2, theme.dim);
    Rect {
        x: outer.x + 3,
        y: outer.y + 2,
        width: outer.width.saturating_sub(6),
        height: outer.height.saturating_sub(4).max(u16::from(outer.height > 2)),
    }
    .intersection(outer)
}

fn columns_of(area: Rect) -> usize {
    usize::from(area.width.saturating_sub(4).min(WIDEST).saturating_sub(6)).max(1)
}

fn show(rows: &Rows, scroll: usize, inner: Rect, buf: &mut Buffer) {
    for (row, line) in rows.iter().skip(scroll).take(usize::from(inner.height)).enumerate() {
        put_spans(buf, inner.x, inner.y + row as u16, &line.spans, usize::from(inner.width));
    }
}

fn paragraph(rows: &mut Rows, text: &str, columns: usize, style: Style) {
    rows.extend(wrap(text.trim_end(), columns).into_iter().map(|text| styled(text, style)));
}

fn choices(rows: &mut Rows, options: &[(String, String)], selected: usize, theme: &Theme) {
    let widest = options.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    for (at, (name, meaning)) in options.iter().enumerate() {
        let chosen = at == selected;
        let sign = if chosen { "▸ " } else { "  " };
        let style = if chosen { theme.accent.add_modifier(Modifier::BOLD) } else { theme.text };
        rows.push(ratatui::text::Line::from(vec![
            Span::styled(sign, theme.accent),
            Span::styled(format!("{} ", at + 1), theme.dim),
            Span::styled(format!("{name:widest$}   "), style),
            Span::styled(meaning.clone(), theme.dim),
        ]));
    }
}

fn predict(play: &Play, selected: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let columns = columns_of(area);
    let mut rows = Rows::new();
    let (title, options): (&str, Vec<(String, String)>) = match play.asked {
        Asked::Where(fate) => {
            let text = format!("You expect “{}”. Where is that decided?", fate.title());
            paragraph(&mut rows, &text, columns, theme.text);
            let places = Where::ALL.iter().map(|place| (place.title().to_owned(), String::new()));
            ("And where?", places.collect())
        }
        _ => {
            if let Some(goal) = play.level().goals.first() {
                paragraph(
                    &mut rows,
                    &format!("{} is about to run:", goal.from),
                    columns,
                    theme.dim,
                );
                paragraph(&mut rows, &format!("  {}", goal.run), columns, theme.accent);
                rows.push(styled("", theme.text));
            }
            paragraph(
                &mut rows,
                "What will come of it? A guess is worth more than it looks.",
                columns,
                theme.text,
            );
            let fates =
                Fate::ALL.iter().map(|fate| (fate.title().to_owned(), fate.meaning().to_owned()));
            ("Before you look", fates.collect())
        }
    };
    rows.push(styled("", theme.text));
    choices(&mut rows, &options, selected, theme);
    let inner = window(title, "↑ ↓ or a number · Enter · Esc skips", rows.len(), theme, area, buf);
    show(&rows, 0, inner, buf);
}

fn hints(play: &Play, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let columns = columns_of(area);
    let level = play.level();
    let mut rows = Rows::new();
    let mut last_start = 0;
    for hint in play.hints.read(level) {
        if !rows.is_empty() {
            rows.push(styled("", theme.text));
        }
        last_start = rows.len();
        hint_rows(hint, play, columns, theme, &mut rows);
    }
    let wait = play.hints.wait(level, &play.codes());
    let keys = match wait {
        None => "that was the last one · Esc closes".to_owned(),
        Some(wait) if wait.is_zero() => "Enter: the next hint · Esc closes".to_owned(),
        Some(wait) => {
            let seconds = wait.as_millis().div_ceil(1_000);
            format!("try it first: the next hint in {seconds} s · Esc closes")
        }
    };
    if rows.is_empty() {
        paragraph(&mut rows, "This level has no hints.", columns, theme.text);
    }
    let inner = window("Hint", &keys, rows.len(), theme, area, buf);
    let overflow = rows.len().saturating_sub(usize::from(inner.height));
    show(&rows, overflow.min(last_start), inner, buf);
}

fn hint_rows(hint: &Hint, play: &Play, columns: usize, theme: &Theme, rows: &mut Rows) {
    let level = play.level();
    if !hint.say.is_empty() {
        paragraph(rows, &reflow(&hint.say), columns, theme.text);
    }
    let Some(worked) = &hint.worked else { return };
    let name = worked.trim_start_matches("solutions/");
    let Some(solution) = level.solutions.iter().find(|solution| solution.name == name) else {
        return;
    };
    paragraph(rows, "One complete answer, worked out:", columns, theme.dim);
    for (file, bytes) in &solution.files {
        let start = level.start.get(file).map(|bytes| String::from_utf8_lossy(bytes));
        let text = String::from_utf8_lossy(bytes);
        rows.push(styled("", theme.text));
        rows.push(styled(file.clone(), theme.title));
        changed_rows(start.as_deref().unwrap_or(""), &text, theme, rows);
    }
    if let Some(script) = &solution.script {
        rows.push(styled("", theme.text));
        rows.push(styled("in the terminal", theme.title));
        rows.extend(script.lines().map(|line| styled(format!("$ {line}"), theme.accent)));
    }
}

/// A text with what is new marked, and what went.
pub fn changed_rows(old: &str, new: &str, theme: &Theme, rows: &mut Rows) {
    let edits = diff::edits(old, new);
    let lines: Vec<&str> = new.lines().collect();
    let mut at = 0;
    for edit in &edits {
        rows.extend(
            lines[at..edit.new_start].iter().map(|line| styled(format!("  {line}"), theme.dim)),
        );
        rows.extend(edit.old.iter().map(|line| styled(format!("- {line}"), theme.bad)));
        rows.extend(edit.new.iter().map(|line| styled(format!("+ {line}"), theme.good)));
        at = edit.new_start + edit.new.len();
    }
    rows.extend(
        lines[at.min(lines.len())..].iter().map(|line| styled(format!("  {line}"), theme.dim)),
    );
}

fn why(play: &Play, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let columns = columns_of(area);
    let mut rows = Rows::new();
    for goal in play.goals().iter().filter(|goal| !goal.passed) {
        let Some(diagnosis) = &goal.diagnosis else { continue };
        if !rows.is_empty() {
            rows.push(styled("", theme.text));
        }
        diagnosis_rows(&goal.say, diagnosis, columns, theme, &mut rows);
    }
    if let Some(verdict) = &play.guessed {
        rows.push(styled("", theme.text));
        paragraph(&mut rows, verdict, columns, theme.dim);
    }
    let inner = window("Why", "Enter: to the line · Esc closes", rows.len(), theme, area, buf);
    show(&rows, 0, inner, buf);
}

fn diagnosis_rows(
    say: &str,
    diagnosis: &Diagnosis,
    columns: usize,
    theme: &Theme,
    rows: &mut Rows,
) {
    paragraph(rows, &format!("✗ {say}"), columns, theme.dim);
    paragraph(rows, &diagnosis.message, columns, theme.title);
    for evidence in &diagnosis.evidence {
        let lines = wrap(evidence, columns.saturating_sub(4));
        for (at, line) in lines.into_iter().enumerate() {
            let bullet = if at == 0 { "  · " } else { "    " };
            rows.push(styled(format!("{bullet}{line}"), theme.text));
        }
    }
    if let Some(nearest) = &diagnosis.nearest {
        paragraph(rows, &format!("  → {nearest}"), columns, theme.warn);
    }
    let place = diagnosis.at.as_ref().map(|at| format!("{at}  ")).unwrap_or_default();
    rows.push(ratatui::text::Line::from(vec![
        Span::styled(format!("  {place}"), theme.accent),
        Span::styled(diagnosis.code, theme.dim),
    ]));
}

fn describe(
    title: &str,
    lines: &[String],
    scroll: usize,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let columns = columns_of(area);
    let mut rows = Rows::new();
    for line in lines {
        let style = if line.starts_with("$ ") { theme.accent } else { theme.text };
        paragraph(&mut rows, line, columns, style);
    }
    let inner = window(title, "↑ ↓ scroll · Esc closes", rows.len(), theme, area, buf);
    let most = rows.len().saturating_sub(usize::from(inner.height));
    show(&rows, scroll.min(most), inner, buf);
}

fn reset(selected: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let mut rows = Rows::new();
    paragraph(
        &mut rows,
        "Begin the level again? Undo brings back what is here now.",
        columns_of(area),
        theme.text,
    );
    rows.push(styled("", theme.text));
    let options: Vec<(String, String)> =
        RESET_CHOICES.iter().map(|choice| ((*choice).to_owned(), String::new())).collect();
    choices(&mut rows, &options, selected, theme);
    let inner = window("Reset", "↑ ↓ or a number · Enter · Esc", rows.len(), theme, area, buf);
    show(&rows, 0, inner, buf);
}

fn won(game: &Game, play: &Play, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let columns = columns_of(area);
    let mut rows = Rows::new();
    for goal in play.goals() {
        paragraph(&mut rows, &format!("✓ {}", goal.say), columns, theme.good);
    }
    rows.push(styled("", theme.text));
    if let Some(debrief) = game.debrief() {
        let text = format!("{} after {}.", capital(&debrief.solved.sentence()), play.clock());
        paragraph(&mut rows, &text, columns, theme.text);
    }
    let inner = window(
        "The packets arrive",
        "Enter: what to keep · Esc: stay here",
        rows.len(),
        theme,
        area,
        buf,
    );
    show(&rows, 0, inner, buf);
}

/// The command palette, above the bottom line.
fn palette(line: &Line, theme: &Theme, area: Rect, buf: &mut Buffer) -> Position {
    const SHOWN: usize = 8;
    let matches: Vec<_> = matching_commands(line.text()).take(SHOWN).collect();
    let height = (matches.len() as u16 + 3).min(area.height);
    let inner = field(":", line, height, theme, area, buf);
    for (row, command) in matches.iter().enumerate() {
        let y = inner.y + 1 + row as u16;
        if y >= inner.bottom() {
            break;
        }
        let name = format!("{} {}", command.name, command.argument);
        let spans = [
            Span::styled(format!("  {name:<16} "), theme.accent),
            Span::styled(command.does, theme.dim),
        ];
        put_spans(buf, inner.x, y, &spans, usize::from(inner.width));
    }
    cursor(line, inner)
}

fn find(game: &Game, line: &Line, theme: &Theme, area: Rect, buf: &mut Buffer) -> Position {
    let vain = game.search().in_vain;
    let inner = field("/", line, if vain { 4 } else { 3 }, theme, area, buf);
    if vain {
        let columns = usize::from(inner.width);
        put(buf, inner.x, inner.y + 1, "  no level is about that", columns, theme.warn);
    }
    cursor(line, inner)
}

fn leave(theme: &Theme, area: Rect, buf: &mut Buffer) {
    let mut rows = Rows::new();
    let text = "Leave podhop? Everything is saved, and it goes on here next time.";
    paragraph(&mut rows, text, columns_of(area), theme.text);
    let inner = window("Leave", "Enter: leave · Esc: stay", rows.len(), theme, area, buf);
    show(&rows, 0, inner, buf);
}

/// A box at the bottom with a field in its first row.
fn field(
    sign: &str,
    line: &Line,
    height: u16,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let columns = area.width.saturating_sub(2).min(70);
    let y = area.bottom().saturating_sub(height + 1).max(area.y);
    let outer = Rect::new(area.x + 1, y, columns, height).intersection(buf.area);
    Clear.render(outer, buf);
    let mut borders = Borders::new(buf.area);
    borders.rectangle(outer);
    borders.paint(buf, theme.focus);
    let inner = Rect {
        x: outer.x + 1,
        y: outer.y + 1,
        width: outer.width.saturating_sub(2),
        height: outer.height.saturating_sub(2),
    };
    let spans = [
        Span::styled(format!("{sign} "), theme.accent),
        Span::styled(line.text().to_owned(), theme.text),
    ];
    put_spans(buf, inner.x, inner.y, &spans, usize::from(inner.width));
    inner
}

fn cursor(line: &Line, inner: Rect) -> Position {
    let before = width(&line.text()[..line.cursor()]) as u16 + 2;
    Position::new(inner.x + before.min(inner.width.saturating_sub(1)), inner.y)
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
