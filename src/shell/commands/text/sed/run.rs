//! Running a script over lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::input::{Input, Line, Next};
use super::parse::{Action, Address, Case, Command, Piece, Substitute, UNTERMINATED, When, pieces};
use crate::cluster::Flavour;
use crate::shell::Io;
use crate::shell::commands::text::regex::Regex;

/// A script at work on one stream of lines. It can stop in the middle of a cycle, where a command
/// wants a line that is not there yet.
#[derive(Clone)]
pub(super) struct Sed {
    pub commands: Arc<[Command]>,
    pub quiet: bool,
    pub flavour: Flavour,
    /// `--posix`
    pub posix: bool,
    /// `-z`: what ends a line.
    pub end: char,
    /// `-l`: where `l` breaks lines.
    pub width: usize,
    /// For each command with two addresses: up to which line it goes on; `usize::MAX` for a pattern.
    pub ranges: Vec<Option<usize>>,
    /// And whether it began at the line that it names, which it does once.
    pub begun: Vec<bool>,
    pub state: SedState,
}

/// Where it is.
#[derive(Clone, Default)]
pub(super) struct SedState {
    pub number: usize,
    space: String,
    hold: String,
    /// Whether the last line that was read had a newline, and so what the pattern space holds.
    ended: bool,
    /// Whether what the hold space holds had none.
    open: bool,
    /// The next command; `None` between two cycles.
    at: Option<usize>,
    changed: bool,
    after: Vec<After>,
    last: Option<Regex>,
    /// Whether the newline behind the last line that was printed is still missing.
    missing: bool,
    /// The same of what `w` wrote to `/dev/stdout`.
    missing_in_file: bool,
    /// A new cycle begins with what is there (`D`).
    keep: bool,
    /// What `w` writes to files.
    pub written: BTreeMap<String, String>,
    /// How many lines `R` has taken of each file.
    taken: BTreeMap<String, usize>,
    steps: u64,
    /// Whether the output of the command that runs replaces the pattern space, which may be printed then.
    replaces: Option<bool>,
}

/// What is printed at the end of a cycle.
#[derive(Clone)]
enum After {
    Text(String),
    File(String),
    Line(String),
}

/// How far a step came.
pub(super) enum Came {
    /// A line is needed that is not there yet.
    Waits,
    /// A command is to be run; [`Sed::answered`] takes what it prints.
    Runs(String),
    Ended(i32),
}

/// What a command leads to.
enum Flow {
    On,
    To(usize),
    /// The cycle ends; whether the pattern space is printed.
    Cycle {
        print: bool,
    },
    /// Nothing more is read; whether the pattern space is printed.
    Quit {
        print: bool,
        status: i32,
    },
    Wait,
    /// A command is run. Whether what it prints replaces the pattern space, which may be printed then.
    Run {
        command: String,
        replaces: Option<bool>,
    },
}

/// Commands that one line may take: a script's own loop ends here.
const STEPS: u64 = 5_000_000;

/// Commands for a step of the shell's.
const PER_STEP: u64 = 4;

/// Bytes of the pattern space and the hold space.
const LONGEST: usize = 2 << 20;

impl SedState {
    /// What a command does to the pattern space, the hold space, and to what follows the cycle.
    fn change(&mut self, action: &Action) {
        match action {
            Action::Translate(from, to) => {
                let turn = |letter| match from.iter().position(|from| *from == letter) {
                    Some(at) => to.get(at).copied().unwrap_or(letter),
                    None => letter,
                };
                self.space = self.space.chars().map(turn).collect();
            }
            Action::Hold { append } => {
                match append {
                    true => {
                        self.hold.push('\n');
                        self.hold.push_str(&self.space);
                    }
                    false => self.hold.clone_from(&self.space),
                }
                self.open = !self.ended;
            }
            Action::Get { append } => {
                match append {
                    true => {
                        self.space.push('\n');
                        self.space.push_str(&self.hold);
                    }
                    false => self.space.clone_from(&self.hold),
                }
                // It ends as the hold space does.
                self.ended = !self.open;
            }
            Action::Exchange => {
                std::mem::swap(&mut self.space, &mut self.hold);
                (self.open, self.ended) = (!self.ended, !self.open);
            }
            Action::Zap => self.space.clear(),
            Action::Append(text) => self.after.push(After::Text(text.clone())),
            Action::ReadFile { file, before: false } => self.after.push(After::File(file.clone())),
            Action::ReadLine(file) => self.after.push(After::Line(file.clone())),
            _ => {}
        }
    }
}

