//! `sort`, GNU's and BusyBox'.

use std::cmp::Ordering;

use super::bytes::content;
use super::lines::whole;
use crate::cluster::Flavour;
use crate::shell::commands::options::{Grammar, Options, matched};
use crate::shell::commands::{Setting, failed};
use crate::shell::{Io, Step, Tool};

const GRAMMAR: Grammar = Grammar {
    name: "sort",
    short: "nrufbVhgMRdiszcCmk:t:o:S:T:p:DÀ;Á:Â:Ã:",
    long: &[
        ("numeric-sort", 'n'),
        ("reverse", 'r'),
        ("unique", 'u'),
        ("ignore-case", 'f'),
        ("ignore-leading-blanks", 'b'),
        ("ignore-nonprinting", 'i'),
        ("dictionary-order", 'd'),
        ("version-sort", 'V'),
        ("human-numeric-sort", 'h'),
        ("general-numeric-sort", 'g'),
        ("month-sort", 'M'),
        ("random-sort", 'R'),
        ("key", 'k'),
        ("field-separator", 't'),
        ("stable", 's'),
        ("zero-terminated", 'z'),
        ("check", 'À'),
        ("sort", 'Á'),
        ("merge", 'm'),
        ("output", 'o'),
        ("buffer-size", 'S'),
        ("temporary-directory", 'T'),
        ("parallel", 'p'),
        ("debug", 'D'),
        ("batch-size", 'Â'),
        ("files0-from", 'Ã'),
    ],
    stops: false,
};

const BUSYBOX: Grammar = Grammar::short("sort", "nrufbVhgMdiszcmk:t:o:S:T:");

/// How two texts are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Text,
    Number,
    General,
    Human,
    Month,
    Random,
    Version,
}

/// One `-k`, or the whole line.
#[derive(Clone, Debug, Default)]
struct Key {
    /// From which field and character, from 1.
    from: (usize, usize),
    /// Up to which field and character; the line's end when `None`.
    to: Option<(usize, usize)>,
    order: Order,
    fold: bool,
    reverse: bool,
    /// Whether blanks before the beginning and before the end do not count.
    blanks: (bool, bool),
    dictionary: bool,
    printable: bool,
}

#[derive(Clone)]
struct Sort {
    keys: Vec<Key>,
    separator: Option<char>,
    reverse: bool,
    unique: bool,
    stable: bool,
    /// `-c`, or silently `-C`.
    check: Option<bool>,
    merge: bool,
    end: char,
    output: Option<String>,
    files: Vec<String>,
    /// `--files0-from`: what names the files.
    names: Option<String>,
    gnu: bool,
}

/// Takes the letter of an ordering option; whether it is one. `start` says that it stands at the
/// beginning of a key.
fn modifier(key: &mut Key, letter: char, start: bool) -> bool {
    match letter {
        'n' => key.order = Order::Number,
        'g' => key.order = Order::General,
        'h' => key.order = Order::Human,
        'M' => key.order = Order::Month,
        'R' => key.order = Order::Random,
        'V' => key.order = Order::Version,
        'f' => key.fold = true,
        'r' => key.reverse = true,
        'd' => key.dictionary = true,
        'i' => key.printable = true,
        'b' if start => key.blanks.0 = true,
        'b' => key.blanks.1 = true,
        _ => return false,
    }
    true
}

/// A position of a key that is being read.
struct Reader<'t> {
    whole: &'t str,
    rest: &'t str,
    gnu: bool,
}

