//! A description in the making: lines with levels and tabs.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use super::super::tabs::align;
use crate::diagnostic::printable;

/// Annotations longer than this are broken off.
pub(super) const LONGEST_ANNOTATION: usize = 140;

/// Lines that will be aligned.
#[derive(Debug, Default)]
pub(super) struct Page {
    done: String,
    open: String,
}

impl Page {
    /// A line: two spaces a level, cells parted by tabs.
    pub fn line(&mut self, level: usize, text: impl AsRef<str>) {
        self.open.extend(std::iter::repeat_n("  ", level));
        self.open.push_str(text.as_ref());
        self.open.push('\n');
    }

    /// `Title:\tvalue`
    pub fn field(&mut self, title: &str, value: impl std::fmt::Display) {
        self.line(0, format!("{title}:\t{value}"));
    }

    /// Aligns what there is; what follows has its own columns.
    pub fn flush(&mut self) {
        let open = std::mem::take(&mut self.open);
        self.done += &align(&printable(&open));
    }

    /// The finished text.
    pub fn finish(mut self) -> String {
        self.flush();
        self.done
    }

    /// The finished text with its tabs as they are: what `rollout history` prints.
    pub fn unaligned(self) -> String {
        self.done + &printable(&self.open)
    }

    /// Name and namespace.
    pub fn names(&mut self, metadata: &ObjectMeta) {
        self.field("Name", metadata.name.as_deref().unwrap_or(""));
        self.field("Namespace", metadata.namespace.as_deref().unwrap_or(""));
    }

    /// `title`, then the first of these beside it and the others below.
    pub fn list(&mut self, title: &str, items: &[String]) {
        match items {
            [] => self.line(0, format!("{title}:\t<none>")),
            items => self.deep_list(0, title, items),
        }
    }

    /// The same at a level. kubectl indents each piece of such a line: the cell below the title
    /// twice, and every item once.
    pub fn deep_list(&mut self, level: usize, title: &str, items: &[String]) {
        let indent = "  ".repeat(level);
        for (index, item) in items.iter().enumerate() {
            match index {
                0 => self.line(level, format!("{title}:\t{indent}{item}")),
                _ => self.line(level, format!("{indent}\t{indent}{item}")),
            }
        }
    }

    /// `key=value`, one a line.
    pub fn labels(&mut self, title: &str, labels: Option<&BTreeMap<String, String>>) {
        self.list(title, &pairs(labels));
    }

    /// `key: value`, one a line; long ones below their key, and what kubectl itself put there not
    /// at all.
    pub fn annotations(&mut self, title: &str, annotations: Option<&BTreeMap<String, String>>) {
        self.list(title, &notes(annotations));
    }

    /// Labels and annotations of an object.
    pub fn labels_and_annotations(&mut self, metadata: &ObjectMeta) {
        self.labels("Labels", metadata.labels.as_ref());
        self.annotations("Annotations", metadata.annotations.as_ref());
    }
}

/// `key=value`
pub(super) fn pairs(labels: Option<&BTreeMap<String, String>>) -> Vec<String> {
    labels.into_iter().flatten().map(|(key, value)| format!("{key}={value}")).collect()
}

/// The lines of annotations.
pub(super) fn notes(annotations: Option<&BTreeMap<String, String>>) -> Vec<String> {
    let mut items = Vec::new();
    for (key, value) in annotations.into_iter().flatten() {
        if key == crate::api::patch::LAST_APPLIED {
            continue;
        }
        let value = value.strip_suffix('\n').unwrap_or(value);
        if value.len() + key.len() + 2 <= LONGEST_ANNOTATION && !value.contains('\n') {
            items.push(format!("{key}: {value}"));
            continue;
        }
        items.push(format!("{key}:"));
        items.extend(
            value.split('\n').map(|line| format!("  {}", cut(line, LONGEST_ANNOTATION - 2))),
        );
    }
    items
}

/// At most so many bytes of a line, and dots for the rest.
pub(super) fn cut(line: &str, most: usize) -> String {
    if line.len() <= most {
        return line.to_owned();
    }
    format!("{}...", &line[..line.floor_char_boundary(most)])
}

/// `Fri, 20 Nov 2026 22:16:42 +0000`
pub(super) fn date(time: &Time) -> String {
    time.0.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// The same, or Go's year one when there is no time.
pub(super) fn date_or_zero(time: Option<&Time>) -> String {
    time.map_or_else(|| "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(), date)
}

/// `ReplicaSet/web-cc544bdcc`: who controls an object.
pub(super) fn controller(metadata: &ObjectMeta) -> Option<String> {
    let owners = metadata.owner_references.as_deref().unwrap_or_default();
    let owner = owners.iter().find(|owner| owner.controller == Some(true))?;
    Some(format!("{}/{}", owner.kind, owner.name))
}

/// `True`, `False`
pub(super) fn yes(truth: bool) -> &'static str {
    if truth { "True" } else { "False" }
}
