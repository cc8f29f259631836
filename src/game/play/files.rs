//! The player's files: their texts, what is wrong with them, and what was applied.

use super::{Panel, Play};
use crate::diagnostic::{Diagnostic, Location, Position, Severity};
use crate::level::{Attempt, is_manifest};

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
    /// What only traffic could tell: set on the ladder's third rung. A mark goes with its line, is
    /// gone when the line is changed, and comes back with it.
    pub traffic_marks: Vec<Diagnostic>,
    /// The text and the marks as the requests found them.
    told: Option<(String, Vec<Diagnostic>)>,
}

impl OpenFile {
    /// Puts the marks on the lines that are still as the requests found them.
    fn place_marks(&mut self) {
        let Some((text, marks)) = &self.told else {
            self.traffic_marks.clear();
            return;
        };
        let placed = marks.iter().filter_map(|mark| {
            let position = mark.position?;
            let line = line_now(text, &self.text, position.line)?;
            // What the file's own marks say there is said already, and of the text as it stands.
            let own = |mark: &Diagnostic| mark.position.is_some_and(|at| at.line == line);
            let position = Position { line, ..position };
            let placed = Diagnostic { position: Some(position), ..mark.clone() };
            (!self.marks.iter().any(own)).then_some(placed)
        });
        self.traffic_marks = placed.collect();
    }
}

