//! The editor: one text area a file, with YAML's habits.
//!
//! ```text
//!  5 spec:
//!  6   selector:
//!  7     app: backnd      ◀ matches 0 of 3 pods
//! ```

mod complete;
mod draw;
mod yaml;

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::{CursorMove, TextArea};

use super::keys::EditorKey;
use crate::game::{LARGEST_FILE, LevelMsg, Msg, Play};

pub use complete::Completion;
pub use draw::{draw, tabs};

/// The texts that are open, with their cursors.
#[derive(Clone, Default)]
pub struct Editor {
    buffers: BTreeMap<String, Buffer>,
    /// The level and seed that the buffers belong to.
    level: String,
    reloads: u64,
    jump: u64,
    /// Field names at the cursor.
    completion: Option<Completion>,
    /// What was cut or copied last, for every file.
    clipboard: String,
}

/// A file's text area.
#[derive(Clone)]
struct Buffer {
    area: TextArea<'static>,
    /// The text as the game has it.
    text: String,
    /// What one key changed each time, and what was taken back of it: one undo takes back all that one
    /// key did, however many steps that was for the text area.
    done: VecDeque<Change>,
    undone: Vec<Change>,
}

/// How many changes can be taken back.
const CHANGES: usize = 500;

/// A change by one key: hashes of the text before and after it.
#[derive(Clone, Copy)]
struct Change {
    before: u64,
    after: u64,
}

/// What became of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The text changed.
    Edited(Msg),
    /// The cursor moved, or something else that is only seen.
    Moved,
    /// It means nothing here.
    Ignored,
    /// There is something to say to the player.
    Say(String),
}

impl Buffer {
    fn new(text: &str) -> Buffer {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut area = TextArea::new(lines);
        area.set_tab_length(2);
        area.set_max_histories(CHANGES);
        let text = text.to_owned();
        Buffer { area, text, done: VecDeque::new(), undone: Vec::new() }
    }

    /// One key's change.
    fn edit(&mut self, act: impl FnOnce(&mut TextArea<'static>) -> bool) {
        let before = self.hash();
        act(&mut self.area);
        let after = self.hash();
        if before == after {
            return;
        }
        self.undone.clear();
        self.done.push_back(Change { before, after });
        if self.done.len() > CHANGES {
            self.done.pop_front();
        }
    }

    /// Takes one key's change back.
    fn undo(&mut self) {
        let Some(change) = self.done.pop_back() else { return };
        while self.area.undo() && self.hash() != change.before {}
        self.undone.push(change);
    }

    /// Does again what was taken back last.
    fn redo(&mut self) {
        let Some(change) = self.undone.pop() else { return };
        while self.area.redo() && self.hash() != change.after {}
        self.done.push_back(change);
    }

    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.area.lines().hash(&mut hasher);
        hasher.finish()
    }

