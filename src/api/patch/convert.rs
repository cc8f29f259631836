//! Why a strategic merge patch does not fit, in the words of apimachinery's converter, which the
//! server uses for these patches alone.

use serde_json::Value;

use crate::api::Kind;
use crate::manifest::schema::{Struct, Type};
use crate::manifest::{Mistyped, Schema, segments};

/// The converter's words for a value of a wrong type in `patched`, an object of `kind`.
pub(super) fn complaint(kind: Kind, patched: &Value, fault: &Mistyped) -> String {
    let info = kind.info();
    let schema = Schema::of(&info.api_version(), info.name);
    let found = find(patched, &fault.path);
    let holds = schema.and_then(|schema| holds(schema, &fault.path));
    match (holds, found) {
        (Some(Type::Bytes), Some(Value::String(_))) => {
            Some(format!("error decoding from json: {}", fault.message))
        }
        (Some(holds), Some(found)) => words(holds, found),
        _ => None,
    }
    .unwrap_or_else(|| fault.message.clone())
}

/// Cuts whole numbers to the size of their fields, as Go's `SetInt` does: 100000000000 is 1215752192 in
/// 32 bits.
pub fn wrap(kind: Kind, patched: &mut Value) {
    let info = kind.info();
    if let Some(schema) = Schema::of(&info.api_version(), info.name) {
        wrap_fields(schema, schema.root(), patched);
    }
}

fn wrap_fields(schema: &Schema, at: &Struct, value: &mut Value) {
    let Value::Object(values) = value else { return };
    for (name, value) in values {
        if let Some(field) = at.fields.get(name.as_str()) {
            wrap_value(schema, &field.holds, value);
        }
    }
}

fn wrap_value(schema: &Schema, holds: &Type, value: &mut Value) {
    match (holds, &mut *value) {
        (Type::Int32, Value::Number(number)) => {
            if let Some(whole) = number.as_i64() {
                let low = u32::try_from(whole & i64::from(u32::MAX)).unwrap_or(0);
                *value = Value::from(low.cast_signed());
            }
        }
        (Type::Struct(_), value) => {
            if let Some(at) = schema.object(holds) {
                wrap_fields(schema, at, value);
            }
        }
        (Type::List(of), Value::Array(items)) => {
            items.iter_mut().for_each(|item| wrap_value(schema, of, item));
        }
        (Type::Map(of), Value::Object(entries)) => {
            entries.values_mut().for_each(|entry| wrap_value(schema, of, entry));
        }
        _ => {}
    }
}

fn find<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    segments(path).try_fold(value, |at, segment| match at {
        Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
        other => other.get(segment),
    })
}

/// What the place at a path holds; below a list or map, one of its items.
fn holds<'s>(schema: &'s Schema, path: &str) -> Option<&'s Type> {
    let mut at = Some(schema.root());
    let mut found: Option<&Type> = None;
    for segment in segments(path) {
        found = match (found, at) {
            (Some(Type::List(item) | Type::Map(item)), _) => Some(item.as_ref()),
            (_, Some(fields)) => Some(&fields.fields.get(segment)?.holds),
            _ => return None,
        };
        at = found.and_then(|holds| schema.object(holds));
    }
    found
}

fn words(holds: &Type, found: &Value) -> Option<String> {
    let source = match found {
        Value::Null => return None,
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    };
    let simple = |target: &str, convertible: bool| {
        if convertible {
            format!("cannot convert {source} to {target}")
        } else {
            format!("unrecognized type: {target}")
        }
    };
    Some(match holds {
        Type::String => simple("string", source == "int64"),
        Type::Int32 => simple("int32", source == "float64"),
        Type::Int64 => simple("int64", source == "float64"),
        Type::Bool => simple("bool", false),
        Type::Bytes if source == "string" => return None,
        Type::List(_) | Type::Bytes => format!("cannot restore slice from {source}"),
        Type::Map(_) => format!("cannot restore map from {source}"),
        Type::Struct(_) => format!("cannot restore struct from: {source}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn why(value: Value) -> String {
        let schema = Schema::of("v1", "Service").unwrap();
        let fault = schema.faults(&value).mistyped.expect("something is wrong");
        complaint(Kind::Service, &value, &fault)
    }

    // Recording 11.
    #[test]
    fn a_text_is_no_number() {
        assert_eq!(why(json!({"spec": {"ports": [{"port": "x"}]}})), "unrecognized type: int32");
    }

    #[test]
    fn a_list_is_no_map() {
        assert_eq!(why(json!({"spec": {"ports": {}}})), "cannot restore slice from map");
        assert_eq!(why(json!({"spec": {"selector": []}})), "cannot restore map from slice");
        assert_eq!(why(json!({"spec": {"type": 1}})), "cannot convert int64 to string");
    }
}
