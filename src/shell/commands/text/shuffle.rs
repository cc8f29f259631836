//! `shuf` and `numfmt`.

use super::lines::whole;
use crate::random::Stream;
use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::options::{Grammar, Options, matched};

/// Numbers that `shuf -i` may count, and lines that `-r` may repeat.
const MOST: u64 = 100_000;

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
    let gnu = commands::is_gnu(io);
    if let Err(told) = shuf_misused(&options, gnu) {
        io.write_error(told);
        return Some(1);
    }
    let most = match options.value('n').map(|text| (text, text.parse::<usize>())) {
        None => usize::MAX,
        Some((_, Ok(most))) => most,
        Some((text, Err(_))) => {
            io.write_error(match gnu {
                true => format!("shuf: invalid line count: '{text}'"),
                false => format!("shuf: invalid number '{text}'"),
            });
            return Some(1);
        }
    };
    let mut lines = match lines_of(&options, io)? {
        Ok(lines) => lines,
        Err(told) => {
            told.into_iter().for_each(|told| io.write_error(told));
            return Some(1);
        }
    };
    let mut stream = Stream::new(io.now().as_micros(), "shuf");
    if options.has('r') && lines.is_empty() && gnu && most > 0 {
        io.write_error("shuf: no lines to repeat");
        return Some(1);
    }
    if options.has('r') && !lines.is_empty() {
        let count = most.min(MOST as usize);
        let drawn = (0..count).filter_map(|_| stream.pick(&lines).cloned());
        lines = drawn.collect();
    } else {
        stream.shuffle(&mut lines);
        lines.truncate(most);
    }
    let end = if options.has('z') { '\0' } else { '\n' };
    let text: String = lines.iter().map(|line| format!("{line}{end}")).collect();
    match options.value('o') {
        None => io.stdout.extend_from_slice(text.as_bytes()),
        Some(file) => {
            if let Err(why) = io.write_file(file, text.as_bytes()) {
                io.write_error(format!("shuf: {file}: {why}"));
                return Some(1);
            }
        }
    }
    Some(0)
}

/// Operands and options that do not go together.
fn shuf_misused(options: &Options, gnu: bool) -> Result<(), String> {
    const HINT: &str = "Try 'shuf --help' for more information.";
    if options.has('e') && options.has('i') && gnu {
        return Err(format!("shuf: cannot combine -e and -i options\n{HINT}"));
    }
    let most = if options.has('i') { 0 } else { 1 };
    match options.operands.get(most).filter(|_| !options.has('e') && gnu) {
        Some(extra) => Err(format!("shuf: extra operand '{extra}'\n{HINT}")),
        None => Ok(()),
    }
}

/// The lines that are shuffled; `None` before the end of standard input.
///
/// # Errors
/// What is wrong, unless it was said.
fn lines_of(options: &Options, io: &mut Io<'_>) -> Option<Result<Vec<String>, Option<String>>> {
    Some(Ok(match (options.has('e'), options.value('i')) {
        (true, _) => options.operands.clone(),
        (false, Some(text)) => match range(text) {
            Some(all) => all,
            None if commands::is_gnu(io) => {
                // What is no number is named: the first half, or else the second.
                let bad = |half: &str| half.parse::<u64>().is_err();
                let wrong = match text.split_once('-') {
                    Some((first, _)) if bad(first) => first,
                    Some((_, last)) if bad(last) => last,
                    _ => text,
                };
                return Some(Err(Some(format!("shuf: invalid input range: '{wrong}'"))));
            }
            None => return Some(Err(Some(format!("shuf: bad range '{text}'")))),
        },
        (false, None) => {
            let (texts, failed) = whole(io, "shuf", &options.operands)?;
            if failed {
                return Some(Err(None));
            }
            texts.iter().flat_map(|(_, text)| text.lines()).map(str::to_owned).collect()
        }
    }))
}

/// `1-10`: the numbers of a range.
fn range(text: &str) -> Option<Vec<String>> {
    let (first, last) = text.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let counts = first <= last.checked_add(1)? && last.saturating_sub(first) < MOST;
    counts.then(|| (first..=last).map(|number| number.to_string()).collect())
}