impl Reader<'_> {
    fn wrong<T>(&self, gnu: &str, at: Option<&str>) -> Result<T, String> {
        Err(match (self.gnu, at) {
            (false, _) => "sort: bad field specification".to_owned(),
            (true, Some(rest)) => format!("sort: {gnu}: invalid count at start of '{rest}'"),
            (true, None) => format!("sort: {gnu}: invalid field specification '{}'", self.whole),
        })
    }

    fn number(&mut self) -> Option<usize> {
        let end =
            self.rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(self.rest.len());
        let digits = &self.rest[..end];
        // GNU's sort takes what does not fit for the largest number there is.
        let largest = (self.gnu && !digits.is_empty()).then_some(usize::MAX);
        let value = digits.parse().ok().or(largest)?;
        self.rest = &self.rest[end..];
        Some(value)
    }

    fn position(&mut self, start: bool) -> Result<(usize, usize), String> {
        let rest = self.rest;
        let Some(field) = self.number() else {
            let words =
                if start { "invalid number at field start" } else { "invalid number after ','" };
            return match (self.gnu, start) {
                // BusyBox takes what is missing after the comma as the end of the line.
                (false, false) if rest.is_empty() => Ok((0, 0)),
                _ => self.wrong(words, Some(rest)),
            };
        };
        if field == 0 {
            return self.wrong("field number is zero", None);
        }
        let mut character = 0;
        if let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            let Some(found) = self.number() else {
                return self.wrong("invalid number after '.'", Some(rest));
            };
            character = found;
            if character == 0 && start {
                return self.wrong("character offset is zero", None);
            }
        }
        Ok((field, character))
    }

    fn modifiers(&mut self, key: &mut Key, start: bool) -> bool {
        let mut any = false;
        while let Some(letter) =
            self.rest.chars().next().filter(|letter| modifier(key, *letter, start))
        {
            any = true;
            self.rest = &self.rest[letter.len_utf8()..];
        }
        any
    }
}

/// `2`, `2,2n`, `1.3,1.5`
fn key(text: &str, general: &Key, gnu: bool) -> Result<Key, String> {
    let mut reader = Reader { whole: text, rest: text, gnu };
    let mut key = Key { from: reader.position(true)?, ..Key::default() };
    let mut own = reader.modifiers(&mut key, true);
    if let Some(rest) = reader.rest.strip_prefix(',') {
        reader.rest = rest;
        key.to = Some(reader.position(false)?).filter(|to| to.0 > 0);
        own |= reader.modifiers(&mut key, false);
    }
    if !reader.rest.is_empty() {
        return match gnu {
            true => Err(format!(
                "sort: stray character in field spec: invalid field specification '{text}'"
            )),
            false => Err("sort: unknown key option".to_owned()),
        };
    }
    if !own {
        key = Key { from: key.from, to: key.to, ..general.clone() };
    }
    Ok(key)
}

impl Sort {
    /// Where the field with this number, from 1, begins.
    fn field(&self, line: &str, number: usize) -> usize {
        let mut at = 0;
        for _ in 1..number {
            if at >= line.len() {
                break;
            }
            at = self.field_end(line, at, true);
        }
        at
    }

    /// Where the field that begins at `at` ends; past its separator when `past`.
    fn field_end(&self, line: &str, at: usize, past: bool) -> usize {
        let rest = &line[at..];
        match self.separator {
            Some(separator) => match rest.find(separator) {
                Some(end) => at + end + if past { separator.len_utf8() } else { 0 },
                None => line.len(),
            },
            None => {
                let begin = rest.len() - rest.trim_start_matches([' ', '\t']).len();
                let end = rest[begin..].find([' ', '\t']).unwrap_or(rest.len() - begin);
                at + begin + end
            }
        }
    }

