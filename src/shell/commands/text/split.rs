//! `split`: GNU's and BusyBox'.

use super::lines::whole;
use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;

const GRAMMAR: Grammar = Grammar {
    name: "split",
    short: "l:b:a:dxen:C:t:0123456789À:Á;È;É:Í",
    long: &[
        ("additional-suffix", 'À'),
        ("lines", 'l'),
        ("bytes", 'b'),
        ("line-bytes", 'C'),
        ("suffix-length", 'a'),
        ("numeric-suffixes", 'Á'),
        ("hex-suffixes", 'È'),
        ("number", 'n'),
        ("separator", 't'),
        ("elide-empty-files", 'e'),
        ("filter", 'É'),
        ("verbose", 'Í'),
    ],
    stops: false,
};

/// How a text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Lines(usize),
    Bytes(usize),
    /// `-C`: whole lines, as many as fit.
    LineBytes(usize),
    Chunks(Chunks),
}

/// `-n`: so many pieces, and which one of them is shown alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chunks {
    how: Share,
    count: usize,
    only: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    /// Of the same size.
    Size,
    /// Of about the same size, but whole lines.
    Lines,
    /// Lines in turn.
    Turns,
}

pub(in crate::shell::commands) fn split(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = commands::is_gnu(io);
    let read = GRAMMAR.read(arguments, io);
    let Some(options) = read else { return Some(1) };
    if options.has('É') {
        io.write_error(left_out("split", "--filter"));
        return Some(1);
    }
    let told = cut(&options, gnu).and_then(|cut| Ok((cut, names(&options, cut, gnu)?)));
    let (cut, names) = match told {
        Ok(told) => told,
        Err(why) => {
            io.write_error(why);
            return Some(1);
        }
    };
    let file = options.operands.first().cloned().into_iter().collect::<Vec<_>>();
    if let Some(file) = file.first().filter(|file| gnu && *file != "-")
        && let Err(why) = io.read_file(file)
    {
        io.write_error(match why.as_str() {
            "Is a directory" => format!("split: {file}: read error: {why}"),
            _ => format!("split: cannot open '{file}' for reading: {why}"),
        });
        return Some(1);
    }
    let (texts, failed) = whole(io, "split", &file)?;
    let Some((_, text)) = texts.first().filter(|_| !failed) else { return Some(1) };
    let end = match separator(&options) {
        Ok(end) => end,
        Err(why) => {
            io.write_error(why);
            return Some(1);
        }
    };
    let pieces = cut.pieces(text.as_bytes(), end);
    if let Cut::Chunks(Chunks { only: Some(only), .. }) = cut {
        io.stdout.extend_from_slice(pieces.get(only - 1).map_or(&[][..], Vec::as_slice));
        return Some(0);
    }
    let pieces = pieces.into_iter().filter(|piece| !(options.has('e') && piece.is_empty()));
    for (at, piece) in pieces.enumerate() {
        let Some(name) = names.name(at) else {
            io.write_error("split: output file suffixes exhausted");
            return Some(1);
        };
        if options.has('Í') {
            io.say(format!("creating file '{name}'"));
        }
        if let Err(why) = io.write_file(&name, &piece) {
            io.write_error(format!("split: {name}: {why}"));
            return Some(1);
        }
    }
    Some(0)
}

/// The byte that ends a line (`-t`).
///
/// # Errors
/// More than one.
fn separator(options: &Options) -> Result<u8, String> {
    match options.value('t').map(|text| (text, text.as_bytes())) {
        None => Ok(b'\n'),
        Some(("\\0", _)) => Ok(0),
        Some((_, [one])) => Ok(*one),
        Some(("", _)) => Err("split: empty record separator".to_owned()),
        Some((text, _)) => Err(format!("split: multi-character separator '{text}'")),
    }
}

const HINT: &str = "Try 'split --help' for more information.";

/// How it is to be cut.
///
/// # Errors
/// What is no number, and two ways at once.
fn cut(options: &Options, gnu: bool) -> Result<Cut, String> {
    let (mut found, mut digits) = (None, String::new());
    for (letter, value) in options.in_order() {
        let new = match letter {
            'l' => Cut::Lines(counted("lines", value, gnu)?),
            'b' => Cut::Bytes(counted("bytes", value, gnu)?),
            'C' => Cut::LineBytes(counted("bytes", value, gnu)?),
            'n' => Cut::Chunks(chunks(value)?),
            // `-5` counts lines too.
            digit if digit.is_ascii_digit() => {
                digits.push(digit);
                found = None;
                Cut::Lines(counted("lines", &digits, gnu)?)
            }
            _ => continue,
        };
        if gnu && found.is_some() {
            return Err(format!("split: cannot split in more than one way\n{HINT}"));
        }
        found = Some(new);
    }
    match options.operands.get(2) {
        Some(extra) if gnu => Err(format!("split: extra operand '{extra}'\n{HINT}")),
        _ => Ok(found.unwrap_or(Cut::Lines(1000))),
    }
}

