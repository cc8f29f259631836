//! Why a program's run does not go on.

use super::value::Value;

/// Why a run does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// An error that `try` can catch.
    Error(Value),
    /// `break $label`
    Break(u64),
    /// `halt`
    Halt(i32),
    /// More than podhop runs.
    Refused(&'static str),
}

/// Whether a run goes on.
pub(super) type Flow = Result<(), Stop>;

/// An error with a text.
pub(super) fn error<T>(text: impl AsRef<str>) -> Result<T, Stop> {
    Err(Stop::Error(Value::text(text)))
}
