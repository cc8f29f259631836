//! `kubectl set`: single fields of objects, by name.

mod env;
mod image;
mod resolve;
mod resources;
mod selector;
mod service_account;
mod subject;

use serde_json::Value;

use super::super::super::tool::Io;
use super::command::{self, Command};
use super::dry_run::{DryRun, Report};
use super::flags::{Flag, switch};
use super::local::{self, Item, LOCAL_ONLY, NO_SERVER};
use super::{Call, Failure, words};
use crate::api::{FieldValidation, Patch, patch};

pub(super) static COMMAND: Command = Command {
    name: "set",
    short: "Set specific features on objects",
    long: "Configure application resources.\n\n These commands help you make changes to existing \
           application resources.",
    usage: "SUBCOMMAND",
    children: &[
        &env::COMMAND,
        &image::COMMAND,
        &resources::RESOURCES,
        &selector::SELECTOR,
        &service_account::SERVICE_ACCOUNT,
        &subject::COMMAND,
    ],
    ..command::PLAIN
};

/// The flags of all of them.
const COMMON: &[Flag] = &[switch("local", None, "Change the manifest, not the server's object.")];

/// What `--all` says of `-l`.
const ALL_AND_SELECTOR: &str = "cannot set --all and --selector at the same time";

/// The objects that are asked for, none of them missing.
///
/// # Errors
/// kubectl's words for names beside `--local`, and for what is not there.
fn items(call: &mut Call, io: &mut Io<'_>, words: &[String]) -> Result<Vec<Item>, Failure> {
    if call.arguments.on("local") && !words.is_empty() {
        return Err(Failure::message(LOCAL_ONLY));
    }
    local::items(call, io, words, true)?.whole()
}

/// Refuses `--local` with `--dry-run=server`.
fn check_local(call: &Call, report: &Report) -> Result<(), Failure> {
    match call.arguments.on("local") && report.dry_run == DryRun::Server {
        true => Err(Failure::message(NO_SERVER)),
        false => Ok(()),
    }
}

/// Refuses `--all` with `-l`.
fn check_all(call: &Call) -> Result<(), Failure> {
    match call.arguments.on("all") && !call.arguments.text("selector").is_empty() {
        true => Err(Failure::message(ALL_AND_SELECTOR)),
        false => Ok(()),
    }
}

/// Where objects of a type keep the pods that they make: their pod spec's path
/// (`polymorphichelpers.UpdatePodSpecForObjectFn`).
fn pod_spec_path(type_name: &str) -> Option<&'static [&'static str]> {
    match type_name {
        "Pod" => Some(&["spec"]),
        "CronJob" => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        "Deployment"
        | "ReplicaSet"
        | "StatefulSet"
        | "DaemonSet"
        | "Job"
        | "ReplicationController" => Some(&["spec", "template", "spec"]),
        _ => None,
    }
}

/// The pod spec of an object, to be changed.
///
/// # Errors
/// kubectl's words for objects that make no pods.
fn pod_spec(item: &mut Item) -> Result<&mut Value, Failure> {
    let Some(path) = pod_spec_path(&item.type_name) else {
        return Err(unchangeable(
            item,
            &format!("the object is not a pod or does not have a pod template: {}", item.go_type()),
        ));
    };
    Ok(path.iter().fold(&mut item.after, |value, field| &mut value[*field]))
}

/// What stands against changing an object.
fn unchangeable(item: &Item, reason: &str) -> Failure {
    Failure::message(format!("error: {} {reason}\n", item.in_errors()))
}

/// A pod spec's containers, the ordinary ones first.
fn containers(spec: &mut Value) -> Vec<&mut Value> {
    let Some(fields) = spec.as_object_mut() else { return Vec::new() };
    let (mut plain, mut init) = (Vec::new(), Vec::new());
    for (name, value) in fields.iter_mut() {
        let Some(items) = value.as_array_mut() else { continue };
        match name.as_str() {
            "containers" => plain.extend(items.iter_mut()),
            "initContainers" => init.extend(items.iter_mut()),
            _ => {}
        }
    }
    plain.extend(init);
    plain
}

/// Sends a change and tells of it; one that changes nothing is told only where kubectl does
/// (`always`).
///
/// # Errors
/// The server's refusal, behind `failed`.
fn settle(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    mut item: Item,
    told: &Told,
) -> Result<(), Failure> {
    words::record(call, &mut item.after);
    if item.before == item.after && !told.always {
        return Ok(());
    }
    if let Some(object) = item.object.clone().filter(|_| report.dry_run != DryRun::Client) {
        let kind = object.kind();
        let change = patch::three_way(kind, &item.before, &item.after, &item.before)
            .map_err(Failure::message)?;
        let options = report.dry_run.options(FieldValidation::Warn);
        let patched = call.client.patch(io, &object, Patch::Strategic(change), options);
        let patched = patched.map_err(|status| match told.failed {
            "" => Failure::from(status),
            failed => Failure::message(format!("{failed} {}", status.message)),
        })?;
        return report.tell(io, &patched, told.done);
    }
    report.tell_value(io, Some(&item.type_name), &item.title(), &item.after, told.done)
}

/// How a command tells of what it did.
struct Told {
    /// `image updated`
    done: &'static str,
    /// What stands before the server's refusal.
    failed: &'static str,
    /// Whether it tells of objects that stay as they are.
    always: bool,
}
