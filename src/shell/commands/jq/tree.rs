//! A jq program as a tree.

use std::rc::Rc;

use super::value::Value;

pub(super) type Exp = Rc<Node>;

/// A part of a program.
#[derive(Debug)]
pub(super) enum Node {
    Identity,
    Literal(Value),
    /// A string with expressions in it, each through a format.
    Text(String, Vec<Part>),
    Format(String),
    /// `term[key]`, and whether it is followed by `?`.
    Index(Exp, Exp, bool),
    Slice(Exp, Option<Exp>, Option<Exp>, bool),
    Each(Exp, bool),
    Try(Exp, Option<Exp>),
    Negative(Exp),
    Pipe(Exp, Exp),
    Comma(Exp, Exp),
    Binary(&'static str, Exp, Exp),
    And(Exp, Exp),
    Or(Exp, Exp),
    /// `//`
    Alternative(Exp, Exp),
    /// `=`, `|=`, `+=` …
    Update(&'static str, Exp, Exp),
    Reduce(Exp, Pattern, Exp, Exp),
    Foreach(Exp, Pattern, Exp, Exp, Exp),
    If(Exp, Exp, Exp),
    Array(Option<Exp>),
    Object(Vec<(Exp, Exp)>),
    Variable(String),
    /// A function with its arguments, and where its name stands.
    Call(String, Vec<Exp>),
    Define(Rc<Function>, Exp),
    /// `source as pattern ?// … | body`
    As(Exp, Vec<Pattern>, Exp),
    Label(String, Exp),
    Break(String),
}

/// A part of a string.
#[derive(Debug)]
pub(super) enum Part {
    Text(String),
    Exp(Exp),
}

/// What a value is taken apart by.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Variable(String),
    Array(Vec<Pattern>),
    /// Keys, the variables that hold the values as well, and patterns of the values.
    Object(Vec<(Exp, Option<String>, Option<Pattern>)>),
}

impl Pattern {
    /// The variables that it sets.
    pub fn variables(&self, out: &mut Vec<String>) {
        match self {
            Pattern::Variable(name) => out.push(name.clone()),
            Pattern::Array(patterns) => patterns.iter().for_each(|one| one.variables(out)),
            Pattern::Object(entries) => {
                for (_, name, pattern) in entries {
                    out.extend(name.clone());
                    if let Some(pattern) = pattern {
                        pattern.variables(out);
                    }
                }
            }
        }
    }
}

/// `def name(parameters): body;`
#[derive(Debug)]
pub(super) struct Function {
    pub name: String,
    /// A parameter with `$` is a value.
    pub parameters: Vec<(String, bool)>,
    pub body: Exp,
}
