//! What statements of `bc` do.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::library;
use super::number::{Decimal, Trouble};
use super::parse::{Expr, Function, Place, Stmt};
use crate::shell::Io;

/// Functions within one another, which are run by recursion.
const DEEPEST: usize = 100;

/// Characters of a line, the backslash that goes on with it left out.
const WIDTH: usize = 68;

/// How a statement ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(Decimal),
    Halt,
    /// What went wrong, in GNU's words and BusyBox', and where in GNU's program.
    Wrong {
        gnu: String,
        busybox: String,
        at: usize,
    },
    /// The command has used up its steps.
    Spent,
}

type Done<T> = Result<T, Flow>;

fn wrong(gnu: &str, busybox: &str, at: usize) -> Flow {
    Flow::Wrong { gnu: gnu.to_owned(), busybox: busybox.to_owned(), at }
}

/// Why a sum cannot be worked out.
fn refused(trouble: Trouble, modulo: bool, at: usize) -> Flow {
    let long = "not simulated here: numbers of more than 5000 digits";
    match trouble {
        Trouble::ByZero if modulo => wrong("Modulo by zero", "divide by zero", at),
        Trouble::ByZero => wrong("Divide by zero", "divide by zero", at),
        Trouble::TooLong => wrong(long, long, at),
    }
}

/// What `bc` knows between two statements.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub scale: usize,
    ibase: u32,
    obase: u32,
    last: Decimal,
    values: BTreeMap<String, Decimal>,
    pub functions: BTreeMap<String, Function>,
    /// Whether the library of functions is there (`-l`).
    pub library: bool,
    /// The functions that run, the innermost last.
    pub calls: Vec<String>,
    column: usize,
}

impl State {
    pub fn new(library: bool) -> State {
        State {
            scale: if library { 20 } else { 0 },
            ibase: 10,
            obase: 10,
            last: Decimal::default(),
            values: BTreeMap::new(),
            functions: BTreeMap::new(),
            library,
            calls: Vec::new(),
            column: 0,
        }
    }

    /// Runs statements until one leaves them.
    pub fn run(&mut self, all: &[Stmt], io: &mut Io<'_>) -> Flow {
        for one in all {
            let flow = self.statement(one, io).unwrap_or_else(|flow| flow);
            if flow != Flow::Next {
                return flow;
            }
        }
        Flow::Next
    }

    fn write(&mut self, text: &str, folds: bool, io: &mut Io<'_>) {
        for letter in text.chars() {
            self.column = if letter == '\n' { 0 } else { self.column + 1 };
            if folds && self.column > WIDTH {
                io.stdout.extend_from_slice(b"\\\n");
                self.column = 1;
            }
            io.stdout.extend_from_slice(letter.to_string().as_bytes());
        }
    }

    fn statement(&mut self, one: &Stmt, io: &mut Io<'_>) -> Done<Flow> {
        if !io.budget.take(10) || !io.budget.print(0) {
            return Err(Flow::Spent);
        }
        match one {
            Stmt::Value(expr, prints) => {
                let value = self.value(expr, io)?;
                if *prints {
                    self.write(&format!("{}\n", value.text(self.obase)), true, io);
                    self.last = value;
                }
            }
            Stmt::Text(text) => self.write(text, false, io),
            Stmt::Print(all) => {
                for part in all {
                    self.printed(part, io)?;
                }
            }
            Stmt::Block(all) => return Ok(self.run(all, io)),
            Stmt::If(check, then, other) => {
                return match (self.is_true(check, io)?, other) {
                    (true, _) => self.statement(then, io),
                    (false, Some(other)) => self.statement(other, io),
                    (false, None) => Ok(Flow::Next),
                };
            }
            Stmt::While(check, body) => return self.repeat(Some(check), None, body, io),
            Stmt::For(first, check, next, body) => {
                if let Some(first) = first {
                    self.value(first, io)?;
                }
                return self.repeat(check.as_ref(), next.as_ref(), body, io);
            }
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
            Stmt::Return(value) => {
                let value = value.as_ref().map(|value| self.value(value, io)).transpose()?;
                return Ok(Flow::Return(value.unwrap_or_default()));
            }
            Stmt::Halt => return Ok(Flow::Halt),
        }
        Ok(Flow::Next)
    }

    fn printed(&mut self, part: &Stmt, io: &mut Io<'_>) -> Done<()> {
        match part {
            Stmt::Text(text) => {
                let escapes =
                    [("\\n", "\n"), ("\\t", "\t"), ("\\q", "\""), ("\\r", "\r"), ("\\a", "\x07")];
                let text =
                    escapes.iter().fold(text.replace("\\\\", "\0"), |text, (escape, letter)| {
                        text.replace(escape, letter)
                    });
                self.write(&text.replace('\0', "\\"), false, io);
            }
            Stmt::Value(expr, _) => {
                let value = self.value(expr, io)?;
                self.write(&value.text(self.obase), true, io);
            }
            _ => {}
        }
        Ok(())
    }

