//! Fitting text into columns: widths as a terminal counts them.

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text cut to `columns`, with an ellipsis if something is missing.
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > columns - 1 {
            break;
        }
        kept.push(c);
        used += wide;
    }
    kept + "…"
}

/// The text cut in its middle, so that a generated name keeps its own ending.
pub fn fit_middle(text: &str, columns: usize) -> String {
    if width(text) <= columns || columns < 5 {
        return fit(text, columns);
    }
    let tail = (columns - 1) / 2;
    let head = columns - 1 - tail;
    let start: String = text.chars().take(head).collect();
    let count = text.chars().count();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

/// A pod's name cut so that its beginning and its own suffix stay: of `backend-7d4b9c6f5-x7k2p`
/// the hash of the template goes first.
pub fn fit_name(name: &str, columns: usize) -> String {
    if width(name) <= columns {
        return name.to_owned();
    }
    let mut parts = name.rsplitn(3, '-');
    if let (Some(suffix), Some(hash), Some(base)) = (parts.next(), parts.next(), parts.next()) {
        let short = format!("{base}…{suffix}");
        let generated = suffix.len() == 5 && (8..=10).contains(&hash.len());
        if generated && width(&short) <= columns {
            return short;
        }
    }
    fit_middle(name, columns)
}

/// A text with the generated names in it cut: `backend-7d4b9c6f5-x7k2p` becomes `backend…x7k2p`.
pub fn short_names(text: &str) -> String {
    let short = |word: &str| {
        let bare = word.trim_end_matches([',', '.', ':', ';']);
        let tail = &word[bare.len()..];
        let mut parts = bare.rsplitn(3, '-');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(suffix), Some(hash), Some(base))
                if suffix.len() == 5 && (8..=10).contains(&hash.len()) =>
            {
                format!("{base}…{suffix}{tail}")
            }
            _ => word.to_owned(),
        }
    };
    text.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// Lines of at most `columns`, broken between words where that is possible. Leading blanks of a
/// line are kept on its continuations, and a list's point hangs behind its dash.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        if width(paragraph) <= columns {
            lines.push(paragraph.to_owned());
            continue;
        }
        let indent: String = paragraph.chars().take_while(|c| *c == ' ').collect();
        let indent = if width(&indent) * 2 > columns { String::new() } else { indent };
        let mut line = indent.clone();
        let hangs = paragraph.trim_start().starts_with("- ") && width(&indent) + 2 < columns;
        let indent = if hangs { indent + "  " } else { indent };
        let mut empty = true;
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let space = usize::from(!empty);
            if !empty && width(&line) + space + width(word) > columns {
                lines.push(std::mem::replace(&mut line, indent.clone()));
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            for piece in pieces(word, columns - width(&indent)) {
                if !empty && width(&line) + width(&piece) > columns {
                    lines.push(std::mem::replace(&mut line, indent.clone()));
                }
                line.push_str(&piece);
                empty = false;
            }
        }
        lines.push(line);
    }
    lines
}

/// A text written in lines as paragraphs: single line breaks are blanks; empty lines and the
/// points of a list stay.
pub fn reflow(text: &str) -> String {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut fresh = true;
    for line in text.trim().lines().map(str::trim) {
        match paragraphs.last_mut() {
            Some(last) if !fresh && !line.is_empty() && !line.starts_with("- ") => {
                last.push(' ');
                last.push_str(line);
            }
            _ => paragraphs.push(line.to_owned()),
        }
        fresh = line.is_empty();
    }
    paragraphs.join("\n")
}

/// A word longer than a line, in parts that fit.
fn pieces(word: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    if width(word) <= columns {
        return vec![word.to_owned()];
    }
    let mut parts = vec![String::new()];
    let mut used = 0;
    for c in word.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > columns && used > 0 {
            parts.push(String::new());
            used = 0;
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
        used += wide;
    }
    parts
}

/// Writes a text at a place, cut to `columns`; says how many columns it took. Places outside the
/// buffer are left alone.
pub fn put(buf: &mut Buffer, x: u16, y: u16, text: &str, columns: usize, style: Style) -> usize {
    let area = buf.area;
    if y < area.y || y >= area.bottom() || x < area.x || x >= area.right() || columns == 0 {
        return 0;
    }
    let columns = columns.min(usize::from(area.right() - x));
    let shown = fit(text, columns);
    buf.set_stringn(x, y, &shown, columns, style);
    width(&shown)
}

/// Writes spans at a place, the last one cut to fit.
pub fn put_spans(buf: &mut Buffer, x: u16, y: u16, spans: &[Span<'_>], columns: usize) -> usize {
    let mut used = 0;
    for span in spans {
        if used >= columns {
            break;
        }
        let at = x.saturating_add(used as u16);
        used += put(buf, at, y, &span.content, columns - used, span.style);
    }
    used
}

/// A line of one style.
pub fn line(text: impl Into<String>, style: Style) -> Line<'static> {
    Line::from(Span::styled(text.into(), style))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_with_an_ellipsis() {
        assert_eq!(fit("backend", 7), "backend");
        assert_eq!(fit("backend-x7k2p", 8), "backend…");
        assert_eq!(fit("漢字", 3), "漢…");
        assert_eq!(fit("x", 0), "");
    }

    #[test]
    fn a_generated_name_keeps_its_beginning_and_its_ending() {
        assert_eq!(fit_middle("backend-7d4b9c6f5-x7k2p", 11), "backe…x7k2p");
        assert_eq!(
            short_names("port 80 of pod web-7d4b9c6f5-x7k2p, gone"),
            "port 80 of pod web…x7k2p, gone"
        );
        assert_eq!(fit_name("backend-7d4b9c6f5-x7k2p", 13), "backend…x7k2p");
        assert_eq!(fit_name("backend-7d4b9c6f5-x7k2p", 9), "back…7k2p");
    }

    #[test]
    fn written_lines_become_paragraphs() {
        assert_eq!(reflow("a\nb\n\nc\n"), "a b\n\nc");
        assert_eq!(reflow("a:\n- b\n  c\n- d"), "a:\n- b c\n- d");
    }

    #[test]
    fn words_are_kept_whole_and_long_ones_broken() {
        assert_eq!(wrap("a bb ccc", 4), ["a bb", "ccc"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("  a bb ccc", 6), ["  a bb", "  ccc"]);
        assert_eq!(wrap("NAME   AGE", 12), ["NAME   AGE"], "tables keep their columns");
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("- aa bb", 5), ["- aa", "  bb"]);
    }
}
