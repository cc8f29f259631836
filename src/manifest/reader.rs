//! A file's text to documents: cut as kubectl cuts it, then each read into a JSON value.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::go_yaml::{self, CORE, Event, Fault, Mark, Rules, Style};
use super::positions::{field, item};
use super::scalar::{resolve, resolve_tagged};
use super::{Document, Positions, Repeated, stream};
use crate::diagnostic::{Diagnostic, Position};

/// The largest file that is read, in bytes: the API server takes no more in one request.
const MAX_BYTES: usize = 3 << 20;

/// How much one document may weigh once its aliases are expanded, in bytes; a field weighs
/// [`FIELD_WEIGHT`] and its text.
const MAX_WEIGHT: usize = 32 << 20;

/// The weight of a field, whatever it holds.
const FIELD_WEIGHT: usize = 128;

/// Reads a file of YAML documents or, if it begins with `{`, of JSON objects. What cannot be read is
/// told by the diagnostics, whose messages are those of kubectl's own parsers (`yaml: line 8: found
/// a tab character that violates indentation`, `json: offset 44: invalid character '"' after object
/// key:value pair`); the documents before it are returned all the same. Documents without content
/// are left out. The line in a message counts from the document's own start, as kubectl's does;
/// the diagnostic's position is the one in the file.
pub fn parse(file: &str, text: &str) -> (Vec<Document>, Vec<Diagnostic>) {
    let file: Arc<str> = file.into();
    if text.len() > MAX_BYTES {
        let message = format!("Request entity too large: limit is {MAX_BYTES}");
        return (Vec::new(), vec![Diagnostic::error(message).in_file(file)]);
    }
    if text.trim_start().starts_with('{') {
        return stream::parse(&file, text);
    }
    documents(&file, text, 0, Rules::Kubectl)
}

/// Reads a file of podhop's own, by the standard's rules: YAML documents, also where it begins with `{`.
pub fn parse_yaml(file: &str, text: &str) -> (Vec<Document>, Vec<Diagnostic>) {
    documents(&file.into(), text, 0, Rules::Standard)
}

/// The YAML documents of a text before which `lines_before` lines of its file stand.
pub(super) fn documents(
    file: &Arc<str>,
    text: &str,
    lines_before: u32,
    rules: Rules,
) -> (Vec<Document>, Vec<Diagnostic>) {
    let mut documents = Vec::new();
    let fault = |message: String, at: Position| {
        vec![Diagnostic::error(message).in_file(file.clone()).at(at)]
    };
    for chunk in chunks(text, lines_before) {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(odd) => {
                let message = format!("invalid Yaml document separator: {}", odd.text);
                return (documents, fault(message, odd.in_file(Position::new(1, 1))));
            }
        };
        match read(&chunk, rules) {
            Ok(Some(Node { value: Value::Null, .. })) | Ok(None) => {}
            Ok(Some(Node { value, positions, repeated, .. })) => {
                let file = file.clone();
                documents.push(Document { file, value, positions, repeated });
            }
            Err(found) => {
                let message = format!("yaml: {}", found.message);
                return (documents, fault(message, chunk.in_file(found.position)));
            }
        }
    }
    (documents, Vec::new())
}

/// Where everything stands in a JSON value that was read already; whatever YAML cannot read is
/// nowhere in particular.
pub(super) fn positions(text: &str, start: Position) -> (Positions, Vec<Repeated>) {
    let indented = format!("{:1$}{text}", "", start.column.saturating_sub(1) as usize);
    let chunk = Chunk { text: &indented, lines_before: start.line.saturating_sub(1) };
    match read(&chunk, Rules::Kubectl) {
        Ok(Some(node)) => (node.positions, node.repeated),
        _ => (Positions::leaf(start), Vec::new()),
    }
}

/// A part of a file between lines that begin with `---`.
struct Chunk<'a> {
    text: &'a str,
    /// How many lines of the file come before it.
    lines_before: u32,
}

impl Chunk<'_> {
    fn in_file(&self, place: Position) -> Position {
        Position::new(place.line + self.lines_before, place.column)
    }
}

