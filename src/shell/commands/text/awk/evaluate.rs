//! Expressions.

use super::lex::is_builtin;
use super::patterns::ready;
use super::run::{
    Answer, Cell, Cut, DEEPEST, LONGEST, Machine, Ran, Reading, Stop, Wait, World, cut,
};
use super::tree::{Expression, Name, Place, Source};
use super::value::Value;

/// Bytes of a text that are copied in a step.
const COPIED: u32 = 256;

impl Machine {
    pub fn value(&mut self, expression: &Expression, world: &mut World<'_, '_>) -> Ran<Value> {
        self.count()?;
        let value = self.evaluate(expression, world)?;
        if let Value::Text(text) | Value::Input(text) = &value {
            // A text that grows piece by piece is copied as often.
            self.steps = self.steps.saturating_add(text.len() as u32 / COPIED);
        }
        Ok(value)
    }

    fn evaluate(&mut self, expression: &Expression, world: &mut World<'_, '_>) -> Ran<Value> {
        match expression {
            Expression::Number(number) => Ok(Value::Number(*number)),
            Expression::Text(text) => Ok(Value::Text(text.clone())),
            Expression::Regex(pattern) => {
                let record = self.record.clone();
                Ok(truth(self.found(pattern, &record)?))
            }
            Expression::Place(place) => self.look(place, world),
            Expression::Group(inner) => self.value(inner, world),
            Expression::Assign(place, value) => self.assignment(place, value, world),
            Expression::Change(place, operator, value) => {
                self.change(place, *operator, value, world)
            }
            Expression::Step(place, before, by) => self.step(place, *before, *by, world),
            Expression::Binary(operator, left, right, line) => {
                let left = self.value(left, world)?.number();
                let right = self.value(right, world)?.number();
                Ok(Value::Number(self.arithmetic(*operator, left, right, *line)?))
            }
            Expression::Compare(operator, left, right) => {
                let left = self.value(left, world)?;
                let right = self.value(right, world)?;
                Ok(truth(self.compare(operator, &left, &right)))
            }
            Expression::Concatenate(left, right) => self.concatenate(left, right, world),
            Expression::Match(wanted, left, right) => {
                let left = self.value(left, world)?;
                let text = self.index_text(&left);
                let pattern = self.pattern(right, world)?;
                Ok(truth(self.found(&pattern, &text)? == *wanted))
            }
            Expression::And(left, right) => {
                Ok(truth(self.value(left, world)?.holds() && self.value(right, world)?.holds()))
            }
            Expression::Or(left, right) => {
                Ok(truth(self.value(left, world)?.holds() || self.value(right, world)?.holds()))
            }
            Expression::Not(inner) => Ok(truth(!self.value(inner, world)?.holds())),
            Expression::Negative(inner) => Ok(Value::Number(-self.value(inner, world)?.number())),
            Expression::Positive(inner) => Ok(Value::Number(self.value(inner, world)?.number())),
            Expression::Choice(condition, then, otherwise) => {
                match self.value(condition, world)?.holds() {
                    true => self.value(then, world),
                    false => self.value(otherwise, world),
                }
            }
            Expression::In(keys, array) => {
                let key = self.key(keys, world)?;
                let at = self.array(*array)?;
                Ok(truth(self.arrays[at].elements.contains_key(&key)))
            }
            Expression::Call(number, arguments) => self.call(*number, arguments, world),
            Expression::Indirect(name, arguments, line) => {
                self.indirect(*name, arguments, *line, world)
            }
            Expression::Builtin(name, arguments, line) => {
                self.builtin(name, arguments, *line, world)
            }
            Expression::Getline(source, place) => self.getline(source, place.as_ref(), world),
        }
    }

