//! Finds the player's line that a fact comes from.

use std::sync::Arc;

use crate::diagnostic::{Location, Position};
use crate::level::apply::{is_manifest, names, position};
use crate::manifest::{self, Document};
use crate::shell::Files;

/// The player's files, read.
pub(super) struct Locator {
    documents: Vec<Document>,
    texts: Vec<(Arc<str>, String)>,
}

impl Locator {
    pub fn new(files: &Files) -> Locator {
        let mut documents = Vec::new();
        let mut texts = Vec::new();
        for (name, content) in files {
            let text = String::from_utf8_lossy(content).into_owned();
            if is_manifest(name) {
                documents.extend(manifest::parse(name, &text).0);
            }
            texts.push((name.as_str().into(), text));
        }
        Locator { documents, texts }
    }

    /// Every document of the player's manifests.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The document that describes this object.
    pub fn document(&self, kind: &str, namespace: &str, name: &str) -> Option<&Document> {
        self.documents.iter().find(|document| {
            let stated = document.value.pointer("/metadata/namespace").and_then(|n| n.as_str());
            names(document, kind, name) && stated.unwrap_or("default") == namespace
        })
    }

    /// The line of an object's field, or of what stands nearest to it.
    pub fn field(&self, kind: &str, namespace: &str, name: &str, path: &str) -> Option<Location> {
        let document = self.document(kind, namespace, name)?;
        field_of(document, path)
    }

    /// The last line that mentions one of the words; earlier words are looked for first.
    pub fn mention<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Option<Location> {
        words.into_iter().find_map(|word| self.last_line_with(word.as_ref()))
    }

    fn last_line_with(&self, word: &str) -> Option<Location> {
        let mut found = None;
        for (file, text) in &self.texts {
            for (index, line) in text.lines().enumerate() {
                let comment = line.trim_start().starts_with('#');
                if !comment && let Some(column) = whole_word(line, word) {
                    let position = Position::new(index as u32 + 1, column);
                    found = Some(Location { file: file.clone(), position });
                }
            }
        }
        found
    }
}

/// The line of a document's field, or of what stands nearest to it.
pub(super) fn field_of(document: &Document, path: &str) -> Option<Location> {
    let position = position(document, path)?;
    Some(Location { file: document.file.clone(), position })
}

/// The column of `word` in `line`, where it is not part of a longer name.
fn whole_word(line: &str, word: &str) -> Option<u32> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut from = 0;
    while let Some(found) = line[from..].find(word) {
        let start = from + found;
        let end = start + word.len();
        let before = line[..start].chars().next_back();
        let after = line[end..].chars().next();
        let starts_clean = !word.starts_with(part) || !before.is_some_and(part);
        if !word.is_empty() && starts_clean && !after.is_some_and(part) {
            return Some(line[..start].chars().count() as u32 + 1);
        }
        from = start + line[start..].chars().next().map_or(1, char::len_utf8);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_inside_a_longer_name_is_another_name() {
        assert_eq!(whole_word("- curl http://db-0.db:80", "db"), Some(20));
        assert_eq!(whole_word("app: backend", "back"), None);
        assert_eq!(whole_word("curl http://$1:80", ":80"), Some(15));
        assert_eq!(whole_word("curl http://$1:8080", ":80"), None);
    }

    #[test]
    fn the_last_mention_counts_and_comments_do_not() {
        let files = Files::from([("a.sh".to_owned(), b"x web\ny web\n# web\n".to_vec())]);
        let at = Locator::new(&files).mention(["web"]).unwrap();
        assert_eq!(at.to_string(), "a.sh:2");
    }
}