/// The parts of a file, up to the first separator that is none: a line that begins with `---` and
/// goes on with something else than a comment. What such a line ends is lost with it. A separator
/// stays with what follows only where nothing came before it; that decides which line numbers
/// kubectl names.
fn chunks(text: &str, lines_before: u32) -> Vec<Result<Chunk<'_>, Chunk<'_>>> {
    let mut chunks = Vec::new();
    let (mut start, mut start_line) = (0, lines_before);
    let (mut offset, mut line) = (0, lines_before);
    for part in text.split_inclusive('\n') {
        if let Some(rest) = part.strip_prefix("---").map(str::trim) {
            if !rest.is_empty() && !rest.starts_with('#') {
                chunks.push(Err(Chunk { text: rest, lines_before: line }));
                return chunks;
            }
            if offset > start {
                chunks.push(Ok(Chunk { text: &text[start..offset], lines_before: start_line }));
                (start, start_line) = (offset + part.len(), line + 1);
            }
        }
        offset += part.len();
        line += 1;
    }
    chunks.push(Ok(Chunk { text: &text[start..], lines_before: start_line }));
    chunks
}

/// A node that was read, with everything below it.
#[derive(Clone)]
struct Node {
    value: Value,
    positions: Positions,
    /// See [`MAX_WEIGHT`].
    weight: usize,
    repeated: Vec<Repeated>,
}

fn read(chunk: &Chunk<'_>, rules: Rules) -> Result<Option<Node>, Fault> {
    check_characters(chunk.text)?;
    // kubectl reads line by line, and ends each by itself.
    let text = match chunk.text.ends_with('\n') {
        true => Cow::Borrowed(chunk.text),
        false => Cow::Owned(format!("{}\n", chunk.text)),
    };
    let events = go_yaml::events(&text, rules)?.into_iter();
    let mut reader = Reader { chunk, events, anchors: BTreeMap::new(), weight: 0 };
    match reader.events.next() {
        Some((event, mark)) => reader.node(event, mark, "").map(Some),
        None => Ok(None),
    }
}

/// YAML is printable text; a binary file is told apart here, before anything else.
fn check_characters(text: &str) -> Result<(), Fault> {
    let printable = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
    let Some(at) = text.find(|c| !printable(c)) else { return Ok(()) };
    let position = crate::diagnostic::Span::new(at, at).position(text);
    Err(Fault::plain("control characters are not allowed", position))
}

struct Reader<'a> {
    chunk: &'a Chunk<'a>,
    events: std::vec::IntoIter<(Event, Mark)>,
    anchors: BTreeMap<String, Node>,
    weight: usize,
}

