//! `cut`, `tr`, `paste`.

use super::lines::{Filter, cannot_open, filter, whole};
use crate::cluster::Flavour;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::{self, Setting, busybox_usage, failed};
use crate::shell::pattern::named;
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
            part.parse::<usize>().map_err(|_| {
                // GNU's cut names all from the letter on that is none of a number.
                let at = part.as_ptr().addr() - text.as_ptr().addr();
                let wrong = part.find(|one: char| !one.is_ascii_digit());
                let rest = &text[at + wrong.unwrap_or(0)..];
                match (gnu, fields, wrong) {
                    (false, ..) => format!("invalid number '{text}'"),
                    (true, true, Some(_)) => format!("invalid field value '{rest}'"),
                    (true, true, None) => format!("field number '{part}' is too large"),
                    (true, false, Some(_)) => format!("invalid byte/character position '{rest}'"),
                    (true, false, None) => format!("byte/character offset '{part}' is too large"),
                }
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
                Some((_, to)) if gnu && to.contains('-') => {
                    let what = if fields { "field" } else { "byte or character" };
                    return Err(format!("invalid {what} range"));
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
            // BusyBox counts from 0 when it compares, and takes position 0 for the first.
            let from = from.max(1);
            if to < from - 1 && piece.contains('-') {
                return Err(format!("{to}<{}", from - 1));
            }
            ranges.push((from, to.max(from)));
        }
        if ranges.is_empty() {
            return Err(zero());
        }
        Ok(Ranges(ranges))
    }

    fn has(&self, index: usize) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&index))
    }

    /// Whether a range begins here that no other one leads into.
    fn starts(&self, index: usize) -> bool {
        self.0.iter().any(|(from, _)| *from == index)
            && !self.0.iter().any(|(from, to)| *from < index && index <= *to)
    }
}

#[derive(Clone)]
struct Cut {
    ranges: Ranges,
    /// Between fields; `None` for characters.
    delimiter: Option<char>,
    output: String,
    /// Between ranges of characters.
    between: String,
    only_delimited: bool,
    complement: bool,
    /// `-z`: lines end with a zero byte.
    zero: bool,
}

impl Filter for Cut {
    fn tool(&self) -> &'static str {
        "cut"
    }

    fn end_of_line(&self) -> u8 {
        if self.zero { 0 } else { b'\n' }
    }

    fn line(&mut self, line: &str, io: &mut Io<'_>) -> Option<i32> {
        let wanted = |index: usize| self.ranges.has(index) != self.complement;
        let text = match self.delimiter {
            None => {
                let mut text = String::new();
                let mut before = false;
                for (index, letter) in line.chars().enumerate() {
                    let starts = match self.complement {
                        true => !before,
                        false => self.ranges.starts(index + 1),
                    };
                    before = wanted(index + 1);
                    if before && starts && !text.is_empty() {
                        text += &self.between;
                    }
                    text.extend(before.then_some(letter));
                }
                text
            }
            Some(delimiter) if !line.contains(delimiter) => match self.only_delimited {
                // BusyBox sees no delimiter missing where there is nothing.
                true if commands::is_gnu(io) || !line.is_empty() => return None,
                _ => line.to_owned(),
            },
            Some(delimiter) => {
                let fields = line.split(delimiter).enumerate();
                let kept: Vec<&str> =
                    fields.filter(|(index, _)| wanted(index + 1)).map(|(_, field)| field).collect();
                kept.join(&self.output)
            }
        };
        io.stdout.extend_from_slice(text.as_bytes());
        io.stdout.push(self.end_of_line());
        None
    }

    fn end(&mut self, _: &mut Io<'_>, failed: bool) -> i32 {
        i32::from(failed)
    }

    fn missing(&self, io: &mut Io<'_>, file: &str, why: &str) {
        cannot_open(io, "cut", file, why);
    }
}

