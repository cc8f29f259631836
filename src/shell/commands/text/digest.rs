//! `md5sum`, the sums of the SHA family and of BLAKE2, printed and checked with `-c`; `cksum` and `sum`.

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::blake2::blake2b;
use super::bytes::{content, or_standard, waits};
use crate::shell::Io;
use crate::shell::commands::checksum::checksum;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options, matched};

/// The bits that BLAKE2b has at most.
const BLAKE2B: usize = 512;

/// Which sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sum {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    /// With so many bits.
    Blake2b(usize),
}

impl Sum {
    fn command(self) -> &'static str {
        match self {
            Sum::Md5 => "md5sum",
            Sum::Sha1 => "sha1sum",
            Sum::Sha224 => "sha224sum",
            Sum::Sha256 => "sha256sum",
            Sum::Sha384 => "sha384sum",
            Sum::Sha512 => "sha512sum",
            Sum::Blake2b(_) => "b2sum",
        }
    }

    fn tag(self) -> String {
        let tag = match self {
            Sum::Md5 => "MD5",
            Sum::Sha1 => "SHA1",
            Sum::Sha224 => "SHA224",
            Sum::Sha256 => "SHA256",
            Sum::Sha384 => "SHA384",
            Sum::Sha512 => "SHA512",
            Sum::Blake2b(BLAKE2B) => "BLAKE2b",
            Sum::Blake2b(bits) => return format!("BLAKE2b-{bits}"),
        };
        tag.to_owned()
    }

    /// Digits of a sum.
    fn length(self) -> usize {
        match self {
            Sum::Md5 => 32,
            Sum::Sha1 => 40,
            Sum::Sha224 => 56,
            Sum::Sha256 => 64,
            Sum::Sha384 => 96,
            Sum::Sha512 => 128,
            Sum::Blake2b(bits) => bits / 4,
        }
    }

    fn of(self, bytes: &[u8]) -> String {
        let digest = match self {
            Sum::Md5 => md5(bytes).to_vec(),
            Sum::Sha1 => sha1(bytes).to_vec(),
            Sum::Sha224 => Sha224::digest(bytes).to_vec(),
            Sum::Sha256 => Sha256::digest(bytes).to_vec(),
            Sum::Sha384 => Sha384::digest(bytes).to_vec(),
            Sum::Sha512 => Sha512::digest(bytes).to_vec(),
            Sum::Blake2b(bits) => blake2b(bytes, bits / 8),
        };
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The message with its padding: a one bit, zeros, and the length in 64 bits.
fn padded(bytes: &[u8], big_endian: bool) -> Vec<u8> {
    let mut all = bytes.to_vec();
    all.push(0x80);
    while all.len() % 64 != 56 {
        all.push(0);
    }
    let bits = (bytes.len() as u64).wrapping_mul(8);
    all.extend(if big_endian { bits.to_be_bytes() } else { bits.to_le_bytes() });
    all
}

/// RFC 1321.
fn md5(bytes: &[u8]) -> [u8; 16] {
    const TURNS: [[u32; 4]; 4] =
        [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded(bytes, false).chunks_exact(64) {
        let word = |at: usize| {
            let four = [block[4 * at], block[4 * at + 1], block[4 * at + 2], block[4 * at + 3]];
            u32::from_le_bytes(four)
        };
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64_usize {
            let (mixed, at) = match step / 16 {
                0 => (b & c | !b & d, step),
                1 => (d & b | !d & c, 5 * step + 1),
                2 => (b ^ c ^ d, 3 * step + 5),
                _ => (c ^ (b | !d), 7 * step),
            };
            let sine = ((step as f64 + 1.0).sin().abs() * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(mixed).wrapping_add(sine).wrapping_add(word(at % 16));
            let turned = b.wrapping_add(sum.rotate_left(TURNS[step / 16][step % 4]));
            (a, d, c, b) = (d, c, b, turned);
        }
        for (kept, new) in state.iter_mut().zip([a, b, c, d]) {
            *kept = kept.wrapping_add(new);
        }
    }
    let mut all = [0; 16];
    for (place, word) in all.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    all
}

/// RFC 3174.
fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in padded(bytes, true).chunks_exact(64) {
        let mut words: Vec<u32> = block
            .chunks_exact(4)
            .map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
            .collect();
        for at in 16..80 {
            let mixed = words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16];
            words.push(mixed.rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (at, word) in words.iter().enumerate() {
            let (mixed, constant) = match at / 20 {
                0 => (b & c | !b & d, 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let sum = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e);
            let next = sum.wrapping_add(constant).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (kept, new) in state.iter_mut().zip([a, b, c, d, e]) {
            *kept = kept.wrapping_add(new);
        }
    }
    let mut all = [0; 20];
    for (place, word) in all.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    all
}

pub(in crate::shell::commands) fn md5sum(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    sums(Sum::Md5, arguments, io)
}

pub(in crate::shell::commands) fn sha1sum(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    sums(Sum::Sha1, arguments, io)
}

pub(in crate::shell::commands) fn sha256sum(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    sums(Sum::Sha256, arguments, io)
}

pub(in crate::shell::commands) fn sha512sum(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    sums(Sum::Sha512, arguments, io)
}

pub(in crate::shell::commands) fn sha224sum(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    sums(Sum::Sha224, arguments, io)
}

pub(in crate::shell::commands) fn sha384sum(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    sums(Sum::Sha384, arguments, io)
}

/// POSIX' checksum: the polynomial of ISO 8802-3, over the bytes and their count.
fn posix(bytes: &[u8]) -> u32 {
    let mut length = bytes.len();
    let count = std::iter::from_fn(|| {
        let byte = (length > 0).then_some((length & 255) as u8);
        length >>= 8;
        byte
    });
    !bytes.iter().copied().chain(count).fold(0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(byte) << 24, |sum, _| {
            sum << 1 ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

/// BSD's checksum: a sum of 16 bits that is turned at every byte.
fn bsd(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum: u16, byte| sum.rotate_right(1).wrapping_add(u16::from(*byte)))
}

pub(in crate::shell::commands) fn cksum(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "cksum",
        short: "a:l:cTUz",
        long: &[
            ("algorithm", 'a'),
            ("check", 'c'),
            ("length", 'l'),
            ("tag", 'T'),
            ("untagged", 'U'),
            ("zero", 'z'),
        ],
        stops: false,
    };
    let grammar = if is_gnu(io) { GRAMMAR } else { Grammar::short("cksum", "") };
    let Some(mut options) = grammar.read(arguments, io) else { return Some(1) };
    match algorithm(&options) {
        Ok(Algorithm::Counted(..)) if options.has('c') && options.has('a') => {
            let why = "--check is not supported with --algorithm={bsd,sysv,crc}";
            io.write_error(format!("cksum: {why}"));
            Some(1)
        }
        Ok(Algorithm::Counted(name, told)) => counted_with(name, &options, io, told),
        Ok(Algorithm::Digest(sum)) => {
            if !options.has('U') {
                options.give('T');
            }
            all_sums("cksum", sum, &options, io)
        }
        Err(why) => {
            io.write_error(why);
            Some(1)
        }
    }
}

/// What `cksum -a` asks for.
enum Algorithm {
    /// A checksum and how much it is of, told as this tool tells it.
    Counted(&'static str, fn(&[u8], &Options) -> String),
    Digest(Sum),
}

/// # Errors
/// An algorithm that there is not, or one that is not simulated.
fn algorithm(options: &Options) -> Result<Algorithm, String> {
    const NAMES: &[(&[&str], u8)] = &[
        (&["bsd"], 0),
        (&["sysv"], 1),
        (&["crc"], 2),
        (&["md5"], 3),
        (&["sha1"], 4),
        (&["sha224"], 5),
        (&["sha256"], 6),
        (&["sha384"], 7),
        (&["sha512"], 8),
        (&["blake2b"], 9),
        (&["sm3"], 10),
    ];
    let word = options.value('a').unwrap_or("crc");
    let length = options.value('l').map_or(Ok(BLAKE2B), |text| bits("cksum", text))?;
    Ok(match matched("cksum", "--algorithm", word, NAMES)? {
        0 => Algorithm::Counted("sum", |bytes, _| old_sum(bytes, false)),
        1 => Algorithm::Counted("sum", |bytes, _| old_sum(bytes, true)),
        2 => Algorithm::Counted("cksum", |bytes, _| format!("{} {}", posix(bytes), bytes.len())),
        3 => Algorithm::Digest(Sum::Md5),
        4 => Algorithm::Digest(Sum::Sha1),
        5 => Algorithm::Digest(Sum::Sha224),
        6 => Algorithm::Digest(Sum::Sha256),
        7 => Algorithm::Digest(Sum::Sha384),
        8 => Algorithm::Digest(Sum::Sha512),
        9 => Algorithm::Digest(Sum::Blake2b(length)),
        _ => return Err("podhop: not simulated here: cksum -a sm3".to_owned()),
    })
}

/// `crc32` of BusyBox: the checksum of gzip and Ethernet.
pub(in crate::shell::commands) fn crc32(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    counted("crc32", arguments, io, |bytes, _| format!("{:08x}", checksum(bytes)))
}

pub(in crate::shell::commands) fn sum(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    counted("sum", arguments, io, |bytes, options| old_sum(bytes, options.has('s')))
}

/// System V's checksum with blocks of 512 bytes, or BSD's with those of 1024.
fn old_sum(bytes: &[u8], system_v: bool) -> String {
    if !system_v {
        return format!("{:05} {:>5}", bsd(bytes), bytes.len().div_ceil(1024));
    }
    let all: u32 = bytes.iter().copied().map(u32::from).sum();
    let folded = (all & 0xffff) + (all >> 16);
    let sum = (folded & 0xffff) + (folded >> 16);
    format!("{sum} {}", bytes.len().div_ceil(512))
}

/// A line a file: what `told` says, and the file's name.
fn counted(
    name: &'static str,
    arguments: &[String],
    io: &mut Io<'_>,
    told: fn(&[u8], &Options) -> String,
) -> Option<i32> {
    let grammar = Grammar::short(name, if name == "sum" { "rs" } else { "" });
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    counted_with(name, &options, io, told)
}

fn counted_with(
    name: &'static str,
    options: &Options,
    io: &mut Io<'_>,
    told: fn(&[u8], &Options) -> String,
) -> Option<i32> {
    if waits(io, &options.operands) {
        return None;
    }
    let mut status = 0;
    for file in or_standard(&options.operands) {
        match content(io, &file) {
            Ok(bytes) => {
                let named = !options.operands.is_empty() || name == "sum" && file != "-";
                // BusyBox' sum of BSD names files only where there are several.
                let single = name == "sum" && options.operands.len() < 2 && !is_gnu(io);
                let end = match (single && !options.has('s'), named) {
                    (true, _) => " ".to_owned(),
                    (_, true) => format!(" {file}"),
                    _ => String::new(),
                };
                io.say(format!("{}{end}", told(&bytes, options)));
            }
            Err(why) => {
                status = 1;
                io.write_error(match is_gnu(io) {
                    true => format!("{name}: {file}: {why}"),
                    false => format!("{name}: can't open '{file}': {why}"),
                });
            }
        }
    }
    Some(status)
}

pub(in crate::shell::commands) fn b2sum(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    sums(Sum::Blake2b(BLAKE2B), arguments, io)
}

/// `-l`: how many bits BLAKE2b has.
fn bits(name: &str, text: &str) -> Result<usize, String> {
    let wrong = format!("{name}: invalid length: '{text}'");
    match text.parse::<usize>() {
        Err(_) => Err(wrong),
        Ok(0) => Ok(BLAKE2B),
        Ok(bits) if bits > BLAKE2B => {
            Err(format!("{wrong}\n{name}: maximum digest length for 'BLAKE2b' is {BLAKE2B} bits"))
        }
        Ok(bits) if bits % 8 > 0 => Err(format!("{wrong}\n{name}: length is not a multiple of 8")),
        Ok(bits) => Ok(bits),
    }
}

fn sums(sum: Sum, arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const LONG: &[(&str, char)] = &[
        ("binary", 'b'),
        ("check", 'c'),
        ("tag", 'T'),
        ("text", 't'),
        ("zero", 'z'),
        ("quiet", 'Q'),
        ("status", 's'),
        ("strict", 'S'),
        ("warn", 'w'),
        ("ignore-missing", 'i'),
    ];
    const WITH_LENGTH: &[(&str, char)] =
        &[("binary", 'b'), ("check", 'c'), ("length", 'l'), ("tag", 'T'), ("zero", 'z')];
    let gnu = is_gnu(io);
    let grammar = match gnu {
        true if matches!(sum, Sum::Blake2b(_)) => {
            Grammar { name: "b2sum", short: "bctwzl:T", long: WITH_LENGTH, stops: false }
        }
        true => Grammar { name: sum.command(), short: "bctwzTQsSi", long: LONG, stops: false },
        false => Grammar::short(sum.command(), "csw"),
    };
    // The long options' letters are no options of GNU's.
    let known = |letter: char| "bctwzl".contains(letter);
    let wrong = arguments.iter().take_while(|argument| *argument != "--").find_map(|argument| {
        let letters = argument.strip_prefix('-').filter(|letters| !letters.starts_with('-'))?;
        letters.chars().find(|letter| gnu && !known(*letter))
    });
    if let Some(letter) = wrong {
        let name = sum.command();
        io.write_error(format!(
            "{name}: invalid option -- '{letter}'\nTry '{name} --help' for more information."
        ));
        return Some(1);
    }
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    // Only a list that is checked has anything to be silent of.
    let checks =
        [('i', "ignore-missing"), ('Q', "quiet"), ('s', "status"), ('S', "strict"), ('w', "warn")];
    if let Some(option) = options.not_simulated(&checks).filter(|_| gnu && !options.has('c')) {
        let name = sum.command();
        io.write_error(format!(
            "{name}: the --{option} option is meaningful only when verifying checksums\nTry '{name} --help' for more information."
        ));
        return Some(1);
    }
    if gnu && options.has('c') && options.has('T') {
        let name = sum.command();
        io.write_error(format!(
            "{name}: the --tag option is meaningless when verifying checksums\nTry '{name} --help' for more information."
        ));
        return Some(1);
    }
    if !gnu && !options.has('c') && (options.has('s') || options.has('w')) {
        io.write_error(crate::shell::commands::busybox_usage(sum.command()));
        return Some(1);
    }
    let sum = match options.value('l').map(|text| bits("b2sum", text)) {
        Some(Ok(bits)) => Sum::Blake2b(bits),
        Some(Err(why)) => {
            io.write_error(why);
            return Some(1);
        }
        None => sum,
    };
    all_sums(sum.command(), sum, &options, io)
}

/// Prints the sums of all files, or checks their lists.
fn all_sums(name: &str, sum: Sum, options: &Options, io: &mut Io<'_>) -> Option<i32> {
    if waits(io, &options.operands) {
        return None;
    }
    let mut failed = false;
    for file in or_standard(&options.operands) {
        match content(io, &file) {
            Ok(bytes) if options.has('c') => {
                failed |= !check((name, sum), options, &file, &bytes, io);
            }
            Ok(bytes) => print(sum, options, &file, &bytes, io),
            Err(why) => {
                failed = true;
                cannot_read(name, options.has('c'), &file, &why, io);
            }
        }
    }
    Some(i32::from(failed))
}

fn cannot_read(name: &str, checked: bool, file: &str, why: &str, io: &mut Io<'_>) {
    io.write_error(match is_gnu(io) {
        true => format!("{name}: {file}: {why}"),
        false if why == "Is a directory" => format!("{name}: read error: {why}"),
        // A list is opened in another way.
        false if checked => format!("{name}: {file}: {why}"),
        false => format!("{name}: can't open '{file}': {why}"),
    });
}

fn print(sum: Sum, options: &Options, file: &str, bytes: &[u8], io: &mut Io<'_>) {
    let digits = sum.of(bytes);
    // A name that would break the line is spelled out, and a backslash before all says so.
    let spelled = is_gnu(io) && !options.has('z') && file.contains(['\\', '\n', '\r']);
    let file = match spelled {
        true => &file.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r"),
        false => file,
    };
    io.stdout.extend_from_slice(if spelled { b"\\" } else { b"" });
    let text = match () {
        () if options.has('T') => format!("{} ({file}) = {digits}", sum.tag()),
        () if options.has('b') => format!("{digits} *{file}"),
        () => format!("{digits}  {file}"),
    };
    io.stdout.extend_from_slice(text.as_bytes());
    io.stdout.push(if options.has('z') { 0 } else { b'\n' });
}

/// A line of a list: the sum and the file's name.
fn listed(sum: Sum, line: &str) -> Option<(String, String)> {
    if let Some(behind) = line.strip_prefix(&format!("{} (", sum.tag())) {
        let (file, digits) = behind.rsplit_once(") = ")?;
        return Some((digits.to_owned(), file.to_owned()));
    }
    let (digits, behind) = line.split_once(' ')?;
    let file = behind.strip_prefix([' ', '*'])?;
    let right =
        digits.len() == sum.length() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    right.then(|| (digits.to_ascii_lowercase(), file.to_owned()))
}

/// BusyBox takes any word for a sum.
fn split(line: &str) -> Option<(String, String)> {
    let (sum, file) = line.split_once(' ')?;
    let file = file.strip_prefix([' ', '*']).unwrap_or(file);
    Some((sum.to_ascii_lowercase(), file.to_owned()))
}

/// What `-w` says of a line that is none of a list.
fn ill_formed((name, sum): (&str, Sum), list: &str, at: usize, gnu: bool) -> String {
    match gnu {
        true => format!("{name}: {list}: {at}: improperly formatted {} checksum line", sum.tag()),
        false => format!("{name}: invalid format"),
    }
}

/// `-c`: whether every file in a list has the sum that stands there.
fn check(
    (name, sum): (&str, Sum),
    options: &Options,
    list: &str,
    bytes: &[u8],
    io: &mut Io<'_>,
) -> bool {
    let gnu = is_gnu(io);
    let silent = options.has('s');
    let (mut wrong, mut missing, mut bad, mut all, mut seen) = (0, 0, 0, 0, 0);
    let list = if gnu && list == "-" { "'standard input'" } else { list };
    for (at, line) in String::from_utf8_lossy(bytes).lines().enumerate() {
        let entry = if gnu { listed(sum, line) } else { split(line) };
        let Some((digits, file)) = entry else {
            bad += 1;
            // To BusyBox it is a sum that does not match.
            all += i32::from(!gnu);
            wrong += i32::from(!gnu);
            if options.has('w') {
                io.write_error(ill_formed((name, sum), list, at + 1, gnu));
            }
            continue;
        };
        all += 1;
        let found = match content(io, &file) {
            Ok(bytes) => sum.of(&bytes) == digits,
            Err(_) if options.has('i') => continue,
            Err(why) => {
                missing += 1;
                cannot_read(name, false, &file, &why, io);
                match silent {
                    true => {}
                    false if gnu => io.say(format!("{file}: FAILED open or read")),
                    false => io.say(format!("{file}: FAILED")),
                }
                continue;
            }
        };
        wrong += i32::from(!found);
        seen += i32::from(found);
        match found {
            true if silent || options.has('Q') => {}
            true => io.say(format!("{file}: OK")),
            false if silent => {}
            false => io.say(format!("{file}: FAILED")),
        }
    }
    if all == 0 {
        let proper = if gnu { "properly formatted " } else { "" };
        io.write_error(format!("{name}: {list}: no {proper}checksum lines found"));
        return false;
    }
    if !silent {
        warn(name, Faults { wrong, missing, bad }, all, io);
    }
    if gnu && options.has('i') && seen == 0 {
        io.write_error(format!("{name}: {list}: no file was verified"));
        return false;
    }
    wrong + missing == 0 && !(options.has('S') && bad > 0)
}

/// How many lines of a list are no lines of a list, name a file that cannot be read, or another sum than
/// the file has.
struct Faults {
    bad: i32,
    missing: i32,
    wrong: i32,
}

/// What stands behind a list: a line for each kind of fault, or BusyBox' one line for all.
fn warn(name: &str, faults: Faults, all: i32, io: &mut Io<'_>) {
    let Faults { bad, missing, wrong } = faults;
    if !is_gnu(io) {
        let failed = wrong + missing;
        if failed > 0 {
            let what = format!("{failed} of {all} computed checksums did NOT match");
            io.write_error(format!("{name}: WARNING: {what}"));
        }
        return;
    }
    for (count, one, many, what) in [
        (bad, "line is", "lines are", "improperly formatted"),
        (missing, "listed file", "listed files", "could not be read"),
        (wrong, "computed checksum", "computed checksums", "did NOT match"),
    ] {
        let things = if count == 1 { one } else { many };
        if count > 0 {
            io.write_error(format!("{name}: WARNING: {count} {things} {what}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test suites of RFC 1321 and RFC 3174.
    #[test]
    fn sums_are_those_of_the_standards() {
        assert_eq!(Sum::Md5.of(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(Sum::Md5.of(b"message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
        assert_eq!((posix(b"123456789"), bsd(b"hello")), (930_766_865, 8_403));
        let blake = Sum::Blake2b(128).of(b"");
        assert_eq!(blake, "cae66941d9efbd404e4d88758ea67670");
        assert_eq!(Sum::Sha1.of(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let long =
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890";
        assert_eq!(Sum::Md5.of(long.as_bytes()), "57edf4a22be3c955ac49da2e2107b67a");
    }
}
