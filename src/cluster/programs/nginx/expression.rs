//! Regular expressions: how nginx tells what is wrong with one, and what those that fit capture for the
//! variables `$1` and `$name`.

use std::collections::BTreeMap;

use regex::Regex;

use super::tokens::{Fault, Spot};

/// Reads an expression; `~*` ignores the difference between small and capital letters.
///
/// # Errors
/// In nginx's words, and in those of its library where the mistake is a usual one.
pub fn compile(text: &str, ignore_case: bool, spot: &Spot) -> Result<Regex, Fault> {
    let prefix = if ignore_case { "(?i)" } else { "" };
    Regex::new(&format!("{prefix}{text}")).map_err(|_| {
        let (what, at) = mistake(text);
        let rest = match &text[at..] {
            "" => String::new(),
            rest => format!(" at \"{rest}\""),
        };
        spot.fault(format!("pcre2_compile() failed: {what} in \"{text}\"{rest}"))
    })
}

/// What is wrong with an expression, and where.
fn mistake(text: &str) -> (&'static str, usize) {
    let mut open = 0_u32;
    let mut repeatable = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '[' => {
                let Some(end) = text[at + 1..].find(']') else {
                    return ("missing terminating ] for character class", text.len());
                };
                chars.nth(text[at + 1..=at + end].chars().count());
            }
            '(' => open += 1,
            ')' if open == 0 => return ("unmatched closing parenthesis", at),
            ')' => open -= 1,
            '*' | '+' if !repeatable => {
                return ("quantifier does not follow a repeatable item", at);
            }
            _ => {}
        }
        repeatable = !matches!(c, '(' | '|' | '^');
    }
    match open {
        0 => ("unrecognized character follows \\", text.len()),
        _ => ("missing closing parenthesis", text.len()),
    }
}

/// What the last regular expression that fitted has captured: `$1`, `$name`. Names are kept.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    groups: Vec<String>,
    named: BTreeMap<String, String>,
}

impl Captured {
    /// Whether the expression fits; if so, what it captures takes the place of what was captured before.
    pub fn matches(&mut self, expression: &Regex, text: &str) -> bool {
        let Some(found) = expression.captures(text) else { return false };
        let group = |index: usize| found.get(index).map_or("", |group| group.as_str()).to_owned();
        self.groups = (0..found.len()).map(group).collect();
        for name in expression.capture_names().flatten() {
            let value = found.name(name).map_or("", |group| group.as_str());
            self.named.insert(name.to_owned(), value.to_owned());
        }
        true
    }

    /// The group of this number or name.
    pub fn get(&self, name: &str) -> Option<&str> {
        match name.parse::<usize>() {
            Ok(index) => Some(self.groups.get(index).map_or("", String::as_str)),
            Err(_) => self.named.get(name).map(String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recorded from nginx 1.22.1 -t.
    #[test]
    fn a_wrong_expression_is_told_in_the_librarys_words() {
        let told = |text: &str| compile(text, false, &Spot::default()).map_err(|told| told.message);
        for (text, what) in [
            ("[a", "missing terminating ] for character class in \"[a\""),
            ("a(", "missing closing parenthesis in \"a(\""),
            ("a)", "unmatched closing parenthesis in \"a)\" at \")\""),
            ("*a", "quantifier does not follow a repeatable item in \"*a\" at \"*a\""),
        ] {
            let expected = format!("pcre2_compile() failed: {what}");
            assert_eq!(told(text).err(), Some(expected), "{text}");
        }
        assert!(told("^/(a|b)[^/]+\\\\.x$").is_ok());
    }

    #[test]
    fn groups_have_numbers_and_names_that_are_kept() {
        let mut captured = Captured::default();
        let expression = |text: &str| Regex::new(text).expect("an expression");
        assert!(captured.matches(&expression("^/(?<rest>.+)-(.)$"), "/ab-c"));
        assert_eq!([captured.get("1"), captured.get("2")], [Some("ab"), Some("c")]);
        assert!(captured.matches(&expression("x(y)"), "xy"));
        assert!(!captured.matches(&expression("z"), "xy"));
        let of = ["1", "2", "rest", "other"].map(|name| captured.get(name));
        assert_eq!(of, [Some("y"), Some(""), Some("ab"), None]);
    }
}
