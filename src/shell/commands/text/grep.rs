//! `grep`: GNU's, and BusyBox' where it differs.

mod arguments;
mod files;

use std::collections::VecDeque;

use super::lines::{Filter, cannot_open};
use super::regex::Regex;
use super::regex::perl::Perl;
use crate::cluster::Flavour;
use crate::shell::Io;

pub(in crate::shell::commands) use arguments::grep;

/// What is looked for.
#[derive(Clone)]
enum Matcher {
    Posix(Regex),
    /// `-P`
    Perl(regex::Regex),
    /// The same, with what that engine lacks.
    FullPerl(Perl),
}

impl Matcher {
    fn find_all(&self, line: &str) -> Vec<(usize, usize)> {
        match self {
            Matcher::Posix(regex) => regex.find_all(line),
            Matcher::Perl(regex) => {
                regex.find_iter(line).map(|found| (found.start(), found.end())).collect()
            }
            Matcher::FullPerl(perl) => perl.find_all(line),
        }
    }

    /// What looking for it has cost since the last call, in the shell's steps.
    fn work(&self) -> u64 {
        match self {
            Matcher::Posix(regex) => regex.work(),
            Matcher::Perl(_) => 0,
            Matcher::FullPerl(perl) => perl.work(),
        }
    }

    fn is_match(&self, line: &str) -> bool {
        match self {
            Matcher::Posix(regex) => regex.is_match(line),
            Matcher::Perl(regex) => regex.is_match(line),
            Matcher::FullPerl(perl) => perl.is_match(line),
        }
    }
}

/// Which pieces of a line count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Anything,
    /// `-w`
    Word,
    /// `-x`
    Line,
}

#[derive(Clone)]
struct Grep {
    flavour: Flavour,
    patterns: Vec<Matcher>,
    whole: Whole,
    invert: bool,
    count: bool,
    numbers: bool,
    offsets: bool,
    only: bool,
    quiet: bool,
    list: Option<bool>,
    silent: bool,
    names: bool,
    /// What standard input is called.
    label: String,
    /// `-z`: lines end with a NUL.
    null_data: bool,
    /// `-Z`: a NUL behind file names.
    null: bool,
    tab: bool,
    colour: bool,
    /// How what was found is painted (`GREP_COLORS`).
    paint: String,
    text: bool,
    skip_binary: bool,
    before: usize,
    after: usize,
    /// Whether something stands between lines that are not next to each other.
    apart: bool,
    /// What stands between groups of lines.
    separator: Option<String>,
    most: Option<usize>,
    file: File,
    any: bool,
    /// Whether a group of lines has been shown in any file.
    shown_any: bool,
}

/// What is known of the present file.
#[derive(Clone, Default)]
struct File {
    name: String,
    /// How wide numbers are with `-T`.
    digits: usize,
    line: usize,
    /// Where the present line begins, in bytes.
    offset: usize,
    found: usize,
    earlier: VecDeque<(usize, usize, String)>,
    /// How many lines after a match are still to be shown.
    follow: usize,
    /// The number of the line that was shown last.
    shown: Option<usize>,
    binary: bool,
    done: bool,
}

fn is_word(letter: Option<char>) -> bool {
    letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
}

impl Grep {
    /// The pieces of a line that count.
    fn pieces(&self, line: &str) -> Vec<(usize, usize)> {
        let mut all: Vec<(usize, usize)> = Vec::new();
        for pattern in &self.patterns {
            all.extend(pattern.find_all(line).into_iter().filter(
                |(start, end)| match self.whole {
                    Whole::Anything => true,
                    Whole::Word => {
                        !is_word(line[..*start].chars().next_back())
                            && !is_word(line[*end..].chars().next())
                    }
                    Whole::Line => *start == 0 && *end == line.len(),
                },
            ));
        }
        // The leftmost and longest piece of all patterns; nothing that overlaps it.
        all.sort_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
        let mut kept: Vec<(usize, usize)> = Vec::new();
        for piece in all {
            if kept.last().is_none_or(|last| piece.0 >= last.1) {
                kept.push(piece);
            }
        }
        kept
    }

    fn matches(&self, line: &str) -> bool {
        let found = match self.whole {
            Whole::Anything => self.patterns.iter().any(|pattern| pattern.is_match(line)),
            Whole::Word | Whole::Line => !self.pieces(line).is_empty(),
        };
        found != self.invert
    }

    fn name(&self) -> &str {
        match self.file.name.as_str() {
            "-" => &self.label,
            name => name,
        }
    }

    /// What stands before a line: name, number, offset.
    fn prefix(&self, number: usize, offset: usize, mark: char) -> String {
        let (name_on, number_on, mark_on, off) = match self.colour {
            true => ("\x1b[35m\x1b[K", "\x1b[32m\x1b[K", "\x1b[36m\x1b[K", "\x1b[m\x1b[K"),
            false => ("", "", "", ""),
        };
        let mut text = String::new();
        if self.names {
            text += &format!("{name_on}{}{off}", self.name());
            match self.null {
                true => text.push('\0'),
                false => text += &format!("{mark_on}{mark}{off}"),
            }
        }
        // As many digits as the file's length has.
        let wide = if self.tab { self.file.digits } else { 0 };
        if self.numbers {
            text += &format!("{number_on}{number:>wide$}{off}{mark_on}{mark}{off}");
        }
        if self.offsets {
            text += &format!("{number_on}{offset:>wide$}{off}{mark_on}{mark}{off}");
        }
        if self.tab && !text.is_empty() {
            text.push('\t');
        }
        text
    }

