//! The grammar, by recursive descent with a bound on the depth.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::lexer::Token;
use super::words::Within;
use super::{
    Command, CommandKind, Connector, Dialect, Fault, Item, List, Mark, Part, Pipeline, Reading,
    Redirect, RedirectTarget, SyntaxError, Timed, Word,
};
use crate::diagnostic::Span;

/// Deeper than anybody writes, and far from the end of any thread's stack.
const DEEPEST: u32 = 40;

/// The longest text of a command that is kept to be shown.
const LONGEST_SHOWN: usize = 4_096;

/// Words that can't be a command's name where a command ends.
const CLOSING: [&str; 8] = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];

/// Reads one text.
pub(super) struct Parser<'a> {
    /// Its own where aliases were put in.
    pub(super) text: Cow<'a, str>,
    pub(super) at: usize,
    pub(super) interactive: bool,
    /// Where the line ends whose here-documents have been read, and where they end.
    pub(super) here_document: Option<(usize, usize)>,
    /// Here-documents that the text's end ended: the line of their operator, and their delimiter.
    pub(super) cut: Vec<(u32, String)>,
    pub(super) dialect: Dialect,
    /// Whether words may hold groups of patterns: `@(a|b)`.
    pub(super) groups: bool,
    /// Whether it reads the elements of an array, which may begin with `[`.
    pub(super) elements: bool,
    pub(super) aliases: &'a BTreeMap<String, String>,
    /// Aliases that were put in, up to where they reach: they don't stand for themselves.
    pub(super) expanded: Vec<(String, usize)>,
    /// How many bytes aliases have added.
    pub(super) added: isize,
    /// How many aliases were put in, here and in what this is part of.
    pub(super) put_in: Rc<Cell<usize>>,
    /// How many letters braces have made, likewise.
    pub(super) braced: Rc<Cell<usize>>,
    pub(super) depth: u32,
    /// How far lines have been counted.
    counted: Mark,
    pub(super) token: Option<(Token, Span)>,
}

pub(super) type Result<T> = std::result::Result<T, SyntaxError>;

