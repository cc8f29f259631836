//! A solution rewritten without changing its meaning still solves the level.

use serde_json::Value;

use super::{Prover, apply, objects};
use crate::diagnostic::{Diagnostic, Position};
use crate::level::answer::half_replaced;
use crate::level::apply::is_manifest;
use crate::level::attempt::Attempt;
use crate::level::format::Solution;
use crate::level::source::{Source, sources};
use crate::manifest;
use crate::shell::Files;

/// A way to write a solution's manifests anew.
#[derive(Clone, Copy)]
enum Style {
    /// JSON in a file of another name, the keys in the opposite order, defaults spelled out.
    Json,
    /// YAML in flow style, the keys in the order of their names, defaults left out.
    Flow,
}

/// Each solution with manifests, written in both ways.
pub(super) fn rewritten(prover: &mut Prover, seed: u64) -> Result<(), Diagnostic> {
    let level = prover.level.clone();
    for solution in &level.solutions {
        let Some(first) = solution.files.keys().find(|file| is_manifest(file)) else { continue };
        for (style, what) in [
            (Style::Json, "as JSON in another file, keys reversed and defaults spelled out"),
            (Style::Flow, "in flow style, keys sorted and defaults left out"),
        ] {
            let mut attempt = prover.open(seed);
            let answer = anew(solution, style, &attempt);
            apply(&mut attempt, Some(&answer));
            let verdict = attempt.grade();
            if let Some(goal) = verdict.goals.iter().find(|goal| !goal.passed) {
                let file = format!("{}/solutions/{}/{first}", level.name, solution.name);
                let why = goal.diagnosis.as_ref().map_or_else(String::new, super::shown);
                let message =
                    format!("seed {seed}: written {what}, goal {:?} fails: {why}", goal.say);
                let error = Diagnostic::error(message).in_file(file).at(Position::new(1, 1));
                return Err(error.help(
                    "let the goal ask for what the objects do, not for how a file is written",
                ));
            }
        }
    }
    Ok(())
}

/// The solution with its manifests written in another way.
fn anew(solution: &Solution, style: Style, attempt: &Attempt) -> Solution {
    let mut files = Files::new();
    for (file, content) in &solution.files {
        if !is_manifest(file) {
            files.insert(file.clone(), content.clone());
            continue;
        }
        let (documents, _) = manifest::parse(file, &String::from_utf8_lossy(content));
        let texts: Vec<String> =
            sources(&documents).iter().map(|source| text(source, style, attempt)).collect();
        let name = match style {
            Style::Json => renamed(solution, file, attempt),
            Style::Flow => file.clone(),
        };
        let between = if name.ends_with(".json") { "\n" } else { "\n---\n" };
        files.insert(name, texts.join(between).into_bytes());
    }
    Solution { files, ..solution.clone() }
}

fn text(source: &Source<'_>, style: Style, attempt: &Attempt) -> String {
    match style {
        Style::Json => {
            let whole = objects::defaulted(source.value);
            objects::reversed_json(whole.as_ref().unwrap_or(source.value))
        }
        Style::Flow => {
            let live = source.object_name().and_then(|name| {
                attempt.cluster().objects().object(name.kind, &name.namespace, &name.name).cloned()
            });
            let live: Option<Value> = live.map(|object| object.to_value());
            objects::flow_yaml(&objects::bare(source.value, live.as_ref()))
        }
    }
}

/// Another name for a file; its own where a script names it, or where the level's file of this name
/// describes more than it does.
fn renamed(solution: &Solution, file: &str, attempt: &Attempt) -> String {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let name = format!("{stem}-anew.json");
    let named = solution.script.as_ref().is_some_and(|script| script.contains(file));
    let mut alone = solution.files.clone();
    let content = alone.remove(file).unwrap_or_default();
    alone.insert(name.clone(), content);
    match named || half_replaced(attempt.files(), &alone).is_some() {
        true => file.to_owned(),
        false => name,
    }
}
