//! Syntax errors, worded as each shell words them.

use super::Dialect;
use crate::diagnostic::Span;

/// A syntax error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub fault: Fault,
    /// Where.
    pub span: Span,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This token (`newline` for a line's end) can't stand here; `expecting` could.
    Unexpected { token: String, expecting: Option<&'static str> },
    /// The text ends within something that `expecting` would close.
    UnexpectedEnd { expecting: Option<&'static str> },
    /// The text ends within a here-document, which this line would end.
    HereDocument { delimiter: String },
    /// The text ends within quotes or parentheses that this closes.
    Unterminated(char),
    /// A condition in `[[ … ]]` is none, in bash's words.
    Condition(&'static str),
    /// What stands between the parentheses of `for ((…))`, which are not three expressions.
    Loop { what: &'static str, text: String },
    /// What stands behind `for` is no name, to dash and BusyBox.
    LoopVariable,
    /// What stands before `()` is no name, to dash and BusyBox.
    FunctionName,
    /// The text ends within a sum, or within the elements of an array.
    Unmatched,
    /// A fault among the elements of an array.
    Elements(Box<Fault>),
    /// The text ends within `[[ … ]]`, in bash's words.
    ConditionEnd(&'static str),
    /// Nested deeper than anybody writes.
    TooDeep,
    /// Braces that make more words, or letters, than this.
    TooMany { most: usize, of: &'static str },
    /// Something that podhop's shell does not have.
    NotSimulated(&'static str),
}

impl SyntaxError {
    /// Whether another line may yet complete the command.
    pub fn is_incomplete(&self) -> bool {
        let fault = match &self.fault {
            Fault::Elements(inner) => inner,
            fault => fault,
        };
        matches!(
            fault,
            Fault::UnexpectedEnd { .. }
                | Fault::HereDocument { .. }
                | Fault::Unterminated(_)
                | Fault::Unmatched
                | Fault::ConditionEnd(_)
        )
    }

    /// The line (from 1) of `text` that has to be mended. A quote that is not closed is noticed at the end
    /// alone: it stands in the first line that holds an odd number of them.
    pub fn line(&self, text: &str) -> u32 {
        let lines = || (1..).zip(text.lines());
        if let Fault::Unterminated(quote @ ('"' | '\'')) = self.fault {
            let odd = |line: &str| line.matches(quote).count() % 2 == 1;
            let found = lines().find(|(_, line)| !line.trim_start().starts_with('#') && odd(line));
            if let Some((number, _)) = found {
                return number;
            }
        }
        let last = lines().filter(|(_, line)| !line.trim().is_empty()).last();
        let span = Span::new(self.span.start.min(text.len()), self.span.end);
        span.position(text).line.min(last.map_or(1, |(number, _)| number))
    }

    /// What is wrong, in the shell's words, without its name and the line.
    pub fn why(&self, dialect: Dialect) -> String {
        match dialect {
            Dialect::Bash => {
                let message = self.bash("", 1, None);
                message.trim_start_matches([':', ' ']).to_owned()
            }
            Dialect::Dash => format!("Syntax error: {}", self.almquist(true)),
            Dialect::Ash => format!("syntax error: {}", self.almquist(false)),
        }
    }

    /// The message, of the shell called `name`, about the 1-based `line`; `source` is given for a
    /// script (bash repeats its line), and not at a prompt.
    pub fn message(&self, dialect: Dialect, name: &str, line: u32, source: Option<&str>) -> String {
        match dialect {
            Dialect::Bash => self.bash(name, line, source),
            Dialect::Dash => format!("{name}: {line}: Syntax error: {}", self.almquist(true)),
            Dialect::Ash if source.is_some() => {
                let last = source.map_or(0, |source| source.lines().count());
                let line = match self.is_incomplete() {
                    true => u32::try_from(last).unwrap_or(line) + 1,
                    false => line,
                };
                format!("{name}: line {line}: syntax error: {}", self.almquist(false))
            }
            Dialect::Ash => format!("{name}: syntax error: {}", self.almquist(false)),
        }
    }

    fn bash(&self, name: &str, line: u32, source: Option<&str>) -> String {
        // The end of a script is behind its last line.
        let line = match (&self.fault, source) {
            (
                Fault::UnexpectedEnd { .. } | Fault::HereDocument { .. } | Fault::Unterminated(')'),
                Some(source),
            ) => u32::try_from(source.lines().count()).unwrap_or(line) + 1,
            _ => line,
        };
        let at = match source {
            Some(_) => format!("{name}: line {line}: "),
            None => format!("{name}: "),
        };
        match &self.fault {
            Fault::Unexpected { token, .. } => {
                let mut text = format!("{at}syntax error near unexpected token `{token}'");
                if let Some(source) = source {
                    let own = source.lines().nth(line.saturating_sub(1) as usize).unwrap_or("");
                    text += &format!("\n{at}`{own}'");
                }
                text
            }
            Fault::UnexpectedEnd { .. } | Fault::HereDocument { .. } => {
                format!("{at}syntax error: unexpected end of file")
            }
            Fault::Unterminated(close) => {
                format!("{at}unexpected EOF while looking for matching `{close}'")
            }
            Fault::Condition(what) | Fault::ConditionEnd(what) => format!("{at}{what}"),
            Fault::Unmatched => format!("{at}unexpected EOF while looking for matching `)'"),
            Fault::Elements(inner) => {
                let inner = SyntaxError { fault: (**inner).clone(), span: self.span };
                inner.bash(name, line, source)
            }
            Fault::Loop { what, text } => {
                format!("{at}syntax error: {what}\n{at}syntax error: `(({text}))'")
            }
            Fault::LoopVariable | Fault::FunctionName => {
                format!("{at}syntax error: unexpected end of file")
            }
            Fault::TooDeep => format!("{at}syntax error: nested too deeply"),
            Fault::TooMany { most, of } => format!(
                "podhop: this command was ended here, since its braces make more than the {most} {of} that one command may have"
            ),
            Fault::NotSimulated(what) => format!("{at}not simulated here: {what}"),
        }
    }

    fn almquist(&self, dash: bool) -> String {
        // Only operators and reserved words are named.
        let quoted = |token: &str| match token {
            "newline" | "redirection" => token.to_owned(),
            other if is_named(other) => format!("\"{other}\""),
            _ => "word".to_owned(),
        };
        let expecting = |wanted: &Option<&str>| match wanted {
            Some("word") => " (expecting word)".to_owned(),
            Some(wanted) => format!(" (expecting \"{wanted}\")"),
            None => String::new(),
        };
        match &self.fault {
            Fault::Unexpected { token, expecting: wanted } if dash => {
                format!("{} unexpected{}", quoted(token), expecting(wanted))
            }
            Fault::Unexpected { token, expecting: wanted } => {
                format!("unexpected {}{}", quoted(token), expecting(wanted))
            }
            Fault::HereDocument { .. } if dash => "end of file unexpected".to_owned(),
            Fault::HereDocument { .. } => "unexpected end of file".to_owned(),
            Fault::UnexpectedEnd { expecting: wanted } if dash => {
                format!("end of file unexpected{}", expecting(wanted))
            }
            Fault::UnexpectedEnd { expecting: wanted } => {
                format!("unexpected end of file{}", expecting(wanted))
            }
            Fault::Unterminated(')') if dash => {
                "end of file unexpected (expecting \")\")".to_owned()
            }
            Fault::Unterminated(')') => "unexpected end of file (expecting \")\")".to_owned(),
            Fault::Unterminated('`') => "EOF in backquote substitution".to_owned(),
            Fault::Unterminated('}') if dash => "Missing '}'".to_owned(),
            Fault::Unterminated('}') => "missing '}'".to_owned(),
            Fault::Unterminated(_) if dash => "Unterminated quoted string".to_owned(),
            Fault::Unterminated(_) => "unterminated quoted string".to_owned(),
            Fault::Condition(what) | Fault::ConditionEnd(what) | Fault::Loop { what, .. } => {
                (*what).to_owned()
            }
            Fault::Elements(inner) => {
                let inner = SyntaxError { fault: (**inner).clone(), span: self.span };
                inner.almquist(dash)
            }
            Fault::Unmatched if dash => "Missing '))'".to_owned(),
            Fault::Unmatched => "missing '))'".to_owned(),
            Fault::FunctionName if dash => "Bad function name".to_owned(),
            Fault::FunctionName => "bad function name".to_owned(),
            Fault::LoopVariable if dash => "Bad for loop variable".to_owned(),
            Fault::LoopVariable => "bad for loop variable".to_owned(),
            Fault::TooDeep => "nested too deeply".to_owned(),
            Fault::TooMany { most, of } => format!("more than {most} {of}"),
            Fault::NotSimulated(what) => format!("not simulated here: {what}"),
        }
    }
}

/// Whether a token is an operator or a reserved word.
fn is_named(token: &str) -> bool {
    let operator = !token.is_empty() && token.chars().all(|letter| "|&;()<>".contains(letter));
    let reserved = matches!(
        token,
        "if" | "then"
            | "else"
            | "elif"
            | "fi"
            | "do"
            | "done"
            | "case"
            | "esac"
            | "while"
            | "until"
            | "for"
            | "in"
            | "{"
            | "}"
            | "!"
            | "function"
    );
    operator || reserved
}
