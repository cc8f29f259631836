//! Looking into values, and changing what stands at a path.

use std::rc::Rc;

use super::operators;
use super::run::{Item, Out, Run};
use super::stop::{Flow, Stop, error};
use super::value::Value;

/// How long an array may become by setting one element.
const LONGEST: usize = 1 << 20;

/// Where a value was found.
#[derive(Clone, Debug)]
pub(super) enum Path {
    /// Nobody asks.
    Off,
    At(Trail),
    /// It was made, not found.
    Lost,
}

/// The keys that lead to a value, the last one first.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail(Option<Rc<(Value, Trail)>>);

impl Path {
    pub fn root() -> Path {
        Path::At(Trail::default())
    }

    fn then(&self, key: &Value) -> Path {
        match self {
            Path::At(trail) => Path::At(Trail(Some(Rc::new((key.clone(), trail.clone()))))),
            other => other.clone(),
        }
    }

    /// The keys, the first one first.
    pub fn keys(&self, value: &Value) -> Result<Vec<Value>, Stop> {
        let Path::At(trail) = self else {
            return error(format!("Invalid path expression with result {}", short(value)));
        };
        let mut keys = Vec::new();
        let mut at = trail;
        while let Some(step) = &at.0 {
            keys.push(step.0.clone());
            at = &step.1;
        }
        keys.reverse();
        Ok(keys)
    }
}

/// A value as these errors show it.
fn short(value: &Value) -> String {
    let text = super::print::beginning(value);
    match text.len() > 29 {
        true => format!("{}...", text.chars().take(26).collect::<String>()),
        false => text,
    }
}

/// What an item has at a key; a missing one is null.
pub(super) fn get(item: &Item, key: &Value) -> Result<Item, Stop> {
    if matches!(item.path, Path::Lost) {
        let (key, value) = (short(key), short(&item.value));
        return error(format!(
            "Invalid path expression near attempt to access element {key} of {value}"
        ));
    }
    Ok(Item { value: look(&item.value, key)?, path: item.path.then(key) })
}

/// Steps that it takes to look there.
pub(super) fn cost(value: &Value, key: &Value) -> u64 {
    match (value, key) {
        (Value::String(text), _) => text.len() as u64 / 64,
        (Value::Array(_), Value::Object(_)) => value.width() / 8,
        (Value::Array(_), Value::Array(_)) => value.width() * key.width().max(1) / 16,
        _ => 0,
    }
}

/// Steps that it takes to put something else there: what holds it is copied.
pub(super) fn change_cost(value: &Value, path: &[Value]) -> u64 {
    let mut steps = 0;
    let mut at = value.clone();
    for key in path {
        steps += match at {
            Value::Object(_) => at.width() / 4,
            _ => at.width() / 16,
        };
        let Ok(next) = look(&at, key) else { break };
        at = next;
    }
    steps
}

fn look(value: &Value, key: &Value) -> Result<Value, Stop> {
    match (value, key) {
        (Value::Object(object), Value::String(key)) => {
            Ok(object.get(key).cloned().unwrap_or(Value::Null))
        }
        (Value::Array(array), Value::Number(at)) => {
            let whole = at.floor();
            let at = if whole < 0.0 { whole + array.items.len() as f64 } else { whole };
            // A fraction is no element, in jq 1.6.
            if key_is_fraction(key) || at < 0.0 || at.is_nan() {
                return Ok(Value::Null);
            }
            Ok(array.items.get(at as usize).cloned().unwrap_or(Value::Null))
        }
        (Value::Null, Value::String(_) | Value::Number(_) | Value::Null) => Ok(Value::Null),
        (Value::Null | Value::Array(_) | Value::String(_), Value::Object(_)) => slice(value, key),
        (Value::Array(array), Value::Array(wanted)) => {
            Ok(operators::indices(&array.items, &wanted.items))
        }
        _ => wrong_key(value, key),
    }
}

