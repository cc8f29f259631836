//! Regular expressions in awk.

use crate::shell::commands::text::regex::{Regex, Syntax, compile};

/// Whether a regular expression in a program's text is right.
///
/// # Errors
/// What awk says.
pub(super) fn check(pattern: &str, gawk: bool) -> Result<(), String> {
    match ready(pattern, false, gawk) {
        Ok(_) => Ok(()),
        Err(why) if gawk => Err(format!("error: {why}: /{pattern}/")),
        Err(why) => Err(format!("bad regex '{pattern}': {why}")),
    }
}

/// A regular expression, ready to be looked for; `folds`: capitals and small letters are the same.
///
/// # Errors
/// What is wrong with it.
pub(super) fn ready(pattern: &str, folds: bool, gawk: bool) -> Result<Regex, String> {
    let syntax = if gawk { Syntax::Gawk } else { Syntax::Extended };
    compile(&plain(pattern), syntax, folds)
}

/// awk's escapes in a regular expression, as letters.
fn plain(pattern: &str) -> String {
    let mut out = String::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\u{c}'),
            Some('v') => out.push('\u{b}'),
            Some('a') => out.push('\u{7}'),
            Some('/') => out.push('/'),
            Some('"') => out.push('"'),
            Some('&') => out.push('&'),
            Some('y') => out.push_str("\\b"),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    out
}
