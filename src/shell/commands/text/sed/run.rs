//! Running a script over lines.

use std::sync::Arc;

use super::parse::{Action, Address, Command, Piece};

/// A script at work on one stream of lines.
#[derive(Clone)]
pub(super) struct Sed {
    pub commands: Arc<[Command]>,
    pub quiet: bool,
    /// For each command with two addresses: whether it is between them, and up to which line.
    pub ranges: Vec<Option<usize>>,
    pub number: usize,
}

/// What becomes of a line.
pub(super) enum Fate {
    Keep,
    Drop,
    Quit(i32),
}

impl Sed {
    fn applies(&mut self, index: usize, line: &str, last: bool) -> bool {
        let command = &self.commands[index];
        let number = self.number;
        let fits = |address: &Address| match address {
            Address::Line(wanted) => *wanted == number,
            Address::Last => last,
            Address::Match(pattern) => pattern.is_match(line),
            Address::Step(first, 0) => *first == number,
            Address::Step(first, step) => {
                number >= *first && (number - first).is_multiple_of(*step)
            }
            Address::More(_) => false,
        };
        let inside = match (&command.from, &command.to) {
            (None, _) => true,
            (Some(from), None) => fits(from),
            (Some(from), Some(to)) => match self.ranges[index] {
                Some(end) => {
                    if end == number || end == usize::MAX && fits(to) {
                        self.ranges[index] = None;
                    }
                    end >= number
                }
                None if fits(from) => {
                    self.ranges[index] = match to {
                        Address::Line(end) => Some(*end).filter(|end| *end > number),
                        Address::More(more) => Some(number + more).filter(|end| *end > number),
                        _ => Some(usize::MAX),
                    };
                    true
                }
                None => false,
            },
        };
        inside != command.negated
    }

    /// Runs the script on one line; what it prints goes to `out`.
    pub(super) fn run(&mut self, line: &str, last: bool, out: &mut String) -> Fate {
        self.number += 1;
        let mut space = line.to_owned();
        let mut after = Vec::new();
        let mut fate = Fate::Keep;
        let commands = self.commands.clone();
        let mut at = 0;
        while let Some(command) = commands.get(at) {
            at += 1;
            if !self.applies(at - 1, &space, last) {
                if let Action::Block(end) = command.action {
                    at = end;
                }
                continue;
            }
            match &command.action {
                Action::Substitute { pattern, text, nth, all, print } => {
                    if let Some(changed) = substitute(&space, pattern, text, *nth, *all) {
                        space = changed;
                        if *print {
                            line_to(out, &space);
                        }
                    }
                }
                Action::Delete => {
                    fate = Fate::Drop;
                    break;
                }
                Action::Print => line_to(out, &space),
                Action::Quit(status) => {
                    fate = Fate::Quit(*status);
                    break;
                }
                Action::Next => break,
                Action::Number => line_to(out, &self.number.to_string()),
                Action::Append(text) => after.push(text.clone()),
                Action::Insert(text) => line_to(out, text),
                Action::Change(text) => {
                    if self.ranges[at - 1].is_none() {
                        line_to(out, text);
                    }
                    fate = Fate::Drop;
                    break;
                }
                Action::Translate(from, to) => {
                    let turn = |letter| match from.iter().position(|from| *from == letter) {
                        Some(at) => to[at],
                        None => letter,
                    };
                    space = space.chars().map(turn).collect();
                }
                Action::Block(_) | Action::End => {}
            }
        }
        if !self.quiet && !matches!(fate, Fate::Drop) {
            line_to(out, &space);
        }
        for text in after {
            line_to(out, &text);
        }
        fate
    }
}

pub(super) fn line_to(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

fn substitute(
    line: &str,
    pattern: &regex::Regex,
    text: &[Piece],
    nth: usize,
    all: bool,
) -> Option<String> {
    let mut out = String::new();
    let mut end = 0;
    let mut changed = false;
    for (index, found) in pattern.captures_iter(line).enumerate() {
        if index + 1 < nth {
            continue;
        }
        let whole = found.get(0)?;
        out.push_str(&line[end..whole.start()]);
        for piece in text {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Group(group) => {
                    out.push_str(found.get(*group).map_or("", |part| part.as_str()))
                }
            }
        }
        end = whole.end();
        changed = true;
        if !all {
            break;
        }
    }
    out.push_str(&line[end..]);
    changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn run(script: &str, quiet: bool, text: &str) -> String {
        let commands = parse(script, false).expect("it parses");
        let ranges = vec![None; commands.len()];
        let mut sed = Sed { commands: commands.into(), quiet, ranges, number: 0 };
        let mut out = String::new();
        let count = text.lines().count();
        for (index, line) in text.lines().enumerate() {
            if let Fate::Quit(_) = sed.run(line, index + 1 == count, &mut out) {
                break;
            }
        }
        out
    }

    #[test]
    fn substitution_knows_groups_and_flags() {
        assert_eq!(run("s/a\\(.\\)/[\\1&]/g", false, "ab ac"), "[bab] [cac]\n");
        assert_eq!(run("s|/x|/y|2", false, "/x/x/x"), "/x/y/x\n");
        assert_eq!(run("s/A/b/Ip", true, "a\nc"), "b\n");
    }

    #[test]
    fn addresses_choose_lines() {
        let text = "one\ntwo\nthree\nfour\n";
        assert_eq!(run("2,3d", false, text), "one\nfour\n");
        assert_eq!(run("/two/,$p", true, text), "two\nthree\nfour\n");
        assert_eq!(run("$!d", false, text), "four\n");
        assert_eq!(run("2q", false, text), "one\ntwo\n");
        assert_eq!(run("/three/{s/t/T/;a after\n}", false, text), "one\ntwo\nThree\nafter\nfour\n");
        assert_eq!(run("1~2d", false, text), "two\nfour\n");
    }
}
