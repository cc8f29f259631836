//! A container's log: what it wrote, line by line, with times.

use std::sync::Arc;

use crate::clock::SimTime;

/// How many lines are kept. Real container logs are rotated by size.
const KEPT: usize = 20_000;

/// A container's log.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: Arc<Vec<(SimTime, Arc<str>)>>,
    /// The beginning of a line that has not ended.
    open: Vec<u8>,
}

impl Log {
    /// Every line so far.
    pub fn lines(&self) -> &[(SimTime, Arc<str>)] {
        &self.lines
    }

    /// Appends output.
    pub fn write(&mut self, now: SimTime, bytes: &[u8]) {
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() {
                self.open.extend_from_slice(piece);
            } else if self.open.is_empty() {
                self.push(now, piece);
            } else {
                self.open.extend_from_slice(piece);
                self.flush(now);
            }
        }
    }

    /// The container has ended: an unfinished line is a line.
    pub fn finish(&mut self, now: SimTime) {
        if !self.open.is_empty() {
            self.flush(now);
        }
    }

    fn flush(&mut self, now: SimTime) {
        let line = std::mem::take(&mut self.open);
        self.push(now, &line);
    }

    fn push(&mut self, now: SimTime, line: &[u8]) {
        let lines = Arc::make_mut(&mut self.lines);
        if lines.len() == KEPT {
            lines.drain(..KEPT / 2);
        }
        lines.push((now, String::from_utf8_lossy(line).into()));
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
        log.write(SimTime::START, b"one\ntw");
        assert_eq!(texts(&log), ["one"]);
        log.write(SimTime::START, b"o\n");
        assert_eq!(texts(&log), ["one", "two"]);
        log.write(SimTime::START, b"three");
        log.finish(SimTime::START);
        assert_eq!(texts(&log), ["one", "two", "three"]);
    }
}
