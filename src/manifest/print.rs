//! JSON values as kubectl prints them: `-o yaml` and `-o json`.

use serde_json::Value;

use super::scalar::reads_as_other;

/// Beyond this column go-yaml folds a text at its next space.
const WIDTH: usize = 80;

/// `value` as kubectl's `-o yaml` prints it: keys sorted, lists not indented below their key,
/// text of several lines as a block, long text folded.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => mapping(&mut out, value, 0),
        Value::Array(items) if !items.is_empty() => sequence(&mut out, value, 0),
        scalar => {
            inline(&mut out, scalar, 0);
            out.push('\n');
        }
    }
    out
}

/// `value` as kubectl's `-o json` prints it: four spaces a level, keys sorted, and HTML's special
/// characters escaped as Go does.
pub fn to_json_pretty(value: &Value) -> String {
    let mut out = String::new();
    json(&mut out, value, 0);
    out.push('\n');
    out
}

/// JSON on one line, as Go's encoder writes it: without HTML's special characters.
pub fn go_json(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// A mapping's fields in the order in which they are printed.
fn sorted(value: &Value) -> Vec<(&String, &Value)> {
    let mut fields: Vec<_> = value.as_object().into_iter().flatten().collect();
    fields.sort_by(|a, b| natural(a.0, b.0));
    fields
}

/// The YAML printer's order of keys: numbers in them count as numbers, and letters come after
/// everything else.
fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut digits = false;
    for i in 0..a.len().min(b.len()) {
        if a[i] == b[i] {
            digits = a[i].is_ascii_digit();
            continue;
        }
        let (letter_a, letter_b) = (a[i].is_alphabetic(), b[i].is_alphabetic());
        if letter_a && letter_b {
            return a[i].cmp(&b[i]);
        }
        if letter_a || letter_b {
            // Inside a number, a letter ends it: the shorter number comes first.
            return if digits {
                letter_a.cmp(&letter_b).reverse()
            } else {
                letter_a.cmp(&letter_b)
            };
        }
        let number = |chars: &[char]| -> (usize, u64) {
            let run: Vec<char> = chars.iter().copied().take_while(char::is_ascii_digit).collect();
            let value = run.iter().fold(0u64, |value, digit| {
                value.saturating_mul(10).saturating_add(u64::from(*digit as u32 - '0' as u32))
            });
            (run.len(), value)
        };
        let ((len_a, value_a), (len_b, value_b)) = (number(&a[i..]), number(&b[i..]));
        return value_a.cmp(&value_b).then(len_a.cmp(&len_b)).then(a[i].cmp(&b[i]));
    }
    a.len().cmp(&b.len())
}

fn mapping(out: &mut String, value: &Value, indent: usize) {
    for (index, (key, value)) in sorted(value).into_iter().enumerate() {
        if index > 0 {
            pad(out, indent);
        }
        text(out, key, None);
        out.push(':');
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                out.push('\n');
                pad(out, indent + 2);
                mapping(out, value, indent + 2);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                pad(out, indent);
                sequence(out, value, indent);
            }
            scalar => {
                out.push(' ');
                inline(out, scalar, indent);
                out.push('\n');
            }
        }
    }
}

fn sequence(out: &mut String, value: &Value, indent: usize) {
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        if index > 0 {
            pad(out, indent);
        }
        out.push_str("- ");
        match value {
            Value::Object(fields) if !fields.is_empty() => mapping(out, value, indent + 2),
            Value::Array(items) if !items.is_empty() => sequence(out, value, indent + 2),
            scalar => {
                inline(out, scalar, indent);
                out.push('\n');
            }
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// A value that fits behind its key.
fn inline(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(_) => out.push_str("{}"),
        Value::Array(_) => out.push_str("[]"),
        Value::String(string) => text(out, string, Some(indent + 2)),
        other => out.push_str(&other.to_string()),
    }
}

/// A text in the plainest style that reads back as itself; `block` is the indent of further lines
/// where there may be any, which a key has not.
fn text(out: &mut String, string: &str, block: Option<usize>) {
    match block {
        Some(indent) if string.contains('\n') && fits_block(string) => {
            literal(out, string, indent);
        }
        _ if needs_escapes(string) || reads_as_other(string) => {
            out.push('"');
            folded(out, string, Style::DoubleQuoted, block);
            out.push('"');
        }
        _ if fits_plain(string) => folded(out, string, Style::Plain, block),
        _ => {
            out.push('\'');
            folded(out, string, Style::SingleQuoted, block);
            out.push('\'');
        }
    }
}

/// How a text is set off from what is around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
}

