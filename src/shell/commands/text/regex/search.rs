//! Looking for a pattern in a text.

use super::parse::Instruction;
use super::{Piece, Regex};

/// Instructions, groups or loops that are copied in a turn.
const PER_TURN: usize = 16;

/// Members of a class that are looked at in a turn.
const MEMBERS_PER_TURN: usize = 4;

/// Turns that a search takes before it has looked at anything.
const SEARCH: usize = 4;

type Slots = Vec<Option<usize>>;

/// What is to be known of a piece.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Whether there is one.
    Any,
    /// Where it is.
    Whole,
    /// What its groups hold, too.
    Groups,
}

/// The leftmost longest piece at or after `start`, with as many groups as are wanted; whoever wants to
/// know whether there is one gets the first that is found. What is given up is not found, and the
/// pattern's work says so.
pub(super) fn search(
    regex: &Regex,
    text: &str,
    start: usize,
    wanted: Wanted,
) -> Option<Vec<Option<Piece>>> {
    if !regex.work.count((SEARCH + regex.program.len() / PER_TURN) as u64) {
        return None;
    }
    if let Some(plain) = &regex.plain {
        let at = start + text[start..].find(&**plain)?;
        return Some(vec![Some((at, at + plain.len()))]);
    }
    let groups = if wanted == Wanted::Groups { regex.groups } else { 0 };
    let slots = match regex.back_references {
        true => backtrack(regex, text, start)?,
        false => follow(regex, text, start, wanted == Wanted::Any, groups)?,
    };
    let pair = |group: usize| Some((slots[2 * group]?, slots[2 * group + 1]?));
    Some((0..=groups).map(pair).collect())
}

/// Turns that it takes to look at an instruction.
fn turns(instruction: &Instruction, slots: &Slots) -> u64 {
    let members = match instruction {
        Instruction::Class { members, .. } => members.len(),
        _ => 0,
    };
    1 + (members / MEMBERS_PER_TURN + slots.len() / PER_TURN) as u64
}

/// A way through the program that has come to an instruction.
struct Way {
    at: usize,
    slots: Slots,
}

/// The ways that are alive at one place of the text, the preferred ones first.
struct Ways {
    list: Vec<Way>,
    /// For each instruction, the round in which it was reached.
    seen: Vec<usize>,
    round: usize,
}

impl Ways {
    fn new(size: usize) -> Ways {
        Ways { list: Vec::new(), seen: vec![0; size], round: 0 }
    }

    fn clear(&mut self) {
        self.list.clear();
        self.round += 1;
    }

    /// Goes on from `at` over everything that takes no letter; `None` when that is given up.
    fn add(
        &mut self,
        regex: &Regex,
        text: &str,
        place: usize,
        at: usize,
        slots: Slots,
    ) -> Option<()> {
        let mut open = vec![(at, slots)];
        while let Some((at, mut slots)) = open.pop() {
            if !regex.work.count(turns(&regex.program[at], &slots)) {
                return None;
            }
            if self.seen[at] == self.round {
                continue;
            }
            self.seen[at] = self.round;
            let to = |by: isize| at.saturating_add_signed(by);
            match &regex.program[at] {
                Instruction::Jump(by) => open.push((to(*by), slots)),
                Instruction::Split(first, second) => {
                    open.push((to(*second), slots.clone()));
                    open.push((to(*first), slots));
                }
                Instruction::Save(slot) => {
                    if let Some(slot) = slots.get_mut(*slot) {
                        *slot = Some(place);
                    }
                    open.push((at + 1, slots));
                }
                instruction => match holds(instruction, regex.lines, text, place) {
                    Some(true) => open.push((at + 1, slots)),
                    Some(false) => {}
                    None => self.list.push(Way { at, slots }),
                },
            }
        }
        Some(())
    }
}

/// Follows all ways at once: one pass over the text.
fn follow(regex: &Regex, text: &str, start: usize, any: bool, groups: usize) -> Option<Slots> {
    let size = regex.program.len();
    let (mut now, mut then) = (Ways::new(size), Ways::new(size));
    now.clear();
    then.clear();
    let mut best: Option<Slots> = None;
    let mut place = start;
    let first = literal(regex);
    loop {
        if best.is_none() {
            if now.list.is_empty()
                && let Some(first) = first
            {
                place += text[place..].find(first)?;
                now.clear();
            }
            now.add(regex, text, place, 0, vec![None; 2 * (groups + 1)])?;
        }
        let letter = text[place..].chars().next();
        let next = place + letter.map_or(1, char::len_utf8);
        then.clear();
        for way in now.list.drain(..) {
            let began = |slots: &Slots| slots[0];
            if best.as_ref().is_some_and(|best| began(best) < began(&way.slots)) {
                continue;
            }
            match &regex.program[way.at] {
                Instruction::Match => {
                    let longer = best.as_ref().is_none_or(|best| best[1] < way.slots[1]);
                    if longer {
                        best = Some(way.slots);
                    }
                }
                instruction => {
                    if letter.is_some_and(|letter| fits(instruction, letter, regex.fold)) {
                        then.add(regex, text, next, way.at + 1, way.slots)?;
                    }
                }
            }
        }
        if any && best.is_some() || best.is_some() && then.list.is_empty() {
            return best;
        }
        std::mem::swap(&mut now, &mut then);
        if letter.is_none() {
            return best;
        }
        place = next;
    }
}

