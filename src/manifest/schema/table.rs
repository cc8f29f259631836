//! The API's object types as `definitions.txt` has them: each is read when it is first asked for.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{Field, Schema, Struct, Type, go, idle, simple_name};

const TEXT: &str = include_str!("definitions.txt");

/// The table, with each type's lines found and none read yet.
struct Table {
    kinds: Vec<Entry>,
    /// By the definition's name.
    types: BTreeMap<&'static str, Definition>,
}

/// A kind: how manifests name it, and its schema.
struct Entry {
    api_version: &'static str,
    kind: &'static str,
    schema: Schema,
}

/// An object type: its lines in the text, and what they say once they have been read.
struct Definition {
    doc: &'static str,
    fields: &'static str,
    read: OnceLock<Struct>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut blocks = TEXT.split("\ntype\t");
        let kinds = blocks.next().unwrap_or("").lines().filter_map(kind).collect();
        Table { kinds, types: blocks.filter_map(definition).collect() }
    })
}

fn kind(line: &'static str) -> Option<Entry> {
    let mut cells = line.strip_prefix("kind\t")?.split('\t');
    let (api_version, kind) = (cells.next()?, cells.next()?);
    Some(Entry { api_version, kind, schema: Schema { root: cells.next()? } })
}

fn definition(block: &'static str) -> Option<(&'static str, Definition)> {
    let (head, fields) = block.split_once('\n').unwrap_or((block, ""));
    let (name, doc) = head.split_once('\t')?;
    Some((name, Definition { doc, fields, read: OnceLock::new() }))
}

/// The schema of a kind.
pub(super) fn schema(api_version: &str, kind: &str) -> Option<&'static Schema> {
    let entry = table().kinds.iter().find(|e| e.kind == kind && e.api_version == api_version)?;
    Some(&entry.schema)
}

/// An object type, by its definition's name.
pub(super) fn object(definition: &str) -> Option<&'static Struct> {
    let (name, found) = table().types.get_key_value(definition)?;
    Some(found.read.get_or_init(|| {
        let (known, name) = (go::Known::of(name), simple_name(name));
        let fields = found.fields.lines().filter_map(|line| field(name, known, line));
        Struct { name, doc: text(found.doc), fields: fields.map(|f| (f.name, f)).collect() }
    }))
}

/// Every object type, with its definition's name.
pub(super) fn objects() -> impl Iterator<Item = (&'static str, &'static Struct)> {
    table().types.keys().filter_map(|name| Some((*name, object(name)?)))
}

fn field(object: &'static str, known: go::Known, line: &'static str) -> Option<Field> {
    let mut cells = line.strip_prefix("field\t")?.split('\t');
    let name = cells.next()?;
    let facts = known.facts(name);
    Some(Field {
        name,
        required: cells.next()? == "required",
        holds: holds(cells.next()?),
        doc: text(cells.next()?),
        go_type: facts.go_type,
        choices: facts.choices,
        keeps_empty: facts.keeps_empty,
        idle: idle::idle(object, name),
        embedded: go::embedded(object, name),
    })
}

fn holds(word: &'static str) -> Type {
    if let Some(item) = word.strip_prefix("[]") {
        return Type::List(Box::new(holds(item)));
    }
    if let Some(value) = word.strip_prefix("map:") {
        return Type::Map(Box::new(holds(value)));
    }
    match word {
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "time" => Type::Time { micro: false },
        "microtime" => Type::Time { micro: true },
        "int32" => Type::Int32,
        "int64" => Type::Int64,
        "float" => Type::Float,
        "bool" => Type::Bool,
        "int-or-string" => Type::IntOrString,
        "quantity" => Type::Quantity,
        "any" => Type::Any,
        definition => Type::Struct(definition),
    }
}

/// A documentation cell as it reads: `\n`, `\t` and `\\` stand for what they name.
fn text(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                _ => '\\',
            }),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = TEXT.lines().filter(|line| line.starts_with("field\t")).count();
        assert_eq!(objects().map(|(_, object)| object.fields.len()).sum::<usize>(), lines);
        for field in objects().flat_map(|(_, object)| object.fields.values()) {
            let mut holds = &field.holds;
            while let Type::List(inner) | Type::Map(inner) = holds {
                holds = inner;
            }
            if let Type::Struct(name) = holds {
                assert!(object(name).is_some(), "{}: there is no type {name}", field.name);
            }
        }
    }

    /// The table is of the same API as the types that manifests are read into.
    #[test]
    fn the_table_is_of_the_version_that_is_built_in() {
        let lock = include_str!("../../../Cargo.lock");
        let version = lock.split("name = \"k8s-openapi\"\nversion = \"").nth(1);
        let version = version.and_then(|rest| rest.split(".0\"").next()).expect("a version");
        assert!(TEXT.contains(&format!("as k8s-openapi {version} has them")), "{version}");
    }
}
