//! Manifests: YAML text to documents with positions, to JSON, and strictly on to typed objects.
//!
//! A manifest is read as kubectl and the API server read it: YAML 1.1's scalars (`yes`, `012`),
//! JSON in between, then a decoder that names every unknown, duplicate or mistyped field. Broken
//! text is normal input here: [`parse`] always returns what it could read beside what is wrong.
//!
//! This room knows Kubernetes' schema, but no API server: nothing is defaulted or validated here.

mod base64;
mod decode;
mod go_yaml;
pub mod json;
mod positions;
mod print;
pub mod quantity;
mod reader;
mod scalar;
pub mod schema;
mod stream;
pub mod values;

use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Position};

pub use base64::{broken_at as base64_fault, from_base64};
pub use decode::{Faults, Mistyped, Unknown, json_type, metadata_fault};
pub use positions::{FieldPosition, Positions, field, item, segments};
pub use print::{go_json, is_plain_text, to_json_pretty, to_yaml};
pub use reader::{parse, parse_yaml};
pub use schema::Schema;

/// One document of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The file's name.
    pub file: Arc<str>,
    /// What the document says, as JSON. Where a key stands twice, the last one counts.
    pub value: Value,
    /// Where everything stands.
    pub positions: Positions,
    /// Keys that stand twice. kubectl says nothing about them, which is why a good editor should.
    pub repeated: Vec<Repeated>,
}

/// A key that stands a second time in its mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// The field's path.
    pub path: String,
    /// Where the key stood before.
    pub first: Position,
    /// Where it stands again.
    pub at: Position,
}

