//! `expr`: what a few words come to.

use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::text::regex::{Syntax, compile};

/// Expressions within one another, which are read by recursion.
const DEEPEST: u32 = 500;

/// The shell's steps that one pattern may take.
const MOST_WORK: u64 = 2_000_000;

struct Reader<'a> {
    words: &'a [String],
    at: usize,
    depth: u32,
    gnu: bool,
    /// Whether what is read does not count any more: `1 | …`, `0 & …`.
    idle: bool,
}

const LEVELS: [&[&str]; 5] =
    [&["|"], &["&"], &["<", "<=", "=", "==", "!=", ">=", ">"], &["+", "-"], &["*", "/", "%"]];

impl Reader<'_> {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.at).map(String::as_str)
    }

    fn level(&mut self, level: usize) -> Result<String, String> {
        let Some(operators) = LEVELS.get(level) else { return self.colon() };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.peek().filter(|word| operators.contains(word)) {
            let operator = operator.to_owned();
            self.at += 1;
            let before = self.idle;
            self.idle |= self.is_decided(&left, &operator);
            let right = self.level(level + 1);
            self.idle = before;
            left = self.joined(left, &operator, right)?;
        }
        Ok(left)
    }

    /// Whether what follows the operator does not count any more.
    fn is_decided(&self, left: &str, operator: &str) -> bool {
        match operator {
            "|" => !self.is_null(left),
            "&" => self.is_null(left),
            _ => false,
        }
    }

    /// What an operator makes of both sides. Of the right one only a fault counts where the left one decides.
    fn joined(
        &self,
        left: String,
        operator: &str,
        right: Result<String, String>,
    ) -> Result<String, String> {
        let right = right?;
        Ok(match operator {
            "|" if !self.is_null(&left) => left,
            "|" if self.gnu && self.is_null(&right) => "0".to_owned(),
            "|" => right,
            "&" if self.is_null(&left) || self.is_null(&right) => "0".to_owned(),
            "&" => left,
            _ if self.idle => left,
            _ => apply(&left, operator, &right, self.gnu)?,
        })
    }

    fn colon(&mut self) -> Result<String, String> {
        let mut left = self.primary()?;
        while self.peek() == Some(":") {
            self.at += 1;
            let pattern = self.primary()?;
            if !self.idle {
                left = matched(&left, &pattern)?;
            }
        }
        Ok(left)
    }

    /// Nothing, or zero: GNU's takes every number of zeros for it.
    fn is_null(&self, value: &str) -> bool {
        let zeros = value.strip_prefix('-').unwrap_or(value);
        let zero = !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0');
        value.is_empty() || value == "0" || self.gnu && zero
    }

    fn primary(&mut self) -> Result<String, String> {
        if self.depth == DEEPEST {
            return Err(
                "podhop: expr: expressions that nest this deep are not simulated here".to_owned()
            );
        }
        self.depth += 1;
        let value = self.operand();
        self.depth -= 1;
        value
    }

    /// A bracket that is not closed where it should be.
    fn unclosed(&self) -> String {
        let word = self.peek().or(self.words.last().map(String::as_str)).unwrap_or_default();
        let word = word.to_owned();
        match (self.gnu, self.at < self.words.len()) {
            (false, _) => "expr: syntax error: expecting ')'".to_owned(),
            (true, true) => format!("expr: syntax error: expecting ')' instead of '{word}'"),
            (true, false) => format!("expr: syntax error: expecting ')' after '{word}'"),
        }
    }

    fn operand(&mut self) -> Result<String, String> {
        let Some(word) = self.peek().map(str::to_owned) else {
            return Err(match self.words.last() {
                Some(last) => format!("expr: syntax error: missing argument after '{last}'"),
                None => "expr: missing operand\nTry 'expr --help' for more information.".to_owned(),
            });
        };
        self.at += 1;
        match word.as_str() {
            "(" => {
                let value = self.level(0)?;
                match self.peek() {
                    Some(")") => {
                        self.at += 1;
                        Ok(value)
                    }
                    _ => Err(self.unclosed()),
                }
            }
            // What follows is a text, even if it is an operator.
            "+" if self.gnu && self.peek().is_some() => {
                let text = self.peek().unwrap_or_default().to_owned();
                self.at += 1;
                Ok(text)
            }
            ")" => Err("expr: syntax error: unexpected ')'".to_owned()),
            "index" => {
                let (text, letters) = (self.primary()?, self.primary()?);
                let found = text.chars().position(|letter| letters.contains(letter));
                Ok(found.map_or(0, |at| at + 1).to_string())
            }
            "length" => Ok(self.primary()?.chars().count().to_string()),
            "match" => {
                let (text, pattern) = (self.primary()?, self.primary()?);
                matched(&text, &pattern)
            }
            "substr" => {
                let (text, start, length) = (self.primary()?, self.primary()?, self.primary()?);
                let start: usize = start.parse().unwrap_or(0);
                let length: usize = length.parse().unwrap_or(0);
                let letters = text.chars().skip(start.saturating_sub(1));
                Ok(if start == 0 { String::new() } else { letters.take(length).collect() })
            }
            _ => Ok(word),
        }
    }
}

