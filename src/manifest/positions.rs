//! Where each field of a document stands, found by the paths that the API server writes.

use std::collections::BTreeMap;

use crate::diagnostic::Position;

/// Where each field of a document stands in its file: a tree as deep as the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Positions {
    at: Option<FieldPosition>,
    fields: BTreeMap<String, Positions>,
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
    /// A leaf whose value begins at `value`; until somebody files it under a key, so does its key.
    pub(super) fn leaf(value: Position) -> Positions {
        let at = Some(FieldPosition { key: value, value });
        Positions { at, fields: BTreeMap::new() }
    }

    /// Files `child` under `name`, whose key stands at `key`. A later one takes an earlier one's
    /// place, as its value does.
    pub(super) fn insert(&mut self, name: &str, key: Position, mut child: Positions) {
        if let Some(at) = &mut child.at {
            at.key = key;
        }
        self.fields.insert(name.to_owned(), child);
    }

    /// Files the item with this index, which stands where its value does.
    pub(super) fn push(&mut self, index: usize, child: Positions) {
        self.fields.insert(index.to_string(), child);
    }

    /// Takes over the fields of `merged` that are not here yet (YAML's `<<`).
    pub(super) fn merge(&mut self, merged: &Positions) {
        for (name, child) in &merged.fields {
            self.fields.entry(name.clone()).or_insert_with(|| child.clone());
        }
    }

    /// Where the field with this path stands; paths are written as the API server writes them
    /// (`spec.ports[0].port`; keys with dots in brackets: `metadata.labels[app.kubernetes.io/name]`).
    /// The document itself is the empty path.
    pub fn find(&self, path: &str) -> Option<FieldPosition> {
        segments(path).try_fold(self, |node, name| node.fields.get(name))?.at
    }

    /// As [`Positions::find`], or else its nearest ancestor that does stand in the file: where a
    /// missing field's absence is best shown.
    pub fn nearest(&self, path: &str) -> Option<FieldPosition> {
        let mut node = self;
        let mut at = self.at;
        for name in segments(path) {
            let Some(child) = node.fields.get(name) else { break };
            node = child;
            at = child.at.or(at);
        }
        at
    }

    /// The path of the field whose key or value stands at `place` or last before it: what an
    /// editor's cursor is in. The empty path before the first field.
    pub fn path_at(&self, place: Position) -> String {
        let mut best = (Position::new(0, 0), String::new());
        self.last_before(place, "", &mut best);
        best.1
    }

    fn last_before(&self, place: Position, path: &str, best: &mut (Position, String)) {
        for (name, child) in &self.fields {
            let is_item = self.fields.contains_key("0") && name.parse::<usize>().is_ok();
            let path = if is_item { item(path, name) } else { field(path, name) };
            // Deeper wins among equals: an item and its first field begin at one place.
            if let Some(at) = child.at
                && at.key <= place
                && at.key >= best.0
            {
                *best = (at.key, path.clone());
            }
            child.last_before(place, &path, best);
        }
    }
}

/// `parent.name`, or `parent[na.me]` for a name that a dot would split.
pub fn field(parent: &str, name: &str) -> String {
    if name.is_empty() || name.contains(['.', '[', ']']) {
        format!("{parent}[{name}]")
    } else if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}.{name}")
    }
}

/// `parent[index]`
pub fn item(parent: &str, index: impl std::fmt::Display) -> String {
    format!("{parent}[{index}]")
}

/// The names along a path, outermost first. Brackets and dots both part them, since the server
/// writes some keys of maps in brackets (`limits[cpu]`) and others with a dot.
pub fn segments(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            return None;
        }
        let (name, after) = match rest.strip_prefix('[') {
            Some(inside) => bracketed(inside),
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        rest = after;
        Some(name)
    })
}

/// The text up to the bracket that closes, and what follows: a key may hold brackets of its own.
fn bracketed(inside: &str) -> (&str, &str) {
    let mut depth = 0_u32;
    let closes = |(_, c): &(usize, char)| match c {
        '[' => {
            depth += 1;
            false
        }
        ']' if depth > 0 => {
            depth -= 1;
            false
        }
        c => *c == ']',
    };
    match inside.char_indices().find(closes) {
        Some((at, _)) => (&inside[..at], &inside[at + 1..]),
        None => inside.split_once(']').unwrap_or((inside, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Positions {
        let text = "metadata:\n  labels:\n    app.kubernetes.io/name: web\nspec:\n  ports:\n  - port: 80\n    name: a\n";
        crate::manifest::parse("f.yaml", text).0.remove(0).positions
    }

    #[test]
    fn paths_part_at_dots_and_brackets() {
        let path = "metadata.labels[app.kubernetes.io/name].a[0].b";
        let names: Vec<&str> = segments(path).collect();
        assert_eq!(names, ["metadata", "labels", "app.kubernetes.io/name", "a", "0", "b"]);
        let names: Vec<&str> = segments("spare[web.yaml][command: [sleep, 1]].a").collect();
        assert_eq!(names, ["spare", "web.yaml", "command: [sleep, 1]", "a"]);
        assert_eq!(segments("a[b[c]").collect::<Vec<_>>(), ["a", "b[c"]);
    }

    #[test]
    fn fields_are_found_with_either_spelling() {
        let positions = tree();
        let key = |path: &str| positions.find(path).map(|at| at.key);
        assert_eq!(key("metadata.labels[app.kubernetes.io/name]"), Some(Position::new(3, 5)));
        assert_eq!(key("metadata[labels]"), Some(Position::new(2, 3)));
        assert_eq!(key("spec.ports[0].name"), Some(Position::new(7, 5)));
        assert_eq!(key("spec.ports[1]"), None);
        let port = positions.find("spec.ports[0].port").map(|at| at.value);
        assert_eq!(port, Some(Position::new(6, 11)));
    }

    #[test]
    fn a_missing_field_is_shown_at_its_nearest_ancestor() {
        let positions = tree();
        let at = positions.nearest("spec.ports[0].targetPort").map(|at| at.key);
        assert_eq!(at, Some(Position::new(6, 5)));
        assert_eq!(positions.nearest("status.x").map(|at| at.key), Some(Position::new(1, 1)));
    }

    #[test]
    fn a_cursor_is_in_the_last_field_before_it() {
        let positions = tree();
        assert_eq!(positions.path_at(Position::new(6, 12)), "spec.ports[0].port");
        assert_eq!(positions.path_at(Position::new(7, 5)), "spec.ports[0].name");
        assert_eq!(positions.path_at(Position::new(4, 2)), "spec");
    }
}