/// The letter that every match begins with, if it is plain.
fn literal(regex: &Regex) -> Option<char> {
    match regex.program.get(1) {
        Some(Instruction::Letter(letter)) if !regex.fold => Some(*letter),
        _ => None,
    }
}

/// Tries the ways one after the other: back-references depend on the way.
fn backtrack(regex: &Regex, text: &str, start: usize) -> Option<Slots> {
    let places = text[start..].char_indices().map(|(at, _)| start + at).chain([text.len()]);
    for begin in places {
        let mut best: Option<Slots> = None;
        let mut open = vec![(0_usize, begin, vec![None; 2 * (regex.groups + 1)], Vec::new())];
        while let Some((at, place, mut slots, mut loops)) = open.pop() {
            let carried = (loops.len() / PER_TURN) as u64;
            if !regex.work.count(carried + turns(&regex.program[at], &slots)) {
                return None;
            }
            let to = |by: isize| at.saturating_add_signed(by);
            match &regex.program[at] {
                Instruction::Match => {
                    if best.as_ref().is_none_or(|best: &Slots| best[1] < slots[1]) {
                        best = Some(slots);
                    }
                }
                Instruction::Jump(by) => open.push((to(*by), place, slots, loops)),
                Instruction::Split(first, second) => {
                    open.push((to(*second), place, slots.clone(), loops.clone()));
                    // A repetition of nothing would never end.
                    if !loops.contains(&(at, place)) {
                        loops.retain(|(known, _): &(usize, usize)| *known != at);
                        loops.push((at, place));
                        open.push((to(*first), place, slots, loops));
                    }
                }
                Instruction::Save(slot) => {
                    slots[*slot] = Some(place);
                    open.push((at + 1, place, slots, loops));
                }
                Instruction::Back(group) => {
                    let (from, to) = (slots[2 * group], slots[2 * group + 1]);
                    if let (Some(from), Some(to)) = (from, to)
                        && starts_with(&text[place..], &text[from..to], regex.fold)
                    {
                        open.push((at + 1, place + to - from, slots, loops));
                    }
                }
                instruction => match holds(instruction, regex.lines, text, place) {
                    Some(true) => open.push((at + 1, place, slots, loops)),
                    Some(false) => {}
                    None => {
                        let letter = text[place..].chars().next();
                        if let Some(letter) =
                            letter.filter(|letter| fits(instruction, *letter, regex.fold))
                        {
                            open.push((at + 1, place + letter.len_utf8(), slots, loops));
                        }
                    }
                },
            }
        }
        if best.is_some() {
            return best;
        }
    }
    None
}

fn starts_with(text: &str, piece: &str, fold: bool) -> bool {
    text.get(..piece.len()).is_some_and(|begin| match fold {
        true => begin.to_lowercase() == piece.to_lowercase(),
        false => begin == piece,
    })
}

fn is_word(letter: Option<char>) -> bool {
    letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
}

/// Whether something that takes no letter holds here; `None` when it takes one.
fn holds(instruction: &Instruction, lines: bool, text: &str, place: usize) -> Option<bool> {
    let before = || text[..place].chars().next_back();
    let after = || text[place..].chars().next();
    let (left, right) = (|| is_word(before()), || is_word(after()));
    Some(match instruction {
        Instruction::TextStart => place == 0,
        Instruction::TextEnd => place == text.len(),
        Instruction::LineStart => place == 0 || lines && before() == Some('\n'),
        Instruction::LineEnd => place == text.len() || lines && after() == Some('\n'),
        Instruction::Boundary(wanted) => (left() != right()) == *wanted,
        Instruction::WordStart => !left() && right(),
        Instruction::WordEnd => left() && !right(),
        _ => return None,
    })
}

fn fits(instruction: &Instruction, letter: char, fold: bool) -> bool {
    let other = |letter: char| match letter.is_lowercase() {
        true => letter.to_uppercase().next().unwrap_or(letter),
        false => letter.to_lowercase().next().unwrap_or(letter),
    };
    match instruction {
        Instruction::Letter(wanted) => *wanted == letter || fold && *wanted == other(letter),
        Instruction::Any => true,
        Instruction::Class { negated, members } => {
            let inside =
                |letter: char| members.iter().any(|(from, to)| (*from..=*to).contains(&letter));
            (inside(letter) || fold && inside(other(letter))) != *negated
        }
        _ => false,
    }
}