/// A count with its unit: `10`, `1k`.
fn counted(what: &str, text: &str, gnu: bool) -> Result<usize, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let by = match &text[digits.len()..] {
        "" => Some(1),
        "b" => Some(512),
        "K" | "k" | "KiB" => Some(1 << 10),
        "M" | "m" | "MiB" => Some(1 << 20),
        "G" | "GiB" => Some(1 << 30),
        "kB" | "KB" => Some(1_000),
        "MB" => Some(1_000_000),
        _ => None,
    };
    let number = digits.parse::<usize>().ok().zip(by).and_then(|(one, by)| one.checked_mul(by));
    match number {
        Some(number) if number > 0 => Ok(number),
        _ if !gnu => Err(format!("split: invalid number '{text}'")),
        Some(_) => {
            Err(format!("split: invalid number of {what}: '{text}': Numerical result out of range"))
        }
        None => Err(format!("split: invalid number of {what}: '{text}'")),
    }
}

/// More pieces than any folder holds here.
const MOST_CHUNKS: usize = 1_000_000;

/// `N`, `K/N`, `l/N`, `l/K/N`, `r/N`, `r/K/N`
fn chunks(text: &str) -> Result<Chunks, String> {
    let (how, rest) = match text.split_once('/') {
        Some(("l", rest)) => (Share::Lines, rest),
        Some(("r", rest)) => (Share::Turns, rest),
        _ => (Share::Size, text),
    };
    let (only, count) = match rest.split_once('/') {
        Some((only, count)) => (Some(only), count),
        None => (None, rest),
    };
    let count = match count.parse::<usize>() {
        Ok(0) => {
            return Err(format!(
                "split: invalid number of chunks: '{count}': Numerical result out of range"
            ));
        }
        Ok(number) if number > MOST_CHUNKS => {
            let flag = format!("-n {text}; it makes {MOST_CHUNKS} pieces at most");
            return Err(left_out("split", flag));
        }
        Ok(number) => number,
        Err(_) => return Err(format!("split: invalid number of chunks: '{count}'")),
    };
    let only = match only.map(|text| (text, text.parse::<usize>())) {
        None => None,
        Some((_, Ok(number))) if (1..=count).contains(&number) => Some(number),
        Some((text, Ok(_))) => {
            return Err(format!(
                "split: invalid chunk number: '{text}': Numerical result out of range"
            ));
        }
        Some((text, Err(_))) => return Err(format!("split: invalid chunk number: '{text}'")),
    };
    Ok(Chunks { how, count, only })
}

impl Cut {
    fn pieces(self, text: &[u8], end: u8) -> Vec<Vec<u8>> {
        let lines = || text.split_inclusive(|byte| *byte == end);
        match self {
            Cut::Bytes(size) => text.chunks(size).map(<[u8]>::to_vec).collect(),
            Cut::Lines(count) => {
                let lines: Vec<&[u8]> = lines().collect();
                lines.chunks(count).map(<[&[u8]]>::concat).collect()
            }
            Cut::LineBytes(size) => {
                let mut pieces: Vec<Vec<u8>> = Vec::new();
                for line in lines() {
                    let fits = pieces.last().is_some_and(|last| last.len() + line.len() <= size);
                    match pieces.last_mut().filter(|_| fits) {
                        Some(last) => last.extend_from_slice(line),
                        None => pieces.extend(line.chunks(size).map(<[u8]>::to_vec)),
                    }
                }
                pieces
            }
            Cut::Chunks(Chunks { how: Share::Size, count, .. }) => {
                // The last takes what is left.
                let size = text.len() / count;
                let until = |at| if at + 1 == count { text.len() } else { (at + 1) * size };
                (0..count).map(|at| text[at * size..until(at)].to_vec()).collect()
            }
            Cut::Chunks(Chunks { how: Share::Turns, count, .. }) => {
                let mut pieces = vec![Vec::new(); count];
                lines()
                    .enumerate()
                    .for_each(|(at, line)| pieces[at % count].extend_from_slice(line));
                pieces
            }
            Cut::Chunks(Chunks { how: Share::Lines, count, .. }) => {
                // A line belongs to the piece in which it begins.
                let (size, mut at, mut pieces) =
                    (text.len() / count, 0_usize, vec![Vec::new(); count]);
                for line in lines() {
                    let piece = at.checked_div(size).unwrap_or(0).min(count - 1);
                    pieces[piece].extend_from_slice(line);
                    at += line.len();
                }
                pieces
            }
        }
    }
}

