//! The grammar, by recursive descent with a bound on the depth.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lexer::Token;
use super::words::Within;
use super::{
    Assignment, Command, CommandKind, Connector, Dialect, Fault, Item, List, Parsed, Part,
    Pipeline, Reading, Redirect, RedirectTarget, SyntaxError, Word, braces,
};
use crate::diagnostic::Span;

/// Deeper than anybody writes, and far from the end of any thread's stack.
const DEEPEST: u32 = 40;

/// Words that can't be a command's name where a command ends.
const CLOSING: [&str; 8] = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];

/// Reads one text.
pub(super) struct Parser<'a> {
    pub(super) text: String,
    pub(super) at: usize,
    pub(super) interactive: bool,
    /// Where the line ends whose here-documents have been read, and where they end.
    pub(super) here_document: Option<(usize, usize)>,
    dialect: Dialect,
    aliases: &'a BTreeMap<String, String>,
    /// Aliases that were put in, up to where they reach: they don't stand for themselves.
    expanded: Vec<(String, usize)>,
    /// How many bytes aliases have added.
    added: isize,
    depth: u32,
    token: Option<(Token, Span)>,
}

type Result<T> = std::result::Result<T, SyntaxError>;

impl<'a> Parser<'a> {
    pub(super) fn new(text: &str, start: usize, reading: Reading<'a>) -> Parser<'a> {
        Parser {
            text: text.to_owned(),
            at: start,
            interactive: reading.interactive,
            here_document: None,
            dialect: reading.dialect,
            aliases: reading.aliases,
            expanded: Vec::new(),
            added: 0,
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

    /// Reads one complete command.
    pub(super) fn line(mut self) -> Result<Option<Parsed>> {
        if self.peek()?.0 == Token::End {
            return Ok(None);
        }
        let list = self.one_line()?;
        let end = self.at as isize - self.added;
        Ok(Some(Parsed { list: Arc::new(list), end: usize::try_from(end).unwrap_or(0) }))
    }

    fn one_line(&mut self) -> Result<List> {
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
    fn deeper(&self, text: &str) -> Parser<'a> {
        let reading = Reading { dialect: self.dialect, aliases: self.aliases, interactive: false };
        Parser { depth: self.depth + 1, ..Parser::new(text, 0, reading) }
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

    fn skip_newlines(&mut self) -> Result<()> {
        while self.peek()?.0 == Token::Newline {
            self.advance()?;
        }
        Ok(())
    }

    fn is_operator(&mut self, wanted: &str) -> Result<bool> {
        Ok(matches!(self.peek()?.0, Token::Operator(operator) if operator == wanted))
    }

    fn take_operator(&mut self, wanted: &str) -> Result<bool> {
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

    fn take_reserved(&mut self, wanted: &str) -> Result<bool> {
        let found = self.is_reserved(wanted)?;
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect_reserved(&mut self, wanted: &'static str) -> Result<()> {
        match self.take_reserved(wanted)? {
            true => Ok(()),
            false => self.unexpected(Some(wanted)),
        }
    }

    /// Commands up to a closing word, parenthesis or `;;`.
    fn list(&mut self, expecting: &[&'static str]) -> Result<List> {
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
                _ => return self.unexpected(expecting.first().copied()),
            }
        }
        Ok(List { items })
    }

    /// A list that may not be empty.
    fn body(&mut self, expecting: &'static str) -> Result<Arc<List>> {
        let list = self.nested(|parser| parser.list(&[expecting]))?;
        match list.items.is_empty() {
            true => self.unexpected(Some(expecting)),
            false => Ok(Arc::new(list)),
        }
    }

    fn item(&mut self) -> Result<Item> {
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

    fn pipeline(&mut self) -> Result<Pipeline> {
        let mut negated = false;
        while self.take_reserved("!")? {
            negated = !negated;
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
        Ok(Pipeline { negated, commands: commands.into_iter().map(Arc::new).collect() })
    }

    /// `a |& b` is `a 2>&1 | b`.
    fn join_error(&self, commands: &mut [Command]) {
        if let Some(last) = commands.last_mut() {
            let target = RedirectTarget::Duplicate(Word::text("1"));
            last.redirects.push(Redirect { descriptor: 2, target });
        }
    }

    fn command(&mut self) -> Result<Command> {
        self.expand_alias()?;
        let (token, span) = self.peek()?.clone();
        let line = span.position(&self.text).line;
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
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        Ok(Command { kind, redirects, line })
    }

    fn open_parenthesis(&mut self) -> Result<CommandKind> {
        if self.rest().starts_with('(') && self.is_bash_like() {
            let start = self.at;
            let mut inner = self.rest()[1..].char_indices();
            let mut depth = 0_u32;
            let end = inner.find(|(offset, next)| {
                match next {
                    '(' => depth += 1,
                    ')' if depth > 0 => depth -= 1,
                    ')' => return self.text[start + 1 + offset..].starts_with("))"),
                    _ => {}
                }
                false
            });
            if let Some((length, _)) = end {
                let text = self.text[start + 1..start + 1 + length].to_owned();
                self.at = start + 1 + length + 2;
                let parts = self.document(&text)?;
                return Ok(CommandKind::Arithmetic(Word { parts, span: Span::default() }));
            }
        }
        let list = self.nested(Self::parenthesised)?;
        match list.items.is_empty() {
            true => Err(self.fault(Fault::Unexpected { token: ")".to_owned(), expecting: None })),
            false => Ok(CommandKind::Subshell(Arc::new(list))),
        }
    }

    /// The command that begins with a reserved word; `None` when it is no reserved word.
    fn compound(&mut self, reserved: &str) -> Result<Option<CommandKind>> {
        let kind = match reserved {
            "{" => {
                self.advance()?;
                let body = self.body("}")?;
                self.expect_reserved("}")?;
                CommandKind::Group(body)
            }
            "if" => {
                self.advance()?;
                self.conditional_arms()?
            }
            "while" | "until" => {
                self.advance()?;
                let condition = self.body("do")?;
                let body = self.do_body()?;
                CommandKind::While { until: reserved == "until", condition, body }
            }
            "for" => {
                self.advance()?;
                self.for_loop()?
            }
            "case" => {
                self.advance()?;
                self.nested(Self::case)?
            }
            "[[" if self.is_bash_like() => {
                self.advance()?;
                CommandKind::Conditional(self.double_bracket()?)
            }
            "function" if self.is_bash_like() => {
                self.advance()?;
                let name = self.raw_word()?;
                if self.take_operator("(")? && !self.take_operator(")")? {
                    return self.unexpected(Some(")"));
                }
                self.function(name)?
            }
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    fn conditional_arms(&mut self) -> Result<CommandKind> {
        let mut arms = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.body("then")?;
            self.expect_reserved("then")?;
            arms.push((condition, self.body("fi")?));
            if self.take_reserved("elif")? {
                continue;
            }
            if self.take_reserved("else")? {
                otherwise = Some(self.body("fi")?);
            }
            self.expect_reserved("fi")?;
            return Ok(CommandKind::If { arms, otherwise });
        }
    }

    fn do_body(&mut self) -> Result<Arc<List>> {
        self.expect_reserved("do")?;
        let body = self.body("done")?;
        self.expect_reserved("done")?;
        Ok(body)
    }

    fn for_loop(&mut self) -> Result<CommandKind> {
        if self.token.is_none() && self.rest().trim_start().starts_with("((") && self.is_bash() {
            return self.arithmetic_for();
        }
        let name = self.raw_word()?;
        self.skip_newlines()?;
        let mut words = None;
        if self.take_reserved("in")? {
            let mut list = Vec::new();
            while let Token::Word(word) = &self.peek()?.0 {
                let word = word.clone();
                self.advance()?;
                self.braces(word, &mut list);
            }
            words = Some(list);
            if !matches!(self.peek()?.0, Token::Newline | Token::Operator(";")) {
                return self.unexpected(Some("do"));
            }
        }
        self.take_operator(";")?;
        self.skip_newlines()?;
        let body = self.do_body()?;
        Ok(CommandKind::For { name, words, body })
    }

    fn arithmetic_for(&mut self) -> Result<CommandKind> {
        let Some(open) = self.rest().find("((") else {
            return self.unexpected(None);
        };
        let start = self.at + open + 2;
        let Some(length) = self.text[start..].find("))") else {
            self.at = self.text.len();
            return Err(self.fault(Fault::Unterminated(')')));
        };
        let text = self.text[start..start + length].to_owned();
        self.at = start + length + 2;
        let mut parts = text.splitn(3, ';');
        let mut next = |parser: &mut Self| -> Result<Word> {
            let parts = parser.document(parts.next().unwrap_or(""))?;
            Ok(Word { parts, span: Span::default() })
        };
        let (first, test, step) = (next(self)?, next(self)?, next(self)?);
        self.take_operator(";")?;
        self.skip_newlines()?;
        let body = self.do_body()?;
        Ok(CommandKind::ArithmeticFor { first, test, next: step, body })
    }

    fn case(&mut self) -> Result<CommandKind> {
        let Token::Word(subject) = self.peek()?.0.clone() else {
            return self.unexpected(None);
        };
        self.advance()?;
        self.skip_newlines()?;
        self.expect_reserved("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.take_reserved("esac")? {
                return Ok(CommandKind::Case { subject, arms });
            }
            self.take_operator("(")?;
            let mut patterns = Vec::new();
            loop {
                let Token::Word(pattern) = self.peek()?.0.clone() else {
                    return self.unexpected(Some("esac"));
                };
                self.advance()?;
                patterns.push(pattern);
                if !self.take_operator("|")? {
                    break;
                }
            }
            if !self.take_operator(")")? {
                return self.unexpected(Some(")"));
            }
            let body = self.list(&["esac"])?;
            arms.push((patterns, Arc::new(body)));
            if !self.take_operator(";;")? && !self.is_reserved("esac")? {
                return self.unexpected(Some(";;"));
            }
        }
    }

    /// A word's own text: a variable's or function's name.
    fn raw_word(&mut self) -> Result<String> {
        match self.peek()?.clone() {
            (Token::Word(_), span) => {
                self.advance()?;
                Ok(self.text[span.start..span.end].to_owned())
            }
            _ => self.unexpected(None),
        }
    }

    fn function(&mut self, name: String) -> Result<CommandKind> {
        self.skip_newlines()?;
        let body = self.nested(Self::command)?;
        Ok(CommandKind::Function { name, body: Arc::new(body) })
    }

    fn simple(&mut self, line: u32) -> Result<Command> {
        let mut assignments = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        let mut redirects = Vec::new();
        loop {
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            match self.peek()?.0.clone() {
                Token::Word(word) => {
                    self.advance()?;
                    match assignment(&word) {
                        Some(assignment) if words.is_empty() => assignments.push(assignment),
                        _ => self.braces(word, &mut words),
                    }
                }
                Token::Operator("(") if words.len() == 1 && assignments.is_empty() => {
                    return self.function_definition(&words[0], line);
                }
                _ => break,
            }
        }
        if assignments.is_empty() && words.is_empty() && redirects.is_empty() {
            return self.unexpected(None);
        }
        Ok(Command { kind: CommandKind::Simple { assignments, words }, redirects, line })
    }

    fn function_definition(&mut self, name: &Word, line: u32) -> Result<Command> {
        let name = match name.bare() {
            Some(name) => name.to_owned(),
            None => return self.unexpected(None),
        };
        let open = self.advance()?;
        if !self.take_operator(")")? {
            let next = self.peek()?;
            // bash blames the parenthesis when a word stands where only `)` may.
            if matches!(next.0, Token::End | Token::Newline) {
                return self.unexpected(Some(")"));
            }
            if self.is_bash() {
                self.token = Some(open);
            }
            return self.unexpected(Some(")"));
        }
        let kind = self.function(name)?;
        Ok(Command { kind, redirects: Vec::new(), line })
    }

    fn braces(&self, word: Word, words: &mut Vec<Word>) {
        match self.is_bash() {
            true => words.extend(braces::expand(word)),
            false => words.push(word),
        }
    }

    fn redirect(&mut self) -> Result<Option<Redirect>> {
        let given = match self.peek()?.0 {
            Token::Descriptor(descriptor) => {
                self.advance()?;
                Some(descriptor)
            }
            _ => None,
        };
        let Token::Operator(operator) = self.peek()?.0 else { return Ok(None) };
        let own = match operator {
            "<" | "<<" | "<<-" | "<<<" | "<&" | "<>" => 0,
            ">" | ">>" | ">|" | ">&" | "&>" | "&>>" => 1,
            _ => return Ok(None),
        };
        self.advance()?;
        let descriptor = given.unwrap_or(own);
        let (Token::Word(word), span) = self.peek()?.clone() else {
            return self.unexpected(None);
        };
        let target = match operator {
            "<<" | "<<-" => self.here_document(&word, span, operator == "<<-")?,
            "<<<" => RedirectTarget::Text { text: word, newline: true },
            "<" | "<>" => RedirectTarget::Read(word),
            ">" | ">|" => RedirectTarget::Write(word),
            ">>" => RedirectTarget::Append(word),
            "&>" => RedirectTarget::Both { file: word, append: false },
            "&>>" => RedirectTarget::Both { file: word, append: true },
            ">&" if given.is_none() && !is_descriptor(&word) => {
                RedirectTarget::Both { file: word, append: false }
            }
            _ => RedirectTarget::Duplicate(word),
        };
        self.token = None;
        Ok(Some(Redirect { descriptor, target }))
    }

    /// The text of a here-document, expanded later unless its delimiter is quoted.
    fn here_document(&mut self, word: &Word, span: Span, strip: bool) -> Result<RedirectTarget> {
        let raw = self.text[span.start..span.end].to_owned();
        let quoted = raw.contains(['\'', '"', '\\']);
        let delimiter = raw.replace(['\'', '"', '\\'], "");
        let (_, body) = self.here_body(&delimiter, strip)?;
        let parts = match quoted {
            true => vec![Part::Quoted(body)],
            false => self.document(&body)?,
        };
        Ok(RedirectTarget::Text { text: Word { parts, span: word.span }, newline: false })
    }

    /// Puts an alias's text in place of its name.
    fn expand_alias(&mut self) -> Result<()> {
        while let (Token::Word(word), span) = self.peek()?.clone() {
            let Some(name) = word.bare().map(str::to_owned) else { return Ok(()) };
            let Some(value) = self.aliases.get(&name) else { return Ok(()) };
            self.expanded.retain(|(_, end)| span.start < *end);
            if self.expanded.iter().any(|(used, _)| *used == name) || self.expanded.len() > 20 {
                return Ok(());
            }
            self.text.replace_range(span.start..span.end, value);
            let grown = value.len() as isize - (span.end - span.start) as isize;
            self.added += grown;
            for (_, end) in &mut self.expanded {
                *end = end.saturating_add_signed(grown);
            }
            if let Some((line_end, after)) = &mut self.here_document {
                *line_end = line_end.saturating_add_signed(grown);
                *after = after.saturating_add_signed(grown);
            }
            self.expanded.push((name, span.start + value.len()));
            self.at = span.start;
            self.token = None;
        }
        Ok(())
    }
}

fn is_descriptor(word: &Word) -> bool {
    match word.parts.as_slice() {
        [Part::Bare(text)] => text == "-" || text.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// `name=value` or `name+=value`.
fn assignment(word: &Word) -> Option<Assignment> {
    let Some((Part::Bare(first), rest)) = word.parts.split_first() else { return None };
    let (name, value) = first.split_once('=')?;
    let (name, append) = match name.strip_suffix('+') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if !begins || !letters.all(|next| next.is_ascii_alphanumeric() || next == '_') {
        return None;
    }
    let mut parts = Vec::new();
    if !value.is_empty() {
        parts.push(Part::Bare(value.to_owned()));
    }
    parts.extend(rest.iter().cloned());
    Some(Assignment { name: name.to_owned(), append, value: Word { parts, span: word.span } })
}
