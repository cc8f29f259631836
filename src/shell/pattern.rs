//! Glob patterns: `*`, `?`, `[a-z]`; a backslash takes a character literally.

use std::collections::BTreeSet;

/// One element of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Element {
    Literal(char),
    Any,
    Many,
    Class {
        negated: bool,
        members: Vec<(char, char)>,
    },
    /// `@(a|b)`, `?(…)`, `*(…)`, `+(…)`, `!(…)`: bash's `extglob`.
    Group {
        mark: char,
        choices: Vec<Pattern>,
    },
}

/// Steps that looking for a pattern may take where nobody else counts them.
const STEPS: u64 = 20_000_000;

/// Groups within groups.
const DEEPEST: usize = 64;

/// Members of a class that are looked at in a step.
const MEMBERS_PER_STEP: usize = 8;

/// Brackets that find no end in a pattern with names, before none is looked for any more.
const BRACKETS: u32 = 200;

/// A pattern that can be matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Element>);

/// Places in a text, in order, each once.
type Places = Vec<usize>;

impl Pattern {
    /// Reads a pattern.
    pub(super) fn new(text: &str) -> Pattern {
        let letters: Vec<char> = text.chars().collect();
        Pattern::read(&letters, None).unwrap_or(Pattern(Vec::new()))
    }

    /// Reads a pattern, with groups where `extglob` is set.
    pub(super) fn by(text: &str, groups: bool) -> Pattern {
        let extended = if groups { Pattern::extended(text) } else { None };
        extended.unwrap_or_else(|| Pattern::new(text))
    }

    /// Reads a pattern that may have groups: those of `[[ … ]]`. `None` when they nest too deep.
    pub(super) fn extended(text: &str) -> Option<Pattern> {
        Pattern::read(&text.chars().collect::<Vec<_>>(), Some(DEEPEST))
    }

    /// The text that alone fits, if the pattern is no more than that.
    pub(super) fn literal(&self) -> Option<String> {
        let literal = |element: &Element| match element {
            Element::Literal(letter) => Some(*letter),
            _ => None,
        };
        self.0.iter().map(literal).collect()
    }

    /// Reads a pattern; with `groups`, they may nest so deep.
    fn read(letters: &[char], groups: Option<usize>) -> Option<Pattern> {
        let mut elements = Vec::new();
        let mut at = 0;
        let ends = groups.map(|_| closings(letters)).unwrap_or_default();
        // Where one bracket finds no end, no later one does; but for names, which may hide an end.
        let named = letters.windows(2).any(|two| two == ['[', ':']);
        let mut tries = if named { BRACKETS } else { 1 };
        let last = letters.iter().rposition(|letter| *letter == ']').unwrap_or(0);
        while let Some(letter) = letters.get(at) {
            let opens = "@?*+!".contains(*letter) && letters.get(at + 1) == Some(&'(');
            if let Some(end) = ends.get(at + 1).copied().flatten().filter(|_| opens) {
                let left = groups.and_then(|groups| groups.checked_sub(1))?;
                elements.push(group(*letter, &letters[at + 2..end], left)?);
                at = end + 1;
                continue;
            }
            at += 1;
            elements.push(match letter {
                '*' => Element::Many,
                '?' => Element::Any,
                '\\' => {
                    let literal = letters.get(at).copied().unwrap_or('\\');
                    at += 1;
                    Element::Literal(literal)
                }
                '[' if tries > 0 && at < last => match class(letters, at) {
                    Some((element, after)) => {
                        at = after;
                        element
                    }
                    None => {
                        tries -= 1;
                        Element::Literal('[')
                    }
                },
                other => Element::Literal(*other),
            });
        }
        Some(Pattern(elements))
    }

