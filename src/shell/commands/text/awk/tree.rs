//! What a program says.

use crate::shell::commands::text::regex::Regex;

/// A program: patterns with actions.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub rules: Vec<Rule>,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub pattern: Pattern,
    pub action: Vec<Statement>,
}

#[derive(Debug)]
pub(super) enum Pattern {
    Begin,
    End,
    Always,
    When(Expression),
    /// `from, to`
    Range(Expression, Expression),
}

#[derive(Debug)]
pub(super) enum Statement {
    Expression(Expression),
    Print(Vec<Expression>),
    Printf(Vec<Expression>),
    If(Expression, Box<Statement>, Option<Box<Statement>>),
    While(Expression, Box<Statement>),
    For(Option<Box<Statement>>, Option<Expression>, Option<Box<Statement>>, Box<Statement>),
    ForIn(String, String, Box<Statement>),
    Block(Vec<Statement>),
    Delete(String, Option<Vec<Expression>>),
    Next,
    Exit(Option<Expression>),
    Break,
    Continue,
}

#[derive(Debug)]
pub(super) enum Expression {
    Number(f64),
    Text(String),
    /// A pattern by itself asks whether the record matches.
    Regex(Regex),
    Variable(String),
    Field(Box<Expression>),
    Element(String, Vec<Expression>),
    Assign(Box<Expression>, Option<char>, Box<Expression>),
    /// `i++`: (what, by how much, whether the old value counts)
    Step(Box<Expression>, f64, bool),
    Not(Box<Expression>),
    Negate(Box<Expression>),
    Binary(Box<Expression>, Binary, Box<Expression>),
    Ternary(Box<Expression>, Box<Expression>, Box<Expression>),
    In(Vec<Expression>, String),
    Call(&'static str, Vec<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Match,
    NoMatch,
    Less,
    LessEqual,
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Join,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}
