//! Home: the chapters and levels, what is solved and how, and the selected one.
//!
//! ```text
//!  1  Localhost: inside one pod          ╭ 4  One address for many pods ───────╮
//!     ✓ 1 Two containers, one address    │ The frontend used to talk to a …    │
//!  4  ClusterIP: one address inside      │ ○ the frontend gets "It works!" …   │
//!   ▸ ○ 4 One address for many pods      ╰─────────────────────────────────────╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::statistics::stars;
use super::{asks_nothing, page};
use crate::game::{Game, Record};
use crate::level::Level;
use crate::tui::areas::percent;
use crate::tui::frame::Borders;
use crate::tui::keys::Context;
use crate::tui::text::{fit, line, put, put_spans, reflow, width, wrap};
use crate::tui::theme::Theme;

/// From this width on the selected level is shown beside the list.
const WITH_PREVIEW: u16 = 76;

/// The game's name, large.
const NAME: [&str; 2] = ["┌─┐┌─┐┌┬┐┬ ┬┌─┐┌─┐", "├─┘│ │ │││├─┤│ │├─┘"];

/// Draws the trail; says on which row each level stands, for the mouse.
pub fn draw(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> Vec<(Rect, usize)> {
    let levels = &game.pack().levels;
    let solved = levels.iter().filter(|level| is_solved(game, level)).count();
    let back = levels.iter().filter(|level| game.comes_back(level).is_some()).count();
    let right = match back {
        // A sandbox asks nothing, so nobody solves it.
        _ if asks_nothing(levels) => String::new(),
        0 => format!("{solved} of {} solved", levels.len()),
        back => format!("{solved} of {} solved, {back} again", levels.len()),
    };
    let inner = page("podhop", &right, &[Context::Trail], theme, area, buf);
    let top = draw_head(game, theme, inner, buf);
    let warnings = draw_warnings(game, theme, inner, buf);
    let height = inner.height.saturating_sub(top + warnings);
    let body = Rect { y: inner.y + top, height, ..inner };
    if levels.is_empty() {
        put(
            buf,
            body.x + 2,
            body.y,
            "This pack has no levels.",
            usize::from(body.width),
            theme.dim,
        );
        return Vec::new();
    }
    let beside = body.width >= WITH_PREVIEW;
    let list_columns = if beside { percent(body.width, 46).min(58) } else { body.width };
    let list = Rect { x: body.x + 2, width: list_columns.saturating_sub(2), ..body };
    let rows = draw_list(game, theme, list, buf);
    if beside {
        let preview = Rect {
            x: body.x + list_columns + 1,
            width: body.width.saturating_sub(list_columns + 3),
            height: body.height.saturating_sub(1),
            ..body
        };
        draw_preview(game, theme, preview, buf);
    }
    rows
}

/// What is wrong with the game itself, at the bottom; says how many rows it takes.
fn draw_warnings(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> u16 {
    let columns = usize::from(area.width.saturating_sub(6));
    let lines: Vec<String> = game.warnings().iter().flat_map(|text| wrap(text, columns)).collect();
    let height = (lines.len() as u16).min(area.height / 3);
    for (row, text) in lines.iter().take(usize::from(height)).enumerate() {
        let y = area.bottom() - height + row as u16;
        let spans = [
            Span::styled(if row == 0 { "! " } else { "  " }, theme.bad),
            Span::styled(text.clone(), theme.warn),
        ];
        put_spans(buf, area.x + 2, y, &spans, columns + 2);
    }
    height
}

/// The name and one line, where there is room; says how many rows it takes.
fn draw_head(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> u16 {
    // The large name is the first to go where the list needs the rows.
    let room = usize::from(area.height.saturating_sub(6));
    if area.height < 18 || (rows_of_all(game) > room && rows_of_one(game) > room) {
        let text = match all_solved(game) {
            true => ALL_SOLVED.to_owned(),
            false => game.pack().title.clone(),
        };
        let spans = [Span::styled(text, theme.dim)];
        put_spans(buf, area.x + 2, area.y, &spans, usize::from(area.width.saturating_sub(3)));
        return 2;
    }
    for (row, text) in NAME.iter().enumerate() {
        put(buf, area.x + 3, area.y + 1 + row as u16, text, 24, theme.accent);
    }
    put(buf, area.x + 3, area.y + 3, "┴  └─┘─┴┘┴ ┴└─┘┴", 24, theme.accent);
    let columns = usize::from(area.width.saturating_sub(28));
    put(buf, area.x + 24, area.y + 2, &game.pack().title, columns, theme.title);
    let what = match all_solved(game) {
        true => ALL_SOLVED,
        false => "Kubernetes networking, one packet at a time",
    };
    put(buf, area.x + 24, area.y + 3, what, columns, theme.dim);
    5
}

fn draw_list(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) -> Vec<(Rect, usize)> {
    let columns = usize::from(area.width);
    let height = usize::from(area.height.saturating_sub(1)).max(1);
    let rows = list_rows(game, columns, height, theme);
    let selected_row =
        rows.iter().position(|(_, at)| *at == Some(game.selected())).unwrap_or_default();
    let top = (selected_row + 2).saturating_sub(height).min(rows.len().saturating_sub(height));
    let mut places = Vec::new();
    for (row, (text, level)) in rows.iter().skip(top).take(height).enumerate() {
        let y = area.y + row as u16;
        if let Some(at) = level {
            let place = Rect { y, height: 1, ..area };
            if *at == game.selected() {
                buf.set_style(place, theme.selected);
            }
            places.push((place, *at));
        }
        put_spans(buf, area.x, y, &text.spans, columns);
    }
    places
}

/// Rows of the list where every chapter is open, without empty ones.
fn rows_of_all(game: &Game) -> usize {
    game.pack().levels.len() + game.pack().chapters.len()
}

/// Rows of the list where only the longest chapter is open.
fn rows_of_one(game: &Game) -> usize {
    let chapters = &game.pack().chapters;
    chapters.len() + chapters.iter().map(|chapter| chapter.levels.len()).max().unwrap_or(0)
}

/// The chapters with their levels; where there is no room for all, only the selected level's chapter
/// is open, so that the whole way stays in sight.
fn list_rows(
    game: &Game,
    columns: usize,
    height: usize,
    theme: &Theme,
) -> Vec<(Line<'static>, Option<usize>)> {
    let levels = &game.pack().levels;
    let open = levels.get(game.selected()).map(|level| &*level.chapter);
    let all = rows_of_all(game) <= height;
    let spaced = rows_of_all(game) + game.pack().chapters.len() <= height;
    let mut rows: Vec<(Line<'static>, Option<usize>)> = Vec::new();
    for chapter in &game.pack().chapters {
        let of_chapter: Vec<usize> =
            (0..levels.len()).filter(|at| levels[*at].chapter == chapter.name).collect();
        if of_chapter.is_empty() {
            continue;
        }
        if !rows.is_empty() && spaced {
            rows.push((Line::default(), None));
        }
        let solved = of_chapter.iter().filter(|at| is_solved(game, &levels[**at])).count();
        let here = open == Some(&*chapter.name);
        let heading = if here { theme.title } else { theme.dim.add_modifier(Modifier::BOLD) };
        let count = match of_chapter.iter().all(|at| levels[*at].goals.is_empty()) {
            true => String::new(),
            false => format!("{solved}/{}", of_chapter.len()),
        };
        let room = columns.saturating_sub(width(&count) + 3);
        let title = fit(&chapter.title, room);
        let gap = " ".repeat(room.saturating_sub(width(&title)) + 1);
        let line = Line::from(vec![
            Span::styled(" ", theme.dim),
            Span::styled(title, heading),
            Span::styled(format!("{gap}{count}"), theme.dim),
        ]);
        // A click on a closed chapter leads to its first level.
        rows.push((line, if here || all { None } else { of_chapter.first().copied() }));
        if here || all {
            let of_chapter = of_chapter.into_iter();
            rows.extend(of_chapter.map(|at| (level_row(game, at, columns, theme), Some(at))));
        }
    }
    rows
}

fn level_row(game: &Game, at: usize, columns: usize, theme: &Theme) -> Line<'static> {
    let level = &game.pack().levels[at];
    let chosen = at == game.selected();
    let record = game.record(&level.name);
    let (sign, style) = match (&record.solved, record.tries, record.files.is_empty()) {
        (Some(_), _, _) if game.comes_back(level).is_some() => ("↻", theme.warn),
        (Some(_), _, _) => ("✓", theme.good),
        (None, 0, true) => ("○", theme.dim),
        (None, _, _) => ("◌", theme.warn),
    };
    let base = if chosen { theme.selected.add_modifier(Modifier::BOLD) } else { theme.text };
    let sign_style = if chosen { theme.selected } else { style };
    let stars = record.solved.as_ref().map(|solved| format!(" {}", stars(solved.stars())));
    let stars = stars.unwrap_or_default();
    let title = fit(&level.title, columns.saturating_sub(6 + width(&stars)));
    Line::from(vec![
        Span::styled(if chosen { " ▸ " } else { "   " }, base),
        Span::styled(format!("{sign} "), sign_style),
        Span::styled(title, base),
        Span::styled(stars, if chosen { theme.selected } else { theme.good }),
    ])
}

fn draw_preview(game: &Game, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(level) = game.selected_level() else { return };
    let columns = usize::from(area.width.saturating_sub(4));
    let record = game.record(&level.name);
    let mut lines = preview_lines(level, &record, columns, theme);
    let state = state_lines(&record, columns, theme);
    let back = game.comes_back(level).map_or_else(Vec::new, |days| {
        let text = format!("↻ Solved {days} days ago: to be solved again, on another seed.");
        wrap(&text, columns).into_iter().map(|text| line(text, theme.warn)).collect()
    });
    if lines.len() + state.len() + back.len() + 3 <= usize::from(area.height) {
        lines.extend(state);
        lines.extend(back);
    } else if !back.is_empty() {
        // Why it is marked is said where there is no room for the rest.
        lines.splice(0..0, back.into_iter().chain([Line::default()]));
    }
    let padding = u16::from(lines.len() + 3 <= usize::from(area.height));
    let height = (lines.len() as u16 + 2 + 2 * padding).min(area.height);
    let room = usize::from(height.saturating_sub(2 + padding));
    if lines.len() > room {
        lines.truncate(room.saturating_sub(1));
        lines.push(line("…", theme.dim));
    }
    let outer = Rect { height, ..area }.intersection(buf.area);
    let mut borders = Borders::new(buf.area);
    borders.rectangle(outer);
    borders.paint(buf, theme.border);
    let title = format!(" {} ", fit(&level.title, columns.saturating_sub(2)));
    put(buf, outer.x + 2, outer.y, &title, columns, theme.title);
    for (row, line) in lines.iter().take(room).enumerate() {
        let y = outer.y + 1 + padding + row as u16;
        put_spans(buf, outer.x + 2, y, &line.spans, columns);
    }
}

/// What a level is about: its situation and its goals.
fn preview_lines(
    level: &Level,
    record: &Record,
    columns: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    if !level.teaches.is_empty() {
        let words = format!("About {}.", level.teaches.join(", "));
        lines.extend(wrap(&words, columns).into_iter().map(|text| line(text, theme.accent)));
        lines.push(Line::default());
    }
    lines.extend(
        wrap(&reflow(&level.situation), columns).into_iter().map(|text| line(text, theme.text)),
    );
    lines.push(Line::default());
    let sign = if record.solved.is_some() { "✓" } else { "○" };
    let style = if record.solved.is_some() { theme.good } else { theme.dim };
    for goal in &level.goals {
        for (at, text) in wrap(&goal.say, columns.saturating_sub(2)).into_iter().enumerate() {
            let mark = if at == 0 { sign } else { " " };
            lines.push(Line::from(vec![
                Span::styled(format!("{mark} "), style),
                Span::styled(text, theme.text),
            ]));
        }
    }
    lines
}

/// How far the player came.
fn state_lines(record: &Record, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    let state = match &record.solved {
        Some(solved) => format!("Solved: {}, on seed {}.", solved.sentence(), solved.seed),
        None if !record.files.is_empty() => "Begun: your edits are kept.".to_owned(),
        None if record.tries > 0 => "Begun.".to_owned(),
        None => "New.".to_owned(),
    };
    lines.extend(wrap(&state, columns).into_iter().map(|text| line(text, theme.dim)));
    lines
}

/// What there is to do for who has solved every level.
const ALL_SOLVED: &str =
    "Every level is solved. “podhop incident” breaks another cluster each time.";

fn all_solved(game: &Game) -> bool {
    let levels = &game.pack().levels;
    levels.len() > 1 && levels.iter().all(|level| is_solved(game, level))
}

fn is_solved(game: &Game, level: &Level) -> bool {
    game.record(&level.name).solved.is_some()
}
