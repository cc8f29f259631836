//! `kubectl rollout undo`: back to an earlier template.

use serde_json::json;

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::dry_run::{DryRun, Report};
use super::super::flags::{Takes, typed};
use super::super::{Call, DONE, Failure, Outcome, describe};
use super::{Revision, objects, revisions};
use crate::api::patch::LAST_APPLIED;
use crate::api::{FieldValidation, Object, Patch};

pub(super) static COMMAND: Command = Command {
    name: "undo",
    short: "Undo a previous rollout",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    flags: &[
        command::FILENAME,
        command::SELECTOR,
        command::WRITE,
        &[typed("to-revision", Takes::Number, "0", "The revision to go back to; 0: the last.")],
    ],
    run,
    ..command::PLAIN
};

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let (objects, mut failures) = objects(&mut call, io)?;
    let report = Report::of(&call, io)?;
    for object in objects {
        if let Err(failure) = undo(&mut call, io, &report, &object) {
            failures.push(failure);
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

fn undo(call: &mut Call, io: &mut Io<'_>, report: &Report, object: &Object) -> Result<(), Failure> {
    let annotations = object.metadata().annotations.as_ref();
    if annotations.is_some_and(|annotations| annotations.contains_key(LAST_APPLIED)) {
        let kind = object.kind().info().plural;
        call.client.warn(io, &format!(
            "resource {kind}/{} was previously managed with 'kubectl apply'. Rolling back will not \
             update the {LAST_APPLIED} annotation, which may cause unexpected behavior on future \
             'kubectl apply' operations. Consider using 'kubectl apply' with your previous \
             configuration file instead.",
            object.name()
        ));
    }
    let revisions = revisions(call, io, object, "rollbacker")?;
    let wanted = call.arguments.number("to-revision").unwrap_or(0);
    let revision = choose(&revisions, wanted, object)?;
    if report.dry_run == DryRun::Client {
        return report.tell(io, object, &would_be(object, revision));
    }
    if let Object::Deployment(deployment) = object
        && deployment.spec.as_ref().and_then(|spec| spec.paused) == Some(true)
    {
        return Err(Failure::message(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout \
             resume' and try again",
        ));
    }
    // What tells the pods of a ReplicaSet apart is the controller's, not the user's.
    let mut template = json!(revision.template);
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove("pod-template-hash");
    }
    if object.to_value()["spec"]["template"] == template {
        let text = format!(
            "skipped rollback (current template already matches revision {})",
            revision.number
        );
        return report.tell(io, object, &text);
    }
    let patch = json!([{"op": "replace", "path": "/spec/template", "value": template}]);
    let options = report.dry_run.options(FieldValidation::Warn);
    let back = call.client.patch(io, object, Patch::Json(patch), options)?;
    report.tell(io, &back, "rolled back")
}

/// What a dry run of kubectl's own tells: the template (`polymorphichelpers/rollback.go`).
fn would_be(object: &Object, revision: &Revision) -> String {
    let template = describe::template(&revision.template);
    match object {
        Object::Deployment(_) => template,
        _ => format!("will roll back to {template}"),
    }
}

/// The revision with a number, or the last but one.
fn choose<'a>(
    revisions: &'a [Revision],
    wanted: i64,
    object: &Object,
) -> Result<&'a Revision, Failure> {
    if wanted > 0 {
        return revisions.iter().find(|revision| revision.number == wanted).ok_or_else(|| {
            Failure::message(format!("unable to find specified revision {wanted} in history"))
        });
    }
    let count = revisions.len();
    revisions.get(count.wrapping_sub(2)).ok_or_else(|| {
        Failure::message(match object {
            Object::Deployment(_) => {
                format!("no rollout history found for deployment \"{}\"", object.name())
            }
            _ => "no last revision to roll back to".to_owned(),
        })
    })
}
