//! A text that is read character by character, with its lines counted.

use super::token::Mark;

/// The text and where it is read.
pub(super) struct Cursor {
    chars: Vec<char>,
    pub mark: Mark,
}

impl Cursor {
    /// The beginning of a text; a byte order mark before it is none of it.
    pub fn new(text: &str) -> Cursor {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Cursor { chars: text.chars().collect(), mark: Mark::default() }
    }

    /// The character this far ahead; NUL behind the end.
    pub fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.mark.index + ahead).copied().unwrap_or('\0')
    }

    /// The next character.
    pub fn here(&self) -> char {
        self.peek(0)
    }

    /// Goes on by one character of the line, and returns it.
    pub fn read(&mut self) -> char {
        let read = self.here();
        self.mark.index += 1;
        self.mark.column += 1;
        read
    }

    /// Goes on by this many characters of the line.
    pub fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.read();
        }
    }

    /// Goes on while a character is one of those.
    pub fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        while wanted(self.here()) {
            self.read();
        }
    }

    /// Reads while a character is one of those.
    pub fn read_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut read = String::new();
        while wanted(self.here()) {
            read.push(self.read());
        }
        read
    }

    /// Goes on to the next line, and returns what the break means; nothing without a break.
    pub fn read_break(&mut self) -> &'static str {
        let (length, meaning) = match (self.here(), self.peek(1)) {
            ('\r', '\n') => (2, "\n"),
            ('\r' | '\n' | '\u{85}', _) => (1, "\n"),
            ('\u{2028}', _) => (1, "\u{2028}"),
            ('\u{2029}', _) => (1, "\u{2029}"),
            _ => return "",
        };
        self.mark.index += length;
        self.mark.column = 0;
        self.mark.line += 1;
        meaning
    }

    /// Goes on to the end of the line.
    pub fn skip_to_break(&mut self) {
        self.skip_while(|c| !is_break_or_end(c));
    }

    /// Whether the line here begins with a document indicator: `---` or `...`, alone or before a
    /// blank.
    pub fn at_indicator(&self, indicator: char) -> bool {
        self.mark.column == 0
            && (0..3).all(|ahead| self.peek(ahead) == indicator)
            && is_space_or_end(self.peek(3))
    }

    /// Whether either document indicator stands here.
    pub fn at_document_indicator(&self) -> bool {
        self.at_indicator('-') || self.at_indicator('.')
    }
}

pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

pub(super) fn is_break_or_end(c: char) -> bool {
    is_break(c) || c == '\0'
}

pub(super) fn is_space_or_end(c: char) -> bool {
    is_blank(c) || is_break_or_end(c)
}

/// What names of anchors, handles and directives are made of.
pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}
