//! The house's arrows: a room uses rooms below it, never above.
//!
//! `main -> app -> tui -> game -> level -> shell -> cluster -> {network, api} -> manifest ->
//! diagnostic`, with `clock` and `random` at the ground.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, from the ground up. `network` and `api` stand side by side: neither knows the other.
const ROOMS: [&str; 12] = [
    "clock",
    "random",
    "diagnostic",
    "manifest",
    "api",
    "network",
    "cluster",
    "shell",
    "level",
    "game",
    "tui",
    "app",
];

#[test]
fn rooms_use_only_rooms_below_them() {
    let mut offences = Vec::new();
    for (height, room) in ROOMS.iter().enumerate() {
        for file in files_of(room) {
            let text = fs::read_to_string(&file).expect("source files are readable");
            for used in rooms_used(&text) {
                let above =
                    ROOMS.iter().position(|name| *name == used).is_some_and(|at| at > height);
                let beside = *room == "network" && (used == "api" || used == "manifest");
                if above || beside {
                    offences.push(format!("{} uses {used}", file.display()));
                }
            }
        }
    }
    assert!(offences.is_empty(), "arrows that point up:\n{}", offences.join("\n"));
}

#[test]
fn every_room_says_what_it_is_for() {
    for room in ROOMS {
        let file = root_of(room);
        let text = fs::read_to_string(&file).expect("source files are readable");
        assert!(text.starts_with("//! "), "{} begins without a promise", file.display());
    }
}

#[test]
fn lib_knows_every_room() {
    let lib = fs::read_to_string(source().join("lib.rs")).expect("lib.rs is readable");
    for room in ROOMS {
        assert!(lib.contains(&format!("pub mod {room};")), "lib.rs does not open {room}");
    }
}

/// The rooms that a source text names after `crate::`, tests left out: they may look anywhere.
fn rooms_used(text: &str) -> Vec<&'static str> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: String = lines.collect::<Vec<_>>().join("\n");
    ROOMS
        .into_iter()
        .filter(|room| {
            code.match_indices(&format!("crate::{room}")).any(|(at, found)| {
                !code[at + found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
            })
        })
        .collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn root_of(room: &str) -> PathBuf {
    let folder = source().join(room).join("mod.rs");
    if folder.exists() { folder } else { source().join(format!("{room}.rs")) }
}

fn files_of(room: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let single = source().join(format!("{room}.rs"));
    if single.exists() {
        files.push(single);
    }
    let mut folders = vec![source().join(room)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "no such room: {room}");
    files.sort();
    files
}
