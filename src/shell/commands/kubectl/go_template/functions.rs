//! The functions of a template: Go's own (`text/template`, `funcs.go`) and kubectl's.

use std::cmp::Ordering;

use serde_json::Value;

use super::format::{MOST_TEXT, plus, printf, too_long, type_name, type_of};

/// What is said of the length of nothing.
pub(super) const NO_LENGTH: &str = "len of nil pointer";

/// What is said of what is called and is no function; Go puts how it is written in between.
pub(super) const NO_FUNCTION: &str = "non-function";

/// A value, and whether the template itself spells it out.
pub(super) type Given = (Value, bool);

/// Calls a function that looks at all its arguments (not `and` and `or`, which stop early).
///
/// # Errors
/// Go's words.
pub(super) fn call(name: &str, arguments: &[Given]) -> Result<Value, String> {
    let values: Vec<&Value> = arguments.iter().map(|(value, _)| value).collect();
    let joined = || print(&values, false);
    Ok(match name {
        "not" => Value::Bool(!truth(one(name, &values)?)),
        "len" => len(one(name, &values)?, arguments[0].1)?,
        "index" => index(arguments)?,
        "slice" => slice(arguments)?,
        "print" => joined()?.into(),
        "println" => (print(&values, true)? + "\n").into(),
        "printf" => match arguments.split_first() {
            Some(((Value::String(format), _), rest)) => printf(format, rest)?.into(),
            Some((other, _)) => {
                return Err(format!("expected string; found {}", plus(&other.0)));
            }
            None => return Err("wrong number of args for printf: want at least 1 got 0".to_owned()),
        },
        "html" => html(&joined()?).into(),
        "js" => js(&joined()?).into(),
        "urlquery" => urlquery(&joined()?).into(),
        "eq" => equal_to_any(arguments)?,
        "ne" => Value::Bool(!truth(&equal_to_any(two(name, arguments)?)?)),
        "lt" | "le" | "gt" | "ge" => {
            let order = order(two(name, arguments)?)?;
            Value::Bool(match name {
                "lt" => order == Ordering::Less,
                "le" => order != Ordering::Greater,
                "gt" => order == Ordering::Greater,
                _ => order != Ordering::Less,
            })
        }
        "exists" => Value::Bool(exists(&values)),
        "base64decode" => decoded(one(name, &values)?)?,
        "call" => return Err(uncalled(&values)),
        _ => return Err(format!("not simulated here: the function {name}")),
    })
}

/// Whether a value counts as true: what is empty, zero or missing does not.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// No value of an object is a function.
fn uncalled(values: &[&Value]) -> String {
    match values.first() {
        None => "wrong number of args for call: want at least 1 got 0".to_owned(),
        Some(Value::Null) => "call of nil".to_owned(),
        Some(other) => format!("{NO_FUNCTION} of type {}", type_name(other)),
    }
}

fn too_few(name: &str, want: usize, got: usize) -> String {
    format!("wrong number of args for {name}: want {want} got {got}")
}

fn one<'v>(name: &str, values: &[&'v Value]) -> Result<&'v Value, String> {
    match values {
        [one] => Ok(one),
        _ => Err(too_few(name, 1, values.len())),
    }
}

fn two<'v>(name: &str, arguments: &'v [Given]) -> Result<&'v [Given], String> {
    match arguments {
        [_, _] => Ok(arguments),
        _ => Err(too_few(name, 2, arguments.len())),
    }
}

fn len(value: &Value, literal: bool) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => text.len().into(),
        Value::Array(items) => items.len().into(),
        Value::Object(fields) => fields.len().into(),
        Value::Null => return Err(NO_LENGTH.to_owned()),
        other => return Err(format!("len of type {}", type_of(other, literal))),
    })
}

fn index(arguments: &[Given]) -> Result<Value, String> {
    let Some(((first, _), keys)) = arguments.split_first() else {
        return Err("wrong number of args for index: want at least 1 got 0".to_owned());
    };
    let mut value = first.clone();
    for (key, literal) in keys {
        value = match (&value, key) {
            (Value::Null, _) => return Err("index of untyped nil".to_owned()),
            (Value::Object(fields), Value::String(key)) => {
                fields.get(key).cloned().unwrap_or(Value::Null)
            }
            (Value::Object(_), Value::Null) => {
                return Err("value is nil; should be of type string".to_owned());
            }
            (Value::Object(_), other) => {
                let found = type_of(other, *literal);
                return Err(format!("value has type {found}; should be string"));
            }
            (Value::Array(items), key) => {
                let at = position(key, items.len(), *literal)?;
                let item = items.get(at).cloned();
                item.ok_or_else(|| format!("index out of range: {at}"))?
            }
            (Value::String(text), key) => {
                let at = position(key, text.len(), *literal)?;
                let byte = text.as_bytes().get(at).copied();
                Value::from(byte.ok_or_else(|| format!("index out of range: {at}"))?)
            }
            (other, _) => return Err(format!("can't index item of type {}", type_name(other))),
        };
    }
    Ok(value)
}