    /// A call of the function that a variable names.
    fn indirect(
        &mut self,
        name: Name,
        arguments: &[Expression],
        line: usize,
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        let wanted = self.index_text(&self.get(name));
        let functions = &self.program.functions;
        match functions.iter().position(|one| one.name == wanted && !wanted.is_empty()) {
            Some(number) => self.call(number, arguments, world),
            None if is_builtin(&wanted) => self.builtin(&wanted, arguments, line, world),
            None => {
                let told = "is not a function, so it cannot be called indirectly";
                self.fatal(line, &format!("`{wanted}' {told}"))
            }
        }
    }

    fn concatenate(
        &mut self,
        left: &Expression,
        right: &Expression,
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        let left = self.value(left, world)?;
        let right = self.value(right, world)?;
        let text = self.index_text(&left) + &self.index_text(&right);
        match text.len() > LONGEST {
            true => self.fail("podhop: this text is too long"),
            false => Ok(Value::Text(text)),
        }
    }

    fn field_number(&mut self, expression: &Expression, world: &mut World<'_, '_>) -> Ran<usize> {
        let number = self.value(expression, world)?.number();
        if number < 0.0 {
            return match self.gawk {
                true => self.fatal(1, &format!("attempt to access field {}", number.trunc())),
                false => self.fatal(1, "Access to negative field"),
            };
        }
        Ok(number as usize)
    }

    fn look(&mut self, place: &Place, world: &mut World<'_, '_>) -> Ran<Value> {
        match place {
            Place::Variable(name) => {
                if let Name::Global(at) = name
                    && self.gawk
                    && matches!(self.globals[*at], Cell::Array(_, true))
                {
                    let name = self.program.globals[*at].clone();
                    let told = format!("attempt to use array `{name}' in a scalar context");
                    return self.fatal(1, &told);
                }
                Ok(self.get(*name))
            }
            Place::Element(array, keys) => {
                let key = self.key(keys, world)?;
                let at = self.array(*array)?;
                Ok(self.arrays[at].element(&key).clone())
            }
            Place::Field(number) => {
                let number = self.field_number(number, world)?;
                Ok(self.field(number))
            }
        }
    }

    pub fn store(&mut self, place: &Place, value: Value, world: &mut World<'_, '_>) -> Ran<()> {
        match place {
            Place::Variable(name) => {
                if let Name::Global(at) = name
                    && matches!(self.globals[*at], Cell::Array(_, true))
                {
                    let name = self.program.globals[*at].clone();
                    return match self.gawk {
                        true => self.fatal(
                            1,
                            &format!("attempt to use array `{name}' in a scalar context"),
                        ),
                        false => self.fatal(1, "Not a scalar"),
                    };
                }
                self.set(*name, value)
            }
            Place::Element(array, keys) => {
                let key = self.key(keys, world)?;
                let at = self.array(*array)?;
                *self.arrays[at].element(&key) = value;
                Ok(())
            }
            Place::Field(number) => {
                let number = self.field_number(number, world)?;
                let text = self.index_text(&value);
                self.set_field(number, text)
            }
        }
    }

    fn assignment(
        &mut self,
        place: &Place,
        value: &Expression,
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        let value = self.value(value, world)?;
        self.store(place, value.clone(), world)?;
        Ok(value)
    }

    fn change(
        &mut self,
        place: &Place,
        operator: char,
        value: &Expression,
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        let right = self.value(value, world)?.number();
        let left = self.look(place, world)?.number();
        let value = Value::Number(self.arithmetic(operator, left, right, 1)?);
        self.store(place, value.clone(), world)?;
        Ok(value)
    }

    fn step(
        &mut self,
        place: &Place,
        before: bool,
        by: f64,
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        let old = self.look(place, world)?.number();
        self.store(place, Value::Number(old + by), world)?;
        Ok(Value::Number(if before { old + by } else { old }))
    }

