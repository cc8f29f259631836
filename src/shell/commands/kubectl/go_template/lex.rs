//! A template's text cut into what is printed and the tokens between braces (`text/template/parse`,
//! `lex.go`).

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it begins, in bytes.
    pub at: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Text outside braces.
    Text(String),
    /// `{{`
    Open,
    /// `}}`
    Close,
    /// `.name`
    Field(String),
    /// `$name`, `$`
    Variable(String),
    /// `.`
    Dot,
    /// A word: a keyword, a function, `true`, `nil`.
    Word(String),
    /// `"text"`, read.
    Text2(String),
    /// `12`, `1.5`, as written.
    Number(String),
    /// `|`, `(`, `)`, `,`, `:=`, `=`
    Sign(&'static str),
    /// A blank, which parts arguments.
    Blank,
}

/// The tokens of a template.
///
/// # Errors
/// Go's words, with the line: `1: unterminated quoted string`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut trim = false;
    while at < text.len() {
        let open = text[at..].find("{{").map_or(text.len(), |open| at + open);
        let mut plain = &text[at..open];
        if trim {
            plain = plain.trim_start_matches(is_blank);
        }
        let inside = (open + 2).min(text.len());
        let trims = text[inside..].starts_with('-') && text[inside + 1..].starts_with(is_blank);
        if trims {
            plain = plain.trim_end_matches(is_blank);
        }
        if !plain.is_empty() {
            tokens.push(Token { kind: Kind::Text(plain.to_owned()), at });
        }
        if open == text.len() {
            break;
        }
        let start = if trims { inside + 2 } else { inside };
        if text[start..].starts_with("/*") {
            (at, trim) = comment(text, start)?;
            continue;
        }
        tokens.push(Token { kind: Kind::Open, at: open });
        let mut lexer = Lexer { text, at: start };
        trim = lexer.action(&mut tokens)?;
        at = lexer.at;
    }
    Ok(tokens)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Where the text goes on after a comment, and whether its blanks are left out.
fn comment(text: &str, start: usize) -> Result<(usize, bool), String> {
    let end = text[start..].find("*/");
    let end = end.ok_or_else(|| fault(text, start, "unclosed comment"))? + start + 2;
    let rest = &text[end..];
    if rest.starts_with("}}") {
        return Ok((end + 2, false));
    }
    if rest.starts_with(is_blank) && rest[1..].starts_with("-}}") {
        return Ok((end + 4, true));
    }
    Err(fault(text, end, "comment ends before closing delimiter"))
}

/// A complaint with the line that a place is on.
pub(super) fn fault(text: &str, at: usize, what: &str) -> String {
    let line = 1 + text[..at.min(text.len())].matches('\n').count();
    format!("template: output:{line}: {what}")
}

