//! Values in the server's own types: what stands behind `Invalid value:` when a whole struct is shown.
//!
//! The server's own types have other names than the API's (`HTTPGet` for `httpGet`), an order of
//! their own, and no field is ever left out. Both are facts about Kubernetes' source
//! (`pkg/apis/*/types.go`), kept as tables. Types that the API's and the server's own share (label
//! selectors, owners) have the API's names and leave out what is empty: those are [`Holds::Api`].

use serde::Serialize;
use serde_json::{Value, json};

use super::report::Shown;
use crate::manifest::go_json;

/// A struct's fields: the server's name, the API's name, and what the field holds.
pub(super) type Shape = &'static [(&'static str, &'static str, Holds)];

/// What a field holds, and so what it is when nothing is given.
pub(super) enum Holds {
    /// Text; empty.
    Text,
    /// A number; zero.
    Number,
    /// A flag; false.
    Flag,
    /// Something plain that may be missing: a pointer, a map, a list of texts.
    Any,
    /// A struct that is always there.
    Struct(Shape),
    /// A struct that may be missing.
    Pointer(Shape),
    /// A list of structs.
    List(Shape),
    /// A struct that the API's types and the server's own share; it may be missing.
    Api(Shape),
    /// A list of such structs.
    ApiList(Shape),
}

use Holds::{Any, Api, ApiList, Flag, List, Number, Pointer, Struct, Text};

/// A label selector.
pub(super) const SELECTOR: Shape = &[
    ("matchLabels", "matchLabels", Any),
    (
        "matchExpressions",
        "matchExpressions",
        ApiList(&[("key", "key", Text), ("operator", "operator", Text), ("values", "values", Any)]),
    ),
];

/// An owner of an object.
pub(super) const OWNER: Shape = &[
    ("apiVersion", "apiVersion", Text),
    ("kind", "kind", Text),
    ("name", "name", Text),
    ("uid", "uid", Text),
    ("controller", "controller", Any),
    ("blockOwnerDeletion", "blockOwnerDeletion", Any),
];

/// A value of the API, shown as one of the server's own type on one line.
pub(super) struct Own<T>(pub Holds, pub T);

impl<T: Serialize> Shown for Own<T> {
    fn shown(&self) -> String {
        let value = serde_json::to_value(&self.1).unwrap_or(Value::Null);
        let mut out = Writer::compact();
        out.field(&self.0, &value, 0);
        out.text
    }
}

/// Writes values, on one line or a line a value.
pub(super) struct Writer {
    /// What was written.
    pub text: String,
    indented: bool,
}

impl Writer {
    /// Everything on one line.
    pub fn compact() -> Writer {
        Writer { text: String::new(), indented: false }
    }

    /// A line a value, indented by one space a level.
    pub fn indented() -> Writer {
        Writer { text: String::new(), indented: true }
    }

    fn line(&mut self, level: usize) {
        if self.indented {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n(' ', level));
        }
    }

    fn name(&mut self, name: &str) {
        self.text.push_str(&go_json(&json!(name)));
        self.text.push_str(if self.indented { ": " } else { ":" });
    }

    /// A struct with all its fields.
    pub fn object(&mut self, shape: Shape, value: &Value, level: usize) {
        self.text.push('{');
        for (index, (name, field, holds)) in shape.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.line(level + 1);
            self.name(name);
            self.field(holds, &value[field], level + 1);
        }
        self.line(level);
        self.text.push('}');
    }

    fn field(&mut self, holds: &Holds, value: &Value, level: usize) {
        match (holds, value) {
            (Text, Value::Null) => self.text.push_str("\"\""),
            (Number, Value::Null) => self.text.push('0'),
            (Flag, Value::Null) => self.text.push_str("false"),
            (Struct(shape) | Pointer(shape), Value::Object(_)) | (Struct(shape), Value::Null) => {
                self.object(shape, value, level);
            }
            (List(shape), Value::Array(items)) if !items.is_empty() => {
                self.list(items, level, |out, item, level| out.object(shape, item, level));
            }
            // What was not given.
            (List(_), Value::Array(_)) => self.text.push_str("null"),
            (Api(shape), Value::Object(_)) => self.api(shape, value, level),
            (ApiList(shape), Value::Array(items)) if !items.is_empty() => {
                self.list(items, level, |out, item, level| out.api(shape, item, level));
            }
            _ => self.plain(value, level),
        }
    }

    /// A struct without its empty fields; the names of what is required are always there.
    fn api(&mut self, shape: Shape, value: &Value, level: usize) {
        self.text.push('{');
        let mut first = true;
        for (name, field, holds) in shape {
            let held = &value[field];
            let empty = match held {
                Value::Null => !matches!(holds, Text),
                Value::Array(items) => items.is_empty(),
                Value::Object(fields) => fields.is_empty(),
                _ => false,
            };
            if empty {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.text.push(',');
            }
            self.line(level + 1);
            self.name(name);
            self.field(holds, held, level + 1);
        }
        if !first {
            self.line(level);
        }
        self.text.push('}');
    }

    fn list(
        &mut self,
        items: &[Value],
        level: usize,
        mut each: impl FnMut(&mut Self, &Value, usize),
    ) {
        self.text.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.line(level + 1);
            each(self, item, level + 1);
        }
        self.line(level);
        self.text.push(']');
    }

    fn plain(&mut self, value: &Value, level: usize) {
        match value {
            Value::Array(items) if !items.is_empty() => {
                self.list(items, level, Self::plain);
            }
            Value::Object(fields) if !fields.is_empty() => {
                self.text.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.line(level + 1);
                    self.name(name);
                    self.plain(value, level + 1);
                }
                self.line(level);
                self.text.push('}');
            }
            other => self.text.push_str(&go_json(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recording 15: a selector has the API's own names, in the order of its type.
    #[test]
    fn a_selector_is_shown_in_the_order_of_its_type() {
        let selector = json!({
            "matchExpressions": [{"operator": "Exists", "key": "tier"}],
            "matchLabels": {"app": "web"},
        });
        assert_eq!(
            Own(Api(SELECTOR), selector).shown(),
            r#"{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"tier","operator":"Exists"}]}"#
        );
        assert_eq!(Own(Api(SELECTOR), json!({})).shown(), "{}");
        assert_eq!(Own(Api(SELECTOR), Value::Null).shown(), "null");
    }
}
