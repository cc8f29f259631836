//! The functions that are not written in jq's own language.

use std::rc::Rc;

use super::json;
use super::operators;
use super::paths;
use super::print;
use super::regex;
use super::run::{Env, Item, Out, Run};
use super::stop::{Flow, Stop, error};
use super::time;
use super::tree::Exp;
use super::value::{Value, compare};
use crate::shell::syntax::in_single_quotes;

/// Calls a function of this module.
pub(super) fn call(
    run: &mut Run<'_>,
    name: &str,
    arguments: &[Exp],
    env: &Env,
    input: Item,
    out: Out<'_>,
) -> Flow {
    match (name, arguments) {
        ("empty", []) => Ok(()),
        ("error", []) => Err(Stop::Error(input.value)),
        ("values", []) => pass(run, !matches!(input.value, Value::Null), input, out),
        ("nulls", []) => pass(run, matches!(input.value, Value::Null), input, out),
        ("booleans", []) => pass(run, matches!(input.value, Value::Bool(_)), input, out),
        ("numbers", []) => pass(run, matches!(input.value, Value::Number(_)), input, out),
        ("strings", []) => pass(run, matches!(input.value, Value::String(_)), input, out),
        ("arrays", []) => pass(run, matches!(input.value, Value::Array(_)), input, out),
        ("objects", []) => pass(run, matches!(input.value, Value::Object(_)), input, out),
        ("iterables", []) => pass(run, is_iterable(&input.value), input, out),
        ("scalars", []) => pass(run, !is_iterable(&input.value), input, out),
        ("debug" | "stderr", []) => tell(run, name == "debug", input, out),
        ("recurse" | "recurse_down", []) => recurse_each(run, input, out),
        ("recurse", [next]) => recurse_by(run, next, env, input, out),
        ("recurse", [next, condition]) => recurse_while(run, [next, condition], env, input, out),
        ("repeat", [next]) => recurse_after(run, input, next, env, out),
        ("while", [condition, next]) => looped(run, input, [condition, next], env, true, out),
        ("until", [condition, next]) => looped(run, input, [condition, next], env, false, out),
        ("first", [body]) => first(run, body, env, input, out),
        ("isempty", [body]) => is_empty(run, body, env, input, out),
        ("any" | "all", [body, condition]) => {
            any(run, name == "any", [body, condition], env, input, out)
        }
        ("limit", [count, body]) => limit(run, [count, body], env, input, out),
        ("path", [body]) => path(run, body, env, input, out),
        ("range", [from, to]) => range(run, [from, to, &one()], env, input, out),
        ("range", [from, to, by]) => range(run, [from, to, by], env, input, out),
        ("getpath", [keys]) => getpath(run, keys, env, input, out),
        ("input", []) => next_input(run, false, &input, out),
        ("inputs", []) => next_input(run, true, &input, out),
        ("halt", []) => Err(Stop::Halt(0)),
        _ => valued(run, name, arguments, Vec::new(), env, input, out),
    }
}

// Each has a function of its own, so that what runs inside each other needs little of the stack.

fn tell(run: &mut Run<'_>, debug: bool, input: Item, out: Out<'_>) -> Flow {
    run.spend(written(&input.value))?;
    let text = print::compact(&input.value);
    let line = if debug { format!("[\"DEBUG:\",{text}]\n") } else { text };
    run.errors.extend(line.bytes());
    out(run, input)
}

fn next_input(run: &mut Run<'_>, all: bool, input: &Item, out: Out<'_>) -> Flow {
    loop {
        match run.inputs.next() {
            Some(value) => out(run, Item::made(value?, &input.path))?,
            None if all => return Ok(()),
            None => return error("break"),
        }
        if !all {
            return Ok(());
        }
    }
}

fn recurse_each(run: &mut Run<'_>, input: Item, out: Out<'_>) -> Flow {
    let next = &mut |run: &mut Run<'_>, item, found: &mut Vec<Item>| {
        paths::each(run, item, true, &mut |_, item| keep(found, item))
    };
    recurse(run, input, next, out)
}

fn recurse_by(run: &mut Run<'_>, next: &Exp, env: &Env, input: Item, out: Out<'_>) -> Flow {
    let next = &mut |run: &mut Run<'_>, item, found: &mut Vec<Item>| {
        run.eval(next, env, item, &mut |_, item| keep(found, item))
    };
    recurse(run, input, next, out)
}