impl Sed {
    /// Goes on until a line is missing or the script ends.
    pub fn go(&mut self, input: &mut Input, io: &mut Io<'_>, out: &mut String) -> Came {
        loop {
            if self.state.at.is_none() {
                if !std::mem::take(&mut self.state.keep) {
                    match input.next(io) {
                        Next::Wait => return Came::Waits,
                        Next::End => return Came::Ended(input.failed),
                        Next::Line(line) => self.take(line, input),
                    }
                }
                self.state.at = Some(0);
                self.state.changed = false;
            }
            let at = self.state.at.unwrap_or(0);
            self.state.steps += 1;
            if !self.pays(io) {
                return Came::Ended(1);
            }
            if self.state.steps > STEPS {
                io.write_error("podhop: this sed script does not come to an end");
                return Came::Ended(1);
            }
            let flow = match at < self.commands.len() {
                true => self.command(at, input, io, out),
                false => Flow::Cycle { print: true },
            };
            match flow {
                Flow::Wait => return Came::Waits,
                Flow::Run { command, replaces } => {
                    self.state.at = Some(at + 1);
                    self.state.replaces = replaces;
                    return Came::Runs(command);
                }
                Flow::On => self.state.at = Some(at + 1),
                Flow::To(to) => self.state.at = Some(to),
                Flow::Cycle { print } => {
                    self.finish(print, io, out);
                    self.state.at = None;
                    self.state.steps = 0;
                }
                Flow::Quit { print, status } => {
                    self.finish(print, io, out);
                    return Came::Ended(status);
                }
            }
        }
    }

    /// Takes what a command has printed.
    pub fn answered(&mut self, printed: &str, out: &mut String) {
        let Some(shown) = self.state.replaces else { return self.raw(printed, out) };
        printed.strip_suffix('\n').unwrap_or(printed).clone_into(&mut self.state.space);
        if shown {
            self.print_space(out);
        }
    }

    /// Pays for the next command by what it has to work on. Whether it may run.
    fn pays(&mut self, io: &mut Io<'_>) -> bool {
        let held = self.state.space.len() + self.state.hold.len();
        if held > LONGEST {
            io.write_error(format!("podhop: this sed script holds more than {LONGEST} bytes"));
            return false;
        }
        let turn = u64::from(self.state.steps.is_multiple_of(PER_STEP));
        io.budget.take(turn + held as u64 / 64)
    }

    fn take(&mut self, line: Line, input: &Input) {
        if line.first_of_separate {
            self.state.number = 0;
            self.ranges.fill(None);
            self.begun.fill(false);
        }
        self.state.number += 1;
        self.state.space = line.text;
        self.state.ended = line.ended;
        let _ = input;
    }

    /// The end of a cycle.
    fn finish(&mut self, print: bool, io: &mut Io<'_>, out: &mut String) {
        if print && !self.quiet {
            self.print_space(out);
        }
        let after = std::mem::take(&mut self.state.after);
        if !after.is_empty() && self.flavour == Flavour::Gnu {
            self.finish_line(out);
        }
        for after in after {
            match after {
                After::Text(text) => self.raw(&text, out),
                After::File(file) => {
                    let text = self.content(io, &file);
                    self.raw(&text, out);
                }
                After::Line(file) => {
                    let taken = self.state.taken.entry(file.clone()).or_default();
                    let text = io.read_file(&file).unwrap_or_default();
                    let text = String::from_utf8_lossy(&text).into_owned();
                    if let Some(line) = text.lines().nth(*taken) {
                        *taken += 1;
                        self.raw(&format!("{line}\n"), out);
                    }
                }
            }
        }
    }

