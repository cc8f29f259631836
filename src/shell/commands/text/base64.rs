//! `base64`, `base32` and `basenc`, GNU's and BusyBox'.

use super::bytes::extra_operand;
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(in crate::shell::commands) fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for index in 0..4 {
            match index <= chunk.len() {
                true => out.push(char::from(ALPHABET[(bits >> (18 - 6 * index)) as usize & 63])),
                false => out.push('='),
            }
        }
    }
    out
}

/// The alphabet of `base32`.
const ALPHABET_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn encode_32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let at = |index: usize| u64::from(chunk.get(index).copied().unwrap_or(0));
        let bits = (0..5).fold(0, |bits, index| bits << 8 | at(index));
        let letters = (chunk.len() * 8).div_ceil(5);
        for index in 0..8 {
            let letter = ALPHABET_32[(bits >> (35 - 5 * index)) as usize & 31];
            out.push(if index < letters { char::from(letter) } else { '=' });
        }
    }
    out
}

/// Groups of so many letters that are so many bytes. What comes before something wrong is decoded; whether
/// all was right. Only groups of base32 may be filled up by `=`.
fn decode_groups(
    bytes: &[u8],
    alphabet: &[u8],
    (letters, width): (usize, usize),
    ignore: bool,
) -> (Vec<u8>, bool) {
    let (mut out, mut group, mut padding) = (Vec::new(), Vec::new(), 0);
    for byte in bytes.iter().copied() {
        match alphabet.iter().position(|letter| *letter == byte) {
            Some(value) if padding == 0 => group.push(value as u64),
            None if byte == b'=' && letters == 8 && width == 5 => padding += 1,
            None if byte == b'\n' || ignore => continue,
            _ => return (out, false),
        }
        if group.len() + padding == letters {
            let filled = group.iter().copied().chain(std::iter::repeat_n(0, padding));
            let bits = filled.fold(0, |bits, value| bits * alphabet.len() as u64 + value);
            if bits >> (8 * width) > 0 {
                return (out, false);
            }
            let whole = group.len() * width / letters;
            out.extend(bits.to_be_bytes()[8 - width..].iter().take(whole));
            group.clear();
            padding = 0;
        }
    }
    (out, group.is_empty() && padding == 0)
}

fn value(byte: u8) -> Option<u32> {
    let at = ALPHABET.iter().position(|letter| *letter == byte)?;
    u32::try_from(at).ok()
}

/// Bits that wait until they make a byte.
#[derive(Default)]
struct Bits {
    bits: u32,
    count: u32,
    out: Vec<u8>,
}

impl Bits {
    fn take(&mut self, value: u32) {
        self.bits = self.bits << 6 | value;
        self.count += 6;
        if self.count >= 8 {
            self.count -= 8;
            self.out.push((self.bits >> self.count & 255) as u8);
        }
    }

    fn drop_rest(&mut self) {
        (self.bits, self.count) = (0, 0);
    }
}

/// Without caring for padding; `None` when there is another letter in it.
pub(in crate::shell::commands) fn decode_loosely(text: &str) -> Option<Vec<u8>> {
    let mut bits = Bits::default();
    for byte in text.trim_end_matches('=').bytes() {
        bits.take(value(byte)?);
    }
    Some(bits.out)
}

/// As GNU decodes: newlines may stand anywhere, other letters only when they are ignored. What comes
/// before something wrong is decoded; whether all was right.
fn decode_gnu(bytes: &[u8], ignore: bool) -> (Vec<u8>, bool) {
    let mut bits = Bits::default();
    let mut group = 0;
    let mut padding = 0;
    for byte in bytes.iter().copied() {
        match (value(byte), byte) {
            (Some(value), _) if padding == 0 => {
                bits.take(value);
                group = (group + 1) % 4;
            }
            (None, b'=') if group + padding >= 2 => {
                padding += 1;
                if group + padding == 4 {
                    bits.drop_rest();
                    (group, padding) = (0, 0);
                }
            }
            (_, b'\n') => {}
            (None, _) if ignore && byte != b'=' => {}
            _ => return (bits.out, false),
        }
    }
    (bits.out, group == 0 && padding == 0)
}

/// As BusyBox decodes: what is no letter of the alphabet is passed over, and only whole groups count.
fn decode_busybox(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut bits = Bits::default();
    let mut group = Vec::new();
    let mut padding = 0;
    for byte in bytes.iter().copied() {
        match (value(byte), byte) {
            (Some(value), _) => group.push(value),
            (None, b'=') => padding += 1,
            _ => continue,
        }
        if group.len() + padding == 4 {
            group.drain(..).for_each(|value| bits.take(value));
            bits.drop_rest();
            padding = 0;
        }
    }
    (bits.out, group.is_empty() && padding == 0)
}

