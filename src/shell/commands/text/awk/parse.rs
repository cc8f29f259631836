//! The grammar, by recursive descent; expressions by how tightly their operators bind.

use super::lex::{FUNCTIONS, Token};
use super::tree::{Binary, Expression, Program};
use crate::shell::commands::text::regex::{Syntax, compile};

/// Reads a program.
///
/// # Errors
/// What is wrong, after `awk: `.
pub(super) fn program(source: &str) -> Result<Program, String> {
    let mut parser =
        Parser { source, at: 0, token: Token::Newline, depth: 0, operators: 0, no_in: false };
    parser.advance(true)?;
    let mut program = Program::default();
    loop {
        parser.skip_ends()?;
        if parser.token == Token::End {
            return Ok(program);
        }
        program.rules.push(parser.rule()?);
    }
}

/// Operators of one statement.
const OPERATORS: u32 = 400;

pub(super) struct Parser<'a> {
    pub(super) source: &'a str,
    pub(super) at: usize,
    pub(super) token: Token,
    pub(super) depth: u32,
    /// Operators since the last statement: what they join lies one within the other.
    pub(super) operators: u32,
    /// Within `for (`: `in` belongs to the loop.
    pub(super) no_in: bool,
}

pub(super) type Parsed<T> = Result<T, String>;

