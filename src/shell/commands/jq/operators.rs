//! `+`, `-`, `*`, `/`, `%`, comparisons, and looking for parts.

use std::rc::Rc;

use super::stop::{Stop, error};
use super::value::{Value, compare};

/// How long a text may become.
const LONGEST: usize = 8 << 20;

pub(super) fn binary(operator: &str, left: &Value, right: &Value) -> Result<Value, Stop> {
    let order = || compare(left, right);
    match operator {
        "+" => add(left, right),
        "-" => subtract(left, right),
        "*" => multiply(left, right),
        "/" => divide(left, right),
        "%" => remainder(left, right),
        "==" => Ok(Value::Bool(order().is_eq())),
        "!=" => Ok(Value::Bool(order().is_ne())),
        "<" => Ok(Value::Bool(order().is_lt())),
        "<=" => Ok(Value::Bool(order().is_le())),
        ">" => Ok(Value::Bool(order().is_gt())),
        _ => Ok(Value::Bool(order().is_ge())),
    }
}

/// Steps that it takes to do that.
pub(super) fn cost(operator: &str, left: &Value, right: &Value) -> u64 {
    let text = |value: &Value| matches!(value, Value::String(_));
    match operator {
        "+" if text(left) && text(right) => (left.size() + right.size()) / 1_024,
        "+" => match left {
            Value::Object(_) => (left.width() + right.width()) / 4,
            _ => (left.width() + right.width()) / 16,
        },
        "-" => left.width() * right.width() / 8,
        "*" if text(left) || text(right) => 0,
        "*" | "/" => left.size().saturating_add(right.size()) / 32,
        "%" => 0,
        _ => left.size().min(right.size()) / 32,
    }
}

fn cannot<T>(left: &Value, right: &Value, verb: &str) -> Result<T, Stop> {
    error(format!("{} and {} cannot be {verb}", left.shown(), right.shown()))
}

fn add(left: &Value, right: &Value) -> Result<Value, Stop> {
    match (left, right) {
        (Value::Null, other) | (other, Value::Null) => Ok(other.clone()),
        (Value::Number(left), Value::Number(right)) => Ok(Value::Number(left + right)),
        (Value::String(left), Value::String(right)) => {
            if left.len() + right.len() > LONGEST {
                return Err(Stop::Refused("texts this long"));
            }
            Ok(Value::text(format!("{left}{right}")))
        }
        (Value::Array(left), Value::Array(right)) => {
            Ok(Value::array([left.items.as_slice(), &right.items].concat()))
        }
        (Value::Object(left), Value::Object(right)) => {
            let mut all = left.clone();
            let object = Rc::make_mut(&mut all);
            for (key, value) in right.in_order() {
                object.insert(key.clone(), value.clone());
            }
            Ok(Value::Object(all))
        }
        _ => cannot(left, right, "added"),
    }
}

fn subtract(left: &Value, right: &Value) -> Result<Value, Stop> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(Value::Number(left - right)),
        (Value::Array(left), Value::Array(right)) => {
            let kept = left.items.iter().filter(|item| !right.items.contains(item));
            Ok(Value::array(kept.cloned().collect()))
        }
        _ => cannot(left, right, "subtracted"),
    }
}

fn multiply(left: &Value, right: &Value) -> Result<Value, Stop> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(Value::Number(left * right)),
        (Value::String(text), Value::Number(count))
        | (Value::Number(count), Value::String(text)) => {
            if *count <= 0.0 || count.is_nan() {
                return Ok(Value::Null);
            }
            let times = count.floor().max(1.0);
            if times * text.len() as f64 > LONGEST as f64 {
                return Err(Stop::Refused("texts this long"));
            }
            Ok(Value::text(text.repeat(times as usize)))
        }
        (Value::Object(left), Value::Object(right)) => {
            let mut all = left.clone();
            for (key, value) in right.in_order() {
                let both = match (left.get(key), value) {
                    (Some(old @ Value::Object(_)), Value::Object(_)) => multiply(old, value)?,
                    _ => value.clone(),
                };
                Rc::make_mut(&mut all).insert(key.clone(), both);
            }
            Ok(Value::Object(all))
        }
        _ => cannot(left, right, "multiplied"),
    }
}

fn divide(left: &Value, right: &Value) -> Result<Value, Stop> {
    match (left, right) {
        (Value::Number(_), Value::Number(by)) if *by == 0.0 => {
            cannot(left, right, "divided because the divisor is zero")
        }
        (Value::Number(left), Value::Number(right)) => Ok(Value::Number(left / right)),
        (Value::String(text), Value::String(by)) => Ok(split(text, by)),
        _ => cannot(left, right, "divided"),
    }
}

fn remainder(left: &Value, right: &Value) -> Result<Value, Stop> {
    let (Value::Number(number), Value::Number(by)) = (left, right) else {
        return cannot(left, right, "divided (remainder)");
    };
    let (number, by) = (*number as i64, *by as i64);
    if by == 0 {
        return cannot(left, right, "divided (remainder) because the divisor is zero");
    }
    let rest = number.unsigned_abs() % by.unsigned_abs();
    Ok(Value::Number(if number < 0 && rest > 0 { -(rest as f64) } else { rest as f64 }))
}

/// A text between separators.
pub(super) fn split(text: &str, by: &str) -> Value {
    if text.is_empty() {
        return Value::array(Vec::new());
    }
    match by.is_empty() {
        true => Value::array(text.chars().map(|letter| Value::text(letter.to_string())).collect()),
        false => Value::array(text.split(by).map(Value::text).collect()),
    }
}

/// Where an array begins in another.
pub(super) fn indices(items: &[Value], wanted: &[Value]) -> Value {
    if wanted.is_empty() {
        return Value::Null;
    }
    let found = items.windows(wanted.len()).enumerate().filter(|(_, window)| *window == wanted);
    Value::array(found.map(|(at, _)| Value::Number(at as f64)).collect())
}

/// `contains`
pub(super) fn contains(left: &Value, right: &Value) -> Result<bool, Stop> {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            for (key, wanted) in right.sorted() {
                let Some(found) = left.get(key) else { return Ok(false) };
                if !contains(found, wanted)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Array(left), Value::Array(right)) => {
            for wanted in &right.items {
                let same = |found: &&Value| found.kind() == wanted.kind();
                let mut any = false;
                for found in left.items.iter().filter(same) {
                    any = any || contains(found, wanted)?;
                }
                if !any {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::String(left), Value::String(right)) => Ok(left.contains(&**right)),
        _ if left.kind() == right.kind() => Ok(left == right),
        _ => error(format!(
            "{} and {} cannot have their containment checked",
            left.shown(),
            right.shown()
        )),
    }
}
