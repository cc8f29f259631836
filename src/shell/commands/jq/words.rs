//! jq's words: what it says to programs and inputs that are wrong.

use jaq_core::compile;
use jaq_core::load::{self, Errors};
use serde_json::Value;

/// What jq adds to a wrong command line.
pub(super) const HELP: &str = "Use jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://jqlang.github.io/jq";

/// Brackets, dots and operators that a program may have: the engine recurses over them.
const MOST_MARKS: usize = 160;

/// Refuses programs that may not end, and those that nest too deep for a recursive parser.
pub(super) fn refuse(source: &str, longest: usize, deepest: usize) -> Result<(), String> {
    if source.len() > longest || depth(source) > deepest {
        return Err("podhop: this jq program is longer than podhop reads".to_owned());
    }
    let mut quoted = false;
    let mut word = String::new();
    let mut words = Vec::new();
    let mut escaped = false;
    for letter in source.chars().chain([' ']) {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            letter if !quoted && (letter.is_alphanumeric() || letter == '_') => {
                word.push(letter);
                continue;
            }
            _ => {}
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    let endless =
        ["repeat", "until", "while", "def", "input", "inputs", "getpath_or", "combinations"];
    if let Some(word) = words.iter().find(|word| endless.contains(&word.as_str())) {
        return Err(format!(
            "podhop: jq's {word} is not simulated here; map, select and range are"
        ));
    }
    if source.matches(|c: char| c.is_ascii_punctuation()).count() > MOST_MARKS {
        return Err("podhop: this jq program is longer than podhop reads".to_owned());
    }
    let nested = ["if", "try", "reduce", "foreach", "label", "as"];
    if words.iter().filter(|word| nested.contains(&word.as_str())).count() > deepest
        || source.matches('-').count() > 2 * deepest
    {
        return Err("podhop: this jq program is longer than podhop reads".to_owned());
    }
    let large = words.iter().any(|word| word.parse::<f64>().is_ok_and(|number| number > 1e6));
    if large
        && (words.iter().any(|word| word == "range" || word == "limit")
            || source.contains('*') && source.contains('"'))
    {
        return Err("podhop: this jq program counts further than podhop does".to_owned());
    }
    Ok(())
}

/// How deep the brackets of a text nest.
pub(super) fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' | b'(' if !quoted || byte == b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' | b')' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A program that can't be read.
pub(super) fn syntax(source: &str, code: &str, errors: &Errors<&str, ()>) -> String {
    let mut unexpected = "end of file".to_owned();
    for (_, error) in errors {
        let found = match error {
            load::Error::Io(_) => continue,
            load::Error::Lex(all) => all.first().map(|(_, found)| *found),
            load::Error::Parse(all) => all.first().map(|(_, found)| *found),
        };
        if let Some(found) = found.filter(|found| !found.is_empty()) {
            let at = load::span(code, found).start;
            let letter = code[at..].chars().next().unwrap_or(' ');
            unexpected = match letter {
                letter if letter.is_alphanumeric() => "IDENT".to_owned(),
                letter if "|,.[]{}():;=<>+-*/%?$@\"".contains(letter) => format!("'{letter}'"),
                _ => "INVALID_CHARACTER".to_owned(),
            };
        }
        break;
    }
    format!(
        "jq: error: syntax error, unexpected {unexpected} (Unix shell quoting issues?) at <top-level>, line 1:\n{source}\njq: 1 compile error"
    )
}

/// A program that uses what does not exist.
pub(super) fn undefined(source: &str, errors: &compile::Errors<&str, ()>) -> String {
    let mut lines = Vec::new();
    for (_, found) in errors {
        for (name, kind) in found {
            let name = match kind {
                compile::Undefined::Filter(arguments) => format!("{name}/{arguments}"),
                _ => (*name).to_owned(),
            };
            lines.push(format!(
                "jq: error: {name} is not defined at <top-level>, line 1:\n{source}"
            ));
        }
    }
    let count = lines.len();
    lines.push(format!("jq: {count} compile error{}", if count == 1 { "" } else { "s" }));
    lines.join("\n")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// `string ("abc")`; long values are cut, as jq cuts them.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    let short = match text.chars().count() > 11 {
        true => format!("{}...", text.chars().take(10).collect::<String>()),
        false => text,
    };
    format!("{} ({short})", kind(value))
}

/// The JSON value that `text` begins with, and what follows it.
fn leading(text: &str) -> Option<(Value, &str)> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = stream.next()?.ok()?;
    Some((value, &text[stream.byte_offset()..]))
}

