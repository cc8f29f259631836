//! `kubectl patch`

use serde_json::Value;

use super::super::super::tool::Io;
use super::command::{self, Command};
use super::dry_run::{DryRun, Report};
use super::flags::{Flag, Takes, switch, text, typed};
use super::local;
use super::target::{Rules, Target};
use super::{Call, DONE, Failure, Outcome};
use crate::api::patch::merge;
use crate::api::{FieldValidation, Kind, Object, Patch, Reason, Status, Subresource, WriteOptions};
use crate::manifest;

pub(super) static COMMAND: Command = Command {
    name: "patch",
    short: "Update fields of a resource",
    examples: "  # Change a field\n  kubectl patch svc web -p '{\"spec\":{\"type\":\"NodePort\"}}'\n  \
               \n  # With a JSON patch\n  kubectl patch deploy web --type=json -p \
               '[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":2}]'",
    usage: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
    flags: &[FLAGS, command::FILENAME, command::WRITE],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    text("patch", Some('p'), "The change, as JSON or YAML."),
    text("patch-file", None, "A file with the change."),
    typed("type", Takes::Text, "'strategic'", "The patch's language: json, merge or strategic."),
    text("subresource", None, "The part of the object: status or scale."),
    switch("local", None, "Change the manifest, not the server's object."),
];

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::of(&call, io)?.silent_of_dry_runs();
    let language = check(&call, report.dry_run)?;
    let words = call.arguments.positional.clone();
    let scales = call.arguments.text("subresource") == "scale";
    let local = call.arguments.on("local");
    let subresource = if scales || local { Subresource::None } else { subresource(&call)? };
    let options = WriteOptions { subresource, ..report.dry_run.options(FieldValidation::Warn) };
    let patch = language.patch(sent(&call, io, language, local)?);
    if local && !call.arguments.names_files() {
        return Err(Failure::message(super::target::NOTHING_NAMED));
    }
    if local {
        return change_manifests(&mut call, io, &report, &patch);
    }
    let target = Target::of(&call, io, &words, Rules { names_required: true })?;
    let found = target.find(&mut call, io)?;
    if found.objects.is_empty() && found.failures.is_empty() {
        return Err(Failure::message("no objects passed to patch"));
    }
    if scales {
        return super::scale::patch(&mut call, io, &report, &patch, found);
    }
    let mut failures = found.failures;
    for object in found.objects {
        if report.dry_run == DryRun::Client {
            failures.extend(tell_of_patch(io, &report, &object, patch.clone()).err());
            continue;
        }
        let patched = call.client.patch(io, &object, patch.clone(), options).map_err(Failure::from);
        match patched {
            Ok(patched) => {
                let what = if patched != object { "patched" } else { "patched (no change)" };
                report.tell(io, &patched, what)?;
            }
            Err(failure) => failures.push(failure),
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

/// The language that a patch is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Strategic,
    Merge,
    Json,
}

impl Language {
    fn patch(self, value: Value) -> Patch {
        match self {
            Language::Strategic => Patch::Strategic(value),
            Language::Merge => Patch::Merge(value),
            Language::Json => Patch::Json(value),
        }
    }

    /// What kubectl itself says of a patch that is no JSON, in the words of its own library.
    fn unreadable(self) -> &'static str {
        match self {
            Language::Strategic => "invalid JSON document",
            Language::Merge => "Invalid JSON Patch",
            Language::Json => "json: cannot unmarshal object into Go value of type jsonpatch.Patch",
        }
    }
}

/// What stands on the command line by itself or not at all (`PatchOptions.Validate`).
fn check(call: &Call, dry_run: DryRun) -> Result<Language, Failure> {
    let arguments = &call.arguments;
    let (inline, file) = (arguments.text("patch"), arguments.text("patch-file"));
    let local = arguments.on("local");
    let text = match arguments.get("type").unwrap_or("strategic").to_lowercase().as_str() {
        _ if !inline.is_empty() && !file.is_empty() => {
            "cannot specify --patch and --patch-file together".to_owned()
        }
        _ if inline.is_empty() && file.is_empty() => {
            "must specify --patch or --patch-file containing the contents of the patch".to_owned()
        }
        _ if local && !arguments.positional.is_empty() => {
            "cannot specify --local and server resources".to_owned()
        }
        _ if local && dry_run == DryRun::Server => {
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?"
                .to_owned()
        }
        "" | "strategic" => return Ok(Language::Strategic),
        "merge" => return Ok(Language::Merge),
        "json" => return Ok(Language::Json),
        _ => format!(
            "--type must be one of [json merge strategic], not \"{}\"",
            arguments.text("type")
        ),
    };
    Err(Failure::message(text))
}

