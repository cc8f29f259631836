//! `cat`, `tac`, `rev`, `nl`.

use super::lines::{cannot_open, whole};
use super::regex::{Syntax, compile};
use crate::cluster::Flavour;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::{Setting, failed, is_gnu};
use crate::shell::{Io, Step, Tool};

/// What is done to lines.
#[derive(Clone, Copy, Default)]
struct Marks {
    /// All lines are numbered, or those that are not empty.
    number: Option<bool>,
    ends: bool,
    tabs: bool,
    controls: bool,
    squeeze: bool,
}

impl Marks {
    fn of(options: &Options, gnu: bool) -> Marks {
        let has = |letter| options.has(letter);
        // BusyBox' -e and -t do not mean -v.
        let all = has('A');
        Marks {
            number: if has('b') { Some(false) } else { has('n').then_some(true) },
            ends: all || has('e') || has('E'),
            tabs: all || has('t') || has('T'),
            controls: all || has('v') || has('e') || has('t') && gnu,
            squeeze: has('s'),
        }
    }

    fn any(&self) -> bool {
        self.number.is_some() || self.ends || self.tabs || self.controls || self.squeeze
    }
}

/// `cat`: bytes as they are, or with marks; what comes is printed as soon as it is there.
#[derive(Clone, Default)]
struct Cat {
    /// Who complains.
    name: &'static str,
    files: Vec<String>,
    at: usize,
    failed: bool,
    marks: Marks,
    /// Whether it goes by lines, which all end.
    lines: bool,
    count: u32,
    /// Whether the next byte begins a line, and how many empty lines came before.
    begins: bool,
    empty: u32,
}

impl Cat {
    fn put(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if !self.marks.any() {
            out.extend_from_slice(bytes);
            return;
        }
        for byte in bytes.iter().copied() {
            if std::mem::take(&mut self.begins) {
                self.empty = if byte == b'\n' { self.empty + 1 } else { 0 };
                if self.marks.squeeze && self.empty > 1 {
                    self.begins = true;
                    continue;
                }
                if self.marks.number == Some(true)
                    || self.marks.number == Some(false) && byte != b'\n'
                {
                    self.count += 1;
                    out.extend(format!("{:>6}\t", self.count).bytes());
                }
            }
            self.byte(byte, out);
        }
    }

    /// The end of a file: BusyBox numbers lines, and ends each.
    fn end(&mut self, io: &mut Io<'_>) {
        if self.lines && !self.begins {
            self.byte(b'\n', io.stdout);
        }
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b'\n' => {
                if self.marks.ends {
                    out.push(b'$');
                }
                out.push(b'\n');
                self.begins = true;
            }
            b'\t' if self.marks.tabs => out.extend(b"^I"),
            b'\t' => out.push(b'\t'),
            byte if self.marks.controls => {
                let low = byte & 127;
                if byte > 127 {
                    out.extend(b"M-");
                }
                match low {
                    0..32 => out.extend([b'^', low + 64]),
                    127 => out.extend(b"^?"),
                    low => out.push(low),
                }
            }
            byte => out.push(byte),
        }
    }
}

impl Tool for Cat {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            let file = match self.files.get(self.at) {
                None if self.at == 0 => "-".to_owned(),
                None => return Step::Exit(i32::from(self.failed)),
                Some(file) => file.clone(),
            };
            if file == "-" {
                let rest = io.stdin.rest().to_vec();
                io.stdin.read = io.stdin.bytes.len();
                self.put(&rest, io.stdout);
                if !io.stdin.ended() {
                    return Step::Input;
                }
                self.end(io);
            } else {
                match io.read_file(&file) {
                    Ok(bytes) => {
                        self.put(&bytes, io.stdout);
                        self.end(io);
                    }
                    Err(why) => {
                        self.failed = true;
                        match (self.name, is_gnu(io)) {
                            ("less", true) => io.write_error(format!("{file}: {why}")),
                            ("more", true) => {
                                io.write_error(format!("more: cannot open {file}: {why}"));
                            }
                            // It opens what it numbers in another way.
                            (name, false) if self.lines => {
                                io.write_error(format!("{name}: {file}: {why}"));
                            }
                            (name, _) => cannot_open(io, name, &file, &why),
                        }
                    }
                }
            }
            self.at += 1;
        }
    }
}

