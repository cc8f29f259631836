//! Kubernetes' Go types, as far as their shape is seen: kubectl prints what it made itself field by
//! field in the order of the type, and with the fields that the type never leaves out. What comes
//! from a server or a manifest is printed with sorted keys instead (`manifest::to_json_pretty`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::manifest::go_json;

/// A type's fields, in order.
type Fields = Vec<Field>;

/// A field of a Go type.
struct Field {
    name: &'static str,
    /// The type of its value, or of its items.
    of: Option<(Many, &'static str)>,
    /// What is printed when it is not set.
    unset: Option<char>,
}

/// How many values of a type a field has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Many {
    /// One.
    One,
    /// Any number, in order.
    List,
    /// Any number, by name.
    Map,
}

/// What is known of the type of a value: `None` for values whose keys are sorted.
pub(super) type Shape = Option<(Many, &'static str)>;

/// The shape of a value of the type of this name.
pub(super) fn shape(type_name: Option<&str>) -> Shape {
    let (name, _) = TYPES.get_key_value(type_name?)?;
    Some((Many::One, *name))
}

/// The shape of a list's items.
pub(super) fn of_items(list: Shape) -> Shape {
    list.filter(|(many, _)| *many == Many::List).map(|(_, of)| (Many::One, of))
}

/// Every type, by its name.
static TYPES: LazyLock<BTreeMap<&'static str, Fields>> = LazyLock::new(|| {
    let lines = include_str!("go_types.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.map(field).collect()))
        })
        .collect()
});

fn field(word: &'static str) -> Field {
    let (rest, unset) = match word.split_once('=') {
        Some((rest, unset)) => (rest, unset.chars().next()),
        None => (word, None),
    };
    let (name, of) = match rest.split_once(':') {
        None => (rest, None),
        Some((name, of)) => {
            let of = match (of.strip_prefix("[]"), of.strip_prefix("{}")) {
                (Some(of), _) => (Many::List, of),
                (_, Some(of)) => (Many::Map, of),
                _ => (Many::One, of),
            };
            (name, Some(of))
        }
    };
    Field { name, of, unset }
}

/// `value` as `-o json` prints a Go value of this type (`Deployment`): on several lines.
pub(super) fn json_pretty(type_name: &str, value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, Some((Many::One, type_name)), value, Some(0));
    out.push('\n');
    out
}

/// The same on one line, as `--save-config` keeps it.
pub(super) fn json_line(type_name: &str, value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, Some((Many::One, type_name)), value, None);
    out
}

/// Whether the shape of a type is known.
pub(super) fn is_known(type_name: &str) -> bool {
    TYPES.contains_key(type_name)
}

/// `value` as it comes out of the Go type: what the type does not know and what is empty is gone,
/// what it always has is there.
pub(super) fn typed(type_name: &str, value: &Value) -> Value {
    convert(Some((Many::One, type_name)), value)
}

fn convert(of: Option<(Many, &str)>, value: &Value) -> Value {
    match (of, value) {
        (Some((Many::List, of)), Value::Array(items)) => {
            items.iter().map(|item| convert(Some((Many::One, of)), item)).collect()
        }
        (Some((Many::Map, of)), Value::Object(items)) => {
            let of = Some((Many::One, of));
            Value::Object(items.iter().map(|(k, v)| (k.clone(), convert(of, v))).collect())
        }
        (Some((Many::One, of)), Value::Object(_) | Value::Null) if TYPES.contains_key(of) => {
            let fields = TYPES[of].iter().filter_map(|field| {
                let value = convert(field.of, &value[field.name]);
                let plain = field.of.is_none_or(|(many, _)| many != Many::One);
                let empty = value.as_array().is_some_and(Vec::is_empty)
                    || value.as_object().is_some_and(Map::is_empty);
                let unset = value.is_null() || (plain && empty && field.unset.is_none());
                let value = if unset { field_unset(field)? } else { value };
                Some((field.name.to_owned(), value))
            });
            if value.is_null() { Value::Null } else { Value::Object(fields.collect()) }
        }
        _ => value.clone(),
    }
}

