//! From tokens to a program.

mod expressions;
mod statements;

use std::collections::BTreeMap;

use super::lex::{Lexer, Strict, Token, Wrong};
use super::tree::{Function, Pattern, Program, Rule, Statement};

/// Variables that mean something, in the order of their numbers.
pub(super) const KNOWN: [&str; 21] = [
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
    "ERRNO",
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
pub(super) fn parse(
    source: &str,
    name: &str,
    gawk: bool,
    strict: Option<Strict>,
) -> Result<Program, String> {
    let lexer = Lexer { source, at: 0, gawk, strict, warnings: Vec::new() };
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
        loops: 0,
        switches: 0,
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
    /// How many loops it is in, and how many `switch`es.
    loops: usize,
    switches: usize,
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
                // gawk says so when it comes to the call.
                if !self.lexer.gawk {
                    let message = "!Call to undefined function".to_owned();
                    return Err(Wrong { at: *at, message });
                }
                let number = self.functions.get(name).copied().unwrap_or_default();
                let functions = &mut self.program.functions;
                while functions.len() <= number {
                    functions.push(Function::default());
                }
                let line = self.lexer.source[..*at].matches('\n').count() + 1;
                let missing = Some(line);
                functions[number] = Function { name: name.clone(), missing, ..Function::default() };
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
        let at = self.start;
        self.advance(true)?;
        self.expect("(")?;
        self.locals.clear();
        while let Token::Name(parameter) = &self.token {
            let parameter = parameter.clone();
            self.locals.push(parameter.clone());
            if let Some(message) = self.parameter_is_wrong(&name, &parameter) {
                return Err(Wrong { at, message });
            }
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
        if functions.get(number).is_some_and(|known| known.name == name) && self.lexer.gawk {
            let message = format!("!error: function name `{name}' previously defined");
            return Err(Wrong { at, message });
        }
        while functions.len() <= number {
            functions.push(Function::default());
        }
        functions[number] = Function { name, parameters, missing: None, body };
        Ok(())
    }

    /// What gawk says of the parameter that was read last.
    fn parameter_is_wrong(&self, function: &str, parameter: &str) -> Option<String> {
        if !self.lexer.gawk {
            return None;
        }
        let head = format!("!error: function `{function}':");
        if function == parameter {
            return Some(format!("{head} cannot use function name as parameter name"));
        }
        let first = self.locals.iter().position(|known| known == parameter)? + 1;
        let last = self.locals.len();
        (first < last).then(|| {
            format!("{head} parameter #{last}, `{parameter}', duplicates parameter #{first}")
        })
    }

    fn rule(&mut self) -> Parsed<()> {
        self.operators = 0;
        let pattern = match &self.token {
            Token::Word(word @ ("BEGIN" | "END" | "BEGINFILE" | "ENDFILE")) => {
                let pattern = match *word {
                    "BEGIN" => Pattern::Begin,
                    "END" => Pattern::End,
                    "BEGINFILE" => Pattern::BeginFile,
                    _ => Pattern::EndFile,
                };
                self.advance(true)?;
                pattern
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
        let special = matches!(
            pattern,
            Pattern::Begin | Pattern::End | Pattern::BeginFile | Pattern::EndFile
        );
        let action = match self.is("{") {
            true => self.block()?,
            false if special => return self.wrong(),
            false => vec![Statement::Print(Vec::new(), None, self.line())],
        };
        self.program.rules.push(Rule { pattern, action });
        Ok(())
    }
}
