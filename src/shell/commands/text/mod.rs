//! Text tools: filters over lines, and tools over whole texts.

pub(super) mod awk;
pub(super) mod base64;
mod bytes;
pub(super) mod cat;
pub(super) mod column;
pub(super) mod compare;
pub(super) mod csplit;
pub(super) mod cut;
pub(super) mod diff;
pub(super) mod digest;
pub(super) mod dump;
pub(super) mod fmt;
pub(super) mod fold;
pub(super) mod grep;
pub(super) mod head;
pub(super) mod hexdump;
pub(super) mod lines;
pub(in crate::shell) mod regex;
pub(super) mod returns;
pub(super) mod sed;
pub(super) mod shuffle;
pub(super) mod sort;
pub(super) mod split;
pub(super) mod uniq;
pub(super) mod wc;
