//! What differs between two texts, as a unified diff without file names, by the matches that Python's
//! difflib chooses, whose copy in Go the server has (`github.com/pmezard/go-difflib`).

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::Edit;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;
/// How many lines make a text in which frequent lines are no beginning of a match.
const LONG: usize = 200;

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
        let range = |at: usize, length: usize| match length {
            0 => format!("{at},0"),
            1 => format!("{}", at + 1),
            _ => format!("{},{length}", at + 1),
        };
        out += &format!("@@ -{} +{} @@\n", range(old_at, old_len), range(new_at, new_len));
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

/// The lines that stay, and between them those that go and those that come.
fn edits(old: &[String], new: &[String]) -> Vec<Edit> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, line) in new.iter().enumerate() {
        places.entry(line).or_default().push(at);
    }
    if new.len() >= LONG {
        // What comes again and again says little.
        places.retain(|_, places| places.len() <= new.len() / 100 + 1);
    }
    let mut matches = Vec::new();
    let mut open = vec![(0..old.len(), 0..new.len())];
    while let Some((of, to)) = open.pop() {
        let (i, j, size) = longest(old, new, &places, (&of, &to));
        if size > 0 {
            matches.push((i, j, size));
            open.push((of.start..i, to.start..j));
            open.push((i + size..of.end, j + size..to.end));
        }
    }
    matches.sort_unstable();
    matches.push((old.len(), new.len(), 0));
    let (mut i, mut j, mut edits) = (0, 0, Vec::new());
    for (next_i, next_j, size) in matches {
        edits.extend(std::iter::repeat_n(Edit::Removed, next_i - i));
        edits.extend(std::iter::repeat_n(Edit::Added, next_j - j));
        edits.extend(std::iter::repeat_n(Edit::Same, size));
        (i, j) = (next_i + size, next_j + size);
    }
    edits
}

/// The longest run of lines that parts of both have, and of several the first: where it begins in each, and
/// its length.
fn longest(
    old: &[String],
    new: &[String],
    places: &BTreeMap<&str, Vec<usize>>,
    (of, to): (&Range<usize>, &Range<usize>),
) -> (usize, usize, usize) {
    let (mut i, mut j, mut size) = (of.start, to.start, 0);
    let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
    for at in of.clone() {
        let found = places.get(old[at].as_str()).into_iter().flatten();
        let mut next = BTreeMap::new();
        for &place in found.filter(|place| to.contains(place)) {
            let before = place.checked_sub(1).and_then(|before| lengths.get(&before));
            let length = before.copied().unwrap_or(0) + 1;
            next.insert(place, length);
            if length > size {
                (i, j, size) = (at + 1 - length, place + 1 - length, length);
            }
        }
        lengths = next;
    }
    while i > of.start && j > to.start && old[i - 1] == new[j - 1] {
        (i, j, size) = (i - 1, j - 1, size + 1);
    }
    while i + size < of.end && j + size < to.end && old[i + size] == new[j + size] {
        size += 1;
    }
    (i, j, size)
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

    // As Python's difflib has it; the shortest way from one to the other would add `a x`.
    #[test]
    fn the_longest_run_that_both_have_counts_first() {
        let (old, new) = (lines("a x b"), lines("a x a x b"));
        let told = "@@ -1,3 +1,5 @@\n+a\n+x\n a\n x\n b\n";
        assert_eq!(unified(&old, &new), told);
        assert_eq!(unified(&lines("a"), &lines("b")), "@@ -1 +1 @@\n-a\n+b\n");
    }

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(unified(&lines("a b"), &lines("a b")), "");
    }
}
