//! `kubectl replace`

use std::time::Duration;

use serde_json::Value;

use super::super::super::tool::{Io, Step};
use super::apply::with_last_applied;
use super::client::Client;
use super::command::{self, Command};
use super::delete::{WaitGone, deleted};
use super::dry_run::{DryRun, Report, field_validation};
use super::flags::{Flag, Takes, switch, text, typed};
use super::sources::{self, Manifest};
use super::{Call, DONE, Failure, Next, Outcome, Task};
use crate::api::{DeleteOptions, Object, Propagation, Reason, WriteOptions};
use crate::cluster::ApplyOutcome;

pub(super) static COMMAND: Command = Command {
    name: "replace",
    short: "Replace a resource by file name or stdin",
    examples: "  # Delete what is there and create it again\n  kubectl replace --force -f pod.yaml",
    usage: "-f FILENAME",
    flags: &[FLAGS, command::FILENAME, command::WRITE, command::VALIDATE],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    switch("force", None, "Delete the objects and create them again."),
    switch("save-config", None, "Keep the manifest in an annotation, for a later apply."),
    switch("wait", None, "With --force: wait until the objects are gone."),
    text("subresource", None, "The part of the object: status or scale."),
    text("raw", None, "A raw path to write to."),
    typed("cascade", Takes::Optional("background"), "'background'", "What becomes of dependents."),
    typed("grace-period", Takes::Number, "-1", "Seconds that a pod gets to end."),
    typed("timeout", Takes::Duration, "0s", "How long to wait for the deletion."),
];

/// How often it is looked whether an object is gone.
const PERIOD: Duration = Duration::from_millis(100);

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    check(&call)?;
    let report = Report::of(&call, io)?;
    let force = call.arguments.on("force");
    if force && report.dry_run != DryRun::No {
        return Err(Failure::message("--dry-run can not be used when --force is set"));
    }
    let validation = field_validation(&call)?;
    let propagation = super::delete::propagation(&call, io)?;
    let options = WriteOptions {
        subresource: super::patch::subresource(&call)?,
        ..report.dry_run.options(validation)
    };
    let read = sources::read(&call, io)?;
    if read.items.is_empty() {
        return Err(Failure::message("no objects passed to replace"));
    }
    if force {
        return forced(call, io, report, (options, propagation), read);
    }
    let mut failures = Vec::new();
    for item in &read.items {
        let manifest = match item {
            Ok(manifest) => manifest,
            Err(failure) => {
                failures.push(failure.clone());
                continue;
            }
        };
        match replace(&mut call, io, manifest, report.dry_run, options) {
            Ok(object) => {
                manifest.taken(io, ApplyOutcome::Configured, report.dry_run);
                match report.dry_run {
                    DryRun::Client => {
                        report.tell_written(io, &object, &wanted(&call, manifest), "replaced")?;
                    }
                    _ => report.tell(io, &object, "replaced")?,
                }
            }
            Err(failure) => {
                manifest.not_taken(io, &failure);
                failures.push(failure);
            }
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

/// What is to stand in the object's place.
fn wanted(call: &Call, manifest: &Manifest) -> Value {
    match call.arguments.on("save-config") {
        true => with_last_applied(&manifest.value),
        false => manifest.value.clone(),
    }
}

/// What stands on the command line by itself or not at all (`ReplaceOptions.Validate`).
fn check(call: &Call) -> Result<(), Failure> {
    let arguments = &call.arguments;
    if !arguments.given("filename") && !arguments.given("kustomize") {
        return Err(Failure::message("must specify one of -f and -k"));
    }
    if arguments.given("raw") {
        super::create::raw(call)?;
    }
    let force = arguments.on("force");
    let text = match () {
        () if !force && arguments.number("grace-period").is_some_and(|seconds| seconds >= 0) => {
            "--grace-period must have --force specified"
        }
        () if !force && arguments.duration("timeout").is_some_and(|timeout| !timeout.is_zero()) => {
            "--timeout must have --force specified"
        }
        () => return Ok(()),
    };
    Err(Failure::message(text))
}

fn replace(
    call: &mut Call,
    io: &mut Io<'_>,
    manifest: &Manifest,
    dry_run: DryRun,
    options: WriteOptions,
) -> Result<Object, Failure> {
    let value = wanted(call, manifest);
    if dry_run == DryRun::Client {
        return Object::from_value(manifest.kind, value)
            .map_err(|fault| Failure::message(fault.to_string()));
    }
    let nameless = || manifest.name.is_empty().then(|| "resource name may not be empty".to_owned());
    if let Some(why) = nameless().or_else(|| manifest.unaddressable()) {
        let text = format!("error when replacing \"{}\": {why}", manifest.source);
        return Err(Failure::message(text));
    }
    call.client
        .update(io, manifest.kind, value, options)
        .map_err(|status| Failure::at_file(status, "replacing", &manifest.source))
}

/// `--force`: delete, wait, create.
fn forced(
    mut call: Call,
    io: &mut Io<'_>,
    report: Report,
    (create, propagation): (WriteOptions, Propagation),
    read: sources::Read,
) -> Outcome {
    // Without a grace period, or with none at all, pods get one second.
    let grace = call.arguments.number("grace-period").unwrap_or(-1);
    let grace_seconds = (grace >= 0).then(|| u32::try_from(grace.max(1)).unwrap_or(u32::MAX));
    let options = DeleteOptions { grace_seconds, propagation, dry_run: false };
    let (mut manifests, mut leaving, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for item in read.items {
        let manifest = match item {
            Ok(manifest) => manifest,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        let (kind, namespace, name) = (manifest.kind, &manifest.namespace, &manifest.name);
        match call.client.delete_named(io, kind, namespace, name, options) {
            Ok(gone) => {
                if let Some(object) = gone {
                    io.say(deleted(&object, "deleted"));
                    leaving.push(object);
                }
            }
            Err(status) if status.reason == Reason::NotFound => {}
            Err(status) => failures.push(Failure::at_file(status, "deleting", &manifest.source)),
        }
        manifests.push(manifest);
    }
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    let until = call.arguments.duration("timeout").filter(|timeout| !timeout.is_zero());
    Ok(Next::Wait(Box::new(Again {
        gone: WaitGone { leaving, until: until.map(|timeout| io.now() + timeout) },
        manifests,
        save: call.arguments.on("save-config"),
        options: create,
        client: call.client,
        report,
    })))
}

/// Creates objects once the old ones are gone.
#[derive(Clone)]
struct Again {
    gone: WaitGone,
    manifests: Vec<Manifest>,
    save: bool,
    options: WriteOptions,
    client: Client,
    report: Report,
}

impl Task for Again {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        if self.gone.first_left(io).is_some() {
            let next = self.gone.step(io)?;
            return Ok(if let Step::Exit(_) = next {
                Step::Until(io.now() + PERIOD)
            } else {
                next
            });
        }
        let mut failures = Vec::new();
        for manifest in &self.manifests {
            let value = match self.save {
                true => with_last_applied(&manifest.value),
                false => manifest.value.clone(),
            };
            match self.client.create(io, manifest.kind, value, self.options) {
                Ok(object) => {
                    manifest.taken(io, ApplyOutcome::Created, self.report.dry_run);
                    self.report.tell(io, &object, "replaced")?;
                }
                Err(status) => {
                    let failure = status.into();
                    manifest.not_taken(io, &failure);
                    failures.push(failure);
                }
            }
        }
        Failure::of(failures).map_or(Ok(Step::Exit(0)), Err)
    }
}
