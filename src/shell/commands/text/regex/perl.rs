//! Perl's regular expressions, as far as an engine without look-around cannot do them: `(?=…)`,
//! `(?<=…)`, `\K`, back-references, atomic groups. One way is tried after the other, within a number
//! of steps; the first that fits counts, not the longest.

use super::Piece;
use super::work::{GIVEN_UP, Work};

/// How many steps one search may take (`pcre_exec`'s own limit is of this order).
const STEPS: usize = 2_000_000;

/// How deep groups and repetitions may go: each is a frame of the stack.
const DEEPEST: usize = 4_000;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(in crate::shell) struct Perl {
    node: Node,
    groups: usize,
    work: Work,
}

#[derive(Clone, Debug)]
enum Node {
    /// A letter of a class, which the plain engine knows.
    One(regex::Regex),
    Start,
    End,
    /// `\b` (true) and `\B`
    Boundary(bool),
    Group(Option<usize>, Box<Node>),
    Sequence(Vec<Node>),
    Either(Vec<Node>),
    Repeat {
        node: Box<Node>,
        least: usize,
        most: usize,
        lazy: bool,
        atomic: bool,
    },
    Look {
        ahead: bool,
        wanted: bool,
        node: Box<Node>,
    },
    Atomic(Box<Node>),
    Back(usize),
    /// `\K`
    Keep,
}

