//! Kinds without a description of their own: every field, with its name in words.

use serde_json::Value;

use super::Reader;
use super::page::Page;
use crate::api::Object;

impl Reader<'_, '_> {
    /// Name, labels, annotations and then whatever the object has.
    pub(super) fn generic(&mut self, object: &Object) -> String {
        let mut page = Page::default();
        page.names(object.metadata());
        page.labels_and_annotations(object.metadata());
        let info = object.kind().info();
        page.field("API Version", info.api_version());
        page.field("Kind", info.name);
        let value = object.to_value();
        page.line(0, "Metadata:");
        fields(&mut page, 1, &value["metadata"], &["name", "namespace", "labels", "annotations"]);
        fields(&mut page, 0, &value, &["apiVersion", "kind", "metadata"]);
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }
}

fn fields(page: &mut Page, level: usize, value: &Value, but: &[&str]) {
    for (key, value) in value.as_object().into_iter().flatten() {
        if but.contains(&key.as_str()) {
            continue;
        }
        let title = words(key);
        match value {
            Value::Object(_) => {
                page.line(level, format!("{title}:"));
                fields(page, level + 1, value, &[]);
            }
            Value::Array(items) => {
                page.line(level, format!("{title}:"));
                for item in items {
                    match item {
                        Value::Object(_) => fields(page, level + 1, item, &[]),
                        other => page.line(level + 1, super::super::jsonpath::text(other)),
                    }
                }
            }
            other => {
                page.line(level, format!("{title}:\t{}", super::super::jsonpath::text(other)));
            }
        }
    }
}

/// `creationTimestamp` as `Creation Timestamp`.
fn words(key: &str) -> String {
    let mut out = String::new();
    for (index, c) in key.chars().enumerate() {
        if index == 0 {
            out.extend(c.to_uppercase());
        } else {
            if c.is_uppercase() {
                out.push(' ');
            }
            out.push(c);
        }
    }
    out
}
