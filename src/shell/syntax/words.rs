//! Words: quotes, parameters, substitutions.

use std::sync::Arc;

use super::compound::is_name;
use super::escapes::unescape;
use super::parser::Parser;
use super::{Fault, Operation, Parameter, Part, SyntaxError, Word};
use crate::diagnostic::Span;

/// Letters among which the end of a subscript is looked for.
const LONGEST_SUBSCRIPT: usize = 1_000;

/// Where a word stands: it decides what ends it and what quotes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// On its own: blanks and operators end it.
    Line,
    /// In `${x:-…}`: `}` ends it.
    Braces { quoted: bool },
    /// In `${x/…/}`: `/` or `}` ends it.
    Pattern { quoted: bool },
    /// Behind that `/`: `}` ends it.
    Replacement { quoted: bool },
    /// In `${x:…:}`: `:` or `}` ends it.
    Slice,
    /// In `${x[…]}`: `]` ends it.
    Subscript,
    /// In `@(…)`: `)` ends it.
    Group,
    /// In `"…"`.
    Quotes,
    /// A here-document's body, or an arithmetic expression: the whole text.
    Document,
}

impl Within {
    pub(super) fn quoted(self) -> bool {
        match self {
            Within::Quotes | Within::Document => true,
            Within::Braces { quoted }
            | Within::Pattern { quoted }
            | Within::Replacement { quoted } => quoted,
            Within::Line | Within::Slice | Within::Subscript | Within::Group => false,
        }
    }

    fn ends_at(self, next: char) -> bool {
        match self {
            Within::Line => {
                matches!(next, ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
            }
            Within::Braces { .. } | Within::Replacement { .. } => next == '}',
            Within::Pattern { .. } => matches!(next, '/' | '}'),
            Within::Slice => matches!(next, ':' | '}'),
            Within::Subscript => next == ']',
            Within::Group => next == ')',
            Within::Quotes => next == '"',
            Within::Document => false,
        }
    }
}

/// Collects parts, joining neighbouring text.
#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn bare(&mut self, next: char) {
        match self.0.last_mut() {
            Some(Part::Bare(text)) => text.push(next),
            _ => self.0.push(Part::Bare(next.to_string())),
        }
    }

    fn quoted(&mut self, more: &str) {
        match self.0.last_mut() {
            Some(Part::Quoted(text)) => text.push_str(more),
            _ => self.0.push(Part::Quoted(more.to_owned())),
        }
    }

    fn literal(&mut self, next: char, within: Within) {
        if within.quoted() {
            self.quoted(next.encode_utf8(&mut [0; 4]));
        } else {
            self.bare(next);
        }
    }
}