    fn arithmetic(&self, operator: char, left: f64, right: f64, line: usize) -> Ran<f64> {
        Ok(match operator {
            '+' => left + right,
            '-' => left - right,
            '*' => left * right,
            '/' if right == 0.0 => {
                let words =
                    if self.gawk { "division by zero attempted" } else { "Division by zero" };
                return self.fatal(line, words);
            }
            '/' => left / right,
            '%' if right == 0.0 => {
                let words = match self.gawk {
                    true => "division by zero attempted in `%'",
                    false => "Division by zero",
                };
                return self.fatal(line, words);
            }
            '%' => left % right,
            _ => left.powf(right),
        })
    }

    pub fn compare(&self, operator: &str, left: &Value, right: &Value) -> bool {
        let order = match left.is_numeric() && right.is_numeric() {
            true => left.number().partial_cmp(&right.number()),
            false => {
                let text = |value| match (self.index_text(value), self.folds) {
                    (text, true) => text.to_lowercase(),
                    (text, false) => text,
                };
                Some(text(left).cmp(&text(right)))
            }
        };
        let Some(order) = order else { return operator == "!=" };
        match operator {
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            "==" => order.is_eq(),
            "!=" => order.is_ne(),
            ">=" => order.is_ge(),
            _ => order.is_gt(),
        }
    }

    /// An expression as a regular expression.
    pub fn pattern(&mut self, expression: &Expression, world: &mut World<'_, '_>) -> Ran<String> {
        match expression {
            Expression::Regex(pattern) => Ok(pattern.clone()),
            other => {
                let value = self.value(other, world)?;
                Ok(self.index_text(&value))
            }
        }
    }

    pub fn found(&mut self, pattern: &str, text: &str) -> Ran<bool> {
        match ready(pattern, self.folds, self.gawk) {
            Ok(regex) => {
                let found = regex.is_match(text);
                self.pay(&regex);
                Ok(found)
            }
            Err(why) => self.bad_pattern(pattern, &why),
        }
    }

    pub fn bad_pattern<T>(&self, pattern: &str, why: &str) -> Ran<T> {
        match self.gawk {
            true => self.fatal(1, &format!("invalid regexp: {why}: /{pattern}/")),
            false => self.fail(format!("bad regex '{pattern}': {why}")),
        }
    }

    fn call(
        &mut self,
        number: usize,
        arguments: &[Expression],
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        let program = self.program.clone();
        let function = &program.functions[number];
        if let Some(line) = function.missing {
            return self.fatal(line, &format!("function `{}' not defined", function.name));
        }
        // What a function has no parameter for is worked out all the same.
        let (arguments, more) = arguments.split_at(arguments.len().min(function.parameters));
        for argument in more {
            self.value(argument, world)?;
        }
        if self.depth >= DEEPEST {
            return self
                .fail("podhop: functions that call themselves this often are not simulated here");
        }
        let arrays = self.arrays.len();
        let mut locals = Vec::new();
        for argument in arguments {
            locals.push(match argument {
                Expression::Place(Place::Variable(name)) => match name {
                    Name::Global(at) => self.globals[*at].clone(),
                    Name::Local(at) => self.locals[*at].clone(),
                },
                other => Cell::Value(self.value(other, world)?),
            });
        }
        while locals.len() < function.parameters {
            locals.push(Cell::Array(self.arrays.len(), false));
            self.arrays.push(super::run::Array::default());
        }
        let outer = std::mem::replace(&mut self.locals, locals);
        self.depth += 1;
        let flow = self.block(&function.body, world);
        self.depth -= 1;
        let inner = std::mem::replace(&mut self.locals, outer);
        self.arrays.truncate(arrays);
        self.used(arguments, &inner);
        match flow {
            Err(Stop::Return(value)) => Ok(value),
            Err(stop) => Err(stop),
            Ok(()) => Ok(Value::Unset),
        }
    }