fn recurse_while(
    run: &mut Run<'_>,
    [next, condition]: [&Exp; 2],
    env: &Env,
    input: Item,
    out: Out<'_>,
) -> Flow {
    let next = &mut |run: &mut Run<'_>, item, found: &mut Vec<Item>| {
        run.eval(next, env, item, &mut |run, item| {
            run.eval(condition, env, item.plain(), &mut |_, holds| match holds.value.is_true() {
                true => keep(found, item.clone()),
                false => Ok(()),
            })
        })
    };
    recurse(run, input, next, out)
}

fn first(run: &mut Run<'_>, body: &Exp, env: &Env, input: Item, out: Out<'_>) -> Flow {
    stopping(run, &mut |run, id| {
        run.eval(body, env, input.clone(), &mut |run, item| {
            out(run, item)?;
            Err(Stop::Break(id))
        })
    })
}

fn is_empty(run: &mut Run<'_>, body: &Exp, env: &Env, input: Item, out: Out<'_>) -> Flow {
    let mut any = false;
    stopping(run, &mut |run, id| {
        run.eval(body, env, input.plain(), &mut |_, _| {
            any = true;
            Err(Stop::Break(id))
        })
    })?;
    out(run, Item::made(Value::Bool(!any), &input.path))
}

fn any(
    run: &mut Run<'_>,
    decides: bool,
    [body, condition]: [&Exp; 2],
    env: &Env,
    input: Item,
    out: Out<'_>,
) -> Flow {
    let mut result = !decides;
    stopping(run, &mut |run, id| {
        run.eval(body, env, input.plain(), &mut |run, item| {
            run.eval(condition, env, item, &mut |_, holds| {
                if holds.value.is_true() != decides {
                    return Ok(());
                }
                result = decides;
                Err(Stop::Break(id))
            })
        })
    })?;
    out(run, Item::made(Value::Bool(result), &input.path))
}

fn path(run: &mut Run<'_>, body: &Exp, env: &Env, input: Item, out: Out<'_>) -> Flow {
    for path in run.paths(body, env, &input.value)? {
        out(run, Item::made(Value::array(path), &input.path))?;
    }
    Ok(())
}

fn getpath(run: &mut Run<'_>, keys: &Exp, env: &Env, input: Item, out: Out<'_>) -> Flow {
    run.eval(keys, env, input.plain(), &mut |run, keys| {
        out(run, paths::follow(&input, &keys.value)?)
    })
}

fn one() -> Exp {
    Rc::new(super::tree::Node::Literal(Value::Number(1.0)))
}

fn pass(run: &mut Run<'_>, holds: bool, input: Item, out: Out<'_>) -> Flow {
    if holds { out(run, input) } else { Ok(()) }
}

fn is_iterable(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_))
}

/// More values than this are never kept at once.
const MOST: usize = 1_000_000;

fn keep(found: &mut Vec<Item>, item: Item) -> Flow {
    found.push(item);
    match found.len() > MOST {
        true => Err(Stop::Refused("this many values at once")),
        false => Ok(()),
    }
}

/// Runs something that can be left early.
fn stopping(run: &mut Run<'_>, body: &mut dyn FnMut(&mut Run<'_>, u64) -> Flow) -> Flow {
    let id = run.label();
    match body(run, id) {
        Err(Stop::Break(found)) if found == id => Ok(()),
        flow => flow,
    }
}

