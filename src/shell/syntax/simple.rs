//! Simple commands: assignments, words, redirections; and aliases, which stand before them.

use super::compound::is_name;
use super::lexer::Token;
use super::parser::{Parser, Result};
use super::{
    Assignment, Command, CommandKind, Element, Fault, Part, Redirect, RedirectTarget, SyntaxError,
    Word, braces,
};
use crate::diagnostic::Span;

/// Aliases that one command may be made of: those that stand for each other twice would double it
/// without end.
const MOST_ALIASES: usize = 1_000;

impl Parser<'_> {
    pub(super) fn simple(&mut self, line: u32) -> Result<Command> {
        let mut assignments = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        let mut redirects = Vec::new();
        let mut arrays = Vec::new();
        let start = self.peek()?.1.start;
        loop {
            // The command's name may be an alias wherever assignments and redirections leave it.
            if words.is_empty() || self.may_be_alias()? {
                self.expand_alias()?;
            }
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            match self.peek()?.0.clone() {
                Token::Word(word) => {
                    self.advance()?;
                    if let Some(name) = self.descriptor_variable(&word)
                        && let Some(redirect) = self.redirect()?
                    {
                        redirects.push(Redirect { variable: Some(name), ..redirect });
                        continue;
                    }
                    let mut assigned = assignment(&word, self.is_bash());
                    if let Some(assignment) = &mut assigned
                        && assignment.value.parts.is_empty()
                        && self.is_bash()
                        && self.rest().starts_with('(')
                    {
                        let open = self.at;
                        self.at += 1;
                        assignment.elements = Some(self.all_elements().map_err(of_elements)?);
                        assignment.source = self.text.get(open..self.at).unwrap_or("").into();
                    }
                    match assigned {
                        Some(assignment) if words.is_empty() => assignments.push(assignment),
                        Some(assignment) if assignment.elements.is_some() => {
                            words.push(Word::text(assignment.name.clone()));
                            arrays.push(assignment);
                        }
                        _ => self.braces(word, &mut words)?,
                    }
                }
                // BusyBox' `[[` is a command like `[`, whose words may be joined so.
                Token::Operator(join @ ("&&" | "||"))
                    if !self.is_bash()
                        && self.is_bash_like()
                        && words.first().and_then(Word::bare) == Some("[[")
                        && words.last().and_then(Word::bare) != Some("]]") =>
                {
                    self.advance()?;
                    words.push(Word::text(if join == "&&" { "-a" } else { "-o" }));
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
        let text = self.written(start);
        let kind = CommandKind::Simple { assignments, words, arrays };
        Ok(Command { kind, redirects, line, text })
    }

    /// The elements of an array behind its parenthesis, up to the closing one.
    fn all_elements(&mut self) -> Result<Vec<Element>> {
        self.elements = true;
        let all = self.each_element();
        self.elements = false;
        all
    }

    fn each_element(&mut self) -> Result<Vec<Element>> {
        let mut all = Vec::new();
        let open = self.at;
        loop {
            self.skip_newlines()?;
            if self.take_operator(")")? {
                return Ok(all);
            }
            if self.peek()?.0 == Token::End {
                let span = Span::new(open, open);
                return Err(SyntaxError { fault: Fault::Unmatched, span });
            }
            let Token::Word(word) = self.peek()?.0.clone() else {
                return self.unexpected(Some(")"));
            };
            self.advance()?;
            match subscript(&word.parts) {
                Some((index, false, value)) => {
                    let part = |parts| Word { parts, span: word.span };
                    all.push(Element { index: Some(part(index)), value: part(value) });
                }
                _ => {
                    let mut words = Vec::new();
                    self.braces(word, &mut words)?;
                    all.extend(words.into_iter().map(|value| Element { index: None, value }));
                }
            }
        }
    }

    pub(super) fn function_definition(&mut self, name: &Word, line: u32) -> Result<Command> {
        let name = match name.bare() {
            Some(name) => name.to_owned(),
            None => return self.unexpected(None),
        };
        self.advance()?;
        if !self.take_operator(")")? {
            // bash blames what stands where only `)` may.
            return self.unexpected_here(Some(")"));
        }
        if !self.is_bash() && !is_name(&name) {
            return Err(self.fault(Fault::FunctionName));
        }
        let kind = self.function(name)?;
        Ok(Command { kind, redirects: Vec::new(), line, text: "".into() })
    }

    /// `{name}` right before a redirection: its descriptor is the variable's.
    pub(super) fn descriptor_variable(&self, word: &Word) -> Option<String> {
        let name = word.bare()?.strip_prefix('{')?.strip_suffix('}')?;
        let letters = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_name = letters(name) && !name.starts_with(|c: char| c.is_ascii_digit());
        let redirects = self.is_bash() && self.rest().starts_with(['<', '>']);
        (redirects && is_name && !name.is_empty()).then(|| name.to_owned())
    }

    pub(super) fn braces(&self, word: Word, words: &mut Vec<Word>) -> Result<()> {
        match self.is_bash() {
            true => match braces::expand(word, &self.braced) {
                Ok(all) => words.extend(all),
                Err(too_much) => return Err(self.fault(too_much.into())),
            },
            false => words.push(word),
        }
        Ok(())
    }

    pub(super) fn redirect(&mut self) -> Result<Option<Redirect>> {
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
        if operator == "<<<" && !self.is_bash() {
            let (_, span) = self.peek()?.clone();
            let fault = Fault::Unexpected { token: "redirection".to_owned(), expecting: None };
            return Err(SyntaxError { fault, span });
        }
        self.advance()?;
        let descriptor = given.unwrap_or(own);
        let (Token::Word(word), span) = self.peek()?.clone() else {
            return self.unexpected_here(None);
        };
        let target = match operator {
            "<<" | "<<-" => self.here_document(&word, span, operator == "<<-")?,
            "<<<" => RedirectTarget::Text { text: word, newline: true },
            "<" => RedirectTarget::Read(word),
            "<>" => RedirectTarget::ReadWrite(word),
            ">" => RedirectTarget::Write { file: word, force: false },
            ">|" => RedirectTarget::Write { file: word, force: true },
            ">>" => RedirectTarget::Append(word),
            "&>" => RedirectTarget::Both { file: word, append: false },
            "&>>" => RedirectTarget::Both { file: word, append: true },
            ">&" if given.is_none() && word.bare().is_some() && !is_descriptor(&word) => {
                RedirectTarget::Both { file: word, append: false }
            }
            _ => RedirectTarget::Duplicate(word),
        };
        self.token = None;
        Ok(Some(Redirect { descriptor, variable: None, target }))
    }

    /// The text of a here-document, expanded later unless its delimiter is quoted.
    pub(super) fn here_document(
        &mut self,
        word: &Word,
        span: Span,
        strip: bool,
    ) -> Result<RedirectTarget> {
        let raw = self.text[span.start..span.end].to_owned();
        let quoted = raw.contains(['\'', '"', '\\']);
        let delimiter = raw.replace(['\'', '"', '\\'], "");
        let line = self.line_of(span.start);
        let (_, body) = self.here_body((&delimiter, line), strip)?;
        let parts = match quoted {
            true => vec![Part::Quoted(body)],
            false => self.document(&body)?,
        };
        Ok(RedirectTarget::Text { text: Word { parts, span: word.span }, newline: false })
    }

    /// Whether an alias that ends with a blank stands before the next word, which may then be one too.
    fn may_be_alias(&mut self) -> Result<bool> {
        let next = self.peek()?.1.start;
        let Some((name, end)) = self.expanded.last() else { return Ok(false) };
        let blank = |text: &str| text.chars().all(|letter| matches!(letter, ' ' | '\t'));
        let ends = self.aliases.get(name).is_some_and(|value| value.ends_with([' ', '\t']));
        Ok(ends && self.text.get(*end..next).is_some_and(blank))
    }

    /// Puts an alias's text in place of its name.
    pub(super) fn expand_alias(&mut self) -> Result<()> {
        while let (Token::Word(word), span) = self.peek()?.clone() {
            let Some(name) = word.bare().map(str::to_owned) else { return Ok(()) };
            let Some(value) = self.aliases.get(&name) else { return Ok(()) };
            self.expanded.retain(|(_, end)| span.start < *end);
            if self.expanded.iter().any(|(used, _)| *used == name) {
                return Ok(());
            }
            if self.put_in.get() == MOST_ALIASES {
                const TOO_MANY: &str = "more than 1000 aliases in one command";
                return Err(self.fault(Fault::NotSimulated(TOO_MANY)));
            }
            self.put_in.set(self.put_in.get() + 1);
            self.text.to_mut().replace_range(span.start..span.end, value);
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

/// A fault among the elements of an array.
fn of_elements(error: SyntaxError) -> SyntaxError {
    SyntaxError { fault: Fault::Elements(Box::new(error.fault)), ..error }
}

fn is_descriptor(word: &Word) -> bool {
    match word.parts.as_slice() {
        [Part::Bare(text)] => text == "-" || text.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// `name=value`, `name+=value`, and where there are arrays `name[index]=value`.
fn assignment(word: &Word, arrays: bool) -> Option<Assignment> {
    let Some((Part::Bare(first), rest)) = word.parts.split_first() else { return None };
    let end = first.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
    let (name, behind) = first.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut parts: Vec<Part> = vec![Part::Bare(behind.to_owned())];
    parts.extend(rest.iter().cloned());
    let (index, append, value) = match behind.starts_with('[') && arrays {
        true => {
            let (index, append, value) = subscript(&parts)?;
            (Some(Word { parts: index, span: word.span }), append, value)
        }
        false => {
            let (append, value) = equals(behind)?;
            parts[0] = Part::Bare(value.to_owned());
            parts.retain(|part| !matches!(part, Part::Bare(text) if text.is_empty()));
            (None, append, parts)
        }
    };
    let value = Word { parts: value, span: word.span };
    Some(Assignment {
        name: name.to_owned(),
        index,
        append,
        value,
        elements: None,
        source: "".into(),
    })
}

/// What stands behind `=` or `+=`.
fn equals(text: &str) -> Option<(bool, &str)> {
    match text.strip_prefix("+=") {
        Some(value) => Some((true, value)),
        None => Some((false, text.strip_prefix('=')?)),
    }
}

/// `[index]=value`, where index and value may have many parts.
fn subscript(parts: &[Part]) -> Option<(Vec<Part>, bool, Vec<Part>)> {
    let (Part::Bare(first), rest) = parts.split_first()? else { return None };
    let mut texts = vec![Part::Bare(first.strip_prefix('[')?.to_owned())];
    texts.extend(rest.iter().cloned());
    let mut index = Vec::new();
    let mut open = 0_u32;
    for (at, part) in texts.iter().enumerate() {
        let Part::Bare(text) = part else {
            index.push(part.clone());
            continue;
        };
        let closes = |letter: char| {
            match letter {
                '[' => open += 1,
                ']' if open == 0 => return true,
                ']' => open -= 1,
                _ => {}
            }
            false
        };
        let Some(close) = text.find(closes) else {
            index.push(part.clone());
            continue;
        };
        index.push(Part::Bare(text[..close].to_owned()));
        let (append, first) = equals(&text[close + 1..])?;
        let mut value = vec![Part::Bare(first.to_owned())];
        value.extend(texts[at + 1..].iter().cloned());
        let is_empty = |part: &Part| matches!(part, Part::Bare(text) if text.is_empty());
        value.retain(|part| !is_empty(part));
        index.retain(|part| !is_empty(part));
        return Some((index, append, value));
    }
    None
}
