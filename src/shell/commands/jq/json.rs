//! jq's reader of JSON: one character at a time, so that its complaints have jq's words and places.

use std::rc::Rc;

use super::value::Value;

/// How deep an input may nest.
const DEEPEST: usize = 256;

/// What has been read of a text.
#[derive(Clone, Debug, Default)]
pub(super) struct Reader {
    /// Arrays, objects and keys that are not closed.
    stack: Vec<Open>,
    token: String,
    /// A string that is being read, and whether the last letter was a backslash.
    string: Option<(String, bool)>,
    next: Option<Value>,
    done: Option<Value>,
}

#[derive(Clone, Debug)]
enum Open {
    Array(Vec<Value>),
    Object(Vec<(Rc<str>, Value)>),
    Key(Rc<str>),
}

type Read<T> = Result<T, &'static str>;

impl Reader {
    /// Takes a letter; a value that is complete comes back.
    pub fn take(&mut self, letter: char) -> Read<Option<Value>> {
        if let Some((text, escaped)) = &mut self.string {
            match letter {
                '"' if !*escaped => return self.end_of_string().map(|()| None),
                '\\' if !*escaped => *escaped = true,
                _ => *escaped = false,
            }
            text.push(letter);
            return Ok(None);
        }
        let structure = matches!(letter, '[' | ']' | '{' | '}' | ':' | ',' | '"');
        if !structure && !letter.is_ascii_whitespace() {
            self.token.push(letter);
            return Ok(None);
        }
        self.literal()?;
        if self.stack.is_empty()
            && structure
            && self.next.is_some()
            && !matches!(letter, ',' | ':' | ']' | '}')
        {
            self.done = self.next.take();
        }
        match letter {
            '"' => self.string = Some((String::new(), false)),
            _ if structure => self.structure(letter)?,
            _ => {}
        }
        if self.stack.is_empty() && self.done.is_none() && !matches!(letter, '"') {
            self.done = self.next.take();
        }
        Ok(self.done.take())
    }

    /// The end of the text.
    pub fn end(&mut self) -> Read<Option<Value>> {
        if self.string.is_some() {
            return Err("Unfinished string");
        }
        self.literal()?;
        match self.stack.is_empty() {
            true => Ok(self.next.take()),
            false => Err("Unfinished JSON term"),
        }
    }

    fn value(&mut self, value: Value) -> Read<()> {
        if self.next.is_some() {
            if !self.stack.is_empty() {
                return Err("Expected separator between values");
            }
            self.done = self.next.take();
        }
        self.next = Some(value);
        Ok(())
    }

    fn literal(&mut self) -> Read<()> {
        let token = std::mem::take(&mut self.token);
        let word = match token.bytes().next() {
            None => return Ok(()),
            Some(b't') => Some(("true", Value::Bool(true))),
            Some(b'f') => Some(("false", Value::Bool(false))),
            Some(b'n') if token.len() != 3 => Some(("null", Value::Null)),
            _ => None,
        };
        match word {
            Some((word, value)) if word == token => self.value(value),
            Some(_) => Err("Invalid literal"),
            None => match number(&token) {
                Some(number) => self.value(Value::Number(number)),
                None => Err("Invalid numeric literal"),
            },
        }
    }

    fn structure(&mut self, letter: char) -> Read<()> {
        match letter {
            '[' | '{' => {
                if self.next.is_some() {
                    return Err("Expected separator between values");
                }
                if self.stack.len() >= DEEPEST {
                    return Err("Exceeds depth limit for parsing");
                }
                self.stack.push(match letter {
                    '[' => Open::Array(Vec::new()),
                    _ => Open::Object(Vec::new()),
                });
                Ok(())
            }
            ':' => self.colon(),
            ',' => self.comma(),
            ']' => self.end_of_array(),
            _ => self.end_of_object(),
        }
    }

    fn colon(&mut self) -> Read<()> {
        let Some(key) = self.next.take() else { return Err("Expected string key before ':'") };
        if !matches!(self.stack.last(), Some(Open::Object(_))) {
            return Err("':' not as part of an object");
        }
        let Value::String(key) = key else { return Err("Object keys must be strings") };
        self.stack.push(Open::Key(key));
        Ok(())
    }

    fn comma(&mut self) -> Read<()> {
        let Some(value) = self.next.take() else { return Err("Expected value before ','") };
        match self.stack.pop() {
            None => Err("Expected value before ','"),
            Some(Open::Array(mut items)) => {
                items.push(value);
                self.stack.push(Open::Array(items));
                Ok(())
            }
            Some(Open::Key(key)) => {
                if let Some(Open::Object(pairs)) = self.stack.last_mut() {
                    pairs.push((key, value));
                }
                Ok(())
            }
            Some(Open::Object(_)) => Err("Objects must consist of key:value pairs"),
        }
    }

