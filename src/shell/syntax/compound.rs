//! `if`, `while`, `for`, `case`, `( )`, `{ }`, functions.

use std::sync::Arc;

use super::lexer::Token;
use super::parser::{Parser, Result};
use super::{Arm, ArmEnd, CommandKind, Fault, List, SyntaxError, Word};
use crate::diagnostic::Span;

/// Words that begin a compound command.
const COMPOUND: [&str; 9] =
    ["{", "if", "while", "until", "for", "select", "case", "[[", "function"];

impl Parser<'_> {
    pub(super) fn open_parenthesis(&mut self) -> Result<CommandKind> {
        if self.rest().starts_with('(') && self.is_bash() {
            let start = self.at;
            let mut inner = self.rest()[1..].char_indices();
            let mut depth = 0_u32;
            let end = inner.find(|(offset, next)| {
                match next {
                    '(' => depth += 1,
                    ')' if depth > 0 => depth -= 1,
                    ')' => return self.text[start + 1 + offset..].starts_with("))"),
                    _ => {}
                }
                false
            });
            if let Some((length, _)) = end {
                let text = self.text[start + 1..start + 1 + length].to_owned();
                self.at = start + 1 + length + 2;
                let parts = self.expression(&text)?;
                let span = Span::new(start + 1, start + 1 + length);
                return Ok(CommandKind::Arithmetic(Word { parts, span }));
            }
        }
        let list = self.nested(Self::parenthesised).map_err(|error| match error.fault {
            Fault::Unterminated(')') => {
                let fault = Fault::UnexpectedEnd { expecting: Some(")") };
                SyntaxError { fault, ..error }
            }
            _ => error,
        })?;
        match list.items.is_empty() {
            true => Err(self.fault(Fault::Unexpected { token: ")".to_owned(), expecting: None })),
            false => Ok(CommandKind::Subshell(Arc::new(list))),
        }
    }

    /// The command that begins with a reserved word; `None` when it is no reserved word.
    pub(super) fn compound(&mut self, reserved: &str) -> Result<Option<CommandKind>> {
        let kind = match reserved {
            "{" => {
                self.advance()?;
                let body = self.body("}")?;
                self.expect_reserved("}")?;
                CommandKind::Group(body)
            }
            "if" => {
                self.advance()?;
                self.conditional_arms()?
            }
            "while" | "until" => {
                self.advance()?;
                let condition = self.body("do")?;
                let body = self.do_body()?;
                CommandKind::While { until: reserved == "until", condition, body }
            }
            "for" => {
                self.advance()?;
                self.for_loop(false)?
            }
            "coproc" if self.is_bash() => {
                return Err(self.fault(Fault::NotSimulated("coproc")));
            }
            "select" if self.is_bash() => {
                self.advance()?;
                self.for_loop(true)?
            }
            "case" => {
                self.advance()?;
                self.nested(Self::case)?
            }
            "[[" if self.is_bash() => {
                self.advance()?;
                CommandKind::Conditional(self.double_bracket()?)
            }
            "function" if self.is_bash_like() => {
                self.advance()?;
                let name = self.raw_word()?;
                if self.take_operator("(")? && !self.take_operator(")")? {
                    return self.unexpected(Some(")"));
                }
                self.function(name)?
            }
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    pub(super) fn conditional_arms(&mut self) -> Result<CommandKind> {
        let mut arms = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.body("then")?;
            self.expect_reserved("then")?;
            arms.push((condition, self.body("fi")?));
            if self.take_reserved("elif")? {
                continue;
            }
            if self.take_reserved("else")? {
                otherwise = Some(self.body("fi")?);
            }
            self.expect_reserved("fi")?;
            return Ok(CommandKind::If { arms, otherwise });
        }
    }

    pub(super) fn do_body(&mut self) -> Result<Arc<List>> {
        self.expect_reserved("do")?;
        let body = self.body("done")?;
        self.expect_reserved("done")?;
        Ok(body)
    }

    pub(super) fn for_loop(&mut self, selects: bool) -> Result<CommandKind> {
        if !selects
            && self.token.is_none()
            && self.rest().trim_start().starts_with("((")
            && self.is_bash()
        {
            return self.arithmetic_for();
        }
        if !self.is_bash() && !matches!(self.peek()?.0, Token::Word(_)) {
            return Err(self.fault(Fault::LoopVariable));
        }
        let name = self.raw_word()?;
        if !self.is_bash() && !is_name(&name) {
            return Err(self.fault(Fault::LoopVariable));
        }
        self.skip_newlines()?;
        let mut words = None;
        if self.take_reserved("in")? {
            let mut list = Vec::new();
            while let Token::Word(word) = &self.peek()?.0 {
                let word = word.clone();
                self.advance()?;
                self.braces(word, &mut list)?;
            }
            words = Some(list);
            if !matches!(self.peek()?.0, Token::Newline | Token::Operator(";")) {
                return self.unexpected(None);
            }
        }
        self.take_operator(";")?;
        self.skip_newlines()?;
        let body = self.do_body()?;
        Ok(CommandKind::For { name, words, body, selects })
    }

    pub(super) fn arithmetic_for(&mut self) -> Result<CommandKind> {
        let Some(open) = self.rest().find("((") else {
            return self.unexpected(None);
        };
        let start = self.at + open + 2;
        let mut depth = 0_u32;
        let end = self.text[start..].char_indices().find(|(offset, next)| {
            match next {
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                ')' => return self.text[start + offset..].starts_with("))"),
                _ => {}
            }
            false
        });
        let Some((length, _)) = end else {
            self.at = self.text.len();
            return Err(self.fault(Fault::Unterminated(')')));
        };
        let text = self.text[start..start + length].to_owned();
        let what = match text.matches(';').count() {
            0 | 1 => Some("arithmetic expression required"),
            2 => None,
            _ => Some("`;' unexpected"),
        };
        if let Some(what) = what {
            return Err(self.fault(Fault::Loop { what, text }));
        }
        self.at = start + length + 2;
        let (mut parts, mut from) = (text.splitn(3, ';'), start);
        let mut next = |parser: &mut Self| -> Result<Word> {
            let part = parts.next().unwrap_or("");
            let span = Span::new(from, from + part.len());
            from = span.end + 1;
            Ok(Word { parts: parser.expression(part)?, span })
        };
        let (first, test, step) = (next(self)?, next(self)?, next(self)?);
        self.take_operator(";")?;
        self.skip_newlines()?;
        let body = self.do_body()?;
        Ok(CommandKind::ArithmeticFor { first, test, next: step, body })
    }

    pub(super) fn case(&mut self) -> Result<CommandKind> {
        let Token::Word(subject) = self.peek()?.0.clone() else {
            return self.unexpected_here(Some("word"));
        };
        self.advance()?;
        self.skip_newlines()?;
        self.expect_reserved("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.take_reserved("esac")? {
                return Ok(CommandKind::Case { subject, arms });
            }
            self.take_operator("(")?;
            let mut patterns = Vec::new();
            loop {
                let Token::Word(pattern) = self.peek()?.0.clone() else {
                    return self.unexpected(Some(if self.is_bash() { "esac" } else { ")" }));
                };
                self.advance()?;
                patterns.push(pattern);
                if !self.take_operator("|")? {
                    break;
                }
            }
            if !self.take_operator(")")? {
                return self.unexpected_here(Some(")"));
            }
            let body = self.list(&["esac"])?;
            let mut end = ArmEnd::Stops;
            if self.is_bash() && self.take_operator(";;&")? {
                end = ArmEnd::GoesOn;
            } else if self.is_bash() && self.take_operator(";&")? {
                end = ArmEnd::Falls;
            } else if !self.take_operator(";;")? && !self.is_reserved("esac")? {
                return self.unexpected(Some(";;"));
            }
            arms.push(Arm { patterns, body: Arc::new(body), end });
        }
    }

    /// A word's own text: a variable's or function's name.
    pub(super) fn raw_word(&mut self) -> Result<String> {
        match self.peek()?.clone() {
            (Token::Word(_), span) => {
                self.advance()?;
                Ok(self.text[span.start..span.end].to_owned())
            }
            _ => self.unexpected_here(None),
        }
    }

    pub(super) fn function(&mut self, name: String) -> Result<CommandKind> {
        self.skip_newlines()?;
        // bash takes no simple command for a body.
        if self.is_bash()
            && let Token::Word(word) = &self.peek()?.0
            && !word.bare().is_some_and(|text| COMPOUND.contains(&text))
        {
            return self.unexpected(None);
        }
        let start = self.peek()?.1.start;
        let body = self.nested(Self::command)?;
        let end = self.token.as_ref().map_or(self.at, |(_, next)| next.start);
        // A here-document may stand behind the line that the function ends in.
        let end = self.here_document.map_or(end, |(_, after)| end.max(after));
        let source = self.text.get(start..end).unwrap_or("").into();
        Ok(CommandKind::Function { name, body: Arc::new(body), source })
    }
}

/// Whether a variable may have this name.
pub(super) fn is_name(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(letter)
}
