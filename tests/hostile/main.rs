//! What hostile or unlucky input may not do: stop the clock, hang, abort, or take memory without bound.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod answers;
#[cfg(target_os = "linux")]
mod bombs;
mod characters;
mod clock;
#[cfg(target_os = "linux")]
mod memory;
mod mutations;
#[cfg(target_os = "linux")]
mod numbers;
