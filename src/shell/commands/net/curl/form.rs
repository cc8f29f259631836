//! `-F`: the parts of a `multipart/form-data` body (RFC 7578).

use super::arguments::{Reader, Stop, bad_use};
use super::data;

/// One part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    name: String,
    file: Option<String>,
    kind: Option<String>,
    headers: Vec<String>,
    content: Content,
}

/// Where its bytes are from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Bytes(Vec<u8>),
    /// A file that is read when the request is made.
    Missing(String),
}

impl Part {
    /// `name=content`, `name=<file`, `name=@file,file`, each with `;type=`, `;filename=` or
    /// `;headers=` behind it.
    ///
    /// # Errors
    /// A text that is no field.
    pub fn parse(
        reader: &mut Reader<'_, '_>,
        text: &str,
        literal: bool,
    ) -> Result<Vec<Part>, Stop> {
        let Some((name, value)) = text.split_once('=') else {
            reader.warn("Illegally formatted input field!\n");
            return Err(bad_use());
        };
        let plain = |content: Content| Part {
            name: name.to_owned(),
            file: None,
            kind: None,
            headers: Vec::new(),
            content,
        };
        if literal {
            return Ok(vec![plain(Content::Bytes(value.as_bytes().to_vec()))]);
        }
        let mut parts = Vec::new();
        let (files, list) = match value.strip_prefix('@') {
            Some(list) => (true, list),
            None => (false, value),
        };
        for item in if files { pieces(list, ',') } else { vec![list.to_owned()] } {
            let mut words = pieces(&item, ';').into_iter();
            let first = words.next().unwrap_or_default();
            let mut part = match (files, first.strip_prefix('<')) {
                (true, _) => {
                    let shown = first.rsplit('/').next().unwrap_or(&first).to_owned();
                    let mut part = plain(content(reader, &first));
                    part.kind = Some(kind_of(&shown).to_owned());
                    part.file = Some(shown);
                    part
                }
                (false, Some(file)) => plain(content(reader, file)),
                (false, None) => plain(Content::Bytes(first.into_bytes())),
            };
            for word in words {
                part.modify(reader, word.trim_start());
            }
            parts.push(part);
        }
        Ok(parts)
    }

    fn modify(&mut self, reader: &mut Reader<'_, '_>, word: &str) {
        if let Some(kind) = word.strip_prefix("type=") {
            self.kind = Some(kind.to_owned());
        } else if let Some(file) = word.strip_prefix("filename=") {
            self.file = Some(file.to_owned());
        } else if let Some(header) = word.strip_prefix("headers=") {
            self.headers.push(header.to_owned());
        } else if !word.starts_with("encoder=") {
            reader.warn(&format!("skip unknown form field: {word}\n"));
        }
    }

    /// The file that could not be read, if there is one.
    pub fn missing(&self) -> Option<&str> {
        match &self.content {
            Content::Missing(file) => Some(file),
            Content::Bytes(_) => None,
        }
    }
}

/// A body of these parts.
pub fn body(parts: &[Part], boundary: &str, escape: bool) -> Vec<u8> {
    let quoted = |text: &str| match escape {
        true => text.replace('\\', "\\\\").replace('"', "\\\""),
        false => text.replace('"', "%22"),
    };
    let mut body = Vec::new();
    for part in parts {
        let mut head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
            quoted(&part.name)
        );
        if let Some(file) = &part.file {
            head += &format!("; filename=\"{}\"", quoted(file));
        }
        head += "\r\n";
        if let Some(kind) = &part.kind {
            head += &format!("Content-Type: {kind}\r\n");
        }
        for header in &part.headers {
            head += &format!("{header}\r\n");
        }
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(b"\r\n");
        if let Content::Bytes(bytes) = &part.content {
            body.extend_from_slice(bytes);
        }
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

fn content(reader: &mut Reader<'_, '_>, file: &str) -> Content {
    match data::file(reader.io, file) {
        Some(bytes) => Content::Bytes(bytes),
        None => Content::Missing(file.to_owned()),
    }
}

/// The words of a list; quoted ones may hold the separator.
fn pieces(text: &str, separator: char) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let last = all.len() - 1;
        match c {
            '"' if quoted || all[last].is_empty() || all[last].ends_with('=') => quoted = !quoted,
            '\\' if quoted => all[last].extend(chars.next()),
            c if c == separator && !quoted => all.push(String::new()),
            c => all[last].push(c),
        }
    }
    all
}

/// The type that curl takes a file for by its name.
fn kind_of(file: &str) -> &'static str {
    const KINDS: &[(&str, &str)] = &[
        (".gif", "image/gif"),
        (".jpg", "image/jpeg"),
        (".jpeg", "image/jpeg"),
        (".png", "image/png"),
        (".svg", "image/svg+xml"),
        (".txt", "text/plain"),
        (".htm", "text/html"),
        (".html", "text/html"),
        (".pdf", "application/pdf"),
        (".xml", "application/xml"),
    ];
    let lower = file.to_ascii_lowercase();
    let known = KINDS.iter().find(|(ending, _)| lower.ends_with(ending));
    known.map_or("application/octet-stream", |(_, kind)| kind)
}
