//! The language: addresses and commands.

mod replacement;
mod text;

pub(super) use self::replacement::{Case, Piece, pieces};
use crate::cluster::Flavour;
use crate::shell::commands::text::regex::{Regex, Syntax, compile};

/// Which lines a command is for.
#[derive(Clone, Debug)]
pub(super) enum Address {
    Line(usize),
    Last,
    /// `None` is the empty pattern: the one that was used last.
    Match(Option<Regex>),
    /// `2~3`: every third from the second.
    Step(usize, usize),
    /// `,+3`
    More(usize),
    /// `,~4`: up to the next multiple.
    Multiple(usize),
}

#[derive(Clone, Debug)]
pub(super) struct Command {
    pub from: Option<Address>,
    pub to: Option<Address>,
    pub negated: bool,
    pub action: Action,
}

/// `s`
#[derive(Clone, Debug)]
pub(super) struct Substitute {
    pub pattern: Option<Regex>,
    pub text: Vec<Piece>,
    pub nth: usize,
    pub all: bool,
    pub print: bool,
    pub file: Option<String>,
    /// `e`: what comes of it is run, and replaced by what that prints.
    pub runs: bool,
}

/// What GNU's says of a command that `--sandbox` forbids.
const SANDBOX: &str = "e/r/w commands disabled in sandbox mode";

/// Where a block ends that is never closed.
pub(super) const UNTERMINATED: usize = usize::MAX;

#[derive(Clone, Debug)]
pub(super) enum Action {
    Substitute(Box<Substitute>),
    Translate(Vec<char>, Vec<char>),
    Delete,
    DeleteFirst,
    Print,
    PrintFirst,
    Quit {
        print: bool,
        status: i32,
    },
    Next,
    NextAppended,
    Number,
    Append(String),
    Insert(String),
    Change(String),
    /// `h`, `H`
    Hold {
        append: bool,
    },
    /// `g`, `G`
    Get {
        append: bool,
    },
    Exchange,
    /// `l`, with its line length.
    List(Option<usize>),
    /// `r`; `0r` comes before the first line.
    ReadFile {
        file: String,
        before: bool,
    },
    ReadLine(String),
    /// `w`, and `W`, which writes the first line alone.
    Write {
        file: String,
        first: bool,
    },
    FileName,
    /// `e`: a command whose output is printed, or the pattern space, which its output replaces.
    Run(Option<String>),
    Zap,
    /// `b`, `t`, `T`: where to.
    Branch {
        when: When,
        to: usize,
    },
    /// `{`: where its `}` is.
    Block(usize),
    /// `}`, `:label`, `#n`: nothing to do.
    Nothing,
}

/// When a branch is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Always,
    Changed,
    Unchanged,
}

/// A script that cannot be run: what is said, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub message: String,
    pub status: i32,
}

/// How a script is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub extended: bool,
    /// `--posix`: without GNU's additions.
    pub posix: bool,
    /// `--sandbox`: without commands that read or write files, or run something.
    pub sandbox: bool,
    pub flavour: Flavour,
}

/// A part of a script: what `-e` says, or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The file's name.
    pub file: Option<String>,
    pub text: String,
}

/// Reads a script, whose parts are lines of their own.
///
/// # Errors
/// The message of the flavour's sed.
pub(super) fn parse(parts: &[Part], reading: Reading) -> Parsed<Vec<Command>> {
    let mut letters: Vec<char> = Vec::new();
    let mut begins = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        letters.extend((number > 0).then_some('\n'));
        begins.push((letters.len(), part.file.clone()));
        letters.extend(part.text.chars());
    }
    Reader {
        letters,
        begins,
        at: 0,
        reading,
        labels: Vec::new(),
        open: 0,
        labelled: false,
        branches: Vec::new(),
    }
    .script()
}