fn key_is_fraction(key: &Value) -> bool {
    matches!(key, Value::Number(number) if number.fract() != 0.0)
}

fn wrong_key<T>(value: &Value, key: &Value) -> Result<T, Stop> {
    match key {
        Value::String(name) if !matches!(value, Value::Object(_)) => {
            let mut quoted = String::new();
            super::print::quote(name, false, &mut quoted);
            error(format!("Cannot index {} with string {quoted}", value.kind()))
        }
        _ => error(format!("Cannot index {} with {}", value.kind(), key.kind())),
    }
}

/// Where a slice begins and ends in something of that length.
fn bounds(key: &Value, length: usize) -> Result<(usize, usize), Stop> {
    let Value::Object(object) = key else { return error("A slice has a start and an end") };
    let end = |name: &str, default: f64, up: bool| match object.get(name) {
        None if !up => {
            Err(Stop::Error(Value::text("Start and end indices of an array slice must be numbers")))
        }
        None => {
            Err(Stop::Error(Value::text("Start and end indices of an array slice must be numbers")))
        }
        Some(Value::Null) => Ok(default),
        Some(Value::Number(number)) => {
            let number = if up { number.ceil() } else { number.floor() };
            Ok(if number < 0.0 { number + length as f64 } else { number })
        }
        Some(_) => {
            Err(Stop::Error(Value::text("Start and end indices of an array slice must be numbers")))
        }
    };
    let from = end("start", 0.0, false)?.clamp(0.0, length as f64) as usize;
    let to = end("end", length as f64, true)?.clamp(0.0, length as f64) as usize;
    Ok((from, to.max(from)))
}

fn slice(value: &Value, key: &Value) -> Result<Value, Stop> {
    match value {
        Value::Null => bounds(key, 0).map(|_| Value::Null),
        Value::Array(array) => {
            let (from, to) = bounds(key, array.items.len())?;
            Ok(Value::array(array.items[from..to].to_vec()))
        }
        Value::String(text) => {
            let (from, to) = bounds(key, text.chars().count())?;
            Ok(Value::text(text.chars().skip(from).take(to - from).collect::<String>()))
        }
        _ => wrong_key(value, key),
    }
}

/// `.[]`
pub(super) fn each(run: &mut Run<'_>, item: Item, quiet: bool, out: Out<'_>) -> Flow {
    if matches!(item.path, Path::Lost) && !quiet {
        let value = short(&item.value);
        return error(format!("Invalid path expression near attempt to iterate through {value}"));
    }
    match &item.value {
        Value::Array(array) => {
            for (at, value) in array.items.iter().enumerate() {
                let path = item.path.then(&Value::Number(at as f64));
                out(run, Item { value: value.clone(), path })?;
            }
            Ok(())
        }
        Value::Object(object) => {
            for (key, value) in object.in_order() {
                let path = item.path.then(&Value::String(key.clone()));
                out(run, Item { value: value.clone(), path })?;
            }
            Ok(())
        }
        _ if quiet => Ok(()),
        Value::Null => error("Cannot iterate over null (null)"),
        other => error(format!("Cannot iterate over {}", other.shown())),
    }
}

/// What stands at a path.
pub(super) fn get_path(value: &Value, path: &[Value]) -> Result<Value, Stop> {
    path.iter().try_fold(value.clone(), |value, key| look(&value, key))
}

/// `getpath`, which goes on through null.
pub(super) fn follow(item: &Item, keys: &Value) -> Result<Item, Stop> {
    let Value::Array(keys) = keys else { return error("Path must be specified as an array") };
    let mut at = item.clone();
    for key in &keys.items {
        at = match at.value {
            Value::Null => Item { value: Value::Null, path: at.path.then(key) },
            _ => get(&at, key)?,
        };
    }
    Ok(at)
}

/// The value with something else at a path.
pub(super) fn set_path(value: &Value, path: &[Value], new: Value) -> Result<Value, Stop> {
    let Some((key, rest)) = path.split_first() else { return Ok(new) };
    let old = look(value, key)?;
    let new = set_path(&old, rest, new)?;
    set(value, key, new)
}

