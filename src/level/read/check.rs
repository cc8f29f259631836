//! Holds a file of the format against its JSON Schema, the same that an author's editor has, and says
//! in plain words what does not fit: where, one sentence, and the next step.

use serde_json::{Map, Value};

use crate::diagnostic::nearest;
use crate::manifest;

/// Something that does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The field, or what holds the key that is missing.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub help: String,
}

/// Everything in `value` that does not fit the schema, in the order of its keys.
pub(super) fn faults(schema: &Value, value: &Value) -> Vec<Fault> {
    let mut checker = Checker { root: schema, faults: Vec::new() };
    checker.check(schema, value, "");
    checker.faults
}

/// How many choices a message lists; of more, the nearest are named.
const LISTED: usize = 8;

struct Checker<'s> {
    root: &'s Value,
    faults: Vec<Fault>,
}

impl<'s> Checker<'s> {
    fn say(&mut self, path: &str, message: String, help: impl Into<String>) {
        self.faults.push(Fault { path: path.to_owned(), message, help: help.into() });
    }

    fn check(&mut self, schema: &'s Value, value: &Value, path: &str) {
        let schema = self.resolved(schema);
        if value.is_string() && !self.words(schema).is_empty() {
            return self.chosen(schema, value, path);
        }
        if let Some(branch) = self.branch(schema, value) {
            return self.check(branch, value, path);
        }
        let types = self.types(schema);
        if !types.is_empty() && !types.iter().any(|kind| is(value, kind)) {
            return self.mistyped(schema, &types, value, path);
        }
        self.counted(schema, value, path);
        match value {
            Value::Object(fields) => self.object(schema, fields, path),
            Value::Array(items) => self.array(schema, items, path),
            Value::String(text) => self.text(schema, text, path),
            _ => {}
        }
    }

