//! `sort` and `uniq`.

use std::cmp::Ordering;

use super::lines::{Filter, cannot_open, filter, whole};
use crate::shell::commands::options::Grammar;
use crate::shell::commands::{Setting, failed};
use crate::shell::{Io, Step, Tool};

const GRAMMAR: Grammar = Grammar {
    name: "sort",
    short: "nrufbVhgsck:t:o:",
    long: &[
        ("numeric-sort", 'n'),
        ("reverse", 'r'),
        ("unique", 'u'),
        ("ignore-case", 'f'),
        ("version-sort", 'V'),
        ("human-numeric-sort", 'h'),
        ("general-numeric-sort", 'g'),
        ("key", 'k'),
        ("field-separator", 't'),
        ("stable", 's'),
        ("output", 'o'),
    ],
    stops: false,
};

/// How two texts are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Text,
    Number,
    Human,
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
    blanks: bool,
}

#[derive(Clone)]
struct Sort {
    keys: Vec<Key>,
    separator: Option<char>,
    reverse: bool,
    unique: bool,
    stable: bool,
    check: bool,
    output: Option<String>,
    files: Vec<String>,
}

fn modifiers(key: &mut Key, letters: &str) {
    for letter in letters.chars() {
        match letter {
            'n' | 'g' => key.order = Order::Number,
            'h' => key.order = Order::Human,
            'V' => key.order = Order::Version,
            'f' => key.fold = true,
            'r' => key.reverse = true,
            'b' => key.blanks = true,
            _ => {}
        }
    }
}

/// `2`, `2,2n`, `1.3,1.5`
fn key(text: &str, general: &Key) -> Result<Key, String> {
    let wrong =
        || format!("sort: invalid number at field start: invalid count at start of '{text}'");
    let position = |text: &str| {
        let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let (field, character) = digits.split_once('.').unwrap_or((digits, "0"));
        let letters = text[digits.len()..].to_owned();
        Some(((field.parse::<usize>().ok()?, character.parse::<usize>().ok()?), letters))
    };
    let (start, end) = match text.split_once(',') {
        Some((start, end)) => (start, Some(end)),
        None => (text, None),
    };
    let (from, mut letters) = position(start).ok_or_else(wrong)?;
    if from.0 == 0 {
        return Err(format!("sort: field number is zero: invalid field specification '{text}'"));
    }
    let to = match end {
        Some(end) => {
            let (to, more) = position(end).ok_or_else(wrong)?;
            letters += &more;
            Some(to)
        }
        None => None,
    };
    let mut key = Key { from, to, ..Key::default() };
    if letters.is_empty() {
        key = Key { from, to, ..general.clone() };
    }
    modifiers(&mut key, &letters);
    Ok(key)
}

