//! From tokens to a tree. Complaints name what jq's own grammar would expect at the place.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::json;
use super::lex::{Token, lex};
use super::names;
use super::tree::{Exp, Function, Node, Part, Pattern};
use super::value::Value;

/// How deep a program may nest: reading and running it are recursive.
const DEEPEST: usize = 150;

/// Signs of a program: what operators join lies one within the other.
const MOST_SIGNS: usize = 4_000;

/// Bytes of complaints: each repeats its line.
const MOST_TOLD: usize = 1 << 20;

/// Reads a program.
///
/// # Errors
/// jq's complaints, the last line with their number.
pub(super) fn parse(source: &str, globals: &[String]) -> Result<Exp, String> {
    let mut parser = Parser {
        source,
        tokens: lex(source),
        at: 0,
        depth: 0,
        joined: 0,
        errors: Vec::new(),
        told: 0,
        refused: false,
        unknown: Vec::new(),
        scope: Scope { variables: globals.to_vec(), ..Scope::default() },
    };
    let tree = parser.program();
    if parser.errors.is_empty() {
        parser.errors = std::mem::take(&mut parser.unknown);
    }
    if parser.errors.is_empty()
        && let Ok(tree) = tree
    {
        return Ok(tree);
    }
    let count = parser.errors.len();
    let total = format!("jq: {count} compile error{}", if count == 1 { "" } else { "s" });
    parser.errors.push(total);
    Err(parser.errors.join("\n"))
}

/// The names that can be used at a place.
#[derive(Clone, Default)]
struct Scope {
    variables: Vec<String>,
    labels: Vec<String>,
    functions: BTreeMap<(String, usize), ()>,
}

struct Parser<'s> {
    source: &'s str,
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
    joined: usize,
    errors: Vec<String>,
    /// Bytes of all complaints, and whether podhop itself has refused the program: then no other counts.
    told: usize,
    refused: bool,
    /// Complaints about names that nobody defined: jq looks for them when all has been read.
    unknown: Vec<String>,
    scope: Scope,
}

/// The complaint has been made.
struct Failed;

type Parsed<T> = Result<T, Failed>;

/// What may follow a whole expression at a place, where jq's grammar names it.
#[derive(Clone, Copy, PartialEq)]
enum After {
    Program,
    Argument,
    Value,
    Other,
}

impl After {
    fn expected(self) -> &'static str {
        match self {
            After::Program => "$end",
            After::Argument => "';' or ')'",
            After::Value => "'}'",
            After::Other => "",
        }
    }
}

/// Operators: sign, how strongly it binds, and whether it groups to the right.
const OPERATORS: [(&str, u8, Group); 20] = [
    ("//", 3, Group::Right),
    ("=", 4, Group::None),
    ("|=", 4, Group::None),
    ("+=", 4, Group::None),
    ("-=", 4, Group::None),
    ("*=", 4, Group::None),
    ("/=", 4, Group::None),
    ("%=", 4, Group::None),
    ("//=", 4, Group::None),
    ("==", 7, Group::None),
    ("!=", 7, Group::None),
    ("<", 7, Group::None),
    ("<=", 7, Group::None),
    (">", 7, Group::None),
    (">=", 7, Group::None),
    ("+", 8, Group::Left),
    ("-", 8, Group::Left),
    ("*", 9, Group::Left),
    ("/", 9, Group::Left),
    ("%", 9, Group::Left),
];

#[derive(Clone, Copy, PartialEq)]
enum Group {
    Left,
    Right,
    None,
}

