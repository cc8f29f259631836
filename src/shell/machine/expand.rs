//! Expansion: words to fields.
//!
//! A word may hold `$( … )`, which takes simulated time. So expansion is a pure function that is
//! given the outputs of the substitutions that have run so far: at the first one that has not run
//! it stops and names it, the machine runs it, and expansion begins again with one output more.
//! What it assigns on the way (`${x:=1}`, `$((i++))`) goes into a copy of the variables, which counts
//! only when it comes to its end.

use std::sync::Arc;

use super::arithmetic;
use super::pattern::Pattern;
use super::state::{State, Variables, assign};
use crate::random::Stream;
use crate::shell::files::{View, absolute};
use crate::shell::syntax::{Assignment, List, Operation, Parameter, Part, Word};

/// More text than a command line can be.
const LONGEST: usize = 2 << 20;

/// Why an expansion did not come to its end.
pub(super) enum Stop {
    /// The output of these commands is needed next.
    Substitute(Arc<List>),
    /// It can't be: what the shell says, after its name.
    Error(String),
}

pub(super) type Expanded<T> = Result<T, Stop>;

/// One expansion.
pub(super) struct Expander<'a> {
    state: &'a State,
    view: View<'a>,
    outputs: &'a [String],
    used: usize,
    /// The variables as the expansion leaves them.
    pub variables: Variables,
    /// How often `$RANDOM` was read.
    pub draws: u64,
}

/// A field while it is put together: its text, and the same as a pattern in which quoted
/// characters are escaped.
#[derive(Default)]
struct Field {
    text: String,
    pattern: String,
    magic: bool,
}

impl Field {
    fn bare(&mut self, text: &str) {
        self.text += text;
        self.pattern += text;
        self.magic |= text.contains(['*', '?', '[']);
    }

    fn quoted(&mut self, text: &str) {
        self.text += text;
        for letter in text.chars() {
            if matches!(letter, '*' | '?' | '[' | ']' | '\\' | '-' | '!') {
                self.pattern.push('\\');
            }
            self.pattern.push(letter);
        }
    }
}

/// Fields while they are put together.
#[derive(Default)]
struct Fields {
    done: Vec<Field>,
    current: Option<Field>,
}

impl Fields {
    fn current(&mut self) -> &mut Field {
        self.current.get_or_insert_default()
    }

    fn finish(&mut self) {
        self.done.extend(self.current.take());
    }

    /// Adds a value that is split at the characters of `separators`.
    fn split(&mut self, value: &str, separators: &str) {
        let blank = |c: char| separators.contains(c) && c.is_ascii_whitespace();
        let mut rest = value;
        loop {
            let trimmed = rest.trim_start_matches(blank);
            if trimmed.len() < rest.len() {
                self.finish();
            }
            rest = trimmed;
            if rest.is_empty() {
                return;
            }
            let end = rest.find(|c| separators.contains(c)).unwrap_or(rest.len());
            self.current().bare(&rest[..end]);
            rest = &rest[end..];
            let after = rest.trim_start_matches(blank);
            if let Some(mark) = after.chars().next().filter(|c| separators.contains(*c)) {
                self.current();
                self.finish();
                rest = &after[mark.len_utf8()..];
            }
        }
    }
}