/// How bytes are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Base64,
    Base64Url,
    Base32,
    Base32Hex,
    Base16,
    /// ZeroMQ's: five letters for four bytes.
    Z85,
    /// Bits, the highest of a byte first, or the lowest.
    Base2 {
        highest_first: bool,
    },
}

const ALPHABET_85: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

const HEX_32: &[u8; 32] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";

/// Letters of one alphabet as those of another.
fn exchanged(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let letter = |byte: &u8| from.iter().position(|one| one == byte).map_or(*byte, |at| to[at]);
    bytes.iter().map(letter).collect()
}

/// Four bytes as five letters.
fn encode_85(bytes: &[u8]) -> [char; 5] {
    let bits = bytes.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte));
    let digit = |power| char::from(ALPHABET_85[(bits / 85_u32.pow(power) % 85) as usize]);
    [digit(4), digit(3), digit(2), digit(1), digit(0)]
}

impl Coding {
    fn encode(self, bytes: &[u8]) -> String {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        match self {
            Coding::Base64 => encode(bytes),
            Coding::Base64Url => text(exchanged(encode(bytes).as_bytes(), b"+/", b"-_")),
            Coding::Base32 => encode_32(bytes),
            Coding::Base32Hex => text(exchanged(encode_32(bytes).as_bytes(), ALPHABET_32, HEX_32)),
            Coding::Base16 => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
            Coding::Z85 => bytes.chunks_exact(4).flat_map(encode_85).collect(),
            Coding::Base2 { highest_first: true } => {
                bytes.iter().map(|byte| format!("{byte:08b}")).collect()
            }
            Coding::Base2 { highest_first: false } => {
                bytes.iter().map(|byte| format!("{:08b}", byte.reverse_bits())).collect()
            }
        }
    }

    /// As GNU decodes: what comes before something wrong, and whether all was right.
    fn decode(self, bytes: &[u8], ignore: bool) -> (Vec<u8>, bool) {
        match self {
            Coding::Base64 => decode_gnu(bytes, ignore),
            Coding::Base64Url => decode_gnu(&exchanged(bytes, b"-_+/", b"+/**"), ignore),
            Coding::Base32 => decode_groups(bytes, ALPHABET_32, (8, 5), ignore),
            Coding::Base32Hex => decode_groups(bytes, HEX_32, (8, 5), ignore),
            Coding::Base16 => decode_groups(bytes, &HEX_32[..16], (2, 1), ignore),
            Coding::Z85 => decode_groups(bytes, ALPHABET_85, (5, 4), ignore),
            Coding::Base2 { highest_first } => {
                let (mut out, right) = decode_groups(bytes, b"01", (8, 1), ignore);
                if !highest_first {
                    out.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
                }
                (out, right)
            }
        }
    }
}

const GRAMMAR: Grammar = Grammar {
    name: "base64",
    short: "diw:",
    long: &[("decode", 'd'), ("ignore-garbage", 'i'), ("wrap", 'w')],
    stops: false,
};

/// `basenc`: any of the codings, by its option.
pub(in crate::shell::commands) fn basenc(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const NAMES: [(char, Coding); 8] = [
        ('\u{100}', Coding::Base64),
        ('\u{101}', Coding::Base64Url),
        ('\u{102}', Coding::Base32),
        ('\u{103}', Coding::Base32Hex),
        ('\u{104}', Coding::Base16),
        ('\u{105}', Coding::Base2 { highest_first: true }),
        ('\u{106}', Coding::Base2 { highest_first: false }),
        ('\u{107}', Coding::Z85),
    ];
    const WITH_CODINGS: Grammar = Grammar {
        name: "basenc",
        short: "diw:\u{100}\u{101}\u{102}\u{103}\u{104}\u{105}\u{106}\u{107}",
        long: &[
            ("base16", '\u{104}'),
            ("base2lsbf", '\u{106}'),
            ("base2msbf", '\u{105}'),
            ("base32", '\u{102}'),
            ("base32hex", '\u{103}'),
            ("base64", '\u{100}'),
            ("base64url", '\u{101}'),
            ("decode", 'd'),
            ("ignore-garbage", 'i'),
            ("wrap", 'w'),
            ("z85", '\u{107}'),
        ],
        stops: false,
    };
    let Some(options) = WITH_CODINGS.read(arguments, io) else { return Some(1) };
    match NAMES.iter().find(|(letter, _)| options.has(*letter)) {
        Some((_, coding)) => coded("basenc", *coding, &options, io),
        None => {
            io.write_error(
                "basenc: missing encoding type\nTry 'basenc --help' for more information.",
            );
            Some(1)
        }
    }
}

