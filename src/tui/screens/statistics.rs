//! What was solved and how, chapter by chapter, and how predictions came out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{asks_nothing, column, page, scrolled};
use crate::diagnostic::counted;
use crate::game::{Found, Game, Record};
use crate::level::Level;
use crate::tui::keys::Context;
use crate::tui::text::{fit, line, width, wrap};
use crate::tui::theme::Theme;

/// Draws the statistics; says how far they can be scrolled.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> usize {
    let inner = page("Statistics", "", &[Context::Text], theme, area, buf);
    let text = column(inner, 84);
    let columns = usize::from(text.width);
    let mut lines: Vec<Line<'static>> = Vec::new();
    if asks_nothing(&game.pack().levels) {
        let nothing = "Nothing is asked here, so nothing is counted.";
        lines.push(line(nothing.to_owned(), theme.text));
        return scrolled(&lines, game.selected(), theme, text, buf);
    }
    totals(game, theme, &mut lines);
    guesses(game, columns, theme, &mut lines);
    for chapter in &game.pack().chapters {
        let levels: Vec<&Level> = game
            .pack()
            .levels
            .iter()
            .filter(|level| level.chapter == chapter.name)
            .map(|level| &**level)
            .collect();
        if levels.iter().all(|level| game.record(&level.name) == Record::default()) {
            continue;
        }
        lines.push(Line::default());
        lines.push(line(chapter.title.clone(), theme.title));
        lines.extend(levels.into_iter().map(|level| level_row(game, level, columns, theme)));
    }
    scrolled(&lines, game.selected(), theme, text, buf)
}

fn totals(game: &Game, theme: &Theme, lines: &mut Vec<Line<'static>>) {
    let levels = &game.pack().levels;
    let records: Vec<Record> = levels.iter().map(|level| game.record(&level.name)).collect();
    let solved: Vec<_> = records.iter().filter_map(|record| record.solved.as_ref()).collect();
    let stars: u32 = solved.iter().map(|solved| u32::from(solved.stars())).sum();
    let sends: u32 = records.iter().map(|record| record.tries).sum();
    let alone = solved.iter().filter(|solved| solved.rung == 0 && solved.hints == 0).count();
    let row = |name: &str, value: String| {
        Line::from(vec![
            Span::styled(format!("{name:<28}"), theme.dim),
            Span::styled(value, theme.text),
        ])
    };
    lines.push(row("Levels solved", format!("{} of {}", solved.len(), levels.len())));
    lines.push(row("Solved without any help", alone.to_string()));
    lines.push(row("Stars, four without help", format!("{stars} of {}", levels.len() * 4)));
    lines.push(row("Times a request was sent", sends.to_string()));
    let again: u32 = records.iter().map(|record| u32::from(record.returns)).sum();
    let due = levels.iter().filter(|level| game.comes_back(level).is_some()).count();
    if again > 0 || due > 0 {
        let back = if due > 0 { format!("; {due} to be solved again now") } else { String::new() };
        lines.push(row("Solved again, days later", format!("{again}{back}")));
    }
    let found: Vec<_> = solved.iter().filter_map(|solved| solved.found).collect();
    if !found.is_empty() {
        let sum = |of: fn(&Found) -> u32| found.iter().map(of).sum::<u32>();
        let text = format!(
            "{} of {}, {} wrong answers",
            sum(|found| found.named),
            sum(|found| found.of),
            sum(|found| found.wrong)
        );
        lines.push(row("Causes of incidents named", text));
    }
}

/// How well each ending was foreseen.
fn guesses(game: &Game, columns: usize, theme: &Theme, lines: &mut Vec<Line<'static>>) {
    let guesses = game.save().packs.get(&game.pack().id).map(|progress| &progress.guesses);
    lines.push(Line::default());
    lines.push(line("Predictions, by what it came to", theme.title));
    let guesses = guesses.filter(|guesses| !guesses.is_empty());
    let Some(guesses) = guesses else {
        let text = "None yet: they are asked for before a level's first send.";
        lines.extend(wrap(text, columns).into_iter().map(|text| line(text, theme.dim)));
        return;
    };
    for (fate, made) in guesses {
        let bar: String =
            (0..made.made.min(20)).map(|at| if at < made.right { '■' } else { '·' }).collect();
        lines.push(Line::from(vec![
            Span::styled(format!("  {:<26}", fit(fate, 25)), theme.text),
            Span::styled(format!("{bar:<21}"), theme.good),
            Span::styled(format!("{} of {} foreseen", made.right, made.made), theme.dim),
        ]));
    }
}

fn level_row(game: &Game, level: &Level, columns: usize, theme: &Theme) -> Line<'static> {
    let record = game.record(&level.name);
    let (sign, style) = match (&record.solved, record.tries) {
        (Some(_), _) => ("✓", theme.good),
        (None, 0) => ("○", theme.dim),
        (None, _) => ("◌", theme.warn),
    };
    let how = match &record.solved {
        Some(solved) => {
            format!("{}  {}, {}", stars(solved.stars()), sends(record.tries), solved.edits_made())
        }
        None if record.tries > 0 => sends(record.tries),
        None => String::new(),
    };
    // What is known of it has its room, the title the rest.
    let room = columns.saturating_sub(width(&how) + 6).clamp(20, 60);
    let title = fit(&level.title, room);
    let gap = " ".repeat((room + 1).saturating_sub(width(&title)));
    Line::from(vec![
        Span::styled(format!("  {sign} "), style),
        Span::styled(title + &gap, theme.text),
        Span::styled(fit(&how, columns.saturating_sub(room + 6)), theme.dim),
    ])
}

fn sends(count: u32) -> String {
    counted(count as usize, "send")
}

/// `★★★☆`
pub fn stars(count: u8) -> String {
    (0..4).map(|at| if at < count { '★' } else { '☆' }).collect()
}
