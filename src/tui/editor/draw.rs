//! The editor's picture: the text area's own, then colours and marks over it.

use ratatui::buffer::Buffer as Cells;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use ratatui::widgets::{Clear, Widget};
use tui_textarea::TextArea;
use unicode_width::UnicodeWidthChar;

use super::Editor;
use super::yaml::{self, Token};
use crate::diagnostic::{Diagnostic, Severity, printable};
use crate::game::{OpenFile, Play};
use crate::tui::text::{fit, put, put_spans, width, wrap};
use crate::tui::theme::Theme;

/// The narrowest place that a mark's message is written in.
const NARROWEST: usize = 14;

/// Columns left of the text: the line numbers.
pub fn gutter(lines: usize) -> u16 {
    lines.max(1).to_string().len() as u16 + 2
}

/// Where nothing is open, says so, and where the work is done.
fn no_file(theme: &Theme, area: Rect, buf: &mut Cells) {
    let text = "There is no file here: the cluster is mended from the terminal (Esc, then t). A file that you write there opens here.";
    let columns = usize::from(area.width.saturating_sub(2));
    for (row, line) in wrap(text, columns.max(1)).iter().take(usize::from(area.height)).enumerate()
    {
        put(buf, area.x + 1, area.y + row as u16, line, columns, theme.dim);
    }
}

/// Draws the open file; says where the cursor is.
pub fn draw(
    editor: &mut Editor,
    play: &Play,
    theme: &Theme,
    focused: bool,
    area: Rect,
    buf: &mut Cells,
) -> Option<Position> {
    let Some(file) = play.file() else {
        no_file(theme, area, buf);
        return None;
    };
    let buffer = editor.buffers.get_mut(&file.name)?;
    let here = buffer.area.cursor().0 as u32 + 1;
    let marks: Vec<&Diagnostic> = file.marks.iter().chain(&file.traffic_marks).collect();
    // What traffic showed stands beside its line in full, where there is room.
    let traffic = |mark: &Diagnostic| file.traffic_marks.contains(mark);
    let on_line = |mark: &&&Diagnostic| {
        let here = mark.position.is_some_and(|at| at.line == here);
        here && !(traffic(mark) && has_room(mark, &buffer.area, area.width))
    };
    // What is said below of another line must leave that line in sight.
    let top = u32::from(buffer.area.scroll_offset().0);
    let seen = top + 1..top + 1 + u32::from(area.height - area.height / 3);
    let crowded = |mark: &&&Diagnostic| {
        let in_sight = mark.position.is_none_or(|at| seen.contains(&at.line));
        in_sight && !has_room(mark, &buffer.area, area.width)
    };
    let spoken = marks.iter().find(on_line).or_else(|| marks.iter().find(crowded));
    let note = spoken.map(|mark| full_message(mark, here, area.width)).unwrap_or_default();
    let note_height = (note.len() as u16).min(area.height / 3);
    let text_area = Rect { height: area.height - note_height, ..area };
    style(&mut buffer.area, theme);
    let columns = gutter(buffer.area.lines().len()).min(text_area.width);
    let right = Rect { x: area.x + columns, width: area.width - columns, ..text_area };
    // Where nobody types, lines are read from their beginning, however long the cursor's is.
    let typed_at = buffer.area.cursor();
    let is_read = !focused && buffer.area.selection_range().is_none();
    if is_read {
        super::jump(&mut buffer.area, typed_at.0, 0);
    }
    fill(&mut buffer.area, right);
    (&buffer.area).render(right, buf);
    let view = Visible::of(&buffer.area, text_area);
    draw_numbers(&buffer.area, &view, theme, buf);
    if let (Some(y), true) = (view.row(buffer.area.screen_cursor().row), focused) {
        buf.set_style(Rect { y, height: 1, ..text_area }, theme.cursor_line);
    }
    colour(&buffer.area, &view, theme, buf);
    for mark in &marks {
        draw_mark(mark, &buffer.area, &view, theme, buf);
    }
    draw_rest(&buffer.area, &view, theme, buf);
    for (row, text) in note.iter().take(usize::from(note_height)).enumerate() {
        let y = text_area.bottom() + row as u16;
        put(buf, area.x + 1, y, text, usize::from(area.width.saturating_sub(2)), theme.warn);
    }
    if is_read {
        super::jump(&mut buffer.area, typed_at.0, typed_at.1);
    }
    let cursor = view.cursor(&buffer.area);
    if let (Some(cursor), true) = (cursor, focused) {
        draw_completion(editor, theme, cursor, area, buf);
    }
    cursor.filter(|_| focused)
}

