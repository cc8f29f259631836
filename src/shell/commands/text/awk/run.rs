//! Running a program over records.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tree::{Expression, Pattern, Program, Statement};
use super::value::Value;
use crate::shell::commands::text::regex::{Syntax, compile};

/// Steps that one record may take.
const MOST: u32 = 1_000_000;

/// Output that one record may make.
pub(super) const LONGEST: usize = 1 << 20;

/// Where a statement leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Next,
    Break,
    Continue,
    Exit(i32),
}

pub(super) type Ran<T> = Result<T, String>;

/// A program with its variables.
#[derive(Clone)]
pub(super) struct Machine {
    pub(super) program: Arc<Program>,
    pub(super) variables: BTreeMap<String, Value>,
    pub(super) arrays: BTreeMap<String, BTreeMap<String, Value>>,
    /// `$0` and the fields.
    pub(super) record: String,
    pub(super) fields: Vec<String>,
    /// Which ranges are open.
    pub(super) ranges: Vec<bool>,
    pub(super) steps: u32,
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

    pub(super) fn set_record(&mut self, record: String) {
        let separator = self.variable("FS").text();
        self.fields = split(&record, &separator);
        self.record = record;
        self.set_number("NF", self.fields.len() as f64);
    }

    pub(super) fn variable(&self, name: &str) -> Value {
        self.variables.get(name).cloned().unwrap_or(Value::Nothing)
    }

    pub(super) fn tick(&mut self) -> Ran<()> {
        self.steps += 1;
        match self.steps > MOST || self.output.len() > LONGEST {
            true => Err("podhop: this program runs for ever".to_owned()),
            false => Ok(()),
        }
    }

    /// Notes that a text of this length is made.
    pub(super) fn make(&mut self, length: usize) -> Ran<()> {
        self.steps = self.steps.saturating_add(u32::try_from(length / 64).unwrap_or(u32::MAX));
        match length > LONGEST {
            true => Err("podhop: this text is too long".to_owned()),
            false => self.tick(),
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
                self.make(text.len())?;
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
}

/// The fields of a record.
pub(super) fn split(record: &str, separator: &str) -> Vec<String> {
    if record.is_empty() {
        return Vec::new();
    }
    let texts = |pieces: Vec<&str>| pieces.into_iter().map(str::to_owned).collect();
    let mut letters = separator.chars();
    match (letters.next(), letters.next()) {
        (Some(' '), None) => texts(record.split_whitespace().collect()),
        (None, _) => record.chars().map(|letter| letter.to_string()).collect(),
        (Some(one), None) if one != '\\' => texts(record.split(one).collect()),
        _ => match compile(separator, Syntax::Awk, false) {
            Ok(pattern) => texts(pieces_between(&pattern, record)),
            Err(_) => vec![record.to_owned()],
        },
    }
}

/// What stands between the places where a pattern is found.
fn pieces_between<'t>(
    pattern: &crate::shell::commands::text::regex::Regex,
    text: &'t str,
) -> Vec<&'t str> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for (start, end) in pattern.find_all(text).into_iter().filter(|(start, end)| start < end) {
        pieces.push(&text[at..start]);
        at = end;
    }
    pieces.push(&text[at..]);
    pieces
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