    /// Whether the whole of a short `text` fits, as a file's name is.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.matches_within(text, &mut STEPS.clone()).unwrap_or(false)
    }

    /// Whether the whole of `text` fits, in as many steps as are `left`; `None` when it takes more.
    pub(super) fn matches_within(&self, text: &str, left: &mut u64) -> Option<bool> {
        let letters: Vec<char> = text.chars().collect();
        match self.has_groups() {
            true => Some(ends(&self.0, &letters, vec![0], left)?.last() == Some(&letters.len())),
            false => self.fits(&letters, left),
        }
    }

    /// Backtracks to the last `*` only, which is enough: time is at most quadratic.
    fn fits(&self, text: &[char], left: &mut u64) -> Option<bool> {
        let (mut element, mut letter) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            spend(left, self.0.get(element).map_or(1, Element::weight))?;
            match (self.0.get(element), text.get(letter)) {
                (None, None) => return Some(true),
                (Some(Element::Many), _) => {
                    retry = Some((element, letter));
                    element += 1;
                    continue;
                }
                (Some(wanted), Some(found)) if wanted.fits(*found) => {
                    element += 1;
                    letter += 1;
                    continue;
                }
                _ => {}
            }
            let Some((star, from)) = retry.filter(|(_, from)| *from < text.len()) else {
                return Some(false);
            };
            retry = Some((star, from + 1));
            element = star + 1;
            letter = from + 1;
        }
    }

    /// As [`Pattern::begin`], without what it says of stars.
    pub(super) fn prefix(
        &self,
        text: &str,
        longest: bool,
        left: &mut u64,
    ) -> Option<Option<usize>> {
        Some(self.begin(text, longest, left)?.0)
    }

    /// How many bytes of `text`'s beginning fit, the shortest or longest piece; and whether a `*` was
    /// reached: then what follows it was looked for up to the end of the text, and no later beginning
    /// can find what this one did not. One pass follows all ways at once, so it takes no longer than the
    /// text times the pattern; `None` when that is more steps than are `left`.
    pub(super) fn begin(
        &self,
        text: &str,
        longest: bool,
        left: &mut u64,
    ) -> Option<(Option<usize>, bool)> {
        if self.has_groups() {
            spend(left, text.len() as u64)?;
            let letters: Vec<char> = text.chars().collect();
            let places = ends(&self.0, &letters, vec![0], left)?;
            let place = if longest { places.last() } else { places.first() };
            return Some((place.map(|place| bytes(&letters[..*place])), false));
        }
        let mut starred = false;
        let (mut now, mut then) = (vec![0], Vec::new());
        let mut found = None;
        let mut letters = text.char_indices();
        loop {
            // A star may stand for nothing.
            let mut way = 0;
            while let Some(at) = now.get(way).copied() {
                if self.0.get(at) == Some(&Element::Many) {
                    starred = true;
                    if now.get(way + 1) != Some(&(at + 1)) {
                        now.insert(way + 1, at + 1);
                    }
                }
                way += 1;
            }
            let next = letters.next();
            if now.last() == Some(&self.0.len()) {
                found = Some(next.map_or(text.len(), |(at, _)| at));
                if !longest {
                    return Some((found, starred));
                }
            }
            let Some((_, letter)) = next else { return Some((found, starred)) };
            then.clear();
            for at in now.iter().copied().filter(|at| *at < self.0.len()) {
                spend(left, self.0[at].weight())?;
                match &self.0[at] {
                    Element::Many => put(&mut then, at),
                    wanted if wanted.fits(letter) => put(&mut then, at + 1),
                    _ => {}
                }
            }
            if then.is_empty() {
                return Some((found, starred));
            }
            std::mem::swap(&mut now, &mut then);
        }
    }

    /// Where the part of `text`'s end begins that fits, the shortest or longest piece; `None` when it
    /// takes more steps than are `left`.
    pub(super) fn suffix(
        &self,
        text: &str,
        longest: bool,
        left: &mut u64,
    ) -> Option<Option<usize>> {
        if self.has_groups() {
            return self.suffix_by_groups(text, longest, left);
        }
        let turned = Pattern(self.0.iter().rev().cloned().collect());
        let backwards: String = text.chars().rev().collect();
        let found = turned.prefix(&backwards, longest, left)?;
        Some(found.map(|length| text.len() - length))
    }

    /// As [`Pattern::suffix`], from each place in turn: a group cannot be read backwards.
    fn suffix_by_groups(&self, text: &str, longest: bool, left: &mut u64) -> Option<Option<usize>> {
        let letters: Vec<char> = text.chars().collect();
        for place in 0..=letters.len() {
            let start = if longest { place } else { letters.len() - place };
            if ends(&self.0, &letters, vec![start], left)?.last() == Some(&letters.len()) {
                return Some(Some(bytes(&letters[..start])));
            }
        }
        Some(None)
    }

    fn has_groups(&self) -> bool {
        self.0.iter().any(|element| matches!(element, Element::Group { .. }))
    }
}

/// How many bytes letters take.
fn bytes(letters: &[char]) -> usize {
    letters.iter().map(|letter| letter.len_utf8()).sum()
}