pub(in crate::shell::commands) fn cat(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let gnu = setting.flavour == Flavour::Gnu;
    const GNU: Grammar = Grammar {
        name: "cat",
        short: "nbevtAETus",
        long: &[
            ("number", 'n'),
            ("number-nonblank", 'b'),
            ("show-all", 'A'),
            ("show-ends", 'E'),
            ("show-nonprinting", 'v'),
            ("show-tabs", 'T'),
            ("squeeze-blank", 's'),
        ],
        stops: false,
    };
    let grammar = if gnu { GNU } else { Grammar::short("cat", "nbevtAu") };
    match grammar.parse(arguments, setting.words) {
        Ok(options) => Box::new(Cat {
            name: "cat",
            lines: !gnu && (options.has('n') || options.has('b')),
            marks: Marks::of(&options, gnu),
            files: options.operands,
            begins: true,
            ..Cat::default()
        }),
        Err(message) => failed(message, 1),
    }
}

pub(in crate::shell::commands) fn tac(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = is_gnu(io);
    const GNU: Grammar = Grammar {
        name: "tac",
        short: "brs:",
        long: &[("before", 'b'), ("regex", 'r'), ("separator", 's')],
        stops: false,
    };
    let grammar = if gnu { GNU } else { Grammar::short("tac", "") };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    let regex = options.has('r').then(|| options.value('s').unwrap_or("\n"));
    let regex = match regex.map(|pattern| compile(pattern, Syntax::Basic, false)).transpose() {
        Ok(regex) => regex,
        Err(why) => {
            io.write_error(format!("tac: {why}"));
            return Some(1);
        }
    };
    let (texts, failed) = whole(io, "tac", &options.operands)?;
    // No separator is a zero.
    let separator = match options.value('s') {
        Some("") => "\0".to_owned(),
        separator => separator.unwrap_or("\n").to_owned(),
    };
    for (_, text) in texts {
        let mut cuts: Vec<usize> = match &regex {
            Some(regex) => {
                let found = regex.find_all(&text).into_iter();
                found.map(|(from, to)| if options.has('b') { from } else { to }).collect()
            }
            None => {
                let found = text.match_indices(separator.as_str());
                found
                    .map(|(at, found)| if options.has('b') { at } else { at + found.len() })
                    .collect()
            }
        };
        cuts.insert(0, 0);
        let mut end = text.len();
        for cut in cuts.into_iter().rev() {
            io.stdout.extend_from_slice(&text.as_bytes()[cut..end]);
            end = cut;
        }
    }
    Some(i32::from(failed))
}

pub(in crate::shell::commands) fn rev(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("rev", "").read(arguments, io) else { return Some(1) };
    let (texts, failed) = whole(io, "rev", &options.operands)?;
    for (_, text) in texts {
        for line in text.split_inclusive('\n') {
            let body = line.strip_suffix('\n').unwrap_or(line);
            let turned: String = body.chars().rev().collect();
            io.stdout.extend_from_slice(turned.as_bytes());
            io.stdout.extend_from_slice(&line.as_bytes()[body.len()..]);
        }
    }
    Some(i32::from(failed))
}

/// How `nl` writes its numbers.
struct Numbers {
    body: String,
    width: usize,
    separator: String,
    form: String,
    step: i64,
    next: i64,
    /// Where a page's numbers begin.
    first: i64,
    /// Of so many empty lines in a row one is counted.
    joined: usize,
    busybox: bool,
    empty: usize,
}

impl Numbers {
    /// A header (0), a body or a footer begins: each is numbered anew.
    fn enter(&mut self, section: usize, options: &Options) {
        let (letter, usual) = [('h', "n"), ('b', "t"), ('f', "n")][section];
        options.value(letter).unwrap_or(usual).clone_into(&mut self.body);
        if !options.has('p') {
            self.next = self.first;
        }
        self.empty = 0;
    }

