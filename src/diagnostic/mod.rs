//! Where something is wrong in a text, what is wrong, and what to do next.
//!
//! Every message that has a position is a [`Diagnostic`]; there is one wording for all of them
//! (`Display`: `file:line:column: message`) and one picture ([`Diagnostic::render`]: the line with
//! a caret). This room knows nothing of YAML, Kubernetes or shells.

mod edits;
mod nearest;

use std::fmt;
use std::sync::Arc;

pub use edits::{Edit, edits};
pub use nearest::nearest;

/// A place in a text: line and column, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

impl Position {
    /// The place at `line` and `column`, both from 1.
    pub const fn new(line: u32, column: u32) -> Position {
        Position { line, column }
    }
}

/// A half-open range of byte offsets in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The range from `start` up to, but without, `end`.
    pub const fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    /// Where the span begins in `text`.
    pub fn position(self, text: &str) -> Position {
        let before = text.get(..self.start).unwrap_or(text);
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
        Position { line, column }
    }
}

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It will be refused.
    Error,
    /// It is accepted, and probably not what was meant.
    Warning,
}

/// A place in a named text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file's name as the player knows it.
    pub file: Arc<str>,
    /// The place in it.
    pub position: Position,
}

/// `service.yaml:7`
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.position.line)
    }
}

/// One message about one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// The file, where the text has a name.
    pub file: Option<Arc<str>>,
    /// Where, where that is known.
    pub position: Option<Position>,
    /// The next step, for example the nearest real field name.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error with a message and no place yet.
    pub fn error(message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            file: None,
            position: None,
            help: None,
        }
    }

    /// A warning with a message and no place yet.
    pub fn warning(message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(message) }
    }

    /// The same, at `position`.
    pub fn at(mut self, position: Position) -> Diagnostic {
        self.position = Some(position);
        self
    }

    /// The same, in `file`.
    pub fn in_file(mut self, file: impl Into<Arc<str>>) -> Diagnostic {
        self.file = Some(file.into());
        self
    }

    /// The same, with a next step.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The message with the line of `source` it is about, and a caret below the place:
    ///
    /// ```text
    /// error: unknown field "selectors"
    ///   --> service.yaml:6:3
    ///    |
    ///  6 |   selectors:
    ///    |   ^
    ///    = did you mean "selector"?
    /// ```
    pub fn render(&self, source: &str) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut out = format!("{severity}: {}\n", printable(&self.message));
        if let Some(Position { line, column }) = self.position {
            let file = self.file.as_deref().unwrap_or("<input>");
            let gutter = line.to_string().len() + 1;
            out += &format!("{:gutter$}--> {file}:{line}:{column}\n", "");
            if let Some(text) = source.lines().nth(line as usize - 1) {
                let pad = column as usize - 1;
                out += &format!("{:gutter$} |\n", "");
                out += &format!("{line:>gutter$} | {}\n", printable(text));
                out += &format!("{:gutter$} | {:pad$}^\n", "", "");
            }
            if let Some(help) = &self.help {
                out += &format!("{:gutter$} = {}\n", "", printable(help));
            }
        } else if let Some(help) = &self.help {
            out += &format!("  = {}\n", printable(help));
        }
        out
    }
}

/// `service.yaml:6:3: unknown field "selectors" (did you mean "selector"?)`
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
        }
        if let Some(Position { line, column }) = self.position {
            write!(f, "{line}:{column}: ")?;
        } else if self.file.is_some() {
            f.write_str(" ")?;
        }
        f.write_str(&printable(&self.message))?;
        if let Some(help) = &self.help {
            write!(f, " ({})", printable(help))?;
        }
        Ok(())
    }
}

/// A number of things: `1 pod`, `3 pods`, `2 addresses`.
pub fn counted(number: usize, noun: &str) -> String {
    let ending = match number {
        1 => "",
        _ if noun.ends_with('s') => "es",
        _ => "s",
    };
    format!("{number} {noun}{ending}")
}

/// `text` without characters that command a terminal or deceive its reader: they become `�`, so that
/// a file can never move the cursor, colour the screen, ring the bell, or show its words in another
/// order than it has them. A carriage return before a newline stays, as HTTP's headers have it.
pub fn printable(text: &str) -> String {
    let mut letters = text.chars().peekable();
    let mut shown = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        let ends = letter == '\r' && letters.peek() == Some(&'\n');
        shown.push(if is_hidden(letter) && !ends { '\u{fffd}' } else { letter });
    }
    shown
}

/// Whether [`printable`] would leave a text as it is.
pub fn is_printable(text: &str) -> bool {
    !text.contains(is_hidden)
}

/// A text in JSON with the same characters written as `\u202e`. Those that JSON itself escapes are
/// escaped already.
pub fn printable_json(json: &impl fmt::Display) -> String {
    let mut shown = String::new();
    for letter in json.to_string().chars() {
        match is_hidden(letter) {
            false => shown.push(letter),
            true => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    shown += &format!("\\u{unit:04x}");
                }
            }
        }
    }
    shown
}

/// Whether a character does not show itself: control characters of ASCII (but for newline and tab)
/// and of Latin 1, what turns the direction of writing, what has no width, what looks like nothing, and tags.
fn is_hidden(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}' => true,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_below_the_place() {
        let shown = Diagnostic::error("unknown field \"selectors\"")
            .in_file("service.yaml")
            .at(Position::new(2, 3))
            .help("did you mean \"selector\"?")
            .render("spec:\n  selectors:\n");
        assert_eq!(
            shown,
            "error: unknown field \"selectors\"\n  --> service.yaml:2:3\n   |\n 2 |   selectors:\n   |   ^\n   = did you mean \"selector\"?\n"
        );
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\u{7}\tc"), "a\u{fffd}[31mb\u{fffd}\tc");
        assert_eq!(
            printable("\u{9b}31m\u{202e}\u{200b}\u{feff}x"),
            "\u{fffd}31m\u{fffd}\u{fffd}\u{fffd}x"
        );
        assert_eq!(
            printable("a\u{ad}\u{34f}\u{3164}\u{e0100}b"),
            "a\u{fffd}\u{fffd}\u{fffd}\u{fffd}b"
        );
        assert_eq!(printable("a\r\nb\rc"), "a\r\nb\u{fffd}c");
        assert_eq!(printable("grüße, 日本 ✓"), "grüße, 日本 ✓");
    }

    #[test]
    fn json_escapes_what_does_not_show_itself() {
        assert_eq!(
            printable_json(&"\"a\u{9b}\u{202e}\u{e0041}ü\""),
            r#""a\u009b\u202e\udb40\udc41ü""#
        );
    }

    #[test]
    fn a_span_knows_its_line_and_column() {
        assert_eq!(Span::new(4, 5).position("ab\ncd"), Position::new(2, 2));
    }
}