impl<'a> Expander<'a> {
    pub fn new(state: &'a State, view: View<'a>, outputs: &'a [String]) -> Expander<'a> {
        let (variables, draws) = (state.variables.clone(), state.draws);
        Expander { state, view, outputs, used: 0, variables, draws }
    }

    /// The fields that `words` become: split and globbed.
    pub fn fields(&mut self, words: &[Word]) -> Expanded<Vec<String>> {
        let mut all = Vec::new();
        let mut size = 0;
        for word in words {
            let mut fields = Fields::default();
            self.parts(&word.parts, &mut fields, false)?;
            fields.finish();
            for field in fields.done {
                size += field.text.len() + 16;
                match field.magic && !self.state.options.no_glob {
                    true => all.extend(self.glob(field)),
                    false => all.push(field.text),
                }
            }
            if size > LONGEST {
                return Err(Stop::Error("argument list too long".to_owned()));
            }
        }
        Ok(all)
    }

    /// The one text that `word` becomes: neither split nor globbed.
    pub fn text(&mut self, word: &Word) -> Expanded<String> {
        Ok(self.single(&word.parts)?.text)
    }

    /// The pattern that `word` becomes: what was quoted stands for itself.
    pub fn pattern(&mut self, word: &Word) -> Expanded<String> {
        Ok(self.single(&word.parts)?.pattern)
    }

    /// Carries assignments out, one after the other, on the expansion's variables.
    pub fn assign(&mut self, assignments: &[Assignment]) -> Expanded<Vec<(String, String)>> {
        let mut all = Vec::new();
        for assignment in assignments {
            let mut value = self.text(&assignment.value)?;
            if assignment.append {
                value = self.read(&assignment.name).unwrap_or_default() + &value;
            }
            self.write(&assignment.name, value.clone())?;
            all.push((assignment.name.clone(), value));
        }
        Ok(all)
    }

    /// The value of the arithmetic expression that `word` spells.
    pub fn arithmetic(&mut self, word: &Word) -> Expanded<i64> {
        self.evaluate(&word.parts)
    }

    fn single(&mut self, parts: &[Part]) -> Expanded<Field> {
        let mut fields = Fields::default();
        self.parts(parts, &mut fields, true)?;
        fields.finish();
        let mut joined = Field::default();
        for (index, field) in fields.done.into_iter().enumerate() {
            if index > 0 {
                joined.bare(" ");
            }
            joined.text += &field.text;
            joined.pattern += &field.pattern;
        }
        match joined.text.len() > LONGEST {
            true => Err(Stop::Error("xrealloc: cannot allocate memory".to_owned())),
            false => Ok(joined),
        }
    }

    fn parts(&mut self, parts: &[Part], fields: &mut Fields, whole: bool) -> Expanded<()> {
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Bare(text) if index == 0 && text.starts_with('~') => {
                    let (home, rest) = self.tilde(text);
                    fields.current().quoted(&home);
                    fields.current().bare(&rest);
                }
                Part::Bare(text) => fields.current().bare(text),
                Part::Quoted(text) => fields.current().quoted(text),
                Part::Double(inner) => {
                    if inner.is_empty() {
                        fields.current();
                    }
                    self.double(inner, fields)?;
                }
                Part::Parameter(parameter) => self.parameter(parameter, fields, whole)?,
                Part::Substitution(list) => {
                    let output = self.substitute(list)?;
                    self.add(&output, fields, whole);
                }
                Part::Arithmetic(inner) => {
                    let value = self.evaluate(inner)?.to_string();
                    self.add(&value, fields, whole);
                }
            }
        }
        Ok(())
    }

    /// Adds a value that came without quotes.
    fn add(&self, value: &str, fields: &mut Fields, whole: bool) {
        match whole {
            true => fields.current().bare(value),
            false => {
                let separators = self.read("IFS");
                fields.split(value, separators.as_deref().unwrap_or(" \t\n"));
            }
        }
    }

    fn double(&mut self, parts: &[Part], fields: &mut Fields) -> Expanded<()> {
        for part in parts {
            match part {
                Part::Bare(text) | Part::Quoted(text) => fields.current().quoted(text),
                Part::Double(inner) => self.double(inner, fields)?,
                Part::Parameter(parameter)
                    if parameter.name == "@" && parameter.operation == Operation::Value =>
                {
                    for (index, value) in self.state.positional.iter().enumerate() {
                        if index > 0 {
                            fields.finish();
                        }
                        fields.current().quoted(value);
                    }
                    if parts.len() > 1 {
                        fields.current();
                    }
                }
                Part::Parameter(parameter) => {
                    let value = self.operate(parameter, true)?;
                    fields.current().quoted(&value.unwrap_or_default());
                }
                Part::Substitution(list) => {
                    let output = self.substitute(list)?;
                    fields.current().quoted(&output);
                }
                Part::Arithmetic(inner) => {
                    let value = self.evaluate(inner)?.to_string();
                    fields.current().quoted(&value);
                }
            }
        }
        Ok(())
    }

    fn parameter(
        &mut self,
        parameter: &Parameter,
        fields: &mut Fields,
        whole: bool,
    ) -> Expanded<()> {
        let plain = parameter.operation == Operation::Value;
        if plain && matches!(parameter.name.as_str(), "@" | "*") && !whole {
            for (index, value) in self.state.positional.iter().enumerate() {
                if index > 0 {
                    fields.finish();
                }
                self.add(value, fields, false);
            }
            return Ok(());
        }
        // The word of `${x:-word}` keeps its own quotes.
        if let Some(word) = self.replacement(parameter) {
            let word = word.clone();
            return self.parts(&word.parts, fields, whole);
        }
        if let Some(value) = self.operate(parameter, false)? {
            self.add(&value, fields, whole);
        }
        Ok(())
    }

    /// The word that stands for a parameter, when it does.
    fn replacement<'w>(&self, parameter: &'w Parameter) -> Option<&'w Word> {
        let value = self.read(&parameter.name);
        let missing = |colon: bool| match &value {
            None => true,
            Some(value) => colon && value.is_empty(),
        };
        match &parameter.operation {
            Operation::Default { colon, word } if missing(*colon) => Some(word),
            Operation::Alternative { colon, word } if !missing(*colon) => Some(word),
            _ => None,
        }
    }

    /// A parameter's value after its operation; `None` when it is unset.
    fn operate(&mut self, parameter: &Parameter, quoted: bool) -> Expanded<Option<String>> {
        if let Some(word) = self.replacement(parameter) {
            let word = word.clone();
            if !quoted {
                return Ok(Some(self.text(&word)?));
            }
            let mut fields = Fields::default();
            fields.current();
            self.double(&word.parts, &mut fields)?;
            fields.finish();
            let texts: Vec<String> = fields.done.into_iter().map(|field| field.text).collect();
            return Ok(Some(texts.join(" ")));
        }
        let name = &parameter.name;
        let value = self.value(name);
        let missing = |colon: bool| match &value {
            None => true,
            Some(value) => colon && value.is_empty(),
        };
        let result = match &parameter.operation {
            Operation::Default { .. } => value,
            Operation::Alternative { .. } => None,
            Operation::Assign { colon, word } if missing(*colon) => {
                let text = self.text(word)?;
                self.write(name, text.clone())?;
                Some(text)
            }
            Operation::Assign { .. } => value,
            Operation::Require { colon, word } if missing(*colon) => {
                let text = self.text(word)?;
                let text = match text.as_str() {
                    "" if *colon => "parameter null or not set".to_owned(),
                    "" => "parameter not set".to_owned(),
                    _ => text,
                };
                return Err(Stop::Error(format!("{name}: {text}")));
            }
            Operation::Require { .. } => value,
            Operation::Bad(text) => {
                return Err(Stop::Error(format!("{text}: bad substitution")));
            }
            operation => {
                let unset = value.is_none() && !matches!(name.as_str(), "@" | "*" | "!");
                if unset && self.state.options.no_unset {
                    return Err(Stop::Error(format!("{name}: unbound variable")));
                }
                match (operation, value) {
                    (Operation::Length, value) => Some(self.length(name, value)),
                    (_, None) => None,
                    (operation, Some(value)) => Some(self.transform(operation, value)?),
                }
            }
        };
        Ok(result)
    }

    fn length(&self, name: &str, value: Option<String>) -> String {
        match name {
            "@" | "*" => self.state.positional.len().to_string(),
            _ => value.unwrap_or_default().chars().count().to_string(),
        }
    }

    fn transform(&mut self, operation: &Operation, value: String) -> Expanded<String> {
        Ok(match operation {
            Operation::TrimStart { longest, pattern } => {
                let pattern = Pattern::new(&self.pattern(pattern)?);
                let end = pattern.prefix(&value, *longest).unwrap_or(0);
                value[end..].to_owned()
            }
            Operation::TrimEnd { longest, pattern } => {
                let pattern = Pattern::new(&self.pattern(pattern)?);
                let start = pattern.suffix(&value, *longest).unwrap_or(value.len());
                value[..start].to_owned()
            }
            Operation::Replace { all, pattern, text } => {
                let pattern = self.pattern(pattern)?;
                let text = self.text(text)?;
                replace(&value, &pattern, &text, *all)
            }
            Operation::Slice { offset, length } => {
                let offset = self.arithmetic(offset)?;
                let length = match length {
                    Some(length) => Some(self.arithmetic(length)?),
                    None => None,
                };
                slice(&value, offset, length)
            }
            Operation::Case { upper, all } => {
                let turn = |letter: char| match upper {
                    true => letter.to_uppercase().to_string(),
                    false => letter.to_lowercase().to_string(),
                };
                let letters = value.chars().enumerate();
                let turned = letters.map(|(index, letter)| match *all || index == 0 {
                    true => turn(letter),
                    false => letter.to_string(),
                });
                turned.collect()
            }
            _ => value,
        })
    }

    fn tilde(&self, text: &str) -> (String, String) {
        let (user, rest) = match text.find('/') {
            Some(slash) => text.split_at(slash),
            None => (text, ""),
        };
        match (user, self.read("HOME")) {
            ("~", Some(home)) => (home, rest.to_owned()),
            _ => (String::new(), text.to_owned()),
        }
    }

    fn substitute(&mut self, list: &Arc<List>) -> Expanded<String> {
        let output = self.outputs.get(self.used).cloned();
        self.used += 1;
        output.ok_or_else(|| Stop::Substitute(list.clone()))
    }

    fn evaluate(&mut self, parts: &[Part]) -> Expanded<i64> {
        let text = self.single(parts)?.text;
        arithmetic::evaluate(&text, self).map_err(|why| {
            Stop::Error(match self.state.dialect {
                crate::shell::syntax::Dialect::Bash => format!("{}: {why}", text.trim()),
                _ => format!("arithmetic syntax error: {}", text.trim()),
            })
        })
    }

    /// A parameter's value, special ones included. Reading `$RANDOM` draws.
    fn value(&mut self, name: &str) -> Option<String> {
        if name == "RANDOM" && !self.variables.contains_key("RANDOM") {
            self.draws += 1;
            return Some(Stream::new(self.draws, "RANDOM").below(32_768).to_string());
        }
        self.read(name)
    }

    fn read(&self, name: &str) -> Option<String> {
        let state = self.state;
        if let Some(variable) = self.variables.get(name) {
            return Some(variable.value.clone());
        }
        Some(match name {
            "?" => state.status.to_string(),
            "#" => state.positional.len().to_string(),
            "@" | "*" if state.positional.is_empty() => return None,
            "@" | "*" => state.positional.join(" "),
            "$" => state.pid.to_string(),
            "!" => state.last_job?.to_string(),
            "-" => flags(state),
            "0" => state.name.clone(),
            "PWD" => absolute(&state.place, &state.directory, ""),
            "LINENO" => state.line.to_string(),
            "SECONDS" => (self.view.cluster.now().as_millis() / 1000).to_string(),
            _ => {
                let index: usize = name.parse().ok()?;
                return state.positional.get(index.checked_sub(1)?).cloned();
            }
        })
    }

    fn write(&mut self, name: &str, value: String) -> Expanded<()> {
        if value.len() > LONGEST {
            return Err(Stop::Error("xrealloc: cannot allocate memory".to_owned()));
        }
        assign(&mut self.variables, name, value).map_err(Stop::Error)
    }

    /// The paths that a pattern matches; its own text when there are none.
    fn glob(&self, field: Field) -> Vec<String> {
        let (mut found, rest) = match field.pattern.strip_prefix('/') {
            Some(rest) => (vec!["/".to_owned()], rest),
            None => (vec![String::new()], field.pattern.as_str()),
        };
        let folders = rest.ends_with('/');
        let steps: Vec<&str> = rest.split('/').filter(|step| !step.is_empty()).collect();
        for (index, step) in steps.iter().enumerate() {
            let pattern = Pattern::new(step);
            let last = index + 1 == steps.len();
            let mut next = Vec::new();
            for folder in &found {
                let path = absolute(&self.state.place, &self.state.directory, folder);
                for name in self.view.list(&path).unwrap_or_default() {
                    let plain = name.trim_end_matches('/');
                    let hidden = plain.starts_with('.') && !step.starts_with('.');
                    let passes = (last && !folders) || plain != name;
                    if hidden || !pattern.matches(plain) || !passes {
                        continue;
                    }
                    let end = if last && !folders { "" } else { "/" };
                    next.push(format!("{folder}{plain}{end}"));
                }
            }
            found = next;
        }
        match found.is_empty() {
            true => vec![field.text],
            false => found,
        }
    }
}