    /// The part of a line that a key is about.
    fn part<'l>(&self, line: &'l str, key: &Key) -> &'l str {
        if key.from.0 == 0 {
            return if key.blanks.0 { line.trim_start_matches([' ', '\t']) } else { line };
        }
        let skip =
            |at: usize| at + line[at..].len() - line[at..].trim_start_matches([' ', '\t']).len();
        let further = |at: usize, count: usize| {
            line[at..].char_indices().nth(count).map_or(line.len(), |(more, _)| at + more)
        };
        let mut start = self.field(line, key.from.0);
        if key.blanks.0 {
            start = skip(start);
        }
        start = further(start, key.from.1.saturating_sub(1));
        let end = match key.to {
            None => line.len(),
            Some((field, 0)) => {
                let begin = self.field(line, field);
                self.field_end(line, begin, false)
            }
            Some((field, character)) => {
                let mut begin = self.field(line, field);
                if key.blanks.1 {
                    begin = skip(begin);
                }
                further(begin, character)
            }
        };
        line.get(start..end.max(start)).unwrap_or("")
    }

    fn by_keys(&self, left: &str, right: &str) -> Ordering {
        for key in &self.keys {
            let (l, r) = (self.part(left, key), self.part(right, key));
            let order = compare(l, r, key, self.gnu);
            let order = if key.reverse { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }

    fn compare(&self, left: &str, right: &str) -> Ordering {
        let order = self.by_keys(left, right);
        if order.is_ne() || self.stable || self.unique {
            return order;
        }
        let order = left.as_bytes().cmp(right.as_bytes());
        if self.reverse { order.reverse() } else { order }
    }

    /// The first line that is out of order: its number from 0.
    fn disorder(&self, lines: &[&str]) -> Option<usize> {
        let wrong = |pair: &[&str]| match self.unique {
            true => self.by_keys(pair[0], pair[1]).is_ge(),
            false => self.compare(pair[0], pair[1]).is_gt(),
        };
        lines.windows(2).position(wrong).map(|at| at + 1)
    }

    fn merged<'t>(&self, texts: &[Vec<&'t str>]) -> Vec<&'t str> {
        let mut heads = vec![0; texts.len()];
        let mut out = Vec::new();
        loop {
            let mut best: Option<usize> = None;
            for at in 0..texts.len() {
                let Some(line) = texts[at].get(heads[at]) else { continue };
                let better =
                    best.is_none_or(|best| self.compare(line, texts[best][heads[best]]).is_lt());
                if better {
                    best = Some(at);
                }
            }
            let Some(best) = best else { return out };
            out.push(texts[best][heads[best]]);
            heads[best] += 1;
        }
    }
}

/// What a text is compared by.
fn compare(left: &str, right: &str, key: &Key, gnu: bool) -> Ordering {
    match key.order {
        Order::Number if gnu => decimal(left).total_cmp(&decimal(right)),
        // BusyBox reads what is no number as 0.
        Order::Number => or_zero(left).total_cmp(&or_zero(right)),
        Order::General => general(left).total_cmp(&general(right)),
        Order::Human => human(left).partial_cmp(&human(right)).unwrap_or(Ordering::Equal),
        Order::Month => month(left).cmp(&month(right)),
        Order::Random => hash(left).cmp(&hash(right)).then(left.cmp(right)),
        Order::Version if gnu => versions(left, right),
        Order::Version => digits(left.as_bytes(), right.as_bytes()),
        Order::Text => plain(left, key).cmp(&plain(right, key)),
    }
}

fn plain(text: &str, key: &Key) -> Vec<u8> {
    let text = if key.blanks.0 { text.trim_start_matches([' ', '\t']) } else { text };
    let kept = |byte: &u8| {
        (!key.dictionary || byte.is_ascii_alphanumeric() || b" \t".contains(byte))
            && (!key.printable || (b' '..=b'~').contains(byte))
    };
    let bytes = text.bytes().filter(kept);
    if key.fold { bytes.map(|byte| byte.to_ascii_uppercase()).collect() } else { bytes.collect() }
}

