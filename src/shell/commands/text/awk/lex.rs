//! awk's tokens.

/// A piece of a program.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Newline,
    End,
    Number(f64),
    Text(String),
    Regex(String),
    Name(String),
    /// A name with `(` right behind it.
    Call(String),
    Builtin(&'static str),
    Word(&'static str),
    Sign(&'static str),
}

const WORDS: [&str; 19] = [
    "BEGIN", "END", "function", "func", "if", "else", "while", "for", "do", "break", "continue",
    "next", "nextfile", "exit", "return", "delete", "in", "getline", "print",
];

const MORE_WORDS: [&str; 6] = ["printf", "switch", "case", "default", "BEGINFILE", "ENDFILE"];

/// Words that are gawk's alone.
const OWN_WORDS: [&str; 5] = ["switch", "case", "default", "BEGINFILE", "ENDFILE"];

/// Functions that every awk here has.
const BUILTINS: [&str; 20] = [
    "length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "sin", "cos", "atan2",
    "exp", "log", "sqrt", "int", "rand", "srand", "tolower", "toupper", "system",
];

/// Functions that gawk and BusyBox have beside.
const MORE_BUILTINS: [&str; 12] = [
    "close", "fflush", "gensub", "strftime", "mktime", "systime", "and", "or", "xor", "lshift",
    "rshift", "compl",
];

/// Functions of gawk alone.
const GAWK: [&str; 6] = ["asort", "asorti", "patsplit", "typeof", "isarray", "strtonum"];

/// Whether gawk has a function of this name.
pub(super) fn is_builtin(name: &str) -> bool {
    BUILTINS.iter().chain(&MORE_BUILTINS).chain(&GAWK).any(|known| *known == name)
}

const SIGNS: [&str; 45] = [
    "**=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "==", "<=", ">=",
    "!=", "!~", ">>", "|&", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^",
    "!", ">", "<", "|", "?", ":", "~", "$", "=", "@", "&", "'",
];

/// What is wrong with a program, and where.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    pub at: usize,
    pub message: String,
}

/// What gawk can be told to leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strict {
    /// `-c`: what it has beside the awk of old.
    Traditional,
    /// `-P`: what POSIX does not know.
    Posix,
}

