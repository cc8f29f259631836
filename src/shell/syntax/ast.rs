//! What a script says: lists of pipelines of commands of words.
//!
//! Everything is behind an `Arc`: a running interpreter keeps its place in a script by holding a
//! node and an index, and cloning it shares the script.

use std::sync::Arc;

use crate::diagnostic::Span;

/// Commands one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Each ends with `;`, `&` or a newline.
    pub items: Vec<Item>,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Each with what stands before it; the first one's is [`Connector::Always`].
    pub pipelines: Vec<(Connector, Pipeline)>,
    /// Whether it ends with `&`.
    pub background: bool,
    /// Where it stands.
    pub span: Span,
}

impl Item {
    /// Its commands as they were written, with what joins them; empty where one is not known.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for (connector, pipeline) in &self.pipelines {
            out += match connector {
                Connector::Always => "",
                Connector::And => " && ",
                Connector::Or => " || ",
            };
            for (at, command) in pipeline.commands.iter().enumerate() {
                if command.text.is_empty() {
                    return String::new();
                }
                out += if at > 0 { " | " } else { "" };
                out += &command.text;
            }
        }
        out
    }
}

/// When a pipeline runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    /// Always: it is the first.
    Always,
    /// `&&`
    And,
    /// `||`
    Or,
}

/// `time ! a | b`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// Whether it is said how long it took, and how.
    pub timed: Option<Timed>,
    /// Whether its exit code is turned around.
    pub negated: bool,
    /// Its commands, left to right.
    pub commands: Vec<Arc<Command>>,
}

/// How the reserved word `time` says how long a pipeline took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    /// `time`: in minutes and seconds, behind an empty line.
    Minutes,
    /// `time -p`: in seconds, as POSIX wants it.
    Posix,
}

/// A command with its redirections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it is.
    pub kind: CommandKind,
    /// `> file`, `2>&1`, `<<EOF`, in order.
    pub redirects: Vec<Redirect>,
    /// The line it stands on, from 1.
    pub line: u32,
    /// As it was written, for `set -x` and `$BASH_COMMAND`: of `for`, `select` and `case` only the head. Empty
    /// for what bash shows in no other way, and for what is very long.
    pub text: Arc<str>,
}

impl Command {
    /// A command that does nothing: `time` alone times it.
    pub fn nothing() -> Command {
        let kind =
            CommandKind::Simple { assignments: Vec::new(), words: Vec::new(), arrays: Vec::new() };
        Command { kind, redirects: Vec::new(), line: 1, text: "".into() }
    }
}

/// The kinds of commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// `A=1 name argument …`
    Simple {
        assignments: Vec<Assignment>,
        words: Vec<Word>,
        /// `declare a=(1 2)`: arrays that are filled once the command has declared them.
        arrays: Vec<Assignment>,
    },
    /// `( … )`
    Subshell(Arc<List>),
    /// `{ …; }`
    Group(Arc<List>),
    /// `if …; then …; elif …; else …; fi`: (condition, body) and what is left.
    If { arms: Vec<(Arc<List>, Arc<List>)>, otherwise: Option<Arc<List>> },
    /// `while …; do …; done`, and `until`.
    While { until: bool, condition: Arc<List>, body: Arc<List> },
    /// `for name in words; do …; done`; without `in`, over the positional parameters. `select` is
    /// written alike.
    For { name: String, words: Option<Vec<Word>>, body: Arc<List>, selects: bool },
    /// `for ((first; test; next)); do …; done`
    ArithmeticFor { first: Word, test: Word, next: Word, body: Arc<List> },
    /// `case word in pattern) …;; esac`
    Case { subject: Word, arms: Vec<Arm> },
    /// `[[ … ]]`
    Conditional(Conditional),
    /// `(( … ))`
    Arithmetic(Word),
    /// `name() command`
    Function {
        name: String,
        body: Arc<Command>,
        /// The body as it was written, for `declare -f`.
        source: Arc<str>,
    },
}

/// `pattern | pattern) commands ;;`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    pub patterns: Vec<Word>,
    pub body: Arc<List>,
    pub end: ArmEnd,
}

/// What comes after the commands of a `case`'s arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArmEnd {
    /// `;;`: nothing more.
    Stops,
    /// `;&`: the next arm's commands.
    Falls,
    /// `;;&`: the next arm whose pattern fits.
    GoesOn,
}

/// `name=value`, `name+=value`, `name[index]=value`, `name=(a b c)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub name: String,
    /// Which element, when it is one.
    pub index: Option<Word>,
    pub append: bool,
    pub value: Word,
    /// The elements of a whole array.
    pub elements: Option<Vec<Element>>,
    /// A whole array's elements as they were written, with their parentheses.
    pub source: Arc<str>,
}