/// A number without exponent.
fn decimal(text: &str) -> f64 {
    let text = text.trim_start_matches([' ', '\t']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let end = digits
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(digits.len());
    let number = digits[..end].trim_end_matches('.');
    let number = match number.match_indices('.').nth(1) {
        Some((second, _)) => &number[..second],
        None => number,
    };
    let value = number.parse().unwrap_or(0.0);
    if text.starts_with('-') && value != 0.0 { -value } else { value }
}

/// A number as C's `strtod` reads it; what is none comes first.
fn general(text: &str) -> f64 {
    let text = text.trim_start_matches([' ', '\t']);
    let (sign, body) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if let Some(hex) = body.strip_prefix("0x").or(body.strip_prefix("0X")) {
        let end = hex.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(hex.len());
        return sign * u64::from_str_radix(&hex[..end], 16).unwrap_or(0) as f64;
    }
    let longest =
        body.find(|letter: char| !letter.is_ascii_alphanumeric() && !".+-".contains(letter));
    let body = &body[..longest.unwrap_or(body.len())];
    let number = (1..=body.len().min(40))
        .rev()
        .filter(|end| body.is_char_boundary(*end))
        .find_map(|end| body[..end].parse::<f64>().ok());
    number.map_or(f64::NEG_INFINITY, |value| if value == 0.0 { 0.0 } else { sign * value })
}

/// The same, when what is no number counts as 0.
fn or_zero(text: &str) -> f64 {
    let value = general(text);
    if value == f64::NEG_INFINITY { 0.0 } else { value }
}

/// `2K` is more than `1000`: the suffix counts before the number.
fn human(text: &str) -> (i32, f64) {
    let trimmed = text.trim_start_matches([' ', '\t']);
    let value = decimal(trimmed);
    let rest =
        trimmed.trim_start_matches(|letter: char| letter.is_ascii_digit() || "-.".contains(letter));
    let power = rest
        .chars()
        .next()
        .and_then(|letter| "KMGTPEZY".find(if letter == 'k' { 'K' } else { letter }));
    let power = power.map_or(0, |at| i32::try_from(at).unwrap_or(0) + 1);
    let power = if value == 0.0 { 0 } else { power };
    (if value < 0.0 { -power } else { power }, value)
}

fn month(text: &str) -> usize {
    let names =
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let upper = text.trim_start_matches([' ', '\t']).to_uppercase();
    names.iter().position(|name| upper.starts_with(name)).map_or(0, |at| at + 1)
}

/// A shuffle that comes out the same each time.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Runs of digits as numbers, all else by bytes.
fn digits(left: &[u8], right: &[u8]) -> Ordering {
    let (mut l, mut r) = (left, right);
    let run = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    loop {
        match (l.first(), r.first()) {
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let (x, y) = (&l[..run(l)], &r[..run(r)]);
                let strip =
                    |digits: &[u8]| digits.iter().take_while(|digit| **digit == b'0').count();
                let (p, q) = (&x[strip(x)..], &y[strip(y)..]);
                let order = p.len().cmp(&q.len()).then(p.cmp(q));
                if order.is_ne() {
                    return order;
                }
                (l, r) = (&l[x.len()..], &r[y.len()..]);
            }
            (Some(a), Some(b)) if a == b => (l, r) = (&l[1..], &r[1..]),
            (a, b) => return a.cmp(&b),
        }
    }
}

/// GNU's order of versions: letters before other signs, a tilde before everything.
pub(in crate::shell::commands) fn versions(left: &str, right: &str) -> Ordering {
    let rank = |text: &str| match text {
        "" => 0,
        "." => 1,
        ".." => 2,
        text if text.starts_with('.') => 3,
        _ => 4,
    };
    let order = rank(left).cmp(&rank(right));
    if order.is_ne() {
        return order;
    }
    let (a, b) = (without_suffix(left), without_suffix(right));
    by_version(a.as_bytes(), b.as_bytes())
        .then_with(|| by_version(left.as_bytes(), right.as_bytes()))
}

/// A name without endings like `.tar.gz`.
fn without_suffix(text: &str) -> &str {
    let mut end = text.len();
    while let Some(at) = text[..end].rfind('.') {
        let suffix = &text[at + 1..end];
        let begins =
            suffix.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '~');
        let fits = suffix.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '~');
        if !begins || !fits || at == 0 {
            break;
        }
        end = at;
    }
    &text[..end]
}

