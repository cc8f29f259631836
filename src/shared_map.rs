//! An ordered map in pieces: clones share the pieces that neither has changed.
//!
//! Undo and rewind keep many clones of one cluster. In a [`BTreeMap`](std::collections::BTreeMap)
//! that stands behind an [`Arc`], each of them would hold every entry once more as soon as a single
//! one has changed; here it holds a list of pieces, and the few pieces that differ.

use std::borrow::Borrow;
use std::sync::Arc;

/// Entries of a piece, at most: what the first change after a clone copies.
const PIECE: usize = 64;

/// Some entries that stand next to each other, by key; never empty.
type Piece<K, V> = Arc<Vec<(K, V)>>;

/// An ordered map whose clones share what neither has changed.
#[derive(Clone, Debug)]
pub struct SharedMap<K, V> {
    pieces: Arc<Vec<Piece<K, V>>>,
    len: usize,
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> SharedMap<K, V> {
        SharedMap { pieces: Arc::default(), len: 0 }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SharedMap<K, V> {
    fn eq(&self, other: &SharedMap<K, V>) -> bool {
        self.is_shared_with(other) || (self.len == other.len && self.iter().eq(other.iter()))
    }
}

impl<K: Eq, V: Eq> Eq for SharedMap<K, V> {}

impl<K, V> SharedMap<K, V> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entries, by key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.pieces.iter().flat_map(|piece| piece.iter()).map(|(key, value)| (key, value))
    }

    /// The values, by key.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The first entry.
    pub fn first(&self) -> Option<(&K, &V)> {
        self.pieces.first()?.first().map(|(key, value)| (key, value))
    }

    /// The last entry.
    pub fn last(&self) -> Option<(&K, &V)> {
        self.pieces.last()?.last().map(|(key, value)| (key, value))
    }

    /// Whether two maps are one as far as memory goes.
    pub fn is_shared_with(&self, other: &SharedMap<K, V>) -> bool {
        Arc::ptr_eq(&self.pieces, &other.pieces)
    }

    /// The piece that a key belongs to, and its place there if it is there.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> (usize, Result<usize, usize>)
    where
        K: Borrow<Q>,
    {
        let ends_before =
            |piece: &Piece<K, V>| piece.last().is_some_and(|(last, _)| last.borrow() < key);
        let at = self.pieces.partition_point(ends_before);
        let place = self
            .pieces
            .get(at)
            .map_or(Err(0), |piece| piece.binary_search_by(|(known, _)| known.borrow().cmp(key)));
        (at, place)
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let (at, place) = self.find(key);
        Some(&self.pieces.get(at)?[place.ok()?].1)
    }

    /// The entries whose keys come after `key`, by key.
    pub fn after<'a, Q: Ord + ?Sized>(
        &'a self,
        key: &Q,
    ) -> impl DoubleEndedIterator<Item = (&'a K, &'a V)> + use<'a, K, V, Q>
    where
        K: Borrow<Q>,
    {
        let (at, place) = self.find(key);
        let skipped = match place {
            Ok(place) => place + 1,
            Err(place) => place,
        };
        let begun = self.pieces.get(at).map_or(&[][..], |piece| &piece[skipped..]);
        let whole = self.pieces.get(at + 1..).unwrap_or_default().iter().flat_map(|p| p.iter());
        begun.iter().chain(whole).map(|(key, value)| (key, value))
    }
}

