//! `cmp`, `comm`, `join` and `tsort`.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::bytes::{content, missing_operand, waits};
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options};

/// Two files' contents, or what stood in the way: the exit code.
fn both(name: &str, files: [&String; 2], io: &mut Io<'_>, code: i32) -> Result<[Vec<u8>; 2], i32> {
    let mut all = [Vec::new(), Vec::new()];
    for (place, file) in all.iter_mut().zip(files) {
        match content(io, file) {
            Ok(bytes) => *place = bytes,
            Err(why) => {
                io.write_error(format!("{name}: {file}: {why}"));
                return Err(code);
            }
        }
    }
    Ok(all)
}

pub(in crate::shell::commands) fn cmp(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GNU: Grammar = Grammar {
        name: "cmp",
        short: "bi:ln:s",
        long: &[
            ("print-bytes", 'b'),
            ("ignore-initial", 'i'),
            ("verbose", 'l'),
            ("bytes", 'n'),
            ("quiet", 's'),
            ("silent", 's'),
        ],
        stops: false,
    };
    let gnu = is_gnu(io);
    let grammar = if gnu { GNU } else { Grammar::short("cmp", "ls") };
    let Some(options) = grammar.read(arguments, io) else { return Some(2) };
    let operands = &options.operands;
    let Some(first) = operands.first() else {
        match gnu {
            true => io.write_error(
                "cmp: missing operand after 'cmp'\ncmp: Try 'cmp --help' for more information.",
            ),
            false => missing_operand(io, "cmp", None),
        }
        return Some(if gnu { 2 } else { 1 });
    };
    let standard = "-".to_owned();
    let second = operands.get(1).unwrap_or(&standard);
    if waits(io, &[first.clone(), second.clone()]) {
        return None;
    }
    let [one, other] = match both("cmp", [first, second], io, 2) {
        Ok(both) => both,
        Err(code) => return Some(code),
    };
    let number = |text: Option<&str>, or: usize| text.map_or(Some(or), |text| text.parse().ok());
    let given = |at: usize| operands.get(at).map(String::as_str);
    let (mut skips, mut most) = ([number(given(2), 0), number(given(3), 0)], Some(usize::MAX));
    if let Some(skip) = options.value('i') {
        let (left, right) = skip.split_once(':').unwrap_or((skip, skip));
        skips = [number(Some(left), 0), number(Some(right), 0)];
    }
    if options.has('n') {
        most = number(options.value('n'), 0);
    }
    let ([Some(left), Some(right)], Some(most)) = (skips, most) else {
        let wrong = options.value('n').or(options.value('i')).or(given(2)).unwrap_or("");
        io.write_error(format!("cmp: invalid --bytes value '{wrong}'"));
        return Some(2);
    };
    let part = |bytes: &[u8], skip: usize| -> Vec<u8> {
        bytes.iter().skip(skip).take(most).copied().collect()
    };
    Some(difference(&options, [first, second], [&part(&one, left), &part(&other, right)], io))
}

