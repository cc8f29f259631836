//! `cut`, `tr`, `paste`, `column`.

use super::lines::{Filter, cannot_open, filter, whole};
use crate::cluster::Flavour;
use crate::shell::commands::options::Grammar;
use crate::shell::commands::{Setting, failed};
use crate::shell::machine::pattern::named;
use crate::shell::syntax::unescape;
use crate::shell::{Io, Read, Step, Tool};

/// `1,3-5,7-`
#[derive(Clone)]
struct Ranges(Vec<(usize, usize)>);

impl Ranges {
    /// Reads a list of fields, or of characters.
    ///
    /// # Errors
    /// What `cut` says after its name.
    fn read(text: &str, fields: bool, gnu: bool) -> Result<Ranges, String> {
        let number = |part: &str| {
            part.parse::<usize>().map_err(|_| match (gnu, fields) {
                (false, _) => format!("invalid number '{text}'"),
                (true, true) => format!("invalid field value '{part}'"),
                (true, false) => format!("invalid byte/character position '{part}'"),
            })
        };
        let zero = || match (gnu, fields) {
            (false, _) => "missing list of positions".to_owned(),
            (true, true) => "fields are numbered from 1".to_owned(),
            (true, false) => "byte/character positions are numbered from 1".to_owned(),
        };
        let mut ranges = Vec::new();
        let separators = |letter: char| letter == ',' || gnu && letter == ' ';
        for piece in text.split(separators) {
            if piece.is_empty() {
                if gnu {
                    return Err(zero());
                }
                continue;
            }
            let (from, to) = match piece.split_once('-') {
                None => {
                    let only = number(piece)?;
                    (only, only)
                }
                Some(("", "")) if gnu => {
                    return Err("invalid range with no endpoint: -".to_owned());
                }
                Some((from, to)) => (
                    if from.is_empty() { 1 } else { number(from)? },
                    if to.is_empty() { usize::MAX } else { number(to)? },
                ),
            };
            if gnu && from == 0 {
                return Err(zero());
            }
            if gnu && from > to {
                return Err("invalid decreasing range".to_owned());
            }
            ranges.push((from, to));
        }
        if ranges.is_empty() {
            return Err(zero());
        }
        Ok(Ranges(ranges))
    }

    fn has(&self, index: usize) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&index))
    }
}

#[derive(Clone)]
struct Cut {
    ranges: Ranges,
    /// Between fields; `None` for characters.
    delimiter: Option<char>,
    output: String,
    only_delimited: bool,
    complement: bool,
}

impl Filter for Cut {
    fn line(&mut self, line: &str, io: &mut Io<'_>) -> Option<i32> {
        let wanted = |index: usize| self.ranges.has(index) != self.complement;
        let text = match self.delimiter {
            None => {
                let letters = line.chars().enumerate();
                letters.filter(|(index, _)| wanted(index + 1)).map(|(_, letter)| letter).collect()
            }
            Some(delimiter) if !line.contains(delimiter) => match self.only_delimited {
                true => return None,
                false => line.to_owned(),
            },
            Some(delimiter) => {
                let fields = line.split(delimiter).enumerate();
                let kept: Vec<&str> =
                    fields.filter(|(index, _)| wanted(index + 1)).map(|(_, field)| field).collect();
                kept.join(&self.output)
            }
        };
        io.say(text);
        None
    }

    fn end(&mut self, _: &mut Io<'_>, failed: bool) -> i32 {
        i32::from(failed)
    }

    fn missing(&self, io: &mut Io<'_>, file: &str, why: &str) {
        cannot_open(io, "cut", file, why);
    }
}

