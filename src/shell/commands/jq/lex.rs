//! jq's tokens, with the names that its parser gives them in complaints.

/// A piece of a program.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `.name`
    Field(String),
    /// A name: of a function or, after `$`, of a variable.
    Name(String),
    /// A word of the language.
    Word(&'static str),
    /// `@base64`
    Format(String),
    Number(f64),
    /// A string begins.
    Quote,
    /// Text in a string, as it was written.
    Text(String),
    /// `\(` in a string.
    Interpolation,
    /// The `)` that ends it.
    InterpolationEnd,
    /// A string ends.
    QuoteEnd,
    /// `==`, `//=`, `.` and others.
    Sign(&'static str),
    /// What is no token, and brackets that do not match.
    Invalid,
    End,
}

const WORDS: [&str; 20] = [
    "def",
    "module",
    "import",
    "include",
    "if",
    "then",
    "else",
    "elif",
    "and",
    "or",
    "end",
    "reduce",
    "foreach",
    "try",
    "catch",
    "label",
    "break",
    "as",
    "__loc__",
    "not_a_word",
];

const SIGNS: [&str; 30] = [
    "?//", "//=", "|=", "+=", "-=", "*=", "/=", "%=", "==", "!=", "<=", ">=", "//", "..", ".", "[",
    "]", "(", ")", "{", "}", "|", ",", ":", ";", "=", "<", ">", "+", "-",
];

const MORE_SIGNS: [&str; 5] = ["*", "/", "%", "?", "$"];

impl Token {
    /// Its name in jq's grammar.
    pub fn name(&self) -> String {
        match self {
            Token::Field(_) => "FIELD".to_owned(),
            Token::Name(_) => "IDENT".to_owned(),
            Token::Word(word) => (*word).to_owned(),
            Token::Format(_) => "FORMAT".to_owned(),
            Token::Number(_) => "LITERAL".to_owned(),
            Token::Quote => "QQSTRING_START".to_owned(),
            Token::Text(_) => "QQSTRING_TEXT".to_owned(),
            Token::Interpolation => "QQSTRING_INTERP_START".to_owned(),
            Token::InterpolationEnd => "QQSTRING_INTERP_END".to_owned(),
            Token::QuoteEnd => "QQSTRING_END".to_owned(),
            Token::Sign(sign) if sign.len() == 1 => format!("'{sign}'"),
            Token::Sign(sign) => (*sign).to_owned(),
            Token::Invalid => "INVALID_CHARACTER".to_owned(),
            Token::End => "$end".to_owned(),
        }
    }
}

/// The tokens of a program, each with where it begins, in bytes.
pub(super) fn lex(source: &str) -> Vec<(Token, usize)> {
    let mut lexer = Lexer { source, at: 0, tokens: Vec::new(), open: Vec::new() };
    while lexer.at < source.len() {
        if !lexer.next() {
            break;
        }
    }
    // The parser of jq keeps the place of the token before the end.
    let last = lexer.tokens.last().map_or(0, |(_, at)| *at);
    lexer.tokens.push((Token::End, last));
    lexer.tokens
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    tokens: Vec<(Token, usize)>,
    /// Brackets that are open; a quote stands for a string whose interpolation is read.
    open: Vec<char>,
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn begins_name(letter: char) -> bool {
    letter.is_ascii_alphabetic() || letter == '_'
}

impl Lexer<'_> {
    fn push(&mut self, token: Token, length: usize) {
        self.tokens.push((token, self.at));
        self.at += length;
    }

    fn next(&mut self) -> bool {
        let rest = &self.source[self.at..];
        let Some(letter) = rest.chars().next() else { return false };
        let word = |from: usize, more: &str| {
            let fits = |letter: char| is_name(letter) || more.contains(letter);
            rest[from..].find(|letter| !fits(letter)).map_or(rest.len(), |end| from + end)
        };
        match letter {
            ' ' | '\t' | '\n' | '\r' => self.at += 1,
            '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
            '"' => {
                self.push(Token::Quote, 1);
                self.string();
            }
            '.' if rest[1..].starts_with(begins_name) => {
                let end = word(1, "");
                self.push(Token::Field(rest[1..end].to_owned()), end);
            }
            '@' if rest[1..].starts_with(is_name) => {
                let end = word(1, "");
                self.push(Token::Format(rest[1..end].to_owned()), end);
            }
            '0'..='9' => self.number(rest),
            '.' if rest[1..].starts_with(|letter: char| letter.is_ascii_digit()) => {
                self.number(rest)
            }
            letter if begins_name(letter) => {
                let end = word(0, ":");
                let name = rest[..end].trim_end_matches(':');
                let name = match name.split_once("::") {
                    Some(_) => name,
                    None => name.split(':').next().unwrap_or(name),
                };
                let token = match WORDS.iter().find(|word| **word == name) {
                    Some(word) => Token::Word(word),
                    None => Token::Name(name.to_owned()),
                };
                self.push(token, name.len());
            }
            _ => self.sign(rest, letter),
        }
        true
    }

    fn number(&mut self, rest: &str) {
        let digits = |from: usize| {
            rest[from..]
                .find(|letter: char| !letter.is_ascii_digit())
                .map_or(rest.len(), |end| from + end)
        };
        let mut end = digits(0);
        if rest[end..].starts_with('.') {
            end = digits(end + 1);
        }
        if rest[end..].starts_with(['e', 'E']) {
            let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
            let after = digits(end + 1 + sign);
            if after > end + 1 + sign {
                end = after;
            }
        }
        let value = rest[..end].parse().unwrap_or(0.0);
        self.push(Token::Number(value), end);
    }

    fn sign(&mut self, rest: &str, letter: char) {
        let found = SIGNS.iter().chain(&MORE_SIGNS).find(|sign| rest.starts_with(**sign));
        let Some(sign) = found else { return self.push(Token::Invalid, letter.len_utf8()) };
        match *sign {
            "(" | "[" | "{" => self.open.push(letter),
            ")" | "]" | "}" => {
                let wanted = self.open.pop();
                match (wanted, letter) {
                    (Some('('), ')') | (Some('['), ']') | (Some('{'), '}') => {}
                    (Some('"'), ')') => {
                        self.push(Token::InterpolationEnd, 1);
                        return self.string();
                    }
                    _ => return self.push(Token::Invalid, 1),
                }
            }
            _ => {}
        }
        self.push(Token::Sign(sign), sign.len());
    }

    /// What stands in a string, up to its end or to an interpolation.
    fn string(&mut self) {
        let rest = &self.source[self.at..];
        let mut letters = rest.char_indices();
        let (end, stop, token) = loop {
            match letters.next() {
                None => break (rest.len(), 0, None),
                Some((at, '"')) => break (at, 1, Some(Token::QuoteEnd)),
                Some((at, '\\')) if letters.next().is_some_and(|(_, next)| next == '(') => {
                    break (at, 2, Some(Token::Interpolation));
                }
                Some(_) => {}
            }
        };
        if end > 0 {
            self.push(Token::Text(rest[..end].to_owned()), end);
        }
        if let Some(token) = token {
            if token == Token::Interpolation {
                self.open.push('"');
            }
            self.push(token, stop);
        }
    }
}
