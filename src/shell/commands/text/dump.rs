//! `od` (POSIX, as coreutils and BusyBox do it).

use super::bytes::{content, or_standard, waits};
use crate::shell::Io;
use crate::shell::commands::conversion::Spec;
use crate::shell::commands::is_gnu;
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
    /// `f`
    Float,
}

/// A `-t TYPE`.
#[derive(Clone, Copy, Debug)]
struct Type {
    shown: Shown,
    /// Bytes of a field.
    size: usize,
    /// `z`: the line's characters behind it.
    text: bool,
    /// Whether a number has all its digits, as BusyBox prints it, or as many as tell it from others.
    whole: bool,
}

const NAMES: [&str; 33] = [
    "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "nl", "vt", "ff", "cr",
    "so", "si", "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc",
    "fs", "gs", "rs", "us", "sp",
];

impl Type {
    const fn new(shown: Shown, size: usize) -> Type {
        Type { shown, size, text: false, whole: false }
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
                'f' => Shown::Float,
                _ => {
                    return Err(format!(
                        "od: invalid character '{letter}' in type string '{text}'"
                    ));
                }
            };
            let mut size = match shown {
                Shown::Named | Shown::Character => 1,
                Shown::Float => 8,
                _ => 4,
            };
            let named = rest.peek().copied().filter(|_| size > 1);
            let by_letter = named.and_then(|name| match name {
                'F' if shown == Shown::Float => Some(4),
                'D' if shown == Shown::Float => Some(8),
                'L' if shown == Shown::Float => Some(16),
                _ if shown == Shown::Float => None,
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
                let (exists, kind) = match shown {
                    Shown::Float => (matches!(size, 4 | 8 | 16), "floating point"),
                    _ => (matches!(size, 1 | 2 | 4 | 8), "integral"),
                };
                if !exists {
                    return Err(format!(
                        "od: invalid type string '{text}';\nthis system doesn't provide a {digits}-byte {kind} type"
                    ));
                }
            }
            if size == 16 {
                return Err("podhop: od: not simulated here: -t fL".to_owned());
            }
            let shows_text = rest.next_if_eq(&'z').is_some();
            types.push(Type { text: shows_text, ..Type::new(shown, size) });
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
            Shown::Float if self.whole => of([0, 0, 15, 23]),
            Shown::Float => of([0, 0, 15, 24]),
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
            Shown::Float => self.float(value),
        }
    }

    /// A number in as few digits, from what all of its kind have on, as tell it from every other.
    fn float(self, bits: u64) -> String {
        let single = f32::from_bits(bits as u32);
        let number = if self.size == 4 { f64::from(single) } else { f64::from_bits(bits) };
        let is_it = |text: &str| match self.size {
            4 => text.trim().parse::<f32>().is_ok_and(|read| read == single),
            _ => text.trim().parse::<f64>().is_ok_and(|read| read == number),
        };
        let shown = |precision, letter| {
            Spec { precision: Some(precision), ..Spec::default() }.float(number, letter)
        };
        // C's `FLT_DIG` and `DBL_DIG`; BusyBox brings one of its own for the first.
        let least = if self.size == 4 { 6 } else { 15 };
        if self.whole {
            return shown(least + usize::from(self.size == 4), 'e');
        }
        let normal = if self.size == 4 { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE };
        let first = if number.abs() < normal { 1 } else { least };
        let all = (first..least + 4).map(|precision| shown(precision, 'g'));
        all.clone().find(|text| is_it(text)).unwrap_or_else(|| shown(least + 3, 'g'))
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
    /// `--endian=big`: a number's first byte counts most.
    turned: bool,
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

/// What a letter by itself stands for; BusyBox 1.36 has shorter numbers.
fn by_letter(letter: char, gnu: bool) -> Option<Type> {
    let (shown, size) = match letter {
        'a' => (Shown::Named, 1),
        'b' => (Shown::Octal, 1),
        'c' => (Shown::Character, 1),
        'd' => (Shown::Unsigned, 2),
        'D' => (Shown::Unsigned, 4),
        'e' | 'F' => (Shown::Float, 8),
        'f' => (Shown::Float, 4),
        'i' => (Shown::Signed, if gnu { 4 } else { 2 }),
        'l' => (Shown::Signed, if gnu { 8 } else { 4 }),
        'I' | 'L' => (Shown::Signed, 8),
        'B' | 'o' => (Shown::Octal, 2),
        'O' => (Shown::Octal, 4),
        's' => (Shown::Signed, 2),
        'h' | 'x' => (Shown::Hexadecimal, 2),
        'H' | 'X' => (Shown::Hexadecimal, 4),
        _ => return None,
    };
    Some(Type::new(shown, size))
}

impl Dump {
    fn read(options: &Options, io: &mut Io<'_>) -> Result<Dump, String> {
        let gnu = is_gnu(io);
        let mut types = Vec::new();
        for (letter, value) in options.in_order() {
            match letter {
                't' => types.extend(Type::read(value)?),
                letter => types.extend(by_letter(letter, gnu)),
            }
        }
        types.iter_mut().for_each(|one: &mut Type| one.whole = !gnu);
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
                return Err(match gnu {
                    true => format!(
                        "od: invalid output address radix '{radix}'; it must be one character from [doxn]"
                    ),
                    false => format!(
                        "od: bad output address radix '{}' (must be [doxn])",
                        radix.chars().next().unwrap_or_default()
                    ),
                });
            }
        };
        let largest = types.iter().map(|one| one.size).max().unwrap_or(1);
        let width = match options.value('w') {
            None => 16,
            Some("") => 32,
            Some(text) => match count(text) {
                Some(width) if width > 0 && width % largest == 0 && width <= 4096 => width,
                Some(width) => {
                    io.write_error(format!(
                        "od: warning: invalid width {width}; using {largest} instead"
                    ));
                    largest
                }
                None => return Err(format!("od: invalid -w argument '{text}'")),
            },
        };
        let (skip, most) = (number('j', 0)?, number('N', usize::MAX)?);
        let turned = match options.value('È') {
            None | Some("little") => false,
            Some("big") => true,
            Some(other) => {
                return Err(format!(
                    "od: invalid argument '{other}' for '--endian'\nValid arguments are:\n  - 'little'\n  - 'big'\nTry 'od --help' for more information."
                ));
            }
        };
        Ok(Dump { types, radix, skip, most, all: options.has('v'), width, turned })
    }

    /// `-S`: what a C program would print, of so many letters at least: it ends with a zero.
    fn strings(&self, bytes: &[u8], least: usize, io: &mut Io<'_>) {
        let mut begin = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let printable = (b' '..=b'~').contains(byte) || (7..=13).contains(byte);
            if *byte == 0 && at - begin >= least {
                let place = self.address(self.skip + begin);
                let text = String::from_utf8_lossy(&bytes[begin..at]).into_owned();
                let gap = if place.is_empty() { "" } else { " " };
                io.say(format!("{place}{gap}{}", text.escape_default()));
            }
            if !printable {
                begin = at + 1;
            }
        }
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
            let mut bytes = bytes.to_vec();
            if self.turned {
                bytes.resize(one.size, 0);
                bytes.reverse();
            }
            text += &format!("{:>width$}", one.field(&bytes));
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
        short: "abcdDefFhHiIlLoOBsxXA:t:j:N:vw;S:È:",
        long: &[
            ("address-radix", 'A'),
            ("format", 't'),
            ("skip-bytes", 'j'),
            ("read-bytes", 'N'),
            ("output-duplicates", 'v'),
            ("width", 'w'),
            ("strings", 'S'),
            ("endian", 'È'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let least = match options.value('S').map(|text| count(text).ok_or(text)).transpose() {
        Ok(least) => least,
        Err(text) => {
            io.write_error(format!("od: invalid -S argument '{text}'"));
            return Some(1);
        }
    };
    let dump = match Dump::read(&options, io) {
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
    if let Some(least) = least {
        dump.strings(&bytes[dump.skip..end], least, io);
        return Some(i32::from(failed));
    }
    dump.print(&bytes[dump.skip..end], io);
    Some(i32::from(failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_as_wide_as_the_widest_type() {
        let types = Type::read("x1c").expect("they are types");
        let (all, turned) = (false, false);
        let dump =
            Dump { types: types.clone(), radix: 'o', skip: 0, most: 9, all, width: 16, turned };
        assert_eq!(dump.fields(types[0], b"on"), "  6f  6e");
        assert_eq!(dump.fields(types[1], b"o\n"), "   o  \\n");
    }

    /// What coreutils 9.1 and BusyBox 1.36.1 print.
    #[test]
    fn a_number_has_as_many_digits_as_tell_it_from_others() {
        let field = |value: f32, whole| {
            Type { whole, ..Type::new(Shown::Float, 4) }.field(&value.to_le_bytes())
        };
        assert_eq!(field(1e10, false), "1e+10");
        assert_eq!(field(f32::from_bits(0x3f80_0001), false), "1.0000001");
        assert_eq!(field(1.5, true), "1.5000000e+00");
    }

    #[test]
    fn counts_have_units_and_bases() {
        assert_eq!(count("0x10"), Some(16));
        assert_eq!(count("010"), Some(8));
        assert_eq!(count("1b"), Some(512));
        assert_eq!(count("x"), None);
    }
}