type Next<'n> = &'n mut dyn FnMut(&mut Run<'_>, Item, &mut Vec<Item>) -> Flow;

/// An item, and after it all that comes from it, without recursion.
fn recurse(run: &mut Run<'_>, input: Item, next: Next<'_>, out: Out<'_>) -> Flow {
    let mut waiting = vec![input];
    while let Some(item) = waiting.pop() {
        run.count()?;
        out(run, item.clone())?;
        let mut found = Vec::new();
        next(run, item, &mut found)?;
        found.reverse();
        waiting.extend(found);
        if waiting.len() > MOST {
            return Err(Stop::Refused("this many values at once"));
        }
    }
    Ok(())
}

/// `repeat`: in jq 1.6 the function runs before the first value.
fn recurse_after(run: &mut Run<'_>, input: Item, next: &Exp, env: &Env, out: Out<'_>) -> Flow {
    let mut found = Vec::new();
    run.eval(next, env, input, &mut |_, item| keep(&mut found, item))?;
    for item in found {
        recurse(
            run,
            item,
            &mut |run, item, found| run.eval(next, env, item, &mut |_, item| keep(found, item)),
            out,
        )?;
    }
    Ok(())
}

/// `while` gives what it passes; `until` gives what it comes to.
fn looped(
    run: &mut Run<'_>,
    input: Item,
    [condition, next]: [&Exp; 2],
    env: &Env,
    passing: bool,
    out: Out<'_>,
) -> Flow {
    let mut waiting = vec![input];
    while let Some(item) = waiting.pop() {
        run.count()?;
        let mut answers = Vec::new();
        run.eval(condition, env, item.plain(), &mut |_, holds| {
            answers.push(holds.value.is_true());
            Ok(())
        })?;
        for holds in answers {
            if !passing && holds {
                out(run, item.clone())?;
                continue;
            }
            if passing && !holds {
                continue;
            }
            if passing {
                out(run, item.clone())?;
            }
            let mut found = Vec::new();
            run.eval(next, env, item.clone(), &mut |_, item| keep(&mut found, item))?;
            found.reverse();
            waiting.extend(found);
        }
    }
    Ok(())
}

/// `limit`: jq 1.6 gives at least one value, and all of them where the number is below zero.
fn limit(
    run: &mut Run<'_>,
    [count, body]: [&Exp; 2],
    env: &Env,
    input: Item,
    out: Out<'_>,
) -> Flow {
    run.eval(count, env, input.plain(), &mut |run, count| {
        let Value::Number(most) = count.value else {
            return error(format!("{} and number (1) cannot be compared", count.value.shown()));
        };
        if most < 0.0 {
            return run.eval(body, env, input.clone(), out);
        }
        let mut given = 0.0;
        stopping(run, &mut |run, id| {
            run.eval(body, env, input.clone(), &mut |run, item| {
                given += 1.0;
                out(run, item)?;
                if given >= most { Err(Stop::Break(id)) } else { Ok(()) }
            })
        })
    })
}

fn range(
    run: &mut Run<'_>,
    [from, to, by]: [&Exp; 3],
    env: &Env,
    input: Item,
    out: Out<'_>,
) -> Flow {
    let path = input.path.clone();
    let place = input.plain();
    run.eval(from, env, place.clone(), &mut |run, from| {
        run.eval(to, env, place.clone(), &mut |run, to| {
            run.eval(by, env, place.clone(), &mut |run, by| {
                let (Value::Number(from), Value::Number(to), Value::Number(by)) =
                    (&from.value, &to.value, &by.value)
                else {
                    return error("Range bounds must be numeric");
                };
                let mut at = *from;
                while *by > 0.0 && at < *to || *by < 0.0 && at > *to {
                    run.count()?;
                    out(run, Item::made(Value::Number(at), &path))?;
                    at += by;
                }
                Ok(())
            })
        })
    })
}

/// A function of values: for every combination of its arguments, the last one changing last.
fn valued(
    run: &mut Run<'_>,
    name: &str,
    arguments: &[Exp],
    after: Vec<Value>,
    env: &Env,
    input: Item,
    out: Out<'_>,
) -> Flow {
    let Some((last, rest)) = arguments.split_last() else {
        let value = apply(run, name, &after, &input.value)?;
        return out(run, Item::made(value, &input.path));
    };
    run.eval(last, env, input.plain(), &mut |run, item| {
        let mut values = vec![item.value];
        values.extend(after.iter().cloned());
        valued(run, name, rest, values, env, input.clone(), out)
    })
}

/// Steps that it takes to write a value.
pub(super) fn written(value: &Value) -> u64 {
    value.size() / 16
}

/// Steps that a function takes that does its work at once.
fn cost(name: &str, arguments: &[Value], input: &Value) -> u64 {
    let argument = arguments.first();
    match (name, argument) {
        ("type" | "not" | "has" | "length" | "error", _) => input.size().min(1 << 23) / 1_024,
        ("getpath", _) => 0,
        ("setpath", Some(Value::Array(keys))) => paths::change_cost(input, &keys.items),
        ("delpaths", Some(Value::Array(all))) => {
            let of = |path: &Value| match path {
                Value::Array(keys) => paths::change_cost(input, &keys.items),
                _ => 0,
            };
            all.items.iter().fold(0_u64, |sum, path| sum.saturating_add(of(path)))
        }
        ("contains", Some(wanted)) => match input {
            Value::String(_) => input.size() / 64,
            _ => (input.size() / 8).saturating_mul(wanted.size() / 8) / 16,
        },
        ("sort" | "min" | "max", _) => sorted(input),
        ("_sort_by" | "_group_by" | "_min_by" | "_max_by", Some(keys)) => {
            sorted(keys).saturating_add(input.width() / 4)
        }
        ("keys" | "keys_unsorted", _) => input.width() / 8,
        ("add", _) => match input {
            Value::Array(array) => added(array.items.iter()),
            Value::Object(object) => added(object.in_order().into_iter().map(|(_, item)| item)),
            _ => 0,
        },
        ("startswith" | "endswith", _) => 0,
        ("ltrimstr" | "rtrimstr", _) => input.size().min(1 << 23) / 1_024,
        ("tostring", _) if matches!(input, Value::String(_)) => 0,
        _ if math_only(input, arguments) => 0,
        _ => written(input),
    }
}

/// Whether nothing but numbers is there, which cost what a step costs.
fn math_only(input: &Value, arguments: &[Value]) -> bool {
    let number = |value: &Value| matches!(value, Value::Number(_) | Value::Null | Value::Bool(_));
    number(input) && arguments.iter().all(number)
}

/// Steps that sorting takes: each value is compared a few times.
fn sorted(values: &Value) -> u64 {
    let times = u64::from(values.width().max(1).ilog2()) + 1;
    values.size().saturating_mul(times) / 32
}

/// Steps that `add` takes: each sum is copied for the next.
fn added<'v>(items: impl Iterator<Item = &'v Value>) -> u64 {
    let (mut sum, mut width, mut size) = (0_u64, 0_u64, 0_u64);
    for item in items {
        width = width.saturating_add(item.width());
        sum = sum.saturating_add(match item {
            Value::Object(_) => width / 4,
            Value::Array(_) => width / 16,
            Value::String(text) => {
                size += text.len() as u64;
                size / 1_024
            }
            _ => 0,
        });
    }
    sum
}