/// Says where two contents differ: exit code 1 when they do.
fn difference(options: &Options, names: [&String; 2], bytes: [&[u8]; 2], io: &mut Io<'_>) -> i32 {
    let gnu = is_gnu(io);
    let quiet = options.has('s');
    let pairs = bytes[0].iter().zip(bytes[1]).enumerate();
    let differing: Vec<(usize, u8, u8)> = pairs
        .filter(|(_, (one, other))| one != other)
        .map(|(at, (one, other))| (at + 1, *one, *other))
        .collect();
    let line_of = |at: usize| bytes[0][..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    if quiet && (!differing.is_empty() || bytes[0].len() != bytes[1].len()) {
        return 1;
    }
    if options.has('l') {
        let digits = bytes[0].len().min(bytes[1].len()).to_string().len();
        // Of what is no file nobody knows how long it will be: room is left for any number.
        let endless = names.iter().all(|name| *name == "-" || name.starts_with("/dev/fd/"));
        let width = match gnu {
            true if endless => 19,
            true => digits,
            false => 0,
        };
        for (at, one, other) in &differing {
            io.say(format!("{at:>width$} {one:>3o} {other:>3o}"));
        }
    } else if let Some((at, one, other)) = differing.first() {
        let [first, second] = names;
        let line = line_of(at - 1);
        io.say(match (gnu, options.has('b')) {
            (true, true) => {
                let (left, right) = (visible(*one), visible(*other));
                format!("{first} {second} differ: byte {at}, line {line} is {one:>3o} {left} {other:>3o} {right}")
            }
            // GNU says `byte` outside of POSIX' locale only.
            (true, false) => format!("{first} {second} differ: char {at}, line {line}"),
            (false, _) => format!("{first} {second} differ: char {at}, line {line}"),
        });
        return 1;
    }
    let shorter = match bytes[0].len().cmp(&bytes[1].len()) {
        Ordering::Less => (names[0], bytes[0]),
        Ordering::Greater => (names[1], bytes[1]),
        Ordering::Equal => return i32::from(!differing.is_empty()),
    };
    let (name, content) = shorter;
    let end = content.len();
    let lines = content.iter().filter(|byte| **byte == b'\n').count();
    io.write_error(match () {
        () if !gnu => format!("cmp: EOF on {name}"),
        () if end == 0 => format!("cmp: EOF on {name} which is empty"),
        () if options.has('l') => format!("cmp: EOF on {name} after byte {end}"),
        () if content.ends_with(b"\n") => {
            format!("cmp: EOF on {name} after byte {end}, line {lines}")
        }
        () => format!("cmp: EOF on {name} after byte {end}, in line {}", lines + 1),
    });
    1
}

/// A byte as `cmp -b` shows it.
fn visible(byte: u8) -> String {
    let low = byte & 0x7f;
    let plain = match low {
        0..32 => format!("^{}", char::from(low + 64)),
        127 => "^?".to_owned(),
        letter => char::from(letter).to_string(),
    };
    if byte >= 128 { format!("M-{plain}") } else { plain }
}

/// Two operands, as `comm` and `join` want them.
fn two<'a>(name: &str, operands: &'a [String], io: &mut Io<'_>) -> Option<[&'a String; 2]> {
    match operands {
        [one, other] => return Some([one, other]),
        [] => missing_operand(io, name, None),
        [one] => missing_operand(io, name, Some(one)),
        [_, _, extra, ..] => io.write_error(format!(
            "{name}: extra operand '{extra}'\nTry '{name} --help' for more information."
        )),
    }
    None
}

fn lines(bytes: &[u8], end: char) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.split_terminator(end).map(str::to_owned).collect()
}

/// What `comm` prints a line with: nothing where the column is hidden.
struct Columns {
    hidden: [bool; 3],
    delimiter: String,
    end: char,
    counts: [usize; 3],
}

impl Columns {
    fn put(&mut self, column: usize, line: &str, io: &mut Io<'_>) {
        self.counts[column] += 1;
        if self.hidden[column] {
            return;
        }
        let before = self.hidden[..column].iter().filter(|hidden| !**hidden).count();
        let text = format!("{}{line}{}", self.delimiter.repeat(before), self.end);
        io.stdout.extend_from_slice(text.as_bytes());
    }
}

