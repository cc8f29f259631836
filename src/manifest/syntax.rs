//! Broken YAML, in kubectl's words.
//!
//! kubectl reads YAML with go-yaml, whose messages learners will meet all their working life, so
//! what this parser finds is said as that one says it. Two of its habits matter: a scanner's
//! complaint names the line where it was noticed, a parser's complaint the line *before* the
//! token that does not fit; and a complaint about the very first line names no line at all.

use granit_parser::{ErrorKind, ScanError};

use crate::diagnostic::Position;

/// Why a document could not be read.
#[derive(Debug)]
pub(super) struct Fault {
    /// go-yaml's message, without the `yaml: ` before it.
    pub message: String,
    /// Where it really is, in the document's text.
    pub position: Position,
}

/// Which half of a YAML reader found a fault; each counts lines in its own way.
enum Finder {
    Scanner,
    Parser,
}

impl Fault {
    /// A fault whose message names no line.
    pub fn plain(message: impl Into<String>, position: Position) -> Fault {
        Fault { message: message.into(), position }
    }

    /// A fault as go-yaml's scanner tells it.
    pub fn scanned(message: &str, position: Position) -> Fault {
        Fault::told(message, Finder::Scanner, position)
    }

    /// A fault that is at `position`, but was noticed on another line.
    fn noticed(message: &str, line: u32, position: Position) -> Fault {
        let place = if line <= 1 { String::new() } else { format!("line {line}: ") };
        Fault { message: format!("{place}{message}"), position }
    }

    fn told(message: &str, finder: Finder, position: Position) -> Fault {
        let line = position.line;
        match finder {
            Finder::Scanner => Fault::noticed(message, line, position),
            Finder::Parser if line == 2 => Fault::plain(format!("line 1: {message}"), position),
            Finder::Parser => Fault::noticed(message, line.saturating_sub(1), position),
        }
    }

    /// What granit found in `text`, as go-yaml says it.
    pub fn from_scan(error: &ScanError, text: &str) -> Fault {
        let mark = error.marker();
        let position = Position::new(mark.line() as u32, mark.col() as u32 + 1);
        let (message, finder) = words(error.kind());
        match error.kind() {
            ErrorKind::UnclosedQuotedScalar => {
                Fault::noticed(message, text.matches('\n').count() as u32 + 1, position)
            }
            ErrorKind::SimpleKeyExpected => {
                Fault::noticed(message, line_after_key(text, position), position)
            }
            ErrorKind::UnclosedFlowCollection { .. } => unclosed_flow(text, position),
            ErrorKind::MismatchedFlowCollectionEnd { .. }
                if needs_node(text.get(..mark.byte_offset().unwrap_or(0)).unwrap_or("")) =>
            {
                Fault::told("did not find expected node content", Finder::Parser, position)
            }
            ErrorKind::MappingValueNotAllowed => {
                let before = text.get(..mark.byte_offset().unwrap_or(0)).unwrap_or("");
                match open_flows(before).last() {
                    Some(open) => Fault::told(separator_of(*open), Finder::Parser, position),
                    None => Fault::told(message, finder, position),
                }
            }
            // A quoted text at the beginning of a line can only be a key.
            ErrorKind::InvalidTrailingDoubleQuotedScalar
            | ErrorKind::InvalidTrailingSingleQuotedScalar
                if begins_line(text, position) =>
            {
                let line = line_after_key(text, position);
                Fault::noticed("could not find expected ':'", line, position)
            }
            ErrorKind::TabInPlainScalar => Fault::scanned(message, tab_after(text, position)),
            ErrorKind::UnknownAnchor => {
                let name = word_at(text, mark.index() + 1);
                Fault::plain(format!("unknown anchor '{name}' referenced"), position)
            }
            _ => Fault::told(message, finder, position),
        }
    }
}

/// A list or mapping in brackets that the text ends in: what is missed there.
fn unclosed_flow(text: &str, position: Position) -> Fault {
    let line = text.matches('\n').count();
    let message = match open_flows(text).last() {
        _ if needs_node(text) => "did not find expected node content",
        Some(open) => separator_of(*open),
        None => "did not find expected ',' or ']'",
    };
    let place = if line == 0 { String::new() } else { format!("line {line}: ") };
    Fault::plain(format!("{place}{message}"), position)
}

/// Whether a text in brackets ends where a value has to follow.
fn needs_node(text: &str) -> bool {
    let without_comments = text.lines().map(|line| line.split(" #").next().unwrap_or(line));
    let last = without_comments.flat_map(str::chars).rfind(|c| !c.is_whitespace());
    matches!(last, Some('[' | '{' | ',' | ':'))
}

