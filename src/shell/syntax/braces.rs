//! Brace expansion: `{1..5}` and `{a,b}`, before anything else is expanded.

use super::{Part, Word};

/// More words than anybody means; beyond it the braces stay as they are.
const MOST: usize = 10_000;

/// A character of a word, or something that braces can't look into.
#[derive(Clone)]
enum Atom {
    Letter(char),
    Part(Part),
}

/// The words that `word`'s braces make; itself when it has none.
pub(super) fn expand(word: Word) -> Vec<Word> {
    let has_brace = |part: &Part| matches!(part, Part::Bare(text) if text.contains('{'));
    if !word.parts.iter().any(has_brace) {
        return vec![word];
    }
    let mut atoms = Vec::new();
    for part in &word.parts {
        match part {
            Part::Bare(text) => atoms.extend(text.chars().map(Atom::Letter)),
            other => atoms.push(Atom::Part(other.clone())),
        }
    }
    match alternatives(&atoms, 0) {
        Some(all) if all.len() > 1 => {
            all.into_iter().map(|atoms| Word { parts: parts(atoms), span: word.span }).collect()
        }
        _ => vec![word],
    }
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

/// All that `atoms` can be; `None` when that is too much.
fn alternatives(atoms: &[Atom], depth: u32) -> Option<Vec<Vec<Atom>>> {
    if depth > 20 {
        return None;
    }
    for open in 0..atoms.len() {
        if !is(&atoms[open], '{') {
            continue;
        }
        let Some((choices, close)) = choices(atoms, open) else { continue };
        let mut middle = Vec::new();
        for choice in choices {
            middle.extend(alternatives(&choice, depth + 1)?);
        }
        let ends = alternatives(&atoms[close + 1..], depth + 1)?;
        if middle.len().checked_mul(ends.len())? > MOST {
            return None;
        }
        let mut all = Vec::new();
        for choice in &middle {
            for end in &ends {
                all.push([&atoms[..open], choice, end].concat());
            }
        }
        return Some(all);
    }
    Some(vec![atoms.to_vec()])
}

fn is(atom: &Atom, wanted: char) -> bool {
    matches!(atom, Atom::Letter(letter) if *letter == wanted)
}

/// What the brace at `open` offers, and where it closes; `None` when it is no brace expression.
fn choices(atoms: &[Atom], open: usize) -> Option<(Vec<Vec<Atom>>, usize)> {
    let mut depth = 0;
    let mut commas = Vec::new();
    let mut close = None;
    for (index, atom) in atoms.iter().enumerate().skip(open) {
        match atom {
            Atom::Letter('{') => depth += 1,
            Atom::Letter('}') => {
                depth -= 1;
                if depth == 0 {
                    close = Some(index);
                    break;
                }
            }
            Atom::Letter(',') if depth == 1 => commas.push(index),
            _ => {}
        }
    }
    let close = close?;
    if commas.is_empty() {
        let words = range(&atoms[open + 1..close])?;
        let letters = |text: String| text.chars().map(Atom::Letter).collect();
        return Some((words.into_iter().map(letters).collect(), close));
    }
    let mut choices = Vec::new();
    let mut start = open + 1;
    for end in commas.into_iter().chain([close]) {
        choices.push(atoms[start..end].to_vec());
        start = end + 1;
    }
    Some((choices, close))
}

/// `1..5`, `01..10..2`, `a..e`
fn range(atoms: &[Atom]) -> Option<Vec<String>> {
    let mut text = String::new();
    for atom in atoms {
        match atom {
            Atom::Letter(letter) => text.push(*letter),
            Atom::Part(_) => return None,
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
        let numbers = count(from, to, step)?;
        return Some(numbers.into_iter().map(|number| format!("{number:0width$}")).collect());
    }
    let letter = |text: &str| {
        let mut letters = text.chars();
        letters.next().filter(|letter| letter.is_ascii_alphabetic() && letters.next().is_none())
    };
    let (from, to) = (letter(first)?, letter(last)?);
    let codes = count(i64::from(u32::from(from)), i64::from(u32::from(to)), step)?;
    Some(codes.into_iter().map(|code| char::from(code as u8).to_string()).collect())
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
