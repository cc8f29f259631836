//! `sed`: `s`, `d`, `p`, `q`, `a`, `i`, `c`, `y`, `n`, `=` with addresses, `!` and blocks.

use std::sync::Arc;

use super::lines::cannot_open;
use super::regex::{Syntax, compile};
use crate::cluster::Flavour;
use crate::shell::commands::options::Grammar;
use crate::shell::commands::{Setting, failed};
use crate::shell::{Io, Read, Stdin, Step, Tool};

/// Which lines a command is for.
#[derive(Clone, Debug)]
enum Address {
    Line(usize),
    Last,
    Match(regex::Regex),
    /// `2~3`: every third from the second.
    Step(usize, usize),
    /// `,+3`
    More(usize),
}

#[derive(Clone, Debug)]
struct Command {
    from: Option<Address>,
    to: Option<Address>,
    negated: bool,
    action: Action,
}

#[derive(Clone, Debug)]
enum Action {
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
enum Piece {
    Text(String),
    Group(usize),
}

/// Reads a script.
struct Reader<'a> {
    letters: Vec<char>,
    at: usize,
    extended: bool,
    name: &'a str,
}

type Parsed<T> = Result<T, String>;

impl Reader<'_> {
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
        Err(format!("{}: -e expression #1, char {}: {what}", self.name, self.at))
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

/// A script at work on one stream of lines.
#[derive(Clone)]
struct Sed {
    commands: Arc<[Command]>,
    quiet: bool,
    /// For each command with two addresses: whether it is between them, and up to which line.
    ranges: Vec<Option<usize>>,
    number: usize,
}

/// What becomes of a line.
enum Fate {
    Keep,
    Drop,
    Quit(i32),
}

impl Sed {
    fn applies(&mut self, index: usize, line: &str, last: bool) -> bool {
        let command = &self.commands[index];
        let number = self.number;
        let fits = |address: &Address| match address {
            Address::Line(wanted) => *wanted == number,
            Address::Last => last,
            Address::Match(pattern) => pattern.is_match(line),
            Address::Step(first, 0) => *first == number,
            Address::Step(first, step) => {
                number >= *first && (number - first).is_multiple_of(*step)
            }
            Address::More(_) => false,
        };
        let inside = match (&command.from, &command.to) {
            (None, _) => true,
            (Some(from), None) => fits(from),
            (Some(from), Some(to)) => match self.ranges[index] {
                Some(end) => {
                    if end == number || end == usize::MAX && fits(to) {
                        self.ranges[index] = None;
                    }
                    end >= number
                }
                None if fits(from) => {
                    self.ranges[index] = match to {
                        Address::Line(end) => Some(*end).filter(|end| *end > number),
                        Address::More(more) => Some(number + more).filter(|end| *end > number),
                        _ => Some(usize::MAX),
                    };
                    true
                }
                None => false,
            },
        };
        inside != command.negated
    }

    fn run(&mut self, line: &str, last: bool, out: &mut String) -> Fate {
        self.number += 1;
        let mut space = line.to_owned();
        let mut after = Vec::new();
        let mut fate = Fate::Keep;
        let commands = self.commands.clone();
        let mut at = 0;
        while let Some(command) = commands.get(at) {
            at += 1;
            if !self.applies(at - 1, &space, last) {
                if let Action::Block(end) = command.action {
                    at = end;
                }
                continue;
            }
            match &command.action {
                Action::Substitute { pattern, text, nth, all, print } => {
                    if let Some(changed) = substitute(&space, pattern, text, *nth, *all) {
                        space = changed;
                        if *print {
                            line_to(out, &space);
                        }
                    }
                }
                Action::Delete => {
                    fate = Fate::Drop;
                    break;
                }
                Action::Print => line_to(out, &space),
                Action::Quit(status) => {
                    fate = Fate::Quit(*status);
                    break;
                }
                Action::Next => break,
                Action::Number => line_to(out, &self.number.to_string()),
                Action::Append(text) => after.push(text.clone()),
                Action::Insert(text) => line_to(out, text),
                Action::Change(text) => {
                    if self.ranges[at - 1].is_none() {
                        line_to(out, text);
                    }
                    fate = Fate::Drop;
                    break;
                }
                Action::Translate(from, to) => {
                    let turn = |letter| match from.iter().position(|from| *from == letter) {
                        Some(at) => to[at],
                        None => letter,
                    };
                    space = space.chars().map(turn).collect();
                }
                Action::Block(_) | Action::End => {}
            }
        }
        if !self.quiet && !matches!(fate, Fate::Drop) {
            line_to(out, &space);
        }
        for text in after {
            line_to(out, &text);
        }
        fate
    }
}

