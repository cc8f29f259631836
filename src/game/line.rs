//! One line of text being typed, with readline's habits: the terminal's input, the command
//! palette and every search field.

/// A line and its cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    text: String,
    /// A byte offset, always on a character's border.
    cursor: usize,
    /// What was last cut, for Ctrl-Y.
    killed: String,
}

/// What a key does to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEdit {
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    Backspace,
    Delete,
    /// Ctrl-W: the word before the cursor.
    KillWord,
    /// Ctrl-U: everything before the cursor.
    KillStart,
    /// Ctrl-K: everything after the cursor.
    KillEnd,
    /// Ctrl-Y: what was last cut.
    Yank,
}

/// More than this is not a line that somebody types.
const LONGEST: usize = 64 * 1024;

impl Line {
    /// A line with this text, the cursor behind it.
    pub fn new(text: impl Into<String>) -> Line {
        let text = text.into();
        Line { cursor: text.len(), text, killed: String::new() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cursor, as a byte offset in the text.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Replaces the text and puts the cursor behind it.
    pub fn set(&mut self, text: impl Into<String>) {
        self.text = text.into();
        self.cursor = self.text.len();
    }

    /// Takes the text and leaves an empty line.
    pub fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Types text at the cursor. Control characters are left out. Says whether it fitted.
    pub fn insert(&mut self, text: &str) -> bool {
        if self.text.len() + text.len() > LONGEST {
            return false;
        }
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
        true
    }

    /// Replaces the bytes from `start` up to the cursor.
    pub fn replace_before_cursor(&mut self, start: usize, text: &str) {
        if start <= self.cursor && self.text.is_char_boundary(start) {
            self.text.replace_range(start..self.cursor, text);
            self.cursor = start + text.len();
        }
    }

    /// Carries out an editing key.
    pub fn edit(&mut self, edit: LineEdit) {
        match edit {
            LineEdit::Left => self.cursor = self.before(1),
            LineEdit::Right => self.cursor = self.after(1),
            LineEdit::WordLeft => self.cursor = self.word_start(),
            LineEdit::WordRight => self.cursor = self.word_end(),
            LineEdit::Home => self.cursor = 0,
            LineEdit::End => self.cursor = self.text.len(),
            LineEdit::Backspace => {
                let start = self.before(1);
                self.text.replace_range(start..self.cursor, "");
                self.cursor = start;
            }
            LineEdit::Delete => {
                let end = self.after(1);
                self.text.replace_range(self.cursor..end, "");
            }
            LineEdit::KillWord => self.kill(self.shell_word_start(), self.cursor),
            LineEdit::KillStart => self.kill(0, self.cursor),
            LineEdit::KillEnd => self.kill(self.cursor, self.text.len()),
            LineEdit::Yank => {
                let text = self.killed.clone();
                self.insert(&text);
            }
        }
    }

    fn kill(&mut self, start: usize, end: usize) {
        if start < end {
            self.killed = self.text[start..end].to_owned();
            self.text.replace_range(start..end, "");
        }
        self.cursor = start;
    }

    fn before(&self, characters: usize) -> usize {
        let before = self.text[..self.cursor].char_indices().rev().take(characters);
        before.last().map_or(0, |(at, _)| at)
    }

    fn after(&self, characters: usize) -> usize {
        let rest = &self.text[self.cursor..];
        rest.char_indices().nth(characters).map_or(self.text.len(), |(at, _)| self.cursor + at)
    }

    fn word_start(&self) -> usize {
        let head = self.text[..self.cursor].trim_end_matches(|c: char| !c.is_alphanumeric());
        head.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| next_border(head, at))
    }

    fn shell_word_start(&self) -> usize {
        let head = self.text[..self.cursor].trim_end();
        head.rfind(char::is_whitespace).map_or(0, |at| next_border(head, at))
    }

    fn word_end(&self) -> usize {
        let rest = &self.text[self.cursor..];
        let start = rest.find(char::is_alphanumeric).unwrap_or(rest.len());
        let length = rest[start..].find(|c: char| !c.is_alphanumeric());
        self.cursor + length.map_or(rest.len(), |length| start + length)
    }
}

fn next_border(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(at, |c| at + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ctrl_w_cuts_the_word_before_the_cursor_and_ctrl_y_brings_it_back() {
        let mut line = Line::new("kubectl get pods");
        line.edit(LineEdit::KillWord);
        assert_eq!(line.text(), "kubectl get ");
        line.edit(LineEdit::Yank);
        assert_eq!(line.text(), "kubectl get pods");
    }

    #[test]
    fn wide_characters_are_one_step() {
        let mut line = Line::new("aé漢");
        line.edit(LineEdit::Left);
        line.edit(LineEdit::Backspace);
        assert_eq!((line.text(), line.cursor()), ("a漢", 1));
    }

    #[test]
    fn a_word_ends_before_punctuation() {
        let mut line = Line::new("http://backend:80");
        line.edit(LineEdit::WordLeft);
        assert_eq!(line.cursor(), "http://backend:".len());
        line.edit(LineEdit::Home);
        line.edit(LineEdit::WordRight);
        assert_eq!(line.cursor(), "http".len());
    }

    #[test]
    fn control_characters_are_not_typed() {
        let mut line = Line::default();
        assert!(line.insert("a\u{1b}[31mb\r"));
        assert_eq!(line.text(), "a[31mb");
    }
}
