//! podhop: a terminal game that teaches Kubernetes networking by letting you make packets arrive.

// The house, from the ground up.
pub mod api;
pub mod app;
pub mod clock;
pub mod cluster;
pub mod diagnostic;
pub mod game;
pub mod level;
pub mod manifest;
pub mod network;
pub mod random;
pub mod shell;
pub mod tui;

#[cfg(test)]
mod recordings;