fn line_to(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

fn substitute(
    line: &str,
    pattern: &regex::Regex,
    text: &[Piece],
    nth: usize,
    all: bool,
) -> Option<String> {
    let mut out = String::new();
    let mut end = 0;
    let mut changed = false;
    for (index, found) in pattern.captures_iter(line).enumerate() {
        if index + 1 < nth {
            continue;
        }
        let whole = found.get(0)?;
        out.push_str(&line[end..whole.start()]);
        for piece in text {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Group(group) => {
                    out.push_str(found.get(*group).map_or("", |part| part.as_str()))
                }
            }
        }
        end = whole.end();
        changed = true;
        if !all {
            break;
        }
    }
    out.push_str(&line[end..]);
    changed.then_some(out)
}

/// `sed` over standard input, line by line: it knows a line to be the last only when the next is
/// there, so it stays one line behind.
#[derive(Clone)]
struct Stream {
    sed: Sed,
    files: Vec<String>,
    at: usize,
    text: Option<Stdin>,
    held: Option<String>,
    failed: i32,
    /// Whether any address asks for the last line.
    looks_ahead: bool,
}

impl Stream {
    fn next(&mut self, io: &mut Io<'_>) -> Read {
        loop {
            if let Some(text) = &mut self.text {
                match text.read_line() {
                    Read::Line(line) => return Read::Line(line),
                    _ => {
                        self.text = None;
                        self.at += 1;
                        continue;
                    }
                }
            }
            let Some(file) = self.files.get(self.at).cloned() else { return Read::End };
            if file == "-" {
                match io.read_line() {
                    Read::End => self.at += 1,
                    read => return read,
                }
                continue;
            }
            match io.read_file(&file) {
                Ok(bytes) => self.text = Some(Stdin::of(bytes)),
                Err(why) => {
                    cannot_open(io, "sed", &file, &why);
                    self.failed = 2;
                    self.at += 1;
                }
            }
        }
    }

    fn run(&mut self, line: &str, last: bool, io: &mut Io<'_>) -> Option<i32> {
        let mut out = String::new();
        let fate = self.sed.run(line, last, &mut out);
        io.stdout.extend_from_slice(out.as_bytes());
        match fate {
            Fate::Quit(status) => Some(status),
            Fate::Keep | Fate::Drop => None,
        }
    }
}

impl Tool for Stream {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            match self.next(io) {
                Read::Wait => return Step::Input,
                Read::Line(line) => {
                    let ready = match self.looks_ahead {
                        true => self.held.replace(line),
                        false => Some(line),
                    };
                    if let Some(line) = ready
                        && let Some(status) = self.run(&line, false, io)
                    {
                        return Step::Exit(status);
                    }
                }
                Read::End => {
                    let status = match self.held.take() {
                        Some(line) => self.run(&line, true, io),
                        None => None,
                    };
                    return Step::Exit(status.unwrap_or(self.failed));
                }
            }
        }
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

/// `sed -i`: every file by itself, in place.
#[derive(Clone)]
struct InPlace {
    sed: Sed,
    files: Vec<String>,
}

