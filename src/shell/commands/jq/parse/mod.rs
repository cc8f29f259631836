//! From tokens to a tree. Complaints name what jq's own grammar would expect at the place.

mod expressions;
mod terms;

use std::collections::BTreeMap;
use std::rc::Rc;

use super::lex::{Token, lex};
use super::tree::{Exp, Function, Node};
use super::value::Value;

/// How deep a program may nest: reading and running it are recursive.
const DEEPEST: usize = 150;

/// Signs of a program: what operators join lies one within the other.
const MOST_SIGNS: usize = 4_000;

/// Bytes of complaints: each repeats its line.
const MOST_TOLD: usize = 1 << 20;

/// Reads a program; `libraries`: there are folders where modules may be (`-L`).
///
/// # Errors
/// jq's complaints, the last line with their number.
pub(super) fn parse(source: &str, globals: &[String], libraries: bool) -> Result<Exp, String> {
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
        libraries,
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
    libraries: bool,
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
            match self.source[at..].split('"').nth(1).filter(|_| !self.is_word("module")) {
                Some(name) if !self.libraries => {
                    self.errors = vec![format!("jq: error: module not found: {name}\n")];
                }
                _ => self.refuse("modules", at),
            }
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
}

fn literal(text: &str) -> Exp {
    Rc::new(Node::Literal(Value::text(text)))
}
