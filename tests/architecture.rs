//! The house's arrows: a room uses rooms below it, never above.
//!
//! `main -> app -> tui -> game -> level -> shell -> cluster -> {network, api} -> manifest ->
//! diagnostic`, with `clock`, `random` and `shared_map` at the ground.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

#[path = "architecture/cycles.rs"]
mod cycles;

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, from the ground up. `network` and `api` stand side by side: neither knows the other.
const ROOMS: [&str; 13] = [
    "clock",
    "random",
    "shared_map",
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

/// Sources that make sentences of facts, and may read none back.
const TOLD: [&str; 4] = ["level/diagnosis", "level/apply.rs", "level/source.rs", "game/apply.rs"];

/// What gives a text that a program has printed or logged.
const PRINTED: [&str; 4] = [".texts()", ".excerpt", ".logs(", "printable("];

/// What looks for something in a text.
const SEARCHES: [&str; 12] = [
    ".contains(",
    ".find(",
    ".rfind(",
    ".starts_with(",
    ".ends_with(",
    ".split(",
    ".split_once(",
    ".rsplit",
    ".strip_prefix(",
    ".strip_suffix(",
    ".matches(",
    ".match_indices(",
];

#[test]
fn no_diagnosis_reads_what_was_printed() {
    let mut offences = Vec::new();
    for file in told_files() {
        let text = fs::read_to_string(&file).expect("source files are readable");
        offences
            .extend(readings(&text).into_iter().map(|what| format!("{}: {what}", file.display())));
    }
    assert!(offences.is_empty(), "facts are read back from text:\n{}", offences.join("\n"));
}

#[test]
fn reading_back_is_recognised() {
    let reads = [
        "fn a() {\n    if run.finished.stderr.is_empty() {}\n}\n",
        "fn a() {\n    let said = run.excerpt();\n    said.contains(\"curl: (35)\")\n}\n",
        "fn a() {\n    status.message.contains(\"may not change\")\n}\n",
        "fn a() {\n    let (out, _) = finished.texts();\n    out.lines().filter(|l| l.ends_with(\"unchanged\")).count()\n}\n",
    ];
    for text in reads {
        assert!(!readings(text).is_empty(), "{text}");
    }
    assert!(readings("fn a() {\n    said.fact(run.excerpt())\n}\n").is_empty());
}

/// Where a source looks into what was printed: it takes a stream of bytes, searches a message that a
/// status or a diagnostic carries, or has both a printed text and a search in one function.
fn readings(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
    let mut found = Vec::new();
    for line in code.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        let bytes = [".stdout", ".stderr"].iter().any(|stream| line.contains(stream));
        let message = SEARCHES.iter().any(|search| line.contains(&format!("message{search}")));
        if bytes || message {
            found.push(line.to_owned());
        }
    }
    for function in functions(code) {
        let printed = PRINTED.iter().any(|source| function.contains(source));
        let search = SEARCHES.iter().find(|search| function.contains(*search));
        if let (true, Some(search)) = (printed, search) {
            let name = function.lines().next().unwrap_or("").trim().to_owned();
            found.push(format!("{name} searches ({search}) beside a printed text"));
        }
    }
    found
}

/// Words that a sentence has and a command's output has not.
const SMALL_WORDS: [&str; 12] =
    ["a", "and", "but", "has", "in", "is", "it", "nobody", "none", "of", "the", "which"];

/// What a person reads: words in a row, with one of the small ones among them.
fn is_prose(literal: &str) -> bool {
    let words: Vec<&str> = literal.split(' ').collect();
    let is_word = |word: &&str| {
        let letters = word.trim_end_matches([',', ':', ';', '.']);
        !letters.is_empty() && letters.chars().all(|c| c.is_ascii_lowercase())
    };
    words
        .windows(3)
        .any(|row| row.iter().all(is_word) && row.iter().any(|word| SMALL_WORDS.contains(word)))
}

/// The text literals of a line of code, but for those that explain a panic.
fn literals(line: &str) -> Vec<&str> {
    if line.contains("expect(\"") || line.contains("assert") {
        return Vec::new();
    }
    line.split('"').skip(1).step_by(2).collect()
}

#[test]
fn the_network_speaks_no_english() {
    let mut offences = Vec::new();
    // kube-proxy's and kindnet's own comments on their rules are theirs.
    let theirs = |file: &Path| file.parent().is_some_and(|folder| folder.ends_with("iptables"));
    let files = files_of("network");
    for file in files.into_iter().filter(|file| !is_a_test(file) && !theirs(file)) {
        let text = fs::read_to_string(&file).expect("source files are readable");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        // strerror(EADDRINUSE) is the kernel's.
        let own = |literal: &&str| !literal.starts_with("Address already in use");
        let prose = lines.flat_map(literals).filter(own).filter(|literal| is_prose(literal));
        offences.extend(prose.map(|literal| format!("{}: {literal}", file.display())));
    }
    assert!(offences.is_empty(), "sentences belong to level/wording.rs:\n{}", offences.join("\n"));
}

