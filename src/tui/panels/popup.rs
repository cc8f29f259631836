//! What lies on top of the level: a question, a hint, a reason, a description, a field.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use ratatui::widgets::{Clear, Widget};

use crate::game::{
    Asked, Fault, Game, Guess, Line, Play, Popup, RESET_CHOICES, UNAPPLIED_CHOICES, diff,
    matching_commands, narration::capital, no_hint, rung_name,
};
use crate::level::{Goal, Hint};
use crate::tui::areas::{TWO, percent};
use crate::tui::frame::Borders;
use crate::tui::text::{fit, line as styled, put, put_spans, reflow, width, wrap};
use crate::tui::theme::Theme;

/// The widest popup.
const WIDEST: u16 = 84;
/// The widest popup that leaves room beside it.
const NARROW: u16 = 62;

type Rows = Vec<ratatui::text::Line<'static>>;

/// What a popup says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    /// Where its cursor is.
    pub cursor: Option<Position>,
    /// How far it is scrolled.
    pub top: usize,
    /// How far it can be scrolled.
    pub most: Option<usize>,
    /// How many of its rows are seen at once.
    pub rows: usize,
}

/// Draws the popup that is open. `body` is what the level's panels have of the screen: a box that
/// asks about them stays in there.
pub fn draw(game: &Game, theme: &Theme, area: Rect, body: Rect, buf: &mut Buffer) -> Shown {
    let Some(popup) = game.popup() else { return Shown::default() };
    let cursor = match popup {
        Popup::Palette(line) => Some(palette(game, line, theme, area, buf)),
        Popup::Find(line) => Some(find(game, line, theme, area, buf)),
        _ => None,
    };
    if cursor.is_some() {
        return Shown { cursor, ..Shown::default() };
    }
    // A guess is made with the files in sight, and a victory with the map.
    if !matches!(popup, Popup::Predict(_) | Popup::Won | Popup::Unapplied(_)) {
        step_back(theme, area, buf);
    }
    if *popup == Popup::Leave {
        leave(theme, area, buf);
    }
    let Some(play) = game.play() else { return Shown::default() };
    match popup {
        Popup::Predict(selected) => predict(play, *selected, theme, body, buf),
        Popup::Hints => hints(game, play, theme, area, buf),
        Popup::Why => why(game, play, theme, area, buf),
        Popup::Describe { title, lines, scroll } => {
            describe(title, lines, *scroll, theme, area, buf)
        }
        Popup::Reset(selected) => reset(*selected, theme, body, buf),
        Popup::Unapplied(selected) => unapplied(play, *selected, theme, body, buf),
        Popup::Won => won(game, theme, area, buf),
        Popup::Question(selected) => ask(game, *selected, theme, area, buf),
        Popup::Palette(_) | Popup::Find(_) | Popup::Leave => Shown::default(),
    }
}

/// Where a box stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    Middle,
    /// At the right edge, so that text on the left can be read beside it.
    Right,
    /// In the lower left corner, over text, so that the map and the packet can be seen beside it.
    LowerLeft,
    /// In the lower right corner, so that a map can be seen beside it.
    LowerRight,
}

/// A box with a title, a line of keys, and rows that scroll where there are more than fit.
struct Sheet<'a> {
    title: &'a str,
    keys: &'a str,
    stand: Stand,
    rows: Rows,
    scroll: Scroll,
}

/// Which rows of a box are seen.
#[derive(Clone, Copy)]
enum Scroll {
    /// Those from this one on.
    From(usize),
    /// Those from the beginning, or as far on as it takes to see these.
    Reveal(usize, usize),
}

