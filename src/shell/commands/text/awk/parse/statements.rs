//! awk's statements.

use super::super::lex::{Token, Wrong};
use super::super::tree::{Expression, Output, Place, Sink, Statement};
use super::{OPERATORS, Parsed, Parser};

impl Parser<'_> {
    pub(super) fn block(&mut self) -> Parsed<Vec<Statement>> {
        self.deeper()?;
        self.expect("{")?;
        let mut statements = Vec::new();
        self.ends()?;
        while !self.is("}") {
            statements.push(self.statement()?);
            self.ends()?;
        }
        self.advance(true)?;
        self.depth -= 1;
        Ok(statements)
    }

    /// A body: a block, or one statement, perhaps on the next line.
    pub(super) fn body(&mut self) -> Parsed<Vec<Statement>> {
        self.newlines()?;
        if self.is("{") {
            return self.block();
        }
        if self.eat(";")? {
            return Ok(Vec::new());
        }
        self.deeper()?;
        let statement = self.statement()?;
        self.depth -= 1;
        Ok(vec![statement])
    }

    /// A loop's body.
    fn repeated(&mut self) -> Parsed<Vec<Statement>> {
        self.loops += 1;
        let body = self.body();
        self.loops -= 1;
        body
    }

    /// What is said of a `break` or `continue` that has no loop; gawk says it twice.
    fn outside_of_loops(&self, word: &str) -> String {
        if !self.lexer.gawk {
            return format!("'{word}' not in a loop");
        }
        let what = if word == "break" { "a loop or switch" } else { "a loop" };
        let told = format!("error: `{word}' is not allowed outside {what}");
        format!("!{told}\nawk: cmd. line:{}: {told}", self.line())
    }

    /// Joins two expressions by an operator.
    pub(super) fn joined(&mut self, expression: Expression) -> Parsed<Expression> {
        self.operators += 1;
        match self.operators > OPERATORS {
            true => Err(Wrong { at: self.start, message: "!program nested too deeply".to_owned() }),
            false => Ok(expression),
        }
    }

    pub(super) fn statement(&mut self) -> Parsed<Statement> {
        self.operators = 0;
        if self.is("{") {
            return Ok(Statement::Block(self.block()?));
        }
        let Token::Word(word) = self.token else {
            let simple = self.simple()?;
            self.end_of_simple()?;
            return Ok(simple);
        };
        match word {
            "if" => self.condition(),
            "while" => {
                self.advance(true)?;
                let condition = self.parenthesized()?;
                if self.eat(";")? {
                    return Ok(Statement::While(condition, Vec::new()));
                }
                Ok(Statement::While(condition, self.repeated()?))
            }
            "do" => {
                self.advance(true)?;
                let body = self.repeated()?;
                self.ends()?;
                if !self.is_word("while") {
                    return self.wrong();
                }
                self.advance(true)?;
                let condition = self.parenthesized()?;
                Ok(Statement::Do(body, condition))
            }
            "for" => self.for_loop(),
            "switch" => self.switch(),
            _ => {
                let simple = self.simple()?;
                self.end_of_simple()?;
                Ok(simple)
            }
        }
    }

    pub(super) fn end_of_simple(&mut self) -> Parsed<()> {
        match self.token == Token::Newline || self.is(";") || self.is("}") {
            true => Ok(()),
            false => self.wrong(),
        }
    }

    pub(super) fn parenthesized(&mut self) -> Parsed<Expression> {
        self.expect("(")?;
        let (no_in, no_greater) = (self.no_in, self.no_greater);
        (self.no_in, self.no_greater) = (false, false);
        let expression = self.expression()?;
        (self.no_in, self.no_greater) = (no_in, no_greater);
        if !self.is(")") {
            return self.wrong();
        }
        // What follows begins a statement.
        self.advance(true)?;
        Ok(expression)
    }

    pub(super) fn condition(&mut self) -> Parsed<Statement> {
        self.advance(true)?;
        let condition = self.parenthesized()?;
        let then = self.body()?;
        let (token, start, at, end) = (self.token.clone(), self.start, self.lexer.at, self.end);
        self.ends()?;
        if self.is_word("else") {
            self.advance(true)?;
            let otherwise = self.body()?;
            return Ok(Statement::If(condition, then, otherwise));
        }
        (self.token, self.start, self.lexer.at, self.end) = (token, start, at, end);
        Ok(Statement::If(condition, then, Vec::new()))
    }

    pub(super) fn for_loop(&mut self) -> Parsed<Statement> {
        self.advance(true)?;
        self.expect("(")?;
        let mut first = None;
        if !self.is(";") {
            self.no_in = true;
            let statement = self.simple();
            self.no_in = false;
            let statement = statement?;
            if self.is_word("in")
                && let Statement::Expression(Expression::Place(Place::Variable(key))) = statement
            {
                self.advance(false)?;
                let Token::Name(array) = self.token.clone() else { return self.wrong() };
                let array = self.name(&array);
                self.advance(false)?;
                if !self.is(")") {
                    return self.wrong();
                }
                self.advance(true)?;
                return Ok(Statement::ForIn(key, array, self.repeated()?));
            }
            first = Some(Box::new(statement));
        }
        self.expect(";")?;
        self.newlines()?;
        let condition = if self.is(";") { None } else { Some(self.expression()?) };
        self.expect(";")?;
        self.newlines()?;
        let last = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        if !self.is(")") {
            return self.wrong();
        }
        self.advance(true)?;
        if self.eat(";")? {
            return Ok(Statement::For(first, condition, last, Vec::new()));
        }
        Ok(Statement::For(first, condition, last, self.repeated()?))
    }

    pub(super) fn switch(&mut self) -> Parsed<Statement> {
        self.advance(true)?;
        let subject = self.parenthesized()?;
        self.newlines()?;
        self.expect("{")?;
        self.ends()?;
        let mut cases = Vec::new();
        self.switches += 1;
        while !self.is("}") {
            let value = match self.token {
                Token::Word("case") => {
                    self.advance(true)?;
                    Some(self.primary()?)
                }
                Token::Word("default") => {
                    self.advance(true)?;
                    None
                }
                _ => return self.wrong(),
            };
            self.expect(":")?;
            self.ends()?;
            let mut body = Vec::new();
            while !self.is("}") && !self.is_word("case") && !self.is_word("default") {
                body.push(self.statement()?);
                self.ends()?;
            }
            cases.push((value, body));
        }
        self.switches -= 1;
        self.advance(true)?;
        Ok(Statement::Switch(subject, cases))
    }

    pub(super) fn simple(&mut self) -> Parsed<Statement> {
        let line = self.line();
        let start = self.start;
        let Token::Word(word) = self.token else {
            return Ok(Statement::Expression(self.expression()?));
        };
        let optional = |parser: &mut Self| -> Parsed<Option<Expression>> {
            parser.advance(true)?;
            match parser.token == Token::Newline || parser.is(";") || parser.is("}") {
                true => Ok(None),
                false => parser.expression().map(Some),
            }
        };
        match word {
            "print" | "printf" => self.print(word == "print", line),
            "next" | "nextfile" => {
                if !self.in_rule.is_empty() && !self.in_function && self.lexer.gawk {
                    let message = format!("!error: `{word}' used in {} action", self.in_rule);
                    return Err(Wrong { at: start, message });
                }
                self.advance(true)?;
                Ok(if word == "next" { Statement::Next } else { Statement::NextFile })
            }
            "exit" => Ok(Statement::Exit(optional(self)?)),
            "return" => {
                if !self.in_function && self.lexer.gawk {
                    let message = "`return' used outside function context".to_owned();
                    return Err(Wrong { at: start, message });
                }
                Ok(Statement::Return(optional(self)?))
            }
            "break" | "continue" => {
                if self.loops == 0 && (word == "continue" || self.switches == 0) {
                    return Err(Wrong { at: start, message: self.outside_of_loops(word) });
                }
                self.advance(true)?;
                Ok(if word == "break" { Statement::Break } else { Statement::Continue })
            }
            "delete" => {
                self.advance(false)?;
                let Token::Name(name) = self.token.clone() else { return self.wrong() };
                let name = self.name(&name);
                self.advance(false)?;
                let keys = match self.eat("[")? {
                    true => Some(self.keys("]")?),
                    false => None,
                };
                Ok(Statement::Delete(name, keys))
            }
            _ => Ok(Statement::Expression(self.expression()?)),
        }
    }

    /// Expressions up to a closing bracket.
    pub(super) fn keys(&mut self, close: &str) -> Parsed<Vec<Expression>> {
        let (no_in, no_greater) = (self.no_in, self.no_greater);
        (self.no_in, self.no_greater) = (false, false);
        let mut keys = Vec::new();
        self.newlines()?;
        while !self.is(close) {
            keys.push(self.expression()?);
            self.newlines()?;
            if !self.eat(",")? {
                break;
            }
            self.newlines()?;
        }
        (self.no_in, self.no_greater) = (no_in, no_greater);
        self.expect(close)?;
        Ok(keys)
    }

    pub(super) fn print(&mut self, plain: bool, line: usize) -> Parsed<Statement> {
        self.advance(true)?;
        let mut values = Vec::new();
        let no_greater = std::mem::replace(&mut self.no_greater, true);
        let finished = |parser: &Self| {
            matches!(parser.token, Token::Newline | Token::End)
                || [";", "}", ">", ">>", "|"].iter().any(|sign| parser.is(sign))
        };
        if !finished(self) {
            values = self.print_values()?;
        }
        self.no_greater = no_greater;
        let kind = match &self.token {
            Token::Sign(">") => Some(Sink::File),
            Token::Sign(">>") => Some(Sink::Append),
            Token::Sign("|") => Some(Sink::Pipe),
            _ => None,
        };
        let mut output = None;
        if let Some(kind) = kind {
            self.advance(true)?;
            self.no_greater = true;
            // BusyBox takes a whole expression.
            let target = match self.lexer.gawk {
                true => self.concatenation(true)?,
                false => self.expression()?,
            };
            self.no_greater = no_greater;
            self.program.commands |= kind == Sink::Pipe;
            output = Some(Output { kind, target });
        }
        Ok(match plain {
            true => Statement::Print(values, output, line),
            false => Statement::Printf(values, output, line),
        })
    }

    /// `print a, b` or `print (a, b)`.
    pub(super) fn print_values(&mut self) -> Parsed<Vec<Expression>> {
        let before = (self.token.clone(), self.start, self.lexer.at, self.end);
        let warned = self.lexer.warnings.len();
        if self.is("(") {
            self.advance(true)?;
            if let Ok(keys) = self.keys(")")
                && (matches!(self.token, Token::Newline | Token::End)
                    || [";", "}", ">", ">>", "|"].iter().any(|sign| self.is(sign)))
            {
                return Ok(match keys.len() {
                    1 => keys.into_iter().map(|key| Expression::Group(Box::new(key))).collect(),
                    _ => keys,
                });
            }
            self.lexer.warnings.truncate(warned);
            self.no_greater = true;
            (self.token, self.start, self.lexer.at, self.end) = before;
        }
        let mut values = vec![self.expression()?];
        while self.eat(",")? {
            self.newlines()?;
            values.push(self.expression()?);
        }
        Ok(values)
    }
}
