//! `od` (POSIX, as coreutils and BusyBox do it).

use super::bytes::{content, or_standard, waits};
use crate::shell::Io;
use crate::shell::commands::options::{Grammar, Options};

/// How a field shows its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// `a`: names of characters.
    Named,
    /// `c`: characters and escapes.
    Character,
    Signed,
    Unsigned,
    Octal,
    Hexadecimal,
}

/// A `-t TYPE`.
#[derive(Clone, Copy, Debug)]
struct Type {
    shown: Shown,
    /// Bytes of a field.
    size: usize,
    /// `z`: the line's characters behind it.
    text: bool,
}

const NAMES: [&str; 33] = [
    "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "nl", "vt", "ff", "cr",
    "so", "si", "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc",
    "fs", "gs", "rs", "us", "sp",
];

impl Type {
    const fn new(shown: Shown, size: usize) -> Type {
        Type { shown, size, text: false }
    }

    /// The types of a `-t` text.
    fn read(text: &str) -> Result<Vec<Type>, String> {
        let mut types = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(letter) = rest.next() {
            let shown = match letter {
                'a' => Shown::Named,
                'c' => Shown::Character,
                'd' => Shown::Signed,
                'u' => Shown::Unsigned,
                'o' => Shown::Octal,
                'x' => Shown::Hexadecimal,
                'f' => return Err("podhop: od: not simulated here: -t f".to_owned()),
                _ => {
                    return Err(format!(
                        "od: invalid character '{letter}' in type string '{text}'"
                    ));
                }
            };
            let mut size = match shown {
                Shown::Named | Shown::Character => 1,
                _ => 4,
            };
            let named = rest.peek().copied().filter(|_| size == 4);
            let by_letter = named.and_then(|name| match name {
                'C' => Some(1),
                'S' => Some(2),
                'I' => Some(4),
                'L' => Some(8),
                _ => None,
            });
            if let Some(bytes) = by_letter {
                rest.next();
                size = bytes;
            } else if named.is_some_and(|digit| digit.is_ascii_digit()) {
                let mut digits = String::new();
                while let Some(digit) = rest.peek().filter(|digit| digit.is_ascii_digit()) {
                    digits.push(*digit);
                    rest.next();
                }
                size = digits.parse().unwrap_or(0);
                if !matches!(size, 1 | 2 | 4 | 8) {
                    return Err(format!(
                        "od: invalid type string '{text}';\nthis system doesn't provide a {digits}-byte integral type"
                    ));
                }
            }
            let shows_text = rest.next_if_eq(&'z').is_some();
            types.push(Type { shown, size, text: shows_text });
        }
        Ok(types)
    }

    /// The columns of a field, without the space before it.
    fn width(self) -> usize {
        let of = |widths: [usize; 4]| widths[self.size.trailing_zeros() as usize];
        match self.shown {
            Shown::Named | Shown::Character => 3,
            Shown::Signed => of([4, 6, 11, 20]),
            Shown::Unsigned => of([3, 5, 10, 20]),
            Shown::Octal => of([3, 6, 11, 22]),
            Shown::Hexadecimal => of([2, 4, 8, 16]),
        }
    }

    fn field(self, bytes: &[u8]) -> String {
        let value = bytes.iter().rev().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        let width = self.width();
        match self.shown {
            Shown::Named => match value & 0x7f {
                0x7f => "del".to_owned(),
                low if low <= 32 => NAMES[low as usize].to_owned(),
                letter => char::from(letter as u8).to_string(),
            },
            Shown::Character => character(value as u8),
            Shown::Signed => {
                let unused = 64 - 8 * self.size as u32;
                ((value << unused) as i64 >> unused).to_string()
            }
            Shown::Unsigned => value.to_string(),
            Shown::Octal => format!("{value:0width$o}"),
            Shown::Hexadecimal => format!("{value:0width$x}"),
        }
    }
}

/// A byte as `-c` shows it.
pub(super) fn character(byte: u8) -> String {
    match byte {
        0 => "\\0".to_owned(),
        7 => "\\a".to_owned(),
        8 => "\\b".to_owned(),
        9 => "\\t".to_owned(),
        10 => "\\n".to_owned(),
        11 => "\\v".to_owned(),
        12 => "\\f".to_owned(),
        13 => "\\r".to_owned(),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("{byte:03o}"),
    }
}

/// What `od` was told.
struct Dump {
    types: Vec<Type>,
    /// `-A`: `d`, `o`, `x` or `n`.
    radix: char,
    skip: usize,
    most: usize,
    /// `-v`: lines that are the same are shown all the same.
    all: bool,
    /// Bytes of a line.
    width: usize,
}

/// `512`, `0x20`, `010`, `1b`, `2k`, `1M`.
fn count(text: &str) -> Option<usize> {
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, 'b')) if !text.starts_with("0x") => (&text[..at], 512),
        Some((at, 'k' | 'K')) => (&text[..at], 1024),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        _ => (text, 1),
    };
    let number = match (digits.strip_prefix("0x"), digits.strip_prefix('0')) {
        (Some(hex), _) => usize::from_str_radix(hex, 16).ok()?,
        (None, Some(octal)) if !octal.is_empty() => usize::from_str_radix(octal, 8).ok()?,
        _ => digits.parse().ok()?,
    };
    number.checked_mul(unit)
}

