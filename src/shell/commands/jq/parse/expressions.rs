//! jq's pipes, operators, bindings and conditions.

use std::rc::Rc;

use super::super::lex::Token;
use super::super::tree::{Exp, Node, Pattern};
use super::super::value::Value;
use super::{After, Group, OPERATORS, Parsed, Parser, Scope, literal};

impl Parser<'_> {
    /// An expression with pipes: the outermost.
    pub(super) fn pipe(&mut self, after: After) -> Parsed<Exp> {
        self.deeper()?;
        let scope = self.scope.clone();
        let tree = self.pipe_inside(after);
        self.scope = scope;
        self.depth -= 1;
        tree
    }

    pub(super) fn pipe_inside(&mut self, after: After) -> Parsed<Exp> {
        self.deeper()?;
        let tree = self.pipe_parts(after)?;
        self.depth -= 1;
        Ok(tree)
    }

    pub(super) fn pipe_parts(&mut self, after: After) -> Parsed<Exp> {
        if self.is_word("def") {
            let function = self.function()?;
            let body = self.pipe_inside(after)?;
            return Ok(Rc::new(Node::Define(function, body)));
        }
        let mut left = self.comma(after)?;
        // `term as $x | body` takes the rest of the pipe.
        if self.eat("|") {
            let right = self.pipe_inside(after)?;
            left = Rc::new(Node::Pipe(left, right));
        }
        Ok(left)
    }

    pub(super) fn comma(&mut self, after: After) -> Parsed<Exp> {
        let mut left = self.operators(0, after)?;
        while after != After::Value && self.eat(",") {
            let right = self.operators(0, after)?;
            left = Rc::new(Node::Comma(left, right));
        }
        Ok(left)
    }

    pub(super) fn operator(&self) -> Option<(&'static str, u8, Group)> {
        match self.token() {
            Token::Word("or") => Some(("or", 5, Group::Left)),
            Token::Word("and") => Some(("and", 6, Group::Left)),
            Token::Sign(sign) => OPERATORS.iter().find(|(operator, ..)| operator == sign).copied(),
            _ => None,
        }
    }

    pub(super) fn operators(&mut self, least: u8, after: After) -> Parsed<Exp> {
        self.deeper()?;
        let start = self.tokens[self.at].1;
        let mut left = self.postfix(after)?;
        let mut used = u8::MAX;
        while let Some((sign, strength, group)) = self.operator() {
            if strength < least {
                break;
            }
            if group == Group::None && strength == used {
                return self.unexpected("");
            }
            self.advance();
            let right =
                self.operators(if group == Group::Right { strength } else { strength + 1 }, after)?;
            used = strength;
            if sign == "/"
                && let Node::Literal(Value::Number(_)) = &*left
                && matches!(&*right, Node::Literal(Value::Number(by)) if *by == 0.0)
            {
                self.write_error("Division by zero?", start);
            }
            left = Rc::new(match sign {
                "//" => Node::Alternative(left, right),
                "and" => Node::And(left, right),
                "or" => Node::Or(left, right),
                _ if strength == 4 => Node::Update(sign, left, right),
                _ => Node::Binary(sign, left, right),
            });
        }
        self.depth -= 1;
        Ok(left)
    }

    /// An operand, with the question marks behind it.
    pub(super) fn postfix(&mut self, after: After) -> Parsed<Exp> {
        let mut tree = self.operand(after)?;
        while self.eat("?") {
            tree = Rc::new(Node::Try(tree, None));
        }
        Ok(tree)
    }

    pub(super) fn operand(&mut self, after: After) -> Parsed<Exp> {
        self.deeper()?;
        let tree = self.operand_inside(after)?;
        self.depth -= 1;
        Ok(tree)
    }

    pub(super) fn operand_inside(&mut self, after: After) -> Parsed<Exp> {
        match self.token().clone() {
            Token::Sign("-") => {
                self.advance();
                let body = self.operators(9, after)?;
                Ok(Rc::new(Node::Negative(body)))
            }
            Token::Word("reduce") => self.reduce(),
            Token::Word("foreach") => self.foreach(),
            Token::Word("if") => {
                let at = self.tokens[self.at].1;
                self.advance();
                let tree = self.condition(at);
                self.suffixes(tree?)
            }
            Token::Word("try") => {
                self.advance();
                let body = self.postfix(after)?;
                let handler = match self.eat_word("catch") {
                    true => Some(self.postfix(after)?),
                    false => None,
                };
                Ok(Rc::new(Node::Try(body, handler)))
            }
            Token::Word("def") => {
                let outer = self.scope.clone();
                let function = self.function()?;
                let body = self.pipe_inside(after)?;
                self.scope = outer;
                Ok(Rc::new(Node::Define(function, body)))
            }
            // It takes the rest of the pipe, wherever it stands.
            Token::Word("label") => {
                self.advance();
                self.expect("$", "'$'")?;
                let Token::Name(name) = self.token().clone() else {
                    return self.unexpected("IDENT");
                };
                self.advance();
                self.expect("|", "'|'")?;
                self.scope.labels.push(name.clone());
                let body = self.pipe_inside(after)?;
                Ok(Rc::new(Node::Label(name, body)))
            }
            _ => {
                let term = self.term()?;
                match self.is_word("as") {
                    true => self.binding(term, after),
                    false => Ok(term),
                }
            }
        }
    }

    pub(super) fn binding(&mut self, source: Exp, after: After) -> Parsed<Exp> {
        self.advance();
        let mut patterns = vec![self.pattern()?];
        while self.eat("?//") {
            patterns.push(self.pattern()?);
        }
        self.expect("|", "'|'")?;
        let outer = self.scope.clone();
        for pattern in &patterns {
            pattern.variables(&mut self.scope.variables);
        }
        let body = self.pipe_inside(after)?;
        self.scope = outer;
        Ok(Rc::new(Node::As(source, patterns, body)))
    }

    pub(super) fn pattern(&mut self) -> Parsed<Pattern> {
        self.deeper()?;
        let pattern = self.pattern_inside()?;
        self.depth -= 1;
        Ok(pattern)
    }

    pub(super) fn pattern_inside(&mut self) -> Parsed<Pattern> {
        if self.eat("$") {
            let Token::Name(name) = self.token().clone() else { return self.unexpected("IDENT") };
            self.advance();
            return Ok(Pattern::Variable(name));
        }
        if self.eat("[") {
            let mut patterns = vec![self.pattern()?];
            while self.eat(",") {
                patterns.push(self.pattern()?);
            }
            self.expect("]", "',' or ']'")?;
            return Ok(Pattern::Array(patterns));
        }
        if !self.eat("{") {
            return self.unexpected("'$' or '[' or '{'");
        }
        let mut entries = Vec::new();
        loop {
            entries.push(self.pattern_entry()?);
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}", "',' or '}'")?;
        Ok(Pattern::Object(entries))
    }

    pub(super) fn pattern_entry(&mut self) -> Parsed<(Exp, Option<String>, Option<Pattern>)> {
        let (key, variable) = match self.token().clone() {
            Token::Sign("$") => {
                self.advance();
                let Token::Name(name) = self.token().clone() else {
                    return self.unexpected("IDENT");
                };
                self.advance();
                (literal(&name), Some(name))
            }
            Token::Name(name) => {
                self.advance();
                (literal(&name), None)
            }
            Token::Word(word) => {
                self.advance();
                (literal(word), None)
            }
            Token::Quote => (self.string("text")?, None),
            Token::Sign("(") => {
                self.advance();
                let key = self.pipe(After::Other)?;
                self.expect(")", "")?;
                (key, None)
            }
            _ => return self.unexpected(""),
        };
        let pattern = match self.eat(":") {
            true => Some(self.pattern()?),
            false if variable.is_none() => return self.unexpected("':'"),
            false => None,
        };
        Ok((key, variable, pattern))
    }

    pub(super) fn reduce(&mut self) -> Parsed<Exp> {
        let (source, pattern, outer) = self.loop_head()?;
        let start = self.pipe(After::Other)?;
        self.expect(";", "")?;
        let update = self.pipe(After::Other)?;
        self.expect(")", "")?;
        self.scope = outer;
        self.suffixes(Rc::new(Node::Reduce(source, pattern, start, update)))
    }

    pub(super) fn foreach(&mut self) -> Parsed<Exp> {
        let (source, pattern, outer) = self.loop_head()?;
        let start = self.pipe(After::Other)?;
        self.expect(";", "")?;
        let update = self.pipe(After::Other)?;
        let extract = match self.eat(";") {
            true => self.pipe(After::Other)?,
            false => Rc::new(Node::Identity),
        };
        self.expect(")", "")?;
        self.scope = outer;
        self.suffixes(Rc::new(Node::Foreach(source, pattern, start, update, extract)))
    }

    /// `reduce SOURCE as PATTERN (`
    pub(super) fn loop_head(&mut self) -> Parsed<(Exp, Pattern, Scope)> {
        self.advance();
        let source = self.term()?;
        if !self.eat_word("as") {
            return self.unexpected("FIELD or as or '.' or '['");
        }
        let pattern = self.pattern()?;
        self.expect("(", "'('")?;
        let outer = self.scope.clone();
        pattern.variables(&mut self.scope.variables);
        Ok((source, pattern, outer))
    }

    pub(super) fn condition(&mut self, start: usize) -> Parsed<Exp> {
        let condition = self.pipe(After::Other)?;
        if !self.eat_word("then") {
            return self.unexpected("");
        }
        let body = self.branches(condition);
        if body.is_err() {
            self.write_error("Possibly unterminated 'if' statement", start);
        }
        body
    }

    pub(super) fn branches(&mut self, condition: Exp) -> Parsed<Exp> {
        let then = self.pipe(After::Other)?;
        if self.is_word("elif") {
            self.advance();
            let next = self.pipe(After::Other)?;
            if !self.eat_word("then") {
                return self.unexpected("");
            }
            let otherwise = self.branches(next)?;
            return Ok(Rc::new(Node::If(condition, then, otherwise)));
        }
        // jq 1.6 has no `if` without `else`.
        if !self.eat_word("else") {
            return self.unexpected("");
        }
        let otherwise = self.pipe(After::Other)?;
        match self.eat_word("end") {
            true => Ok(Rc::new(Node::If(condition, then, otherwise))),
            false => self.unexpected(""),
        }
    }
}
