//! The language: addresses and commands.

use crate::shell::commands::text::regex::{Syntax, compile};

/// Which lines a command is for.
#[derive(Clone, Debug)]
pub(super) enum Address {
    Line(usize),
    Last,
    Match(regex::Regex),
    /// `2~3`: every third from the second.
    Step(usize, usize),
    /// `,+3`
    More(usize),
}

#[derive(Clone, Debug)]
pub(super) struct Command {
    pub from: Option<Address>,
    pub to: Option<Address>,
    pub negated: bool,
    pub action: Action,
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    Substitute {
        pattern: regex::Regex,
        text: Vec<Piece>,
        nth: usize,
        all: bool,
        print: bool,
    },
    Delete,
    Print,
    Quit(i32),
    Next,
    Number,
    Append(String),
    Insert(String),
    Change(String),
    Translate(Vec<char>, Vec<char>),
    /// `{`: where its `}` is.
    Block(usize),
    End,
}

/// A piece of a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Group(usize),
}

/// Reads a script.
///
/// # Errors
/// GNU sed's message.
pub(super) fn parse(script: &str, extended: bool) -> Result<Vec<Command>, String> {
    Reader { letters: script.chars().collect(), at: 0, extended }.script()
}

/// Reads a script.
struct Reader {
    letters: Vec<char>,
    at: usize,
    extended: bool,
}

type Parsed<T> = Result<T, String>;

impl Reader {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    fn skip(&mut self, also: &str) {
        while self.peek().is_some_and(|next| next.is_whitespace() || also.contains(next)) {
            self.at += 1;
        }
    }

    fn error<T>(&self, what: &str) -> Parsed<T> {
        Err(format!("sed: -e expression #1, char {}: {what}", self.at))
    }

    fn script(&mut self) -> Parsed<Vec<Command>> {
        let mut commands: Vec<Command> = Vec::new();
        let mut open = Vec::new();
        loop {
            self.skip(";");
            match self.peek() {
                None => break,
                Some('#') => {
                    while self.next().is_some_and(|next| next != '\n') {}
                    continue;
                }
                Some(_) => {}
            }
            let command = self.command()?;
            match command.action {
                Action::Block(_) => open.push(commands.len()),
                Action::End => match open.pop() {
                    Some(start) => commands[start].action = Action::Block(commands.len()),
                    None => return self.error("unexpected `}'"),
                },
                _ => {}
            }
            commands.push(command);
        }
        match open.is_empty() {
            true => Ok(commands),
            false => self.error("unmatched `{'"),
        }
    }

    fn command(&mut self) -> Parsed<Command> {
        let from = self.address()?;
        let mut to = None;
        self.skip("");
        if from.is_some() && self.peek() == Some(',') {
            self.at += 1;
            self.skip("");
            to = match self.peek() {
                Some('+') => {
                    self.at += 1;
                    Some(Address::More(self.number()))
                }
                _ => self.address()?,
            };
            if to.is_none() {
                return self.error("unexpected `,'");
            }
        }
        self.skip("");
        let mut negated = false;
        while self.peek() == Some('!') {
            negated = true;
            self.at += 1;
            self.skip("");
        }
        let Some(letter) = self.next() else { return self.error("missing command") };
        let action = self.action(letter)?;
        if !matches!(
            action,
            Action::Block(_) | Action::Append(_) | Action::Insert(_) | Action::Change(_)
        ) {
            while self.peek().is_some_and(|next| next == ' ' || next == '\t') {
                self.at += 1;
            }
            if !matches!(self.peek(), None | Some(';' | '\n' | '}' | '#')) {
                self.at += 1;
                return match letter {
                    's' => self.error("unknown option to `s'"),
                    _ => self.error("extra characters after command"),
                };
            }
        }
        Ok(Command { from, to, negated, action })
    }

    fn number(&mut self) -> usize {
        let mut value = 0_usize;
        while let Some(digit) = self.peek().and_then(|next| next.to_digit(10)) {
            value = value.saturating_mul(10).saturating_add(digit as usize);
            self.at += 1;
        }
        value
    }

    fn address(&mut self) -> Parsed<Option<Address>> {
        Ok(match self.peek() {
            Some('0'..='9') => {
                let line = self.number();
                if self.peek() == Some('~') {
                    self.at += 1;
                    return Ok(Some(Address::Step(line, self.number())));
                }
                Some(Address::Line(line))
            }
            Some('$') => {
                self.at += 1;
                Some(Address::Last)
            }
            Some('/') => {
                self.at += 1;
                let Some(pattern) = self.until('/', true) else {
                    return self.error("unterminated address regex");
                };
                let fold = self.peek() == Some('I');
                self.at += usize::from(fold);
                Some(Address::Match(self.regex(&pattern, fold)?))
            }
            _ => None,
        })
    }