/// `TEXT : PATTERN`: the pattern is looked for at the beginning. What its group holds, or how long
/// the match is.
fn matched(text: &str, pattern: &str) -> Result<String, String> {
    let pattern = compile(&format!("^{}", pattern.trim_start_matches('^')), Syntax::Basic, false)
        .map_err(|why| format!("expr: {why}"))?;
    let part = |(start, end): (usize, usize)| &text[start..end];
    let found = pattern.captures_at(text, 0);
    if pattern.work() > MOST_WORK {
        return Err("podhop: expr: patterns that take this long are not simulated here".to_owned());
    }
    let group = |index: usize| {
        found.as_ref().and_then(|groups| groups.get(index).copied().flatten()).map_or("", part)
    };
    Ok(match pattern.groups() > 0 {
        true => group(1).to_owned(),
        false => group(0).chars().count().to_string(),
    })
}

fn apply(left: &str, operator: &str, right: &str, gnu: bool) -> Result<String, String> {
    let numbers = left.parse::<i128>().ok().zip(right.parse::<i128>().ok());
    let truth = |holds: bool| if holds { "1" } else { "0" }.to_owned();
    let order = match numbers {
        Some((left, right)) => left.cmp(&right),
        None => left.cmp(right),
    };
    Ok(match operator {
        "<" => truth(order.is_lt()),
        "<=" => truth(order.is_le()),
        "=" | "==" => truth(order.is_eq()),
        "!=" => truth(order.is_ne()),
        ">=" => truth(order.is_ge()),
        ">" => truth(order.is_gt()),
        _ => {
            let Some((left, right)) = numbers else {
                return Err("expr: non-integer argument".to_owned());
            };
            let value = match operator {
                "+" => left.checked_add(right),
                "-" => left.checked_sub(right),
                "*" => left.checked_mul(right),
                _ if right == 0 => return Err("expr: division by zero".to_owned()),
                "/" => left.checked_div(right),
                _ => left.checked_rem(right),
            };
            // BusyBox' numbers have 64 bits, and go round.
            let value = value.ok_or("expr: Numerical result out of range")?;
            if gnu { value.to_string() } else { (value as i64).to_string() }
        }
    })
}

/// What BusyBox' expr says of the same.
fn busybox_words(message: &str) -> &str {
    match message {
        text if text.contains("missing operand") => "expr: too few arguments",
        text if text.contains("syntax error") => "expr: syntax error",
        text if text.contains("non-integer argument") => "expr: non-numeric argument",
        text => text,
    }
}

pub(in crate::shell::commands) fn expr(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = commands::is_gnu(io);
    let words = match arguments.first().is_some_and(|first| first == "--") && gnu {
        true => &arguments[1..],
        false => arguments,
    };
    let mut reader = Reader { words, at: 0, depth: 0, gnu, idle: false };
    let result = reader.level(0).and_then(|value| match reader.peek() {
        None => Ok(value),
        Some(extra) => Err(format!("expr: syntax error: unexpected argument '{extra}'")),
    });
    Some(match result {
        Ok(value) => {
            let status = i32::from(reader.is_null(&value));
            io.say(value);
            status
        }
        Err(message) => {
            io.write_error(if gnu { &message } else { busybox_words(&message) });
            2
        }
    })
}
