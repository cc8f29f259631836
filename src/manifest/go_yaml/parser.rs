//! Tokens to events (parserc.go).

use std::collections::BTreeSet;

use super::Fault;
use super::scanner::Scanner;
use super::token::{Kind, Mark, Rules, Style, Token};

/// What stands in a document, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Event {
    /// What was given this name before.
    Alias(String),
    Scalar {
        text: String,
        style: Style,
        anchor: Option<String>,
        tag: Option<String>,
    },
    SequenceStart {
        anchor: Option<String>,
    },
    SequenceEnd,
    MappingStart {
        anchor: Option<String>,
    },
    MappingEnd,
}

/// The events of a text's first document, with their places; none when it is empty. A fault in the
/// first token behind the document is noticed too.
pub(in super::super) fn events(text: &str, rules: Rules) -> Result<Vec<(Event, Mark)>, Fault> {
    let mut parser = Parser {
        scanner: Scanner::new(text, rules),
        state: State::BlockNode,
        states: Vec::new(),
        tags: Vec::new(),
        anchors: BTreeSet::new(),
        events: Vec::new(),
    };
    parser.document()?;
    Ok(parser.events)
}

/// What is to be read next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    BlockNode,
    DocumentContent,
    DocumentEnd,
    BlockSequence,
    IndentlessSequence,
    BlockKey,
    BlockValue,
    FlowSequence { first: bool },
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowKey { first: bool },
    FlowValue { empty: bool },
}

/// Which nodes may stand where one is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Block,
    /// In a block, where a list needs no indentation of its own.
    Indentless,
    Flow,
}

struct Parser {
    scanner: Scanner,
    state: State,
    /// What is to be read when what is being read has ended.
    states: Vec<State>,
    /// The tag directives: handles and what they stand for.
    tags: Vec<(String, String)>,
    anchors: BTreeSet<String>,
    events: Vec<(Event, Mark)>,
}

impl Parser {
    fn peek(&mut self) -> Result<Token, Fault> {
        self.scanner.peek().cloned()
    }

    /// Takes a token and looks at the one behind it.
    fn after_skip(&mut self) -> Result<Token, Fault> {
        self.scanner.skip();
        self.peek()
    }

    fn emit(&mut self, event: Event, mark: Mark) {
        self.events.push((event, mark));
    }

