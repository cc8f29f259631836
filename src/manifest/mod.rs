//! Manifests: YAML text to documents with positions, to JSON, and strictly on to typed objects.
//!
//! A manifest is read as kubectl and the API server read it: YAML 1.1's scalars (`yes`, `012`),
//! JSON in between, then a decoder that names every unknown, duplicate or mistyped field. Broken
//! text is normal input here: [`parse`] always returns what it could read beside what is wrong.
//!
//! This room knows Kubernetes' schema, but no API server: nothing is defaulted or validated here.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Position};

/// One document of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The file's name.
    pub file: Arc<str>,
    /// What the document says, as JSON. Where a key stands twice, the last one counts.
    pub value: Value,
    /// Where everything stands.
    pub positions: Positions,
}

/// Where each field of a document stands in its file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Positions {
    fields: BTreeMap<String, FieldPosition>,
}

/// Where a field's key and value begin. For a list's item both are the item's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldPosition {
    /// Where the key stands.
    pub key: Position,
    /// Where the value stands.
    pub value: Position,
}

impl Positions {
    /// Where the field with this path stands; paths are written as the API server writes them
    /// (`spec.ports[0].port`; keys with dots in brackets: `metadata.labels[app.kubernetes.io/name]`).
    /// The document itself is the empty path.
    pub fn find(&self, path: &str) -> Option<FieldPosition> {
        self.fields.get(path).copied()
    }

    /// As [`Positions::find`], or else its nearest ancestor that does stand in the file: where a
    /// missing field's absence is best shown.
    pub fn nearest(&self, path: &str) -> Option<FieldPosition> {
        let _ = path;
        todo!()
    }
}

/// Reads a file of YAML or JSON documents. What cannot be read is told by the diagnostics, whose
/// messages are those of kubectl's own parser (`yaml: line 8: found a tab character that violates
/// indentation`); the documents before it are returned all the same.
pub fn parse(file: &str, text: &str) -> (Vec<Document>, Vec<Diagnostic>) {
    let _ = (file, text);
    todo!()
}

/// `value` as kubectl's `-o yaml` prints it: keys sorted, lists not indented below their key.
pub fn to_yaml(value: &Value) -> String {
    let _ = value;
    todo!()
}
