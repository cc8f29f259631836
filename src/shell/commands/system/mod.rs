//! Tools about the system, time and other commands.

pub(super) mod calendar;
pub(super) mod clock;
pub(super) mod date;
mod date_text;
pub(super) mod expr;
pub(super) mod factor;
pub(super) mod getopt;
pub(super) mod help;
pub(super) mod identity;
pub(super) mod ipcalc;
pub(super) mod memory;
pub(in crate::shell) mod processes;
pub(in crate::shell::commands) mod ps;
pub(super) mod repeat;
pub(in crate::shell::commands) mod run;
pub(super) mod sleep;
pub(super) mod small;
pub(super) mod sudo;
pub(super) mod top;
pub(super) mod xargs;

pub(in crate::shell) use sleep::duration;
