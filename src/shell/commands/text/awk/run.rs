//! Running a program over records.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::parse::{Binary, Expression, Pattern, Program, Statement};
use super::value::Value;
use crate::shell::commands::print;
use crate::shell::commands::text::regex::{Syntax, compile};

/// Steps that one record may take.
const MOST: u32 = 1_000_000;

/// Output that one record may make.
const LONGEST: usize = 1 << 20;

/// Where a statement leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Next,
    Break,
    Continue,
    Exit(i32),
}

type Ran<T> = Result<T, String>;

/// A program with its variables.
#[derive(Clone)]
pub(super) struct Machine {
    program: Arc<Program>,
    variables: BTreeMap<String, Value>,
    arrays: BTreeMap<String, BTreeMap<String, Value>>,
    /// `$0` and the fields.
    record: String,
    fields: Vec<String>,
    /// Which ranges are open.
    ranges: Vec<bool>,
    steps: u32,
    /// What was printed.
    pub output: String,
}

impl Machine {
    pub fn new(program: Arc<Program>) -> Machine {
        let ranges = vec![false; program.rules.len()];
        let mut machine = Machine {
            program,
            variables: BTreeMap::new(),
            arrays: BTreeMap::new(),
            record: String::new(),
            fields: Vec::new(),
            ranges,
            steps: 0,
            output: String::new(),
        };
        for (name, value) in
            [("FS", " "), ("OFS", " "), ("ORS", "\n"), ("RS", "\n"), ("SUBSEP", "\u{1c}")]
        {
            machine.set_text(name, value);
        }
        machine.set_number("NR", 0.0);
        machine
    }