const CUT: Grammar = Grammar {
    name: "cut",
    short: "d:f:c:b:snO:Àz",
    long: &[
        ("delimiter", 'd'),
        ("fields", 'f'),
        ("characters", 'c'),
        ("bytes", 'b'),
        ("only-delimited", 's'),
        ("output-delimiter", 'O'),
        ("complement", 'À'),
        ("zero-terminated", 'z'),
    ],
    stops: false,
};

pub(in crate::shell::commands) fn cut(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let gnu = setting.flavour == Flavour::Gnu;
    let options = match CUT.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(misuse) => return failed(misuse, 1),
    };
    match Cut::told(&options, gnu) {
        Ok(cut) => filter(cut, options.operands),
        Err(why) => failed(why, 1),
    }
}

impl Cut {
    /// As the options say.
    ///
    /// # Errors
    /// What is said of what is wrong with them.
    fn told(options: &Options, gnu: bool) -> Result<Cut, String> {
        let said = |why: &str| match gnu {
            true => format!("cut: {why}\nTry 'cut --help' for more information."),
            false => format!("cut: {why}"),
        };
        let says = |gnus: &str, busybox: &str| Err(said(if gnu { gnus } else { busybox }));
        let given = options.value('d').unwrap_or("\t");
        if given.chars().count() > 1 && gnu {
            return Err(said("the delimiter must be a single character"));
        }
        let characters = options.value('c').or(options.value('b'));
        let Some(list) = options.value('f').or(characters) else {
            return says(
                "you must specify a list of bytes, characters, or fields",
                "expected a list of bytes, characters, or fields",
            );
        };
        let fields = options.has('f');
        if ['f', 'c', 'b'].into_iter().filter(|letter| options.has(*letter)).count() > 1 {
            return match gnu {
                true => Err(said("only one list may be specified")),
                false => Err(busybox_usage("cut")),
            };
        }
        if !fields && options.has('d') {
            return says(
                "an input delimiter may be specified only when operating on fields",
                "a delimiter may be specified only when operating on fields",
            );
        }
        if !fields && options.has('s') {
            return says(
                "suppressing non-delimited lines makes sense\n\tonly when operating on fields",
                "suppressing non-delimited lines makes sense only when operating on fields",
            );
        }
        let ranges = Ranges::read(list, fields, gnu).map_err(|why| said(&why))?;
        let delimiter = given.chars().next().unwrap_or('\0');
        Ok(Cut {
            ranges,
            delimiter: characters.is_none().then_some(delimiter),
            output: options.value('O').map_or_else(|| delimiter.to_string(), str::to_owned),
            between: options.value('O').unwrap_or_default().to_owned(),
            only_delimited: options.has('s'),
            complement: options.has('À'),
            zero: options.has('z'),
        })
    }
}

#[derive(Clone)]
struct Translate {
    from: Vec<char>,
    to: Vec<char>,
    complement: bool,
    delete: bool,
    squeeze: Option<Vec<char>>,
    /// Whether what is squeezed is all but that set: there is only one, and it is complemented.
    squeezes_rest: bool,
    last: Option<char>,
    /// What is said of the sets before anything is read.
    warned: Vec<String>,
}

/// A part of one of `tr`'s sets.
enum Piece {
    One(char),
    Range(Vec<char>),
    Class(String, Vec<char>),
    /// `[c*5]`, or `[c*]` to the other set's length.
    Repeat(char, usize),
}

impl Piece {
    fn letters(&self, fill: usize) -> Vec<char> {
        match self {
            Piece::One(letter) => vec![*letter],
            Piece::Range(letters) | Piece::Class(_, letters) => letters.clone(),
            Piece::Repeat(letter, 0) => vec![*letter; fill],
            Piece::Repeat(letter, count) => vec![*letter; *count],
        }
    }
}

