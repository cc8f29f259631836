//! After a win: the answer to a question, the packet's way, what to keep, what was needed, which edits
//! mattered, other ways, the same on a real cluster.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::statistics::stars;
use super::{column, page, scrolled};
use crate::diagnostic::printable;
use crate::game::narration::capital;
use crate::game::scene::Spot;
use crate::game::story::Story;
use crate::game::{Answered, Debrief, Game, Popup, Tried};
use crate::level::Level;
use crate::level::incident::Causes;
use crate::tui::keys::Context;
use crate::tui::text::{fit, line, reflow, width, wrap};
use crate::tui::theme::Theme;

/// Draws the debrief.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> usize {
    let Some(debrief) = game.debrief() else { return 0 };
    let level = &debrief.level;
    let title = format!("✓ {}", level.heading());
    let inner = page(&title, &debrief.solved.sentence(), &[Context::Page], theme, area, buf);
    let text = column(inner, 84);
    let columns = usize::from(text.width);
    let mut lines: Vec<Line<'static>> = Vec::new();
    if matches!(game.popup(), Some(Popup::Question(_))) {
        // What is read would answer what is asked.
        return 0;
    }
    if let Some(answered) = &debrief.answered {
        answer(&mut lines, answered, columns, theme);
    }
    if let Some(story) = &debrief.way {
        heading(&mut lines, "The way it goes now", theme);
        way(&mut lines, story, columns, theme);
    }
    match &debrief.causes {
        Some(causes) => told_causes(&mut lines, causes, debrief, columns, theme),
        None => {
            heading(&mut lines, "What to keep", theme);
            paragraph(&mut lines, &reflow(&level.debrief), columns, theme.text);
        }
    }
    if let Some(guess) = &debrief.guess {
        lines.push(Line::default());
        paragraph(&mut lines, &format!("Your first guess. {guess}"), columns, theme.dim);
    }
    heading(&mut lines, "What you needed", theme);
    paragraph(&mut lines, &needed(debrief), columns, theme.text);
    edits(&mut lines, debrief, columns, theme);
    other_ways(&mut lines, level, columns, theme);
    if let Some(real) = &level.real {
        heading(&mut lines, "On a real cluster", theme);
        for text in real.trim().lines() {
            lines.extend(wrap(text, columns).into_iter().map(|text| line(text, theme.accent)));
        }
    }
    scrolled(&lines, game.selected(), theme, text, buf)
}

/// What was wrong, and whether the player named it, apart from mending it.
fn told_causes(
    lines: &mut Vec<Line<'static>>,
    causes: &Causes,
    debrief: &Debrief,
    columns: usize,
    theme: &Theme,
) {
    heading(lines, "The cause", theme);
    if let Some(text) = debrief.solved.causes() {
        paragraph(lines, &format!("{text}."), columns, theme.text);
    }
    for (fault, named) in &causes.faults {
        let (sign, style) = if *named { ("✓", theme.good) } else { ("·", theme.text) };
        paragraph(lines, &format!("{sign} {}", fault.says), columns, style);
        paragraph(lines, &format!("  {}", fault.lesson), columns, theme.dim);
    }
    for answer in causes.answers.iter().filter(|answer| answer.names.is_empty()) {
        let said = printable(&answer.said);
        paragraph(lines, &format!("✗ You said {said}; that was all right."), columns, theme.dim);
    }
}

fn answer(lines: &mut Vec<Line<'static>>, answered: &Answered, columns: usize, theme: &Theme) {
    let style = if answered.right { theme.good } else { theme.warn };
    heading(lines, "What comes of it", theme);
    paragraph(lines, &answered.sentence(), columns, style);
    if !answered.printed.is_empty() {
        paragraph(lines, &format!("  {}", answered.printed), columns, theme.dim);
    }
    let steps = answered.way.iter().flat_map(|story| &story.steps);
    for step in steps {
        let text = format!("  {} {}: {}", step.verdict.sign(), step.place, step.text);
        paragraph(lines, &text, columns, theme.dim);
    }
}

/// Sends, help and edits, against the best known.
fn needed(debrief: &Debrief) -> String {
    let solved = &debrief.solved;
    let sends = match solved.sends {
        1 => "1 send".to_owned(),
        many => format!("{many} sends"),
    };
    let par = match debrief.level.par_edits {
        Some(par) if solved.edits > par => format!(" ({par} would do)"),
        _ => String::new(),
    };
    let minutes = format!("{}:{:02}", solved.seconds / 60, solved.seconds % 60);
    format!(
        "{} (a star for each step of help that was not needed). {}{par}{}; {sends}; {minutes} of the \
         cluster's time.",
        stars(solved.stars()),
        capital(&solved.edits_made()),
        solved.help_taken(),
    )
}

