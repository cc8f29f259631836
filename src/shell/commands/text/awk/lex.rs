//! Tokens.

use super::parse::{Parsed, Parser};
use crate::shell::syntax::unescape;

pub(super) const FUNCTIONS: [&str; 13] = [
    "length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "toupper", "tolower",
    "int", "sqrt", "system",
];

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    Regex(String),
    Name(String),
    /// A function's name directly before its parenthesis.
    Function(String),
    Mark(&'static str),
    Newline,
    End,
}

const MARKS: [&str; 40] = [
    "**=", "&&", "||", "==", "!=", "<=", ">=", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=",
    "**", "!~", ">>", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!",
    "<", ">", "=", "~", "?", ":", "$",
];

impl Parser<'_> {
    /// Reads the next token; `operand` says that a slash begins a pattern.
    pub(super) fn advance(&mut self, operand: bool) -> Parsed<()> {
        self.token = self.lex(operand)?;
        Ok(())
    }

    pub(super) fn lex(&mut self, operand: bool) -> Parsed<Token> {
        loop {
            let rest = &self.source[self.at..];
            if rest.starts_with("\\\n") {
                self.at += 2;
            } else if rest.starts_with([' ', '\t', '\r']) {
                self.at += 1;
            } else if rest.starts_with('#') {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                break;
            }
        }
        let rest = &self.source[self.at..];
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        if first == '\n' {
            self.at += 1;
            return Ok(Token::Newline);
        }
        if first == '"' {
            let text = self.delimited('"').ok_or("unterminated string")?;
            return Ok(Token::Text(unescape(&text)));
        }
        if first == '/' && operand {
            let text = self.delimited('/').ok_or("unterminated regexp")?;
            return Ok(Token::Regex(text));
        }
        if first.is_ascii_digit()
            || first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            let mut end =
                rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            if rest[end..].starts_with(['e', 'E']) {
                let after = &rest[end + 1..];
                let sign = usize::from(after.starts_with(['+', '-']));
                let digits = after[sign..].chars().take_while(char::is_ascii_digit).count();
                if digits > 0 {
                    end += 1 + sign + digits;
                }
            }
            self.at += end;
            return Ok(Token::Number(rest[..end].parse().unwrap_or(0.0)));
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let end =
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            self.at += end;
            let name = rest[..end].to_owned();
            return Ok(match FUNCTIONS.contains(&name.as_str()) {
                true => Token::Function(name),
                false => Token::Name(name),
            });
        }
        match MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            Some(mark) => {
                self.at += mark.len();
                Ok(Token::Mark(mark))
            }
            None => {
                Err(format!("syntax error at source line {}: unexpected '{first}'", self.line()))
            }
        }
    }

    pub(super) fn line(&self) -> usize {
        self.source[..self.at].matches('\n').count() + 1
    }

    pub(super) fn delimited(&mut self, close: char) -> Option<String> {
        let start = self.at + 1;
        let mut escaped = false;
        let end = self.source[start..].find(|letter: char| {
            let ends = letter == close && !escaped;
            escaped = letter == '\\' && !escaped;
            ends
        })?;
        self.at = start + end + 1;
        let text = &self.source[start..start + end];
        Some(if close == '/' { text.replace("\\/", "/") } else { text.to_owned() })
    }
}