impl Tool for InPlace {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let mut status = 0;
        for file in &self.files {
            let text = match io.read_file(file) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(why) => {
                    cannot_open(io, "sed", file, &why);
                    status = 2;
                    continue;
                }
            };
            let mut sed = self.sed.clone();
            let (mut out, count) = (String::new(), text.lines().count());
            let mut lines = text.lines().enumerate();
            while let Some((index, line)) = lines.next() {
                if let Fate::Quit(code) = sed.run(line, index + 1 == count, &mut out) {
                    status = code;
                    for (_, line) in lines.by_ref() {
                        line_to(&mut out, line);
                    }
                }
            }
            if !text.ends_with('\n') {
                out.pop();
            }
            if let Err(why) = io.write_file(file, out.as_bytes()) {
                io.complain(format!("sed: couldn't open file {file}: {why}"));
                status = 4;
            }
        }
        Step::Exit(status)
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(in crate::shell::commands) fn sed(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "sed",
        short: "ne:iErsuz",
        long: &[
            ("quiet", 'n'),
            ("silent", 'n'),
            ("expression", 'e'),
            ("in-place", 'i'),
            ("regexp-extended", 'E'),
            ("unbuffered", 'u'),
        ],
        stops: false,
    };
    let mut options = match GRAMMAR.parse(arguments, setting.flavour) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    let mut scripts: Vec<String> = options.all('e').map(str::to_owned).collect();
    if scripts.is_empty() {
        if options.operands.is_empty() {
            return failed(
                "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...",
                1,
            );
        }
        scripts.push(options.operands.remove(0));
    }
    let script = scripts.join("\n");
    let extended = options.has('E') || options.has('r');
    let mut reader = Reader { letters: script.chars().collect(), at: 0, extended, name: "sed" };
    let commands = match reader.script() {
        Ok(commands) => commands,
        Err(message) => {
            let message = match setting.flavour {
                Flavour::Gnu => message,
                Flavour::BusyBox => match message.split_once(": -e expression #1, char ") {
                    Some((_, rest)) => {
                        let what = rest.split_once(": ").map_or(rest, |(_, what)| what);
                        format!("sed: {}", what.replace("command: `", "command ").replace('\'', ""))
                    }
                    None => message,
                },
            };
            return failed(message, 1);
        }
    };
    let last = |address: &Option<Address>| matches!(address, Some(Address::Last));
    let looks_ahead = commands.iter().any(|command| last(&command.from) || last(&command.to));
    let sed = Sed {
        ranges: vec![None; commands.len()],
        commands: commands.into(),
        quiet: options.has('n'),
        number: 0,
    };
    let mut files = options.operands.clone();
    if options.has('i') {
        return match files.is_empty() {
            true => failed("sed: no input files", 1),
            false => Box::new(InPlace { sed, files }),
        };
    }
    if files.is_empty() {
        files.push("-".to_owned());
    }
    Box::new(Stream { sed, files, at: 0, text: None, held: None, failed: 0, looks_ahead })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, quiet: bool, text: &str) -> String {
        let mut reader =
            Reader { letters: script.chars().collect(), at: 0, extended: false, name: "sed" };
        let commands = reader.script().expect("it parses");
        let ranges = vec![None; commands.len()];
        let mut sed = Sed { commands: commands.into(), quiet, ranges, number: 0 };
        let mut out = String::new();
        let count = text.lines().count();
        for (index, line) in text.lines().enumerate() {
            if let Fate::Quit(_) = sed.run(line, index + 1 == count, &mut out) {
                break;
            }
        }
        out
    }

    #[test]
    fn substitution_knows_groups_and_flags() {
        assert_eq!(run("s/a\\(.\\)/[\\1&]/g", false, "ab ac"), "[bab] [cac]\n");
        assert_eq!(run("s|/x|/y|2", false, "/x/x/x"), "/x/y/x\n");
        assert_eq!(run("s/A/b/Ip", true, "a\nc"), "b\n");
    }

    #[test]
    fn addresses_choose_lines() {
        let text = "one\ntwo\nthree\nfour\n";
        assert_eq!(run("2,3d", false, text), "one\nfour\n");
        assert_eq!(run("/two/,$p", true, text), "two\nthree\nfour\n");
        assert_eq!(run("$!d", false, text), "four\n");
        assert_eq!(run("2q", false, text), "one\ntwo\n");
        assert_eq!(run("/three/{s/t/T/;a after\n}", false, text), "one\ntwo\nThree\nafter\nfour\n");
        assert_eq!(run("1~2d", false, text), "two\nfour\n");
    }
}
