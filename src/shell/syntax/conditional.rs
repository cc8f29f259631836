//! `[[ … ]]`: a small grammar of its own.

use super::lexer::Token;
use super::parser::Parser;
use super::{Conditional, Fault, SyntaxError, Word};

type Result<T> = std::result::Result<T, SyntaxError>;

impl Parser<'_> {
    /// The condition up to `]]`, which is taken.
    pub(super) fn double_bracket(&mut self) -> Result<Conditional> {
        let condition = self.nested(Self::either)?;
        match self.is_reserved("]]")? {
            true => {
                self.advance()?;
                Ok(condition)
            }
            false => match self.peek()?.0 {
                Token::End => Err(self.condition_end("unexpected EOF while looking for `]]'")),
                Token::Word(_) => Err(self.condition("syntax error in conditional expression")),
                _ => self.unexpected(Some("]]")),
            },
        }
    }

    fn either(&mut self) -> Result<Conditional> {
        let mut all = vec![self.both()?];
        while self.peek()?.0 == Token::Operator("||") {
            self.advance()?;
            all.push(self.both()?);
        }
        Ok(joined(all, Conditional::Or))
    }

    fn both(&mut self) -> Result<Conditional> {
        let mut all = vec![self.nested(Self::primary)?];
        while self.peek()?.0 == Token::Operator("&&") {
            self.advance()?;
            all.push(self.nested(Self::primary)?);
        }
        Ok(joined(all, Conditional::And))
    }

    fn primary(&mut self) -> Result<Conditional> {
        if self.peek()?.0 == Token::Operator("(") {
            self.advance()?;
            let inner = self.nested(Self::either)?;
            if self.is_reserved("]]")? {
                return Err(self.condition("unexpected token `]]', expected `)'"));
            }
            return match self.advance()?.0 {
                Token::Operator(")") => Ok(inner),
                _ => self.unexpected(Some(")")),
            };
        }
        if self.is_reserved("!")? {
            self.advance()?;
            return Ok(Conditional::Not(Box::new(self.nested(Self::primary)?)));
        }
        let first = self.operand()?;
        if let Some(operator) = first.bare().filter(|text| is_unary(text)).map(str::to_owned)
            && !matches!(&self.peek()?.0, Token::Word(word) if word.bare().is_some_and(is_binary))
        {
            if self.is_reserved("]]")? {
                let what = "unexpected argument `]]' to conditional unary operator";
                return Err(self.condition(what));
            }
            if self.peek()?.0 == Token::End {
                const CUT: &str = "unexpected argument `newline' to conditional unary operator";
                return Err(self.condition_end(CUT));
            }
            return Ok(Conditional::Unary(operator, self.operand()?));
        }
        let operator = match self.peek()?.0.clone() {
            Token::Operator(operator @ ("<" | ">")) => operator.to_owned(),
            Token::Word(word) => match word.bare() {
                Some("]]") | None => return Ok(Conditional::Word(first)),
                Some(operator) if is_binary(operator) => operator.to_owned(),
                Some(_) => return Err(self.condition("conditional binary operator expected")),
            },
            Token::End => {
                const CUT: &str =
                    "unexpected token `newline', conditional binary operator expected";
                return Err(self.condition_end(CUT));
            }
            _ => return Ok(Conditional::Word(first)),
        };
        self.advance()?;
        // What stands behind `=~` is no word of the shell's.
        if self.rest().trim().is_empty() {
            const CUT: &str = "unexpected argument `newline' to conditional binary operator";
            return Err(self.condition_end(CUT));
        }
        // A pattern is read by its own rules, not as a word.
        if operator != "=~" && self.is_reserved("]]")? {
            let what = "unexpected argument `]]' to conditional binary operator";
            return Err(self.condition(what));
        }
        let second = match operator.as_str() {
            "=~" => self.regex()?,
            "=" | "==" | "!=" => self.pattern()?,
            _ => self.operand()?,
        };
        Ok(Conditional::Binary(first, operator, second))
    }

    /// What bash says of a condition, and no more.
    fn condition(&self, what: &'static str) -> SyntaxError {
        self.fault(Fault::Condition(what))
    }

    /// The same where the text ends.
    fn condition_end(&self, what: &'static str) -> SyntaxError {
        self.fault(Fault::ConditionEnd(what))
    }

    fn operand(&mut self) -> Result<Word> {
        match self.peek()?.0.clone() {
            Token::Word(word) if word.bare() != Some("]]") => {
                self.advance()?;
                Ok(word)
            }
            // bash says nothing of a condition that is not there.
            Token::Word(_) => Err(self.condition("")),
            _ => self.unexpected(Some("]]")),
        }
    }

    /// A pattern, which may have groups: `@(a|b)`.
    fn pattern(&mut self) -> Result<Word> {
        let start = self.peek()?.1.start;
        if !matches!(self.peek()?.0, Token::Word(_)) {
            return self.operand();
        }
        (self.at, self.token) = (start, None);
        let groups = std::mem::replace(&mut self.groups, true);
        let word = self.word();
        self.groups = groups;
        word
    }

    /// A regular expression: parentheses and bars are its own, up to a blank.
    fn regex(&mut self) -> Result<Word> {
        let skipped = self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
        self.at += skipped;
        let mut word = self.word()?;
        let mut depth = 0_i32;
        while let Some(next @ ('(' | ')' | '|' | '<' | '>' | '&' | ' ' | '\t' | ';')) =
            self.peek_char()
        {
            // Blanks belong to it in parentheses only.
            if matches!(next, ' ' | '\t' | ';') && depth <= 0 {
                break;
            }
            depth += i32::from(next == '(') - i32::from(next == ')');
            self.next_char();
            word.parts.push(super::Part::Bare(next.to_string()));
            word.parts.extend(self.word()?.parts);
        }
        word.span.end = self.at;
        Ok(word)
    }
}

/// Conditions that an operator joins; one alone is itself.
fn joined(mut all: Vec<Conditional>, join: fn(Vec<Conditional>) -> Conditional) -> Conditional {
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            all.extend(last);
            join(all)
        }
    }
}

/// `[[ -a FILE ]]` is `-e`; between two words `-a` is `test`'s and.
fn is_unary(text: &str) -> bool {
    text == "-a" || asks_one(text)
}

fn is_binary(text: &str) -> bool {
    text == "=~" || asks_two(text)
}

/// Whether `test` and `[[` ask something of the word behind this one.
pub fn asks_one(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next() == Some('-')
        && letters.next().is_some_and(|letter| "bcdefghknoprstuvwxzLNORSG".contains(letter))
        && letters.next().is_none()
}

/// Whether `test` and `[[` compare the words beside this one.
pub fn asks_two(text: &str) -> bool {
    matches!(text, "=" | "==" | "!=")
        || matches!(text, "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" | "-nt" | "-ot" | "-ef")
}
