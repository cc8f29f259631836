//! Tools over files and folders.

pub(super) mod archive;
pub(super) mod copy;
pub(super) mod dd;
pub(super) mod disk;
pub(super) mod find;
pub(super) mod folders;
pub(super) mod install;
pub(super) mod ls;
mod messages;
pub(super) mod mktemp;
pub(super) mod names;
pub(super) mod nodes;
pub(super) mod pathchk;
pub(in crate::shell) mod rights;
pub(super) mod rm;
pub(super) mod space;
pub(super) mod touch;
pub(super) mod truncate;
