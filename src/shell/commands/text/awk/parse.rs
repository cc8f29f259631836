//! From tokens to a program.

use std::collections::BTreeMap;

use super::lex::{Lexer, Token, Wrong};
use super::tree::{
    Expression, Function, Name, Output, Pattern, Place, Program, Rule, Sink, Source, Statement,
};

/// Variables that mean something, in the order of their numbers.
pub(super) const KNOWN: [&str; 20] = [
    "NF",
    "NR",
    "FNR",
    "FS",
    "OFS",
    "ORS",
    "RS",
    "SUBSEP",
    "CONVFMT",
    "OFMT",
    "RSTART",
    "RLENGTH",
    "FILENAME",
    "ENVIRON",
    "ARGC",
    "ARGV",
    "RT",
    "IGNORECASE",
    "FPAT",
    "FIELDWIDTHS",
];

/// How many arguments gawk lets a function have.
fn argument_count(name: &str) -> std::ops::RangeInclusive<usize> {
    match name {
        "length" => 0..=1,
        "substr" | "match" | "sub" | "gsub" => 2..=3,
        "split" | "patsplit" => 2..=4,
        "gensub" => 3..=4,
        "index" | "atan2" | "lshift" | "rshift" => 2..=2,
        "asort" | "asorti" => 1..=3,
        "close" => 1..=2,
        "and" | "or" | "xor" => 2..=usize::MAX,
        "srand" | "fflush" => 0..=1,
        "strftime" => 0..=3,
        "mktime" => 1..=2,
        "rand" | "systime" => 0..=0,
        "sprintf" => 0..=usize::MAX,
        _ => 1..=1,
    }
}

/// How deep a program may nest.
const DEEPEST: usize = 100;

/// Operators of one statement: what they join lies one within the other.
const OPERATORS: usize = 300;

/// Reads a program; `name` is what messages call it.
///
/// # Errors
/// The whole complaint.
pub(super) fn parse(source: &str, name: &str, gawk: bool) -> Result<Program, String> {
    let lexer = Lexer { source, at: 0, gawk, warnings: Vec::new() };
    let mut parser = Parser {
        lexer,
        token: Token::Newline,
        start: 0,
        end: 0,
        program: Program::default(),
        globals: BTreeMap::new(),
        locals: Vec::new(),
        functions: BTreeMap::new(),
        called: Vec::new(),
        in_function: false,
        in_rule: "",
        depth: 0,
        operators: 0,
        ranges: 0,
        no_in: false,
        no_greater: false,
    };
    for known in KNOWN {
        parser.name(known);
    }
    let read = parser.advance(true).and_then(|()| parser.all());
    let place = |at: usize| source[..at].matches('\n').count() + 1;
    let warnings = std::mem::take(&mut parser.lexer.warnings);
    let warned: Vec<String> = warnings
        .into_iter()
        .map(|(at, what)| format!("awk: {name}:{}: warning: {what}", place(at)))
        .collect();
    match read {
        Ok(()) => {
            parser.program.warnings = warned;
            Ok(parser.program)
        }
        Err(Wrong { at, message }) => {
            let line = place(at);
            let begin = source[..at].rfind('\n').map_or(0, |end| end + 1);
            let text = source[begin..].lines().next().unwrap_or("");
            let head = format!("awk: {name}:{line}:");
            if let Some(message) = message.strip_prefix("!!") {
                return Err(format!("awk: {message}"));
            }
            let complaint = match (gawk, message.strip_prefix('!')) {
                (_, Some(message)) => format!("{head} {message}"),
                (true, None) => {
                    format!("{head} {text}\n{head} {}^ {message}", " ".repeat(at - begin))
                }
                (false, None) => format!("{head} {message}"),
            };
            Err(warned.into_iter().chain([complaint]).collect::<Vec<_>>().join("\n"))
        }
    }
}

type Parsed<T> = Result<T, Wrong>;