    fn repeat(
        &mut self,
        check: Option<&Expr>,
        next: Option<&Expr>,
        body: &Stmt,
        io: &mut Io<'_>,
    ) -> Done<Flow> {
        loop {
            if !check.map_or(Ok(true), |check| self.is_true(check, io))? {
                return Ok(Flow::Next);
            }
            match self.statement(body, io)? {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Ok(Flow::Next),
                other => return Ok(other),
            }
            if let Some(next) = next {
                self.value(next, io)?;
            }
        }
    }

    fn is_true(&mut self, expr: &Expr, io: &mut Io<'_>) -> Done<bool> {
        Ok(!self.value(expr, io)?.is_zero())
    }

    fn value(&mut self, expr: &Expr, io: &mut Io<'_>) -> Done<Decimal> {
        if !io.budget.take(1) {
            return Err(Flow::Spent);
        }
        match expr {
            Expr::Number(text) => Ok(Decimal::read(text, self.ibase)),
            Expr::Get(place) => {
                let name = self.name(place, io)?;
                Ok(self.get(&name))
            }
            Expr::Set(place, operator, value, at) => {
                let name = self.name(place, io)?;
                let value = self.value(value, io)?;
                let value = match operator {
                    Some(operator) => self.two(operator, &self.get(&name), &value, *at, io)?,
                    None => value,
                };
                self.set(&name, value.clone(), *at, io)?;
                Ok(value)
            }
            Expr::Step(place, by, old) => {
                let name = self.name(place, io)?;
                let before = self.get(&name);
                let after = before.plus(&Decimal::whole(*by));
                self.set(&name, after.clone(), 0, io)?;
                Ok(if *old { before } else { after })
            }
            Expr::Two(sign, left, right, at) => {
                let (left, right) = (self.value(left, io)?, self.value(right, io)?);
                self.two(sign, &left, &right, *at, io)
            }
            Expr::Negative(value) => Ok(self.value(value, io)?.negated()),
            Expr::Not(value) => Ok(Decimal::whole(i64::from(!self.is_true(value, io)?))),
            Expr::Own(name, value, at) => {
                let value = self.value(value, io)?;
                let count = |count: usize| Decimal::whole(i64::try_from(count).unwrap_or(0));
                match name.as_str() {
                    "length" => Ok(count(value.length())),
                    "scale" => Ok(count(value.scale)),
                    _ if value.is_negative() => {
                        Err(wrong("Square root of a negative number", "negative number", *at))
                    }
                    _ => Ok(value.root(self.scale)),
                }
            }
            Expr::Call(name, arguments, at) => self.call(name, arguments, *at, io),
        }
    }

    /// The name under which a place's value is kept; what bc itself knows has names with a blank.
    fn name(&mut self, place: &Place, io: &mut Io<'_>) -> Done<String> {
        Ok(match place {
            Place::Name(name) => name.clone(),
            Place::Element(name, key) => {
                let key = self.value(key, io)?.cut(0).text(10);
                format!("{name}[{key}]")
            }
            Place::Scale => " scale".to_owned(),
            Place::Ibase => " ibase".to_owned(),
            Place::Obase => " obase".to_owned(),
            Place::Last => " last".to_owned(),
        })
    }

    fn get(&self, name: &str) -> Decimal {
        match name {
            " scale" => Decimal::whole(i64::try_from(self.scale).unwrap_or(0)),
            " ibase" => Decimal::whole(i64::from(self.ibase)),
            " obase" => Decimal::whole(i64::from(self.obase)),
            " last" => self.last.clone(),
            _ => self.values.get(name).cloned().unwrap_or_default(),
        }
    }

    fn set(&mut self, name: &str, value: Decimal, at: usize, io: &mut Io<'_>) -> Done<()> {
        let number = value.to_whole().unwrap_or(i64::MAX);
        let gnu = crate::shell::commands::is_gnu(io);
        let (low, high, range) = match name {
            " scale" => (0, 1_000, "negative number"),
            " ibase" => (2, 16, "bad ibase; must be [2,16]"),
            " obase" => (2, 999, "bad obase; must be [2,999]"),
            " last" => {
                self.last = value;
                return Ok(());
            }
            _ => {
                self.values.insert(name.to_owned(), value);
                return Ok(());
            }
        };
        let kept = number.clamp(low, high);
        let name = name.trim_start();
        if kept != number {
            let warning = match number < low {
                true if name == "scale" => "negative scale, set to 0".to_owned(),
                true => format!("{name} too small, set to {low}"),
                false => format!("{name} too large, set to {high}"),
            };
            if !gnu {
                return Err(wrong("", range, at));
            }
            io.write_error(format!("Runtime warning (func={}, adr={at}): {warning}", self.place()));
        }
        let base = u32::try_from(kept).unwrap_or(10);
        match name {
            "scale" => self.scale = usize::try_from(kept).unwrap_or(0),
            "ibase" => self.ibase = base,
            _ => self.obase = base,
        }
        Ok(())
    }