/// The characters of a set, and which of them stood behind a backslash: those mean themselves.
fn letters(text: &str) -> (Vec<char>, Vec<bool>) {
    let (mut all, mut escaped) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let behind = rest.strip_prefix('\\').unwrap_or("");
        // Three digits that are no byte are two, and a letter.
        let most = if ambiguous(behind) { 2 } else { 3 };
        let octal = |byte: &u8| (b'0'..=b'7').contains(byte);
        let digits = behind.bytes().take(most).take_while(octal).count();
        let length = match behind.chars().next() {
            None => first.len_utf8(),
            Some(_) if digits > 0 => 1 + digits,
            Some(letter) => 1 + letter.len_utf8(),
        };
        let piece = &rest[..length];
        let read: Vec<char> = match piece.strip_prefix('\\') {
            // What has no meaning of its own stands for itself.
            Some(letter)
                if !letter.is_empty()
                    && !letter.starts_with(|one: char| "abfnrtv\\01234567".contains(one)) =>
            {
                letter.chars().collect()
            }
            _ => unescape(piece).chars().collect(),
        };
        escaped.extend(read.iter().map(|_| length > first.len_utf8()));
        all.extend(read);
        rest = &rest[length..];
    }
    (all, escaped)
}

/// Whether digits behind a backslash are more than a byte can be.
fn ambiguous(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'4'..=b'7', b'0'..=b'7', b'0'..=b'7', ..])
}

/// What GNU's says of such digits.
fn ambiguities(set: &str) -> impl Iterator<Item = String> {
    set.match_indices('\\').map(|(at, _)| &set[at + 1..]).filter(|rest| ambiguous(rest)).map(|rest| {
        let (two, third) = (&rest[..2], &rest[2..3]);
        format!(
            "tr: warning: the ambiguous octal escape \\{two}{third} is being\n\tinterpreted as the 2-byte sequence \\0{two}, {third}"
        )
    })
}

/// The pieces of `a-z`, `[:upper:]`, `[=e=]`, `[x*3]`, `\n`; BusyBox has no repetitions.
fn pieces(text: &str, gnu: bool) -> Result<Vec<Piece>, String> {
    let (letters, escaped) = letters(text);
    let mut all = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let rest = &letters[at..];
        if !escaped[at]
            && let Some((piece, length)) = bracketed(rest, gnu)?
        {
            all.push(piece);
            at += length;
        } else if rest.len() > 2 && rest[1] == '-' && !escaped[at + 1] {
            if rest[0] > rest[2] && gnu {
                let (from, to) = (rest[0], rest[2]);
                return Err(format!(
                    "range-endpoints of '{from}-{to}' are in reverse collating sequence order"
                ));
            }
            all.push(Piece::Range((rest[0]..=rest[2]).collect()));
            at += 3;
        } else {
            all.push(Piece::One(rest[0]));
            at += 1;
        }
    }
    Ok(all)
}

/// What stands in brackets here, and how long it is.
fn bracketed(rest: &[char], gnu: bool) -> Result<Option<(Piece, usize)>, String> {
    let (Some('['), Some(kind)) = (rest.first(), rest.get(1)) else { return Ok(None) };
    let closed = |mark: char| (3..rest.len()).find(|at| rest[*at] == ']' && rest[*at - 1] == mark);
    if *kind == ':'
        && let Some(end) = closed(':').filter(|end| *end > 3)
    {
        let name: String = rest[2..end - 1].iter().collect();
        let found: Vec<char> = named(&name).iter().flat_map(|(from, to)| *from..=*to).collect();
        // BusyBox takes the letters as they stand.
        if found.is_empty() && !gnu {
            return Ok(None);
        }
        if found.is_empty() {
            return Err(format!("invalid character class '{name}'"));
        }
        return Ok(Some((Piece::Class(name, found), end + 1)));
    }
    if *kind == '=' && rest.get(3) == Some(&'=') && rest.get(4) == Some(&']') {
        return Ok(Some((Piece::One(rest[2]), 5)));
    }
    if gnu
        && rest.get(2) == Some(&'*')
        && let Some(end) = (3..rest.len()).find(|at| rest[*at] == ']')
    {
        let digits: String = rest[3..end].iter().collect();
        let radix = if digits.starts_with('0') { 8 } else { 10 };
        let count = match digits.is_empty() {
            true => Ok(0),
            false => usize::from_str_radix(&digits, radix),
        };
        return match count {
            Ok(count) if count <= LARGEST => Ok(Some((Piece::Repeat(*kind, count), end + 1))),
            _ => Err(format!("invalid repeat count '{digits}' in [c*n] construct")),
        };
    }
    Ok(None)
}

