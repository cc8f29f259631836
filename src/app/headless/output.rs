//! Standard output that may be closed at any time by whoever reads it.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::diagnostic::{printable, printable_json};

/// Something could not be written, though somebody wants to read it.
static LOST: AtomicBool = AtomicBool::new(false);

/// Whether output was lost: the disk was full.
pub fn was_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Standard output. Once its reader is gone, nothing more is written, and nothing fails.
pub struct Output {
    out: io::Stdout,
    closed: bool,
}

impl Output {
    pub fn new() -> Output {
        Output { out: io::stdout(), closed: false }
    }

    /// Whether the reader has gone away.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes text and a newline, at once.
    pub fn line(&mut self, text: impl AsRef<str>) {
        self.write(format!("{}\n", text.as_ref()).as_bytes());
    }

    /// Writes a line of JSON, in which what does not show itself is escaped.
    pub fn json(&mut self, value: &serde_json::Value) {
        self.line(printable_json(value));
    }

    /// Writes bytes at once, without the characters that command a terminal: what goes into a pipe is
    /// read on one later.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.closed {
            return;
        }
        let text = printable(&String::from_utf8_lossy(bytes));
        let written = self.out.write_all(text.as_bytes());
        let Err(error) = written.and_then(|()| self.out.flush()) else { return };
        self.closed = true;
        if error.kind() != io::ErrorKind::BrokenPipe {
            LOST.store(true, Ordering::Relaxed);
            super::write_error(&format!("podhop: cannot write: {}", super::why(&error)));
        }
    }
}
