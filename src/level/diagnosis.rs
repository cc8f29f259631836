//! What happened, why, and on which of the player's lines.

use crate::diagnostic::Location;

/// A diagnosis's stable name: `service-selects-nothing`.
pub type Code = &'static str;

/// Advice made of a trace that failed and the objects at that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Its stable name; `podhop explain CODE` is its long form.
    pub code: Code,
    /// One plain sentence: what happened, at which hop.
    pub message: String,
    /// The facts, one a line.
    pub evidence: Vec<String>,
    /// The nearest thing that would have worked: `the nearest label is app=web`.
    pub nearest: Option<String>,
    /// The player's line.
    pub at: Option<Location>,
}