#[test]
fn prose_is_recognised() {
    assert!(is_prose("service {} has no endpoints"));
    assert!(!is_prose("proto kernel scope link src {source}"));
    assert_eq!(literals("let a = (\"one\", \"two\");"), ["one", "two"]);
}

#[test]
fn files_use_each_other_in_circles_of_four_at_most() {
    let files = ROOMS.iter().flat_map(|room| files_of(room)).collect();
    let circles = cycles::circles(&cycles::sources(&source(), files));
    assert!(circles.len() > 5, "no circles are found any more: {circles:?}");
    for circle in circles {
        let names: Vec<String> = circle.iter().map(|module| module.join("/")).collect();
        assert!(names.len() <= 4, "{} files use each other: {names:#?}", names.len());
    }
}

/// How many lines a function may have.
const LONGEST: usize = 68;

/// How many lines a file may have.
const TALLEST: usize = 900;

/// Functions that are one table, and need its length.
const TABLES: [(&str, &str); 6] = [
    // One line a message, so that the compiler finds one that is left out.
    ("game/level.rs", "turn_play"),
    // What a level that was just opened has in each field.
    ("game/play/mod.rs", "open"),
    // One line a directive of nginx's.
    ("cluster/programs/nginx/values.rs", "plain"),
    // go-yaml's words for each kind of error that the parser has.
    ("manifest/syntax.rs", "words"),
    // One line a command of the shell's own.
    ("shell/machine/builtins/mod.rs", "builtin"),
    // What wget does by itself, a field a line.
    ("shell/commands/net/gnu_wget/arguments.rs", "default"),
];

#[test]
fn functions_are_found_whoever_may_call_them() {
    for head in ["fn a() {", "    pub fn a() {", "pub(super) fn a(", "pub(in crate::b) const fn a("]
    {
        assert!(begins_a_function(head), "{head}");
    }
    assert!(!begins_a_function("let of = |f: fn (u8)| f;"));
}

#[test]
fn functions_and_files_are_short() {
    let mut long = Vec::new();
    for file in ROOMS.iter().flat_map(|room| files_of(room)).filter(|file| !is_a_test(file)) {
        let name = file.strip_prefix(source()).expect("a source").display().to_string();
        let text = fs::read_to_string(&file).expect("source files are readable");
        if text.lines().count() > TALLEST {
            long.push(format!("{name} has {} lines", text.lines().count()));
        }
        for function in functions(&text) {
            let lines = function.lines().count();
            let head = function.lines().next().unwrap_or("").trim();
            let own = head.split_once("fn ").map_or("", |(_, rest)| rest);
            let own = own.split(['(', '<']).next().unwrap_or("");
            if lines > LONGEST && !TABLES.contains(&(name.as_str(), own)) {
                long.push(format!("{name}: {own} has {lines} lines"));
            }
        }
    }
    assert!(long.is_empty(), "name their branches, or split them by subject:\n{}", long.join("\n"));
}

/// Whether a source is a test as a whole: its room's `mod` line is behind `#[cfg(test)]`.
fn is_a_test(file: &Path) -> bool {
    let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let folder = file.parent().expect("a source file has a folder");
    fs::read_to_string(folder.join("mod.rs"))
        .is_ok_and(|text| text.contains(&format!("#[cfg(test)]\nmod {name};")))
}

/// Whether a line begins a function, whoever may call it: `pub(super) fn a()`.
fn begins_a_function(line: &str) -> bool {
    let rest = line.trim_start();
    let rest = rest.strip_prefix("pub").unwrap_or(rest).trim_start();
    let rest = match rest.strip_prefix('(').and_then(|inside| inside.split_once(')')) {
        Some((_, rest)) => rest.trim_start(),
        None => rest,
    };
    let words = ["const ", "async ", "unsafe "]
        .iter()
        .fold(rest, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
    words.starts_with("fn ")
}

/// The functions of a source, each from its `fn` to the brace that closes it.
fn functions(code: &str) -> Vec<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut done = Vec::new();
    for line in code.lines() {
        let indent = line.len() - line.trim_start().len();
        if begins_a_function(line) {
            found.push((indent, String::new()));
        }
        for (_, text) in &mut found {
            text.push_str(line);
            text.push('\n');
        }
        // What a trait only declares has no body.
        found.retain(|(_, text)| text.contains('{') || !text.trim_end().ends_with(';'));
        if line.trim() == "}"
            && let Some(at) = found.iter().rposition(|(start, _)| *start == indent)
        {
            done.push(found.remove(at).1);
        }
    }
    done
}

/// The files of [`TOLD`].
fn told_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in TOLD.map(|path| source().join(path)) {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("the folder is readable");
            files.extend(entries.flatten().map(|entry| entry.path()));
        } else {
            files.push(path);
        }
    }
    assert!(files.len() > 10, "{files:?}");
    files.sort();
    files
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
