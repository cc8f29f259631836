//! What `-d` and its kin send: bytes, files, and texts in URLs' own alphabet.

use super::arguments::{Reader, Stop};
use super::report::Version;
use crate::shell::Io;

/// A file's content, or all of standard input for `-`.
pub fn file(io: &mut Io<'_>, name: &str) -> Option<Vec<u8>> {
    match name {
        "-" => Some(io.read_all().unwrap_or_default()),
        name => io.read_file(name).ok(),
    }
}

/// Whether a command line reads standard input.
pub fn reads_input(words: &[String]) -> bool {
    let names = ["-K", "--config", "-T", "--upload-file"];
    let one = |word: &String| word.ends_with("@-") || word.ends_with("<-") || word == "-T-";
    let two =
        |pair: &[String]| names.contains(&pair[0].as_str()) && (pair[1] == "-" || pair[1] == ".");
    words.iter().any(one) || words.windows(2).any(two) || words.iter().any(|word| word == "-K-")
}

/// `-d`, `--data-binary`, `--data-urlencode`, `--json` and `--url-query`.
///
/// # Errors
/// None today; a reader's function.
pub fn add(reader: &mut Reader<'_, '_>, name: &str, value: &str) -> Result<(), Stop> {
    if name == "url-query" {
        let more = match value.strip_prefix('+') {
            Some(plain) => plain.to_owned(),
            None => String::from_utf8_lossy(&encoded(reader, value)).into_owned(),
        };
        let query = reader.operation().query.take();
        reader.operation().query =
            Some(query.map_or(more.clone(), |query| format!("{query}&{more}")));
        return Ok(());
    }
    let more = match (name, value.strip_prefix('@')) {
        ("data-urlencode", _) => encoded(reader, value),
        ("data-raw", _) | (_, None) => value.as_bytes().to_vec(),
        (_, Some(name_of_file)) => {
            let mut bytes = from_file(reader, name_of_file, name_of_file);
            if !matches!(name, "data-binary" | "json") {
                bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            }
            bytes
        }
    };
    let operation = reader.operation();
    operation.json |= name == "json";
    match &mut operation.data {
        Some(data) => {
            if name != "json" {
                data.push(b'&');
            }
            data.extend(more);
        }
        none => *none = Some(more),
    }
    Ok(())
}

fn from_file(reader: &mut Reader<'_, '_>, name: &str, shown: &str) -> Vec<u8> {
    file(reader.io, name).unwrap_or_else(|| {
        reader.warn(&format!(
            "Couldn't read data from file \"{shown}\", this makes an empty POST.\n"
        ));
        Vec::new()
    })
}

/// `content`, `=content`, `name=content`, `@file`, `name@file`.
fn encoded(reader: &mut Reader<'_, '_>, value: &str) -> Vec<u8> {
    let at = value.find('=').or_else(|| value.find('@'));
    let escaped = |bytes: &[u8], io: &Io<'_>| match Version::of(io) {
        // 7.88 writes hexadecimal digits small.
        Version::V7_88 => small_digits(&escape(bytes, true)),
        Version::V8_5 => escape(bytes, true),
    };
    let Some(at) = at else { return escaped(value.as_bytes(), reader.io).into_bytes() };
    let (name, content) = (&value[..at], &value[at + 1..]);
    let bytes = match value.as_bytes()[at] {
        b'@' => from_file(reader, content, value),
        _ => content.as_bytes().to_vec(),
    };
    let text = escaped(&bytes, reader.io);
    let text = if name.is_empty() { text } else { format!("{name}={text}") };
    text.into_bytes()
}

/// An escaped text with `%0a` in the place of `%0A`.
fn small_digits(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| match part.split_at_checked(2) {
        Some((digits, rest)) => format!("%{}{rest}", digits.to_ascii_lowercase()),
        None => format!("%{part}"),
    });
    rest.fold(first, |text, part| text + &part)
}

/// All but letters, digits and `-._~` as `%XX`; a blank is a plus in a form.
pub fn escape(bytes: &[u8], form: bool) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(*byte));
            }
            b' ' if form => text.push('+'),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// The reverse of [`escape`], for names and passwords in URLs.
pub fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        match hex.filter(|_| bytes[at] == b'%').and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_back() {
        assert_eq!(escape("a b&ü".as_bytes(), true), "a+b%26%C3%BC");
        assert_eq!(small_digits("A%26%C3"), "A%26%c3");
        assert_eq!(unescape("a%20b%2"), "a b%2");
    }
}