/// A text in one of the styles that may be folded: at a lonely space beyond the width. Reading
/// makes a space of the fold again.
fn folded(out: &mut String, string: &str, style: Style, block: Option<usize>) {
    let mut column = out.rsplit('\n').next().map_or(0, |line| line.chars().count());
    let mut after_space = false;
    let last = string.chars().count().saturating_sub(1);
    let mut characters = string.chars().enumerate().peekable();
    while let Some((index, c)) = characters.next() {
        let before = out.len();
        let space_follows = characters.peek().is_some_and(|(_, next)| *next == ' ');
        let may_fold = match style {
            Style::Plain => !space_follows,
            Style::SingleQuoted => index > 0 && index < last && !space_follows,
            Style::DoubleQuoted => index > 0 && index < last,
        };
        match block {
            Some(indent) if c == ' ' && !after_space && column > WIDTH && may_fold => {
                out.push('\n');
                pad(out, indent);
                column = indent;
                // Only quotes know how to keep a space at the beginning of a line.
                if space_follows {
                    out.push('\\');
                    column += 1;
                }
            }
            _ => {
                match style {
                    Style::SingleQuoted if c == '\'' => out.push_str("''"),
                    Style::DoubleQuoted => escaped(out, c),
                    _ => out.push(c),
                }
                column += out[before..].chars().count();
            }
        }
        after_space = c == ' ';
    }
}

/// Whether every character may be written as itself.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
        && !matches!(c, '\u{2028}' | '\u{2029}')
}

fn needs_escapes(string: &str) -> bool {
    string.chars().any(|c| !is_printable(c))
}

/// Whether a text of several lines can be a block: nothing to escape, no line that ends in a
/// space, and something other than blanks.
fn fits_block(string: &str) -> bool {
    string.chars().all(|c| is_printable(c) || c == '\n')
        && !string.trim_matches(['\n', ' ']).is_empty()
        && !string.ends_with(' ')
        && !string.contains(" \n")
}

fn literal(out: &mut String, string: &str, indent: usize) {
    let body = string.trim_end_matches('\n');
    let chomping = match string.len() - body.len() {
        0 => "-",
        1 => "",
        _ => "+",
    };
    out.push('|');
    // A blank at the start would be taken for indentation, unless that is told.
    if string.starts_with([' ', '\n']) {
        out.push('2');
    }
    out.push_str(chomping);
    let lines = string.strip_suffix('\n').unwrap_or(string);
    for line in lines.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(out, indent);
            out.push_str(line);
        }
    }
}

/// Whether a text can stand without quotes, and is read as this text.
pub fn is_plain_text(string: &str) -> bool {
    fits_plain(string) && !super::scalar::reads_as_other(string)
}

/// Whether a text of printable characters can stand without quotes.
fn fits_plain(string: &str) -> bool {
    let Some(first) = string.chars().next() else { return false };
    let second = string.chars().nth(1);
    let indicator = match first {
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
        | '@' | '`' => true,
        '-' | '?' | ':' => second.is_none_or(|c| c == ' '),
        _ => false,
    };
    !indicator
        && !string.starts_with("---")
        && !string.starts_with("...")
        && !string.starts_with(' ')
        && !string.ends_with([' ', ':'])
        && !string.contains(": ")
        && !string.contains(" #")
        && string != "="
        && string != "<<"
}

/// A character between double quotes.
fn escaped(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\0' => out.push_str("\\0"),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{b}' => out.push_str("\\v"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        '\u{1b}' => out.push_str("\\e"),
        '\u{85}' => out.push_str("\\N"),
        '\u{2028}' => out.push_str("\\L"),
        '\u{2029}' => out.push_str("\\P"),
        c if is_printable(c) => out.push(c),
        c if (c as u32) <= 0xff => out.push_str(&format!("\\x{:02X}", c as u32)),
        c if (c as u32) <= 0xffff => out.push_str(&format!("\\u{:04X}", c as u32)),
        c => out.push_str(&format!("\\U{:08X}", c as u32)),
    }
}

fn json(out: &mut String, value: &Value, level: usize) {
    let line = |out: &mut String, level: usize| {
        out.push('\n');
        pad(out, level * 4);
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            for (index, (key, value)) in fields.into_iter().enumerate() {
                out.push(if index == 0 { '{' } else { ',' });
                line(out, level + 1);
                json_text(out, key);
                out.push_str(": ");
                json(out, value, level + 1);
            }
            line(out, level);
            out.push('}');
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                out.push(if index == 0 { '[' } else { ',' });
                line(out, level + 1);
                json(out, value, level + 1);
            }
            line(out, level);
            out.push(']');
        }
        Value::Object(_) => out.push_str("{}"),
        Value::Array(_) => out.push_str("[]"),
        Value::String(text) => json_text(out, text),
        other => out.push_str(&other.to_string()),
    }
}

