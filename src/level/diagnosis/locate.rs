//! Finds the player's line that a fact comes from.

use std::ops::RangeInclusive;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use serde_json::Value;

use crate::api::Kind;
use crate::cluster::ObjectName;
use crate::diagnostic::{Location, Position};
use crate::level::apply::is_manifest;
use crate::level::source::{Source, sources};
use crate::manifest::{self, Document, Repeated};
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

    /// A key that stands twice in one mapping: in the document of this line, where it stands below the top;
    /// without a line, at the top of any document, whose separator is missing then.
    pub fn repeated(&self, at: Option<&Location>) -> Option<(&Document, &Repeated)> {
        let sources = self.sources();
        let documents = self.documents.iter().filter(|document| match at {
            None => true,
            Some(at) => sources.iter().any(|source| {
                std::ptr::eq(source.document, *document)
                    && document.file == at.file
                    && self.lines_of(source).is_some_and(|lines| lines.contains(&at.position.line))
            }),
        });
        let fits = |one: &&Repeated| at.is_some() == one.path.contains(['.', '[']);
        documents
            .into_iter()
            .find_map(|document| Some((document, document.repeated.iter().find(|one| fits(one))?)))
    }

    /// Every object of the player's manifests.
    pub fn sources(&self) -> Vec<Source<'_>> {
        sources(&self.documents)
    }

    /// The object of the player's manifests with this name.
    pub fn source(&self, kind: &str, namespace: &str, name: &str) -> Option<Source<'_>> {
        self.sources().into_iter().find(|source| source.describes(kind, namespace, name))
    }

    /// The same, by its whole name.
    pub fn object(&self, object: &ObjectName) -> Option<Source<'_>> {
        self.source(object.kind.info().name, &object.namespace, &object.name)
    }

    /// The line of an object's field, or of what stands nearest to it.
    pub fn field(&self, kind: &str, namespace: &str, name: &str, path: &str) -> Option<Location> {
        at(&self.source(kind, namespace, name)?, path)
    }

    /// The last line of any file that mentions one of the words; earlier words are looked for first.
    pub fn mention<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Option<Location> {
        let everywhere = |_: &str| Some(1..=u32::MAX);
        words.into_iter().find_map(|word| self.last_line_with(word.as_ref(), everywhere))
    }

    /// The same, in scripts that are run, and in other files that those name.
    pub fn mention_in_scripts<S: AsRef<str>>(
        &self,
        words: impl IntoIterator<Item = S>,
        is_run: impl Fn(&str) -> bool,
    ) -> Option<Location> {
        let named = |file: &str| {
            let mut scripts = self.texts.iter().filter(|(script, _)| is_run(script));
            is_run(file) || scripts.any(|(_, text)| text.lines().any(|line| mentions(line, file)))
        };
        let scripts = |file: &str| (!is_manifest(file) && named(file)).then_some(1..=u32::MAX);
        words.into_iter().find_map(|word| self.last_line_with(word.as_ref(), scripts))
    }

    /// The same, among the lines of one object.
    pub fn mention_in<S: AsRef<str>>(
        &self,
        source: &Source<'_>,
        words: impl IntoIterator<Item = S>,
    ) -> Option<Location> {
        let lines = self.lines_of(source)?;
        let within = |file: &str| (file == &*source.document.file).then(|| lines.clone());
        words.into_iter().find_map(|word| self.last_line_with(word.as_ref(), within))
    }

    /// The text of a line.
    pub fn line(&self, at: &Location) -> Option<&str> {
        let (_, text) = self.texts.iter().find(|(file, _)| *file == at.file)?;
        text.lines().nth(at.position.line.checked_sub(1)? as usize)
    }

    /// A line with its number, to be quoted.
    pub fn told(&self, at: &Location) -> Option<String> {
        let text = self.line(at)?;
        Some(format!("line {} of {}: {}", at.position.line, at.file, text.trim()))
    }

    /// A line (from 1) of the text that stands under a key of a ConfigMap's `data`; the key's own line
    /// where the text is not written line by line.
    pub fn line_in(&self, source: &Source<'_>, key: &str, line: u32) -> Option<Location> {
        let file = &source.document.file;
        let at_key = at(source, &manifest::field("data", key))?;
        let text = source.value["data"][key].as_str()?;
        let wanted = text.lines().nth(line.checked_sub(1)? as usize)?.trim();
        let (_, whole) = self.texts.iter().find(|(name, _)| name == file)?;
        let number = at_key.position.line + line;
        let same = whole.lines().nth(number as usize - 1).filter(|there| there.trim() == wanted);
        let Some(there) = same else { return Some(at_key) };
        let column = there.len() - there.trim_start().len() + 1;
        let position = Position::new(number, column as u32);
        Some(Location { file: file.clone(), position })
    }

    /// Where a Service says its own namespace, if it does.
    pub fn own_namespace(&self, service: &Service) -> Option<Location> {
        let (namespace, name) = super::services::full_name(service);
        let source = self.source("Service", namespace, name)?;
        source.says("metadata.namespace").then(|| at(&source, "metadata.namespace"))?
    }

    /// Where an object of this kind and name says the namespace that it has now, in whichever file.
    pub fn moved(&self, kind: Kind, name: &str) -> Option<Location> {
        let sources = self.sources();
        let mut same = sources.iter().filter(|one| one.kind() == Some(kind) && one.name() == name);
        let source = same.find(|one| one.says("metadata.namespace"))?;
        at(source, "metadata.namespace")
    }

    /// A line (from 1) of a text of several lines that begins below `at`; `at` itself where it is not
    /// written line by line.
    pub fn line_below(&self, at: Location, text: &str, line: u32) -> Location {
        let wanted = text.lines().nth(line.saturating_sub(1) as usize).map(str::trim);
        // A block begins at its sign, or at its first line.
        let lines = [line, line.saturating_sub(1)].map(|more| Location {
            file: at.file.clone(),
            position: Position::new(at.position.line + more, at.position.column),
        });
        let mut fitting = lines.into_iter().filter(|one| self.line(one).map(str::trim) == wanted);
        match text.lines().nth(1).and(fitting.next()) {
            Some(line) => line,
            None => at,
        }
    }

    /// The object among these that a line belongs to.
    pub fn source_at<'s, 'd>(
        &self,
        sources: &'s [Source<'d>],
        line: &Location,
    ) -> Option<&'s Source<'d>> {
        let of_file = sources.iter().filter(|source| source.document.file == line.file);
        of_file.into_iter().find(|source| {
            self.lines_of(source).is_some_and(|lines| lines.contains(&line.position.line))
        })
    }

    /// The lines that an object takes: up to where the next one of its file begins.
    fn lines_of(&self, source: &Source<'_>) -> Option<RangeInclusive<u32>> {
        let first = source.position("")?.line;
        let all = self.sources();
        let same_file = all.iter().filter(|other| other.document.file == source.document.file);
        let starts = same_file.filter_map(|other| Some(other.position("")?.line));
        let next = starts.filter(|line| *line > first).min();
        Some(first..=next.map_or(u32::MAX, |next| next - 1))
    }

    fn last_line_with(
        &self,
        word: &str,
        within: impl Fn(&str) -> Option<RangeInclusive<u32>>,
    ) -> Option<Location> {
        let mut found = None;
        for (file, text) in &self.texts {
            let Some(lines) = within(file) else { continue };
            for (number, line) in (1..).zip(text.lines()) {
                let comment = line.trim_start().starts_with('#');
                if !comment
                    && lines.contains(&number)
                    && let Some(column) = whole_word(line, word)
                {
                    let position = Position::new(number, column);
                    found = Some(Location { file: file.clone(), position });
                }
            }
        }
        found
    }
}

