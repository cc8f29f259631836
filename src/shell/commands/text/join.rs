//! `join`: lines of two files that have a field in common.

use std::cmp::Ordering;

use super::bytes::waits;
use super::compare::{both, lines, two};
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options};

/// How lines are taken apart, and what is printed.
struct Join {
    separator: Option<char>,
    keys: [usize; 2],
    /// `-a` and `-v`: lines without a partner.
    unpaired: [bool; 2],
    paired: bool,
    empty: String,
    /// `-o`: which fields; file 0 is the key.
    output: Option<Vec<(usize, usize)>>,
    /// `-o auto`: as many fields of each file as its first line has.
    auto: bool,
    ignore_case: bool,
    /// What ends a line.
    end: char,
    /// `--header`: the first lines are no data.
    header: bool,
    /// `--check-order`, `--nocheck-order`, or nothing said.
    ordered: Option<bool>,
}

/// A line: its text, its fields and its key.
struct Line {
    text: String,
    fields: Vec<String>,
    key: String,
}

/// One of the two files, read line by line.
struct Side {
    name: String,
    lines: Vec<Line>,
    /// How many lines have been read.
    read: usize,
    /// Whether it was said that it is not in order.
    told: bool,
    /// Lines in front that nothing is compared with.
    heads: usize,
}

/// An end before everything was read.
struct Ended;

impl Join {
    fn line(&self, text: String, file: usize) -> Line {
        let fields: Vec<String> = match self.separator {
            Some('\n') => vec![text.clone()],
            _ if text.is_empty() => Vec::new(),
            Some(separator) => text.split(separator).map(str::to_owned).collect(),
            None => text.split_whitespace().map(str::to_owned).collect(),
        };
        let key = fields.get(self.keys[file]).cloned().unwrap_or_default();
        let key = if self.ignore_case { key.to_lowercase() } else { key };
        Line { text, fields, key }
    }

    /// Prints two lines as one, or one that has no partner; `counts` are the fields that `-o auto` prints.
    fn print(&self, sides: [Option<&Line>; 2], counts: [usize; 2], io: &mut Io<'_>) {
        let filled = |field: Option<&String>| match field.filter(|text| !text.is_empty()) {
            Some(text) => text.clone(),
            None => self.empty.clone(),
        };
        let key = match sides {
            [Some(one), _] => one.fields.get(self.keys[0]),
            [None, Some(other)] => other.fields.get(self.keys[1]),
            [None, None] => None,
        };
        let of = |file: usize, at: usize| filled(sides[file].and_then(|line| line.fields.get(at)));
        let mut shown = Vec::new();
        match &self.output {
            Some(output) => shown.extend(output.iter().map(|(file, field)| match file {
                0 => filled(key),
                file => of(file - 1, *field),
            })),
            None => {
                shown.push(filled(key));
                for file in [0, 1] {
                    let own = sides[file].map_or(0, |line| line.fields.len());
                    let count = if self.auto { counts[file] } else { own };
                    let others = (0..count).filter(|at| *at != self.keys[file]);
                    shown.extend(others.map(|at| of(file, at)));
                }
            }
        }
        let separator = self.separator.filter(|one| *one != '\n').unwrap_or(' ');
        let mut line = shown.join(&separator.to_string());
        line.push(self.end);
        io.stdout.extend_from_slice(line.as_bytes());
    }
}

/// Two files on their way to be joined.
struct Run<'a> {
    join: &'a Join,
    sides: [Side; 2],
    counts: [usize; 2],
    /// Whether a line without a partner was seen: only then does the order count.
    unpairable: bool,
}

