//! The two languages of POSIX, and the programs that their patterns become.

use crate::shell::pattern::named;

/// Whose language a pattern is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Syntax {
    /// `sed`, `expr`: `\(`, `\|`, `\+` are special.
    Basic,
    /// `grep`: as [`Syntax::Basic`], with grep's own answers to doubtful patterns.
    GrepBasic,
    /// `sed -E`: `(`, `|`, `+` are special, and have to stand where they mean something.
    Extended,
    /// `grep -E`: as [`Syntax::Extended`], with grep's own answers to doubtful patterns.
    GrepExtended,
    /// BusyBox' tools: as the C library's `regcomp` reads them.
    PosixBasic,
    PosixExtended,
    /// `[[ =~ ]]`: extended.
    Awk,
    /// gawk: extended, and what has nothing to repeat, closes nothing or counts nothing is itself.
    Gawk,
    /// `grep -F`: nothing is special.
    Fixed,
}

impl Syntax {
    fn is_basic(self) -> bool {
        matches!(self, Syntax::Basic | Syntax::GrepBasic | Syntax::PosixBasic)
    }

    fn is_posix(self) -> bool {
        matches!(self, Syntax::PosixBasic | Syntax::PosixExtended)
    }

    fn is_grep(self) -> bool {
        matches!(self, Syntax::GrepBasic | Syntax::GrepExtended)
    }
}

/// A step of a program. Jumps are relative, so that pieces can be put together and repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Instruction {
    Letter(char),
    Any,
    Class {
        negated: bool,
        members: Vec<(char, char)>,
    },
    /// `^`, `$`, and the beginning and end of the whole text.
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,
    /// `\b` (true) and `\B` (false).
    Boundary(bool),
    WordStart,
    WordEnd,
    /// Goes on at both; the first one is preferred.
    Split(isize, isize),
    Jump(isize),
    /// Notes the place in this slot.
    Save(usize),
    /// What this group has found comes again.
    Back(usize),
    Match,
}

/// A pattern that was read.
pub(super) struct Parsed {
    pub program: Vec<Instruction>,
    pub groups: usize,
    pub back_references: bool,
    pub warning: Option<&'static str>,
}

/// The highest count in braces.
const MOST: usize = 32_767;

/// More steps than any pattern needs.
const LARGEST: usize = 400_000;

/// Groups within groups: each copies what is in it.
const DEEPEST: usize = 2_000;

/// The longest text between braces that can be a count.
const LONGEST_COUNT: usize = 24;

/// An open parenthesis, or the whole.
#[derive(Default)]
struct Level {
    group: usize,
    alternatives: Vec<Vec<Instruction>>,
    sequence: Vec<Instruction>,
    /// Where the last atom of the sequence begins; `None` when there is nothing to repeat.
    atom: Option<usize>,
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    syntax: Syntax,
    levels: Vec<Level>,
    groups: usize,
    /// Groups that are closed already.
    closed: Vec<usize>,
    back_references: bool,
    /// Where the last brace closes, if any does; found when it is first asked for.
    last_brace: Option<Option<usize>>,
    warning: Option<&'static str>,
}

type Result<T> = std::result::Result<T, String>;

pub(super) fn parse(pattern: &str, syntax: Syntax) -> Result<Parsed> {
    let mut reader = Reader {
        letters: pattern.chars().collect(),
        at: 0,
        syntax,
        levels: vec![Level::default()],
        groups: 0,
        closed: Vec::new(),
        back_references: false,
        last_brace: None,
        warning: None,
    };
    while let Some(letter) = reader.next() {
        reader.letter(letter)?;
    }
    if reader.levels.len() > 1 {
        return Err("Unmatched ( or \\(".to_owned());
    }
    let whole = reader.close_level()?;
    let mut program = vec![Instruction::Save(0)];
    program.extend(whole);
    program.extend([Instruction::Save(1), Instruction::Match]);
    Ok(Parsed {
        program,
        groups: reader.groups,
        back_references: reader.back_references,
        warning: reader.warning,
    })
}