/// The line of an object's field, or of what stands nearest to it.
pub(super) fn at(source: &Source<'_>, path: &str) -> Option<Location> {
    let position = source.position(path)?;
    Some(Location { file: source.document.file.clone(), position })
}

/// Where below `value` (which has the path `path`) a text stands that `fits` picks.
pub(super) fn text_below(value: &Value, path: &str, fits: &dyn Fn(&str) -> bool) -> Option<String> {
    match value {
        Value::String(text) if fits(text) => Some(path.to_owned()),
        Value::Array(items) => (items.iter().enumerate())
            .find_map(|(index, item)| text_below(item, &manifest::item(path, index), fits)),
        Value::Object(fields) => (fields.iter())
            .find_map(|(name, value)| text_below(value, &manifest::field(path, name), fits)),
        _ => None,
    }
}

/// Whether `line` holds `word`, and not only as part of a longer name.
pub(in crate::level) fn mentions(line: &str, word: &str) -> bool {
    whole_word(line, word).is_some()
}

/// The column of `word` in `line`, where it is not part of a longer name.
pub(super) fn whole_word(line: &str, word: &str) -> Option<u32> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if word.is_empty() {
        return None;
    }
    let mut from = 0;
    while let Some(found) = line[from..].find(word) {
        let start = from + found;
        let end = start + word.len();
        let before = line[..start].chars().next_back();
        let after = line[end..].chars().next();
        let starts_clean = !word.starts_with(part) || !before.is_some_and(part);
        if starts_clean && !after.is_some_and(part) {
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
        assert_eq!(whole_word("curl", ""), None);
    }

    #[test]
    fn the_last_mention_counts_and_comments_do_not() {
        let files = Files::from([("a.sh".to_owned(), b"x web\ny web\n# web\n".to_vec())]);
        let at = Locator::new(&files).mention(["web"]).unwrap();
        assert_eq!(at.to_string(), "a.sh:2");
    }

    #[test]
    fn an_objects_own_lines_end_where_the_next_begins() {
        let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b, labels: {app: a}}\n";
        let files = Files::from([("p.yaml".to_owned(), text.as_bytes().to_vec())]);
        let locator = Locator::new(&files);
        let first = locator.source("Pod", "default", "a").unwrap();
        assert_eq!(locator.mention_in(&first, ["a"]).unwrap().to_string(), "p.yaml:3");
        assert_eq!(locator.mention(["a"]).unwrap().to_string(), "p.yaml:7");
    }
}
