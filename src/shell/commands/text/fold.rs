//! `fold`, `expand`, `unexpand`, `strings`.

use super::bytes::{content, or_standard, waits};
use super::lines::whole;
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options};

/// The column behind a character that stands in this one.
fn after(letter: char, column: usize) -> usize {
    match letter {
        '\t' => column / 8 * 8 + 8,
        '\u{8}' => column.saturating_sub(1),
        '\r' => 0,
        _ => column + 1,
    }
}

/// A line in pieces of at most so many columns.
fn folded(line: &str, width: usize, spaces: bool, bytes: bool) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut column = 0;
    let size = |letter: char, column: usize| match bytes {
        true => column + letter.len_utf8(),
        false => after(letter, column),
    };
    for letter in line.chars() {
        if size(letter, column) > width && !piece.is_empty() {
            let cut = piece.rfind([' ', '\t']).map(|at| at + 1).filter(|_| spaces);
            let rest = cut.map(|cut| piece.split_off(cut)).unwrap_or_default();
            pieces.push(std::mem::replace(&mut piece, rest));
            column = piece.chars().fold(0, |column, letter| size(letter, column));
        }
        column = size(letter, column);
        piece.push(letter);
    }
    pieces.push(piece);
    pieces
}

pub(in crate::shell::commands) fn fold(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "fold",
        short: "bsw:",
        long: &[("bytes", 'b'), ("spaces", 's'), ("width", 'w')],
        stops: false,
    };
    // `-20` is `-w 20`.
    let older = |word: &String| match word.strip_prefix('-') {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|one| one.is_ascii_digit()) => {
            format!("-w{digits}")
        }
        _ => word.clone(),
    };
    let arguments: Vec<String> = arguments.iter().map(older).collect();
    let Some(options) = GRAMMAR.read(&arguments, io) else { return Some(1) };
    let width = options.value('w').unwrap_or("80");
    let width = match width.parse::<usize>() {
        Ok(width) if width > 0 => width,
        wrong => {
            io.write_error(match (is_gnu(io), wrong) {
                (true, Ok(_)) => format!(
                    "fold: invalid number of columns: '{width}': Numerical result out of range"
                ),
                (true, Err(_)) => format!("fold: invalid number of columns: '{width}'"),
                (false, Ok(_)) => format!("fold: number {width} is not in 1..10000 range"),
                (false, _) => format!("fold: invalid number '{width}'"),
            });
            return Some(1);
        }
    };
    let (texts, failed) = whole(io, "fold", &options.operands)?;
    for (_, text) in texts {
        for line in text.split_inclusive('\n') {
            let body = line.strip_suffix('\n').unwrap_or(line);
            let pieces = folded(body, width, options.has('s'), options.has('b'));
            io.stdout.extend_from_slice(pieces.join("\n").as_bytes());
            io.stdout.extend_from_slice(&line.as_bytes()[body.len()..]);
        }
    }
    Some(i32::from(failed))
}

/// Where tabs stop.
#[derive(Default)]
struct Stops {
    /// At these columns first.
    at: Vec<usize>,
    /// `/N`: behind them at every column that N divides.
    every: Option<usize>,
    /// `+N`: behind them every N columns, counted from the last.
    behind: Option<usize>,
}

impl Stops {
    /// Takes a list like `3,6,/8` in, as coreutils' `expand-common.c` reads it.
    fn read(&mut self, text: &str) -> Result<(), String> {
        let mut rest = text;
        let mut mark = None;
        while let Some(letter) = rest.chars().next() {
            match letter {
                // A mark stays for the numbers behind it, of which it takes one alone.
                ',' | ' ' | '\t' => {}
                '/' | '+' => mark = Some(letter),
                '0'..='9' => {
                    let end = rest.find(|one: char| !one.is_ascii_digit()).unwrap_or(rest.len());
                    let digits = &rest[..end];
                    rest = &rest[end..];
                    let Ok(number) = digits.parse::<usize>() else {
                        return Err(format!("tab stop is too large '{digits}'"));
                    };
                    if rest.starts_with(['/', '+']) {
                        let mark = &rest[..1];
                        return Err(format!("'{mark}' specifier not at start of number: '{rest}'"));
                    }
                    self.add(mark, number)?;
                    continue;
                }
                _ => {
                    return Err(format!("tab size contains invalid character(s): '{rest}'"));
                }
            }
            rest = &rest[letter.len_utf8()..];
        }
        Ok(())
    }

