//! `kubectl scale`

use serde_json::json;

use super::super::super::tool::Io;
use super::catalog::{self, Command};
use super::dry_run::{DryRun, Report};
use super::flags::{Flag, Takes, text, typed};
use super::target::{Rules, Target};
use super::{Call, DONE, Failure, Outcome};
use crate::api::{FieldValidation, Object, Patch, Reason, Status};

pub(super) static COMMAND: Command = Command {
    name: "scale",
    short: "Set a new size for a deployment, replica set, or replication controller",
    examples: "  # Three pods\n  kubectl scale deploy/web --replicas=3",
    usage: "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | \
            TYPE NAME)",
    flags: &[FLAGS, catalog::FILENAME, catalog::SELECTOR, catalog::ALL, catalog::WRITE],
    required: &["replicas"],
    run,
    ..catalog::PLAIN
};

const FLAGS: &[Flag] = &[
    typed("replicas", Takes::Number, "0", "How many pods."),
    typed("current-replicas", Takes::Number, "-1", "Only if there are so many now."),
    text("resource-version", None, "Only if the object has this version."),
    typed("timeout", Takes::Duration, "0s", "How long to wait for the pods."),
];

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let replicas = call.arguments.number("replicas").unwrap_or(0);
    if replicas < 0 {
        let text = "The --replicas=COUNT flag is required, and COUNT must be greater than or equal \
                    to 0";
        return Err(Failure::message(text));
    }
    if call.arguments.number("current-replicas").is_some_and(|count| count < -1) {
        let text = "The --current-replicas must specify an integer of -1 or greater";
        return Err(Failure::message(text));
    }
    let words = call.arguments.positional.clone();
    if words.is_empty() && call.arguments.all("filename").is_empty() {
        return Err(Failure::message(super::delete::NOTHING_NAMED));
    }
    let target = Target::of(&call, io, &words, Rules { names_required: true })?;
    let report = Report::of(&call, io)?;
    let expected = call.arguments.number("current-replicas").filter(|count| *count >= 0);
    let found = target.find(&mut call, io)?;
    let version = call.arguments.text("resource-version").to_owned();
    if !version.is_empty() && found.objects.len() > 1 {
        let text = "cannot use --resource-version with multiple resources";
        return Err(Failure::message(text));
    }
    if found.objects.is_empty() && found.failures.is_empty() {
        return Err(Failure::message("no objects passed to scale"));
    }
    let wanted = Wanted { replicas, expected, version };
    // The first that fails ends it; what was not found is told at the end.
    for object in found.objects {
        scale(&mut call, io, &report, &object, &wanted)?;
    }
    Failure::of(found.failures).map_or(DONE, Err)
}

/// The size that is wanted, and what must hold before.
struct Wanted {
    replicas: i64,
    expected: Option<i64>,
    /// The version that the object must have; empty for any.
    version: String,
}

fn scale(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    object: &Object,
    Wanted { replicas, expected, version: wanted }: &Wanted,
) -> Result<(), Failure> {
    if report.dry_run == DryRun::Client {
        let mut value = object.to_value();
        value["spec"]["replicas"] = json!(replicas);
        let title = super::output::name(object);
        return report.tell_value(io, None, &title, &value, "scaled");
    }
    let Some(present) = present(object) else {
        let text = "the server could not find the requested resource";
        return Err(Status::new(Reason::NotFound, text).into());
    };
    if let Some(expected) = expected.filter(|expected| *expected != i64::from(present)) {
        let text = format!("Expected replicas to be {expected}, was {present}");
        return Err(Failure::message(text));
    }
    let version = object.metadata().resource_version.as_deref().unwrap_or("");
    if !wanted.is_empty() && wanted != version {
        let text = format!("Expected resource version to be {wanted}, was {version}");
        return Err(Failure::message(text));
    }
    let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
    let options = report.dry_run.options(FieldValidation::Warn);
    let scaled = call.client.patch(io, object, patch, options)?;
    report.tell(io, &scaled, "scaled")
}

/// How many pods an object wants; `None` for kinds without a size.
fn present(object: &Object) -> Option<i32> {
    match object {
        Object::Deployment(it) => it.spec.as_ref().map(|spec| spec.replicas.unwrap_or(1)),
        Object::ReplicaSet(it) => it.spec.as_ref().map(|spec| spec.replicas.unwrap_or(1)),
        Object::StatefulSet(it) => it.spec.as_ref().map(|spec| spec.replicas.unwrap_or(1)),
        Object::ReplicationController(it) => {
            it.spec.as_ref().map(|spec| spec.replicas.unwrap_or(1))
        }
        _ => None,
    }
}
