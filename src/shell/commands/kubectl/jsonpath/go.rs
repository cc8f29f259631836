//! Values as Go prints them.

use serde_json::Value;

/// A value as `{.path}` prints it: texts bare, maps and lists as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

/// The Go type that a decoded value has.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "map[string]interface {}",
        Value::Array(_) => "[]interface {}",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::Null => "interface {}",
    }
}

/// A value in Go's own syntax (`%#v`).
pub(super) fn syntax(value: &Value) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Object(fields) => {
            let parts = fields.iter().map(|(key, value)| format!("{key:?}:{}", syntax(value)));
            format!("map[string]interface {{}}{{{}}}", list(parts.collect()))
        }
        Value::Array(items) => {
            format!("[]interface {{}}{{{}}}", list(items.iter().map(syntax).collect()))
        }
        Value::String(text) => format!("{text:?}"),
        Value::Null => "interface {}(nil)".to_owned(),
        other => other.to_string(),
    }
}
