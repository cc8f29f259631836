//! A file's text to documents: cut as kubectl cuts it, then each read into a JSON value.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag, options};
use serde_json::{Map, Value};

use super::positions::{field, item};
use super::scalar::{resolve, resolve_tagged};
use super::syntax::{Fault, indent_quoted};
use super::{Document, Positions, Repeated, stream};
use crate::diagnostic::{Diagnostic, Position};

/// The largest file that is read, in bytes: the API server takes no more in one request.
const MAX_BYTES: usize = 3 << 20;

/// How deep collections may nest.
const MAX_DEPTH: usize = 100;

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
    documents(&file, text, 0)
}

/// Reads a file of YAML documents, as [`parse`] does, also where it begins with `{`.
pub fn parse_yaml(file: &str, text: &str) -> (Vec<Document>, Vec<Diagnostic>) {
    documents(&file.into(), text, 0)
}

/// The YAML documents of a text before which `lines_before` lines of its file stand.
pub(super) fn documents(
    file: &Arc<str>,
    text: &str,
    lines_before: u32,
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
        match read(&chunk) {
            Ok(Some(Node { value: Value::Null, .. })) | Ok(None) => {}
            Ok(Some(Node { value, positions, repeated, .. })) => {
                let file = file.clone();
                documents.push(Document { file, value, positions, repeated });
            }
            Err(found) => {
                let found = at_whole_lines(&chunk).unwrap_or(found);
                let message = format!("yaml: {}", found.message);
                return (documents, fault(message, chunk.in_file(found.position)));
            }
        }
    }
    (documents, Vec::new())
}

/// The fault of a text that doesn't end its last line, as Go's scanner tells it, which ends the line by
/// itself (`fetchStreamEnd`) and so counts one more.
fn at_whole_lines(chunk: &Chunk<'_>) -> Option<Fault> {
    if chunk.text.ends_with('\n') {
        return None;
    }
    let text = format!("{}\n", chunk.text);
    read(&Chunk { text: &text, lines_before: chunk.lines_before }).err()
}

