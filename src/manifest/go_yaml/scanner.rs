//! Text to tokens (scannerc.go).

use std::collections::VecDeque;

use super::Fault;
use super::cursor::{self, Cursor};
use super::token::{Kind, Mark, Rules, Style, Token};

/// How deep blocks or brackets may nest here; go-yaml reads 10,000.
const MAX_DEPTH: usize = 100;

/// How long a key may be that has no `?` before it.
const LONGEST_KEY: usize = 1024;

/// Where a key may have begun, which only its colon will tell.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    /// Nothing but a key can stand there.
    required: bool,
    /// The number of its first token.
    token: usize,
    mark: Mark,
}

/// A scanner: what it has read, and what it knows about where it is.
pub(super) struct Scanner {
    rules: Rules,
    pub(super) cursor: Cursor,
    tokens: VecDeque<Token>,
    /// How many tokens were taken.
    taken: usize,
    /// The column of the innermost block; -1 outside.
    pub(super) indent: i32,
    indents: Vec<i32>,
    pub(super) key_allowed: bool,
    /// One for the block, and one a bracket that is open.
    keys: Vec<SimpleKey>,
    ended: bool,
}

impl Scanner {
    pub fn new(text: &str, rules: Rules) -> Scanner {
        Scanner {
            rules,
            cursor: Cursor::new(text),
            tokens: VecDeque::new(),
            taken: 0,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            keys: vec![SimpleKey::default()],
            ended: false,
        }
    }

    /// The next token, which stays where it is.
    pub fn peek(&mut self) -> Result<&Token, Fault> {
        while !self.ended && self.needs_more()? {
            self.fetch()?;
        }
        Ok(self.tokens.front().expect("the end of the stream is a token that is never taken"))
    }

    /// Takes the token that was peeked at.
    pub fn skip(&mut self) {
        if self.tokens.len() > 1 || !self.ended {
            self.tokens.pop_front();
            self.taken += 1;
        }
    }

    /// Whether the next token may still turn out to be a key.
    fn needs_more(&mut self) -> Result<bool, Fault> {
        if self.tokens.is_empty() {
            return Ok(true);
        }
        let head = self.taken;
        match self.keys.iter().rposition(|key| key.possible && key.token == head) {
            Some(place) => self.is_valid(place),
            None => Ok(false),
        }
    }

    /// Whether a key may still follow that began there: on one line, and not too long.
    fn is_valid(&mut self, place: usize) -> Result<bool, Fault> {
        let (key, now) = (self.keys[place], self.cursor.mark);
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line == now.line && key.mark.index + LONGEST_KEY >= now.index {
            return Ok(true);
        }
        if key.required {
            return Err(self.fault("could not find expected ':'"));
        }
        self.keys[place].possible = false;
        Ok(false)
    }

    pub(super) fn fault(&self, message: &str) -> Fault {
        Fault::scanned(message, self.cursor.mark)
    }

    fn too_deep(&self) -> Fault {
        let message = format!("not simulated here: what nests more than {MAX_DEPTH} deep");
        Fault::plain(message, self.cursor.mark.position())
    }

    /// Whether a question mark ends the bare word that it stands in.
    pub(super) fn ends_at_question_mark(&self) -> bool {
        self.in_flow() && self.rules == Rules::Kubectl
    }

    pub(super) fn in_flow(&self) -> bool {
        self.keys.len() > 1
    }

    fn column(&self) -> i32 {
        i32::try_from(self.cursor.mark.column).unwrap_or(i32::MAX)
    }

    fn push(&mut self, kind: Kind, start: Mark) {
        let end = self.cursor.mark;
        self.tokens.push_back(Token { kind, start, end });
    }

    /// Adds a token that is this many characters long.
    fn push_indicator(&mut self, kind: Kind, length: usize) {
        let start = self.cursor.mark;
        self.cursor.skip(length);
        self.push(kind, start);
    }