/// What the engine says about a value, in jq's words.
pub(super) fn runtime(message: &str) -> String {
    let text = translate(message).unwrap_or_else(|| match serde_json::from_str(message) {
        Ok(Value::String(text)) => text,
        Ok(other) => format!("{other} (not a string)"),
        Err(_) => message.to_owned(),
    });
    format!("jq: error (at <stdin>:0): {text}")
}

fn translate(message: &str) -> Option<String> {
    if let Some(rest) = message.strip_prefix("cannot index ") {
        let (value, rest) = leading(rest)?;
        let (key, _) = leading(rest.strip_prefix(" with ")?)?;
        return Some(match key {
            Value::String(_) => format!("Cannot index {} with {key}", kind(&value)),
            _ => format!("Cannot index {} with {}", kind(&value), kind(&key)),
        });
    }
    if let Some(rest) = message.strip_prefix("cannot calculate ") {
        let (left, rest) = leading(rest)?;
        let (operator, rest) = rest.trim_start().split_once(' ')?;
        let (right, _) = leading(rest)?;
        let verb = match operator {
            "+" => "added",
            "-" => "subtracted",
            "*" => "multiplied",
            "/" => "divided",
            _ => "divided (remainder)",
        };
        return Some(format!("{} and {} cannot be {verb}", shown(&left), shown(&right)));
    }
    let (value, rest) = leading(message.strip_prefix("cannot use ")?)?;
    let wanted = rest.strip_prefix(" as ")?;
    Some(match wanted {
        wanted if wanted.contains("iterable") => format!("Cannot iterate over {}", shown(&value)),
        "string" => format!("{} cannot be matched, as it is not a string", shown(&value)),
        "array" => format!("{} cannot be sorted, as it is not an array", shown(&value)),
        wanted => format!("{} is not {wanted}", shown(&value)),
    })
}

/// An input that is no JSON: jq says where it stopped reading.
pub(super) fn parse(text: &str, message: &str) -> String {
    let offset = message
        .strip_prefix("byte offset ")
        .and_then(|rest| rest.split_once(':'))
        .and_then(|(offset, _)| offset.parse::<usize>().ok());
    let mut at = offset.unwrap_or(0).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    // jq reads a whole word before it complains about it.
    let starts = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
    let begin = text[..at]
        .rfind(|letter| !starts(letter))
        .map_or(0, |before| before + text[before..].chars().next().map_or(1, char::len_utf8));
    let word = text[begin..].find(|letter| !starts(letter)).map_or(text.len(), |end| begin + end);
    let place = |end: usize| {
        let before = &text[..end];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count();
        (line, column)
    };
    if word > begin && word < text.len() {
        let (line, column) = place(word);
        return format!(
            "jq: parse error: Invalid numeric literal at line {line}, column {}",
            column + 1
        );
    }
    if word > begin {
        let (line, column) = place(word);
        return format!(
            "jq: parse error: Invalid numeric literal at EOF at line {line}, column {column}"
        );
    }
    let (line, column) = place(at);
    match text[at..].trim().is_empty() {
        true => {
            format!("jq: parse error: Unfinished JSON term at EOF at line {}, column 0", line + 1)
        }
        false => format!(
            "jq: parse error: Expected value before ',' at line {line}, column {}",
            column + 1
        ),
    }
}