impl arithmetic::Variables for Expander<'_> {
    fn read(&self, name: &str) -> String {
        Expander::read(self, name).unwrap_or_default()
    }

    fn write(&mut self, name: &str, value: i64) {
        // A read-only variable keeps its value; the expression goes on.
        let _ = assign(&mut self.variables, name, value.to_string());
    }
}

fn flags(state: &State) -> String {
    let options = state.options;
    let on = [
        (options.exit_on_error, 'e'),
        (options.no_glob, 'f'),
        (true, 'h'),
        (state.interactive, 'i'),
        (options.no_unset, 'u'),
        (options.trace, 'x'),
    ];
    on.into_iter().filter(|(on, _)| *on).map(|(_, letter)| letter).collect()
}

fn replace(value: &str, pattern: &str, text: &str, all: bool) -> String {
    let (at_start, at_end) = (pattern.starts_with('#'), pattern.starts_with('%'));
    if at_start || at_end {
        let pattern = Pattern::new(&pattern[1..]);
        return match at_start {
            true => match pattern.prefix(value, true) {
                Some(end) => format!("{text}{}", &value[end..]),
                None => value.to_owned(),
            },
            false => match pattern.suffix(value, true) {
                Some(start) => format!("{}{text}", &value[..start]),
                None => value.to_owned(),
            },
        };
    }
    let pattern = Pattern::new(pattern);
    let mut out = String::new();
    let mut rest = value;
    let mut replaced = false;
    while let Some(letter) = rest.chars().next() {
        let found = match replaced && !all {
            true => None,
            false => pattern.prefix(rest, true).filter(|end| *end > 0),
        };
        match found {
            Some(end) => {
                out += text;
                rest = &rest[end..];
                replaced = true;
            }
            None => {
                out.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
        if replaced && !all {
            break;
        }
    }
    out + rest
}

fn slice(value: &str, offset: i64, length: Option<i64>) -> String {
    let letters: Vec<char> = value.chars().collect();
    let size = letters.len() as i64;
    let start = if offset < 0 { size.saturating_add(offset) } else { offset };
    if !(0..=size).contains(&start) {
        return String::new();
    }
    let end = match length {
        None => size,
        Some(length) if length < 0 => size.saturating_add(length).max(start),
        Some(length) => start.saturating_add(length).min(size),
    };
    letters[start as usize..end as usize].iter().collect()
}