impl Sort {
    /// The part of a line that a key is about.
    fn part<'l>(&self, line: &'l str, key: &Key) -> &'l str {
        let fields = self.fields(line);
        let at = |field: usize, character: usize| match fields.get(field - 1) {
            None => line.len(),
            Some((start, _)) => {
                let text = &line[*start..];
                let text = match key.blanks || self.separator.is_none() && character > 0 {
                    true => text.trim_start(),
                    false => text,
                };
                let begin = line.len() - text.len();
                let offset = text.char_indices().nth(character.saturating_sub(1));
                begin + offset.map_or(text.len(), |(offset, _)| offset)
            }
        };
        let start = at(key.from.0, key.from.1);
        let end = match key.to {
            None => line.len(),
            Some((field, 0)) => fields.get(field.max(1) - 1).map_or(line.len(), |(_, end)| *end),
            Some((field, character)) => at(field.max(1), character + 1),
        };
        &line[start..end.max(start)]
    }

    /// Where fields begin and end. Without a separator, a field begins with the blanks before it.
    fn fields(&self, line: &str) -> Vec<(usize, usize)> {
        let mut fields = Vec::new();
        match self.separator {
            Some(separator) => {
                let mut start = 0;
                for piece in line.split(separator) {
                    fields.push((start, start + piece.len()));
                    start += piece.len() + separator.len_utf8();
                }
            }
            None => {
                let mut start = 0;
                while start < line.len() {
                    let rest = &line[start..];
                    let blanks = rest.len() - rest.trim_start().len();
                    let word = rest[blanks..].find(char::is_whitespace);
                    let end = start + blanks + word.unwrap_or(rest.len() - blanks);
                    fields.push((start, end));
                    start = end;
                }
            }
        }
        fields
    }

    fn compare_keys(&self, left: &str, right: &str) -> Ordering {
        for key in &self.keys {
            let (a, b) = (self.part(left, key), self.part(right, key));
            let order = compare(a, b, key);
            if order != Ordering::Equal {
                return if key.reverse { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }

    fn compare(&self, left: &str, right: &str) -> Ordering {
        let order = self.compare_keys(left, right);
        if order != Ordering::Equal || self.stable || self.unique {
            return order;
        }
        let last = left.cmp(right);
        if self.reverse { last.reverse() } else { last }
    }
}

fn compare(left: &str, right: &str, key: &Key) -> Ordering {
    let (left, right) = match key.blanks {
        true => (left.trim_start(), right.trim_start()),
        false => (left, right),
    };
    match key.order {
        Order::Number => number(left).total_cmp(&number(right)),
        Order::Human => human(left).total_cmp(&human(right)),
        Order::Version => version(left, right),
        Order::Text if key.fold => left.to_uppercase().cmp(&right.to_uppercase()),
        Order::Text => left.cmp(right),
    }
}

fn leading(text: &str) -> &str {
    let text = text.trim_start();
    let sign = usize::from(text.starts_with(['-', '+']));
    let digits = text[sign..].find(|c: char| !c.is_ascii_digit() && c != '.');
    &text[..digits.map_or(text.len(), |end| end + sign)]
}

fn number(text: &str) -> f64 {
    leading(text).parse().unwrap_or(0.0)
}

fn human(text: &str) -> f64 {
    let digits = leading(text);
    let power = match text.trim_start()[digits.len()..].chars().next() {
        Some('K' | 'k') => 1,
        Some('M') => 2,
        Some('G') => 3,
        Some('T') => 4,
        _ => 0,
    };
    digits.parse().unwrap_or(0.0) * 1024_f64.powi(power)
}

/// Numbers within texts count as numbers: `10.244.2.1` before `10.244.10.1`.
fn version(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left, right);
    loop {
        let text = |text: &str| text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
        let (x, y) = (text(a), text(b));
        let order = a[..x].cmp(&b[..y]);
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (&a[x..], &b[y..]);
        if a.is_empty() || b.is_empty() {
            return a.len().cmp(&b.len());
        }
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (x, y) = (digits(a), digits(b));
        let (p, q) = (a[..x].trim_start_matches('0'), b[..y].trim_start_matches('0'));
        let order = p.len().cmp(&q.len()).then_with(|| p.cmp(q));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (&a[x..], &b[y..]);
    }
}

impl Tool for Sort {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let Some((texts, failed)) = whole(io, "sort", &self.files) else { return Step::Input };
        if failed {
            return Step::Exit(2);
        }
        let mut lines: Vec<&str> = texts.iter().flat_map(|(_, text)| text.lines()).collect();
        if self.check {
            let wrong = lines
                .windows(2)
                .position(|pair| self.compare(pair[0], pair[1]) == Ordering::Greater);
            if let Some(at) = wrong {
                io.complain(format!("sort: -:{}: disorder: {}", at + 2, lines[at + 1]));
            }
            return Step::Exit(i32::from(wrong.is_some()));
        }
        lines.sort_by(|left, right| self.compare(left, right));
        if self.unique {
            lines.dedup_by(|right, left| self.compare_keys(left, right) == Ordering::Equal);
        }
        let mut text = lines.join("\n");
        if !lines.is_empty() {
            text.push('\n');
        }
        match &self.output {
            None => io.stdout.extend_from_slice(text.as_bytes()),
            Some(file) => {
                if let Err(why) = io.write_file(file, text.as_bytes()) {
                    io.complain(format!("sort: open failed: {file}: {why}"));
                    return Step::Exit(2);
                }
            }
        }
        Step::Exit(0)
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(in crate::shell::commands) fn sort(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let options = match GRAMMAR.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, 2),
    };
    let mut general = Key { from: (1, 0), ..Key::default() };
    for (letter, _) in options.in_order() {
        if !matches!(letter, 'k' | 't' | 'o') {
            modifiers(&mut general, &letter.to_string());
        }
    }
    let mut keys = Vec::new();
    for text in options.all('k') {
        match key(text, &general) {
            Ok(key) => keys.push(key),
            Err(message) => return failed(message, 2),
        }
    }
    let reverse = general.reverse;
    if keys.is_empty() {
        keys.push(general);
    }
    let separator = match options.value('t') {
        None => None,
        Some("\\t") => Some('\t'),
        Some(text) if text.chars().count() == 1 => text.chars().next(),
        Some(text) => return failed(format!("sort: multi-character tab '{text}'"), 2),
    };
    Box::new(Sort {
        keys,
        separator,
        reverse,
        unique: options.has('u'),
        stable: options.has('s'),
        check: options.has('c'),
        output: options.value('o').map(str::to_owned),
        files: options.operands,
    })
}