/// A reader of tokens.
pub(super) struct Lexer<'s> {
    pub source: &'s str,
    pub at: usize,
    pub gawk: bool,
    pub strict: Option<Strict>,
    pub warnings: Vec<(usize, String)>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    /// Passes blanks, comments and continued lines.
    fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with([' ', '\t', '\r']) {
                self.at += 1;
            } else if rest.starts_with("\\\n") {
                self.at += 2;
            } else if rest.starts_with('#') {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return;
            }
        }
    }

    /// The next token with where it begins. `operand` says that a slash begins a regular expression.
    pub fn next(&mut self, operand: bool) -> Result<(Token, usize), Wrong> {
        self.blanks();
        let start = self.at;
        let rest = &self.source[start..];
        let Some(letter) = rest.chars().next() else { return Ok((Token::End, start)) };
        let token = match letter {
            '\n' => {
                self.at += 1;
                Token::Newline
            }
            '"' => self.text()?,
            '/' if operand => self.regex()?,
            '0'..='9' => self.number(),
            '.' if rest[1..].starts_with(|next: char| next.is_ascii_digit()) => self.number(),
            letter if letter.is_ascii_alphabetic() || letter == '_' => self.word(),
            _ => match SIGNS.iter().find(|sign| self.knows(sign) && rest.starts_with(**sign)) {
                Some(sign) => {
                    self.at += sign.len();
                    Token::Sign(match *sign {
                        "**" => "^",
                        "**=" => "^=",
                        sign => sign,
                    })
                }
                None => {
                    let message = match self.gawk {
                        true => format!("invalid char '{letter}' in expression"),
                        false => "Unexpected token".to_owned(),
                    };
                    return Err(Wrong { at: start, message });
                }
            },
        };
        Ok((token, start))
    }

    /// Whether a sign or a word is one here: POSIX has none of these.
    fn knows(&self, word: &str) -> bool {
        self.strict != Some(Strict::Posix) || !matches!(word, "**" | "**=" | "func")
    }

    fn word(&mut self) -> Token {
        let rest = self.rest();
        let end = rest
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        let call = rest[end..].starts_with('(');
        self.at += end;
        if let Some(word) = WORDS.iter().chain(&MORE_WORDS).find(|word| **word == name)
            && (self.gawk && self.strict.is_none() || !OWN_WORDS.contains(word))
            && self.knows(word)
        {
            return Token::Word(if *word == "func" { "function" } else { word });
        }
        let own = if self.gawk && self.strict.is_none() { &GAWK[..] } else { &[] };
        // Two of them are old.
        let more = if self.strict.is_some() { &MORE_BUILTINS[..2] } else { &MORE_BUILTINS[..] };
        let mut all = BUILTINS.iter().chain(more).chain(own);
        if let Some(builtin) = all.find(|known| **known == name) {
            return Token::Builtin(builtin);
        }
        if call { Token::Call(name) } else { Token::Name(name) }
    }

    fn number(&mut self) -> Token {
        let rest = self.rest();
        if let Some(hex) = rest.strip_prefix("0x").or(rest.strip_prefix("0X")) {
            let digits = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
            if digits > 0 {
                let value = u64::from_str_radix(&hex[..digits.min(16)], 16).unwrap_or(0);
                self.at += 2 + digits;
                return Token::Number(value as f64);
            }
        }
        let length = super::value::number_length(rest);
        let text = &rest[..length];
        let value = match text.len() > 1
            && text.starts_with('0')
            && text.bytes().all(|b| (b'0'..b'8').contains(&b))
        {
            // Both read a leading zero in a program's text as C does.
            true => u64::from_str_radix(text, 8).unwrap_or(0) as f64,
            false => text.parse().unwrap_or(0.0),
        };
        self.at += length.max(1);
        Token::Number(value)
    }

    fn text(&mut self) -> Result<Token, Wrong> {
        let start = self.at;
        let mut text = String::new();
        let mut letters = self.source[start + 1..].char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at = start + 1 + at + 1;
                    return Ok(Token::Text(text));
                }
                '\n' => break,
                '\\' => {
                    let Some((_, escape)) = letters.next() else { break };
                    if escape == '\n' {
                        continue;
                    }
                    let mut number = |first: Option<char>, radix: u32, most: usize| {
                        let mut digits: String = first.into_iter().collect();
                        while digits.len() < most
                            && letters.peek().is_some_and(|(_, next)| next.is_digit(radix))
                        {
                            digits.extend(letters.next().map(|(_, next)| next));
                        }
                        u32::from_str_radix(&digits, radix).ok().and_then(char::from_u32)
                    };
                    match escape {
                        'n' => text.push('\n'),
                        't' => text.push('\t'),
                        'r' => text.push('\r'),
                        'a' => text.push('\u{7}'),
                        'b' => text.push('\u{8}'),
                        'f' => text.push('\u{c}'),
                        'v' => text.push('\u{b}'),
                        '"' | '\\' => text.push(escape),
                        '/' => {
                            self.warn(start, "escape sequence `\\/' treated as plain `/'");
                            text.push('/');
                        }
                        '0'..='7' => text.extend(number(Some(escape), 8, 3)),
                        'x' => text.extend(number(None, 16, 2)),
                        other => {
                            let what =
                                format!("escape sequence `\\{other}' treated as plain `{other}'");
                            self.warn(start, &what);
                            text.push(other);
                        }
                    }
                }
                letter => text.push(letter),
            }
        }
        let message = if self.gawk { "unterminated string" } else { "Unexpected end of string" };
        Err(Wrong { at: start, message: message.to_owned() })
    }

    fn warn(&mut self, at: usize, what: &str) {
        if self.gawk {
            self.warnings.push((at, what.to_owned()));
        }
    }

    fn regex(&mut self) -> Result<Token, Wrong> {
        let start = self.at;
        let mut text = String::new();
        let mut bracket = 0;
        let mut letters = self.source[start + 1..].char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '/' if bracket == 0 || !self.gawk => {
                    self.at = start + 1 + at + 1;
                    return Ok(Token::Regex(text));
                }
                '\n' => break,
                '\\' => match letters.next() {
                    Some((_, '/')) => text.push('/'),
                    Some((_, escape)) => {
                        self.known(start, escape);
                        if escape == '"' {
                            text.push('"');
                        } else {
                            text.push('\\');
                            text.push(escape);
                        }
                    }
                    None => break,
                },
                letter => {
                    match letter {
                        '[' if bracket == 0 => bracket = text.len() + 1,
                        // Right behind the bracket it is one of the letters.
                        ']' if bracket > 0 && text.len() > bracket && !text[bracket..].eq("^") => {
                            bracket = 0
                        }
                        _ => {}
                    }
                    text.push(letter);
                }
            }
        }
        match self.gawk {
            true => Err(Wrong { at: start + 1, message: "unterminated regexp".to_owned() }),
            false => Err(Wrong { at: start, message: "Unexpected end of string".to_owned() }),
        }
    }

    /// gawk remarks on escapes in regular expressions that mean nothing.
    fn known(&mut self, at: usize, escape: char) {
        let means = "\\/\"abfnrtvyB<>sSwW'`.[]()*+?{}|^$&-x";
        if !means.contains(escape) && !escape.is_ascii_digit() {
            let what =
                format!("regexp escape sequence `\\{escape}' is not a known regexp operator");
            self.warn(at, &what);
        }
    }
}