fn apply(run: &mut Run<'_>, name: &str, arguments: &[Value], input: &Value) -> Result<Value, Stop> {
    run.spend(cost(name, arguments, input))?;
    match (name, arguments) {
        ("error", [value]) => Err(Stop::Error(value.clone())),
        ("halt_error", [code]) => halt_error(run, input, code),
        ("now", []) => Ok(Value::Number(run.now)),
        ("input_filename", []) => Ok(run.inputs.file_name()),
        ("input_line_number", []) => Ok(run.inputs.line_number()),
        ("get_search_list", []) => Ok(Value::array(Vec::new())),
        ("builtins", []) => Ok(Value::array(
            super::names::PLAIN.iter().map(|name| Value::text(format!("{name}/0"))).collect(),
        )),
        ("not", []) => Ok(Value::Bool(!input.is_true())),
        ("type", []) => Ok(Value::text(input.kind())),
        ("infinite", []) => Ok(Value::Number(f64::INFINITY)),
        ("nan", []) => Ok(Value::Number(f64::NAN)),
        ("getpath", [keys]) => {
            let item = Item { value: input.clone(), path: paths::Path::Off };
            Ok(paths::follow(&item, keys)?.value)
        }
        ("setpath", [Value::Array(keys), new]) => paths::set_path(input, &keys.items, new.clone()),
        ("setpath", _) => error("Path must be specified as an array"),
        ("delpaths", [Value::Array(all)]) => {
            let mut found = Vec::new();
            for path in &all.items {
                let Value::Array(path) = path else {
                    return error("Path must be specified as an array");
                };
                found.push(path.items.clone());
            }
            paths::delete(input.clone(), &mut found)
        }
        ("delpaths", _) => error("Paths must be specified as an array"),
        ("_match", [pattern, flags, test]) => {
            regex::find(run, input, pattern, flags, test.is_true())
        }
        ("gmtime" | "localtime" | "mktime" | "strftime" | "strflocaltime" | "strptime", _) => {
            time::call(name, arguments, input)
        }
        _ => match math(name, arguments, input) {
            Some(result) => result,
            None => collections(name, arguments, input),
        },
    }
}