#[derive(Clone)]
struct Uniq {
    counts: bool,
    repeated: bool,
    single: bool,
    fold: bool,
    skip: usize,
    last: Option<(String, usize)>,
}

impl Uniq {
    fn key(&self, line: &str) -> String {
        let mut rest = line;
        for _ in 0..self.skip {
            rest = rest.trim_start();
            rest = &rest[rest.find(char::is_whitespace).unwrap_or(rest.len())..];
        }
        if self.fold { rest.to_lowercase() } else { rest.to_owned() }
    }

    fn flush(&mut self, io: &mut Io<'_>) {
        let Some((line, count)) = self.last.take() else { return };
        if self.repeated && count < 2 || self.single && count > 1 {
            return;
        }
        match self.counts {
            true => io.say(format!("{count:>7} {line}")),
            false => io.say(line),
        }
    }
}

impl Filter for Uniq {
    fn line(&mut self, line: &str, io: &mut Io<'_>) -> Option<i32> {
        let same = self.last.as_ref().is_some_and(|(last, _)| self.key(last) == self.key(line));
        if same {
            if let Some((_, count)) = &mut self.last {
                *count += 1;
            }
        } else {
            self.flush(io);
            self.last = Some((line.to_owned(), 1));
        }
        None
    }

    fn end(&mut self, io: &mut Io<'_>, failed: bool) -> i32 {
        self.flush(io);
        i32::from(failed)
    }

    fn missing(&self, io: &mut Io<'_>, file: &str, why: &str) {
        cannot_open(io, "uniq", file, why);
    }
}

pub(in crate::shell::commands) fn uniq(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "uniq",
        short: "cdiuf:",
        long: &[("count", 'c'), ("repeated", 'd'), ("unique", 'u'), ("ignore-case", 'i')],
        stops: false,
    };
    match GRAMMAR.parse(arguments, setting.words) {
        Ok(options) => {
            let uniq = Uniq {
                counts: options.has('c'),
                repeated: options.has('d'),
                single: options.has('u'),
                fold: options.has('i'),
                skip: options.value('f').and_then(|count| count.parse().ok()).unwrap_or(0),
                last: None,
            };
            filter(uniq, options.operands.into_iter().take(1).collect())
        }
        Err(message) => failed(message, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_numbers() {
        let mut subnets = ["10.244.10.0/24", "10.244.2.0/24", "10.244.1.0/24"];
        subnets.sort_by(|left, right| version(left, right));
        assert_eq!(subnets, ["10.244.1.0/24", "10.244.2.0/24", "10.244.10.0/24"]);
    }

    #[test]
    fn a_key_names_fields_and_its_own_order() {
        let key = key("2,2nr", &Key::default()).expect("it parses");
        assert_eq!(
            (key.from, key.to, key.order, key.reverse),
            ((2, 0), Some((2, 0)), Order::Number, true)
        );
        assert_eq!(human("1.5K"), 1536.0);
    }
}
