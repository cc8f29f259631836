//! "Did you mean": the nearest of the words that would have been right.

use std::cmp::Reverse;

/// The candidate nearest to `word`: equal but for case, or at most a third of its letters away
/// (insertions, deletions, substitutions and swaps of neighbours count one each). `None` when
/// nothing is near; of equals the one that begins alike for longer wins, then the first.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *candidate != word)
        .min_by_key(|(distance, candidate)| (*distance, Reverse(alike(&lower, candidate))))
        .map(|(_, candidate)| candidate)
}

/// How many characters two words have in common at their beginning.
fn alike(lower: &str, candidate: &str) -> usize {
    lower.chars().zip(candidate.to_lowercase().chars()).take_while(|(a, b)| a == b).count()
}

/// Edits between two words (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let substitution = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = substitution.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if swapped {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_letter_is_near() {
        assert_eq!(nearest("backnd", ["frontend", "backend"]), Some("backend"));
        assert_eq!(nearest("wbe", ["db", "web"]), Some("web"));
    }

    #[test]
    fn case_alone_is_near() {
        assert_eq!(nearest("containerport", ["containerPort"]), Some("containerPort"));
    }

    #[test]
    fn of_equals_the_one_that_begins_alike_is_nearer() {
        let hosts = ["db.example.com", "api.example.org"];
        assert_eq!(nearest("api.example.com", hosts), Some("api.example.org"));
    }

    #[test]
    fn another_word_is_not_near() {
        assert_eq!(nearest("cat", ["deployment", "pod"]), None);
    }
}
