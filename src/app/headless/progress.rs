//! How far a long command is: one line on a terminal's standard error, which is rewritten and taken away
//! at the end. Pipes and files get nothing.

use std::io::{self, IsTerminal, Write};

/// A line that says how far a command is.
pub struct Progress {
    of: usize,
    what: &'static str,
    shown: bool,
    terminal: bool,
}

impl Progress {
    /// Nothing of `of` things is done yet.
    pub fn new(of: usize, what: &'static str) -> Progress {
        let mut progress =
            Progress { of, what, shown: false, terminal: io::stderr().is_terminal() };
        progress.show(0);
        progress
    }

    /// So many are done.
    pub fn show(&mut self, done: usize) {
        if self.terminal && self.of > 1 {
            // Whether anybody sees it does not matter.
            let _ = write!(io::stderr(), "\r{done} of {} {}", self.of, self.what);
            let _ = io::stderr().flush();
            self.shown = true;
        }
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}
