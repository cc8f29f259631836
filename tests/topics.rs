//! The rows of the topic list that are commands or manifests, each a story under its row's name:
//! `tests/topics/*.txt`.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

mod story;

fn main() {
    story::run("topics");
}