fn halt_error(run: &mut Run<'_>, input: &Value, code: &Value) -> Result<Value, Stop> {
    let Value::Number(code) = code else {
        return error(format!("{} halt_error/1: number required", input.shown()));
    };
    match input {
        Value::String(text) => run.errors.extend(text.bytes()),
        Value::Null => {}
        other => run.errors.extend(format!("{}\n", print::compact(other)).bytes()),
    }
    Err(Stop::Halt(*code as i32))
}

fn collections(name: &str, arguments: &[Value], input: &Value) -> Result<Value, Stop> {
    match (name, arguments) {
        ("length", []) => length(input),
        ("utf8bytelength", []) => match input {
            Value::String(text) => Ok(Value::Number(text.len() as f64)),
            _ => error(format!("{} only strings have UTF-8 byte length", input.shown())),
        },
        ("keys" | "keys_unsorted", []) => keys(name == "keys", input),
        ("has", [key]) => has(input, key),
        ("contains", [wanted]) => operators::contains(input, wanted).map(Value::Bool),
        ("add", []) => match input {
            Value::Array(array) => array
                .items
                .iter()
                .try_fold(Value::Null, |sum, item| operators::binary("+", &sum, item)),
            Value::Object(object) => object
                .in_order()
                .into_iter()
                .try_fold(Value::Null, |sum, (_, item)| operators::binary("+", &sum, item)),
            Value::Null => error("Cannot iterate over null (null)"),
            _ => error(format!("Cannot iterate over {}", input.shown())),
        },
        ("sort" | "min" | "max", []) => {
            let Value::Array(array) = input else { return not_sorted(input) };
            ordered(name, array.items.clone(), &array.items)
        }
        ("_sort_by" | "_group_by" | "_min_by" | "_max_by", [keys]) => {
            let (Value::Array(array), Value::Array(keys)) = (input, keys) else {
                return not_sorted(input);
            };
            ordered(name.trim_start_matches('_'), array.items.clone(), &keys.items)
        }
        ("tostring", []) => Ok(match input {
            Value::String(_) => input.clone(),
            other => Value::text(print::compact(other)),
        }),
        ("tojson", []) => Ok(Value::text(print::compact(input))),
        ("tonumber", []) => match input {
            Value::Number(_) => Ok(input.clone()),
            Value::String(text) => {
                json::single(text).map_err(|text| Stop::Error(Value::text(text)))
            }
            _ => error(format!("{} cannot be parsed as a number", input.shown())),
        },
        _ => texts(name, arguments, input),
    }
}

fn texts(name: &str, arguments: &[Value], input: &Value) -> Result<Value, Stop> {
    match (name, arguments, input) {
        ("fromjson", [], Value::String(text)) => {
            json::single(text).map_err(|text| Stop::Error(Value::text(text)))
        }
        ("fromjson", [], _) => error(format!("{} only strings can be parsed", input.shown())),
        ("explode", [], Value::String(text)) => Ok(Value::array(
            text.chars().map(|one| Value::Number(f64::from(u32::from(one)))).collect(),
        )),
        ("explode", ..) => error("explode input must be a string"),
        ("implode", [], Value::Array(array)) => {
            let mut text = String::new();
            for item in &array.items {
                let Value::Number(number) = item else {
                    return error(format!(
                        "{} can't be imploded, unicode codepoint needs to be numeric",
                        item.shown()
                    ));
                };
                text.push(char::from_u32(*number as u32).unwrap_or('\u{fffd}'));
            }
            Ok(Value::text(text))
        }
        ("implode", ..) => error("implode input must be an array"),
        ("startswith", [Value::String(start)], Value::String(text)) => {
            Ok(Value::Bool(text.starts_with(&**start)))
        }
        ("startswith", ..) => error("startswith() requires string inputs"),
        ("endswith", [Value::String(end)], Value::String(text)) => {
            Ok(Value::Bool(text.ends_with(&**end)))
        }
        ("endswith", ..) => error("endswith() requires string inputs"),
        ("ltrimstr", [Value::String(start)], Value::String(text)) => {
            Ok(Value::text(text.strip_prefix(&**start).unwrap_or(text)))
        }
        ("rtrimstr", [Value::String(end)], Value::String(text)) => {
            Ok(Value::text(text.strip_suffix(&**end).unwrap_or(text)))
        }
        ("ltrimstr" | "rtrimstr", ..) => Ok(input.clone()),
        ("split", [Value::String(by)], Value::String(text)) => Ok(operators::split(text, by)),
        ("split", ..) => error("split input and separator must be strings"),
        ("_strindices", [Value::String(part)], Value::String(text)) => {
            let mut found = Vec::new();
            let mut from = 0;
            while let Some(at) = text[from..].find(&**part).filter(|_| !part.is_empty()) {
                // jq 1.6 counts bytes here, and finds none within another.
                found.push(Value::Number((from + at) as f64));
                from += at + part.len();
            }
            Ok(if part.is_empty() { Value::Null } else { Value::array(found) })
        }
        ("_strindices", [wanted], _) => {
            error(format!("Cannot index {} with {}", input.kind(), wanted.kind()))
        }
        _ => error(format!("podhop: {name} is not simulated here")),
    }
}