/// What else would have won, where the level knows two ways.
fn other_ways(lines: &mut Vec<Line<'static>>, level: &Level, columns: usize, theme: &Theme) {
    if level.solutions.len() < 2 {
        return;
    }
    heading(lines, "Ways that win", theme);
    for solution in &level.solutions {
        let mut what: Vec<String> = solution.files.keys().cloned().collect();
        if solution.script.is_some() {
            what.push("commands in the terminal".to_owned());
        }
        let text = format!("· {}: {}", solution.name.replace('-', " "), what.join(", "));
        paragraph(lines, &text, columns, theme.text);
    }
}

fn heading(lines: &mut Vec<Line<'static>>, text: &str, theme: &Theme) {
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines.push(line(text.to_owned(), theme.title));
}

fn paragraph(
    lines: &mut Vec<Line<'static>>,
    text: &str,
    columns: usize,
    style: ratatui::style::Style,
) {
    lines.extend(wrap(text, columns).into_iter().map(|text| line(text, style)));
}

/// `frontend ─▶ DNS ─▶ svc/backend ─▶ node-1 ─▶ backend-x7k2p`, over as many rows as it takes.
fn way(lines: &mut Vec<Line<'static>>, story: &Story, columns: usize, theme: &Theme) {
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    let places = story.way();
    let last = places.len().saturating_sub(1);
    for (at, spot) in places.iter().enumerate() {
        let name = short(spot);
        let arrow = if at == last { "" } else { " ─▶ " };
        let needed = width(&name) + width(arrow);
        if used + needed > columns && used > 0 {
            lines.push(Line::from(std::mem::take(&mut spans)));
            used = 0;
        }
        used += needed;
        spans.push(Span::styled(name, if at == last { theme.good } else { theme.text }));
        spans.push(Span::styled(arrow, theme.packet));
    }
    lines.push(Line::from(spans));
    for step in &story.steps {
        let text = format!("  {} {}: {}", step.verdict.sign(), step.place, step.text);
        let style = theme.dim;
        lines.extend(wrap(&text, columns).into_iter().map(|text| line(text, style)));
    }
}

/// A spot's name, as the map has it.
fn short(spot: &Spot) -> String {
    match spot {
        Spot::Laptop => "laptop".to_owned(),
        Spot::Pod(namespace, _) if namespace.starts_with("kube-") => "DNS".to_owned(),
        Spot::Outside(name) | Spot::Node(name) | Spot::Pod(_, name) => name.clone(),
        Spot::Service(_, name) => format!("svc/{name}"),
    }
}

fn edits(lines: &mut Vec<Line<'static>>, debrief: &Debrief, columns: usize, theme: &Theme) {
    if debrief.edits.is_empty() {
        return;
    }
    heading(lines, "Which of your edits mattered", theme);
    if debrief.by_terminal {
        paragraph(
            lines,
            "The files alone don't win: part of your work was done in the terminal.",
            columns,
            theme.dim,
        );
    }
    for tried in &debrief.edits {
        edit(lines, tried, debrief.is_trying(), columns, theme);
    }
    if debrief.is_trying() {
        lines.push(line("Trying the level without each of them…", theme.dim));
    }
}

fn edit(
    lines: &mut Vec<Line<'static>>,
    tried: &Tried,
    trying: bool,
    columns: usize,
    theme: &Theme,
) {
    let (sign, word, style) = match tried.mattered {
        Some(true) => ("●", "needed", theme.good),
        Some(false) => ("○", "it works without", theme.dim),
        None if trying => ("◌", "", theme.dim),
        None => ("◌", "not tried alone", theme.dim),
    };
    let place = format!("{}:{}", tried.file, tried.edit.new_start + 1);
    let what = tried.edit.new.iter().find(|line| !line.trim().is_empty());
    let gone = tried.edit.old.iter().find(|line| !line.trim().is_empty());
    let text = match (what, gone) {
        (Some(new), _) => format!("+ {}", new.trim()),
        (None, Some(old)) => format!("- {}", old.trim()),
        (None, None) => "blank lines".to_owned(),
    };
    let more = tried.edit.new.len().max(tried.edit.old.len());
    let more = if more > 1 { format!(" … {more} lines") } else { String::new() };
    let tail = format!("  {word}");
    let room = columns.saturating_sub(width(&place) + width(&tail) + width(&more) + 5);
    lines.push(Line::from(vec![
        Span::styled(format!("{sign} "), style),
        Span::styled(format!("{place}  "), theme.dim),
        Span::styled(fit(&text, room), theme.text),
        Span::styled(more, theme.dim),
        Span::styled(tail, style),
    ]));
}