pub(in crate::shell::commands) fn base64(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    coded("base64", Coding::Base64, &options, io)
}

pub(in crate::shell::commands) fn base32(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let grammar = Grammar { name: "base32", ..GRAMMAR };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    coded("base32", Coding::Base32, &options, io)
}

fn coded(name: &str, coding: Coding, options: &Options, io: &mut Io<'_>) -> Option<i32> {
    let gnu = is_gnu(io);
    if let [_, extra, ..] = options.operands.as_slice() {
        return Some(extra_operand(io, name, extra));
    }
    let width = match options.value('w').map(str::parse::<usize>) {
        None => 76,
        Some(Ok(width)) => width,
        Some(Err(_)) => {
            let text = options.value('w').unwrap_or("");
            io.write_error(match gnu {
                true => format!("{name}: invalid wrap size: '{text}'"),
                false => format!("{name}: invalid number '{text}'"),
            });
            return Some(1);
        }
    };
    let bytes = match options.operands.first().map(String::as_str) {
        None | Some("-") => io.read_all()?,
        Some(file) => match io.read_file(file) {
            Ok(bytes) => bytes,
            Err(why) => {
                io.write_error(match (gnu, io.is_directory(file)) {
                    (true, true) => format!("{name}: read error: {why}"),
                    (true, false) => format!("{name}: {file}: {why}"),
                    (false, _) => format!("{name}: {file}: {why}"),
                });
                return Some(1);
            }
        },
    };
    if coding == Coding::Z85 && !options.has('d') && bytes.len() % 4 != 0 {
        let told = "invalid input (length must be multiple of 4 characters)";
        io.write_error(format!("{name}: {told}"));
        return Some(1);
    }
    if !options.has('d') {
        wrapped(io, &coding.encode(&bytes), width);
        return Some(0);
    }
    let (decoded, right) = match (gnu, coding) {
        (true, _) => coding.decode(&bytes, options.has('i')),
        (false, Coding::Base64) => decode_busybox(&bytes),
        (false, _) => coding.decode(&bytes.to_ascii_uppercase(), true),
    };
    io.stdout.extend(decoded);
    if !right {
        let why = if gnu { "invalid" } else { "truncated" };
        io.write_error(format!("{name}: {why} input"));
    }
    Some(i32::from(!right))
}

fn wrapped(io: &mut Io<'_>, text: &str, width: usize) {
    match width {
        0 => io.stdout.extend_from_slice(text.as_bytes()),
        width => {
            for line in text.as_bytes().chunks(width) {
                io.say(String::from_utf8_lossy(line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_finds_its_way_back() {
        for text in ["", "a", "ab", "abc", "podhop!"] {
            let coded = encode(text.as_bytes());
            assert_eq!(decode_gnu(coded.as_bytes(), false), (text.as_bytes().to_vec(), true));
            assert_eq!(decode_busybox(coded.as_bytes()), (text.as_bytes().to_vec(), true));
        }
        for coding in [Coding::Base32Hex, Coding::Base16, Coding::Base2 { highest_first: false }] {
            let coded = coding.encode(b"podhop");
            assert_eq!(coding.decode(coded.as_bytes(), false), (b"podhop".to_vec(), true));
        }
        assert_eq!(encode(b"admin"), "YWRtaW4=");
        assert_eq!(encode_32(b"hi\n"), "NBUQU===");
        assert_eq!(Coding::Base32.decode(b"NBUQU===\n", false), (b"hi\n".to_vec(), true));
    }

    /// What coreutils 9.1 and BusyBox 1.35 do.
    #[test]
    fn text_without_its_padding_is_wrong() {
        assert_eq!(decode_gnu(b"aGVsbG8\n", false), (b"hello".to_vec(), false));
        assert_eq!(decode_busybox(b"aGVsbG8\n"), (b"hel".to_vec(), false));
        assert_eq!(decode_gnu(b"aGVs bG8K", false), (b"hel".to_vec(), false));
        assert_eq!(decode_gnu(b"aGVs bG8K", true), (b"hello\n".to_vec(), true));
    }
}