/// What is printed of a field that is not set; `None` for nothing.
fn field_unset(field: &Field) -> Option<Value> {
    Some(match field.unset? {
        'o' => convert(field.of, &json!({})),
        's' => json!(""),
        '0' => json!(0),
        'f' => json!(false),
        _ => Value::Null,
    })
}

/// An object's fields in the type's order, each with its own type; unknown ones come last.
pub(super) fn ordered<'a>(
    of: Option<(Many, &str)>,
    fields: &'a Map<String, Value>,
) -> Vec<(&'a str, &'a Value, Shape)> {
    match of {
        Some((Many::One, of)) if TYPES.contains_key(of) => {
            let known = &TYPES[of];
            let mut found: Vec<_> = known
                .iter()
                .filter_map(|field| {
                    let (name, value) = fields.get_key_value(field.name)?;
                    Some((name.as_str(), value, field.of))
                })
                .collect();
            let others = fields.iter().filter(|(name, _)| known.iter().all(|f| f.name != *name));
            found.extend(others.map(|(name, value)| (name.as_str(), value, None)));
            found
        }
        Some((Many::Map, of)) => {
            let of = TYPES.get_key_value(of).map(|(name, _)| (Many::One, *name));
            fields.iter().map(|(name, value)| (name.as_str(), value, of)).collect()
        }
        _ => fields.iter().map(|(name, value)| (name.as_str(), value, None)).collect(),
    }
}

fn write(out: &mut String, of: Option<(Many, &str)>, value: &Value, depth: Option<usize>) {
    let (open, close, parts): (char, char, Vec<(String, &Value, Option<(Many, &str)>)>) =
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                let gap = if depth.is_some() { " " } else { "" };
                let named = ordered(of, fields).into_iter().map(|(name, value, of)| {
                    (format!("{}:{gap}", go_json(&json!(name))), value, of)
                });
                ('{', '}', named.collect())
            }
            Value::Array(items) if !items.is_empty() => {
                let of = of.filter(|(many, _)| *many == Many::List).map(|(_, of)| (Many::One, of));
                ('[', ']', items.iter().map(|item| (String::new(), item, of)).collect())
            }
            other => {
                *out += &go_json(other);
                return;
            }
        };
    let newline = |out: &mut String, depth: Option<usize>| {
        if let Some(depth) = depth {
            out.push('\n');
            *out += &"    ".repeat(depth);
        }
    };
    let inner = depth.map(|depth| depth + 1);
    out.push(open);
    for (index, (name, value, of)) in parts.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        newline(out, inner);
        *out += name;
        write(out, *of, value, inner);
    }
    newline(out, depth);
    out.push(close);
}

/// What Go calls a value of JSON.
pub(super) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::Object(_) => "object",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // `kubectl create service clusterip a --tcp=80 --dry-run=client -o json`, kubectl 1.36.3
    #[test]
    fn fields_stand_in_the_order_of_the_type() {
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"labels": {"b": "1", "a": "2"},
            "name": "a"}, "spec": {"ports": [{"port": 80, "protocol": "TCP", "name": "80"}]}
        });
        assert_eq!(
            json_line("Service", &service),
            "{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"labels\":\
             {\"a\":\"2\",\"b\":\"1\"}},\"spec\":{\"ports\":[{\"name\":\"80\",\"protocol\":\"TCP\",\
             \"port\":80}]}}"
        );
    }

    // `kubectl set image -f pod.yaml … --local -o yaml`, kubectl 1.36.3
    #[test]
    fn what_a_type_always_has_is_there_and_what_it_does_not_know_is_gone() {
        let pod = json!({"spec": {"containers": [{"name": "c", "colour": "red"}], "volumes": []}});
        let expected = json!({
            "metadata": {}, "spec": {"containers": [{"name": "c", "resources": {}}]}, "status": {}
        });
        assert_eq!(typed("Pod", &pod), expected);
    }
}
