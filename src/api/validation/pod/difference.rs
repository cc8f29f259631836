//! What differs between two texts, as a unified diff without file names.

use crate::diagnostic::{Edit, edits};

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// The hunks that lead from `old` to `new`; nothing when they are the same.
pub(in super::super) fn unified(old: &[String], new: &[String]) -> String {
    let edits = edits(old, new);
    let mut out = String::new();
    let mut done = 0;
    while let Some(first) = (done..edits.len()).find(|at| edits[*at] != Edit::Same) {
        let end = hunk_end(&edits, first);
        let start = first.saturating_sub(CONTEXT).max(done);
        let before = |edit: Edit| edits[..start].iter().filter(|e| **e != edit).count();
        let (mut old_at, mut new_at) = (before(Edit::Added), before(Edit::Removed));
        let within = |edit: Edit| edits[start..end].iter().filter(|e| **e != edit).count();
        let (old_len, new_len) = (within(Edit::Added), within(Edit::Removed));
        out += &format!(
            "@@ -{},{old_len} +{},{new_len} @@\n",
            old_at + usize::from(old_len > 0),
            new_at + usize::from(new_len > 0)
        );
        for edit in &edits[start..end] {
            let (mark, line) = match edit {
                Edit::Same => (' ', &old[old_at]),
                Edit::Removed => ('-', &old[old_at]),
                Edit::Added => ('+', &new[new_at]),
            };
            out += &format!("{mark}{line}\n");
            old_at += usize::from(*edit != Edit::Added);
            new_at += usize::from(*edit != Edit::Removed);
        }
        done = end;
    }
    out
}

/// Where the hunk that begins with the change at `first` ends: changes that are near share one.
fn hunk_end(edits: &[Edit], first: usize) -> usize {
    let mut last = first;
    for (at, edit) in edits.iter().enumerate().skip(first) {
        if *edit != Edit::Same {
            last = at;
        } else if at - last > 2 * CONTEXT {
            break;
        }
    }
    (last + 1 + CONTEXT).min(edits.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn far_changes_are_hunks_of_their_own() {
        let old = lines("a b c d e f g h i j k l m");
        let new = lines("a b X d e f g h i j k m");
        assert_eq!(
            unified(&old, &new),
            "@@ -1,6 +1,6 @@\n a\n b\n-c\n+X\n d\n e\n f\n@@ -9,5 +9,4 @@\n i\n j\n k\n-l\n m\n"
        );
    }

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(unified(&lines("a b"), &lines("a b")), "");
    }
}