/// The files as tabs, for the panel's title: (index, text, whether it is open).
pub fn tabs(files: &[OpenFile], open: usize) -> impl Iterator<Item = (usize, String, bool)> {
    files.iter().enumerate().map(move |(at, file)| {
        let state = match (file.locked, file.changed) {
            (true, _) => " (locked)",
            (false, true) => " +",
            (false, false) => "",
        };
        (at, format!("{}{state}", file.name), at == open)
    })
}

fn style(area: &mut TextArea<'static>, theme: &Theme) {
    area.set_style(theme.text);
    area.remove_line_number();
    area.set_cursor_style(Style::new());
    area.set_cursor_line_style(Style::new());
    area.set_selection_style(theme.selected);
    area.set_search_style(theme.found);
}

/// Scrolls back what leaves room empty: beyond the text's end, or to a column that nobody needs.
fn fill(text: &mut TextArea<'static>, area: Rect) {
    let (top, left) = text.scroll_offset();
    let last_top = text.lines().len().saturating_sub(usize::from(area.height));
    let last_top = u16::try_from(last_top).unwrap_or(u16::MAX);
    let needs_columns = text.screen_cursor().col >= usize::from(area.width);
    let rows = top.saturating_sub(last_top) as i16;
    let columns = if needs_columns { 0 } else { left as i16 };
    if (rows, columns) != (0, 0) {
        let cursor = text.cursor();
        text.scroll((-rows, -columns));
        super::jump(text, cursor.0, cursor.1);
    }
}

/// The line numbers, which stay where they are when a long line is scrolled.
fn draw_numbers(text: &TextArea<'static>, view: &Visible, theme: &Theme, buf: &mut Cells) {
    for line in 0..text.lines().len() {
        if let Some(y) = view.row(line) {
            let number = (line + 1).to_string();
            let x = view.number_end().saturating_sub(number.len() as u16);
            put(buf, x, y, &number, number.len(), theme.border);
        }
    }
}

/// Says how many lines stand above and below what is seen, where a row leaves room for it: who doesn't know
/// that a file goes on does not look for what is wrong there.
fn draw_rest(text: &TextArea<'static>, view: &Visible, theme: &Theme, buf: &mut Cells) {
    let (area, lines) = (view.area, text.lines().len());
    let below = lines.saturating_sub(view.top + usize::from(area.height));
    let upwards: Vec<u16> = (area.y..area.bottom()).rev().take(3).collect();
    let downwards: Vec<u16> = (area.y..area.bottom()).take(3).collect();
    for (sign, more, rows) in [("↓", below, upwards), ("↑", view.top, downwards)] {
        let told = format!("{sign} {more} more ");
        let columns = width(&told) as u16;
        if more == 0 || columns + 2 > area.width {
            continue;
        }
        let x = area.right() - columns;
        let is_free = |y: &u16| (x - 1..area.right()).all(|x| buf[(x, *y)].symbol() == " ");
        if let Some(y) = rows.into_iter().find(is_free) {
            put(buf, x, y, &told, usize::from(columns), theme.dim);
        }
    }
}

/// The part of the text that is on screen.
struct Visible {
    area: Rect,
    top: usize,
    left: usize,
    gutter: usize,
}

impl Visible {
    fn of(text: &TextArea<'static>, area: Rect) -> Visible {
        let (top, left) = text.scroll_offset();
        Visible {
            area,
            top: usize::from(top),
            left: usize::from(left),
            gutter: usize::from(gutter(text.lines().len())),
        }
    }

    /// The screen's row of a line (from 0).
    fn row(&self, line: usize) -> Option<u16> {
        let row = line.checked_sub(self.top)?;
        (row < usize::from(self.area.height)).then(|| self.area.y + row as u16)
    }

    /// The screen's column of a display column of the text.
    fn column(&self, column: usize) -> Option<u16> {
        let x = self.gutter + column.checked_sub(self.left)?;
        (x < usize::from(self.area.width)).then(|| self.area.x + x as u16)
    }

