//! The shell's language: text to a tree, with positions, and what is wrong in the shell's words.
//!
//! Lexing and parsing go hand in hand, as in every shell: what `for` or `(` means depends on where
//! it stands. [`parse`] reads one complete command at a time, so that aliases, and errors further
//! down, count only once the lines before them have run.

mod ast;
mod braces;
mod compound;
mod conditional;
mod error;
mod escapes;
mod lexer;
mod parameters;
mod parser;
mod show;
mod simple;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use ast::{
    Arm, ArmEnd, Assignment, Command, CommandKind, Conditional, Connector, Element, Index, Item,
    List, Operation, Parameter, Part, Pipeline, Redirect, RedirectTarget, Timed, Word,
};
pub use error::{Fault, SyntaxError};
pub use escapes::unescape;
pub use show::{exported_function, function_text, read_function};

/// Whose language and messages a shell speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// GNU bash.
    Bash,
    /// Debian's `sh`.
    Dash,
    /// BusyBox `sh`.
    Ash,
}

/// How a text is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The language.
    pub dialect: Dialect,
    /// Names that stand for other text at a command's beginning.
    pub aliases: &'a BTreeMap<String, String>,
    /// Whether more lines may follow: an open here-document is then unfinished, otherwise it ends
    /// with the text.
    pub interactive: bool,
}

/// A complete command, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What to run; empty for blank lines and comments.
    pub list: Arc<List>,
    /// The byte after it.
    pub end: usize,
}

/// Reads the complete command of `text` that begins at byte `start`: up to the end of its last
/// line. `None` at the text's end.
///
/// # Errors
/// What the shell's parser says.
pub fn parse(
    text: &str,
    start: usize,
    reading: Reading<'_>,
) -> Result<Option<Parsed>, SyntaxError> {
    parser::Parser::new(text, start, reading).line()
}
