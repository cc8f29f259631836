//! The language: tokens and grammar.

use crate::shell::commands::text::regex::{Syntax, compile};
use crate::shell::syntax::unescape;

/// A program: patterns with actions.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub rules: Vec<Rule>,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub pattern: Pattern,
    pub action: Vec<Statement>,
}

#[derive(Debug)]
pub(super) enum Pattern {
    Begin,
    End,
    Always,
    When(Expression),
    /// `from, to`
    Range(Expression, Expression),
}

#[derive(Debug)]
pub(super) enum Statement {
    Expression(Expression),
    Print(Vec<Expression>),
    Printf(Vec<Expression>),
    If(Expression, Box<Statement>, Option<Box<Statement>>),
    While(Expression, Box<Statement>),
    For(Option<Box<Statement>>, Option<Expression>, Option<Box<Statement>>, Box<Statement>),
    ForIn(String, String, Box<Statement>),
    Block(Vec<Statement>),
    Delete(String, Option<Vec<Expression>>),
    Next,
    Exit(Option<Expression>),
    Break,
    Continue,
}

#[derive(Debug)]
pub(super) enum Expression {
    Number(f64),
    Text(String),
    /// A pattern by itself asks whether the record matches.
    Regex(regex::Regex),
    Variable(String),
    Field(Box<Expression>),
    Element(String, Vec<Expression>),
    Assign(Box<Expression>, Option<char>, Box<Expression>),
    /// `i++`: (what, by how much, whether the old value counts)
    Step(Box<Expression>, f64, bool),
    Not(Box<Expression>),
    Negate(Box<Expression>),
    Binary(Box<Expression>, Binary, Box<Expression>),
    Ternary(Box<Expression>, Box<Expression>, Box<Expression>),
    In(Vec<Expression>, String),
    Call(&'static str, Vec<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Match,
    NoMatch,
    Less,
    LessEqual,
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Join,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

const FUNCTIONS: [&str; 13] = [
    "length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "toupper", "tolower",
    "int", "sqrt", "system",
];

#[derive(Clone, Debug, PartialEq)]
enum Token {
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

/// Reads a program.
///
/// # Errors
/// What is wrong, after `awk: `.
pub(super) fn program(source: &str) -> Result<Program, String> {
    let mut parser = Parser { source, at: 0, token: Token::Newline, depth: 0, no_in: false };
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

struct Parser<'a> {
    source: &'a str,
    at: usize,
    token: Token,
    depth: u32,
    /// Within `for (`: `in` belongs to the loop.
    no_in: bool,
}

type Parsed<T> = Result<T, String>;

impl Parser<'_> {
    /// Reads the next token; `operand` says that a slash begins a pattern.
    fn advance(&mut self, operand: bool) -> Parsed<()> {
        self.token = self.lex(operand)?;
        Ok(())
    }

    fn lex(&mut self, operand: bool) -> Parsed<Token> {
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

    fn line(&self) -> usize {
        self.source[..self.at].matches('\n').count() + 1
    }

    fn delimited(&mut self, close: char) -> Option<String> {
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

    fn is(&self, mark: &str) -> bool {
        matches!(self.token, Token::Mark(found) if found == mark)
    }

    fn is_name(&self, name: &str) -> bool {
        matches!(&self.token, Token::Name(found) if found == name)
    }

    fn take(&mut self, mark: &str) -> Parsed<bool> {
        let found = self.is(mark);
        if found {
            self.advance(!matches!(mark, ")" | "]"))?;
        }
        Ok(found)
    }

    fn expect(&mut self, mark: &str) -> Parsed<()> {
        match self.take(mark)? {
            true => Ok(()),
            false => self.wrong(),
        }
    }

    fn wrong<T>(&self) -> Parsed<T> {
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

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth > 50 {
            return Err("program nested too deeply".to_owned());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn skip_ends(&mut self) -> Parsed<()> {
        while self.token == Token::Newline || self.is(";") {
            self.advance(true)?;
        }
        Ok(())
    }

    fn skip_newlines(&mut self) -> Parsed<()> {
        while self.token == Token::Newline {
            self.advance(true)?;
        }
        Ok(())
    }

    fn rule(&mut self) -> Parsed<Rule> {
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

    fn block(&mut self) -> Parsed<Vec<Statement>> {
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

    fn statement(&mut self) -> Parsed<Statement> {
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
    fn reread(&mut self) -> Parsed<()> {
        if self.is("/") {
            self.at -= 1;
            self.advance(true)?;
        }
        Ok(())
    }

    fn body(&mut self) -> Parsed<Statement> {
        self.skip_newlines()?;
        if self.is(";") {
            return Ok(Statement::Block(Vec::new()));
        }
        self.deeper(Self::statement)
    }

    fn conditional(&mut self) -> Parsed<Statement> {
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

    fn for_loop(&mut self) -> Parsed<Statement> {
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

    fn simple(&mut self, keyword: &str) -> Parsed<Statement> {
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

    fn ends_statement(&self) -> bool {
        matches!(self.token, Token::Newline | Token::End) || self.is(";") || self.is("}")
    }

    fn list(&mut self) -> Parsed<Vec<Expression>> {
        let mut values = vec![self.expression()?];
        while self.take(",")? {
            self.skip_newlines()?;
            values.push(self.expression()?);
        }
        Ok(values)
    }

    fn expression(&mut self) -> Parsed<Expression> {
        self.deeper(Self::assignment)
    }

    fn assignment(&mut self) -> Parsed<Expression> {
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

    fn ternary(&mut self) -> Parsed<Expression> {
        let condition = self.or()?;
        if !self.take("?")? {
            return Ok(condition);
        }
        let yes = self.expression()?;
        self.expect(":")?;
        let no = self.expression()?;
        Ok(Expression::Ternary(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    fn or(&mut self) -> Parsed<Expression> {
        let mut left = self.and()?;
        while self.take("||")? {
            self.skip_newlines()?;
            left = binary(left, Binary::Or, self.and()?);
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expression> {
        let mut left = self.membership()?;
        while self.take("&&")? {
            self.skip_newlines()?;
            left = binary(left, Binary::And, self.membership()?);
        }
        Ok(left)
    }

    fn membership(&mut self) -> Parsed<Expression> {
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

    fn matching(&mut self) -> Parsed<Expression> {
        let mut left = self.comparison()?;
        loop {
            let operator = match self.token {
                Token::Mark("~") => Binary::Match,
                Token::Mark("!~") => Binary::NoMatch,
                _ => return Ok(left),
            };
            self.advance(true)?;
            left = binary(left, operator, self.comparison()?);
        }
    }

    fn comparison(&mut self) -> Parsed<Expression> {
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
        Ok(binary(left, operator, self.joined()?))
    }

    fn joined(&mut self) -> Parsed<Expression> {
        let mut left = self.sum()?;
        while self.begins_operand() {
            left = binary(left, Binary::Join, self.sum()?);
        }
        Ok(left)
    }

    fn begins_operand(&self) -> bool {
        match &self.token {
            Token::Number(_) | Token::Text(_) | Token::Regex(_) | Token::Function(_) => true,
            Token::Name(name) => name != "in",
            Token::Mark(mark) => matches!(*mark, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
            _ => false,
        }
    }

    fn sum(&mut self) -> Parsed<Expression> {
        let mut left = self.product()?;
        loop {
            let operator = match self.token {
                Token::Mark("+") => Binary::Add,
                Token::Mark("-") => Binary::Subtract,
                _ => return Ok(left),
            };
            self.advance(true)?;
            left = binary(left, operator, self.product()?);
        }
    }

    fn product(&mut self) -> Parsed<Expression> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.token {
                Token::Mark("*") => Binary::Multiply,
                Token::Mark("/") => Binary::Divide,
                Token::Mark("%") => Binary::Remainder,
                _ => return Ok(left),
            };
            self.advance(true)?;
            left = binary(left, operator, self.unary()?);
        }
    }

    fn unary(&mut self) -> Parsed<Expression> {
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

    fn power(&mut self) -> Parsed<Expression> {
        let base = self.postfix()?;
        if self.is("^") || self.is("**") {
            self.advance(true)?;
            let exponent = self.deeper(Self::unary)?;
            return Ok(binary(base, Binary::Power, exponent));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Parsed<Expression> {
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

    fn primary(&mut self) -> Parsed<Expression> {
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
                Ok(Expression::Regex(compile(&text, Syntax::Extended, false)?))
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

    fn call(&mut self, name: &str) -> Parsed<Expression> {
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

fn binary(left: Expression, operator: Binary, right: Expression) -> Expression {
    Expression::Binary(Box::new(left), operator, Box::new(right))
}
