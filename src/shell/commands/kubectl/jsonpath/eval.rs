//! What a path finds in a value.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::{Node, Part, Slice};

/// A path may find this many values. Each `..` multiplies them, so that a short template could ask
/// for more than any memory holds.
const MOST: usize = 100_000;

/// A value of the object, or one that the template spells out.
type Found<'v> = Cow<'v, Value>;

/// What each text, action and round of a range yields, in order.
pub(super) fn results(
    nodes: &[Node],
    value: &Value,
    strict: bool,
) -> Result<Vec<Vec<Value>>, String> {
    let mut all = Vec::new();
    for node in nodes {
        match node {
            Node::Text(text) => all.push(vec![Value::String(text.clone())]),
            Node::Action(parts) => {
                let found = walk(parts, vec![Cow::Borrowed(value)], strict)?;
                all.push(found.into_iter().map(Cow::into_owned).collect());
            }
            Node::Range { over, body } => {
                for item in walk(over, vec![Cow::Borrowed(value)], strict)? {
                    all.extend(results(body, &item, strict)?);
                    within_bounds(all.len())?;
                }
            }
            Node::StrayEnd => return Err("not in range, nothing to end".to_owned()),
        }
    }
    Ok(all)
}

fn within_bounds(found: usize) -> Result<(), String> {
    match found > MOST {
        true => Err(format!("more than {MOST} values are not simulated here; use fewer ..")),
        false => Ok(()),
    }
}

fn walk<'v>(
    parts: &[Part],
    mut current: Vec<Found<'v>>,
    strict: bool,
) -> Result<Vec<Found<'v>>, String> {
    for part in parts {
        let after = step(part, current, strict)?;
        if let (Part::Field(name), true, true) = (part, strict, after.is_empty()) {
            return Err(format!("{name} is not found"));
        }
        current = after;
        within_bounds(current.len())?;
    }
    Ok(current)
}

fn step<'v>(part: &Part, input: Vec<Found<'v>>, strict: bool) -> Result<Vec<Found<'v>>, String> {
    let literal = |value: Value| vec![Cow::Owned(value)];
    let mut found = Vec::new();
    match part {
        Part::Field(name) => {
            for value in input {
                found.extend(within(value, |value| value.get(name.as_str()).into_iter().collect()));
            }
        }
        Part::Wildcard => {
            for value in input {
                found.extend(within(value, children));
            }
        }
        Part::Recursive => {
            for value in input {
                found.extend(within(value, |value| {
                    let mut below = Vec::new();
                    descend(value, &mut below);
                    below
                }));
                within_bounds(found.len())?;
            }
        }
        Part::Slice(slice) => {
            for value in input {
                found.extend(sliced(slice, value)?);
            }
        }
        Part::Union(choices) => {
            for choice in choices {
                found.extend(walk(choice, input.clone(), strict)?);
                within_bounds(found.len())?;
            }
        }
        Part::Filter { left, operator, right } => {
            for value in input {
                let Value::Array(items) = &*value else {
                    let shown = super::go::text(&value);
                    return Err(format!("{shown} is not array or slice and cannot be filtered"));
                };
                let passed: Vec<bool> = items
                    .iter()
                    .map(|item| passes(item, left, operator, right))
                    .collect::<Result<_, _>>()?;
                found.extend(within(value, |value| {
                    let kept = children(value).into_iter().zip(passed);
                    kept.filter(|(_, passed)| *passed).map(|(item, _)| item).collect()
                }));
            }
        }
        Part::Text(text) => found = literal(Value::String(text.clone())),
        Part::Integer(number) => found = literal(Value::from(*number)),
        Part::Float(number) => {
            found = literal(Number::from_f64(*number).map_or(Value::Null, Value::Number));
        }
        Part::Bool(truth) => found = literal(Value::Bool(*truth)),
        Part::Identifier(word) => return Err(format!("unrecognized identifier {word}")),
    }
    Ok(found)
}

/// The part of a list that a slice names.
fn sliced<'v>(slice: &Slice, value: Found<'v>) -> Result<Vec<Found<'v>>, String> {
    let mut fault = None;
    let found = within(value, |value| {
        cut(slice, value).unwrap_or_else(|why| {
            fault = Some(why);
            Vec::new()
        })
    });
    fault.map_or(Ok(found), Err)
}

/// Some of what is inside a value, borrowed where the value itself is.
fn within<'v>(
    value: Found<'v>,
    choose: impl for<'a> FnOnce(&'a Value) -> Vec<&'a Value>,
) -> Vec<Found<'v>> {
    match value {
        Cow::Borrowed(value) => choose(value).into_iter().map(Cow::Borrowed).collect(),
        Cow::Owned(value) => choose(&value).into_iter().cloned().map(Cow::Owned).collect(),
    }
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    }
}

/// Every map and list below a value that is not empty, parents first.
fn descend<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    let below = children(value);
    // Go looks into texts as well, and finds bytes there, into which it looks no further.
    if !below.is_empty() || value.as_str().is_some_and(|text| !text.is_empty()) {
        found.push(value);
        for child in below {
            descend(child, found);
        }
    }
}

fn cut<'v>(slice: &Slice, value: &'v Value) -> Result<Vec<&'v Value>, String> {
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
    Ok(items[start..end].iter().step_by(step).collect())
}

fn passes(item: &Value, left: &[Part], operator: &str, right: &[Part]) -> Result<bool, String> {
    let lefts = walk(left, vec![Cow::Borrowed(item)], false);
    if operator == "exists" {
        return Ok(lefts.is_ok_and(|found| !found.is_empty()));
    }
    let (lefts, rights) = (lefts?, walk(right, vec![Cow::Borrowed(item)], false)?);
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
