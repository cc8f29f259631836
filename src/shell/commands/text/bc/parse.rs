//! The language of `bc` (POSIX, with what GNU adds): a line to its statements.

use std::collections::BTreeMap;

/// Expressions and statements within one another, which are read by recursion.
const DEEPEST: u32 = 200;

/// What can be assigned to.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Name(String),
    Element(String, Box<Expr>),
    Scale,
    Ibase,
    Obase,
    Last,
}

#[derive(Clone, Debug)]
pub(super) enum Expr {
    Number(String),
    Get(Place),
    /// `place = value`, or `place += value` with its operator.
    Set(Place, Option<String>, Box<Expr>, Address),
    /// `++place`, `place--`: by how much, and whether the old value counts.
    Step(Place, i64, bool),
    Two(String, Box<Expr>, Box<Expr>, Address),
    Negative(Box<Expr>),
    Not(Box<Expr>),
    Call(String, Vec<Expr>, Address),
    /// `length`, `scale` and `sqrt`.
    Own(String, Box<Expr>, Address),
}

/// Where in its program GNU's machine stands, which its errors name.
pub(super) type Address = usize;

#[derive(Clone, Debug)]
pub(super) enum Stmt {
    /// An expression, and whether its value is printed.
    Value(Expr, bool),
    Text(String),
    Print(Vec<Stmt>),
    If(Expr, Box<Stmt>, Option<Box<Stmt>>),
    While(Expr, Box<Stmt>),
    For(Option<Expr>, Option<Expr>, Option<Expr>, Box<Stmt>),
    Block(Vec<Stmt>),
    Break,
    Continue,
    Return(Option<Expr>),
    Halt,
}

#[derive(Clone, Debug)]
pub(super) struct Function {
    pub parameters: Vec<String>,
    pub locals: Vec<String>,
    pub body: Vec<Stmt>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Number(String),
    Name(String),
    Text(String),
    Sign(String),
    /// A character that is in no token.
    Strange(char),
}

/// What is wrong with a text, and at which of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// A word that cannot stand there.
    Syntax(usize),
    /// What follows a whole statement.
    Behind(usize),
    Strange(usize, char),
    /// It nests deeper than is simulated.
    Deep,
}

/// A line that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    pub statements: Vec<Stmt>,
    pub functions: BTreeMap<String, Function>,
    /// Whether `quit` stands in it, which ends bc as it is read.
    pub quits: bool,
}

const SIGNS: [&str; 17] = [
    "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "<=", ">=", "!=", "&&", "||", "\n", ";",
    ",",
];