pub(in crate::shell::commands) fn comm(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "comm",
        short: "123zäöü:ß",
        long: &[
            ("check-order", 'ä'),
            ("nocheck-order", 'ö'),
            ("output-delimiter", 'ü'),
            ("total", 'ß'),
            ("zero-terminated", 'z'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let Some([first, second]) = two("comm", &options.operands, io) else { return Some(1) };
    if waits(io, &options.operands) {
        return None;
    }
    let [one, other] = match both("comm", [first, second], io, 1) {
        Ok(both) => both.map(|bytes| {
            let end = if options.has('z') { '\0' } else { '\n' };
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.split_terminator(end).map(str::to_owned).collect::<Vec<String>>()
        }),
        Err(code) => return Some(code),
    };
    let mut columns = Columns {
        hidden: ['1', '2', '3'].map(|letter| options.has(letter)),
        delimiter: options.value('ü').unwrap_or("\t").to_owned(),
        end: if options.has('z') { '\0' } else { '\n' },
        counts: [0; 3],
    };
    let unsorted = merged(&options, &one, &other, &mut columns, io);
    if options.has('ß') {
        let [only_one, only_other, all] = columns.counts;
        let by = &columns.delimiter;
        io.say(format!("{only_one}{by}{only_other}{by}{all}{by}total"));
    }
    if unsorted && !options.has('ä') {
        io.write_error("comm: input is not in sorted order");
    }
    Some(i32::from(unsorted))
}

/// Prints both files' lines in their columns. Whether one of them is out of order: that is told
/// once lines were seen that only one of them has, or at once with `--check-order`.
fn merged(
    options: &Options,
    one: &[String],
    other: &[String],
    columns: &mut Columns,
    io: &mut Io<'_>,
) -> bool {
    let (mut left, mut right) = (0, 0);
    let mut told = [false; 2];
    let mut unpaired = false;
    while left < one.len() || right < other.len() {
        let order = match (one.get(left), other.get(right)) {
            (Some(one), Some(other)) => one.cmp(other),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        unpaired |= order != Ordering::Equal;
        match order {
            Ordering::Equal => columns.put(2, &one[left], io),
            Ordering::Less => columns.put(0, &one[left], io),
            Ordering::Greater => columns.put(1, &other[right], io),
        }
        let sides = [(order.is_le(), one, &mut left), (order.is_ge(), other, &mut right)];
        for (number, (moves, all, at)) in sides.into_iter().enumerate() {
            if !moves {
                continue;
            }
            *at += 1;
            let fell = all.get(*at).is_some_and(|next| *next < all[*at - 1]);
            // BusyBox does not look.
            let asked = is_gnu(io) && (options.has('ä') || unpaired && !options.has('ö'));
            if fell && asked && !told[number] {
                told[number] = true;
                io.write_error(format!("comm: file {} is not in sorted order", number + 1));
                if options.has('ä') {
                    return true;
                }
            }
        }
    }
    told[0] || told[1]
}

/// How `join` takes lines apart, and what it prints.
struct Join {
    separator: Option<char>,
    keys: [usize; 2],
    /// `-a` and `-v`: lines without a partner.
    unpaired: [bool; 2],
    paired: bool,
    empty: String,
    /// `-o`: which fields; file 0 is the key.
    output: Option<Vec<(usize, usize)>>,
    ignore_case: bool,
    /// What ends a line.
    end: char,
    /// `--header`: the first lines are no data.
    header: bool,
}

impl Join {
    fn fields(&self, line: &str) -> Vec<String> {
        match self.separator {
            Some(separator) => line.split(separator).map(str::to_owned).collect(),
            None => line.split_whitespace().map(str::to_owned).collect(),
        }
    }

    fn key(&self, fields: &[String], file: usize) -> String {
        let key = fields.get(self.keys[file]).cloned().unwrap_or_default();
        if self.ignore_case { key.to_lowercase() } else { key }
    }

    fn print(&self, sides: [Option<&Vec<String>>; 2], io: &mut Io<'_>) {
        let key_of = |file: usize| sides[file]?.get(self.keys[file]);
        let key = key_of(0).or(key_of(1)).cloned().unwrap_or_default();
        let fields: Vec<String> = match &self.output {
            Some(output) => output
                .iter()
                .map(|(file, field)| match file {
                    0 => key.clone(),
                    file => {
                        let found = sides[file - 1].and_then(|fields| fields.get(*field)).cloned();
                        found.filter(|text| !text.is_empty()).unwrap_or_else(|| self.empty.clone())
                    }
                })
                .collect(),
            None => {
                let mut all = vec![key];
                for (file, fields) in sides.iter().enumerate() {
                    let others = fields.iter().flat_map(|fields| fields.iter().enumerate());
                    let others = others.filter(|(at, _)| *at != self.keys[file]);
                    all.extend(others.map(|(_, field)| field.clone()));
                }
                all
            }
        };
        let mut line = fields.join(&self.separator.unwrap_or(' ').to_string());
        line.push(self.end);
        io.stdout.extend_from_slice(line.as_bytes());
    }
}

fn join_options(options: &Options) -> Result<Join, String> {
    let number = |text: &str| match text.parse::<usize>() {
        Ok(number) if number > 0 => Ok(number - 1),
        _ => Err(format!("join: invalid field number: '{text}'")),
    };
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
    let output = options.value('o').filter(|list| *list != "auto").map(|list| {
        list.split([',', ' '])
            .map(|one| match one.split_once('.') {
                Some((file @ ("1" | "2"), field)) => {
                    Ok((if file == "1" { 1 } else { 2 }, number(field)?))
                }
                _ if one == "0" => Ok((0, 0)),
                Some((file, _)) if file != "0" => {
                    Err(format!("join: invalid file number in field spec: '{one}'"))
                }
                _ if one.starts_with('0') => Err(format!("join: invalid field specifier: '{one}'")),
                _ => Err(format!("join: invalid file number in field spec: '{one}'")),
            })
            .collect::<Result<Vec<_>, _>>()
    });
    let separator = options.value('t').map(|text| match text {
        "\\0" => Ok('\0'),
        text if text.chars().count() == 1 => Ok(text.chars().next().unwrap_or('\t')),
        text => Err(format!("join: multi-character tab '{text}'")),
    });
    Ok(Join {
        separator: separator.transpose()?,
        keys: [key('1')?, key('2')?],
        unpaired,
        paired: !options.has('v'),
        empty: options.value('e').unwrap_or("").to_owned(),
        output: output.transpose()?,
        ignore_case: options.has('i'),
        end: if options.has('z') { '\0' } else { '\n' },
        header: options.has('ü'),
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
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let join = match join_options(&options) {
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
    let mut sides = [0, 1]
        .map(|file: usize| texts[file].iter().map(|line| join.fields(line)).collect::<Vec<_>>());
    if join.header {
        // Headers are joined whatever their keys are.
        let heads = [sides[0].first().cloned(), sides[1].first().cloned()];
        sides.iter_mut().for_each(|side| drop(side.drain(..side.len().min(1))));
        if heads.iter().any(Option::is_some) {
            join.print([heads[0].as_ref(), heads[1].as_ref()], io);
        }
    }
    pair(&join, &sides, io);
    if options.has('ö') {
        return Some(0);
    }
    Some(join_disorder(&join, [names[0], names[1]], &texts, &sides, io))
}

/// Bytes that `join` may print: lines that all have one key make more pairs than any terminal shows.
const MOST_PAIRED: usize = 16 << 20;

/// Prints the pairs of lines with the same key, and those without a partner that are wanted.
fn pair(join: &Join, sides: &[Vec<Vec<String>>; 2], io: &mut Io<'_>) {
    let [one, other] = sides;
    let (mut left, mut right) = (0, 0);
    while left < one.len() || right < other.len() {
        let keys = (
            one.get(left).map(|fields| join.key(fields, 0)),
            other.get(right).map(|fields| join.key(fields, 1)),
        );
        let order = match &keys {
            (Some(one), Some(other)) => one.cmp(other),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        match order {
            Ordering::Less => {
                if join.unpaired[0] {
                    join.print([Some(&one[left]), None], io);
                }
                left += 1;
            }
            Ordering::Greater => {
                if join.unpaired[1] {
                    join.print([None, Some(&other[right])], io);
                }
                right += 1;
            }
            Ordering::Equal => {
                let same = |all: &[Vec<String>], from: usize, file: usize| {
                    let key = join.key(&all[from], file);
                    all[from..].iter().take_while(|fields| join.key(fields, file) == key).count()
                };
                let (lefts, rights) = (same(one, left, 0), same(other, right, 1));
                for first in &one[left..left + lefts] {
                    for second in other[right..right + rights].iter().filter(|_| join.paired) {
                        join.print([Some(first), Some(second)], io);
                        if io.stdout.len() > MOST_PAIRED {
                            io.write_error(format!(
                                "podhop: join: not simulated here: more than {MOST_PAIRED} bytes of pairs"
                            ));
                            return;
                        }
                    }
                }
                (left, right) = (left + lefts, right + rights);
            }
        }
    }
}

/// Tells of files that are out of order; exit code 1 if there is one.
fn join_disorder(
    join: &Join,
    names: [&String; 2],
    texts: &[Vec<String>; 2],
    sides: &[Vec<Vec<String>>; 2],
    io: &mut Io<'_>,
) -> i32 {
    let mut wrong = false;
    for file in [0, 1] {
        let keys = |file: usize| sides[file].iter().map(move |fields| join.key(fields, file));
        let others: BTreeSet<String> = keys(1 - file).collect();
        let keys: Vec<String> = keys(file).collect();
        let fell = keys.windows(2).position(|pair| pair[1] < pair[0]);
        let unpaired = keys.iter().any(|key| !others.contains(key));
        if let Some(at) = fell.filter(|_| unpaired) {
            wrong = true;
            let at = at + 1 + usize::from(join.header);
            let (name, line, text) = (names[file], at + 1, &texts[file][at]);
            io.write_error(format!("join: {name}:{line}: is not sorted: {text}"));
        }
    }
    if wrong {
        io.write_error("join: input is not in sorted order");
    }
    i32::from(wrong)
}
/// `tsort`: an order in which every first word of a pair stands before the second one. What waits for
/// nothing comes in the order in which it was named.
pub(in crate::shell::commands) fn tsort(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("tsort", "").read(arguments, io) else { return Some(1) };
    let file = options.operands.first().cloned().unwrap_or_else(|| "-".to_owned());
    if waits(io, std::slice::from_ref(&file)) {
        return None;
    }
    let bytes = match content(io, &file) {
        Ok(bytes) => bytes,
        Err(why) => {
            io.write_error(format!("tsort: {file}: {why}"));
            return Some(1);
        }
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() % 2 == 1 {
        io.write_error(match is_gnu(io) {
            true => format!("tsort: {file}: input contains an odd number of tokens"),
            false => "tsort: odd input".to_owned(),
        });
        return Some(1);
    }
    let mut names: Vec<&str> = words.clone();
    names.sort_unstable();
    names.dedup();
    let mut after: std::collections::BTreeMap<&str, Vec<&str>> = Default::default();
    let mut waiting: std::collections::BTreeMap<&str, usize> =
        names.iter().map(|name| (*name, 0)).collect();
    for pair in words.chunks_exact(2).filter(|pair| pair[0] != pair[1]) {
        // As in GNU's, the successor named last is looked at first.
        after.entry(pair[0]).or_default().insert(0, pair[1]);
        *waiting.entry(pair[1]).or_default() += 1;
    }
    let mut ready: std::collections::VecDeque<&str> =
        names.iter().copied().filter(|name| waiting[name] == 0).collect();
    let mut told = 0;
    while let Some(name) = ready.pop_front() {
        io.say(name);
        told += 1;
        for next in after.remove(name).unwrap_or_default() {
            let left = waiting.entry(next).or_default();
            *left -= 1;
            if *left == 0 {
                ready.push_back(next);
            }
        }
    }
    if told < names.len() {
        io.write_error(crate::shell::commands::trouble::left_out(
            "tsort",
            "of what goes round in a loop",
        ));
        return Some(1);
    }
    Some(0)
}
