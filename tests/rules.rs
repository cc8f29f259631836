//! Every rule of docs/networking.md has a test that cites it.
//!
//! A test cites a rule by its number (`R6.3`), in a comment, a name or a story's heading.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

#[path = "rules/fields.rs"]
mod fields;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

#[test]
fn every_rule_is_cited_by_a_test() {
    let cited = citations();
    let rules = rules();
    let missing: Vec<&String> = rules.iter().filter(|rule| !cited.contains(*rule)).collect();
    assert!(missing.is_empty(), "no test cites {missing:?}");
    let unknown: Vec<&String> = cited.iter().filter(|rule| !rules.contains(rule)).collect();
    assert!(unknown.is_empty(), "there are no rules {unknown:?}");
}

#[test]
fn every_place_that_the_topics_name_is_there_and_every_level_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/topics.md")).expect("docs/topics.md");
    let mut levels = BTreeSet::new();
    for row in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let places = cells.last().copied().unwrap_or_default();
        assert!(!places.is_empty(), "nowhere to meet it: {row}");
        for place in places.split(", ") {
            if let Some(level) = place.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
                assert!(root.join("levels").join(level).is_dir(), "no level {level}: {row}");
                levels.insert(level.to_owned());
            } else if let Some(story) = place.strip_prefix("story ") {
                let file = root.join("tests/topics").join(format!("{story}.txt"));
                assert!(file.is_file(), "no story {story}: {row}");
            }
        }
    }
    let folders = fs::read_dir(root.join("levels")).expect("the levels").flatten();
    let folders = folders.filter(|entry| entry.path().is_dir());
    let all = folders.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let missing: Vec<String> = all.filter(|level| !levels.contains(level)).collect();
    assert!(missing.is_empty(), "docs/topics.md names no topic of {missing:?}");
}

/// The rules of docs/networking.md: each starts an entry of a list, as `- **R6.3** …`.
fn rules() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/networking.md");
    let text = fs::read_to_string(page).expect("docs/networking.md");
    let rule = Regex::new(r"(?m)^- \*\*(R\d+\.\d+)\*\* ").expect("a pattern");
    let rules: Vec<String> = rule.captures_iter(&text).map(|found| found[1].to_owned()).collect();
    assert!(!rules.is_empty(), "docs/networking.md has no rules");
    rules
}

/// The rules that tests name.
fn citations() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rule = Regex::new(r"\bR(\d+)\.(\d+)\b").expect("a pattern");
    let mut found = BTreeSet::new();
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        walk(&root.join(folder), &mut files);
    }
    for file in files.iter().filter(|file| !file.ends_with("tests/rules.rs")) {
        let text = fs::read_to_string(file).unwrap_or_default();
        let tests = tests_of(file.strip_prefix(root).unwrap_or(file), &text);
        found.extend(rule.find_iter(tests).map(|found| found.as_str().to_owned()));
    }
    found
}

/// The part of a file that is tests.
fn tests_of<'t>(file: &Path, text: &'t str) -> &'t str {
    let all = ["tests", "scenarios"].iter().any(|folder| file.iter().any(|part| part == *folder))
        || ["tests.rs", "recorded.rs", "properties.rs"].iter().any(|name| file.ends_with(name));
    match (all, text.find("#[cfg(test)]")) {
        (true, _) => text,
        (false, Some(start)) => &text[start..],
        (false, None) => "",
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "txt") {
            files.push(path);
        }
    }
}