fn by_version(left: &[u8], right: &[u8]) -> Ordering {
    let order = |byte: Option<&u8>| match byte {
        None => -1,
        Some(b'~') => -2,
        Some(byte) if byte.is_ascii_digit() => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    };
    let (mut l, mut r) = (left, right);
    while !l.is_empty() || !r.is_empty() {
        let word = |bytes: &[u8]| bytes.first().is_some_and(|byte| !byte.is_ascii_digit());
        while word(l) || word(r) {
            let found = order(l.first()).cmp(&order(r.first()));
            if found.is_ne() {
                return found;
            }
            l = l.get(1..).unwrap_or_default();
            r = r.get(1..).unwrap_or_default();
        }
        let run = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (x, y) = (&l[..run(l)], &r[..run(r)]);
        let strip = |digits: &[u8]| digits.iter().take_while(|digit| **digit == b'0').count();
        let (p, q) = (&x[strip(x)..], &y[strip(y)..]);
        let found = p.len().cmp(&q.len()).then(p.cmp(q));
        if found.is_ne() {
            return found;
        }
        (l, r) = (&l[x.len()..], &r[y.len()..]);
    }
    Ordering::Equal
}

impl Sort {
    fn checked(&self, io: &mut Io<'_>, quiet: bool, name: &str, lines: &[&str]) -> i32 {
        let Some(at) = self.disorder(lines) else { return 0 };
        match (quiet, self.gnu) {
            (true, _) => {}
            (false, true) => {
                io.write_error(format!("sort: {name}:{}: disorder: {}", at + 1, lines[at]))
            }
            (false, false) => io.write_error(format!("Check line {at}")),
        }
        1
    }
}

impl Tool for Sort {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if let Some(step) = self.named(io) {
            return step;
        }
        if let Some(folder) = self.files.iter().find(|file| io.is_directory(file)) {
            if !self.gnu {
                return Step::Exit(0);
            }
            io.write_error(format!("sort: read failed: {folder}: Is a directory"));
            return Step::Exit(2);
        }
        let Some((texts, failed)) = whole(io, "sort", &self.files) else { return Step::Input };
        if failed {
            return Step::Exit(2);
        }
        let lines: Vec<Vec<&str>> = texts
            .iter()
            .map(|(_, text)| match text.is_empty() {
                true => Vec::new(),
                false => text.strip_suffix(self.end).unwrap_or(text).split(self.end).collect(),
            })
            .collect();
        if let Some(quiet) = self.check {
            let name = texts.first().map_or("-", |(name, _)| name.as_str());
            return Step::Exit(self.checked(io, quiet, name, &lines.concat()));
        }
        let mut sorted = match self.merge && self.gnu {
            true => self.merged(&lines),
            false => {
                let mut all = lines.concat();
                all.sort_by(|left, right| self.compare(left, right));
                all
            }
        };
        if self.unique {
            sorted.dedup_by(|next, kept| self.by_keys(kept, next).is_eq());
        }
        let text: String = sorted.iter().flat_map(|line| [*line, self.end_text()]).collect();
        match &self.output {
            None => io.stdout.extend_from_slice(text.as_bytes()),
            Some(file) => {
                if let Err(why) = io.write_file(file, text.as_bytes()) {
                    io.write_error(format!("sort: open failed: {file}: {why}"));
                    return Step::Exit(2);
                }
            }
        }
        Step::Exit(0)
    }
}