pub(in crate::shell::commands) fn numfmt(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "numfmt",
        short: "d:zÀ:È:É:Í:Ó:Ä;Ë:Ï:Ö:Ü:Á:",
        long: &[
            ("delimiter", 'd'),
            ("to", 'À'),
            ("from", 'È'),
            ("suffix", 'É'),
            ("field", 'Í'),
            ("padding", 'Ó'),
            ("header", 'Ä'),
            ("round", 'Ë'),
            ("from-unit", 'Ï'),
            ("to-unit", 'Ö'),
            ("format", 'Ü'),
            ("invalid", 'Á'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let told = match Told::read(&options) {
        Ok(told) => told,
        Err(why) => {
            io.write_error(why);
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
    let mut status = 0;
    for (at, line) in lines.iter().enumerate() {
        if at < told.header && options.operands.is_empty() {
            io.say(line);
            continue;
        }
        match converted(line, &options, &told) {
            Ok(line) => io.say(line),
            Err(_) if told.invalid == Invalid::Ignore => io.say(line),
            Err(why) => {
                io.write_error(format!("numfmt: {why}"));
                status = 2;
                match told.invalid {
                    Invalid::Abort => return Some(2),
                    Invalid::Warn => status = 0,
                    _ => {}
                }
                io.say(line);
            }
        }
    }
    Some(status)
}

/// What becomes of a number that is none (`--invalid`).
#[derive(Clone, Copy, Debug, PartialEq)]
enum Invalid {
    Abort,
    Fail,
    Warn,
    Ignore,
}

/// Which way a number is rounded (`--round`).
#[derive(Clone, Copy, Debug, PartialEq)]
enum Round {
    Up,
    Down,
    FromZero,
    TowardsZero,
    Nearest,
}

impl Round {
    fn of(self, value: f64) -> f64 {
        match self {
            Round::Up => value.ceil(),
            Round::Down => value.floor(),
            Round::FromZero if value < 0.0 => value.floor(),
            Round::FromZero => value.ceil(),
            Round::TowardsZero => value.trunc(),
            Round::Nearest => value.round(),
        }
    }
}

/// What `numfmt` was told beside its units.
struct Told {
    /// Fields to be converted: from, to.
    fields: Vec<(usize, usize)>,
    header: usize,
    round: Round,
    invalid: Invalid,
    /// What a number is multiplied by, and then divided by.
    scale: (f64, f64),
    format: Option<Format>,
}

/// `--format`: what stands around the number, and how wide and how exact it is.
struct Format {
    before: String,
    after: String,
    flags: String,
    width: usize,
    places: Option<usize>,
}

impl Format {
    /// Reads it as `numfmt.c` does.
    fn read(text: &str) -> Result<Format, String> {
        let Some(at) = text.replace("%%", "\0\0").find('%') else {
            return Err(format!("numfmt: format '{text}' has no % directive"));
        };
        let rest = &text[at + 1..];
        let flags: String = rest.chars().take_while(|one| "-0'".contains(*one)).collect();
        let rest = &rest[flags.len()..];
        let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
        let (width, rest) = rest.split_at(digits(rest));
        let (places, rest) = match rest.strip_prefix('.') {
            None => (None, rest),
            Some(rest) => {
                let (places, rest) = rest.split_at(digits(rest));
                (Some(places.parse().unwrap_or(0)), rest)
            }
        };
        let Some(after) = rest.strip_prefix('f') else {
            return Err(format!(
                "numfmt: invalid format '{text}', directive must be %[0]['][-][N][.][N]f"
            ));
        };
        if after.replace("%%", "").contains('%') {
            return Err(format!("numfmt: format '{text}' has too many % directives"));
        }
        Ok(Format {
            before: text[..at].replace("%%", "%"),
            after: after.replace("%%", "%"),
            flags,
            width: width.parse::<usize>().unwrap_or(0).min(1_000),
            places,
        })
    }

    /// A number's text in its place.
    fn around(&self, text: &str) -> String {
        let width = self.width;
        let text = match self.flags.as_str() {
            flags if flags.contains('-') => format!("{text:<width$}"),
            flags if flags.contains('0') => format!("{text:0>width$}"),
            _ => format!("{text:>width$}"),
        };
        format!("{}{text}{}", self.before, self.after)
    }
}

impl Told {
    /// Reads the options.
    ///
    /// # Errors
    /// A word or a number that `numfmt` does not take.
    fn read(options: &Options) -> Result<Told, String> {
        const TO: &[(&[&str], u8)] =
            &[(&["none"], 0), (&["si"], 1), (&["iec"], 2), (&["iec-i"], 3)];
        const FROM: &[(&[&str], u8)] =
            &[(&["none"], 0), (&["auto"], 1), (&["si"], 2), (&["iec"], 3), (&["iec-i"], 4)];
        const ROUND: &[(&[&str], Round)] = &[
            (&["up"], Round::Up),
            (&["down"], Round::Down),
            (&["from-zero"], Round::FromZero),
            (&["towards-zero"], Round::TowardsZero),
            (&["nearest"], Round::Nearest),
        ];
        const INVALID: &[(&[&str], Invalid)] = &[
            (&["abort"], Invalid::Abort),
            (&["fail"], Invalid::Fail),
            (&["warn"], Invalid::Warn),
            (&["ignore"], Invalid::Ignore),
        ];
        options.value('À').map(|word| matched("numfmt", "--to", word, TO)).transpose()?;
        options.value('È').map(|word| matched("numfmt", "--from", word, FROM)).transpose()?;
        let round = options.value('Ë').map(|word| matched("numfmt", "--round", word, ROUND));
        let invalid = options.value('Á').map(|word| matched("numfmt", "--invalid", word, INVALID));
        let unit = |letter: char| match options.value(letter) {
            None => Ok(1.0),
            Some(text) => match number(text, "auto") {
                Ok(size) if size >= 1.0 => Ok(size),
                _ => Err(format!("numfmt: invalid unit size: '{text}'")),
            },
        };
        let header = match options.value('Ä') {
            None => 0,
            Some("") => 1,
            Some(text) => match text.parse() {
                Ok(count) if count > 0 => count,
                _ => return Err(format!("numfmt: invalid header value '{text}'")),
            },
        };
        let listed = fields(options.value('Í').unwrap_or("1"));
        let format = options.value('Ü').map(Format::read).transpose()?;
        Ok(Told {
            fields: listed?,
            header,
            round: round.transpose()?.unwrap_or(Round::FromZero),
            invalid: invalid.transpose()?.unwrap_or(Invalid::Abort),
            scale: (unit('Ï')?, unit('Ö')?),
            format,
        })
    }
}

/// `--field`: `1,3-5,7-`, or `-` for all.
fn fields(text: &str) -> Result<Vec<(usize, usize)>, String> {
    const HINT: &str = "Try 'numfmt --help' for more information.";
    let bound = |part: &str, usual: usize| match part {
        "" => Some(usual),
        part => part.parse::<usize>().ok().filter(|field| *field > 0),
    };
    let one = |part: &str| match part.split_once('-') {
        None => bound(part, 0).filter(|field| *field > 0).map(|field| (field, field)),
        Some((from, to)) => Some((bound(from, 1)?, bound(to, usize::MAX)?)),
    };
    let wrong = || format!("numfmt: invalid field value '{text}'\n{HINT}");
    text.split([',', ' ']).map(|part| one(part).ok_or_else(wrong)).collect()
}

/// A line with the numbers in its fields written anew.
fn converted(line: &str, options: &Options, told: &Told) -> Result<String, String> {
    let mut whole = line.to_owned();
    let most = line.len() + 1;
    for (from, to) in &told.fields {
        for field in *from..=(*to).min(most) {
            whole = in_field(&whole, field, options, told)?;
        }
    }
    Ok(whole)
}

/// A line with the number in one of its fields written anew.
fn in_field(line: &str, field: usize, options: &Options, told: &Told) -> Result<String, String> {
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
    let given = &line[start..end];
    let given = options.value('É').and_then(|suffix| given.strip_suffix(suffix)).unwrap_or(given);
    let value = number(given, options.value('È').unwrap_or("none"))?;
    let value = value * told.scale.0 / told.scale.1;
    let places = told.format.as_ref().and_then(|format| format.places);
    let value = match told.scale.1 > 1.0 && places.is_none() {
        true => told.round.of(value),
        false => value,
    };
    let mut text = written(value, options.value('À').unwrap_or("none"), told.round, places);
    text += options.value('É').unwrap_or("");
    let padding: i64 = options.value('Ó').and_then(|width| width.parse().ok()).unwrap_or(0);
    let width = usize::try_from(padding.unsigned_abs().min(1_000)).unwrap_or(0);
    let text = told.format.as_ref().map_or(text.clone(), |format| format.around(&text));
    // Without a width of its own a number keeps the place that it had in a column.
    let before = &line[..start];
    let lead = before.len() - before.trim_end_matches([' ', '\t']).len();
    let lead = if field > 1 { lead.saturating_sub(1) } else { lead };
    if padding == 0 && delimiter.is_none() && (field > 1 || lead > 0) && told.format.is_none() {
        let width = lead + end - start;
        return Ok(format!("{}{text:>width$}{}", &line[..start - lead], &line[end..]));
    }
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

/// A number with a unit; what is left over is rounded.
fn written(value: f64, to: &str, round: Round, places: Option<usize>) -> String {
    let base = match (to, places) {
        ("si", _) => 1000.0,
        ("iec" | "iec-i", _) => 1024.0,
        (_, Some(places)) => return format!("{value:.places$}"),
        _ => return format!("{value}"),
    };
    let away = |value: f64| round.of(value);
    let (mut left, mut power) = (value, 0);
    while left.abs() >= base && power < UNITS.len() {
        left /= base;
        power += 1;
    }
    // Rounding may lead to the next unit.
    let rounded = |left: f64| {
        if let Some(places) = places {
            let by = 10_f64.powi(i32::try_from(places.min(15)).unwrap_or(15));
            return away(left * by) / by;
        }
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
    if let Some(places) = places {
        return format!("{shown:.places$}{unit}{more}");
    }
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
            assert_eq!(written(value, to, Round::FromZero, None), shown);
        }
        assert_eq!(number("2K", "iec"), Ok(2048.0));
        assert!(number("2K", "none").is_err() && number("x", "si").is_err());
    }
}