    fn add(&mut self, mark: Option<char>, number: usize) -> Result<(), String> {
        let slot = match mark {
            Some('/') => &mut self.every,
            Some(_) => &mut self.behind,
            None => {
                self.at.push(number);
                return Ok(());
            }
        };
        match (slot.replace(number), mark) {
            (Some(_), Some(mark)) => {
                Err(format!("'{mark}' specifier only allowed with the last value"))
            }
            _ => Ok(()),
        }
    }

    /// What is wrong with all of them together; one alone stands for itself and all that it divides.
    fn finish(mut self) -> Result<Stops, String> {
        if self.at.contains(&0) {
            return Err("tab size cannot be 0".to_owned());
        }
        if self.at.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err("tab sizes must be ascending".to_owned());
        }
        if self.every.is_some() && self.behind.is_some() {
            return Err("'/' specifier is mutually exclusive with '+'".to_owned());
        }
        self.every = self.every.filter(|every| *every > 0);
        self.behind = self.behind.filter(|behind| *behind > 0);
        match (self.at.as_slice(), self.every.or(self.behind)) {
            ([], every) => Ok(Stops { every: every.or(Some(8)), ..Stops::default() }),
            ([only], None) => Ok(Stops { every: Some(*only), ..Stops::default() }),
            _ => Ok(self),
        }
    }

    /// The next stop behind a column.
    fn next(&self, column: usize) -> Option<usize> {
        if let Some(stop) = self.at.iter().copied().find(|stop| *stop > column) {
            return Some(stop);
        }
        let last = self.at.last().copied().unwrap_or(0);
        match (self.every, self.behind) {
            (Some(every), _) => (column / every * every).checked_add(every),
            (_, Some(behind)) => column.checked_add(behind - (column - last) % behind),
            _ => None,
        }
    }
}

/// `-4,8` is `-t 4,8`.
fn older(arguments: &[String]) -> Vec<String> {
    let older = |word: &String| match word.strip_prefix('-') {
        Some(list) if list.starts_with(|one: char| one.is_ascii_digit()) => format!("-t{list}"),
        _ => word.clone(),
    };
    arguments.iter().map(older).collect()
}

/// The stops that `-t` names, or the exit code.
fn stops(name: &str, options: &Options, io: &mut Io<'_>) -> Result<Stops, i32> {
    let mut stops = Stops::default();
    let read = options.all('t').try_for_each(|list| stops.read(list));
    read.and_then(|()| stops.finish()).map_err(|why| {
        io.write_error(match is_gnu(io) {
            true => format!("{name}: {why}"),
            false => format!("{name}: invalid number '{}'", options.value('t').unwrap_or("")),
        });
        1
    })
}

/// More than `expand` may make of a file.
const LONGEST: usize = 4 << 20;

pub(in crate::shell::commands) fn expand(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "expand",
        short: "it:",
        long: &[("initial", 'i'), ("tabs", 't')],
        stops: false,
    };
    let arguments = older(arguments);
    let Some(options) = GRAMMAR.read(&arguments, io) else { return Some(1) };
    let stops = match stops("expand", &options, io) {
        Ok(stops) => stops,
        Err(code) => return Some(code),
    };
    let (texts, failed) = whole(io, "expand", &options.operands)?;
    for (_, text) in texts {
        let (mut out, mut column, mut blank) = (String::new(), 0, true);
        for letter in text.chars() {
            match letter {
                '\t' if blank || !options.has('i') => {
                    let next = stops.next(column).unwrap_or(column + 1);
                    if next - column > LONGEST - out.len().min(LONGEST) {
                        io.write_error(format!(
                            "podhop: expand: not simulated here: more than {LONGEST} bytes of a file"
                        ));
                        return Some(1);
                    }
                    out.extend(std::iter::repeat_n(' ', next - column));
                    column = next;
                    continue;
                }
                '\n' => (column, blank) = (0, true),
                letter => {
                    column = after(letter, column);
                    blank &= letter == ' ';
                }
            }
            out.push(letter);
        }
        io.stdout.extend_from_slice(out.as_bytes());
    }
    Some(i32::from(failed))
}

pub(in crate::shell::commands) fn unexpand(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "unexpand",
        short: "aft:",
        long: &[("all", 'a'), ("first-only", 'f'), ("tabs", 't')],
        stops: false,
    };
    // Stops alone (`-4`) do not mean blanks behind the first word, as `-t` does.
    let named = arguments.iter().any(|word| word.starts_with("-t") || word.starts_with("--t"));
    let arguments = older(arguments);
    let Some(options) = GRAMMAR.read(&arguments, io) else { return Some(1) };
    let stops = match stops("unexpand", &options, io) {
        Ok(stops) => stops,
        Err(code) => return Some(code),
    };
    let all = (options.has('a') || named) && !options.has('f');
    let (texts, failed) = whole(io, "unexpand", &options.operands)?;
    for (_, text) in texts {
        for line in text.split_inclusive('\n') {
            io.stdout.extend_from_slice(tabbed(line, &stops, all).as_bytes());
        }
    }
    Some(i32::from(failed))
}