    /// What `r` prints of a file; nothing of one that is not there.
    fn content(&self, io: &Io<'_>, file: &str) -> String {
        let bytes = io.read_file(file).unwrap_or_default();
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if self.flavour == Flavour::BusyBox && !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    /// Prints text that brings its own newlines.
    fn raw(&mut self, text: &str, out: &mut String) {
        if text.is_empty() {
            return;
        }
        self.finish_line(out);
        out.push_str(text);
    }

    /// Prints the newline that is missing behind what was printed last.
    fn finish_line(&mut self, out: &mut String) {
        if std::mem::take(&mut self.state.missing) {
            out.push(self.end);
        }
    }

    /// Prints the pattern space; without a newline when its line had none.
    fn print_space(&mut self, out: &mut String) {
        let text = self.state.space.clone();
        self.print(&text, self.state.ended, out);
    }

    fn print(&mut self, text: &str, ended: bool, out: &mut String) {
        self.finish_line(out);
        out.push_str(text);
        match ended {
            true => out.push(self.end),
            false => self.state.missing = true,
        }
    }

    /// Whether an address fits the line; `None` while that can't be known yet.
    fn fits(
        &mut self,
        index: usize,
        second: bool,
        input: &mut Input,
        io: &mut Io<'_>,
    ) -> Option<bool> {
        let number = self.state.number;
        let command = &self.commands[index];
        let address = if second { &command.to } else { &command.from };
        Some(match address {
            None => true,
            Some(Address::Line(wanted)) => *wanted == number,
            Some(Address::Last) => return input.is_last(io),
            Some(Address::Match(pattern)) => {
                let pattern = pattern.clone().or_else(|| self.state.last.clone());
                let Some(pattern) = pattern else { return Some(false) };
                let found = pattern.is_match(&self.state.space);
                io.budget.take(pattern.work());
                self.state.last = Some(pattern);
                found
            }
            Some(Address::Step(first, 0)) => *first == number,
            Some(Address::Step(first, step)) => {
                number >= *first && (number - first).is_multiple_of(*step)
            }
            Some(Address::More(_) | Address::Multiple(_)) => false,
        })
    }

    fn applies(&mut self, index: usize, input: &mut Input, io: &mut Io<'_>) -> Option<bool> {
        let (number, negated) = (self.state.number, self.commands[index].negated);
        let two = self.commands[index].to.is_some();
        if !two {
            return Some(self.fits(index, false, input, io)? != negated);
        }
        let end = self.ranges[index];
        let inside = match end {
            Some(usize::MAX) => {
                if self.fits(index, true, input, io)? {
                    self.ranges[index] = None;
                }
                true
            }
            Some(end) => {
                if end <= number {
                    self.ranges[index] = None;
                }
                end >= number
            }
            // `0,/x/` has begun before the first line, which may end it already.
            None if self.begins_at_zero(index) => {
                let ends = self.fits(index, true, input, io)?;
                self.ranges[index] = (!ends).then_some(usize::MAX);
                true
            }
            None if self.begins(index, input, io)? => {
                let end = match &self.commands[index].to {
                    // A line that has passed already ends nothing but a range that begins where it says.
                    Some(Address::Line(end)) if self.is_late(index, *end) => return Some(negated),
                    Some(Address::Line(end)) => *end,
                    Some(Address::More(more)) => number.saturating_add(*more),
                    Some(Address::Multiple(0)) => number,
                    Some(Address::Multiple(of)) => number.saturating_add(of - number % of),
                    _ => usize::MAX,
                };
                self.ranges[index] = Some(end).filter(|end| *end > number);
                true
            }
            None => false,
        };
        Some(inside != negated)
    }

    /// Whether a range begins here. One from a line begins at the first line behind it, too, where other
    /// commands have swallowed that line.
    fn begins(&mut self, index: usize, input: &mut Input, io: &mut Io<'_>) -> Option<bool> {
        let Some(Address::Line(from)) = self.commands[index].from else {
            return self.fits(index, false, input, io);
        };
        let begins = !self.begun[index] && from > 0 && self.state.number >= from;
        self.begun[index] |= begins;
        Some(begins)
    }

    /// Whether a range that begins here after its own beginning is over already; BusyBox takes its line.
    fn is_late(&self, index: usize, end: usize) -> bool {
        let number = self.state.number;
        let behind =
            matches!(self.commands[index].from, Some(Address::Line(from)) if from < number);
        self.flavour == Flavour::Gnu && behind && end < number
    }

    fn begins_at_zero(&self, index: usize) -> bool {
        let zero = matches!(self.commands[index].from, Some(Address::Line(0)));
        zero && self.state.number == 1 && self.flavour == Flavour::Gnu
    }

    fn command(&mut self, at: usize, input: &mut Input, io: &mut Io<'_>, out: &mut String) -> Flow {
        let Command { from, to, .. } = &self.commands[at];
        let bare = |address: &Option<Address>| matches!(address, Some(Address::Match(None)));
        if self.state.last.is_none() && (bare(from) || bare(to)) {
            return self.no_previous(io);
        }
        match self.applies(at, input, io) {
            None => return Flow::Wait,
            Some(false) => {
                return match self.commands[at].action {
                    Action::Block(UNTERMINATED) => {
                        io.write_error("sed: unterminated {");
                        Flow::Quit { print: false, status: 1 }
                    }
                    Action::Block(end) => Flow::To(end),
                    _ => Flow::On,
                };
            }
            Some(true) => {}
        }
        self.act(at, input, io, out)
    }

    /// Does what a command says.
    fn act(&mut self, at: usize, input: &mut Input, io: &mut Io<'_>, out: &mut String) -> Flow {
        let commands = self.commands.clone();
        let state = &mut self.state;
        match &commands[at].action {
            Action::Substitute(substitute) => return self.substitute(substitute, io, out),
            Action::Delete => return Flow::Cycle { print: false },
            Action::DeleteFirst => {
                if let Some((_, rest)) = state.space.split_once('\n') {
                    state.space = rest.to_owned();
                    state.keep = true;
                }
                return Flow::Cycle { print: false };
            }
            Action::Quit { print, status } => {
                return Flow::Quit { print: *print, status: *status };
            }
            action @ (Action::Next | Action::NextAppended) => {
                let append = matches!(action, Action::NextAppended);
                return self.next_line(append, input, io, out);
            }
            Action::Change(text) => {
                if self.ranges[at].is_none() || commands[at].negated {
                    self.raw(text, out);
                }
                return Flow::Cycle { print: false };
            }
            Action::Branch { when, to } => {
                let taken = match when {
                    When::Always => true,
                    When::Changed => std::mem::take(&mut state.changed),
                    When::Unchanged => !std::mem::take(&mut state.changed),
                };
                if taken {
                    return Flow::To(*to);
                }
            }
            Action::Write { file, first } => {
                let text = self.state.space.clone();
                let line = text.split('\n').next().unwrap_or_default();
                self.write(file, if *first { line } else { &text }, io, out);
            }
            Action::ReadFile { file, before: true } => {
                let text = self.content(io, file);
                self.raw(&text, out);
            }
            Action::Run(command) => {
                let replaces = command.is_none().then_some(false);
                let command = command.clone().unwrap_or_else(|| state.space.clone());
                return Flow::Run { command, replaces };
            }
            Action::FileName => {
                let name = format!("{}\n", input.name());
                self.raw(&name, out);
            }
            action => {
                state.change(action);
                self.show(action, out);
            }
        }
        Flow::On
    }

    /// Prints what a command prints.
    fn show(&mut self, action: &Action, out: &mut String) {
        let state = &self.state;
        match action {
            // BusyBox ends even a last line that has no newline.
            Action::Print if self.flavour == Flavour::BusyBox => {
                let text = state.space.clone();
                self.print(&text, true, out);
            }
            Action::Print => self.print_space(out),
            Action::PrintFirst => {
                let (first, more) = match state.space.split_once('\n') {
                    Some((first, _)) => (first.to_owned(), true),
                    None => (state.space.clone(), false),
                };
                let ended = more || state.ended || self.flavour == Flavour::BusyBox;
                self.print(&first, ended, out);
            }
            Action::Number => {
                let number = state.number;
                self.raw(&format!("{number}\n"), out);
            }
            Action::Insert(text) => self.raw(text, out),
            Action::List(width) => {
                let text = listed(&state.space, width.unwrap_or(self.width));
                self.raw(&text, out);
            }
            _ => {}
        }
    }

    /// `n` and `N`.
    fn next_line(
        &mut self,
        append: bool,
        input: &mut Input,
        io: &mut Io<'_>,
        out: &mut String,
    ) -> Flow {
        match input.is_last(io) {
            None => return Flow::Wait,
            // `N` at the end prints the pattern space, but by POSIX.
            Some(true) => {
                return Flow::Quit { print: !append || !self.posix, status: input.failed };
            }
            Some(false) => {}
        }
        if !append && !self.quiet {
            self.print_space(out);
        }
        let Next::Line(line) = input.next(io) else { return Flow::Wait };
        self.state.number += 1;
        self.state.ended = line.ended;
        match append {
            true => {
                self.state.space.push(self.end);
                self.state.space.push_str(&line.text);
            }
            false => self.state.space = line.text,
        }
        Flow::On
    }

    fn write(&mut self, file: &str, text: &str, io: &mut Io<'_>, out: &mut String) {
        let end = if self.state.ended { "\n" } else { "" };
        match file {
            // It is written to as a file of its own, which knows nothing of what was printed.
            "/dev/stdout" => {
                if std::mem::replace(&mut self.state.missing_in_file, !self.state.ended) {
                    out.push(self.end);
                }
                *out += &format!("{text}{end}");
            }
            "/dev/stderr" => {
                io.stdout.extend_from_slice(std::mem::take(out).as_bytes());
                io.put_error(format!("{text}{end}").as_bytes());
            }
            file => {
                let written = self.state.written.entry(file.to_owned()).or_default();
                if !written.is_empty() && !written.ends_with('\n') {
                    written.push('\n');
                }
                *written += &format!("{text}{end}");
            }
        }
    }

    /// An empty pattern stands for the one before, and there is none.
    fn no_previous(&self, io: &mut Io<'_>) -> Flow {
        io.write_error(match self.flavour {
            Flavour::Gnu => "sed: -e expression #1, char 0: no previous regular expression",
            Flavour::BusyBox => "sed: no previous regexp",
        });
        Flow::Quit { print: false, status: 1 }
    }

    fn substitute(&mut self, rule: &Substitute, io: &mut Io<'_>, out: &mut String) -> Flow {
        let Some(pattern) = rule.pattern.clone().or_else(|| self.state.last.clone()) else {
            return self.no_previous(io);
        };
        let changed = replace(&self.state.space, &pattern, rule);
        io.budget.take(pattern.work());
        self.state.last = Some(pattern);
        if let Some(changed) = changed {
            self.state.space = changed;
            self.state.changed = true;
            if rule.runs {
                let command = self.state.space.clone();
                return Flow::Run { command, replaces: Some(rule.print) };
            }
            if rule.print {
                self.print_space(out);
            }
            if let Some(file) = &rule.file {
                let text = self.state.space.clone();
                self.write(file, &text, io, out);
            }
        }
        Flow::On
    }
}

/// A text with what a pattern finds replaced as `s` replaces it, for other tools that take its expressions;
/// none where nothing is found.
pub(in crate::shell::commands) fn replaced(
    line: &str,
    pattern: &Regex,
    text: &str,
    all: bool,
) -> Option<String> {
    let text = pieces(text, true, true);
    let rule =
        Substitute { pattern: None, text, nth: 1, all, print: false, file: None, runs: false };
    replace(line, pattern, &rule)
}

fn replace(line: &str, pattern: &Regex, rule: &Substitute) -> Option<String> {
    let mut out = String::new();
    let (mut end, mut at, mut count, mut last) = (0, 0, 0, None);
    // A text that becomes too long is refused before the next command.
    while at <= line.len() && out.len() <= LONGEST {
        let Some(groups) = pattern.captures_at(line, at) else { break };
        let Some((start, stop)) = groups[0] else { break };
        // An empty piece right behind another does not count.
        if start < stop || last != Some(start) {
            count += 1;
            last = Some(stop);
            if count >= rule.nth {
                out.push_str(&line[end..start]);
                put_pieces(&mut out, line, &groups, &rule.text);
                end = stop;
                if !rule.all {
                    break;
                }
            }
        }
        at = match stop > start {
            true => stop,
            false => stop + line[stop..].chars().next().map_or(1, char::len_utf8),
        };
    }
    out.push_str(&line[end..]);
    (count >= rule.nth).then_some(out)
}

fn put_pieces(out: &mut String, line: &str, groups: &[Option<(usize, usize)>], pieces: &[Piece]) {
    let (mut case, mut once) = (Case::End, None);
    for piece in pieces {
        let text = match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Group(group) => {
                groups.get(*group).copied().flatten().map_or("", |(start, end)| &line[start..end])
            }
            Piece::Case(next @ (Case::UpperNext | Case::LowerNext)) => {
                once = Some(*next);
                continue;
            }
            Piece::Case(next) => {
                case = *next;
                continue;
            }
        };
        for letter in text.chars() {
            match (once.take(), case) {
                (Some(Case::UpperNext), _) | (None, Case::Upper) => {
                    out.extend(letter.to_uppercase())
                }
                (Some(_), _) | (None, Case::Lower) => out.extend(letter.to_lowercase()),
                _ => out.push(letter),
            }
        }
    }
}

/// `l`: every letter visible, broken at `width`.
fn listed(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for letter in text.chars() {
        let shown = match letter {
            '\\' => "\\\\".to_owned(),
            '\u{7}' => "\\a".to_owned(),
            '\u{8}' => "\\b".to_owned(),
            '\u{c}' => "\\f".to_owned(),
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            '\t' => "\\t".to_owned(),
            '\u{b}' => "\\v".to_owned(),
            ' '..='~' => letter.to_string(),
            other => {
                let mut bytes = [0; 4];
                let text = other.encode_utf8(&mut bytes);
                text.bytes().map(|byte| format!("\\{byte:03o}")).collect()
            }
        };
        if width > 1 && column + shown.len() > width - 1 {
            out.push_str("\\\n");
            column = 0;
        }
        column += shown.len();
        out.push_str(&shown);
    }
    out + "$\n"
}
