//! What the scanner makes of a text.

use crate::diagnostic::Position;

/// A place in a text; everything counts from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Mark {
    /// How many characters come before it.
    pub index: usize,
    /// How many lines come before it.
    pub line: u32,
    /// How many characters of its line come before it.
    pub column: u32,
}

impl Mark {
    /// The place as editors count it.
    pub fn position(self) -> Position {
        Position::new(self.line + 1, self.column + 1)
    }
}

/// Whose rules a text is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Rules {
    /// kubectl's: a question mark ends a bare word between brackets.
    Kubectl,
    /// YAML 1.2's, which editors know: it is a part of the word.
    Standard,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Style {
    /// As bare words, which may mean a number or null.
    Plain,
    /// In quotes, or as a block: always text.
    Quoted,
}

/// The kinds of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    StreamEnd,
    VersionDirective(i32, i32),
    TagDirective(String, String),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    Tag(String, String),
    Scalar(String, Style),
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: Mark,
    pub end: Mark,
}