/// Compiles a pattern.
///
/// # Errors
/// What `grep -P` says of it.
pub(in crate::shell) fn compile(pattern: &str, fold: bool) -> Result<Perl, String> {
    let letters = pattern.chars().collect();
    let mut reader = Reader { letters, at: 0, groups: 0, fold, depth: 0 };
    let node = reader.either()?;
    match reader.at < reader.letters.len() {
        true => Err("unmatched closing parenthesis".to_owned()),
        false => Ok(Perl { node, groups: reader.groups, work: Work::default() }),
    }
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    groups: usize,
    fold: bool,
    depth: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn takes(&mut self, text: &str) -> bool {
        let found =
            text.chars().enumerate().all(|(n, c)| self.letters.get(self.at + n) == Some(&c));
        self.at += if found { text.chars().count() } else { 0 };
        found
    }

    fn either(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > 100 {
            return Err("parentheses are too deeply nested".to_owned());
        }
        let mut all = vec![self.sequence()?];
        while self.takes("|") {
            all.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(Node::Either(all))
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut all = Vec::new();
        while self.peek().is_some_and(|letter| !matches!(letter, '|' | ')')) {
            let node = self.atom()?;
            all.push(self.repeated(node)?);
        }
        Ok(Node::Sequence(all))
    }

    fn atom(&mut self) -> Result<Node, String> {
        let start = self.at;
        let letter = self.peek().unwrap_or_default();
        self.at += 1;
        match letter {
            '^' => Ok(Node::Start),
            '$' => Ok(Node::End),
            '(' => self.group(),
            '[' => self.class(start),
            '\\' => self.escaped(start),
            '*' | '+' | '?' => Err("quantifier does not follow a repeatable item".to_owned()),
            _ => self.one(start),
        }
    }

    /// The text since `start`, which stands for one letter.
    fn one(&self, start: usize) -> Result<Node, String> {
        let text: String = self.letters[start..self.at].iter().collect();
        let text =
            if matches!(text.as_str(), "{" | "}" | "]") { format!("\\{text}") } else { text };
        let whole = format!("^(?:{text})$");
        let built = regex::RegexBuilder::new(&whole).case_insensitive(self.fold).build();
        built.map(Node::One).map_err(|why| match why.to_string().contains("class range") {
            true => "range out of order in character class".to_owned(),
            false => "unrecognized character follows \\".to_owned(),
        })
    }

    fn class(&mut self, start: usize) -> Result<Node, String> {
        self.takes("^");
        self.takes("]");
        loop {
            let named = self.letters[self.at.min(self.letters.len())..].starts_with(&['[', ':']);
            match self.peek() {
                None => return Err("missing terminating ] for character class".to_owned()),
                Some(']') => break,
                Some('\\') => self.at += 2,
                Some('[') if named => {
                    self.at += 2;
                    while self.peek().is_some() && !self.takes(":]") {
                        self.at += 1;
                    }
                }
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        self.one(start)
    }

    fn escaped(&mut self, start: usize) -> Result<Node, String> {
        let letter = self.peek().ok_or("\\ at end of pattern")?;
        self.at += 1;
        match letter {
            'K' => Ok(Node::Keep),
            'b' => Ok(Node::Boundary(true)),
            'B' => Ok(Node::Boundary(false)),
            'A' => Ok(Node::Start),
            'z' | 'Z' => Ok(Node::End),
            '1'..='9' => Ok(Node::Back(letter as usize - '0' as usize)),
            'h' => {
                let spaces = regex::Regex::new("^[ \\t]$");
                spaces.map(Node::One).map_err(|_| "internal error".to_owned())
            }
            'x' | 'p' | 'P' => {
                let close = if self.peek() == Some('{') { Some('}') } else { None };
                match close {
                    Some(close) => {
                        while self.peek().is_some_and(|letter| letter != close) {
                            self.at += 1;
                        }
                        self.at += 1;
                    }
                    None => self.at += if letter == 'x' { 2 } else { 1 },
                }
                self.at = self.at.min(self.letters.len());
                self.one(start)
            }
            _ if letter.is_ascii_alphanumeric() && !"dDwWsSnrtfve".contains(letter) => {
                Err("unrecognized character follows \\".to_owned())
            }
            'e' => {
                let escape = regex::Regex::new("^\\x1b$");
                escape.map(Node::One).map_err(|_| "internal error".to_owned())
            }
            _ => self.one(start),
        }
    }

    fn group(&mut self) -> Result<Node, String> {
        let look = |ahead, wanted| move |node| Node::Look { ahead, wanted, node: Box::new(node) };
        let atomic = |node| Node::Atomic(Box::new(node));
        if self.takes("?=") {
            return self.inside().map(look(true, true));
        } else if self.takes("?!") {
            return self.inside().map(look(true, false));
        } else if self.takes("?<=") {
            return self.inside().map(look(false, true));
        } else if self.takes("?<!") {
            return self.inside().map(look(false, false));
        } else if self.takes("?>") {
            return self.inside().map(atomic);
        } else if self.takes("?:") {
            return self.inside().map(|node| Node::Group(None, Box::new(node)));
        } else if self.takes("?#") {
            while self.peek().is_some() && !self.takes(")") {
                self.at += 1;
            }
            return Ok(Node::Sequence(Vec::new()));
        } else if self.takes("?i)") {
            self.fold = true;
            return Ok(Node::Sequence(Vec::new()));
        } else if self.takes("?P<") || self.takes("?<") {
            while self.peek().is_some() && !self.takes(">") {
                self.at += 1;
            }
        } else if self.peek() == Some('?') {
            return Err("not simulated here: such a group in -P".to_owned());
        }
        self.groups += 1;
        let number = self.groups;
        self.inside().map(|node| Node::Group(Some(number), Box::new(node)))
    }

    fn inside(&mut self) -> Result<Node, String> {
        let node = self.either()?;
        match self.takes(")") {
            true => Ok(node),
            false => Err("missing closing parenthesis".to_owned()),
        }
    }

    fn repeated(&mut self, mut node: Node) -> Result<Node, String> {
        loop {
            let (least, most) = if self.takes("*") {
                (0, usize::MAX)
            } else if self.takes("+") {
                (1, usize::MAX)
            } else if self.takes("?") {
                (0, 1)
            } else if let Some(counts) = self.counts() {
                counts
            } else {
                return Ok(node);
            };
            let lazy = self.takes("?");
            let atomic = !lazy && self.takes("+");
            node = Node::Repeat { node: Box::new(node), least, most, lazy, atomic };
        }
    }

    /// `{2}`, `{2,}`, `{2,5}`; other braces are letters.
    fn counts(&mut self) -> Option<(usize, usize)> {
        let rest = &self.letters[self.at..];
        let end = rest.iter().position(|letter| *letter == '}').filter(|_| rest[0] == '{')?;
        let text: String = rest[1..end].iter().collect();
        let counts = match text.split_once(',') {
            None => text.parse().ok().map(|count| (count, count)),
            Some((least, "")) => least.parse().ok().map(|least| (least, usize::MAX)),
            Some((least, most)) => least.parse().ok().zip(most.parse().ok()),
        };
        let counts = counts.filter(|(least, most)| least <= most && *least <= 65_535)?;
        self.at += end + 1;
        Some(counts)
    }
}

/// A search at one place of the text.
struct Search<'t> {
    text: &'t str,
    /// What the groups hold.
    groups: Vec<Option<Piece>>,
    /// Where the piece begins that is found (`\K` moves it).
    kept: usize,
    steps: usize,
    depth: usize,
    /// Whether it went too deep, or took too long.
    given_up: bool,
}

/// What is to follow; whether it fits.
type Then<'a, 't> = &'a mut dyn FnMut(&mut Search<'t>, usize) -> bool;

impl Perl {
    /// All pieces, from left to right.
    pub fn find_all(&self, text: &str) -> Vec<Piece> {
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some((start, end)) = self.find_at(text, at) {
            found.push((start, end));
            at = match end > at.max(start) || end > start {
                true => end,
                false => end + text[end..].chars().next().map_or(1, char::len_utf8),
            };
            if at > text.len() {
                break;
            }
        }
        found
    }

    /// The shell's steps that looking for it has taken since the last call, as [`super::Regex::work`].
    pub fn work(&self) -> u64 {
        self.work.take()
    }

    /// Whether it is found in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.find_at(text, 0).is_some()
    }

    fn find_at(&self, text: &str, from: usize) -> Option<Piece> {
        let mut search = Search {
            text,
            groups: vec![None; self.groups + 1],
            kept: 0,
            steps: 0,
            depth: 0,
            given_up: false,
        };
        let places = text[from..].char_indices().map(|(at, _)| from + at).chain([text.len()]);
        for begin in places {
            search.groups.fill(None);
            search.kept = begin;
            let (mut end, before) = (None, search.steps);
            let fits = search.fits(&self.node, begin, &mut |_, at| {
                end = Some(at);
                true
            });
            let steps = (search.steps - before) as u64;
            if !self.work.count(if search.given_up { GIVEN_UP } else { steps }) {
                return None;
            }
            if fits {
                return end.map(|end| (search.kept.min(end), end));
            }
        }
        None
    }
}