impl Sort {
    /// Reads the files' names (`--files0-from`); `Some` where that cannot be.
    fn named(&mut self, io: &mut Io<'_>) -> Option<Step> {
        let file = self.names.as_ref()?.clone();
        if file == "-" && !io.stdin.ended() && self.files.is_empty() {
            return Some(Step::Input);
        }
        let listed = match self.files.is_empty() {
            true => content(io, &file),
            false => Ok(Vec::new()),
        };
        let wrong = match listed {
            Err(why) => format!("sort: open failed: {file}: {why}"),
            Ok(_) if !self.files.is_empty() => {
                let extra = &self.files[0];
                format!(
                    "sort: extra operand '{extra}'\nfile operands cannot be combined with --files0-from\nTry 'sort --help' for more information."
                )
            }
            Ok(bytes) if bytes.is_empty() => format!("sort: no input from '{file}'"),
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.files = text.split_terminator('\0').map(str::to_owned).collect();
                self.names = None;
                let empty = self.files.iter().position(String::is_empty)?;
                format!("sort: {file}:{}: invalid zero-length file name", empty + 1)
            }
        };
        io.write_error(wrong);
        Some(Step::Exit(2))
    }

    fn end_text(&self) -> &'static str {
        if self.end == '\0' { "\0" } else { "\n" }
    }
}

pub(in crate::shell::commands) fn sort(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let gnu = setting.flavour == Flavour::Gnu;
    let grammar = if gnu { GRAMMAR } else { BUSYBOX };
    let options = match grammar.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, 2),
    };
    if options.has('D') {
        return failed("podhop: sort: not simulated here: --debug", 2);
    }
    // A word that an option does not know ends with another code (`argmatch_die`).
    if let Err(message) = worded(&options).map(drop) {
        return failed(message, 1);
    }
    match built(&options, gnu) {
        Ok(sort) => Box::new(sort),
        Err(message) => failed(message, 2),
    }
}

/// The words of `--sort`, and the letters that they stand for.
const SORTS: &[(&[&str], char)] = &[
    (&["general-numeric"], 'g'),
    (&["human-numeric"], 'h'),
    (&["month"], 'M'),
    (&["numeric"], 'n'),
    (&["random"], 'R'),
    (&["version"], 'V'),
];

/// With the letters that long options with words stand for.
///
/// # Errors
/// A word that `sort` does not know.
fn worded(options: &Options) -> Result<Options, String> {
    const CHECKS: &[(&[&str], char)] = &[(&["quiet", "silent"], 'C'), (&["diagnose-first"], 'c')];
    let mut all = options.clone();
    for (letter, value) in options.in_order() {
        match letter {
            'À' if value.is_empty() => all.give('c'),
            'À' => all.give(matched("sort", "--check", value, CHECKS)?),
            'Á' => all.give(matched("sort", "--sort", value, SORTS)?),
            _ => {}
        }
    }
    Ok(all)
}

/// With words as letters, and counts looked at.
///
/// # Errors
/// A word or a count that `sort` does not take.
fn spelled(options: &Options) -> Result<Options, String> {
    let all = worded(options)?;
    for (letter, value) in options.in_order() {
        match letter {
            'S' if !value.starts_with(|first: char| first.is_ascii_digit()) => {
                return Err(format!("sort: invalid -S argument '{value}'"));
            }
            'S' => {
                let unit = value.trim_start_matches(|letter: char| letter.is_ascii_digit());
                let right = unit.is_empty() || unit.len() == 1 && "%bKkmMgGtTPEZY".contains(unit);
                if !right {
                    return Err(format!("sort: invalid suffix in -S argument '{value}'"));
                }
            }
            'Â' => match value.parse::<usize>() {
                Ok(2..) => {}
                Ok(_) => {
                    return Err(format!(
                        "sort: invalid --batch-size argument '{value}'\nsort: minimum --batch-size argument is '2'"
                    ));
                }
                Err(_) => return Err(format!("sort: invalid --batch-size argument '{value}'")),
            },
            'p' if value.parse() == Ok(0) => {
                return Err("sort: number in parallel must be nonzero".to_owned());
            }
            'p' if value.parse::<usize>().is_err() => {
                return Err(format!("sort: invalid --parallel argument '{value}'"));
            }
            _ => {}
        }
    }
    Ok(all)
}