/// The character that a backslash and a letter stand for.
fn escape(letter: char) -> Option<char> {
    Some(match letter {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '\\' | '\'' => letter,
        _ => return None,
    })
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn fault(&self, what: &str) -> String {
        fault(self.text, self.at, what)
    }

    /// Everything up to and with the closing braces. Returns whether they trim what follows.
    fn action(&mut self, tokens: &mut Vec<Token>) -> Result<bool, String> {
        loop {
            let (at, rest) = (self.at, self.rest());
            if rest.starts_with("}}") {
                tokens.push(Token { kind: Kind::Close, at });
                self.at += 2;
                return Ok(false);
            }
            let blanks = rest.len() - rest.trim_start_matches(is_blank).len();
            if blanks > 0 {
                if rest[blanks..].starts_with("-}}") {
                    tokens.push(Token { kind: Kind::Close, at });
                    self.at += blanks + 3;
                    return Ok(true);
                }
                self.at += blanks;
                tokens.push(Token { kind: Kind::Blank, at });
                continue;
            }
            let kind = self.token()?;
            tokens.push(Token { kind, at });
        }
    }

    fn token(&mut self) -> Result<Kind, String> {
        for sign in [":=", "=", "|", "(", ")", ","] {
            if self.rest().starts_with(sign) {
                self.at += sign.len();
                return Ok(Kind::Sign(sign));
            }
        }
        let Some(c) = self.rest().chars().next() else {
            return Err(self.fault("unclosed action"));
        };
        match c {
            '"' => self.quoted(),
            '`' => {
                let end = self.rest()[1..].find('`');
                let end = end.ok_or_else(|| self.fault("unterminated raw quoted string"))?;
                let text = self.rest()[1..=end].to_owned();
                self.at += end + 2;
                Ok(Kind::Text2(text))
            }
            '$' => {
                self.at += 1;
                let name = self.word();
                self.ends_well(Kind::Variable(format!("${name}")))
            }
            '.' => {
                let next = self.rest()[1..].chars().next();
                if next.is_some_and(|c| c.is_ascii_digit()) {
                    return self.number();
                }
                self.at += 1;
                let name = self.word();
                match name.is_empty() {
                    true if next.is_none() => Err(self.fault("illegal number syntax: \".\"")),
                    true => Ok(Kind::Dot),
                    false => self.ends_well(Kind::Field(name)),
                }
            }
            '+' | '-' | '0'..='9' => self.number(),
            '\'' => self.character(),
            c if c == '_' || c.is_alphanumeric() => {
                let word = self.word();
                self.ends_well(Kind::Word(word))
            }
            other => {
                let code = u32::from(other);
                Err(self
                    .fault(&format!("unrecognized character in action: U+{code:04X} '{other}'")))
            }
        }
    }

    fn word(&mut self) -> String {
        let rest = self.rest();
        let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
        let word = rest[..end].to_owned();
        self.at += end;
        word
    }

    /// A name ends at a blank or a sign; anything else does not belong there.
    fn ends_well(&self, kind: Kind) -> Result<Kind, String> {
        match self.rest().chars().next() {
            None => Ok(kind),
            Some(c) if is_blank(c) || ".,|:)(=".contains(c) => Ok(kind),
            Some(_) if self.rest().starts_with("}}") => Ok(kind),
            Some(c) => {
                let code = u32::from(c);
                Err(self.fault(&format!("bad character U+{code:04X} '{c}'")))
            }
        }
    }

    fn number(&mut self) -> Result<Kind, String> {
        let rest = self.rest();
        let belongs = |(at, c): (usize, char)| {
            c.is_ascii_alphanumeric() || c == '.' || c == '_' || (at == 0 && "+-".contains(c))
        };
        let end = rest.char_indices().find(|one| !belongs(*one)).map_or(rest.len(), |(at, _)| at);
        let text = rest[..end].to_owned();
        if text.parse::<f64>().is_err() {
            return Err(self.fault(&format!("bad number syntax: {text:?}")));
        }
        self.at += end;
        Ok(Kind::Number(text))
    }

    /// `'a'`, which is its code.
    fn character(&mut self) -> Result<Kind, String> {
        let rest = &self.rest()[1..];
        let mut chars = rest.char_indices();
        let (c, end) = match (chars.next(), chars.next(), chars.next()) {
            (Some((_, '\\')), Some((_, escaped)), Some((at, '\''))) => (escape(escaped), at),
            (Some((_, c)), Some((at, '\'')), _) if c != '\'' && c != '\n' => (Some(c), at),
            _ => (None, 0),
        };
        let Some(c) = c else {
            return Err(self.fault("unterminated character constant"));
        };
        self.at += end + 2;
        Ok(Kind::Number(u32::from(c).to_string()))
    }

    fn quoted(&mut self) -> Result<Kind, String> {
        let unterminated = self.fault("unterminated quoted string");
        let mut text = String::new();
        let mut chars = self.text[self.at + 1..].char_indices();
        while let Some((offset, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += offset + 2;
                    return Ok(Kind::Text2(text));
                }
                '\n' => return Err(unterminated),
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some(c @ ('\\' | '"' | '\'')) => text.push(c),
                    Some(c) => {
                        let what = format!("not simulated here: the escape \\{c} in a template");
                        return Err(self.fault(&what));
                    }
                    None => return Err(unterminated),
                },
                c => text.push(c),
            }
        }
        Err(unterminated)
    }
}