impl Parser<'_> {
    fn token(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn advance(&mut self) -> Token {
        let token = self.token().clone();
        self.joined +=
            usize::from(matches!(token, Token::Sign(_) | Token::Word(_) | Token::Field(_)));
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.token(), Token::Sign(found) if *found == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.token(), Token::Word(found) if *found == word)
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        if found {
            self.advance();
        }
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    /// A complaint about a place: the line, and as many blanks as stand before the place in it.
    fn write_error(&mut self, message: &str, at: usize) {
        if self.refused {
            return;
        }
        if self.told > MOST_TOLD {
            return self.refuse("complaints of this size", at);
        }
        let start = self.source[..at].rfind('\n').map_or(0, |end| end + 1);
        let end = self.source[start..].find('\n').map_or(self.source.len(), |end| start + end);
        let number = self.source[..at].matches('\n').count() + 1;
        let line = &self.source[start..end];
        let blanks = " ".repeat(at - start);
        let text = format!("jq: error: {message} at <top-level>, line {number}:\n{line}{blanks}");
        self.told += text.len();
        match message.ends_with("is not defined") {
            true => self.unknown.push(text),
            false => self.errors.push(text),
        }
    }

    /// What podhop's jq does not do: the one complaint that counts.
    fn refuse(&mut self, what: &str, at: usize) {
        let number = self.source[..at].matches('\n').count() + 1;
        let told = format!("{what} are not simulated here at <top-level>, line {number}");
        self.errors = vec![format!("jq: error: podhop: {told}")];
        self.refused = true;
    }

    fn unexpected<T>(&mut self, expected: &str) -> Parsed<T> {
        let (token, mut at) = self.tokens[self.at].clone();
        // The end is where the blanks before it begin.
        let trimmed = self.source.trim_end().len();
        if matches!(token, Token::End) && trimmed < self.source.len() {
            at = trimmed;
        }
        let expecting = match expected {
            "" => String::new(),
            names => format!(", expecting {names}"),
        };
        let message = format!(
            "syntax error, unexpected {}{expecting} (Unix shell quoting issues?)",
            token.name()
        );
        self.write_error(&message, at);
        Err(Failed)
    }

    fn expect(&mut self, sign: &str, expected: &str) -> Parsed<()> {
        match self.eat(sign) {
            true => Ok(()),
            false => self.unexpected(expected),
        }
    }

    fn program(&mut self) -> Parsed<Exp> {
        let mut functions = Vec::new();
        while self.is_word("def") {
            functions.push(self.function()?);
        }
        if matches!(self.token(), Token::Word("import" | "include" | "module")) {
            let at = self.tokens[self.at].1;
            self.refuse("modules", at);
            return Err(Failed);
        }
        let body = match self.token() {
            Token::End => Rc::new(Node::Identity),
            _ if !self.begins() => return self.unexpected("$end"),
            _ => self.pipe(After::Program)?,
        };
        if *self.token() != Token::End {
            return self.unexpected("$end");
        }
        Ok(functions.into_iter().rev().fold(body, |body, one| Rc::new(Node::Define(one, body))))
    }

    /// Whether an expression can begin here.
    fn begins(&self) -> bool {
        match self.token() {
            Token::Field(_)
            | Token::Name(_)
            | Token::Format(_)
            | Token::Number(_)
            | Token::Quote => true,
            Token::Word(word) => {
                matches!(*word, "def" | "if" | "reduce" | "foreach" | "try" | "label" | "break")
            }
            Token::Sign(sign) => matches!(*sign, "." | ".." | "[" | "(" | "{" | "-" | "$"),
            _ => false,
        }
    }

    fn function(&mut self) -> Parsed<Rc<Function>> {
        self.advance();
        let name = match self.advance() {
            Token::Name(name) => name,
            _ => {
                self.at -= 1;
                return self.unexpected("IDENT");
            }
        };
        let mut parameters = Vec::new();
        if self.eat("(") {
            loop {
                let value = self.eat("$");
                let Token::Name(name) = self.token().clone() else {
                    return self.unexpected(if value { "IDENT" } else { "IDENT or '$'" });
                };
                self.advance();
                parameters.push((name, value));
                if self.eat(")") {
                    break;
                }
                self.expect(";", "';' or ')'")?;
            }
            self.expect(":", "':'")?;
        } else {
            self.expect(":", "'(' or ':'")?;
        }
        let outer = self.scope.clone();
        self.scope.functions.insert((name.clone(), parameters.len()), ());
        for (parameter, value) in &parameters {
            self.scope.functions.insert((parameter.clone(), 0), ());
            if *value {
                self.scope.variables.push(parameter.clone());
            }
        }
        let body = self.pipe(After::Other)?;
        self.expect(";", "")?;
        self.scope = outer;
        self.scope.functions.insert((name.clone(), parameters.len()), ());
        Ok(Rc::new(Function { name, parameters, body }))
    }

    /// An expression with pipes: the outermost.
    fn pipe(&mut self, after: After) -> Parsed<Exp> {
        self.deeper()?;
        let scope = self.scope.clone();
        let tree = self.pipe_inside(after);
        self.scope = scope;
        self.depth -= 1;
        tree
    }

    fn pipe_inside(&mut self, after: After) -> Parsed<Exp> {
        self.deeper()?;
        let tree = self.pipe_parts(after)?;
        self.depth -= 1;
        Ok(tree)
    }

    fn pipe_parts(&mut self, after: After) -> Parsed<Exp> {
        if self.is_word("def") {
            let function = self.function()?;
            let body = self.pipe_inside(after)?;
            return Ok(Rc::new(Node::Define(function, body)));
        }
        if self.is_word("label") {
            self.advance();
            self.expect("$", "'$'")?;
            let Token::Name(name) = self.token().clone() else { return self.unexpected("IDENT") };
            self.advance();
            self.expect("|", "'|'")?;
            self.scope.labels.push(name.clone());
            let body = self.pipe_inside(after)?;
            return Ok(Rc::new(Node::Label(name, body)));
        }
        let mut left = self.comma(after)?;
        // `term as $x | body` takes the rest of the pipe.
        if self.eat("|") {
            let right = self.pipe_inside(after)?;
            left = Rc::new(Node::Pipe(left, right));
        }
        Ok(left)
    }

    fn comma(&mut self, after: After) -> Parsed<Exp> {
        let mut left = self.operators(0, after)?;
        while after != After::Value && self.eat(",") {
            let right = self.operators(0, after)?;
            left = Rc::new(Node::Comma(left, right));
        }
        Ok(left)
    }

    fn operator(&self) -> Option<(&'static str, u8, Group)> {
        match self.token() {
            Token::Word("or") => Some(("or", 5, Group::Left)),
            Token::Word("and") => Some(("and", 6, Group::Left)),
            Token::Sign(sign) => OPERATORS.iter().find(|(operator, ..)| operator == sign).copied(),
            _ => None,
        }
    }

    fn operators(&mut self, least: u8, after: After) -> Parsed<Exp> {
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
    fn postfix(&mut self, after: After) -> Parsed<Exp> {
        let mut tree = self.operand(after)?;
        while self.eat("?") {
            tree = Rc::new(Node::Try(tree, None));
        }
        Ok(tree)
    }

    fn operand(&mut self, after: After) -> Parsed<Exp> {
        self.deeper()?;
        let tree = self.operand_inside(after)?;
        self.depth -= 1;
        Ok(tree)
    }

    fn operand_inside(&mut self, after: After) -> Parsed<Exp> {
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
            _ => {
                let term = self.term()?;
                match self.is_word("as") {
                    true => self.binding(term, after),
                    false => Ok(term),
                }
            }
        }
    }

    fn binding(&mut self, source: Exp, after: After) -> Parsed<Exp> {
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

    fn pattern(&mut self) -> Parsed<Pattern> {
        self.deeper()?;
        let pattern = self.pattern_inside()?;
        self.depth -= 1;
        Ok(pattern)
    }

    fn pattern_inside(&mut self) -> Parsed<Pattern> {
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

    fn pattern_entry(&mut self) -> Parsed<(Exp, Option<String>, Option<Pattern>)> {
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

    fn reduce(&mut self) -> Parsed<Exp> {
        let (source, pattern, outer) = self.loop_head()?;
        let start = self.pipe(After::Other)?;
        self.expect(";", "")?;
        let update = self.pipe(After::Other)?;
        self.expect(")", "")?;
        self.scope = outer;
        self.suffixes(Rc::new(Node::Reduce(source, pattern, start, update)))
    }

    fn foreach(&mut self) -> Parsed<Exp> {
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
    fn loop_head(&mut self) -> Parsed<(Exp, Pattern, Scope)> {
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

    fn condition(&mut self, start: usize) -> Parsed<Exp> {
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

    fn branches(&mut self, condition: Exp) -> Parsed<Exp> {
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

    fn term(&mut self) -> Parsed<Exp> {
        self.deeper()?;
        let tree = self.term_inside()?;
        self.depth -= 1;
        Ok(tree)
    }

    /// Counts how deep the program nests; who goes up again counts back.
    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEEPEST || self.joined > MOST_SIGNS {
            let at = self.tokens[self.at].1;
            self.refuse("programs that nest this deep", at);
            return Err(Failed);
        }
        Ok(())
    }

    fn term_inside(&mut self) -> Parsed<Exp> {
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
                self.advance();
                self.expect("$", "'$'")?;
                let (token, at) = self.tokens[self.at].clone();
                let Token::Name(name) = token else { return self.unexpected("IDENT") };
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

    fn dot(&mut self) -> Parsed<Exp> {
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

    fn variable(&mut self) -> Parsed<Exp> {
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

    fn call(&mut self, name: &str) -> Parsed<Exp> {
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

    fn suffixes(&mut self, mut tree: Exp) -> Parsed<Exp> {
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

    fn brackets(&mut self, tree: Exp) -> Parsed<Exp> {
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

    fn string(&mut self, format: &str) -> Parsed<Exp> {
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

    fn object(&mut self) -> Parsed<Exp> {
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
    fn perhaps_a_key(&mut self, start: usize) {
        let colon = |(token, _): &(Token, usize)| *token == Token::Sign(":");
        if self.tokens[self.at..].iter().any(colon) {
            self.write_error("May need parentheses around object key expression", start);
        }
    }

    fn entry(&mut self) -> Parsed<(Exp, Exp)> {
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
                    self.write_error(
                        &format!("Cannot use {} as object key", value.shown()),
                        at + 1,
                    );
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
    fn value_operand(&mut self) -> Parsed<Exp> {
        match self.eat("-") {
            true => {
                let body = self.value_operand()?;
                Ok(Rc::new(Node::Negative(body)))
            }
            false => self.term(),
        }
    }
}

fn literal(text: &str) -> Exp {
    Rc::new(Node::Literal(Value::text(text)))
}
