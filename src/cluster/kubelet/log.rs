//! A container's log: what it wrote, line by line, with times.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::clock::SimTime;
use crate::shared_map::SharedMap;

/// The size at which the kubelet lets a log go on in a new file (`containerLogMaxSize`). `kubectl logs`
/// reads the newest file alone (`pkg/kubelet/logs/container_log_manager.go`).
const LARGEST: usize = 10 << 20;

/// What stands before each line in the file: the time, the stream, and whether the line is whole.
const HEAD: usize = "2026-11-28T12:00:00.000000000Z stdout F ".len();

/// How many different lines are known to be shared.
const PHRASES: usize = 200;

/// What a container has written: when and what, by the number of the line in its whole life.
pub type LogLines = SharedMap<u64, (SimTime, Arc<str>)>;

/// What more than one container may write: a Deployment's pods all start with the same words.
#[derive(Clone, Debug, Default)]
pub struct Phrases {
    lines: BTreeSet<Arc<str>>,
    /// How the log that was begun last begins. Pods that start together begin alike.
    opening: (Vec<u8>, Log),
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
    fn opening(&self, now: SimTime, bytes: &[u8]) -> Option<Log> {
        let (known, log) = &self.opening;
        let same = log.lines.first().is_some_and(|(_, (at, _))| *at == now) && known == bytes;
        same.then(|| log.clone())
    }
}

/// A container's log.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: LogLines,
    /// How many lines there ever were.
    written: u64,
    /// The size of the file that has these lines.
    size: usize,
    /// The beginning of a line that has not ended.
    open: Vec<u8>,
}

impl Log {
    /// Every line since the file was begun.
    pub fn lines(&self) -> &LogLines {
        &self.lines
    }

    /// Appends output.
    pub fn write(&mut self, now: SimTime, bytes: &[u8], phrases: &mut Phrases) {
        let begins = self.written == 0 && self.open.is_empty();
        if begins && let Some(log) = phrases.opening(now, bytes) {
            *self = log;
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
        self.rotate();
        if begins && self.open.is_empty() {
            phrases.opening = (bytes.to_vec(), self.clone());
        }
    }

    /// Begins a new file if this one is too large.
    fn rotate(&mut self) {
        if self.size + self.open.len() > LARGEST {
            self.lines = LogLines::default();
            self.open = Vec::new();
            self.size = 0;
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
        self.size += HEAD + line.len();
        let line = phrases.share(&String::from_utf8_lossy(line));
        self.lines.insert(self.written, (now, line));
        self.written += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &Log) -> Vec<&str> {
        log.lines().values().map(|(_, line)| &**line).collect()
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
        assert!(first.lines.is_shared_with(&second.lines));
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
            log.lines().first().expect("a line").1.1.clone()
        };
        assert!(Arc::ptr_eq(&write(), &write()));
    }

    #[test]
    fn a_log_that_is_too_large_goes_on_in_a_new_file() {
        let (mut log, mut phrases) = (Log::default(), Phrases::default());
        let line = [vec![b'x'; 999 - HEAD], vec![b'\n']].concat();
        for _ in 0..LARGEST / 1_000 {
            log.write(SimTime::START, &line, &mut phrases);
        }
        let before = log.lines().len();
        log.write(SimTime::START, b"unfinished", &mut phrases);
        for number in 0..20 {
            log.write(SimTime::START, format!("{number}\n").as_bytes(), &mut phrases);
            log.write(SimTime::START, &line, &mut phrases);
        }
        assert!(before > 10_000 && log.lines().len() < 40, "{before} {}", log.lines().len());
        let numbers: Vec<u64> = log.lines().iter().map(|(number, _)| *number).collect();
        assert!(numbers[0] > 10_000, "lines keep their numbers: {numbers:?}");
    }

    #[test]
    fn a_line_without_an_end_has_one_here() {
        let (mut log, mut phrases) = (Log::default(), Phrases::default());
        for _ in 0..30 {
            log.write(SimTime::START, &vec![b'x'; 1 << 20], &mut phrases);
            assert!(log.open.len() <= LARGEST);
        }
    }
}
