//! Fuzzing on a stable toolchain: texts of the corpus, changed at random.
//!
//! `cargo test --test fuzz` plays the corpus and some changes of it. `cargo test --test fuzz -- jq 600`
//! changes texts of one target for ten minutes, differently each time (`-- jq 600 SEED` as that time).
//! What panics, or takes longer than [`SLOW`], is written to `target/fuzz/`, and so is what runs at
//! the moment, so that an abort can be seen. `fuzz/` runs the same targets under libFuzzer.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use targets::{TARGETS, Target};

/// No text may take longer.
const SLOW: Duration = Duration::from_secs(60);

/// How many changed texts of each target belong to `cargo test`.
const FEW: usize = 6;

/// Words that grammars turn on.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "$(",
    "${",
    "$((",
    "`",
    "'",
    "\"",
    "\\",
    "|",
    "||",
    "&&",
    ";",
    "&",
    ">",
    "<<",
    "<<<",
    "\n",
    "\t",
    " ",
    "..",
    "/",
    "//",
    "*",
    "?",
    "@",
    "#",
    "!",
    "%",
    ":",
    ",",
    "-",
    "--",
    "=",
    "==",
    "0",
    "-1",
    "1e308",
    "9223372036854775807",
    "18446744073709551616",
    "0x7fffffff",
    "null",
    "true",
    "~",
    "&a",
    "*a",
    "<<: *a",
    "|\n",
    "- ",
    "def f: f;",
    "reduce",
    "foreach",
    "limit",
    "range",
    "recurse",
    "input",
    "while",
    "for",
    "do",
    "done",
    "if",
    "fi",
    "case",
    "esac",
    "eval",
    "trap",
    "location",
    "server",
    "include",
    "proxy_pass",
    "return",
    "rewrite",
    "map",
    "import",
    "forward",
    "cache",
    "template",
    "loop",
    "kubernetes",
    "hosts",
    "\u{0}",
    "\u{1b}[",
    "\u{202e}",
    "\u{fffd}",
    "é",
    "日本",
    "{{",
    "}}",
    "{.items[*]}",
    "{range",
    "{end}",
    "?(@.a==1)",
];

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let (name, seconds) = (arguments.first(), arguments.get(1).and_then(|text| text.parse().ok()));
    let seed = arguments.get(2).and_then(|text| text.parse().ok());
    let chosen = TARGETS.iter().filter(|(known, _)| name.is_none_or(|name| name == known));
    let mut sound = true;
    for target in chosen {
        sound &= match seconds {
            Some(seconds) => long(target, Duration::from_secs(seconds), seed),
            None => short(target),
        };
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The corpus as it is, and a few changes that are always the same.
fn short(target: &Target) -> bool {
    let texts = corpus(target.0);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let changed: Vec<Vec<u8>> = (0..FEW).map(|_| change(&texts, &mut random)).collect();
    let own = texts.iter().take(FEW);
    let sound = own.chain(&changed).all(|text| is_sound(target, text));
    println!("test fuzz::{} ... {}", target.0, if sound { "ok" } else { "FAILED" });
    sound
}

/// Changes without end, until the time is over.
fn long(target: &Target, time: Duration, seed: Option<u64>) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seed = seed.unwrap_or(now.as_secs());
    let texts = corpus(target.0);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (begun, mut tried, mut faults) = (Instant::now(), 0_u64, 0_u64);
    let mut slowest = Duration::ZERO;
    while begun.elapsed() < time {
        let text = change(&texts, &mut random);
        let since = Instant::now();
        faults += u64::from(!is_sound(target, &text));
        slowest = slowest.max(since.elapsed());
        tried += 1;
    }
    println!(
        "{}: {tried} texts in {} s from seed {seed}, {faults} faults, the slowest took {:.1} s",
        target.0,
        begun.elapsed().as_secs(),
        slowest.as_secs_f64()
    );
    faults == 0
}

/// Whether a target takes a text without a panic and in time.
fn is_sound(target: &Target, text: &[u8]) -> bool {
    let folder = root().join("target/fuzz");
    let _ = fs::create_dir_all(&folder);
    let _ = fs::write(folder.join(format!("{}-now", target.0)), text);
    let begun = Instant::now();
    let panicked = catch_unwind(AssertUnwindSafe(|| (target.1)(text))).is_err();
    let slow = begun.elapsed() > SLOW;
    if panicked || slow {
        let kept = folder.join(format!("{}-{:016x}", target.0, hash(text)));
        let _ = fs::write(&kept, text);
        let what = if panicked { "panics" } else { "is slow" };
        eprintln!("{} {what}: {}", target.0, kept.display());
    }
    !panicked && !slow
}

/// FNV-1a.
fn hash(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A target's texts: its folder beside this file, and what the campaign has of its kind.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let mut files = files_below(&root().join("tests/fuzz/corpus").join(name));
    let levels = files_below(&root().join("levels"));
    files.extend(levels.into_iter().filter(|path| match name {
        "manifest" => {
            path.extension().is_some_and(|end| end == "yaml") && !path.ends_with("level.yaml")
        }
        "level" => path.ends_with("level.yaml"),
        "shell" => path.extension().is_some_and(|end| end == "sh"),
        _ => false,
    }));
    let texts: Vec<Vec<u8>> = files.iter().filter_map(|path| fs::read(path).ok()).collect();
    assert!(!texts.is_empty(), "{name} has a corpus");
    texts
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files.sort();
    files
}

/// A text of the corpus, changed here and there.
fn change(texts: &[Vec<u8>], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut text = texts[random.random_range(0..texts.len())].clone();
    for _ in 0..random.random_range(1..=6) {
        let at = random.random_range(0..=text.len());
        let end = (at + random.random_range(0..=40)).min(text.len());
        match random.random_range(0..8) {
            0 => drop(text.drain(at..end)),
            1 => {
                let piece = text[at..end].repeat(random.random_range(2..30));
                text.splice(at..end, piece);
            }
            2 => {
                let other = &texts[random.random_range(0..texts.len())];
                let from = random.random_range(0..=other.len());
                let to = (from + random.random_range(0..=200)).min(other.len());
                text.splice(at..at, other[from..to].iter().copied());
            }
            3 if at < text.len() => text[at] = random.random(),
            4 => {
                let word = WORDS[random.random_range(0..WORDS.len())];
                let many = word.repeat(random.random_range(1..200));
                text.splice(at..at, many.bytes());
            }
            5 => {
                let piece = text[at..end].to_vec();
                let to = random.random_range(0..=text.len());
                text.splice(to..to, piece);
            }
            _ => {
                let word = WORDS[random.random_range(0..WORDS.len())];
                text.splice(at..end.min(at + 1), word.bytes());
            }
        }
    }
    text
}
