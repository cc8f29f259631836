//! Fields while they are put together: split, and quoted or not.

/// A field while it is put together: its text, and the same as a pattern in which quoted
/// characters are escaped.
#[derive(Default)]
pub(super) struct Field {
    pub text: String,
    pub pattern: String,
    pub magic: bool,
}

impl Field {
    pub(super) fn bare(&mut self, text: &str) {
        self.text += text;
        self.pattern += text;
        self.magic |= text.contains(['*', '?', '[']);
    }

    pub(super) fn quoted(&mut self, text: &str) {
        self.text += text;
        let special = |letter: char| {
            matches!(letter, '*' | '?' | '[' | ']' | '\\' | '-' | '!' | '(' | ')' | '|')
        };
        if !text.contains(special) {
            self.pattern += text;
            return;
        }
        for letter in text.chars() {
            if special(letter) {
                self.pattern.push('\\');
            }
            self.pattern.push(letter);
        }
    }
}

/// Fields while they are put together.
#[derive(Default)]
pub(super) struct Fields {
    pub done: Vec<Field>,
    pub current: Option<Field>,
}

impl Fields {
    pub(super) fn current(&mut self) -> &mut Field {
        self.current.get_or_insert_default()
    }

    pub(super) fn finish(&mut self) {
        self.done.extend(self.current.take());
    }

    /// Adds a value that is split at the characters of `separators`.
    pub(super) fn split(&mut self, value: &str, separators: &str) {
        let blank = |c: char| separators.contains(c) && c.is_ascii_whitespace();
        let mut rest = value;
        loop {
            let trimmed = rest.trim_start_matches(blank);
            if trimmed.len() < rest.len() {
                self.finish();
            }
            rest = trimmed;
            if rest.is_empty() {
                return;
            }
            let end = rest.find(|c| separators.contains(c)).unwrap_or(rest.len());
            self.current().bare(&rest[..end]);
            rest = &rest[end..];
            let after = rest.trim_start_matches(blank);
            if let Some(mark) = after.chars().next().filter(|c| separators.contains(*c)) {
                self.current();
                self.finish();
                rest = &after[mark.len_utf8()..];
            }
        }
    }
}