pub(in crate::shell::commands) fn cut(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "cut",
        short: "d:f:c:b:snO:z",
        long: &[
            ("delimiter", 'd'),
            ("fields", 'f'),
            ("characters", 'c'),
            ("bytes", 'b'),
            ("only-delimited", 's'),
            ("output-delimiter", 'O'),
            ("complement", 'z'),
        ],
        stops: false,
    };
    let options = match GRAMMAR.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    let characters = options.value('c').or(options.value('b'));
    let Some(list) = options.value('f').or(characters) else {
        let message = match setting.flavour {
            Flavour::Gnu => {
                "cut: you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information."
            }
            Flavour::BusyBox => "cut: expected a list of bytes, characters, or fields",
        };
        return failed(message, 1);
    };
    let gnu = setting.flavour == Flavour::Gnu;
    let says = |message: &str| match gnu {
        true => failed(format!("cut: {message}\nTry 'cut --help' for more information."), 1),
        false => failed(format!("cut: {message}"), 1),
    };
    let fields = options.has('f');
    if [options.has('f'), options.has('c'), options.has('b')].iter().filter(|given| **given).count()
        > 1
    {
        return match gnu {
            true => says("only one list may be specified"),
            false => failed(crate::shell::commands::busybox_usage("cut"), 1),
        };
    }
    if !fields && options.has('d') {
        return says(match gnu {
            true => "an input delimiter may be specified only when operating on fields",
            false => "a delimiter may be specified only when operating on fields",
        });
    }
    if !fields && options.has('s') {
        return says(match gnu {
            true => "suppressing non-delimited lines makes sense\n\tonly when operating on fields",
            false => "suppressing non-delimited lines makes sense only when operating on fields",
        });
    }
    let ranges = match Ranges::read(list, fields, gnu) {
        Ok(ranges) => ranges,
        Err(message) => return says(&message),
    };
    let given = options.value('d').unwrap_or("\t");
    if given.chars().count() > 1 && gnu {
        return failed(
            "cut: the delimiter must be a single character\nTry 'cut --help' for more information.",
            1,
        );
    }
    let delimiter = given.chars().next().unwrap_or('\0');
    let cut = Cut {
        ranges,
        delimiter: characters.is_none().then_some(delimiter),
        output: options.value('O').map_or_else(|| delimiter.to_string(), str::to_owned),
        only_delimited: options.has('s'),
        complement: options.has('z'),
    };
    filter(cut, options.operands)
}

#[derive(Clone)]
struct Translate {
    from: Vec<char>,
    to: Vec<char>,
    complement: bool,
    delete: bool,
    squeeze: Option<Vec<char>>,
    last: Option<char>,
}

/// The characters of `a-z`, `[:upper:]`, `\n`.
fn set(text: &str) -> Vec<char> {
    let letters: Vec<char> = unescape(text).chars().collect();
    let mut all = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        if letters[at..].starts_with(&['[', ':'])
            && let Some(end) = (at + 2..letters.len()).find(|end| letters[*end] == ':')
        {
            let name: String = letters[at + 2..end].iter().collect();
            for (from, to) in named(&name) {
                all.extend(from..=to);
            }
            at = end + 2;
        } else if letters.get(at + 1) == Some(&'-') && at + 2 < letters.len() {
            all.extend(letters[at]..=letters[at + 2]);
            at += 3;
        } else {
            all.push(letters[at]);
            at += 1;
        }
        if all.len() > 0x11_0000 {
            break;
        }
    }
    all
}

impl Translate {
    fn letter(&mut self, letter: char, out: &mut String) {
        let at = self.from.iter().position(|from| *from == letter);
        let inside = at.is_some() != self.complement;
        if inside && self.delete {
            return;
        }
        let letter = match (inside, self.to.last()) {
            (true, Some(last)) => at.and_then(|at| self.to.get(at)).copied().unwrap_or(*last),
            _ => letter,
        };
        let squeezed = self.squeeze.as_ref().is_some_and(|set| match self.complement {
            true => !set.contains(&letter),
            false => set.contains(&letter),
        });
        if squeezed && self.last == Some(letter) {
            return;
        }
        self.last = Some(letter);
        out.push(letter);
    }
}

