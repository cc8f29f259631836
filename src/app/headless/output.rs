//! Standard output that may be closed at any time by whoever reads it.

use std::io::{self, IsTerminal, Write};

use crate::diagnostic::printable;

/// Standard output. Once its reader is gone, nothing more is written, and nothing fails.
pub struct Output {
    out: io::Stdout,
    terminal: bool,
    closed: bool,
}

impl Output {
    pub fn new() -> Output {
        let out = io::stdout();
        let terminal = out.is_terminal();
        Output { out, terminal, closed: false }
    }

    /// Whether the reader has gone away.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes text and a newline, at once.
    pub fn line(&mut self, text: impl AsRef<str>) {
        self.write(text.as_ref().as_bytes());
        self.write(b"\n");
    }

    /// Writes bytes at once. To a terminal, without the characters that command it.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.closed {
            return;
        }
        let written = if self.terminal {
            let text = printable(&String::from_utf8_lossy(bytes));
            self.out.write_all(text.as_bytes())
        } else {
            self.out.write_all(bytes)
        };
        self.closed = written.and_then(|()| self.out.flush()).is_err();
    }
}
