//! `kubectl set`: single fields of objects, by name.

mod env;
mod image;
mod others;

use k8s_openapi::api::core::v1::PodSpec;
use serde_json::{Value, json};

use super::super::super::tool::Io;
use super::catalog::{self, Command};
use super::dry_run::{DryRun, Report};
use super::flags::{Flag, switch};
use super::{Call, Failure};
use crate::api::{FieldValidation, Object, Patch};

pub(super) static COMMAND: Command = Command {
    name: "set",
    short: "Set specific features on objects",
    usage: "SUBCOMMAND",
    children: &[
        &env::COMMAND,
        &image::COMMAND,
        &others::RESOURCES,
        &others::SELECTOR,
        &others::SERVICE_ACCOUNT,
    ],
    ..catalog::PLAIN
};

/// The flags of all of them.
const COMMON: &[Flag] = &[
    switch("local", None, "Change the manifest, not the server's object."),
    switch("record", None, "Not used any more."),
];

/// Where an object keeps the pods that it makes: its pod spec's path.
fn pod_spec_path(object: &Object) -> Option<&'static [&'static str]> {
    match object {
        Object::Pod(_) => Some(&["spec"]),
        Object::CronJob(_) => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        Object::Deployment(_)
        | Object::ReplicaSet(_)
        | Object::StatefulSet(_)
        | Object::DaemonSet(_)
        | Object::Job(_)
        | Object::ReplicationController(_) => Some(&["spec", "template", "spec"]),
        _ => None,
    }
}

/// The pod spec of an object.
fn pod_spec(object: &Object) -> Option<PodSpec> {
    let mut value = object.to_value();
    for field in pod_spec_path(object)? {
        value = value.get_mut(field)?.take();
    }
    serde_json::from_value(value).ok()
}

/// A strategic patch that changes an object's pod spec.
fn pod_spec_patch(object: &Object, spec: Value) -> Value {
    let path = pod_spec_path(object).unwrap_or_default();
    path.iter().rev().fold(spec, |inner, field| json!({*field: inner}))
}

/// Sends a patch and tells of it; an empty one is not worth a word.
fn send(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    object: &Object,
    patch: Value,
    what: &str,
) -> Result<(), Failure> {
    let changed = match report.dry_run {
        DryRun::Client => object.clone(),
        dry_run => {
            let options = dry_run.options(FieldValidation::Warn);
            let patched = call.client.patch(io, object, Patch::Strategic(patch), options)?;
            if patched == *object {
                return Ok(());
            }
            patched
        }
    };
    report.tell(io, &changed, what)
}
