//! `dc` of BusyBox: a calculator with a stack.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::bc::{Decimal, Trouble};
use crate::shell::Io;
use crate::shell::commands::options::Grammar;

/// Texts within one another that are run, by recursion.
const DEEPEST: u32 = 100;

#[derive(Clone, Debug)]
enum Value {
    Number(Decimal),
    Text(String),
}

#[derive(Default)]
struct Machine {
    stack: Vec<Value>,
    registers: BTreeMap<char, Value>,
    scale: usize,
    ibase: u32,
    obase: u32,
    depth: u32,
    quit: bool,
}

type Done<T> = Result<T, String>;

fn refused(trouble: Trouble) -> String {
    match trouble {
        Trouble::ByZero => "divide by zero".to_owned(),
        Trouble::TooLong => "not simulated here: numbers of more than 5000 digits".to_owned(),
    }
}

/// `dc [-x] [-e EXPRESSION]... [-f FILE]... [FILE]...`
pub(in crate::shell::commands) fn dc(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("dc", "xe:f:").read(arguments, io) else { return Some(1) };
    let expressions: Vec<&str> = options.all('e').collect();
    let files: Vec<String> =
        options.all('f').map(str::to_owned).chain(options.operands.clone()).collect();
    if expressions.is_empty() && files.is_empty() && !io.stdin.ended() {
        return None;
    }
    let mut machine = Machine { ibase: 10, obase: 10, ..Machine::default() };
    let mut texts: Vec<String> = expressions.iter().map(|text| format!("{text}\n")).collect();
    for file in &files {
        match io.read_file(file) {
            Ok(bytes) => texts.push(String::from_utf8_lossy(&bytes).into_owned()),
            Err(why) => {
                io.write_error(format!("dc: can't open '{file}': {why}"));
                return Some(1);
            }
        }
    }
    if texts.is_empty() {
        let all = io.read_all().unwrap_or_default();
        texts.push(String::from_utf8_lossy(&all).into_owned());
    }
    for text in texts {
        if let Err(why) = machine.run(&text, io) {
            io.write_error(format!("dc: {why}"));
            return Some(1);
        }
        if machine.quit {
            break;
        }
    }
    Some(0)
}

