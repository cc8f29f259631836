//! Work on several things at once, in as many threads as the machine has; what comes of it is taken in
//! the order of the things, so that the output does not depend on who was faster.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Does `work` on each of `things`, and gives `take` what came of it, in order, with how many are done;
/// ends early once `take` wants no more.
pub fn in_order<T: Sync, R: Send>(
    things: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(usize, R) -> bool,
) {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(things.len().max(1));
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (send, next, work) = (send.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(thing) = things.get(index) else { return };
                    if send.send((index, work(thing))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let (mut waiting, mut done) = (BTreeMap::new(), 0);
        for (index, result) in receive {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&done) {
                done += 1;
                if !take(done, result) {
                    // Nobody reads on: whoever works finishes what he has, and begins nothing more.
                    next.store(things.len(), Ordering::Relaxed);
                    return;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_things() {
        let things: Vec<u64> = (0..40).collect();
        let mut squares = Vec::new();
        in_order(
            &things,
            |n| n * n,
            |done, square| {
                squares.push(square);
                assert_eq!(done, squares.len());
                true
            },
        );
        assert_eq!(squares, things.iter().map(|n| n * n).collect::<Vec<_>>());
    }

    #[test]
    fn work_ends_once_nobody_wants_more() {
        let things = [1, 2, 3, 4];
        let mut taken = Vec::new();
        in_order(
            &things,
            |n| *n,
            |_, n| {
                taken.push(n);
                false
            },
        );
        assert_eq!(taken, [1]);
    }
}
