//! The grammar of rules and statements.

use super::lex::Token;
use super::parse::{Parsed, Parser};
use super::tree::{Expression, Pattern, Rule, Statement};

impl Parser<'_> {
    pub(super) fn rule(&mut self) -> Parsed<Rule> {
        self.operators = 0;
        let pattern = if self.is("{") {
            Pattern::Always
        } else if self.is_name("BEGIN") {
            self.advance(true)?;
            Pattern::Begin
        } else if self.is_name("END") {
            self.advance(true)?;
            Pattern::End
        } else {
            let first = self.expression()?;
            match self.take(",")? {
                true => Pattern::Range(first, self.expression()?),
                false => Pattern::When(first),
            }
        };
        let action = match self.is("{") {
            true => self.block()?,
            false if matches!(pattern, Pattern::Begin | Pattern::End) => return self.wrong(),
            false => vec![Statement::Print(Vec::new())],
        };
        Ok(Rule { pattern, action })
    }

    pub(super) fn block(&mut self) -> Parsed<Vec<Statement>> {
        self.expect("{")?;
        let mut statements = Vec::new();
        loop {
            self.skip_ends()?;
            if self.is("}") {
                self.advance(true)?;
                return Ok(statements);
            }
            if self.token == Token::End {
                return self.wrong();
            }
            statements.push(self.deeper(Self::statement)?);
        }
    }

    pub(super) fn statement(&mut self) -> Parsed<Statement> {
        self.operators = 0;
        if self.is("{") {
            return Ok(Statement::Block(self.block()?));
        }
        let keyword = match &self.token {
            Token::Name(name) => name.clone(),
            _ => String::new(),
        };
        let statement = match keyword.as_str() {
            "if" => return self.conditional(),
            "while" => {
                self.advance(true)?;
                self.expect("(")?;
                let condition = self.expression()?;
                self.expect(")")?;
                self.reread()?;
                return Ok(Statement::While(condition, Box::new(self.body()?)));
            }
            "for" => return self.for_loop(),
            _ => self.simple(&keyword)?,
        };
        if !(self.token == Token::Newline
            || self.is(";")
            || self.is("}")
            || self.token == Token::End)
        {
            return self.wrong();
        }
        Ok(statement)
    }

    /// After a closing parenthesis a slash would divide; where a statement begins it does not.
    pub(super) fn reread(&mut self) -> Parsed<()> {
        if self.is("/") {
            self.at -= 1;
            self.advance(true)?;
        }
        Ok(())
    }

    pub(super) fn body(&mut self) -> Parsed<Statement> {
        self.skip_newlines()?;
        if self.is(";") {
            return Ok(Statement::Block(Vec::new()));
        }
        self.deeper(Self::statement)
    }

    pub(super) fn conditional(&mut self) -> Parsed<Statement> {
        self.advance(true)?;
        self.expect("(")?;
        let condition = self.expression()?;
        self.expect(")")?;
        self.reread()?;
        let then = self.body()?;
        let (at, token) = (self.at, self.token.clone());
        self.skip_ends()?;
        if self.is_name("else") {
            self.advance(true)?;
            let otherwise = self.body()?;
            return Ok(Statement::If(condition, Box::new(then), Some(Box::new(otherwise))));
        }
        (self.at, self.token) = (at, token);
        Ok(Statement::If(condition, Box::new(then), None))
    }

    pub(super) fn for_loop(&mut self) -> Parsed<Statement> {
        self.advance(true)?;
        self.expect("(")?;
        self.no_in = true;
        let first = match self.is(";") {
            true => None,
            false => Some(self.simple("")?),
        };
        self.no_in = false;
        if self.is_name("in") {
            let Some(Statement::Expression(Expression::Variable(variable))) = first else {
                return self.wrong();
            };
            self.advance(true)?;
            let Token::Name(array) = self.token.clone() else { return self.wrong() };
            self.advance(false)?;
            self.expect(")")?;
            self.reread()?;
            return Ok(Statement::ForIn(variable, array, Box::new(self.body()?)));
        }
        self.expect(";")?;
        let condition = match self.is(";") {
            true => None,
            false => Some(self.expression()?),
        };
        self.expect(";")?;
        let step = match self.is(")") {
            true => None,
            false => Some(Box::new(self.simple("")?)),
        };
        self.expect(")")?;
        self.reread()?;
        Ok(Statement::For(first.map(Box::new), condition, step, Box::new(self.body()?)))
    }

    pub(super) fn simple(&mut self, keyword: &str) -> Parsed<Statement> {
        let plain = match keyword {
            "next" => Some(Statement::Next),
            "break" => Some(Statement::Break),
            "continue" => Some(Statement::Continue),
            _ => None,
        };
        if let Some(statement) = plain {
            self.advance(true)?;
            return Ok(statement);
        }
        match keyword {
            "print" | "printf" => {
                self.advance(true)?;
                let parenthesised = self.is("(");
                let mut values = Vec::new();
                if !self.ends_statement() {
                    values = self.list()?;
                }
                // `print (a, b)` is a list in parentheses.
                if parenthesised
                    && let [Expression::In(_, array)] = values.as_slice()
                    && array.is_empty()
                    && let Some(Expression::In(inner, _)) = values.pop()
                {
                    values = inner;
                }
                Ok(match keyword {
                    "print" => Statement::Print(values),
                    _ => Statement::Printf(values),
                })
            }
            "exit" => {
                self.advance(true)?;
                Ok(Statement::Exit(match self.ends_statement() {
                    true => None,
                    false => Some(self.expression()?),
                }))
            }
            "delete" => {
                self.advance(true)?;
                let Token::Name(array) = self.token.clone() else { return self.wrong() };
                self.advance(false)?;
                let index = match self.take("[")? {
                    true => {
                        let index = self.list()?;
                        self.expect("]")?;
                        Some(index)
                    }
                    false => None,
                };
                Ok(Statement::Delete(array, index))
            }
            _ => Ok(Statement::Expression(self.expression()?)),
        }
    }

    pub(super) fn ends_statement(&self) -> bool {
        matches!(self.token, Token::Newline | Token::End) || self.is(";") || self.is("}")
    }
}
