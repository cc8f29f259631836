//! jq's terms: paths, variables, calls, strings and objects.

use std::rc::Rc;

use super::super::json;
use super::super::lex::Token;
use super::super::names;
use super::super::tree::{Exp, Node, Part};
use super::super::value::Value;
use super::{After, DEEPEST, Failed, MOST_SIGNS, Parsed, Parser, literal};

impl Parser<'_> {
    pub(super) fn term(&mut self) -> Parsed<Exp> {
        self.deeper()?;
        let tree = self.term_inside()?;
        self.depth -= 1;
        Ok(tree)
    }

    /// Counts how deep the program nests; who goes up again counts back.
    pub(super) fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEEPEST || self.joined > MOST_SIGNS {
            let at = self.tokens[self.at].1;
            self.refuse("programs that nest this deep", at);
            return Err(Failed);
        }
        Ok(())
    }

    pub(super) fn term_inside(&mut self) -> Parsed<Exp> {
        let tree = match self.token().clone() {
            Token::Number(number) => {
                self.advance();
                Rc::new(Node::Literal(Value::Number(number)))
            }
            Token::Quote => self.string("text")?,
            Token::Format(name) => {
                self.advance();
                match self.token() {
                    Token::Quote => self.string(&name)?,
                    _ => Rc::new(Node::Format(name)),
                }
            }
            Token::Field(name) => {
                self.advance();
                let quiet = self.eat("?");
                Rc::new(Node::Index(Rc::new(Node::Identity), literal(&name), quiet))
            }
            Token::Name(name) => self.call(&name)?,
            Token::Word("break") => {
                let at = self.tokens[self.at].1;
                self.advance();
                self.expect("$", "'$'")?;
                let Token::Name(name) = self.token().clone() else {
                    return self.unexpected("IDENT");
                };
                self.advance();
                if !self.scope.labels.contains(&name) {
                    self.write_error(&format!("$*label-{name} is not defined"), at);
                }
                Rc::new(Node::Break(name))
            }
            Token::Word("reduce") => self.reduce()?,
            Token::Word("foreach") => self.foreach()?,
            Token::Word("if") => self.operand(After::Other)?,
            Token::Sign("..") => {
                self.advance();
                Rc::new(Node::Call("recurse".to_owned(), Vec::new()))
            }
            Token::Sign(".") => self.dot()?,
            Token::Sign("$") => self.variable()?,
            Token::Sign("(") => {
                self.advance();
                let tree = self.pipe(After::Other)?;
                self.expect(")", "")?;
                tree
            }
            Token::Sign("[") => {
                self.advance();
                let body = match self.is("]") {
                    true => None,
                    false => Some(self.pipe(After::Other)?),
                };
                self.expect("]", "")?;
                Rc::new(Node::Array(body))
            }
            Token::Sign("{") => self.object()?,
            _ => return self.unexpected(""),
        };
        self.suffixes(tree)
    }

    pub(super) fn dot(&mut self) -> Parsed<Exp> {
        let at = self.tokens[self.at].1;
        self.advance();
        match self.token() {
            Token::Quote => {
                let key = self.string("text")?;
                let quiet = self.eat("?");
                Ok(Rc::new(Node::Index(Rc::new(Node::Identity), key, quiet)))
            }
            Token::Sign("{") | Token::Invalid | Token::Format(_) => {
                let failed = self.unexpected("");
                self.write_error(
                    "try .[\"field\"] instead of .field for unusually named fields",
                    at,
                );
                failed
            }
            _ => Ok(Rc::new(Node::Identity)),
        }
    }

    pub(super) fn variable(&mut self) -> Parsed<Exp> {
        let start = self.tokens[self.at].1;
        self.advance();
        let (token, _) = self.tokens[self.at].clone();
        match token {
            Token::Word("__loc__") => {
                self.advance();
                let line = self.source[..start].matches('\n').count() + 1;
                let pairs = [
                    (Rc::from("file"), Value::text("<top-level>")),
                    (Rc::from("line"), Value::Number(line as f64)),
                ];
                Ok(Rc::new(Node::Literal(Value::object(pairs))))
            }
            Token::Name(name) => {
                self.advance();
                if !self.scope.variables.contains(&name) {
                    self.write_error(&format!("${name} is not defined"), start);
                }
                Ok(Rc::new(Node::Variable(name)))
            }
            _ => self.unexpected("IDENT or __loc__"),
        }
    }

    pub(super) fn call(&mut self, name: &str) -> Parsed<Exp> {
        let start = self.tokens[self.at].1;
        self.advance();
        let mut arguments = Vec::new();
        if self.eat("(") {
            loop {
                arguments.push(self.pipe(After::Argument)?);
                if self.eat(")") {
                    break;
                }
                self.expect(";", After::Argument.expected())?;
            }
        }
        let count = arguments.len();
        let known = self.scope.functions.contains_key(&(name.to_owned(), count));
        if !known {
            match (name, count) {
                ("true", 0) => return Ok(Rc::new(Node::Literal(Value::Bool(true)))),
                ("false", 0) => return Ok(Rc::new(Node::Literal(Value::Bool(false)))),
                ("null", 0) => return Ok(Rc::new(Node::Literal(Value::Null))),
                _ => {}
            }
            if !names::exists(name, count) {
                self.write_error(&format!("{name}/{count} is not defined"), start);
            }
        }
        Ok(Rc::new(Node::Call(name.to_owned(), arguments)))
    }

    pub(super) fn suffixes(&mut self, mut tree: Exp) -> Parsed<Exp> {
        loop {
            if self.joined > MOST_SIGNS {
                let at = self.tokens[self.at].1;
                self.refuse("programs this long", at);
                return Err(Failed);
            }
            match self.token().clone() {
                Token::Field(name) => {
                    self.advance();
                    let quiet = self.eat("?");
                    tree = Rc::new(Node::Index(tree, literal(&name), quiet));
                }
                Token::Sign(".") => {
                    self.advance();
                    if !matches!(self.token(), Token::Quote | Token::Format(_)) {
                        return self.unexpected("FORMAT or QQSTRING_START");
                    }
                    let key = self.string("text")?;
                    let quiet = self.eat("?");
                    tree = Rc::new(Node::Index(tree, key, quiet));
                }
                Token::Sign("[") => {
                    self.advance();
                    tree = self.brackets(tree)?;
                }
                _ => return Ok(tree),
            }
        }
    }

    pub(super) fn brackets(&mut self, tree: Exp) -> Parsed<Exp> {
        if self.eat("]") {
            let quiet = self.eat("?");
            return Ok(Rc::new(Node::Each(tree, quiet)));
        }
        if self.eat(":") {
            let to = self.pipe(After::Other)?;
            self.expect("]", "")?;
            let quiet = self.eat("?");
            return Ok(Rc::new(Node::Slice(tree, None, Some(to), quiet)));
        }
        let key = self.pipe(After::Other)?;
        if self.eat(":") {
            let to = match self.is("]") {
                true => None,
                false => Some(self.pipe(After::Other)?),
            };
            self.expect("]", "")?;
            let quiet = self.eat("?");
            return Ok(Rc::new(Node::Slice(tree, Some(key), to, quiet)));
        }
        self.expect("]", "")?;
        let quiet = self.eat("?");
        Ok(Rc::new(Node::Index(tree, key, quiet)))
    }

    pub(super) fn string(&mut self, format: &str) -> Parsed<Exp> {
        let mut format = format.to_owned();
        if let Token::Format(name) = self.token().clone() {
            self.advance();
            format = name;
        }
        self.advance();
        let mut parts = Vec::new();
        loop {
            let (token, at) = self.tokens[self.at].clone();
            match token {
                Token::QuoteEnd => {
                    self.advance();
                    break;
                }
                Token::Text(text) => {
                    self.advance();
                    match json::unescape(&text) {
                        Ok(text) => parts.push(Part::Text(text)),
                        Err(what) => {
                            let column = text.chars().count() + 2;
                            let message = format!(
                                "{what} at line 1, column {column} (while parsing '\"{text}\"')"
                            );
                            self.write_error(&message, at);
                        }
                    }
                }
                Token::Interpolation => {
                    self.advance();
                    parts.push(Part::Exp(self.pipe(After::Other)?));
                    match self.token() {
                        Token::InterpolationEnd => self.advance(),
                        _ => return self.unexpected(""),
                    };
                }
                _ => {
                    return self
                        .unexpected("QQSTRING_TEXT or QQSTRING_INTERP_START or QQSTRING_END");
                }
            }
        }
        Ok(match parts.as_slice() {
            [] => literal(""),
            [Part::Text(text)] => literal(text),
            _ => Rc::new(Node::Text(format, parts)),
        })
    }

    pub(super) fn object(&mut self) -> Parsed<Exp> {
        self.advance();
        let mut pairs = Vec::new();
        if self.eat("}") {
            return Ok(Rc::new(Node::Object(pairs)));
        }
        loop {
            let start = self.tokens[self.at].1;
            match self.entry() {
                Ok(pair) => pairs.push(pair),
                Err(failed) => {
                    self.perhaps_a_key(start);
                    return Err(failed);
                }
            }
            if self.eat("}") {
                return Ok(Rc::new(Node::Object(pairs)));
            }
            if self.eat(",") {
                if self.eat("}") {
                    return Ok(Rc::new(Node::Object(pairs)));
                }
                continue;
            }
            let failed = self.unexpected("'}'");
            self.perhaps_a_key(start);
            return failed;
        }
    }

    /// jq's remark when a colon follows on something wrong in an object.
    pub(super) fn perhaps_a_key(&mut self, start: usize) {
        let colon = |(token, _): &(Token, usize)| *token == Token::Sign(":");
        if self.tokens[self.at..].iter().any(colon) {
            self.write_error("May need parentheses around object key expression", start);
        }
    }

    pub(super) fn entry(&mut self) -> Parsed<(Exp, Exp)> {
        let at = self.tokens[self.at].1;
        let field = |key: &Exp| Rc::new(Node::Index(Rc::new(Node::Identity), key.clone(), false));
        let (key, value) = match self.token().clone() {
            Token::Sign("$") => {
                let value = self.variable()?;
                let name = match &*value {
                    Node::Variable(name) => name.clone(),
                    _ => "__loc__".to_owned(),
                };
                return Ok((literal(&name), value));
            }
            Token::Name(name) => {
                self.advance();
                let key = literal(&name);
                (key.clone(), field(&key))
            }
            Token::Word(word) => {
                self.advance();
                let key = literal(word);
                (key.clone(), field(&key))
            }
            Token::Quote | Token::Format(_) => {
                let key = self.string("text")?;
                (key.clone(), field(&key))
            }
            Token::Number(number) => {
                let shown = Value::Number(number).shown();
                self.advance();
                self.write_error(&format!("Cannot use {shown} as object key"), at);
                (literal(""), literal(""))
            }
            Token::Sign("(") => {
                self.advance();
                let key = self.pipe(After::Other)?;
                self.expect(")", "")?;
                if let Node::Literal(value) = &*key
                    && !matches!(value, Value::String(_))
                {
                    self.write_error(&format!("Cannot use {} as object key", value.shown()), at);
                }
                if !self.is(":") {
                    return self.unexpected("':'");
                }
                (key, literal(""))
            }
            _ => return self.unexpected(""),
        };
        if !self.eat(":") {
            return Ok((key, value));
        }
        let mut value = self.value_operand()?;
        while self.eat("|") {
            let next = self.value_operand()?;
            value = Rc::new(Node::Pipe(value, next));
        }
        Ok((key, value))
    }

    /// An object's value: a term without operators.
    pub(super) fn value_operand(&mut self) -> Parsed<Exp> {
        match self.eat("-") {
            true => {
                let body = self.value_operand()?;
                Ok(Rc::new(Node::Negative(body)))
            }
            false => self.term(),
        }
    }
}
