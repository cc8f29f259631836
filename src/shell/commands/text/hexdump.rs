//! `hexdump` (BSD's, as util-linux and BusyBox have it) and `xxd`.

use super::bytes::{content, or_standard, waits};
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options};

/// A line's printable characters, with dots for the rest.
fn letters(line: &[u8]) -> String {
    let shown = |byte: &u8| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '.' };
    line.iter().map(shown).collect()
}

/// How `hexdump` shows a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// `-C`: bytes and characters.
    Canonical,
    /// Without an option: two bytes in four digits.
    Pairs,
    /// `-b`
    Octal,
    /// `-c`
    Characters,
    /// `-d`
    Decimal,
    /// `-o`
    OctalPairs,
    /// `-x`
    HexPairs,
}

impl View {
    fn of(letter: char) -> Option<View> {
        Some(match letter {
            'C' => View::Canonical,
            'b' => View::Octal,
            'c' => View::Characters,
            'd' => View::Decimal,
            'o' => View::OctalPairs,
            'x' => View::HexPairs,
            _ => return None,
        })
    }

    /// Bytes of a field, and the columns it has.
    fn field(self) -> (usize, usize) {
        match self {
            View::Canonical => (1, 3),
            View::Pairs => (2, 5),
            View::Octal | View::Characters => (1, 4),
            View::Decimal | View::OctalPairs | View::HexPairs => (2, 8),
        }
    }

    fn line(self, at: usize, line: &[u8]) -> String {
        if self == View::Canonical {
            return canonical(at, line);
        }
        let (size, width) = self.field();
        let mut text = format!("{at:07x}");
        for bytes in line.chunks(size) {
            let value = bytes.iter().rev().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
            let shown = match self {
                View::Octal => format!("{value:03o}"),
                View::Characters => super::dump::character(value as u8),
                View::Decimal => format!("{value:05}"),
                View::OctalPairs => format!("{value:06o}"),
                _ => format!("{value:04x}"),
            };
            text += &format!("{shown:>width$}");
        }
        // What a short line lacks is filled with spaces.
        let whole = 7 + width * 16 / size;
        format!("{text:<whole$}")
    }
}

fn canonical(at: usize, line: &[u8]) -> String {
    let mut text = format!("{at:08x}");
    for (index, byte) in line.iter().enumerate() {
        text += if index % 8 == 0 { "  " } else { " " };
        text += &format!("{byte:02x}");
    }
    format!("{text:<58}  |{}|", letters(line))
}

/// `hd`: as `hexdump -C`.
pub(in crate::shell::commands) fn hd(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let arguments = [&["-C".to_owned()], arguments].concat();
    hexdump(&arguments, io)
}

