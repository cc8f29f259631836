//! The player's files: their texts, what is wrong with them, and what was applied.

use super::{Panel, Play};
use crate::diagnostic::{Diagnostic, Severity};
use crate::level::Attempt;

/// A file that is larger is not opened in the editor.
pub const LARGEST_FILE: usize = 256 * 1024;

/// A file of the player's, open in the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenFile {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Whether it can only be read.
    pub locked: bool,
    /// Whether it differs from what was applied last.
    pub changed: bool,
    /// What is wrong with it, from the code that apply uses.
    pub marks: Vec<Diagnostic>,
    /// What only traffic could tell: set after a request failed on a line, gone with the next edit.
    pub traffic_marks: Vec<Diagnostic>,
}

/// Where the editor's cursor has to go. A new number is a new order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jump {
    /// Counts the orders.
    pub number: u64,
    /// The line, from 1.
    pub line: u32,
}

impl Play {
    /// The file that is shown.
    pub fn file(&self) -> Option<&OpenFile> {
        self.files.get(self.open)
    }

    /// The names of files that were edited and not applied since.
    pub fn unapplied(&self) -> Vec<&str> {
        let changed = self.files.iter().filter(|file| file.changed && !file.locked);
        changed.map(|file| &*file.name).collect()
    }

    /// The player's files that differ from the level's own.
    pub fn edited_files(&self) -> Vec<(String, String)> {
        let start = &self.level().start;
        let differs = |file: &&OpenFile| {
            !file.locked
                && start
                    .get(&file.name)
                    .is_some_and(|bytes| bytes.as_slice() != file.text.as_bytes())
        };
        let changed = self.files.iter().filter(differs);
        changed.map(|file| (file.name.clone(), file.text.clone())).collect()
    }

    /// A file has a new text.
    pub(in crate::game) fn edit(&mut self, name: &str, text: &str) -> bool {
        let Some(at) = self.files.iter().position(|file| file.name == name && !file.locked) else {
            return false;
        };
        self.attempt.edit(name, text);
        let changed = self.applied.iter().all(|(file, applied)| file != name || applied != text);
        let marks = self.attempt.marks(name);
        let file = &mut self.files[at];
        file.text = text.to_owned();
        file.changed = changed;
        file.marks = marks;
        file.traffic_marks.clear();
        true
    }

    /// Reads the files of the working folder again: the shell may have written some.
    pub(in crate::game) fn reload_files(&mut self) {
        let open = self.file().map(|file| file.name.clone());
        let locked = &self.attempt.level().locked;
        let mut files = Vec::new();
        for (name, bytes) in self.attempt.files() {
            let Ok(text) = std::str::from_utf8(bytes) else { continue };
            if text.len() > LARGEST_FILE {
                continue;
            }
            let old = self.files.iter().find(|file| file.name == *name && file.text == text);
            let applied = self.applied.iter().find(|(file, _)| file == name);
            files.push(match old {
                Some(old) => OpenFile {
                    changed: applied.is_none_or(|(_, applied)| applied != text),
                    ..old.clone()
                },
                None => OpenFile {
                    name: name.clone(),
                    text: text.to_owned(),
                    locked: locked.contains(name),
                    changed: applied.is_none_or(|(_, applied)| applied != text),
                    marks: self.attempt.marks(name),
                    traffic_marks: Vec::new(),
                },
            });
        }
        if files != self.files {
            self.reloads += 1;
        }
        self.files = files;
        let kept = open.and_then(|open| self.files.iter().position(|file| file.name == open));
        self.open = kept.unwrap_or(0);
    }

    /// The files as they stand count as applied.
    pub(in crate::game) fn note_applied(&mut self) {
        self.applied =
            self.files.iter().map(|file| (file.name.clone(), file.text.clone())).collect();
        for file in &mut self.files {
            file.changed = false;
        }
    }

    /// Puts diagnoses on the lines that they point at.
    pub(in crate::game) fn mark_failures(&mut self) {
        let diagnoses: Vec<_> =
            self.goals().iter().filter_map(|goal| goal.diagnosis.clone()).collect();
        for file in &mut self.files {
            file.traffic_marks.clear();
        }
        for diagnosis in diagnoses {
            let Some(at) = diagnosis.at else { continue };
            let Some(file) = self.files.iter_mut().find(|file| *file.name == *at.file) else {
                continue;
            };
            let text = diagnosis.evidence.first().unwrap_or(&diagnosis.message).clone();
            let mark = Diagnostic {
                severity: Severity::Warning,
                message: text,
                file: Some(at.file),
                position: Some(at.position),
                help: diagnosis.nearest,
            };
            if !file.traffic_marks.contains(&mark) {
                file.traffic_marks.push(mark);
            }
        }
    }

    /// Opens a file and puts the cursor on a line (from 1).
    pub(in crate::game) fn go_to(&mut self, file: &str, line: u32) -> bool {
        let Some(at) = self.files.iter().position(|open| open.name == file) else { return false };
        self.open = at;
        self.focus = Panel::Editor;
        self.menu = false;
        self.jump = Jump { number: self.jump.number + 1, line };
        true
    }
}

pub(super) fn start_texts(attempt: &Attempt) -> Vec<(String, String)> {
    let texts = attempt.level().start.iter();
    texts.map(|(name, bytes)| (name.clone(), String::from_utf8_lossy(bytes).into_owned())).collect()
}