impl<'a> Parser<'a> {
    pub(super) fn new(
        text: impl Into<Cow<'a, str>>,
        start: Mark,
        reading: Reading<'a>,
    ) -> Parser<'a> {
        Parser {
            text: text.into(),
            at: start.at,
            counted: start,
            interactive: reading.interactive,
            here_document: None,
            cut: Vec::new(),
            dialect: reading.dialect,
            groups: reading.groups,
            elements: false,
            aliases: reading.aliases,
            expanded: Vec::new(),
            added: 0,
            put_in: Rc::default(),
            braced: Rc::default(),
            depth: 0,
            token: None,
        }
    }

    pub(super) fn is_bash(&self) -> bool {
        self.dialect == Dialect::Bash
    }

    /// Bash's additions that BusyBox has too.
    pub(super) fn is_bash_like(&self) -> bool {
        self.dialect != Dialect::Dash
    }

    /// Reads one complete command; the byte after it comes beside, and the here-documents that were cut.
    pub(super) fn line(mut self) -> Result<Option<(List, usize, Vec<(u32, String)>)>> {
        if self.peek()?.0 == Token::End {
            return Ok(None);
        }
        let list = self.one_line()?;
        let end = self.at as isize - self.added;
        Ok(Some((list, usize::try_from(end).unwrap_or(0), self.cut)))
    }

    /// The line that a byte stands on, from 1. Commands come one after the other, so that lines are
    /// counted once.
    pub(super) fn line_of(&mut self, at: usize) -> u32 {
        if at < self.counted.at {
            self.counted = Mark::START;
        }
        let passed = self.text.get(self.counted.at..at).unwrap_or("").matches('\n').count();
        let line = self.counted.line.saturating_add(passed as u32);
        self.counted = Mark { at, line };
        line
    }

    pub(super) fn one_line(&mut self) -> Result<List> {
        let mut items = Vec::new();
        loop {
            match self.peek()?.0 {
                Token::Newline | Token::End => {
                    self.advance()?;
                    return Ok(List { items });
                }
                _ => items.push(self.item()?),
            }
            let last = items.last().is_some_and(|item| item.background);
            match self.peek()?.0 {
                Token::Newline | Token::End => {}
                _ if last => {}
                Token::Operator(";") => {
                    self.advance()?;
                }
                _ => return self.unexpected(None),
            }
        }
    }

    /// Runs `read` one level deeper.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEEPEST {
            return Err(self.fault(Fault::TooDeep));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// A parser of another text, as deep as this one.
    pub(super) fn deeper(&self, text: &str) -> Parser<'a> {
        let reading = Reading {
            dialect: self.dialect,
            aliases: self.aliases,
            interactive: false,
            groups: self.groups,
        };
        let (put_in, braced) = (self.put_in.clone(), self.braced.clone());
        Parser {
            depth: self.depth + 1,
            put_in,
            braced,
            ..Parser::new(text.to_owned(), Mark::START, reading)
        }
    }

    /// The commands in `text`: what stands between backquotes.
    pub(super) fn inner(&mut self, text: &str) -> Result<List> {
        self.nested(|parser| {
            let mut inner = parser.deeper(text);
            let list = inner.list(&[])?;
            match inner.peek()?.0 {
                Token::End => Ok(list),
                _ => inner.unexpected(None),
            }
        })
    }

    /// The parts of `text`, read like a here-document's body.
    pub(super) fn document(&mut self, text: &str) -> Result<Vec<Part>> {
        self.nested(|parser| parser.deeper(text).parts(Within::Document))
    }

    /// The parts of an arithmetic expression, in which double quotes mean nothing to bash.
    pub(super) fn expression(&mut self, text: &str) -> Result<Vec<Part>> {
        let mut parts = self.document(text)?;
        for part in parts.iter_mut().filter(|_| self.is_bash()) {
            if let Part::Quoted(text) = part {
                text.retain(|letter| letter != '"');
            }
        }
        Ok(parts)
    }

    /// The commands up to a closing parenthesis, which is taken.
    pub(super) fn parenthesised(&mut self) -> Result<List> {
        let saved = self.token.take();
        let list = self.list(&[])?;
        let result = match self.peek()?.0 {
            Token::Operator(")") => {
                self.token = None;
                Ok(list)
            }
            Token::End => Err(self.fault(Fault::Unterminated(')'))),
            _ => self.unexpected(None),
        };
        self.token = saved;
        result
    }

    /// The next token, which stays. It is lexed only when asked for, so that `at` is where the
    /// taken text ends whenever there is none.
    pub(super) fn peek(&mut self) -> Result<&(Token, Span)> {
        let token = match self.token.take() {
            Some(token) => token,
            None => self.lex()?,
        };
        Ok(self.token.insert(token))
    }

    /// Takes the next token.
    pub(super) fn advance(&mut self) -> Result<(Token, Span)> {
        self.peek()?;
        Ok(self.token.take().unwrap_or((Token::End, Span::default())))
    }

    /// The next token can't stand here.
    pub(super) fn unexpected<T>(&mut self, expecting: Option<&'static str>) -> Result<T> {
        let (token, span) = self.peek()?.clone();
        let fault = match &token {
            Token::End => Fault::UnexpectedEnd { expecting },
            token => Fault::Unexpected { token: token.name(&self.text, span), expecting },
        };
        Err(SyntaxError { fault, span })
    }

    /// The same where bash takes the end of a text that it was given for a line's end.
    pub(super) fn unexpected_here<T>(&mut self, expecting: Option<&'static str>) -> Result<T> {
        match self.peek()?.0 == Token::End && self.is_bash() && !self.interactive {
            true => {
                let token = "newline".to_owned();
                Err(self.fault(Fault::Unexpected { token, expecting: None }))
            }
            false => self.unexpected(expecting),
        }
    }

    pub(super) fn skip_newlines(&mut self) -> Result<()> {
        while self.peek()?.0 == Token::Newline {
            self.advance()?;
        }
        Ok(())
    }

    pub(super) fn is_operator(&mut self, wanted: &str) -> Result<bool> {
        Ok(matches!(self.peek()?.0, Token::Operator(operator) if operator == wanted))
    }

    pub(super) fn take_operator(&mut self, wanted: &str) -> Result<bool> {
        let found = self.is_operator(wanted)?;
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    /// Whether the next token is this reserved word.
    pub(super) fn is_reserved(&mut self, wanted: &str) -> Result<bool> {
        Ok(matches!(&self.peek()?.0, Token::Word(word) if word.bare() == Some(wanted)))
    }

    pub(super) fn take_reserved(&mut self, wanted: &str) -> Result<bool> {
        let found = self.is_reserved(wanted)?;
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    pub(super) fn expect_reserved(&mut self, wanted: &'static str) -> Result<()> {
        match self.take_reserved(wanted)? {
            true => Ok(()),
            false => self.unexpected(Some(wanted)),
        }
    }

    /// Commands up to a closing word, parenthesis or `;;`.
    pub(super) fn list(&mut self, expecting: &[&'static str]) -> Result<List> {
        let mut items = Vec::new();
        loop {
            self.skip_newlines()?;
            let closes = match &self.peek()?.0 {
                Token::End => true,
                Token::Operator(operator) => matches!(*operator, ")" | ";;" | ";&" | ";;&"),
                Token::Word(word) => word.bare().is_some_and(|text| CLOSING.contains(&text)),
                _ => false,
            };
            if closes {
                break;
            }
            let item = self.item()?;
            let background = item.background;
            items.push(item);
            match self.peek()?.0 {
                Token::Operator(";") => {
                    self.advance()?;
                }
                Token::Newline | Token::End => {}
                Token::Operator(")" | ";;" | ";&" | ";;&") => {}
                _ if background => {}
                // No separator is needed behind a compound command: `{ …; } }`, `if { …; } then`.
                Token::Word(ref word) if word.bare().is_some_and(|it| CLOSING.contains(&it)) => {}
                _ => return self.unexpected(expecting.first().copied()),
            }
        }
        Ok(List { items })
    }

    /// A list that may not be empty.
    pub(super) fn body(&mut self, expecting: &'static str) -> Result<Arc<List>> {
        let list = self.nested(|parser| parser.list(&[expecting]))?;
        match list.items.is_empty() {
            // What stands there may not begin a command.
            true if self.peek()?.0 != Token::End => self.unexpected(None),
            true => self.unexpected(Some(expecting)),
            false => Ok(Arc::new(list)),
        }
    }

    pub(super) fn item(&mut self) -> Result<Item> {
        let start = self.peek()?.1.start;
        let mut pipelines = vec![(Connector::Always, self.pipeline()?)];
        loop {
            let connector = match self.peek()?.0 {
                Token::Operator("&&") => Connector::And,
                Token::Operator("||") => Connector::Or,
                _ => break,
            };
            self.advance()?;
            self.skip_newlines()?;
            pipelines.push((connector, self.pipeline()?));
        }
        let background = self.take_operator("&")?;
        Ok(Item { pipelines, background, span: Span::new(start, self.at) })
    }

    pub(super) fn pipeline(&mut self) -> Result<Pipeline> {
        let (mut timed, mut negated) = (None, false);
        loop {
            if negated && !self.is_bash() && self.is_reserved("!")? {
                return self.unexpected(None);
            }
            if self.take_reserved("!")? {
                negated = !negated;
            } else if let Some(how) = self.timed()? {
                timed = Some(how);
            } else {
                break;
            }
        }
        if timed.is_some() && self.is_over()? {
            return Ok(Pipeline { timed, negated, commands: vec![Arc::new(Command::nothing())] });
        }
        let mut commands = vec![self.command()?];
        loop {
            if self.take_operator("|&")? {
                self.join_error(&mut commands);
            } else if !self.take_operator("|")? {
                break;
            }
            self.skip_newlines()?;
            commands.push(self.command()?);
        }
        let commands = commands.into_iter().map(Arc::new).collect();
        Ok(Pipeline { timed, negated, commands })
    }

    /// Whether no command follows here.
    fn is_over(&mut self) -> Result<bool> {
        Ok(matches!(self.peek()?.0, Token::Newline | Token::End | Token::Operator(";" | ")" | "&")))
    }

    /// `time`, `time -p`: a reserved word everywhere but in dash. In BusyBox' shell it is a program, but the
    /// recordings of a real cluster show what bash prints there, too.
    fn timed(&mut self) -> Result<Option<Timed>> {
        if !self.is_bash_like() || !self.take_reserved("time")? {
            return Ok(None);
        }
        let posix = self.take_reserved("-p")?;
        Ok(Some(if posix { Timed::Posix } else { Timed::Minutes }))
    }

    /// `a |& b` is `a 2>&1 | b`.
    pub(super) fn join_error(&self, commands: &mut [Command]) {
        if let Some(last) = commands.last_mut() {
            let target = RedirectTarget::Duplicate(Word::text("1"));
            last.redirects.push(Redirect { descriptor: 2, variable: None, target });
        }
    }

    pub(super) fn command(&mut self) -> Result<Command> {
        self.expand_alias()?;
        let (token, span) = self.peek()?.clone();
        let line = self.line_of(span.start);
        let kind = match &token {
            Token::Operator("(") => {
                self.advance()?;
                self.open_parenthesis()?
            }
            Token::Word(word) => match word.bare() {
                Some(reserved) if CLOSING.contains(&reserved) => return self.unexpected(None),
                Some(reserved) => match self.compound(reserved)? {
                    Some(kind) => kind,
                    None => return self.simple(line),
                },
                None => return self.simple(line),
            },
            _ => return self.simple(line),
        };
        let mut redirects = Vec::new();
        loop {
            if let Token::Word(word) = self.peek()?.0.clone()
                && let Some(name) = self.descriptor_variable(&word)
            {
                self.advance()?;
                let redirect = self.redirect()?;
                redirects.extend(redirect.map(|one| Redirect { variable: Some(name), ..one }));
                continue;
            }
            match self.redirect()? {
                Some(redirect) => redirects.push(redirect),
                None => break,
            }
        }
        let text = self.head(&kind, span.start);
        Ok(Command { kind, redirects, line, text })
    }

    /// What was read since `start`, as it was written.
    pub(super) fn written(&self, start: usize) -> Arc<str> {
        let end = self.token.as_ref().map_or(self.at, |(_, next)| next.start);
        let text = self.text.get(start..end).unwrap_or("").trim_end();
        let text = if self.is_bash() && text.len() <= LONGEST_SHOWN { text } else { "" };
        text.into()
    }

    /// What `set -x` and `$BASH_COMMAND` show of a compound command that began at `start`.
    fn head(&self, kind: &CommandKind, start: usize) -> Arc<str> {
        let slice = |span: &Span| self.text.get(span.start..span.end).unwrap_or("");
        let text = match kind {
            _ if !self.is_bash() => String::new(),
            CommandKind::For { name, words, selects, .. } => {
                let mut spans: Vec<&Span> = words.iter().flatten().map(|word| &word.span).collect();
                // Words that braces made are one in the source.
                spans.dedup();
                let words = match words {
                    Some(_) => spans.into_iter().map(slice).collect::<Vec<_>>().join(" "),
                    None => "\"$@\"".to_owned(),
                };
                format!("{} {name} in {words}", if *selects { "select" } else { "for" })
            }
            CommandKind::Case { subject, .. } => format!("case {} in", slice(&subject.span)),
            CommandKind::ArithmeticFor { first, next, .. } => {
                slice(&Span::new(first.span.start, next.span.end)).to_owned()
            }
            CommandKind::Arithmetic(_) | CommandKind::Conditional(_) | CommandKind::Subshell(_) => {
                return self.written(start);
            }
            _ => String::new(),
        };
        if text.len() <= LONGEST_SHOWN { text.into() } else { "".into() }
    }
}
