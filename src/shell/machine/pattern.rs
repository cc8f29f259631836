//! Glob patterns: `*`, `?`, `[a-z]`; a backslash takes a character literally.

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

/// How many ways a text is tried with groups in the pattern.
const WAYS: u32 = 200_000;

/// A pattern that can be matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::shell) struct Pattern(Vec<Element>);

impl Pattern {
    /// Reads a pattern.
    pub(in crate::shell) fn new(text: &str) -> Pattern {
        Pattern::read(&text.chars().collect::<Vec<_>>(), false)
    }

    /// Reads a pattern that may have groups: those of `[[ … ]]`.
    pub(in crate::shell) fn extended(text: &str) -> Pattern {
        Pattern::read(&text.chars().collect::<Vec<_>>(), true)
    }

    /// The text that alone fits, if the pattern is no more than that.
    pub(in crate::shell) fn literal(&self) -> Option<String> {
        let literal = |element: &Element| match element {
            Element::Literal(letter) => Some(*letter),
            _ => None,
        };
        self.0.iter().map(literal).collect()
    }

    fn read(letters: &[char], groups: bool) -> Pattern {
        let mut elements = Vec::new();
        let mut at = 0;
        // Where one bracket finds no end, no later one does; but for names, which may hide an end.
        let named = letters.windows(2).any(|two| two == ['[', ':']);
        let mut closes = true;
        while let Some(letter) = letters.get(at) {
            if let Some((element, after)) = group(letters, at).filter(|_| groups) {
                elements.push(element);
                at = after;
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
                '[' if closes => match class(letters, at) {
                    Some((element, after)) => {
                        at = after;
                        element
                    }
                    None => {
                        closes = named;
                        Element::Literal('[')
                    }
                },
                other => Element::Literal(*other),
            });
        }
        Pattern(elements)
    }

    /// Whether the whole of `text` fits.
    pub(in crate::shell) fn matches(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().collect();
        match self.0.iter().any(|element| matches!(element, Element::Group { .. })) {
            true => ways(&self.0, &letters, &mut WAYS.clone()),
            false => self.fits(&letters),
        }
    }

    /// Backtracks to the last `*` only, which is enough: time is at most quadratic.
    fn fits(&self, text: &[char]) -> bool {
        let (mut element, mut letter) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(element), text.get(letter)) {
                (None, None) => return true,
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
                return false;
            };
            retry = Some((star, from + 1));
            element = star + 1;
            letter = from + 1;
        }
    }

    /// How many bytes of `text`'s beginning fit: the shortest or longest piece. One pass follows
    /// all ways at once, so it takes no longer than the text times the pattern.
    pub(in crate::shell) fn prefix(&self, text: &str, longest: bool) -> Option<usize> {
        self.begin(text, longest).0
    }

    /// As [`Pattern::prefix`], and whether a `*` was reached: then what follows it was looked for up to
    /// the end of the text, and no later beginning can find what this one did not.
    pub(in crate::shell) fn begin(&self, text: &str, longest: bool) -> (Option<usize>, bool) {
        let mut starred = false;
        let mut now = vec![false; self.0.len() + 1];
        now[0] = true;
        let mut found = None;
        let mut letters = text.char_indices();
        loop {
            // A star may stand for nothing.
            for index in 0..self.0.len() {
                if now[index] && self.0[index] == Element::Many {
                    starred = true;
                    now[index + 1] = true;
                }
            }
            let next = letters.next();
            if now[self.0.len()] {
                found = Some(next.map_or(text.len(), |(at, _)| at));
                if !longest {
                    return (found, starred);
                }
            }
            let Some((_, letter)) = next else { return (found, starred) };
            let mut then = vec![false; now.len()];
            for (index, element) in self.0.iter().enumerate() {
                if now[index] {
                    match element {
                        Element::Many => then[index] = true,
                        wanted if wanted.fits(letter) => then[index + 1] = true,
                        _ => {}
                    }
                }
            }
            if !then.contains(&true) {
                return (found, starred);
            }
            now = then;
        }
    }

    /// Where the part of `text`'s end begins that fits: the shortest or longest piece.
    pub(in crate::shell) fn suffix(&self, text: &str, longest: bool) -> Option<usize> {
        let turned = Pattern(self.0.iter().rev().cloned().collect());
        let backwards: String = text.chars().rev().collect();
        turned.prefix(&backwards, longest).map(|length| text.len() - length)
    }
}

