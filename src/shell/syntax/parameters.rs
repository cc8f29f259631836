//! `${name…}` and its operations.

use super::parser::Parser;
use super::words::Within;
use super::{Casing, Fault, Index, Operation, Parameter, Part, SyntaxError, Word};
use crate::diagnostic::Span;

impl Parser<'_> {
    /// `${…}` after its brace.
    pub(super) fn braced(&mut self, within: Within) -> Result<Parameter, SyntaxError> {
        let start = self.at;
        let mut length = false;
        if self.rest().starts_with('#') && self.asks_length() {
            length = true;
            self.at += 1;
        }
        let after = self.rest().chars().nth(1);
        let names =
            |letter: char| letter.is_ascii_alphabetic() || letter == '_' || letter.is_ascii_digit();
        let indirect = self.is_bash()
            && self.rest().starts_with('!')
            && after.is_some_and(|letter| {
                names(letter) || letter == '#' && self.rest().starts_with("!#}")
            });
        self.at += usize::from(indirect);
        let name = match self.peek_char() {
            Some(special @ ('?' | '#' | '@' | '*' | '$' | '!' | '-')) => {
                self.at += 1;
                special.to_string()
            }
            Some('0'..='9') => {
                let rest = self.rest();
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                let digits = rest[..end].to_owned();
                self.at += end;
                digits
            }
            _ => self.name(),
        };
        let index = self.index()?;
        let operation = if length {
            Operation::Length
        } else if indirect && (self.rest().starts_with("*}") || self.rest().starts_with("@}")) {
            let joined = self.rest().starts_with('*');
            self.at += 1;
            Operation::Names { joined }
        } else {
            self.operation(within.quoted())?
        };
        if name.is_empty() || !self.rest().starts_with('}') {
            return self.bad_parameter(start, name);
        }
        self.at += 1;
        Ok(Parameter { name, index, indirect, braced: true, operation })
    }

    /// Whether `#` asks for a length: a parameter follows it, and no operation on `$#`.
    fn asks_length(&self) -> bool {
        let mut letters = self.rest().chars().skip(1);
        match (letters.next(), letters.next()) {
            (Some('}'), _) => false,
            (Some('-' | '?' | '#' | '!' | '$' | ':' | '=' | '+' | '%' | '/'), next) => {
                next == Some('}') && !self.rest().starts_with("#:")
            }
            _ => true,
        }
    }

    /// `[…]` behind a name.
    fn index(&mut self) -> Result<Option<Index>, SyntaxError> {
        if !self.is_bash() || !self.rest().starts_with('[') {
            return Ok(None);
        }
        for (text, index) in [("[@]", Index::All), ("[*]", Index::Joined)] {
            if self.take(text) {
                return Ok(Some(index));
            }
        }
        self.at += 1;
        let word = self.inner_word(Within::Subscript)?;
        match self.take("]") {
            true => Ok(Some(Index::At(word))),
            false => Err(self.fault(Fault::Unterminated(']'))),
        }
    }

    pub(super) fn bad_parameter(
        &mut self,
        start: usize,
        name: String,
    ) -> Result<Parameter, SyntaxError> {
        let Some(length) = self.rest().find('}') else {
            self.at = self.text.len();
            return Err(self.fault(Fault::Unterminated('}')));
        };
        self.at += length + 1;
        let text = format!("${{{}", &self.text[start..self.at]);
        let operation = Operation::Bad(text);
        Ok(Parameter { name, index: None, indirect: false, braced: true, operation })
    }

    pub(super) fn operation(&mut self, quoted: bool) -> Result<Operation, SyntaxError> {
        let longest = |parser: &mut Self, mark: &str| parser.take(mark);
        let colon =
            self.rest().starts_with(':') && self.rest()[1..].starts_with(['-', '=', '?', '+']);
        if colon {
            self.at += 1;
        }
        Ok(match self.peek_char() {
            Some(mark @ ('-' | '=' | '?' | '+')) => {
                self.at += 1;
                let word = self.inner_word(Within::Braces { quoted })?;
                match mark {
                    '-' => Operation::Default { colon, word },
                    '=' => Operation::Assign { colon, word },
                    '?' => Operation::Require { colon, word },
                    _ => Operation::Alternative { colon, word },
                }
            }
            Some('#') => {
                self.at += 1;
                let longest = longest(self, "#");
                let pattern = self.inner_word(Within::Braces { quoted: false })?;
                Operation::TrimStart { longest, pattern }
            }
            Some('%') => {
                self.at += 1;
                let longest = longest(self, "%");
                let pattern = self.inner_word(Within::Braces { quoted: false })?;
                Operation::TrimEnd { longest, pattern }
            }
            Some('/') if self.is_bash_like() => self.replacement(quoted)?,
            // Nothing behind the colon is no slice.
            Some(':') if self.is_bash() && self.rest().starts_with(":}") => Operation::Value,
            Some(':') if self.is_bash_like() => self.slice()?,
            Some(mark @ ('^' | ',' | '~')) if self.is_bash() => {
                self.at += 1;
                let (to, again) = match mark {
                    '^' => (Casing::Upper, "^"),
                    ',' => (Casing::Lower, ","),
                    _ => (Casing::Other, "~"),
                };
                let all = longest(self, again);
                let pattern = match self.rest().starts_with('}') {
                    true => None,
                    false => Some(self.inner_word(Within::Braces { quoted: false })?),
                };
                Operation::Case { to, all, pattern }
            }
            Some('@') if self.is_bash() && self.rest().get(2..3) == Some("}") => {
                let letter = self.rest().chars().nth(1).unwrap_or('Q');
                if !"QUuLEPAaKk".contains(letter) {
                    return Ok(Operation::Value);
                }
                self.at += 2;
                Operation::Show(letter)
            }
            _ => Operation::Value,
        })
    }

    /// `/PATTERN/TEXT`, behind a parameter's name.
    fn replacement(&mut self, quoted: bool) -> Result<Operation, SyntaxError> {
        self.at += 1;
        let all = self.take("/");
        let slash = all && self.take("/");
        let mut pattern = self.inner_word(Within::Pattern { quoted: false })?;
        if slash {
            pattern.parts.insert(0, Part::Quoted("/".to_owned()));
        }
        let text = if self.take("/") {
            self.inner_word(Within::Replacement { quoted })?
        } else {
            Word::default()
        };
        Ok(Operation::Replace { all, pattern, text })
    }

    /// `:OFFSET:LENGTH`, behind a parameter's name.
    fn slice(&mut self) -> Result<Operation, SyntaxError> {
        self.at += 1;
        let offset = self.inner_word(Within::Slice)?;
        let length = match self.take(":") {
            true => Some(self.inner_word(Within::Braces { quoted: false })?),
            false => None,
        };
        Ok(Operation::Slice { offset, length })
    }

    pub(super) fn inner_word(&mut self, within: Within) -> Result<Word, SyntaxError> {
        let start = self.at;
        let parts = self.nested(|parser| parser.parts(within))?;
        Ok(Word { parts, span: Span::new(start, self.at) })
    }
}