impl Parser<'_> {
    /// Reads a word on its own.
    pub(super) fn word(&mut self) -> Result<Word, SyntaxError> {
        let start = self.at;
        let parts = self.parts(Within::Line)?;
        Ok(Word { parts, span: Span::new(start, self.at) })
    }

    /// Reads parts up to what ends them, which is not taken.
    pub(super) fn parts(&mut self, within: Within) -> Result<Vec<Part>, SyntaxError> {
        let mut parts = Parts::default();
        let mut choice = (0, 0);
        while let Some(next) = self.peek_char() {
            if within == Within::Line && self.opens_process() {
                parts.0.push(self.process()?);
                continue;
            }
            if within == Within::Slice && self.in_choice(next, &mut choice) {
                self.at += next.len_utf8();
                parts.bare(next);
                continue;
            }
            if let Some((brackets, inner)) = self.bracketed(within, next, parts.0.as_slice()) {
                self.enclosed(brackets, inner, &mut parts)?;
                continue;
            }
            if within.ends_at(next) {
                break;
            }
            self.at += next.len_utf8();
            match next {
                '\\' => self.backslash(within, &mut parts),
                '\'' if !within.quoted() || self.replaces(within) => {
                    let start = self.at;
                    let text = self.until('\'').map_err(|error| self.opened_at(start, error))?;
                    parts.quoted(&text);
                }
                '"' if within != Within::Document && within != Within::Quotes => {
                    let start = self.at;
                    let mut inner = self.nested(|parser| parser.parts(Within::Quotes));
                    // dash and BusyBox miss the quote behind a brace that is open, too.
                    if let Err(error) = &mut inner
                        && !self.is_bash()
                        && error.fault == Fault::Unterminated('}')
                    {
                        error.fault = Fault::Unterminated('"');
                    }
                    let inner = inner?;
                    if !self.take("\"") {
                        let error = self.fault(Fault::Unterminated('"'));
                        return Err(self.opened_at(start, error));
                    }
                    parts.0.push(Part::Double(inner));
                }
                '`' => parts.0.push(self.backquotes(within)?),
                '$' => match self.nested(|parser| parser.dollar(within))? {
                    Some(part) => parts.0.push(part),
                    None => parts.literal('$', within),
                },
                // In a replacement it stands for what was found, in quotes as well.
                '&' if self.replaces(within) => parts.bare('&'),
                other => parts.literal(other, within),
            }
        }
        Ok(parts.0)
    }

    /// Whether a letter of `${x:…:…}` belongs to a choice `a ? b : c` or to parentheses, whose colons end
    /// nothing; how many of them are open is counted.
    fn in_choice(&self, next: char, (open, asked): &mut (u32, u32)) -> bool {
        match next {
            '(' => *open += 1,
            ')' if *open > 0 => *open -= 1,
            '?' => *asked += 1,
            ':' if *asked > 0 => *asked -= 1,
            ':' => return *open > 0,
            _ => return false,
        }
        true
    }

    /// Whether brackets open here that enclose what would end a word: a group's (`@(a|b)`), those in a
    /// group or a subscript, and those of a subscript that is assigned to.
    fn bracketed(
        &self,
        within: Within,
        next: char,
        before: &[Part],
    ) -> Option<((char, char), Within)> {
        let marked = match before.last() {
            Some(Part::Bare(text)) => text.ends_with(['@', '?', '*', '+', '!']),
            _ => false,
        };
        match (within, next) {
            (Within::Line, '(') if self.groups && marked => Some((('(', ')'), Within::Group)),
            (Within::Group, '(') => Some((('(', ')'), Within::Group)),
            (Within::Subscript, '[') => Some((('[', ']'), Within::Subscript)),
            (Within::Line, '[') if self.is_bash() && self.assigns_element(before) => {
                Some((('[', ']'), Within::Subscript))
            }
            _ => None,
        }
    }

    /// Whether `[…]=` or `[…]+=` comes next, behind a variable's name or among the elements of an array.
    fn assigns_element(&self, before: &[Part]) -> bool {
        let named = match before {
            [] => self.elements,
            [Part::Bare(name)] => is_name(name),
            _ => false,
        };
        if !named {
            return false;
        }
        let (mut depth, mut quote, mut escaped) = (0_u32, None, false);
        for (at, letter) in self.rest().char_indices().take(LONGEST_SUBSCRIPT) {
            match (letter, quote) {
                _ if std::mem::take(&mut escaped) => {}
                ('\n', None) => return false,
                ('\\', _) => escaped = quote != Some('\''),
                (_, Some(open)) if letter == open => quote = None,
                (_, Some(_)) => {}
                ('"' | '\'', None) => quote = Some(letter),
                ('[', None) => depth += 1,
                (']', None) if depth > 1 => depth -= 1,
                (']', None) => {
                    let after = &self.rest()[at + 1..];
                    return after.starts_with('=') || after.starts_with("+=");
                }
                _ => {}
            }
        }
        false
    }

    /// Reads what brackets enclose, and these.
    fn enclosed(
        &mut self,
        (open, close): (char, char),
        within: Within,
        parts: &mut Parts,
    ) -> Result<(), SyntaxError> {
        let start = self.at;
        self.at += open.len_utf8();
        parts.bare(open);
        for part in self.nested(|parser| parser.parts(within))? {
            match part {
                Part::Bare(text) => text.chars().for_each(|letter| parts.bare(letter)),
                part => parts.0.push(part),
            }
        }
        if self.next_char() != Some(close) {
            let error = self.fault(Fault::Unterminated(close));
            return Err(self.opened_at(start, error));
        }
        parts.bare(close);
        Ok(())
    }

    /// Whether it is a replacement of bash's, where single quotes count within double ones, too.
    fn replaces(&self, within: Within) -> bool {
        self.is_bash() && matches!(within, Within::Replacement { .. })
    }

    /// bash blames the line that quotes begin in.
    fn opened_at(&self, start: usize, error: SyntaxError) -> SyntaxError {
        let at = if self.is_bash() { Span::new(start, start) } else { error.span };
        SyntaxError { span: at, ..error }
    }

    /// Whether `<(` or `>(` comes next, where it means something.
    pub(super) fn opens_process(&self) -> bool {
        self.is_bash_like() && (self.rest().starts_with("<(") || self.rest().starts_with(">("))
    }

    /// `<( … )` and `>( … )`
    fn process(&mut self) -> Result<Part, SyntaxError> {
        let reads = self.rest().starts_with('>');
        self.at += 2;
        let list = Arc::new(self.nested(Self::parenthesised)?);
        Ok(if reads { Part::Consumer(list) } else { Part::Process(list) })
    }

    fn backslash(&mut self, within: Within, parts: &mut Parts) {
        let Some(next) = self.next_char() else {
            parts.quoted("\\");
            return;
        };
        if next == '\n' {
            return;
        }
        let special = match within {
            Within::Document => matches!(next, '$' | '`' | '\\'),
            _ if within.quoted() => matches!(next, '$' | '`' | '"' | '\\' | '}'),
            _ => true,
        };
        if !(special || next == '&' && self.replaces(within)) {
            parts.quoted("\\");
        }
        parts.quoted(next.encode_utf8(&mut [0; 4]));
    }

    /// The text up to `close`, which is taken too.
    fn until(&mut self, close: char) -> Result<String, SyntaxError> {
        let Some(length) = self.rest().find(close) else {
            self.at = self.text.len();
            return Err(self.fault(Fault::Unterminated(close)));
        };
        let text = self.rest()[..length].to_owned();
        self.at += length + close.len_utf8();
        Ok(text)
    }

    /// A substitution in backquotes, in which a backslash takes the special meaning of little; in double quotes
    /// of these, too.
    fn backquotes(&mut self, within: Within) -> Result<Part, SyntaxError> {
        let start = self.at;
        let mut text = String::new();
        loop {
            match self.next_char() {
                None => {
                    let error = self.fault(Fault::Unterminated('`'));
                    return Err(self.opened_at(start, error));
                }
                Some('`') => break,
                Some('\\') => match self.next_char() {
                    Some(next @ ('`' | '\\' | '$')) => text.push(next),
                    Some('"') if within.quoted() && within != Within::Document => text.push('"'),
                    Some(next) => text.extend(['\\', next]),
                    None => text.push('\\'),
                },
                Some(next) => text.push(next),
            }
        }
        Ok(Part::Substitution(Arc::new(self.inner(&text)?)))
    }

    /// What a `$` begins; `None` when it is only a dollar sign.
    fn dollar(&mut self, within: Within) -> Result<Option<Part>, SyntaxError> {
        let Some(next) = self.peek_char() else { return Ok(None) };
        Ok(Some(match next {
            '(' => {
                self.at += 1;
                if self.rest().starts_with('(')
                    && let Some(arithmetic) = self.arithmetic()?
                {
                    return Ok(Some(arithmetic));
                }
                let (start, sum) = (self.at, self.rest().starts_with('('));
                let list = self.parenthesised().map_err(|error| match error.fault {
                    Fault::Unterminated(')') | Fault::UnexpectedEnd { .. } if sum => {
                        SyntaxError { fault: Fault::Unmatched, span: Span::new(start, start) }
                    }
                    _ => error,
                })?;
                Part::Substitution(Arc::new(list))
            }
            // The old way to write `$((…))`.
            '[' if self.is_bash() => match self.rest().find(']') {
                Some(end) => {
                    let text = self.rest()[1..end].to_owned();
                    self.at += end + 1;
                    Part::Arithmetic(self.expression(&text)?)
                }
                None => return Ok(None),
            },
            '{' => {
                self.at += 1;
                Part::Parameter(Box::new(self.braced(within)?))
            }
            '\'' if !within.quoted() && self.is_bash_like() || self.replaces(within) => {
                self.at += 1;
                Part::Quoted(self.escapes()?)
            }
            '"' if !within.quoted() && self.is_bash() => {
                return Ok(Some(Part::Quoted(String::new())));
            }
            '?' | '#' | '@' | '*' | '$' | '!' | '-' | '0'..='9' => {
                self.at += 1;
                plain(next.to_string())
            }
            'a'..='z' | 'A'..='Z' | '_' => plain(self.name()),
            _ => return Ok(None),
        }))
    }

    /// A variable's name; empty when there is none.
    pub(super) fn name(&mut self) -> String {
        let rest = self.rest();
        let length =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let name = rest[..length].to_owned();
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return String::new();
        }
        self.at += length;
        name
    }

    /// `((…))` after the `$`'s first parenthesis was taken; `None` (and nothing taken) when it is
    /// not closed by two parentheses: `$( (a); b )`.
    fn arithmetic(&mut self) -> Result<Option<Part>, SyntaxError> {
        let start = self.at + 1;
        let mut depth = 0_u32;
        for (offset, next) in self.text[start..].char_indices() {
            match next {
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                ')' if self.text[start + offset..].starts_with("))") => {
                    let text = self.text[start..start + offset].to_owned();
                    self.at = start + offset + 2;
                    return Ok(Some(Part::Arithmetic(self.expression(&text)?)));
                }
                ')' => return Ok(None),
                _ => {}
            }
        }
        Ok(None)
    }

    /// `$'…'` after its quote.
    fn escapes(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        let mut escaped = false;
        let end = self.rest().find(|c: char| {
            let close = c == '\'' && !escaped;
            escaped = c == '\\' && !escaped;
            close
        });
        let Some(end) = end else {
            self.at = self.text.len();
            return Err(self.fault(Fault::Unterminated('\'')));
        };
        self.at += end + 1;
        Ok(unescape(&self.text[start..start + end]))
    }
}

fn plain(name: String) -> Part {
    let operation = Operation::Value;
    Part::Parameter(Box::new(Parameter {
        name,
        index: None,
        indirect: false,
        braced: false,
        operation,
    }))
}