impl Tool for Translate {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let rest = io.stdin.rest();
        let lossy = String::from_utf8_lossy(rest).into_owned();
        io.stdin.read = io.stdin.bytes.len();
        let mut out = String::new();
        for letter in lossy.chars() {
            self.letter(letter, &mut out);
        }
        io.stdout.extend_from_slice(out.as_bytes());
        match io.read_line() {
            Read::Wait => Step::Input,
            Read::Line(_) | Read::End => Step::Exit(0),
        }
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(in crate::shell::commands) fn tr(arguments: &[String], setting: &Setting<'_>) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "tr",
        short: "cCdst",
        long: &[("complement", 'c'), ("delete", 'd'), ("squeeze-repeats", 's')],
        stops: true,
    };
    let options = match GRAMMAR.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    let (delete, squeeze) = (options.has('d'), options.has('s'));
    let (from, to) = match options.operands.as_slice() {
        [] => return failed("tr: missing operand\nTry 'tr --help' for more information.", 1),
        [from] if delete || squeeze => (set(from), Vec::new()),
        [from] => {
            return failed(
                format!(
                    "tr: missing operand after '{from}'\nTwo strings must be given when translating.\nTry 'tr --help' for more information."
                ),
                1,
            );
        }
        [from, to, ..] => (set(from), set(to)),
    };
    let squeezed = match (squeeze, to.is_empty()) {
        (false, _) => None,
        (true, true) => Some(from.clone()),
        (true, false) => Some(to.clone()),
    };
    Box::new(Translate {
        to: if delete { Vec::new() } else { to },
        from,
        complement: options.has('c') || options.has('C'),
        delete,
        squeeze: squeezed,
        last: None,
    })
}

pub(in crate::shell::commands) fn paste(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "paste",
        short: "sd:z",
        long: &[("serial", 's'), ("delimiters", 'd'), ("zero-terminated", 'z')],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let (texts, failed) = whole(io, "paste", &options.operands)?;
    if failed {
        return Some(1);
    }
    let end = if options.has('z') { '\0' } else { '\n' };
    let list = unescape(options.value('d').unwrap_or("\t"));
    // `\0` in the list stands for nothing.
    let delimiters: Vec<String> = list
        .chars()
        .map(|letter| if letter == '\0' { String::new() } else { letter.to_string() })
        .collect();
    let delimiter =
        |at: usize| delimiters.get(at % delimiters.len().max(1)).map_or("", String::as_str);
    let lines = |text: &'_ str| -> Vec<String> {
        let body = text.strip_suffix(end).unwrap_or(text);
        if text.is_empty() { Vec::new() } else { body.split(end).map(str::to_owned).collect() }
    };
    let put = |io: &mut Io<'_>, cells: &[String]| {
        let mut line = String::new();
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                line += delimiter(at - 1);
            }
            line += cell;
        }
        line.push(end);
        io.stdout.extend_from_slice(line.as_bytes());
    };
    if options.has('s') {
        for (_, text) in &texts {
            put(io, &lines(text));
        }
        return Some(0);
    }
    // A dash takes a line of standard input each time.
    let dashes: Vec<usize> = (0..texts.len()).filter(|at| texts[*at].0 == "-").collect();
    let standard = dashes.first().map_or_else(Vec::new, |at| lines(&texts[*at].1));
    let columns: Vec<Vec<String>> = texts
        .iter()
        .enumerate()
        .map(|(at, (_, text))| match dashes.iter().position(|dash| *dash == at) {
            Some(which) => standard.iter().skip(which).step_by(dashes.len()).cloned().collect(),
            None => lines(text),
        })
        .collect();
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    for row in 0..height {
        let cells: Vec<String> =
            columns.iter().map(|column| column.get(row).cloned().unwrap_or_default()).collect();
        put(io, &cells);
    }
    Some(0)
}

pub(in crate::shell::commands) fn column(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let options = match Grammar::short("column", "ts:o:").read(arguments, io) {
        Some(options) => options,
        None => return Some(1),
    };
    let (texts, failed) = whole(io, "column", &options.operands)?;
    let lines =
        texts.iter().flat_map(|(_, text)| text.lines()).filter(|line| !line.trim().is_empty());
    if !options.has('t') {
        for line in lines {
            io.say(line);
        }
        return Some(i32::from(failed));
    }
    let rows: Vec<Vec<&str>> = lines
        .map(|line| match options.value('s') {
            Some(separators) => line.split(|c| separators.contains(c)).collect(),
            None => line.split_whitespace().collect(),
        })
        .collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..).map_while(width).collect();
    let gap = options.value('o').unwrap_or("  ");
    for row in &rows {
        let mut line = String::new();
        for (index, cell) in row.iter().enumerate() {
            line += cell;
            if index + 1 < row.len() {
                let missing = widths[index].saturating_sub(cell.chars().count());
                line.extend(std::iter::repeat_n(' ', missing));
                line += gap;
            }
        }
        io.say(line);
    }
    Some(i32::from(failed))
}
