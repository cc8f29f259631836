//! The texts of scalars: plain, in quotes, in blocks.

use super::Fault;
use super::cursor::{is_blank, is_break, is_break_or_end, is_space_or_end};
use super::scanner::Scanner;
use super::token::Mark;

/// The blanks and line breaks between two words of a scalar.
#[derive(Default)]
struct Gap {
    blanks: String,
    /// The first line break, if there is one.
    first: Option<&'static str>,
    breaks: String,
}

impl Gap {
    /// What the gap is in the text: one line break is a blank, more are one less.
    fn fold_into(&mut self, text: &mut String) {
        match self.first.take() {
            None => text.push_str(&self.blanks),
            Some("\n") if self.breaks.is_empty() => text.push(' '),
            Some("\n") => text.push_str(&self.breaks),
            Some(other) => {
                text.push_str(other);
                text.push_str(&self.breaks);
            }
        }
        self.blanks.clear();
        self.breaks.clear();
    }
}

impl Scanner {
    /// A plain scalar, and where its last word ends.
    pub(super) fn scan_plain_scalar(&mut self) -> Result<(String, Mark), Fault> {
        let (mut text, mut gap) = (String::new(), Gap::default());
        let mut end = self.cursor.mark;
        let indent = self.indent + 1;
        loop {
            if self.cursor.at_document_indicator() || self.cursor.here() == '#' {
                break;
            }
            while !is_space_or_end(self.cursor.here()) && !self.ends_plain() {
                gap.fold_into(&mut text);
                text.push(self.cursor.read());
                end = self.cursor.mark;
            }
            if !is_blank(self.cursor.here()) && !is_break(self.cursor.here()) {
                break;
            }
            self.scan_gap(&mut gap, Some(indent))?;
            if !self.in_flow() && (self.cursor.mark.column as i32) < indent {
                break;
            }
        }
        if gap.first.is_some() {
            self.key_allowed = true;
        }
        Ok((text, end))
    }

    /// Whether an indicator stands here that ends a plain scalar.
    fn ends_plain(&self) -> bool {
        match self.cursor.here() {
            ':' => is_space_or_end(self.cursor.peek(1)),
            ',' | '[' | ']' | '{' | '}' => self.in_flow(),
            '?' => self.ends_at_question_mark(),
            _ => false,
        }
    }

    /// Reads over blanks and line breaks. In the indentation of a plain scalar there is no tab.
    fn scan_gap(&mut self, gap: &mut Gap, indent: Option<i32>) -> Result<(), Fault> {
        loop {
            let here = self.cursor.here();
            if is_blank(here) {
                let within = indent.is_some_and(|own| (self.cursor.mark.column as i32) < own);
                if gap.first.is_some() && within && here == '\t' {
                    return Err(self.fault("found a tab character that violates indentation"));
                }
                let blank = self.cursor.read();
                if gap.first.is_none() {
                    gap.blanks.push(blank);
                }
            } else if is_break(here) {
                let found = self.cursor.read_break();
                match gap.first {
                    None => {
                        gap.blanks.clear();
                        gap.first = Some(found);
                    }
                    Some(_) => gap.breaks.push_str(found),
                }
            } else {
                return Ok(());
            }
        }
    }

    pub(super) fn scan_quoted_scalar(&mut self, single: bool) -> Result<String, Fault> {
        let quote = if single { '\'' } else { '"' };
        let mut text = String::new();
        self.cursor.skip(1);
        loop {
            if self.cursor.at_document_indicator() {
                return Err(self.fault("found unexpected document indicator"));
            }
            if self.cursor.here() == '\0' {
                return Err(self.fault("found unexpected end of stream"));
            }
            let mut gap = Gap::default();
            while !is_space_or_end(self.cursor.here()) {
                match (self.cursor.here(), self.cursor.peek(1)) {
                    ('\'', '\'') if single => {
                        text.push('\'');
                        self.cursor.skip(2);
                    }
                    (here, _) if here == quote => break,
                    ('\\', next) if !single && is_break(next) => {
                        self.cursor.skip(1);
                        self.cursor.read_break();
                        gap.first = Some("");
                        break;
                    }
                    ('\\', _) if !single => text.extend(self.scan_escape()?),
                    _ => text.push(self.cursor.read()),
                }
            }
            if self.cursor.here() == quote {
                self.cursor.skip(1);
                return Ok(text);
            }
            self.scan_gap(&mut gap, None)?;
            gap.fold_into(&mut text);
        }
    }

