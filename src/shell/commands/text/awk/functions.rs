//! `print`, `printf` and the built-in functions.

use std::collections::BTreeMap;

use super::run::{LONGEST, Machine, Ran, split};
use super::tree::Expression;
use super::value::Value;
use crate::shell::commands::print;
use crate::shell::commands::text::regex::{Regex, Syntax, compile};

impl Machine {
    pub(super) fn print(&mut self, values: &[Expression]) -> Ran<()> {
        let text = match values {
            [] => self.record.clone(),
            values => {
                let mut texts = Vec::new();
                for value in values {
                    texts.push(self.value(value)?.text());
                }
                texts.join(&self.variable("OFS").text())
            }
        };
        self.output += &text;
        self.output += &self.variable("ORS").text();
        Ok(())
    }

    pub(super) fn format(&mut self, values: &[Expression]) -> Ran<String> {
        let mut texts = Vec::new();
        for value in values {
            texts.push(self.value(value)?);
        }
        let Some((format, values)) = texts.split_first() else { return Ok(String::new()) };
        let mut format = format.text();
        // The shell's printf repeats its format and reads escapes; awk's does neither.
        format = format.replace('\\', "\\\\");
        let wanted = directives(&format);
        let mut arguments = vec![format];
        for (index, kind) in wanted.iter().enumerate() {
            let value = values.get(index).cloned().unwrap_or(Value::Nothing);
            arguments.push(match kind {
                'd' | 'i' | 'u' | 'x' | 'X' | 'o' => format!("{}", value.number().trunc() as i64),
                'f' | 'F' | 'e' | 'g' => format!("{}", value.number()),
                'c' => match value {
                    Value::Number(number) => {
                        char::from_u32(number as u32).unwrap_or('\u{fffd}').to_string()
                    }
                    other => other.text(),
                },
                _ => value.text(),
            });
        }
        match print::format(&arguments) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err((_, why)) => Err(why),
        }
    }

    pub(super) fn call(&mut self, name: &str, arguments: &[Expression]) -> Ran<Value> {
        match (name, arguments) {
            ("sub" | "gsub", [pattern, text, ..]) => {
                return self.substitute(pattern, text, arguments.get(2), name == "gsub");
            }
            ("split", [text, Expression::Variable(array), ..]) => {
                let text = self.value(text)?.text();
                let separator = match arguments.get(2) {
                    Some(Expression::Regex(pattern)) => pattern.source().to_owned(),
                    Some(other) => self.value(other)?.text(),
                    None => self.variable("FS").text(),
                };
                let parts = split(&text, &separator);
                let count = parts.len() as f64;
                let numbered = parts.into_iter().enumerate();
                let array_value =
                    numbered.map(|(index, part)| ((index + 1).to_string(), Value::Input(part)));
                self.arrays.insert(array.clone(), array_value.collect());
                return Ok(Value::Number(count));
            }
            ("match", [text, pattern, ..]) => {
                let text = self.value(text)?.text();
                let pattern = self.pattern(pattern)?;
                let found = pattern.find(&text);
                let letters = |text: &str| text.chars().count() as f64;
                let (start, length) = match found {
                    Some((start, end)) => {
                        (letters(&text[..start]) + 1.0, letters(&text[start..end]))
                    }
                    None => (0.0, -1.0),
                };
                self.set_number("RSTART", start);
                self.set_number("RLENGTH", length);
                return Ok(Value::Number(start));
            }
            ("length", [Expression::Variable(array)]) if self.arrays.contains_key(array) => {
                let size = self.arrays.get(array).map_or(0, BTreeMap::len);
                return Ok(Value::Number(size as f64));
            }
            ("sprintf", values) => {
                let text = self.format(values)?;
                self.make(text.len())?;
                return Ok(Value::Text(text));
            }
            ("system", _) => {
                return Err(
                    "podhop: system() is not simulated here; use the shell itself".to_owned()
                );
            }
            _ => {}
        }
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        let text = || values.first().map_or_else(|| self.record.clone(), Value::text);
        let number = |index: usize| values.get(index).map_or(0.0, Value::number);
        Ok(match name {
            "length" => Value::Number(text().chars().count() as f64),
            "toupper" => Value::Text(text().to_uppercase()),
            "tolower" => Value::Text(text().to_lowercase()),
            "int" => Value::Number(number(0).trunc()),
            "sqrt" => Value::Number(number(0).sqrt()),
            "index" => {
                let (text, wanted) = (text(), values.get(1).map(Value::text).unwrap_or_default());
                let at = text.find(&wanted).map_or(0, |at| text[..at].chars().count() + 1);
                Value::Number(at as f64)
            }
            "substr" => {
                let start = number(1).round();
                let end = match values.len() > 2 {
                    true => start + number(2).round(),
                    false => f64::INFINITY,
                };
                let letters = text();
                let kept = letters.chars().enumerate().filter(|(index, _)| {
                    let at = *index as f64 + 1.0;
                    at >= start && at < end
                });
                Value::Text(kept.map(|(_, letter)| letter).collect())
            }
            other => return Err(format!("not enough arguments to {other}")),
        })
    }

    pub(super) fn substitute(
        &mut self,
        pattern: &Expression,
        text: &Expression,
        place: Option<&Expression>,
        all: bool,
    ) -> Ran<Value> {
        let record = Expression::Field(Box::new(Expression::Number(0.0)));
        let place = place.unwrap_or(&record);
        let pattern = self.pattern(pattern)?;
        let text = self.value(text)?.text();
        let before = self.value(place)?.text();
        let mut after = String::new();
        self.make(before.len())?;
        let (mut end, mut count) = (0, 0.0);
        for (start, stop) in pattern.find_all(&before) {
            after += &before[end..start];
            after += &replacement(&text, &before[start..stop]);
            end = stop;
            count += 1.0;
            if after.len() > LONGEST {
                break;
            }
            if !all {
                break;
            }
        }
        after += &before[end..];
        self.make(after.len())?;
        if count > 0.0 {
            self.assign(place, Value::Text(after))?;
        }
        Ok(Value::Number(count))
    }

    pub(super) fn pattern(&mut self, expression: &Expression) -> Ran<Regex> {
        match expression {
            Expression::Regex(pattern) => Ok(pattern.clone()),
            other => {
                let text = self.value(other)?.text();
                compile(&text, Syntax::Awk, false)
            }
        }
    }
}

/// `&` stands for what was found, `\&` for itself.
fn replacement(text: &str, found: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.next_if_eq(&'&').is_some() => out.push('&'),
            '&' => out += found,
            other => out.push(other),
        }
    }
    out
}

/// The conversions of a format, in order.
fn directives(format: &str) -> Vec<char> {
    let mut kinds = Vec::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter == '%' {
            let kind = letters.by_ref().find(|next| !"-+ #0123456789.".contains(*next));
            kinds.extend(kind.filter(|kind| *kind != '%'));
        }
    }
    kinds
}
