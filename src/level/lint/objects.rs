//! The objects of a manifest as values: complete with what the API server fills in, and without what it
//! would fill in anyway.

use serde_json::{Map, Value};

use crate::api::{self, Kind};
use crate::level::source::sources;
use crate::manifest::Document;

/// The objects that documents describe, each with its defaults where the API has its kind.
pub(super) fn complete(documents: &[Document]) -> Vec<Value> {
    let all = sources(documents);
    all.iter()
        .map(|source| defaulted(source.value).unwrap_or_else(|| source.value.clone()))
        .collect()
}

/// An object with every field that the API server fills in by itself.
pub(super) fn defaulted(object: &Value) -> Option<Value> {
    let text = |field: &str| object[field].as_str();
    let kind = Kind::from_manifest(text("apiVersion")?, text("kind")?)?;
    let mut value = api::defaulted(kind, object.clone())?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("status");
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("creationTimestamp");
        }
        for field in ["apiVersion", "kind"] {
            fields.insert(field.to_owned(), object[field].clone());
        }
    }
    Some(value)
}

/// An object without the fields that the API server would fill in with what they say. A field stays
/// where `live`, the object as it is stored, says something else: leaving it out would not change that.
pub(super) fn bare(object: &Value, live: Option<&Value>) -> Value {
    let Some(whole) = defaulted(object) else { return object.clone() };
    let mut bare = object.clone();
    for path in leaves(object) {
        let same = live.is_none_or(|live| at(live, &path) == at(object, &path));
        let mut shorter = bare.clone();
        if same && remove(&mut shorter, &path) && defaulted(&shorter).as_ref() == Some(&whole) {
            bare = shorter;
        }
    }
    bare
}

/// The ways to the values of an object that are no objects or lists themselves.
fn leaves(value: &Value) -> Vec<Vec<String>> {
    match value {
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| below(name, value)).collect()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.flat_map(|(index, value)| below(&index.to_string(), value)).collect()
        }
        _ => vec![Vec::new()],
    }
}

fn below(name: &str, value: &Value) -> Vec<Vec<String>> {
    let mut paths = leaves(value);
    paths.iter_mut().for_each(|path| path.insert(0, name.to_owned()));
    paths
}

fn at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    })
}

/// Takes a field away; whether it was there, and a field of an object.
fn remove(value: &mut Value, path: &[String]) -> bool {
    let Some((last, path)) = path.split_last() else { return false };
    let parent = path.iter().try_fold(value, |value, name| match value {
        Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?),
        value => value.get_mut(name),
    });
    parent.and_then(Value::as_object_mut).is_some_and(|fields| fields.remove(last).is_some())
}

/// JSON with every group of keys in the opposite order.
pub(super) fn reversed_json(value: &Value) -> String {
    match value {
        Value::Object(fields) => group(fields, true),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(reversed_json).collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

/// YAML in flow style, all on one line.
pub(super) fn flow_yaml(value: &Value) -> String {
    match value {
        Value::Object(fields) => group(fields, false),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(flow_yaml).collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

fn group(fields: &Map<String, Value>, reversed: bool) -> String {
    let pair = |(name, value): (&String, &Value)| match reversed {
        true => format!("{}: {}", Value::from(name.as_str()), reversed_json(value)),
        false => format!("{}: {}", key(name), flow_yaml(value)),
    };
    let mut pairs: Vec<String> = fields.iter().map(pair).collect();
    if reversed {
        pairs.reverse();
    }
    format!("{{{}}}", pairs.join(", "))
}

/// A key without quotes where it needs none.
fn key(name: &str) -> String {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    // YAML 1.1 reads some words as true or false.
    let word = !["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        .contains(&name.to_lowercase().as_str());
    match starts && plain && word {
        true => name.to_owned(),
        false => Value::from(name).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  type: ClusterIP\n  selector: {app: web}\n  ports: [{port: 80, targetPort: 80, protocol: TCP}]\n";

    fn service() -> Value {
        crate::manifest::parse("s.yaml", SERVICE).0.remove(0).value
    }

    #[test]
    fn what_the_server_fills_in_is_spelled_out_or_left_out() {
        let whole = defaulted(&service()).expect("a Service");
        assert_eq!(whole["spec"]["sessionAffinity"], "None");
        let bare = bare(&service(), None);
        assert_eq!(bare["spec"]["ports"], serde_json::json!([{"port": 80}]));
        assert_eq!(defaulted(&bare), Some(whole));
    }

    #[test]
    fn a_field_that_differs_from_the_live_object_is_not_left_out() {
        let live = serde_json::json!({"spec": {"type": "NodePort"}});
        assert_eq!(bare(&service(), Some(&live))["spec"]["type"], "ClusterIP");
    }

    #[test]
    fn rewritten_texts_say_the_same() {
        let value = service();
        for text in [reversed_json(&value), flow_yaml(&value)] {
            assert_eq!(crate::manifest::parse("s.yaml", &text).0[0].value, value, "{text}");
        }
        assert!(reversed_json(&value).starts_with("{\"spec\": {"));
        assert!(flow_yaml(&value).starts_with("{apiVersion: \"v1\", kind: "));
    }
}