    /// The function that runs, as errors name it.
    pub fn place(&self) -> &str {
        self.calls.last().map_or("(main)", String::as_str)
    }

    fn two(
        &mut self,
        sign: &str,
        left: &Decimal,
        right: &Decimal,
        at: usize,
        io: &mut Io<'_>,
    ) -> Done<Decimal> {
        let work = left.length().max(self.scale) * right.length().max(self.scale) / 64;
        if !io.budget.take(work as u64) {
            return Err(Flow::Spent);
        }
        let truth = |truth: bool| Ok(Decimal::whole(i64::from(truth)));
        let order = left.compare(right);
        match sign {
            "+" => Ok(left.plus(right)),
            "-" => Ok(left.minus(right)),
            "*" => left.times(right, self.scale).map_err(|why| refused(why, false, at)),
            "/" => left.over(right, self.scale).map_err(|why| refused(why, false, at)),
            "%" => left.modulo(right, self.scale).map_err(|why| refused(why, true, at)),
            "^" => {
                if right.cut(0) != right.cut(right.scale).cut(0)
                    || right.minus(&right.cut(0)).is_zero()
                {
                } else if crate::shell::commands::is_gnu(io) {
                    io.write_error(format!(
                        "Runtime warning (func={}, adr={at}): non-zero scale in exponent",
                        self.place()
                    ));
                } else {
                    return Err(wrong("", "not an integer", at));
                }
                let exponent = right.to_whole().unwrap_or(i64::MAX);
                left.power(exponent, self.scale).map_err(|why| refused(why, false, at))
            }
            "==" => truth(order == Ordering::Equal),
            "!=" => truth(order != Ordering::Equal),
            "<" => truth(order == Ordering::Less),
            "<=" => truth(order != Ordering::Greater),
            ">" => truth(order == Ordering::Greater),
            ">=" => truth(order != Ordering::Less),
            "&&" => truth(!left.is_zero() && !right.is_zero()),
            _ => truth(!left.is_zero() || !right.is_zero()),
        }
    }

    fn call(
        &mut self,
        name: &str,
        arguments: &[Expr],
        at: usize,
        io: &mut Io<'_>,
    ) -> Done<Decimal> {
        let mut given = Vec::new();
        for argument in arguments {
            given.push(self.value(argument, io)?);
        }
        let Some(function) = self.functions.get(name).cloned() else {
            if let (true, [only]) = (self.library, given.as_slice())
                && let Some(value) = library::call(name, only, self.scale)
            {
                return value.map_err(|why| refused(why, false, at));
            }
            let told = format!("Function {name} not defined.");
            return Err(wrong(&told, "undefined function", at));
        };
        if function.parameters.len() != given.len() {
            let (has, got) = (function.parameters.len(), given.len());
            let told = format!("function has {has} parameters, but called with {got}");
            return Err(wrong("Parameter number mismatch", &told, at + 2));
        }
        if self.calls.len() == DEEPEST {
            let told = "not simulated here: functions that call this deep";
            return Err(wrong(told, told, at));
        }
        let zeros = function.locals.iter().map(|name| (name.clone(), Decimal::default()));
        let own: Vec<(String, Decimal)> =
            function.parameters.iter().cloned().zip(given).chain(zeros).collect();
        let saved: Vec<(String, Option<Decimal>)> = own
            .into_iter()
            .map(|(name, value)| (name.clone(), self.values.insert(name, value)))
            .collect();
        self.calls.push(name.to_owned());
        let flow = self.run(&function.body, io);
        if !matches!(flow, Flow::Wrong { .. }) {
            self.calls.pop();
        }
        for (name, value) in saved.into_iter().rev() {
            match value {
                Some(value) => drop(self.values.insert(name, value)),
                None => drop(self.values.remove(&name)),
            }
        }
        match flow {
            Flow::Return(value) => Ok(value),
            Flow::Next | Flow::Break | Flow::Continue => Ok(Decimal::default()),
            other => Err(other),
        }
    }
}
