//! Sorting as Go's `sort.Sort` does it. It is not stable, so that what compares equal ends in an order that
//! follows from its steps alone (pattern-defeating quicksort: insertion for up to twelve,
//! medians as pivots, a heap where the pivots go wrong).

/// Up to this many are put in order by insertion.
const SHORT: usize = 12;
/// From this many on, a pivot is a median of medians.
const LONG: usize = 50;
/// A choice of pivots swaps at most this often.
const MOST_SWAPS: u32 = 12;
/// How often a list that is nearly in order is mended before it is partitioned after all.
const MENDINGS: usize = 5;

/// Puts `items` in the order in which Go's `sort.Sort` leaves them.
pub(super) fn sort<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    let limit = usize::BITS - items.len().leading_zeros();
    let end = items.len();
    Sorter { items, less }.quick(0, end, limit);
}

struct Sorter<'a, T, L> {
    items: &'a mut [T],
    less: L,
}

/// What the choice of a pivot has shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hint {
    Increasing,
    Decreasing,
    Unknown,
}

impl<T, L: Fn(&T, &T) -> bool> Sorter<'_, T, L> {
    fn less(&self, a: usize, b: usize) -> bool {
        (self.less)(&self.items[a], &self.items[b])
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.items.swap(a, b);
    }

    fn quick(&mut self, mut start: usize, mut end: usize, mut limit: u32) {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let length = end - start;
            if length <= SHORT {
                return self.insertion(start, end);
            }
            if limit == 0 {
                return self.heap(start, end);
            }
            if !balanced {
                self.shuffle(start, end);
                limit -= 1;
            }
            let (mut pivot, mut hint) = self.pivot(start, end);
            if hint == Hint::Decreasing {
                self.items[start..end].reverse();
                pivot = (end - 1) - (pivot - start);
                hint = Hint::Increasing;
            }
            if balanced
                && partitioned
                && hint == Hint::Increasing
                && self.mended_by_insertion(start, end)
            {
                return;
            }
            // Nothing is smaller than what stands before, so the pivot's equals come first.
            if start > 0 && !self.less(start - 1, pivot) {
                start = self.partition_equal(start, end, pivot);
                continue;
            }
            let (middle, already) = self.partition(start, end, pivot);
            partitioned = already;
            let (left, right) = (middle - start, end - middle);
            if left < right {
                balanced = left >= length / 8;
                self.quick(start, middle, limit);
                start = middle + 1;
            } else {
                balanced = right >= length / 8;
                self.quick(middle + 1, end, limit);
                end = middle;
            }
        }
    }

    fn insertion(&mut self, start: usize, end: usize) {
        for next in start + 1..end {
            let mut at = next;
            while at > start && self.less(at, at - 1) {
                self.swap(at, at - 1);
                at -= 1;
            }
        }
    }

    fn heap(&mut self, start: usize, end: usize) {
        let length = end - start;
        for root in (0..=(length - 1) / 2).rev() {
            self.sift_down(root, length, start);
        }
        for last in (0..length).rev() {
            self.swap(start, start + last);
            self.sift_down(0, last, start);
        }
    }

    fn sift_down(&mut self, mut root: usize, end: usize, first: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= end {
                return;
            }
            if child + 1 < end && self.less(first + child, first + child + 1) {
                child += 1;
            }
            if !self.less(first + root, first + child) {
                return;
            }
            self.swap(first + root, first + child);
            root = child;
        }
    }

    /// What is smaller than the pivot stands before it; its place, and whether that was so before.
    fn partition(&mut self, start: usize, end: usize, pivot: usize) -> (usize, bool) {
        self.swap(start, pivot);
        let (mut left, mut right) = (start + 1, end - 1);
        let mut already = true;
        loop {
            while left <= right && self.less(left, start) {
                left += 1;
            }
            while left <= right && !self.less(right, start) {
                right -= 1;
            }
            if left > right {
                break;
            }
            already = false;
            self.swap(left, right);
            left += 1;
            right -= 1;
        }
        self.swap(right, start);
        (right, already)
    }

    /// What is equal to the pivot stands before what is greater; where that begins.
    fn partition_equal(&mut self, start: usize, end: usize, pivot: usize) -> usize {
        self.swap(start, pivot);
        let (mut left, mut right) = (start + 1, end - 1);
        loop {
            while left <= right && !self.less(start, left) {
                left += 1;
            }
            while left <= right && self.less(start, right) {
                right -= 1;
            }
            if left > right {
                return left;
            }
            self.swap(left, right);
            left += 1;
            right -= 1;
        }
    }

    /// Mends a list that is nearly in order; whether it is in order now.
    fn mended_by_insertion(&mut self, start: usize, end: usize) -> bool {
        let mut at = start + 1;
        for _ in 0..MENDINGS {
            while at < end && !self.less(at, at - 1) {
                at += 1;
            }
            if at == end {
                return true;
            }
            if end - start < LONG {
                return false;
            }
            self.swap(at, at - 1);
            if at - start >= 2 {
                let mut back = at - 1;
                while back >= 1 && self.less(back, back - 1) {
                    self.swap(back, back - 1);
                    back -= 1;
                }
            }
            if end - at >= 2 {
                let mut on = at + 1;
                while on < end && self.less(on, on - 1) {
                    self.swap(on, on - 1);
                    on += 1;
                }
            }
        }
        false
    }

    /// Swaps three from the middle with others, so that a pattern that made bad pivots is gone.
    fn shuffle(&mut self, start: usize, end: usize) {
        let length = end - start;
        if length < 8 {
            return;
        }
        let mut random = length as u64;
        let modulus = 1_u64 << (u64::BITS - random.leading_zeros());
        let at = start + length / 4 * 2 - 1;
        for offset in 0..3 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut other = usize::try_from(random & (modulus - 1)).unwrap_or(0);
            if other >= length {
                other -= length;
            }
            self.swap(at + offset, start + other);
        }
    }

    fn pivot(&self, start: usize, end: usize) -> (usize, Hint) {
        let length = end - start;
        let mut swaps = 0;
        let quarter = |n: usize| start + length / 4 * n;
        let (mut first, mut second, mut third) = (quarter(1), quarter(2), quarter(3));
        if length >= 8 {
            if length >= LONG {
                first = self.median(first - 1, first, first + 1, &mut swaps);
                second = self.median(second - 1, second, second + 1, &mut swaps);
                third = self.median(third - 1, third, third + 1, &mut swaps);
            }
            second = self.median(first, second, third, &mut swaps);
        }
        let hint = match swaps {
            0 => Hint::Increasing,
            MOST_SWAPS => Hint::Decreasing,
            _ => Hint::Unknown,
        };
        (second, hint)
    }

    fn median(&self, a: usize, b: usize, c: usize, swaps: &mut u32) -> usize {
        let (a, b) = self.ordered(a, b, swaps);
        let (b, _) = self.ordered(b, c, swaps);
        self.ordered(a, b, swaps).1
    }

    fn ordered(&self, a: usize, b: usize, swaps: &mut u32) -> (usize, usize) {
        if self.less(b, a) {
            *swaps += 1;
            return (b, a);
        }
        (a, b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_comes_into_order() {
        for length in [0, 1, 5, 12, 13, 40, 50, 51, 100, 1000] {
            for step in [1, 7, 31, 97, 999] {
                let mut items: Vec<usize> = (0..length).map(|at| at * step % 101).collect();
                let mut sorted = items.clone();
                sorted.sort_unstable();
                sort(&mut items, |a, b| a < b);
                assert_eq!(items, sorted, "{length} by {step}");
            }
        }
    }

    /// kubectl 1.36.3, by `--sort-by` a key that 22 ConfigMaps have one of two values of.
    #[test]
    fn equals_end_where_the_steps_leave_them() {
        let mut items: Vec<_> = "ababbbaaababaaaabbbaba".chars().enumerate().collect();
        sort(&mut items, |(_, a), (_, b)| a < b);
        let places: Vec<usize> = items.iter().map(|(place, _)| *place).collect();
        let real = [15, 13, 2, 21, 19, 0, 6, 7, 8, 12, 14, 10, 11, 9, 1, 5, 16, 17, 18, 4, 20, 3];
        assert_eq!(places, real);
    }

    #[test]
    fn a_comparison_that_contradicts_itself_ends() {
        let mut items: Vec<u32> = (0..200).collect();
        sort(&mut items, |_, _| true);
        assert_eq!(items.len(), 200);
    }
}