struct Parser<'s> {
    lexer: Lexer<'s>,
    token: Token,
    /// Where the token begins.
    start: usize,
    /// Where the one before ended.
    end: usize,
    program: Program,
    globals: BTreeMap<String, usize>,
    locals: Vec<String>,
    functions: BTreeMap<String, usize>,
    called: Vec<(String, usize, usize)>,
    in_function: bool,
    in_rule: &'static str,
    depth: usize,
    operators: usize,
    ranges: usize,
    /// Whether `in` belongs to a `for`.
    no_in: bool,
    /// Whether `>` is a redirection.
    no_greater: bool,
}

impl Parser<'_> {
    fn advance(&mut self, operand: bool) -> Parsed<()> {
        self.end = self.lexer.at;
        (self.token, self.start) = self.lexer.next(operand)?;
        Ok(())
    }

    /// After this token, can an operand begin?
    fn step(&mut self) -> Parsed<()> {
        let operand = match &self.token {
            Token::Number(_)
            | Token::Text(_)
            | Token::Regex(_)
            | Token::Name(_)
            | Token::Builtin(_) => false,
            Token::Sign(sign) => !matches!(*sign, ")" | "]" | "$" | "++" | "--"),
            _ => true,
        };
        self.advance(operand)
    }

    fn wrong<T>(&self) -> Parsed<T> {
        let message = match (self.lexer.gawk, &self.token) {
            (false, _) => "Unexpected token",
            (true, Token::Sign("@")) => "podhop: not simulated here: what begins with @",
            (true, Token::Sign("|&")) => "podhop: not simulated here: |&",
            (true, Token::Sign("[")) => "podhop: not simulated here: arrays of arrays",
            (true, Token::End | Token::Newline) => "unexpected newline or end of string",
            (true, _) => "syntax error",
        };
        Err(Wrong { at: self.start, message: message.to_owned() })
    }

    fn is(&self, sign: &str) -> bool {
        matches!(&self.token, Token::Sign(found) if *found == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.token, Token::Word(found) if *found == word)
    }

    fn eat(&mut self, sign: &str) -> Parsed<bool> {
        let found = self.is(sign);
        if found {
            self.step()?;
        }
        Ok(found)
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.eat(sign)? { Ok(()) } else { self.wrong() }
    }

    fn newlines(&mut self) -> Parsed<()> {
        while self.token == Token::Newline {
            self.advance(true)?;
        }
        Ok(())
    }

    fn ends(&mut self) -> Parsed<()> {
        while self.token == Token::Newline || self.is(";") {
            self.advance(true)?;
        }
        Ok(())
    }

    fn line(&self) -> usize {
        self.lexer.source[..self.start].matches('\n').count() + 1
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err(Wrong { at: self.start, message: "!program nested too deeply".to_owned() }),
            false => Ok(()),
        }
    }

    fn all(&mut self) -> Parsed<()> {
        // The names of functions are known before their bodies are read.
        self.ends()?;
        while self.token != Token::End {
            if self.is_word("function") {
                self.function()?;
            } else {
                self.rule()?;
            }
            self.ends()?;
        }
        self.resolve()
    }

    /// Puts the functions' numbers where they are called.
    fn resolve(&mut self) -> Parsed<()> {
        for (name, at, given) in &self.called {
            let known = self.program.functions.iter().find(|function| function.name == *name);
            if known.is_some_and(|function| function.parameters < *given) && self.lexer.gawk {
                let told = format!("function `{name}' called with more arguments than declared");
                self.lexer.warnings.push((*at, told));
            }
            if !self.program.functions.iter().any(|function| function.name == *name) {
                let message = match self.lexer.gawk {
                    true => format!("!fatal: function `{name}' not defined"),
                    false => "!Call to undefined function".to_owned(),
                };
                return Err(Wrong { at: *at, message });
            }
        }
        Ok(())
    }

    fn function_number(&mut self, name: &str) -> usize {
        let next = self.functions.len();
        *self.functions.entry(name.to_owned()).or_insert(next)
    }

    fn function(&mut self) -> Parsed<()> {
        self.advance(true)?;
        let name = match &self.token {
            Token::Name(name) | Token::Call(name) => name.clone(),
            _ => return self.wrong(),
        };
        self.advance(true)?;
        self.expect("(")?;
        self.locals.clear();
        while let Token::Name(parameter) = &self.token {
            self.locals.push(parameter.clone());
            self.advance(false)?;
            if !self.eat(",")? {
                break;
            }
            self.newlines()?;
        }
        self.expect(")")?;
        self.newlines()?;
        self.in_function = true;
        let body = self.block()?;
        self.in_function = false;
        let parameters = self.locals.len();
        self.locals.clear();
        let number = self.function_number(&name);
        let functions = &mut self.program.functions;
        while functions.len() <= number {
            functions.push(Function { name: String::new(), parameters: 0, body: Vec::new() });
        }
        functions[number] = Function { name, parameters, body };
        Ok(())
    }

    fn rule(&mut self) -> Parsed<()> {
        self.operators = 0;
        let pattern = match &self.token {
            Token::Word("BEGIN") => {
                self.advance(true)?;
                Pattern::Begin
            }
            Token::Word("END") => {
                self.advance(true)?;
                Pattern::End
            }
            Token::Sign("{") => Pattern::Always,
            _ => {
                let from = self.expression()?;
                match self.eat(",")? {
                    true => {
                        self.newlines()?;
                        let to = self.expression()?;
                        self.ranges += 1;
                        Pattern::Range(from, to, self.ranges - 1)
                    }
                    false => Pattern::When(from),
                }
            }
        };
        self.in_rule = match pattern {
            Pattern::Begin => "BEGIN",
            Pattern::End => "END",
            _ => "",
        };
        let action = match self.is("{") {
            true => self.block()?,
            false if matches!(pattern, Pattern::Begin | Pattern::End) => return self.wrong(),
            false => vec![Statement::Print(Vec::new(), None, self.line())],
        };
        self.program.rules.push(Rule { pattern, action });
        Ok(())
    }

    fn block(&mut self) -> Parsed<Vec<Statement>> {
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
    fn body(&mut self) -> Parsed<Vec<Statement>> {
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

    /// Joins two expressions by an operator.
    fn joined(&mut self, expression: Expression) -> Parsed<Expression> {
        self.operators += 1;
        match self.operators > OPERATORS {
            true => Err(Wrong { at: self.start, message: "!program nested too deeply".to_owned() }),
            false => Ok(expression),
        }
    }

    fn statement(&mut self) -> Parsed<Statement> {
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
                Ok(Statement::While(condition, self.body()?))
            }
            "do" => {
                self.advance(true)?;
                let body = self.body()?;
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

    fn end_of_simple(&mut self) -> Parsed<()> {
        match self.token == Token::Newline || self.is(";") || self.is("}") {
            true => Ok(()),
            false => self.wrong(),
        }
    }

    fn parenthesized(&mut self) -> Parsed<Expression> {
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

    fn condition(&mut self) -> Parsed<Statement> {
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

    fn for_loop(&mut self) -> Parsed<Statement> {
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
                return Ok(Statement::ForIn(key, array, self.body()?));
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
        Ok(Statement::For(first, condition, last, self.body()?))
    }

    fn switch(&mut self) -> Parsed<Statement> {
        self.advance(true)?;
        let subject = self.parenthesized()?;
        self.newlines()?;
        self.expect("{")?;
        self.ends()?;
        let mut cases = Vec::new();
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
        self.advance(true)?;
        Ok(Statement::Switch(subject, cases))
    }

    fn simple(&mut self) -> Parsed<Statement> {
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
            "break" => {
                self.advance(true)?;
                Ok(Statement::Break)
            }
            "continue" => {
                self.advance(true)?;
                Ok(Statement::Continue)
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
    fn keys(&mut self, close: &str) -> Parsed<Vec<Expression>> {
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

    fn print(&mut self, plain: bool, line: usize) -> Parsed<Statement> {
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
    fn print_values(&mut self) -> Parsed<Vec<Expression>> {
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

    fn name(&mut self, name: &str) -> Name {
        if let Some(at) = self.locals.iter().position(|local| local == name) {
            return Name::Local(at);
        }
        let next = self.globals.len();
        let number = *self.globals.entry(name.to_owned()).or_insert_with(|| {
            self.program.globals.push(name.to_owned());
            next
        });
        Name::Global(number)
    }

    fn expression(&mut self) -> Parsed<Expression> {
        self.deeper()?;
        let expression = self.choice()?;
        self.depth -= 1;
        Ok(expression)
    }

    /// `?:` and assignments, which group to the right.
    fn choice(&mut self) -> Parsed<Expression> {
        let left = self.or()?;
        if self.is("?") {
            if self.no_greater && matches!(left, Expression::Compare(">", ..)) {
                return self.wrong();
            }
            self.step()?;
            self.newlines()?;
            let then = self.expression()?;
            self.newlines()?;
            self.expect(":")?;
            self.newlines()?;
            let otherwise = self.expression()?;
            return Ok(Expression::Choice(Box::new(left), Box::new(then), Box::new(otherwise)));
        }
        let Token::Sign(sign) = self.token else { return Ok(left) };
        if !matches!(sign, "=" | "+=" | "-=" | "*=" | "/=" | "%=" | "^=") {
            return Ok(left);
        }
        self.assignment(left, sign)
    }

    fn assignment(&mut self, left: Expression, sign: &'static str) -> Parsed<Expression> {
        let change = |parser: &mut Self, place: Place| -> Parsed<Expression> {
            parser.advance(true)?;
            parser.newlines()?;
            let value = Box::new(parser.expression()?);
            Ok(match sign {
                "=" => Expression::Assign(place, value),
                sign => Expression::Change(place, sign.chars().next().unwrap_or('+'), value),
            })
        };
        match left {
            Expression::Place(place) => change(self, place),
            // `!x = y` and `a && b = c` assign on the right.
            Expression::Not(inner) => Ok(Expression::Not(Box::new(self.assignment(*inner, sign)?))),
            Expression::And(first, second) => {
                Ok(Expression::And(first, Box::new(self.assignment(*second, sign)?)))
            }
            Expression::Or(first, second) => {
                Ok(Expression::Or(first, Box::new(self.assignment(*second, sign)?)))
            }
            _ => self.wrong(),
        }
    }

    fn or(&mut self) -> Parsed<Expression> {
        let mut left = self.and()?;
        while self.is("||") {
            self.step()?;
            self.newlines()?;
            let right = self.and()?;
            left = self.joined(Expression::Or(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expression> {
        let mut left = self.membership()?;
        while self.is("&&") {
            self.step()?;
            self.newlines()?;
            let right = self.membership()?;
            left = self.joined(Expression::And(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn membership(&mut self) -> Parsed<Expression> {
        let mut left = self.matching()?;
        while self.is_word("in") && !self.no_in {
            self.advance(false)?;
            let Token::Name(array) = self.token.clone() else { return self.wrong() };
            let array = self.name(&array);
            self.advance(false)?;
            left = self.joined(Expression::In(vec![left], array))?;
        }
        Ok(left)
    }

    fn matching(&mut self) -> Parsed<Expression> {
        let mut left = self.comparison()?;
        while self.is("~") || self.is("!~") {
            let matches = self.is("~");
            self.step()?;
            let right = self.comparison()?;
            left = self.joined(Expression::Match(matches, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Parsed<Expression> {
        let left = self.concatenation(false)?;
        let Token::Sign(sign) = self.token else { return Ok(left) };
        if !matches!(sign, "<" | "<=" | "==" | "!=" | ">=" | ">") || sign == ">" && self.no_greater
        {
            return Ok(left);
        }
        self.step()?;
        let right = self.concatenation(false)?;
        Ok(Expression::Compare(sign, Box::new(left), Box::new(right)))
    }

    /// Whether another operand follows right away.
    fn joins(&self) -> bool {
        match &self.token {
            Token::Number(_)
            | Token::Text(_)
            | Token::Regex(_)
            | Token::Name(_)
            | Token::Call(_)
            | Token::Builtin(_) => true,
            Token::Sign(sign) => matches!(*sign, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
            _ => false,
        }
    }

    fn concatenation(&mut self, target: bool) -> Parsed<Expression> {
        let mut left = self.sum()?;
        loop {
            if !target && self.is("|") && self.pipes_to_getline()? {
                left = self.getline_from(left)?;
                continue;
            }
            if !self.joins() || self.is_word("in") {
                return Ok(left);
            }
            let right = self.sum()?;
            left = self.joined(Expression::Concatenate(Box::new(left), Box::new(right)))?;
        }
    }

    /// Whether `getline` stands behind the bar.
    fn pipes_to_getline(&mut self) -> Parsed<bool> {
        let rest = self.lexer.source[self.lexer.at..].trim_start_matches([' ', '\t']);
        Ok(rest.starts_with("getline"))
    }

    fn getline_from(&mut self, command: Expression) -> Parsed<Expression> {
        self.advance(true)?;
        self.advance(false)?;
        self.program.commands = true;
        let place = self.getline_place()?;
        self.joined(Expression::Getline(Source::Command(Box::new(command)), place))
    }

    fn getline_place(&mut self) -> Parsed<Option<Place>> {
        let begins = matches!(self.token, Token::Name(_)) || self.is("$");
        if !begins {
            return Ok(None);
        }
        match self.place_only()? {
            Expression::Place(place) => Ok(Some(place)),
            _ => self.wrong(),
        }
    }

    fn sum(&mut self) -> Parsed<Expression> {
        let mut left = self.product()?;
        while self.is("+") || self.is("-") {
            let sign = if self.is("+") { '+' } else { '-' };
            let line = self.line();
            self.step()?;
            let right = self.product()?;
            left = self.joined(Expression::Binary(sign, Box::new(left), Box::new(right), line))?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed<Expression> {
        let mut left = self.unary()?;
        while let Token::Sign(sign @ ("*" | "/" | "%")) = self.token {
            let line = self.line();
            let start = self.start;
            self.step()?;
            let right = self.unary()?;
            let zero = matches!(right, Expression::Number(0.0));
            if sign != "*" && zero && matches!(left, Expression::Number(_)) && self.lexer.gawk {
                let what = if sign == "/" { "" } else { " in `%'" };
                let message = format!("!error: division by zero attempted{what}");
                return Err(Wrong { at: start, message });
            }
            let sign = sign.chars().next().unwrap_or('*');
            left = self.joined(Expression::Binary(sign, Box::new(left), Box::new(right), line))?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expression> {
        let Token::Sign(sign @ ("!" | "-" | "+")) = self.token else { return self.power() };
        self.deeper()?;
        self.step()?;
        let body = Box::new(self.unary()?);
        self.depth -= 1;
        Ok(match sign {
            "!" => match *body {
                // `! x ~ y` is about the whole comparison.
                body if self.is("~") || self.is("!~") => {
                    let matches = self.is("~");
                    self.step()?;
                    let right = self.comparison()?;
                    let comparison = Expression::Match(matches, Box::new(body), Box::new(right));
                    Expression::Not(Box::new(comparison))
                }
                body => Expression::Not(Box::new(body)),
            },
            "-" => Expression::Negative(body),
            _ => Expression::Positive(body),
        })
    }

    fn power(&mut self) -> Parsed<Expression> {
        let mut left = self.increment()?;
        // BusyBox goes from left to right.
        while !self.lexer.gawk && self.is("^") {
            let line = self.line();
            self.step()?;
            let right = match self.is("-") || self.is("+") || self.is("!") {
                true => self.unary()?,
                false => self.increment()?,
            };
            left = Expression::Binary('^', Box::new(left), Box::new(right), line);
        }
        if !self.is("^") {
            return Ok(left);
        }
        let line = self.line();
        self.deeper()?;
        self.step()?;
        // To the right, and a sign may stand before it.
        let right = match self.is("-") || self.is("+") || self.is("!") {
            true => self.unary()?,
            false => self.power()?,
        };
        self.depth -= 1;
        Ok(Expression::Binary('^', Box::new(left), Box::new(right), line))
    }

    fn increment(&mut self) -> Parsed<Expression> {
        if self.is("++") || self.is("--") {
            let by = if self.is("++") { 1.0 } else { -1.0 };
            self.advance(true)?;
            return match self.place_only()? {
                Expression::Place(place) => Ok(Expression::Step(place, true, by)),
                _ => self.wrong(),
            };
        }
        let operand = self.primary()?;
        if !self.is("++") && !self.is("--") {
            return Ok(operand);
        }
        let Expression::Place(place) = operand else { return Ok(operand) };
        let by = if self.is("++") { 1.0 } else { -1.0 };
        self.advance(false)?;
        Ok(Expression::Step(place, false, by))
    }

    /// An operand that can be set, without what follows it.
    fn place_only(&mut self) -> Parsed<Expression> {
        self.primary()
    }

    fn primary(&mut self) -> Parsed<Expression> {
        let line = self.line();
        let start = self.start;
        match self.token.clone() {
            Token::Number(number) => {
                self.step()?;
                Ok(Expression::Number(number))
            }
            Token::Text(text) => {
                self.step()?;
                Ok(Expression::Text(text))
            }
            Token::Regex(regex) => {
                self.step()?;
                if let Err(why) = super::patterns::check(&regex, self.lexer.gawk) {
                    let mark = if self.lexer.gawk { "!" } else { "!!" };
                    return Err(Wrong { at: start, message: format!("{mark}{why}") });
                }
                Ok(Expression::Regex(regex))
            }
            Token::Sign("$") => {
                self.deeper()?;
                self.advance(true)?;
                let field = match self.is("-") || self.is("!") || self.is("+") {
                    true => self.unary()?,
                    false => self.increment_of_field()?,
                };
                self.depth -= 1;
                Ok(Expression::Place(Place::Field(Box::new(field))))
            }
            Token::Sign("(") => self.group(),
            Token::Name(name) => {
                self.step()?;
                let name = self.name(&name);
                if self.is("[") {
                    self.advance(true)?;
                    let keys = self.keys("]")?;
                    if keys.is_empty() {
                        return self.wrong();
                    }
                    return Ok(Expression::Place(Place::Element(name, keys)));
                }
                Ok(Expression::Place(Place::Variable(name)))
            }
            Token::Call(name) => {
                self.advance(true)?;
                self.advance(true)?;
                let arguments = self.keys(")")?;
                self.called.push((name.clone(), start, arguments.len()));
                let number = self.function_number(&name);
                Ok(Expression::Call(number, arguments))
            }
            Token::Builtin(name) => self.builtin(name, line),
            Token::Word("getline") => {
                self.program.commands = true;
                self.advance(false)?;
                let place = self.getline_place()?;
                if self.is("<") {
                    self.advance(true)?;
                    let file = self.primary()?;
                    return Ok(Expression::Getline(Source::File(Box::new(file)), place));
                }
                Ok(Expression::Getline(Source::Main, place))
            }
            _ => self.wrong(),
        }
    }

    fn increment_of_field(&mut self) -> Parsed<Expression> {
        match self.is("++") || self.is("--") {
            true => self.increment(),
            false => self.primary(),
        }
    }

    fn group(&mut self) -> Parsed<Expression> {
        self.deeper()?;
        self.advance(true)?;
        let mut all = self.keys(")")?;
        self.depth -= 1;
        if self.is_word("in") {
            self.advance(false)?;
            let Token::Name(array) = self.token.clone() else { return self.wrong() };
            let array = self.name(&array);
            self.advance(false)?;
            return Ok(Expression::In(all, array));
        }
        match (all.pop(), all.is_empty()) {
            (Some(only), true) => Ok(Expression::Group(Box::new(only))),
            _ => self.wrong(),
        }
    }

    fn builtin(&mut self, name: &'static str, line: usize) -> Parsed<Expression> {
        self.advance(false)?;
        self.program.commands |= name == "system";
        if !self.is("(") {
            return match name {
                "length" => Ok(Expression::Builtin(name, Vec::new(), line)),
                _ => self.wrong(),
            };
        }
        self.advance(true)?;
        let arguments = self.keys(")")?;
        let takes = argument_count(name);
        if self.lexer.gawk && !takes.contains(&arguments.len()) {
            let message =
                format!("{} is invalid as number of arguments for {name}", arguments.len());
            let before = self.lexer.source.get(..self.start).unwrap_or("");
            return Err(Wrong { at: before.rfind(')').unwrap_or(0), message });
        }
        Ok(Expression::Builtin(name, arguments, line))
    }
}
