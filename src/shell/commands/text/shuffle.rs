//! `shuf` and `numfmt`.

use super::lines::whole;
use crate::random::Stream;
use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::options::{Grammar, Options, matched};
use crate::shell::commands::trouble::left_out;

/// Numbers that `shuf -i` may count, and lines that `-r` may repeat.
const MOST: u64 = 100_000;

const SHUF: Grammar = Grammar {
    name: "shuf",
    short: "ei:n:o:rzÀ:",
    long: &[
        ("echo", 'e'),
        ("input-range", 'i'),
        ("head-count", 'n'),
        ("output", 'o'),
        ("repeat", 'r'),
        ("zero-terminated", 'z'),
        ("random-source", 'À'),
    ],
    stops: false,
};

pub(in crate::shell::commands) fn shuf(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = SHUF.read(arguments, io) else { return Some(1) };
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
    let mut source = match options.value('À').map(|file| (file, io.read_file(file))) {
        None => Source::Stream(Box::new(Stream::new(io.now().as_micros(), "shuf"))),
        Some((file, Ok(bytes))) => Source::of(file, bytes),
        Some((file, Err(why))) => {
            io.write_error(format!("shuf: {file}: {why}"));
            return Some(1);
        }
    };
    if options.has('r') && lines.is_empty() && gnu && most > 0 {
        io.write_error("shuf: no lines to repeat");
        return Some(1);
    }
    if options.has('r') && !lines.is_empty() {
        let count = most.min(MOST as usize);
        let drawn = (0..count).filter_map(|_| Some(lines[source.below(lines.len())?].clone()));
        lines = drawn.collect();
    } else {
        source.shuffle(&mut lines, most);
    }
    if let Some(told) = source.ended() {
        io.write_error(told);
        return Some(1);
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

/// Where chance comes from.
enum Source {
    Stream(Box<Stream>),
    /// The bytes of a file, and a number that is left of them with the greatest that it could be
    /// (`randint_genmax` of gnulib).
    File {
        name: String,
        bytes: std::vec::IntoIter<u8>,
        number: u64,
        greatest: u64,
        ended: bool,
    },
}

impl Source {
    fn of(name: &str, bytes: Vec<u8>) -> Source {
        let (name, bytes) = (name.to_owned(), bytes.into_iter());
        Source::File { name, bytes, number: 0, greatest: 0, ended: false }
    }

    /// A number below this one; none behind the end of the file.
    fn below(&mut self, bound: usize) -> Option<usize> {
        let most = bound.max(1) as u64 - 1;
        let Source::File { bytes, number, greatest, ended, .. } = self else {
            let Source::Stream(stream) = self else { return None };
            return usize::try_from(stream.below(bound.max(1) as u64)).ok();
        };
        loop {
            while *greatest < most {
                let Some(byte) = bytes.next() else {
                    *ended = true;
                    return None;
                };
                *number = (*number << 8) + u64::from(byte);
                *greatest = (*greatest << 8) + 255;
            }
            let choices = most + 1;
            let excess = *greatest - most;
            let unusable = excess % choices;
            let last = *greatest - unusable;
            if *number <= last {
                let drawn = *number % choices;
                *number /= choices;
                *greatest = excess / choices;
                return usize::try_from(drawn).ok();
            }
            // What it fell into is not lost.
            *number -= last + 1;
            *greatest = unusable - 1;
        }
    }

    /// As many of the lines as are wanted, in any order.
    fn shuffle(&mut self, lines: &mut Vec<String>, most: usize) {
        let most = most.min(lines.len());
        for at in 0..most {
            let Some(other) = self.below(lines.len() - at) else { break };
            lines.swap(at, at + other);
        }
        lines.truncate(most);
    }

    /// What is said of a file that was too short.
    fn ended(&self) -> Option<String> {
        match self {
            Source::File { name, ended: true, .. } => Some(format!("shuf: '{name}': end of file")),
            _ => None,
        }
    }
}

/// Operands and options that do not go together.
fn shuf_misused(options: &Options, gnu: bool) -> Result<(), String> {
    const HINT: &str = "Try 'shuf --help' for more information.";
    if options.has('e') && options.has('i') && gnu {
        return Err(format!("shuf: cannot combine -e and -i options\n{HINT}"));
    }
    let ranges = options.in_order().filter(|(letter, _)| *letter == 'i').count();
    if ranges > 1 && gnu {
        return Err("shuf: multiple -i options specified".to_owned());
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
            None => {
                let bad = |half: &&str| half.parse::<u64>().is_err();
                let wrong = text
                    .split_once('-')
                    .and_then(|(first, last)| [first, last].into_iter().find(bad));
                return Some(Err(Some(match wrong {
                    Some(wrong) => format!("shuf: invalid number '{wrong}'"),
                    None => format!("shuf: bad range '{text}'"),
                })));
            }
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

const NUMFMT: Grammar = Grammar {
    name: "numfmt",
    short: "d:zÀ:È:É:Í:Ó:Ä;Ë:Ï:Ö:Ü:Á:Ù",
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
        ("grouping", 'Ù'),
        ("zero-terminated", 'z'),
    ],
    stops: false,
};

pub(in crate::shell::commands) fn numfmt(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = NUMFMT.read(arguments, io) else { return Some(1) };
    let told = match Told::read(&options) {
        Ok(told) => told,
        Err(why) => {
            io.write_error(why);
            return Some(1);
        }
    };
    let end = if options.has('z') { '\0' } else { '\n' };
    let lines: Vec<String> = match options.operands.is_empty() {
        false => options.operands.iter().map(|word| format!("{word}{end}")).collect(),
        true => {
            let (texts, _) = whole(io, "numfmt", &[])?;
            texts
                .iter()
                .flat_map(|(_, text)| text.split_inclusive(end))
                .map(str::to_owned)
                .collect()
        }
    };
    let mut status = 0;
    for (at, line) in lines.iter().enumerate() {
        // What had no end gets none.
        let text = line.strip_suffix(end).unwrap_or(line);
        let say = |io: &mut Io<'_>, shown: &str| {
            io.stdout.extend_from_slice(shown.as_bytes());
            io.stdout.extend_from_slice(&line.as_bytes()[text.len()..]);
        };
        if at < told.header && options.operands.is_empty() {
            say(io, text);
            continue;
        }
        match converted(text, &options, &told) {
            Ok(shown) => say(io, &shown),
            Err(_) if told.invalid == Invalid::Ignore => say(io, text),
            Err(why) => {
                io.write_error(format!("numfmt: {why}"));
                status = 2;
                match told.invalid {
                    Invalid::Abort => return Some(2),
                    Invalid::Warn => status = 0,
                    _ => {}
                }
                say(io, text);
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
            width: widest(width.parse().unwrap_or(0))?,
            places,
        })
    }

    /// A number's text in its place.
    fn around(&self, text: &str) -> String {
        let width = self.width;
        let text = match self.flags.as_str() {
            flags if flags.contains('-') => format!("{text:<width$}"),
            // Zeros fill the number, not what is behind it.
            flags if flags.contains('0') => {
                let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
                let (sign, plain) = digits.split_at(usize::from(digits.starts_with('-')));
                let width = width.saturating_sub(sign.len());
                format!("{sign}{plain:0>width$}{}", &text[digits.len()..])
            }
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
        if options.value('d').is_some_and(|text| text.chars().count() > 1) {
            return Err("numfmt: the delimiter must be a single character".to_owned());
        }
        options.value('À').map(|word| matched("numfmt", "--to", word, TO)).transpose()?;
        options.value('È').map(|word| matched("numfmt", "--from", word, FROM)).transpose()?;
        let round = options.value('Ë').map(|word| matched("numfmt", "--round", word, ROUND));
        let invalid = options.value('Á').map(|word| matched("numfmt", "--invalid", word, INVALID));
        let unit = |letter: char| match options.value(letter) {
            None => Ok(1.0),
            Some(text) => match number(text, "auto") {
                Ok((size, _)) if size >= 1.0 => Ok(size),
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
        let is_width = |text: &&str| text.parse::<i64>().is_ok_and(|width| width != 0);
        if let Some(text) = options.value('Ó').filter(|text| !is_width(text)) {
            return Err(format!("numfmt: invalid padding value '{text}'"));
        }
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
    // The blank that ends a field is written as a space.
    let mut blank = true;
    let mut ended = |letter: char| {
        let before = std::mem::replace(&mut blank, letter.is_whitespace());
        if blank && !before { ' ' } else { letter }
    };
    let mut whole = match options.has('d') {
        true => line.to_owned(),
        false => line.chars().map(&mut ended).collect(),
    };
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
    let (value, exact) = number(given, options.value('È').unwrap_or("none"))?;
    let value = value * told.scale.0 / told.scale.1;
    let to = options.value('À').unwrap_or("none");
    let asked = told.format.as_ref().and_then(|format| format.places);
    // Without a scale a number keeps the places that it was given with.
    let places = if to == "none" { asked.or(Some(exact)) } else { asked };
    if to == "none" && value != 0.0 && value.abs().log10().floor() as i64 + exact as i64 > 18 {
        let shown = print_general(value);
        let what = "value too large to be printed";
        return Err(format!("{what}: '{shown}' (consider using --to)"));
    }
    let mut text = written(value, to, told.round, places);
    text += options.value('É').unwrap_or("");
    let padding: i64 = options.value('Ó').and_then(|width| width.parse().ok()).unwrap_or(0);
    let width = widest(padding.unsigned_abs())?;
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

/// A width, if it is one that is simulated.
fn widest(width: u64) -> Result<usize, String> {
    match width {
        0..=WIDEST => Ok(width as usize),
        _ => Err(left_out("numfmt", format!("numbers wider than {WIDEST} letters"))),
    }
}

/// The widest that a number is written.
const WIDEST: u64 = 65_535;

const UNITS: &str = "KMGTPEZY";

/// A large number as `%Lg` prints it.
fn print_general(value: f64) -> String {
    let printed = format!("{value:.5e}");
    let (mantissa, exponent) = printed.split_once('e').unwrap_or((&printed, "0"));
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    format!("{mantissa}e+{exponent:0>2}")
}

/// A number, and with how many places it was written: as `numfmt.c` reads it.
fn number(text: &str, from: &str) -> Result<(f64, usize), String> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let sign = usize::from(text.starts_with('-'));
    let whole = digits(&text[sign..]);
    let mut end = sign + whole;
    let mut places = 0;
    if let Some(behind) = text[end..].strip_prefix('.') {
        places = digits(behind);
        end += 1 + places;
    }
    if whole + places == 0 || text[..end].ends_with('.') {
        return Err(format!("invalid number: '{text}'"));
    }
    if whole > 27 {
        return Err(format!("value too large to be converted: '{text}'"));
    }
    let value: f64 = text[..end].parse().unwrap_or(0.0);
    let invalid = || Err(format!("invalid suffix in input: '{text}'"));
    let unit = text[end..].trim_start_matches([' ', '\t']);
    let missing = || Err(format!("missing 'i' suffix in input: '{text}' (e.g Ki/Mi/Gi)"));
    let Some(letter) = unit.chars().next() else {
        return if from == "iec-i" { missing() } else { Ok((value, places)) };
    };
    let Some(at) = UNITS.find(letter) else { return invalid() };
    if from == "none" {
        let what = "rejecting suffix in input";
        return Err(format!("{what}: '{text}' (consider using --from)"));
    }
    let behind = &unit[1..];
    let (base, behind): (f64, &str) = match (from, behind.strip_prefix('i')) {
        ("auto" | "iec-i", Some(behind)) => (1024.0, behind),
        ("iec-i", None) => return missing(),
        ("si" | "auto", _) => (1000.0, behind),
        _ => (1024.0, behind),
    };
    match behind.is_empty() {
        true => Ok((value * base.powi(at as i32 + 1), 0)),
        false => Err(format!("invalid suffix in input '{text}': '{behind}'")),
    }
}

/// A number with a unit; what is left over is rounded.
fn written(value: f64, to: &str, round: Round, places: Option<usize>) -> String {
    // What a number in binary is off is no reason to round it.
    let at = |value: f64, places: usize| {
        let by = 10_f64.powi(i32::try_from(places.min(15)).unwrap_or(15));
        let (scaled, near) = (value * by, (value * by).round());
        let off = (scaled - near).abs() < 1e-9 * scaled.abs().max(1.0);
        if off { near / by } else { round.of(scaled) / by }
    };
    let base = match to {
        "si" => 1000.0,
        "iec" | "iec-i" => 1024.0,
        _ => return format!("{:.*}", places.unwrap_or(0), at(value, places.unwrap_or(0))),
    };
    let (mut left, mut power) = (value, 0);
    while left.abs() >= base && power < UNITS.len() {
        left /= base;
        power += 1;
    }
    let kept = places.map_or(usize::from(left.abs() < 10.0), |places| places.min(3 * power));
    let mut shown = at(left, if power > 0 { kept } else { 0 });
    // Rounding may lead to the next unit.
    if shown.abs() >= base && power < UNITS.len() {
        shown /= base;
        power += 1;
    }
    let unit = if power == 0 { "" } else { &UNITS[power - 1..power] };
    let more = if to == "iec-i" && power > 0 { "i" } else { "" };
    let point = shown != 0.0 && shown.abs() < 10.0 && power > 0;
    format!("{shown:.*}{unit}{more}", places.unwrap_or(usize::from(point)))
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
        assert_eq!(number("2K", "iec"), Ok((2048.0, 0)));
        assert!(number("2K", "none").is_err() && number("x", "si").is_err());
    }
}
