//! A container's log: what it wrote, line by line, with times.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::clock::SimTime;

/// How many lines are kept. Real container logs are rotated by size.
const KEPT: usize = 20_000;

/// How many different lines are known to be shared.
const PHRASES: usize = 200;

/// What is written, and when.
type Lines = Arc<Vec<(SimTime, Arc<str>)>>;

/// What more than one container may write: a Deployment's pods all start with the same words.
#[derive(Clone, Debug, Default)]
pub struct Phrases {
    lines: BTreeSet<Arc<str>>,
    /// How the log that was begun last begins. Pods that start together begin alike.
    opening: (Vec<u8>, Lines),
}

impl Phrases {
    /// `line`, shared with whoever has written the same.
    fn share(&mut self, line: &str) -> Arc<str> {
        if let Some(known) = self.lines.get(line) {
            return known.clone();
        }
        if self.lines.len() == PHRASES {
            self.lines.clear();
        }
        let line: Arc<str> = line.into();
        self.lines.insert(line.clone());
        line
    }

    /// The log that begins with `bytes` at this moment, if the last one did so too.
    fn opening(&self, now: SimTime, bytes: &[u8]) -> Option<Lines> {
        let (known, lines) = &self.opening;
        let same = lines.first().is_some_and(|(at, _)| *at == now) && known == bytes;
        same.then(|| lines.clone())
    }
}

/// A container's log.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: Lines,
    /// The beginning of a line that has not ended.
    open: Vec<u8>,
}

impl Log {
    /// Every line so far.
    pub fn lines(&self) -> &[(SimTime, Arc<str>)] {
        &self.lines
    }

    /// Appends output.
    pub fn write(&mut self, now: SimTime, bytes: &[u8], phrases: &mut Phrases) {
        let begins = self.lines.is_empty() && self.open.is_empty();
        if begins && let Some(lines) = phrases.opening(now, bytes) {
            self.lines = lines;
            return;
        }
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() {
                self.open.extend_from_slice(piece);
            } else if self.open.is_empty() {
                self.push(now, piece, phrases);
            } else {
                self.open.extend_from_slice(piece);
                self.flush(now, phrases);
            }
        }
        if begins && self.open.is_empty() {
            phrases.opening = (bytes.to_vec(), self.lines.clone());
        }
    }

    /// The container has ended: an unfinished line is a line.
    pub fn finish(&mut self, now: SimTime) {
        if !self.open.is_empty() {
            self.flush(now, &mut Phrases::default());
        }
    }

    fn flush(&mut self, now: SimTime, phrases: &mut Phrases) {
        let line = std::mem::take(&mut self.open);
        self.push(now, &line, phrases);
    }

    fn push(&mut self, now: SimTime, line: &[u8], phrases: &mut Phrases) {
        let lines = Arc::make_mut(&mut self.lines);
        if lines.len() == KEPT {
            lines.drain(..KEPT / 2);
        }
        lines.push((now, phrases.share(&String::from_utf8_lossy(line))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &Log) -> Vec<&str> {
        log.lines().iter().map(|(_, line)| &**line).collect()
    }

    #[test]
    fn a_line_counts_when_it_ends() {
        let mut log = Log::default();
        let mut phrases = Phrases::default();
        log.write(SimTime::START, b"one\ntw", &mut phrases);
        assert_eq!(texts(&log), ["one"]);
        log.write(SimTime::START, b"o\n", &mut phrases);
        assert_eq!(texts(&log), ["one", "two"]);
        log.write(SimTime::START, b"three", &mut phrases);
        log.finish(SimTime::START);
        assert_eq!(texts(&log), ["one", "two", "three"]);
    }

    #[test]
    fn logs_that_begin_alike_are_one_until_they_go_on() {
        let mut phrases = Phrases::default();
        let mut begin = |text: &[u8]| {
            let mut log = Log::default();
            log.write(SimTime::START, text, &mut phrases);
            log
        };
        let (first, mut second, other) = (begin(b"ready\n"), begin(b"ready\n"), begin(b"set\n"));
        assert!(Arc::ptr_eq(&first.lines, &second.lines));
        assert_eq!(texts(&other), ["set"]);
        second.write(SimTime::START, b"go\n", &mut Phrases::default());
        assert_eq!((texts(&first), texts(&second)), (vec!["ready"], vec!["ready", "go"]));
    }

    #[test]
    fn containers_that_write_the_same_share_it() {
        let mut phrases = Phrases::default();
        let mut write = || {
            let mut log = Log::default();
            log.write(SimTime::START, b"ready\n", &mut phrases);
            log.lines()[0].1.clone()
        };
        assert!(Arc::ptr_eq(&write(), &write()));
    }
}