    /// A variable that nobody had set is an array when the function used it as one.
    fn used(&mut self, arguments: &[Expression], inner: &[Cell]) {
        for (argument, cell) in arguments.iter().zip(inner) {
            let (Expression::Place(Place::Variable(name)), Cell::Array(_, true)) = (argument, cell)
            else {
                continue;
            };
            let own = match name {
                Name::Global(at) => &mut self.globals[*at],
                Name::Local(at) => &mut self.locals[*at],
            };
            if let Cell::Array(_, used) = own {
                *used = true;
            }
        }
    }

    fn getline(
        &mut self,
        source: &Source,
        place: Option<&Place>,
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        let (line, counts) = match source {
            Source::Main => (self.next_record(world)?, true),
            Source::File(_) | Source::Command(_) if self.sandbox => {
                return self.fatal(1, "redirection not allowed in sandbox mode");
            }
            Source::File(file) => {
                let file = self.value(file, world)?;
                let file = self.index_text(&file);
                if file.is_empty() && self.gawk {
                    let told = "expression for `<' redirection has null string value";
                    return self.fatal(1, told);
                }
                if !self.readings.contains_key(&file) && !self.open_reading(&file, world)? {
                    return Ok(Value::Number(-1.0));
                }
                (self.read_on(&file), false)
            }
            Source::Command(command) => {
                let command = self.value(command, world)?;
                let command = self.index_text(&command);
                if !self.readings.contains_key(&command) {
                    self.open_command(&command, world)?;
                }
                (self.read_on(&command), true)
            }
        };
        let Some(line) = line else { return Ok(Value::Number(0.0)) };
        if counts {
            let both = matches!(source, Source::Main);
            for name in if both { &["NR", "FNR"][..] } else { &["NR"] } {
                let number = self.known_value(name).number() + 1.0;
                self.set_known(name, Value::Number(number));
            }
        }
        match place {
            Some(place) => self.store(place, Value::Input(line), world)?,
            None => self.set_record(line),
        }
        Ok(Value::Number(1.0))
    }

    fn open_reading(&mut self, file: &str, world: &mut World<'_, '_>) -> Ran<bool> {
        self.flush(world)?;
        let answer = world.once(|io| {
            if file == "-" || file == "/dev/stdin" {
                return match io.read_all() {
                    Some(bytes) => {
                        Ok(Answer::Text(Some(String::from_utf8_lossy(&bytes).into_owned())))
                    }
                    None => Err(Stop::Waits(Wait::Input)),
                };
            }
            Ok(match io.read_file(file) {
                Ok(bytes) => Answer::Text(Some(String::from_utf8_lossy(&bytes).into_owned())),
                Err(why) => Answer::Record(why, String::new()),
            })
        })?;
        let text = match answer {
            Answer::Text(Some(text)) => text,
            Answer::Record(why, _) if self.gawk => {
                self.set_known("ERRNO", Value::Text(why));
                return Ok(false);
            }
            _ => return Ok(false),
        };
        self.readings.insert(file.to_owned(), Reading { text, at: 0, status: 0 });
        Ok(true)
    }

    fn open_command(&mut self, command: &str, world: &mut World<'_, '_>) -> Ran<()> {
        self.flush(world)?;
        let wait = Wait::Command { text: command.to_owned(), input: None, kept: true };
        let answer = world.once(|_| Err(Stop::Waits(wait)))?;
        let text = match answer {
            Answer::Text(Some(text)) => text,
            _ => String::new(),
        };
        self.readings.insert(command.to_owned(), Reading { text, at: 0, status: 0 });
        Ok(())
    }

    fn read_on(&mut self, name: &str) -> Option<String> {
        let separator = self.setting("RS");
        let reading = self.readings.get_mut(name)?;
        match cut(&reading.text[reading.at..], &separator, true) {
            Cut::Record(record, length) => {
                reading.at = (reading.at + length).min(reading.text.len());
                Some(record)
            }
            _ => None,
        }
    }
}

pub(super) fn truth(holds: bool) -> Value {
    Value::Number(f64::from(u8::from(holds)))
}