    fn current(&self) -> String {
        let mut text = self.area.lines().join("\n");
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

impl Editor {
    /// Takes over what the game changed without the editor: other files, undo, jumps.
    pub fn sync(&mut self, play: &Play) {
        let level = format!("{} {}", play.level().name, play.attempt().seed());
        if level != self.level {
            *self = Editor { clipboard: std::mem::take(&mut self.clipboard), ..Editor::default() };
            self.level = level;
        }
        for file in &play.files {
            match self.buffers.get_mut(&file.name) {
                Some(buffer) if buffer.text == file.text => {}
                Some(buffer) => {
                    let cursor = buffer.area.cursor();
                    *buffer = Buffer::new(&file.text);
                    jump(&mut buffer.area, cursor.0, cursor.1);
                }
                None => {
                    self.buffers.insert(file.name.clone(), Buffer::new(&file.text));
                }
            }
        }
        if self.reloads != play.reloads {
            self.reloads = play.reloads;
            self.completion = None;
            self.buffers.retain(|name, _| play.files.iter().any(|file| file.name == *name));
        }
        if self.jump != play.jump.number {
            self.jump = play.jump.number;
            self.completion = None;
            if let Some(buffer) = play.file().and_then(|file| self.buffers.get_mut(&file.name)) {
                let row = play.jump.line.saturating_sub(1) as usize;
                let blanks = buffer
                    .area
                    .lines()
                    .get(row)
                    .map_or(0, |line| line.chars().take_while(|c| *c == ' ').count());
                jump(&mut buffer.area, row, blanks);
            }
        }
    }

    /// The field names at the cursor, if they are shown.
    pub fn completion(&self) -> Option<&Completion> {
        self.completion.as_ref()
    }

    /// Whether Esc belongs to the editor: it closes completion and ends a selection first.
    pub fn wants_escape(&self, play: &Play) -> bool {
        let selecting = self.buffer(play).is_some_and(|buffer| buffer.area.is_selecting());
        self.completion.is_some() || selecting
    }

    /// Whether something is selected, so that Ctrl-C copies.
    pub fn has_selection(&self, play: &Play) -> bool {
        self.buffer(play).is_some_and(|buffer| {
            buffer.area.selection_range().is_some_and(|(start, end)| start != end)
        })
    }

    /// Esc: closes what is open.
    pub fn escape(&mut self, play: &Play) {
        self.completion = None;
        if let Some(buffer) = self.buffer_mut(play) {
            buffer.area.cancel_selection();
        }
    }

    /// A key of the editor's own.
    pub fn act(&mut self, play: &Play, key: EditorKey) -> Outcome {
        if matches!(key, EditorKey::Complete) {
            return self.complete(play);
        }
        match key {
            EditorKey::Undo if self.is(play, |buffer| buffer.done.is_empty()) => {
                let text =
                    "There is nothing more to take back in this file. Esc R begins the level anew.";
                return Outcome::Say(text.to_owned());
            }
            EditorKey::Redo if self.is(play, |buffer| buffer.undone.is_empty()) => {
                return Outcome::Say("Nothing was taken back that could be done again.".to_owned());
            }
            EditorKey::Undo => return self.changed(play, Buffer::undo),
            EditorKey::Redo => return self.changed(play, Buffer::redo),
            _ => {}
        }
        let clipboard = self.clipboard.clone();
        let mut copied = None;
        let outcome = self.change(play, |area| {
            match key {
                EditorKey::Copy | EditorKey::Cut => copied = take(area, key == EditorKey::Cut),
                EditorKey::Paste => return area.insert_str(&clipboard),
                EditorKey::SelectAll => area.select_all(),
                EditorKey::DeleteLine => delete_line(area),
                EditorKey::FindNext => {
                    area.search_forward(false);
                }
                EditorKey::FindPrevious => {
                    area.search_back(false);
                }
                EditorKey::Outdent => shift_lines(area, false),
                EditorKey::Top => area.move_cursor(CursorMove::Top),
                EditorKey::Bottom => {
                    area.move_cursor(CursorMove::Bottom);
                    area.move_cursor(CursorMove::End);
                }
                EditorKey::Comment => comment(area),
                EditorKey::Complete | EditorKey::Undo | EditorKey::Redo => {}
            }
            true
        });
        self.clipboard = copied.unwrap_or(clipboard);
        outcome
    }

    /// Whether the open file's buffer is so.
    fn is(&self, play: &Play, so: impl FnOnce(&Buffer) -> bool) -> bool {
        play.file().and_then(|file| self.buffers.get(&file.name)).is_some_and(so)
    }

    /// A key that the table does not know: text, movement, deletion.
    pub fn key(&mut self, play: &Play, key: &KeyEvent) -> Outcome {
        if let Some(outcome) = self.completing(play, key) {
            return outcome;
        }
        let typed = matches!(key.code, KeyCode::Char(_) | KeyCode::Backspace);
        let outcome = match key.code {
            // A selection is indented, never replaced.
            KeyCode::Tab if self.has_selection(play) => self.change(play, |area| {
                shift_lines(area, true);
                true
            }),
            KeyCode::Tab => match self.complete_word(play) {
                Some(outcome) => outcome,
                None => self.change(play, |area| {
                    area.insert_str("  ");
                    true
                }),
            },
            KeyCode::Enter => self.change(play, |area| {
                newline(area);
                true
            }),
            KeyCode::Char(_)
            | KeyCode::Backspace
            | KeyCode::Delete
            | KeyCode::Left
            | KeyCode::Right
            | KeyCode::Up
            | KeyCode::Down
            | KeyCode::Home
            | KeyCode::End
            | KeyCode::PageUp
            | KeyCode::PageDown => {
                if key.modifiers.contains(KeyModifiers::CONTROL)
                    && matches!(key.code, KeyCode::Char(_))
                {
                    return Outcome::Ignored;
                }
                let input = tui_textarea::Input::from(*key);
                self.change(play, |area| area.input(input))
            }
            _ => Outcome::Ignored,
        };
        if self.completion.is_some() && typed {
            self.refresh_completion(play);
        } else {
            self.completion = None;
        }
        outcome
    }

    /// Pasted text.
    pub fn paste(&mut self, play: &Play, text: &str) -> Outcome {
        let size = self.buffer(play).map_or(0, |buffer| buffer.text.len());
        if size + text.len() > LARGEST_FILE {
            return Outcome::Say(format!(
                "That paste is {} KiB; a file here takes {}. Nothing was pasted.",
                text.len() / 1024,
                LARGEST_FILE / 1024
            ));
        }
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        self.change(play, |area| area.insert_str(&text))
    }

    /// Puts a text at the end of the open file, as a document of its own if there is one already, and
    /// the cursor at its start.
    pub fn append(&mut self, play: &Play, text: &str) -> Outcome {
        self.change(play, |area| {
            area.cancel_selection();
            area.move_cursor(CursorMove::Bottom);
            area.move_cursor(CursorMove::End);
            let empty = area.lines().iter().all(|line| line.trim().is_empty());
            let fresh = area.lines().last().is_none_or(|line| line.trim().is_empty());
            let before = match (empty, fresh) {
                (true, _) => "",
                (false, true) => "---\n",
                (false, false) => "\n---\n",
            };
            let at = area.lines().len() - usize::from(fresh) + usize::from(!empty);
            area.insert_str(format!("{before}{}", text.trim_end()));
            // The beginning of what was inserted stands at the top.
            let rows = at.saturating_sub(usize::from(area.scroll_offset().0));
            area.scroll((i16::try_from(rows).unwrap_or(i16::MAX), 0));
            jump(area, at, 0);
            true
        })
    }

    /// The word at the cursor, and the fields that it stands in, the nearest first.
    pub fn words(&self, play: &Play) -> Vec<String> {
        let Some(buffer) = self.buffer(play) else { return Vec::new() };
        let (row, column) = (buffer.area.cursor().0, buffer.area.cursor().1);
        let lines = buffer.area.lines();
        let line: Vec<char> = lines.get(row).map_or_else(Vec::new, |line| line.chars().collect());
        let of_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        let at = column.min(line.len());
        let start = line[..at].iter().rposition(|c| !of_word(*c)).map_or(0, |at| at + 1);
        let end = line[at..].iter().position(|c| !of_word(*c)).map_or(line.len(), |end| at + end);
        let mut words: Vec<String> = vec![line[start..end].iter().collect()];
        let mut indent = usize::MAX;
        for line in lines.iter().take(row + 1).rev() {
            let text = line.trim_start_matches([' ', '-']);
            let here = line.chars().count() - text.chars().count();
            let Some((key, _)) = text.split_once(':').filter(|_| here < indent) else { continue };
            words.push(key.to_owned());
            indent = here;
        }
        words.retain(|word| !word.is_empty());
        words
    }

    /// Looks for a text, from the cursor on.
    pub fn find(&mut self, play: &Play, text: &str) -> Outcome {
        let Some(buffer) = self.buffer_mut(play) else { return Outcome::Ignored };
        if buffer.area.set_search_pattern(escape_pattern(text)).is_err() {
            return Outcome::Ignored;
        }
        match buffer.area.search_forward(true) {
            true => Outcome::Moved,
            false => Outcome::Say(format!("“{text}” is not in this file.")),
        }
    }

    /// Puts the cursor where the mouse points: a row and column of the drawn text.
    pub fn click(&mut self, play: &Play, row: u16, column: u16, extend: bool) {
        self.completion = None;
        let Some(buffer) = self.buffer_mut(play) else { return };
        let (top, left) = buffer.area.scroll_offset();
        let column = column.saturating_sub(draw::gutter(buffer.area.lines().len()));
        let at = buffer.area.screen_to_data(usize::from(top + row), usize::from(left + column));
        match (extend, buffer.area.is_selecting()) {
            (true, false) => buffer.area.start_selection(),
            (false, _) => buffer.area.cancel_selection(),
            (true, true) => {}
        }
        jump(&mut buffer.area, at.0, at.1);
    }

    /// Scrolls with the mouse wheel.
    pub fn scroll(&mut self, play: &Play, by: i16) {
        if let Some(buffer) = self.buffer_mut(play) {
            buffer.area.scroll((by, 0));
        }
    }

    fn buffer(&self, play: &Play) -> Option<&Buffer> {
        self.buffers.get(&play.file()?.name)
    }

    fn buffer_mut(&mut self, play: &Play) -> Option<&mut Buffer> {
        self.buffers.get_mut(&play.file()?.name)
    }

    /// Does something to the open text; a locked file takes back what it should not have taken.
    fn change(&mut self, play: &Play, act: impl FnOnce(&mut TextArea<'static>) -> bool) -> Outcome {
        self.changed(play, |buffer| buffer.edit(act))
    }

    /// What became of the open file's buffer.
    fn changed(&mut self, play: &Play, act: impl FnOnce(&mut Buffer)) -> Outcome {
        let Some(file) = play.file() else { return Outcome::Ignored };
        let Some(buffer) = self.buffers.get_mut(&file.name) else { return Outcome::Ignored };
        act(buffer);
        let text = buffer.current();
        let same = text == buffer.text
            || text.trim_end_matches('\n') == buffer.text.trim_end_matches('\n');
        if same {
            return Outcome::Moved;
        }
        if file.locked {
            let cursor = buffer.area.cursor();
            *buffer = Buffer::new(&file.text);
            jump(&mut buffer.area, cursor.0, cursor.1);
            return Outcome::Say(format!("{} can be read, not changed.", file.name));
        }
        buffer.text.clone_from(&text);
        Outcome::Edited(Msg::Level(LevelMsg::Edit { file: file.name.clone(), text }))
    }

    fn complete(&mut self, play: &Play) -> Outcome {
        let Some(buffer) = self.buffer(play) else { return Outcome::Ignored };
        let (row, column) = (buffer.area.cursor().0, buffer.area.cursor().1);
        let lines = buffer.area.lines();
        let behind_key = lines[row].chars().take(column).any(|c| c == ':');
        let about = complete::about(lines, row);
        self.refresh_completion(play);
        // On a field that stands there already, what it means is more use than what else could be.
        if !behind_key && about.is_some() || self.completion.is_none() {
            self.completion = about;
        }
        match &self.completion {
            Some(_) => Outcome::Moved,
            None => Outcome::Say("Nothing to complete here.".to_owned()),
        }
    }

    fn refresh_completion(&mut self, play: &Play) {
        let Some(buffer) = self.buffer(play) else { return };
        let cursor = buffer.area.cursor();
        let found = complete::at(buffer.area.lines(), cursor.0, cursor.1);
        self.completion = found.filter(|found| !found.choices.is_empty());
    }

    /// Tab behind the beginning of a word: completes it, or offers the ways.
    fn complete_word(&mut self, play: &Play) -> Option<Outcome> {
        let buffer = self.buffer(play)?;
        let cursor = buffer.area.cursor();
        let found = complete::at(buffer.area.lines(), cursor.0, cursor.1)?;
        if found.typed == 0 || found.choices.is_empty() {
            return None;
        }
        let only = found.choices.len() == 1;
        self.completion = Some(found);
        Some(if only { self.accept(play) } else { Outcome::Moved })
    }

    /// Keys of the open completion.
    fn completing(&mut self, play: &Play, key: &KeyEvent) -> Option<Outcome> {
        let completion = self.completion.as_mut()?;
        let last = completion.choices.len().saturating_sub(1);
        match key.code {
            KeyCode::Down => completion.selected = (completion.selected + 1).min(last),
            KeyCode::Up => completion.selected = completion.selected.saturating_sub(1),
            KeyCode::Enter | KeyCode::Tab => return Some(self.accept(play)),
            _ => return None,
        }
        Some(Outcome::Moved)
    }

    fn accept(&mut self, play: &Play) -> Outcome {
        let Some(completion) = self.completion.take() else { return Outcome::Ignored };
        let Some(choice) = completion.choices.get(completion.selected) else {
            return Outcome::Ignored;
        };
        if completion.known {
            return Outcome::Moved;
        }
        let value = choice.holds.is_empty();
        let rest: String = choice.text.chars().skip(completion.typed).collect();
        let tail = match (value, choice.below) {
            (true, _) => "",
            (false, true) => ":",
            (false, false) => ": ",
        };
        self.change(play, |area| area.insert_str(format!("{rest}{tail}")))
    }
}

/// Moves the cursor to a row and column, or as near as the text allows.
fn jump(area: &mut TextArea<'static>, row: usize, column: usize) {
    let clamp = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
    area.move_cursor(CursorMove::Jump(clamp(row), clamp(column)));
}

/// Copies or cuts the selection; without one, the line.
fn take(area: &mut TextArea<'static>, cut: bool) -> Option<String> {
    if area.selection_range().is_none_or(|(start, end)| start == end) {
        area.cancel_selection();
        if !cut {
            return None;
        }
        let line = area.lines().get(area.cursor().0).cloned().unwrap_or_default();
        delete_line(area);
        return Some(line + "\n");
    }
    if cut {
        area.cut();
    } else {
        area.copy();
    }
    Some(area.yank_text())
}

fn delete_line(area: &mut TextArea<'static>) {
    area.cancel_selection();
    area.move_cursor(CursorMove::Head);
    let row = area.cursor().0;
    area.delete_line_by_end();
    if row + 1 < area.lines().len() {
        area.delete_next_char();
    } else {
        area.delete_newline();
    }
}

/// A new line at the indent of this one; deeper after a key that opens something.
fn newline(area: &mut TextArea<'static>) {
    let (row, column) = (area.cursor().0, area.cursor().1);
    let line = area.lines().get(row).cloned().unwrap_or_default();
    let before: String = line.chars().take(column).collect();
    let blanks = before.chars().take_while(|c| *c == ' ').count();
    let dash = if before.trim_start().starts_with("- ") { 2 } else { 0 };
    let own = blanks + dash;
    let indent = match before.trim_end().ends_with(':') {
        true => inner_indent(area.lines(), row, own).unwrap_or(own + 2),
        false => own,
    };
    area.insert_newline();
    area.insert_str(" ".repeat(indent));
}

/// Where what belongs to the key of this row stands already, the key itself standing at `column`: deeper, or
/// a list at the key's own column.
fn inner_indent(lines: &[String], row: usize, column: usize) -> Option<usize> {
    let next = lines.iter().skip(row + 1).find(|line| !line.trim().is_empty())?;
    let text = next.trim_start();
    let indent = next.len() - text.len();
    (indent > column || indent == column && text.starts_with("- ")).then_some(indent)
}

/// Indents the selected lines, or the cursor's, or takes indent away.
fn shift_lines(area: &mut TextArea<'static>, deeper: bool) {
    let cursor = (area.cursor().0, area.cursor().1);
    let selected = area.selection_range();
    let (first, last) = match selected {
        // A selection that ends before a line's first character does not mean that line.
        Some((start, end)) if end.1 == 0 && end.0 > start.0 => (start.0, end.0 - 1),
        Some((start, end)) => (start.0, end.0),
        None => (cursor.0, cursor.0),
    };
    area.cancel_selection();
    let mut moved = 0;
    for row in first..=last {
        let line = area.lines().get(row).cloned().unwrap_or_default();
        jump(area, row, 0);
        if deeper && !line.trim().is_empty() {
            area.insert_str("  ");
        }
        if !deeper {
            let by = line.chars().take_while(|c| *c == ' ').count().min(2);
            area.delete_str(by);
            moved = if row == cursor.0 { by } else { moved };
        }
    }
    match selected {
        Some(_) => {
            jump(area, first, 0);
            area.start_selection();
            jump(area, last + 1, 0);
            if area.cursor().0 != last + 1 {
                area.move_cursor(CursorMove::End);
            }
        }
        None => jump(area, cursor.0, cursor.1.saturating_sub(moved)),
    }
}

fn comment(area: &mut TextArea<'static>) {
    let (row, column) = (area.cursor().0, area.cursor().1);
    let line = area.lines().get(row).cloned().unwrap_or_default();
    let blanks = line.chars().take_while(|c| *c == ' ').count();
    jump(area, row, blanks);
    if line.trim_start().starts_with("# ") {
        area.delete_str(2);
        jump(area, row, column.saturating_sub(2));
    } else {
        area.insert_str("# ");
        jump(area, row, column + 2);
    }
}

/// The text as a pattern that finds exactly it, whatever its case.
fn escape_pattern(text: &str) -> String {
    let mut pattern = String::from("(?i)");
    for c in text.chars() {
        if !c.is_alphanumeric() && c != ' ' && c != '_' {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far the new line is indented after Enter at the end of the first row.
    fn indent_after(text: &str) -> usize {
        let mut area = TextArea::from(text.lines());
        area.move_cursor(CursorMove::End);
        newline(&mut area);
        area.lines()[1].len()
    }

    #[test]
    fn a_new_line_below_a_key_stands_where_its_fields_stand() {
        assert_eq!(indent_after("spec:"), 2);
        assert_eq!(indent_after("  name: x"), 2);
        assert_eq!(indent_after("- name: x"), 2);
        assert_eq!(indent_after("spec:\n    replicas: 2"), 4);
        // A list may stand at its key's own column.
        assert_eq!(indent_after("  - from:\n    - podSelector:"), 4);
        assert_eq!(indent_after("  - from:\n      - podSelector:"), 6);
        // What follows belongs to another key.
        assert_eq!(indent_after("  - from:\n  - to:"), 6);
        assert_eq!(indent_after("  spec:\nkind: Pod"), 4);
    }
}
