//! `kubectl diff`: what apply would change, as `diff -u` shows it.

use serde_json::Value;

use super::super::super::tool::Io;
use super::super::text::diff::unified_hunks;
use super::apply::merged;
use super::command::{self, Command};
use super::flags::{Flag, Takes, switch, text, typed};
use super::sources;
use super::{Call, Failure, Next, Outcome};
use crate::api::patch::LAST_APPLIED;
use crate::api::{FieldValidation, Object, Reason, WriteOptions};
use crate::manifest;

pub(super) static COMMAND: Command = Command {
    name: "diff",
    short: "Diff the live version against a would-be applied version",
    usage: "-f FILENAME",
    flags: &[FLAGS, command::FILENAME, command::SELECTOR],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    switch("server-side", None, "Let the server merge the manifest."),
    switch("force-conflicts", None, "With --server-side: take over fields of others."),
    switch("prune", None, "Show what --prune would delete."),
    switch("show-managed-fields", None, "Keep managed fields."),
    switch("show-secrets", None, "Show what Secrets hold."),
    text("field-manager", None, "The name that owns the fields."),
    typed("concurrency", Takes::Number, "1", "How many objects to compare at once."),
    typed("prune-allowlist", Takes::Texts, "[]", "Kinds that --prune may delete."),
];

/// Its exit code says whether there is a difference; what goes wrong has a code above.
fn run(call: Call, io: &mut Io<'_>) -> Outcome {
    compare(call, io).map_err(|failure| Failure::Exited { text: failure.text(), code: 2 })
}

fn compare(mut call: Call, io: &mut Io<'_>) -> Outcome {
    if !call.arguments.positional.is_empty() {
        let words = call.arguments.positional.join(" ");
        return Err(call.usage(format!("Unexpected args: [{words}]")));
    }
    let files = call.arguments.all("filename").to_vec();
    if files.is_empty() && !call.arguments.given("kustomize") {
        return Err(Failure::message("must specify one of -f and -k"));
    }
    for flag in ["server-side", "prune", "show-managed-fields", "show-secrets"] {
        if call.arguments.on(flag) {
            return Err(Failure::not_simulated(&format!("diff --{flag}"), "use diff without it"));
        }
    }
    if call.arguments.on("force-conflicts") {
        return Err(Failure::message("--force-conflicts only works with --server-side"));
    }
    let read = sources::read(&call, io)?;
    let mut failures = Vec::new();
    let mut different = false;
    for item in &read.items {
        let manifest = match item {
            Ok(manifest) => manifest,
            Err(failure) => {
                failures.push(failure.clone());
                break;
            }
        };
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
        let applied = live.as_ref().and_then(last_applied);
        let before = live.as_ref().map(|live| text_of(live, applied)).unwrap_or_default();
        let text = unified_hunks(&before, &text_of(&after, applied));
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

/// What the live object's annotation says that was applied: the patch leaves it as it is, so that
/// both sides show it.
fn last_applied(live: &Object) -> Option<&String> {
    live.metadata().annotations.as_ref()?.get(LAST_APPLIED)
}

/// An object as the diff shows it, with this annotation of what was applied.
fn text_of(object: &Object, applied: Option<&String>) -> String {
    let mut value = object.to_value();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(LAST_APPLIED);
            if let Some(applied) = applied {
                annotations.insert(LAST_APPLIED.to_owned(), applied.as_str().into());
            }
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
    }
    manifest::to_yaml(&value)
}
