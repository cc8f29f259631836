//! Every line of a solution matters, and every object that it adds: without it a goal fails, or the level
//! says why it may go.
//!
//! Not tried, by rule: blank lines and comments, which say nothing; and lines whose removal leaves the
//! objects as they are once the API server has filled in its defaults. A line without which the file is
//! no longer YAML, or the API server no longer takes an object, counts as one that fails. One seed is enough: what a line does
//! depends on it no more than the solution does, and that is proved on all.

use std::collections::{BTreeMap, BTreeSet};

use super::{Prover, objects, taken};
use crate::cluster::ObjectName;
use crate::diagnostic::{Diagnostic, Position};
use crate::level::answer::with_answer;
use crate::level::apply::is_manifest;
use crate::level::format::Solution;
use crate::level::source::{Source, sources};
use crate::manifest;
use crate::shell::Files;

/// A line of a solution that may go: the level is solved without it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpareLine {
    /// The solution's name.
    pub solution: String,
    /// The file in it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What stands there, without indentation.
    pub text: String,
    /// The line names the kind of an object that may go as a whole.
    pub whole: bool,
}

/// Every line that may go is on the level's list, and every line of the list may go.
pub(super) fn matters(prover: &mut Prover, seed: u64) -> Result<(), Diagnostic> {
    let level = prover.level.clone();
    let spare = prover.spare_lines(seed);
    let listed = |line: &&SpareLine| {
        level.spare.get(&line.file).is_some_and(|all| all.contains_key(&line.text))
    };
    let unlisted: Vec<&SpareLine> = spare.iter().filter(|line| !listed(line)).collect();
    if let Some(first) = unlisted.first() {
        let more = match unlisted.len() - 1 {
            0 => String::new(),
            more => format!(", and without {more} more lines one at a time"),
        };
        let what = if first.whole { "object" } else { "line" };
        let message = format!("seed {seed}: without this {what} every goal still passes{more}");
        let file = format!("{}/solutions/{}/{}", level.name, first.solution, first.file);
        let error = Diagnostic::error(message).in_file(file).at(Position::new(first.line, 1));
        let help = "take it away, or list it under spare with a reason: podhop lint --spare";
        return Err(error.help(help));
    }
    let found: BTreeSet<(&str, &str)> =
        spare.iter().map(|line| (line.file.as_str(), line.text.as_str())).collect();
    for (file, lines) in &level.spare {
        let mut stale =
            lines.keys().filter(|line| !found.contains(&(file.as_str(), line.as_str())));
        if let Some(line) = stale.next() {
            let path = manifest::field(&manifest::field("spare", file), line);
            let error = level.source.error(&path, "without this line a goal fails");
            return Err(error.help("take it from the list"));
        }
    }
    Ok(())
}

/// The objects that a solution adds and that may go: those that are not there when the level begins.
fn spare_objects(
    prover: &mut Prover,
    seed: u64,
    solution: &Solution,
    accepted: &BTreeSet<ObjectName>,
) -> Vec<SpareLine> {
    let opened = prover.open(seed);
    let mut spare = Vec::new();
    for (file, content) in solution.files.iter().filter(|(file, _)| is_manifest(file)) {
        let text = String::from_utf8_lossy(content);
        let (documents, _) = manifest::parse(file, &text);
        for (index, document) in documents.iter().enumerate() {
            let described = sources(std::slice::from_ref(document));
            let names: Vec<_> = described.iter().filter_map(Source::object_name).collect();
            let objects = opened.cluster().objects();
            let is_there = |name: &ObjectName| {
                objects.object(name.kind, &name.namespace, &name.name).is_some()
            };
            if names.is_empty() || names.iter().any(is_there) {
                continue;
            }
            let left = documents.iter().enumerate().filter(|(other, _)| *other != index);
            let left: Vec<String> = left.map(|(_, document)| document.value.to_string()).collect();
            let mut answer = solution.clone();
            match left.as_slice() {
                [] => answer.files.remove(file),
                left => answer.files.insert(file.clone(), left.join("\n---\n").into_bytes()),
            };
            let needed = accepted.iter().filter(|name| !names.contains(name)).cloned().collect();
            if passes(prover, seed, &answer, &needed) {
                let at = document.positions.nearest("kind").map_or(1, |field| field.key.line);
                let text = text.lines().nth(at as usize - 1).unwrap_or("").trim().to_owned();
                let (solution, file) = (solution.name.clone(), file.clone());
                spare.push(SpareLine { solution, file, line: at, text, whole: true });
            }
        }
    }
    spare
}

/// The lines of all solutions that may go.
pub(super) fn spare_lines(prover: &mut Prover, seed: u64) -> Vec<SpareLine> {
    let level = prover.level.clone();
    let mut tried = BTreeMap::new();
    let mut spare = Vec::new();
    for solution in &level.solutions {
        let accepted = prover.accepted(seed, solution);
        spare.extend(spare_objects(prover, seed, solution, &accepted));
        for (file, content) in solution.files.iter().filter(|(file, _)| is_manifest(file)) {
            let text = String::from_utf8_lossy(content).into_owned();
            let whole = read(file, &text);
            for (index, line) in text.lines().enumerate() {
                let Some(answer) = without(solution, file, &text, index, whole.as_ref()) else {
                    continue;
                };
                let passes = *tried
                    .entry((answer.files.clone(), answer.script.clone()))
                    .or_insert_with(|| passes(prover, seed, &answer, &accepted));
                if passes {
                    let (solution, file) = (solution.name.clone(), file.clone());
                    let (line, text) = (index as u32 + 1, line.trim().to_owned());
                    spare.push(SpareLine { solution, file, line, text, whole: false });
                }
            }
        }
    }
    spare
}

/// The solution without a line; `None` where it need not be tried.
fn without(
    solution: &Solution,
    file: &str,
    text: &str,
    index: usize,
    whole: Option<&Vec<serde_json::Value>>,
) -> Option<Solution> {
    let line = text.lines().nth(index)?.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let kept = text.lines().enumerate().filter(|(other, _)| *other != index);
    let kept: String = kept.flat_map(|(_, line)| [line, "\n"]).collect();
    let rest = read(file, &kept)?;
    if whole == Some(&rest) {
        return None;
    }
    let mut answer = solution.clone();
    answer.files.insert(file.to_owned(), kept.into_bytes());
    Some(answer)
}

/// The objects that a file describes, defaults and all; `None` where it is no YAML.
fn read(file: &str, text: &str) -> Option<Vec<serde_json::Value>> {
    let (documents, unreadable) = manifest::parse(file, text);
    unreadable.is_empty().then(|| objects::complete(&documents))
}

/// Whether the API server takes whatever it took of the whole solution, and every goal passes.
fn passes(
    prover: &mut Prover,
    seed: u64,
    answer: &Solution,
    accepted: &BTreeSet<ObjectName>,
) -> bool {
    let mut attempt = prover.open(seed);
    let files: Files = with_answer(attempt.files(), &answer.files);
    *attempt.session_mut().files_mut() = files;
    if !taken(&attempt.apply()).is_superset(accepted) {
        return false;
    }
    if let Some(script) = &answer.script {
        attempt.run_script(script);
    }
    attempt.passes()
}
