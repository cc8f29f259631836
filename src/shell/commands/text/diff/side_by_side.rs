//! `diff -y`: both files beside each other.

use super::Line;

/// What `-y` shows of lines that both have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Common {
    Both,
    /// `--left-column`
    Left,
    /// `--suppress-common-lines`
    None,
}

/// `-y`: two columns with a mark between them (`side.c`).
pub(super) fn side_by_side(lines: &[Line<'_>], width: usize, common: Common) -> String {
    // The right column begins at a stop of the tabulator; three columns are between them at least.
    let (tab, gutter) = (8, 3);
    let middle = (width >> 1) + ((tab + gutter) >> 1) + (width & (tab + gutter) & 1);
    let offset = middle - middle % tab;
    let half = offset.saturating_sub(gutter).min(width.saturating_sub(offset));
    let columns = (half, if half > 0 { offset } else { width });
    let mut told = String::new();
    let mut at = 0;
    while at < lines.len() {
        if let Line::Same(line) = lines[at] {
            match common {
                Common::Both => row(&mut told, Some(line), ' ', Some(line), columns),
                Common::Left => row(&mut told, Some(line), '(', None, columns),
                Common::None => {}
            }
            at += 1;
            continue;
        }
        let changed = lines[at..].iter().take_while(|line| !matches!(line, Line::Same(_))).count();
        let block = &lines[at..at + changed];
        let old = block
            .iter()
            .filter_map(|line| if let Line::Old(text) = line { Some(*text) } else { None });
        let new = block
            .iter()
            .filter_map(|line| if let Line::New(text) = line { Some(*text) } else { None });
        let (old, new): (Vec<&str>, Vec<&str>) = (old.collect(), new.collect());
        for pair in 0..old.len().max(new.len()) {
            match (old.get(pair), new.get(pair)) {
                (Some(old), Some(new)) => row(&mut told, Some(old), '|', Some(new), columns),
                (Some(old), None) => row(&mut told, Some(old), '<', None, columns),
                (None, new) => row(&mut told, None, '>', new.copied(), columns),
            }
        }
        at += changed;
    }
    told
}

/// A line of both columns: how wide one is, and where the right one begins.
fn row(
    told: &mut String,
    left: Option<&str>,
    mark: char,
    right: Option<&str>,
    columns: (usize, usize),
) {
    let (half, offset) = columns;
    let ended = |line: Option<&str>| line.is_some_and(|line| line.ends_with('\n'));
    let mut column = left.map_or(0, |line| put_half(told, line, 0, half));
    if mark != ' ' {
        column = blanks(told, column, (half + offset).saturating_sub(1) / 2) + 1;
        told.push(match mark {
            '|' if ended(left) && !ended(right) => '/',
            '|' if ended(right) && !ended(left) => '\\',
            mark => mark,
        });
    }
    if let Some(line) = right.filter(|line| *line != "\n") {
        column = blanks(told, column, offset);
        put_half(told, line, column, half);
    }
    if ended(left) || ended(right) {
        told.push('\n');
    }
}

/// Goes from one column to another, by tabulators where they fit.
fn blanks(told: &mut String, mut from: usize, to: usize) -> usize {
    while from / 8 * 8 + 8 <= to {
        told.push('\t');
        from = from / 8 * 8 + 8;
    }
    *told += &" ".repeat(to.saturating_sub(from));
    to.max(from)
}

/// As much of a line as a column holds; the column behind it.
fn put_half(told: &mut String, line: &str, indent: usize, most: usize) -> usize {
    let (mut seen, mut shown) = (0, 0);
    for letter in line.trim_end_matches('\n').chars() {
        match letter {
            '\t' => {
                let next = seen / 8 * 8 + 8;
                if seen == shown && next < most {
                    told.push('\t');
                    shown = next;
                }
                seen = next;
            }
            letter => {
                if seen < most {
                    *told += &" ".repeat(seen - shown);
                    told.push(letter);
                    shown = seen + 1;
                }
                seen += 1;
            }
        }
    }
    indent + shown
}