/// The patch as JSON. One that begins with a brace is sent as it stands, so that the server judges
/// it; anything else is read as YAML.
fn sent(call: &Call, io: &Io<'_>, language: Language, local: bool) -> Result<Value, Failure> {
    let inline = call.arguments.text("patch");
    let text = match call.arguments.text("patch-file") {
        "" => inline.to_owned(),
        file => {
            let bytes = io.read_file(file).map_err(|reason| {
                let reason = reason.to_lowercase();
                Failure::message(format!("unable to read patch file: open {file}: {reason}"))
            })?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    if text.trim_start().starts_with('{') {
        return manifest::json::parse(text.as_bytes()).map_err(|fault| match local {
            true => Failure::message(language.unreadable()),
            false => Failure::from(Status::new(Reason::BadRequest, fault.message)),
        });
    }
    let (documents, diagnostics) = manifest::parse("patch", &text);
    if let Some(fault) = diagnostics.first() {
        let text = format!("unable to parse \"{inline}\": {}", fault.message);
        return Err(Failure::message(text));
    }
    Ok(documents.into_iter().next().map_or(Value::Null, |document| document.value))
}

/// `--local`: the objects as their manifests say, whatever the schema thinks of them.
fn change_manifests(call: &mut Call, io: &mut Io<'_>, report: &Report, patch: &Patch) -> Outcome {
    let local::Items { items, mut failures, .. } = local::items(call, io, &[], false)?;
    for item in items {
        let version = item.before["apiVersion"].as_str().unwrap_or("");
        let kind = Kind::from_manifest(version, &item.type_name);
        let changed = match (kind, patch) {
            (_, Patch::Merge(change)) => Ok(merge(item.before.clone(), change)),
            (Some(kind), patch) => change_value(kind, &item.before, patch.clone()),
            (None, _) => {
                let what = format!("patch --local of a {}", item.type_name);
                Err(Failure::not_simulated(&what, "use --type=merge"))
            }
        };
        match changed {
            Ok(after) => {
                let what = if after == item.before { "patched (no change)" } else { "patched" };
                report.tell_value(io, None, &item.title(), &after, what)?;
            }
            Err(failure) => failures.push(failure),
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

/// What a change comes to of which no server hears, whatever the schema thinks of it.
fn tell_of_patch(
    io: &mut Io<'_>,
    report: &Report,
    object: &Object,
    patch: Patch,
) -> Result<(), Failure> {
    let before = object.to_value();
    let after = change_value(object.kind(), &before, patch)?;
    let what = if after == before { "patched (no change)" } else { "patched" };
    report.tell_value(io, None, &super::output::name(object), &after, what)
}

/// A value after a change, in the words of kubectl's own library.
fn change_value(kind: Kind, value: &Value, patch: Patch) -> Result<Value, Failure> {
    match &patch {
        Patch::Json(value) if !value.is_array() => {
            return Err(Failure::message(Language::Json.unreadable()));
        }
        Patch::Strategic(value) if !value.is_object() => {
            return Err(Failure::message(Language::Strategic.unreadable()));
        }
        _ => {}
    }
    crate::api::patch::changed(kind, value, patch)
        .map_err(|status| Failure::message(status.message))
}

/// The part of the object that `--subresource` names.
///
/// # Errors
/// kubectl's words for one that no kind has; what is not simulated says so.
pub(super) fn subresource(call: &Call) -> Result<Subresource, Failure> {
    match call.arguments.text("subresource") {
        "" => Ok(Subresource::None),
        "status" => Ok(Subresource::Status),
        known @ ("scale" | "resize" | "ephemeralcontainers") => {
            let what = format!("--subresource={known}");
            Err(Failure::not_simulated(&what, "change the object itself"))
        }
        _ => Err(Failure::from(Status::new(
            Reason::NotFound,
            "the server could not find the requested resource",
        ))),
    }
}
