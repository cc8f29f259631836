//! `cmp`, `comm` and `join`.

use std::cmp::Ordering;

use super::bytes::{content, extra_operand, missing_operand, waits};
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options};

/// Two files' contents, or what stood in the way: the exit code.
pub(super) fn both(
    name: &str,
    files: [&String; 2],
    io: &mut Io<'_>,
    code: i32,
) -> Result<[Vec<u8>; 2], i32> {
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
    let told = io.stderr.len();
    let [one, other] = match both("cmp", [first, second], io, 2) {
        Ok(both) => both,
        Err(code) => {
            if options.has('s') && gnu {
                io.stderr.truncate(told);
            }
            return Some(code);
        }
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
pub(super) fn two<'a>(
    name: &str,
    operands: &'a [String],
    io: &mut Io<'_>,
) -> Option<[&'a String; 2]> {
    match operands {
        [one, other] => return Some([one, other]),
        [] => missing_operand(io, name, None),
        [one] => missing_operand(io, name, Some(one)),
        [_, _, extra, ..] => {
            extra_operand(io, name, extra);
        }
    }
    None
}

pub(super) fn lines(bytes: &[u8], end: char) -> Vec<String> {
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
