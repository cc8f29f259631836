//! The record, its fields, and variables.

use super::patterns::ready;
use super::run::{Cell, Fields, Machine, Ran, World};
use super::tree::{Expression, Name};
use super::value::Value;

/// More fields than a record may have.
const MOST_FIELDS: usize = 100_000;

impl Machine {
    /// What a variable of gawk's changes beside its value: the one that was set last says how fields are found.
    fn told(&mut self, at: usize) -> Ran<()> {
        let is = |name: &str| at == Machine::known(name);
        let set = |name: &str, fields: &mut Fields, what: Fields| {
            if is(name) {
                *fields = what;
            }
        };
        if self.strict {
            return Ok(());
        }
        if self.gawk {
            set("FS", &mut self.finds, Fields::Between);
            set("FPAT", &mut self.finds, Fields::Like);
            set("FIELDWIDTHS", &mut self.finds, Fields::Wide);
        }
        if is("IGNORECASE") {
            self.folds = self.known_value("IGNORECASE").holds();
        }
        Ok(())
    }

    /// The fields of a record, as gawk's variables say.
    fn fields_of(&mut self, line: &str) -> Vec<String> {
        match self.finds {
            Fields::Between => {
                let separator = self.setting("FS");
                self.split(line, &separator)
            }
            Fields::Like => {
                let Ok(regex) = ready(&self.setting("FPAT"), self.folds, self.gawk) else {
                    return Vec::new();
                };
                let all = regex.find_all(line).into_iter().take(MOST_FIELDS);
                let fields = all.map(|(start, end)| line[start..end].to_owned()).collect();
                self.pay(&regex);
                fields
            }
            Fields::Wide => {
                let widths = self.setting("FIELDWIDTHS");
                let mut letters = line.chars();
                let mut fields = Vec::new();
                for width in widths.split_whitespace() {
                    // `SKIP:WIDTH`, and `*` for all that is left.
                    let (skip, width) = width.split_once(':').unwrap_or(("0", width));
                    let count = |text: &str| text.parse::<usize>().unwrap_or(usize::MAX);
                    let skipped = letters.by_ref().take(count(skip).min(line.len())).count();
                    let field: String = letters.by_ref().take(count(width)).collect();
                    if field.is_empty() && skipped <= line.len() {
                        break;
                    }
                    fields.push(field);
                }
                fields
            }
        }
    }

    pub fn get(&self, name: Name) -> Value {
        let cell = match name {
            Name::Global(at) => &self.globals[at],
            Name::Local(at) => &self.locals[at],
        };
        match cell {
            Cell::Value(value) => value.clone(),
            Cell::Array(..) => Value::Unset,
        }
    }

    pub fn set(&mut self, name: Name, value: Value) -> Ran<()> {
        match name {
            Name::Global(0) => return self.set_count(value.number()),
            Name::Global(at) => {
                self.globals[at] = Cell::Value(value);
                self.told(at)?;
            }
            Name::Local(at) => self.locals[at] = Cell::Value(value),
        }
        Ok(())
    }

    /// The number of the array that a variable is.
    pub fn array(&mut self, name: Name) -> Ran<usize> {
        let cell = match name {
            Name::Global(at) => &mut self.globals[at],
            Name::Local(at) => &mut self.locals[at],
        };
        match cell {
            Cell::Array(at, used) => {
                *used = true;
                Ok(*at)
            }
            // BusyBox makes an array of anything.
            Cell::Value(_) if !self.gawk && matches!(name, Name::Global(_)) => {
                let Name::Global(at) = name else { return self.fail("Not an array") };
                self.globals[at] = Cell::Array(at, true);
                Ok(at)
            }
            Cell::Value(_) => {
                let name = match name {
                    Name::Global(at) => self.program.globals[at].clone(),
                    Name::Local(_) => "parameter".to_owned(),
                };
                match self.gawk {
                    true => self.fatal(1, &format!("attempt to use scalar `{name}' as an array")),
                    false => self.fatal(1, "Not an array"),
                }
            }
        }
    }