/// What stands between the items of a list or mapping in brackets, or after them.
fn separator_of(open: char) -> &'static str {
    match open {
        '{' => "did not find expected ',' or '}'",
        _ => "did not find expected ',' or ']'",
    }
}

/// The brackets that are open at the end of a text. One inside a word opens nothing.
fn open_flows(text: &str) -> Vec<char> {
    let (mut open, mut before, mut quote) = (Vec::new(), '\n', None);
    for c in text.chars() {
        let at_start = before.is_whitespace() || matches!(before, '[' | '{' | ',' | ':');
        match (quote, c) {
            (Some(mark), c) if mark == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if at_start => quote = Some(c),
            (None, '[' | '{') if at_start || !open.is_empty() => open.push(c),
            (None, ']' | '}') => {
                open.pop();
            }
            (None, _) => {}
        }
        before = c;
    }
    open
}

/// Whether the text at a place is the first of its line.
fn begins_line(text: &str, place: Position) -> bool {
    let line = text.lines().nth(place.line.saturating_sub(1) as usize).unwrap_or("");
    line.starts_with(['"', '\''])
}

/// `text` with the continuation lines of the quoted text around `mark` indented far enough for
/// this parser; go-yaml does not ask for that. Lines keep their numbers. `None` when the quote
/// is never closed: then its place is the error.
pub(super) fn indent_quoted(text: &str, error: &ScanError) -> Option<Result<String, Fault>> {
    if !matches!(error.kind(), ErrorKind::InvalidQuotedScalarIndent) {
        return None;
    }
    let at = error.marker().byte_offset()?;
    let (open, quote) = opening_quote(text.get(..at)?)?;
    let unclosed = || {
        let position = crate::diagnostic::Span::new(open, open).position(text);
        let line = text.matches('\n').count() as u32 + 1;
        Fault::noticed("found unexpected end of stream", line, position)
    };
    let Some(length) = closing_quote(text.get(at..)?, quote) else { return Some(Err(unclosed())) };
    let start = text[..open].rfind('\n').map_or(0, |newline| newline + 1);
    let first = &text[start..open];
    let indent = first.len() - first.trim_start_matches([' ', '-']).len() + 1;
    let body = text[open..at + length].replace('\n', &format!("\n{:indent$}", ""));
    Some(Ok([&text[..open], &body, &text[at + length..]].concat()))
}

/// The quote that was opened last before the end of `before`: one that follows a blank or an
/// indicator, since others are part of a word.
fn opening_quote(before: &str) -> Option<(usize, char)> {
    let opens = |(at, c): &(usize, char)| {
        matches!(c, '"' | '\'') && !before[..*at].ends_with(|c: char| c.is_alphanumeric())
    };
    before.char_indices().rev().find(opens)
}