impl Run<'_> {
    /// Reads the next line of a file, and looks whether it comes behind the one before.
    ///
    /// # Errors
    /// With `--check-order` a line that does not.
    fn advance(&mut self, file: usize, io: &mut Io<'_>) -> Result<bool, Ended> {
        let side = &mut self.sides[file];
        let Some(line) = side.lines.get(side.read) else { return Ok(false) };
        let before = side.read.checked_sub(1).filter(|before| *before >= side.heads);
        let fell = before.is_some_and(|before| side.lines[before].key > line.key);
        side.read += 1;
        let looks = match self.join.ordered {
            None => self.unpairable,
            Some(asked) => asked,
        };
        if fell && looks && !side.told {
            side.told = true;
            io.write_error(format!(
                "join: {}:{}: is not sorted: {}",
                side.name, side.read, line.text
            ));
            if self.join.ordered == Some(true) {
                return Err(Ended);
            }
        }
        Ok(true)
    }

    fn key(&self, file: usize, at: usize) -> &str {
        &self.sides[file].lines[at].key
    }

    fn print_alone(&self, file: usize, at: usize, io: &mut Io<'_>) {
        if self.join.unpaired[file] {
            let line = Some(&self.sides[file].lines[at]);
            let sides = if file == 0 { [line, None] } else { [None, line] };
            self.join.print(sides, self.counts, io);
        }
    }

    /// The lines from `at` on with the key of line `other` of the other file, and one more line is read.
    fn group(
        &mut self,
        file: usize,
        at: usize,
        other: usize,
        io: &mut Io<'_>,
    ) -> Result<(usize, bool), Ended> {
        let mut end = at;
        loop {
            end += 1;
            if !self.advance(file, io)? {
                return Ok((end, false));
            }
            if self.key(file, end) != self.key(1 - file, other) {
                return Ok((end, true));
            }
        }
    }

    /// Joins everything.
    fn all(&mut self, io: &mut Io<'_>) -> Result<(), Ended> {
        let mut at = [self.sides[0].heads, self.sides[1].heads];
        let mut here = [self.advance(0, io)?, self.advance(1, io)?];
        while here == [true, true] {
            match self.key(0, at[0]).cmp(self.key(1, at[1])) {
                Ordering::Equal => {
                    let (one, goes) = self.group(0, at[0], at[1], io)?;
                    let (other, too) = self.group(1, at[1], at[0], io)?;
                    if !self.print_pairs(at[0]..one, at[1]..other, io) {
                        return Ok(());
                    }
                    (at, here) = ([one, other], [goes, too]);
                }
                order => {
                    let file = usize::from(order == Ordering::Greater);
                    self.print_alone(file, at[file], io);
                    at[file] += 1;
                    here[file] = self.advance(file, io)?;
                    self.unpairable = true;
                }
            }
        }
        self.tails(at, here, io)
    }

    /// Looks through what one file has left.
    fn tails(&mut self, at: [usize; 2], here: [bool; 2], io: &mut Io<'_>) -> Result<(), Ended> {
        for file in [0, 1] {
            let looks = self.join.ordered != Some(false);
            if !here[file] || !(self.join.unpaired[file] || looks) {
                continue;
            }
            self.print_alone(file, at[file], io);
            self.unpairable |= here[1 - file];
            let mut next = at[file] + 1;
            while self.advance(file, io)? {
                self.print_alone(file, next, io);
                next += 1;
            }
        }
        Ok(())
    }

    /// Prints the pairs of lines with the same key; whether there is room for more.
    fn print_pairs(
        &self,
        ones: std::ops::Range<usize>,
        others: std::ops::Range<usize>,
        io: &mut Io<'_>,
    ) -> bool {
        for one in ones.filter(|_| self.join.paired) {
            for other in others.clone() {
                let sides = [&self.sides[0].lines[one], &self.sides[1].lines[other]];
                self.join.print(sides.map(Some), self.counts, io);
                if io.stdout.len() > MOST_PAIRED {
                    io.write_error(format!(
                        "podhop: join: not simulated here: more than {MOST_PAIRED} bytes of pairs"
                    ));
                    return false;
                }
            }
        }
        true
    }
}

/// Bytes that `join` may print: lines that all have one key make more pairs than any terminal shows.
const MOST_PAIRED: usize = 16 << 20;

/// A field of `-o`.
fn field(one: &str) -> Result<(usize, usize), String> {
    match one.split_once('.') {
        Some((file @ ("1" | "2"), field)) => Ok((if file == "1" { 1 } else { 2 }, number(field)?)),
        _ if one == "0" => Ok((0, 0)),
        None if one.starts_with('0') => Err(format!("join: invalid field specifier: '{one}'")),
        _ => Err(format!("join: invalid file number in field spec: '{one}'")),
    }
}

fn number(text: &str) -> Result<usize, String> {
    match text.parse::<u128>() {
        Ok(number) if number > 0 => Ok(usize::try_from(number - 1).unwrap_or(usize::MAX)),
        _ => Err(format!("join: invalid field number: '{text}'")),
    }
}