    pub fn key(&mut self, keys: &[Expression], world: &mut World<'_, '_>) -> Ran<String> {
        let mut parts = Vec::new();
        for key in keys {
            let value = self.value(key, world)?;
            parts.push(self.index_text(&value));
        }
        Ok(parts.join(&self.setting("SUBSEP")))
    }

    /// A value as it is used as a key, or joined to others.
    pub fn index_text(&self, value: &Value) -> String {
        self.number_name(value.text(&self.setting("CONVFMT")), value)
    }

    /// BusyBox writes infinities without a sign, and fewer numbers as whole ones.
    pub fn number_name(&self, text: String, value: &Value) -> String {
        match value {
            Value::Number(number) if !self.gawk && !number.is_finite() => {
                text.trim_start_matches('+').to_owned()
            }
            // What is no 64-bit number is written with a fraction's format.
            Value::Number(number) if !self.gawk && number.abs() >= 9.3e18 => {
                crate::shell::commands::conversion::Spec::default().float(*number, 'g')
            }
            _ => text,
        }
    }

    pub fn set_record(&mut self, line: String) {
        self.fields = self.fields_of(&line);
        self.record = line;
        self.globals[0] = Cell::Value(Value::Number(self.fields.len() as f64));
    }

    /// Splits a text as fields are split.
    pub fn split(&mut self, text: &str, separator: &str) -> Vec<String> {
        let paragraphs = self.setting("RS").is_empty();
        if text.is_empty() {
            return Vec::new();
        }
        let mut letters = separator.chars();
        let mut parts: Vec<String> = match (letters.next(), letters.next()) {
            (Some(' '), None) => {
                let words = text.split([' ', '\t', '\n']).filter(|word| !word.is_empty());
                return words.take(MOST_FIELDS).map(str::to_owned).collect();
            }
            (None, _) => text.chars().map(String::from).collect(),
            (Some(letter), None) if letter != '\\' => {
                let separates = |found: char| found == letter || paragraphs && found == '\n';
                text.split(separates).map(str::to_owned).collect()
            }
            _ => {
                let pattern = match paragraphs {
                    true => format!("({separator})|\n"),
                    false => separator.to_owned(),
                };
                let Ok(regex) = ready(&pattern, self.folds, self.gawk) else {
                    return vec![text.to_owned()];
                };
                let mut parts = Vec::new();
                let mut at = 0;
                for (start, end) in regex.find_all(text) {
                    if end > start {
                        parts.push(text[at..start].to_owned());
                        at = end;
                    }
                }
                parts.push(text[at..].to_owned());
                self.pay(&regex);
                parts
            }
        };
        parts.truncate(MOST_FIELDS);
        parts
    }

    pub fn field(&self, number: usize) -> Value {
        match number {
            0 => Value::Input(self.record.clone()),
            _ => {
                self.fields.get(number - 1).map_or(Value::Unset, |text| Value::Input(text.clone()))
            }
        }
    }

    pub fn set_field(&mut self, number: usize, text: String) -> Ran<()> {
        if number == 0 {
            self.set_record(text);
            return Ok(());
        }
        if number > MOST_FIELDS {
            return self.too_many_fields();
        }
        if self.fields.len() < number {
            self.fields.resize(number, String::new());
        }
        self.fields[number - 1] = text;
        self.rebuild();
        Ok(())
    }

    fn too_many_fields(&self) -> Ran<()> {
        self.fail(format!("podhop: not simulated here: a record of more than {MOST_FIELDS} fields"))
    }

    fn set_count(&mut self, count: f64) -> Ran<()> {
        if count > MOST_FIELDS as f64 {
            return self.too_many_fields();
        }
        if count < 0.0 && self.gawk {
            return self.fatal(1, "NF set to negative value");
        }
        let count = if count > 0.0 { count as usize } else { 0 };
        self.fields.resize(count, String::new());
        self.rebuild();
        Ok(())
    }

    fn rebuild(&mut self) {
        self.record = self.fields.join(&self.setting("OFS"));
        self.globals[0] = Cell::Value(Value::Number(self.fields.len() as f64));
    }
}