pub(in crate::shell::commands) fn hexdump(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "hexdump",
        short: "bcCde:f:n:os:vx",
        long: &[
            ("one-byte-octal", 'b'),
            ("one-byte-char", 'c'),
            ("canonical", 'C'),
            ("two-bytes-decimal", 'd'),
            ("two-bytes-octal", 'o'),
            ("two-bytes-hex", 'x'),
            ("format", 'e'),
            ("format-file", 'f'),
            ("length", 'n'),
            ("skip", 's'),
            ("no-squeezing", 'v'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if let Some(flag) = options.not_simulated(&[('e', "-e"), ('f', "-f")]) {
        io.write_error(format!("podhop: hexdump: not simulated here: {flag}"));
        return Some(1);
    }
    if waits(io, &options.operands) {
        return None;
    }
    let (mut bytes, mut failed) = (Vec::new(), 0);
    let files = or_standard(&options.operands);
    for file in &files {
        match content(io, file) {
            Ok(more) => bytes.extend(more),
            Err(why) => {
                failed += 1;
                io.write_error(format!("hexdump: {file}: {why}"));
            }
        }
    }
    if failed == files.len() {
        if is_gnu(io) {
            io.write_error("hexdump: all input file arguments failed");
        }
        return Some(1);
    }
    let (Some(skip), Some(most)) = (number(&options, 's', 0), number(&options, 'n', usize::MAX))
    else {
        io.write_error("hexdump: failed to parse a number");
        return Some(1);
    };
    let skip = skip.min(bytes.len());
    let bytes = &bytes[skip..skip.saturating_add(most).min(bytes.len())];
    show(&options, skip, bytes, io);
    Some(i32::from(failed > 0))
}

fn number(options: &Options, letter: char, default: usize) -> Option<usize> {
    match options.value(letter) {
        None => Some(default),
        Some(text) => match text.strip_prefix("0x") {
            Some(hex) => usize::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        },
    }
}

fn show(options: &Options, skip: usize, bytes: &[u8], io: &mut Io<'_>) {
    let mut views: Vec<View> =
        options.in_order().filter_map(|(letter, _)| View::of(letter)).collect();
    if views.is_empty() {
        views.push(View::Pairs);
    }
    let (mut last, mut starred): (Option<&[u8]>, bool) = (None, false);
    for (index, line) in bytes.chunks(16).enumerate() {
        if !options.has('v') && line.len() == 16 && last == Some(line) {
            if !starred {
                io.say("*");
            }
            starred = true;
            continue;
        }
        (last, starred) = (Some(line), false);
        for view in &views {
            io.say(view.line(skip + index * 16, line));
        }
    }
    if bytes.is_empty() {
        return;
    }
    let end = skip + bytes.len();
    io.say(match views.last() {
        Some(View::Canonical) => format!("{end:08x}"),
        _ => format!("{end:07x}"),
    });
}

pub(in crate::shell::commands) fn xxd(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar::short("xxd", "abc:Ceg:il:n:o:prs:uv");
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let idle = [('e', "-e"), ('o', "-o"), ('a', "-a"), ('C', "-C"), ('n', "-n")];
    if let Some(flag) = options.not_simulated(&idle) {
        io.write_error(format!("podhop: xxd: not simulated here: {flag}"));
        return Some(1);
    }
    if waits(io, &options.operands) {
        return None;
    }
    let file = options.operands.first().cloned().unwrap_or_else(|| "-".to_owned());
    let bytes = match content(io, &file) {
        Ok(bytes) => bytes,
        Err(why) => {
            io.write_error(format!("xxd: {file}: {why}"));
            return Some(2);
        }
    };
    if options.has('r') {
        let back = reversed(&String::from_utf8_lossy(&bytes), options.has('p'));
        io.stdout.extend(back);
        return Some(0);
    }
    let skip = number(&options, 's', 0).unwrap_or(0).min(bytes.len());
    let most = number(&options, 'l', usize::MAX).unwrap_or(usize::MAX);
    let bytes = &bytes[skip..skip.saturating_add(most).min(bytes.len())];
    let columns = number(&options, 'c', 0).filter(|columns| (1..=256).contains(columns));
    let digits = |byte: &u8| match options.has('u') {
        true => format!("{byte:02X}"),
        false => format!("{byte:02x}"),
    };
    if options.has('p') {
        for line in bytes.chunks(columns.unwrap_or(30)) {
            io.say(line.iter().map(digits).collect::<String>());
        }
    } else if options.has('i') {
        include(&file, bytes, columns.unwrap_or(12), io);
    } else {
        let bits = options.has('b');
        let columns = columns.unwrap_or(if bits { 6 } else { 16 });
        let group = number(&options, 'g', if bits { 1 } else { 2 }).unwrap_or(2);
        let group = if group == 0 { columns } else { group };
        for (index, line) in bytes.chunks(columns).enumerate() {
            let byte = |byte: &u8| if bits { format!("{byte:08b}") } else { digits(byte) };
            let groups: Vec<String> =
                line.chunks(group).map(|bytes| bytes.iter().map(byte).collect()).collect();
            let each = if bits { 8 } else { 2 };
            let width = columns * each + columns.div_ceil(group);
            let (at, shown) = (skip + index * columns, groups.join(" "));
            io.say(format!("{at:08x}: {shown:<width$} {}", letters(line)));
        }
    }
    Some(0)
}

/// `-i`: an array in C.
fn include(file: &str, bytes: &[u8], columns: usize, io: &mut Io<'_>) {
    let lines: Vec<String> = bytes
        .chunks(columns)
        .map(|line| {
            let all: Vec<String> = line.iter().map(|byte| format!("0x{byte:02x}")).collect();
            format!("  {}", all.join(", "))
        })
        .collect();
    let text = lines.join(",\n");
    if file == "-" {
        return io.say(text);
    }
    let name: String = file
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' })
        .collect();
    io.say(format!("unsigned char {name}[] = {{\n{text}\n}};"));
    io.say(format!("unsigned int {name}_len = {};", bytes.len()));
}

/// `-r`: what a dump was made of.
fn reversed(text: &str, plain: bool) -> Vec<u8> {
    let mut all = Vec::new();
    for line in text.lines() {
        let digits = match plain {
            true => line,
            false => {
                let behind = line.split_once(": ").map_or("", |(_, behind)| behind);
                behind.split("  ").next().unwrap_or("")
            }
        };
        let digits: Vec<u32> = digits.chars().filter_map(|letter| letter.to_digit(16)).collect();
        all.extend(digits.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What util-linux 2.38 and BusyBox 1.35 print.
    #[test]
    fn a_short_line_keeps_the_columns() {
        assert_eq!(
            canonical(0, b"one\n"),
            "00000000  6f 6e 65 0a                                       |one.|"
        );
        assert_eq!(View::Octal.line(0, b"on").len(), 71);
    }

    #[test]
    fn a_dump_finds_its_way_back() {
        assert_eq!(reversed("00000000: 6f6e 650a  one.\n", false), b"one\n");
        assert_eq!(reversed("6f6e650a\n", true), b"one\n");
    }
}