    pub fn set_text(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), Value::Text(value.to_owned()));
    }

    pub fn set_input(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), Value::Input(value.to_owned()));
    }

    pub fn set_number(&mut self, name: &str, value: f64) {
        self.variables.insert(name.to_owned(), Value::Number(value));
    }

    pub fn set_element(&mut self, array: &str, index: &str, value: &str) {
        let array = self.arrays.entry(array.to_owned()).or_default();
        array.insert(index.to_owned(), Value::Input(value.to_owned()));
    }

    /// Whether the program wants records: it has more than `BEGIN`.
    pub fn reads(&self) -> bool {
        self.program.rules.iter().any(|rule| !matches!(rule.pattern, Pattern::Begin))
    }

    pub fn begin(&mut self) -> Ran<Flow> {
        self.rules(|pattern| matches!(pattern, Pattern::Begin))
    }

    pub fn finish(&mut self) -> Ran<Flow> {
        self.rules(|pattern| matches!(pattern, Pattern::End))
    }

    fn rules(&mut self, wanted: impl Fn(&Pattern) -> bool) -> Ran<Flow> {
        self.steps = 0;
        let program = self.program.clone();
        for rule in program.rules.iter().filter(|rule| wanted(&rule.pattern)) {
            if let Flow::Exit(status) = self.block(&rule.action)? {
                return Ok(Flow::Exit(status));
            }
        }
        Ok(Flow::On)
    }

    /// Runs the program over one record.
    pub fn record(&mut self, line: &str) -> Ran<Flow> {
        self.steps = 0;
        for name in ["NR", "FNR"] {
            let number = self.variable(name).number() + 1.0;
            self.set_number(name, number);
        }
        self.set_record(line.to_owned());
        let program = self.program.clone();
        for (index, rule) in program.rules.iter().enumerate() {
            let runs = match &rule.pattern {
                Pattern::Begin | Pattern::End => false,
                Pattern::Always => true,
                Pattern::When(condition) => self.value(condition)?.holds(),
                Pattern::Range(from, to) => {
                    let inside = self.ranges[index] || self.value(from)?.holds();
                    self.ranges[index] = inside && !self.value(to)?.holds();
                    inside
                }
            };
            if !runs {
                continue;
            }
            match self.block(&rule.action)? {
                Flow::Next => break,
                Flow::Exit(status) => return Ok(Flow::Exit(status)),
                _ => {}
            }
        }
        Ok(Flow::On)
    }

    fn set_record(&mut self, record: String) {
        let separator = self.variable("FS").text();
        self.fields = split(&record, &separator);
        self.record = record;
        self.set_number("NF", self.fields.len() as f64);
    }

    fn variable(&self, name: &str) -> Value {
        self.variables.get(name).cloned().unwrap_or(Value::Nothing)
    }

    fn tick(&mut self) -> Ran<()> {
        self.steps += 1;
        match self.steps > MOST || self.output.len() > LONGEST {
            true => Err("podhop: this program runs for ever".to_owned()),
            false => Ok(()),
        }
    }

    fn block(&mut self, statements: &[Statement]) -> Ran<Flow> {
        for statement in statements {
            let flow = self.statement(statement)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn statement(&mut self, statement: &Statement) -> Ran<Flow> {
        self.tick()?;
        match statement {
            Statement::Expression(expression) => {
                self.value(expression)?;
            }
            Statement::Print(values) => self.print(values)?,
            Statement::Printf(values) => {
                let text = self.format(values)?;
                self.output += &text;
            }
            Statement::If(condition, then, otherwise) => {
                if self.value(condition)?.holds() {
                    return self.statement(then);
                }
                if let Some(otherwise) = otherwise {
                    return self.statement(otherwise);
                }
            }
            Statement::While(condition, body) => {
                return self.repeat(Some(condition), None, body);
            }
            Statement::For(first, condition, step, body) => {
                if let Some(first) = first {
                    self.statement(first)?;
                }
                return self.repeat(condition.as_ref(), step.as_deref(), body);
            }
            Statement::ForIn(variable, array, body) => {
                let keys: Vec<String> = self
                    .arrays
                    .get(array)
                    .map(|array| array.keys().cloned().collect())
                    .unwrap_or_default();
                for key in keys {
                    self.variables.insert(variable.clone(), Value::Input(key));
                    match self.statement(body)? {
                        Flow::Break => break,
                        Flow::On | Flow::Continue => {}
                        flow => return Ok(flow),
                    }
                }
            }
            Statement::Block(statements) => return self.block(statements),
            Statement::Delete(array, None) => {
                self.arrays.remove(array);
            }
            Statement::Delete(array, Some(index)) => {
                let key = self.key(index)?;
                if let Some(array) = self.arrays.get_mut(array) {
                    array.remove(&key);
                }
            }
            Statement::Next => return Ok(Flow::Next),
            Statement::Break => return Ok(Flow::Break),
            Statement::Continue => return Ok(Flow::Continue),
            Statement::Exit(status) => {
                let status = match status {
                    Some(status) => self.value(status)?.number() as i32,
                    None => 0,
                };
                return Ok(Flow::Exit(status & 0xff));
            }
        }
        Ok(Flow::On)
    }

    fn repeat(
        &mut self,
        condition: Option<&Expression>,
        step: Option<&Statement>,
        body: &Statement,
    ) -> Ran<Flow> {
        loop {
            self.tick()?;
            if let Some(condition) = condition
                && !self.value(condition)?.holds()
            {
                return Ok(Flow::On);
            }
            match self.statement(body)? {
                Flow::Break => return Ok(Flow::On),
                Flow::On | Flow::Continue => {}
                flow => return Ok(flow),
            }
            if let Some(step) = step {
                self.statement(step)?;
            }
        }
    }

    fn print(&mut self, values: &[Expression]) -> Ran<()> {
        let text = match values {
            [] => self.record.clone(),
            values => {
                let mut texts = Vec::new();
                for value in values {
                    texts.push(self.value(value)?.text());
                }
                texts.join(&self.variable("OFS").text())
            }
        };
        self.output += &text;
        self.output += &self.variable("ORS").text();
        Ok(())
    }

    fn format(&mut self, values: &[Expression]) -> Ran<String> {
        let mut texts = Vec::new();
        for value in values {
            texts.push(self.value(value)?);
        }
        let Some((format, values)) = texts.split_first() else { return Ok(String::new()) };
        let mut format = format.text();
        // The shell's printf repeats its format and reads escapes; awk's does neither.
        format = format.replace('\\', "\\\\");
        let wanted = directives(&format);
        let mut arguments = vec![format];
        for (index, kind) in wanted.iter().enumerate() {
            let value = values.get(index).cloned().unwrap_or(Value::Nothing);
            arguments.push(match kind {
                'd' | 'i' | 'u' | 'x' | 'X' | 'o' => format!("{}", value.number().trunc() as i64),
                'f' | 'F' | 'e' | 'g' => format!("{}", value.number()),
                'c' => match value {
                    Value::Number(number) => {
                        char::from_u32(number as u32).unwrap_or('\u{fffd}').to_string()
                    }
                    other => other.text(),
                },
                _ => value.text(),
            });
        }
        match print::format(&arguments) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err((_, why)) => Err(why),
        }
    }

    fn key(&mut self, index: &[Expression]) -> Ran<String> {
        let mut parts = Vec::new();
        for part in index {
            parts.push(self.value(part)?.text());
        }
        Ok(parts.join(&self.variable("SUBSEP").text()))
    }

    fn value(&mut self, expression: &Expression) -> Ran<Value> {
        self.tick()?;
        Ok(match expression {
            Expression::Number(number) => Value::Number(*number),
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Regex(pattern) => truth(pattern.is_match(&self.record)),
            Expression::Variable(name) => self.variable(name),
            Expression::Field(index) => {
                let index = self.value(index)?.number();
                self.field(index)?
            }
            Expression::Element(array, index) => {
                let key = self.key(index)?;
                let array = self.arrays.entry(array.clone()).or_default();
                array.entry(key).or_insert(Value::Nothing).clone()
            }
            Expression::Assign(place, operator, value) => {
                let value = self.value(value)?;
                let value = match operator {
                    None => value,
                    Some(operator) => {
                        let before = self.value(place)?.number();
                        Value::Number(arithmetic(before, *operator, value.number())?)
                    }
                };
                self.assign(place, value.clone())?;
                value
            }
            Expression::Step(place, by, old) => {
                let before = self.value(place)?.number();
                self.assign(place, Value::Number(before + by))?;
                Value::Number(if *old { before } else { before + by })
            }
            Expression::Not(value) => truth(!self.value(value)?.holds()),
            Expression::Negate(value) => Value::Number(-self.value(value)?.number()),
            Expression::Binary(left, operator, right) => self.binary(left, *operator, right)?,
            Expression::Ternary(condition, yes, no) => match self.value(condition)?.holds() {
                true => self.value(yes)?,
                false => self.value(no)?,
            },
            Expression::In(index, array) => {
                let key = self.key(index)?;
                truth(self.arrays.get(array).is_some_and(|array| array.contains_key(&key)))
            }
            Expression::Call(name, arguments) => self.call(name, arguments)?,
        })
    }

    fn field(&self, index: f64) -> Ran<Value> {
        if index < 0.0 {
            return Err(format!("attempt to access field {index}"));
        }
        let text = match index as usize {
            0 => Some(&self.record),
            index => self.fields.get(index - 1),
        };
        Ok(text.map_or(Value::Nothing, |text| Value::Input(text.clone())))
    }

    fn assign(&mut self, place: &Expression, value: Value) -> Ran<()> {
        match place {
            Expression::Variable(name) => {
                if name == "NF" {
                    let count = (value.number().max(0.0) as usize).min(10_000);
                    self.fields.resize(count, String::new());
                    self.record = self.fields.join(&self.variable("OFS").text());
                }
                self.variables.insert(name.clone(), value);
            }
            Expression::Field(index) => {
                let index = self.value(index)?.number();
                if !(0.0..10_000.0).contains(&index) {
                    return Err(format!("attempt to access field {index}"));
                }
                match index as usize {
                    0 => self.set_record(value.text()),
                    index => {
                        if self.fields.len() < index {
                            self.fields.resize(index, String::new());
                        }
                        self.fields[index - 1] = value.text();
                        self.set_number("NF", self.fields.len() as f64);
                        self.record = self.fields.join(&self.variable("OFS").text());
                    }
                }
            }
            Expression::Element(array, index) => {
                let key = self.key(index)?;
                self.arrays.entry(array.clone()).or_default().insert(key, value);
            }
            _ => return Err("assignment to something that is not a variable".to_owned()),
        }
        Ok(())
    }

    fn pattern(&mut self, expression: &Expression) -> Ran<regex::Regex> {
        match expression {
            Expression::Regex(pattern) => Ok(pattern.clone()),
            other => {
                let text = self.value(other)?.text();
                compile(&text, Syntax::Extended, false)
            }
        }
    }

    fn binary(&mut self, left: &Expression, operator: Binary, right: &Expression) -> Ran<Value> {
        let first = self.value(left)?;
        Ok(match operator {
            Binary::Or => truth(first.holds() || self.value(right)?.holds()),
            Binary::And => truth(first.holds() && self.value(right)?.holds()),
            Binary::Match | Binary::NoMatch => {
                let pattern = self.pattern(right)?;
                truth(pattern.is_match(&first.text()) == (operator == Binary::Match))
            }
            _ => {
                let second = self.value(right)?;
                let order = || first.compare(&second);
                let sum = |operator| arithmetic(first.number(), operator, second.number());
                match operator {
                    Binary::Less => truth(order().is_lt()),
                    Binary::LessEqual => truth(order().is_le()),
                    Binary::Equal => truth(order().is_eq()),
                    Binary::NotEqual => truth(order().is_ne()),
                    Binary::Greater => truth(order().is_gt()),
                    Binary::GreaterEqual => truth(order().is_ge()),
                    Binary::Add => Value::Number(sum('+')?),
                    Binary::Subtract => Value::Number(sum('-')?),
                    Binary::Multiply => Value::Number(sum('*')?),
                    Binary::Divide => Value::Number(sum('/')?),
                    Binary::Remainder => Value::Number(sum('%')?),
                    Binary::Power => Value::Number(sum('^')?),
                    _ => {
                        let text = first.text() + &second.text();
                        if text.len() > LONGEST {
                            return Err("podhop: this text is too long".to_owned());
                        }
                        Value::Text(text)
                    }
                }
            }
        })
    }

    fn call(&mut self, name: &str, arguments: &[Expression]) -> Ran<Value> {
        match (name, arguments) {
            ("sub" | "gsub", [pattern, text, ..]) => {
                return self.substitute(pattern, text, arguments.get(2), name == "gsub");
            }
            ("split", [text, Expression::Variable(array), ..]) => {
                let text = self.value(text)?.text();
                let separator = match arguments.get(2) {
                    Some(Expression::Regex(pattern)) => pattern.as_str().to_owned(),
                    Some(other) => self.value(other)?.text(),
                    None => self.variable("FS").text(),
                };
                let parts = split(&text, &separator);
                let count = parts.len() as f64;
                let numbered = parts.into_iter().enumerate();
                let array_value =
                    numbered.map(|(index, part)| ((index + 1).to_string(), Value::Input(part)));
                self.arrays.insert(array.clone(), array_value.collect());
                return Ok(Value::Number(count));
            }
            ("match", [text, pattern, ..]) => {
                let text = self.value(text)?.text();
                let pattern = self.pattern(pattern)?;
                let found = pattern.find(&text);
                let letters = |text: &str| text.chars().count() as f64;
                let (start, length) = match found {
                    Some(found) => (letters(&text[..found.start()]) + 1.0, letters(found.as_str())),
                    None => (0.0, -1.0),
                };
                self.set_number("RSTART", start);
                self.set_number("RLENGTH", length);
                return Ok(Value::Number(start));
            }
            ("length", [Expression::Variable(array)]) if self.arrays.contains_key(array) => {
                let size = self.arrays.get(array).map_or(0, BTreeMap::len);
                return Ok(Value::Number(size as f64));
            }
            ("sprintf", values) => return Ok(Value::Text(self.format(values)?)),
            ("system", _) => {
                return Err(
                    "podhop: system() is not simulated here; use the shell itself".to_owned()
                );
            }
            _ => {}
        }
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        let text = || values.first().map_or_else(|| self.record.clone(), Value::text);
        let number = |index: usize| values.get(index).map_or(0.0, Value::number);
        Ok(match name {
            "length" => Value::Number(text().chars().count() as f64),
            "toupper" => Value::Text(text().to_uppercase()),
            "tolower" => Value::Text(text().to_lowercase()),
            "int" => Value::Number(number(0).trunc()),
            "sqrt" => Value::Number(number(0).sqrt()),
            "index" => {
                let (text, wanted) = (text(), values.get(1).map(Value::text).unwrap_or_default());
                let at = text.find(&wanted).map_or(0, |at| text[..at].chars().count() + 1);
                Value::Number(at as f64)
            }
            "substr" => {
                let start = number(1).round();
                let end = match values.len() > 2 {
                    true => start + number(2).round(),
                    false => f64::INFINITY,
                };
                let letters = text();
                let kept = letters.chars().enumerate().filter(|(index, _)| {
                    let at = *index as f64 + 1.0;
                    at >= start && at < end
                });
                Value::Text(kept.map(|(_, letter)| letter).collect())
            }
            other => return Err(format!("not enough arguments to {other}")),
        })
    }

    fn substitute(
        &mut self,
        pattern: &Expression,
        text: &Expression,
        place: Option<&Expression>,
        all: bool,
    ) -> Ran<Value> {
        let record = Expression::Field(Box::new(Expression::Number(0.0)));
        let place = place.unwrap_or(&record);
        let pattern = self.pattern(pattern)?;
        let text = self.value(text)?.text();
        let before = self.value(place)?.text();
        let mut after = String::new();
        let (mut end, mut count) = (0, 0.0);
        for found in pattern.find_iter(&before) {
            after += &before[end..found.start()];
            after += &replacement(&text, found.as_str());
            end = found.end();
            count += 1.0;
            if !all {
                break;
            }
        }
        after += &before[end..];
        if count > 0.0 {
            self.assign(place, Value::Text(after))?;
        }
        Ok(Value::Number(count))
    }
}