/// Orders, checks and outputs that do not go together.
fn contradiction(options: &Options, gnu: bool) -> Option<String> {
    let given = |letters: &str| -> String {
        letters.chars().filter(|letter| options.has(*letter)).collect()
    };
    let kinds = given("ghMn").len() + usize::from(!given("VRdi").is_empty());
    if !gnu {
        return (given("ghMnRV").len() > 1).then(|| "sort: unknown sort type".to_owned());
    }
    let incompatible = |letters: String| format!("sort: options '-{letters}' are incompatible");
    if kinds > 1 {
        // Of -d and -i the first one counts.
        let own = given("dfghiMnRV");
        let own = if own.contains('d') { own.replace('i', "") } else { own };
        return Some(incompatible(own));
    }
    let mut outputs: Vec<&str> = options.all('o').collect();
    outputs.dedup();
    if outputs.len() > 1 {
        return Some("sort: multiple output files specified".to_owned());
    }
    let checks = given("cC");
    let both = checks.len() > 1 || !checks.is_empty() && !outputs.is_empty();
    both.then(|| incompatible(checks + if outputs.is_empty() { "" } else { "o" }))
}

fn built(options: &Options, gnu: bool) -> Result<Sort, String> {
    let options = &if gnu { spelled(options)? } else { options.clone() };
    let separator = match options.value('t') {
        None => None,
        Some("\\0") => Some('\0'),
        Some(text) => {
            let mut letters = text.chars();
            match (letters.next(), letters.next(), gnu) {
                (Some(only), None, _) => Some(only),
                (None, _, true) => return Err("sort: empty tab".to_owned()),
                (_, _, true) => return Err(format!("sort: multi-character tab '{text}'")),
                _ => return Err("sort: bad -t parameter".to_owned()),
            }
        }
    };
    let mut general = Key::default();
    for (letter, _) in options.in_order() {
        modifier(&mut general, letter, true);
    }
    if let Some(why) = contradiction(options, gnu) {
        return Err(why);
    }
    let mut keys = Vec::new();
    for text in options.all('k') {
        let key = key(text, &general, gnu)?;
        if !gnu && key.order == Order::Version {
            return Err("sort: unknown sort type".to_owned());
        }
        keys.push(key);
    }
    if keys.is_empty() {
        keys.push(general);
    }
    let check = options.in_order().filter(|(letter, _)| "cC".contains(*letter)).last();
    Ok(Sort {
        keys,
        separator,
        reverse: options.has('r'),
        unique: options.has('u'),
        stable: options.has('s'),
        check: check.map(|(letter, _)| letter == 'C'),
        merge: options.has('m'),
        end: if options.has('z') { '\0' } else { '\n' },
        output: options.value('o').map(str::to_owned),
        files: options.operands.clone(),
        names: options.value('Ã').map(str::to_owned),
        gnu,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_sizes_have_their_own_order() {
        assert!(versions("v1.10", "v1.9").is_gt());
        assert!(versions("a.tar.gz", "a-1.tar.gz").is_lt());
        assert!(versions("-3", "1").is_gt());
        assert!(human("2K") > human("1000"));
        assert!(human("1G") > human("900M"));
        assert!(general("1e3") > general("200"));
        assert!(general("0x10") < general("200"));
    }

    #[test]
    fn wrong_keys_are_named() {
        let wrong = |text| key(text, &Key::default(), true).expect_err("it is wrong");
        assert_eq!(
            wrong("1x"),
            "sort: stray character in field spec: invalid field specification '1x'"
        );
        assert_eq!(wrong("1,"), "sort: invalid number after ',': invalid count at start of ''");
        assert_eq!(
            wrong("1.0"),
            "sort: character offset is zero: invalid field specification '1.0'"
        );
    }
}
