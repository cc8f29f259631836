//! Tokens: operators, words, line ends; here-documents are read where their operator stands.

use super::parser::Parser;
use super::{Fault, SyntaxError, Word};
use crate::diagnostic::Span;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// `|`, `&&`, `;;`, `(`, `<` …
    Operator(&'static str),
    /// A digit that stands directly before `<` or `>`.
    Descriptor(u8),
    Word(Word),
    Newline,
    End,
}

impl Token {
    /// How a message names it.
    pub fn name(&self, text: &str, span: Span) -> String {
        match self {
            Token::Newline | Token::End => "newline".to_owned(),
            Token::Operator(operator) => (*operator).to_owned(),
            Token::Word(_) | Token::Descriptor(_) => {
                text.get(span.start..span.end).unwrap_or("").to_owned()
            }
        }
    }
}

/// Longest first, so that the first that fits is the right one.
const OPERATORS: [&str; 23] = [
    "&>>", "<<<", "<<-", ";;&", "&&", "||", ";;", ";&", "|&", "&>", ">>", "<<", ">&", "<&", ">|",
    "<>", "|", "&", ";", "(", ")", "<", ">",
];

impl Parser<'_> {
    /// The rest of the text.
    pub(super) fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The next character.
    pub(super) fn peek_char(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes the next character.
    pub(super) fn next_char(&mut self) -> Option<char> {
        let next = self.peek_char()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Takes `expected` if it comes next.
    pub(super) fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    /// An error at the present place.
    pub(super) fn fault(&self, fault: Fault) -> SyntaxError {
        SyntaxError { fault, span: Span::new(self.at, self.at) }
    }

    /// Reads the next token.
    pub(super) fn lex(&mut self) -> Result<(Token, Span), SyntaxError> {
        self.skip_blanks();
        let start = self.at;
        let Some(next) = self.peek_char() else {
            return Ok((Token::End, Span::new(start, start)));
        };
        if next == '\n' {
            self.newline();
            return Ok((Token::Newline, Span::new(start, start + 1)));
        }
        if self.is_large_descriptor() {
            const LARGE: &str = "a file descriptor above 255";
            return Err(self.fault(Fault::NotSimulated(LARGE)));
        }
        if let Some(descriptor) = self.descriptor() {
            return Ok((Token::Descriptor(descriptor), Span::new(start, self.at)));
        }
        let operator = OPERATORS.iter().filter(|_| !self.opens_process()).find(|operator| {
            self.rest().starts_with(**operator)
                && (self.is_bash_like() || !operator.starts_with("&>"))
                && (self.is_bash() || !matches!(**operator, ";&" | ";;&" | "|&"))
        });
        if let Some(operator) = operator {
            self.at += operator.len();
            return Ok((Token::Operator(operator), Span::new(start, self.at)));
        }
        let mut word = self.word()?;
        word.span = Span::new(start, self.at);
        Ok((Token::Word(word), Span::new(start, self.at)))
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with("\\\n") {
                self.at += 2;
            } else if rest.starts_with(['#']) {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with([' ', '\t']) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// Takes a newline, and the here-documents that begin after it.
    pub(super) fn newline(&mut self) {
        let here = self.at;
        self.at += 1;
        if let Some((line_end, after)) = self.here_document
            && line_end == here
        {
            self.at = after;
            self.here_document = None;
        }
    }

    /// The number before `<` or `>`: bash reads all of its digits, the others one.
    /// Whether a number that is no descriptor here stands right before a redirection.
    fn is_large_descriptor(&self) -> bool {
        let rest = self.rest().as_bytes();
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let redirects = matches!(rest.get(length), Some(b'<' | b'>'));
        let number = self.rest()[..length].parse::<u32>();
        self.is_bash() && redirects && number.is_ok_and(|number| number > u32::from(u8::MAX))
    }

    fn descriptor(&mut self) -> Option<u8> {
        let rest = self.rest().as_bytes();
        let most = if self.is_bash() { 3 } else { 1 };
        let length = rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if !matches!(rest.get(length)?, b'<' | b'>') {
            return None;
        }
        let descriptor = self.rest()[..length].parse().ok()?;
        self.at += length;
        Some(descriptor)
    }

    /// Reads the body of a here-document whose operator was just read (on the line that comes beside), up
    /// to the line `delimiter`.
    /// Bodies stand after the line that the operator stands on, one after the other.
    pub(super) fn here_body(
        &mut self,
        (delimiter, line): (&str, u32),
        strip_tabs: bool,
    ) -> Result<(usize, String), SyntaxError> {
        let (line_end, start) = match self.here_document {
            Some(already) => already,
            None => match self.rest().find('\n') {
                Some(offset) => (self.at + offset, self.at + offset + 1),
                None if self.interactive => {
                    return Err(self.fault(Fault::HereDocument { delimiter: delimiter.to_owned() }));
                }
                None => (self.text.len(), self.text.len()),
            },
        };
        let mut body = String::new();
        let mut at = start;
        while at < self.text.len() {
            let rest = &self.text[at..];
            let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
            let next = &rest[..length];
            at += length;
            let next = if strip_tabs { next.trim_start_matches('\t') } else { next };
            if next.trim_end_matches('\n') == delimiter {
                self.here_document = Some((line_end, at));
                return Ok((start, body));
            }
            body += next;
        }
        if self.interactive {
            return Err(self.fault(Fault::HereDocument { delimiter: delimiter.to_owned() }));
        }
        if self.is_bash() {
            self.cut.push((line, delimiter.to_owned()));
            body += if body.is_empty() || body.ends_with('\n') { "" } else { "\n" };
        }
        self.here_document = Some((line_end, at));
        Ok((start, body))
    }
}
