//! `shuf`, `split` and `numfmt`.

use super::lines::whole;
use crate::cluster::Flavour;
use crate::random::Stream;
use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::options::{Grammar, Options};

/// Numbers that `shuf -i` may count, and lines that `-r` may repeat.
const MOST: u64 = 100_000;

fn gnu(io: &Io<'_>) -> bool {
    commands::flavour(io.cluster, io.place) == Flavour::Gnu
}

pub(in crate::shell::commands) fn shuf(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "shuf",
        short: "ei:n:o:rz",
        long: &[
            ("echo", 'e'),
            ("input-range", 'i'),
            ("head-count", 'n'),
            ("output", 'o'),
            ("repeat", 'r'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let fails = |io: &mut Io<'_>, told: String| {
        io.write_error(told);
        Some(1)
    };
    let most = match options.value('n').map(str::parse::<usize>) {
        None => usize::MAX,
        Some(Ok(most)) => most,
        Some(Err(_)) => {
            let text = options.value('n').unwrap_or("").to_owned();
            return fails(
                io,
                match gnu(io) {
                    true => format!("shuf: invalid line count: '{text}'"),
                    false => format!("shuf: invalid number '{text}'"),
                },
            );
        }
    };
    let most_operands = if options.has('i') { 0 } else { 1 };
    if let Some(extra) =
        options.operands.get(most_operands).filter(|_| !options.has('e') && gnu(io))
    {
        let told =
            format!("shuf: extra operand '{extra}'\nTry 'shuf --help' for more information.");
        return fails(io, told);
    }
    let mut lines = match (options.has('e'), options.value('i')) {
        (true, _) => options.operands.clone(),
        (false, Some(text)) => match range(text) {
            Some(all) => all,
            None if gnu(io) => {
                // What is no number is named: the first half, or else the second.
                let halves = text.split_once('-');
                let bad = |half: &str| half.parse::<u64>().is_err();
                let wrong = match halves {
                    Some((first, _)) if bad(first) => first,
                    Some((_, last)) if bad(last) => last,
                    _ => text,
                };
                return fails(io, format!("shuf: invalid input range: '{wrong}'"));
            }
            None => return fails(io, format!("shuf: bad range '{text}'")),
        },
        (false, None) => {
            let (texts, failed) = whole(io, "shuf", &options.operands)?;
            if failed {
                return Some(1);
            }
            texts.iter().flat_map(|(_, text)| text.lines()).map(str::to_owned).collect()
        }
    };
    let mut stream = Stream::new(io.now().as_micros(), "shuf");
    if options.has('r') && !lines.is_empty() {
        let count = most.min(MOST as usize);
        let drawn = (0..count).filter_map(|_| stream.pick(&lines).cloned());
        lines = drawn.collect();
    } else {
        stream.shuffle(&mut lines);
        lines.truncate(most);
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    match options.value('o') {
        None => io.stdout.extend_from_slice(text.as_bytes()),
        Some(file) => {
            if let Err(why) = io.write_file(file, text.as_bytes()) {
                return fails(io, format!("shuf: {file}: {why}"));
            }
        }
    }
    Some(0)
}

/// `1-10`: the numbers of a range.
fn range(text: &str) -> Option<Vec<String>> {
    let (first, last) = text.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let counts = first <= last.checked_add(1)? && last.saturating_sub(first) < MOST;
    counts.then(|| (first..=last).map(|number| number.to_string()).collect())
}

pub(in crate::shell::commands) fn split(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "split",
        short: "l:b:a:dn:C:À:",
        long: &[
            ("additional-suffix", 'À'),
            ("lines", 'l'),
            ("bytes", 'b'),
            ("suffix-length", 'a'),
            ("numeric-suffixes", 'd'),
            ("number", 'n'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if let Some(flag) = options.not_simulated(&[('C', "-C")]) {
        io.write_error(commands::trouble::left_out("split", flag));
        return Some(1);
    }
    let count = |letter: char| options.value(letter).map(sized);
    let (lines, bytes) = (count('l'), count('b'));
    let bad = [('l', lines), ('b', bytes)].into_iter().find(|(_, size)| matches!(size, Some(None)));
    if let Some((letter, _)) = bad {
        let text = options.value(letter).unwrap_or("");
        io.write_error(match (gnu(io), letter) {
            (true, 'l') if text.bytes().all(|byte| byte == b'0') && !text.is_empty() => {
                format!("split: invalid number of lines: '{text}': Numerical result out of range")
            }
            (true, 'l') => format!("split: invalid number of lines: '{text}'"),
            (true, _) => format!("split: invalid number of bytes: '{text}'"),
            (false, _) => format!("split: invalid number '{text}'"),
        });
        return Some(1);
    }
    let file = options.operands.first().cloned().into_iter().collect::<Vec<_>>();
    if let Some(file) = file.first().filter(|file| gnu(io) && *file != "-")
        && let Err(why) = io.read_file(file)
    {
        io.write_error(format!("split: cannot open '{file}' for reading: {why}"));
        return Some(1);
    }
    let (texts, failed) = whole(io, "split", &file)?;
    let Some((_, text)) = texts.first().filter(|_| !failed) else { return Some(1) };
    let chunks = match options.value('n').map(|text| (text, text.parse::<usize>())) {
        None => None,
        Some((_, Ok(count))) if count > 0 => Some(count),
        Some((text, _)) if text.contains('/') => {
            io.write_error(commands::trouble::left_out("split", format!("-n {text}")));
            return Some(1);
        }
        Some((text, _)) => {
            io.write_error(format!("split: invalid number of chunks: '{text}'"));
            return Some(1);
        }
    };
    let pieces: Vec<&[u8]> = match (chunks, bytes.flatten()) {
        (Some(count), _) => in_chunks(text.as_bytes(), count),
        (None, Some(size)) => text.as_bytes().chunks(size).collect(),
        (None, None) => by_lines(text, lines.flatten().unwrap_or(1000)),
    };
    let prefix = options.operands.get(1).map_or("x", String::as_str);
    let width = options.value('a').and_then(|width| width.parse().ok()).unwrap_or(2_usize);
    for (at, piece) in pieces.iter().enumerate() {
        let Some(suffix) = suffix(at, width, options.has('d')) else {
            io.write_error("split: output file suffixes exhausted");
            return Some(1);
        };
        let suffix = suffix + options.value('À').unwrap_or("");
        if let Err(why) = io.write_file(&format!("{prefix}{suffix}"), piece) {
            io.write_error(format!("split: {prefix}{suffix}: {why}"));
            return Some(1);
        }
    }
    Some(0)
}

/// So many pieces of one size, of which the last takes what is left.
fn in_chunks(text: &[u8], count: usize) -> Vec<&[u8]> {
    let size = text.len() / count;
    let end = |at: usize| if at + 1 == count { text.len() } else { (at + 1) * size };
    (0..count).map(|at| &text[at * size..end(at)]).collect()
}

/// A count with its unit: `10`, `1k`.
fn sized(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let by = match &text[digits.len()..] {
        "" => 1,
        "b" => 512,
        "K" | "k" => 1 << 10,
        "M" | "m" => 1 << 20,
        "KB" => 1_000,
        "MB" => 1_000_000,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(by).filter(|size| *size > 0)
}

fn by_lines(text: &str, count: usize) -> Vec<&[u8]> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut at = 0;
    let piece = |lines: &[&str]| lines.iter().map(|line| line.len()).sum::<usize>();
    let cut = lines.chunks(count).map(|lines| {
        let from = at;
        at += piece(lines);
        &text.as_bytes()[from..at]
    });
    cut.collect()
}

/// `aa`, `ab`, or `00`, `01`: the ending of a piece's name.
fn suffix(number: usize, width: usize, digits: bool) -> Option<String> {
    let (base, first) = if digits { (10, b'0') } else { (26, b'a') };
    let mut letters = Vec::new();
    let mut rest = number;
    for _ in 0..width.min(20) {
        letters.push(char::from(first + (rest % base) as u8));
        rest /= base;
    }
    (rest == 0).then(|| letters.iter().rev().collect())
}

pub(in crate::shell::commands) fn numfmt(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "numfmt",
        short: "d:zÀ:È:É:Í:Ó:",
        long: &[
            ("delimiter", 'd'),
            ("to", 'À'),
            ("from", 'È'),
            ("suffix", 'É'),
            ("field", 'Í'),
            ("padding", 'Ó'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    for (letter, name) in [('À', "--to"), ('È', "--from")] {
        let words = if letter == 'À' {
            &["none", "si", "iec", "iec-i"][..]
        } else {
            &["none", "auto", "si", "iec", "iec-i"][..]
        };
        if let Some(word) = options.value(letter).filter(|word| !words.contains(word)) {
            let list: String = words.iter().map(|word| format!("\n  - '{word}'")).collect();
            io.write_error(format!(
                "numfmt: invalid argument '{word}' for '{name}'\nValid arguments are:{list}\nTry 'numfmt --help' for more information."
            ));
            return Some(1);
        }
    }
    let field = match options.value('Í').unwrap_or("1").parse::<usize>() {
        Ok(field) if field > 0 => field,
        _ => {
            io.write_error(commands::trouble::left_out("numfmt", "--field of more than one"));
            return Some(1);
        }
    };
    let lines: Vec<String> = match options.operands.is_empty() {
        false => options.operands.clone(),
        true => {
            let (texts, _) = whole(io, "numfmt", &[])?;
            texts.iter().flat_map(|(_, text)| text.lines()).map(str::to_owned).collect()
        }
    };
    for line in lines {
        match converted(&line, field, &options) {
            Ok(line) => io.say(line),
            Err(told) => {
                io.write_error(format!("numfmt: {told}"));
                return Some(2);
            }
        }
    }
    Some(0)
}

/// A line with the number in one of its fields written anew.
fn converted(line: &str, field: usize, options: &Options) -> Result<String, String> {
    let delimiter = options.value('d').and_then(|text| text.chars().next());
    let splits = |letter: char| delimiter.map_or(letter.is_whitespace(), |own| letter == own);
    // Where the field begins and ends; blanks in front of it are part of a column.
    let (mut start, mut end, mut seen) = (None, line.len(), 1);
    let mut before = delimiter.is_none();
    for (at, letter) in line.char_indices() {
        let gap = splits(letter);
        if gap && (delimiter.is_some() || !before) {
            if start.is_some() {
                end = at;
                break;
            }
            seen += 1;
        }
        if seen == field && !gap && start.is_none() {
            start = Some(at);
        }
        before = gap;
    }
    let Some(start) = start else { return Ok(line.to_owned()) };
    let value = number(&line[start..end], options.value('È').unwrap_or("none"))?;
    let mut text = written(value, options.value('À').unwrap_or("none"));
    text += options.value('É').unwrap_or("");
    let padding: i64 = options.value('Ó').and_then(|width| width.parse().ok()).unwrap_or(0);
    let width = usize::try_from(padding.unsigned_abs().min(1_000)).unwrap_or(0);
    let text = if padding < 0 { format!("{text:<width$}") } else { format!("{text:>width$}") };
    Ok(format!("{}{text}{}", &line[..start], &line[end..]))
}

const UNITS: &str = "KMGTPE";

fn number(text: &str, from: &str) -> Result<f64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit() && c != '.');
    let (value, unit) = (digits.parse::<f64>(), &text[digits.len()..]);
    let Ok(value) = value else { return Err(format!("invalid number: '{text}'")) };
    let base: f64 = match (from, unit.ends_with('i')) {
        ("none", _) if unit.is_empty() => return Ok(value),
        ("none", _) => {
            let what = "rejecting suffix in input";
            return Err(format!("{what}: '{text}' (consider using --from)"));
        }
        ("si", _) | ("auto", false) => 1000.0,
        _ => 1024.0,
    };
    let letter = match unit.strip_suffix('i') {
        Some(letter) if matches!(from, "auto" | "iec-i") => letter,
        Some(_) => return Err(format!("invalid suffix in input '{text}': 'i'")),
        None if from == "iec-i" && !unit.is_empty() => {
            return Err(format!("missing 'i' suffix in input: '{text}' (e.g Ki/Mi/Gi)"));
        }
        None => unit,
    };
    match letter {
        "" => Ok(value),
        letter => match UNITS.find(&letter.to_uppercase()).filter(|_| letter.len() == 1) {
            Some(at) => Ok(value * base.powi(at as i32 + 1)),
            None => Err(format!("invalid suffix in input: '{text}'")),
        },
    }
}

/// A number with a unit; what is left over is rounded away from zero.
fn written(value: f64, to: &str) -> String {
    let base = match to {
        "si" => 1000.0,
        "iec" | "iec-i" => 1024.0,
        _ => return format!("{value}"),
    };
    let away = |value: f64| if value < 0.0 { value.floor() } else { value.ceil() };
    let (mut left, mut power) = (value, 0);
    while left.abs() >= base && power < UNITS.len() {
        left /= base;
        power += 1;
    }
    // Rounding may lead to the next unit.
    let rounded = |left: f64| {
        if left.abs() < 10.0 && power > 0 { away(left * 10.0) / 10.0 } else { away(left) }
    };
    let mut shown = rounded(left);
    if shown.abs() >= base && power < UNITS.len() {
        shown /= base;
        power += 1;
    }
    let unit = if power == 0 { "" } else { &UNITS[power - 1..power] };
    let more = if to == "iec-i" && power > 0 { "i" } else { "" };
    let unit = if to == "si" && unit == "K" { "K" } else { unit };
    match shown.abs() < 10.0 && power > 0 {
        true => format!("{shown:.1}{unit}{more}"),
        false => format!("{shown:.0}{unit}{more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Played in numfmt 9.1.
    #[test]
    fn numbers_get_units_and_are_rounded_up() {
        for (value, to, shown) in [
            (1_048_576.0, "iec", "1.0M"),
            (1_500.0, "si", "1.5K"),
            (999.0, "si", "999"),
            (999_999.0, "si", "1.0M"),
            (2_048.0, "iec-i", "2.0Ki"),
            (123_456.0, "iec", "121K"),
        ] {
            assert_eq!(written(value, to), shown);
        }
        assert_eq!(number("2K", "iec"), Ok(2048.0));
        assert!(number("2K", "none").is_err() && number("x", "si").is_err());
    }

    #[test]
    fn pieces_are_named_in_order() {
        assert_eq!(suffix(27, 2, false).as_deref(), Some("bb"));
        assert_eq!(suffix(7, 3, true).as_deref(), Some("007"));
        assert_eq!(suffix(676, 2, false), None);
    }
}
