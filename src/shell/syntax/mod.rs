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

use crate::cluster::Flavour;

pub use ast::{
    Arm, ArmEnd, Assignment, Casing, Command, CommandKind, Conditional, Connector, Element, Index,
    Item, List, Operation, Parameter, Part, Pipeline, Redirect, RedirectTarget, Timed, Word,
};
pub use conditional::{asks_one, asks_two};
pub use error::{Fault, SyntaxError};
pub use escapes::{in_single_quotes, unescape};
pub use show::{command_text, exported_function, function_text, read_function};

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

impl Dialect {
    /// The language of the shell that a program's name stands for, at a place with these tools.
    pub fn of_program(name: &str, flavour: Flavour) -> Option<Dialect> {
        match (name, flavour) {
            ("bash", _) => Some(Dialect::Bash),
            ("sh" | "ash", Flavour::BusyBox) => Some(Dialect::Ash),
            ("sh" | "dash", Flavour::Gnu) => Some(Dialect::Dash),
            _ => None,
        }
    }

    /// The language of a place's `sh`.
    pub fn of_sh(flavour: Flavour) -> Dialect {
        match flavour {
            Flavour::BusyBox => Dialect::Ash,
            Flavour::Gnu => Dialect::Dash,
        }
    }
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
    /// Whether words may hold groups of patterns: `@(a|b)`, which bash knows with `extglob`.
    pub groups: bool,
}

/// How far a text has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The byte that comes next.
    pub at: usize,
    /// The line that it stands on, from 1.
    pub line: u32,
}

impl Mark {
    /// The beginning of a text.
    pub const START: Mark = Mark { at: 0, line: 1 };
}

/// A complete command, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What to run; empty for blank lines and comments.
    pub list: Arc<List>,
    /// What comes after it.
    pub end: Mark,
    /// Here-documents that the text's end ended: the line of their operator, and their delimiter.
    pub cut: Vec<(u32, String)>,
}

/// The parts of a text that is expanded as if it stood in double quotes; `None` where it is none.
pub fn read_quoted(text: &str, reading: Reading<'_>) -> Option<Word> {
    let mut parser = parser::Parser::new("", Mark::START, reading);
    let parts = parser.document(text).ok()?;
    Some(Word { parts, ..Word::default() })
}

/// Reads the complete command of `text` that begins at `start`: up to the end of its last line.
/// `None` at the text's end.
///
/// # Errors
/// What the shell's parser says.
pub fn parse(text: &str, start: Mark, reading: Reading<'_>) -> Result<Option<Parsed>, SyntaxError> {
    let Some((list, at, cut)) = parser::Parser::new(text, start, reading).line()? else {
        return Ok(None);
    };
    let passed = text.get(start.at..at).unwrap_or("").matches('\n').count();
    let end = Mark { at, line: start.line.saturating_add(passed as u32) };
    Ok(Some(Parsed { list: Arc::new(list), end, cut }))
}
