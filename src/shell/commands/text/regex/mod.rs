//! POSIX regular expressions, basic and extended, as GNU's tools understand them.
//!
//! A pattern becomes a small program ([`parse`]), which two machines can run ([`search`]): one that
//! goes over the text once and follows all ways at the same time, and, for patterns with
//! back-references, one that tries the ways one after the other within a number of steps. Both find
//! the leftmost and longest piece, as POSIX wants it.

mod parse;
pub(in crate::shell) mod perl;
mod search;
mod work;

pub(in crate::shell) use parse::Syntax;

use std::sync::Arc;

use self::parse::Instruction;
use self::work::Work;

/// A piece of a text: where it begins and ends, in bytes.
pub(in crate::shell) type Piece = (usize, usize);

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(in crate::shell) struct Regex {
    program: Arc<[Instruction]>,
    groups: usize,
    work: Work,
    /// The text that alone fits, if the pattern is no more than that.
    plain: Option<Arc<str>>,
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
        work: Work::of(parsed.program.len() as u64),
        plain: plain(&parsed.program).filter(|_| !fold),
        program: parsed.program.into(),
        groups: parsed.groups,
        fold,
        lines: false,
        back_references: parsed.back_references,
        warning: parsed.warning,
    })
}

/// The text that a program looks for, if it is no more than letters.
fn plain(program: &[Instruction]) -> Option<Arc<str>> {
    let [Instruction::Save(0), letters @ .., Instruction::Save(1), Instruction::Match] = program
    else {
        return None;
    };
    let letter = |step: &Instruction| match step {
        Instruction::Letter(letter) => Some(*letter),
        _ => None,
    };
    let text: Option<String> = letters.iter().map(letter).collect();
    Some(text.filter(|text| !text.is_empty())?.into())
}

impl Regex {
    /// The same pattern where `^` and `$` match at every line of the text.
    pub fn by_lines(mut self) -> Regex {
        self.lines = true;
        self
    }

    /// The shell's steps that reading it and looking for it have taken since the last call. Whoever looks
    /// pays for them: a search that takes too many is given up, and costs more than anybody has.
    pub fn work(&self) -> u64 {
        self.work.take()
    }

    /// How many groups it has, without the whole.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Whether it is found in the text.
    pub fn is_match(&self, text: &str) -> bool {
        search::search(self, text, 0, search::Wanted::Any).is_some()
    }

    /// The first piece that it is found at.
    pub fn find(&self, text: &str) -> Option<Piece> {
        search::search(self, text, 0, search::Wanted::Whole)?[0]
    }

    /// The first piece at or after `start`, and what its groups hold; the whole comes first.
    pub fn captures_at(&self, text: &str, start: usize) -> Option<Vec<Option<Piece>>> {
        search::search(self, text, start, search::Wanted::Groups)
    }

    /// All pieces, from left to right. An empty one does not follow right behind another.
    pub fn find_all(&self, text: &str) -> Vec<Piece> {
        let mut found = Vec::new();
        let (mut at, mut last) = (0, None);
        while at <= text.len() {
            let groups = search::search(self, text, at, search::Wanted::Whole);
            let Some(Some((start, end))) = groups.map(|groups| groups[0]) else { break };
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
    fn a_search_that_takes_too_long_is_given_up_and_costs_more_than_anybody_has() {
        let regex =
            compile("(a*)(a*)(a*)(a*)\\1\\2\\3b", Syntax::Extended, false).expect("it compiles");
        assert!(regex.work() < 100);
        assert!(!regex.is_match(&"a".repeat(2_000)));
        assert!(regex.work() > 1 << 32);
        assert_eq!(regex.work(), 0, "it begins anew");
        assert!(regex.is_match("aab") && regex.work() < 1_000);
    }

    #[test]
    fn many_alternatives_and_braces_are_read_in_one_pass() {
        let regex = |text: &str| compile(text, Syntax::GrepExtended, false);
        assert!(regex(&"ab|".repeat(60_000)).expect("it compiles").is_match("b"));
        assert!(regex(&"a{".repeat(100_000)).is_ok());
        assert!(regex(&format!("{}}}", "a{".repeat(100_000))).is_ok());
        assert!(regex(&"(".repeat(60_000)).is_err_and(|why| why.contains("groups within groups")));
        assert_eq!(regex("a|b|").expect("it compiles").find("xb"), Some((0, 0)));
        assert_eq!(regex("x(a|bb|ccc)y").expect("it compiles").find("xbby"), Some((0, 4)));
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
