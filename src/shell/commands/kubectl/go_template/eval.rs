//! A template's run (`text/template`, `exec.go`).

use serde_json::Value;

use super::format::MOST_TEXT;
use super::functions::{Given, NO_FUNCTION, NO_LENGTH, call, truth};
use super::parse::Templates;
use super::{Argument, Command, Node, Operand, Pipeline, shown};

/// How deep templates may call each other.
const DEEPEST: usize = 200;
/// How many actions may run.
const MOST_STEPS: usize = 200_000;
/// How much may be copied and made, in bytes.
const MOST_MADE: usize = 512 << 20;
/// How much variables may hold, in bytes.
const MOST_HELD: usize = 128 << 20;

/// What Go says of a missing value where one is needed.
const NO_VALUE: &str = "reflect: call of reflect.Value.Type on zero Value";

/// A running template.
pub(super) struct Run<'t> {
    text: &'t str,
    templates: &'t Templates,
    strict: bool,
    /// What was printed.
    pub out: String,
    variables: Vec<Variable>,
    depth: usize,
    steps: usize,
    /// Bytes that were copied and made.
    made: usize,
    /// Bytes that all variables hold.
    held: usize,
}

/// A variable, and what it holds in bytes.
struct Variable {
    name: String,
    value: Given,
    bytes: usize,
}

impl Variable {
    /// `$`: what the template is given, which counts as its caller's.
    fn whole(value: &Value) -> Variable {
        Variable { name: "$".to_owned(), value: (value.clone(), false), bytes: 0 }
    }

    fn given(&self) -> (&Value, bool) {
        (&self.value.0, self.value.1)
    }
}

/// About how many bytes a value takes.
fn weight(value: &Value) -> usize {
    const ANY: usize = 32;
    ANY + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields.iter().map(|(key, value)| key.len() + weight(value)).sum(),
        _ => 0,
    }
}

fn too_much() -> String {
    "not simulated here: a template that runs so long".to_owned()
}

/// How a list of nodes was left.
#[derive(PartialEq)]
enum Left {
    AtTheEnd,
    ByBreak,
    ByContinue,
}

type Done<T> = Result<T, String>;

