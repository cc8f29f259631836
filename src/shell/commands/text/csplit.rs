//! `csplit`: a file cut where lines match.

use super::lines::whole;
use super::regex::{Regex, Syntax, compile};
use crate::shell::Io;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;

/// How often a pattern may be repeated.
const MOST: usize = 100_000;

/// Where a piece ends.
enum Place {
    /// Before the line of this number.
    Line(usize),
    /// Before (or so many lines from) the next line that matches.
    Match { regex: Regex, offset: i64, skips: bool },
}

/// A pattern as it was written, where it leads, and how often; `None` is as often as it matches.
struct Pattern {
    text: String,
    place: Place,
    times: Option<usize>,
}

impl Pattern {
    fn read(text: &str) -> Result<Pattern, String> {
        let mark = text.chars().next().unwrap_or(' ');
        let place = match mark {
            '/' | '%' => {
                let Some(end) = text.rfind(mark).filter(|end| *end > 0) else {
                    return Err(format!("csplit: {text}: closing delimiter '{mark}' missing"));
                };
                let rest = &text[end + 1..];
                let offset = match rest.is_empty() {
                    true => Some(0),
                    false => rest.strip_prefix('+').unwrap_or(rest).parse().ok(),
                };
                let Some(offset) = offset else {
                    return Err(format!("csplit: '{text}': integer expected after delimiter"));
                };
                let regex = compile(&text[1..end], Syntax::Basic, false).map_err(|why| {
                    format!("csplit: '{text}': invalid regular expression: {why}")
                })?;
                Place::Match { regex, offset, skips: mark == '%' }
            }
            _ => match text.parse::<usize>() {
                Ok(0) => {
                    return Err(format!("csplit: {text}: line number must be greater than zero"));
                }
                Ok(line) => Place::Line(line),
                Err(_) => return Err(format!("csplit: '{text}': invalid pattern")),
            },
        };
        Ok(Pattern { text: text.to_owned(), place, times: Some(0) })
    }

    /// All patterns of a command line, with their `{N}`.
    fn all(words: &[String]) -> Result<Vec<Pattern>, String> {
        let mut all: Vec<Pattern> = Vec::new();
        let mut last = 0;
        for word in words {
            let inner = word.strip_prefix('{').map(|rest| rest.strip_suffix('}'));
            let inner = match inner.filter(|_| !all.is_empty()) {
                Some(None) => {
                    return Err(format!("csplit: '{word}': '}}' is required in repeat count"));
                }
                inner => inner.flatten(),
            };
            match (inner, all.last_mut()) {
                (Some("*"), Some(pattern)) => pattern.times = None,
                (Some(count), Some(pattern)) => match count.parse::<usize>() {
                    Ok(count) if count <= MOST => pattern.times = Some(count),
                    _ => {
                        let what = "integer required between '{' and '}'";
                        return Err(format!("csplit: '{{{count}'}}: {what}"));
                    }
                },
                _ => {
                    let pattern = Pattern::read(word)?;
                    if let Place::Line(line) = pattern.place {
                        if line < last {
                            return Err(format!(
                                "csplit: line number '{line}' is smaller than preceding line number, {last}"
                            ));
                        }
                        last = line;
                    }
                    all.push(pattern);
                }
            }
        }
        Ok(all)
    }
}

/// The pieces that are written, and where the input stands.
struct Cut<'t> {
    lines: Vec<&'t str>,
    /// The line that comes next.
    at: usize,
    /// The line that was matched last, which does not match again.
    from: usize,
    /// `--suppress-matched`: whether the line at which a piece ends is in none.
    suppresses: bool,
    pieces: Vec<String>,
}

impl Cut<'_> {
    /// A piece up to a line.
    fn piece(&mut self, end: usize, skips: bool) {
        let end = end.min(self.lines.len());
        if !skips {
            self.pieces.push(self.lines[self.at.min(end)..end].concat());
        }
        self.at = self.at.max(end);
    }

    /// Leaves the line at which a piece ended out.
    fn suppress(&mut self) {
        self.at = (self.at + usize::from(self.suppresses)).min(self.lines.len());
        self.from = self.from.max(self.at);
    }

    /// Does what a pattern says once. `Err` is why it cannot; `repeat` counts from 1.
    fn once(&mut self, pattern: &Pattern, repeat: usize) -> Result<(), String> {
        let again = if repeat > 0 { format!(" on repetition {repeat}") } else { String::new() };
        match &pattern.place {
            Place::Line(line) => {
                let end = line * (repeat + 1) - 1;
                let text = &pattern.text;
                let missing = || format!("csplit: '{text}': line number out of range{again}");
                let is_done = self.suppresses && self.from.max(self.at) >= self.lines.len();
                if end > self.lines.len() || is_done {
                    self.piece(if is_done { self.at } else { self.lines.len() }, false);
                    return Err(missing());
                }
                self.piece(end, false);
                self.from = self.from.max(self.at);
                // A line has to follow, and not only one that was looked at before.
                if !self.suppresses && self.from >= self.lines.len() {
                    return Err(missing());
                }
                self.suppress();
            }
            Place::Match { regex, offset, skips } => {
                let fits = |line: &&str| regex.is_match(line.strip_suffix('\n').unwrap_or(line));
                let found = self.lines.iter().skip(self.from).position(fits);
                let Some(found) = found.map(|found| found + self.from) else {
                    self.piece(self.lines.len(), *skips);
                    return Err(format!("csplit: '{}': match not found{again}", pattern.text));
                };
                let end = usize::try_from(found as i64 + offset).unwrap_or(0);
                if end > self.lines.len() || end < self.at {
                    self.piece(self.lines.len(), *skips);
                    let text = &pattern.text;
                    return Err(format!("csplit: '{text}': line number out of range{again}"));
                }
                self.piece(end, *skips);
                self.from = found + 1 + usize::try_from(*offset).unwrap_or(0);
                self.suppress();
            }
        }
        Ok(())
    }

    fn run(&mut self, patterns: &[Pattern]) -> Result<(), String> {
        for pattern in patterns {
            let mut repeat = 0;
            while pattern.times.is_none_or(|times| repeat <= times) {
                match self.once(pattern, repeat) {
                    Ok(()) => repeat += 1,
                    // As often as it matches: the rest is a piece as well.
                    Err(_) if pattern.times.is_none() => return Ok(()),
                    Err(why) => return Err(why),
                }
            }
        }
        self.piece(self.lines.len(), false);
        Ok(())
    }
}