impl Parser<'_> {
    pub(super) fn is(&self, mark: &str) -> bool {
        matches!(self.token, Token::Mark(found) if found == mark)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(&self.token, Token::Name(found) if found == name)
    }

    pub(super) fn take(&mut self, mark: &str) -> Parsed<bool> {
        let found = self.is(mark);
        if found {
            self.advance(!matches!(mark, ")" | "]"))?;
        }
        Ok(found)
    }

    pub(super) fn expect(&mut self, mark: &str) -> Parsed<()> {
        match self.take(mark)? {
            true => Ok(()),
            false => self.wrong(),
        }
    }

    pub(super) fn wrong<T>(&self) -> Parsed<T> {
        let near = match &self.token {
            Token::Number(number) => number.to_string(),
            Token::Text(text) => format!("\"{text}\""),
            Token::Regex(text) => format!("/{text}/"),
            Token::Name(name) | Token::Function(name) => name.clone(),
            Token::Mark(mark) => (*mark).to_owned(),
            Token::Newline => "newline".to_owned(),
            Token::End => "end of program".to_owned(),
        };
        let hint = match near.as_str() {
            "getline" | "function" | ">" | ">>" | "|" => {
                " (podhop's awk has no functions of your own, getline, files or pipes)"
            }
            _ => "",
        };
        Err(format!("cmd. line:{}: syntax error at or near {near}{hint}", self.line()))
    }

    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth > 50 {
            return self.too_deep();
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn too_deep<T>(&self) -> Parsed<T> {
        Err(format!("cmd. line:{}: program nested too deeply", self.line()))
    }

    fn binary(
        &mut self,
        left: Expression,
        operator: Binary,
        right: Expression,
    ) -> Parsed<Expression> {
        self.operators += 1;
        match self.operators > OPERATORS {
            true => self.too_deep(),
            false => Ok(Expression::Binary(Box::new(left), operator, Box::new(right))),
        }
    }

    pub(super) fn skip_ends(&mut self) -> Parsed<()> {
        while self.token == Token::Newline || self.is(";") {
            self.advance(true)?;
        }
        Ok(())
    }

    pub(super) fn skip_newlines(&mut self) -> Parsed<()> {
        while self.token == Token::Newline {
            self.advance(true)?;
        }
        Ok(())
    }

    pub(super) fn list(&mut self) -> Parsed<Vec<Expression>> {
        let mut values = vec![self.expression()?];
        while self.take(",")? {
            self.skip_newlines()?;
            values.push(self.expression()?);
        }
        Ok(values)
    }

    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.deeper(Self::assignment)
    }

    pub(super) fn assignment(&mut self) -> Parsed<Expression> {
        let left = self.ternary()?;
        let is_place = matches!(
            left,
            Expression::Variable(_) | Expression::Field(_) | Expression::Element(..)
        );
        let operator = match self.token {
            Token::Mark("=") => None,
            Token::Mark("+=") => Some('+'),
            Token::Mark("-=") => Some('-'),
            Token::Mark("*=") => Some('*'),
            Token::Mark("/=") => Some('/'),
            Token::Mark("%=") => Some('%'),
            Token::Mark("^=" | "**=") => Some('^'),
            _ => return Ok(left),
        };
        if !is_place {
            return self.wrong();
        }
        self.advance(true)?;
        let right = self.expression()?;
        Ok(Expression::Assign(Box::new(left), operator, Box::new(right)))
    }

    pub(super) fn ternary(&mut self) -> Parsed<Expression> {
        let condition = self.or()?;
        if !self.take("?")? {
            return Ok(condition);
        }
        let yes = self.expression()?;
        self.expect(":")?;
        let no = self.expression()?;
        Ok(Expression::Ternary(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    pub(super) fn or(&mut self) -> Parsed<Expression> {
        let mut left = self.and()?;
        while self.take("||")? {
            self.skip_newlines()?;
            let right = self.and()?;
            left = self.binary(left, Binary::Or, right)?;
        }
        Ok(left)
    }

    pub(super) fn and(&mut self) -> Parsed<Expression> {
        let mut left = self.membership()?;
        while self.take("&&")? {
            self.skip_newlines()?;
            let right = self.membership()?;
            left = self.binary(left, Binary::And, right)?;
        }
        Ok(left)
    }

    pub(super) fn membership(&mut self) -> Parsed<Expression> {
        let mut left = self.matching()?;
        while self.is_name("in") && !self.no_in {
            self.advance(true)?;
            let Token::Name(array) = self.token.clone() else { return self.wrong() };
            self.advance(false)?;
            let index = match left {
                Expression::In(index, empty) if empty.is_empty() => index,
                other => vec![other],
            };
            left = Expression::In(index, array);
        }
        Ok(left)
    }

    pub(super) fn matching(&mut self) -> Parsed<Expression> {
        let mut left = self.comparison()?;
        loop {
            let operator = match self.token {
                Token::Mark("~") => Binary::Match,
                Token::Mark("!~") => Binary::NoMatch,
                _ => return Ok(left),
            };
            self.advance(true)?;
            let right = self.comparison()?;
            left = self.binary(left, operator, right)?;
        }
    }

    pub(super) fn comparison(&mut self) -> Parsed<Expression> {
        let left = self.joined()?;
        let operator = match self.token {
            Token::Mark("<") => Binary::Less,
            Token::Mark("<=") => Binary::LessEqual,
            Token::Mark("==") => Binary::Equal,
            Token::Mark("!=") => Binary::NotEqual,
            Token::Mark(">") => Binary::Greater,
            Token::Mark(">=") => Binary::GreaterEqual,
            _ => return Ok(left),
        };
        self.advance(true)?;
        let right = self.joined()?;
        self.binary(left, operator, right)
    }

    pub(super) fn joined(&mut self) -> Parsed<Expression> {
        let mut left = self.sum()?;
        while self.begins_operand() {
            let right = self.sum()?;
            left = self.binary(left, Binary::Join, right)?;
        }
        Ok(left)
    }

    pub(super) fn begins_operand(&self) -> bool {
        match &self.token {
            Token::Number(_) | Token::Text(_) | Token::Regex(_) | Token::Function(_) => true,
            Token::Name(name) => name != "in",
            Token::Mark(mark) => matches!(*mark, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
            _ => false,
        }
    }

    pub(super) fn sum(&mut self) -> Parsed<Expression> {
        let mut left = self.product()?;
        loop {
            let operator = match self.token {
                Token::Mark("+") => Binary::Add,
                Token::Mark("-") => Binary::Subtract,
                _ => return Ok(left),
            };
            self.advance(true)?;
            let right = self.product()?;
            left = self.binary(left, operator, right)?;
        }
    }

    pub(super) fn product(&mut self) -> Parsed<Expression> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.token {
                Token::Mark("*") => Binary::Multiply,
                Token::Mark("/") => Binary::Divide,
                Token::Mark("%") => Binary::Remainder,
                _ => return Ok(left),
            };
            self.advance(true)?;
            let right = self.unary()?;
            left = self.binary(left, operator, right)?;
        }
    }

    pub(super) fn unary(&mut self) -> Parsed<Expression> {
        if self.take("!")? {
            return Ok(Expression::Not(Box::new(self.deeper(Self::unary)?)));
        }
        if self.take("-")? {
            return Ok(Expression::Negate(Box::new(self.deeper(Self::unary)?)));
        }
        if self.take("+")? {
            return self.deeper(Self::unary);
        }
        self.power()
    }

    pub(super) fn power(&mut self) -> Parsed<Expression> {
        let base = self.postfix()?;
        if self.is("^") || self.is("**") {
            self.advance(true)?;
            let exponent = self.deeper(Self::unary)?;
            return self.binary(base, Binary::Power, exponent);
        }
        Ok(base)
    }

    pub(super) fn postfix(&mut self) -> Parsed<Expression> {
        for (mark, by) in [("++", 1.0), ("--", -1.0)] {
            if self.take(mark)? {
                let place = self.deeper(Self::primary)?;
                return Ok(Expression::Step(Box::new(place), by, false));
            }
        }
        let value = self.primary()?;
        let is_place = matches!(
            value,
            Expression::Variable(_) | Expression::Field(_) | Expression::Element(..)
        );
        for (mark, by) in [("++", 1.0), ("--", -1.0)] {
            if is_place && self.is(mark) {
                self.advance(false)?;
                return Ok(Expression::Step(Box::new(value), by, true));
            }
        }
        Ok(value)
    }

    pub(super) fn primary(&mut self) -> Parsed<Expression> {
        match self.token.clone() {
            Token::Number(number) => {
                self.advance(false)?;
                Ok(Expression::Number(number))
            }
            Token::Text(text) => {
                self.advance(false)?;
                Ok(Expression::Text(text))
            }
            Token::Regex(text) => {
                self.advance(false)?;
                Ok(Expression::Regex(compile(&text, Syntax::Awk, false)?))
            }
            Token::Mark("$") => {
                self.advance(true)?;
                Ok(Expression::Field(Box::new(self.deeper(Self::postfix)?)))
            }
            Token::Mark("(") => {
                self.advance(true)?;
                let no_in = std::mem::take(&mut self.no_in);
                let mut values = self.list()?;
                self.no_in = no_in;
                self.expect(")")?;
                match values.len() {
                    1 => values.pop().map_or_else(|| self.wrong(), Ok),
                    _ => Ok(Expression::In(values, String::new())),
                }
            }
            Token::Function(name) => self.call(&name),
            Token::Name(name) => {
                self.advance(false)?;
                if self.is("[") {
                    self.advance(true)?;
                    let index = self.list()?;
                    self.expect("]")?;
                    return Ok(Expression::Element(name, index));
                }
                if matches!(name.as_str(), "getline" | "function" | "func") {
                    self.token = Token::Name(name);
                    return self.wrong();
                }
                Ok(Expression::Variable(name))
            }
            _ => self.wrong(),
        }
    }

    pub(super) fn call(&mut self, name: &str) -> Parsed<Expression> {
        self.advance(false)?;
        let mut arguments = Vec::new();
        if self.is("(") {
            self.advance(true)?;
            if !self.is(")") {
                arguments = self.list()?;
            }
            self.expect(")")?;
        } else if name != "length" {
            return self.wrong();
        }
        let known = FUNCTIONS.iter().find(|known| **known == name);
        known.map_or_else(|| self.wrong(), |name| Ok(Expression::Call(name, arguments)))
    }
}