/// How many characters a set may have.
const LARGEST: usize = 0x11_0000;

/// The two sets of characters, or why they do not go together (`tr.c`, `validate`).
fn sets(
    operands: &[String],
    (translates, complement, truncates): (bool, bool, bool),
    gnu: bool,
) -> Result<(Vec<char>, Vec<char>), String> {
    let from = pieces(&operands[0], gnu)?;
    let to = pieces(operands.get(1).map_or("", String::as_str), gnu)?;
    if from.iter().any(|piece| matches!(piece, Piece::Repeat(_, 0))) {
        return Err("the [c*] repeat construct may not appear in string1".to_owned());
    }
    let join = |pieces: &[Piece], fill| -> Vec<char> {
        pieces.iter().flat_map(|piece| piece.letters(fill)).collect()
    };
    let mut first = join(&from, 0);
    let fill = first.len().saturating_sub(join(&to, 0).len());
    let second = join(&to, fill);
    if gnu && translates {
        let other = |piece: &Piece| matches!(piece, Piece::Class(name, _) if name != "upper" && name != "lower");
        if to.iter().any(other) {
            return Err("when translating, the only character classes that may appear in\nstring2 are 'upper' and 'lower'".to_owned());
        }
        let cased = |pieces: &[Piece]| {
            pieces.iter().any(|piece| matches!(piece, Piece::Class(name, _) if name == "upper" || name == "lower"))
        };
        if cased(&to) && !cased(&from) {
            return Err("misaligned [:upper:] and/or [:lower:] construct".to_owned());
        }
        if second.is_empty() && !truncates {
            return Err("when not truncating set1, string2 must be non-empty".to_owned());
        }
        let classes = from.iter().any(|piece| matches!(piece, Piece::Class(..)));
        if complement && classes && second.iter().any(|letter| *letter != second[0]) {
            return Err("when translating with complemented character classes,\nstring2 must map all characters in the domain to one".to_owned());
        }
    }
    if truncates && translates {
        first.truncate(second.len());
    }
    Ok((first, second))
}