/// A line with tabs in place of the blanks that reach a stop, as `unexpand.c` goes about it.
fn tabbed(line: &str, stops: &Stops, all: bool) -> String {
    let (mut out, mut pending, mut column) = (String::new(), String::new(), 0);
    let (mut converts, mut single, mut blank_before) = (true, false, true);
    for letter in line.chars() {
        let blank = matches!(letter, ' ' | '\t');
        let mut letter = letter;
        let next = if converts && blank { stops.next(column) } else { None };
        converts &= !blank || next.is_some();
        if let Some(next) = next {
            if letter == '\t' {
                column = next;
                if !pending.is_empty() {
                    pending.replace_range(..1, "\t");
                }
            } else {
                column += 1;
                if !(blank_before && column == next) {
                    // Nobody knows yet whether these blanks become a tab.
                    single |= column == next;
                    pending.push(letter);
                    blank_before = true;
                    continue;
                }
                letter = '\t';
                if !pending.is_empty() {
                    pending.replace_range(..1, "\t");
                }
            }
            // One blank before the stop before stays, and is a tab.
            pending.truncate(usize::from(single));
        } else if converts && !blank {
            column = if letter == '\u{8}' { column.saturating_sub(1) } else { column + 1 };
        }
        if pending.len() > 1 && single {
            pending.replace_range(..1, "\t");
        }
        out += &std::mem::take(&mut pending);
        single = false;
        blank_before = blank;
        converts &= all || blank;
        out.push(letter);
    }
    out + &pending
}

pub(in crate::shell::commands) fn strings(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "strings",
        short: "afon:t:",
        long: &[("all", 'a'), ("bytes", 'n'), ("print-file-name", 'f'), ("radix", 't')],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let least = options.value('n').unwrap_or("4");
    let Some(least) = least.parse::<usize>().ok().filter(|least| *least > 0) else {
        io.write_error(match is_gnu(io) {
            true => format!("strings: invalid integer argument {least}"),
            false => format!("strings: invalid number '{least}'"),
        });
        return Some(1);
    };
    if waits(io, &options.operands) {
        return None;
    }
    let radix = if options.has('o') { Some("o") } else { options.value('t') };
    let mut failed = false;
    for file in or_standard(&options.operands) {
        let bytes = match content(io, &file) {
            Ok(bytes) => bytes,
            Err(why) => {
                failed = true;
                io.write_error(match (is_gnu(io), why.as_str()) {
                    (true, "No such file or directory") => {
                        format!("strings: '{file}': No such file")
                    }
                    _ => format!("strings: {file}: {why}"),
                });
                continue;
            }
        };
        let printable = |byte: &u8| *byte == b'\t' || (b' '..=b'~').contains(byte);
        let mut at = 0;
        for piece in bytes.split(|byte| !printable(byte)) {
            if piece.len() >= least {
                let place = match radix {
                    Some("d") => format!("{at:>7} "),
                    Some("x") => format!("{at:>7x} "),
                    Some(_) => format!("{at:>7o} "),
                    None => String::new(),
                };
                let name = if options.has('f') { format!("{file}: ") } else { String::new() };
                io.say(format!("{name}{place}{}", String::from_utf8_lossy(piece)));
            }
            at += piece.len() + 1;
        }
    }
    Some(i32::from(failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As coreutils 9.1 folds.
    #[test]
    fn lines_are_folded_at_columns_or_spaces() {
        assert_eq!(folded("banana", 4, false, false), ["bana", "na"]);
        let text = "the quick brown fox jumps";
        assert_eq!(folded(text, 10, true, false), ["the quick ", "brown fox ", "jumps"]);
        assert_eq!(folded("a\tb", 4, false, false), ["a", "\t", "b"]);
    }

    #[test]
    fn blanks_become_tabs_where_a_stop_is() {
        assert_eq!(
            tabbed("        a       b\n", &Stops { every: Some(8), ..Stops::default() }, true),
            "\ta\tb\n"
        );
        assert_eq!(tabbed("a b", &Stops { every: Some(8), ..Stops::default() }, true), "a b");
    }
}