/// An element of `name=(…)`: `value` or `[index]=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    pub index: Option<Word>,
    pub value: Word,
}

/// Which elements of an array a parameter means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Index {
    /// `[@]`: each by itself.
    All,
    /// `[*]`: all together.
    Joined,
    /// `[index]`
    At(Word),
}

/// One redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The file descriptor; its operator's own when not given.
    pub descriptor: u8,
    /// `{name}>`: the variable that stands in the descriptor's place.
    pub variable: Option<String>,
    /// What it becomes.
    pub target: RedirectTarget,
}

/// What a file descriptor becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectTarget {
    /// `< file`
    Read(Word),
    /// `<> file`
    ReadWrite(Word),
    /// `> file`, or (`force`) `>| file`
    Write { file: Word, force: bool },
    /// `>> file`
    Append(Word),
    /// `&> file`, `&>> file`: standard output and standard error.
    Both { file: Word, append: bool },
    /// `2>&1`, `<&-`
    Duplicate(Word),
    /// `<<EOF`, `<<< word`: this text (a here-string's gets a newline when it runs).
    Text { text: Word, newline: bool },
}

/// The inside of `[[ … ]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conditional {
    Word(Word),
    Unary(String, Word),
    Binary(Word, String, Word),
    Not(Box<Conditional>),
    /// `a && b && c`: a list, so that a long one is not deep.
    And(Vec<Conditional>),
    /// `a || b || c`
    Or(Vec<Conditional>),
}

/// A word: parts that are put together when it is expanded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    pub parts: Vec<Part>,
    /// Where it stands.
    pub span: Span,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text without quotes: `*`, `~` and braces mean something in it.
    Bare(String),
    /// Text in quotes, or after a backslash.
    Quoted(String),
    /// `"…"`
    Double(Vec<Part>),
    /// `$name`, `${name…}`
    Parameter(Box<Parameter>),
    /// `$( … )`
    Substitution(Arc<List>),
    /// `$(( … ))`
    Arithmetic(Vec<Part>),
    /// `<( … )`: a file that holds what the commands print.
    Process(Arc<List>),
    /// `>( … )`: a file that the commands read.
    Consumer(Arc<List>),
}

/// `${name…}`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    /// `${name[index]}`
    pub index: Option<Index>,
    /// `${!name}`: the parameter that the value names; with `[@]` the array's keys.
    pub indirect: bool,
    /// Whether it stands in braces: bash names `$1` otherwise than `${1}`.
    pub braced: bool,
    pub operation: Operation,
}

/// What is done to a parameter's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `$x`
    Value,
    /// `${#x}`
    Length,
    /// `${x:-word}`; without the colon an empty value counts as set.
    Default { colon: bool, word: Word },
    /// `${x:=word}`
    Assign { colon: bool, word: Word },
    /// `${x:?word}`
    Require { colon: bool, word: Word },
    /// `${x:+word}`
    Alternative { colon: bool, word: Word },
    /// `${x#pattern}`, `${x##pattern}`
    TrimStart { longest: bool, pattern: Word },
    /// `${x%pattern}`, `${x%%pattern}`
    TrimEnd { longest: bool, pattern: Word },
    /// `${x/pattern/text}`, `${x//pattern/text}`
    Replace { all: bool, pattern: Word, text: Word },
    /// `${x:offset:length}`
    Slice { offset: Word, length: Option<Word> },
    /// `${x^^}`, `${x,,}`, `${x~~}`, `${x^}`, `${x,}`, `${x~}`
    Case { to: Casing, all: bool, pattern: Option<Word> },
    /// `${x@Q}` and its like, by their letter.
    Show(char),
    /// `${!prefix*}`: the names that begin so, in quotes all together; `${!prefix@}`: each by itself.
    Names { joined: bool },
    /// Anything else: an error when it is expanded. The text is the whole expression's.
    Bad(String),
}

/// Which case letters are turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Casing {
    /// `^`
    Upper,
    /// `,`
    Lower,
    /// `~`: the one that they do not have.
    Other,
}

impl Word {
    /// A word of one piece of text, as if quoted.
    pub fn text(text: impl Into<String>) -> Word {
        Word { parts: vec![Part::Quoted(text.into())], span: Span::default() }
    }

    /// The word, if it is plain text without quotes: how reserved words and aliases look.
    pub fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Bare(text)] => Some(text),
            _ => None,
        }
    }
}
