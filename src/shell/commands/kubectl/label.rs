//! `kubectl label` and `kubectl annotate`

use serde_json::{Map, Value, json};

use super::super::super::tool::Io;
use super::command::{self, Command};
use super::dry_run::{DryRun, Report};
use super::flags::{Flag, switch, text};
use super::local::{self, Item, NO_SERVER};
use super::words::{self, Pairs};
use super::{Call, DONE, Failure, Outcome};
use crate::api::validation::names::label_value;
use crate::api::{FieldValidation, Patch};

pub(super) static LABEL: Command = Command {
    name: "label",
    short: "Update the labels on a resource",
    examples: "  # Add a label\n  kubectl label pod web tier=front\n  \n  # Change one\n  kubectl label \
               --overwrite pod web tier=back\n  \n  # Remove one\n  kubectl label pod web tier-",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags: FLAGS,
    run: |call, io| run(call, io, &LABELS),
    ..command::PLAIN
};

pub(super) static ANNOTATE: Command = Command {
    name: "annotate",
    short: "Update the annotations on a resource",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags: FLAGS,
    run: |call, io| run(call, io, &ANNOTATIONS),
    ..command::PLAIN
};

const FLAGS: &[&[Flag]] = &[
    &[
        switch("overwrite", None, "Change values that are there already."),
        switch("list", None, "Show them."),
        switch("local", None, "Change the manifest, not the server's object."),
        text("resource-version", None, "Only if the object has this version."),
    ],
    command::RECORD,
    command::FILENAME,
    command::SELECTOR,
    command::FIELD_SELECTOR,
    command::ALL_NAMESPACES,
    command::ALL,
    command::WRITE,
];

/// Labels or annotations.
struct Field {
    /// `labels`
    name: &'static str,
    /// `label`
    one: &'static str,
    /// What a local file is called in a complaint.
    file: &'static str,
}

const LABELS: Field = Field { name: "labels", one: "label", file: "pod" };
const ANNOTATIONS: Field = Field { name: "annotations", one: "annotation", file: "rsrc" };

/// Whose value `kubectl annotate` always changes.
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// What is asked for: new values, and keys to remove.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    set: Map<String, Value>,
    remove: Vec<String>,
}

fn run(mut call: Call, io: &mut Io<'_>, field: &Field) -> Outcome {
    let report = Report::of(&call, io)?;
    let Pairs { resources, pairs } = words::pairs(&call.arguments.positional, field.one)?;
    let changes = Changes::read(&pairs, field)?;
    check(&call, &resources, &changes, &report, field)?;
    let items = local::items(&mut call, io, &resources, false)?;
    let single = items.single;
    if !single && !call.arguments.text("resource-version").is_empty() {
        let text = "--resource-version may only be used with a single resource";
        return Err(Failure::message(text));
    }
    let failures = items.each(|mut item| {
        let done = change(&mut call, io, &report, &mut item, &changes, field).map(|what| {
            if call.arguments.on("list") {
                list(io, &item, field, single);
                Ok(())
            } else {
                let report = if field.one == "label" { report.anew() } else { report.clone() };
                report.tell_value(io, None, &item.title(), &item.after, what)
            }
        });
        done.and_then(|told| told)
    });
    Failure::of(failures).map_or(DONE, Err)
}

/// The checks of `LabelOptions.Validate` and `AnnotateFlags.ToOptions`, in their order.
fn check(
    call: &Call,
    resources: &[String],
    changes: &Changes,
    report: &Report,
    field: &Field,
) -> Result<(), Failure> {
    let arguments = &call.arguments;
    let refuse = |text: String| Err(Failure::message(text));
    let no_files = !arguments.names_files();
    if arguments.on("list") && !arguments.text("output").is_empty() {
        return refuse("--list and --output may not be specified together".to_owned());
    }
    for flag in ["selector", "field-selector"] {
        if arguments.on("all") && !arguments.text(flag).is_empty() {
            return refuse(format!("cannot set --all and --{flag} at the same time"));
        }
    }
    if arguments.on("local") {
        let files = format!("-f {0}.yaml or --filename={0}.json", field.file);
        if report.dry_run == DryRun::Server {
            return refuse(NO_SERVER.to_owned());
        }
        if !resources.is_empty() {
            return refuse(format!("can only use local files by {files} when --local=true is set"));
        }
        if no_files {
            return refuse(format!("one or more files must be specified as {files}"));
        }
    } else if resources.is_empty() && no_files {
        return refuse(words::NOTHING_TO_CHANGE.to_owned());
    }
    if changes.set.is_empty() && changes.remove.is_empty() && !arguments.on("list") {
        return refuse(format!("at least one {} update is required", field.one));
    }
    let both: Vec<&str> = changes.both().collect();
    if field.one == "annotation" && !both.is_empty() {
        return refuse(format!(
            "can not both modify and remove the following annotation(s) in the same command: {}",
            both.join(", ")
        ));
    }
    Ok(())
}

impl Changes {
    fn read(pairs: &[String], field: &Field) -> Result<Changes, Failure> {
        let mut changes = Changes::default();
        for pair in pairs {
            let Some((key, value)) = pair.split_once('=') else {
                changes.remove.push(pair.trim_end_matches('-').to_owned());
                continue;
            };
            if field.one == "label" {
                if value.contains('=') {
                    return Err(Failure::message(format!("invalid label spec: {pair}")));
                }
                let faults = label_value(value);
                if !faults.is_empty() {
                    let faults = faults.join(";");
                    let text = format!("invalid label value: \"{pair}\": {faults}");
                    return Err(Failure::message(text));
                }
            }
            changes.set.insert(key.to_owned(), json!(value));
        }
        if field.one == "label" && changes.both().next().is_some() {
            let text = "can not both modify and remove a label in the same command";
            return Err(Failure::message(text));
        }
        Ok(changes)
    }