impl Translate {
    fn letter(&mut self, letter: char, out: &mut String) {
        // Where a letter stands more than once, the last place counts.
        let at = self.from.iter().rposition(|from| *from == letter);
        let inside = at.is_some() != self.complement;
        if inside && self.delete {
            return;
        }
        let letter = match (inside, self.to.last()) {
            (true, Some(last)) => at.and_then(|at| self.to.get(at)).copied().unwrap_or(*last),
            _ => letter,
        };
        let squeezed = self.squeeze.as_ref().is_some_and(|set| match self.squeezes_rest {
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
        self.warned.drain(..).for_each(|told| io.write_error(told));
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
}

pub(in crate::shell::commands) fn tr(arguments: &[String], setting: &Setting<'_>) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "tr",
        short: "cCdst",
        long: &[
            ("complement", 'c'),
            ("delete", 'd'),
            ("squeeze-repeats", 's'),
            ("truncate-set1", 't'),
        ],
        stops: true,
    };
    let options = match GRAMMAR.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    let (delete, squeeze) = (options.has('d'), options.has('s'));
    let complement = options.has('c') || options.has('C');
    let gnu = setting.flavour == Flavour::Gnu;
    // BusyBox' counts nothing but that there is a set.
    let told = miscounted(&options.operands, delete, squeeze);
    match told.filter(|_| gnu || options.operands.is_empty()) {
        Some(told) if gnu => {
            return failed(format!("tr: {told}\nTry 'tr --help' for more information."), 1);
        }
        Some(_) => return failed(busybox_usage("tr"), 1),
        None => {}
    }
    if !gnu && options.operands.get(1).is_some_and(String::is_empty) {
        return failed("tr: STRING2 cannot be empty", 1);
    }
    let translates = !delete && options.operands.len() == 2;
    let (from, to) = match sets(&options.operands, (translates, complement, options.has('t')), gnu)
    {
        Ok(sets) => sets,
        Err(told) => return failed(format!("tr: {told}"), 1),
    };
    // What is squeezed is the last set: as it was given, and not what it was cut to.
    let squeezed = match (squeeze, to.is_empty()) {
        (false, _) => None,
        (true, true) => Some(from.clone()),
        (true, false) => Some(to.clone()),
    };
    let squeezes_rest = complement && to.is_empty();
    let ends_open = |set: &&String| (set.len() - set.trim_end_matches('\\').len()) % 2 == 1;
    let told = "tr: warning: an unescaped backslash at end of string is not portable";
    let warned = options.operands.iter().filter(|_| gnu).flat_map(|set| {
        let open = ends_open(&set).then(|| told.to_owned());
        ambiguities(set).chain(open).collect::<Vec<_>>()
    });
    Box::new(Translate {
        squeezes_rest,
        to: if delete { Vec::new() } else { to },
        from,
        complement,
        delete,
        squeeze: squeezed,
        last: None,
        warned: warned.collect(),
    })
}

/// What is said of too few sets, or too many.
fn miscounted(operands: &[String], delete: bool, squeeze: bool) -> Option<String> {
    let least = if delete == squeeze { 2 } else { 1 };
    let most = if delete && !squeeze { 1 } else { 2 };
    match operands {
        [] => Some("missing operand".to_owned()),
        [only] if least == 2 => {
            let why = match delete {
                true => "Two strings must be given when both deleting and squeezing repeats.",
                false => "Two strings must be given when translating.",
            };
            Some(format!("missing operand after '{only}'\n{why}"))
        }
        [_, second] if most == 1 => Some(format!(
            "extra operand '{second}'\nOnly one string may be given when deleting without squeezing repeats."
        )),
        [_, _, extra, ..] => Some(format!("extra operand '{extra}'")),
        _ => None,
    }
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
    let busybox = !commands::is_gnu(io);
    if busybox && options.value('d').is_some_and(str::is_empty) {
        io.write_error("paste: -d '' is not supported");
        return Some(1);
    }
    let end = if options.has('z') { '\0' } else { '\n' };
    let backslashes = |text: &str| text.len() - text.trim_end_matches('\\').len();
    if let Some(text) = options.value('d').filter(|text| !busybox && backslashes(text) % 2 == 1) {
        io.write_error(format!("paste: delimiter list ends with an unescaped backslash: {text}"));
        return Some(1);
    }
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
    if options.has('s') {
        for (_, text) in &texts {
            let cells: Vec<Option<String>> = lines(text).into_iter().map(Some).collect();
            io.stdout.extend_from_slice(row(&cells, &delimiter, end, false).as_bytes());
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
    for at in 0..height {
        let cells: Vec<Option<String>> =
            columns.iter().map(|column| column.get(at).cloned()).collect();
        io.stdout.extend_from_slice(row(&cells, &delimiter, end, busybox).as_bytes());
    }
    Some(0)
}

/// A row of paste. Behind a file that has ended BusyBox puts nothing, not even the newline where it is
/// the last (`coreutils/paste.c`).
fn row<'d>(
    cells: &[Option<String>],
    delimiter: &impl Fn(usize) -> &'d str,
    end: char,
    busybox: bool,
) -> String {
    let mut row = String::new();
    for (at, cell) in cells.iter().enumerate() {
        if cell.is_none() && busybox {
            continue;
        }
        row += cell.as_deref().unwrap_or_default();
        match at + 1 == cells.len() {
            true => row.push(end),
            false => row += delimiter(at),
        }
    }
    if cells.is_empty() {
        row.push(end);
    }
    row
}
