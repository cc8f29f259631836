//! From tokens to a tree (`text/template/parse`, `parse.go`).

use std::collections::BTreeMap;

use super::lex::{Kind, Token, fault, tokens};
use super::{Argument, Command, FUNCTIONS, Node, Operand, Pipeline};

/// How deep actions and parentheses may nest.
const DEEPEST: usize = 100;

/// The templates of a text: its own, under the empty name, and those that it defines.
pub(super) type Templates = BTreeMap<String, Vec<Node>>;

/// Reads a template.
///
/// # Errors
/// Go's words.
pub(super) fn parse(text: &str) -> Result<Templates, String> {
    let mut parser = Parser {
        text,
        tokens: tokens(text),
        next: 0,
        variables: vec!["$".to_owned()],
        defined: BTreeMap::new(),
        depth: 0,
        loops: 0,
    };
    let (nodes, end) = parser.nodes(true)?;
    debug_assert_eq!(end, End::Text);
    parser.defined.insert(String::new(), nodes);
    Ok(parser.defined)
}

/// What ended a list of nodes.
#[derive(Clone, Debug, PartialEq)]
enum End {
    /// The text.
    Text,
    /// `{{end}}`
    Close,
    /// `{{else}}`
    Else,
    /// `{{else if …}}`, `{{else with …}}`: the word.
    ElseThen(String),
}

/// Words that are no functions.
const KEYWORDS: &[&str] =
    &["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"];

/// What Go says of a text in quotes with an escape that is none.
const NO_TEXT: &str = "invalid syntax";