impl Element {
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

/// The group that begins here, and where it ends.
fn group(letters: &[char], start: usize) -> Option<(Element, usize)> {
    let mark = *letters.get(start).filter(|mark| "@?*+!".contains(**mark))?;
    let inner = start + 2;
    if letters.get(start + 1) != Some(&'(') {
        return None;
    }
    let (mut depth, mut from, mut choices) = (0, inner, Vec::new());
    let mut at = inner;
    while let Some(letter) = letters.get(at) {
        match letter {
            '\\' => at += 1,
            '(' => depth += 1,
            ')' | '|' if depth == 0 => {
                choices.push(Pattern::read(&letters[from..at], true));
                from = at + 1;
                if *letter == ')' {
                    return Some((Element::Group { mark, choices }, at + 1));
                }
            }
            ')' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether a text fits a pattern with groups: every way is tried, up to a number of them.
fn ways(elements: &[Element], text: &[char], left: &mut u32) -> bool {
    let Some((first, rest)) = elements.split_first() else { return text.is_empty() };
    if *left == 0 {
        return false;
    }
    *left -= 1;
    let Element::Group { mark, choices } = first else {
        return match first {
            Element::Many => (0..=text.len()).any(|at| ways(rest, &text[at..], left)),
            one => {
                text.first().is_some_and(|letter| one.fits(*letter)) && ways(rest, &text[1..], left)
            }
        };
    };
    if *mark == '!' {
        return (0..=text.len()).any(|at| {
            let inside = choices.iter().any(|choice| ways(&choice.0, &text[..at], left));
            !inside && ways(rest, &text[at..], left)
        });
    }
    if matches!(mark, '?' | '*') && ways(rest, text, left) {
        return true;
    }
    (0..=text.len()).any(|at| {
        let fits = choices.iter().any(|choice| ways(&choice.0, &text[..at], left));
        let again = matches!(mark, '*' | '+') && at > 0;
        fits && (ways(rest, &text[at..], left) || again && ways(elements, &text[at..], left))
    })
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
        let literal = if letter == '\\' {
            at += 1;
            *letters.get(at)?
        } else {
            letter
        };
        if letters.get(at + 1) == Some(&'-') && letters.get(at + 2).is_some_and(|end| *end != ']') {
            members.push((literal, letters[at + 2]));
            at += 3;
        } else {
            members.push((literal, literal));
            at += 1;
        }
    }
}

/// The letters of `[:name:]`.
pub(in crate::shell) fn named(name: &str) -> Vec<(char, char)> {
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
    fn many_stars_end_in_good_time() {
        assert!(!fits(&"*a".repeat(200), &"a".repeat(199)));
    }

    #[test]
    fn long_texts_are_cut_in_good_time() {
        let text = "a,".repeat(20_000);
        assert_eq!(Pattern::new("*,*").prefix(&text, true), Some(text.len()));
        assert_eq!(Pattern::new(",").prefix(&text, true), None);
    }

    #[test]
    fn a_star_that_found_nothing_is_known_to_find_nothing_later() {
        assert_eq!(Pattern::new("a*b").begin("aaa", true), (None, true));
        assert_eq!(Pattern::new("ab").begin("aaa", true), (None, false));
        assert_eq!(Pattern::new("x*b").begin("aaa", true), (None, false));
    }

    #[test]
    fn a_prefix_is_short_or_long() {
        let pattern = Pattern::new("*/");
        assert_eq!(pattern.prefix("a/b/c", false), Some(2));
        assert_eq!(pattern.prefix("a/b/c", true), Some(4));
        assert_eq!(Pattern::new(".*").suffix("a.tar.gz", false), Some(5));
    }
}
