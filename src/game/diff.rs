//! Which lines of a file the player has changed.

use crate::diagnostic;

/// A change: lines of the old text that were replaced by lines of the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The first replaced line of the old text, from 0.
    pub old_start: usize,
    /// The lines that went.
    pub old: Vec<String>,
    /// The first new line, from 0.
    pub new_start: usize,
    /// The lines that came.
    pub new: Vec<String>,
}

/// Beyond this many lines a side, everything that differs counts as one change.
const FINE: usize = 2_000;

/// The changes that make `new` of `old`, in order.
pub fn edits(old: &str, new: &str) -> Vec<Edit> {
    let (old, new) = (written(old), written(new));
    let same_start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[same_start..], &new[same_start..]);
    let same_end =
        old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let a = &old_rest[..old_rest.len() - same_end];
    let b = &new_rest[..new_rest.len() - same_end];
    if a.is_empty() && b.is_empty() {
        return Vec::new();
    }
    if a.len() > FINE || b.len() > FINE {
        return vec![edit(same_start, a, same_start, b)];
    }
    between(a, b, same_start)
}

/// The lines of a text, up to the last that says something: blank ones behind it change nothing.
fn written(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

/// The new text with one of its changes taken back.
pub fn without(new: &str, edit: &Edit) -> String {
    let lines: Vec<&str> = new.lines().collect();
    let end = edit.new_start + edit.new.len();
    let before = lines[..edit.new_start.min(lines.len())].iter().copied();
    let after = lines[end.min(lines.len())..].iter().copied();
    let mut text = String::new();
    for line in before.chain(edit.old.iter().map(String::as_str)).chain(after) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// How many lines differ: the larger side of each change.
pub fn size(edits: &[Edit]) -> u32 {
    edits.iter().map(|edit| edit.old.len().max(edit.new.len()) as u32).sum()
}

/// The changes between two stretches of lines, of which the first begins at `offset`.
fn between(a: &[&str], b: &[&str], offset: usize) -> Vec<Edit> {
    let mut found = Vec::new();
    // Where the next lines are, and where the change that is being gathered began.
    let (mut i, mut j, mut i0, mut j0) = (0, 0, 0, 0);
    let mut close = |i0: usize, i: usize, j0: usize, j: usize| {
        if i0 < i || j0 < j {
            found.push(edit(offset + i0, &a[i0..i], offset + j0, &b[j0..j]));
        }
    };
    for step in diagnostic::edits(a, b) {
        match step {
            diagnostic::Edit::Removed => i += 1,
            diagnostic::Edit::Added => j += 1,
            diagnostic::Edit::Same => {
                close(i0, i, j0, j);
                (i, j) = (i + 1, j + 1);
                (i0, j0) = (i, j);
            }
        }
    }
    close(i0, i, j0, j);
    found
}

fn edit(old_start: usize, old: &[&str], new_start: usize, new: &[&str]) -> Edit {
    let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    Edit { old_start, old: owned(old), new_start, new: owned(new) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_changes_apart_are_two_edits() {
        let found = edits("a\nb\nc\nd\n", "a\nB\nc\nd\ne\n");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].new_start, &*found[0].new[0]), (1, "B"));
        assert_eq!((found[1].old_start, &*found[1].new[0]), (4, "e"));
        assert_eq!(size(&found), 2);
    }

    #[test]
    fn a_change_can_be_taken_back() {
        let (old, new) = ("a\nb\nc\n", "a\nB\nX\nc\nd\n");
        let found = edits(old, new);
        assert_eq!(without(new, &found[0]), "a\nb\nc\nd\n");
        assert_eq!(without(new, &found[1]), "a\nB\nX\nc\n");
    }

    #[test]
    fn equal_texts_have_no_edits() {
        assert!(edits("a\nb", "a\nb\n").is_empty());
    }

    #[test]
    fn blank_lines_at_the_end_are_no_edit() {
        assert!(edits("a\nb\n", "a\nb\n\n  \n").is_empty());
        assert_eq!(size(&edits("a\nb\n", "a\nB\n\n")), 1);
    }

    #[test]
    fn huge_texts_are_one_edit() {
        let huge = "x\n".repeat(FINE * 3);
        assert_eq!(edits("a\n", &huge).len(), 1);
    }
}
