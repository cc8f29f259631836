//! JSON as Go's decoder reads it: the same texts are refused, at the same place, in its words
//! (`encoding/json`, `scanner.go`).

use std::fmt;

use serde_json::Value;

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonFault {
    /// How many bytes were read, the offending one among them.
    pub offset: usize,
    /// `invalid character '}' looking for beginning of value`
    pub message: String,
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The one value that `text` holds.
///
/// # Errors
/// Go's words about the first character that does not belong there.
pub fn json(text: &str) -> Result<Value, JsonFault> {
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
    scanner.document()?;
    serde_json::from_str(text)
        .map_err(|_| JsonFault { offset: text.len(), message: "exceeded max depth".to_owned() })
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Checked = Result<(), JsonFault>;

impl Scanner<'_> {
    fn document(&mut self) -> Checked {
        let mut open: Vec<u8> = Vec::new();
        loop {
            // A value begins here.
            self.blanks();
            match self.peek()? {
                b'{' => {
                    self.at += 1;
                    self.blanks();
                    if self.peek()? == b'}' {
                        self.at += 1;
                    } else {
                        open.push(b'{');
                        self.key()?;
                        continue;
                    }
                }
                b'[' => {
                    self.at += 1;
                    self.blanks();
                    if self.peek()? == b']' {
                        self.at += 1;
                    } else {
                        open.push(b'[');
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            if self.ends(&mut open)? {
                return Ok(());
            }
        }
    }

    /// What comes behind a value. Returns whether that was the whole text.
    fn ends(&mut self, open: &mut Vec<u8>) -> Result<bool, JsonFault> {
        loop {
            self.blanks();
            let Some(around) = open.last().copied() else {
                return match self.bytes.get(self.at) {
                    None => Ok(true),
                    Some(_) => Err(self.fault("after top-level value")),
                };
            };
            let place = match around {
                b'{' => "after object key:value pair",
                _ => "after array element",
            };
            match (around, self.peek()?) {
                (b'{', b',') => {
                    self.at += 1;
                    self.key()?;
                    return Ok(false);
                }
                (b'[', b',') => {
                    self.at += 1;
                    return Ok(false);
                }
                (b'{', b'}') | (b'[', b']') => {
                    self.at += 1;
                    open.pop();
                }
                _ => return Err(self.fault(place)),
            }
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Checked {
        self.blanks();
        if self.peek()? != b'"' {
            return Err(self.fault("looking for beginning of object key string"));
        }
        self.string()?;
        self.blanks();
        if self.peek()? != b':' {
            return Err(self.fault("after object key"));
        }
        self.at += 1;
        Ok(())
    }

    fn scalar(&mut self) -> Checked {
        match self.peek()? {
            b'"' => self.string(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(self.fault("looking for beginning of value")),
        }
    }

    fn literal(&mut self, word: &str) -> Checked {
        self.at += 1;
        for wanted in word.bytes().skip(1) {
            if self.peek()? != wanted {
                let place = format!("in literal {word} (expecting '{}')", wanted as char);
                return Err(self.fault(&place));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Checked {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    self.at += 1;
                    match self.peek()? {
                        b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => self.at += 1,
                        b'u' => {
                            self.at += 1;
                            for _ in 0..4 {
                                if !self.peek()?.is_ascii_hexdigit() {
                                    return Err(self.fault("in \\u hexadecimal character escape"));
                                }
                                self.at += 1;
                            }
                        }
                        _ => return Err(self.fault("in string escape code")),
                    }
                }
                0..0x20 => return Err(self.fault("in string literal")),
                _ => self.at += 1,
            }
        }
    }

    fn number(&mut self) -> Checked {
        if self.peek()? == b'-' {
            self.at += 1;
            if !self.peek()?.is_ascii_digit() {
                return Err(self.fault("in numeric literal"));
            }
        }
        if self.peek()? == b'0' {
            self.at += 1
        } else {
            self.digits()
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if !self.peek()?.is_ascii_digit() {
                return Err(self.fault("after decimal point in numeric literal"));
            }
            self.digits();
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek()?, b'+' | b'-') {
                self.at += 1;
            }
            if !self.peek()?.is_ascii_digit() {
                return Err(self.fault("in exponent of numeric literal"));
            }
            self.digits();
        }
        Ok(())
    }

    fn digits(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }

    fn blanks(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Result<u8, JsonFault> {
        self.bytes.get(self.at).copied().ok_or_else(|| JsonFault {
            offset: self.bytes.len(),
            message: "unexpected end of JSON input".to_owned(),
        })
    }

    /// That the next byte does not belong there. Like Go, this looks at bytes, not characters.
    fn fault(&self, place: &str) -> JsonFault {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        let shown = match byte {
            b'\'' => r"'\''".to_owned(),
            b'"' => "'\"'".to_owned(),
            b'\n' => r"'\n'".to_owned(),
            b'\t' => r"'\t'".to_owned(),
            b'\r' => r"'\r'".to_owned(),
            b'\\' => r"'\\'".to_owned(),
            0x20..0x7f => format!("'{}'", byte as char),
            0..0x20 | 0x7f => format!(r"'\x{byte:02x}'"),
            0x80..0xa0 | 0xad => format!(r"'\u{byte:04x}'"),
            _ => format!("'{}'", byte as char),
        };
        JsonFault { offset: self.at + 1, message: format!("invalid character {shown} {place}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (usize, String) {
        let fault = json(text).expect_err(text);
        (fault.offset, fault.message)
    }

    // Each by Go 1.26's encoding/json, through `kubectl patch --local`.
    #[test]
    fn faults_are_told_in_gos_words() {
        let end = "unexpected end of JSON input";
        for text in ["", "{", r#"{"data":"#, r#"{"a"#, "[1,", "tru", "-", "1e"] {
            assert_eq!(fault(text).1, end, "{text}");
        }
        for (text, message) in [
            ("{a:1}", "invalid character 'a' looking for beginning of object key string"),
            ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\":1 \"b\":2}", "invalid character '\"' after object key:value pair"),
            ("{\"a\":}", "invalid character '}' looking for beginning of value"),
            ("[1 2]", "invalid character '2' after array element"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("{\"a\":'b'}", "invalid character '\\'' looking for beginning of value"),
            ("{\"a\":\"\n\"}", "invalid character '\\n' in string literal"),
            ("{\"a\":\"\\x\"}", "invalid character 'x' in string escape code"),
            ("{\"a\":tru}", "invalid character '}' in literal true (expecting 'e')"),
            ("{\"a\":01}", "invalid character '1' after object key:value pair"),
            ("{\"a\":1.}", "invalid character '}' after decimal point in numeric literal"),
        ] {
            assert_eq!(fault(text).1, message, "{text}");
        }
    }

    #[test]
    fn the_offending_byte_counts() {
        let text = "{\"apiVersion\": \"v1\",\n \"kind\": \"ConfigMap\"\n \"metadata\": {}}";
        assert_eq!(fault(text).0, 44);
    }

    #[test]
    fn good_json_is_read() {
        let text = r#" {"a": [1, -2.5e3, true, null, "\u00e9\n", {}, []]} "#;
        assert_eq!(json(text), Ok(serde_json::from_str(text).expect("JSON")));
    }
}