/// How many bytes of `rest` come before the quote that closes it.
fn closing_quote(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    rest.char_indices().find_map(|(at, c)| {
        let closes = c == quote && !escaped;
        escaped = quote == '"' && c == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// The line on which it is noticed that the key at `key` has no colon: where its text ends, which
/// is at a line that says `:`, or at one that is not indented below the key.
fn line_after_key(text: &str, key: Position) -> u32 {
    let mut line = key.line;
    for part in text.lines().skip(key.line as usize) {
        line += 1;
        let content = part.trim_start_matches(' ');
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let below = (part.len() - content.len()) as u32 >= key.column;
        if !below || content.contains(": ") || content.trim_end().ends_with(':') {
            return line;
        }
    }
    line + 1
}

/// The first tab in the indentation of a line after `start`.
fn tab_after(text: &str, start: Position) -> Position {
    let mut lines = (start.line + 1..).zip(text.lines().skip(start.line as usize));
    let found = lines.find_map(|(line, part)| {
        let indent = part.len() - part.trim_start_matches(' ').len();
        part[indent..].starts_with('\t').then(|| Position::new(line, indent as u32 + 1))
    });
    found.unwrap_or(start)
}

/// The letters and digits from the character with this index on.
fn word_at(text: &str, index: usize) -> String {
    text.chars()
        .skip(index)
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        .collect()
}

/// go-yaml's words, and the half of it that says them.
fn words(kind: &ErrorKind) -> (&'static str, Finder) {
    use ErrorKind as Kind;
    let parser = |message| (message, Finder::Parser);
    let scanner = |message| (message, Finder::Scanner);
    match kind {
        Kind::DuplicateVersionDirective => parser("found duplicate %YAML directive"),
        Kind::UnsupportedYamlMajorVersion => parser("found incompatible YAML document"),
        Kind::DuplicateTagDirective => parser("found duplicate %TAG directive"),
        Kind::ExpectedDocumentStart
        | Kind::MissingDocumentEndBeforeDirective
        | Kind::InvalidDocumentEnd => parser("did not find expected <document start>"),
        Kind::ExpectedNodeContent
        | Kind::MisplacedFlowCollectionEnd
        | Kind::UnexpectedEof
        | Kind::UnexpectedEofFlowSequence
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofImplicitFlowMapping
        | Kind::BlockEntryInFlowCollection => parser("did not find expected node content"),
        Kind::ExpectedBlockMappingKey
        | Kind::UnexpectedEofBlockMapping
        | Kind::InvalidTrailingSingleQuotedScalar
        | Kind::InvalidTrailingDoubleQuotedScalar => parser("did not find expected key"),
        Kind::ExpectedBlockSequenceEntry | Kind::UnexpectedEofBlockSequence => {
            parser("did not find expected '-' indicator")
        }
        Kind::ExpectedFlowMappingSeparator
        | Kind::UnclosedFlowCollection { open: '{' }
        | Kind::MismatchedFlowCollectionEnd { open: '{', .. } => {
            parser("did not find expected ',' or '}'")
        }
        Kind::ExpectedFlowSequenceSeparator
        | Kind::UnclosedFlowCollection { .. }
        | Kind::MismatchedFlowCollectionEnd { .. } => parser("did not find expected ',' or ']'"),
        Kind::UndeclaredTagHandle => parser("found undefined tag handle"),
        Kind::SimpleKeyExpected | Kind::CommentInterceptedScalar | Kind::InvalidSimpleKey => {
            scanner("could not find expected ':'")
        }
        Kind::TabInPlainScalar | Kind::TabInIndentation => {
            scanner("found a tab character that violates indentation")
        }
        Kind::TabAtBlockScalarStart => {
            scanner("found a tab character where an indentation space is expected")
        }
        Kind::MissingAnchorOrAliasName => {
            scanner("did not find expected alphabetic or numeric character")
        }
        Kind::ZeroBlockScalarIndent => scanner("found an indentation indicator equal to 0"),
        Kind::InvalidBlockScalarHeader | Kind::InvalidDirectiveTerminator => {
            scanner("did not find expected comment or line break")
        }
        Kind::InvalidBlockScalarIndent => scanner("could not find expected ':'"),
        Kind::DocumentIndicatorInQuotedScalar => scanner("found unexpected document indicator"),
        Kind::UnclosedQuotedScalar => scanner("found unexpected end of stream"),
        Kind::UnknownQuotedScalarEscape => scanner("found unknown escape character"),
        Kind::InvalidQuotedScalarHexEscape | Kind::InvalidLowSurrogateHexEscape => {
            scanner("did not find expected hexdecimal number")
        }
        Kind::InvalidLowSurrogate
        | Kind::MissingLowSurrogate
        | Kind::UnpairedLowSurrogate
        | Kind::InvalidUnicodeEscape => scanner("found invalid Unicode character escape code"),
        Kind::MappingKeyNotAllowed => scanner("mapping keys are not allowed in this context"),
        Kind::MappingValueNotAllowed
        | Kind::InvalidColonPlacement
        | Kind::FlowMappingValueAdjacentCollection
        | Kind::InvalidMappingValueWhitespace => {
            scanner("mapping values are not allowed in this context")
        }
        Kind::BlockSequenceEntryNotAllowed | Kind::InvalidBlockEntryWhitespace => {
            scanner("block sequence entries are not allowed in this context")
        }
        Kind::RecursionLimitExceeded => scanner("exceeded max depth of 100"),
        Kind::MissingDirectiveName => scanner("could not find expected directive name"),
        Kind::InvalidDirectiveName => scanner("found unexpected non-alphabetical character"),
        Kind::MissingYamlVersion => scanner("did not find expected version number"),
        Kind::YamlVersionTooLong => scanner("found extremely long version number"),
        Kind::MissingYamlVersionSeparator => {
            scanner("did not find expected digit or '.' character")
        }
        Kind::ExpectedTagBang | Kind::ExpectedTagDirectiveBang => {
            scanner("did not find expected '!'")
        }
        Kind::MissingTagUri | Kind::InvalidGlobalTagCharacter => {
            scanner("did not find expected tag URI")
        }
        Kind::UnclosedVerbatimTag => scanner("did not find the expected '>'"),
        Kind::InvalidTagTerminator | Kind::InvalidTagDirectiveTerminator => {
            scanner("did not find expected whitespace or line break")
        }
        Kind::InvalidTagEscape => scanner("did not find URI escaped octet"),
        _ => scanner("found character that cannot start any token"),
    }
}
