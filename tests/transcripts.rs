//! What a day in the terminal looks like: `tests/transcripts/*.txt`.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

mod story;

fn main() {
    story::run(story::trials("transcripts"));
}
