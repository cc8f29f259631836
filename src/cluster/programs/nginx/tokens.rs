//! nginx's configuration as words, semicolons and braces.

use std::sync::Arc;

/// Where something stands: file and line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    pub file: Arc<str>,
    pub line: u32,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// nginx's own words.
    pub message: String,
    /// Where, if it is about one place.
    pub at: Option<Spot>,
    /// nginx does not say where.
    untold: bool,
}

/// The name of what `-g` gives, which has no lines.
pub const COMMAND_LINE: &str = "command line";

impl Fault {
    /// A fault that stands at no one place.
    pub fn anywhere(message: impl Into<String>) -> Fault {
        Fault { message: message.into(), at: None, untold: false }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match &self.at {
            _ if self.untold => Ok(()),
            Some(at) if &*at.file == COMMAND_LINE => write!(f, " in {COMMAND_LINE}"),
            Some(at) => write!(f, " in {}:{}", at.file, at.line),
            None => Ok(()),
        }
    }
}

impl Spot {
    /// A fault at this place.
    pub fn fault(&self, message: impl std::fmt::Display) -> Fault {
        Fault { message: message.to_string(), at: Some(self.clone()), untold: false }
    }

    /// A fault at this place, of which nginx does not say where it is.
    pub fn untold_fault(&self, message: impl std::fmt::Display) -> Fault {
        Fault { untold: true, ..self.fault(message) }
    }
}

/// The next thing in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Words and a semicolon.
    Simple(Vec<String>, Spot),
    /// Words and an opening brace.
    Open(Vec<String>, Spot),
    /// A closing brace.
    Close(Spot),
    /// The end of the file.
    End(Spot),
}

/// Reads a file from its beginning to its end.
pub struct Reader<'a> {
    file: Arc<str>,
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: u32,
}

impl<'a> Reader<'a> {
    /// A reader of `text`, which is the content of `file`.
    pub fn new(file: &str, text: &'a str) -> Reader<'a> {
        Reader { file: file.into(), rest: text.chars().peekable(), line: 1 }
    }

    /// The next thing.
    ///
    /// # Errors
    /// What cannot stand here.
    pub fn next(&mut self) -> Result<Item, Fault> {
        let mut words = Vec::new();
        let mut began = self.spot();
        loop {
            self.skip_blank();
            let here = self.spot();
            if words.is_empty() {
                began = here.clone();
            }
            let Some(next) = self.rest.peek().copied() else {
                return match words.as_slice() {
                    [] => Ok(Item::End(here)),
                    _ => Err(here.fault("unexpected end of file, expecting \";\" or \"}\"")),
                };
            };
            match next {
                ';' | '{' | '}' => {
                    self.rest.next();
                    return match (next, words.is_empty()) {
                        (';', false) => Ok(Item::Simple(words, here)),
                        ('{', false) => Ok(Item::Open(words, here)),
                        ('}', true) => Ok(Item::Close(began)),
                        (symbol, _) => Err(here.fault(format!("unexpected \"{symbol}\""))),
                    };
                }
                '"' | '\'' => {
                    self.rest.next();
                    words.push(self.quoted(next)?);
                }
                _ => words.push(self.word()),
            }
        }
    }

    /// Where it is.
    pub fn spot(&self) -> Spot {
        Spot { file: self.file.clone(), line: self.line }
    }

    fn advance(&mut self) -> Option<char> {
        let next = self.rest.next();
        if next == Some('\n') {
            self.line += 1;
        }
        next
    }

    fn skip_blank(&mut self) {
        while let Some(next) = self.rest.peek() {
            match next {
                '#' => {
                    while self.rest.peek().is_some_and(|c| *c != '\n') {
                        self.rest.next();
                    }
                }
                c if c.is_whitespace() => {
                    self.advance();
                }
                _ => return,
            }
        }
    }

    /// A word without quotes: up to a blank, a semicolon or a brace; `${name}` belongs to it.
    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(next) = self.rest.peek().copied() {
            match next {
                '{' if word.ends_with('$') => {
                    for c in self.rest.by_ref() {
                        word.push(c);
                        if c == '}' {
                            break;
                        }
                    }
                    continue;
                }
                ';' | '{' => break,
                c if c.is_whitespace() => break,
                _ => {}
            }
            self.rest.next();
            match (next, self.rest.peek().copied()) {
                ('\\', Some(escaped)) => {
                    self.advance();
                    push_escaped(&mut word, escaped);
                }
                _ => word.push(next),
            }
        }
        word
    }

    fn quoted(&mut self, quote: char) -> Result<String, Fault> {
        let mut word = String::new();
        while let Some(next) = self.advance() {
            match next {
                c if c == quote => return Ok(word),
                '\\' => match self.advance() {
                    Some(c) if c == quote => word.push(c),
                    Some(c) => push_escaped(&mut word, c),
                    None => break,
                },
                c => word.push(c),
            }
        }
        Err(self.spot().fault("unexpected end of file, expecting \";\" or \"}\""))
    }
}

/// A backslash stands for itself, except before these.
fn push_escaped(word: &mut String, escaped: char) {
    match escaped {
        'n' => word.push('\n'),
        't' => word.push('\t'),
        'r' => word.push('\r'),
        '"' | '\'' | '\\' | ';' | '{' | ' ' => word.push(escaped),
        other => {
            word.push('\\');
            word.push(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<Item>, Fault> {
        let mut reader = Reader::new("f", text);
        let mut items = Vec::new();
        loop {
            match reader.next()? {
                Item::End(_) => return Ok(items),
                item => items.push(item),
            }
        }
    }

    fn words(item: &Item) -> Vec<&str> {
        match item {
            Item::Simple(words, _) | Item::Open(words, _) => {
                words.iter().map(String::as_str).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn words_quotes_and_comments_are_told_apart() {
        let items = all("# hi\nlog_format main '$a \"$b\"' # x\n  'c';\nif ($x) { }").unwrap();
        assert_eq!(words(&items[0]), ["log_format", "main", "$a \"$b\"", "c"]);
        assert_eq!(words(&items[1]), ["if", "($x)"]);
    }

    // TOPICS D43
    #[test]
    fn a_missing_semicolon_is_an_unexpected_brace() {
        let text = "location /my-be/ {\n  proxy-pass https://fe-sevice.namespace1:8080\n}\n";
        let told = |text: &str| all(text).map_err(|fault| fault.to_string());
        assert_eq!(told(text), Err("unexpected \"}\" in f:3".to_owned()));
        assert_eq!(told(";"), Err("unexpected \";\" in f:1".to_owned()));
        let open = "unexpected end of file, expecting \";\" or \"}\" in f:2";
        assert_eq!(told("listen 80\n"), Err(open.to_owned()));
    }
}
