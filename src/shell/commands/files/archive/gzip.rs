//! `gzip`, `gunzip` and `zcat`: GNU's and BusyBox'.

use super::deflate::{deflate, inflate};
use crate::shell::Io;
use crate::shell::commands::checksum::checksum;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;

/// More than a file may hold: what would become longer is not unpacked.
const MOST: usize = 4 << 20;

/// How hard it tries when nobody says otherwise.
pub(super) const LEVEL: u8 = 6;

/// What stands before and behind the packed text when no name is kept.
const AROUND: usize = 18;

/// A text packed as RFC 1952 says; `name` is the file that it comes from, and `moment` when that was
/// written, in seconds; `level` says how hard to try, from 1 to 9.
pub(super) fn pack(text: &[u8], name: Option<&str>, moment: u32, level: u8) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, if name.is_some() { 8 } else { 0 }];
    out.extend(moment.to_le_bytes());
    // Whether it was packed as well or as quickly as can be (RFC 1952, 2.3.1).
    out.extend([[4, 0, 2][usize::from(level > 1) + usize::from(level == 9)], 3]);
    if let Some(name) = name {
        out.extend_from_slice(name.as_bytes());
        out.push(0);
    }
    out.extend(deflate(text, level));
    out.extend(checksum(text).to_le_bytes());
    out.extend((text.len() as u32).to_le_bytes());
    out
}

/// Why something cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unpackable {
    Foreign,
    Short,
    Broken,
}

/// The text that was packed, in one piece or in several behind each other.
///
/// # Errors
/// Why there is none.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, Unpackable> {
    let (mut text, mut rest) = unpack_one(bytes, MOST)?;
    while is_packed(rest) {
        let (more, behind) = unpack_one(rest, MOST - text.len())?;
        text.extend(more);
        rest = behind;
    }
    Ok(text)
}

/// The first piece, of `most` bytes at most, and what stands behind it.
fn unpack_one(bytes: &[u8], most: usize) -> Result<(Vec<u8>, &[u8]), Unpackable> {
    if bytes.is_empty() {
        return Err(Unpackable::Short);
    }
    let [0x1f, 0x8b, 8, flags, ..] = bytes else { return Err(Unpackable::Foreign) };
    let mut at = 10;
    if flags & 4 != 0 {
        let length = bytes.get(at..at + 2).ok_or(Unpackable::Short)?;
        at += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    }
    for _ in 0..(flags >> 3 & 1) + (flags >> 4 & 1) {
        let rest = bytes.get(at..).ok_or(Unpackable::Short)?;
        at += rest.iter().position(|byte| *byte == 0).ok_or(Unpackable::Short)? + 1;
    }
    at += usize::from(flags & 2);
    let packed = bytes.get(at..).ok_or(Unpackable::Short)?;
    let (text, taken) = inflate(packed, most).map_err(|ended| match ended {
        true => Unpackable::Short,
        false => Unpackable::Broken,
    })?;
    let end = packed.get(taken..taken + 8).ok_or(Unpackable::Short)?;
    match checksum(&text).to_le_bytes() == end[..4] {
        true => Ok((text, &packed[taken + 8..])),
        false => Err(Unpackable::Broken),
    }
}

/// How many bytes the kept name takes in front of the packed text.
fn name_length(bytes: &[u8]) -> usize {
    let named = bytes.get(3).is_some_and(|flags| flags & 0b1100 == 0b1000);
    let end = bytes.iter().skip(10).position(|byte| *byte == 0);
    end.filter(|_| named).map_or(0, |end| end + 1)
}

/// Whether bytes begin as packed ones do.
pub(super) fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

#[derive(Clone, Copy)]
struct Work<'a> {
    options: &'a Options,
    /// The name that it was called by.
    name: &'static str,
    gnu: bool,
    unpacks: bool,
    /// To standard output.
    pours: bool,
    /// What stands behind the names of packed files (`-S`).
    suffix: &'a str,
}

pub(in crate::shell::commands) fn gzip(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    run("gzip", arguments, io)
}

pub(in crate::shell::commands) fn gunzip(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    run("gunzip", arguments, io)
}

pub(in crate::shell::commands) fn zcat(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    run("zcat", arguments, io)
}