/// Where everything stands in a JSON value that was read already; whatever YAML cannot read is
/// nowhere in particular.
pub(super) fn positions(text: &str, start: Position) -> (Positions, Vec<Repeated>) {
    let indented = format!("{:1$}{text}", "", start.column.saturating_sub(1) as usize);
    let chunk = Chunk { text: &indented, lines_before: start.line.saturating_sub(1) };
    match read(&chunk) {
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

/// How many badly indented quoted texts a document may have.
const MAX_REPAIRS: usize = 20;

fn read(chunk: &Chunk<'_>) -> Result<Option<Node>, Fault> {
    check_characters(chunk.text)?;
    let mut text = Cow::Borrowed(chunk.text);
    for _ in 0..MAX_REPAIRS {
        match read_as_is(&Chunk { text: &text, lines_before: chunk.lines_before }) {
            Err(Stop::Scan(error)) => match indent_quoted(&text, &error) {
                Some(repaired) => text = Cow::Owned(repaired?),
                None => return Err(Fault::from_scan(&error, &text)),
            },
            Err(Stop::Fault(fault)) => return Err(fault),
            Ok(node) => return Ok(node),
        }
    }
    Err(Fault::plain("too many badly indented quoted texts", Position::new(1, 1)))
}

/// Why reading stopped.
enum Stop {
    /// The text is no YAML.
    Scan(ScanError),
    /// It is, but says what cannot be said here.
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

fn read_as_is(chunk: &Chunk<'_>) -> Result<Option<Node>, Stop> {
    let options = options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let parser = Parser::new_from_str_with_options(chunk.text, options);
    let mut reader = Reader { chunk, parser, anchors: BTreeMap::new(), weight: 0 };
    while let Some((event, span)) = reader.next()? {
        match event {
            Event::StreamStart | Event::DocumentStart(..) => {}
            Event::StreamEnd | Event::DocumentEnd => break,
            event => {
                let node = reader.node(event, span, "")?;
                reader.finish()?;
                return Ok(Some(node));
            }
        }
    }
    Ok(None)
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
    parser: Parser<'a, StrInput<'a>>,
    anchors: BTreeMap<usize, Node>,
    weight: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Stop> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(error)) => Err(Stop::Scan(error)),
        }
    }

    /// Reads on to the document's end, where what follows a complete value is found out.
    fn finish(&mut self) -> Result<(), Stop> {
        while let Some((event, _)) = self.next()? {
            if matches!(event, Event::StreamEnd | Event::DocumentStart(true, _)) {
                break;
            }
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'a>, span: Span, path: &str) -> Result<Node, Stop> {
        let (anchor, mut node) = match event {
            Event::Alias(id) => (0, self.alias(id, &span)?),
            Event::Scalar(text, style, id, tag) => {
                let value = self.scalar(&text, style, tag.as_deref(), &span)?;
                let positions = Positions::leaf(self.position(&span));
                let weight = FIELD_WEIGHT + text.len();
                (id, Node { value, positions, weight, repeated: Vec::new() })
            }
            Event::SequenceStart(_, id, _) => (id, self.sequence(&span, path)?),
            Event::MappingStart(_, id, _) => (id, self.mapping(&span, path)?),
            _ => {
                let fault = Fault::scanned("did not find expected node content", local(&span));
                return Err(fault.into());
            }
        };
        if anchor == 0 {
            self.weigh(if node.weight < FIELD_WEIGHT { 0 } else { FIELD_WEIGHT }, &span)?;
        } else {
            self.weigh(node.weight, &span)?;
            self.anchors.insert(anchor, node.clone());
        }
        node.weight = node.weight.max(FIELD_WEIGHT);
        Ok(node)
    }

    /// Counts what was read or copied, so that a few lines of aliases cannot fill the memory.
    fn weigh(&mut self, weight: usize, span: &Span) -> Result<(), Fault> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > MAX_WEIGHT {
            return Err(Fault::plain("document contains excessive aliasing", local(span)));
        }
        Ok(())
    }

    fn alias(&mut self, id: usize, span: &Span) -> Result<Node, Fault> {
        let Some(node) = self.anchors.get(&id) else {
            let name = span.slice(self.chunk.text).unwrap_or("*").trim_start_matches('*');
            let message = format!("anchor '{name}' value contains itself");
            return Err(Fault::plain(message, local(span)));
        };
        let weight = node.weight;
        self.weigh(weight, span)?;
        Ok(self.anchors[&id].clone())
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: &Span,
    ) -> Result<Value, Fault> {
        if let Some(tag) = tag.and_then(Tag::core_suffix) {
            return resolve_tagged(text, tag).ok_or_else(|| {
                let message = format!("cannot decode !!str `{text}` as a !!{tag}");
                Fault::plain(message, local(span))
            });
        }
        if style != ScalarStyle::Plain || tag.is_some() {
            return Ok(Value::String(text.to_owned()));
        }
        resolve(text).map_err(|message| Fault::plain(message, local(span)))
    }

    fn sequence(&mut self, start: &Span, path: &str) -> Result<Node, Stop> {
        let mut items = Vec::new();
        let mut parts = Parts::new(self.position(start));
        while let Some((event, span)) = self.next()? {
            if event == Event::SequenceEnd {
                break;
            }
            self.refuse_tab(&span)?;
            let index = items.len();
            let mut node = self.node(event, span, &item(path, index))?;
            parts.take(&mut node);
            parts.positions.push(index, node.positions);
            items.push(node.value);
        }
        Ok(parts.into_node(Value::Array(items)))
    }

    /// Behind a dash, go-yaml takes no tab for a blank.
    fn refuse_tab(&self, item: &Span) -> Result<(), Fault> {
        let before = item.start.byte_offset().and_then(|at| self.chunk.text.get(..at));
        let Some(before) = before else { return Ok(()) };
        let blanks = before.len() - before.trim_end_matches([' ', '\t']).len();
        let (before, blanks) = before.split_at(before.len() - blanks);
        if before.ends_with('-') && blanks.contains('\t') {
            return Err(Fault::scanned("found character that cannot start any token", local(item)));
        }
        Ok(())
    }

    fn mapping(&mut self, start: &Span, path: &str) -> Result<Node, Stop> {
        let mut fields = Map::new();
        let mut merged = Vec::new();
        let mut parts = Parts::new(self.position(start));
        while let Some((event, span)) = self.next()? {
            if event == Event::MappingEnd {
                break;
            }
            let at = self.position(&span);
            let merges = is_merge(&event);
            let key = self.key(event, span)?;
            let Some((event, span)) = self.next()? else { break };
            let mut node = self.node(event, span, &field(path, &key))?;
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
                return Err(Fault::plain(message, local(start)).into());
            }
        }
        Ok(parts.into_node(Value::Object(fields)))
    }

    /// A key as JSON has it: text. Numbers and booleans become what they print as.
    fn key(&mut self, event: Event<'a>, span: Span) -> Result<String, Stop> {
        match self.node(event, span, "")?.value {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(value) => Ok(value.to_string()),
            Value::Null => {
                let message = "unsupported map key of type: %!s(<nil>)";
                Err(Fault::plain(message, local(&span)).into())
            }
            other => {
                let message = format!("invalid map key: {}", in_go(&other));
                Err(Fault::plain(message, local(&span)).into())
            }
        }
    }

    /// Where a node begins in the file.
    fn position(&self, span: &Span) -> Position {
        self.chunk.in_file(local(span))
    }
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
fn is_merge(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<")
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

/// Where a node begins in its document.
fn local(span: &Span) -> Position {
    Position::new(span.start.line() as u32, span.start.col() as u32 + 1)
}
