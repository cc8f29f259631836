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

/// Where tabs stop: every so many columns, or at these and then nowhere.
enum Stops {
    Every(usize),
    At(Vec<usize>),
}

impl Stops {
    fn read(text: &str) -> Option<Stops> {
        let all: Option<Vec<usize>> =
            text.split([',', ' ']).map(|one| one.parse().ok().filter(|stop| *stop > 0)).collect();
        match all?.as_slice() {
            [only] => Some(Stops::Every(*only)),
            all => Some(Stops::At(all.to_vec())),
        }
    }

    /// The next stop behind a column.
    fn next(&self, column: usize) -> Option<usize> {
        match self {
            Stops::Every(width) => (column / width * width).checked_add(*width),
            Stops::At(stops) => stops.iter().copied().find(|stop| *stop > column),
        }
    }
}

/// The stops that `-t` names, or the exit code.
fn stops(name: &str, options: &Options, io: &mut Io<'_>) -> Result<Stops, i32> {
    let text = options.value('t').unwrap_or("8");
    let found = Stops::read(text);
    if let Some(Stops::At(stops)) = &found
        && stops.windows(2).any(|pair| pair[0] >= pair[1])
        && is_gnu(io)
    {
        io.write_error(format!("{name}: tab sizes must be ascending"));
        return Err(1);
    }
    found.ok_or_else(|| {
        io.write_error(match (is_gnu(io), text) {
            (true, "0") => format!("{name}: tab size cannot be 0"),
            (true, _) => format!("{name}: tab size contains invalid character(s): '{text}'"),
            (false, _) => format!("{name}: invalid number '{text}'"),
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
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
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
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let stops = match stops("unexpand", &options, io) {
        Ok(stops) => stops,
        Err(code) => return Some(code),
    };
    let all = (options.has('a') || options.has('t')) && !options.has('f');
    let (texts, failed) = whole(io, "unexpand", &options.operands)?;
    for (_, text) in texts {
        for line in text.split_inclusive('\n') {
            io.stdout.extend_from_slice(tabbed(line, &stops, all).as_bytes());
        }
    }
    Some(i32::from(failed))
}

/// A line with tabs in place of the blanks that reach a stop.
fn tabbed(line: &str, stops: &Stops, all: bool) -> String {
    let (mut out, mut column, mut blanks, mut begun) = (String::new(), 0, 0, true);
    for letter in line.chars() {
        if matches!(letter, ' ' | '\t') && (begun || all) {
            let stop = stops.next(column);
            let next = if letter == ' ' { column + 1 } else { stop.unwrap_or(column + 1) };
            blanks += 1;
            // One blank before a stop stays one, unless it is a tab or begins the line.
            if Some(next) == stop && (blanks > 1 || letter == '\t') {
                out.push('\t');
                blanks = 0;
            }
            column = next;
            continue;
        }
        out.extend(std::iter::repeat_n(' ', std::mem::take(&mut blanks)));
        out.push(letter);
        begun &= matches!(letter, ' ' | '\t');
        column = after(letter, column);
    }
    out.extend(std::iter::repeat_n(' ', blanks));
    out
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
        assert_eq!(tabbed("        a       b\n", &Stops::Every(8), true), "\ta\tb\n");
        assert_eq!(tabbed("a b", &Stops::Every(8), true), "a b");
    }
}