impl Machine {
    fn run(&mut self, text: &str, io: &mut Io<'_>) -> Done<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("not simulated here: texts that run this deep".to_owned());
        }
        let mut rest = text;
        while let Some(letter) = rest.chars().next().filter(|_| !self.quit) {
            if !io.budget.take(1) {
                break;
            }
            let number =
                |letter: char| letter.is_ascii_digit() || matches!(letter, 'A'..='F' | '.' | '_');
            if number(letter) {
                let end = rest.find(|letter| !number(letter)).unwrap_or(rest.len());
                self.stack.push(Value::Number(Decimal::read(&rest[..end], self.ibase)));
                rest = &rest[end..];
                continue;
            }
            rest = &rest[letter.len_utf8()..];
            match letter {
                ' ' | '\n' | '\t' => {}
                '#' => rest = rest.split_once('\n').map_or("", |(_, behind)| behind),
                '[' => {
                    let end = closing(rest);
                    self.stack.push(Value::Text(rest[..end].to_owned()));
                    rest = rest.get(end + 1..).unwrap_or_default();
                }
                's' | 'l' | '<' | '>' | '=' | '!' => rest = self.of_register(letter, rest, io)?,
                _ => self.command(letter, io)?,
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// A command that a register's name follows; what is left of the text.
    fn of_register<'t>(&mut self, letter: char, rest: &'t str, io: &mut Io<'_>) -> Done<&'t str> {
        let (letter, not, rest) = match (letter, rest.chars().next()) {
            ('!', Some(next @ ('<' | '>' | '='))) => (next, true, &rest[1..]),
            _ => (letter, false, rest),
        };
        let name = rest.chars().next().unwrap_or(' ');
        let rest = rest.get(name.len_utf8()..).unwrap_or_default();
        match letter {
            's' => {
                let value = self.pop()?;
                self.registers.insert(name, value);
            }
            'l' => {
                let value = self.registers.get(&name).cloned();
                self.stack.push(value.unwrap_or(Value::Number(Decimal::default())));
            }
            _ => {
                let (top, below) = (self.number()?, self.number()?);
                let order = top.compare(&below);
                let holds = match letter {
                    '<' => order == Ordering::Less,
                    '>' => order == Ordering::Greater,
                    _ => order == Ordering::Equal,
                };
                if let (true, Some(Value::Text(text))) =
                    (holds != not, self.registers.get(&name).cloned())
                {
                    self.run(&text, io)?;
                }
            }
        }
        Ok(rest)
    }

    fn command(&mut self, letter: char, io: &mut Io<'_>) -> Done<()> {
        let whole = |value: usize| Value::Number(Decimal::whole(i64::try_from(value).unwrap_or(0)));
        match letter {
            '+' | '-' | '*' | '/' | '%' | '^' => {
                let (right, left) = (self.number()?, self.number()?);
                let sum = match letter {
                    '+' => Ok(left.plus(&right)),
                    '-' => Ok(left.minus(&right)),
                    '*' => left.times(&right, self.scale),
                    '/' => left.over(&right, self.scale),
                    '%' => left.modulo(&right, self.scale),
                    _ => left.power(right.to_whole().unwrap_or(i64::MAX), self.scale),
                };
                self.stack.push(Value::Number(sum.map_err(refused)?));
            }
            'v' => {
                let value = self.number()?;
                if value.is_negative() {
                    return Err("negative number".to_owned());
                }
                self.stack.push(Value::Number(value.root(self.scale)));
            }
            'p' | 'n' => {
                let text = self.shown(self.stack.last().ok_or_else(few)?);
                io.stdout.extend_from_slice(text.as_bytes());
                match letter {
                    'p' => io.stdout.push(b'\n'),
                    _ => drop(self.pop()?),
                }
            }
            'f' => {
                for value in self.stack.iter().rev() {
                    io.say(self.shown(value));
                }
            }
            'c' => self.stack.clear(),
            'd' => self.stack.push(self.stack.last().cloned().ok_or_else(few)?),
            'r' => {
                let (top, below) = (self.pop()?, self.pop()?);
                self.stack.extend([top, below]);
            }
            'z' => self.stack.push(whole(self.stack.len())),
            'k' => self.scale = self.setting()?,
            'i' => self.ibase = u32::try_from(self.setting()?.clamp(2, 16)).unwrap_or(10),
            'o' => self.obase = u32::try_from(self.setting()?.clamp(2, 999)).unwrap_or(10),
            'K' => self.stack.push(whole(self.scale)),
            'I' => self.stack.push(whole(self.ibase as usize)),
            'O' => self.stack.push(whole(self.obase as usize)),
            'x' => match self.pop()? {
                Value::Text(text) => self.run(&text, io)?,
                number => self.stack.push(number),
            },
            'q' => self.quit = true,
            other => return Err(format!("not simulated here: the command {other}")),
        }
        Ok(())
    }

    fn shown(&self, value: &Value) -> String {
        match value {
            Value::Number(number) => number.text(self.obase),
            Value::Text(text) => text.clone(),
        }
    }

    fn pop(&mut self) -> Done<Value> {
        self.stack.pop().ok_or_else(few)
    }

    fn number(&mut self) -> Done<Decimal> {
        match self.pop()? {
            Value::Number(number) => Ok(number),
            Value::Text(_) => Err("variable is wrong type".to_owned()),
        }
    }

    fn setting(&mut self) -> Done<usize> {
        let value = self.number()?.to_whole().unwrap_or(0);
        Ok(usize::try_from(value).unwrap_or(0).min(1_000))
    }
}

fn few() -> String {
    "stack has too few elements".to_owned()
}

/// Where the bracket is that closes a text.
fn closing(text: &str) -> usize {
    let mut open = 1;
    let found = text.char_indices().find(|(_, letter)| {
        open += match letter {
            '[' => 1,
            ']' => -1,
            _ => 0,
        };
        open == 0
    });
    found.map_or(text.len(), |(at, _)| at)
}