impl<K: Ord + Clone, V: Clone> SharedMap<K, V> {
    /// The value of a key, to change.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let (at, place) = self.find(key);
        let place = place.ok()?;
        let piece = Arc::make_mut(Arc::make_mut(&mut self.pieces).get_mut(at)?);
        Some(&mut piece[place].1)
    }

    /// Gives a key a value; returns the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (at, place) = self.find(&key);
        let pieces = Arc::make_mut(&mut self.pieces);
        // What comes after everything goes to the last piece.
        let (at, place) = match pieces.len().checked_sub(1) {
            Some(last) if at > last => (last, Err(pieces[last].len())),
            Some(_) => (at, place),
            None => {
                pieces.push(Arc::default());
                (0, Err(0))
            }
        };
        let piece = Arc::make_mut(&mut pieces[at]);
        match place {
            Ok(place) => return Some(std::mem::replace(&mut piece[place].1, value)),
            Err(place) => piece.insert(place, (key, value)),
        }
        self.len += 1;
        if piece.len() > PIECE {
            // A map that only grows at its end has full pieces.
            let kept = if place == Err(PIECE) { PIECE } else { PIECE / 2 };
            let rest = piece.split_off(kept);
            pieces.insert(at + 1, Arc::new(rest));
        }
        None
    }

    /// Takes a key out; returns its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (at, place) = self.find(key);
        let place = place.ok()?;
        let pieces = Arc::make_mut(&mut self.pieces);
        let piece = Arc::make_mut(&mut pieces[at]);
        let (_, value) = piece.remove(place);
        self.len -= 1;
        let left = piece.len();
        if left == 0 {
            pieces.remove(at);
        } else if let Some(next) = pieces.get(at + 1)
            && left + next.len() <= PIECE / 2
        {
            let next = pieces.remove(at + 1);
            Arc::make_mut(&mut pieces[at]).extend(next.iter().cloned());
        }
        Some(value)
    }

    /// Takes the first entry out.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        let key = self.first()?.0.clone();
        let value = self.remove(&key)?;
        Some((key, value))
    }

    /// Forgets the entries up to this key, which stays. Whole pieces go at once.
    pub fn forget_before(&mut self, key: &K) {
        let (at, place) = self.find(key);
        let (Ok(place) | Err(place)) = place;
        let pieces = Arc::make_mut(&mut self.pieces);
        let whole: usize = pieces[..at].iter().map(|piece| piece.len()).sum();
        pieces.drain(..at);
        if let Some(piece) = pieces.first_mut().filter(|_| place > 0) {
            Arc::make_mut(piece).drain(..place);
        }
        self.len -= whole + place;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Act {
        Insert(u16, u8),
        Remove(u16),
        Change(u16),
        PopFirst,
        ForgetBefore(u16),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            8 => (0..300_u16, any::<u8>()).prop_map(|(key, value)| Act::Insert(key, value)),
            4 => (0..300_u16).prop_map(Act::Remove),
            2 => (0..300_u16).prop_map(Act::Change),
            1 => Just(Act::PopFirst),
            1 => (0..40_u16).prop_map(Act::ForgetBefore),
        ]
    }

    fn entries(map: &SharedMap<u16, u8>) -> Vec<(u16, u8)> {
        map.iter().map(|(key, value)| (*key, *value)).collect()
    }

    proptest! {
        /// It is the map of the standard library, and a clone of before does not see what comes after.
        #[test]
        fn it_does_what_an_ordered_map_does(
            grown in 0..400_u16,
            acts in prop::collection::vec(act(), 0..400),
        ) {
            let mut map = SharedMap::default();
            let mut model = BTreeMap::new();
            for key in 0..grown {
                prop_assert_eq!(map.insert(key, 0), model.insert(key, 0));
            }
            let (before, known) = (map.clone(), entries(&map));
            for act in acts {
                match act {
                    Act::Insert(key, value) => {
                        prop_assert_eq!(map.insert(key, value), model.insert(key, value));
                    }
                    Act::Remove(key) => prop_assert_eq!(map.remove(&key), model.remove(&key)),
                    Act::Change(key) => {
                        prop_assert_eq!(map.get_mut(&key).copied(), model.get(&key).copied());
                        if let (Some(one), Some(other)) = (map.get_mut(&key), model.get_mut(&key)) {
                            (*one, *other) = (9, 9);
                        }
                    }
                    Act::PopFirst => prop_assert_eq!(map.pop_first(), model.pop_first()),
                    Act::ForgetBefore(key) => {
                        map.forget_before(&key);
                        model = model.split_off(&key);
                    }
                }
                prop_assert_eq!(map.len(), model.len());
            }
            prop_assert!(map.pieces.iter().all(|piece| (1..=PIECE).contains(&piece.len())));
            prop_assert_eq!(entries(&map), model.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>());
            for key in [0, 17, 150, 299, 500] {
                prop_assert_eq!(map.get(&key), model.get(&key));
                let after: Vec<u16> = map.after(&key).map(|(key, _)| *key).collect();
                let known: Vec<u16> = model.range(key + 1..).map(|(key, _)| *key).collect();
                prop_assert_eq!(after, known);
            }
            prop_assert_eq!(entries(&before), known);
        }
    }

    #[test]
    fn a_change_copies_one_piece() {
        let mut map: SharedMap<u32, u32> = SharedMap::default();
        for key in 0..10_000 {
            map.insert(key, key);
        }
        let before = map.clone();
        assert!(map.is_shared_with(&before));
        map.insert(5_000, 1);
        let pairs = map.pieces.iter().zip(before.pieces.iter());
        assert_eq!(pairs.filter(|(one, other)| !Arc::ptr_eq(one, other)).count(), 1);
    }
}