impl<'t> Run<'t> {
    pub fn new(text: &'t str, templates: &'t Templates, strict: bool, value: &Value) -> Run<'t> {
        let variables = vec![Variable::whole(value)];
        let (out, depth, steps, made, held) = (String::new(), 0, 0, 0, 0);
        Run { text, templates, strict, out, variables, depth, steps, made, held }
    }

    /// Runs the text's own template.
    pub fn whole(&mut self, value: &Value) -> Done<()> {
        let templates = self.templates;
        let nodes = templates.get("").map(Vec::as_slice).unwrap_or_default();
        self.nodes(nodes, value).map(|_| ())
    }

    fn nodes(&mut self, nodes: &'t [Node], dot: &Value) -> Done<Left> {
        for node in nodes {
            self.steps += 1;
            if self.steps > MOST_STEPS || self.out.len() > MOST_TEXT {
                return Err(too_much());
            }
            match node {
                Node::Text(text) => self.out += text,
                Node::Action(pipeline) => {
                    let (value, _) = self.pipeline(pipeline, dot)?;
                    if pipeline.names.is_empty() {
                        self.out += &shown(&value);
                    }
                }
                Node::Break => return Ok(Left::ByBreak),
                Node::Continue => return Ok(Left::ByContinue),
                Node::Template { name, pipeline, at } => {
                    self.template(name, pipeline.as_ref(), *at, dot)?;
                }
                Node::If { pipeline, body, otherwise } => {
                    let known = self.variables.len();
                    let (value, _) = self.pipeline(pipeline, dot)?;
                    let chosen = if truth(&value) { body } else { otherwise };
                    let left = self.nodes(chosen, dot)?;
                    self.forget(known);
                    if left != Left::AtTheEnd {
                        return Ok(left);
                    }
                }
                Node::With { pipeline, body, otherwise } => {
                    let known = self.variables.len();
                    let (value, _) = self.pipeline(pipeline, dot)?;
                    let left = match truth(&value) {
                        true => self.nodes(body, &value)?,
                        false => self.nodes(otherwise, dot)?,
                    };
                    self.forget(known);
                    if left != Left::AtTheEnd {
                        return Ok(left);
                    }
                }
                Node::Range { over, body, otherwise } => self.range(over, body, otherwise, dot)?,
            }
        }
        Ok(Left::AtTheEnd)
    }

    fn range(
        &mut self,
        over: &'t Pipeline,
        body: &'t [Node],
        otherwise: &'t [Node],
        dot: &Value,
    ) -> Done<()> {
        let known = self.variables.len();
        let (value, _) = self.commands(over, dot)?;
        let rounds: Vec<(Value, Value)> = match value {
            Value::Array(items) => {
                items.into_iter().enumerate().map(|(at, item)| (at.into(), item)).collect()
            }
            Value::Object(fields) => {
                fields.into_iter().map(|(key, item)| (key.into(), item)).collect()
            }
            Value::Number(number) if number.is_i64() || number.is_u64() => {
                let count = number.as_i64().unwrap_or(0).max(0);
                let count = count.min(MOST_STEPS as i64);
                (0..count).map(|at| (at.into(), at.into())).collect()
            }
            Value::Null => Vec::new(),
            other => {
                let what = over.commands.first().and_then(|command| command.arguments.first());
                let text = format!("range can't iterate over {}", shown(&other));
                return Err(self.fault(what, &text));
            }
        };
        let empty = rounds.is_empty();
        for (key, item) in rounds {
            let values = match over.names.len() {
                0 => Vec::new(),
                1 => vec![item.clone()],
                _ => vec![key, item.clone()],
            };
            for (name, value) in over.names.iter().zip(values) {
                self.set(over.declares, name, (value, false))?;
            }
            let left = self.nodes(body, &item)?;
            self.forget(known);
            if left == Left::ByBreak {
                break;
            }
        }
        if empty {
            self.nodes(otherwise, dot)?;
        }
        Ok(())
    }

    fn template(
        &mut self,
        name: &str,
        pipeline: Option<&'t Pipeline>,
        at: usize,
        dot: &Value,
    ) -> Done<()> {
        let value = match pipeline {
            Some(pipeline) => self.pipeline(pipeline, dot)?.0,
            None => Value::Null,
        };
        let templates = self.templates;
        let Some(nodes) = templates.get(name).filter(|_| !name.is_empty()) else {
            let end = self.text[at..].find("}}").map_or(self.text.len(), |end| at + end);
            let open = self.text[..at].rfind("{{").unwrap_or(at);
            let written = format!("{}}}}}", self.text[open..end].trim_end_matches(['-', ' ']));
            let text = format!("template {name:?} not defined");
            return Err(self.fault_at(at + 1, &written, &text));
        };
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("exceeded maximum template depth (100000)".to_owned());
        }
        let outer = std::mem::replace(&mut self.variables, vec![Variable::whole(&value)]);
        self.nodes(nodes, &value)?;
        self.forget(0);
        self.variables = outer;
        self.depth -= 1;
        Ok(())
    }

    fn set(&mut self, declares: bool, name: &str, value: Given) -> Done<()> {
        let bytes = weight(&value.0);
        self.spend(bytes)?;
        if declares {
            self.variables.push(Variable { name: name.to_owned(), value, bytes });
        } else if let Some(slot) = self.variables.iter_mut().rev().find(|slot| slot.name == name) {
            self.held -= slot.bytes;
            (slot.value, slot.bytes) = (value, bytes);
        } else {
            return Ok(());
        }
        self.held += bytes;
        match self.held > MOST_HELD {
            true => Err("not simulated here: variables that hold so much".to_owned()),
            false => Ok(()),
        }
    }

    /// Forgets the variables behind the first `known` ones.
    fn forget(&mut self, known: usize) {
        let forgotten = self.variables.drain(known.min(self.variables.len())..);
        self.held -= forgotten.map(|variable| variable.bytes).sum::<usize>();
    }

    /// Counts bytes that are copied or made.
    fn spend(&mut self, bytes: usize) -> Done<()> {
        self.made = self.made.saturating_add(bytes);
        match self.made > MOST_MADE {
            true => Err(too_much()),
            false => Ok(()),
        }
    }

    /// A pipeline's value, which its variables get.
    fn pipeline(&mut self, pipeline: &'t Pipeline, dot: &Value) -> Done<Given> {
        let value = self.commands(pipeline, dot)?;
        for name in &pipeline.names {
            self.set(pipeline.declares, name, value.clone())?;
        }
        Ok(value)
    }

    fn commands(&mut self, pipeline: &'t Pipeline, dot: &Value) -> Done<Given> {
        let mut last: Option<Given> = None;
        for command in &pipeline.commands {
            last = Some(self.command(command, dot, last)?);
        }
        Ok(last.unwrap_or((Value::Null, false)))
    }

    fn command(&mut self, command: &'t Command, dot: &Value, last: Option<Given>) -> Done<Given> {
        let Some((first, others)) = command.arguments.split_first() else {
            return Ok((Value::Null, false));
        };
        if let Operand::Function(name) = &first.operand {
            return self.function(name, command, others, dot, last);
        }
        if first.operand == Operand::Nil {
            return Err(self.fault(Some(first), "nil is not a command"));
        }
        if !others.is_empty() || last.is_some() {
            let text = match first.fields.last() {
                Some(name) => format!("{name} is not a method but has arguments"),
                None => format!("can't give argument to non-function {}", first.written),
            };
            return Err(self.fault(Some(first), &text));
        }
        self.argument(first, dot)
    }

    fn function(
        &mut self,
        name: &str,
        command: &'t Command,
        others: &'t [Argument],
        dot: &Value,
        last: Option<Given>,
    ) -> Done<Given> {
        let mut given = Vec::with_capacity(others.len() + 1);
        for argument in others {
            let value = self.argument(argument, dot)?;
            let decided = match name {
                "and" => !truth(&value.0),
                "or" => truth(&value.0),
                _ => false,
            };
            if decided {
                return Ok(value);
            }
            given.push(value);
        }
        given.extend(last);
        if matches!(name, "and" | "or") {
            return given.pop().ok_or_else(|| {
                let text = format!("wrong number of args for {name}: want at least 1 got 0");
                self.fault(command.arguments.first(), &text)
            });
        }
        let value = call(name, &given).map_err(|reason| {
            let at = command.arguments.first().map_or(0, |argument| argument.at);
            if reason.starts_with("wrong number of args") {
                return self.fault_at(at, name, &reason);
            }
            // Go can tell what is missing from what is there and nothing.
            let missing = reason == NO_LENGTH && !self.is_there(others.first(), dot);
            let reason = if missing { NO_VALUE.to_owned() } else { reason };
            let reason = match (reason.strip_prefix(NO_FUNCTION), others.first()) {
                (Some(rest), Some(first)) => format!("{NO_FUNCTION} {}{rest}", first.written),
                _ => reason,
            };
            let text = format!("error calling {name}: {reason}");
            self.fault_at(at, &self.written(command), &text)
        })?;
        self.spend(weight(&value))?;
        Ok((value, name == "len"))
    }

    fn argument(&mut self, argument: &'t Argument, dot: &Value) -> Done<Given> {
        let whole = argument.fields.is_empty();
        let (value, literal) = match &argument.operand {
            Operand::Dot => (self.fields(argument, dot)?, false),
            Operand::Variable(name) => {
                let known = self.variables.iter().rev().find(|known| known.name == *name);
                let (value, literal) = known.map_or((&Value::Null, false), Variable::given);
                (self.fields(argument, value)?, literal && whole)
            }
            _ => {
                let (value, literal) = self.operand(argument, dot)?;
                match whole {
                    true => (value, literal),
                    false => (self.fields(argument, &value)?, false),
                }
            }
        };
        self.spend(weight(&value))?;
        Ok((value, literal))
    }

    /// What an argument begins with, unless it is a value that stands somewhere.
    fn operand(&mut self, argument: &'t Argument, dot: &Value) -> Done<Given> {
        Ok(match &argument.operand {
            Operand::Dot | Operand::Variable(_) => (Value::Null, false),
            Operand::Text(text) => (text.clone().into(), true),
            Operand::Number(text) => (number(text), true),
            Operand::Bool(truth) => ((*truth).into(), true),
            Operand::Nil => (Value::Null, true),
            Operand::Pipeline(pipeline) => self.commands(pipeline, dot)?,
            Operand::Function(name) => {
                let value = call(name, &[]).map_err(|reason| {
                    self.fault(Some(argument), &format!("error calling {name}: {reason}"))
                })?;
                (value, false)
            }
        })
    }

    /// Whether an argument's last field is there, whatever it holds.
    fn is_there(&self, argument: Option<&Argument>, dot: &Value) -> bool {
        let Some((Operand::Dot, Some((last, before)))) =
            argument.map(|argument| (&argument.operand, argument.fields.split_last()))
        else {
            return false;
        };
        let holder = before.iter().try_fold(dot, |value, name| value.get(name));
        holder.is_some_and(|holder| holder.get(last).is_some())
    }

    /// What stands at an argument's fields.
    fn fields(&self, argument: &Argument, start: &Value) -> Done<Value> {
        let mut value = start;
        let mut missing = false;
        let at = argument.at + chain_offset(argument);
        for name in &argument.fields {
            let next = match value {
                Value::Object(fields) => fields.get(name),
                Value::Null if missing => None,
                Value::Null => {
                    let text = format!("nil pointer evaluating interface {{}}.{name}");
                    return Err(self.fault_at(at, &argument.written, &text));
                }
                _ => {
                    let text = format!("can't evaluate field {name} in type interface {{}}");
                    return Err(self.fault_at(at, &argument.written, &text));
                }
            };
            missing = next.is_none();
            if missing && self.strict {
                let text = format!("map has no entry for key {name:?}");
                return Err(self.fault_at(at, &argument.written, &text));
            }
            value = next.unwrap_or(&Value::Null);
        }
        Ok(value.clone())
    }

    /// A command as it is written.
    fn written(&self, command: &Command) -> String {
        let words: Vec<&str> =
            command.arguments.iter().map(|argument| argument.written.as_str()).collect();
        words.join(" ")
    }

    fn fault(&self, argument: Option<&Argument>, what: &str) -> String {
        match argument {
            Some(argument) => {
                let dots = argument.written.rfind('.').unwrap_or(0);
                let at = argument.at + if argument.fields.is_empty() { 0 } else { dots };
                self.fault_at(at, &argument.written, what)
            }
            None => what.to_owned(),
        }
    }

    fn fault_at(&self, at: usize, written: &str, what: &str) -> String {
        let before = &self.text[..at.min(self.text.len())];
        let line = 1 + before.matches('\n').count();
        let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1);
        format!("template: output:{line}:{column}: executing \"output\" at <{written}>: {what}")
    }
}

/// A number that a template spells out, in Go's ways; null for what is none.
pub(super) fn number(text: &str) -> Value {
    let plain = text.replace('_', "");
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let prefix = digits.get(..2).unwrap_or("").to_ascii_lowercase();
    let (base, digits) = match prefix.as_str() {
        "0x" => (16, &digits[2..]),
        "0o" => (8, &digits[2..]),
        "0b" => (2, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    match i64::from_str_radix(digits, base) {
        Ok(number) => (sign * number).into(),
        Err(_) if base != 10 && !plain.contains('.') => Value::Null,
        Err(_) => plain.parse::<f64>().map_or(Value::Null, Value::from),
    }
}

/// Where in an argument Go says that a chain of fields stands: at its second link, which is the first
/// field behind a variable or a parenthesis, and the second of `.a.b` (text/template/parse, `operand`).
fn chain_offset(argument: &Argument) -> usize {
    let first = argument.written.find('.').unwrap_or(0);
    match (&argument.operand, argument.fields.as_slice()) {
        (Operand::Dot, [field, _, ..]) => first + field.len() + 1,
        _ => first,
    }
}
