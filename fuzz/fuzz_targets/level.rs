//! Any bytes as a level's `level.yaml`, in a pack that is otherwise sound.
#![no_main]

use libfuzzer_sys::fuzz_target;
use podhop::level::{Attempt, Pack};
use podhop::shell::Files;

const PACK: &[u8] = b"title: Fuzz
chapters:
- name: one
  title: One
  levels: [fuzz]
";

fuzz_target!(|content: &[u8]| {
    let files = Files::from([
        ("pack.yaml".to_owned(), PACK.to_vec()),
        ("fuzz/level.yaml".to_owned(), content.to_vec()),
        ("fuzz/start/a.yaml".to_owned(), b"{}".to_vec()),
    ]);
    if let Ok(pack) = Pack::from_files(&files)
        && let Some(level) = pack.levels.first()
    {
        Attempt::open(level.clone(), 1).apply();
    }
});
