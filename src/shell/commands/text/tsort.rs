//! `tsort`: an order in which every first word of a pair stands before the second one.

use std::collections::VecDeque;

use super::bytes::{content, extra_operand, waits};
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::Grammar;

/// What is ordered, by place in the sorted list of names.
struct Graph<'a> {
    names: Vec<&'a str>,
    /// Who comes after each; with GNU's the one that was named last is looked at first.
    after: Vec<Vec<usize>>,
    /// How many each waits for.
    waits: Vec<usize>,
}

pub(in crate::shell::commands) fn tsort(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("tsort", "").read(arguments, io) else { return Some(1) };
    if let Some(extra) = options.operands.get(1).filter(|_| is_gnu(io)) {
        return Some(extra_operand(io, "tsort", extra));
    }
    let file = options.operands.first().cloned().unwrap_or_else(|| "-".to_owned());
    if waits(io, std::slice::from_ref(&file)) {
        return None;
    }
    let bytes = match content(io, &file) {
        Ok(bytes) => bytes,
        Err(why) => {
            io.write_error(format!("tsort: {file}: {why}"));
            return Some(1);
        }
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() % 2 == 1 {
        io.write_error(match is_gnu(io) {
            true => format!("tsort: {file}: input contains an odd number of tokens"),
            false => "tsort: odd input".to_owned(),
        });
        return Some(1);
    }
    let graph = Graph::of(&words);
    let loops = if is_gnu(io) { graph.in_queue(io, &file) } else { graph.by_scan(io) };
    Some(i32::from(loops))
}

impl<'a> Graph<'a> {
    fn of(words: &[&'a str]) -> Graph<'a> {
        let mut names = words.to_vec();
        names.sort_unstable();
        names.dedup();
        let mut after = vec![Vec::new(); names.len()];
        let mut waits = vec![0; names.len()];
        let place = |word| names.binary_search(word).unwrap_or_default();
        for pair in words.chunks_exact(2).filter(|pair| pair[0] != pair[1]) {
            let (first, second) = (place(&pair[0]), place(&pair[1]));
            after[first].insert(0, second);
            waits[second] += 1;
        }
        Graph { names, after, waits }
    }

    /// BusyBox': the first that waits for nothing, or else the first at all; the last one takes its place.
    fn by_scan(mut self, io: &mut Io<'_>) -> bool {
        let mut left: Vec<usize> = (0..self.names.len()).collect();
        let mut loops = false;
        while !left.is_empty() {
            let at = left.iter().position(|one| self.waits[*one] == 0).unwrap_or_else(|| {
                io.write_error(format!("tsort: cycle at {}", self.names[left[0]]));
                loops = true;
                0
            });
            let one = left.swap_remove(at);
            for next in std::mem::take(&mut self.after[one]) {
                self.waits[next] = self.waits[next].saturating_sub(1);
            }
            io.say(self.names[one]);
        }
        loops
    }

    /// GNU's (Knuth's algorithm T): who waits for nothing comes in the order in which that became so.
    fn in_queue(mut self, io: &mut Io<'_>, file: &str) -> bool {
        let mut told = vec![false; self.names.len()];
        let mut loops = false;
        loop {
            let free = |one: &usize| self.waits[*one] == 0 && !told[*one];
            let mut ready: VecDeque<usize> = (0..self.names.len()).filter(free).collect();
            while let Some(one) = ready.pop_front() {
                io.say(self.names[one]);
                told[one] = true;
                for next in std::mem::take(&mut self.after[one]) {
                    self.waits[next] -= 1;
                    if self.waits[next] == 0 {
                        ready.push_back(next);
                    }
                }
            }
            if told.iter().all(|told| *told) {
                return loops;
            }
            loops = true;
            io.write_error(format!("tsort: {file}: input contains a loop:"));
            let path = self.break_loop();
            for one in path {
                io.write_error(format!("tsort: {}", self.names[one]));
            }
        }
    }

    /// Takes one relation out of a loop, and tells the loop: against the arrows, walk after walk through the
    /// names, until a name is met that is on the way already.
    fn break_loop(&mut self) -> Vec<usize> {
        let mut way: Vec<usize> = Vec::new();
        loop {
            for one in (0..self.names.len()).filter(|one| self.waits[*one] > 0).collect::<Vec<_>>()
            {
                let Some(last) = way.last().copied() else {
                    way.push(one);
                    continue;
                };
                let Some(relation) = self.after[one].iter().position(|next| *next == last) else {
                    continue;
                };
                let known = way.iter().rposition(|known| *known == one);
                // The first of a way has nobody behind it, so it is met once more.
                if let Some(from) = known.filter(|from| *from > 0) {
                    self.after[one].remove(relation);
                    self.waits[last] -= 1;
                    return way.split_off(from).into_iter().rev().collect();
                }
                way.push(one);
            }
        }
    }
}