    /// Reads the next token, and whatever opens or closes with it.
    fn fetch(&mut self) -> Result<(), Fault> {
        self.skip_to_token();
        self.close_blocks(self.column());
        let (here, next) = (self.cursor.here(), self.cursor.peek(1));
        if here == '\0' {
            return self.fetch_end();
        }
        if self.cursor.mark.column == 0 && here == '%' {
            return self.fetch_directive();
        }
        if self.cursor.at_document_indicator() {
            let kind = if here == '-' { Kind::DocumentStart } else { Kind::DocumentEnd };
            self.leave_document()?;
            self.push_indicator(kind, 3);
            return Ok(());
        }
        let parted = cursor::is_space_or_end(next);
        match here {
            '[' => self.open_flow(Kind::FlowSequenceStart),
            '{' => self.open_flow(Kind::FlowMappingStart),
            ']' => self.close_flow(Kind::FlowSequenceEnd),
            '}' => self.close_flow(Kind::FlowMappingEnd),
            ',' => {
                self.forget_key()?;
                self.key_allowed = true;
                self.push_indicator(Kind::FlowEntry, 1);
                Ok(())
            }
            '-' if parted => self.fetch_block_entry(),
            '?' if parted || self.ends_at_question_mark() => self.fetch_key(),
            ':' if self.in_flow() || parted => self.fetch_value(),
            _ => self.fetch_content(here, next),
        }
    }

    /// Reads a scalar or what stands before one.
    fn fetch_content(&mut self, here: char, next: char) -> Result<(), Fault> {
        let start = self.cursor.mark;
        let kind = match here {
            '|' | '>' if !self.in_flow() => {
                self.forget_key()?;
                self.key_allowed = true;
                Kind::Scalar(self.scan_block_scalar(here == '|')?, Style::Quoted)
            }
            '*' | '&' => {
                self.note_key()?;
                let name = self.scan_name()?;
                if here == '*' { Kind::Alias(name) } else { Kind::Anchor(name) }
            }
            '!' => {
                self.note_key()?;
                let (handle, suffix) = self.scan_tag()?;
                Kind::Tag(handle, suffix)
            }
            '\'' | '"' => {
                self.note_key()?;
                Kind::Scalar(self.scan_quoted_scalar(here == '\'')?, Style::Quoted)
            }
            _ if self.starts_plain(here, next) => {
                self.note_key()?;
                let (text, end) = self.scan_plain_scalar()?;
                let kind = Kind::Scalar(text, Style::Plain);
                self.tokens.push_back(Token { kind, start, end });
                return Ok(());
            }
            _ => return Err(self.fault("found character that cannot start any token")),
        };
        self.push(kind, start);
        Ok(())
    }

    fn starts_plain(&self, here: char, next: char) -> bool {
        match here {
            '-' => !cursor::is_blank(next),
            '?' if self.rules == Rules::Standard => !cursor::is_space_or_end(next),
            '?' | ':' => !self.in_flow() && !cursor::is_space_or_end(next),
            ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
            | '@' | '`' => false,
            other => !cursor::is_space_or_end(other),
        }
    }

    /// Goes to the next line; nothing but a comment may stand before it.
    pub(super) fn end_line(&mut self) -> Result<(), Fault> {
        self.cursor.skip_while(cursor::is_blank);
        if self.cursor.here() == '#' {
            self.cursor.skip_to_break();
        }
        if !cursor::is_break_or_end(self.cursor.here()) {
            return Err(self.fault("did not find expected comment or line break"));
        }
        self.cursor.read_break();
        Ok(())
    }

    /// Goes over blanks, comments and line breaks. A tab is a blank only where no key can begin.
    fn skip_to_token(&mut self) {
        loop {
            let tabs = self.in_flow() || !self.key_allowed;
            self.cursor.skip_while(|c| c == ' ' || tabs && c == '\t');
            if self.cursor.here() == '#' {
                self.cursor.skip_to_break();
            }
            if self.cursor.read_break().is_empty() {
                return;
            }
            if !self.in_flow() {
                self.key_allowed = true;
            }
        }
    }