fn read_options(options: &Options) -> Result<Join, String> {
    let both = options.value('j').map(number).transpose()?.unwrap_or(0);
    let key = |letter: char| options.value(letter).map_or(Ok(both), number);
    let mut unpaired = [false; 2];
    for text in options.all('a').chain(options.all('v')) {
        match text {
            "1" => unpaired[0] = true,
            "2" => unpaired[1] = true,
            _ => return Err(format!("join: invalid field number: '{text}'")),
        }
    }
    let auto = options.all('o').any(|list| list == "auto");
    let listed = options.all('o').filter(|list| *list != "auto");
    let listed: Vec<&str> = listed.flat_map(|list| list.split([',', ' ', '\t'])).collect();
    let listed = listed.into_iter().map(field).collect::<Result<Vec<_>, _>>()?;
    let separator = options.value('t').map(|text| match text {
        "\\0" => Ok('\0'),
        "" => Ok('\n'),
        text if text.chars().count() == 1 => Ok(text.chars().next().unwrap_or('\t')),
        text => Err(format!("join: multi-character tab '{text}'")),
    });
    let empties: Vec<&str> = options.all('e').collect();
    if empties.windows(2).any(|pair| pair[0] != pair[1]) {
        return Err("join: conflicting empty-field replacement strings".to_owned());
    }
    let order = options.in_order().filter(|(letter, _)| "äö".contains(*letter)).last();
    Ok(Join {
        separator: separator.transpose()?,
        keys: [key('1')?, key('2')?],
        unpaired,
        paired: !options.has('v'),
        empty: empties.first().copied().unwrap_or("").to_owned(),
        output: (!listed.is_empty()).then_some(listed),
        auto,
        ignore_case: options.has('i'),
        end: if options.has('z') { '\0' } else { '\n' },
        header: options.has('ü'),
        ordered: order.map(|(letter, _)| letter == 'ä'),
    })
}

pub(in crate::shell::commands) fn join(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "join",
        short: "a:e:ij:o:t:v:1:2:zäöü",
        long: &[
            ("check-order", 'ä'),
            ("header", 'ü'),
            ("ignore-case", 'i'),
            ("nocheck-order", 'ö'),
            ("zero-terminated", 'z'),
        ],
        stops: false,
    };
    let Some(mut options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let join = read_options(&options).and_then(|mut join| {
        // `-o 1.1 2.2`: what is no file's name but a field goes with the option.
        while options.operands.len() > 2 && join.output.is_some() {
            let first = options.operands.remove(0);
            let more = first.split([',', ' ']).map(field).collect::<Result<Vec<_>, _>>()?;
            join.output.get_or_insert_default().extend(more);
        }
        Ok(join)
    });
    let join = match join {
        Ok(join) => join,
        Err(message) => {
            io.write_error(message);
            return Some(1);
        }
    };
    let Some(names) = two("join", &options.operands, io) else { return Some(1) };
    if names.iter().all(|name| *name == "-") && is_gnu(io) {
        io.write_error("join: both files cannot be standard input");
        return Some(1);
    }
    if waits(io, &options.operands) {
        return None;
    }
    let texts = match both("join", names, io, 1) {
        Ok(both) => both.map(|bytes| lines(&bytes, join.end)),
        Err(code) => return Some(code),
    };
    let names = [names[0].clone(), names[1].clone()];
    Some(joined(&join, names, texts, io))
}

/// Joins what was read; the exit code.
fn joined(join: &Join, names: [String; 2], texts: [Vec<String>; 2], io: &mut Io<'_>) -> i32 {
    let mut file = 0;
    let sides = texts.map(|text| {
        let lines: Vec<Line> = text.into_iter().map(|text| join.line(text, file)).collect();
        let heads = usize::from(join.header).min(lines.len());
        file += 1;
        Side { name: names[file - 1].clone(), lines, read: heads, told: false, heads }
    });
    let first = |side: &Side| side.lines.first().map_or(0, |line| line.fields.len());
    let counts = [first(&sides[0]), first(&sides[1])];
    // Headers are joined whatever their keys are.
    let heads = [0, 1].map(|file: usize| sides[file].lines.first().filter(|_| join.header));
    if heads.iter().any(Option::is_some) {
        join.print(heads, counts, io);
    }
    let mut run = Run { join, sides, counts, unpairable: false };
    let ended = run.all(io).is_err();
    if !ended && run.sides.iter().any(|side| side.told) {
        io.write_error("join: input is not in sorted order");
    }
    i32::from(ended || run.sides.iter().any(|side| side.told))
}