fn run(name: &'static str, arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GNU: Grammar = Grammar {
        name: "gzip",
        short: "acdfhklnNqrS:tvVL123456789",
        long: &[
            ("stdout", 'c'),
            ("to-stdout", 'c'),
            ("decompress", 'd'),
            ("uncompress", 'd'),
            ("force", 'f'),
            ("keep", 'k'),
            ("list", 'l'),
            ("no-name", 'n'),
            ("name", 'N'),
            ("quiet", 'q'),
            ("recursive", 'r'),
            ("suffix", 'S'),
            ("test", 't'),
            ("verbose", 'v'),
            ("fast", '1'),
            ("best", '9'),
        ],
        stops: false,
    };
    let gnu = is_gnu(io);
    let short = if name == "gzip" { "cdfkqtv123456789" } else { "cfkqtv" };
    let grammar = if gnu { GNU } else { Grammar::short(name, short) };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    if let Some(flag) = options.not_simulated(&[('N', "-N")]) {
        io.write_error(left_out(name, flag));
        return Some(1);
    }
    let suffix = options.value('S').unwrap_or(".gz");
    if suffix.is_empty() || suffix.len() > 30 {
        io.write_error(format!("gzip: invalid suffix '{suffix}'"));
        return Some(1);
    }
    let unpacks = name != "gzip" || options.has('d') || options.has('t');
    let pours = name == "zcat" || options.has('c');
    let work = Work { options: &options, name, gnu, unpacks, pours, suffix };
    let files = match options.operands.as_slice() {
        [] => vec!["-".to_owned()],
        files => files.to_vec(),
    };
    if files.iter().any(|file| file == "-") && !io.stdin.ended() {
        return None;
    }
    let mut status = 0;
    if options.has('l') {
        io.say("         compressed        uncompressed  ratio uncompressed_name");
    }
    for file in &files {
        status = status.max(if file == "-" { work.stream(io) } else { work.file(io, file) });
    }
    Some(status)
}