    fn print(&mut self, io: &mut Io<'_>, (number, offset): (usize, usize), line: &str, mark: char) {
        let gap = match self.file.shown {
            Some(shown) => number > shown + 1,
            None => self.shown_any,
        };
        if gap
            && self.apart
            && !self.only
            && let Some(separator) = &self.separator
        {
            let separator = match self.colour {
                true => format!("\x1b[36m\x1b[K{separator}\x1b[m\x1b[K"),
                false => separator.clone(),
            };
            io.say(separator);
        }
        self.file.shown = Some(number);
        self.shown_any = true;
        let text = self.prefix(number, offset, mark);
        let shown = match self.colour && mark == ':' && !self.invert {
            true => self.coloured(line),
            false => line.to_owned(),
        };
        self.say(io, text + &shown);
    }

    /// Prints a line with its end.
    fn say(&self, io: &mut Io<'_>, line: String) {
        io.stdout.extend_from_slice(line.as_bytes());
        io.stdout.push(self.end_of_line());
    }

    fn coloured(&self, line: &str) -> String {
        let pieces = if self.only { vec![(0, line.len())] } else { self.pieces(line) };
        let (mut out, mut at) = (String::new(), 0);
        for (start, end) in pieces.into_iter().filter(|(start, end)| start < end) {
            let (before, found) = (&line[at..start], &line[start..end]);
            out += &format!("{before}\x1b[{}m\x1b[K{found}\x1b[m\x1b[K", self.paint);
            at = end;
        }
        out + &line[at..]
    }

    fn select(&mut self, line: &str, io: &mut Io<'_>) {
        if self.count || self.list.is_some() {
            return;
        }
        if self.file.binary && !self.text {
            return;
        }
        let at = (self.file.line, self.file.offset);
        if self.only {
            if !self.invert {
                for (start, end) in self.pieces(line) {
                    if start < end {
                        let piece = line[start..end].to_owned();
                        self.print(io, (at.0, at.1 + start), &piece, ':');
                    }
                }
            }
            return;
        }
        for (number, offset, line) in std::mem::take(&mut self.file.earlier) {
            self.print(io, (number, offset), &line, '-');
        }
        self.print(io, at, line, ':');
        self.file.follow = self.after;
    }

    /// A line around those that match.
    fn around(&mut self, line: &str, io: &mut Io<'_>) {
        let at = (self.file.line, self.file.offset);
        let silent = self.count || self.list.is_some() || self.only;
        if self.file.follow > 0 && !silent {
            self.file.follow -= 1;
            self.print(io, at, line, '-');
        } else if self.before > 0 && !silent {
            self.file.earlier.push_back((at.0, at.1, line.to_owned()));
            if self.file.earlier.len() > self.before {
                self.file.earlier.pop_front();
            }
        }
    }
}

impl Filter for Grep {
    fn tool(&self) -> &'static str {
        "grep"
    }

    fn end_of_line(&self) -> u8 {
        if self.null_data { 0 } else { b'\n' }
    }

    fn file(&mut self, name: &str, io: &mut Io<'_>) {
        // The length of a pipe is not known: it may be the greatest.
        let digits = match (self.tab, io.read_file(name)) {
            (true, Ok(content)) => content.len().to_string().len(),
            _ => 19,
        };
        self.file = File { name: name.to_owned(), digits, ..File::default() };
    }

    fn line(&mut self, line: &str, io: &mut Io<'_>) -> Option<i32> {
        self.file.line += 1;
        if line.contains('\0') {
            self.file.binary = true;
        }
        let enough = self.most.is_some_and(|most| self.file.found >= most);
        let binary = self.file.binary && !self.text && self.flavour == Flavour::Gnu;
        if !enough && self.matches(line) && !(binary && self.skip_binary) {
            // With -L BusyBox succeeds by the files that it lists.
            self.any |= self.flavour == Flavour::Gnu || self.list != Some(false);
            self.file.found += 1;
            if self.quiet {
                return Some(0);
            }
            if binary && !self.count && self.list.is_none() {
                if !std::mem::replace(&mut self.file.done, true) {
                    io.write_error(format!("grep: {}: binary file matches", self.name()));
                }
            } else {
                self.select(line, io);
            }
        } else if !enough || self.file.follow > 0 {
            self.around(line, io);
        }
        self.file.offset += line.len() + 1;
        let work = self.patterns.iter().map(Matcher::work).sum();
        (!io.budget.take(work)).then_some(2)
    }

    fn file_end(&mut self, io: &mut Io<'_>) {
        if self.quiet {
            return;
        }
        if let Some(wanted) = self.list {
            if (self.file.found > 0) == wanted {
                let name = self.name().to_owned();
                match self.null {
                    true => io.stdout.extend_from_slice(format!("{name}\0").as_bytes()),
                    false => io.say(name),
                }
                self.any |= !wanted && self.flavour == Flavour::BusyBox;
            }
        } else if self.count {
            let mark = if self.null { '\0' } else { ':' };
            let prefix = if self.names { format!("{}{mark}", self.name()) } else { String::new() };
            io.say(format!("{prefix}{}", self.file.found));
        }
    }

    fn end(&mut self, _: &mut Io<'_>, failed: bool) -> i32 {
        match failed && !(self.quiet && self.any) {
            true => 2,
            false => i32::from(!self.any),
        }
    }

    fn missing(&self, io: &mut Io<'_>, file: &str, why: &str) {
        if !self.silent {
            cannot_open(io, "grep", file, why);
        }
    }
}