/// The name of a piece: `xx00`, or by the format of `-b`.
fn name(options: &Options, number: usize) -> Result<String, String> {
    let prefix = options.value('f').unwrap_or("xx");
    let width = options.value('n').and_then(|width| width.parse().ok()).unwrap_or(2_usize).min(20);
    let Some(format) = options.value('b') else {
        return Ok(format!("{prefix}{number:0width$}"));
    };
    let Some((before, rest)) = format.split_once('%') else {
        return Err("csplit: missing % conversion specification in suffix".to_owned());
    };
    let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (width, rest) = rest.split_at(digits);
    let zero = width.starts_with('0');
    let width = width.parse::<usize>().unwrap_or(0).min(100);
    let Some(after) = rest.strip_prefix(['d', 'i', 'u']) else {
        return Err(left_out("csplit", format!("-b {format}")));
    };
    let number = if zero { format!("{number:0width$}") } else { format!("{number:width$}") };
    Ok(format!("{prefix}{before}{number}{after}"))
}

const GRAMMAR: Grammar = Grammar {
    name: "csplit",
    short: "b:f:kn:sqzÀ",
    long: &[
        ("suffix-format", 'b'),
        ("prefix", 'f'),
        ("keep-files", 'k'),
        ("digits", 'n'),
        ("quiet", 'q'),
        ("silent", 's'),
        ("elide-empty-files", 'z'),
        ("suppress-matched", 'À'),
    ],
    stops: false,
};

pub(in crate::shell::commands) fn csplit(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let (file, patterns) = match asked(&options, io) {
        Ok(asked) => asked,
        Err(why) => {
            io.write_error(why);
            return Some(1);
        }
    };
    let (texts, _) = whole(io, "csplit", &[file])?;
    let text = texts.first().map_or("", |(_, text)| text.as_str());
    let lines = text.split_inclusive('\n').collect();
    let mut cut = Cut { lines, at: 0, from: 0, suppresses: options.has('À'), pieces: Vec::new() };
    let done = cut.run(&patterns);
    let written = write(&cut.pieces, &options, done.is_ok() || options.has('k'), io);
    match written.and(done) {
        Ok(()) => Some(0),
        Err(why) => {
            io.write_error(why);
            Some(1)
        }
    }
}

/// The file that is cut, and where.
///
/// # Errors
/// What is wrong with the operands.
fn asked(options: &Options, io: &Io<'_>) -> Result<(String, Vec<Pattern>), String> {
    const HINT: &str = "Try 'csplit --help' for more information.";
    let (file, patterns) = match options.operands.as_slice() {
        [] => return Err(format!("csplit: missing operand\n{HINT}")),
        [last] => return Err(format!("csplit: missing operand after '{last}'\n{HINT}")),
        [file, patterns @ ..] => (file.clone(), Pattern::all(patterns)?),
    };
    if file != "-" {
        io.read_file(&file).map_err(|why| match io.is_directory(&file) {
            true => format!("csplit: read error: {why}"),
            false => format!("csplit: cannot open '{file}' for reading: {why}"),
        })?;
    }
    Ok((file, patterns))
}

/// Says how long the pieces are, and writes them to files; those that are not kept are gone afterwards, with
/// what was in a file of that name before.
///
/// # Errors
/// A file that cannot be written.
fn write(pieces: &[String], options: &Options, keeps: bool, io: &mut Io<'_>) -> Result<(), String> {
    let kept = pieces.iter().filter(|piece| !(options.has('z') && piece.is_empty()));
    for (number, piece) in kept.enumerate() {
        if !options.has('s') && !options.has('q') {
            io.say(piece.len().to_string());
        }
        let name = name(options, number)?;
        if keeps {
            io.write_file(&name, piece.as_bytes())
                .map_err(|why| format!("csplit: {name}: {why}"))?;
        } else if io.is_file(&name) {
            io.remove_file(&name).map_err(|why| format!("csplit: {name}: {why}"))?;
        }
    }
    Ok(())
}