    /// The column behind the line numbers.
    fn number_end(&self) -> u16 {
        self.area.x + self.gutter as u16 - 1
    }

    fn cursor(&self, text: &TextArea<'static>) -> Option<Position> {
        let cursor = text.screen_cursor();
        Some(Position::new(self.column(cursor.col)?, self.row(cursor.row)?))
    }
}

fn colour(text: &TextArea<'static>, view: &Visible, theme: &Theme, buf: &mut Cells) {
    let lines = text.lines().iter().enumerate().skip(view.top).take(usize::from(view.area.height));
    for (number, line) in lines {
        let Some(y) = view.row(number) else { continue };
        let mut characters = line.chars();
        let mut column = 0;
        for (token, length) in yaml::tokens(line) {
            let style = token_style(token, theme);
            for c in characters.by_ref().take(length) {
                let wide = if c == '\t' { 2 - column % 2 } else { c.width().unwrap_or(0) };
                for x in (column..column + wide).filter_map(|column| view.column(column)) {
                    recolour(buf, x, y, style, theme);
                }
                column += wide;
            }
        }
        let edge = view.area.right().saturating_sub(1);
        if view.gutter + column > view.left + usize::from(view.area.width) {
            put(buf, edge, y, "›", 1, theme.accent);
        }
        if view.left > 0 {
            put(buf, view.number_end(), y, "‹", 1, theme.accent);
        }
    }
}

/// Colours a cell unless a selection or a search has coloured it.
fn recolour(buf: &mut Cells, x: u16, y: u16, style: Style, theme: &Theme) {
    if let Some(cell) = buf.cell_mut((x, y)) {
        let taken = [theme.selected.bg, theme.found.bg].contains(&Some(cell.bg))
            && cell.bg != ratatui::style::Color::Reset;
        if !taken && !cell.modifier.contains(Modifier::REVERSED) {
            cell.set_style(style);
        }
    }
}

fn token_style(token: Token, theme: &Theme) -> Style {
    match token {
        Token::Plain => theme.text,
        Token::Key => theme.key,
        Token::Mark => theme.dim,
        Token::String => theme.string,
        Token::Number => theme.number,
        Token::Comment => theme.comment,
    }
}

/// A sign beside the line's number, and the message behind its text.
fn draw_mark(
    mark: &Diagnostic,
    text: &TextArea<'static>,
    view: &Visible,
    theme: &Theme,
    buf: &mut Cells,
) {
    let Some(line) = mark.position.map(|at| at.line as usize - 1) else { return };
    let Some(y) = view.row(line) else { return };
    let style = match mark.severity {
        Severity::Error => theme.bad,
        Severity::Warning => theme.warn,
    };
    let number = (line + 1).to_string();
    let bold = style.add_modifier(Modifier::BOLD);
    put(buf, view.number_end() - number.len() as u16, y, &number, number.len(), bold);
    let sign = if mark.severity == Severity::Error { "✗" } else { "!" };
    put(buf, view.area.x, y, sign, 1, bold);
    let length = text.lines().get(line).map_or(0, |line| width(line));
    let Some(x) = view.column(length + 2) else { return };
    let room = usize::from(view.area.right().saturating_sub(x));
    if room >= NARROWEST {
        let whole = format!("◀ {}", message(mark));
        let short = format!("◀ {}", in_short(mark));
        put(buf, x, y, if width(&whole) <= room { &whole } else { &short }, room, style);
    }
}

/// Whether a mark's whole message fits behind its line.
fn has_room(mark: &Diagnostic, text: &TextArea<'static>, columns: u16) -> bool {
    let line = mark.position.and_then(|at| text.lines().get(at.line as usize - 1));
    let used = usize::from(gutter(text.lines().len())) + line.map_or(0, |line| width(line)) + 2;
    used + 2 + width(&message(mark)) <= usize::from(columns)
}