    /// The keys that are to be set and removed.
    fn both(&self) -> impl Iterator<Item = &str> {
        self.remove.iter().map(String::as_str).filter(|key| self.set.contains_key(*key))
    }

    /// What stands against changing these values without `--overwrite`.
    fn clash(&self, before: &Map<String, Value>, field: &Field) -> Option<Failure> {
        let clashes = self.set.iter().filter_map(|(key, value)| {
            let old = before.get(key).filter(|old| *old != value)?;
            let free = field.one == "annotation" && key == CHANGE_CAUSE;
            let old = old.as_str().unwrap_or("");
            (!free).then(|| format!("'{key}' already has a value ({old})"))
        });
        let clashes: Vec<String> = clashes.collect();
        if clashes.is_empty() {
            return None;
        }
        if field.one == "annotation" {
            let clashes = clashes.join("; ");
            return Some(Failure::message(format!(
                "--overwrite is false but found the following declared annotation(s): {clashes}"
            )));
        }
        let told = |clash| Failure::message(format!("{clash}, and --overwrite is false"));
        Failure::of(clashes.into_iter().map(told).collect())
    }
}

/// An object's labels or annotations.
fn values(object: &Value, field: &Field) -> Map<String, Value> {
    object["metadata"][field.name].as_object().cloned().unwrap_or_default()
}

/// Changes an object, on the server unless the change is only to be seen; the word for what was
/// done.
fn change(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    item: &mut Item,
    changes: &Changes,
    field: &Field,
) -> Result<&'static str, Failure> {
    let before = values(&item.before, field);
    if !call.arguments.on("overwrite")
        && let Some(failure) = changes.clash(&before, field)
    {
        return Err(failure);
    }
    let mut after = before.clone();
    let mut patch = Map::new();
    for (key, value) in changes.set.iter().filter(|(key, value)| before.get(*key) != Some(*value)) {
        after.insert(key.clone(), value.clone());
        patch.insert(key.clone(), value.clone());
    }
    let added = !patch.is_empty();
    let removed: Vec<&String> =
        changes.remove.iter().filter(|key| after.remove(*key).is_some()).collect();
    for key in &removed {
        patch.insert((*key).clone(), Value::Null);
    }
    put(item, field, after);
    let version = call.arguments.text("resource-version").to_owned();
    if !version.is_empty() {
        item.after["metadata"]["resourceVersion"] = json!(version);
    }
    let word = match (field.one, added, removed.is_empty()) {
        ("annotation", ..) => "annotated",
        (_, true, false) => "modified",
        (_, true, true) => "labeled",
        (_, false, false) => "unlabeled",
        (_, false, true) => "not labeled",
    };
    let seen = call.arguments.on("local") || call.arguments.on("list");
    let Some(object) = item.object.clone().filter(|_| !seen && report.dry_run != DryRun::Client)
    else {
        return Ok(word);
    };
    words::record(call, &mut item.after);
    if field.one == "label" {
        for key in changes.remove.iter().filter(|key| !before.contains_key(*key)) {
            io.say(format!("label \"{key}\" not found."));
        }
    }
    if patch.is_empty() && field.one == "label" && !call.arguments.on("record") {
        return Ok(word);
    }
    let mut patch = json!({"metadata": {field.name: patch}});
    if !version.is_empty() {
        patch["metadata"]["resourceVersion"] = json!(version);
    }
    if call.arguments.on("record") {
        patch["metadata"]["annotations"][CHANGE_CAUSE] =
            item.after["metadata"]["annotations"][CHANGE_CAUSE].clone();
    }
    let options = report.dry_run.options(FieldValidation::Warn);
    let patched = call.client.patch(io, &object, Patch::Merge(patch), options)?;
    item.after = patched.to_value();
    Ok(word)
}

/// Puts labels or annotations into an object. Go's SetLabels and SetAnnotations leave a `metadata`
/// alone that is null.
fn put(item: &mut Item, field: &Field, after: Map<String, Value>) {
    let settable = item.after.get("metadata").is_none_or(Value::is_object);
    if settable && (!after.is_empty() || !item.before["metadata"][field.name].is_null()) {
        item.after["metadata"][field.name] = Value::Object(after);
    }
}

/// `--list`
fn list(io: &mut Io<'_>, item: &Item, field: &Field, single: bool) {
    let indent = if single { "" } else { " " };
    if !single {
        let Item { type_name, group, name, .. } = item;
        io.say(format!("Listing {} for {type_name}.{group}/{name}:", field.name));
    }
    for (key, value) in values(&item.after, field) {
        io.say(format!("{indent}{key}={}", value.as_str().unwrap_or("")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_set_and_dashes_remove() {
        let pairs = ["a=b".to_owned(), "c-".to_owned()];
        let changes = Changes::read(&pairs, &LABELS).expect("changes");
        assert_eq!(Value::Object(changes.set), json!({"a": "b"}));
        assert_eq!(changes.remove, ["c"]);
    }

    // `validateNoAnnotationOverwrites`
    #[test]
    fn the_cause_of_a_change_may_always_be_changed() {
        let before = json!({CHANGE_CAUSE: "x", "a": "1"});
        let before = before.as_object().expect("a map");
        let clash = |pair: &str| {
            let changes = Changes::read(&[pair.to_owned()], &ANNOTATIONS).expect("changes");
            changes.clash(before, &ANNOTATIONS).is_some()
        };
        assert!(!clash("kubernetes.io/change-cause=y") && clash("a=2") && !clash("a=1"));
    }
}
