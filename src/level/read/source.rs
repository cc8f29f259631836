//! A file of the format with the place of everything in it.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Position};
use crate::manifest::Positions;

/// A file of the pack, and where its fields stand.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Its path in the pack: `clusterip/level.yaml`.
    pub path: Arc<str>,
    positions: Positions,
}

impl Source {
    /// The places in the file at `path`.
    pub(super) fn new(path: &str, positions: Positions) -> Source {
        Source { path: path.into(), positions }
    }

    /// Where the field with this path stands (`goals[0].run`), or else what stands nearest above it.
    pub fn at(&self, path: &str) -> Option<Position> {
        self.positions.nearest(path).map(|field| field.key)
    }

    /// An error on the line of the field with this path.
    pub fn error(&self, path: &str, message: impl Into<String>) -> Diagnostic {
        let error = Diagnostic::error(message).in_file(self.path.clone());
        match self.at(path) {
            Some(position) => error.at(position),
            None => error,
        }
    }

    /// Where the given line (from 1) of the script at `path` stands: a script of several lines begins
    /// below its key.
    pub fn line_of(&self, path: &str, script: &str, line: u32) -> Option<Position> {
        let key = self.positions.find(path)?.key;
        match script.trim_end().contains('\n') {
            true => Some(Position::new(key.line + line, 1)),
            false => Some(key),
        }
    }
}