    /// What a reference leads to.
    fn resolved(&self, schema: &'s Value) -> &'s Value {
        let name = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
        name.and_then(|name| self.root["$defs"].get(name)).unwrap_or(schema)
    }

    /// The one of several schemas that a value of this type is meant for.
    fn branch(&self, schema: &'s Value, value: &Value) -> Option<&'s Value> {
        let mut branches = branches(schema)?.iter();
        branches.find(|branch| self.types(self.resolved(branch)).iter().any(|kind| is(value, kind)))
    }

    /// The types that a schema takes, as JSON Schema calls them.
    fn types(&self, schema: &'s Value) -> Vec<&'s str> {
        if let Some(branches) = branches(schema) {
            return branches.iter().flat_map(|one| self.types(self.resolved(one))).collect();
        }
        match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ if schema.get("enum").is_some() || schema.get("const").is_some() => vec!["string"],
            _ => Vec::new(),
        }
    }

    fn mistyped(&mut self, schema: &'s Value, types: &[&str], value: &Value, path: &str) {
        let mut wanted: Vec<&str> = Vec::new();
        for kind in types.iter().filter(|kind| **kind != "null") {
            if !wanted.contains(&noun(kind)) {
                wanted.push(noun(kind));
            }
        }
        let message = format!(
            "{} is {}, where {} belongs",
            called(path),
            received(value),
            wanted.join(" or ")
        );
        let first = types.iter().find(|kind| **kind != "null").copied().unwrap_or("string");
        let words = self.words(schema);
        let help = match words.as_slice() {
            [] => how_to_write(first, schema, value),
            words => one_of("", words),
        };
        self.say(path, message, help);
    }

    /// The words that a schema takes, where it takes no others.
    fn words(&self, schema: &'s Value) -> Vec<&'s str> {
        if let Some(branches) = branches(schema) {
            return branches.iter().flat_map(|one| self.words(self.resolved(one))).collect();
        }
        let listed = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        listed.chain(schema["const"].as_str()).collect()
    }

    /// A value that is one of a list of words.
    fn chosen(&mut self, schema: &'s Value, value: &Value, path: &str) {
        let words = self.words(schema);
        if words.is_empty() {
            return;
        }
        let Some(text) = value.as_str() else { return };
        if !words.contains(&text) {
            let message = format!("{} cannot be {text:?}", last(path));
            self.say(path, message, one_of(text, &words));
        }
    }

    /// A number that is no count, or no exit code. What is counted has bounds of its own, which say what
    /// they are of.
    fn counted(&mut self, schema: &Value, value: &Value, path: &str) {
        let (least, most) = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
        let wrong = match (value.as_i64(), schema["format"].as_str()) {
            (Some(number), Some("int32")) => {
                least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most)
            }
            (Some(number), _) => number < 0 && least.is_some_and(|least| least >= 0),
            (None, _) => false,
        };
        if wrong {
            let help = match (least, most) {
                (Some(least), Some(most)) => format!("give a number from {least} to {most}"),
                _ => "give a number of 0 or more".to_owned(),
            };
            self.say(path, format!("{} cannot be {value}", last(path)), help);
        }
    }

    fn object(&mut self, schema: &'s Value, fields: &Map<String, Value>, path: &str) {
        let known = schema["properties"].as_object();
        for (name, value) in fields {
            let at = manifest::field(path, name);
            match (known.and_then(|known| known.get(name)), &schema["additionalProperties"]) {
                (Some(schema), _) => self.check(schema, value, &at),
                (None, Value::Bool(false)) => {
                    let names: Vec<&str> =
                        known.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                    let help = self.for_unknown(name, &names, path);
                    self.say(&at, format!("unknown key {name:?}"), help);
                }
                (None, Value::Object(_)) => {
                    self.named(schema, name, &at);
                    self.check(&schema["additionalProperties"], value, &at);
                }
                (None, _) => {}
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                let means = self.description(&schema["properties"][name]);
                let message = match path {
                    "" => format!("{name} is missing"),
                    _ => format!("{name} is missing in {}", last(path)),
                };
                self.say(path, message, format!("add {name}: {means}"));
            }
        }
    }

    /// A key of a map whose keys are of a list.
    fn named(&mut self, schema: &'s Value, name: &str, path: &str) {
        let Some(words) = schema["propertyNames"]["enum"].as_array() else { return };
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        if !words.contains(&name) {
            self.say(path, format!("unknown key {name:?}"), one_of(name, &words));
        }
    }

    /// The step from an unknown key: the name that was meant, or the place where it belongs.
    fn for_unknown(&self, name: &str, names: &[&str], path: &str) -> String {
        if let Some(near) = nearest(name, names.iter().copied()) {
            return format!("did you mean {near:?}?");
        }
        let here = match path {
            "" => "the file".to_owned(),
            path => last(path).to_owned(),
        };
        let elsewhere = self.root["$defs"].as_object().into_iter().flatten();
        let place = elsewhere
            .filter(|(_, schema)| schema["properties"].get(name).is_some())
            .map(|(of, _)| of.as_str())
            .next();
        match place.and_then(|of| self.key_of(of)) {
            Some(place) => format!("{name} belongs below {place}"),
            None => format!("{here} knows the keys {}", names.join(", ")),
        }
    }

    /// The key whose value is of this definition: `expect` for `ExpectFile`.
    fn key_of(&self, definition: &str) -> Option<&'s str> {
        let all = self.root["$defs"].as_object().into_iter().flatten().map(|(_, schema)| schema);
        let mut keys =
            all.chain([self.root]).filter_map(|schema| schema["properties"].as_object()).flatten();
        let target = format!("#/$defs/{definition}");
        keys.find(|(_, schema)| refers(schema, &target)).map(|(key, _)| key.as_str())
    }

    fn description(&self, schema: &'s Value) -> String {
        let text = schema["description"].as_str();
        let text = text.or_else(|| self.resolved(schema)["description"].as_str()).unwrap_or("");
        text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
    }

    fn array(&mut self, schema: &'s Value, items: &[Value], path: &str) {
        if items.is_empty() && schema["minItems"].as_u64().is_some_and(|least| least > 0) {
            let means = self.description(schema);
            let help = match means.as_str() {
                "" => "add an entry".to_owned(),
                means => format!("add an entry: {means}"),
            };
            self.say(path, format!("{} is an empty list", last(path)), help);
        }
        for (index, value) in items.iter().enumerate() {
            let at = manifest::item(path, index);
            if schema["uniqueItems"] == true && items[..index].contains(value) {
                let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let message = format!("{} names {shown} twice", last(path));
                self.say(&at, message, "name it once");
            }
            if schema["items"].is_object() {
                self.check(&schema["items"], value, &at);
            }
        }
    }

    fn text(&mut self, schema: &'s Value, text: &str, path: &str) {
        if text.trim().is_empty() && schema["minLength"].as_u64().is_some_and(|least| least > 0) {
            let means = self.description(schema);
            let help = match means.as_str() {
                "" => "write a text there".to_owned(),
                means => format!("write it: {means}"),
            };
            return self.say(path, format!("{} is empty", last(path)), help);
        }
        let Some(pattern) = schema["pattern"].as_str() else { return };
        // Patterns are the format's own, and compile.
        if regex::Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text)) {
            let help = match schema["examples"][0].as_str() {
                Some(example) => format!("for example: {example}"),
                None => format!("write it: {}", self.description(schema)),
            };
            let message = format!("{} cannot be {text:?}", last(path));
            self.say(path, message, help);
        }
    }
}

fn branches(schema: &Value) -> Option<&Vec<Value>> {
    schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array())
}

/// Whether a property's schema leads to a definition: itself, as an item, or as one of several.
fn refers(schema: &Value, target: &str) -> bool {
    schema["$ref"] == target
        || schema["items"]["$ref"] == target
        || branches(schema).is_some_and(|all| all.iter().any(|one| refers(one, target)))
}

