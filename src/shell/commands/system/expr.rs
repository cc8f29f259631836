//! `expr` and `factor`.

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
            let right = self.level(level + 1)?;
            left = apply(&left, &operator, &right)?;
        }
        Ok(left)
    }

    fn colon(&mut self) -> Result<String, String> {
        let mut left = self.primary()?;
        while self.peek() == Some(":") {
            self.at += 1;
            let pattern = self.primary()?;
            left = matched(&left, &pattern)?;
        }
        Ok(left)
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
            "index" if self.words.len() > self.at + 1 => {
                let (text, letters) = (self.primary()?, self.primary()?);
                let found = text.chars().position(|letter| letters.contains(letter));
                Ok(found.map_or(0, |at| at + 1).to_string())
            }
            "length" if self.peek().is_some() => Ok(self.primary()?.chars().count().to_string()),
            "match" if self.words.len() > self.at + 1 => {
                let (text, pattern) = (self.primary()?, self.primary()?);
                matched(&text, &pattern)
            }
            "substr" if self.words.len() > self.at + 2 => {
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

fn is_null(value: &str) -> bool {
    value.is_empty() || value == "0"
}

fn apply(left: &str, operator: &str, right: &str) -> Result<String, String> {
    let numbers = left.parse::<i64>().ok().zip(right.parse::<i64>().ok());
    let truth = |holds: bool| if holds { "1" } else { "0" }.to_owned();
    let order = match numbers {
        Some((left, right)) => left.cmp(&right),
        None => left.cmp(right),
    };
    Ok(match operator {
        "|" => if is_null(left) { right } else { left }.to_owned(),
        "&" => if is_null(left) || is_null(right) { "0" } else { left }.to_owned(),
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
            value.ok_or("expr: Numerical result out of range")?.to_string()
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
    let mut reader = Reader { words: arguments, at: 0, depth: 0, gnu };
    let result = reader.level(0).and_then(|value| match reader.peek() {
        None => Ok(value),
        Some(extra) => Err(format!("expr: syntax error: unexpected argument '{extra}'")),
    });
    Some(match result {
        Ok(value) => {
            let status = i32::from(is_null(&value));
            io.say(value);
            status
        }
        Err(message) => {
            io.write_error(if gnu { &message } else { busybox_words(&message) });
            2
        }
    })
}
/// `factor`: the primes of numbers, of the arguments or of standard input.
pub(in crate::shell::commands) fn factor(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = commands::is_gnu(io);
    let Some(options) = commands::options::Grammar::short("factor", "").read(arguments, io) else {
        return Some(1);
    };
    let mut words = options.operands.clone();
    if words.is_empty() {
        let text = String::from_utf8_lossy(&io.read_all()?).into_owned();
        words = text.split_whitespace().map(str::to_owned).collect();
    }
    let mut status = 0;
    for word in words {
        match word.trim_start_matches('+').parse::<u64>() {
            // What has larger primes would take too long.
            Ok(number) if number > 1 << 44 => {
                status = 1;
                io.write_error(commands::trouble::left_out("factor", "numbers above 2^44"));
            }
            Ok(number) => {
                if !io.budget.take(number.isqrt() / DIVISIONS_PER_STEP) {
                    return Some(1);
                }
                let primes: String =
                    primes(number).iter().map(|prime| format!(" {prime}")).collect();
                io.say(format!("{number}:{primes}"));
            }
            Err(_) => {
                status = 1;
                io.write_error(match gnu {
                    true => format!("factor: '{word}' is not a valid positive integer"),
                    false => commands::busybox_usage("factor"),
                });
                if !gnu {
                    break;
                }
            }
        }
    }
    Some(status)
}

/// Divisions that are tried in one of the shell's steps.
const DIVISIONS_PER_STEP: u64 = 64;

fn primes(mut number: u64) -> Vec<u64> {
    let mut all = Vec::new();
    let mut prime = 2;
    while number > 1 && prime * prime <= number {
        while number.is_multiple_of(prime) {
            all.push(prime);
            number /= prime;
        }
        prime += if prime == 2 { 1 } else { 2 };
    }
    if number > 1 {
        all.push(number);
    }
    all
}