impl Reader {
    fn next(&mut self) -> Option<char> {
        let next = self.letters.get(self.at).copied();
        self.at += usize::from(next.is_some());
        next
    }

    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn level(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn atom(&mut self, instructions: Vec<Instruction>) {
        let level = self.level();
        level.atom = Some(level.sequence.len());
        level.sequence.extend(instructions);
    }

    /// An anchor: something that can't be repeated (in an extended pattern).
    fn anchor(&mut self, anchor: Instruction) {
        let level = self.level();
        level.sequence.push(anchor);
        level.atom = None;
    }

    fn letter(&mut self, letter: char) -> Result<()> {
        if self.syntax == Syntax::Fixed {
            self.atom(vec![Instruction::Letter(letter)]);
            return Ok(());
        }
        let basic = self.syntax.is_basic();
        match letter {
            '\\' => return self.escaped(),
            '[' => return self.bracket(),
            '.' => self.atom(vec![Instruction::Any]),
            '*' => return self.repeat_or_letter('*'),
            '+' | '?' if !basic => return self.repeat_or_letter(letter),
            '{' if !basic => return self.braces(),
            '(' if !basic => return self.open(),
            ')' if !basic => return self.close(true),
            '|' if !basic => self.alternative(),
            '^' if !basic || self.begins() => self.anchor(Instruction::LineStart),
            '$' if !basic || self.ends() => self.anchor(Instruction::LineEnd),
            other => self.atom(vec![Instruction::Letter(other)]),
        }
        Ok(())
    }

    /// Whether an anchor of a basic pattern may stand here: at the beginning, behind `\(`, `\|`.
    fn begins(&mut self) -> bool {
        self.level().sequence.is_empty()
    }

    /// Whether nothing, `\)` or `\|` follows.
    fn ends(&self) -> bool {
        matches!(&self.letters[self.at..], [] | ['\\', ')' | '|', ..])
    }

    fn open(&mut self) -> Result<()> {
        if self.levels.len() > DEEPEST {
            return Err(format!("not simulated here: more than {DEEPEST} groups within groups"));
        }
        self.groups += 1;
        let group = self.groups;
        self.levels.push(Level { group, ..Level::default() });
        Ok(())
    }

    fn close(&mut self, extended: bool) -> Result<()> {
        if self.levels.len() == 1 {
            let literal = self.syntax.is_grep()
                || self.syntax.is_posix()
                || matches!(self.syntax, Syntax::Awk | Syntax::Gawk);
            if extended && literal {
                self.atom(vec![Instruction::Letter(')')]);
                return Ok(());
            }
            return Err(match self.syntax.is_posix() {
                true => "Unmatched ( or \\(".to_owned(),
                false => "Unmatched ) or \\)".to_owned(),
            });
        }
        let group = self.level().group;
        let body = self.close_level()?;
        self.closed.push(group);
        let mut atom = vec![Instruction::Save(2 * group)];
        atom.extend(body);
        atom.push(Instruction::Save(2 * group + 1));
        self.atom(atom);
        Ok(())
    }

    fn alternative(&mut self) {
        let level = self.level();
        let done = std::mem::take(&mut level.sequence);
        level.alternatives.push(done);
        level.atom = None;
    }

    /// Takes the innermost level off, as one piece.
    fn close_level(&mut self) -> Result<Vec<Instruction>> {
        let Some(mut level) = self.levels.pop() else { return Ok(Vec::new()) };
        // What stands behind each alternative: the ones after it, with a step before and behind each.
        let size = |first: &Vec<Instruction>| first.len() + 2;
        let mut behind = level.sequence.len() + level.alternatives.iter().map(size).sum::<usize>();
        let mut all = Vec::new();
        for first in level.alternatives.drain(..) {
            behind -= size(&first);
            all.push(Instruction::Split(1, first.len() as isize + 2));
            all.extend(first);
            all.push(Instruction::Jump(behind as isize + 1));
        }
        match all.is_empty() {
            true => all = level.sequence,
            false => all.extend(level.sequence),
        }
        match all.len() > LARGEST {
            true => Err("Regular expression too big".to_owned()),
            false => Ok(all),
        }
    }

    fn escaped(&mut self) -> Result<()> {
        let Some(letter) = self.next() else { return Err("Trailing backslash".to_owned()) };
        let basic = self.syntax.is_basic();
        let class = |negated, name| Instruction::Class { negated, members: word_or(name) };
        match letter {
            '(' if basic => return self.open(),
            ')' if basic => return self.close(false),
            '{' if basic => return self.braces(),
            '|' if basic => self.alternative(),
            '+' | '?' if basic => return self.repeat_or_letter(letter),
            '1'..='9' if self.syntax != Syntax::Awk => {
                let group = letter as usize - '0' as usize;
                if !self.closed.contains(&group) {
                    return Err("Invalid back reference".to_owned());
                }
                self.back_references = true;
                self.atom(vec![Instruction::Back(group)]);
            }
            '<' => self.anchor(Instruction::WordStart),
            '>' => self.anchor(Instruction::WordEnd),
            'b' if self.syntax != Syntax::Awk => self.anchor(Instruction::Boundary(true)),
            'y' if self.syntax == Syntax::Awk => self.anchor(Instruction::Boundary(true)),
            'B' => self.anchor(Instruction::Boundary(false)),
            '`' => self.anchor(Instruction::TextStart),
            '\'' => self.anchor(Instruction::TextEnd),
            'w' => self.atom(vec![class(false, "word")]),
            'W' => self.atom(vec![class(true, "word")]),
            's' => self.atom(vec![class(false, "space")]),
            'S' => self.atom(vec![class(true, "space")]),
            other => self.atom(vec![Instruction::Letter(other)]),
        }
        Ok(())
    }

    /// `*`, `+`, `?`: of the atom before it, or where there is none a letter or an error.
    fn repeat_or_letter(&mut self, mark: char) -> Result<()> {
        let (least, most) = match mark {
            '*' => (0, None),
            '+' => (1, None),
            _ => (0, Some(1)),
        };
        let stacked = matches!(self.syntax, Syntax::Basic | Syntax::PosixBasic)
            && mark == '*'
            && self.at > 1
            && self.letters[self.at - 2] == '*'
            && self.level().atom.is_some();
        if stacked {
            return Err("Invalid preceding regular expression".to_owned());
        }
        if self.level().atom.is_some() {
            return self.repeat(least, most);
        }
        match self.syntax {
            Syntax::Extended | Syntax::PosixExtended => {
                Err("Invalid preceding regular expression".to_owned())
            }
            Syntax::GrepExtended | Syntax::Awk => {
                self.warning.get_or_insert(match mark {
                    '*' => "* at start of expression",
                    '+' => "+ at start of expression",
                    _ => "? at start of expression",
                });
                Ok(())
            }
            _ => {
                self.atom(vec![Instruction::Letter(mark)]);
                Ok(())
            }
        }
    }

    /// `{2,5}` behind its brace.
    fn braces(&mut self) -> Result<()> {
        let basic = self.syntax.is_basic();
        let close: &[char] = if basic { &['\\', '}'] } else { &['}'] };
        let rest = &self.letters[self.at..];
        let near = rest.len().min(LONGEST_COUNT);
        let found = (0..near).find(|at| rest[*at..].starts_with(close));
        // Where one brace finds no end, no later one does.
        let last = self.last_brace.get_or_insert_with(|| {
            let ends = self.letters.windows(close.len());
            ends.enumerate().filter(|(_, end)| *end == close).map(|(at, _)| at).next_back()
        });
        let Some(length) = found else {
            let why = match last.is_some_and(|last| last >= self.at) {
                true => "Invalid content of \\{\\}",
                false => "Unmatched \\{",
            };
            return self.no_braces(basic, why);
        };
        let text: String = rest[..length].iter().collect();
        let number = |text: &str| text.parse::<usize>();
        let counts = match text.split_once(',') {
            None => number(&text).map(|count| (count, Some(count))),
            Some(("", "")) => Ok((0, None)),
            Some(("", most)) => number(most).map(|most| (0, Some(most))),
            Some((least, "")) => number(least).map(|least| (least, None)),
            Some((least, most)) => {
                number(least).and_then(|least| number(most).map(|most| (least, Some(most))))
            }
        };
        let Ok((least, most)) = counts else {
            return self.no_braces(basic, "Invalid content of \\{\\}");
        };
        if most.is_some_and(|most| most < least) {
            return Err("Invalid content of \\{\\}".to_owned());
        }
        if least > MOST || most.is_some_and(|most| most > MOST) {
            return Err("Regular expression too big".to_owned());
        }
        self.at += length + close.len();
        if self.level().atom.is_some() {
            return self.repeat(least, most);
        }
        match self.syntax {
            Syntax::Extended
            | Syntax::PosixExtended
            | Syntax::Basic
            | Syntax::PosixBasic
            | Syntax::GrepBasic => Err("Invalid preceding regular expression".to_owned()),
            _ => {
                self.warning.get_or_insert("{...} at start of expression");
                Ok(())
            }
        }
    }

    /// A brace that counts nothing: itself in grep and awk, an error elsewhere.
    fn no_braces(&mut self, basic: bool, why: &str) -> Result<()> {
        if basic || matches!(self.syntax, Syntax::Extended | Syntax::PosixExtended) {
            return Err(why.to_owned());
        }
        self.atom(vec![Instruction::Letter('{')]);
        Ok(())
    }

    fn repeat(&mut self, least: usize, most: Option<usize>) -> Result<()> {
        let level = self.level();
        let Some(start) = level.atom else { return Ok(()) };
        let atom = level.sequence.split_off(start);
        let size = atom.len() as isize;
        let copies = least + most.map_or(1, |most| most - least);
        if (atom.len() + 2).saturating_mul(copies) + level.sequence.len() > LARGEST {
            return Err("Regular expression too big".to_owned());
        }
        let sequence = &mut level.sequence;
        for _ in 0..least {
            sequence.extend(atom.iter().cloned());
        }
        match most {
            None => {
                sequence.push(Instruction::Split(1, size + 2));
                sequence.extend(atom);
                sequence.push(Instruction::Jump(-size - 1));
            }
            Some(most) => {
                let left = (most - least) as isize;
                for index in 0..left {
                    sequence.push(Instruction::Split(1, (left - index) * (size + 1)));
                    sequence.extend(atom.iter().cloned());
                }
            }
        }
        Ok(())
    }

    /// `[a-z]` behind its bracket.
    fn bracket(&mut self) -> Result<()> {
        const OPEN: &str = "Unmatched [, [^, [:, [., or [=";
        let start = self.at;
        let negated = self.peek() == Some('^');
        self.at += usize::from(negated);
        // A bracket without anything is told apart from one that is not closed (`parse_bracket_exp`).
        if self.at == self.letters.len() {
            return Err("Invalid regular expression".to_owned());
        }
        let first = self.at;
        let mut members = Vec::new();
        loop {
            let letter = self.next().ok_or(OPEN)?;
            if letter == ']' && self.at > first + 1 {
                break;
            }
            if letter == '[' && matches!(self.peek(), Some(':')) {
                let rest = &self.letters[self.at + 1..];
                let end = rest.windows(2).position(|two| two == [':', ']']).ok_or(OPEN)?;
                let name: String = rest[..end].iter().collect();
                let letters = named(&name);
                if letters.is_empty() {
                    return Err("Invalid character class name".to_owned());
                }
                members.extend(letters);
                self.at += end + 3;
                continue;
            }
            let from = self.member(letter)?;
            if self.peek() == Some('-')
                && self.letters.get(self.at + 1).is_some_and(|end| *end != ']')
            {
                self.at += 1;
                let end = self.next().ok_or(OPEN)?;
                let to = self.member(end)?;
                if to < from {
                    return Err("Invalid range end".to_owned());
                }
                members.push((from, to));
            } else {
                members.push((from, from));
            }
        }
        if self.syntax.is_grep()
            && let [':', inner @ .., ':', ']'] = &self.letters[start..self.at]
            && !inner.is_empty()
        {
            return Err("character class syntax is [[:space:]], not [:space:]".to_owned());
        }
        self.atom(vec![Instruction::Class { negated, members }]);
        Ok(())
    }

    /// A letter inside brackets, where awk reads escapes, and `[.x.]` stands for itself.
    fn member(&mut self, letter: char) -> Result<char> {
        if let ('[', Some(mark @ ('.' | '='))) = (letter, self.peek()) {
            let inner = self.letters.get(self.at + 1).copied();
            if let (Some(inner), Some(&[end, ']'])) = (
                inner,
                self.letters
                    .get(self.at + 2..self.at + 4)
                    .and_then(|end| <&[char; 2]>::try_from(end).ok()),
            ) && end == mark
            {
                self.at += 4;
                return Ok(inner);
            }
        }
        if letter == '\\' && self.syntax == Syntax::Awk {
            return Ok(self.next().unwrap_or('\\'));
        }
        Ok(letter)
    }
}

fn word_or(name: &str) -> Vec<(char, char)> {
    match name {
        "word" => named("alnum").into_iter().chain([('_', '_')]).collect(),
        other => named(other),
    }
}
