//! `match` and its kin.

use std::rc::Rc;

use super::run::Run;
use super::stop::{Stop, error};
use super::value::Value;

/// Steps that it takes to compile a pattern.
const COMPILED: u64 = 300;

/// A pattern with its flags, compiled.
pub(super) struct Compiled {
    pattern: Rc<str>,
    flags: String,
    regex: regex::Regex,
}

/// Where a pattern is found in a text; with `test`, only whether it is.
pub(super) fn find(
    run: &mut Run<'_>,
    input: &Value,
    pattern: &Value,
    flags: &Value,
    test: bool,
) -> Result<Value, Stop> {
    let not_text = |value: &Value| {
        error(format!("{} cannot be matched, as it is not a string", value.shown()))
    };
    let Value::String(text) = input else { return not_text(input) };
    let Value::String(pattern) = pattern else { return not_text(pattern) };
    let flags = match flags {
        Value::Null => "",
        Value::String(flags) => flags,
        other => return error(format!("{} is not a string", other.shown())),
    };
    let mut builder = Builder::default();
    for flag in flags.chars() {
        match flag {
            'g' => builder.all = true,
            'i' => builder.fold = true,
            'x' => builder.extended = true,
            's' => builder.single = true,
            'n' => builder.no_empty = true,
            'p' => builder.single = true,
            'l' => {}
            _ => return error(format!("{flags} is not a valid modifier string")),
        }
    }
    let same = |known: &Compiled| known.pattern == *pattern && known.flags == flags;
    if !run.pattern.as_ref().is_some_and(same) {
        run.spend(COMPILED)?;
        let regex = builder.compile(pattern)?;
        let (pattern, flags) = (pattern.clone(), flags.to_owned());
        run.pattern = Some(Compiled { pattern, flags, regex });
    }
    let Some(Compiled { regex, .. }) = &run.pattern else { return Ok(Value::Null) };
    let mut letters = Letters { text, at: 0, letters: 0 };
    if test {
        return Ok(Value::Bool(regex.is_match(text)));
    }
    let names: Vec<Option<&str>> = regex.capture_names().collect();
    let mut found = Vec::new();
    for captures in regex.captures_iter(text) {
        if builder.no_empty && captures.get(0).is_some_and(|whole| whole.is_empty()) {
            continue;
        }
        found.push(one(&mut letters, &captures, &names));
        if !builder.all {
            break;
        }
    }
    Ok(Value::array(found))
}

#[derive(Default)]
struct Builder {
    all: bool,
    fold: bool,
    extended: bool,
    single: bool,
    no_empty: bool,
}

impl Builder {
    fn compile(&self, pattern: &str) -> Result<regex::Regex, Stop> {
        let built = regex::RegexBuilder::new(pattern)
            .case_insensitive(self.fold)
            .ignore_whitespace(self.extended)
            .dot_matches_new_line(self.single)
            // Oniguruma's Ruby syntax: anchors are about lines.
            .multi_line(true)
            .size_limit(1 << 20)
            .build();
        built.or_else(|_| {
            let around = ["(?=", "(?!", "(?<=", "(?<!", "(?>"];
            if around.iter().any(|start| pattern.contains(start)) || pattern.contains("\\1") {
                return error(format!(
                    "podhop: {pattern}: looking around and back is not simulated here"
                ));
            }
            let open = pattern.replace("\\(", "").matches('(').count();
            let close = pattern.replace("\\)", "").matches(')').count();
            error(match (open > close, close > open) {
                (true, _) => "Regex failure: end pattern with unmatched parenthesis".to_owned(),
                (_, true) => "Regex failure: unmatched close parenthesis".to_owned(),
                _ if pattern.ends_with('\\') => "Regex failure: end pattern at escape".to_owned(),
                _ if pattern.starts_with(['*', '+', '?']) => {
                    "Regex failure: target of repeat operator is not specified".to_owned()
                }
                _ => "Regex failure: premature end of char-class".to_owned(),
            })
        })
    }
}

/// Counts the characters before a place; places come more or less in order.
struct Letters<'t> {
    text: &'t str,
    at: usize,
    letters: usize,
}

impl Letters<'_> {
    fn before(&mut self, place: usize) -> f64 {
        let count = |from: usize, to: usize| self.text[from..to].chars().count();
        self.letters = match place >= self.at {
            true => self.letters + count(self.at, place),
            false => self.letters - count(place, self.at),
        };
        self.at = place;
        self.letters as f64
    }
}

/// A match as an object; offsets count characters.
fn one(letters: &mut Letters<'_>, captures: &regex::Captures<'_>, names: &[Option<&str>]) -> Value {
    let mut part = |at: usize| {
        let found = captures.get(at);
        let offset = found.map_or(-1.0, |found| letters.before(found.start()));
        let length = found.map_or(0.0, |found| found.as_str().chars().count() as f64);
        let string = found.map_or(Value::Null, |found| Value::text(found.as_str()));
        [
            (Rc::from("offset"), Value::Number(offset)),
            (Rc::from("length"), Value::Number(length)),
            (Rc::from("string"), string),
        ]
    };
    let whole = part(0);
    let groups = (1..captures.len()).map(|at| {
        let name = names.get(at).copied().flatten().map_or(Value::Null, Value::text);
        Value::object(part(at).into_iter().chain([(Rc::from("name"), name)]))
    });
    let captured: (Rc<str>, Value) = (Rc::from("captures"), Value::array(groups.collect()));
    Value::object(whole.into_iter().chain([captured]))
}
