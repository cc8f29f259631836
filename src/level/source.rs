//! The objects in the player's files: each with its document, and with its place in it, since a
//! `List` holds several.

use serde_json::Value;

use crate::api::Kind;
use crate::cluster::ObjectName;
use crate::diagnostic::Position;
use crate::manifest::Document;

/// The namespace that kubectl sends an object to whose manifest names none.
pub(super) const USUAL_NAMESPACE: &str = "default";

/// An object as a file describes it.
#[derive(Clone, Debug)]
pub(super) struct Source<'a> {
    /// The document that it stands in.
    pub document: &'a Document,
    /// Where in the document: empty, or `items[0]`.
    pub prefix: String,
    /// What it says.
    pub value: &'a Value,
}

/// Every object that documents describe.
pub(super) fn sources(documents: &[Document]) -> Vec<Source<'_>> {
    let mut found = Vec::new();
    for document in documents {
        collect(document, String::new(), &document.value, &mut found);
    }
    found
}

fn collect<'a>(
    document: &'a Document,
    prefix: String,
    value: &'a Value,
    found: &mut Vec<Source<'a>>,
) {
    let items = value.get("items").and_then(Value::as_array);
    match items.filter(|_| value["kind"] == "List") {
        Some(items) => {
            for (index, item) in items.iter().enumerate() {
                let list = crate::manifest::field(&prefix, "items");
                collect(document, crate::manifest::item(&list, index), item, found);
            }
        }
        None => found.push(Source { document, prefix, value }),
    }
}

impl<'a> Source<'a> {
    /// The text at a JSON pointer.
    pub fn text(&self, pointer: &str) -> Option<&'a str> {
        self.value.pointer(pointer).and_then(Value::as_str)
    }

    /// Its kind, if the API has it.
    pub fn kind(&self) -> Option<Kind> {
        Kind::from_manifest(self.text("/apiVersion")?, self.text("/kind")?)
    }

    /// Its name; empty when it has none.
    pub fn name(&self) -> &'a str {
        self.text("/metadata/name").unwrap_or("")
    }

    /// The namespace that kubectl sends it to; empty for kinds without one.
    pub fn namespace(&self) -> &'a str {
        match self.kind().is_some_and(|kind| !kind.info().namespaced) {
            true => "",
            false => self.text("/metadata/namespace").unwrap_or(USUAL_NAMESPACE),
        }
    }

    /// What it is about, if the API has its kind.
    pub fn object_name(&self) -> Option<ObjectName> {
        let (namespace, name) = (self.namespace().to_owned(), self.name().to_owned());
        Some(ObjectName { kind: self.kind()?, namespace, name })
    }

    /// Whether it describes an object of this kind, whatever the version it gives.
    pub fn describes(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.text("/kind") == Some(kind)
            && self.name() == name
            && (self.namespace() == namespace || namespace.is_empty())
    }

    /// What stands at a field, as the API server names it.
    pub fn value_at(&self, path: &str) -> Option<&'a Value> {
        self.value.pointer(&pointer(path))
    }

    /// Whether a field with this path is written.
    pub fn says(&self, path: &str) -> bool {
        self.document.positions.find(&self.path(path)).is_some()
    }

    /// The line of a field as the API server names it, or of what stands nearest to it.
    pub fn position(&self, path: &str) -> Option<Position> {
        self.document.positions.nearest(&self.path(path)).map(|field| field.key)
    }

    /// The path in the document. Most people write `clusterIP`, where the server speaks of `clusterIPs`.
    fn path(&self, path: &str) -> String {
        let written = match path {
            "spec.clusterIPs" | "spec.clusterIPs[0]"
                if self.value.pointer("/spec/clusterIPs").is_none() =>
            {
                "spec.clusterIP"
            }
            "spec.LoadBalancerSourceRanges" => "spec.loadBalancerSourceRanges",
            other => other,
        };
        match (self.prefix.is_empty(), written.is_empty()) {
            (true, _) => written.to_owned(),
            (_, true) => self.prefix.clone(),
            _ => format!("{}.{written}", self.prefix),
        }
    }
}

/// A field's path, as the API server names it, as a JSON pointer: `spec.ports[0]` is `/spec/ports/0`.
pub(super) fn pointer(path: &str) -> String {
    format!("/{}", path.replace(['.', '['], "/").replace(']', ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::parse;

    #[test]
    fn a_list_holds_objects_with_lines_of_their_own() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: b\n    namespace: shop\n";
        let (documents, _) = parse("l.yaml", text);
        let found = sources(&documents);
        assert_eq!(found.len(), 2);
        assert!(found[0].describes("Service", "default", "a"));
        assert!(found[1].describes("Service", "shop", "b"));
        assert_eq!(found[1].position("metadata.namespace").map(|at| at.line), Some(11));
    }
}