impl Sheet<'_> {
    /// Draws it.
    fn draw(&self, theme: &Theme, area: Rect, buf: &mut Buffer) -> Shown {
        let inner = window(self.title, self.keys, self.rows.len(), self.stand, theme, area, buf);
        let height = usize::from(inner.height);
        let most = self.rows.len().saturating_sub(height);
        let top = match self.scroll {
            Scroll::From(row) => row,
            Scroll::Reveal(from, to) => to.saturating_sub(height).min(from),
        };
        let top = top.min(most);
        show(&self.rows, top, inner, buf);
        let mut put_at = |text: String, y: u16| {
            let x = inner.right().saturating_sub(width(&text) as u16);
            put(buf, x, y, &text, width(&text), theme.accent);
        };
        if top > 0 {
            put_at(format!(" ↑ {top} more "), inner.y.saturating_sub(1));
        }
        if most > top {
            put_at(format!(" ↓ {} more ", most - top), inner.bottom());
        }
        Shown { cursor: None, top, most: Some(most), rows: height }
    }
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
    stand: Stand,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let columns = outer_columns(area, stand);
    let rows = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(4);
    let margin = if stand == Stand::Right { 0 } else { 2 };
    let height = rows.min(area.height.saturating_sub(margin)).max(3);
    let (left, above) = (area.width.saturating_sub(columns), area.height.saturating_sub(height));
    let (x, y) = match stand {
        Stand::Middle => (area.x + left / 2, area.y + above / 2),
        Stand::Right => (area.x + left.saturating_sub(1), area.y + above / 2),
        Stand::LowerLeft => (area.x + 1, area.y + above.saturating_sub(1)),
        Stand::LowerRight => (area.x + left.saturating_sub(1), area.y + above.saturating_sub(1)),
    };
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

fn outer_columns(area: Rect, stand: Stand) -> u16 {
    match stand {
        // A sliver of what lies beneath on either side would be no use.
        Stand::Middle if area.width <= WIDEST + 4 => area.width,
        Stand::Middle => WIDEST,
        Stand::Right | Stand::LowerRight => (area.width / 2 + 3).min(NARROW),
        // No wider than what stands on the left.
        Stand::LowerLeft => percent(area.width, 45).min(NARROW),
    }
}

fn columns_of(area: Rect, stand: Stand) -> usize {
    usize::from(outer_columns(area, stand).saturating_sub(6)).max(1)
}

fn show(rows: &Rows, scroll: usize, inner: Rect, buf: &mut Buffer) {
    for (row, line) in rows.iter().skip(scroll).take(usize::from(inner.height)).enumerate() {
        put_spans(buf, inner.x, inner.y + row as u16, &line.spans, usize::from(inner.width));
    }
}

fn paragraph(rows: &mut Rows, text: &str, columns: usize, style: Style) {
    rows.extend(wrap(text.trim_end(), columns).into_iter().map(|text| styled(text, style)));
}

/// Choices with numbers; what a choice looks like stands behind it, or below the selected one where
/// there is no room.
fn choices(
    rows: &mut Rows,
    options: &[(String, String)],
    selected: Option<usize>,
    columns: usize,
    theme: &Theme,
) -> Scroll {
    let mut scroll = Scroll::From(0);
    let widest = options.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let longest = options.iter().map(|(_, meaning)| width(meaning)).max().unwrap_or(0);
    let beside = widest + longest + 8 <= columns;
    for (at, (name, meaning)) in options.iter().enumerate() {
        let (chosen, start) = (selected == Some(at), rows.len());
        let sign = if chosen { "▸ " } else { "  " };
        let style = if chosen { theme.accent.add_modifier(Modifier::BOLD) } else { theme.text };
        let mut lines = wrap(name, columns.saturating_sub(4)).into_iter();
        let mut spans = vec![
            Span::styled(sign, theme.accent),
            Span::styled(format!("{} ", at + 1), theme.dim),
            Span::styled(lines.next().unwrap_or_default(), style),
        ];
        if beside {
            let gap = " ".repeat(widest.saturating_sub(width(name)) + 3);
            spans.push(Span::styled(format!("{gap}{meaning}"), theme.dim));
        }
        rows.push(ratatui::text::Line::from(spans));
        rows.extend(lines.map(|line| styled(format!("    {line}"), style)));
        if chosen && !beside && !meaning.is_empty() {
            let lines = wrap(meaning, columns.saturating_sub(4));
            rows.extend(lines.into_iter().map(|line| styled(format!("    {line}"), theme.dim)));
        }
        if chosen {
            scroll = Scroll::Reveal(start, rows.len());
        }
    }
    scroll
}

