//! What a path finds in a value.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::{Node, Part, Slice};

/// What each text, action and round of a range yields, in order.
pub(super) fn results(nodes: &[Node], value: &Value) -> Result<Vec<Vec<Value>>, String> {
    let mut all = Vec::new();
    for node in nodes {
        match node {
            Node::Text(text) => all.push(vec![Value::String(text.clone())]),
            Node::Action(parts) => all.push(walk(parts, vec![value.clone()])?),
            Node::Range { over, body } => {
                for item in walk(over, vec![value.clone()])? {
                    all.extend(results(body, &item)?);
                }
            }
            Node::StrayEnd => return Err("not in range, nothing to end".to_owned()),
        }
    }
    Ok(all)
}

fn walk(parts: &[Part], mut current: Vec<Value>) -> Result<Vec<Value>, String> {
    for part in parts {
        current = step(part, current)?;
    }
    Ok(current)
}

fn step(part: &Part, input: Vec<Value>) -> Result<Vec<Value>, String> {
    Ok(match part {
        Part::Field(name) => {
            input.iter().filter_map(|value| value.get(name.as_str())).cloned().collect()
        }
        Part::Wildcard => input.iter().flat_map(children).cloned().collect(),
        Part::Recursive => {
            let mut found = Vec::new();
            for value in &input {
                descend(value, &mut found);
            }
            found
        }
        Part::Slice(slice) => {
            let mut found = Vec::new();
            for value in &input {
                found.extend(cut(slice, value)?);
            }
            found
        }
        Part::Union(choices) => {
            let mut found = Vec::new();
            for choice in choices {
                found.extend(walk(choice, input.clone())?);
            }
            found
        }
        Part::Filter { left, operator, right } => {
            let mut found = Vec::new();
            for value in &input {
                let Value::Array(items) = value else {
                    let shown = super::go::text(value);
                    return Err(format!("{shown} is not array or slice and cannot be filtered"));
                };
                for item in items {
                    if passes(item, left, operator, right)? {
                        found.push(item.clone());
                    }
                }
            }
            found
        }
        Part::Text(text) => vec![Value::String(text.clone())],
        Part::Integer(number) => vec![Value::from(*number)],
        Part::Float(number) => vec![Number::from_f64(*number).map_or(Value::Null, Value::Number)],
        Part::Bool(truth) => vec![Value::Bool(*truth)],
        Part::Identifier(word) => return Err(format!("unrecognized identifier {word}")),
    })
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    }
}

/// Every map and list below a value that is not empty, parents first.
fn descend(value: &Value, found: &mut Vec<Value>) {
    let below = children(value);
    if !below.is_empty() {
        found.push(value.clone());
        for child in below {
            descend(child, found);
        }
    }
}

fn cut(slice: &Slice, value: &Value) -> Result<Vec<Value>, String> {
    let items = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) => items,
        other => return Err(format!("{} is not array or slice", super::go::type_name(other))),
    };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let mut start = slice.start.unwrap_or(0);
    if start < 0 {
        start += length;
    }
    let mut end = slice.end.unwrap_or(length);
    if end < 0 || (end == 0 && slice.derived) {
        end += length;
    }
    if start == end {
        return Ok(Vec::new());
    }
    let outside =
        |index: i64| Err(format!("array index out of bounds: index {index}, length {length}"));
    if start >= length || start < 0 {
        return outside(start);
    }
    if end > length || end < 0 {
        return outside(end - 1);
    }
    if start > end {
        return Err(format!("starting index {start} is greater than ending index {end}"));
    }
    let step = slice.step.unwrap_or(1);
    if step <= 0 {
        return Err("step must be > 0".to_owned());
    }
    let (start, end, step) = (start as usize, end as usize, step as usize);
    Ok(items[start..end].iter().step_by(step).cloned().collect())
}

fn passes(item: &Value, left: &[Part], operator: &str, right: &[Part]) -> Result<bool, String> {
    let lefts = walk(left, vec![item.clone()]);
    if operator == "exists" {
        return Ok(lefts.is_ok_and(|found| !found.is_empty()));
    }
    let (lefts, rights) = (lefts?, walk(right, vec![item.clone()])?);
    if lefts.len() > 1 || rights.len() > 1 {
        return Err("can only compare one element at a time".to_owned());
    }
    let (Some(left), Some(right)) = (lefts.first(), rights.first()) else { return Ok(false) };
    let order = compare(left, right);
    let known = order.ok_or_else(|| "incompatible types for comparison".to_owned());
    Ok(match operator {
        "==" => known? == Ordering::Equal,
        "!=" => known? != Ordering::Equal,
        "<" => known? == Ordering::Less,
        "<=" => known? != Ordering::Greater,
        ">" => known? == Ordering::Greater,
        ">=" => known? != Ordering::Less,
        other => return Err(format!("unrecognized filter operator {other}")),
    })
}

/// The order of two values of one type; `None` for values that cannot be compared.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        _ => None,
    }
}