/// `&` stands for what was found, `\&` for itself.
fn replacement(text: &str, found: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.next_if_eq(&'&').is_some() => out.push('&'),
            '&' => out += found,
            other => out.push(other),
        }
    }
    out
}

fn truth(holds: bool) -> Value {
    Value::Number(if holds { 1.0 } else { 0.0 })
}

fn arithmetic(left: f64, operator: char, right: f64) -> Ran<f64> {
    Ok(match operator {
        '+' => left + right,
        '-' => left - right,
        '*' => left * right,
        '/' | '%' if right == 0.0 => return Err("division by zero attempted".to_owned()),
        '/' => left / right,
        '%' => left % right,
        _ => left.powf(right),
    })
}

/// The conversions of a format, in order.
fn directives(format: &str) -> Vec<char> {
    let mut kinds = Vec::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter == '%' {
            let kind = letters.by_ref().find(|next| !"-+ #0123456789.".contains(*next));
            kinds.extend(kind.filter(|kind| *kind != '%'));
        }
    }
    kinds
}

/// The fields of a record.
fn split(record: &str, separator: &str) -> Vec<String> {
    if record.is_empty() {
        return Vec::new();
    }
    let texts = |pieces: Vec<&str>| pieces.into_iter().map(str::to_owned).collect();
    let mut letters = separator.chars();
    match (letters.next(), letters.next()) {
        (Some(' '), None) => texts(record.split_whitespace().collect()),
        (None, _) => record.chars().map(|letter| letter.to_string()).collect(),
        (Some(one), None) if one != '\\' => texts(record.split(one).collect()),
        _ => match compile(separator, Syntax::Extended, false) {
            Ok(pattern) => texts(pattern.split(record).collect()),
            Err(_) => vec![record.to_owned()],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn run(source: &str, input: &str) -> String {
        let program = parse::program(source).expect("it parses");
        let mut machine = Machine::new(Arc::new(program));
        let begun = machine.begin().expect("it runs");
        if begun == Flow::On {
            for line in input.lines() {
                if let Flow::Exit(_) = machine.record(line).expect("it runs") {
                    break;
                }
            }
        }
        machine.finish().expect("it runs");
        machine.output
    }

    #[test]
    fn fields_are_printed_and_chosen() {
        let pods = "NAME READY IP\nweb 1/1 10.244.1.2\ndb 0/1 10.244.2.3\n";
        assert_eq!(run("{print $1}", "a b\n c d"), "a\nc\n");
        assert_eq!(run("NR>1 && $2 ~ /^1/ {print $NF, $1}", pods), "10.244.1.2 web\n");
        assert_eq!(run("/db/", pods), "db 0/1 10.244.2.3\n");
        assert_eq!(run("$1==\"web\",0", "a\nweb x\ny"), "web x\ny\n");
        assert_eq!(run("END{print NR}", pods), "3\n");
    }

    #[test]
    fn sums_counts_and_formats() {
        assert_eq!(run("{s+=$1} END{printf \"%d %.2f\\n\", s, s/NR}", "1\n2\n4"), "7 2.33\n");
        assert_eq!(run("{n[$1]++} END{for (k in n) print k \"=\" n[k]}", "b\na\nb"), "a=1\nb=2\n");
        assert_eq!(run("BEGIN{for(i=1;i<=3;i++) printf i (i<3 ? \",\" : \"\\n\")}", ""), "1,2,3\n");
        assert_eq!(
            run("BEGIN{FS=\":\"} {$2=\"x\"; print; print length($1)}", "abc:d"),
            "abc x\n3\n"
        );
    }

    #[test]
    fn text_functions_work() {
        assert_eq!(
            run(
                "{gsub(/o/, \"[&]\"); print toupper(substr($0, 1, 4)), index($0, \"b\")}",
                "foobar"
            ),
            "F[O] 8\n"
        );
        assert_eq!(run("{n=split($0, p, \"/\"); print p[1], n}", "a/b/c"), "a 3\n");
        assert_eq!(run("{if (match($0, /[0-9]+/)) print RSTART, RLENGTH}", "ab123"), "3 3\n");
    }

    #[test]
    fn a_loop_without_end_is_stopped() {
        let program = parse::program("BEGIN{while(1) x++}").expect("it parses");
        assert!(Machine::new(Arc::new(program)).begin().is_err());
    }
}
