//! An awk program as a tree.

/// A program.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub rules: Vec<Rule>,
    pub functions: Vec<Function>,
    /// The names of the global variables, by their number.
    pub globals: Vec<String>,
    /// Whether it runs commands: then what it does can be done in pieces.
    pub commands: bool,
    /// What is remarked about it.
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub pattern: Pattern,
    pub action: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Begin,
    End,
    /// gawk's `BEGINFILE` and `ENDFILE`.
    BeginFile,
    EndFile,
    Always,
    When(Expression),
    /// From one record to another; its number among the ranges.
    Range(Expression, Expression, usize),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Function {
    pub name: String,
    pub parameters: usize,
    /// The line of the first call, if nobody defined it.
    pub missing: Option<usize>,
    pub body: Vec<Statement>,
}

/// A variable: a global one, or a parameter of the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Global(usize),
    Local(usize),
}

#[derive(Clone, Debug)]
pub(super) enum Statement {
    Expression(Expression),
    Print(Vec<Expression>, Option<Output>, usize),
    Printf(Vec<Expression>, Option<Output>, usize),
    If(Expression, Vec<Statement>, Vec<Statement>),
    While(Expression, Vec<Statement>),
    Do(Vec<Statement>, Expression),
    For(Option<Box<Statement>>, Option<Expression>, Option<Box<Statement>>, Vec<Statement>),
    ForIn(Name, Name, Vec<Statement>),
    Switch(Expression, Vec<(Option<Expression>, Vec<Statement>)>),
    Block(Vec<Statement>),
    Next,
    NextFile,
    Exit(Option<Expression>),
    Return(Option<Expression>),
    Break,
    Continue,
    Delete(Name, Option<Vec<Expression>>),
}

/// Where `print` prints.
#[derive(Clone, Debug)]
pub(super) struct Output {
    pub kind: Sink,
    pub target: Expression,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sink {
    File,
    Append,
    Pipe,
}

#[derive(Clone, Debug)]
pub(super) enum Expression {
    Number(f64),
    Text(String),
    /// A regular expression, compared with the record.
    Regex(String),
    Place(Place),
    Assign(Place, Box<Expression>),
    /// `+=` and others.
    Change(Place, char, Box<Expression>),
    /// `++x`: before, and by how much.
    Step(Place, bool, f64),
    Binary(char, Box<Expression>, Box<Expression>, usize),
    Compare(&'static str, Box<Expression>, Box<Expression>),
    Concatenate(Box<Expression>, Box<Expression>),
    Match(bool, Box<Expression>, Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Negative(Box<Expression>),
    Positive(Box<Expression>),
    Choice(Box<Expression>, Box<Expression>, Box<Expression>),
    In(Vec<Expression>, Name),
    Group(Box<Expression>),
    Call(usize, Vec<Expression>),
    /// A call of what a variable names, and its line.
    Indirect(Name, Vec<Expression>, usize),
    Builtin(&'static str, Vec<Expression>, usize),
    Getline(Source, Option<Place>),
}

#[derive(Clone, Debug)]
pub(super) enum Source {
    Main,
    File(Box<Expression>),
    Command(Box<Expression>),
}

#[derive(Clone, Debug)]
pub(super) enum Place {
    Variable(Name),
    Element(Name, Vec<Expression>),
    Field(Box<Expression>),
}