/// A token in quotes; of a long one, its beginning (lex.go, `item.String`).
fn shortened(token: &str) -> String {
    match token.chars().count() > 10 {
        true => format!("{:?}...", token.chars().take(10).collect::<String>()),
        false => format!("{token:?}"),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    variables: Vec<String>,
    defined: Templates,
    depth: usize,
    loops: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.text.len(), |token| token.at)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += usize::from(token.is_some());
        token
    }

    fn blanks(&mut self) {
        while self.peek() == Some(&Kind::Blank) {
            self.next += 1;
        }
    }

    fn fault(&self, what: &str) -> String {
        fault(self.text, self.at(), what)
    }

    fn unexpected(&self, context: &str) -> String {
        let shown = match self.peek() {
            Some(Kind::Fault(fault)) => return fault.clone(),
            None => "EOF".to_owned(),
            Some(Kind::Word(word)) if KEYWORDS.contains(&word.as_str()) => format!("<{word}>"),
            Some(Kind::Dot) => "<.>".to_owned(),
            Some(Kind::Char(c)) => format!("\"{}\"", c.escape_debug()),
            Some(_) => {
                let end = self.tokens.get(self.next + 1).map_or(self.text.len(), |token| token.at);
                shortened(&self.text[self.at()..end])
            }
        };
        self.fault(&format!("unexpected {shown} in {context}"))
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err(self.fault("not simulated here: actions that are nested so deep")),
            false => Ok(()),
        }
    }

    /// Nodes up to what ends them.
    fn nodes(&mut self, top: bool) -> Result<(Vec<Node>, End), String> {
        self.deeper()?;
        let known = self.variables.len();
        let mut nodes = Vec::new();
        loop {
            let Some(token) = self.take() else {
                if !top {
                    return Err(self.fault("unexpected EOF"));
                }
                self.depth -= 1;
                return Ok((nodes, End::Text));
            };
            match token.kind {
                Kind::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Kind::Fault(fault) => return Err(fault),
                _ => {}
            }
            self.blanks();
            let word = match self.peek() {
                Some(Kind::Word(word)) => word.clone(),
                _ => String::new(),
            };
            let end = match word.as_str() {
                "end" => Some(End::Close),
                "else" => Some(End::Else),
                _ => None,
            };
            if let Some(end) = end {
                if top {
                    return Err(self.fault(&format!("unexpected {{{{{word}}}}}")));
                }
                self.next += 1;
                let end = if end == End::Else { self.after_else()? } else { end };
                if end == End::Close || end == End::Else {
                    self.close(&word)?;
                }
                self.variables.truncate(known);
                self.depth -= 1;
                return Ok((nodes, end));
            }
            self.action(&word, &mut nodes)?;
        }
    }

    fn after_else(&mut self) -> Result<End, String> {
        self.blanks();
        Ok(match self.peek() {
            Some(Kind::Word(word)) if word == "if" || word == "with" => End::ElseThen(word.clone()),
            _ => End::Else,
        })
    }

    /// The closing braces.
    fn close(&mut self, context: &str) -> Result<(), String> {
        self.blanks();
        match self.peek() {
            Some(Kind::Close) => {
                self.next += 1;
                Ok(())
            }
            _ => Err(self.unexpected(context)),
        }
    }

    fn action(&mut self, word: &str, nodes: &mut Vec<Node>) -> Result<(), String> {
        match word {
            "if" | "with" | "range" => {
                self.next += 1;
                let node = self.control(word)?;
                nodes.push(node);
            }
            "break" | "continue" => {
                if self.loops == 0 {
                    return Err(self.fault(&format!("{{{{{word}}}}} outside {{{{range}}}}")));
                }
                self.next += 1;
                self.close(word)?;
                nodes.push(if word == "break" { Node::Break } else { Node::Continue });
            }
            "define" | "block" | "template" => {
                self.next += 1;
                let node = self.named(word)?;
                nodes.extend(node);
            }
            _ => {
                let pipeline = self.pipeline("command")?;
                self.close("command")?;
                nodes.push(Node::Action(pipeline));
            }
        }
        Ok(())
    }

    /// `if`, `with` and `range`, after the word.
    fn control(&mut self, word: &str) -> Result<Node, String> {
        let known = self.variables.len();
        let pipeline = self.pipeline(word)?;
        self.close(word)?;
        self.loops += usize::from(word == "range");
        let (body, end) = self.nodes(false)?;
        self.loops -= usize::from(word == "range");
        let otherwise = match end {
            End::Else => {
                let (otherwise, end) = self.nodes(false)?;
                if end != End::Close {
                    return Err(self.fault("expected end; found {{else}}"));
                }
                otherwise
            }
            End::ElseThen(inner) => {
                self.next += 1;
                self.deeper()?;
                let node = self.control(&inner)?;
                self.depth -= 1;
                vec![node]
            }
            _ => Vec::new(),
        };
        self.variables.truncate(known);
        Ok(match word {
            "range" => Node::Range { over: pipeline, body, otherwise },
            "with" => Node::With { pipeline, body, otherwise },
            _ => Node::If { pipeline, body, otherwise },
        })
    }

    /// `define`, `block` and `template`, after the word.
    fn named(&mut self, word: &str) -> Result<Option<Node>, String> {
        self.blanks();
        let at = self.at();
        let Some(Kind::Text2(name)) = self.peek().cloned() else {
            return Err(self.unexpected(&format!("{word} clause")));
        };
        let name = name.ok_or_else(|| self.fault(NO_TEXT))?;
        self.next += 1;
        self.blanks();
        let pipeline = match self.peek() {
            Some(Kind::Close) => None,
            _ => Some(self.pipeline("template clause")?),
        };
        self.close(word)?;
        if word != "template" {
            let outer = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
            let (body, end) = self.nodes(false)?;
            if end != End::Close {
                return Err(self.fault(&format!("unexpected {{{{else}}}} in {word} clause")));
            }
            self.variables = outer;
            self.defined.insert(name.clone(), body);
        }
        Ok((word != "define").then(|| Node::Template { name, pipeline, at: at.saturating_sub(1) }))
    }

    /// A pipeline, with the variables that it declares or sets.
    fn pipeline(&mut self, context: &str) -> Result<Pipeline, String> {
        self.deeper()?;
        self.blanks();
        let (declares, names) = self.targets(context)?;
        let mut commands = Vec::new();
        loop {
            let command = self.command(context, commands.is_empty())?;
            match self.peek() {
                _ if !command.arguments.is_empty() => commands.push(command),
                Some(Kind::Sign("|")) => return Err(self.unexpected(context)),
                // Go lets a pipe lead nowhere.
                _ if !commands.is_empty() => break,
                _ => return Err(self.fault(&format!("missing value for {context}"))),
            }
            self.blanks();
            match self.peek() {
                Some(Kind::Sign("|")) => self.next += 1,
                _ => break,
            }
        }
        if declares {
            self.variables.extend(names.iter().cloned());
        }
        self.depth -= 1;
        Ok(Pipeline { declares, names, commands })
    }

    /// `$x :=`, `$i, $x :=`, `$x =`
    fn targets(&mut self, context: &str) -> Result<(bool, Vec<String>), String> {
        let start = self.next;
        let mut names = Vec::new();
        while let Some(Kind::Variable(name)) = self.peek().cloned() {
            self.next += 1;
            self.blanks();
            names.push(name);
            match self.peek() {
                Some(Kind::Sign(":=")) => {
                    self.next += 1;
                    return Ok((true, names));
                }
                Some(Kind::Sign("=")) => {
                    self.next += 1;
                    if let Some(unknown) = names.iter().find(|name| !self.variables.contains(name))
                    {
                        return Err(self.fault(&format!("undefined variable {unknown:?}")));
                    }
                    return Ok((false, names));
                }
                Some(Kind::Sign(",")) if context == "range" && names.len() < 2 => {
                    self.next += 1;
                    self.blanks();
                }
                _ => break,
            }
        }
        self.next = start;
        Ok((false, Vec::new()))
    }

    fn command(&mut self, context: &str, first: bool) -> Result<Command, String> {
        let mut arguments = Vec::new();
        loop {
            self.blanks();
            if let Some(Kind::Close | Kind::Sign("|" | ")")) = self.peek() {
                break;
            }
            let place = if arguments.is_empty() { context } else { "operand" };
            let argument = self.argument(place)?;
            arguments.push(argument);
            match self.peek() {
                Some(Kind::Blank | Kind::Close | Kind::Sign("|" | ")")) => {}
                _ => return Err(self.unexpected("operand")),
            }
        }
        if !first
            && let Some(Argument { operand, fields, .. }) = arguments.first()
            && fields.is_empty()
            && matches!(
                operand,
                Operand::Text(_)
                    | Operand::Number(_)
                    | Operand::Bool(_)
                    | Operand::Nil
                    | Operand::Dot
            )
        {
            return Err(self.fault("non executable command in pipeline stage 2"));
        }
        Ok(Command { arguments })
    }

    fn argument(&mut self, context: &str) -> Result<Argument, String> {
        let at = self.at();
        let Some(token) = self.take() else { return Err(self.fault("unclosed action")) };
        let mut fields = Vec::new();
        let operand = match token.kind {
            Kind::Dot => Operand::Dot,
            Kind::Field(name) => {
                fields.push(name);
                Operand::Dot
            }
            Kind::Variable(name) => {
                if !self.variables.contains(&name) {
                    return Err(fault(self.text, at, &format!("undefined variable {name:?}")));
                }
                Operand::Variable(name)
            }
            Kind::Word(word) if KEYWORDS.contains(&word.as_str()) => {
                self.next -= 1;
                return Err(self.unexpected(context));
            }
            Kind::Word(word) => match word.as_str() {
                "true" => Operand::Bool(true),
                "false" => Operand::Bool(false),
                "nil" => Operand::Nil,
                name if FUNCTIONS.contains(&name) => Operand::Function(word),
                _ => {
                    let text = format!("function {word:?} not defined");
                    return Err(fault(self.text, at, &text));
                }
            },
            Kind::Text2(text) => Operand::Text(text.ok_or_else(|| self.fault(NO_TEXT))?),
            Kind::Number(text) => Operand::Number(text),
            Kind::Sign("(") => {
                let pipeline = self.pipeline("parenthesized pipeline")?;
                self.blanks();
                if self.peek() != Some(&Kind::Sign(")")) {
                    return Err(self.fault("unclosed left paren"));
                }
                self.next += 1;
                Operand::Pipeline(Box::new(pipeline))
            }
            _ => {
                self.next -= 1;
                return Err(self.unexpected(context));
            }
        };
        let chained = match operand {
            Operand::Dot => !fields.is_empty(),
            Operand::Text(_) | Operand::Number(_) | Operand::Bool(_) | Operand::Nil => false,
            _ => true,
        };
        if !chained && let Some(Kind::Field(_)) = self.peek() {
            let term = &self.text[at..self.at()];
            return Err(self.fault(&format!("unexpected . after term {term:?}")));
        }
        while let Some(Kind::Field(name)) = self.peek().cloned() {
            self.next += 1;
            fields.push(name);
        }
        let end = self.at().max(at);
        let written = self.text[at..end].trim_end().to_owned();
        Ok(Argument { operand, fields, at, written })
    }
}
