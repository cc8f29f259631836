//! Commands whose argument is text: `s`, `y`, `a`, `i`, `c`, `r`, `w`.

use super::replacement::{escapes, highest, pieces};
use super::{Action, Parsed, Reader, SANDBOX, Substitute};

impl Reader {
    /// The text up to `close`; a backslash takes it literally.
    pub(super) fn until(&mut self, close: char, pattern: bool) -> Option<String> {
        let mut text = String::new();
        loop {
            let next = self.next()?;
            match next {
                '\\' => match self.next()? {
                    next if next == close => {
                        // In a pattern it means what it does without a backslash. In what replaces
                        // it, `&` means itself.
                        if close == '&' && !pattern {
                            text.push('\\');
                        }
                        text.push(close);
                    }
                    'n' if pattern => text.push('\n'),
                    next => text.extend(['\\', next]),
                },
                '[' if pattern => {
                    text.push('[');
                    self.bracket(&mut text)?;
                }
                next if next == close => return Some(text),
                next => text.push(next),
            }
        }
    }

    /// The inside of brackets, where the closing letter means itself.
    fn bracket(&mut self, text: &mut String) -> Option<()> {
        for first in ['^', ']'] {
            if self.peek() == Some(first) {
                text.push(first);
                self.at += 1;
            }
        }
        loop {
            let next = self.next()?;
            match (next, self.peek()) {
                (']', _) => {
                    text.push(']');
                    return Some(());
                }
                ('[', Some(mark @ (':' | '.' | '='))) => {
                    text.push('[');
                    text.push(mark);
                    self.at += 1;
                    loop {
                        let inner = self.next()?;
                        text.push(inner);
                        if inner == mark && self.peek() == Some(']') {
                            self.at += 1;
                            text.push(']');
                            break;
                        }
                    }
                }
                ('\\', Some('n')) => {
                    self.at += 1;
                    text.push('\n');
                }
                ('\\', Some('t')) if self.gnu() => {
                    self.at += 1;
                    text.push('\t');
                }
                _ => text.push(next),
            }
        }
    }

    pub(super) fn substitute(&mut self) -> Parsed<Substitute> {
        const GNU: &str = "unterminated `s' command";
        let Some(close) = self.next() else {
            return self.wrong(GNU, "bad format in substitution expression");
        };
        let unmatched = format!("unmatched '{close}'");
        let (Some(pattern), Some(text)) = (self.until(close, true), self.until(close, false))
        else {
            return self.wrong(GNU, &unmatched);
        };
        let mut flags = self.flags()?;
        let pattern = escapes(&pattern, true, self.gnu());
        flags.0.pattern = self.regex(&pattern, flags.1, flags.2)?;
        flags.0.text = pieces(&text, self.gnu(), self.adds());
        let groups = flags.0.pattern.as_ref().map_or(9, |pattern| pattern.groups());
        // BusyBox takes a group that is not there for an empty one.
        if let Some(group) = highest(&flags.0.text).filter(|group| self.gnu() && *group > groups) {
            let gnu = format!("invalid reference \\{group} on `s' command's RHS");
            return self.wrong(&gnu, &gnu);
        }
        Ok(flags.0)
    }

    /// `g`, `p`, a number and their like; whether case counts, and lines.
    fn flags(&mut self) -> Parsed<(Substitute, bool, bool)> {
        let mut made = Substitute {
            pattern: None,
            text: Vec::new(),
            nth: 1,
            all: false,
            print: false,
            file: None,
            runs: false,
        };
        let (mut fold, mut lines, mut counted) = (false, false, false);
        const BAD: &str = "bad option in substitution expression";
        loop {
            match self.peek() {
                Some('g') => {
                    self.at += 1;
                    if std::mem::replace(&mut made.all, true) && self.gnu() {
                        return self.wrong("multiple `g' options to `s' command", BAD);
                    }
                }
                Some('p') => {
                    self.at += 1;
                    if std::mem::replace(&mut made.print, true) && self.gnu() {
                        return self.wrong("multiple `p' options to `s' command", BAD);
                    }
                }
                Some('i' | 'I') if !self.reading.posix => {
                    self.at += 1;
                    fold = true;
                }
                Some('m' | 'M') if self.adds() => {
                    self.at += 1;
                    lines = true;
                }
                Some('e' | 'w') if self.reading.sandbox => {
                    self.at += 1;
                    return self.wrong(SANDBOX, "");
                }
                Some('e') if self.adds() => {
                    self.at += 1;
                    made.runs = true;
                }
                Some('0'..='9') => {
                    let nth = self.number();
                    if counted && self.gnu() {
                        return self.wrong("multiple number options to `s' command", BAD);
                    }
                    counted = true;
                    if nth == 0 && self.gnu() {
                        return self.wrong("number option to `s' command may not be zero", BAD);
                    }
                    made.nth = nth.max(1);
                }
                Some('w') => {
                    self.at += 1;
                    made.file = Some(self.file_name()?);
                    break;
                }
                Some(' ' | '\t') => self.at += 1,
                None | Some(';' | '\n' | '}' | '#') => break,
                Some(_) => {
                    self.at += 1;
                    return self.wrong("unknown option to `s'", BAD);
                }
            }
        }
        Ok((made, fold, lines))
    }

