//! Files that begin with `{`: one JSON object after another, as kubectl reads them.

use std::sync::Arc;

use serde_json::Value;

use super::go_yaml::Rules;
use super::{Document, json, reader};
use crate::diagnostic::{Diagnostic, Position, Span};

/// Reads every object. From where that fails, the rest is YAML if that does not fail as soon.
pub(super) fn parse(file: &Arc<str>, text: &str) -> (Vec<Document>, Vec<Diagnostic>) {
    let mut documents = Vec::new();
    let mut read = 0;
    while let Some(start) = next(text, read) {
        let place = Span::new(start, start).position(text);
        match json::first(text.as_bytes(), start) {
            Ok((value, end)) => {
                if value != Value::Null {
                    documents.push(document(file, &text[start..end], place, value));
                }
                read = end;
            }
            Err(fault) => {
                let lines_before = place.line.saturating_sub(1);
                let (more, found) =
                    reader::documents(file, &text[start..], lines_before, Rules::Kubectl);
                let found = if more.is_empty() { vec![told(file, text, &fault)] } else { found };
                documents.extend(more);
                return (documents, found);
            }
        }
    }
    (documents, Vec::new())
}

/// Where the next value begins.
fn next(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.find(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).map(|blanks| from + blanks)
}

fn document(file: &Arc<str>, text: &str, start: Position, value: Value) -> Document {
    let (positions, repeated) = reader::positions(text, start);
    Document { file: file.clone(), value, positions, repeated }
}

fn told(file: &Arc<str>, text: &str, fault: &json::Fault) -> Diagnostic {
    // What ends too early is told by Go's stream, not by its parser.
    let message = if fault.message == "unexpected end of JSON input" {
        "unexpected EOF".to_owned()
    } else {
        format!("json: offset {}: {}", fault.offset, fault.message)
    };
    let at = fault.offset.saturating_sub(1);
    Diagnostic::error(message).in_file(file.clone()).at(Span::new(at, at).position(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse;
    use super::*;

    fn read(text: &str) -> (Vec<Value>, Vec<String>) {
        let (documents, diagnostics) = parse("f.json", text);
        let messages = diagnostics.into_iter().map(|diagnostic| diagnostic.message);
        (documents.into_iter().map(|document| document.value).collect(), messages.collect())
    }

    #[test]
    fn objects_follow_each_other() {
        let (values, faults) = read("{\"a\": 1}\n{\"b\": 2} {\"c\": 3}\n");
        assert_eq!(values, [json!({"a": 1}), json!({"b": 2}), json!({"c": 3})]);
        assert!(faults.is_empty());
    }

    // Recording 10: json.json.
    #[test]
    fn what_is_no_json_may_be_yaml() {
        let (values, faults) = read("{\"a\": [{b: 1,}]}\n");
        assert_eq!(values, [json!({"a": [{"b": 1}]})]);
        assert!(faults.is_empty());
    }

    #[test]
    fn yaml_may_follow_behind_a_separator() {
        let (values, faults) = read("{\"a\": 1}\n---\nb: 2\n");
        assert_eq!(values, [json!({"a": 1}), json!({"b": 2})]);
        assert!(faults.is_empty());
    }

    #[test]
    fn faults_tell_the_offset_in_gos_words() {
        let bad = "{\"apiVersion\": \"v1\",\n \"kind\": \"ConfigMap\"\n \"metadata\": {}}\n";
        assert_eq!(
            read(bad).1,
            ["json: offset 44: invalid character '\"' after object key:value pair"]
        );
        assert_eq!(read("{\"a\": ").1, ["unexpected EOF"]);
        assert_eq!(
            read("{{ .Values.all }}").1,
            ["json: offset 2: invalid character '{' looking for beginning of object key string"]
        );
    }

    #[test]
    fn fields_of_json_have_their_places() {
        let (documents, _) = parse("f.json", "{\"a\": 1}\n  {\"b\":\n {\"c\": 2}}\n");
        let place = |path: &str| documents[1].positions.find(path).map(|at| at.key);
        assert_eq!(place("b"), Some(Position::new(2, 4)));
        assert_eq!(place("b.c"), Some(Position::new(3, 3)));
    }
}