/// What a reader calls the field, or the entry of a list.
fn called(path: &str) -> String {
    match manifest::segments(path).last().map(|name| name.parse::<usize>()) {
        Some(Ok(index)) => format!("entry {} of {}", index + 1, last(path)),
        _ => last(path).to_owned(),
    }
}

/// The last name of a path: what a reader calls the field.
fn last(path: &str) -> &str {
    manifest::segments(path)
        .filter(|name| name.parse::<usize>().is_err())
        .last()
        .unwrap_or("the file")
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => false,
    }
}

fn noun(kind: &str) -> &'static str {
    match kind {
        "object" => "a group of keys",
        "array" => "a list",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        _ => "a text",
    }
}

fn received(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(number)
            if number.as_f64().is_some_and(|n| n.fract() == 0.0 && n.abs() > 1e15) =>
        {
            "too large a number"
        }
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a group of keys",
    }
}

/// How a value of this type is written.
fn how_to_write(kind: &str, schema: &Value, value: &Value) -> String {
    let example = schema["examples"][0].as_str();
    match (kind, value) {
        ("string", _) if example.is_some() => format!("for example: {}", example.unwrap_or("")),
        ("string", Value::Bool(_)) => {
            "put it into quotes: yes, no, on, off, true and false are no texts without".to_owned()
        }
        // Only what has kept its digits is shown as it would be written.
        ("string", Value::Number(number)) if !number.to_string().contains('e') => {
            format!("put it into quotes: \"{number}\"")
        }
        ("string", Value::Number(_)) => "put it into quotes".to_owned(),
        ("string", Value::Object(_)) => {
            "put the text into quotes: a colon makes it a group of keys".to_owned()
        }
        ("string", _) => "write a text".to_owned(),
        ("array", _) => "write a list: each entry on a line of its own, after a hyphen".to_owned(),
        ("object", _) => "write its keys below it, indented, each with a value".to_owned(),
        ("boolean", _) => "write true or false".to_owned(),
        _ => "write a whole number, without quotes: 3".to_owned(),
    }
}

/// The word that was meant, or those that there are.
fn one_of(text: &str, words: &[&str]) -> String {
    match nearest(text, words.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None if words.len() > LISTED => {
            let some = words.iter().take(3).copied().collect::<Vec<_>>().join(", ");
            format!("there are {} of them, such as {some}", words.len())
        }
        None => format!("write {}", words.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(schema: &Value, value: &Value) -> Vec<String> {
        let faults = faults(schema, value);
        faults.iter().map(|f| format!("{}: {} ({})", f.path, f.message, f.help)).collect()
    }

    #[test]
    fn a_value_is_told_what_belongs_in_its_place() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["a"],
            "properties": {
                "a": {"type": "integer", "description": "How many."},
                "b": {"type": ["string", "null"]},
                "c": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
            },
        });
        assert_eq!(said(&schema, &json!({"a": 1, "b": null, "c": ["x"]})), [""; 0]);
        assert_eq!(
            said(&schema, &json!({"b": 3, "c": ["x", "x"], "cc": 1})),
            [
                "b: b is a number, where a text belongs (put it into quotes: \"3\")",
                "c[1]: c names x twice (name it once)",
                "cc: unknown key \"cc\" (did you mean \"c\"?)",
                ": a is missing (add a: How many)",
            ]
        );
        assert_eq!(
            said(&schema, &json!([1])),
            [
                ": the file is a list, where a group of keys belongs (write its keys below it, indented, each with a value)"
            ]
        );
    }

    #[test]
    fn words_may_be_given_one_by_one() {
        let schema = json!({"oneOf": [{"const": "sent", "type": "string"}, {"const": "won"}]});
        assert_eq!(said(&schema, &json!("won")), [""; 0]);
        assert_eq!(
            said(&schema, &json!("wan")),
            [": the file cannot be \"wan\" (did you mean \"won\"?)"]
        );
    }

    #[test]
    fn a_union_is_read_by_the_type_that_stands_there() {
        let schema = json!({
            "anyOf": [{"const": "none"}, {"$ref": "#/$defs/Own"}],
            "$defs": {"Own": {"type": "object", "additionalProperties": false,
                "properties": {"ask": {"type": "string", "minLength": 1}}}},
        });
        assert_eq!(said(&schema, &json!("none")), [""; 0]);
        assert_eq!(said(&schema, &json!({"ask": "x"})), [""; 0]);
        assert_eq!(said(&schema, &json!({"ask": " "})), ["ask: ask is empty (write a text there)"]);
        assert_eq!(
            said(&schema, &json!("nothing")),
            [": the file cannot be \"nothing\" (write none)"]
        );
    }
}
