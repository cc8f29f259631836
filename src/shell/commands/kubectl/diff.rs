//! `kubectl diff`: what apply would change, as `diff -u` shows it.

use serde_json::Value;

use super::super::super::tool::Io;
use super::apply::merged;
use super::catalog::{self, Command};
use super::flags::{Flag, switch, text};
use super::sources;
use super::{Call, Failure, Next, Outcome};
use crate::api::{FieldValidation, Object, Reason, WriteOptions};
use crate::manifest;

pub(super) static COMMAND: Command = Command {
    name: "diff",
    short: "Diff the live version against a would-be applied version",
    usage: "-f FILENAME",
    flags: &[FLAGS, catalog::FILENAME, catalog::SELECTOR],
    run,
    ..catalog::PLAIN
};

const FLAGS: &[Flag] = &[
    switch("server-side", None, "Let the server merge the manifest."),
    switch("force-conflicts", None, "Not used here."),
    switch("prune", None, "Not used here."),
    switch("show-managed-fields", None, "Not used here."),
    text("field-manager", None, "Not used here."),
];

/// How many lines are shown around a change.
const AROUND: usize = 3;

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let files = call.arguments.all("filename").to_vec();
    if files.is_empty() {
        return Err(Failure::message("must specify one of -f and -k"));
    }
    let read = sources::read(&call, io, &files)?;
    let mut failures = read.failures;
    let mut different = false;
    for manifest in &read.manifests {
        let namespace = manifest.namespace.clone();
        let live = match call.client.get_in(io, manifest.kind, namespace, &manifest.name) {
            Ok(object) => Some(object),
            Err(status) if status.reason == Reason::NotFound => None,
            Err(status) => return Err(status.into()),
        };
        let options = WriteOptions {
            dry_run: true,
            validation: FieldValidation::Strict,
            ..WriteOptions::default()
        };
        let after = match merged(&mut call, io, manifest, live.as_ref(), options) {
            Ok(object) => object,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        let before = live.as_ref().map(text_of).unwrap_or_default();
        let text = unified(&before, &text_of(&after));
        if text.is_empty() {
            continue;
        }
        different = true;
        let info = manifest.kind.info();
        let version = info.api_version().replace('/', ".");
        let file = format!("{version}.{}.{}.{}", info.name, manifest.namespace, manifest.name);
        let date = io.now().timestamp().strftime("%Y-%m-%d %H:%M:%S.%9f +0000").to_string();
        io.say(format!("diff -u -N /tmp/LIVE/{file} /tmp/MERGED/{file}"));
        io.say(format!("--- /tmp/LIVE/{file}\t{date}"));
        io.say(format!("+++ /tmp/MERGED/{file}\t{date}"));
        io.stdout.extend_from_slice(text.as_bytes());
    }
    match Failure::of(failures) {
        Some(failure) => Err(failure),
        None => Ok(Next::Exit(i32::from(different))),
    }
}

/// An object as the diff shows it.
fn text_of(object: &Object) -> String {
    let mut value = object.to_value();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(super::apply::LAST_APPLIED);
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
    }
    manifest::to_yaml(&value)
}

/// A line of both texts, of the first, or of the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'a> {
    Both(&'a str),
    Old(&'a str),
    New(&'a str),
}

/// The hunks of `diff -u`; nothing when the texts are equal.
fn unified(old: &str, new: &str) -> String {
    let lines = compare(old, new);
    let changed: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !matches!(line, Line::Both(_)))
        .map(|(index, _)| index)
        .collect();
    let mut out = String::new();
    let mut rest = changed.as_slice();
    while let Some(first) = rest.first() {
        let mut last = *first;
        let mut count = 0;
        for index in rest {
            if *index > last + 2 * AROUND + 1 {
                break;
            }
            last = *index;
            count += 1;
        }
        rest = &rest[count..];
        let start = first.saturating_sub(AROUND);
        let end = (last + AROUND + 1).min(lines.len());
        out += &hunk(&lines, start, end);
    }
    out
}

fn hunk(lines: &[Line<'_>], start: usize, end: usize) -> String {
    let olds = |lines: &[Line<'_>]| lines.iter().filter(|l| !matches!(l, Line::New(_))).count();
    let news = |lines: &[Line<'_>]| lines.iter().filter(|l| !matches!(l, Line::Old(_))).count();
    let range = |before: usize, count: usize| match count {
        0 => format!("{before},0"),
        1 => format!("{}", before + 1),
        _ => format!("{},{count}", before + 1),
    };
    let (before, inside) = (&lines[..start], &lines[start..end]);
    let mut out = format!(
        "@@ -{} +{} @@\n",
        range(olds(before), olds(inside)),
        range(news(before), news(inside))
    );
    for line in inside {
        out += &match line {
            Line::Both(text) => format!(" {text}\n"),
            Line::Old(text) => format!("-{text}\n"),
            Line::New(text) => format!("+{text}\n"),
        };
    }
    out
}

/// The two texts as one list of lines, by their longest common subsequence.
fn compare<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(Line::Both(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(Line::Old(old[i]));
            i += 1;
        } else {
            lines.push(Line::New(new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hunk_has_three_lines_around_a_change() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let new = "a\nb\nc\nd\nE\nf\ng\nh\n";
        assert_eq!(unified(old, new), "@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n");
        assert_eq!(unified(old, old), "");
        assert_eq!(unified("", "a\n"), "@@ -0,0 +1 @@\n+a\n");
    }
}