fn predict(
    play: &Play,
    selected: Option<usize>,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) -> Shown {
    let columns = columns_of(area, Stand::Right);
    let mut rows = Rows::new();
    let Some(question) = &play.question else { return Shown::default() };
    let (title, options): (&str, Vec<(String, String)>) = match play.asked {
        Asked::Where(choice) => {
            let said = question.choices.get(choice).map_or("", |choice| &*choice.say);
            let text = format!("You expect “{said}”. Where is that decided?");
            paragraph(&mut rows, &text, columns, theme.text);
            let places = question.places.iter().map(|(_, words)| (words.clone(), String::new()));
            ("And where?", places.collect())
        }
        _ => {
            if let Some(goal) = play.level().goals.get(question.goal) {
                match &goal.traffic {
                    Some(container) => {
                        paragraph(&mut rows, &format!("○ {}", goal.say), columns, theme.text);
                        let text = format!("{container} goes on asking by itself.");
                        paragraph(&mut rows, &text, columns, theme.dim);
                    }
                    None => command_rows(goal, columns, theme, &mut rows),
                }
                rows.push(styled("", theme.text));
            }
            paragraph(&mut rows, &question.ask, columns, theme.text);
            let choices = question.choices.iter();
            let choices = choices.map(|choice| (choice.say.clone(), choice.meaning.clone()));
            ("Before you look", choices.collect())
        }
    };
    rows.push(styled("", theme.text));
    let scroll = choices(&mut rows, &options, selected, columns, theme);
    let keys = "a number chooses · Enter · Esc skips";
    Sheet { title, keys, stand: Stand::Right, rows, scroll }.draw(theme, area, buf)
}

/// Who is about to run what. A long command is told by what it is for.
fn command_rows(goal: &Goal, columns: usize, theme: &Theme, rows: &mut Rows) {
    const MOST: usize = 3;
    let lines = wrap(goal.run.trim_end(), columns);
    if lines.len() > MOST {
        paragraph(rows, &format!("○ {}", goal.say), columns, theme.text);
        let from = if goal.from == "laptop" { "the laptop" } else { &goal.from };
        let text = format!("Its command, run from {from}, is too long to show here.");
        paragraph(rows, &text, columns, theme.dim);
        return;
    }
    paragraph(rows, &format!("{} is about to run:", goal.from), columns, theme.dim);
    rows.extend(lines.into_iter().map(|text| styled(text, theme.accent)));
}

