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
    /// `"text"`, read; nothing where an escape is none of Go's.
    Text2(Option<String>),
    /// `12`, `1.5`, as written.
    Number(String),
    /// `|`, `(`, `)`, `,`, `:=`, `=`
    Sign(&'static str),
    /// A blank, which parts arguments.
    Blank,
    /// Any other character of ASCII.
    Char(char),
    /// What ends the tokens too early, in Go's words: whoever reads on to it says so.
    Fault(String),
}

/// The tokens of a template.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    if let Err(fault) = cut(text, &mut tokens) {
        tokens.push(Token { kind: Kind::Fault(fault), at: text.len() });
    }
    tokens
}

fn cut(text: &str, tokens: &mut Vec<Token>) -> Result<(), String> {
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
        let mut lexer = Lexer { text, at: start, open: 0 };
        trim = lexer.action(tokens)?;
        at = lexer.at;
    }
    Ok(())
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

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// How many parentheses are open.
    open: usize,
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
                self.all_closed()?;
                tokens.push(Token { kind: Kind::Close, at });
                self.at += 2;
                return Ok(false);
            }
            let blanks = rest.len() - rest.trim_start_matches(is_blank).len();
            if blanks > 0 {
                if rest[blanks..].starts_with("-}}") {
                    self.all_closed()?;
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

    fn all_closed(&self) -> Result<(), String> {
        match self.open {
            0 => Ok(()),
            _ => Err(self.fault("unclosed left paren")),
        }
    }

    /// A sign, if there is one here.
    fn sign(&mut self) -> Result<Option<Kind>, String> {
        let rest = self.rest();
        let Some(sign) = [":=", "=", "|", "(", ")", ","].into_iter().find(|s| rest.starts_with(s))
        else {
            return match rest.starts_with(':') {
                true => Err(self.fault("expected :=")),
                false => Ok(None),
            };
        };
        match sign {
            "(" => self.open += 1,
            ")" if self.open == 0 => return Err(self.fault("unexpected right paren")),
            ")" => self.open -= 1,
            _ => {}
        }
        self.at += sign.len();
        Ok(Some(Kind::Sign(sign)))
    }

    fn token(&mut self) -> Result<Kind, String> {
        if let Some(sign) = self.sign()? {
            return Ok(sign);
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
                Ok(Kind::Text2(Some(text)))
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
                    true => self.ends_well(Kind::Dot),
                    false => self.ends_well(Kind::Field(name)),
                }
            }
            '+' | '-' | '0'..='9' => self.number(),
            '\'' => self.character(),
            c if c == '_' || c.is_alphanumeric() => {
                let word = self.word();
                self.ends_well(Kind::Word(word))
            }
            other if other.is_ascii_graphic() => {
                self.at += 1;
                Ok(Kind::Char(other))
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
            Some(c) if is_blank(c) || ".,|:)(".contains(c) => Ok(kind),
            Some(_) if self.rest().starts_with("}}") => Ok(kind),
            Some(c) => {
                let code = u32::from(c);
                Err(self.fault(&format!("bad character U+{code:04X} '{c}'")))
            }
        }
    }

    fn number(&mut self) -> Result<Kind, String> {
        let rest = self.rest();
        let end = number_length(rest);
        if let Some(c) = rest[end..].chars().next().filter(|c| *c == '_' || c.is_alphanumeric()) {
            let bad = &rest[..end + c.len_utf8()];
            return Err(self.fault(&format!("bad number syntax: {bad:?}")));
        }
        let text = rest[..end].to_owned();
        self.at += end;
        match super::eval::number(&text).is_null() {
            true => Err(self.fault(&format!("illegal number syntax: {text:?}"))),
            false => Ok(Kind::Number(text)),
        }
    }

    /// How long a text in quotes is, with its quotes.
    fn quoted_length(&self, quote: char, unterminated: &str) -> Result<usize, String> {
        let mut escaped = false;
        for (offset, c) in self.rest()[1..].char_indices() {
            match c {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => return Ok(offset + 2),
                _ => {}
            }
        }
        Err(self.fault(unterminated))
    }

    /// `'a'`, which is its code.
    fn character(&mut self) -> Result<Kind, String> {
        let length = self.quoted_length('\'', "unterminated character constant")?;
        let written = self.rest()[..length].to_owned();
        let text = unquoted(&written[1..length - 1], '\'').unwrap_or_default();
        let mut chars = text.chars();
        let (Some(c), None) = (chars.next(), chars.next()) else {
            return Err(self.fault(&format!("malformed character constant: {written}")));
        };
        self.at += length;
        Ok(Kind::Number(u32::from(c).to_string()))
    }

    fn quoted(&mut self) -> Result<Kind, String> {
        let length = self.quoted_length('"', "unterminated quoted string")?;
        let text = unquoted(&self.rest()[1..length - 1], '"');
        self.at += length;
        Ok(Kind::Text2(text))
    }
}

/// How many bytes of a text are a number (lex.go, `scanNumber`).
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0).to_ascii_lowercase();
    let run = |from: usize, digit: fn(u8) -> bool| {
        from + bytes[from.min(bytes.len())..]
            .iter()
            .take_while(|b| digit(**b) || **b == b'_')
            .count()
    };
    let start = usize::from(matches!(byte(0), b'+' | b'-'));
    let (digits, digit): (usize, fn(u8) -> bool) = match (byte(start), byte(start + 1)) {
        (b'0', b'x') => (start + 2, |b| b.is_ascii_hexdigit()),
        (b'0', b'o') => (start + 2, |b| (b'0'..=b'7').contains(&b)),
        (b'0', b'b') => (start + 2, |b| matches!(b, b'0' | b'1')),
        _ => (start, |b| b.is_ascii_digit()),
    };
    let mut end = run(digits, digit);
    if byte(end) == b'.' {
        end = run(end + 1, digit);
    }
    if digits == start && byte(end) == b'e' {
        end += 1 + usize::from(matches!(byte(end + 1), b'+' | b'-'));
        end = run(end, |b| b.is_ascii_digit());
    }
    end.min(bytes.len())
}

/// What a text in quotes says (Go's `strconv.Unquote`); nothing where an escape is none.
fn unquoted(text: &str, quote: char) -> Option<String> {
    let mut out = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let (digits, base) = match c {
            '\\' => match rest.next()? {
                'x' => (2, 16),
                'u' => (4, 16),
                'U' => (8, 16),
                octal @ '0'..='7' => {
                    let digits: String = [octal, rest.next()?, rest.next()?].iter().collect();
                    out.push(u8::from_str_radix(&digits, 8).ok()?);
                    continue;
                }
                letter => {
                    out.extend(escape(letter, quote)?.to_string().bytes());
                    continue;
                }
            },
            c => {
                out.extend(c.to_string().bytes());
                continue;
            }
        };
        let number: String = rest.by_ref().take(digits).collect();
        let code = u32::from_str_radix(&number, base).ok().filter(|_| number.len() == digits)?;
        match digits {
            2 => out.push(code as u8),
            _ => out.extend(char::from_u32(code)?.to_string().bytes()),
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// The character that a backslash and a letter stand for.
fn escape(letter: char, quote: char) -> Option<char> {
    Some(match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' => letter,
        letter if letter == quote => letter,
        _ => return None,
    })
}
