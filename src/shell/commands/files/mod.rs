//! Tools over files and folders.

pub(super) mod archive;
pub(super) mod change;
pub(super) mod dd;
pub(super) mod disk;
pub(super) mod find;
pub(super) mod install;
pub(super) mod ls;
pub(super) mod names;
pub(in crate::shell) mod rights;
pub(super) mod space;
