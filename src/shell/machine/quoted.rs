//! Texts as a shell writes them so that it could read them again.

use crate::shell::syntax::{Dialect, in_single_quotes};

/// What `set -x` shows of an assignment.
pub(super) struct Assigned {
    /// `x=`, `a[1]+=`
    pub head: String,
    /// Its value, or an array's elements as they were written.
    pub value: String,
    pub written: bool,
}

/// A word as `-x` shows it: dash never quotes, BusyBox and bash where a shell would need it.
pub(super) fn traced(field: &str, dialect: Dialect) -> String {
    let quoted = || in_single_quotes(field);
    match dialect {
        Dialect::Dash => field.to_owned(),
        Dialect::Ash => {
            let plain =
                |byte: u8| matches!(byte, b'+'..=b':' | b'@'..=b'Z' | b']'..=b'_' | b'a'..=b'z');
            match field.bytes().all(plain) {
                true => field.to_owned(),
                false => quoted(),
            }
        }
        Dialect::Bash if field.is_empty() => "''".to_owned(),
        Dialect::Bash if needs_quotes(field) => quoted(),
        Dialect::Bash if field.chars().any(char::is_control) => escaped(field),
        Dialect::Bash => field.to_owned(),
    }
}

/// Whether a shell would read something else than the text itself.
pub(super) fn needs_quotes(field: &str) -> bool {
    let mut before = None;
    field.chars().any(|letter| {
        let means = match letter {
            '~' => matches!(before, None | Some('=' | ':')),
            '#' => before.is_none(),
            letter => " \t\n'\"\\|&;()<>!{}*[]?$`".contains(letter),
        };
        before = Some(letter);
        means
    })
}

/// `$'a\tb'`
pub(super) fn escaped(text: &str) -> String {
    let mut out = "$'".to_owned();
    for letter in text.chars() {
        match letter {
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            '\r' => out += "\\r",
            '\u{7}' => out += "\\a",
            '\u{8}' => out += "\\b",
            '\u{b}' => out += "\\v",
            '\u{c}' => out += "\\f",
            '\u{1b}' => out += "\\E",
            '\\' => out += "\\\\",
            '\'' => out += "\\'",
            other if other.is_control() => out += &format!("\\{:03o}", other as u32),
            other => out.push(other),
        }
    }
    out + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What bash 5.2 shows of `set -x; echo …`.
    #[test]
    fn only_what_a_shell_would_read_otherwise_is_quoted() {
        let shown = |word| traced(word, Dialect::Bash);
        assert_eq!(shown("a#b"), "a#b");
        assert_eq!(shown("#"), "'#'");
        assert_eq!(shown("=x,^@%+é"), "=x,^@%+é");
        assert_eq!(shown("~"), "'~'");
        assert_eq!(shown("a'b"), "'a'\\''b'");
        assert_eq!(shown(""), "''");
    }
}