fn not_sorted<T>(input: &Value) -> Result<T, Stop> {
    error(format!("{} cannot be sorted, as it is not an array", input.shown()))
}

/// Items in the order of their keys.
fn ordered(name: &str, items: Vec<Value>, keys: &[Value]) -> Result<Value, Stop> {
    let mut pairs: Vec<(&Value, Value)> = keys.iter().zip(items).collect();
    match name {
        "min" | "min_by" => {
            let least = pairs
                .into_iter()
                .reduce(|best, next| if compare(next.0, best.0).is_lt() { next } else { best });
            return Ok(least.map_or(Value::Null, |(_, item)| item));
        }
        "max" | "max_by" => {
            let most = pairs
                .into_iter()
                .reduce(|best, next| if compare(next.0, best.0).is_ge() { next } else { best });
            return Ok(most.map_or(Value::Null, |(_, item)| item));
        }
        _ => pairs.sort_by(|left, right| total(left.0, right.0)),
    }
    if name != "group_by" {
        return Ok(Value::array(pairs.into_iter().map(|(_, item)| item).collect()));
    }
    let mut groups: Vec<(&Value, Vec<Value>)> = Vec::new();
    for (key, item) in pairs {
        match groups.last_mut() {
            Some((last, group)) if *last == key => group.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    Ok(Value::array(groups.into_iter().map(|(_, group)| Value::array(group)).collect()))
}

/// An order that sorting can rely on: NaN comes first and equals itself.
fn total(left: &Value, right: &Value) -> std::cmp::Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) if left.is_nan() || right.is_nan() => {
            right.is_nan().cmp(&left.is_nan())
        }
        _ => compare(left, right),
    }
}

fn length(input: &Value) -> Result<Value, Stop> {
    let count = match input {
        Value::Null => 0.0,
        Value::Bool(_) => return error(format!("{} has no length", input.shown())),
        Value::Number(number) => number.abs(),
        Value::String(text) => text.chars().count() as f64,
        Value::Array(array) => array.items.len() as f64,
        Value::Object(object) => object.len() as f64,
    };
    Ok(Value::Number(count))
}

fn keys(sorted: bool, input: &Value) -> Result<Value, Stop> {
    match input {
        Value::Array(array) => {
            Ok(Value::array((0..array.items.len()).map(|at| Value::Number(at as f64)).collect()))
        }
        Value::Object(object) if sorted => {
            Ok(Value::array(object.sorted().map(|(key, _)| Value::String(key.clone())).collect()))
        }
        Value::Object(object) => {
            let keys = object.in_order().into_iter().map(|(key, _)| Value::String(key.clone()));
            Ok(Value::array(keys.collect()))
        }
        _ => error(format!("{} has no keys", input.shown())),
    }
}

fn has(input: &Value, key: &Value) -> Result<Value, Stop> {
    match (input, key) {
        (Value::Object(object), Value::String(key)) => Ok(Value::Bool(object.get(key).is_some())),
        (Value::Array(array), Value::Number(at)) => {
            Ok(Value::Bool(*at >= 0.0 && *at < array.items.len() as f64))
        }
        _ => error(format!("Cannot check whether {} has a {} key", input.kind(), key.kind())),
    }
}

/// A function of one number, by its name in C's library.
fn of_one_number(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "floor" => f64::floor,
        "ceil" => f64::ceil,
        "round" => f64::round,
        "trunc" => f64::trunc,
        "rint" | "nearbyint" => f64::round_ties_even,
        "sqrt" => f64::sqrt,
        "cbrt" => f64::cbrt,
        "fabs" => f64::abs,
        "exp" => f64::exp,
        "exp2" => f64::exp2,
        "exp10" | "pow10" => |x| 10_f64.powf(x),
        "expm1" => f64::exp_m1,
        "log" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "log1p" => f64::ln_1p,
        "logb" => |x| x.abs().log2().floor(),
        "significand" => |x| if x == 0.0 { x } else { x / x.abs().log2().floor().exp2() },
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        _ => return None,
    })
}