/// The tokens of a text, each with its first byte's place.
fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        if let Some(behind) = rest.strip_prefix("/*") {
            rest = behind.split_once("*/").map_or("", |(_, behind)| behind);
        } else if first == '#' {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if let Some(behind) = rest.strip_prefix("\\\n") {
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix('"') {
            let (body, behind) = behind.split_once('"').unwrap_or((behind, ""));
            all.push((Token::Text(body.to_owned()), at));
            rest = behind;
        } else if first.is_ascii_lowercase() {
            let of_name = |letter: char| {
                !(letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
            };
            let end = rest.find(of_name).unwrap_or(rest.len());
            all.push((Token::Name(rest[..end].to_owned()), at));
            rest = &rest[end..];
        } else if first.is_ascii_digit() || matches!(first, 'A'..='F' | '.') {
            let mut point = false;
            let of_number = |letter: char| {
                let again = letter == '.' && point;
                point |= letter == '.';
                again || !(letter.is_ascii_digit() || matches!(letter, 'A'..='F' | '.'))
            };
            let end = rest.find(of_number).unwrap_or(rest.len());
            all.push((Token::Number(rest[..end].to_owned()), at));
            rest = &rest[end..];
        } else if matches!(first, ' ' | '\t') {
            rest = &rest[1..];
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.map_or_else(|| first.to_string(), |sign| (*sign).to_owned());
            rest = &rest[sign.len()..];
            let known = "+-*/%^()[]{}=<>!;,\n".contains(first) || sign.len() > 1;
            all.push((if known { Token::Sign(sign) } else { Token::Strange(first) }, at));
        }
    }
    all
}

/// Whether a text is so far a whole number of statements: all that was opened is closed.
pub(super) fn is_whole(text: &str) -> bool {
    if text.ends_with("\\\n") || text.matches('"').count() % 2 == 1 {
        return false;
    }
    if text.rfind("/*").is_some_and(|at| !text[at..].contains("*/")) {
        return false;
    }
    let all = tokens(text);
    let count =
        |sign: &str| all.iter().filter(|(token, _)| *token == Token::Sign(sign.to_owned())).count();
    let defines = matches!(all.first(), Some((Token::Name(name), _)) if name == "define");
    count("{") <= count("}") && !(defines && count("{") == 0)
}

/// Reads whole statements.
pub(super) fn read(text: &str) -> Result<Read, Wrong> {
    let mut parser = Parser {
        tokens: tokens(text),
        end: text.len(),
        at: 0,
        address: 0,
        depth: 0,
        read: Read::default(),
    };
    loop {
        parser.ends();
        let Some((token, _)) = parser.tokens.get(parser.at) else { return Ok(parser.read) };
        if *token == Token::Name("quit".to_owned()) {
            parser.read.quits = true;
            return Ok(parser.read);
        }
        if parser.name("define") {
            parser.function()?;
        } else {
            let statement = parser.statement()?;
            parser.read.statements.push(statement);
        }
        if parser.at < parser.tokens.len() && !parser.ends() {
            return Err(match parser.wrong() {
                Wrong::Syntax(at) => Wrong::Behind(at),
                other => other,
            });
        }
    }
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    end: usize,
    at: usize,
    address: Address,
    depth: u32,
    read: Read,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn wrong(&self) -> Wrong {
        match self.tokens.get(self.at) {
            Some((Token::Strange(letter), at)) => Wrong::Strange(*at, *letter),
            Some((_, at)) => Wrong::Syntax(*at),
            None => Wrong::Syntax(self.end),
        }
    }

    fn take(&mut self, token: &Token) -> bool {
        let there = self.peek() == Some(token);
        self.at += usize::from(there);
        there
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.take(&Token::Sign(sign.to_owned()))
    }

    fn name(&mut self, name: &str) -> bool {
        self.take(&Token::Name(name.to_owned()))
    }

    fn expect(&mut self, sign: &str) -> Result<(), Wrong> {
        if self.sign(sign) { Ok(()) } else { Err(self.wrong()) }
    }

    /// Skips what stands between statements, and says whether anything did.
    fn ends(&mut self) -> bool {
        let before = self.at;
        while self.sign(";") || self.sign("\n") {}
        self.at > before
    }

    fn lines(&mut self) {
        while self.sign("\n") {}
    }

    fn deeper<T>(&mut self, read: fn(&mut Parser) -> Result<T, Wrong>) -> Result<T, Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Wrong::Deep);
        }
        let done = read(self);
        self.depth -= 1;
        done
    }

    fn any_name(&mut self) -> Result<String, Wrong> {
        let Some(Token::Name(name)) = self.peek().cloned() else { return Err(self.wrong()) };
        self.at += 1;
        Ok(name)
    }

    fn names(&mut self) -> Result<Vec<String>, Wrong> {
        let mut all = Vec::new();
        while matches!(self.peek(), Some(Token::Name(_))) {
            all.push(self.any_name()?);
            if !self.sign(",") {
                break;
            }
        }
        Ok(all)
    }

    fn function(&mut self) -> Result<(), Wrong> {
        let name = self.any_name()?;
        self.expect("(")?;
        let parameters = self.names()?;
        self.expect(")")?;
        self.lines();
        self.expect("{")?;
        self.ends();
        let locals = if self.name("auto") { self.names()? } else { Vec::new() };
        let body = self.block()?;
        self.read.functions.insert(name, Function { parameters, locals, body });
        Ok(())
    }

    /// Statements up to the brace that closes them.
    fn block(&mut self) -> Result<Vec<Stmt>, Wrong> {
        let mut all = Vec::new();
        loop {
            self.ends();
            if self.sign("}") {
                return Ok(all);
            }
            all.push(self.deeper(Parser::statement)?);
            let closes = self.peek() == Some(&Token::Sign("}".to_owned()));
            if !closes && !self.ends() {
                return Err(self.wrong());
            }
        }
    }

    fn statement(&mut self) -> Result<Stmt, Wrong> {
        if self.sign("{") {
            return Ok(Stmt::Block(self.block()?));
        }
        if let Some(Token::Text(text)) = self.peek().cloned() {
            self.at += 1;
            return Ok(Stmt::Text(text));
        }
        let word = match self.peek() {
            Some(Token::Name(name)) => name.clone(),
            _ => String::new(),
        };
        let keyword = matches!(
            word.as_str(),
            "if" | "while" | "for" | "print" | "break" | "continue" | "return" | "halt"
        );
        self.at += usize::from(keyword);
        Ok(match word.as_str() {
            "if" => return self.condition(),
            "while" => {
                self.expect("(")?;
                let check = self.expr()?;
                self.expect(")")?;
                self.lines();
                Stmt::While(check, Box::new(self.deeper(Parser::statement)?))
            }
            "for" => return self.count(),
            "print" => {
                let mut all = vec![self.printed()?];
                while self.sign(",") {
                    all.push(self.printed()?);
                }
                Stmt::Print(all)
            }
            "break" => Stmt::Break,
            "continue" => Stmt::Continue,
            "halt" => Stmt::Halt,
            "return" => {
                let more = !matches!(self.peek(), None | Some(Token::Sign(_)))
                    || self.peek() == Some(&Token::Sign("(".to_owned()))
                    || self.peek() == Some(&Token::Sign("-".to_owned()));
                Stmt::Return(if more { Some(self.expr()?) } else { None })
            }
            _ => {
                let value = self.expr()?;
                self.address += 1;
                let silent = matches!(value, Expr::Set(..)) && !self.in_brackets();
                Stmt::Value(value, !silent)
            }
        })
    }

    /// Whether the expression that was just read ends with a bracket: `(a = 4)` is printed.
    fn in_brackets(&self) -> bool {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let begins = self.tokens[..self.at].iter().rev().find(|(token, _)| {
            matches!(token, Token::Sign(sign) if matches!(sign.as_str(), "(" | ";" | "\n" | "{" | "="))
        });
        let opens = |token: &Token| *token == Token::Sign("(".to_owned());
        matches!(last, Some((Token::Sign(sign), _)) if sign == ")")
            && begins.is_some_and(|(token, _)| opens(token))
    }

    fn printed(&mut self) -> Result<Stmt, Wrong> {
        match self.peek().cloned() {
            Some(Token::Text(text)) => {
                self.at += 1;
                Ok(Stmt::Text(text))
            }
            _ => Ok(Stmt::Value(self.expr()?, true)),
        }
    }

    fn condition(&mut self) -> Result<Stmt, Wrong> {
        self.expect("(")?;
        let check = self.expr()?;
        self.expect(")")?;
        self.lines();
        let then = self.deeper(Parser::statement)?;
        let before = self.at;
        // A semicolon may stand before `else`, a new line within braces.
        self.ends();
        let other = match self.name("else") {
            true => {
                self.lines();
                Some(Box::new(self.deeper(Parser::statement)?))
            }
            false => {
                self.at = before;
                None
            }
        };
        Ok(Stmt::If(check, Box::new(then), other))
    }

    fn count(&mut self) -> Result<Stmt, Wrong> {
        self.expect("(")?;
        let mut parts = [None, None, None];
        for (part, end) in parts.iter_mut().zip([";", ";", ")"]) {
            if !self.sign(end) {
                *part = Some(self.expr()?);
                self.expect(end)?;
            }
        }
        self.lines();
        let [first, check, next] = parts;
        Ok(Stmt::For(first, check, next, Box::new(self.deeper(Parser::statement)?)))
    }

    fn expr(&mut self) -> Result<Expr, Wrong> {
        self.deeper(|parser| parser.level(0))
    }

    /// By precedence, the loosest first; assignment binds tighter than comparison (GNU's `bc.y`).
    fn level(&mut self, level: usize) -> Result<Expr, Wrong> {
        const LEVELS: [&[&str]; 7] = [
            &["||"],
            &["&&"],
            &["!"],
            &["==", "<=", ">=", "!=", "<", ">"],
            &["="],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        match level {
            2 if self.sign("!") => {
                let value = self.deeper(|parser| parser.level(2))?;
                self.address += 1;
                return Ok(Expr::Not(Box::new(value)));
            }
            4 => return self.assignment(),
            7 => return self.power(),
            _ => {}
        }
        let mut left = self.level(level + 1)?;
        while let Some(Token::Sign(sign)) =
            self.peek().filter(|token| matches!(token, Token::Sign(_))).cloned()
        {
            if level == 2 || !LEVELS[level].contains(&sign.as_str()) {
                break;
            }
            self.at += 1;
            let right = self.level(level + 1)?;
            self.address += 1;
            left = Expr::Two(sign, Box::new(left), Box::new(right), self.address);
        }
        Ok(left)
    }

    fn assignment(&mut self) -> Result<Expr, Wrong> {
        let left = self.level(5)?;
        let Some(Token::Sign(sign)) = self.peek().cloned() else { return Ok(left) };
        let operator = match sign.as_str() {
            "=" => None,
            "+=" | "-=" | "*=" | "/=" | "%=" | "^=" => Some(sign[..1].to_owned()),
            _ => return Ok(left),
        };
        let Expr::Get(place) = left else { return Err(self.wrong()) };
        // What is only assigned to is not loaded first.
        self.address = self.address.saturating_sub(if operator.is_none() { 2 } else { 0 });
        self.at += 1;
        let value = self.deeper(|parser| parser.level(4))?;
        let worked_out = self.address + 1;
        self.address += 2;
        let at = if operator.is_some() { worked_out } else { self.address };
        Ok(Expr::Set(place, operator, Box::new(value), at))
    }

    fn power(&mut self) -> Result<Expr, Wrong> {
        let left = self.unary()?;
        if !self.sign("^") {
            return Ok(left);
        }
        let right = self.deeper(Parser::power)?;
        self.address += 1;
        Ok(Expr::Two("^".to_owned(), Box::new(left), Box::new(right), self.address))
    }

    fn unary(&mut self) -> Result<Expr, Wrong> {
        if self.sign("-") {
            let value = self.deeper(Parser::unary)?;
            self.address += 1;
            return Ok(Expr::Negative(Box::new(value)));
        }
        for (sign, by) in [("++", 1), ("--", -1)] {
            if self.sign(sign) {
                let Expr::Get(place) = self.primary()? else { return Err(self.wrong()) };
                return Ok(Expr::Step(place, by, false));
            }
        }
        let value = self.primary()?;
        for (sign, by) in [("++", 1), ("--", -1)] {
            if matches!(value, Expr::Get(_)) && self.sign(sign) {
                let Expr::Get(place) = value else { return Err(self.wrong()) };
                return Ok(Expr::Step(place, by, true));
            }
        }
        Ok(value)
    }

    fn primary(&mut self) -> Result<Expr, Wrong> {
        if self.sign("(") {
            let value = self.expr()?;
            self.expect(")")?;
            return Ok(value);
        }
        match self.peek().cloned() {
            Some(Token::Number(text)) if text == "." => {
                self.at += 1;
                self.address += 2;
                Ok(Expr::Get(Place::Last))
            }
            Some(Token::Number(text)) => {
                self.at += 1;
                let short = text.trim_start_matches('0');
                self.address += if matches!(short, "" | "1") { 1 } else { short.len() + 2 };
                Ok(Expr::Number(text))
            }
            Some(Token::Name(name)) => {
                self.at += 1;
                self.named(name)
            }
            _ => Err(self.wrong()),
        }
    }

    fn named(&mut self, name: String) -> Result<Expr, Wrong> {
        if self.sign("(") {
            let mut arguments = Vec::new();
            while !self.sign(")") {
                arguments.push(self.expr()?);
                if !self.sign(",") {
                    self.expect(")")?;
                    break;
                }
            }
            self.address += 2;
            let own = matches!(name.as_str(), "length" | "scale" | "sqrt");
            return Ok(match arguments.pop() {
                Some(only) if own && arguments.is_empty() => {
                    Expr::Own(name, Box::new(only), self.address)
                }
                last => {
                    arguments.extend(last);
                    Expr::Call(name, arguments, self.address)
                }
            });
        }
        let keyword = ["if", "else", "while", "for", "print", "define", "auto", "return", "sqrt"];
        if keyword.contains(&name.as_str()) {
            self.at -= 1;
            return Err(self.wrong());
        }
        self.address += 2;
        if self.sign("[") {
            let key = self.expr()?;
            self.expect("]")?;
            return Ok(Expr::Get(Place::Element(name, Box::new(key))));
        }
        Ok(Expr::Get(match name.as_str() {
            "scale" => Place::Scale,
            "ibase" => Place::Ibase,
            "obase" => Place::Obase,
            "last" => Place::Last,
            _ => Place::Name(name),
        }))
    }
}