impl Document {
    /// What is allowed in this document, and probably not what was meant.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let warn = |again: &Repeated| {
            Diagnostic::warning(format!("the field \"{}\" is given twice", again.path))
                .in_file(self.file.clone())
                .at(again.at)
                .help(format!("line {} says it first; only the last one counts", again.first.line))
        };
        self.repeated.iter().map(warn).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::recordings::{Recorded, golden, verdicts};

    #[test]
    fn syntax_errors_have_kubectls_words_and_line_numbers() {
        let mut wrong = Vec::new();
        let mut seen = 0;
        for Recorded { file, text, verdict } in verdicts("10-err-structure.txt") {
            let (_, diagnostics) = parse(&file, &text);
            let expected = verdict
                .lines()
                .find_map(|line| line.split_once("error converting YAML to JSON: "))
                .map(|(_, message)| message.to_owned());
            let told = diagnostics.first().map(|diagnostic| diagnostic.message.clone());
            seen += usize::from(expected.is_some());
            if told != expected {
                wrong.push(format!("{file}: {told:?} instead of {expected:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(seen > 15);
    }

    #[test]
    fn a_separator_parts_documents_and_lines_count_from_its_own_start() {
        let text = "# first\na: 1\n---\n---\n# nothing\n---\nb: 2\n--- # third\nc:\n\t- 3\n";
        let (documents, diagnostics) = parse("f.yaml", text);
        let values: Vec<_> = documents.iter().map(|document| document.value.clone()).collect();
        assert_eq!(values, [json!({"a": 1}), json!({"b": 2})]);
        assert_eq!(documents[1].positions.find("b").map(|at| at.key.line), Some(7));
        assert_eq!(
            diagnostics[0].message,
            "yaml: line 2: found character that cannot start any token"
        );
        assert_eq!(diagnostics[0].position.map(|at| at.line), Some(10));
    }

    #[test]
    fn a_line_that_begins_as_a_separator_and_goes_on_ends_everything() {
        let (documents, diagnostics) = parse("f.yaml", "a: 1\n---\nb: 2\n-----\nc: 3\n");
        let values: Vec<_> = documents.iter().map(|document| document.value.clone()).collect();
        assert_eq!(values, [json!({"a": 1})]);
        assert_eq!(diagnostics[0].message, "invalid Yaml document separator: --");
        assert_eq!(diagnostics[0].position.map(|at| at.line), Some(4));
    }

    #[test]
    fn a_tab_behind_a_dash_starts_nothing() {
        let told = |text: &str| {
            parse("f.yaml", text).1.first().map(|diagnostic| diagnostic.message.clone())
        };
        let text = "ports:\n-\ttargetPort: 80\n  port: 80\n";
        let fault = "yaml: line 2: found character that cannot start any token";
        assert_eq!(told(text).as_deref(), Some(fault));
        assert_eq!(told("ports:\n- port:\t80\t# x\n"), None);
    }

    #[test]
    fn templates_and_merge_keys_are_refused_in_go_yamls_words() {
        let told = |text: &str| {
            parse("f.yaml", text).1.first().map(|diagnostic| diagnostic.message.clone())
        };
        assert_eq!(
            told("name: {{ .Values.name }}\n").as_deref(),
            Some(
                "yaml: invalid map key: map[interface {}]interface {}{\".Values.name\":interface \
                 {}(nil)}"
            )
        );
        let wanted = "yaml: map merge requires map or sequence of maps as the value";
        assert_eq!(told("a:\n  <<: [a, b]\n  k: v\n").as_deref(), Some(wanted));
        assert_eq!(told("a:\n  <<: [{b: 1}]\n  k: v\n"), None);
    }

    // The real kubectl 1.36's words.
    #[test]
    fn a_tag_that_does_not_fit_is_told_with_what_the_word_is() {
        let told = |text: &str| parse("f.yaml", text).1.first().map(|d| d.message.clone());
        let wanted = [
            ("a: !!bool v1\n", "yaml: cannot decode !!str `v1` as a !!bool"),
            ("a: !!bool 7\n", "yaml: cannot decode !!int `7` as a !!bool"),
            ("a: !!int 7.5\n", "yaml: cannot decode !!float `7.5` as a !!int"),
            ("a: !!binary x\n", "yaml: !!binary value contains invalid base64 data"),
        ];
        for (text, wanted) in wanted {
            assert_eq!(told(text).as_deref(), Some(wanted));
        }
        let (documents, _) = parse("f.yaml", "a: !!binary aGk=\nb: !!float 7\n");
        assert_eq!(documents[0].value, json!({"a": "hi", "b": 7}));
    }

    #[test]
    fn only_what_is_indented_alike_belongs_to_the_first_document() {
        let (documents, diagnostics) = parse("f.yaml", " a: b\nc: d\n");
        assert!(diagnostics.is_empty());
        assert_eq!(documents[0].value, json!({"a": "b"}));
    }

    #[test]
    fn a_byte_order_mark_is_none_of_a_document_that_it_begins() {
        // As kubectl 1.36 reads it: only the mark before a document goes.
        let (documents, _) =
            parse("f.yaml", "\u{feff}a: b\nc: d\n---\n\u{feff}e: f\n\u{feff}g: h\n");
        let values: Vec<_> = documents.into_iter().map(|document| document.value).collect();
        assert_eq!(values, [json!({"a": "b", "c": "d"}), json!({"e": "f", "\u{feff}g": "h"})]);
    }

    #[test]
    fn a_key_that_stands_twice_counts_once_and_is_remembered() {
        let (documents, diagnostics) = parse("f.yaml", &golden("yaml/dupkey.yaml"));
        assert!(diagnostics.is_empty());
        assert_eq!(documents[0].value["spec"]["type"], "NodePort");
        let warnings: Vec<String> =
            documents[0].warnings().iter().map(ToString::to_string).collect();
        assert_eq!(
            warnings,
            [
                "f.yaml:7:3: the field \"spec.type\" is given twice (line 6 says it first; only the last one counts)"
            ]
        );
    }

    #[test]
    fn aliases_and_merge_keys_are_expanded() {
        let text = "base: &b {x: 1, z: 2}\nmore:\n  <<: *b\n  z: 3\nsame: *b\n";
        let (documents, _) = parse("f.yaml", text);
        let expected =
            json!({"base": {"x": 1, "z": 2}, "more": {"x": 1, "z": 3}, "same": {"x": 1, "z": 2}});
        assert_eq!(documents[0].value, expected);
    }

    #[test]
    fn bombs_are_told_instead_of_blowing_up() {
        let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
        for i in 1..20 {
            let before = format!("*a{}, ", i - 1).repeat(10);
            laughs += &format!("a{i}: &a{i} [{before}]\n");
        }
        let told = |text: &str| parse("f.yaml", text).1.first().map(|d| d.message.clone());
        assert_eq!(told(&laughs).as_deref(), Some("yaml: document contains excessive aliasing"));
        assert!(told(&"[".repeat(100_000)).is_some_and(|m| m.contains("more than 100 deep")));
        assert!(told(&"- ".repeat(100_000)).is_some_and(|m| m.contains("more than 100 deep")));
        assert!(told("a: \u{1}").is_some_and(|m| m == "yaml: control characters are not allowed"));
        assert!(told(&"a".repeat(10 << 20)).is_some());
        assert!(told("a: &a [*a]").is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}|[-:?{}\\[\\]&*!|>'\"%@# \\n\\tab0-9]{0,60}") {
            let _ = parse("f.yaml", &text);
        }

        #[test]
        fn what_is_printed_reads_back_as_itself(value in any_value()) {
            let text = to_yaml(&value);
            let (documents, diagnostics) = parse("f.yaml", &text);
            prop_assert!(diagnostics.is_empty(), "{diagnostics:?}\n{text}");
            let read = documents.into_iter().next().map_or(Value::Null, |document| document.value);
            prop_assert_eq!(read, value, "{}", text);
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let words = "[-:?{}\\[\\]&*!|>'\"%@# \\n\\tab0-9.~ü\u{85}=<]{0,12}|yes|no|null|012|1e3|-1|2001-01-01";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            words.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(words, inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }
}
