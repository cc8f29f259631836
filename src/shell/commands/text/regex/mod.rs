//! POSIX regular expressions, basic and extended, as GNU's tools understand them.
//!
//! A pattern becomes a small program ([`parse`]), which two machines can run ([`search`]): one that
//! goes over the text once and follows all ways at the same time, and, for patterns with
//! back-references, one that tries the ways one after the other within a number of steps. Both find
//! the leftmost and longest piece, as POSIX wants it.

mod parse;
pub(in crate::shell) mod perl;
mod search;

pub(in crate::shell) use parse::Syntax;

use self::parse::Instruction;

/// A piece of a text: where it begins and ends, in bytes.
pub(in crate::shell) type Piece = (usize, usize);

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(in crate::shell) struct Regex {
    program: Vec<Instruction>,
    groups: usize,
    fold: bool,
    /// Whether `^` and `$` match at newlines within the text too.
    lines: bool,
    back_references: bool,
    /// What GNU grep remarks about it.
    pub warning: Option<&'static str>,
}

/// Compiles a pattern.
///
/// # Errors
/// What GNU tools say.
pub(in crate::shell) fn compile(
    pattern: &str,
    syntax: Syntax,
    fold: bool,
) -> Result<Regex, String> {
    let parsed = parse::parse(pattern, syntax)?;
    Ok(Regex {
        program: parsed.program,
        groups: parsed.groups,
        fold,
        lines: false,
        back_references: parsed.back_references,
        warning: parsed.warning,
    })
}

impl Regex {
    /// The same pattern where `^` and `$` match at every line of the text.
    pub fn by_lines(mut self) -> Regex {
        self.lines = true;
        self
    }

    /// How many groups it has, without the whole.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Whether it is found in the text.
    pub fn is_match(&self, text: &str) -> bool {
        search::search(self, text, 0, true).is_some()
    }

    /// The first piece that it is found at.
    pub fn find(&self, text: &str) -> Option<Piece> {
        search::search(self, text, 0, false)?[0]
    }

    /// The first piece at or after `start`, and what its groups hold; the whole comes first.
    pub fn captures_at(&self, text: &str, start: usize) -> Option<Vec<Option<Piece>>> {
        search::search(self, text, start, false)
    }

    /// All pieces, from left to right. An empty one does not follow right behind another.
    pub fn find_all(&self, text: &str) -> Vec<Piece> {
        let mut found = Vec::new();
        let (mut at, mut last) = (0, None);
        while at <= text.len() {
            let Some(Some((start, end))) = self.captures_at(text, at).map(|groups| groups[0])
            else {
                break;
            };
            if start < end || last != Some(start) {
                found.push((start, end));
                last = Some(end);
            }
            at = match end > start {
                true => end,
                false => end + text[end..].chars().next().map_or(1, char::len_utf8),
            };
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(pattern: &str, syntax: Syntax, text: &'t str) -> Option<&'t str> {
        let regex = compile(pattern, syntax, false).expect("it compiles");
        regex.find(text).map(|(start, end)| &text[start..end])
    }

    #[test]
    fn the_longest_alternative_wins() {
        assert_eq!(found("a|ab|abc", Syntax::Extended, "xabcd"), Some("abc"));
        assert_eq!(found("a\\|ab", Syntax::Basic, "abc"), Some("ab"));
    }

    #[test]
    fn back_references_repeat_what_was_found() {
        assert_eq!(found("\\(.\\)\\1", Syntax::Basic, "apple"), Some("pp"));
        assert_eq!(found("(a+)b\\1", Syntax::Extended, "aaabaa"), Some("aabaa"));
    }

    #[test]
    fn counts_classes_and_words_work() {
        assert_eq!(
            found("[0-9]{1,3}(\\.[0-9]+){3}", Syntax::Extended, "ip 10.0.0.12:80"),
            Some("10.0.0.12")
        );
        assert_eq!(found("\\<b[[:alpha:]]*", Syntax::Basic, "ab bcd"), Some("bcd"));
        assert_eq!(found("*a", Syntax::Basic, "x*a"), Some("*a"));
    }

    #[test]
    fn nested_repetitions_end_in_good_time() {
        let regex = compile("((a*)*)*b", Syntax::Extended, false).expect("it compiles");
        assert!(!regex.is_match(&"a".repeat(2_000)));
    }

    #[test]
    fn wrong_patterns_are_named() {
        let wrong = |pattern| compile(pattern, Syntax::Extended, false).expect_err("it is wrong");
        assert_eq!(wrong("(a"), "Unmatched ( or \\(");
        assert_eq!(wrong("[z-a]"), "Invalid range end");
        assert_eq!(wrong("a{2,1}"), "Invalid content of \\{\\}");
        assert_eq!(wrong("(a)\\2"), "Invalid back reference");
    }
}
