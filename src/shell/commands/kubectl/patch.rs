//! `kubectl patch`

use serde_json::Value;

use super::super::super::tool::Io;
use super::catalog::{self, Command};
use super::dry_run::{DryRun, Report};
use super::flags::{Flag, Takes, switch, text, typed};
use super::target::{Rules, Target};
use super::{Call, DONE, Failure, Outcome};
use crate::api::{FieldValidation, Patch, Subresource, WriteOptions};
use crate::manifest;

pub(super) static COMMAND: Command = Command {
    name: "patch",
    short: "Update fields of a resource",
    examples: "  # Change a field\n  kubectl patch svc web -p '{\"spec\":{\"type\":\"NodePort\"}}'\n  \
               \n  # With a JSON patch\n  kubectl patch deploy web --type=json -p \
               '[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":2}]'",
    usage: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
    flags: &[FLAGS, catalog::FILENAME, catalog::WRITE],
    run,
    ..catalog::PLAIN
};

const FLAGS: &[Flag] = &[
    text("patch", Some('p'), "The change, as JSON or YAML."),
    text("patch-file", None, "A file with the change."),
    typed("type", Takes::Text, "'strategic'", "The patch's language: json, merge or strategic."),
    text("subresource", None, "The part of the object: status or scale."),
    switch("local", None, "Change the manifest, not the server's object."),
    switch("record", None, "Not used any more."),
];

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let patch = patch(&call, io)?;
    let words = call.arguments.positional.clone();
    if words.is_empty() && call.arguments.all("filename").is_empty() {
        return Err(Failure::message(super::delete::NOTHING_NAMED));
    }
    let target = Target::of(&call, io, &words, Rules { names_required: true })?;
    let report = Report::of(&call, io)?;
    let options = options(&call, report.dry_run)?;
    let found = target.find(&mut call, io)?;
    let mut failures = found.failures;
    for object in found.objects {
        let patched = match report.dry_run {
            DryRun::Client => Ok(object.clone()),
            _ => call.client.patch(io, &object, patch.clone(), options),
        };
        match patched {
            Ok(patched) => {
                let changed = report.dry_run == DryRun::Client || patched != object;
                let what = if changed { "patched" } else { "patched (no change)" };
                report.tell(io, &patched, what)?;
            }
            Err(status) => failures.push(status.into()),
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

fn patch(call: &Call, io: &Io<'_>) -> Result<Patch, Failure> {
    let text = match (call.arguments.text("patch"), call.arguments.text("patch-file")) {
        ("", "") => {
            let text = "must specify --patch or --patch-file containing the contents of the patch";
            return Err(call.usage(text));
        }
        ("", file) => {
            let read = io.read_file(file);
            let bytes = read.map_err(|reason| {
                Failure::message(format!(
                    "unable to read patch file: open {file}: {}",
                    reason.to_lowercase()
                ))
            })?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        (text, _) => text.to_owned(),
    };
    let value = read(&text)?;
    match call.arguments.get("type").unwrap_or("strategic") {
        "strategic" => Ok(Patch::Strategic(value)),
        "merge" => Ok(Patch::Merge(value)),
        "json" => Ok(Patch::Json(value)),
        other => {
            Err(call
                .usage(format!("--type must be one of [json merge strategic], not \"{other}\"")))
        }
    }
}

/// A text as JSON or YAML.
fn read(text: &str) -> Result<Value, Failure> {
    let (documents, diagnostics) = manifest::parse("patch", text);
    if let Some(fault) = diagnostics.first() {
        return Err(Failure::message(format!("unable to parse \"{text}\": {}", fault.message)));
    }
    Ok(documents.into_iter().next().map_or(Value::Null, |document| document.value))
}

fn options(call: &Call, dry_run: DryRun) -> Result<WriteOptions, Failure> {
    let subresource = match call.arguments.text("subresource") {
        "" | "scale" => Subresource::None,
        "status" => Subresource::Status,
        other => {
            let text = format!("the server could not find the requested resource ({other})");
            return Err(Failure::message(text));
        }
    };
    Ok(WriteOptions { subresource, ..dry_run.options(FieldValidation::Warn) })
}