impl Reader<'_> {
    fn node(&mut self, event: Event, mark: Mark, path: &str) -> Result<Node, Fault> {
        let (anchor, mut node) = match event {
            Event::Alias(name) => (None, self.alias(&name, mark)?),
            Event::Scalar { text, style, anchor, tag } => {
                let value = scalar(&text, style, tag.as_deref(), mark)?;
                let positions = Positions::leaf(self.position(mark));
                let weight = FIELD_WEIGHT + text.len();
                (anchor, Node { value, positions, weight, repeated: Vec::new() })
            }
            Event::SequenceStart { anchor } => (anchor, self.sequence(mark, path)?),
            Event::MappingStart { anchor } => (anchor, self.mapping(mark, path)?),
            Event::SequenceEnd | Event::MappingEnd => {
                unreachable!("a collection that ends has begun, and reads its own end")
            }
        };
        match anchor {
            None => self.weigh(if node.weight < FIELD_WEIGHT { 0 } else { FIELD_WEIGHT }, mark)?,
            Some(name) => {
                self.weigh(node.weight, mark)?;
                self.anchors.insert(name, node.clone());
            }
        }
        node.weight = node.weight.max(FIELD_WEIGHT);
        Ok(node)
    }

    /// Counts what was read or copied, so that a few lines of aliases cannot fill the memory.
    fn weigh(&mut self, weight: usize, mark: Mark) -> Result<(), Fault> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > MAX_WEIGHT {
            return Err(Fault::plain("document contains excessive aliasing", mark.position()));
        }
        Ok(())
    }

    fn alias(&mut self, name: &str, mark: Mark) -> Result<Node, Fault> {
        let Some(node) = self.anchors.get(name) else {
            let message = format!("anchor '{name}' value contains itself");
            return Err(Fault::plain(message, mark.position()));
        };
        let weight = node.weight;
        self.weigh(weight, mark)?;
        Ok(self.anchors[name].clone())
    }

    fn sequence(&mut self, start: Mark, path: &str) -> Result<Node, Fault> {
        let mut items = Vec::new();
        let mut parts = Parts::new(self.position(start));
        while let Some((event, mark)) = self.events.next() {
            if event == Event::SequenceEnd {
                break;
            }
            let index = items.len();
            let mut node = self.node(event, mark, &item(path, index))?;
            parts.take(&mut node);
            parts.positions.push(index, node.positions);
            items.push(node.value);
        }
        Ok(parts.into_node(Value::Array(items)))
    }

    fn mapping(&mut self, start: Mark, path: &str) -> Result<Node, Fault> {
        let mut fields = Map::new();
        let mut merged = Vec::new();
        let mut parts = Parts::new(self.position(start));
        while let Some((event, mark)) = self.events.next() {
            if event == Event::MappingEnd {
                break;
            }
            let at = self.position(mark);
            let merges = is_merge(&event);
            let key = self.key(event, mark)?;
            let Some((event, mark)) = self.events.next() else { break };
            let mut node = self.node(event, mark, &field(path, &key))?;
            parts.take(&mut node);
            if merges {
                merged.push(node);
                continue;
            }
            if let Some(first) = parts.positions.find(&field("", &key))
                && fields.contains_key(&key)
            {
                parts.repeated.push(Repeated { path: field(path, &key), first: first.key, at });
            }
            parts.positions.insert(&key, at, node.positions);
            fields.insert(key, node.value);
        }
        for node in merged {
            parts.positions.merge(&node.positions);
            if !merge(&mut fields, node.value) {
                let message = "map merge requires map or sequence of maps as the value";
                return Err(Fault::plain(message, start.position()));
            }
        }
        Ok(parts.into_node(Value::Object(fields)))
    }

    /// A key as JSON has it: text. Numbers and booleans become what they print as.
    fn key(&mut self, event: Event, mark: Mark) -> Result<String, Fault> {
        let fault = |message: String| Err(Fault::plain(message, mark.position()));
        match self.node(event, mark, "")?.value {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(value) => Ok(value.to_string()),
            Value::Null => fault("unsupported map key of type: %!s(<nil>)".to_owned()),
            other => fault(format!("invalid map key: {}", in_go(&other))),
        }
    }

    /// Where a node begins in the file.
    fn position(&self, mark: Mark) -> Position {
        self.chunk.in_file(mark.position())
    }
}

/// What a scalar stands for.
fn scalar(text: &str, style: Style, tag: Option<&str>, mark: Mark) -> Result<Value, Fault> {
    let told = match tag.map(|tag| tag.strip_prefix(CORE)) {
        Some(Some(tag)) => resolve_tagged(text, tag),
        None if style == Style::Plain => resolve(text),
        _ => Ok(Value::String(text.to_owned())),
    };
    told.map_err(|message| Fault::plain(message, mark.position()))
}

/// What a collection gathers from its children beside their values.
struct Parts {
    positions: Positions,
    weight: usize,
    repeated: Vec<Repeated>,
}

impl Parts {
    fn new(start: Position) -> Parts {
        Parts { positions: Positions::leaf(start), weight: FIELD_WEIGHT, repeated: Vec::new() }
    }

    fn take(&mut self, child: &mut Node) {
        self.weight += child.weight;
        self.repeated.append(&mut child.repeated);
    }

    fn into_node(self, value: Value) -> Node {
        let Parts { positions, weight, repeated } = self;
        Node { value, positions, weight, repeated }
    }
}

/// Whether a key is YAML 1.1's merge key.
fn is_merge(event: &Event) -> bool {
    matches!(event, Event::Scalar { text, style: Style::Plain, tag: None, .. } if text == "<<")
}

/// Takes over what is not there yet from a mapping, or from several; whether there was one.
fn merge(fields: &mut Map<String, Value>, merged: Value) -> bool {
    match merged {
        Value::Object(more) => {
            for (key, value) in more {
                fields.entry(key).or_insert(value);
            }
            true
        }
        Value::Array(items) => {
            items.into_iter().all(|item| item.is_object() && merge(fields, item))
        }
        _ => false,
    }
}

/// A value as Go's `%#v` shows it.
fn in_go(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(text) => format!("{text:?}"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(in_go).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            let field = |(key, value): (&String, &Value)| format!("{key:?}:{}", in_go(value));
            let fields: Vec<String> = fields.into_iter().map(field).collect();
            format!("map[interface {{}}]interface {{}}{{{}}}", fields.join(", "))
        }
        other => other.to_string(),
    }
}