fn json_text(out: &mut String, text: &str) {
    let quoted = Value::String(text.to_owned()).to_string();
    for c in quoted.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::manifest::parse;
    use crate::recordings::steps;

    #[test]
    fn what_kubectl_printed_is_printed_the_same() {
        let mut seen = 0;
        for recording in [
            "01-deployment-clusterip.txt",
            "02-headless-statefulset.txt",
            "04-loadbalancer-externalname-others.txt",
            "05-endpoint-semantics.txt",
            "06-pod-states.txt",
            "11-err-service.txt",
            "14-kubectl-cli.txt",
        ] {
            for step in steps(recording) {
                let printed = step.command.contains("-o yaml") && !step.command.contains('|');
                if !printed || !step.output.starts_with("apiVersion") {
                    continue;
                }
                let output = step.output.split("\n\n").next().unwrap_or("").trim_end();
                let (documents, diagnostics) = parse("recording", output);
                assert!(diagnostics.is_empty(), "{}", step.command);
                assert_eq!(to_yaml(&documents[0].value).trim_end(), output, "{}", step.command);
                seen += 1;
            }
        }
        assert!(seen > 5, "{seen}");
    }

    #[test]
    fn text_is_quoted_only_where_it_would_read_as_something_else() {
        let value = json!({
            "a": "yes", "b": "80", "c": "1.27", "d": "", "e": "a: b", "f": "- x", "g": "it's",
            "h": "2026-11-20T22:16:45Z", "i": "~", "j": "a\tb", "k": "#x", "l": "x#y", "m": "*",
            "n": "one\ntwo\n", "o": "one\ntwo", "p": ["x", ["y"], {"z": []}], "q": {}, "r": null,
            "s": "{}", "t": "1e3", "u": "@x", "v": "null", "w": "22:30", "x": "é", "y": "\u{1b}[1m"
        });
        let expected = r#"a: "yes"
b: "80"
c: "1.27"
d: ""
e: 'a: b'
f: '- x'
g: it's
h: "2026-11-20T22:16:45Z"
i: "~"
j: "a\tb"
k: '#x'
l: x#y
m: '*'
"n": |
  one
  two
o: |-
  one
  two
p:
- x
- - "y"
- z: []
q: {}
r: null
s: '{}'
t: "1e3"
u: '@x'
v: "null"
w: "22:30"
x: é
"y": "\e[1m"
"#;
        assert_eq!(to_yaml(&value), expected);
    }

    #[test]
    fn long_text_is_folded_at_the_first_space_beyond_the_width() {
        let verse = "one two six ten ".repeat(6);
        let folded = to_yaml(&json!({"data": {"text": verse.trim_end()}}));
        assert_eq!(
            folded,
            "data:\n  text: one two six ten one two six ten one two six ten one two six ten one \
             two six\n    ten one two six ten\n"
        );
        for text in [verse.clone(), format!("it's: {verse}"), format!("\u{1b} {verse} {verse}")] {
            let printed = to_yaml(&json!({"a": [text]}));
            let (documents, diagnostics) = parse("f.yaml", &printed);
            assert!(diagnostics.is_empty(), "{printed}");
            assert_eq!(documents[0].value, json!({"a": [text]}), "{printed}");
            assert!(printed.lines().count() > 2, "{printed}");
        }
        let word = "x".repeat(100);
        assert_eq!(to_yaml(&json!({"a": word})), format!("a: {word}\n"));
    }

    #[test]
    fn numbers_in_keys_sort_as_numbers() {
        let value = json!({"port10": 1, "port9": 2, "a-b": 3, "aB": 4, "ab": 5});
        assert_eq!(to_yaml(&value), "a-b: 3\naB: 4\nab: 5\nport9: 2\nport10: 1\n");
    }

    #[test]
    fn json_has_four_spaces_and_gos_escapes() {
        let value = json!({"b": [1, {"c": "<a & b>"}], "a": {}, "d": []});
        let expected = "{\n    \"a\": {},\n    \"b\": [\n        1,\n        {\n            \"c\": \"\\u003ca \\u0026 b\\u003e\"\n        }\n    ],\n    \"d\": []\n}\n";
        assert_eq!(to_json_pretty(&value), expected);
    }
}