/// How pieces are called.
struct Names<'a> {
    prefix: &'a str,
    ending: &'a str,
    letters: &'static [u8],
    width: usize,
    /// Whether more letters are taken when all names of this length are used.
    grows: bool,
    first: usize,
}

/// How pieces are to be called.
///
/// # Errors
/// A length that is none.
fn names(options: &Options, cut: Cut, gnu: bool) -> Result<Names<'_>, String> {
    let (mut letters, mut first): (&[u8], usize) = (b"abcdefghijklmnopqrstuvwxyz", 0);
    for (letter, value) in options.in_order() {
        match letter {
            'd' | 'Á' => letters = b"0123456789",
            'x' | 'È' => letters = b"0123456789abcdef",
            _ => continue,
        }
        let (radix, kind) =
            if matches!(letter, 'x' | 'È') { (16, "hex") } else { (10, "numerical") };
        first = match usize::from_str_radix(value, radix) {
            Ok(number) => number,
            Err(_) if value.is_empty() => 0,
            Err(_) => {
                return Err(format!(
                    "split: {value}: invalid start value for {kind} suffix\n{HINT}"
                ));
            }
        };
    }
    let wanted = match options.value('a').map(|text| (text, text.parse::<usize>())) {
        None => None,
        Some((_, Ok(width))) if width > 0 || gnu => Some(width).filter(|width| *width > 0),
        Some((text, _)) => return Err(format!("split: invalid suffix length: '{text}'")),
    };
    // As many letters as the count of pieces needs, and two at least.
    let needed = match cut {
        Cut::Chunks(Chunks { count, .. }) => {
            let most = (first + count).saturating_sub(1).max(1);
            let digits = most.ilog(letters.len()) as usize + 1;
            digits.max(2)
        }
        _ => 2,
    };
    Ok(Names {
        prefix: options.operands.get(1).map_or("x", String::as_str),
        ending: options.value('À').unwrap_or(""),
        letters,
        width: wanted.unwrap_or(needed),
        grows: gnu && wanted.is_none() && !matches!(cut, Cut::Chunks(_)) && first == 0,
        first,
    })
}

impl Names<'_> {
    /// `aa`, `ab`, or `00`, `01`: the name of a piece; `None` when there are no more.
    fn name(&self, at: usize) -> Option<String> {
        let base = self.letters.len();
        let (mut number, mut width, mut head) =
            (at + self.first, self.width.min(20), String::new());
        // The last letter in front says that one more stands behind: `xyz` is followed by `xzaaa`.
        let mut grows = self.grows;
        while grows {
            let block =
                (base - 1).checked_mul(base.checked_pow(u32::try_from(width).ok()? - 1)?)?;
            grows = number >= block;
            if grows {
                number -= block;
                width += 1;
                head.push(char::from(self.letters[base - 1]));
            }
        }
        let mut tail = Vec::new();
        for _ in 0..width {
            tail.push(char::from(self.letters[number % base]));
            number /= base;
        }
        let tail: String = tail.iter().rev().collect();
        (number == 0).then(|| format!("{}{head}{tail}{}", self.prefix, self.ending))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(cut: Cut, text: &str) -> Vec<usize> {
        cut.pieces(text.as_bytes(), b'\n').iter().map(Vec::len).collect()
    }

    /// As coreutils 9.1 cuts.
    #[test]
    fn lines_stay_whole_where_they_shall() {
        let text = "banana\napple\nCherry\nfig\n";
        assert_eq!(sizes(Cut::LineBytes(12), text), [7, 6, 11]);
        let shared = |how| Cut::Chunks(Chunks { how, count: 2, only: None });
        assert_eq!(sizes(shared(Share::Lines), text), [13, 11]);
        assert_eq!(sizes(shared(Share::Turns), text), [14, 10]);
        assert_eq!(chunks("l/1/2"), Ok(Chunks { how: Share::Lines, count: 2, only: Some(1) }));
    }

    #[test]
    fn pieces_are_named_in_order() {
        let names = Names {
            prefix: "x",
            ending: "",
            letters: b"abcdefghijklmnopqrstuvwxyz",
            width: 2,
            grows: true,
            first: 0,
        };
        assert_eq!(names.name(27).as_deref(), Some("xbb"));
        assert_eq!(names.name(649).as_deref(), Some("xyz"));
        assert_eq!(names.name(650).as_deref(), Some("xzaaa"));
        assert_eq!(Names { grows: false, ..names }.name(676), None);
    }
}
