//! Brace expansion: `{1..5}` and `{a,b}`, before anything else is expanded.

use std::cell::Cell;

use super::{Fault, Part, Word};

/// More words than anybody means.
const MOST: usize = 100_000;

/// More letters and other parts than all of a command's words may have that braces make.
const MOST_LETTERS: usize = 2 << 20;

/// Braces make too much.
pub(super) struct TooMuch {
    most: usize,
    of: &'static str,
}

impl TooMuch {
    const WORDS: TooMuch = TooMuch { most: MOST, of: "words" };
    const LETTERS: TooMuch = TooMuch { most: MOST_LETTERS, of: "letters" };
}

impl From<TooMuch> for Fault {
    fn from(TooMuch { most, of }: TooMuch) -> Fault {
        Fault::TooMany { most, of }
    }
}

/// A character of a word, or something that braces can't look into.
#[derive(Clone)]
enum Atom {
    Letter(char),
    Part(Part),
}

/// The words that `word`'s braces make; itself when it has none. What the braces of the command have
/// made is counted in `made`.
///
/// # Errors
/// They make too much.
pub(super) fn expand(word: Word, made: &Cell<usize>) -> Result<Vec<Word>, TooMuch> {
    let has_brace = |part: &Part| matches!(part, Part::Bare(text) if text.contains('{'));
    if !word.parts.iter().any(has_brace) {
        return Ok(vec![word]);
    }
    let mut atoms = Vec::new();
    for part in &word.parts {
        match part {
            Part::Bare(text) => atoms.extend(text.chars().map(Atom::Letter)),
            other => atoms.push(Atom::Part(other.clone())),
        }
    }
    let all = alternatives(&atoms, 0, made)?;
    Ok(match all.len() > 1 {
        true => {
            all.into_iter().map(|atoms| Word { parts: parts(atoms), span: word.span }).collect()
        }
        false => vec![word],
    })
}

fn parts(atoms: Vec<Atom>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for atom in atoms {
        match (atom, parts.last_mut()) {
            (Atom::Letter(letter), Some(Part::Bare(text))) => text.push(letter),
            (Atom::Letter(letter), _) => parts.push(Part::Bare(letter.to_string())),
            (Atom::Part(part), _) => parts.push(part),
        }
    }
    parts
}

/// All that `atoms` can be.
fn alternatives(atoms: &[Atom], depth: u32, made: &Cell<usize>) -> Result<Vec<Vec<Atom>>, TooMuch> {
    if depth > 20 {
        return Err(TooMuch::WORDS);
    }
    for pair in pairs(atoms) {
        let (open, close) = (pair.open, pair.close);
        let choices = match choices(atoms, &pair) {
            Choices::None => continue,
            Choices::TooMany => return Err(TooMuch::WORDS),
            Choices::Some(choices) => choices,
        };
        let mut middle = Vec::new();
        for choice in choices {
            middle.extend(alternatives(&choice, depth + 1, made)?);
        }
        let ends = alternatives(&atoms[close + 1..], depth + 1, made)?;
        if middle.len().saturating_mul(ends.len()) > MOST {
            return Err(TooMuch::WORDS);
        }
        let mut all = Vec::new();
        for choice in &middle {
            for end in &ends {
                made.set(made.get() + open + choice.len() + end.len());
                if made.get() > MOST_LETTERS {
                    return Err(TooMuch::LETTERS);
                }
                all.push([&atoms[..open], choice, end].concat());
            }
        }
        return Ok(all);
    }
    Ok(vec![atoms.to_vec()])
}

/// A brace, where it closes, and the commas between that are its own.
struct Pair {
    open: usize,
    close: usize,
    commas: Vec<usize>,
}

/// The braces that close, in the order in which they open; found in one pass, since a word may be
/// made of braces.
fn pairs(atoms: &[Atom]) -> Vec<Pair> {
    let (mut closed, mut open) = (Vec::new(), Vec::new());
    for (index, atom) in atoms.iter().enumerate() {
        match atom {
            Atom::Letter('{') => open.push(Pair { open: index, close: index, commas: Vec::new() }),
            Atom::Letter('}') => {
                closed.extend(open.pop().map(|pair| Pair { close: index, ..pair }))
            }
            Atom::Letter(',') => {
                if let Some(pair) = open.last_mut() {
                    pair.commas.push(index);
                }
            }
            _ => {}
        }
    }
    closed.sort_by_key(|pair| pair.open);
    closed
}

/// What a brace offers.
enum Choices {
    /// It is no brace expression.
    None,
    TooMany,
    Some(Vec<Vec<Atom>>),
}

/// What a pair of braces offers.
fn choices(atoms: &[Atom], pair: &Pair) -> Choices {
    let Pair { open, close, commas } = pair;
    if commas.is_empty() {
        let letters = |text: String| text.chars().map(Atom::Letter).collect();
        return match range(&atoms[open + 1..*close]) {
            None => Choices::None,
            Some(None) => Choices::TooMany,
            Some(Some(words)) => Choices::Some(words.into_iter().map(letters).collect()),
        };
    }
    let mut choices = Vec::new();
    let mut start = open + 1;
    for end in commas.iter().chain([close]) {
        choices.push(atoms[start..*end].to_vec());
        start = end + 1;
    }
    Choices::Some(choices)
}

/// `1..5`, `01..10..2`, `a..e`: its words, or none where they are too many; `None` for no range.
fn range(atoms: &[Atom]) -> Option<Option<Vec<String>>> {
    let mut text = String::new();
    for atom in atoms {
        match atom {
            Atom::Letter(letter) if letter.is_ascii_alphanumeric() || ".+-".contains(*letter) => {
                text.push(*letter);
            }
            _ => return None,
        }
    }
    let mut ends = text.split("..");
    let (first, last) = (ends.next()?, ends.next()?);
    let step = ends.next().map_or(Ok(1), str::parse::<i64>).ok()?.unsigned_abs().max(1);
    if ends.next().is_some() {
        return None;
    }
    if let (Ok(from), Ok(to)) = (first.parse::<i64>(), last.parse::<i64>()) {
        let padded = |text: &str| text.trim_start_matches('-').starts_with('0') && text.len() > 1;
        let width = match padded(first) || padded(last) {
            true => first.len().max(last.len()),
            false => 0,
        };
        let numbers = count(from, to, step);
        let written = |numbers: Vec<i64>| {
            numbers.into_iter().map(|number| format!("{number:0width$}")).collect()
        };
        return Some(numbers.map(written));
    }
    let letter = |text: &str| {
        let mut letters = text.chars();
        letters.next().filter(|letter| letter.is_ascii_alphabetic() && letters.next().is_none())
    };
    let (from, to) = (letter(first)?, letter(last)?);
    let codes = count(i64::from(u32::from(from)), i64::from(u32::from(to)), step);
    let written = |codes: Vec<i64>| {
        codes.into_iter().map(|code| char::from(code as u8).to_string()).collect()
    };
    Some(codes.map(written))
}

fn count(from: i64, to: i64, step: u64) -> Option<Vec<i64>> {
    if from.abs_diff(to) / step >= MOST as u64 {
        return None;
    }
    let step = i64::try_from(step).ok()?;
    let mut numbers = Vec::new();
    let mut next = from;
    while if from <= to { next <= to } else { next >= to } {
        numbers.push(next);
        next = if from <= to { next.checked_add(step)? } else { next.checked_sub(step)? };
    }
    Some(numbers)
}