/// Takes steps; `None` when there are too few.
fn spend(left: &mut u64, steps: u64) -> Option<()> {
    *left = left.checked_sub(steps)?;
    Some(())
}

/// Adds a place behind the others, or the last one again.
fn put(places: &mut Places, place: usize) {
    if places.last() != Some(&place) {
        places.push(place);
    }
}

impl Element {
    /// Steps that it takes to compare it with a letter.
    fn weight(&self) -> u64 {
        match self {
            Element::Class { members, .. } => 1 + (members.len() / MEMBERS_PER_STEP) as u64,
            _ => 1,
        }
    }

    fn fits(&self, letter: char) -> bool {
        match self {
            Element::Literal(wanted) => *wanted == letter,
            Element::Any => true,
            Element::Many | Element::Group { .. } => false,
            Element::Class { negated, members } => {
                let inside = members.iter().any(|(from, to)| (*from..=*to).contains(&letter));
                inside != *negated
            }
        }
    }
}

/// For each opening parenthesis, where it closes.
fn closings(letters: &[char]) -> Vec<Option<usize>> {
    let (mut ends, mut open) = (vec![None; letters.len()], Vec::new());
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        match letter {
            '\\' => at += 1,
            '(' => open.push(at),
            ')' => {
                if let Some(begun) = open.pop() {
                    ends[begun] = Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    ends
}

/// The group of a mark whose parentheses hold these letters; groups in it may nest so deep.
fn group(mark: char, letters: &[char], groups: usize) -> Option<Element> {
    let (mut depth, mut from, mut choices) = (0, 0, Vec::new());
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        match letter {
            '\\' => at += 1,
            '(' => depth += 1,
            ')' => depth -= 1,
            '|' if depth == 0 => {
                choices.push(Pattern::read(&letters[from..at], Some(groups))?);
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    choices.push(Pattern::read(&letters[from..], Some(groups))?);
    Some(Element::Group { mark, choices })
}

/// Where what fits `elements` ends, if it may begin at each of these places. All ways are followed at
/// once, and what is recursive is the pattern alone. `None` when it takes more steps than are `left`.
fn ends(elements: &[Element], text: &[char], from: Places, left: &mut u64) -> Option<Places> {
    let mut places = from;
    for element in elements {
        spend(left, places.len() as u64 * element.weight() + 1)?;
        places = match element {
            Element::Many => {
                let first = places.first().copied().unwrap_or(text.len() + 1);
                spend(left, text.len().saturating_sub(first) as u64)?;
                (first..=text.len()).collect()
            }
            Element::Group { mark, choices } => of_group(*mark, choices, text, places, left)?,
            one => {
                let fits = |at: &usize| text.get(*at).is_some_and(|letter| one.fits(*letter));
                places.into_iter().filter(fits).map(|at| at + 1).collect()
            }
        };
    }
    Some(places)
}

/// Where a group ends that may begin at each of these places.
fn of_group(
    mark: char,
    choices: &[Pattern],
    text: &[char],
    from: Places,
    left: &mut u64,
) -> Option<Places> {
    let once = |from: &Places, left: &mut u64| {
        let mut all = BTreeSet::new();
        for choice in choices {
            all.extend(ends(&choice.0, text, from.clone(), left)?);
        }
        Some(all)
    };
    let mut all: BTreeSet<usize> = match mark {
        '!' => {
            let mut all = BTreeSet::new();
            for start in from {
                let inside = once(&vec![start], left)?;
                spend(left, (text.len() - start) as u64)?;
                all.extend((start..=text.len()).filter(|at| !inside.contains(at)));
            }
            return Some(all.into_iter().collect());
        }
        '@' => return Some(once(&from, left)?.into_iter().collect()),
        '?' => {
            let mut all = once(&from, left)?;
            all.extend(from);
            return Some(all.into_iter().collect());
        }
        '+' => once(&from, left)?,
        _ => from.into_iter().collect(),
    };
    // Once more from wherever it has not been yet.
    let mut new: Places = all.iter().copied().collect();
    while !new.is_empty() {
        new = once(&new, left)?.into_iter().filter(|at| all.insert(*at)).collect();
    }
    Some(all.into_iter().collect())
}

/// `a-z]` after the bracket, and where it ends.
fn class(letters: &[char], start: usize) -> Option<(Element, usize)> {
    let mut at = start;
    let negated = matches!(letters.get(at), Some('!' | '^'));
    at += usize::from(negated);
    let mut members = Vec::new();
    let first = at;
    loop {
        let letter = *letters.get(at)?;
        if letter == ']' && at > first {
            return Some((Element::Class { negated, members }, at + 1));
        }
        if letter == '[' && letters.get(at + 1) == Some(&':') {
            let end = (at + 2..letters.len()).find(|end| letters[*end] == ':')?;
            let name: String = letters[at + 2..end].iter().collect();
            members.extend(named(&name));
            at = end + 2;
            continue;
        }
        let (from, after) = member(letters, at)?;
        at = after;
        let ranges =
            letters.get(at) == Some(&'-') && letters.get(at + 1).is_some_and(|end| *end != ']');
        let to = match ranges {
            true => {
                let (to, after) = member(letters, at + 1)?;
                at = after;
                to
            }
            false => from,
        };
        if let (Some(from), Some(to)) = (from, to) {
            members.push((from, to));
        }
    }
}

/// A letter of a class, and where it ends: itself, behind a backslash, or by its name (`[.period.]`, `[=a=]`),
/// which may be nobody's.
fn member(letters: &[char], at: usize) -> Option<(Option<char>, usize)> {
    match (letters.get(at)?, letters.get(at + 1)) {
        ('\\', next) => Some((Some(*next?), at + 2)),
        ('[', Some(mark @ ('.' | '='))) => {
            let end = (at + 3..letters.len().saturating_sub(1))
                .find(|end| letters[*end] == *mark && letters[*end + 1] == ']');
            let Some(end) = end else { return Some((Some('['), at + 1)) };
            let name: String = letters[at + 2..end].iter().collect();
            Some((collated(&name), end + 2))
        }
        (letter, _) => Some((Some(*letter), at + 1)),
    }
}

/// The letter that a collating symbol names: POSIX has names for what is no letter.
fn collated(name: &str) -> Option<char> {
    const NAMES: [(&str, char); 40] = [
        ("tab", '\t'),
        ("newline", '\n'),
        ("space", ' '),
        ("exclamation-mark", '!'),
        ("quotation-mark", '"'),
        ("number-sign", '#'),
        ("dollar-sign", '$'),
        ("percent-sign", '%'),
        ("ampersand", '&'),
        ("apostrophe", '\''),
        ("left-parenthesis", '('),
        ("right-parenthesis", ')'),
        ("asterisk", '*'),
        ("plus-sign", '+'),
        ("comma", ','),
        ("hyphen", '-'),
        ("hyphen-minus", '-'),
        ("minus", '-'),
        ("dash", '-'),
        ("period", '.'),
        ("full-stop", '.'),
        ("slash", '/'),
        ("solidus", '/'),
        ("colon", ':'),
        ("semicolon", ';'),
        ("less-than-sign", '<'),
        ("equals-sign", '='),
        ("greater-than-sign", '>'),
        ("question-mark", '?'),
        ("commercial-at", '@'),
        ("left-square-bracket", '['),
        ("backslash", '\\'),
        ("right-square-bracket", ']'),
        ("circumflex", '^'),
        ("underscore", '_'),
        ("grave-accent", '`'),
        ("left-brace", '{'),
        ("vertical-line", '|'),
        ("right-brace", '}'),
        ("tilde", '~'),
    ];
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Some(letter),
        _ => NAMES.iter().find(|(known, _)| *known == name).map(|(_, letter)| *letter),
    }
}

/// The letters of `[:name:]`.
pub(super) fn named(name: &str) -> Vec<(char, char)> {
    match name {
        "alpha" => vec![('a', 'z'), ('A', 'Z')],
        "digit" => vec![('0', '9')],
        "alnum" => vec![('0', '9'), ('A', 'Z'), ('a', 'z')],
        "upper" => vec![('A', 'Z')],
        "lower" => vec![('a', 'z')],
        "space" => vec![('\t', '\r'), (' ', ' ')],
        "blank" => vec![('\t', '\t'), (' ', ' ')],
        "punct" => vec![('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "xdigit" => vec![('0', '9'), ('A', 'F'), ('a', 'f')],
        "cntrl" => vec![('\0', '\u{1f}'), ('\u{7f}', '\u{7f}')],
        "print" => vec![(' ', '~')],
        "graph" => vec![('!', '~')],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).matches(text)
    }

    #[test]
    fn stars_questions_and_classes_match() {
        assert!(fits("*.yaml", "web.yaml"));
        assert!(!fits("*.yaml", "web.yml"));
        assert!(fits("a?c*[0-9]", "abc--7"));
        assert!(fits("[!a-c]x", "dx"));
        assert!(fits("[[:upper:]]*", "Ab"));
        assert!(fits("\\*", "*") && !fits("\\*", "a"));
        assert!(fits("[", "["));
    }

    #[test]
    fn a_collating_symbol_names_a_letter() {
        assert!(fits("[[.period.]]", ".") && fits("[[.-.]x]", "-") && fits("[[=a=]]", "a"));
        assert!(fits("[[.a.]-c]", "b") && !fits("[[.a.]-c]", "d"));
        assert!(fits("[![.].]]", "a") && !fits("[![.].]]", "]"));
        assert!(!fits("[[.nosuch.]]", "n"));
    }

    #[test]
    fn groups_are_cut_off_at_both_ends() {
        let pattern = |text: &str| Pattern::extended(text).expect("a pattern");
        let prefix = |text: &str, longest| {
            pattern(text).prefix("aaxxüü", longest, &mut STEPS.clone()).flatten()
        };
        assert_eq!(prefix("+(a)", true), Some(2));
        assert_eq!(prefix("+(a)", false), Some(1));
        assert_eq!(prefix("@(x|y)", true), None);
        let suffix = |text: &str, longest| {
            pattern(text).suffix("aaxxüü", longest, &mut STEPS.clone()).flatten()
        };
        assert_eq!(suffix("x+(ü)", true), Some(3));
        assert_eq!(suffix("+(ü)", false), Some(6));
        assert_eq!(suffix("+(a)", true), None);
    }

    #[test]
    fn many_stars_end_in_good_time() {
        assert!(!fits(&"*a".repeat(200), &"a".repeat(199)));
    }

    #[test]
    fn long_texts_are_cut_in_good_time() {
        let text = "a,".repeat(20_000);
        let prefix = |pattern| Pattern::new(pattern).prefix(&text, true, &mut STEPS.clone());
        assert_eq!(prefix("*,*"), Some(Some(text.len())));
        assert_eq!(prefix(","), Some(None));
    }

    #[test]
    fn a_star_that_found_nothing_is_known_to_find_nothing_later() {
        let begin = |pattern| Pattern::new(pattern).begin("aaa", true, &mut STEPS.clone());
        assert_eq!(begin("a*b"), Some((None, true)));
        assert_eq!(begin("ab"), Some((None, false)));
        assert_eq!(begin("x*b"), Some((None, false)));
    }

    #[test]
    fn a_prefix_is_short_or_long() {
        let pattern = Pattern::new("*/");
        assert_eq!(pattern.prefix("a/b/c", false, &mut STEPS.clone()), Some(Some(2)));
        assert_eq!(pattern.prefix("a/b/c", true, &mut STEPS.clone()), Some(Some(4)));
        let suffix = Pattern::new(".*").suffix("a.tar.gz", false, &mut STEPS.clone());
        assert_eq!(suffix, Some(Some(5)));
    }

    #[test]
    fn groups_follow_all_ways_at_once() {
        let fits = |pattern: &str, text: &str| {
            let pattern = Pattern::extended(pattern).expect("it is not deep");
            pattern.matches_within(text, &mut STEPS.clone())
        };
        assert_eq!(fits("*(a)", &"a".repeat(100_000)), Some(true));
        assert_eq!(fits("+(a|aa)b", &"a".repeat(10_000)), Some(false));
        assert_eq!(fits("@(ab|a)@(b|c)", "abb"), Some(true));
        assert_eq!(fits("?(a)b", "b"), Some(true));
        assert_eq!(
            (fits("!(a)", "a"), fits("!(a)", "ab"), fits("!(a)", "")),
            (Some(false), Some(true), Some(true))
        );
        assert_eq!(fits("*(a|(b)|\\))", "a(b))"), Some(true));
        assert_eq!(fits("a@(b", "a@(b"), Some(true));
        assert_eq!(fits("!(b)!(b)!(c)", &"a".repeat(20_000)), None);
        assert_eq!(Pattern::extended(&"@(".repeat(100_000)).map(|_| ()), Some(()));
        let nested = format!("{}a{}", "@(".repeat(1_000), ")".repeat(1_000));
        assert_eq!(Pattern::extended(&nested), None);
    }
}