fn set(value: &Value, key: &Value, new: Value) -> Result<Value, Stop> {
    match (value, key) {
        (Value::Object(object), Value::String(key)) => {
            let mut object = object.clone();
            Rc::make_mut(&mut object).insert(key.clone(), new);
            Ok(Value::Object(object))
        }
        (Value::Null, Value::String(key)) => Ok(Value::object([(key.clone(), new)])),
        (Value::Array(_) | Value::Null, Value::Number(at)) => {
            let mut items = match value {
                Value::Array(array) => array.items.clone(),
                _ => Vec::new(),
            };
            let at = if *at < 0.0 { at + items.len() as f64 } else { *at };
            if at < 0.0 {
                return error("Out of bounds negative array index");
            }
            let at = at as usize;
            if at > LONGEST {
                return error("Array index too large");
            }
            if items.len() <= at {
                items.resize(at + 1, Value::Null);
            }
            items[at] = new;
            Ok(Value::array(items))
        }
        (Value::Array(_) | Value::Null, Value::Object(_)) => {
            let items = match value {
                Value::Array(array) => array.items.as_slice(),
                _ => &[],
            };
            let Value::Array(new) = new else {
                return error("A slice of an array can only be assigned another array");
            };
            let (from, to) = bounds(key, items.len())?;
            Ok(Value::array([&items[..from], &new.items, &items[to..]].concat()))
        }
        (Value::Array(_), Value::Array(_)) => error("Cannot update field at array index of array"),
        (_, Value::Object(_)) | (Value::Object(_), Value::Array(_) | Value::Number(_)) => {
            error(format!("Cannot update field at object index of {}", value.kind()))
        }
        _ => wrong_key(value, key),
    }
}

/// The value without what stands at these paths.
pub(super) fn delete(value: Value, paths: &mut [Vec<Value>]) -> Result<Value, Stop> {
    paths.sort_by(|left, right| {
        let order = left.iter().zip(right.iter()).map(|(l, r)| super::value::compare(l, r));
        order.into_iter().find(|order| order.is_ne()).unwrap_or(left.len().cmp(&right.len()))
    });
    let mut value = value;
    for path in paths.iter().rev() {
        value = delete_one(&value, path)?;
    }
    Ok(value)
}

fn delete_one(value: &Value, path: &[Value]) -> Result<Value, Stop> {
    let Some((key, rest)) = path.split_first() else { return Ok(Value::Null) };
    if matches!(value, Value::Null) {
        return Ok(Value::Null);
    }
    if !rest.is_empty() {
        let inner = look(value, key)?;
        if matches!(inner, Value::Null) {
            return Ok(value.clone());
        }
        return set(value, key, delete_one(&inner, rest)?);
    }
    match (value, key) {
        (Value::Object(object), Value::String(key)) => {
            let mut object = object.clone();
            Rc::make_mut(&mut object).remove(key);
            Ok(Value::Object(object))
        }
        (Value::Array(array), Value::Number(at)) => {
            let length = array.items.len() as f64;
            let at = if *at < 0.0 { at.floor() + length } else { at.floor() };
            let mut items = array.items.clone();
            if at >= 0.0 && at < length {
                items.remove(at as usize);
            }
            Ok(Value::array(items))
        }
        (Value::Array(array), Value::Object(_)) => {
            let (from, to) = bounds(key, array.items.len())?;
            Ok(Value::array([&array.items[..from], &array.items[to..]].concat()))
        }
        (Value::Array(_), Value::String(_)) => error("Cannot delete field at array index of array"),
        (Value::Object(_), _) => error("Cannot delete field at object index of object"),
        _ => error(format!(
            "Cannot delete field at {} index of {}",
            match key {
                Value::String(_) => "object",
                _ => "array",
            },
            value.kind()
        )),
    }
}
