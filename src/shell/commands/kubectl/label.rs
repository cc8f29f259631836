//! `kubectl label` and `kubectl annotate`

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::super::tool::Io;
use super::catalog::{self, Command};
use super::dry_run::{DryRun, Report};
use super::flags::{Flag, switch, text};
use super::target::{Rules, Target};
use super::{Call, DONE, Failure, Outcome};
use crate::api::validation::names::label_value;
use crate::api::{FieldValidation, Object, Patch};

pub(super) static LABEL: Command = Command {
    name: "label",
    short: "Update the labels on a resource",
    examples: "  # Add a label\n  kubectl label pod web tier=front\n  \n  # Change one\n  kubectl label \
               --overwrite pod web tier=back\n  \n  # Remove one\n  kubectl label pod web tier-",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags: FLAGS,
    run: |call, io| run(call, io, &LABELS),
    ..catalog::PLAIN
};

pub(super) static ANNOTATE: Command = Command {
    name: "annotate",
    short: "Update the annotations on a resource",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags: FLAGS,
    run: |call, io| run(call, io, &ANNOTATIONS),
    ..catalog::PLAIN
};

const FLAGS: &[&[Flag]] = &[
    &[
        switch("overwrite", None, "Change values that are there already."),
        switch("list", None, "Show them."),
        switch("local", None, "Change the manifest, not the server's object."),
        switch("record", None, "Not used any more."),
        text("resource-version", None, "Only if the object has this version."),
    ],
    catalog::FILENAME,
    catalog::SELECTOR,
    catalog::FIELD_SELECTOR,
    catalog::ALL_NAMESPACES,
    catalog::ALL,
    catalog::WRITE,
];

/// Labels or annotations.
struct Field {
    /// `labels`
    name: &'static str,
    /// `label`
    one: &'static str,
    /// `labeled`
    done: &'static str,
}

const LABELS: Field = Field { name: "labels", one: "label", done: "labeled" };
const ANNOTATIONS: Field = Field { name: "annotations", one: "annotation", done: "annotated" };

/// What is asked for: new values, and keys to remove.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    set: Vec<(String, String)>,
    remove: Vec<String>,
}

fn run(mut call: Call, io: &mut Io<'_>, field: &Field) -> Outcome {
    let words = call.arguments.positional.clone();
    let is_pair = |word: &String| word.contains('=') || word.ends_with('-');
    let pairs_from = words.iter().position(is_pair).unwrap_or(words.len());
    let (resources, pairs) = words.split_at(pairs_from);
    let list = call.arguments.on("list");
    if pairs.is_empty() && !list {
        let text = format!("at least one {} update is required", field.one);
        return Err(Failure::message(text));
    }
    let changes = Changes::read(pairs, field)?;
    if resources.is_empty() && call.arguments.all("filename").is_empty() {
        return Err(Failure::message(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    let target = Target::of(&call, io, resources, Rules { names_required: !list })?;
    let report = Report::of(&call, io)?;
    let found = target.find(&mut call, io)?;
    let mut failures = found.failures;
    for object in found.objects {
        if list {
            for (key, value) in current(&object, field) {
                io.say(format!("{key}={value}"));
            }
            continue;
        }
        if let Err(failure) = change(&mut call, io, &report, &object, &changes, field) {
            failures.push(failure);
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

impl Changes {
    fn read(pairs: &[String], field: &Field) -> Result<Changes, Failure> {
        let mut changes = Changes::default();
        for pair in pairs {
            if let Some((key, value)) = pair.split_once('=').filter(|(key, _)| !key.is_empty()) {
                if field.one == "label"
                    && let Some(fault) = label_value(value).into_iter().next()
                {
                    let text = format!("invalid label value: \"{pair}\": {fault}");
                    return Err(Failure::message(text));
                }
                changes.set.push((key.to_owned(), value.to_owned()));
            } else if let Some(key) = pair.strip_suffix('-').filter(|key| !key.is_empty()) {
                changes.remove.push(key.to_owned());
            } else {
                return Err(Failure::message(format!("unknown {} spec: {pair}", field.one)));
            }
        }
        let twice = changes.set.iter().find(|(key, _)| changes.remove.contains(key));
        if let Some((key, _)) = twice {
            return Err(Failure::message(format!(
                "can not both modify and remove {} in the same command: {key}",
                if field.one == "label" { "a label" } else { "an annotation" }
            )));
        }
        Ok(changes)
    }

    /// As a merge patch.
    fn patch(&self, field: &Field) -> Value {
        let mut values = serde_json::Map::new();
        for (key, value) in &self.set {
            values.insert(key.clone(), json!(value));
        }
        for key in &self.remove {
            values.insert(key.clone(), Value::Null);
        }
        json!({"metadata": {field.name: values}})
    }
}

fn current(object: &Object, field: &Field) -> BTreeMap<String, String> {
    let metadata = object.metadata();
    let map = if field.one == "label" { &metadata.labels } else { &metadata.annotations };
    map.clone().unwrap_or_default()
}

fn change(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    object: &Object,
    changes: &Changes,
    field: &Field,
) -> Result<(), Failure> {
    let before = current(object, field);
    if !call.arguments.on("overwrite") {
        let clash = |(key, value): &&(String, String)| before.get(key).is_some_and(|v| v != value);
        if let Some((key, _)) = changes.set.iter().find(clash) {
            let value = &before[key];
            let clash = format!("'{key}' already has a value ({value})");
            return Err(Failure::message(if field.one == "label" {
                format!("{clash}, and --overwrite is false")
            } else {
                format!(
                    "--overwrite is false but found the following declared annotation(s): {clash}"
                )
            }));
        }
    }
    for key in changes.remove.iter().filter(|key| !before.contains_key(*key)) {
        if field.one == "label" {
            io.say(format!("label \"{key}\" not found."));
        }
    }
    let patched = match report.dry_run {
        DryRun::Client => object.clone(),
        dry_run => {
            let options = dry_run.options(FieldValidation::Warn);
            call.client.patch(io, object, Patch::Merge(changes.patch(field)), options)?
        }
    };
    let after = current(&patched, field);
    let only_removed = changes.set.is_empty() && after != before;
    let what = match field.one {
        "label" if report.dry_run == DryRun::No && after == before => "not labeled",
        "label" if only_removed => "unlabeled",
        _ => field.done,
    };
    report.tell(io, &patched, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_set_and_dashes_remove() {
        let pairs = ["a=b".to_owned(), "c-".to_owned()];
        let changes = Changes::read(&pairs, &LABELS).expect("changes");
        assert_eq!(changes.patch(&LABELS), json!({"metadata": {"labels": {"a": "b", "c": null}}}));
    }
}