impl<'t> Search<'t> {
    fn fits(&mut self, node: &Node, at: usize, then: Then<'_, 't>) -> bool {
        self.steps += 1;
        if self.given_up || self.steps > STEPS || self.depth > DEEPEST {
            self.given_up = true;
            return false;
        }
        self.depth += 1;
        let fits = self.fits_here(node, at, then);
        self.depth -= 1;
        fits
    }

    fn fits_here(&mut self, node: &Node, at: usize, then: Then<'_, 't>) -> bool {
        match node {
            Node::One(one) => {
                let length = self.text[at..].chars().next().map_or(0, char::len_utf8);
                length > 0 && one.is_match(&self.text[at..at + length]) && then(self, at + length)
            }
            Node::Start => at == 0 && then(self, at),
            Node::End => at == self.text.len() && then(self, at),
            Node::Boundary(wanted) => self.at_boundary(at) == *wanted && then(self, at),
            Node::Group(number, inner) => self.group(*number, inner, at, then),
            Node::Sequence(all) => self.sequence(all, at, then),
            Node::Either(all) => all.iter().any(|node| self.fits(node, at, then)),
            Node::Repeat { node, least, most, lazy, atomic: false } => {
                self.repeat((node, *least, *most, *lazy), at, then)
            }
            Node::Repeat { node, least, most, lazy, .. } => {
                let mut end = None;
                let inner = (&**node, *least, *most, *lazy);
                self.repeat(inner, at, &mut |_, at| end.replace(at).is_none());
                end.is_some_and(|end| then(self, end))
            }
            Node::Atomic(inner) => {
                let mut end = None;
                self.fits(inner, at, &mut |_, at| end.replace(at).is_none());
                end.is_some_and(|end| then(self, end))
            }
            Node::Look { ahead, wanted, node } => {
                self.looks(node, *ahead, at) == *wanted && then(self, at)
            }
            Node::Back(group) => {
                let piece = self.groups.get(*group).copied().flatten();
                let text = piece.map(|(start, end)| &self.text[start..end]);
                text.is_some_and(|text| {
                    self.text[at..].starts_with(text) && then(self, at + text.len())
                })
            }
            Node::Keep => {
                let before = std::mem::replace(&mut self.kept, at);
                let fits = then(self, at);
                if !fits {
                    self.kept = before;
                }
                fits
            }
        }
    }