/// Where a line of an older text (from 1) stands in the new one; nothing where it was changed.
fn line_now(older: &str, newer: &str, line: u32) -> Option<u32> {
    let (old, new): (Vec<&str>, Vec<&str>) = (older.lines().collect(), newer.lines().collect());
    let before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - before;
    let after =
        old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let at = (line as usize).saturating_sub(1);
    match () {
        () if at < before => Some(line),
        () if at >= old.len() - after => Some((at + new.len() - old.len()) as u32 + 1),
        () => None,
    }
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
    /// Whether a file's text is another one than what was applied, by the key or by kubectl.
    fn differs(&self, name: &str, text: &str) -> bool {
        let applied = self.applied.iter().find(|(file, _)| file == name);
        applied.is_none_or(|(_, applied)| applied != text) && !self.attempt.is_sent(name)
    }

    /// What stood at a place of the player's files when the requests were sent, without the spaces
    /// around it.
    pub fn line(&self, at: &Location) -> Option<&str> {
        let number = (at.position.line as usize).checked_sub(1)?;
        self.sent_text(&at.file)?.lines().nth(number).map(str::trim)
    }

    /// The line (from 1) that such a place has by now; one that was changed since keeps its number.
    pub(in crate::game) fn line_of(&self, at: &Location) -> u32 {
        let line = at.position.line;
        let file = self.files.iter().find(|file| *file.name == *at.file);
        let now = file.zip(self.sent_text(&at.file));
        now.and_then(|(file, sent)| line_now(sent, &file.text, line)).unwrap_or(line)
    }

    /// A file's text as the requests met it.
    fn sent_text(&self, name: &str) -> Option<&str> {
        let open = || Some(&*self.files.iter().find(|file| file.name == name)?.text);
        self.sent_texts.get(name).map(String::as_str).or_else(open)
    }

    /// The files as they stand are what the requests met.
    pub(in crate::game) fn note_sent(&mut self) {
        let texts = self.files.iter().map(|file| (file.name.clone(), file.text.clone()));
        self.sent_texts = texts.collect();
    }

    /// The file that is shown.
    pub fn file(&self) -> Option<&OpenFile> {
        self.files.get(self.open)
    }

    /// The names of manifests that were edited and not applied since.
    pub fn unapplied(&self) -> Vec<&str> {
        let changed = self.files.iter().filter(|file| {
            file.changed
                && !file.locked
                && is_manifest(&file.name)
                && self.editing.as_ref() != Some(&file.name)
        });
        changed.map(|file| &*file.name).collect()
    }

    /// A manifest that the cluster would not take as it stands, the line, and what is wrong there.
    pub fn refusal(&self) -> Option<(&str, u32, &Diagnostic)> {
        let files = self.files.iter().filter(|file| !file.locked);
        let error = |mark: &&Diagnostic| mark.severity == Severity::Error;
        files.into_iter().find_map(|file| {
            let mark = file.marks.iter().find(error)?;
            Some((&*file.name, mark.position?.line, mark))
        })
    }

    /// Changed files that kubectl does not take: scripts, and what they read. They count as they stand.
    pub(in crate::game) fn changed_scripts(&self) -> Vec<String> {
        let changed = self
            .files
            .iter()
            .filter(|file| file.changed && !file.locked && !is_manifest(&file.name));
        changed.map(|file| file.name.clone()).collect()
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
        // What kubectl edit has open is kubectl's when it is saved, not while it is typed.
        if self.editing.as_deref() != Some(name) {
            self.attempt.edit(name, text);
        }
        let changed = self.differs(name, text);
        let marks = match self.editing.as_deref() == Some(name) {
            true => Vec::new(),
            false => self.attempt.marks(name),
        };
        let file = &mut self.files[at];
        file.text = text.to_owned();
        file.changed = changed;
        file.marks = marks;
        file.place_marks();
        self.typing = true;
        true
    }

    /// Whether the open file is the one that `kubectl edit` waits for.
    pub fn is_editing(&self) -> bool {
        self.file().is_some_and(|file| Some(&*file.name) == self.editing.as_deref())
    }

    /// kubectl's file is open in the editor.
    pub(in crate::game) fn begin_editing(&mut self, file: &str) {
        self.editing = Some(file.to_owned());
        let text = self.attempt.files().get(file).cloned().unwrap_or_default();
        self.edited_from = String::from_utf8_lossy(&text).into_owned();
    }

    /// Hands the text to `kubectl edit`; an unchanged one means that nothing is to be done. Says
    /// whether kubectl has something to do.
    pub(in crate::game) fn end_editing(&mut self) -> bool {
        let Some(name) = self.editing.take() else { return false };
        let text = self.files.iter().find(|file| file.name == name).map(|file| file.text.clone());
        let text = text.filter(|text| *text != self.edited_from);
        match &text {
            Some(text) => self.attempt.edit(&name, text),
            None => {
                self.attempt.session_mut().files_mut().remove(&name);
            }
        }
        self.focus = Panel::Terminal;
        self.menu = false;
        self.reload_files();
        text.is_some()
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
            let held = self.editing.as_ref() == Some(name);
            let old =
                self.files.iter().find(|file| file.name == *name && (held || file.text == text));
            let changed = self.differs(name, text);
            files.push(match old {
                Some(old) if held => OpenFile { changed, ..old.clone() },
                // What the server refuses depends on what it has by now.
                Some(old) => OpenFile { changed, marks: self.attempt.marks(name), ..old.clone() },
                None => OpenFile {
                    name: name.clone(),
                    text: text.to_owned(),
                    locked: locked.contains(name),
                    changed,
                    marks: self.attempt.marks(name),
                    traffic_marks: Vec::new(),
                    told: None,
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

    /// Puts diagnoses on the lines that they point at, once the ladder shows them. A file that was not
    /// applied when the requests were sent is not what they met.
    pub(in crate::game) fn mark_failures(&mut self) {
        let help = self.help();
        let shown = help.faults.iter().filter(|fault| fault.shows_line());
        let diagnoses: Vec<_> = shown.map(|fault| fault.diagnosis.clone()).collect();
        for file in &mut self.files {
            let marks = diagnoses.iter().filter_map(|diagnosis| {
                let at = diagnosis.at.as_ref().filter(|at| *at.file == *file.name)?;
                let text = diagnosis.evidence.first().unwrap_or(&diagnosis.message).clone();
                let nearest = diagnosis.nearest.as_ref().filter(|nearest| !text.contains(*nearest));
                let help = nearest.map(|nearest| format!("nearest: {nearest}"));
                Some(Diagnostic {
                    severity: Severity::Warning,
                    message: text,
                    file: Some(at.file.clone()),
                    position: Some(at.position),
                    help,
                })
            });
            let mut told: Vec<Diagnostic> = marks.collect();
            told.dedup();
            // The lines are those of the text that was sent.
            let text = self.sent_texts.get(&file.name).unwrap_or(&file.text).clone();
            let known = !told.is_empty() && !self.sent_without.contains(&file.name);
            file.told = known.then_some((text, told));
            file.place_marks();
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
    // What the level's opening wrote is where the player begins.
    let own = attempt.files().iter().filter(|(name, _)| attempt.level().start.contains_key(*name));
    own.map(|(name, bytes)| (name.clone(), String::from_utf8_lossy(bytes).into_owned())).collect()
}