fn hints(game: &Game, play: &Play, theme: &Theme, area: Rect, buf: &mut Buffer) -> Shown {
    let columns = columns_of(area, Stand::Middle);
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
    let keys = match play.hint_wait() {
        None => "that was the last one for now · Esc closes".to_owned(),
        Some(wait) if wait.is_zero() => "Enter: the next hint · Esc closes".to_owned(),
        Some(wait) => {
            let seconds = wait.as_millis().div_ceil(1_000);
            format!("try it first: the next hint in {seconds} s · Esc closes")
        }
    };
    if rows.is_empty() {
        paragraph(&mut rows, no_hint(play.level()), columns, theme.text);
    }
    let scroll = Scroll::From(game.scroll().unwrap_or(last_start));
    let sheet = Sheet { title: "Hint", keys: &keys, stand: Stand::Middle, rows, scroll };
    sheet.draw(theme, area, buf)
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

/// The ladder, as far as it was climbed.
fn why(game: &Game, play: &Play, theme: &Theme, area: Rect, buf: &mut Buffer) -> Shown {
    let columns = columns_of(area, Stand::Middle);
    let mut rows = Rows::new();
    let unapplied: Vec<&str> = match play.sent_without.is_empty() {
        false => play.sent_without.iter().map(String::as_str).collect(),
        true => play.unapplied(),
    };
    if !unapplied.is_empty() {
        let text = format!(
            "{} is not applied: the cluster has what it had before. Ctrl-S applies.",
            unapplied.join(", ")
        );
        paragraph(&mut rows, &text, columns, theme.warn);
        rows.push(styled("", theme.text));
    }
    let help = play.help();
    let mut fresh = (0, 0);
    for (at, fault) in help.faults.iter().enumerate() {
        if at > 0 {
            rows.push(styled("", theme.text));
        }
        symptom_rows(play, fault, columns, theme, &mut rows);
        if at == help.chosen {
            fresh = rung_rows(play, fault, columns, theme, &mut rows);
        }
    }
    let told = |guess: &&Guess| help.of_goal(guess.goal).is_some();
    if let Some(guess) = play.guessed.as_ref().filter(told) {
        rows.push(styled("", theme.text));
        paragraph(&mut rows, &guess.say, columns, theme.dim);
    }
    let title = match help.faults.len() {
        0 | 1 => "Why".to_owned(),
        of => format!("Why · failure {} of {of} · Tab: the next", help.chosen + 1),
    };
    // Commands can be chosen once they are shown.
    let looks = |fault: &Fault<'_>| if fault.rung == 0 { 0 } else { fault.diagnosis.look.len() };
    let digits = match help.asked().map_or(0, looks) {
        0 => String::new(),
        1 => "1: into the terminal · ".to_owned(),
        many => format!("1-{many}: into the terminal · "),
    };
    let keys = match help.next() {
        Some(next) => format!("F3: {} · {digits}Esc", next.words()),
        None if help.asked().is_some_and(|fault| fault.diagnosis.at.is_some()) => {
            format!("Enter: to the line · {digits}Esc")
        }
        None => format!("{digits}Esc"),
    };
    let scroll = game.scroll().map_or(Scroll::Reveal(fresh.0, fresh.1), Scroll::From);
    Sheet { title: &title, keys: &keys, stand: Stand::Middle, rows, scroll }.draw(theme, area, buf)
}

/// The goals that a fault breaks, and what the client of each was told. What goals in a row share stands once.
fn symptom_rows(play: &Play, fault: &Fault<'_>, columns: usize, theme: &Theme, rows: &mut Rows) {
    let goals = fault.goals.iter().filter_map(|at| play.goals().get(*at));
    let mut goals =
        goals.map(|goal| (goal, goal.heard.as_ref().map(|heard| &heard.said))).peekable();
    while let Some((goal, said)) = goals.next() {
        paragraph(rows, &format!("✗ {}", goal.say), columns, theme.dim);
        let same_follows = goals.peek().is_some_and(|(_, next)| *next == said);
        if let Some(said) = said.filter(|_| !same_follows) {
            paragraph(rows, &format!("  {said}"), columns, theme.bad);
        }
    }
}

/// What is wrong, rung by rung. Says which rows are the last rung's.
fn rung_rows(
    play: &Play,
    fault: &Fault<'_>,
    columns: usize,
    theme: &Theme,
    rows: &mut Rows,
) -> (usize, usize) {
    let diagnosis = fault.diagnosis;
    for message in fault.messages() {
        paragraph(rows, &format!("  {message}"), columns, theme.title);
    }
    let mut start = 0;
    for rung in 1..=fault.rung {
        start = rows.len();
        rows.push(styled(capital(rung_name(rung)), theme.dim));
        match rung {
            1 => {
                for (at, look) in diagnosis.look.iter().enumerate() {
                    hang(rows, &format!("  {} ", at + 1), look, columns, theme.accent);
                }
            }
            2 => {
                for fact in &diagnosis.evidence {
                    hang(rows, "  · ", fact, columns, theme.text);
                }
                if diagnosis.evidence.is_empty() {
                    hang(rows, "  ", "nothing more is known of it", columns, theme.dim);
                }
            }
            3 => line_rows(play, fault, columns, theme, rows),
            _ => {
                for way in fault.ways_out() {
                    hang(rows, "  → ", way, columns, theme.good);
                }
                rows.push(styled(format!("  {} · K explains it", diagnosis.code), theme.dim));
            }
        }
    }
    (start, rows.len())
}

/// The player's line, and the nearest miss.
fn line_rows(play: &Play, fault: &Fault<'_>, columns: usize, theme: &Theme, rows: &mut Rows) {
    match &fault.diagnosis.at {
        Some(at) => {
            let line = play.line(at);
            rows.push(ratatui::text::Line::from(vec![
                Span::styled(format!("  {at}  "), theme.accent),
                Span::styled(fit(line.unwrap_or_default(), columns), theme.text),
            ]));
        }
        None => paragraph(rows, "  no line of your files is to blame", columns, theme.text),
    }
    if let Some(nearest) = fault.nearest() {
        hang(rows, "  nearest: ", nearest, columns, theme.warn);
    }
}

/// A paragraph behind a sign, which stands in its first row alone.
fn hang(rows: &mut Rows, sign: &str, text: &str, columns: usize, style: Style) {
    let room = columns.saturating_sub(width(sign)).max(1);
    for (at, line) in wrap(text, room).into_iter().enumerate() {
        let before = if at == 0 { sign.to_owned() } else { " ".repeat(width(sign)) };
        rows.push(styled(before + &line, style));
    }
}

/// Another failure of the same idea, before the debrief is read.
fn ask(game: &Game, selected: Option<usize>, theme: &Theme, area: Rect, buf: &mut Buffer) -> Shown {
    let Some(debrief) = game.debrief() else { return Shown::default() };
    let Some(asked) = &debrief.level.question else { return Shown::default() };
    let columns = columns_of(area, Stand::Middle);
    let mut rows = Rows::new();
    paragraph(&mut rows, &reflow(&asked.ask), columns, theme.text);
    rows.push(styled("", theme.text));
    let options: Vec<(String, String)> =
        asked.choices.iter().map(|choice| (choice.say.clone(), String::new())).collect();
    let scroll = choices(&mut rows, &options, selected, columns, theme);
    let keys = "a number chooses · Enter · Esc skips";
    let title = "One question before you read on";
    Sheet { title, keys, stand: Stand::Middle, rows, scroll }.draw(theme, area, buf)
}

fn describe(
    title: &str,
    lines: &[String],
    scroll: usize,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) -> Shown {
    let columns = columns_of(area, Stand::Middle);
    let mut rows = Rows::new();
    for line in lines {
        let style = if line.starts_with("$ ") { theme.accent } else { theme.text };
        paragraph(&mut rows, line, columns, style);
    }
    let keys = match rows.len() + 6 > usize::from(area.height) {
        true => "↑ ↓ scroll · Esc closes",
        false => "Esc closes",
    };
    let scroll = Scroll::From(scroll);
    Sheet { title, keys, stand: Stand::Middle, rows, scroll }.draw(theme, area, buf)
}

fn reset(selected: usize, theme: &Theme, area: Rect, buf: &mut Buffer) -> Shown {
    let text = "Begin the level again? Undo brings back what is here now.";
    question("Reset", text, &RESET_CHOICES, selected, theme, area, buf)
}

fn unapplied(play: &Play, selected: usize, theme: &Theme, area: Rect, buf: &mut Buffer) -> Shown {
    let files = play.unapplied().join(", ");
    let text = format!("{files} was edited, and the cluster does not know it yet.");
    question("Not applied", &text, &UNAPPLIED_CHOICES, selected, theme, area, buf)
}

fn question(
    title: &str,
    text: &str,
    options: &[&str],
    selected: usize,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) -> Shown {
    let columns = columns_of(area, Stand::Right);
    let mut rows = Rows::new();
    paragraph(&mut rows, text, columns, theme.text);
    rows.push(styled("", theme.text));
    let options: Vec<(String, String)> =
        options.iter().map(|choice| ((*choice).to_owned(), String::new())).collect();
    let scroll = choices(&mut rows, &options, Some(selected), columns, theme);
    let keys = "a number chooses · Enter · Esc";
    Sheet { title, keys, stand: Stand::Right, rows, scroll }.draw(theme, area, buf)
}

/// The level is won: beside the map, which shows it. That every goal has passed stands above.
fn won(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> Shown {
    let beside = area.width >= TWO && game.play().is_some_and(|play| !play.zoom);
    let stand = if beside { Stand::LowerLeft } else { Stand::LowerRight };
    let columns = columns_of(area, stand);
    let mut rows = Rows::new();
    if let Some(debrief) = game.debrief() {
        let text = format!("{}.", capital(&debrief.solved.sentence()));
        paragraph(&mut rows, &text, columns, theme.text);
        if let Some(text) = debrief.solved.causes() {
            paragraph(&mut rows, &format!("{text}."), columns, theme.text);
        }
    }
    let keys = "Enter: what to keep · Esc: stay";
    let scroll = Scroll::From(game.scroll().unwrap_or(0));
    let sheet = Sheet { title: "The packets arrive", keys, stand, rows, scroll };
    sheet.draw(theme, area, buf)
}

/// The command palette, above the bottom line.
fn palette(game: &Game, line: &Line, theme: &Theme, area: Rect, buf: &mut Buffer) -> Position {
    const SHOWN: usize = 8;
    let matches: Vec<_> = matching_commands(line.text()).collect();
    let rows = matches.len().min(SHOWN);
    let inner = field("A command", ":", line, (rows as u16 + 3).min(area.height), theme, area, buf);
    let selected = game.palette_row();
    let top = (selected + 1).saturating_sub(SHOWN);
    for (row, command) in matches.iter().skip(top).take(SHOWN).enumerate() {
        let y = inner.y + 1 + row as u16;
        if y >= inner.bottom() {
            break;
        }
        let chosen = top + row == selected;
        let name = format!("{} {}", command.name, command.argument);
        let spans = [
            Span::styled(if chosen { "▸ " } else { "  " }, theme.accent),
            Span::styled(format!("{name:<16} "), theme.accent),
            Span::styled(command.does, if chosen { theme.text } else { theme.dim }),
        ];
        put_spans(buf, inner.x, y, &spans, usize::from(inner.width));
    }
    if matches.len() > SHOWN {
        let text = format!(" {} of {} · ↑ ↓ ", (selected + 1).min(matches.len()), matches.len());
        let x = inner.right().saturating_sub(width(&text) as u16 + 1);
        put(buf, x, inner.bottom(), &text, width(&text), theme.dim);
    }
    cursor(line, inner)
}

fn find(game: &Game, line: &Line, theme: &Theme, area: Rect, buf: &mut Buffer) -> Position {
    let vain = game.search().in_vain;
    let inner = field("Find", "/", line, if vain { 4 } else { 3 }, theme, area, buf);
    if vain {
        let columns = usize::from(inner.width);
        put(buf, inner.x, inner.y + 1, "  no level is about that", columns, theme.warn);
    }
    cursor(line, inner)
}

fn leave(theme: &Theme, area: Rect, buf: &mut Buffer) {
    let mut rows = Rows::new();
    let text = "Leave podhop? Everything is saved, and it goes on here next time.";
    paragraph(&mut rows, text, columns_of(area, Stand::Middle), theme.text);
    let keys = "Enter: leave · Esc: stay";
    Sheet { title: "Leave", keys, stand: Stand::Middle, rows, scroll: Scroll::From(0) }
        .draw(theme, area, buf);
}

/// A box at the bottom with a field in its first row.
fn field(
    title: &str,
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
    let room = usize::from(columns.saturating_sub(4));
    put(buf, outer.x + 2, outer.y, &format!(" {title} "), room, theme.title);
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
