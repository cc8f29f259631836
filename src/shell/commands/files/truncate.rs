//! `truncate`: GNU's and BusyBox'.

use super::messages::{fail, missing, need};
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::Grammar;

/// `-s SIZE`: what a file of this length becomes.
fn resized(size: &str, length: usize) -> Option<usize> {
    let (mark, digits) = match size.chars().next()? {
        mark @ ('+' | '-' | '<' | '>' | '/' | '%') => (Some(mark), &size[1..]),
        _ => (None, size),
    };
    let (digits, unit) = match digits.trim_end_matches('B').char_indices().next_back()? {
        (at, 'K' | 'k') => (&digits[..at], 1 << 10),
        (at, 'M' | 'm') => (&digits[..at], 1 << 20),
        (at, 'G' | 'g') => (&digits[..at], 1 << 30),
        _ => (digits, 1),
    };
    let count = digits.parse::<usize>().ok()?.checked_mul(unit)?;
    Some(match mark {
        Some('+') => length.checked_add(count)?,
        Some('-') => length.saturating_sub(count),
        Some('<') => length.min(count),
        Some('>') => length.max(count),
        Some('/') => length / count.max(1) * count,
        Some('%') => length.div_ceil(count.max(1)) * count,
        _ => count,
    })
}

pub(in crate::shell::commands) fn truncate(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "truncate",
        short: "cs:r:o",
        long: &[("no-create", 'c'), ("size", 's'), ("reference", 'r'), ("io-blocks", 'o')],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if !options.has('s') && !options.has('r') {
        return Some(missing(io, "truncate", "you must specify either '--size' or '--reference'"));
    }
    let absolute = |size: &str| size.starts_with(|first: char| first.is_ascii_digit());
    if is_gnu(io) && options.has('r') && options.value('s').is_some_and(absolute) {
        let what = "you must specify a relative '--size' with '--reference'";
        return Some(missing(io, "truncate", what));
    }
    if !need(io, &options, "truncate", "missing file operand") {
        return Some(1);
    }
    let like = options.value('r').map(|file| io.read_file(file).map(|content| content.len()));
    let mut status = 0;
    for path in &options.operands {
        let content = io.read_file(path);
        if content.is_err() && options.has('c') {
            continue;
        }
        let mut content = content.unwrap_or_default();
        let size = match (options.value('s'), &like) {
            // BusyBox knows no sizes beside absolute ones.
            (Some(size), _) => match Some(size)
                .filter(|size| is_gnu(io) || absolute(size))
                .and_then(|size| resized(size, content.len()))
            {
                Some(size) => size,
                None => {
                    let told = if is_gnu(io) { "Invalid number:" } else { "invalid number" };
                    return Some(fail(io, format!("truncate: {told} '{size}'")));
                }
            },
            (None, Some(Ok(size))) => *size,
            (None, _) => {
                let file = options.value('r').unwrap_or("");
                let why = "No such file or directory";
                return Some(fail(io, format!("truncate: cannot stat '{file}': {why}")));
            }
        };
        // More than fits is not even tried.
        content.resize(size.min(1 << 26), 0);
        if let Err(why) = io.write_file(path, &content) {
            status = fail(io, format!("truncate: cannot open '{path}' for writing: {why}"));
        }
    }
    Some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As coreutils 9.1 does.
    #[test]
    fn sizes_are_absolute_or_relative() {
        assert_eq!(resized("5", 49), Some(5));
        assert_eq!(resized("+5", 5), Some(10));
        assert_eq!(resized("-3", 10), Some(7));
        assert_eq!(resized("1K", 0), Some(1024));
        assert_eq!(resized("x", 0), None);
    }
}
