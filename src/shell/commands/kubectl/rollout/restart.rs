//! `kubectl rollout restart`, `kubectl rollout pause` and `kubectl rollout resume`

use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::dry_run::Report;
use super::super::flags::{Flag, text};
use super::super::{Call, DONE, Failure, Outcome};
use super::{nothing_found, objects};
use crate::api::{FieldValidation, Object, Patch};

pub(super) static RESTART: Command = Command {
    name: "restart",
    short: "Restart a resource",
    usage: "RESOURCE",
    flags: FLAGS,
    run: |call, io| run(call, io, restart, "restarted"),
    ..command::PLAIN
};

pub(super) static PAUSE: Command = Command {
    name: "pause",
    short: "Mark the provided resource as paused",
    usage: "RESOURCE",
    flags: FLAGS,
    run: |call, io| run(call, io, pause, "paused"),
    ..command::PLAIN
};

pub(super) static RESUME: Command = Command {
    name: "resume",
    short: "Resume a paused resource",
    usage: "RESOURCE",
    flags: FLAGS,
    run: |call, io| run(call, io, resume, "resumed"),
    ..command::PLAIN
};

const FLAGS: &[&[Flag]] = &[command::FILENAME, command::SELECTOR, command::PRINT, OWNER];

/// `--field-manager`; there is no dry run of these.
const OWNER: &[Flag] = &[text("field-manager", None, "The name that owns the fields.")];

/// What is to be changed of an object, at a moment.
type Change = fn(&Object, &Io<'_>) -> Result<Value, Failure>;

fn run(mut call: Call, io: &mut Io<'_>, change: Change, what: &str) -> Outcome {
    let (objects, mut failures) = objects(&mut call, io)?;
    let report = Report::of(&call, io)?;
    if objects.is_empty() && failures.is_empty() {
        nothing_found(&call, io);
    }
    for object in objects {
        let patch = match change(&object, io) {
            Ok(patch) => Patch::Merge(patch),
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        let options = report.dry_run.options(FieldValidation::Warn);
        match call.client.patch(io, &object, patch, options) {
            Ok(changed) => report.tell(io, &changed, what)?,
            Err(status) => failures.push(status.into()),
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

fn restart(object: &Object, io: &Io<'_>) -> Result<Value, Failure> {
    match object {
        Object::Deployment(deployment) if is_paused(deployment) => {
            Err(named(object, "can't restart paused deployment (run rollout resume first)"))
        }
        Object::Deployment(_) | Object::StatefulSet(_) | Object::DaemonSet(_) => {
            let now = io.now().whole_seconds().to_string();
            Ok(json!({"spec": {"template": {"metadata": {"annotations": {
                "kubectl.kubernetes.io/restartedAt": now
            }}}}}))
        }
        _ => Err(named(object, "restarting is not supported")),
    }
}

fn pause(object: &Object, _: &Io<'_>) -> Result<Value, Failure> {
    match object {
        Object::Deployment(deployment) if is_paused(deployment) => {
            Err(named(object, "is already paused"))
        }
        Object::Deployment(_) => Ok(json!({"spec": {"paused": true}})),
        _ => Err(named(object, "pausing is not supported")),
    }
}

fn resume(object: &Object, _: &Io<'_>) -> Result<Value, Failure> {
    match object {
        Object::Deployment(deployment) if !is_paused(deployment) => {
            Err(named(object, "is not paused"))
        }
        Object::Deployment(_) => Ok(json!({"spec": {"paused": null}})),
        _ => Err(named(object, "resuming is not supported")),
    }
}

fn is_paused(deployment: &Deployment) -> bool {
    deployment.spec.as_ref().and_then(|spec| spec.paused) == Some(true)
}

/// `deployments.apps "web" is already paused`
fn named(object: &Object, what: &str) -> Failure {
    // The prefix is part of kubectl's message, and stands there also when there are several.
    let resource = object.kind().resource();
    Failure::message(format!("error: {resource} \"{}\" {what}", object.name()))
}