    pub(super) fn translate(&mut self) -> Parsed<Action> {
        const GNU: &str = "unterminated `y' command";
        let Some(close) = self.next() else {
            return self.wrong(GNU, "bad format in substitution expression");
        };
        let unmatched = format!("unmatched '{close}'");
        let (Some(from), Some(to)) = (self.until(close, false), self.until(close, false)) else {
            return self.wrong(GNU, &unmatched);
        };
        let plain = |text: &str| -> Vec<char> {
            let text = escapes(text, false, true);
            let mut letters = text.chars().peekable();
            let mut all = Vec::new();
            while let Some(letter) = letters.next() {
                all.push(match (letter, letters.peek()) {
                    ('\\', Some('\\')) => letters.next().unwrap_or('\\'),
                    ('\\', Some('n')) => {
                        letters.next();
                        '\n'
                    }
                    _ => letter,
                });
            }
            all
        };
        let (from, to) = (plain(&from), plain(&to));
        if from.len() == to.len() || !self.gnu() {
            return Ok(Action::Translate(from, to));
        }
        self.wrong("strings for `y' command are different lengths", "")
    }

    /// The file of `r`, `w` and their like: all that is left of the line.
    /// What stands behind a command, up to the end of the line.
    pub(super) fn rest_of_line(&mut self) -> String {
        self.blanks();
        let mut rest = String::new();
        while let Some(next) = self.peek().filter(|next| *next != '\n') {
            rest.push(next);
            self.at += 1;
        }
        rest
    }

    pub(super) fn file_name(&mut self) -> Parsed<String> {
        let name = self.rest_of_line();
        match name.is_empty() {
            true => self.wrong("missing filename in r/R/w/W commands", "empty filename"),
            false => Ok(name),
        }
    }

    /// `a`, `i`, `c`: text in the same line, or behind a backslash in the next ones.
    pub(super) fn text_command(&mut self, letter: char) -> Parsed<Action> {
        self.blanks();
        let mut one_line = true;
        if self.peek() == Some('\\') {
            self.at += 1;
            let here = self.at;
            self.blanks();
            match self.peek() {
                Some('\n') => self.at += 1,
                Some(_) => self.at = here,
                None if self.gnu() => return Ok(self.text_action(letter, String::new())),
                None => {}
            }
            one_line = false;
        } else if self.peek().is_none() && self.gnu() {
            return self.wrong("expected \\ after `a', `c' or `i'", "");
        }
        if one_line && self.gnu() && self.reading.posix {
            self.at += 1;
            return self.wrong("expected \\ after `a', `c' or `i'", "");
        }
        let mut text = String::new();
        while let Some(next) = self.next() {
            match next {
                '\n' => break,
                '\\' => match self.next() {
                    Some('t') if one_line || !self.gnu() || self.peek().is_some() => {
                        text.push('\t');
                    }
                    Some('n') => text.push('\n'),
                    Some('r') if !self.gnu() => text.push('\r'),
                    Some(next) => text.push(next),
                    None => {}
                },
                next => text.push(next),
            }
        }
        text.push('\n');
        Ok(self.text_action(letter, text))
    }

    fn text_action(&self, letter: char, text: String) -> Action {
        match letter {
            'a' => Action::Append(text),
            'i' => Action::Insert(text),
            _ => Action::Change(text),
        }
    }
}