fn math(name: &str, arguments: &[Value], input: &Value) -> Option<Result<Value, Stop>> {
    let number = || match input {
        Value::Number(number) => Ok(*number),
        _ => error(format!("{} number required", input.shown())),
    };
    if let (Some(function), []) = (of_one_number(name), arguments) {
        return Some(number().map(|number| Value::Number(function(number))));
    }
    let test: Option<fn(f64) -> bool> = match name {
        "isinfinite" => Some(f64::is_infinite),
        "isnan" => Some(f64::is_nan),
        "isnormal" => Some(f64::is_normal),
        _ => None,
    };
    if let Some(test) = test {
        return Some(number().map(|number| Value::Bool(test(number))));
    }
    let of_two: fn(f64, f64) -> f64 = match name {
        "pow" => f64::powf,
        "atan2" => f64::atan2,
        "fmin" => f64::min,
        "fmax" => f64::max,
        "fmod" => |left, right| left % right,
        "hypot" => f64::hypot,
        "copysign" => f64::copysign,
        "drem" => |left, right| left - right * (left / right).round_ties_even(),
        "fdim" => |left, right| (left - right).max(0.0),
        "ldexp" | "scalb" | "scalbln" => |left, right| left * right.exp2(),
        _ => return None,
    };
    let [left, right] = arguments else { return None };
    Some(match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(Value::Number(of_two(*left, *right))),
        (Value::Number(_), other) | (other, _) => {
            error(format!("{} number required", other.shown()))
        }
    })
}

/// What a format makes of a value: `@csv`, `@sh` and others.
pub(super) fn format(name: &str, value: &Value) -> Result<String, Stop> {
    let text = || match value {
        Value::String(text) => text.to_string(),
        other => print::compact(other),
    };
    Ok(match name {
        "text" => text(),
        "json" => print::compact(value),
        "csv" | "tsv" => row(name, value)?,
        "html" => text()
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('\'', "&apos;")
            .replace('"', "&quot;"),
        "uri" => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
            text()
                .bytes()
                .map(|byte| {
                    if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
                })
                .collect()
        }
        "sh" => {
            let one = std::slice::from_ref(value);
            let items = if let Value::Array(array) = value { array.items.as_slice() } else { one };
            let mut words = Vec::new();
            for item in items {
                words.push(match item {
                    Value::String(text) => in_single_quotes(text),
                    item if is_iterable(item) => {
                        return error(format!("{} can not be escaped for shell", item.shown()));
                    }
                    item => print::compact(item),
                });
            }
            words.join(" ")
        }
        "base64" => crate::shell::commands::text::base64::encode(text().as_bytes()),
        "base64d" => {
            let text = text();
            match crate::shell::commands::text::base64::decode_loosely(&text) {
                // One letter alone is less than a byte.
                Some(_) if text.trim_end_matches('=').len() % 4 == 1 => {
                    let shown = Value::text(text).shown();
                    return error(format!("{shown} trailing base64 byte found"));
                }
                Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                None => {
                    let shown = Value::text(text).shown();
                    return error(format!("{shown} is not valid base64 data"));
                }
            }
        }
        other => return error(format!("{other} is not a valid format")),
    })
}

fn row(name: &str, value: &Value) -> Result<String, Stop> {
    let Value::Array(array) = value else {
        return error(format!("{} cannot be {name}-formatted, only array", value.shown()));
    };
    let mut fields = Vec::new();
    for item in &array.items {
        fields.push(match item {
            Value::Null => String::new(),
            Value::String(text) if name == "csv" => format!("\"{}\"", text.replace('"', "\"\"")),
            Value::String(text) => text
                .replace('\\', "\\\\")
                .replace('\t', "\\t")
                .replace('\n', "\\n")
                .replace('\r', "\\r"),
            item if is_iterable(item) => {
                return error(format!("{} is not valid in a csv row", item.shown()));
            }
            item => print::compact(item),
        });
    }
    Ok(fields.join(if name == "csv" { "," } else { "\t" }))
}
