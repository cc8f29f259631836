//! JSON text as Go's `encoding/json` reads it, for its words about what is broken.
//!
//! The API machinery reads patches, files that begin with `{` and Docker's configuration with
//! that library; learners meet its messages.

use serde_json::Value;

/// How deep Go lets values nest.
const MAX_DEPTH: usize = 10_000;

/// How deep they are read here: what is built must also be dropped, and nothing real is deeper.
const READ_DEPTH: usize = 120;

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `invalid character '"' after object key:value pair`
    pub message: String,
    /// The offending character, counted from 1, in bytes; the length where the text just ends.
    pub offset: usize,
}

impl Fault {
    fn new(message: impl Into<String>, offset: usize) -> Fault {
        Fault { message: message.into(), offset }
    }

    fn invalid(byte: u8, context: &str, offset: usize) -> Fault {
        Fault::new(format!("invalid character {} {context}", shown(byte)), offset + 1)
    }

    fn end(offset: usize) -> Fault {
        Fault::new("unexpected end of JSON input", offset)
    }
}

/// A character as Go quotes it.
fn shown(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\n' => r"'\n'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        b' '..=b'~' => format!("'{}'", char::from(byte)),
        // Go takes a byte for a character of Latin-1.
        0xa1..=0xac | 0xae..=0xff => format!("'{}'", char::from(byte)),
        0x80..=0xa0 | 0xad => format!(r"'\u{byte:04x}'"),
        byte => format!(r"'\x{byte:02x}'"),
    }
}

/// Reads one value that fills the text.
///
/// # Errors
/// What Go's library says, and where.
pub fn parse(text: &[u8]) -> Result<Value, Fault> {
    let (value, end) = first(text, 0)?;
    let rest = skip_space(text, end);
    match text.get(rest) {
        None => Ok(value),
        Some(byte) => Err(Fault::invalid(*byte, "after top-level value", rest)),
    }
}

/// Reads an object that fills the text, as `json.Unmarshal` into a map does.
///
/// # Errors
/// As [`parse`]; another value than an object has no offset.
pub fn object(text: &[u8]) -> Result<Value, Fault> {
    let value = parse(text)?;
    let kind = match &value {
        Value::Object(_) | Value::Null => return Ok(value),
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
    };
    let message =
        format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
    Err(Fault::new(message, 0))
}