/// An index of a list.
fn position(key: &Value, length: usize, literal: bool) -> Result<usize, String> {
    let number = match key {
        Value::Number(number) if !number.is_f64() => number.as_i64().unwrap_or(i64::MAX),
        Value::Null => return Err("cannot index slice/array with nil".to_owned()),
        other => {
            let found = type_of(other, literal);
            return Err(format!("cannot index slice/array with type {found}"));
        }
    };
    match usize::try_from(number) {
        Ok(at) if at <= length => Ok(at),
        _ => Err(format!("index out of range: {number}")),
    }
}

fn slice(arguments: &[Given]) -> Result<Value, String> {
    let Some(((value, _), bounds)) = arguments.split_first() else {
        return Err("wrong number of args for slice: want at least 1 got 0".to_owned());
    };
    let length = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.len(),
        Value::Null => return Err("slice of untyped nil".to_owned()),
        other => return Err(format!("can't slice item of type {}", type_name(other))),
    };
    let bound = |at: usize, default: usize| match bounds.get(at) {
        Some((key, literal)) => position(key, length, *literal),
        None => Ok(default),
    };
    let (start, end) = (bound(0, 0)?, bound(1, length)?);
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}"));
    }
    Ok(match value {
        Value::String(text) => {
            String::from_utf8_lossy(&text.as_bytes()[start..end]).into_owned().into()
        }
        Value::Array(items) => items[start..end].to_vec().into(),
        _ => Value::Null,
    })
}

/// `print`: blanks stand between two values of which neither is a text; `println` puts them between
/// all.
fn print(values: &[&Value], always: bool) -> Result<String, String> {
    let mut out = String::new();
    for (at, value) in values.iter().enumerate() {
        if out.len() > MOST_TEXT {
            return Err(too_long());
        }
        let parted = at > 0 && (always || !value.is_string() && !values[at - 1].is_string());
        if parted {
            out.push(' ');
        }
        out += &plus(value);
    }
    Ok(out)
}

fn html(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' => out += "&#34;",
            '\'' => out += "&#39;",
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            c => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' | '\'' | '"' => out.extend(['\\', c]),
            '<' | '>' | '&' | '=' => out += &format!("\\u{:04X}", u32::from(c)),
            c if u32::from(c) < 0x20 => out += &format!("\\u{:04X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out
}

fn urlquery(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            byte if byte.is_ascii_alphanumeric() => out.push(byte as char),
            byte => out += &format!("%{byte:02X}"),
        }
    }
    out
}

/// What of a value can be compared, and how such values are called.
fn basic(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Bool(_) => "bool",
        Value::String(_) => "string",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        _ => return None,
    })
}

fn incompatible(left: &Given, right: &Given) -> String {
    let (left, right) = (type_of(&left.0, left.1), type_of(&right.0, right.1));
    format!("incompatible types for comparison: {left} and {right}")
}

fn equal_to_any(arguments: &[Given]) -> Result<Value, String> {
    let Some((first, others)) = arguments.split_first() else {
        return Err("wrong number of args for eq: want at least 1 got 0".to_owned());
    };
    if others.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for other in others {
        let same = match (basic(&first.0), basic(&other.0)) {
            (Some(left), Some(right)) if left != right => return Err(incompatible(first, other)),
            (Some(_), Some(_)) => first.0 == other.0,
            _ if first.0.is_null() || other.0.is_null() => first.0 == other.0,
            _ => {
                let shown = printf("%s", std::slice::from_ref(other))?;
                return Err(format!("non-comparable type {shown}: {}", type_name(&other.0)));
            }
        };
        if same {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn order(arguments: &[Given]) -> Result<Ordering, String> {
    let [left, right] = arguments else { return Err("invalid type for comparison".to_owned()) };
    match (basic(&left.0), basic(&right.0)) {
        (None | Some("bool"), _) | (_, None) => Err("invalid type for comparison".to_owned()),
        (one, other) if one != other => Err(incompatible(left, right)),
        _ => super::super::jsonpath::compare(&left.0, &right.0)
            .ok_or_else(|| "invalid type for comparison".to_owned()),
    }
}

/// kubectl's own: whether there is something under these keys.
fn exists(values: &[&Value]) -> bool {
    let Some((first, keys)) = values.split_first() else { return false };
    let mut value: Option<&Value> = Some(first);
    for key in keys {
        value = match (value, key) {
            (Some(Value::Object(fields)), Value::String(key)) => fields.get(key),
            (Some(Value::Array(items)), Value::Number(at)) => {
                at.as_u64().and_then(|at| items.get(usize::try_from(at).ok()?))
            }
            _ => None,
        };
    }
    value.is_some_and(|value| !value.is_null())
}

/// kubectl's own.
fn decoded(value: &Value) -> Result<Value, String> {
    let Value::String(text) = value else {
        return Err(format!("wrong type for value; expected string; got {}", type_name(value)));
    };
    match crate::manifest::from_base64(text) {
        Some(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned().into()),
        None => {
            let at = crate::manifest::base64_fault(text).unwrap_or(0);
            Err(format!("base64 decode failed: illegal base64 data at input byte {at}"))
        }
    }
}
