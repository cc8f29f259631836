//! What leads from one list to another, by their longest common subsequence.

/// What becomes of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It stands in both lists.
    Same,
    /// It stands in the old list alone.
    Removed,
    /// It stands in the new list alone.
    Added,
}

/// The shortest way from `old` to `new`, removals before additions. Takes time and memory by the
/// product of their lengths.
pub fn edits<T: PartialEq>(old: &[T], new: &[T]) -> Vec<Edit> {
    let width = new.len() + 1;
    // How many items the ends from i and j have in common.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut edits = Vec::with_capacity(old.len().max(new.len()));
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            edits.push(Edit::Same);
            (i, j) = (i + 1, j + 1);
        } else if i < old.len()
            && (j == new.len() || common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            edits.push(Edit::Removed);
            i += 1;
        } else {
            edits.push(Edit::Added);
            j += 1;
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removals_come_before_additions() {
        use Edit::{Added, Removed, Same};
        assert_eq!(edits(&["a", "b", "c"], &["a", "x", "c"]), [Same, Removed, Added, Same]);
        assert_eq!(edits(&[1], &[]), [Removed]);
        assert_eq!(edits::<u8>(&[], &[1]), [Added]);
    }
}