    fn emit_empty(&mut self, mark: Mark) {
        let text = String::new();
        self.emit(Event::Scalar { text, style: Style::Plain, anchor: None, tag: None }, mark);
    }

    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::DocumentEnd);
    }

    fn document(&mut self) -> Result<(), Fault> {
        self.states.push(State::DocumentEnd);
        let token = self.peek()?;
        match token.kind {
            Kind::StreamEnd => return Ok(()),
            Kind::VersionDirective(..) | Kind::TagDirective(..) | Kind::DocumentStart => {
                let token = self.directives()?;
                if token.kind != Kind::DocumentStart {
                    let message = "did not find expected <document start>";
                    return Err(Fault::parsed(message, token.start));
                }
                self.scanner.skip();
                self.state = State::DocumentContent;
            }
            _ => {}
        }
        while self.state != State::DocumentEnd {
            self.step()?;
        }
        self.peek()?;
        Ok(())
    }

    /// Reads the directives before a document; the token behind them.
    fn directives(&mut self) -> Result<Token, Fault> {
        let mut versions = 0;
        let mut token = self.peek()?;
        loop {
            match token.kind {
                Kind::VersionDirective(..) if versions > 0 => {
                    return Err(Fault::parsed("found duplicate %YAML directive", token.start));
                }
                Kind::VersionDirective(major, minor) if (major, minor) != (1, 1) => {
                    return Err(Fault::parsed("found incompatible YAML document", token.start));
                }
                Kind::VersionDirective(..) => versions += 1,
                Kind::TagDirective(handle, prefix) => {
                    if self.tags.iter().any(|(known, _)| *known == handle) {
                        return Err(Fault::parsed("found duplicate %TAG directive", token.start));
                    }
                    self.tags.push((handle, prefix));
                }
                _ => return Ok(token),
            }
            token = self.after_skip()?;
        }
    }

    fn step(&mut self) -> Result<(), Fault> {
        match self.state {
            State::BlockNode => self.node(Place::Block),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => Ok(()),
            State::BlockSequence => self.block_sequence(),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockKey => self.block_key(),
            State::BlockValue => self.block_value(),
            State::FlowSequence { first } => self.flow_sequence(first),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => {
                let mark = self.peek()?.start;
                self.state = State::FlowSequence { first: false };
                self.emit(Event::MappingEnd, mark);
                Ok(())
            }
            State::FlowKey { first } => self.flow_key(first),
            State::FlowValue { empty } => self.flow_value(empty),
        }
    }

    fn document_content(&mut self) -> Result<(), Fault> {
        let token = self.peek()?;
        match token.kind {
            Kind::VersionDirective(..)
            | Kind::TagDirective(..)
            | Kind::DocumentStart
            | Kind::DocumentEnd
            | Kind::StreamEnd => {
                self.pop();
                self.emit_empty(token.start);
                Ok(())
            }
            _ => self.node(Place::Block),
        }
    }

    /// Reads a node, and comes back to `then`.
    fn node_then(&mut self, place: Place, then: State) -> Result<(), Fault> {
        self.states.push(then);
        self.node(place)
    }

    /// Leaves a node out, and goes on with `then`.
    fn nothing_then(&mut self, mark: Mark, then: State) -> Result<(), Fault> {
        self.state = then;
        self.emit_empty(mark);
        Ok(())
    }

    fn node(&mut self, place: Place) -> Result<(), Fault> {
        let first = self.peek()?;
        let start = first.start;
        if let Kind::Alias(name) = first.kind {
            if !self.anchors.contains(&name) {
                let message = format!("unknown anchor '{name}' referenced");
                return Err(Fault::plain(message, start.position()));
            }
            self.pop();
            self.emit(Event::Alias(name), start);
            self.scanner.skip();
            return Ok(());
        }
        let (anchor, tag) = self.properties(first)?;
        if let Some(name) = &anchor {
            self.anchors.insert(name.clone());
        }
        let token = self.peek()?;
        let block = place != Place::Flow;
        match token.kind {
            Kind::BlockEntry if place == Place::Indentless => {
                self.state = State::IndentlessSequence;
                self.emit(Event::SequenceStart { anchor }, start);
            }
            Kind::Scalar(text, style) => {
                self.pop();
                self.emit(Event::Scalar { text, style, anchor, tag }, start);
                self.scanner.skip();
            }
            Kind::FlowSequenceStart => {
                self.open(
                    State::FlowSequence { first: true },
                    Event::SequenceStart { anchor },
                    start,
                );
            }
            Kind::FlowMappingStart => {
                self.open(State::FlowKey { first: true }, Event::MappingStart { anchor }, start);
            }
            Kind::BlockSequenceStart if block => {
                self.open(State::BlockSequence, Event::SequenceStart { anchor }, start);
            }
            Kind::BlockMappingStart if block => {
                self.open(State::BlockKey, Event::MappingStart { anchor }, start);
            }
            _ if anchor.is_some() || tag.is_some() => {
                self.pop();
                let (text, style) = (String::new(), Style::Plain);
                self.emit(Event::Scalar { text, style, anchor, tag }, start);
            }
            _ => return Err(Fault::parsed("did not find expected node content", token.start)),
        }
        Ok(())
    }

    fn open(&mut self, state: State, event: Event, start: Mark) {
        self.state = state;
        self.emit(event, start);
        self.scanner.skip();
    }

    /// The anchor and the tag before a node, in either order.
    fn properties(&mut self, first: Token) -> Result<(Option<String>, Option<String>), Fault> {
        let (mut anchor, mut tag) = (None, None);
        let start = first.start;
        let mut token = first;
        loop {
            match token.kind {
                Kind::Anchor(name) if anchor.is_none() => anchor = Some(name),
                Kind::Tag(handle, suffix) if tag.is_none() => {
                    tag = Some((handle, suffix, token.start))
                }
                _ => break,
            }
            token = self.after_skip()?;
        }
        let Some((handle, suffix, mark)) = tag else { return Ok((anchor, None)) };
        let prefix = match handle.as_str() {
            "" => Some(String::new()),
            handle => self.prefix_of(handle),
        };
        match prefix {
            Some(prefix) => Ok((anchor, Some(prefix + &suffix))),
            None => {
                let mut fault = Fault::parsed("found undefined tag handle", mark);
                fault.position = start.position();
                Err(fault)
            }
        }
    }

    /// What a tag's handle stands for.
    fn prefix_of(&self, handle: &str) -> Option<String> {
        let told = self.tags.iter().find(|(known, _)| known == handle);
        let told = told.map(|(_, prefix)| prefix.clone());
        told.or_else(|| match handle {
            "!" => Some("!".to_owned()),
            "!!" => Some(CORE.to_owned()),
            _ => None,
        })
    }

    fn block_sequence(&mut self) -> Result<(), Fault> {
        let token = self.peek()?;
        match token.kind {
            Kind::BlockEntry => {
                let next = self.after_skip()?;
                match next.kind {
                    Kind::BlockEntry | Kind::BlockEnd => {
                        self.nothing_then(token.end, State::BlockSequence)
                    }
                    _ => self.node_then(Place::Block, State::BlockSequence),
                }
            }
            Kind::BlockEnd => self.close(Event::SequenceEnd, token.start),
            _ => Err(Fault::parsed("did not find expected '-' indicator", token.start)),
        }
    }

    /// Ends a collection with its last token.
    fn close(&mut self, event: Event, mark: Mark) -> Result<(), Fault> {
        self.pop();
        self.emit(event, mark);
        self.scanner.skip();
        Ok(())
    }

    fn indentless_sequence(&mut self) -> Result<(), Fault> {
        let token = self.peek()?;
        if token.kind != Kind::BlockEntry {
            self.pop();
            self.emit(Event::SequenceEnd, token.start);
            return Ok(());
        }
        match self.after_skip()?.kind {
            Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => {
                self.nothing_then(token.end, State::IndentlessSequence)
            }
            _ => self.node_then(Place::Block, State::IndentlessSequence),
        }
    }

    fn block_key(&mut self) -> Result<(), Fault> {
        let token = self.peek()?;
        match token.kind {
            Kind::Key => match self.after_skip()?.kind {
                Kind::Key | Kind::Value | Kind::BlockEnd => {
                    self.nothing_then(token.end, State::BlockValue)
                }
                _ => self.node_then(Place::Indentless, State::BlockValue),
            },
            Kind::BlockEnd => self.close(Event::MappingEnd, token.start),
            _ => Err(Fault::parsed("did not find expected key", token.start)),
        }
    }

    fn block_value(&mut self) -> Result<(), Fault> {
        let token = self.peek()?;
        if token.kind != Kind::Value {
            return self.nothing_then(token.start, State::BlockKey);
        }
        match self.after_skip()?.kind {
            Kind::Key | Kind::Value | Kind::BlockEnd => {
                self.nothing_then(token.end, State::BlockKey)
            }
            _ => self.node_then(Place::Indentless, State::BlockKey),
        }
    }

    fn flow_sequence(&mut self, first: bool) -> Result<(), Fault> {
        let mut token = self.peek()?;
        if token.kind != Kind::FlowSequenceEnd && !first {
            if token.kind != Kind::FlowEntry {
                return Err(Fault::parsed("did not find expected ',' or ']'", token.start));
            }
            token = self.after_skip()?;
        }
        match token.kind {
            Kind::FlowSequenceEnd => self.close(Event::SequenceEnd, token.start),
            Kind::Key => {
                self.open(State::FlowPairKey, Event::MappingStart { anchor: None }, token.start);
                Ok(())
            }
            _ => self.node_then(Place::Flow, State::FlowSequence { first: false }),
        }
    }

    fn flow_pair_key(&mut self) -> Result<(), Fault> {
        let token = self.peek()?;
        match token.kind {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => {
                self.scanner.skip();
                self.nothing_then(token.end, State::FlowPairValue)
            }
            _ => self.node_then(Place::Flow, State::FlowPairValue),
        }
    }

    fn flow_pair_value(&mut self) -> Result<(), Fault> {
        let mut token = self.peek()?;
        if token.kind == Kind::Value {
            token = self.after_skip()?;
            if !matches!(token.kind, Kind::FlowEntry | Kind::FlowSequenceEnd) {
                return self.node_then(Place::Flow, State::FlowPairEnd);
            }
        }
        self.nothing_then(token.start, State::FlowPairEnd)
    }

    fn flow_key(&mut self, first: bool) -> Result<(), Fault> {
        let mut token = self.peek()?;
        if token.kind != Kind::FlowMappingEnd && !first {
            if token.kind != Kind::FlowEntry {
                return Err(Fault::parsed("did not find expected ',' or '}'", token.start));
            }
            token = self.after_skip()?;
        }
        match token.kind {
            Kind::FlowMappingEnd => self.close(Event::MappingEnd, token.start),
            Kind::Key => {
                let next = self.after_skip()?;
                let then = State::FlowValue { empty: false };
                match next.kind {
                    Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => {
                        self.nothing_then(next.start, then)
                    }
                    _ => self.node_then(Place::Flow, then),
                }
            }
            _ => self.node_then(Place::Flow, State::FlowValue { empty: true }),
        }
    }

    fn flow_value(&mut self, empty: bool) -> Result<(), Fault> {
        let mut token = self.peek()?;
        let then = State::FlowKey { first: false };
        if !empty && token.kind == Kind::Value {
            token = self.after_skip()?;
            if !matches!(token.kind, Kind::FlowEntry | Kind::FlowMappingEnd) {
                return self.node_then(Place::Flow, then);
            }
        }
        self.nothing_then(token.start, then)
    }
}

/// What `!!` stands for.
pub(in super::super) const CORE: &str = "tag:yaml.org,2002:";
