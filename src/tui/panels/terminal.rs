//! The embedded shell: what was printed, the prompt, and what is being typed.
//!
//! ```text
//! $ kubectl get endpoints backend
//! NAME      ENDPOINTS   AGE
//! backend   <none>      42s
//! $ ▌
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::game::{Console, Origin, Play, Printed};
use crate::tui::text::{put, width, wrap};
use crate::tui::theme::Theme;
use unicode_width::UnicodeWidthChar;

/// Stands at the end of a row that goes on beyond the panel.
const CUT: char = '›';

/// One row on the screen: pieces of text with their styles.
type Row = Vec<(String, Style)>;

/// Draws the terminal; says where the cursor is.
pub fn draw(
    play: &Play,
    theme: &Theme,
    focused: bool,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let columns = usize::from(area.width.saturating_sub(2)).max(1);
    let height = usize::from(area.height);
    let console = &play.console;
    let (input, cursor) = input_rows(play, theme, columns);
    let wanted = height + console.scrolled;
    let mut rows: Vec<Row> = input;
    let cursor_from_end = rows.len() - cursor.0;
    let mut lines = console.printed().rev();
    while rows.len() < wanted
        && let Some(printed) = lines.next()
    {
        let mut more = printed_rows(printed, theme, columns, console.aside);
        more.append(&mut rows);
        rows = more;
    }
    let end = rows.len().saturating_sub(console.scrolled.min(rows.len().saturating_sub(1)));
    let start = end.saturating_sub(height);
    for (at, row) in rows[start..end].iter().enumerate() {
        let y = area.y + at as u16;
        let mut x = area.x + 1;
        for (text, style) in row {
            x += put(buf, x, y, text, usize::from(area.right().saturating_sub(x)), *style) as u16;
        }
    }
    let cut = rows[start..end].iter().any(|row| row.iter().any(|(text, _)| text.ends_with(CUT)));
    draw_scroll(console, cut && focused, theme, area, buf);
    let row = (rows.len() - cursor_from_end).checked_sub(start)?;
    let shown = focused && console.scrolled == 0 && row < height;
    shown.then(|| Position::new(area.x + 1 + cursor.1 as u16, area.y + row as u16))
}

/// Says that there is more below, or more to the right than the rows have room for.
fn draw_scroll(console: &Console, cut: bool, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let mut told = |text: &str, style: Style, is_free: &dyn Fn(&Buffer, u16, u16) -> bool| {
        let x = area.right().saturating_sub(width(text) as u16 + 1);
        let y = area.bottom().saturating_sub(1);
        if x > area.x && is_free(buf, x, y) {
            put(buf, x, y, text, usize::from(area.width), style);
        }
    };
    if console.scrolled > 0 {
        told(&format!(" {} more below · PgDn ", console.scrolled), theme.selected, &|_, _, _| {
            true
        });
    } else if cut {
        // What is typed has this row.
        let blank =
            |buf: &Buffer, x: u16, y: u16| (x..area.right()).all(|x| buf[(x, y)].symbol() == " ");
        told(" Alt-→ Alt-←: the rest of wide rows ", theme.dim, &blank);
    }
}

fn printed_rows(printed: &Printed, theme: &Theme, columns: usize, aside: usize) -> Vec<Row> {
    let (prompt, text) = match printed.origin {
        Origin::Typed => (theme.accent, theme.text),
        Origin::Output => (theme.text, theme.text),
        Origin::Error => (theme.text, theme.bad),
        Origin::Note => (theme.dim, theme.dim),
    };
    if printed.origin == Origin::Note {
        let lines = wrap(&format!("- {}", printed.text), columns).into_iter().enumerate();
        let dot = |(row, line): (usize, String)| match row {
            0 => vec![(line.replacen('-', "·", 1), text)],
            _ => vec![(line, text)],
        };
        return lines.map(dot).collect();
    }
    if printed.origin == Origin::Output && width(&printed.text) > columns {
        return match printed.is_table() {
            true => vec![vec![(window_of(&printed.text, aside, columns), text)]],
            false => fold_words(&printed.text, columns)
                .into_iter()
                .map(|row| vec![(row, text)])
                .collect(),
        };
    }
    fold(&[(printed.prompt.clone(), prompt), (printed.text.clone(), text)], columns)
}

