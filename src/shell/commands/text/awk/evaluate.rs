//! What expressions come to.

use super::run::{LONGEST, Machine, Ran};
use super::tree::{Binary, Expression};
use super::value::Value;

/// Fields of one record.
const FIELDS: usize = 10_000;

impl Machine {
    pub(super) fn key(&mut self, index: &[Expression]) -> Ran<String> {
        let mut parts = Vec::new();
        for part in index {
            parts.push(self.value(part)?.text());
        }
        Ok(parts.join(&self.variable("SUBSEP").text()))
    }

    pub(super) fn value(&mut self, expression: &Expression) -> Ran<Value> {
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

    pub(super) fn field(&self, index: f64) -> Ran<Value> {
        if index < 0.0 {
            return Err(format!("attempt to access field {index}"));
        }
        let text = match index as usize {
            0 => Some(&self.record),
            index => self.fields.get(index - 1),
        };
        Ok(text.map_or(Value::Nothing, |text| Value::Input(text.clone())))
    }

    pub(super) fn assign(&mut self, place: &Expression, value: Value) -> Ran<()> {
        match place {
            Expression::Variable(name) => {
                if name == "NF" {
                    let count = value.number().max(0.0) as usize;
                    if count > FIELDS {
                        return Err(format!(
                            "podhop: not simulated here: a record of more than {FIELDS} fields"
                        ));
                    }
                    self.fields.resize(count, String::new());
                    self.record = self.fields.join(&self.variable("OFS").text());
                }
                self.variables.insert(name.clone(), value);
            }
            Expression::Field(index) => {
                let index = self.value(index)?.number();
                if index < 0.0 {
                    return Err(format!("attempt to access field {index}"));
                }
                if index > FIELDS as f64 {
                    return Err(format!(
                        "podhop: not simulated here: a record of more than {FIELDS} fields"
                    ));
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

    pub(super) fn binary(
        &mut self,
        left: &Expression,
        operator: Binary,
        right: &Expression,
    ) -> Ran<Value> {
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