impl Dump {
    fn read(options: &Options) -> Result<Dump, String> {
        let mut types = Vec::new();
        for (letter, value) in options.in_order() {
            match letter {
                'a' => types.push(Type::new(Shown::Named, 1)),
                'b' => types.push(Type::new(Shown::Octal, 1)),
                'c' => types.push(Type::new(Shown::Character, 1)),
                'd' => types.push(Type::new(Shown::Unsigned, 2)),
                'i' => types.push(Type::new(Shown::Signed, 4)),
                'l' => types.push(Type::new(Shown::Signed, 8)),
                'o' => types.push(Type::new(Shown::Octal, 2)),
                's' => types.push(Type::new(Shown::Signed, 2)),
                'x' => types.push(Type::new(Shown::Hexadecimal, 2)),
                't' => types.extend(Type::read(value)?),
                _ => {}
            }
        }
        if types.is_empty() {
            types.push(Type::new(Shown::Octal, 2));
        }
        let number = |letter: char, default: usize| match options.value(letter) {
            None => Ok(default),
            Some(text) => {
                count(text).ok_or_else(|| format!("od: invalid -{letter} argument '{text}'"))
            }
        };
        let radix = options.value('A').unwrap_or("o");
        let radix = match radix.chars().next() {
            Some(letter @ ('d' | 'o' | 'x' | 'n')) => letter,
            _ => {
                return Err(format!(
                    "od: invalid output address radix '{radix}'; it must be one character from [doxn]"
                ));
            }
        };
        let largest = types.iter().map(|one| one.size).max().unwrap_or(1);
        let width = match options.value('w') {
            None => 16,
            Some("") => 32,
            Some(text) => match count(text).filter(|width| *width > 0) {
                Some(width) if width % largest == 0 && width <= 4096 => width,
                Some(_) => 16,
                None => return Err(format!("od: invalid -w argument '{text}'")),
            },
        };
        let (skip, most) = (number('j', 0)?, number('N', usize::MAX)?);
        Ok(Dump { types, radix, skip, most, all: options.has('v'), width })
    }

    fn address(&self, at: usize) -> String {
        match self.radix {
            'd' => format!("{at:07}"),
            'x' => format!("{at:06x}"),
            'n' => String::new(),
            _ => format!("{at:07o}"),
        }
    }

    /// A line's fields in one type, as wide as the widest type's.
    fn fields(&self, one: Type, line: &[u8]) -> String {
        let per_line = self.width / one.size;
        let own = (one.width() + 1) * per_line;
        let widest =
            self.types.iter().map(|each| (each.width() + 1) * (self.width / each.size)).max();
        let spare = widest.unwrap_or(own) - own;
        let mut text = String::new();
        let mut left = spare;
        for (at, bytes) in line.chunks(one.size).enumerate() {
            let next = spare * (per_line - at - 1) / per_line;
            let width = one.width() + 1 + left - next;
            text += &format!("{:>width$}", one.field(bytes));
            left = next;
        }
        if one.text {
            let shown =
                |byte: &u8| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '.' };
            let letters: String = line.iter().map(shown).collect();
            text = format!("{text:<width$}  >{letters}<", width = widest.unwrap_or(own));
        }
        text
    }

    fn print(&self, bytes: &[u8], io: &mut Io<'_>) {
        let mut last: Option<&[u8]> = None;
        let mut starred = false;
        for (number, line) in bytes.chunks(self.width).enumerate() {
            if !self.all && line.len() == self.width && last == Some(line) {
                if !starred {
                    io.say("*");
                }
                starred = true;
                continue;
            }
            (last, starred) = (Some(line), false);
            let mut address = self.address(self.skip + number * self.width);
            for one in &self.types {
                io.say(format!("{address}{}", self.fields(*one, line)));
                address = " ".repeat(address.len());
            }
        }
        if self.radix != 'n' {
            io.say(self.address(self.skip + bytes.len()));
        }
    }
}

pub(in crate::shell::commands) fn od(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "od",
        short: "abcdfilosxA:t:j:N:vw;S:",
        long: &[
            ("address-radix", 'A'),
            ("format", 't'),
            ("skip-bytes", 'j'),
            ("read-bytes", 'N'),
            ("output-duplicates", 'v'),
            ("width", 'w'),
            ("strings", 'S'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if let Some(flag) = options.not_simulated(&[('f', "-f"), ('S', "-S")]) {
        io.write_error(format!("podhop: od: not simulated here: {flag}"));
        return Some(1);
    }
    let dump = match Dump::read(&options) {
        Ok(dump) => dump,
        Err(message) => {
            io.write_error(message);
            return Some(1);
        }
    };
    if waits(io, &options.operands) {
        return None;
    }
    let (mut bytes, mut failed) = (Vec::new(), false);
    for file in or_standard(&options.operands) {
        match content(io, &file) {
            Ok(more) => bytes.extend(more),
            Err(why) => {
                failed = true;
                io.write_error(format!("od: {file}: {why}"));
            }
        }
    }
    if failed && bytes.is_empty() {
        return Some(1);
    }
    if dump.skip > bytes.len() {
        io.write_error("od: cannot skip past end of combined input");
        return Some(1);
    }
    let end = dump.skip.saturating_add(dump.most).min(bytes.len());
    dump.print(&bytes[dump.skip..end], io);
    Some(i32::from(failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_as_wide_as_the_widest_type() {
        let types = Type::read("x1c").expect("they are types");
        let dump =
            Dump { types: types.clone(), radix: 'o', skip: 0, most: 9, all: false, width: 16 };
        assert_eq!(dump.fields(types[0], b"on"), "  6f  6e");
        assert_eq!(dump.fields(types[1], b"o\n"), "   o  \\n");
    }

    #[test]
    fn counts_have_units_and_bases() {
        assert_eq!(count("0x10"), Some(16));
        assert_eq!(count("010"), Some(8));
        assert_eq!(count("1b"), Some(512));
        assert_eq!(count("x"), None);
    }
}