/// Reads the first value at or behind `start`; returns it and where it ends.
///
/// # Errors
/// As [`parse`].
pub fn first(text: &[u8], start: usize) -> Result<(Value, usize), Fault> {
    let start = skip_space(text, start);
    let end = Scanner { text, at: start }.value()?;
    let read = serde_json::from_slice(&text[start..end]);
    let value = read.map_err(|error| Fault::new(error.to_string(), end))?;
    Ok((value, end))
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// What is open around the scanner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Object,
    Array,
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    /// Scans one value, whatever it nests; returns where it ends.
    fn value(mut self) -> Result<usize, Fault> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            // A value begins here.
            let byte = self.byte()?;
            let opened = match byte {
                b'{' => Some(Open::Object),
                b'[' => Some(Open::Array),
                b'"' => {
                    self.string()?;
                    None
                }
                b'-' | b'0'..=b'9' => {
                    self.number()?;
                    None
                }
                b't' => self.literal("true").map(|()| None)?,
                b'f' => self.literal("false").map(|()| None)?,
                b'n' => self.literal("null").map(|()| None)?,
                other => {
                    return Err(Fault::invalid(other, "looking for beginning of value", self.at));
                }
            };
            let mut closed = opened.is_none();
            if let Some(kind) = opened {
                self.at += 1;
                open.push(kind);
                if open.len() > READ_DEPTH.min(MAX_DEPTH) {
                    return Err(Fault::new("exceeded max depth", self.at));
                }
                let end = if kind == Open::Object { b'}' } else { b']' };
                self.space();
                if self.text.get(self.at) == Some(&end) {
                    self.at += 1;
                    open.pop();
                    closed = true;
                } else if kind == Open::Object {
                    self.key()?;
                }
            }
            if closed && self.after(&mut open)? {
                return Ok(self.at);
            }
        }
    }

    /// Goes on behind a value, to the next one; returns whether there is none.
    fn after(&mut self, open: &mut Vec<Open>) -> Result<bool, Fault> {
        loop {
            let Some(kind) = open.last().copied() else { return Ok(true) };
            self.space();
            let byte = self.byte()?;
            match (kind, byte) {
                (Open::Object, b',') => {
                    self.at += 1;
                    self.space();
                    self.key()?;
                    return Ok(false);
                }
                (Open::Array, b',') => {
                    self.at += 1;
                    self.space();
                    return Ok(false);
                }
                (Open::Object, b'}') | (Open::Array, b']') => {
                    self.at += 1;
                    open.pop();
                }
                (Open::Object, other) => {
                    return Err(Fault::invalid(other, "after object key:value pair", self.at));
                }
                (Open::Array, other) => {
                    return Err(Fault::invalid(other, "after array element", self.at));
                }
            }
        }
    }

    fn space(&mut self) {
        self.at = skip_space(self.text, self.at);
    }

    fn byte(&self) -> Result<u8, Fault> {
        self.text.get(self.at).copied().ok_or_else(|| Fault::end(self.text.len()))
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<(), Fault> {
        let byte = self.byte()?;
        if byte != b'"' {
            let context = "looking for beginning of object key string";
            return Err(Fault::invalid(byte, context, self.at));
        }
        self.string()?;
        self.space();
        let byte = self.byte()?;
        if byte != b':' {
            return Err(Fault::invalid(byte, "after object key", self.at));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            let byte = self.byte()?;
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    self.at += 1;
                    self.escape()?;
                }
                0..0x20 => return Err(Fault::invalid(byte, "in string literal", self.at)),
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let byte = self.byte()?;
        match byte {
            b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => self.at += 1,
            b'u' => {
                self.at += 1;
                for _ in 0..4 {
                    let byte = self.byte()?;
                    if !byte.is_ascii_hexdigit() {
                        let context = r"in \u hexadecimal character escape";
                        return Err(Fault::invalid(byte, context, self.at));
                    }
                    self.at += 1;
                }
            }
            other => return Err(Fault::invalid(other, "in string escape code", self.at)),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.byte()? == b'-' {
            self.at += 1;
        }
        match self.byte()? {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits(),
            other => return Err(Fault::invalid(other, "in numeric literal", self.at)),
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.some_digits("after decimal point in numeric literal")?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        Ok(())
    }

    fn some_digits(&mut self, context: &str) -> Result<(), Fault> {
        let byte = self.byte()?;
        if !byte.is_ascii_digit() {
            return Err(Fault::invalid(byte, context, self.at));
        }
        self.digits();
        Ok(())
    }

    fn digits(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), Fault> {
        for expected in word.bytes() {
            let byte = self.byte()?;
            if byte != expected {
                let context = format!("in literal {word} (expecting {})", shown(expected));
                return Err(Fault::invalid(byte, &context, self.at));
            }
            self.at += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn fault(text: &str) -> (String, usize) {
        let fault = parse(text.as_bytes()).expect_err(text);
        (fault.message, fault.offset)
    }

    // Recording 15: patches; the rest from Go's `encoding/json/scanner.go`.
    #[test]
    fn broken_json_is_told_in_gos_words() {
        for (text, message, offset) in [
            (r#"{"spec":{"replicas":4}"#, "unexpected end of JSON input", 22),
            (
                "{spec: {replicas: 4}}",
                "invalid character 's' looking for beginning of object key string",
                2,
            ),
            ("", "unexpected end of JSON input", 0),
            ("{\"a\" 1}", "invalid character '1' after object key", 6),
            ("{\"a\": 1 \"b\"}", "invalid character '\"' after object key:value pair", 9),
            ("[1 2]", "invalid character '2' after array element", 4),
            ("[1,]", "invalid character ']' looking for beginning of value", 4),
            ("{} x", "invalid character 'x' after top-level value", 4),
            ("01", "invalid character '1' after top-level value", 2),
            ("-x", "invalid character 'x' in numeric literal", 2),
            ("1.x", "invalid character 'x' after decimal point in numeric literal", 3),
            ("trux", "invalid character 'x' in literal true (expecting 'e')", 4),
            ("\"a\nb\"", r"invalid character '\n' in string literal", 3),
            (r#""\q""#, "invalid character 'q' in string escape code", 3),
            ("'a'", r"invalid character '\'' looking for beginning of value", 1),
        ] {
            assert_eq!(fault(text), (message.to_owned(), offset), "{text}");
        }
    }

    #[test]
    fn values_follow_each_other_in_a_stream() {
        let text = b"{\"a\": [1, {}]} \n {\"b\": null}";
        let (one, end) = first(text, 0).unwrap();
        let (two, end) = first(text, end).unwrap();
        assert_eq!((one, two, end), (json!({"a": [1, {}]}), json!({"b": null}), text.len()));
    }

    #[test]
    fn an_object_is_asked_for() {
        assert!(object(b"{}").is_ok());
        assert_eq!(
            object(b"[1]").unwrap_err().message,
            "json: cannot unmarshal array into Go value of type map[string]interface {}"
        );
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_what_json_is(text in "[\\[\\]{}\",:0-9a-e.+\\-truefalsn \\\\u]{0,24}") {
            let other = serde_json::from_str::<Value>(&text);
            prop_assert_eq!(parse(text.as_bytes()).is_ok(), other.is_ok(), "{}", text);
        }
    }
}