/// The whole message of a mark, with its line unless the cursor (`here`) is on it.
fn full_message(mark: &Diagnostic, here: u32, columns: u16) -> Vec<String> {
    let line = mark.position.map(|at| at.line).filter(|line| *line != here);
    let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
    let columns = usize::from(columns.saturating_sub(3));
    let mut lines = wrap(&(place.clone() + &message(mark)), columns);
    if lines.len() > MOST_NOTE {
        lines = wrap(&(place + &in_short(mark)), columns);
    }
    if lines.len() > MOST_NOTE {
        lines.truncate(MOST_NOTE);
        lines[MOST_NOTE - 1] = fit(&format!("{} …", lines[MOST_NOTE - 1]), columns);
    }
    lines
}

/// A note of more rows hides too much of the file.
const MOST_NOTE: usize = 3;

/// A mark where there is no room for all of it. What is wrong with the text itself is said by what mends
/// it, in plainer words than the API server's.
fn in_short(mark: &Diagnostic) -> String {
    let mends = mark.help.as_ref().filter(|_| mark.severity == Severity::Error);
    printable(mends.unwrap_or(&mark.message)).replace('\n', " ")
}

/// A mark in one line, with its next step.
fn message(mark: &Diagnostic) -> String {
    let news = mark.help.as_ref().filter(|help| !mark.message.contains(help.as_str()));
    let help = news.map(|help| format!(" ({help})")).unwrap_or_default();
    printable(&format!("{}{help}", mark.message)).replace('\n', " ")
}

/// The field names that could stand at the cursor, with the selected one's documentation.
fn draw_completion(editor: &Editor, theme: &Theme, cursor: Position, area: Rect, buf: &mut Cells) {
    const ROWS: usize = 7;
    let Some(completion) = editor.completion() else { return };
    let widest = completion
        .choices
        .iter()
        .map(|choice| width(&choice.text) + width(&choice.holds) + 3)
        .max();
    let columns = widest.unwrap_or(0).clamp(24, 48).min(usize::from(area.width));
    let rows = completion.choices.len().min(ROWS);
    let selected = completion.choices.get(completion.selected);
    let doc = selected.map(|choice| wrap(&first_sentences(&choice.doc), columns.saturating_sub(2)));
    let doc: Vec<String> =
        doc.unwrap_or_default().into_iter().filter(|line| !line.is_empty()).take(4).collect();
    let height = (rows + doc.len()) as u16 + u16::from(!doc.is_empty());
    let below = cursor.y + 1 + height <= buf.area.bottom().saturating_sub(1);
    let y = if below { cursor.y + 1 } else { cursor.y.saturating_sub(height) };
    let start = cursor.x.saturating_sub(completion.typed as u16);
    let x = start.min(area.right().saturating_sub(columns as u16)).max(area.x);
    let popup = Rect::new(x, y, columns as u16, height).intersection(buf.area);
    Clear.render(popup, buf);
    buf.set_style(popup, theme.cursor_line);
    let first = (completion.selected + 1).saturating_sub(ROWS);
    for (row, choice) in completion.choices.iter().enumerate().skip(first).take(rows) {
        let y = popup.y + (row - first) as u16;
        let chosen = row == completion.selected;
        let base = if chosen { theme.selected } else { theme.key };
        if chosen {
            buf.set_style(Rect { y, height: 1, ..popup }, theme.selected);
        }
        let sign = if chosen { "▸" } else { " " };
        let holds = if chosen { theme.selected } else { theme.dim };
        let name = format!("{sign}{}", choice.text);
        let room = columns.saturating_sub(width(&name) + 2);
        put_spans(buf, popup.x, y, &[Span::styled(name, base)], columns);
        let holds_text = fit(&choice.holds, room);
        let at = popup.right().saturating_sub(width(&holds_text) as u16 + 1);
        put(buf, at, y, &holds_text, room, holds);
    }
    for (row, text) in doc.iter().enumerate() {
        let y = popup.y + (rows + 1 + row) as u16;
        put(buf, popup.x + 1, y, text, columns.saturating_sub(2), theme.dim);
    }
}

/// Documentation in the schema is long; its beginning says what the field is for.
fn first_sentences(doc: &str) -> String {
    let doc = doc.replace('\n', " ");
    match doc.char_indices().nth(220) {
        Some((end, _)) => match doc[..end].rfind(". ") {
            Some(stop) => doc[..=stop].to_owned(),
            None => format!("{}…", &doc[..end]),
        },
        None => doc,
    }
}