/// Reads a script.
struct Reader {
    letters: Vec<char>,
    /// Where each part begins, and whether it is a file.
    begins: Vec<(usize, Option<String>)>,
    at: usize,
    reading: Reading,
    labels: Vec<(String, usize)>,
    /// How many blocks are open.
    open: usize,
    /// Whether a label was read last: anything may stand behind it.
    labelled: bool,
    /// Branches whose label is looked for at the end.
    branches: Vec<(usize, String)>,
}

type Parsed<T> = Result<T, Wrong>;

/// A basic pattern in which `\+`, `\?` and `\|` are letters.
fn without_additions(pattern: &str) -> String {
    let mut plain = String::new();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        match (letter, next) {
            ('\\', Some('+' | '?' | '|')) => {}
            ('\\', Some(next)) => {
                plain.extend([letter, next]);
                letters.next();
            }
            _ => plain.push(letter),
        }
    }
    plain
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    /// Whether GNU's additions are there.
    fn adds(&self) -> bool {
        self.gnu() && !self.reading.posix
    }

    fn gnu(&self) -> bool {
        self.reading.flavour == Flavour::Gnu
    }

    fn skip(&mut self, also: &str) {
        while self.peek().is_some_and(|next| next.is_whitespace() || also.contains(next)) {
            self.at += 1;
        }
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|next| next == ' ' || next == '\t') {
            self.at += 1;
        }
    }

    /// What is wrong here: in GNU's words, and in BusyBox'.
    fn wrong<T>(&self, gnu: &str, busybox: &str) -> Parsed<T> {
        self.wrong_at(self.at, gnu, busybox)
    }

    fn wrong_at<T>(&self, at: usize, gnu: &str, busybox: &str) -> Parsed<T> {
        let message = match self.gnu() {
            true => format!("sed: {}: {gnu}", self.place(at, Some(at))),
            false => format!("sed: {busybox}"),
        };
        Err(Wrong { message, status: 1 })
    }

    /// How GNU's names a place: the line of a file, or the letter of a text behind `-e`, which are counted
    /// without the files (`bad_prog` of `compile.c`).
    fn place(&self, at: usize, shown: Option<usize>) -> String {
        let part = self.begins.iter().rposition(|(begin, _)| *begin < at.max(1)).unwrap_or(0);
        let begin = self.begins.get(part).map_or(0, |(begin, _)| *begin);
        if let Some((_, Some(file))) = self.begins.get(part) {
            let read = &self.letters[begin..at.min(self.letters.len())];
            let line = 1 + read.iter().filter(|letter| **letter == '\n').count();
            return format!("file {file} line {line}");
        }
        let number = self.begins[..=part].iter().filter(|(_, file)| file.is_none()).count();
        let letter = shown.map_or(0, |at| at - begin);
        format!("-e expression #{number}, char {letter}")
    }

    fn script(&mut self) -> Parsed<Vec<Command>> {
        let mut commands: Vec<Command> = Vec::new();
        let mut open = Vec::new();
        loop {
            self.skip(";");
            match self.peek() {
                None => break,
                Some('#') => {
                    while self.next().is_some_and(|next| next != '\n') {}
                    continue;
                }
                Some(_) => {}
            }
            self.open = open.len();
            let command = self.command(commands.len())?;
            match command.action {
                Action::Block(_) => open.push((commands.len(), self.at)),
                Action::Nothing if self.letters.get(self.at.wrapping_sub(1)) == Some(&'}') => {
                    match open.pop() {
                        Some((start, _)) => commands[start].action = Action::Block(commands.len()),
                        None if self.gnu() => {
                            return self.wrong("unexpected `}'", "");
                        }
                        None => {}
                    }
                }
                _ => {}
            }
            commands.push(command);
            self.after_command()?;
        }
        if let Some((_, at)) = open.last().filter(|_| self.gnu()) {
            let message = format!("sed: {}: unmatched `{{'", self.place(*at, None));
            return Err(Wrong { message, status: 1 });
        }
        // BusyBox misses the end of a block only when it looks for it.
        for (start, _) in open {
            commands[start].action = Action::Block(UNTERMINATED);
        }
        self.resolve(&mut commands)?;
        Ok(commands)
    }

    /// Finds the labels that branches name.
    fn resolve(&self, commands: &mut [Command]) -> Parsed<()> {
        for (branch, label) in &self.branches {
            let place = match label.as_str() {
                "" => commands.len(),
                _ => match self.labels.iter().find(|(known, _)| known == label) {
                    Some((_, place)) => *place,
                    None => {
                        let (open, status) = if self.gnu() { ('`', 4) } else { ('\'', 1) };
                        let message = format!("sed: can't find label for jump to {open}{label}'");
                        return Err(Wrong { message, status });
                    }
                },
            };
            if let Action::Branch { to, .. } = &mut commands[*branch].action {
                *to = place;
            }
        }
        Ok(())
    }

    /// Nothing but a separator may follow a command.
    fn after_command(&mut self) -> Parsed<()> {
        let before = self.letters.get(self.at.wrapping_sub(1)).copied();
        // BusyBox looks for no separator.
        if matches!(before, Some('{' | '\n')) || !self.gnu() || std::mem::take(&mut self.labelled) {
            return Ok(());
        }
        self.blanks();
        match self.peek() {
            None | Some(';' | '\n' | '}' | '#') => Ok(()),
            Some(_) if before == Some('}') && self.gnu() => Ok(()),
            Some(other) => {
                self.at += 1;
                self.wrong(
                    "extra characters after command",
                    &format!("unsupported command {other}"),
                )
            }
        }
    }

    fn command(&mut self, index: usize) -> Parsed<Command> {
        // BusyBox takes line 0 for no address, and a comma without one before it for none that fits.
        let from = match self.address()? {
            Some(Address::Line(0)) if !self.gnu() && self.peek() != Some(',') => None,
            None if !self.gnu() && self.peek() == Some(',') => Some(Address::Line(usize::MAX)),
            from => from,
        };
        let mut to = None;
        if self.gnu() {
            self.blanks();
        }
        if from.is_some() && self.peek() == Some(',') {
            self.at += 1;
            self.blanks();
            to = self.second_address()?;
            if to.is_none() {
                // GNU has read the letter that is no address.
                self.at += usize::from(self.gnu() && self.peek().is_some());
                return self.wrong("unexpected `,'", "no address after comma");
            }
        }
        let nought = matches!(from, Some(Address::Line(0) | Address::Step(0, 0)));
        let zero = nought && (self.reading.posix || !matches!(to, Some(Address::Match(_))));
        // `0r`: before the first line.
        let first = zero && to.is_none() && self.peek() == Some('r') && !self.reading.posix;
        if zero && self.gnu() && !first {
            return self.wrong_at(self.at + 1, "invalid usage of line address 0", "");
        }
        self.blanks();
        let mut negated = false;
        while self.peek() == Some('!') {
            self.at += 1;
            if negated {
                return self.wrong("multiple `!'s", "unsupported command !");
            }
            negated = true;
            self.blanks();
        }
        let Some(letter) = self.next() else {
            return self.wrong("missing command", "missing command");
        };
        if to.is_some() && "=ir".contains(letter) && !self.gnu() && letter == 'i' {
            return self.wrong("", "command 'i' uses only one address");
        }
        if let Some(why) = self.refuses_address(letter, from.as_ref(), to.as_ref()) {
            // The number behind the sign is read, too.
            let number = matches!(letter, '+' | '~');
            return self.wrong_at(self.at + usize::from(number), why, "");
        }
        if self.reading.sandbox && "erRwW".contains(letter) {
            return self.wrong(SANDBOX, "");
        }
        let action = match self.action(letter, index)? {
            Action::ReadFile { file, .. } if first => Action::ReadFile { file, before: true },
            action => action,
        };
        let from = if first { Some(Address::Line(1)) } else { from };
        Ok(Command { from, to, negated, action })
    }

    /// What GNU's says of a command that takes no address, or one alone.
    fn refuses_address(
        &self,
        letter: char,
        from: Option<&Address>,
        to: Option<&Address>,
    ) -> Option<&'static str> {
        match letter {
            _ if !self.gnu() => None,
            'q' | 'Q' if to.is_some() => Some("command only uses one address"),
            '+' | '~' if from.is_none() => Some("invalid usage of +N or ~N as first address"),
            _ if from.is_none() => None,
            ':' => Some(": doesn't want any addresses"),
            '#' => Some("comments don't accept any addresses"),
            // Where no block is open it is that which is wrong.
            '}' if self.open > 0 => Some("`}' doesn't want any addresses"),
            _ => None,
        }
    }

    fn number(&mut self) -> usize {
        let mut value = 0_usize;
        while let Some(digit) = self.peek().and_then(|next| next.to_digit(10)) {
            value = value.saturating_mul(10).saturating_add(digit as usize);
            self.at += 1;
        }
        value
    }

    fn address(&mut self) -> Parsed<Option<Address>> {
        Ok(match self.peek() {
            Some('0'..='9') => {
                let line = self.number();
                if self.adds() && self.peek() == Some('~') {
                    self.at += 1;
                    return Ok(Some(Address::Step(line, self.number())));
                }
                Some(Address::Line(line))
            }
            Some('$') => {
                self.at += 1;
                Some(Address::Last)
            }
            Some('/') => {
                self.at += 1;
                Some(self.match_address('/')?)
            }
            Some('\\') => {
                self.at += 1;
                let Some(close) = self.next() else {
                    return self.wrong("unterminated address regex", "bad format");
                };
                Some(self.match_address(close)?)
            }
            _ => None,
        })
    }

    fn second_address(&mut self) -> Parsed<Option<Address>> {
        match self.peek() {
            Some('+') if !self.reading.posix => {
                self.at += 1;
                Ok(Some(Address::More(self.number())))
            }
            Some('~') if self.adds() => {
                self.at += 1;
                Ok(Some(Address::Multiple(self.number())))
            }
            _ => self.address(),
        }
    }

    fn match_address(&mut self, close: char) -> Parsed<Address> {
        let Some(pattern) = self.until(close, true) else {
            let busybox = format!("unmatched '{close}'");
            return self.wrong("unterminated address regex", &busybox);
        };
        let (mut fold, mut lines) = (false, false);
        while self.adds() && matches!(self.peek(), Some('I' | 'M')) {
            match self.next() {
                Some('I') => fold = true,
                _ => lines = true,
            }
        }
        if pattern.is_empty() && (fold || lines) {
            return self.wrong("cannot specify modifiers on empty regexp", "");
        }
        Ok(Address::Match(self.regex(&pattern, fold, lines)?))
    }

    /// A pattern; `None` for the empty one, which stands for the last one used.
    fn regex(&self, pattern: &str, fold: bool, lines: bool) -> Parsed<Option<Regex>> {
        if pattern.is_empty() {
            return Ok(None);
        }
        let syntax = match (self.reading.extended, self.gnu() && !self.reading.posix) {
            (true, true) => Syntax::Extended,
            (false, true) => Syntax::Basic,
            (true, false) => Syntax::PosixExtended,
            (false, false) => Syntax::PosixBasic,
        };
        let shown = pattern.replace('\n', "\\n");
        let plain = self.reading.posix && !self.reading.extended;
        let pattern = if plain { &without_additions(pattern) } else { pattern };
        match compile(pattern, syntax, fold) {
            Ok(regex) => Ok(Some(if lines { regex.by_lines() } else { regex })),
            Err(why) => self.wrong(&why, &format!("bad regex '{shown}': {why}")),
        }
    }

    fn action(&mut self, letter: char, index: usize) -> Parsed<Action> {
        Ok(match letter {
            'd' => Action::Delete,
            'D' => Action::DeleteFirst,
            'p' => Action::Print,
            'P' => Action::PrintFirst,
            'n' => Action::Next,
            'N' => Action::NextAppended,
            'h' | 'H' => Action::Hold { append: letter == 'H' },
            'g' | 'G' => Action::Get { append: letter == 'G' },
            'x' => Action::Exchange,
            '=' => Action::Number,
            'l' => {
                self.blanks();
                let given = self.peek().is_some_and(|next| next.is_ascii_digit());
                // BusyBox knows the letter, and does nothing.
                if !self.gnu() {
                    return Ok(Action::Nothing);
                }
                Action::List(given.then(|| self.number()))
            }
            'q' | 'Q' if letter == 'q' || self.gnu() => {
                self.blanks();
                if !self.gnu() && self.peek().is_some_and(|next| next.is_ascii_digit()) {
                    return self.wrong("", "missing command");
                }
                let status = i32::try_from(self.number() & 0xff).unwrap_or(0);
                Action::Quit { print: letter == 'q', status }
            }
            '{' => Action::Block(0),
            '}' => Action::Nothing,
            ':' => self.label(index)?,
            'b' | 't' => self.branch(letter, index),
            'T' if !self.reading.posix => self.branch(letter, index),
            's' => Action::Substitute(Box::new(self.substitute()?)),
            'y' => self.translate()?,
            'a' | 'i' | 'c' => self.text_command(letter)?,
            'r' => Action::ReadFile { file: self.file_name()?, before: false },
            'R' if self.adds() => Action::ReadLine(self.file_name()?),
            'w' => Action::Write { file: self.file_name()?, first: false },
            'W' if self.adds() => Action::Write { file: self.file_name()?, first: true },
            'e' if self.adds() => {
                let command = self.rest_of_line();
                Action::Run(Some(command).filter(|command| !command.is_empty()))
            }
            'F' if self.adds() => Action::FileName,
            'z' if self.adds() => Action::Zap,
            'v' if self.adds() => self.version()?,
            other => {
                let gnu = format!("unknown command: `{other}'");
                return self.wrong(&gnu, &format!("unsupported command {other}"));
            }
        })
    }

    /// `v 4.2`: which version the script needs.
    fn version(&mut self) -> Parsed<Action> {
        self.blanks();
        let wanted = self.line_word();
        let major = wanted.split('.').next().and_then(|major| major.parse::<u32>().ok());
        match major.is_some_and(|major| major > 4) {
            true => self.wrong_at(self.at, "expected newer version of sed", ""),
            false => Ok(Action::Nothing),
        }
    }

    fn label(&mut self, index: usize) -> Parsed<Action> {
        self.blanks();
        let at = self.at;
        let mut label = String::new();
        let gnu = self.gnu();
        let ends = |next: &char| matches!(next, '\n' | ';') || gnu && next.is_whitespace();
        while let Some(next) = self.peek().filter(|next| !ends(next)) {
            label.push(next);
            self.at += 1;
        }
        let label = label.trim_end().to_owned();
        if label.is_empty() && self.gnu() {
            return self.wrong_at(at, "\":\" lacks a label", "bad label");
        }
        self.labels.push((label, index));
        self.labelled = true;
        Ok(Action::Nothing)
    }

    fn branch(&mut self, letter: char, index: usize) -> Action {
        self.blanks();
        let label = self.line_word();
        self.branches.push((index, label));
        let when = match letter {
            'b' => When::Always,
            't' => When::Changed,
            _ => When::Unchanged,
        };
        Action::Branch { when, to: 0 }
    }

    /// The word up to a separator.
    fn line_word(&mut self) -> String {
        let mut word = String::new();
        while let Some(next) = self.peek().filter(|next| !matches!(next, '\n' | ';' | '}' | ' ')) {
            word.push(next);
            self.at += 1;
        }
        word
    }
}
