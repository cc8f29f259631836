//! The commands: one a file, grouped by where they come from.

pub mod kubectl;
pub mod net;