/// The part of a line that is seen when it is scrolled aside, with a sign where there is more.
fn window_of(text: &str, aside: usize, columns: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let start = aside.min(characters.len());
    let mut shown: Vec<char> = characters[start..].iter().copied().take(columns).collect();
    if start > 0 && !shown.is_empty() {
        shown[0] = '‹';
    }
    if characters.len() > start + columns
        && let Some(last) = shown.last_mut()
    {
        *last = CUT;
    }
    shown.into_iter().collect()
}

/// Breaks a line between words, so that no address is torn.
fn fold_words(text: &str, columns: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut rest = text;
    while width(rest) > columns {
        let mut end = 0;
        let mut used = 0;
        let mut blank = None;
        for (at, c) in rest.char_indices() {
            used += c.width().unwrap_or(0);
            if used > columns {
                break;
            }
            end = at + c.len_utf8();
            if c == ' ' {
                blank = Some(end);
            }
        }
        let cut = blank.unwrap_or(end).max(1);
        let cut = (cut..=rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        rows.push(rest[..cut].trim_end().to_owned());
        rest = &rest[cut..];
    }
    rows.push(rest.to_owned());
    rows
}

/// The prompt with the line being typed, and the cursor's row and column in it.
fn input_rows(play: &Play, theme: &Theme, columns: usize) -> (Vec<Row>, (usize, usize)) {
    let session = play.attempt().session();
    let console = &play.console;
    if let Some(recall) = &console.recall {
        let found = recall.found.and_then(|at| console.history().get(at));
        let prompt = format!("(search: {}) ", recall.query);
        let column = width(&prompt).min(columns - 1);
        let found = found.map(|line| line.to_string()).unwrap_or_default();
        return (fold(&[(prompt, theme.accent), (found, theme.text)], columns), (0, column));
    }
    let prompt = session.prompt();
    let line = &console.input;
    let before = width(&prompt) + width(&line.text()[..line.cursor()]);
    // The cursor may stand behind a full row.
    let rows = fold(
        &[
            (prompt, theme.accent),
            (line.text().to_owned(), theme.text),
            (" ".to_owned(), theme.text),
        ],
        columns,
    );
    let row = (before / columns).min(rows.len() - 1);
    (rows, (row, before % columns))
}

/// Breaks pieces of text into rows of `columns`, as a terminal does: anywhere.
fn fold(pieces: &[(String, Style)], columns: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = vec![Vec::new()];
    let mut used = 0;
    for (text, style) in pieces {
        let mut part = String::new();
        for c in text.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > columns {
                if let Some(row) = rows.last_mut() {
                    row.push((std::mem::take(&mut part), *style));
                }
                rows.push(Vec::new());
                used = 0;
            }
            part.push(c);
            used += wide;
        }
        if let Some(row) = rows.last_mut()
            && !part.is_empty()
        {
            row.push((part, *style));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_scrolled_aside_and_addresses_are_never_torn() {
        let table = "NAME      READY   IP            NODE";
        let line = |text: &str| Printed {
            origin: Origin::Output,
            prompt: String::new(),
            text: text.to_owned(),
        };
        assert!(line(table).is_table() && !line("a sentence of words").is_table());
        assert_eq!(window_of(table, 0, 12), "NAME      R›");
        assert!(window_of(table, 18, 18).starts_with("‹"));
        assert_eq!(fold_words("sent from 10.244.1.33 now", 20), ["sent from", "10.244.1.33 now"]);
        assert_eq!(fold_words("aaaaaaaaaa", 4), ["aaaa", "aaaa", "aa"]);
    }

    #[test]
    fn long_lines_go_on_in_the_next_row() {
        let rows = fold(&[("$ ".to_owned(), Style::new()), ("abcdef".to_owned(), Style::new())], 4);
        let texts: Vec<String> =
            rows.iter().map(|row| row.iter().map(|(text, _)| &**text).collect()).collect();
        assert_eq!(texts, ["$ ab", "cdef"]);
    }
}
