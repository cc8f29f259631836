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
            self.idle |= match operator.as_str() {
                "|" => !self.is_null(&left),
                "&" => self.is_null(&left),
                _ => false,
            };
            let right = self.level(level + 1);
            self.idle = before;
            left = match operator.as_str() {
                "|" if !self.is_null(&left) => right.map(|_| left)?,
                "|" if self.gnu && self.is_null(right.as_ref().map_or("", String::as_str)) => {
                    right.map(|_| "0".to_owned())?
                }
                "|" => right?,
                "&" if self.is_null(&left) => right.map(|_| "0".to_owned())?,
                "&" => match right {
                    Ok(right) if self.is_null(&right) => "0".to_owned(),
                    right => right.map(|_| left)?,
                },
                _ if self.idle => right.map(|_| left)?,
                _ => apply(&left, &operator, &right?)?,
            };
        }
        Ok(left)
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

fn apply(left: &str, operator: &str, right: &str) -> Result<String, String> {
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
        match word.trim().trim_start_matches('+').parse::<u64>() {
            Ok(number) => {
                if !io.budget.take(number.isqrt().isqrt() / DIVISIONS_PER_STEP) {
                    return Some(1);
                }
                let mut primes = primes(number);
                primes.sort_unstable();
                let primes: String = primes.iter().map(|prime| format!(" {prime}")).collect();
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

/// What small numbers are divided by before they are looked at as a whole.
const SMALL: u64 = 1_000;

fn times(one: u64, other: u64, modulus: u64) -> u64 {
    (u128::from(one) * u128::from(other) % u128::from(modulus)) as u64
}

fn power(mut base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let mut value = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            value = times(value, base, modulus);
        }
        base = times(base, base, modulus);
        exponent >>= 1;
    }
    value
}

/// Miller's and Rabin's test, with the bases that are enough for 64 bits.
fn is_prime(number: u64) -> bool {
    let twos = (number - 1).trailing_zeros();
    [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37].into_iter().all(|base| {
        let mut value = power(base, (number - 1) >> twos, number);
        value == 1
            || (0..twos).any(|_| {
                let found = value == number - 1;
                value = times(value, value, number);
                found
            })
    })
}

/// A divisor of a number that is no prime and has no small ones (Pollard's rho).
fn divisor(number: u64) -> u64 {
    let root = number.isqrt();
    if root * root == number {
        return root;
    }
    let greatest = |mut one: u64, mut other: u64| {
        while other > 0 {
            (one, other) = (other, one % other);
        }
        one
    };
    for shift in 1.. {
        let next = |value: u64| (u128::from(times(value, value, number)) + shift) as u64 % number;
        let (mut slow, mut fast) = (2, 2);
        let mut found = 1;
        while found == 1 {
            slow = next(slow);
            fast = next(next(fast));
            found = greatest(slow.abs_diff(fast), number);
        }
        if found != number {
            return found;
        }
    }
    number
}

fn primes(mut number: u64) -> Vec<u64> {
    let mut all = Vec::new();
    for prime in (2..4).chain((5..SMALL).step_by(2)) {
        while number > 1 && number.is_multiple_of(prime) {
            all.push(prime);
            number /= prime;
        }
    }
    let mut left = vec![number];
    while let Some(number) = left.pop().filter(|number| *number > 1) {
        if number < SMALL * SMALL || is_prime(number) {
            all.push(number);
        } else {
            let one = divisor(number);
            left.extend([one, number / one]);
        }
    }
    all
}