    fn read(options: &Options, gnu: bool) -> Result<Numbers, String> {
        let number = |letter: char, what: &str, default: i64| match options.value(letter) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| match gnu {
                true => format!("nl: invalid {what}: '{text}'"),
                false => format!("nl: invalid number '{text}'"),
            }),
        };
        let first = number('v', "starting line number", 1)?;
        let joined = number('l', "line number of blank lines", 1)?;
        let small = |letter: char, text: &str| options.has(letter) && text.parse() == Ok(0);
        if let Some(text) = options.value('w').filter(|text| gnu && small('w', text)) {
            return Err(format!(
                "nl: invalid line number field width: '{text}': Numerical result out of range"
            ));
        }
        let numbers = Numbers {
            first,
            joined: usize::try_from(joined).unwrap_or(1).max(1),
            empty: 0,
            busybox: !gnu,
            body: options.value('b').unwrap_or("t").to_owned(),
            width: usize::try_from(number('w', "line number field width", 6)?)
                .unwrap_or(6)
                .min(1_000),
            separator: options.value('s').unwrap_or("\t").to_owned(),
            form: options.value('n').unwrap_or("rn").to_owned(),
            step: number('i', "line number increment", 1)?,
            next: first,
        };
        for (letter, part) in [('b', "body"), ('h', "header"), ('f', "footer")] {
            let text = options.value(letter).unwrap_or("t");
            if gnu && !matches!(text.chars().next(), Some('a' | 't' | 'n' | 'p')) {
                return Err(format!(
                    "nl: invalid {part} numbering style: '{text}'\nTry 'nl --help' for more information."
                ));
            }
        }
        if !matches!(numbers.form.as_str(), "ln" | "rn" | "rz") {
            let text = &numbers.form;
            return Err(format!(
                "nl: invalid line numbering format: '{text}'\nTry 'nl --help' for more information."
            ));
        }
        Ok(numbers)
    }

    fn line(&mut self, line: &str) -> Result<String, String> {
        let counts = match self.body.split_at(self.body.len().min(1)) {
            ("a", _) if self.joined > 1 && line.is_empty() => {
                self.empty += 1;
                let counts = self.empty == self.joined;
                self.empty = if counts { 0 } else { self.empty };
                counts
            }
            ("a", _) => {
                self.empty = 0;
                true
            }
            ("t", _) => !line.is_empty(),
            // BusyBox' nl takes every other style for `n`.
            ("p", pattern) if !self.busybox => {
                super::regex::compile(pattern, super::regex::Syntax::Basic, false)?.is_match(line)
            }
            _ => false,
        };
        let width = self.width;
        if !counts {
            return Ok(format!("{}{line}", " ".repeat(width + self.separator.chars().count())));
        }
        let number = match self.form.as_str() {
            "ln" => format!("{:<width$}", self.next),
            "rz" => format!("{:0>width$}", self.next),
            _ => format!("{:>width$}", self.next),
        };
        self.next = self.next.saturating_add(self.step);
        Ok(format!("{number}{}{line}", self.separator))
    }
}

pub(in crate::shell::commands) fn nl(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = is_gnu(io);
    const GNU: Grammar = Grammar {
        name: "nl",
        short: "b:w:s:n:v:i:d:f:h:l:p",
        long: &[
            ("body-numbering", 'b'),
            ("number-width", 'w'),
            ("number-separator", 's'),
            ("number-format", 'n'),
            ("starting-line-number", 'v'),
            ("line-increment", 'i'),
            ("section-delimiter", 'd'),
            ("footer-numbering", 'f'),
            ("header-numbering", 'h'),
            ("join-blank-lines", 'l'),
            ("no-renumber", 'p'),
        ],
        stops: false,
    };
    let grammar = if gnu { GNU } else { Grammar::short("nl", "b:i:s:v:w:p") };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    let mut numbers = match Numbers::read(&options, gnu) {
        Ok(numbers) => numbers,
        Err(message) => {
            io.write_error(message);
            return Some(1);
        }
    };
    let (texts, failed) = whole(io, "nl", &options.operands)?;
    // Pages end where a file of GNU's has a line of delimiters; BusyBox' nl knows none.
    let delimiter = options.value('d').unwrap_or("\\:");
    let delimiter = match delimiter.chars().count() {
        1 => format!("{delimiter}:"),
        _ => delimiter.to_owned(),
    };
    let marks = [3, 2, 1].map(|times| delimiter.repeat(times));
    for (_, text) in texts {
        for line in text.lines() {
            if let Some(section) = marks.iter().position(|mark| gnu && mark == line) {
                numbers.enter(section, &options);
                io.say("");
                continue;
            }
            match numbers.line(line) {
                Ok(line) => io.say(line),
                Err(why) => {
                    io.write_error(format!("nl: {why}"));
                    return Some(1);
                }
            }
        }
    }
    Some(i32::from(failed))
}

/// `less` and `more` print: the game's terminal scrolls by itself.
fn pager(name: &'static str, arguments: &[String]) -> Box<dyn Tool> {
    let files = arguments.iter().filter(|argument| !argument.starts_with(['-', '+'])).cloned();
    Box::new(Cat { name, files: files.collect(), ..Cat::default() })
}

pub(in crate::shell::commands) fn less(arguments: &[String], _: &Setting<'_>) -> Box<dyn Tool> {
    pager("less", arguments)
}

pub(in crate::shell::commands) fn more(arguments: &[String], _: &Setting<'_>) -> Box<dyn Tool> {
    pager("more", arguments)
}
