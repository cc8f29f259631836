//! POSIX regular expressions, basic and extended, in the words of the regex crate.

/// Which of POSIX' two languages a pattern is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell::commands) enum Syntax {
    /// `grep`, `sed`: `\(`, `\|`, `\+` are special.
    Basic,
    /// `grep -E`, `sed -E`, `awk`: `(`, `|`, `+` are special.
    Extended,
    /// `grep -F`: nothing is special.
    Fixed,
}

/// Compiles a pattern.
///
/// # Errors
/// What GNU tools say.
pub(in crate::shell::commands) fn compile(
    pattern: &str,
    syntax: Syntax,
    ignore_case: bool,
) -> Result<regex::Regex, String> {
    let translated = match syntax {
        Syntax::Fixed => regex::escape(pattern),
        Syntax::Basic => translate(pattern, true),
        Syntax::Extended => translate(pattern, false),
    };
    regex::RegexBuilder::new(&translated)
        .case_insensitive(ignore_case)
        .size_limit(4 << 20)
        .build()
        .map_err(|_| complaint(pattern, syntax))
}

fn complaint(pattern: &str, syntax: Syntax) -> String {
    let opens = match syntax {
        Syntax::Basic => {
            pattern.matches("\\(").count() as i64 - pattern.matches("\\)").count() as i64
        }
        _ => pattern.matches('(').count() as i64 - pattern.matches(')').count() as i64,
    };
    if opens != 0 {
        return match (opens > 0, syntax) {
            (true, Syntax::Basic) => "Unmatched ( or \\(".to_owned(),
            (false, Syntax::Basic) => "Unmatched ) or \\)".to_owned(),
            (true, _) => "Unmatched ( or \\(".to_owned(),
            (false, _) => "Unmatched ) or \\)".to_owned(),
        };
    }
    if pattern.contains('[') {
        return "Unmatched [, [^, [:, [., or [=".to_owned();
    }
    "Invalid regular expression".to_owned()
}

fn translate(pattern: &str, basic: bool) -> String {
    let letters: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        at += 1;
        match letter {
            '\\' => {
                let Some(&next) = letters.get(at) else {
                    out.push_str("\\\\");
                    break;
                };
                at += 1;
                escaped(next, basic, &mut out);
            }
            '[' => at = bracket(&letters, at, &mut out),
            '(' | ')' | '{' | '}' | '|' | '+' | '?' if basic => {
                out.push('\\');
                out.push(letter);
            }
            '*' if is_at_start(&out) => out.push_str("\\*"),
            '{' if !letters[at..].first().is_some_and(char::is_ascii_digit) => out.push_str("\\{"),
            '}' if !out.contains('{') => out.push_str("\\}"),
            '^' if basic && !is_at_start(&out) => out.push_str("\\^"),
            '$' if basic && !ends(&letters[at..]) => out.push_str("\\$"),
            other => out.push(other),
        }
    }
    out
}

fn is_at_start(out: &str) -> bool {
    out.is_empty()
        || out.ends_with('(') && !out.ends_with("\\(")
        || out.ends_with('|') && !out.ends_with("\\|")
        || out == "^"
}

fn ends(rest: &[char]) -> bool {
    matches!(rest, [] | ['\\', ')' | '|', ..])
}

fn escaped(next: char, basic: bool, out: &mut String) {
    match next {
        '(' | ')' | '{' | '}' | '|' | '+' | '?' if basic => out.push(next),
        '<' => out.push_str("\\b{start}"),
        '>' => out.push_str("\\b{end}"),
        'w' => out.push_str("[[:alnum:]_]"),
        'W' => out.push_str("[^[:alnum:]_]"),
        's' => out.push_str("[[:space:]]"),
        'S' => out.push_str("[^[:space:]]"),
        'b' => out.push_str("\\b"),
        'B' => out.push_str("\\B"),
        '`' => out.push_str("\\A"),
        '\'' => out.push_str("\\z"),
        'n' => out.push('\n'),
        't' => out.push('\t'),
        // The engine has no back-references; the digit makes the pattern invalid on purpose.
        '1'..='9' => out.push_str("(?P<back-reference>"),
        other => out.push_str(&regex::escape(&other.to_string())),
    }
}

/// A bracket expression after its `[`; where it ends.
fn bracket(letters: &[char], start: usize, out: &mut String) -> usize {
    let mut at = start;
    out.push('[');
    if letters.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let first = at;
    while let Some(&letter) = letters.get(at) {
        at += 1;
        match letter {
            ']' if at - 1 > first => {
                out.push(']');
                return at;
            }
            '[' if letters.get(at) == Some(&':') => {
                let end = (at + 1..letters.len()).find(|end| letters[*end] == ']');
                let end = end.unwrap_or(letters.len() - 1);
                out.push('[');
                out.extend(&letters[at..=end]);
                at = end + 1;
            }
            '[' | ']' | '&' | '~' | '\\' | '^' => {
                out.push('\\');
                out.push(letter);
            }
            other => out.push(other),
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, syntax: Syntax, text: &str) -> Option<String> {
        let regex = compile(pattern, syntax, false).ok()?;
        regex.find(text).map(|found| found.as_str().to_owned())
    }

    #[test]
    fn basic_and_extended_patterns_differ_in_what_is_special() {
        assert_eq!(found("a+", Syntax::Basic, "xa+"), Some("a+".to_owned()));
        assert_eq!(found("a\\+", Syntax::Basic, "xaa"), Some("aa".to_owned()));
        assert_eq!(found("a+", Syntax::Extended, "xaa"), Some("aa".to_owned()));
        assert_eq!(found("(a|b)$", Syntax::Extended, "cab"), Some("b".to_owned()));
        assert_eq!(found("\\(a\\|b\\)$", Syntax::Basic, "cab"), Some("b".to_owned()));
        assert_eq!(found("1.1", Syntax::Fixed, "101 1.1"), Some("1.1".to_owned()));
    }

    #[test]
    fn brackets_hold_posix_classes() {
        assert_eq!(found("[[:digit:]]\\{2,\\}", Syntax::Basic, "a123"), Some("123".to_owned()));
        assert_eq!(found("[^]a]*", Syntax::Basic, "bc]"), Some("bc".to_owned()));
        assert_eq!(
            found("[0-9.]+", Syntax::Extended, "ip 10.244.1.2 "),
            Some("10.244.1.2".to_owned())
        );
    }

    #[test]
    fn an_invalid_pattern_is_named_as_gnu_does() {
        assert_eq!(
            compile("(a", Syntax::Extended, false).err(),
            Some("Unmatched ( or \\(".to_owned())
        );
        assert_eq!(
            compile("[a", Syntax::Basic, false).err(),
            Some("Unmatched [, [^, [:, [., or [=".to_owned())
        );
    }
}