    fn group(
        &mut self,
        number: Option<usize>,
        inner: &Node,
        at: usize,
        then: Then<'_, 't>,
    ) -> bool {
        let Some(number) = number else { return self.fits(inner, at, then) };
        let before = self.groups[number];
        let fits = self.fits(inner, at, &mut |search, end| {
            let outer = search.groups[number].replace((at, end));
            let fits = then(search, end);
            if !fits {
                search.groups[number] = outer;
            }
            fits
        });
        if !fits {
            self.groups[number] = before;
        }
        fits
    }

    fn sequence(&mut self, all: &[Node], at: usize, then: Then<'_, 't>) -> bool {
        match all {
            [] => then(self, at),
            [first, rest @ ..] => {
                self.fits(first, at, &mut |search, at| search.sequence(rest, at, then))
            }
        }
    }

    fn repeat(
        &mut self,
        (node, least, most, lazy): (&Node, usize, usize, bool),
        at: usize,
        then: Then<'_, 't>,
    ) -> bool {
        if least > 0 {
            return self.fits(node, at, &mut |search, next| {
                search.repeat((node, least - 1, most.saturating_sub(1), lazy), next, then)
            });
        }
        if lazy && then(self, at) {
            return true;
        }
        // A repetition of nothing would never end.
        let more = most > 0
            && self.fits(node, at, &mut |search, next| {
                let left = if most == usize::MAX { most } else { most - 1 };
                next > at && search.repeat((node, 0, left, lazy), next, then)
            });
        more || !lazy && then(self, at)
    }

    fn looks(&mut self, node: &Node, ahead: bool, at: usize) -> bool {
        if ahead {
            return self.fits(node, at, &mut |_, _| true);
        }
        let starts: Vec<usize> = self.text[..at].char_indices().map(|(start, _)| start).collect();
        let mut starts = starts.into_iter().chain([at]).rev();
        starts.any(|start| self.fits(node, start, &mut |_, end| end == at))
    }

    fn at_boundary(&self, at: usize) -> bool {
        let is_word = |letter: Option<char>| {
            letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
        };
        is_word(self.text[..at].chars().next_back()) != is_word(self.text[at..].chars().next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(pattern: &str, text: &'t str) -> Vec<&'t str> {
        let perl = compile(pattern, false).expect("it compiles");
        perl.find_all(text).into_iter().map(|(start, end)| &text[start..end]).collect()
    }

    // Played in GNU grep 3.8 with `-oP`.
    #[test]
    fn what_is_around_a_piece_is_looked_at_and_not_taken() {
        assert_eq!(found("(?<=: ).*", "key: value"), ["value"]);
        assert_eq!(found("a(?=n)", "banana"), ["a", "a"]);
        assert_eq!(found("a(?!n)", "banana"), ["a"]);
        assert_eq!(found("node-\\K\\d+", "node-1 node-22"), ["1", "22"]);
        assert_eq!(found("(?<!\\.)\\b\\d+$", "10.0.0.7"), Vec::<&str>::new());
    }

    #[test]
    fn the_first_way_counts_and_lazy_ones_take_little() {
        assert_eq!(found("a|ab", "ab"), ["a"]);
        assert_eq!(found("\"(.*?)\"", "\"a\" \"b\""), ["\"a\"", "\"b\""]);
        assert_eq!(found("(.)\\1", "hello"), ["ll"]);
        assert_eq!(found("a++b", "aab"), ["aab"]);
    }

    #[test]
    fn a_hopeless_pattern_ends() {
        assert_eq!(found("(a*)*\\1b$", &"a".repeat(60)), Vec::<&str>::new());
    }

    #[test]
    fn what_is_no_pattern_is_named() {
        for (pattern, told) in [
            ("(", "missing closing parenthesis"),
            (")", "unmatched closing parenthesis"),
            ("[a", "missing terminating ] for character class"),
            ("*a", "quantifier does not follow a repeatable item"),
        ] {
            assert_eq!(compile(pattern, false).unwrap_err(), told);
        }
    }
}