    fn fetch_end(&mut self) -> Result<(), Fault> {
        if self.cursor.mark.column != 0 {
            self.cursor.mark.column = 0;
            self.cursor.mark.line += 1;
        }
        self.leave_document()?;
        self.push(Kind::StreamEnd, self.cursor.mark);
        self.ended = true;
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<(), Fault> {
        self.leave_document()?;
        let start = self.cursor.mark;
        let kind = self.scan_directive()?;
        self.push(kind, start);
        Ok(())
    }

    /// Ends everything that is open.
    fn leave_document(&mut self) -> Result<(), Fault> {
        self.close_blocks(-1);
        self.forget_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn open_flow(&mut self, kind: Kind) -> Result<(), Fault> {
        self.note_key()?;
        self.keys.push(SimpleKey::default());
        if self.keys.len() > MAX_DEPTH {
            return Err(self.too_deep());
        }
        self.key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn close_flow(&mut self, kind: Kind) -> Result<(), Fault> {
        self.forget_key()?;
        if self.in_flow() {
            self.keys.pop();
        }
        self.key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), Fault> {
        if !self.in_flow() {
            if !self.key_allowed {
                let message = "block sequence entries are not allowed in this context";
                return Err(self.fault(message));
            }
            self.open_block(self.cursor.mark, None, Kind::BlockSequenceStart)?;
        }
        self.forget_key()?;
        self.key_allowed = true;
        self.push_indicator(Kind::BlockEntry, 1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Fault> {
        if !self.in_flow() {
            if !self.key_allowed {
                return Err(self.fault("mapping keys are not allowed in this context"));
            }
            self.open_block(self.cursor.mark, None, Kind::BlockMappingStart)?;
        }
        self.forget_key()?;
        self.key_allowed = !self.in_flow();
        self.push_indicator(Kind::Key, 1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Fault> {
        let last = self.keys.len() - 1;
        if self.is_valid(last)? {
            let key = self.keys[last];
            let place = key.token - self.taken;
            let token = Token { kind: Kind::Key, start: key.mark, end: key.mark };
            self.tokens.insert(place, token);
            self.open_block(key.mark, Some(place), Kind::BlockMappingStart)?;
            self.keys[last].possible = false;
            self.key_allowed = false;
        } else {
            if !self.in_flow() {
                if !self.key_allowed {
                    return Err(self.fault("mapping values are not allowed in this context"));
                }
                self.open_block(self.cursor.mark, None, Kind::BlockMappingStart)?;
            }
            self.key_allowed = !self.in_flow();
        }
        self.push_indicator(Kind::Value, 1);
        Ok(())
    }

    /// Opens a block where it is further in than the one around it. Its token goes before the
    /// one at `place`, or last.
    fn open_block(&mut self, mark: Mark, place: Option<usize>, kind: Kind) -> Result<(), Fault> {
        let column = i32::try_from(mark.column).unwrap_or(i32::MAX);
        if self.in_flow() || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let token = Token { kind, start: mark, end: mark };
        self.tokens.insert(place.unwrap_or(self.tokens.len()), token);
        Ok(())
    }

    /// Closes the blocks that are further in than a column.
    fn close_blocks(&mut self, column: i32) {
        while !self.in_flow() && self.indent > column {
            self.push(Kind::BlockEnd, self.cursor.mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Remembers that a key may begin here; what comes next cannot be one.
    fn note_key(&mut self) -> Result<(), Fault> {
        if self.key_allowed {
            let required = !self.in_flow() && self.indent == self.column();
            let token = self.taken + self.tokens.len();
            self.forget_key()?;
            let key = SimpleKey { possible: true, required, token, mark: self.cursor.mark };
            *self.keys.last_mut().expect("there is one for the block") = key;
        }
        self.key_allowed = false;
        Ok(())
    }

    /// Gives up the key that might have begun.
    fn forget_key(&mut self) -> Result<(), Fault> {
        let key = *self.keys.last().expect("there is one for the block");
        if key.possible && key.required {
            return Err(self.fault("could not find expected ':'"));
        }
        self.keys.last_mut().expect("there is one for the block").possible = false;
        Ok(())
    }
}