impl Work<'_> {
    /// Complains in the name of GNU's one program, or of the applet that was called.
    fn fail(&self, io: &mut Io<'_>, what: &str, status: i32) -> i32 {
        let name = if self.gnu { "gzip" } else { self.name };
        // `-q` is silent of what is only noticed.
        if status != 2 || !self.options.has('q') {
            io.write_error(format!("{name}: {what}"));
        }
        if self.gnu { status } else { 1 }
    }

    /// How hard to try: the last of `-1` to `-9`.
    fn level(&self) -> u8 {
        let digits = self.options.in_order().filter_map(|(letter, _)| letter.to_digit(10));
        digits.last().map_or(LEVEL, |digit| digit as u8)
    }

    fn broken(&self, io: &mut Io<'_>, file: &str, why: Unpackable) -> i32 {
        let what = match (why, self.gnu) {
            (Unpackable::Foreign, true) => format!("{file}: not in gzip format"),
            (Unpackable::Foreign, false) if self.name == "zcat" => {
                "no gzip/bzip2/xz magic".to_owned()
            }
            (Unpackable::Foreign, false) => "invalid magic".to_owned(),
            (Unpackable::Short, true) => format!("{file}: unexpected end of file"),
            (Unpackable::Short, false) => "short read".to_owned(),
            (Unpackable::Broken, true) => {
                format!("{file}: invalid compressed data--format violated")
            }
            (Unpackable::Broken, false) => "corrupted data".to_owned(),
        };
        // GNU's begins a line of its own.
        if self.gnu {
            io.put_error(b"\n");
        }
        self.fail(io, &what, 1)
    }

    /// Standard input to standard output.
    fn stream(&self, io: &mut Io<'_>) -> i32 {
        let bytes = io.read_all().unwrap_or_default();
        if io.terminal && !self.unpacks && !self.options.has('f') {
            return match self.gnu {
                true => self.fail(io, "compressed data not written to a terminal. Use -f to force compression.\nFor help, type: gzip -h", 1),
                false => self.fail(io, "compressed data not written to terminal, use -f to force it", 1),
            };
        }
        match self.unpacks {
            false => io.stdout.extend(pack(&bytes, None, 0, self.level())),
            true => match unpack(&bytes) {
                Ok(_) if self.options.has('t') => {}
                Ok(text) => io.stdout.extend(text),
                Err(why) => return self.broken(io, "stdin", why),
            },
        }
        0
    }

    fn file(&self, io: &mut Io<'_>, file: &str) -> i32 {
        let unpacks = self.unpacks || self.options.has('l');
        let bytes = io.read_file(file);
        if self.options.has('r') && io.is_directory(file) {
            return self.folder(io, file);
        }
        let suffix = self.suffix;
        let whole = format!("{file}{suffix}");
        // Who unpacks may leave the ending out.
        if bytes.is_err() && unpacks && !file.ends_with(suffix) && self.gnu && io.is_file(&whole) {
            return self.file(io, &whole);
        }
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(why) if why == "Is a directory" => {
                return match self.gnu {
                    true => self.fail(io, &format!("{file} is a directory -- ignored"), 2),
                    false => self.fail(io, &format!("{file}: Is a directory"), 1),
                };
            }
            Err(why) if unpacks && !file.ends_with(suffix) && self.gnu => {
                return self.fail(io, &format!("{whole}: {why}"), 1);
            }
            Err(why) => return self.fail(io, &format!("{file}: {why}"), 1),
        };
        match unpacks {
            true => self.unpacked(io, file, &bytes),
            false => self.packed(io, file, &bytes),
        }
    }

    /// `-r`: everything in a folder, folders in it too.
    fn folder(&self, io: &mut Io<'_>, folder: &str) -> i32 {
        let mut status = 0;
        for name in io.list(folder).unwrap_or_default() {
            let name = name.trim_end_matches('/');
            let path = format!("{}/{name}", folder.trim_end_matches('/'));
            let skipped = self.unpacks && !self.pours && !name.ends_with(self.suffix);
            if !(skipped && io.is_file(&path)) {
                status = status.max(self.file(io, &path));
            }
        }
        status
    }

    fn packed(&self, io: &mut Io<'_>, file: &str, bytes: &[u8]) -> i32 {
        let suffix = self.suffix;
        if file.ends_with(suffix) && self.gnu && !self.options.has('f') && !self.pours {
            return self.fail(io, &format!("{file} already has {suffix} suffix -- unchanged"), 2);
        }
        let moment = io.facts(file, true).map_or(0, |facts| facts.changed.as_second());
        let name = file.rsplit('/').next().filter(|_| self.gnu && !self.options.has('n'));
        let packed = pack(bytes, name, u32::try_from(moment).unwrap_or(0), self.level());
        let head = name.map_or(0, |name| name.len() + 1) + AROUND;
        let ratio = ratio(bytes.len(), packed.len().saturating_sub(head));
        self.done(io, file, &format!("{file}{suffix}"), &packed, ratio)
    }

    fn unpacked(&self, io: &mut Io<'_>, file: &str, bytes: &[u8]) -> i32 {
        let tar = file.strip_suffix(".tgz").or(file.strip_suffix(".taz"));
        let plain = match (file.strip_suffix(self.suffix), tar) {
            (Some(plain), _) => plain.to_owned(),
            (None, Some(start)) => format!("{start}.tar"),
            (None, None) if self.pours || self.options.has('t') || self.options.has('l') => {
                file.to_owned()
            }
            (None, None) => {
                return match self.gnu {
                    true => self.fail(io, &format!("{file}: unknown suffix -- ignored"), 2),
                    false => self.fail(io, &format!("{file}: unknown suffix - ignored"), 1),
                };
            }
        };
        let text = match unpack(bytes) {
            Ok(text) => text,
            // `zcat -f` shows what is not packed as it is.
            Err(Unpackable::Foreign) if self.pours && self.options.has('f') && self.gnu => {
                bytes.to_vec()
            }
            Err(why) => return self.broken(io, file, why),
        };
        let ratio = ratio(text.len(), bytes.len().saturating_sub(AROUND + name_length(bytes)));
        if self.options.has('l') {
            let (packed, all) = (bytes.len(), text.len());
            io.say(format!("{packed:>19} {all:>19} {ratio:>5.1}% {plain}"));
            return 0;
        }
        if self.options.has('t') {
            if self.options.has('v') {
                io.write_error(format!("{file}:\t OK"));
            }
            return 0;
        }
        self.done(io, file, &plain, &text, ratio)
    }

    /// Writes what has come out, and takes the old file away.
    fn done(&self, io: &mut Io<'_>, file: &str, to: &str, bytes: &[u8], ratio: f64) -> i32 {
        let tells = self.options.has('v') && self.gnu;
        if self.pours {
            io.stdout.extend_from_slice(bytes);
            if tells {
                io.write_error(format!("{file}:\t{ratio:>5.1}%"));
            }
            return 0;
        }
        if io.is_file(to) && !self.options.has('f') {
            return match self.gnu {
                true => self.fail(io, &format!("{to} already exists;\tnot overwritten"), 2),
                false => self.fail(io, &format!("can't open '{to}': File exists"), 1),
            };
        }
        let old = io.facts(file, true);
        if let Err(why) = io.write_file(to, bytes) {
            return self.fail(io, &format!("{to}: {why}"), 1);
        }
        if let Ok(old) = old {
            io.change_attributes(to, |new| {
                (new.mode, new.changed) = (Some(old.mode), Some(old.changed));
            });
        }
        let kept = self.options.has('k');
        if !kept && let Err(why) = io.remove_file(file) {
            return self.fail(io, &format!("{file}: {why}"), 1);
        }
        if tells {
            let verb = if kept { "created" } else { "replaced with" };
            io.write_error(format!("{file}:\t{ratio:>5.1}% -- {verb} {to}"));
        }
        0
    }
}

/// How much shorter a text has become, in percent.
fn ratio(long: usize, short: usize) -> f64 {
    match long {
        0 => 0.0,
        _ => 100.0 * (long as f64 - short as f64) / long as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gzip_wrote_it_reads() {
        let packed = pack(b"hello\nhello\n", Some("words"), 5, LEVEL);
        assert_eq!(unpack(&packed), Ok(b"hello\nhello\n".to_vec()));
        assert_eq!(unpack(b"plain text"), Err(Unpackable::Foreign));
        assert_eq!(unpack(&packed[..packed.len() - 3]), Err(Unpackable::Short));
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn all_pieces_of_a_file_together_are_bounded() {
        let half = pack(&vec![0; MOST / 2], None, 0, LEVEL);
        assert_eq!(unpack(&half.repeat(2)).map(|text| text.len()), Ok(MOST));
        assert_eq!(unpack(&half.repeat(3)), Err(Unpackable::Broken));
    }

    #[test]
    fn the_frame_says_how_hard_it_tried() {
        let flag = |level: u8| pack(b"x", None, 0, level)[8];
        assert_eq!([1, 5, 6, 9].map(flag), [4, 0, 0, 2]);
    }
}