    /// What a backslash in double quotes stands for.
    fn scan_escape(&mut self) -> Result<Option<char>, Fault> {
        let escape = self.cursor.peek(1);
        let digits = match escape {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => {
                let meaning = meaning_of(escape);
                let meaning =
                    meaning.ok_or_else(|| self.fault("found unknown escape character"))?;
                self.cursor.skip(2);
                return Ok(Some(meaning));
            }
        };
        self.cursor.skip(2);
        let mut code = 0_u32;
        for place in 0..digits {
            let Some(digit) = self.cursor.peek(place).to_digit(16) else {
                return Err(self.fault("did not find expected hexdecimal number"));
            };
            code = code << 4 | digit;
        }
        let Some(c) = char::from_u32(code) else {
            return Err(self.fault("found invalid Unicode character escape code"));
        };
        self.cursor.skip(digits);
        Ok(Some(c))
    }

    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<String, Fault> {
        self.cursor.skip(1);
        let (keep, indent) = self.scan_block_header()?;
        let mut indent = match indent {
            0 => 0,
            more => self.indent.max(0) + more,
        };
        let (mut text, mut before, mut breaks) = (String::new(), "", String::new());
        self.scan_block_breaks(&mut indent, &mut breaks)?;
        let mut was_blank = false;
        while self.cursor.mark.column as i32 == indent && self.cursor.here() != '\0' {
            let blank = is_blank(self.cursor.here());
            if literal || was_blank || blank || before != "\n" {
                text.push_str(before);
            } else if breaks.is_empty() {
                text.push(' ');
            }
            text.push_str(&breaks);
            breaks.clear();
            was_blank = blank;
            text.push_str(&self.cursor.read_while(|c| !is_break_or_end(c)));
            before = self.cursor.read_break();
            self.scan_block_breaks(&mut indent, &mut breaks)?;
        }
        if keep != Some('-') {
            text.push_str(before);
        }
        if keep == Some('+') {
            text.push_str(&breaks);
        }
        Ok(text)
    }

    /// What stands behind the `|` or `>`: what becomes of the last line breaks, and by how much the
    /// block is indented.
    fn scan_block_header(&mut self) -> Result<(Option<char>, i32), Fault> {
        let (mut keep, mut indent) = (None, 0);
        for _ in 0..2 {
            match self.cursor.here() {
                sign @ ('+' | '-') if keep.is_none() => {
                    keep = Some(sign);
                    self.cursor.skip(1);
                }
                '0' if indent == 0 => {
                    return Err(self.fault("found an indentation indicator equal to 0"));
                }
                digit @ '1'..='9' if indent == 0 => {
                    indent = digit as i32 - '0' as i32;
                    self.cursor.skip(1);
                }
                _ => break,
            }
        }
        self.end_line()?;
        Ok((keep, indent))
    }

    /// Reads the indentation and the empty lines before a line of a block; finds out how far the
    /// block is indented where that is not known yet.
    fn scan_block_breaks(&mut self, indent: &mut i32, breaks: &mut String) -> Result<(), Fault> {
        let mut deepest = 0;
        loop {
            let outside = |column: u32| *indent == 0 || (column as i32) < *indent;
            while outside(self.cursor.mark.column) && self.cursor.here() == ' ' {
                self.cursor.skip(1);
            }
            deepest = deepest.max(self.cursor.mark.column as i32);
            if outside(self.cursor.mark.column) && self.cursor.here() == '\t' {
                let message = "found a tab character where an indentation space is expected";
                return Err(self.fault(message));
            }
            if !is_break(self.cursor.here()) {
                break;
            }
            breaks.push_str(self.cursor.read_break());
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}

/// The character that a letter behind a backslash stands for.
fn meaning_of(escape: char) -> Option<char> {
    Some(match escape {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' | '"' | '\'' | '\\' => escape,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    })
}