    /// The text up to `close`; a backslash takes it literally.
    fn until(&mut self, close: char, pattern: bool) -> Option<String> {
        let mut text = String::new();
        let mut bracket = false;
        loop {
            let next = self.next()?;
            match next {
                '\\' => match self.next()? {
                    next if next == close => {
                        if pattern && "|+?(){}.*[]^$".contains(close) {
                            text.push('\\');
                        }
                        text.push(close);
                    }
                    'n' if pattern => text.push_str("\\n"),
                    next => text.extend(['\\', next]),
                },
                '[' if pattern && !bracket => {
                    bracket = true;
                    text.push('[');
                    for first in ['^', ']'] {
                        if self.peek() == Some(first) {
                            text.push(first);
                            self.at += 1;
                        }
                    }
                }
                ']' if bracket => {
                    bracket = false;
                    text.push(']');
                }
                next if next == close && !bracket => return Some(text),
                next => text.push(next),
            }
        }
    }

    fn regex(&self, pattern: &str, fold: bool) -> Parsed<regex::Regex> {
        let syntax = if self.extended { Syntax::Extended } else { Syntax::Basic };
        match compile(pattern, syntax, fold) {
            Ok(regex) => Ok(regex),
            Err(why) => self.error(&why),
        }
    }

    fn action(&mut self, letter: char) -> Parsed<Action> {
        Ok(match letter {
            'd' => Action::Delete,
            'p' => Action::Print,
            'n' => Action::Next,
            '=' => Action::Number,
            'q' | 'Q' => {
                self.skip("");
                Action::Quit(i32::try_from(self.number() & 0xff).unwrap_or(0))
            }
            '{' => Action::Block(0),
            '}' => Action::End,
            's' => self.substitute()?,
            'y' => self.translate()?,
            'a' | 'i' | 'c' => {
                self.skip("");
                if self.peek() == Some('\\') {
                    self.at += 1;
                    self.skip("");
                }
                let mut text = String::new();
                while let Some(next) = self.peek().filter(|next| *next != '\n') {
                    self.at += 1;
                    match next {
                        '\\' => text.extend(self.next()),
                        next => text.push(next),
                    }
                }
                match letter {
                    'a' => Action::Append(text),
                    'i' => Action::Insert(text),
                    _ => Action::Change(text),
                }
            }
            other => return self.error(&format!("unknown command: `{other}'")),
        })
    }

    fn substitute(&mut self) -> Parsed<Action> {
        let Some(close) = self.next() else { return self.error("unterminated `s' command") };
        let (Some(pattern), Some(text)) = (self.until(close, true), self.until(close, false))
        else {
            return self.error("unterminated `s' command");
        };
        let (mut all, mut print, mut fold, mut nth) = (false, false, false, 1);
        loop {
            match self.peek() {
                Some('g') => all = true,
                Some('p') => print = true,
                Some('i' | 'I') => fold = true,
                Some('0'..='9') => {
                    nth = self.number().max(1);
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
        let pattern = self.regex(&pattern, fold)?;
        let text = pieces(&text);
        let highest = text.iter().filter_map(|piece| match piece {
            Piece::Group(group) => Some(*group),
            Piece::Text(_) => None,
        });
        if let Some(group) = highest.max().filter(|group| *group >= pattern.captures_len()) {
            return self.error(&format!("invalid reference \\{group} on `s' command's RHS"));
        }
        Ok(Action::Substitute { pattern, text, nth, all, print })
    }

    fn translate(&mut self) -> Parsed<Action> {
        let Some(close) = self.next() else { return self.error("unterminated `y' command") };
        let (Some(from), Some(to)) = (self.until(close, false), self.until(close, false)) else {
            return self.error("unterminated `y' command");
        };
        let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
        match from.len() == to.len() {
            true => Ok(Action::Translate(from, to)),
            false => self.error("strings for `y' command are different lengths"),
        }
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let group = match letter {
            '&' => 0,
            '\\' => match letters.next() {
                Some(digit @ '0'..='9') => digit.to_digit(10).unwrap_or(0) as usize,
                Some('n') => {
                    plain.push('\n');
                    continue;
                }
                Some('t') => {
                    plain.push('\t');
                    continue;
                }
                Some(other) => {
                    plain.push(other);
                    continue;
                }
                None => continue,
            },
            other => {
                plain.push(other);
                continue;
            }
        };
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Group(group));
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}