    fn end_of_array(&mut self) -> Read<()> {
        let Some(Open::Array(items)) = self.stack.last_mut() else { return Err("Unmatched ']'") };
        match self.next.take() {
            Some(value) => items.push(value),
            None if !items.is_empty() => return Err("Expected another array element"),
            None => {}
        }
        let items = std::mem::take(items);
        self.stack.pop();
        self.next = Some(Value::array(items));
        Ok(())
    }

    fn end_of_object(&mut self) -> Read<()> {
        match (self.next.take(), self.stack.pop()) {
            (_, None) => return Err("Unmatched '}'"),
            (Some(value), Some(Open::Key(key))) => {
                if let Some(Open::Object(pairs)) = self.stack.last_mut() {
                    pairs.push((key, value));
                }
            }
            (Some(_), Some(_)) => return Err("Objects must consist of key:value pairs"),
            (None, Some(Open::Object(pairs))) if pairs.is_empty() => {
                self.stack.push(Open::Object(pairs));
            }
            (None, Some(Open::Object(_))) => return Err("Expected another key-value pair"),
            (None, Some(_)) => return Err("Unmatched '}'"),
        }
        if let Some(Open::Object(pairs)) = self.stack.pop() {
            self.next = Some(Value::object(pairs));
        }
        Ok(())
    }

    fn end_of_string(&mut self) -> Read<()> {
        let (text, _) = self.string.take().unwrap_or_default();
        if text.chars().any(|letter| letter <= '\u{1f}') {
            return Err(
                "Invalid string: control characters from U+0000 through U+001F must be escaped",
            );
        }
        let text = unescape(&text)?;
        self.value(Value::text(text))
    }
}

/// A number as C's `strtod` reads it whole.
pub(super) fn number(text: &str) -> Option<f64> {
    let body = text.trim_start_matches(['-', '+']);
    if text.len() - body.len() > 1 {
        return None;
    }
    if body.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    let good = body.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    (good && body.bytes().any(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// A string's escapes.
pub(super) fn unescape(text: &str) -> Read<String> {
    let mut out = String::new();
    let mut units: Vec<u16> = Vec::new();
    let mut letters = text.chars();
    let flush = |units: &mut Vec<u16>, out: &mut String| {
        out.push_str(&String::from_utf16_lossy(units));
        units.clear();
    };
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            flush(&mut units, &mut out);
            out.push(letter);
            continue;
        }
        let escape = letters.next().ok_or("Expected escape character at end of string")?;
        if escape == 'u' {
            let digits: String = letters.by_ref().take(4).collect();
            if digits.chars().count() < 4 {
                return Err("Invalid \\uXXXX escape");
            }
            units.push(
                u16::from_str_radix(&digits, 16)
                    .map_err(|_| "Invalid characters in \\uXXXX escape")?,
            );
            continue;
        }
        flush(&mut units, &mut out);
        out.push(match escape {
            '"' | '\\' | '/' => escape,
            'b' => '\u{8}',
            'f' => '\u{c}',
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            _ => return Err("Invalid escape"),
        });
    }
    flush(&mut units, &mut out);
    Ok(out)
}

/// Reads a text that holds one value, for `fromjson`; errors as it words them.
pub(super) fn single(text: &str) -> Result<Value, String> {
    let wrong = |what: &str, place: &Place, end: bool| {
        let end = if end { " at EOF" } else { "" };
        format!(
            "{what}{end} at line {}, column {} (while parsing '{text}')",
            place.line, place.column
        )
    };
    let mut reader = Reader::default();
    let mut place = Place::default();
    let mut found = None;
    let mut many = false;
    for letter in text.chars() {
        place.pass(letter);
        let value = reader.take(letter).map_err(|what| wrong(what, &place, false))?;
        many |= value.is_some() && found.is_some();
        found = value.or(found);
    }
    let last = reader.end().map_err(|what| wrong(what, &place, true))?;
    if many || last.is_some() && found.is_some() {
        return Err(format!("Unexpected extra JSON values (while parsing '{text}')"));
    }
    found.or(last).ok_or_else(|| format!("Expected JSON value (while parsing '{text}')"))
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub line: usize,
    /// In bytes, from 1; 0 right after a newline.
    pub column: usize,
}

impl Default for Place {
    fn default() -> Place {
        Place { line: 1, column: 0 }
    }
}

impl Place {
    pub fn pass(&mut self, letter: char) {
        match letter {
            '\n' => *self = Place { line: self.line + 1, column: 0 },
            _ => self.column += letter.len_utf8(),
        }
    }
}
